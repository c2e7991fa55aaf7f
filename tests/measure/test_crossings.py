"""Junctions that are one, and zones that end in the middle of a street."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.layer import Network
from justgeo.measure import crossings
from justgeo.measure.reach import Graph, project
from tests.measure.toy import CRS, provenance


def graph(points: list[tuple[float, float]], pairs: list[tuple[int, int]]) -> Graph:
    xy = np.array(points, dtype=np.float64)
    u, v = np.array(pairs, dtype=np.int64).T
    return project(Network(xy[:, 0], xy[:, 1], u, v, CRS, provenance("walk")), CRS)


def grid(n: int, step: float = 100.0) -> Graph:
    """n by n corners, all neighbours joined."""
    points = [(step * i, step * j) for j in range(n) for i in range(n)]
    across = [(j * n + i, j * n + i + 1) for j in range(n) for i in range(n - 1)]
    along = [(j * n + i, (j + 1) * n + i) for j in range(n - 1) for i in range(n)]
    return graph(points, across + along)


def test_corners_of_two_streets_bends_and_dead_ends_are_none() -> None:
    found = crossings.intersections(grid(4), 12)
    assert len(found) == 16 - 4  # the four outer corners are bends
    bend = graph([(0, 0), (100, 0), (100, 100), (0, 200)], [(0, 1), (1, 2), (2, 3)])
    assert crossings.intersections(bend, 12).shape == (0, 2)


def test_a_crossing_of_divided_roads_is_one() -> None:
    """Four junctions 20 m apart at the corners of a square, with eight arms."""
    square = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]
    arms = [
        (-100.0, 0.0),
        (0.0, -100.0),
        (20.0, -100.0),
        (120.0, 0.0),
        (120.0, 20.0),
        (20.0, 120.0),
        (0.0, 120.0),
        (-100.0, 20.0),
    ]
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0), *((k // 2, 4 + k) for k in range(8))]
    crossing = graph([*square, *arms], pairs)
    assert crossings.intersections(crossing, 12).tolist() == [[pytest.approx(10), pytest.approx(10)]]
    assert len(crossings.intersections(crossing, 9.9)) == 4  # circles of 9.9 m do not meet


def test_a_street_drawn_twice_makes_no_junction_and_an_island_does_not_count() -> None:
    twice = graph([(0, 0), (100, 0), (200, 0)], [(0, 1), (1, 2), (1, 0)])
    assert len(crossings.intersections(twice, 12)) == 0
    star = [(5000.0, 5000.0), (5001.0, 5000.0), (5000.0, 5001.0), (4999.0, 5000.0)]
    city = grid(4)
    points = [*zip(city.x.tolist(), city.y.tolist(), strict=True), *star]
    n = len(city.x)
    pairs = [*zip(city.u.tolist(), city.v.tolist(), strict=True), (n, n + 1), (n, n + 2), (n, n + 3)]
    assert len(crossings.intersections(graph(points, pairs), 12)) == 12


def test_one_on_an_edge_counts_half_and_at_a_corner_a_quarter() -> None:
    zones = gpd.GeoSeries([box(0, 0, 100, 100), box(100, 0, 200, 100), box(-500, -500, 500, 500)], crs=CRS)
    inside, edge, corner = [50.0, 50.0], [100.0, 50.0], [0.0, 0.0]
    assert crossings.inside(zones, np.array([inside]), 12).tolist() == pytest.approx([1, 0, 1])
    assert crossings.inside(zones, np.array([edge]), 12).tolist() == pytest.approx([0.5, 0.5, 1])
    assert crossings.inside(zones, np.array([corner]), 12).tolist() == pytest.approx([0.25, 0, 1])
    assert crossings.inside(zones, np.empty((0, 2)), 12).tolist() == [0, 0, 0]


def test_parts_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(4)
    xy = rng.uniform(-50, 450, (300, 2))
    parts = [box(100 * i, 100 * j, 100 * i + 100, 100 * j + 100) for i in range(4) for j in range(4)]
    of_parts = crossings.inside(gpd.GeoSeries(parts, crs=CRS), xy, 12).sum()
    assert of_parts == pytest.approx(crossings.inside(gpd.GeoSeries([box(0, 0, 400, 400)], crs=CRS), xy, 12)[0])
