"""The nearest larger area that does report a number, where one is withheld.

Of a block group its tract, then the district, then the reference; of a tract or a planner's own area the district, then
the reference; of the district the reference: the first whose record of the same indicator and group is reliable. It has
to be larger, and to hold most of the land of the zone that it stands in for, so that its number is one of the place.

Only what is told anyway is pointed at, and nothing of the withheld number goes into the choice, so that none is to be
read from it; that sums of what is told do not lead back to it, `complement` sees to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import shapely

from justgeo.core.result import Record
from justgeo.core.zones import Zones

RELIABLE = frozenset({"exact", "high", "medium"})
"""What is offered: nothing too uncertain to rely on, and nothing of which no margin is known (our choice)."""
MOST = 0.5
"""A zone lies in another one that holds more than this part of its land (our choice)."""


def offered(records: Sequence[Record], zones: Zones) -> list[Record]:
    """Records, of which each that is withheld names the zone to look at instead, where there is one.

    Parameters
    ----------
    records : sequence of Record
    zones : Zones

    Returns
    -------
    list of Record
        In the same order; ``instead`` is the id of a zone whose record has a value and is of `RELIABLE`.
    """
    around = larger(zones)
    reliable = {(r.zone, r.indicator, r.group) for r in records if r.value is not None and r.reliability in RELIABLE}

    def first(r: Record) -> str | None:
        return next((zone for zone in around[r.zone] if (zone, r.indicator, r.group) in reliable), None)

    return [r.but(instead=first(r)) if r.reliability == "suppressed" else r for r in records]


def larger(zones: Zones) -> Mapping[str, tuple[str, ...]]:
    """For each zone those that may stand in for it, the nearest first."""
    at = {zone: z for z, zone in enumerate(zones.ids)}
    shapes = zones.geometry.to_numpy()
    area = shapely.area(shapes)
    tracts = [zone for zone, geography in zip(zones.ids, zones.geography, strict=True) if geography == "tract"]
    reference = zones.ids_of("reference")
    wide = (*zones.ids_of("district"), *reference)
    found: dict[str, tuple[str, ...]] = {}
    for zone, z in at.items():
        own = [t for t in tracts if zones.geography[z] == "block group" and zone.startswith(t)]
        # One district of many is no stand-in for another.
        around = reference if zones.roles[z] == "district" else (*own, *wide)
        others = [other for other in around if area[at[other]] > area[z]]
        held = (shapely.area(shapely.intersection(shapes[at[other]], shapes[z])) for other in others)
        found[zone] = tuple(other for other, common in zip(others, held, strict=True) if common > MOST * area[z])
    return found
