"""Medians of zones: the Bureau's own where a zone is a published unit, rebuilt from brackets elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from justgeo.core.field import MedianField
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure import margins, medians
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
    """Medians of all zones (METHODS 2.2; 2.0 items 5 to 8). No apportionment part is added (item 7)."""
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
    draft.flag(shown, "published median")
    draft.flag(shown & np.isfinite(found.value), lambda z: f"rebuilt={found.value[z]:.6g}")
    draft.flag(shown & np.isfinite(found.moe), lambda z: f"rebuilt_moe={found.moe[z]:.6g}")
