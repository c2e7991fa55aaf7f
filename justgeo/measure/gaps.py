"""Gaps: how far apart the shares of two groups are, in percentage points.

The two groups have nobody in common and are taken as independent: every part of the margin is the root of the sum of
both squares (METHODS 2.1, the difference of independent estimates). A gap has no coefficient of variation (METHODS 2.0
item 15): a small gap with a small margin is well known, not uncertain. So it keeps the two shares that it was made of,
and is judged by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column, MarginRule

POINTS = 100.0
RULE: MarginRule = "difference"


@dataclass(frozen=True)
class GapColumn(Column):
    """A column of gaps in percentage points, with the shares (0 to 1) that they were made of.

    It has no numerator and no denominator of its own.
    """

    parts: tuple[Column, Column]


def gap(first: Column, second: Column, others: Sequence[FloatArray] = ()) -> GapColumn:
    """The first share less the second, for all zones.

    Parameters
    ----------
    first, second : Column
        Shares from 0 to 1 of two groups that have nobody in common.
    others : sequence of (Z,) float
        The difference of the shares by other ways of dividing what the boundary cuts.

    Returns
    -------
    GapColumn
        Percentage points. Absent where either share is, with that share's reason.

    References
    ----------
    U.S. Census Bureau (2018, rev. 2020), *Understanding and Using ACS Data*, chapter 8.
    """
    difference = first.value - second.value
    known: BoolArray = np.isfinite(difference)
    cut = np.isfinite(first.low) | np.isfinite(second.low)
    low, high = difference, difference
    for other in others:
        low, high = np.fmin(low, other), np.fmax(high, other)
    nothing = np.full(len(difference), np.nan)

    def points(values: FloatArray, where: BoolArray = known) -> FloatArray:
        return np.asarray(np.where(where, POINTS * values, np.nan), dtype=np.float64)

    reasons = [a if a is not None else b for a, b in zip(first.reason, second.reason, strict=True)]
    return GapColumn(
        value=points(difference),
        moe=points(np.hypot(first.moe, second.moe)),
        **{name: nothing for name in ("numerator", "numerator_moe", "denominator", "denominator_moe")},
        complement_moe=nothing,
        error={name: points(np.hypot(part, second.error[name])) for name, part in first.error.items()},
        low=points(low, known & cut),
        high=points(high, known & cut),
        split_share=np.fmax(first.split_share, second.split_share),
        rule=tuple(RULE if k else "" for k in known),
        reason=tuple(None if k else why for k, why in zip(known, reasons, strict=True)),
        text=(None,) * len(known),
        flags=tuple(
            tuple(dict.fromkeys(a + b)) if k else () for k, a, b in zip(known, first.flags, second.flags, strict=True)
        ),
        parts=(first, second),
    )


def poorer(classes: Sequence[Sequence[str]]) -> list[str]:
    """Of several classes of reliability of one zone the poorest, for each zone."""
    order = ("exact", "high", "medium", "low", "unknown", "absent")
    return [max(some, key=order.index) for some in zip(*classes, strict=True)]
