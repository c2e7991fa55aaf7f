"""The tables behind the loopback Census API: frames as the Bureau publishes them, turned into texts by GEO_ID.

In a summary file a cell is ``B25003_E001``, in the API ``B25003_001E``. The API adds annotations (``EA``, ``MA``): the
signs that stand for the Bureau's special values, null for ordinary numbers. It has every cell as text or null.

Sources: U.S. Census Bureau, *Census Data API User Guide* and ``geography.json`` of ``acs/acs5`` and ``dec/pl``;
*Notes on ACS Estimate and Annotation Values*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

ANNOTATIONS = {
    "-222222222": "**",
    "-333333333": "***",
    "-555555555": "*****",
    "-666666666": "-",
    "-888888888": "(X)",
    "-999999999": "N",
}
_FILE_CELL = re.compile(r"^(?P<table>[A-Z0-9]+)_(?P<kind>[EM])(?P<line>\d{3})$")
_PL_CELL = re.compile(r"^(?P<table>[PH]\d)_(?P<line>\d{3})N$")


@dataclass(frozen=True)
class Level:
    """A level of geography: its summary level code, the parts of its identifiers, and which may be left open.

    ``wildcard`` are the parts above it that ``*`` may stand for, ``optional`` the one that may be left out where all
    units are asked for; both as in ``geography.json``.
    """

    code: str
    parts: tuple[str, ...]
    widths: tuple[int, ...]
    wildcard: tuple[str, ...] = ()
    optional: str = ""

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def requires(self) -> tuple[str, ...]:
        return self.parts[:-1]

    def split(self, geo_id: str) -> tuple[str, ...]:
        """``1400000US99001000100`` to ``("99", "001", "000100")``."""
        if self.code == "010":
            return ("1",)
        digits, ends = geo_id.partition("US")[2], np.cumsum(self.widths)
        return tuple(digits[end - width : end] for end, width in zip(ends, self.widths, strict=True))


US = Level("010", ("us",), (0,))
STATE = Level("040", ("state",), (2,))
COUNTY = Level("050", ("state", "county"), (2, 3), ("state",), "state")
TRACT = Level("140", ("state", "county", "tract"), (2, 3, 6), ("county",), "county")
BLOCK_GROUP = Level("150", (*TRACT.parts, "block group"), (2, 3, 6, 1), ("county", "tract"), "tract")
BLOCK = Level("100", (*TRACT.parts, "block"), (2, 3, 6, 4), ("county", "tract"), "tract")

ACS_LEVELS = (US, STATE, COUNTY, TRACT, BLOCK_GROUP)
PL_LEVELS = (STATE, COUNTY, TRACT, BLOCK_GROUP, BLOCK)


@dataclass(frozen=True)
class Dataset:
    """One dataset of one year.

    Attributes
    ----------
    year : int
    path : str
        ``acs/acs5``.
    title : str
    levels : tuple of Level
    tables : mapping of str to DataFrame
        By table; index GEO_ID, columns the variables of the API in their order, cells text or None.
    """

    year: int
    path: str
    title: str
    levels: tuple[Level, ...]
    tables: Mapping[str, pd.DataFrame]

    @cached_property
    def places(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Parts of the identifier by GEO_ID, by level code. What is above the tables' units is known by name only."""
        known = sorted({str(geo_id) for table in self.tables.values() for geo_id in table.index})
        states = {geo_id.partition("US")[2][:2] for geo_id in known}
        above = {"010": ["0100000US"], "040": [f"0400000US{state}" for state in sorted(states)]}
        found = {}
        for level in self.levels:
            ids = [geo_id for geo_id in known if geo_id.startswith(level.code)] or above.get(level.code, [])
            found[level.code] = {geo_id: level.split(geo_id) for geo_id in ids}
        return found

    def table_of(self, variable: str) -> pd.DataFrame | None:
        """The table that a variable is a column of."""
        table = self.tables.get(variable.rpartition("_")[0])
        return table if table is not None and variable in table.columns else None

    @cached_property
    def _columns(self) -> dict[str, Mapping[str, str | None]]:
        return {}

    def column(self, variable: str) -> Mapping[str, str | None]:
        """Cells of a variable by GEO_ID; taken out of their table once, for all who ask."""
        if variable not in self._columns:
            table = self.table_of(variable)
            assert table is not None, variable
            cells = table[variable].to_numpy(dtype=object).tolist()
            self._columns[variable] = dict(zip(table.index.tolist(), cells, strict=True))
        return self._columns[variable]

    def name(self, level: Level, parts: tuple[str, ...]) -> str:
        """``NAME`` of a place; since the ACS of 2022 its parts are set off by semicolons."""
        told = dict(zip(level.parts, parts, strict=True))
        words = [
            f"Block {told['block']}" if "block" in told else "",
            f"Block Group {told.get('block group', told.get('block', ''))[:1]}" if level.code in ("150", "100") else "",
            f"Census Tract {_tract_name(told['tract'])}" if "tract" in told else "",
            f"County {told['county']} (invented)" if "county" in told else "",
            f"State {told['state']} (invented)" if "state" in told else "United States",
        ]
        mark = "; " if self.path.startswith("acs") and self.year >= 2022 and "tract" in told else ", "
        return mark.join(word for word in words if word)


def acs5(year: int, frames: Mapping[str, pd.DataFrame], tract_only: Iterable[str] = ()) -> Dataset:
    """The five-year survey of a year from frames of its summary file (``GEO_ID``, ``B25003_E001``, ``B25003_M001``).

    Tables of ``tract_only`` are not published for block groups: their cells are null there.
    """
    closed = set(tract_only)
    tables = {name: _acs_table(frame, name in closed) for name, frame in sorted(frames.items())}
    return Dataset(
        year, "acs/acs5", f"American Community Survey: 5-Year Estimates {year} (invented)", ACS_LEVELS, tables
    )


def redistricting(frame: pd.DataFrame, year: int = 2020) -> Dataset:
    """The redistricting file from counts of blocks (``GEO_ID`` 1000000US..., ``P2_001N``, ...), summed upward."""
    counts = frame.set_index("GEO_ID").astype("int64")
    digits = counts.index.str.partition("US").get_level_values(2)
    every = [counts]
    for level in PL_LEVELS[:-1]:
        sums = counts.groupby(digits.str[: sum(level.widths)]).sum()
        every.append(sums.set_axis(f"{level.code}0000US" + sums.index.astype(str)))
    whole = pd.concat(every)
    tables: dict[str, pd.DataFrame] = {}
    for table in sorted({match["table"] for column in whole if (match := _PL_CELL.match(str(column)))}):
        columns = {}
        for column in sorted(str(c) for c in whole if str(c).startswith(f"{table}_")):
            columns[column] = [_text(value) for value in whole[column]]
            columns[f"{column}A"] = [None] * len(whole)
        tables[table] = pd.DataFrame(columns, index=whole.index, dtype=object)
    return Dataset(year, "dec/pl", "Decennial Census: Redistricting Data (invented)", PL_LEVELS, tables)


def _acs_table(frame: pd.DataFrame, tract_only: bool) -> pd.DataFrame:
    kept = frame[~frame["GEO_ID"].str.startswith("150")] if tract_only else frame
    cells = [match for column in kept.columns if (match := _FILE_CELL.match(str(column)))]
    columns = {}
    for match in sorted(cells, key=lambda m: (m["line"], m["kind"])):
        values = [_text(value) for value in kept[match.string]]
        name = f"{match['table']}_{match['line']}{match['kind']}"
        columns[name] = values
        columns[f"{name}A"] = [ANNOTATIONS.get(value or "") for value in values]
    return pd.DataFrame(columns, index=pd.Index(kept["GEO_ID"]), dtype=object)


def _text(value: Any) -> str | None:
    """A cell as the API has it: whole numbers without a point, None where there is no number."""
    if pd.isna(value):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _tract_name(code: str) -> str:
    return f"{int(code[:4])}.{code[4:]}" if code[4:] != "00" else str(int(code[:4]))
