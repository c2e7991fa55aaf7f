"""What census tables say of one another: plausibility of estimates, margins and medians of the survey of a place.

What can never be true of one table is refused by its reader (`sources._census_cells`); that areas add up to those above
them is held by `quality_sums`. What is left is told here; no check changes a number.

How the limits were found
-------------------------
Measured on the invented county (37 tracts, 111 block groups, survey 2024) and on real tables: *Charlottesville* with
Albemarle and four counties around (50 tracts, 155 block groups, ACS 2015-2019), *Charlotte* (555 block groups of
Mecklenburg County with 16 brackets of income).

=====================================================  =====================  ===========================  =============
what                                                   invented               real                         limits
=====================================================  =====================  ===========================  =============
totals that differ between tables of one universe      0 of 149               (one table each)             0
margin of a tract over that of its block groups        0.92 to 0.99           0.95, 0.96 (vacant, SNAP)    0.75 to 1.30
(root of the sum of squares), median of parts
the same, margins of one level halved or as standard   0.47 to 0.60, or       0.48 to 0.58, or             caught
errors                                                 1.52 to 1.99           1.56 to 1.91
margin over that of a simple sample of everybody,      2.5 to 3.0             3.2 to 4.7 (tenure, vacant,  1.0 to 15
median of parts                                                               SNAP, age)
the same, of race or poverty                           4.9, 5.5               4.9 to 6.8                   1.5 to 20
the same, all margins halved                           1.2 to 1.5; 2.5, 2.8   1.6 to 2.4; 2.5 to 3.4       let pass
the same, standard errors for margins                  1.5 to 1.8; 3.0, 3.3   1.9 to 2.9; 3.0 to 4.1       let pass
the same, a fifth of all margins                       0.5 to 0.6; 1.0, 1.1   0.6 to 0.9; 1.0 to 1.4       caught
published medians outside the bracket of their median  0 of 72, 0 of 221      0 of 543                     1 %
the same, dollars of another year (3 %, 20 %)          11 %, 75 %             13 %, 84 %                   caught
=====================================================  =====================  ===========================  =============

A five-year sample has interviews from about one home in thirteen, so that the margin of a share of homes is about
3.5 times that of asking everybody once at random; where small governments are sampled more it is less, down to about 1.

References
----------
U.S. Census Bureau, *American Community Survey Design and Methodology* (sampling rates, weighting); *Understanding and
Using American Community Survey Data*, chapter 8 (margins of sums).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from justgeo.core.layer import AnyLayer, FloatArray
from justgeo.core.quality import Check, Rule
from justgeo.core.zones import StrArray
from justgeo.measure import sanity_margins as margins
from justgeo.measure import survey_structure as structure
from justgeo.measure.survey_rows import AGAIN, NO_SURVEY, Survey, positions

TOTALS = Rule(
    "totals-of-tables",
    "Totals that several tables of one survey have, such as all households",
    "areas",
    None,
    0.0,
    "A table of another year or another place beside the others makes shares of people who are not the same.",
    AGAIN,
    "tables of one release are made of the same answers and weights",
)
MEDIANS = Rule(
    "medians-and-brackets",
    "Published medians that lie outside the bracket in which their counts have the middle",
    "share of the medians",
    None,
    0.01,
    "A median of another year, or in the dollars of another year, says that people are richer or poorer than they are.",
    "See that both tables are of one release and in the dollars of its last year.",
    "0 of 543 block groups of Charlotte lie outside",
)
FEW = 20
"""Medians of which there must be so many before their share says something. Our choice."""


@dataclass(frozen=True)
class Brackets:
    """A published median and the counts that it is the median of, by the names of their cells.

    Attributes
    ----------
    published : str
        ``B19013_001``.
    bins : tuple of str
    edges : tuple of float
        Limits of the bins, one more than these.
    jam : tuple of float
        Numbers that stand for "this or more", "this or less".
    """

    published: str
    bins: tuple[str, ...]
    edges: tuple[float, ...]
    jam: tuple[float, ...] = ()


class Bracketed(NamedTuple):
    """Published medians beside the limits of the bracket of the middle, (n,) each."""

    geoid: StrArray
    told: FloatArray
    low: FloatArray
    high: FloatArray


RULES = (TOTALS, MEDIANS, *margins.RULES)


def checks(
    found: Sequence[Survey], layers: Mapping[str, AnyLayer], medians: Iterable[Brackets] = ()
) -> Iterator[Check]:
    """All checks of the surveys at hand: one of each of `RULES`, told of the survey in which it is worst.

    Parameters
    ----------
    found : sequence of Survey
        The surveys at hand (`survey_rows.surveys`).
    layers : mapping of str to layer
        Those of a planner's own tables are looked at.
    medians : iterable of Brackets
        Published medians and their brackets.
    """
    yield _totals(found)
    yield _medians(found, tuple(medians))
    yield from margins.checks(found, layers)


def _totals(found: Sequence[Survey]) -> Check:
    """Tables of one universe have one total in each area."""
    looked, off, why = 0, 0, ""
    odd: list[str] = []
    for survey in found:
        for universe, codes in structure.UNIVERSES.items():
            known = [c for c in codes if c[:-4] in survey.tables and survey.tables[c[:-4]].has(f"{c}E")]
            for code in known[1:]:
                key, first, other = _beside(survey, known[0], code)
                looked += len(key)
                wrong = np.flatnonzero(first != other)
                if not wrong.size:
                    continue
                off, at = max(off, int(wrong.size)), wrong[0]
                geoid = key[at].rpartition(" ")[2]
                why = why or (
                    f"the number of {universe} in {geoid} is {first[at]:,.0f} by {known[0]}, "
                    f"but {other[at]:,.0f} by {code}"
                )
                odd += [survey.layer(known[0][:-4]), survey.layer(code[:-4])]
    if not looked:
        return TOTALS.unknown("no two tables of one survey have a total in common" if found else NO_SURVEY)
    return TOTALS.check(float(off), dict.fromkeys(odd), why)


def _beside(survey: Survey, one: str, other: str) -> tuple[StrArray, FloatArray, FloatArray]:
    """Two lines at the areas that both tables have with a number: their keys, and the estimates."""
    first, second = survey.tables[one[:-4]], survey.tables[other[:-4]]
    row, both = positions(second.key, first.key)
    values = first.cells([one], "E")[both, 0], second.cells([other], "E")[row[both], 0]
    known = np.isfinite(values[0]) & np.isfinite(values[1])
    return first.key[both][known], values[0][known], values[1][known]


def _medians(found: Sequence[Survey], medians: Sequence[Brackets]) -> Check:
    """A published median lies in the bracket in which its table of counts has the middle."""
    worst, looked, why = 0.0, 0, ""
    odd: list[str] = []
    for survey in found:
        for one in medians:
            side = _beside_brackets(survey, one)
            if side is None or len(side.told) < FEW:
                continue
            looked += len(side.told)
            outside = (side.told < side.low) | (side.told > side.high)
            share = float(outside.mean())
            if share > (MEDIANS.high or 0.0):
                odd += [survey.layer(one.published[:-4]), survey.layer(one.bins[0][:-4])]
            if share > worst:
                worst, at = share, int(np.flatnonzero(outside)[0])
                why = (
                    f"{int(outside.sum())} of {len(side.told)} medians of {one.published} lie outside; of "
                    f"{side.geoid[at]} it is {side.told[at]:,.0f}, and its middle lies between {side.low[at]:,.0f} and "
                    f"{side.high[at]:,.0f}"
                )
    if not looked:
        return MEDIANS.unknown("no published median and its brackets are at hand" if found else NO_SURVEY)
    return MEDIANS.check(worst, dict.fromkeys(odd), why)


def _beside_brackets(survey: Survey, one: Brackets) -> Bracketed | None:
    """Published medians beside the limits of the bracket of the middle, by area; None where a table lacks them."""
    medians, counts = (survey.tables.get(code[:-4]) for code in (one.published, one.bins[0]))
    if medians is None or counts is None or not medians.has(f"{one.published}E"):
        return None
    if not counts.has(*(f"{code}E" for code in one.bins)):
        return None
    row, both = positions(counts.key, medians.key)
    told, bins = medians.cells([one.published], "E")[both, 0], counts.cells(one.bins, "E")[row[both]]
    use = np.isfinite(told) & (bins.sum(axis=1) > 0) & ~np.isin(told, one.jam)
    low, high = bracketed(bins[use], one.edges)
    return Bracketed(medians.geoid[both][use], told[use], low, high)


def bracketed(counts: FloatArray, limits: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits of the bracket in which the counts have their middle.

    Parameters
    ----------
    counts : (n, k) float
        Each row has somebody in it.
    limits : (k + 1,) sequence of float
    """
    below = np.cumsum(counts, axis=1)
    half = below[:, -1:] / 2
    edges = np.asarray(limits, dtype=np.float64)
    # Where the middle falls on an edge, both brackets beside it will do.
    first, last = (below < half).sum(axis=1), (below <= half).sum(axis=1)
    return edges[first], edges[np.minimum(last + 1, len(edges) - 1)]
