"""What cannot be true of the cells of a census table: lines that do not add up, halves of people, no margin at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from justgeo.core.columns import numbers_of
from justgeo.core.errors import LayerError
from justgeo.core.words import plural
from justgeo.measure import survey_structure as structure

ENOUGH = 5
"""Cells with somebody in them, of which at least one must have a margin: controlled totals are few. Our choice."""

_REMEDY = (
    "take the file from the Bureau again, as it is: cells may have been shifted, cut off, scaled, or put together from "
    "two releases."
)


def check_counts(data: pd.DataFrame, table: str, where: str) -> None:
    """Refuse a table of counts whose numbers contradict one another.

    Parameters
    ----------
    data : DataFrame
        ``geoid``, and ``B25003_001E``, ``B25003_001M``, ... without sentinels.
    table : str
        Nothing is asked of tables whose structure is not known, nor of lines that the file does not have.
    where : str
        For messages.

    Raises
    ------
    LayerError
        A count or its margin is no whole number of 0 or more, lines do not add up to their sum, or no part has a
        margin.
    """
    if not structure.counted(table):
        return
    _check_whole(data, where)
    _check_sums(data, table, where)
    _check_margins(data, table, where)


def _check_whole(data: pd.DataFrame, where: str) -> None:
    """The Bureau publishes counts and their margins as whole numbers."""
    every = data.iloc[:, 2:].to_numpy(dtype=np.float64)
    strange = np.isfinite(every) & ((every != np.round(every)) | (every < 0))
    if strange.any():
        column = int(np.flatnonzero(strange.any(axis=0))[0])
        wrong = np.flatnonzero(strange[:, column])
        raise LayerError(
            f"{where}: {data.columns[2 + column]} of {data['geoid'].iloc[wrong[0]]} is {every[wrong[0], column]:.10g}, "
            f"but counts and their margins are whole numbers, 0 or more ({wrong.size} of {len(every)} cells are none).",
            remedy=f"{_REMEDY} Standard errors, percents and thousands belong in a table of your own.",
        )


def _check_sums(data: pd.DataFrame, table: str, where: str) -> None:
    for key, codes in structure.sums(table).items():
        whole = structure.line(key)
        asked = [f"{code}E" for code in (whole, *codes)]
        if any(column not in data for column in asked):
            continue
        values = numbers_of(data, asked)
        told, made = values[:, 0], values[:, 1:].sum(axis=1)
        wrong = np.flatnonzero(np.isfinite(told) & np.isfinite(made) & (told != made))
        if wrong.size:
            at = wrong[0]
            raise LayerError(
                f"{where}: {whole}E of {data['geoid'].iloc[at]} is {told[at]:,.0f}, but the lines that make it up come "
                f"to {made[at]:,.0f} ({wrong.size} of {len(data)} areas).",
                remedy=_REMEDY,
            )


def _check_margins(data: pd.DataFrame, table: str, where: str) -> None:
    """Of a sample, all areas of a level cannot be known for certain."""
    codes = [code for code in structure.parts(table) if f"{code}E" in data]
    if not codes:
        return
    estimate, margin = (numbers_of(data, [f"{code}{kind}" for code in codes]) for kind in "EM")
    asked = (estimate > 0) & np.isfinite(margin)
    for level in data["level"].unique():
        here = asked & (data["level"] == level).to_numpy(dtype=np.bool_)[:, None]
        if here.sum() >= ENOUGH and not (margin[here] > 0).any():
            raise LayerError(
                f"{where}: all margins of the {plural(level)} are 0 ({int(here.sum())} cells with somebody in them), "
                "as if it were no sample.",
                remedy=f"{_REMEDY} A margin that is not at hand is left empty: the number is then shown without one.",
            )
