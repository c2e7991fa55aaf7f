"""Gaps between two groups' shares: by hand, and judged by the shares that they were made of."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.field import CountField, GapField
from justgeo.core.result import MarginRule, Record
from justgeo.measure import compare, judge
from justgeo.measure.gaps import GapColumn, gap, poorer
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators.town import row as indicator
from tests.measure import toy
from tests.measure.test_judge import column, zones
from tests.measure.toy import E1, E2, W1, W2, square

SETTINGS = ReduceSettings()
ROW = indicator("acs_gap", unit="percentage points", aggregate="difference", weight="households")


def owners(x: object, mx: object, y: object, my: object, ids: list[str] | None = None) -> CountField:
    return toy.share(ids or [W1, W2, E1, E2], x, mx, y, my)


# 60 of 100, 30 of 60 here; 20 of 80, 12 of 40 there.
WHITE = owners([60, 30, 20, 12], [20, 12, 10, 8], [100, 60, 80, 40], [25, 15, 18, 10])
BLACK = owners([10, 5, 30, 9], [8, 6, 12, 7], [50, 20, 90, 30], [15, 11, 20, 12])


def reduced(*shapes: Any, first: CountField = WHITE, second: CountField = BLACK) -> GapColumn:
    found = reduce(GapField(first, second), toy.weights(*shapes), reference=None, settings=SETTINGS)
    assert isinstance(found, GapColumn)
    return found


def test_a_gap_by_hand() -> None:
    found = reduced(square(0, 0, 2, 2))  # one whole block group: 60 of 100 less 10 of 50
    assert found.value[0] == pytest.approx(100 * (0.6 - 0.2))
    first = math.sqrt(20**2 - 0.6**2 * 25**2) / 100
    second = math.sqrt(8**2 - 0.2**2 * 15**2) / 50
    assert found.error["sampling"][0] == pytest.approx(100 * math.hypot(first, second))
    assert found.moe[0] == pytest.approx(found.error["sampling"][0])
    assert (found.rule, found.reason, found.text) == (("difference",), (None,), (None,))
    assert set(found.rule) <= {*get_args(MarginRule)}
    assert np.isnan([found.numerator[0], found.denominator[0], found.low[0]]).all()


def test_counts_are_added_before_shares_are_taken() -> None:
    found = reduced(square(0, 0, 2, 4))
    assert found.value[0] == pytest.approx(100 * (90 / 160 - 15 / 70))


def test_a_cut_district_has_both_parts_of_the_margin_and_a_range_of_the_difference_itself() -> None:
    cut = square(0, 0, 4, 3)
    found = reduced(cut)
    for name in ("sampling", "apportionment"):
        parts = [part.error[name][0] for part in found.parts]
        assert min(parts) > 0
        assert found.error[name][0] == pytest.approx(100 * math.hypot(*parts))
    assert found.moe[0] == pytest.approx(math.hypot(found.error["sampling"][0], found.error["apportionment"][0]))
    assert found.low[0] <= found.value[0] <= found.high[0]
    # Not the widest that the two ranges would allow: both are divided in the same way.
    widest = [
        100 * (found.parts[0].high[0] - found.parts[1].low[0]),
        100 * (found.parts[0].low[0] - found.parts[1].high[0]),
    ]
    assert found.high[0] <= widest[0] + 1e-9 and found.low[0] >= widest[1] - 1e-9


def test_where_one_share_is_missing_there_is_no_gap_and_its_reason_is_told() -> None:
    nobody = owners([0, 5, 30, 9], [8, 6, 12, 7], [0, 20, 90, 30], [15, 11, 20, 12])
    found = reduced(square(0, 0, 2, 2), second=nobody)
    assert np.isnan(found.value[0]) and np.isnan(found.moe[0]) and np.isnan(found.error["sampling"][0])
    assert found.reason == ("its universe is empty here (households)",)
    assert found.rule == ("",) and found.flags == ((),)


shares = st.floats(0.05, 0.95)


@given(shares, shares, st.floats(0, 0.2), st.floats(0, 0.2))
def test_turned_around_it_changes_its_sign_and_nothing_else(p: float, q: float, a: float, b: float) -> None:
    one, two = column([p], [a]), column([q], [b])
    there, back = gap(one, two), gap(two, one)
    assert there.value[0] == pytest.approx(-back.value[0])
    assert there.moe[0] == pytest.approx(back.moe[0]) and there.moe[0] >= 0
    assert there.moe[0] >= 100 * max(a, b) - 1e-9
    assert gap(one, one).value[0] == 0


# --- judged ---------------------------------------------------------------------------------------------------------


def judged(first: Any, second: Any, roles: Any = ("district",), settings: JudgeSettings | None = None) -> list[Record]:
    against = None
    if "reference" in roles:
        against = judge.Against(list(roles).index("reference"), np.full(len(roles), True))
    found = gap(first, second)
    return judge.records(
        found, ROW, "all", zones(roles), against=against, layers=(), settings=settings or JudgeSettings()
    )


def test_a_small_gap_with_a_small_margin_is_reliable() -> None:
    """A coefficient of variation would call it the worst of all."""
    (record,) = judged(column([0.50], [0.02], denominator=[900]), column([0.49], [0.02], denominator=[900]))
    assert record.value == pytest.approx(1.0)
    assert record.moe == pytest.approx(100 * math.hypot(0.02, 0.02))
    assert record.reliability == "high"


def test_it_is_as_reliable_as_the_poorer_of_its_shares() -> None:
    (record,) = judged(column([0.50], [0.02], denominator=[900]), column([0.20], [0.14], denominator=[90]))
    assert record.reliability == "low"  # 0.14 / 1.645 / 0.2 = 43 %
    assert poorer([["high", "exact"], ["medium", "exact"]]) == ["medium", "exact"]


@pytest.mark.parametrize("role", ["district", "area"])
def test_it_is_hidden_where_either_group_is_small_in_the_district_too(role: Any) -> None:
    few, many = column([0.5], [0.1], denominator=[49]), column([0.3], [0.02], denominator=[900])
    for pair in ((few, many), (many, few)):
        (record,) = judged(*pair, roles=(role,))
        assert record.value is None and record.moe is None and record.reliability == "suppressed"
        assert record.reason == "suppressed: fewer than 50 people or households of this group stand behind it"


def test_it_is_hidden_where_either_share_would_be_as_too_wide() -> None:
    wide, sure = column([0.2], [0.3], denominator=[60]), column([0.7], [0.02], denominator=[900])
    (record,) = judged(sure, wide)
    assert record.value is None and "too wide" in str(record.reason)


def test_it_is_compared_group_by_group_with_the_overlap_taken_out() -> None:
    first = column([0.60, 0.50], [0.05, 0.01], denominator=[500, 5_000])
    second = column([0.30, 0.35], [0.06, 0.02], denominator=[300, 2_000])
    record = judged(first, second, ("district", "reference"))[0]
    white = compare.overlap_difference(0.60, 0.05, 0.0, 0.50, 0.01, 0.1)
    black = compare.overlap_difference(0.30, 0.06, 0.0, 0.35, 0.02, 0.15)
    told = record.comparison
    assert told is not None and told.difference_moe is not None
    assert told.difference == pytest.approx(30 - 15)
    assert told.difference_moe == pytest.approx(100 * math.hypot(white.moe, black.moe))
    assert told.z == pytest.approx(15 / (told.difference_moe / 1.645))
    assert (told.verdict, told.ratio) == ("higher", None)


def test_a_hidden_reference_leaves_no_difference_behind() -> None:
    first = column([0.60, 0.50], [0.05, 0.01], denominator=[500, 5_000])
    second = column([0.30, 0.35], [0.06, 0.02], denominator=[300, 40])
    district, reference = judged(first, second, ("district", "reference"))
    assert reference.value is None and district.value is not None and district.comparison is None


def test_no_number_of_a_hidden_gap_is_left_in_its_record() -> None:
    (record,) = judged(column([0.2], [0.3], denominator=[40]), column([0.7], [0.02], denominator=[900]))
    held = [v for v in dataclasses.asdict(record).values() if isinstance(v, float)]
    assert held == [] and not record.error and not record.flags
