"""Displacement pressure, part A: where three of four conditions hold that make moving away more likely.

Bates (2013), *Gentrification and Displacement Study*, doi:10.15760/report-01, as used by Portland and by the Urban
Institute; in the two-vintage form of METHODS 5.2. The market and change parts, and with them the stages, are not
computed here. Conditions are named, never people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from justgeo.core.errors import Absent
from justgeo.core.field import Cells, ClassField
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Indicator
from justgeo.core.zones import Units
from justgeo.indicators.census import tables_of
from justgeo.indicators.place import Place
from justgeo.measure import compare, margins, medians, rows
from justgeo.measure.fractions import Matrix

CRITERIA = ("renters", "people_of_colour", "no_bachelors", "low_income")
NEEDED = 3
LOW_INCOME_SHARE = 0.8
SUREST = 0.99


@dataclass(frozen=True)
class Criterion:
    """One condition over the tracts of the reference: share, its standard error, the region's, P(above)."""

    share: FloatArray
    se: FloatArray
    region: float
    region_se: float
    probability: FloatArray
    holds: FloatArray


def vulnerability(row: Indicator, place: Place, group: str = "all") -> ClassField:
    """Probability that at least three of four conditions exceed the reference's own share, tract by tract.

    Renters, people of colour, adults without a bachelor's degree, households below 80 % of the reference's median
    income: each strictly above the pooled share of the reference (METHODS 5.2 A, 5.3, 2.7).

    Returns
    -------
    ClassField
        ``probability`` by the Poisson-binomial rule, with the criteria taken as independent; ``flag`` on the
        estimates as they stand.

    Raises
    ------
    Absent
        No reference made of whole counties, or fewer than five tracts in it.
    """
    if group != "all":
        raise Absent("not split by group: race and income are among its conditions")
    asked = row.parameters
    frame, units = _tracts(place)
    if len(units) < int(asked.get("min_tracts", 5)):
        raise Absent(f"the reference has only {len(units)} tracts; the conditions are judged against its tracts")
    found = criteria(frame, asked["income_edges"], _published_median(place))
    probability, flag = combine([found[name] for name in CRITERIA])
    # The conditions move together and are taken as independent: no chance is told as surer than this (METHODS 2.7).
    probability = np.clip(probability, 1.0 - SUREST, SUREST)
    excluded = _excluded(frame, float(asked.get("min_households", 100)), float(asked.get("max_group_quarters", 0.5)))
    probability[excluded] = np.nan
    flag[excluded] = np.nan
    households = Cells(
        ("B25003_001",), frame[["B25003_001E"]].to_numpy(np.float64), frame[["B25003_001M"]].to_numpy(np.float64)
    )
    return ClassField(
        units=units, probability=probability, flag=flag, weights=households, weight="households", universe=row.universe
    )


def _tracts(place: Place) -> tuple[pd.DataFrame, Units]:
    """The tables of the four conditions for the tracts of the reference."""
    if not place.reference_prefixes:
        raise Absent("its conditions are judged against the tracts of a reference county, and none is known here")
    names = tables_of(["B25003_001", "B03002_001", "B15003_001", "B19001_001"])
    frames = [place.frame(name) for name in names]
    frame = pd.concat(frames, axis=1, join="inner")
    levels = frame.index.get_level_values("level")
    geoids = frame.index.get_level_values("geoid").astype(str)
    inside = np.asarray([g.startswith(place.reference_prefixes) for g in geoids], dtype=np.bool_)
    frame = frame[(levels == "tract") & inside]
    for name in ("B26001", "B01003"):
        if place.table_name(name) in place.layers:
            extra = place.frame(name)
            frame = frame.join(extra, how="left")
    geoid = frame.index.get_level_values("geoid").to_numpy(dtype=np.str_)
    vintage = place.layer(place.table_name("B25003")).geography_vintage
    return frame, Units(geoid, np.full(len(geoid), "tract"), vintage)


def _excluded(frame: pd.DataFrame, min_households: float, max_group_quarters: float) -> BoolArray:
    """Tracts of few households, or where most people live in group quarters (dormitories, barracks)."""
    few = frame["B25003_001E"].to_numpy(np.float64) < min_households
    if "B26001_001E" in frame and "B01003_001E" in frame:
        people = frame["B01003_001E"].to_numpy(np.float64)
        quarters = frame["B26001_001E"].to_numpy(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            few = few | (quarters / people > max_group_quarters)
    return np.asarray(few, dtype=np.bool_)


def criteria(frame: pd.DataFrame, income_edges: list[object], median: float | None = None) -> dict[str, Criterion]:
    """The four conditions over some tracts.

    Parameters
    ----------
    frame : DataFrame
        One row a tract of the reference; ACS columns of B25003, B03002, B15003, B19001.
    income_edges : list
        Edges of the bins B19001_002..017; the last is ``inf``.
    median : float or None
        Median income of the reference; rebuilt from the pooled bins of its tracts when None.
    """
    edges = np.array([np.inf if str(e) == "inf" else float(str(e)) for e in income_edges], dtype=np.float64)
    bins = [f"B19001_{k:03d}" for k in range(2, 18)]
    if median is None:
        median = _region_median(frame, bins, edges)
    cut = LOW_INCOME_SHARE * median
    part = medians.bin_fractions(cut, edges)
    poor, poor_moe = _cells(frame, bins)
    degrees = [f"B15003_{k:03d}" for k in range(22, 26)]
    return {
        "renters": _criterion(*_cells(frame, ["B25003_003"]), *_cells(frame, ["B25003_001"])),
        "people_of_colour": _criterion(*_cells(frame, ["B03002_003"]), *_cells(frame, ["B03002_001"]), complement=True),
        "no_bachelors": _criterion(*_cells(frame, degrees), *_cells(frame, ["B15003_001"]), complement=True),
        "low_income": _criterion(poor * part, poor_moe * part, *_cells(frame, ["B19001_001"])),
    }


def _cells(frame: pd.DataFrame, codes: list[str]) -> tuple[FloatArray, FloatArray]:
    return (
        frame[[f"{c}E" for c in codes]].to_numpy(np.float64),
        frame[[f"{c}M" for c in codes]].to_numpy(np.float64),
    )


def _published_median(place: Place) -> float | None:
    """The Bureau's own median income of the reference, where that is one county and its table is at hand."""
    if len(place.reference_prefixes) != 1 or place.table_name("B19013") not in place.layers:
        return None
    frame = place.frame("B19013")
    row = ("county", place.reference_prefixes[0])
    median = float(frame["B19013_001E"].get(row, np.nan))
    return median if np.isfinite(median) else None


def _region_median(frame: pd.DataFrame, bins: list[str], edges: FloatArray) -> float:
    """Median household income of the reference, rebuilt from the pooled bins of its tracts.

    A tract of which a bin is not known is left out whole, as it is of the pooled shares.
    """
    counts = frame[[f"{c}E" for c in bins]].dropna(how="any").sum(axis=0).to_numpy(np.float64)
    median = float(medians.grouped_median(edges, counts[None, :], pareto=True).value[0])
    if not np.isfinite(median):
        raise Absent("the reference's median income falls in an open bracket, so low income cannot be told")
    return median


def _criterion(
    x: FloatArray, x_moe: FloatArray, y: FloatArray, y_moe: FloatArray, complement: bool = False
) -> Criterion:
    """One condition: a share above the pooled share of all tracts; ``complement`` for one minus the share."""
    n = len(x)
    share, se = _share(rows.each(n), x, x_moe, y, y_moe, complement)
    known = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    whole = rows.pooled(int(known.sum()))
    region, region_se = _share(whole, x[known], x_moe[known], y[known], y_moe[known], complement)
    probability = compare.probability_above(share, se, float(region[0]), float(region_se[0]))
    holds = np.where(np.isfinite(share), (share > region[0]).astype(np.float64), np.nan)
    return Criterion(share, se, float(region[0]), float(region_se[0]), np.asarray(probability), holds)


def _share(
    weights: Matrix, x: FloatArray, x_moe: FloatArray, y: FloatArray, y_moe: FloatArray, complement: bool
) -> tuple[FloatArray, FloatArray]:
    top, bottom = margins.weighted_sum(weights, x, x_moe), margins.weighted_sum(weights, y, y_moe)
    rule = margins.complement_proportion if complement else margins.proportion
    ratio = rule(top.value, top.moe, bottom.value, bottom.moe)
    return ratio.value, ratio.moe / margins.Z90


def combine(found: list[Criterion]) -> tuple[FloatArray, FloatArray]:
    """P(at least three of four) and the plain flag; a missing condition decides only if nothing hangs on it.

    Returns
    -------
    probability, flag : (n,) float
        NaN where a missing condition could change the outcome.
    """
    chance = np.column_stack([c.probability for c in found])
    holds = np.column_stack([c.holds for c in found])
    missing = np.isnan(holds)
    low = np.where(missing, 0.0, holds).sum(axis=1)
    high = np.where(missing, 1.0, holds).sum(axis=1)
    flag = np.where(low >= NEEDED, 1.0, np.where(high < NEEDED, 0.0, np.nan))
    least = compare.at_least(np.where(np.isnan(chance), 0.0, chance), NEEDED)
    most = compare.at_least(np.where(np.isnan(chance), 1.0, chance), NEEDED)
    # With a condition missing, the probability is known only as a range; it counts where the range is narrow.
    probability = np.where(most - least <= 0.1, (least + most) / 2, np.nan)
    return probability, flag
