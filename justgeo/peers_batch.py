"""The tables of a batch, read for one of its districts or another one: who is there, and columns of numbers.

Only the needed columns are read, a part of the rows at a time, into one number for each zone and indicator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.among import CHANCE, CHANGE, EVERYBODY, GROWS, OF_NO_TRACT
from justgeo.batch import SUMMARY
from justgeo.batch_files import RECORDS, REFERENCE, ZONES
from justgeo.core.errors import ConfigError, OutputError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.report.results import SCHEMA_VERSION

NEVER = frozenset({GROWS, OF_NO_TRACT, CHANCE, CHANGE})
"""Why the numbers of a row are never held against others, as the records have it."""
MEDIAN = "median"
_COLUMNS = ("zone", "indicator", "value", "moe", "unit", "text", "reliability", "rule", "percentile_reason")
_ABOUT = ("zone", "name", "role", "geography", "reference", "invented", "area_km2", "residents")
_ALIKE = re.compile(r"(@\d{4}|_\d\d)$")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


@dataclass(frozen=True)
class Batch:
    """The zones of a batch but for the references, in the order of their ids.

    Attributes
    ----------
    folder : Path
    files : tuple of Path
        The tables of records.
    ids, names, roles, geography, reference : tuple of str
    file : (n,) int
        Table that each stands in.
    people, km2 : (n,) float
        NaN where not known.
    invented : bool
    layers : tuple of mapping of str to str
        Vintage of each layer, by table.
    complete : bool
        The batch came to its end.
    """

    folder: Path
    files: tuple[Path, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    roles: tuple[str, ...]
    geography: tuple[str, ...]
    reference: tuple[str, ...]
    file: IntArray
    people: FloatArray
    km2: FloatArray
    invented: bool
    layers: tuple[Mapping[str, str], ...]
    complete: bool

    def outlines(self, some: Sequence[int]) -> dict[int, BaseGeometry]:
        """Outlines of some zones, EPSG:4326."""
        found: dict[int, BaseGeometry] = {}
        at = {self.ids[z]: z for z in some}
        for file in sorted({int(self.file[z]) for z in some}):
            rows = ds.field("zone").isin(list(at))
            table = ds.dataset(_zones_of(self.folder, self.files[file])).to_table(["zone", "geometry"], filter=rows)
            for row in table.to_pylist():
                found[at[row["zone"]]] = shapely.from_wkb(row["geometry"])
        return found

    def records(self, zone: int) -> list[dict[str, Any]]:
        """Records of everybody in one zone, with the names that they have in the table."""
        rows = (ds.field("zone") == self.ids[zone]) & (ds.field("group") == EVERYBODY)
        table = ds.dataset(self.files[int(self.file[zone])]).to_table(filter=rows)
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    def sources(self, zone: int) -> list[dict[str, Any]]:
        """Provenance of the layers of one zone's table."""
        told = pq.read_schema(self.files[int(self.file[zone])]).metadata
        found: list[dict[str, Any]] = json.loads(told[b"layers"])
        return found


@dataclass(frozen=True)
class Numbers:
    """Numbers of everybody: by indicator and zone, of everything that has one.

    Attributes
    ----------
    value : (I, n) float
        NaN without one, infinite for a median in an open bracket.
    moe : (I, k) float
        Of the peers alone; NaN where not known.
    unit : (I, n) int
        Its place in ``units``; -1 without a number.
    rebuilt : (I, n) bool
        A median rebuilt from brackets.
    units : tuple of str
    never : mapping of str to str
        Indicators that are never held against others, and the reason.
    """

    value: FloatArray
    moe: FloatArray
    unit: IntArray
    rebuilt: BoolArray
    units: tuple[str, ...]
    never: Mapping[str, str]


def read(where: Path) -> Batch:
    """Open the outputs of a batch.

    Parameters
    ----------
    where : Path
        Its folder, or the folder of records in it.

    Raises
    ------
    ConfigError
        There are no records, or invented places beside real ones.
    OutputError
        A table cannot be read, or is of another version.
    """
    folder = where.parent if where.name == RECORDS and not (where / RECORDS).is_dir() else where
    found = sorted((folder / RECORDS).rglob("*.parquet"))
    files = tuple(file for file in found if _zones_of(folder, file).is_file())
    if not files:
        raise ConfigError(
            f"{where} holds no records of a batch.",
            remedy="name the folder that `justgeo batch --out` wrote, or the folder of records in it.",
        )
    layers = tuple(_layers(file) for file in files)
    parts = [_table(_zones_of(folder, file), _ABOUT) for file in files]
    counts = [len(part) for part in parts]
    whole = pa.concat_tables(parts).to_pydict()
    ids = whole["zone"]
    rows = sorted((row for row, zone in enumerate(ids) if zone != REFERENCE), key=lambda row: str(ids[row]))
    told = {name: [cells[row] for row in rows] for name, cells in whole.items()}
    _check(folder, told)
    zones, names, roles, geography, reference = (tuple(str(cell) for cell in told[name]) for name in _ABOUT[:5])
    return Batch(
        folder, files, zones, names, roles, geography, reference,
        file=np.repeat(np.arange(len(files)), counts)[rows],
        people=_floats(told["residents"]),
        km2=_floats(told["area_km2"]),
        invented=any(told["invented"]),
        layers=layers,
        complete=len(found) == len(files) and _complete(folder),
    )  # fmt: skip


def _check(folder: Path, told: Mapping[str, Sequence[Any]]) -> None:
    if not told["zone"]:
        raise ConfigError(f"No district of {folder} was measured.", remedy="see batch.json for what was refused.")
    twice = next((a for a, b in zip(told["zone"], told["zone"][1:], strict=False) if a == b), None)
    if twice is not None:
        raise OutputError(
            f"{folder} holds {twice!r} twice: its tables are of two batches.",
            remedy="run the batch again into a new folder.",
        )
    if len(set(told["invented"])) > 1:
        raise ConfigError(
            f"{folder} holds invented places beside real ones.", remedy="run a batch of the real ones alone."
        )


def _complete(folder: Path) -> bool:
    try:
        told = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return not told["failed"] and not any(one["failures"] for one in told["counties"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _zones_of(folder: Path, file: Path) -> Path:
    return folder / ZONES / file.relative_to(folder / RECORDS)


def _layers(file: Path) -> dict[str, str]:
    """Vintages of a table's layers; refused where it is of another version."""
    try:
        told = pq.read_schema(file).metadata or {}
        version = told.get(b"schema_version", b"").decode() or None
        if version == SCHEMA_VERSION:
            return _vintages(told[b"layers"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as why:
        raise _unreadable(file, why) from why
    raise OutputError(
        f"{file.name} has schema version {version!r}; this version of justgeo reads {SCHEMA_VERSION!r}.",
        remedy="run `justgeo batch` again with this version.",
    )


@lru_cache(maxsize=64)
def _vintages(layers: bytes) -> dict[str, str]:
    """Vintages by layer; counties of one batch mostly say the same of them."""
    return {str(one["id"]): str(one["vintage"]) for one in json.loads(layers)}


def _unreadable(file: Path, why: Exception) -> OutputError:
    told = (str(why).splitlines() or [type(why).__name__])[0]
    return OutputError(f"{file} cannot be read: {told}.", remedy="run `justgeo batch --again`: it writes it anew.")


def _table(file: Path, columns: Sequence[str]) -> Any:
    try:
        return pq.ParquetFile(file).read(list(columns)).replace_schema_metadata(None)
    except (OSError, ValueError, KeyError) as why:  # pyarrow's errors are ValueErrors or OSErrors
        raise _unreadable(file, why) from why


def _floats(cells: Iterable[float | None]) -> FloatArray:
    return np.array([np.nan if one is None else one for one in cells], dtype=np.float64)


def numbers(batch: Batch, indicators: Sequence[str], peers: Sequence[int]) -> Numbers:
    """Numbers of everybody in all zones of a batch.

    Parameters
    ----------
    batch : Batch
    indicators : sequence of str
    peers : sequence of int
        Rows of the zones whose margins are wanted too.
    """
    at = {zone: z for z, zone in enumerate(batch.ids)}
    row_of = {indicator: i for i, indicator in enumerate(indicators)}
    shape = (len(indicators), len(batch.ids))
    value, moe = np.full(shape, np.nan), np.full((len(indicators), len(peers)), np.nan)
    unit, rebuilt = np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    place = np.full(len(batch.ids) + 1, -1, dtype=np.int64)
    place[list(peers)] = np.arange(len(peers))
    units: dict[str, int] = {}
    never: dict[str, str] = {}
    rows = (ds.field("group") == EVERYBODY) & (ds.field("zone") != REFERENCE)
    try:
        for part in ds.dataset(list(batch.files), format="parquet").to_batches(list(_COLUMNS), filter=rows):
            z, i = _codes(part, "zone", at), _codes(part, "indicator", row_of)
            for word in _words(part, "unit"):
                units.setdefault(word, len(units))
            ours = (z >= 0) & (i >= 0) & (_codes(part, "reliability", {"suppressed": 0}) < 0)
            z, i = z[ours], i[ours]
            found = _numbers(part)[ours]
            value[i, z] = found
            unit[i, z] = np.where(np.isnan(found), -1, _codes(part, "unit", units)[ours])
            rebuilt[i, z] = _codes(part, "rule", {MEDIAN: 0})[ours] == 0
            k = place[z]
            moe[i[k >= 0], k[k >= 0]] = _column(part, "moe")[ours][k >= 0]
            _note(never, part, ours, i, indicators)
    except (OSError, ValueError, KeyError) as why:
        raise _unreadable(batch.folder / RECORDS, why) from why
    return Numbers(value, moe, unit, rebuilt, tuple(units), never)


def _note(never: dict[str, str], part: Any, ours: BoolArray, i: IntArray, indicators: Sequence[str]) -> None:
    """Take down which indicators are never held against others."""
    reasons = sorted(NEVER & set(_words(part, "percentile_reason")))
    codes = _codes(part, "percentile_reason", {why: k for k, why in enumerate(reasons)})[ours]
    for k, why in enumerate(reasons):
        never |= {indicators[row]: why for row in np.unique(i[codes == k])}


def _numbers(part: Any) -> FloatArray:
    """Values of a part; a median in an open bracket is above, or below, every number."""
    value = _column(part, "value")
    words = _words(part, "text")
    ends = np.array([*(-np.inf if word.startswith(("<", "≤")) else np.inf for word in words), np.nan])
    text = _codes(part, "text", {word: k for k, word in enumerate(words)})
    return np.asarray(np.where(np.isnan(value), ends[text], value), dtype=np.float64)


def _column(part: Any, name: str) -> FloatArray:
    return np.asarray(part.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)


def _words(part: Any, name: str) -> list[str]:
    """Words of a column of words, each once, no matter whether they are in any row of the part."""
    return [str(word) for word in part.column(name).dictionary.to_pylist() if word is not None]


def _codes(part: Any, name: str, known: Mapping[str, int]) -> IntArray:
    """The number of each row's word in ``known``; -1 for another one and for none."""
    column = part.column(name)
    numbers = np.array([*(known.get(word, -1) for word in column.dictionary.to_pylist()), -1], dtype=np.int64)
    at = column.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(numbers[at], dtype=np.int64)


def differs(used: Iterable[str], own: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[str, str]:
    """What keeps a number from being held against another one, and what only has to be said beside it.

    Layers that differ in the year of their survey or in the state that they are of (``acs:B25003@2024``,
    ``crosswalk_06``) are looked for without it. Where the years of two vintages are not the same, the numbers are not
    held against one another; of other days of the same years it is said.

    Parameters
    ----------
    used : iterable of str
        Layers that the number stands on.
    own, theirs : mapping of str to str
        Vintages by layer.

    Returns
    -------
    refused, told : str
        Empty where there is nothing.
    """
    refused: dict[str, None] = {}
    told: dict[str, None] = {}
    by: dict[str, set[str]] = {}
    for layer, vintage in theirs.items():
        by.setdefault(_ALIKE.sub("", layer), set()).add(vintage)
    for layer in used:
        mine, plain = own.get(layer, ""), _ALIKE.sub("", layer)
        others = {theirs[layer]} if layer in theirs else by.get(plain, set())
        if mine in others:
            continue
        if not others:
            refused[f"{plain} is not among the layers of theirs"] = None
            continue
        other = sorted(others)[-1]
        years = set(_YEAR.findall(mine))
        into = told if years and years == set(_YEAR.findall(other)) else refused
        into[f"{plain} is of {mine or 'no known time'} here, of {other} there"] = None
    return "; ".join(refused), "; ".join(told)
