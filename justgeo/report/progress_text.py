"""Progress as text, Markdown and CSV: for the console, the annual report, and a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from justgeo.report import words
from justgeo.report.checklist_forms import number
from justgeo.report.checklist_text import plain
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.tables import csv_bytes

VERDICTS = {"on track": "▲", "needs attention": "▼", "cannot tell": "?"}
"""Verdicts on targets, each with its sign, so that colour is never the only one."""
NO_TARGET = "no target"

METHOD = (
    "The line runs straight from the earlier figure to the target. A figure is on track or needs attention only where "
    "it is off that line by more than the margin of error (90 % confidence) of the two figures together; else the data "
    "cannot tell. The target is the community's and has no margin. A survey speaks of its last year."
)
COLUMNS = (
    "place", "invented", "indicator", "title", "category", "group", "unit", "old", "old_moe", "old_year", "new",
    "new_moe", "new_year", "difference", "difference_moe", "judgement", "target", "target_year", "expected", "gap",
    "gap_moe", "verdict", "reached", "why", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One figure at two times.

    Attributes
    ----------
    old, new : mapping or None
        Records, as ``results.json`` has them.
    difference, difference_moe : float or None
    judgement : str
        Whether the margins allow the change, or why that is not asked.
    target, expected, gap, gap_moe : float or None
        ``expected`` is where the line stands, ``gap`` the later figure less it.
    verdict, why : str
    reached : bool
    """

    indicator: str
    title: str
    category: str
    group: str
    group_label: str
    unit: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    old_year: int | None
    new_year: int | None
    judgement: str
    verdict: str
    why: str
    target: float | None = None
    target_year: int | None = None
    note: str = ""
    difference: float | None = None
    difference_moe: float | None = None
    expected: float | None = None
    gap: float | None = None
    gap_moe: float | None = None
    reached: bool = False


@dataclass(frozen=True)
class Table:
    """All figures of a place, those with a target among them."""

    name: str
    synthetic: bool
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def having(self, verdict: str) -> tuple[Row, ...]:
        """Rows of one verdict."""
        return tuple(row for row in self.rows if row.verdict == verdict)

    def changed(self) -> tuple[Row, ...]:
        """Rows without a target whose change is larger than its margin."""
        moved = (row for row in self.having(NO_TARGET) if row.difference is not None and row.difference_moe is not None)
        return tuple(row for row in moved if row.judgement.startswith("larger"))


def csv(table: Table) -> bytes:
    """One row a figure and target, all digits; shares are fractions, margins for 90 % confidence."""
    rows = []
    for one in table.rows:
        told = {name: getattr(one, name) for name in COLUMNS if hasattr(one, name)}
        told |= {"place": table.name, "invented": INVENTED if table.synthetic else ""}
        for side in ("old", "new"):
            record = told[side]
            told[side] = None if record is None else record["value"]
            told[f"{side}_moe"] = None if record is None else record["moe"]
        told["reached"] = "yes" if one.reached else ""
        rows.append(["" if told[name] is None else told[name] for name in COLUMNS])
    return csv_bytes(rows, COLUMNS)


def markdown(table: Table) -> str:
    """For the annual report; whatever people wrote stays text."""
    lines = [f"# Progress of {plain(table.name)}", ""]
    lines += [f"**{plain(INVENTED)}**", ""] if table.synthetic else []
    lines += [f"**{DISCLAIMER}**", ""]
    for verdict, sign in VERDICTS.items():
        rows = table.having(verdict)
        lines += [f"## {sign} {verdict.capitalize()} ({len(rows)})", ""]
        lines += [f"- {_told(row, plain)}" for row in rows] or ["None."]
        lines.append("")
    moved = table.changed()
    lines += [f"## Without a target, and changed by more than the margin ({len(moved)})", ""]
    lines += [f"- {_told(row, plain)}" for row in moved] or ["None."]
    lines += ["", "## How to read this", "", METHOD, "", _left(table), *table.notes]
    return "\n".join(lines).rstrip() + "\n"


def text(table: Table) -> list[str]:
    """For the console."""
    lines = [f"{table.name}: progress"]
    lines += [f"  {INVENTED}"] if table.synthetic else []
    for verdict, sign in VERDICTS.items():
        rows = table.having(verdict)
        lines.append(f"{sign} {verdict}: {len(rows)}")
        lines += [f"    {_told(row, str)}" for row in rows]
    moved = table.changed()
    lines.append(f"without a target, changed by more than the margin: {len(moved)}")
    lines += [f"    {_told(row, str)}" for row in moved]
    return [*lines, _left(table), *table.notes]


def _left(table: Table) -> str:
    n = len(table.having(NO_TARGET)) - len(table.changed())
    return f"{n} further figures without a target: no change larger than its margin, or none that can be tested."


def _told(row: Row, safe: Callable[[str], str]) -> str:
    of = f", {row.group_label}" if row.group_label else ""
    years = [f" in {year}" if year else "" for year in (row.old_year, row.new_year)]
    line = f"{row.title}{of}: {words.told(row.old)}{years[0]}, {words.told(row.new)}{years[1]}"
    if row.difference is not None:
        line += f"; change {_signed(row.difference, row)}{_margin(row)}"
        line += f" ({row.judgement})" if row.judgement else ""
    if row.target is not None:
        line += f"; target {number(row.target, row.unit)} by {row.target_year}"
    if row.expected is not None:
        line += f", on the line {number(row.expected, row.unit)}"
    if row.why:
        line += f": {row.why}"
    line += ". The target is reached" if row.reached else ""
    line += f". {row.note}" if row.note else ""
    return safe(line.rstrip(".") + ".")


def _signed(value: float, row: Row) -> str:
    shown = words.figure(abs(value), row.unit, row.difference_moe, bare=True)
    points = words.scale(row.unit)
    unit = " points" if points.factor == 100 or points.after == "%" else ""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{shown.rstrip('%') if unit else shown}{unit}".strip()


def _margin(row: Row) -> str:
    return "" if row.difference_moe is None else f" {words.margin(row.difference_moe, row.unit).strip()}"
