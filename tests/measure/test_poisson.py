"""Exact limits of a count of rare events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import poisson as law

from justgeo.measure.poisson import limits


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.688879), (1, 0.025318, 5.571643), (4, 1.089865, 10.241589)]
)
def test_limits_of_95_percent_as_tables_have_them(count: int, low: float, high: float) -> None:
    assert_allclose(limits(count, 0.95), (low, high), rtol=1e-5, atol=1e-9)


def test_a_half_lies_between_its_neighbours_and_what_is_not_known_stays_so() -> None:
    low, high = limits([3.0, 3.5, 4.0, np.nan])
    assert low[0] < low[1] < low[2] and high[0] < high[1] < high[2]
    assert np.isnan(low[3]) and np.isnan(high[3])


@given(st.integers(0, 200), st.floats(0.5, 0.99))
def test_each_end_leaves_half_of_the_rest(count: int, level: float) -> None:
    low, high = (float(end) for end in limits(count, level))
    assert low <= count <= high
    assert law.cdf(count, high) == pytest.approx((1 - level) / 2, rel=1e-6)
    if count:
        assert law.sf(count - 1, low) == pytest.approx((1 - level) / 2, rel=1e-6)
