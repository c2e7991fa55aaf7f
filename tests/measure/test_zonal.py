"""Zonal means: the worked example, brute force, water, nodata, what lies beyond the grid, other CRSs."""

from __future__ import annotations

from collections.abc import Sequence

import exactextract
import geopandas as gpd
import numpy as np
import pytest
import shapely
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from shapely.geometry import MultiPolygon, Point, Polygon, box

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import FloatArray, Provenance, Raster
from justgeo.measure.zonal import align, class_share, zonal_mean

ALBERS = CRS.from_epsg(5070).to_wkt()
WEST, NORTH = 1_513_395.0, 1_576_155.0
NAN = float("nan")


def raster(
    values: Sequence[Sequence[float]] | FloatArray,
    pixel: float = 30.0,
    west: float = WEST,
    north: float = NORTH,
    crs: str = ALBERS,
) -> Raster:
    array = np.asarray(values, dtype=np.float64)
    return Raster(array, (pixel, 0.0, west, 0.0, -pixel, north), crs, Provenance("tree_canopy", "s", "d", "2021"))


def zones(*shapes: object, crs: str | None = ALBERS) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=crs)


def cell(col: float, row: float, width: float = 1.0, height: float = 1.0) -> Polygon:
    """A rectangle in pixels from the upper left corner of the grid."""
    return box(WEST + 30 * col, NORTH - 30 * (row + height), WEST + 30 * (col + width), NORTH - 30 * row)


def covering(fractions: Sequence[Sequence[float]]) -> MultiPolygon:
    """A shape that covers each pixel by the given fraction."""
    return MultiPolygon([cell(c, r, f, 1.0) for r, row in enumerate(fractions) for c, f in enumerate(row)])


# The worked example of METHODS 4.2: 254 and 255 are masked by the reader.
CANOPY = [[10, 20, NAN], [40, 60, 0], [NAN, 30, 20]]
COVERED = [[1, 1, 1], [0.5, 1, 1], [1, 0.25, 0.1]]


def test_the_worked_example() -> None:
    shape = shapely.union_all(covering(COVERED))
    found = zonal_mean(raster(CANOPY), zones(shape))
    assert found.mean[0] == pytest.approx(24.64, abs=0.005)
    assert found.valid_share[0] == pytest.approx(0.708029, abs=1e-6)
    assert found.valid_area[0] == pytest.approx(4.85 * 900, rel=1e-6)
    assert found.area[0] == pytest.approx(6.85 * 900, rel=1e-6)


def test_nodata_is_not_zero_and_is_never_counted() -> None:
    found = zonal_mean(raster([[NAN, 50.0]]), zones(cell(0, 0, 2, 1), cell(0, 0)))
    assert found.mean[0] == pytest.approx(50.0)
    assert found.valid_share[0] == pytest.approx(0.5)
    assert np.isnan(found.mean[1])
    assert found.valid_share[1] == 0.0


def test_a_true_zero_is_counted() -> None:
    found = zonal_mean(raster([[0.0, 50.0]]), zones(cell(0, 0, 2, 1)))
    assert found.mean[0] == pytest.approx(25.0)


def test_a_zone_smaller_than_a_pixel_has_a_value() -> None:
    found = zonal_mean(raster(CANOPY), zones(cell(1.4, 1.4, 0.1, 0.1)))
    assert found.mean[0] == pytest.approx(60.0)
    assert found.valid_area[0] == pytest.approx(9.0, rel=1e-4)


def test_a_zone_smaller_than_a_square_metre_is_known() -> None:
    found = zonal_mean(raster([[40.0]]), zones(cell(0, 0, 1 / 60, 1 / 60)))
    assert found.area[0] == pytest.approx(0.25, rel=1e-3)
    assert (found.mean[0], found.valid_share[0]) == pytest.approx((40.0, 1.0))


def test_water_leaves_the_land() -> None:
    cover = raster([[11, 21, 21], [11, 21, 21], [21, 21, 21]])
    found = zonal_mean(raster(CANOPY), zones(cell(0, 0, 3, 3)), mask=cover)
    assert found.mean[0] == pytest.approx((20 + 60 + 0 + 30 + 20) / 5)
    assert found.area[0] == pytest.approx(7 * 900)
    assert found.valid_share[0] == pytest.approx(5 / 7)


def test_a_zone_all_in_water_has_no_value() -> None:
    found = zonal_mean(raster([[10.0]]), zones(cell(0, 0)), mask=raster([[11.0]]))
    assert np.isnan(found.mean[0])
    assert np.isnan(found.valid_share[0])
    assert found.area[0] == 0.0


def test_where_the_land_cover_is_unknown_the_canopy_is_not_counted() -> None:
    found = zonal_mean(raster([[10.0, 90.0]]), zones(cell(0, 0, 2, 1)), mask=raster([[21.0, NAN]]))
    assert found.mean[0] == pytest.approx(10.0)
    assert found.valid_share[0] == pytest.approx(0.5)


def test_what_lies_beyond_the_grid_is_not_valid() -> None:
    found = zonal_mean(raster([[10.0]]), zones(cell(0, 0, 4, 1), cell(7, 7)))
    assert found.mean[0] == pytest.approx(10.0)
    assert found.valid_share[0] == pytest.approx(0.25)
    assert found.area[0] == pytest.approx(4 * 900)
    assert np.isnan(found.mean[1])
    assert found.valid_share[1] == 0.0


def test_shares_of_all_classes_sum_to_one_over_land() -> None:
    cover = raster([[11, 21, 22], [23, 24, 41], [NAN, 41, 41]])
    where = zones(cell(0.3, 0.2, 2.5, 2.6))
    shares = [class_share(cover, where, [c]).mean[0] for c in (21, 22, 23, 24, 41)]
    assert sum(shares) == pytest.approx(1.0)
    assert class_share(cover, where, [21, 22, 23, 24, 41]).mean[0] == pytest.approx(1.0)


def test_share_over_land_and_over_all_valid_pixels() -> None:
    cover = raster([[11, 22, 23, 41, NAN]])
    where = zones(cell(0, 0, 5, 1))
    land, everything = class_share(cover, where, (22, 23)), class_share(cover, where, (22, 23), water=())
    assert land.mean[0] == pytest.approx(2 / 3)
    assert everything.mean[0] == pytest.approx(2 / 4)
    assert land.valid_share[0] == pytest.approx(3 / 4)
    assert everything.valid_share[0] == pytest.approx(4 / 5)
    assert class_share(cover, where, (11,), water=()).mean[0] == pytest.approx(1 / 4)


def test_water_asked_for_and_left_out_is_refused() -> None:
    with pytest.raises(LayerError, match="water"):
        class_share(raster([[11.0]]), zones(cell(0, 0)), (11, 21))


def test_missing_and_empty_zones_give_no_value_and_keep_their_places() -> None:
    found = zonal_mean(raster([[10.0, 20.0]]), zones(None, cell(0, 0), Polygon(), cell(1, 0)))
    np.testing.assert_array_equal(found.mean, [NAN, 10.0, NAN, 20.0])
    np.testing.assert_array_equal(found.valid_share, [NAN, 1.0, NAN, 1.0])
    assert np.isnan(zonal_mean(raster([[1.0]]), zones(None)).mean).all()


def test_a_self_crossing_zone_is_mended() -> None:
    bow = Polygon([(WEST, NORTH), (WEST + 60, NORTH - 60), (WEST + 60, NORTH), (WEST, NORTH - 60)])
    assert not bow.is_valid
    found = zonal_mean(raster([[10, 20], [30, 40]]), zones(bow))
    assert found.area[0] == pytest.approx(1800.0, rel=1e-6)
    assert found.mean[0] == pytest.approx(25.0)


def test_points_are_no_zones() -> None:
    with pytest.raises(LayerError, match="Point"):
        zonal_mean(raster([[1.0]]), zones(Point(WEST, NORTH)))


def test_zones_without_crs_are_refused() -> None:
    with pytest.raises(CrsError, match="no CRS"):
        zonal_mean(raster([[1.0]]), zones(cell(0, 0), crs=None))


def test_a_rotated_grid_is_refused() -> None:
    turned = Raster(np.ones((2, 2)), (30.0, 1.0, WEST, 1.0, -30.0, NORTH), ALBERS, Provenance("x", "", "", ""))
    with pytest.raises(LayerError, match="north-up"):
        zonal_mean(turned, zones(cell(0, 0)))


def test_zones_in_another_crs_are_brought_to_the_grid() -> None:
    grid = raster(np.arange(10_000).reshape(100, 100))
    square = cell(10.3, 20.6, 60.2, 50.9)
    here = zones(square)
    there = gpd.GeoSeries(here.segmentize(50.0)).to_crs(4326)
    one, other = zonal_mean(grid, here), zonal_mean(grid, there)
    assert other.mean[0] == pytest.approx(one.mean[0], rel=1e-6)
    assert other.area[0] == pytest.approx(one.area[0], rel=1e-6)


def test_long_edges_are_densified_before_they_are_projected() -> None:
    """A degree of parallel is no straight line in Albers: unsplit it would cut off more than a kilometre."""
    grid = raster(np.ones((60, 60)), pixel=3000.0, west=WEST - 60_000, north=NORTH + 60_000)
    degree = gpd.GeoSeries([box(-79.0, 35.5, -78.0, 36.5)], crs=4326)
    true, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(degree.iloc[0], 0.01))
    assert zonal_mean(grid, degree).area[0] == pytest.approx(abs(true), rel=1e-5)


@pytest.mark.parametrize("epsg", [4326, 3857, 26917])
def test_areas_are_true_square_metres(epsg: int) -> None:
    shape = box(-78.95, 35.95, -78.85, 36.05)
    true = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(shape, 0.001))[0])
    local = gpd.GeoSeries([shapely.segmentize(shape, 0.001)], crs=4326).to_crs(epsg)
    west, south, east, north = local.total_bounds
    pixel = (east - west) / 80
    grid = raster(
        np.ones((int((north - south) / pixel) + 3, 84)),
        pixel,
        west - pixel,
        north + pixel,
        CRS.from_epsg(epsg).to_wkt(),
    )
    found = zonal_mean(grid, gpd.GeoSeries([shape], crs=4326))
    tolerance = 1e-3 if epsg == 26917 else 1e-5  # UTM is conformal, its scale is 0.9996 to 1.001
    assert found.area[0] == pytest.approx(true, rel=tolerance)
    assert found.valid_share[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("epsg", "power"), [(4326, 1), (3857, 2)])
def test_pixels_nearer_the_pole_weigh_less(epsg: int, power: int) -> None:
    """Two rows, at 20 and 60 degrees north: weights cos φ in degrees, cos² φ in web Mercator."""
    centres = gpd.GeoSeries([Point(0, 20), Point(0, 60)], crs=4326).to_crs(epsg).y.to_numpy()
    pixel = (centres[1] - centres[0]) / 100
    values = np.full((101, 1), NAN)
    values[0], values[100] = 100.0, 0.0
    grid = raster(values, pixel, -pixel / 2, centres[1] + pixel / 2, CRS.from_epsg(epsg).to_wkt())
    whole = box(-pixel / 2, centres[0] - pixel / 2, pixel / 2, centres[1] + pixel / 2)
    found = zonal_mean(grid, zones(whole, crs=grid.crs))
    low, high = np.cos(np.radians([20.0, 60.0])) ** power
    assert found.mean[0] == pytest.approx(100 * high / (low + high), abs=0.2)


def test_feet_become_square_metres() -> None:
    feet = CRS.from_epsg(2264).to_wkt()  # North Carolina, US survey feet
    grid = raster([[1.0]], 100.0, 2_000_000.0, 800_000.0, feet)
    found = zonal_mean(grid, zones(box(2_000_000, 799_900, 2_000_100, 800_000), crs=feet))
    assert found.area[0] == pytest.approx((100 * 1200 / 3937) ** 2, rel=1e-9)


def test_overlapping_zones_each_have_their_full_value() -> None:
    found = zonal_mean(raster([[10.0, 20.0, 30.0]]), zones(cell(0, 0, 2, 1), cell(1, 0, 2, 1), cell(0, 0, 3, 1)))
    np.testing.assert_allclose(found.mean, [15.0, 25.0, 20.0], rtol=1e-6)


def test_rows_keep_the_order_of_the_zones_beyond_ten() -> None:
    """Identifiers come back from exactextract as text, where "10" stands before "2": none are sent through."""
    values = np.arange(25.0).reshape(1, 25)
    shapes = gpd.GeoSeries([cell(k, 0) for k in range(25)], index=[f"z{k}" for k in range(25)], crs=ALBERS)
    np.testing.assert_allclose(zonal_mean(raster(values), shapes[::-1]).mean, values[0, ::-1])
    frame = gpd.GeoDataFrame({"n": range(3)}, geometry=shapes.iloc[:3].to_list(), crs=ALBERS)
    source = NumPyRasterSource(values, WEST, NORTH - 30, WEST + 750, NORTH, srs_wkt=frame.crs.to_wkt())
    told = exactextract.exact_extract(source, frame, ["sum"], include_cols=["n"], output="pandas")
    assert [str(n) for n in told["n"]] == ["0", "1", "2"]


def test_a_mask_on_another_grid_is_sampled_at_the_pixel_centres() -> None:
    fine = raster(np.zeros((4, 4)))
    coarse = raster([[11.0, 21.0], [31.0, 41.0]], pixel=60.0)
    np.testing.assert_array_equal(
        align(coarse, fine), [[11, 11, 21, 21], [11, 11, 21, 21], [31, 31, 41, 41], [31, 31, 41, 41]]
    )


def test_a_grid_shifted_by_one_pixel_is_not_taken_for_the_same() -> None:
    shifted = raster([[11.0, 21.0]], west=WEST + 30)
    np.testing.assert_array_equal(align(shifted, raster(np.zeros((1, 2)))), [[NAN, 11.0]])


def test_a_mask_in_another_crs_is_sampled_where_the_pixels_lie() -> None:
    grid = raster(np.zeros((20, 20)))
    longitude = gpd.GeoSeries([box(-79.5, 35.5, -78.5, 36.5)], crs=4326)
    west, south, east, north = longitude.total_bounds
    pixel = 0.0005
    cols, rows = round((east - west) / pixel), round((north - south) / pixel)
    mask = raster(np.tile(np.arange(cols, dtype=float), (rows, 1)), pixel, west, north, CRS.from_epsg(4326).to_wkt())
    found = align(mask, grid)
    centre = gpd.GeoSeries([Point(WEST + 30 * 7.5, NORTH - 30 * 3.5)], crs=ALBERS).to_crs(4326).iloc[0]
    assert found[3, 7] == np.floor((centre.x - west) / pixel)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_against_brute_force_supersampling(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 100, (6, 6))
    values[rng.random((6, 6)) < 0.2] = NAN
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    radii = rng.uniform(20, 80, 9)
    shape = Polygon(np.column_stack([WEST + 90 + radii * np.cos(angles), NORTH - 90 + radii * np.sin(angles)]))
    if not shape.is_valid:
        shape = shape.buffer(0)
    n = 60
    offset = (np.arange(6 * n) + 0.5) * 30 / n
    x, y = np.meshgrid(WEST + offset, NORTH - offset)
    inside = shapely.contains_xy(shape, x, y)
    fine = np.kron(values, np.ones((n, n)))
    counted = inside & np.isfinite(fine)
    found = zonal_mean(raster(values), zones(shape))
    assert found.area[0] == pytest.approx(shape.area, rel=1e-5)
    if counted.sum() > 2000:
        assert found.mean[0] == pytest.approx(fine[counted].mean(), abs=0.5)
        assert found.valid_share[0] == pytest.approx(counted.sum() / inside.sum(), abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 5.9), st.integers(0, 1000))
def test_two_halves_make_the_whole(cut: float, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(0, 100, (6, 6))
    found = zonal_mean(raster(values), zones(cell(0, 0, 6, 6), cell(0, 0, cut, 6), cell(cut, 0, 6 - cut, 6)))
    total = found.mean * found.valid_area
    assert total[1] + total[2] == pytest.approx(total[0], rel=1e-5)
    assert values.min() <= found.mean[0] <= values.max()
