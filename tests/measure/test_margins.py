"""Margins: published examples to their printed digits, hand answers, properties."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from justgeo.core.errors import LayerError
from justgeo.measure import margins as m

NAN = float("nan")


def one_zone(*weights: float) -> Any:
    return csr_array(np.array([weights], dtype=float))


def column(*values: float) -> Any:
    return np.array(values, dtype=float)[:, None]


# --- decoding ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentinel", [-666666666, -999999999, -888888888, -222222222, -333333333])
def test_sentinels_become_nan_with_a_reason(sentinel: float) -> None:
    got = m.decode([sentinel, 5.0], [3.0, sentinel])
    assert_array_equal(got.estimate, [NAN, 5.0])
    assert_array_equal(got.margin, [3.0, NAN])
    assert got.estimate_reason[0] and got.estimate_reason[1] is None
    assert got.margin_reason[1] and got.margin_reason[0] is None


def test_each_sentinel_has_its_own_words() -> None:
    assert len(set(m.SENTINELS.values())) == len(m.SENTINELS) == 5
    got = m.decode([250001.0], [-333333333.0])
    assert got.estimate[0] == 250001
    assert "open-ended" in got.margin_reason[0]


def test_controlled_margin_is_zero_and_needs_no_reason() -> None:
    got = m.decode([100.0], [-555555555.0])
    assert got.margin[0] == 0
    assert got.margin_reason[0] is None


def test_empty_cells_are_absent_with_a_reason() -> None:
    got = m.decode([[NAN, 1.0]], [[1.0, NAN]])
    assert got.estimate.shape == got.margin_reason.shape == (1, 2)
    assert got.estimate_reason[0, 0] == m.NO_ESTIMATE
    assert got.margin_reason[0, 1] == m.NO_MARGIN


@pytest.mark.parametrize(
    ("estimate", "margin", "shown"),
    [
        (-555555555.0, 1.0, "-555,555,555"),  # no sentinel of an estimate
        (-444444444.0, 1.0, "-444,444,444"),
        (-100000001.0, 1.0, "-100,000,001"),
        (1.0, -1.0, "-1"),
        (1.0, -666666665.0, "-666,666,665"),
        (math.inf, 1.0, "inf"),
        (1.0, math.inf, "inf"),
    ],
)
def test_numbers_that_cannot_be_are_refused_with_the_value(estimate: float, margin: float, shown: str) -> None:
    with pytest.raises(LayerError, match=shown) as caught:
        m.decode([7.0, estimate], [2.0, margin])
    assert caught.value.remedy


def test_a_negative_estimate_that_can_be_stays() -> None:
    assert m.decode([-12000.0, -100000000.0], [1.0, 1.0]).estimate.tolist() == [-12000.0, -100000000.0]


def test_decoding_leaves_its_arguments_as_they_are() -> None:
    estimate, margin = np.array([-666666666.0]), np.array([-555555555.0])
    m.decode(estimate, margin)
    assert (estimate[0], margin[0]) == (-666666666.0, -555555555.0)


def test_decoding_wants_one_shape() -> None:
    with pytest.raises(ValueError, match="shape"):
        m.decode([1.0, 2.0], [1.0])


# --- sums -------------------------------------------------------------------------------------------------------


def test_zero_rule_example() -> None:
    got = m.weighted_sum(one_zone(1, 1, 1, 1), column(0, 0, 0, 41), column(22, 22, 29, 37))
    assert got.value[0] == 41
    assert round(float(got.moe[0]), 4) == 47.0106


def test_handbook_sum() -> None:
    got = m.weighted_sum(one_zone(1, 1, 1), column(135173, 43104, 24842), column(3860, 2642, 1957))
    assert got.value[0] == 203119
    assert round(float(got.moe[0])) == 5070
    assert round(float(got.moe[0]) / m.Z90) == 3082
    assert round(float(m.cv(got.value, got.moe)[0]), 1) == 1.5
    across_cells = m.weighted_sum(one_zone(1), [[135173, 43104, 24842]], [[3860, 2642, 1957]])
    assert_allclose(across_cells.moe, got.moe)


def test_handbook_denominator() -> None:
    got = m.weighted_sum(one_zone(1, 1, 1), column(466037, 97360, 67101), column(391, 572, 459))
    assert (got.value[0], round(float(got.moe[0]))) == (630498, 831)


def test_apportioned_count_and_share() -> None:
    w = one_zone(1, 0.35, 0.62)
    x = m.weighted_sum(w, column(1200, 900, 1500), column(180, 150, 210))
    y = m.weighted_sum(w, column(2400, 1600, 2600), column(200, 170, 230))
    assert (round(float(x.value[0]), 1), round(float(x.moe[0]), 1)) == (2445.0, 228.3)
    assert (round(float(y.value[0])), round(float(y.moe[0]), 1)) == (4572, 252.7)
    share = m.proportion(x.value, x.moe, y.value, y.moe)
    assert (round(float(share.value[0]), 4), round(float(share.moe[0]), 4)) == (0.5348, 0.0402)


def test_crosswalked_tract() -> None:
    got = m.weighted_sum(csr_array(np.array([[0.65], [0.35]])), [[420.0]], [[60.0]])
    assert_allclose(got.value, [273, 147])
    assert_allclose(got.moe, [39, 21])


def test_zero_margin_is_taken_once_over_cells_and_units_by_weight() -> None:
    # (w M) of the zeros: 0.5 x 20 = 10, 0.5 x 12 = 6, 1 x 9 = 9: the largest is not that of the largest weight
    got = m.weighted_sum(one_zone(0.5, 1.0), [[0, 0], [0, 8]], [[20, 12], [9, 24]])
    assert got.value[0] == 8
    assert_allclose(got.moe, math.hypot(10, 24))


def test_units_outside_a_zone_do_not_touch_it() -> None:
    w = csr_array(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    got = m.weighted_sum(w, column(NAN, 5, 0), column(1, NAN, 11))
    assert_array_equal(got.value, [NAN, 5, 0])
    assert_array_equal(got.moe, [NAN, NAN, 11])
    assert got.missing.tolist() == [True, False, False]


def test_a_stored_zero_weight_is_no_weight() -> None:
    w = csr_array((np.array([1.0, 0.0]), np.array([0, 1]), np.array([0, 2])), shape=(1, 2))
    got = m.weighted_sum(w, column(5, NAN), column(2, NAN))
    assert (got.value[0], got.moe[0], bool(got.missing[0])) == (5, 2, False)
    assert w.nnz == 2, "the argument must be left as it is"


def test_a_pair_stored_twice_counts_as_its_sum() -> None:
    w = csr_array((np.array([0.5, 0.5]), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    assert m.weighted_sum(w, [[10.0]], [[4.0]]).moe[0] == 4  # not 4 x sqrt(1/2)


def test_a_zone_without_units_is_missing_not_zero() -> None:
    w = csr_array(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]))
    got = m.weighted_sum(w, column(3, 4), column(1, 1))
    assert got.missing.tolist() == [True, False, True]
    assert_array_equal(got.value, [NAN, 3, NAN])
    assert_array_equal(got.moe, [NAN, 1, NAN])


def test_no_units_at_all() -> None:
    got = m.weighted_sum(csr_array((2, 0), dtype=np.float64), np.empty((0, 1)), np.empty((0, 1)))
    assert got.missing.all() and np.isnan(got.value).all()


@pytest.mark.parametrize("bad", [-0.1, NAN, math.inf])
def test_weights_that_are_none_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="weights"):
        m.weighted_sum(one_zone(bad, 1.0), column(1, 1), column(1, 1))


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="units"):
        m.weighted_sum(one_zone(1, 1), column(1), column(1))
    with pytest.raises(ValueError, match="cells"):
        m.weighted_sum(one_zone(1), np.empty((1, 0)), np.empty((1, 0)))


def by_loop(w: Any, est: Any, moe: Any) -> tuple[list[float], list[float]]:
    """Weighted sums by the plainest of loops."""
    values, margins = [], []
    for row in w:
        total, variance, zero, any_unit, bad_e, bad_m = 0.0, 0.0, 0.0, False, False, False
        for u, weight in enumerate(row):
            if weight == 0:
                continue
            any_unit = True
            for e, x in zip(est[u], moe[u], strict=True):
                bad_e, bad_m = bad_e or math.isnan(e), bad_m or math.isnan(x)
                total += weight * e
                if e == 0:
                    zero = max(zero, weight * x)
                else:
                    variance += (weight * x) ** 2
        absent = bad_e or not any_unit
        values.append(NAN if absent else total)
        margins.append(NAN if absent or bad_m else math.sqrt(variance + zero**2))
    return values, margins


@st.composite
def tables(draw: Any, holes: bool = False) -> tuple[Any, Any, Any]:
    zones, units, cells = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(1, 3))
    extra = [st.just(NAN)] if holes else []
    weight = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.01, 1))
    number = st.one_of(st.just(0.0), st.integers(1, 5000).map(float), *extra)
    margin = st.one_of(st.just(0.0), st.floats(1, 900), *extra)
    w = draw(hnp.arrays(np.float64, (zones, units), elements=weight))
    est = draw(hnp.arrays(np.float64, (units, cells), elements=number))
    moe = draw(hnp.arrays(np.float64, (units, cells), elements=margin))
    return w, est, moe


@given(tables(holes=True))
@settings(max_examples=200, deadline=None)
def test_weighted_sum_equals_the_loop(table: tuple[Any, Any, Any]) -> None:
    w, est, moe = table
    got = m.weighted_sum(csr_array(w), est, moe)
    values, margins = by_loop(w, est, moe)
    assert_allclose(got.value, values, rtol=1e-12)
    assert_allclose(got.moe, margins, rtol=1e-12)
    assert_array_equal(got.missing, np.isnan(values))


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_order_of_units_and_cells_does_not_matter(table: tuple[Any, Any, Any], random: Any) -> None:
    w, est, moe = table
    units, cells = list(range(est.shape[0])), list(range(est.shape[1]))
    random.shuffle(units)
    random.shuffle(cells)
    a = m.weighted_sum(csr_array(w), est, moe)
    b = m.weighted_sum(csr_array(w[:, units]), est[units][:, cells], moe[units][:, cells])
    assert_allclose(a.value, b.value, rtol=1e-12)
    assert_allclose(a.moe, b.moe, rtol=1e-12)


@given(tables(), st.floats(0.01, 100))
@settings(max_examples=80, deadline=None)
def test_scaling_the_weights_scales_value_and_margin(table: tuple[Any, Any, Any], factor: float) -> None:
    w, est, moe = table
    a, b = m.weighted_sum(csr_array(w), est, moe), m.weighted_sum(csr_array(w * factor), est, moe)
    assert_allclose(b.value, factor * a.value, rtol=1e-9)
    assert_allclose(b.moe, factor * a.moe, rtol=1e-9)
    assert not (a.moe < 0).any()


@given(tables(), st.integers(0, 6))
@settings(max_examples=120, deadline=None)
def test_splitting_the_units_in_two_and_adding_the_sums(table: tuple[Any, Any, Any], cut: int) -> None:
    w, est, moe = table
    whole = m.weighted_sum(csr_array(w), est, moe)
    halves = [
        m.weighted_sum(csr_array(w[:, part]), est[part], moe[part]) for part in (slice(None, cut), slice(cut, None))
    ]
    value = np.nansum([h.value for h in halves], axis=0)
    assert_allclose(value, np.nan_to_num(whole.value), rtol=1e-12)
    squares = np.nansum([np.square(h.moe) for h in halves], axis=0)
    assert (np.nan_to_num(np.square(whole.moe)) <= squares * (1 + 1e-12)).all()
    zeros = np.where(est == 0, moe, 0.0).max(axis=1)
    parts = [(w * zeros)[:, part] for part in (slice(None, cut), slice(cut, None))]
    lesser = np.minimum(*[p.max(axis=1, initial=0.0) for p in parts])  # the zero margin that the whole leaves out
    assert_allclose(np.nan_to_num(np.square(whole.moe)), squares - np.square(lesser), rtol=1e-9, atol=1e-6)


def test_many_zones_and_units_stay_sparse() -> None:
    rng = np.random.default_rng(1)
    zones = units = 5000
    w = csr_array(
        (rng.uniform(0.1, 1, zones * 10), (np.repeat(np.arange(zones), 10), rng.integers(0, units, zones * 10))),
        shape=(zones, units),
    )
    est = rng.integers(0, 3, (units, 20)).astype(float)
    moe = rng.uniform(1, 50, est.shape)
    got = m.weighted_sum(w, est, moe)
    rows = [0, 17, 4999]
    values, margins = by_loop(w[rows].toarray(), est, moe)
    assert_allclose(got.value[rows], values)
    assert_allclose(got.moe[rows], margins)


# --- differences ------------------------------------------------------------------------------------------------


def test_difference_is_a_right_triangle() -> None:
    got = m.difference(10, 3, 4, 4)
    assert (float(got.value), float(got.moe)) == (6, 5)


def test_nested_difference_undoes_a_sum() -> None:
    got = m.nested_difference(100, 5, 60, 4)
    assert (float(got.value), float(got.moe)) == (40, 3)


def test_nested_difference_without_a_margin() -> None:
    total = [100, 100, 100, 100, 100]
    got = m.nested_difference(total, [4, 5, 0, 0, NAN], 60, [5, 5, 0, 3, 3])
    assert_array_equal(got.moe, [NAN, NAN, 0, NAN, NAN])  # 5 against 5 would be a sampled rest without error


def as_sum(value: Any, moe: Any) -> m.Sum:
    v = np.asarray(value, dtype=float)
    return m.Sum(v, np.asarray(moe, dtype=float), np.isnan(v))


def test_subtract_nested_falls_back_on_the_components() -> None:
    total, part = as_sum([100, 100, 80, NAN], [5, 4, 9, NAN]), as_sum([60, 60, 80, 5], [4, 5, 8, 1])
    got = m.subtract_nested(total, part, as_sum([40, 40, 0, 3], [7, 7, 12, 1]))
    assert_array_equal(got.value, [40, 40, 0, NAN])
    assert_array_equal(got.moe, [3, 7, 12, NAN])  # a rest of 0 has the margin of its zero cells
    assert got.missing.tolist() == [False, False, False, True]
    alone = m.subtract_nested(total, part)
    assert math.isnan(alone.moe[1])


def test_subtract_nested_refuses_a_part_larger_than_its_total() -> None:
    with pytest.raises(LayerError, match="61"):
        m.subtract_nested(as_sum([60], [1]), as_sum([61], [1]))


def test_subtract_nested_allows_for_rounding() -> None:
    got = m.subtract_nested(as_sum([0.1 + 0.2], [5]), as_sum([0.3], [4]))
    assert got.value[0] == 0


# --- shares, ratios, products -----------------------------------------------------------------------------------


def test_handbook_proportion() -> None:
    got = m.proportion(203119, 5070, 630498, 831)
    assert (round(float(got.value), 4), round(float(got.moe), 4), str(got.rule)) == (0.3222, 0.0080, "proportion")


def test_handbook_ratio() -> None:
    got = m.ratio(226840, 5556, 203119, 5070)
    assert (round(float(got.value), 4), round(float(got.moe), 4), str(got.rule)) == (1.1168, 0.0391, "ratio")


def test_handbook_product() -> None:
    got = m.product(74506512, 228238, 0.824, 0.001)
    assert (round(float(got.value)), round(float(got.moe))) == (61393366, 202289)


def test_handbook_percent_change() -> None:
    got = m.percent_change(139301, 4047, 135173, 3860)
    assert (round(float(got.value), 2), round(float(got.moe), 2)) == (3.05, 4.20)


def test_negative_radicand_takes_the_ratio_formula() -> None:
    got = m.proportion(95, 40, 100, 60)
    assert (float(got.value), round(float(got.moe), 4), str(got.rule)) == (0.95, 0.6963, "ratio")


@pytest.mark.parametrize(
    ("x", "mx", "y", "my", "moe", "rule"),
    [
        (50, 5, 100, 10, math.hypot(5, 5) / 100, "ratio"),  # 5² - (0.5 * 10)² is 0
        (10, 10, 30, 30, math.hypot(10, 10) / 30, "ratio"),  # and so it is here, but for what rounding leaves
        (50, 5, 100, 9.9, math.sqrt(25 - 4.95**2) / 100, "proportion"),
        (50, 0, 100, 0, 0.0, "proportion"),  # two numbers that nobody sampled
        (0, 0, 100, 10, 0.0, "proportion"),
    ],
)
def test_a_sampled_share_is_never_exact(x: float, mx: float, y: float, my: float, moe: float, rule: str) -> None:
    """A radicand of 0 between two margins is chance: it would call a share exact that a survey guessed."""
    got = m.proportion(x, mx, y, my)
    assert (float(got.moe), str(got.rule)) == (pytest.approx(moe), rule)


def test_published_shares_of_two_counties() -> None:
    got = m.proportion([185550, 128678], [3611, 2846], [659129, 545637], [2500, 2171])
    assert got.value.round(4).tolist() == [0.2815, 0.2358]
    assert got.moe.round(4).tolist() == [0.0054, 0.0051]


def test_real_appreciation_of_the_worked_example() -> None:
    deflator = 313.689 / 236.736
    got = m.percent_change(395000, 22000, 210000 * deflator, 16000 * deflator)
    assert (round(float(got.value), 1), round(float(got.moe), 1)) == (42.0, 13.4)
    income = m.percent_change(60500, 7000, 48000, 5000)
    assert (round(float(income.value), 1), round(float(income.moe), 1)) == (26.0, 19.6)


def test_share_of_nothing_and_of_everything() -> None:
    none = m.proportion(0, 12, 300, 40)
    assert_allclose([none.value, none.moe], [0, 12 / 300])
    everything = m.complement_proportion(0, 12, 300, 40)
    assert_allclose([everything.value, everything.moe], [1, 12 / 300])
    assert str(everything.rule) == "complement"


def test_complement_has_the_margin_of_what_it_leaves_out() -> None:
    part, rest = m.proportion(95, 40, 100, 60), m.complement_proportion(95, 40, 100, 60)
    assert_allclose(rest.value, 1 - part.value)
    assert rest.moe == part.moe
    assert str(rest.rule) == "complement_ratio"


@pytest.mark.parametrize("function", [m.proportion, m.complement_proportion, m.ratio])
def test_quotients_without_a_base_or_a_margin(function: Any) -> None:
    got = function([1, 1, 1, NAN], [1, NAN, 1, 1], [0, 10, NAN, 10], [1, 1, 1, 1])
    assert np.isnan(got.value).tolist() == [True, False, True, True]
    assert np.isnan(got.moe).all()
    assert got.rule.tolist() == [""] * 4


COUNT, MARGIN = st.floats(0, 1e6), st.floats(0, 1e5)


@given(COUNT, MARGIN, st.floats(0.5, 1e6), MARGIN, st.floats(1e-3, 1e3))
@settings(max_examples=150, deadline=None)
def test_quotients_scale_and_have_no_negative_margin(x: float, mx: float, y: float, my: float, f: float) -> None:
    pairs: list[Any] = [m.ratio, m.percent_change, m.product, m.difference]
    shares: list[Any] = [m.proportion, m.complement_proportion]
    for function in pairs:
        assert float(function(x, mx, y, my).moe) >= 0
    for function in shares:
        assert float(function(min(x, y), mx, y, my).moe) >= 0
    a, b = m.ratio(x, mx, y, my), m.ratio(f * x, f * mx, f * y, f * my)
    assert_allclose([b.value, b.moe], [a.value, a.moe], rtol=1e-9, atol=1e-12)


def test_count_from_percent_by_hand() -> None:
    got = m.count_from_percent(25, 4, 400, 30)
    assert_allclose([got.value, got.moe], [100, math.hypot(0.25 * 30, 400 * 0.04)])


@given(st.floats(0, 100), st.floats(0.1, 30), st.floats(50, 1e5), st.floats(1, 1e4))
@settings(max_examples=100, deadline=None)
def test_percent_to_count_and_back(percent: float, moe: float, total: float, total_moe: float) -> None:
    count = m.count_from_percent(percent, moe, total, total_moe)
    back = m.proportion(count.value, count.moe, total, total_moe)
    assert_allclose(100 * back.value, percent, atol=1e-9)
    assert_allclose(100 * back.moe, moe, rtol=1e-4)  # the radicand is a difference of squares
    assert str(back.rule) == "proportion"


@pytest.mark.parametrize(("percent", "moe", "shown"), [(101, 1, "101"), (-1, 1, "-1"), (50, -2, "-2")])
def test_percents_that_cannot_be(percent: float, moe: float, shown: str) -> None:
    with pytest.raises(LayerError, match=shown):
        m.count_from_percent(percent, moe, 100, 5)


# --- reliability ------------------------------------------------------------------------------------------------


def test_classes_at_their_limits() -> None:
    moe = np.array([12.0, 12.01, 40.0, 40.01]) * m.Z90
    assert m.reliability(100.0, moe, proportion=False).tolist() == ["high", "medium", "medium", "low"]


def test_classes_that_are_no_measure() -> None:
    got = m.reliability([5, 0, NAN, NAN, 5, 0], [0, 0, 1, NAN, NAN, 3], proportion=False)
    assert got.tolist() == ["exact", "exact", "absent", "absent", "unknown", "low"]


def test_a_share_and_its_complement_are_of_one_class() -> None:
    # 3.5 % poor and 96.5 % not poor
    got = m.reliability([0.035, 0.965, 0.0, 1.0], 0.02, proportion=True)
    assert got.tolist() == ["medium", "medium", "low", "low"]
    assert m.reliability(0.965, 0.02, proportion=False) == "high"


def test_limits_of_the_classes_are_the_callers() -> None:
    assert m.reliability(100, 20 * m.Z90, proportion=False, high=15, low=30) == "medium"
    assert m.reliability(100, 20 * m.Z90, proportion=False, high=5, low=10) == "low"


def test_a_percent_is_no_share() -> None:
    with pytest.raises(LayerError, match="35"):
        m.reliability(35, 1, proportion=True)


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_class_is_symmetric_in_p(p: float, moe: float) -> None:
    q = 1 - p
    assert m.reliability(q, moe, proportion=True) == m.reliability(1 - q, moe, proportion=True)


def test_cv() -> None:
    got = m.cv([100, -100, 0, 0, NAN, 1], [m.Z90, m.Z90, 1, 0, 1, NAN])
    assert_allclose(got, [1, 1, math.inf, 0, NAN, NAN])


def test_nchs_flag_at_its_limits() -> None:
    def margin(width: float) -> float:
        return width * m.Z90 / (2 * m.Z95)

    shares = [0.5, 0.5, 0.04, 0.04, 0.01, NAN, 0.5]
    widths = [0.301, 0.299, 0.053, 0.0515, 0.049, 0.5, NAN]
    got = m.nchs_flag(shares, [margin(w) for w in widths])
    assert got.tolist() == [True, False, True, False, False, False, False]
