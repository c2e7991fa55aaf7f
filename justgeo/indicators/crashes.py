"""People killed in traffic (METHODS 7.10): counted, never shown where they died.

A crash on a street along a boundary belongs to both sides, whichever side its coordinates fall on: within some metres
of the line it counts half, inside or outside, so that zones that touch add up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import shapely

from justgeo.core.errors import Absent
from justgeo.core.field import ZoneField
from justgeo.core.layer import FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.indicators.place import Place
from justgeo.indicators.published import table
from justgeo.measure import poisson
from justgeo.measure.column import NOT_COVERED
from justgeo.measure.places import NO_RESIDENTS

NO_YEARS = (
    "of how many years its crashes are is not told: name the first and the last in its declaration, as in "
    'vintage = "2020-2024"'
)
LOW, HIGH = "by_chance_low", "by_chance_high"
"""Flags: the exact limits of a rate."""


def crash_deaths(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """People killed in crashes inside each zone: how many, or how many a year for so many residents.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``table``; ``numerator``, its columns that are added up; ``edge_m``, within how many metres of
        the boundary a crash counts half; ``per``, for how many residents a rate is told (without it, the count);
        ``least``, of fewer deaths no rate is told.

    Returns
    -------
    ZoneField
        ``numerator`` deaths; of a rate, ``denominator`` residents times years and ``chance`` the longer side of the
        exact 90 % Poisson interval, whose ends are told in flags.

    Raises
    ------
    Absent
        The table is not at hand, a group is asked for, or of which years it is cannot be known.
    """
    if group != "all":
        raise Absent("the table does not say what group people were of")
    told, layer = row.parameters, table(place, str(row.parameters["table"]))
    first, last = _years(layer)
    columns = [str(one) for one in told["numerator"]]
    gone = [name for name in columns if name not in layer.data]
    if gone:
        raise Absent(f"the table at hand has no column {', '.join(gone)}")
    deaths = _counted(layer, columns, place, float(told["edge_m"]))
    outside = place.beyond(layer.covers)
    of_years = (f"deaths of {first} to {last}",)
    if "per" not in told:
        return _field(
            row, deaths, deaths, None, [NOT_COVERED if o else None for o in outside], [of_years] * len(deaths)
        )
    exposed, least = place.zone_population() * (last - first + 1), float(told.get("least", 0.0))
    few = f"fewer than {least:g} deaths in the years {first} to {last}: a rate would tell of chance"
    reasons = [
        NOT_COVERED if o else NO_RESIDENTS if not n > 0 else few if d < least else None
        for o, n, d in zip(outside, exposed, deaths, strict=True)
    ]
    scale = np.divide(float(told["per"]), exposed, out=np.full(len(exposed), np.nan), where=exposed > 0)
    low, high = (scale * end for end in poisson.limits(deaths))
    rate = scale * deaths
    flags = [(*of_years, f"{LOW}={a:.3f}", f"{HIGH}={b:.3f}") for a, b in zip(low, high, strict=True)]
    return _field(row, rate, deaths, exposed, reasons, flags, np.maximum(high - rate, rate - low))


def _field(
    row: Indicator,
    value: FloatArray,
    deaths: FloatArray,
    exposed: FloatArray | None,
    reasons: Sequence[str | None],
    flags: Sequence[tuple[str, ...]],
    chance: FloatArray | None = None,
) -> ZoneField:
    known = np.array([r is None for r in reasons], dtype=np.bool_)
    nothing = np.full(len(value), np.nan)
    return ZoneField(
        value=np.where(known, value, np.nan),
        numerator=np.where(known, deaths, np.nan) if exposed is not None else nothing,
        denominator=np.where(known, exposed, np.nan) if exposed is not None else nothing,
        valid_share=np.where(known, 1.0, 0.0),
        reason=tuple(reasons),
        universe=row.universe,
        flags=tuple(f if k else () for f, k in zip(flags, known, strict=True)),
        chance=chance,
    )


def _years(layer: Layer) -> tuple[int, int]:
    """First and last year of the table: a year without a crash nearby is a year, so that rows alone do not tell."""
    found = [int(year) for year in re.findall(r"\b(?:19|20)\d{2}\b", layer.provenance.vintage)]
    if not found:
        raise Absent(NO_YEARS)
    first, last = min(found), max(found)
    if "year" in layer.data and len(layer.data):
        years = layer.data["year"].to_numpy(dtype=np.float64)
        if np.nanmin(years) < first or np.nanmax(years) > last:
            raise Absent(f"it is said to be of {first} to {last}, but has crashes of other years")
    return first, last


def _counted(layer: Layer, columns: list[str], place: Place, edge_m: float) -> FloatArray:
    """Deaths in each zone, those near its boundary by half, (Z,)."""
    spots = np.asarray(layer.features.to_crs(place.crs).geometry.to_numpy(), dtype=object)
    people = layer.data[columns].to_numpy(dtype=np.float64).sum(axis=1)
    if np.isnan(people).any():
        raise Absent("of some crashes the table does not say how many died")
    found = np.zeros(len(place.zones))
    for z, shape in enumerate(place.zones.geometry.to_numpy()):
        shapely.prepare(shape)
        inside = shapely.covers(shape, spots)
        near = shapely.dwithin(shape.boundary, spots, edge_m)
        found[z] = float((np.where(near, 0.5, inside.astype(np.float64)) * people).sum())
    return found
