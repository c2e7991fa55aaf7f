"""Comparisons: a district against its reference, many at a time; how sure a chance is called.

Standard errors are 90 % margins over 1.645. Tests are two-sided at 90 %, as the Bureau does them.

References
----------
U.S. Census Bureau (2018, rev. 2020), *Understanding and Using ACS Data*, chapter 7. Benjamini and Hochberg (1995),
*Controlling the False Discovery Rate*, Journal of the Royal Statistical Society B 57.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from justgeo.core.errors import LayerError
from justgeo.core.layer import FloatArray
from justgeo.measure.margins import Z90, Floats, StrArray, as_floats

FIRM, LIKELY = 0.90, 0.70
"""Probabilities from which a class is called firm, and likely."""


class Difference(NamedTuple):
    """District less reference.

    ``diff`` and its 90 % margin ``moe`` have the unit of the values; ``p`` is two-sided. ``z`` and ``p`` are NaN where
    there is no sampling error to test against.
    """

    diff: FloatArray
    moe: FloatArray
    z: FloatArray
    p: FloatArray


def overlap_difference(
    value_d: Floats, moe_d_sampling: Floats, app_d: Floats, value_r: Floats, moe_r: Floats, w: Floats
) -> Difference:
    """District less reference, with what they share taken out of the standard error.

    The district is a part of the reference, so the two are not independent. With w the district's share of the
    reference's universe, ``SE**2 = max(Var_R + (1 - 2 w) Var_D, (1 - w)**2 Var_D)``: the standard error of (1 - w)
    times the difference between the district and the rest of the reference, whose variance cannot be negative. The
    apportionment part of the district's margin is added in full.

    Parameters
    ----------
    value_d, value_r : array_like
        District and reference, arrays that broadcast.
    moe_d_sampling, app_d : array_like
        90 % margin of the district from sampling, and from the division of units that its boundary cuts.
    moe_r : array_like
        90 % margin of the reference.
    w : array_like
        0 to 1; 0 for two places that share nothing, which gives the Bureau's own test, and for medians, whose overlap
        is ignored (conservative).

    Raises
    ------
    LayerError
        w outside 0 to 1.
    """
    d, md, app, r, mr, share = as_floats(value_d, moe_d_sampling, app_d, value_r, moe_r, w)
    outside = (share < 0) | (share > 1 + 1e-9)
    if outside.any():
        raise LayerError(
            f"The district holds {share[outside].flat[0]:.6g} of the reference's universe.",
            remedy="Choose a reference area that contains the district, or one that lies apart from it.",
        )
    var_d, var_r = np.square(md / Z90), np.square(mr / Z90)
    variance = np.maximum(var_r + (1.0 - 2.0 * share) * var_d, np.square(1.0 - share) * var_d) + np.square(app / Z90)
    diff, se = d - r, np.sqrt(variance)
    z = np.divide(diff, se, out=np.full(diff.shape, np.nan), where=se > 0)
    return Difference(diff, Z90 * se, z, np.asarray(2.0 * ndtr(-np.abs(z)), dtype=np.float64))


def apart(first: Difference, second: Difference, factor: float = 1.0) -> Difference:
    """``factor`` times one difference less another one that is independent of it."""
    diff, se = first.diff - second.diff, np.hypot(first.moe, second.moe) / Z90
    z = np.divide(diff, se, out=np.full(diff.shape, np.nan), where=se > 0)
    p = np.asarray(2.0 * ndtr(-np.abs(z)), dtype=np.float64)
    return Difference(factor * diff, factor * Z90 * se, z, p)


def verdict(diff: Floats, moe: Floats) -> StrArray:
    """``higher``, ``lower`` or ``not distinguishable`` at 90 %: is the difference larger than its margin?

    Where the margin is 0 (nothing is sampled) it is the plain sign; ``unknown`` where the difference or its margin is
    NaN.
    """
    d, m = as_floats(diff, moe)
    tests = [np.isnan(d) | np.isnan(m), d > m, d < -m]
    return np.asarray(np.select(tests, ["unknown", "higher", "lower"], "not distinguishable"), dtype=np.str_)


def benjamini_hochberg(p: Floats) -> FloatArray:
    """q-values: the false discovery rate at which each of a family of tests would be called significant.

    Parameters
    ----------
    p : (n,) array_like
        NaN for what was not tested; it stays NaN and does not count.
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"p-values are to be of shape (n,), not {values.shape}")
    if (values < 0).any() or (values > 1).any():
        raise ValueError("p-values are to lie between 0 and 1")
    out = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    scaled = values[order] * order.size / np.arange(1, order.size + 1)
    # from the largest down: no q may exceed that of a larger p
    out[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return out


def label(probability: npt.ArrayLike) -> StrArray:
    """``firm`` (0.90 or more), ``likely`` (0.70 or more), ``uncertain``; ``unknown`` for NaN."""
    chance = np.asarray(probability, dtype=np.float64)
    tests = [np.isnan(chance), chance >= FIRM, chance >= LIKELY]
    return np.asarray(np.select(tests, ["unknown", "firm", "likely"], "uncertain"), dtype=np.str_)
