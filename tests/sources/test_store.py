"""The store gives back what was put in, refuses what is damaged, and never answers another question."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from justgeo.core import whole
from justgeo.core.errors import LayerError, OutputError
from justgeo.core.layer import AnyLayer, Feed, Layer, Network, Provenance, Raster
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.store import Store, key_for

BOX = shapely.box(-60, 30, -59, 31)
AREA = Area(district=BOX, reference=None, window=BOX, halo=BOX, halo_m=800.0)
SPEC = LayerSpec("osm", Path("there/x.osm.pbf"), options={"a": [1, 2]})
TOLD = Provenance("parks", "someone", "parks", "2020", sha256="ab", asked={"tags": ["leisure"]}, notes=("one", "ä"))
KEY = key_for("parks", SPEC, AREA, "ab")


def features() -> Layer:
    shapes = [BOX, BOX.buffer(1)]
    data = gpd.GeoDataFrame({"name": ["a", "b"], "public": [True, False]}, geometry=shapes, crs="EPSG:4326")
    return Layer("parks", data, TOLD, covers=BOX)


def table() -> Layer:
    data = pd.DataFrame({"geoid": ["01001", "01003"], "B_001E": [1.5, np.nan]})
    data.attrs["reasons"] = {("01003", "B_001E"): "too few"}
    return Layer("acs:B@2024", data, TOLD, geography="county", geography_vintage=2020)


def test_features_and_tables_come_back_whole(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.put(features(), KEY)
    back = store.get(KEY)
    assert isinstance(back, Layer)
    assert_geodataframe_equal(back.data, features().data)
    assert back.covers is not None and back.covers.equals(BOX)
    assert back.provenance == TOLD
    store.put(table(), KEY)
    other = store.get(KEY)
    assert isinstance(other, Layer)
    pd.testing.assert_frame_equal(other.data, table().data)
    assert other.data.attrs == table().data.attrs
    assert (other.name, other.geography, other.geography_vintage, other.covers) == ("acs:B@2024", "county", 2020, None)


def test_networks_rasters_and_feeds_come_back_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ends = np.array([0, 1], dtype=np.int64)
    network = Network(np.array([0.1, 1, 2]), np.array([3.0, 4, 5]), ends, ends + 1, "EPSG:4326", TOLD, BOX)
    raster = Raster(np.array([[1.0, np.nan], [3, 4]]), (30.0, 0.0, 5.0, 0.0, -30.0, 7.0), "EPSG:5070", TOLD)
    stops, departures = pd.DataFrame({"stop_id": ["a"], "rail": [True]}), pd.DataFrame({"seconds": [90000]})
    feed = Feed(stops, departures, "2024-10-02", TOLD)
    for layer in (network, raster, feed):
        key = key_for(type(layer).__name__, SPEC, None, "")
        store.put(layer, key)
        back = store.get(key)
        assert type(back) is type(layer)
        assert back is not None
        assert back.provenance == TOLD
        if isinstance(back, Network):
            assert np.array_equal(back.x, network.x) and np.array_equal(back.v, network.v)
            assert back.u.dtype == np.int64 and back.crs == network.crs
            assert back.covers is not None and back.covers.equals(BOX)
        elif isinstance(back, Raster):
            assert np.array_equal(back.values, raster.values, equal_nan=True)
            assert (back.transform, back.crs) == (raster.transform, raster.crs)
        elif isinstance(back, Feed):
            pd.testing.assert_frame_equal(back.stops, feed.stops)
            pd.testing.assert_frame_equal(back.departures, feed.departures)
            assert back.service_date == feed.service_date


def test_nothing_is_there_before_it_is_put(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    assert store.get(KEY) is None
    assert not store.has(KEY)
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="no key"):
        store.get("../../etc")


@pytest.mark.parametrize("suffix", [".parquet", ".json"])
@pytest.mark.parametrize("flip", [0xFF, 0x01])
def test_a_damaged_record_is_refused_with_a_remedy(tmp_path: Path, suffix: str, flip: int) -> None:
    store = Store(tmp_path)
    store.put(features(), KEY)
    path = tmp_path / (KEY + suffix)
    whole = path.read_bytes()
    for place in range(0, len(whole) - 1, max(1, len(whole) // 50)):
        data = bytearray(whole)
        data[place] ^= flip
        path.write_bytes(bytes(data))
        with pytest.raises(LayerError, match=r"damaged.*delete"):
            store.get(KEY)
    path.write_bytes(whole)
    assert store.get(KEY) is not None


def test_a_record_under_another_name_answers_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(features(), KEY)
    other = "0" * 64
    for suffix in (".json", ".parquet"):
        (tmp_path / (KEY + suffix)).rename(tmp_path / (other + suffix))
    with pytest.raises(LayerError, match="damaged"):
        store.get(other)


def test_a_record_without_its_part_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(features(), KEY)
    (tmp_path / f"{KEY}.parquet").unlink()
    with pytest.raises(LayerError, match="damaged"):
        store.get(KEY)


def test_an_interrupted_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    real = whole.put

    def fail_at_the_record(path: Path, data: bytes) -> None:
        if path.suffix == ".json":
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(whole, "put", fail_at_the_record)
    with pytest.raises(OutputError, match="No space left"):
        store.put(features(), KEY)
    monkeypatch.undo()
    assert store.get(KEY) is None
    store.put(features(), KEY)
    assert isinstance(store.get(KEY), Layer)

    def fail_to_rename(self: Path, target: Path) -> Path:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", fail_to_rename)
    with pytest.raises(OutputError):
        store.put(table(), KEY)
    monkeypatch.undo()
    assert not list(tmp_path.glob(".*.part"))
    back = store.get(KEY)
    assert isinstance(back, Layer) and back.name == "parks"


def test_a_changed_question_has_another_key() -> None:
    other = shapely.box(-60, 30, -59, 31.0001)
    keys = {
        KEY,
        key_for("stops", SPEC, AREA, "ab"),
        key_for("parks", SPEC, AREA, "ac"),
        key_for("parks", SPEC, None, "ab"),
        key_for("parks", SPEC, replace(AREA, window=other), "ab"),
        key_for("parks", SPEC, replace(AREA, halo_m=801.0), "ab"),
        key_for("parks", replace(SPEC, options={"a": [1, 3]}), AREA, "ab"),
        key_for("parks", replace(SPEC, licence="CC0"), AREA, "ab"),
    }
    assert len(keys) == 8
    assert key_for("parks", replace(SPEC, path=Path("elsewhere") / "x.osm.pbf"), AREA, "ab") == KEY


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        Store(tmp_path / "file" / os.curdir / "store").put(features(), KEY)


def test_a_layer_type_is_one_of_four() -> None:
    assert set(AnyLayer.__args__) == {Layer, Network, Raster, Feed}
