"""Means and class shares of a grid over zones, each pixel by the part of it that the zone covers.

A 30 m pixel is no small thing beside a city block, so a pixel on a zone's edge counts by its coverage fraction
(exactextract) times its area, not by its centre. Zones are brought to the grid, never the grid to the zones:
resampling would invent values.

The area of a pixel is constant in a projected grid (exact where the grid is equal-area; within 0.1 % in UTM). It
is not in a geographic grid (shrinking with cos φ) nor in web Mercator (with cos² φ): there each row has its own
area, taken on the ellipsoid through a cylindrical equal-area projection (METHODS 8, CRS rule).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import BoolArray, FloatArray, Raster

log = logging.getLogger(__name__)

NLCD_WATER = (11.0,)
# Longest straight edge that goes through a change of CRS unsplit; its sagitta is then under 1 cm.
_LONGEST_EDGE_M = 500.0
_LONGEST_EDGE_DEGREES = 0.005
_EQUAL_AREA = CRS.from_proj4("+proj=cea +lat_ts=0 +ellps=WGS84 +units=m +no_defs")
_GeometryArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Zonal:
    """What a grid says of some zones; every array has one value a zone, shape (Z,).

    Attributes
    ----------
    mean : float
        Mean over valid land in the grid's own unit, or the share (0 to 1) of the classes; NaN where the zone has
        no valid land pixel, or is empty.
    valid_area : float, square metres
        Land on which the grid has a value: the denominator of ``mean``.
    area : float, square metres
        Land of the zone, valid or not. Where nothing is known (a masked pixel of the land cover, a part of the zone
        beyond the grid) it counts as land, so that it lowers ``valid_share`` rather than vanish.
    valid_share : float
        ``valid_area / area``; 0 for a zone beyond the grid, NaN for a zone without land.
    """

    mean: FloatArray
    valid_area: FloatArray
    area: FloatArray
    valid_share: FloatArray


def zonal_mean(
    raster: Raster, shapes: gpd.GeoSeries, mask: Raster | None = None, water: Collection[float] = NLCD_WATER
) -> Zonal:
    """Mean of a grid over zones, by coverage fraction times pixel area.

    Parameters
    ----------
    raster : Raster
        A quantity (canopy or impervious percent); NaN is not counted.
    shapes : GeoSeries of polygons, shape (Z,)
        In any CRS; edges are densified before they go to the grid's. They may overlap. None and empty give NaN;
        self-crossing polygons are mended.
    mask : Raster or None
        Land cover. Pixels of the classes ``water`` leave the land. On another grid than ``raster`` it is sampled
        at the pixel centres of ``raster`` (nearest pixel; classes must not be averaged).
    water : collection of float
        NLCD class 11 by default.

    Returns
    -------
    Zonal
        ``C = Σ a·t / Σ a`` over valid land pixels (METHODS 4.2).

    Raises
    ------
    CrsError
        The shapes or the grid have no CRS.
    LayerError
        A shape is no polygon, or cannot be mended.
    """
    valid = np.isfinite(raster.values)
    land = np.ones_like(valid)
    if mask is not None:
        cover = align(mask, raster)
        land = ~np.isin(cover, list(water))
        # Where the land cover is unknown the pixel may be water: land of unknown value, not a value.
        valid = valid & np.isfinite(cover)
    return _extract(raster, shapes, np.where(valid, raster.values, 0.0), valid & land, land)


def class_share(
    raster: Raster, shapes: gpd.GeoSeries, classes: Collection[float], water: Collection[float] = NLCD_WATER
) -> Zonal:
    """Share of some classes of a land-cover grid over the land of zones.

    Parameters
    ----------
    raster : Raster
        Classes; NaN is not counted.
    shapes : GeoSeries of polygons, shape (Z,)
        As in :func:`zonal_mean`.
    classes : collection of float
        Which classes are asked for, ``(22, 23, 24)``.
    water : collection of float
        Classes that leave the denominator; ``()`` for the share over all valid pixels.

    Returns
    -------
    Zonal
        ``mean`` is the share, 0 to 1.
    """
    both = sorted(set(map(float, classes)) & set(map(float, water)))
    if both:
        raise LayerError(
            f"Classes {both} are asked for and are left out as water at once.",
            remedy="Take them out of one list; with water = () the share is over all valid pixels.",
        )
    valid = np.isfinite(raster.values)
    land = ~np.isin(raster.values, list(water))
    return _extract(raster, shapes, np.isin(raster.values, list(classes)).astype(np.float64), valid & land, land)


def align(mask: Raster, raster: Raster) -> FloatArray:
    """Values of one grid at the pixel centres of another, nearest pixel; NaN beyond it. Shape of ``raster.values``."""
    same_crs = CRS.from_user_input(mask.crs) == CRS.from_user_input(raster.crs)
    a, _, c, _, e, f = raster.transform
    # To a thousandth of a pixel: coordinates are large, so a relative comparison would pass a shifted grid.
    same_grid = np.allclose(_bounds(mask), _bounds(raster), rtol=0, atol=1e-3 * a)
    if same_crs and same_grid and mask.values.shape == raster.values.shape:
        return mask.values
    rows, cols = raster.values.shape
    x, y = np.meshgrid(c + a * (np.arange(cols) + 0.5), f + e * (np.arange(rows) + 0.5))
    if not same_crs:
        x, y = Transformer.from_crs(raster.crs, mask.crs, always_xy=True).transform(x, y)
    a, _, c, _, e, f = mask.transform
    col, row = np.floor((x - c) / a), np.floor((y - f) / e)
    inside = (row >= 0) & (row < mask.values.shape[0]) & (col >= 0) & (col < mask.values.shape[1])
    found = np.full(raster.values.shape, np.nan)
    found[inside] = mask.values[row[inside].astype(np.int64), col[inside].astype(np.int64)]
    return found


def _extract(raster: Raster, shapes: gpd.GeoSeries, value: FloatArray, valid: BoolArray, land: BoolArray) -> Zonal:
    """Sums of coverage × pixel area over all, valid and valid-times-value land, and what lies beyond the grid."""
    _upright(raster)
    zones = _on_grid(shapes, raster)
    usable = np.array([z is not None for z in zones], dtype=np.bool_)
    area = _row_areas(raster)[:, None]
    layers = {"land": area * land, "valid": area * valid, "value": area * valid * value}
    sums = _sums(raster, zones[usable], layers)
    known_land, valid_area, total = (_scatter(sums[name], usable) for name in ("land", "valid", "value"))
    all_land = known_land + _scatter(_beyond(raster, zones[usable]), usable)
    none = np.full(len(zones), np.nan)
    return Zonal(
        mean=np.divide(total, valid_area, out=none.copy(), where=valid_area > 0),
        valid_area=valid_area,
        area=all_land,
        valid_share=np.divide(valid_area, all_land, out=none.copy(), where=all_land > 0),
    )


def _scatter(found: FloatArray, usable: BoolArray) -> FloatArray:
    out = np.full(usable.shape, np.nan)
    out[usable] = found
    return out


def _sums(raster: Raster, zones: _GeometryArray, layers: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Coverage-weighted sums of each layer; rows in the order of the zones.

    No identifiers go through exactextract (its ``include_cols`` come back as text): rows keep their order, and the
    count is checked. The layers hold no NaN and no nodata value, so every pixel counts as given.
    """
    if len(zones) == 0:
        return {name: np.zeros(0) for name in layers}
    west, south, east, north = _bounds(raster)
    frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(zones, crs=raster.crs))
    # The same text of the CRS on both sides: a mismatch would be a mere warning and all NaN.
    wkt = frame.crs.to_wkt()
    sources = [NumPyRasterSource(v, west, south, east, north, name=name, srs_wkt=wkt) for name, v in layers.items()]
    found = pd.DataFrame(exact_extract(sources, frame, ["sum"], output="pandas"))
    if len(found) != len(zones):
        raise LayerError(
            f"Of {len(zones)} zones {len(found)} came back from the grid.", remedy="Report this with the boundary."
        )
    return {name: np.nan_to_num(found[f"{name}_sum"].to_numpy(dtype=np.float64)) for name in layers}


def _upright(raster: Raster) -> None:
    a, b, _, d, e, _ = raster.transform
    if b or d or a <= 0 or e >= 0:
        raise LayerError(
            f"The grid {raster.provenance.layer!r} is not north-up (transform {raster.transform}).",
            remedy="Warp it to a north-up grid of the same CRS with nearest-neighbour resampling (gdalwarp).",
        )


def _bounds(raster: Raster) -> tuple[float, float, float, float]:
    a, _, c, _, e, f = raster.transform
    rows, cols = raster.values.shape
    return c, f + e * rows, c + a * cols, f


def _on_grid(shapes: gpd.GeoSeries, raster: Raster) -> _GeometryArray:
    """Polygons in the grid's CRS; None for missing and empty ones."""
    if shapes.crs is None:
        raise CrsError("The zones have no CRS.", remedy="Declare the CRS of the layer that the zones came from.")
    if not raster.crs:
        raise CrsError(
            f"The grid {raster.provenance.layer!r} has no CRS.", remedy="Assign its CRS (gdal_edit.py -a_srs)."
        )
    mended = np.array([_polygonal(g) for g in shapes.to_numpy()], dtype=object)
    crs, grid = CRS.from_user_input(shapes.crs), CRS.from_user_input(raster.crs)
    if crs == grid:
        return mended
    longest = _LONGEST_EDGE_DEGREES if crs.is_geographic else _LONGEST_EDGE_M / _metres(crs)
    dense = gpd.GeoSeries(shapely.segmentize(mended, longest), crs=crs).to_crs(grid).to_numpy()
    # A change of CRS can make two almost equal vertices cross.
    return np.array([_polygonal(g) for g in dense], dtype=object)


def _polygonal(geometry: object) -> object:
    """A valid polygon, None for nothing; a self-crossing one (which exactextract counts as empty) is mended."""
    if not isinstance(geometry, BaseGeometry) or geometry.is_empty:
        return None
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise LayerError(f"A zone is a {geometry.geom_type}.", remedy="Zones must be polygons; buffer points or lines.")
    if geometry.is_valid:
        return geometry
    parts = [p for p in shapely.get_parts(shapely.make_valid(geometry)) if p.geom_type.endswith("Polygon")]
    if not parts:
        raise LayerError(
            "A zone's polygon has no area once it is mended.", remedy="Redraw it: it folds back upon itself."
        )
    log.warning("a self-crossing zone was mended before it was laid on the grid")
    return shapely.union_all(parts)


def _metres(crs: CRS) -> float:
    return float(crs.axis_info[0].unit_conversion_factor)


def _is_cylindrical(crs: CRS) -> bool:
    """Rows are parallels and pixels shrink towards the poles: geographic and Mercator grids."""
    if crs.is_geographic:
        return True
    operation = crs.coordinate_operation
    return operation is not None and operation.method_name.startswith(("Mercator", "Popular Visualisation"))


def _row_areas(raster: Raster) -> FloatArray:
    """Area of one pixel of each row, square metres, shape (rows,)."""
    a, _, c, _, e, f = raster.transform
    rows = raster.values.shape[0]
    crs = CRS.from_user_input(raster.crs)
    if not _is_cylindrical(crs):
        return np.full(rows, a * abs(e) * _metres(crs) ** 2)
    edges = f + e * np.arange(rows + 1)
    to_equal_area = Transformer.from_crs(crs, _EQUAL_AREA, always_xy=True)
    x, y = to_equal_area.transform(np.full(rows + 1, c), edges)
    x_next, _ = to_equal_area.transform(np.full(rows + 1, c + a), edges)
    return np.asarray((x_next - x)[:-1] * -np.diff(y), dtype=np.float64)


def _beyond(raster: Raster, zones: _GeometryArray) -> FloatArray:
    """Area of the zones that the grid does not reach, square metres."""
    outside = shapely.difference(zones, shapely.box(*_bounds(raster)))
    crs = CRS.from_user_input(raster.crs)
    if not _is_cylindrical(crs):
        return np.asarray(shapely.area(outside) * _metres(crs) ** 2, dtype=np.float64)
    longest = _LONGEST_EDGE_DEGREES if crs.is_geographic else _LONGEST_EDGE_M
    dense = gpd.GeoSeries(shapely.segmentize(outside, longest), crs=crs)
    return np.asarray(dense.to_crs(_EQUAL_AREA).area.to_numpy(), dtype=np.float64)
