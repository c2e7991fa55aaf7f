"""Layers put together from what was found in an OpenStreetMap extract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import AnyLayer, BoolArray, IntArray, Layer, Network, Provenance
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.texts import visible
from justgeo.sources import osm_tags
from justgeo.sources._network import WGS84, windowed
from justgeo.sources._osm_found import Extract, Found, Lines, Place, Shape
from justgeo.sources._osm_roles import AMENITY, BIKE, CLOSED, GATE, PARK, STOP, STREET, USE, WALK, WATER
from justgeo.sources._provenance import NOT_STATED, provenance
from justgeo.sources.osm_landuse import land_use

LICENCE = "ODbL 1.0"
ATTRIBUTION = "© OpenStreetMap contributors"
SOURCE = "OpenStreetMap"
MIN_PARK_M2 = 10.0
NESTED_SHARE = 0.95
# Vertices of a park's edge are the very nodes that gates sit on; this is 0.1 m, for files that round.
_ON_EDGE_DEGREES = 1e-6


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


def walk(ways: Lines, area: Area, origin: Provenance, covers: BaseGeometry) -> Network:
    """Walk network; ways meet where they share a node, so bridges pass over what they cross."""
    chosen = ways.with_role(WALK)
    _, first, node = np.unique(chosen.refs, return_index=True, return_inverse=True)
    inner = np.ones(len(chosen.refs), dtype=np.bool_)
    inner[np.cumsum(chosen.size) - 1] = False  # the last node of a way starts no segment
    start = np.flatnonzero(inner)
    number = node.astype(np.int64)
    x, y = chosen.xy[first, 0], chosen.xy[first, 1]
    return windowed(x, y, number[start], number[start + 1], area.window, origin, covers)


def streets(ways: Lines) -> gpd.GeoDataFrame:
    """Lines of the base map: ``osm_id``, ``kind``, ``name``."""
    chosen = ways.with_role(STREET)
    kinds = chosen.told(osm_tags.street_kind)
    return _frame(chosen.shapes, osm_id=chosen.ids, kind=kinds, name=chosen.names)


def bike(ways: Lines, signals: IntArray) -> gpd.GeoDataFrame:
    """Ways that may be cycled, with what their stress depends on; columns as ``catalogue/layers.yml`` has them.

    ``maxspeed``, ``lanes`` and ``lts`` are as tagged, ``""`` where they are not. ``nodes`` are the numbers of a way's
    nodes, by which ways meet: lines that cross in the plane may be a bridge and what it crosses. ``signals`` are those
    of them at which traffic stops.
    """
    chosen = ways.with_role(BIKE)
    stops = np.isin(chosen.refs, signals)
    at_signals = np.bincount(chosen.owner[stops], minlength=len(chosen.size))
    rows = chosen.told(lambda tags: tuple(tags.get(key, "") for key in _AS_TAGGED))
    tagged = {key: [row[column] for row in rows] for column, key in enumerate(_AS_TAGGED)}
    return _frame(
        chosen.shapes,
        osm_id=chosen.ids,
        cars=chosen.told(osm_tags.has_cars),
        bikeway=chosen.told(osm_tags.bikeway),
        nodes=_listed(chosen.refs, chosen.size),
        signals=_listed(chosen.refs[stops], at_signals),
        highway=tagged["highway"],
        maxspeed=tagged["maxspeed"],
        lanes=tagged["lanes"],
        lts=tagged["lts"],
        name=chosen.names,
    )


_AS_TAGGED = ("highway", "maxspeed", "lanes", "lts")


def _listed(refs: IntArray, size: IntArray) -> list[str]:
    """Numbers of nodes as one text a way."""
    words, ends = list(map(str, refs.tolist())), np.cumsum(size).tolist()
    return [" ".join(words[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def parks(shapes: Iterable[Shape]) -> gpd.GeoDataFrame:
    """Parks of at least 10 m²: ``osm_id``, ``name``, ``kind``, ``public`` (METHODS 6).

    A park is not public when its access tag says so, or when it lies within ground that keeps the public out.
    """
    every = list(shapes)
    geod = Geod(ellps="WGS84")
    rows = [
        (shape, kind)
        for shape in every
        if shape.roles & PARK
        and (kind := osm_tags.park_kind(shape.tags)) is not None
        and abs(geod.geometry_area_perimeter(shape.geometry)[0]) >= MIN_PARK_M2
    ]
    chosen = [shape for shape, _ in rows]
    public = np.array([osm_tags.is_public(shape.tags) for shape in chosen], dtype=np.bool_)
    public &= ~_nested(chosen, [shape for shape in every if shape.roles & CLOSED])
    return _frame(
        [shape.geometry for shape in chosen],
        osm_id=[shape.osm_id for shape in chosen],
        name=[shape.name for shape in chosen],
        kind=[kind for _, kind in rows],
        public=public,
    )


def entrances(places: Iterable[Place], park_frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Gates and entrances on the edge of a public park: ``osm_id``, ``name``, ``kind``."""
    gates = [place for place in places if place.roles & GATE]
    edges = shapely.boundary(park_frame.geometry.to_numpy()[park_frame["public"].to_numpy(dtype=bool)])
    points = shapely.points(np.array([(gate.lon, gate.lat) for gate in gates], dtype=np.float64).reshape(-1, 2))
    on_edge = np.unique(shapely.STRtree(edges).query(points, predicate="dwithin", distance=_ON_EDGE_DEGREES)[0])
    kept = [gates[row] for row in on_edge]
    return _points(kept, kind=[place.tags.get("barrier", "entrance") for place in kept])


def stops(places: Iterable[Place]) -> gpd.GeoDataFrame:
    """Stops: ``osm_id``, ``name``, ``kind`` (mode), ``high_capacity``."""
    kept = [place for place in places if place.roles & STOP]
    high = np.array([osm_tags.is_high_capacity(place.tags) for place in kept], dtype=np.bool_)
    return _points(kept, kind=[osm_tags.stop_kind(place.tags) for place in kept], high_capacity=high)


def amenities(places: Iterable[Place]) -> gpd.GeoDataFrame:
    """Daily destinations: ``osm_id``, ``name``, ``kind`` (value of the tag)."""
    kept = [place for place in places if place.roles & AMENITY]
    return _points(kept, kind=[osm_tags.amenity_kind(place.tags) for place in kept])


def water(shapes: Iterable[Shape]) -> gpd.GeoDataFrame:
    """Inland water: ``osm_id``, ``name``, ``kind``."""
    kept = [shape for shape in shapes if shape.roles & WATER]
    return _frame(
        [shape.geometry for shape in kept],
        osm_id=[shape.osm_id for shape in kept],
        name=[shape.name for shape in kept],
        kind=[shape.tags.get("water", "water") for shape in kept],
    )


def landuse(shapes: Iterable[Shape]) -> gpd.GeoDataFrame:
    """Areas with a use: ``osm_id``, ``name``, ``use`` (of ``osm_landuse.USES``). They may overlap."""
    kept = [shape for shape in shapes if shape.roles & USE]
    return _frame(
        [shape.geometry for shape in kept],
        osm_id=[shape.osm_id for shape in kept],
        name=[shape.name for shape in kept],
        use=[land_use(shape.tags) for shape in kept],
    )


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
        shapely.points(np.array([(place.lon, place.lat) for place in places], dtype=np.float64).reshape(-1, 2)),
        osm_id=[place.osm_id for place in places],
        name=[place.name for place in places],
        **columns,
    )


def _frame(geometry: Any, **columns: Any) -> gpd.GeoDataFrame:
    # The order of a file is an accident of how it was cut.
    order = np.argsort(np.asarray(columns["osm_id"], dtype=np.str_), kind="stable")
    rows = order.tolist()
    typed: dict[str, Any] = {}
    for name, values in columns.items():
        if name in _FLAGS:
            typed[name] = np.asarray(values, dtype=bool)[order]
        else:
            said = values if name in _NUMBERS else [visible(value) for value in values]
            typed[name] = pd.array([said[row] for row in rows], dtype="str")
    return gpd.GeoDataFrame(typed, geometry=np.asarray(geometry, dtype=object)[order], crs=WGS84)


_NUMBERS = frozenset({"osm_id", "nodes", "signals"})
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
