"""The rules of METHODS 5.2: the whole truth table by hand, and what can be told of what is missing."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_array_equal

from justgeo.measure.typology import rules
from justgeo.measure.typology.logic import Told, told
from justgeo.measure.typology.values import MARKET_NAMES, STAGES

BOTH = (False, True)

# A, B, white and bachelors both, market -> stage: the table of METHODS 5.2, and nothing else
TABLE = {
    (True, False, False, "adjacent"): "susceptible",
    (True, False, False, "accelerating"): "early type 1",
    (True, False, False, "appreciated"): "vulnerable, appreciated",
    (True, True, False, "adjacent"): "early type 2",
    (True, True, True, "adjacent"): "early type 2",
    (True, True, False, "accelerating"): "dynamic",
    (True, True, True, "accelerating"): "dynamic",
    (True, True, False, "appreciated"): "late",
    (True, True, True, "appreciated"): "late",
    (False, True, True, "appreciated"): "continued loss",
}


def one(value: bool) -> Told:
    return told(np.array([value]), np.array([True]))


def which(statements: tuple[Told, ...]) -> int:
    """Number of the one that holds; all others surely do not."""
    held = [k for k, s in enumerate(statements) if s.yes[0]]
    assert len(held) == 1
    assert all(s.no[0] for k, s in enumerate(statements) if k != held[0])
    return held[0]


def market_of(name: str) -> rules.Markets:
    reached = MARKET_NAMES.index(name)
    return rules.Markets(*(one(reached >= k) for k in (1, 2, 3)))


@pytest.mark.parametrize("a", BOTH)
@pytest.mark.parametrize(("b", "both"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("market", MARKET_NAMES)
def test_stages_are_the_table(a: bool, b: bool, both: bool, market: str) -> None:
    found = rules.stages(one(a), rules.Changed(one(b), one(both)), market_of(market))
    assert STAGES[which(found)] == TABLE.get((a, b, both, market), "none")


@pytest.mark.parametrize(
    ("before", "now", "change", "near", "expected"),
    [
        # low, low: what is beside it decides
        (False, False, False, False, "none"),
        (False, False, False, True, "adjacent"),
        (True, False, False, True, "adjacent"),  # was high, is low
        (True, False, False, False, "none"),
        # low and rising: its neighbours do not matter
        (False, False, True, False, "accelerating"),
        (False, False, True, True, "accelerating"),
        (True, False, True, False, "accelerating"),
        (True, False, True, True, "accelerating"),
        # low to high: only where it rose among the fastest
        (False, True, True, False, "appreciated"),
        (False, True, True, True, "appreciated"),
        (False, True, False, False, "none"),
        (False, True, False, True, "none"),
        # high as ever
        (True, True, True, True, "none"),
        (True, True, True, False, "none"),
        (True, True, False, True, "none"),
        (True, True, False, False, "none"),
    ],
)
def test_markets_by_hand(before: bool, now: bool, change: bool, near: bool, expected: str) -> None:
    found = rules.market(one(before), one(now), one(change), one(near)).one_by_one()
    assert MARKET_NAMES[which(found)] == expected


@pytest.mark.parametrize("held", list(itertools.product(BOTH, repeat=4)))
def test_parts_a_and_b(held: tuple[bool, bool, bool, bool]) -> None:
    conditions = [one(h) for h in held]
    assert rules.vulnerable(*conditions).yes[0] == (sum(held) >= 3)
    changed, both = rules.changed(*conditions)
    white_and_bachelors = held[1] and held[2]
    assert both.yes[0] == white_and_bachelors
    assert changed.yes[0] == (sum(held) >= 3 or white_and_bachelors)
    assert changed.no[0] == (not changed.yes[0])


@pytest.mark.parametrize(("x", "y"), list(itertools.product(range(4), repeat=2)))
def test_the_further_of_two_markets(x: int, y: int) -> None:
    one_, other = market_of(MARKET_NAMES[x]), market_of(MARKET_NAMES[y])
    assert which(rules.further(one_, other).one_by_one()) == max(x, y)


def test_a_sure_appreciation_outruns_what_is_not_known() -> None:
    nothing = Told(np.array([False]), np.array([False]))
    unknown = rules.Markets(nothing, nothing, nothing)
    assert which(rules.further(unknown, market_of("appreciated")).one_by_one()) == 3
    assert not any(s.yes[0] for s in rules.further(unknown, market_of("accelerating")).one_by_one())


# --- what is missing ---------------------------------------------------------------------------------------------
# Nine statements: A, the four changes, and of the market before, now, change, near; each no (0), yes (1), unknown (2).
NINE = 9


def _stage_by_hand(a: bool, changes: tuple[bool, ...], before: bool, now: bool, change: bool, near: bool) -> int:
    both = changes[1] and changes[2]
    market = "none"
    if not now and change:
        market = "accelerating"
    elif not now and near:
        market = "adjacent"
    elif now and change and not before:
        market = "appreciated"
    return STAGES.index(TABLE.get((a, sum(changes) >= 3 or both, both, market), "none"))


def _possible() -> npt.NDArray[np.int64]:
    """For every state of knowledge the set of stages that are still possible, as bits."""
    out = np.zeros((3,) * NINE, dtype=np.int64)
    for bits in itertools.product((0, 1), repeat=NINE):
        held = tuple(bool(b) for b in bits)
        out[bits] = 1 << _stage_by_hand(held[0], held[1:5], *held[5:])
    for axis in range(NINE):
        ends = np.moveaxis(out, axis, 0)
        ends[2] = ends[0] | ends[1]
    return out


def _knowledge() -> list[Told]:
    states = np.indices((3,) * NINE)
    return [Told(state == 1, state == 0) for state in states]


def test_a_stage_is_told_exactly_where_nothing_missing_could_change_it() -> None:
    a, *changes_and_market = _knowledge()
    found = rules.stages(a, rules.changed(*changes_and_market[:4]), rules.market(*changes_and_market[4:]))
    possible = _possible()
    for k, statement in enumerate(found):
        assert_array_equal(statement.yes, possible == 1 << k, err_msg=STAGES[k])
        assert not (statement.no & (possible == 1 << k)).any()
        assert not (statement.no & statement.yes).any()
    assert_array_equal(found[0].no, possible & 1 == 0)  # some stage, whichever
    # what is surely not so is never possible
    for k, statement in enumerate(found):
        assert not (statement.no & (possible & (1 << k) > 0)).any()


def test_pressure_is_told_though_the_kind_of_market_is_not() -> None:
    yes, no, unknown = one(True), one(False), Told(np.array([False]), np.array([False]))
    # low, beside a high tract: adjacent or accelerating, whichever way it rose
    market = rules.market(before_high=no, now_high=no, change_high=unknown, near_high=yes)
    assert market.adjacent.yes[0]
    assert not any(s.yes[0] for s in market.one_by_one())
    # rose among the fastest from low: accelerating or appreciated
    assert rules.market(no, unknown, yes, unknown).adjacent.yes[0]
    # high before and now: none, whatever the rest
    assert rules.market(yes, yes, unknown, unknown).one_by_one()[0].yes[0]
    # no rise and no high neighbour: none, whatever its level
    assert rules.market(unknown, unknown, no, no).one_by_one()[0].yes[0]


def test_packed_bits_follow_the_same_rules() -> None:
    rng = np.random.default_rng(3)
    cases = 4096
    state = rng.integers(0, 3, (NINE, 5, cases))
    plain = [Told(s == 1, s == 0) for s in state]
    packed = [Told(np.packbits(t.yes, axis=1), np.packbits(t.no, axis=1)) for t in plain]

    def all_of(statements: list[Told]) -> tuple[Told, ...]:
        market = rules.market(*statements[5:])
        where: Any = statements[0].yes
        other = rules.choose(where, rules.further(market, rules.market(*statements[1:5])), market)
        return (*rules.stages(statements[0], rules.changed(*statements[1:5]), other), *other.one_by_one())

    for bools, bits in zip(all_of(plain), all_of(packed), strict=True):
        assert_array_equal(np.packbits(bools.yes, axis=1), bits.yes)
        assert_array_equal(np.packbits(bools.no, axis=1), bits.no)


def test_choose_takes_each_market_where_it_is_asked_for() -> None:
    where = np.array([True, False])
    high = rules.Markets(*(told(np.array([True, True]), np.array([True, True])) for _ in range(3)))
    none = rules.Markets(*(~t for t in high))
    found = rules.choose(where, high, none)
    assert found.appreciated.yes.tolist() == [True, False]
    assert found.adjacent.no.tolist() == [False, True]
