"""What people meet, where something of it is not known, cut, or the same for all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from shapely.geometry import box

from justgeo.core.field import ClassField, ZoneField
from justgeo.core.result import Column
from justgeo.measure import lumps
from justgeo.measure.column import ReduceSettings
from justgeo.measure.places import bounds, count_noise, cuts_areas, meet, noise_sd
from justgeo.measure.progress import Look, judge
from justgeo.measure.reduce import reduce
from tests.measure import toy
from tests.measure.test_reduce import exposure, run
from tests.measure.toy import E1, E2, W1, W2, cells, square, units


@pytest.mark.parametrize("x", [0.1, 0.3, 1 / 3, 0.7, 123.456])
def test_where_all_meet_the_same_noise_does_not_matter_whatever_others_meet(x: float) -> None:
    matrix = csr_array(np.array([[0.3, 0.7, 0.11, 0.0], [0.0, 0.0, 0.9, 0.2]]))
    values, people = np.array([x, x, x, 5.0]), np.array([7.0, 13.0, 3.0, 10.0])
    found = count_noise(matrix, values, people > 0, meet(matrix, people, values), 3.0)
    assert found[0] == 0.0
    mean = (0.9 * 3 * x + 0.2 * 10 * 5) / 4.7
    assert found[1] == pytest.approx(1.645 * 3 * np.hypot(0.9 * (x - mean), 0.2 * (5 - mean)) / 4.7, rel=1e-6)


def test_noise_of_small_parts_of_two_blocks_by_hand_whatever_others_meet() -> None:
    """A hundredth of each, which meet 0 and 1: w² (x - X)² is 0.0001 x 0.25 twice; a fifth of a person lives here."""
    matrix = csr_array(np.array([[0.01, 0.01, 0.0, 0.0]]))
    values, people = np.array([0.0, 1.0, 200.0, 199.0]), np.full(4, 10.0)
    found = count_noise(matrix, values, people > 0, meet(matrix, people, values), 3.0)
    assert found.tolist() == pytest.approx([1.645 * 3 * np.sqrt(0.00005) / 0.2])


def test_people_of_blocks_of_2020_are_noisy_and_nobody_else_is() -> None:
    usual, every = ReduceSettings(), toy.units(toy.block_ids())
    assert noise_sd(every, usual) == 3.0
    for other in (toy.units([W1, W2]), toy.units([*toy.block_ids(), W1]), toy.units(toy.block_ids(), vintage=2010)):
        assert noise_sd(other, usual) == 0.0
    for weight, noisy in (("persons", True), ("households", False)):
        column = run(exposure(np.arange(16.0), weight=weight), toy.weights(square(0, 0, 2, 2)))
        assert (column.error["noise"][0] != 0.0) == noisy


@pytest.mark.parametrize(
    ("held", "cut"),
    [([1, 0, 0], True), ([1, 1, 0], False), ([0, 0, 1], False), ([0.5, 0.5, 1], True), ([0, 0, 0], False)],
)
def test_a_zone_that_holds_one_of_two_people_cuts_their_area(held: list[float], cut: bool) -> None:
    """Two people live in area 0; one lives in none."""
    found = cuts_areas(csr_array(np.array([held], dtype=float)), np.ones(3), np.array([0, 0, -1]))
    assert found.tolist() == [cut]


def test_a_share_that_is_known_and_of_whole_blocks_has_no_range() -> None:
    x = np.array([1.0, 0, 1, 0] * 4)
    known = run(exposure(x, kind="share"), toy.weights(square(0, 0, 4, 1)))
    assert np.isnan(known.low[0]) and np.isnan(known.high[0])
    x[0] = np.nan
    some = run(exposure(x, kind="share"), toy.weights(square(0, 0, 4, 1)))
    # 10 of 100 are not known; 30 of the other 90 have it.
    assert (some.value[0], some.low[0], some.high[0]) == pytest.approx((1 / 3, 0.3, 0.4))
    found = meet(csr_array(np.eye(1)), np.ones(1), np.ones(1))
    assert np.isnan(bounds(found, np.array([np.nan]), np.array([np.nan]))).all()


def test_the_reason_is_that_of_the_most_people_and_not_of_the_most_places() -> None:
    """Two blocks of 10 and 20 people for one reason, one of 25 for another: then a third of 31."""
    x, why = np.full(16, np.nan), ["far away", "far away", "no street", *[""] * 13]
    people = np.zeros(16)
    for last, most in ((25.0, "far away"), (31.0, "no street")):
        people[:3] = 10, 20, last
        column = run(exposure(x, unknown=tuple(why), base=people), toy.weights(square(0, 0, 3, 1)))
        assert str(column.reason[0]).endswith(f": {most}")


def test_just_half_unknown_is_still_told() -> None:
    x, people = np.array([np.nan, 1.0, *[0.0] * 14]), np.array([10.0, 10.0, *[0.0] * 14])
    column = run(exposure(x, base=people), toy.weights(square(0, 0, 2, 1)))
    assert ReduceSettings().unknown_limit == 0.5
    assert column.value[0] == 1.0 and "unknown_share=0.5000" in column.flags[0]


def test_households_without_a_class_leave_both_margins_as_if_they_were_not_there() -> None:
    ids, homes, moe = [W1, W2, E1, E2], [200.0, 300, 400, 500], [10.0, 20, 90, 90]
    p = np.array([0.9, 0.2, np.nan, np.nan])
    whole = ClassField(units(ids), p, np.round(p), cells(homes, moe), "households", "homes")
    part = ClassField(units(ids[:2]), p[:2], np.round(p[:2]), cells(homes[:2], moe[:2]), "households", "homes")
    both = run(whole, toy.weights(square(0, 0, 4, 4)), reference=None)
    alone = run(part, toy.weights(square(0, 0, 2, 4)), reference=None)
    assert "not known for 64%" in str(both.reason[0])
    lax = ReduceSettings(unknown_limit=0.9)
    both = _reduced(whole, lax)
    assert (both.value[0], both.moe[0], both.numerator_moe[0]) == pytest.approx(
        (alone.value[0], alone.moe[0], alone.numerator_moe[0]), rel=1e-12
    )


def _reduced(field: ClassField, settings: ReduceSettings) -> Column:
    return reduce(field, toy.weights(square(0, 0, 4, 4)), reference=None, settings=settings)


def test_what_is_measured_on_a_zone_has_a_whole_without_error_unless_it_is_sampled() -> None:
    made = ZoneField(np.array([-0.5]), np.array([-20.0]), np.array([40.0]), np.array([1.0]), (None,), "land")
    column = run(made, toy.weights(square(0, 0)))
    assert (column.denominator_moe[0], column.numerator_moe[0], column.moe[0], column.rule) == (0, 0, 0, ("none",))
    made = ZoneField(
        np.array([-0.5]), np.array([-20.0]), np.array([40.0]), np.array([1.0]), (None,), "people", np.array([8.0])
    )
    column = run(made, toy.weights(square(0, 0)))
    # 0.5 x 8 / 40
    assert (column.moe[0], column.denominator_moe[0], column.rule) == (pytest.approx(0.1), 8.0, ("ratio",))


def test_less_is_wanted_and_it_is_more() -> None:
    """20 is below the level of 30 already: it may rise to it, and 31 ± 0.5 is above."""
    found = judge(Look(20, 1, 2019), Look(31, 0.5, 2024), 30, 2029, "down")
    assert (found.expected, found.gap, found.verdict, found.reached) == (30, 1, "needs attention", False)
    below = judge(Look(20, 1, 2019), Look(29, 0.5, 2024), 30, 2029, "down")
    assert (below.verdict, below.reached) == ("on track", True)


def test_a_level_to_keep_without_a_direction_may_not_fall_either() -> None:
    found = judge(Look(30, 1, 2019), Look(27, 1, 2024), 30, 2029)
    assert (found.verdict, found.reached) == ("needs attention", False)


def test_the_first_looks_margin_is_not_asked_for_where_its_line_is_flat() -> None:
    kept = judge(Look(35, None, 2019), Look(31, 0.5, 2024), 30, 2029, "up")
    assert (kept.verdict, kept.gap_moe) == ("on track", 0.5)
    late = judge(Look(20, None, 2015), Look(31, 0.5, 2024), 30, 2020, "up")
    assert (late.verdict, late.expected) == ("on track", 30)


@pytest.mark.parametrize(("now", "verdict"), [(31.0, "cannot tell"), (31.001, "on track"), (29.0, "cannot tell")])
def test_a_gap_of_just_its_margin_is_not_enough(now: float, verdict: str) -> None:
    assert judge(Look(20, 0, 2015), Look(now, 1.0, 2024), 30, 2020, "up").verdict == verdict


def test_a_cut_block_lies_in_by_its_share_and_at_its_middle_or_not() -> None:
    column = run(exposure(np.arange(16.0)), toy.weights(box(0, 0, 160, 100)))
    # Of 20 people 12 are inside; by the middle of the block all of them are.
    assert column.value[0] == pytest.approx(12 / 22) and column.high[0] == pytest.approx(20 / 30)


def test_half_a_county_in_one_of_eight_cases_by_hand() -> None:
    """Two tracts of 100 homes, of chances 0.129 and 0: 12.9 are expected, and 100 in more than 5 % of cases."""
    size, chance = np.array([100.0, 100.0]), np.array([0.129, 0.0])
    assert lumps.margin(size, chance) == pytest.approx(87.1, rel=1e-12)
    assert lumps.margin(size, chance, 0.0) == lumps.margin(size, chance)
    assert lumps.margin(size, np.array([1.0, 0.0])) == 0.0 and np.isnan(lumps.margin(size, chance, np.nan))
    # In 4 % of cases q95 is 0: 1.645 standard deviations are more.
    assert lumps.margin(size, np.array([0.04, 0.0])) == pytest.approx(1.645 * 100 * np.sqrt(0.04 * 0.96), rel=1e-12)


def test_who_was_not_counted_is_nobody_and_is_told() -> None:
    people = np.array([np.nan, 10.0, *[0.0] * 14])
    column = run(exposure(np.array([1.0, *[0.0] * 15]), base=people), toy.weights(square(0, 0, 2, 1)))
    assert (column.value[0], column.denominator[0]) == (0.0, 10.0)
    assert "uncounted_origins=1" in column.flags[0]
    full = run(exposure(np.arange(16.0)), toy.weights(square(0, 0, 2, 1)))
    assert not any(flag.startswith("uncounted_origins") for flag in full.flags[0])


def test_without_a_margin_the_line_and_the_way_to_it_are_told_all_the_same() -> None:
    found = judge(Look(20, 1, 2014), Look(27, None, 2024), 40, 2034)
    assert (found.verdict, found.expected, found.gap, found.gap_moe) == ("cannot tell", 30, -3, None)
