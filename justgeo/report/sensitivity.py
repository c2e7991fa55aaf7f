"""How far numbers move with the line and with thresholds: a page, a table, and the values as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo.core.layer import AnyLayer
from justgeo.report import inline, origins, tables, words, write
from justgeo.report.results import DISCLAIMER, INVENTED

FILES = ("sensitivity.html", "sensitivity.csv", "sensitivity.json", "manifest.json")
COLUMNS = (
    "place", "invented", "indicator", "title", "category", "unit", "moved", "by", "value", "moe", "change", "reason",
    "as_drawn", "as_drawn_moe",
)  # fmt: skip
"""Columns of ``sensitivity.csv``: a row for each indicator and each other line (metres) or threshold (factor)."""

NEAR_M = 100.0
"""A line drawn by hand is easily so far off: what moves by more than its margin within this is named first."""
TENTH = 0.1
"""What is no sample has at most the noise of block counts for a margin: it is named where it moves by more than this
share of itself."""
_COUNTS = ("persons", "people", "residents", "households", "homes", "count")
_SIGNS = {True: "▲", False: "▼"}


def terms(layers: Iterable[AnyLayer]) -> list[dict[str, str]]:
    """Source and terms of some layers, each once."""
    names = ("source", "dataset", "vintage", "licence", "attribution")
    found = {tuple(str(getattr(layer.provenance, name)) for name in names) for layer in layers}
    return [dict(zip(names, one, strict=True)) for one in sorted(found)]


def fill(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the page, the table, the values and a manifest into a folder that is there.

    Parameters
    ----------
    folder : Path
    content : mapping
        As `justgeo.shifting.shift` makes it.
    """
    bodies = {
        "sensitivity.html": render(content).encode("utf-8"),
        "sensitivity.csv": tables.csv_bytes(_lines(content), COLUMNS),
        "sensitivity.json": write.json_bytes(content),
    }
    write.sealed(folder, bodies, write.SHIFTER)


def _lines(content: Mapping[str, Any]) -> Iterable[list[Any]]:
    start = [content["name"], INVENTED if content["synthetic"] else ""]
    for row in content["rows"]:
        head = [*start, row["id"], row["title"], words.category_title(row["category"]), row["unit"]]
        for key, what, by in (("lines", "line, metres", "metres"), ("thresholds", "threshold, factor", "factor")):
            for one in row[key]:
                told = [one[name] for name in ("value", "moe", "change", "reason")]
                yield [*head, what, one[by], *told, row["value"], row["moe"]]


def render(content: Mapping[str, Any]) -> str:
    """``sensitivity.html``: one file that opens with no network; the same text for the same content.

    Raises
    ------
    OutputError
        Something on the page points outside it.
    """
    shown = [row for row in content["rows"] if row["value"] is not None]
    # More ground holds more people: that a count grows with the line is no finding.
    judged = [row for row in shown if row["unit"] not in _COUNTS]
    page = inline.environment(sentence=words.sentence, percent=_percent).get_template("sensitivity.html").render(
        c=content,
        disclaimer=DISCLAIMER,
        invented=INVENTED,
        near=NEAR_M,
        unsteady=[_unsteady(row) for row in judged if _moves(row, NEAR_M)],
        judged=len(judged),
        categories=list(_categories(shown)),
        heads=[_head(line) for line in content["lines"]],
        facts=[_fact(line) for line in content["lines"]],
        drawn="not known" if content["residents"] is None else _people(content["residents"]),
        sources=origins.told(content["layers"]),
        terms=sorted({*origins.notices(content["layers"]), *(x["attribution"] for x in content["layers"])} - {""}),
        policy=inline.policy([]),
        css=inline.stylesheet("compare.css"),
    )  # fmt: skip
    inline.refuse_links(page)
    return page


def _percent(share: float | None) -> str:
    return "not known" if share is None else words.chance(share) if 0 < share < 1 else f"{100 * share:.0f}%"


def _people(value: float) -> str:
    return words.figure(value, "persons", bare=True)


def _head(line: Mapping[str, Any]) -> str:
    return f"{abs(line['metres']):g} m {'in' if line['metres'] < 0 else 'out'}"


def _fact(line: Mapping[str, Any]) -> str:
    if line["reason"]:
        return str(line["reason"])
    return "not known" if line["residents"] is None else _people(line["residents"])


def _large(change: float | None, row: Mapping[str, Any]) -> bool:
    """Whether a number moved by more than its margin, or, where it is no sample, by more than a tenth of itself."""
    if change is None or row["moe"] is None:
        return False
    least = TENTH * abs(row["value"]) if not row["sampled"] else 0.0
    return bool(abs(change) > max(row["moe"], least))


def _moves(row: Mapping[str, Any], within: float) -> bool:
    return any(_large(one["change"], row) for one in row["lines"] if abs(one["metres"]) <= within)


def _unsteady(row: Mapping[str, Any]) -> str:
    near = [one for one in row["lines"] if abs(one["metres"]) <= NEAR_M and one["change"] is not None]
    most = max(near, key=lambda one: abs(one["change"]))
    now = words.figure(row["value"], row["unit"], row["moe"])
    return f"{row['title']}: {now} as drawn, {_other(row, most)} with the line {_head(most)}"


def _other(row: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    return words.figure(one["value"], row["unit"], one["moe"])


def _categories(rows: Sequence[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for key, inside in words.by_category(rows):
        if inside:
            yield {"title": words.category_title(key), "rows": [_row(row) for row in inside]}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    margin = words.margin(row["moe"], row["unit"], row["value"], reliability=row["reliability"])
    limits = "; ".join(f"{one['factor']:g} times: {_limit(row, one)}" for one in row["thresholds"])
    return {
        "title": row["title"],
        "value": words.figure(row["value"], row["unit"], row["moe"]),
        "margin": margin,
        "cells": [_cell(row, one) for one in row["lines"]],
        "thresholds": limits,
    }


def _limit(row: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    return f"no number ({one['reason']})" if one["value"] is None else _other(row, one)


def _cell(row: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    if one["value"] is None:
        return {"value": "no number", "sign": "", "title": one["reason"]}
    large = _large(one["change"], row)
    return {"value": words.figure(one["value"], row["unit"], one["moe"], bare=True),
            "sign": _SIGNS[one["change"] > 0] if large else "", "title": ""}  # fmt: skip
