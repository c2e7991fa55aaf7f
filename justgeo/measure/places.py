"""Measures of places as the people who live there meet them; classes of areas; what is measured on a zone itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from justgeo.core.field import ClassField, ExposureField, ZoneField
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import Units
from justgeo.measure import lumps, margins
from justgeo.measure.apportion import Rule, Weights
from justgeo.measure.column import (
    NOT_PUBLISHED,
    WEIGHTED,
    Draft,
    ReduceSettings,
    cuts,
    no_margin,
    quotient,
    split_share,
    spread,
)
from justgeo.measure.fractions import Matrix
from justgeo.measure.margins import Z90

NO_RESIDENTS = "no residents"
NO_HOMES = "no homes"
ONE_UNIT = "probability of one unit"
"""Flag of a zone that lies inside one unit of a class field."""
RULES: tuple[Rule, ...] = ("area", "centroid")
RESOLUTION = 1e-4
"""A chance is found by some 10,000 draws, and known no finer: without this a class that held in none, or in all, would
have a margin of 0 and pass for a full count."""
PART = 1e-3
"""A smaller share of an area's people, in a zone or outside it, is drawing and no cut."""


@dataclass(frozen=True)
class Met:
    """What some people meet, arrays (Z,): its mean, their number, those of known x, the sum of x over these."""

    mean: FloatArray
    people: FloatArray
    known: FloatArray
    summed: FloatArray

    @property
    def unknown_share(self) -> FloatArray:
        """Share of the people for whom x is not known; NaN where there are none."""
        return np.asarray(np.clip(quotient(self.people - self.known, self.people), 0.0, 1.0), dtype=np.float64)


def meet(matrix: Matrix, people: FloatArray, x: FloatArray) -> Met:
    """Mean of x over people: ``sum(w n x) / sum(w n)`` over the units where x is known.

    Parameters
    ----------
    matrix : csr_array (Z, n)
    people : (n,) float
        Without NaN.
    x : (n,) float
        NaN where it is not known: taken out of both sums, never counted as 0.
    """
    known = np.isfinite(x)
    everybody = np.asarray(matrix @ people, dtype=np.float64)
    counted = np.asarray(matrix @ np.where(known, people, 0.0), dtype=np.float64)
    summed = np.asarray(matrix @ np.where(known, people * np.where(known, x, 0.0), 0.0), dtype=np.float64)
    return Met(quotient(summed, counted), everybody, counted, summed)


def count_noise(matrix: Matrix, x: FloatArray, lived_in: BoolArray, found: Met, sd: float) -> FloatArray:
    """90 % margin of a mean from noise in each unit's count: ``1.645 sd sqrt(sum(w**2 (x - X)**2)) / N``, (Z,).

    Only over units that somebody lives in: an empty park is known to be empty.
    """
    use = np.isfinite(x) & lived_in
    held = np.where(use, np.where(np.isfinite(x), x, 0.0), 0.0)
    # Around the middle of x, so that the difference of squares below does not lose its digits.
    middle = float(held[use].mean()) if use.any() else 0.0
    held = np.where(use, held - middle, 0.0)
    mean = found.mean - middle
    squares = matrix.copy()
    squares.data = np.square(squares.data)
    second, first, none = (np.asarray(squares @ v, dtype=np.float64) for v in (held**2, held, use.astype(np.float64)))
    radicand = second - 2.0 * mean * first + mean**2 * none
    # Where everybody meets the same, what is left of the difference is rounding, not noise.
    radicand = np.where(radicand <= 1e-9 * (second + mean**2 * none), 0.0, radicand)
    return quotient(Z90 * sd * np.sqrt(radicand), found.known)


def noise_sd(units: Units, settings: ReduceSettings) -> float:
    """Noise of one count: 2020 blocks are noisy by design, a planner's own zones are not."""
    of_2020 = len(units) > 0 and units.vintage == 2020 and bool((units.level == "block").all())
    return settings.block_noise_sd if of_2020 else 0.0


def _noise_of(field: ExposureField, settings: ReduceSettings) -> float:
    """Noise of one count of the field: homes in 2020 blocks are counted without any."""
    return 0.0 if field.weight == "households" else noise_sd(field.units, settings)


def reduce_exposure(field: ExposureField, weights: Weights, settings: ReduceSettings) -> Draft:
    """Share of all people, or mean over them, for all zones; no sample, so no sampling margin."""
    nobody = NO_HOMES if field.weight == "households" else NO_RESIDENTS
    return exposure(field, field.base, weights, settings, nobody=nobody)


def exposure(
    field: ExposureField, people: FloatArray, weights: Weights, settings: ReduceSettings, *, nobody: str
) -> Draft:
    """Exposure of some people counted in full at the field's own units.

    ``people`` is (n,); NaN where a count is missing, and a zone with such a unit says how many.
    """
    counted = np.nan_to_num(people, nan=0.0)
    cover = weights.covering_of(field.units, field.weight)
    found = meet(cover.matrix, counted, field.x)
    others = (meet(weights.cover(field.units, field.weight, rule), counted, field.x).mean for rule in RULES)
    low, high = spread(cover.matrix, found.mean, others)
    for other in field.others:
        apart = meet(cover.matrix, counted, other)
        low, high = np.fmin(np.fmin(low, found.mean), apart.mean), np.fmax(np.fmax(high, found.mean), apart.mean)
        if field.kind == "share":
            low, high = bounds(apart, low, high)
    if field.kind == "share":
        low, high = bounds(found, low, high)
    zones = len(weights.zones)
    error = together(cover.matrix, counted, field)
    draft = Draft(
        zones=zones,
        value=found.mean,
        sampling=error,
        rule=np.where(np.isnan(error), "", "sum").tolist(),
        numerator=found.summed,
        numerator_moe=error * found.known,
        denominator=found.known,
        denominator_moe=np.zeros(zones),
        noise=count_noise(cover.matrix, field.x, field.base > 0, found, _noise_of(field, settings)),
        low=low,
        high=high,
        split_share=split_share(cover.matrix, counted),
    )
    draft.lacking(cover, field.weight, settings.lacking_limit)
    draft.absent(found.people == 0, nobody)
    whom = WEIGHTED[field.weight]
    tell_unknown(draft, found, settings, lambda z: main_reason(cover.matrix, counted, field, z), whom)
    uncounted = np.asarray(cover.matrix.astype(bool) @ np.isnan(people).astype(np.int64), dtype=np.int64)
    draft.flag(uncounted > 0, lambda z: f"uncounted_origins={uncounted[z]}")
    draft.flag(no_margin(error, found.mean), "margin not known")
    if field.areas is not None:
        draft.untell(cuts_areas(cover.matrix, np.nan_to_num(field.base, nan=0.0), field.areas))
    say(draft, field, found.mean)
    return draft


def together(matrix: Matrix, people: FloatArray, field: ExposureField) -> FloatArray:
    """90 % margin of a mean of figures that err together: the mean of their margins over people, (Z,).

    The figures of one model share what is wrong with it, and how much is not published. All of them off in one
    direction is the worst case, so that the margin is on the safe side (our choice). NaN where one of them has no
    margin, 0 where the figures have none by their nature.
    """
    if field.x_moe is None:
        return np.zeros(matrix.shape[0])
    known = np.isfinite(field.x)
    lived_in = np.where(known, people, 0.0)
    untold = lived_in * ~np.isfinite(field.x_moe)
    wide = np.asarray(matrix @ np.where(lived_in > 0, lived_in * np.nan_to_num(field.x_moe, nan=0.0), 0.0))
    found = quotient(wide, np.asarray(matrix @ lived_in, dtype=np.float64))
    return np.asarray(np.where(np.asarray(matrix @ untold) > 0, np.nan, found), dtype=np.float64)


def cuts_areas(matrix: Matrix, people: FloatArray, areas: IntArray) -> BoolArray:
    """Zones that hold a part of the people of an area, and not all of them, (Z,)."""
    inside = np.flatnonzero(areas >= 0)
    shape = (len(areas), int(areas.max(initial=0)) + 1)
    carry = sparse.csr_array((people[inside], (inside, areas[inside])), shape=shape)
    whole = np.asarray(carry.sum(axis=0), dtype=np.float64).ravel()
    held = sparse.csr_array(matrix @ carry)
    held.data = np.where(held.data > 0, held.data / np.where(whole > 0, whole, 1.0)[held.indices], 0.0)
    held.data = ((held.data > PART) & (held.data < 1.0 - PART)).astype(np.float64)
    return np.asarray(np.asarray(held.sum(axis=1)).ravel() > 0, dtype=np.bool_)


def say(draft: Draft, field: ExposureField, mean: FloatArray) -> None:
    """Say what the field has to say beside each of its numbers."""
    for flag in field.flags:
        draft.flag(np.isfinite(mean), flag)
    for zone, why in field.untold.items():
        draft.absent(np.arange(draft.zones) == zone, why, wholly=True)


def bounds(found: Met, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Widen a range to what a share would be if nobody, or everybody, of those not known had it, (Z,) each."""
    unknown = found.unknown_share
    some = unknown > 0
    nobody = found.mean * (1.0 - unknown)
    least = np.where(some, np.fmin(nobody, low), low)
    most = np.where(some, np.fmax(nobody + unknown, high), high)
    return np.asarray(least, dtype=np.float64), np.asarray(most, dtype=np.float64)


def tell_unknown(
    draft: Draft, found: Met, settings: ReduceSettings, why: Callable[[int], str], whom: str = "people"
) -> None:
    """Say for how many people the measure is not known; absent where it is not known for most."""
    share = found.unknown_share
    with np.errstate(invalid="ignore"):
        much, some = share > settings.unknown_limit, share > 0
    draft.absent(much, lambda z: f"not known for {share[z]:.0%} of the {whom} here" + why(z))
    draft.flag(some, lambda z: f"unknown_share={share[z]:.4f}")


def main_reason(matrix: Matrix, people: FloatArray, field: ExposureField, zone: int) -> str:
    """``": network unknown"``: why x is not known for most of a zone's people for whom it is not."""
    if not field.unknown:
        return ""
    start, end = matrix.indptr[zone], matrix.indptr[zone + 1]
    units, parts = matrix.indices[start:end], matrix.data[start:end]
    gone = ~np.isfinite(field.x[units])
    units, parts = units[gone], parts[gone] * people[units[gone]]
    held: dict[str, float] = {}
    for unit, part in zip(units.tolist(), parts.tolist(), strict=True):
        held[field.unknown[unit]] = held.get(field.unknown[unit], 0.0) + part
    reason = max(sorted(held), key=held.__getitem__) if held else ""
    return f": {reason}" if reason else ""


def reduce_class(field: ClassField, weights: Weights, settings: ReduceSettings) -> Draft:
    """Expected households who live in units of the class, and their share: ``sum(w h P) / sum(w h)`` over known units.

    The margins hold two things: that the classes are not known, and that households are sampled. With B the class of a
    unit, a draw of chance P, and s the standard error of its households h, independent of B and of other units,

    ``Var(sum(w h B)) = sum(w**2 (h**2 P (1 - P) + s**2 P))``
    ``Var(share) = sum(w**2 (h**2 P (1 - P) + s**2 (P (1 - P) + (P - R)**2))) / sum(w h)**2``, R the share.

    Where a few large units carry the part of the classes, ``h**2 P (1 - P)``, 1.645 standard deviations hold in 81 to
    87 % of cases. So the margin is read from the distribution of ``sum(w h B)`` itself, blurred by the sampling of
    households: the farther of its 5th and 95th percentile, never less than the formula's (`lumps.margin`; our choice).

    A zone inside one unit inherits the unit's chance, which is itself a statement of doubt and has no margin. Where
    that chance is cut off it is a bound, of which no count is made. What the estimates come to as they stand, the
    errors of households alone beside them, is told in flags.
    """
    homes = field.weights.estimate[:, 0]
    usable = np.isfinite(homes)
    cover = weights.covering_of(field.units, field.weight, usable=usable)
    matrix, counted = cover.matrix, np.nan_to_num(homes, nan=0.0)
    found = meet(matrix, counted, field.probability)
    total = _homes_where(matrix, field, np.isfinite(field.probability).astype(np.float64))
    low, high = spread(
        matrix,
        found.mean,
        (meet(weights.cover(field.units, field.weight, r, usable), counted, field.probability).mean for r in RULES),
    )
    zones = len(weights.zones)
    single = np.diff(matrix.indptr) == 1
    # One unit's chance is told to readers as it is, and no surer than can be meant: "under 1 %" is no number of homes.
    told = np.where(single, np.clip(found.mean, 1.0 - field.surest, field.surest), found.mean)
    cut_off = single & (told != found.mean)
    count_moe, share_moe = _class_margins(matrix, field, found)
    draft = Draft(
        zones=zones,
        value=told,
        sampling=np.where(single, np.nan, share_moe),
        rule=["class"] * zones,
        numerator=np.where(cut_off, np.nan, found.summed),
        numerator_moe=np.where(single, np.nan, count_moe),
        denominator=found.known,
        denominator_moe=total.moe,
        low=low,
        high=high,
        split_share=split_share(matrix, counted),
    )
    draft.lacking(cover, field.weight, settings.lacking_limit)
    # A unit of which the homes are not known is not one without homes.
    draft.absent(np.asarray(matrix.astype(bool) @ ~usable) > 0, NOT_PUBLISHED)
    draft.absent(found.people == 0, f"its universe is empty here ({field.universe})")
    tell_unknown(draft, found, settings, lambda z: "")
    draft.untell(cuts(matrix) & ~single)
    draft.flag(single, ONE_UNIT)
    _tell_plain(draft, matrix, field, counted)
    for flag in field.flags:
        draft.flag(np.ones(zones, dtype=np.bool_), flag)
    return draft


def _homes_where(matrix: Matrix, field: ClassField, share: FloatArray) -> margins.Sum:
    """Households of a part of each unit, ``sum(w h share)``, with the margin of ``sum(w**2 s**2 share)``."""
    some = matrix.copy()
    some.data = some.data * (share > 0)[some.indices]
    part = np.where(share > 0, share, 1.0)[:, None]
    return margins.weighted_sum(some, field.weights.estimate * part, field.weights.moe * np.sqrt(part))


def _class_margins(matrix: Matrix, field: ClassField, found: Met) -> tuple[FloatArray, FloatArray]:
    """90 % margins of the count and of the share, (Z,) each; see `reduce_class`."""
    known = np.isfinite(field.probability)
    chance = np.where(known, field.probability, 0.0)
    doubt = np.where(known, np.maximum(chance * (1.0 - chance), RESOLUTION), 0.0)
    h, s = field.weights.estimate[:, 0], field.weights.moe[:, 0] / Z90
    rows, of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices
    squares = np.square(matrix.data)

    def summed(terms: FloatArray) -> FloatArray:
        return np.bincount(rows, squares * terms, minlength=matrix.shape[0]).astype(np.float64)

    classes = summed((np.square(h) * doubt)[of])
    apart = np.square(chance[of] - np.nan_to_num(found.mean, nan=0.0)[rows])
    sampled = summed(np.where(known, np.square(s), 0.0)[of] * (doubt[of] + apart))
    counted = _homes_where(matrix, field, chance)
    of_count = np.where(counted.missing, 0.0, counted.moe)
    count = np.maximum(np.hypot(Z90 * np.sqrt(classes), of_count), _lumpy(matrix, field, of_count / Z90))
    share = np.maximum(Z90 * np.sqrt(classes + sampled), _lumpy(matrix, field, np.sqrt(sampled)))
    return count, quotient(share, found.known)


def _lumpy(matrix: Matrix, field: ClassField, noise: FloatArray) -> FloatArray:
    """90 % margin of the homes of units of the class, from the distribution of their sum, (Z,)."""
    homes, chance = field.weights.estimate[:, 0], field.probability
    zones = zip(matrix.indptr[:-1], matrix.indptr[1:], noise, strict=True)
    held = ((matrix.data[a:b] * homes[matrix.indices[a:b]], chance[matrix.indices[a:b]], sd) for a, b, sd in zones)
    return np.array([lumps.margin(size, p, float(sd)) for size, p, sd in held], dtype=np.float64)


def _tell_plain(draft: Draft, matrix: Matrix, field: ClassField, counted: FloatArray) -> None:
    """What it comes to by the estimates as they stand: the share, the households and their sampling margin."""
    # Over the units whose chance is known too: a count of some is never told against a whole of fewer.
    flag = np.where(np.isfinite(field.probability), field.flag, np.nan)
    plain = meet(matrix, counted, flag)
    homes = _homes_where(matrix, field, np.nan_to_num(flag, nan=0.0))
    told = np.isfinite(plain.mean)
    draft.flag(told, lambda z: f"as_estimated={plain.mean[z]:.4f}")
    draft.flag(told, lambda z: f"as_estimated_count={plain.summed[z]:.1f}")
    draft.flag(told & np.isfinite(homes.moe), lambda z: f"as_estimated_count_moe={homes.moe[z]:.1f}")


def reduce_zone(field: ZoneField, weights: Weights) -> Draft:
    """What was measured on the zones themselves; its margin is that of a sampled universe below the line, or of chance
    in rare events, and of noise in full counts."""
    zones = len(weights.zones)
    sampling, rule = np.zeros(zones) if field.chance is None else field.chance, ["none"] * zones
    universe_moe = None
    if field.universe_moe is not None:
        universe_moe = np.asarray(field.universe_moe, dtype=np.float64)
        sampling = quotient(np.abs(field.value) * universe_moe, field.denominator)
        plain = quotient(field.numerator, field.denominator)
        rule = ["ratio" if same else "none" for same in np.isclose(plain, field.value, rtol=1e-12, atol=0.0)]
    draft = Draft(
        zones=zones,
        value=np.asarray(field.value, dtype=np.float64),
        sampling=sampling,
        rule=rule,
        numerator=field.numerator,
        numerator_moe=np.zeros(zones),
        denominator=field.denominator,
        denominator_moe=np.zeros(zones) if universe_moe is None else universe_moe,
        noise=field.noise,
        low=field.low,
        high=field.high,
    )
    for z, why in enumerate(field.reason):
        if why is not None:
            draft.reasons[z] = why
    for z, said in enumerate(field.flags):
        draft.flags[z] += said
    with np.errstate(invalid="ignore"):
        partly = field.valid_share < 1.0 - 1e-9
    draft.absent(np.isnan(field.value), "it is not known here")
    draft.flag(partly, lambda z: f"valid_share={field.valid_share[z]:.4f}")
    return draft
