"""Candidate boundaries side by side: ``compare.html``, ``compare.csv`` and ``compare.json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from justgeo.report import drawing, inline, origins, tables, words, write
from justgeo.report.reader import has_value
from justgeo.report.results import DISCLAIMER, INVENTED

MAKER = "justgeo compare"
FILES = ("compare.html", "compare.csv", "compare.json", "manifest.json")
COLUMNS = (
    "candidate", "invented", "indicator", "title", "category", "value", "moe", "unit", "text", "reliability", "reason",
    "low", "high", "reference", "verdict",
)  # fmt: skip
"""Columns of ``compare.csv``; margins are for 90 % confidence."""

WIDTH, HEIGHT = 620.0, 420.0
DASHES = ("", "9 5", "2 4", "12 4 2 4", "5 3")
"""Lines are told apart by their dashes as well as by their letters: colour is no sign of its own."""


def write_all(folder: Path, content: Mapping[str, Any]) -> list[Path]:
    """Write the page, the table and the values: all of them or nothing.

    Parameters
    ----------
    folder : Path
    content : mapping
        As `justgeo.candidates.content` makes it.

    Raises
    ------
    OutputError
        The folder cannot be written or holds something else.
    """
    bodies = {
        "compare.html": render(content).encode("utf-8"),
        "compare.csv": tables.csv_bytes(_lines(content), COLUMNS),
        "compare.json": write.json_bytes(content),
    }
    return write.put(folder, FILES, lambda part: write.sealed(part, bodies, MAKER), MAKER)


def _lines(content: Mapping[str, Any]) -> Iterable[list[Any]]:
    invented = INVENTED if content["synthetic"] else ""
    for row in content["rows"]:
        for side, cell in zip(content["candidates"], row["cells"], strict=True):
            told = {} if cell is None else cell
            comparison = told.get("comparison") or {}
            numbers = [told.get(name) for name in ("value", "moe")]
            rest = [told.get(name) for name in ("text", "reliability", "reason", "low", "high")]
            yield [
                side["label"], invented, row["id"], row["title"], words.category_title(row["category"]), *numbers,
                row["unit"], *rest, side["reference"], comparison.get("verdict"),
            ]  # fmt: skip


def render(content: Mapping[str, Any]) -> str:
    """``compare.html``: one file that opens with no network; the same text for the same content.

    Raises
    ------
    OutputError
        Something on the page points outside it.
    """
    templates = inline.environment(sentence=words.sentence)
    page = templates.get_template("compare.html").render(
        c=content,
        disclaimer=DISCLAIMER,
        invented=INVENTED,
        facts=_facts(content),
        categories=list(_categories(content)),
        map=_drawn(content),
        sources=origins.told(content["layers"]),
        terms=_terms(content),
        policy=inline.policy([]),
        css=inline.stylesheet("compare.css"),
    )
    inline.refuse_links(page)
    return page


def _terms(content: Mapping[str, Any]) -> list[str]:
    """Who has to be named, each once."""
    told = {one["attribution"] for one in content["layers"] if one["attribution"]}
    return sorted(told | set(origins.notices(content["layers"])))


def _facts(content: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What scoping asks first: how many live there, how much land, how much the line cuts, what can be told."""
    sides = content["candidates"]

    def shares(level: str) -> list[str]:
        found = [side["split"][level] for side in sides]
        return ["not known" if share is None else f"{100 * share:.0f}%" for share in found]

    return [
        ("Residents, by the census blocks inside", [_number(side["residents"]) for side in sides]),
        ("Land and water, square kilometres", [f"{side['area_km2']:,.2f}" for side in sides]),
        ("Residents in block groups that the line cuts", shares("block group")),
        ("Residents in tracts that the line cuts", shares("tract")),
        ("Held against", [str(side["reference"]) for side in sides]),
        ("Indicators with a number", [f"{side['measured']} of {len(content['rows'])}" for side in sides]),
    ]


def _number(value: float | None) -> str:
    return "not known" if value is None else words.figure(value, "persons", bare=True)


def _categories(content: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for key, inside in words.by_category(content["rows"]):
        shown = [row for row in inside if any(map(has_value, row["cells"]))]
        if shown:
            yield {"title": words.category_title(key), "rows": [{**row, "told": _told(row)} for row in shown]}


def _told(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each candidate's cell in words; what is too uncertain says so in words, not by colour alone."""
    return [
        {
            "value": words.shown(cell),
            "margin": words.shown_margin(cell),
            "sure": "" if cell is None else words.RELIABILITY.get(cell["reliability"], cell["reliability"]),
            "reason": "not computed" if cell is None else cell["reason"] or "",
            "absent": not has_value(cell),
        }
        for cell in row["cells"]
    ]


def _drawn(content: Mapping[str, Any]) -> dict[str, Any]:
    parts = [list(drawing.rings(one)) for one in content["outlines"]]
    project = drawing.fitted([ring for rings in parts for ring in rings], WIDTH, HEIGHT)
    lines = [
        {"label": side["label"], "letter": side["label"][:1], "dash": dash, "path": drawing.path(rings, project)}
        for side, dash, rings in zip(content["candidates"], DASHES, parts, strict=False)
    ]
    return {"width": project.width, "height": project.height, "lines": lines}
