"""``indicators.parquet``: the rows of ``indicators.csv`` with their types, for those who compute with them.

Texts stand as they are: no program takes a value of a Parquet file for a formula.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from justgeo.report.fields import FIELDS, Field
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.tables import indicator_rows

_TYPES = {"number": pa.float64(), "string": pa.string()}


def indicators_parquet(
    results: Mapping[str, Any],
    rows: Sequence[Sequence[Any]] | None = None,
    left_out: Sequence[tuple[str, str]] = (),
) -> bytes:
    """The file's bytes: the same for the same results and version of the library.

    ``rows`` are those of ``tables.indicator_rows``, where they are at hand. Each column tells what it is in its own
    metadata; the table's say whether the place is invented, and what was ``left_out`` and why.
    """
    columns = list(zip(*(indicator_rows(results) if rows is None else rows), strict=True)) or [()] * len(FIELDS)
    arrays = [_array(field, cells) for field, cells in zip(FIELDS, columns, strict=True)]
    about = {
        "title": f"Baseline of {results['name']}",
        "disclaimer": DISCLAIMER,
        "invented": INVENTED if results["synthetic"] else "",
        "schema_version": results["schema_version"],
        **({"left_out": json.dumps(list(left_out), ensure_ascii=False)} if left_out else {}),
    }
    schema = pa.schema(
        [pa.field(field.name, _TYPES[field.kind], metadata={"description": field.about}) for field in FIELDS],
        metadata=about,
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd", write_statistics=False)
    return out.getvalue()


def _array(field: Field, cells: Sequence[Any]) -> pa.Array:
    if field.kind == "string":
        cells = [None if cell is None else str(cell) for cell in cells]
    return pa.array(cells, _TYPES[field.kind])
