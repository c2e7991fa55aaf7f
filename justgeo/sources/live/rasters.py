"""Grids by their names: which door gives each, and why one cannot be had for a place."""

from __future__ import annotations

from collections.abc import Mapping

from justgeo.core.errors import ConfigError
from justgeo.core.service import Service
from justgeo.core.spec import Area
from justgeo.core.words import suggestion
from justgeo.sources.live import grids
from justgeo.sources.live.geotiff import geotiff_ask
from justgeo.sources.live.landsat import landsat_asks
from justgeo.sources.live.tiles import canopy_height_asks, worldcover_asks
from justgeo.sources.live.wcs import wcs_asks


def grid_asks(
    services: Mapping[str, Service], wanted: Mapping[str, str], area: Area, last_summer: int
) -> grids.Planned:
    """What to ask for some grids.

    Parameters
    ----------
    services : mapping of str to Service
        By id.
    wanted : mapping of str to str
        Name of each grid, and the address of a GeoTIFF; ``""`` for its usual service.
    area : Area
    last_summer : int
        Year of the last summer that the surface temperature is of.

    Returns
    -------
    Planned
        Asks, and for grids that no service has here, why.

    Raises
    ------
    ConfigError
        There is no such grid.
    """
    planned = grids.Planned([], {})
    for name, url in wanted.items():
        if url:
            planned.asks.append(geotiff_ask(name, url, area))
            continue
        one = _usual(services, name, area, last_summer)
        planned.asks.extend(one.asks)
        planned.reasons.update(one.reasons)
    return planned


def _usual(services: Mapping[str, Service], name: str, area: Area, last_summer: int) -> grids.Planned:
    mrlc = services["mrlc"]
    if name in mrlc.options["layers"]:
        return wcs_asks(mrlc, [name], area)
    if name == "worldcover":
        return worldcover_asks(services["worldcover"], area)
    if name == "canopy_height":
        return canopy_height_asks(services["canopy_height"], area)
    if name == "surface_temperature":
        return landsat_asks(services["landsat"], area, last_summer)
    known = [*mrlc.options["layers"], "worldcover", "canopy_height", "surface_temperature"]
    raise ConfigError(f"There is no grid {name!r} to fetch.", remedy=suggestion(name, known))
