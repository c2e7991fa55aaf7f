"""What was found in an OpenStreetMap extract for some layers and a window, and what was wrong with the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.sources._osm_raw import PARTS, Raw, counts, flat, numbers
from justgeo.sources._osm_roles import CLOSED, GROUND, LINE, PARK, POINT, USE, WATER

Tags = Mapping[str, str]
T = TypeVar("T")

#: Of a way nothing may be cut but a land use; of a multipolygon water may be, too.
_WHOLE_WAYS = LINE | POINT | (GROUND & ~USE)
_WHOLE_RELATIONS = POINT | PARK | CLOSED


@dataclass(frozen=True)
class Extract:
    """What an extract says of itself. ``covers`` in EPSG:4326; dates in ISO form or empty."""

    covers: BaseGeometry
    box_stated: bool
    replicated: str
    latest_edit: str


@dataclass(frozen=True)
class Lines:
    """Ways: node numbers and (lon, lat) of their nodes one way after the other.

    Attributes
    ----------
    number, roles, tagset, size : (n,) int
        Number of the way, its parts, the row of its tags in ``tagsets``, how many nodes it has.
    names : sequence of str
    refs : (k,) int
    xy : (k, 2) float
    """

    number: IntArray
    roles: IntArray
    tagset: IntArray
    size: IntArray
    names: Sequence[str]
    refs: IntArray
    xy: FloatArray
    tagsets: Mapping[int, Tags]

    def of(self, wanted: BoolArray) -> Lines:
        """Some of them."""
        each = np.repeat(wanted, self.size)
        return replace(
            self,
            number=self.number[wanted],
            roles=self.roles[wanted],
            tagset=self.tagset[wanted],
            size=self.size[wanted],
            names=[name for name, there in zip(self.names, wanted, strict=True) if there],
            refs=self.refs[each],
            xy=self.xy[each],
        )

    def with_role(self, role: int) -> Lines:
        """Those that play one of some parts."""
        return self.of((self.roles & role) != 0)

    def told(self, say: Callable[[Tags], T]) -> list[T]:
        """What is said of each one's tags; asked once for equal tags."""
        said = {number: say(self.tagsets[number]) for number in np.unique(self.tagset).tolist()}
        return [said[number] for number in self.tagset.tolist()]

    @property
    def ids(self) -> list[str]:
        return [f"way/{number}" for number in self.number.tolist()]

    @property
    def owner(self) -> IntArray:
        """Of each node, the row of its way."""
        return np.repeat(np.arange(len(self.size)), self.size)

    @property
    def shapes(self) -> Any:
        """Lines, as an array."""
        return shapely.linestrings(self.xy, indices=self.owner)

    @property
    def polygons(self) -> Any:
        """What closed ways enclose, as an array."""
        return shapely.polygons(shapely.linearrings(self.xy, indices=self.owner))


@dataclass(frozen=True)
class Shape:
    """A polygon or multipolygon; ``roles`` are its parts."""

    osm_id: str
    tags: Tags
    name: str
    roles: int
    geometry: BaseGeometry


@dataclass(frozen=True)
class Place:
    """A point: a node, or the centre of something larger; ``roles`` are its parts."""

    osm_id: str
    tags: Tags
    name: str
    roles: int
    lon: float
    lat: float


@dataclass
class Found:
    """Everything that one reading of an extract found, and what was wrong with the rest."""

    ways: Lines
    signals: IntArray
    shapes: list[Shape] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    cut_ways: int = 0
    cut_relations: int = 0
    cut_water: int = 0
    cut_land: int = 0
    unplaced: int = 0
    mended: int = 0
    shapeless: list[str] = field(default_factory=list)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        said = (
            (self.unplaced, "ways have none of their nodes in the extract and were left out as lying outside it"),
            (self.cut_water, "water multipolygons leave the extract and are not drawn"),
            (self.cut_land, "areas of land use leave the extract and are taken as not mapped"),
            (self.mended, "self-crossing polygons were mended"),
            (
                len(self.shapeless),
                f"areas whose rings do not close were left out ({', '.join(sorted(self.shapeless)[:5])})",
            ),
        )
        return tuple(f"{count} {words}" for count, words in said if count)


def found_in(raw: Raw) -> Found:
    """What was cut out of an extract for the layers that are wanted, in shapes and points."""
    used = [numbers(table["tagset"]) for table in (raw.nodes, raw.ways, raw.areas)]
    sets = np.unique(np.concatenate(used))
    texts = raw.tagsets["tags"].take(pa.array(sets)).to_pylist()
    tagsets = {number: json.loads(text) for number, text in zip(sets.tolist(), texts, strict=True)}
    ways, closed, total = _ways(raw, tagsets)
    whole = (ways.size == total) & (ways.size >= 2)
    cut = (ways.size > 0) & (ways.size < total)
    hard = (ways.roles & _WHOLE_WAYS) != 0
    found = Found(
        ways=ways.of(whole & ((ways.roles & LINE) != 0)),
        signals=numbers(raw.signals["id"]),
        cut_ways=int((cut & hard).sum()),
        cut_land=int((cut & ~hard).sum()),
        unplaced=int((ways.size == 0).sum()),
    )
    _points(found, raw, tagsets)
    _grounds(found, ways, whole)
    _centres(found, ways, whole, closed)
    _areas(found, raw, tagsets)
    _judge(found, raw)
    return found


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry; what a mended polygon leaves of lines and points is dust."""
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    kept = [part for part in parts if part.geom_type == "Polygon"]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)


def _ways(raw: Raw, tagsets: Mapping[int, Tags]) -> tuple[Lines, BoolArray, IntArray]:
    """All ways, which of them are closed, and how many nodes they name."""
    table = raw.ways
    lines = Lines(
        number=numbers(table["id"]),
        roles=numbers(table["roles"]),
        tagset=numbers(table["tagset"]),
        size=counts(table["refs"]),
        names=table["name"].to_pylist(),
        refs=flat(table["refs"]),
        xy=np.column_stack([flat(table["x"]), flat(table["y"])]).reshape(-1, 2) / PARTS,
        tagsets=tagsets,
    )
    return lines, np.asarray(numbers(table["closed"]), dtype=np.bool_), numbers(table["total"])


def _points(found: Found, raw: Raw, tagsets: Mapping[int, Tags]) -> None:
    table = raw.nodes
    lon, lat = ((numbers(table[axis]) / PARTS).tolist() for axis in ("x", "y"))
    number, which, played = (numbers(table[key]).tolist() for key in ("id", "tagset", "roles"))
    for one, told, name, roles, x, y in zip(number, which, table["name"].to_pylist(), played, lon, lat, strict=True):
        found.places.append(Place(f"node/{one}", tagsets[told], name, roles, x, y))


def _grounds(found: Found, ways: Lines, whole: BoolArray) -> None:
    """Closed ways that are ground; those that are a stop or an amenity, too, stand at their centre."""
    ground = ways.of(whole & ((ways.roles & GROUND) != 0))
    shapes = ground.polygons if len(ground.size) else ()
    _file(found, ground.ids, ground.told(lambda tags: tags), ground.names, ground.roles.tolist(), shapes)


def _centres(found: Found, ways: Lines, whole: BoolArray, closed: BoolArray) -> None:
    """Stops and amenities that are drawn as ways, and no ground."""
    chosen = whole & ((ways.roles & POINT) != 0) & ((ways.roles & GROUND) == 0)
    for ring in (True, False):
        some = ways.of(chosen & (closed == ring))
        if not len(some.size):
            continue
        if ring:
            centres = shapely.centroid(some.polygons)
        else:
            centres = shapely.line_interpolate_point(some.shapes, 0.5, normalized=True)
        at = shapely.get_coordinates(centres).tolist()
        tags, played = some.told(lambda tags: tags), some.roles.tolist()
        for osm_id, told, name, roles, (x, y) in zip(some.ids, tags, some.names, played, at, strict=True):
            found.places.append(Place(osm_id, told, name, roles, x, y))


def _areas(found: Found, raw: Raw, tagsets: Mapping[int, Tags]) -> None:
    table = raw.areas
    ids = [f"relation/{number}" for number in table["id"].to_pylist()]
    tags = [tagsets[number] for number in numbers(table["tagset"]).tolist()]
    shapes: Any = shapely.from_wkb(np.array(table["shape"].to_pylist(), dtype=object)) if ids else ()
    _file(found, ids, tags, table["name"].to_pylist(), numbers(table["roles"]).tolist(), shapes)


def _file(
    found: Found, ids: Sequence[str], tags: Sequence[Tags], names: Sequence[str], played: Sequence[int], shapes: Any
) -> None:
    valid = shapely.is_valid(shapes) if len(ids) else []
    for osm_id, told, name, parts, given, fits in zip(ids, tags, names, played, shapes, valid, strict=True):
        shape = given
        if not fits:
            shape = polygonal(shapely.make_valid(given))
            found.mended += 1
        if shape.is_empty:
            found.shapeless.append(osm_id)
            continue
        if parts & GROUND:
            found.shapes.append(Shape(osm_id, told, name, parts, shape))
        if parts & POINT:
            centre = shape.centroid
            found.places.append(Place(osm_id, told, name, parts, centre.x, centre.y))


def _judge(found: Found, raw: Raw) -> None:
    """Tell multipolygons that the extract cut from those whose rings do not close."""
    for row in raw.broken.to_pylist():
        if row["whole"]:
            found.shapeless.append(f"relation/{row['id']}")
        elif row["roles"] & _WHOLE_RELATIONS:
            found.cut_relations += 1
        elif row["roles"] & WATER:
            found.cut_water += 1
        else:
            found.cut_land += 1
