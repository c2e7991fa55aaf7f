"""What would change a class: by hand, checked by doing it, and always from the class that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.flips import Classes, Flip, conditions, flips, near_high
from justgeo.measure.typology.values import (
    CHANGES,
    MARKETS,
    PRESSURES,
    SHARES,
    STAGES,
    VARIANTS,
    Amount,
    Market,
    Settings,
    Tracts,
    Typology,
)
from tests.measure.typology.made import FEW_DRAWS, NAN, random_county, tracts

pytestmark = pytest.mark.usefixtures("few_draws")
QUICK = Settings(draws=FEW_DRAWS)


def test_flips_by_hand() -> None:
    """Two of four pressures hold: each of the others would make three. The market moves by rent alone."""
    now: dict[str, Any] = {"owners": 0.3, "white": 0.3, "bachelors": 0.45, "low_income": [0.35, *[0.39] * 9]}
    county = tracts(10, {**now, "income": 70_000}, {"owners": 0.3, "white": 0.9, "bachelors": 0.45, "income": 70_000})
    typology = classify(county, QUICK)
    got = flips(typology, 0)
    assert typology.vulnerable[0] == 0
    found = {f.condition: f for f in got if "vulnerable" in f.alters}
    assert set(found) == {"no_bachelors", "low_income"}
    assert found["low_income"].holds is True and found["low_income"].needed == pytest.approx(0.05)
    assert found["no_bachelors"].needed == pytest.approx(0.05)  # 0.55 where 0.60 is to be passed
    assert found["low_income"].classes.vulnerable is True
    # no medians at all: the market stays untold, so being pressed turns from no to untold
    assert found["low_income"].classes.pressed == {"value": None, "rent": None, "either": None}
    assert found["low_income"].alters[:2] == ("vulnerable", "pressed.value")


def test_a_condition_that_cannot_be_told_is_tried_both_ways() -> None:
    now: dict[str, Any] = {"owners": 0.3, "white": 0.3, "bachelors": 0.45, "low_income": [NAN, *[0.39] * 9]}
    typology = classify(tracts(10, now), QUICK)
    found = [f for f in flips(typology, 0) if f.condition == "low_income"]
    assert [(f.holds, f.classes.vulnerable, f.needed) for f in found] == [(True, True, None), (False, False, None)]
    assert np.isnan(typology.vulnerable[0])


@pytest.mark.parametrize(("gone", "there"), [("rent", "value"), ("value", "rent")])
def test_where_one_market_is_missing_the_other_decides(gone: Market, there: Market) -> None:
    """Of `either` the same follows as of the market that is known, and nothing hangs on the other's conditions."""
    county, found = random_county(8, n=20), 0
    known = np.where(np.arange(20) % 2 == 0, NAN, county.before[gone].value)
    county = replace(county, before={**county.before, gone: Amount(known, county.before[gone].se)})
    typology = classify(county, QUICK)
    for at in range(0, 20, 2):
        for flip in flips(typology, at):
            if flip.condition.startswith(f"{gone}."):
                assert {name.partition(".")[2] for name in flip.alters} == {gone}
            assert flip.classes.stage["either"] == flip.classes.stage[there]
            assert flip.classes.other_than(_classes(typology, at)) == flip.alters
            found += 1
    assert found > 20


@pytest.mark.parametrize("seed", range(2))
def test_flips_come_true_when_the_value_is_moved(seed: int) -> None:
    """Move the number behind one condition across its threshold, classify anew, and meet the class foretold."""
    county = random_county(seed, n=16, missing=0.05 if seed % 2 else 0.0)
    typology = classify(county, QUICK)
    near = near_high(typology)
    checked: list[str] = []
    for at in range(len(county)):
        base = _classes(typology, at)
        for flip in flips(typology, at, near):
            assert flip.alters and flip.classes.other_than(base) == flip.alters
            again = _turned_alone(county, typology, flip, at)
            if again is not None:
                assert _classes(again, at) == flip.classes
                checked.append(flip.condition)
    assert len(checked) >= 25 and any("." in name for name in checked)


def _one_way(county: Tracts) -> Tracts:
    assert county.neighbours is not None
    return replace(county, neighbours=sparse.csr_array(sparse.triu(county.neighbours.tocoo())))


def _with_itself_and_a_zero(county: Tracts) -> Tracts:
    """Every tract in the list beside itself, and a pair that is stored as not touching."""
    assert county.neighbours is not None
    found, all_ = county.neighbours.tocoo(), np.arange(len(county))
    data = np.r_[found.data, np.ones(len(county)), 0.0]
    at = (np.r_[found.row, all_, 0], np.r_[found.col, all_, len(county) // 2])
    return replace(county, neighbours=sparse.csr_array((data, at), shape=found.shape))


def _known_of_four(market: Market) -> Callable[[Tracts], Tracts]:
    """A market whose earlier medians are too few for a quantile."""

    def change(county: Tracts) -> Tracts:
        before = county.before[market]
        few = np.where(np.arange(len(county)) < 4, before.value, NAN)
        return replace(county, before={**county.before, market: Amount(few, before.se)})

    return change


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "change",
    [
        _one_way,
        _with_itself_and_a_zero,
        _known_of_four("value"),
        _known_of_four("rent"),
        lambda county: replace(county, group_quarters=np.where(np.arange(16) % 3 == 0, 0.9, 0.0)),
        lambda county: replace(county, homes={"value_now": np.where(np.arange(16) % 3 == 0, 20.0, 400.0)}),
        lambda county: replace(county, top={"value_now": np.arange(16) % 3 == 0}),
        lambda county: replace(county, neighbours=None),
    ],
    ids=["one way", "itself", "four values", "four rents", "left out", "few homes", "top", "no shapes"],
)
def test_flips_start_from_the_class_that_is_told(change: Callable[[Tracts], Tracts], seed: int) -> None:
    """Neighbours, exclusions and markets without a quantile are those of the class, whatever is missing."""
    typology = classify(change(random_county(seed, n=16)), QUICK)
    found = [(at, flip) for at in range(16) for flip in flips(typology, at)]
    assert found
    for at, flip in found:
        assert flip.classes.other_than(_classes(typology, at)) == flip.alters, (at, flip.condition)


def _turned_alone(county: Tracts, typology: Typology, flip: Flip, at: int) -> Typology | None:
    """The county classified with the value moved; None where no move turns that condition and nothing else.

    A share stands behind a change too, and a quantile moves with the tract: then a little more is tried.
    """
    if flip.needed is None:
        return None
    before, near = conditions(typology), near_high(typology)
    for further in (1.0, 1.2, 1.5, 2.0) if "." in flip.condition else (1.0,):
        moved = _moved(county, flip.condition, at, flip.needed * further)
        if _possible(moved, at):
            again = classify(moved, QUICK)
            turned = {n for n, c in conditions(again).items() if not _same(c.holds[at], before[n].holds[at])}
            beside = near_high(again)
            if turned == {flip.condition} and all(near[m].yes[at, 0] == beside[m].yes[at, 0] for m in MARKETS):
                return again
    return None


@pytest.mark.parametrize("seed", range(2))
def test_what_is_no_flip_changes_nothing(seed: int) -> None:
    """The other half: a condition that is not named leaves every class as it was, when its value is moved."""
    county = random_county(seed)
    typology = classify(county, QUICK)
    near, checked = near_high(typology), 0
    for at in range(len(county)):
        named = {f.condition for f in flips(typology, at, near)}
        for name in (*PRESSURES, *CHANGES):
            condition = conditions(typology)[name]
            if name in named:
                continue
            moved = _moved(county, name, at, condition.threshold - condition.value[at])
            if not _possible(moved, at):
                continue
            again = classify(moved, QUICK)
            assert not _same(conditions(again)[name].holds[at], condition.holds[at])
            assert _classes(again, at) == _classes(typology, at)
            checked += 1
    assert checked > 20


def _moved(county: Tracts, name: str, at: int, needed: float) -> Tracts:
    """The county with one number of one tract moved so that the named condition alone crosses its threshold."""
    step = needed + np.copysign(1e-7, needed)
    market, _, what = name.partition(".")
    now, before = dict(county.now), dict(county.before)
    share = {"renters": "owners", "people_of_colour": "white", "no_bachelors": "bachelors"}.get(name)
    if share is not None:  # both vintages by the same, so that the change stays
        now[share], before[share] = _shifted(now[share], at, -step), _shifted(before[share], at, -step)
    elif name == "low_income":
        now[name] = _shifted(now[name], at, step)
    elif name in ("owners", "white", "bachelors"):
        before[name] = _shifted(before[name], at, -step)
    elif name == "income" or what == "change_high":
        which = "income" if name == "income" else market
        real = now[which].value[at] / (before[which].value[at] * county.price) + step
        before[which] = _set(before[which], at, now[which].value[at] / (real * county.price))
    else:  # a median: the other vintage in proportion, so that the change stays
        one = now if what == "now_high" else before
        dollars = needed + np.copysign(0.01, needed)
        by = 1.0 + dollars / one[market].value[at]
        for columns in (now, before):
            columns[market] = _set(columns[market], at, columns[market].value[at] * by)
    return replace(county, now=now, before=before)


def _possible(county: Tracts, at: int) -> bool:
    """Shares lie between 0 and 1, dollars above 0."""
    found = [(name, float(a.value[at])) for when in (county.now, county.before) for name, a in when.items()]
    return all(np.isnan(x) or (0 <= x <= 1 if name in SHARES else x > 0) for name, x in found)


def _shifted(found: Amount, at: int, by: float) -> Amount:
    return _set(found, at, float(found.value[at]) + by)


def _set(found: Amount, at: int, to: float) -> Amount:
    value = found.value.copy()
    value[at] = to
    return Amount(value, found.se)


def _classes(typology: Typology, at: int) -> Classes:
    def told(x: float) -> bool | None:
        return None if np.isnan(x) else bool(x)

    return Classes(
        told(typology.vulnerable[at]),
        {v: told(typology.pressed[v][at]) for v in VARIANTS},
        {v: STAGES[k] if (k := int(typology.stage[v][at])) >= 0 else None for v in VARIANTS},
    )


def _same(one: float, other: float) -> bool:
    return bool(one == other or (np.isnan(one) and np.isnan(other)))
