"""The headline: households in tracts that are vulnerable and under market pressure, plain and weighted by chance.

Definitions
-----------
flagged
    As the estimates stand: households of the tracts that are vulnerable and whose market moves (METHODS 5.2).
expected
    Sum of households times the chance of their tract. It counts a tract on the edge for its part.
told
    Tracts of which it can be told either way. The others are left out of every figure and counted apart.

Errors of different tracts are taken as independent. Those of households are; classes hang together by the thresholds
that all share. In a simulation of 20 to 200 tracts, each of which may lie above one share, the spread of the expected
count was 0.73 to 0.81 of what the formula says where that share is pooled from the same tracts, and 1.13 to 1.17 of it
where the share errs by itself. The error of dividing a tract that the district's boundary cuts is not in it; ``cut``
says how many there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.margins import Z90
from justgeo.measure.typology.values import Amount, Typology, Variant

NOBODY = "no tract here has households of whom it can be told"


class Figure(NamedTuple):
    """A value with its 90 % margin; NaN where there is none."""

    value: float
    moe: float


NOTHING = Figure(math.nan, math.nan)


@dataclass(frozen=True)
class Headline:
    """What is counted in the flagged tracts of a region, or of a district in it.

    Attributes
    ----------
    tracts, told : int
        Flagged as the estimates stand, of those that can be told.
    of, flagged, share : Figure
        Homes in told tracts; those in flagged ones; their share, from 0 to 1.
    expected, expected_share : Figure
        Weighted by chance, over the told tracts whose chance is known. A single tract's chance is itself the
        statement of doubt: it has no margin.
    unknown : float
        Homes in tracts that are left out or cannot be told.
    uncounted : int
        Tracts of which the homes themselves are not known: in no figure.
    chanceless : float
        Homes in told tracts whose chance is not known (no margins): in ``of``, not in ``expected``.
    cut : int
        Tracts that lie in the district in part.
    reason : str or None
        Why there is no figure at all.
    """

    tracts: int
    told: int
    of: Figure
    flagged: Figure
    share: Figure
    expected: Figure
    expected_share: Figure
    unknown: float
    uncounted: int
    chanceless: float
    cut: int
    reason: str | None


def headline(homes: Amount, flag: FloatArray, chance: FloatArray, inside: FloatArray | None = None) -> Headline:
    """Count homes in flagged tracts, as they stand and by chance.

    Parameters
    ----------
    homes : Amount
        Households (or renter households) of each tract with their standard error, (n,).
    flag : (n,) float
        1, 0, NaN where it cannot be told.
    chance : (n,) float
        That the flag is right to be 1; NaN where it is not known.
    inside : (n,) float, optional
        Part of each tract's homes that lies in the district, 0 to 1; 1 everywhere by default.

    Notes
    -----
    With H homes, s their standard error, P the chance and w the part inside, a home counts when its tract's class
    holds, a draw B of chance P that is independent of H::

        Var(w H B)        = w**2 (H**2 P (1 - P) + s**2 P)
        Var(sum / total)  = sum(w**2 ((H**2 + s**2) P (1 - P) + s**2 (P - R)**2)) / total**2

    The plain share is that with P of 0 or 1: ``sqrt(q**2 MOE_A**2 + p**2 MOE_B**2) / total`` of its two parts. Of
    tracts without homes only the largest margin counts in a sum (METHODS 2.1).

    Raises
    ------
    ValueError
        ``inside`` lies outside 0 to 1.

    References
    ----------
    U.S. Census Bureau (2018, rev. 2020), *Understanding and Using ACS Data*, chapter 8, for sums.
    """
    w = np.ones(len(flag)) if inside is None else np.asarray(inside, dtype=np.float64)
    if not ((w >= 0) & (w <= 1)).all():
        raise ValueError("parts of tracts are to lie between 0 and 1")
    here, counted = w > 0, np.isfinite(homes.value)
    told = here & counted & np.isfinite(flag)
    h, s = np.where(counted, homes.value, 0.0), homes.se
    known = told & np.isfinite(chance)
    plain, expected = _Sums.of(w, h, s, told, flag), _Sums.of(w, h, s, known, chance)
    nobody = plain.total <= 0
    # One tract's figure is its chance, which has no margin of its own.
    margin = math.nan if int(known.sum()) == 1 else 1.0
    return Headline(
        tracts=int((told & (flag == 1)).sum()),
        told=int(told.sum()),
        of=NOTHING if nobody else Figure(plain.total, _sum_margin(w, h, s, told)),
        flagged=NOTHING if nobody else plain.count,
        share=NOTHING if nobody else plain.share,
        expected=_widened(expected.count, margin),
        expected_share=_widened(expected.share, margin),
        unknown=float((w * h)[here & counted & ~np.isfinite(flag)].sum()),
        uncounted=int((here & ~counted).sum()),
        chanceless=float((w * h)[told & ~known].sum()),
        cut=int((told & (w < 1)).sum()),
        reason=NOBODY if nobody else None,
    )


def of_typology(typology: Typology, variant: Variant, inside: FloatArray | None = None) -> dict[str, Headline]:
    """The headline of one market: of ``households`` and of ``renter_households``.

    Parameters
    ----------
    typology : Typology
    variant : {'value', 'rent', 'either'}
    inside : (n,) float, optional
        As for :func:`headline`.
    """
    tracts, flag, chance = typology.tracts, typology.pressed[variant], typology.p_pressed[variant]
    counted = {"households": tracts.households, "renter_households": tracts.renter_households}
    return {name: headline(homes, flag, chance, inside) for name, homes in counted.items()}


def _widened(figure: Figure, by: float) -> Figure:
    return Figure(figure.value, figure.moe * by)


@dataclass(frozen=True)
class _Sums:
    """Homes that count, of all, over some tracts."""

    total: float
    count: Figure
    share: Figure

    @classmethod
    def of(cls, w: FloatArray, h: FloatArray, s: FloatArray, use: BoolArray, chance: FloatArray) -> _Sums:
        w, h, s, p = w[use], h[use], s[use], chance[use]
        total = float((w * h).sum())
        if not total > 0:
            return cls(total, NOTHING, NOTHING)
        count = float((w * h * p).sum())
        share, doubt = count / total, p * (1.0 - p)
        # s**2 P counts for nothing, whatever s, where P is 0: an unknown margin there takes no margin away.
        sampled = np.where(p > 0, np.square(s) * p, 0.0)
        of_count = np.square(w * h) * doubt + _zero_rule(np.square(w) * sampled, h)
        of_share = np.square(w) * (np.square(h) * doubt + np.square(s) * (doubt + np.square(p - share)))
        return cls(
            total,
            Figure(count, Z90 * math.sqrt(float(of_count.sum()))),
            Figure(share, Z90 * math.sqrt(float(of_share.sum())) / total),
        )


def _sum_margin(w: FloatArray, h: FloatArray, s: FloatArray, use: BoolArray) -> float:
    variance = _zero_rule(np.square(w[use] * s[use]), h[use])
    return Z90 * math.sqrt(float(variance.sum()))


def _zero_rule(variance: FloatArray, h: FloatArray) -> FloatArray:
    """Variances of a sum, of which those of estimates of 0 count once: their largest (METHODS 2.0, item 3)."""
    zero = h == 0
    if zero.sum() < 2:
        return variance
    kept = np.where(zero, 0.0, variance)
    kept[int(np.argmax(np.where(zero, variance, -1.0)))] = variance[zero].max()
    return np.asarray(kept, dtype=np.float64)
