"""Medians and margins by hand, to all digits, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.field import MedianField, MixField
from justgeo.measure import margins, medians, middle
from justgeo.measure.apportion import Weights
from justgeo.measure.column import ReduceSettings
from justgeo.measure.medians import bin_fractions, grouped_median, share_below
from justgeo.measure.reduce import reduce
from tests.measure import toy
from tests.measure.toy import cells, units

EDGES = [0, 100, 200, 300]


def test_the_margin_of_a_median_by_hand() -> None:
    """SE(50 %) = sqrt((100 - 12.5) / (12.5 x 700) x 50²) = 5 %. 45 and 55 % of 700 are 315 and 385, the 115th and the
    185th of the 300 in the middle bracket: 138.333 and 161.667, half of which is 11.667."""
    found = grouped_median(EDGES, [[200, 300, 200]], pareto=False, design_factor=1.0, sampling_percent=12.5)
    assert found.value[0] == pytest.approx(150.0, rel=1e-12)
    assert found.moe[0] == pytest.approx(1.645 * 35 / 3, rel=1e-12)
    twice = grouped_median(EDGES, [[200, 300, 200]], pareto=False, design_factor=2.0, sampling_percent=12.5)
    assert twice.moe[0] == pytest.approx(1.645 * 70 / 3, rel=1e-12)


def test_the_margin_of_one_year_of_the_survey_by_hand() -> None:
    """2.5 % in the sample: SE = sqrt(97.5 / (2.5 x 3900) x 2500) = 5 %."""
    found = grouped_median(EDGES, [[1000, 1900, 1000]], pareto=False, design_factor=1.0, sampling_percent=2.5)
    assert found.moe[0] == pytest.approx(1.645 * 0.05 * 3900 / 1900 * 100, rel=1e-12)


def test_the_margin_where_one_home_of_a_hundred_answers_by_hand() -> None:
    """1 % in the sample: SE = sqrt(99 / (1 x 9900) x 2500) = 5 %."""
    found = grouped_median(EDGES, [[2500, 4900, 2500]], pareto=False, design_factor=1.0, sampling_percent=1.0)
    assert found.moe[0] == pytest.approx(1.645 * 0.05 * 9900 / 4900 * 100, rel=1e-12)


def test_the_usual_factor_and_sample() -> None:
    """The Bureau's own for most tables of housing lie near 1.3; one household in eight answers in five years."""
    usual = grouped_median(EDGES, [[200, 300, 200]], pareto=False)
    told = grouped_median(EDGES, [[200, 300, 200]], pareto=False, design_factor=1.3, sampling_percent=12.5)
    assert usual.moe[0] == told.moe[0] and medians.DEFAULT_DESIGN_FACTOR == 1.3


@pytest.mark.parametrize(
    ("factor", "percent"), [(0.0, 12.5), (-1.0, 12.5), (float("nan"), 12.5), (1.3, 0.0), (1.3, 100.0), (1.3, -5.0)]
)
def test_factors_and_samples_that_cannot_be(factor: float, percent: float) -> None:
    with pytest.raises(ValueError, match="design factor"):
        grouped_median(EDGES, [[1, 1, 1]], pareto=False, design_factor=factor, sampling_percent=percent)


def test_pareto_holds_above_2500_dollars_of_width_and_not_at_it() -> None:
    """Of 1,600 the middle is the 100th of the 600 in the second bracket: linear there, or by Pareto's law."""
    counts = [[700, 600, 300]]
    linear = grouped_median([7_500, 10_000, 12_500, 20_000], counts, pareto=True)
    assert linear.value[0] == pytest.approx(10_000 + 100 / 600 * 2_500, rel=1e-12)
    wide = grouped_median([7_500, 10_000, 12_501, 20_000], counts, pareto=True)
    alpha = np.log(900 / 300) / np.log(12_501 / 10_000)
    assert wide.value[0] == pytest.approx(10_000 * (900 / 800) ** (1 / alpha), rel=1e-12)


def test_a_middle_between_two_people_far_apart_is_the_end_of_the_lower_ones_bracket() -> None:
    """Five of ten below 2, nobody from 2 to 3."""
    found = grouped_median([0, 1, 2, 3, 4, 5], [[2, 3, 0, 3, 2]], pareto=False)
    assert found.value.tolist() == [2.0]


def test_share_below_the_middle_by_hand() -> None:
    """100 ± sqrt(50) of 200 ± 10: sqrt(50 - 0.5² x 100) / 200; what is above counts for nothing."""
    bins = cells([[50.0] * 4], [[5.0] * 4])
    field = MedianField(units([toy.WEST]), bins, np.arange(5.0), "households", "homes")
    share, moe = middle._below_middle(field, np.array([True]))
    assert share.tolist() == [0.5] and moe[0] == pytest.approx(0.025, rel=1e-12)


def test_a_published_median_without_a_margin_has_none() -> None:
    bins = cells([[100.0, 100.0, 100.0]], [[10.0] * 3])
    field = MedianField(
        units([toy.WEST]), bins, np.array([0.0, 1, 2, 3]), "households", "homes", published=np.array([1.4])
    )  # fmt: skip
    column = reduce(field, west(), reference=None, settings=ReduceSettings())
    assert column.value.tolist() == [1.4] and np.isnan(column.moe[0]) and "margin not known" in column.flags[0]


def test_what_lies_in_an_open_bracket_says_so_once() -> None:
    bins = cells([[1.0, 1, 9]] * 2, [[1.0] * 3] * 2)
    field = MedianField(units([toy.W1, toy.W2]), bins, np.array([0.0, 1, 2, np.inf]), "households", "homes")
    column = reduce(field, west(), reference=None, settings=ReduceSettings())
    assert column.text == ("≥ 2",) and column.reason == (medians.IN_HIGHEST,)
    assert medians.IN_HIGHEST not in column.flags[0]


def west() -> Weights:
    return toy.weights(toy.square(0, 0, 2, 4), ids=[toy.WEST], geography=["tract"])


@pytest.mark.parametrize("times", [1.0, 100.0])
def test_how_mixed_a_cut_district_is_errs_alike_whether_few_or_many_live_in_it(times: float) -> None:
    """Nothing is sampled and nobody moves with others: what is left is how unlike the parts of a block group are.

    5/7 and 17/23 of two units of 100 people are inside; S² = 1/12, c = 0.3: the count of either group errs by
    sqrt(0.3969 x 100² x 0.3 / 12) = 9.96 of 145.3. The index changes by -0.00164 and 0.00377 for one of them: ± 0.067,
    which the curve of the index makes a tenth more.
    """
    people = np.array([[90.0, 10.0], [50.0, 50.0], [20.0, 80.0], [60.0, 40.0]]) * times
    ids = [toy.W1, toy.W2, toy.E1, toy.E2]
    field = MixField(units(ids), cells(people, np.zeros((4, 2))), "diversity", "persons", "people")
    weights = toy.weights(box(0, 0, 150, 400), toy.square(0, 0, 4, 4))
    column = reduce(field, weights, reference=1, settings=ReduceSettings(cluster_persons=0.0))
    assert column.error["apportionment"] == pytest.approx([0.0674 * 1.1, 0.0], abs=1e-3)


@pytest.mark.parametrize("edges", [[0], [[0, 1]], [0, 0], [1, 0]])
def test_brackets_have_two_edges_that_rise(edges: Any) -> None:
    with pytest.raises(ValueError, match="rise"):
        bin_fractions(0.5, edges)
    assert bin_fractions(0.5, [0, 1]).tolist() == [0.5]


@pytest.mark.parametrize("threshold", [np.nan, np.inf, -np.inf])
def test_a_threshold_is_a_number(threshold: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        bin_fractions(threshold, [0, 1])


def test_an_open_bracket_that_nobody_is_in_does_not_matter() -> None:
    edges: list[float] = [0, 100, np.inf]
    found = share_below(150.0, edges, np.array([[5, 0], [5, 5], [0, 0], [np.nan, 0]]))
    assert found[0] == 1.0 and np.isnan(found[1:]).all()
    assert bin_fractions(100.0, edges).tolist() == [1.0, 0.0]
    assert bin_fractions(-1.0, [-np.inf, 0, 1]).tolist()[1] == 0.0 and np.isnan(bin_fractions(-1.0, [-np.inf, 0, 1])[0])


BUREAU = (-666_666_666, -999_999_999, -888_888_888, -222_222_222, -333_333_333)
"""U.S. Census Bureau, Notes on ACS Estimate and Annotation Values; -555,555,555 is a controlled margin."""


@pytest.mark.parametrize("value", BUREAU)
def test_the_bureaus_numbers_for_no_number(value: int) -> None:
    found = margins.decode([float(value), 10.0], [5.0, float(value)])
    assert np.isnan([found.estimate[0], found.margin[1]]).all()
    assert (found.margin[0], found.estimate[1]) == (5.0, 10.0)
    assert set(margins.SENTINELS) == set(BUREAU)
    assert margins.decode([7.0], [-555_555_555.0]).margin.tolist() == [0.0]


def test_what_cannot_be_divided_has_no_quotient() -> None:
    found = margins.ratio([1.0, 1.0, 1.0, 1.0], [0.1] * 4, [0.0, -1.0, 0.5, np.nan], [0.1] * 4)
    assert np.isnan(found.value[[0, 1, 3]]).all() and found.value[2] == 2.0
