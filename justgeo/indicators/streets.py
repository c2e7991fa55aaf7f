"""How closely streets and paths are knit."""

from __future__ import annotations

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.field import ZoneField
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators.mobility import graph
from justgeo.indicators.place import Place
from justgeo.measure import crossings

KM2 = 1e6
NO_LAND = "no land here"


def intersections(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Intersections of the walk network per square kilometre of land (METHODS 7.7, WEL-06).

    ``parameters``: ``tolerance_m``, the radius within which junctions are one.

    Returns
    -------
    ZoneField
        ``numerator`` intersections, ``denominator`` land in km².
    """
    if group != "all":
        raise Absent("an area has no race or income")
    tolerance = float(row.parameters["tolerance_m"])
    walk = graph(place)
    land = land_km2(place)
    found = place.once(f"intersections:{tolerance:g}", lambda: crossings.intersections(walk, tolerance))
    return per_land(row, crossings.inside(place.zones.geometry, found, tolerance), land)


def land_km2(place: Place) -> FloatArray:
    """Square kilometres of land in each zone, by its blocks, (Z,); `Absent` where the blocks do not tell."""
    place.layer("blocks")
    origins = place.weights.origins
    if origins is None or not origins.land_known:
        raise Absent("the blocks at hand do not say how much of them is land")
    return np.asarray(place.weights.fractions @ origins.land, dtype=np.float64) / KM2


def per_land(row: Indicator, amount: FloatArray, land: FloatArray) -> ZoneField:
    """An amount in each zone per square kilometre of its land, both (Z,); absent where there is none."""
    dry = land > 0
    return ZoneField(
        value=np.divide(amount, land, out=np.full(len(land), np.nan), where=dry),
        numerator=np.where(dry, amount, np.nan),
        denominator=np.where(dry, land, np.nan),
        valid_share=np.where(dry, 1.0, 0.0),
        reason=tuple(None if d else NO_LAND for d in dry),
        universe=row.universe,
    )
