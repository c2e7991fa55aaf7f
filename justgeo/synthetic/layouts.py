"""Layouts of the ACS tables: which person or household falls in which cell, and which lines add which cells up.

Line numbers are the Bureau's. Here are the tables of people, income, schooling, work and housing costs (same lines
throughout 2010-2024 except B25063 and B25075, which had fewer classes before 2015); ``further.py`` and ``by_age.py``
have the others.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, IntArray
from justgeo.synthetic import by_age, further
from justgeo.synthetic.forms import (
    GROUPS,
    Code,
    MedianTable,
    Table,
    anyone,
    bins,
    columns,
    flat,
    halves,
    iteration,
    of,
    renters,
    tree,
)
from justgeo.synthetic.people import Population

__all__ = ["MedianTable", "Table", "codes", "columns", "layouts"]

AGES = (5, 10, 15, 18, 20, 21, 22, 25, 30, 35, 40, 45, 50, 55, 60, 62, 65, 67, 70, 75, 80, 85)
POVERTY_AGES = (5, 6, 12, 15, 16, 18, 25, 35, 45, 55, 65, 75)
RATIOS = (0.5, 1.0, 1.25, 1.5, 1.85, 2.0)
INCOMES = (10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 125, 150, 200)
BURDENS = (10, 15, 20, 25, 30, 35, 40, 50)
_RENTS = (100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 800, 900, 1000, 1250, 1500, 2000)
_VALUES = (10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 125, 150, 175, 200, 250, 300, 400, 500, 750, 1000)


def layouts(vintage: int) -> dict[str, Table | MedianTable]:
    """All tables of a vintage, by name."""
    every: list[Table | MedianTable] = [
        *_person_tables(),
        *_household_tables(vintage),
        *_medians(vintage),
        *further.tables(vintage),
        *by_age.tables(vintage),
    ]
    return {table.name: table for table in sorted(every, key=lambda table: table.name)}


def codes(table: Table | MedianTable, people: Population) -> IntArray:
    """Leaf of each household, person or home of a population."""
    return table.code(people.households if isinstance(table, MedianTable) else people.of(table.entity))


def _age_sex(frame: pd.DataFrame) -> IntArray:
    return of(frame, "sex") * 23 + bins(frame["age"], AGES)


def _race_ethnicity(frame: pd.DataFrame) -> IntArray:
    return of(frame, "hispanic") * 8 + of(frame, "race")


def _poverty_age_sex(frame: pd.DataFrame) -> IntArray:
    ratio = frame["poverty"].to_numpy(dtype=float)
    leaf = (ratio >= 1) * 26 + of(frame, "sex") * 13 + bins(frame["age"], POVERTY_AGES)
    return np.where(np.isnan(ratio), -1, leaf)


def _ratio(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["poverty"].isna(), -1, bins(frame["poverty"], RATIOS))


def _work(frame: pd.DataFrame) -> IntArray:
    return of(frame, "work")


def _schooling(frame: pd.DataFrame) -> IntArray:
    return of(frame, "schooling")


def _schooling_sex(frame: pd.DataFrame) -> IntArray:
    level = of(frame, "schooling")
    return np.where(level < 0, -1, of(frame, "sex") * 4 + np.searchsorted([15, 17, 20], level, "right"))


def _cars(frame: pd.DataFrame) -> IntArray:
    return renters(frame) * 6 + np.minimum(of(frame, "vehicles"), 5)


def _income(frame: pd.DataFrame) -> IntArray:
    return bins(frame["income"], [1000 * edge for edge in INCOMES])


def _burden(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["burden"].isna(), len(BURDENS) + 1, bins(frame["burden"], BURDENS))


def _renter_burden(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["owner"], -1, _burden(frame))


def _owner_burden(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["owner"], np.where(frame["mortgage"], 0, 10) + _burden(frame), -1)


def _amount(column: str, edges: Iterable[float], absent: int) -> Code:
    """Class of an amount; those without one (no cash rent) in the leaf ``absent``."""
    return lambda frame: np.where(frame[column].isna(), absent, bins(frame[column], edges))


def _person_tables() -> list[Table]:
    ethnic = tree(
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
    work = tree(4, range(4), (0, 1, 2), (0, 1), 0, 1, 2, 3)
    poverty = np.vstack([np.ones((1, 52), dtype=np.bool_), _block_ofhalves(13, 0), _block_ofhalves(13, 26)])
    tables = [
        Table("B01001", "person", _age_sex, halves(23), controlled=1),
        Table("B01003", "person", anyone, tree(1, 0), controlled=1),
        Table("B03002", "person", _race_ethnicity, ethnic, controlled=1),
        Table("B15003", "person", _schooling, flat(24)),
        Table("B17001", "person", _poverty_age_sex, poverty, tract_only=True),
        Table("C17002", "person", _ratio, flat(7)),
        Table("B23025", "person", _work, work),
        Table("B26001", "person", lambda frame: of(frame, "quarters") - 1, tree(1, 0)),
    ]
    for group in GROUPS:
        tables.append(Table(f"B17001{group}", "person", iteration(_poverty_age_sex, group), poverty, tract_only=True))
        school = iteration(_schooling_sex, group)
        tables.append(Table(f"C15002{group}", "person", school, halves(4), tract_only=True))
    return tables


def _block_ofhalves(size: int, start: int) -> BoolArray:
    """Lines of one poverty status: its total, then both sexes with their ages."""
    lines = np.zeros((2 * size + 3, 52), dtype=np.bool_)
    lines[:, start : start + 2 * size] = halves(size)
    return lines


def _household_tables(vintage: int) -> list[Table]:
    rents: tuple[int, ...] = _RENTS
    values: tuple[int, ...] = _VALUES
    if vintage >= 2015:
        rents, values = (*_RENTS, 2500, 3000, 3500), (*_VALUES, 1500, 2000)
    rent = _amount("rent", rents, len(rents) + 1)
    rent_lines = tree(len(rents) + 2, range(len(rents) + 2), range(len(rents) + 1), *range(len(rents) + 2))
    tables = [
        Table("B19001", "household", _income, flat(16), controlled=1),
        Table("B25003", "household", renters, flat(2), controlled=1),
        Table("B25044", "household", _cars, halves(6), controlled=1),
        Table("B25063", "household", lambda f: np.where(f["owner"], -1, rent(f)), rent_lines),
        Table("B25070", "household", _renter_burden, flat(10)),
        Table("B25075", "household", _amount("value", [1000 * v for v in values], -1), flat(len(values) + 1)),
        Table("B25091", "household", _owner_burden, halves(10)),
    ]
    tables += [Table(f"B25003{group}", "household", iteration(renters, group), flat(2)) for group in GROUPS]
    for group in GROUPS:
        tables.append(Table(f"B19001{group}", "household", iteration(_income, group), flat(16), tract_only=True))
    return tables


def _medians(vintage: int) -> list[MedianTable]:
    late = vintage >= 2015
    income = np.array([-np.inf, *range(2500, 250_001, 2500), np.inf])
    rent = np.array([-np.inf, *range(100, 3501 if late else 2001, 25), np.inf])
    value = np.array([-np.inf, *_fine_values(2_000_000 if late else 1_000_000), np.inf])
    rents, values = (99, 3501 if late else 2001), (9999, 2_000_001 if late else 1_000_001)
    tables = [
        MedianTable("B19013", anyone, "income", income, 2499, 250_001),
        MedianTable("B25064", _amount("rent", (), -1), "rent", rent, *rents),
        MedianTable("B25077", _amount("value", (), -1), "value", value, *values),
    ]
    for group in GROUPS:
        code = iteration(anyone, group)
        tables.append(MedianTable(f"B19013{group}", code, "income", income, 2499, 250_001, tract_only=True))
    return tables


def _fine_values(top: int) -> list[int]:
    """Classes of home value about 2.5 % to 10 % wide."""
    steps = [*range(10_000, 100_000, 5000), *range(100_000, 500_000, 10_000), *range(500_000, 2_000_001, 50_000)]
    return [edge for edge in steps if edge <= top]
