"""What became of every figure in every survey: fields through ``measure.reduce.reduce``, compared as ``judge`` does.

Nothing here adds up, weighs or gives margins. A test holds that values, margins, differences and verdicts are those of
``measuring.measure``.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from itertools import repeat
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from justgeo.core.field import Weight
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column
from justgeo.measure import compare
from justgeo.measure.gaps import POINTS, GapColumn
from justgeo.measure.medians import DEFAULT_DESIGN_FACTOR
from justgeo.measure.reduce import ReduceSettings, reduce
from justgeo.synthetic import County
from tests.benchmarks.measures import KINDS, Measure, Survey, Tables, units_of
from tests.benchmarks.simulation import ENOUGH_CASES, Places

SETTINGS = ReduceSettings()
REBUILT = replace(SETTINGS, published_medians=False)
FACTORS = (1.0, DEFAULT_DESIGN_FACTOR)
CHUNK = 20
Part = Literal["moe", "sampling"]
Small = npt.NDArray[np.float32]
Key = tuple[str, str]
"""A figure and how it was reduced: ``shown``, and of medians ``rebuilt``, ``factor 1``, ``factor 1.3``."""


@dataclass
class Tally:
    """One figure over n surveys and Z zones; arrays over both are kept in single precision.

    Attributes
    ----------
    truth, by_brackets : (Z,) float
        What is true; of a median also what its brackets give if everybody is asked, else NaN.
    value, moe, sampling, cases : (n, Z)
        Estimate, total margin, its sampling part, interviews on the rarer side.
    apart, apart_moe : (n, Z)
        Difference from the reference with its margin, as judged; NaN where nothing is compared.
    other_moe : (n, Z)
        The margin without the overlap taken out; for medians, of which it is not taken out, with it.
    factor : (n,)
        Design factor told with a median.
    """

    truth: FloatArray
    by_brackets: FloatArray
    value: Small
    moe: Small
    sampling: Small
    cases: Small
    apart: Small
    apart_moe: Small
    other_moe: Small
    factor: Small

    def holds(self, part: Part = "moe", truth: FloatArray | None = None) -> Small:
        """1 where the interval holds the truth (or another one), 0 where not, NaN without value or margin; (n, Z)."""
        margin = self.moe if part == "moe" else self.sampling
        return _holds(self.value, self.truth if truth is None else truth, margin)

    def holds_apart(self, other: bool = False) -> Small:
        """The same of the difference from the reference, the last zone."""
        return _holds(self.apart, self.truth - self.truth[-1], self.other_moe if other else self.apart_moe)

    def verdicts(self, other: bool = False) -> Small:
        """1 higher, -1 lower, 0 not distinguishable, NaN unknown; (n, Z)."""
        margin = self.other_moe if other else self.apart_moe
        said = np.where(np.abs(self.apart) > margin, np.sign(self.apart), 0.0)
        return np.where(np.isfinite(self.apart) & np.isfinite(margin), said, np.nan).astype(np.float32)

    def enough(self, least: float = ENOUGH_CASES) -> BoolArray:
        """At least so many interviews on either side, (n, Z)."""
        return np.asarray(self.cases >= least, dtype=np.bool_)

    def expected(self, least: float = ENOUGH_CASES) -> BoolArray:
        """At least so many in an average survey, (Z,); never the reference itself."""
        found = np.asarray(self.cases.mean(axis=0, dtype=np.float64) >= least, dtype=np.bool_)
        found[-1] = False
        return found


def _holds(value: Small, truth: FloatArray, margin: Small) -> Small:
    room = margin + 1e-6 * (1.0 + np.abs(truth))  # single precision: an estimate without error still holds
    return np.where(np.isfinite(value) & np.isfinite(margin), np.abs(value - truth) <= room, np.nan).astype(np.float32)


OVER_ZONES = ("value", "moe", "sampling", "cases", "apart", "apart_moe", "other_moe")


def tested(column: Column, reference: int, within: BoolArray, overlapping: bool) -> compare.Difference:
    """What ``judge`` does of one zone after another, of all at once."""
    if isinstance(column, GapColumn):
        first, second = (tested(part, reference, within, overlapping) for part in column.parts)
        return compare.apart(first, second, POINTS)
    others = np.sum([np.square(np.nan_to_num(e)) for name, e in column.error.items() if name != "sampling"], axis=0)
    overlap = np.zeros(len(column.value))
    if overlapping and column.denominator[reference] > 0:
        share = np.clip(np.nan_to_num(column.denominator / column.denominator[reference]), 0.0, 1.0)
        overlap = np.where(within, share, 0.0)
    return compare.overlap_difference(
        column.value,
        column.error["sampling"],
        np.sqrt(others),
        column.value[reference],
        column.moe[reference],
        overlap,
    )


@dataclass(frozen=True)
class Where:
    """Places to ask about, in the first ``until`` surveys.

    ``by_tract`` picks figures whose tables have no block groups, or have them; ``factors`` asks for medians with fixed
    design factors too.
    """

    places: Places
    until: int
    by_tract: bool | None = None
    factors: bool = False
    kinds: tuple[str, ...] = KINDS

    def wants(self, measure: Measure) -> bool:
        return measure.kind in self.kinds and self.by_tract in (None, measure.by_tract)


Tallies = dict[str, dict[Key, Tally]]


@dataclass(frozen=True)
class Task:
    """All that a process needs; ``truth`` has the true cells of each set of places."""

    tables: Tables
    measures: tuple[Measure, ...]
    where: Mapping[str, Where]
    truth: Mapping[str, Mapping[str, FloatArray]]
    first: int


def simulate(
    county: County,
    some: tuple[Sequence[Measure], Tables],
    where: Mapping[str, Where],
    count: int,
    first: int,
    jobs: int = 1,
) -> Tallies:
    """Draw surveys ``first`` to ``first + count - 1`` and reduce every figure over every set of places.

    Returns
    -------
    dict of places to dict of key to Tally
    """
    chosen, tables = some
    task = Task(tables, tuple(chosen), where, _true_cells(county, tables, where), first)
    starts = [(first + at, min(CHUNK, count - at)) for at in range(0, count, CHUNK)]
    if jobs > 1 and "fork" in multiprocessing.get_all_start_methods():
        # The task is inherited rather than sent: it holds the county and all geometry.
        _TASKS.append(task)
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
            parts = list(pool.map(_inherited, starts))
        _TASKS.pop()
    else:
        parts = list(map(_chunk, repeat(task), starts))
    return {
        name: {key: _joined([p[name][key] for p in parts if name in p]) for key in parts[0][name]} for name in parts[0]
    }


_TASKS: list[Task] = []


def _inherited(start: tuple[int, int]) -> Tallies:
    return _chunk(_TASKS[-1], start)


def _true_cells(county: County, tables: Tables, where: Mapping[str, Where]) -> dict[str, dict[str, FloatArray]]:
    """Every cell as it would be if everybody were asked, once for places that are the same."""
    found: dict[str, dict[str, FloatArray]] = {}
    for name, asked in where.items():
        same = next((n for n in found if where[n].places.inside == asked.places.inside), None)
        found[name] = asked.places.truth(county, tables.names) if same is None else found[same]
    return found


def _chunk(task: Task, start: tuple[int, int]) -> Tallies:
    made: Tallies = {}
    for at in range(start[1]):
        number = start[0] + at
        asked = {n: w for n, w in task.where.items() if number - task.first < w.until}
        if not asked:
            break
        survey = task.tables.survey(number)
        for measure in task.measures:
            for name, one in asked.items():
                if one.wants(measure):
                    _add(made.setdefault(name, {}), at, start[1], measure, survey, one, task, name)
    return {name: {key: _first(t, one, task, start, name) for key, t in one_of.items()} for name, one_of in made.items()
            for one in [task.where[name]]}  # fmt: skip


def _first(tally: Tally, where: Where, task: Task, start: tuple[int, int], name: str) -> Tally:
    """The surveys that were asked for: the last chunk of a set of places may be cut short."""
    size = min(start[1], where.until - (start[0] - task.first))
    return replace(tally, factor=tally.factor[:size], **{f: getattr(tally, f)[:size] for f in OVER_ZONES})


def _add(
    made: dict[Key, Tally], at: int, size: int, measure: Measure, survey: Survey, where: Where, task: Task, name: str
) -> None:
    """One figure of one survey in one set of places."""
    place, field, cells = where.places, measure.field(survey, task.tables), task.truth[name]
    shown = reduce(field, place.weights, reference=place.reference, settings=SETTINGS)
    columns = {"shown": shown}
    compared = shown
    if measure.kind == "median":
        # As measuring does: medians are compared as rebuilt on both sides.
        compared = reduce(field, place.weights, reference=place.reference, settings=REBUILT)
        columns["rebuilt"] = compared
        if where.factors:
            for factor in FACTORS:
                settings = replace(REBUILT, design_factor=factor)
                columns[f"factor {factor:g}"] = reduce(field, place.weights, reference=None, settings=settings)
    cases = _cases(measure, measure.cases(survey, task.tables), place)
    for variant, column in columns.items():
        key = (measure.key, variant)
        if key not in made:
            made[key] = _empty(measure.truth(cells), measure.by_brackets(cells), size)
        tally = made[key]
        tally.value[at], tally.moe[at], tally.cases[at] = column.value, column.moe, cases
        tally.sampling[at], tally.factor[at] = column.error["sampling"], _factor(column)
        if variant == "shown" and measure.kind != "count":
            _compare(tally, at, compared, place, measure)


def _compare(tally: Tally, at: int, column: Column, place: Places, measure: Measure) -> None:
    judged, other = (
        tested(column, place.reference, place.within, overlapping=(measure.kind != "median") == as_judged)
        for as_judged in (True, False)
    )
    tally.apart[at], tally.apart_moe[at], tally.other_moe[at] = judged.diff, judged.moe, other.moe


def _cases(measure: Measure, sides: Sequence[FloatArray], place: Places) -> FloatArray:
    """Interviews on the rarest side, (Z,)."""
    matrix = place.weights.cover(units_of(measure.like), cast(Weight, measure.row.weight))
    return np.asarray(np.min([matrix @ np.nan_to_num(side) for side in sides], axis=0), dtype=np.float64)


def _factor(column: Column) -> float:
    told = next((f for flags in column.flags for f in flags if f.startswith("design_factor=")), None)
    return float("nan") if told is None else float(told.split("=")[1].split(" ")[0])


def _empty(truth: FloatArray, by_brackets: FloatArray, size: int) -> Tally:
    blank = {name: np.full((size, len(truth)), np.nan, dtype=np.float32) for name in OVER_ZONES}
    return Tally(truth, by_brackets, factor=np.full(size, np.nan, dtype=np.float32), **blank)


def _joined(some: Sequence[Tally]) -> Tally:
    many = [f.name for f in fields(Tally) if f.name not in ("truth", "by_brackets")]
    return replace(some[0], **{name: np.concatenate([getattr(one, name) for one in some]) for name in many})
