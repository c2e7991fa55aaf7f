"""A number among those of other districts, and which of them are most like it in people and density.

Each district counts once: the percentile is the share of the others with a lower number, equal ones counted half
(`measure.percentiles`). It is that of a number and not of a place. The others' own sampling error spreads them a little
farther than they are, so that percentiles lie a little nearer to the middle than those of the true numbers would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import FloatArray, IntArray
from justgeo.measure.percentiles import FEWEST, OPEN_END, VAGUE, WIDEST, Tracts

NEAREST = 5
"""Peers (our choice)."""
FEWEST_PEERS = 3
"""Of fewer peers with a number no middle is told (our choice): it would be one peer's own."""
NO_MARGIN = "its margin is not known, so that nobody can say how far it might move"


@dataclass(frozen=True)
class Standing:
    """Where a number stands among those of others.

    ``value`` is the share, 0 to 1, of the others with a lower number, ``low`` and ``high`` the same of the number less
    and plus its 90 % margin. ``others`` have a number. Without ``value`` there is a ``reason``.
    """

    value: float | None
    low: float | None
    high: float | None
    others: int
    reason: str | None


@dataclass(frozen=True)
class Middle:
    """The median of the peers' numbers, of ``n`` peers; ``low`` and ``high`` are the medians of their numbers less and
    plus their 90 % margins, None where one of these is not known."""

    value: float
    low: float | None
    high: float | None
    n: int


def standing(others: FloatArray, value: float, moe: float | None, reliability: str) -> Standing:
    """The percentile of a number among those of others, or why it is not told.

    Parameters
    ----------
    others : (n,) float
        NaN for one without a number; infinite for a median in an open bracket.
    value, moe : float
        The number with its 90 % margin; a value that is not finite lies in an open bracket.
    reliability : str
        Its class, as its record has it.
    """
    found = Tracts.of(others, np.ones(len(others)), "districts")
    n = len(found)
    if n < FEWEST:
        return Standing(None, None, None, n, f"only {n} others have a number ({FEWEST} are needed)")
    if not math.isfinite(value):
        return Standing(None, None, None, n, OPEN_END)
    if reliability == "low":
        return Standing(None, None, None, n, VAGUE)
    if reliability == "unknown" or moe is None or not math.isfinite(moe):
        return Standing(None, None, None, n, NO_MARGIN)
    low, high = found.percentile(value - moe), found.percentile(value + moe)
    if high - low >= WIDEST:
        why = f"{VAGUE}: within its margin it may stand anywhere from {low:.0%} to {high:.0%}"
        return Standing(None, None, None, n, why)
    return Standing(found.percentile(value), low, high, n, None)


def nearest(people: FloatArray, km2: FloatArray, own_people: float, own_km2: float, k: int = NEAREST) -> IntArray:
    """Rows of the ``k`` others nearest in the logarithms of people and of density, the nearest first.

    Both are divided by their standard deviation among the others, and weigh alike (our choice). Of equally near ones
    the first comes first.

    Parameters
    ----------
    people, km2 : (n,) float
        Of the others; one where either is not known, or not above 0, is no peer.
    own_people, own_km2 : float
        Above 0.
    """
    with np.errstate(invalid="ignore"):
        known = np.flatnonzero((people > 0) & (km2 > 0))
    theirs = np.column_stack([np.log(people[known]), np.log(people[known] / km2[known])])
    apart = theirs - np.log([own_people, own_people / own_km2])
    spread = theirs.std(axis=0) if len(known) else np.ones(2)
    # Where all others are alike in one of the two, it tells none of them from another.
    alike = spread <= 1e-12
    distance = np.hypot(*np.where(alike, 0.0, apart / np.where(alike, 1.0, spread)).T)
    # To twelve digits, so that two machines put equally near ones in the same order.
    order = np.argsort(np.round(distance, 12), kind="stable")[:k]
    return np.asarray(known[order], dtype=np.int64)


def middle(values: FloatArray, moes: FloatArray) -> Middle | None:
    """The median of the peers' numbers; None where fewer than `FEWEST_PEERS` have one.

    Parameters
    ----------
    values, moes : (k,) float
        NaN for a peer without a number, or without a known margin.
    """
    told = np.isfinite(values)
    if told.sum() < FEWEST_PEERS:
        return None
    own, margin = values[told], moes[told]
    known = bool(np.isfinite(margin).all())
    ends = [float(np.median(own + side * margin)) if known else None for side in (-1.0, 1.0)]
    return Middle(float(np.median(own)), ends[0], ends[1], int(told.sum()))
