"""Rasters that the tests of the raster doors read: noise, so that a pixel out of its place shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.transform import Affine

from justgeo.core.spec import Area
from justgeo.sources.live.records import Records

CANARY = "canary-signature-0815"
SIZE, LEFT, TOP = 900, 1_500_015, 1_500_015
PATH = "/data/grid.tif"
INSIDE = (LEFT + 30 * 300.5, TOP - 30 * 420.0, LEFT + 30 * 400.0, TOP - 30 * 350.5)
"""Columns 300 to 399, rows 350 to 419."""


def write(
    path: Path, values: np.ndarray, transform: Affine | None = None, crs: str | None = "EPSG:5070", **more: Any
) -> Path:
    bands = values if values.ndim == 3 else values[None]
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    profile |= {"dtype": bands.dtype, "crs": crs, "transform": transform or Affine(30, 0, LEFT, 0, -30, TOP)}
    profile |= {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "deflate", "nodata": 255} | more
    with rasterio.open(path, "w", **profile) as target:
        target.write(bands)
    return path


def noise(seed: int = 1, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (size, size)).astype(np.uint8)


def around(lon: float, lat: float, wide: float = 0.004) -> Area:
    box = shapely.box(lon - wide, lat - wide, lon + wide, lat + wide)
    return Area(box, None, box.buffer(wide / 2), box.buffer(wide / 2), 100.0)


def records_in(folder: Path) -> Records:
    return Records(folder / "records")
