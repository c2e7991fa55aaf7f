"""Medians from counts in bins, with their margins.

A district has no published median: it is rebuilt from the counts of households in income, rent or value brackets.

Definitions
-----------
linear
    Households are spread evenly over a bracket.
Pareto
    Above the mode incomes thin out as a power: the share above x falls as ``x ** -alpha`` within the bracket.
mode
    The bracket of greatest density (count / width), not of greatest count.
open bracket
    The lowest and the highest bracket of a published table ("less than $10,000", "$200,000 or more"). A median there
    is known as a bound only.

References
----------
U.S. Census Bureau, *PUMS Accuracy of the Data*, for the standard error of a median by way of a proportion of 50 %, and
the American Community Survey handbook for state and local governments for its example. The rule on Pareto
interpolation is that of Census 2000, Summary File 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.margins import Z90

DEFAULT_DESIGN_FACTOR = 1.3
"""Ratio of an ACS standard error to that of a simple random sample, where none can be calibrated."""

FIVE_YEAR_PERCENT = 12.5
"""Percent of households in a five-year ACS sample (2.5 a year)."""

PARETO_WIDTH = 2500.0
"""Brackets wider than this, in dollars, are interpolated by the Pareto rule above the mode."""

NOBODY = "nobody is counted in the brackets"
UNKNOWN_BIN = "a bracket has no published count"
IN_LOWEST = "the median lies in the lowest, open bracket"
IN_HIGHEST = "the median lies in the highest, open bracket"
MARGIN_IN_LOWEST = "no margin: its lower limit falls in the lowest, open bracket"
MARGIN_IN_HIGHEST = "no margin: its upper limit falls in the highest, open bracket"
MARGIN_TOO_FEW = "no margin: too few households for one"


class Median(NamedTuple):
    """Medians with 90 % margins, every array of shape (Z,).

    ``text`` is what to print instead of the number (``"≥ 200,000"``), else None. ``reason`` says why the value is NaN
    or, beside a value, why its margin is NaN. ``interpolation_error`` is |Pareto - linear| where the Pareto rule gave
    the value, else NaN: not told.
    """

    value: FloatArray
    moe: FloatArray
    text: npt.NDArray[np.object_]
    reason: npt.NDArray[np.object_]
    interpolation_error: FloatArray


@dataclass(frozen=True)
class _Bins:
    """Checked bins of the zones that have somebody in them."""

    edges: FloatArray  # (k + 1,)
    counts: FloatArray  # (Z, k)
    below: FloatArray  # (Z, k + 1): cumulated count below each edge
    pareto: BoolArray  # (Z, k): bins in which the Pareto rule holds

    @property
    def total(self) -> FloatArray:
        return np.asarray(self.below[:, -1], dtype=np.float64)


def grouped_median(
    edges: npt.ArrayLike,
    counts: npt.ArrayLike,
    *,
    pareto: bool,
    design_factor: float = DEFAULT_DESIGN_FACTOR,
    sampling_percent: float = FIVE_YEAR_PERCENT,
) -> Median:
    """Median of each zone from its counts in brackets.

    The margin follows the Bureau's method: ``SE50 = DF sqrt((100 - f) / (f N) * 50**2)`` percentage points, the
    distribution is inverted at 50 % -/+ SE50, and the standard error is half the distance between the two. Both
    limits are interpolated as the median is: by the Pareto rule where it holds for their bracket, else linearly.

    Parameters
    ----------
    edges : (k + 1,) array_like
        Contiguous limits of the brackets (10,000, not 9,999), rising; the last may be ``inf``, the first ``-inf``. The
        first and the last bracket are taken as open whatever their limits.
    counts : (Z, k) array_like
        Weighted counts; a row with NaN gives an absent median.
    pareto : bool
        Income rule: Pareto in brackets above the mode that start above 0 and are wider than $2,500; linear otherwise.
    design_factor : float
        Of the zone's sample against a simple random one, see `design_factor`.
    sampling_percent : float
        Percent of all households in the sample: 12.5 for five years, 2.5 for one.

    Returns
    -------
    Median
        In the unit of the edges.

    Raises
    ------
    LayerError
        Negative counts.
    """
    e, c = _check(edges, counts)
    if not (design_factor > 0 and 0 < sampling_percent < 100):
        raise ValueError(f"design factor {design_factor}, sampling percent {sampling_percent}")
    zones = len(c)
    value, moe, interpolation = (np.full(zones, np.nan) for _ in range(3))
    text, reason = np.full(zones, None, dtype=object), np.full(zones, None, dtype=object)
    unknown = np.isnan(c).any(axis=1)
    reason[unknown] = UNKNOWN_BIN
    reason[~unknown & (c.sum(axis=1) == 0)] = NOBODY
    rows = np.flatnonzero(reason == None)  # noqa: E711 - elementwise
    if rows.size:
        bins = _bins(e, c[rows], pareto)
        half = np.full(rows.size, 0.5)
        where, linear, value[rows] = _quantile(bins, half)
        by_pareto = bins.pareto[np.arange(rows.size), where]
        interpolation[rows] = np.where(by_pareto, np.abs(value[rows] - linear), np.nan)
        se50 = design_factor * np.sqrt((100.0 - sampling_percent) / (sampling_percent * bins.total) * 2500.0) / 100.0
        moe[rows], reason[rows] = _margins(bins, se50)
        _open_brackets(e, rows, where, Median(value, moe, text, reason, interpolation))
    return Median(value, moe, text, reason, interpolation)


def _check(edges: npt.ArrayLike, counts: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    e, c = np.asarray(edges, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if e.ndim != 1 or c.ndim != 2 or c.shape[1] != e.size - 1 or c.shape[1] < 1:
        raise ValueError(f"counts of shape {c.shape} do not fit {e.size} edges")
    if not ((np.diff(e) > 0).all() and np.isfinite(e[1:-1]).all()):
        raise ValueError("edges are to rise, with infinity at the ends only")
    if (c < 0).any() or np.isinf(c).any():
        bad = c[(c < 0) | np.isinf(c)].flat[0]
        raise LayerError(
            f"A bracket holds {bad:,.10g} households.", remedy="Check the counts of the table that the median is from."
        )
    return e, c


def _bins(edges: FloatArray, counts: FloatArray, pareto: bool) -> _Bins:
    """Cumulate the counts and find the bins in which the Pareto rule holds."""
    below = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
    holds = np.zeros(counts.shape, dtype=np.bool_)
    if pareto:
        lower, upper = edges[:-1], edges[1:]
        mode = np.argmax(counts / (upper - lower), axis=1)  # an infinite bracket has density 0
        fits = (lower > 0) & (upper - lower > PARETO_WIDTH) & np.isfinite(upper)
        # with nobody above the bracket alpha would be infinite
        somebody_above = below[:, -1:] - below[:, 1:] > 0
        holds = fits & (np.arange(counts.shape[1]) > mode[:, None]) & somebody_above
    return _Bins(edges, counts, below, holds)


def _quantile(bins: _Bins, share: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Bin of each zone's quantile, its linear interpolation, and the interpolation by the rule that holds.

    ``share`` is (Z,), strictly between 0 and 1. Values in an unbounded bin are meaningless and left to the caller.
    """
    rows = np.arange(len(share))
    target = share * bins.total
    where = np.argmax(bins.below[:, 1:] >= target[:, None], axis=1)
    lower, upper = bins.edges[where], bins.edges[where + 1]
    before, inside = bins.below[rows, where], bins.counts[rows, where]
    bounded = np.isfinite(upper - lower)
    step = np.subtract(upper, lower, out=np.full(len(share), np.nan), where=bounded)
    linear = np.where(bounded, lower, np.nan) + (target - before) / inside * step
    value = linear.copy()
    use = bins.pareto[rows, where]
    if use.any():
        a, b = lower[use], upper[use]
        above_a, above_b = (bins.total - before)[use], (bins.total - bins.below[rows, where + 1])[use]
        inverse_alpha = np.log(b / a) / np.log(above_a / above_b)
        value[use] = a * (above_a / (bins.total - target)[use]) ** inverse_alpha
    return where, linear, value


def _margins(bins: _Bins, se50: FloatArray) -> tuple[FloatArray, npt.NDArray[np.object_]]:
    """90 % margins, and why there is none, for a standard error of the share of 50 % (0 to 1)."""
    enough = se50 < 0.5
    safe = np.where(enough, se50, 0.0)
    low_bin, _, low = _quantile(bins, 0.5 - safe)
    high_bin, _, high = _quantile(bins, 0.5 + safe)
    tests = [~enough, high_bin == len(bins.edges) - 2, low_bin == 0]
    why = [MARGIN_TOO_FEW, MARGIN_IN_HIGHEST, MARGIN_IN_LOWEST]
    reason = np.full(se50.shape, None, dtype=object)
    for test, words in zip(reversed(tests), reversed(why), strict=True):
        reason[test] = words
    usable = ~np.any(tests, axis=0)
    return np.where(usable, Z90 * (high - low) / 2.0, np.nan), reason


def _open_brackets(edges: FloatArray, rows: IntArray, where: IntArray, median: Median) -> None:
    """Replace medians in an open bracket by their bound, in place."""
    last = len(edges) - 2
    for bracket, words, bound in ((0, IN_LOWEST, f"< {edges[1]:,.0f}"), (last, IN_HIGHEST, f"≥ {edges[-2]:,.0f}")):
        hit = rows[where == bracket]
        median.text[hit], median.reason[hit] = bound, words
        for numbers in (median.value, median.moe, median.interpolation_error):
            numbers[hit] = np.nan


def design_factor(published_moe: float, method_moe: float) -> float:
    """Design factor that makes the method agree with a published margin, kept within 1 to 3.

    Parameters
    ----------
    published_moe : float
        The Bureau's margin of the reference area's own median.
    method_moe : float
        Margin of `grouped_median` from the reference area's own brackets with a design factor of 1.

    Raises
    ------
    LayerError
        One of the two is not a positive number.
    """
    if not (0 < published_moe < np.inf and 0 < method_moe < np.inf):
        raise LayerError(
            f"No design factor follows from margins of {published_moe} (published) and {method_moe} (method).",
            remedy=f"Use the default of {DEFAULT_DESIGN_FACTOR}.",
        )
    return float(np.clip(published_moe / method_moe, 1.0, 3.0))


def bin_fractions(threshold: float, edges: npt.ArrayLike) -> FloatArray:
    """Share of each bracket that lies below a threshold, by linear interpolation.

    Returns
    -------
    (k,) float
        1 for brackets wholly below, 0 for brackets wholly above, NaN for an unbounded bracket that the threshold cuts.
        As weights of cells they give the count below the threshold with its margin.
    """
    e = np.asarray(edges, dtype=np.float64)
    if e.ndim != 1 or e.size < 2 or not (np.diff(e) > 0).all() or not np.isfinite(threshold):
        raise ValueError("edges are to rise and the threshold is to be finite")
    lower, upper = e[:-1], e[1:]
    out = np.where(upper <= threshold, 1.0, 0.0)
    cut = (lower < threshold) & (threshold < upper)
    bounded = np.isfinite(lower) & np.isfinite(upper)
    out[cut & ~bounded] = np.nan
    inside = cut & bounded
    out[inside] = (threshold - lower[inside]) / (upper[inside] - lower[inside])
    return out


def share_below(threshold: float, edges: npt.ArrayLike, counts: npt.ArrayLike) -> FloatArray:
    """Share (0 to 1) of each zone's households below a threshold, by linear interpolation in its bracket.

    Parameters
    ----------
    threshold : float
        In the unit of the edges.
    edges : (k + 1,) array_like
    counts : (Z, k) array_like

    Returns
    -------
    (Z,) float
        NaN where a count is unknown, where there is nobody, and where the threshold cuts an unbounded bracket with
        somebody in it.
    """
    e, c = _check(edges, counts)
    fractions = bin_fractions(threshold, e)
    # 0 x NaN would be NaN: an unbounded bracket matters only where it is inhabited
    known = np.where(c > 0, c * fractions, np.where(np.isnan(c), np.nan, 0.0)).sum(axis=1)
    total = c.sum(axis=1)
    out: FloatArray = np.full(len(c), np.nan)
    np.divide(known, total, out=out, where=total > 0)
    return out
