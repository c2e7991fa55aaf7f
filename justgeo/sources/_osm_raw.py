"""What an OpenStreetMap extract holds for any layer, as Arrow tables, and any window cut out of them.

``Gathering`` takes elements one by one from a reading of the file; ``Raw`` is what it has then. Places are whole
numbers of 1e-7 degrees, which is how OpenStreetMap has them. Rows stand in the order of the file.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import BoolArray
from justgeo.sources._osm_roles import GATE, GROUND, LINE, POINT, SIGNAL, roles
from justgeo.sources.osm_tags import READ_KEYS

Bounds = tuple[float, float, float, float]
Known = Sequence[tuple[int, float, float]]
Numbers = npt.NDArray[Any]
"""Of a column: its width is the column's."""

PARTS = 10_000_000
"""Parts of a degree."""
#: Ways that are held as Python's values before they become arrays.
_AT_ONCE = 20_000
_SIDES = ("west", "south", "east", "north")
_HEAD = [("id", pa.int64()), ("tagset", pa.int32()), ("roles", pa.int32()), ("name", pa.string())]
_NUMBERS = pa.list_(pa.int32())

SCHEMAS: dict[str, pa.Schema] = {
    "tagsets": pa.schema([("tags", pa.string())]),
    "nodes": pa.schema([*_HEAD, ("x", pa.int32()), ("y", pa.int32())]),
    # ``total`` nodes are named, those that the file has are in ``refs``, ``x``, ``y``.
    "ways": pa.schema(
        [
            *(*_HEAD, ("closed", pa.bool_()), ("total", pa.int32())),
            *((side, pa.int32()) for side in _SIDES),
            *(("refs", pa.list_(pa.int64())), ("x", _NUMBERS), ("y", _NUMBERS)),
        ]
    ),
    # Multipolygons that could be put together, as WKB.
    "areas": pa.schema([*_HEAD, *((side, pa.float64()) for side in _SIDES), ("shape", pa.binary())]),
    # And those that could not: whether all of their ways are there, and the box of each that is there in part or whole.
    "broken": pa.schema([*_HEAD, ("whole", pa.bool_()), *((side, _NUMBERS) for side in _SIDES)]),
    "signals": pa.schema([("id", pa.int64())]),
}


@dataclass(frozen=True)
class Raw:
    """Tables by :data:`SCHEMAS`; ``roles`` are bits of ``_osm_roles``, ``tagset`` is a row of ``tagsets`` (JSON)."""

    tagsets: pa.Table
    nodes: pa.Table
    ways: pa.Table
    areas: pa.Table
    broken: pa.Table
    signals: pa.Table

    def tables(self) -> dict[str, pa.Table]:
        """By name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def cut(self, needs: int, bounds: Bounds) -> Raw:
        """What plays one of some parts and whose box meets the bounds; ways without any place are always kept."""
        nodes, ways, areas = self.nodes, self.ways, self.areas
        at = [numbers(nodes["x"]) / PARTS, numbers(nodes["y"]) / PARTS]
        box = [numbers(ways[side]) / PARTS for side in _SIDES]
        placed = np.asarray(counts(ways["refs"]) > 0)
        return Raw(
            self.tagsets,
            _kept(nodes, needs, meets((*at, *at), bounds)),
            _kept(ways, needs, meets(box, bounds) | ~placed),
            _kept(areas, needs, meets([numbers(areas[side]) for side in _SIDES], bounds)),
            _kept(
                self.broken, needs, np.array([_near(row, bounds) for row in self.broken.to_pylist()], dtype=np.bool_)
            ),
            self.signals,
        )


def numbers(column: pa.ChunkedArray) -> Numbers:
    """A column of numbers, not copied where it is in one piece."""
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False))


def flat(column: pa.ChunkedArray) -> Numbers:
    """All numbers of a column of lists, one list after the other."""
    return np.asarray(column.combine_chunks().flatten().to_numpy(zero_copy_only=False))


def counts(column: pa.ChunkedArray) -> Numbers:
    """How long each list is."""
    return np.asarray(column.combine_chunks().value_lengths().to_numpy(zero_copy_only=False), dtype=np.int64)


def meets(box: Sequence[Numbers], bounds: Bounds) -> BoolArray:
    """Which boxes (west, south, east, north) have a point in common with the bounds."""
    west, south, east, north = box
    return np.asarray(
        (west <= bounds[2]) & (east >= bounds[0]) & (south <= bounds[3]) & (north >= bounds[1]), dtype=np.bool_
    )


def _near(row: dict[str, list[int]], bounds: Bounds) -> bool:
    return bool(meets([np.array(row[side]) / PARTS for side in _SIDES], bounds).any())


def _kept(table: pa.Table, needs: int, near: BoolArray) -> pa.Table:
    parts = numbers(table["roles"]) & needs
    kept = table.take(pa.array(np.flatnonzero(near & (parts != 0)))).combine_chunks()
    at = kept.schema.get_field_index("roles")
    return kept.set_column(at, kept.schema.field(at), pa.array(numbers(kept["roles"]) & needs, type=pa.int32()))


@dataclass
class _Ways:
    """Ways as they come; ``places`` are little-endian doubles as hexadecimal text."""

    head: list[tuple[int, int, int, str, bool, int, int]] = field(default_factory=list)
    refs: array[int] = field(default_factory=lambda: array("q"))
    places: list[str] = field(default_factory=list)


class Gathering:
    """Elements of an extract as they are read.

    Parameters
    ----------
    needs : int
        Parts that are wanted, bits of ``_osm_roles``.
    bounds : 4 floats, optional
        What lies outside of them is let go at once.
    """

    def __init__(self, needs: int, bounds: Bounds | None = None) -> None:
        self.needs, self.bounds = needs, bounds
        self._index: dict[tuple[tuple[str, str], ...], int] = {}
        self._tags: list[str] = []
        self._roles: list[int] = []
        self._no_area: list[bool] = []
        self._types: list[str] = []
        self._nodes: list[tuple[int, int, int, str, int, int]] = []
        self._signals = array("q")
        self._waiting = _Ways()
        self._ways: list[pa.RecordBatch] = []
        self._areas: list[tuple[int, int, int, str, float, float, float, float, bytes]] = []
        self._broken: list[tuple[int, int, int, str, bool, list[int], list[int], list[int], list[int]]] = []

    def tagset(self, tags: Iterable[tuple[str, str]]) -> tuple[int, str, int]:
        """Number of an element's tag set, its name, and the wanted parts that its tags would let it play."""
        name, kept = "", []
        for key, value in tags:
            if key in READ_KEYS:
                kept.append((key, value))
            elif key == "name":
                name = value
        told = tuple(kept)
        number = self._index.get(told)
        if number is None:
            number = self._add(told)
        return number, name, self._roles[number]

    def type_of(self, tagset: int) -> str:
        """``type`` of a relation."""
        return self._types[tagset]

    def node(self, number: int, tagset: int, name: str, place: tuple[int, int] | None) -> None:
        """A node; ``place`` is x, y in whole parts of a degree, or None."""
        played = self._roles[tagset]
        if played & SIGNAL:
            self._signals.append(number)
        if played & (POINT | GATE) and place is not None:
            self._nodes.append((number, tagset, played & (POINT | GATE), name, *place))

    def way(self, number: int, tagset: int, name: str, refs: Sequence[int], known: str | Known) -> None:
        """A way; ``known`` are the places of all of its nodes as hexadecimal text, or those that are there."""
        closed = len(refs) > 3 and refs[0] == refs[-1]
        ground = closed and not self._no_area[tagset]
        played = self._roles[tagset] & (LINE | POINT | (GROUND if ground else 0))
        if not played:
            return
        waiting = self._waiting
        total = len(refs)
        if not isinstance(known, str):
            refs = [ref for ref, _, _ in known]
            known = np.array([place for _, *place in known], dtype="<f8").tobytes().hex()
        waiting.head.append((number, tagset, played, name, closed, total, len(refs)))
        waiting.refs.extend(refs)
        waiting.places.append(known)
        if len(waiting.head) >= _AT_ONCE:
            self._settle()

    def area(self, number: int, tagset: int, name: str, shape: BaseGeometry) -> None:
        """A relation whose multipolygon was put together."""
        self._areas.append(
            (number, tagset, self._roles[tagset] & (POINT | GROUND), name, *shape.bounds, shapely.to_wkb(shape))
        )

    def broken(self, number: int, tagset: int, whole: bool, boxes: Sequence[Sequence[int]]) -> None:
        """A relation whose multipolygon was not, and the boxes of its ways in whole parts of a degree."""
        west, south, east, north = ([box[side] for box in boxes] for side in range(4))
        self._broken.append(
            (number, tagset, self._roles[tagset] & (POINT | GROUND), "", whole, west, south, east, north)
        )

    def done(self) -> Raw:
        """Everything that was gathered."""
        self._settle()
        return Raw(
            tagsets=_table("tagsets", [(one,) for one in self._tags]),
            nodes=_table("nodes", self._nodes),
            ways=pa.Table.from_batches(self._ways, schema=SCHEMAS["ways"]).combine_chunks(),
            areas=_table("areas", self._areas),
            broken=_table("broken", self._broken),
            signals=pa.table({"id": pa.array(np.frombuffer(self._signals, dtype=np.int64))}),
        )

    def _add(self, told: tuple[tuple[str, str], ...]) -> int:
        number = self._index[told] = len(self._tags)
        tags = dict(told)
        self._tags.append(json.dumps(tags, ensure_ascii=False))
        self._roles.append(roles(tags) & self.needs)
        self._no_area.append(tags.get("area") == "no")
        self._types.append(tags.get("type", ""))
        return number

    def _settle(self) -> None:
        """Turn the ways that wait into a batch, without those outside the bounds."""
        waiting, self._waiting = self._waiting, _Ways()
        if not waiting.head:
            return
        number, tagset, played, name, closed, total, size = zip(*waiting.head, strict=True)
        xy = np.frombuffer(bytes.fromhex("".join(waiting.places)), dtype="<f8").reshape(-1, 2)
        at = np.rint(xy * PARTS).astype(np.int32)
        length = np.array(size, dtype=np.int64)
        ends = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
        box = _boxes(at, ends[:-1], length)
        batch = pa.RecordBatch.from_arrays(
            [pa.array(number, type=pa.int64()), pa.array(tagset, type=pa.int32()), pa.array(played, type=pa.int32())]
            + [pa.array(name, type=pa.string()), pa.array(closed), pa.array(total, type=pa.int32())]
            + [pa.array(side) for side in box]
            + [
                pa.ListArray.from_arrays(ends, values)
                for values in (
                    pa.array(np.frombuffer(waiting.refs, dtype=np.int64)),
                    pa.array(np.ascontiguousarray(at[:, 0])),
                    pa.array(np.ascontiguousarray(at[:, 1])),
                )
            ],
            schema=SCHEMAS["ways"],
        )
        if self.bounds is not None:
            near = meets([side / PARTS for side in box], self.bounds) | (length == 0)
            batch = batch.take(pa.array(np.flatnonzero(near)))
        self._ways.append(batch)


def _boxes(at: Numbers, start: Numbers, length: Numbers) -> list[Numbers]:
    """West, south, east, north of each run of places; 0 for runs of none."""
    there = length > 0
    found = []
    for find in (np.minimum, np.maximum):
        for axis in (0, 1):
            side = np.zeros(len(length), dtype=np.int32)
            if there.any():
                side[there] = find.reduceat(at[:, axis], start[there])
            found.append(side)
    return found


def _table(name: str, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    schema = SCHEMAS[name]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table([pa.array(list(c), type=f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
