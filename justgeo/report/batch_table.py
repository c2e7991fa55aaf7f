"""The one table of a batch: records of many districts, partitioned by state and county, and the districts themselves.

Columns have the names of ``results.json``, what is nested there flattened; numbers have its twelve digits. What the
table says of a district is what the district's own results say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from justgeo.core.errors import OutputError
from justgeo.core.result import Record
from justgeo.report.results import DISCLAIMER, INVENTED, SCHEMA_VERSION, SIGNIFICANT_DIGITS, number

_WORD = pa.dictionary(pa.int32(), pa.string())
_PARTS = ("sampling", "apportionment", "noise")
_COMPARED = ("difference", "difference_moe", "ratio", "z", "p", "q", "overlap")
_AGAINST = {"compared_with": "reference", "verdict": "verdict", "basis": "basis"}
_PLACED = {"percentile": "value", "percentile_low": "low", "percentile_high": "high"}
_PLACE = {"percentile_tracts": "tracts", "percentile_of": "weight", "percentile_reason": "reason"}
_NUMBERS = (
    "value", "moe", "numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe", "low", "high",
)  # fmt: skip
_WORDS = ("zone", "indicator", "group", "unit", "universe", "reliability", "reason", "rule", "text", "instead")
BETWEEN = "; "
"""Between the flags of a record, and between its layers."""

RECORDS = pa.schema(
    [
        *(pa.field(name, _WORD) for name in (*_WORDS, "flags", "layers")),
        *(pa.field(name, pa.float64()) for name in _NUMBERS),
        *(pa.field(f"error_{name}", pa.float64()) for name in _PARTS),
        *(pa.field(name, pa.float64()) for name in (*_COMPARED, *_PLACED)),
        *(pa.field(name, pa.int32() if name == "percentile_tracts" else _WORD) for name in (*_AGAINST, *_PLACE)),
    ]
)
ZONES = pa.schema(
    [
        ("zone", pa.string()),
        ("name", pa.string()),
        ("role", _WORD),
        ("geography", _WORD),
        ("reference", _WORD),
        ("invented", pa.bool_()),
        ("area_km2", pa.float64()),
        ("residents", pa.float64()),
        ("geometry", pa.binary()),
    ]
)
"""``geometry`` is well-known binary in EPSG:4326."""


@dataclass(frozen=True)
class Zone:
    """One row of the table of zones, as `ZONES` has it."""

    zone: str
    name: str
    role: str
    geography: str
    reference: str
    invented: bool
    area_km2: float
    residents: float | None
    geometry: bytes


def about(title: str, synthetic: bool, layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the file says of itself: that a place is invented, whose data it stands on, and with which licence."""
    return {
        "title": title,
        "disclaimer": DISCLAIMER,
        "invented": INVENTED if synthetic else "",
        "schema_version": SCHEMA_VERSION,
        "layers": json.dumps(list(layers), ensure_ascii=False, sort_keys=True),
    }


class RecordsFile:
    """Records to a Parquet file, a part of the zones at a time, so that no more of them are held at once."""

    def __init__(self, path: Path, said: Mapping[str, str]) -> None:
        self._file = pq.ParquetWriter(
            path, RECORDS.with_metadata(dict(said)), compression="zstd", write_statistics=["zone", "indicator", "group"]
        )

    def add(self, records: Sequence[Record]) -> None:
        """Write some records, in their order."""
        self._file.write_table(table(records).replace_schema_metadata(self._file.schema.metadata))

    def close(self) -> None:
        """End the file."""
        self._file.close()


def table(records: Sequence[Record]) -> pa.Table:
    """Records as `RECORDS` has them.

    Raises
    ------
    OutputError
        A number that cannot be published, or one that is not there without a reason.
    """
    # Whatever led to an absence, nothing is left from which a withheld value could be worked back.
    told = [r if r.value is not None else _emptied(r) for r in records]
    compared, placed = [r.comparison for r in told], [r.percentile for r in told]
    columns: dict[str, Sequence[Any]] = {name: [getattr(r, name) for r in told] for name in _WORDS}
    columns["flags"] = [BETWEEN.join(r.flags) for r in told]
    columns["layers"] = [BETWEEN.join(sorted(r.layers)) for r in told]
    columns |= {name: _digits(getattr(r, name) for r in told) for name in _NUMBERS}
    columns |= {f"error_{name}": _digits(r.error.get(name) for r in told) for name in _PARTS}
    columns |= {name: _digits(None if c is None else getattr(c, name) for c in compared) for name in _COMPARED}
    columns |= {name: [None if c is None else getattr(c, of) for c in compared] for name, of in _AGAINST.items()}
    columns |= {name: _digits(None if p is None else getattr(p, of) for p in placed) for name, of in _PLACED.items()}
    columns |= {name: [None if p is None else getattr(p, of) for p in placed] for name, of in _PLACE.items()}
    return pa.Table.from_arrays([_array(field, columns[field.name]) for field in RECORDS], schema=RECORDS)


def _emptied(record: Record) -> Record:
    if not record.reason:
        where = f"{record.zone}, {record.indicator} / {record.group}"
        raise OutputError(
            f"{where} has no value and no reason.", remedy="this is a fault in justgeo; please report it."
        )
    head = (record.zone, record.indicator, record.group, None, None, record.unit, record.universe)
    text = None if record.reliability == "suppressed" else record.text
    return Record(
        *head, record.reliability, record.reason, text=text, flags=record.flags, layers=record.layers,
        instead=record.instead,
    )  # fmt: skip


def _array(field: pa.Field, cells: Sequence[Any]) -> pa.Array:
    if field.type == _WORD:
        return pa.array(cells, pa.string()).dictionary_encode()
    return pa.array(cells, field.type)


def _digits(numbers: Iterable[float | None]) -> list[float | None]:
    """As `results.number` has them; twelve digits, since what differs between two machines lies beyond."""
    made = [None if one is None else float(f"{one:.{SIGNIFICANT_DIGITS}g}") + 0.0 for one in numbers]
    for one in made:
        if one is not None and not math.isfinite(one):
            number(one, "the table of a batch")
    return made


def write_zones(path: Path, zones: Sequence[Zone], said: Mapping[str, str]) -> None:
    """The districts of a county and their reference: who is behind each ``zone`` of the records."""
    columns = [[getattr(one, field.name) for one in zones] for field in ZONES]
    arrays = [_array(field, cells) for field, cells in zip(ZONES, columns, strict=True)]
    made = pa.Table.from_arrays(arrays, schema=ZONES.with_metadata(dict(said)))
    pq.write_table(made, path, compression="zstd", write_statistics=False)
