"""Segregation of a region, and how far one place's people differ from those of the region (METHODS 7.9).

Indices of evenness and exposure speak of a region made of many small areas; inside one small district they say little.
What a district has is its divergence: how far its make-up is from the region's.

All functions take counts with the small areas on the axis before the last (or on the last, where there is one group),
so that many versions of one region can be computed at once.

References
----------
Massey and Denton (1988), *The Dimensions of Residential Segregation*, Social Forces 67. Reardon and Firebaugh (2002),
*Measures of Multigroup Segregation*, Sociological Methodology 32. U.S. Census Bureau, *Racial and Ethnic Residential
Segregation in the United States: 1980-2000*, https://www.census.gov/hhes/www/housing/housing_patterns/ch2.html
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from justgeo.core.layer import FloatArray
from justgeo.measure.margins import Z90

DRAWS = 200
SEED = 2020

Floats = npt.ArrayLike
Index = Callable[[FloatArray], FloatArray]


def dissimilarity(x: Floats, y: Floats) -> FloatArray:
    """Index of dissimilarity: ``sum |x_i / X - y_i / Y| / 2``.

    The share of either group that would have to move for both to be spread alike: 0 where they are, 1 where no area
    holds both.

    Parameters
    ----------
    x, y : (..., n) array_like
        People of each group in n areas.

    Returns
    -------
    (...) float
        NaN where a group has nobody.
    """
    a, b = _floats(x), _floats(y)
    apart = np.abs(_over(a, a.sum(axis=-1, keepdims=True)) - _over(b, b.sum(axis=-1, keepdims=True)))
    return np.asarray(apart.sum(axis=-1) / 2.0, dtype=np.float64)


def isolation(x: Floats, total: Floats) -> FloatArray:
    """Isolation ``xPx = sum (x_i / X) (x_i / t_i)``: the group's share of the people around its average member.

    Parameters
    ----------
    x, total : (..., n) array_like
        People of the group, and all people, in n areas.
    """
    return interaction(x, x, total)


def interaction(x: Floats, y: Floats, total: Floats) -> FloatArray:
    """Interaction ``xPy = sum (x_i / X) (y_i / t_i)``: group y's share of the people around x's average member."""
    a, b, t = _floats(x), _floats(y), _floats(total)
    share = np.where(t > 0, _over(b, t), 0.0)
    return np.asarray((_over(a, a.sum(axis=-1, keepdims=True)) * share).sum(axis=-1), dtype=np.float64)


def correlation_ratio(x: Floats, total: Floats) -> FloatArray:
    """``eta2 = (xPx - P) / (1 - P)``: isolation beyond what the group's share P of all people would give anyhow."""
    a, t = _floats(x), _floats(total)
    p = _over(a.sum(axis=-1), t.sum(axis=-1))
    return _over(isolation(a, t) - p, 1.0 - p)


def information(counts: Floats) -> FloatArray:
    """Theil's information index ``H = sum t_i (E - E_i) / (E T)`` over any number of groups.

    Parameters
    ----------
    counts : (..., n, g) array_like
        People of g groups in n areas.

    Returns
    -------
    (...) float
        0 where every area has the make-up of the whole, 1 where each holds one group only; NaN where there is but one
        group, which cannot be apart from another.
    """
    c = _floats(counts)
    of_area, of_all = c.sum(axis=-1), c.sum(axis=-2)
    within = (of_area * entropy(c)).sum(axis=-1)
    return 1.0 - _over(within, of_all.sum(axis=-1) * entropy(of_all))


def entropy(counts: Floats) -> FloatArray:
    """Entropy ``-sum p ln p`` of groups, (..., g) to (...); 0 where there is nobody."""
    c = _floats(counts)
    p = np.where(c > 0, np.nan_to_num(_over(c, c.sum(axis=-1, keepdims=True)), nan=0.0), 0.0)
    return np.asarray(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1), dtype=np.float64)


def diversity(counts: Floats) -> FloatArray:
    """``1 - sum p**2``: the chance that two people met at random are of two groups; (..., g) to (...)."""
    c = _floats(counts)
    return np.asarray(1.0 - np.square(_over(c, c.sum(axis=-1, keepdims=True))).sum(axis=-1), dtype=np.float64)


def evenness(counts: Floats) -> FloatArray:
    """Entropy over that of groups alike in size, ``-sum p ln p / ln g``; (..., g) to (...), NaN where nobody lives."""
    c = _floats(counts)
    return np.asarray(np.where(c.sum(axis=-1) > 0, entropy(c) / np.log(c.shape[-1]), np.nan), dtype=np.float64)


def divergence(here: Floats, whole: Floats) -> FloatArray:
    """Kullback-Leibler divergence ``sum p ln(p / q)`` of a place's make-up p from the whole's make-up q.

    Parameters
    ----------
    here : (..., g) array_like
        People of g groups in each place.
    whole : (g,) array_like
        The same for what they are compared with.

    Returns
    -------
    (...) float
        0 where both are alike; ``inf`` where a place has a group that the whole has not; NaN where nobody lives.
    """
    c, w = _floats(here), _floats(whole)
    p, q = _over(c, c.sum(axis=-1, keepdims=True)), _over(w, w.sum(keepdims=True))
    some = p > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(some, p * np.log(p / q), np.where(np.isnan(p), np.nan, 0.0))
    # Two make-ups that are alike may come out as -1e-17.
    return np.asarray(np.maximum(terms.sum(axis=-1), 0.0), dtype=np.float64)


def noise_margin(index: Index, counts: FloatArray, sd: FloatArray, draws: int = DRAWS) -> FloatArray:
    """How far noise in the counts moves an index: 90 % margin, the shift that noise itself brings included.

    The index is computed anew with so many sets of noise added to every count (never below 0); the margin is 1.645
    times the root of the mean squared distance from the index of the counts as they stand. Evenness is never lost but
    by noise, so the indices move up on the whole; that is in it.

    Parameters
    ----------
    index : callable
        From counts of the given shape to the index.
    counts : (n, g) float
        People of g groups in n areas.
    sd : (n,) float
        Standard deviation of the noise in each count of each area.
    draws : int
        With a seed of its own: the same counts have the same margin.
    """
    base = index(counts)
    if not np.any(np.asarray(sd) > 0):
        return np.where(np.isfinite(base), 0.0, np.nan)
    # Each area draws its noise by its rank among the counts, not by where it stands: order does not matter.
    rank = np.argsort(np.lexsort((sd, *counts.T)))
    rng = np.random.default_rng(SEED)
    squared = np.zeros(np.shape(base))
    for _ in range(draws):
        noise = rng.normal(0.0, 1.0, counts.shape)[rank] * np.asarray(sd)[:, None]
        squared = squared + np.square(index(np.maximum(counts + noise, 0.0)) - base)
    return np.asarray(Z90 * np.sqrt(squared / draws), dtype=np.float64)


def sampling_margin(index: Index, counts: FloatArray, sd: FloatArray, pairs: int = DRAWS) -> FloatArray:
    """How far sampling error in the counts moves an index: 90 % margin, the shift that it brings on the whole included.

    1.645 times the root of the mean squared distance of the index of drawn counts (never below 0) from that of the
    counts as they stand. Where all groups are alike in size the index has no slope, so that the delta method would say
    that nothing moves it. All places get the same draws, in pairs of both signs: one's margin depends on no other's.

    Parameters
    ----------
    index : callable
        From counts (n, g) to the index (n,).
    counts, sd : (n, g) float
        Sampled (or noisy) counts of g groups in n places, and their standard errors, independent of one another;
        (n, 1) where those of a place are one.

    Returns
    -------
    (n,) float
        NaN where a count or its error is not known.
    """
    base = index(counts)
    rng = np.random.default_rng(SEED)
    squared = np.zeros(np.shape(base))
    for draw in rng.normal(0.0, 1.0, (pairs, counts.shape[-1])):
        for sign in (1.0, -1.0):
            squared = squared + np.square(index(np.maximum(counts + sign * draw * sd, 0.0)) - base)
    return np.asarray(Z90 * np.sqrt(squared / (2 * pairs)), dtype=np.float64)


def _floats(values: Floats) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient; NaN where the divisor is not positive."""
    a, b = np.broadcast_arrays(above, below)
    return np.asarray(np.divide(a, b, out=np.full(a.shape, np.nan), where=b > 0), dtype=np.float64)
