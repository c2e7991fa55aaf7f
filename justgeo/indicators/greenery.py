"""Two of the three parts of the 3-30-300 rule where people live: canopy around them, and a green place near by.

The first part, three trees that can be seen from home, is not measured: no layer at hand tells what a window looks out
on, and what is found from heights of trees around buildings would be a proxy of its own (METHODS 4.4).
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np

from justgeo.core.field import ExposureField
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators.environment import MIN_VALID, water_mask
from justgeo.indicators.groups import exposure
from justgeo.indicators.mobility import walk_share
from justgeo.indicators.place import Place
from justgeo.measure import zonal

NO_CANOPY = "too little of the land around has valid pixels"
_ROUND = 8
"""Corners in a quarter of a circle: enough for a circle of 500 m and a grid of 30 m."""


def canopy_around(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Share of people with at least so much canopy around their block.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``raster`` (percent); ``around_m``, how far around the block; ``least``, which share of the land
        there has to be under canopy; optional ``land_cover`` (its water is no land), ``min_valid``.

    Returns
    -------
    ExposureField
        x is 1, 0 or NaN for each origin; NaN where less than ``min_valid`` (0.95) of the land around was measured.
    """
    told = row.parameters
    name, around_m = str(told["raster"]), float(told["around_m"])
    raster = place.raster(name)

    def around() -> gpd.GeoSeries:
        return place.origins().geometry.buffer(around_m, quad_segs=_ROUND)

    def measure() -> zonal.Zonal:
        covered = place.pixels_of(f"around {around_m:g}", raster, around)
        return zonal.zonal_mean(raster, covered, mask=water_mask(row, place, raster))

    found = place.once(f"around:{name}:{told.get('land_cover')}:{around_m:g}", measure)
    enough = found.valid_share >= float(told.get("min_valid", MIN_VALID))
    x = np.where(enough, (found.mean / 100.0 >= float(told["least"])).astype(np.float64), np.nan)
    return exposure(row, place, x, np.where(np.isnan(x), NO_CANOPY, ""), "share")


def canopy_and_park(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Share of people with both: canopy around them and a park within a walk.

    Parameters
    ----------
    row : Indicator
        ``parameters`` as of `canopy_around` and, of ``walk_share``, ``targets``, ``distance_m``, ``min_area_m2``.

    Returns
    -------
    ExposureField
        x is 0 where one of the two is missing, whatever is known of the other; 1 where both are there; else NaN.
    """
    trees, walk = canopy_around(row, place), walk_share(row, place)
    x = both(trees.x, walk.x)
    reasons = zip(trees.unknown, walk.unknown, np.isnan(x), strict=True)
    return replace(walk, x=x, unknown=tuple((a or b) if gone else "" for a, b, gone in reasons))


def both(first: FloatArray, second: FloatArray) -> FloatArray:
    """1 where both are 1, 0 where one is 0, NaN where that cannot be known; both (n,)."""
    known: FloatArray = np.where(np.isnan(first) | np.isnan(second), np.nan, first * second)
    return np.where((first == 0) | (second == 0), 0.0, known)
