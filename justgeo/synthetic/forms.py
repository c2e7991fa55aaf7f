"""The form of a table of the survey: its cells, the lines that add them up, and for whom it is published.

Every member of a table's universe falls in exactly one *leaf*; a line is a sum of leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, FloatArray, IntArray

Entity = Literal["household", "person", "home"]
Code = Callable[[pd.DataFrame], IntArray]

GROUPS = "ABCDEFGHI"


@dataclass(frozen=True)
class Table:
    """A table of counts.

    Attributes
    ----------
    name : str
    entity : {'household', 'person', 'home'}
        What is counted; homes are those of the households and those that stand empty.
    code : callable
        Leaf of each row of the frame of households, persons or homes; -1 outside the universe.
    lines : (L, leaves) bool
        Which leaves each line adds up.
    tract_only : bool
        Not published for block groups.
    controlled : int
        Line that is the county's population or number of households, which the Bureau fixes: no sampling error there.
        0 where there is none.
    """

    name: str
    entity: Entity
    code: Code
    lines: BoolArray
    tract_only: bool = False
    controlled: int = 0


@dataclass(frozen=True)
class MedianTable:
    """A table of one median.

    Attributes
    ----------
    code : callable
        Rows of the households frame that are in the universe, as 0; -1 outside.
    column : str
        Column of the households frame.
    edges : (k + 1,) float
        Fine classes in which the median is interpolated; the last is open.
    low, high : int
        What is printed where the median lies in the first or in the last class.
    """

    name: str
    code: Code
    column: str
    edges: FloatArray
    low: int
    high: int
    tract_only: bool = False


def columns(table: Table | MedianTable) -> tuple[str, ...]:
    """``("B25003_001", ...)``."""
    count = 1 if isinstance(table, MedianTable) else len(table.lines)
    return tuple(f"{table.name}_{line:03d}" for line in range(1, count + 1))


# --- lines ------------------------------------------------------------------------------------------------------------


def tree(leaves: int, *sums: Iterable[int] | int) -> BoolArray:
    """Lines from leaves: each entry is a leaf or several."""
    lines = np.zeros((len(sums), leaves), dtype=np.bool_)
    for line, members in enumerate(sums):
        lines[line, [members] if isinstance(members, int) else list(members)] = True
    return lines


def flat(leaves: int) -> BoolArray:
    """A total, then each leaf."""
    return tree(leaves, range(leaves), *range(leaves))


def halves(size: int) -> BoolArray:
    """A total, then two blocks, each a subtotal with its leaves."""
    return blocks(size, size)


def blocks(*sizes: int) -> BoolArray:
    """A total, then blocks of such sizes, each a subtotal with its leaves."""
    sums: list[Iterable[int] | int] = [range(sum(sizes))]
    start = 0
    for size in sizes:
        part = range(start, start + size)
        sums += [part, *part]
        start += size
    return tree(start, *sums)


# --- cells ------------------------------------------------------------------------------------------------------------


def of(frame: pd.DataFrame, column: str) -> IntArray:
    """A column as whole numbers."""
    return frame[column].to_numpy().astype(np.int64)


def bins(values: pd.Series, edges: Iterable[float]) -> IntArray:
    """Class of each value; an edge belongs to the class above it."""
    return np.searchsorted(np.array(list(edges), dtype=float), values.to_numpy(dtype=float), "right").astype(np.int64)


def anyone(frame: pd.DataFrame) -> IntArray:
    """Everybody in one leaf."""
    return np.zeros(len(frame), dtype=np.int64)


def renters(frame: pd.DataFrame) -> IntArray:
    """0 who owns the home, 1 who rents it."""
    return of(frame, "owner") * -1 + 1


def in_group(frame: pd.DataFrame, group: str) -> BoolArray:
    """Who belongs to a race iteration A to I (a household: its householder)."""
    race, hispanic = of(frame, "race"), frame["hispanic"].to_numpy(dtype=bool)
    if group == "I":
        return hispanic
    if group == "H":
        return np.asarray((race == 0) & ~hispanic, dtype=np.bool_)
    number = "ABCDEFG".index(group)
    return np.asarray(race >= 6 if group == "G" else race == number, dtype=np.bool_)


def iteration(code: Code, group: str) -> Code:
    """The same leaves for one group alone."""
    return lambda frame: np.where(in_group(frame, group), code(frame), -1)
