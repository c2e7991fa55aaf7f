"""Where the numbers come from: sources with their terms, the period they speak of, what had to be left out and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import spoken
from justgeo.report.speech import say

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_VAGUE = re.compile(r"\babout\b|not stated", re.IGNORECASE)
_TABLE = re.compile(r"^acs(?:_t0)?:(?P<table>[A-Z]+\d+[A-Z]*)(?:@(?P<year>\d{4}))?$")

_LAYERS = {
    "amenities": "shops and services",
    "areas": "areas of the planner's own",
    "bike": "streets and paths open to bicycles",
    "block_groups": "census block groups",
    "blocks": "census blocks",
    "counties": "counties",
    "gtfs": "timetables of buses and trains",
    "impervious": "map of hard surfaces",
    "land_cover": "map of land cover",
    "landuse": "use of the land",
    "park_entrances": "park entrances",
    "parks": "parks",
    "stops": "transit stops",
    "streets": "streets",
    "surface_temperature": "map of summer surface temperature",
    "tracts": "census tracts",
    "tracts_2010": "census tracts of 2010",
    "tree_canopy": "map of tree canopy",
    "walk": "streets and paths to walk on",
    "water": "water",
    "zoning": "zoning",
}
_TERMS = ("licence", "attribution", "url", "retrieved", "synthetic", "modelled")


def period(layers: Iterable[Mapping[str, Any]]) -> str:
    """Years that the data speak of: ``2020 to 2024``, ``about 2015 to 2018``; empty where no year is told."""
    vintages = [str(layer["vintage"]) for layer in layers]
    years = sorted({int(y) for v in vintages for y in _YEAR.findall(v)})
    if not years:
        return ""
    span = str(years[0]) if years[0] == years[-1] else say("{first} to {last}", first=years[0], last=years[-1])
    return say("about {years}", years=span) if any(_VAGUE.search(v) for v in vintages) else span


def vintage(layers: Iterable[Mapping[str, Any]]) -> str:
    """Vintages of some layers, each once; the word ``invented`` is left to the heading above them."""
    told = dict.fromkeys(str(layer["vintage"]).replace(" (invented)", "") for layer in layers)
    return spoken.join("; ", (spoken.spoken(one) for one in told if one))


def told(layers: Sequence[Mapping[str, Any]]) -> str:
    """Sources of some layers in one line, each once with its data sets: ``Bureau: survey; blocks. City: parks``."""
    by: dict[str, list[str]] = {}
    for layer in layers:
        by.setdefault(layer["source"], []).append(layer["dataset"])
    lines = []
    for source, sets in by.items():
        names = [spoken.spoken(name) for name in _short(list(dict.fromkeys(sets))) if name]
        head = spoken.spoken(source)
        lines.append(spoken.join(": ", [head, spoken.join("; ", names)]) if names else head)
    return spoken.join(". ", lines)


def _short(names: list[str]) -> list[str]:
    """Names without the beginning up to a colon that they all share."""
    head = names[0].partition(": ")[0] + ": "
    return [n.removeprefix(head) for n in names] if len(names) > 1 and all(n.startswith(head) for n in names) else names


def sources(layers: Sequence[Mapping[str, Any]], records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sources with their terms, each once, with the data sets taken from it.

    Returns
    -------
    list of dict
        ``source``, the terms, ``notes`` that hold for all its data, and ``sets``: data sets with ``dataset, vintage,
        ids, notes`` and ``used`` (how many indicators stand on it).
    """
    uses: dict[str, set[str]] = {}
    for indicator, behind in {(record["indicator"], tuple(record["layers"])) for record in records}:
        for layer in behind:
            uses.setdefault(layer, set()).add(indicator)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for layer in layers:
        key = (layer["source"], *(layer[name] for name in _TERMS if name != "url"))
        row = found.setdefault(key, {"source": layer["source"], **{n: layer[n] for n in _TERMS}, "sets": {}})
        row["url"] = row["url"] or layer["url"]
        made = {"dataset": layer["dataset"], "vintage": layer["vintage"], "ids": [], "used": set(), "notes": []}
        one = row["sets"].setdefault((layer["dataset"], layer["vintage"]), made)
        one["ids"].append(layer["id"])
        one["used"] |= uses.get(layer["id"], set())
        one["notes"] += [note for note in layer["notes"] if note not in one["notes"]]
    return [_source(row) for row in found.values()]


def _source(row: dict[str, Any]) -> dict[str, Any]:
    sets = list(row["sets"].values())
    shared = [n for n in sets[0]["notes"] if all(n in one["notes"] for one in sets)] if len(sets) > 1 else []
    short = _short([one["dataset"] for one in sets])
    shown = [
        one
        | {
            "dataset": spoken.spoken(name),
            "vintage": spoken.spoken(one["vintage"]),
            "used": len(one["used"]),
            "notes": [spoken.spoken(n) for n in one["notes"] if n not in shared],
        }
        for one, name in zip(sets, short, strict=True)
    ]
    told = {name: spoken.spoken(row[name]) for name in ("licence", "attribution")}
    return row | told | {"sets": shown, "notes": [spoken.spoken(n) for n in shared]}


def missing(absent: Mapping[str, str]) -> list[dict[str, Any]]:
    """Layers that were not there, by reason, most first: ``reason`` and ``layers`` in words, tables as one entry."""
    by: dict[str, list[str]] = {}
    for layer, reason in sorted(absent.items()):
        by.setdefault(reason, []).append(layer)
    rows = sorted(by.items(), key=lambda kv: (-len(kv[1]), kv[0]))
    return [{"reason": spoken.spoken(reason), "layers": named(layers)} for reason, layers in rows]


def named(layers: Sequence[str]) -> list[str]:
    """Layers in plain words, tables of the survey as one entry."""
    tables: list[str] = []
    others: list[str] = []
    for layer in layers:
        match = _TABLE.match(layer)
        if match:
            tables.append(match["table"])
        else:
            others.append(called(layer))
    unique = list(dict.fromkeys(tables))
    listed = ", ".join(unique)
    kind = (
        say("census table {table}", table=listed)
        if len(unique) == 1
        else say("{n} census tables: {tables}", n=len(unique), tables=listed)
    )
    return [*([kind] if unique else []), *others]


def notices(layers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Attributions that have to stand on the map itself: those of ODbL data."""
    found = []
    for layer in layers:
        if "odbl" in layer["licence"].casefold() or "open database" in layer["licence"].casefold():
            found.append(layer["attribution"] or "© OpenStreetMap contributors")
    return list(dict.fromkeys(found))


def called(layer: str) -> str:
    """A layer in plain words; its id where it has none."""
    return say(_LAYERS[layer]) if layer in _LAYERS else layer
