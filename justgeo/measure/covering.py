"""Which rows of a published table stand for a zone.

A county or tract that lies wholly inside is taken as published: its own row is better than the sum of its parts
(METHODS 2.0, item 18). What the boundary cuts is taken at the finest level that the table has there. Rows without a
number give way to finer ones of the same area, and finer rows with a gap to the cut unit above them.
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
    """

    zone: IntArray
    unit: IntArray
    weight: FloatArray
    out: FloatArray
    row: IntArray
    usable: BoolArray
    parent: IntArray

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
    fine_ok, has_parts = _from_below(levels)
    taken: list[BoolArray] = []
    open_above = np.zeros(0, dtype=np.bool_)
    for level, pairs in enumerate(levels):
        is_open = np.ones(len(pairs), dtype=np.bool_)
        linked = pairs.parent >= 0
        if level:
            is_open[linked] = open_above[pairs.parent[linked]]
        whole = pairs.usable & (pairs.weight >= WHOLE)
        as_cut = np.where(pairs.usable, ~fine_ok[level], ~has_parts[level])
        take = is_open & (whole | as_cut)
        taken.append(take)
        open_above = is_open & ~take
    return taken


def _from_below(levels: Sequence[Pairs]) -> tuple[list[BoolArray], list[BoolArray]]:
    """For each pair: do finer rows stand for it without a gap, and are there finer pairs at all."""
    fine_ok: list[BoolArray] = [np.zeros(len(pairs), dtype=np.bool_) for pairs in levels]
    has_parts: list[BoolArray] = [np.zeros(len(pairs), dtype=np.bool_) for pairs in levels]
    for level in range(len(levels) - 1, 0, -1):
        pairs, size = levels[level], len(levels[level - 1])
        resolved = pairs.usable | fine_ok[level]
        linked = pairs.parent >= 0
        has_parts[level - 1] = np.bincount(pairs.parent[linked], minlength=size) > 0
        gaps = np.bincount(pairs.parent[linked & ~resolved], minlength=size) > 0
        fine_ok[level - 1] = has_parts[level - 1] & ~gaps
    return fine_ok, has_parts


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
