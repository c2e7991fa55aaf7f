"""``checklist.xlsx``: the checklist to print and to type answers into; ``justgeo checklist --read`` reads them back.

What was said already stands on sheets of its own and is never read back; what is typed stands in columns that are empty
here. So whatever somebody types is new, and nothing has to be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from justgeo.core.answers import FORMS, STATE, Answers, Entry, Form, Target
from justgeo.report import checklist as lists
from justgeo.report import checklist_assets, checklist_page, words, xlsx
from justgeo.report.reader import Reader
from justgeo.report.results import ALL, DISCLAIMER, INVENTED
from justgeo.report.sheets import Cell, Column, Sheet, value

READ_ME, CHECKLIST, MORE, TARGETS, SAID = "Read me", "Checklist", "More answers", "Targets", "Said already"
PLACE = "Id of the place"
ITEM = "Id"
YES = ("yes", "no")
ROWS = 25
"""Empty rows of a form."""


@dataclass(frozen=True)
class Typed:
    """A column that is typed in: the key of ``answers.yml`` that it fills, and its heading."""

    key: str
    title: str
    width: float
    options: tuple[str, ...] = ()

    def column(self) -> Column:
        """As a column of a sheet."""
        return Column(self.title, self.width, typed=True, options=self.options)


_WHO = (
    Typed("by", "Said by (role)", 18), Typed("date", "Date (2026-03-14)", 14),
    Typed("evidence", "Evidence (links or files)", 30), Typed("publish", "Show in public?", 10, YES),
    Typed("name", "Name", 18), Typed("publish_name", "Show the name?", 10, YES),
)  # fmt: skip
_STATE = Typed("state", STATE.label, 14, STATE.words)
ANSWER = (Typed("text", "Your answer", 54), _STATE, *_WHO)
FURTHER = (Typed("item", "Id of the item", 12), *ANSWER)
AIM = (
    Typed("indicator", "Id of the indicator", 16), Typed("group", "Group (empty for everyone)", 20),
    Typed("target", "Target", 12), Typed("year", "Target year", 10), Typed("note", "Note", 44),
    Typed("by", "Decided by (role)", 20), Typed("publish", "Show in public?", 10, YES),
)  # fmt: skip


def form_columns(form: Form) -> tuple[Typed, ...]:
    """Columns of a form as they are typed."""
    own = tuple(Typed(one.key, one.label, 22, one.words) for one in form.columns)
    return (Typed("text", form.first, 44), *own, *_WHO)


def sheet_title(form: Form) -> str:
    """Name of a form's sheet, which Excel wants short."""
    return {"swot": "Strengths and threats", "plans": "Plans and projects"}.get(form.key, form.title)


def workbook(
    checklist: lists.Checklist, results: Mapping[str, Any], found: checklist_assets.AssetMap | None = None
) -> bytes:
    """The bytes of ``checklist.xlsx``, the same for the same checklist; ``found`` is what a map of places shows."""
    title = f"Checklist of {results['name']}"
    notice = found.notice if found else ""
    return xlsx.workbook(sheets(checklist, results, found), title, synthetic=bool(results["synthetic"]), notice=notice)


def sheets(
    checklist: lists.Checklist, results: Mapping[str, Any], found: checklist_assets.AssetMap | None = None
) -> list[Sheet]:
    """All sheets, in order."""
    said: Answers = lists.said(checklist)
    typed = [_checklist(checklist, results), _empty(MORE, "Further answers to an item", FURTHER)]
    typed += [_empty(sheet_title(form), f"{form.title}: {form.ask}", form_columns(form)) for form in FORMS]
    typed.append(_empty(TARGETS, "Where a figure shall be, and by when", AIM, _TARGET_NOTES))
    told = [_said(said), checklist_assets.sheet(found), _indicators(results)]
    others = [*typed, *(sheet for sheet in told if sheet is not None and sheet.rows)]
    return [_read_me(results, checklist, others), *others]


_TARGET_NOTES = (
    "Shares are written as 0.75 or 75 %. Ids stand on the sheet Indicators. Targets are the community's own.",
)


def _read_me(results: Mapping[str, Any], checklist: lists.Checklist, others: Sequence[Sheet]) -> Sheet:
    rows: list[tuple[Cell, ...]] = [
        ("Place", results["name"]),
        (PLACE, results["slug"]),
        (
            "How to answer",
            "Type in the yellow cells, save, and give the file to: justgeo checklist DISTRICT --read FILE.xlsx",
        ),
        (
            "What is shown",
            "Nothing that is typed is public without 'yes' under Show in public?, and no name without its own yes.",
        ),
        (
            "What happens to it",
            "Each answer is added to answers.yml. None replaces another; what does not agree is told.",
        ),
        ("Evidence", "Addresses, or files in the folder of answers.yml; several on lines of their own."),
    ]
    tally = lists.counts(lists.rows(checklist))
    rows += [(f"Items {status}", n) for status, n in tally.items()]
    rows.append(("What it is", DISCLAIMER))
    if results["synthetic"]:
        rows.insert(0, ("Invented", INVENTED))
    rows += [(f"Sheet: {sheet.title}", sheet.heading) for sheet in others]
    return Sheet(READ_ME, f"Checklist of {results['name']}", (Column("About", 26), Column("", 100)), tuple(rows))


def _checklist(checklist: lists.Checklist, results: Mapping[str, Any]) -> Sheet:
    columns = (
        Column(ITEM, 13), Column("Part", 16), Column("Phase", 15), Column("Item", 40), Column("Status", 16),
        Column("Why", 44), Column("Figures that speak to it", 50), Column("Question", 50), Column("Said already", 44),
        *(one.column() for one in ANSWER), Column("How sure its wording is", 44), Column("Address", 40),
    )  # fmt: skip
    told = _told(results)
    rows = [
        (
            item["id"], lists.KINDS.get(item["kind"], item["kind"]), item["phase"], item["title"],
            f"{lists.STATUS_MARKS.get(item['status'], '')} {item['status']}".strip(), words.sentence(item["reason"]),
            _figures(told, item["evidence"]), item["question"], item["answer"],
            *(None for _ in ANSWER), item["note"], item["source"],
        )
        for item in lists.rows(checklist)
    ]  # fmt: skip
    heading = f"Checklist of the Protocol for {results['name']}"
    return Sheet(CHECKLIST, heading, columns, tuple(rows), notes=(_TYPE_HERE,), frozen=1)


def _figures(told: Mapping[str, str], evidence: Sequence[str]) -> str:
    known = [told[one] for one in evidence if one in told]
    left = len(known) - checklist_page.MOST_FIGURES
    return "\n".join(
        known[: checklist_page.MOST_FIGURES] + ([f"and {left} more, in indicators.csv"] if left > 0 else [])
    )


_TYPE_HERE = "Type in the yellow cells. Everything else is told, not asked."


def _told(results: Mapping[str, Any]) -> dict[str, str]:
    """Each indicator with its number of the district, in a line."""
    reader = Reader(results)
    return {
        row["id"]: f"{row['title']}: {words.told(reader.at(row['id'], 'district'))}" for row in results["indicators"]
    }


def _empty(title: str, heading: str, typed: Iterable[Typed], notes: tuple[str, ...] = ()) -> Sheet:
    columns = tuple(one.column() for one in typed)
    rows = tuple(tuple(None for _ in columns) for _ in range(ROWS))
    return Sheet(title, heading, columns, rows, notes=(_TYPE_HERE, *notes))


def _said(said: Answers) -> Sheet:
    columns = (
        Column("Under", 24), Column("What was said", 60), Column("More", 60), Column("Who and when", 30),
        Column("Evidence", 40),
    )  # fmt: skip
    labels = {form.key: form.title for form in FORMS}
    rows: list[tuple[Cell, ...]] = [
        (labels.get(key, key), one.text, more(one), one.who, "\n".join(one.evidence)) for key, one in said.entries()
    ]
    rows += [("Targets", aim(one), one.note, one.by, "") for one in said.targets]
    heading = "What was said already and may be shown; to change it, edit answers.yml"
    return Sheet(SAID, heading, columns, tuple(rows), frozen=1)


def more(one: Entry) -> str:
    """Further columns of an entry, by their labels."""
    labels = {column.key: column.label for form in FORMS for column in (*form.columns, STATE)}
    return "\n".join(f"{labels.get(key, key)}: {told}" for key, told in one.more.items())


def aim(one: Target) -> str:
    """A target in a line."""
    of = "" if one.group == ALL else f" of {one.group}"
    return f"{one.indicator}{of}: {one.value:g} in {one.year}"


def _indicators(results: Mapping[str, Any]) -> Sheet:
    columns = (Column("Id", 18), Column("Indicator", 50), Column("Unit", 20), Column("This place now", 14, "number"))
    reader = Reader(results)
    rows = tuple(
        (row["id"], row["title"], row["unit"], value(reader.at(row["id"], "district"))) for row in results["indicators"]
    )
    return Sheet("Indicators", "Ids for targets; an empty number is unknown, never 0", columns, rows, frozen=1)
