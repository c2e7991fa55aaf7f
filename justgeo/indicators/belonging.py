"""Displacement: in which tracts three of four shares are high, and in which a market rises too.

Bates (2013), *Gentrification and Displacement Study*, doi:10.15760/report-01, as used by Portland and by the Urban
Institute; in the two-vintage form of METHODS 5.2. Both fields read one typology (`displacement.typology_of`), so that
a class and its chance are computed once. Conditions are named, never people.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.field import Cells, ClassField
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators import displacement as tracts
from justgeo.indicators.place import Place
from justgeo.measure.margins import Z90
from justgeo.measure.typology.values import MARKETS, Typology, Variant

SUREST = 0.99
"""The conditions move together: no chance is told as surer than this (METHODS 2.7). It is a bound for words, as in
"under 1 %": no number of homes is made of a chance that was cut off."""
NO_SHAPES = (
    "it asks for the market of the tracts next door, and which tracts touch is not known: no shapes of the tracts of "
    "the survey are at hand"
)
CELLS = {"all": "B25003_001", "renters": "B25003_003"}


def vulnerability(row: Indicator, place: Place, group: str = "all") -> ClassField:
    """Chance that at least three of four conditions exceed the reference's own share, tract by tract.

    Renters, people of colour, adults without a bachelor's degree, households below 80 % of the reference's median
    income: each strictly above the pooled share of the reference (METHODS 5.2 A, 5.3). It needs the later survey alone.

    Parameters
    ----------
    row : Indicator
        ``parameters``: those of `displacement.typology_of`, and ``homes``: ``all`` households or ``renters``.
    place : Place
    group : str
        ``all``; any other is absent.

    Raises
    ------
    Absent
        No reference made of whole counties, or too few tracts in it.
    """
    found = _typology(row, place, group)
    return _field(row, place, found, found.p_vulnerable, found.vulnerable)


def market_pressure(row: Indicator, place: Place, group: str = "all") -> ClassField:
    """Chance that these conditions meet a market under way: adjacent, accelerating or appreciated (METHODS 5.2 C).

    Parameters
    ----------
    row : Indicator
        As for `vulnerability`, and ``market``: ``value`` (rents stand in where a home value is missing), ``rent`` or
        ``either``.
    place : Place
    group : str
        ``all``; any other is absent.

    Raises
    ------
    Absent
        As for `vulnerability`; without an earlier survey: the reason says how to get it; where which tracts touch is
        not known: those that can be told all the same are no fair sample.
    """
    variant = cast(Variant, row.parameters.get("market", "value"))
    found = _typology(row, place, group)
    why = tracts.earlier_reason(place, row)
    if why is not None:
        raise Absent(why)
    asked = MARKETS if variant != "rent" else ("rent",)
    if not any(np.isfinite(found.tracts.get(name, "before").value).any() for name in asked):
        raise Absent("the earlier survey at hand has neither home values nor rents of these tracts")
    if found.tracts.neighbours is None:
        raise Absent(NO_SHAPES)
    return _field(row, place, found, found.p_pressed[variant], found.pressed[variant])


def _typology(row: Indicator, place: Place, group: str) -> Typology:
    if group != "all":
        raise Absent("not split by group: race and income are among its conditions")
    return tracts.typology_of(place, row)


def _field(row: Indicator, place: Place, found: Typology, chance: FloatArray, flag: FloatArray) -> ClassField:
    homes = str(row.parameters.get("homes", "all"))
    counted = found.tracts.renter_households if homes == "renters" else found.tracts.households
    return ClassField(
        units=tracts.units_of(place, found.tracts),
        probability=chance,
        flag=flag,
        weights=Cells((CELLS[homes],), counted.value[:, None], counted.se[:, None] * Z90),
        weight="households",
        universe=row.universe,
        surest=SUREST,
        flags=tracts.few_tracts(found.tracts),
        within=found.p_vulnerable,
    )
