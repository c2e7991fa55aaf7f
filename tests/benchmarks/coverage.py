"""How often do the 90 % margins hold the truth? Writes the tables of ``docs/coverage.md``.

``python -m tests.benchmarks.coverage --draws 1000 --districts 120 --jobs 2`` (about ten minutes on two free cores).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from justgeo.synthetic import County, county
from tests.benchmarks import coverage_changes, coverage_page, measures, replicates, simulation, tally
from tests.benchmarks.coverage_tables import Found
from tests.benchmarks.simulation import Places
from tests.benchmarks.tally import Where

SEED = 7
FIRST_DRAW = 10_000  # far from the one draw that the demo publishes
SIZES, EACH = (2, 3, 4, 6, 9, 14), 20
TRACT_SIZES, TRACT_EACH = (2, 3, 4, 6), 15
CUT_DRAWS, REPLICATE_DRAWS = 100, 100
NOISE_SD = 3.0


def whole_places(place: County, sizes: Sequence[int] | None = None, each: int | None = None) -> Places:
    """Sets of block groups, all tracts, all single block groups that have people; kinds set, tract, one."""
    people = place.truth("B01003").iloc[:, 0]
    tracts = _tracts(place)
    alone = [[geoid] for geoid in people.index if people[geoid] > 0]
    sets = simulation.whole_sets(place, sizes or SIZES, each or EACH, SEED)
    kinds = ["set"] * len(sets) + ["tract"] * len(tracts) + ["one"] * len(alone)
    return simulation.places(place, [*sets, *tracts, *alone], kinds=kinds)


def tract_places(place: County, sizes: Sequence[int] | None = None, each: int | None = None) -> Places:
    """Sets of whole tracts, and all tracts; kinds set, tract."""
    sets, tracts = simulation.tract_sets(place, sizes or TRACT_SIZES, each or TRACT_EACH, SEED), _tracts(place)
    return simulation.places(place, [*sets, *tracts], kinds=["set"] * len(sets) + ["tract"] * len(tracts))


def _tracts(place: County) -> list[list[str]]:
    """Block groups of every tract."""
    groups = sorted(place.units("block group")["geoid"])
    return [[g for g in groups if g.startswith(tract)] for tract in sorted({g[:11] for g in groups})]


def measure(place: County, draws: int, districts: int, jobs: int = 1) -> Found:
    """All surveys of all places; whole block groups and tracts in every one, cut districts in the first ones."""
    shapes = simulation.cut_districts(place, districts, SEED)
    where = {
        "whole": Where(whole_places(place), draws, by_tract=False, factors=True),
        "tracts": Where(tract_places(place), draws, by_tract=True, factors=True),
        "cut": Where(simulation.places(place, shapes=shapes), CUT_DRAWS),
        "noisy": Where(simulation.places(place, shapes=shapes, noise=NOISE_SD), CUT_DRAWS, kinds=("share",)),
    }
    some = measures.measures(place, where["whole"].places)
    tallies = tally.simulate(place, some, where, draws, FIRST_DRAW, jobs)
    found = Found(some[0], {name: one.places for name, one in where.items()}, tallies, {})
    found.replicates.update(_by_replicates(place, found, min(draws, REPLICATE_DRAWS)))
    return found


def _by_replicates(place: County, found: Found, draws: int) -> dict[str, float]:
    """What margins by the survey's own replicates hold, for every share of everybody."""
    made: dict[str, float] = {}
    for where in ("whole", "tracts"):
        some = [m for m in found.of("share", group=False) if found.home(m) == where]
        truths = [found.tally(m, where).truth for m in some]
        chosen = [found.chosen(m, where, "set").astype(np.float64) for m in some]
        rows = [m.row for m in some]
        held = replicates.coverage(place, rows, found.places[where], truths, draws, FIRST_DRAW, chosen)
        made |= {m.key: one for m, one in zip(some, held, strict=True)}
    return made


def facts(draws: int, districts: int) -> dict[str, str | int]:
    """What was asked for, by the names that the text has for it."""
    return {
        "draws": draws,
        "districts": districts,
        "cut_draws": min(CUT_DRAWS, draws),
        "replicate_draws": min(REPLICATE_DRAWS, draws),
        "sets": len(SIZES) * EACH,
        "sizes": ", ".join(map(str, SIZES)),
        "tract_sets": len(TRACT_SIZES) * TRACT_EACH,
        "tract_sizes": ", ".join(map(str, TRACT_SIZES)),
        "noise": f"{NOISE_SD:g}",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000, help="surveys for whole block groups and tracts")
    parser.add_argument("--districts", type=int, default=120, help=f"cut districts, {CUT_DRAWS} surveys each")
    parser.add_argument("--jobs", type=int, default=1, help="processes; the page is the same with any number")
    parser.add_argument("--changes", type=int, default=60, help="pairs of surveys for changes between two")
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    found = measure(county(2020), asked.draws, asked.districts, asked.jobs)
    print(f"{asked.draws} surveys: {time.monotonic() - start:.0f} s", file=sys.stderr)
    changes = coverage_changes.measured(county(2020), asked.changes)
    page = coverage_changes.replaced(coverage_page.page(found, facts(asked.draws, asked.districts)), changes)
    asked.out.write_text(page, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
