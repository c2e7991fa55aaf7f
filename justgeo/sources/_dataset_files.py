"""The files of a downloaded table: opening what is packed, and passing through it line by line.

A national table may have a gigabyte: of each line only the cells that are asked for are kept, and only of those areas
that are asked for. A line with fewer or more cells than the header is an error, never a row with blanks.
"""

from __future__ import annotations

import csv
import fnmatch
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pandas as pd

from justgeo.core import json_text
from justgeo.core.errors import CrsError, LayerError
from justgeo.sources import _packed
from justgeo.sources._dataset_form import Reading
from justgeo.sources._frames import require_column

MOST_BYTES = 8 << 30
"""A member of an archive that unpacks to more is not believed."""

_LON_LAT = ("CRS84", "4326")
_GZIP = b"\x1f\x8b"
_AGAIN = "take the file again; if it stays so, the source has changed."
_BROKEN = (
    OSError,
    EOFError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    csv.Error,
    UnicodeDecodeError,
)

Keep = Callable[[list[str]], bool]


@contextmanager
def opened(path: Path, member: str, where: str) -> Iterator[IO[bytes]]:
    """The bytes of a table: of the file, unpacked, or of one member of an archive.

    Parameters
    ----------
    path : Path
    member : str
        Pattern for the member's name without its folders, capitals or not (``* AMI Census Tracts 2022.csv``); ``""``
        for the only one, and for a file that is no archive.
    where : str
        For messages.

    Raises
    ------
    LayerError
        The file cannot be read, or the archive has no such member or several.
    """
    try:
        if zipfile.is_zipfile(path):
            with _packed.opened(path) as archive, archive.open(_member(archive, member, where)) as file:
                yield file
        elif _head(path).startswith(_GZIP):
            with gzip.open(path, "rb") as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            with path.open("rb") as file:
                yield file
    except _BROKEN as error:
        raise LayerError(f"{where}: {path.name} cannot be read ({error}).", remedy=_AGAIN) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2)


def _member(archive: zipfile.ZipFile, pattern: str, where: str) -> zipfile.ZipInfo:
    files = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX")]
    wanted = (pattern or "*").casefold()
    found = [one for one in files if fnmatch.fnmatchcase(PurePosixPath(one.filename).name.casefold(), wanted)]
    if len(found) != 1:
        names = ", ".join(one.filename for one in (found or files)[:5])
        what = f"no {pattern or 'file'}" if not found else f"{len(found)} files for {pattern or 'one'}"
        raise LayerError(f"{where}: the archive holds {what} ({names}, ...).", remedy=_AGAIN)
    if found[0].file_size > MOST_BYTES:
        raise LayerError(
            f"{where}: {found[0].filename} would unpack to {found[0].file_size / 1e9:,.1f} GB.",
            remedy="see whether this is the file that you mean.",
        )
    if _packed.odd_way(found):
        raise LayerError(
            f"{where}: {_packed.odd_way(found)} is packed in an unusual way.",
            remedy="unpack it, and pack it by deflate.",
        )
    return found[0]


@dataclass(frozen=True)
class Glance:
    """What a delimited text looks like, without having read it.

    Attributes
    ----------
    names : list of str
        Of its columns.
    rows : int
        Lines below the header that are not empty.
    whole : bool
        Whether the last of them has as many cells as the header.
    """

    names: list[str]
    rows: int
    whole: bool


def glance(path: Path, reading: Reading, where: str, member: str = "") -> Glance:
    """Look through a delimited text from beginning to end, so that it is known to be readable.

    Raises
    ------
    LayerError
        It is not.
    """
    rows, size, last = 0, 0, b""
    with opened(path, member or reading.member, where) as file:
        first = file.readline()
        for line in file:
            size += len(line)
            if size > MOST_BYTES:
                raise LayerError(
                    f"{where}: {path.name} unpacks to more than {MOST_BYTES / 1e9:,.1f} GB.",
                    remedy="see whether this is the file that you mean.",
                )
            if line.strip():
                rows, last = rows + 1, line
    names, cells = (next(_cells_of(line, reading), []) for line in (first, last))
    return Glance([name.strip() for name in names], rows, len(cells) == len(names))


def _cells_of(line: bytes, reading: Reading) -> Iterator[list[str]]:
    return csv.reader([line.decode("utf-8-sig", "replace")], delimiter=reading.delimiter)


def table(
    path: Path,
    reading: Reading,
    columns: Sequence[str],
    where: str,
    *,
    keep: Keep | None = None,
    needles: Sequence[str] = (),
    member: str = "",
) -> pd.DataFrame:
    """Some columns of some rows of a delimited text, as text.

    Parameters
    ----------
    path : Path
    reading : Reading
    columns : sequence of str
        Of the source.
    where : str
    keep : callable, optional
        Takes the cells of these columns, in their order, says whether the row is wanted.
    needles : sequence of str
        A line that holds none of them is not looked at: most lines of a nation are of other states.
    member : str
        In place of that of the reading.

    Raises
    ------
    ConfigError
        A column is not there; the nearest one is named.
    LayerError
        The file is damaged: a line is not as long as the header, or cannot be read.
    """
    with opened(path, member or reading.member, where) as file:
        cells = _cells(file, reading, where, tuple(needles))
        names = next(cells)
        for column in columns:
            require_column(column, names, where, "read from it")
        places = [names.index(column) for column in columns]
        rows: list[list[str]] = []
        for row in cells:
            wanted = [row[place] for place in places]
            if keep is None or keep(wanted):
                rows.append(wanted)
    return pd.DataFrame(rows, columns=list(columns), dtype=str)


def _cells(file: IO[bytes], reading: Reading, where: str, needles: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The header's names, then each line's cells."""
    rows = csv.reader(_lines(file, reading.encoding, needles), delimiter=reading.delimiter)
    names = [cell.strip() for cell in next(rows, [])]
    if not any(names):
        raise LayerError(f"{where}: the file is empty.", remedy=_AGAIN)
    yield names
    for row in rows:
        if len(row) == len(names):
            yield row
        elif row:
            raise LayerError(
                f"{where}: a line has {len(row)} cells where the header has {len(names)} "
                f"({reading.delimiter.join(row)[:40]!r}): the file is damaged or cut off.",
                remedy=_AGAIN,
            )


def _lines(file: IO[bytes], encoding: str, needles: tuple[str, ...]) -> Iterator[str]:
    """Lines as text: the first, and those that hold a needle. What is not UTF-8 is of the encoding that is told."""
    sought = [needle.encode("ascii") for needle in needles]
    for number, line in enumerate(file):
        if number and sought and not any(needle in line for needle in sought):
            continue
        try:
            yield line.decode("utf-8-sig" if number == 0 else "utf-8")
        except UnicodeDecodeError:
            if not encoding:
                raise
            yield line.decode(encoding)


def json_rows(path: Path, form: str, where: str) -> list[dict[str, Any]]:
    """Rows of one page of an answer in JSON.

    Parameters
    ----------
    path : Path
    form : str
        ``rows`` (a list of objects), ``attributes`` (``features``, each with ``attributes``), ``geojson`` (``features``
        as they are).
    where : str

    Raises
    ------
    LayerError
        It is not of that form.
    """
    try:
        told = json_text.loads(path.read_bytes())
        rows = told if form == "rows" else told["features"]
        found = [row["attributes"] for row in rows] if form == "attributes" else list(rows)
        if form == "geojson" and not all({"geometry", "properties"} <= set(row) for row in found):
            raise ValueError("a feature has no geometry or no properties")
        crs = str(told.get("crs") or "CRS84") if form == "geojson" else "CRS84"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LayerError(f"{where}: {path.name} is not what was expected ({form}: {error}).", remedy=_AGAIN) from error
    if not all(isinstance(row, dict) for row in found):
        raise LayerError(f"{where}: {path.name} holds something else than rows.", remedy=_AGAIN)
    if not any(known in crs for known in _LON_LAT):
        raise CrsError(
            f"{where}: {path.name} is not in longitude and latitude, as GeoJSON has to be ({crs[:60]}).",
            remedy="declare form = 'vector' for a file that names a coordinate reference system of its own.",
        )
    return found
