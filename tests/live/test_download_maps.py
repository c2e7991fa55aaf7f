"""Downloaded points and maps from a server to a layer: crashes, grades, tribal lands, a city's own zoning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.datasets import read_dataset
from justgeo.sources.live import downloads
from justgeo.sources.live.records import Records
from tests.live import shelf
from tests.live.shelf import AREA, COUNTIES, DISTRICT, GRADED, REDLINING, Shelf, layer, row
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


@pytest.fixture
def files() -> Iterator[Shelf]:
    tree = FileTree({})
    with Loopback(tree.handle) as server:
        yield Shelf(server, tree)


CRASHES = [
    {"STATE": 51, "ST_CASE": 1, "COUNTY": 540, "YEAR": 2023, "LATITUDE": 38.03, "LONGITUD": -78.48, "FATALS": 2},
    {"STATE": 51, "ST_CASE": 2, "COUNTY": 3, "YEAR": 2023, "LATITUDE": 38.1, "LONGITUD": -78.5, "FATALS": 1},
    {
        "STATE": 51,
        "ST_CASE": 3,
        "COUNTY": 3,
        "YEAR": 2023,
        "LATITUDE": "99.99990000",
        "LONGITUD": "999.99990000",
        "FATALS": 1,
    },
    {"STATE": 48, "ST_CASE": 4, "COUNTY": 3, "YEAR": 2023, "LATITUDE": "77.7777", "LONGITUD": "777.7777", "FATALS": 1},
    {"STATE": 48, "ST_CASE": 5, "COUNTY": 3, "YEAR": 2023, "LATITUDE": 31.0, "LONGITUD": -97.0, "FATALS": 3},
]
PERSONS = [
    {"ST_CASE": 1, "PER_TYP": 5, "INJ_SEV": 4},
    {"ST_CASE": 1, "PER_TYP": 1, "INJ_SEV": 4},
    {"ST_CASE": 1, "PER_TYP": 5, "INJ_SEV": 2},
    {"ST_CASE": 2, "PER_TYP": 6, "INJ_SEV": 4},
    *({"ST_CASE": case, "PER_TYP": 1, "INJ_SEV": 4} for case in (3, 4, 5)),
]


def test_deaths_in_traffic_as_points_with_those_on_foot_and_by_bicycle(files: Shelf, records: Records) -> None:
    names = {year: f"/nhtsa/downloads/FARS/{year}/National/FARS{year}NationalCSV.zip" for year in (2022, 2023)}
    older = [{**CRASHES[1], "YEAR": 2022, "FATALS": 4}]
    files.put(
        {
            names[2023]: shelf.fars(CRASHES, PERSONS, "FARS2023NationalCSV/"),
            names[2022]: shelf.fars(older, [{"ST_CASE": 2, "PER_TYP": 7, "INJ_SEV": 4}]),  # same number, another year
        }
    )
    found = layer(row("fars", files.url, years=[2022, 2023]), records)
    crashes = found.features.sort_values(["year", "case"])
    assert crashes["case"].tolist() == ["2", "1", "2"]
    assert crashes["deaths"].tolist() == [4, 2, 1]
    assert crashes["pedestrian_deaths"].tolist() == [0, 1, 0]
    assert crashes["cyclist_deaths"].tolist() == [1, 0, 1]
    assert crashes.crs.to_epsg() == 4326 and set(crashes.geom_type) == {"Point"}
    assert found.covers is not None and found.covers.equals(AREA.window)  # no crash there means none
    assert any("1 rows of the counties asked for have no known place" in note for note in found.provenance.notes)
    assert found.data.attrs["unplaced"] == 1


def test_a_person_table_that_is_cut_off_is_not_counted(files: Shelf, records: Records) -> None:
    path = "/nhtsa/downloads/FARS/2023/National/FARS2023NationalCSV.zip"
    files.put({path: shelf.fars(CRASHES, PERSONS[:4])})
    with pytest.raises(LayerError, match="has no row for 3 of 5 rows"):
        layer(row("fars", files.url, years=[2023]), records)


def test_grades_cover_surveyed_ground_alone(files: Shelf, records: Records) -> None:
    files.put({REDLINING: shelf.geojson(GRADED)})
    found = layer(row("redlining", files.url), records)
    assert found.data["grade"].tolist() == ["D", "A", "not graded"]
    assert found.data.attrs["outside"] == {"grade": "not surveyed"}
    assert found.covers is not None
    assert found.covers.equals(
        shapely.box(-78.50, 38.02, -78.47, 38.03)
    )  # less than the district, more than the grades
    assert not found.covers.covers(AREA.district)
    assert any('not "not redlined"' in note for note in found.provenance.notes)
    assert any("1 rows have no known place" in note for note in found.provenance.notes)


def test_a_district_that_was_not_surveyed_is_absent_with_that_reason(files: Shelf, records: Records) -> None:
    files.put({REDLINING: shelf.geojson(GRADED)})
    elsewhere = Area(shapely.box(-80, 37, -79.9, 37.1), None, shapely.box(-80.1, 36.9, -79.8, 37.2), DISTRICT, 100.0)
    with pytest.raises(CoverageError, match="grade: not surveyed"):
        layer(row("redlining", files.url), records, area=elsewhere)


def test_tribal_lands_in_the_window_and_none_is_none(files: Shelf, records: Records) -> None:
    files.put({"/geo/tiger/TIGER2024/AIANNH/tl_2024_us_aiannh.zip": shelf.tribal_lands()})
    service = row("tribal_lands", files.url)
    found = layer(service, records)
    assert found.data["name"].tolist() == ["Monacan Indian Nation"]
    assert found.covers is not None and found.covers.equals(AREA.window)
    elsewhere = Area(shapely.box(-90, 41, -89.9, 41.1), None, shapely.box(-90, 41, -89.9, 41.1), DISTRICT, 100.0)
    empty = layer(service, records, area=elsewhere)
    assert len(empty.data) == 0 and list(empty.data.columns) == ["name", "class", "geometry"]


def test_zoning_is_the_citys_own(tmp_path: Path) -> None:
    service = catalogue.datasets()["zoning"]
    with pytest.raises(ConfigError, match="cannot be fetched: each city draws its own") as told:
        downloads.dataset_asks({"zoning": service}, COUNTIES, AREA)
    assert "[layers.zoning] with path" in told.value.remedy and "classes = {" in told.value.remedy
    path = tmp_path / "zoning.geojson"
    path.write_bytes(shelf.geojson([(DISTRICT, {"ZONING": "R-1", "SHAPE_LEN": 3})]))
    mine = LayerSpec("data:zoning", path, {"columns": {"zone": "ZONING"}}, licence="city", vintage="2025")
    found = read_dataset(downloads.own_file(mine, service, COUNTIES), AREA)
    assert found.data["zone"].tolist() == ["R-1"]
    assert found.covers is not None and found.covers.equals(DISTRICT)
    assert (found.provenance.licence, found.provenance.vintage) == ("city", "2025")
