"""The headline: homes in flagged tracts, by hand, by simulation, and where something is missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.layer import FloatArray
from justgeo.measure.margins import Z90
from justgeo.measure.typology.headline import NOBODY, Headline, headline
from justgeo.measure.typology.values import Amount

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
    """900 + 160 + 720 = 1780; its variance sum(H**2 P (1 - P) + s**2 P), s the margin over 1.645."""
    found = told(**FOUR)
    variance = (
        1000**2 * 0.09 + (100 / Z90) ** 2 * 0.9 + 800**2 * 0.16 + (80 / Z90) ** 2 * 0.2 + 1200**2 * 0.24
        + (90 / Z90) ** 2 * 0.6
    )  # fmt: skip
    assert variance == pytest.approx(90_000 + 3325.91 + 102_400 + 473.02 + 345_600 + 1795.99, abs=0.1)
    assert found.expected == pytest.approx((1780.0, Z90 * math.sqrt(variance)), abs=1e-6)
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
