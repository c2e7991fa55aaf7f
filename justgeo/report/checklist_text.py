"""``checklist.md``: the checklist for a wiki or a mail. What people or maps say is never Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from justgeo.report import checklist as lists
from justgeo.report import checklist_assets, checklist_forms, checklist_page, words
from justgeo.report.results import DISCLAIMER, INVENTED

_SIGNS = re.compile(r"([\\`*_{}\[\]#!|~@^$]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_FIRST = re.compile(r"^([-+=]|\d+(?=[.)]))")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def plain(text: object) -> str:
    """A text in one line that Markdown and HTML leave as it is, and no program takes for a link."""
    line = " ".join(str(text or "").split())
    safe = _SIGNS.sub(r"\\\1", re.sub(r"[&<>]", lambda found: _HTML[found[0]], line))
    return _FIRST.sub(lambda found: f"\\{found[0]}" if not found[0].isdigit() else f"{found[0]}\\", safe)


def lines(text: object, before: str) -> Iterator[str]:
    """A text of several lines, each with the same beginning."""
    for line in str(text or "").splitlines():
        yield f"{before}{plain(line)}".rstrip()


def render(
    checklist: lists.Checklist, results: Mapping[str, Any], found: checklist_assets.AssetMap | None = None
) -> str:
    """The checklist as Markdown, the same text for the same input; ``found`` is what a map of places shows."""
    made = [f"# Checklist of {plain(results['name'])}", ""]
    if results["synthetic"]:
        made += [f"**{plain(INVENTED)}**", ""]
    made += [f"**{DISCLAIMER}**", ""]
    view = checklist_page.answered(checklist, results)
    made += [", ".join(f"{one['mark']} {one['n']} {one['status']}" for one in view["tally"]), ""]
    for section in view["sections"]:
        made += [f"## {section['title']}", ""]
        for part in section["parts"]:
            if part["phase"]:
                made += [f"### {plain(part['phase'])}", ""]
            for item in part["items"]:
                made += _item(item)
            made.append("")
    made += [*_assets(checklist, found), *_forms(checklist_forms.view(checklist, results))]
    return "\n".join(made).rstrip("\n") + "\n"


def _item(item: Mapping[str, Any]) -> Iterator[str]:
    yield f"- {item['mark']} **{plain(item['title'])}** ({plain(item['id'])}): {item['status']}"
    if item["reason"]:
        yield f"  - {plain(words.sentence(item['reason']))}"
    for one in item["evidence"]:
        beside = f" ({plain(one['beside'])})" if one["beside"] else ""
        yield f"  - {plain(one['title'])}: {plain(one['told'])}{beside}"
    if item["more"]:
        yield f"  - and {item['more']} more, in indicators.csv"
    if item["question"]:
        yield f"  - To ask: {plain(item['question'])}"
    yield from _said(item["said"], "  ")
    for title, n in item["filled"]:
        yield f"  - Filled in below: {plain(title)} ({n})"
    if item["answer"] and not item["said"]:
        yield f"  - The community says: {plain(item['answer'])}"


def _said(rows: Iterable[Mapping[str, Any]], indent: str) -> Iterator[str]:
    for one in rows:
        who = f" ({plain(one['who'])})" if one["who"] else ""
        more = "".join(f"; {plain(label)}: {plain(told)}" for label, told in one["more"])
        first, *rest = [*lines(one["text"], "")] or [""]
        yield f"{indent}- “{first}”{who}{more}" if not rest else f"{indent}- “{first}"
        for number, line in enumerate(rest, start=1):
            yield f"{indent}  {line}" + (f"”{who}{more}" if number == len(rest) else "")
        for way in one["evidence"]:
            yield f"{indent}  - Evidence: {_way(way)}"


def _way(told: str) -> str:
    """An address as a link, in the one form that ends where the address ends; a file as text."""
    if not told.startswith(("https://", "http://")):
        return plain(told)
    return f"<{told.replace('<', '%3C').replace('>', '%3E')}>"


def _assets(checklist: lists.Checklist, on_the_map: checklist_assets.AssetMap | None) -> Iterator[str]:
    found = checklist_assets.view(checklist, on_the_map)
    if found is None:
        return
    yield from ("## Asset map", "", plain(checklist_assets.NOTE), "")
    for kind in found["kinds"]:
        yield f"- **{plain(kind['title'])}**: {plain(kind['ask'])}"
        for one in kind["found"]:
            names = f" ({plain('; '.join(one['names']))})" if one["names"] else ""
            more = f" {plain(one['more'])}" if one["more"] else ""
            yield f"  - {plain(one['label']).capitalize()}: {one['n']}{names}{more}"
        if not kind["found"]:
            yield f"  - {plain(kind['none'])}"
        yield from _said(kind["said"], "  ")
    yield from ("", plain(found["notice"]), "")


def _forms(view: Mapping[str, Any]) -> Iterator[str]:
    for one in view["figures"]:
        yield from (f"## {plain(one['title'])} ({plain(one['id'])})", "", *_said(one["rows"], ""), "")
    yield from ("## Targets", "")
    for one in view["targets"]:
        of = f", {plain(one['group'])}" if one["group"] else ""
        note = f" {plain(one['note'])}" if one["note"] else ""
        yield f"- {plain(one['title'])}{of}: {plain(one['told'])} in {one['year']}; now {plain(one['baseline'])}.{note}"
    if not view["targets"]:
        yield "No target is chosen yet."
    yield ""
    for form in view["forms"]:
        if form["key"] != "assets":
            yield from (f"## {plain(form['title'])}", "", plain(form["ask"]), "")
            yield from _said(form["rows"], "") if form["rows"] else ("Nothing here yet.",)
            yield ""
