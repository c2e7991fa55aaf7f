"""Pixels side by side, strips and sheets; ground in quarters; who is near whom; people of whom little is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array

from justgeo.core.field import ExposureField
from justgeo.core.layer import Provenance, Raster
from justgeo.measure import overlay, peers, pixels, places, progress
from justgeo.measure.column import NOT_PUBLISHED, ReduceSettings
from justgeo.measure.grids import Grid
from justgeo.measure.pixels import cover
from justgeo.measure.progress import Look
from justgeo.measure.reduce import reduce
from justgeo.measure.zonal import zonal_mean
from tests.measure import toy
from tests.measure.test_reduce import FOUR, classes
from tests.measure.test_zonal import ALBERS, NORTH, WEST, cell, zones
from tests.measure.toy import cells, square


def raster(rows: int, columns: int) -> Raster:
    """0, 1, 2, ... row by row."""
    values = np.arange(float(rows * columns)).reshape(rows, columns)
    return Raster(values, (30.0, 0.0, WEST, 0.0, -30.0, NORTH), ALBERS, Provenance("tree_canopy", "s", "d", "2021"))


def test_a_zone_of_one_pixel_is_not_run_together_with_the_next_zone() -> None:
    """Whole pixels in one row, the first zone has one of them; the third begins where the second ends."""
    found = zonal_mean(raster(2, 6), zones(cell(0, 0), cell(1, 0, 3), cell(4, 0, 2), cell(0, 1, 6)))
    assert found.mean.tolist() == [0.0, 2.0, 4.5, 8.5]
    assert found.area.tolist() == pytest.approx([900.0, 2700.0, 1800.0, 5400.0])


@pytest.mark.parametrize("at_once", [1, 3, 4, 5, 6, 100])
def test_a_zone_cut_in_strips_is_the_zone(at_once: int) -> None:
    """Rows 1 to 4 of six, columns 1 and 2, and half of column 3."""
    grid = raster(6, 5)
    shapes = zones(cell(1, 1, 2.5, 4), cell(0, 0), cell(20, 20), cell(0, 5, 5, 1))
    laid = cover(grid, shapes, at_once=at_once)
    values = grid.values[1:5]
    expected = (values[:, 1:3].sum() + values[:, 3].sum() / 2) / 10
    found = zonal_mean(grid, laid)
    assert found.mean[[0, 1, 3]].tolist() == pytest.approx([expected, 0.0, 27.0])
    assert np.isnan(found.mean[2]) and found.valid_share[2] == 0.0
    assert found.area.tolist() == pytest.approx([9000.0, 900.0, 900.0, 4500.0])


def test_jobs_hold_as_many_pixels_as_are_asked_for_and_large_zones_go_by_strips() -> None:
    """Boxes have a pixel to spare on each side, within the grid: 3 x 3 and 2 x 2 of the first two, 30 of the third."""
    grid = Grid.of(raster(6, 5))
    shapes = np.array([cell(1.2, 1.2, 0.5, 0.5), cell(0.2, 0.2, 0.5, 0.5), cell(0, 0, 5, 6)], dtype=object)
    jobs = pixels._jobs(grid, shapes, np.arange(3), 10)
    told = [(job.at.tolist(), job.rows.start, job.rows.stop) for job in jobs]
    assert told == [([0], 0, 6), ([1], 0, 6), ([2], 0, 2), ([2], 2, 4), ([2], 4, 6)]
    whole = pixels._jobs(grid, shapes, np.arange(3), 1000)
    assert [(job.at.tolist(), job.rows.start, job.rows.stop) for job in whole] == [([0, 1, 2], 0, 6)]


def test_sheets_end_where_the_grid_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven pixels of three columns are two rows."""
    monkeypatch.setattr(pixels, "PIXELS_OF_A_SHEET", 7)
    grid = raster(5, 3)
    laid = cover(grid, zones(cell(0, 0, 3, 5), cell(1, 2)))
    assert [(s.window[0].start, s.window[0].stop) for s in laid.sheets()] == [(0, 2), (2, 4), (4, 5)]
    assert zonal_mean(grid, laid).mean.tolist() == pytest.approx([7.0, 7.0])
    alone = cover(grid, zones(cell(1, 3)))
    assert [(s.window[0].start, s.window[0].stop) for s in alone.sheets()] == [(3, 4)]
    assert zonal_mean(grid, alone).mean.tolist() == pytest.approx([10.0])


def test_a_large_polygon_is_cut_in_the_middle_of_its_box_again_and_again() -> None:
    disc = shapely.Point(500, 700).buffer(400, quad_segs=600)
    pieces = overlay._quartered(disc)
    assert sum(piece.area for piece in pieces) == pytest.approx(disc.area)
    for piece in pieces:
        west, south, east, north = piece.bounds
        assert not west + 1e-6 < 500 < east - 1e-6 and not south + 1e-6 < 700 < north - 1e-6
        assert shapely.get_num_coordinates(piece) <= overlay._MOST_VERTICES
    assert overlay._quartered(shapely.Point(500, 700).buffer(400)) == [shapely.Point(500, 700).buffer(400)]


@pytest.mark.parametrize("flat", [shapely.Polygon(), shapely.Polygon([(0, 0), (10, 0), (20, 0)])])
def test_what_holds_no_ground_is_no_piece(flat: shapely.Polygon) -> None:
    assert overlay._quartered(flat) == []


def test_land_is_what_is_left_beside_water_to_a_billionth() -> None:
    crs = "+proj=laea +lat_0=38.8 +lon_0=-70 +units=m"
    shapes = gpd.GeoSeries(
        [shapely.box(0, 0, 100, 100), shapely.box(0, 0, 100, 50), shapely.box(0, 50, 100, 100)], crs=crs
    )
    drawn = overlay.lay(shapes[:1], ["A"], wet=gpd.GeoSeries([shapely.box(-10, -10, 110, 50)], crs=crs))
    found = overlay.laid(drawn, shapes)
    assert found.land.tolist() == pytest.approx([5000.0, 0.0, 5000.0]) and found.land[1] == 0.0
    assert found.known.tolist() == found.held["A"].tolist() == pytest.approx([5000.0, 0.0, 5000.0])


def test_a_peer_has_people_and_ground_and_is_near_by_its_place_among_the_others() -> None:
    """People differ much among the others and density little: what is one off in people is nearer than what is half a
    step off in density."""
    people, density = np.exp([1.0, 0.0, 10.0, -10.0]), np.exp([0.0, 0.5, -0.5, 0.0])
    assert peers.nearest(people, people / density, 1.0, 1.0, k=1).tolist() == [0]
    assert 4 not in peers.nearest(np.append(people, 1.0), np.append(people / density, 0.0), 1.0, 1.0)


@pytest.mark.parametrize("people", [0.25, 1.0, 400.0])
def test_figures_that_err_together_err_by_the_mean_of_their_margins_however_few_live_there(people: float) -> None:
    """A quarter of the people meet a margin of 8, the others one of 4."""
    field = ExposureField(
        toy.units(FOUR), np.array([1.0, 2.0, np.nan, 3.0]), np.ones(4), "mean", "people",
        x_moe=np.array([8.0, 4.0, 90.0, np.nan]),
    )  # fmt: skip
    matrix: Any = csr_array(np.array([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]))
    found = places.together(matrix, np.array([1.0, 3.0, 5.0, 1.0]) * people, field)
    assert found[0] == pytest.approx(5.0) and np.isnan(found[1:]).all()
    empty = places.together(matrix, np.array([1.0, 3.0, 5.0, 0.0]) * people, field)
    assert np.isnan(empty[1])
    assert places.together(matrix, np.ones(4), replace(field, x_moe=None)).tolist() == [0.0, 0.0, 0.0]


def test_a_class_is_not_told_of_a_part_where_the_homes_of_a_unit_are_not_known() -> None:
    """Three block groups with homes beside one of which nobody knows them: the whole is not that of the three."""
    field = replace(
        classes([0.2, 0.4, 0.6, 0.8], [0, 0, 1, 1]),
        units=toy.units(FOUR),
        weights=cells([100, np.nan, 100, 100], [5, np.nan, 5, 5]),
    )
    weights = toy.weights(square(0, 0, 4, 4), square(0, 2, 2, 2), square(0, 0, 4, 2))
    found = reduce(field, weights, reference=0, settings=ReduceSettings())
    assert np.isnan(found.value[:2]).all() and found.value[2] == pytest.approx(0.4)
    assert np.isnan(found.numerator[:2]).all() and np.isnan(found.denominator[:2]).all()
    assert found.reason == (NOT_PUBLISHED, NOT_PUBLISHED, None)


def test_a_change_between_full_counts_is_exact() -> None:
    assert progress.change(Look(1.0, 0.0, 2020), Look(3.0, 0.0, 2025)) == (2.0, 0.0)
    assert progress.change(Look(1.0, 0.0, 2020), Look(3.0, 0.5, 2025)) == (2.0, 0.5)
    assert progress.change(Look(1.0, 0.5, 2020), Look(3.0, None, 2025)) == (2.0, None)


def test_a_billionth_is_no_step_and_no_margin() -> None:
    assert [progress._way(0.0, step, "neutral") for step in (1e-9, -1e-9, 1.1e-9, -1.1e-9)] == [0, 0, 1, -1]
    assert [progress._way(0.0, 5.0, way) for way in ("up", "down")] == [1, -1]
    for way, gap, moe, verdict in (
        (0, 0.0, 1e-9, "on track"), (0, 0.0, 1.1e-9, "cannot tell"), (1, 0.0, 1e-9, "on track"),
        (1, 0.0, 1.1e-9, "cannot tell"), (-1, 1e-9, 0.0, "on track"), (-1, 1.1e-9, 0.0, "needs attention"),
    ):  # fmt: skip
        assert progress._verdict(gap, moe, way)[0] == verdict


@pytest.mark.parametrize(("direction", "target", "kept"), [("up", 0.5, True), ("down", 0.5, True), ("up", 0.6, False)])
def test_a_target_where_one_stands_already_is_a_level_to_keep(direction: str, target: float, kept: bool) -> None:
    """The line is flat, and the margin is that of the later look alone."""
    found = progress.judge(Look(0.5, 0.3, 2020), Look(0.5, 0.1, 2025), target, 2030, direction)
    assert found.expected == pytest.approx(0.5 if kept else 0.55)
    assert found.gap_moe == pytest.approx(0.1 if kept else np.hypot(0.1, 0.15))


@pytest.mark.parametrize(("people", "part", "cut"), [
    (0.5, 1.0, False), (0.5, 0.5, True), (400.0, 0.001, False), (400.0, 0.0011, True), (400.0, 0.999, False),
    (400.0, 0.9989, True), (400.0, 0.0, False),
])  # fmt: skip
def test_a_thousandth_of_the_people_of_an_area_is_drawing_and_no_cut(people: float, part: float, cut: bool) -> None:
    matrix: Any = csr_array(np.array([[part, 1.0]]))
    assert places.cuts_areas(matrix, np.array([people, 7.0]), np.array([0, -1])).tolist() == [cut]
