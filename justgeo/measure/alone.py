"""Zones that are one area to a reader: what is not told of a single tract is not to be read from them either."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure import fractions
from justgeo.measure.apportion import Weights

SINGLE = 0.99
"""A zone of which one area holds this much is that area, to a reader (our choice)."""


def alone_in(weights: Weights, level: str) -> BoolArray:
    """Zones of whose people one area of a level holds 99 % or more; of whose land, where no people are known, (Z,)."""
    alone = np.zeros(len(weights.zones), dtype=np.bool_)
    for known, vintage in weights.units:
        if known == level:
            held = _held(weights, level, vintage)
            most = np.asarray(held.max(axis=1).toarray(), dtype=np.float64).ravel()
            every: FloatArray = np.asarray(held.sum(axis=1), dtype=np.float64).ravel()
            alone |= (every > 0) & (most >= SINGLE * every)
    return alone


def _held(weights: Weights, level: str, vintage: int) -> fractions.Matrix:
    """People of each zone in each area, (Z, n); its share of the area's land where there are no origins."""
    if weights.origins is None:
        return weights.matrix(level, vintage, "land", "area")
    nest, people = weights.nest(level, vintage), weights.origins.population
    at = np.flatnonzero(nest >= 0)
    shape = (len(nest), len(weights.geoids(level, vintage)))
    return fractions.tidy(weights.fractions @ sparse.csr_array((people[at], (at, nest[at])), shape=shape))
