"""What holds of every region: order, units, inflation, gaps, chances that sum to 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from justgeo.core.layer import FloatArray
from justgeo.measure.typology.classify import against, classify
from justgeo.measure.typology.prepare import prepare
from justgeo.measure.typology.values import (
    BEFORE,
    NONE,
    NOW,
    UNTOLD,
    VARIANTS,
    Amount,
    Pooled,
    Tracts,
    Typology,
)
from tests.measure.typology.invented import NAN, QUICK, changed, region, take
from tests.measure.typology.made import FEW_DRAWS

YES, NO = 1.0, 0.0
pytestmark = pytest.mark.usefixtures("few_draws")
FEW = replace(QUICK, draws=FEW_DRAWS)
"""For what looks at no chance."""


@hypothesis_settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_filling_a_gap_never_overturns_what_was_told(data: st.DataObject) -> None:
    tracts = region(4, 3, seed=data.draw(st.integers(0, 50)), error=0.0)
    cells = [("now", n) for n in NOW] + [("before", n) for n in BEFORE]
    # a gap changes quantiles too; hold them
    held = against(prepare(tracts, FEW))
    cuts = cuts_of(held)
    gaps = data.draw(st.lists(st.tuples(st.sampled_from(cells), st.integers(0, 11)), min_size=1, max_size=6))
    holed = tracts
    for (when, name), at in gaps:
        holed = changed(holed, when, name, at, value=NAN)
    full, part = (against(prepare(t, FEW), cuts) for t in (tracts, holed))
    for condition, other in ((full.vulnerable, part.vulnerable), (full.changed, part.changed)):
        told = np.isfinite(other)
        assert_array_equal(condition[told], other[told])
    # a gap at a neighbour counts as not high, which is a rule and no knowledge; so the stages of the tracts alone
    gone = sparse.csr_array((12, 12))
    full, part = (against(prepare(replace(t, neighbours=gone), FEW), cuts) for t in (tracts, holed))
    told = part.stage["rent"] != UNTOLD
    assert_array_equal(full.stage["rent"][told], part.stage["rent"][told])


def same(one: Typology, other: Typology, rows: npt.ArrayLike | None = None, *, chances: float = 0.0) -> None:
    """Classes are the same; chances within so much, for the rows of ``one``."""
    at = np.arange(len(one.tracts)) if rows is None else np.asarray(rows)
    for v in VARIANTS:
        assert_array_equal(other.stage[v], one.stage[v][at])
        assert_array_equal(other.markets[v].code, one.markets[v].code[at])
        assert_allclose(other.p_stage[v], one.p_stage[v][at], rtol=0, atol=chances)
        assert_allclose(other.p_pressed[v], one.p_pressed[v][at], rtol=0, atol=chances)
    assert_array_equal(other.vulnerable, one.vulnerable[at])
    assert_array_equal(other.changed, one.changed[at])
    assert_allclose(other.p_vulnerable, one.p_vulnerable[at], rtol=0, atol=chances)


@hypothesis_settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_tracts_does_not_matter(seed: int) -> None:
    tracts = region(seed=seed)
    order = np.random.default_rng(seed).permutation(40)
    same(classify(tracts, QUICK), classify(take(tracts, order), QUICK), order)


def beside(tracts: Tracts, stranger: Tracts, at: int) -> Tracts:
    """The same tracts with one more, the first of another region, which touches none of them and stands at ``at``."""

    def put(amount: Amount, other: Amount) -> Amount:
        return Amount(np.insert(amount.value, at, other.value[0]), np.insert(amount.se, at, other.se[0]))

    assert tracts.neighbours is not None
    touch = np.insert(np.insert(tracts.neighbours.toarray(), at, 0.0, axis=0), at, 0.0, axis=1)
    return replace(
        tracts,
        geoid=np.insert(tracts.geoid, at, "99003000100"),
        now={k: put(v, stranger.now[k]) for k, v in tracts.now.items()},
        before={k: put(v, stranger.before[k]) for k, v in tracts.before.items()},
        households=put(tracts.households, stranger.households),
        renter_households=put(tracts.renter_households, stranger.renter_households),
        homes={k: np.insert(v, at, 400.0) for k, v in tracts.homes.items()},
        neighbours=sparse.csr_array(touch),
    )


def cuts_of(found: Typology) -> FloatArray:
    return np.array([c.threshold for m in ("value", "rent") for c in found.markets[m].conditions.values()])


@hypothesis_settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), at=st.integers(0, 40))
def test_a_far_tract_changes_only_thresholds(seed: int, at: int) -> None:
    """Beside the quantiles, which it moves, nothing is told otherwise of the others, by estimate or by chance."""
    tracts = region(seed=seed)
    more = beside(tracts, region(seed=seed + 1), at)
    rest = np.flatnonzero(np.arange(41) != at)
    free = classify(more, QUICK)
    # parts A and B know no quantile: as they were, to the last draw
    plain = classify(tracts, QUICK)
    assert_array_equal(free.p_vulnerable[rest], plain.p_vulnerable)
    assert_array_equal(free.p_changed[rest], plain.p_changed)
    for name, condition in plain.pressures.items():
        assert free.pressures[name].threshold == condition.threshold  # the region's own were given
    # with the quantiles that it made, the region without it has the same markets and stages
    same(free, against(prepare(tracts, QUICK), cuts_of(free)), rest, chances=1.0)
    # and where the quantiles are held, the same chances too
    held = cuts_of(plain)
    same(against(prepare(more, QUICK), held), against(prepare(tracts, QUICK), held), rest)


def rescaled(tracts: Tracts, factor: float) -> Tracts:
    """Dollars of the earlier vintage in another unit, with the price index that belongs to it."""

    def scaled(name: str, amount: Amount) -> Amount:
        return Amount(amount.value * factor, amount.se * factor) if name in ("income", "value", "rent") else amount

    old = tracts.region_before["income"]
    return replace(
        tracts,
        price=tracts.price / factor,
        before={k: scaled(k, v) for k, v in tracts.before.items()},
        region_before={**tracts.region_before, "income": Pooled(old.value * factor, old.se * factor)},
    )


@hypothesis_settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), power=st.integers(-3, 3))
def test_the_unit_of_earlier_dollars_does_not_matter(seed: int, power: int) -> None:
    tracts = region(seed=seed)
    plain = classify(tracts, QUICK)
    same(plain, classify(rescaled(tracts, 2.0**power), QUICK))  # exactly, where rounding is exact
    same(plain, classify(rescaled(tracts, 1.3), QUICK), chances=0.002)


@hypothesis_settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.floats(0.5, 2.0))
def test_inflation_ranks_nothing_anew(seed: int, factor: float) -> None:
    tracts = region(seed=seed)
    plain, inflated = classify(tracts, QUICK), classify(replace(tracts, price=tracts.price * factor), QUICK)
    for market in ("value", "rent"):
        for name in ("before_high", "now_high", "change_high"):  # all are dollars of one year, or changes alike
            one, other = (t.markets[market].conditions[name] for t in (plain, inflated))
            assert_array_equal(other.holds, one.holds)
        assert_allclose(
            inflated.markets[market].conditions["now_high"].threshold,
            plain.markets[market].conditions["now_high"].threshold,
        )
    same(plain, inflated, chances=0.002)


@hypothesis_settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), error=st.floats(0.0, 3.0))
def test_one_stage_and_one_market_hold_in_every_draw(seed: int, error: float) -> None:
    found = classify(region(seed=seed, error=error), QUICK)
    for v in VARIANTS:
        assert_allclose(found.p_stage[v].sum(axis=1), 1.0)
        assert_allclose(found.markets[v].probability.sum(axis=1), 1.0)
        assert_array_equal(found.p_stage[v][:, 8], 0.0)
        assert ((found.p_stage[v] >= 0) & (found.p_stage[v] <= 1)).all()
        # A with a market: the stages 1 to 5 and 7
        assert_allclose(found.p_pressed[v], found.p_stage[v][:, [1, 2, 3, 4, 5, 7]].sum(axis=1))
        assert_array_equal(found.pressed[v], np.isin(found.stage[v], [1, 2, 3, 4, 5, 7]))
        # the further of the two is at least as far as each
    none = found.markets["either"].probability[:, NONE]
    assert (none <= np.minimum(*(found.markets[m].probability[:, NONE] for m in ("value", "rent"))) + 1e-12).all()
