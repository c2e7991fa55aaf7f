"""How much of a small area lies in a zone: geometry only, in one metric CRS.

A *share* is the part of a shape's area that a zone covers. Census boundaries and a planner's outline of the same
street rarely agree to the metre, so what is only a strip along an edge is dropped, and a shape that lacks only
such a strip counts as whole (METHODS 2.4, edge cases).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from scipy import sparse

from justgeo.core.district import require_metric
from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import Zones

Matrix: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]]"
Geometries = npt.NDArray[np.object_]

EDGE_M = 10.0
"""A boundary and the census lines that it means may differ by this much, metres."""
SLIVER_SHARE = 0.001
"""An overlap below this share of the shape is never meant."""
EDGE_SHARE = 0.02
"""A strip along the edge may be dropped only below this share of the shape: a small block's strip is its people."""
MEANT_SHARE = 0.1
"""An overlap that makes up this much of the zone is meant, however small its share of the shape."""


def block_fractions(zones: Zones, blocks_metric: gpd.GeoDataFrame) -> Matrix:
    """Share of each block's area inside each zone.

    Parameters
    ----------
    zones : Zones
        Z zones in a metric CRS.
    blocks_metric : GeoDataFrame
        B blocks in the same CRS.

    Returns
    -------
    csr_array (Z, B)
        0 to 1; exactly 1 for blocks wholly inside. Overlaps below 0.1 % of the block, and strips of a mean width up
        to 10 m that are below 2 % of it, are dropped; what lacks only that much is whole. An overlap of a tenth of
        the zone or more is always kept.

    Raises
    ------
    CrsError
        The two are in different systems, or in degrees.
    LayerError
        A block has no geometry.
    """
    return area_shares(zones.geometry, blocks_metric.geometry, "blocks")


def area_shares(zones: gpd.GeoSeries, shapes: gpd.GeoSeries, name: str) -> Matrix:
    """Share of each shape's area inside each zone, (Z, n); see `block_fractions`. ``name`` is for messages."""
    same_crs(zones, shapes, name)
    outer, inner = _clean(zones, "zones"), _present(shapes, name)
    # Shapes near the zones alone are looked at closely: a county's are many, and a district meets few.
    zone, shape = shapely.STRtree(inner).query(outer)
    inner = _mended(inner, np.unique(shape))
    shapely.prepare(outer)
    met = shapely.intersects(outer[zone], inner[shape])
    zone, shape = zone[met], shape[met]
    whole = shapely.covers(outer[zone], inner[shape])
    share = np.ones(len(zone), dtype=np.float64)
    cut = np.flatnonzero(~whole)
    share[cut] = _cut_shares(outer[zone[cut]], inner[shape[cut]])
    kept = share > 0
    return sparse.csr_array(
        (share[kept], (zone[kept].astype(np.int64), shape[kept].astype(np.int64))), shape=(len(outer), len(inner))
    )


def _cut_shares(outer: Geometries, inner: Geometries) -> FloatArray:
    """Shares of pairs that are not wholly inside, slivers snapped, shape (p,)."""
    area = shapely.area(inner)
    flat = area <= 0
    overlap = shapely.intersection(outer, inner)
    held = shapely.area(overlap)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(flat, 0.0, np.minimum(held / area, 1.0))
    meant = held >= MEANT_SHARE * shapely.area(outer)
    share[_is_sliver(share, overlap) & ~meant] = 0.0
    near = np.flatnonzero(share > 1.0 - EDGE_SHARE)
    lacking = shapely.difference(inner[near], outer[near])
    share[near[_is_sliver(1.0 - share[near], lacking)]] = 1.0
    if flat.any():
        share[flat] = shapely.intersects(outer[flat], shapely.centroid(inner[flat])).astype(np.float64)
    return np.asarray(share, dtype=np.float64)


def _is_sliver(share: FloatArray, piece: Geometries) -> BoolArray:
    """Whether a piece of a shape is nothing but the disagreement of two drawings of one line.

    The mean width of a strip is twice its area by its outline; a compact piece of up to 20 m across passes too.
    """
    area, outline = shapely.area(piece), shapely.length(piece)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.where(outline > 0, 2.0 * area / outline, 0.0)
    return np.asarray((share < SLIVER_SHARE) | ((share < EDGE_SHARE) & (width <= EDGE_M)), dtype=np.bool_)


def tidy(matrix: Any) -> Matrix:
    """Canonical rows; what rounding left of 0 or 1 is set to it."""
    made: Matrix = sparse.csr_array(matrix, copy=True)
    made.sum_duplicates()
    made.data[np.abs(made.data - 1.0) < 1e-9] = 1.0
    made.data[made.data < 1e-12] = 0.0
    made.eliminate_zeros()
    made.sort_indices()
    return made


def points_inside(zones: gpd.GeoSeries, points: Geometries) -> Matrix:
    """1 where a point lies in a zone (on its edge counts as inside), (Z, n)."""
    outer = _clean(zones, "zones")
    zone, point = shapely.STRtree(points).query(outer, predicate="intersects")
    ones = np.ones(len(zone), dtype=np.float64)
    return sparse.csr_array((ones, (zone.astype(np.int64), point.astype(np.int64))), shape=(len(outer), len(points)))


def holder(points: Geometries, shapes: Geometries, reach: float = EDGE_M) -> IntArray:
    """Which shape each point lies in, -1 for none; a point in a gap between shapes goes to the nearest within reach."""
    tree = shapely.STRtree(shapes)
    found = np.full(len(points), -1, dtype=np.int64)
    point, shape = tree.query(points, predicate="intersects")
    # A point on a shared edge belongs to the first of its shapes: the last one written stays.
    order = np.argsort(-shape, kind="stable")
    found[point[order]] = shape[order]
    stray = np.flatnonzero(found < 0)
    if len(stray):
        at, nearest = tree.query_nearest(points[stray], max_distance=reach, all_matches=False)
        found[stray[at]] = nearest
    return found


def same_crs(zones: gpd.GeoSeries, shapes: gpd.GeoSeries, name: str) -> None:
    """Refuse to measure two layers in different systems, or in degrees."""
    require_metric(zones.crs)
    if shapes.crs is None or CRS.from_user_input(shapes.crs) != CRS.from_user_input(zones.crs):
        raise CrsError(
            f"The {name} are not in the zones' coordinate reference system.",
            remedy="project both to the district's metric CRS first.",
        )


def _clean(shapes: gpd.GeoSeries, name: str) -> Geometries:
    """Valid geometries as an array."""
    found = _present(shapes, name)
    return _mended(found, np.arange(len(found)))


def _present(shapes: gpd.GeoSeries, name: str) -> Geometries:
    """Geometries as an array; a missing one is an error, because its share would be a silent 0."""
    found = np.asarray(shapes.array, dtype=object)
    missing = int((shapely.is_missing(found) | shapely.is_empty(found)).sum())
    if missing:
        raise LayerError(
            f"{missing} of {len(found)} {name} have no geometry.", remedy="drop these rows, or give them their outline."
        )
    return found


def _mended(found: Geometries, rows: IntArray) -> Geometries:
    """The same with invalid geometries of some rows made valid."""
    broken = rows[~shapely.is_valid(found[rows])]
    if len(broken):
        found = found.copy()
        found[broken] = shapely.make_valid(found[broken])
    return found
