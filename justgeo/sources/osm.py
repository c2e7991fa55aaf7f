"""A local OpenStreetMap extract: walk network, streets, bikeways, parks, stops, amenities and water by one reading.

Reads ``.osm``, ``.osm.gz``, ``.osm.bz2`` and ``.osm.pbf`` with pyosmium; the tags' meaning is in ``osm_tags``, the
layers are put together in ``osm_build``. An extract that was cut through its ways is refused, never read in part:
ways that end where the knife went would turn streets into dead ends and parks into nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import osmium
import shapely
from osmium.filter import IdFilter, KeyFilter
from osmium.index import LocationTable
from osmium.osm import Area as OsmArea
from osmium.osm import Node, Relation, mutable
from osmium.osm import Way as OsmWay
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import AnyLayer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _osm_kept, osm_build, osm_tags
from justgeo.sources._hash import sha256_of
from justgeo.sources._osm_found import Extract, Found, found_in
from justgeo.sources._osm_packing import refuse_odd_texts, refuse_swelling
from justgeo.sources._osm_raw import Bounds, Gathering, Raw, numbers
from justgeo.sources._osm_roles import ALL, GROUND, LAYERS, POINT, needed
from justgeo.sources.lines import read_lines

__all__ = ["LAYERS", "SUFFIXES", "layer_names", "look", "read_extract", "read_lines", "words", "write_extract"]

log = logging.getLogger(__name__)

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
_CUT_REMEDY = (
    "cut the extract again so that ways and multipolygons stay whole: "
    "osmium extract --strategy smart (or complete_ways), with a box that holds the district and its halo."
)
# What libosmium raises over unreadable bytes: damaged packing, ids that are no numbers, places that are none.
_UNREADABLE = (RuntimeError, ValueError, KeyError, IndexError, osmium.InvalidLocationError, MemoryError)
_WKB = osmium.geom.WKBFactory()
#: Hexadecimal digits before the places of a line: byte order, type, how many.
_WKB_HEAD = 18


def read_extract(
    spec: LayerSpec, area: Area, wanted: Iterable[str], *, kept: Path | None = None
) -> dict[str, AnyLayer]:
    """Read layers from a local extract.

    Parameters
    ----------
    spec : LayerSpec
        ``path`` names the extract. What the planner says of licence or source is added to OpenStreetMap's own terms.
    area : Area
        Features that lie outside the bounds of ``area.window`` are left out.
    wanted : iterable of str
        Names out of :data:`LAYERS`.
    kept : Path, optional
        Folder in which everything that the extract holds for any layer is kept once it was read, for whatever area and
        layers are asked for next. Without it, the file is read each time, for the area alone.

    Returns
    -------
    dict
        A layer for each name, in EPSG:4326. ``covers`` is the box that the extract states, or the box of its nodes;
        whether it holds the district's halo is for the caller to judge. The vintage is the replication time of the
        header, else what the planner stated, else the date of the latest edit.

    Raises
    ------
    LayerError
        The file is missing, damaged, of another kind, holds several versions of its objects or deleted ones, or cuts
        ways or parks within the window.
    CoverageError
        The extract does not touch the district.
    """
    names = layer_names(wanted)
    path = _checked(spec.path)
    extract, found = look(path, area, names, kept=kept)
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


def look(path: Path, area: Area, names: frozenset[str], *, kept: Path | None = None) -> tuple[Extract, Found]:
    """What a file says of itself, and what it holds for some layers within the bounds of the window.

    Parameters
    ----------
    path : Path
        Ends in one of :data:`SUFFIXES`.
    area : Area
    names : frozenset of str
        Of :data:`LAYERS`.
    kept : Path, optional
        As :func:`read_extract` has it.

    Returns
    -------
    extract : Extract
    found : Found

    Raises
    ------
    LayerError, CoverageError
        As :func:`read_extract`.
    """
    needs, bounds = needed(names), area.window.bounds
    try:
        if kept is None:
            extract = _touching(_survey(path), path, area)
            raw = _scan(path, needs, bounds)
        else:
            extract, raw = _whole(path, area, kept)
    except _UNREADABLE as error:
        said = " ".join(str(error).split())[:200]
        raise LayerError(
            f"The extract {path.name} cannot be read: {said}.", remedy="download it again; it may be incomplete."
        ) from error
    cut = raw.cut(needs, bounds)
    _refuse_doubled(cut, path)
    found = found_in(cut)
    _refuse_cut(found, path, extract)
    return extract, found


def _whole(path: Path, area: Area, folder: Path) -> tuple[Extract, Raw]:
    """Everything that an extract holds for any layer, as it was kept; read and kept where it was not."""
    held = _osm_kept.load(path, folder)
    if held is None:
        with _osm_kept.one_at_a_time(path, folder) as waited:
            held = _osm_kept.load(path, folder) if waited else None
            if held is None:
                extract = _touching(_survey(path), path, area)
                held = extract, _scan(path, ALL, None)
                _osm_kept.save(path, folder, *held)
    extract, raw = held
    return _touching(extract, path, area), raw


def _touching(extract: Extract, path: Path, area: Area) -> Extract:
    if not extract.covers.intersects(area.district):
        raise CoverageError(
            f"The extract {path.name} covers {words(extract.covers.bounds)} and does not touch the district "
            f"({words(area.district.bounds)}).",
            remedy="download an extract for the district's own state or county.",
        )
    return extract


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
    refuse_swelling(path)
    refuse_odd_texts(path)
    with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
        box, stamp = header.box(), header.get("osmosis_replication_timestamp")
        history = header.has_multiple_object_versions
    if history:
        raise _several(path, "it holds several versions of each object")
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


def _scan(path: Path, needs: int, bounds: Bounds | None) -> Raw:
    """Everything that plays one of some parts, in one reading (with areas: after one of the relations alone)."""
    made = Gathering(needs, bounds)
    with_areas = bool(needs & (POINT | GROUND))
    keys = {*osm_tags.LINE_KEYS, *osm_tags.POINT_KEYS, *(osm_tags.AREA_KEYS if with_areas else ())}
    processor = osmium.FileProcessor(str(path)).with_locations()
    if with_areas:
        processor = processor.with_areas(KeyFilter(*keys))
    relations: dict[int, tuple[int, set[int]]] = {}
    assembled: set[int] = set()  # libosmium hands out areas before or after their relations
    for element in processor.with_filter(KeyFilter(*keys)):
        if isinstance(element, OsmArea):
            if not element.from_way() and _take_area(made, element):
                assembled.add(element.orig_id())
            continue
        number, name, played = made.tagset(element.tags)
        if not played:
            continue
        if isinstance(element, Node | OsmWay | Relation) and element.deleted:
            raise _several(path, "it holds objects that were deleted")
        if isinstance(element, OsmWay):
            nodes = element.nodes
            refs = [nodes[at].ref for at in range(len(nodes))]  # a third faster than the list's own iterator
            made.way(element.id, number, name, refs, _places(element))
        elif isinstance(element, Node):
            place = element.location
            made.node(element.id, number, name, (place.x, place.y) if place.valid() else None)
        elif (
            isinstance(element, Relation)
            and played & (POINT | GROUND)
            and made.type_of(number) in ("multipolygon", "boundary")
        ):
            relations[element.id] = (number, {m.ref for m in element.members if m.type == "w"})
    left = {one: relation for one, relation in relations.items() if one not in assembled}
    if left and processor.node_location_storage is not None:
        _gather_broken(made, path, left, processor.node_location_storage)
    return made.done()


def _places(way: OsmWay) -> str | list[tuple[int, float, float]]:
    """Places of all nodes as hexadecimal doubles (one call in place of three a node); if some are missing, the rest."""
    try:
        return str(_WKB.create_linestring(way, osmium.geom.ALL))[_WKB_HEAD:]
    except (osmium.InvalidLocationError, RuntimeError):  # a node without a place; a way of one node
        return [(n.ref, n.location.lon, n.location.lat) for n in way.nodes if n.location.valid()]


def _take_area(made: Gathering, area: OsmArea) -> bool:
    """File a multipolygon; False if libosmium could not put it together."""
    number, name, played = made.tagset(area.tags)
    if not played & (POINT | GROUND):
        return False
    shape = _assembled(area)
    if shape.is_empty:
        return False
    made.area(area.orig_id(), number, name, shape)
    return True


def _assembled(area: OsmArea) -> BaseGeometry:
    """Multipolygon of an area that libosmium put together; empty where it could not."""
    polygons = []
    for outer in area.outer_rings():
        shell = [(n.lon, n.lat) for n in outer if n.location.valid()]
        holes = [[(n.lon, n.lat) for n in inner if n.location.valid()] for inner in area.inner_rings(outer)]
        polygons.append(shapely.Polygon(shell, holes))
    return shapely.MultiPolygon(polygons)


def _gather_broken(
    made: Gathering, path: Path, relations: Mapping[int, tuple[int, set[int]]], places: LocationTable
) -> None:
    """What is there of multipolygons that were not put together, by reading the ways once more."""
    boxes: dict[int, tuple[int, int, int, int]] = {}
    whole: set[int] = set()
    ids = {ref for _, members in relations.values() for ref in members}
    ways = osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(IdFilter(ids)) if ids else ()
    for way in ways:
        if not isinstance(way, OsmWay):
            continue
        refs = [node.ref for node in way.nodes]
        known = [place for ref in refs if (place := _place(places, ref)) is not None]
        if known:
            x, y = zip(*known, strict=True)
            boxes[way.id] = (min(x), min(y), max(x), max(y))
            if len(known) == len(refs):
                whole.add(way.id)
    for one, (tagset, members) in relations.items():
        made.broken(one, tagset, members <= whole, [boxes[ref] for ref in sorted(members) if ref in boxes])


def _place(places: LocationTable, ref: int) -> tuple[int, int] | None:
    if ref < 0:  # of an object that no server has numbered yet: the table of places takes none
        return None
    try:
        found = places.get(ref)
    except KeyError:
        return None
    return (found.x, found.y) if found.valid() else None


def _several(path: Path, why: str) -> LayerError:
    return LayerError(
        f"{path.name} is a history file: {why}.",
        remedy="use a plain extract of one date (osmium time-filter makes one).",
    )


def _refuse_doubled(raw: Raw, path: Path) -> None:
    """Raise where one object comes twice: it would be counted twice, and which of the two holds is not known."""
    kinds = (("node", [raw.nodes]), ("way", [raw.ways]), ("relation", [raw.areas, raw.broken]))
    for kind, tables in kinds:
        ids, times = np.unique(np.concatenate([numbers(table["id"]) for table in tables]), return_counts=True)
        if (times > 1).any():
            raise LayerError(
                f"{path.name} holds {kind} {ids[times > 1][0]} more than once.",
                remedy="if it was joined of several, join them again so that each object comes once: osmium merge.",
            )


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


def words(bounds: Bounds) -> str:
    """A box in degrees, for messages."""
    west, south, east, north = bounds
    return f"{south:.4f} to {north:.4f} N, {west:.4f} to {east:.4f} E"
