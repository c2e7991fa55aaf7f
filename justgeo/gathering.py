"""Which public services a district needs, asked in stages: counties, then census geography, then all the rest.

The stages follow from what is known: the county file tells which counties the boundary, its halo and its reference
touch; their geography tells the window; the window decides what is asked of OpenStreetMap and of the grids. At every
stage the planner's own files come first: what is declared under ``[layers]`` is not fetched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import read as catalogue
from justgeo.config import EARLIER, RunConfig
from justgeo.core.errors import ConfigError, SourceError
from justgeo.core.layer import Layer
from justgeo.core.location import Location
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.district_file import ACS_YEAR
from justgeo.fetch_settings import DATA, FIRST_FETCHED, Fetching
from justgeo.sources.collect import OSM_LAYERS as OSM
from justgeo.sources.live import ask as asking
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.http import Client
from justgeo.sources.live.records import Records

log = logging.getLogger(__name__)

GEOGRAPHY = ("counties", "tracts", "block_groups", "blocks")
GRID_SERVICES = {"worldcover": "worldcover", "canopy_height": "canopy_height", "surface_temperature": "landsat"}
INVENTED_STATE = "99"
FIRST_TIGER = 2011
"""Year of the first TIGER/Line files in the form that is read; those of 2010 have the same tracts."""
FIRST_BLOCKS = 2021
"""Year of the first TIGER/Line blocks of 2020 that are known to carry people and homes."""
_NOTE = "Invented: no such place, no such people."


def services(settings: RunConfig) -> dict[str, Service]:
    """Services and downloadable tables by id, with the planner's addresses where there are any."""
    own = settings.fetch.services if settings.fetch is not None else {}
    known = {**catalogue.services(), **catalogue.datasets()}
    return {name: replace(row, urls=own.get(name, row.urls)) for name, row in known.items()}


def giver(settings: RunConfig, layer: str) -> str:
    """Id of the service that gives a layer which the planner did not declare; ``""`` where none does.

    Parameters
    ----------
    settings : RunConfig
    layer : str
        ``"tracts"``, ``"walk"``, ``"acs:B25003@2024"``, ...
    """
    fetch = settings.fetch
    if fetch is None or layer in settings.layers:
        return ""
    if layer in GEOGRAPHY:
        return "census_files" if fetch.census else ""
    if layer.startswith("acs:"):
        return "census_api" if fetch.census else ""
    if layer.startswith("crosswalk"):
        return "census_files" if fetch.census and _earliest(settings) is not None else ""
    if layer in OSM:
        return "" if not fetch.osm else "overpass" if fetch.osm == "overpass" else "geofabrik"
    if layer == "gtfs":
        return "mobility_database" if fetch.gtfs else ""
    if layer.startswith(DATA):
        return layer.removeprefix(DATA) if layer.removeprefix(DATA) in fetch.tables else ""
    return GRID_SERVICES.get(layer, "mrlc") if layer in fetch.grids else ""


def tools(
    settings: RunConfig, progress: Callable[[str, int, int | None], None] | None = None, client: Client | None = None
) -> Tools:
    """What the doors work with; the network is not touched yet."""
    provider = settings.fetch.provider if settings.fetch is not None else "auto"
    made = Tools(client or Client(), services(settings), provider)
    return made if progress is None else replace(made, progress=progress)


@dataclass
class Gathering:
    """What was asked for one district so far, and what came of it.

    Attributes
    ----------
    settings : RunConfig
        With the layers that are at hand by now, and the reasons for those that are not.
    records : Records
    tools : Tools or None
        None: records alone.
    asks : list of Ask
        In the order of asking.
    failures : dict of str to SourceError
        By label.
    fetched : list of str
        Labels that were fetched and not found recorded.
    counties : tuple of str
        GEOIDs that the district, its halo and its reference touch.
    metro : tuple of str
        Those of the metro area, by the codes of the survey's year: of them tracts, and the tables of the typology of
        displacement.
    """

    settings: RunConfig
    records: Records
    tools: Tools | None
    asks: list[Ask] = field(default_factory=list)
    failures: dict[str, SourceError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    counties: tuple[str, ...] = ()
    metro: tuple[str, ...] = ()
    _services: Mapping[str, Service] = field(init=False)
    _own: RunConfig = field(init=False)  # as the planner wrote it: what is declared there is not fetched

    def __post_init__(self) -> None:
        self._services = services(self.settings)
        self._own = self.settings

    @classmethod
    def of(cls, settings: RunConfig, records: Location | None = None, tools: Tools | None = None) -> Gathering | None:
        """The gathering that a district's file asks for; None where it fetches nothing."""
        if settings.fetch is None:
            return None
        # Absolute: a declaration may name a file of one record beside a file of another.
        kept = Records.at(records or settings.fetch.records, sends=tools is not None)
        return cls(settings, kept, tools)

    def find_counties(self, shape: BaseGeometry | None, geoids: Sequence[str]) -> None:
        """First stage: the counties that a shape touches, and those that are named.

        Parameters
        ----------
        shape : shapely geometry or None
            EPSG:4326: the district with its halo, and the planner's own reference.
        geoids : sequence of str
            Counties that are needed in any case.
        """
        from justgeo.sources.live import census_counties, tiger

        self.metro = census_counties.counties_in(self.settings.metro, self.settings.acs_year)
        if not self._wants("counties"):
            self.counties = _declared_counties(self.settings.layers["counties"], shape, geoids)
            self.metro = _among(self.settings.layers["counties"], self.metro)
        elif self._fetch.census:
            one = tiger.counties_ask(self._services["census_files"], self.settings.acs_year)
            brought = self._bring([one], keep=False)
            if one.label in brought.records:
                record = brought.records[one.label]
                tiger.counties_near(record.path(), None, self.metro)  # refuses a county that does not exist
                self.counties = tuple(tiger.counties_near(record.path(), shape, geoids))
                self._take({"counties": tiger.counties_spec(record, self.counties)}, {})
            else:
                why = brought.failures[one.label].message
                self._take({}, dict.fromkeys(("counties", "tracts", "block_groups", "blocks", "acs"), why))
        self._mark_invented()

    def geography(self) -> None:
        """Second stage: tracts, block groups and blocks of these counties."""
        from justgeo.sources.live import census_tables, tiger

        if not self._fetch.census or not self.counties:
            return
        wanted = [name for name in ("tracts", "block_groups", "blocks") if self._wants(name)]
        files, year = self._services["census_files"], self.settings.acs_year
        asks: list[Ask] = []
        for name in wanted:
            if name != "blocks":
                asks += tiger.geometry_asks(files, year, self._wide if name == "tracts" else self.counties, [name])
        if "blocks" in wanted:  # of 2020, whatever the survey's year
            blocks = year if year >= FIRST_BLOCKS else ACS_YEAR
            asks += tiger.geometry_asks(files, blocks, self.counties, ["blocks"])
            asks.append(census_tables.redistricting_ask(self._services["census_api"], self.counties))
        before = self.settings.acs_before
        if before is not None and before < tiger.TRACTS_2020 and self._wants("tracts_2010"):
            asks += tiger.geometry_asks(files, max(before, FIRST_TIGER), self.counties, ["tracts"], suffix="_2010")
        drawn = {name for ask in asks for name in ask.gives}
        for layer in self._of_2010() if year >= tiger.TRACTS_2020 else ():
            if self._wants(f"{layer}_2010") and f"{layer}_2010" not in drawn:
                asks += tiger.geometry_asks(files, tiger.TRACTS_2020 - 1, self.counties, [layer], suffix="_2010")
        earliest = _earliest(self.settings)
        if earliest is not None and earliest < tiger.TRACTS_2020:
            states = sorted({county[:2] for county in self._wide})
            asks += tiger.relationship_asks(files, [one for one in states if self._wants(f"crosswalk_{one}")])
        self._bring(asks)
        self._tell_of_races()

    def places(self) -> None:
        """Outlines of the places of the counties' states, for a batch of them."""
        from justgeo.sources.live import tiger

        if self._fetch.census and self.counties and self._wants("areas_places"):
            files = self._services["census_files"]
            self._bring(tiger.geometry_asks(files, self.settings.acs_year, self.counties, ["places"]))

    def _of_2010(self) -> list[str]:
        """Geography of the census of 2010 that tables stand on which are asked for or declared."""
        from justgeo.sources.live import dataset_parts

        names = [*self._fetch.tables, *(n.removeprefix(DATA) for n in self._own.layers if n.startswith(DATA))]
        return dataset_parts.geography_of(2010, [self._services[one] for one in names])

    def _tell_of_races(self) -> None:
        """Blocks without their counts by race say why."""
        from justgeo.sources.live.census_tables import REDISTRICTING

        blocks, failure = self.settings.layers.get("blocks"), self.failures.get(REDISTRICTING)
        if blocks is None or failure is None:
            return
        told = replace(blocks, notes=(*blocks.notes, f"No counts by race: {failure.message}"))
        self.settings = replace(self.settings, layers={**self.settings.layers, "blocks": told})

    def rest(
        self,
        area: Area,
        tables: Iterable[str],
        units: Iterable[Layer] = (),
        earlier: Iterable[str] = (),
        typology: tuple[Iterable[str], Iterable[str]] = ((), ()),
    ) -> None:
        """Third stage: survey tables, OpenStreetMap, timetables, grids, and the tables that were asked for by name.

        Parameters
        ----------
        area : Area
        tables : iterable of str
            Ids of ACS tables that the catalogue's rows use.
        units : iterable of Layer
            Census geography at hand: it tells the counties where the planner gave it and nothing of it was fetched.
        earlier : iterable of str
            Tables of the earlier survey that the rows compare with.
        typology : pair of iterables of str
            Of ``tables`` and of ``earlier``, those of displacement's typology: they alone are asked of the metro's
            counties too, and of other base years.
        """
        if not self.counties:
            self.counties = _counties_of(units, area)
        asks = [*self._survey(tables, earlier, typology), *self._osm(area), *self._feeds(area), *self._grids(area)]
        self._bring([*asks, *self._datasets(area)])

    @property
    def _fetch(self) -> Fetching:
        assert self.settings.fetch is not None
        return self.settings.fetch

    def _wants(self, layer: str) -> bool:
        return layer not in self._own.layers

    @property
    def _wide(self) -> tuple[str, ...]:
        """The counties, with those of the metro area."""
        return tuple(sorted({*self.counties, *self.metro}))

    def _survey(
        self, tables: Iterable[str], earlier: Iterable[str], typology: tuple[Iterable[str], Iterable[str]]
    ) -> list[Ask]:
        from justgeo.sources.live import census_counties, census_tables

        if not self._fetch.census or not self.counties:
            return []
        service = self._services["census_api"]
        asks: list[Ask] = []
        if self._wants("acs"):
            year = self.settings.acs_year
            for name, counties in self._whose(tables, typology[0]):
                asks += census_tables.acs_asks(service, [name], year, census_counties.counties_in(counties, year))
        for role, before in self._earlier():
            levels = census_tables.LEVELS_OF_SURVEY if before >= FIRST_FETCHED else ("county", "tract")
            for name, counties in self._whose(earlier if role == EARLIER else typology[1], typology[1]):
                then = census_counties.counties_in(counties, before)
                asks += census_tables.acs_asks(service, [name], before, then, role=role, levels=levels)
        return asks

    def _whose(self, tables: Iterable[str], typology: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
        """Each table with the counties that it is asked of: the typology's of the metro's too."""
        wide = set(typology)
        return [(name, self._wide if name in wide else self.counties) for name in sorted(set(tables))]

    def _earlier(self) -> list[tuple[str, int]]:
        """Earlier surveys to ask for, by the layers that they become: none of a year whose tables are declared."""
        before, own = self.settings.acs_before, self._own.layers.items()
        declared = {spec.options.get("year") for name, spec in own if name.startswith("acs")}
        asked = [] if before is None or not self._wants(EARLIER) else [(EARLIER, before)]
        others = [(f"{EARLIER}_{year}", year) for year in self.settings.base_years if year not in declared]
        return [*asked, *others]

    def _osm(self, area: Area) -> list[Ask]:
        how = self._fetch.osm
        if not how or not self._wants("osm") or not any(self._wants(name) for name in OSM):
            return []
        if how == "overpass":
            from justgeo.sources.live import overpass

            return [overpass.overpass_ask(self._services["overpass"], area)]
        from justgeo.sources.live import extracts

        if how != "geofabrik":
            return [extracts.extract_ask(how, self._services["geofabrik"])]
        return [extracts.geofabrik_ask(self._services["geofabrik"], sorted({c[:2] for c in self.counties}))]

    def _feeds(self, area: Area) -> list[Ask]:
        if not self._fetch.gtfs or not self._wants("gtfs"):
            return []
        from justgeo.sources.live import feeds

        states = sorted({county[:2] for county in self.counties})
        return list(feeds.feed_asks(self._services["mobility_database"], self._fetch.gtfs, area, states))

    def _grids(self, area: Area) -> list[Ask]:
        if self._fetch.census and not self.counties and self._wants("counties"):
            return []  # without the reference the window would be another one
        wanted = {name: url for name, url in self._fetch.grids.items() if self._wants(name)}
        if not wanted:
            return []
        from justgeo.sources.live import rasters

        planned = rasters.grid_asks(self._services, wanted, area, self.settings.acs_year)
        self._take({}, planned.reasons)
        return list(planned.asks)

    def _datasets(self, area: Area) -> list[Ask]:
        chosen = {name: self._services[name] for name in self._fetch.tables if self._wants(f"{DATA}{name}")}
        if not chosen:
            return []
        from justgeo.sources.live import downloads

        asks = list(downloads.dataset_asks(chosen, self.counties, area))
        given = {name for ask in asks for name in ask.gives}
        unknown = "it is not known in which county the district lies"
        self._take({}, {f"{DATA}{name}": unknown for name in chosen if f"{DATA}{name}" not in given})
        return asks

    def _bring(self, asks: Sequence[Ask], *, keep: bool = True) -> asking.Brought:
        brought = asking.bring(asks, self.records, self.tools)
        known = {ask.label for ask in asks}
        self.asks = [*(ask for ask in self.asks if ask.label not in known), *asks]
        self.failures.update(brought.failures)
        self.fetched += brought.fetched
        if keep:
            self._take(brought.specs, brought.missing)
        return brought

    def _take(self, specs: Mapping[str, LayerSpec], missing: Mapping[str, str]) -> None:
        """What came joins the planner's own, or takes the place of what came before it with fewer counties."""
        if self.settings.synthetic:
            specs = {name: _marked(spec) for name, spec in specs.items()}
        new = {name: spec for name, spec in specs.items() if self._wants(name)}
        self.settings = replace(
            self.settings,
            layers={**self.settings.layers, **new},
            absent={
                **{n: why for n, why in self.settings.absent.items() if n not in new},
                **missing,
                **self._own.absent,
            },
        )

    def _mark_invented(self) -> None:
        """State 99 does not exist: what was fetched for it, or for a place that calls itself invented, says so."""
        named = self.settings.slug.endswith("-invented")
        if not named and not any(county.startswith(INVENTED_STATE) for county in self.counties):
            return
        if not named:
            raise ConfigError(
                f"The district lies in county {self.counties[0]}, which is invented (there is no state 99), and its "
                f"slug {self.settings.slug!r} hides that.",
                remedy=f'write slug = "{self.settings.slug}-invented".',
            )
        layers = {name: _marked(spec) for name, spec in self.settings.layers.items()}
        self.settings = replace(self.settings, synthetic=True, layers=layers)


def _earliest(settings: RunConfig) -> int | None:
    """End year of the earliest survey that is asked for by name."""
    asked = [*settings.base_years, *(() if settings.acs_before is None else (settings.acs_before,))]
    return min(asked, default=None)


def _marked(spec: LayerSpec) -> LayerSpec:
    """A declaration that says in every part of its provenance that it is of no place."""
    if spec.synthetic:
        return spec

    def invented(text: str) -> str:
        return f"{text} (invented)" if text and "invented" not in text else text

    return replace(
        spec,
        synthetic=True,
        source=invented(spec.source),
        dataset=invented(spec.dataset),
        vintage=invented(spec.vintage),
        notes=(*spec.notes, _NOTE),
    )


def _counties_of(units: Iterable[Layer], area: Area) -> tuple[str, ...]:
    """Counties of the first census geography at hand whose areas touch the district."""
    for layer in units:
        if layer.geography in ("county", "tract", "block group", "block"):
            near = layer.features[layer.features.intersects(area.district)]
            return tuple(sorted(set(near["geoid"].str[:5])))
    return ()


def _declared_counties(spec: LayerSpec, shape: BaseGeometry | None, geoids: Sequence[str]) -> tuple[str, ...]:
    """The same from a planner's own county layer."""
    from justgeo.sources.files import read_zones
    from justgeo.sources.live.tiger import chosen_counties

    return tuple(chosen_counties(read_zones(spec).features, shape, geoids))


def _among(spec: LayerSpec, counties: Sequence[str]) -> tuple[str, ...]:
    """Those counties that a planner's own layer has: of the others it cannot be known that they exist."""
    from justgeo.sources.files import read_zones

    known = set(read_zones(spec).features["geoid"]) if counties else set[str]()
    return tuple(county for county in counties if county in known)
