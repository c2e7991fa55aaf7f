"""``checklist.html``: the checklist as a page to read and print, without a script and without a link outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from justgeo.core.answers import FORMS, Answers, Form
from justgeo.report import checklist as lists
from justgeo.report import checklist_assets, checklist_forms, inline, words
from justgeo.report.results import DISCLAIMER, INVENTED

MOST_FIGURES = 6
_WHOLE = ("baseline", "commitment")
"""Sections whose items show all their figures."""


def render(
    checklist: lists.Checklist, results: Mapping[str, Any], found: checklist_assets.AssetMap | None = None
) -> str:
    """The page as HTML, the same text for the same input; ``found`` is what a map of places shows.

    Raises
    ------
    OutputError
        Something on the page points outside it.
    """
    assets = checklist_assets.view(checklist, found)
    page = (
        inline.environment(sentence=words.sentence)
        .get_template("checklist_page.html")
        .render(
            c=answered(checklist, results),
            f=checklist_forms.view(checklist, results),
            assets=assets,
            name=results["name"],
            synthetic=results["synthetic"],
            invented=INVENTED,
            disclaimer=DISCLAIMER,
            note=checklist_assets.NOTE,
            policy=inline.policy([]),
            css=inline.stylesheet("compare.css") + inline.stylesheet("checklist.css"),
        )
    )
    inline.refuse_links(page)
    return page


def answered(checklist: lists.Checklist, results: Mapping[str, Any]) -> dict[str, Any]:
    """As ``checklist.view``, each item with its answers, its forms that are filled in, and not too many figures.

    A theme has dozens of figures; all stand in the tables, and those of the baseline with its items.
    """
    told = lists.said(checklist)
    made = lists.view(checklist, results)
    for section in made["sections"]:
        for part in section["parts"]:
            for item in part["items"]:
                item["said"] = [checklist_forms.row(one) for one in told.items.get(item["id"], ())]
                item["filled"] = [(form.title, len(told.forms[form.key])) for form in _forms(item["id"], told)]
                most = len(item["evidence"]) if section["kind"] in _WHOLE else MOST_FIGURES
                item["more"] = max(0, len(item["evidence"]) - most)
                item["evidence"] = item["evidence"][:most]
    return made


def _forms(item: str, told: Answers) -> list[Form]:
    return [form for form in FORMS if form.item == item and told.forms.get(form.key)]
