"""Cloud-optimised GeoTIFFs for tests: Landsat scenes, tiles of ESA WorldCover and of Meta's canopy height.

Tiles have their real names and, if wanted, their real size; they hold values only where a test needs them (sparse
files), so that even a tile of 65,536 by 65,536 pixels is small.

Sources: USGS, *Landsat 8-9 Collection 2 Level 2 Science Product Guide* (scale, QA bits, names); ESA WorldCover v200
product user manual; Bing Maps tile system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from rasterio.transform import Affine
from rasterio.windows import Window

FILL, CLEAR, CLOUD, SHADOW, DILATED = 1, 21824, 22280, 23888, 21762
"""Values of ``QA_PIXEL`` of Landsat 8 and 9 over land."""
SUFFIXES = {"lwir11": "ST_B10", "qa_pixel": "QA_PIXEL"}
Bounds = tuple[float, float, float, float]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Values = int | Callable[[Floats, Floats], Any]
"""What a raster holds: one number, or a function of longitude and latitude of the pixels' centres."""


@dataclass(frozen=True)
class Scene:
    """One Landsat scene: what the catalogue says of it, and its files by asset."""

    id: str
    taken: str
    cloud_cover: float
    footprint: shapely.Polygon  # EPSG:4326
    epsg: int
    size: tuple[int, int]  # rows, columns
    transform: Affine
    files: Mapping[str, Path]
    platform: str = "landsat-8"
    more: Mapping[str, Any] = field(default_factory=dict)  # further properties

    @property
    def folder(self) -> str:
        """Path of its files on the server."""
        part = self.id.split("_")
        return f"/landsat-c2/level-2/standard/oli-tirs/{part[3][:4]}/{part[2][:3]}/{part[2][3:]}/{self.id}"

    def path(self, asset: str) -> str:
        """Path of one file on the server."""
        return f"{self.folder}/{self.id}_{SUFFIXES[asset]}.TIF"


def make_scene(
    folder: Path,
    bounds: Bounds,
    taken: str = "2024-07-14T15:40:07Z",
    *,
    cloud_cover: float = 5.0,
    dn: Values = 44000,
    qa: Values = CLEAR,
    platform: str = "landsat-8",
    path_row: str = "013032",
    epsg: int | None = None,
) -> Scene:
    """Write a scene's surface temperature and quality bands as small cloud-optimised GeoTIFFs.

    Parameters
    ----------
    folder : Path
    bounds : tuple of float
        West, south, east, north in degrees, all of which the scene covers.
    taken : str
        RFC 3339. Names the scene together with ``path_row`` (three digits each) and ``platform``.
    cloud_cover : float
        Percent, as the catalogue tells it; nothing is made cloudy by it.
    dn : int or function of longitude and latitude
        Digital numbers of ``lwir11``: kelvin = DN * 0.00341802 + 149; 0 where there are none.
    qa : int or function of longitude and latitude
        Bits of ``qa_pixel``: 0 fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 shadow, 5 snow, 6 clear, 7 water.
    epsg : int, optional
        UTM zone on WGS84; default the one of the window's middle.
    """
    hemisphere, middle = 32600 if bounds[1] >= 0 else 32700, (bounds[0] + bounds[2]) / 2
    zone = epsg or hemisphere + int((middle + 180) // 6) + 1
    to_utm = Transformer.from_crs(4326, zone, always_xy=True)
    left, bottom, right, top = to_utm.transform_bounds(*bounds)
    left, bottom = (float(np.floor((edge - 15) / 30) * 30 + 15) for edge in (left, bottom))  # pixels' edges: 15 mod 30
    columns, rows = int(np.ceil((right - left) / 30)), int(np.ceil((top - bottom) / 30))
    transform = Affine(30, 0, left, 0, -30, bottom + 30 * rows)
    x = left + 30 * (np.arange(columns) + 0.5)
    y = bottom + 30 * rows - 30 * (np.arange(rows) + 0.5)
    across, down = np.meshgrid(x, y)
    lon, lat = to_utm.transform(across, down, direction="INVERSE")
    sensor = {"landsat-8": "LC08", "landsat-9": "LC09"}[platform]
    name = f"{sensor}_L2SP_{path_row}_{taken[:10].replace('-', '')}_02_T1"
    files = {asset: folder / f"{name}_{suffix}.TIF" for asset, suffix in SUFFIXES.items()}
    for asset, values, nodata in (("lwir11", dn, 0), ("qa_pixel", qa, FILL)):
        profile = {"driver": "COG", "count": 1, "dtype": "uint16", "crs": f"EPSG:{zone}", "transform": transform}
        profile |= {"nodata": nodata, "height": rows, "width": columns, "blocksize": 256, "compress": "deflate"}
        with rasterio.open(files[asset], "w", **profile) as target:
            target.write(_evaluated(values, lon, lat).astype(np.uint16), 1)
    square = [(left, bottom), (x[-1] + 15, bottom), (x[-1] + 15, transform.f), (left, transform.f)]
    footprint = shapely.Polygon([to_utm.transform(east, north, direction="INVERSE") for east, north in square])
    return Scene(name, taken, cloud_cover, footprint, zone, (rows, columns), transform, files, platform)


def worldcover(folder: Path, bounds: Bounds, classes: Values, pixels: int = 36_000) -> dict[str, Path]:
    """Write the tiles of ESA WorldCover 2021 (3 degrees, 10 m, EPSG:4326) that a window touches.

    Parameters
    ----------
    folder : Path
    bounds : tuple of float
        West, south, east, north in degrees: where there are values. All else is 0, no data.
    classes : int or function of longitude and latitude
    pixels : int
        Along one side of a tile; fewer than the real 36,000 make wide windows fast.

    Returns
    -------
    dict of str to Path
        Files by their paths on the server.
    """
    west, south, east, north = bounds
    tree = {}
    for lower in range(int(south // 3) * 3, int(np.ceil(north)), 3):
        for left in range(int(west // 3) * 3, int(np.ceil(east)), 3):
            tile = f"{'NS'[lower < 0]}{abs(lower):02d}{'EW'[left < 0]}{abs(left):03d}"
            path = folder / f"ESA_WorldCover_10m_2021_v200_{tile}_Map.tif"
            square = (left, lower, left + 3, lower + 3)
            _sparse(path, 4326, square, pixels, 0, bounds, classes)
            tree[f"/v200/2021/map/{path.name}"] = path
    return tree


def canopy_height(folder: Path, bounds: Bounds, metres: Values, pixels: int = 65_536) -> dict[str, Path]:
    """Write the tiles of Meta's canopy height (quadkeys of zoom 9, EPSG:3857, 1.19 m) that a window touches.

    Parameters and result as those of `worldcover`; no data is 255.
    """
    half = 20_037_508.342789244
    side = 2 * half / 2**9
    left, bottom, right, top = Transformer.from_crs(4326, 3857, always_xy=True).transform_bounds(*bounds)
    tree = {}
    for column in range(int((left + half) // side), int((right + half) // side) + 1):
        for row in range(int((half - top) // side), int((half - bottom) // side) + 1):
            path = folder / f"{quadkey(column, row, 9)}.tif"
            west, north = column * side - half, half - row * side
            _sparse(
                path, 3857, (west, north - side, west + side, north), pixels, 255, (left, bottom, right, top), metres
            )
            tree[f"/forests/v1/alsgedi_global_v6_float/chm/{path.name}"] = path
    return tree


def quadkey(column: int, row: int, zoom: int) -> str:
    """Bing's name of a tile: one digit a level, 1 for east and 2 for south."""
    return "".join(str((column >> level & 1) + 2 * (row >> level & 1)) for level in reversed(range(zoom)))


def sampled(path: Path, outside: int) -> Callable[[Floats, Floats], Any]:
    """The values of a raster as a function of longitude and latitude, by nearest neighbour."""
    with rasterio.open(path) as given:
        values, transform, crs = given.read(1), given.transform, given.crs
    transformer = Transformer.from_crs(4326, crs, always_xy=True)

    def at(lon: Floats, lat: Floats) -> Any:
        x, y = transformer.transform(lon, lat)
        column = np.floor((x - transform.c) / transform.a).astype(int)
        row = np.floor((y - transform.f) / transform.e).astype(int)
        inside = (row >= 0) & (row < values.shape[0]) & (column >= 0) & (column < values.shape[1])
        return np.where(inside, values[np.where(inside, row, 0), np.where(inside, column, 0)], outside)

    return at


def _evaluated(values: Values, lon: Floats, lat: Floats) -> Any:
    return np.full(lon.shape, values) if isinstance(values, int) else np.asarray(values(lon, lat))


def _sparse(path: Path, epsg: int, square: Bounds, pixels: int, nodata: int, bounds: Bounds, values: Values) -> None:
    """A square tiled raster with values in a window only; blocks without values take no room in the file."""
    west, _, east, north = square
    step = (east - west) / pixels
    first, last = _cells((bounds[0] - west) / step, (bounds[2] - west) / step, pixels)
    upper, lower = _cells((north - bounds[3]) / step, (north - bounds[1]) / step, pixels)
    x, y = np.meshgrid(west + step * (np.arange(first, last) + 0.5), north - step * (np.arange(upper, lower) + 0.5))
    lon, lat = (x, y) if epsg == 4326 else Transformer.from_crs(epsg, 4326, always_xy=True).transform(x, y)
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": f"EPSG:{epsg}", "nodata": nodata}
    profile |= {"height": pixels, "width": pixels, "transform": Affine(step, 0, west, 0, -step, north)}
    profile |= {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "sparse_ok": True}
    with rasterio.open(path, "w", **profile) as target:
        if x.size:
            window = Window(first, upper, last - first, lower - upper)
            target.write(_evaluated(values, lon, lat).astype(np.uint8), 1, window=window)


def _cells(start: float, end: float, pixels: int) -> tuple[int, int]:
    """First pixel that a stretch reaches into, and the one after its last; rounding errors reach into none."""
    first, last = np.floor(start + 1e-6), np.ceil(end - 1e-6)
    return int(np.clip(first, 0, pixels)), int(np.clip(last, 0, pixels))
