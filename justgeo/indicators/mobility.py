"""Who can walk to what: stops, frequent stops, parks. One function, since a target is only another set of points.

An origin has it (1) when the walk is at most T; it has not (0) when the walk is longer *and* the data reach at least T
around it; otherwise the answer is not known (NaN): something may lie just beyond the edge of the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import WGS84, to_metric
from justgeo.core.field import ExposureField
from justgeo.core.layer import BoolArray, Feed, FloatArray
from justgeo.core.result import Indicator
from justgeo.core.zones import StrArray
from justgeo.indicators.groups import exposure
from justgeo.indicators.place import Place
from justgeo.measure import access, boarding, headway, reach

EDGE = "the data end before the walk does"
TIMETABLE_ENDED = "timetable ended"
BIKE = "bike"
BY_WALK = {"intersections": "walk", "transit_trips": "walk", "walk_kinds": "amenities", "walk_share": "stops",
           "canopy_and_park": "parks",
           "low_stress": BIKE, "low_stress_people": BIKE, "bike_paths": BIKE}  # fmt: skip
"""Fields that stand on the walk network, or on what may be cycled, which a zone can lie outside of; with the targets of
those that name none."""
# Distances are searched a little beyond the longest threshold, so that ±10 % can be asked of them.
SEARCH_BEYOND_M = 200.0
LONGEST_M = 1609.34
"""The longest walk that a row asks for: the data are read so far around the district."""


def walk_share(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Share of people within a walk of the nearest target.

    ``parameters``: ``targets`` (``stops``, ``frequent_stops``, ``parks``, ``amenities``), ``distance_m``, for parks
    optionally ``min_area_m2``, for amenities ``kinds``. Groups come along as weights (``groups.exposure_groups``).

    Returns
    -------
    ExposureField
        x is 1, 0 or NaN for each origin.
    """
    targets = str(row.parameters["targets"])
    limit = float(row.parameters["distance_m"])
    x, unknown = _has(_reached(row, targets, place), limit, _distance_to_edge(_covers(targets, place), place))
    flags = _timetable_flags(place.feed()) if targets == "frequent_stops" else ()
    return exposure(row, place, x, unknown, "share", flags)


def _has(reached: reach.Reached, limit: float, edge_m: FloatArray) -> tuple[FloatArray, StrArray]:
    """1, 0 or NaN for each origin, and why it is NaN; ``edge_m`` is how far the data reach around it, metres."""
    x = np.where(reached.metres <= limit, 1.0, np.where(np.isnan(reached.metres), np.nan, 0.0))
    edge = (x == 0.0) & (edge_m < limit)
    return np.where(edge, np.nan, x), np.where(edge, EDGE, reached.reason)


def walk_kinds(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """How many kinds of amenities people have within a walk.

    ``parameters``: ``kinds`` (name of each kind, with the amenities that it is made of), ``distance_m``.

    Returns
    -------
    ExposureField
        x is 0 to the number of kinds; NaN where it is not known of any one of them.
    """
    limit = float(row.parameters["distance_m"])
    edge_m = _distance_to_edge(_covers("amenities", place), place)
    each = [_has(_to_amenities(kinds, place), limit, edge_m) for kinds in row.parameters["kinds"].values()]
    reasons = np.stack([why for _, why in each])
    why = (next((w for w in some if w), "") for some in reasons.T.tolist())
    return exposure(row, place, np.sum([x for x, _ in each], axis=0), why, "mean")


def transit_trips(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Buses and trains an hour that people can board within a walk of home (METHODS 3.2, MOB-03).

    ``parameters``: ``distance_m``, ``rail_distance_m`` (for stops of trains, trams and ferries), ``start`` and ``end``
    (hours of the weekday). A trip counts once for each origin, whether one stop is near that it calls at or five.

    Returns
    -------
    ExposureField
        x is trips an hour at each origin; NaN where the network is not known, or where the data end before the walk
        does: there may be more stops beyond.
    """
    told = row.parameters
    limits = {rail: float(told["rail_distance_m" if rail else "distance_m"]) for rail in (False, True)}
    start, end = float(told["start"]), float(told["end"])
    feed, reason = place.feed(), reach.why_unknown(graph(place), snapped(place))

    def find() -> FloatArray:
        stops = gpd.points_from_xy(feed.stops["lon"], feed.stops["lat"])
        xy = _points(gpd.GeoDataFrame(geometry=stops, crs=WGS84), place)
        near = boarding.stops_near(graph(place), snapped(place), xy, feed.stops["rail"].to_numpy(dtype=bool), limits)
        return boarding.trips_at(feed, near, start, end) / (end - start)

    found = place.once(f"trips:{limits}:{start:g}:{end:g}", find)
    edge = (reason == "") & (_distance_to_edge(_covers("frequent_stops", place), place) < max(limits.values()))
    x = np.where((reason == "") & ~edge, found, np.nan)
    return exposure(row, place, x, np.where(edge, EDGE, reason), "mean", _timetable_flags(feed))


def _timetable_flags(feed: Feed) -> tuple[str, ...]:
    return (TIMETABLE_ENDED,) if feed.ended else ()


def graph(place: Place) -> reach.Graph:
    """The walk network in the district's metric CRS, built once."""
    network = place.network()
    return place.once("graph", lambda: reach.project(network, place.crs))


def origin_points(place: Place) -> FloatArray:
    """Representative points of the origins, metres, shape (n, 2)."""
    return place.once(
        "origin points", lambda: shapely.get_coordinates(place.origins().geometry.representative_point().to_numpy())
    )


def snapped(place: Place) -> reach.Snap:
    return place.once("snapped", lambda: reach.snap(graph(place), origin_points(place), reach.SNAP_TARGETS_M))


def edge_of(row: Indicator, place: Place) -> FloatArray:
    """Metres from every origin to where the data of a row of ``walk_share`` end; ``inf`` where they say nothing."""
    return _distance_to_edge(_covers(str(row.parameters["targets"]), place), place)


def reached(row: Indicator, place: Place) -> reach.Reached:
    """Metres from every origin to the nearest target of a row of ``walk_share``; ``inf`` beyond a mile and a little."""
    return _reached(row, str(row.parameters["targets"]), place)


def _reached(row: Indicator, targets: str, place: Place) -> reach.Reached:
    """Distances from every origin to the nearest target, once for all thresholds."""
    if targets == "parks":
        smallest = float(row.parameters.get("min_area_m2", 0.0))
        return place.once(f"reached:parks:{smallest:g}", lambda: _to_parks(smallest, place))
    if targets == "frequent_stops":
        points = target_points(row, place)
        return place.once(f"reached:{_rule(row)}", lambda: _to_stops(points, place))
    if targets == "amenities":
        return _to_amenities(row.parameters["kinds"], place)
    return place.once(f"reached:{targets}", lambda: _to_stops(stop_points(place), place))


def _to_amenities(kinds: Iterable[str], place: Place) -> reach.Reached:
    """Distances to the nearest amenity of some kinds (values of the ``kind`` column)."""
    wanted = sorted(set(kinds))
    return place.once(f"reached:amenities:{','.join(wanted)}", lambda: _to_stops(_amenity_points(wanted, place), place))


def _amenity_points(kinds: Iterable[str], place: Place) -> FloatArray:
    every = place.layer("amenities").features
    return _points(every[every["kind"].isin(set(kinds))], place)


def target_points(row: Indicator, place: Place) -> FloatArray:
    """What a row's people walk to, as points in the metric CRS, shape (k, 2): of parks, where they are entered."""
    targets = str(row.parameters["targets"])
    if targets == "parks":
        doors = _park_doors(place)
        return doors.xy[_large_enough(float(row.parameters.get("min_area_m2", 0.0)), place)[doors.park]]
    if targets == "frequent_stops":
        return _points(frequent_frame(place.feed(), _rule(row)), place)
    if targets == "amenities":
        return _amenity_points(row.parameters["kinds"], place)
    return stop_points(place)


def _rule(row: Indicator) -> headway.HeadwayRule:
    asked: dict[str, Any] = {k: float(row.parameters[k]) for k in _RULE if k in row.parameters}
    return replace(headway.DEFAULT_RULE, **asked)


_RULE = ("start", "end", "headway_min", "gap_min")


def _to_stops(points: FloatArray, place: Place) -> reach.Reached:
    return reach.distances(graph(place), points, snapped(place), limit=LONGEST_M + SEARCH_BEYOND_M)


def _points(frame: gpd.GeoDataFrame, place: Place) -> FloatArray:
    return shapely.get_coordinates(frame.to_crs(place.crs).geometry.to_numpy())


def stop_points(place: Place) -> FloatArray:
    """Mapped stops in metres, shape (k, 2); those of one mode within 30 m are one."""
    stops = place.layer("stops").features
    if stops.empty:
        return np.empty((0, 2))
    # A bus and a tram at one corner are two stops; two poles of one bus stop are one (METHODS 3.1).
    mode = stops["kind"].astype(str).to_numpy(dtype=np.str_) if "kind" in stops else np.full(len(stops), "stop")
    return access.merge_stops(_points(stops, place), mode).xy


def frequent_frame(feed: Feed, rule: headway.HeadwayRule) -> gpd.GeoDataFrame:
    """The feed's stops with frequent service, EPSG:4326."""
    chosen = feed.stops[headway.frequent_stops(feed, rule=rule)]
    return gpd.GeoDataFrame(chosen, geometry=gpd.points_from_xy(chosen["lon"], chosen["lat"]), crs=WGS84)


def public_parks(place: Place) -> gpd.GeoDataFrame:
    """Parks open to the public in the metric CRS, pieces of one park joined; column ``area_m2``."""

    def make() -> gpd.GeoDataFrame:
        parks = place.layer("parks").features
        public = parks[parks["public"].to_numpy(dtype=bool)] if "public" in parks else parks
        joined, _ = access.dissolve(public.to_crs(place.crs).geometry)
        return gpd.GeoDataFrame({"area_m2": joined.area}, geometry=joined, crs=place.crs)

    return place.once("public parks", make)


def _park_doors(place: Place) -> access.AccessPoints:
    """Where each of the public parks is entered, found once."""
    found = place.layers.get("park_entrances")
    entrances = None if found is None else place.layer("park_entrances").features.to_crs(place.crs).geometry
    return place.once("park doors", lambda: access.access_points(graph(place), public_parks(place).geometry, entrances))


def _large_enough(min_area_m2: float, place: Place) -> BoolArray:
    return np.asarray(public_parks(place)["area_m2"] >= min_area_m2, dtype=np.bool_)


def _to_parks(min_area_m2: float, place: Place) -> reach.Reached:
    return access.distances_to_parks(
        graph(place),
        public_parks(place).geometry,
        _park_doors(place),
        origin_points(place),
        keep=_large_enough(min_area_m2, place),
        at=snapped(place),
        limit=LONGEST_M + SEARCH_BEYOND_M,
    )


def _covers(targets: str, place: Place) -> Sequence[BaseGeometry]:
    """Areas within which the absence of a street or a target means absence, EPSG:4326."""
    found = [place.layer(BIKE).covers if targets == BIKE else place.network().covers]
    if targets in ("stops", "parks", "amenities"):
        found.append(place.layer(targets).covers)
    return [shape for shape in found if shape is not None]


def _distance_to_edge(covers: Sequence[BaseGeometry], place: Place) -> FloatArray:
    """Metres from each origin to the nearest edge of what the data cover; 0 outside, inf where they say nothing."""
    points = np.asarray(shapely.points(origin_points(place)))
    distance: FloatArray = np.full(len(points), np.inf)
    for shape in covers:
        metric = to_metric(shape, place.crs)
        inside = shapely.contains_properly(metric, points)
        distance = np.minimum(distance, np.where(inside, shapely.distance(metric.boundary, points), 0.0))
    return distance


def targets_of(row: Indicator) -> str:
    """What a row's people walk to: its ``targets``, or that of its field."""
    return str(row.parameters.get("targets", BY_WALK[row.field]))


def covered(row: Indicator, place: Place) -> BoolArray:
    """Which zones the row's network and targets cover, shape (Z,): at least 99.9 % of the zone's area."""
    ok = np.ones(len(place.zones), dtype=np.bool_)
    for shape in _covers(targets_of(row), place):
        ok &= ~place.beyond(shape)
    return ok
