"""How much tree canopy a neighbourhood of this climate and density could aim at, and how much it lacks (METHODS 4.3).

The rule that American Forests published with its scores of 2018 to 2022: a baseline by natural biome, times a factor by
population density. It is no score of trees or of equity, only a goal and what is missing.

References
----------
American Forests, *Tree Equity Score Methodology*, https://treeequityscore.org/methodology/
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from justgeo.core.layer import FloatArray

BASELINES: Mapping[str, float] = {"forest": 0.40, "grassland": 0.20, "mediterranean": 0.20, "desert": 0.15}
"""Canopy share to aim at by natural biome, before density."""

_DENSITIES = (2000.0, 4000.0, 8000.0)
_FACTORS = (1.2, 1.0, 0.8, 0.5)
_CAP = 1.5


def goal(biome: str, people_per_km2: npt.ArrayLike) -> FloatArray:
    """Canopy share to aim at, 0 to 1.

    Parameters
    ----------
    biome : str
        One of ``BASELINES``.
    people_per_km2 : array_like
        Residents per square kilometre: below 2,000 the baseline times 1.2, below 4,000 times 1, up to 8,000 times 0.8,
        above times 0.5; never more than half as much again as the baseline. NaN stays NaN.
    """
    density = np.asarray(people_per_km2, dtype=np.float64)
    # 8,000 itself is still moderate: the published class above it is "more than 8,000".
    step = np.searchsorted(_DENSITIES[:2], density, side="right") + (density > _DENSITIES[2])
    baseline = BASELINES[biome]
    found = np.minimum(baseline * np.array(_FACTORS)[step], _CAP * baseline)
    return np.asarray(np.where(np.isnan(density), np.nan, found), dtype=np.float64)


def gap(goals: npt.ArrayLike, canopy: npt.ArrayLike) -> FloatArray:
    """What is missing to the goal, 0 where it is met; both shares from 0 to 1."""
    missing = np.asarray(goals, dtype=np.float64) - np.asarray(canopy, dtype=np.float64)
    return np.asarray(np.where(missing > 0, missing, np.where(np.isnan(missing), np.nan, 0.0)), dtype=np.float64)
