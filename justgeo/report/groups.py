"""The numbers of groups of people: the largest group first, those that are too small named and not dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import instead, remarks, spoken, words
from justgeo.report.cells import against, cell
from justgeo.report.quoting import tables_in
from justgeo.report.reader import Reader, Record
from justgeo.report.speech import say

_EVERYBODY = "total population"
_COUNTED_IN = {
    "white": ("white",),
    "black": ("black",),
    "black-alone": ("black",),
    "asian": ("asian",),
    "asian-alone": ("asian",),
    "hispanic": ("hispanic",),
    "aian": ("aian",),
    "nhpi": ("nhpi",),
    "other": ("other",),
    "two": ("two",),
    "other-or-two": ("other", "two"),
}
"""Rows of DEM-01 that count a group by race."""


def groups(reader: Reader, indicator: str, present: Sequence[str], role: str) -> list[dict[str, Any]]:
    """Rows of each kind of group (race, income, ...) of the district or the reference, with bars on one scale.

    Parameters
    ----------
    reader : Reader
    indicator : str
    present : sequence of str
        Ids of its groups.
    role : {'district', 'reference'}

    Returns
    -------
    list of dict
        ``kind, title, rows`` (the largest group first), ``gone`` (those without a number, by their reason), ``n`` of
        those with one, ``reason`` where none has one, all for the same, and ``apart``: that they are counted from other
        tables than the number of everybody, where they are.
    """
    records = {g: reader.at(indicator, role, g) for g in present}
    reach = [abs(r["value"]) + (r["moe"] or 0.0) for r in records.values() if r is not None and r["value"] is not None]
    unit = next((r["unit"] for r in records.values() if r is not None), "")
    top = words.scale(unit).top or max(reach, default=1.0) or 1.0
    found = []
    for kind, inside in by_kind(reader, present):
        rows = [
            {
                **cell(records[g], reader),
                **against(reader, indicator, g if role == "district" else None),
                "label": spoken.spoken(reader.labels.get(g, g)),
                "bar": _bar(records[g], top),
                "few": remarks.few(records[g]),
            }
            for g in inside
        ]
        told = dict(zip((row["label"] for row in rows), (records[g] for g in inside), strict=True))
        reasons = {row["reason"] for row in rows}
        same = reasons.pop() if len(reasons) == 1 else ""
        n = sum(not row["absent"] for row in rows)
        found.append(
            {
                "kind": kind,
                "title": words.group_kind(kind),
                "rows": rows,
                "gone": _gone(rows, told, reader),
                "apart": _apart(reader, indicator, records, inside),
                "n": n,
                "reason": "" if n else same,
                "few": "" if n else rows[0]["few"],
                "instead": [] if n else instead.of_groups(told.items(), reader),
            }
        )
    return found


def _apart(reader: Reader, indicator: str, records: Mapping[str, Record | None], inside: Sequence[str]) -> str:
    """That groups come from other census tables than the number of everybody: then they need not add up to it."""
    row = next(one for one in reader.results["indicators"] if one["id"] == indicator)
    asked = [(row.get("groups") or {}).get(g, {}) for g in inside]
    whole = tables_in(row["parameters"].values())
    own = sorted({table for one in asked for table in tables_in(one.values())} - whole)
    given = any(str(name).startswith("table:") for g in inside for name in (records[g] or {"layers": ()})["layers"])
    if not whole or not own or given:
        return ""
    told = {"own": ", ".join(own), "whole": ", ".join(sorted(whole))}
    if all(one.get("geography") == "tract" for one in asked):
        return say(
            "From other census tables ({own}) than the number for everyone ({whole}), and by census tract: the groups "
            "need not add up to it.",
            **told,
        )
    return say(
        "From other census tables ({own}) than the number for everyone ({whole}): the groups need not add up to it.",
        **told,
    )


def by_kind(reader: Reader, present: Sequence[str]) -> Iterable[tuple[str, list[str]]]:
    """Ids of groups by their kind, the largest first."""
    for kind in dict.fromkeys(g.partition(":")[0] for g in present):
        yield kind, sorted((g for g in present if g.partition(":")[0] == kind), key=lambda g: -size(reader, g))


def size(reader: Reader, group: str) -> float:
    """How many people of the district are of a group; 0 where that is not known."""
    if group not in reader.sizes:  # each row that is told by groups asks for all of them
        reader.sizes[group] = _size(reader, group)
    return reader.sizes[group]


def _size(reader: Reader, group: str) -> float:
    kind, _, name = group.partition(":")
    if kind == "race":
        counted = [reader.at(f"DEM-01.{one}", "district") for one in _COUNTED_IN.get(name, ())]
        found = [r["numerator"] for r in counted if r is not None and r["numerator"] is not None]
        if found and len(found) == len(counted):
            return float(sum(found))
    return max(_denominators(reader, group, _universe(reader, kind)), default=0.0)


def _universe(reader: Reader, kind: str) -> str:
    """Of whom the groups of a kind are mostly parts: all residents where a number tells of them."""
    count = Counter(r["universe"] for r in _of_kind(reader, kind) if r["denominator"])
    return _EVERYBODY if _EVERYBODY in count or not count else min(count, key=lambda one: (-count[one], one))


def _denominators(reader: Reader, group: str, universe: str) -> Iterable[float]:
    for row, present in reader.groups.items():
        record = reader.at(row, "district", group) if group in present else None
        if record is not None and record["denominator"] and record["universe"] == universe:
            yield float(record["denominator"])


def _of_kind(reader: Reader, kind: str) -> Iterable[Record]:
    for row, present in reader.groups.items():
        for group in present:
            record = reader.at(row, "district", group) if group.partition(":")[0] == kind else None
            if record is not None:
                yield record


def _gone(rows: Iterable[Mapping[str, Any]], told: Mapping[str, Record | None], reader: Reader) -> list[dict[str, Any]]:
    """Groups without a number by their reason, each named, with what a larger area reports of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["absent"]:
            found.setdefault((row["reason"], row["few"]), []).append(row["label"])
    return [
        {
            "reason": why,
            "few": few,
            "labels": spoken.join("; ", names),
            "instead": instead.of_groups(((name, told[name]) for name in names), reader),
        }
        for (why, few), names in found.items()
    ]


def _bar(record: Record | None, top: float) -> dict[str, int] | None:
    """Length and whisker of a bar in whole percent of the scale; None where there is no number."""
    if record is None or record["value"] is None or record["value"] < 0:
        return None
    value, moe = float(record["value"]), float(record["moe"] or 0.0)
    ends = (max(0.0, value - moe), min(top, value + moe))
    return {"length": _percent(value, top), "from": _percent(ends[0], top), "to": _percent(ends[1], top)}


def _percent(value: float, top: float) -> int:
    return round(min(100.0, 100.0 * value / top))
