"""What an answer has to look like: a page of HTML where data were due is an error, never data."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from itertools import chain
from pathlib import Path
from typing import Any

from justgeo.core import json_text
from justgeo.core.errors import SourceError
from justgeo.sources._packed import opened
from justgeo.sources.live.unpacking import PIECE, Unpacking

MOST_UNPACKED = 8 << 30
"""No file that anyone is sent to comes near it; the readers of tables believe no more either."""
MOST_RATIO = 100
"""Shapes and timetables pack 2 to 15 to 1, and a table may be blanks for the most part. Deflate ends at 1000 to 1."""
HARMLESS = 256 << 20
"""Looked through in a second or two, whatever the ratio."""

_HEAD = 512
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises of a damaged archive.
_NO_ZIP = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, OverflowError)
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
    """Something that is no web page and not empty, and if it is packed by gzip, whole."""
    head = head_of(path)
    refuse_html(head, where)
    if not head:
        raise SourceError(f"{where}: the answer is empty.", remedy=_remedy(), kind="partial")
    if head.startswith(_GZIP):
        _a_gzip(path, where)


def _a_gzip(path: Path, where: str) -> None:
    """Unpacked to its end, or as far as is believed: a file that breaks off is known by nothing else."""
    packed, size, unpacking = path.stat().st_size, 0, Unpacking("gzip")
    try:
        for piece in (part for came in _chunks(path) for part in unpacking.pieces(came)):
            size += len(piece)
            _refuse_swelling(size, packed, where)
    except zlib.error as error:
        raise SourceError(f"{where}: what came cannot be read ({error}).", remedy=_remedy()) from error
    if not unpacking.whole:
        message = f"{where}: what came cannot be read to its end: it breaks off."
        raise SourceError(message, remedy=_remedy(), kind="partial")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(PIECE):
            yield chunk


def _refuse_swelling(size: int, packed: int, where: str) -> None:
    """Raise where so many bytes out of so few are more than data are.

    Raises
    ------
    SourceError
        ``limit``.
    """
    if size > min(MOST_UNPACKED, max(HARMLESS, MOST_RATIO * packed)):
        raise SourceError(
            f"{where}: what came would unpack to {size / 1e9:,.1f} GB from {packed / 1e6:,.1f} MB, more than data do.",
            remedy="see what lies at that address.",
            kind="limit",
        )


def a_zip(path: Path, where: str, *, holds: tuple[str, ...] = ()) -> None:
    """A whole zip archive whose members are as long as it says and pass their checksums, one of each given ending.

    Parameters
    ----------
    holds : tuple of str
        Endings such as ``".shp"``, each of which some member must have.

    Raises
    ------
    SourceError
        ``damaged``; ``limit``: it would unpack to more than ``MOST_UNPACKED``, or more than ``MOST_RATIO`` times its
        own size (and more than ``HARMLESS``). Then nothing is unpacked, nor where a member is packed by anything but
        deflate: GDAL would not read it, and of bzip2 four kilobytes may hold as many gigabytes, all at once.
    """
    any_bytes(path, where)
    try:
        with opened(path) as archive:
            members = archive.infolist()
            _refuse_swelling(sum(member.file_size for member in members), path.stat().st_size, where)
            odd = next((member.filename for member in members if member.compress_type not in _WAYS), None)
            if odd is not None:
                raise ValueError(f"{odd} in it is packed in an unusual way")
            broken = next((member.filename for member in members if not _is_as_told(archive, member)), None)
    except _NO_ZIP as error:
        raise SourceError(f"{where}: what came is no whole zip archive ({error}).", remedy=_remedy()) from error
    if broken is not None:
        raise SourceError(f"{where}: {broken} in the zip archive is damaged.", remedy=_remedy())
    names = [member.filename for member in members]
    for ending in holds:
        if not any(name.lower().endswith(ending) for name in names):
            raise SourceError(
                f"{where}: the zip archive holds no {ending} (it holds {', '.join(names[:5])}).", remedy=_remedy()
            )


def _is_as_told(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether a member unpacks to as many bytes as the directory says, and these to its sum."""
    told = copy(member)
    told.file_size += 1  # zipfile reads no further than it is told to: so it would stop before what is too much
    size = 0
    try:
        with archive.open(told) as file:
            while size <= member.file_size and (came := file.read(_PIECE)):
                size += len(came)
    except zipfile.BadZipFile:
        return False
    return size == member.file_size


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
        return json_text.loads(body)
    except ValueError as error:
        raise SourceError(f"{where}: what came is no whole JSON document ({error}).", remedy=_remedy()) from error


def a_table(path: Path, where: str, *, columns: tuple[str, ...], delimiter: str = ",") -> None:
    """Text whose first line names the given columns, and that ends in a whole line.

    The last line is whole if an end of line stands behind it, outside of quotes, or if it has all cells.
    """
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
    if not _ends_whole(path, delimiter):
        raise SourceError(f"{where}: the table breaks off in its last line.", remedy=_remedy(), kind="partial")


def _ends_whole(path: Path, delimiter: str) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        ended = file.read(1) in b"\r\n"
    cells, last, end = 0, 0, ["a line that is not in the table"]
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        try:
            for row in csv.reader(chain(text, end), delimiter=delimiter):
                if row == end:  # else it is in the quotes of the one before, which do not close
                    return ended or last >= cells
                cells, last = cells or len(row), len(row)
        except csv.Error:  # a cell longer than any: quotes that do not close, with much behind them
            return False
    return False


def _remedy(page: str = "the service's page") -> str:
    return _AGAIN.format(page=page)


def message_of(body: bytes, headers: Mapping[str, str] | None = None) -> str:
    """The first words of an error's body, on one line, without mark-up; empty for a web page."""
    if looks_like_html(body[:_HEAD]):
        return ""
    return " ".join(body[:2000].decode("utf-8", "replace").split())[:200]
