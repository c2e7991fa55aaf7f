"""A local OpenStreetMap extract: walk network, streets, bikeways, parks, stops, amenities and water by one reading.

Reads ``.osm``, ``.osm.gz``, ``.osm.bz2`` and ``.osm.pbf`` with pyosmium; the tags' meaning is in ``osm_tags``, the
layers are put together in ``osm_build``. An extract that was cut through its ways is refused, never read in part:
ways that end where the knife went would turn streets into dead ends and parks into nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import osmium
import shapely
from osmium.filter import EntityFilter, IdFilter, KeyFilter
from osmium.osm import Area as OsmArea
from osmium.osm import Node, Relation, mutable
from osmium.osm import Way as OsmWay
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import AnyLayer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import osm_build, osm_tags
from justgeo.sources._hash import sha256_of
from justgeo.sources.lines import read_lines
from justgeo.sources.osm_build import Extract, Found, Place, Shape, Way
from justgeo.sources.osm_landuse import land_use

__all__ = ["LAYERS", "SUFFIXES", "layer_names", "look", "read_extract", "read_lines", "words", "write_extract"]

log = logging.getLogger(__name__)

#: Layers that an extract can give.
LAYERS = frozenset({"walk", "streets", "bike", "parks", "park_entrances", "stops", "amenities", "water", "landuse"})
SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
_CUT_REMEDY = (
    "cut the extract again so that ways and multipolygons stay whole: "
    "osmium extract --strategy smart (or complete_ways), with a box that holds the district and its halo."
)
#: A river or a forest that leaves the extract is left out with a note: water is drawn and no walk depends on it, and
#: ground without a land use counts as not known.
_MAY_BE_CUT = frozenset({"water", "landuse"})
Bounds = tuple[float, float, float, float]


def read_extract(spec: LayerSpec, area: Area, wanted: Iterable[str]) -> dict[str, AnyLayer]:
    """Read layers from a local extract.

    Parameters
    ----------
    spec : LayerSpec
        ``path`` names the extract. What the planner says of licence or source is added to OpenStreetMap's own terms.
    area : Area
        Features that lie outside the bounds of ``area.window`` are left out.
    wanted : iterable of str
        Names out of :data:`LAYERS`.

    Returns
    -------
    dict
        A layer for each name, in EPSG:4326. ``covers`` is the box that the extract states, or the box of its nodes;
        whether it holds the district's halo is for the caller to judge. The vintage is the replication time of the
        header, else what the planner stated, else the date of the latest edit.

    Raises
    ------
    LayerError
        The file is missing, damaged, of another kind, holds several versions of its objects, or cuts ways or parks
        within the window.
    CoverageError
        The extract does not touch the district.
    """
    names = layer_names(wanted)
    path = _checked(spec.path)
    extract, found = look(path, area, names)
    for note in found.notes:
        log.warning("%s: %s", path.name, note)
    return osm_build.layers(spec, area, names, extract, found, sha256_of(spec.path))


def layer_names(wanted: Iterable[str]) -> frozenset[str]:
    """The layers that are asked for.

    Raises
    ------
    LayerError
        OpenStreetMap does not give one of them.
    """
    names = frozenset(wanted)
    if names - LAYERS:
        raise LayerError(
            f"An OpenStreetMap extract does not give the layer {sorted(names - LAYERS)[0]!r}.",
            remedy=f"ask it for one of: {', '.join(sorted(LAYERS))}.",
        )
    return names


def look(path: Path, area: Area, names: frozenset[str]) -> tuple[Extract, Found]:
    """What a file says of itself, and what it holds for some layers within the bounds of the window.

    Parameters
    ----------
    path : Path
        Ends in one of :data:`SUFFIXES`.
    area : Area
    names : frozenset of str
        Of :data:`LAYERS`.

    Returns
    -------
    extract : Extract
    found : Found

    Raises
    ------
    LayerError, CoverageError
        As :func:`read_extract`.
    """
    try:
        extract = _survey(path)
        if not extract.covers.intersects(area.district):
            raise CoverageError(
                f"The extract {path.name} covers {words(extract.covers.bounds)} and does not touch the district "
                f"({words(area.district.bounds)}).",
                remedy="download an extract for the district's own state or county.",
            )
        found = _scan(path, names, area.window.bounds)
    except RuntimeError as error:  # what libosmium raises for unreadable bytes
        raise LayerError(
            f"The extract {path.name} cannot be read: {error}.", remedy="download it again; it may be incomplete."
        ) from error
    _refuse_cut(found, path, extract)
    return extract, found


def write_extract(
    path: Path,
    nodes: Iterable[tuple[int, tuple[float, float], Mapping[str, str]]],
    ways: Iterable[tuple[int, Sequence[int], Mapping[str, str]]],
    relations: Iterable[tuple[int, Sequence[tuple[str, int, str]], Mapping[str, str]]],
    *,
    bounds: Bounds,
    replicated: str,
) -> None:
    """Write an OpenStreetMap file, in the format that its name says.

    Parameters
    ----------
    path : Path
        Ends in one of :data:`SUFFIXES`.
    nodes, ways, relations : iterables of (id, (lon, lat) or refs or members, tags)
        Each by rising id. A member is ``(type, ref, role)``, its type one of ``n``, ``w``, ``r``.
    bounds : 4 floats
        West, south, east, north in EPSG:4326: what the header says of its box.
    replicated : str
        ISO time of the data. Of the formats, PBF alone has a place for it.
    """
    header = osmium.io.Header()
    header.set("generator", "justgeo")
    header.set("osmosis_replication_timestamp", replicated)
    header.add_box(osmium.osm.Box(*bounds))
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for number, place, tags in nodes:
            writer.add_node(mutable.Node(id=number, location=place, tags=tags))
        for number, refs, tags in ways:
            writer.add_way(mutable.Way(id=number, nodes=refs, tags=tags))
        for number, members, tags in relations:
            writer.add_relation(mutable.Relation(id=number, members=members, tags=tags))


def _checked(path: Path) -> Path:
    if not path.is_file():
        raise LayerError(f"The OpenStreetMap extract {path} is not there.", remedy="check the path in district.toml.")
    if not path.name.lower().endswith(SUFFIXES):
        raise LayerError(
            f"{path.name} is not an OpenStreetMap extract.", remedy=f"use a file that ends in {', '.join(SUFFIXES)}."
        )
    return path


def _survey(path: Path) -> Extract:
    """What the extract says of itself; where its header is silent, what its objects say."""
    with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
        box, stamp = header.box(), header.get("osmosis_replication_timestamp")
        history = header.has_multiple_object_versions
    if history:
        raise LayerError(
            f"{path.name} is a history file: it holds several versions of each object.",
            remedy="use a plain extract of one date (osmium time-filter makes one).",
        )
    stated = box.valid() and box.size() > 0
    bounds = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat) if stated else None
    latest = ""
    if bounds is None or not stamp:
        seen, latest = _look_through(path)
        bounds = bounds or seen
    return Extract(shapely.box(*bounds), box_stated=stated, replicated=stamp[:10], latest_edit=latest)


def _look_through(path: Path) -> tuple[Bounds, str]:
    """Box of all nodes and date of the latest edit, by reading everything once."""
    west = south = float("inf")
    east = north = float("-inf")
    latest = None
    for element in osmium.FileProcessor(str(path)):
        if not isinstance(element, Node | OsmWay | Relation):
            continue
        if element.timestamp.year > 1970:  # 1970 is how libosmium says "no timestamp"
            latest = element.timestamp if latest is None else max(latest, element.timestamp)
        if isinstance(element, Node) and element.location.valid():
            lon, lat = element.location.lon, element.location.lat
            west, south, east, north = min(west, lon), min(south, lat), max(east, lon), max(north, lat)
    if west > east:
        raise LayerError(f"The extract {path.name} holds no nodes.", remedy="cut or download it again.")
    return (west, south, east, north), latest.date().isoformat() if latest else ""


def _scan(path: Path, names: frozenset[str], bounds: Bounds) -> Found:
    found = Found()
    with_areas = bool(names & {"parks", "park_entrances", "water", "stops", "amenities", "landuse"})
    keys = {*osm_tags.LINE_KEYS, *osm_tags.POINT_KEYS, *(osm_tags.AREA_KEYS if with_areas else ())}
    processor = osmium.FileProcessor(str(path)).with_locations()
    if with_areas:
        processor = processor.with_areas(KeyFilter(*keys))
    relations: dict[int, _Relation] = {}
    assembled: set[int] = set()  # libosmium hands out areas before or after their relations
    for element in processor.with_filter(KeyFilter(*keys)):
        tags = dict(element.tags)
        if isinstance(element, Node):
            _take_node(found, names, bounds, element, tags)
        elif isinstance(element, OsmWay):
            _take_way(found, names, bounds, element, tags)
        elif isinstance(element, Relation):
            if tags.get("type") in ("multipolygon", "boundary") and _area_roles(tags, names):
                relations[element.id] = _Relation(tags, {m.ref for m in element.members if m.type == "w"})
        elif isinstance(element, OsmArea) and not element.from_way() and _area_roles(tags, names):
            shape = _assembled(element)
            if not shape.is_empty:
                assembled.add(element.orig_id())
                if _meets(shape.bounds, bounds):
                    _file_area(found, names, f"relation/{element.orig_id()}", tags, shape)
    left = {number: relation for number, relation in relations.items() if number not in assembled}
    if left:
        _judge_relations(found, names, bounds, path, left)
    return found


class _Relation:
    """A multipolygon that was not put together: its tags and the ways that it is made of."""

    def __init__(self, tags: Mapping[str, str], members: set[int]) -> None:
        self.tags, self.members = tags, members
        self.whole: set[int] = set()
        self.near = False


def _line_roles(tags: Mapping[str, str], names: frozenset[str]) -> bool:
    moved = ("walk" in names and osm_tags.is_walkable(tags)) or ("bike" in names and osm_tags.is_bikeable(tags))
    return moved or ("streets" in names and osm_tags.street_kind(tags) is not None)


def _point_roles(tags: Mapping[str, str], names: frozenset[str]) -> bool:
    stop = "stops" in names and osm_tags.is_stop(tags)
    return stop or ("amenities" in names and osm_tags.amenity_kind(tags) is not None)


def _ground_roles(tags: Mapping[str, str], names: frozenset[str]) -> bool:
    if names & {"parks", "park_entrances"} and (
        osm_tags.park_kind(tags) is not None or osm_tags.keeps_public_out(tags)
    ):
        return True
    return ("water" in names and osm_tags.is_water(tags)) or ("landuse" in names and land_use(tags) is not None)


def _area_roles(tags: Mapping[str, str], names: frozenset[str]) -> bool:
    return _point_roles(tags, names) or _ground_roles(tags, names)


def _take_node(found: Found, names: frozenset[str], bounds: Bounds, node: Node, tags: dict[str, str]) -> None:
    if "bike" in names and osm_tags.is_controlled(tags):
        found.signals.add(node.id)
    gate = "park_entrances" in names and osm_tags.is_entrance(tags)
    if not (gate or _point_roles(tags, names)) or not node.location.valid():
        return
    lon, lat = node.location.lon, node.location.lat
    if _meets((lon, lat, lon, lat), bounds):
        found.places.append(Place(f"node/{node.id}", tags, lon, lat))


def _take_way(found: Found, names: frozenset[str], bounds: Bounds, way: OsmWay, tags: dict[str, str]) -> None:
    line = _line_roles(tags, names)
    closed = way.is_closed() and len(way.nodes) > 3
    point, ground = _point_roles(tags, names), closed and tags.get("area") != "no" and _ground_roles(tags, names)
    if not (line or point or ground):
        return
    known = [(n.ref, n.location.lon, n.location.lat) for n in way.nodes if n.location.valid()]
    if not known:
        found.unplaced += 1
        return
    refs, lon, lat = zip(*known, strict=True)
    if not _meets((min(lon), min(lat), max(lon), max(lat)), bounds):
        return
    if len(known) < len(way.nodes):
        if line or point or _ground_roles(tags, names - {"landuse"}):
            found.cut_ways += 1
        else:
            found.cut_land += 1
        return
    if len(known) < 2:
        return
    xy = list(zip(lon, lat, strict=True))
    if line:
        found.ways.append(Way(f"way/{way.id}", tags, refs, xy))
    if ground:
        _file_area(found, names, f"way/{way.id}", tags, shapely.Polygon(xy))
    elif point:
        centre = shapely.Polygon(xy).centroid if closed else shapely.LineString(xy).interpolate(0.5, normalized=True)
        found.places.append(Place(f"way/{way.id}", tags, centre.x, centre.y))


def _file_area(found: Found, names: frozenset[str], osm_id: str, tags: Mapping[str, str], shape: BaseGeometry) -> None:
    if not shape.is_valid:
        shape = osm_build.polygonal(shapely.make_valid(shape))
        found.mended += 1
    if shape.is_empty:
        found.shapeless.append(osm_id)
        return
    if _ground_roles(tags, names):
        found.shapes.append(Shape(osm_id, tags, shape))
    if _point_roles(tags, names):
        centre = shape.centroid
        found.places.append(Place(osm_id, tags, centre.x, centre.y))


def _assembled(area: OsmArea) -> BaseGeometry:
    """Multipolygon of an area that libosmium put together; empty where it could not."""
    polygons = []
    for outer in area.outer_rings():
        shell = [(n.lon, n.lat) for n in outer if n.location.valid()]
        holes = [[(n.lon, n.lat) for n in inner if n.location.valid()] for inner in area.inner_rings(outer)]
        polygons.append(shapely.Polygon(shell, holes))
    return shapely.MultiPolygon(polygons)


def _judge_relations(
    found: Found, names: frozenset[str], bounds: Bounds, path: Path, relations: Mapping[int, _Relation]
) -> None:
    """Tell multipolygons that the extract cut from those whose rings do not close."""
    ids = {ref for relation in relations.values() for ref in relation.members}
    if ids:
        ways = osmium.FileProcessor(str(path)).with_locations().with_filter(EntityFilter(osmium.osm.WAY))
        for way in ways.with_filter(IdFilter(ids)):
            if not isinstance(way, OsmWay):
                continue
            known = [(n.location.lon, n.location.lat) for n in way.nodes if n.location.valid()]
            for relation in relations.values():
                if way.id in relation.members and known:
                    lon, lat = zip(*known, strict=True)
                    relation.near |= _meets((min(lon), min(lat), max(lon), max(lat)), bounds)
                    if len(known) == len(way.nodes):
                        relation.whole.add(way.id)
    for number, relation in relations.items():
        if not relation.near:
            continue
        if relation.whole == relation.members:
            found.shapeless.append(f"relation/{number}")
        elif _area_roles(relation.tags, names - _MAY_BE_CUT):
            found.cut_relations += 1
        elif _area_roles(relation.tags, names - {"landuse"}):
            found.cut_water += 1
        else:
            found.cut_land += 1


def _refuse_cut(found: Found, path: Path, extract: Extract) -> None:
    parts = [
        f"{count} {what}"
        for count, what in ((found.cut_ways, "ways"), (found.cut_relations, "park or place multipolygons"))
        if count
    ]
    if parts:
        raise LayerError(
            f"{path.name} cuts {' and '.join(parts)} that reach into the district's window: some of their nodes or "
            f"ways are not in the file (its box: {words(extract.covers.bounds)}).",
            remedy=_CUT_REMEDY,
        )


def _meets(a: Bounds, b: Bounds) -> bool:
    return a[0] <= b[2] and a[2] >= b[0] and a[1] <= b[3] and a[3] >= b[1]


def words(bounds: Bounds) -> str:
    """A box in degrees, for messages."""
    west, south, east, north = bounds
    return f"{south:.4f} to {north:.4f} N, {west:.4f} to {east:.4f} E"
