"""How much of one set of things another set has: points near points, ground within ground."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from justgeo.core.layer import BoolArray, FloatArray

Geometries = npt.NDArray[np.object_]


def near(points: FloatArray, others: FloatArray, within_m: float) -> BoolArray:
    """Whether each point has one of the others within a distance as the crow flies, (k,).

    Parameters
    ----------
    points : (k, 2) float
    others : (m, 2) float
        Metres, both.
    within_m : float
    """
    if not len(points) or not len(others):
        return np.zeros(len(points), dtype=np.bool_)
    found, _ = cKDTree(others).query(points, k=1, distance_upper_bound=within_m * (1 + 1e-12))
    return np.asarray(np.isfinite(found), dtype=np.bool_)


def ground(zones: gpd.GeoSeries, theirs: Geometries, ours: Geometries) -> tuple[FloatArray, FloatArray]:
    """How much of their ground lies in each zone, and how much of that is ours too.

    Parameters
    ----------
    zones : (Z,) GeoSeries
        A metric CRS, as of the others.
    theirs, ours : polygons
        May overlap: each spot counts once.

    Returns
    -------
    whole, common : (Z,) float
        Square metres.
    """
    every, held = (shapely.union_all(shapely.make_valid(np.asarray(some, dtype=object))) for some in (theirs, ours))
    shapes = zones.to_numpy()
    inside = shapely.intersection(shapes, every)
    whole = np.asarray(shapely.area(inside), dtype=np.float64)
    return whole, np.asarray(shapely.area(shapely.intersection(inside, held)), dtype=np.float64)
