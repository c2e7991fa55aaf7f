"""Write the pages of the docs that follow from the catalogue: one a category, and what serves the Protocol.

    python tools/catalogue_pages.py [--check]

``--check`` writes nothing and fails where a page is not what the catalogue says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from justgeo.catalogue import read
from justgeo.core.protocol import Protocol, Question
from justgeo.core.result import Indicator

DOCS = Path(__file__).parents[1] / "docs"
MADE = "<!-- Made by tools/catalogue_pages.py from justgeo/catalogue; edit those files, not this one. -->"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a page is out of date")
    args = parser.parse_args(argv)
    stale = [path for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]
    if args.check:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is not what the catalogue says\n")
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def pages() -> dict[Path, str]:
    """Every page by its path."""
    rows, protocol = read.indicators(), read.protocol()
    groups = read.layers().groups
    categories = list(dict.fromkeys(row.category for row in rows))
    found = {DOCS / "protocol.md": "\n".join(coverage(rows, protocol)) + "\n"}
    for name in categories:
        inside = [row for row in rows if row.category == name]
        found[page_of(name)] = "\n".join(category(name, inside, groups)) + "\n"
    return found


def page_of(category: str) -> Path:
    return DOCS / "indicators" / f"{category.lower()}.md"


def category(name: str, rows: Sequence[Indicator], groups: Mapping[str, str]) -> Iterator[str]:
    """The page of one category."""
    yield from (MADE, "", f"# {name}: {len(rows)} indicators", "")
    yield "Ids and wording are of this project, not of the Protocol. Margins are for 90 % confidence."
    for row in rows:
        yield from ("", f"## {row.id} · {row.title}", "", row.plain, "", "| | |", "|---|---|")
        yield from (f"| {key} | {_cell(text)} |" for key, text in _facts(row, groups) if text)
        yield from ("", *(f"- {_linked(one)}" for one in row.references))


def _facts(row: Indicator, groups: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "unit", row.unit
    yield "measured", row.method
    yield "of", row.universe
    yield "better when", {"up": "higher", "down": "lower", "neutral": "neither"}[row.direction]
    yield "mind", row.caveat
    yield "needs", ", ".join(f"`{one}`" for one in row.inputs)
    yield "can use", ", ".join(f"`{one}`" for one in row.optional)
    yield "also for", "; ".join(groups.get(one, one) for one in row.groups)
    yield "told of", "the district and its reference" if not row.areas else {
        "none": "the district and its reference", "tract": "also of each tract",
        "block group": "also of each tract and block group"}[row.map]  # fmt: skip
    yield "serves", ", ".join([*row.baseline, *row.outcomes, *row.pillars])
    yield "new data", row.frequency
    yield "evidence", {"V": "", "M": "definition not yet confirmed in its source", "D": "our own choice"}[row.evidence]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _linked(text: str) -> str:
    return " ".join(text.split())


def coverage(rows: Sequence[Indicator], protocol: Protocol) -> Iterator[str]:
    """What serves each part of the Protocol: indicators, or a question and whom to ask."""
    yield from (MADE, "", "# What serves the Protocol", "")
    yield (
        "Each part of the Just Communities Protocol that can be read in public, with the indicators that speak to it "
        "and the questions that only people can answer. Which figures the Protocol itself asks for beyond its baseline "
        "list could not be read; the questions are ours. An indicator has a number in a district where its layers are "
        "at hand, and a reason where they are not: the checklist of a run says which."
    )
    yield from (
        "",
        "## What the baseline action asks for",
        "",
        "| id | item | indicators | what is lacking |",
        "|---|---|---|---|",
    )
    for item in protocol.baseline:
        serve = [row for row in rows if item.id in row.baseline]
        lack = "; ".join(part for part in (item.partly, item.note, "" if serve else item.absent) if part)
        yield f"| {item.id} | {item.name} | {_ids(serve)} | {_cell(lack)} |"
    yield from ("", "## Outcome areas", "", "| area | indicators | to ask |", "|---|---|---|")
    for area in protocol.outcomes:
        serve = [row for row in rows if area.id in row.outcomes]
        yield f"| {area.name} | {_ids(serve)} | {_asked(area.questions)} |"
    yield from ("", "## Pillars", "", "| pillar | indicators | to ask |", "|---|---|---|")
    for pillar in protocol.pillars:
        serve = [row for row in rows if pillar.id in row.pillars]
        yield f"| {pillar.name} | {_ids(serve)} | {_asked(pillar.questions)} |"
    yield from ("", "## Phases", "", "| phase | action | number or question |", "|---|---|---|")
    for action in protocol.actions:
        told = f"the {len(protocol.baseline)} items above" if action.is_baseline else action.question
        yield f"| {action.phase or 'not readable'} | {action.name or 'not readable'} | {_cell(told or action.text)} |"


def _ids(rows: Iterable[Indicator]) -> str:
    """Families of indicators with links to their pages."""
    found: dict[str, Indicator] = {}
    for row in rows:
        found.setdefault(row.id.split(".")[0], row)
    links = [f"[{stem}](indicators/{page_of(row.category).name})" for stem, row in found.items()]
    return ", ".join(links) or "none"


def _asked(questions: Iterable[Question]) -> str:
    return _cell(" ".join(one.told for one in questions))


if __name__ == "__main__":
    sys.exit(main())
