"""What the typology takes and gives: one row a tract of the reference region, whatever door the numbers came through.

Definitions
-----------
now, before
    The two vintages, t1 and t0, which share no year of survey.
real
    In dollars of t1: a nominal amount of t0 times ``Tracts.price``.
region
    All tracts of the reference pooled: sum of numerators over sum of denominators.
stage
    0 none, or vulnerable alone; 1 to 7 as in `STAGES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from scipy import sparse

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import StrArray

Market = Literal["value", "rent"]
Variant = Literal["value", "rent", "either"]
MARKETS: tuple[Market, ...] = ("value", "rent")
VARIANTS: tuple[Variant, ...] = ("value", "rent", "either")

PRESSURES = ("renters", "people_of_colour", "no_bachelors", "low_income")
"""Conditions of part A, vulnerability (METHODS 5.2): each share strictly above that of the region."""
CHANGES = ("owners", "white", "bachelors", "income")
"""Conditions of part B, demographic change: each change at least that of the region."""


NOW = ("owners", "white", "bachelors", "low_income", "income", "value", "rent")
BEFORE = ("owners", "white", "bachelors", "income", "value", "rent")
"""Quantities of each vintage that are sampled, and drawn again: shares from 0 to 1; dollars of the vintage's own year
(income and home value; gross rent a month)."""
SHARES = frozenset({"owners", "white", "bachelors", "low_income"})

NONE, ADJACENT, ACCELERATING, APPRECIATED = 0, 1, 2, 3
MARKET_NAMES = ("none", "adjacent", "accelerating", "appreciated")
"""How far a market has moved, least first."""
STAGES = (
    "none",
    "susceptible",
    "early type 1",
    "early type 2",
    "dynamic",
    "late",
    "continued loss",
    "vulnerable, appreciated",
)
UNTOLD = -1
"""A market or stage that cannot be told."""


class Amount(NamedTuple):
    """Estimates with standard errors (90 % margin / 1.645), (n,) each.

    A value is NaN where it is missing. A standard error is NaN where no margin is known: the condition can then be
    told, but not its chance.
    """

    value: FloatArray
    se: FloatArray


class Pooled(NamedTuple):
    """The region's own value and standard error."""

    value: float
    se: float


@dataclass(frozen=True)
class Settings:
    """Choices of the method (METHODS 5.2, 5.3; those that are ours are told in the product).

    Attributes
    ----------
    min_households : float
        Tracts of fewer are left out.
    max_group_quarters : float
        So are tracts where more than this share of the people live in group quarters.
    min_units : float
        A median of fewer owned (rented) homes says nothing of the market, in either vintage.
    high : float
        Values and changes above this quantile over the tracts are high: the upper two quintiles.
    draws, seed : int
        Of the Monte Carlo.
    scale : float
        For sensitivity: every threshold is moved by ``scale - 1`` times its size, so that above 1 each is harder to
        meet and below 1 easier, a negative change of the region as well as a share (our choice).
    correlation_now, correlation_before : (7, 7) and (6, 6) float or None
        Correlation of the sampling errors of `NOW` and of `BEFORE` within a tract; None: independent.
    """

    min_households: float = 100.0
    max_group_quarters: float = 0.5
    min_units: float = 50.0
    high: float = 0.6
    draws: int = 10_000
    seed: int = 20250101
    scale: float = 1.0
    correlation_now: FloatArray | None = None
    correlation_before: FloatArray | None = None


@dataclass(frozen=True)
class Tracts:
    """The reference region, tract by tract, at two times.

    Attributes
    ----------
    geoid : (n,) str
        Of one census vintage, each once.
    now, before : mapping of str to Amount
        By the names of `NOW` and `BEFORE`; a name that is absent is missing for all tracts.
    region_now, region_before : mapping of str to Pooled
        Pooled shares of the region, and its median income: ``owners``, ``white``, ``bachelors``, ``low_income`` (now
        only), ``income``. Dollars of the vintage's own year.
    price : float
        Price index of t1 over that of t0.
    households, renter_households : Amount
        Of t1, what the headline counts.
    homes : mapping of str to (n,) float
        Homes behind the medians: ``value_now`` and ``value_before`` (owner-occupied), ``rent_now`` and
        ``rent_before`` (renter-occupied). A name that is absent, or NaN, is not known, and then not judged.
    top : mapping of str to (n,) bool
        Where a median is printed as the top of its scale (``value_now``: 2,000,001): it ranks high, and no change can
        be told from it. By the names of ``homes``.
    bottom : mapping of str to (n,) bool
        Where one is printed as the bottom of its scale (9,999): it ranks low, and no change can be told from it.
    group_quarters : (n,) float or None
        Share of the people who live in group quarters.
    students : (n,) float or None
        Share of the people of 15 and over who study beyond school: a caveat, no exclusion.
    neighbours : csr_array (n, n) or None
        Which tracts touch, queen contiguity, without the diagonal; None where no geometry is at hand.
    edge : (n,) bool or None
        Tracts that lie on the rim of the region, whose neighbours outside are not known.
    unplaced : (n,) bool or None
        Tracts whose neighbours are not known at all, though those of others are: without a shape, in no pair. Whether
        they lie beside a high one cannot be told. None: there are none.
    drawn_anew : (n,) bool or None
        Tracts that were drawn anew between the surveys: their earlier figures were put together from parts of others.
        None where nothing is known of it.
    extra : mapping of str to Amount
        What only other methods ask for: ``low_income_of_tracts``, the share of households below 80 % of the median of
        the tracts' medians (of t1), which the Urban Displacement Project uses.
    years : tuple of int
        End years ``(t0, t1)``.
    notes : tuple of str
        What a reader should know of how the numbers were made.
    """

    geoid: StrArray
    now: Mapping[str, Amount]
    before: Mapping[str, Amount]
    region_now: Mapping[str, Pooled]
    region_before: Mapping[str, Pooled]
    price: float
    households: Amount
    renter_households: Amount
    homes: Mapping[str, FloatArray] = field(default_factory=dict)
    top: Mapping[str, BoolArray] = field(default_factory=dict)
    bottom: Mapping[str, BoolArray] = field(default_factory=dict)
    group_quarters: FloatArray | None = None
    students: FloatArray | None = None
    neighbours: sparse.csr_array | None = None
    edge: BoolArray | None = None
    unplaced: BoolArray | None = None
    drawn_anew: BoolArray | None = None
    extra: Mapping[str, Amount] = field(default_factory=dict)
    years: tuple[int, int] = (2014, 2024)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.geoid)

    def get(self, name: str, when: Literal["now", "before"]) -> Amount:
        """One quantity; all NaN where it is missing."""
        found = (self.now if when == "now" else self.before).get(name)
        if found is not None:
            return found
        nothing = np.full(len(self), np.nan)
        return Amount(nothing, nothing)


@dataclass(frozen=True)
class Condition:
    """One condition over the tracts.

    Attributes
    ----------
    value, se : (n,) float
        The tract's own: a share, a change of a share, a relative change, dollars.
    threshold, threshold_se : float
        What it is held against: the region's, or a quantile over the tracts. NaN where there is none.
    holds : (n,) float
        1, 0, NaN where it cannot be told.
    probability : (n,) float
        Share of the draws in which it holds; NaN where no margin is known or it cannot be told.
    """

    value: FloatArray
    se: FloatArray
    threshold: float
    threshold_se: float
    holds: FloatArray
    probability: FloatArray


@dataclass(frozen=True)
class MarketResult:
    """One market, or the further of the two.

    Attributes
    ----------
    conditions : mapping of str to Condition
        ``before_high``, ``now_high``, ``change_high``; empty for ``either``.
    code : (n,) int
        `UNTOLD`, or a position in `MARKET_NAMES`.
    probability : (n, 5) float
        Of each of `MARKET_NAMES`, and of what cannot be told; rows sum to 1, or are NaN where no margin is known.
    stood_in : (n,) bool
        Where rents stand in for missing home values (``value`` alone).
    """

    conditions: Mapping[str, Condition]
    code: IntArray
    probability: FloatArray
    stood_in: BoolArray


@dataclass(frozen=True)
class Typology:
    """The class of every tract, with its chances and its reasons.

    Attributes
    ----------
    tracts : Tracts
        What it was made from: the class depends on the whole reference set.
    settings : Settings
    excluded : tuple of str or None
        Why a tract is not classed.
    pressures, changes : mapping of str to Condition
        By the names of `PRESSURES` and `CHANGES`.
    vulnerable, changed : (n,) float
        Parts A and B: 1, 0, NaN.
    p_vulnerable, p_changed : (n,) float
    markets : mapping of Variant to MarketResult
    stage : mapping of Variant to (n,) int
        `UNTOLD`, or a position in `STAGES`.
    p_stage : mapping of Variant to (n, 9) float
        Of each of `STAGES`, and of what cannot be told; rows sum to 1, or are NaN.
    pressed : mapping of Variant to (n,) float
        Vulnerable and under market pressure (a market other than none): 1, 0, NaN.
    p_pressed : mapping of Variant to (n,) float
    """

    tracts: Tracts
    settings: Settings
    excluded: tuple[str | None, ...]
    pressures: Mapping[str, Condition]
    changes: Mapping[str, Condition]
    vulnerable: FloatArray
    p_vulnerable: FloatArray
    changed: FloatArray
    p_changed: FloatArray
    markets: Mapping[Variant, MarketResult]
    stage: Mapping[Variant, IntArray]
    p_stage: Mapping[Variant, FloatArray]
    pressed: Mapping[Variant, FloatArray]
    p_pressed: Mapping[Variant, FloatArray]
