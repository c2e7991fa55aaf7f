"""The tables of a survey side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from justgeo.core.layer import AnyLayer, BoolArray, FloatArray, IntArray, Layer
from justgeo.core.zones import StrArray

AGAIN = "Take the tables from the Bureau again, all of one release."
NO_SURVEY = "no table of the survey was given"
ALL = slice(None)

_NAME = re.compile(r"^acs:([A-Z0-9]+)@(\d{4})$")


@dataclass(frozen=True)
class Table:
    """Numbers of one table.

    Attributes
    ----------
    key : (n,) str
        Level and geoid: ``tract 99001000100``.
    geoid : (n,) str
    data : DataFrame
        Its cells, ``B25003_001E`` and so on, n rows.
    """

    key: StrArray
    geoid: StrArray
    data: pd.DataFrame

    def has(self, *cells: str) -> bool:
        """Whether all of some cells are there, ``B25003_001E``."""
        return all(cell in self.data for cell in cells)

    def cells(self, codes: Sequence[str], kind: str, rows: IntArray | slice = ALL) -> FloatArray:
        """Estimates (``E``) or margins (``M``) of some lines, (rows, codes)."""
        if not codes:
            return np.empty((len(self.key[rows]), 0))
        columns = [self.data[f"{code}{kind}"].to_numpy(dtype=np.float64)[rows] for code in codes]
        return np.column_stack(columns)

    def at(self, level: str) -> IntArray:
        """Rows of one level."""
        return np.flatnonzero(np.char.startswith(self.key, f"{level} "))


@dataclass(frozen=True)
class Survey:
    """The tables of one release.

    Attributes
    ----------
    year : int
        End of the five years.
    tables : mapping of str to Table
    """

    year: int
    tables: Mapping[str, Table]

    def layer(self, table: str) -> str:
        """Name of the layer of a table."""
        return f"acs:{table}@{self.year}"


def surveys(layers: Mapping[str, AnyLayer], prefixes: tuple[str, ...]) -> Iterator[Survey]:
    """The surveys at hand, the newest first; rows of these counties alone, of all where none is named."""
    found: dict[int, dict[str, Table]] = {}
    for name, layer in layers.items():
        told = _NAME.match(name)
        if told is not None and isinstance(layer, Layer):
            found.setdefault(int(told[2]), {})[told[1]] = _table(layer.data, prefixes)
    for year, tables in sorted(found.items(), reverse=True):
        yield Survey(year, tables)


def _table(data: pd.DataFrame, prefixes: tuple[str, ...]) -> Table:
    geoid = data["geoid"].to_numpy(dtype=np.str_)
    level = data["level"].to_numpy(dtype=np.str_)
    if prefixes:
        keep = np.zeros(len(geoid), dtype=np.bool_)
        for prefix in prefixes:
            keep |= np.char.startswith(geoid, prefix)
        if not keep.all():
            data, geoid, level = data[keep], geoid[keep], level[keep]
    return Table(np.char.add(np.char.add(level, " "), geoid), geoid, data)


def positions(known: StrArray, asked: StrArray) -> tuple[IntArray, BoolArray]:
    """Row of each asked id among the known ones, and whether it is one of them."""
    if not len(known):
        return np.zeros(len(asked), dtype=np.int64), np.zeros(len(asked), dtype=np.bool_)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], asked), len(known) - 1)
    return order[at], np.asarray(known[order][at] == asked, dtype=np.bool_)
