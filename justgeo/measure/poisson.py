"""Rare events that are all counted: between which rates chance alone could have brought their number about.

References
----------
Garwood (1936), *Fiducial Limits for the Poisson Distribution*, Biometrika 28; as in NIST/SEMATECH, *e-Handbook of
Statistical Methods*, https://www.itl.nist.gov/div898/handbook/.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from justgeo.core.layer import FloatArray

LEVEL = 0.90
"""Of every interval of the product."""


def limits(count: npt.ArrayLike, level: float = LEVEL) -> tuple[FloatArray, FloatArray]:
    """Exact limits of the mean of a Poisson count: lower and upper, of the shape of ``count``.

    Parameters
    ----------
    count : array_like
        0 or more. Halves are taken too, where an event counts half: the limits go on smoothly between whole numbers.
    level : float
        Chance that the limits hold the mean, at least.

    Returns
    -------
    tuple of ndarray
        The lower one is 0 where nothing happened; NaN where the count is not known.
    """
    n, tail = np.asarray(count, dtype=np.float64), (1.0 - level) / 2.0
    some = n > 0
    low = np.where(some, gammaincinv(np.where(some, n, 1.0), tail), np.where(np.isnan(n), np.nan, 0.0))
    high = gammaincinv(n + 1.0, 1.0 - tail)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
