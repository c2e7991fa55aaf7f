"""Layers put together from what was found in an OpenStreetMap extract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import AnyLayer, BoolArray, Layer, Network, Provenance
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.texts import visible
from justgeo.sources import osm_tags
from justgeo.sources._network import WGS84, windowed
from justgeo.sources._provenance import NOT_STATED, provenance
from justgeo.sources.osm_landuse import land_use

LICENCE = "ODbL 1.0"
ATTRIBUTION = "© OpenStreetMap contributors"
SOURCE = "OpenStreetMap"
MIN_PARK_M2 = 10.0
NESTED_SHARE = 0.95
# Vertices of a park's edge are the very nodes that gates sit on; this is 0.1 m, for files that round.
_ON_EDGE_DEGREES = 1e-6


@dataclass(frozen=True)
class Extract:
    """What an extract says of itself. ``covers`` in EPSG:4326; dates in ISO form or empty."""

    covers: BaseGeometry
    box_stated: bool
    replicated: str
    latest_edit: str


@dataclass(frozen=True)
class Way:
    """A line: node numbers and (lon, lat) of each node."""

    osm_id: str
    tags: Mapping[str, str]
    refs: Sequence[int]
    xy: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """A polygon or multipolygon."""

    osm_id: str
    tags: Mapping[str, str]
    geometry: BaseGeometry


@dataclass(frozen=True)
class Place:
    """A point: a node, or the centre of something larger."""

    osm_id: str
    tags: Mapping[str, str]
    lon: float
    lat: float


@dataclass
class Found:
    """Everything that one reading of an extract found, and what was wrong with the rest."""

    ways: list[Way] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    cut_ways: int = 0
    cut_relations: int = 0
    cut_water: int = 0
    cut_land: int = 0
    unplaced: int = 0
    mended: int = 0
    shapeless: list[str] = field(default_factory=list)
    signals: set[int] = field(default_factory=set)

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


def layers(
    spec: LayerSpec, area: Area, names: frozenset[str], extract: Extract, found: Found, digest: str
) -> dict[str, AnyLayer]:
    """Layers by name; columns as ``catalogue/layers.yml`` has them. ``digest`` is the SHA-256 of the bytes read."""

    def origin(name: str) -> Provenance:
        return _provenance(spec, name, area, extract, found, digest)

    frames: dict[str, gpd.GeoDataFrame] = {}
    if names & {"parks", "park_entrances"}:
        frames["parks"] = parks(found.shapes)
        frames["park_entrances"] = entrances(found.places, frames["parks"])
    if "stops" in names:
        frames["stops"] = stops(found.places)
    if "amenities" in names:
        frames["amenities"] = amenities(found.places)
    if "water" in names:
        frames["water"] = water(found.shapes)
    if "landuse" in names:
        frames["landuse"] = landuse(found.shapes)
    if "streets" in names:
        frames["streets"] = streets(found.ways)
    if "bike" in names:
        frames["bike"] = bike(found.ways, found.signals)
    made: dict[str, AnyLayer] = {
        name: Layer(name, frame, origin(name), extract.covers) for name, frame in frames.items() if name in names
    }
    if "walk" in names:
        made["walk"] = walk(found.ways, area, origin("walk"), extract.covers)
    return made


def walk(ways: Iterable[Way], area: Area, origin: Provenance, covers: BaseGeometry) -> Network:
    """Walk network; ways meet where they share a node, so bridges pass over what they cross."""
    chosen = [way for way in ways if osm_tags.is_walkable(way.tags)]
    size = np.array([len(way.refs) for way in chosen], dtype=np.int64)
    refs = np.fromiter(chain.from_iterable(way.refs for way in chosen), dtype=np.int64, count=int(size.sum()))
    xy = np.array(list(chain.from_iterable(way.xy for way in chosen)), dtype=np.float64).reshape(-1, 2)
    _, first, node = np.unique(refs, return_index=True, return_inverse=True)
    inner = np.ones(len(refs), dtype=np.bool_)
    inner[np.cumsum(size) - 1] = False  # the last node of a way starts no segment
    start = np.flatnonzero(inner)
    number = node.astype(np.int64)
    return windowed(xy[first, 0], xy[first, 1], number[start], number[start + 1], area.window, origin, covers)


def streets(ways: Iterable[Way]) -> gpd.GeoDataFrame:
    """Lines of the base map: ``osm_id``, ``kind``, ``name``."""
    rows = [(way, kind) for way in ways if (kind := osm_tags.street_kind(way.tags)) is not None]
    return _frame(
        [shapely.LineString(way.xy) for way, _ in rows],
        osm_id=[way.osm_id for way, _ in rows],
        kind=[kind for _, kind in rows],
        name=[way.tags.get("name", "") for way, _ in rows],
    )


def bike(ways: Iterable[Way], signals: Collection[int]) -> gpd.GeoDataFrame:
    """Ways that may be cycled, with what their stress depends on; columns as ``catalogue/layers.yml`` has them.

    ``maxspeed``, ``lanes`` and ``lts`` are as tagged, ``""`` where they are not. ``nodes`` are the numbers of a way's
    nodes, by which ways meet: lines that cross in the plane may be a bridge and what it crosses. ``signals`` are those
    of them at which traffic stops.
    """
    chosen = [way for way in ways if osm_tags.is_bikeable(way.tags)]
    tagged = {key: [way.tags.get(key, "") for way in chosen] for key in ("highway", "maxspeed", "lanes", "lts", "name")}
    return _frame(
        [shapely.LineString(way.xy) for way in chosen],
        osm_id=[way.osm_id for way in chosen],
        cars=[osm_tags.has_cars(way.tags) for way in chosen],
        bikeway=[osm_tags.bikeway(way.tags) for way in chosen],
        nodes=[" ".join(map(str, way.refs)) for way in chosen],
        signals=[" ".join(str(ref) for ref in way.refs if ref in signals) for way in chosen],
        **tagged,
    )


def parks(shapes: Iterable[Shape]) -> gpd.GeoDataFrame:
    """Parks of at least 10 m²: ``osm_id``, ``name``, ``kind``, ``public`` (METHODS 6).

    A park is not public when its access tag says so, or when it lies within ground that keeps the public out.
    """
    every = list(shapes)
    geod = Geod(ellps="WGS84")
    rows = [
        (shape, kind)
        for shape in every
        if (kind := osm_tags.park_kind(shape.tags)) is not None
        and abs(geod.geometry_area_perimeter(shape.geometry)[0]) >= MIN_PARK_M2
    ]
    chosen = [shape for shape, _ in rows]
    public = np.array([osm_tags.is_public(shape.tags) for shape in chosen], dtype=np.bool_)
    public &= ~_nested(chosen, [shape for shape in every if osm_tags.keeps_public_out(shape.tags)])
    return _frame(
        [shape.geometry for shape in chosen],
        osm_id=[shape.osm_id for shape in chosen],
        name=[shape.tags.get("name", "") for shape in chosen],
        kind=[kind for _, kind in rows],
        public=public,
    )


def entrances(places: Iterable[Place], park_frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Gates and entrances on the edge of a public park: ``osm_id``, ``name``, ``kind``."""
    gates = [place for place in places if place.osm_id.startswith("node/") and osm_tags.is_entrance(place.tags)]
    edges = shapely.boundary(park_frame.geometry.to_numpy()[park_frame["public"].to_numpy(dtype=bool)])
    points = shapely.points(np.array([(gate.lon, gate.lat) for gate in gates], dtype=np.float64).reshape(-1, 2))
    on_edge = np.unique(shapely.STRtree(edges).query(points, predicate="dwithin", distance=_ON_EDGE_DEGREES)[0])
    kept = [gates[row] for row in on_edge]
    return _points(kept, kind=[place.tags.get("barrier", "entrance") for place in kept])


def stops(places: Iterable[Place]) -> gpd.GeoDataFrame:
    """Stops: ``osm_id``, ``name``, ``kind`` (mode), ``high_capacity``."""
    kept = [place for place in places if osm_tags.is_stop(place.tags)]
    high = np.array([osm_tags.is_high_capacity(place.tags) for place in kept], dtype=np.bool_)
    return _points(kept, kind=[osm_tags.stop_kind(place.tags) for place in kept], high_capacity=high)


def amenities(places: Iterable[Place]) -> gpd.GeoDataFrame:
    """Daily destinations: ``osm_id``, ``name``, ``kind`` (value of the tag)."""
    rows = [(place, kind) for place in places if (kind := osm_tags.amenity_kind(place.tags)) is not None]
    return _points([place for place, _ in rows], kind=[kind for _, kind in rows])


def water(shapes: Iterable[Shape]) -> gpd.GeoDataFrame:
    """Inland water: ``osm_id``, ``name``, ``kind``."""
    kept = [shape for shape in shapes if osm_tags.is_water(shape.tags)]
    return _frame(
        [shape.geometry for shape in kept],
        osm_id=[shape.osm_id for shape in kept],
        name=[shape.tags.get("name", "") for shape in kept],
        kind=[shape.tags.get("water", "water") for shape in kept],
    )


def landuse(shapes: Iterable[Shape]) -> gpd.GeoDataFrame:
    """Areas with a use: ``osm_id``, ``name``, ``use`` (of ``osm_landuse.USES``). They may overlap."""
    rows = [(shape, use) for shape in shapes if (use := land_use(shape.tags)) is not None]
    return _frame(
        [shape.geometry for shape, _ in rows],
        osm_id=[shape.osm_id for shape, _ in rows],
        name=[shape.tags.get("name", "") for shape, _ in rows],
        use=[use for _, use in rows],
    )


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry; what a mended polygon leaves of lines and points is dust."""
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    kept = [part for part in parts if part.geom_type == "Polygon"]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)


def _nested(inner: Sequence[Shape], outer: Sequence[Shape]) -> BoolArray:
    """Which shapes lie, by at least 95 % of their area, in one of the others (not in themselves)."""
    nested = np.zeros(len(inner), dtype=np.bool_)
    if not inner or not outer:
        return nested
    small = np.array([shape.geometry for shape in inner], dtype=object)
    large = np.array([shape.geometry for shape in outer], dtype=object)
    row, host = shapely.STRtree(large).query(small, predicate="intersects")
    # Shares of one small shape: its area in degrees scales both parts alike.
    share = shapely.area(shapely.intersection(small[row], large[host])) / shapely.area(small[row])
    other = np.array([inner[i].osm_id != outer[j].osm_id for i, j in zip(row, host, strict=True)], dtype=np.bool_)
    nested[row[other & (share >= NESTED_SHARE)]] = True
    return nested


def _points(places: Sequence[Place], **columns: Any) -> gpd.GeoDataFrame:
    return _frame(
        [shapely.Point(place.lon, place.lat) for place in places],
        osm_id=[place.osm_id for place in places],
        name=[place.tags.get("name", "") for place in places],
        **columns,
    )


def _frame(geometry: Sequence[BaseGeometry], **columns: Any) -> gpd.GeoDataFrame:
    typed = {name: np.asarray(values, dtype=bool) if name in _FLAGS else values for name, values in columns.items()}
    frame = gpd.GeoDataFrame(typed, geometry=list(geometry), crs=WGS84)
    texts = [name for name in columns if name not in _FLAGS]
    frame[texts] = frame[texts].astype("str").map(visible)
    # The order of a file is an accident of how it was cut.
    return frame.sort_values("osm_id", kind="stable", ignore_index=True)


_FLAGS = frozenset({"public", "high_capacity", "cars"})


def _provenance(spec: LayerSpec, name: str, area: Area, extract: Extract, found: Found, digest: str) -> Provenance:
    notes = list(found.notes)
    vintage = extract.replicated or spec.vintage or extract.latest_edit or NOT_STATED
    if vintage == extract.latest_edit and not (extract.replicated or spec.vintage):
        notes.append("The extract states no date; its vintage is the date of the latest edit in it.")
    if not extract.box_stated:
        notes.append("The extract states no box; the area that it covers is the box of its nodes.")
    said = provenance(
        spec,
        name,
        sha256=digest,
        notes=notes,
        asked={"bounds": [round(b, 7) for b in area.window.bounds], "layer": name},
        source=SOURCE,
        licence="" if spec.synthetic else LICENCE,
    )
    if spec.synthetic:
        return replace(said, vintage=vintage)
    # The planner may add to OpenStreetMap's terms, not take away from them.
    terms = (
        [LICENCE, spec.licence] if spec.licence and "odbl" not in spec.licence.lower() else [spec.licence or LICENCE]
    )
    credit = [ATTRIBUTION, spec.attribution]
    if "openstreetmap" in spec.attribution.lower():
        credit = [spec.attribution]
    return replace(
        said,
        vintage=vintage,
        licence="; ".join(terms),
        attribution="; ".join(filter(None, credit)),
        url=spec.url or "https://www.openstreetmap.org/copyright",
    )
