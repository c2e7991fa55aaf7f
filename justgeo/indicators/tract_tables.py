"""One survey over the tracts of a reference: the shares and medians that displacement is read from, and the region's.

Shares and their margins are made by the same rules as those of the pages (`justgeo.measure.reduce.parts`). The
region's are those of its counties' published rows, which are surer than the sum of their tracts (METHODS 2.0 item 18);
of its tracts pooled, where a county has no row.

A median is the Bureau's own, or rebuilt from classes where a tract has none of its own (METHODS 2.2). Outside the
scale of the published medians there are no numbers, only its two ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from justgeo.core.columns import numbers_of
from justgeo.core.errors import Absent
from justgeo.core.field import Cells, CountField, Counts, Weight
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import StrArray, Units
from justgeo.measure import margins, medians, rows
from justgeo.measure.fractions import Matrix
from justgeo.measure.margins import Z90
from justgeo.measure.reduce import parts
from justgeo.measure.typology.values import Amount, Pooled

LOW_INCOME_SHARE = 0.8
NEW_CLASSES = 2015
"""First year of the longer scales of rents and home values (METHODS 1.1)."""


class Share(NamedTuple):
    """A part of a whole by lines of one table; ``less`` where one minus it is meant."""

    table: str
    lines: tuple[int, ...]
    others: tuple[int, ...]
    weight: Weight
    less: bool = False


SHARES: Mapping[str, Share] = {
    # One less the share of renters, so that its margin is the one that pages print of renters.
    "owners": Share("B25003", (3,), (2,), "households", less=True),
    "white": Share("B03002", (3,), (*range(4, 10), 12), "persons"),
    "bachelors": Share("B15003", tuple(range(22, 26)), tuple(range(2, 22)), "persons"),
}


class Scale(NamedTuple):
    """A median: its table, the table of its classes with their first line, and the ends of its published scale.

    ``highest`` and ``highest_before`` since and before 2015.
    """

    table: str
    classes: str
    first: int
    edges: str
    lowest: float
    highest: float
    highest_before: float
    pareto: bool = False


SCALES: Mapping[str, Scale] = {
    "income": Scale("B19013", "B19001", 2, "income_edges", 2_500, 250_000, 250_000, pareto=True),
    "value": Scale("B25077", "B25075", 2, "value_edges", 10_000, 2_000_000, 1_000_000),
    "rent": Scale("B25064", "B25063", 3, "rent_edges", 100, 3_500, 2_000),
}
COUNTS = ("B25003", "B03002", "B15003", "B19001", "B25075", "B25063")
"""Tables of counts, which can be carried from one census to the next; medians cannot."""


class Coded(NamedTuple):
    """Medians (n,); ``top`` where one is only known to lie beyond the scale: its value is that end, and ranks high."""

    amount: Amount
    top: BoolArray


@dataclass(frozen=True)
class Survey:
    """The tables of one survey, at the tracts of a reference and at its counties.

    Attributes
    ----------
    year : int
        End year.
    vintage : int
        Census of the tracts.
    geoid : (n,) str
        Tracts.
    counties : tuple of str
        All that make up the reference.
    frames : mapping of str to DataFrame
        Indexed by (level, geoid); a table that is not at hand is not there.
    edges : mapping of str to list
        Limits of the classes by the names of the catalogue, as they are since 2015.
    divided : mapping of str to (n,) float
        For a table that was carried: the standard error of its share that comes from tracts which were divided; of a
        table of classes, the share below a tract's median. See `carried.divided`.
    """

    year: int
    vintage: int
    geoid: StrArray
    counties: tuple[str, ...]
    frames: Mapping[str, pd.DataFrame]
    edges: Mapping[str, Sequence[Any]]
    divided: Mapping[str, FloatArray] = field(default_factory=dict)
    _known: list[tuple[pd.Index, str, IntArray]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.geoid)

    def cells(self, table: str, lines: Sequence[int], level: str = "tract") -> Cells:
        """Some lines of a table, (n, k), NaN where a place or a line is not in it.

        Raises
        ------
        Absent
            The table is not at hand.
        """
        if table not in self.frames:
            raise Absent(f"table {table} of the survey of {self.year} is not at hand")
        codes = tuple(f"{table}_{line:03d}" for line in lines)
        frame = self.frames[table]
        at = self._rows_of(frame.index, level)

        def of(kind: str) -> FloatArray:
            found = numbers_of(frame, [code + kind for code in codes])
            return np.asarray(np.where(at[:, None] < 0, np.nan, found[at]), dtype=np.float64)

        return Cells(codes, of("E"), of("M"))

    def _rows_of(self, index: pd.Index, level: str) -> IntArray:
        """In which row of an index each place of a level stands, -1 for none; found once of each."""
        for known, of_level, rows_ in self._known:
            if known is index and of_level == level:
                return rows_
        places = self.geoid if level == "tract" else np.asarray(self.counties, dtype=np.str_)
        wanted = pd.MultiIndex.from_arrays([np.full(len(places), level), places])
        found = np.asarray(index.get_indexer(wanted), dtype=np.int64)
        self._known.append((index, level, found))
        return found

    def has(self, table: str) -> bool:
        """Whether a table is at hand."""
        return table in self.frames

    def count(self, table: str, line: int) -> Amount:
        """One line of counts with its standard error, (n,)."""
        cells = self.cells(table, [line])
        return Amount(cells.estimate[:, 0], cells.moe[:, 0] / Z90)


def share(survey: Survey, name: str) -> tuple[Amount, Pooled]:
    """A share of `SHARES` over the tracts, and that of their region."""
    of = SHARES[name]
    found, region = _share(survey, _field(survey, of, "tract"), _field(survey, of, "county"))
    found = Amount(found.value, np.hypot(found.se, survey.divided.get(of.table, np.zeros(len(survey)))))
    if not of.less:
        return found, region
    return Amount(1.0 - found.value, found.se), Pooled(1.0 - region.value, region.se)


def low_income(survey: Survey, median: float) -> tuple[Amount, Pooled]:
    """Households below 80 % of a median income: linear within the class that it cuts.

    The median is taken as it stands: its own error, small beside that of a tract, is not in the margin.
    """
    scale = SCALES["income"]
    edges = edges_of(survey, "income")
    below = medians.bin_fractions(LOW_INCOME_SHARE * median, edges)

    def part(level: str) -> CountField:
        bins = survey.cells(scale.classes, _lines(scale, edges), level)
        whole = survey.cells(scale.classes, [1], level)
        return _count_field(survey, _scaled(bins, below), _scaled(bins, 1.0 - below), whole, "households")

    return _share(survey, part("tract"), part("county"))


def median(survey: Survey, name: str, rebuilt: BoolArray) -> Coded:
    """Medians over the tracts: published ones, and rebuilt ones where that is asked for, (n,).

    A tract to be rebuilt has no median where its classes are not at hand. Below the scale there is none either.
    """
    n = len(survey)
    value, se, top = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    scale = SCALES[name]
    if survey.has(scale.table):
        amount, coded = _published(survey, scale)
        value, se, top = amount.value.copy(), amount.se.copy(), coded.copy()
    if rebuilt.any():
        amount, coded = _rebuilt(survey, name)
        value[rebuilt], se[rebuilt], top[rebuilt] = amount.value[rebuilt], amount.se[rebuilt], coded[rebuilt]
    return Coded(Amount(value, se), top)


def region_income(survey: Survey) -> Pooled:
    """Median household income of the region: published where it is one county, else rebuilt from its classes.

    Raises
    ------
    Absent
        It lies in an open class.
    """
    scale = SCALES["income"]
    if len(survey.counties) == 1 and survey.has(scale.table):
        cell = survey.cells(scale.table, [1], "county")
        value, moe = float(cell.estimate[0, 0]), float(cell.moe[0, 0])
        if scale.lowest <= value <= scale.highest:
            return Pooled(value, moe / Z90)
    edges = edges_of(survey, "income")
    lines = _lines(scale, edges)
    counts = survey.cells(scale.classes, lines, "county").estimate
    if not np.isfinite(counts).all():
        counts = survey.cells(scale.classes, lines).estimate
        # A tract of which a class is not known is left out whole, as it is of the pooled shares.
        counts = counts[np.isfinite(counts).all(axis=1)]
    factor = design_factor(survey, "income")
    found = medians.grouped_median(edges, counts.sum(axis=0)[None, :], pareto=True, design_factor=factor)
    if not np.isfinite(found.value[0]):
        raise Absent("the reference's median income falls in an open bracket, so low income cannot be told")
    return Pooled(float(found.value[0]), float(found.moe[0]) / Z90)


def design_factor(survey: Survey, name: str) -> float:
    """What makes the method's margin of a median the published one: of the region's counties, the middle one's."""
    scale = SCALES[name]
    if not (survey.has(scale.table) and survey.has(scale.classes)):
        return medians.DEFAULT_DESIGN_FACTOR
    edges = edges_of(survey, name)
    published = survey.cells(scale.table, [1], "county").moe[:, 0]
    counts = survey.cells(scale.classes, _lines(scale, edges), "county").estimate
    simple = medians.grouped_median(edges, counts, pareto=scale.pareto, design_factor=1.0).moe
    usable = np.isfinite(published) & (published > 0) & np.isfinite(simple) & (simple > 0)
    if not usable.any():
        return medians.DEFAULT_DESIGN_FACTOR
    pairs = zip(published[usable], simple[usable], strict=True)
    return float(np.median([medians.design_factor(float(p), float(s)) for p, s in pairs]))


def share_with_margin(survey: Survey, of: Share) -> tuple[FloatArray, FloatArray]:
    """A share over the tracts with its 90 % margin, (n,) each, as its table has it."""
    made = parts(rows.each(len(survey)), _field(survey, of, "tract"))
    return made.value, made.moe


def share_below_middle(survey: Survey, name: str) -> tuple[FloatArray, FloatArray]:
    """Share of each tract's homes below the middle of all of them, with its 90 % margin, (n,) each."""
    scale, edges = SCALES[name], edges_of(survey, name)
    bins = survey.cells(scale.classes, _lines(scale, edges))
    known = np.isfinite(bins.estimate).all(axis=1)
    whole = bins.estimate[known].sum(axis=0)[None, :]
    middle = float(medians.grouped_median(edges, whole, pareto=scale.pareto).value[0])
    if not np.isfinite(middle):
        return np.full(len(survey), np.nan), np.full(len(survey), np.nan)
    below = _scaled(bins, medians.bin_fractions(middle, edges))
    every = rows.each(len(survey))
    top = margins.weighted_sum(every, below.estimate, below.moe)
    # The classes alone: a table may count homes that have no amount (no cash rent).
    total = margins.weighted_sum(every, bins.estimate, bins.moe)
    made = margins.proportion(top.value, top.moe, total.value, total.moe)
    return made.value, made.moe


def edges_of(survey: Survey, name: str) -> FloatArray:
    """Limits of the classes of a median in the year of a survey; the last class is open."""
    scale = SCALES[name]
    edges = np.array([np.inf if str(e) == "inf" else float(e) for e in survey.edges[scale.edges]], dtype=np.float64)
    if survey.year < NEW_CLASSES and name != "income":
        edges = np.append(edges[edges <= scale.highest_before], np.inf)
    return edges


def _lines(scale: Scale, edges: FloatArray) -> range:
    return range(scale.first, scale.first + len(edges) - 1)


def _ends(survey: Survey, scale: Scale) -> tuple[float, float]:
    return scale.lowest, scale.highest if survey.year >= NEW_CLASSES else scale.highest_before


def _published(survey: Survey, scale: Scale) -> tuple[Amount, BoolArray]:
    cells = survey.cells(scale.table, [1])
    value, se = cells.estimate[:, 0].copy(), cells.moe[:, 0] / Z90
    lowest, highest = _ends(survey, scale)
    with np.errstate(invalid="ignore"):
        below, beyond = value < lowest, value > highest
    value[below] = np.nan
    se[below | beyond] = np.nan
    return Amount(value, se), np.asarray(beyond, dtype=np.bool_)


def _rebuilt(survey: Survey, name: str) -> Coded:
    """Medians of all tracts from their classes; none where these are not at hand.

    To the sampling part of the margin comes that of dividing tracts: on the invented county the sampling part alone
    covers 62 to 70 % of the true medians of tracts that were drawn anew.
    """
    scale, n = SCALES[name], len(survey)
    if not survey.has(scale.classes):
        return Coded(Amount(np.full(n, np.nan), np.full(n, np.nan)), np.zeros(n, dtype=np.bool_))
    edges = edges_of(survey, name)
    counts = survey.cells(scale.classes, _lines(scale, edges)).estimate
    factor, divided = design_factor(survey, name), survey.divided.get(scale.classes, np.zeros(n))

    def found(rows: Any, by: float) -> medians.Median:
        return medians.grouped_median(edges, counts[rows], pareto=scale.pareto, design_factor=by)

    made = found(slice(None), factor)
    moe = made.moe.copy()
    for k in np.flatnonzero(divided > 0):
        sampled = sampling_error(float(counts[k].sum()), factor)
        moe[k] = found([k], float(factor * np.hypot(1.0, divided[k] / sampled))).moe[0]
    beyond = np.asarray(made.reason == medians.IN_HIGHEST, dtype=np.bool_)
    return Coded(Amount(np.where(beyond, edges[-2], made.value), moe / Z90), beyond)


def sampling_error(homes: float, factor: float) -> float:
    """Standard error of a share of one half of so many homes, by the rule of `justgeo.measure.medians`."""
    percent = medians.FIVE_YEAR_PERCENT
    return factor * float(np.sqrt((100.0 - percent) / percent / max(homes, 1.0))) / 2.0


def _scaled(cells: Cells, by: FloatArray) -> Cells:
    """Parts of cells: of those that count for nothing, neither the number nor its margin has to be known."""
    none = by == 0
    return Cells(cells.codes, np.where(none, 0.0, cells.estimate * by), np.where(none, 0.0, cells.moe * by))


def _field(survey: Survey, of: Share, level: str) -> CountField:
    top, rest, whole = (survey.cells(of.table, lines, level) for lines in (of.lines, of.others, [1]))
    return _count_field(survey, top, rest, whole, of.weight)


def _count_field(survey: Survey, top: Cells, rest: Cells, whole: Cells, weight: Weight) -> CountField:
    n = len(whole.estimate)
    units = Units(np.full(n, ""), np.full(n, "tract"), survey.vintage)
    return CountField(units, Counts(top), Counts(whole), weight, "share", "", complement=rest)


def _share(survey: Survey, tracts: CountField, counties: CountField) -> tuple[Amount, Pooled]:
    found = _amount(rows.each(len(survey)), tracts)
    region = counties if _known(counties).all() else _only(tracts, _known(tracts))
    n = len(region.units)
    pooled = _amount(rows.pooled(n), region) if n else Amount(np.array([np.nan]), np.array([np.nan]))
    return found, Pooled(float(pooled.value[0]), float(pooled.se[0]))


def _amount(weights: Matrix, field: CountField) -> Amount:
    made = parts(weights, field)
    return Amount(made.value, made.moe / Z90)


def _known(field: CountField) -> BoolArray:
    assert field.denominator is not None
    both = (field.numerator.plus, field.denominator.plus)
    return np.asarray(np.all([np.isfinite(c.estimate).all(axis=1) for c in both], axis=0), dtype=np.bool_)


def _only(field: CountField, use: BoolArray) -> CountField:
    """The same of some of its units."""
    assert field.denominator is not None and field.complement is not None

    def of(cells: Cells) -> Cells:
        return Cells(cells.codes, cells.estimate[use], cells.moe[use])

    units = Units(field.units.geoid[use], field.units.level[use], field.units.vintage)
    top, whole = Counts(of(field.numerator.plus)), Counts(of(field.denominator.plus))
    return CountField(units, top, whole, field.weight, field.kind, "", complement=of(field.complement))
