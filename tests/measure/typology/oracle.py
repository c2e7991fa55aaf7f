"""Chances by formula, to hold the drawn ones against: the normal for one condition, all outcomes for several.

METHODS 2.7 and 5.4 print such chances. The product draws the survey again instead, so that conditions of one tract
hang together as their errors do; where they are independent, both have to come to the same.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from justgeo.core.layer import FloatArray


def above(x: npt.ArrayLike, se: npt.ArrayLike, limit: npt.ArrayLike, limit_se: npt.ArrayLike = 0.0) -> FloatArray:
    """P(x > limit) of two normals: ``Phi((x - limit) / sqrt(se**2 + limit_se**2))``."""
    gap = np.asarray(x, dtype=np.float64) - np.asarray(limit, dtype=np.float64)
    return np.asarray(norm.cdf(gap / np.hypot(se, limit_se)), dtype=np.float64)


def at_least(chances: FloatArray, k: int) -> FloatArray:
    """Chance (n,) that at least k of independent conditions (n, m) hold, by going through all 2**m outcomes."""
    out = np.zeros(len(chances))
    for outcome in itertools.product((0, 1), repeat=chances.shape[1]):
        if sum(outcome) >= k:
            out += [math.prod(p if held else 1.0 - p for p, held in zip(row, outcome, strict=True)) for row in chances]
    return out


def within(drawn: npt.ArrayLike, exact: npt.ArrayLike, draws: int) -> bool:
    """Whether shares of so many draws are as near to chances as draws are: four standard errors, or half a count."""
    p = np.asarray(exact, dtype=np.float64)
    room = 4.0 * np.sqrt(p * (1.0 - p) / draws) + 0.5 / draws
    return bool((np.abs(np.asarray(drawn, dtype=np.float64) - p) <= room).all())
