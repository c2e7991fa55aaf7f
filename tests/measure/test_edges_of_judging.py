"""Limits of what is shown, met to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from justgeo.measure import judge, margins
from justgeo.measure.headway import headways
from justgeo.measure.holding import near
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.margins import Z90
from tests.indicators.town import row as indicator
from tests.measure.test_headway import every, feed
from tests.measure.test_judge import NAN, column, judged, zones

MINUTES = indicator("walk_minutes", weight="persons", unit="minutes", aggregate="mean")
RACE = "race:nhpi"


def test_a_hidden_number_has_no_comparison_though_its_reference_is_shown() -> None:
    """Reference and difference would give it away."""
    found = column([0.5, 0.4], [0.9, 0.01], denominator=[100, 2000])
    district, reference = judged(found, ["district", "reference"], group=RACE)
    assert (district.reliability, district.value, district.comparison) == ("suppressed", None, None)
    assert reference.value == 0.4 and reference.comparison is None


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize(("half_width", "hidden"), [(0.1499, False), (0.1501, True)])
def test_nobody_of_a_group_is_told_up_to_a_95_percent_interval_of_thirty_points(
    value: float, half_width: float, hidden: bool
) -> None:
    """1.959964 / 1.645 times the 90 % margin on either side."""
    moe = half_width * 1.645 / 1.959964
    (record,) = judged(column([value], [moe], denominator=[500]), ["district"], group=RACE)
    assert (record.reliability == "suppressed") is hidden


@pytest.mark.parametrize(("cv", "hidden"), [(60.0 - 1e-9, False), (60.0 + 1e-9, True)])
def test_a_groups_number_that_is_no_share_is_judged_on_its_own_side_alone(cv: float, hidden: bool) -> None:
    (record,) = judged(column([0.9], [cv / 100 * Z90 * 0.9], denominator=[500]), ["district"], MINUTES, group=RACE)
    assert (record.reliability == "suppressed") is hidden


def test_only_shares_are_flagged_for_the_width_that_proportions_may_have() -> None:
    flag = "wide interval (NCHS)"
    wide = column([0.5], [0.4], denominator=[500])
    assert flag in judged(wide, ["area"])[0].flags
    assert flag not in judged(wide, ["area"], MINUTES)[0].flags


@pytest.mark.parametrize(("homes", "people", "group"), [(50, 100, 50)])
def test_the_usual_limits_of_who_stands_behind_a_number(homes: int, people: int, group: int) -> None:
    usual = JudgeSettings()
    assert (usual.min_households, usual.min_persons, usual.group_min) == (homes, people, group)
    assert (usual.high_cv, usual.low_cv, usual.group_cv, usual.widest) == (12.0, 40.0, 60.0, 0.30)


@pytest.mark.parametrize(
    ("base", "weight", "hidden"),
    [(49.999, "households", 1), (50, "households", 0), (99.999, "persons", 1), (100, "persons", 0), (0.5, "land", 0)],
)
def test_areas_are_withheld_below_their_limit_and_not_at_it(base: float, weight: str, hidden: int) -> None:
    asked = indicator("acs_share", weight=weight)
    made, where = column([0.4, 0.4], [0.01] * 2, denominator=[base, base]), zones(["area", "district"])
    assert judge.withheld(made, asked, where, JudgeSettings()).tolist() == [bool(hidden), False]


@pytest.mark.parametrize(
    ("moe", "expected"),
    [(0.0, "exact"), (0.5, "high"), (0.5001, "medium"), (1.0, "medium"), (1.0001, "low"), (NAN, "unknown")],
)
def test_degrees_at_their_limits(moe: float, expected: str) -> None:
    asked = indicator("surface_anomaly_people", weight="persons", unit="°C", aggregate="mean")
    (record,) = judged(column([0.1], [moe], denominator=[500]), ["area"], asked)
    assert record.reliability == expected


@pytest.mark.parametrize(
    ("cv", "expected"), [(12.0, "high"), (12.01, "medium"), (40.0, "medium"), (40.01, "low"), (0.0, "exact")]
)
def test_classes_of_the_survey_at_their_limits(cv: float, expected: str) -> None:
    found = margins.reliability([100.0], [cv * 1.645], proportion=False)
    assert found.tolist() == [expected]


def test_one_departure_a_day_comes_every_twelve_hours() -> None:
    row = headways(feed({("a", "0"): [12.0]})).iloc[0]
    assert (row["n"], row["mean_headway"], row["largest_gap"]) == (1, 720.0, 420.0)


def test_a_headway_just_at_its_limit_is_frequent() -> None:
    """48 departures in twelve hours are one in fifteen minutes; the longest wait is thirty."""
    assert headways(feed({("a", "0"): every(15)})).iloc[0]["mean_headway"] == 15.0
    at = headways(feed({("a", "0"): [7.0, *np.arange(7.5, 19.0, 0.24)]})).iloc[0]
    assert at["n"] == 49 and at["largest_gap"] == 30.0 and at["frequent"]
    over = headways(feed({("a", "0"): [7.0, *np.arange(7.51, 19.0, 0.24)]})).iloc[0]
    assert over["largest_gap"] > 30.0 and not over["frequent"]


def test_other_rules_of_frequent_service_just_at_their_limits() -> None:
    """Every twenty minutes in the window; 96 departures in a day are one in fifteen minutes; four in each hour."""
    twenty = headways(feed({("a", "0"): every(20)})).iloc[0]
    assert twenty["mean_headway"] == 20.0 and twenty["ghsci"] and not twenty["frequent"]
    fewer = headways(feed({("a", "0"): every(20)[1:]})).iloc[0]
    assert not fewer["ghsci"]
    day = headways(feed({("a", "0"): np.arange(96) / 4})).iloc[0]
    assert day["n24"] == 96 and day["alltransit"] and day["strict"]
    shorter = headways(feed({("a", "0"): np.arange(95) / 4})).iloc[0]
    assert not shorter["alltransit"] and shorter["strict"]
    gap = headways(feed({("a", "0"): np.delete(np.arange(96) / 4, 40)})).iloc[0]
    assert not gap["strict"]


def test_nobody_is_near_nothing() -> None:
    some, none = np.array([[0.0, 0.0], [3.0, 4.0]]), np.empty((0, 2))
    assert near(some, none, 5.0).tolist() == [False, False]
    assert near(none, some, 5.0).tolist() == []
    assert near(some, np.array([[0.0, 0.0]]), 5.0).tolist() == [True, True]
    assert near(some, np.array([[0.0, 0.0]]), 4.999).tolist() == [True, False]
