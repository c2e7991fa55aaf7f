"""Zones held against the reference: differences, their tests and what they come to, all zones of a column at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column, Comparison, Indicator
from justgeo.core.zones import Zones
from justgeo.measure import compare
from justgeo.measure.changes import ChangeColumn
from justgeo.measure.gaps import POINTS, GapColumn

DEGREES = "°C"
"""Unit of a difference of temperatures. Its 0 is no absence of anything, so that neither its coefficient of variation
nor its ratio to another says anything: it is judged by its margin alone, in degrees (our choice)."""


@dataclass(frozen=True)
class Against:
    """What the zones are compared with.

    Attributes
    ----------
    row : int
        Row of the reference zone.
    inside : (Z,) bool
        Zones that lie wholly in it. Only there is the overlap taken out of the test (METHODS 2.0 item 9); else the two
        are taken as independent, which is on the safe side where they share a part.
    columns : callable or None
        For each row, the column whose values are compared where these are not the ones shown: medians are rebuilt from
        brackets on both sides (2.0 item 6), and a group counted by the survey is compared with a reference counted so.
    basis : str
        ``shown`` or ``rebuilt``.
    """

    row: int
    inside: BoolArray
    columns: Callable[[int], Column] | None = None
    basis: str = "shown"


def numbers(values: FloatArray) -> list[float | None]:
    """Floats as a record has them: None for what is not finite."""
    known = np.isfinite(values).tolist()
    return [value if finite else None for value, finite in zip(values.tolist(), known, strict=True)]


def comparisons(shown: Column, against: Against, indicator: Indicator, zones: Zones) -> list[Comparison | None]:
    """Every zone of a column against the reference, in the order of ``zones``.

    Returns
    -------
    list of Comparison or None
        None where either figure is absent, and for the reference itself.
    """
    if against.columns is None:
        found = _of_column(shown, against, indicator, zones)
    else:
        own = [against.columns(row) for row in range(len(zones))]
        different = {id(column): column for column in own}
        made = {key: _of_column(column, against, indicator, zones) for key, column in different.items()}
        found = [made[id(column)][row] for row, column in enumerate(own)]
    found[against.row] = None
    return found


def _of_column(column: Column, against: Against, indicator: Indicator, zones: Zones) -> list[Comparison | None]:
    reference = against.row
    plain = not isinstance(column, GapColumn | ChangeColumn) and indicator.unit != DEGREES
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = column.value - column.value[reference]
        ratio = column.value / column.value[reference] if plain else np.full(len(difference), np.nan)
        tested = _tested(column, against, indicator)
    overlap = _overlap(column, against, indicator)
    sampled = (column.error["sampling"] != 0) | (column.error["sampling"][reference] != 0)
    # Nothing is sampled: a difference smaller than what the way of dividing makes of it is not one.
    half = _half_range(column)
    doubt = np.where(sampled, tested.moe, np.maximum(tested.moe, np.maximum(half, half[reference])))
    untested = np.where(sampled, 1.0, np.nan)
    rows = zip(
        numbers(difference), numbers(tested.moe), numbers(ratio), numbers(tested.z * untested),
        numbers(tested.p * untested), compare.verdict(difference, doubt).tolist(), overlap.tolist(), strict=True,
    )  # fmt: skip
    name = zones.ids[reference]
    return [
        None if diff is None else Comparison(name, diff, moe, times, z, p, None, verdict, against.basis, part or None)
        for diff, moe, times, z, p, verdict, part in rows
    ]


def _half_range(column: Column) -> FloatArray:
    half = (column.high - column.low) / 2
    return np.where(np.isfinite(half), half, 0.0)


def _tested(column: Column, against: Against, indicator: Indicator) -> compare.Difference:
    """The difference with the overlap taken out where the zone lies in the reference."""
    if isinstance(column, GapColumn):
        # Each group's share against its own in the reference; the groups overlap with nobody but themselves.
        first, second = (_tested(part, against, indicator) for part in column.parts)
        return compare.apart(first, second, POINTS)
    if isinstance(column, ChangeColumn) and column.points:
        # Each survey's share against the reference's of that survey; the two surveys asked other people.
        late, early = (_tested(part, against, indicator) for part in column.parts)
        return compare.apart(late, early, POINTS)
    others = [part for name, part in column.error.items() if name != "sampling"]
    squares = sum((np.where(np.isfinite(part), part, 0.0) ** 2 for part in others), np.zeros(len(column.value)))
    return compare.overlap_difference(
        column.value,
        column.error["sampling"],
        np.sqrt(squares),
        column.value[against.row],
        column.moe[against.row],
        _overlap(column, against, indicator),
    )


def _overlap(column: Column, against: Against, indicator: Indicator) -> FloatArray:
    """Each zone's share of the reference's universe; 0 where the two are taken as apart, or are two figures each."""
    whole = column.denominator[against.row]
    two = isinstance(column, GapColumn) or (isinstance(column, ChangeColumn) and column.points)
    if two or indicator.aggregate == "median" or not whole > 0:
        return np.zeros(len(column.value))
    part = np.clip(np.nan_to_num(column.denominator / whole), 0.0, 1.0)
    return np.asarray(np.where(against.inside, part, 0.0), dtype=np.float64)
