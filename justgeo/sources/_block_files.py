"""The Bureau's files about the census blocks of 2010, as they are: how they relate to those of 2020, and their counts.

``TAB2010_TAB2020_ST{SS}.zip`` holds one text whose cells are separated by ``|``, codes with or without their leading
zeros. ``tabblock2010_{SS}_pophu.zip`` is a shapefile of a state's blocks with their counts; only its attribute table is
read.

Definitions
-----------
key
    Code of a block (15 digits, as a number, so that leading zeros do not matter) times 27, plus its suffix: 0 for
    none, 1 for A, ... 26 for Z.

References
----------
U.S. Census Bureau, *2020 Census Block Relationship Files Record Layouts*; *2010 Census Population & Housing Unit
Counts - Blocks* (TIGER2010BLKPOPHU).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import IO, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.paths import for_ogr
from justgeo.sources._frames import bare_suffix, is_text, numbers, read_frame, require_file
from justgeo.sources._packed import NO_ZIP, members_of

LETTERS = 27
"""Suffixes that a block may have, with none."""
AGAIN = "take the file from the Bureau again."
UNREADABLE = (
    ValueError, OSError, EOFError, OverflowError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What readers raise over a damaged file; pyogrio's errors are RuntimeErrors or ValueErrors."""

_YEARS = (2010, 2020)
_PARTS = (("STATE", 2), ("COUNTY", 3), ("TRACT", 6), ("BLK", 4))
_AREAS = ("AREALAND_2010", "AREAWATER_2010", "AREALAND_INT", "AREAWATER_INT")
_ID_COLUMNS = ("BLOCKID10", "GEOID10")
_MOST_BYTES = 4_000_000_000


@dataclass(frozen=True)
class BlockCounts:
    """Counts by block of 2010, in the order of their keys.

    Attributes
    ----------
    key : (B,) int
        See the module's definitions; each once.
    population, housing : (B,) float
        People and housing units, whole numbers.
    """

    key: IntArray
    population: FloatArray
    housing: FloatArray

    def find(self, key: IntArray) -> IntArray:
        """Position of each key, -1 for none."""
        at = np.searchsorted(self.key, key).clip(max=len(self.key) - 1)
        return np.where(self.key[at] == key, at, -1)


@dataclass(frozen=True)
class Pieces:
    """Rows of a relationship file: pieces of ground that a block of 2010 and one of 2020 share.

    Attributes
    ----------
    old, new : (r,) int
        Keys of the block of 2010 and of that of 2020; no pair twice.
    land, water : (r,) float
        Of the whole 2010 block, m².
    land_here, water_here : (r,) float
        Of the piece, m².
    """

    old: IntArray
    new: IntArray
    land: FloatArray
    water: FloatArray
    land_here: FloatArray
    water_here: FloatArray

    def __len__(self) -> int:
        return len(self.old)

    def only(self, keep: BoolArray) -> Pieces:
        """Some of the rows."""
        return Pieces(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def read_pieces(path: Path, where: str) -> Pieces:
    """Read a whole relationship file.

    Parameters
    ----------
    path : Path
        The Bureau's zip, or its text.
    where : str
        For messages.

    Raises
    ------
    LayerError
        No such file, a web page, a zip without the text or with names that lead out of it, a broken-off file, a code
        that is none, a pair of blocks twice.
    """
    require_file(path, where)
    whole = [*(f"{part}_{year}" for year in _YEARS for part, _ in _PARTS), *_AREAS]
    letters = [f"BLKSF_{year}" for year in _YEARS]
    kinds: dict[str, type] = {**dict.fromkeys(whole, int), **dict.fromkeys(letters, str)}
    try:
        with _text(path, where) as file:
            frame = pd.read_csv(
                file,
                sep="|",
                usecols=lambda name: name in kinds,
                dtype=kinds,
                keep_default_na=False,
                encoding="utf-8-sig",
            )
    except UNREADABLE as error:
        raise LayerError(
            f"{where}: the file cannot be read ({str(error).splitlines()[0]}).",
            remedy=f"{AGAIN} A download that was broken off ends in the middle of a row.",
        ) from error
    _require_columns(frame, [*whole, *letters], where)
    if frame.empty:
        raise LayerError(f"{where}: the file has no rows.", remedy=AGAIN)
    old, new = (_keys(frame, year, where) for year in _YEARS)
    areas = [frame[name].to_numpy(dtype=np.float64) for name in _AREAS]
    if any((area < 0).any() for area in areas):
        raise LayerError(f"{where}: a row has an area below 0.", remedy=AGAIN)
    pairs = pd.DataFrame({"old": old, "new": new})
    doubled = int(pairs.duplicated().sum())
    if doubled:
        first = int(pairs[pairs.duplicated()]["old"].iloc[0])
        raise LayerError(
            f"{where}: {doubled} rows repeat a pair of blocks, for example of the 2010 block {name_of(first)}.",
            remedy=f"{AGAIN} Two copies put together count everyone twice.",
        )
    return Pieces(old, new, *areas)


def _require_columns(frame: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise LayerError(
            f"{where}: the file has no column {missing[0]}; it is no relationship of blocks of 2010 and 2020.",
            remedy="give the Bureau's TAB2010_TAB2020_ST.. file as it is, not a web page or a relationship of tracts.",
        )


def _keys(frame: pd.DataFrame, year: int, where: str) -> IntArray:
    """Code and suffix of a block as one number, so that leading zeros do not matter."""
    code = np.zeros(len(frame), dtype=np.int64)
    for part, width in _PARTS:
        cells = frame[f"{part}_{year}"].to_numpy(dtype=np.int64)
        wrong = (cells < (1 if part in ("STATE", "COUNTY") else 0)) | (cells >= 10**width)
        if wrong.any():
            raise LayerError(f"{where}: {part}_{year} holds {cells[wrong][0]}, which is no code.", remedy=AGAIN)
        code = code * 10**width + cells
    return code * LETTERS + _suffixes(frame[f"BLKSF_{year}"], where)


def _text(path: Path, where: str) -> IO[bytes]:
    """The text of a relationship file, from its zip or as it is."""
    if bare_suffix(path) != ".zip":
        return path.open("rb")
    texts = _members(path, ".txt", where)
    if len(texts) > 1:
        raise LayerError(
            f"{where}: the zip holds {len(texts)} texts ({', '.join(texts[:3])}).",
            remedy="give the zip of one state as the Bureau has it.",
        )
    with zipfile.ZipFile(path) as archive:
        return archive.open(texts[0])


def read_counts(path: Path) -> BlockCounts:
    """Read the counts of a state's blocks of 2010.

    Parameters
    ----------
    path : Path
        The Bureau's zip, a ``.dbf`` or ``.shp``, or a CSV or Parquet file with ``BLOCKID10``, ``POP10``, ``HOUSING10``.

    Raises
    ------
    LayerError
        There is no such file, it cannot be read, an identifier is none of a block or comes twice, a count is missing.
    """
    where = f"Counts of 2010 by block ({path.name})"
    require_file(path, where)
    frame = read_frame(path, where) if is_text(path) or bare_suffix(path) == ".parquet" else _attributes(path, where)
    if frame.empty:
        raise LayerError(f"{where}: the file has no rows.", remedy=AGAIN)
    column = next((name for name in _ID_COLUMNS if name in frame), None)
    missing = [name for name in ("POP10", "HOUSING10") if name not in frame]
    if column is None or missing:
        raise LayerError(
            f"{where}: the file has no column {missing[0] if missing else _ID_COLUMNS[0]} (it begins with "
            f"{', '.join(map(str, frame.columns[:4]))}).",
            remedy="give the Bureau's tabblock2010_.._pophu.zip as it is; blocks without counts will not do.",
        )
    flagged = frame["PARTFLG"].astype(str).str.strip().str.upper().eq("Y") if "PARTFLG" in frame else None
    if flagged is not None and flagged.any():
        raise LayerError(f"{where}: {int(flagged.sum())} rows count only a part of their block.", remedy=AGAIN)
    text = frame[column].astype(str).str.strip()
    letter = text.str.extract(r"([A-Za-z])$", expand=False).fillna("")
    digits = pd.to_numeric(text.str.replace(r"[A-Za-z]$", "", regex=True), errors="coerce")
    wrong = ~(digits.ge(10**13) & digits.lt(10**15)).to_numpy(dtype=np.bool_)
    if wrong.any():
        raise LayerError(
            f"{where}: {text[wrong].iloc[0]!r} is no block ({int(wrong.sum())} of {len(text)} rows).",
            remedy="blocks have 15 digits: state, county, tract, block.",
        )
    key = digits.to_numpy(dtype=np.int64) * LETTERS + _suffixes(letter, where)
    order = np.argsort(key, kind="stable")
    doubled = np.flatnonzero(np.diff(key[order]) == 0)
    if len(doubled):
        raise LayerError(
            f"{where}: {len(doubled)} rows repeat a block, for example {name_of(int(key[order][doubled[0]]))}.",
            remedy="keep one row a block.",
        )
    people, homes = (_whole_numbers(frame[name], where)[order] for name in ("POP10", "HOUSING10"))
    return BlockCounts(key[order], people, homes)


def _whole_numbers(cells: pd.Series[Any], where: str) -> FloatArray:
    found = numbers(cells, where)
    wrong = np.isnan(found) | (found < 0) | (found != np.floor(found))
    if wrong.any():
        raise LayerError(
            f"{where}: {cells.name} has {int(wrong.sum())} cells that are no count, for example "
            f"{cells.to_numpy()[wrong][0]!r}.",
            remedy=f"{AGAIN} A missing count is not 0.",
        )
    return found


def _attributes(path: Path, where: str) -> pd.DataFrame:
    """The attribute table of a shapefile, without its outlines."""
    if bare_suffix(path) == ".zip":
        _members(path, ".dbf", where)
    columns = [*_ID_COLUMNS, "PARTFLG", "POP10", "HOUSING10"]
    try:
        return pd.DataFrame(gpd.read_file(for_ogr(path), columns=columns, ignore_geometry=True))
    except UNREADABLE as error:  # pyogrio's errors are RuntimeErrors and ValueErrors
        raise LayerError(f"{where}: the file cannot be read ({str(error).splitlines()[0]}).", remedy=AGAIN) from error


def _suffixes(cells: pd.Series[Any], where: str) -> IntArray:
    """0 for no suffix, 1 for A, ... 26 for Z."""
    number = {"": 0, **{chr(64 + n): n for n in range(1, LETTERS)}}
    codes, names = pd.factorize(cells.str.strip().str.upper())
    strange = [str(name) for name in names if str(name) not in number]
    if strange:
        raise LayerError(f"{where}: {strange[0]!r} is no suffix of a block.", remedy=AGAIN)
    return np.array([number[str(name)] for name in names], dtype=np.int64)[codes]


def _members(path: Path, ending: str, where: str) -> list[str]:
    """Members of a zip with this ending; names that lead out of it, and what is no zip, are refused."""
    try:
        infos = members_of(path)
    except NO_ZIP as error:
        raise LayerError(
            f"{where}: {path.name} is no zip ({error}).", remedy=f"{AGAIN} A web page under that name is not one."
        ) from error
    for info in infos:
        for name in (info.filename, info.orig_filename):
            parts = PureWindowsPath(name)
            if parts.drive or parts.root or ".." in parts.parts:
                raise LayerError(
                    f"{where}: {path.name} holds the file name {name!r}, which leads out of the archive.",
                    remedy="do not use this file; take it from the Bureau.",
                )
    found = [i for i in infos if i.filename.lower().endswith(ending) and not i.filename.startswith("__MACOSX/")]
    if not found:
        held = ", ".join(i.filename for i in infos[:5]) or "nothing"
        raise LayerError(f"{where}: {path.name} holds no {ending} (it holds {held}).", remedy=AGAIN)
    if sum(i.file_size for i in found) > _MOST_BYTES:
        raise LayerError(f"{where}: {path.name} would unpack to more than {_MOST_BYTES:,} bytes.", remedy=AGAIN)
    return [i.filename for i in found]


def names_of(keys: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """Keys as identifiers: 15 digits, and the suffix where there is one."""
    key = keys.to_numpy(dtype=np.int64)
    found = np.char.mod("%015d", key // LETTERS).astype(object)
    for row in np.flatnonzero(key % LETTERS):
        found[row] += chr(64 + int(key[row] % LETTERS))
    return found


def name_of(key: int) -> str:
    """One key as identifier."""
    return f"{key // LETTERS:015d}{chr(64 + key % LETTERS) if key % LETTERS else ''}"
