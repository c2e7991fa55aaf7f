"""The survey of Nowhere: five-year samples of households, with margins by successive difference replication.

Design. Addresses are listed by block group, in random order within each; every sixth is drawn from a random start;
three quarters of those answer, so that about one in eight is interviewed, with a weight of about eight. Weights are
whole numbers; households and people of the county are controlled: they add up to the truth exactly. All members of a
household are interviewed. Homes that stand empty are drawn in the same way by themselves; nobody knows how many there
are, so they are not controlled. Simpler than the real survey: there are no visits to a part of those who did not
answer, whose threefold weights make real block-group totals about twice as uncertain; shares are about as uncertain.

Margins. The Bureau gives each sampled address two successive rows of a Hadamard matrix of order 80, makes 80
replicate weights ``w (1 + 2**-1.5 a - 2**-1.5 b)`` and takes ``4/80 * sum((replicate - estimate)**2)``. Since the rows
are orthogonal, that sum has a closed form without replicates: with ``M[r]`` the weights at row r minus those at row
r - 1, the variance is ``sum(M**2) / 2``. ``replicate_variance`` does it the long way; a test compares the two. The
controls enter to first order, as replicate weights that are controlled too would make them. The finite population
correction 1 - 1/8 is applied. A median's margin is Woodruff's: the standard error of the share below it, turned into
dollars along the distribution.

A zero estimate has the margin of one interviewed case (1.645 times the mean weight, about 13), whatever the place:
the Bureau's constant for zeros, too, comes from the mean weight alone.

Source: U.S. Census Bureau, American Community Survey Design and Methodology, chapter 12 (variance estimation); Fay and
Train (1995), Aspects of survey and model-based postcensal estimation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import FloatArray, IntArray
from justgeo.synthetic.layouts import MedianTable, Table
from justgeo.synthetic.people import Population

Z90 = 1.645
INTERVAL, ANSWER = 6.0, 0.75
REPLICATES = 80
CORRECTION = 1 - ANSWER / INTERVAL
MIN_CASES = 5  # fewer interviews: no median is published

CONTROLLED = -555555555
OPEN_MARGIN = -333333333
NO_MEDIAN, NO_MEDIAN_MARGIN = -666666666, -222222222


@dataclass(frozen=True)
class Interviews:
    """Who was interviewed: rows of a frame, their weights and their Hadamard row.

    Attributes
    ----------
    rows, weight, step, block : (n,)
    total : float
        What the weights of those who are controlled add up to.
    fixed : int
        How many are controlled: so many from the first.
    """

    rows: IntArray
    weight: FloatArray
    step: IntArray
    block: IntArray
    total: float
    fixed: int


@dataclass(frozen=True)
class Sample:
    """One draw of the survey."""

    household: Interviews
    person: Interviews
    home: Interviews
    mean_weight: float

    def of(self, entity: str) -> Interviews:
        """The interviews that count households, persons or homes."""
        return {"household": self.household, "person": self.person, "home": self.home}[entity]


@dataclass(frozen=True)
class Estimates:
    """Estimates at the units of one level.

    Attributes
    ----------
    estimate, variance : (U, L) float
        Sampling variance; 0 where controlled.
    cases : (U, L) int
        Interviews behind each cell.
    """

    estimate: FloatArray
    variance: FloatArray
    cases: IntArray


def draw(people: Population, group_of_block: IntArray, rng: np.random.Generator, empty: np.random.Generator) -> Sample:
    """Draw one sample.

    Parameters
    ----------
    people : Population
    group_of_block : (B,) int
        Number of the block group that each block lies in, in the vintage of the survey.
    rng : Generator
    empty : Generator
        For the homes that stand empty.
    """
    first, count = people.first_person, len(people.households)
    group = group_of_block[people.address_block]
    address, step = _every(group, rng)
    at_home = address < count
    weight = np.zeros(len(address))
    weight[at_home] = _whole(np.ones(int(at_home.sum())), count, rng)
    weight[~at_home] = _whole(np.ones(int((~at_home).sum())), len(group) - count, rng)
    lived_in = int(at_home.sum())
    households = Interviews(
        address[at_home], weight[at_home], step[at_home], people.address_block[address[at_home]], float(count), lived_in
    )
    members = first[address + 1] - first[address]
    within = np.arange(int(members.sum())) - np.repeat(np.cumsum(members) - members, members)
    rows = np.repeat(first[address], members) + within
    total = len(people.persons)
    persons = Interviews(
        rows,
        _whole(np.repeat(weight, members), total, rng),
        np.repeat(step, members),
        np.repeat(people.address_block[address], members),
        float(total),
        len(rows),
    )
    homes = _with_empty(households, people, group_of_block, empty)
    return Sample(households, persons, homes, count / max(lived_in, 1))


def _every(group: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Addresses that are drawn and answer, in order of their block group, and the Hadamard row of each."""
    order = np.argsort(group + rng.random(len(group)), kind="stable")
    every = np.arange(rng.random() * INTERVAL, len(order), INTERVAL)
    drawn = order[np.floor(every).astype(np.int64)]
    step = np.arange(len(drawn)) % REPLICATES
    answered = rng.random(len(drawn)) < ANSWER
    return drawn[answered], step[answered]


def _with_empty(
    households: Interviews, people: Population, group_of_block: IntArray, rng: np.random.Generator
) -> Interviews:
    """The homes of the households that were interviewed, and some that stand empty."""
    block = people.empty["block"].to_numpy()
    found, step = _every(group_of_block[block], rng)
    weight = _whole(np.ones(len(found)), round(len(found) * INTERVAL / ANSWER), rng)
    return Interviews(
        np.concatenate([households.rows, len(people.households) + found]),
        np.concatenate([households.weight, weight]),
        np.concatenate([households.step, step]),
        np.concatenate([households.block, block[found]]),
        households.total,
        households.fixed,
    )


def _whole(share: FloatArray, total: int, rng: np.random.Generator) -> FloatArray:
    """Whole-number weights in proportion to ``share`` that add up to ``total``."""
    if len(share) == 0:
        return share
    edge = np.cumsum(share) * (total / share.sum())
    edge[-1] = total
    start = rng.random()
    steps = np.floor(edge + start)
    return np.asarray(np.diff(steps, prepend=0.0), dtype=np.float64)


def count_cells(table: Table, codes: IntArray, sample: Sample, unit_of_block: IntArray, units: int) -> Estimates:
    """Estimates of a table of counts at one level, with their variances.

    Parameters
    ----------
    codes : (rows of the frame,) int
        Leaf of each household or person, -1 outside the universe.
    unit_of_block : (B,) int
        Unit of each block at the level that is asked for.
    units : int
        Number of units at that level.
    """
    people = sample.of(table.entity)
    leaf = codes[people.rows]
    inside = leaf >= 0
    leaves = table.lines.shape[1]
    cell = unit_of_block[people.block[inside]] * leaves + leaf[inside]
    weight, step = people.weight[inside], people.step[inside]
    lines = table.lines.astype(np.float64)
    by_step = _by_step(cell, weight, step, units * leaves).reshape(units, leaves, REPLICATES)
    by_step = lines @ by_step
    estimate = by_step.sum(axis=2)
    cases = np.bincount(cell, minlength=units * leaves).reshape(units, leaves) @ lines.T
    known = slice(people.fixed)
    everyone = _by_step(np.zeros(people.fixed, dtype=np.int64), people.weight[known], people.step[known], 1)[0]
    held = estimate
    if people.fixed < len(people.rows):
        fixed = inside[known]
        cell = unit_of_block[people.block[known][fixed]] * leaves + leaf[known][fixed]
        held = np.bincount(cell, people.weight[known][fixed], units * leaves).reshape(units, leaves) @ lines.T
    change = _changes(by_step) - (held / people.total)[:, :, None] * _changes(everyone)
    variance = 0.5 * CORRECTION * np.einsum("ulr,ulr->ul", change, change)
    if table.controlled and units == 1:
        variance[0, table.controlled - 1] = 0.0
    return Estimates(estimate, variance, cases.astype(np.int64))


def _by_step(cell: IntArray, weight: FloatArray, step: IntArray, cells: int) -> FloatArray:
    """Weights summed by cell and Hadamard row, shape (cells, 80)."""
    summed = np.bincount(cell * REPLICATES + step, weights=weight, minlength=cells * REPLICATES)
    return np.asarray(summed.reshape(cells, REPLICATES), dtype=np.float64)


def _changes(by_step: FloatArray) -> FloatArray:
    """Weights at each row less those at the row before, the first after the last."""
    return np.asarray(by_step - np.roll(by_step, 1, axis=-1), dtype=np.float64)


def margins(found: Estimates, sample: Sample) -> FloatArray:
    """Published 90 % margins, shape (U, L): whole numbers, that of a zero from the mean weight, 0 if controlled."""
    moe = np.maximum(np.rint(Z90 * np.sqrt(found.variance)), 1.0)
    moe = np.where(found.estimate == 0, np.rint(Z90 * sample.mean_weight), moe)
    return np.asarray(np.where((found.variance == 0) & (found.estimate > 0), 0.0, moe), dtype=np.float64)


def replicate_variance(by_step: FloatArray, hadamard: FloatArray) -> FloatArray:
    """Variance from 80 explicit replicates, without controls and correction.

    Parameters
    ----------
    by_step : (..., 80) float
        Weights summed by the row that each address was given.
    hadamard : (80, 80) float
        Rows of plus and minus one, orthogonal.
    """
    factor = 1 + 2**-1.5 * (hadamard - np.roll(hadamard, -1, axis=0))  # row r and the one after it
    replicates = by_step @ factor
    spread = replicates - by_step.sum(axis=-1, keepdims=True)
    return np.asarray(4 / REPLICATES * (spread**2).sum(axis=-1), dtype=np.float64)


def median_cells(
    table: MedianTable, codes: IntArray, amount: FloatArray, sample: Sample, unit_of_block: IntArray, units: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Published medians, margins and the number of interviews behind them, each (U,), sentinels as the Bureau's."""
    people = sample.household
    inside = codes[people.rows] >= 0
    unit = unit_of_block[people.block[inside]]
    value, weight, step = amount[people.rows[inside]], people.weight[inside], people.step[inside]
    bins = len(table.edges) - 1
    place = np.searchsorted(table.edges[1:-1], value, "right")
    counts = np.bincount(unit * bins + place, weights=weight, minlength=units * bins).reshape(units, bins)
    total = counts.sum(axis=1)
    below = np.concatenate([np.zeros((units, 1)), np.cumsum(counts, axis=1)], axis=1)
    median = np.array([_invert(table.edges, row, 0.5) for row in below])
    under = np.where(value < median[unit], weight, 0.0) - 0.5 * weight
    change = _changes(_by_step(unit, under, step, units))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(0.5 * CORRECTION * (change**2).sum(axis=1)) / total
    cases = np.bincount(unit, minlength=units)
    estimate, moe = np.full(units, float(NO_MEDIAN)), np.full(units, float(NO_MEDIAN_MARGIN))
    for row in np.flatnonzero(cases >= MIN_CASES):
        estimate[row], moe[row] = _publish(table, below[row], float(median[row]), float(error[row]))
    return estimate, moe, cases


def _publish(table: MedianTable, below: FloatArray, median: float, error: float) -> tuple[float, float]:
    """A median as it is printed, with its margin."""
    if not np.isfinite(median):
        return float(table.low if median < 0 else table.high), float(OPEN_MARGIN)
    low = _invert(table.edges, below, max(0.5 - error, 0.0))
    high = _invert(table.edges, below, min(0.5 + error, 1.0))
    low, high = max(low, 0.0), min(high, float(table.high))
    return float(np.rint(median)), float(max(np.rint(Z90 * (high - low) / 2), 1.0))


def _invert(edges: FloatArray, below: FloatArray, share: float) -> float:
    """Value below which a share lies; -inf or inf in the open classes, NaN where there is nobody."""
    goal = below[-1] * share
    if below[-1] <= 0:
        return float("nan")
    row = min(max(int(np.searchsorted(below, goal, "left")) - 1, 0), len(edges) - 2)
    if not (np.isfinite(edges[row]) and np.isfinite(edges[row + 1])):
        return float(edges[row] if np.isneginf(edges[row]) else edges[row + 1])
    inside = below[row + 1] - below[row]
    part = (goal - below[row]) / inside if inside > 0 else 0.5
    return float(edges[row] + part * (edges[row + 1] - edges[row]))
