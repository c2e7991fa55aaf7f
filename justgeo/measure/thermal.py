"""Surface temperature from Landsat Collection 2 Level 2: digital numbers to degrees, clear pixels, their median.

It is the temperature of roofs, streets and leaves as the satellite sees them at about half past ten in the morning, not
that of the air.

References
----------
U.S. Geological Survey, *Landsat 8-9 Collection 2 Level 2 Science Product Guide*: scale and offset of ST_B10, bits of
QA_PIXEL.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from justgeo.core.layer import BoolArray, FloatArray, IntArray

SCALE, OFFSET = 0.00341802, 149.0
"""Kelvin = DN * SCALE + OFFSET."""
ZERO_CELSIUS = 273.15
FILL = 0
CLOUDED = 0b11_1111
"""Bits of QA_PIXEL any of which rules a pixel out: fill, dilated cloud, cirrus, cloud, cloud shadow, snow."""
LEAST = 5
"""Clear observations below which a pixel says nothing of its summers (METHODS 7.12)."""

Numbers = npt.NDArray[np.integer]


def celsius(numbers: Numbers) -> FloatArray:
    """Degrees Celsius of digital numbers; NaN where there is none (0).

    Parameters
    ----------
    numbers : int array
        ST_B10 as it is in the file.

    Returns
    -------
    float array of the same shape
        44000 gives 26.24, 46500 gives 34.79.
    """
    degrees = np.asarray(numbers, dtype=np.float64) * SCALE + (OFFSET - ZERO_CELSIUS)
    return np.where(np.asarray(numbers) == FILL, np.nan, degrees)


def clear(quality: Numbers) -> BoolArray:
    """Whether each pixel of QA_PIXEL was seen without cloud, shadow or snow."""
    return np.asarray((np.asarray(quality).astype(np.int64) & CLOUDED) == 0, dtype=np.bool_)


def observed(numbers: Numbers, quality: Numbers) -> FloatArray:
    """Degrees Celsius where the ground was seen, NaN elsewhere.

    Parameters
    ----------
    numbers, quality : int arrays of one shape
    """
    return np.where(clear(quality), celsius(numbers), np.nan)


def first_seen(scenes: FloatArray) -> FloatArray:
    """One overpass from its scenes, (n, rows, cols) to (rows, cols): they overlap, and a pixel is seen once only."""
    found: FloatArray = scenes[0].copy()
    for scene in scenes[1:]:
        unseen = np.isnan(found)
        found[unseen] = scene[unseen]
    return found


def median(overpasses: FloatArray, least: int = LEAST) -> tuple[FloatArray, IntArray]:
    """Median of each pixel over the overpasses that saw it.

    Parameters
    ----------
    overpasses : (n, rows, cols) float
        NaN where the ground was not seen.
    least : int
        Clear observations that a pixel needs.

    Returns
    -------
    median : (rows, cols) float
        NaN where there are fewer.
    count : (rows, cols) int
        Clear observations.
    """
    count = np.isfinite(overpasses).sum(axis=0).astype(np.int64)
    enough = count >= max(least, 1)
    found = np.full(count.shape, np.nan)
    if enough.any():
        found[enough] = np.nanmedian(overpasses[:, enough], axis=0)
    return found, count
