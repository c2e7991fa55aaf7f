"""Where a number stands among tracts, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from justgeo.core.layer import FloatArray
from justgeo.core.result import Record
from justgeo.measure import percentiles
from justgeo.measure.percentiles import Tracts, standing

NUMBER = Record("district", "BEL-02", "all", 0.5, 0.0, "share", "homes", "high", None)
TWENTY = np.arange(20) / 20
ALIKE = np.full(20, 100.0)


def tracts(values: list[float], people: list[float]) -> Tracts:
    return Tracts.of(np.array(values), np.array(people), "persons")


def test_people_count_and_not_tracts() -> None:
    found = tracts([0.3, 0.1, 0.2], [700, 100, 200])
    assert found.percentile(0.25) == pytest.approx(0.3)
    assert found.percentile(0.05) == 0.0
    assert found.percentile(0.9) == 1.0


def test_those_of_an_equal_number_count_half() -> None:
    found = tracts([0.1, 0.2, 0.2, 0.4], [100, 100, 300, 500])
    assert found.percentile(0.2) == pytest.approx((100 + 400 / 2) / 1000)
    # The same number from another product of the same matrix.
    assert found.percentile(0.2 * (1 + 1e-15)) == pytest.approx(0.3)
    assert tracts([0.0, 0.0, 1.0], [1, 1, 2]).percentile(0.0) == pytest.approx(0.25)


def test_a_tract_without_a_number_or_people_is_on_neither_side() -> None:
    found = tracts([0.1, math.nan, 0.3, 0.2], [100, 800, 100, 0])
    assert (len(found), found.told) == (2, pytest.approx(0.2))
    assert found.percentile(0.2) == pytest.approx(0.5)


def test_an_open_bracket_is_above_or_below_all_numbers() -> None:
    found = tracts([math.inf, 40_000.0, -math.inf, 60_000.0], [100, 100, 100, 100])
    assert found.percentile(50_000.0) == pytest.approx(0.5)
    assert found.percentile(1e9) == pytest.approx(0.75)


def test_the_ends_are_those_of_the_number_less_and_plus_its_margin() -> None:
    found = standing(Tracts.of(TWENTY, ALIKE, "persons"), NUMBER, 0.51, 0.1)
    assert (found.value, found.low, found.high) == pytest.approx((11 / 20, 9 / 20, 13 / 20))
    assert (found.tracts, found.weight, found.reason) == (20, "persons", None)


def test_a_number_without_error_has_no_range_and_one_of_unknown_error_no_ends() -> None:
    held = Tracts.of(TWENTY, ALIKE, "persons")
    exact = standing(held, NUMBER, 0.5, 0.0)
    assert exact.value == exact.low == exact.high == pytest.approx(0.525)
    unknown = standing(held, NUMBER, 0.5, math.nan)
    assert (unknown.value, unknown.low, unknown.high) == (pytest.approx(0.525), None, None)


@pytest.mark.parametrize(
    ("values", "people", "value", "moe", "reliability", "why"),
    [
        (TWENTY[:19], ALIKE[:19], 0.5, 0.0, "high", "only 19 tracts of the reference have a number"),
        (np.append(TWENTY, np.nan), np.append(ALIKE, 600.0), 0.5, 0.0, "high", "only 77%"),
        (TWENTY, ALIKE, 0.5, 0.02, "low", "too uncertain"),
        (TWENTY, ALIKE, 0.5, 0.3, "medium", "anywhere from 22% to 82%"),
        (TWENTY, ALIKE, math.nan, math.nan, "high", "open"),
    ],
)
def test_no_percentile_without_its_reason(
    values: FloatArray, people: FloatArray, value: float, moe: float, reliability: str, why: str
) -> None:
    record = replace(NUMBER, reliability=reliability)
    found = standing(Tracts.of(values, people, "persons"), record, value, moe)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.reason is not None and why in found.reason


@given(
    hnp.arrays(np.float64, 25, elements=st.floats(0, 1)),
    hnp.arrays(np.float64, 25, elements=st.floats(1, 5000)),
    st.floats(0, 1),
    st.floats(0, 0.2),
)
@settings(deadline=None)
def test_percentiles_hold_their_order(values: FloatArray, people: FloatArray, value: float, moe: float) -> None:
    held = Tracts.of(values, people, "persons")
    assert 0.0 <= held.percentile(value) <= 1.0
    assert held.percentile(value) <= held.percentile(value + moe)
    # Those with lower and those with higher numbers make up all.
    other = Tracts.of(-values, people, "persons")
    assert held.percentile(value) + other.percentile(-value) == pytest.approx(1.0)
    # Twice as many people everywhere move nothing, nor does the order of the tracts.
    twice = Tracts.of(values[::-1], 2 * people[::-1], "persons")
    assert twice.percentile(value) == pytest.approx(held.percentile(value))
    found = standing(held, NUMBER, value, moe)
    if found.value is not None:
        assert found.low is not None and found.high is not None
        assert found.low <= found.value <= found.high < found.low + percentiles.WIDEST


def test_numbers_are_equal_to_a_billionth_of_the_largest() -> None:
    """Of 2^30 that is a little more than 1, and infinite ones are no largest one."""
    largest = 2.0**30
    found = tracts([0.0, 1.0, 3.0, -largest, math.inf], [1, 1, 1, 1, 1])
    assert found.largest == largest
    assert found.percentile(0.5) == pytest.approx((1 + 3) / 10)
    assert found.percentile(2.0) == pytest.approx((2 + 4) / 10)
    assert found.percentile(2.1) == pytest.approx((3 + 4) / 10)
    assert found.percentile(4.08) == pytest.approx(4 / 5)


@pytest.mark.parametrize(("moe", "told"), [(0.2, True), (0.25, False), (0.2499, True), (math.nan, True)])
def test_ends_that_are_half_of_all_apart_tell_nothing(moe: float, told: bool) -> None:
    """Twenty numbers, 0.05 apart: from 0.25 to 0.75 there are nine between and two halves, ten twentieths."""
    found = standing(Tracts.of(TWENTY, ALIKE, "persons"), NUMBER, 0.5, moe)
    assert (found.value is not None) is told
    if told:
        assert found.value == pytest.approx(10.5 / 20) and (found.low is None) is math.isnan(moe)
    else:
        assert found.reason is not None and "from 28% to 78%" in found.reason


@pytest.mark.parametrize(("value", "reliability", "why"), [
    (0.5, "low", percentiles.VAGUE), (math.inf, "high", percentiles.OPEN_END), (math.nan, "low", percentiles.VAGUE),
    (0.5, "unknown", None), (0.5, "medium", None),
])  # fmt: skip
def test_why_a_percentile_is_not_told(value: float, reliability: str, why: str | None) -> None:
    record = replace(NUMBER, reliability=reliability)
    assert standing(Tracts.of(TWENTY, ALIKE, "persons"), record, value, 0.01).reason == why


@pytest.mark.parametrize(("n", "told"), [(19, False), (20, True)])
def test_twenty_tracts_are_enough(n: int, told: bool) -> None:
    found = standing(Tracts.of(TWENTY[:n], ALIKE[:n], "households"), NUMBER, 0.5, 0.01)
    assert (found.value is not None) is told and (found.tracts, found.weight) == (n, "households")
