"""Apportionment error: what is not known because a boundary cuts a published unit.

Dividing a block group's poor households by all its households takes the two to be spread alike. They are not, and
the propagated sampling margins know nothing of it. The variance of a share p over a zone is (METHODS 2.0 item 1)

``sum over cut units of (w Y_u / Y_D)**2 (1 - w) / w [c S**2 + g p_u (1 - p_u) / Y_u]``

with Y the universe, S**2 the variance of p between the units of the reference, weighted by Y and without its sampling
part, c the part of it that is found again within a unit, and g the size of the clusters in which people move.
"""

from __future__ import annotations

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.column import quotient
from justgeo.measure.covering import WHOLE
from justgeo.measure.fractions import Matrix
from justgeo.measure.margins import Z90

MIN_UNIVERSE = 50.0
"""A unit of fewer people or homes says nothing of how shares differ: most of its share is chance."""


def between_variance(share: FloatArray, moe: FloatArray, universe: FloatArray, inside: BoolArray) -> float:
    """Variance of a share between units, weighted by their universe, without what is only sampling error.

    ``sum(v (p - m)**2) / (1 - sum(v**2)) - sum(v se**2)`` with ``v = Y / sum(Y)`` and m the weighted mean. Unweighted,
    a few tiny tracts would rule it, with shares near 0 or 1 and margins that do not hold.

    Parameters
    ----------
    share, moe : (n,) float
        Shares of the units with 90 % margins; NaN where there are none.
    universe : (n,) float
        People or homes that the shares are of; units of fewer than 50 are left out.
    inside : (n,) bool
        Units of the reference.

    Returns
    -------
    float
        0 or more; 0 with fewer than two units. A unit without margin leaves its whole variance in.
    """
    use = inside & np.isfinite(share) & (np.nan_to_num(universe, nan=0.0) >= MIN_UNIVERSE)
    if use.sum() < 2:
        return 0.0
    part = universe[use] / universe[use].sum()
    between = part @ np.square(share[use] - part @ share[use]) / (1.0 - part @ part)
    sampling = part @ np.square(np.nan_to_num(moe[use], nan=0.0) / Z90)
    return max(float(between - sampling), 0.0)


def share_error(
    matrix: Matrix, share: FloatArray, universe: FloatArray, *, between: float, c: float, cluster: float
) -> FloatArray:
    """90 % margin of a zone's share that comes from cutting units.

    Parameters
    ----------
    matrix : csr_array (Z, n)
        Weights of the units that stand for each zone.
    share, universe : (n,) float
        ``p_u`` and ``Y_u``; units of an empty universe add nothing.
    between : float
        S**2, see `between_variance`.
    c, cluster : float

    Returns
    -------
    (Z,) float
        In the unit of the share; 0 for a zone that cuts nothing, NaN where its universe is 0.
    """
    y = np.nan_to_num(universe, nan=0.0)
    peopled = (y > 0) & np.isfinite(share)
    p = np.where(peopled, share, 0.0)
    # A ratio may exceed 1, and then has no binomial part.
    binomial = np.clip(p * (1.0 - p), 0.0, None)
    unit_variance = np.where(peopled, np.square(y) * c * between + cluster * binomial * y, 0.0)
    cut = matrix.copy()
    # (w Y)**2 (1 - w) / w = w (1 - w) Y**2; what counts as whole is not cut.
    cut.data = np.where(cut.data < WHOLE, cut.data * (1.0 - cut.data), 0.0)
    spread = Z90 * np.sqrt(np.asarray(cut @ unit_variance, dtype=np.float64))
    return quotient(spread, np.asarray(matrix @ y, dtype=np.float64))
