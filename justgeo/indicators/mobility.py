"""Who can walk to what: stops, frequent stops, parks. One function, since a target is only another set of points.

An origin has it (1) when the walk is at most T; it has not (0) when the walk is longer *and* the data reach at least T
around it; otherwise the answer is not known (NaN): something may lie just beyond the edge of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import WGS84
from justgeo.core.field import ExposureField
from justgeo.core.layer import BoolArray, Feed, FloatArray
from justgeo.core.result import Indicator
from justgeo.core.zones import StrArray
from justgeo.indicators.groups import exposure_groups
from justgeo.indicators.place import Place
from justgeo.measure import access, headway, reach

EDGE = "the data end before the walk does"
# Distances are searched a little beyond the longest threshold, so that ±10 % can be asked of them.
SEARCH_BEYOND_M = 200.0
LONGEST_M = 804.67


def walk_share(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Share of people within a walk of the nearest target.

    ``parameters``: ``targets`` (``stops``, ``frequent_stops``, ``parks``), ``distance_m``, for parks optionally
    ``min_area_m2``. Groups come along as weights (``exposure_groups``).

    Returns
    -------
    ExposureField
        x is 1, 0 or NaN for each origin.
    """
    targets = str(row.parameters["targets"])
    limit = float(row.parameters["distance_m"])
    reached = _reached(row, targets, place)
    margin = _distance_to_edge(_covers(targets, place), place)
    near = reached.metres <= limit
    x = np.where(near, 1.0, np.where(np.isnan(reached.metres), np.nan, 0.0))
    edge = (x == 0.0) & (margin < limit)
    unknown: StrArray = np.where(edge, EDGE, reached.reason)
    return ExposureField(
        units=place.origin_units(),
        x=np.where(edge, np.nan, x),
        base=place.population(),
        kind="share",
        universe=row.universe,
        unknown=tuple(unknown.tolist()),
        groups=exposure_groups(row, place),
    )


def graph(place: Place) -> reach.Graph:
    """The walk network in the district's metric CRS, built once."""
    network = place.network()
    return place.once("graph", lambda: reach.project(network, place.crs))


def origin_points(place: Place) -> FloatArray:
    """Representative points of the origins, metres, shape (n, 2)."""
    return place.once(
        "origin points", lambda: shapely.get_coordinates(place.origins().geometry.representative_point().to_numpy())
    )


def _snapped(place: Place) -> reach.Snap:
    return place.once("snapped", lambda: reach.snap(graph(place), origin_points(place), reach.SNAP_TARGETS_M))


def _reached(row: Indicator, targets: str, place: Place) -> reach.Reached:
    """Distances from every origin to the nearest target, once for all thresholds."""
    if targets == "parks":
        smallest = float(row.parameters.get("min_area_m2", 0.0))
        return place.once(f"reached:parks:{smallest:g}", lambda: _to_parks(smallest, place))
    if targets == "frequent_stops":
        asked: dict[str, Any] = {k: float(row.parameters[k]) for k in _RULE if k in row.parameters}
        rule = replace(headway.DEFAULT_RULE, **asked)
        frequent = frequent_frame(place.feed(), rule)
        return place.once(f"reached:{rule}", lambda: _to_stops(_points(frequent, place), place))
    return place.once(f"reached:{targets}", lambda: _to_stops(stop_points(place), place))


_RULE = ("start", "end", "headway_min", "gap_min")


def _to_stops(points: FloatArray, place: Place) -> reach.Reached:
    return reach.distances(graph(place), points, _snapped(place), limit=LONGEST_M + SEARCH_BEYOND_M)


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


def _to_parks(min_area_m2: float, place: Place) -> reach.Reached:
    parks = public_parks(place)
    walk = graph(place)
    found = place.layers.get("park_entrances")
    entrances = None if found is None else place.layer("park_entrances").features.to_crs(place.crs).geometry
    doors = place.once("park doors", lambda: access.access_points(walk, parks.geometry, entrances))
    keep: BoolArray = (parks["area_m2"] >= min_area_m2).to_numpy(dtype=np.bool_)
    return access.distances_to_parks(
        walk,
        parks.geometry,
        doors,
        origin_points(place),
        keep=keep,
        at=_snapped(place),
        limit=LONGEST_M + SEARCH_BEYOND_M,
    )


def _covers(targets: str, place: Place) -> Sequence[BaseGeometry]:
    """Areas within which the absence of a street or a target means absence, EPSG:4326."""
    found = [place.network().covers]
    if targets in ("stops", "parks"):
        found.append(place.layer(targets).covers)
    return [shape for shape in found if shape is not None]


def _distance_to_edge(covers: Sequence[BaseGeometry], place: Place) -> FloatArray:
    """Metres from each origin to the nearest edge of what the data cover; 0 outside, inf where they say nothing."""
    points = np.asarray(shapely.points(origin_points(place)))
    distance: FloatArray = np.full(len(points), np.inf)
    for shape in covers:
        metric = gpd.GeoSeries([shape], crs=WGS84).to_crs(place.crs).iloc[0]
        inside = shapely.contains_properly(metric, points)
        distance = np.minimum(distance, np.where(inside, shapely.distance(metric.boundary, points), 0.0))
    return distance


def covered(row: Indicator, place: Place) -> BoolArray:
    """Which zones the row's network and targets cover, shape (Z,): at least 99.9 % of the zone's area."""
    zones = place.zones.geometry.to_numpy()
    ok = np.ones(len(zones), dtype=np.bool_)
    for shape in _covers(str(row.parameters["targets"]), place):
        metric = gpd.GeoSeries([shape], crs=WGS84).to_crs(place.crs).iloc[0]
        ok &= shapely.area(shapely.intersection(zones, metric)) >= 0.999 * shapely.area(zones)
    return ok
