"""The conformance table as a page: ``python -m tests.conformance.table --out docs/conformance.md``.

The page says what came out, row by row, and its summary is counted from the rows. Where rows were skipped, nothing is
written unless ``--partial`` is given: a page that lacks rows would pass for the whole.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import not_yet
from tests.conformance.model import Outcome, Row, Verdict, evaluate
from tests.conformance.rows import ROWS, SECTIONS

HEAD = """\
# Does justgeo compute what others compute?

<!-- Written by python -m tests.conformance.table --out docs/conformance.md; change the words and the rows there. -->

Each row takes a figure that somebody else printed, that another program finds, or that was worked out by hand from a
published formula, and computes it with justgeo's own functions, whole runs among them. `make conformance` does it
again; nothing in the package was adjusted to make a row pass.

{summary}

| verdict | what it says |
| --- | --- |
| exact | all digits that the reference prints are ours too; *ours* shows what follows them |
| within rounding | apart by no more than the rounding of what the reference was made from |
| explained difference | apart for the reason given; a test fails where the difference outgrows what the reason allows |
| within the band | inside the band that was aimed at |
| skipped | the data are not at hand: real places are read where they lie and are not part of the repository |

*Whose*: **published**, printed by somebody else; **program**, found by another program; **hand**, worked out by hand
from a published formula, which shows no more than that the formula is the one that was meant; **measured**, on the
invented county.
"""
COLUMNS = ("id", "what", "reference", "whose", "theirs", "ours", "difference", "verdict")
LACKING = """\
## Not yet computed

Figures that will become rows when the package computes them. They are counted nowhere above.

| what | reference | theirs | what is lacking |
| --- | --- | --- | --- |
{rows}
"""


def decimals(row: Row) -> int:
    """With how many decimals ours is shown."""
    return row.decimals + row.more


def figure(value: float, places: int, unit: str = "") -> str:
    """A number with its unit; a minus that is one; no minus before a zero."""
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return f"{text.replace('-', '−')}{f' {unit}' if unit else ''}"


def line(found: Outcome) -> str:
    """One row of the table."""
    row = found.row
    theirs = f"{row.theirs}{f' {row.unit}' if row.unit else ''}"
    if found.verdict is Verdict.SKIPPED:
        shown = ["–", "–", f"skipped: {found.skipped}"]
    else:
        verdict = f"{found.verdict}: {row.why}" if row.why else str(found.verdict)
        shown = [figure(found.ours, decimals(row), row.unit), figure(found.difference, decimals(row)), verdict]
    return "| " + " | ".join([row.id, row.what, f"[{row.reference.cite}]", row.kind, theirs, *shown]) + " |"


def summary(outcomes: Sequence[Outcome]) -> str:
    """What came out, in words, counted."""
    count = Counter(found.verdict for found in outcomes)
    whose = Counter(found.row.kind for found in outcomes)
    told = ", ".join(f"{count[v]} {v}" for v in Verdict if count[v])
    exact = [found for found in outcomes if found.row.verdict is Verdict.EXACT and found.verdict is not Verdict.SKIPPED]
    held = sum(found.verdict is Verdict.EXACT for found in exact)
    return (
        f"**{len(outcomes)} rows: {told}.** Of them {whose['published']} stand against a figure that somebody else "
        f"printed, {whose['program']} against another program, {whose['hand']} against a hand answer, "
        f"{whose['measured']} against what was aimed at. "
        f"{held} of the {len(exact)} that are to be exact are."
    )


def page(found: dict[str, list[Outcome]]) -> str:
    """The document."""
    parts = [HEAD.format(summary=summary([one for some in found.values() for one in some]))]
    rule = ["---"] * 4 + ["---:"] * 3 + ["---"]
    for title, outcomes in found.items():
        head = ["| " + " | ".join(cells) + " |" for cells in (COLUMNS, rule)]
        parts.append("\n".join([f"## {title}", "", *head, *map(line, outcomes)]) + "\n")
    used = {r.reference for r in ROWS} | {r.reference for r in not_yet.ROWS}
    lacking = [f"| {r.what} | {f'[{r.reference.cite}]'} | {r.theirs} | {r.lacks} |" for r in not_yet.ROWS]
    parts.append(LACKING.format(rows="\n".join(lacking)))
    parts.append("\n".join(f"[{r.cite}]: {r.url}" for r in sorted(used, key=lambda r: r.cite)) + "\n")
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/conformance.md"))
    parser.add_argument("--partial", action="store_true", help="write the page also where rows were skipped")
    asked = parser.parse_args(arguments)
    found = {title: [evaluate(row) for row in rows] for title, rows in SECTIONS.items()}
    outcomes = [one for some in found.values() for one in some]
    print(summary(outcomes).replace("**", ""), file=sys.stderr)
    skipped = [one for one in outcomes if one.verdict is Verdict.SKIPPED]
    if skipped and not asked.partial:
        print(
            f"{asked.out} is left as it is: {len(skipped)} rows were skipped ({skipped[0].skipped}).", file=sys.stderr
        )
    else:
        asked.out.write_text(page(found), encoding="utf-8", newline="\n")
    wrong = [one.row.id for one in outcomes if one.verdict not in (one.row.verdict, Verdict.SKIPPED)]
    if wrong:
        print(f"not as recorded: {', '.join(wrong)}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
