"""Which tracts touch (queen contiguity), and which lie on the rim of the region.

Two tracts touch where they share a stretch of boundary or a single point, on land or under water: census tracts reach
into rivers and lakes. Boundaries that were drawn or simplified apart agree to a metre at best, so shapes nearer than
`TOLERANCE_M` touch.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

from justgeo.core.district import require_metric
from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray
from justgeo.core.zones import StrArray
from justgeo.measure.fractions import Geometries

TOLERANCE_M = 1.0
"""Shapes that are no further apart touch, metres."""

Shapes: TypeAlias = gpd.GeoSeries | npt.NDArray[Any]
"""Polygons in a metric CRS: a series that says which, or bare geometries in metres."""


def queen(shapes: Shapes) -> sparse.csr_array:
    """Tracts that share a boundary or a point.

    Parameters
    ----------
    shapes : GeoSeries or (n,) array of polygons
        One for each tract. An island touches nothing; one that is missing or empty has no pair, and of what it
        touches nothing is known: see `unplaced`.

    Returns
    -------
    csr_array (n, n) of bool
        Symmetric, without the diagonal.

    Raises
    ------
    CrsError
        A series whose CRS is missing or not in metres.
    LayerError
        Something other than polygons.
    """
    areas = _polygons(shapes)
    there = np.flatnonzero(~(shapely.is_missing(areas) | shapely.is_empty(areas)))
    tree = shapely.STRtree(areas[there])
    # one polygon a time against the tree: pairs come twice, once from each side, and each with itself
    one, other = tree.query(areas[there], predicate="dwithin", distance=TOLERANCE_M)
    apart = one != other
    i, j = there[one[apart]], there[other[apart]]
    # near to the tolerance rounding may see a pair from one side only
    rows, columns = np.concatenate([i, j]), np.concatenate([j, i])
    touch = sparse.csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(areas), len(areas)))
    out: sparse.csr_array = touch.astype(np.bool_)
    return out


def rim(shapes: Shapes) -> BoolArray:
    """Tracts that lie on the outline of the region, so that neighbours outside it are not known.

    Water that the region surrounds is no rim: nobody lives there. But where a tract has no shape, any hole may be that
    tract, and the tracts around it are on the rim too. Gaps of up to two tolerances between tracts are closed.

    Parameters
    ----------
    shapes : GeoSeries or (n,) array of polygons
        As for `queen`.

    Returns
    -------
    (n,) bool
        False where there is no shape.
    """
    areas = _polygons(shapes)
    there = ~(shapely.is_missing(areas) | shapely.is_empty(areas))
    out: BoolArray = np.zeros(len(areas), dtype=np.bool_)
    if there.any():
        whole = shapely.union_all(shapely.buffer(areas[there], TOLERANCE_M, join_style="mitre"))
        outline = (
            shapely.union_all(shapely.get_exterior_ring(shapely.get_parts(whole)))
            if there.all()
            else shapely.boundary(whole)
        )
        shapely.prepare(outline)
        out[there] = shapely.dwithin(outline, areas[there], 1.5 * TOLERANCE_M)
    return out


def unplaced(shapes: Shapes) -> BoolArray | None:
    """Tracts whose neighbours are not known because they have no shape, or an empty one; None where all have one.

    Parameters
    ----------
    shapes : GeoSeries or (n,) array of polygons
        As for `queen`.
    """
    areas = _polygons(shapes)
    gone: BoolArray = np.asarray(shapely.is_missing(areas) | shapely.is_empty(areas), dtype=np.bool_)
    return gone if gone.any() else None


def without_shape(gone: StrArray, n: int) -> str:
    """What to say of tracts without a shape, among ``n``."""
    return (
        f"Tracts without a shape: {len(gone)} of {n}, for example {gone[0]}. Whether they lie beside a high one cannot "
        "be told, and no tract is told to lie beside them."
    )


def _polygons(shapes: Shapes) -> Geometries:
    if isinstance(shapes, gpd.GeoSeries):
        require_metric(shapes.crs)
    areas = np.asarray(shapes, dtype=object)
    kinds = shapely.get_type_id(areas)
    wrong = ~np.isin(kinds, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if wrong.any():
        raise LayerError(
            f"Tract {int(np.flatnonzero(wrong)[0]) + 1} of {len(areas)} is a {areas[wrong][0].geom_type}, no polygon.",
            remedy="Give the boundaries of the tracts.",
        )
    return areas
