"""From the areas of the 2010 census to those of 2020: counts only, by where the blocks of 2010 lie now.

ACS tables up to 2019 speak of the tracts of 2010. Their GEOIDs are used again in 2020, for the same ground or for
other ground, so that a join by id across the two is refused. What can be carried over are counts: the weight of a 2010
unit in one of 2020 is the share of its homes (or people) of 2010 whose blocks lie there (METHODS 2.9),

``w = sum(H_b s_b) / sum(H_b)`` over its blocks b,

with s_b the share of the block's land in the 2020 unit. Weights of one 2010 unit sum to 1, so that nothing is lost and
nothing is made. Shares, medians and means are derived again from the counts and brackets that were carried.

Margins have two parts. The *sampling* part is that of a weighted sum. The *apportionment* part says that what is
counted need not be spread over a divided unit as its homes of 2010 were: our own choice, see `Crosswalk.counts`. On
the invented county, over cells of fifteen tables in the 2020 tracts that hold parts of 2010 tracts, the sampling part
alone covers 76 % of the truths and both together 91 % (the tracts that stayed whole: 89 %).

Two 2020 units that were one in 2010 share its sampling error; adding them up as if they were independent gives too
small a sampling part, and too large an apportionment part. Where a whole county is asked, take its own row.

References
----------
U.S. Census Bureau, *2020 Census Block Relationship Files*; (2018, rev. 2020), *Understanding and Using ACS Data*,
chapter 8.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from justgeo.core.errors import ConfigError, LayerError, VintageError
from justgeo.core.layer import FloatArray, IntArray, Layer
from justgeo.core.words import plural
from justgeo.core.zones import StrArray
from justgeo.measure import fractions, nesting
from justgeo.measure.carry import LAND_GUESS, Counts, Crosswalk, Unit
from justgeo.measure.countable import Universe
from justgeo.measure.fractions import Matrix
from justgeo.measure.recast import to_2020

__all__ = ["Counts", "Crosswalk", "Unit", "to_2020", "weights"]

SUM_SLACK = 1e-6
"""Shares of a block sum to 1 within this."""

_COLUMNS = ("block10", "block20", "share_land", "pop10", "hu10")


def weights(table: Layer, unit: Unit, by: Universe) -> Crosswalk:
    """Weights of the tracts or block groups of 2010 in those of 2020.

    Parameters
    ----------
    table : Layer
        As `justgeo.sources.relationship.read_relationship` gives it: one row a piece of ground, ``block10``,
        ``block20``, ``share_land``, ``pop10``, ``hu10``; optionally ``land10`` (m²) and ``whole20``.
    unit : {'tract', 'block group'}
    by : {'households', 'persons'}
        Whether homes or people divide a unit. Counts of persons need persons, all else homes (METHODS 2.0 item 16).

    Returns
    -------
    Crosswalk
        Units without homes are divided by people, those without either by the land of their blocks (and the other way
        round for persons); ``notes`` says of how many.

    Raises
    ------
    VintageError
        The table is not of blocks of 2010.
    LayerError
        A column is missing, a block has two counts, or its shares do not sum to 1.
    ConfigError
        Another unit or base.
    """
    if unit not in get_args(Unit) or by not in get_args(Universe):
        raise ConfigError(
            f"There is no crosswalk of {unit!r} by {by!r}.", remedy="tract or block group, by households or persons."
        )
    data = checked(table)
    at, blocks = pd.factorize(data["block10"].to_numpy(dtype=object))
    block: IntArray = at.astype(np.int64)
    first = np.unique(block, return_index=True)[1]
    unit10, geoids10 = _units(data["block10"].iloc[first], unit)
    unit20, geoids20 = _units(data["block20"], unit)
    chain, names = _chain(data, first, by)
    of_unit, used = nesting.shares_within(unit10, len(geoids10), chain)
    share = _land_shares(data, block, blocks)
    shape = (len(geoids20), len(geoids10))
    matrix = fractions.tidy(sparse.csr_array((of_unit[block] * share, (unit20, unit10[block])), shape=shape))
    base = np.bincount(unit10, chain[0], shape[1]).astype(np.float64)
    partial = np.zeros(shape[0], dtype=np.bool_)
    if "whole20" in data:
        partial[unit20[~data["whole20"].to_numpy(dtype=np.bool_)]] = True
    notes = [
        f"{int((used == step).sum())} of {shape[1]} {plural(unit)} of 2010 without {names[0]} are divided by "
        f"{names[step]}."
        for step in range(1, len(names))
        if (used == step).any()
    ]
    return Crosswalk(
        unit,
        by,
        geoids10,
        geoids20,
        matrix,
        base,
        _unsure(block, unit20, share, unit10, chain[0], shape),
        partial,
        tuple([*table.provenance.notes, *notes]),
        table.provenance,
    )


def checked(table: Layer) -> pd.DataFrame:
    """Rows of a relationship table that can be used."""
    if table.geography_vintage != 2010 or table.geography not in ("", "block"):
        raise VintageError(
            f"The table {table.name} is about {plural(table.geography or 'area')} of {table.geography_vintage or '?'}, "
            "not about blocks of 2010.",
            remedy="give the relationship of blocks of 2010 and 2020.",
        )
    data = pd.DataFrame(table.data)
    missing = [column for column in _COLUMNS if column not in data]
    if missing or data.empty:
        raise LayerError(
            f"The table {table.name} has no {f'column {missing[0]!r}' if missing else 'rows'}.",
            remedy="give the relationship of blocks of 2010 and 2020 with the counts of 2010.",
        )
    for column in ("share_land", "pop10", "hu10"):
        values = data[column].to_numpy(dtype=np.float64)
        if not (np.isfinite(values) & (values >= 0)).all():
            raise LayerError(
                f"The table {table.name} has a {column} that is missing or below 0.", remedy="read the files again."
            )
    return data


def _units(blocks: pd.Series[Any], unit: Unit) -> tuple[IntArray, StrArray]:
    """Unit of each block as a number, and the ids of the units, sorted."""
    codes, ids = pd.factorize(blocks.astype(str).str[: nesting.LEVELS[unit]].to_numpy(dtype=object), sort=True)
    return codes.astype(np.int64), np.asarray(ids, dtype=np.str_)


def _chain(data: pd.DataFrame, first: IntArray, by: Universe) -> tuple[list[FloatArray], list[str]]:
    """What divides a unit, and what does so where that is 0: (B,) each, with its name."""
    rows = data.iloc[first]
    homes, people = (rows[column].to_numpy(dtype=np.float64) for column in ("hu10", "pop10"))
    pair = [(homes, "homes"), (people, "people")]
    steps = pair if by == "households" else pair[::-1]
    if "land10" in rows:
        steps.append((rows["land10"].to_numpy(dtype=np.float64), "land"))
    steps.append((np.ones(len(rows)), "equal parts of their blocks"))
    return [values for values, _ in steps], [name for _, name in steps]


def _land_shares(data: pd.DataFrame, block: IntArray, blocks: Any) -> FloatArray:
    """Share of its block of each row, summing to 1 exactly."""
    share = data["share_land"].to_numpy(dtype=np.float64)
    total = np.bincount(block, share)
    off = np.flatnonzero(np.abs(total - 1.0) > SUM_SLACK)
    if len(off):
        raise LayerError(
            f"Shares of {len(off)} blocks of 2010 do not sum to 1; those of {blocks[off[0]]} to {total[off[0]]:.4f}.",
            remedy="read the relationship file again, whole.",
        )
    first = np.unique(block, return_index=True)[1]
    for column in ("pop10", "hu10"):
        values = data[column].to_numpy(dtype=np.float64)
        if (values != values[first][block]).any():
            raise LayerError(f"Rows of one block of 2010 differ in {column}.", remedy="read the files again.")
    return np.asarray(share / total[block], dtype=np.float64)


def _unsure(
    block: IntArray, unit20: IntArray, share: FloatArray, unit10: IntArray, base: FloatArray, shape: tuple[int, int]
) -> Matrix:
    """Variance of the base of each piece from blocks whose land lies in more than one unit of 2020, (n20, n10)."""
    pieces = sparse.csr_array((share, (block, unit20)), shape=(len(unit10), shape[0])).tocoo()
    at, to = pieces.coords
    variance = LAND_GUESS * np.square(base[at]) * np.clip(pieces.data * (1.0 - pieces.data), 0.0, None)
    return fractions.tidy(sparse.csr_array((variance, (to, unit10[at])), shape=shape))
