"""The data walk: a large sheet for the wall for each indicator, and a paper form for what people answer.

Made from ``results.json`` alone. A sheet shows one number as its sentence says it, how it compares, one question, the
source and its years, and leaves room to write. Nobody is asked for a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo.core.errors import OutputError
from justgeo.core.words import suggestion
from justgeo.report import inline, origins, remarks, saying, sentences, sure, words, write
from justgeo.report.reader import Reader
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.speech import language, say, translated
from justgeo.report.view import cards

FILES = ("posters.html", "form.html", "manifest.json")
MAKER = "justgeo posters"
_MOST_CIRCLES = 12
_TRUSTED = ("high", "medium", "exact", "modelled")
_LENGTHS = ((70, "short"), (120, "middle"), (240, "long"))
ROLES = ("resident", "school", "shop or business", "organization", "other")
"""Who answers, in the words of the form; a role and no name."""


def fill(folder: Path, results: Mapping[str, Any], only: Sequence[str], languages: Sequence[str]) -> None:
    """Write sheets, form and a manifest into a folder that is there.

    Parameters
    ----------
    folder : Path
    results : mapping
        As in ``results.json``.
    only : sequence of str
        Ids of indicators in the order of the wall; the headline numbers where it is empty.
    languages : sequence of str
        Codes; every sheet is made once in each.

    Raises
    ------
    OutputError
        An id or a language is not known, or there is nothing to show.
    """
    made = pages(results, chosen(results, only), languages)
    write.sealed(folder, {name: text.encode("utf-8") for name, text in made.items()}, MAKER)


def chosen(results: Mapping[str, Any], only: Sequence[str]) -> list[str]:
    """Ids of the indicators that get a sheet.

    Raises
    ------
    OutputError
        One is not among the results, or none has a number.
    """
    known = [row["id"] for row in results["indicators"]]
    for one in only:
        if one not in known:
            raise OutputError(f"The results have no indicator {one!r}.", remedy=f"{suggestion(one, known)}.")
    if only:
        return list(dict.fromkeys(only))
    found = [str(card["id"]) for card in cards(Reader(remarks.marked(results)))]
    if not found:
        raise OutputError("No headline number has a value here.", remedy="Name indicators with --only.")
    return found


def pages(results: Mapping[str, Any], ids: Sequence[str], languages: Sequence[str]) -> dict[str, str]:
    """Both pages by their names, the same text for the same results.

    Returns
    -------
    dict
        ``posters.html``, tabloid sheets (11 x 17 in), one a page; ``form.html``, letter pages on which people answer
        the questions of the wall.

    Raises
    ------
    OutputError
        A language or an indicator is not known, or something points outside the page.
    """
    sides = [_side(results, ids, code) for code in languages]
    return {name: _page(name, results, sides) for name in ("posters.html", "form.html")}


def _page(template: str, results: Mapping[str, Any], sides: Sequence[Mapping[str, Any]]) -> str:
    made = inline.environment().get_template(template).render(
        name=results["name"],
        synthetic=results["synthetic"],
        sides=sides,
        policy=inline.policy([]),
        css=inline.stylesheet("posters.css"),
    )  # fmt: skip
    inline.refuse_links(made)
    return made


def _side(results: Mapping[str, Any], ids: Sequence[str], code: str) -> dict[str, Any]:
    """One language's side: its frames, and a sheet for each indicator."""
    rows = {row["id"]: row for row in results["indicators"]}
    with language(code):
        reader = Reader(remarks.marked(results))
        return {
            "lang": code,
            "sheets": [_sheet(reader, rows[one]) for one in ids],
            "roles": [translated(role)[0] for role in ROLES],
            "frames": _frames(reader),
        }


def _frames(reader: Reader) -> dict[str, str]:
    """What stands on every sheet and on the form."""
    place = reader.results["name"]
    return {
        "invented": say(INVENTED),
        "turn": say("Your turn"),
        "write": say("Write here, or stick a note. No names, please."),
        "measured": say("What the numbers say"),
        "disclaimer": translated(DISCLAIMER)[0],
        "sure": say("How sure is it?"),
        "number": say("Number on the form"),
        "form": say("What do you see? Your answers about {name}", name=place),
        "explain": say(
            "Each number here stands on a sheet on the wall. Numbers can be wrong or miss what matters: you know this "
            "place. Answer as many as you like. Please leave out names, addresses and phone numbers."
        ),
        "who": say("I answer as"),
        "answer": say("My answer"),
        "fits": say("Does the number fit what you see?"),
        "yes": say("yes"),
        "no": say("no"),
        "unsure": say("I cannot tell"),
        "show": say("May we show this answer to others, without a name?"),
        "typed": say(
            "For those who type the answers in: each goes into answers.yml under the number on the form, with the role "
            "and the date; without a yes to showing it, it is kept and not published."
        ),
        "date": say("Date"),
    }


def _sheet(reader: Reader, row: Mapping[str, Any]) -> dict[str, Any]:
    poster = sentences.poster(reader, row["id"])
    record = reader.at(row["id"], reader.told_of(row))
    category = words.category(row["category"])
    lead = poster["lead"]
    size = next((name for length, name in _LENGTHS if len(lead.text) <= length), "longest")
    return {
        "id": row["id"],
        "category": category,
        "category_title": translated(words.category_title(row["category"]))[0],
        "lead": lead,
        "size": size,
        "sure": sure.line(saying.fact(reader, row["id"])),
        "compared": poster["compared"],
        "question": poster["question"],
        "source": poster["source"],
        "notices": origins.notices(reader.used([record])),
        "circles": _circles(record),
        "bars": _bars(reader, row["id"], record),
        "vague": record is None or record["reliability"] not in (*_TRUSTED, "unknown", "chance"),
    }


def _circles(record: Mapping[str, Any] | None) -> dict[str, int] | None:
    """A share as circles, filled as its sentence says; None for what is no share, or not sure enough to be drawn."""
    share = None if record is None else words.share_of(record)
    if record is None or share is None or record["reliability"] not in _TRUSTED:
        return None
    if not words.FEWEST <= share <= words.MOST:
        return None
    n, among = words.fraction(share)
    return {"n": n, "all": among} if among <= _MOST_CIRCLES else None


def _bars(reader: Reader, indicator: str, record: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """District and reference as two bars with their margins, for amounts; empty for shares and for what is not sure."""
    base = reader.at(indicator, "reference")
    if record is None or words.share_of(record) is not None or record["comparison"] is None or base is None:
        return []
    pair = [(str(reader.results["name"]), record), (reader.reference_name, base)]
    if any(one["value"] is None or one["value"] < 0 or one["reliability"] not in _TRUSTED for _, one in pair):
        return []
    top = max(one["value"] + (one["moe"] or 0.0) for _, one in pair)
    if top <= 0:
        return []
    return [
        {
            "name": name,
            "value": words.figure(one["value"], one["unit"], one["moe"]),
            "margin": words.shown_margin(one),
            "length": round(100 * one["value"] / top, 1),
            "from": round(100 * max(0.0, one["value"] - (one["moe"] or 0.0)) / top, 1),
            "to": round(100 * (one["value"] + (one["moe"] or 0.0)) / top, 1),
        }
        for name, one in pair
    ]
