"""What a boundary and hard barriers do to a walk: whose nearest target lies outside, who is near but cut off."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.field import ExposureField
from justgeo.core.layer import FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.indicators import mobility
from justgeo.indicators.place import Place
from justgeo.measure import reach

FAR = "none is reached within a mile"
HARD = ("motorway", "trunk", "rail")
"""Kinds of lines in the streets layer that nobody walks across but on a bridge or below."""
_SAME_M = 1.0  # of two as near, the one inside counts


def nearest_outside(row: Indicator, place: Place, line: BaseGeometry) -> ExposureField:
    """Share of people whose nearest target lies outside a line: a baseline that stops at it would not see it.

    Parameters
    ----------
    row : Indicator
        Of ``walk_share``.
    place : Place
    line : shapely geometry
        Polygon in the metric CRS.

    Returns
    -------
    ExposureField
        x is 1, 0 or NaN at each origin: where the network is not known, where nothing is reached, and where the data
        end nearer than the target that was found, so that a nearer one may lie beyond them.
    """
    whole = mobility.reached(row, place)
    points = mobility.target_points(row, place)
    within = points[shapely.intersects(line, shapely.points(points))] if len(points) else points
    limit = mobility.LONGEST_M + mobility.SEARCH_BEYOND_M
    inside = reach.distances(mobility.graph(place), within, mobility.snapped(place), limit=limit)
    far = np.isinf(whole.metres)
    # Whoever is in a park already is at 0, and nothing is nearer.
    outside = (whole.metres > 0) & (inside.metres > whole.metres + _SAME_M)
    edge = ~outside & ~far & (mobility.edge_of(row, place) < whole.metres)
    x = np.where(np.isnan(whole.metres) | far | edge, np.nan, outside.astype(np.float64))
    return _field(row, place, x, np.where(edge, mobility.EDGE, np.where(far, FAR, whole.reason)).tolist())


def cut_off(row: Indicator, place: Place) -> ExposureField:
    """Share of people who have a target within the walk as the crow flies, but not on foot, across a hard barrier.

    Hard are water, railways and motorways as OpenStreetMap draws them; a barrier counts where the straight line to the
    nearest target crosses it. Our choice: it says that a barrier lies between, not that it alone makes the walk long.

    Returns
    -------
    ExposureField
        x is 1, 0 or NaN at each origin: where the network is not known, or the data end before the walk does.
    """
    limit = float(row.parameters["distance_m"])
    found = mobility.reached(row, place)
    here, there = mobility.origin_points(place), mobility.target_points(row, place)
    crow, nearest = reach.as_the_crow_flies(here, there)
    missed = np.flatnonzero((crow <= limit) & (found.metres > limit))
    edge = (crow > limit) & (mobility.edge_of(row, place) < limit)
    x = np.where(np.isnan(found.metres) | edge, np.nan, 0.0)
    x[missed] = _crosses(here[missed], there[nearest[missed]], place)
    return _field(row, place, x, np.where(edge, mobility.EDGE, found.reason).tolist())


def _crosses(here: FloatArray, there: FloatArray, place: Place) -> FloatArray:
    """1 where the straight line from here to there meets a hard barrier, (k,)."""
    lines = shapely.linestrings(np.stack([here, there], axis=1)) if len(here) else np.empty(0, dtype=object)
    hit = np.zeros(len(here))
    hit[place.once("hard barriers", lambda: _barriers(place)).query(lines, predicate="intersects")[0]] = 1.0
    return hit


def _barriers(place: Place) -> shapely.STRtree:
    shapes: list[BaseGeometry] = []
    for name in ("water", "streets"):
        layer = place.layers.get(name)
        if isinstance(layer, Layer):
            frame = layer.features.to_crs(place.crs)
            hard = frame if name == "water" else frame[frame["kind"].isin(HARD)]
            shapes += list(hard.geometry)
    return shapely.STRtree(shapes)


def _field(row: Indicator, place: Place, x: FloatArray, unknown: list[str]) -> ExposureField:
    return ExposureField(
        units=place.origin_units(), x=x, base=place.population(), kind="share", universe=row.universe,
        unknown=tuple(why if np.isnan(value) else "" for why, value in zip(unknown, x, strict=True)), groups={},
    )  # fmt: skip
