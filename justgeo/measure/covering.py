"""Which rows of a published table stand for a zone.

A county or tract that lies wholly inside is taken as published: its own row is better than the sum of its parts
(METHODS 2.0, item 18). What the boundary cuts is taken at the finest level that the table has there. Rows without a
number give way to finer ones of the same area.

A gap among the finest rows stays a gap, with one exception: where rows of block groups are missing, the tract that
they lie in stands for its own part of the zone, and for nothing else. That is told (`Cover.stepped`). Nothing ever
steps up to a county: it would give a district the county's value. A unit in which nobody lives is no gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.fractions import Matrix

WHOLE = 0.999
"""A unit with at least this weight lies wholly inside."""


STANDS_FOR: dict[str, str] = {"tract": "block group"}
"""Which level may stand, cut, for gaps among the rows of which finer level."""


@dataclass(frozen=True)
class Cover:
    """The rows of a table that stand for each zone.

    Attributes
    ----------
    matrix : csr_array (Z, n)
        Weight of each row; no two rows of one zone overlap.
    lacking : (Z,) float
        Share of the zone's weight (people, homes or land) for which the table has no row; NaN for a zone in which
        nothing is known to lie.
    stepped : (Z,) int
        Number of block groups without a number in whose place the tract above them, itself cut, stands.
    """

    matrix: Matrix
    lacking: FloatArray
    stepped: IntArray


@dataclass(frozen=True)
class Pairs:
    """Zones x units of one level, p pairs ordered by zone and unit.

    Attributes
    ----------
    zone, unit : (p,) int
    weight : (p,) float
        By blocks: decides what is whole.
    out : (p,) float
        By the rule that is asked for: what a cut unit counts.
    row : (p,) int
        Row of the unit in the table, -1 where it has none.
    usable : (p,) bool
        The row is there and has its numbers.
    parent : (p,) int
        Position of the pair of the same zone and the unit above, in the pairs of the next coarser level; -1 for none.
    empty : (p,) bool
        Nothing of what the zone is counted by lies there: without a row it is no gap.
    stands : bool
        A cut unit of this level may stand for gaps of the next finer level of the table.
    published : bool
        The table has a usable row of this level, here or elsewhere.
    """

    zone: IntArray
    unit: IntArray
    weight: FloatArray
    out: FloatArray
    row: IntArray
    usable: BoolArray
    parent: IntArray
    empty: BoolArray
    stands: bool
    published: bool

    def __len__(self) -> int:
        return len(self.zone)


def join(blocks: Matrix, asked: Matrix) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Pairs that either matrix has: zone, unit, weight by blocks, weight by the asked rule; 0 where one lacks it."""
    n = blocks.shape[1]
    first, second = _keys(blocks), _keys(asked)
    keys = first if asked is blocks else np.union1d(first, second)
    weight, out = np.zeros(len(keys)), np.zeros(len(keys))
    weight[np.searchsorted(keys, first)] = blocks.data
    out[np.searchsorted(keys, second)] = asked.data
    return keys // n, keys % n, weight, out


def _keys(matrix: Matrix) -> IntArray:
    """One number for each stored pair, rising; the matrix is to be canonical."""
    zone = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return zone * matrix.shape[1] + matrix.indices.astype(np.int64)


def parents(zone: IntArray, above: IntArray, coarser: Pairs, n_coarser: int) -> IntArray:
    """Position of each pair's parent pair, -1 for none. ``above`` is the unit above of each pair, -1 for none."""
    if not len(coarser):
        return np.full(len(zone), -1, dtype=np.int64)
    keys = coarser.zone * n_coarser + coarser.unit
    wanted = np.where(above >= 0, zone * n_coarser + above, -1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(np.where(keys[at] == wanted, at, -1), dtype=np.int64)


def choose(levels: Sequence[Pairs]) -> list[BoolArray]:
    """Which pairs of each level are taken, coarse to fine.

    Returns
    -------
    list of (p,) bool
        No two taken pairs of one zone overlap.
    """
    fine_ok, has_parts, _ = _from_below(levels)
    taken: list[BoolArray] = []
    open_above = np.zeros(0, dtype=np.bool_)
    for level, pairs in enumerate(levels):
        is_open = np.ones(len(pairs), dtype=np.bool_)
        linked = pairs.parent >= 0
        if level:
            is_open[linked] = open_above[pairs.parent[linked]]
        whole = pairs.usable & (pairs.weight >= WHOLE)
        stands = pairs.stands or level == len(levels) - 1
        # A row without a number is taken where there is no other, so that what is missing shows.
        as_cut = np.where(pairs.usable, stands & ~fine_ok[level], ~has_parts[level] & ~pairs.empty)
        take = is_open & (whole | as_cut)
        taken.append(take)
        open_above = is_open & ~take
    return taken


def stepped(levels: Sequence[Pairs], taken: Sequence[BoolArray], zones: int) -> IntArray:
    """Finer units with a gap for which a taken cut unit stands, by zone, (Z,).

    A level of which the table has no usable row anywhere is not published, and missing rows of it tell nothing.
    """
    count = np.zeros(zones, dtype=np.int64)
    _, has_parts, gaps = _from_below(levels)
    for level, (pairs, take) in enumerate(zip(levels, taken, strict=True)):
        if not pairs.stands or not levels[level + 1].published:
            continue
        cut = take & pairs.usable & (pairs.weight < WHOLE) & ~pairs.empty
        # Where not even the outlines of the finer units are known there is one gap at least.
        missing = np.where(has_parts[level], gaps[level], 1)
        count += np.bincount(pairs.zone[cut], missing[cut], zones).astype(np.int64)
    return count


def _from_below(levels: Sequence[Pairs]) -> tuple[list[BoolArray], list[BoolArray], list[IntArray]]:
    """For each pair: do finer rows stand for it without a gap, are there finer pairs at all, and how many gaps."""
    fine_ok: list[BoolArray] = [np.zeros(len(pairs), dtype=np.bool_) for pairs in levels]
    has_parts: list[BoolArray] = [np.zeros(len(pairs), dtype=np.bool_) for pairs in levels]
    gaps: list[IntArray] = [np.zeros(len(pairs), dtype=np.int64) for pairs in levels]
    for level in range(len(levels) - 1, 0, -1):
        pairs, size = levels[level], len(levels[level - 1])
        resolved = pairs.usable | fine_ok[level]
        linked = pairs.parent >= 0
        has_parts[level - 1] = np.bincount(pairs.parent[linked], minlength=size) > 0
        has_rows = np.bincount(pairs.parent[linked & resolved], minlength=size) > 0
        gaps[level - 1] = np.bincount(pairs.parent[linked & ~resolved & ~pairs.empty], minlength=size)
        fine_ok[level - 1] = has_rows & (gaps[level - 1] == 0)
    return fine_ok, has_parts, gaps


def assemble(levels: Sequence[Pairs], taken: Sequence[BoolArray], shape: tuple[int, int]) -> Matrix:
    """The taken rows, ``shape`` = (Z, n): 1 for what is whole, the weight by the asked rule for the rest."""
    zone, row, weight = [], [], []
    for pairs, take in zip(levels, taken, strict=True):
        whole = pairs.usable & (pairs.weight >= WHOLE)
        counted = np.where(whole, 1.0, pairs.out)
        use = take & (pairs.row >= 0) & (counted > 0)
        zone.append(pairs.zone[use])
        row.append(pairs.row[use])
        weight.append(counted[use])
    made = (np.concatenate(weight), (np.concatenate(zone), np.concatenate(row)))
    return sparse.csr_array(made, shape=shape)


def values_at(matrix: Matrix, zone: IntArray, unit: IntArray) -> FloatArray:
    """Values of some pairs of a canonical matrix, 0 where it stores none."""
    keys = _keys(matrix)
    if not len(keys):
        return np.zeros(len(zone), dtype=np.float64)
    wanted = zone * matrix.shape[1] + unit
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(np.where(keys[at] == wanted, matrix.data[at], 0.0), dtype=np.float64)
