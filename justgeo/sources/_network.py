"""A network of segments, cut down to a window."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import FloatArray, IntArray, Network, Provenance

WGS84 = "EPSG:4326"


def windowed(
    x: FloatArray,
    y: FloatArray,
    u: IntArray,
    v: IntArray,
    window: BaseGeometry,
    provenance: Provenance,
    covers: BaseGeometry,
) -> Network:
    """Network of the segments that touch the bounds of a window; nodes without a segment go.

    Parameters
    ----------
    x, y : (n,) float
        Longitude and latitude of nodes.
    u, v : (m,) int
        Ends of segments; those from a node to itself are left out.
    """
    west, south, east, north = shapely.bounds(window)
    low_x, high_x = np.minimum(x[u], x[v]), np.maximum(x[u], x[v])
    low_y, high_y = np.minimum(y[u], y[v]), np.maximum(y[u], y[v])
    keep = (u != v) & (low_x <= east) & (high_x >= west) & (low_y <= north) & (high_y >= south)
    used, ends = np.unique(np.concatenate([u[keep], v[keep]]), return_inverse=True)
    first, last = np.split(ends.astype(np.int64), 2)
    return Network(x[used], y[used], first, last, WGS84, provenance, covers)
