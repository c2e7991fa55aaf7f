"""Change between two surveys that share no year: value, margin, and whether it can be told from none.

The two surveys asked other people, so they are independent: every part of the margin of a difference is the root of
the sum of both squares, that of a percent change 100 times the margin of the ratio (METHODS 2.1). A change has no
coefficient of variation (2.0 item 15); it is judged by the two figures that it was made of, and hidden where either of
them would be.

Medians are both the Bureau's own or both rebuilt from classes: a change of method is no change of rent. One that lies
in an open class is a bound, and no change is told from a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from justgeo.core.field import ChangeField, MedianField
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column, MarginRule
from justgeo.measure import compare, margins
from justgeo.measure.gaps import POINTS

SIGNIFICANT = "change significant at 90 %"
NOT_SIGNIFICANT = "change not distinguishable from none at 90 %"
NOT_TESTED = "change not tested: no margin is known"
PUBLISHED = "published median"
NOT_TOLD = "apportionment error not told"
_OF_A_LEVEL = ("design_factor=", "rebuilt=", "rebuilt_moe=", "interpolation_error=")
"""Flags that speak of a figure in its own unit, not of its change."""


@dataclass(frozen=True)
class ChangeColumn(Column):
    """A column of changes with the two columns that they were made of.

    Attributes
    ----------
    parts : tuple of Column
        Now and before; medians of both in dollars of the later survey.
    points : bool
        The parts are shares from 0 to 1 and the change is in percentage points; else it is in percent.
    """

    parts: tuple[Column, Column]
    points: bool


def alike(shown: Sequence[Column], rebuilt: Sequence[Column]) -> list[Column]:
    """Medians of both surveys made in one way: published in both, or else rebuilt in both, zone by zone.

    Parameters
    ----------
    shown, rebuilt : sequence of Column
        Now and before, with published medians where a zone is a published unit, and without any.

    Returns
    -------
    list of Column
        Now and before.
    """
    both = np.all([_own_median(column) for column in shown], axis=0)
    return [_chosen(both, one, other) for one, other in zip(shown, rebuilt, strict=True)]


def _own_median(column: Column) -> BoolArray:
    """Zones with a published median and its margin, or with the name of its open class, (Z,).

    A number without a margin may be the code of an open class that nobody told us of.
    """
    told = [PUBLISHED in flags for flags in column.flags]
    bound = [text is not None for text in column.text]
    return np.asarray(told, dtype=np.bool_) & (np.isfinite(column.moe) | np.asarray(bound, dtype=np.bool_))


def _chosen(where: BoolArray, one: Column, other: Column) -> Column:
    """Zones of one column, else those of the other."""

    def of(a: object, b: object) -> object:
        if isinstance(a, np.ndarray):
            return np.where(where, a, np.asarray(b))
        if isinstance(a, dict):
            assert isinstance(b, dict)
            return {name: np.where(where, part, b[name]) for name, part in a.items()}
        assert isinstance(a, tuple) and isinstance(b, tuple)
        return tuple(x if take else y for take, x, y in zip(where, a, b, strict=True))

    made = {f.name: of(getattr(one, f.name), getattr(other, f.name)) for f in fields(Column)}
    return Column(**made)  # type: ignore[arg-type]  # each of its field's own kind: made from two of them


def change(
    now: Column, before: Column, field: ChangeField, others: Sequence[tuple[FloatArray, FloatArray]], lacking: float
) -> ChangeColumn:
    """Later less earlier, for all zones.

    Parameters
    ----------
    now, before : Column
        One kind of figure from two surveys without a common year, medians each in dollars of its own.
    field : ChangeField
        Says what they are and what a dollar has become.
    others : sequence of pairs of (Z,) float
        Now and before by other ways of dividing what the boundary cuts.
    lacking : float
        A zone with more of it unknown before than this share is absent.

    Returns
    -------
    ChangeColumn
        Percentage points between shares, percent of the earlier figure between counts and medians. Absent where either
        figure is, with its reason.

    References
    ----------
    U.S. Census Bureau (2018, rev. 2020), *Understanding and Using ACS Data*, chapters 7 and 8.
    """
    before = _in_dollars(before, field.price)
    points = not isinstance(field.now, MedianField) and field.now.kind != "sum"
    reasons = list(_reasons(now, before, field, lacking, points))
    known: BoolArray = np.array([why is None for why in reasons], dtype=np.bool_)

    def shown(values: FloatArray, where: BoolArray = known) -> FloatArray:
        return np.asarray(np.where(where, values, np.nan), dtype=np.float64)

    value, moe = _value(now.value, now.moe, before.value, before.moe, points)
    parts = {name: _part(now, before, name, points) for name in now.error}
    low, high = value, value
    for one, other in others:
        by_rule = _value(one, one, other * field.price, one, points)[0]
        low, high = np.fmin(low, by_rule), np.fmax(high, by_rule)
    cut = known & (np.isfinite(now.low) | np.isfinite(before.low))
    nothing = np.full(len(value), np.nan)
    rule: MarginRule = "difference" if points else "change"
    return ChangeColumn(
        value=shown(value),
        moe=shown(moe),
        **{name: nothing for name in ("numerator", "numerator_moe", "denominator", "denominator_moe")},
        complement_moe=nothing,
        error={name: shown(part) for name, part in parts.items()},
        low=shown(low, cut),
        high=shown(high, cut),
        split_share=np.fmax(now.split_share, before.split_share),
        rule=tuple(rule if k else "" for k in known),
        reason=tuple(reasons),
        text=(None,) * len(known),
        flags=tuple(
            tuple(_flags(now, before, z, field, float(value[z]), float(moe[z]))) if k else ()
            for z, k in enumerate(known)
        ),
        parts=(now, before),
        points=points,
    )


def _value(
    now: FloatArray, now_moe: FloatArray, before: FloatArray, before_moe: FloatArray, points: bool
) -> tuple[FloatArray, FloatArray]:
    """The change and its margin, (Z,) each."""
    if points:
        return POINTS * (now - before), POINTS * np.hypot(now_moe, before_moe)
    found = margins.percent_change(now, now_moe, before, before_moe)
    return found.value, found.moe


def _part(now: Column, before: Column, name: str, points: bool) -> FloatArray:
    """One part of the margin: a part that one survey does not tell is not told of the change."""
    return _value(now.value, now.error[name], before.value, before.error[name], points)[1]


def _in_dollars(before: Column, price: float) -> Column:
    """The earlier figures in dollars of the later survey."""
    if price == 1.0:
        return before
    names = ("value", "moe", "low", "high")
    scaled = {name: getattr(before, name) * price for name in names}
    return replace(before, **scaled, error={name: part * price for name, part in before.error.items()})


def _reasons(now: Column, before: Column, field: ChangeField, lacking: float, points: bool) -> Iterator[str | None]:
    """Why there is no change for each zone, None where there is one."""
    early, late = field.years
    unknown = np.zeros(len(now.value)) if field.unknown is None else field.unknown
    for z in range(len(now.value)):
        if unknown[z] > lacking:
            yield f"of {unknown[z]:.1%} of this area it is not known which areas of {early} it was"
        elif (why := _missing(now, z)) is not None:
            yield f"{late}: {why}"
        elif (why := _missing(before, z)) is not None:
            yield f"{early}: {why}"
        elif not points and not before.value[z] > 0:
            yield f"there was none in {early}, and nothing grows from 0 by a percentage"
        else:
            yield None


def _missing(column: Column, z: int) -> str | None:
    """Why one survey has no figure of a zone."""
    if np.isfinite(column.value[z]):
        return None
    if (bound := column.text[z]) is not None:
        return f"the figure is known as a bound only ({bound}), and no change is told from a bound"
    return column.reason[z] or "a cell that it needs was not published"


def _flags(now: Column, before: Column, z: int, field: ChangeField, value: float, moe: float) -> Iterator[str]:
    """Whether it changed at all, the two figures, and what has to be said of either of them."""
    told = [f for f in dict.fromkeys(now.flags[z] + before.flags[z]) if not f.startswith(_OF_A_LEVEL)]
    yield significance(value, moe, NOT_TOLD in told)
    for name, column, year in (("before", before, field.years[0]), ("after", now, field.years[1])):
        yield f"{name}={column.value[z]:.10g}"
        if np.isfinite(column.moe[z]):
            yield f"{name}_moe={column.moe[z]:.10g}"
        yield f"{name}_year={year}"
    if field.price != 1.0:
        yield f"price={field.price:.6f}"
    yield from told


def significance(value: float, moe: float, untold: bool = False) -> str:
    """Whether a change is larger than its 90 % margin, in the words of its flag.

    Parameters
    ----------
    untold : bool
        A part of the margin is not known: a change that is larger than what is known of it is not called one.
    """
    verdict = str(compare.verdict(value, moe))
    if verdict == "unknown" or (untold and verdict != "not distinguishable"):
        return NOT_TESTED
    return NOT_SIGNIFICANT if verdict == "not distinguishable" else SIGNIFICANT
