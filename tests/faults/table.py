"""What was tried on a run, as tables for the docs: python -m tests.faults.table [--out docs/faults.md]

Every module beside this one and below ``tests/corrupted`` that has ``CASES`` gives its rows; the tests beside it run
them. Faults of services are those of ``tests/live/fault_cases.py``, their doors counted.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.faults.case import Case

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
FOLDERS = ("tests/faults", "tests/corrupted")
LEAST_FAULTS, LEAST_PLANTED = 150, 60

HEAD = """\
# When something goes wrong

<!-- Made by tests/faults/table.py from the cases that the suite runs; edit those, not this page. -->

A run ends in a right number or in an honest sentence. This page lists what the suite does to it, every time, and what
must hold then. *Old outputs* are those of an earlier run in the same folder: they stay whole until new ones take their
place. A refusal ends with exit status 2, says what was wrong with the offending value, and what to do.
"""
PLANTED = """\
## Planted wrongness

Data in which one thing was made wrong, so that a number would change and nobody be told. Each is tried beside its sound
twin, which the same check lets pass. *Refuses*: nothing is written. *Flags*: the number is absent with its reason, or
told with a flag, or the page of data quality calls the layer odd.
"""
NOT_CAUGHT = """\
## What no check can catch

Wrong data that look like right ones. Sources, vintages and digests stand beside every number so that a person can.
"""
SERVICES = """\
## Public services that fail

Each way of failing is played by a server on this machine that speaks the service's own protocol, to every question
that it can fall on. It ends in bounded time in a failure with its remedy, and the layer is absent with that reason; or,
where it is harmless, in the same bytes as without it. Nothing partial is recorded, and a further try brings what the
first would have.
"""


def modules() -> Iterator[str]:
    """Names of the modules that have cases."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.stem not in ("case", "table", "conftest") and not path.stem.startswith("test_"):
                yield f"{folder.replace('/', '.')}.{path.stem}"


def cases() -> list[Case]:
    """All cases, in the order of their modules."""
    return [case for name in modules() for case in getattr(importlib.import_module(name), "CASES", ())]


def modules_with_cases() -> list[str]:
    """Those of `modules` that have any."""
    return [name for name in modules() if getattr(importlib.import_module(name), "CASES", ())]


def not_caught() -> list[tuple[str, str]]:
    """What is wrong, and why nobody could tell."""
    found = [getattr(importlib.import_module(name), "NOT_CAUGHT", ()) for name in modules()]
    return [(str(what), str(why)) for some in found for what, why in some]


def is_planted(case: Case) -> bool:
    return bool(case.caught_by)


def count(some: Iterable[Case]) -> int:
    """How many cases: a fault at each of 40 writes is 40."""
    return sum(case.times for case in some)


def page() -> str:
    """The page of the docs."""
    some = cases()
    faults, planted = [c for c in some if not is_planted(c)], [c for c in some if is_planted(c)]
    services = list(_services())
    total = sum(n for _, n in services)
    parts = [
        HEAD,
        f"**{count(faults)} faults** around a run, **{len(planted)} planted corruptions** of its data, and **{total} "
        "faults of services**. None is skipped on a plain machine.\n",
    ]
    for group in dict.fromkeys(case.group for case in faults):
        rows = [case for case in faults if case.group == group]
        parts += [f"## {group}\n", "| what happens | times | what must hold |\n| --- | ---: | --- |"]
        parts[-1] += "".join(f"\n| {_cell(c.what)} | {c.times} | {_cell(c.holds)} |" for c in rows) + "\n"
    parts.append(PLANTED)
    for group in dict.fromkeys(case.group for case in planted):
        rows = [case for case in planted if case.group == group]
        title = group.removeprefix("Planted: ").capitalize()
        parts += [f"### {title}\n", "| what is wrong | what must come of it | caught by |\n| --- | --- | --- |"]
        parts[-1] += "".join(f"\n| {_cell(c.what)} | {_cell(c.holds)} | {_cell(c.caught_by)} |" for c in rows) + "\n"
    lost = not_caught()
    if lost:
        parts += [NOT_CAUGHT, "| what is wrong | why nothing tells |\n| --- | --- |"]
        parts[-1] += "".join(f"\n| {_cell(what)} | {_cell(why)} |" for what, why in lost) + "\n"
    parts += [SERVICES, "| the service's fault | questions it is tried on |\n| --- | ---: |"]
    parts[-1] += "".join(f"\n| {_cell(name)} | {n} |" for name, n in services) + "\n"
    return "\n".join(parts)


def _services() -> Iterator[tuple[str, int]]:
    from tests.live.fault_cases import CASES

    yield from Counter(trouble.name for _, trouble in CASES).items()


def _cell(text: str) -> str:
    """A text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PAGE)
    args = parser.parse_args(argv)
    args.out.write_text(page(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
