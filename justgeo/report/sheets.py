"""The sheets of the grant writer's workbook as plain values; how they are written down is ``xlsx.py``'s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from justgeo.report import origins, programmes, sentences, words
from justgeo.report.grant_rows import Grant, Row, left_out
from justgeo.report.reader import Record, has_value
from justgeo.report.results import DISCLAIMER, INVENTED

Kind = Literal["text", "number", "margin", "year"]

CONFIDENCE = "Margins of error are for 90 % confidence."
MARK = "INVENTED"
"""Stands in the headings of columns and of printed pages of invented places."""


@dataclass(frozen=True)
class Number:
    """A number with the unit that it is shown in.

    Attributes
    ----------
    value : float
    unit : str
    moe : float or None
        Tells how many digits are worth showing.
    sampled : bool
        For a margin: False where 0 means that it is not a sample.
    """

    value: float
    unit: str
    moe: float | None = None
    sampled: bool = True


Cell = str | Number | int | None


@dataclass(frozen=True)
class Column:
    title: str
    width: float
    kind: Kind = "text"
    about: str = ""
    """What it holds, for the data dictionary."""
    typed: bool = False
    """People type in it; a sheet with such a column is locked but for these."""
    options: tuple[str, ...] = ()
    """What may be typed, where not everything may."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: a heading, notes, and a table.

    Attributes
    ----------
    title, heading : str
    columns : tuple of Column
    rows : tuple of tuple of Cell
    notes : tuple of str
        Above the table.
    frozen : int
        Columns on the left that stay in view.
    levels : tuple of int
        Outline level of each row: 1 for groups below their indicator.
    """

    title: str
    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    frozen: int = 0
    levels: tuple[int, ...] = ()


_COMPARED = (
    "Against the rest of the reference, the place itself taken out. 'Not distinguishable' means that the data cannot "
    "tell the two apart: it does not mean that they are equal."
)
TARGET_COLUMNS = (
    Column("Id", 17, about="Id of the indicator, the same in every file."),
    Column("Indicator name", 34, about="Set Targets: indicator name."),
    Column("Group", 24, about="Everyone, or the group of people or homes whose number it is."),
    Column("Unit of measurement", 14, about="Set Targets: unit of measurement. Shares are shown as percent."),
    Column("Baseline", 11, "number", about="Set Targets: the current baseline. Empty where there is no number."),
    Column("Margin of error (±)", 12, "margin", about=f"{CONFIDENCE} In percentage points where the unit is a share."),
    Column("Baseline year", 12, about="Set Targets: the years that the data speak of."),
    Column("Target", 10, "number", about="What the community aims at, from its answers; empty until it says so."),
    Column("Target year", 8, "year", about="By when."),
    Column("Reliability", 18, about="How far the number may be relied on; the classes are told below."),
    Column("Reference", 13, "number", about="The same number of the reference area as a whole."),
    Column("Reference margin (±)", 13, "margin", about="Margin of error of the reference's number."),
    Column("Comparison", 34, about=_COMPARED),
    Column("Why no number, or no margin", 34, about="An empty number is unknown, never 0. This says why."),
    Column("Brief definition", 44, about="Set Targets: brief definition. Once for each indicator."),
    Column("Data source", 40, about="Set Targets: data source. Once for each indicator."),
    Column("Table", 22, about="Ids of the census tables, where it comes from some."),
    Column("Frequency of data", 20, about="Set Targets: how often the data are renewed. Once for each indicator."),
    Column("Count", 12, "number", about="The people, homes or land behind a share, where there are any."),
    Column("Count margin (±)", 12, "margin", about="Margin of sampling alone."),
    Column("Out of", 12, "number", about="All of whom the count is a part."),
    Column("Out of margin (±)", 12, "margin", about="Margin of sampling alone."),
    Column("Universe", 24, about="Who or what is counted."),
    Column("Caveat", 60, about="What has to be kept in mind. Once for each indicator."),
)
"""Columns of the sheets of categories."""


def sheets(made: Grant) -> list[Sheet]:
    """All sheets of the workbook, in order."""
    listed = (
        [_said(made)]
        + [_category(made, title, rows) for title, rows in made.by_category()]
        + [_programmes(made), _areas(made), _missing(made), _dictionary(made), _methods(made), _sources(made)]
    )
    kept = [sheet for sheet in listed if sheet is not None]
    return [_cover(made, kept), *kept]


def notices(made: Grant) -> str:
    """Attributions that have to stand wherever the numbers do: those of OpenStreetMap."""
    return "; ".join(origins.notices(made.layers()))


def _cover(made: Grant, listed: Sequence[Sheet]) -> Sheet:
    results = made.results
    told: list[tuple[Cell, ...]] = [
        ("Place", made.place),
        ("Compared with", made.reader.reference_name or "no reference"),
        ("Numbers", sum(has_value(row.record) for row in made.rows)),
        ("Without a number", sum(not has_value(row.record) for row in made.rows)),
        ("Margins", f"{CONFIDENCE} 'Not a sample' is a full count or a measurement."),
        ("Empty cells", "An empty number is unknown, never 0; its row says why."),
        ("What it is", DISCLAIMER),
    ]
    if results["synthetic"]:
        told.insert(0, (MARK, INVENTED))
    if notices(made):
        told.append(("Attribution", notices(made)))
    told += [(f"Sheet: {sheet.title}", sheet.heading) for sheet in listed]
    columns = (Column("About", 26), Column(f"Baseline of {made.place}", 90))
    return Sheet("Read me", f"Baseline of {made.place}", columns, tuple(told))


def _said(made: Grant) -> Sheet:
    columns = (
        Column("Id", 17), Column("Indicator name", 34), Column("Group", 24), Column("Sentence to paste", 90),
        Column("Citation", 70), Column("Table", 14), Column("Reliability", 18),
    )  # fmt: skip
    found = []
    for row, first in zip(made.rows, _firsts(made.rows), strict=True):
        text = sentences.grant(made.reader, row.id, row.group).text
        if made.results["synthetic"] and INVENTED not in text:
            text = f"{text} [{INVENTED}]"
        cited = sentences.citation(made.reader, row.id).text if first else None
        found.append((row.id, row.indicator["title"], row.label, text, cited, row.tables, row.reliability))
    return Sheet("Sentences", "Sentences ready to paste, each with its citation", columns, tuple(found), frozen=2)


def _category(made: Grant, title: str, rows: Sequence[Row]) -> Sheet:
    name = made.reader.reference_name
    columns = tuple(
        Column(one.title.replace("Reference", name, 1), one.width, one.kind, one.about)
        if name and one.title.startswith("Reference")
        else one
        for one in TARGET_COLUMNS
    )
    return Sheet(
        title,
        f"{title}: indicators, baselines and targets",
        columns,
        tuple(tuple(_target_cells(row, first)) for row, first in zip(rows, _firsts(rows), strict=True)),
        frozen=3,
        levels=tuple(int(row.label != "Everyone") for row in rows),
    )


def _target_cells(row: Row, first: bool) -> Iterator[Cell]:
    """Cells of a row; the long texts of an indicator stand once, on its first row."""
    one, record = row.indicator, row.record
    unit = str(one["unit"])
    yield from (row.id, one["title"], row.label, unit, value(record), margin(record), row.year)
    yield from (None if row.target is None else Number(row.target, unit), row.target_year)
    yield from (row.reliability, value(row.base), margin(row.base), row.compared, row.reason)
    yield from (one["plain"] or one["method"], row.source) if first else (None, None)
    yield from (row.tables, one.get("frequency", "") if first else None)
    for name in ("numerator", "denominator"):
        yield from _count(record, name)
    yield from (one["universe"], one["caveat"] if first else None)


def _firsts(rows: Sequence[Row]) -> list[bool]:
    """Whether each row is the first of its indicator."""
    return [number == 0 or rows[number - 1].id != row.id for number, row in enumerate(rows)]


def value(record: Record | None) -> Cell:
    """The number of a record, its text (``≥ $200,000``) where it has that in its place, or nothing."""
    if record is None or record["value"] is None:
        return None if record is None else record["text"]
    return Number(record["value"], record["unit"], record["moe"])


def margin(record: Record | None) -> Cell:
    """The margin of a record; words where it has a number and no margin is known."""
    if record is None or record["value"] is None:
        return None
    if record["moe"] is None:
        return "not known"
    return Number(record["moe"], record["unit"], record["moe"], sampled=record["reliability"] != "exact")


def _count(record: Record | None, name: str) -> tuple[Cell, Cell]:
    found = None if record is None else record[name]
    if record is None or found is None or record["unit"] == "°C":  # degrees summed over people count nothing
        return None, None
    moe = record[f"{name}_moe"]
    told: Cell = "not known" if moe is None else Number(moe, "count", moe, sampled=moe != 0)
    return Number(found, "count", moe), told


def _programmes(made: Grant) -> Sheet | None:
    rows = programmes.rows(made)
    if not rows:
        return None
    columns = (
        Column("Programme", 30), Column("Agency", 22), Column("Rule", 46), Column("Their number", 40),
        Column("Whose number to submit", 30), Column("Status", 40), Column("Status seen", 11),
        Column("This place under that rule", 44), Column("Our figure", 12, "number"),
        Column("Margin (±)", 12, "margin"), Column("Why ours is not theirs", 44), Column("How sure we are", 26),
        Column("Address", 44),
    )  # fmt: skip
    cells = tuple(
        (
            one.title, one.agency, one.rule, one.official, one.submit, one.status, one.seen, one.told,
            value(one.record), margin(one.record), one.differs, one.sure, one.url,
        )
        for one in rows
    )  # fmt: skip
    notes = (programmes.NOTE,)
    return Sheet("Programmes", "The funder's number beside ours", columns, cells, notes=notes, frozen=1)


def _areas(made: Grant) -> Sheet | None:
    inside = [zone for zone in made.results["zones"] if zone["role"] == "area"]
    if not inside:
        return None
    columns = (
        Column("GEOID", 16, about="Text, so that a leading zero stays."), Column("Kind", 14), Column("Name", 34),
        Column("Residents inside the boundary", 14, "number"), Column("Area inside (km²)", 14, "number"),
    )  # fmt: skip
    rows = []
    for zone in inside:
        facts = zone["facts"]
        people, km2 = facts.get("residents"), facts.get("area_km2")
        rows.append(
            (
                zone["id"],
                zone["geography"] or "area",
                zone["name"],
                None if people is None else Number(people, "count"),
                None if km2 is None else Number(km2, "km²"),
            )
        )
    note = "Areas that lie in the boundary, in whole or in part: look them up in the lists of a programme."
    return Sheet("GEOIDs", "Census areas of this place", columns, tuple(rows), notes=(note,), frozen=1)


def _missing(made: Grant) -> Sheet:
    columns = (Column("What is not here", 80), Column("Why", 80))
    rows: list[tuple[Cell, ...]] = [tuple(one) for one in left_out(made)]
    rows += [(f"{n} numbers of areas", words.sentence(why)) for why, n in _of_areas(made).items()]
    return Sheet("Not measured", "What is not measured or left out, and why", columns, tuple(rows))


def _of_areas(made: Grant) -> dict[str, int]:
    """How many numbers of census areas are not there, by reason; what no place has a number of is told above."""
    told = {row.reason for row in made.rows if not has_value(row.record)}
    areas = {zone["id"] for zone in made.results["zones"] if zone["role"] == "area"}
    found: dict[str, int] = {}
    for record in made.results["records"]:
        if record["zone"] in areas and not has_value(record) and record["reason"] not in told:
            found[record["reason"]] = found.get(record["reason"], 0) + 1
    return dict(sorted(found.items(), key=lambda kv: (-kv[1], kv[0])))


def _dictionary(made: Grant) -> Sheet:
    rows: list[tuple[Cell, ...]] = [("Column", one.title, one.about) for one in TARGET_COLUMNS]
    seen = {row.record["reliability"] for row in made.rows if row.record is not None}
    rows += [
        ("Reliability", told, f"'{key}' in results.json.") for key, told in words.RELIABILITY.items() if key in seen
    ]
    units = dict.fromkeys(str(row.indicator["unit"]) for row in made.rows)
    rows += [("Unit", unit, _unit(unit)) for unit in units]
    rows += [("Setting", key, _plain(told)) for key, told in sorted(made.results["settings"].items())]
    columns = (Column("Kind", 14), Column("Word", 34), Column("Meaning", 100))
    return Sheet("Data dictionary", "What the columns and words mean", columns, tuple(rows))


def _unit(unit: str) -> str:
    s = words.scale(unit)
    if s.factor != 1:
        return "A part of the whole: 0.25 is shown as 25 %."
    return "Per cent." if s.after == "%" else "As it stands."


def _plain(told: Any) -> str:
    if isinstance(told, Mapping):
        return "; ".join(f"{key}: {_plain(one)}" for key, one in sorted(told.items()))
    return str(told)


def _methods(made: Grant) -> Sheet:
    columns = (
        Column("Id", 17), Column("Indicator name", 34), Column("Universe", 26), Column("Census table cells", 40),
        Column("Method", 80), Column("Caveat", 60), Column("References", 80),
    )  # fmt: skip
    rows = [
        (
            one["id"],
            one["title"],
            one["universe"],
            _cells(one),
            one["method"],
            one["caveat"],
            "; ".join(one["references"]),
        )
        for one in {row.id: row.indicator for row in made.rows}.values()
    ]
    return Sheet("Methods", "How each indicator is made", columns, tuple(rows), frozen=2)


def _cells(one: Mapping[str, Any]) -> str:
    given = one["parameters"]
    return " of ".join(cell for name in ("numerator", "denominator") if isinstance(cell := given.get(name), str))


def _sources(made: Grant) -> Sheet:
    columns = (
        Column("Source", 34), Column("Data set", 50), Column("Vintage", 22), Column("Retrieved", 12),
        Column("Licence", 26), Column("Attribution", 34), Column("Address", 44), Column("Notes", 50),
        Column("SHA-256", 20),
    )  # fmt: skip
    rows = [tuple(_source_cells(one)) for one in made.layers()]
    return Sheet("Sources", "Sources and licences", columns, tuple(rows), frozen=1)


def _source_cells(one: Mapping[str, Any]) -> Iterable[Cell]:
    yield from (one["source"], one["dataset"], one["vintage"], one["retrieved"], one["licence"], one["attribution"])
    modelled = ["Modelled, not counted."] if one["modelled"] else []
    yield from (one["url"], " ".join([*modelled, *one["notes"]]), one["sha256"])
