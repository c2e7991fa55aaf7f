"""``justgeo indicators``: the catalogue listed, explained and checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justgeo.core.errors import ConfigError

if TYPE_CHECKING:
    from justgeo.core.result import Indicator


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("indicators", help="the catalogue: list it, explain a row, check a file")
    # `justgeo indicators --check` is what a continuous check would write; the verb can name a file besides.
    parser.add_argument("--check", action="store_true", help="as the verb check, for the package's own catalogue")
    parser.set_defaults(command=_check_alone, parser=parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="every indicator in a line").set_defaults(command=_list)
    explain = verbs.add_parser("explain", help="how one is measured, from what, and how to read it")
    explain.add_argument("id", help="for example BEL-02")
    explain.set_defaults(command=_explain)
    check = verbs.add_parser("check", help="say whether a catalogue file is understood")
    check.add_argument("file", type=Path, nargs="?", help="default: the package's own")
    check.set_defaults(command=_check)


def _list(args: argparse.Namespace) -> None:
    category = ""
    for row in _rows(None):
        if row.category != category:
            category = row.category
            print(f"\n{category}")
        print(f"  {row.id:<20} {row.title}")


def _explain(args: argparse.Namespace) -> None:
    from justgeo.core.words import suggestion

    rows = {row.id: row for row in _rows(None)}
    if args.id not in rows:
        raise ConfigError(f"There is no indicator {args.id!r}.", remedy=suggestion(args.id, rows))
    row = rows[args.id]
    print(f"{row.id}  {row.title} ({row.unit})\n\n{row.plain}\n")
    told = {
        "measured": row.method,
        "of": row.universe,
        "mind": row.caveat,
        "needs": ", ".join(row.inputs),
        "can use": ", ".join(row.optional),
        "also for": ", ".join(row.groups),
        "Protocol": ", ".join([row.category, *row.pillars, *row.baseline, *row.outcomes]),
        "new data": row.frequency,
        "see": "\n".join(row.references),
    }
    for key, text in told.items():
        if text:
            print(_paragraph(key, text))


def _paragraph(key: str, text: str) -> str:
    import textwrap

    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, 88, break_long_words=False)]
    return f"{key:>9}  " + f"\n{'':11}".join(lines)


def _check_alone(args: argparse.Namespace) -> None:
    if not args.check:
        args.parser.error("no verb is given: list, explain or check")
    args.file = None
    _check(args)


def _check(args: argparse.Namespace) -> None:
    from justgeo.catalogue.read import check_sentences

    rows = _rows(args.file)
    check_sentences(rows)
    print(f"{len(rows)} indicators, all understood")


def _rows(path: Path | None) -> tuple[Indicator, ...]:
    from justgeo.catalogue.read import indicators

    return indicators(path)
