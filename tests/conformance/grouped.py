"""Medians from brackets: published examples of another program, and the Bureau's own medians of real block groups."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pandas as pd

from justgeo.core.layer import FloatArray
from justgeo.measure import margins, medians
from justgeo.measure.medians import Median
from tests.conformance import references as ref
from tests.conformance.handbook import one
from tests.conformance.model import Row, Verdict
from tests.conformance.where import real

EDGES = (0, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 75, 100, 125, 150, 200, 250)  # thousands of dollars
LA_5 = (209050, 190300, 173380, 167740, 154347, 155834, 143103, 140946, 126807, 241482, 303887, 384881, 268689, 169129,
        189195, 211613)  # fmt: skip
LA_3 = (222966, 197354, 178836, 177895, 155399, 156869, 145396, 141772, 125984, 237511, 303531, 371986, 264049, 164391,
        179788, 209815)  # fmt: skip
LA_1 = (1382, 2377, 1332, 3129, 1927, 1825, 1567, 1996, 1757, 3523, 4360, 6424, 5257, 3485, 2926, 4215)
SMALL = (186, 78, 98, 287, 142, 90, 107, 104, 178, 106, 177, 262, 77, 100, 58, 18)

NINES = "that program ends a bracket at …,999 dollars, ours where the next begins"
BRACKETS = "the Bureau interpolates in finer brackets than it publishes"
ON_THE_EDGE = "two of ours are $60,000 to the dollar, the upper edge of the bracket of the published $58,750"


def rebuilt(counts: Sequence[float], percent: float = 12.5, factor: float = 1.0, **how: bool) -> Median:
    """The median of one place from its brackets.

    Parameters
    ----------
    how
        ``pareto``; ``nines`` ends the bracket that holds the median one dollar early, as the other program does.
    """
    edges = [1000.0 * e for e in EDGES]
    if how.get("nines"):
        plain = one(rebuilt(counts).value)
        at = next(k for k, (a, b) in enumerate(pairwise(edges)) if a <= plain < b)
        edges[at + 1] -= 1.0
    return medians.grouped_median(
        edges, [counts], pareto=how.get("pareto", False), design_factor=factor, sampling_percent=percent
    )


def value(counts: Sequence[float], *, nines: bool = False) -> float:
    return one(rebuilt(counts, nines=nines).value)


def moe_of(counts: Sequence[float], percent: float) -> float:
    return one(rebuilt(counts, percent).moe)


def se50(total: float, percent: float, factor: float) -> float:
    """Standard error of 50 %, in points: read off a bracket of 100 dollars that holds everybody."""
    found = medians.grouped_median(
        [0, 1, 101, 102], [[0.0, total, 0.0]], pareto=False, design_factor=factor, sampling_percent=percent
    )
    return one(found.moe) / margins.Z90


@cache
def mecklenburg() -> tuple[FloatArray, FloatArray]:
    """Published and rebuilt medians of the block groups that have one below the open bracket."""
    table = pd.read_csv(real("fixtures", "charlotte_census_income.csv.gz"))
    counts = table.loc[:, "Less_than_10000":"i200000_or_more"].to_numpy(dtype=np.float64)
    edges = [1000.0 * e for e in EDGES[:-1]] + [np.inf]
    own = medians.grouped_median(edges, counts, pareto=True).value
    theirs = table["Median_Household_Income"].to_numpy(dtype=np.float64)
    both = np.isfinite(own) & (theirs > 0) & (theirs < 200_000)
    return theirs[both], own[both]


def _bracket(incomes: FloatArray) -> FloatArray:
    return np.searchsorted(np.array(EDGES) * 1000.0, incomes, side="right").astype(np.float64)


def same_bracket() -> float:
    theirs, own = mecklenburg()
    return float((_bracket(theirs) == _bracket(own)).sum())


def apart(middle: bool) -> float:
    """Rebuilt against published, percent: the median of its size, or its mean with its sign."""
    theirs, own = mecklenburg()
    percent = 100 * (own - theirs) / theirs
    return float(np.median(np.abs(percent)) if middle else percent.mean())


def _program() -> list[Row]:
    cases = (
        ("5", "Los Angeles County 2009-2013", LA_5, 12.5, ref.AGGREGATOR, "56,363.585342", "161.967236"),
        ("3", "Los Angeles County 2011-2013", LA_3, 7.5, ref.AGGREGATOR, "54,811.927448", "218.691381"),
        ("1", "Los Angeles 2013", LA_1, 2.5, ref.AGGREGATOR, "70,065.842661", "3,850.680465"),
        ("small", "a small area", SMALL, 12.5, ref.AGGREGATOR_DOCS, "42,211.096154", ""),
    )
    rows = []
    for name, place, counts, percent, where, theirs, moe in cases:
        what = f"Median household income, {place}, {sum(counts):,} households"
        rows += [
            Row(f"median-{name}-nines", f"{what}, with their bracket", where, theirs,
                partial(value, counts, nines=True), "program", unit="$"),
            Row(f"median-{name}", "… with ours", where, theirs, partial(value, counts), "program",
                Verdict.EXPLAINED, 1.0, NINES, "$"),
        ]  # fmt: skip
        if moe:
            rows.append(
                Row(f"median-{name}-moe", "… its margin, design factor 1", where, moe,
                    partial(moe_of, counts, percent), "program", unit="$")
            )  # fmt: skip
    return rows


ROWS: list[Row] = [
    *_program(),
    Row("median-pareto", "Los Angeles County 2009-2013 by the Pareto rule", ref.HAND_MEDIAN, "55,975.90",
        lambda: one(rebuilt(LA_5, pareto=True).value), "hand", unit="$"),
    Row("median-factor", "… its margin by linear interpolation, design factor 1.3", ref.HAND_MEDIAN, "210.56",
        lambda: one(rebuilt(LA_5, factor=1.3).moe), "hand", unit="$"),
    Row("median-small-moe", "The small area: margin, design factor 1", ref.HAND_MEDIAN, "4,706.52",
        lambda: one(rebuilt(SMALL).moe), "hand", unit="$"),
    Row("median-se50", "Standard error of 50 %, 82,448 men, design factor 1.3", ref.STATE_HANDBOOK, "0.599",
        lambda: se50(82448, 12.5, 1.3), unit="points"),
    Row("median-below", "The small area: share of households below $44,000", ref.HAND_MEDIAN, "0.5180",
        lambda: one(medians.share_below(44_000, np.array(EDGES) * 1000.0, [SMALL])), "hand"),
    Row("median-bracket", "Block groups whose rebuilt median lies in the bracket of the published one", ref.MECKLENBURG,
        "538", same_bracket, "published", Verdict.EXPLAINED, 2, ON_THE_EDGE, more=0, real=True),
    Row("median-apart", "… difference from the published median, middle of its size", ref.MECKLENBURG, "0.0",
        lambda: apart(True), "published", Verdict.EXPLAINED, 2.0, BRACKETS, "%", real=True),
    Row("median-bias", "… mean of it with its sign", ref.MECKLENBURG, "0.0", lambda: apart(False), "published",
        Verdict.EXPLAINED, 0.25, BRACKETS, "%", real=True),
]  # fmt: skip
