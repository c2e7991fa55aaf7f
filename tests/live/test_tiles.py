"""WorldCover and canopy height by their door: which tiles, which windows, and what an absent tile means."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from justgeo.core.errors import SourceError
from justgeo.core.spec import LayerSpec
from justgeo.sources.live import tiles
from justgeo.sources.live.ask import Ask, bring
from justgeo.sources.live.ask import fetch as fetched
from justgeo.sources.rasters import read_raster
from tests.live import places
from tests.live.pixels import around, records_in
from tests.loopback import cogs as made
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback


def cover(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    legend = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100])
    return legend[(np.floor(lon * 12_000) * 7 + np.floor(lat * 12_000) * 3).astype(np.int64) % 11]


CORNER = around(-72.00001, 39.00001)


@pytest.fixture(scope="module")
def cover_tree(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return made.worldcover(tmp_path_factory.mktemp("cover"), CORNER.window.buffer(0.001).bounds, cover)


def only(planned: Any) -> Ask:
    assert planned.reasons == {}
    return planned.asks[0]  # type: ignore[no-any-return]


def test_four_tiles_are_one_layer(cover_tree: dict[str, Path], tmp_path: Path) -> None:
    with Loopback(FileTree(cover_tree).handle) as server:
        service = places.service("worldcover", server.url)
        one = only(tiles.worldcover_asks(service, CORNER))
        assert sorted(one.question.asked["windows"]) == ["N36W072", "N36W075", "N39W072", "N39W075"]
        assert one.where.endswith("_Map.tif")
        brought = bring([one], records_in(tmp_path), places.tools(service))
        assert not bring([one], records_in(tmp_path), places.tools(service)).fetched
    spec = brought.specs["worldcover"]
    assert (spec.vintage, spec.attribution) == ("2021", service.attribution)
    found = read_raster(spec, CORNER)
    rows, cols = found.values.shape
    a, _, west, _, e, north = found.transform
    lon, lat = np.meshgrid(west + a * (np.arange(cols) + 0.5), north + e * (np.arange(rows) + 0.5))
    np.testing.assert_array_equal(found.values, cover(lon, lat))
    west, south, east, north = (edge * 12_000 for edge in CORNER.window.bounds)
    assert (cols, rows) == (np.ceil(east) - np.floor(west) + 4, np.ceil(north) - np.floor(south) + 4)


def test_one_tile_is_read_as_the_tile_itself(cover_tree: dict[str, Path], tmp_path: Path) -> None:
    west = around(-72.00301, 39.00301, 0.001)
    with Loopback(FileTree(cover_tree).handle) as server:
        service = places.service("worldcover", server.url)
        brought = bring([only(tiles.worldcover_asks(service, west))], records_in(tmp_path), places.tools(service))
    spec = brought.specs["worldcover"]
    assert spec.path.name == "worldcover-N39W075.tif"
    tile = next(path for name, path in cover_tree.items() if "N39W075" in name)
    live, direct = read_raster(spec, west), read_raster(LayerSpec("worldcover", tile), west)
    np.testing.assert_array_equal(live.values, direct.values)
    np.testing.assert_allclose(live.transform, direct.transform, rtol=0, atol=1e-12)


def index(*names: str, prop: str = "ll_tile") -> bytes:
    features = [{"type": "Feature", "properties": {prop: name}, "geometry": None} for name in names]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (index("N36W072", "N36W075", "N39W072", "N39W075"), "the product's own index has it"),
        (None, "its index of tiles cannot be read"),
        (b"<html>moved</html>", "its index of tiles cannot be read"),
        (index(), "index of tiles is empty"),
        (index("N36W072", prop="name"), "its index of tiles cannot be read"),
    ],
    ids=["listed", "no index", "a page", "empty", "another property"],
)
def test_a_tile_that_should_be_there(
    listed: bytes | None, words: str, cover_tree: dict[str, Path], tmp_path: Path
) -> None:
    tree: dict[str, bytes | Path] = {name: path for name, path in cover_tree.items() if "N39W072" not in name}
    if listed is not None:
        tree["/esa_worldcover_grid.geojson"] = listed
    with Loopback(FileTree(tree).handle) as server:
        service = places.service("worldcover", server.url)
        records = records_in(tmp_path)
        with pytest.raises(SourceError) as caught:
            fetched(only(tiles.worldcover_asks(service, CORNER)), records, places.tools(service))
    assert caught.value.kind == "missing"
    assert words in caught.value.message
    assert "N39W072" in caught.value.message
    assert service.page in caught.value.remedy
    assert not [p for p in records.root.rglob("*") if p.is_file()]


def test_a_tile_of_the_open_sea_is_no_error(cover_tree: dict[str, Path], tmp_path: Path) -> None:
    tree: dict[str, bytes | Path] = {name: path for name, path in cover_tree.items() if "N36W072" not in name}
    tree["/esa_worldcover_grid.geojson"] = index("N36W075", "N39W072", "N39W075")
    with Loopback(FileTree(tree).handle) as server:
        service = places.service("worldcover", server.url)
        one = only(tiles.worldcover_asks(service, CORNER))
        record = fetched(one, records_in(tmp_path), places.tools(service))
    assert "no tile N36W072" in record.told.notes[0]
    assert record.told.notes[1].startswith("75 % of the district")
    found = read_raster(one.specs(record, {})["worldcover"], CORNER).values
    middle = np.array(found.shape) // 2
    assert np.isnan(found[middle[0] + 3 :, middle[1] + 3 :]).all()
    assert np.isfinite(found[: middle[0] - 3]).all()


def test_no_tile_at_all(tmp_path: Path) -> None:
    with Loopback(FileTree({"/esa_worldcover_grid.geojson": index("N00E000")}).handle) as server:
        service = places.service("worldcover", server.url)
        with pytest.raises(SourceError, match="has no tile here") as caught:
            fetched(only(tiles.worldcover_asks(service, CORNER)), records_in(tmp_path), places.tools(service))
    assert caught.value.kind == "missing"


def test_tiles_that_hold_nothing(tmp_path: Path) -> None:
    tree = made.worldcover(tmp_path, around(-72.003, 39.003).window.bounds, 0)
    with Loopback(FileTree(tree).handle) as server:
        service = places.service("worldcover", server.url)
        one = only(tiles.worldcover_asks(service, around(-72.005, 39.005, 0.001)))
        with pytest.raises(SourceError, match="no valid pixel in the district") as caught:
            fetched(one, records_in(tmp_path), places.tools(service))
    assert caught.value.kind == "missing"
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("lon", "lat", "name"),
    [
        (-122.5, 45.5, "N45W123"),
        (-157.8, 21.3, "N21W159"),
        (144.8, 13.5, "N12E144"),
        (-170.7, -14.3, "S15W171"),
        (-0.5, -0.5, "S03W003"),
    ],
)
def test_names_of_tiles(lon: float, lat: float, name: str) -> None:
    service = places.service("worldcover", "http://127.0.0.1:9")
    assert list(only(tiles.worldcover_asks(service, around(lon, lat))).question.asked["windows"]) == [name]


def test_a_wide_reference_gives_way_to_the_halo(tmp_path: Path) -> None:
    service = places.service("worldcover", "http://127.0.0.1:9")
    district = around(-72.5, 39.5)
    wide = replace(district, window=shapely.box(-74, 39.2, -72.1, 41))
    narrow = only(tiles.worldcover_asks(service, wide)).question.asked["windows"]
    assert narrow == only(tiles.worldcover_asks(service, district)).question.asked["windows"]
    huge = replace(wide, halo=wide.window)
    planned = tiles.worldcover_asks(service, huge)
    assert planned.asks == []
    assert "10 m" in planned.reasons["worldcover"]


# Canopy height: 1 m, the district's halo, quadkeys


def test_quadkeys() -> None:
    """The example of Microsoft's own page: tile 3, 5 of level 3 is 213."""
    assert tiles.quadkey(3, 5, 3) == "213"
    assert tiles.quadkey(0, 0, 9) == "000000000"
    assert tiles.quadkey(511, 511, 9) == "333333333"


def height(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return (np.floor(lon * 4e4) + np.floor(lat * 4e4)).astype(np.int64) % 31


def test_canopy_height_is_read_for_the_halo(tmp_path: Path) -> None:
    from pyproj import Transformer

    lat = 38.822590976177096  # the border of two tiles of zoom 9
    district = around(-70.02, lat, 0.001)
    area = replace(district, window=district.window.buffer(0.5))
    tree = made.canopy_height(tmp_path, district.halo.buffer(0.0005).bounds, height)
    with Loopback(FileTree(tree).handle) as server:
        service = places.service("canopy_height", server.url)
        one = only(tiles.canopy_height_asks(service, area))
        assert len(one.question.asked["windows"]) == 2
        brought = bring([one], records_in(tmp_path), places.tools(service))
        assert brought.failures == {}
    found = read_raster(brought.specs["canopy_height"], area)
    rows, cols = found.values.shape
    assert 300 < rows < 500
    a, _, west, _, e, north = found.transform
    assert a == pytest.approx(2 * 20_037_508.342789244 / 2**25, rel=1e-12)
    x, y = np.meshgrid(west + a * (np.arange(cols) + 0.5), north + e * (np.arange(rows) + 0.5))
    lon, lats = Transformer.from_crs(3857, 4326, always_xy=True).transform(x, y)
    expected = height(lon, lats)
    inside = np.isfinite(found.values)
    assert inside[3:-3, 3:-3].all()
    # A pixel's centre that falls on an edge of the pattern may come out on either side.
    assert (found.values[inside] == expected[inside]).mean() > 0.999


def test_a_district_too_large_for_metres() -> None:
    service = places.service("canopy_height", "http://127.0.0.1:9")
    planned = tiles.canopy_height_asks(service, around(-100, 40, 0.2))
    assert planned.asks == []
    assert "too many" in planned.reasons["canopy_height"]
