"""The headline: homes in flagged tracts, by hand, by simulation, and where something is missing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.layer import FloatArray
from justgeo.measure.margins import Z90
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.headline import (
    LARGE_PART,
    NO_NEIGHBOURS,
    NOBODY,
    Headline,
    Moves,
    headline,
    of_typology,
)
from justgeo.measure.typology.values import ACCELERATING, ADJACENT, UNTOLD, VARIANTS, Amount, Tracts
from tests.measure.typology import invented

NAN = math.nan


def homes(value: list[float], moe: list[float]) -> Amount:
    return Amount(np.array(value, dtype=np.float64), np.array(moe, dtype=np.float64) / Z90)


def told(
    value: list[float],
    moe: list[float],
    flag: list[float],
    chance: list[float],
    inside: list[float] | None = None,
) -> Headline:
    part = None if inside is None else np.array(inside)
    return headline(homes(value, moe), np.array(flag), np.array(chance), part)


# Four tracts, the last of which cannot be told. By hand:
# of 1000 + 800 + 1200 = 3000, its margin sqrt(100**2 + 80**2 + 90**2) = 156.525
# flagged 1000 + 1200 = 2200 +- sqrt(100**2 + 90**2) = 134.536; share .733333
# share's margin sqrt((.266667 * 134.536)**2 + (.733333 * 80)**2) / 3000 = sqrt(1287.11 + 3441.78) / 3000 = .022922
FOUR = {
    "value": [1000.0, 800.0, 1200.0, 500.0],
    "moe": [100.0, 80.0, 90.0, 60.0],
    "flag": [1.0, 0.0, 1.0, NAN],
    "chance": [0.9, 0.2, 0.6, NAN],
}


def test_the_plain_count_by_hand() -> None:
    found = told(**FOUR)
    assert (found.tracts, found.told, found.unknown, found.uncounted, found.cut) == (2, 3, 500.0, 0, 0)
    assert found.of == pytest.approx((3000.0, 156.5248), abs=1e-4)
    assert found.flagged == pytest.approx((2200.0, 134.5362), abs=1e-4)
    assert found.share == pytest.approx((0.733333, 0.0229224), abs=1e-6)
    assert found.reason is None


def test_the_count_by_chance_by_hand() -> None:
    """900 + 160 + 720 = 1780; all three by 10.8 %, so that q95 is 3000, blurred by s**2 P, s the margin over 1.645.

    Of the lump at 3000 (10.8 %) as much lies above q95 as makes 5 %, 46.3 % of it: 0.0929 standard errors above 3000.
    """
    found = told(**FOUR)
    classes = 1000**2 * 0.09 + 800**2 * 0.16 + 1200**2 * 0.24
    assert Z90 * math.sqrt(classes) == pytest.approx(1206.58, abs=0.01)  # less than 3000 - 1780
    sampled = 100**2 * 0.9 + 80**2 * 0.2 + 90**2 * 0.6
    assert found.expected.value == pytest.approx(1780.0)
    assert found.expected.moe == pytest.approx(1220.0 + 0.0929 * math.sqrt(sampled) / Z90, abs=0.02)
    assert found.expected_share.value == pytest.approx(1780 / 3000)


def test_a_district_counts_what_lies_in_it() -> None:
    """Half of the first tract: 500 +- 50 of 500 + 800 = 1300; what lies outside is in no figure."""
    found = told(**FOUR, inside=[0.5, 1.0, 0.0, 0.2])
    assert (found.tracts, found.told, found.cut, found.unknown) == (1, 2, 1, 100.0)
    assert found.flagged == pytest.approx((500.0, 50.0))
    assert found.of == pytest.approx((1300.0, math.hypot(50.0, 80.0)))
    assert found.expected.value == pytest.approx(450.0 + 160.0)


def test_sure_chances_give_the_plain_count_and_its_margin() -> None:
    found = told([1000.0, 800.0], [100.0, 80.0], [1.0, 0.0], [1.0, 0.0])
    assert found.expected == pytest.approx(found.flagged)
    assert found.expected_share == pytest.approx(found.share)


def test_of_tracts_without_homes_only_the_largest_margin_counts() -> None:
    found = told([1000.0, 0.0, 0.0], [100.0, 12.0, 15.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    assert found.of.moe == pytest.approx(math.hypot(100.0, 15.0))
    assert found.expected.moe == pytest.approx(math.hypot(100.0, 15.0))


def test_no_tract_flagged_is_a_count_of_none() -> None:
    found = told([1000.0, 800.0], [100.0, 80.0], [0.0, 0.0], [0.1, 0.0])
    assert found.flagged == (0.0, 0.0)
    assert found.share == (0.0, 0.0)
    assert found.expected.value == pytest.approx(100.0)


def test_nothing_to_count_says_why() -> None:
    found = told([1000.0, 800.0], [100.0, 80.0], [NAN, NAN], [NAN, NAN])
    assert found.reason == NOBODY
    assert all(np.isnan(figure).all() for figure in (found.of, found.flagged, found.share, found.expected))
    assert found.unknown == 1800.0


def test_homes_that_are_not_known_are_no_zero() -> None:
    found = told([1000.0, NAN], [100.0, NAN], [1.0, 1.0], [0.9, 0.9])
    assert (found.told, found.uncounted) == (1, 1)
    assert found.of.value == 1000.0


def test_without_margins_there_is_a_count_and_no_margin() -> None:
    found = told([1000.0, 800.0], [NAN, NAN], [1.0, 0.0], [NAN, NAN])
    assert found.flagged.value == 1000.0 and math.isnan(found.flagged.moe)
    assert math.isnan(found.expected.value)
    assert found.chanceless == 1800.0
    assert found.unweighted is not None and "100%" in found.unweighted


@pytest.mark.parametrize(("bare", "told_of"), [(LARGE_PART, True), (LARGE_PART + 0.01, False)])
def test_where_many_homes_have_no_chance_there_is_no_expected_number(bare: float, told_of: bool) -> None:
    """A sum by chance of some homes would be read as one of all of them."""
    found = told([1000 * (1 - bare), 1000 * bare], [0.0, 0.0], [1.0, 1.0], [0.9, NAN])
    assert found.chanceless == pytest.approx(1000 * bare) and found.flagged.value == pytest.approx(1000)
    if told_of:
        assert found.expected.value == pytest.approx(0.9 * 900) and found.unweighted is None
    else:
        assert math.isnan(found.expected.value) and math.isnan(found.expected_share.value)
        assert found.unweighted == "the chance is not known for 11% of these homes, and we stop at 10%"


def test_bounds_by_hand() -> None:
    """Flagged 1000 and 1200 of 3000; 500 +- 60 cannot be told; 700 more are left out and in no bound."""
    value, moe = [*FOUR["value"], 700.0], [*FOUR["moe"], 10.0]
    flag, chance = np.array([*FOUR["flag"], NAN]), np.array([*FOUR["chance"], NAN])
    out = np.array([False, False, False, False, True])
    found = headline(homes(value, moe), flag, chance, left_out=out)
    assert (found.told, found.untold, found.unknown) == (3, 1, 1200.0)
    least, most, of = found.bounds
    assert least == pytest.approx((2200.0, 134.5362), abs=1e-4) and found.flagged == least
    assert most == pytest.approx((2700.0, math.sqrt(100**2 + 90**2 + 60**2)))
    assert of == pytest.approx((3500.0, math.sqrt(100**2 + 80**2 + 90**2 + 60**2)))
    assert found.bounded is None and found.share.value == pytest.approx(2200 / 3000)


def test_where_the_told_tracts_are_no_fair_sample_there_are_bounds_alone() -> None:
    four = (homes(FOUR["value"], FOUR["moe"]), np.array(FOUR["flag"]), np.array(FOUR["chance"]))
    found = headline(*four, partial="why")
    assert found.bounded == "why" and found.reason is None and found.unweighted is None
    assert np.isnan(
        [x.value for x in (found.of, found.flagged, found.share, found.expected, found.expected_share)]
    ).all()
    assert [x.value for x in found.bounds] == [2200.0, 2700.0, 3500.0]
    # Where all can be told, or the one that cannot is left out, nothing is partial.
    whole = headline(*four, left_out=np.array([False, False, False, True]), partial="why")
    assert whole.bounded is None and whole.flagged.value == 2200.0


def test_flagged_homes_are_split_by_where_the_market_moves() -> None:
    """Its own market; next door alone, once with a fall of its own; either, and it cannot be told which."""
    flag = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    moves = Moves(np.array([1.0, 0.0, 0.0, NAN, 1.0]), np.array([False, False, True, True, True]))
    counted = homes([100.0, 200.0, 400.0, 800.0, 1600.0], [3.0, 4.0, 3.0, 5.0, 6.0])
    split = headline(counted, flag, flag, moves=moves).split
    assert split.itself == (100.0, 3.0) and split.next_door == (600.0, 5.0)
    assert split.falling == (400.0, 3.0) and split.unplaced == (800.0, 5.0)


@pytest.fixture(scope="module")
def twelve_by_ten() -> Tracts:
    return invented.region(12, 10, seed=3)


def test_without_neighbours_the_bounds_hold_what_is_true_with_them(twelve_by_ten: Tracts) -> None:
    """The tracts that can be told say 10 %; with the neighbours it is 27 %, which no margin of the former holds."""
    known = classify(twelve_by_ten, invented.QUICK)
    blind = classify(replace(twelve_by_ten, neighbours=None), invented.QUICK)
    flag, of = blind.pressed["value"], blind.tracts.households.value
    among_told = of[flag == 1].sum() / of[np.isfinite(flag)].sum()
    for variant in VARIANTS:
        for key, one in of_typology(blind, variant).items():
            true = of_typology(known, variant)[key]
            assert one.bounded == NO_NEIGHBOURS and math.isnan(one.share.value) and math.isnan(one.expected.value)
            assert one.bounds.least.value < true.flagged.value <= one.bounds.most.value
            assert one.bounds.of.value == pytest.approx(true.of.value)
            assert true.bounded is None
    assert among_told == pytest.approx(0.102, abs=0.001)
    assert of_typology(known, "value")["households"].share.value == pytest.approx(0.266, abs=0.001)


def test_the_split_of_a_typology_is_that_of_its_markets(twelve_by_ten: Tracts) -> None:
    found = classify(twelve_by_ten, invented.QUICK)
    market, homes_of = found.markets["value"], twelve_by_ten.households.value
    pressed = found.pressed["value"] == 1
    split = of_typology(found, "value")["households"].split
    assert split.itself.value == homes_of[pressed & (market.code >= ACCELERATING)].sum() > 0
    near = pressed & (market.code == ADJACENT)
    assert split.next_door.value == homes_of[near].sum() > 0
    fell = market.conditions["change_high"].value < 0
    assert split.falling.value == homes_of[near & fell].sum() > 0
    assert split.unplaced.value == 0 and not (pressed & (market.code == UNTOLD)).any()


def test_the_chance_of_one_tract_has_no_margin() -> None:
    found = told([1000.0, 800.0], [100.0, 80.0], [1.0, 0.0], [0.8, 0.1], inside=[0.4, 0.0])
    assert found.expected_share.value == pytest.approx(0.8)
    assert math.isnan(found.expected_share.moe) and math.isnan(found.expected.moe)


def test_a_part_over_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        told(**FOUR, inside=[1.2, 1.0, 0.0, 0.0])


def test_the_margins_by_simulation() -> None:
    """Homes and classes drawn again, independently: the spread of count and share is what the margins say."""
    rng = np.random.default_rng(5)
    n, draws = 40, 60_000
    h, s, p = rng.uniform(200, 2000, n), rng.uniform(20, 90, n), rng.uniform(0, 1, n)
    found = headline(Amount(h, s), (p > 0.5).astype(np.float64), p)
    drawn = rng.normal(h, s, (draws, n))
    held = rng.random((draws, n)) < p
    count, total = (drawn * held).sum(axis=1), drawn.sum(axis=1)
    assert found.expected.value == pytest.approx(count.mean(), rel=0.005)
    assert found.expected.moe / Z90 == pytest.approx(count.std(), rel=0.01)
    assert found.expected_share.moe / Z90 == pytest.approx((count / total).std(), rel=0.01)
    flagged = drawn[:, p > 0.5].sum(axis=1)
    assert found.flagged.moe / Z90 == pytest.approx(flagged.std(), rel=0.01)
    assert found.share.moe / Z90 == pytest.approx((flagged / total).std(), rel=0.01)


@pytest.mark.parametrize("own", [False, True])
def test_a_threshold_that_all_share_moves_the_spread_by_about_a_quarter(own: bool) -> None:
    """Sixty tracts above a share: pooled from themselves, or with an error of its own of the same size."""
    rng = np.random.default_rng(1)
    n, draws, se = 60, 20_000, 0.05
    h, share = rng.integers(800, 2000, n).astype(np.float64), rng.normal(0.4, 0.08, n)
    drawn = rng.normal(share, se, (draws, n))
    threshold = drawn @ h / h.sum()
    if own:
        threshold = rng.normal(share @ h / h.sum(), np.sqrt(np.square(h * se).sum()) / h.sum(), draws)
    held = drawn > threshold[:, None]
    chance = held.mean(axis=0)
    found = headline(Amount(h, np.zeros(n)), (chance > 0.5).astype(np.float64), chance)
    ratio = (held @ h).std() / (found.expected.moe / Z90)
    assert (1.05 < ratio < 1.25) if own else (0.7 < ratio < 0.85)


@given(
    st.lists(
        st.tuples(st.floats(1, 5000), st.floats(0, 300), st.sampled_from([0.0, 1.0, NAN]), st.floats(0, 1)),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 10**6),
)
def test_the_order_of_tracts_does_not_matter_and_parts_stay_in_the_whole(
    tracts: list[tuple[float, float, float, float]], seed: int
) -> None:
    h, s, flag, p = (np.array(column) for column in zip(*tracts, strict=True))
    p = np.where(np.isnan(flag), NAN, p)
    order = np.random.default_rng(seed).permutation(len(h))
    one, other = headline(Amount(h, s), flag, p), headline(Amount(h[order], s[order]), flag[order], p[order])
    assert figures(one) == pytest.approx(figures(other), nan_ok=True)
    if one.reason is None:
        assert 0 <= one.flagged.value <= one.of.value * (1 + 1e-12)
        assert 0 <= one.expected.value <= one.of.value * (1 + 1e-12)
        assert one.of.value + one.unknown == pytest.approx(h.sum())


def figures(found: Headline) -> FloatArray:
    told = (found.of, found.flagged, found.share, found.expected, found.expected_share)
    return np.array([number for figure in told for number in figure])
