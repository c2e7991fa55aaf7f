"""Segregation: the printed examples, the two ends of every scale, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from justgeo.measure import segregation as s

# METHODS 7.9: four areas of 100 people each, 90, 40, 20 and 10 of one group.
X = np.array([90.0, 40.0, 20.0, 10.0])
Y = 100.0 - X
BOTH = np.stack([X, Y], axis=1)
TOTAL = X + Y


def test_the_printed_examples() -> None:
    assert s.dissimilarity(X, Y) == pytest.approx(0.5208, abs=5e-5)
    assert s.isolation(X, TOTAL) == pytest.approx(0.6375)
    assert s.interaction(X, Y, TOTAL) == pytest.approx(0.3625)
    assert s.correlation_ratio(X, TOTAL) == pytest.approx(0.3958, abs=5e-5)
    assert s.information(BOTH) == pytest.approx(0.3226, abs=5e-5)
    assert s.divergence([60, 40], [40, 60]) == pytest.approx(0.0811, abs=5e-5)
    assert s.diversity([45, 25, 20, 10]) == pytest.approx(0.685)
    assert s.entropy([45, 25, 20, 10]) / np.log(4) == pytest.approx(0.9075, abs=5e-5)


def test_everybody_alike_and_everybody_apart() -> None:
    alike = np.outer([1.0, 2.0, 5.0], [30.0, 60.0, 10.0])
    assert s.dissimilarity(alike[:, 0], alike[:, 1]) == pytest.approx(0, abs=1e-15)
    assert s.information(alike) == pytest.approx(0, abs=1e-12)
    assert s.correlation_ratio(alike[:, 0], alike.sum(axis=1)) == pytest.approx(0, abs=1e-12)
    assert_allclose(s.divergence(alike, alike.sum(axis=0)), 0, atol=1e-12)
    apart = np.diag([100.0, 50.0, 10.0])
    assert s.dissimilarity(apart[:, 0], apart[:, 1]) == pytest.approx(1)
    assert s.information(apart) == pytest.approx(1)
    assert s.isolation(apart[:, 0], apart.sum(axis=1)) == pytest.approx(1)
    assert s.correlation_ratio(apart[:, 0], apart.sum(axis=1)) == pytest.approx(1)


def test_what_cannot_be_said_is_nan_and_never_zero() -> None:
    assert np.isnan(s.dissimilarity([0, 0], [5, 5]))
    assert np.isnan(s.isolation([0, 0], [5, 5]))
    assert np.isnan(s.information([[5.0, 0.0], [9.0, 0.0]]))  # one group is apart from nobody
    assert np.isnan(s.divergence([0.0, 0.0], [5.0, 5.0]))
    assert s.divergence([1.0, 1.0], [5.0, 0.0]) == np.inf
    assert np.isnan(s.correlation_ratio([5.0, 5.0], [5.0, 5.0]))  # nobody else


def test_an_empty_area_changes_nothing() -> None:
    more = np.vstack([BOTH, np.zeros((2, 2))])
    assert s.dissimilarity(more[:, 0], more[:, 1]) == pytest.approx(s.dissimilarity(X, Y))
    assert s.isolation(more[:, 0], more.sum(axis=1)) == pytest.approx(s.isolation(X, TOTAL))
    assert s.information(more) == pytest.approx(s.information(BOTH))


def test_many_regions_at_once_are_each_by_itself() -> None:
    three = np.stack([BOTH, BOTH[::-1] * 2, np.roll(BOTH, 1, axis=1)])
    assert_allclose(s.information(three), [s.information(one) for one in three])
    assert_allclose(s.dissimilarity(three[..., 0], three[..., 1]), [s.dissimilarity(X, Y)] * 3)


counts = st.lists(st.tuples(*[st.integers(0, 500)] * 3), min_size=2, max_size=8).filter(
    lambda rows: all(sum(row[k] for row in rows) > 0 for k in range(3))
)


@given(counts, st.randoms(use_true_random=False), st.integers(2, 9))
def test_bounds_order_and_scale(rows: list[tuple[int, int, int]], chance: object, times: int) -> None:
    c = np.array(rows, dtype=np.float64)
    mixed = c[np.random.default_rng(chance.randrange(2**32)).permutation(len(c))]  # type: ignore[attr-defined]
    total = c.sum(axis=1)
    for index in (
        lambda a: s.dissimilarity(a[:, 0], a[:, 1]),
        lambda a: s.isolation(a[:, 0], a.sum(axis=1)),
        s.information,
    ):
        found = float(index(c))
        assert -1e-12 <= found <= 1 + 1e-12
        assert index(mixed) == pytest.approx(found, abs=1e-12)
        assert index(times * c) == pytest.approx(found, abs=1e-12)
    assert s.dissimilarity(c[:, 1], c[:, 0]) == pytest.approx(float(s.dissimilarity(c[:, 0], c[:, 1])), abs=1e-12)
    around = [float(s.interaction(c[:, 0], c[:, k], total)) for k in range(3)]
    assert sum(around) == pytest.approx(1)  # around the average member of a group live all groups together
    assert (s.divergence(c[total > 0], c.sum(axis=0)) >= 0).all()
    # A group split in two of like make-up everywhere leaves the divergence as it is.
    halves = np.column_stack([c[:, 0] / 2, c[:, 0] / 2, c[:, 1:]])
    assert_allclose(
        s.divergence(halves[total > 0], halves.sum(axis=0)), s.divergence(c[total > 0], c.sum(axis=0)), atol=1e-12
    )


@given(counts)
def test_information_is_the_mean_divergence_of_the_areas_over_the_entropy(rows: list[tuple[int, int, int]]) -> None:
    c = np.array(rows, dtype=np.float64)
    of_area = c.sum(axis=1)
    lived = of_area > 0
    mean = (of_area[lived] * s.divergence(c[lived], c.sum(axis=0))).sum() / c.sum()
    assert s.information(c) == pytest.approx(mean / s.entropy(c.sum(axis=0)), abs=1e-9)


def test_merging_areas_never_makes_it_less_even() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        c = rng.integers(0, 300, (6, 3)).astype(float)
        pairs = c.reshape(3, 2, 3).sum(axis=1)
        assert s.information(pairs) <= s.information(c) + 1e-12
        assert s.dissimilarity(pairs[:, 0], pairs[:, 1]) <= s.dissimilarity(c[:, 0], c[:, 1]) + 1e-12


def dissimilar(c: np.ndarray) -> np.ndarray:
    return s.dissimilarity(c[..., 0], c[..., 1])


def test_without_noise_there_is_no_margin_and_with_it_always_the_same() -> None:
    assert s.noise_margin(dissimilar, BOTH, np.zeros(4)) == 0
    one, two = (s.noise_margin(dissimilar, BOTH, np.full(4, 3.0)) for _ in range(2))
    assert one == two > 0
    assert s.noise_margin(dissimilar, BOTH, np.full(4, 6.0)) > one


def test_noise_takes_no_count_below_0() -> None:
    """Of an empty place half of the draws are 0: the root of the mean square is that of the noise over that of 2."""
    found = s.noise_margin(lambda c: c[0, 0], np.zeros((1, 1)), np.array([0.001]), draws=4000)
    assert float(found) == pytest.approx(1.645 * 0.001 / np.sqrt(2), rel=0.06)


def test_the_order_of_the_areas_does_not_matter_to_their_noise() -> None:
    c, sd = np.random.default_rng(2).integers(1, 300, (30, 4)).astype(float), np.linspace(3, 20, 30)
    order = np.random.default_rng(3).permutation(30)
    assert s.noise_margin(s.information, c[order], sd[order]) == pytest.approx(
        float(s.noise_margin(s.information, c, sd))
    )

    def apart(some: np.ndarray) -> np.ndarray:
        return s.divergence(some, c.sum(axis=0))

    assert_allclose(s.noise_margin(apart, c[order], sd[order]), s.noise_margin(apart, c, sd)[order])


def test_the_noise_margin_is_that_of_the_delta_method_where_nothing_is_near_zero() -> None:
    """D of large, uneven counts is nearly linear: ``dD/dx_i = (s_i - sum s_j x_j / X) / (2 X)``."""
    c = 100 * np.column_stack([[700.0, 500.0, 200.0], [100.0, 400.0, 900.0]])
    sign = np.sign(c[:, 0] / c[:, 0].sum() - c[:, 1] / c[:, 1].sum())
    slope = [(sign - (sign * c[:, k]).sum() / c[:, k].sum()) / (2 * c[:, k].sum()) for k in (0, 1)]
    expected = 1.645 * 3.0 * np.sqrt(np.square(slope).sum())
    assert s.noise_margin(dissimilar, c, np.full(3, 3.0), draws=2000) == pytest.approx(expected, rel=0.06)


def test_the_shift_that_noise_brings_is_in_the_margin() -> None:
    """Groups spread alike can only look less so."""
    even = np.full((50, 2), 100.0)
    noisy = np.random.default_rng(1).normal(0, 5, (400, 50, 2)) + even
    moved = float(dissimilar(noisy).mean())
    assert s.noise_margin(dissimilar, even, np.full(50, 5.0)) >= 1.6 * moved
