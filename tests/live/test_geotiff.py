"""Any GeoTIFF at an address of the planner's: its window, or all of it, and no token told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine

from justgeo.core.errors import ConfigError, LayerError, SourceError
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import rasters
from justgeo.sources.live import cogs, geotiff
from justgeo.sources.live.ask import bring
from justgeo.sources.live.ask import fetch as fetched
from justgeo.sources.rasters import raster_footprint, read_raster
from tests.live import places
from tests.live.pixels import CANARY, LEFT, PATH, TOP, around, noise, records_in, write
from tests.loopback.faults import Fault
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback, Response


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("grids") / "grid.tif", noise())


@pytest.fixture
def server(source: Path) -> Iterator[Loopback]:
    with Loopback(FileTree({PATH: source}).handle) as running:
        yield running


PLACE = around(-70.01003, 38.80503)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raster in degrees around the place."""
    step = 0.0001
    return write(
        tmp_path_factory.mktemp("own") / "own.tif",
        (noise(6, 600) % 101).astype(np.uint8),
        Affine(step, 0, -70.04, 0, -step, 38.835),
        "EPSG:4326",
    )


def test_an_address_is_read_by_its_window(own: Path, tmp_path: Path) -> None:
    with Loopback(FileTree({"/city/canopy.tif": own}).handle) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/city/canopy.tif?v=2", PLACE)
        brought = bring([one], records_in(tmp_path), places.tools())
        assert all("Range" in r.headers or r.method == "HEAD" for r in server.requests)
        assert [r.query for r in server.requests] == [{"v": ["2"]}] * len(server.requests)
    live = read_raster(brought.specs["tree_canopy"], PLACE)
    direct = read_raster(LayerSpec("tree_canopy", own), PLACE)
    np.testing.assert_array_equal(live.values, direct.values)
    np.testing.assert_allclose(live.transform, direct.transform, rtol=0, atol=1e-12)
    assert live.provenance.vintage == "not stated"
    assert live.provenance.dataset == "canopy.tif"


def far_west(place: Area) -> Area:
    """The place in a reference that reaches farther than its raster."""
    reference = shapely.box(place.window.bounds[0] - 0.02, *place.window.bounds[1:])
    return replace(place, reference=reference, window=place.window.union(reference))


@pytest.mark.parametrize("parts", [True, False])
def test_a_reference_that_is_too_large_leaves_the_district(
    parts: bool, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = far_west(PLACE)
    monkeypatch.setattr(cogs.grids, "MOST_PIXELS", 20_000)
    monkeypatch.setattr(rasters, "_MOST_PIXELS", 20_000)
    handle = (
        FileTree({"/a.tif": own}).handle if parts else lambda request: Response(200, own.read_bytes(), "image/tiff")
    )
    with Loopback(handle) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/a.tif", wide)
        brought = bring([one], records_in(tmp_path), places.tools())
        assert brought.failures == {}
    found, direct = (read_raster(s, wide) for s in (brought.specs["tree_canopy"], LayerSpec("tree_canopy", own)))
    alone = read_raster(LayerSpec("tree_canopy", own), PLACE)
    note = "The reference has too many pixels; the district with its halo was read."
    assert note in direct.provenance.notes
    assert note in found.provenance.notes
    assert note not in alone.provenance.notes
    np.testing.assert_array_equal(direct.values, alone.values)
    outline = raster_footprint(found)
    assert outline.covers(PLACE.halo)
    assert not outline.covers(wide.reference)
    assert rasters.valid_share(found, PLACE.district) == rasters.valid_share(alone, PLACE.district)


def test_what_is_read_of_a_large_reference_depends_on_the_halo() -> None:
    one, other = far_west(PLACE), far_west(PLACE)
    other = replace(other, halo=PLACE.halo.buffer(-0.001))
    asked = [geotiff.geotiff_ask("tree_canopy", "https://example.org/a.tif", area).question for area in (one, other)]
    assert one.window.equals(other.window)
    assert asked[0] != asked[1]


def test_a_district_that_is_too_large_is_told(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cogs.grids, "MOST_PIXELS", 1_000)
    with Loopback(FileTree({"/a.tif": own}).handle) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/a.tif", far_west(PLACE))
        with pytest.raises(SourceError, match="pixels, more than is read at once") as caught:
            fetched(one, records_in(tmp_path), places.tools())
    assert caught.value.kind == "limit"
    monkeypatch.setattr(rasters, "_MOST_PIXELS", 1_000)
    with pytest.raises(LayerError, match="pixels in the district and around it"):
        read_raster(LayerSpec("tree_canopy", own), far_west(PLACE))


def test_an_address_in_another_crs(server: Loopback, source: Path, tmp_path: Path) -> None:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(5070, 4326, always_xy=True).transform(LEFT + 13_000, TOP - 12_000)
    area = around(lon, lat, 0.01)
    brought = bring([geotiff.geotiff_ask("impervious", server.url + PATH, area)], records_in(tmp_path), places.tools())
    live, direct = (read_raster(spec, area) for spec in (brought.specs["impervious"], LayerSpec("impervious", source)))
    np.testing.assert_array_equal(live.values, direct.values)
    assert live.transform == direct.transform


def test_a_server_without_parts_gives_the_whole(own: Path, tmp_path: Path) -> None:
    with Loopback(lambda request: Response(200, own.read_bytes(), "image/tiff")) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/canopy.tif", PLACE)
        record = fetched(one, records_in(tmp_path), places.tools())
    assert record.path("tree_canopy.tif").read_bytes() == own.read_bytes()
    assert "the whole file was taken" in record.told.notes[0]


def test_a_whole_file_has_a_limit(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geotiff, "MOST_BYTES", 100_000)
    with Loopback(lambda request: Response(200, own.read_bytes(), "image/tiff")) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/canopy.tif", PLACE)
        with pytest.raises(SourceError, match="gives no parts") as caught:
            fetched(one, records_in(tmp_path), places.tools())
    assert caught.value.kind == "limit"


def test_a_whole_file_that_is_cut(own: Path, tmp_path: Path) -> None:
    with Loopback(lambda request: Response(200, own.read_bytes()[:-9000], "image/tiff")) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/canopy.tif", PLACE)
        with pytest.raises(SourceError, match="no whole GeoTIFF") as caught:
            fetched(one, records_in(tmp_path), places.tools())
    assert caught.value.kind == "damaged"


def test_an_address_elsewhere(own: Path, tmp_path: Path) -> None:
    with Loopback(FileTree({"/a.tif": own}).handle) as server:
        one = geotiff.geotiff_ask("tree_canopy", f"{server.url}/a.tif", around(-100, 40))
        with pytest.raises(SourceError, match="does not reach the area"):
            fetched(one, records_in(tmp_path), places.tools())


def test_a_token_and_a_password_are_told_nowhere(own: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Loopback(FileTree({"/a.tif": own}).handle) as server:
        url = f"{server.url}/a.tif?sig={CANARY}&layer=2".replace("://", "://planner:pass-phrase-4711@")
        one = geotiff.geotiff_ask("tree_canopy", url, PLACE)
        record = fetched(one, records_in(tmp_path), places.tools())
        assert all(r.query == {"sig": [CANARY], "layer": ["2"]} for r in server.requests)
        assert all(r.headers["Authorization"].startswith("Basic ") for r in server.requests)
        server.fail(Fault.status(500), times=-1)
        with pytest.raises(SourceError) as caught:
            fetched(one, records_in(tmp_path / "again"), places.tools())
    for text in (caplog.text, repr(record), repr(one), str(caught.value), one.where):
        assert CANARY not in text
        assert "pass-phrase" not in text
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert CANARY.encode() not in kept
    assert b"pass-phrase" not in kept
    other = geotiff.geotiff_ask("tree_canopy", url.replace("layer=2", "layer=3"), PLACE)
    assert other.question != one.question


@pytest.mark.parametrize("url", ["ftp://user:secret@example.org/a.tif", "a.tif", "https://", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address") as caught:
        geotiff.geotiff_ask("tree_canopy", url, PLACE)
    assert "secret" not in str(caught.value)
