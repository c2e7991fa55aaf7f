"""Exposure by group: full counts at blocks, sampled counts at block groups, and the choice between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from justgeo.core.errors import LayerError, VintageError
from justgeo.core.field import ExposureField, GroupCounts
from justgeo.measure.apportion import Weights
from justgeo.measure.equity import choose, group_share, reduce_group
from justgeo.measure.reduce import ReduceSettings, recompute, reduce
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, W1, W2, WEST, square

SETTINGS = ReduceSettings()
X = np.array([1.0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0])


def full(count: object, name: str = "g") -> GroupCounts:
    return GroupCounts(name, toy.units(toy.block_ids()), np.asarray(count, dtype=float), None, "blocks")


def sampled(ids: list[str], count: object, moe: object, name: str = "g") -> GroupCounts:
    return GroupCounts(name, toy.units(ids), np.asarray(count, dtype=float), np.asarray(moe, dtype=float), "ACS")


def field(x: object = X, base: object = toy.PEOPLE, **groups: GroupCounts) -> ExposureField:
    named = {name.replace("__", "@"): counts for name, counts in groups.items()}
    x_, base_ = np.asarray(x, dtype=float), np.asarray(base, dtype=float)
    return ExposureField(toy.units(toy.block_ids()), x_, base_, "share", "people", groups=named)


def test_full_counts_weigh_by_the_groups_people() -> None:
    mine = np.arange(16.0)
    column = reduce_group(field(g=full(mine)), "g", toy.weights(box(0, 0, 150, 200)), settings=SETTINGS)
    # Blocks 0 and 4 whole, 1 and 5 by half: x is 1, 1, 0, 0.
    people = 0 + 4 + 0.5 + 2.5
    assert column.value[0] == pytest.approx(4 / people) and column.denominator[0] == pytest.approx(people)
    assert column.error["sampling"][0] == 0
    # Noise sits in each lived-in block, also where the group's count is 0.
    gap = X[[0, 4, 1, 5]] - 4 / people
    noise = 1.645 * 3 * np.sqrt((np.array([1, 1, 0.25, 0.25]) * gap**2).sum()) / people
    assert column.error["noise"][0] == pytest.approx(noise) == pytest.approx(column.moe[0])


def test_everybody_as_a_group_is_everybody() -> None:
    weights = toy.weights(box(0, 0, 250, 310), square(0, 0))
    everybody = reduce(field(), weights, reference=None, settings=SETTINGS)
    column = reduce_group(field(g=full(toy.PEOPLE)), "g", weights, settings=SETTINGS)
    assert column.value == pytest.approx(everybody.value) and column.moe == pytest.approx(everybody.moe)


def test_sampled_counts_are_spread_by_population_and_carry_their_margins() -> None:
    counts = sampled([W1, W2, E1, E2], [70, 20, 30, 40], [20, 10, 9, 9])
    zone = square(0, 0, 1, 4)
    column = reduce_group(field(g=counts), "g", toy.weights(zone), settings=SETTINGS)
    # W1: blocks 0, 1, 4, 5 of 10, 20, 50, 60 people; here 0 and 4, both with x = 1.
    # W2: blocks 8, 9, 12, 13 of 90, 100, 130, 140; here 8 (x = 0) and 12 (x = 1).
    held = np.array([60 / 140, 220 / 460])
    met = np.array([1.0, 130 / 220])
    people = held * [70, 20]
    value = (people * met).sum() / people.sum()
    moe = np.sqrt((((met - value) * held * [20, 10]) ** 2).sum()) / people.sum()
    assert column.value[0] == pytest.approx(value) and column.denominator[0] == pytest.approx(people.sum())
    assert column.moe[0] == pytest.approx(moe) == pytest.approx(column.error["sampling"][0])
    assert column.denominator_moe[0] == pytest.approx(np.sqrt(((held * [20, 10]) ** 2).sum()))
    assert column.error["noise"][0] == 0 and column.rule[0] == "sum"
    row = {"rule": "sum", "complement_moe": None}
    row |= {n: getattr(column, n)[0] for n in ("numerator", "numerator_moe", "denominator", "denominator_moe")}
    assert recompute(row) == pytest.approx((value, moe), rel=1e-9)
    assert "sampled counts of block groups" in column.flags[0]


def test_of_sampled_zeros_only_the_largest_margin_counts() -> None:
    counts = sampled([W1, W2, E1, E2], [50, 0, 0, 0], [20, 12, 12, 14])
    column = reduce_group(field(g=counts), "g", toy.weights(square(0, 0, 4, 4)), settings=SETTINGS)
    # x is 60/140 on W1, 270/460 on W2, 100/220 on E1, 120/540 on E2.
    value = 60 / 140
    apart = np.abs(np.array([270 / 460, 100 / 220, 120 / 540]) - value) * [12, 12, 14]
    assert column.value[0] == pytest.approx(value)
    assert column.moe[0] == pytest.approx(apart.max() / 50)


def test_where_all_meet_the_same_sampling_does_not_matter() -> None:
    counts = sampled([W1, W2, E1, E2], [70, 20, 30, 40], [20, 10, 9, 9])
    column = reduce_group(field(np.ones(16), g=counts), "g", toy.weights(square(0, 0, 4, 4)), settings=SETTINGS)
    assert column.value[0] == 1 and column.moe[0] == 0


def test_unknown_places_are_left_out_of_both_sums() -> None:
    x = X.copy()
    x[[0, 4]] = np.nan
    counts = sampled([W1, W2, E1, E2], [70, 20, 30, 40], [20, 10, 9, 9])
    found = toy.weights(square(0, 0, 2, 2), square(0, 0, 1, 2))
    column = reduce_group(field(x, g=counts), "g", found, settings=SETTINGS)
    assert column.value[0] == 0 and column.denominator[0] == pytest.approx(70 * 80 / 140)
    assert f"unknown_share={60 / 140:.4f}" in column.flags[0]
    assert np.isnan(column.value[1]) and "not known for 100%" in str(column.reason[1])


def test_groups_are_not_told_apart_within_one_block_group() -> None:
    """Groups of one unit would meet the same, with a margin of 0: that is not known, unless all places are alike."""
    counts = sampled([W1, W2, E1, E2], [70, 20, 30, 40], [20, 10, 9, 9])
    mixed = np.where(np.arange(16) % 2 == 0, 1.0, 0.0)
    inside, across = square(0, 0, 2, 2), square(0, 0, 4, 2)
    column = reduce_group(field(mixed, g=counts), "g", toy.weights(inside, across), settings=SETTINGS)
    assert np.isnan(column.value[0]) and "lies in one block group" in str(column.reason[0])
    assert 0 < column.value[1] < 1 and column.moe[1] > 0
    alike = reduce_group(field(np.ones(16), g=counts), "g", toy.weights(inside), settings=SETTINGS)
    assert alike.value[0] == 1


def test_absences_have_reasons() -> None:
    zones = [square(0, 0, 2, 2), square(2, 0, 2, 2), box(9000, 0, 9100, 100)]
    counts = sampled([W1, W2, E2], [np.nan, 20, 40], [20, 10, 9])
    column = reduce_group(field(g=counts), "g", toy.weights(*zones), settings=SETTINGS)
    assert np.isnan(column.value).all()
    assert column.reason[0] == "its table has no number for 100.0% of the people here" == column.reason[1]
    assert column.reason[2] == "no residents"
    none = reduce_group(field(g=full(np.zeros(16))), "g", toy.weights(zones[0]), settings=SETTINGS)
    assert none.reason[0] == "nobody of this group is counted here"
    none = reduce_group(field(g=sampled([W1], [0], [12])), "g", toy.weights(zones[0]), settings=SETTINGS)
    assert none.reason[0] == "nobody of this group is counted here" and np.isnan(none.value[0])
    uncovered = reduce_group(
        field(g=full(toy.PEOPLE)), "g", toy.weights(zones[0]), settings=SETTINGS, covered=np.array([False])
    )
    assert uncovered.reason[0] == "the layer does not cover this area"


def test_an_unknown_margin_is_not_zero() -> None:
    counts = sampled([W1, W2, E1, E2], [70, 20, 30, 40], [20, np.nan, 9, 9])
    column = reduce_group(field(g=counts), "g", toy.weights(square(0, 0, 2, 4)), settings=SETTINGS)
    assert np.isfinite(column.value[0]) and np.isnan(column.moe[0]) and "margin not known" in column.flags[0]


def test_counts_of_other_places_or_another_census_are_refused() -> None:
    weights = toy.weights(square(0, 0))
    with pytest.raises(LayerError, match="No counts of 'h'"):
        reduce_group(field(g=full(X)), "h", weights, settings=SETTINGS)
    wrong = GroupCounts("g", toy.units([W1, W2]), np.ones(2), None, "")
    with pytest.raises(LayerError, match="not at the field's own units"):
        reduce_group(field(g=wrong), "g", weights, settings=SETTINGS)
    old = GroupCounts("g", toy.units([W1, W2], vintage=2010), np.ones(2), np.ones(2), "")
    with pytest.raises(VintageError):
        reduce_group(field(g=old), "g", weights, settings=SETTINGS)


def test_of_several_levels_the_finest_is_spread() -> None:
    ids = [COUNTY, WEST, EAST, W1, W2, E1, E2]
    counts = sampled(ids, [999, 999, 999, 70, 20, 30, 40], [1] * 7)
    only = sampled(ids[3:], [70, 20, 30, 40], [1] * 4)
    weights = toy.weights(box(0, 0, 250, 310))
    mixed, plain = (reduce_group(field(g=c), "g", weights, settings=SETTINGS) for c in (counts, only))
    assert mixed.value == pytest.approx(plain.value) and mixed.moe == pytest.approx(plain.moe)


def test_small_groups_are_taken_from_block_groups_zone_by_zone() -> None:
    count = toy.PEOPLE * 0.5
    count[:8] = toy.PEOPLE[:8] * 0.02
    counts, sample = full(count), sampled([W1, W2, E1, E2], [5, 230, 4, 270], [4, 40, 3, 50])
    weights = toy.weights(square(0, 0, 4, 2), square(0, 2, 4, 2))
    both = field(g=counts, g__sample=sample)
    assert group_share(both, counts, weights) == pytest.approx([0.02, 0.5])
    column = reduce_group(both, "g", weights, settings=SETTINGS)
    from_blocks = reduce_group(field(g=counts), "g", weights, settings=SETTINGS)
    from_sample = reduce_group(field(g=sample), "g", weights, settings=SETTINGS)
    assert column.denominator.tolist() == [from_sample.denominator[0], from_blocks.denominator[1]]
    assert column.error["noise"][0] == 0 and column.error["noise"][1] > 0
    assert "sampled counts of block groups" in column.flags[0]


def test_a_small_group_without_a_sample_keeps_its_blocks_and_says_so() -> None:
    counts, sample = full(toy.PEOPLE * 0.02), sampled([W2], [5], [4])
    weights = toy.weights(square(0, 0, 2, 2))
    a, b = (reduce_group(field(g=c), "g", weights, settings=SETTINGS) for c in (counts, sample))
    column = choose(a, b, np.array([0.02]))
    assert column.value[0] == a.value[0] and "small group from noisy blocks" in column.flags[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=16, max_size=16), st.integers(20, 400), st.integers(20, 400))
def test_groups_that_make_up_all_average_to_all(part: list[float], width: int, height: int) -> None:
    weights = toy.weights(box(0, 0, width, height))
    mine = toy.PEOPLE * np.array(part)
    both = field(a=full(mine), b=full(toy.PEOPLE - mine))
    a, b = (reduce_group(both, g, weights, settings=SETTINGS) for g in ("a", "b"))
    everybody = reduce(both, weights, reference=None, settings=SETTINGS)
    summed = np.nan_to_num(a.numerator) + np.nan_to_num(b.numerator)
    assert summed == pytest.approx(everybody.numerator)


@settings(max_examples=25, deadline=None)
@given(st.integers(220, 400), st.integers(20, 400))
def test_a_sample_that_repeats_the_population_gives_the_exposure_of_all(width: int, height: int) -> None:
    people = [140, 460, 220, 540]
    weights = toy.weights(box(0, 0, width, height))
    column = reduce_group(field(g=sampled([W1, W2, E1, E2], people, [1] * 4)), "g", weights, settings=SETTINGS)
    everybody = reduce(field(), weights, reference=None, settings=SETTINGS)
    assert column.value == pytest.approx(everybody.value)
    assert column.denominator == pytest.approx(everybody.denominator)


def test_units_without_people_are_spread_by_homes() -> None:
    people = toy.PEOPLE.copy()
    people[[0, 1, 4, 5]] = 0
    weights = Weights.build(toy.zones(square(0, 0, 2, 4)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    counts = sampled([W1, W2, E1, E2], [40, 0, 30, 40], [10, 12, 9, 9])
    column = reduce_group(field(base=people, g=counts), "g", weights, settings=SETTINGS)
    # Homes of W1 are 5, 5, 15, 15; x is 1, 0, 1, 0.
    assert column.value[0] == pytest.approx(0.5)


@pytest.mark.parametrize(("limit", "told"), [(0.5, True), (np.nextafter(0.5, 0.0), False)])
def test_a_sampled_group_is_told_up_to_the_limit_of_people_without_a_number(limit: float, told: bool) -> None:
    """Two block groups of four have one, and in each live as many."""
    counts = sampled([W1, E1], [70, 30], [20, 9])
    usual = ReduceSettings(lacking_limit=limit)
    column = reduce_group(field(base=np.ones(16), g=counts), "g", toy.weights(square(0, 0, 4, 4)), settings=usual)
    assert np.isfinite(column.value[0]) == told
    assert told or column.reason == ("its table has no number for 50.0% of the people here",)
