"""Rows of a Census table piece by piece, put together, and the file that they are kept in.

The file is a CSV in the API's own form, whoever asked for it: a header ``GEO_ID,B25003_001E,B25003_001M,...``, rows in
the order of their GEO_ID, cells as the API said them, empty where it said null.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from justgeo.core.errors import SourceError
from justgeo.core.words import plural
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.census_answers import LEVELS, SERVICE, Cells, Piece, Row
from justgeo.sources.live.census_api import Pair, Provider
from justgeo.sources.live.records import Question

MOST_VARIABLES = 50
"""The API takes no more at once."""

Gathered = dict[str, dict[str, list[Row]]]
"""Rows by level and county."""


@dataclass(frozen=True)
class Wanted:
    """What one ask gathers.

    Attributes
    ----------
    label, dataset : str
    year : int
    levels : tuple of str
        Words of ``census_answers.LEVELS``.
    counties : tuple of str
        Five digits each.
    """

    label: str
    dataset: str
    year: int
    levels: tuple[str, ...]
    counties: tuple[str, ...]

    def question(self, more: Mapping[str, object]) -> Question:
        """What decides the bytes; who asks does not."""
        asked = {
            "dataset": self.dataset,
            "year": self.year,
            "levels": list(self.levels),
            "counties": list(self.counties),
        }
        return Question(self.label, SERVICE, {**asked, **more})


def gather(wanted: Wanted, groups: Sequence[Pair], source: Provider, folder: Path, tools: Tools) -> Gathered:
    """All rows of what is wanted.

    Parameters
    ----------
    wanted : Wanted
    groups : sequence of tuple of str
        Variables; those of a group, an estimate and its margin, come in one answer.
    source : Provider
    folder : Path
        For the bytes while they come.
    tools : Tools
        Its progress is told the pieces done and in all.

    Returns
    -------
    dict of str to dict of str to list of Row
        By level and county, each row with the cells of all groups in their order. A list is empty where the API has
        nothing, which it may say of block groups alone.

    Raises
    ------
    SourceError
    """
    most = min(int(tools.services[SERVICE].options.get("most_variables", MOST_VARIABLES)), MOST_VARIABLES)
    chunks = _chunks(groups, most)
    whole = len(wanted.levels) * len(wanted.counties) * len(chunks)
    done = 0
    found: Gathered = {}
    for level in wanted.levels:
        found[level] = {}
        for county in wanted.counties:
            parts: list[list[Row]] = []
            for variables in chunks:
                tools.progress(wanted.label, done, whole)
                piece = Piece(wanted.dataset, wanted.year, variables, LEVELS[level], county)
                parts.append(_rows(piece, source, tools, folder))
                done += 1
            found[level][county] = _side_by_side(parts, level, county, wanted.label)
    tools.progress(wanted.label, whole, whole)
    return found


def write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """The file of a table: same rows in any order, same bytes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["GEO_ID", *columns])
        writer.writerows([row.geo_id, *row.cells] for row in sorted(rows, key=lambda row: row.geo_id))


def _chunks(groups: Sequence[Pair], most: int) -> list[tuple[str, ...]]:
    """Variables in calls of at most so many; a group is never parted."""
    chunks: list[tuple[str, ...]] = []
    for group in groups:
        if chunks and len(chunks[-1]) + len(group) <= most:
            chunks[-1] = (*chunks[-1], *group)
        else:
            chunks.append(tuple(group))
    return chunks


def _rows(piece: Piece, source: Provider, tools: Tools, folder: Path) -> list[Row]:
    failure: SourceError
    try:
        return source.rows(piece, tools, folder)
    except SourceError as error:
        failure = error
    if failure.kind == "missing":
        failure.message += f" It was asked for the {piece}."
        failure.remedy = f"see that the county exists in that year; {failure.remedy}"
    raise failure


def _side_by_side(parts: Sequence[Sequence[Row]], level: str, county: str, label: str) -> list[Row]:
    """One row a place from the answers to all chunks.

    Raises
    ------
    SourceError
        ``partial``: they do not speak of the same places.
    """
    first, *rest = ({row.geo_id: row.cells for row in part} for part in parts)
    joined: dict[str, Cells] = first
    for other in rest:
        odd = sorted(first.keys() ^ other.keys())
        if odd:
            raise SourceError(
                f"{label}: of {len(parts)} answers on the {plural(level)} of county {county}, one lacks "
                f"{len(odd)} of them, for example {odd[0]}.",
                remedy="fetch again: it was not whole, or the data changed meanwhile.",
                kind="partial",
                service=SERVICE,
            )
        joined = {geo_id: cells + other[geo_id] for geo_id, cells in joined.items()}
    return [Row(geo_id, cells) for geo_id, cells in joined.items()]
