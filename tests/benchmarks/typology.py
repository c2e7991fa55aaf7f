"""What the chances of the displacement typology cost, over drawing the same number of normals and no more.

``python -m tests.benchmarks.typology --repeats 5`` prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.prepare import QUANTITIES
from justgeo.measure.typology.values import Settings, Tracts
from tests.measure.typology.invented import region

WIDTH = 25
GOAL = 5.0
PIECE = 100


@dataclass(frozen=True)
class Cost:
    """Medians of wall time, in seconds, and the peak of what ``classify`` holds, in MB."""

    tracts: int
    at_once: float
    in_pieces: float
    classify: float
    correlated: float
    peak: float


def at_once(tracts: int, draws: int) -> None:
    """All normals in one new array, as the simplest program would hold them."""
    np.random.default_rng(1).standard_normal((len(QUANTITIES), tracts, draws))


def in_pieces(tracts: int, draws: int) -> None:
    """As many, into one array that is used again: without the cost of new memory, so the harder thing to be held to."""
    rng, buffer = np.random.default_rng(1), np.empty((len(QUANTITIES), tracts, PIECE))
    for _ in range(draws // PIECE):
        rng.standard_normal(out=buffer)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak(tracts: Tracts, settings: Settings) -> float:
    """MB that Python and NumPy held at most while it ran."""
    tracemalloc.start()
    classify(tracts, settings)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def cost(tracts: int, draws: int, repeats: int) -> Cost:
    """Taken in turns, so that a busy moment hits all alike."""
    place, plain = region(WIDTH, tracts // WIDTH), Settings(draws=draws)
    tied = replace(plain, correlation_now=0.8 * np.eye(7) + 0.2, correlation_before=0.8 * np.eye(6) + 0.2)
    cases: dict[str, Callable[[], object]] = {
        "at_once": lambda: at_once(len(place), draws),
        "in_pieces": lambda: in_pieces(len(place), draws),
        "classify": lambda: classify(place, plain),
        "correlated": lambda: classify(place, tied),
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, work in cases.items():
            found[name].append(seconds(work))
    return Cost(len(place), **{name: statistics.median(t) for name, t in found.items()}, peak=peak(place, plain))


def table(costs: Sequence[Cost], draws: int) -> str:
    lines = [
        f"{draws:,} draws; seconds. The ratio is to the normals drawn in pieces, the goal at most {GOAL:g}.",
        "",
        "| tracts | one array | in pieces | classify | correlated | ratio | ratio, correlated | peak, MB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for c in costs:
        lines.append(
            f"| {c.tracts:,} | {c.at_once:.2f} | {c.in_pieces:.2f} | {c.classify:.2f} | {c.correlated:.2f} "
            f"| {c.classify / c.in_pieces:.2f} | {c.correlated / c.in_pieces:.2f} | {c.peak:.0f} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--tracts", type=int, nargs="+", default=[200, 1000])
    asked = parser.parse_args(arguments)
    costs = [cost(n, asked.draws, asked.repeats) for n in asked.tracts]
    print(table(costs, asked.draws))
    return 0 if all(c.correlated <= GOAL * c.in_pieces for c in costs) else 1


if __name__ == "__main__":
    raise SystemExit(main())
