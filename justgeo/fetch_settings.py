"""What comes from public services: ``[fetch]``, ``[census]`` and ``[services]`` of ``district.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError
from justgeo.core.location import Location, location
from justgeo.core.words import suggestion
from justgeo.district_file import ACS_YEAR, DistrictFile

DATA = "data:"
"""Beginning of the names of downloadable tables among the layers: ``data:places``."""

FIRST_FETCHED = 2013
"""First survey year of which the Census API has block groups (tidycensus, ``acs5_geography``)."""

GRIDS = ("tree_canopy", "impervious", "land_cover")
"""Grids that are fetched unless the planner says otherwise."""


@dataclass(frozen=True)
class Fetching:
    """What comes from public services.

    Attributes
    ----------
    census : bool
        Geography and tables.
    osm : str
        ``"overpass"``, ``"geofabrik"``, the address of an extract, or ``""`` for not at all.
    gtfs : tuple of str
        ``"catalogue"`` or addresses of feeds; empty for none.
    grids : mapping of str to str
        Name of the grid to the address of a GeoTIFF; ``""`` for its usual service.
    tables : tuple of str
        Ids of ``catalogue/datasets.yml``.
    records : Path or str
        Where what was fetched is kept.
    provider : str
        Of Census tables: ``"auto"``, ``"censusdis"``, ``"direct"``.
    services : mapping of str to tuple of str
        Other addresses than the catalogue's.
    """

    census: bool = True
    osm: str = "overpass"
    gtfs: tuple[str, ...] = ("catalogue",)
    grids: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(GRIDS, ""))
    tables: tuple[str, ...] = ()
    records: Location = Path("records")
    provider: str = "auto"
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def fetching(told: DistrictFile, folder: Path, name: str) -> Fetching | None:
    """What ``district.toml`` says is to be fetched, every name checked.

    Parameters
    ----------
    told : DistrictFile
    folder : Path
        That its paths start from.
    name : str
        Of the file, for messages.

    Returns
    -------
    Fetching or None

    Raises
    ------
    ConfigError
        A service, a table or a grid is not known.
    """
    known = {**catalogue.services(), **catalogue.datasets()}
    for service in told.services:
        if service not in known:
            raise ConfigError(f"{name}: unknown service 'services.{service}'.", remedy=suggestion(service, known))
    asked = told.fetch
    if asked is None:
        return None
    year = told.vintages.acs or ACS_YEAR
    if asked.census and year < FIRST_FETCHED and "acs" not in told.layers:
        raise ConfigError(
            f"{name}: vintages.acs = {year} cannot be fetched: the API has block groups from {FIRST_FETCHED} on.",
            remedy=f"name {FIRST_FETCHED} or later; or give files of yours under [layers], and [fetch] census = false.",
        )
    for table in asked.tables:
        if table not in catalogue.datasets():
            raise ConfigError(
                f"{name}: unknown table {table!r} under fetch.tables.", remedy=suggestion(table, catalogue.datasets())
            )
    grids = dict.fromkeys(GRIDS, "") if asked.rasters is None else dict(asked.rasters)
    named = [layer for layer, word in catalogue.layers().layers.items() if word.kind == "grid"]
    for grid in grids:
        if grid not in named:
            raise ConfigError(f"{name}: unknown grid {grid!r} under fetch.rasters.", remedy=suggestion(grid, named))
    return Fetching(
        census=asked.census,
        osm=asked.osm,
        gtfs=tuple(dict.fromkeys(asked.gtfs)),
        grids=grids,
        tables=tuple(dict.fromkeys(asked.tables)),
        records=location(asked.records, folder),
        provider=told.census.provider,
        services={service: tuple(urls) for service, urls in told.services.items()},
    )
