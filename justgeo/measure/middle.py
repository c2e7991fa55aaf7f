"""Medians of zones: the Bureau's own where a zone is a published unit, rebuilt from brackets elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from justgeo.core.field import MedianField
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure import allocation, margins, medians, rows
from justgeo.measure.apportion import Rule, Weights
from justgeo.measure.column import NO_UNITS, Draft, ReduceSettings, split_share, spread
from justgeo.measure.fractions import Matrix

ONLY_PUBLISHED = "a published median is shown for its own area only, and there are no brackets to rebuild one from"
OPEN = "the median lies in an open bracket"
RULES: tuple[Rule, ...] = ("area", "centroid")


@dataclass(frozen=True)
class Bins:
    """Weighted brackets of each zone: counts (Z, k), and their total with its margin, (Z,)."""

    counts: FloatArray
    total: margins.Sum


def reduce_median(field: MedianField, weights: Weights, reference: int | None, settings: ReduceSettings) -> Draft:
    """Medians of all zones (METHODS 2.2; 2.0 items 5 to 8). The apportionment part is added only if asked for (7)."""
    usable = np.asarray(np.isfinite(field.bins.estimate).all(axis=1), dtype=np.bool_)
    published = _published(field)
    own = np.full(len(weights.zones), -1, dtype=np.int64)
    if published.any():
        own = weights.identity(field.units, field.weight, published)
    cover = weights.covering_of(field.units, field.weight, usable=usable)
    bins = _weighted(cover.matrix, field)
    factor, calibrated = _factor(field, own, reference, usable, settings)

    def median(counts: FloatArray) -> medians.Median:
        return medians.grouped_median(
            field.edges,
            counts,
            pareto=field.pareto,
            design_factor=factor,
            sampling_percent=settings.sampling_percent,
        )

    found = median(bins.counts)
    others = (median(_weighted(weights.cover(field.units, field.weight, r, usable), field).counts).value for r in RULES)
    low, high = spread(cover.matrix, found.value, others)
    draft = Draft(
        zones=len(weights.zones),
        value=found.value.copy(),
        sampling=found.moe.copy(),
        rule=["median"] * len(weights.zones),
        denominator=bins.total.value,
        denominator_moe=bins.total.moe,
        low=low,
        high=high,
        split_share=split_share(cover.matrix, np.nan_to_num(field.bins.estimate, nan=0.0).sum(axis=1)),
        text=[None if t is None else str(t) for t in found.text],
    )
    if field.divided:
        inside = weights.parts_of(field.units, reference, field.weight, usable)
        draft.apportionment = _division(field, cover.matrix, bins, found, factor, inside, settings)
    shown = own >= 0 if settings.published_medians else np.zeros(len(own), dtype=np.bool_)
    if not usable.any():
        draft.absent(~shown, ONLY_PUBLISHED)
    _tell_rebuilt(draft, found, ~shown, factor, calibrated)
    _show_published(draft, field, own, shown, found)
    lacking = np.where(shown, 0.0, cover.lacking)
    with np.errstate(invalid="ignore"):
        much = lacking > settings.lacking_limit
    draft.absent(much, lambda z: f"its table has no row for {lacking[z]:.1%} of this area", wholly=True)
    draft.absent((np.diff(cover.matrix.indptr) == 0) & ~shown, NO_UNITS, wholly=True)
    draft.flag(np.isfinite(draft.value) & np.isnan(draft.sampling) & shown, "margin not known")
    return draft


def _division(
    field: MedianField,
    matrix: Matrix,
    bins: Bins,
    found: medians.Median,
    factor: float,
    inside: BoolArray,
    settings: ReduceSettings,
) -> FloatArray:
    """90 % margin of medians from cutting units larger than block groups, (Z,); NaN where its limit is not known.

    By the rule for shares (METHODS 2.0 item 1): how unlike the parts of a unit are is taken from how the share of homes
    below the middle of all varies between the units, and the median's margin is that of a share of one half with this
    error besides its own. For cut block groups none is added (item 7).
    """
    counts = np.nan_to_num(field.bins.estimate, nan=0.0)
    homes = counts.sum(axis=1)
    share, moe = _below_middle(field, inside)
    large = field.units.level != "block group"
    error = allocation.share_error(
        matrix,
        np.where(large, 0.5, np.nan),
        homes,
        between=allocation.between_variance(share, moe, homes, inside),
        c=settings.apportion_c,
        cluster=settings.cluster(field.weight),
    )
    made = np.zeros(len(error))
    for z in np.flatnonzero((np.nan_to_num(error, nan=0.0) > 0) & np.isfinite(found.value)):
        percent = settings.sampling_percent
        sampled = factor * np.sqrt((100.0 - percent) / percent / bins.total.value[z]) / 2.0
        both = medians.grouped_median(
            field.edges,
            bins.counts[[z]],
            pareto=field.pareto,
            design_factor=float(factor * np.hypot(1.0, error[z] / margins.Z90 / sampled)),
            sampling_percent=percent,
        )
        made[z] = np.sqrt(np.clip(both.moe[0] ** 2 - found.moe[z] ** 2, 0.0, None))
    return made


def _below_middle(field: MedianField, inside: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Share of each unit's homes below the middle of those of some units, with its 90 % margin, (n,) each."""
    n = len(field.units)
    whole = field.bins.estimate[inside].sum(axis=0)[None, :]
    middle = float(medians.grouped_median(field.edges, whole, pareto=field.pareto).value[0])
    if not np.isfinite(middle):
        return np.full(n, np.nan), np.full(n, np.nan)
    below = medians.bin_fractions(middle, field.edges)
    none, every = below == 0, rows.each(n)
    top = margins.weighted_sum(
        every, np.where(none, 0.0, field.bins.estimate * below), np.where(none, 0.0, field.bins.moe * below)
    )
    total = margins.weighted_sum(every, field.bins.estimate, field.bins.moe)
    made = margins.proportion(top.value, top.moe, total.value, total.moe)
    return made.value, made.moe


def rebuilt_by(field: MedianField, weights: Weights, rule: Rule) -> FloatArray:
    """Medians from brackets by another way of dividing what a boundary cuts, NaN where there is none, (Z,)."""
    usable = np.asarray(np.isfinite(field.bins.estimate).all(axis=1), dtype=np.bool_)
    bins = _weighted(weights.cover(field.units, field.weight, rule, usable), field)
    return medians.grouped_median(field.edges, bins.counts, pareto=field.pareto).value


def _published(field: MedianField) -> BoolArray:
    """Units that have a median of their own, a number or the name of an open bracket."""
    told = np.zeros(len(field.units), dtype=np.bool_)
    if field.published is not None:
        told |= np.isfinite(field.published)
    if field.published_text is not None:
        told |= np.array([t is not None for t in field.published_text], dtype=np.bool_)
    return told


def _weighted(matrix: Matrix, field: MedianField) -> Bins:
    """Brackets summed by weight; NaN for a zone with a unit whose brackets are not known."""
    total = margins.weighted_sum(matrix, field.bins.estimate, field.bins.moe)
    counts = np.asarray(matrix @ np.nan_to_num(field.bins.estimate, nan=0.0), dtype=np.float64)
    counts[total.missing] = np.nan
    return Bins(counts, total)


def _factor(
    field: MedianField, own: IntArray, reference: int | None, usable: BoolArray, settings: ReduceSettings
) -> tuple[float, bool]:
    """Design factor from the reference's own published median, else the settings'; and whether it was calibrated."""
    row = -1 if reference is None else int(own[reference])
    if row < 0 or field.published_moe is None or not usable[row]:
        return settings.design_factor, False
    simple = medians.grouped_median(
        field.edges,
        field.bins.estimate[[row]],
        pareto=field.pareto,
        design_factor=1.0,
        sampling_percent=settings.sampling_percent,
    )
    published, method = float(field.published_moe[row]), float(simple.moe[0])
    if not (np.isfinite(published) and published > 0 and np.isfinite(method) and method > 0):
        return settings.design_factor, False
    return medians.design_factor(published, method), True


def _tell_rebuilt(draft: Draft, found: medians.Median, rebuilt: BoolArray, factor: float, calibrated: bool) -> None:
    """Reasons and flags of medians from brackets."""
    no_value = np.isnan(found.value)
    draft.absent(rebuilt & no_value, lambda z: str(found.reason[z]))
    there = rebuilt & ~no_value
    draft.flag(there, "rebuilt from brackets")
    draft.flag(there, f"design_factor={factor:.4f}" + ("" if calibrated else " (not calibrated)"))
    told = there & np.isfinite(found.interpolation_error)
    draft.flag(told, lambda z: f"interpolation_error={found.interpolation_error[z]:.6g}")
    why = np.array([r is not None for r in found.reason], dtype=np.bool_)
    draft.flag(there & why, lambda z: str(found.reason[z]))


def _show_published(draft: Draft, field: MedianField, own: IntArray, shown: BoolArray, found: medians.Median) -> None:
    """The Bureau's own medians in place of rebuilt ones, which stay beside them in a flag."""
    for z in np.flatnonzero(shown):
        row = int(own[z])
        draft.value[z] = np.nan if field.published is None else field.published[row]
        draft.sampling[z] = np.nan if field.published_moe is None else field.published_moe[row]
        draft.text[z] = None if field.published_text is None else field.published_text[row]
        if draft.text[z] is not None:
            draft.value[z] = draft.sampling[z] = np.nan
            draft.reasons[z] = OPEN
    if draft.apportionment is not None:
        draft.apportionment = np.where(shown, 0.0, draft.apportionment)
    draft.flag(shown, "published median")
    draft.flag(shown & np.isfinite(found.value), lambda z: f"rebuilt={found.value[z]:.6g}")
    draft.flag(shown & np.isfinite(found.moe), lambda z: f"rebuilt_moe={found.moe[z]:.6g}")
