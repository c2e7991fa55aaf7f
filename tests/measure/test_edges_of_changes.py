"""Changes, corrections and water, where one half of what they need is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from justgeo.core.errors import ConfigError
from justgeo.core.field import ChangeField, MedianField
from justgeo.measure import mending, recast
from justgeo.measure.recast import to_2020
from tests.measure.test_changes import COUNTS, SHARES, changed, column
from tests.measure.test_crosswalk import T, U, acs, halves
from tests.measure.test_mending import CRS, feed, network, says
from tests.measure.toy import WEST, cells, units

NAN = float("nan")


@pytest.mark.parametrize("low", [(0.3, 0.2), (0.3, NAN), (NAN, 0.2), (NAN, NAN)])
def test_a_change_has_a_range_where_either_figure_was_cut(low: tuple[float, float]) -> None:
    late, early = (
        column(value, 0.01, low=np.array([at]), high=np.array([at])) for value, at in zip((0.5, 0.4), low, strict=True)
    )
    found = changed(late, early, SHARES)
    assert np.isfinite(found.low[0]) == np.isfinite(found.high[0]) == np.isfinite(low).any()


def test_dollars_of_then_are_told_in_those_of_now_with_every_part_of_their_margin() -> None:
    """1,000 ± (30, 40) in dollars of which one is two of now: 2,000 ± (60, 80). 3,000 is half as much again."""
    error = {"sampling": np.array([30.0]), "apportionment": np.array([40.0]), "noise": np.array([0.0])}
    early = column(1000.0, 50.0, error=error)
    late = column(3000.0, 0.0, error={name: np.zeros(1) for name in error})
    found = changed(late, early, replace(COUNTS, price=2.0))
    assert found.value[0] == pytest.approx(50.0)
    # 1.5 times the early margin over the early figure, in percent.
    assert found.error["sampling"][0] == pytest.approx(100 * 1.5 * 60 / 2000)
    assert found.error["apportionment"][0] == pytest.approx(100 * 1.5 * 80 / 2000)
    assert found.moe[0] == pytest.approx(100 * 1.5 * 100 / 2000)
    assert any(flag == "price=2.000000" for flag in found.flags[0])


def test_nothing_is_in_dollars_unless_a_price_is_given() -> None:
    bins = MedianField(units([WEST]), cells([[1.0]], [[1.0]]), np.array([0.0, 1.0]), "households", "homes")
    assert ChangeField(bins, bins, (2014, 2024)).price == 1.0 and not bins.pareto
    found = changed(column(1500.0, 10.0), column(1000.0, 10.0))
    assert found.value[0] == pytest.approx(50.0)
    assert not any(flag.startswith("price=") for flag in found.flags[0])


@pytest.mark.parametrize(("before", "told"), [(1.0, True), (0.5, True), (0.0, False)])
def test_a_count_grows_from_any_that_is_not_0(before: float, told: bool) -> None:
    found = changed(column(2.0, 0.1), column(before, 0.1))
    assert np.isfinite(found.value[0]) is np.bool_(told)


def test_a_timetable_without_a_stop_has_the_columns_that_it_had_and_rows_from_0() -> None:
    before = feed()
    after, _ = mending.without_stops(before, [says("stop_removed", 0, 0)], CRS)
    assert len(after.departures) < len(before.departures)
    for one, other in ((after.departures, before.departures), (after.stops, before.stops)):
        assert list(one.columns) == list(other.columns) and one.index.tolist() == list(range(len(one)))


def test_a_line_that_blocks_what_it_crosses_blocks_nothing_else() -> None:
    made, done = mending.walkable(network(), [says("path_blocked", 400, -5, 400, 5)], CRS)
    assert done[0].reason is None
    assert len(made.u) == len(network().u) - 1


def test_a_line_blocks_all_that_it_runs_along_and_not_the_nearest_alone() -> None:
    """It crosses one street and ends half a metre before the other."""
    made, done = mending.walkable(network(), [says("path_blocked", 200, -5, 200, 99.5)], CRS)
    assert done[0].reason is None and len(made.u) == 1


def test_a_table_of_counties_that_stand_says_nothing_of_moved_homes() -> None:
    made = to_2020(acs([("99001", "county", 300, 0), (T, "tract", 100, 40), (U, "tract", 200, 50)]), halves())
    assert not any("another county" in note for note in made.provenance.notes)
    assert made.data.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("parts", "fits"), [(recast.FEW, True), (recast.FEW + 1, False)])
def test_parts_may_come_to_a_little_more_than_their_county(parts: float, fits: bool) -> None:
    """A county of 0, of which the parts may be so many by rounding."""
    table = acs([("99001", "county", 0, 90), (T, "tract", parts, 20)])
    if fits:
        assert len(to_2020(table, halves()).data) == 4
    else:
        with pytest.raises(ConfigError, match="no counts"):
            to_2020(table, halves())


def test_two_poles_a_metre_apart_are_one_stop() -> None:
    poles = shapely.points([[0.0, 0.0], [1.0, 0.0], [1.01, 0.0]])
    assert mending._near(poles, shapely.Point(0, 0), 50.0).tolist() == [True, True, False]
    assert mending._near(poles, shapely.Point(-50, 0), 50.0).tolist() == [True, True, False]
    assert mending._near(poles, shapely.Point(-50.01, 0), 50.0).tolist() == [False, False, False]


def test_nothing_is_blocked_and_nothing_joined_where_no_street_is_mapped() -> None:
    nowhere = np.empty(0, dtype=np.int64)
    bare = replace(network(), x=np.empty(0), y=np.empty(0), u=nowhere, v=nowhere)
    for mark in (says("path_blocked", 5, 50), says("path_blocked", 0, 0, 9, 9), says("path_missing", 0, 0, 9, 9)):
        made, done = mending.walkable(bare, [mark], CRS)
        assert done[0].reason is not None and len(made.u) == len(made.x) == 0


@pytest.mark.parametrize(
    ("mark", "left"),
    [
        ((200.0, 29.9), 2), ((200.0, 30.1), 3),  # a point blocks the street within 30 m
        ((100.0, 0.99, 300.0, 0.99), 2), ((100.0, 29.9, 300.0, 29.9), 2), ((100.0, 30.1, 300.0, 30.1), 3),
        ((200.0, -10.0, 200.0, 110.0), 1), ((200.0, 2.0, 200.0, 97.0), 2),
    ],
)  # fmt: skip
def test_a_mark_blocks_what_it_runs_along_to_a_metre_or_else_the_nearest_to_thirty(
    mark: tuple[float, ...], left: int
) -> None:
    """Two streets at 0 and 100 m north."""
    made, done = mending.walkable(network(), [says("path_blocked", *mark)], CRS)
    assert len(made.u) == left and (done[0].reason is None) is (left < 3)


@pytest.mark.parametrize(("start", "joined"), [(29.9, True), (30.1, False)])
def test_a_missing_path_is_joined_within_thirty_metres_where_it_meets_the_street(start: float, joined: bool) -> None:
    """The street is split 300 m along: two pieces in its place, one to the path, and the path."""
    made, done = mending.walkable(network(), [says("path_missing", 300, -start, 300, -start - 60)], CRS)
    assert (done[0].reason is None) is joined
    assert (len(made.u), len(made.x)) == ((3 - 1 + 2 + 1 + 1, 4 + 1 + 2) if joined else (3, 4))
    if joined:
        length = np.hypot(made.x[made.u] - made.x[made.v], made.y[made.u] - made.y[made.v])
        assert sorted(length.tolist()) == pytest.approx(sorted([400, 100, 300, 100, 60, start]), abs=1e-3)


@pytest.mark.parametrize(("north", "blocked"), [(30.0, True), (np.nextafter(30.0, 31.0), False)])
def test_thirty_metres_are_near_enough_for_a_mark_and_for_an_end(north: float, blocked: bool) -> None:
    mark = shapely.Point(200.0, north)
    assert (mending._Drawn(network(), CRS).cut(mark) is None) is blocked
    assert (mending._Drawn(network(), CRS)._joint(mark) is not None) is blocked
    drawn = mending._Drawn(network(), CRS)
    along = shapely.LineString([(100.0, north), (300.0, north)])
    assert (drawn.cut(along) is None) is blocked and int(shapely.is_empty(drawn.lines).sum()) == blocked
    beside = mending._Drawn(network(), CRS)
    assert beside.cut(shapely.LineString([(-50.0, 1.0), (200.0, 1.0)])) is None
    assert shapely.is_empty(beside.lines).tolist() == [True, False, True]


def test_a_path_is_joined_at_both_of_its_ends_and_at_no_bend() -> None:
    """From 5 m above one street to 5 m below the other, by a bend in the middle: 300 m along each."""
    made, done = mending.walkable(network(), [says("path_missing", 300, 5, 350, 50, 300, 95)], CRS)
    assert done[0].reason is None and (len(made.u), len(made.x)) == (1 + 2 + 2 + 2 + 2, 4 + 2 + 3)
    length = np.hypot(made.x[made.u] - made.x[made.v], made.y[made.u] - made.y[made.v])
    side = float(np.hypot(50, 45))
    assert sorted(length.tolist()) == pytest.approx(sorted([100, 300, 100, 300, 100, 5, 5, side, side]), abs=1e-3)
