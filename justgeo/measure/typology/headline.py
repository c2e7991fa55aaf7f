"""The headline: households in tracts that are vulnerable and under market pressure, plain and weighted by chance.

Definitions
-----------
flagged
    As the estimates stand: households of the tracts that are vulnerable and whose market moves (METHODS 5.2).
expected
    Sum of households times the chance of their tract. It counts a tract on the edge for its part.
told
    Tracts of which it can be told either way. The others are left out of every figure and counted apart.
untold
    Tracts that are classed, and of which it cannot be told. A tract whose pressures do not hold is told by that alone,
    so the told ones are no fair sample: ``bounds`` says what it comes to with none of the untold, and with all of them.

Errors of different tracts are taken as independent. Those of households are; classes hang together by the thresholds
that all share. In a simulation of 20 to 200 tracts, each of which may lie above one share, the spread of the expected
count was 0.73 to 0.81 of what the formula says where that share is pooled from the same tracts, and 1.13 to 1.17 of it
where the share errs by itself. The error of dividing a tract that the district's boundary cuts is not in it; ``cut``
says how many there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure import lumps
from justgeo.measure.margins import Z90
from justgeo.measure.typology.values import (
    ADJACENT,
    MARKETS,
    UNTOLD,
    Amount,
    MarketResult,
    Typology,
    Variant,
)

NOBODY = "no tract here has households of whom it can be told"
NO_NEIGHBOURS = "which tracts touch is not known, so a market next door can be told of none"
LARGE_PART = 0.1
"""Where the chance is not known for more than this part of the homes, no expected number is told: it would be read as
one of all of them. Our choice."""


class Figure(NamedTuple):
    """A value with its 90 % margin; NaN where there is none."""

    value: float
    moe: float


NOTHING = Figure(math.nan, math.nan)


class Bounds(NamedTuple):
    """Homes in flagged tracts if none of the untold tracts is flagged, if all are; of those in told and untold ones."""

    least: Figure
    most: Figure
    of: Figure


class Split(NamedTuple):
    """Flagged homes by where the market moves, as the estimates stand.

    Attributes
    ----------
    itself : Figure
        In tracts whose own market is accelerating or appreciated.
    next_door : Figure
        In tracts whose own market is not, and that touch one with a high median or a high rise.
    falling : Figure
        Of ``next_door``: the tract's own median fell, in real terms.
    unplaced : Figure
        In tracts that are flagged either way, and of which it cannot be told which of the two it is.
    """

    itself: Figure
    next_door: Figure
    falling: Figure
    unplaced: Figure


NO_BOUNDS, NO_SPLIT = Bounds(*[NOTHING] * 3), Split(*[NOTHING] * 4)


@dataclass(frozen=True)
class Moves:
    """How the markets of some tracts move.

    Attributes
    ----------
    own : (n,) float
        1 where the tract's own market moves, 0 where it does not, NaN where it cannot be told.
    falls : (n,) bool
        The tract's own median is known to have fallen, in real terms.
    """

    own: FloatArray
    falls: BoolArray


@dataclass(frozen=True)
class Headline:
    """What is counted in the flagged tracts of a region, or of a district in it.

    Attributes
    ----------
    tracts, told : int
        Flagged as the estimates stand, of those that can be told.
    untold : int
        Tracts that are classed, and of which it cannot be told.
    of, flagged, share : Figure
        Homes in told tracts; those in flagged ones; their share, from 0 to 1.
    expected, expected_share : Figure
        Weighted by chance, over the told tracts whose chance is known. A single tract's chance is itself the
        statement of doubt: it has no margin.
    unweighted : str or None
        Why there is nothing weighted by chance, though there is a count.
    unknown : float
        Homes in tracts that are left out or cannot be told.
    uncounted : int
        Tracts of which the homes themselves are not known: in no figure.
    chanceless : float
        Homes in told tracts whose chance is not known (no margins): in ``of``, not in ``expected``.
    cut : int
        Tracts that lie in the district in part.
    bounds : Bounds
    bounded : str or None
        Why there are bounds alone: figures of the told tracts would be wrong for all of them.
    split : Split
        Empty where it is not asked of a market.
    reason : str or None
        Why there is no figure at all.
    """

    tracts: int
    told: int
    untold: int
    of: Figure
    flagged: Figure
    share: Figure
    expected: Figure
    expected_share: Figure
    unweighted: str | None
    unknown: float
    uncounted: int
    chanceless: float
    cut: int
    bounds: Bounds
    bounded: str | None
    split: Split
    reason: str | None


def headline(
    homes: Amount,
    flag: FloatArray,
    chance: FloatArray,
    inside: FloatArray | None = None,
    *,
    left_out: BoolArray | None = None,
    moves: Moves | None = None,
    partial: str | None = None,
) -> Headline:
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
    left_out : (n,) bool, optional
        Tracts that the method does not class: they are in no bound. None by default.
    moves : Moves, optional
        To split the flagged homes by.
    partial : str, optional
        Why it hangs on the answer itself which tracts can be told. Where any cannot, there are bounds alone.

    Notes
    -----
    With H homes, s their standard error, P the chance and w the part inside, a home counts when its tract's class
    holds, a draw B of chance P that is independent of H::

        Var(w H B)        = w**2 (H**2 P (1 - P) + s**2 P)
        Var(sum / total)  = sum(w**2 ((H**2 + s**2) P (1 - P) + s**2 (P - R)**2)) / total**2

    The margin is read from the distribution of ``sum(w H B)`` itself, which of a few large tracts is no bell, blurred
    by the sampling of homes; it is never less than that of the variance (`lumps.margin`).

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
    out = np.zeros(len(flag), dtype=np.bool_) if left_out is None else left_out
    untold = here & counted & ~np.isfinite(flag) & ~out
    h, s = np.where(counted, homes.value, 0.0), homes.se
    known = told & np.isfinite(chance)
    plain, expected = _Sums.of(w, h, s, told, flag), _Sums.of(w, h, s, known, chance)
    chanceless = float((w * h)[told & ~known].sum())
    # One tract's figure is its chance, which has no margin of its own.
    margin = math.nan if int(known.sum()) == 1 else 1.0
    yes = told & (flag == 1)
    made = Headline(
        tracts=int(yes.sum()),
        told=int(told.sum()),
        untold=int(untold.sum()),
        of=_part(w, h, s, told),
        flagged=plain.count,
        share=plain.share,
        expected=_widened(expected.count, margin),
        expected_share=_widened(expected.share, margin),
        unweighted=_unweighted(chanceless, plain.total),
        unknown=float((w * h)[here & counted & ~np.isfinite(flag)].sum()),
        uncounted=int((here & ~counted).sum()),
        chanceless=chanceless,
        cut=int((told & (w < 1)).sum()),
        bounds=Bounds(*(_part(w, h, s, use) for use in (yes, yes | untold, told | untold))),
        bounded=partial if untold.any() else None,
        split=NO_SPLIT if moves is None else _split(w, h, s, yes, moves),
        reason=None if plain.total > 0 else NOBODY,
    )
    return _told_of(made)


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
    out, moves, partial = left_out_of(typology), moves_of(typology, variant), partial_of(typology)
    return {
        name: headline(homes, flag, chance, inside, left_out=out, moves=moves, partial=partial)
        for name, homes in counted.items()
    }


def left_out_of(typology: Typology) -> BoolArray:
    """Tracts that are not classed, (n,)."""
    return np.array([why is not None for why in typology.excluded], dtype=np.bool_)


def partial_of(typology: Typology) -> str | None:
    """Why the tracts whose market can be told are no fair sample of all; None where neighbours are known.

    Without neighbours a tract is told where its pressures do not hold, or its own market moves; one that hangs on a
    neighbour is not. On an invented region the share of the told ones was 10 %, and the true one 27 %.
    """
    return NO_NEIGHBOURS if typology.tracts.neighbours is None else None


def moves_of(typology: Typology, variant: Variant) -> Moves:
    """Where the tracts' own markets move, and where their own medians fell; of ``either`` both have to have fallen."""
    market = typology.markets[variant]
    own = np.where(market.code == UNTOLD, np.nan, np.where(market.code > ADJACENT, 1.0, 0.0))
    fell = {name: _fell(typology.markets[name]) for name in MARKETS}
    if variant == "either":
        return Moves(own, np.logical_and(*fell.values()))
    return Moves(own, np.where(market.stood_in, fell["rent"], fell[variant]))


def _fell(market: MarketResult) -> BoolArray:
    with np.errstate(invalid="ignore"):
        return np.asarray(market.conditions["change_high"].value < 0, dtype=np.bool_)


def _told_of(made: Headline) -> Headline:
    """The same without the figures that would be wrong or are none."""
    if made.reason is not None:
        return without_figures(made, made.reason)
    if made.bounded is not None:
        bare = without_figures(made, made.bounded)
        return replace(bare, bounds=made.bounds, bounded=made.bounded, reason=None)
    if made.unweighted is not None:
        return replace(made, expected=NOTHING, expected_share=NOTHING)
    return made


def without_figures(one: Headline, reason: str) -> Headline:
    """A headline that says why it has no figure, and beyond that only what is left out and not known."""
    bare = replace(one, of=NOTHING, flagged=NOTHING, share=NOTHING, expected=NOTHING, expected_share=NOTHING)
    return replace(bare, unweighted=None, bounds=NO_BOUNDS, bounded=None, split=NO_SPLIT, reason=reason)


def _unweighted(chanceless: float, total: float) -> str | None:
    if not total > 0 or chanceless <= LARGE_PART * total:
        return None
    return f"the chance is not known for {chanceless / total:.0%} of these homes, and we stop at {LARGE_PART:.0%}"


def _split(w: FloatArray, h: FloatArray, s: FloatArray, yes: BoolArray, moves: Moves) -> Split:
    near = yes & (moves.own == 0)
    parts = (yes & (moves.own == 1), near, near & moves.falls, yes & ~np.isfinite(moves.own))
    return Split(*(_part(w, h, s, use) for use in parts))


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
        of_count = _zero_rule(np.square(w) * sampled, h)
        of_share = np.square(w * s) * (doubt + np.square(p - share))
        moe, share_moe = (lumps.margin(w * h, p, math.sqrt(float(one.sum()))) for one in (of_count, of_share))
        return cls(total, Figure(count, moe), Figure(share, share_moe / total))


def _part(w: FloatArray, h: FloatArray, s: FloatArray, use: BoolArray) -> Figure:
    """Homes of some tracts with their margin; none of no tract."""
    variance = _zero_rule(np.square(w[use] * s[use]), h[use])
    return Figure(float((w * h)[use].sum()), Z90 * math.sqrt(float(variance.sum())))


def _zero_rule(variance: FloatArray, h: FloatArray) -> FloatArray:
    """Variances of a sum, of which those of estimates of 0 count once: their largest (METHODS 2.0, item 3)."""
    zero = h == 0
    if zero.sum() < 2:
        return variance
    kept = np.where(zero, 0.0, variance)
    kept[int(np.argmax(np.where(zero, variance, -1.0)))] = variance[zero].max()
    return np.asarray(kept, dtype=np.float64)
