"""Counts at the areas of 2010, carried to those of 2020: the weights as values, and their arithmetic.

The weights are made in ``crosswalk``, which says what they are.

Definitions
-----------
base
    What the weights are shares of: the homes or the people of 2010, counted in full.
rate
    A count of the ACS for each home (or person) of the base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray, Provenance
from justgeo.core.zones import StrArray
from justgeo.measure import allocation, margins
from justgeo.measure.column import WEIGHTED, ReduceSettings, quotient
from justgeo.measure.countable import Universe
from justgeo.measure.fractions import Matrix
from justgeo.measure.margins import Floats, ObjectArray

Unit: TypeAlias = Literal["tract", "block group"]

LAND_GUESS = 1.0 / 3.0
"""A block that was divided by land: the variance of the share of its homes that lies in a piece with the share s of its
land is this times s (1 - s). For a block cut in half, any share from none to all is then as likely."""

NO_BASE = "none of the {what} counted in 2010 lie in it"
PARTIAL = "part of it lies on ground of 2010 that the crosswalk does not hold"


class Counts(NamedTuple):
    """Counts at the units of 2020; arrays (n20, k).

    Attributes
    ----------
    estimate, moe : float
        NaN where absent. ``moe**2`` is ``sampling**2 + apportionment**2``; 90 %.
    sampling, apportionment : float
        The two parts of the margin.
    reason, moe_reason : object
        Why there is no estimate, or no margin; None where there is one.
    """

    estimate: FloatArray
    moe: FloatArray
    sampling: FloatArray
    apportionment: FloatArray
    reason: ObjectArray
    moe_reason: ObjectArray


@dataclass(frozen=True)
class Crosswalk:
    """Weights of the units of 2010 in those of 2020; made by `weights`.

    Attributes
    ----------
    unit : {'tract', 'block group'}
    by : {'households', 'persons'}
        The base.
    geoids10, geoids20 : (n10,), (n20,) str
        Sorted.
    matrix : csr_array (n20, n10)
        Columns sum to 1.
    base : (n10,) float
        Homes or people of 2010 in each unit; 0 where other weights divide it.
    unsure : csr_array (n20, n10)
        Variance of the base in each piece, from blocks that were divided by land.
    partial : (n20,) bool
        Units of 2020 that have ground of 2010 which the table does not hold.
    notes : tuple of str
    provenance : Provenance
        Of the relationship table.
    """

    unit: Unit
    by: Universe
    geoids10: StrArray
    geoids20: StrArray
    matrix: Matrix
    base: FloatArray
    unsure: Matrix
    partial: BoolArray
    notes: tuple[str, ...]
    provenance: Provenance

    def counts(
        self, estimate: Floats, moe: Floats, *, why: ObjectArray | None = None, settings: ReduceSettings | None = None
    ) -> Counts:
        """Carry cells of counts from the units of 2010 to those of 2020.

        ``estimate' = W x``; the sampling part of the margin is ``sum((w M)**2 where x != 0) + max((w M)**2 where
        x == 0)`` under the root, cell by cell. The apportionment part follows METHODS 2.0 items 1 and 16, with the
        base of 2010 as the universe of every cell, since it is what the weights are exact for:

        ``1.645**2 sum over divided units of H**2 w (1 - w) [c S**2 + g r (1 - r) / H] + r**2 V``

        H is the base of the unit, r = x / H its rate (a rate above 1 has no binomial part), S**2 the variance of the
        rate between the units without its sampling part, c and g as for a district's boundary, and V the variance of
        the base itself in the piece from blocks that were divided by land. It holds for totals too: occupancy, and
        what was built since 2010, differ between the parts of a tract as rates do between tracts. A unit without
        base that is divided by land has ``x**2 w (1 - w) / 3`` in place of all that. 0 for units carried whole.

        Parameters
        ----------
        estimate, moe : (n10, k) array_like
            Counts with their 90 % margins, in the order of ``geoids10``; NaN where there are none.
        why : (n10, k) object, optional
            Why an estimate is missing.
        settings : ReduceSettings, optional
            ``apportion_c`` and the two cluster sizes are used.

        Returns
        -------
        Counts
            Absent, with its reason, is a 2020 unit that has a part (w > 0) of a unit without estimate, one that has
            no part of the base, and one of which ground is not in the table: never 0.

        Raises
        ------
        ValueError
            Shapes that do not fit.
        """
        x, m = margins.as_floats(estimate, moe)
        if x.ndim != 2 or x.shape[0] != len(self.geoids10):
            raise ValueError(f"cells are to be of shape ({len(self.geoids10)}, cells), not {x.shape}")
        settings = settings or ReduceSettings()
        shape = (len(self.geoids20), x.shape[1])
        value, sampling, apportionment = (np.full(shape, np.nan) for _ in range(3))
        for cell in range(shape[1]):
            found = margins.weighted_sum(self.matrix, x[:, [cell]], m[:, [cell]])
            value[:, cell], sampling[:, cell] = found.value, found.moe
            apportionment[:, cell] = self._apportionment(x[:, cell], m[:, cell], settings)
        value[self.partial] = np.nan
        reason = self._reasons(np.isnan(x), "number", why)
        reason[self.partial] = PARTIAL
        empty = np.diff(self.matrix.indptr) == 0
        reason[empty & ~self.partial] = NO_BASE.format(what=WEIGHTED[self.by])
        absent = np.isnan(value)
        moe_reason = np.where(absent, reason, self._reasons(np.isnan(m), "margin", None))
        sampling[absent] = np.nan
        apportionment[absent] = np.nan
        return Counts(value, np.hypot(sampling, apportionment), sampling, apportionment, reason, moe_reason)

    def _apportionment(self, x: FloatArray, m: FloatArray, settings: ReduceSettings) -> FloatArray:
        """90 % margin of one cell from dividing units, (n20,); units without number count as 0, they are absent."""
        rate, rate_moe = quotient(x, self.base), quotient(m, self.base)
        everywhere = np.ones(len(x), dtype=np.bool_)
        between = allocation.between_variance(rate, rate_moe, self.base, everywhere)
        c, cluster = settings.apportion_c, settings.cluster(self.by)
        of_rate = allocation.share_error(self.matrix, rate, self.base, between=between, c=c, cluster=cluster)
        held = np.asarray(self.matrix @ self.base, dtype=np.float64)
        inside = np.nan_to_num(of_rate * held, nan=0.0)
        by_land = np.asarray(self.unsure @ np.square(np.nan_to_num(rate, nan=0.0)), dtype=np.float64)
        guessed = self.matrix.copy()
        guessed.data = LAND_GUESS * guessed.data * (1.0 - guessed.data)
        by_land += guessed @ np.where(self.base > 0, 0.0, np.square(np.nan_to_num(x, nan=0.0)))
        return np.asarray(np.hypot(inside, margins.Z90 * np.sqrt(by_land)), dtype=np.float64)

    def _reasons(self, missing: BoolArray, what: str, why: ObjectArray | None) -> ObjectArray:
        """For each cell of 2020, which unit of 2010 it lacks a number of, (n20, k)."""
        reasons = np.full((len(self.geoids20), missing.shape[1]), None, dtype=object)
        parts = self.matrix.tocoo()
        to, of = parts.coords
        for cell in np.flatnonzero(missing.any(axis=0)):
            lacking = np.flatnonzero(missing[of, cell])
            row, first = np.unique(to[lacking], return_index=True)
            for at, unit in zip(row, of[lacking[first]], strict=True):
                told = f"no {what} for the {self.unit} {self.geoids10[unit]} of 2010, part of which lies in it"
                said = None if why is None else why[unit, cell]
                reasons[at, cell] = told if said is None else f"{told} ({said})"
        return reasons
