"""Progress towards a target: the change between two looks, its margin, and whether it keeps up with a straight line.

The line runs from the first look to the target. With ``f``, the part of the time that has passed, it stands at
``b + f (T - b)``, so that the later figure is ahead of it by::

    gap = n - (1 - f) b - f T

``T`` is chosen and has no margin; ``b`` and ``n`` are estimates of their own surveys, so that the gap has the margin
``sqrt(moe_n**2 + ((1 - f) moe_b)**2)``. A gap within its margin is no evidence either way: *cannot tell* is then the
answer, and not a kind of failure. That line is the plainest one; the Protocol's own rule could not be read.

References
----------
U.S. Census Bureau (2018, rev. 2020), *Understanding and Using American Community Survey Data*, chapters 7 and 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["on track", "needs attention", "cannot tell"]
ON_TRACK: Verdict = "on track"
ATTENTION: Verdict = "needs attention"
CANNOT_TELL: Verdict = "cannot tell"

_HAIR = 1e-9
"""Below it two figures are the same but for their last digits."""


@dataclass(frozen=True)
class Look:
    """A figure at one time.

    Attributes
    ----------
    value : float
    moe : float or None
        90 % margin; 0 where it is not a sample, None where it is not known.
    year : int
        The last that the data speak of.
    """

    value: float
    moe: float | None
    year: int


@dataclass(frozen=True)
class Judged:
    """How a figure stands against its target.

    Attributes
    ----------
    verdict : str
    why : str
        In a few words.
    expected : float or None
        Where the line stands in the year of the later look.
    gap, gap_moe : float or None
        The later figure less the line, and its 90 % margin.
    reached : bool
        The later figure is beyond the target by more than its margin.
    """

    verdict: Verdict
    why: str
    expected: float | None = None
    gap: float | None = None
    gap_moe: float | None = None
    reached: bool = False


def change(before: Look, now: Look) -> tuple[float, float | None]:
    """Later less earlier of two independent figures, with its 90 % margin; None where a margin is not known."""
    known = before.moe is not None and now.moe is not None
    moe = math.hypot(before.moe or 0.0, now.moe or 0.0) if known else None
    return now.value - before.value, moe


def judge(before: Look, now: Look, target: float, year: int, direction: str = "neutral") -> Judged:
    """Hold a figure against the straight line to its target.

    Parameters
    ----------
    before, now : Look
        Of independent surveys, or of no sample.
    target : float
    year : int
        By when.
    direction : {'up', 'down', 'neutral'}
        Which way is better. Where the target is no better than the first look, it is a level to keep, and the line is
        flat; without a direction it runs towards the target, whichever way that is.

    Returns
    -------
    Judged
    """
    if year <= before.year:
        return Judged(CANNOT_TELL, f"the target's year is not after that of the first look ({before.year})")
    if now.year <= before.year:
        return Judged(CANNOT_TELL, f"there is no later year than that of the first look ({before.year})")
    passed = min(1.0, (now.year - before.year) / (year - before.year))
    way = _way(before.value, target, direction)
    kept = direction != "neutral" and way * (target - before.value) <= _HAIR
    weight = 0.0 if kept else 1.0 - passed
    expected = weight * before.value + (1.0 - weight) * target
    gap = now.value - expected
    if now.moe is None or (weight > 0 and before.moe is None):
        return Judged(CANNOT_TELL, "no margin is known, so a difference cannot be told from chance", expected, gap)
    moe = math.hypot(now.moe, weight * (before.moe or 0.0))
    reached = bool(way) and way * (now.value - target) >= max(now.moe, 0.0) - _HAIR
    verdict, why = _verdict(gap, moe, way)
    return Judged(verdict, why, expected, gap, moe, reached)


def _way(before: float, target: float, direction: str) -> int:
    """1 where more is wanted, -1 where less is, 0 where the figure is to stay as it is."""
    if direction in ("up", "down"):
        return 1 if direction == "up" else -1
    if abs(target - before) <= _HAIR:
        return 0
    return 1 if target > before else -1


def _verdict(gap: float, moe: float, way: int) -> tuple[Verdict, str]:
    if way == 0:
        if abs(gap) > moe + _HAIR:
            return ATTENTION, "it has moved from the level that is to be kept"
        if moe <= _HAIR:
            return ON_TRACK, "it is at the level that is to be kept"
        return CANNOT_TELL, "it may have moved from its level by less than its margin"
    ahead = way * gap
    if moe <= _HAIR:
        return (
            (ON_TRACK, "it is on the line or ahead of it") if ahead >= -_HAIR else (ATTENTION, "it is behind the line")
        )
    if ahead > moe:
        return ON_TRACK, "it is ahead of the line by more than its margin"
    if ahead < -moe:
        return ATTENTION, "it is behind the line by more than its margin"
    return CANNOT_TELL, "it is too near the line for its margin: not enough evidence"
