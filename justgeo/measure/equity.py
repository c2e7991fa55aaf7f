"""Groups: who meets what. The same product as for everybody, with a group's people as weights.

``X_g = sum(n_g f x) / sum(n_g f)`` over the places where x is known (METHODS 2.0 item 13). It is place-based: members
of a group who live at one place are taken to meet the same as their neighbours.

Two kinds of counts serve as weights. 2020 blocks are counted in full, with noise by design, which blurs small groups:
at a 3 % share of the people only half of a gap is left. Block groups of the ACS are sampled: their counts are spread
over the blocks by population, and carry margins. Below 10 % the sampled ones are the better ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from justgeo.core.errors import LayerError
from justgeo.core.field import ExposureField, GroupCounts
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column
from justgeo.core.zones import StrArray, Units
from justgeo.measure import margins, nesting
from justgeo.measure.apportion import Weights
from justgeo.measure.column import Draft, ReduceSettings, cuts, no_margin, quotient
from justgeo.measure.fractions import Matrix
from justgeo.measure.places import NO_RESIDENTS, Met, exposure, say, tell_unknown, together

SAMPLED = "@sample"
"""``groups["race:black@sample"]`` holds the sampled counts of ``race:black``, used where the group is small."""

SAMPLED_FLAG = "sampled counts of {}s"
"""Flag of a number whose people come from a sample."""

NOBODY = "nobody of this group is counted here"


def reduce_group(
    field: ExposureField,
    group: str,
    weights: Weights,
    *,
    settings: ReduceSettings,
    covered: BoolArray | None = None,
) -> Column:
    """Exposure of one group, for all zones at once.

    Parameters
    ----------
    field : ExposureField
        ``field.groups[group]`` counts the group's people, in full (``moe`` None) at the field's own units or by a
        sample at block groups or tracts. With both (the sampled ones under ``group + "@sample"``), each zone takes
        the sampled ones where the group makes up less than ``settings.small_group`` of its people.
    covered : (Z,) bool or None
        Zones that the layer covers; others are absent.

    Returns
    -------
    Column
        ``denominator`` is the group's people of known x. For sampled counts ``numerator_moe`` is the margin of
        ``sum(n (x - X_g))``, so that ``numerator_moe / denominator`` is the sampling margin (rule ``sum``).

    Raises
    ------
    LayerError
        The group is unknown, or is counted at places that the field does not know.
    """
    if group not in field.groups:
        raise LayerError(f"No counts of {group!r} are at hand.", remedy="give the counts, or leave the group out.")
    counts = field.groups[group]
    if counts.moe is not None:
        return _finished(_sampled(field, counts, weights, settings), covered)
    full = _finished(_full(field, counts, weights, settings), covered)
    if group + SAMPLED not in field.groups:
        return full
    sampled = _finished(_sampled(field, field.groups[group + SAMPLED], weights, settings), covered)
    return choose(full, sampled, group_share(field, counts, weights), settings.small_group)


def choose(full: Column, sampled: Column, share: FloatArray, limit: float = 0.10) -> Column:
    """Full counts where the group is at least ``limit`` of the people, else sampled ones, zone by zone.

    Parameters
    ----------
    full, sampled : Column
        The same exposure from full and from sampled counts.
    share : (Z,) float
        The group's share of each zone's people, 0 to 1.

    Returns
    -------
    Column
        A zone without a sampled number keeps its full one, with the flag ``small group from noisy blocks``.
    """
    with np.errstate(invalid="ignore"):
        small = share < limit
    take = small & np.isfinite(sampled.value)
    noisy = small & ~take & np.isfinite(full.value)

    def pick(a: FloatArray, b: FloatArray) -> FloatArray:
        return np.asarray(np.where(take, b, a), dtype=np.float64)

    flags = tuple(
        b if t else ((*a, "small group from noisy blocks") if n else a)
        for a, b, t, n in zip(full.flags, sampled.flags, take, noisy, strict=True)
    )
    return Column(
        value=pick(full.value, sampled.value),
        moe=pick(full.moe, sampled.moe),
        numerator=pick(full.numerator, sampled.numerator),
        numerator_moe=pick(full.numerator_moe, sampled.numerator_moe),
        denominator=pick(full.denominator, sampled.denominator),
        denominator_moe=pick(full.denominator_moe, sampled.denominator_moe),
        complement_moe=pick(full.complement_moe, sampled.complement_moe),
        error={name: pick(part, sampled.error[name]) for name, part in full.error.items()},
        low=pick(full.low, sampled.low),
        high=pick(full.high, sampled.high),
        split_share=pick(full.split_share, sampled.split_share),
        rule=tuple(b if t else a for a, b, t in zip(full.rule, sampled.rule, take, strict=True)),
        reason=tuple(b if t else a for a, b, t in zip(full.reason, sampled.reason, take, strict=True)),
        text=tuple(b if t else a for a, b, t in zip(full.text, sampled.text, take, strict=True)),
        flags=flags,
    )


def group_share(field: ExposureField, counts: GroupCounts, weights: Weights) -> FloatArray:
    """A group's share of each zone's people by full counts, 0 to 1; NaN where nobody lives, (Z,)."""
    matrix = weights.cover(field.units, "persons")
    mine = np.asarray(matrix @ np.nan_to_num(_aligned(field.units, counts), nan=0.0), dtype=np.float64)
    people = np.asarray(matrix @ np.nan_to_num(field.base, nan=0.0), dtype=np.float64)
    return quotient(mine, people)


def _finished(draft: Draft, covered: BoolArray | None) -> Column:
    draft.uncovered(covered)
    return draft.finish()


def _full(field: ExposureField, counts: GroupCounts, weights: Weights, settings: ReduceSettings) -> Draft:
    """Full counts at the field's own units."""
    return exposure(field, _aligned(field.units, counts), weights, settings, nobody=NOBODY)


def _aligned(units: Units, counts: GroupCounts) -> FloatArray:
    """A group's full counts in the order of the field's units; NaN where it has none."""
    if counts.units.vintage != units.vintage or set(counts.units.level) != set(units.level):
        levels = ", ".join(sorted(set(counts.units.level)))
        raise LayerError(
            f"{counts.group} is counted at {levels}s, not at the field's own units.",
            remedy="counts at other areas need their margins: they are taken as a sample.",
        )
    at = nesting.positions(counts.units.geoid, units.geoid)
    found = np.asarray(counts.count, dtype=np.float64)
    return np.asarray(np.where(at >= 0, found[at], np.nan), dtype=np.float64)


@dataclass(frozen=True)
class Spread:
    """Zones x units of a sampled count: the part of each unit's people that each zone holds.

    ``all``: all of them; ``known``: those of known x; ``met``: the latter times x. ``without`` (Z,) is the share of a
    zone's people who live in no unit that has a count.
    """

    all: Matrix
    known: Matrix
    met: Matrix
    without: FloatArray


def _sampled(field: ExposureField, counts: GroupCounts, weights: Weights, settings: ReduceSettings) -> Draft:
    """Sampled counts, spread over the origins of their unit by population."""
    level, vintage = _finest(counts.units), counts.units.vintage
    count, moe = _in_order(counts, weights.geoids(level, vintage), level)
    held = _spread(field, level, vintage, np.isfinite(count), weights)
    count = np.nan_to_num(count, nan=0.0)
    people, known = (np.asarray(part @ count, dtype=np.float64) for part in (held.all, held.known))
    summed = np.asarray(held.met @ count, dtype=np.float64)
    mean = quotient(summed, known)
    apart = abs(held.met - sparse.diags_array(np.nan_to_num(mean, nan=0.0)) @ held.known)
    at_mean = _margin(apart, count, moe)
    # Where everybody meets the same, what is left of the differences is rounding, not a margin.
    at_mean = np.where(at_mean <= 1e-9 * np.abs(known), 0.0, at_mean)
    zones = len(weights.zones)
    base = np.nan_to_num(field.base, nan=0.0)
    error = np.hypot(quotient(at_mean, known), together(weights.cover(field.units, "persons"), base, field))
    draft = Draft(
        zones=zones,
        value=mean,
        sampling=error,
        rule=np.where(np.isnan(error), "", "sum").tolist(),
        numerator=summed,
        numerator_moe=error * known,
        denominator=known,
        denominator_moe=_margin(held.known, count, moe),
    )
    with np.errstate(invalid="ignore"):
        much = held.without > settings.lacking_limit
    draft.absent(np.isnan(held.without), NO_RESIDENTS)
    draft.absent(much, lambda z: f"its table has no number for {held.without[z]:.1%} of the people here")
    draft.absent(people == 0, NOBODY)
    # Within one unit its counts say nothing of who lives where: unless all its places are alike, every group would get
    # the same number, with a margin of 0.
    lone = np.diff(sparse.csr_array(held.all).indptr) == 1
    with np.errstate(invalid="ignore"):
        mixed = (mean > 0.0) & (mean < 1.0) if field.kind == "share" else np.isfinite(mean)
    draft.absent(lone & mixed, f"it lies in one {level}: who of its people lives where in it is not known")
    tell_unknown(draft, Met(mean, people, known, summed), settings, lambda z: "")
    draft.untell(cuts(held.all) & np.isfinite(mean))
    draft.flag(np.isfinite(mean), SAMPLED_FLAG.format(level))
    draft.flag(no_margin(draft.sampling, mean), "margin not known")
    say(draft, field, mean)
    return draft


def _finest(units: Units) -> str:
    """The finest level among some units."""
    order = list(nesting.LEVELS)
    return max(dict.fromkeys(str(v) for v in units.level), key=lambda v: order.index(v) if v in order else -1)


def _in_order(counts: GroupCounts, geoids: StrArray, level: str) -> tuple[FloatArray, FloatArray]:
    """Counts and margins in the order of these units, NaN where there is none."""
    mine = np.flatnonzero(counts.units.level == level)
    at = nesting.positions(counts.units.geoid[mine], geoids)
    assert counts.moe is not None
    first, second = (
        np.where(at >= 0, np.asarray(v, dtype=np.float64)[mine][at], np.nan) for v in (counts.count, counts.moe)
    )
    return first, second


def _spread(field: ExposureField, level: str, vintage: int, has_count: BoolArray, weights: Weights) -> Spread:
    """How the people of each unit lie in the zones, and what they meet there."""
    matrix = weights.cover(field.units, "persons")
    at = nesting.positions(weights.geoids(field.units.level[0], field.units.vintage), field.units.geoid)
    unit = np.where(at >= 0, weights.nest(level, vintage)[at], -1)
    share = np.where(at >= 0, weights.spread(level, vintage, "persons")[at], 0.0)
    placed = unit >= 0
    placed[placed] = has_count[unit[placed]]
    known = np.isfinite(field.x)
    x = np.where(known, field.x, 0.0)

    def carried(by: FloatArray) -> Matrix:
        rows = np.flatnonzero(placed)
        carry = sparse.csr_array((by[rows], (rows, unit[rows])), shape=(len(field.units), len(has_count)))
        return sparse.csr_array(matrix @ carry)

    base = np.nan_to_num(field.base, nan=0.0)
    everybody = np.asarray(matrix @ base, dtype=np.float64)
    outside = np.asarray(matrix @ np.where(placed, 0.0, base), dtype=np.float64)
    without = quotient(outside, everybody)
    return Spread(carried(share), carried(share * known), carried(share * x * known), without)


def _margin(apart: Matrix, count: FloatArray, moe: FloatArray) -> FloatArray:
    """Margin of a sum of sampled counts by the zero rule; 0 for a zone in which nothing counts."""
    found = margins.weighted_sum(sparse.csr_array(apart), count[:, None], moe[:, None])
    return np.where(found.missing, 0.0, found.moe)
