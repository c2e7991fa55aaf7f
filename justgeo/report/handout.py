"""What is printed for a meeting: a summary of two pages, and one sheet for each category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import origins, sentences, spoken
from justgeo.report.reader import Reader
from justgeo.report.view import HEADLINES

MOST_ROWS = 7
"""Rows of a sheet's table: what a page holds below its map."""

MOST_SENTENCES = 3
MOST_REASONS = 4
MOST_QUESTIONS = 5
MOST_SOURCES = 8
MOST_HERE = 3


def sheets(page: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    """The printed sheets in the language that is spoken.

    Parameters
    ----------
    page : dict
        From `view.page`.
    results : dict
        As `remarks.marked` has them.

    Returns
    -------
    dict
        ``categories`` (``id, title, here, said, rows, more, maps, sources``), ``questions``, ``reasons``,
        ``more_reasons``, ``sources``.
    """
    reasons = page["absent"]["indicators"]
    reader = Reader(results)
    made = [_sheet(one, reader) for one in page["categories"]]
    return {
        "categories": [one for one in made if one["rows"]],
        "questions": _questions(page, reader),
        "reasons": reasons[:MOST_REASONS],
        "more_reasons": sum(n for _, n in reasons[MOST_REASONS:]),
        "sources": _sources(page["sources"]),
    }


def leading(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows in the order of a sheet: headlines, then one of each family, then the rest; the uncertain ones last."""
    place = {family: i for i, family in enumerate(HEADLINES)}
    seen: dict[str, int] = {}
    order = []
    for number, row in enumerate(rows):
        family = str(row["id"]).split(".")[0]
        rank = place.get(row["id"], place.get(family, len(place)))
        order.append(((row["reliability"] == "low", seen.get(family, 0), rank, number), row))
        seen[family] = seen.get(family, 0) + 1
    return [row for _, row in sorted(order, key=lambda one: one[0])]


def _sheet(category: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    rows = [row for row in leading(category["rows"]) if not row["absent"]]
    told = rows[:MOST_ROWS]
    said = [row["headline"] for row in told if not row["only_reference"] and row["headline"]]
    used = reader.used(reader.at(row["id"], "district") for row in told)
    return {
        "id": category["id"],
        "title": category["title"],
        "here": category["has"][:MOST_HERE],
        "said": said[:MOST_SENTENCES],
        "rows": [{**row, "year": origins.period([{"vintage": row["vintage"]}]) or row["vintage"]} for row in told],
        "more": len(rows) - len(told) + sum(len(group["rows"]) for group in category["gone"]),
        "maps": [row["id"] for row in rows],
        "sources": "; ".join(dict.fromkeys(str(layer["source"]) for layer in used)),
    }


def _questions(page: Mapping[str, Any], reader: Reader) -> list[str]:
    """Questions to put to the meeting: those of the headline numbers."""
    asked = [spoken.marked(*sentences.poster(reader, card["id"])["question"]) for card in page["cards"]]
    return [one for one in asked if one][:MOST_QUESTIONS]


def _sources(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each source once with its years and its licence."""
    found = []
    for row in rows:
        found.append({"source": row["source"], "years": origins.period(row["sets"]), "licence": row["licence"]})
    return found[:MOST_SOURCES]
