"""Reducers: a field and the weights give one column of numbers, for all zones at once.

District, reference, areas and peers come from the same call; nothing is aggregated in a second place. Counts, shares
and ratios are here; medians in ``middle``, exposures, classes, zones themselves in ``places``, groups in ``equity``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from justgeo.core.field import (
    AnyField,
    Cells,
    ChangeField,
    ClassField,
    CountField,
    Counts,
    ExposureField,
    GapField,
    MedianField,
    MixField,
    ZoneField,
)
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column, Record
from justgeo.measure import allocation, margins
from justgeo.measure.apportion import Rule, Weights
from justgeo.measure.changes import alike, change
from justgeo.measure.column import Draft, ReduceSettings, cuts, no_margin, split_share, spread
from justgeo.measure.fractions import Matrix
from justgeo.measure.gaps import gap
from justgeo.measure.margins import StrArray, Sum
from justgeo.measure.middle import rebuilt_by, reduce_median
from justgeo.measure.mixture import reduce_mix
from justgeo.measure.places import reduce_class, reduce_exposure, reduce_zone

__all__ = ["ReduceSettings", "recompute", "reduce"]

OTHER_RULES: tuple[Rule, ...] = ("area", "centroid")
BOTH_SIDES = "both_sides"
RATIO_OF = {1.0: "ratio", 100.0: "per_hundred"}
"""Rule of a ratio by how many of the denominator it is told for."""


def reduce(
    field: AnyField,
    weights: Weights,
    *,
    reference: int | None,
    settings: ReduceSettings,
    covered: BoolArray | None = None,
) -> Column:
    """One column of numbers, with every margin that can be told.

    Parameters
    ----------
    field : any of ``core.field``
    weights : Weights
        Z zones.
    reference : int or None
        Row of the reference zone: its units tell how much shares differ between places, its published median
        calibrates the design factor. None: all units at hand, and the settings' factor.
    covered : (Z,) bool or None
        Zones that the layer covers; others are absent.

    Returns
    -------
    Column
        Arrays of shape (Z,), shares from 0 to 1.

    Raises
    ------
    VintageError, LayerError
        The field's units are not those of any layer at hand.

    References
    ----------
    U.S. Census Bureau (2018, rev. 2020), *Understanding and Using ACS Data*, chapter 8.
    """
    if isinstance(field, GapField):
        both = [
            reduce(part, weights, reference=reference, settings=settings, covered=covered)
            for part in (field.first, field.second)
        ]
        return gap(both[0], both[1], [_by_rule(field, weights, rule) for rule in OTHER_RULES])
    if isinstance(field, ChangeField):
        return _reduce_change(field, weights, reference, settings, covered)
    match field:
        case CountField():
            draft = _reduce_count(field, weights, reference, settings)
        case MedianField():
            draft = reduce_median(field, weights, reference, settings)
        case ExposureField():
            draft = reduce_exposure(field, weights, settings)
        case ClassField():
            draft = reduce_class(field, weights, settings)
        case ZoneField():
            draft = reduce_zone(field, weights)
        case MixField():
            draft = reduce_mix(field, weights, reference, settings)
    draft.uncovered(covered)
    return draft.finish()


@dataclass(frozen=True)
class Parts:
    """A count, share or ratio with all that its margin was made of; arrays (Z,)."""

    value: FloatArray
    moe: FloatArray
    rule: StrArray
    top: Sum
    bottom: Sum | None
    complement_moe: FloatArray


def total(matrix: Matrix, counts: Counts) -> Sum:
    """A count over each zone: sums of cells by the zero rule, nested differences by that of METHODS 2.0 item 2."""
    plus = margins.weighted_sum(matrix, counts.plus.estimate, counts.plus.moe)
    if counts.minus is None:
        return plus
    minus = margins.weighted_sum(matrix, counts.minus.estimate, counts.minus.moe)
    rest = counts.components
    components = None if rest is None else margins.weighted_sum(matrix, rest.estimate, rest.moe)
    return margins.subtract_nested(plus, minus, components)


def parts(matrix: Matrix, field: CountField) -> Parts:
    """What a count field comes to under some weights."""
    top = total(matrix, field.numerator)
    nothing = np.full(matrix.shape[0], np.nan)
    if field.denominator is None or field.kind == "sum":
        rule = np.where(np.isnan(top.moe), "", "sum")
        return Parts(top.value, top.moe, np.asarray(rule, dtype=np.str_), top, None, nothing)
    bottom = total(matrix, field.denominator)
    if field.kind == "ratio":
        made = margins.ratio(top.value, top.moe, bottom.value, bottom.moe)
        rule = np.asarray(np.where(made.rule == "", "", RATIO_OF[field.per]), dtype=np.str_)
        return Parts(field.per * made.value, field.per * made.moe, rule, top, bottom, nothing)
    rest = complement_cells(field)
    if rest is not None:
        return _from_both_sides(top, bottom, margins.weighted_sum(matrix, rest.estimate, rest.moe), matrix, field)
    top = clustered(top, bottom, matrix, field)
    made = margins.proportion(top.value, top.moe, bottom.value, bottom.moe)
    return _mended_at_one(Parts(made.value, made.moe, made.rule, top, bottom, nothing), matrix, field)


def _from_both_sides(top: Sum, bottom: Sum, left: Sum, matrix: Matrix, field: CountField) -> Parts:
    """A share (T - Z) / T: from the margins of both parts where they are known, else that of Z / T.

    With X + Z = T the linearised variance of X / T is ``(q Var X + p Var Z - p q Var T) / T**2``, p the share and q
    the rest: the covariance of the parts is in it. Z / T alone takes them for independent, which people of one
    household are not (METHODS 2.0 item 2 asks for Z / T; on an invented county it covers 78 % instead of 90 %, this
    92 %: docs/coverage.md).
    """
    made = margins.complement_proportion(left.value, left.moe, bottom.value, bottom.moe)
    cells = field.numerator.components
    if cells is None:
        return Parts(made.value, made.moe, made.rule, top, bottom, left.moe)
    parts_moe = margins.weighted_sum(matrix, cells.estimate, cells.moe).moe
    p, q = made.value, 1.0 - made.value
    with np.errstate(invalid="ignore", divide="ignore"):
        radicand = q * parts_moe**2 + p * left.moe**2 - p * q * bottom.moe**2
        both = np.sqrt(radicand) / bottom.value
        # At p = 0 it is the margin of the zero parts, of which Z / T knows nothing (2.0 item 4).
        use = (radicand > 0) & (p > -1e-12) & (q > 0) & np.isfinite(both)
    return Parts(
        made.value,
        np.where(use, both, made.moe),
        np.asarray(np.where(use, BOTH_SIDES, made.rule), dtype=np.str_),
        top._replace(moe=np.where(use, parts_moe, top.moe)),
        bottom,
        left.moe,
    )


def clustered(top: Sum, bottom: Sum, matrix: Matrix, field: CountField) -> Sum:
    """A sum of several cells of people, its margin widened where people of one household answer alike.

    Adding cells as if they were independent understates the margin of the sum. How much, is seen in the whole: its own
    published margin against that of all its cells added. Never narrowed; households are sampled one by one and need
    no widening. Our choice, found on an invented county (docs/coverage.md).
    """
    rest = field.complement
    several = field.numerator.minus is None and len(field.numerator.plus.codes) > 1
    if field.weight != "persons" or rest is None or not several:
        return top
    left = margins.weighted_sum(matrix, rest.estimate, rest.moe)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = bottom.moe**2 / (top.moe**2 + left.moe**2)
    return top._replace(moe=top.moe * np.sqrt(np.where(np.isfinite(factor) & (factor > 1.0), factor, 1.0)))


def complement_cells(field: CountField) -> Cells | None:
    """What the numerator takes away from the denominator, where it is written as such: (T - Z) / T gives Z."""
    above, below = field.numerator, field.denominator
    if above.minus is None or below is None or set(above.plus.codes) != set(below.plus.codes):
        return None
    gone = set(() if below.minus is None else below.minus.codes)
    if not gone <= set(above.minus.codes):
        return None
    left = [i for i, code in enumerate(above.minus.codes) if code not in gone]
    if not left:
        return None
    return Cells(tuple(above.minus.codes[i] for i in left), above.minus.estimate[:, left], above.minus.moe[:, left])


def _mended_at_one(found: Parts, matrix: Matrix, field: CountField) -> Parts:
    """Margin of shares of exactly 1: that of the empty complement, since MOE_X says nothing of it (2.0 item 4)."""
    assert found.bottom is not None
    with np.errstate(invalid="ignore"):
        full = np.abs(found.top.value - found.bottom.value) <= 1e-9 * found.bottom.value
        full &= (found.bottom.value > 0) & ~((found.top.moe == 0) & (found.bottom.moe == 0))
    if not full.any():
        return found
    empty = _margin_of_nothing(matrix, field)
    mended = margins.complement_proportion(0.0, empty, found.bottom.value, found.bottom.moe)
    return replace(
        found,
        moe=np.where(full, mended.moe, found.moe),
        rule=np.asarray(np.where(full, mended.rule, found.rule), dtype=np.str_),
        complement_moe=np.where(full, empty, found.complement_moe),
    )


def _margin_of_nothing(matrix: Matrix, field: CountField) -> FloatArray:
    """Margin of the complement's zero; else of the largest zero of the table; NaN where neither is known."""
    if field.complement is not None:
        return margins.weighted_sum(matrix, field.complement.estimate, field.complement.moe).moe
    if field.zero_moe is None:
        return np.full(matrix.shape[0], np.nan)
    zero = np.nan_to_num(field.zero_moe, nan=0.0)[:, None]
    largest = margins.weighted_sum(matrix, np.zeros_like(zero), zero).moe
    return np.where(largest > 0, largest, np.nan)


def usable_rows(field: CountField) -> BoolArray:
    """Units with all the numbers that the field needs, (n,)."""
    counts = [one for one in (field.numerator, field.denominator, field.apportion_of) if one is not None]
    ok = np.ones(len(field.units), dtype=np.bool_)
    for cell in (part for one in counts for part in (one.plus, one.minus)):
        if cell is not None:
            ok &= np.isfinite(cell.estimate).all(axis=1)
    return ok


def _reduce_count(field: CountField, weights: Weights, reference: int | None, settings: ReduceSettings) -> Draft:
    usable = usable_rows(field)
    cover = weights.covering_of(field.units, field.weight, usable=usable)
    found = parts(cover.matrix, field)
    others = (parts(weights.cover(field.units, field.weight, rule, usable), field).value for rule in OTHER_RULES)
    low, high = spread(cover.matrix, found.value, others)
    base = field.denominator if field.denominator is not None else field.numerator
    each = sparse.eye_array(len(field.units), format="csr", dtype=np.float64)
    draft = Draft(
        zones=len(weights.zones),
        value=found.value,
        sampling=found.moe,
        rule=found.rule,
        numerator=found.top.value,
        numerator_moe=found.top.moe,
        denominator=None if found.bottom is None else found.bottom.value,
        denominator_moe=None if found.bottom is None else found.bottom.moe,
        complement_moe=found.complement_moe,
        low=low,
        high=high,
        split_share=split_share(cover.matrix, total(each, base).value),
    )
    _apportionment(draft, field, weights, cover.matrix, usable, reference, settings)
    draft.lacking(cover, field.weight, settings.lacking_limit)
    if found.bottom is not None:
        draft.absent(found.bottom.value == 0, f"its universe is empty here ({field.universe})")
    draft.flag(no_margin(found.moe, found.value), "margin not known")
    for flag in field.flags:
        draft.flag(np.isfinite(found.value), flag)
    return draft


def _by_rule(field: GapField, weights: Weights, rule: Rule) -> FloatArray:
    """The first share less the second by another way of dividing what is cut, (Z,)."""
    return _by(field.first, weights, rule) - _by(field.second, weights, rule)


def _reduce_change(
    field: ChangeField, weights: Weights, reference: int | None, settings: ReduceSettings, covered: BoolArray | None
) -> Column:
    """Both surveys by their own weights, then what lies between them."""
    sides = [(side, weights.of_census(side.units.vintage)) for side in (field.now, field.before)]

    def both(asked: ReduceSettings) -> list[Column]:
        return [reduce(side, on, reference=reference, settings=asked, covered=covered) for side, on in sides]

    now, before = both(settings)
    if isinstance(field.now, MedianField) and settings.published_medians:
        now, before = alike((now, before), both(replace(settings, published_medians=False)))
    others = [(_by(*sides[0], rule), _by(*sides[1], rule)) for rule in OTHER_RULES]
    return change(now, before, field, others, settings.lacking_limit)


def _by(field: CountField | MedianField, weights: Weights, rule: Rule) -> FloatArray:
    """A figure by another way of dividing what is cut, (Z,)."""
    if isinstance(field, MedianField):
        return rebuilt_by(field, weights, rule)
    return parts(weights.cover(field.units, field.weight, rule, usable_rows(field)), field).value


def _apportionment(
    draft: Draft,
    field: CountField,
    weights: Weights,
    matrix: Matrix,
    usable: BoolArray,
    reference: int | None,
    settings: ReduceSettings,
) -> None:
    """The part of the margin that comes from cut units, or a flag that it is not told."""
    cut = cuts(matrix)
    if not cut.any():
        return
    asked, counted = replace(field, per=1.0), field.kind == "sum" or field.denominator is None
    if counted:
        if field.apportion_of is None:
            draft.untell(cut)
            return
        asked = replace(field, kind="share", denominator=field.apportion_of)
    assert asked.denominator is not None
    each = sparse.eye_array(len(field.units), format="csr", dtype=np.float64)
    unit = parts(each, asked)
    assert unit.bottom is not None
    inside = weights.parts_of(field.units, reference, field.weight, usable)
    error = allocation.share_error(
        matrix,
        unit.value,
        unit.bottom.value,
        between=allocation.between_variance(unit.value, unit.moe, unit.bottom.value, inside),
        c=settings.apportion_c,
        cluster=settings.cluster(field.weight),
    )
    if counted:
        error = error * total(matrix, asked.denominator).value
        error = np.where(np.isnan(error) & np.isfinite(draft.value), 0.0, error)
    draft.apportionment = field.per * error


def recompute(row: Record | Mapping[str, Any]) -> tuple[float, float]:
    """Value and sampling margin of a row from its own counts, as an analyst would.

    Parameters
    ----------
    row : Record or mapping
        With ``rule``, ``numerator``, ``numerator_moe``, ``denominator``, ``denominator_moe``, ``complement_moe``.

    Returns
    -------
    value, sampling_moe : float
        By the row's ``rule``:

        - ``sum``: X and its margin. With a denominator (an exposure): X / Y and MOE_X / Y, where MOE_X is the margin
          of ``sum(w (x - value))``, the numerator at a held share.
        - ``proportion``: X / Y, ``sqrt(MOE_X**2 - p**2 MOE_Y**2) / Y``.
        - ``ratio``: X / Y, ``sqrt(MOE_X**2 + R**2 MOE_Y**2) / Y``; ``per_hundred``: 100 times both.
        - ``complement``, ``complement_ratio``: X / Y with the margin of (Y - X) / Y by the two formulas above, from
          ``complement_moe``.
        - ``both_sides``: X / Y, ``sqrt(q MOE_X**2 + p MOE_Z**2 - p q MOE_Y**2) / Y`` with Z = Y - X, its margin
          ``complement_moe``.

    Raises
    ------
    ValueError
        The rule is one that counts alone do not decide (``median``, ``class``, ``none``, ``""``).
    """

    def get(name: str) -> float:
        found = row[name] if isinstance(row, Mapping) else getattr(row, name)
        return math.nan if found is None else float(found)

    rule = str(row["rule"] if isinstance(row, Mapping) else row.rule)
    x, mx, y, my = (get(n) for n in ("numerator", "numerator_moe", "denominator", "denominator_moe"))
    if rule == "sum":
        return (x, mx) if math.isnan(y) else (x / y, mx / y)
    value = x / y
    if rule == RATIO_OF[100.0]:
        return 100.0 * value, 100.0 * math.hypot(mx, value * my) / y
    if rule in ("proportion", "ratio"):
        sign = -1.0 if rule == "proportion" else 1.0
        return value, math.sqrt(max(mx**2 + sign * (value * my) ** 2, 0.0)) / y
    if rule in ("complement", "complement_ratio"):
        sign, rest = (-1.0 if rule == "complement" else 1.0), (y - x) / y
        return value, math.sqrt(max(get("complement_moe") ** 2 + sign * (rest * my) ** 2, 0.0)) / y
    if rule == BOTH_SIDES:
        held = (1 - value) * mx**2 + value * get("complement_moe") ** 2 - value * (1 - value) * my**2
        return value, math.sqrt(max(held, 0.0)) / y
    raise ValueError(f"rule {rule!r} cannot be recomputed from counts")
