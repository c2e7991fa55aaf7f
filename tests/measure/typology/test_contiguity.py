"""Queen neighbours and the rim of a region: chessboards counted by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.testing import assert_array_equal
from shapely import affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from justgeo.core.errors import CrsError, LayerError
from justgeo.measure.fractions import Geometries
from justgeo.measure.typology.contiguity import queen, rim, unplaced
from tests.measure.typology.invented import grid

SIDE = 1000.0


def board(width: int, height: int) -> Geometries:
    """Squares, row by row from the south-west."""
    return np.array(
        [box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE) for y in range(height) for x in range(width)],
        dtype=object,
    )


def test_a_shared_corner_is_enough() -> None:
    found = queen(board(3, 3))
    assert found.dtype == np.bool_
    assert_array_equal(found.sum(axis=1), [3, 5, 3, 5, 8, 5, 3, 5, 3])
    assert_array_equal(found.toarray(), grid(3, 3).toarray())
    assert_array_equal(found.toarray(), found.toarray().T)
    assert not found.diagonal().any()


def test_islands_touch_nothing_and_water_between_does_not_part() -> None:
    # the second tract reaches across the river to the third; the fourth lies 5 m off
    shapes = np.array([box(0, 0, 10, 10), box(10, 0, 30, 10), box(30, 0, 40, 10), box(45, 0, 50, 10)], dtype=object)
    found = queen(shapes).toarray()
    assert_array_equal(found.sum(axis=1), [1, 2, 1, 0])
    assert found[1, 2]


@pytest.mark.parametrize("shift", [-0.9, -0.4, 0.4, 0.9])
def test_slivers_and_overlaps_below_a_metre_do_not_part(shift: float) -> None:
    shapes = board(2, 1)
    shapes[1] = affinity.translate(shapes[1], xoff=shift)
    assert queen(shapes).nnz == 2


def test_a_gap_of_two_metres_parts() -> None:
    shapes = board(2, 1)
    shapes[1] = affinity.translate(shapes[1], xoff=2.0)
    assert queen(shapes).nnz == 0


def test_tracts_of_several_parts_touch_by_any_of_them() -> None:
    near_and_far = MultiPolygon([box(5000, 5000, 6000, 6000), box(SIDE, 0, SIDE + 10, 10)])
    assert queen(np.array([box(0, 0, SIDE, SIDE), near_and_far], dtype=object)).nnz == 2


def test_an_enclosed_tract_touches_what_surrounds_it() -> None:
    hole = box(400, 400, 600, 600)
    around = Polygon(box(0, 0, SIDE, SIDE).exterior, [hole.exterior])
    assert queen(np.array([around, hole], dtype=object)).nnz == 2


def test_order_does_not_matter() -> None:
    shapes, order = board(5, 4), np.random.default_rng(2).permutation(20)
    assert_array_equal(queen(shapes[order]).toarray(), queen(shapes).toarray()[np.ix_(order, order)])
    assert_array_equal(rim(shapes[order]), rim(shapes)[order])


def test_random_cells_touch_as_an_exact_predicate_says() -> None:
    points = shapely.multipoints(np.random.default_rng(5).random((60, 2)) * 50_000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points))
    exact = shapely.intersects(cells[:, None], cells[None, :]) & ~np.eye(len(cells), dtype=bool)
    assert_array_equal(queen(cells).toarray(), exact)


def test_the_rim_is_the_outer_ring_of_a_board() -> None:
    assert_array_equal(rim(board(4, 4)).reshape(4, 4), np.pad(np.zeros((2, 2), dtype=bool), 1, constant_values=True))
    assert rim(board(3, 1)).all()


def test_a_lake_inside_is_no_rim_and_a_bay_is() -> None:
    shapes = board(7, 7)
    lake = np.delete(shapes, 24)  # the middle
    assert rim(lake).sum() == 24
    # a channel from the lake to the outside makes its shores a rim
    bay = np.delete(shapes, [24, 31, 38, 45])
    found = rim(bay)
    assert found[np.flatnonzero([s.distance(Point(3500, 3500)) < 600 for s in bay])].all()
    assert found.sum() > 24


def test_a_tract_near_the_rim_is_not_on_it() -> None:
    inner = box(5, 5, 900, 900)
    around = Polygon(box(0, 0, SIDE, SIDE).exterior, [inner.exterior])
    assert rim(np.array([around, inner], dtype=object)).tolist() == [True, False]


def test_slivers_inside_are_no_rim() -> None:
    shapes = board(3, 3)
    shapes[4] = shapes[4].buffer(-0.7, join_style="mitre")
    assert rim(shapes).sum() == 8


def test_around_a_tract_without_a_shape_is_a_rim() -> None:
    shapes = board(5, 5)
    shapes[12] = None  # the middle: a hole that may be this tract
    found = rim(shapes).reshape(5, 5)
    assert found[1:4, 1:4].sum() == 8 and not found[2, 2]
    assert rim(np.delete(board(5, 5), 12)).sum() == 16, "a hole alone is a lake"


def test_of_what_has_no_shape_no_neighbour_is_known() -> None:
    shapes = board(2, 2)
    assert unplaced(shapes) is None
    shapes[1], shapes[2] = None, Polygon()
    assert_array_equal(unplaced(shapes), [False, True, True, False])
    assert_array_equal(queen(shapes).sum(axis=1), [1, 0, 0, 1])
    assert_array_equal(rim(shapes), [True, False, False, True])
    assert queen(np.array([None], dtype=object)).nnz == 0
    assert not rim(np.array([None], dtype=object)).any()


def test_degrees_feet_and_lines_are_refused() -> None:
    shapes = board(2, 1)
    assert queen(gpd.GeoSeries(shapes, crs="EPSG:32617")).nnz == 2
    for crs in ("EPSG:4326", "EPSG:2284", None):
        for ask in (queen, rim):
            with pytest.raises(CrsError):
                ask(gpd.GeoSeries(shapes, crs=crs))
    shapes[1] = LineString([(0, 0), (1, 1)])
    with pytest.raises(LayerError, match="2 of 2 is a LineString") as caught:
        queen(shapes)
    assert "boundaries" in caught.value.remedy
