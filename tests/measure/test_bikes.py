"""Lengths in zones and the way out of a district, on streets that were drawn by hand."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from justgeo.core.errors import LayerError
from justgeo.measure import bikes
from tests.measure.toy import CRS

# A cross of two streets, 1,000 m and 600 m long, which meet at (200, 200).
EAST, NORTH = LineString([(-300, 200), (200, 200), (700, 200)]), LineString([(200, -100), (200, 200), (200, 500)])
CROSS = np.array([EAST, NORTH], dtype=object)


def zones(*shapes: shapely.Polygon) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=CRS)


@pytest.mark.parametrize("edge", [0.01, 12.0])
def test_a_cross_that_a_zone_cuts(edge: float) -> None:
    found = bikes.lengths(zones(box(0, 0, 400, 400), box(100, 150, 900, 900), box(5000, 0, 6000, 1000)), CROSS, edge)
    assert found.toarray() == pytest.approx(np.array([[400, 400], [600, 350], [0, 0]]))


def test_a_street_along_the_boundary_counts_by_half_and_little_changes_with_its_drawing() -> None:
    south, north = box(0, 0, 400, 200), box(0, 200, 400, 400)
    for off in (-6.0, -0.1, 0.0, 0.1, 6.0):
        along = np.array([LineString([(0, 200 + off), (400, 200 + off)])], dtype=object)
        found = bikes.lengths(zones(south, north), along, 12.0).toarray()[:, 0]
        # 6 m to one side: three quarters of the strip are there.
        assert found == pytest.approx([200 - 200 * off / 12, 200 + 200 * off / 12])
        sides = bikes.lengths(zones(south, north), along, 0.01).toarray()[:, 0].tolist()
        assert sides == pytest.approx([200, 200] if off == 0 else [400, 0] if off < 0 else [0, 400])


def test_four_quarters_add_up_to_the_whole_though_the_streets_are_their_boundaries() -> None:
    quarters = [box(x, y, x + 200, y + 200) for x in (0, 200) for y in (0, 200)]
    found = bikes.lengths(zones(*quarters, box(0, 0, 400, 400)), CROSS, 12.0).toarray()
    assert found[:4] == pytest.approx(np.full((4, 2), 100.0)) and found[4] == pytest.approx([400, 400])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-900, 900), st.floats(-900, 900)), min_size=2, max_size=6))
def test_zones_that_touch_add_up_to_what_they_are_together(points: list[tuple[float, float]]) -> None:
    line = LineString(points)
    if line.length < 1:
        return
    halves = zones(box(-1000, -1000, 0, 1000), box(0, -1000, 1000, 1000), box(-1000, -1000, 1000, 1000))
    west, east, whole = bikes.lengths(halves, np.array([line], dtype=object), 12.0).toarray()[:, 0]
    assert west + east == pytest.approx(whole, abs=1e-6) and whole == pytest.approx(line.length, abs=1e-6)


def test_a_zone_narrower_than_a_street_has_its_part_of_it() -> None:
    found = bikes.lengths(zones(box(0, 195, 400, 205)), CROSS, 12.0).toarray()[0]
    assert found == pytest.approx([400 * 10 / 24, 10])


def test_nothing_and_a_line_without_length() -> None:
    none = bikes.lengths(zones(box(0, 0, 400, 400)), CROSS[:0], 12.0)
    point = np.array([LineString([(5, 5), (5, 5)])], dtype=object)
    assert none.shape == (1, 0) and bikes.lengths(zones(box(0, 0, 9, 9)), point, 12.0).toarray().tolist() == [[0.0]]
    assert bikes.lengths(gpd.GeoSeries([], crs=CRS), CROSS, 12.0).shape == (0, 2)


# -- networks -----------------------------------------------------------------------------------------------------

DISTRICT = box(0, 0, 1000, 1000)


def line(*points: tuple[float, float]) -> LineString:
    return LineString(points)


def out(
    *lines: LineString,
    busy: tuple[LineString, ...] = (),
    signals: tuple[tuple[float, float], ...] = (),
    apart: tuple[int, ...] = (),
    beyond: float = 100,
    around: float = 1000,
) -> list[int]:
    """Pieces of the main network, by their rows; vertices of one place are one node, but for lines ``apart``."""
    every = [*lines, *busy]
    number: dict[tuple[Any, ...], int] = {}
    nodes, stops = [], []
    for row, one in enumerate(every):
        keys = [(row, *p) if row in apart else p for p in one.coords]
        nodes.append([number.setdefault(key, len(number) + 1) for key in keys])
        stops.append([n for n, p in zip(nodes[-1], one.coords, strict=True) if p in signals])
    texts = [[" ".join(map(str, some)) for some in many] for many in (nodes, stops)]
    found = bikes.segments(np.array(every, dtype=object), *texts)
    main = bikes.way_out(
        found, found.line < len(lines), DISTRICT, beyond_m=beyond, around_m=around, signal_m=30
    )  # fmt: skip
    return np.flatnonzero(main).tolist()


def test_the_longest_network_inside_that_leads_out() -> None:
    short, long = line((100, 100), (100, -200)), line((500, 500), (500, 900), (900, 900), (900, 1200))
    island = line((200, 200), (800, 200), (800, 800))  # longer, but leads nowhere
    assert out(short, long, island) == [1, 2, 3]
    assert out(short, island) == [0]
    assert out(island) == []
    assert out() == []
    assert out(busy=(long,)) == []


def test_a_street_that_wobbles_over_the_boundary_does_not_lead_out() -> None:
    wobbling = line((0, 990), (500, 1010), (1000, 990))
    assert out(wobbling) == [] and out(wobbling, beyond=5) == [0, 1]
    assert out(line((500, 500), (500, 1099))) == [] and out(line((500, 500), (500, 1101))) == [0]


def test_a_network_that_is_not_in_the_district_is_not_its_way_out() -> None:
    assert out(line((1200, 0), (1200, 1000))) == []
    assert out(line((999.5, 500), (1200, 500))) == [0], "half a metre of it is enough where nothing else leads out"


def test_streets_join_at_their_nodes_and_not_where_they_cross() -> None:
    inner, gate = line((300, 300), (300, 500), (600, 500)), line((600, 500), (600, 1200))
    assert out(inner, gate, line((0, 400), (900, 400))) == [0, 1, 2]
    # A bridge whose vertex lies exactly over that of the street below: the numbers of their nodes tell them apart.
    below, over = line((500, 100), (500, 500), (500, 900)), line((500, 500), (500, 1200))
    assert out(below, over) == [0, 1, 2]
    assert out(below, over, apart=(1,)) == [2]


# A calm street of two halves that meets a busy one at (500, 500), and leads out in the north.
CALM, BUSY = line((500, 100), (500, 500), (500, 1200)), line((0, 500), (500, 500), (520, 500), (560, 500), (1000, 500))


def test_a_busy_street_is_crossed_at_signals_alone() -> None:
    assert out(CALM) == [0, 1]
    assert out(CALM, busy=(BUSY,)) == [1], "the northern half has 500 m inside"
    assert out(CALM, busy=(BUSY,), signals=((500, 500),)) == [0, 1]


def test_signals_on_the_arm_before_the_crossing_count_and_those_farther_off_do_not() -> None:
    assert out(CALM, busy=(BUSY,), signals=((520, 500),)) == [0, 1]
    assert out(CALM, busy=(BUSY,), signals=((560, 500),)) == [1]


def test_a_busy_street_that_passes_over_is_no_hindrance() -> None:
    assert out(CALM, busy=(BUSY,), apart=(1,)) == [0, 1]


def test_networks_that_join_only_far_out_are_two() -> None:
    one, other = line((200, 500), (200, 1900), (200, 2600)), line((800, 200), (800, 1900), (800, 2600))
    far = line((200, 2600), (800, 2600))
    assert out(one, other, far) == [2, 3], "a piece counts as soon as a part of it is near"
    assert out(one, other, far, around=2000) == [0, 1, 2, 3, 4]


def test_streets_without_all_their_numbers_are_refused() -> None:
    with pytest.raises(LayerError, match="1 streets do not have a number"):
        bikes.segments(np.array([CALM, BUSY], dtype=object), ["1 2 3", "4 2"], ["", ""])


def test_shapes_near_pieces() -> None:
    shapes = np.array([box(0, 0, 10, 10), box(0, 40, 10, 50), box(0, 100, 10, 110)], dtype=object)
    pieces = np.array([LineString([(-50, 25), (50, 25)])], dtype=object)
    assert bikes.near(shapes, pieces, 15.0).tolist() == [True, True, False]
    assert bikes.near(shapes, pieces[:0], 15.0).tolist() == [False] * 3
