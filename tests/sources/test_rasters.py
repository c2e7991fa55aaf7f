"""Grids are read by window, masked, or refused with a remedy."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import rasterio
import shapely
from pyproj import CRS, Transformer
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, CrsError, LayerError
from justgeo.core.layer import Raster
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure.zonal import zonal_mean
from justgeo.sources.rasters import (
    NLCD_CLASSES,
    WORLDCOVER_CLASSES,
    grid_of,
    pixels_of,
    raster_footprint,
    read_raster,
    read_through,
    valid_share,
)

# A grid of 40 x 30 pixels of 30 m in EPSG:5070, near Durham.
WEST, NORTH, PIXEL = 1_513_395.0, 1_576_155.0, 30.0
COLS, ROWS = 40, 30


def write(
    path: Path,
    values: npt.NDArray[Any],
    crs: str | None = "EPSG:5070",
    transform: Affine | None = None,
    nodata: float | None = None,
    **profile: Any,
) -> Path:
    bands = values if values.ndim == 3 else values[None]
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=bands.shape[1],
        width=bands.shape[2],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=crs,
        transform=transform or Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH),
        nodata=nodata,
        **profile,
    ) as target:
        target.write(bands)
    return path


def lonlat(col: float, row: float, width: float, height: float) -> BaseGeometry:
    """A rectangle in pixels from the upper left corner, in EPSG:4326."""
    shape = shapely.segmentize(
        shapely.box(
            WEST + PIXEL * col, NORTH - PIXEL * (row + height), WEST + PIXEL * (col + width), NORTH - PIXEL * row
        ),
        PIXEL,
    )
    to_lonlat = Transformer.from_crs(5070, 4326, always_xy=True)
    return shapely.transform(shape, lambda p: np.column_stack(to_lonlat.transform(p[:, 0], p[:, 1])))


def area(district: BaseGeometry, window: BaseGeometry | None = None) -> Area:
    window = window if window is not None else district
    return Area(district=district, reference=None, window=window, halo=window, halo_m=0.0)


MIDDLE = area(lonlat(10.2, 10.2, 5.6, 4.6))


def ramp() -> npt.NDArray[np.uint8]:
    return (np.arange(ROWS * COLS).reshape(ROWS, COLS) % 101).astype(np.uint8)


def read(path: Path, where: Area = MIDDLE, name: str = "tree_canopy", **options: object) -> Raster:
    return read_raster(LayerSpec(name, path, options=options, vintage="2021", notes=("as given",)), where)


def test_the_window_is_padded_by_two_pixels(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.tif", ramp()))
    a, _, west, _, e, north = found.transform
    col, row = (west - WEST) / PIXEL, (NORTH - north) / PIXEL
    assert (a, e, col, row) == (PIXEL, -PIXEL, 8, 8)
    assert found.values.shape == (15 + 2 - 8, 16 + 2 - 8)
    np.testing.assert_array_equal(found.values, ramp()[8:17, 8:18])
    assert CRS.from_wkt(found.crs) == CRS.from_epsg(5070)


def test_the_window_is_clipped_to_the_raster(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.tif", ramp()), area(lonlat(-5, -5, 9.6, 9.6)))
    assert found.transform[2] == WEST
    assert found.transform[5] == NORTH
    np.testing.assert_array_equal(found.values, ramp()[:7, :7])


def test_the_window_is_that_of_the_area_not_of_the_district(tmp_path: Path) -> None:
    found = read(write(tmp_path / "a.tif", ramp()), area(lonlat(10, 10, 1, 1), lonlat(5, 5, 20, 20)))
    assert found.values.shape[0] >= 24


def test_nodata_and_codes_are_masked_and_a_true_zero_is_not(tmp_path: Path) -> None:
    """NLCD canopy: 254 not processed, 255 background; only one of them can be the file's nodata."""
    values = ramp()
    values[10, 10:13] = (0, 254, 255)
    found = read(write(tmp_path / "a.tif", values, nodata=255)).values[2]
    np.testing.assert_array_equal(found[2:5], [0.0, np.nan, np.nan])


def test_pixels_out_of_range_are_told(tmp_path: Path) -> None:
    values = ramp()
    values[10, 11:13] = 254
    told = read(write(tmp_path / "a.tif", values)).provenance.notes
    assert told[0] == "as given"
    assert "2 of 90 pixels" in told[1]
    assert "254" in told[1]
    assert len(read(write(tmp_path / "b.tif", ramp())).provenance.notes) == 1


def test_the_range_can_be_named(tmp_path: Path) -> None:
    values = ramp()
    found = read(write(tmp_path / "a.tif", values), valid_range=[0, 50]).values
    assert np.nanmax(found) <= 50
    assert np.isnan(found).any()


def test_negative_values_and_nan_are_masked(tmp_path: Path) -> None:
    values = ramp().astype(np.float32)
    values[10, 10:13] = (-3.4e38, np.nan, 12.5)
    found = read(write(tmp_path / "a.tif", values)).values[2]
    np.testing.assert_array_equal(found[2:5], [np.nan, np.nan, 12.5])


def test_land_cover_keeps_to_its_legend(tmp_path: Path) -> None:
    values = np.full((ROWS, COLS), 41, dtype=np.uint8)
    values[10, 10:15] = (0, 11, 250, 255, 13)
    found = read(write(tmp_path / "a.tif", values), name="land_cover").values[2]
    np.testing.assert_array_equal(found[2:7], [np.nan, 11.0, np.nan, np.nan, np.nan])
    assert set(NLCD_CLASSES) >= {11, 21, 22, 23, 24, 95}
    other = read(tmp_path / "a.tif", name="land_cover", classes=[11, 13]).values[2]
    np.testing.assert_array_equal(other[2:7], [np.nan, 11.0, np.nan, np.nan, 13.0])


@pytest.mark.parametrize("epsg", [4326, 3857, 32617, 2264])
def test_any_crs_keeps_its_own_grid(tmp_path: Path, epsg: int) -> None:
    shape = gpd.GeoSeries([MIDDLE.district.buffer(0.02)], crs=4326).to_crs(epsg)
    west, south, east, north = shape.total_bounds
    pixel = (east - west) / 50
    values = np.full((int((north - south) / pixel) + 1, 50), 40, dtype=np.uint8)
    path = write(tmp_path / "a.tif", values, f"EPSG:{epsg}", Affine(pixel, 0, west, 0, -pixel, north))
    found = read(path)
    assert CRS.from_wkt(found.crs) == CRS.from_epsg(epsg)
    assert raster_footprint(found).covers(MIDDLE.district)
    assert found.values.size < values.size
    zonal = zonal_mean(found, gpd.GeoSeries([MIDDLE.district], crs=4326))
    assert zonal.valid_share[0] == pytest.approx(1.0)


def test_a_south_up_grid_is_turned_over(tmp_path: Path) -> None:
    up = write(tmp_path / "a.tif", ramp())
    down = write(
        tmp_path / "b.tif", ramp()[::-1].copy(), transform=Affine(PIXEL, 0, WEST, 0, PIXEL, NORTH - ROWS * PIXEL)
    )
    one, other = read(up), read(down)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_allclose(one.transform, other.transform)


def test_scale_and_offset_of_the_file_are_heeded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (ramp().astype(np.int16) * 10))
    with rasterio.open(path, "r+") as target:
        target.scales, target.offsets = (0.1,), (0.0,)
    np.testing.assert_allclose(read(path).values, ramp()[8:17, 8:18])


def test_shares_of_one_are_not_taken_for_percents(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", ramp().astype(np.float32) / 100)
    with pytest.raises(LayerError, match="shares of one") as caught:
        read(path)
    assert "scale = 100" in caught.value.remedy
    np.testing.assert_allclose(read(path, scale=100).values, ramp()[8:17, 8:18], rtol=1e-6)


def test_bands_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.stack([ramp(), 100 - ramp()]))
    with pytest.raises(LayerError, match=r"2 band\(s\)"):
        read(path)
    np.testing.assert_array_equal(read(path, band=2).values, 100.0 - ramp()[8:17, 8:18])
    for wrong in (0, 3, "2", True):
        with pytest.raises(LayerError, match="band"):
            read(path, band=wrong)


@pytest.mark.parametrize("option", [{"valid_range": [100, 0]}, {"valid_range": "0-100"}, {"classes": []}])
def test_options_that_cannot_be(tmp_path: Path, option: dict[str, object]) -> None:
    with pytest.raises(LayerError, match=next(iter(option))):
        read(write(tmp_path / "a.tif", ramp()), **option)


def test_no_crs(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="does not say") as caught:
        read(write(tmp_path / "a.tif", ramp(), crs=None))
    assert "a_srs" in caught.value.remedy


def test_a_local_system_is_refused(tmp_path: Path) -> None:
    local = 'LOCAL_CS["site",LOCAL_DATUM["site",0],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    with pytest.raises(CrsError):
        read(write(tmp_path / "a.tif", ramp(), crs=local))


def test_a_rotated_raster_is_refused(tmp_path: Path) -> None:
    turned = Affine(PIXEL, 1, WEST, 1, -PIXEL, NORTH)
    with pytest.raises(LayerError, match="rotated"):
        read(write(tmp_path / "a.tif", ramp(), transform=turned))


def test_a_raster_of_another_place(tmp_path: Path) -> None:
    with pytest.raises(CoverageError, match="does not touch the district"):
        read(write(tmp_path / "a.tif", ramp()), area(shapely.box(-123.0, 45.0, -122.9, 45.1)))
    # the window alone is not enough
    with pytest.raises(CoverageError, match="does not touch"):
        read(tmp_path / "a.tif", area(lonlat(60, 60, 5, 5), lonlat(0, 0, 70, 70)))


def test_a_raster_of_a_part_of_the_district_is_read(tmp_path: Path) -> None:
    """The part that it lacks shows in the valid share, and the zone is then absent for it."""
    where = area(lonlat(-10, 0, 20, 10))
    found = read(write(tmp_path / "a.tif", ramp()), where)
    share = zonal_mean(found, gpd.GeoSeries([where.district], crs=4326)).valid_share[0]
    assert share == pytest.approx(0.5, abs=1e-3)


def test_nothing_valid_in_the_district(tmp_path: Path) -> None:
    values = ramp()
    values[9:16, 9:17] = 254
    with pytest.raises(LayerError, match="no valid pixel in the district"):
        read(write(tmp_path / "a.tif", values))


def test_no_raster_at_all(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="There is no raster"):
        read(tmp_path / "nothing.tif")
    (tmp_path / "page.tif").write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(LayerError, match="cannot be read"):
        read(tmp_path / "page.tif")


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.random.default_rng(0).integers(0, 100, (ROWS, COLS)).astype(np.uint8))
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) - 900])
    with pytest.raises(LayerError, match="cannot be read"):
        read(path)


def test_provenance(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", ramp())
    told = read(path, band=1).provenance
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (told.layer, told.vintage) == ("tree_canopy", "2021")
    assert told.asked["band"] == 1
    bare = read_raster(LayerSpec("impervious", path), MIDDLE).provenance
    assert bare.vintage == "not stated"


def test_the_footprint_follows_the_grid(tmp_path: Path) -> None:
    whole = area(lonlat(5, 5, 10, 10), lonlat(-9, -9, 90, 90))
    outline = raster_footprint(read(write(tmp_path / "a.tif", ramp()), whole))
    assert outline.symmetric_difference(lonlat(0, 0, COLS, ROWS)).area < 1e-5 * outline.area
    assert len(outline.exterior.coords) > 300


def test_a_strange_proj_database_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", ramp())
    code = (
        "import sys, shapely\n"
        "from pathlib import Path\n"
        "from justgeo.core.errors import LayerError\n"
        "from justgeo.core.spec import Area, LayerSpec\n"
        "from justgeo.sources.rasters import read_raster\n"
        "box = shapely.box(*map(float, sys.argv[2:]))\n"
        "try:\n"
        "    read_raster(LayerSpec('tree_canopy', Path(sys.argv[1])), Area(box, None, box, box, 0.0))\n"
        "except LayerError as problem:\n"
        "    sys.exit(3 if 'PROJ_DATA' in problem.remedy else 4)\n"
    )
    bounds = [str(b) for b in MIDDLE.district.bounds]
    root = str(Path(__file__).resolve().parents[2])
    here = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, "-c", code, str(path), *bounds]
    done = subprocess.run(command, env={**here, "PROJ_DATA": str(tmp_path)}, check=False, capture_output=True)
    assert done.returncode == 3, done.stderr.decode()


def test_worldcover_keeps_to_its_legend(tmp_path: Path) -> None:
    """0 is no data (product user manual), and so is whatever the legend lacks."""
    values = np.full((ROWS, COLS), 50, dtype=np.uint8)
    values[10, 10:15] = (0, 10, 100, 11, 95)
    found = read(write(tmp_path / "a.tif", values, nodata=0), name="worldcover").values[2]
    np.testing.assert_array_equal(found[2:7], [np.nan, 10.0, 100.0, np.nan, 95.0])
    assert len(WORLDCOVER_CLASSES) == 11


def test_canopy_height_is_in_metres(tmp_path: Path) -> None:
    values = np.full((ROWS, COLS), 12, dtype=np.uint8)
    values[10, 10:13] = (0, 255, 101)
    found = read(write(tmp_path / "a.tif", values), name="canopy_height").values[2]
    np.testing.assert_array_equal(found[2:6], [0.0, np.nan, np.nan, 12.0])


def test_kelvin_is_not_taken_for_celsius(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.full((ROWS, COLS), 305.0, dtype=np.float32))
    with pytest.raises(LayerError, match="no valid pixel"):
        read(path, name="surface_temperature")
    found = read(write(tmp_path / "b.tif", np.full((ROWS, COLS), 31.5)), name="surface_temperature")
    assert (found.values == 31.5).all()


def test_a_raster_that_ends_in_the_district_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", ramp())
    notes = read(path, area(lonlat(-10, 0, 20, 10))).provenance.notes
    assert "The raster covers 50 % of the district." in notes
    assert not any("covers" in note for note in read(path).provenance.notes)


def test_what_a_file_says_of_itself(tmp_path: Path) -> None:
    grid = grid_of(write(tmp_path / "a.tif", ramp(), nodata=255))
    assert (grid.width, grid.height, grid.bands, grid.dtype, grid.nodata) == (COLS, ROWS, 1, "uint8", 255)
    assert grid.bounds == (WEST, NORTH - ROWS * PIXEL, WEST + COLS * PIXEL, NORTH)
    assert CRS.from_wkt(grid.crs) == CRS.from_epsg(5070)
    assert grid_of(write(tmp_path / "b.tif", ramp(), crs=None)).crs == ""
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif"), ramp())
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tif", slice(3, 9), slice(20, 30)), ramp()[20:30, 3:9])
    read_through(tmp_path / "a.tif")


def test_a_damaged_file_is_found_out_before_it_is_needed(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 100, (2, ROWS, COLS)).astype(np.uint8)
    path = write(tmp_path / "a.tif", noise, interleave="band")
    path.write_bytes(path.read_bytes()[:-400])  # the last rows of the second band
    assert pixels_of(path).shape == (ROWS, COLS)
    with pytest.raises(LayerError, match="no whole raster") as caught:
        read_through(path)
    assert str(tmp_path) not in caught.value.message
    (tmp_path / "page.tif").write_text("<html>", encoding="utf-8")
    for look in (grid_of, pixels_of, read_through):
        with pytest.raises(LayerError, match="no whole raster"):
            look(tmp_path / "page.tif")


def test_the_share_of_pixels_that_hold_a_number(tmp_path: Path) -> None:
    values = ramp()
    values[10:20, 10:13] = 255
    found = read(write(tmp_path / "a.tif", values, nodata=255), area(lonlat(5, 5, 20, 20)))
    assert valid_share(found, lonlat(10, 10, 10, 10)) == pytest.approx(0.7)
    assert valid_share(found, lonlat(14, 10, 4, 4)) == 1.0
    assert np.isnan(valid_share(found, lonlat(200, 200, 5, 5)))
