"""Times of rival ways in one process: in turns, medians, ratios; and what a table says of the machine.

A *round* runs every way once, in an order that shifts from round to round, so that a busy moment hits all alike; the
first round warms caches and does not count. Ratios are medians of the ratios within a round: what slows a whole round
cancels. CPU time holds all threads of the process and is the steadier of the two on a machine with other work.
"""

from __future__ import annotations

import gc
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GOAL = "**Goal**"
"""How a line begins that ``bench.py`` takes into its summary."""


@dataclass(frozen=True)
class Times:
    """Seconds of one way, round by round."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return statistics.median(self.wall)

    @property
    def cpu_seconds(self) -> float:
        return statistics.median(self.cpu)

    def over(self, other: Times) -> float:
        """Median of this way's CPU time over the other's, round by round."""
        return statistics.median(a / b for a, b in zip(self.cpu, other.cpu, strict=True))


def race(ways: Mapping[str, Callable[[], Any]], rounds: int, *, warm: bool = True) -> dict[str, Times]:
    """Run every way ``rounds`` times in turns, after one round that does not count (where ``warm``)."""
    names = list(ways)
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(0 if warm else 1, rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            gc.collect()
            start, spent = time.perf_counter(), time.process_time()
            ways[name]()
            if turn:
                cpu[name].append(time.process_time() - spent)
                wall[name].append(time.perf_counter() - start)
    return {name: Times(tuple(wall[name]), tuple(cpu[name])) for name in names}


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; all but the first column to the right."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])


def goal(words: str, found: float, limit: float, times: str = " times", *, least: bool = False) -> str:
    """The line of a goal: what was asked, what was found, and whether that will do."""
    met = found >= limit if least else found <= limit
    sign = "≥" if least else "≤"
    return f"{GOAL}: {words} {sign} {limit:g}{times}; found {found:.2f}{times}: {'met' if met else 'missed'}."


def told(seconds: float) -> str:
    """Milliseconds with three figures."""
    ms = 1000.0 * seconds
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}"


def versions(*names: str) -> str:
    """``tobler 0.13.0, pandana 0.8``; a distribution that is not there is named as such."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name}: not installed")
    return ", ".join(found)


def machine() -> str:
    """Cores and memory, and nothing that names the machine."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {gib:.0f} GiB, {platform.machine()}, Python {platform.python_version()}"
