"""What ``import justgeo`` and ``justgeo --help`` cost over a bare Python: medians of several fresh processes.

``python -m tests.benchmarks.startup --repeats 15``
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.timing import markdown, told

HELP = "import justgeo.cli\ntry:\n    justgeo.cli.main(['--help'])\nexcept SystemExit:\n    pass"
CASES = {"python -c pass": "pass", "import justgeo": "import justgeo", "justgeo --help": HELP}


def seconds(statement: str) -> float:
    """Wall time of one fresh interpreter."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def medians(repeats: int) -> dict[str, float]:
    """Median wall time of each case; taken in turns, so that a busy moment hits all alike."""
    for statement in CASES.values():
        seconds(statement)  # bytecode is compiled once
    found: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(repeats):
        for name, statement in CASES.items():
            found[name].append(seconds(statement))
    return {name: statistics.median(times) for name, times in found.items()}


def section(repeats: int = 15) -> str:
    """Benchmark 8, for ``docs/benchmarks.md``."""
    found = medians(repeats)
    bare = found["python -c pass"]
    lines = [[f"`{name}`", told(value), f"{value / bare:.2f}"] for name, value in found.items()]
    table = markdown(("started", "ms", "over bare Python"), lines)
    return f"{TEXT.format(repeats=repeats)}\n\n{table}"


TEXT = """\
Medians of {repeats} fresh processes each, in turns, wall time. No goal was set; a test of the suite holds that no heavy
library is loaded by either."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    found = medians(parser.parse_args(arguments).repeats)
    bare = found["python -c pass"]
    for name, value in found.items():
        print(f"{name:16s} {1000 * value:7.1f} ms  {value / bare:5.2f} x bare Python")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
