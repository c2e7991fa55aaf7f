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
from justgeo.measure.typology.rivals import ding, udp_vulnerable
from justgeo.measure.typology.values import (
    CHANGES,
    MARKET_NAMES,
    PRESSURES,
    STAGES,
    VARIANTS,
    Amount,
    Pooled,
    Settings,
    Tracts,
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


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key if key == "name" else None, *_leaves(inner))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
