"""Geometries that lie in one another: deeper than GEOS can follow, it takes the whole process down with it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from justgeo.core.errors import LayerError

DEEPEST = 100
"""Steps that geometries may lie in one another: a collection of multipolygons takes three. Our choice."""
_HEAD = 9  # bytes: order, kind, how many parts
_HARMLESS = 1000 * _HEAD  # GEOS follows some ten thousand steps
_HOLDERS = frozenset({4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 17})
_DEEP = f"its geometries lie more than {DEEPEST} deep in one another"


def refuse_deep_text(text: str) -> None:
    """Raise where well-known text nests: of all its kinds, collections alone can hold their own kind.

    Raises
    ------
    ValueError
    """
    if text.upper().count("COLLECTION") > DEEPEST:
        raise ValueError(_DEEP)


def refuse_deep_bytes(body: bytes) -> None:
    """Raise where well-known binary nests; what is damaged is left to its reader.

    Raises
    ------
    ValueError
    """
    if len(body) > _HARMLESS and _is_deep(body):
        raise ValueError(_DEEP)


def refuse_deep_parquet(path: Path, where: str) -> None:
    """Look at the long cells of a GeoParquet before it is read: its reader hands them to GEOS as they are.

    Raises
    ------
    LayerError
    OSError, ValueError, pyarrow.ArrowException
        It cannot be read.
    """
    with pq.ParquetFile(path) as file:
        kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
        columns = [one.name for one in file.schema_arrow if any(kind(one.type) for kind in kinds)]
        for batch in file.iter_batches(batch_size=1024, columns=columns) if columns else ():
            for cell in (cell for column in batch.columns for cell in column):
                body = cell.as_buffer()
                if body is not None and body.size > _HARMLESS and _is_deep(body.to_pybytes()):
                    raise LayerError(
                        f"{where}: {path.name} cannot be read ({_DEEP}).",
                        remedy="give a file of plain polygons or points.",
                    )


def _is_deep(body: bytes) -> bool:
    at, left = 0, [1]  # of each geometry that is open, how many parts are to come
    try:
        while left:
            if not left[-1]:
                left.pop()
                continue
            left[-1] -= 1
            at, parts = _step(body, at)
            if parts is not None:
                left.append(parts)
            if len(left) > DEEPEST:
                return True
    except (struct.error, IndexError):
        return False
    return False


def _step(body: bytes, at: int) -> tuple[int, int | None]:
    """Where a geometry's own numbers end, and how many parts it holds; None where it holds none."""
    order = "<" if body[at] else ">"
    (kind,) = struct.unpack_from(f"{order}I", body, at + 1)
    at += 5 + (4 if kind & 0x20000000 else 0)
    thousand, plain = divmod(kind & 0xFFFF, 1000)
    width = 8 * (2 + bool(kind & 0x80000000 or thousand in (1, 3)) + bool(kind & 0x40000000 or thousand in (2, 3)))
    if plain == 1:
        return at + width, None
    many: Any = struct.unpack_from(f"{order}I", body, at)[0]
    at += 4
    if plain in _HOLDERS:
        return at, many
    if plain != 3:
        return at + width * many, None
    for _ in range(many):
        at += 4 + width * struct.unpack_from(f"{order}I", body, at)[0]
    return at, None
