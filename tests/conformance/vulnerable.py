"""The arithmetic of CDC's index of social vulnerability, on the percents of Arlington's 59 tracts.

CDC ranks the tracts of a state: rank less one over their number less one, equal values at the lowest; adds the ranks
of a theme, and ranks the sums. The file at hand holds percents alone, of one county: neither counts nor margins, and
none of CDC's own ranks. So what is held here is the arithmetic, against another program on the same percents.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd

from justgeo.core.layer import FloatArray
from justgeo.measure.percentiles import Tracts
from tests.conformance import references as ref
from tests.conformance.model import Row, Verdict
from tests.conformance.where import real

THEMES = (
    ("POV", "UNEMP", "PCI", "NOHSDP"),
    ("AGE65", "AGE17", "DISABL", "SNGPNT"),
    ("MINRTY", "LIMENG"),
    ("MUNIT", "MOBILE", "CROWD", "NOVEH", "GROUPQ"),
)
"""Variables of the four themes of 2018; insurance stands beside them."""
FLAG = 0.90
MISSING = -999.0
HALF = "ours is of all tracts and counts equal values half, CDC's is of all others and puts equals at the lowest"


@cache
def percents() -> dict[str, FloatArray]:
    """Percents of 59 tracts by variable, income with its sign turned: much of it is little vulnerability."""
    table = gpd.read_file(real("fixtures", "arlington_svi2018", "Arlington_SVI2018.shp"), ignore_geometry=True)
    found: dict[str, FloatArray] = {}
    for name in (one for theme in THEMES for one in theme):
        values = table[f"EP_{name}"].to_numpy(dtype=np.float64)
        values = np.where(values == MISSING, np.nan, values)
        found[name] = -values if name == "PCI" else values
    return found


def ranks(values: FloatArray) -> FloatArray:
    """CDC's ranks by the product's percentiles: the share of the tracts strictly below, of all others."""
    tracts = Tracts.of(values, np.ones(len(values)), "persons")
    n = len(tracts)
    step = np.diff(np.unique(values[np.isfinite(values)])).min() / 2.0
    below = [tracts.percentile(float(value) - step) if np.isfinite(value) else np.nan for value in values]
    return np.asarray(below, dtype=np.float64) * n / (n - 1)


@cache
def sums() -> FloatArray:
    """Sum of the ranks of all fifteen variables, (59,), NaN where one is missing."""
    told = [sum(ranks(percents()[name]) for name in theme) for theme in THEMES]
    return np.asarray(np.sum(told, axis=0), dtype=np.float64)


def of_poverty(place: int) -> float:
    """Rank of the tract that stands at a place of the file."""
    return float(ranks(percents()["POV"])[place])


def flagged() -> float:
    """How many times a tract is in the top tenth of a variable."""
    return float(sum((ranks(values) >= FLAG).sum() for values in percents().values()))


def overall(place: int) -> float:
    return float(ranks(sums())[place])


def beside_ours() -> float:
    """Largest difference of the product's own percentile of poverty, each tract weighing the same, from CDC's rank."""
    values = percents()["POV"]
    tracts = Tracts.of(values, np.ones(len(values)), "persons")
    own = np.array([tracts.percentile(float(value)) for value in values])
    return float(np.abs(own - ranks(values)).max())


def adams() -> float:
    """The fifth lowest of Pennsylvania's 67 counties."""
    return float(ranks(np.arange(67.0))[4])


def farthest() -> float:
    """Largest difference of any rank from those of the other program."""
    return max(float(np.nanmax(np.abs(ranks(values) - _others(values)))) for values in percents().values())


def _others(values: FloatArray) -> FloatArray:
    series = pd.Series(values)
    return np.asarray((series.rank(method="min") - 1) / (series.count() - 1), dtype=np.float64)


def program(name: str, what: str, theirs: str, ours: Callable[[], float], more: int = 2) -> Row:
    return Row(name, what, ref.PANDAS, theirs, ours, "program", more=more, real=True)


FIRST, HIGHEST = 0, 50
"""Places in the file of tract 1001 and of tract 1022, whose sum is the highest."""

ROWS: list[Row] = [
    Row("svi-adams", "Rank of the fifth lowest of 67 counties, as Adams is of Pennsylvania's (poverty)", ref.SVI_2022,
        "0.0606", adams),
    program("svi-ranks", "Arlington's 59 tracts, SVI 2018, among themselves (the file has percents and none of CDC's "
            "ranks, which are of the state): ranks of 15 variables, largest difference", "0.0000", farthest),
    program("svi-poverty", "… rank of tract 1001, of whose people 1.2 % are poor", "0.0862", lambda: of_poverty(FIRST)),
    program("svi-sum", "… sum of the 15 ranks of tract 1022", "11.7925", lambda: float(sums()[HIGHEST])),
    program("svi-first", "… rank of that sum among the 57 tracts that have all 15", "1.0000", lambda: overall(HIGHEST)),
    program("svi-overall", "… rank of the sum of tract 1001", "0.2321", lambda: overall(FIRST)),
    program("svi-flags", "… times that a tract is in the top tenth of a variable", "88", flagged, 0),
    Row("svi-percentile", "… our own percentile of poverty, all tracts alike, against that rank: largest difference",
        ref.PANDAS, "0.0000", beside_ours, "program", Verdict.EXPLAINED, 0.03, HALF, real=True),
]  # fmt: skip
