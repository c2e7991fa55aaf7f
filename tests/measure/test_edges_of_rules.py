"""Rules met to the last digit: gaps, slack for rounding, limits of what is hidden, the line to a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from justgeo.core.errors import LayerError
from justgeo.core.field import MedianField
from justgeo.core.layer import BoolArray
from justgeo.measure import allocation, judge, margins, medians, middle, progress, thermal
from justgeo.measure.column import ReduceSettings
from justgeo.measure.gaps import gap
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.margins import Sum, subtract_nested
from justgeo.measure.progress import Look
from justgeo.measure.reduce import reduce
from tests.measure import toy
from tests.measure.test_judge import NAN, column, judged
from tests.measure.toy import E1, E2, W1, W2, cells, units

RACE = "race:nhpi"


def test_a_gap_says_what_is_said_of_either_share_once_each_and_nothing_where_there_is_none() -> None:
    first = column([0.5, NAN, NAN], reason=(None, "of the first", None), flags=(("a", "b"), ("a",), ()))
    second = column([0.2, NAN, 0.1], reason=(None, "of the second", None), flags=(("b", "c"), (), ("c",)))
    found = gap(first, second)
    assert found.flags == (("a", "b", "c"), (), ())
    assert found.reason == (None, "of the first", None)
    assert gap(second, first).reason == (None, "of the second", None)
    assert gap(replace(first, reason=(None, None, None)), second).reason == (None, "of the second", None)
    assert found.rule == ("difference", "", "") and found.text == (None,) * 3


def test_a_gap_has_a_range_where_either_share_is_cut_and_takes_the_larger_part_that_is() -> None:
    """0.5 less 0.2; by other ways of dividing 0.25 and 0.36."""
    whole, cut = column([0.5], split_share=[NAN]), column([0.2], low=[0.1], high=[0.3], split_share=[0.4])
    others = [np.array([0.25]), np.array([0.36])]
    for one, two, sign in ((whole, cut, 1.0), (cut, whole, -1.0)):
        found = gap(one, two, [sign * other for other in others])
        assert sorted(abs(found.low.tolist()[0] - v) < 1e-9 for v in (25.0, -36.0)) == [False, True]
        assert found.low[0] == pytest.approx(25.0 if sign > 0 else -36.0)
        assert found.high[0] == pytest.approx(36.0 if sign > 0 else -25.0)
        assert found.split_share.tolist() == [0.4]
    both = gap(replace(cut, split_share=np.array([0.7])), cut)
    assert both.split_share.tolist() == [0.7] and (both.low[0], both.high[0]) == (0.0, 0.0)
    assert np.isnan(gap(whole, whole).low[0]) and np.isnan(gap(whole, whole).high[0])


def total(value: float, moe: float = 10.0, missing: bool = False) -> Sum:
    return Sum(np.array([value]), np.array([moe]), np.array([missing]))


@pytest.mark.parametrize(
    ("whole", "part", "left"),
    [
        (1e6, 1e6 + 9e-4, 0.0), (1e6, 1e6 - 9e-4, 0.0), (1e6, 1e6 - 1.1e-3, 1.1e-3), (1e6, 1e6 + 1.1e-3, None),
        (0.5, 0.5 + 9e-10, 0.0), (0.5, 0.5 + 1.1e-9, None), (0.5, 0.5 - 1.1e-9, 1.1e-9),
    ],
)  # fmt: skip
def test_sums_of_fractions_agree_to_a_billionth_of_the_whole_or_of_one(
    whole: float, part: float, left: float | None
) -> None:
    if left is None:
        with pytest.raises(LayerError, match="larger than the total"):
            subtract_nested(total(whole), total(part))
        return
    found = subtract_nested(total(whole), total(part, 8.0), total(0.0, 3.0))
    assert found.value.tolist() == pytest.approx([left], rel=1e-3)
    assert found.moe.tolist() == [3.0 if left == 0 else 6.0]


def test_what_is_left_of_something_missing_is_missing() -> None:
    for one, two in ((total(NAN, NAN, True), total(1.0)), (total(1.0), total(NAN, NAN, True))):
        found = subtract_nested(one, two)
        assert found.missing.tolist() == [True] and np.isnan([found.value[0], found.moe[0]]).all()


@pytest.mark.parametrize(
    ("share", "refused"), [(-1e-9, False), (-1.01e-9, True), (1 + 1e-9, False), (1 + 1.01e-9, True), (0.5, False)]
)
def test_shares_may_miss_their_ends_by_a_billionth(share: float, refused: bool) -> None:
    if refused:
        with pytest.raises(LayerError, match="A share"):
            margins.reliability([share], [0.1], proportion=True)
        return
    found = margins.reliability([share], [0.1], proportion=True)
    assert found.tolist() == ["low" if share != 0.5 else "medium"]


def test_a_coefficient_of_variation_of_what_is_not_known_is_not_known() -> None:
    """Of 0 with a margin there is none that ends, and of anything without one it is 0."""
    found = margins.cv([NAN, 0.0, 5.0, 0.0, 0.0, -50.0], [1.0, NAN, NAN, 1.0, 0.0, 16.45])
    assert np.isnan(found[:3]).all() and found[3:].tolist() == pytest.approx([np.inf, 0.0, 20.0])


def test_a_coefficient_of_variation_just_at_the_limit_of_a_group_does_not_hide_it() -> None:
    moe, value = 0.3, 0.4
    cv = 100 * moe / margins.Z90 / value
    for limit, hidden in ((cv, False), (np.nextafter(cv, 0.0), True)):
        (record,) = judged(
            column([value], [moe], denominator=[500]), ["district"], group=RACE, settings=JudgeSettings(group_cv=limit)
        )
        assert (record.reliability == "suppressed") is hidden


@pytest.mark.parametrize(("moe", "hidden"), [(judge.WIDEST_DEGREES, True), (judge.WIDEST_DEGREES - 1e-9, False)])
def test_degrees_of_a_group_are_hidden_from_their_limit_on(moe: float, hidden: bool) -> None:
    record = judged(column([0.1], [0.01], denominator=[500]), ["district"], group=RACE)[0].but(unit="°C", moe=moe)
    assert (judge._suppress_group(record, 500.0, JudgeSettings()) is not None) is hidden


@pytest.mark.parametrize("total_of", [0.25, 1.0, 1000.0])
def test_share_below_a_threshold_of_however_few(total_of: float) -> None:
    found = medians.share_below(150.0, [0, 100, 200, 300], np.array([[0.4, 0.4, 0.2]]) * total_of)
    assert found.tolist() == pytest.approx([0.6])
    assert np.isnan(medians.share_below(150.0, [0, 100, 200], np.zeros((1, 2)))).all()


def test_the_margin_of_a_median_that_comes_from_cutting_by_hand() -> None:
    """The share below the middle errs by the root of both squares, its own and that of the cut; what a median so made
    errs by beyond its own is the part of the cut."""
    counts = np.array([[400.0, 300, 300], [200, 300, 500], [100, 300, 600], [300, 300, 400]])
    field = MedianField(
        replace(units([W1, W2, E1, E2]), level=np.array(["tract"] * 4, dtype=np.str_)),
        cells(counts, np.zeros((4, 3))), np.array([0.0, 100, 200, 300]), "households", "homes",
    )  # fmt: skip
    settings = ReduceSettings(cluster_households=0.0)
    matrix = csr_array(np.array([[0.5, 0.5, 0.0, 0.0]]))
    inside = np.ones(4, dtype=np.bool_)
    factor, percent = 1.2, settings.sampling_percent
    held = (matrix @ counts)[0]
    bins = medians.grouped_median(field.edges, [held], pareto=False, design_factor=factor, sampling_percent=percent)
    share, moe = middle._below_middle(field, inside)
    error = allocation.share_error(
        matrix, np.full(4, 0.5), counts.sum(axis=1),
        between=allocation.between_variance(share, moe, counts.sum(axis=1), inside),
        c=settings.apportion_c, cluster=0.0,
    )[0] / 1.645  # fmt: skip
    assert error > 0
    sampled = factor * np.sqrt((100 - percent) / percent / held.sum()) * 0.5
    wider = medians.grouped_median(
        field.edges, [held], pareto=False, design_factor=factor * np.sqrt(sampled**2 + error**2) / sampled,
        sampling_percent=percent,
    )  # fmt: skip
    expected = np.sqrt(wider.moe[0] ** 2 - bins.moe[0] ** 2)
    summed = middle.Bins(held[None, :], Sum(held.sum()[None], np.zeros(1), np.zeros(1, dtype=np.bool_)))
    found = middle._division(field, matrix, summed, bins, factor, inside, settings)
    assert found.tolist() == pytest.approx([expected], rel=1e-9) and expected > 1.0
    groups = replace(field, units=replace(field.units, level=np.array(["block group"] * 4, dtype=np.str_)))
    assert middle._division(groups, matrix, summed, bins, factor, inside, settings).tolist() == [0.0]


def test_a_bracket_that_cannot_be_is_named_by_its_number() -> None:
    for bad, said in ((-3.0, "holds -3 households"), (np.inf, "holds inf households")):
        with pytest.raises(LayerError, match=said):
            medians.grouped_median([0, 1, 2, 3], [[0.0, 0.5, bad]], pareto=False)


def test_a_rebuilt_median_without_a_margin_says_why_and_one_with_a_margin_says_nothing() -> None:
    """Of two homes the middle is known and how far it may be off is not."""
    bins = cells([[1.0, 1.0, 1.0], [300.0, 300.0, 300.0]], np.ones((2, 3)))
    field = MedianField(units([W1, W2]), bins, np.array([0.0, 1, 2, 3]), "households", "homes")
    weights = toy.weights(toy.square(0, 0, 2, 2), toy.square(0, 2, 2, 2))
    found = reduce(field, weights, reference=None, settings=ReduceSettings())
    assert np.isfinite(found.value).all() and np.isfinite(found.moe).tolist() == [False, True]
    assert [medians.MARGIN_TOO_FEW in flags for flags in found.flags] == [True, False]
    assert all("rebuilt from brackets" in flags and "None" not in flags for flags in found.flags)


def test_the_factor_of_a_median_is_the_references_own_where_it_has_one() -> None:
    """Its published margin is one and a half times what one draw of homes would give."""
    counts = np.array([[200.0, 300, 200], [100, 300, 100]])
    simple = medians.grouped_median([0, 100, 200, 300], counts, pareto=False, design_factor=1.0).moe
    field = MedianField(
        units([W1, W2]), cells(counts, np.zeros((2, 3))), np.array([0.0, 100, 200, 300]), "households", "homes",
        published=np.array([150.0, 150.0]), published_moe=np.array([1.5 * simple[0], NAN]),
    )  # fmt: skip
    usual, every = ReduceSettings(design_factor=1.7), np.ones(2, dtype=np.bool_)

    def factor(own: list[int], reference: int | None, usable: BoolArray = every, of: MedianField = field) -> object:
        found, told = middle._factor(of, np.array(own), reference, usable, usual)
        return pytest.approx(found), told

    assert factor([0, 1], 0) == (1.5, True)
    assert factor([1, 0], 1) == (1.5, True)
    small = replace(field, edges=field.edges / 100, published_moe=np.array([1.5 * simple[0] / 100, NAN]))
    assert factor([0, 1], 0, every, small) == (1.5, True)
    for unknown in (
        factor([0, 1], None, every, replace(field, published_moe=1.5 * simple)), factor([0, 1], 1), factor([-1, 0], 0),
        factor([0, 1], 0, np.array([False, True])), factor([0, 1], 0, every, replace(field, published_moe=None)),
        factor([0, 1], 0, every, replace(field, published_moe=np.array([0.0, 9.0]))),
    ):  # fmt: skip
        assert unknown == (1.7, False)


def test_a_target_is_reached_within_a_billionth() -> None:
    """No sample: -1e-9 is 0 but for its last digits."""
    before = Look(-1.0, 0.0, 2020)
    assert progress.judge(before, Look(-1e-9, 0.0, 2025), 0.0, 2030).reached
    assert not progress.judge(before, Look(-1.1e-9, 0.0, 2025), 0.0, 2030).reached
    down = Look(1.0, 0.0, 2020)
    assert progress.judge(down, Look(1e-9, 0.0, 2025), 0.0, 2030).reached
    assert not progress.judge(down, Look(1.1e-9, 0.0, 2025), 0.0, 2030).reached


@pytest.mark.parametrize(
    ("now", "verdict"), [(0.5, "on track"), (0.5 - 9e-10, "on track"), (0.5 - 1.1e-9, "needs attention")]
)
def test_full_counts_are_on_the_line_or_behind_it_by_a_billionth(now: float, verdict: str) -> None:
    found = progress.judge(Look(0.0, 0.0, 2020), Look(now, 0.0, 2025), 1.0, 2030)
    assert found.expected == 0.5 and found.verdict == verdict


@pytest.mark.parametrize(
    ("now", "moe", "verdict"),
    [
        (0.5, 0.0, "on track"), (0.5 + 2e-9, 0.0, "needs attention"), (0.5 - 2e-9, 0.0, "needs attention"),
        (0.75, 0.25, "cannot tell"), (0.25, 0.25, "cannot tell"), (0.76, 0.25, "needs attention"),
        (0.24, 0.25, "needs attention"),
    ],
)  # fmt: skip
def test_a_level_that_is_to_be_kept(now: float, moe: float, verdict: str) -> None:
    """Without a direction, and with the target where one stands."""
    found = progress.judge(Look(0.5, 0.0, 2020), Look(now, moe, 2030), 0.5, 2030)
    assert found.verdict == verdict and not found.reached


@pytest.mark.parametrize(("now", "verdict"), [(0.75, "cannot tell"), (0.2, "cannot tell"), (0.25, "cannot tell")])
def test_a_figure_just_its_margin_from_the_line_says_nothing(now: float, verdict: str) -> None:
    """The line stands at 0.5 in 2025 and the margin is 0.25; 0.2 is 0.3 behind, by a margin of 0.3."""
    moe = 0.3 if now == 0.2 else 0.25
    found = progress.judge(Look(0.0, 0.0, 2020), Look(now, moe, 2025), 1.0, 2030)
    assert found.gap_moe == pytest.approx(moe) and found.verdict == verdict


@pytest.mark.parametrize(
    ("before", "now", "year", "said"),
    [(2020, 2025, 2020, "target's year"), (2020, 2020, 2021, "no later year"), (2020, 2021, 2021, "")],
)
def test_years_that_say_nothing(before: int, now: int, year: int, said: str) -> None:
    found = progress.judge(Look(0.0, 0.0, before), Look(1.0, 0.0, now), 1.0, year)
    assert (said in found.why) and (found.verdict == "cannot tell") is bool(said)


def test_beyond_the_targets_year_the_line_stands_at_the_target() -> None:
    found = progress.judge(Look(0.0, None, 2020), Look(0.9, 0.05, 2040), 1.0, 2030)
    assert (found.expected, found.gap_moe, found.verdict) == (1.0, 0.05, "needs attention")


def test_one_clear_look_is_enough_where_it_is_said_to_be() -> None:
    """And none at all is never enough."""
    pixels = np.array([[[20.0, NAN, 21.0]], [[NAN, NAN, 23.0]]])
    for least, expected in ((0, [20.0, NAN, 22.0]), (1, [20.0, NAN, 22.0]), (2, [NAN, NAN, 22.0]), (3, [NAN] * 3)):
        values, count = thermal.median(pixels, least)
        np.testing.assert_array_equal(values, [expected])
        assert count.tolist() == [[1, 0, 2]]
