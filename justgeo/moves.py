"""What went into two runs and is not the same: layers, settings, files, the program, catalogue rows, zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from justgeo.manifests import Manifest

MOVED, ADDED, GONE = "moved", "only in the second", "only in the first"
"""States of inputs, zones and records alike."""

TEXT, APPEARED, WENT = "told in words", "appeared", "went absent"
MARGIN, REASON, REST = "margin alone", "reason alone", "other parts"
LISTED, BESIDE = (MOVED, TEXT, APPEARED, WENT), (MARGIN, REASON, REST)
"""Kinds of change of a record: those that are told one by one, and those that leave its value as it is."""

PLACE, SETTING, FILE, PROGRAM = "place", "setting", "file", "program"

_TOLD = ("source", "dataset", "vintage", "retrieved", "licence", "attribution", "url", "synthetic", "notes")
_MOVES = ("sha256", "asked", "modelled")
_FOLLOWS = ("window", "bounds")  # what was asked follows from the boundary in these


@dataclass(frozen=True)
class Side:
    """One run: its results and its manifest."""

    results: Mapping[str, Any]
    manifest: Manifest


@dataclass(frozen=True)
class MovedInput:
    """A layer that is not the same in both.

    Attributes
    ----------
    layer : str
        Its name in the later run that has it.
    state : str
        ``moved``, ``only in the first``, ``only in the second``.
    parts : mapping of str to (old, new)
        What differs: ``sha256``, ``vintage``, ``asked.crossings``, ...; empty where one side alone has the layer.
    reason : str
        Why the other side does not have it.
    moves : bool
        False where words alone differ (its licence, the day on which the same bytes were taken): no number follows.
    names : frozenset of str
        Its names in both runs: ``acs:B25003@2019`` of the one may be ``acs:B25003@2024`` of the other.
    """

    layer: str
    state: str
    parts: Mapping[str, tuple[Any, Any]]
    reason: str
    moves: bool
    names: frozenset[str]


@dataclass(frozen=True)
class MovedSetting:
    """A setting, a file (by its digest) or a version that is not the same; None where a side does not have it.

    ``kind`` is ``place`` (its name), ``setting``, ``file`` or ``program``.
    """

    name: str
    kind: str
    old: Any
    new: Any


@dataclass(frozen=True)
class MovedZone:
    """A zone that one side alone has (``state``), or whose facts (area, residents, name) differ."""

    zone: str
    name: str
    state: str
    facts: Mapping[str, tuple[Any, Any]]


def inputs(one: Side, other: Side) -> tuple[tuple[MovedInput, ...], int]:
    """Layers that moved, and how many did not.

    Tables of the survey are paired by the part that they play: the newest of one run with the newest of the other.
    """
    before, after = _layers(one), _layers(other)
    found = []
    for key in dict.fromkeys([*before, *after]):
        if key in before and key in after:
            moved = _moved(before[key], after[key])
        elif key in before:
            moved = _alone(before[key]["id"], GONE, other.manifest)
        else:
            moved = _alone(after[key]["id"], ADDED, one.manifest)
        if moved is not None:
            found.append(moved)
    return tuple(found), len(before.keys() | after.keys()) - len(found)


def _layers(side: Side) -> dict[str, dict[str, Any]]:
    """Everything told of each layer: by the manifest of all, by the results of those that numbers stand on."""
    told: dict[str, dict[str, Any]] = {name: {"id": name, **row} for name, row in side.manifest.inputs.items()}
    for row in side.results["layers"]:
        told[row["id"]] = {**row, **told.get(row["id"], {})}
    years = side.results["settings"].get("acs_years", {})
    return {_part(name, years): row for name, row in sorted(told.items())}


def _part(name: str, years: Mapping[str, int]) -> str:
    """``acs:B25003@2024`` as ``acs:B25003, t1`` where 2024 is the newest year of that run."""
    table, _, year = name.partition("@")
    roles = [role for role, one in sorted(years.items()) if str(one) == year]
    return f"{table}, {roles[-1]}" if roles else name


def _alone(name: str, state: str, without: Manifest) -> MovedInput:
    reason = without.absent_layers.get(name, "not asked for")
    return MovedInput(name, state, {}, reason, True, frozenset({name}))


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> MovedInput | None:
    parts = {key: (old[key], new[key]) for key in (*_MOVES, *_TOLD) if key in old and key in new}
    before, after = parts.pop("asked", ({}, {}))
    parts |= {f"asked.{key}": (before.get(key), after.get(key)) for key in sorted({*before, *after} - {*_FOLLOWS})}
    parts = {key: pair for key, pair in parts.items() if pair[0] != pair[1]}
    if not parts:
        return None
    # Without a digest nothing proves that the bytes are the same.
    moves = not (old["sha256"] and new["sha256"]) or any(key.partition(".")[0] in _MOVES for key in parts)
    return MovedInput(new["id"], MOVED, parts, "", moves, frozenset({old["id"], new["id"]}))


def settings(one: Side, other: Side) -> tuple[MovedSetting, ...]:
    """Settings by their value, files by their digest, the program by its versions."""

    def told(side: Side) -> Iterable[tuple[str, Mapping[str, Any]]]:
        yield PLACE, {key: side.results[key] for key in ("name", "slug")}
        yield SETTING, _flat(side.results["settings"])
        yield FILE, {name: row["sha256"] for name, row in side.manifest.settings.items()}
        yield PROGRAM, side.manifest.program

    return tuple(
        MovedSetting(name, kind, old.get(name), new.get(name))
        for (kind, old), (_, new) in zip(told(one), told(other), strict=True)
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _flat(told: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """``{"judging": {"low_cv": 40}}`` as ``{"judging.low_cv": 40}``."""
    flat: dict[str, Any] = {}
    for key, value in told.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, Mapping) else {f"{before}{key}": value}
    return flat


def rows(one: Side, other: Side) -> dict[str, tuple[str, ...]]:
    """Catalogue rows of both whose parts differ, with the names of these parts; rows of one side show as records."""
    before, after = ({row["id"]: row for row in side.results["indicators"]} for side in (one, other))
    pairs = {name: (before[name], after[name]) for name in before if name in after}
    return {
        name: tuple(sorted(key for key in {*old, *new} if old.get(key) != new.get(key)))
        for name, (old, new) in pairs.items()
        if old != new
    }


def zones(one: Side, other: Side) -> tuple[MovedZone, ...]:
    """Zones that one side alone has, and those of another shape, with other residents or another name."""
    before, after = ({zone["id"]: zone for zone in side.results["zones"]} for side in (one, other))
    found = []
    for zone in dict.fromkeys([*before, *after]):
        if zone not in before or zone not in after:
            here, state = (before[zone], GONE) if zone in before else (after[zone], ADDED)
            found.append(MovedZone(zone, here["name"], state, {}))
            continue
        old, new = before[zone], after[zone]
        facts = {key: (old["facts"].get(key), new["facts"].get(key)) for key in {**old["facts"], **new["facts"]}}
        facts |= {key: (old[key], new[key]) for key in ("name", "role", "geography")}
        facts = {key: pair for key, pair in facts.items() if pair[0] != pair[1]}
        if facts:
            found.append(MovedZone(zone, new["name"], MOVED, facts))
    return tuple(found)


def parts(one: Side, other: Side) -> tuple[str, ...]:
    """Other parts of ``results.json`` that differ; of displacement, which (``displacement (cards)``)."""
    names = ("groups", "notes", "absent_layers", "budgets", "disclaimer")
    found = [key for key in names if one.results.get(key) != other.results.get(key)]
    old, new = (side.results.get("displacement") for side in (one, other))
    if old is None or new is None:
        return (*found, *["displacement"] * (old != new))
    differ = (key for key in sorted({*old, *new}) if old.get(key) != new.get(key))
    return (*found, *(f"displacement ({key.replace('_', ' ')})" for key in differ))
