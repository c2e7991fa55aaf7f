"""From tracts and settings to what the rules ask for: who is classed, what is known, shares pooled over a region.

Definitions
-----------
quantity
    One of the 13 sampled numbers of a tract: `NOW`, then `BEFORE`.
measure
    What is held against a threshold, made of quantities: the four pressures, the four changes, and for each market
    the median before, the median now and the real change. `MEASURES` names them in the order of every array here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure import margins, rows
from justgeo.measure.fractions import Matrix
from justgeo.measure.typology.checks import check
from justgeo.measure.typology.values import (
    BEFORE,
    CHANGES,
    MARKETS,
    NOW,
    PRESSURES,
    Amount,
    Pooled,
    Settings,
    Tracts,
)

MIN_TRACTS = 5
"""Fewer say nothing of a region: the upper two fifths of four tracts are no group."""
MANY_TRACTS = 30
"""A reference of fewer is told to be small: METHODS 5.2 asks for the metro area then."""
TIE = 1e-12
"""Two numbers that differ by less, relative to 1 or to the threshold, are a tie: rounding is not to decide."""
MARKET_MEASURES = ("before_high", "now_high", "change_high")
QUANTITIES: tuple[tuple[str, str], ...] = (*(("now", n) for n in NOW), *(("before", n) for n in BEFORE))
MEASURES: tuple[str, ...] = (*PRESSURES, *CHANGES, *(f"{m}_{c}" for m in MARKETS for c in MARKET_MEASURES))
N_REGION = len(PRESSURES) + len(CHANGES)
"""Measures held against the region's own; the others are held against quantiles."""


class TooFewTracts(LayerError):
    """The region has too few tracts to be a reference."""


@dataclass(frozen=True)
class Ready:
    """Arrays for the rules. ``q`` quantities, ``m`` measures, as `QUANTITIES` and `MEASURES` name them.

    Attributes
    ----------
    excluded : tuple of str or None
        Why a tract is not classed.
    classed : (n,) bool
    mean, se : (n, q) float
        NaN where there is none.
    region, region_se : (q,) float
        NaN where there is none; the medians of homes have none.
    valid : (n, m) bool
        Measures that are known of a tract and may be used.
    sure : (n, m) bool
        Those whose standard errors are known too.
    top : (n, m) bool
        Medians at the top of their scale: high, whatever the quantile.
    missing : (n, markets) bool
        Tracts without a usable median in either vintage.
    neighbours : csr_array (n, n) or None
        Tracts that touch, each pair both ways, none with itself.
    """

    tracts: Tracts
    settings: Settings
    excluded: tuple[str | None, ...]
    classed: BoolArray
    mean: FloatArray
    se: FloatArray
    region: FloatArray
    region_se: FloatArray
    valid: BoolArray
    sure: BoolArray
    top: BoolArray
    missing: BoolArray
    neighbours: sparse.csr_array | None


def prepare(tracts: Tracts, settings: Settings) -> Ready:
    """Check, leave out, and lay ready.

    Raises
    ------
    LayerError, ConfigError
        As `checks.check` says.
    """
    check(tracts, settings)
    excluded = exclusions(tracts, settings)
    classed = np.array([why is None for why in excluded], dtype=np.bool_)
    amounts = [tracts.get(name, "now" if when == "now" else "before") for when, name in QUANTITIES]
    mean = np.column_stack([np.asarray(a.value, dtype=np.float64) for a in amounts])
    se = np.column_stack([np.asarray(a.se, dtype=np.float64) for a in amounts])
    region, region_se = _region(tracts)
    top, bottom = _ends(tracts, tracts.top), _ends(tracts, tracts.bottom)
    usable = np.isfinite(mean) & classed[:, None]
    for market in MARKETS:
        for when in ("now", "before"):
            usable[:, QUANTITIES.index((when, market))] &= ~_few(tracts, settings, f"{market}_{when}")
    valid = _of_measures(usable)
    for k in range(len(MARKETS)):
        _, now, before, change = _places(k)
        coded = top | bottom
        valid[:, change] &= ~(coded[:, now] | coded[:, before])  # no change can be told from a coded end
    # a median at an end of its scale has no margin and needs none: it is high, or as low as any
    sure = _of_measures(np.isfinite(se)) | top | bottom
    missing = np.column_stack([~(valid[:, _places(k)[1]] & valid[:, _places(k)[2]]) for k in range(len(MARKETS))])
    touch = touching(tracts.neighbours)
    return Ready(tracts, settings, excluded, classed, mean, se, region, region_se, valid, sure, top, missing, touch)


def exclusions(tracts: Tracts, settings: Settings) -> tuple[str | None, ...]:
    """Why each tract is not classed, in plain words; None where it is."""
    households = np.asarray(tracts.households.value, dtype=np.float64)
    nothing = np.full(len(tracts), np.nan)
    quarters = nothing if tracts.group_quarters is None else np.asarray(tracts.group_quarters, dtype=np.float64)
    return tuple(_why(h, g, settings) for h, g in zip(households.tolist(), quarters.tolist(), strict=True))


def _why(households: float, quarters: float, settings: Settings) -> str | None:
    if math.isnan(households):
        return "the number of households is not known"
    if households < settings.min_households:
        return f"fewer than {settings.min_households:,.0f} households"
    if quarters > settings.max_group_quarters:
        return f"more than {settings.max_group_quarters:.0%} of the people live in group quarters"
    return None


def touching(neighbours: sparse.csr_array | None) -> sparse.csr_array | None:
    """Who touches whom, as the rules take it: both ways, since a list of pairs may give each once; none itself."""
    if neighbours is None:
        return None
    pairs = neighbours.tocoo()
    there = (pairs.data != 0) & (pairs.row != pairs.col)
    i, j = pairs.row[there], pairs.col[there]
    both = (np.ones(2 * len(i)), (np.concatenate([i, j]), np.concatenate([j, i])))
    out: sparse.csr_array = sparse.csr_array(both, shape=neighbours.shape)  # pairs given twice are summed
    return out


def _few(tracts: Tracts, settings: Settings, name: str) -> BoolArray:
    """Tracts with too few homes for their median to speak of the market; not judged where the number is not known."""
    homes = tracts.homes.get(name)
    if homes is None:
        return np.zeros(len(tracts), dtype=np.bool_)
    return np.asarray(np.asarray(homes, dtype=np.float64) < settings.min_units, dtype=np.bool_)


def _region(tracts: Tracts) -> tuple[FloatArray, FloatArray]:
    none = Pooled(math.nan, math.nan)
    found = [(tracts.region_now if when == "now" else tracts.region_before).get(n, none) for when, n in QUANTITIES]
    return np.array([f.value for f in found], dtype=np.float64), np.array([f.se for f in found], dtype=np.float64)


def _ends(tracts: Tracts, coded: Mapping[str, BoolArray]) -> BoolArray:
    """Which measures of a tract are medians at an end of their scale."""
    out = np.zeros((len(tracts), len(MEASURES)), dtype=np.bool_)
    for k, market in enumerate(MARKETS):
        _, now, before, _ = _places(k)
        for when, at in (("now", now), ("before", before)):
            flags = coded.get(f"{market}_{when}")
            if flags is not None:
                out[:, at] = flags
    return out


def _places(k: int) -> tuple[int, int, int, int]:
    """Of the k-th market: where its measures begin; now, before, change among the measures."""
    start = N_REGION + k * len(MARKET_MEASURES)
    return start, start + 1, start, start + 2


def _of_measures(quantity: BoolArray) -> BoolArray:
    """Where every quantity that a measure is made of is so."""
    q = {name: quantity[:, i] for i, name in enumerate(QUANTITIES)}
    pressures = [q["now", name] for name in ("owners", "white", "bachelors", "low_income")]
    changes = [q["now", name] & q["before", name] for name in CHANGES]
    market = [array for m in MARKETS for array in (q["before", m], q["now", m], q["now", m] & q["before", m])]
    return np.column_stack([*pressures, *changes, *market])


def measures(x: FloatArray, price: float) -> list[FloatArray]:
    """Quantities (..., q, b) to measures, each (..., b), in the order of `MEASURES`.

    Pressures are shares, changes are differences of shares and the relative real change of income; medians are
    dollars of their own vintage, and their change is relative and real.
    """
    now = {name: x[..., i, :] for i, name in enumerate(NOW)}
    before = {name: x[..., len(NOW) + i, :] for i, name in enumerate(BEFORE)}

    def real_change(name: str) -> FloatArray:
        return now[name] / (before[name] * price) - 1.0

    pressures = [1.0 - now["owners"], 1.0 - now["white"], 1.0 - now["bachelors"], now["low_income"]]
    changes = [*(now[name] - before[name] for name in ("owners", "white", "bachelors")), real_change("income")]
    market = [array for m in MARKETS for array in (before[m], now[m], real_change(m))]
    return [*pressures, *changes, *market]


def measure_errors(mean: FloatArray, se: FloatArray, price: float) -> list[FloatArray]:
    """Standard errors (n,) of the measures by the Bureau's formulas, from quantities (n, q)."""
    at = {name: i for i, name in enumerate(QUANTITIES)}

    def real_change(name: str) -> FloatArray:
        new, old = at["now", name], at["before", name]
        return margins.ratio(mean[:, new], se[:, new], mean[:, old] * price, se[:, old] * price).moe

    pressures = [se[:, at["now", name]] for name in ("owners", "white", "bachelors", "low_income")]
    changes = [np.hypot(se[:, at["now", n]], se[:, at["before", n]]) for n in ("owners", "white", "bachelors")]
    market = [a for m in MARKETS for a in (se[:, at["before", m]], se[:, at["now", m]], real_change(m))]
    return [*pressures, *changes, real_change("income"), *market]


def share_of(x: FloatArray, x_moe: FloatArray, y: FloatArray, y_moe: FloatArray, complement: bool = False) -> Amount:
    """Share ``x / y`` of each tract, or one less it, with its standard error.

    Parameters
    ----------
    x, x_moe, y, y_moe : (n,) or (n, k) float
        Cells that are added up, with 90 % margins.
    complement : bool
        ``(y - x) / y``.

    Returns
    -------
    Amount
        NaN where a cell is missing or the whole is 0.
    """
    cells = [_columns(a) for a in (x, x_moe, y, y_moe)]
    return Amount(*_share(rows.each(len(cells[0])), cells, complement))


def pooled_share(
    x: FloatArray, x_moe: FloatArray, y: FloatArray, y_moe: FloatArray, complement: bool = False
) -> Pooled:
    """Share of the region: sum of numerators over sum of denominators, over all tracts known in every cell.

    Parameters
    ----------
    x, x_moe, y, y_moe : (n,) or (n, k) float
        As for `share_of`.
    complement : bool

    Returns
    -------
    Pooled
        NaN where no tract is known.
    """
    cells = [_columns(a) for a in (x, x_moe, y, y_moe)]
    known = np.isfinite(cells[0]).all(axis=1) & np.isfinite(cells[2]).all(axis=1)
    if not known.any():
        return Pooled(math.nan, math.nan)
    value, se = _share(rows.pooled(int(known.sum())), [c[known] for c in cells], complement)
    return Pooled(float(value[0]), float(se[0]))


def _columns(values: FloatArray) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def _share(weights: Matrix, cells: list[FloatArray], complement: bool) -> tuple[FloatArray, FloatArray]:
    x, x_moe, y, y_moe = cells
    top, bottom = margins.weighted_sum(weights, x, x_moe), margins.weighted_sum(weights, y, y_moe)
    rule = margins.complement_proportion if complement else margins.proportion
    ratio = rule(top.value, top.moe, bottom.value, bottom.moe)
    return ratio.value, ratio.moe / margins.Z90
