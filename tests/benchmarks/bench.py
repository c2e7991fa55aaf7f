"""All benchmarks, one process each: writes ``docs/benchmarks.md``.

``make bench``, or ``python -m tests.benchmarks.bench --only walking areas``

A section is a module of this folder with ``section() -> str``: Markdown without a heading. It runs in a Python of its
own, so that memory and imports are its own. A line of it that begins with ``**Goal**`` goes into the summary on top.
Sections that were not asked for, or that fail, stay as the page has them; the time each was taken is said beside it.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.util
import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.timing import GOAL, machine
from tests.benchmarks.typology_text import wrapped

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
SECTIONS: Mapping[str, str] = {
    "walking": "1. Every block to the nearest of 300 places",
    "extract": "2. An extract to a network and features",
    "zonal": "3. Rasters over 2,000 zones",
    "areas": "4. Areas to districts, with margins",
    "whole_run": "5. A whole run",
    "batch": "6. A batch of districts",
    "page_size": "7. The page",
    "startup": "8. Start-up",
    "national": "A national run",
}
"""Module, and heading; in the order of the page. ``national`` reads what ``batch`` measured."""
HOURS = 3 * 3600
FOLDER = "tests.benchmarks"


def marks(name: str) -> tuple[str, str]:
    """What stands before and after a section in the page."""
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def sections_of(page: str) -> dict[str, str]:
    """What a page has of each section, without its marks."""
    found = {}
    for name in SECTIONS:
        begin, end = map(re.escape, marks(name))
        there = re.search(f"{begin}\n(.*?)\n{end}", page, flags=re.DOTALL)
        if there is not None:
            found[name] = there[1].strip()
    return found


def page_of(found: Mapping[str, str]) -> str:
    """The page of some sections: summary, then each between its marks."""
    parts = [HEAD, summary(found)]
    for name in SECTIONS:
        if name in found:
            begin, end = marks(name)
            parts.append(f"{begin}\n\n{found[name]}\n\n{end}")
    return "\n\n".join(parts) + "\n"


def summary(found: Mapping[str, str]) -> str:
    """Every goal and what became of it."""
    lines = ["| benchmark | goal | found |", "|---|---|---|"]
    for name, heading in SECTIONS.items():
        for told in re.findall(rf"^{re.escape(GOAL)}: (.*?)(?:\n\n|\Z)", found.get(name, ""), re.DOTALL | re.MULTILINE):
            asked, _, became = " ".join(told.split()).partition("; ")
            lines.append(f"| {heading} | {asked} | {became.removeprefix('found ').rstrip('.')} |")
    return "\n".join(lines)


def run(name: str) -> str | None:
    """One section in a Python of its own; None where it failed, and its error is on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "section.md"
        # By a file: libraries of rivals write to standard output.
        ran = subprocess.run(
            [sys.executable, "-m", f"{FOLDER}.bench", "--section", name, "--into", str(told)],
            stdout=subprocess.DEVNULL, timeout=HOURS, check=False,
        )  # fmt: skip
        if ran.returncode or not told.is_file():
            return None
        body = re.sub(r"\A#+ .*\n+", "", told.read_text(encoding="utf-8").strip())
    taken = f"*Taken on {datetime.datetime.now(datetime.UTC).date().isoformat()}: {machine()}.*"
    return wrapped(f"## {SECTIONS[name]}\n\n{body}\n\n{taken}").strip()


def main(arguments: Sequence[str] | None = None) -> int:
    there = [name for name in SECTIONS if importlib.util.find_spec(f"{FOLDER}.{name}") is not None]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=there, default=there, metavar="SECTION", help=", ".join(there))
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--section", choices=there, help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.section:
        logging.disable(logging.WARNING)
        module = importlib.import_module(f"{FOLDER}.{asked.section}")
        asked.into.write_text(module.section(), encoding="utf-8")
        return 0
    failed = []
    for name in there:
        if name not in asked.only:
            continue
        print(f"{SECTIONS[name]} ...", flush=True)
        made = run(name)
        if made is None:
            failed.append(name)
            continue
        # Written after each: hours of work are not lost with the last section.
        before = sections_of(asked.page.read_text(encoding="utf-8")) if asked.page.is_file() else {}
        asked.page.write_text(page_of({**before, name: made}), encoding="utf-8")
        print(made, end="\n\n", flush=True)
    if failed:
        print(f"failed, and left as they were: {', '.join(failed)}", file=sys.stderr)
    print(f"wrote {asked.page.name}")
    return 1 if failed else 0


HEAD = """\
# Benchmarks

<!-- Written by tests/benchmarks/bench.py (make bench); what stands between marks is made anew by each run. -->

What justgeo costs beside others, on invented data of a given size. Each section runs in a process of its own, and all
ways of it take turns. Ratios are what to read: they are taken within one round, so that other work on the machine
hits both sides alike. Final figures are to be taken on a quiet machine by `make bench`. A fast wrong answer loses, so
each section says what was equal in the answers."""


if __name__ == "__main__":
    raise SystemExit(main())
