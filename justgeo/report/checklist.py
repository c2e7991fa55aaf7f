"""The checklist of the Protocol as tables and as the view that the page prints.

The items themselves are filled elsewhere; here is only what an item must offer (``Item``) and how it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from justgeo.core.answers import NOTHING_SAID, Answers, entry_row, target_row
from justgeo.report import remarks, words
from justgeo.report.reader import Reader
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.tables import csv_bytes

STATUSES = ("measured", "partly", "for the community", "not measured")

STATUS_MARKS = {"measured": "●", "partly": "◐", "for the community": "◇", "not measured": "○"}
"""A shape for each status, so that colour is never the only sign."""

KINDS = {
    "baseline": "What the baseline action asks for",
    "pillar": "Pillars",
    "category": "Categories",
    "outcome": "Outcome areas",
    "action": "Actions",
    "commitment": "Commitments and objectives",
}
"""Sections in the order of the page."""

FIELDS = ("id", "kind", "phase", "title", "status", "reason", "evidence", "question", "answer", "source", "note")


class Item(Protocol):
    """One line of the checklist.

    Attributes
    ----------
    kind : str
        ``baseline, action, pillar, category, outcome`` or ``commitment``.
    status : str
        One of ``STATUSES``.
    evidence : sequence of str
        Ids of indicators.
    question, answer : str or None
        What the community is asked, and what it said.
    note : str
        How sure the wording of the item itself is: verified, inferred, unknown.
    """

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def phase(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def evidence(self) -> Sequence[str]: ...
    @property
    def question(self) -> str | None: ...
    @property
    def answer(self) -> str | None: ...
    @property
    def source(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...


class Checklist(Protocol):
    """Anything with ``items``; with ``said``, what the community filled in and lets be shown."""

    @property
    def items(self) -> Sequence[Item]: ...


def said(checklist: Checklist) -> Answers:
    """What the community filled in; whatever reached a checklist, only what may be shown leaves it here."""
    found: Answers = getattr(checklist, "said", NOTHING_SAID)
    return found.public()


def rows(checklist: Checklist) -> list[dict[str, Any]]:
    """Items as plain dicts with the keys of ``FIELDS``, in the checklist's order; no text is None but ``phase``."""
    found = []
    for item in checklist.items:
        row = {name: getattr(item, name) for name in FIELDS}
        row = {k: "" if v is None and k != "phase" else v for k, v in row.items()}
        found.append(row | {"evidence": list(row["evidence"] or ())})
    return found


def counts(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many items have each status, every status named."""
    found = dict.fromkeys(STATUSES, 0)
    for item in items:
        found[item["status"]] = found.get(item["status"], 0) + 1
    return found


def to_json(checklist: Checklist, results: Mapping[str, Any]) -> bytes:
    """``checklist.json``: ``{schema_version, disclaimer, synthetic, slug, name, counts, items[], forms, targets[]}``.

    Each item has its answers one by one, with their evidence.
    """
    items = rows(checklist)
    told = said(checklist)
    for item in items:
        item["answers"] = [entry_row(one) for one in told.items.get(item["id"], ())]
    content = {
        "schema_version": results["schema_version"],
        "disclaimer": DISCLAIMER,
        "synthetic": results["synthetic"],
        "slug": results["slug"],
        "name": results["name"],
        "counts": counts(items),
        "items": items,
        "forms": {key: [entry_row(one) for one in rows] for key, rows in told.forms.items()},
        "targets": [target_row(one) for one in told.targets],
    }
    return (json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1) + "\n").encode("utf-8")


def to_csv(checklist: Checklist, results: Mapping[str, Any]) -> bytes:
    """``checklist.csv``: one row an item; evidence as ids parted by semicolons."""
    stamp = INVENTED if results["synthetic"] else ""
    table = [
        [results["name"], stamp, *("; ".join(v) if isinstance(v := item[name], list) else v for name in FIELDS)]
        for item in rows(checklist)
    ]
    return csv_bytes(table, ("place", "invented", *FIELDS))


def view(checklist: Checklist, results: Mapping[str, Any]) -> dict[str, Any]:
    """What the page prints: sections of items, each with the numbers that stand as its evidence."""
    indicators = {row["id"]: row for row in results["indicators"]}
    reader = Reader(results)
    items = [_shown(item, indicators, reader) for item in rows(checklist)]
    sections = []
    for kind in dict.fromkeys([*KINDS, *(item["kind"] for item in items)]):
        inside = [item for item in items if item["kind"] == kind]
        if inside:
            phases = list(dict.fromkeys(item["phase"] for item in inside))
            parts = [{"phase": phase, "items": [i for i in inside if i["phase"] == phase]} for phase in phases]
            sections.append({"kind": kind, "title": KINDS.get(kind, kind), "parts": parts, "counts": counts(inside)})
    tally = [{"status": s, "mark": STATUS_MARKS[s], "n": n} for s, n in counts(items).items() if s in STATUS_MARKS]
    return {"sections": sections, "tally": tally, "n": len(items)}


def _shown(item: dict[str, Any], indicators: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    evidence = [
        {
            "id": one,
            "title": indicators[one]["title"],
            "told": words.told(reader.at(one, "district")),
            "beside": "; ".join(remarks.beside(reader.at(one, "district"))),
        }
        for one in item["evidence"]
        if one in indicators
    ]
    why = item["reason"] and remarks.plain_reasons(item["reason"])
    return item | {"reason": why, "evidence": evidence, "mark": STATUS_MARKS.get(item["status"], "○")}
