"""The joint Monte Carlo: what it must not depend on, and what is known of it without drawing."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import norm

from justgeo.core.layer import FloatArray
from justgeo.measure.typology import draws
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.draws import linear_quantile, plain_thresholds, simulate
from justgeo.measure.typology.prepare import MEASURES, N_REGION, QUANTITIES, Ready, prepare
from justgeo.measure.typology.values import BEFORE, NOW, PRESSURES, VARIANTS, Amount, Pooled, Settings, Tracts
from tests.measure.typology.invented import NAN, QUICK, changed, even, region, take
from tests.measure.typology.oracle import at_least


def ready(tracts: Tracts, settings: Settings = QUICK) -> Ready:
    return prepare(tracts, settings)


def numbers(chances: draws.Chances) -> FloatArray:
    """All chances of each tract, (n, k)."""
    parts = [chances.condition, *(a[:, None] for a in (*chances.vulnerable, *chances.changed))]
    for v in VARIANTS:
        parts += [chances.market[v], chances.stage[v], *(a[:, None] for a in chances.pressed[v])]
    return np.column_stack(parts)


def held(tracts: Tracts) -> FloatArray:
    """Cuts that are near to those of the region, but no longer depend on it."""
    return plain_thresholds(ready(tracts))[N_REGION:]


# --- quantiles -----------------------------------------------------------------------------------------------------
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40),
    q=st.one_of(st.just(0.6), st.floats(0.01, 0.99)),
)
def test_quantiles_are_those_of_numpy_to_the_last_bit(values: list[float], q: float) -> None:
    rows = np.array([values, values[::-1]])
    expected = np.quantile(rows, q, axis=1, method="linear")
    assert_array_equal(linear_quantile(rows.copy(), q), expected)


def test_no_quantile_of_four() -> None:
    assert np.isnan(linear_quantile(np.ones((3, 4)), 0.6)).all()
    assert_array_equal(linear_quantile(np.array([[5.0, 1, 4, 2, 3]]), 0.5), [3.0])


# --- what the chances must not depend on ---------------------------------------------------------------------------
def test_order_of_tracts_changes_nothing_at_all() -> None:
    tracts, order = region(), np.random.default_rng(4).permutation(40)
    found = simulate(ready(tracts))
    shuffled = simulate(ready(take(tracts, order)))
    assert_array_equal(numbers(shuffled), numbers(found)[order])
    assert_array_equal(shuffled.threshold_se, found.threshold_se)


@pytest.mark.parametrize("tile", [1, 7, 1000])
def test_tracts_worked_on_at_once_change_nothing_at_all(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    correlation = np.eye(7) * 0.7 + 0.3
    settings = replace(QUICK, correlation_now=correlation)
    found = numbers(simulate(ready(region(), settings)))
    monkeypatch.setattr(draws, "TILE", tile)
    assert_array_equal(numbers(simulate(ready(region(), settings))), found)


def test_more_draws_go_on_where_fewer_stopped() -> None:
    few, many = (simulate(ready(region(), Settings(draws=n))) for n in (1_000, 2_000))
    low = np.round(1_000 * few.condition)
    high = np.round(2_000 * many.condition)
    assert (high >= low).all()
    assert (high - low <= 1_000).all()


def test_a_number_of_draws_that_fills_no_block() -> None:
    odd = simulate(ready(region(), Settings(draws=1_003)))
    counts = numbers(odd) * 1_003
    assert_allclose(counts, np.round(counts), atol=1e-6)
    assert np.abs(numbers(odd) - numbers(simulate(ready(region())))).max() < 0.01


def test_seed_decides() -> None:
    one, again, other = (numbers(simulate(ready(region(), replace(QUICK, seed=s)))) for s in (1, 1, 2))
    assert_array_equal(one, again)
    assert (one != other).any()


def test_a_far_tract_changes_only_thresholds() -> None:
    tracts = region()
    far = take(region(7, 6, seed=9), np.r_[np.arange(41)])
    assert tracts.neighbours is not None
    pairs = tracts.neighbours.tocoo()  # the 41st touches none of the others
    alone = sparse.csr_array((pairs.data, (pairs.row, pairs.col)), shape=(41, 41))
    more = replace(
        take(tracts, np.r_[np.arange(40), 0]),
        geoid=np.r_[tracts.geoid, ["99003000100"]],
        now={k: Amount(np.r_[v.value, far.now[k].value[40]], np.r_[v.se, v.se[0]]) for k, v in tracts.now.items()},
        neighbours=alone,
    )
    cuts = held(tracts)
    assert_array_equal(numbers(simulate(ready(more), cuts))[:40], numbers(simulate(ready(tracts), cuts)))
    # and where the quantiles are free, it moves them and no more: parts A and B stay as they are
    free, before = simulate(ready(more)), simulate(ready(tracts))
    assert_array_equal(free.vulnerable[0][:40], before.vulnerable[0])
    assert_array_equal(free.changed[0][:40], before.changed[0])
    assert (numbers(free)[:40] != numbers(before)).any()


def test_a_touching_tract_changes_what_is_beside_it_alone() -> None:
    tracts, cuts = region(), held(region())
    richer = changed(tracts, "now", "value", 0, value=2e6, se=0.0)  # the south-west corner of the board
    found, before = numbers(simulate(ready(richer), cuts)), numbers(simulate(ready(tracts), cuts))
    moved = np.flatnonzero((found != before).any(axis=1))
    assert set(moved) <= {0, 1, 8, 9}
    assert 0 in moved


def test_memory_does_not_grow_with_draws() -> None:
    peaks = []
    for n in (1_000, 4_000):
        tracemalloc.start()
        simulate(ready(region(), Settings(draws=n)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1.1 * 3_000 * 8 * (len(MEASURES) - N_REGION)  # the quantiles are kept, nothing else


# --- what is known without drawing ---------------------------------------------------------------------------------
def test_pressures_agree_with_the_normal_and_the_poisson_binomial() -> None:
    tracts = region(error=1.5)
    found = simulate(ready(tracts, Settings(draws=20_000)))
    r = ready(tracts)
    sign = np.array([-1.0, -1.0, -1.0, 1.0])
    columns = [QUANTITIES.index(("now", n)) for n in ("owners", "white", "bachelors", "low_income")]
    gap = sign * (r.mean[:, columns] - r.region[columns])
    exact = norm.cdf(gap / np.hypot(r.se[:, columns], r.region_se[columns]))
    assert np.abs(found.condition[:, : len(PRESSURES)] - exact).max() < 0.015
    # the thresholds are common to the draws of one condition only, so the four are independent
    assert np.abs(found.vulnerable[0] - at_least(exact, 3)).max() < 0.015


def test_the_region_is_drawn_again_once_for_all_tracts() -> None:
    """Tracts without error, 53 % renters, against 50 % ± 2 (one standard error) of the region: above in Phi(1.5)."""
    tracts = even(9, {"owners": 0.47, "income": 66e3})
    sampled = {"owners": Pooled(0.5, 0.02), "income": Pooled(63e3, 1500.0)}
    unsure = replace(tracts, region_now={**tracts.region_now, **sampled})
    found = simulate(ready(unsure, Settings(draws=20_000)))
    of = {name: found.condition[:, k] for k, name in enumerate(MEASURES)}
    assert_allclose(of["renters"], norm.cdf(0.03 / 0.02), atol=0.01)
    # of the changes: -3 points against 0 ± 2; income + 10 % against + 5 % ± 2.5
    assert_allclose(of["owners"], norm.cdf(-0.03 / 0.02), atol=0.01)
    assert_allclose(of["income"], norm.cdf(0.05 / 0.025), atol=0.01)
    # a region that errs does so for all of its tracts at once
    for name in ("renters", "owners", "income"):
        assert np.ptp(of[name]) == 0.0 and 0.0 < of[name][0] < 1.0
    # and one draw serves both: the owners' change fails wherever renters are above, and nowhere else
    assert_allclose(of["renters"] + of["owners"], 1.0, atol=1e-12)


def owners_drawn(tracts: Tracts, se: float) -> Tracts:
    """Of all numbers only the owners of today are sampled."""
    return replace(tracts, now={**tracts.now, "owners": Amount(tracts.now["owners"].value, np.full(len(tracts), se))})


def test_changes_share_their_draws_with_the_pressures() -> None:
    # two other pressures hold, so that A hangs on the renters; two other changes, so that B hangs on the owners
    now = {"white": 0.1, "bachelors": 0.1, "low_income": 0.1, "income": 90e3}
    tracts = owners_drawn(even(40, now, {"white": 0.05}), 0.05)
    # renters are above the region's share where owners fell: vulnerable and changed exclude one another
    found = simulate(ready(tracts, Settings(draws=2_000)))
    assert_allclose(found.vulnerable[0] + found.changed[0], 1.0, atol=1e-12)
    assert_allclose(found.vulnerable[0], 0.5, atol=0.06)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.1])
def test_without_error_a_chance_is_the_class(scale: float) -> None:
    found = classify(region(error=0.0), replace(QUICK, scale=scale))
    assert_array_equal(found.p_vulnerable, found.vulnerable)
    assert_array_equal(found.p_changed, found.changed)
    for conditions in (
        found.pressures,
        found.changes,
        found.markets["value"].conditions,
        found.markets["rent"].conditions,
    ):
        for condition in conditions.values():
            assert_array_equal(condition.probability, condition.holds)
    for v in VARIANTS:
        assert_array_equal(found.p_stage[v], np.eye(9)[found.stage[v]])
        assert_array_equal(found.markets[v].probability, np.eye(5)[found.markets[v].code])
        assert_array_equal(found.p_pressed[v], found.pressed[v])


def test_draws_are_clipped_and_not_drawn_again() -> None:
    settings = Settings(draws=10_000)
    tracts = owners_drawn(even(9, {"owners": 0.98}, {"owners": 0.98}), 0.05)
    beyond = norm.cdf((1 - 0.98) / 0.05)
    # against a region without renters: drawn again, every draw would lie above 0; clipped ones tie with it
    nobody = replace(tracts, region_now={**tracts.region_now, "owners": Pooled(1.0, 0.0)})
    assert_allclose(simulate(ready(nobody, settings)).condition[:, MEASURES.index("renters")], beyond, atol=0.02)
    # a share of 0.98 cannot rise by 0.03, whatever the normals say
    rising = replace(tracts, region_now={**tracts.region_now, "owners": Pooled(0.53, 0.0)})
    assert_array_equal(simulate(ready(rising, settings)).condition[:, MEASURES.index("owners")], 0.0)


def test_dollars_are_clipped_to_one() -> None:
    # half of the draws of the earlier value would be negative, and the change with them: they count as enormous rises
    tracts = even(9)
    wild = replace(tracts, before={**tracts.before, "value": Amount(np.full(9, 1.0), np.full(9, 1e5))})
    found = simulate(ready(wild), np.array([1e9, 1e9, 1e5, 1e9, 1e9, 1e9]))
    assert (found.condition[:, MEASURES.index("value_change_high")] > 0.4).all()


def test_a_quantile_moves_with_the_draws() -> None:
    found = simulate(ready(region(), Settings(draws=4_000)))
    at = MEASURES.index("value_now_high")
    assert 0 < found.threshold_se[at] < 20_000
    assert_array_equal(simulate(ready(region(error=0.0))).threshold_se, 0.0)
    assert_array_equal(simulate(ready(region()), held(region())).threshold_se[N_REGION:], 0.0)


def test_the_share_that_is_high_is_two_fifths_in_every_draw() -> None:
    found = simulate(ready(region(error=2.0)))
    for k in range(N_REGION, len(MEASURES)):
        assert_allclose(found.condition[:, k].sum(), 16.0)  # of 40; no two drawn values tie


def test_correlated_errors_move_together() -> None:
    correlation = np.eye(len(NOW))
    correlation[1, 2] = correlation[2, 1] = 0.95
    tracts = region(error=2.0)
    settings = Settings(draws=4_000)
    plain, tied = (simulate(ready(tracts, s)) for s in (settings, replace(settings, correlation_now=correlation)))
    # each condition alone is as likely as before
    assert np.abs(plain.condition - tied.condition).max() < 0.05
    doubtful = (plain.vulnerable[0] > 0.2) & (plain.vulnerable[0] < 0.8)
    assert np.abs(plain.vulnerable[0] - tied.vulnerable[0])[doubtful].max() > 0.03


def test_correlation_is_that_which_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    factors = rng.standard_normal((7, 9)), rng.standard_normal((6, 9))
    now, before = (np.asarray(np.corrcoef(f), dtype=np.float64) for f in factors)
    survey = draws._Survey(ready(region(), replace(QUICK, correlation_now=now, correlation_before=before)))
    z = rng.standard_normal((1, len(QUANTITIES), 200_000))
    x = survey._values(z, np.full((1, 13, 1), 1e9), np.ones((1, 13, 1)))
    dollars = [i for i, (_, name) in enumerate(QUANTITIES) if name in ("income", "value", "rent")]
    expected = np.zeros((13, 13))
    expected[:7, :7], expected[7:, 7:] = now, before
    assert len(NOW) + len(BEFORE) == 13
    assert_allclose(np.corrcoef(x[0, dollars]), expected[np.ix_(dollars, dollars)], atol=0.01)


# --- margins that are not known ------------------------------------------------------------------------------------
def test_a_condition_without_a_margin_has_no_chance_and_what_hangs_on_it_has_none() -> None:
    tracts = region()
    base = classify(tracts, QUICK)
    bare = classify(changed(tracts, "now", "low_income", 5, se=NAN), QUICK)
    assert np.isnan(bare.pressures["low_income"].probability[5])
    assert bare.pressures["low_income"].holds[5] == base.pressures["low_income"].holds[5]
    assert_array_equal(bare.vulnerable, base.vulnerable)
    for v in VARIANTS:
        assert_array_equal(bare.stage[v], base.stage[v])
    others = np.arange(40) != 5
    assert_array_equal(bare.p_vulnerable[others], base.p_vulnerable[others])
    assert_array_equal(bare.p_changed, base.p_changed)
    assert_array_equal(bare.markets["value"].probability, base.markets["value"].probability)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((1, 1, 1), 1.0),  # decided without the fourth
        ((0, 0, 1), 0.0),
        ((1, 1, 0), NAN),  # hangs on it
    ],
)
def test_what_is_decided_without_the_margin_is_told(held: tuple[int, ...], expected: float) -> None:
    tracts = region(error=0.0)
    for name, holds in zip(("owners", "white", "bachelors"), held, strict=True):
        tracts = changed(tracts, "now", name, 5, value=0.05 if holds else 0.95)
    bare = classify(changed(tracts, "now", "low_income", 5, se=NAN), QUICK)
    assert_array_equal(bare.p_vulnerable[5], expected)
    told = np.isfinite(bare.p_stage["value"][5]).all()
    moving = bare.markets["value"].code[5] > 0
    assert told == (not np.isnan(expected) or not moving)


def test_a_median_without_a_margin_counts_for_its_neighbours_and_the_quantiles() -> None:
    tracts = region()
    still = changed(tracts, "now", "value", 9, se=0.0)
    bare = changed(tracts, "now", "value", 9, se=NAN)
    others = np.arange(40) != 9
    one, other = (numbers(simulate(ready(t))) for t in (still, bare))
    assert_array_equal(one[others], other[others])
    assert np.isnan(classify(bare, QUICK).markets["value"].conditions["now_high"].probability[9])


def test_a_coded_median_stands_still_whatever_its_margin() -> None:
    tracts = changed(region(), "now", "value", 9, value=2_000_001.0, se=NAN)
    coded = replace(tracts, top={"value_now": np.arange(40) == 9})
    wide = changed(coded, "now", "value", 9, se=1e6)
    assert_array_equal(numbers(simulate(ready(wide))), numbers(simulate(ready(coded))))


def test_a_region_without_margin_leaves_its_condition_without_chance() -> None:
    tracts = region()
    bare = replace(tracts, region_now={**tracts.region_now, "white": Pooled(0.5, NAN)})
    found = classify(bare, QUICK)
    assert np.isnan(found.pressures["people_of_colour"].probability).all()
    assert np.isnan(found.changes["white"].probability).all()
    assert np.isfinite(found.pressures["people_of_colour"].holds).all()
    assert np.isfinite(found.pressures["renters"].probability).all()


def test_a_table_without_margins_has_classes_and_no_chances() -> None:
    tracts = region()
    bare = replace(
        tracts,
        now={k: Amount(v.value, v.se * NAN) for k, v in tracts.now.items()},
        before={k: Amount(v.value, v.se * NAN) for k, v in tracts.before.items()},
    )
    found, whole = classify(bare, QUICK), classify(tracts, QUICK)
    for chance in (found.p_vulnerable, found.p_changed):
        assert np.isnan(chance).all()
    for v in VARIANTS:
        assert_array_equal(found.stage[v], whole.stage[v])
        assert_array_equal(found.markets[v].code, whole.markets[v].code)
        assert np.isnan(found.p_stage[v]).all() and np.isnan(found.p_pressed[v]).all()
        assert np.isnan(found.markets[v].probability).all()


# --- more error, more doubt ----------------------------------------------------------------------------------------
@hypothesis_settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_more_error_brings_doubt_and_no_other_class(seed: int) -> None:
    exact, little, much = (region(seed=seed, error=e) for e in (0.0, 0.5, 2.0))
    some, more = (classify(t, QUICK) for t in (little, much))
    for v in VARIANTS:
        assert_array_equal(some.stage[v], classify(exact, QUICK).stage[v])
        assert_array_equal(some.stage[v], more.stage[v])
    for name in PRESSURES:
        near, far = (np.abs(t.pressures[name].probability - 0.5) for t in (more, some))
        assert (near <= far + 0.06).all()
    # in the mean the likeliest stage is less sure
    assert more.p_stage["value"].max(axis=1).mean() < some.p_stage["value"].max(axis=1).mean()
