"""What an answer has to look like: a page of HTML where data were due is an error, never data."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from justgeo.core.errors import SourceError

_HEAD = 512
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")
_XML = b"<?xml"
_AGAIN = "fetch again; if it stays so, look at {page} whether the service has changed."

Check = Callable[[Path, str], None]


def looks_like_html(head: bytes) -> bool:
    """Whether the first bytes of an answer are those of a web page."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_XML):
        start = start.partition(b"?>")[2].lstrip()
    return start.startswith(_HTML)


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(_HEAD)


def refuse_html(head: bytes, where: str) -> None:
    """Raise if an answer is a web page.

    Raises
    ------
    SourceError
        ``damaged``.
    """
    if looks_like_html(head):
        said = " ".join(head.decode("utf-8", "replace").split())[:80]
        raise SourceError(
            f"{where}: a web page came where data were due ({said!r}).",
            remedy="open the address in a browser to read what it says; the data may have moved.",
            kind="damaged",
        )


def any_bytes(path: Path, where: str) -> None:
    """Something that is no web page and not empty."""
    head = head_of(path)
    refuse_html(head, where)
    if not head:
        raise SourceError(f"{where}: the answer is empty.", remedy=_remedy(), kind="partial")


def a_zip(path: Path, where: str, *, holds: tuple[str, ...] = ()) -> None:
    """A whole zip archive whose members pass their checksums, with a member of each given ending.

    Parameters
    ----------
    holds : tuple of str
        Endings such as ``".shp"``, each of which some member must have.
    """
    any_bytes(path, where)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise SourceError(f"{where}: what came is no whole zip archive ({error}).", remedy=_remedy()) from error
    if broken is not None:
        raise SourceError(f"{where}: {broken} in the zip archive is damaged.", remedy=_remedy())
    for ending in holds:
        if not any(name.lower().endswith(ending) for name in names):
            raise SourceError(
                f"{where}: the zip archive holds no {ending} (it holds {', '.join(names[:5])}).", remedy=_remedy()
            )


def a_shapefile(path: Path, where: str) -> None:
    """A zip archive with all parts of a shapefile."""
    a_zip(path, where, holds=(".shp", ".shx", ".dbf", ".prj"))


def a_tiff(path: Path, where: str) -> None:
    """A TIFF file by its first bytes (``II`` or ``MM``); an XML report of a map server is told as what it says."""
    any_bytes(path, where)
    head = head_of(path)
    if head[:4] not in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        said = " ".join(head.decode("utf-8", "replace").split())[:200]
        raise SourceError(f"{where}: what came is no GeoTIFF ({said!r}).", remedy=_remedy())


def some_json(path: Path, where: str) -> None:
    """A whole JSON document."""
    parsed(path.read_bytes(), where)


def parsed(body: bytes, where: str) -> Any:
    """The JSON document in some bytes.

    Raises
    ------
    SourceError
        A web page, or no whole JSON document.
    """
    refuse_html(body[:_HEAD], where)
    if not body.strip():
        raise SourceError(f"{where}: the answer is empty.", remedy=_remedy(), kind="partial")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: what came is no whole JSON document ({error}).", remedy=_remedy()) from error


def a_table(path: Path, where: str, *, columns: tuple[str, ...], delimiter: str = ",") -> None:
    """Text whose first line names the given columns, and that ends in a whole line."""
    any_bytes(path, where)
    with path.open("rb") as file:
        header = file.readline(1 << 20).decode("utf-8-sig", "replace").strip()
    named = [cell.strip().strip('"') for cell in header.split(delimiter)]
    missing = [column for column in columns if column not in named]
    if missing:
        raise SourceError(
            f"{where}: the table has no column {', '.join(missing)} (it begins with {header[:80]!r}).",
            remedy=_remedy(),
            kind="damaged",
        )


def _remedy(page: str = "the service's page") -> str:
    return _AGAIN.format(page=page)


def message_of(body: bytes, headers: Mapping[str, str] | None = None) -> str:
    """The first words of an error's body, on one line, without mark-up; empty for a web page."""
    if looks_like_html(body[:_HEAD]):
        return ""
    return " ".join(body[:2000].decode("utf-8", "replace").split())[:200]
