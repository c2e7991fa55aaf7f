"""Mass balance: parts against their whole, shares of a whole.

Pure arithmetic on arrays. What is missing is left out and counted, never taken as 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import StrArray


@dataclass(frozen=True)
class Sums:
    """Sums of parts beside their published whole.

    Attributes
    ----------
    whole : (m,) str
        Ids of the wholes that have parts.
    published, summed : (m, k) float
        NaN where the whole, or one of its parts, has no number.
    alone : int
        Parts without a whole.
    empty : int
        Wholes without any part.
    """

    whole: StrArray
    published: FloatArray
    summed: FloatArray
    alone: int
    empty: int

    @property
    def compared(self) -> int:
        """Numbers that could be held against one another."""
        return int(np.isfinite(self.gap).sum())

    @property
    def gap(self) -> FloatArray:
        """Sum of the parts less the whole, (m, k); NaN where one of them is not known."""
        return self.summed - self.published


def sums(part: StrArray, estimate: FloatArray, whole: StrArray, published: FloatArray, width: int) -> Sums:
    """Add parts up to the wholes that the first ``width`` signs of their ids name.

    Parameters
    ----------
    part : (n,) str
    estimate : (n, k) float
    whole : (m,) str
    published : (m, k) float
    width : int
        11 for block groups in tracts, 5 for tracts in counties.
    """
    order = np.argsort(whole)
    named = whole[order]
    prefix = part.astype(f"U{width}")
    at = np.searchsorted(named, prefix)
    held = (at < len(named)) & (named[np.minimum(at, len(named) - 1)] == prefix) if len(named) else at < 0
    row = order[at[held]]
    have, group = np.unique(row, return_inverse=True)
    sort = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[sort], np.arange(len(have)))
    if not len(have):
        empty = np.empty((0, published.shape[1]))
        return Sums(whole[:0], empty, empty, int((~held).sum()), len(whole))
    return Sums(
        whole=whole[have],
        published=published[have],
        summed=np.add.reduceat(estimate[held][sort], starts, axis=0),
        alone=int((~held).sum()),
        empty=len(whole) - len(have),
    )


def off(found: FloatArray, published: FloatArray, share: float, least: float) -> BoolArray:
    """Numbers that are farther from the published one than a share of it and than ``least``; never what is not known.

    Parameters
    ----------
    found, published : array_like
        Of one shape.
    share, least : float
        Both have to be passed: a sum of rounded numbers is off by a few in itself.
    """
    with np.errstate(invalid="ignore"):
        gap = np.abs(found - published)
        return np.asarray((gap > least) & (gap > share * np.abs(published)), dtype=np.bool_)


def worst(found: FloatArray, published: FloatArray, among: BoolArray) -> tuple[int, ...] | None:
    """Where the largest gap among some numbers is, in units of the published one; None where there are none."""
    if not among.any():
        return None
    gap = np.where(among, np.abs(found - published) / np.maximum(np.abs(published), 1.0), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))


def share_of(part: FloatArray, among: BoolArray) -> float | None:
    """Share of a sum that some of its terms make up; None where the sum is 0."""
    whole = float(np.nansum(part))
    return float(np.nansum(part[among])) / whole if whole > 0 else None
