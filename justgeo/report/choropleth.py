"""What the map shows for each indicator: level, classes, legend, and the words for every area.

Everything is worked out here from ``results.json``; the script on the page only looks it up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from justgeo.measure.compare import FIRM, LIKELY
from justgeo.report import origins, remarks, spoken, words
from justgeo.report.instead import instead
from justgeo.report.reader import Reader, has_value
from justgeo.report.results import ALL
from justgeo.report.speech import say

MOST_CLASSES = 5
RAMP = ("#ece6f6", "#cbbde3", "#a18ccb", "#7456ab", "#43267a")
"""One hue, light to dark: told apart by people who see colours differently, and in grey print."""

CHANCES = (1 - FIRM, 1 - LIKELY, LIKELY, FIRM)
"""Breaks between chances, whatever chances there are: a dark area is a likely one, never merely the likeliest here."""

_SHADES = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4)}
_LEVELS = ("tract", "block group", "area")
_PLURALS = {"tract": "census tracts", "block group": "census block groups", "area": "areas"}


def level_of(zone: Mapping[str, Any]) -> str:
    """Level of an area on the map: ``tract``, ``block group``, or ``area`` for a planner's own."""
    geography = str(zone["geography"])
    return geography if geography in _LEVELS else "area"


def levels(results: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Areas of each level that has any, in the order of the results."""
    areas = [zone for zone in results["zones"] if zone["role"] == "area"]
    found = {level: [zone for zone in areas if level_of(zone) == level] for level in _LEVELS}
    return {level: inside for level, inside in found.items() if inside}


def breaks(values: Sequence[float], most: int = MOST_CLASSES) -> list[float]:
    """Breaks between classes: quantiles, rounded to numbers that people read easily.

    Parameters
    ----------
    values : sequence of float
        Finite.
    most : int
        Largest number of classes.

    Returns
    -------
    list of float
        Rising, between the least and the greatest value; k breaks make k + 1 classes, and a value that equals a
        break belongs to the class above. Empty where all values are the same.
    """
    distinct = np.unique(np.asarray(values, dtype=np.float64))
    if len(distinct) < 2:
        return []
    wanted = min(most, len(distinct))
    at = np.quantile(np.asarray(values, dtype=np.float64), [i / wanted for i in range(1, wanted)])
    step = _nice((distinct[-1] - distinct[0]) / (2 * wanted))
    found = sorted({float(f"{round(b / step) * step:.12g}") for b in at})
    inside: list[float] = []
    for edge in found:
        # A class that rounding left empty would only lengthen the legend.
        below = inside[-1] if inside else -np.inf
        if distinct[0] < edge <= distinct[-1] and np.any((distinct >= below) & (distinct < edge)):
            inside.append(edge)
    return inside or [float(f"{(distinct[0] + distinct[-1]) / 2:.12g}")]


def class_labels(edges: Sequence[float], unit: str) -> list[str]:
    """Words of each class: ``under 10%``, ``10% to under 20%``, ``20% or more``."""
    ticks = [words.tick(edge, unit) for edge in edges]
    if not ticks:
        return []
    middle = [say("{low} to under {high}", low=low, high=high) for low, high in pairwise(ticks)]
    top = words.scale(unit).top
    last = ticks[-1] if top is not None and edges[-1] >= top else say("{low} or more", low=ticks[-1])
    return [say("under {high}", high=ticks[0]), *middle, last]


def payload(results: Mapping[str, Any]) -> dict[str, Any]:
    """What the map says of each indicator in the language that is spoken, without geometry.

    Returns
    -------
    dict
        ``levels`` (name, zones), ``categories`` and ``indicators``, each with its level, legend and one cell an area:
        value, margin, reliability, reason; and ``classes``, -1 where it is absent.
    """
    inside = levels(results)
    index: dict[str, dict[str, Mapping[str, Any]]] = {}
    for record in results["records"]:
        if record["group"] == ALL:
            index.setdefault(record["indicator"], {})[record["zone"]] = record
    rows = [row for row in results["indicators"] if row["map"] != "none" and row["id"] in index] if inside else []
    reader = Reader(results)
    shown = [_indicator(row, index[row["id"]], inside, reader) for row in rows]
    keys = [key for key in words.CATEGORIES if any(row["category"] == key for row in shown)]
    keys += sorted({row["category"] for row in shown} - set(keys))
    return {
        "categories": [{"id": key, "title": words.category_title(key)} for key in keys],
        "levels": {
            level: {
                "title": _plural(level, zones),
                "ids": [z["id"] for z in zones],
                "names": [spoken.spoken(z["name"]) for z in zones],
            }
            for level, zones in inside.items()
        },
        "indicators": shown,
        "first": _first(shown),
    }


def _first(shown: Sequence[Mapping[str, Any]]) -> str | None:
    """What the map opens with: the first that has numbers fit to be read, people's own traits last."""
    fit = [row for row in shown if row["fit"]]
    of_place = [row for row in fit if row["category"] != "demographics"]
    return next((str(row["id"]) for row in [*of_place, *fit, *shown]), None)


def _plural(level: str, zones: Sequence[Mapping[str, Any]]) -> str:
    """What areas of a level are called: a planner's own by their own name where they have one."""
    kinds = {str(zone["geography"]) for zone in zones}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return spoken.spoken(f"{kind}s" if level == "area" and kind not in ("", "area") else _PLURALS[level])


def _indicator(
    row: Mapping[str, Any],
    records: Mapping[str, Mapping[str, Any]],
    inside: Mapping[str, Sequence[Mapping[str, Any]]],
    reader: Reader,
) -> dict[str, Any]:
    level, moved = _level(row, records, inside)
    cells = [records.get(zone["id"]) for zone in inside[level]]
    values = [(c["value"], c["moe"]) for c in cells if c is not None and c["value"] is not None]
    chances = bool(values) and all(c is None or c["value"] is None or c["reliability"] == "chance" for c in cells)
    edges = list(CHANCES) if chances else breaks([value for value, _ in values])
    labels = class_labels(edges, row["unit"])
    if values and not labels:
        labels = [words.tick(values[0][0], row["unit"])]
    classes = [_class(c, edges) for c in cells]
    used = reader.used(records.values())
    trusted = [c is not None and c["reliability"] in ("high", "medium", "exact", "modelled") for c in cells]
    low = [c is not None and c["value"] is not None and c["reliability"] == "low" for c in cells]
    even = [_even(c) for c in cells]
    return {
        "id": row["id"],
        "title": spoken.spoken(row["title"]),
        "category": words.category(row["category"]),
        "unit": words.scale(row["unit"]).unit,
        "level": level,
        "notes": [note for note in (moved, *_notes(cells, values, edges)) if note],
        "shades": list(_SHADES[len(labels)]) if labels else [],
        "labels": labels,
        "counts": [classes.count(k) for k in range(len(labels))],
        "absent": classes.count(-1),
        "low": sum(low),
        "even": sum(even),
        "hatched": 2 if chances else -1,
        "fit": 2 * sum(trusted) > len(values) > 0,
        "classes": classes,
        "cells": [_cell(c, reader) for c in cells],
        "source": origins.told(used),
        "vintage": origins.vintage(used),
        **_headline(records, reader),
    }


def _level(
    row: Mapping[str, Any],
    records: Mapping[str, Mapping[str, Any]],
    inside: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[str, str]:
    """The level to draw at: the row's own, else the first other that has a value; and words where it moved."""
    wanted = str(row["map"])
    order = [level for level in (wanted, *_LEVELS) if level in inside]
    for level in order:
        if any((r := records.get(z["id"])) is not None and r["value"] is not None for z in inside[level]):
            if level == wanted or wanted not in inside:
                return level, ""
            gone, shown = (spoken.spoken(_PLURALS[one]) for one in (wanted, level))
            return level, say("There are no values for {gone}; {shown} are shown.", gone=gone, shown=shown)
    return order[0], ""


def _even(cell: Mapping[str, Any] | None) -> bool:
    """Whether a chance is too near to even to say yes or no: hatched, so that colour alone does not say it."""
    if cell is None or cell["value"] is None or cell["reliability"] != "chance":
        return False
    return 1 - LIKELY < float(cell["value"]) < LIKELY


def _class(cell: Mapping[str, Any] | None, edges: Sequence[float]) -> int:
    if cell is None or cell["value"] is None:
        return -1
    return sum(cell["value"] >= edge for edge in edges)


def _cell(cell: Mapping[str, Any] | None, reader: Reader) -> list[str]:
    """Value, margin, class of reliability, reason and what a larger area reports: the words for one area."""
    if cell is None:
        return ["–", "", "absent", say("not computed for this area")]
    told = [*([cell["reason"]] if cell["reason"] else []), *remarks.beside(cell)]
    told += [other for other in (instead(cell, reader),) if other]
    reliability = "even" if _even(cell) else cell["reliability"]
    return [words.shown(cell), words.shown_margin(cell), reliability, spoken.join("; ", told)]


def _headline(records: Mapping[str, Mapping[str, Any]], reader: Reader) -> dict[str, str]:
    """District and reference in words, to stand over the map."""
    found = {}
    for role, zone in (("district", reader.district), ("reference", reader.reference)):
        record = None if zone is None else records.get(zone["id"])
        found[role] = found[f"{role}_beside"] = ""
        if record is not None:
            found[role] = words.told(record) if has_value(record) else _no_number(record)
            found[f"{role}_beside"] = spoken.join("; ", remarks.beside(record))
    return found


def _no_number(record: Mapping[str, Any]) -> str:
    return spoken.tell("no number ({reason})", reason=record["reason"])


def _notes(
    cells: Sequence[Mapping[str, Any] | None], values: Sequence[tuple[float, float | None]], edges: Sequence[float]
) -> list[str]:
    """What has to be known to read the colours."""
    told = []
    if any(c is not None and c["reliability"] == "chance" for c in cells):
        told.append(
            say(
                "For a single area the number is the chance that it is such an area, not a share of its homes. The"
                " colors show no stage of a market and rank no place."
            )
        )
    if any(c is not None and c["reliability"] == "modelled" for c in cells):
        told.append(say("These numbers stand on modelled people, not on a count."))
    if _wide(values, edges):
        told.append(say("Most margins here are wider than a class: neighboring colors may not differ in truth."))
    return told


def _wide(values: Sequence[tuple[float, float | None]], edges: Sequence[float]) -> bool:
    """Whether the typical margin is wider than the typical class, so that neighbouring colours may not differ."""
    margins = [moe for _, moe in values if moe]
    if not margins or len(edges) < 2:
        return False
    return float(np.median(margins)) > float(np.median(np.diff(edges)))


def _nice(step: float) -> float:
    """The nearest 1, 2 or 5 times a power of ten below ``step``."""
    power = 10.0 ** math.floor(math.log10(step))
    return power * max(m for m in (1, 2, 5) if m * power <= step * (1 + 1e-9))
