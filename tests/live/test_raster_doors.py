"""Which door each grid comes through, and that all of them read as the local files do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from justgeo.core.errors import ConfigError
from justgeo.core.service import Service
from justgeo.sources.live import rasters
from justgeo.sources.live.ask import bring
from justgeo.sources.live.records import Records
from justgeo.sources.rasters import read_raster
from justgeo.sources.thermal import read_surface_temperature
from tests.live import places
from tests.loopback import cogs as made
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback, router
from tests.loopback.stac import Stac
from tests.loopback.wcs import Wcs

EVERY = ("tree_canopy", "impervious", "land_cover", "worldcover", "canopy_height", "surface_temperature")


def services(url: str) -> dict[str, Service]:
    return {
        "mrlc": places.service("mrlc", f"{url}/geoserver"),
        "worldcover": places.service("worldcover", url),
        "canopy_height": places.service("canopy_height", url),
        "landsat": places.service("landsat", f"{url}/api"),
    }


def test_every_grid_by_its_door(folder: Path, tmp_path: Path) -> None:
    """One district with six grids: what is fetched is read by the same readers as a planner's own files."""
    whole = places.area(folder)
    district = shapely.box(*whole.district.centroid.buffer(0.004).bounds)
    area = replace(whole, district=district, window=district.buffer(0.002), halo=district.buffer(0.001))
    bounds = area.window.buffer(0.003).bounds
    options = places.service("mrlc", "x").options["layers"]
    canopy = made.sampled(folder / "tree_canopy.tif", 255)
    tree = made.worldcover(tmp_path, bounds, lambda lon, lat: np.where(canopy(lon, lat) >= 30, 10, 50))
    tree |= made.canopy_height(tmp_path, area.halo.buffer(0.001).bounds, lambda lon, lat: canopy(lon, lat) // 4)
    days = [f"2024-07-{day:02d}T15:40:00Z" for day in (1, 9, 17, 25)] + ["2023-07-02T15:40:00Z"]
    scenes = [made.make_scene(tmp_path, bounds, day, dn=44000 + 500 * n) for n, day in enumerate(days)]
    stac = Stac(scenes)
    wcs = Wcs({options[name]: folder / f"{name}.tif" for name in options})
    routes = {"/geoserver": wcs.handle, "/api": stac.handle, "/landsat-c2": stac.handle, "/": FileTree(tree).handle}
    with Loopback(router(routes)) as server:
        known = services(server.url)
        asks, reasons = rasters.grid_asks(known, dict.fromkeys(EVERY, ""), area, 2024)
        assert reasons == {}
        assert [ask.gives for ask in asks] == [(name,) for name in EVERY]
        brought = bring(asks, Records(tmp_path / "records"), places.tools(*known.values()))
        assert (brought.failures, brought.missing) == ({}, {})
        again = bring(asks, Records(tmp_path / "records"), None)
        assert again.specs == brought.specs, "the records alone give the same"
    specs = brought.specs
    assert set(specs) == set(EVERY)
    grids = {name: read_raster(specs[name], area) for name in EVERY if name != "surface_temperature"}
    grids["surface_temperature"] = read_surface_temperature(specs["surface_temperature"], area)
    for grid in grids.values():
        assert np.isfinite(grid.values).any()
        assert str(tmp_path) not in str(grid.provenance)
    assert set(np.unique(grids["worldcover"].values)) <= {10.0, 50.0}
    assert np.nanmax(grids["canopy_height"].values) <= 25
    middle = grids["surface_temperature"].values
    assert np.nanmedian(middle) == pytest.approx(45000 * 0.00341802 + 149.0 - 273.15)


def test_an_address_goes_before_the_usual_service(folder: Path) -> None:
    area = places.area(folder)
    wanted = {"tree_canopy": "https://example.org/canopy.tif", "land_cover": ""}
    asks, reasons = rasters.grid_asks(services("http://127.0.0.1:9"), wanted, area, 2024)
    assert reasons == {}
    assert [ask.question.service for ask in asks] == ["address", "mrlc"]


def test_beyond_its_product_a_grid_has_a_reason() -> None:
    box = shapely.box(-157.87, 21.3, -157.85, 21.32)
    area = places.Area(box, None, box, box, 0.0)
    asks, reasons = rasters.grid_asks(services("http://127.0.0.1:9"), dict.fromkeys(EVERY, ""), area, 2024)
    assert sorted(ask.label for ask in asks) == ["canopy_height", "surface_temperature", "worldcover"]
    assert set(reasons) == {"tree_canopy", "impervious", "land_cover"}
    assert "Hawaii" in reasons["land_cover"]


def test_a_grid_that_nobody_gives(folder: Path) -> None:
    with pytest.raises(ConfigError, match="'tree_canopi'") as caught:
        rasters.grid_asks(services("http://127.0.0.1:9"), {"tree_canopi": ""}, places.area(folder), 2024)
    assert "tree_canopy" in caught.value.remedy
