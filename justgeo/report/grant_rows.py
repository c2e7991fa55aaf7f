"""Rows for whoever writes a grant: each indicator and group with what the Protocol's *Set Targets* asks for, and more.

Read from ``results.json`` alone. What the writer did not pick, and what has no number, is told beside the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justgeo.report import origins, quoting, remarks, saying, words
from justgeo.report.reader import Reader, Record, has_value
from justgeo.report.results import ALL

Targets = Sequence[Mapping[str, Any]]
"""What a community aims at, as in ``checklist.json``: ``{"indicator": "BEL-03", "group": "all", "target": 0.3, "year":
2035}``, in the indicator's own unit."""

_GEOGRAPHY = re.compile(r"^(areas|blocks|block_groups|counties|tracts)(_\d{4})?$|^crosswalk_")
_TABLE = re.compile(r"^acs:([A-Z]+\d+[A-Z]*)(?:@(\d{4}))?$")


@dataclass(frozen=True)
class Lens:
    """What the writer picks; everything where nothing is said.

    Attributes
    ----------
    only : tuple of str
        Ids of indicators.
    groups : tuple of str, optional
        Kinds of groups (``race``) or single ones (``race:black``); none of them where it is empty. The row of everybody
        always stays.
    place : str
        Id of an area whose numbers stand in place of the district's.
    """

    only: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    place: str = ""

    def takes(self, indicator: str, group: str = ALL) -> bool:
        """Whether the row of this indicator and group is picked."""
        if self.only and indicator not in self.only:
            return False
        return group == ALL or self.groups is None or bool({group, group.partition(":")[0]} & set(self.groups))


@dataclass(frozen=True)
class Row:
    """One line of the tables: a number of an indicator with all that belongs to it.

    Attributes
    ----------
    indicator : mapping
        Its row of the catalogue.
    group, label : str
    place : str
        Whose number it is.
    record, base : mapping or None
        The number, and that of the reference beside it; either may be an absence with its reason.
    compared, reliability : str
        In words.
    source, tables, year : str
        Where it comes from, the census tables of this number by their ids, and of when.
    target : float or None
        In the unit of the indicator.
    target_year : int or None
    """

    indicator: Mapping[str, Any]
    group: str
    label: str
    place: str
    record: Record | None
    base: Record | None
    compared: str
    reliability: str
    source: str
    tables: str
    year: str
    target: float | None = None
    target_year: int | None = None

    @property
    def id(self) -> str:
        return str(self.indicator["id"])

    @property
    def reason(self) -> str:
        """Why there is no number; empty where there is one with its margin."""
        return "not computed" if self.record is None else self.record["reason"] or ""


class PlacedReader(Reader):
    """Records of an area in place of the district's."""

    def __init__(self, results: Mapping[str, Any], place: str) -> None:
        self.place = place
        super().__init__(results)

    def _zone(self, role: str) -> Mapping[str, Any] | None:
        if role == "district":
            return next((zone for zone in self.results["zones"] if zone["id"] == self.place), None)
        return super()._zone(role)


@dataclass(frozen=True)
class Grant:
    """What stands in a grant writer's tables.

    Attributes
    ----------
    reader : Reader
    rows : tuple of Row
        By category, indicator and group, as in ``results.json``.
    lens : Lens
    """

    reader: Reader
    rows: tuple[Row, ...]
    lens: Lens = Lens()

    @property
    def results(self) -> Mapping[str, Any]:
        return self.reader.results

    @property
    def place(self) -> str:
        """Name of the place whose numbers these are."""
        zone = self.reader.district
        return str(self.results["name"] if zone is None or not self.lens.place else zone["name"])

    def by_category(self) -> list[tuple[str, list[Row]]]:
        """Rows by the title of their category."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(words.category_title(row.indicator["category"]), []).append(row)
        return list(found.items())

    def layers(self) -> list[Mapping[str, Any]]:
        """Layers that the rows stand on, in the order of the results."""
        used = {one for row in self.rows for r in (row.record, row.base) if r is not None for one in r["layers"]}
        return [layer for layer in self.results["layers"] if layer["id"] in used]


def grant(results: Mapping[str, Any], targets: Targets = (), lens: Lens | None = None) -> Grant:
    """Rows of ``results`` as the writer picks them.

    Parameters
    ----------
    results : mapping
        As in ``results.json``.
    targets : sequence of mapping
        The farthest one counts where there are several for an indicator and group; none for a single area.
    lens : Lens, optional

    Returns
    -------
    Grant
    """
    picked = lens or Lens()
    marked = remarks.marked({**results, "records": _wanted(results, picked.place)})
    reader = PlacedReader(marked, picked.place) if picked.place else Reader(marked)
    aims = {(t["indicator"], t["group"]): t for t in sorted(targets, key=lambda t: t["year"]) if not picked.place}
    found = [
        row
        for _, inside in words.by_category(results["indicators"])
        for one in inside
        if picked.takes(one["id"])
        for row in _rows(reader, one, picked, aims)
    ]
    return Grant(reader, tuple(found), picked)


def _wanted(results: Mapping[str, Any], place: str) -> list[Record]:
    """Records that a grant may use: groups of areas are many, and told of none but the one that is picked."""
    areas = {zone["id"] for zone in results["zones"] if zone["role"] == "area"} - {place}
    return [r for r in results["records"] if r["group"] == ALL or r["zone"] not in areas]


def _rows(
    reader: Reader, one: Mapping[str, Any], lens: Lens, aims: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[Row]:
    role = reader.told_of(one)
    zone = reader.district if role == "district" else reader.reference
    groups = [g for g in reader.groups.get(one["id"], []) if lens.takes(one["id"], g)]
    alone = [ALL] if reader.at(one["id"], role) is not None or not groups else []
    for group in (*alone, *groups):
        this = saying.fact(reader, one["id"], group)
        record, base = this.record, this.base
        used = reader.used([record, base])
        aim = aims.get((one["id"], group), {})
        yield Row(
            indicator=one,
            group=group,
            label="Everyone" if group == ALL else reader.labels.get(group, group),
            place="" if zone is None else str(zone["name"]),
            record=record,
            base=base,
            compared=words.compared(record, reader.reference_name)[1],
            reliability="no number" if record is None else words.RELIABILITY.get(record["reliability"], ""),
            source=origins.told(measured(used)),
            tables=", ".join(tables(quoting.shown(this, used))),
            year=origins.period(measured(used)),
            target=aim.get("target"),
            target_year=aim.get("year"),
        )


def measured(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Layers that were measured, without the outlines that they are summed up by, where there is anything else."""
    return [one for one in layers if not _GEOGRAPHY.match(one["id"])] or list(layers)


def tables(layers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids of the census tables among some layers, each once."""
    return list(dict.fromkeys(match[1] for one in layers if (match := _TABLE.match(one["id"]))))


def left_out(made: Grant) -> list[tuple[str, str]]:
    """What is not among the numbers, and why: without a number, for groups, not picked, layers that were not there.

    Returns
    -------
    list of (str, str)
        What, and why.
    """
    return [*_without_number(made), *_not_picked(made), *_layers(made.results["absent_layers"])]


def _without_number(made: Grant) -> Iterator[tuple[str, str]]:
    by: dict[tuple[str, str], list[str]] = {}
    for row in made.rows:
        if not has_value(row.record):
            by.setdefault((f"{row.indicator['title']} ({row.id})", words.sentence(row.reason)), []).append(row.label)
    for (title, reason), labels in by.items():
        yield (title if labels == ["Everyone"] else f"{title}: {'; '.join(labels)}"), reason


def _not_picked(made: Grant) -> Iterator[tuple[str, str]]:
    lens, reader = made.lens, made.reader
    for key, rows in words.by_category(made.results["indicators"]):
        gone = [row["id"] for row in rows if not lens.takes(row["id"])]
        if gone:
            yield f"{words.category_title(key)}: {', '.join(gone)}", "Not picked for this export."
    kinds: dict[str, list[str]] = {}
    for indicator, groups in reader.groups.items():
        for group in groups:
            if lens.takes(indicator) and not lens.takes(indicator, group):
                kinds.setdefault(group.partition(":")[0], []).append(reader.labels.get(group, group))
    for kind, labels in kinds.items():
        title = words.GROUP_KINDS.get(kind, f"By {kind}")
        yield f"{title}: {'; '.join(dict.fromkeys(labels))}", "Not picked for this export."
    if lens.place:
        yield f"The rest of {made.results['name']}", f"The numbers are those of {made.place} alone."


def _layers(absent: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for one in origins.missing(absent):
        yield words.sentence(", ".join(one["layers"])), words.sentence(one["reason"])
