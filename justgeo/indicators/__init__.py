"""Fields: from a catalogue row and the layers of a place to a measure at its small areas.

One function a kind of field; a catalogue row names it in ``field``. Each takes ``(row, place, group)`` and returns a
field of ``core.field``, or raises ``Absent`` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from justgeo.core.field import AnyField
from justgeo.core.result import Indicator
from justgeo.indicators.belonging import market_pressure, vulnerability
from justgeo.indicators.bikes import bike_paths, low_stress, low_stress_people
from justgeo.indicators.census import acs_count, acs_gap, acs_median, acs_mixture, acs_share
from justgeo.indicators.crashes import crash_deaths
from justgeo.indicators.environment import (
    canopy_gap,
    class_share,
    raster_area,
    raster_people,
    surface_anomaly,
    surface_anomaly_people,
)
from justgeo.indicators.evictions import filing_rate
from justgeo.indicators.greenery import canopy_and_park, canopy_around
from justgeo.indicators.jobs import jobs_near
from justgeo.indicators.makeup import divergence, segregation
from justgeo.indicators.mobility import transit_trips, walk_kinds, walk_share
from justgeo.indicators.overlay import overlay_land, overlay_people
from justgeo.indicators.place import Place
from justgeo.indicators.published import table_exposure, table_share
from justgeo.indicators.streets import intersections
from justgeo.indicators.trends import acs_change
from justgeo.indicators.wellbeing import park_acres

FieldFunction = Callable[[Indicator, Place, str], AnyField]

FIELDS: Mapping[str, FieldFunction] = {
    "acs_change": acs_change,
    "acs_count": acs_count,
    "acs_gap": acs_gap,
    "acs_median": acs_median,
    "acs_mixture": acs_mixture,
    "acs_share": acs_share,
    "bike_paths": bike_paths,
    "canopy_and_park": canopy_and_park,
    "canopy_around": canopy_around,
    "canopy_gap": canopy_gap,
    "class_share": class_share,
    "crash_deaths": crash_deaths,
    "divergence": divergence,
    "filing_rate": filing_rate,
    "intersections": intersections,
    "jobs_near": jobs_near,
    "low_stress": low_stress,
    "low_stress_people": low_stress_people,
    "market_pressure": market_pressure,
    "overlay_land": overlay_land,
    "overlay_people": overlay_people,
    "park_acres": park_acres,
    "raster_area": raster_area,
    "raster_people": raster_people,
    "segregation": segregation,
    "surface_anomaly": surface_anomaly,
    "surface_anomaly_people": surface_anomaly_people,
    "table_exposure": table_exposure,
    "table_share": table_share,
    "transit_trips": transit_trips,
    "vulnerability": vulnerability,
    "walk_kinds": walk_kinds,
    "walk_share": walk_share,
}
