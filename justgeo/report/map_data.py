"""What the map's script looks up, in all languages and small: a text that is said often stands once.

Indicators and levels name their texts by number. Of each further language only the texts that differ from the
English are there: figures are written alike in all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from justgeo.report import choropleth, map_words, speech, words
from justgeo.report.maps import MapParts
from justgeo.report.spoken import Spoken

SURE = {key: chr(ord("a") + i) for i, key in enumerate(words.RELIABILITY)}
"""One letter for each class of reliability."""

_TEXTS = ("title", "unit", "source", "vintage", "district", "reference", "district_beside", "reference_beside")
_FIGURES = ("id", "category", "level", "shades", "counts", "absent", "low", "even", "hatched", "fit")
_SPAN = re.compile(r'<span lang="(\w+)">(.*?)</span>', re.DOTALL)

Payloads = Sequence[Mapping[str, Any]]
"""The same in several languages, English first."""


def made(marked: Mapping[str, Mapping[str, Any]], drawn: MapParts) -> dict[str, Any]:
    """Values, words and names for the script.

    Parameters
    ----------
    marked : mapping
        From `remarks.in_every_language`.
    drawn : MapParts

    Returns
    -------
    dict
        ``categories, levels, indicators, first`` as in `choropleth.payload`, their texts as numbers; ``said`` by
        language and number; ``texts`` by language and key; ``layers, labels, stops, places, named, spots`` of the map.
    """
    payloads, texts = [], {}
    for code, results in marked.items():
        with speech.language(code):
            payloads.append(choropleth.payload(results))
            texts[code] = map_words.texts()
    return {
        **packed(list(marked), payloads),
        "texts": texts,
        "sure": {letter: key for key, letter in SURE.items()},
        "layers": drawn.layers,
        "labels": drawn.labels,
        "stops": drawn.stop_names,
        "places": drawn.places,
        "named": drawn.named,
        "spots": drawn.spots,
        "ramp": choropleth.RAMP,
        "synthetic": bool(marked[speech.ENGLISH]["synthetic"]),
    }


class Book:
    """Texts by number, the same one once, in every language."""

    def __init__(self) -> None:
        self._pages: list[tuple[str, ...]] = []
        self._at: dict[tuple[Any, ...], int] = {}

    def __call__(self, *told: str) -> int:
        """Number of a text that is ``told`` in each language."""
        key = tuple((str(one), getattr(one, "html", None)) for one in told)
        if key not in self._at:
            self._at[key] = len(self._pages)
            self._pages.append(told)
        return self._at[key]

    def said(self, codes: Sequence[str]) -> dict[str, Any]:
        """The texts of the first language as a list; of each other those that differ, by their number."""
        made: dict[str, Any] = {codes[0]: [segments(page[0]) for page in self._pages]}
        for i, code in enumerate(codes[1:], 1):
            told = {str(n): segments(page[i]) for n, page in enumerate(self._pages)}
            made[code] = {n: text for n, text in told.items() if text != made[codes[0]][int(n)]}
        return made


def segments(text: str) -> str | list[list[str]]:
    """A text; or its parts, each with its language, where not all is in that of the page (an empty one elsewhere)."""
    if not isinstance(text, Spoken):
        return str(text)
    parts: list[list[str]] = []
    at = 0
    html = str(text.html)
    for span in _SPAN.finditer(html):
        if html[at : span.start()]:
            parts.append([Markup(html[at : span.start()]).unescape(), ""])
        parts.append([Markup(span[2]).unescape(), span[1]])
        at = span.end()
    if html[at:]:
        parts.append([Markup(html[at:]).unescape(), ""])
    return parts


def packed(codes: Sequence[str], payloads: Payloads) -> dict[str, Any]:
    """Payloads of `choropleth` as one, their texts as numbers."""
    book = Book()
    first = payloads[0]
    return {
        "categories": [
            {"id": one[0]["id"], "title": book(*(each["title"] for each in one))}
            for one in zip(*(p["categories"] for p in payloads), strict=True)
        ],
        "levels": {level: _level([p["levels"][level] for p in payloads], book) for level in first["levels"]},
        "indicators": [_indicator(rows, book) for rows in zip(*(p["indicators"] for p in payloads), strict=True)],
        "first": first["first"],
        "said": book.said(codes),
    }


def _level(told: Payloads, book: Book) -> dict[str, Any]:
    names = [book(*each) for each in zip(*(one["names"] for one in told), strict=True)]
    return {"ids": told[0]["ids"], "title": book(*(one["title"] for one in told)), "names": names}


def _indicator(told: Payloads, book: Book) -> dict[str, Any]:
    first = told[0]
    cells = list(zip(*(row["cells"] for row in told), strict=True))
    column = [[book(*(cell[k] for cell in each)) for each in cells] for k in (0, 1)]
    reasons = [book(*(cell[3] for cell in each)) if each[0][3] else -1 for each in cells]
    return {
        **{name: first[name] for name in _FIGURES},
        **{name: book(*(row[name] for row in told)) for name in _TEXTS},
        **{
            name: [book(*each) for each in zip(*(row[name] for row in told), strict=True)]
            for name in ("notes", "labels")
        },
        "classes": "".join("-" if k < 0 else str(k) for k in first["classes"]),
        "values": _short(column[0]),
        "margins": _short(column[1]),
        "sure": _short([SURE.get(each[0][2], each[0][2]) for each in cells]),
        "reasons": _short(reasons),
    }


def _short(column: list[Any]) -> Any:
    """A column, or its one value where it has no other."""
    return column[0] if len(set(column)) == 1 else column
