"""Sensitivity: how far each number moves when the boundary or a threshold is drawn a little differently.

The moved lines are further zones of the same place, so that all of them come from one set of weights and reducers; a
threshold is moved in its catalogue row. What no single tract is told of is not told here either: the difference of two
lines would tell of the tract between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

from justgeo import measuring
from justgeo.collecting import Collected
from justgeo.core.district import to_metric
from justgeo.core.errors import Absent
from justgeo.core.field import ExposureField
from justgeo.core.result import Indicator, Record
from justgeo.core.zones import Role, Zones
from justgeo.indicators import beyond
from justgeo.indicators.mobility import covered
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings, reduce
from justgeo.report import sensitivity as pages
from justgeo.run import Progress, make_place

STEPS_M = (-400.0, -200.0, -100.0, -50.0, 50.0, 100.0, 200.0, 400.0)
"""How far the line is moved, metres: inward below 0, outward above (METHODS 2.4)."""
FACTORS = (0.9, 1.1)
"""By how much each threshold is moved."""
THRESHOLDS = ("distance_m", "rail_distance_m", "min_area_m2", "headway_min")
"""Parameters of catalogue rows that are thresholds."""

NOTHING_LEFT = "nothing is left of the district so far inside its line"

Measure = Callable[[Indicator, Place], ExposureField]


def shift(found: Collected, progress: Progress | None = None) -> dict[str, Any]:
    """Measure a district along moved lines and with moved thresholds.

    Parameters
    ----------
    found : Collected
        What was read for the district.
    progress : callable, optional
        Called with the id of each indicator before its turn.

    Returns
    -------
    dict
        ``name``, ``synthetic``, ``lines[]`` (metres, residents, area_km2, reason), ``rows[]`` (an indicator each: the
        number as drawn, ``lines[]`` and ``thresholds[]`` with each other number or the reason why there is none),
        ``outside[]`` and ``barriers[]`` (shares of residents by walking row), ``withheld[]``. JSON values.
    """
    zones, lines = _zones(found)
    place = make_place(found, zones)
    rows = [row for row in found.rows if row.areas]
    drawn = _numbers(rows, place, progress)
    varied = {factor: _numbers(_moved(rows, factor), place) for factor in FACTORS}
    people = place.zone_population() if place.weights.origins is not None else None
    at = {zone: z for z, zone in enumerate(zones.ids)}
    for line in lines:
        z = at.get(_id(line["metres"]))
        line["residents"] = None if people is None or z is None else round(float(people[z]), 1)
    return {
        "name": found.config.name,
        "synthetic": found.config.synthetic or any(one.provenance.synthetic for one in found.layers.values()),
        "residents": None if people is None else round(float(people[at["district"]]), 1),
        "lines": lines,
        "rows": [_row(row, drawn, varied, lines) for row in rows],
        "outside": [*_shares(rows, place, partial(beyond.nearest_outside, line=zones.geometry.iloc[0]))],
        "barriers": [*_shares(rows, place, beyond.cut_off)],
        "withheld": [row.title for row in found.rows if not row.areas],
        "layers": pages.terms(found.layers.values()),
    }  # fmt: skip


def _id(metres: float) -> str:
    return f"line{metres:+g}"


def _zones(found: Collected) -> tuple[Zones, list[dict[str, Any]]]:
    """District and reference as they are, and the moved lines that leave something, with their facts."""
    district = to_metric(found.district.boundary, found.crs)
    named: list[tuple[str, Role, BaseGeometry]] = [("district", "district", district)]
    if found.reference.shape is not None:
        named.append(("reference", "reference", to_metric(found.reference.shape, found.crs)))
    lines: list[dict[str, Any]] = []
    for metres in STEPS_M:
        shape = district.buffer(metres)
        gone = shape.is_empty
        area = None if gone else round(shape.area / 1e6, 4)
        lines.append({"metres": metres, "residents": None, "area_km2": area, "reason": NOTHING_LEFT if gone else None})
        if not gone:
            named.append((_id(metres), "peer", shape))
    ids, roles, shapes = zip(*named, strict=True)
    return Zones(ids, ids, roles, ("",) * len(ids), gpd.GeoSeries(list(shapes), crs=found.crs)), lines


def _moved(rows: Sequence[Indicator], factor: float) -> list[Indicator]:
    """Rows that have a threshold, with it moved, without their groups."""
    found = []
    for row in rows:
        told = {name: row.parameters[name] * factor for name in THRESHOLDS if name in row.parameters}
        if told:
            found.append(replace(row, parameters={**row.parameters, **told}, groups={}))
    return found


def _numbers(
    rows: Sequence[Indicator], place: Place, progress: Progress | None = None
) -> Mapping[tuple[str, str], Record]:
    """Records of everybody, by indicator and zone."""
    alone = [replace(row, groups={}) for row in rows]
    records = measuring.measure(alone, place, settings=ReduceSettings(), judging=JudgeSettings(), progress=progress)
    return {(r.indicator, r.zone): r for r in records}


def _row(
    row: Indicator,
    drawn: Mapping[tuple[str, str], Record],
    varied: Mapping[float, Mapping[tuple[str, str], Record]],
    lines: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    base = drawn[row.id, "district"]
    moved = [_told(drawn.get((row.id, _id(line["metres"]))), base, line["reason"]) for line in lines]
    other = [
        {"factor": factor, **_told(numbers[row.id, "district"], base, None)}
        for factor, numbers in varied.items()
        if (row.id, "district") in numbers
    ]
    return {
        "id": row.id,
        "title": row.title,
        "category": row.category,
        "unit": row.unit,
        **_told(base, None, None),
        "reliability": base.reliability,
        "sampled": bool(base.error.get("sampling")),
        "text": base.text,
        "lines": [{"metres": line["metres"], **one} for line, one in zip(lines, moved, strict=True)],
        "thresholds": other,
        "farthest": _farthest(moved),
        "farthest_threshold": _farthest(other),
    }


def _told(record: Record | None, base: Record | None, reason: str | None) -> dict[str, Any]:
    """A number with its margin, and how far it is from the one as drawn; None with the reason where there is none."""
    if record is None or record.value is None:
        why = reason or (record.reason if record is not None else None) or "told in words alone"
        return {"value": None, "moe": None, "change": None, "reason": why}
    change = None if base is None or base.value is None else record.value - base.value
    return {"value": record.value, "moe": record.moe, "change": change, "reason": None}


def _farthest(moved: Sequence[Mapping[str, Any]]) -> float | None:
    """The largest change, by its size; None where no other number is known."""
    found = [one["change"] for one in moved if one["change"] is not None]
    return max(found, key=abs) if found else None


def _shares(rows: Sequence[Indicator], place: Place, measure: Measure) -> Iterator[dict[str, Any]]:
    """A share of the district's people for each row of walks: its value, or why there is none."""
    z = place.zones.index("district")
    for row in rows:
        if row.field != "walk_share":
            continue
        told: dict[str, Any] = {"id": row.id, "title": row.title, "value": None, "unknown": None, "reason": None}
        try:
            field = measure(row, place)
        except Absent as absent:
            yield {**told, "reason": absent.reason}
            continue
        column = reduce(field, place.weights, reference=None, settings=ReduceSettings(), covered=covered(row, place))
        value = float(column.value[z])
        unknown = _unknown(field, place, z)
        if np.isfinite(value):
            yield {**told, "value": value, "unknown": unknown}
        else:
            yield {**told, "unknown": unknown, "reason": column.reason[z]}


def _unknown(field: ExposureField, place: Place, zone: int) -> float | None:
    """Share of the zone's people of whom it is not known."""
    inside = np.asarray(place.weights.fractions[[zone], :].todense()).ravel() * np.nan_to_num(field.base, nan=0.0)
    whole = float(inside.sum())
    return float(inside[np.isnan(field.x)].sum()) / whole if whole > 0 else None
