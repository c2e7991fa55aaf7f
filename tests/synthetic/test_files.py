"""The files: native formats, readable, aligned, marked as invented, the same every time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
import rasterio
from pyproj import Geod

from justgeo.synthetic import VERSION, County, ensure, transit
from justgeo.synthetic.declare import TABLES
from justgeo.synthetic.streets import corner_id

write_module = sys.modules["justgeo.synthetic.write"]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_bytes_in_another_process(folder: Path, tmp_path: Path) -> None:
    """Another process, another hash seed: no order of sets or dictionaries enters the files."""
    code = "import sys, pathlib; from justgeo.synthetic import write; write(pathlib.Path(sys.argv[1]), 2020)"
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment, cwd=root)
    assert digests(folder) == digests(tmp_path / "again")


def test_every_declared_layer_is_there_and_says_invented(folder: Path) -> None:
    declared = tomllib.loads((folder / "layers.toml").read_text(encoding="utf-8"))["layers"]
    assert set(declared) == {
        "blocks",
        "block_groups",
        "tracts",
        "tracts_2010",
        "counties",
        "acs",
        "acs_t0",
        "crosswalk_99",
        "osm",
        "gtfs",
        "tree_canopy",
        "impervious",
        "land_cover",
        "surface_temperature",
        "zoning",
        "data:nfhl",
        "data:slr",
        "data:redlining",
        "block_groups_2010",
        *(f"data:{name}" for name in TABLES),
    }
    for declaration in declared.values():
        assert (folder / declaration["path"]).exists()
        assert declaration["synthetic"] is True and "invented" in declaration["dataset"]
        assert "invented" in declaration["source"] and declaration["licence"] == "CC0-1.0"
    assert "invented" in (folder / "INVENTED.txt").read_text(encoding="utf-8")
    assert "invented" in (folder / "district.geojson").read_text(encoding="utf-8")


def test_shapefiles(folder: Path, nowhere: County) -> None:
    blocks = gpd.read_file(folder / "tl_2024_99_tabblock20.zip")
    assert blocks.crs.to_epsg() == 4269
    assert {"GEOID20", "ALAND20", "AWATER20", "POP20", "HOUSING20"} <= set(blocks.columns)
    assert blocks["POP20"].sum() == len(nowhere.persons())
    tracts = gpd.read_file(folder / "tl_2024_99_tract.zip")
    assert set(tracts["GEOID"]) == set(blocks["GEOID20"].str[:11])
    assert tracts["NAMELSAD"].str.contains("invented").all()
    area = sum(abs(Geod(ellps="GRS80").geometry_area_perimeter(shape)[0]) for shape in tracts.geometry)
    assert area == pytest.approx(tracts[["ALAND", "AWATER"]].sum().sum(), rel=1e-6)
    county = gpd.read_file(folder / "tl_2024_us_county.zip")
    assert list(county["NAMELSAD"]) == ["Nowhere (invented)"]


def test_race_counts(folder: Path) -> None:
    table = pd.read_csv(folder / "pl94171_p2_blocks.csv")
    assert table["GEO_ID"].str.fullmatch(r"1000000US99001\d{10}").all()
    parts = table[[f"P2_{line:03d}N" for line in (2, *range(5, 12))]].sum(axis=1)
    assert (parts == table["P2_001N"]).all()
    assert (table["P2_003N"] == table["P2_001N"] - table["P2_002N"]).all()


def test_acs_files(folder: Path) -> None:
    for vintage in (2014, 2024):
        names = sorted(path.name for path in (folder / f"acs{vintage}").iterdir())
        assert f"acsdt5y{vintage}-b25003.dat" in names and f"acsdt5y{vintage}-b19013h.dat" in names
    first = (folder / "acs2024" / "acsdt5y2024-b25003.dat").read_text(encoding="utf-8").splitlines()
    assert first[0] == "GEO_ID|B25003_E001|B25003_M001|B25003_E002|B25003_M002|B25003_E003|B25003_M003"
    assert first[1].startswith("0500000US99001|") and "|-555555555|" in first[1]


def test_relationship_of_blocks(folder: Path, nowhere: County) -> None:
    table = pd.read_csv(folder / "TAB2010_TAB2020_ST99.txt", sep="|", dtype=str)
    assert list(table.columns[:4]) == ["STATE_2010", "COUNTY_2010", "TRACT_2010", "BLK_2010"]
    assert table["COUNTY_2020"].eq("1").all()  # numbers are stripped of zeros, as in the Bureau's file
    new = "99001" + table["TRACT_2020"].str.zfill(6) + table["BLK_2020"].str.zfill(4)
    assert sorted(new) == list(nowhere.geography.blocks["geoid"])
    old = "99001" + table["TRACT_2010"].str.zfill(6) + table["BLK_2010"].str.zfill(4)
    whole, part = (table[name].astype(float).groupby(old) for name in ("AREALAND_2010", "AREALAND_INT"))
    shares = part.sum() / whole.first()
    assert np.allclose(shares.dropna(), 1.0)
    counts = pd.read_csv(folder / "tabblock2010_99_pophu.csv", dtype={"BLOCKID10": str})
    assert set(counts["BLOCKID10"]) == set(old)
    assert counts["POP10"].sum() == len(nowhere.persons(2014))


def test_grids(folder: Path) -> None:
    for name, code, top in (("tree_canopy", 254, 100), ("impervious", 250, 100), ("land_cover", None, 95)):
        with rasterio.open(folder / f"{name}.tif") as grid:
            assert grid.crs.to_epsg() == 5070 and grid.nodata == 255 and grid.dtypes == ("uint8",)
            assert (grid.transform.a, grid.transform.e) == (30, -30)
            assert grid.transform.c % 30 == 15 and grid.transform.f % 30 == 15
            assert "INVENTED" in grid.tags()["TIFFTAG_IMAGEDESCRIPTION"]
            values = grid.read(1)
        assert (values == 255).any()
        assert code is None or (values == code).sum() == 42
        valid = values[(values != 255) & (values != code)]
        assert valid.max() <= top
        if name == "land_cover":
            assert 11 in valid and set(np.unique(valid)) <= {11, 21, 22, 23, 24, 41, 43, 71}


def test_osm_file(folder: Path, nowhere: County) -> None:
    graph: nx.Graph = nx.Graph()
    parks, kinds = [], []
    for item in osmium.FileProcessor(folder / "nowhere.osm.pbf").with_areas():
        tags = dict(item.tags)
        assert not tags or tags["source"] == "invented"
        if isinstance(item, osmium.osm.Area) and "leisure" in tags:
            parks.append(tags)
        elif isinstance(item, osmium.osm.Way) and "highway" in tags:
            kinds.append(tags["highway"])
            walkable = tags["highway"] not in {"motorway", "construction"} and tags.get("access") != "private"
            if walkable and tags.get("foot") != "no":
                nx.add_path(graph, [node.ref for node in item.nodes])
    assert {"motorway", "primary", "residential", "footway", "path", "steps"} <= set(kinds)
    assert {"Great Meadow", "Twin Park", "Founders' Lawn", "Wall Park"} <= {park.get("name") for park in parks}
    sizes = sorted((len(part) for part in nx.connected_components(graph)), reverse=True)
    assert len(sizes) == 2 and sizes[1] == 9 and sizes[1] < 0.02 * sum(sizes)  # the island
    main = max(nx.connected_components(graph), key=len)
    buses = [stop for stop in transit.stops(nowhere.geography) if stop.mode == "bus"]
    assert all(corner_id(*stop.corner) in main for stop in buses)


def test_feed(folder: Path) -> None:
    with zipfile.ZipFile(folder / "gtfs.zip") as feed:
        assert {info.date_time for info in feed.infolist()} == {(2024, 1, 1, 0, 0, 0)}
        read = {name: pd.read_csv(feed.open(name), dtype=str) for name in feed.namelist()}
    assert read["agency.txt"]["agency_name"].str.contains("invented").all()
    assert set(read["stop_times.txt"]["stop_id"]) <= set(read["stops.txt"]["stop_id"])
    assert set(read["stop_times.txt"]["trip_id"]) == set(read["trips.txt"]["trip_id"])
    assert (read["stop_times.txt"]["departure_time"] > "24:00:00").any()
    assert len(read["frequencies.txt"]) == 2 and len(read["calendar_dates.txt"]) == 2
    assert read["stops.txt"]["parent_station"].notna().sum() == 10


def test_ensure_keeps_what_is_there(folder: Path) -> None:
    root = folder.parents[1]
    assert folder.name == f"{VERSION}-2020"
    before = folder.stat().st_mtime_ns
    assert ensure(2020, root) == folder
    assert folder.stat().st_mtime_ns == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_ensure_when_another_process_is_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(folder: Path, seed: int) -> None:
        (folder / "mine").write_text("late", encoding="utf-8")
        other = tmp_path / "synthetic" / f"{VERSION}-{seed}"
        other.mkdir()
        (other / "theirs").write_text("first", encoding="utf-8")

    monkeypatch.setattr(write_module, "write", slow)
    made = ensure(5, tmp_path)
    assert [path.name for path in made.iterdir()] == ["theirs"]
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_ensure_leaves_nothing_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path, seed: int) -> None:
        (folder / "half").write_text("x", encoding="utf-8")
        raise OSError("disk full")

    monkeypatch.setattr(write_module, "write", broken)
    with pytest.raises(OSError, match="disk full"):
        ensure(5, tmp_path)
    assert list((tmp_path / "synthetic").iterdir()) == []


def test_noise_is_asked_for(tmp_path: Path, nowhere: County) -> None:
    write_module._geometry(tmp_path, nowhere, 3.0)
    blocks = gpd.read_file(tmp_path / "tl_2024_99_tabblock20.zip")
    table = pd.read_csv(tmp_path / "pl94171_p2_blocks.csv")
    assert (blocks["POP20"].to_numpy() == table["P2_001N"].to_numpy()).all()
    assert blocks["POP20"].sum() != len(nowhere.persons())
