"""What a community filled in, as rows to print: answers on single figures, forms, targets. Only what may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from justgeo.core.answers import FORMS, STATE, Answers, Entry, Target
from justgeo.report import checklist as lists
from justgeo.report import words
from justgeo.report.reader import Reader
from justgeo.report.results import ALL

_LABELS = {form.key: {column.key: column.label for column in form.columns} for form in FORMS}


def view(checklist: lists.Checklist, results: Mapping[str, Any]) -> dict[str, Any]:
    """Forms, targets, and what was said of single figures.

    Returns
    -------
    dict
        ``forms``: ``{key, title, ask, rows}``, every form, also an empty one; ``targets``: ``{title, id, group, told,
        year, baseline, note, by}``; ``figures``: ``{title, id, rows}``. A row is ``{text, more, who, evidence}``.
    """
    told = lists.said(checklist)
    titles = {row["id"]: str(row["title"]) for row in results["indicators"]}
    items = {item.id for item in checklist.items}
    forms = [
        {
            "key": form.key,
            "title": form.title,
            "ask": form.ask,
            "rows": [row(one, form.key) for one in said(told, form.key)],
        }
        for form in FORMS
    ]
    figures = [
        {"id": item, "title": titles[item], "rows": [row(one) for one in entries]}
        for item, entries in told.items.items()
        if item in titles and item not in items
    ]
    reader = Reader(results)
    units = {row["id"]: str(row["unit"]) for row in results["indicators"]}
    targets = [_target(one, reader, titles, units) for one in told.targets]
    return {"forms": forms, "figures": figures, "targets": targets}


def said(told: Answers, form: str) -> tuple[Entry, ...]:
    """Entries of a form."""
    return told.forms.get(form, ())


def row(one: Entry, form: str = "") -> dict[str, Any]:
    """An entry to print."""
    labels = {STATE.key: STATE.label, **_LABELS.get(form, {})}
    more = [(labels.get(key, key), value) for key, value in one.more.items()]
    return {"text": one.text, "more": more, "who": one.who, "evidence": list(one.evidence)}


def _target(one: Target, reader: Reader, titles: Mapping[str, str], units: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one.indicator,
        "title": titles.get(one.indicator, one.indicator),
        "group": "" if one.group == ALL else reader.labels.get(one.group, one.group),
        "told": number(one.value, units.get(one.indicator, "")),
        "year": one.year,
        "baseline": words.told(reader.at(one.indicator, "district", one.group)),
        "note": one.note,
        "by": one.by,
    }


def number(value: float, unit: str) -> str:
    """A number that the community chose, with its unit and without a margin: it is no estimate."""
    s = words.scale(unit)
    text = f"{value * s.factor:,.2f}".rstrip("0").rstrip(".")
    return f"{s.before}{text}{s.after}" if s.before or s.after else f"{text} {unit}".strip()
