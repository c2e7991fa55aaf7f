"""Measures of places as the people who live there meet them; classes of areas; what is measured on a zone itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from justgeo.core.field import ClassField, ExposureField, ZoneField
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import Units
from justgeo.measure import margins
from justgeo.measure.apportion import Rule, Weights
from justgeo.measure.column import Draft, ReduceSettings, cuts, quotient, split_share, spread
from justgeo.measure.fractions import Matrix
from justgeo.measure.margins import Z90

NO_RESIDENTS = "no residents"
RULES: tuple[Rule, ...] = ("area", "centroid")


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


def reduce_exposure(field: ExposureField, weights: Weights, settings: ReduceSettings) -> Draft:
    """Share of all people, or mean over them, for all zones; no sample, so no sampling margin."""
    return exposure(field, field.base, weights, settings, nobody=NO_RESIDENTS)


def exposure(
    field: ExposureField, people: FloatArray, weights: Weights, settings: ReduceSettings, *, nobody: str
) -> Draft:
    """Exposure of some people counted in full at the field's own units.

    ``people`` is (n,); NaN where a count is missing, and a zone with such a unit says how many.
    """
    counted = np.nan_to_num(people, nan=0.0)
    cover = weights.covering_of(field.units, "persons")
    found = meet(cover.matrix, counted, field.x)
    others = (meet(weights.cover(field.units, "persons", rule), counted, field.x).mean for rule in RULES)
    low, high = spread(cover.matrix, found.mean, others)
    if field.kind == "share":
        low, high = bounds(found, low, high)
    zones = len(weights.zones)
    draft = Draft(
        zones=zones,
        value=found.mean,
        sampling=np.zeros(zones),
        rule=["sum"] * zones,
        numerator=found.summed,
        numerator_moe=np.zeros(zones),
        denominator=found.known,
        denominator_moe=np.zeros(zones),
        noise=count_noise(cover.matrix, field.x, field.base > 0, found, noise_sd(field.units, settings)),
        low=low,
        high=high,
        split_share=split_share(cover.matrix, counted),
    )
    draft.lacking(cover, "persons", settings.lacking_limit)
    draft.absent(found.people == 0, nobody)
    tell_unknown(draft, found, settings, lambda z: main_reason(cover.matrix, counted, field, z))
    uncounted = np.asarray(cover.matrix.astype(bool) @ np.isnan(people).astype(np.int64), dtype=np.int64)
    draft.flag(uncounted > 0, lambda z: f"uncounted_origins={uncounted[z]}")
    return draft


def bounds(found: Met, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Widen a range to what a share would be if nobody, or everybody, of those not known had it, (Z,) each."""
    unknown = found.unknown_share
    some = unknown > 0
    nobody = found.mean * (1.0 - unknown)
    least = np.where(some, np.fmin(nobody, low), low)
    most = np.where(some, np.fmax(nobody + unknown, high), high)
    return np.asarray(least, dtype=np.float64), np.asarray(most, dtype=np.float64)


def tell_unknown(draft: Draft, found: Met, settings: ReduceSettings, why: Callable[[int], str]) -> None:
    """Say for how many people the measure is not known; absent where it is not known for most."""
    share = found.unknown_share
    with np.errstate(invalid="ignore"):
        much, some = share > settings.unknown_limit, share > 0
    draft.absent(much, lambda z: f"not known for {share[z]:.0%} of the people here" + why(z))
    draft.flag(some, lambda z: f"unknown_share={share[z]:.4f}")


def main_reason(matrix: Matrix, people: FloatArray, field: ExposureField, zone: int) -> str:
    """``": network unknown"``: why x is not known for most of a zone's people for whom it is not."""
    if not field.unknown:
        return ""
    start, end = matrix.indptr[zone], matrix.indptr[zone + 1]
    held: dict[str, float] = {}
    for unit, weight in zip(matrix.indices[start:end], matrix.data[start:end], strict=True):
        if not np.isfinite(field.x[unit]):
            held[field.unknown[unit]] = held.get(field.unknown[unit], 0.0) + float(weight * people[unit])
    reason = max(sorted(held), key=held.__getitem__) if held else ""
    return f": {reason}" if reason else ""


def reduce_class(field: ClassField, weights: Weights, settings: ReduceSettings) -> Draft:
    """Expected share of households who live in units of the class: ``sum(w h P) / sum(w h)``.

    Its margin is that of not knowing the classes, ``1.645 sqrt(sum((w h)**2 P (1 - P))) / sum(w h)``, units taken as
    independent. A zone inside one unit inherits the unit's probability, which is itself a statement of doubt and has
    no margin. The share by the estimates as they stand is told in a flag.
    """
    homes = field.weights.estimate[:, 0]
    usable = np.isfinite(homes)
    cover = weights.covering_of(field.units, field.weight, usable=usable)
    matrix, counted = cover.matrix, np.nan_to_num(homes, nan=0.0)
    found = meet(matrix, counted, field.probability)
    total = margins.weighted_sum(matrix, field.weights.estimate, field.weights.moe)
    plain = meet(matrix, counted, field.flag)
    squares = matrix.copy()
    squares.data = np.square(squares.data)
    chance = np.nan_to_num(field.probability, nan=0.0)
    variance = np.asarray(squares @ (counted**2 * chance * (1.0 - chance)), dtype=np.float64)
    doubt = quotient(Z90 * np.sqrt(variance), found.known)
    single = np.diff(matrix.indptr) == 1
    low, high = spread(
        matrix,
        found.mean,
        (meet(weights.cover(field.units, field.weight, r, usable), counted, field.probability).mean for r in RULES),
    )
    zones = len(weights.zones)
    draft = Draft(
        zones=zones,
        value=np.where(total.missing, np.nan, found.mean),
        sampling=np.where(single, np.nan, doubt),
        rule=["class"] * zones,
        numerator=found.summed,
        denominator=found.known,
        denominator_moe=total.moe,
        low=low,
        high=high,
        split_share=split_share(matrix, counted),
    )
    draft.lacking(cover, field.weight, settings.lacking_limit)
    draft.absent(found.people == 0, f"its universe is empty here ({field.universe})")
    tell_unknown(draft, found, settings, lambda z: "")
    draft.untell(cuts(matrix) & ~single)
    draft.flag(single, "probability of one unit")
    draft.flag(np.isfinite(plain.mean), lambda z: f"as_estimated={plain.mean[z]:.4f}")
    return draft


def reduce_zone(field: ZoneField, weights: Weights) -> Draft:
    """What was measured on the zones themselves; the only margin is that of a sampled universe below the line."""
    zones = len(weights.zones)
    sampling, rule = np.zeros(zones), ["none"] * zones
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
    )
    for z, why in enumerate(field.reason):
        if why is not None:
            draft.reasons[z] = why
    with np.errstate(invalid="ignore"):
        partly = field.valid_share < 1.0 - 1e-9
    draft.absent(np.isnan(field.value), "it is not known here")
    draft.flag(partly, lambda z: f"valid_share={field.valid_share[z]:.4f}")
    return draft
