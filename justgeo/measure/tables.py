"""Rows of a table of published units: which of its levels are known, and which row is whose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from justgeo.core.errors import LayerError, VintageError
from justgeo.core.layer import IntArray
from justgeo.core.words import plural
from justgeo.core.zones import StrArray, Units
from justgeo.measure import nesting
from justgeo.measure.nesting import LEVELS, Origins, UnitSet

Known = Mapping[tuple[str, int], UnitSet]


def known_levels(table: Units, units: Known, origins: Origins | None) -> tuple[list[str], list[str]]:
    """Levels of a table that are known here, coarse to fine, and those of which no layer is at hand.

    Raises
    ------
    VintageError
        None is known in the table's vintage, or a layer of another census draws a level.
    LayerError
        The table has several levels that do not nest by id.
    """
    names, first = np.unique(table.level, return_index=True)
    present = [str(level) for level in names[np.argsort(first)]]
    known = [
        level for level in present if is_origin(level, table.vintage, units, origins) or (level, table.vintage) in units
    ]
    if not known:
        raise no_layer(", ".join(present) or "areas", table.vintage, units)
    for level in known:
        _check_drawn(level, table.vintage, units)
    if len(known) > 1 and any(level not in LEVELS for level in known):
        raise LayerError(
            f"One table speaks of {' and '.join(known)}, which do not nest by id.",
            remedy="give a planner's own areas a table of their own.",
        )
    unused = [level for level in present if level not in known]
    return sorted(known, key=lambda level: list(LEVELS).index(level) if level in LEVELS else 0), unused


def _check_drawn(level: str, vintage: int, units: Known) -> None:
    """Ids are used again from census to census: units known by blocks' ids alone must not stand in for drawn ones.

    Raises
    ------
    VintageError
        The layer of this level is of another census than the table.
    """
    asked = units.get((level, vintage))
    drawn = [year for (name, year), unit in units.items() if name == level and unit.geometry is not None]
    if asked is not None and asked.geometry is None and drawn:
        raise VintageError(
            f"A table speaks of {plural(level)} of {vintage}, but the layer of {plural(level)} is of {drawn[0]}.",
            remedy=f"declare the table's vintage as {drawn[0]} if it is (ACS tables up to 2019 are of 2010), "
            f"or give the layer of {plural(level)} of {vintage}.",
        )


def rows_of(table: Units, level: str, geoid: StrArray) -> IntArray:
    """Row of the table for each of a level's units, -1 where it has none, (n,).

    Raises
    ------
    LayerError
        The table repeats an id.
    """
    mine = np.flatnonzero(table.level == level)
    ids = table.geoid[mine]
    if len(np.unique(ids)) < len(ids):
        raise LayerError(f"The table has more than one row for a {level}.", remedy="keep one row for each area.")
    at = nesting.positions(ids, geoid)
    return np.asarray(np.where(at >= 0, mine[at] if len(mine) else -1, -1), dtype=np.int64)


def is_origin(level: str, vintage: int, units: Known, origins: Origins | None) -> bool:
    """Whether these units are the origins themselves."""
    if origins is None or (level, vintage) in units:
        return False
    return origins.geography == level and origins.vintage == vintage


def no_layer(level: str, vintage: int, known: Known) -> VintageError:
    """The error of a level of which no layer is at hand."""
    have = ", ".join(f"{plural(name)} of {year}" for name, year in sorted(known)) or "none"
    return VintageError(
        f"A table speaks of {plural(level)} of {vintage}, and no layer of them is at hand (known: {have}).",
        remedy=f"give the layer of {plural(level)} of {vintage}; ids of another census must not be joined to it.",
    )
