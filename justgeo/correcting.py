"""The district as residents know it: what they correct in the map, and the numbers that change with it.

The official numbers stay as they are. Layers that a correction speaks of are mended, and the rows that stand on them
are measured once more in the same way, for the district; both stand side by side. A correction that nobody agreed to
show is not used: a number that it changed would show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import shapely

from justgeo import measuring
from justgeo.collecting import Collected
from justgeo.core.correction import Correction, CorrectionKind
from justgeo.core.layer import AnyLayer, Feed, Layer, Network
from justgeo.core.result import Record
from justgeo.indicators.place import Place
from justgeo.measure import mending
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.mending import Outcome
from justgeo.measure.reduce import ReduceSettings
from justgeo.sources import corrections as door

_LAYER: dict[CorrectionKind, str] = {
    "park_locked": "parks", "park_missing": "parks", "stop_removed": "stops", "stop_missing": "stops",
    "place_closed": "amenities", "place_missing": "amenities", "path_missing": "walk", "path_blocked": "walk",
}  # fmt: skip
_TIMETABLE = "gtfs"
_NO_LAYER = "this run has no map layer that it speaks of"


def correct(found: Collected, place: Place, official: Sequence[Record]) -> dict[str, Any] | None:
    """Measure what changes with the corrections that may be shown.

    Parameters
    ----------
    found : Collected
    place : Place
        As it was measured.
    official : sequence of Record

    Returns
    -------
    dict or None
        ``items[]`` (kind, what, note, role, date, name, at, applied_to, reason), ``kept_back`` (how many are not to be
        shown), ``records[]`` (indicator, group, value, moe, unit, reliability, reason of the district, as corrected;
        where it differs from the official number). None where there is no file.

    Raises
    ------
    LayerError
        The file or one of its lines cannot be understood.
    """
    path = door.beside(found.config.base)
    if path is None:
        return None
    every = door.read(path, found.area.window)
    shown = [one for one in every if one.publish]
    layers, outcomes = mended(place.layers, shown, place.crs)
    changed = {name for name, layer in layers.items() if layer is not place.layers[name]}
    told = _measured(found, replace(place, layers=layers, cache={}, by_zone={}), changed) if changed else []
    before = {(r.indicator, r.group): r for r in official if r.zone == "district"}
    return {
        "items": [_item(one, outcomes[one.number]) for one in shown],
        "kept_back": len(every) - len(shown),
        "records": [_record(r) for r in told if _differs(r, before.get((r.indicator, r.group)))],
    }


def told(made: Mapping[str, Any] | None) -> list[str]:
    """For the planner: how many corrections were used, which could not be, and how many are kept back."""
    if made is None:
        return []
    used = [one for one in made["items"] if one["reason"] is None]
    lines = [f"corrections of residents: {len(used)} used, {len(made['records'])} figures change with them"]
    lines += [f"not used: {one['kind']} at {one['at']}: {one['reason']}" for one in made["items"] if one["reason"]]
    if made["kept_back"]:
        lines.append(f"kept back, since nobody agreed to show them (publish): {made['kept_back']}")
    return lines


def mended(
    layers: Mapping[str, AnyLayer], corrections: Sequence[Correction], crs: str
) -> tuple[dict[str, AnyLayer], dict[int, Outcome]]:
    """Layers with the corrections applied, and what became of each by its number."""
    made = dict(layers)
    outcomes: dict[int, Outcome] = {}
    for name in dict.fromkeys(_LAYER.values()):
        some = [one for one in corrections if _LAYER[one.kind] == name]
        layer = made.get(name)
        if not some:
            continue
        if isinstance(layer, Network):
            made[name], done = mending.walkable(layer, some, crs)
        elif isinstance(layer, Layer):
            made[name], done = mending.mended(layer, some, crs)
        else:
            done = [Outcome(reason=_NO_LAYER)] * len(some)
        outcomes |= {one.number: each for one, each in zip(some, done, strict=True)}
    gone = [one for one in corrections if one.kind == "stop_removed"]
    feed = made.get(_TIMETABLE)
    if gone and isinstance(feed, Feed):
        made[_TIMETABLE], done = mending.without_stops(feed, gone, crs)
        # Gone from one of the two lists is gone.
        outcomes |= {one.number: each for one, each in zip(gone, done, strict=True) if each.reason is None}
    return made, outcomes


def _measured(found: Collected, place: Place, changed: set[str]) -> list[Record]:
    rows = [row for row in found.rows if changed & set(measuring.layer_names(row, place.years, place.states))]
    records = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
    return [r for r in records if r.zone == "district"]


def _differs(record: Record, before: Record | None) -> bool:
    return before is None or (record.value, record.moe) != (before.value, before.moe)


def _record(r: Record) -> dict[str, Any]:
    absent = r.value is None
    return {
        "indicator": r.indicator, "group": r.group, "unit": r.unit, "reliability": r.reliability,
        "value": r.value, "moe": None if absent else r.moe, "reason": r.reason,
    }  # fmt: skip


def _item(one: Correction, outcome: Outcome) -> dict[str, Any]:
    at = one.shape.representative_point() if one.shape.geom_type != "LineString" else one.shape.interpolate(0.5, True)
    return {
        "kind": one.kind, "what": one.what, "note": one.note, "role": one.role, "date": one.date, "name": one.name,
        "at": [round(at.x, 5), round(at.y, 5)],
        "line": [[round(x, 5), round(y, 5)] for x, y in shapely.get_coordinates(one.shape)]
        if one.shape.geom_type == "LineString" else None,
        "applied_to": outcome.name, "reason": outcome.reason,
    }  # fmt: skip
