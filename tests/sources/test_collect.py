"""Each layer comes from the source that has it, the planner's own file first; what nobody has is absent, with why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.layer import AnyLayer, Layer, Network, Provenance
from justgeo.core.spec import Area, LayerSpec, TableColumn, TableSpec
from justgeo.sources import _readers as readers
from justgeo.sources.collect import Collected, collect, spec_for
from justgeo.sources.files import read_zones
from justgeo.sources.store import Store

DISTRICT = shapely.box(-59.995, 30.002, -59.985, 30.008)
AREA = Area(DISTRICT, None, DISTRICT.buffer(0.1), DISTRICT.buffer(0.05), 1000.0)
TOLD = Provenance("walk", "made for a test", "lines", "2024")


def ask(names: list[str], specs: dict[str, LayerSpec], tables: tuple[TableSpec, ...] = (), **more: Any) -> Collected:
    return collect(names, specs, tables, AREA, **more)


def blocks(folder: Path, east: float = -59.98) -> LayerSpec:
    shapes = [shapely.box(-60, 30, -59.99, 30.01), shapely.box(-59.99, 30, east, 30.01)]
    frame = gpd.GeoDataFrame(
        {"GEOID20": ["990010001001000", "990010001001001"], "POP20": [3, 4]}, geometry=shapes, crs="EPSG:4269"
    )
    frame.to_file(folder / "blocks.gpkg")
    return LayerSpec("blocks", folder / "blocks.gpkg")


def parks(folder: Path, west: float = -60.0) -> LayerSpec:
    frame = gpd.GeoDataFrame({"name": ["Own"]}, geometry=[shapely.box(west, 30, west + 0.01, 30.01)], crs="EPSG:4326")
    frame.to_file(folder / "parks.geojson")
    return LayerSpec("parks", folder / "parks.geojson")


def acs(folder: Path, year: int = 2024, name: str = "acs") -> LayerSpec:
    folder = folder / f"acs{year}"
    folder.mkdir()
    rows = ["GEO_ID|B25003_E001|B25003_M001", "0500000US99001|9|1", "0500000US98001|9|1"]
    (folder / f"acsdt5y{year}-b25003.dat").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return LayerSpec(name, folder, options={"year": year})


@pytest.fixture
def extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[LayerSpec, list[tuple[str, ...]]]:
    """An extract whose reader only notes what it is asked for."""
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(b"an extract")
    calls: list[tuple[str, ...]] = []

    def read(spec: LayerSpec, area: Area, wanted: Any, kept: Path | None) -> dict[str, AnyLayer]:
        calls.append(tuple(wanted))
        empty = gpd.GeoDataFrame({"osm_id": ["1"]}, geometry=[DISTRICT], crs="EPSG:4326")
        return {name: Layer(name, empty, replace(TOLD, layer=name), covers=DISTRICT.buffer(1)) for name in wanted}

    monkeypatch.setattr(readers, "_read_extract", read)
    return LayerSpec("osm", path), calls


def test_what_nobody_declared_is_absent_with_a_plain_reason() -> None:
    found = ask(["walk", "gtfs", "tree_canopy", "blocks", "acs:B25003@2024", "acs:B25003", "table:BEL-02"], {})
    assert found.layers == {}
    assert found.absent == {
        "walk": "no walk network was given",
        "gtfs": "no transit timetable (GTFS) was given",
        "tree_canopy": "no tree canopy raster was given",
        "blocks": "no census blocks were given",
        "acs:B25003@2024": "no ACS tables were given",
        "acs:B25003": "no ACS tables were given",
        "table:BEL-02": "the planner's tables have no such column",
    }


def test_the_planners_own_reason_stands_first() -> None:
    found = ask(["gtfs"], {}, reasons={"gtfs": "no feed may travel with the package"})
    assert found.absent == {"gtfs": "no feed may travel with the package"}


def test_unknown_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'parks'"):
        ask(["park"], {})
    with pytest.raises(ConfigError, match="did you mean 'stops'"):
        ask([], {"stop": LayerSpec("stop", tmp_path)})


def test_one_reading_of_the_extract_gives_all_its_layers(extract: tuple[LayerSpec, list[tuple[str, ...]]]) -> None:
    spec, calls = extract
    told: list[str] = []
    found = ask(["walk", "parks", "stops"], {"osm": spec}, progress=told.append)
    assert calls == [("walk", "parks", "stops")]
    assert told == ["walk", "parks", "stops"]
    assert set(found.layers) == {"walk", "parks", "stops"}
    assert found.chosen["parks"] == "from town.osm.pbf"


def test_the_planners_own_file_takes_precedence(
    tmp_path: Path, extract: tuple[LayerSpec, list[tuple[str, ...]]]
) -> None:
    spec, calls = extract
    found = ask(["parks", "stops"], {"osm": spec, "parks": parks(tmp_path)})
    assert calls == [("stops",)]
    layer = found.layers["parks"]
    assert isinstance(layer, Layer)
    assert layer.data["name"].tolist() == ["Own"]
    assert found.chosen["parks"] == (
        "from your own file parks.geojson, in place of the OpenStreetMap extract town.osm.pbf"
    )


def test_lines_give_the_walk_network_and_the_streets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines.gpkg"
    path.write_bytes(b"lines")
    calls: list[str] = []

    def read(spec: LayerSpec, area: Area, wanted: Any) -> dict[str, AnyLayer]:
        calls.append(spec.path.name)
        ends = np.zeros(1, dtype=np.int64)
        streets = gpd.GeoDataFrame({"osm_id": ["1"]}, geometry=[DISTRICT.boundary], crs="EPSG:4326")
        both: dict[str, AnyLayer] = {
            "walk": Network(np.zeros(2), np.zeros(2), ends, ends + 1, "EPSG:4326", TOLD, DISTRICT),
            "streets": Layer("streets", streets, TOLD),
        }
        return {name: both[name] for name in wanted}

    monkeypatch.setattr(readers, "_read_lines", read)
    specs = {"walk": LayerSpec("walk", path)}
    found = ask(["walk", "streets", "parks"], specs)
    assert calls == ["lines.gpkg"]
    assert set(found.layers) == {"walk", "streets"}
    assert found.absent == {"parks": "no park layer was given"}
    assert spec_for("streets", specs) is specs["walk"]
    assert spec_for("parks", specs) is None


def test_what_was_read_once_comes_from_the_store(
    tmp_path: Path, extract: tuple[LayerSpec, list[tuple[str, ...]]]
) -> None:
    spec, calls = extract
    store = Store(tmp_path / "store")
    first = ask(["parks"], {"osm": spec}, store=store)
    again = ask(["parks", "stops"], {"osm": spec}, store=store)
    assert calls == [("parks",), ("stops",)]
    assert set(again.layers) == {"parks", "stops"}
    assert again.layers["parks"].provenance == first.layers["parks"].provenance
    spec.path.write_bytes(b"another extract")
    ask(["parks"], {"osm": spec}, store=store)
    assert calls[2:] == [("parks",)]
    collect(["parks"], {"osm": spec}, (), replace(AREA, halo_m=5.0), store=store)
    assert calls[3:] == [("parks",)]


def test_what_does_not_cover_the_district_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(["parks"], {"parks": parks(tmp_path, west=-70.0)})
    assert found.absent == {"parks": "parks.geojson does not reach the district"}

    def read(spec: LayerSpec, area: Area) -> AnyLayer:
        raise CoverageError("The raster does not touch the district.", remedy="take another")

    monkeypatch.setattr(readers, "_read_raster", read)
    (tmp_path / "canopy.tif").write_bytes(b"")
    found = ask(["tree_canopy"], {"tree_canopy": LayerSpec("tree_canopy", tmp_path / "canopy.tif")})
    assert found.absent == {"tree_canopy": "The raster does not touch the district."}


def test_a_declared_layer_that_is_missing_or_damaged_is_an_error(tmp_path: Path) -> None:
    for name in ("walk", "gtfs", "tree_canopy", "parks", "osm", "blocks", "acs"):
        options = {"year": 2024} if name == "acs" else {}
        asked = {"osm": "walk", "acs": "acs:B25003@2024"}.get(name, name)
        with pytest.raises(LayerError, match="there is no file"):
            ask([asked], {name: LayerSpec(name, tmp_path / "gone.gpkg", options)})
    (tmp_path / "broken.gpkg").write_bytes(b"broken")
    with pytest.raises(LayerError, match="cannot be read"):
        ask(["parks"], {"parks": LayerSpec("parks", tmp_path / "broken.gpkg")})


def test_census_geography_has_to_cover_the_district(tmp_path: Path) -> None:
    whole = ask(["blocks"], {"blocks": blocks(tmp_path)}).layers["blocks"]
    assert not any("leaves out" in note for note in whole.provenance.notes)
    sliver = ask(["blocks"], {"blocks": blocks(tmp_path, east=-59.9852)}).layers["blocks"]
    assert any("leaves out 2.00% of the district" in note for note in sliver.provenance.notes)
    with pytest.raises(CoverageError, match=r"covers 80\.0% of the district"):
        ask(["blocks"], {"blocks": blocks(tmp_path, east=-59.987)})


def test_geography_that_was_read_before_is_checked_and_not_read_again(tmp_path: Path) -> None:
    spec = blocks(tmp_path, east=-59.987)
    before = read_zones(spec)
    spec.path.unlink()
    with pytest.raises(CoverageError):
        ask([], {"blocks": spec}, units={"blocks": before})


def test_acs_tables_by_vintage(tmp_path: Path) -> None:
    specs = {"acs": acs(tmp_path), "acs_t0": acs(tmp_path, 2014, "acs_t0")}
    names = ["acs:B25003@2024", "acs:B25003@2014", "acs:B25063@2024", "acs:B25003@2019"]
    found = ask(names, specs)
    assert set(found.layers) == {"acs:B25003@2024", "acs:B25003@2014"}
    assert found.absent == {
        "acs:B25063@2024": "table B25063 is not among the files of ACS 2024",
        "acs:B25003@2019": "no ACS tables of 2019 were given",
    }
    earlier = found.layers["acs:B25003@2014"]
    assert isinstance(earlier, Layer)
    assert earlier.geography_vintage == 2010
    assert len(earlier.data) == 2
    assert spec_for("acs:B25003@2014", specs) is specs["acs_t0"]


def test_a_nations_table_is_read_for_the_states_at_hand(tmp_path: Path) -> None:
    found = ask(["acs:B25003@2024", "blocks"], {"acs": acs(tmp_path), "blocks": blocks(tmp_path)})
    layer = found.layers["acs:B25003@2024"]
    assert isinstance(layer, Layer)
    assert layer.data["geoid"].tolist() == ["99001"]


def test_the_year_of_acs_tables_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no year"):
        ask(["acs:B25003@2024"], {"acs": LayerSpec("acs", tmp_path)})
    spec = acs(tmp_path)
    with pytest.raises(ConfigError, match="declared twice"):
        ask(["acs:B25003@2024"], {"acs": spec, "acs_t0": replace(spec, name="acs_t0")})
    assert set(ask(["acs:B25003@2024"], {"acs@2024": replace(spec, options={})}).layers) == {"acs:B25003@2024"}


def test_the_planners_tables_are_all_read(tmp_path: Path) -> None:
    pd.DataFrame({"GEOID": ["99001000100"], "n": [5], "m": [2]}).to_csv(tmp_path / "t.csv", index=False)
    pd.DataFrame({"GEOID": ["990010001001"], "n": [3], "m": [2]}).to_csv(tmp_path / "g.csv", index=False)
    column = TableColumn("DEM-04", "n", "m", "count")
    tract = TableSpec(LayerSpec("own", tmp_path / "t.csv"), "GEOID", "tract", 2010, (column,))
    group = TableSpec(LayerSpec("own", tmp_path / "g.csv"), "GEOID", "block group", 2010, (column,))
    found = ask(["table:DEM-04"], {}, (tract, group))
    layer = found.layers["table:DEM-04"]
    assert isinstance(layer, Layer)
    assert layer.data["level"].tolist() == ["tract", "block group"]
    assert layer.provenance.dataset == "t.csv; g.csv"
    assert found.chosen["table:DEM-04"] == "from t.csv and from g.csv"
    with pytest.raises(ConfigError, match="another kind or census vintage"):
        ask([], {}, (tract, replace(group, geography_vintage=2020)))


def test_a_record_that_no_reader_takes_is_an_absence_and_a_file_of_ones_own_is_an_error(tmp_path: Path) -> None:
    feed = tmp_path / "records" / "feed.zip"
    feed.parent.mkdir()
    feed.write_bytes(b"PK nothing of the kind")
    own = LayerSpec("gtfs", feed)
    with pytest.raises(LayerError):
        ask(["gtfs"], {"gtfs": own})
    found = ask(["gtfs"], {"gtfs": replace(own, fetched=True)})
    assert found.layers == {} and set(found.refused) == {"gtfs"}
    assert found.absent["gtfs"].startswith("what was fetched cannot be used: ")
    assert str(tmp_path) not in found.absent["gtfs"]  # the reason stands on a page


def test_a_survey_table_that_is_damaged_as_it_was_fetched_costs_itself_alone(tmp_path: Path) -> None:
    files = {}
    for table, cell in (("B25003", "9"), ("B25070", "(b)")):
        path = tmp_path / f"acs5-2024-{table}.csv"
        path.write_text(f"GEO_ID,{table}_001E,{table}_001M\n0500000US99001,{cell},1\n", encoding="utf-8")
        files[table] = {"path": str(path), "retrieved": "2026-11-24"}
    told = LayerSpec("acs", tmp_path, options={"year": 2024, "files": files}, fetched=True)
    found = ask(["acs:B25003@2024", "acs:B25070@2024"], {"acs": told})
    assert set(found.layers) == {"acs:B25003@2024"} and "cannot be used" in found.absent["acs:B25070@2024"]
    with pytest.raises(LayerError):
        ask(["acs:B25070@2024"], {"acs": replace(told, fetched=False)})


def crosswalk(folder: Path, **options: Any) -> LayerSpec:
    """A block relationship of two blocks, and their counts of 2010 beside it."""
    columns = ["STATE", "COUNTY", "TRACT", "BLK", "BLKSF", "AREALAND", "AREAWATER", "BLOCK_PART_FLAG"]
    head = [*(f"{c}_2010" for c in columns[:-1]), "BLOCK_PART_FLAG_O", *(f"{c}_2020" for c in columns[:-1])]
    head += ["BLOCK_PART_FLAG_R", "AREALAND_INT", "AREAWATER_INT"]
    block = "99|1|100|{}||10|0|"
    rows = [f"{block.format(b)}|{block.format(b)}|10|0" for b in (1000, 1001)]
    (folder / "walk.txt").write_text("\n".join(["|".join(head), *rows]) + "\n", encoding="utf-8")
    counts = ["BLOCKID10,POP10,HOUSING10", "990010001001000,5,2", "990010001001001,7,3"]
    (folder / "counts.csv").write_text("\n".join(counts) + "\n", encoding="utf-8")
    return LayerSpec("crosswalk_99", folder / "walk.txt", options=options)


def test_a_crosswalk_is_read_with_the_counts_beside_it(tmp_path: Path) -> None:
    for told in ("counts.csv", str(tmp_path / "counts.csv")):
        spec = crosswalk(tmp_path, counts=told)
        found = ask(["crosswalk_99"], {"crosswalk_99": spec}).layers["crosswalk_99"]
        assert isinstance(found, Layer) and found.data["hu10"].tolist() == [2, 3]
    with pytest.raises(ConfigError, match="counts of 2010 are declared as None"):
        ask(["crosswalk_99"], {"crosswalk_99": crosswalk(tmp_path)})
    assert ask(["crosswalk_51"], {}).absent["crosswalk_51"] == "no layer crosswalk_51 was given"


def test_a_recorded_crosswalk_is_known_by_its_counts_too(tmp_path: Path) -> None:
    spec = crosswalk(tmp_path, counts="counts.csv")
    before = readers.digest(spec)
    (tmp_path / "counts.csv").write_text("BLOCKID10,POP10,HOUSING10\n990010001001000,5,9\n", encoding="utf-8")
    assert readers.digest(spec) != before
