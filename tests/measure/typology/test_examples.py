"""The worked examples of METHODS 5.4 to their printed digits, through the rules and the draws of the product."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from justgeo.measure import compare, margins
from justgeo.measure.margins import Z90
from justgeo.measure.typology.classify import against
from justgeo.measure.typology.prepare import prepare
from justgeo.measure.typology.values import (
    ACCELERATING,
    ADJACENT,
    APPRECIATED,
    STAGES,
    UNTOLD,
    Amount,
    Pooled,
    Settings,
    Tracts,
    Typology,
)
from tests.measure.typology.invented import NAN, PRICE, even, geoids
from tests.measure.typology.oracle import above, at_least, within

YES, NO = 1.0, 0.0
DRAWS = 100_000


# METHODS 5.4: thresholds without error (the example says so), cuts given; tract A is beside a tract that is high.
# Columns: tract A, tract B, the neighbour of A. Tract B stands for part A only; what it lacks is filled with the
# numbers of A. Margins are of 90 %.
EXAMPLE_NOW = {
    "owners": ([0.42, 0.60, 0.60], [0.07, 0.07, 0.0]),
    "white": ([0.59, 0.64, 0.60], [0.05, 0.06, 0.0]),
    "bachelors": ([0.40, 0.50, 0.40], [0.06, 0.06, 0.0]),
    "low_income": ([0.52, 0.42, 0.40], [0.06, 0.06, 0.0]),
    "income": ([60_500, 60_500, 60_500], [7000, 7000, 0]),
    "value": ([395_000, 395_000, 500_000], [22_000, 22_000, 0]),
}
EXAMPLE_BEFORE = {
    "owners": ([0.45, 0.45, 0.60], [0.05, 0.05, 0.0]),
    "white": ([0.50, 0.50, 0.60], [0.05, 0.05, 0.0]),
    "bachelors": ([0.25, 0.25, 0.40], [0.04, 0.04, 0.0]),
    "income": ([48_000 / PRICE] * 3, [5000 / PRICE, 5000 / PRICE, 0]),  # the example's 48,000 are dollars of t1
    "value": ([210_000, 210_000, 400_000], [16_000, 16_000, 0]),
}
SHARE = {"owners": 1 - 0.369, "white": 1 - 0.347, "bachelors": 1 - 0.552}
CHANGE = {"owners": -0.01, "white": -0.03, "bachelors": 0.07}
CUTS = np.array([300_000 / PRICE, 410_000, 0.32, NAN, NAN, NAN])


@pytest.fixture(scope="module")
def example() -> Typology:
    def amounts(table: dict[str, tuple[list[float], list[float]]]) -> dict[str, Amount]:
        return {k: Amount(np.array(v, dtype=float), np.array(m, dtype=float) / Z90) for k, (v, m) in table.items()}

    tracts = Tracts(
        geoid=geoids(3),
        now=amounts(EXAMPLE_NOW),  # type: ignore[arg-type]
        before=amounts(EXAMPLE_BEFORE),  # type: ignore[arg-type]
        region_now={
            **{k: Pooled(v, 0.0) for k, v in SHARE.items()},
            "low_income": Pooled(0.407, 0.0),
            "income": Pooled(112_000, 0.0),
        },
        region_before={
            **{k: Pooled(v - CHANGE[k], 0.0) for k, v in SHARE.items()},
            "income": Pooled(100_000 / PRICE, 0.0),
        },
        price=PRICE,
        households=Amount(np.full(3, 1000.0), np.zeros(3)),
        renter_households=Amount(np.full(3, 500.0), np.zeros(3)),
        neighbours=sparse.csr_array((np.ones(2), ([0, 2], [2, 0])), shape=(3, 3)),
    )
    return against(prepare(tracts, Settings(draws=DRAWS)), CUTS)


PRESSURES_OF_REGION = np.array([0.369, 0.347, 0.552, 0.407])
OF_TWO_TRACTS = np.array([[0.58, 0.41, 0.60, 0.52], [0.40, 0.36, 0.50, 0.42]])
THEIR_MARGINS = np.array([[0.07, 0.05, 0.06, 0.06], [0.07, 0.06, 0.06, 0.06]])


def test_formulas_print_the_digits_of_the_examples() -> None:
    """What the draws are held against below is itself what METHODS 2.7 and 5.4 print."""
    assert round(float(above(0.55, 0.045 / Z90, 0.47, 0.008 / Z90)), 4) == 0.9980
    assert round(float(at_least(np.array([[0.99, 0.80, 0.60, 0.35]]), 3)[0]), 4) == 0.6293
    p = above(OF_TWO_TRACTS, THEIR_MARGINS / Z90, PRESSURES_OF_REGION)
    assert p[0].round(4).tolist() == [1.0, 0.9809, 0.9059, 0.9990]
    assert p[1].round(3).tolist() == [0.767, 0.639, 0.077, 0.639]
    assert at_least(p, 3).round(3).tolist() == [0.998, 0.348]
    change, moe = np.array([-0.03, 0.09, 0.15]), np.hypot([0.05, 0.05, 0.04], [0.07, 0.05, 0.06])
    q = above(change, moe / Z90, np.array([-0.01, -0.03, 0.07]))
    assert q.round(3).tolist() == [0.351, 0.997, 0.966]
    income = above(60_500 / 48_000 - 1, margins.ratio(60_500, 7000, 48_000, 5000).moe / Z90, 0.12)
    assert round(float(income), 3) == 0.880
    four = np.array([[*q, float(income)]])
    white, degrees = q[1], q[2]
    # three of four, or both of them and neither of the others
    both_alone = white * degrees * (1 - q[0]) * (1 - income)
    assert round(float(at_least(four, 3)[0] + both_alone), 3) == 0.975
    assert round(float(above(0.41952425, 0.13397072 / Z90, 0.32)), 3) == 0.889


def test_a_share_against_a_region_that_errs_too() -> None:
    """METHODS 2.7 through the draws: 55 % +- 4.5 above 47 % +- 0.8."""
    n = 50_000
    tracts = even(9, {"low_income": 0.55})
    tracts = replace(
        tracts,
        now={**tracts.now, "low_income": Amount(np.full(9, 0.55), np.full(9, 0.045 / Z90))},
        region_now={**tracts.region_now, "low_income": Pooled(0.47, 0.008 / Z90)},
    )
    found = against(prepare(tracts, Settings(draws=n)), np.full(6, NAN))
    assert within(found.pressures["low_income"].probability, 0.9980, n)


def test_example_of_vulnerability(example: Typology) -> None:
    exact = above(OF_TWO_TRACTS, THEIR_MARGINS / Z90, PRESSURES_OF_REGION)
    for k, name in enumerate(("renters", "people_of_colour", "no_bachelors", "low_income")):
        assert within(example.pressures[name].probability[:2], exact[:, k], DRAWS), name
    assert within(example.p_vulnerable[:2], at_least(exact, 3), DRAWS)
    assert_allclose(example.p_vulnerable[:2], [0.998, 0.348], atol=0.005)
    assert example.vulnerable[0] == YES


def test_example_of_change(example: Typology) -> None:
    for name, value, chance in (("owners", -0.03, 0.351), ("white", 0.09, 0.997), ("bachelors", 0.15, 0.966)):
        assert_allclose(example.changes[name].value[0], value)
        assert_allclose(example.changes[name].probability[0], chance, atol=0.005)
    income = example.changes["income"]
    assert (round(100 * income.value[0], 1), round(100 * Z90 * income.se[0], 1)) == (26.0, 19.6)
    assert_allclose(income.threshold, 0.12)
    # the printed .880 is the normal with the margin of the ratio; drawn, the ratio is skewed, and exactly it is
    # P(V1 > 1.12 V0) of two normals
    assert_allclose(above(income.value[0], income.se[0], 0.12), 0.880, atol=0.0005)
    exact = above(60_500, 7000 / Z90, 1.12 * 48_000, 1.12 * 5000 / Z90)
    assert_allclose(income.probability[0], exact, atol=0.004)
    assert_allclose(example.p_changed[0], 0.975, atol=0.01)
    assert example.changed[0] == YES


def test_example_of_the_market(example: Typology) -> None:
    rise = example.markets["value"].conditions["change_high"]
    assert (round(100 * rise.value[0], 1), round(100 * Z90 * rise.se[0], 1)) == (42.0, 13.4)
    assert_allclose(rise.probability[0], 0.898, atol=0.005)
    chance = example.markets["value"].probability[0]
    assert_allclose(chance[[ACCELERATING, APPRECIATED, ADJACENT]], [0.769, 0.125, 0.100], atol=0.01)
    assert example.markets["value"].code[0] == ACCELERATING


def test_example_of_the_stage(example: Typology) -> None:
    chance = dict(zip(STAGES, example.p_stage["value"][0], strict=False))
    assert_allclose(
        [chance[s] for s in ("dynamic", "late", "early type 2", "early type 1")],
        [0.748, 0.122, 0.097, 0.019],
        atol=0.01,
    )
    assert_allclose(example.p_stage["value"].sum(axis=1), 1.0)
    assert STAGES[example.stage["value"][0]] == "dynamic"
    assert compare.label(chance["dynamic"]) == "likely"
    # without a table of rents the further of the two is what is known
    assert_array_equal(example.stage["either"], example.stage["value"])
    assert_array_equal(example.stage["rent"], UNTOLD)
