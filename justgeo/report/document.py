"""A grant writer's figures as a document: headings, paragraphs, tables. Markdown, Word and PDF write it down alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from justgeo.report import programmes, sentences, words
from justgeo.report.grant_rows import Grant, Row, left_out
from justgeo.report.reader import has_value
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.sheets import CONFIDENCE, notices


@dataclass(frozen=True)
class Heading:
    level: Literal[1, 2, 3]
    text: str


@dataclass(frozen=True)
class Para:
    text: str
    look: Literal["body", "small", "warning"] = "body"


@dataclass(frozen=True)
class Table:
    """Cells as texts; ``widths`` are parts of the page's width."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


Block = Heading | Para | Table

_FIGURES = ("Group", "Baseline", "Margin (90 %)", "Years", "Reliability", "Whole reference", "Comparison", "Target")
_FIGURE_WIDTHS = (0.18, 0.1, 0.11, 0.11, 0.12, 0.12, 0.16, 0.1)
_NO_TARGET_WIDTHS = (0.22, 0.12, 0.12, 0.11, 0.13, 0.13, 0.17)


def document(made: Grant) -> list[Block]:
    """Everything that the export of a grant says, in order."""
    return [
        *_opening(made),
        *(block for title, rows in made.by_category() for block in _category(made, title, rows)),
        *_programmes(made),
        *_areas(made),
        *_left_out(made),
        *_sources(made),
    ]


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    """Every text of a document."""
    for one in blocks:
        if isinstance(one, Table):
            yield from one.header
            yield from (cell for row in one.rows for cell in row)
        else:
            yield one.text


def _opening(made: Grant) -> Iterator[Block]:
    yield Heading(1, f"Baseline of {made.place}: figures for an application")
    if made.results["synthetic"]:
        yield Para(INVENTED, "warning")
    name = made.reader.reference_name
    against = f" Sentences name the rest of {name}, this place taken out; tables name it as a whole." if name else ""
    yield Para(f"{DISCLAIMER} {CONFIDENCE}{against} A number that is not there is unknown, never 0; it says why.")
    if notices(made):
        yield Para(notices(made), "small")


def _category(made: Grant, title: str, rows: Sequence[Row]) -> Iterator[Block]:
    yield Heading(2, title)
    for _, inside in groupby(rows, key=lambda row: row.id):
        yield from _indicator(made, list(inside))


def _indicator(made: Grant, rows: Sequence[Row]) -> Iterator[Block]:
    first = rows[0]
    one = first.indicator
    yield Heading(3, f"{one['title']} ({first.id})")
    yield Para(one["plain"] or one["method"])
    yield Para(sentences.grant(made.reader, first.id, first.group).text)
    told = [row for row in rows if has_value(row.record)]
    if told:
        yield Para(sentences.citation(made.reader, first.id).text, "small")
        aims = any(row.target is not None for row in told)
        widths = _FIGURE_WIDTHS if aims else _NO_TARGET_WIDTHS
        cells = tuple(_figures(made, row)[: len(widths)] for row in told)
        yield Table(_FIGURES[: len(widths)], cells, widths)
    if one["caveat"]:
        yield Para(f"Caveat: {one['caveat']}", "small")


def _figures(made: Grant, row: Row) -> tuple[str, ...]:
    target = "" if row.target is None else words.figure(row.target, row.indicator["unit"])
    year = "" if row.target_year is None else f" by {row.target_year}"
    return (
        row.label,
        words.shown(row.record),
        words.shown_margin(row.record),
        row.year,
        row.reliability,
        words.told(row.base) if has_value(row.base) else "",
        words.compared(row.record, made.reader.reference_name, terse=True)[1],
        f"{target}{year}",
    )


def _programmes(made: Grant) -> Iterator[Block]:
    rows = programmes.rows(made)
    if not rows:
        return
    yield Heading(2, "The funder's number beside ours")
    yield Para(programmes.NOTE)
    for one in rows:
        yield Heading(3, one.title)
        cells = (
            ("Agency", one.agency),
            ("Rule", one.rule),
            ("Their number", one.official),
            ("Submit", one.submit),
            ("Status", f"{one.status} Seen {one.seen}."),
            ("This place", one.told),
            ("Why ours is not theirs", one.differs),
            ("How sure we are", f"{one.sure}: {one.url}"),
        )
        yield Table(("About", "What it says"), cells, (0.2, 0.8))


def _areas(made: Grant) -> Iterator[Block]:
    inside = [zone for zone in made.results["zones"] if zone["role"] == "area"]
    if inside:
        yield Heading(2, "Census areas of this place")
    for kind, zones in groupby(inside, key=lambda zone: zone["geography"]):
        ids = ", ".join(zone["id"] for zone in zones)
        yield Para(f"{words.sentence(kind or 'area')}: {ids}")


def _left_out(made: Grant) -> Iterator[Block]:
    rows = left_out(made)
    yield Heading(2, "What is not here, and why")
    if rows:
        yield Table(("What", "Why"), tuple(rows), (0.5, 0.5))
    else:
        yield Para("Nothing was left out.")


def _sources(made: Grant) -> Iterator[Block]:
    yield Heading(2, "Sources and licences")
    rows = dict.fromkeys(
        (one["source"], one["dataset"], one["vintage"], one["licence"], one["attribution"]) for one in made.layers()
    )
    if rows:
        header = ("Source", "Data set", "Vintage", "Licence", "Attribution")
        yield Table(header, tuple(rows), (0.24, 0.3, 0.14, 0.14, 0.18))
