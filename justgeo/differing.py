"""Two runs of a place held against each other: which numbers moved, and which input moved them.

A number that moved is not yet news. Two estimates of one survey are not independent, so that between them nothing is
tested: the same survey was read otherwise. Neither are those of five-year periods that overlap, which share the same
answers. Where the periods lie apart, the difference has the margin ``sqrt(moe_1**2 + moe_2**2)`` and is judged by it,
as the Bureau does at 90 %.

References
----------
U.S. Census Bureau (2018, rev. 2020), *Understanding and Using American Community Survey Data: What All Data Users Need
to Know*, on comparisons over time (periods that do not overlap) and chapter 7 (test of a difference).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justgeo import manifests, moves
from justgeo.core.errors import OutputError
from justgeo.differing_words import words as words  # a part of this module's face
from justgeo.moves import (
    ADDED,
    APPEARED,
    GONE,
    MARGIN,
    MOVED,
    REASON,
    REST,
    TEXT,
    WENT,
    MovedInput,
    MovedSetting,
    MovedZone,
    Side,
)
from justgeo.report.results import form_doubted, load, number

if TYPE_CHECKING:
    import pandas as pd

LARGER, WITHIN = "larger than the margins allow", "within the margins"
SAME_SURVEY = "the same survey read otherwise"
OVERLAP = "the survey's periods overlap, not comparable by this test"
NO_PERIOD = "the survey's periods are not stated, no test"
NO_SAMPLE = "not a sample, no test"
NO_MARGIN = "margin not known, no test"

SHAPE, ROW = "the shape of the zone", "its row of the catalogue"
UNEXPLAINED = "nothing that is recorded"

_IN_WORDS = (
    "title", "plain", "category", "method", "caveat", "references", "pillars", "baseline", "outcomes", "frequency",
    "evidence", "direction", "who", "says", "question", "wording",
)  # fmt: skip
"""Parts of a catalogue row that move no number."""

_NO_CAUSE = ("answers", "commitments", "catalogue/")  # the catalogue is told row by row
_SURVEY = re.compile(r"acs:[A-Z0-9]+@(\d{4})")
_YEARS = re.compile(r"(?<!\d)(\d{4})(?:\s*[-–]\s*(\d{4}))?(?!\d)")

COLUMNS = (
    "indicator", "title", "zone", "group", "kind", "old", "old_moe", "new", "new_moe", "unit", "difference",
    "difference_moe", "judgement", "inputs", "otherwise", "old_text", "new_text", "old_reason", "new_reason",
)  # fmt: skip
"""Columns of :func:`table`."""

Key = tuple[str, str, str]
Years = frozenset[tuple[int, int] | str]


@dataclass(frozen=True)
class Change:
    """One record that is not the same in both.

    Attributes
    ----------
    zone, indicator, group : str
    kind : str
        ``moved``, ``told in words`` (a text on one side or both), ``appeared``, ``went absent``; ``only in the
        first``, ``only in the second``; where the value is the same: ``margin alone``, ``reason alone``,
        ``other parts``.
    old, new : mapping or None
        The records, as ``results.json`` has them.
    difference, difference_moe : float or None
        New less old in the unit of the record, and its 90 % margin where the two are independent.
    judgement : str
        For numbers that moved: whether the margins allow it, or why that cannot be asked.
    inputs : tuple of str
        Layers of this record that moved.
    otherwise : tuple of str
        What else may have moved it: the zone's shape, its row of the catalogue, and where none of all these moved, the
        settings or the program.
    """

    zone: str
    indicator: str
    group: str
    kind: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    difference: float | None
    difference_moe: float | None
    judgement: str
    inputs: tuple[str, ...]
    otherwise: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Everything in which two runs differ.

    Attributes
    ----------
    name : str
        Of the place, in the later run.
    synthetic : bool
    inputs, settings, zones : tuple
    rows : mapping of str to tuple of str
        Catalogue rows that differ, with the names of the parts that do.
    changes : tuple of Change
        In the order of the records.
    parts : tuple of str
        Other parts of ``results.json`` that differ.
    same, same_inputs : int
        Records and layers that are the same to the last digit.
    labels : mapping of str to mapping
        ``indicators``, ``groups``, ``zones`` by id, for people; ``roles`` of zones.
    """

    name: str
    synthetic: bool
    inputs: tuple[MovedInput, ...]
    settings: tuple[MovedSetting, ...]
    rows: Mapping[str, tuple[str, ...]]
    zones: tuple[MovedZone, ...]
    changes: tuple[Change, ...]
    parts: tuple[str, ...]
    same: int
    same_inputs: int
    labels: Mapping[str, Mapping[str, str]]

    @property
    def empty(self) -> bool:
        """Whether the two are the same in everything but the time of the run."""
        return not (self.inputs or self.settings or self.rows or self.zones or self.changes or self.parts)

    def of(self, *kinds: str) -> tuple[Change, ...]:
        """Changes of some kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    def by(self, layer: str) -> tuple[Change, ...]:
        """Changes of records that stand on a layer that moved."""
        return tuple(change for change in self.changes if layer in change.inputs)


def diff(one: Path, other: Path) -> Difference:
    """Hold two folders of outputs against each other.

    Parameters
    ----------
    one, other : Path
        The earlier and the later folder.

    Raises
    ------
    OutputError
        A folder holds no results or no whole manifest, or one place is invented and the other is real.
    """
    files = [Path(folder) / "results.json" for folder in (one, other)]
    first, second = (Side(load(file), manifests.read(file.parent)) for file in files)
    with form_doubted(dict(zip(files, (first.results, second.results), strict=True))):
        _refuse_one_invented(first.results, second.results)
        return compare(first, second)


def _refuse_one_invented(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    if one["synthetic"] != other["synthetic"]:
        raise OutputError(
            f"Of {one['name']} and {other['name']} one is invented: the two are never told together.",
            remedy="name two runs of one place.",
        )


def compare(one: Side, other: Side) -> Difference:
    """As :func:`diff`, of what was read already; pure."""
    inputs, same_inputs = moves.inputs(one, other)
    settings, rows, zones = moves.settings(one, other), moves.rows(one, other), moves.zones(one, other)
    causes = _Causes(inputs, settings, rows, zones)
    periods = Periods(one.results), Periods(other.results)
    before, after = _records(one.results), _records(other.results)
    keys = dict.fromkeys([*before, *after])
    moved = [key for key in keys if before.get(key) != after.get(key)]
    return Difference(
        name=str(other.results["name"]),
        synthetic=bool(other.results["synthetic"]),
        inputs=inputs,
        settings=settings,
        rows=rows,
        zones=zones,
        changes=tuple(_change(key, before.get(key), after.get(key), periods, causes) for key in moved),
        parts=moves.parts(one, other),
        same=len(keys) - len(moved),
        same_inputs=same_inputs,
        labels=_labels(one.results, other.results),
    )


def table(difference: Difference) -> pd.DataFrame:
    """Every record that is not the same in both, one row each.

    Returns
    -------
    DataFrame
        ``indicator, title, zone, group, kind, old, old_moe, new, new_moe, unit, difference, difference_moe, judgement,
        inputs, otherwise, old_text, new_text, old_reason, new_reason``. Shares are fractions, margins are for 90 %
        confidence; an absent number is NaN and has its reason; several inputs are joined by ``"; "``.
    """
    import pandas as pd

    titles = difference.labels["indicators"]
    sides = (("", "value"), ("_moe", "moe"), ("_text", "text"), ("_reason", "reason"))
    rows: list[dict[str, Any]] = []
    for one in difference.changes:
        row: dict[str, Any] = {"indicator": one.indicator, "title": titles.get(one.indicator, ""), "zone": one.zone}
        row |= {"group": one.group, "kind": one.kind, "unit": (one.new or one.old or {}).get("unit")}
        for name, record in (("old", one.old), ("new", one.new)):
            row |= {name + ending: None if record is None else record[key] for ending, key in sides}
        row |= {key: getattr(one, key) for key in ("difference", "difference_moe", "judgement")}
        rows.append({**row, "inputs": "; ".join(one.inputs), "otherwise": "; ".join(one.otherwise)})
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["old", "old_moe", "new", "new_moe", "difference", "difference_moe"]
    return made.astype(dict.fromkeys(numbers, "float64"))


class _Causes:
    """What may have moved a record."""

    def __init__(
        self,
        inputs: Sequence[MovedInput],
        settings: Sequence[MovedSetting],
        rows: Mapping[str, Sequence[str]],
        zones: Sequence[MovedZone],
    ) -> None:
        self.inputs = [one for one in inputs if one.moves]
        self.reshaped, self.rows = reshaped(zones), remade(rows)
        self.others = tuple(s.name for s in settings if s.kind != moves.PLACE and not s.name.startswith(_NO_CAUSE))

    def of(self, zone: str, indicator: str, layers: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Inputs of a record that moved, and what else may have moved it."""
        own = tuple(one.layer for one in self.inputs if one.names & layers)
        found = (SHAPE,) * (zone in self.reshaped) + (ROW,) * (indicator in self.rows)
        if own or found:
            return own, found
        elsewhere = tuple(f"{one.layer}, which it is not told to stand on" for one in self.inputs)
        return (), self.others or elsewhere or (UNEXPLAINED,)


def reshaped(zones: Iterable[MovedZone]) -> set[str]:
    """Zones whose shape moved."""
    return {zone.zone for zone in zones if "area_km2" in zone.facts}


def remade(rows: Mapping[str, Iterable[str]]) -> set[str]:
    """Rows of the catalogue that changed in more than their words."""
    return {name for name, parts in rows.items() if not {*parts} <= {*_IN_WORDS}}


class Periods:
    """Years that the survey layers of one run speak of."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.vintages = {one["id"]: str(one["vintage"]) for one in results["layers"]}

    def of(self, record: Mapping[str, Any]) -> Years:
        """First and last year of each survey behind a record; the words of a vintage where no year is among them.

        A planner's own table counts as a survey where its numbers have a margin.
        """
        found: set[tuple[int, int] | str] = set()
        for name in record["layers"]:
            survey = _SURVEY.fullmatch(name)
            if survey is not None:
                found.add((int(survey[1]) - 4, int(survey[1])))
            elif name.startswith("table:") and record["moe"] is not None:
                said = self.vintages.get(name, "")
                years = _YEARS.search(said)
                found.add(said if years is None else (int(years[1]), int(years[2] or years[1])))
        return frozenset(found)


def _records(results: Mapping[str, Any]) -> dict[Key, Mapping[str, Any]]:
    return {(one["zone"], one["indicator"], one["group"]): one for one in results["records"]}


def _change(
    key: Key,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    periods: tuple[Periods, Periods],
    causes: _Causes,
) -> Change:
    zone, indicator, group = key
    kind = _kind(old, new)
    difference = moe = None
    judgement = ""
    if kind == MOVED and old is not None and new is not None:
        difference = number(new["value"] - old["value"], indicator)
        judgement, moe = judged(old, new, periods[0].of(old), periods[1].of(new))
    layers = {name for one in (old, new) if one is not None for name in one["layers"]}
    inputs, otherwise = causes.of(zone, indicator, layers)
    return Change(zone, indicator, group, kind, old, new, difference, moe, judgement, inputs, otherwise)


def _kind(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None or new is None:
        return ADDED if old is None else GONE
    was, now = (one["value"] is not None or one["text"] is not None for one in (old, new))
    if was != now:
        return WENT if was else APPEARED
    if not was:
        return REASON if _other(old, new, "reason", "reliability") else REST
    if _other(old, new, "value"):
        return TEXT if old["value"] is None or new["value"] is None else MOVED
    if _other(old, new, "text"):
        return TEXT
    return MARGIN if _other(old, new, "moe", "reliability") else REST


def _other(old: Mapping[str, Any], new: Mapping[str, Any], *keys: str) -> bool:
    return any(old[key] != new[key] for key in keys)


def judged(old: Mapping[str, Any], new: Mapping[str, Any], before: Years, after: Years) -> tuple[str, float | None]:
    """Whether the margins allow the difference, and its 90 % margin; or why that is not asked, and None."""
    surveyed = bool(before or after)
    if surveyed and before == after:
        return SAME_SURVEY, None
    if old["moe"] is None or new["moe"] is None:
        return NO_MARGIN, None
    if not surveyed:
        return NO_SAMPLE, None
    one, other = ([years for years in side if not isinstance(years, str)] for side in (before, after))
    if any(a[0] <= b[1] and b[0] <= a[1] for a in one for b in other):
        return OVERLAP, None
    if len(one) < len(before) or len(other) < len(after):
        return NO_PERIOD, None
    moe = math.hypot(old["moe"], new["moe"])
    return (LARGER if abs(new["value"] - old["value"]) > moe else WITHIN), number(moe, "difference")


def _labels(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Names for people, the later run's where both have one."""

    def named(part: str, key: str) -> dict[str, str]:
        rows: Iterable[Mapping[str, Any]] = (row for side in (one, other) for row in side[part])
        return {row["id"]: str(row[key]) for row in rows}

    return {
        "indicators": named("indicators", "title"),
        "groups": named("groups", "label"),
        "zones": named("zones", "name"),
        "roles": named("zones", "role"),
    }
