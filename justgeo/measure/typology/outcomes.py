"""From measures and thresholds to outcomes, for the estimates as they stand and for the draws alike.

Every statement is an array of shape (tracts, cases): one case, a bool, for the plain class; 25 bytes of packed bits
for 200 draws. One path for both, so that without sampling error the chance is the plain class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.typology import rules
from justgeo.measure.typology.logic import Bits, Told
from justgeo.measure.typology.prepare import MARKET_MEASURES, MEASURES, N_REGION, TIE, Ready
from justgeo.measure.typology.values import CHANGES, MARKETS, PRESSURES, VARIANTS


class Part(NamedTuple):
    """What follows for one variant of the market: four markets, eight stages, A with a market."""

    market: tuple[Told, ...]
    stage: tuple[Told, ...]
    pressed: Told


class Outcome(NamedTuple):
    """Conditions in the order of `MEASURES`, parts A and B, and the rest by the order of `VARIANTS`."""

    conditions: tuple[Told, ...]
    vulnerable: Told
    changed: Told
    parts: tuple[Part, ...]


def margin_of_ties(thresholds: FloatArray) -> FloatArray:
    """Thresholds (m, b) moved by less than any survey can tell, so that rounding decides no tie.

    A tie is not above the region's share and not above a quantile; it is at least the region's change.
    """
    slack = TIE * np.maximum(1.0, np.abs(thresholds))
    start, end = len(PRESSURES), len(PRESSURES) + len(CHANGES)
    slack[start:end] *= -1.0
    return np.asarray(thresholds + slack, dtype=np.float64)


def holds(k: int, measure: FloatArray, threshold: FloatArray) -> BoolArray:
    """Whether the k-th measure meets its threshold: changes at least, all others strictly above."""
    at_least = len(PRESSURES) <= k < len(PRESSURES) + len(CHANGES)
    return np.asarray(measure >= threshold if at_least else measure > threshold, dtype=np.bool_)


def judge(ready: Ready, yes: Sequence[Bits], known: BoolArray, full: Bits) -> Outcome:
    """All outcomes of a set of cases.

    Parameters
    ----------
    ready : Ready
    yes : sequence of (n, b) bits
        Where each measure meets its threshold, in the order of `MEASURES`.
    known : (n, m) bool
        Which conditions count as told.
    full : (1, b) bits
        All cases; packed bits beyond the last one are 0.
    """
    told = tuple(_told(bits | _spread(ready.top[:, k], full), known[:, k], full) for k, bits in enumerate(yes))
    a = rules.vulnerable(*told[: len(PRESSURES)])
    b = rules.changed(*told[len(PRESSURES) : N_REGION])
    value, rent = (_market(ready, k, told, yes, full) for k in range(len(MARKETS)))
    no_value, no_rent = (_spread(ready.missing[:, k], full) for k in range(len(MARKETS)))
    stand_in = rules.choose(no_value & ~no_rent, rent, value)
    either = rules.choose(no_value & ~no_rent, rent, rules.further(value, rent))
    either = rules.choose(no_rent & ~no_value, value, either)
    by_variant = dict(zip(VARIANTS, (stand_in, rent, either), strict=True))
    parts = tuple(_part(a, b, by_variant[variant]) for variant in VARIANTS)
    return Outcome(told, a, b.changed, parts)


def _part(a: Told, b: rules.Changed, market: rules.Markets) -> Part:
    return Part(market.one_by_one(), rules.stages(a, b, market), a & market.adjacent)


def _market(ready: Ready, k: int, told: Sequence[Told], yes: Sequence[Bits], full: Bits) -> rules.Markets:
    start = N_REGION + k * len(MARKET_MEASURES)
    before, now, change = told[start : start + len(MARKET_MEASURES)]
    # what is known of a neighbour counts at its worth, though its margin be unknown; what is missing is not high
    high = [
        (yes[i] | _spread(ready.top[:, i], full)) & _spread(ready.valid[:, i], full) for i in (start + 1, start + 2)
    ]
    return rules.market(before, now, change, near(ready.neighbours, high[0] | high[1], full, ready.tracts.unplaced))


def near(neighbours: sparse.csr_array | None, high: Bits, full: Bits, unplaced: BoolArray | None = None) -> Told:
    """Whether at least one neighbour is high; it cannot be told where none is known, in the region or of a tract."""
    nothing = np.zeros_like(high)
    if neighbours is None:
        return Told(nothing, nothing)
    touched = nothing.copy()
    filled = np.flatnonzero(np.diff(neighbours.indptr))
    if len(filled):
        # reduceat over the starts of filled rows only: an island would take the next tract's neighbours
        touched[filled] = np.bitwise_or.reduceat(high[neighbours.indices], neighbours.indptr[filled], axis=0)
    told = full if unplaced is None else _spread(~unplaced, full)
    return Told(touched & full, ~touched & told)


def _told(yes: Bits, known: BoolArray, full: Bits) -> Told:
    mask = _spread(known, full)
    return Told(yes & mask, ~yes & mask)


def _spread(flags: BoolArray, full: Bits) -> Bits:
    """Flags of tracts for all cases, (n, b)."""
    return np.where(flags[:, None], full, np.zeros_like(full))


assert len(MEASURES) == N_REGION + len(MARKETS) * len(MARKET_MEASURES)
