"""Other choices for a district's displacement typology: reference sets and base years, each told, or why it is not.

A set is a whole number of counties. It is told only where all of them are at hand as the reference is: a set that lacks
a county would be another set under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from justgeo.config import EARLIER, RunConfig
from justgeo.core.errors import Absent, LayerError
from justgeo.core.layer import FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.core.spec import SURVEY_YEARS
from justgeo.indicators import displacement as rows
from justgeo.indicators.place import Place
from justgeo.measure.typology import sensitivity
from justgeo.measure.typology.sensitivity import Untold, Variation
from justgeo.measure.typology.values import Tracts, Typology

METRO = "the metro area"
AT_HAND = "all counties at hand"
FIRST_BASE = 2010
"""The survey of 2009 stands on the tracts of 2000, which are not carried."""

Choice = Variation | Untold


def told(place: Place, row: Indicator, reported: Typology, inside: FloatArray, config: RunConfig) -> tuple[Choice, ...]:
    """What the district would be told under other choices than those reported.

    Parameters
    ----------
    place : Place
    row : Indicator
        Whose parameters hold: see `indicators.displacement.typology_of`.
    reported : Typology
    inside : (n,) float
        Part of each of its tracts that lies in the district.
    config : RunConfig
        ``metro``, ``base_years``; ``fetch`` for what to do where something is missing.

    Returns
    -------
    tuple of Variation or Untold
        The district's own counties, the metro area, all counties at hand, then the base years.
    """
    desk = _Desk(place, row, reported, inside, config)
    return (*desk.sets(), *desk.base_years())


class _Desk:
    """One district and what was reported of it."""

    def __init__(self, place: Place, row: Indicator, reported: Typology, inside: FloatArray, config: RunConfig) -> None:
        self.place, self.row, self.reported, self.inside, self.config = place, row, reported, inside, config
        self.whole = _counties(reported.tracts.geoid.tolist())

    def sets(self) -> list[Choice]:
        """Narrower, other and wider sets of counties, each once."""
        own = _counties(self.reported.tracts.geoid[self.inside > 0].tolist())
        made: list[Choice] = []
        if own and own != self.whole:
            name = "the district's own county" if len(own) == 1 else "the district's own counties"
            made.append(self._set(name, own))
        metro = tuple(sorted(self.config.metro))
        made.append(self._metro(metro, own))
        wide = tuple(county for county in self._at_hand if not self._missing((county,)))
        if set(wide) > set(self.whole) and wide != metro:
            made.append(self._set(AT_HAND, wide))
        return made

    def base_years(self) -> list[Choice]:
        """Other earlier surveys."""
        if self.config.base_years:
            return [self._since(year) for year in self.config.base_years]
        now, before = self.place.years["t1"], self.place.years.get("t0")
        year = next(one for one in (now - SURVEY_YEARS, now - 2 * SURVEY_YEARS) if one != before)
        if not self.reported.tracts.before or year < FIRST_BASE:
            return []  # without any earlier survey the notes say what to do
        hint = f"name one, and it is compared too: [displacement] base_years = [{year}]"
        return [Untold("another base year", "no other survey is named", hint)]

    def _metro(self, metro: Sequence[str], own: Sequence[str]) -> Choice:
        if not metro:
            listed = ", ".join(f'"{county}"' for county in (*self.whole, "..."))
            hint = f"name its counties, and it is compared too: [displacement] metro = [{listed}]"
            return Untold(METRO, "its counties are not named", hint)
        name = f"{METRO} ({len(metro)} counties)" if len(metro) > 1 else f"{METRO} (1 county)"
        if tuple(metro) == self.whole:
            return Untold(name, "it is the reference itself", "name the counties that it lacks, or take it out")
        gone = self._missing(metro)
        if gone:
            return Untold(name, gone, self._get_counties())
        if not set(own) & set(metro):
            listed = " and ".join(own)
            return Untold(name, "none of the district lies in it", f"name its own county among the metro's: {listed}")
        return self._set(name, metro)

    def _set(self, name: str, counties: Sequence[str]) -> Choice:
        there = replace(self.place, reference_prefixes=tuple(counties), cache=_frames(self.place))
        return self._varied(name, lambda: rows.tracts_of(there, self.row))

    def _since(self, year: int) -> Choice:
        now = self.place.years["t1"]
        name, years = f"since {year - SURVEY_YEARS + 1}-{year}", (year, now)
        if year == self.place.years.get("t0"):
            return Untold(name, "it is the survey that is compared with already", "name another year", years)
        there = replace(self.place, years={**self.place.years, "t0": year}, cache=_frames(self.place))
        why = rows.earlier_reason(there, self.row)
        if why is not None:
            return Untold(name, why, self._get_survey(there, year), years)
        return self._varied(name, lambda: rows.tracts_of(there, self.row), years)

    def _varied(self, name: str, make: Callable[[], Tracts], years: tuple[int, int] | None = None) -> Choice:
        base = self.reported
        try:
            found = sensitivity.vary(
                base.tracts, base.settings, others={name: make()}, scales=(), inside=self.inside, reported=base
            )
        except Absent as why:
            return Untold(name, why.reason, years=years)
        except LayerError as error:  # too few tracts, or layers that do not fit: what is reported stands
            return Untold(name, error.message[:1].lower() + error.message[1:], error.remedy, years)
        return found[1]

    @cached_property
    def _at_hand(self) -> tuple[str, ...]:
        """Counties of which the survey at hand has tracts."""
        return self._surveyed("t1")

    @cached_property
    def _at_hand_before(self) -> tuple[str, ...]:
        """The same of the earlier survey, by the counties of its time."""
        return self._surveyed("t0")

    def _surveyed(self, when: str) -> tuple[str, ...]:
        return _counties([geoid for level, geoid in self.place.frame("B25003", when).index if level == "tract"])

    def _missing(self, counties: Sequence[str]) -> str:
        """What is not at hand of some counties that is at hand of the reference; nothing where all is."""
        from justgeo.sources.live.census_counties import counties_in

        place, gone = self.place, []
        tracts = place.layers.get("tracts")
        if isinstance(tracts, Layer):
            known = set(tracts.features["geoid"].str[:5])
            gone += [("the layer of tracts", [one for one in counties if one not in known])]
        gone += [(_named(place.years["t1"]), [one for one in counties if one not in self._at_hand])]
        if self.reported.tracts.before:
            year = place.years["t0"]
            before = set(self._at_hand_before)
            gone += [(_named(year), [one for one in counties if not before & set(counties_in([one], year))])]
        told = [f"{what} at hand has nothing of {' and '.join(lacks)}" for what, lacks in gone if lacks]
        return "; ".join(told)

    def _get_counties(self) -> str:
        fetch, counties = self.config.fetch, self.config.layers.get("counties")
        surveys = "[layers.acs]" + (f" and [layers.{EARLIER}]" if self.reported.tracts.before else "")
        files = f"give the tracts ([layers.tracts]) and the survey tables ({surveys}) of every county of the metro area"
        if fetch is None or not fetch.census:
            return files
        own = counties is not None and not counties.fetched
        # Of a county that the planner's own layer does not have it is not known that it exists: it is not asked for.
        how = "add them to your layer of counties, and justgeo fetch asks" if own else "justgeo fetch asks"
        return f"{how} for them; or {files}"

    def _get_survey(self, there: Place, year: int) -> str:
        """What to do for an earlier survey, where it is its tables or the blocks of both censuses that are missing."""
        fetch = self.config.fetch
        asks = "justgeo fetch asks for it; or " if fetch is not None and fetch.census else ""
        if there.table_name("B25003", "t0") not in there.layers:
            return f"{asks}give its tables: [layers.{EARLIER}_{year}] with year = {year}"
        gone = [f"crosswalk_{one}" for one in there.states if f"crosswalk_{one}" not in there.layers]
        if gone and there.layer(there.table_name("B25003", "t0")).geography_vintage != self._vintage():
            listed = " and ".join(f"[layers.{one}]" for one in gone)
            return f"{asks}give how the blocks of 2010 lie in those of 2020: {listed}"
        return ""

    def _vintage(self) -> int:
        return self.place.layer(self.place.table_name("B25003")).geography_vintage


def _named(year: int) -> str:
    return f"the survey of {year - SURVEY_YEARS + 1}-{year}"


def _counties(geoids: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({geoid[:5] for geoid in geoids}))


def _frames(place: Place) -> dict[str, object]:
    """What stays true of other tracts and years: the tables as they were read."""
    return {key: value for key, value in place.cache.items() if key.startswith("frame:")}
