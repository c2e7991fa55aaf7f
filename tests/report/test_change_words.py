"""How a change is read on a page: its sign, its two figures, and that it may be none."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.measure.changes import NOT_SIGNIFICANT, NOT_TESTED, SIGNIFICANT
from justgeo.report import remarks, words

RENT = (
    "before=1354.797", "before_moe=57.46", "before_year=2014", "after=2016.7", "after_moe=74.2", "after_year=2024",
    "price=1.325058",
)  # fmt: skip
SHARE = ("before=0.67", "before_moe=0.03", "before_year=2014", "after=.555", "after_moe=.031", "after_year=2024")
PEOPLE = ("before=86948", "before_moe=0", "before_year=2014", "after=92029", "after_moe=0", "after_year=2024")


def record(*flags: str, unit: str = "percent change", value: float = 2.1) -> dict[str, Any]:
    nothing = dict.fromkeys(("low", "high", "numerator", "denominator", "reason", "text", "comparison"))
    return {
        **nothing, "value": value, "moe": 6.4, "unit": unit, "universe": "households", "reliability": "high",
        "error": {}, "flags": list(flags),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "told"), [(48.9, "+49%"), (-2.1, "\u22122%"), (0.01, "0.0%"), (0.0, "0.0%"), (0.3, "+0.3%")]
)
def test_growth_has_its_sign(value: float, told: str) -> None:
    assert words.figure(value, "percent change", 6.4) == told


def test_margins_and_differences_of_a_percent_change_are_points() -> None:
    assert words.margin(6.4, "percent change", 2.1) == "± 6 points"
    assert words.difference(-17.8, "percent change") == "18 points"
    assert words.share_of(record()) is None


@pytest.mark.parametrize(
    ("flags", "unit", "told"),
    [
        (
            RENT,
            "percent change",
            "$1,350 ± $60 in the five years to 2014, $2,020 ± $70 in those to 2024; both in dollars of 2024",
        ),
        (SHARE, "percentage points", "67% ± 3 points in the five years to 2014, 56% ± 3 points in those to 2024"),
        (PEOPLE, "percent change", "86,900 in the five years to 2014, 92,000 in those to 2024"),
        ((), "percent change", ""),
    ],
)
def test_the_two_figures_stand_among_the_details(flags: tuple[str, ...], unit: str, told: str) -> None:
    assert remarks.before_and_after(record(*flags, unit=unit)) == told
    assert dict(remarks.details(record(*flags, unit=unit))).get("Before and after", "") == told


def test_a_change_within_its_margin_never_stands_without_saying_so() -> None:
    assert remarks.beside(record(NOT_SIGNIFICANT)) == ["no larger than its margin: it may be no change at all"]
    assert remarks.beside(record(NOT_TESTED)) == ["its margin is not known, so that it may be no change at all"]
    assert remarks.beside(record(SIGNIFICANT)) == []
