"""Where a grid begins and ends, row by row and to the metre."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import box

from justgeo.core.errors import LayerError
from justgeo.core.layer import Provenance, Raster
from justgeo.measure.grids import Grid
from justgeo.measure.zonal import align

ALBERS = "EPSG:5070"
MADE = Provenance("tree_canopy", "by hand", "none", "2021")


def grid(*transform: float, rows: int = 4, columns: int = 3, crs: str = ALBERS) -> Grid:
    return Grid.of(Raster(np.zeros((rows, columns)), transform, crs, MADE))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "transform",
    [
        (30.0, 1.0, 0.0, 0.0, -30.0, 0.0),
        (30.0, 0.0, 0.0, 1.0, -30.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, -30.0, 0.0),
        (-30.0, 0.0, 0.0, 0.0, -30.0, 0.0),
        (30.0, 0.0, 0.0, 0.0, 30.0, 0.0),
        (30.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_turned_mirrored_and_flat_grids_are_refused(transform: tuple[float, ...]) -> None:
    with pytest.raises(LayerError, match="north-up"):
        grid(*transform)


def test_bounds_of_rows_in_the_middle() -> None:
    """Four rows of 30 m from the north edge at 1000: rows 1 and 2 lie from 970 down to 910."""
    made = grid(30.0, 0.0, 500.0, 0.0, -30.0, 1000.0)
    assert made.bounds == (500.0, 880.0, 590.0, 1000.0)
    assert made.bounds_of(slice(1, 3)) == (500.0, 910.0, 590.0, 970.0)


def test_boxes_hold_their_zones_with_a_pixel_to_spare_and_end_with_the_grid() -> None:
    made = grid(10.0, 0.0, 0.0, 0.0, -10.0, 100.0, rows=10, columns=10)
    zones = np.array([box(35, 45, 44, 54), box(-50, -50, 500, 500), box(200, 200, 210, 210)], dtype=object)
    first, second, third = made.boxes(zones).tolist()
    assert first == [3, 7, 2, 6]  # rows 4 and 5, columns 3 and 4, one more on each side
    assert second == [0, 10, 0, 10]
    assert third[2] >= third[3] or third[0] >= third[1]


def test_what_lies_beyond_each_edge() -> None:
    made = grid(10.0, 0.0, 0.0, 0.0, -10.0, 100.0, rows=10, columns=10)
    inside, west, south, east, north = (
        box(0, 0, 100, 100), box(-2, 0, 50, 10), box(0, -3, 10, 50), box(50, 0, 104, 10), box(0, 50, 10, 105),
    )  # fmt: skip
    zones = np.array([inside, west, south, east, north], dtype=object)
    assert made.beyond(zones).tolist() == pytest.approx([0, 20, 30, 40, 50])


def test_pixels_of_a_grid_in_degrees_are_as_large_as_geographiclib_has_them() -> None:
    row = grid(1.0, 0.0, 0.0, 0.0, -1.0, 61.0, rows=61, columns=1, crs="EPSG:4326").row_areas()
    earth = Geod(ellps="WGS84")
    for at, south in ((0, 60.0), (30, 30.0), (60, 0.0)):
        cell = shapely.segmentize(box(0, south, 1, south + 1), 0.01)
        assert row[at] == pytest.approx(earth.geometry_area_perimeter(cell)[0], rel=1e-6)


def test_a_grid_that_lies_two_thirds_of_a_pixel_off_is_read_at_the_middles_of_the_other() -> None:
    """Middles at 15, 45, 75 m; the mask begins at 20 m from the west and 20 m below the north."""
    raster = Raster(np.zeros((3, 3)), (30.0, 0.0, 0.0, 0.0, -30.0, 90.0), ALBERS, MADE)
    values = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    mask = Raster(values, (30.0, 0.0, 20.0, 0.0, -30.0, 70.0), ALBERS, MADE)
    found = align(mask, raster)
    assert np.isnan(found[0]).all() and np.isnan(found[:, 0]).all()
    assert found[1:, 1:].tolist() == [[1.0, 2.0], [4.0, 5.0]]
    other = align(replace(mask, transform=(30.0, 0.0, -20.0, 0.0, -30.0, 110.0)), raster)
    assert np.isnan(other[2]).all() and np.isnan(other[:, 2]).all()
    assert other[:2, :2].tolist() == [[5.0, 6.0], [8.0, 9.0]]


def test_a_grid_that_lies_a_centimetre_off_is_the_same_and_is_handed_on() -> None:
    raster = Raster(np.zeros((3, 3)), (30.0, 0.0, 0.0, 0.0, -30.0, 90.0), ALBERS, MADE)
    mask = Raster(np.arange(9.0).reshape(3, 3), (30.0, 0.0, 0.01, 0.0, -30.0, 90.01), ALBERS, MADE)
    assert align(mask, raster) is mask.values
    smaller = Raster(np.ones((2, 3)), (30.0, 0.0, 0.0, 0.0, -45.0, 90.0), ALBERS, MADE)
    assert align(smaller, raster).tolist() == [[1.0] * 3] * 3


def test_edges_in_degrees_are_split_every_two_hundredth_of_one() -> None:
    """0.0499 degrees are ten pieces, four times, and the first point again."""
    made = grid(30.0, 0.0, 1_500_000.0, 0.0, -30.0, 1_900_000.0)
    (brought,) = made.bring(gpd.GeoSeries([box(-78.5, 38.0, -78.4501, 38.0499)], crs="EPSG:4326"))
    assert shapely.get_num_coordinates(brought) == 41
