"""Rasters: a right GeoTIFF with its header, pixels or bytes broken, and what is no GeoTIFF though it is called so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from justgeo.core.layer import Raster
from justgeo.core.spec import LayerSpec
from justgeo.sources import rasters
from justgeo.sources.collect import collect
from tests.fuzz._damage import AREA, Hurt, honest, hurt, hurts
from tests.fuzz.target import Target

COLS, ROWS = 64, 48
WEST, NORTH, DEGREES = -78.61, 38.21, 0.005
"""A grid in EPSG:4326 around the area; some 500 m a pixel."""
LEGEND = {"land_cover": (11, 21, 41, 95, 250), "tree_canopy": (0, 17, 55, 100, 254)}


@dataclass(frozen=True)
class Grid:
    """What a raster is made of; each part as it should be unless drawn otherwise."""

    name: str = "tree_canopy"
    dtype: str = "uint8"
    crs: str | None = "EPSG:4326"
    bands: int = 1
    nodata: float | None = None
    fill: float | None = None
    transform: tuple[float, float, float, float, float, float] = (DEGREES, 0.0, WEST, 0.0, -DEGREES, NORTH)
    shape: tuple[int, int] = (ROWS, COLS)
    compress: str = "none"
    tiled: bool = False
    sparse: bool = False
    scale: float = 1.0
    offset: float = 0.0
    mask: bool = False
    palette: bool = False
    big: bool = False
    hurts: tuple[Hurt, ...] = ()
    suffix: str = ".tif"
    instead: str = ""


WRONG: dict[str, tuple[Any, ...]] = {
    "name": ("land_cover", "impervious", "canopy_height", "surface_temperature", "worldcover"),
    "dtype": ("int8", "int16", "uint16", "int32", "uint32", "float32", "float64", "complex64", "complex128", "int64"),
    "crs": (
        None,
        "EPSG:5070",
        "EPSG:32617",
        "EPSG:3857",
        "EPSG:4269",
        "EPSG:4978",
        "EPSG:2163",
        'LOCAL_CS["x",UNIT["m",1]]',
        "EPSG:3031",
        "+proj=lcc +lat_1=1 +lat_2=-1 +lat_0=0",
        "+proj=utm +zone=60 +south",
        "+proj=gnom +lat_0=-38 +lon_0=101",
    ),
    "bands": (2, 3, 4),
    "nodata": (0.0, 17.0, 255.0, -9999.0, float("nan"), float("inf"), -1.7976931348623157e308, 1e40),
    "fill": (float("nan"), float("inf"), -1e308, 254.0, 1e300, -1.0, 0.5),
    "transform": (
        (DEGREES, 0, WEST, 0, DEGREES, 37.97),
        (-DEGREES, 0, -78.29, 0, -DEGREES, NORTH),
        (DEGREES, 0.001, WEST, 0.001, -DEGREES, NORTH),
        (0, 0, WEST, 0, 0, NORTH),
        (0, 0, 0, 0, 0, 0),
        (1e-9, 0, WEST, 0, -1e-9, NORTH),
        (1e300, 0, -1e300, 0, -1e300, 1e300),
        (float("nan"), 0, WEST, 0, -DEGREES, NORTH),
        (DEGREES, 0, float("inf"), 0, -DEGREES, NORTH),
        (1, 0, 0, 0, 1, 0),
        (DEGREES, 0, WEST + 360, 0, -DEGREES, NORTH),
        (30, 0, 1513395, 0, -30, 1576155),
        (5, 0, -180, 0, -5, 95),
        (5e-324, 0, WEST, 0, -5e-324, NORTH),
        (DEGREES, 0, WEST, 0, -1e-12, NORTH),
        (DEGREES, 0, -78.4005, 0, -DEGREES, NORTH),
    ),
    "shape": ((1, 1), (1, 64), (2, 3), (48, 1)),
    "compress": ("deflate", "lzw", "packbits", "zstd", "lerc", "lzma", "webp"),
    "tiled": (True,),
    "sparse": (True,),
    "scale": (0.0, 0.01, float("nan"), float("inf"), -1.0, 1e308),
    "offset": (-40.0, float("nan"), float("inf"), 1e308),
    "mask": (True,),
    "palette": (True,),
    "big": (True,),
    "suffix": (".img", ".tiff", ".TIF", ".vrt", ".png", ".nc", ".tif.gz", ".jp2", ""),
}


@st.composite
def _grids(draw: st.DrawFn) -> Grid:
    parts = draw(st.lists(st.sampled_from(sorted(WRONG)), min_size=1, max_size=3, unique=True))
    return Grid(**{part: draw(st.sampled_from(WRONG[part])) for part in parts})


def _bodies() -> SearchStrategy[Grid]:
    """A right raster of some layout whose bytes are hurt: the header stands first, and is hurt more often."""
    return st.builds(
        Grid,
        compress=st.sampled_from(("none", "deflate", "lzw", "lerc", "zstd")),
        tiled=st.booleans(),
        mask=st.booleans(),
        big=st.booleans(),
        hurts=hurts() | hurts("head", "head", "flip"),
    )


def _values(grid: Grid) -> Any:
    legend = np.array(LEGEND.get(grid.name, LEGEND["tree_canopy"]))
    rows, cols = grid.shape
    made = legend[np.arange(rows * cols).reshape(rows, cols) % len(legend)].astype(grid.dtype)
    if grid.fill is not None:
        with np.errstate(all="ignore"):
            made[::2] = np.array(grid.fill).astype(grid.dtype)
    return made


@cache
def _body(grid: Grid) -> bytes:
    """The GeoTIFF; empty where GDAL does not write such a one."""
    extra: dict[str, Any] = {"BIGTIFF": "YES"} if grid.big else {}
    if grid.compress != "none":
        extra["compress"] = grid.compress
    if grid.tiled:
        extra |= {"tiled": True, "blockxsize": 16, "blockysize": 16}
    rows, cols = grid.shape
    try:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), MemoryFile() as memory:
            with memory.open(
                driver="GTiff", width=cols, height=rows, count=grid.bands, dtype=grid.dtype, crs=grid.crs,
                transform=Affine(*grid.transform), nodata=grid.nodata, SPARSE_OK="TRUE", **extra,
            ) as target:  # fmt: skip
                _fill(target, grid)
            return bytes(memory.read())
    except (rasterio.errors.RasterioError, ValueError, OverflowError, TypeError):
        return b""


def _fill(target: Any, grid: Grid) -> None:
    if not grid.sparse:
        for band in range(1, grid.bands + 1):
            target.write(_values(grid), band)
    if grid.mask:
        target.write_mask(np.arange(grid.shape[0] * grid.shape[1]).reshape(grid.shape) % 3 > 0)
    if grid.palette:
        target.write_colormap(1, {1: (255, 0, 0, 255), 17: (0, 255, 0, 0)})
    if (grid.scale, grid.offset) != (1.0, 0.0):
        target.scales = [grid.scale] * grid.bands
        target.offsets = [grid.offset] * grid.bands


ELSEWHERE = {
    "vrt raw": (
        '<VRTDataset rasterXSize="64" rasterYSize="48"><SRS>EPSG:4326</SRS><GeoTransform>-78.61,0.005,0,38.21,0,-0.005'
        '</GeoTransform><VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename '
        'relativetoVRT="0">/etc/passwd</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset>'
        "<LineOffset>1</LineOffset></VRTRasterBand></VRTDataset>"
    ),
    "vrt of itself": (
        '<VRTDataset rasterXSize="64" rasterYSize="48"><SRS>EPSG:4326</SRS><GeoTransform>-78.61,0.005,0,38.21,0,-0.005'
        '</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename relativeToVRT="1">'
        "grid.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    ),
    "vrt of an address": (
        '<VRTDataset rasterXSize="64" rasterYSize="48"><SRS>EPSG:4326</SRS><VRTRasterBand dataType="Byte" band="1">'
        '<SimpleSource><SourceFilename relativeToVRT="0">/vsicurl/http://127.0.0.1:9/a.tif</SourceFilename>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    ),
    "wms": (
        '<GDAL_WMS><Service name="TMS"><ServerUrl>http://127.0.0.1:9/${z}</ServerUrl></Service><DataWindow>'
        "<UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX><LowerRightY>-90"
        "</LowerRightY><SizeX>64</SizeX><SizeY>48</SizeY></DataWindow><Projection>EPSG:4326</Projection></GDAL_WMS>"
    ),
    "wcs": "<WCS_GDAL><ServiceURL>http://127.0.0.1:9/wcs?</ServiceURL><CoverageName>a</CoverageName></WCS_GDAL>",
    "text grid": "ncols 64\nnrows 48\nxllcorner -78.61\nyllcorner 37.97\ncellsize 0.005\n" + "17 " * 64 * 48,
    "a page": "<!doctype html><html><body>not found</body></html>",
    "nothing": "",
    "only magic": "II*\x00",
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
}  # fmt: skip


def _written(grid: Grid, folder: Path) -> Path:
    path = folder / f"grid{grid.suffix}"
    if grid.instead == "link to passwd":
        path.symlink_to("/etc/passwd")
    elif grid.instead == "folder":
        path.mkdir()
    elif grid.instead == "block of all":
        _block_of_all(path)
    elif grid.instead in ELSEWHERE:
        path.write_bytes(ELSEWHERE[grid.instead].encode("latin-1"))
    else:
        plain = Grid(**{**grid.__dict__, "hurts": (), "suffix": ".tif"})
        body = _body(plain)
        for one in grid.hurts:
            if one.way == "head":  # of the first 300 bytes, where the header stands
                body = Hurt("set", one.at, min(one.size, 4), one.byte).of(body[:300]) + body[300:]
            else:
                body = hurt(body, [one])
        path.write_bytes(body)
    return path


def _block_of_all(path: Path) -> None:
    """A small file whose one tile unpacks to gigabytes."""
    side = 40_000
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="uint8", crs="EPSG:4326", compress="deflate",
        tiled=True, blockxsize=side, blockysize=side, SPARSE_OK="TRUE",
        transform=Affine(0.4 / side, 0, WEST, 0, -0.4 / side, NORTH),
    ):  # fmt: skip
        pass


def _read(grid: Grid, folder: Path) -> object:
    inside = folder / "town"
    inside.mkdir()
    path = _written(grid, inside)
    spec = LayerSpec(grid.name, path, vintage="2021")

    def read() -> object:
        if grid.name in ("worldcover", "canopy_height"):
            return rasters.read_raster(spec, AREA)
        if grid.name == "surface_temperature" and not grid.hurts:
            return rasters.read_raster(spec, AREA)
        found = collect([grid.name], {grid.name: spec}, (), AREA)
        return found.layers.get(grid.name) or found.absent[grid.name]

    found = honest(read, folder, path.name)
    if isinstance(found, Raster):
        _check(found, grid)
    else:
        assert path.name in str(found)
    return found


def _check(raster: Raster, grid: Grid) -> None:
    """What is taken for measurements can be some: in the range of the product, on a north-up grid that is a place."""
    assert not grid.instead, f"{grid.instead} was taken for a raster"
    a, b, _, d, e, _ = raster.transform
    assert np.isfinite(raster.transform).all() and a > 0 > e and b == d == 0
    seen = raster.values[~np.isnan(raster.values)]
    assert seen.size and np.isfinite(seen).all()
    low, high = (-60, 90) if grid.name == "surface_temperature" else (0, 100)
    assert seen.min() >= low and seen.max() <= high, (seen.min(), seen.max())
    if grid.nodata is not None and (grid.scale, grid.offset) == (1.0, 0.0) and not grid.hurts:
        assert not (seen == grid.nodata).any(), "no data was taken for a number"
    west, south, east, north = rasters.raster_footprint(raster).bounds
    assert -180.1 <= west < east <= 360.1 and -90.1 <= south < north <= 90.1
    assert raster.provenance.sha256


def _looked_through(grid: Grid, folder: Path) -> None:
    """What is asked of a raster that came from afar, before it is recorded."""
    path = _written(grid, folder)

    def read() -> None:
        said = rasters.grid_of(path)
        assert said.width > 0 and said.height > 0 and said.bands > 0
        rasters.read_through(path)
        if said.width * said.height < 1e6:
            assert rasters.pixels_of(path).shape == (said.height, said.width)

    honest(read, folder, path.name)


_INSTEAD = tuple(Grid(instead=kind) for kind in (*ELSEWHERE, "link to passwd", "folder", "block of all"))

TARGETS: tuple[Target, ...] = (
    Target("raster-parts", _grids(), _read, seeds=(Grid(), *_INSTEAD), times=50),
    Target("raster-bytes", _bodies(), _read, times=60),
    Target("raster-through", _bodies() | _grids(), _looked_through, seeds=(Grid(), *_INSTEAD), times=50),
)
