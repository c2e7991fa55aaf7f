"""How somebody gets from an extract to the walk network and the features: justgeo, pyosmium alone, osmnx, pyrosm.

What each one found is said in the same words, so that answers can be held against each other; ``extract.py`` takes the
time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from osmium.filter import KeyFilter
from pyproj import Geod, Transformer
from scipy.sparse import coo_array, csr_array

from justgeo.core.layer import FloatArray, IntArray, Network
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure import reach
from justgeo.sources import osm, osm_tags
from justgeo.sources.osm_landuse import land_use

Bounds = tuple[float, float, float, float]
FEATURES: dict[str, bool | str | list[str]] = {
    "leisure": True,
    "landuse": True,
    "boundary": ["national_park", "protected_area"],
    "place": "square",
    "natural": "water",
    "amenity": True,
    "shop": True,
    "highway": ["bus_stop", "platform"],
    "public_transport": True,
    "railway": True,
}
"""What rivals are asked for besides the network; they return more than the layers take of it."""


@dataclass(frozen=True)
class Case:
    """One extract in both formats, and a part of it the size of a county."""

    title: str
    pbf: Path
    xml: Path
    bounds: Bounds
    part: Bounds
    crs: str
    rivals: bool


@dataclass(frozen=True)
class Walk:
    """A network as somebody gives it."""

    nodes: int
    segments: int
    km: float


@dataclass(frozen=True)
class Answer:
    """Network and number of features by layer, or of all of them."""

    walk: Walk
    features: Mapping[str, int]


def area(bounds: Bounds) -> Area:
    """A window whose district lies in its middle."""
    window = shapely.box(*bounds)
    return Area(window.centroid.buffer(1e-4), None, window, window, 1200.0)


# -- ours -----------------------------------------------------------------------------------------------------------


def ours(some: Case, bounds: Bounds, kept: Path | None = None) -> tuple[reach.Graph, Network, Mapping[str, Any]]:
    """All layers, and the network as a matrix."""
    layers = osm.read_extract(LayerSpec("osm", some.pbf, synthetic=True), area(bounds), osm.LAYERS, kept=kept)
    walk = layers.pop("walk")
    assert isinstance(walk, Network)
    return reach.project(walk, some.crs), walk, layers


# -- pyosmium, bare -------------------------------------------------------------------------------------------------

_KEYS = {*osm_tags.LINE_KEYS, *osm_tags.POINT_KEYS, *osm_tags.AREA_KEYS}


def _elements(some: Case) -> Any:
    every = osmium.FileProcessor(str(some.pbf)).with_locations().with_areas(KeyFilter(*_KEYS))
    return every.with_filter(KeyFilter(*_KEYS))


def _line(wkb: Any, way: Any) -> str:
    """Nothing where a node is missing; of such ways bare takes no notice."""
    try:
        return str(wkb.create_linestring(way, osmium.geom.ALL))
    except (RuntimeError, osmium.InvalidLocationError):
        return ""


def floor(some: Case) -> int:
    """Every element that has one of the keys, its tags and the numbers and places of its nodes; nothing is kept."""
    wkb, seen = osmium.geom.WKBFactory(), 0
    for element in _elements(some):
        seen += len(dict(element.tags))
        if element.is_way():
            seen += len([node.ref for node in element.nodes]) + len(_line(wkb, element))
        elif element.is_area() and not element.from_way():
            with suppress(RuntimeError):
                seen += len(wkb.create_multipolygon(element))
    return seen


def bare(some: Case) -> tuple[csr_array, IntArray, FloatArray, dict[str, list[Any]]]:
    """Matrix, segments, places of nodes, features."""
    wkb = osmium.geom.WKBFactory()
    refs: list[int] = []
    lines: list[str] = []
    size: list[int] = []
    found: dict[str, list[Any]] = {
        name: [] for name in ("streets", "bike", "stops", "amenities", "parks", "water", "landuse")
    }
    signals: set[int] = set()
    for element in _elements(some):
        tags = dict(element.tags)
        if element.is_way():
            walked, street, cycled = (
                osm_tags.is_walkable(tags), osm_tags.street_kind(tags), osm_tags.is_bikeable(tags)
            )  # fmt: skip
            if not (walked or street or cycled):
                continue
            line = _line(wkb, element)
            if not line:
                continue
            numbers = [node.ref for node in element.nodes]
            if walked:
                refs.extend(numbers)
                lines.append(line)
                size.append(len(numbers))
            if street:
                found["streets"].append((element.id, street, tags.get("name", ""), line))
            if cycled:
                found["bike"].append((element.id, osm_tags.has_cars(tags), osm_tags.bikeway(tags), numbers, line))
        elif element.is_node():
            if osm_tags.is_controlled(tags):
                signals.add(element.id)
            _bare_feature(found, tags, element, wkb.create_point)
        elif element.is_area():
            with suppress(RuntimeError):  # rings that do not close
                _bare_feature(found, tags, element, wkb.create_multipolygon)
    for rows in found.values():
        shapes = shapely.from_wkb([row[-1] for row in rows])
        rows[:] = [(*row[:-1], shape) for row, shape in zip(rows, shapes, strict=True)]
    matrix, segments, xy = _bare_matrix(refs, lines, size, some.crs)
    return matrix, segments, xy, found


def _bare_feature(
    found: dict[str, list[Any]], tags: Mapping[str, str], element: Any, shape: Callable[[Any], str]
) -> None:
    at, name = "", tags.get("name", "")
    if osm_tags.is_stop(tags):
        at = shape(element)
        found["stops"].append((element.id, osm_tags.stop_kind(tags), osm_tags.is_high_capacity(tags), name, at))
    if (kind := osm_tags.amenity_kind(tags)) is not None:
        at = at or shape(element)
        found["amenities"].append((element.id, kind, name, at))
    if element.is_node():
        return
    if (kind := osm_tags.park_kind(tags)) is not None:
        at = at or shape(element)
        found["parks"].append((element.id, kind, osm_tags.is_public(tags), name, at))
    if osm_tags.is_water(tags):
        at = at or shape(element)
        found["water"].append((element.id, name, at))
    if (kind := land_use(tags)) is not None:
        found["landuse"].append((element.id, kind, name, at or shape(element)))


def _bare_matrix(
    refs: Sequence[int], lines: Sequence[str], size: Sequence[int], crs: str
) -> tuple[csr_array, IntArray, FloatArray]:
    lonlat = shapely.get_coordinates(shapely.from_wkb(lines))
    _, first, node = np.unique(np.array(refs), return_index=True, return_inverse=True)
    starts = np.ones(len(refs), dtype=bool)
    starts[np.cumsum(size) - 1] = False
    u = node[np.flatnonzero(starts)]
    v = node[np.flatnonzero(starts) + 1]
    xy = lonlat[first]
    metres = np.column_stack(Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(xy[:, 0], xy[:, 1]))
    length = np.hypot(*(metres[v] - metres[u]).T)
    pairs, row = np.unique(np.sort(np.column_stack([u, v]), axis=1), axis=0, return_index=True)
    matrix = coo_array((length[row], (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy))).tocsr()
    return matrix, np.column_stack([u, v]), xy


# -- others ---------------------------------------------------------------------------------------------------------


def osmnx_way(some: Case) -> tuple[Any, Any]:
    """Graph and features from XML, as osmnx documents it for local files."""
    import osmnx

    osmnx.settings.useful_tags_way = list(dict.fromkeys([*osmnx.settings.useful_tags_way, *osm_tags.READ_KEYS]))
    graph = osmnx.graph_from_xml(some.xml, simplify=False, retain_all=True)
    return graph, osmnx.features_from_xml(some.xml, tags=FEATURES)


def pyrosm_way(some: Case) -> tuple[Any, Any, Any]:
    """Nodes and edges of its walking network, and features, by one process."""
    from pyrosm import OSM

    reader = OSM(str(some.pbf), workers=1, progress=False)
    nodes, edges = reader.get_network(network_type="walking", nodes=True)
    told_of = {
        key: value if value is True else [value] if isinstance(value, str) else value for key, value in FEATURES.items()
    }
    return nodes, edges, reader.get_data_by_custom_criteria(custom_filter=told_of, filter_type="keep")


# -- what was equal -------------------------------------------------------------------------------------------------

_GEOD = Geod(ellps="WGS84")


def _km(lon: FloatArray, lat: FloatArray, u: IntArray, v: IntArray) -> float:
    return float(np.sum(_GEOD.inv(lon[u], lat[u], lon[v], lat[v])[2])) / 1000


def said_ours(found: tuple[reach.Graph, Network, Mapping[str, Any]]) -> Answer:
    """Of ours."""
    _, walk, layers = found
    counts = {name: len(layer.data) for name, layer in layers.items()}
    return Answer(Walk(len(walk.x), len(walk.u), _km(walk.x, walk.y, walk.u, walk.v)), counts)


def said_bare(found: tuple[csr_array, IntArray, FloatArray, dict[str, list[Any]]]) -> Answer:
    """Of the bare loop."""
    _, segments, xy, features = found
    walk = Walk(len(xy), len(segments), _km(xy[:, 0], xy[:, 1], segments[:, 0], segments[:, 1]))
    return Answer(walk, {name: len(rows) for name, rows in features.items()})


def said_osmnx(found: tuple[Any, Any]) -> Answer:
    """Of osmnx: its graph holds every way of the file; what one may walk is counted."""
    graph, features = found
    pairs = [(u, v) for u, v, tags in graph.edges(data=True) if osm_tags.is_walkable(_plain(tags))]
    ends = {tuple(sorted(pair)) for pair in pairs}
    used = sorted({node for pair in ends for node in pair})
    number = {node: at for at, node in enumerate(used)}
    lon, lat = (np.array([graph.nodes[node][axis] for node in used]) for axis in "xy")
    u, v = (np.array([number[pair[end]] for pair in ends], dtype=np.int64) for end in (0, 1))
    return Answer(Walk(len(used), len(ends), _km(lon, lat, u, v)), {"": len(features)})


def said_pyrosm(found: tuple[Any, Any, Any]) -> Answer:
    """Of pyrosm: its edges run between nodes, its lengths are its own."""
    nodes, edges, features = found
    return Answer(Walk(len(nodes), len(edges), float(edges["length"].sum()) / 1000), {"": len(features)})


def _plain(tags: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if isinstance(value, str)}
