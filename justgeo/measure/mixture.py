"""How mixed the people of each zone are, from sampled counts of the groups that make up all of them (METHODS 7.9)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from justgeo.core.field import MixField
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure import allocation, margins, segregation
from justgeo.measure.apportion import Rule, Weights
from justgeo.measure.column import Draft, ReduceSettings, quotient, split_share, spread
from justgeo.measure.fractions import Matrix
from justgeo.measure.margins import Z90

INDICES: Mapping[str, segregation.Index] = {"diversity": segregation.diversity, "evenness": segregation.evenness}
_RULES: tuple[Rule, ...] = ("area", "centroid")


def reduce_mix(field: MixField, weights: Weights, reference: int | None, settings: ReduceSettings) -> Draft:
    """The index of each zone, of its groups summed up: never a mean of the indices of its parts.

    The margin holds what sampling does to the counts (`segregation.sampling_margin`), and what the division of cut
    units does to the shares (METHODS 2.0 item 1, the errors of the groups taken as independent).
    """
    index = INDICES[field.index]
    usable = np.asarray(np.isfinite(field.cells.estimate).all(axis=1), dtype=np.bool_)
    cover = weights.covering_of(field.units, field.weight, usable=usable)
    counts, moe = _summed(cover.matrix, field)
    value, people = index(counts), counts.sum(axis=1)
    others = (index(_summed(weights.cover(field.units, field.weight, rule, usable), field)[0]) for rule in _RULES)
    low, high = spread(cover.matrix, value, others)
    divided = _divided(cover.matrix, field, weights.parts_of(field.units, reference, field.weight, usable), settings)
    draft = Draft(
        zones=len(weights.zones),
        value=value,
        sampling=segregation.sampling_margin(index, counts, moe / Z90),
        rule=["none"] * len(weights.zones),
        denominator=people,
        apportionment=segregation.sampling_margin(index, counts, divided * people[:, None] / Z90),
        low=low,
        high=high,
        split_share=split_share(cover.matrix, field.cells.estimate.sum(axis=1)),
    )
    draft.lacking(cover, field.weight, settings.lacking_limit)
    draft.absent(people == 0, f"its universe is empty here ({field.universe})")
    draft.flag(np.isnan(draft.sampling) & np.isfinite(value), "margin not known")
    return draft


def _summed(matrix: Matrix, field: MixField) -> tuple[FloatArray, FloatArray]:
    """People of each group in each zone with their 90 % margins, (Z, g) each.

    Of groups that come to 0 only the one with the largest margin keeps it, as in any sum (METHODS 2.0 item 3).
    """
    columns = range(len(field.cells.codes))
    sums = [margins.weighted_sum(matrix, field.cells.estimate[:, [k]], field.cells.moe[:, [k]]) for k in columns]
    counts = np.stack([one.value for one in sums], axis=1).astype(np.float64)
    moe = np.stack([one.moe for one in sums], axis=1).astype(np.float64)
    empty = np.where(counts == 0, moe, -np.inf)
    largest = np.arange(moe.shape[1]) == np.argmax(empty, axis=1)[:, None]
    return counts, np.asarray(np.where((counts == 0) & ~largest, 0.0, moe), dtype=np.float64)


def _divided(matrix: Matrix, field: MixField, inside: BoolArray, settings: ReduceSettings) -> FloatArray:
    """90 % margins of the groups' shares that come from cutting units, (Z, g)."""
    each = sparse.eye_array(len(field.units), format="csr", dtype=np.float64)
    universe = field.cells.estimate.sum(axis=1)
    found = []
    for k in range(len(field.cells.codes)):
        count = margins.weighted_sum(each, field.cells.estimate[:, [k]], field.cells.moe[:, [k]])
        share, moe = quotient(count.value, universe), quotient(count.moe, universe)
        found.append(
            allocation.share_error(
                matrix,
                share,
                universe,
                between=allocation.between_variance(share, moe, universe, inside),
                c=settings.apportion_c,
                cluster=settings.cluster(field.weight),
            )
        )
    return np.stack(found, axis=1)
