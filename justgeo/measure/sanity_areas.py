"""What outlines, blocks and the survey's rows say of one another: areas that one of them lacks, people on water.

Limits are our choice, and wide: no real place at hand comes near them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.quality import Check, Rule
from justgeo.core.words import plural
from justgeo.core.zones import StrArray
from justgeo.measure.survey_rows import NO_SURVEY, Survey

NO_BLOCKS = "no census blocks were given"
LARGE, TWICE = 500.0, 2.0
"""Tracts whose people are compared, and by how much the two may differ. Our choice."""

ROWS = Rule(
    "rows-and-outlines",
    "Tracts and block groups of the wider area that either the survey or the map lacks",
    "areas",
    None,
    0.0,
    "An area that is missing is no area without people: what is told of its neighbors is then told of it too.",
    "Take tables and outlines of the whole county, of one year.",
)
FILLED = Rule(
    "blocks-fill-areas",
    "Tracts and block groups of the wider area that the blocks do not fill",
    "share of the areas",
    None,
    0.0,
    "Where blocks are missing, people are divided by area, and everybody near is taken to live elsewhere.",
    "Take the blocks of every county that the district and its wider area touch.",
)
WATER = Rule(
    "people-on-water",
    "People in blocks that have no land",
    "share of the people",
    None,
    0.01,
    "Blocks without land carry nobody: their people are lost.",
    "See that land_m2 is the column of land (ALAND20), not that of water.",
)
TRACTS = Rule(
    "people-of-tracts",
    "Tracts in which the blocks hold less than half or more than twice the survey's people",
    "share of the tracts",
    None,
    0.05,
    "Blocks say where people live: a count that was left out, or filled with 0, moves everybody next door.",
    "See that every block has its own count, and that tables and blocks are of one place.",
)
RULES = (ROWS, FILLED, WATER, TRACTS)


@dataclass(frozen=True)
class Outlines:
    """Areas of one level that are drawn.

    Attributes
    ----------
    level, layer : str
    vintage : int
        Of the census.
    geoid : (n,) str
    dry : (n,) bool
        Whether they have land.
    incomplete : (n,) bool
        Whether the blocks do not fill them.
    """

    level: str
    layer: str
    vintage: int
    geoid: StrArray
    dry: BoolArray
    incomplete: BoolArray

    def of(self, prefixes: Sequence[str]) -> BoolArray:
        """Those of some counties; all where none is named."""
        return _of(self.geoid, prefixes)


def _of(geoid: StrArray, prefixes: Sequence[str]) -> BoolArray:
    keep = np.full(len(geoid), not prefixes, dtype=np.bool_)
    for prefix in prefixes:
        keep |= np.char.startswith(geoid, prefix)
    return keep


def rows(survey: Survey | None, drawn: Iterable[Outlines], prefixes: Sequence[str]) -> Check:
    """Every area that the survey has a row of is drawn, and every drawn one with land has a row.

    Parameters
    ----------
    survey : Survey or None
        Of the areas' own census.
    drawn : iterable of Outlines
    prefixes : sequence of str
        Counties of the reference.
    """
    if survey is None:
        return ROWS.unknown(NO_SURVEY)
    lost: list[str] = []
    layers: dict[str, None] = {}
    looked = 0
    for outlines in drawn:
        for table, frame in survey.tables.items():
            told = frame.geoid[frame.at(outlines.level)]
            if not len(told):
                continue  # nothing of this level is published in this table
            looked += 1
            here = outlines.of(prefixes)
            bare = np.setdiff1d(outlines.geoid[here & outlines.dry], told)
            blank = np.setdiff1d(told, outlines.geoid)
            if len(bare) or len(blank):
                layers |= {survey.layer(table): None, outlines.layer: None}
                lost += [f"{outlines.level} {geoid} is in no row of {table}" for geoid in bare]
                lost += [f"{outlines.level} {geoid} of {table} is not drawn" for geoid in blank]
    if not looked:
        return ROWS.unknown("the survey has no rows of the areas that are drawn")
    return ROWS.check(float(len(lost)), layers, f"{len(lost)} are lacking: {lost[0]}" if lost else "")


def filled(drawn: Iterable[Outlines], prefixes: Sequence[str]) -> Check:
    """Blocks fill the areas that they make up."""
    looked, off, why = 0, 0, ""
    layers: list[str] = []
    for outlines in drawn:
        here = outlines.of(prefixes) & outlines.dry
        lacking = outlines.geoid[here & outlines.incomplete]
        looked, off = looked + int(here.sum()), off + len(lacking)
        if len(lacking):
            layers.append(outlines.layer)
            why = why or f"{len(lacking)} of {int(here.sum())} {plural(outlines.level)}, for example {lacking[0]}"
    if not looked:
        return FILLED.unknown("no tracts or block groups are drawn")
    return FILLED.check(off / looked, ("blocks", *layers), why)


def water(people: FloatArray, land: FloatArray) -> Check:
    """People live on land; ``people`` and ``land`` by block, NaN where not known."""
    known = np.isfinite(people) & np.isfinite(land)
    everybody = float(people[known].sum())
    if everybody <= 0:
        return WATER.unknown("nobody is counted in the blocks")
    wet = float(people[known & (land <= 0)].sum())
    return WATER.check(wet / everybody, ("blocks",), f"{wet:,.0f} of {everybody:,.0f} people in blocks")


def tracts(survey: Survey | None, block: StrArray, people: FloatArray, cells: Sequence[str]) -> Check:
    """People of tracts by their blocks, beside the survey's.

    Parameters
    ----------
    survey : Survey or None
        Of the blocks' own census.
    block : (n,) str
        Geoids of blocks.
    people : (n,) float
    cells : sequence of str
        Lines that count all people; the first that is at hand is taken.
    """
    if survey is None:
        return TRACTS.unknown(NO_SURVEY)
    found: Mapping[str, str] = {code: code[:-4] for code in cells if code[:-4] in survey.tables}
    if not found:
        return TRACTS.unknown("no table of all people is at hand")
    code, table = next(iter(found.items()))
    frame = survey.tables[table]
    at = frame.at("tract")
    told = frame.cells([code], "E", at)[:, 0]
    names, of = np.unique(block.astype("U11"), return_inverse=True)
    counted = np.bincount(of, np.nan_to_num(people), len(names))
    known = dict(zip(names.tolist(), counted.tolist(), strict=True))
    made = np.array([known.get(str(geoid), np.nan) for geoid in frame.geoid[at]])
    use = (np.maximum(told, made) >= LARGE) & np.isfinite(told) & np.isfinite(made)
    if not use.any():
        return TRACTS.unknown("no tract has enough people in both")
    off = use & ((made < told / TWICE) | (made > told * TWICE))
    why = ""
    if off.any():
        first = int(np.flatnonzero(off)[0])
        why = (
            f"{int(off.sum())} of {int(use.sum())} tracts; of {frame.geoid[at][first]} the blocks hold "
            f"{made[first]:,.0f} people, the survey {told[first]:,.0f}"
        )
    return TRACTS.check(float(off.sum() / use.sum()), (survey.layer(table), "blocks"), why)
