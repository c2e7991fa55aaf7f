"""Change over time: one figure of the survey of today and of one that shares no year with it.

Both are made by the functions that make the figures themselves (`justgeo.indicators.census`), each from the tables of
its own survey and at the areas of that survey. Where these are areas of 2010, a zone's weights over them are made from
the blocks of both censuses (`justgeo.measure.former`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.field import ChangeField, CountField, MedianField
from justgeo.core.layer import FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.core.spec import SURVEY_YEARS
from justgeo.core.zones import StrArray
from justgeo.indicators.census import acs_count, acs_median, acs_share
from justgeo.indicators.displacement import NO_EARLIER
from justgeo.indicators.place import Place
from justgeo.measure import former

NO_CROSSWALK = (
    "the earlier survey stands on the tracts of 2010, and how these lie in those of 2020 is read for the counties of a "
    "reference: name them as geoids under [reference]"
)
NO_BLOCKS = (
    "the earlier survey stands on the tracts of 2010, which are found by the census blocks of 2020, and these are not "
    "at hand"
)
MEASURES: Mapping[str, Callable[[Indicator, Place], CountField | MedianField]] = {
    "count": acs_count,
    "share": acs_share,
    "median": acs_median,
}


def acs_change(row: Indicator, place: Place, group: str = "all") -> ChangeField:
    """How a count, a share or a median changed since the earlier survey.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``measure`` (``count``, ``share`` or ``median``) with what the field of that name takes;
        ``dollars``: True for amounts, which are then compared in dollars of the later survey; ``until``: parameters
        that differed in surveys up to some year, by that year.
    place : Place
    group : str
        ``all``; any other is absent.

    Returns
    -------
    ChangeField

    Raises
    ------
    Absent
        There is no earlier survey, it shares years with the later one, one of its tables is not at hand, there is no
        price index for the two years, or it is not known where its areas lie.
    """
    if group != "all":
        raise Absent("change is not split by group: the margins of most groups are wider than what changes")
    early, late = years_of(place)
    price = _price(row, place, early, late)
    now, before = (_side(row, place, when, place.years[when]) for when in ("t1", "t0"))
    unknown = None
    if before.units.vintage != now.units.vintage:
        unknown = _stand_on_2010(place, before)
    return ChangeField(_with_census(now, place), _with_census(before, place), (early, late), price, unknown)


def years_of(place: Place) -> tuple[int, int]:
    """Last years of the earlier and the later survey.

    Raises
    ------
    Absent
        There is no earlier one, or the two share years.
    """
    if "t0" not in place.years:
        raise Absent(NO_EARLIER)
    early, late = place.years["t0"], place.years["t1"]
    if late - early < SURVEY_YEARS:
        raise Absent(
            f"the surveys of {early} and {late} share years, so a change could not be told from noise: name one that "
            f"ends in {late - SURVEY_YEARS} or before"
        )
    return early, late


def parameters_in(asked: Mapping[str, Any], year: int) -> dict[str, Any]:
    """What a row asks of the survey of a year: lines and classes that were others until then are those of then."""
    until: Mapping[Any, Mapping[str, Any]] = asked.get("until", {})
    of_then = [dict(until[last]) for last in sorted(until, key=int) if year <= int(last)]
    own = {k: v for k, v in asked.items() if k not in ("measure", "dollars", "until")}
    return {**own, **(of_then[0] if of_then else {})}


def _price(row: Indicator, place: Place, early: int, late: int) -> float:
    if not row.parameters.get("dollars", False):
        return 1.0
    if place.prices is None:
        raise Absent("no price index is at hand to compare dollars of two years")
    return place.prices.factor(early, late)


def _side(row: Indicator, place: Place, when: str, year: int) -> CountField | MedianField:
    """The figure of one survey; a planner's own table of it is of one time, and no part of a change."""
    measure = str(row.parameters["measure"])
    asked = {**parameters_in(row.parameters, year), "when": when}
    plain = replace(row, id=f"{row.id}@{when}", parameters=asked, aggregate=measure, groups={})
    return MEASURES[measure](plain, place)


def _stand_on_2010(place: Place, before: CountField | MedianField) -> FloatArray:
    """Make the zones' weights over the areas of 2010, and tell of which share of each zone these are not known."""
    origins = place.weights.origins
    if origins is None or (origins.geography, origins.vintage) != ("block", 2020):
        raise Absent(NO_BLOCKS)
    if not place.states:
        raise Absent(NO_CROSSWALK)
    tables: list[Layer] = [place.layer(f"crosswalk_{state}") for state in place.states]
    tracts: StrArray = np.asarray(before.units.geoid[before.units.level == "tract"], dtype=np.str_)
    weight = before.weight
    unknown = place.once_for_zones(
        f"ground of 2010:{weight}", lambda: former.unknown_share(place.weights, tables, weight)
    )
    if (unknown >= 1.0).all():
        raise Absent("the relationship of the blocks of 2010 and 2020 that is at hand knows no block of this place")
    if former.FORMER not in place.weights.former:
        place.weights.former[former.FORMER] = former.weights_of_2010(place.weights, tables, tracts)
    return unknown


def _with_census(field: CountField | MedianField, place: Place) -> CountField | MedianField:
    """A figure with what it needs so that what cut areas add to its margin can be told: a count, the census's own."""
    if isinstance(field, MedianField):
        return replace(field, divided=True)
    if field.kind != "sum" or field.apportion_of is not None:
        return field
    weights = place.weights.of_census(field.units.vintage)
    if weights.origins is None:
        return field
    return replace(field, apportion_of=former.counted(weights, field.units, field.weight))
