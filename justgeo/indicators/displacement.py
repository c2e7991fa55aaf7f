"""The tracts of a reference at two surveys, and their displacement typology: made once, shared by every row of it.

The later survey gives part A, who would find it hard to stay. The earlier one, carried to the tracts of 2020 as counts
(`justgeo.measure.crosswalk`), gives change and market. A tract that is one of 2010 keeps the published medians of both
surveys; of a tract that was drawn anew, those of *both* are rebuilt from classes, so that a change of method is not
taken for a change of price (METHODS 2.0 item 11). Without an earlier survey part A stands alone, with the same chances.

References
----------
Bates, L. (2013), *Gentrification and Displacement Study*, doi:10.15760/report-01, in the two-vintage form of METHODS 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.layer import BoolArray, FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.core.spec import SURVEY_YEARS
from justgeo.core.zones import Units
from justgeo.indicators import carried
from justgeo.indicators import tract_tables as tables
from justgeo.indicators.place import Place
from justgeo.indicators.tract_tables import SCALES, SHARES, Coded, Survey
from justgeo.measure.column import quotient
from justgeo.measure.typology import contiguity
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.correlation import BEFORE_CORRELATION, NOW_CORRELATION
from justgeo.measure.typology.prepare import MANY_TRACTS, TooFewTracts
from justgeo.measure.typology.values import MARKETS, Amount, Pooled, Settings, Tracts, Typology

__all__ = [
    "NO_EARLIER", "earlier_reason", "few_tracts", "settings_of", "tracts_of", "typology_of", "units_of",
]  # fmt: skip

NO_EARLIER = (
    "it compares two surveys, and the earlier one is not at hand: write acs_t0 = 2014 under [vintages] of "
    "district.toml, with a [fetch] that asks the Census Bureau, or declare its tables as [layers.acs_t0]"
)
PART_A = ("B25003", "B03002", "B15003", "B19001")
"""Tables without which nothing can be told."""
OTHERS = ("B19013", "B25077", "B25075", "B25064", "B25063", "B26001", "B01003")
APART = 10
"""Years between the two surveys where an earlier one is only thought of."""

_STUDENTS = (
    "Students are not told apart: around a college many count as of low income and as renters who are neither poor nor "
    "pressed."
)
_EDGES = ("income_edges", "rent_edges", "value_edges")
_NOT_CARRIED = "none of its tracts is among those of the later survey: their counties have other codes now"


@dataclass(frozen=True)
class _Earlier:
    """The earlier survey at the tracts of the later one; or why there is none: then it has no table.

    Attributes
    ----------
    survey : Survey
        Its medians are those published for ``same`` tracts.
    same : (n,) bool
        Tracts that both surveys know, with the same ground.
    both : frozenset of str
        Tables that both surveys have.
    price : float
    """

    survey: Survey
    same: BoolArray
    both: frozenset[str]
    price: float
    notes: tuple[str, ...]
    reason: str | None = None

    @classmethod
    def none(cls, now: Survey, reason: str) -> _Earlier:
        """No earlier survey, with its reason."""
        nothing = Survey(now.year - APART, now.vintage, now.geoid, now.counties, {}, now.edges)
        return cls(nothing, np.zeros(len(now), dtype=np.bool_), frozenset(), 1.0, (reason,), reason)


def typology_of(place: Place, row: Indicator) -> Typology:
    """The typology of a place's reference; one object for all rows that make the same choices.

    Parameters
    ----------
    place : Place
    row : Indicator
        ``parameters``: ``income_edges``, ``rent_edges``, ``value_edges``, ``min_households``, ``max_group_quarters``,
        ``min_tracts``.

    Raises
    ------
    Absent
        As `tracts_of`, and where too few tracts are left to be held against one another.
    """
    settings = settings_of(row)

    def make() -> Typology:
        try:
            return classify(tracts_of(place, row), settings)
        except TooFewTracts as error:
            raise Absent(error.message[0].lower() + error.message[1:].rstrip(".")) from error

    return place.once(f"typology:{_key(row)}:{settings.min_households}:{settings.max_group_quarters}", make)


def settings_of(row: Indicator) -> Settings:
    """Choices of the method that a row makes; the others are those of `Settings`."""
    usual, asked = Settings(), row.parameters
    return replace(
        usual,
        min_households=float(asked.get("min_households", usual.min_households)),
        max_group_quarters=float(asked.get("max_group_quarters", usual.max_group_quarters)),
        correlation_now=NOW_CORRELATION,
        correlation_before=BEFORE_CORRELATION,
    )


def tracts_of(place: Place, row: Indicator) -> Tracts:
    """The tracts of a place's reference, tract by tract, at two surveys.

    Parameters
    ----------
    place : Place
        Tables at ``t1`` and, where they are there, ``t0``; ``crosswalk_51`` and kin; ``tracts``.
    row : Indicator
        As for `typology_of`.

    Returns
    -------
    Tracts
        n tracts in the order of their GEOIDs. ``before`` is empty where there is no earlier survey; ``notes`` say why.

    Raises
    ------
    Absent
        The reference is not made of whole counties, has fewer than ``min_tracts`` tracts, or lacks a table of part A.
    """
    return place.once(f"tracts:{_key(row)}", lambda: _tracts(place, row))


def earlier_reason(place: Place, row: Indicator) -> str | None:
    """Why there is no earlier survey here, None where there is one."""
    return _earlier(place, _later(place, row)).reason


def units_of(place: Place, tracts: Tracts) -> Units:
    """The tracts as units that have households."""
    vintage = place.layer(place.table_name("B25003")).geography_vintage
    return Units(tracts.geoid, np.full(len(tracts), "tract"), vintage)


def few_tracts(tracts: Tracts) -> tuple[str, ...]:
    """What to say beside every number of a small reference."""
    if len(tracts) >= MANY_TRACTS:
        return ()
    return (f"few tracts in the reference ({len(tracts)}): name more counties under [reference] geoids",)


def _key(row: Indicator) -> str:
    asked = row.parameters
    return repr([asked.get(name) for name in (*_EDGES, "min_tracts")])


def _tracts(place: Place, row: Indicator) -> Tracts:
    now = _later(place, row)
    least = int(row.parameters.get("min_tracts", 5))
    if len(now) < least:
        raise Absent(f"the reference has only {len(now)} tracts; the conditions are judged against its tracts")
    earlier = _earlier(place, now)
    neighbours, edge, unplaced, told = _geometry(place, now)
    income = tables.region_income(now)
    low = tables.low_income(now, income.value)
    shares, medians = _shares(now), _medians(now, earlier)
    before, before_medians = _shares(earlier.survey), _medians(earlier.survey, earlier)
    return Tracts(
        geoid=now.geoid,
        now={**_amounts(shares, medians), "low_income": low[0]},
        before=_amounts(before, before_medians),
        region_now={**_pooled(shares), "low_income": low[1], "income": income},
        region_before=_region_before(earlier.survey, before),
        price=earlier.price,
        households=now.count("B25003", 1),
        renter_households=now.count("B25003", 3),
        homes=_homes({"now": now, "before": earlier.survey}),
        top={**_tops(medians, "now"), **_tops(before_medians, "before")},
        group_quarters=_group_quarters(now),
        neighbours=neighbours,
        edge=edge,
        unplaced=unplaced,
        drawn_anew=_drawn_anew(earlier),
        extra=_extra(now),
        years=(earlier.survey.year, now.year),
        notes=(*earlier.notes, *told, _STUDENTS),
    )


def _later(place: Place, row: Indicator) -> Survey:
    """The survey of t1 at the tracts of the reference; the tables of part A have to be there."""
    if not place.reference_prefixes:
        raise Absent("its conditions are judged against the tracts of a reference county, and none is known here")
    homes = place.frame("B25003")
    frames = {name: place.frame(name) for name in PART_A}
    frames |= {name: place.frame(name) for name in OTHERS if place.table_name(name) in place.layers}
    level = homes.index.get_level_values("level")
    geoid = homes.index.get_level_values("geoid")[level == "tract"].astype(str)
    inside = np.array(sorted(g for g in geoid if g.startswith(place.reference_prefixes)), dtype=np.str_)
    edges = {name: row.parameters[name] for name in _EDGES if name in row.parameters}
    vintage = place.layer(place.table_name("B25003")).geography_vintage
    return Survey(place.years["t1"], vintage, inside, place.reference_prefixes, frames, edges)


def _shares(survey: Survey) -> dict[str, tuple[Amount, Pooled]]:
    return {name: tables.share(survey, name) for name, of in SHARES.items() if survey.has(of.table)}


def _medians(survey: Survey, earlier: _Earlier) -> dict[str, Coded]:
    """Medians of one of the surveys; of tracts that were drawn anew rebuilt, where both surveys have the classes."""
    found = {}
    for name, scale in SCALES.items():
        anew = ~earlier.same if scale.classes in earlier.both else np.zeros(len(survey), dtype=np.bool_)
        if survey.has(scale.table) or anew.any():
            found[name] = tables.median(survey, name, anew)
    return found


def _amounts(shares: Mapping[str, tuple[Amount, Pooled]], medians: Mapping[str, Coded]) -> dict[str, Amount]:
    found = {**{name: one[0] for name, one in shares.items()}, **{name: one.amount for name, one in medians.items()}}
    if "income" in medians:  # no change is told from the top of a scale (METHODS 2.0 item 10)
        value, se = medians["income"].amount
        beyond = medians["income"].top
        found["income"] = Amount(np.where(beyond, np.nan, value), np.where(beyond, np.nan, se))
    return found


def _pooled(shares: Mapping[str, tuple[Amount, Pooled]]) -> dict[str, Pooled]:
    return {name: one[1] for name, one in shares.items()}


def _region_before(survey: Survey, shares: Mapping[str, tuple[Amount, Pooled]]) -> dict[str, Pooled]:
    found = _pooled(shares)
    with suppress(Absent):  # a median that is only a bound leaves one change untold
        found["income"] = tables.region_income(survey)
    return found


def _tops(medians: Mapping[str, Coded], when: str) -> dict[str, BoolArray]:
    return {f"{name}_{when}": medians[name].top for name in MARKETS if name in medians}


def _homes(surveys: Mapping[str, Survey]) -> dict[str, FloatArray]:
    """Homes behind each median: owned ones behind values, rented ones behind rents."""
    there = {when: survey for when, survey in surveys.items() if survey.has("B25003")}
    lines = {"value": 2, "rent": 3}
    return {f"{m}_{when}": s.count("B25003", lines[m]).value for when, s in there.items() for m in MARKETS}


def _drawn_anew(earlier: _Earlier) -> BoolArray | None:
    """Tracts whose earlier figures come from parts of others; not those that the earlier survey does not know."""
    if earlier.reason is not None:
        return None
    known = np.isfinite(earlier.survey.count("B25003", 1).value)
    return np.asarray(known & ~earlier.same, dtype=np.bool_)


def _group_quarters(now: Survey) -> FloatArray | None:
    if not (now.has("B26001") and now.has("B01003")):
        return None
    quarters, people = now.count("B26001", 1).value, now.count("B01003", 1).value
    return np.asarray(np.minimum(quotient(quarters, people), 1.0), dtype=np.float64)


def _extra(now: Survey) -> dict[str, Amount]:
    """Low income by the median of the tracts' medians, which the Urban Displacement Project takes."""
    if not now.has(SCALES["income"].table):
        return {}
    incomes = tables.median(now, "income", np.zeros(len(now), dtype=np.bool_)).amount.value
    if not np.isfinite(incomes).any():
        return {}
    return {"low_income_of_tracts": tables.low_income(now, float(np.nanmedian(incomes)))[0]}


def _geometry(place: Place, now: Survey) -> tuple[Any, BoolArray | None, BoolArray | None, tuple[str, ...]]:
    """Who touches whom, who lies on the rim, of whom neither is known; what to say where that is so."""
    layer = place.layers.get("tracts")
    if not isinstance(layer, Layer) or layer.geography_vintage != now.vintage:
        return None, None, None, ("No shapes of the tracts are at hand: which of them touch is not known.",)
    shapes = layer.features.to_crs(place.crs).set_index("geoid").geometry.reindex(now.geoid)
    gone = contiguity.unplaced(shapes)
    told = () if gone is None else (contiguity.without_shape(now.geoid[gone], len(now)),)
    return contiguity.queen(shapes), contiguity.rim(shapes), gone, told


def _earlier(place: Place, now: Survey) -> _Earlier:
    """The earlier survey, or why there is none."""

    def find() -> _Earlier:
        try:
            return _find_earlier(place, now)
        except Absent as why:
            return _Earlier.none(now, why.reason)

    return place.once(f"earlier survey:{sorted(now.edges.items())!r}", find)


def _find_earlier(place: Place, now: Survey) -> _Earlier:
    if "t0" not in place.years:
        raise Absent(NO_EARLIER)
    year = place.years["t0"]
    if now.year - year < SURVEY_YEARS:
        raise Absent(
            f"the surveys of {year} and {now.year} share years, so a change could not be told from noise: name one "
            f"that ends in {now.year - SURVEY_YEARS} or before"
        )
    if place.prices is None:
        raise Absent("no price index is at hand to compare dollars of two years")
    price = place.prices.factor(year, now.year)
    homes = place.layer(place.table_name("B25003", "t0"))
    moved = homes.geography_vintage != now.vintage
    found = carried.carry(place, now) if moved else carried.as_they_are(place, now)
    both = frozenset(name for name in found.frames if name in now.frames)
    survey = Survey(year, now.vintage, now.geoid, now.counties, found.frames, now.edges)
    if not np.isfinite(survey.count("B25003", 1).value).any():
        raise Absent(_NOT_CARRIED)
    survey = replace(survey, divided=carried.divided(place, found.walks, survey))
    dollars = f"Dollars of {year} times {price:.4f} are dollars of {now.year} ({place.prices.name})."
    return _Earlier(survey, found.same, both, price, (*found.notes, dollars))
