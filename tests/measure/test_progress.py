"""Progress towards a target, with answers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from justgeo.measure.progress import Look, change, judge


def test_change_has_the_root_of_both_squares() -> None:
    value, moe = change(Look(0.40, 0.03, 2019), Look(0.46, 0.04, 2024))
    assert value == pytest.approx(0.06) and moe == pytest.approx(0.05)
    assert change(Look(0.40, None, 2019), Look(0.46, 0.04, 2024))[1] is None


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (0.46, "cannot tell"),
        (0.474, "cannot tell"),
        (0.476, "on track"),
        (0.41, "needs attention"),
        (0.426, "cannot tell"),
    ],
)
def test_half_the_way_and_half_the_time(now: float, verdict: str) -> None:
    """From 0.40 ± 0.03 in 2019 to 0.50 in 2029: the line is at 0.45 in 2024; margin sqrt(0.02² + 0.015²) = 0.025."""
    found = judge(Look(0.40, 0.03, 2019), Look(now, 0.02, 2024), 0.50, 2029)
    assert found.expected == pytest.approx(0.45) and found.gap == pytest.approx(now - 0.45)
    assert found.gap_moe == pytest.approx(0.025) and found.verdict == verdict


def test_less_may_be_wanted() -> None:
    """From 30 % ± 2 in 2019 to 20 % in 2029: 25 % in 2024; 21 % ± 1 is ahead of it by 4, margin sqrt(1 + 1) = 1.41."""
    found = judge(Look(30, 2, 2019), Look(21, 1, 2024), 20, 2029)
    assert (found.verdict, found.expected) == ("on track", 25.0)
    assert found.gap == -4 and found.gap_moe == pytest.approx(math.sqrt(2))
    assert judge(Look(30, 2, 2019), Look(29, 1, 2024), 20, 2029).verdict == "needs attention"


def test_what_is_no_sample_is_judged_as_it_stands() -> None:
    assert judge(Look(10, 0, 2020), Look(15, 0, 2025), 20, 2030).verdict == "on track"
    assert judge(Look(10, 0, 2020), Look(14.9, 0, 2025), 20, 2030).verdict == "needs attention"


def test_after_the_targets_year_the_line_stays_at_the_target() -> None:
    found = judge(Look(0.4, 0.03, 2015), Look(0.52, 0.01, 2024), 0.5, 2020)
    assert (found.expected, found.gap_moe, found.verdict, found.reached) == (0.5, 0.01, "on track", True)


def test_a_level_that_was_reached_is_to_be_kept() -> None:
    """More is better and 35 is above the target of 30 already: it may fall to 30, and no line leads down to it."""
    found = judge(Look(35, 1, 2019), Look(31, 0.5, 2024), 30, 2029, "up")
    assert (found.expected, found.gap, found.gap_moe, found.verdict) == (30, 1, 0.5, "on track")
    assert judge(Look(35, 1, 2019), Look(29, 0.5, 2024), 30, 2029, "up").verdict == "needs attention"
    assert judge(Look(35, 1, 2019), Look(32, 0.5, 2024), 30, 2029, "neutral").expected == pytest.approx(32.5)


def test_a_level_without_a_direction_may_move_neither_way() -> None:
    assert judge(Look(30, 1, 2019), Look(33, 1, 2024), 30, 2029).verdict == "needs attention"
    assert judge(Look(30, 1, 2019), Look(30.5, 1, 2024), 30, 2029).verdict == "cannot tell"
    assert judge(Look(30, 0, 2019), Look(30, 0, 2024), 30, 2029).verdict == "on track"


@pytest.mark.parametrize(
    ("before", "now", "year", "why"),
    [
        (Look(1, 0, 2024), Look(2, 0, 2024), 2030, "no later year"),
        (Look(1, 0, 2024), Look(2, 0, 2025), 2024, "not after that of the first look"),
        (Look(1, 0.1, 2019), Look(2, None, 2024), 2030, "no margin is known"),
        (Look(1, None, 2019), Look(2, 0.1, 2024), 2030, "no margin is known"),
    ],
)
def test_what_cannot_be_judged_says_why(before: Look, now: Look, year: int, why: str) -> None:
    found = judge(before, now, 5, year)
    assert found.verdict == "cannot tell" and why in found.why


def test_reached_needs_more_than_the_margin() -> None:
    assert not judge(Look(0.4, 0.02, 2019), Look(0.51, 0.02, 2024), 0.5, 2029).reached
    assert judge(Look(0.4, 0.02, 2019), Look(0.53, 0.02, 2024), 0.5, 2029).reached
    assert judge(Look(4, 0, 2019), Look(5, 0, 2024), 5, 2029).reached


def test_on_the_line_itself_a_verdict_is_rare() -> None:
    """A place exactly on its line is told to be off it in 10 % of surveys, 5 % either way: that is what 90 % says."""
    rng = np.random.default_rng(5)
    first, second = 0.40 + rng.normal(0, 0.03 / 1.645, 4000), 0.45 + rng.normal(0, 0.02 / 1.645, 4000)
    looks = [(Look(a, 0.03, 2019), Look(b, 0.02, 2024)) for a, b in zip(first, second, strict=True)]
    found = [judge(before, now, 0.5, 2029).verdict for before, now in looks]
    assert found.count("cannot tell") / 4000 == pytest.approx(0.9, abs=0.015)
    assert found.count("on track") / 4000 == pytest.approx(0.05, abs=0.012)
