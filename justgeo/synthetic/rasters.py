"""Grids of Nowhere: canopy, impervious surface and land cover, 30 m, in the grid system of the national products.

Canopy is thin where incomes are low and the town is dense. Each grid has pixels without data: a frame that lies
beyond the product, and a small patch on land that was not processed (codes as in the real products).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import rasterio.features
import shapely
from rasterio.transform import Affine

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.synthetic.geography import HOMES, INDUSTRY, NAD83, PARK, WATER, Geography, mover

CRS = "EPSG:5070"
PIXEL = 30
MARGIN, FRAME = 40, 10  # pixels around the county; the outermost of them have no data
DESCRIPTION = "INVENTED DATA (Nowhere): not a product of any agency"
NODATA = 255
_NOT_PROCESSED = {"tree_canopy": 254, "impervious": 250}


def write(folder: Path, geography: Geography, status: FloatArray, seed: int) -> None:
    """Write ``tree_canopy.tif``, ``impervious.tif`` and ``land_cover.tif``.

    Parameters
    ----------
    folder : Path
    geography : Geography
    status : (B,) float
        How well-off each block is (mean log income), any scale.
    seed : int
    """
    transform, block = grid(geography)
    rng = np.random.default_rng([seed, 11])
    frame, patch = gaps(block, geography)
    kind = np.append(geography.blocks["kind"].to_numpy(), WATER)[block]
    canopy, hard = _cover(geography, status, block, kind, rng)
    classes = _classes(kind, canopy, hard)
    for name, values in (("tree_canopy", canopy), ("impervious", hard), ("land_cover", classes)):
        values = np.where(frame, NODATA, values)
        if name in _NOT_PROCESSED:
            values = np.where(patch, _NOT_PROCESSED[name], values)
        _save(folder / f"{name}.tif", values.astype(np.uint8), transform, name)


def grid(geography: Geography, crs: str = CRS) -> tuple[Affine, IntArray]:
    """Affine transform and the block of each pixel's centre (the count of blocks where there is none)."""
    shapes = shapely.transform(geography.blocks.geometry.to_numpy(), mover(NAD83, crs))
    west, south, east, north = shapely.total_bounds(shapes)
    left = int(np.floor((west - 15) / PIXEL) - MARGIN) * PIXEL + 15  # edges lie at 15 modulo 30
    top = int(np.ceil((north - 15) / PIXEL) + MARGIN) * PIXEL + 15
    columns = int(np.ceil((east - left) / PIXEL)) + MARGIN
    rows = int(np.ceil((top - south) / PIXEL)) + MARGIN
    transform = Affine(PIXEL, 0, left, 0, -PIXEL, top)
    pairs = ((shape, number) for number, shape in enumerate(shapes))
    block = rasterio.features.rasterize(
        pairs, out_shape=(rows, columns), fill=len(shapes), transform=transform, dtype="int32"
    )
    return transform, np.asarray(block, dtype=np.int64)


def gaps(block: IntArray, geography: Geography) -> tuple[BoolArray, BoolArray]:
    """Frame beyond the product, and a patch on land that was not processed."""
    frame = np.ones(block.shape, dtype=np.bool_)
    frame[FRAME:-FRAME, FRAME:-FRAME] = False
    patch = np.zeros(block.shape, dtype=np.bool_)
    homes = np.flatnonzero(geography.blocks["kind"].to_numpy() == HOMES)
    rows, cols = np.nonzero(block == homes[len(homes) // 3])
    row, col = int(rows.mean()), int(cols.mean())
    patch[row - 3 : row + 3, col - 3 : col + 4] = True
    return frame, patch


def _cover(
    geography: Geography, status: FloatArray, block: IntArray, kind: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Percent canopy and percent impervious of each pixel."""
    trees, paved = of_blocks(geography, status, rng)
    trees, paved = np.append(trees, 0.0), np.append(paved, 0.0)
    noise = rng.normal(0, 13, block.shape)
    canopy = np.clip(np.rint(trees[block] + noise), 0, 95)
    hard = np.clip(np.rint(paved[block] - 0.7 * noise + rng.normal(0, 9, block.shape)), 0, 100)
    wet = kind == WATER
    return np.where(wet, 0, canopy).astype(np.int64), np.where(wet, 0, hard).astype(np.int64)


def of_blocks(geography: Geography, status: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Percent canopy and percent impervious of each block; parameters as of `write`."""
    blocks = geography.blocks
    dense = np.exp(-np.hypot(blocks["x"].to_numpy() + 400, blocks["y"].to_numpy()) / 2600)
    scaled = (status - np.nanmean(status)) / np.nanstd(status)
    scaled = np.where(np.isnan(scaled), 0.0, scaled)
    local = rng.normal(0, 4, len(blocks))
    what = blocks["kind"].to_numpy()
    trees = np.where(what == PARK, 52.0, np.where(what == INDUSTRY, 5.0, 30 + 7 * scaled - 22 * dense)) + local
    paved = np.where(what == PARK, 6.0, np.where(what == INDUSTRY, 82.0, 30 - 3 * scaled + 48 * dense)) + local
    return trees, paved


def _classes(kind: IntArray, canopy: IntArray, hard: IntArray) -> IntArray:
    """Land-cover class from what is there: water, woods, grass, or developed by impervious share."""
    developed = 21 + np.searchsorted([20, 50, 80], hard, "right")
    park = np.where(canopy >= 60, 41, np.where(canopy >= 45, 43, np.where(hard >= 5, 21, 71)))
    return np.where(kind == WATER, 11, np.where(kind == PARK, park, developed)).astype(np.int64)


def _save(path: Path, values: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], transform: Affine, name: str) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype="uint8",
        crs=CRS,
        transform=transform,
        nodata=NODATA,
        compress="deflate",
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as target:
        target.write(values, 1)
        target.set_band_description(1, f"{name} (invented)")
        target.update_tags(TIFFTAG_IMAGEDESCRIPTION=DESCRIPTION, TIFFTAG_SOFTWARE="justgeo", synthetic="true")
