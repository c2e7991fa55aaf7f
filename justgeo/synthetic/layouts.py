"""Layouts of the ACS tables: which person or household falls in which cell, and which lines add which cells up.

Line numbers are the Bureau's (same throughout 2010-2024 except B25063 and B25075, which had fewer classes before
2015). Every member of a table's universe falls in exactly one *leaf*; a line is a sum of leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.synthetic.people import Population

Entity = Literal["household", "person"]
Code = Callable[[pd.DataFrame], IntArray]

AGES = (5, 10, 15, 18, 20, 21, 22, 25, 30, 35, 40, 45, 50, 55, 60, 62, 65, 67, 70, 75, 80, 85)
POVERTY_AGES = (5, 6, 12, 15, 16, 18, 25, 35, 45, 55, 65, 75)
RATIOS = (0.5, 1.0, 1.25, 1.5, 1.85, 2.0)
INCOMES = (10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 125, 150, 200)
BURDENS = (10, 15, 20, 25, 30, 35, 40, 50)
_RENTS = (100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 900, 1000, 1250, 1500, 2000)
_VALUES = (10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 125, 150, 175, 200, 250, 300, 400, 500, 750, 1000)
GROUPS = "ABCDEFGHI"


@dataclass(frozen=True)
class Table:
    """A table of counts.

    Attributes
    ----------
    name : str
    entity : {'household', 'person'}
    code : callable
        Leaf of each row of the households or persons frame; -1 outside the universe.
    lines : (L, leaves) bool
        Which leaves each line adds up.
    tract_only : bool
        Not published for block groups.
    controlled : bool
        Line 1 is the county's total population or households, which the Bureau fixes: no sampling error there.
    """

    name: str
    entity: Entity
    code: Code
    lines: BoolArray
    tract_only: bool = False
    controlled: bool = False


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


def layouts(vintage: int) -> dict[str, Table | MedianTable]:
    """All tables of a vintage, by name."""
    every: list[Table | MedianTable] = [*_person_tables(), *_household_tables(vintage), *_medians(vintage)]
    return {table.name: table for table in sorted(every, key=lambda table: table.name)}


def codes(table: Table | MedianTable, people: Population) -> IntArray:
    """Leaf of each household or person of a population."""
    person = isinstance(table, Table) and table.entity == "person"
    return table.code(people.persons if person else people.households)


def _tree(leaves: int, *sums: Iterable[int] | int) -> BoolArray:
    """Lines from leaves: each entry is a leaf or several."""
    lines = np.zeros((len(sums), leaves), dtype=np.bool_)
    for line, members in enumerate(sums):
        lines[line, [members] if isinstance(members, int) else list(members)] = True
    return lines


def _flat(leaves: int) -> BoolArray:
    """A total, then each leaf."""
    return _tree(leaves, range(leaves), *range(leaves))


def _halves(size: int) -> BoolArray:
    """A total, then two blocks, each a subtotal with its leaves."""
    return _tree(2 * size, range(2 * size), range(size), *range(size), range(size, 2 * size), *range(size, 2 * size))


def _bins(values: pd.Series, edges: Iterable[float]) -> IntArray:
    """Class of each value; an edge belongs to the class above it."""
    return np.searchsorted(np.array(list(edges), dtype=float), values.to_numpy(dtype=float), "right").astype(np.int64)


def _of(frame: pd.DataFrame, column: str) -> IntArray:
    return frame[column].to_numpy().astype(np.int64)


def in_group(frame: pd.DataFrame, group: str) -> BoolArray:
    """Who belongs to a race iteration A to I (a household: its householder)."""
    race, hispanic = _of(frame, "race"), frame["hispanic"].to_numpy(dtype=bool)
    if group == "I":
        return hispanic
    if group == "H":
        return np.asarray((race == 0) & ~hispanic, dtype=np.bool_)
    number = "ABCDEFG".index(group)
    return np.asarray(race >= 6 if group == "G" else race == number, dtype=np.bool_)


def _iteration(code: Code, group: str) -> Code:
    return lambda frame: np.where(in_group(frame, group), code(frame), -1)


def _age_sex(frame: pd.DataFrame) -> IntArray:
    return _of(frame, "sex") * 23 + _bins(frame["age"], AGES)


def _race_ethnicity(frame: pd.DataFrame) -> IntArray:
    return _of(frame, "hispanic") * 8 + _of(frame, "race")


def _poverty_age_sex(frame: pd.DataFrame) -> IntArray:
    ratio = frame["poverty"].to_numpy(dtype=float)
    leaf = (ratio >= 1) * 26 + _of(frame, "sex") * 13 + _bins(frame["age"], POVERTY_AGES)
    return np.where(np.isnan(ratio), -1, leaf)


def _ratio(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["poverty"].isna(), -1, _bins(frame["poverty"], RATIOS))


def _work(frame: pd.DataFrame) -> IntArray:
    return _of(frame, "work")


def _schooling(frame: pd.DataFrame) -> IntArray:
    return _of(frame, "schooling")


def _schooling_sex(frame: pd.DataFrame) -> IntArray:
    level = _of(frame, "schooling")
    return np.where(level < 0, -1, _of(frame, "sex") * 4 + np.searchsorted([15, 17, 20], level, "right"))


def _anyone(frame: pd.DataFrame) -> IntArray:
    return np.zeros(len(frame), dtype=np.int64)


def _renters(frame: pd.DataFrame) -> IntArray:
    return _of(frame, "owner") * -1 + 1


def _cars(frame: pd.DataFrame) -> IntArray:
    return _renters(frame) * 6 + np.minimum(_of(frame, "vehicles"), 5)


def _income(frame: pd.DataFrame) -> IntArray:
    return _bins(frame["income"], [1000 * edge for edge in INCOMES])


def _burden(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["burden"].isna(), len(BURDENS) + 1, _bins(frame["burden"], BURDENS))


def _renter_burden(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["owner"], -1, _burden(frame))


def _owner_burden(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["owner"], np.where(frame["mortgage"], 0, 10) + _burden(frame), -1)


def _amount(column: str, edges: Iterable[float], absent: int) -> Code:
    """Class of an amount; those without one (no cash rent) in the leaf ``absent``."""
    return lambda frame: np.where(frame[column].isna(), absent, _bins(frame[column], edges))


def _person_tables() -> list[Table]:
    ethnic = _tree(
        16,
        range(16),
        range(8),
        0,
        1,
        2,
        3,
        4,
        5,
        (6, 7),
        6,
        7,
        range(8, 16),
        8,
        9,
        10,
        11,
        12,
        13,
        (14, 15),
        14,
        15,
    )
    work = _tree(4, range(4), (0, 1, 2), (0, 1), 0, 1, 2, 3)
    poverty = np.vstack([np.ones((1, 52), dtype=np.bool_), _block_of_halves(13, 0), _block_of_halves(13, 26)])
    tables = [
        Table("B01001", "person", _age_sex, _halves(23), controlled=True),
        Table("B01003", "person", _anyone, _tree(1, 0), controlled=True),
        Table("B03002", "person", _race_ethnicity, ethnic, controlled=True),
        Table("B15003", "person", _schooling, _flat(24)),
        Table("B17001", "person", _poverty_age_sex, poverty, tract_only=True),
        Table("C17002", "person", _ratio, _flat(7)),
        Table("B23025", "person", _work, work),
        Table("B26001", "person", lambda frame: _of(frame, "quarters") - 1, _tree(1, 0)),
    ]
    for group in GROUPS:
        tables.append(Table(f"B17001{group}", "person", _iteration(_poverty_age_sex, group), poverty, tract_only=True))
        school = _iteration(_schooling_sex, group)
        tables.append(Table(f"C15002{group}", "person", school, _halves(4), tract_only=True))
    return tables


def _block_of_halves(size: int, start: int) -> BoolArray:
    """Lines of one poverty status: its total, then both sexes with their ages."""
    lines = np.zeros((2 * size + 3, 52), dtype=np.bool_)
    lines[:, start : start + 2 * size] = _halves(size)
    return lines


def _household_tables(vintage: int) -> list[Table]:
    rents: tuple[int, ...] = _RENTS
    values: tuple[int, ...] = _VALUES
    if vintage >= 2015:
        rents, values = (*_RENTS, 2500, 3000, 3500), (*_VALUES, 1500, 2000)
    rent = _amount("rent", rents, len(rents) + 1)
    rent_lines = _tree(len(rents) + 2, range(len(rents) + 2), range(len(rents) + 1), *range(len(rents) + 2))
    tables = [
        Table("B19001", "household", _income, _flat(16), controlled=True),
        Table("B25003", "household", _renters, _flat(2), controlled=True),
        Table("B25044", "household", _cars, _halves(6), controlled=True),
        Table("B25063", "household", lambda f: np.where(f["owner"], -1, rent(f)), rent_lines),
        Table("B25070", "household", _renter_burden, _flat(10)),
        Table("B25075", "household", _amount("value", [1000 * v for v in values], -1), _flat(len(values) + 1)),
        Table("B25091", "household", _owner_burden, _halves(10)),
    ]
    tables += [Table(f"B25003{group}", "household", _iteration(_renters, group), _flat(2)) for group in GROUPS]
    for group in GROUPS:
        tables.append(Table(f"B19001{group}", "household", _iteration(_income, group), _flat(16), tract_only=True))
    return tables


def _medians(vintage: int) -> list[MedianTable]:
    late = vintage >= 2015
    income = np.array([-np.inf, *range(2500, 250_001, 2500), np.inf])
    rent = np.array([-np.inf, *range(100, 3501 if late else 2001, 25), np.inf])
    value = np.array([-np.inf, *_fine_values(2_000_000 if late else 1_000_000), np.inf])
    rents, values = (99, 3501 if late else 2001), (9999, 2_000_001 if late else 1_000_001)
    tables = [
        MedianTable("B19013", _anyone, "income", income, 2499, 250_001),
        MedianTable("B25064", _amount("rent", (), -1), "rent", rent, *rents),
        MedianTable("B25077", _amount("value", (), -1), "value", value, *values),
    ]
    for group in GROUPS:
        code = _iteration(_anyone, group)
        tables.append(MedianTable(f"B19013{group}", code, "income", income, 2499, 250_001, tract_only=True))
    return tables


def _fine_values(top: int) -> list[int]:
    """Classes of home value about 2.5 % to 10 % wide."""
    steps = [*range(10_000, 100_000, 5000), *range(100_000, 500_000, 10_000), *range(500_000, 2_000_001, 50_000)]
    return [edge for edge in steps if edge <= top]
