"""Summer surface temperature of Nowhere: what the ground measures, and scenes that saw it between clouds.

Hard ground is hot and trees are cool. Each overpass is warmer or cooler than the ground's own by a known amount, these
amounts being even about 0, and has its clouds; over one patch there were clouds too often.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.synthetic import rasters
from justgeo.synthetic.geography import WATER, Geography

CRS = "EPSG:32619"
FOLDER, LIST = "landsat", "scenes.json"
SCALE, OFFSET, ZERO = 0.00341802, 149.0, 273.15
"""Of ST_B10 in Collection 2: kelvin = number * SCALE + OFFSET."""
CLEAR, CLOUD = 21824, 22280
"""QA_PIXEL of clear land and of a cloud of high confidence."""
OVERPASSES = {
    "2022-06-20": 0.0, "2022-07-22": 0.8, "2023-06-23": -0.8, "2023-07-09": 0.3, "2023-08-10": -0.3,
    "2024-07-11": 0.5, "2024-08-12": -0.5,
}  # fmt: skip
"""Day of each overpass, and by how many degrees it was warmer than usual."""
WATER_DEGREES = 21.0
CLOUDS, CLOUD_RADIUS = 5, 22
"""Clouds of an overpass, and their radius in pixels."""
CLOUDED_PATCH = 3
"""Overpasses with a cloud over the patch: of seven, four are left, which is one too few."""


def ground(geography: Geography, status: FloatArray, seed: int) -> tuple[Affine, IntArray, FloatArray]:
    """What the ground measures on a usual day.

    Parameters
    ----------
    geography : Geography
    status : (B,) float
        As of ``rasters.write``.
    seed : int

    Returns
    -------
    transform : Affine
        In ``CRS``.
    block : (rows, cols) int
        Block of each pixel's centre, the count of blocks where there is none.
    degrees : (rows, cols) float
        Celsius.
    """
    transform, block = rasters.grid(geography, CRS)
    trees, paved = rasters.of_blocks(geography, status, np.random.default_rng([seed, 11]))
    wet = np.append(geography.blocks["kind"].to_numpy() == WATER, True)
    usual = np.where(wet, WATER_DEGREES, 26.0 + 0.16 * np.append(paved, 0.0) - 0.05 * np.append(trees, 0.0))
    noise = np.random.default_rng([seed, 17]).normal(0.0, 0.6, block.shape)
    return transform, block, usual[block] + noise


def write(folder: Path, geography: Geography, status: FloatArray, seed: int) -> None:
    """Write ``landsat/scenes.json`` and two files a scene, in the form of a record of Landsat windows."""
    target = folder / FOLDER
    target.mkdir(exist_ok=True)
    transform, block, degrees = ground(geography, status, seed)
    _, patch = rasters.gaps(block, geography)
    rng = np.random.default_rng([seed, 18])
    scenes = []
    for number, (day, warmer) in enumerate(OVERPASSES.items()):
        seen = degrees + warmer + rng.normal(0.0, 0.2, degrees.shape)
        values = np.rint((seen + ZERO - OFFSET) / SCALE)
        cloudy = _clouds(block.shape, rng) | (patch & (number < CLOUDED_PATCH))
        name = f"invented_{day.replace('-', '')}"
        files = {"lwir11": f"{name}_ST_B10.tif", "qa_pixel": f"{name}_QA_PIXEL.tif"}
        _save(target / files["lwir11"], values, transform, f"surface temperature of {day}")
        _save(target / files["qa_pixel"], np.where(cloudy, CLOUD, CLEAR), transform, f"quality of {day}")
        digests = {asset: hashlib.sha256((target / file).read_bytes()).hexdigest() for asset, file in files.items()}
        # With digests the list is another one for another county, and so is what is kept under the list's own digest.
        scenes.append({"id": name, "overpass": f"invented {day}", "files": files, "sha256": digests})
    text = json.dumps({"invented": True, "scenes": scenes}, indent=1, sort_keys=True)
    (target / LIST).write_text(text + "\n", encoding="utf-8", newline="\n")


def _clouds(shape: tuple[int, ...], rng: np.random.Generator) -> BoolArray:
    """Round clouds anywhere."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    cloudy = np.zeros(shape, dtype=np.bool_)
    for _ in range(CLOUDS):
        row, col = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        cloudy |= (rows - row) ** 2 + (cols - col) ** 2 <= CLOUD_RADIUS**2
    return cloudy


def _save(path: Path, values: FloatArray | IntArray, transform: Affine, name: str) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype="uint16",
        crs=CRS,
        transform=transform,
        nodata=0,
        compress="deflate",
        predictor=2,
    ) as target:
        target.write(values.astype(np.uint16), 1)
        target.set_band_description(1, f"{name} (invented)")
        target.update_tags(TIFFTAG_IMAGEDESCRIPTION=rasters.DESCRIPTION, TIFFTAG_SOFTWARE="justgeo", synthetic="true")
