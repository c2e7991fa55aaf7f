"""How honest a chance is: what was said against what was so, over many cases.

Definitions
-----------
case
    One statement about one tract in one survey: a chance ``p`` that was told, and whether it was true.
slope
    Of a logistic regression of truth on the logarithm of the odds told. 1: as sure as it should be. Under 1: over-sure,
    the odds are too far from even. Above 1: too cautious.
excess
    How sure the more likely side was said to be, on average, less how often it was true. Above 0: over-sure.

Surveys of one county meet the same tracts again and again, so cases of one tract are not independent: standard errors
are those of tracts as clusters.

References
----------
Cox (1958), *Two further applications of a model for binary regression*, Biometrika 45, for the slope; Brier (1950),
*Verification of forecasts expressed in terms of probability*, Monthly Weather Review 78.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from justgeo.core.layer import FloatArray, IntArray

EDGES = (0.0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0)
"""Bins of what was said; the last holds 1."""
LEAST_ODDS = 1e-3
"""A chance nearer to 0 or 1 is taken as this for the slope: a thousand draws apart, nothing is told of odds."""


@dataclass(frozen=True)
class Cases:
    """Chances told, and whether they came true.

    Attributes
    ----------
    said, true : (n,) float
        Chance from 0 to 1; 1 or 0.
    cluster : (n,) int
        Tract of each case.
    """

    said: FloatArray
    true: FloatArray
    cluster: IntArray

    def __len__(self) -> int:
        return len(self.said)


def cases(said: FloatArray, true: FloatArray, cluster: IntArray) -> Cases:
    """Those of which both a chance and the truth are known; arrays of one shape, of any number of axes."""
    known = np.isfinite(said) & np.isfinite(true)
    return Cases(said[known], true[known], np.broadcast_to(cluster, said.shape)[known])


def together(some: Sequence[Cases]) -> Cases:
    """Cases of several statements as one set."""
    return Cases(
        np.concatenate([one.said for one in some]),
        np.concatenate([one.true for one in some]),
        np.concatenate([one.cluster for one in some]),
    )


class Bin(NamedTuple):
    """One row of a reliability table: ``said`` and ``true`` are means, ``se`` that of their difference by tracts."""

    low: float
    high: float
    n: int
    said: float
    true: float
    se: float


def table(some: Cases, edges: Sequence[float] = EDGES) -> list[Bin]:
    """Share of cases true by what was said; means are NaN in an empty bin."""
    place = np.minimum(np.searchsorted(edges, some.said, "right") - 1, len(edges) - 2)
    found = []
    for row in range(len(edges) - 1):
        inside = place == row
        n = int(inside.sum())
        if not n:
            found.append(Bin(edges[row], edges[row + 1], 0, np.nan, np.nan, np.nan))
            continue
        off = some.true[inside] - some.said[inside]
        by_tract = np.bincount(some.cluster[inside], off)
        se = float(np.sqrt(np.square(by_tract).sum())) / n
        found.append(
            Bin(edges[row], edges[row + 1], n, float(some.said[inside].mean()), float(some.true[inside].mean()), se)
        )
    return found


class Summary(NamedTuple):
    """All cases of a statement in a few figures; ``slope_se`` and ``excess_se`` by tracts."""

    n: int
    brier: float
    slope: float
    slope_se: float
    excess: float
    excess_se: float


def summary(some: Cases) -> Summary:
    """Brier score, slope and excess; NaN where there are no cases of both kinds."""
    n = len(some)
    if not n:
        return Summary(0, *[np.nan] * 5)
    brier = float(np.mean(np.square(some.said - some.true)))
    yes = some.said >= 0.5
    off = np.where(yes, some.said, 1.0 - some.said) - np.where(yes, some.true, 1.0 - some.true)
    excess_se = float(np.sqrt(np.square(np.bincount(some.cluster, off - off.mean())).sum())) / n
    slope, slope_se = _slope(some)
    return Summary(n, brier, slope, slope_se, float(off.mean()), excess_se)


def _slope(some: Cases) -> tuple[float, float]:
    """Slope of the logistic regression of truth on the odds told, with its standard error by clusters."""
    if some.true.min() == some.true.max() or np.ptp(some.said) == 0:
        return np.nan, np.nan
    p = np.clip(some.said, LEAST_ODDS, 1.0 - LEAST_ODDS)
    x = np.column_stack([np.ones(len(p)), np.log(p / (1.0 - p))])
    beta = np.array([0.0, 1.0])
    for _ in range(100):
        fitted = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -40.0, 40.0)))
        information = (x * (fitted * (1.0 - fitted))[:, None]).T @ x
        step = np.linalg.solve(information, x.T @ (some.true - fitted))
        largest = float(np.abs(step).max())
        beta = beta + step / max(1.0, largest)  # Newton's method runs away from a bad start
        if largest < 1e-10:
            break
    inverse = np.linalg.inv(information)
    pull = x * (some.true - fitted)[:, None]
    by_tract = np.column_stack([np.bincount(some.cluster, pull[:, k]) for k in range(2)])
    variance = inverse @ (by_tract.T @ by_tract) @ inverse
    return float(beta[1]), float(np.sqrt(variance[1, 1]))


class Modal(NamedTuple):
    """Cases of one label (``firm``, ``likely``, ``uncertain``, or all): how sure, and how often right."""

    label: str
    n: int
    said: float
    right: float
    se: float


def modal(label: str, said: FloatArray, right: FloatArray, cluster: IntArray) -> Modal:
    """How often the most likely class was the true one, of cases of one label."""
    n = len(said)
    if not n:
        return Modal(label, 0, np.nan, np.nan, np.nan)
    se = float(np.sqrt(np.square(np.bincount(cluster, right - right.mean())).sum())) / n
    return Modal(label, n, float(said.mean()), float(right.mean()), se)
