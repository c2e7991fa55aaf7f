"""Margins of a sum of a few large things that hold or do not: 1.645 standard errors are no 90 % there.

Where one tract in two may be of a class by a chance of 13 %, the share is 0 or a half, and never what a bell would put
around 6 %. So the margin is read from the distribution itself (our choice).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from justgeo.core.layer import FloatArray
from justgeo.measure.margins import Z90

TAIL = 0.05
ENOUGH = 100.0
"""From as many even chances of equal size on, the bell alone is used. Of fewer it held in 87 % of cases, not 90."""
MOST, BINS = 2**14, 2**13
"""Beyond ``MOST`` different sums they are gathered in ``BINS`` classes of equal width, each at its own mean."""
_ROUNDING = 1e-9
_FAR = 9.0
"""Standard errors beyond which a bell has nothing that a float can hold beside 1."""
_CLOSE = 1e-10


def margin(size: FloatArray, chance: FloatArray, noise: float = 0.0) -> float:
    """90 % margin of ``sum(size B)``, each B a draw of its own ``chance``, independent of the others.

    With v the sum's mean, the larger of ``q95 - v`` and ``v - q05``, and never less than 1.645 standard deviations:
    what is drawn lies within the margin of v in at least 90 % of cases. Two equal tracts of chances 0.129 and 0: v is
    6.45 % of their homes, q95 50 %, the margin 43.55 points. The distribution is added up tract by tract, exactly while
    there are no more than 16,384 different sums and in 8,192 classes beyond: nothing is drawn at random.

    Parameters
    ----------
    size : (n,) float
        Homes of each tract that lie here.
    chance : (n,) float
        0 to 1. Entries that are not finite count for nothing.
    noise : float
        Standard error of what errs besides, as a bell: the homes themselves are sampled. It blurs every lump, so that
        half of one that lies just at the margin is beyond it: to add the two in quadrature would be too little. NaN
        where it is not known, and then the margin is not either.

    Returns
    -------
    float
        In the unit of ``size``; 0 where all is certain.
    """
    doubt = chance * (1.0 - chance)
    use = np.isfinite(size) & np.isfinite(doubt) & (doubt > 0) & (size != 0)
    s, p, variance = size[use], chance[use], np.square(size[use]) * doubt[use]
    normal = Z90 * math.sqrt(float(variance.sum()) + noise**2)
    if not use.any() or math.isnan(noise) or pieces(s, p) >= ENOUGH:
        return normal
    value, weight = distribution(s, p)
    mean = float((s * p).sum())
    low, high = (_quantile(value, weight, part, noise) for part in (TAIL, 1.0 - TAIL))
    return max(normal, high - mean, mean - low)


def pieces(size: FloatArray, chance: FloatArray) -> float:
    """How many even chances of equal size would give as smooth a sum: ``4 sum(v)**2 / sum(size**2 v)``.

    v is the variance of a piece, ``size**2 chance (1 - chance)``. A few large pieces make few, and so do many of hardly
    any chance, whose sum is none or one.
    """
    square = np.square(size)
    variance = square * chance * (1.0 - chance)
    return float(4.0 * variance.sum() ** 2 / (square * variance).sum())


def distribution(size: FloatArray, chance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values that ``sum(size B)`` takes, from the smallest up, and their probabilities, (m,) each."""
    value, weight = np.zeros(1), np.ones(1)
    for at in np.argsort(size, kind="stable"):
        value = np.concatenate([value, value + size[at]])
        weight = np.concatenate([weight * (1.0 - chance[at]), weight * chance[at]])
        if value.size > MOST:
            value, weight = _gathered(value, weight)
    order = np.argsort(value, kind="stable")
    return value[order], weight[order]


def _gathered(value: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sums that lie near one another as one, at their mean."""
    low, high = float(value.min()), float(value.max())
    cell = np.minimum(((value - low) * (BINS / (high - low))).astype(np.int64), BINS - 1)
    held = np.bincount(cell, weight, minlength=BINS)
    summed = np.bincount(cell, weight * value, minlength=BINS)
    some = held > 0
    return np.asarray(summed[some] / held[some], dtype=np.float64), np.asarray(held[some], dtype=np.float64)


def _quantile(value: FloatArray, weight: FloatArray, part: float, noise: float) -> float:
    """The smallest x that ``part`` of the sums, each blurred by the noise, do not exceed; sums from the smallest up."""
    below = np.cumsum(weight)
    if not noise > 0:
        return float(value[min(int(np.searchsorted(below, part - _ROUNDING)), below.size - 1)])
    sharp = float(value[min(int(np.searchsorted(below, part)), below.size - 1)])
    far = _FAR * noise

    def lacking(x: float) -> float:
        # Sums far below x are below it however they are blurred, those far above are not.
        first, last = np.searchsorted(value, (x - far, x + far))
        near = float(weight[first:last] @ ndtr((x - value[first:last]) / noise))
        return (float(below[first - 1]) if first else 0.0) + near - part

    low, high = sharp - far, sharp + far
    if lacking(high) <= 0:  # by rounding alone
        return high
    return float(brentq(lacking, low, high, xtol=_CLOSE * far))
