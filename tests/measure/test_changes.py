"""Change between two surveys: the Bureau's example, properties, what is absent, and how it is judged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from justgeo.core.field import ChangeField, CountField, Counts, MedianField
from justgeo.core.result import Column, MarginRule, Record
from justgeo.measure import judge
from justgeo.measure.changes import (
    NOT_SIGNIFICANT,
    NOT_TESTED,
    SIGNIFICANT,
    ChangeColumn,
    alike,
    change,
    significance,
)
from justgeo.measure.column import ReduceSettings
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import reduce
from tests.indicators.town import row as indicator
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, W1, W2, WEST, cells, square, units

SETTINGS = ReduceSettings()
ROW = indicator("acs_change", unit="percentage points", aggregate="difference", weight="households")
IDS = [W1, W2, E1, E2]
YEARS = (2014, 2024)
FEW = 1e6
positive = st.floats(1.0, FEW)
margin = st.floats(0.0, FEW)


def count(x: object, mx: object, ids: list[str] | None = None, **more: Any) -> CountField:
    kept = ids or IDS
    return CountField(units(kept), Counts(cells(x, mx, "X")), None, "persons", "sum", "people", **more)


def reduced(now: Any, before: Any, *shapes: Any, **more: Any) -> ChangeColumn:
    weights = toy.weights(*shapes or (square(0, 0, 4, 4),))
    found = reduce(ChangeField(now, before, YEARS, **more), weights, reference=None, settings=SETTINGS)
    assert isinstance(found, ChangeColumn)
    return found


def column(value: float, moe: float, **more: Any) -> Column:
    """One zone's figure of one survey."""
    one, nothing = np.array([value]), np.array([np.nan])
    told: dict[str, Any] = {
        **dict.fromkeys(("numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe"), nothing),
        "value": one,
        "moe": np.array([moe]),
        "error": {"sampling": np.array([moe]), "apportionment": np.zeros(1), "noise": np.zeros(1)},
        **dict.fromkeys(("low", "high", "split_share"), nothing),
        "rule": ("sum",),
        "reason": (None,),
        "text": (None,),
        "flags": ((),),
        **more,
    }
    return Column(**told)


COUNTS = ChangeField(count([1], [1], [COUNTY]), count([1], [1], [COUNTY]), YEARS)
SHARES = ChangeField(toy.share([COUNTY], [1], [1], [2], [1]), toy.share([COUNTY], [1], [1], [2], [1]), YEARS)


def changed(now: Column, before: Column, field: ChangeField = COUNTS) -> ChangeColumn:
    return change(now, before, field, [], 0.005)


# --- by hand --------------------------------------------------------------------------------------------------------


def test_the_percent_change_of_the_bureaus_handbook() -> None:
    """135,173 +/- 3,860 and then 139,301 +/- 4,047: +3.05 % +/- 4.20, which cannot be told from none."""
    found = reduced(count([139_301], [4_047], [COUNTY]), count([135_173], [3_860], [COUNTY]))
    assert found.value[0] == pytest.approx(3.0539, abs=1e-4)
    assert found.moe[0] == pytest.approx(4.20, abs=0.005)
    assert found.rule == ("change",) and set(found.rule) <= {*get_args(MarginRule)}
    assert found.flags[0][:7] == (
        NOT_SIGNIFICANT, "before=135173", "before_moe=3860", "before_year=2014",
        "after=139301", "after_moe=4047", "after_year=2024",
    )  # fmt: skip


def test_shares_in_percentage_points() -> None:
    """40 of 100 and then 30 of 60 in a whole block group."""
    now, before = toy.share([W1], [30], [12], [60], [15]), toy.share([W1], [40], [10], [100], [20])
    found = reduced(now, before, square(0, 0, 2, 2))
    assert found.value[0] == pytest.approx(10.0)
    late = math.sqrt(12**2 - 0.5**2 * 15**2) / 60
    early = math.sqrt(10**2 - 0.4**2 * 20**2) / 100
    assert found.moe[0] == pytest.approx(100 * math.hypot(late, early))
    assert (found.points, found.rule) == (True, ("difference",))
    assert "before=0.4" in found.flags[0] and "after=0.5" in found.flags[0]


def test_dollars_are_those_of_the_later_survey() -> None:
    """A rent of 1,000 that became 1,325.058 has only kept up with prices."""
    field = replace(COUNTS, price=1.325058)
    found = changed(column(1325.058, 40.0), column(1000.0, 30.0), field)
    assert found.value[0] == pytest.approx(0.0, abs=1e-9)
    assert found.moe[0] == pytest.approx(100 / 1325.058 * math.hypot(40.0, 30.0 * 1.325058))
    assert "price=1.325058" in found.flags[0] and "before=1325.058" in found.flags[0]


def test_a_change_as_large_as_its_margin_is_none() -> None:
    assert significance(10.0, 10.0) == NOT_SIGNIFICANT
    assert significance(-10.1, 10.0) == significance(0.1, 0.0) == SIGNIFICANT
    assert significance(10.0, math.nan) == NOT_TESTED
    # A part of the margin that is not known could only widen it.
    assert significance(11.0, 10.0, untold=True) == NOT_TESTED
    assert significance(9.0, 10.0, untold=True) == NOT_SIGNIFICANT


def test_a_cut_zone_has_both_parts_of_both_margins_and_a_range_of_the_change() -> None:
    now = toy.share(IDS, [30, 10, 20, 12], [9, 5, 7, 6], [60, 50, 80, 40], [12, 9, 15, 11])
    before = toy.share(IDS, [20, 25, 10, 8], [8, 7, 6, 5], [50, 70, 60, 50], [10, 14, 12, 10])
    found = reduced(now, before, square(0, 0, 4, 3))
    for name in ("sampling", "apportionment"):
        both = [part.error[name][0] for part in found.parts]
        assert min(both) > 0
        assert found.error[name][0] == pytest.approx(100 * math.hypot(*both))
    assert found.low[0] <= found.value[0] <= found.high[0]
    assert np.isnan(reduced(now, before, square(0, 0, 2, 4)).low[0])


# --- properties -----------------------------------------------------------------------------------------------------


@given(positive, margin, positive, margin, st.booleans())
def test_a_margin_is_never_negative(x: float, mx: float, y: float, my: float, points: bool) -> None:
    found = changed(column(x, mx), column(y, my), SHARES if points else COUNTS)
    assert found.moe[0] >= 0 and all(part[0] >= 0 for part in found.error.values())
    total = math.sqrt(sum(float(part[0]) ** 2 for part in found.error.values()))
    assert found.moe[0] == pytest.approx(total)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_swapping_the_surveys_turns_the_sign_of_points_and_keeps_their_margin(
    x: float, mx: float, y: float, my: float
) -> None:
    there, back = (changed(column(*a), column(*b), SHARES) for a, b in (((x, mx), (y, my)), ((y, my), (x, mx))))
    assert there.value[0] == -back.value[0] and there.moe[0] == back.moe[0]


@given(positive, margin, positive, margin)
def test_swapping_the_surveys_inverts_a_percent_change(x: float, mx: float, y: float, my: float) -> None:
    there, back = changed(column(x, mx), column(y, my)), changed(column(y, my), column(x, mx))
    assert (1 + there.value[0] / 100) * (1 + back.value[0] / 100) == pytest.approx(1.0)


@given(positive, margin, positive, margin, st.floats(0.2, 5.0))
def test_twice_the_prices_are_half_the_growth(x: float, mx: float, y: float, my: float, price: float) -> None:
    once, twice = (changed(column(x, mx), column(y, my), replace(COUNTS, price=p)) for p in (price, 2 * price))
    assert 100 + twice.value[0] == pytest.approx((100 + once.value[0]) / 2)
    assert twice.moe[0] == pytest.approx(once.moe[0] / 2)


@given(positive, margin, positive, margin, st.floats(0.2, 5.0))
def test_the_unit_of_the_dollars_does_not_matter(x: float, mx: float, y: float, my: float, by: float) -> None:
    assume(abs(by - 1) > 1e-3)
    plain = changed(column(x, mx), column(y, my))
    scaled = changed(column(x * by, mx * by), column(y * by, my * by))
    assert 100 + scaled.value[0] == pytest.approx(100 + plain.value[0])
    assert scaled.moe[0] == pytest.approx(plain.moe[0])


@settings(deadline=None, max_examples=24)
@given(st.permutations(range(4)), st.permutations(range(4)))
def test_the_order_of_the_rows_does_not_matter(first: list[int], second: list[int]) -> None:
    x, y = np.array([30.0, 10, 20, 12]), np.array([60.0, 50, 80, 40])
    mx, my = np.array([9.0, 5, 7, 6]), np.array([12.0, 9, 15, 11])

    def field(order: list[int], more: float) -> CountField:
        return toy.share([IDS[i] for i in order], x[order] + more, mx[order], y[order] + more, my[order])

    plain = reduced(field([0, 1, 2, 3], 0), field([0, 1, 2, 3], 5), square(0, 0, 4, 3))
    mixed = reduced(field(first, 0), field(second, 5), square(0, 0, 4, 3))
    for name in ("value", "moe", "low", "high"):
        assert getattr(mixed, name)[0] == pytest.approx(getattr(plain, name)[0]), name


def test_a_zone_made_of_whole_published_tracts_has_their_published_difference() -> None:
    now, before = count([300, 500], [30, 40], [WEST, EAST]), count([240, 400], [20, 35], [WEST, EAST])
    found = reduced(now, before, square(0, 0, 2, 4), square(0, 0, 4, 4))
    assert found.value.tolist() == pytest.approx([25.0, 25.0])
    assert found.moe[0] == pytest.approx(100 / 240 * math.hypot(30, 1.25 * 20))
    assert found.moe[1] == pytest.approx(100 / 640 * math.hypot(math.hypot(30, 40), 1.25 * math.hypot(20, 35)))


# --- medians --------------------------------------------------------------------------------------------------------

EDGES = np.array([0, 500, 1000, 1500, np.inf])


def median(bins: list[list[float]], ids: list[str], **more: Any) -> MedianField:
    counts = np.array(bins, dtype=np.float64)
    made = cells(counts, np.full_like(counts, 5.0))
    return MedianField(units(ids), made, EDGES, "households", "renters", **more)


def published(value: list[float], moe: list[float], text: list[str | None] | None = None) -> dict[str, Any]:
    told = None if text is None else tuple(text)
    return {"published": np.array(value), "published_moe": np.array(moe), "published_text": told}


def test_medians_are_both_published_or_both_rebuilt() -> None:
    bins = [[10.0, 40, 40, 10], [10, 40, 40, 10]]
    own = published([1100.0, 900.0], [50.0, 60.0])
    both = median(bins, [WEST, EAST], **own)
    only_west = median(bins, [WEST, EAST], **published([1000.0, math.nan], [40.0, math.nan]))
    found = reduced(both, only_west, square(0, 0, 2, 4), square(2, 0, 2, 4))
    assert found.value[0] == pytest.approx(10.0)
    assert found.moe[0] == pytest.approx(100 / 1000 * math.hypot(50, 1.1 * 40))
    # East is published today (900) and was not then: both are rebuilt from the same brackets.
    assert found.value[1] == pytest.approx(0.0)
    assert "published median" in found.flags[0] and "rebuilt from brackets" in found.flags[1]


def test_a_published_number_without_a_margin_is_not_taken_at_its_word() -> None:
    """It may be the code of an open class that the row does not name."""
    bins = [[10.0, 40, 40, 10]]
    odd = median(bins, [WEST], **published([3501.0], [math.nan]))
    plain = median(bins, [WEST], **published([1000.0], [40.0]))
    found = reduced(odd, plain, square(0, 0, 2, 4))
    assert found.value[0] == pytest.approx(0.0) and "rebuilt from brackets" in found.flags[0]


def test_a_cut_tract_adds_to_the_margin_of_a_median_and_a_cut_block_group_does_not() -> None:
    """METHODS 2.0 items 1 and 7: the same brackets, known by tract or by block group."""
    unlike = [[30.0, 30, 20, 20], [20, 20, 30, 30], [50, 20, 20, 10], [10, 20, 20, 50]]
    tracts = [[50.0, 50, 50, 50], [60, 40, 40, 60]]
    shape = square(0, 0, 3, 3)
    coarse = median(tracts, [WEST, EAST], divided=True)
    fine = median(unlike, IDS, divided=True)
    by_tract, by_block_group = reduced(coarse, coarse, shape), reduced(fine, fine, shape)
    assert by_tract.error["apportionment"][0] > 0 == by_block_group.error["apportionment"][0]
    plain = replace(coarse, divided=False)
    assert by_tract.error["sampling"][0] == reduced(plain, plain, shape).error["sampling"][0]
    whole = reduced(coarse, coarse, square(0, 0, 2, 4))
    assert whole.error["apportionment"][0] == 0


@pytest.mark.parametrize("late", [True, False])
def test_no_change_is_told_from_a_median_in_an_open_class(late: bool) -> None:
    top, plain = median([[1.0, 1, 1, 50]], [WEST]), median([[10.0, 40, 40, 10]], [WEST])
    found = reduced(*((top, plain) if late else (plain, top)), square(0, 0, 2, 4))
    assert np.isnan(found.value[0]) and np.isnan(found.moe[0]) and found.text == (None,) and found.flags == ((),)
    assert found.reason[0] == (
        f"{2024 if late else 2014}: the figure is known as a bound only (≥ 1,500), and no change is told from a bound"
    )


def test_no_change_is_told_from_a_published_bound() -> None:
    bins = [[10.0, 40, 40, 10]]
    coded = median(bins, [WEST], **published([math.nan], [math.nan], ["≥ 2,000"]))
    plain = median(bins, [WEST], **published([1000.0], [40.0], [None]))
    assert "bound only (≥ 2,000)" in str(reduced(plain, coded, square(0, 0, 2, 4)).reason[0])


def test_alike_takes_zones_one_by_one() -> None:
    one = column(1.0, 0.1, flags=(("published median",),))
    made = alike((one, one), (column(2.0, 0.2), column(3.0, 0.3)))
    assert [m.value[0] for m in made] == [1.0, 1.0]
    made = alike((one, column(1.5, 0.1)), (column(2.0, 0.2), column(3.0, 0.3)))
    assert [m.value[0] for m in made] == [2.0, 3.0] and [m.error["sampling"][0] for m in made] == [0.2, 0.3]


# --- absent ---------------------------------------------------------------------------------------------------------


def test_reasons_name_the_survey_that_lacks_the_figure() -> None:
    gone = column(math.nan, math.nan, reason=("its universe is empty here (homes)",))
    assert changed(gone, column(1, 1)).reason == ("2024: its universe is empty here (homes)",)
    assert changed(column(1, 1), gone).reason == ("2014: its universe is empty here (homes)",)


def test_nothing_grows_from_nothing() -> None:
    found = changed(column(10, 1), column(0, 5))
    assert np.isnan(found.value[0]) and "none in 2014" in str(found.reason[0])
    assert changed(column(0.1, 0.01), column(0.0, 0.05), SHARES).value[0] == pytest.approx(10.0)


def test_ground_that_is_not_known_before_leaves_no_number() -> None:
    field = replace(COUNTS, unknown=np.array([0.006]))
    found = changed(column(10, 1), column(9, 1), field)
    assert np.isnan(found.value[0]) and "0.6%" in str(found.reason[0])
    assert np.isfinite(changed(column(10, 1), column(9, 1), replace(COUNTS, unknown=np.array([0.004]))).value[0])


def test_a_survey_without_margin_leaves_the_change_untested() -> None:
    found = changed(column(10, math.nan), column(5, 1))
    assert found.value[0] == pytest.approx(100.0) and np.isnan(found.moe[0]) and found.flags[0][0] == NOT_TESTED


def test_a_part_that_one_survey_does_not_tell_is_not_told_of_the_change() -> None:
    untold = column(10, 1, flags=(("apportionment error not told",),))
    untold = replace(untold, error={**untold.error, "apportionment": np.array([math.nan])})
    found = changed(untold, column(5, 1))
    assert np.isnan(found.error["apportionment"][0]) and found.flags[0][0] == NOT_TESTED


# --- judged ---------------------------------------------------------------------------------------------------------


def records(
    found: ChangeColumn, *shapes: Any, unit: str = "percentage points", against: int | None = None
) -> list[Record]:
    zones = toy.zones(*shapes)
    inside = np.ones(len(zones), dtype=np.bool_)
    held = None if against is None else judge.Against(against, inside)
    row = replace(ROW, unit=unit)
    return judge.records(found, row, "all", zones, against=held, layers=["acs:X@2024"], settings=JudgeSettings())


def test_a_change_is_judged_by_its_two_figures_and_has_no_coefficient_of_variation() -> None:
    shape = square(0, 0, 2, 2)
    now = before = toy.share([W1], [500], [20], [1000], [25])
    (one,) = records(reduced(now, before, shape), shape)
    assert (one.value, one.reliability, one.numerator, one.rule) == (0.0, "high", None, "difference")
    (one,) = records(reduced(now, toy.share([W1], [500], [400], [1000], [25]), shape), shape)
    assert one.reliability == "low"


def test_a_change_is_hidden_where_either_figure_would_be() -> None:
    shape = square(0, 0, 2, 2)
    many, few = toy.share([W1], [50], [9], [100], [12]), toy.share([W1], [20], [9], [40], [12])
    for now, before in ((many, few), (few, many)):
        (one,) = records(reduced(now, before, shape), shape)
        assert one.value is None and one.flags == () and "fewer than 50 households" in str(one.reason)
    (one,) = records(reduced(many, many, shape), shape)
    assert one.value == 0.0


def test_points_are_compared_with_the_overlap_of_each_survey_taken_out() -> None:
    shapes = (square(0, 0, 2, 4), square(0, 0, 4, 4))
    ids = [WEST, EAST, COUNTY]
    now = toy.share(ids, [300, 200, 500], [30, 25, 39], [500, 500, 1000], [20, 20, 28])
    before = toy.share(ids, [200, 200, 400], [28, 26, 38], [500, 500, 1000], [20, 20, 28])
    found = reduced(now, before, *shapes)
    west, _ = records(found, *shapes, against=1)
    comparison = west.comparison
    assert comparison is not None and comparison.ratio is None
    assert comparison.difference == pytest.approx(20 - 10)
    # Half of the county: SE**2 = Var_R of each survey.
    whole = [float(part.error["sampling"][1]) for part in found.parts]
    assert comparison.difference_moe == pytest.approx(100 * math.hypot(*whole))


def test_percent_changes_are_compared_as_if_they_were_of_two_places() -> None:
    shapes = (square(0, 0, 2, 4), square(0, 0, 4, 4))
    ids = [WEST, EAST, COUNTY]
    found = reduced(count([300, 500, 800], [30, 40, 50], ids), count([240, 500, 740], [20, 35, 40], ids), *shapes)
    west, _ = records(found, *shapes, unit="percent change", against=1)
    assert west.comparison is not None
    assert west.comparison.difference == pytest.approx(25 - 100 * (800 / 740 - 1))
    assert west.comparison.difference_moe == pytest.approx(math.hypot(*found.moe))
