"""Park land for the people of a place."""

from __future__ import annotations

import numpy as np
import shapely

from justgeo.core.errors import Absent
from justgeo.core.field import ZoneField
from justgeo.core.result import Indicator
from justgeo.indicators.mobility import public_parks
from justgeo.indicators.place import Place
from justgeo.measure.column import NOT_COVERED

ACRE_M2 = 4046.8564224


def park_acres(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Acres of public park inside each zone per 1,000 of its residents (METHODS 6.5).

    Returns
    -------
    ZoneField
        ``numerator`` acres, ``denominator`` residents; ``value`` is 1,000 times their ratio.
    """
    if group != "all":
        raise Absent("an area has no race or income; see the walk to a park")
    parks = shapely.union_all(public_parks(place).geometry.to_numpy())
    zones = place.zones.geometry.to_numpy()
    acres = shapely.area(shapely.intersection(zones, parks)) / ACRE_M2
    people = place.zone_population()
    covers = place.layer("parks").covers
    reasons = [NOT_COVERED if outside else None for outside in place.beyond(covers)]
    reasons = [r or (None if n > 0 else "no residents") for r, n in zip(reasons, people, strict=True)]
    absent = np.array([r is not None for r in reasons], dtype=np.bool_)
    value = np.full(len(zones), np.nan)
    value[~absent] = 1000.0 * acres[~absent] / people[~absent]
    return ZoneField(
        value=value,
        numerator=np.where(absent, np.nan, acres),
        denominator=np.where(absent, np.nan, people),
        valid_share=np.where(absent, 0.0, 1.0),
        reason=tuple(reasons),
        universe=row.universe,
    )
