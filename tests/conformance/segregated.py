"""Segregation of a region: PySAL's figures of Sacramento's tracts, and four areas by hand."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np

from justgeo.core.layer import FloatArray
from justgeo.measure import segregation
from tests.conformance import references as ref
from tests.conformance.model import Row, Verdict
from tests.conformance.where import real

EMPTY = "PySAL leaves out tracts without anyone of the group: two of them, in which 0.167 % of the people live"
GROUP, REST = np.array([90.0, 40, 20, 10]), np.array([10.0, 60, 80, 90])  # people of four areas of 100


@cache
def sacramento() -> tuple[FloatArray, FloatArray]:
    """Hispanic residents and all residents of 403 tracts, Census 2000."""
    table = gpd.read_file(real("fixtures", "sacramento2", "sacramentot2.shp"), ignore_geometry=True)
    return table["HISP_"].to_numpy(dtype=np.float64), table["TOT_POP"].to_numpy(dtype=np.float64)


def dissimilarity() -> float:
    x, total = sacramento()
    return float(segregation.dissimilarity(x, total - x))


def isolation() -> float:
    return float(segregation.isolation(*sacramento()))


def correlation_ratio() -> float:
    return float(segregation.correlation_ratio(*sacramento()))


def information() -> float:
    x, total = sacramento()
    return float(segregation.information(np.stack([x, total - x], axis=-1)))


ROWS: list[Row] = [
    Row("seg-d", "Hispanic residents of 403 tracts: dissimilarity D", ref.PYSAL, "0.32184656076567", dissimilarity,
        "program", more=0, real=True),
    Row("seg-isolation", "… isolation xPx", ref.PYSAL, "0.23196154864592", isolation, "program", more=0, real=True),
    Row("seg-ratio", "… correlation ratio", ref.PYSAL, "0.09164042012927", correlation_ratio, "program", more=0,
        real=True),
    Row("seg-h", "… information H", ref.PYSAL, "0.09459760633014", information, "program", Verdict.EXPLAINED,
        0.00167014, EMPTY, more=0, real=True),
    Row("seg-hand-d", "Four areas of 100 with 90, 40, 20 and 10 of a group: D", ref.SEGREGATION, "0.5208",
        lambda: float(segregation.dissimilarity(GROUP, REST)), "hand"),
    Row("seg-hand-isolation", "… isolation", ref.SEGREGATION, "0.6375",
        lambda: float(segregation.isolation(GROUP, GROUP + REST)), "hand"),
    Row("seg-hand-interaction", "… interaction with the rest", ref.SEGREGATION, "0.3625",
        lambda: float(segregation.interaction(GROUP, REST, GROUP + REST)), "hand"),
    Row("seg-hand-ratio", "… correlation ratio", ref.SEGREGATION, "0.3958",
        lambda: float(segregation.correlation_ratio(GROUP, GROUP + REST)), "hand"),
    Row("seg-hand-h", "… information H", ref.SEGREGATION, "0.3226",
        lambda: float(segregation.information(np.stack([GROUP, REST], axis=-1))), "hand"),
    Row("seg-divergence", "A district of 60 and 40 % in a region of 40 and 60 %: divergence", ref.SEGREGATION, "0.0811",
        lambda: float(segregation.divergence([60.0, 40.0], [40.0, 60.0])), "hand"),
    Row("seg-diversity", "Groups of 45, 25, 20 and 10 %: diversity", ref.SEGREGATION, "0.685",
        lambda: float(segregation.diversity([45.0, 25.0, 20.0, 10.0])), "hand"),
    Row("seg-evenness", "… entropy over that of groups of one size", ref.SEGREGATION, "0.9075",
        lambda: float(segregation.evenness([45.0, 25.0, 20.0, 10.0])), "hand"),
]  # fmt: skip
