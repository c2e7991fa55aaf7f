"""The typology at its edges: numbers that just may be, matrices that are one, tracts that just count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import FloatArray
from justgeo.measure import rows
from justgeo.measure.typology import (
    checks,
    classify,
    draws,
    explain,
    headline,
    outcomes,
    pairs,
    prepare,
    rivals,
    sensitivity,
)
from justgeo.measure.typology.agreement import cohen_kappa
from justgeo.measure.typology.cards import Figure
from justgeo.measure.typology.correlation import BEFORE_CORRELATION, NOW_CORRELATION
from justgeo.measure.typology.draws import linear_quantile, scaled
from justgeo.measure.typology.values import BEFORE, CHANGES, NOW, PRESSURES, SHARES, Pooled, Settings, Typology
from tests.measure.typology.made import NAN, amount, random_county
from tests.measure.typology.made import tracts as tracts_of


@pytest.mark.parametrize(("matrix", "names"), [(NOW_CORRELATION, NOW), (BEFORE_CORRELATION, BEFORE)])
def test_the_usual_correlations_are_a_correlation_matrix(matrix: FloatArray, names: tuple[str, ...]) -> None:
    """Symmetric, 1 on the diagonal, nothing beyond 0.70, positive definite; and not to be written to."""
    assert matrix.shape == (len(names), len(names)) and (matrix == matrix.T).all()
    assert np.diag(matrix).tolist() == [1.0] * len(names)
    assert np.abs(matrix - np.eye(len(names))).max() <= 0.70
    assert np.linalg.eigvalsh(matrix).min() > 0.2
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 2.0


def test_the_signs_of_the_usual_correlations_are_those_of_what_people_have() -> None:
    """Low income goes with renting, being nonwhite, no degree, lower income and cheaper homes."""
    at = NOW.index("low_income")
    others = np.delete(NOW_CORRELATION[at], at)
    assert (others < 0).all()
    assert NOW_CORRELATION[at, NOW.index("income")] == -0.70


@pytest.mark.parametrize(
    "settings",
    [
        Settings(max_group_quarters=0.0), Settings(max_group_quarters=1.0), Settings(min_households=0.0),
        Settings(min_units=0.0), Settings(draws=1000), Settings(seed=0), Settings(scale=1e-6),
        Settings(correlation_now=np.eye(7)), Settings(correlation_before=np.eye(6)),
    ],
)  # fmt: skip
def test_settings_that_just_can_be(settings: Settings) -> None:
    checks.check_settings(settings)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(max_group_quarters=-0.001), Settings(max_group_quarters=1.001), Settings(min_households=-0.001),
        Settings(draws=999), Settings(high=1.0), Settings(high=0.0), Settings(scale=-1.0), Settings(scale=NAN),
    ],
)  # fmt: skip
def test_settings_that_just_cannot_be(settings: Settings) -> None:
    with pytest.raises(ConfigError):
        checks.check_settings(settings)


def test_the_usual_settings() -> None:
    usual = Settings()
    assert (usual.draws, usual.scale, usual.min_households) == (10_000, 1.0, 100.0)


GEOID = np.array(["99001000100", "99001000200"])


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("white (now)", 1.0 + 1e-10, True), ("white (now)", 1.0 + 1e-6, False),
        ("white (now)", -1e-10, True), ("white (now)", -1e-6, False),
        ("income (now)", 1.0, True), ("income (now)", 0.0, False),
        ("households", 0.0, True), ("households", -1e-6, False),
    ],
)  # fmt: skip
def test_numbers_that_just_can_be_and_just_cannot(name: str, value: float, fits: bool) -> None:
    def check() -> None:
        checks._check_amount(name, amount(2, [0.5, value], 0.0), GEOID)

    _held(check, fits)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("white", 1.0 + 1e-10, True), ("white", 1.0 + 1e-6, False), ("white", -1e-10, True), ("white", -1e-6, False),
        ("white", 1.9, False), ("white", -0.9, False), ("income", 0.0, False), ("income", 1.0, True),
    ],
)  # fmt: skip
def test_numbers_of_the_region_that_just_can_be_and_just_cannot(name: str, value: float, fits: bool) -> None:
    _held(lambda: checks._check_pooled(name, name, Pooled(value, 0.0)), fits)


@pytest.mark.parametrize(
    ("value", "most", "fits", "remedy"),
    [(1.0, 1.0, True, ""), (1.01, 1.0, False, "0 to 1"), (-0.01, 1.0, False, "0 to 1"),
     (1e9, np.inf, True, ""), (-1.0, np.inf, False, "empty")],
)  # fmt: skip
def test_numbers_without_a_margin(value: float, most: float, fits: bool, remedy: str) -> None:
    said = _held(lambda: checks._check_plain("x", np.array([0.5, value]), most, GEOID), fits)
    assert remedy in said


def _held(check: Callable[[], None], fits: bool) -> str:
    """Whether it is refused, naming the second tract or the region; what is to be done."""
    if fits:
        check()
        return ""
    with pytest.raises(LayerError) as refused:
        check()
    assert "cannot be" in str(refused.value)
    return refused.value.remedy


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        ([1, 2, 3, 4, 5], 0.5, 3.0), ([5, 1, 4, 2, 3], 0.25, 2.0), ([1, 2, 3, 4, 5], 0.6, 3.4),
        ([1, 2, 3, 4, 5], 0.9, 4.6),
        ([1, 2, 3, 4, 5], 1.0, 5.0), ([1, 2, 3, 4, 5], 0.0, 1.0), ([1, 2, 3, 4], 0.5, NAN),
        ([0, 0, 10, 20, 40], 0.65, 16.0),
    ],
)  # fmt: skip
def test_quantiles_by_hand(values: list[float], q: float, expected: float) -> None:
    found = linear_quantile(np.array([values], dtype=float), q)
    assert found == pytest.approx([expected], nan_ok=True)


def test_thresholds_of_either_sign_are_harder_by_a_scale_above_1() -> None:
    assert scaled(np.array([5.0, -5.0, 0.0]), 1.1).tolist() == pytest.approx([5.5, -4.5, 0.0])
    assert scaled(np.array([5.0, -5.0, NAN]), 0.9)[:2].tolist() == pytest.approx([4.5, -5.5])


def test_kappa_as_cohen_has_it() -> None:
    """(p_o - p_e) / (1 - p_e) by hand; of 20, 5, 10, 15: p_o = 0.7, p_e = 0.5."""
    assert cohen_kappa(20, 5, 10, 15) == pytest.approx(0.4)
    assert cohen_kappa(45, 15, 25, 15) == pytest.approx((0.60 - 0.54) / 0.46)
    assert cohen_kappa(25, 35, 5, 35) == pytest.approx((0.60 - 0.46) / 0.54)
    assert cohen_kappa(10, 0, 0, 10) == 1.0 and cohen_kappa(0, 10, 10, 0) == pytest.approx(-1.0)


def test_one_by_one_and_all_together() -> None:
    assert rows.each(2).toarray().tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert rows.pooled(3).toarray().tolist() == [[1.0, 1.0, 1.0]]


def test_shares_and_dollars_are_drawn_in_stretches_that_hold_each_once() -> None:
    for wanted in (True, False):
        stretches = draws._runs(wanted)
        held = [i for first, after in stretches for i in range(first, after)]
        assert held == [i for i, (_, name) in enumerate(prepare.QUANTITIES) if (name in SHARES) is wanted]
        assert all(one[1] < other[0] for one, other in pairwise(stretches))


def test_a_number_that_is_not_there_has_no_margin() -> None:
    assert explain._figure(NAN, 2.0) == Figure(None, None)
    assert explain._figure(3.0, 2.0) == Figure(3.0, 2.0 * 1.645)
    assert explain._figure(3.0, NAN) == Figure(3.0, None)


@pytest.mark.parametrize(
    ("untold", "expected"), [(0.0, 0.4), (classify.NARROW, 0.4 + classify.NARROW / 2), (classify.NARROW + 1e-9, NAN)]
)
def test_the_few_draws_that_cannot_say_count_half(untold: float, expected: float) -> None:
    county = prepare.prepare(random_county(3, 30), Settings(draws=1000))
    ready = replace(county, classed=np.ones(30, dtype=np.bool_))
    found = classify._settled(ready, np.full(30, 0.4), np.full(30, untold))
    assert found.tolist() == pytest.approx([expected] * 30, nan_ok=True)
    nobody = replace(county, classed=np.zeros(30, dtype=np.bool_))
    assert np.isnan(classify._settled(nobody, np.full(30, 0.4), np.zeros(30))).all()


def test_tracts_that_touch_others_are_a_fair_sample() -> None:
    """Without neighbours those whose market can be told are none."""
    known, unknown = (cast(Typology, SimpleNamespace(tracts=made)) for made in (random_county(3), random_county(3)))
    assert known.tracts.neighbours is not None and headline.partial_of(known) is None
    unknown.tracts = replace(unknown.tracts, neighbours=None)  # type: ignore[misc]
    assert headline.partial_of(unknown) == headline.NO_NEIGHBOURS


def test_a_tie_is_at_least_and_not_above() -> None:
    """Of the region's changes a tie is one; of its shares and of quantiles it is none."""
    ties = [bool(outcomes.holds(k, np.ones(1), np.ones(1))[0]) for k in range(len(prepare.MEASURES))]
    first = len(PRESSURES)
    assert [k for k, held in enumerate(ties) if held] == list(range(first, first + len(CHANGES)))
    assert outcomes.holds(0, np.array([1.0, 2.0, NAN]), np.ones(3)).tolist() == [False, True, False]


def test_the_measures_of_each_market_stand_behind_those_of_the_region() -> None:
    """Four pressures and four changes; then now, before and change of values, and of rents."""
    assert (prepare._places(0), prepare._places(1)) == ((8, 9, 8, 10), (11, 12, 11, 13))
    assert len(prepare.MEASURES) == 14


def test_a_share_of_the_region_is_over_tracts_that_are_known_above_and_below_the_line() -> None:
    one = np.ones(4)
    x, y = np.array([1.0, 1.0, NAN, 4.0]), np.array([2.0, NAN, 2.0, 8.0])
    found = prepare.pooled_share(x, one, y, one)
    assert found.value == pytest.approx(0.5)
    assert found.se == pytest.approx(np.sqrt(2 - 0.25 * 2) / 10 / 1.645)
    rest = prepare.pooled_share(x, one, y, one, complement=True)
    assert [rest.value, rest.se] == pytest.approx([0.5, found.se])
    assert np.isnan(prepare.pooled_share(x[1:3], one[:2], y[1:3], one[:2]).value)


def test_the_first_tract_may_touch_what_lies_outside() -> None:
    geoid = np.array(["a", "b", "c"])
    found = pairs.neighbours(geoid, np.array(["a", "b", "x"]), np.array(["x", "a", "y"]))
    assert found.edge is not None and found.edge.tolist() == [True, False, False]
    assert found.touch.toarray().tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    assert found.unplaced is not None and found.unplaced.tolist() == [False, False, True]
    assert found.elsewhere == 1 and found.strangers.tolist() == ["x", "y"]
    other = pairs.neighbours(geoid, np.array(["x"]), np.array(["a"]))
    assert other.edge is not None and other.edge.tolist() == [True, False, False]


def test_which_of_the_rules_of_displacement_look_below() -> None:
    """Rent, value and degrees below the median; low income, people of color and renters at it or above."""
    names = ("rent", "value", "bachelors", "low_income", "people_of_colour", "renters")
    values = {name: np.array([1.0, 2.0, NAN]) for name in names}
    _, criteria = rivals.udp_rule(values, dict.fromkeys(names, 2.0))
    assert [criteria[name].sense for name in names] == ["below"] * 3 + ["at least"] * 3
    for name in names:
        low = name in names[:3]
        assert criteria[name].holds[:2].tolist() == [float(low), float(not low)] and np.isnan(criteria[name].holds[2])


def test_tracts_are_not_counted_where_only_those_can_be_told_that_are_no_fair_sample() -> None:
    """Without neighbours: of the vulnerable all are known, of those under pressure some are."""
    alone = replace(random_county(5, 20), neighbours=None)
    usual, same = sensitivity.vary(alone, scales=(1.0,))
    assert usual.vulnerable == same.vulnerable and usual.scale == same.scale == 1.0
    assert np.isfinite(usual.vulnerable.expected_tracts)
    pressed = usual.pressed["either"]
    assert 0 < pressed.told < 20 and pressed.households.bounded == headline.NO_NEIGHBOURS
    assert np.isnan(pressed.expected_tracts)


def test_the_usual_years_are_those_of_the_two_surveys_ten_years_apart() -> None:
    assert tracts_of(2).years == (2014, 2024)
