"""A run ends where a file that it stands on changed meanwhile, and for nothing else that happens beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from justgeo import unchanged
from justgeo.config import RunConfig
from justgeo.core.errors import ConfigError
from justgeo.core.spec import LayerSpec

SHAPE = ("tracts.shp", "tracts.dbf", "tracts.shx", "tracts.prj")


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """Settings with a boundary, a table, a shapefile, and a timetable that is a folder."""
    for name in ("district.toml", "edge.geojson", "acs.csv", "feed/stops.txt", "feed/trips.txt", *SHAPE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"of {name}", encoding="utf-8")
    paths = {"acs": "acs.csv", "tracts": "tracts.shp", "gtfs": "feed"}
    layers = {name: LayerSpec(name, tmp_path / path) for name, path in paths.items()}
    told = {"file": "edge.geojson"}
    return RunConfig(tmp_path / "district.toml", tmp_path, "Here", "here", boundary=told, layers=layers)


def _renumbered(base: Path) -> None:
    """As memory cards and network drives do: the same file, by another number."""
    number = (base / "acs.csv").stat().st_ino
    shutil.copy2(base / "acs.csv", base / "copy")
    (base / "copy").replace(base / "acs.csv")
    assert (base / "acs.csv").stat().st_ino != number


def _put(*names: str) -> Callable[[Path], None]:
    def put(base: Path) -> None:
        for name in names:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text("by another program", encoding="utf-8")

    return put


def _read(base: Path) -> None:
    for one in base.rglob("*.txt"):
        os.utime(one, ns=(10**18, one.stat().st_mtime_ns))
        assert one.read_bytes()


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(_renumbered, id="renumbered"),
        pytest.param(_put("tracts.shp.ANALYST.1234.5678.sr.lock", "tracts.ANALYST.1234.sr.lock"), id="locks"),
        pytest.param(_put("tracts.shp.aux.xml", "tracts.aux.xml", "feed/x.gpkg-wal", "feed/x.gpkg-shm"), id="beside"),
        pytest.param(_put("others.shp", "tracts_2.dbf", "acs.csv.lock"), id="others"),
        pytest.param(_put("feed/out/index.html", "feed/out/manifest.json"), id="outputs inside"),
        pytest.param(_put("feed/.stops.txt.0123abcd.part", "feed/.DS_Store"), id="hidden"),
        pytest.param(_read, id="read"),
    ],
)
def test_what_only_happens_beside_stops_no_run(config: RunConfig, happens: Callable[[Path], None]) -> None:
    before = unchanged.seen(config)
    assert {one.name for one in before} >= {"district.toml", "edge.geojson", "acs.csv", "stops.txt", *SHAPE}
    happens(config.base)
    unchanged.refuse_changed(config, before)


@pytest.mark.parametrize("name", ["district.toml", "edge.geojson", "acs.csv", "feed/stops.txt", *SHAPE])
@pytest.mark.parametrize("how", ["size", "time", "gone"])
def test_what_changed_is_named(config: RunConfig, name: str, how: str) -> None:
    before, path = unchanged.seen(config), config.base / name
    about = path.stat()
    if how == "gone":
        path.unlink()
    elif how == "time":
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1_000_000))
    else:
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    with pytest.raises(ConfigError, match=rf"^{path.name} changed while the run read it") as caught:
        unchanged.refuse_changed(config, before)
    assert "run it again" in caught.value.remedy


def test_several_are_counted_and_a_new_one_is_one(config: RunConfig) -> None:
    before = unchanged.seen(config)
    _put("feed/calendar.txt", "tracts.cpg")(config.base)
    with pytest.raises(ConfigError, match=r"^calendar\.txt and 1 more changed"):
        unchanged.refuse_changed(config, before)
