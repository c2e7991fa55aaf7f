"""Means and class shares of a grid over zones, each pixel by the part of it that the zone covers.

A 30 m pixel is no small thing beside a city block, so a pixel on a zone's edge counts by its coverage fraction
(`measure.pixels`) times its area (`measure.grids`), not by its centre.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from pyproj import CRS, Transformer

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, Raster
from justgeo.measure.grids import Grid
from justgeo.measure.pixels import Coverage, Window, cover

NLCD_WATER = (11.0,)
_Layers = tuple[FloatArray, BoolArray, BoolArray]
"""Of some pixels the value (0 where there is none), whether it counts, and whether the pixel is land."""


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
    raster: Raster, zones: gpd.GeoSeries | Coverage, mask: Raster | None = None, water: Collection[float] = NLCD_WATER
) -> Zonal:
    """Mean of a grid over zones, by coverage fraction times pixel area.

    Parameters
    ----------
    raster : Raster
        A quantity (canopy or impervious percent); NaN is not counted.
    zones : GeoSeries of polygons, shape (Z,), or Coverage
        In any CRS; edges are densified before they go to the grid's. They may overlap. None and empty give NaN;
        self-crossing polygons are mended. Zones already laid on the raster's grid (`pixels.cover`) save most of
        the time.
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
        The zones or the grid have no CRS.
    LayerError
        A zone is no polygon, or cannot be mended; zones were laid on another grid.
    """
    cover_values = None if mask is None else align(mask, raster)

    def layers(window: Window) -> _Layers:
        values = raster.values[window]
        valid = np.isfinite(values)
        land = np.ones_like(valid)
        if cover_values is not None:
            seen = cover_values[window]
            land = ~np.isin(seen, list(water))
            # Where the land cover is unknown the pixel may be water: land of unknown value, not a value.
            valid &= np.isfinite(seen)
        return np.where(valid, values, 0.0), valid & land, land

    return _measured(raster, zones, layers)


def class_share(
    raster: Raster, zones: gpd.GeoSeries | Coverage, classes: Collection[float], water: Collection[float] = NLCD_WATER
) -> Zonal:
    """Share of some classes of a land-cover grid over the land of zones.

    Parameters
    ----------
    raster : Raster
        Classes; NaN is not counted.
    zones : GeoSeries of polygons, shape (Z,), or Coverage
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

    def layers(window: Window) -> _Layers:
        values = raster.values[window]
        land = ~np.isin(values, list(water))
        return np.isin(values, list(classes)).astype(np.float64), np.isfinite(values) & land, land

    return _measured(raster, zones, layers)


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


def _measured(raster: Raster, zones: gpd.GeoSeries | Coverage, layers: Callable[[Window], _Layers]) -> Zonal:
    """Sums of coverage × pixel area over all, valid and valid-times-value land, and what lies beyond the grid."""
    covered = zones if isinstance(zones, Coverage) else cover(raster, zones)
    grid = Grid.of(raster)
    covered.require(grid)
    areas = grid.row_areas()
    known_land, valid_area, total = np.where(covered.usable, 0.0, np.full((3, len(covered)), np.nan))
    for sheet in covered.sheets():
        value, valid, land = layers(sheet.window)
        area = areas[sheet.window[0], None]
        known_land += sheet.sums(area * land)
        weight = area * valid
        valid_area += sheet.sums(weight)
        weight *= value  # in place: a county's grid is large
        total += sheet.sums(weight)
    all_land = known_land + covered.beyond
    none = np.full(len(covered), np.nan)
    return Zonal(
        mean=np.divide(total, valid_area, out=none.copy(), where=valid_area > 0),
        valid_area=valid_area,
        area=all_land,
        valid_share=np.divide(valid_area, all_land, out=none.copy(), where=all_land > 0),
    )


def _bounds(raster: Raster) -> tuple[float, float, float, float]:
    a, _, c, _, e, f = raster.transform
    rows, cols = raster.values.shape
    return c, f + e * rows, c + a * cols, f
