"""Ground by hand: strips that are meant and strips that are not, what lies near, sums of a few large lumps."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.stats import norm
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.measure import fractions, lumps, nearby
from justgeo.measure.fractions import tidy

BLOCK = box(0, 0, 400, 1000)


@pytest.mark.parametrize(
    ("share", "piece", "sliver"),
    [
        (0.000999, box(0, 0, 500, 500), True), (0.001, box(0, 0, 500, 500), False),
        (0.0199, box(0, 0, 20, 20), True), (0.0199, box(0, 0, 20.1, 20.1), False), (0.02, box(0, 0, 20, 20), False),
        (0.01, box(0, 0, 5, 1000), True), (0.01, box(0, 0, 15, 1000), False), (0.0, shapely.Polygon(), True),
    ],
)  # fmt: skip
def test_a_strip_is_no_wider_than_ten_metres_on_the_mean(share: float, piece: BaseGeometry, sliver: bool) -> None:
    """Twice its area by its outline: 10 m for a square of 20 m."""
    assert fractions._is_sliver(np.array([share]), np.array([piece], dtype=object)).tolist() == [sliver]


@pytest.mark.parametrize(
    ("zone", "share"),
    [
        # A strip of 8 of 400 m is 2 % and counts, one of 7.9 m does not; what lacks no more than that is whole.
        (box(-5000, 0, 8, 1000), 0.02), (box(-5000, 0, 7.9, 1000), 0.0),
        (box(8, 0, 5000, 1000), 0.98), (box(7.9, 0, 5000, 1000), 1.0), (box(-5000, 0, 200, 1000), 0.5),
        # A strip that makes up a tenth of its zone is meant, however small its share of the block.
        (box(-90, 0, 10, 10), 100 / 4e5), (box(-91, 0, 10, 10), 0.0), (box(1, 1, 2, 2), 1 / 4e5),
        # A piece of less than a thousandth is not, however wide.
        (box(-5000, -5000, 19, 19), 0.0), (box(-5000, -5000, 21, 21), 441 / 4e5),
    ],
)  # fmt: skip
def test_shares_of_a_block_that_a_zone_cuts(zone: BaseGeometry, share: float) -> None:
    one, two = (np.array([g], dtype=object) for g in (zone, BLOCK))
    assert fractions._cut_shares(one, two).tolist() == pytest.approx([share], rel=1e-9)


def test_ground_without_area_lies_where_its_middle_does() -> None:
    flat = np.array([shapely.Polygon([(0, 0), (10, 0), (20, 0)])] * 2, dtype=object)
    zones = np.array([box(9, -5, 30, 5), box(12, -5, 30, 5)], dtype=object)
    assert fractions._cut_shares(zones, flat).tolist() == [1.0, 0.0]


def test_what_rounding_left_of_nothing_and_of_all() -> None:
    near: Any = csr_array(np.array([[1 + 0.9e-9, 1 - 0.9e-9, 1 + 1.1e-9, 1.1e-12, 0.9e-12, 0.5]]))
    found = tidy(near)
    assert found.toarray().tolist() == [[1.0, 1.0, 1 + 1.1e-9, 1.1e-12, 0.0, 0.5]] and found.nnz == 5
    assert near.nnz == 6, "what is given is not written to"
    twice: Any = csr_array((np.array([0.25, 0.5]), (np.array([0, 0]), np.array([1, 1]))), shape=(1, 2))
    assert tidy(twice).toarray().tolist() == [[0.0, 0.75]]


def test_sums_of_what_lies_within_a_limit_and_at_it() -> None:
    """Of more places than are asked for at once: each has its own."""
    sources, amounts = np.array([[0.0, 0.0], [3.0, 4.0], [1000.0, 0.0]]), np.array([1.0, 10.0, np.nan])
    targets = np.zeros((nearby._AT_ONCE + 2, 2))
    targets[1:3] = [3.0, 4.0], [-0.001, 0.0]
    targets[-1], targets[-2] = (1001.0, 0.0), (500.0, 0.0)
    found = nearby.sum_within(targets, sources, amounts, 5.0)
    assert found[:4].tolist() == [11.0, 11.0, 1.0, 11.0] and found[-2] == 0.0 and np.isnan(found[-1])
    assert nearby.sum_within(targets, np.empty((0, 2)), np.empty(0), 5.0).tolist() == [0.0] * len(targets)


def test_how_many_even_chances_some_lumps_are_worth() -> None:
    """4 V² / sum(s² v): of n equal ones that hold or not n; of 10 and 30 by a half 4 x 250² / 205,000."""
    assert lumps.pieces(np.full(7, 3.0), np.full(7, 0.5)) == pytest.approx(7.0)
    assert lumps.pieces(np.array([10.0, 30.0]), np.full(2, 0.5)) == pytest.approx(4 * 250**2 / 205_000)
    assert lumps.pieces(np.full(100, 1.0), np.full(100, 0.1)) == pytest.approx(36.0)


def test_from_a_hundred_even_chances_on_the_bell_is_used_and_not_below() -> None:
    """Of 99 the mean is 49.5, and 95 % lie at or below 58; 1.645 standard deviations are 8.18."""
    assert lumps.margin(np.ones(100), np.full(100, 0.5)) == pytest.approx(1.645 * 5, rel=1e-12)
    assert lumps.margin(np.ones(99), np.full(99, 0.5)) == pytest.approx(8.5, abs=99 / lumps.BINS)


def test_what_a_sum_of_two_can_be() -> None:
    value, weight = lumps.distribution(np.array([2.0, 1.0]), np.array([0.5, 0.25]))
    assert value.tolist() == [0.0, 1.0, 2.0, 3.0] and weight.tolist() == pytest.approx([0.375, 0.125, 0.375, 0.125])


def test_sums_that_lie_near_one_another_are_gathered_at_their_mean() -> None:
    last = float(lumps.BINS)
    value, weight = lumps._gathered(np.array([0.0, 0.5, 3.25, last - 0.5, last]), np.array([0.1, 0.2, 0.1, 0.2, 0.4]))
    assert weight.tolist() == pytest.approx([0.3, 0.1, 0.6])
    assert value.tolist() == pytest.approx([0.1 / 0.3, 3.25, last - 0.1 / 0.6])


@pytest.mark.parametrize(("part", "expected"), [(0.05, 0.0), (0.0501, 1.0), (0.95, 1.0), (0.951, 2.0), (1.0, 2.0)])
def test_quantiles_of_a_few_sums(part: float, expected: float) -> None:
    assert lumps._quantile(np.array([0.0, 1.0, 2.0]), np.array([0.05, 0.9, 0.05]), part, 0.0) == expected


def test_a_sum_that_rounding_puts_below_its_part_is_that_part() -> None:
    """0.3 and 0.6 come to a little less than 0.9."""
    weight = np.array([0.3, 0.6, 0.1])
    assert np.cumsum(weight)[1] < 0.9
    assert lumps._quantile(np.array([0.0, 1.0, 2.0]), weight, 0.9, 0.0) == 1.0


@pytest.mark.parametrize("part", [0.05, 0.5, 0.95])
def test_quantiles_of_a_blurred_lump_are_those_of_a_bell_around_it(part: float) -> None:
    lump = lumps._quantile(np.array([3.0]), np.array([1.0]), part, 2.0)
    assert lump == pytest.approx(norm.ppf(part, 3.0, 2.0), abs=1e-6)
    apart = lumps._quantile(np.array([0.0, 1e6]), np.array([0.5, 0.5]), part, 2.0)
    below, middle = (0.0, part * 2) if part < 0.5 else (1e6, part * 2 - 1)
    if part != 0.5:  # all of one lump lies below the other, so that a half of it is nowhere in particular
        assert apart == pytest.approx(norm.ppf(middle, below, 2.0), abs=1e-6)


def test_a_blurred_lump_that_holds_by_one_in_two_by_hand() -> None:
    """0 or 100, each by a half and blurred by 1: 95 % lie below the upper ninetieth part, 101.28; 51.28 off."""
    found = lumps.margin(np.array([100.0]), np.array([0.5]), 1.0)
    assert found == pytest.approx(max(1.645 * math.hypot(50.0, 1.0), 50 + norm.ppf(0.9)), rel=1e-9)
    rare = lumps.margin(np.array([100.0]), np.array([0.06]), 1.0)  # 94 % lie at 0, and a sixth of the other 6 make 95
    assert rare == pytest.approx(100 + norm.ppf(1 / 6) - 6, rel=1e-9)


def test_sums_are_kept_apart_up_to_as_many_as_are_kept() -> None:
    """Fourteen pieces make 2 to the fourteenth sums; of fifteen, whole ones up to 120, there are 121 classes."""
    for pieces, sums in ((14, lumps.MOST), (15, 121)):
        value, weight = lumps.distribution(np.arange(1.0, pieces + 1.0), np.full(pieces, 0.5))
        assert len(value) == sums and weight.sum() == pytest.approx(1.0)


def test_a_point_in_the_box_around_a_zone_is_not_in_the_zone() -> None:
    triangle = gpd.GeoSeries([shapely.Polygon([(0, 0), (100, 0), (0, 100)])])
    points = shapely.points([(10.0, 10.0), (90.0, 90.0), (50.0, 50.0), (200.0, 0.0)])
    assert fractions.points_inside(triangle, points).toarray().tolist() == [[1.0, 0.0, 1.0, 0.0]]
