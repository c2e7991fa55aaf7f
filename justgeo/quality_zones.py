"""Checks of one district: its weights, its numbers, and whether they can be true together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import LayerError
from justgeo.core.layer import FloatArray
from justgeo.core.quality import Check, Rule
from justgeo.core.result import Record
from justgeo.indicators.place import Place

KM2, ACRE_M2 = 1e6, 4046.8564224
TINY = 1e-9
TOLD = ("district", "reference")
CANOPY, HARD, PARKS, PEOPLE = "ENV-01", "ENV-03", "WEL-05", "DEM-00.population"
DRAWN = 0.001
"""What outlines of one census may overlap by, as they are drawn."""

RANGE = Rule(
    "numbers-in-range",
    "Numbers whose share lies between none and all, and whose margin is not below 0",
    "share",
    1.0,
    None,
    "A share above all of it, or a margin below nothing, cannot be true: such a run is not written.",
    "Nothing to do here.",
    "arithmetic",
)
WEIGHTS = Rule(
    "weights-add-up",
    "Largest part of a census block that the district, or its small areas together, count",
    "share",
    0.0,
    1.0 + DRAWN,
    "A block that is counted more than once counts its people more than once.",
    "See that the outlines of the areas do not overlap.",
    "arithmetic; outlines may overlap by a thousandth, as they are drawn",
)
INSIDE = Rule(
    "district-in-wider-area",
    "People of the district for each one of the wider area that it lies in",
    "share",
    None,
    1.0 + TINY,
    "A part cannot have more people than the whole that it lies in.",
    "See that blocks and counties are of one census.",
    "arithmetic",
)
PUBLISHED = Rule(
    "wider-area-as-published",
    "People of the wider area beside the county's own published number",
    "ratio",
    1.0 - 1e-6,
    1.0 + 1e-6,
    "What the district is held against should be the published number wherever there is one.",
    "See that reference.geoids are all the counties that you mean, and that the survey's tables have their rows.",
    "U.S. Census Bureau: the county's row of the table",
)
GROUND = Rule(
    "canopy-and-hard-ground",
    "Tree canopy and hard surfaces together, in the area where they are most",
    "share",
    None,
    1.1,
    "Trees can stand over a street, but two maps that fill more than all of the land are of two places or two units.",
    "See that both grids are in percent, and of the same years.",
    "our choice: a tenth may be counted by both",
)
GAPS = Rule(
    "land-without-pixels",
    "Land of the district of which a grid says nothing",
    "share",
    None,
    0.05,
    "A number of a part of the land is told as if it were of all of it.",
    "Take a grid that covers the district, and see what its values for no data are.",
)
GREEN = Rule(
    "parks-and-land",
    "Parks as a part of the ground",
    "share",
    None,
    0.95,
    "Parks that fill the whole ground are drawn twice, or are something else: a forest, a county, a reserve.",
    "Look at the parks on the map; take out what is none.",
)
CROWDED = Rule(
    "people-per-land",
    "Residents of the district for each square kilometer",
    "people per km²",
    0.01,
    80_000.0,
    "Too few or too many tell of a boundary in the wrong place, or of axes or units that were exchanged.",
    "Look at the boundary on the map; see its coordinate system.",
    "our choice: the densest census tracts of Manhattan have about 80,000; ranches and ports have hardly any",
)
WIDER = Rule(
    "people-per-land-wider",
    "Residents of the wider area for each square kilometer",
    "people per km²",
    0.01,
    40_000.0,
    "Too few or too many tell of outlines in the wrong place, or of blocks that are missing.",
    "Look at the wider area on the map; see that blocks and outlines are of one place.",
    "our choice: New York County has about 28,000, the emptiest counties of Alaska less than 0.1",
)
RULES = (RANGE, WEIGHTS, INSIDE, PUBLISHED, GROUND, GAPS, GREEN, CROWDED, WIDER)
NO_WIDER = "there is no wider area to look at"
NO_BLOCKS = "no census blocks were given"


def refuse_impossible(records: Iterable[Record]) -> None:
    """Refuse what cannot be true: a share outside of none and all, a margin below nothing, a number that is none.

    Raises
    ------
    LayerError
        With the first such number.
    """
    for one in records:
        value, moe = one.value, one.moe
        if value is None:
            continue
        wrong = ""
        if not math.isfinite(value):
            wrong = f"is {value}"
        elif one.unit == "share" and not -TINY <= value <= 1.0 + TINY:
            wrong = f"is a share of {value:g}"
        elif moe is not None and not moe >= 0.0:
            wrong = f"has a margin of {moe:g}"
        if wrong:
            raise LayerError(
                f"{one.indicator} of {one.zone} ({one.group}) {wrong}: that cannot be.",
                remedy="see whether the layers that it stands on are whole and of one place "
                f"({', '.join(one.layers)}); if they are, it is a fault of justgeo: please report it.",
            )


def numbers(_: Place, records: Sequence[Record]) -> Iterable[Check]:
    """What `refuse_impossible` let through, told."""
    n = sum(one.value is not None for one in records)
    yield RANGE.check(1.0, (), "") if n else RANGE.unknown("no number could be measured")


def weights(place: Place, _: Sequence[Record]) -> Iterable[Check]:
    """Whether blocks are counted once, and the district as a part of the wider area."""
    if place.weights.origins is None:
        yield WEIGHTS.unknown(NO_BLOCKS)
        yield INSIDE.unknown(NO_BLOCKS)
        return
    held = place.weights.fractions
    parts = [place.zones.having("district")]
    # Areas of the planner's own may overlap as they like; those of a census do not.
    parts += [np.array([g == level for g in place.zones.geography]) for level in ("tract", "block group")]
    sums: list[FloatArray] = [np.asarray(held[np.flatnonzero(rows)].sum(axis=0)) for rows in parts if rows.any()]
    most = max((float(one.max(initial=0.0)) for one in sums), default=0.0)
    why = f"one block is counted {most:.3f} times"
    yield WEIGHTS.check(most, ("blocks",), why)
    if "reference" not in place.zones.roles or "district" not in place.zones.roles:
        yield INSIDE.unknown(NO_WIDER)
        return
    mine, theirs = place.zones.index("district"), place.zones.index("reference")
    # One reference for all districts of a batch: widened by a meter once.
    wider = place.once("quality: wider area", lambda: _prepared(place.zones.geometry.iloc[theirs].buffer(1.0)))
    if not shapely.covers(wider, place.zones.geometry.iloc[mine]):
        yield INSIDE.unknown("the district reaches beyond the wider area")
        return
    people = place.zone_population()
    if not people[theirs] > 0:
        yield INSIDE.unknown("nobody lives in the wider area")
        return
    share = float(people[mine] / people[theirs])
    told = f"{people[mine]:,.0f} people live here, {people[theirs]:,.0f} in the wider area"
    yield INSIDE.check(share, ("blocks",), told)


def _prepared(shape: BaseGeometry) -> BaseGeometry:
    shapely.prepare(shape)
    return shape


def published(place: Place, records: Sequence[Record]) -> Iterable[Check]:
    """The reference's people beside the county rows of the survey."""
    name = place.table_name("B01003")
    found = _at(records, PEOPLE).get("reference")
    if name not in place.layers or found is None or found.value is None or not place.reference_prefixes:
        yield PUBLISHED.unknown("the survey's tables at hand have no row of the county")
        return
    data = place.layer(name).data
    mine = data[(data["level"] == "county") & data["geoid"].isin(place.reference_prefixes)]
    told = float(mine["B01003_001E"].sum(skipna=False)) if len(mine) == len(place.reference_prefixes) else math.nan
    if not told > 0:
        yield PUBLISHED.unknown("the survey's tables at hand have no row of the county")
        return
    both = f"{found.value:,.0f} here, {told:,.0f} as published by the Bureau"
    yield PUBLISHED.check(found.value / told, (name,), both)


def ground(_: Place, records: Sequence[Record]) -> Iterable[Check]:
    """What covers the land, and of how much of it nothing is known."""
    trees, hard = (_at(records, name) for name in (CANOPY, HARD))
    both = {
        zone: one.value + other
        for zone, one in trees.items()
        if one.value is not None and zone in hard and (other := hard[zone].value) is not None
    }
    if both:
        zone = max(both, key=both.__getitem__)
        told = f"together they fill {both[zone]:.0%} of the land in {zone}"
        yield GROUND.check(both[zone], ("tree_canopy", "impervious"), told)
    else:
        yield GROUND.unknown("canopy and hard surfaces were not both measured")
    gaps = {one.layers: 1.0 - _flag(one, "valid_share") for one in _of_district(trees, hard)}
    if gaps:
        layers = max(gaps, key=gaps.__getitem__)
        yield GAPS.check(gaps[layers], layers, f"{gaps[layers]:.0%} of the land of the district")
    else:
        yield GAPS.unknown("no grid was measured in the district")


def parks(place: Place, records: Sequence[Record]) -> Iterable[Check]:
    """Parks inside the district, by its ground."""
    acres = {zone: one.numerator for zone, one in _at(records, PARKS).items() if zone in TOLD and one.value is not None}
    km2 = dict(zip(place.zones.ids, place.zones.geometry.area / KM2, strict=True))
    shares = {z: n * ACRE_M2 / KM2 / km2[z] for z, n in acres.items() if n is not None and z in km2 and km2[z] > 0}
    if not shares:
        yield GREEN.unknown("parks were not measured")
        return
    zone = max(shares, key=shares.__getitem__)
    yield GREEN.check(shares[zone], ("parks",), f"{shares[zone]:.0%} of the ground of the {zone}")


def people(place: Place, _: Sequence[Record]) -> Iterable[Check]:
    """Residents for each square kilometer."""
    for role, rule in zip(TOLD, (CROWDED, WIDER), strict=True):
        if place.weights.origins is None:
            yield rule.unknown(NO_BLOCKS)
            continue
        if role not in place.zones.roles:
            yield rule.unknown(NO_WIDER)
            continue
        row = place.zones.roles.index(role)
        area = float(place.zones.geometry.iloc[row].area) / KM2
        n = float(place.zone_population()[row])
        yield rule.check(n / area, ("blocks",), f"{n:,.0f} people live on {area:,.2f} km²")


def _at(records: Iterable[Record], indicator: str) -> Mapping[str, Record]:
    """Records of everybody of an indicator, by zone."""
    return {one.zone: one for one in records if one.indicator == indicator and one.group == "all"}


def _of_district(*found: Mapping[str, Record]) -> list[Record]:
    return [one for each in found for zone, one in each.items() if zone == "district" and one.value is not None]


def _flag(record: Record, name: str) -> float:
    """The number of a flag; 1 where it is not there: all of it, or nothing known of any gap."""
    for one in record.flags:
        key, _, told = one.partition("=")
        if key == name:
            return float(told)
    return 1.0
