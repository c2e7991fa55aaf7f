"""Where the numbers of a run stand among the census tracts of the reference, for analysts: `measure.percentiles`.

The tracts are further zones of the same place, over the same small areas and by the same reducers. They have no
records: of each row one column is kept until the district and its areas are placed among it; nothing of it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.field import AnyField, ChangeField, ClassField, CountField, ExposureField, MedianField, ZoneField
from justgeo.core.layer import BoolArray, FloatArray, Layer
from justgeo.core.result import Column, Indicator, Percentile, Record
from justgeo.indicators import FIELDS
from justgeo.indicators.place import Place
from justgeo.measure import judge
from justgeo.measure.apart import Apart, units_of
from justgeo.measure.percentiles import Tracts, standing
from justgeo.measure.reduce import ReduceSettings, reduce

EVERYBODY = "all"
PLACED = frozenset({"district", "area", "peer"})
"""Roles of the zones whose numbers are placed."""

OF_NO_TRACT = "it is told of no single tract, and has no place among them"
GROWS = "a count grows with the size of its area: it has no place among others"
CHANCE = "of a tract it is a chance, of a larger area a share: the two are not alike"
CHANGE = "of one tract, a change between two surveys is mostly error: it is not placed among them"
UNTOLD = "it is told of the district alone: of the reference's tracts there is nothing to hold it against"
NO_TRACTS = "no tracts of the reference with their people are at hand"

Covers = Callable[[Indicator, Place], BoolArray | None]


@dataclass(frozen=True)
class _Looked:
    """A row's numbers: of the tracts, NaN without one, (n,), and of the zones as they are compared, (Z,)."""

    tracts: FloatArray
    zones: Column | None
    weight: str


class Among:
    """The tracts of a reference, looked at row by row.

    Parameters
    ----------
    place : Place
    reference : int or None
        Row of the reference.
    """

    def __init__(
        self,
        place: Place,
        reference: int | None,
        settings: ReduceSettings,
        judging: judge.JudgeSettings,
        covers: Covers,
    ) -> None:
        self._place, self._reference, self._covers = place, reference, covers
        self._settings, self._judging = settings, judging
        self._seen: dict[str, _Looked | str] = {}
        self._apart = self._found()
        self._there = None if self._apart is None else place.with_zones(self._apart.weights)

    def look(self, row: Indicator, field: AnyField) -> None:
        """Find the numbers of the tracts for a row, or why none can be held against them."""
        why = _never(row, field)
        if why is None and self._apart is None:
            why = NO_TRACTS
        self._seen[row.id] = self._look(row, field) if why is None else why

    def placed(self, records: Sequence[Record]) -> list[Record]:
        """Records with their percentiles: numbers of everybody, of the district and its areas."""
        zones = self._place.zones
        roles = dict(zip(zones.ids, zones.roles, strict=True))
        hidden: dict[str, set[str]] = {}
        for one in records:
            if one.group == EVERYBODY and one.value is None and one.text is None:
                hidden.setdefault(one.indicator, set()).add(one.zone)
        tracts = {row: self._tracts(seen, hidden.get(row, ())) for row, seen in self._seen.items()}
        at = {zone: z for z, zone in enumerate(zones.ids)}
        made = []
        for one in records:
            if (
                one.group == EVERYBODY
                and one.value is not None
                and roles[one.zone] in PLACED
                and one.indicator in tracts
            ):
                one = one.but(percentile=self._percentile(one, at[one.zone], tracts[one.indicator]))
            made.append(one)
        return made

    def _found(self) -> Apart | None:
        layer = self._place.layers.get("tracts")
        if self._reference is None or not isinstance(layer, Layer):
            return None
        # Some measures are held against the reference: it stays, in front.
        return units_of(self._place.weights, "tract", layer.geography_vintage, self._reference, (self._reference,))

    def _look(self, row: Indicator, field: AnyField) -> _Looked | str:
        assert self._apart is not None and self._there is not None
        there, first = self._there, self._apart.first
        if isinstance(field, ZoneField):
            try:
                field = FIELDS[row.field](row, there, EVERYBODY)
            except Absent as absent:
                return absent.reason
        settings, own = self._settings, None
        if isinstance(field, MedianField):
            # A median is held against medians made as it was made: from brackets, all of them (METHODS 2.0 item 6).
            settings = replace(settings, published_medians=False)
            own = reduce(
                field, self._place.weights, reference=self._reference, settings=settings,
                covered=self._covers(row, self._place),
            )  # fmt: skip
        column = reduce(field, there.weights, reference=0, settings=settings, covered=self._covers(row, there))
        values = np.array([_open_end(v, t) for v, t in zip(column.value, column.text, strict=True)], dtype=np.float64)
        values[judge.withheld(column, row, there.zones, self._judging)] = np.nan
        return _Looked(values[first:], own, "households" if row.weight == "households" else "persons")

    def _tracts(self, seen: _Looked | str, hidden: Iterable[str]) -> Tracts | str:
        """Numbers of the tracts that are not withheld as areas of this place either."""
        if isinstance(seen, str):
            return seen
        assert self._apart is not None
        ids = self._apart.weights.zones.ids[self._apart.first :]
        values = np.where(np.isin(ids, list(hidden)), np.nan, seen.tracts)
        people = self._apart.households if seen.weight == "households" else self._apart.persons
        return Tracts.of(values, people, seen.weight)

    def _percentile(self, record: Record, zone: int, tracts: Tracts | str) -> Percentile:
        if isinstance(tracts, str):
            return Percentile(None, None, None, 0, "persons", tracts)
        seen = self._seen[record.indicator]
        assert isinstance(seen, _Looked) and record.value is not None
        if seen.zones is not None:
            return standing(tracts, record, float(seen.zones.value[zone]), float(seen.zones.moe[zone]))
        return standing(tracts, record, record.value, float("nan") if record.moe is None else record.moe)


def _never(row: Indicator, field: AnyField) -> str | None:
    """Why a row's numbers are never held against those of tracts, or None."""
    if not row.areas:
        return OF_NO_TRACT
    if isinstance(field, ExposureField) and field.untold:
        return UNTOLD
    if isinstance(field, ClassField):
        return CHANCE
    if isinstance(field, ChangeField):
        return CHANGE
    counted = isinstance(field, CountField) and (field.kind == "sum" or field.denominator is None)
    return GROWS if counted or row.aggregate == "sum" else None


def _open_end(value: Any, text: str | None) -> float:
    """A median in an open bracket is above, or below, every number."""
    if text is None or np.isfinite(value):
        return float(value)
    return float("-inf") if text.startswith(("<", "≤")) else float("inf")
