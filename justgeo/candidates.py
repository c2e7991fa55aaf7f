"""Candidate boundaries side by side: what each line holds, and what could not be told within it.

Scoping comes before the baseline: where a boundary runs decides who is counted. Each candidate is measured as `run`
measures it, so its numbers are those that a run of that ``district.toml`` would write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from justgeo.collecting import Collected, collect_layers, read_config
from justgeo.core.district import metric_crs, to_metric
from justgeo.core.errors import ConfigError
from justgeo.core.location import Location
from justgeo.indicators.place import Place
from justgeo.measure.column import split_share
from justgeo.report import candidates as pages
from justgeo.report import results as reports
from justgeo.report import write
from justgeo.run import Progress, make_place, measure_place

FEWEST, MOST = 2, 5
SPLIT_LEVELS = ("block group", "tract")


def compare(
    paths: Sequence[Path],
    out: Path,
    progress: Progress | None = None,
    records: Location | None = None,
    offline: bool = False,
) -> dict[str, Any]:
    """Measure 2 to 5 candidate boundaries and write them side by side.

    Parameters
    ----------
    paths : sequence of Path
        A ``district.toml`` (or its folder) for each candidate.
    out : Path
        Folder for ``compare.html``, ``compare.csv`` and ``compare.json``.
    progress, records, offline
        As for `run.run_config`.

    Returns
    -------
    dict
        What was written, as in `content`.

    Raises
    ------
    ConfigError
        Too few or too many candidates, one given twice, or invented beside real ones.
    OutputError
        The folder holds something else.
    """
    if not FEWEST <= len(paths) <= MOST:
        raise ConfigError(
            f"{len(paths)} candidate boundaries cannot be compared.", remedy=f"name {FEWEST} to {MOST} district.toml."
        )
    told = [read_config(path) for path in paths]
    twice = next((a for a, b in combinations(told, 2) if a.path.resolve() == b.path.resolve()), None)
    if twice is not None:
        raise ConfigError(f"{twice.path} is named twice.", remedy="name each candidate once.")
    if len({one.synthetic for one in told}) > 1:
        raise ConfigError(
            "An invented place stands beside a real one.", remedy="compare real boundaries with each other alone."
        )
    write.check(out, pages.MAKER)
    # One at a time: a place with its layers is large, what is kept of it is small.
    sides = [_side(collect_layers(one, progress, records, offline), progress) for one in told]
    made = content(sides)
    pages.write_all(out, made)
    return made


def _side(found: Collected, progress: Progress | None) -> dict[str, Any]:
    place = make_place(found)
    baseline, _ = measure_place(found, progress, place)
    results = reports.to_dict(baseline)
    return {
        "name": results["name"],
        "results": results,
        "withheld": {row.id for row in found.rows if not row.areas},
        "boundary": found.district.boundary,
        "split": split(place),
        "years": dict(found.years),
        "reference": found.reference.name,
    }


def split(place: Place) -> dict[str, float | None]:
    """Share of the district's people who live in units that its line cuts, by level; None where it is not known.

    A unit is cut where 5 to 95 % of its people live inside.
    """
    weights = place.weights
    z = place.zones.index("district")
    found: dict[str, float | None] = {}
    for level in SPLIT_LEVELS:
        vintages = [vintage for known, vintage in weights.units if known == level]
        if weights.origins is None or not vintages:
            found[level] = None
            continue
        vintage = max(vintages)
        unit = weights.nest(level, vintage)
        people = np.nan_to_num(place.population(), nan=0.0)
        counts = np.bincount(
            unit[unit >= 0], weights=people[unit >= 0], minlength=len(weights.geoids(level, vintage))
        ).astype(np.float64)
        share = float(split_share(weights.matrix(level, vintage, "persons"), counts)[z])
        found[level] = share if np.isfinite(share) else None
    return found


def content(sides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Candidates as plain values: what ``compare.json`` holds and the page shows.

    Returns
    -------
    dict
        ``synthetic``, ``candidates[]`` (label, name, reference, residents, area_km2, split, measured, absent[]),
        ``rows[]`` (an indicator each, with a record or None for each candidate), ``withheld[]`` (titles of what is told
        of no single tract, and so of no two lines), ``common[]`` (pairs with the share of each one's land that lies in
        the other), ``notes[]``, ``outlines[]`` (GeoJSON, EPSG:4326), ``layers[]`` (source and terms of what was used).
    """
    labels = _labels([str(side["name"]) for side in sides])
    district = [_of_district(side["results"]) for side in sides]
    # What is told of no single tract would be told of one by the difference of two lines that it lies between.
    withheld = set().union(*(side["withheld"] for side in sides))
    every = {row["id"]: row for side in sides for row in side["results"]["indicators"]}
    rows = {i: row for i, row in every.items() if i not in withheld}
    return {
        "synthetic": bool(sides[0]["results"]["synthetic"]),
        "candidates": [
            {"label": label, **_facts(side, records)}
            for label, side, records in zip(labels, sides, district, strict=True)
        ],
        "rows": [
            {**{k: rows[i][k] for k in ("id", "title", "category", "unit", "caveat")},
             "cells": [records.get(i) for records in district]}
            for i in rows
        ],
        "withheld": [every[i]["title"] for i in every if i in withheld],
        "common": _common(labels, [side["boundary"] for side in sides]),
        "notes": _notes(labels, sides),
        "outlines": [shapely.geometry.mapping(side["boundary"]) for side in sides],
        "layers": _layers(sides),
    }  # fmt: skip


def _labels(names: Sequence[str]) -> list[str]:
    """``A: Old Harbour``: a letter keeps two of one name apart, and stands for it where there is no room."""
    return [f"{chr(ord('A') + i)}: {name}" for i, name in enumerate(names)]


def _of_district(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Records of everybody in the district, by indicator."""
    return {r["indicator"]: r for r in results["records"] if r["zone"] == "district" and r["group"] == reports.ALL}


def _facts(side: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    zone = next(zone for zone in side["results"]["zones"] if zone["role"] == "district")
    titles = {row["id"]: row["title"] for row in side["results"]["indicators"]}
    gone: dict[str, list[str]] = {}
    shown = {i: record for i, record in records.items() if i not in side["withheld"]}
    for i, record in shown.items():
        if record["value"] is None and record["text"] is None:
            gone.setdefault(str(record["reason"]), []).append(titles[i])
    return {
        "name": side["name"],
        "reference": side["reference"],
        "residents": zone["facts"].get("residents"),
        "area_km2": zone["facts"].get("area_km2"),
        "split": dict(side["split"]),
        "measured": len(shown) - sum(map(len, gone.values())),
        "absent": [{"reason": reason, "titles": inside} for reason, inside in gone.items()],
    }


def _common(labels: Sequence[str], shapes: Sequence[Any]) -> list[dict[str, Any]]:
    """Pairs of candidates, and how much of each one's land lies in the other."""
    crs = metric_crs(shapely.union_all(np.array(shapes, dtype=object)))
    metric = [to_metric(shape, crs) for shape in shapes]
    found = []
    for a, b in combinations(range(len(shapes)), 2):
        both = float(metric[a].intersection(metric[b]).area)
        parts = [both / float(metric[i].area) for i in (a, b)]
        found.append({"a": labels[a], "b": labels[b], "of_a": round(parts[0], 4), "of_b": round(parts[1], 4)})
    return found


def _layers(sides: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Source and terms of every layer that a candidate used, each once."""
    names = ("id", "source", "dataset", "vintage", "licence", "attribution")
    found = {tuple(layer[n] for n in names): None for side in sides for layer in side["results"]["layers"]}
    return [dict(zip(names, one, strict=True)) for one in sorted(found)]


def _notes(labels: Sequence[str], sides: Sequence[Mapping[str, Any]]) -> list[str]:
    """What keeps two columns from being read against each other."""
    notes = []
    references = {str(side["reference"]) for side in sides}
    if len(references) > 1:
        each = "; ".join(f"{label} with {side['reference']}" for label, side in zip(labels, sides, strict=True))
        notes.append(f"The candidates are compared with different reference areas: {each}.")
    years = {tuple(sorted(side["years"].items())) for side in sides}
    if len(years) > 1:
        each = "; ".join(f"{label}: {side['years'].get('t1')}" for label, side in zip(labels, sides, strict=True))
        notes.append(f"The surveys end in different years ({each}): a difference may be one of time.")
    used = [{layer["id"]: layer["vintage"] for layer in side["results"]["layers"]} for side in sides]
    odd = sorted({i for one in used for i in one if len({other[i] for other in used if i in other}) > 1})
    if odd:
        notes.append(f"Some sources are of different vintages: {', '.join(odd)}.")
    return notes
