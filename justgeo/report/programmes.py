"""The funder's number beside ours: programmes with their own rules, as ``results.json`` brings them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justgeo.report import words
from justgeo.report.grant_rows import Grant
from justgeo.report.reader import Record, has_value

NOTE = (
    "Rules and lists of programmes change. Each row says when it was last seen; read the notice of funding before you "
    "quote it. Where a programme has its own number, submit theirs, not ours."
)

SUBMIT = {
    "theirs": "Submit theirs, not ours",
    "either": "Either; theirs decides",
    "lapsed": "Withdrawn: only where a funder still asks for it",
}
"""Whose number an application has to bring."""

SURE = {
    "V": "Read in the source named",
    "D": "Derived from the sources named",
    "M": "NOT CONFIRMED: from memory. Check before you quote it",
}


@dataclass(frozen=True)
class Row:
    """A programme with its rule, and this place under that rule where it can be told."""

    title: str
    agency: str
    rule: str
    official: str
    submit: str
    status: str
    seen: str
    told: str
    record: Record | None
    differs: str
    sure: str
    url: str


def rows(made: Grant) -> list[Row]:
    """Every programme of the results; none where they were written without."""
    return [_row(made, one) for one in made.results.get("programmes", [])]


def _row(made: Grant, one: Mapping[str, Any]) -> Row:
    record, told = _under(made, one)
    return Row(
        title=one["title"],
        agency=one["agency"],
        rule=one["rule"],
        official=one["official"],
        submit=SUBMIT[one["submit"]],
        status=one["status"],
        seen=one["seen"],
        told=told,
        record=record,
        differs=one["differs"],
        sure=SURE[one["evidence"]],
        url=one["url"],
    )


def _under(made: Grant, one: Mapping[str, Any]) -> tuple[Record | None, str]:
    """The record behind our figure and what it says, or why there is none."""
    if not one["indicator"]:
        return None, "Cannot be told here: look it up in theirs."
    title = next((row["title"] for row in made.results["indicators"] if row["id"] == one["indicator"]), "")
    record = made.reader.at(one["indicator"], "district")
    if not has_value(record):
        why = "it is not among the indicators of this run" if record is None else record["reason"]
        return None, f"Not told: {why}."
    told = f"{title}: {words.told(record)}."
    areas = _areas(made, one) if one["threshold"] is not None else ""
    return record, f"{told} {areas}".strip()


def _areas(made: Grant, one: Mapping[str, Any]) -> str:
    """Which tracts reach a threshold of the rule, which do not, and which the margin cannot tell."""
    tracts = [zone for zone in made.results["zones"] if zone["role"] == "area" and zone["geography"] == "tract"]
    found = {zone["id"]: made.reader.records.get((one["indicator"], zone["id"], "all")) for zone in tracts}
    known = {geoid: r for geoid, r in found.items() if r is not None and r["value"] is not None}
    if not known:
        return ""
    limit, mark = float(one["threshold"]), words.figure(float(one["threshold"]), next(iter(known.values()))["unit"])
    reach = [geoid for geoid, r in known.items() if r["value"] >= limit]
    unsure = [geoid for geoid, r in known.items() if r["moe"] is None or abs(r["value"] - limit) <= r["moe"]]
    parts = [f"{len(reach)} of {len(known)} tracts are estimated at {mark} or more{_listed(reach)}"]
    if unsure:
        parts.append(f"for {len(unsure)} the margin reaches across {mark}{_listed(unsure)}")
    if len(known) < len(tracts):
        parts.append(f"{len(tracts) - len(known)} have no number")
    return "; ".join(parts) + "."


def _listed(ids: Sequence[str]) -> str:
    return f" ({', '.join(ids)})" if ids else ""
