"""Grids from files: the window that a run needs, with every pixel that is no measurement taken out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import rasterio
import rasterio.errors
import shapely
from pyproj import CRS
from rasterio.features import geometry_mask
from rasterio.transform import Affine
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import transformer
from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import BoolArray, FloatArray, Raster
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import sha256_of
from justgeo.sources._measured import NLCD_CLASSES, WORLDCOVER_CLASSES, masked
from justgeo.sources._provenance import provenance
from justgeo.sources._raster_files import (
    NoRasterError,
    crs_of,
    opened,
    refuse_complex,
    refuse_odd_numbers,
    refuse_swelling,
)

log = logging.getLogger(__name__)

__all__ = [
    "NLCD_CLASSES",
    "PAD",
    "TOO_LARGE",
    "WORLDCOVER_CLASSES",
    "Grid",
    "grid_of",
    "pixels_of",
    "raster_footprint",
    "read_raster",
    "read_through",
    "refuse_empty",
    "to_grid",
    "valid_share",
]

PAD = 2
_MOST_PIXELS = 200_000_000
TOO_LARGE = "The reference has too many pixels; the district with its halo was read."
_DENSE_DEGREES = 0.005
_CUT = "Cut the raster to the area (gdalwarp -te ... -te_srs EPSG:4326), or take a coarser product."


@dataclass(frozen=True)
class Grid:
    """What a raster file says of itself.

    Attributes
    ----------
    crs : str
        WKT; empty where it names none.
    transform : 6 floats
        Affine coefficients ``a, b, c, d, e, f`` as rasterio gives them.
    width, height, bands : int
    dtype : str
        As NumPy calls it.
    nodata : float or None
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    width: int
    height: int
    bands: int
    dtype: str
    nodata: float | None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of a north-up grid, in units of its CRS."""
        a, _, c, _, e, f = self.transform
        return c, f + e * self.height, c + a * self.width, f


def read_raster(spec: LayerSpec, area: Area) -> Raster:
    """Read the part of a GeoTIFF that covers the area's window, padded by two pixels.

    Where that has more than 200 million of them the district with its halo is read, and a note says so.

    Parameters
    ----------
    spec : LayerSpec
        ``options``: ``band`` (1 by default, needed where there are several), ``valid_range`` (``[0, 100]`` for
        ``tree_canopy``, ``impervious`` and ``canopy_height``), ``classes`` (the NLCD legend for ``land_cover``, that of
        ESA WorldCover for ``worldcover``), ``scale`` (a factor that brings the pixels to percent, 100 for shares of
        one).
    area : Area

    Returns
    -------
    Raster
        Its grid is the file's own, north up. NaN where the file says nodata and wherever the value is outside
        the valid range or not in the legend: NLCD canopy has 254 and 255 for what it did not look at, land
        cover 0, 250 and 255.

    Raises
    ------
    CrsError
        The file does not say in which CRS it is, or it is not of the Earth.
    CoverageError
        It does not touch the district.
    LayerError
        It is no raster, is rotated, has several bands and none is named, has no valid pixel in the district or too
        many, or the environment keeps rasterio from knowing any CRS.
    """
    check_environment()
    if not spec.path.is_file():
        raise LayerError(f"There is no raster {spec.path}.", remedy=f"Mend path in [layers.{spec.name}].")
    try:
        with opened(spec.path) as source:
            crs = crs_of(source, spec.path)
            _check_grid(source, spec)
            district = to_grid(area.district, crs)
            notes = _short_of(source, district)
            window, told = _window(source, spec, area, crs, district)
            notes += told
            band = _band(source, spec)
            refuse_complex(source, band, spec.path)
            read = source.read(band, window=window, masked=True)
            values = read.filled(0).astype(np.float64)
            with np.errstate(over="ignore", invalid="ignore"):  # a scale may be any number; what is none then is hidden
                values *= source.scales[band - 1]
                values += source.offsets[band - 1]
            hidden = np.broadcast_to(np.ma.getmaskarray(read), values.shape) | ~np.isfinite(values)
            if source.nodatavals[band - 1] is not None:  # a mask beside it would make GDAL forget the value
                hidden |= read.data == source.nodatavals[band - 1]
            transform = source.window_transform(window)
    except NoRasterError as problem:
        raise LayerError(
            f"{spec.path} cannot be read as a raster ({problem}).",
            remedy="Take the file from its source once more; a mosaic (.vrt) or another format becomes a GeoTIFF by "
            "gdal_translate IN OUT.tif.",
        ) from problem
    if transform.e > 0:
        values, hidden, transform = _flipped(values, hidden, transform)
    values, note = masked(values, hidden, spec)
    refuse_empty(values, transform, district, spec)
    return Raster(
        values=values,
        transform=cast(tuple[float, float, float, float, float, float], tuple(map(float, transform[:6]))),
        crs=crs.to_wkt(),
        provenance=provenance(
            spec,
            spec.name,
            sha256=sha256_of(spec.path),
            notes=[*notes, *([note] if note else [])],
            asked={"window": [round(b, 6) for b in area.window.bounds]},
        ),
    )


def raster_footprint(raster: Raster) -> BaseGeometry:
    """Outline of a grid in EPSG:4326, edges densified so that they keep to the grid's straight lines."""
    a, _, c, _, e, f = raster.transform
    rows, cols = raster.values.shape
    outline = shapely.box(c, f + e * rows, c + a * cols, f)
    dense = shapely.segmentize(outline, max(a * cols, -e * rows) / 100)
    return _transformed(dense, CRS.from_user_input(raster.crs), CRS.from_epsg(4326))


def grid_of(path: Path) -> Grid:
    """What a raster file says of itself; no pixel is read.

    Raises
    ------
    LayerError
        It is no raster.
    """
    try:
        with opened(path) as source:
            return Grid(
                crs=source.crs.to_wkt() if source.crs else "",
                transform=cast(Any, tuple(map(float, source.transform[:6]))),
                width=source.width,
                height=source.height,
                bands=source.count,
                dtype=source.dtypes[0],
                nodata=source.nodata,
            )
    except NoRasterError as problem:
        raise _unreadable(path) from problem


def pixels_of(path: Path, cols: slice | None = None, rows: slice | None = None) -> Any:
    """Pixels of the first band as they are in the file, (rows, cols); all, or those of a window within it.

    Raises
    ------
    LayerError
        It is no raster, or a part of it is missing.
    """
    window = None if cols is None or rows is None else Window.from_slices(rows, cols)
    try:
        with opened(path) as source:
            return source.read(1, window=window)
    except NoRasterError as problem:
        raise _unreadable(path) from problem


def read_through(path: Path) -> None:
    """Read every block of every band once, and keep none: what is damaged is known before it is needed.

    Raises
    ------
    LayerError
        It is no raster, or a part of it is missing.
    """
    try:
        with opened(path) as source:
            refuse_swelling(source, path)
            for band in range(1, source.count + 1):
                for _, window in source.block_windows(band):
                    source.read(band, window=window)
    except NoRasterError as problem:
        raise _unreadable(path) from problem


def valid_share(raster: Raster, shape: BaseGeometry) -> float:
    """Share of the pixels whose centre lies in a shape (EPSG:4326) that hold a number; NaN where none lies in it."""
    inside = ~geometry_mask([to_grid(shape, CRS.from_wkt(raster.crs))], raster.values.shape, Affine(*raster.transform))
    return float(np.isfinite(raster.values[inside]).mean()) if inside.any() else float("nan")


def _unreadable(path: Path) -> LayerError:
    # GDAL's own words hold whole paths.
    return LayerError(f"{path.name} is no whole raster.", remedy="Take the file from its source once more.")


def _short_of(source: Any, district: BaseGeometry) -> list[str]:
    """A note where the file ends within the district: what it lacks is no data, and shows in the valid share."""
    share = shapely.box(*source.bounds).intersection(district).area / district.area if district.area else 1.0
    return [] if share > 1 - 1e-6 else [f"The raster covers {100 * share:.0f} % of the district."]


def check_environment() -> None:
    """A PROJ database of another installation in the environment makes rasterio misread every CRS.

    Raises
    ------
    LayerError
        It does so here.
    """
    try:
        rasterio.crs.CRS.from_epsg(4326).to_wkt()
    except rasterio.errors.CRSError as problem:
        raise LayerError(
            "rasterio cannot look up any CRS: its PROJ database is not found or is of another version.",
            remedy="Unset PROJ_DATA, PROJ_LIB and GDAL_DATA in the environment and start again.",
        ) from problem


def gdal_version() -> str:
    """Version of the GDAL that reads grids."""
    return str(rasterio.__gdal_version__)


def _check_grid(source: Any, spec: LayerSpec) -> None:
    t = source.transform
    refuse_odd_numbers(t, spec.path)
    if t.b or t.d or t.a <= 0 or t.e == 0:
        raise LayerError(
            f"The raster {spec.path} is rotated or mirrored (transform {tuple(t)[:6]}).",
            remedy="Warp it to a north-up grid with nearest-neighbour resampling: gdalwarp -r near IN OUT.",
        )


def _band(source: Any, spec: LayerSpec) -> int:
    band = spec.options.get("band", 1 if source.count == 1 else None)
    if not isinstance(band, int) or isinstance(band, bool) or not 1 <= band <= source.count:
        raise LayerError(
            f"The raster {spec.path} has {source.count} band(s), and the band asked for is {band!r}.",
            remedy=f"Name the band that holds {spec.name}: band = 1 in [layers.{spec.name}].",
        )
    return band


def _transformed(shape: BaseGeometry, source: CRS, target: CRS) -> BaseGeometry:
    to_target = transformer(source, target)

    def projected(points: FloatArray) -> FloatArray:
        return np.column_stack(to_target.transform(points[:, 0], points[:, 1]))

    return shapely.transform(shape, projected)


def to_grid(shape: BaseGeometry, crs: CRS) -> BaseGeometry:
    """A geometry in EPSG:4326 brought to a grid's CRS, its edges densified so that they stay where they are."""
    dense = shapely.segmentize(shape, _DENSE_DEGREES)
    return shapely.make_valid(_transformed(dense, CRS.from_epsg(4326), crs))


def _window(source: Any, spec: LayerSpec, area: Area, crs: CRS, district: BaseGeometry) -> tuple[Window, Sequence[str]]:
    """What is read of a grid, and a note where that is not all of the area."""
    whole = shapely.box(*source.bounds)
    if not whole.intersects(district) or whole.intersection(district).area == 0:
        there = tuple(round(b, 4) for b in _transformed(whole, crs, CRS.from_epsg(4326)).bounds)
        raise CoverageError(
            f"The raster {spec.path.name} (longitude and latitude {there}) does not touch the district "
            f"({tuple(round(b, 4) for b in area.district.bounds)}).",
            remedy="Take the tile or download that covers the district.",
        )
    for shape, notes in ((area.window, []), (area.halo, [TOO_LARGE])):
        window = _window_of(source, to_grid(shape, crs))
        if window.width * window.height <= _MOST_PIXELS:
            return window, notes
    raise LayerError(
        f"The raster {spec.path} has {window.width} x {window.height} pixels in the district and around it.",
        remedy=_CUT,
    )


def _window_of(source: Any, shape: BaseGeometry) -> Window:
    """Pixels around a shape in the grid's CRS, as far as the grid goes."""
    west, south, east, north = shape.bounds
    a, _, c, _, e, f = source.transform[:6]
    cols = np.clip(_span((west - c) / a, (east - c) / a), 0, source.width)
    rows = np.clip(_span((north - f) / e, (south - f) / e), 0, source.height)
    return Window(int(cols[0]), int(rows[0]), int(cols[1] - cols[0]), int(rows[1] - rows[0]))


def _span(one: float, other: float) -> tuple[float, float]:
    low, high = sorted((one, other))
    return float(np.floor(low)) - PAD, float(np.ceil(high)) + PAD


def _flipped(values: FloatArray, hidden: BoolArray, t: Affine) -> tuple[FloatArray, BoolArray, Affine]:
    """A south-up grid turned over; nothing is resampled."""
    return values[::-1], hidden[::-1], Affine(t.a, 0.0, t.c, 0.0, -t.e, t.f + t.e * values.shape[0])


def refuse_empty(values: FloatArray, transform: Any, district: BaseGeometry, spec: LayerSpec) -> None:
    """Raise unless some pixel that the district touches holds a number.

    Parameters
    ----------
    values : (rows, cols) float
    transform : 6 floats
    district : shapely geometry
        In the grid's CRS.
    spec : LayerSpec

    Raises
    ------
    LayerError
    """
    transform = Affine(*transform[:6])
    touched = ~geometry_mask([district], values.shape, transform, all_touched=True)
    if not np.isfinite(values[touched]).any():
        raise LayerError(
            f"The raster {spec.path} has no valid pixel in the district: {int(touched.sum())} pixels, all masked.",
            remedy="Take a product that covers the district, or mend valid_range or classes in "
            f"[layers.{spec.name}] if it is coded otherwise.",
        )
