"""Margins of error: what the Bureau published, and what follows from it.

Every margin in justgeo is a 90 % margin, ``1.645`` standard errors wide, as in the American Community Survey (ACS).
Margins are carried by the Bureau's approximation formulas, which take estimates to be independent of one another.

Definitions
-----------
controlled
    An estimate that was fitted to an independent total: it has no sampling error, its margin is 0.
sentinel
    A large negative number that stands for "no number here". It never enters an arithmetic.
zero rule
    In a sum, of all estimates that are exactly zero only the one with the largest margin counts: zero estimates of
    one small place all carry about the same margin, and adding them all would drown the sum.

References
----------
U.S. Census Bureau (2018, rev. 2020), *Understanding and Using American Community Survey Data: What All Data Users
Need to Know*, chapters 7, 8 and 10. Parker et al. (2017), *National Center for Health Statistics Data Presentation
Standards for Proportions*, NCHS Series 2 No. 175.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray

Z90 = 1.645
"""Standard errors in a 90 % margin, to the digits that the Bureau uses."""

Z95 = 1.959963984540054
"""Standard errors on either side of a 95 % interval."""

CONTROLLED = -555_555_555.0

SENTINELS: dict[float, str] = {
    -666_666_666.0: "the Bureau could not compute it: too few sample cases",
    -999_999_999.0: "the Bureau does not show it: too few sample cases in this area",
    -888_888_888.0: "not applicable or not available for this area",
    -222_222_222.0: "the margin could not be computed: too few sample cases",
    -333_333_333.0: "the median lies in an open-ended bracket",
}
"""Values that stand for "no number", each with what it says."""

NO_ESTIMATE = "no estimate was published"
NO_MARGIN = "no margin was published"

_ROUNDING = 1e-12
"""Of a difference of squares, what is no more than this share of them is nothing but rounding."""
_LEAST_ESTIMATE = -100_000_000.0  # no published count, share or median is lower; aggregates of losses stay above

Floats = npt.ArrayLike
ObjectArray = npt.NDArray[np.object_]
StrArray = npt.NDArray[np.str_]


class Decoded(NamedTuple):
    """Estimates and margins without sentinels; all arrays have the shape that was given.

    A reason is ``None`` where the number is there, else why it is NaN.
    """

    estimate: FloatArray
    margin: FloatArray
    estimate_reason: ObjectArray
    margin_reason: ObjectArray


class Sum(NamedTuple):
    """Weighted sums, shape (Z,): value, 90 % margin, and where a value is missing (then both are NaN)."""

    value: FloatArray
    moe: FloatArray
    missing: BoolArray


class Ratio(NamedTuple):
    """Quotients with their margin and the formula that gave it (``""`` where there is no margin)."""

    value: FloatArray
    moe: FloatArray
    rule: StrArray


class Estimate(NamedTuple):
    """A value with its 90 % margin, in the same unit."""

    value: FloatArray
    moe: FloatArray


def as_floats(*values: Floats) -> list[FloatArray]:
    """Arrays of float, brought to one shape; views, not to be written to."""
    arrays = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values))
    return [np.asarray(a, dtype=np.float64) for a in arrays]


def _divide(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient; NaN where the divisor is not positive."""
    out: FloatArray = np.full(above.shape, np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _refuse(values: FloatArray, wrong: npt.ArrayLike, what: str, remedy: str) -> None:
    """Raise with the first of the numbers that are wrong."""
    bad = values[np.asarray(wrong, dtype=np.bool_)]
    if bad.size:
        raise LayerError(f"{what} of {bad.flat[0]:,.10g} cannot be ({bad.size} such cells).", remedy=remedy)


def _take_sentinels(values: FloatArray, without: str) -> ObjectArray:
    """Set sentinels to NaN in place and say why; what is NaN already is ``without``."""
    reasons = np.full(values.shape, None, dtype=object)
    reasons[np.isnan(values)] = without
    for sentinel, why in SENTINELS.items():
        hit = values == sentinel
        reasons[hit] = why
        values[hit] = np.nan
    return reasons


def decode(estimate: Floats, margin: Floats) -> Decoded:
    """Read the Bureau's estimates and margins: sentinels to NaN with their reason, controlled margins to 0.

    Parameters
    ----------
    estimate, margin : array_like
        As published, of one shape; NaN where the file has nothing.

    Returns
    -------
    Decoded
        A margin of -555555555 becomes 0 (a controlled estimate). -333333333 in place of a margin means that the
        median lies in an open-ended bracket: the estimate beside it is a bound, not a median.

    Raises
    ------
    LayerError
        An infinite number, a negative margin that is no sentinel, an estimate below -100,000,000 that is none.

    References
    ----------
    U.S. Census Bureau, *Notes on ACS Estimate and Annotation Values*.
    """
    est, moe = np.array(estimate, dtype=np.float64), np.array(margin, dtype=np.float64)
    if est.shape != moe.shape:
        raise ValueError(f"estimates of shape {est.shape} with margins of shape {moe.shape}")
    estimate_reason = _take_sentinels(est, NO_ESTIMATE)
    margin_reason = _take_sentinels(moe, NO_MARGIN)
    moe[moe == CONTROLLED] = 0.0
    remedy = "Check that the columns are the ones that were meant, and that the file is not damaged."
    _refuse(est, np.isinf(est) | (est < _LEAST_ESTIMATE), "An estimate", remedy)
    _refuse(moe, np.isinf(moe) | (moe < 0), "A margin", remedy)
    return Decoded(est, moe, estimate_reason, margin_reason)


def weighted_sum(weights: csr_array, estimate: Floats, moe: Floats) -> Sum:
    """Sum cells over the units of each zone, by weight.

    ``value = sum(w E)`` and ``moe**2 = sum((w M)**2 where E != 0) + max((w M)**2 where E == 0)``, both over all cells
    x units with w > 0: the zero rule is applied once to the whole sum.

    Parameters
    ----------
    weights : (Z, n) csr_array
        Share of each unit that counts for the zone, 0 or more.
    estimate, moe : (n, k) array_like
        Cells to add up, with 90 % margins; a controlled estimate has margin 0.

    Returns
    -------
    Sum
        Missing (NaN, NaN) where a unit with w > 0 has no estimate, and for a zone that has no unit at all: no data
        is not a count of 0. The margin alone is NaN where a unit with w > 0 has none.

    References
    ----------
    U.S. Census Bureau (2018, rev. 2020), *Understanding and Using ACS Data*, chapter 8.
    """
    est, mar = as_floats(estimate, moe)
    if est.ndim != 2 or est.shape[1] == 0:
        raise ValueError(f"cells are to be of shape (units, cells), not {est.shape}")
    w = _positive(weights)
    if w.shape[1] != est.shape[0]:
        raise ValueError(f"weights for {w.shape[1]} units, cells for {est.shape[0]}")
    zero, known = est == 0, ~np.isnan(mar)
    variance_of_unit = np.square(np.where(known & ~zero, mar, 0.0)).sum(axis=1)
    # w is one number a unit, so the largest zero margin of a unit can be taken before the zones are looked at
    zero_of_unit = np.where(known & zero, mar, 0.0).max(axis=1)

    value = np.asarray(w @ np.nan_to_num(est, nan=0.0).sum(axis=1), dtype=np.float64)
    squares = csr_array((np.square(w.data), w.indices, w.indptr), shape=w.shape)
    variance = np.asarray(squares @ variance_of_unit, dtype=np.float64) + np.square(_row_max(w, zero_of_unit))
    missing = _touches(w, np.isnan(est).any(axis=1)) | (np.diff(w.indptr) == 0)
    value[missing] = np.nan
    margin = np.sqrt(variance)
    margin[missing | _touches(w, ~known.all(axis=1))] = np.nan
    return Sum(value, margin, missing)


def _positive(weights: csr_array) -> csr_array:
    """Weights as float with each pair stored once and no stored zero; the argument is left as it is."""
    w: csr_array = weights.astype(np.float64, copy=True)
    w.sum_duplicates()
    w.eliminate_zeros()
    if not (np.isfinite(w.data) & (w.data > 0)).all():
        raise ValueError("weights are to be finite and 0 or more")
    return w


def _row_max(w: csr_array, of_unit: FloatArray) -> FloatArray:
    """Largest ``w * of_unit`` of each row, 0 for an empty row."""
    out = np.zeros(w.shape[0])
    filled = np.diff(w.indptr) > 0
    if filled.any():
        # reduceat over the starts of filled rows only: an empty row would take its neighbour's value
        out[filled] = np.maximum.reduceat(w.data * of_unit[w.indices], w.indptr[:-1][filled])
    return out


def _touches(w: csr_array, units: npt.ArrayLike) -> BoolArray:
    """Which rows have a unit of this kind."""
    return np.asarray(_row_max(w, np.asarray(units, dtype=np.float64)) > 0, dtype=np.bool_)


def difference(a: Floats, a_moe: Floats, b: Floats, b_moe: Floats) -> Estimate:
    """``a - b`` of two independent estimates, with margin ``sqrt(MOE_a**2 + MOE_b**2)``.

    See Also
    --------
    nested_difference : where b is a part of a.
    """
    x, mx, y, my = as_floats(a, a_moe, b, b_moe)
    return Estimate(x - y, np.hypot(mx, my))


def nested_difference(total: Floats, total_moe: Floats, part: Floats, part_moe: Floats) -> Estimate:
    """What is left of a total without one of its parts: margin ``sqrt(MOE_T**2 - MOE_Z**2)``.

    The part and the rest are taken as independent, so the total's variance is the sum of theirs.

    Returns
    -------
    Estimate
        The margin is NaN where the formula gives none: a negative radicand, or a radicand of 0 between two margins
        that are not 0 (a sampled rest cannot be exact). The margin of the cells that make up the rest is to be taken
        there, see `subtract_nested`.
    """
    t, mt, z, mz = as_floats(total, total_moe, part, part_moe)
    radicand = np.square(mt) - np.square(mz)
    usable = (radicand > 0) | ((radicand == 0) & (mz == 0))
    return Estimate(t - z, np.sqrt(radicand, out=np.full(t.shape, np.nan), where=usable))


def subtract_nested(total: Sum, part: Sum, components: Sum | None = None) -> Sum:
    """Nested difference of two weighted sums, with the margin of the components where the formula gives none.

    Parameters
    ----------
    total, part : Sum
        Over the same zones and weights.
    components : Sum or None
        Sum of the cells that make up ``total - part``. It also gives the margin where the rest is 0: the margin of a
        zero is that of its cells.

    Raises
    ------
    LayerError
        A part is larger than its total.
    """
    value, moe = nested_difference(total.value, total.moe, part.value, part.moe)
    slack = 1e-9 * np.maximum(np.abs(total.value), 1.0)  # weights are fractions: sums agree to rounding only
    if (value < -slack).any():
        worst = int(np.nanargmin(value))
        raise LayerError(
            f"A part ({part.value[worst]:,.10g}) is larger than the total that it belongs to "
            f"({total.value[worst]:,.10g}).",
            remedy="Check that both columns come from the same table and year.",
        )
    nothing = np.abs(value) <= slack
    value = np.where(nothing, 0.0, value)
    if components is not None:
        moe = np.where(np.isnan(moe) | nothing, components.moe, moe)
    missing = total.missing | part.missing
    return Sum(np.where(missing, np.nan, value), np.where(missing, np.nan, moe), missing)


def proportion(x: Floats, mx: Floats, y: Floats, my: Floats) -> Ratio:
    """Share ``x / y`` of a part in its whole: margin ``sqrt(MOE_X**2 - p**2 MOE_Y**2) / Y``.

    Where the radicand is negative the ratio formula is used (rule ``"ratio"``), as the Bureau says; our choice is to
    use it for a radicand of 0 between two margins too, which would call a sampled share exact. At p = 0 the margin is
    ``MOE_X / Y``. At p = 1 use `complement_proportion` with the margin of the zero complement (else with
    the largest margin of a zero in the table): ``MOE_X`` is no measure of it.

    Returns
    -------
    Ratio
        Shares from 0 to 1; NaN where y is not positive.
    """
    x_, mx_, y_, my_ = as_floats(x, mx, y, my)
    p = _divide(x_, y_)
    part, whole = np.square(mx_), np.square(p * my_)
    none = (part < whole) | ((part - whole <= _ROUNDING * part) & (part > 0) & (p < 1))
    moe = _divide(np.sqrt(np.where(none, part + whole, np.abs(part - whole))), y_)
    return Ratio(p, moe, _rules(moe, np.where(none, "ratio", "proportion")))


def complement_proportion(z: Floats, mz: Floats, y: Floats, my: Floats) -> Ratio:
    """Share ``(y - z) / y`` of what is not z, with the margin of ``z / y``: p and 1 - p err alike.

    At z = 0 (a share of 1) the margin is ``MOE_Z / Y``. Rules are ``"complement"`` and, after a negative radicand,
    ``"complement_ratio"``.
    """
    q, moe, rule = proportion(z, mz, y, my)
    return Ratio(1.0 - q, moe, _rules(moe, np.where(rule == "ratio", "complement_ratio", "complement")))


def ratio(x: Floats, mx: Floats, y: Floats, my: Floats) -> Ratio:
    """Ratio ``R = x / y`` where x is no part of y: margin ``sqrt(MOE_X**2 + R**2 MOE_Y**2) / Y``.

    NaN where y is not positive.
    """
    x_, mx_, y_, my_ = as_floats(x, mx, y, my)
    r = _divide(x_, y_)
    moe = _divide(np.hypot(mx_, r * my_), y_)
    return Ratio(r, moe, _rules(moe, np.full(moe.shape, "ratio")))


def _rules(moe: FloatArray, rule: npt.NDArray[np.str_]) -> StrArray:
    """Name of the formula where it gave a margin."""
    return np.asarray(np.where(np.isnan(moe), "", rule), dtype=np.str_)


def product(a: Floats, a_moe: Floats, b: Floats, b_moe: Floats) -> Estimate:
    """``a * b``, with margin ``sqrt(a**2 MOE_b**2 + b**2 MOE_a**2)``."""
    x, mx, y, my = as_floats(a, a_moe, b, b_moe)
    return Estimate(x * y, np.hypot(x * my, y * mx))


def count_from_percent(percent: Floats, percent_moe: Floats, total: Floats, total_moe: Floats) -> Estimate:
    """Count behind a published percent (0 to 100) of a published total, by the product rule.

    `proportion` of the result over the total gives back the percent and its margin.

    Raises
    ------
    LayerError
        A percent outside 0 to 100, or a negative margin.
    """
    p, mp, y, my = as_floats(percent, percent_moe, total, total_moe)
    _refuse(p, (p < 0) | (p > 100), "A percent", "Declare the column as a count, or give percents from 0 to 100.")
    for margins in (mp, my):
        _refuse(margins, margins < 0, "A margin", "Leave cells without a margin empty.")
    return product(p / 100.0, mp / 100.0, y, my)


def percent_change(new: Floats, new_moe: Floats, old: Floats, old_moe: Floats) -> Estimate:
    """Change from old to new in percent: ``100 (new / old - 1)``, with 100 times the margin of the ratio.

    The two are to be independent: periods of five-year estimates that do not overlap. No CV is told for a change.
    """
    r = ratio(new, new_moe, old, old_moe)
    return Estimate(100.0 * (r.value - 1.0), 100.0 * r.moe)


def cv(value: Floats, moe: Floats) -> FloatArray:
    """Coefficient of variation, percent: ``100 SE / |value|``. Infinite for a 0 with a margin, 0 for margin 0."""
    x, m = as_floats(value, moe)
    out = np.full(x.shape, np.inf)
    np.divide(100.0 * m / Z90, np.abs(x), out=out, where=x != 0)
    out[m == 0] = 0.0
    out[np.isnan(x) | np.isnan(m)] = np.nan
    return out


def reliability(value: Floats, moe: Floats, *, proportion: bool, high: float = 12.0, low: float = 40.0) -> StrArray:
    """Class of each estimate by its coefficient of variation.

    Parameters
    ----------
    value, moe : array_like
        Estimates with 90 % margins. Not for differences and changes, which have no CV.
    proportion : bool
        The values are shares from 0 to 1. Their CV is taken on ``min(p, 1 - p)``, so that "3.5 % poor" and "96.5 %
        not poor" are of one class; a share of exactly 0 or 1 with a margin is ``"low"``.
    high, low : float
        CV in percent up to which an estimate is ``"high"``, and above which it is ``"low"``.

    Returns
    -------
    array of str
        ``high``, ``medium``, ``low``; ``exact`` (margin 0), ``absent`` (no value), ``unknown`` (no margin). The NCHS
        rule for proportions does not change a class: `nchs_flag` tells it beside.

    Raises
    ------
    LayerError
        A proportion outside 0 to 1.

    References
    ----------
    Esri, *Reliability symbols*, for the limits of 12 and 40 %.
    """
    x, m = as_floats(value, moe)
    _refuse(m, m < 0, "A margin", "Margins are 0 or more.")
    if proportion:
        x = _rarer_side(x)
    c = cv(x, m) * (1.0 - 1e-9)  # a CV of 12 exactly is not to fall on the other side by rounding
    tests = [np.isnan(x), np.isnan(m), m == 0, c <= high, c <= low]
    return np.asarray(np.select(tests, ["absent", "unknown", "exact", "high", "medium"], "low"), dtype=np.str_)


def _rarer_side(share: FloatArray) -> FloatArray:
    """``min(p, 1 - p)``, with rounding at the ends allowed for."""
    outside = (share < -1e-9) | (share > 1 + 1e-9)
    _refuse(share, outside, "A share", "Check that the numerator is a part of the denominator.")
    return np.clip(np.minimum(share, 1.0 - share), 0.0, None)


def nchs_flag(share: Floats, moe: Floats) -> BoolArray:
    """Where a proportion fails the width rule of the National Center for Health Statistics.

    Its 95 % interval is 0.30 wide or more, or wider than 0.05 and wider than 130 % of the proportion. The interval is
    taken from the margin (the NCHS itself uses a Clopper-Pearson interval, which needs the sample). False where there
    is no value or no margin.

    References
    ----------
    Parker et al. (2017), NCHS Series 2 No. 175.
    """
    p, m = as_floats(share, moe)
    width = 2.0 * Z95 * m / Z90
    wide = (width >= 0.30) | ((width > 0.05) & (width > 1.30 * p))
    return np.asarray(wide & ~np.isnan(p), dtype=np.bool_)
