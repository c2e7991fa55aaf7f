"""Where a number stands among the census tracts of the reference: for analysts, on no public page.

The percentile of a number is the share of the reference's people who live in tracts with a lower one, those of equal
ones counted half. (Of homes, where the row is weighted by households.) A tract is in it with the people that the census
counted in its part of the reference; a tract without a number, and one whose number is withheld, is left out of both
sides. The percentile is that of a number, not of a place: a district gathers several tracts, so that its numbers lie
nearer to the middle than theirs, and the tracts' own sampling error spreads them a little farther than they are.

Its ends are the percentiles of the number less and plus its 90 % margin: how far it moves with the number's own error.

References
----------
U.S. Environmental Protection Agency (2024), *EJScreen Technical Documentation for Version 2.3*: percentiles weighted by
population, "what percent of the population has an equal or lower value". Parzen, E. (1979), Nonparametric Statistical
Data Modeling, *Journal of the American Statistical Association* 74: equal values counted half.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import FloatArray
from justgeo.core.result import Percentile, Record

FEWEST = 20
"""Of fewer tracts with a number no percentile is told (our choice): each of them would be five points and more."""
TOLD = 0.8
"""Nor where tracts with a number hold less than this share of the reference's people (our choice)."""
WIDEST = 0.5
"""Nor where its ends are this far apart: it may then stand anywhere (our choice)."""
TIE = 1e-9
"""Numbers closer than this part of the largest one are equal: they may come from two products of the same matrix."""

VAGUE = "its own number is too uncertain"
OPEN_END = "rebuilt from brackets it lies in an open one, whose end is not known"


@dataclass(frozen=True)
class Tracts:
    """Numbers of the tracts of a reference that have one, from low to high.

    Attributes
    ----------
    values : tuple of n float
        Infinite for a median in an open bracket.
    below : tuple of n + 1 float
        People in the first 0, 1, ..., n of them.
    whole : float
        People of the reference, in tracts with and without a number.
    weight : {'persons', 'households'}
    largest : float
        The largest finite one, by its size.
    """

    values: tuple[float, ...]
    below: tuple[float, ...]
    whole: float
    weight: str
    largest: float

    @classmethod
    def of(cls, values: FloatArray, people: FloatArray, weight: str) -> Tracts:
        """From numbers, NaN for a tract without one, and people of all tracts, (n,) each."""
        known = np.flatnonzero(~np.isnan(values) & (people > 0))
        order = known[np.argsort(values[known], kind="stable")]
        below = np.concatenate([np.zeros(1), np.cumsum(people[order])])
        found: FloatArray = np.asarray(values[order], dtype=np.float64)
        largest = float(np.abs(found[np.isfinite(found)]).max(initial=0.0))
        return cls(tuple(found.tolist()), tuple(below.tolist()), float(people.sum()), weight, largest)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def told(self) -> float:
        """Share of the reference's people who live in tracts with a number, 0 to 1."""
        return self.below[-1] / self.whole if self.whole > 0 else 0.0

    def percentile(self, value: float) -> float:
        """Share of the people of these tracts who live where the number is lower, equals counted half, 0 to 1."""
        tie = TIE * max(abs(value), self.largest)
        lower, upto = bisect_left(self.values, value - tie), bisect_right(self.values, value + tie)
        return (self.below[lower] + self.below[upto]) / (2.0 * self.below[-1])


def standing(tracts: Tracts, record: Record, value: float, moe: float) -> Percentile:
    """The percentile of a number, or why it is not told.

    Parameters
    ----------
    tracts : Tracts
    record : Record
        The number that it is of.
    value, moe : float
        The number as it is compared, with its 90 % margin, NaN where that is not known: a median as rebuilt from
        brackets, else what the record shows.

    Returns
    -------
    Percentile
        Without ends where the margin is not known.
    """
    reason = why_not(tracts)
    if reason is None and record.reliability == "low":
        reason = VAGUE
    if reason is None and not math.isfinite(value):
        reason = OPEN_END
    if reason is not None:
        return Percentile(None, None, None, len(tracts), tracts.weight, reason)
    low, high = (tracts.percentile(value + side * moe) if math.isfinite(moe) else None for side in (-1.0, 1.0))
    if low is not None and high is not None and high - low >= WIDEST:
        why = f"{VAGUE}: within its margin it may stand anywhere from {low:.0%} to {high:.0%}"
        return Percentile(None, None, None, len(tracts), tracts.weight, why)
    return Percentile(tracts.percentile(value), low, high, len(tracts), tracts.weight, None)


def why_not(tracts: Tracts) -> str | None:
    """Why no number can be held against these tracts, or None."""
    if len(tracts) < FEWEST:
        return f"only {len(tracts)} tracts of the reference have a number ({FEWEST} are needed)"
    if tracts.told < TOLD:
        return f"only {tracts.told:.0%} of the reference's people live in tracts with a number ({TOLD:.0%} are needed)"
    return None
