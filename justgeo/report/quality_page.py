"""``quality.html``: how good the data are, for people who will ask. And the same as a table, ``quality.csv``.

Read from ``results.json`` alone. One file in every language, without a script: a language is shown by its anchor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from justgeo.report import inline, origins, speech, spoken, words
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.speech import say
from justgeo.report.tables import csv_bytes

FILE, TABLE = "quality.html", "quality.csv"
MARKS = {"odd": "▲", "holds": "✓", "unknown": "?"}
"""The sign of each status, so that no colour has to say it."""
COLUMNS = (
    "place", "invented", "check", "title", "status", "found", "low", "high", "unit", "why", "matters", "remedy",
    "source", "layers", "indicators",
)  # fmt: skip
MOST = 12
"""Titles of indicators that are named under one check; the table has the ids of all."""
ANY = 1e-6
"""A lower limit that asks for anything at all."""
_ALIKE = "acs"
"""Stands for all tables of the survey."""
_STATUS = {"odd": "to look at", "holds": "hold", "unknown": "could not be checked"}


def render(results: Mapping[str, Any]) -> str:
    """The page as HTML, the same text for the same input.

    Raises
    ------
    OutputError
        Something on the page points outside it.
    """
    told = []
    # English stands last: it is shown unless another one before it is asked for.
    for code in reversed(speech.LANGUAGES):
        with speech.language(code):
            template = inline.environment(sentence=words.sentence).get_template("quality_told.html")
            told.append(template.render(q=view(results), code=code, languages=speech.LANGUAGES))
    page = (
        inline.environment()
        .get_template("quality.html")
        .render(
            told=told,
            others=[code for code in speech.LANGUAGES if code != speech.ENGLISH],
            name=results["name"],
            synthetic=results["synthetic"],
            invented=INVENTED,
            policy=inline.policy([]),
            css=inline.stylesheet("compare.css") + inline.stylesheet("quality.css"),
        )
    )
    inline.refuse_links(page)
    return page


def view(results: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says, in the language that is spoken."""
    by: dict[str, list[dict[str, Any]]] = {status: [] for status in MARKS}
    uses = _uses(results)
    for check in _checks(results):
        by[check["status"]].append(_told(check, results, uses))
    return {
        "name": results["name"],
        "synthetic": results["synthetic"],
        "invented": say(INVENTED),
        "disclaimer": say(DISCLAIMER),
        "tally": [(MARKS[status], len(rows), say(_STATUS[status])) for status, rows in by.items()],
        **by,
    }


def odd(results: Mapping[str, Any]) -> list[str]:
    """Titles of what is odd, in the language that is spoken."""
    return [spoken.spoken(one["title"]) for one in _checks(results) if one["status"] == "odd"]


def to_csv(results: Mapping[str, Any]) -> bytes:
    """``quality.csv``: one row a check; layers and indicators parted by semicolons."""
    stamp = INVENTED if results["synthetic"] else ""
    uses = _uses(results)
    table = [
        [
            results["name"], stamp, one["id"],
            *(one[key] for key in COLUMNS[3:13]),
            "; ".join(one["layers"]), "; ".join(_standing(one, uses)),
        ]
        for one in _checks(results)
    ]  # fmt: skip
    return csv_bytes(table, COLUMNS)


def _checks(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The checks; none in results of before there were any."""
    found: list[dict[str, Any]] = (results.get("quality") or {}).get("checks", [])
    return found


def _uses(results: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """Indicators that have a number, by the layers that they stand on, in the order of the results."""
    found: dict[str, dict[str, None]] = {}
    for record in results["records"]:
        if record["value"] is not None:
            for layer in record["layers"]:
                found.setdefault(layer, {})[record["indicator"]] = None
    return {layer: list(ids) for layer, ids in found.items()}


def _standing(check: Mapping[str, Any], uses: Mapping[str, list[str]]) -> list[str]:
    """Indicators that stand on one of a check's layers."""
    ids = (one for layer in check["layers"] for one in _of(layer, uses))
    return list(dict.fromkeys(ids))


def _of(layer: str, uses: Mapping[str, list[str]]) -> Iterable[str]:
    if layer != _ALIKE:
        return uses.get(layer, ())
    return (one for name, ids in uses.items() if name.startswith(f"{_ALIKE}:") for one in ids)


def _told(check: Mapping[str, Any], results: Mapping[str, Any], uses: Mapping[str, list[str]]) -> dict[str, Any]:
    titles = {row["id"]: row["title"] for row in results["indicators"]}
    ids = _standing(check, uses)
    return {
        "id": check["id"],
        "mark": MARKS[check["status"]],
        **{key: spoken.spoken(check[key]) for key in ("title", "why", "matters", "remedy", "source")},
        "found": figure(check["found"], check["unit"]),
        "limits": limits(check),
        "layers": _layers(check["layers"]),
        "standing": [spoken.spoken(titles[one]) for one in ids[:MOST]],
        "n": len(ids),
    }


def _layers(names: Iterable[str]) -> str:
    """Layers in words: tables of the survey as one entry."""
    every = list(names)
    if every == [_ALIKE]:
        return say("the tables of the survey")
    return spoken.join("; ", origins.named(every)) if every else ""


def figure(value: float | None, unit: str) -> str:
    """A number with its unit in words, as the page prints it; empty where there is none."""
    if value is None:
        return ""
    if unit.startswith("share"):
        return _percent(value)
    number = _plain(value)
    return number if unit in ("", "ratio") else say("{number} {unit}", number=number, unit=spoken.spoken(unit))


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _percent(share: float) -> str:
    """A share in percent with as many digits as it takes not to say "all" of what is nearly all, or "none"."""
    for digits in range(4):
        told = f"{100 * share:.{digits}f}%"
        if (float(told[:-1]) in (0.0, 100.0)) == (share in (0.0, 1.0)) or abs(share - round(share)) < 1e-6:
            break
    return told


def limits(check: Mapping[str, Any]) -> str:
    """Where what was found should lie: ``80% to 125%``, ``at least 80%``; empty where there is no limit."""
    low, high = (figure(check[end], check["unit"]) for end in ("low", "high"))
    if high and 0.0 < (check["low"] or 0.0) <= ANY:
        return say("more than 0, at most {limit}", limit=high)
    if low and high and (low == high or math.isclose(check["low"], check["high"], rel_tol=1e-3)):
        return figure(round((check["low"] + check["high"]) / 2, 3), check["unit"])
    if low and high:
        low = low if check["unit"].startswith("share") else _plain(check["low"])
        return say("{low} to {high}", low=low, high=high)
    if low:
        if check["unit"].startswith("share") and check["low"] == 1.0:
            return low
        return say("at least {limit}", limit=low)
    return say("at most {limit}", limit=high) if high else ""
