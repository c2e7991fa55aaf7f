"""Cards: hand answers, what would change a class checked by doing it, and what a public card must not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from justgeo.measure.typology import explain
from justgeo.measure.typology.cards import CAVEATS, Answer, Figure, StageLine
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.flips import Classes, Flip, conditions, flips, near_high
from justgeo.measure.typology.rivals import ding, udp_vulnerable
from justgeo.measure.typology.values import (
    CHANGES,
    MARKET_NAMES,
    MARKETS,
    PRESSURES,
    SHARES,
    STAGES,
    VARIANTS,
    Amount,
    Market,
    Pooled,
    Settings,
    Tracts,
    Typology,
)
from tests.measure.typology.made import NAN, random_county, reordered, ring, tracts

QUICK = Settings(draws=1000)


def worked() -> Tracts:
    """Ten tracts; the first is tract A of METHODS 5.4, and the region is that of its example."""
    rest = 9
    now: dict[str, Any] = {
        "owners": [0.42, *[0.65] * rest],
        "white": [0.59, *[0.66] * rest],
        "bachelors": [0.40, *[0.45] * rest],
        "low_income": [0.52, *[0.40] * rest],
        "income": [60_500, *[75_000] * rest],
        "value": [395_000, *np.linspace(250_000, 560_000, rest)],
        "rent": [1_800, *np.linspace(1_300, 2_200, rest)],
    }
    before: dict[str, Any] = {
        "owners": [0.45, *[0.66] * rest],
        "white": [0.50, *[0.69] * rest],
        "bachelors": [0.25, *[0.38] * rest],
        "income": [48_000, *[53_000] * rest],
        "value": [210_000, *np.linspace(200_000, 400_000, rest)],
        "rent": [1_000, *np.linspace(900, 1_500, rest)],
    }
    county = tracts(10, now, before, price=1.325058, households=2000, renters=1160, neighbours=ring(10))
    moe = {"owners": 0.07, "white": 0.05, "bachelors": 0.06, "low_income": 0.06, "income": 7000, "value": 22_000}
    moe_before = {"owners": 0.05, "white": 0.05, "bachelors": 0.04, "income": 5000, "value": 16_000}

    def with_moe(columns: dict[str, Amount], moes: dict[str, float]) -> dict[str, Amount]:
        return {k: Amount(a.value, np.full(10, moes.get(k, 50.0) / 1.645)) for k, a in columns.items()}

    return replace(
        county,
        now=with_moe(dict(county.now), moe),
        before=with_moe(dict(county.before), moe_before),
        region_now={
            "owners": Pooled(0.631, 0.0),
            "white": Pooled(0.653, 0.0),
            "bachelors": Pooled(0.448, 0.0),
            "low_income": Pooled(0.407, 0.0),
            "income": Pooled(60_000 * 1.12 * 1.325058, 0.0),
        },
        region_before={
            "owners": Pooled(0.641, 0.0),
            "white": Pooled(0.683, 0.0),
            "bachelors": Pooled(0.378, 0.0),
            "income": Pooled(60_000, 0.0),
        },
    )


def test_lines_of_the_worked_example() -> None:
    got = explain.card(classify(worked(), QUICK), 0)
    renters, colour, no_bachelors, low_income = got.pressures
    assert [line.name for line in got.pressures] == list(PRESSURES)
    assert renters.value.value == pytest.approx(0.58) and renters.value.moe == pytest.approx(0.07)
    assert renters.threshold.value == pytest.approx(0.369) and renters.threshold.moe == 0
    assert renters.holds is True and renters.needed == pytest.approx(-0.211)
    assert renters.rule == "above" and renters.unit == "share"
    for line, chance in ((colour, 0.9809), (no_bachelors, 0.9059), (low_income, 0.9990)):
        assert line.probability == pytest.approx(chance, abs=0.03)  # 1,000 draws
    assert got.pressures_hold == 4 and got.vulnerable.holds is True and got.vulnerable.label == "firm"
    owners, white, bachelors, income = got.changes
    assert owners.holds is False and owners.needed == pytest.approx(0.02)  # -0.03 where -0.01 is asked
    assert white.value.value == pytest.approx(0.09) and white.value.moe == pytest.approx(np.hypot(0.05, 0.05))
    assert bachelors.threshold.value == pytest.approx(0.07) and bachelors.unit == "points"
    assert income.value.value == pytest.approx(60_500 / (48_000 * 1.325058) - 1) and income.unit == "change"
    assert got.changes_hold == sum(line.holds is True for line in got.changes)
    assert [line.name for line in got.market][:3] == ["value.before_high", "value.now_high", "value.change_high"]
    assert [line.unit for line in got.market[:3]] == ["dollars", "dollars", "change"]
    assert got.market[1].value.value == 395_000 and got.market[1].value.moe == pytest.approx(22_000)
    assert got.households.value == 2000 and got.households.moe == pytest.approx(1.645 * 50)
    assert got.renter_households.value == 1160


def test_stage_line_by_hand() -> None:
    typology = classify(worked(), QUICK)
    chances = np.full((10, 9), NAN)
    chances[0] = [0.014, 0.0, 0.019, 0.097, 0.748, 0.122, 0.0, 0.0, 0.0]
    code = np.full(10, -1)
    code[0] = STAGES.index("dynamic")
    pressed, p_pressed = np.full(10, NAN), np.full(10, NAN)
    pressed[0], p_pressed[0] = 0.0, 0.2
    made = replace(
        typology,
        p_stage={**typology.p_stage, "value": chances},
        stage={**typology.stage, "value": code},
        pressed={**typology.pressed, "value": pressed},
        p_pressed={**typology.p_pressed, "value": p_pressed},
    )
    got = explain.card(made, 0).stages[0]
    assert (got.variant, got.stage, got.probability, got.label) == ("value", "dynamic", 0.748, "likely")
    assert (got.next_stage, got.next_probability) == ("late", 0.122)
    assert got.probabilities is not None and sum(got.probabilities.values()) == pytest.approx(1.0)
    assert list(got.probabilities)[-1] == "cannot be told"
    assert got.pressed == Answer(False, 0.2, "likely")  # the label is that of the answer: no, by 0.8
    bare = explain.card(made, 1).stages[0]
    assert bare == StageLine(
        "value", bare.market, None, None, "unknown", None, None, None, Answer(None, None, "unknown"), False
    )


def test_a_tract_that_is_not_classed_has_its_reason_and_no_lines() -> None:
    county = replace(worked(), group_quarters=np.array([0.9, *[0.0] * 9]))
    typology = classify(county, QUICK)
    got = explain.card(typology, 0, [udp_vulnerable(county)])
    assert got.excluded is not None and "group quarters" in got.excluded
    assert not (got.pressures or got.changes or got.market or got.flips) and got.pressures_hold is None
    assert got.vulnerable == Answer(None, None, "unknown") and got.opinions[0].lines == ()
    public = explain.public_card(typology, 0)
    assert public.pressures == () and public.rent_change == Figure(None, None)
    assert public.households.value == 2000


def test_other_methods_and_agreement() -> None:
    county = worked()
    typology = classify(county, QUICK)
    opinions = [udp_vulnerable(county), ding(county)]
    got = explain.card(typology, 0, opinions)
    assert [(v.method, v.holds) for v in got.opinions] == [(o.method, bool(o.holds[0])) for o in opinions]
    income = got.opinions[1].lines[0]
    assert (income.name, income.unit, income.rule) == ("income", "dollars", "below")
    assert income.needed == pytest.approx(53_000 * 1.325058 - 48_000 * 1.325058)
    public = explain.public_card(typology, 0, opinions)
    assert public.three_of_four.holds is True and public.other_method_agrees is True
    assert explain.public_card(typology, 0).other_method_agrees is None
    contrary = replace(opinions[0], holds=1.0 - opinions[0].holds)
    assert explain.public_card(typology, 0, [contrary]).other_method_agrees is False
    with pytest.raises(ValueError, match="udp speaks of 12 tracts, not 10"):
        explain.card(typology, 0, [udp_vulnerable(random_county(0))])


def test_public_card_holds_no_stage_no_market_no_home_value_no_change_of_people() -> None:
    county = worked()
    typology = classify(county, QUICK)
    got = explain.public_card(typology, 0, [udp_vulnerable(county), ding(county)])
    assert got.rent_change.value == pytest.approx(1_800 / (1_000 * 1.325058) - 1)
    assert got.rent_change.moe is not None and got.rent_change.moe > 0
    assert [line.name for line in got.pressures] == list(PRESSURES)
    leaves = list(_leaves(asdict(got)))
    numbers = {round(leaf, 6) for leaf in leaves if isinstance(leaf, float)}
    for number in (395_000.0, 210_000.0, 1_800.0, 1_000.0, 0.09, 0.15, -0.03):
        assert number not in numbers
    words = {leaf for leaf in leaves if isinstance(leaf, str)}
    assert not words & ({*STAGES, *MARKET_NAMES, *CHANGES, *VARIANTS} - {"none"})
    assert not [w for w in words if "." in w]
    assert {"stages", "market", "changes", "flips", "opinions"}.isdisjoint(asdict(got))


def test_caveats_by_hand() -> None:
    homes = {name: np.full(10, 500.0) for name in ("value_now", "value_before", "rent_now", "rent_before")}
    homes["value_before"][1], homes["rent_now"][2] = 49, 49
    county = replace(
        worked(),
        homes=homes,
        edge=np.arange(10) == 3,
        students=np.array([NAN, 0, 0, 0, 0.25, 0.2499, 0, 0, 0, 0]),
        top={"rent_now": np.arange(10) == 6},
    )
    county = replace(
        county,
        now={
            **county.now,
            "low_income": Amount(county.now["low_income"].value, np.where(np.arange(10) == 7, NAN, 0.03)),
        },
    )
    typology = classify(county, QUICK)
    every = [c.caveats for c in explain.cards(typology)]
    assert every[0] == () and every[5] == ()
    assert every[1] == ("rents_stand_in", "few_owned_homes") and every[2] == ("few_rented_homes",)
    assert every[3] == ("rim",) and every[4] == ("students",) and every[6] == ("top_of_scale",)
    assert every[7] == ("no_margins",)
    assert {c for caveats in every for c in caveats} <= set(CAVEATS)
    public = [explain.public_card(typology, i).caveats for i in range(10)]
    assert [p for p in public if p] == [("few_rented_homes",), ("students",), ("no_margins",)]
    assert explain.public_card(typology, 2).rent_change.value is None  # on few homes
    assert explain.card(typology, 6).market[4].top is True and explain.card(typology, 6).market[4].needed is None


def test_cards_are_plain_values_and_the_order_of_tracts_does_not_matter() -> None:
    county = random_county(3, missing=0.15)
    order = np.random.default_rng(0).permutation(12)
    moved = reordered(county, order.tolist())
    one, other = classify(county, QUICK), classify(moved, QUICK)
    cards = explain.cards(one, [udp_vulnerable(county)])
    for row, at in enumerate(order):
        again = explain.card(other, row, [udp_vulnerable(moved)])
        text = json.dumps(asdict(again), allow_nan=False)  # raises for NaN, infinities and arrays
        assert text == json.dumps(asdict(cards[at]), allow_nan=False)
        json.dumps(asdict(explain.public_card(other, row)), allow_nan=False)


# ---------------------------------------------------------------------------------- what would change the class


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


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key if key == "name" else None, *_leaves(inner))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
