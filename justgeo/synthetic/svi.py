"""The federal index of social vulnerability, as it would be of Nowhere: sixteen shares of a tract, ranked, summed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from justgeo.core.layer import FloatArray
from justgeo.synthetic.county import County
from justgeo.synthetic.geography import COUNTY, STATE
from justgeo.synthetic.published import traits

MISSING = -999
FLAGGED = 0.90
THEMES: Mapping[int, Mapping[str, tuple[float, float, float]]] = {
    1: {
        "POV150": (4.0, 62.0, 0.0),
        "UNEMP": (3.0, 9.0, 0.0),
        "HBURD": (14.0, 30.0, 4.0),
        "NOHSDP": (4.0, 26.0, 6.0),
        "UNINSUR": (3.0, 18.0, -4.0),
    },
    2: {
        "AGE65": (0.5, 0.0, 98.0),
        "AGE17": (22.0, 6.0, -20.0),
        "DISABL": (6.0, 10.0, 30.0),
        "SNGPNT": (4.0, 14.0, -6.0),
        "LIMENG": (1.0, 12.0, 0.0),
    },
    3: {"MINRTY": (12.0, 60.0, -20.0)},
    4: {
        "MUNIT": (8.0, 20.0, 0.0),
        "MOBILE": (1.0, 5.0, 2.0),
        "CROWD": (0.5, 6.0, 0.0),
        "NOVEH": (3.0, 28.0, 6.0),
        "GROUPQ": (0.5, 2.0, 4.0),
    },
}
"""Variables of each theme: percent where nobody is poor or old, and what a tract of poor, of old people has more."""
_STREAM = 23


def ranks(values: FloatArray) -> FloatArray:
    """Percentile ranks ``(rank - 1) / (N - 1)``, ties by the lowest, NaN left out, four digits as published."""
    known = np.sort(values[np.isfinite(values)])
    below = np.searchsorted(known, values, "left") / max(len(known) - 1, 1)
    return np.asarray(np.where(np.isfinite(values), np.round(below, 4), np.nan), dtype=np.float64)


@lru_cache(maxsize=2)
def table(place: County) -> pd.DataFrame:
    """The file of the state, by tract of 2020; a tract of fewer than 50 people has ``-999`` throughout."""
    found = traits(place, "tract")
    lived_in = (found["people"] >= 50).to_numpy()
    people = np.asarray(found["people"], dtype=np.float64)
    homes = np.maximum(np.rint(people / 2.3), 1.0)
    rng = np.random.default_rng([place.seed, _STREAM])
    told: dict[str, FloatArray] = {
        "E_TOTPOP": people,
        "M_TOTPOP": np.rint(2.0 * np.sqrt(people)),
        "E_HU": np.rint(1.06 * homes),
        "M_HU": np.rint(np.sqrt(homes)),
        "E_HH": homes,
        "M_HH": np.rint(1.5 * np.sqrt(homes)),
    }
    sums, flags = np.zeros(len(found)), np.zeros(len(found))
    for theme, variables in THEMES.items():
        own = np.zeros(len(found))
        for name, (base, poor, old) in variables.items():
            smooth = np.asarray(base + poor * found["poor"] + old * found["old"], dtype=np.float64)
            told_of = np.clip(smooth + rng.normal(0.0, 1.0, len(found)), 0.0, 100.0)
            percent = np.asarray(np.round(told_of, 1), dtype=np.float64)
            rank = ranks(np.where(lived_in, percent, np.nan))
            own = own + rank
            flags = flags + (rank >= FLAGGED)
            told |= {f"E_{name}": np.rint(people * percent / 100.0), f"M_{name}": np.rint(1.2 * np.sqrt(people))}
            told |= {f"EP_{name}": percent, f"MP_{name}": np.round(120.0 / np.sqrt(np.maximum(people, 1.0)), 1)}
            told |= {f"EPL_{name}": rank, f"F_{name}": (rank >= FLAGGED).astype(np.float64)}
        told |= {f"SPL_THEME{theme}": own, f"RPL_THEME{theme}": ranks(own)}
        sums = sums + own
    told |= {"SPL_THEMES": sums, "RPL_THEMES": ranks(sums), "F_TOTAL": flags}
    cells = {name: np.where(lived_in & np.isfinite(values), values, MISSING) for name, values in told.items()}
    head = {"ST": STATE, "STATE": "Nowhere (invented)", "STCNTY": STATE + COUNTY, "FIPS": found.index}
    return pd.DataFrame({**head, **cells})


def true(place: County, column: str) -> pd.Series[float]:
    """A column of the file by tract; NaN where it has no number."""
    told = table(place)
    return pd.Series(told[column].to_numpy(), index=told["FIPS"].to_numpy()).replace(MISSING, np.nan)
