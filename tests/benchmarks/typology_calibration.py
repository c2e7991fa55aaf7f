"""Is a chance of 80 % right four times in five? Writes ``docs/displacement.md`` and the figures of the notebook.

``python -m tests.benchmarks.typology_calibration`` (about a quarter of an hour on an idle machine).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.typology.values import BEFORE, NOW, Settings, Tracts
from justgeo.synthetic import County, county
from tests.benchmarks import typology_cases as cases
from tests.benchmarks import typology_nowhere as nowhere
from tests.benchmarks import typology_shrunk as shrunk
from tests.benchmarks import typology_tables as tables
from tests.benchmarks.typology_cases import Chances, Run, Runs
from tests.benchmarks.typology_tables import Cause
from tests.benchmarks.typology_text import page

SEED, OTHERS = 2020, (7, 11)
MANY = tuple(range(101, 113))
"""Counties that no figure was chosen by: what holds for one alone may be its luck."""
FIRST_DRAW = 20_000  # far from the one draw that the demo publishes
SHRUNK_DRAWS = 2_000
INDEPENDENT = Settings(correlation_now=None, correlation_before=None)


@dataclass(frozen=True)
class Drawn:
    """Surveys of one county, and what is so."""

    surveys: list[Tracts]
    everybody: Tracts
    divided: BoolArray

    @classmethod
    def of(cls, place: County, count: int) -> Drawn:
        surveys = list(nowhere.surveys(place, count, FIRST_DRAW))
        everybody = nowhere.truth(place, surveys[0])
        return cls(surveys, everybody, nowhere.divided(place, everybody.geoid))

    def run(self, chances: Chances, surveys: list[Tracts] | None = None) -> Run:
        """Put the surveys, or changed ones, through a way to tell chances."""
        return cases.run(self.surveys if surveys is None else surveys, self.everybody, self.divided, chances)


@dataclass(frozen=True)
class Found:
    """All that was measured; chances as the product tells them unless it is said otherwise.

    Attributes
    ----------
    one : Run
        Many surveys of the first county.
    others : mapping of str to Run
        A few surveys of two more.
    many : tuple of Run
        A few surveys of each of many counties.
    one_independent, many_independent : the same, with errors drawn as independent.
    causes : tuple of Cause
        Over the many counties.
    margins : str
        A table: do the margins of the quantities hold, in the many counties?
    correlation : tuple of two arrays
        Of the sampling errors of `NOW` and of `BEFORE`, over all counties.
    """

    one: Run
    others: Mapping[str, Run]
    many: tuple[Run, ...]
    one_independent: Run
    many_independent: tuple[Run, ...]
    causes: tuple[Cause, ...]
    margins: str
    correlation: tuple[FloatArray, FloatArray]


def measure(counts: Sequence[int], settings: Settings, many: Sequence[int] = MANY) -> Found:
    """Draw, classify, count.

    Parameters
    ----------
    counts : three int
        Surveys of the first county, of each of the two others, of each of the many.
    """
    first = Drawn.of(county(SEED), counts[0])
    others = {f"county {seed}": Drawn.of(County(seed), counts[1]) for seed in OTHERS}
    some = [Drawn.of(County(seed), counts[2]) for seed in many]
    told, alone = cases.by_product(settings), cases.by_product(_alike(settings, INDEPENDENT))
    as_told, independent = tuple(d.run(told) for d in some), tuple(d.run(alone) for d in some)
    return Found(
        one=first.run(told),
        others={name: d.run(told) for name, d in others.items()},
        many=as_told,
        one_independent=first.run(alone),
        many_independent=independent,
        margins=tables.margin_table([(d.surveys, d.everybody, d.divided) for d in some]),
        causes=tuple(_causes(some, as_told, independent, settings)),
        correlation=_correlations([first, *others.values(), *some]),
    )


def _causes(some: Sequence[Drawn], as_told: Runs, independent: Runs, settings: Settings) -> Iterator[Cause]:
    told = cases.by_product(settings)
    back: Chances = partial(shrunk.chances, settings=replace(settings, draws=min(SHRUNK_DRAWS, settings.draws)))
    right = [cases.with_true_errors(d.surveys, d.everybody) for d in some]
    yield Cause("as told", tables.summaries(as_told))
    yield Cause("errors of a tract drawn as independent", tables.summaries(independent))
    exact = [d.run(told, cases.with_true_region(d.surveys, d.everybody)) for d in some]
    yield Cause("the county's own figures known exactly", tables.summaries(exact))
    yield Cause("every margin right", tables.summaries([d.run(told, s) for d, s in zip(some, right, strict=True)]))
    yield Cause("tracts that stayed the same since 2010, alone", tables.summaries(as_told, "whole"))
    yield Cause("tracts that were drawn anew, alone", tables.summaries(as_told, "divided"))
    yield Cause("drawn back to the mean of the tracts", tables.summaries([d.run(back) for d in some]))
    both = [d.run(back, s) for d, s in zip(some, right, strict=True)]
    yield Cause("drawn back, and every margin right", tables.summaries(both))


def _alike(settings: Settings, drawn: Settings) -> Settings:
    """The same settings with the correlations of others."""
    return replace(settings, correlation_now=drawn.correlation_now, correlation_before=drawn.correlation_before)


def _correlations(some: Sequence[Drawn]) -> tuple[FloatArray, FloatArray]:
    """Of each vintage, over all counties, each survey for as much; tracts that were drawn anew are left out."""
    weight = np.array([len(d.surveys) for d in some], dtype=np.float64)

    def of(when: Literal["now", "before"]) -> FloatArray:
        each = np.stack([cases.correlation(d.surveys, when, ~d.divided) for d in some])
        return np.asarray(np.average(each, axis=0, weights=weight), dtype=np.float64)

    return of("now"), of("before")


def write_csv(path: Path, found: Found) -> None:
    """The figures behind the calibration plot: marked as invented in every row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    one, many = f"county {SEED}", f"{len(found.many)} counties"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(tables.CSV_HEAD)
        writer.writerows(tables.csv_rows([found.one], one, "as told", "family"))
        writer.writerows(tables.csv_rows([found.one_independent], one, "independent", "family"))
        writer.writerows(tables.csv_rows(found.many, many, "as told", "family"))
        writer.writerows(tables.csv_rows(found.many_independent, many, "independent", "family"))
        writer.writerows(tables.csv_rows(found.many, many, "as told", "statement"))


def matrix(names: Sequence[str], values: FloatArray) -> str:
    """A correlation matrix as it stands in ``correlation.py``."""
    rows = ",\n".join("        [" + ", ".join(f"{v:.2f}" for v in row) + "]" for row in np.round(values, 2) + 0.0)
    return f"{', '.join(names)}\n{rows}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surveys", type=int, nargs=3, default=[200, 60, 20], help="of the first, of two, of many")
    parser.add_argument("--counties", type=int, default=len(MANY), help="how many are many")
    parser.add_argument("--draws", type=int, default=Settings().draws, help="of the Monte Carlo")
    parser.add_argument("--out", type=Path, default=Path("docs/displacement.md"))
    parser.add_argument("--csv", type=Path, default=Path("docs/data/typology_calibration.csv"))
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    found = measure(asked.surveys, replace(nowhere.chosen(), draws=asked.draws), MANY[: asked.counties])
    print(f"measured: {time.monotonic() - start:.0f} s", file=sys.stderr)
    for names, values in zip((NOW, BEFORE), found.correlation, strict=True):
        print(matrix(names, values), file=sys.stderr)
    write_csv(asked.csv, found)
    asked.out.write_text(page(found, asked.surveys, asked.draws), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
