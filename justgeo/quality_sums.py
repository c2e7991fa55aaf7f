"""Mass balance in the survey's tables: parts against wholes, cells against totals, the survey against the census.

All of the whole place: nothing here looks at a zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from justgeo.catalogue import read as catalogue
from justgeo.core.columns import numbers_of
from justgeo.core.expression import parse
from justgeo.core.layer import BoolArray, FloatArray, Layer
from justgeo.core.quality import Check, Rule
from justgeo.core.zones import StrArray
from justgeo.indicators.place import Place
from justgeo.measure import balance
from justgeo.measure import survey_structure as structure

ACS, SURVEY = "acs:", ("acs",)
"""Beginning of the names of the survey's tables, and what stands for all of them where none is odd."""
EXACT = (
    "estimates of parts and whole are sums of the same answers; in 50 tracts around Charlottesville (survey of "
    "2015-2019) they agree to the unit"
)
BOTH = "our choice: the survey is of five years around the census or after it, and counts other days of the year"
_AT_ONCE = (("block group", "tract", 11), ("tract", "county", 5))
ROUNDED, SHARE = 2.5, 0.001
"""A sum is off where it misses by more than three people and by more than this share (our choice)."""
_PEOPLE, _HOMES = ("B01003_001", "B01001_001", "B03002_001"), ("B25001_001", "B25002_001", "B25034_001", "B25024_001")

GROUPS = Rule(
    "block-groups-and-tracts",
    "Block groups of the survey add up to their tracts",
    "share",
    1.0,
    None,
    "A missing row or a shifted column makes every number of a small area wrong, and no margin tells of it.",
    "Take the survey's tables again from the Census Bureau, whole and of one year.",
    EXACT,
)
TRACTS = Rule(
    "tracts-and-counties",
    "Tracts of the survey add up to their county",
    "share",
    1.0,
    None,
    "The wider area is told by the county's own row, and the district by its tracts: where they disagree, so does the "
    "comparison.",
    "Take the survey's tables again from the Census Bureau, whole and of one year.",
    EXACT,
)
CELLS = Rule(
    "cells-and-totals",
    "The cells of each survey table add up to its total",
    "share",
    1.0,
    None,
    "A share is a part over its whole: where the parts do not make up the whole, the share is wrong.",
    "Take the table again; see that its columns were not moved or renamed.",
    EXACT,
)
THERE = Rule(
    "margins-there",
    "Every count of the survey comes with its margin",
    "share",
    0.99,
    None,
    "Without its margin a number cannot be told as sure or unsure.",
    "Take the tables with their columns of margins, for all areas.",
    "our choice; the Bureau publishes a margin beside every count",
)
PEOPLE = Rule(
    "blocks-and-county-people",
    "People in the blocks beside the survey's number for the county",
    "ratio",
    0.8,
    1.25,
    "Blocks say where in an area people live: blocks that are missing, or are there twice, move every number of the "
    "district.",
    "See that the blocks are those of the whole county, each once, with the people of the 2020 census.",
    BOTH,
)
HOMES = Rule(
    "blocks-and-county-homes",
    "Homes in the blocks beside the survey's number for the county",
    "ratio",
    0.8,
    1.25,
    "Homes in the blocks divide households at the boundary: a wrong count moves rents, incomes and tenure.",
    "See that the blocks' housing_units are homes, occupied and vacant, of the 2020 census.",
    BOTH,
)
RULES = (GROUPS, TRACTS, CELLS, THERE, PEOPLE, HOMES)
NO_SURVEY = "no table of the survey was given"
NO_BLOCKS = "no census blocks were given"


@dataclass(frozen=True)
class _Table:
    """Counts of one table of the survey as arrays."""

    name: str
    level: StrArray
    geoid: StrArray
    codes: tuple[str, ...]
    estimate: FloatArray
    moe: FloatArray

    def at(self, level: str) -> BoolArray:
        return np.asarray(self.level == level, dtype=np.bool_)


@dataclass
class _Tally:
    """How many numbers were compared and how many of them are off, with the worst."""

    compared: int = 0
    off: int = 0
    layers: list[str] = field(default_factory=list)
    first: str = ""
    size: float = 0.0

    def add(self, name: str, found: FloatArray, told: FloatArray, where: StrArray, codes: tuple[str, ...]) -> None:
        """``where`` names the rows, ``codes`` the columns."""
        far = balance.off(found, told, SHARE, ROUNDED)
        self.compared += int(np.isfinite(found - told).sum())
        self.off += int(far.sum())
        at = balance.worst(found, told, far)
        if at is None:
            return
        self.layers.append(name)
        gap = float(abs(found[at] - told[at]) / max(abs(told[at]), 1.0))
        if gap > self.size:
            row, column = at
            self.size = gap
            self.first = f"{codes[column]} of {where[row]} is {told[at]:,.0f}, its parts add up to {found[at]:,.0f}"

    def check(self, rule: Rule, why: str) -> Check:
        if not self.compared:
            return rule.unknown(why, SURVEY)
        layers = self.layers or SURVEY
        said = f"{self.off} of {self.compared} numbers are off; the worst: {self.first}"
        return rule.check(1.0 - self.off / self.compared, layers, said)


def survey(place: Place) -> Iterable[Check]:
    """Parts and wholes of the survey's tables."""
    tables = list(_tables(place))
    levels = {level: _Tally() for level, _, _ in _AT_ONCE}
    for one in tables:
        for level, above, width in _AT_ONCE:
            part, whole = one.at(level), one.at(above)
            if not part.any() or not whole.any():
                continue
            found = balance.sums(one.geoid[part], one.estimate[part], one.geoid[whole], one.estimate[whole], width)
            levels[level].add(one.name, found.summed, found.published, found.whole, one.codes)
    none = "no table has both areas and their parts" if tables else NO_SURVEY
    yield levels["block group"].check(GROUPS, none)
    yield levels["tract"].check(TRACTS, none)
    yield _cells(tables)
    yield _there(tables)


def _tables(place: Place) -> Iterable[_Table]:
    for name, layer in place.layers.items():
        if name.startswith(ACS) and isinstance(layer, Layer) and counts(name.removeprefix(ACS).partition("@")[0]):
            codes = [c.removesuffix("E") for c in map(str, layer.data) if c.endswith("E") and "_" in c]
            data = layer.data
            yield _Table(
                name,
                data["level"].to_numpy(dtype=np.str_),
                data["geoid"].to_numpy(dtype=np.str_),
                tuple(codes),
                numbers_of(data, [f"{c}E" for c in codes]),
                numbers_of(data, [f"{c}M" for c in codes]),
            )


def _cells(tables: Iterable[_Table]) -> Check:
    """Numerator and complement of a share make up its denominator, where all three are of one table."""
    known = list(tables)
    tally = _Tally()
    for one in known:
        table = one.name.removeprefix(ACS).partition("@")[0]
        column = {code: i for i, code in enumerate(one.codes)}
        for parts, whole in identities().get(table, ()):
            if not set(parts) | {*whole[0], *whole[1]} <= column.keys():
                continue
            at = [column[code] for code in parts]
            plus, minus = ([column[code] for code in codes] for codes in whole)
            summed = one.estimate[:, at].sum(axis=1, keepdims=True)
            told = one.estimate[:, plus].sum(axis=1, keepdims=True) - one.estimate[:, minus].sum(axis=1, keepdims=True)
            tally.add(one.name, summed, told, one.geoid, (whole[0][0],))
    return tally.check(CELLS, NO_SURVEY if not known else "no table has all of its cells")


def counts(table: str) -> bool:
    """Whether a table of the survey is one of counts; of medians, means, indices and dollars nothing adds up in areas.

    Named are the tables that are known to be: those whose lines are known, and those of which a row of the catalogue
    has all parts. Of the others nothing is said.
    """
    totals = (code for codes in structure.UNIVERSES.values() for code in codes)
    return structure.counted(table) or table in identities() or any(code[:-4] == table for code in totals)


Identity = tuple[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]]


@cache
def identities() -> Mapping[str, tuple[Identity, ...]]:
    """By table: cells that make up others, as the rows of the catalogue know them."""
    found: dict[str, dict[Identity, None]] = {}
    for row in catalogue.indicators():
        for told in (row.parameters, *(dict(one) for one in row.groups.values() if isinstance(one, Mapping))):
            if not all(isinstance(told.get(key), str) for key in ("numerator", "denominator", "complement")):
                continue
            top, rest, whole = (parse(str(told[key])) for key in ("numerator", "complement", "denominator"))
            tables = {*top.tables, *rest.tables, *whole.tables}
            if len(tables) == 1 and not top.minus and not rest.minus:
                one = (tuple(sorted((*top.plus, *rest.plus))), (whole.plus, whole.minus))
                found.setdefault(tables.pop(), {})[one] = None
    return {table: tuple(rows) for table, rows in found.items()}


def _there(tables: Iterable[_Table]) -> Check:
    counts = without = 0
    layers = []
    for one in tables:
        known = np.isfinite(one.estimate)
        gone = int((known & ~np.isfinite(one.moe)).sum())
        counts, without = counts + int(known.sum()), without + gone
        layers += [one.name] if gone else []
    if not counts:
        return THERE.unknown(NO_SURVEY, SURVEY)
    return THERE.check(1.0 - without / counts, layers or SURVEY, f"{without} of {counts} counts have no margin")


def census(place: Place) -> Iterable[Check]:
    """People and homes of the blocks, by the county's own row of the survey."""
    yield _beside(place, PEOPLE, "population", _PEOPLE)
    yield _beside(place, HOMES, "housing_units", _HOMES)


def _beside(place: Place, rule: Rule, column: str, cells: tuple[str, ...]) -> Check:
    blocks = place.layers.get("blocks")
    if not isinstance(blocks, Layer) or blocks.geography != "block" or column not in blocks.data:
        return rule.unknown(NO_BLOCKS if column == "population" else "the blocks carry no homes")
    name, rows = _of_county(place, cells)
    if not rows:
        return rule.unknown("the survey's tables at hand have no row of the county")
    county = blocks.data["geoid"].astype(str).str[:5]
    counted = {code: float(np.nansum(blocks.data[column][county == code])) for code in rows}
    told = {code: rows[code] / counted[code] for code in rows if counted[code] > 0}
    if not told:
        return rule.unknown("the blocks of the county hold nobody")
    far = max(told, key=lambda code: abs(np.log(max(told[code], 1e-9))))
    why = f"county {far}: {counted[far]:,.0f} in the blocks, {rows[far]:,.0f} in the survey"
    return rule.check(told[far], (name, "blocks"), why)


def _of_county(place: Place, cells: tuple[str, ...]) -> tuple[str, dict[str, float]]:
    """The first of some cells that is at hand, by county of the reference."""
    for cell in cells:
        name = place.table_name(cell.partition("_")[0])
        layer = place.layers.get(name)
        if isinstance(layer, Layer) and f"{cell}E" in layer.data:
            data = layer.data
            mine = data[(data["level"] == "county") & data["geoid"].isin(place.reference_prefixes)]
            known = mine[np.isfinite(mine[f"{cell}E"].to_numpy(dtype=np.float64))]
            if len(known):
                return name, dict(zip(known["geoid"].astype(str), known[f"{cell}E"].astype(float), strict=True))
    return "", {}
