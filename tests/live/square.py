"""All public services around one square: small ones of their kind behind one loopback server, to be knocked at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from justgeo.catalogue import read as catalogue
from justgeo.core.service import Service
from tests.live import census_town as town
from tests.live import places
from tests.loopback.files import FileTree
from tests.loopback.messages import Handler, router
from tests.loopback.mobility import Mobility
from tests.loopback.overpass import Overpass
from tests.loopback.stac import Stac
from tests.loopback.wcs import Wcs

BEHIND = {
    "census_api": "/data",
    "overpass": "/overpass",
    "mrlc": "/geoserver",
    "landsat": "/api",
    "worldcover": "/worldcover",
    "canopy_height": "/canopy",
}
"""What stands behind the host in a service's address."""

LAYERS: dict[str, str] = catalogue.services()["mrlc"].options["layers"]
SHAPES = b"PK\x03\x04 counties of " * 100


def handler(folder: Path, *, tiger: Iterable[int] = (2023, 2024), years: Iterable[int] = (2021, 2023)) -> Handler:
    """Everybody's answers.

    Parameters
    ----------
    folder : Path
        For a small grid.
    tiger : iterable of int
        Years of TIGER/Line that are out.
    years : iterable of int
        Years of MRLC's grids.
    """
    grid = folder / "small.tif"
    shape = {"width": 4, "height": 4, "count": 1, "dtype": "uint8", "crs": "EPSG:5070"}
    with rasterio.open(grid, "w", driver="GTiff", transform=from_origin(15, 135, 30, 30), **shape) as file:
        file.write(np.ones((1, 4, 4), dtype="uint8"))
    nothing = {"osm3s": {"timestamp_osm_base": "2024-01-01T00:00:00Z"}, "elements": []}
    counties = {f"/geo/tiger/TIGER{year}/COUNTY/tl_{year}_us_county.zip": SHAPES for year in tiger}
    extract = {"/north-america/us/rhode-island-latest.osm.pbf": b"\x00\x00\x00\x0d\x0a\x09OSMHeader" * 200}
    return router(
        {
            "/data": town.api().handle,
            "/geo": FileTree(dict(counties)).handle,
            "/overpass": Overpass.of_answers([nothing]).handle,
            "/north-america": FileTree(dict(extract)).handle,
            "/feeds_v2.csv": Mobility([]).handle,
            "/geoserver": Wcs(dict.fromkeys(LAYERS.values(), grid), years).handle,
            "/api": Stac([]).handle,
        }
    )


def service(name: str, url: str, *mirrors: str, **options: Any) -> Service:
    """A service of the catalogue, here."""
    return places.service(name, url + BEHIND.get(name, ""), *(one + BEHIND.get(name, "") for one in mirrors), **options)
