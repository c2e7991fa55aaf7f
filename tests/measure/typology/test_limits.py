"""Parts of the typology one by one, at their limits: ties, clips, what stands still, whose chance is not known."""

from __future__ import annotations

import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import ConfigError, LayerError
from justgeo.measure.typology import checks, classify, draws, explain, headline, outcomes, prepare, rules
from justgeo.measure.typology.cards import STANDS_STILL
from justgeo.measure.typology.logic import Told
from justgeo.measure.typology.prepare import MARKET_MEASURES, MEASURES, N_REGION, QUANTITIES, TIE
from justgeo.measure.typology.rivals import median_of_tracts, udp_vulnerable
from justgeo.measure.typology.values import CHANGES, PRESSURES, SHARES, STAGES, VARIANTS, Settings
from tests.measure.typology.invented import QUICK, even, region
from tests.measure.typology.made import NAN, random_county


def test_ties_are_moved_by_a_part_of_their_threshold_or_of_one() -> None:
    """Down for changes, which are met at a tie; up for all others, which are not."""
    size = len(PRESSURES) + len(CHANGES) + 2
    sign = np.array([1.0] * len(PRESSURES) + [-1.0] * len(CHANGES) + [1.0] * 2)
    for threshold, slack in ((0.0, TIE), (0.5, TIE), (1.0, TIE), (4e5, 4e5 * TIE), (-4e5, 4e5 * TIE)):
        moved = outcomes.margin_of_ties(np.full((size, 1), threshold))[:, 0]
        np.testing.assert_allclose(moved - threshold, sign * slack, rtol=1e-3)


@pytest.mark.parametrize("k", range(len(MEASURES)))
def test_changes_are_met_at_their_threshold_and_others_above_it(k: int) -> None:
    measure, threshold = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0]])
    at_least = len(PRESSURES) <= k < len(PRESSURES) + len(CHANGES)
    assert outcomes.holds(k, measure, threshold)[:, 0].tolist() == [False, at_least, True]


@pytest.mark.parametrize(("mean", "share", "dollars"), [(-0.5, 0.0, 1.0), (0.5, 0.5, 1.0), (1.5, 1.0, 1.5), (7, 1, 7)])
def test_draws_are_clipped_to_what_can_be(mean: float, share: float, dollars: float) -> None:
    survey = draws._Survey(prepare.prepare(region(), QUICK))
    z = np.zeros((1, len(QUANTITIES), 2))
    middle = np.full((1, len(QUANTITIES), 1), mean)
    found = survey._values(z, middle, np.ones_like(middle))[0]
    for (_, name), values in zip(QUANTITIES, found, strict=True):
        assert values.tolist() == [share if name in SHARES else dollars] * 2


def ready(valid: np.ndarray, sure: np.ndarray) -> Any:
    return SimpleNamespace(valid=valid, sure=sure)


def test_whose_people_rest_on_a_known_number_without_a_margin() -> None:
    valid, sure = (np.ones((5, len(MEASURES)), dtype=np.bool_) for _ in range(2))
    sure[1, 0] = sure[2, N_REGION - 1] = sure[3, N_REGION] = sure[4, 0] = False
    valid[4, 0] = False  # what is not known at all is no bare number
    assert classify._bare_people(ready(valid, sure)).tolist() == [False, True, True, False, False]


def test_whose_homes_rest_on_a_known_number_without_a_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rents stand in for values, those of rents do for them."""
    size = len(MARKET_MEASURES)
    valid, sure = (np.ones((5, len(MEASURES)), dtype=np.bool_) for _ in range(2))
    sure[1, N_REGION] = sure[2, N_REGION + size - 1] = sure[3, N_REGION + size] = sure[4, N_REGION + 2 * size - 1] = (
        False
    )
    stood = np.array([False, False, False, True, False])
    monkeypatch.setattr(classify, "_stood_in", lambda ready, variant: stood)
    found = classify._bare_homes(ready(valid, sure))
    assert found["value"].tolist() == [False, True, True, True, False]
    assert found["rent"].tolist() == [False, False, False, True, True]
    assert found["either"].tolist() == [False, True, True, True, True]


@pytest.mark.parametrize(("untold", "chance"), [(0.1, 0.25), (0.1 + 1e-9, NAN), (0.0, 0.2)])
def test_a_range_of_a_tenth_is_told_by_its_middle(untold: float, chance: float) -> None:
    one: Any = SimpleNamespace(classed=np.array([True, False]))
    found = classify._settled(one, np.array([0.2, 0.2]), np.array([untold, untold]))
    assert found.tolist() == pytest.approx([chance, NAN], nan_ok=True)


@pytest.mark.parametrize(("untold", "gone"), [(0.1, False), (0.1 + 1e-9, True)])
def test_chances_that_hang_on_bare_margins_by_more_than_a_tenth_are_not_told(untold: float, gone: bool) -> None:
    one: Any = SimpleNamespace(classed=np.array([True, True, False]))
    chances = np.array([[1 - untold, untold]] * 3)
    found = classify._rows(one, chances, np.array([True, False, False]))
    assert np.isnan(found).any(axis=1).tolist() == [gone, False, True]


def test_a_threshold_that_stands_still_has_no_error() -> None:
    made = classify.classify(even(6), QUICK)
    bare = next(iter(made.pressures.values()))
    for told, se, expected in ((0.0, NAN, NAN), (1.0, NAN, 1.0), (0.0, 0.3, 0.0), (0.2, 0.3, 0.2), (0.2, NAN, 0.2)):
        errors = np.full(6, NAN)
        errors[2] = se
        found = explain.threshold_se(replace(bare, threshold_se=told, se=errors))
        assert found == pytest.approx(expected, nan_ok=True)


def test_a_market_in_which_nothing_moves_has_its_name_and_an_untold_one_has_none() -> None:
    made = classify.classify(even(6, neighbours=None), QUICK)
    market = made.markets["rent"]
    for code, name in ((0, "none"), (1, "adjacent"), (3, "appreciated"), (-1, None)):
        told = replace(market, code=np.full(6, code))
        other = replace(made, markets={**made.markets, "rent": told})
        assert explain._stage(other, 0, "rent").market == name


@pytest.mark.parametrize("stage", [-1, 0, 1, 7])
def test_a_stage_is_told_with_its_chance_and_the_next_likely_one(stage: int) -> None:
    made = classify.classify(even(6), QUICK)
    names = STAGES
    chances = np.zeros(len(names) + 1)
    chances[[0, 1, 7, -1]] = 0.4, 0.2, 0.3, 0.1
    line = explain._stage(
        replace(
            made,
            stage={v: np.full(6, stage) for v in VARIANTS},
            p_stage={v: np.tile(chances, (6, 1)) for v in VARIANTS},
        ),
        3,
        "value",
    )
    assert line.stage == (names[stage] if stage >= 0 else None)
    assert line.probability == (float(chances[stage]) if stage >= 0 else None)
    following = names[7] if stage == 0 else names[0]
    assert (line.next_stage, line.next_probability) == (following, 0.3 if stage == 0 else 0.4)
    assert line.probabilities is not None and sum(line.probabilities.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("chanceless", "total", "told"),
    [
        (0.05, 0.5, None),
        (0.06, 0.5, "12%"),
        (0.5, 0.5, "100%"),
        (20.0, 100.0, "20%"),
        (0.0, 0.0, None),
        (1.0, NAN, None),
    ],
)
def test_homes_without_a_chance_are_told_above_a_tenth(chanceless: float, total: float, told: str | None) -> None:
    found = headline._unweighted(chanceless, total)
    assert (found is None) if told is None else (found is not None and f"for {told} of" in found)


def test_estimates_of_zero_count_once_by_the_largest() -> None:
    variance, homes = np.array([4.0, 9.0, 1.0, 2.0]), np.array([0.0, 0.0, 5.0, 0.0])
    assert headline._zero_rule(variance, homes).tolist() == [0.0, 9.0, 1.0, 0.0]
    assert headline._zero_rule(variance, np.array([0.0, 1.0, 5.0, 2.0])).tolist() == variance.tolist()
    two = np.array([0.0, 1.0, 5.0, 0.0])
    assert headline._zero_rule(variance, two).tolist() == [4.0, 9.0, 1.0, 0.0]


def test_homes_of_some_tracts_by_hand() -> None:
    """Half of 100 and all of 40, the third is not asked for: 90 ± 1.645 sqrt(5² + 6²)."""
    w, h, s = np.array([0.5, 1.0, 1.0]), np.array([100.0, 40.0, 9.0]), np.array([10.0, 6.0, 3.0])
    found = headline._part(w, h, s, np.array([True, True, False]))
    assert found.value == 90.0 and found.moe == pytest.approx(1.645 * np.sqrt(61.0))
    none = headline._part(w, h, s, np.zeros(3, dtype=np.bool_))
    assert (none.value, none.moe) == (0.0, 0.0)


def test_the_usual_settings_are_those_that_are_written_down() -> None:
    usual = Settings()
    assert (usual.high, usual.max_group_quarters, usual.min_units) == (0.6, 0.5, 50.0)
    assert usual.correlation_now is None and usual.correlation_before is None


@pytest.mark.parametrize(
    ("matrix", "fits"),
    [
        ([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]], False),  # eigenvalues -0.8, 1.9 and 1.9
        ([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], False),  # one is 0
        ([[1.0, 0.9, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]], False),
        ([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 1.0]], False),
        ([[1.0, NAN, 0.0], [NAN, 1.0, 0.0], [0.0, 0.0, 1.0]], False),
        ([[1.0, 0.999, 0.0], [0.999, 1.0, 0.0], [0.0, 0.0, 1.0]], True),
    ],
)
def test_matrices_that_are_of_correlations_and_some_that_are_none(matrix: list[list[float]], fits: bool) -> None:
    if fits:
        checks._check_correlation("x", np.array(matrix), 3)
        return
    with pytest.raises(ConfigError, match="correlations"):
        checks._check_correlation("x", np.array(matrix), 3)


def test_chances_of_all_that_can_be_come_to_one() -> None:
    made = prepare.prepare(random_county(3, 12, missing=0.15), QUICK)
    found = draws.simulate(made)
    some = 0
    for yes, untold in (found.vulnerable, found.changed, *found.pressed.values()):
        assert (yes >= 0).all() and (untold >= 0).all() and (yes + untold <= 1.0).all()
        some += int((untold > 0).sum())
    assert some > 3, "where a cell is missing it cannot always be told"
    for chances in (*found.market.values(), *found.stage.values()):
        assert (chances >= 0).all() and chances.sum(axis=1) == pytest.approx(np.ones(12))


def test_what_stands_still_in_all_draws_has_an_error_of_0_exactly() -> None:
    made = prepare.prepare(region(), QUICK)
    seen = np.full((len(MEASURES) - N_REGION, 1000), 0.1)
    assert draws._threshold_se(made, seen)[N_REGION:].tolist() == [0.0] * len(seen)
    seen[0] = np.tile([0.1, 0.3], 500)
    assert draws._threshold_se(made, seen)[N_REGION] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("threshold", "error", "se", "said"),
    [(0.5, 0.0, NAN, STANDS_STILL), (0.5, 0.0, 0.1, None), (0.5, 0.2, NAN, None), (NAN, 0.0, NAN, None)],
)
def test_only_a_known_threshold_without_any_margin_behind_it_is_said_to_be_bare(
    threshold: float, error: float, se: float, said: str | None
) -> None:
    made = classify.classify(even(6), QUICK)
    name, one = next(iter(made.pressures.items()))
    bare = replace(one, threshold=threshold, threshold_se=error, se=np.full(6, se))
    assert explain._line(made, 0, name, bare).bare_threshold == said


def test_one_market_where_it_is_asked_for_and_the_other_elsewhere_yes_and_no_alike() -> None:
    yes, no, open_ = (np.array(v) for v in ([True, True], [False, False], [False, False]))
    one = rules.Markets(Told(yes, no), Told(no, yes), Told(open_, open_))
    other = rules.Markets(Told(no, yes), Told(yes, no), Told(no, yes))
    found = rules.choose(np.array([True, False]), one, other)
    assert [(t.yes.tolist(), t.no.tolist()) for t in found] == [
        ([True, False], [False, True]), ([False, True], [True, False]), ([False, False], [False, True])
    ]  # fmt: skip
    both = rules.further(one, other)
    assert [(t.yes.tolist(), t.no.tolist()) for t in both] == [
        ([True, True], [False, False]), ([True, True], [False, False]), ([False, False], [False, False])
    ]  # fmt: skip


def test_renters_and_people_of_color_are_who_is_left() -> None:
    county = random_county(2)
    told = udp_vulnerable(county).criteria
    for name, of in (("renters", "owners"), ("people_of_colour", "white")):
        np.testing.assert_allclose(told[name].value, 1.0 - county.now[of].value)


def test_a_tract_is_pressed_where_it_is_vulnerable_and_its_market_is_near_one_that_moves() -> None:
    """Yes, no and untold of both, as any and of three."""
    yes, no = np.array([True, False, False]), np.array([False, True, False])
    a = Told(np.repeat(yes, 3), np.repeat(no, 3))
    adjacent = Told(np.tile(yes, 3), np.tile(no, 3))
    nothing = Told(np.zeros(9, dtype=np.bool_), np.ones(9, dtype=np.bool_))
    part = outcomes._part(
        a, rules.changed(nothing, nothing, nothing, nothing), rules.Markets(adjacent, nothing, nothing)
    )
    assert part.pressed.as_number().tolist() == pytest.approx([1, 0, NAN, 0, 0, 0, NAN, 0, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["1", "2"], ""),
        (["1", "2", "1"], "1 GEOIDs stand more than once, 1 among them"),
        ([], "no tract"),
        (["1", ""], "no GEOID"),
    ],
)  # fmt: skip
def test_each_tract_has_a_name_of_its_own(ids: list[str], said: str) -> None:
    if not said:
        checks._check_geoids(np.array(ids, dtype=np.str_))
        return
    with pytest.raises(LayerError, match=said):
        checks._check_geoids(np.array(ids, dtype=np.str_))


def test_the_median_of_no_tract_is_not_known_and_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(median_of_tracts(np.array([NAN, NAN])))
    assert median_of_tracts(np.array([3.0, NAN, 1.0, 8.0])) == 3.0
