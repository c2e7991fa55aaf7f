"""Opening a raster file: by what it is and not by what it is called, and never so that it leads elsewhere.

GDAL knows some hundred formats, and tells them apart by their first bytes. Some of those are texts that name other
files, or addresses: a ``.tif`` that holds one would be read from wherever it says, and its digest would say nothing of
what was read. So only formats that hold their own pixels are opened, and mosaics of fetched pieces in the very form in
which they are put together here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
import rasterio.errors
from pyproj import CRS
from pyproj.exceptions import ProjError

from justgeo.core.district import transformer
from justgeo.core.errors import CrsError, LayerError
from justgeo.sources._geo import WGS84

MOST_BLOCK = 256 << 20
"""Bytes of one block, which GDAL unpacks as a whole: usual ones have a megabyte, a strip of a wide raster some more."""
MOST_RATIO, HARMLESS = 200, 2 << 30
"""A file that is read from end to end may unpack to so many times its size, or to so much whatever its size."""

#: First bytes, and the format that they are of: GeoTIFF, BigTIFF, and ERDAS Imagine.
_FORMATS = {
    b"II*\x00": "GTiff",
    b"MM\x00*": "GTiff",
    b"II+\x00": "GTiff",
    b"MM\x00+": "GTiff",
    b"EHFA_HEADER_TAG": "HFA",
}
_AGAIN = "Take the file from its source once more."
#: A mosaic exactly as `live.grids.mosaic` writes it: of files beside it, each with its digest, and of nothing else.
_NUMBER = rb"[-+.\w]+"
_NAME = rb"(?:[^<>/\\:&]|&amp;)+"
_BOX = rb'xOff="\d+" yOff="\d+" xSize="\d+" ySize="\d+"/>'
_FROM, _INTO = rb'<SimpleSource><SourceFilename relativeToVRT="1">', b"<SourceBand>1</SourceBand><SrcRect "
_REST = b"</SourceFilename>" + _INTO + _BOX + b"<DstRect " + _BOX + b"</SimpleSource>\n"
_MOSAIC = re.compile(
    rb'<VRTDataset rasterXSize="\d+" rasterYSize="\d+">\n<SRS>[A-Z_]+\[[^<>]*</SRS>\n'
    rb"<GeoTransform>" + _NUMBER + rb"(?:, " + _NUMBER + rb"){5}</GeoTransform>\n"
    rb'<Metadata domain="sha256">((?:<MDI key="[^<>"]+">[0-9a-f]{64}</MDI>)+)</Metadata>\n'
    rb'<VRTRasterBand dataType="\w+" band="1">(?:<NoDataValue>' + _NUMBER + rb"</NoDataValue>)?\n"
    rb"((?:" + _FROM + _NAME + _REST + rb")+)</VRTRasterBand>\n</VRTDataset>\n"
)
_MOST_MOSAIC = 1 << 20


class NoRasterError(Exception):
    """What is wrong with the file, in words that follow "cannot be read as a raster"."""


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A raster that can be read block by block.

    Raises
    ------
    NoRasterError
        It is none, of a format that points to other files, damaged, or of absurd blocks; also what GDAL says of a part
        that is missing while it is read.
    """
    try:
        with rasterio.open(path, driver=_format(path)) as source:
            _check_blocks(source)
            yield source
    except (rasterio.errors.RasterioError, rasterio._err.CPLE_BaseError, UnicodeDecodeError, OSError) as problem:
        # GDAL's own words hold whole paths.
        said = " ".join(str(problem).replace(str(path), path.name).split())
        raise NoRasterError(said[:200]) from problem
    except MemoryError as problem:
        raise NoRasterError("it asks for more memory than there is") from problem


def _format(path: Path) -> str:
    found = _by_head(path)
    if found is None and _is_own_mosaic(path):
        return "VRT"
    if found is None:
        raise NoRasterError("it is neither a GeoTIFF nor an ERDAS Imagine file")
    return found


def _by_head(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(16)
    return next((name for magic, name in _FORMATS.items() if head.startswith(magic)), None)


def _is_own_mosaic(path: Path) -> bool:
    """Whether it is a mosaic that was put together of fetched pieces, all of them GeoTIFFs beside it."""
    with path.open("rb") as file:
        body = file.read(_MOST_MOSAIC)
    whole = _MOSAIC.fullmatch(body)
    if whole is None:
        return False
    names = re.findall(_FROM + rb"([^<]+)<", whole[2])
    told = re.findall(rb'key="([^"]+)"', whole[1])
    pieces = [path.parent / name.decode("utf-8").replace("&amp;", "&") for name in names]
    return set(names) == set(told) and all(one.is_file() and _by_head(one) == "GTiff" for one in pieces)


def _check_blocks(source: Any) -> None:
    if not source.count:
        raise NoRasterError("it has no band")
    together = source.count if str(source.interleaving or "").lower().endswith("pixel") else 1
    for (rows, cols), dtype in zip(source.block_shapes, source.dtypes, strict=True):
        size = rows * cols * together * _bytes_of(dtype)
        if size > MOST_BLOCK:
            raise NoRasterError(f"a block of it has {size:,} bytes; gdal_translate -co TILED=YES makes smaller ones")


def _bytes_of(dtype: str) -> int:
    return {"uint8": 1, "int8": 1, "uint16": 2, "int16": 2}.get(dtype, 16 if dtype == "complex128" else 8)


def crs_of(source: Any, path: Path) -> CRS:
    """The CRS of a raster.

    Raises
    ------
    CrsError
        It names none, or none that has a place on Earth.
    """
    if source.crs is None:
        raise CrsError(
            f"The raster {path} does not say in which CRS it is.",
            remedy="Look the CRS up where the raster came from and assign it: gdal_edit.py -a_srs EPSG:5070 FILE.",
        )
    try:
        crs = CRS.from_wkt(source.crs.to_wkt())
        transformer(WGS84, crs)  # fails for the Moon
    except (ProjError, rasterio.errors.CRSError) as problem:
        raise CrsError(
            f"The CRS of the raster {path} is not understood ({str(problem)[:200]}).",
            remedy="Assign a CRS with an EPSG code: gdal_edit.py -a_srs EPSG:5070 FILE.",
        ) from problem
    if not (crs.is_geographic or crs.is_projected):
        raise CrsError(
            f"The raster {path} is in a local system ({crs.name}) that has no place on Earth.",
            remedy="Warp it to a CRS with an EPSG code.",
        )
    return crs


def refuse_complex(source: Any, band: int, path: Path) -> None:
    """Raise where the pixels are complex numbers: which part of them is meant is not known.

    Raises
    ------
    LayerError
    """
    if "complex" in source.dtypes[band - 1]:
        raise LayerError(
            f"The raster {path} holds complex numbers.",
            remedy="Write the part that is meant to a GeoTIFF of its own, and name that.",
        )


def refuse_odd_numbers(transform: Any, path: Path) -> None:
    """Raise where the place or size of the pixels is no number.

    Raises
    ------
    LayerError
    """
    if not all(map(math.isfinite, tuple(transform)[:6])):
        raise LayerError(f"The raster {path} does not say where its pixels lie.", remedy=_AGAIN)


def refuse_swelling(source: Any, path: Path) -> None:
    """Raise where a file that is to be read from end to end would unpack to more than data do.

    Raises
    ------
    NoRasterError
    """
    size = source.width * source.height * sum(map(_bytes_of, source.dtypes))
    if size > max(HARMLESS, MOST_RATIO * path.stat().st_size):
        raise NoRasterError(f"it would unpack to {size / 1e9:,.0f} GB, more than data do")
