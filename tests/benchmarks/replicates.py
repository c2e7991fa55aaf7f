"""What the margins would be if the Bureau worked out each share itself, from its replicate weights.

The published cells carry honest margins, one by one; a share of a place must be put together from them by formulas
that take cells to be independent. This module asks the survey's own replicates for the margin of the finished share,
which no user of the published tables can do, and so tells whether a miss is the formulas' or the survey's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from justgeo.core.expression import parse
from justgeo.core.layer import FloatArray, IntArray
from justgeo.core.result import Indicator
from justgeo.measure.column import quotient
from justgeo.synthetic import County, survey
from justgeo.synthetic.layouts import Table
from tests.benchmarks.simulation import VINTAGE, Inside, Places, tables


def coverage(
    county: County,
    some: Sequence[Indicator],
    place: Places,
    truths: Sequence[FloatArray],
    count: int,
    seed: int,
    enough: Sequence[FloatArray],
) -> list[float]:
    """Share of replicate-based 90 % intervals that hold the truth, for each row, over the zones of ``enough``."""
    geoid, group = county.unit_of_block("block group", VINTAGE)
    member = np.array(
        [np.isin(geoid, _ids(inside)) for inside in place.inside], dtype=np.float64
    )  # (Z, U), of whole ones
    held: list[list[float]] = [[] for _ in some]
    for number in range(seed, seed + count):
        sample = county._draw(VINTAGE, number)
        for at, row in enumerate(some):
            share, moe = _share(county, row, sample, member, group)
            use = np.asarray(enough[at], dtype=bool)
            inside = np.abs(share - truths[at]) <= moe
            held[at].append(float(inside[use].mean()) if use.any() else float("nan"))
    return [float(np.mean(one)) for one in held]


def _ids(inside: Inside) -> list[str]:
    assert isinstance(inside, tuple), "replicates are asked of whole block groups alone"
    return list(inside)


def _share(
    county: County, row: Indicator, sample: survey.Sample, member: FloatArray, group: IntArray
) -> tuple[FloatArray, FloatArray]:
    above = np.zeros((member.shape[1], survey.REPLICATES))
    below = np.zeros_like(above)
    for name in tables([row]):
        layout, code = county._layout(name, VINTAGE)
        assert isinstance(layout, Table)
        people = sample.of(layout.entity)
        leaf = code[people.rows]
        for key, total in (("numerator", above), ("denominator", below)):
            counts = np.append(_leaves(str(row.parameters[key]), layout), 0.0)[leaf]  # leaf -1: outside the universe
            total += survey._by_step(group[people.block], counts * people.weight, people.step, member.shape[1])
    above, below = member @ above, member @ below
    whole = quotient(np.ones(len(below)), below.sum(axis=1))  # NaN where a survey finds nobody
    share = above.sum(axis=1) * whole
    change = survey._changes(above - np.nan_to_num(share)[:, None] * below)
    variance = 0.5 * survey.CORRECTION * np.square(change).sum(axis=1)
    return share, survey.Z90 * np.sqrt(variance) * whole


def _leaves(text: str, layout: Table) -> FloatArray:
    """How often each leaf of a table counts in an expression."""
    asked = parse(text)
    found = np.zeros(layout.lines.shape[1])
    for sign, codes in ((1.0, asked.plus), (-1.0, asked.minus)):
        for code in codes:
            table, line = code.split("_")
            if table == layout.name:
                found += sign * layout.lines[int(line) - 1]
    return found
