"""Grouped medians: published examples to their printed digits, hand answers, properties."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from justgeo.core.errors import LayerError
from justgeo.measure import medians as md

NAN = float("nan")
INCOME = np.array([0, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 125, 150, 200, np.inf]) * 1000.0
# Los Angeles County, ACS 2009-2013, B19001_002 to _017
LOS_ANGELES = [
    209050, 190300, 173380, 167740, 154347, 155834, 143103, 140946, 126807, 241482, 303887, 384881, 268689, 169129,
    189195, 211613,
]  # fmt: skip
SMALL = [186, 78, 98, 287, 142, 90, 107, 104, 178, 106, 177, 262, 77, 100, 58, 18]


def median(counts: Any, *, edges: Any = INCOME, pareto: bool = False, df: float = 1.0) -> md.Median:
    return md.grouped_median(edges, np.atleast_2d(np.asarray(counts, dtype=float)), pareto=pareto, design_factor=df)


def test_los_angeles_linear() -> None:
    got = median(LOS_ANGELES)
    assert round(float(got.value[0]), 2) == 56364.22
    assert round(float(got.moe[0]), 2) == 161.97
    assert got.text[0] is None and got.reason[0] is None
    assert math.isnan(got.interpolation_error[0])
    assert round(float(median(LOS_ANGELES, df=1.3).moe[0]), 2) == 210.56


def test_default_design_factor() -> None:
    got = md.grouped_median(INCOME, [LOS_ANGELES], pareto=False)
    assert round(float(got.moe[0]), 2) == 210.56


def test_los_angeles_pareto() -> None:
    got = median(LOS_ANGELES, pareto=True)
    assert round(float(got.value[0]), 2) == 55975.90
    assert_allclose(got.interpolation_error, 56364.2218 - 55975.9002, atol=1e-3)


def test_pareto_margin_inverts_as_the_median_does() -> None:
    # all three quantiles lie in 50,000 to 60,000
    n = np.array(LOS_ANGELES, dtype=float)
    total, above_a, above_b = n.sum(), n[9:].sum(), n[10:].sum()
    alpha = math.log(above_a / above_b) / math.log(60 / 50)
    se = math.sqrt(87.5 / (12.5 * total) * 2500) / 100
    low, high = (50000 * (above_a / (total * (1 - p))) ** (1 / alpha) for p in (0.5 - se, 0.5 + se))
    got = median(LOS_ANGELES, pareto=True)
    assert_allclose(got.moe, 1.645 * (high - low) / 2, rtol=1e-9)
    assert abs(float(got.moe[0]) - 161.97) > 1


def test_small_area() -> None:
    got = median(SMALL)
    assert round(float(got.value[0]), 2) == 42211.54
    assert round(float(got.moe[0]), 2) == 4706.52
    assert round(float(median(SMALL, pareto=True).value[0]), 2) == 42077.42


def test_standard_error_of_half() -> None:
    # one wide bracket between two empty ones: a step of one percentage point is 1,000 dollars
    n = 82448
    got = md.grouped_median([0, 1e3, 101e3, np.inf], [[0, n, 0]], pareto=False, design_factor=1.3)
    se50 = float(got.moe[0]) / 1.645 / 1000
    assert (round(se50, 4), round(se50, 3)) == (0.5989, 0.599)


def test_one_year_sample_is_wider() -> None:
    one = md.grouped_median(INCOME, [LOS_ANGELES], pareto=False, design_factor=1.0, sampling_percent=2.5)
    assert float(one.moe[0]) > 2 * 161.97


def test_mode_is_the_densest_bracket_not_the_fullest() -> None:
    # 20-60 thousand holds most, but 15-20 is denser; so the median's bracket lies above the mode: Pareto
    edges = [0, 15000, 20000, 60000, 100000, np.inf]
    counts = [10, 90, 160, 40, 10]
    got = median(counts, edges=edges, pareto=True)
    total, above_a, above_b = 310, 210, 50
    alpha = math.log(above_a / above_b) / math.log(3)
    assert_allclose(got.value, 20000 * (above_a / (total / 2)) ** (1 / alpha))
    # and in the mode's own bracket it is linear
    at_mode = median([10, 200, 100, 40, 10], edges=edges, pareto=True)
    assert_allclose(at_mode.value, 15000 + (180 - 10) / 200 * 5000)
    assert math.isnan(at_mode.interpolation_error[0])


def test_narrow_brackets_are_linear() -> None:
    edges = [0, 2500, 5000, 7500, 10000, np.inf]
    got = median([10, 100, 90, 30, 10], edges=edges, pareto=True)
    assert_allclose(got.value, 5000 + (120 - 110) / 90 * 2500)


def test_bracket_with_nobody_above_is_linear() -> None:
    got = median([0, 50, 60, 0], edges=[0, 5000, 10000, 60000, np.inf], pareto=True)
    assert_allclose(got.value, 10000 + 5 / 60 * 50000)


def test_open_brackets_are_bounds() -> None:
    low, high = np.zeros(16), np.zeros(16)
    low[[0, 5]], high[[3, 15]] = [900, 100], [100, 900]
    got = median([low, high])
    assert np.isnan(got.value).all() and np.isnan(got.moe).all() and np.isnan(got.interpolation_error).all()
    assert got.text.tolist() == ["< 10,000", "≥ 200,000"]
    assert got.reason.tolist() == [md.IN_LOWEST, md.IN_HIGHEST]


def test_margin_is_absent_when_a_limit_falls_in_an_open_bracket() -> None:
    low, high = np.zeros(16), np.zeros(16)
    low[[0, 5]], high[[9, 15]] = [48, 52], [52, 48]
    got = median([low, high], df=1.3)
    assert not np.isnan(got.value).any()
    assert np.isnan(got.moe).all()
    assert got.reason.tolist() == [md.MARGIN_IN_LOWEST, md.MARGIN_IN_HIGHEST]
    assert got.text.tolist() == [None, None]


def test_too_few_households_for_a_margin() -> None:
    counts = np.zeros(16)
    counts[[4, 5, 6]] = 1
    got = median(counts, df=1.3)
    assert got.value[0] == 32500 and math.isnan(got.moe[0])
    assert got.reason[0] == md.MARGIN_TOO_FEW


def test_nobody_and_unknown() -> None:
    unknown = np.array(SMALL, dtype=float)
    unknown[3] = NAN
    got = median([np.zeros(16), unknown, SMALL])
    assert got.reason.tolist() == [md.NOBODY, md.UNKNOWN_BIN, None]
    assert_array_equal(np.isnan(got.value), [True, True, False])


def test_no_zones() -> None:
    assert md.grouped_median(INCOME, np.empty((0, 16)), pareto=True).value.shape == (0,)


def test_median_on_an_edge() -> None:
    got = md.grouped_median([0, 10, 20, 30, 40], [[5, 50, 55, 0], [5, 50, 0, 55]], pareto=False)
    assert got.value.tolist() == [20, 20]


def test_counts_and_edges_that_cannot_be() -> None:
    with pytest.raises(LayerError, match="-3"):
        md.grouped_median([0, 1, 2], [[-3, 1]], pareto=False)
    with pytest.raises(ValueError, match="rise"):
        md.grouped_median([0, 2, 1], [[1, 1]], pareto=False)
    with pytest.raises(ValueError, match="edges"):
        md.grouped_median([0, 1, 2], [[1, 1, 1]], pareto=False)
    with pytest.raises(ValueError, match="design factor"):
        md.grouped_median([0, 1, 2], [[1, 1]], pareto=False, design_factor=0)


COUNTS = st.lists(st.integers(0, 500), min_size=16, max_size=16).filter(lambda c: sum(c) > 0)


def quantile_by_search(edges: Any, counts: Any, share: float) -> float:
    """Linear quantile by bisection on the cumulated distribution; for inner brackets."""
    knots = np.concatenate([[0.0], np.cumsum(counts)])
    finite = np.where(np.isfinite(edges), edges, 1e6)
    low, high = finite[0], finite[-1]
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.interp(middle, finite, knots) < share * knots[-1] else (low, middle)
    return float(high)


@given(COUNTS)
@settings(max_examples=150, deadline=None)
def test_linear_median_and_margin_equal_a_search(counts: list[int]) -> None:
    got = median(counts, df=1.3)
    if not math.isnan(got.value[0]):
        assert_allclose(got.value[0], quantile_by_search(INCOME, counts, 0.5), atol=1e-6)
    if not math.isnan(got.moe[0]):
        se = 1.3 * math.sqrt(87.5 / (12.5 * sum(counts)) * 2500) / 100
        low, high = (quantile_by_search(INCOME, counts, p) for p in (0.5 - se, 0.5 + se))
        assert_allclose(got.moe[0], 1.645 * (high - low) / 2, atol=1e-6)
    assert math.isnan(got.value[0]) == (got.text[0] is not None)
    assert (got.reason[0] is None) == (not math.isnan(got.moe[0]))


@given(COUNTS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_median_lies_in_its_bracket_and_margin_is_not_negative(counts: list[int], pareto: bool) -> None:
    got = median(counts, pareto=pareto)
    linear = median(counts)
    if not math.isnan(got.value[0]):
        where = np.searchsorted(INCOME, linear.value[0], side="left") - 1
        assert INCOME[where] - 1e-6 <= got.value[0] <= INCOME[where + 1] + 1e-6
        error = got.interpolation_error[0]
        assert math.isnan(error) or abs(error - abs(got.value[0] - linear.value[0])) < 1e-9
    assert math.isnan(got.moe[0]) or got.moe[0] >= 0


@given(st.lists(COUNTS, min_size=1, max_size=5), st.booleans())
@settings(max_examples=50, deadline=None)
def test_zones_do_not_touch_one_another(rows: list[list[int]], pareto: bool) -> None:
    together = median(rows, pareto=pareto)
    for i, row in enumerate(rows):
        alone = median(row, pareto=pareto)
        assert_array_equal([alone.value[0], alone.moe[0]], [together.value[i], together.moe[i]])


@given(COUNTS, st.floats(1.1, 50))
@settings(max_examples=50, deadline=None)
def test_more_households_leave_the_median_and_narrow_the_margin(counts: list[int], factor: float) -> None:
    few, many = median(counts), median(np.array(counts) * factor)
    # a median that sits on an edge may be told from either side
    if few.text[0] is None and many.text[0] is None and not math.isnan(few.moe[0]):
        assert many.moe[0] <= few.moe[0] * (1 + 1e-9)


def test_design_factor_is_the_ratio_within_its_bounds() -> None:
    assert md.design_factor(320.0, 200.0) == 1.6
    assert md.design_factor(100.0, 200.0) == 1.0
    assert md.design_factor(900.0, 200.0) == 3.0


@pytest.mark.parametrize(("published", "method"), [(NAN, 1.0), (1.0, NAN), (0.0, 1.0), (1.0, 0.0), (-1.0, 1.0)])
def test_design_factor_needs_two_margins(published: float, method: float) -> None:
    with pytest.raises(LayerError, match="design factor") as caught:
        md.design_factor(published, method)
    assert "1.3" in caught.value.remedy


def test_share_below_of_the_worked_example() -> None:
    got = md.share_below(44000, INCOME, [SMALL])
    assert_allclose(got, 0.5179883945841393, rtol=1e-12)


def test_share_below_at_edges_and_ends() -> None:
    edges, counts = [0, 10, 20, np.inf], np.array([[1, 2, 1], [3, 1, 0], [0, 0, 0], [NAN, 1, 1]])
    assert_array_equal(md.share_below(10, edges, counts), [0.25, 0.75, NAN, NAN])
    assert_array_equal(md.share_below(15, edges, counts), [0.5, 0.875, NAN, NAN])
    assert_array_equal(md.share_below(0, edges, counts), [0, 0, NAN, NAN])
    # the open bracket cannot be divided; it does not matter where it is empty
    assert_array_equal(md.share_below(25, edges, counts), [NAN, 1, NAN, NAN])


def test_bin_fractions_are_weights_of_cells() -> None:
    assert_array_equal(md.bin_fractions(12.5, [0, 10, 20, np.inf]), [1, 0.25, 0])
    assert_array_equal(md.bin_fractions(30, [-np.inf, 10, 20, np.inf]), [1, 1, NAN])
    with pytest.raises(ValueError, match="finite"):
        md.bin_fractions(NAN, [0, 1])


@given(COUNTS)
@settings(max_examples=60, deadline=None)
def test_half_lie_below_the_linear_median(counts: list[int]) -> None:
    got = median(counts)
    if not math.isnan(got.value[0]):
        assert_allclose(md.share_below(float(got.value[0]), INCOME, [counts]), 0.5, atol=1e-9)
