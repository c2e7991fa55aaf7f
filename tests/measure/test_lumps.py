"""A margin called 90 % holds in 90 % of cases, also where a few large tracts decide."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from justgeo.core.layer import FloatArray
from justgeo.measure import compare, lumps
from justgeo.measure.margins import Z90


def held(size: FloatArray, chance: FloatArray, margin: float) -> float:
    """Probability that the sum lies within the margin of its mean, by all that can happen."""
    drawn = np.array(list(itertools.product((0, 1), repeat=len(size))))
    likely = np.prod(np.where(drawn == 1, chance, 1.0 - chance), axis=1)
    near = np.abs(drawn @ size - size @ chance) <= margin + 1e-9 * size.sum()
    return float(likely[near].sum())


def test_two_equal_tracts_by_hand() -> None:
    """None or a half of the homes, the half by 12.9 %: the mean is 6.45 %, and 95 % lie at or below 50 %."""
    size, chance = np.array([0.5, 0.5]), np.array([0.129, 0.0])
    assert lumps.margin(size, chance) == pytest.approx(0.5 - 0.0645)
    assert Z90 * 0.5 * np.sqrt(0.129 * 0.871) == pytest.approx(0.2757, abs=1e-4)
    assert held(size, chance, 0.2757) == pytest.approx(0.871)
    assert held(size, chance, 0.5 - 0.0645) == 1


def test_two_tracts_of_which_one_may_be_are_not_called_lower_than_their_county() -> None:
    """None or a half against 42 %: a half is higher, and comes by 12.9 %. A test by the bell called it lower."""
    county, part = (0.4186, 0.0632), 2013 / 36_000
    margins = (Z90 * 0.5 * np.sqrt(0.129 * 0.871), lumps.margin(np.array([0.5, 0.5]), np.array([0.129, 0.0])))
    bell, right = (compare.overlap_difference(0.0645, moe, 0.0, *county, part) for moe in margins)
    assert compare.verdict(bell.diff, bell.moe) == "lower" and bell.p < 0.05
    assert compare.verdict(right.diff, right.moe) == "not distinguishable" and right.p > 0.129


def test_where_the_rare_side_is_rarer_than_the_tail_the_bell_stays() -> None:
    """One tract by 4 %: 95 % of the draws are 0, which lies nearer than 1.645 standard deviations."""
    assert lumps.margin(np.array([100.0]), np.array([0.04])) == pytest.approx(Z90 * 100 * np.sqrt(0.04 * 0.96))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_what_is_certain_has_no_margin(p: float) -> None:
    assert lumps.margin(np.array([100.0, 50.0]), np.array([p, p])) == 0
    assert lumps.margin(np.array([]), np.array([])) == 0
    assert lumps.margin(np.array([np.nan, 10.0]), np.array([0.5, np.nan])) == 0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 1000), st.floats(0, 1)), min_size=1, max_size=10))
def test_it_holds_in_nine_of_ten_cases(tracts: list[tuple[float, float]]) -> None:
    size, chance = (np.array(column) for column in zip(*tracts, strict=True))
    found = lumps.margin(size, chance)
    assert held(size, chance, found) >= 0.9 - 1e-8
    assert found >= Z90 * np.sqrt(np.square(size) @ (chance * (1 - chance))) - 1e-9
    assert found <= size.sum() * (1 + 1e-9)


def test_it_holds_where_the_homes_are_sampled_too() -> None:
    """A lump at the margin is blurred: with the two parts in quadrature, 88.6 % of the first case would lie within."""
    rng = np.random.default_rng(2)
    cases = [(np.array([250.0, 250.0]), np.array([0.2, 0.97]))]
    cases += [(rng.lognormal(7, 1, n), rng.beta(0.4, 0.4, n)) for n in (2, 3, 5, 8, 30)]
    for size, chance in cases:
        noise = 0.05 * float(np.sqrt(np.square(size) @ chance))
        found = lumps.margin(size, chance, noise)
        drawn = (rng.random((100_000, len(size))) < chance) @ size + rng.normal(0, noise, 100_000)
        assert np.mean(np.abs(drawn - size @ chance) <= found) >= 0.898
        assert found >= Z90 * np.sqrt(np.square(size) @ (chance * (1 - chance)) + noise**2) * (1 - 1e-9)
    assert lumps.margin(np.array([10.0]), np.array([1.0]), 2.0) == pytest.approx(Z90 * 2)
    assert np.isnan(lumps.margin(np.array([10.0]), np.array([0.5]), float("nan")))


def test_the_bell_alone_would_not() -> None:
    rng = np.random.default_rng(1)
    share = []
    for _ in range(60):
        size, chance = rng.lognormal(7, 1, 6), rng.beta(0.4, 0.4, 6)
        share.append(held(size, chance, float(Z90 * np.sqrt(np.square(size) @ (chance * (1 - chance))))))
    assert min(share) < 0.85


@pytest.mark.parametrize(("n", "p"), [(20, 0.5), (36, 0.5), (60, 0.03), (100, 0.002), (300, 0.05)])
def test_equal_tracts_are_a_binomial(n: int, p: float) -> None:
    """Also where there are too many sums to tell them apart."""
    found = lumps.margin(np.ones(n), np.full(n, p))
    k = np.arange(n + 1)
    assert binom.pmf(k, n, p)[np.abs(k - n * p) <= found + 1e-6].sum() >= 0.9 - 1e-6
    wide = max(binom.ppf(0.95, n, p) - n * p, n * p - binom.ppf(0.05, n, p), Z90 * np.sqrt(n * p * (1 - p)))
    assert found == pytest.approx(wide, abs=n / lumps.BINS)


def test_classes_of_sums_give_what_draws_give() -> None:
    rng = np.random.default_rng(3)
    size, chance = rng.lognormal(7, 0.6, 60), rng.beta(0.3, 0.6, 60)
    drawn = (rng.random((200_000, 60)) < chance) @ size
    mean = float(size @ chance)
    by_draws = max(np.quantile(drawn, 0.95) - mean, mean - np.quantile(drawn, 0.05))
    assert lumps.pieces(size, chance) < lumps.ENOUGH
    assert lumps.margin(size, chance) >= by_draws * 0.99
    value, weight = lumps.distribution(size, chance)
    assert weight.sum() == pytest.approx(1) and value @ weight == pytest.approx(mean)
    assert (np.diff(value) >= 0).all() and value.size <= lumps.MOST
    spread = Z90 * np.sqrt(np.square(value - mean) @ weight)
    assert spread == pytest.approx(Z90 * np.sqrt(np.square(size) @ (chance * (1 - chance))), rel=1e-4)


def test_pieces_are_even_chances_of_equal_size() -> None:
    assert lumps.pieces(np.ones(30), np.full(30, 0.5)) == pytest.approx(30)
    assert lumps.pieces(np.array([1e6, *np.ones(30)]), np.full(31, 0.5)) == pytest.approx(1, abs=1e-3)
    assert lumps.pieces(np.ones(100), np.full(100, 0.002)) < 1  # none or one of them


def test_of_many_the_bell_alone_is_used_and_holds() -> None:
    rng = np.random.default_rng(5)
    size, chance = rng.lognormal(7, 0.4, 300), rng.beta(0.8, 0.8, 300)
    bell = Z90 * np.sqrt(np.square(size) @ (chance * (1 - chance)))
    assert lumps.pieces(size, chance) >= lumps.ENOUGH and lumps.margin(size, chance) == pytest.approx(bell, rel=1e-12)
    drawn = (rng.random((40_000, 300)) < chance) @ size
    assert np.mean(np.abs(drawn - size @ chance) <= bell) >= 0.895


def test_the_same_bytes_for_the_same_tracts() -> None:
    rng = np.random.default_rng(9)
    size, chance = rng.lognormal(7, 0.6, 40), rng.beta(0.5, 0.5, 40)
    assert lumps.margin(size, chance).hex() == lumps.margin(size.copy(), chance.copy()).hex()


@pytest.mark.parametrize("part", [0.05, 0.95])
@pytest.mark.parametrize("blur", [1e-4, 0.05, 0.5, 20.0])
def test_a_blurred_quantile_is_where_bells_add_up_to_the_part(part: float, blur: float) -> None:
    """By halving alone, with every bell looked at: slow, and nothing in common with how it is found."""
    rng = np.random.default_rng(4)
    for n in (1, 2, 7, 13):
        size = rng.lognormal(7, 1, n)
        value, weight = lumps.distribution(size, rng.beta(0.5, 0.5, n))
        noise = blur * float(size.mean())
        low, high = value[0] - 10 * noise, value[-1] + 10 * noise
        for _ in range(80):
            middle = (low + high) / 2
            enough = weight @ norm.cdf((middle - value) / noise) >= part
            low, high = (low, middle) if enough else (middle, high)
        assert lumps._quantile(value, weight, part, noise) == pytest.approx(high, abs=1e-7 * noise)
