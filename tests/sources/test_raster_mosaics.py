"""Mosaics of fetched grids are read again; a text that leads anywhere but to the pieces beside it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from justgeo.core.errors import LayerError
from justgeo.sources import _raster_files, rasters
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import grids

NAMES = ("p & 0.tif", "p & 1.tif")


def piece(path: Path, values: np.ndarray, left: int, nodata: float | None) -> grids.Piece:
    """Write one, and read back what a mosaic is told of it."""
    told: dict[str, Any] = {"width": values.shape[1], "height": values.shape[0], "count": 1, "dtype": values.dtype}
    told |= {"crs": "EPSG:5070", "nodata": nodata}
    transform = Affine(30, 0, 15 + 30 * left, 0, -30, 3015)
    with rasterio.open(path, "w", driver="GTiff", transform=transform, **told) as target:
        target.write(values, 1)
    return grids.Piece(path.name, rasters.grid_of(path), sha256_of(path))


@pytest.fixture
def text(tmp_path: Path) -> str:
    """What a fetch writes beside two pieces."""
    return mosaic(tmp_path, np.dtype(np.uint8), 255)


def mosaic(folder: Path, dtype: np.dtype[Any], nodata: float | None) -> str:
    values = np.arange(40 * 60).reshape(40, 60).astype(dtype)
    cut = ((NAMES[0], 0, 35), (NAMES[1], 35, 60))
    pieces = [piece(folder / name, values[:, left:right], left, nodata) for name, left, right in cut]
    return grids.mosaic(pieces, "here")


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", 255), ("uint8", None), ("int16", -32768), ("float32", -3.4028234663852886e38)],
)
def test_a_mosaic_as_it_is_written_is_read(tmp_path: Path, dtype: str, nodata: float | None) -> None:
    path = tmp_path / "all.vrt"
    path.write_text(mosaic(tmp_path, np.dtype(dtype), nodata), encoding="utf-8")
    with _raster_files.opened(path) as source:
        assert source.driver == "VRT"
        np.testing.assert_array_equal(source.read(1), np.arange(40 * 60).reshape(40, 60).astype(dtype))


LEADS = {
    "above": "../{}",
    "below": "deeper/{}",
    "absolute": "/etc/passwd",
    "turned": "..\\{}",
    "URL": "https://example.org/{}",
    "vsicurl": "/vsicurl/https://example.org/{}",
    "vsizip": "/vsizip/a.zip/{}",
    "subdataset": "GTIFF_DIR:1:{}",
    "itself": "all.vrt",
    "another": "other.vrt",
    "missing": "missing.tif",
    "folder": ".",
    "folder above": "..",
    "escaped": "&#46;&#46;&#47;{}",
}


@pytest.mark.parametrize("lead", LEADS)
def test_a_mosaic_that_leads_elsewhere_is_refused(tmp_path: Path, text: str, lead: str) -> None:
    """Though what it leads to is there, and is told with a digest."""
    base = tmp_path / "here"
    for folder in (base, base / "deeper"):
        folder.mkdir()
        for name in NAMES:
            (folder / name).write_bytes((tmp_path / name).read_bytes())
    (base / "other.vrt").write_text(text, encoding="utf-8")
    name = NAMES[0].replace("&", "&amp;")
    assert text.count(name) == 2
    path = base / "all.vrt"
    path.write_text(text.replace(name, LEADS[lead].format(name)), encoding="utf-8")
    with pytest.raises(_raster_files.NoRasterError, match="neither a GeoTIFF nor"), _raster_files.opened(path):
        pass
    with pytest.raises(LayerError):
        rasters.read_through(path)
    path.write_text(text, encoding="utf-8")  # and for nothing but that
    with _raster_files.opened(path) as source:
        assert source.shape == (40, 60)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('relativeToVRT="1"', 'relativeToVRT="0"'),
        ("<SourceBand>1", "<OpenOptions/><SourceBand>1"),
        ("SimpleSource>", "ComplexSource>"),
        ('<Metadata domain="sha256">', '<Metadata domain="other">'),
        ("</VRTDataset>\n", "</VRTDataset>\n<more/>"),
        ("<VRTRasterBand ", '<VRTRasterBand subClass="VRTDerivedRasterBand" '),
        ("<MDI key=", '<MDI key="one">' + 64 * "0" + "</MDI><MDI key="),
    ],
)
def test_a_mosaic_of_another_form_is_refused(tmp_path: Path, text: str, old: str, new: str) -> None:
    assert old in text
    path = tmp_path / "all.vrt"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(_raster_files.NoRasterError, match="neither a GeoTIFF nor"), _raster_files.opened(path):
        pass
