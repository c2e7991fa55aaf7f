"""Segregation of the reference by race, and how far each place's make-up is from the reference's (METHODS 7.9).

From the 2020 Census blocks, which are counted in full: a survey's sampling error makes small areas look more apart than
they are. The counts are noisy by design, which does the same on a smaller scale; how much, is told as a margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.field import ZoneField
from justgeo.core.known import OF_THE_REGION
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators.place import Place
from justgeo.measure import segregation as indices
from justgeo.measure.places import NO_RESIDENTS, noise_sd
from justgeo.measure.reduce import ReduceSettings

WHITE = "p2_white"
COLUMNS = (WHITE, "p2_hispanic", "p2_black", "p2_aian", "p2_asian", "p2_nhpi", "p2_other", "p2_two")
"""The eight groups that make up all people of table P2: Hispanics of any race, and seven of those who are not."""

NO_REFERENCE = "there is no reference area to tell it of"
ITSELF = "the reference is what others are compared with"
NO_COUNTS = "the blocks at hand carry no counts by race"


def segregation(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """An index over the block groups of the reference, told of the reference alone.

    ``parameters``: ``index``: ``dissimilarity`` (a group against White residents), ``isolation`` (a group by itself) or
    ``information`` (all eight groups at once). For everybody the group is all who are not White.

    Returns
    -------
    ZoneField
        ``value`` 0 to 1, ``denominator`` the people of the group, ``noise`` the margin that noise in the counts makes.
    """
    ref = _reference(place)
    if ref is None:
        raise Absent(NO_REFERENCE)
    name = str(row.parameters["index"])
    people = _counts(place)
    small = _by_block_group(people, place, ref)
    index, size = _index(name, row, group)
    zones = len(place.zones)
    value, base, noise = (np.full(zones, np.nan) for _ in range(3))
    base[ref] = float(size(small.counts))
    value[ref] = float(index(small.counts))
    noise[ref] = float(indices.noise_margin(index, small.counts, small.sd))
    reasons: list[str | None] = [OF_THE_REGION] * zones
    reasons[ref] = None if np.isfinite(value[ref]) else "a group that it needs has nobody here"
    return _field(row, value, base, noise, reasons)


def divergence(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """How far the make-up by race of each zone is from that of the reference; 0 where they are alike.

    Returns
    -------
    ZoneField
        ``denominator`` is the zone's people; the reference itself has no value.
    """
    if group != "all":
        raise Absent("it is of all groups at once")
    ref = _reference(place)
    if ref is None:
        raise Absent(NO_REFERENCE)
    people, part = _counts(place), place.weights.fractions
    of_zone = np.asarray(part @ people, dtype=np.float64)
    whole = of_zone[ref]

    def index(counts: FloatArray) -> FloatArray:
        return indices.divergence(counts, whole)

    squares = part.copy()
    squares.data = np.square(squares.data)
    lived_in = (people.sum(axis=1) > 0).astype(np.float64)
    sd = _noise(place) * np.sqrt(np.asarray(squares @ lived_in, dtype=np.float64))
    value, total = index(of_zone), of_zone.sum(axis=1)
    reasons: list[str | None] = [None if n > 0 else NO_RESIDENTS for n in total]
    new = np.isinf(value)
    reasons = ["a group lives here that the reference has not" if n else r for n, r in zip(new, reasons, strict=True)]
    reasons[ref] = ITSELF
    known = np.array([r is None for r in reasons], dtype=np.bool_)
    noise = np.full(len(value), np.nan)
    # The same draws for every zone: what is told of one does not depend on which others are measured beside it. A group
    # that nobody in the reference is of is in neither make-up: noise in a count of nobody would be infinitely far.
    held = whole > 0
    noise[known] = indices.sampling_margin(
        lambda counts: indices.divergence(counts, whole[held]), of_zone[known][:, held], sd[known, None]
    )
    return _field(row, np.where(known, value, np.nan), total, noise, reasons)


@dataclass(frozen=True)
class _Small:
    """Counts of small areas, (n, 8) by ``COLUMNS``, and the noise of each of an area's counts, (n,)."""

    counts: FloatArray
    sd: FloatArray


def _by_block_group(people: FloatArray, place: Place, ref: int) -> _Small:
    """People of the reference by block group; by the origins themselves where these are no blocks."""
    share = np.asarray(place.weights.fractions[[ref], :].toarray(), dtype=np.float64).ravel()
    units = place.origin_units()
    unit = np.arange(len(units), dtype=np.int64)
    if bool((units.level == "block").all()):
        # As everywhere else: by id, or by place where the codes of counties have changed. A lone block is by itself.
        nest = place.weights.nest("block group", units.vintage)
        unit = np.where(nest >= 0, nest, -1 - unit)
    names, of_unit = np.unique(unit[share > 0], return_inverse=True)
    inside, part = people[share > 0], share[share > 0]
    counts = np.zeros((len(names), people.shape[1]))
    np.add.at(counts, of_unit, part[:, None] * inside)
    lived_in = np.bincount(of_unit, weights=np.square(part) * (inside.sum(axis=1) > 0), minlength=len(names))
    return _Small(counts, _noise(place) * np.sqrt(lived_in))


def _index(name: str, row: Indicator, group: str) -> tuple[indices.Index, indices.Index]:
    """An index of counts by ``COLUMNS``, and how many people it is of."""
    mine = [COLUMNS.index(str(row.groups[group]["blocks"]))] if group != "all" else list(range(1, len(COLUMNS)))

    def own(c: FloatArray) -> FloatArray:
        return np.asarray(c[..., mine].sum(axis=-1), dtype=np.float64)

    def apart(c: FloatArray) -> FloatArray:
        return indices.dissimilarity(own(c), c[..., COLUMNS.index(WHITE)])

    def isolated(c: FloatArray) -> FloatArray:
        return indices.isolation(own(c), c.sum(axis=-1))

    def people(c: FloatArray) -> FloatArray:
        return np.asarray(np.sum(c if name == "information" else own(c)), dtype=np.float64)

    known: Mapping[str, indices.Index] = {
        "dissimilarity": apart,
        "isolation": isolated,
        "information": indices.information,
    }
    return known[name], people


def _counts(place: Place) -> FloatArray:
    """People of each origin by ``COLUMNS``, (n, 8)."""
    origins = place.origins()
    if not set(COLUMNS) <= set(origins.columns):
        raise Absent(NO_COUNTS)
    counts = origins[list(COLUMNS)].to_numpy(dtype=np.float64)
    missing = int((np.isnan(counts).any(axis=1) & ~(place.population() == 0)).sum())
    if missing:
        raise Absent(f"{missing} of {len(counts)} blocks carry no counts by race")
    return np.asarray(np.where(np.isnan(counts), 0.0, counts), dtype=np.float64)


def _noise(place: Place) -> float:
    return noise_sd(place.origin_units(), ReduceSettings())


def _reference(place: Place) -> int | None:
    return place.zones.roles.index("reference") if "reference" in place.zones.roles else None


def _field(
    row: Indicator, value: FloatArray, base: FloatArray, noise: FloatArray, reasons: list[str | None]
) -> ZoneField:
    known = np.array([r is None for r in reasons], dtype=np.bool_)
    return ZoneField(
        value=value,
        numerator=np.full(len(value), np.nan),
        denominator=np.where(known, base, np.nan),
        valid_share=np.where(known, 1.0, 0.0),
        reason=tuple(reasons),
        universe=row.universe,
        noise=noise,
    )
