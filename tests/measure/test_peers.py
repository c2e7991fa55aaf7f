"""A number among those of other districts, and the nearest of them, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from justgeo.core.layer import FloatArray
from justgeo.measure import peers
from justgeo.measure.percentiles import OPEN_END, VAGUE

TWENTY = np.arange(20) / 20
NAN, INF = math.nan, math.inf


def test_each_other_district_counts_once_and_equal_ones_half() -> None:
    found = peers.standing(np.array([*TWENTY, NAN]), 0.5, 0.0, "exact")
    # Ten are lower, one is equal, one has no number.
    assert (found.value, found.others, found.reason) == (pytest.approx(10.5 / 20), 20, None)
    assert found.low == found.high == found.value


def test_its_ends_are_those_of_the_number_less_and_plus_its_margin() -> None:
    found = peers.standing(TWENTY, 0.51, 0.1, "high")
    assert (found.low, found.value, found.high) == pytest.approx((9 / 20, 11 / 20, 13 / 20))


def test_an_open_bracket_is_above_or_below_all_numbers() -> None:
    found = peers.standing(np.array([*TWENTY[:18], INF, -INF]), 0.5, 0.0, "high")
    assert found.value == pytest.approx((1 + 10.5) / 20)
    assert peers.standing(TWENTY, INF, None, "high").reason == OPEN_END


@pytest.mark.parametrize(
    ("others", "moe", "reliability", "reason"),
    [
        (TWENTY[:19], 0.0, "exact", "only 19 others have a number (20 are needed)"),
        (np.array([*TWENTY[:19], NAN]), 0.0, "exact", "only 19 others have a number (20 are needed)"),
        (TWENTY, 0.01, "low", VAGUE),
        (TWENTY, 0.01, "unknown", peers.NO_MARGIN),
        (TWENTY, None, "high", peers.NO_MARGIN),
        (TWENTY, 0.3, "medium", f"{VAGUE}: within its margin it may stand anywhere from 22% to 82%"),
    ],
)
def test_what_cannot_be_told_says_why(others: FloatArray, moe: float | None, reliability: str, reason: str) -> None:
    found = peers.standing(others, 0.5, moe, reliability)
    assert (found.value, found.low, found.high, found.reason) == (None, None, None, reason)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float64, st.integers(21, 60), elements=st.integers(-20, 20).map(float)))
def test_the_percentiles_of_all_among_each_other_average_one_half(values: FloatArray) -> None:
    """Of each pair one is lower, or both are equal and count half of each other."""
    told = [peers.standing(np.delete(values, i), values[i], 0.0, "exact").value for i in range(len(values))]
    assert np.mean([one for one in told if one is not None]) == pytest.approx(0.5)
    assert None not in told


def test_the_nearest_are_alike_in_people_and_in_density() -> None:
    people = np.array([1000.0, 2000.0, 1000.0, NAN, 0.0, 8000.0])
    km2 = np.array([1.0, 2.0, 4.0, 1.0, 1.0, 8.0])
    # Logarithms to base 2 less those of 1000 and of 1000 per km²: people 0, 1, 0, 3; density 0, 0, -2, 0.
    # Their standard deviations: of (0, 1, 0, 3) sqrt(1.5), of (0, 0, -2, 0) sqrt(0.75); the distances are then
    # 0, 1 / sqrt(1.5) = 0.82, 2 / sqrt(0.75) = 2.31 and 3 / sqrt(1.5) = 2.45.
    assert peers.nearest(people, km2, 1000.0, 1.0).tolist() == [0, 1, 2, 5]
    assert peers.nearest(people, km2, 1000.0, 1.0, k=2).tolist() == [0, 1]
    # Without dividing by the spread the last one would still be farther; in people ten times as far, it is not near.
    assert peers.nearest(people, km2, 8000.0, 8.0).tolist()[0] == 5


def test_where_all_are_alike_in_density_people_decide() -> None:
    people = np.array([100.0, 400.0, 200.0])
    assert peers.nearest(people, people / 50, 210.0, 1.0).tolist() == [2, 1, 0]


def test_equally_near_ones_keep_their_order_and_nobody_is_no_peer() -> None:
    assert peers.nearest(np.full(3, 10.0), np.full(3, 2.0), 10.0, 2.0).tolist() == [0, 1, 2]
    assert peers.nearest(np.array([NAN]), np.array([1.0]), 10.0, 2.0).tolist() == []
    assert peers.nearest(np.array([]), np.array([]), 10.0, 2.0).tolist() == []


def test_the_middle_of_the_peers() -> None:
    found = peers.middle(np.array([0.1, 0.5, 0.3, NAN, 0.2]), np.array([0.01, 0.2, 0.1, NAN, 0.05]))
    # 0.1, 0.2, 0.3, 0.5; less their margins 0.09, 0.15, 0.2, 0.3; plus them 0.11, 0.25, 0.4, 0.7.
    assert found is not None
    assert (found.value, found.low, found.high, found.n) == (
        pytest.approx(0.25), pytest.approx(0.175), pytest.approx(0.325), 4,
    )  # fmt: skip


def test_a_middle_of_two_peers_is_not_told_and_one_margin_that_is_not_known_leaves_the_ends_open() -> None:
    assert peers.middle(np.array([0.1, 0.5, NAN]), np.zeros(3)) is None
    found = peers.middle(np.array([0.1, 0.5, 0.3]), np.array([0.0, NAN, 0.0]))
    assert found is not None and (found.value, found.low, found.high) == (0.3, None, None)


def test_ends_that_are_half_of_all_others_apart_are_too_far_apart() -> None:
    """Five are lower than the number less its margin, fifteen than the number plus it; then six and fourteen."""
    assert str(peers.standing(TWENTY, 0.475, 0.25, "medium").reason).endswith("from 25% to 75%")
    assert peers.standing(TWENTY, 0.475, 0.22, "medium").reason is None
