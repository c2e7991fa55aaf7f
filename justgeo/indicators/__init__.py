"""Fields: from a catalogue row and the layers of a place to a measure at its small areas.

One function a kind of field; a catalogue row names it in ``field``. Each takes ``(row, place, group)`` and returns a
field of ``core.field``, or raises ``Absent`` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from justgeo.core.field import AnyField
from justgeo.core.result import Indicator
from justgeo.indicators.belonging import market_pressure, vulnerability
from justgeo.indicators.census import acs_count, acs_gap, acs_median, acs_share
from justgeo.indicators.environment import canopy_gap, class_share, raster_area, raster_people
from justgeo.indicators.makeup import divergence, segregation
from justgeo.indicators.mobility import transit_trips, walk_kinds, walk_share
from justgeo.indicators.place import Place
from justgeo.indicators.streets import intersections
from justgeo.indicators.wellbeing import park_acres

FieldFunction = Callable[[Indicator, Place, str], AnyField]

FIELDS: Mapping[str, FieldFunction] = {
    "acs_count": acs_count,
    "acs_gap": acs_gap,
    "acs_median": acs_median,
    "acs_share": acs_share,
    "canopy_gap": canopy_gap,
    "class_share": class_share,
    "divergence": divergence,
    "intersections": intersections,
    "market_pressure": market_pressure,
    "park_acres": park_acres,
    "raster_area": raster_area,
    "raster_people": raster_people,
    "segregation": segregation,
    "transit_trips": transit_trips,
    "vulnerability": vulnerability,
    "walk_kinds": walk_kinds,
    "walk_share": walk_share,
}
