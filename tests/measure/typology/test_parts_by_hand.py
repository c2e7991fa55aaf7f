"""What the typology is made of, part by part: who is left out, measures and their errors, neighbours, headlines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from justgeo.measure.typology import headline, outcomes, prepare
from justgeo.measure.typology.headline import Figure, Moves
from justgeo.measure.typology.prepare import QUANTITIES
from justgeo.measure.typology.values import Amount, Settings
from tests.measure.typology.invented import even
from tests.measure.typology.made import NAN

Z = 1.645


@pytest.mark.parametrize(
    ("households", "quarters", "why"),
    [
        (100.0, 0.5, None), (np.nextafter(100.0, 0.0), 0.5, "fewer than 100 households"),
        (100.0, np.nextafter(0.5, 1.0), "more than 50% of the people live in group quarters"), (100.0, NAN, None),
        (NAN, 0.0, "the number of households is not known"), (0.0, 0.9, "fewer than 100 households"),
    ],
)  # fmt: skip
def test_who_is_left_out(households: float, quarters: float, why: str | None) -> None:
    assert prepare._why(households, quarters, Settings()) == why
    made = replace(even(3, households=[500.0, households, 500.0]), group_quarters=np.array([0.1, quarters, 0.1]))
    assert prepare.exclusions(made, Settings()) == (None, why, None)


@pytest.mark.parametrize(("homes", "few"), [(50.0, False), (np.nextafter(50.0, 0.0), True), (NAN, False), (0.0, True)])
def test_fifty_homes_are_enough_for_a_median(homes: float, few: bool) -> None:
    made = even(2, homes={"rent_now": np.array([80.0, homes])})
    assert prepare._few(made, Settings(), "rent_now").tolist() == [False, few]
    assert prepare._few(made, Settings(), "rent_before").tolist() == [False, False]


def test_measures_and_their_errors_by_hand() -> None:
    """Prices rose by a quarter: 75 after 50 is 75 / 62.5 - 1, with the error of a ratio."""
    now = {
        "owners": 0.6,
        "white": 0.7,
        "bachelors": 0.3,
        "low_income": 0.4,
        "income": 75.0,
        "value": 300.0,
        "rent": 10.0,
    }
    before = {"owners": 0.5, "white": 0.9, "bachelors": 0.1, "income": 50.0, "value": 200.0, "rent": 20.0}
    at = {**{("now", k): v for k, v in now.items()}, **{("before", k): v for k, v in before.items()}}
    x = np.array([at[name] for name in QUANTITIES])
    rises = {"income": 0.2, "value": 0.2, "rent": -0.6}
    found = [float(one[0]) for one in prepare.measures(x[:, None], 1.25)]
    assert found == pytest.approx([
        0.4, 0.3, 0.7, 0.4, 0.1, -0.2, 0.2, rises["income"], 200, 300, rises["value"], 20, 10, rises["rent"]
    ])  # fmt: skip
    se = np.arange(1.0, 1.0 + len(QUANTITIES)) / 100
    of = dict(zip(QUANTITIES, se.tolist(), strict=True))
    errors = [float(one[0]) for one in prepare.measure_errors(x[None, :], se[None, :], 1.25)]

    def rise(name: str) -> float:
        old, moe = before[name] * 1.25, of["before", name] * 1.25
        return float(np.hypot(of["now", name], now[name] / old * moe) / old)

    expected = [of["now", n] for n in ("owners", "white", "bachelors", "low_income")]
    expected += [float(np.hypot(of["now", n], of["before", n])) for n in ("owners", "white", "bachelors")]
    expected.append(rise("income"))
    for market in ("value", "rent"):
        expected += [of["before", market], of["now", market], rise(market)]
    assert errors == pytest.approx(expected)


def test_neighbours_touch_both_ways_and_nobody_itself() -> None:
    given: Any = sparse.csr_array(
        (np.array([1.0, 0.0, 1.0, 1.0]), (np.array([0, 1, 2, 2]), np.array([1, 2, 2, 0]))), shape=(3, 3)
    )
    found = prepare.touching(given)
    assert found is not None and (found.toarray() != 0).tolist() == [
        [False, True, True], [True, False, False], [True, False, False]
    ]  # fmt: skip
    assert prepare.touching(None) is None


def test_beside_a_high_one_beside_none_and_where_nobody_knows() -> None:
    """1 and 2 touch, 3 is an island, 4 touches 2 and nobody knows where 5 lies."""
    touch = np.zeros((5, 5))
    touch[[0, 1, 1, 3], [1, 0, 3, 1]] = 1
    high, full = np.array([[True], [False], [True], [False], [False]]), np.array([[True]])
    unplaced = np.array([False, False, False, False, True])
    found = outcomes.near(sparse.csr_array(touch), high, full, unplaced)
    assert found.yes[:, 0].tolist() == [False, True, False, False, False]
    assert found.no[:, 0].tolist() == [True, False, True, True, False]
    every = outcomes.near(sparse.csr_array(touch), high, full)
    assert every.no[:, 0].tolist() == [True, False, True, True, True]
    nobody = outcomes.near(None, high, full)
    assert not nobody.yes.any() and not nobody.no.any()
    alone = outcomes.near(sparse.csr_array((5, 5)), high, full)
    assert not alone.yes.any() and alone.no.all()


HOMES = Amount(np.array([100.0, 200.0, 300.0, 400.0, NAN, 50.0]), np.array([10.0, 20.0, 30.0, 40.0, NAN, 5.0]))
FLAG = np.array([1.0, 0.0, 1.0, NAN, 1.0, NAN])
CHANCE = np.array([0.9, 0.2, NAN, NAN, 0.5, NAN])


def test_a_headline_by_hand() -> None:
    """Of 1 a half lies here; 4 cannot be told, the homes of 5 are not known, 6 is not classed; 3 has no chance."""
    inside = np.array([0.5, 1.0, 1.0, 1.0, 1.0, 1.0])
    out = np.array([False, False, False, False, False, True])
    found = headline.headline(HOMES, FLAG, CHANCE, inside, left_out=out)
    assert (found.tracts, found.told, found.untold, found.uncounted, found.cut) == (2, 3, 1, 1, 1)
    assert found.of == pytest.approx((550.0, Z * np.sqrt(5**2 + 20**2 + 30**2)))
    assert found.flagged == pytest.approx((350.0, Z * np.sqrt(5**2 + 30**2)))
    share = 350 / 550
    assert found.share.value == pytest.approx(share)
    squares = (1 - share) ** 2 * (5**2 + 30**2) + share**2 * 20**2
    assert found.share.moe == pytest.approx(Z * np.sqrt(squares) / 550)
    assert (found.unknown, found.chanceless) == (450.0, 300.0)
    assert found.unweighted == "the chance is not known for 55% of these homes, and we stop at 10%"
    assert np.isnan(found.expected.value) and np.isnan(found.expected_share.value)
    assert found.bounds.least == found.flagged and found.bounds.most.value == 750.0 and found.bounds.of.value == 950.0
    assert found.bounds.most.moe == pytest.approx(Z * np.sqrt(5**2 + 30**2 + 40**2))
    assert (found.bounded, found.reason) == (None, None)


def test_homes_by_chance_and_one_tract_alone_without_a_margin() -> None:
    chance = np.array([0.9, 0.2, 0.5, NAN, 0.5, NAN])
    found = headline.headline(HOMES, FLAG, chance)
    assert found.expected.value == pytest.approx(90 + 40 + 150)
    assert found.expected_share.value == pytest.approx(280 / 600) and found.expected_share.moe > 0
    one = headline.headline(HOMES, FLAG, chance, np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert (one.tracts, one.told, one.expected.value) == (1, 1, 45.0) and np.isnan(one.expected.moe)
    assert one.expected_share.value == pytest.approx(0.9) and np.isnan(one.expected_share.moe)
    none = headline.headline(HOMES, FLAG, chance, np.zeros(6))
    assert none.reason == headline.NOBODY and np.isnan(none.of.value) and none.told == 0


@pytest.mark.parametrize("part", [-0.001, 1.001, NAN])
def test_a_part_of_a_tract_is_a_part(part: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        headline.headline(HOMES, FLAG, CHANCE, np.array([1.0, 1.0, 1.0, 1.0, 1.0, part]))


def test_where_some_cannot_be_told_for_what_is_asked_there_are_bounds_alone() -> None:
    found = headline.headline(HOMES, FLAG, CHANCE, partial="why")
    assert (found.bounded, found.reason, found.unweighted) == ("why", None, None)
    assert np.isnan([found.flagged.value, found.of.value, found.expected.value]).all()
    assert found.bounds.least.value == 400.0 and found.bounds.of.value == 600 + 400 + 50
    told = headline.headline(HOMES, np.where(np.isnan(FLAG), 0.0, FLAG), CHANCE, partial="why")
    assert told.bounded is None and told.flagged.value == 400.0


def test_flagged_homes_by_where_the_market_moves() -> None:
    """Of the flagged ones tract 1 moves itself, 2 and 3 next door, of which 3 fell; of 4 it is not known."""
    homes = Amount(np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.zeros(5))
    own, falls = np.array([1.0, 0.0, 0.0, NAN, 0.0]), np.array([True, False, True, True, True])
    found = headline.headline(homes, np.array([1.0, 1.0, 1.0, 1.0, 0.0]), np.full(5, 0.5), moves=Moves(own, falls))
    assert [figure.value for figure in found.split] == [1.0, 6.0, 4.0, 8.0]
    assert all(figure.moe == 0.0 for figure in found.split)


def test_a_sum_of_homes_without_any_has_no_figure() -> None:
    one, nobody = np.ones(1), np.zeros(1)
    sums = headline._Sums.of(one, nobody, one, np.array([True]), one)
    assert (sums.total, sums.count, sums.share) == (0.0, headline.NOTHING, headline.NOTHING)
    some = headline._Sums.of(one, np.array([0.5]), nobody, np.array([True]), one)
    assert (some.total, some.count, some.share) == (0.5, Figure(0.5, 0.0), Figure(1.0, 0.0))
