"""Comparisons: worked examples to their printed digits, hand answers, properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from justgeo.core.errors import LayerError
from justgeo.measure import compare as c
from justgeo.measure.margins import Z90, difference

NAN = float("nan")


def test_worked_example_with_overlap() -> None:
    got = c.overlap_difference(0.55, 0.045, 0.0, 0.47, 0.008, 0.06)
    assert round(float(got.diff), 4) == 0.0800
    assert round(float(got.moe) / Z90, 5) == 0.02612
    assert round(float(got.z), 3) == 3.063
    assert round(float(got.p), 4) == 0.0022


def test_worked_example_without_overlap() -> None:
    got = c.overlap_difference(0.55, 0.045, 0.0, 0.47, 0.008, 0.0)
    assert round(float(got.z), 3) == 2.879
    assert_allclose(got.moe, difference(0.55, 0.045, 0.47, 0.008).moe)


def test_remainder_variance_does_not_go_below_zero() -> None:
    # the district's own variance outweighs what the reference has: SE = (1 - w) SE_D
    got = c.overlap_difference(0.5, 0.10, 0.0, 0.4, 0.02, 0.5)
    assert_allclose(got.moe, 0.5 * 0.10)


def test_apportionment_is_added_in_full() -> None:
    plain, more = (c.overlap_difference(0.55, 0.045, app, 0.47, 0.008, 0.06) for app in (0.0, 0.03))
    assert_allclose(more.moe, math.hypot(float(plain.moe), 0.03))
    only = c.overlap_difference(1.0, 0.0, 0.03, 0.5, 0.0, 1.0)
    assert_allclose(only.moe, 0.03)


def test_without_sampling_there_is_nothing_to_test() -> None:
    got = c.overlap_difference([1.0, 0.5], 0.0, 0.0, 0.5, 0.0, 0.1)
    assert got.moe.tolist() == [0, 0]
    assert np.isnan(got.z).all() and np.isnan(got.p).all()
    assert c.verdict(got.diff, got.moe).tolist() == ["higher", "not distinguishable"]


def test_missing_values_stay_missing() -> None:
    got = c.overlap_difference(
        [NAN, 1.0, 1.0, 1.0], [1.0, NAN, 1.0, 1.0], [0, 0, NAN, 0], 2.0, 1.0, [0.1, 0.1, 0.1, NAN]
    )
    assert np.isnan(got.p).all()
    assert c.verdict(got.diff, got.moe).tolist() == ["unknown"] * 4


@pytest.mark.parametrize("share", [-0.1, 1.2])
def test_share_of_the_reference_is_checked(share: float) -> None:
    with pytest.raises(LayerError, match=str(share)):
        c.overlap_difference(1, 1, 0, 1, 1, share)


MOE, VALUE = st.floats(0.001, 10), st.floats(-100, 100)


@given(VALUE, MOE, VALUE, MOE, st.floats(0, 0.99))
@settings(max_examples=150, deadline=None)
def test_overlap_equals_the_comparison_with_the_remainder(d: float, md: float, r: float, mr: float, w: float) -> None:
    got = c.overlap_difference(d, md, 0.0, r, mr, w)
    rest = max(mr**2 - (w * md) ** 2, 0.0) / (1 - w) ** 2
    assert_allclose(got.moe, (1 - w) * math.sqrt(md**2 + rest), rtol=1e-7)
    assert got.moe >= 0 and 0 <= got.p <= 1


@given(VALUE, MOE, VALUE, MOE, st.floats(0, 0.99), st.floats(0.01, 100))
@settings(max_examples=80, deadline=None)
def test_units_do_not_matter(d: float, md: float, r: float, mr: float, w: float, f: float) -> None:
    a = c.overlap_difference(d, md, 0.1, r, mr, w)
    b = c.overlap_difference(f * d, f * md, f * 0.1, f * r, f * mr, w)
    assert_allclose(b.z, a.z, rtol=1e-6, atol=1e-6)
    turned = c.overlap_difference(-d, md, 0.1, -r, mr, w)
    assert turned.z == -a.z and turned.p == a.p


def test_verdicts() -> None:
    got = c.verdict([2, -2, 1, -1, 0, 3, -3, NAN, 1], [1, 1, 1, 1, 1, 0, 0, 1, NAN])
    same = "not distinguishable"
    assert got.tolist() == ["higher", "lower", same, same, same, "higher", "lower", "unknown", "unknown"]


CHANCE = st.floats(0, 1)


def test_benjamini_hochberg_by_hand() -> None:
    # m = 4: 4 x .01 / 1, 4 x .02 / 2, 4 x .03 / 3, 4 x .5 / 4
    assert_allclose(c.benjamini_hochberg([0.5, 0.01, 0.03, 0.02]), [0.5, 0.04, 0.04, 0.04])
    assert_allclose(c.benjamini_hochberg([0.01, 0.04, 0.05]), [0.03, 0.05, 0.05])


def test_benjamini_hochberg_keeps_what_was_not_tested() -> None:
    assert_allclose(c.benjamini_hochberg([NAN, 0.04, NAN, 0.01]), [NAN, 0.04, NAN, 0.02])
    assert np.isnan(c.benjamini_hochberg([NAN])).all()
    assert c.benjamini_hochberg([]).shape == (0,)


def test_benjamini_hochberg_wants_probabilities() -> None:
    with pytest.raises(ValueError, match="between"):
        c.benjamini_hochberg([-0.1])


@given(st.lists(CHANCE, min_size=1, max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_q_values_are_ordered_and_no_smaller_than_p(p: list[float], random: object) -> None:
    assume(all(x == 0 or x > 1e-300 for x in p))
    q = c.benjamini_hochberg(p)
    assert (q >= np.array(p) * (1 - 1e-12)).all() and (q <= 1).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= 0).all()
    order = list(range(len(p)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert_allclose(c.benjamini_hochberg(np.array(p)[order]), q[order])


def test_labels_at_their_limits() -> None:
    got = c.label([0.9, 0.899, 0.7, 0.699, 1.0, 0.0, NAN])
    assert got.tolist() == ["firm", "likely", "likely", "uncertain", "firm", "uncertain", "unknown"]


@pytest.mark.parametrize(
    ("share", "fits"), [(0.0, True), (-1e-12, False), (1.0, True), (1 + 1e-9, True), (1 + 1.1e-9, False)]
)
def test_a_share_is_a_share_to_a_billionth(share: float, fits: bool) -> None:
    """Nothing of the reference: both variances; all of it: what it has beyond the district's."""
    if not fits:
        with pytest.raises(LayerError, match="of the reference's universe"):
            c.overlap_difference(0.5, 0.03, 0.0, 0.4, 0.05, share)
        return
    found = c.overlap_difference(0.5, 0.03, 0.0, 0.4, 0.05, share)
    assert found.moe == pytest.approx(math.hypot(0.03, 0.05) if share == 0 else 0.04, rel=1e-6)


def test_a_difference_that_is_its_margin_is_none() -> None:
    assert c.verdict([0.1, -0.1, 0.0], [0.1, 0.1, 0.0]).tolist() == ["not distinguishable"] * 3
    beyond = float(np.nextafter(0.1, 1.0))
    assert c.verdict([beyond, -beyond, 1e-300, -1e-300], [0.1, 0.1, 0.0, 0.0]).tolist() == ["higher", "lower"] * 2


def test_one_difference_less_another_by_hand() -> None:
    """30 ± 3 less 10 ± 4, times 100: 2,000 ± 500, which is 4 x 1.645 standard errors."""
    nothing = np.full(2, np.nan)
    first = c.Difference(np.array([30.0, 1.0]), np.array([3.0, 0.0]), nothing, nothing)
    second = c.Difference(np.array([10.0, 0.0]), np.array([4.0, 0.0]), nothing, nothing)
    found = c.apart(first, second, 100.0)
    assert_allclose(found.diff, [2000.0, 100.0])
    assert_allclose(found.moe, [500.0, 0.0])
    assert found.z[0] == pytest.approx(4 * Z90) and np.isnan([found.z[1], found.p[1]]).all()
    assert found.p[0] == pytest.approx(math.erfc(4 * Z90 / math.sqrt(2)))
    assert c.apart(first, second).diff.tolist() == [20.0, 1.0]
