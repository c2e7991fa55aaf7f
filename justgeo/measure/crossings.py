"""Street connectivity: intersections of a walk network, and how many of them each zone has (METHODS 7.7).

Mapped streets have more junctions than walkers meet: a crossing of two divided roads is drawn with four, a roundabout
with as many as it has arms. So junctions near each other are one, as in the consolidation of OSMnx, whose tolerance is
the radius of a circle around each junction: those whose circles overlap belong together.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from justgeo.core.layer import FloatArray
from justgeo.measure.access import cluster
from justgeo.measure.reach import Geometries, Graph

LEAST_STREETS = 3


def intersections(graph: Graph, tolerance_m: float) -> FloatArray:
    """Places where three or more streets or paths meet, those near each other as one.

    Parameters
    ----------
    graph : Graph
        Islands of the network do not count.
    tolerance_m : float
        Radius of a circle around each; those whose circles overlap are one, in their middle.

    Returns
    -------
    (k, 2) float
        Metres.
    """
    use = graph.usable & (graph.length > 0)
    streets = np.bincount(np.concatenate([graph.u[use], graph.v[use]]), minlength=len(graph.x))
    node = np.flatnonzero(streets >= LEAST_STREETS)
    xy = np.stack([graph.x[node], graph.y[node]], axis=1)
    label = cluster(xy, 2.0 * tolerance_m)
    count = int(label.max()) + 1 if len(label) else 0
    size = np.maximum(np.bincount(label, minlength=count), 1)
    middle = [np.bincount(label, weights=xy[:, axis], minlength=count) / size for axis in (0, 1)]
    return np.asarray(np.stack(middle, axis=1), dtype=np.float64)


def inside(zones: gpd.GeoSeries, xy: FloatArray, radius_m: float) -> FloatArray:
    """How many of some places each zone has, (Z,) float.

    Census areas end in the middle of streets, so that most junctions at their edge lie on the line itself. Each place
    counts by the part of a circle around it that lies inside: half on a straight edge, a quarter at a corner. So zones
    that touch add up to what they are together.

    Parameters
    ----------
    zones : GeoSeries
        Z polygons in metres.
    xy : (k, 2) float
    radius_m : float
    """
    found = np.zeros(len(zones))
    if not len(xy):
        return found
    discs: Geometries = np.asarray(shapely.buffer(shapely.points(xy), radius_m), dtype=np.object_)
    whole = float(shapely.area(discs[0]))
    tree = shapely.STRtree(discs)
    for row, zone in enumerate(zones.to_numpy()):
        shapely.prepare(zone)
        near = discs[tree.query(zone, predicate="intersects")]
        covered = shapely.covers(zone, near)
        cut = shapely.area(shapely.intersection(near[~covered], zone)).sum() / whole
        found[row] = covered.sum() + cut
    return found
