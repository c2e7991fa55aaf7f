"""Fields: from a catalogue row and the layers of a place to a measure at its small areas.

One function a kind of field; a catalogue row names it in ``field``. Each takes ``(row, place, group)`` and returns a
field of ``core.field``, or raises ``Absent`` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from justgeo.core.field import AnyField
from justgeo.core.result import Indicator
from justgeo.indicators.belonging import vulnerability
from justgeo.indicators.census import acs_count, acs_median, acs_share
from justgeo.indicators.environment import class_share, raster_area, raster_people
from justgeo.indicators.mobility import walk_share
from justgeo.indicators.place import Place
from justgeo.indicators.wellbeing import park_acres

FieldFunction = Callable[[Indicator, Place, str], AnyField]

FIELDS: Mapping[str, FieldFunction] = {
    "acs_count": acs_count,
    "acs_median": acs_median,
    "acs_share": acs_share,
    "class_share": class_share,
    "park_acres": park_acres,
    "raster_area": raster_area,
    "raster_people": raster_people,
    "vulnerability": vulnerability,
    "walk_share": walk_share,
}
