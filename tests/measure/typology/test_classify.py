"""The typology of regions that can be answered by hand: markets, what stands in, ties, what is missing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from justgeo.measure.typology import explain
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.flips import conditions
from justgeo.measure.typology.values import (
    APPRECIATED,
    MARKET_NAMES,
    NONE,
    UNTOLD,
    VARIANTS,
    Amount,
    Pooled,
    Tracts,
)
from tests.measure.typology.invented import NAN, QUICK, changed, even, grid, region

YES, NO = 1.0, 0.0


# --- markets by hand -----------------------------------------------------------------------------------------------
# Ten tracts in a row of 2 x 5 squares, 0.6 quantile at position 5.4 of the sorted ten.
VALUE_NOW = [100, 110, 120, 130, 140, 150, 260, 270, 280, 290]
VALUE_BEFORE = [90, 60, 118, 100, 139, 149, 130, 220, 200, 289]


def homes(now: Sequence[float], before: Sequence[float], **rest: object) -> Tracts:
    return even(
        len(now),
        {"value": [1000.0 * v for v in now]},
        {"value": [1000.0 * v for v in before]},
        **rest,
    )


def names(codes: object) -> list[str]:
    return ["untold" if c == UNTOLD else MARKET_NAMES[c] for c in np.asarray(codes)]


def test_markets_by_hand() -> None:
    # a row: each touches the one before and the one after
    row = homes(VALUE_NOW, VALUE_BEFORE, neighbours=grid(10, 1))
    found = classify(row, QUICK).markets["value"]
    # rises: .111 .833 .017 .30 .007 .007 1.0 .227 .40 .003; sorted .003 .007 .007 .017 .111 .227 .30 .40 .833 1.0
    # cut .227 + .4 (.30 - .227) = .256: high are 1, 3, 6, 8. Now: 150 + .4 (260 - 150) = 194: high are 6 to 9.
    # Before, sorted: 60 90 100 118 130 139 149 200 220 289, cut 139 + .4 (149 - 139) = 143: high are 5, 7, 8, 9.
    assert_allclose([found.conditions[c].threshold for c in ("before_high", "now_high")], [143_000, 194_000])
    assert_array_equal(np.flatnonzero(found.conditions["change_high"].holds), [1, 3, 6, 8])
    assert_array_equal(np.flatnonzero(found.conditions["now_high"].holds), [6, 7, 8, 9])
    assert_array_equal(np.flatnonzero(found.conditions["before_high"].holds), [5, 7, 8, 9])
    assert names(found.code) == [
        "adjacent",  # beside 1, which rose
        "accelerating",
        "adjacent",  # between 1 and 3
        "accelerating",
        "adjacent",  # beside 3
        "adjacent",  # beside 6
        "appreciated",
        "none",
        "none",
        "none",
    ]


def test_without_geometry_a_quiet_tract_is_untold_and_the_others_are_not() -> None:
    found = classify(homes(VALUE_NOW, VALUE_BEFORE), QUICK).markets["value"]
    assert [names(found.code)[i] for i in (0, 1, 2, 6, 9)] == [
        "untold",
        "accelerating",
        "untold",
        "appreciated",
        "none",
    ]
    assert_array_equal(found.probability[0], [0, 0, 0, 0, 1])


def test_an_island_is_not_adjacent() -> None:
    alone = sparse.csr_array((10, 10))
    found = classify(homes(VALUE_NOW, VALUE_BEFORE, neighbours=alone), QUICK).markets["value"]
    assert names(found.code)[0] == "none"


def test_a_tract_of_which_no_neighbour_is_known_is_untold_and_not_alone() -> None:
    alone, where = sparse.csr_array((10, 10)), np.arange(10) == 0
    found = classify(homes(VALUE_NOW, VALUE_BEFORE, neighbours=alone, unplaced=where), QUICK).markets["value"]
    assert [names(found.code)[i] for i in (0, 2)] == ["untold", "none"]


def test_a_tract_left_out_is_no_high_neighbour_and_not_in_the_quantiles() -> None:
    households = [1000.0] * 6 + [50.0] + [1000.0] * 3
    found = classify(homes(VALUE_NOW, VALUE_BEFORE, neighbours=grid(10, 1), households=households), QUICK)
    market = found.markets["value"]
    # nine are left; now: position 4.8 of 100 110 120 130 140 150 270 280 290: 140 + .8 x 10
    assert_allclose(market.conditions["now_high"].threshold, 148_000)
    assert market.code[6] == UNTOLD and np.isnan(market.probability[6]).all()
    assert np.isnan(market.conditions["now_high"].value[6])  # a number that is suppressed is in no output
    assert found.excluded[6] == "fewer than 100 households"
    assert found.stage["value"][6] == UNTOLD and np.isnan(found.p_vulnerable[6])
    # 5 is high itself now (150 > 148); make it low, and its one high neighbour is the tract that is left out
    now, before = [*VALUE_NOW[:5], 125, *VALUE_NOW[6:]], [*VALUE_BEFORE[:5], 124, *VALUE_BEFORE[6:]]
    pair = sparse.csr_array((np.ones(1), ([5], [6])), shape=(10, 10))
    low = homes(now, before, neighbours=pair, households=households)
    assert names(classify(low, QUICK).markets["value"].code)[5] == "none"
    whole = homes(now, before, neighbours=pair)
    assert names(classify(whole, QUICK).markets["value"].code)[5] == "adjacent"


def test_a_median_of_few_homes_does_not_count_as_a_neighbour() -> None:
    few = {"value_now": np.array([400.0] * 6 + [20.0] + [400.0] * 3)}
    pair = sparse.csr_array((np.ones(1), ([5], [6])), shape=(10, 10))
    with_few = homes(
        [*VALUE_NOW[:5], 125, *VALUE_NOW[6:]], [*VALUE_BEFORE[:5], 124, *VALUE_BEFORE[6:]], neighbours=pair
    )
    found = classify(replace(with_few, homes=few), QUICK)
    assert names(found.markets["value"].code)[5] == "none"


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ((), "adjacent"),
        ((("now", 6),), "none"),  # it was the one high neighbour: a missing one counts as not high (METHODS 2.0)
        ((("before", 6),), "adjacent"),  # its rise is not known, and that it is high now is
        ((("now", 6), ("before", 6)), "none"),
    ],
)
def test_a_neighbour_whose_median_is_missing_counts_as_not_high(
    gone: tuple[tuple[str, int], ...], expected: str
) -> None:
    """Also in the draws: no chance hangs on what it might have been."""
    now, before = [*VALUE_NOW[:5], 125, *VALUE_NOW[6:]], [*VALUE_BEFORE[:5], 124, *VALUE_BEFORE[6:]]
    tracts = homes(now, before, neighbours=sparse.csr_array((np.ones(1), ([5], [6])), shape=(10, 10)))
    # high by its value and its rise; without a rent it has no other market
    tracts = replace(tracts, now={**tracts.now, "rent": Amount(np.full(10, NAN), np.zeros(10))})
    for when, at in gone:
        tracts = changed(tracts, when, "value", at, value=NAN)
    found = classify(replace(tracts, edge=np.arange(10) == 5), QUICK)
    market = found.markets["value"]
    assert names(market.code)[5] == expected
    assert market.probability[5].tolist() == [float(name == expected) for name in (*MARKET_NAMES, "untold")]
    # what lies beyond the rim is not known either: the class stands, and the card says so
    assert explain.card(found, 5).caveats == ("rim",) and explain.card(found, 4).caveats == ()


def test_values_at_the_top_of_the_scale_rank_high_and_have_no_change() -> None:
    coded = homes([*[2000.001] * 5, *VALUE_NOW[5:]], [150] * 4 + [400] + VALUE_BEFORE[5:], neighbours=grid(10, 1))
    found = classify(replace(coded, top={"value_now": np.arange(10) < 5}), QUICK)
    market = found.markets["value"]
    assert_array_equal(market.conditions["now_high"].holds[:5], YES)  # though half of the region is tied there
    assert_array_equal(market.conditions["now_high"].probability[:5], YES)
    assert np.isnan(market.conditions["change_high"].holds[:5]).all()
    assert np.isnan(market.conditions["change_high"].value[:5]).all()
    # was low, is high: appreciated or none, as its rise would say; was high: none
    assert names(market.code)[0] == "untold"
    assert names(market.code)[4] == "none"
    assert not market.stood_in.any()  # a coded value is no missing value


# --- value, rent, either -------------------------------------------------------------------------------------------
def both_markets() -> Tracts:
    tracts = homes(VALUE_NOW, VALUE_BEFORE, neighbours=grid(10, 1))
    # rents move the other way round: the last tract does in rents what the first does in values
    rents = {"now": VALUE_NOW[::-1], "before": VALUE_BEFORE[::-1]}
    column = {k: Amount(np.array(v, dtype=float) * 10, np.zeros(10)) for k, v in rents.items()}
    return replace(
        tracts, now={**tracts.now, "rent": column["now"]}, before={**tracts.before, "rent": column["before"]}
    )


def test_either_is_the_further_of_the_two() -> None:
    found = classify(both_markets(), QUICK).markets
    value, rent = found["value"].code, found["rent"].code
    assert_array_equal(rent, value[::-1])
    assert_array_equal(found["either"].code, np.maximum(value, rent))
    assert found["either"].conditions == {}


@pytest.mark.parametrize("when", ["now", "before"])
def test_rents_stand_in_for_a_missing_value(when: str) -> None:
    tracts = changed(both_markets(), when, "value", 3, value=NAN)
    found = classify(tracts, QUICK).markets
    assert_array_equal(np.flatnonzero(found["value"].stood_in), [3])
    for variant in VARIANTS:
        assert found[variant].code[3] == found["rent"].code[3] == APPRECIATED
        assert_array_equal(found[variant].probability[3], [0, 0, 0, 1, 0])
    assert np.isnan(found["value"].conditions["change_high"].holds[3])


def test_values_stand_in_for_missing_rents_only_in_either() -> None:
    found = classify(changed(both_markets(), "now", "rent", 6, value=NAN), QUICK).markets
    assert found["rent"].code[6] == UNTOLD
    assert found["either"].code[6] == found["value"].code[6] == APPRECIATED
    assert not found["rent"].stood_in.any() and not found["either"].stood_in.any()


def test_too_few_values_for_a_quantile_are_no_market_at_all() -> None:
    tracts = both_markets()
    for at in range(4, 10):
        tracts = changed(tracts, "before", "value", at, value=NAN)
    found = classify(tracts, QUICK).markets
    assert np.isnan(found["value"].conditions["before_high"].threshold)
    assert np.isfinite(found["value"].conditions["now_high"].threshold)  # ten are known now
    assert found["value"].stood_in.all()
    for variant in VARIANTS:
        assert_array_equal(found[variant].code, found["rent"].code)
        assert_array_equal(found[variant].probability, found["rent"].probability)


def test_where_both_are_missing_nothing_is_told() -> None:
    tracts = changed(changed(both_markets(), "now", "rent", 6, value=NAN), "before", "value", 6, value=NAN)
    found = classify(tracts, QUICK)
    for variant in VARIANTS:
        assert found.markets[variant].code[6] == UNTOLD
        assert_array_equal(found.markets[variant].probability[6], [0, 0, 0, 0, 1])
        assert found.stage[variant][6] == UNTOLD or found.vulnerable[6] == NO


# --- ties and sameness ---------------------------------------------------------------------------------------------
def test_all_equal_values_are_neither_high_nor_above() -> None:
    found = classify(even(9, neighbours=grid(3, 3)), QUICK)
    for condition in found.pressures.values():
        assert_array_equal(condition.holds, NO)  # a tie is not above the region's share
    for condition in found.changes.values():
        assert_array_equal(condition.holds, YES)  # and it is at least the region's change
    for market in (found.markets["value"], found.markets["rent"]):
        for condition in market.conditions.values():
            assert_array_equal(condition.holds, NO)
        assert_array_equal(market.code, NONE)
    assert_array_equal(found.stage["either"], 0)
    assert_array_equal(found.p_stage["either"][:, 0], 1.0)


def test_rounding_decides_no_tie() -> None:
    # 0.1 + 0.2 is above 0.3 by rounding alone, 1 - 0.7 below it
    tracts = even(9, {"low_income": 0.1 + 0.2, "owners": 0.7, "white": 0.8}, {"white": 0.7})
    regions = {
        **tracts.region_now,
        "low_income": Pooled(0.3, 0.0),
        "owners": Pooled(0.7, 0.0),
        "white": Pooled(0.1, 0.0),
    }
    tied = replace(tracts, region_now=regions, region_before={**tracts.region_before, "white": Pooled(0.0, 0.0)})
    found = classify(tied, QUICK)
    assert_array_equal(found.pressures["low_income"].holds, NO)
    assert_array_equal(found.pressures["low_income"].probability, NO)
    assert 0.8 - 0.7 > 0.1 - 0.0 or 0.8 - 0.7 < 0.1 - 0.0
    assert_array_equal(found.changes["white"].holds, YES)
    assert_array_equal(found.changes["white"].probability, YES)


# --- thresholds ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("scale", "moved"), [(1.1, 0.1), (0.9, -0.1)])
def test_scale_moves_every_threshold_by_a_part_of_its_size(scale: float, moved: float) -> None:
    plain, other = (classify(region(seed=3), replace(QUICK, scale=s)) for s in (1.0, scale))
    signs = set()
    for group in ("pressures", "changes"):
        for name, condition in getattr(plain, group).items():
            size, low = abs(condition.threshold), condition.threshold < 0
            found = getattr(other, group)[name]
            assert_allclose(found.threshold, condition.threshold + moved * size)
            assert_allclose(found.threshold_se, condition.threshold_se * (1 - moved if low else 1 + moved))
            signs.add((group, bool(low)))
    assert ("changes", True) in signs and ("changes", False) in signs, "the region changes both ways"
    for name, condition in plain.markets["rent"].conditions.items():
        found = other.markets["rent"].conditions[name]
        assert_allclose(found.threshold, condition.threshold + moved * abs(condition.threshold))
    renters, limit = other.pressures["renters"], scale * plain.pressures["renters"].threshold
    assert_array_equal(renters.holds, renters.value > limit)


def test_a_threshold_below_zero_is_harder_to_meet_by_110_percent() -> None:
    """Owners fall by 5 points in the region. A tract that lost 4.8 passes, and no longer where 4.5 is asked."""
    tracts = even(9, {"owners": 0.452}, {"owners": 0.5})
    falling = replace(tracts, region_now={**tracts.region_now, "owners": Pooled(0.45, 0.0)})
    held = {s: classify(falling, replace(QUICK, scale=s)).changes["owners"] for s in (0.9, 1.0, 1.1)}
    assert_allclose([c.threshold for c in held.values()], [-0.055, -0.05, -0.045])
    assert [c.holds[0] for c in held.values()] == [YES, YES, NO]
    assert [c.probability[0] for c in held.values()] == [YES, YES, NO]


@pytest.mark.parametrize("seed", [1, 3])
def test_higher_thresholds_are_harder_to_meet_and_lower_ones_easier(seed: int) -> None:
    """Every condition, as it stands and in every draw; also where the region or its quantile lies below 0."""
    tracts = region(seed=seed)
    fallen = {k: Amount(v.value * 2, v.se * 2) if k in ("value", "rent") else v for k, v in tracts.before.items()}
    found = [classify(replace(tracts, before=fallen), replace(QUICK, scale=s)) for s in (0.9, 1.0, 1.1)]
    assert found[1].markets["rent"].conditions["change_high"].threshold < 0
    for easier, harder in itertools.pairwise(found):
        for name, one in conditions(easier).items():
            other = conditions(harder)[name]
            assert other.threshold >= one.threshold and (other.holds <= one.holds).all(), name
            assert (other.probability <= one.probability).all(), name
            assert (other.probability < one.probability).any(), name
        assert (harder.p_vulnerable <= easier.p_vulnerable).all() and (harder.p_changed <= easier.p_changed).all()


def test_a_region_that_lacks_a_number_leaves_its_conditions_untold() -> None:
    tracts = region()
    lacking = {k: v for k, v in tracts.region_now.items() if k != "low_income"}
    found = classify(replace(tracts, region_now=lacking), QUICK)
    assert np.isnan(found.pressures["low_income"].threshold)
    assert np.isnan(found.pressures["low_income"].holds).all()
    others = np.sum([found.pressures[k].holds for k in ("renters", "people_of_colour", "no_bachelors")], axis=0)
    assert_array_equal(found.vulnerable, np.where(others == 3, YES, np.where(others < 2, NO, NAN)))


# --- what is missing -----------------------------------------------------------------------------------------------
def test_a_missing_pressure_decides_only_where_nothing_hangs_on_it() -> None:
    now = {
        "owners": [0.1, 0.1, 0.9, 0.1, 0.1],
        "white": [0.1, 0.1, 0.9, 0.9, 0.1],
        "bachelors": [0.1, 0.9, 0.1, 0.1, NAN],
    }
    tracts = even(5, {**now, "low_income": NAN})
    found = classify(tracts, QUICK)
    assert_array_equal(found.vulnerable, [YES, NAN, NO, NAN, NAN])
    assert_array_equal(found.p_vulnerable, [YES, NAN, NO, NAN, NAN])


def test_the_chance_of_what_is_missing_is_a_range_and_told_where_that_is_narrow() -> None:
    # three pressures of chance .98 each, the fourth missing: all three .941, two of them .058
    now = {"owners": 0.4, "white": 0.4, "bachelors": 0.4, "low_income": NAN}
    tracts = even(6, now)
    se = Amount(np.full(6, 0.4), np.full(6, 0.1 / 2.0537))
    sampled = replace(tracts, now={**tracts.now, "owners": se, "white": se, "bachelors": se})
    found = classify(sampled)
    assert_allclose(found.p_vulnerable, 0.98**3 + 0.5 * 3 * 0.98**2 * 0.02, atol=0.01)


def test_stages_of_what_is_missing_have_a_column_of_their_own() -> None:
    tracts = changed(region(), "now", "owners", 3, value=NAN)
    found = classify(tracts, QUICK)
    for variant in VARIANTS:
        assert_allclose(found.p_stage[variant].sum(axis=1), 1.0)
        assert_array_equal(found.p_stage[variant][np.arange(40) != 3, 8], 0.0)
    hidden = changed(changed(tracts, "now", "white", 3, value=NAN), "now", "bachelors", 3, value=NAN)
    one = classify(hidden, QUICK)
    moving = 1 - one.markets["either"].probability[3, NONE]
    assert_allclose(one.p_stage["either"][3, 8], moving, atol=1e-12)  # untold wherever the market moves
    assert_array_equal(one.p_stage["either"][3, 1:8], 0.0)
