"""Reading one place: its boundary, its reference, and every layer that the catalogue can use.

``survey`` finds out where a district lies and for which window its layers are asked; ``collect_layers`` reads them.
Where ``district.toml`` has a ``[fetch]``, what is not declared is looked for among the records, and fetched where that
is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import shapely

from justgeo import config as configs
from justgeo import gathering as gatherings
from justgeo import measuring, zoning
from justgeo.catalogue import read as catalogue
from justgeo.config import RunConfig
from justgeo.core import district as districts
from justgeo.core.district import District
from justgeo.core.errors import ConfigError, CoverageError, LayerError, SourceError
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.location import Location
from justgeo.core.result import Indicator
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.words import plural
from justgeo.fetch_settings import DATA
from justgeo.gathering import GEOGRAPHY as GEOGRAPHY
from justgeo.gathering import Gathering
from justgeo.indicators.mobility import LONGEST_M
from justgeo.sources import collect as doors
from justgeo.sources._covering import LEAST_COVER
from justgeo.sources.files import read_boundary, read_zones
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.records import Records
from justgeo.sources.store import Store

Progress = Callable[[str], None]
Read = Sequence[tuple[LayerSpec, Layer]]
BASEMAP = ("streets", "parks", "water", "stops", "park_entrances")
DISPLACEMENT = ("vulnerability", "market_pressure")
"""Fields of the rows that stand on the typology of displacement."""
READ_LAYERS = "layers"
"""Folder below the records for what was read from large files."""


@dataclass(frozen=True)
class Site:
    """Where a district lies: what has to be known before its other layers can be asked for."""

    config: RunConfig
    units: Mapping[str, Layer]
    district: District
    reference: zoning.Reference
    crs: str
    area: Area


@dataclass(frozen=True)
class Together:
    """Several districts whose layers are read at once.

    Attributes
    ----------
    district : District
        All of them as one.
    crs : str
        The metric CRS that each of them has.
    """

    district: District
    crs: str


@dataclass(frozen=True)
class Collected:
    """Everything that was read for one place.

    Attributes
    ----------
    config : RunConfig
        With the layers that were fetched.
    failures : mapping of str to SourceError
        What was to be fetched and could not be, by its label.
    """

    config: RunConfig
    district: District
    reference: zoning.Reference
    crs: str
    area: Area
    rows: tuple[Indicator, ...]
    years: Mapping[str, int]
    layers: Mapping[str, AnyLayer]
    absent: Mapping[str, str]
    failures: Mapping[str, SourceError] = field(default_factory=dict)


def read_config(path: Path) -> RunConfig:
    """``district.toml`` with the layers of an invented county filled in where it asks for one."""
    found = configs.read(Path(path))
    if found.invented_seed is None:
        return found
    from justgeo import synthetic

    folder = synthetic.ensure(found.invented_seed)
    return configs.with_layers(found, folder / "layers.toml", synthetic=True)


def collect_layers(
    settings: RunConfig,
    progress: Progress | None = None,
    records: Location | None = None,
    offline: bool = False,
    tools: Tools | None = None,
    rows: Sequence[Indicator] | None = None,
    together: Together | None = None,
) -> Collected:
    """Read the boundary, find the reference, and collect every layer that the catalogue can use.

    Parameters
    ----------
    settings : RunConfig
    progress : callable, optional
        Called with the name of each layer before its turn.
    records : Path or str, optional
        Folder of records, or its URL (``s3://bucket/prefix``): what was fetched, and what was read from large files,
        each under a digest of what was asked, and looked for first. By default the one that ``[fetch]`` names.
    offline : bool
        Use records alone: what is not recorded is absent, with that reason.
    tools : Tools, optional
        To fetch with, in place of the usual ones.
    rows : sequence of Indicator, optional
        Read what these rows need and no more; by default those of the catalogue, and whatever else was declared.
    together : Together, optional
        Read for several districts at once, in place of the one that the settings name.

    Raises
    ------
    JustgeoError
        The boundary or a declared layer cannot be believed. What could not be fetched is an absence.
    """
    live = start(settings, records, offline, tools)
    site = survey(settings, live, progress, together)
    every = catalogue.indicators()
    few, rows = rows is not None, every if rows is None else tuple(rows)
    if live is not None:
        _say(progress, "fetch")
        # The typology's tables are asked for wherever they are: a record of fewer counties would be another record.
        wide = typology_tables(every)
        live.rest(site.area, survey_tables(rows), site.units.values(), survey_tables(rows, "t0"), wide)
    settings = _with_readings(site.config if live is None else live.settings, site.reference.prefixes)
    years = years_of(settings)
    states = {county[:2] for county in (*site.reference.prefixes, *settings.metro)}
    named = [name for row, pair in compared(rows, settings) for name in measuring.layer_names(row, pair, states)]
    # Neither of a survey that is not asked for, nor of tables that nobody asked for: their rows say what to write.
    names = [name for name in named if not measuring.unnamed(name) and not _unasked(name, settings)]
    more = [n for n in settings.layers if doors.is_unit(n) or doors.is_extra(n)]
    more = [n for n in more if not few or n == "areas"]  # a planner's own zones are reported on, whatever the rows
    # What was asked for by name is told of, though nothing is measured of it yet.
    if settings.fetch is not None and not few:
        more += [*settings.fetch.grids, *(f"{DATA}{table}" for table in settings.fetch.tables)]
    wanted = list(dict.fromkeys([*names, *BASEMAP, *more]))
    found = doors.collect(
        [*site.units, *wanted],
        settings.layers,
        settings.tables,
        site.area,
        store=_store(live.records if live is not None else None if records is None else Records.at(records)),
        progress=progress,
        reasons=settings.absent,
        units=site.units,
    )
    return Collected(
        settings,
        site.district,
        site.reference,
        site.crs,
        site.area,
        rows,
        years,
        found.layers,
        found.absent,
        {**({} if live is None else live.failures), **_refusals(found.refused)},
    )


def _store(records: Records | None) -> Store | None:
    """The store of what was read, below the records and, where they have one, below their URL."""
    if records is None:
        return None
    return Store(records.root / READ_LAYERS, None if records.remote is None else records.remote.below(READ_LAYERS))


def _unasked(name: str, settings: RunConfig) -> bool:
    """Whether a layer is a table that is neither fetched nor declared, nor said to be absent."""
    asked = settings.fetch is not None and name.removeprefix(DATA) in settings.fetch.tables
    return name.startswith(DATA) and not asked and name not in settings.layers and name not in settings.absent


def _refusals(refused: Mapping[str, LayerError]) -> dict[str, SourceError]:
    """What was fetched and is not believed, among what could not be fetched."""
    return {
        name: SourceError(
            f"What was fetched cannot be used: {error.message}",
            remedy="name a file of your own under [layers]; or remove its folder from the records and fetch it anew.",
        )
        for name, error in refused.items()
    }


def _with_readings(settings: RunConfig, counties: Sequence[str]) -> RunConfig:
    """A planner's own file of a table that the catalogue knows is read as the catalogue says."""
    own = {n: s for n, s in settings.layers.items() if n.startswith(DATA) and "reading" not in s.options}
    if not own:
        return settings
    from justgeo.sources.live.downloads import own_file

    known = catalogue.datasets()
    read = {name: own_file(spec, known[name.removeprefix(DATA)], counties) for name, spec in own.items()}
    return replace(settings, layers={**settings.layers, **read})


def start(settings: RunConfig, records: Location | None, offline: bool, tools: Tools | None = None) -> Gathering | None:
    """The gathering of a district, with tools unless it is to use records alone; None where nothing is fetched."""
    if settings.fetch is None:
        return None
    live = Gathering.of(settings, records, None if offline else tools or gatherings.tools(settings))
    if offline and records is not None and live is not None and live.records.missing:
        raise ConfigError(
            f"There is no folder of records {records}.",
            remedy=f"name the one that justgeo fetch wrote; without --records it is {settings.fetch.records}.",
        )
    return live


def survey(
    settings: RunConfig, live: Gathering | None, progress: Progress | None = None, together: Together | None = None
) -> Site:
    """Where the district lies: its geography, its reference, its metric CRS and its window.

    Parameters
    ----------
    settings : RunConfig
    live : Gathering or None
        Brings the geography that is not declared; holds the settings with it afterwards.
    progress, together
        As for `collect_layers`.
    """
    read: Read = ()
    if live is not None:
        _say(progress, "fetch")
        read = _find_geography(settings, live, together)
        settings = live.settings
    units = geography(settings, progress, read)
    district = make_district(settings, units) if together is None else together.district
    # Named counties that could not be fetched make the reference absent, as their layers are: no mistake of the file.
    nowhere = live is not None and bool(live.failures) and "counties" not in units
    reference = zoning.find_reference(
        district,
        list(units.values()),
        geoids=() if nowhere else settings.reference_geoids,
        name=settings.reference_name,
        own_shape=own_reference(settings),
    )
    _check_reference(reference, units.values())
    crs = districts.metric_crs(reference.centre, district.boundary) if together is None else together.crs
    area = zoning.make_area(district, reference, crs, LONGEST_M)
    return Site(settings, units, district, reference, crs, area)


def _check_reference(reference: zoning.Reference, units: Iterable[Layer]) -> None:
    """Refuse a reference of which only a part is at hand: its figures would be those of the part.

    Raises
    ------
    CoverageError
    """
    for layer in units:
        if layer.geography not in ("tract", "block group") or reference.shape is None:
            continue
        frame = layer.features
        if reference.prefixes:
            gone = [county for county in reference.prefixes if not frame["geoid"].str.startswith(county).any()]
            lacks = f"nothing of {', '.join(gone)}" if gone else ""
        else:
            near = frame.geometry[frame.intersects(reference.shape)].to_numpy()
            # Shares of one area in degrees are compared, which needs no projection.
            share = float(shapely.area(shapely.intersection(near, reference.shape)).sum()) / reference.shape.area
            lacks = f"{share:.0%} of it" if share < LEAST_COVER else ""
        if lacks:
            raise CoverageError(
                f"The reference {reference.name!r} lies only in part in the {plural(layer.geography)} at hand: they "
                f"hold {lacks}.",
                remedy="give the files of every county that the reference touches, or name another reference.",
            )


def survey_tables(rows: Sequence[Indicator], when: Literal["t1", "t0"] = "t1") -> list[str]:
    """ACS tables that the catalogue can use of the survey, or of the earlier one: ``B25003``, ...

    Of the earlier survey no more is asked than is compared: many a table of today did not exist then.
    """
    found = set()
    for row in rows:
        usual = str(row.parameters.get("when", "t1"))
        for name in (*row.inputs, *row.optional):
            table, _, told = name.removeprefix("acs:").partition("@")
            if name.startswith("acs:") and ((told or usual) == "t0") == (when == "t0"):
                found.add(table)
    return sorted(found)


def typology_tables(rows: Sequence[Indicator]) -> tuple[list[str], list[str]]:
    """Tables that the typology of displacement takes of today's survey and of the earlier one."""
    own = [row for row in rows if row.field in DISPLACEMENT]
    return survey_tables(own), survey_tables(own, "t0")


def _find_geography(settings: RunConfig, live: Gathering, together: Together | None = None) -> Read:
    """Counties that the district, its halo and its reference touch, and what lies in them; what was read to find them.

    A district that is given by GEOIDs has no outline before its own counties' geography is there, so it is asked twice.
    """
    read: Read = ()
    reference = _counties_of(settings.reference_geoids, live)
    if together is not None:
        outline = together.district.boundary
    elif settings.geoids:
        live.find_counties(None, [*reference, *_counties_of(settings.geoids, live)])
        live.geography()
        try:
            units = geography(live.settings, None)
            outline = make_district(live.settings, units).boundary
        except LayerError:
            return ()  # the geography could not be had: that is told with its layers
        read = [(live.settings.layers[name], layer) for name, layer in units.items()]
    else:
        outline = make_district(settings, {}).boundary
    around = districts.halo(outline, districts.metric_crs(outline), districts.halo_width(LONGEST_M))
    own = own_reference(settings)
    live.find_counties(around if own is None else around.union(own), reference)
    live.geography()
    return read


def _counties_of(geoids: Sequence[str], live: Gathering) -> list[str]:
    """Counties of some GEOIDs, by the codes that the fetched file of counties has: blocks keep those of the census."""
    from justgeo.sources.live.census_counties import counties_in

    codes = {geoid[:5] for geoid in geoids}
    return sorted(codes if "counties" in live.settings.layers else counties_in(codes, live.settings.acs_year))


def _say(progress: Progress | None, what: str) -> None:
    if progress is not None:
        progress(what)


def years_of(settings: RunConfig) -> dict[str, int]:
    """ACS end years by role, as the declared tables have them; of the earlier survey also as it is to be fetched."""
    years, reported = {"t1": settings.acs_year}, settings.reported
    return years if reported is None else {**years, "t0": reported}


def surveys_of(settings: RunConfig) -> list[dict[str, int]]:
    """Pairs of surveys that are compared, by role: the one that is reported, then those of other base years."""
    reported = years_of(settings)
    return [reported, *({**reported, "t0": year} for year in settings.base_years if year != reported.get("t0"))]


def compared(rows: Sequence[Indicator], settings: RunConfig) -> list[tuple[Indicator, dict[str, int]]]:
    """Rows with the surveys that they are measured by: the reported pair, and for the typology other base years too."""
    reported, *others = surveys_of(settings)
    own = [row for row in rows if row.field in DISPLACEMENT]
    return [*((row, reported) for row in rows), *((row, pair) for pair in others for row in own)]


def geography(settings: RunConfig, progress: Progress | None, read: Read = ()) -> dict[str, Layer]:
    """Counties, tracts, block groups and blocks, coarsest first: the reference is found in them.

    ``read``: layers that were read before, with their declarations; of an equal one nothing is read again.
    """
    found: dict[str, Layer] = {}
    for name in GEOGRAPHY:
        if name in settings.layers:
            if progress is not None:
                progress(name)
            spec = settings.layers[name]
            found[name] = next((layer for told, layer in read if told == spec), None) or read_zones(spec)
    return found


def make_district(settings: RunConfig, units: Mapping[str, Layer]) -> District:
    """The district, from its boundary file or from a list of GEOIDs of the units at hand."""
    if settings.geoids:
        shapes = _by_geoid(settings.geoids, units)
        return districts.make(settings.name, settings.slug, shapes, f"of {len(settings.geoids)} GEOIDs")
    shapes = read_boundary(settings.boundary, settings.base)
    return districts.make(settings.name, settings.slug, shapes, settings.boundary_label)


def _by_geoid(geoids: Sequence[str], units: Mapping[str, Layer]) -> gpd.GeoDataFrame:
    parts, missing = [], set(geoids)
    for layer in units.values():
        picked = layer.data[layer.data["geoid"].isin(missing)]
        parts.append(picked)
        missing -= set(picked["geoid"])
    if missing:
        raise LayerError(
            f"The district names {len(missing)} GEOIDs that no layer holds, among them {min(missing)}.",
            remedy="give a layer (tracts, block_groups or blocks) of the vintage that these GEOIDs belong to.",
        )
    return gpd.GeoDataFrame(geometry=[g for p in parts for g in p.geometry], crs=parts[0].crs)


def own_reference(settings: RunConfig) -> Any:
    if settings.reference_file is None:
        return None
    shapes = read_boundary(settings.reference_file, settings.base)
    return districts.make(settings.reference_name or "Reference", "reference", shapes, "of the reference").boundary
