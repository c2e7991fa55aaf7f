"""Tables as a row of the catalogue or a planner declares them: identifiers, cells, classes, ground; and refusals."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from justgeo.core.errors import ConfigError, CoverageError, CrsError, LayerError
from justgeo.core.layer import Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.report import several, speech
from justgeo.sources.collect import DATA, collect
from justgeo.sources.datasets import read_dataset

DISTRICT = shapely.box(0.0, 40.0, 0.1, 40.1)
AREA = Area(DISTRICT, None, shapely.box(-0.2, 39.9, 0.3, 40.3), DISTRICT.buffer(0.02), 1500.0)
TRACTS = {"geography": "tract", "geography_vintage": 2020, "geoid": "GEOID"}
POLYGONS = {"form": "geojson", "geography": "polygon"}


def spec(path: Path, **options: Any) -> LayerSpec:
    return LayerSpec("data:mine", path, options, vintage="2024")


def table(tmp_path: Path, text: str | bytes, name: str = "table.csv", **options: Any) -> Layer:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_dataset(spec(path, **{"columns": {"a": "A"}, **TRACTS, **options}), AREA)


def drawn(tmp_path: Path, features: list[tuple[Any, dict[str, Any]]], **options: Any) -> Layer:
    rows = [
        {"type": "Feature", "properties": told, "geometry": None if shape is None else shapely.geometry.mapping(shape)}
        for shape, told in features
    ]
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    return read_dataset(spec(path, **{**POLYGONS, **options}), AREA)


# Identifiers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["01001020100", "1001020100", "1400000US01001020100", "14000US01001020100", "1001020100.0", " 1001020100 "],
)
def test_an_identifier_however_it_was_written(written: str, tmp_path: Path) -> None:
    found = table(tmp_path, f"GEOID,A\n{written},5\n")
    assert found.data["geoid"].tolist() == ["01001020100"]


def test_rows_of_other_counties_need_not_be_in_order(tmp_path: Path) -> None:
    text = "GEOID,A\n51003010100,1\n1001020100,not a number\nnonsense,x\n51003010100,2\n"
    with pytest.raises(LayerError, match="1 identifiers come more than once: 51003010100"):
        table(tmp_path, text, prefix=["51003"])
    found = table(tmp_path, text.replace("51003010100,2", "51003010200,2"), prefix=["51003"])
    assert found.data["a"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("510030101001", "is a block group"),
        ("99003010100x", "not those of a tract"),
        ("03001010100", "no state"),
    ],
)
def test_identifiers_of_something_else_are_refused(cell: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=says):
        table(tmp_path, f"GEOID,A\n{cell},5\n")


def test_widths_have_to_make_the_geography(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"widths of 5 digits in all make no tract \(11 digits\)"):
        table(tmp_path, "S,C,A\n51,3,1\n", geoid=["S", "C"], widths=[2, 3])
    with pytest.raises(ConfigError, match="put together from 2 columns, but 1 widths"):
        table(tmp_path, "S,C,A\n51,3,1\n", geoid=["S", "C"])


# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["table.csv.gz", "table.csv", "table.zip", "10775972"])
def test_what_is_packed_is_known_by_its_bytes(name: str, tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfGEOID,A\r\n51003010100,x\r\n"  # with a byte order mark, as spreadsheets write it
    if name.endswith(".gz"):
        content = gzip.compress(text)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / "made", "w") as archive:
            archive.writestr("__MACOSX/._Table.csv", b"\x00\x05")
            archive.writestr("folder/TABLE.csv", text)
        content = (tmp_path / "made").read_bytes()
    else:
        content = text
    assert table(tmp_path, content, name).data["a"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("GEOID,A,B\n51003010100,1,2\n51003010200,1\n", "a line has 2 cells where the header has 3"),
        ("GEOID,A,B\n51003010100,1,2,3\n", "a line has 4 cells where the header has 3"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        (b"GEOID,A\n51003010100,Do\xf1a\n", "cannot be read"),
        ('GEOID,A\n"51003010100,1\n', "cells where the header has 2"),
    ],
)
def test_a_damaged_text_is_refused_and_no_row_is_half_read(text: str | bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=says):
        table(tmp_path, text)


def test_lines_that_are_not_utf8_are_read_as_declared(tmp_path: Path) -> None:
    text = "GEOID,A\n51003010100,Peñasco\n".encode() + "51003010200,Doña\n".encode("latin-1")
    found = table(tmp_path, text, encoding="latin-1")
    assert found.data["a"].tolist() == ["Peñasco", "Doña"]


def test_quoted_cells_and_other_delimiters(tmp_path: Path) -> None:
    found = table(tmp_path, 'GEOID|A\n51003010100|"a|b"\n', delimiter="|")
    assert found.data["a"].tolist() == ["a|b"]
    with pytest.raises(ConfigError, match="';;' is no delimiter"):
        table(tmp_path, "GEOID|A\n", delimiter=";;")


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column 'A_total'") as told:
        table(tmp_path, "GEOID,A_totals\n51003010100,1\n", columns={"a": "A_total"})
    assert "did you mean 'A_totals'" in told.value.remedy


def test_several_files_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "second.csv").write_text("GEOID,A\n54039000100,2\n")
    found = table(tmp_path, "GEOID,A\n51003010100,1\n", parts=["second.csv"])
    alone = table(tmp_path, "GEOID,A\n51003010100,1\n")
    assert found.data["geoid"].tolist() == ["51003010100", "54039000100"]
    assert found.provenance.sha256 != alone.provenance.sha256


# Cells --------------------------------------------------------------------------------------------


def test_each_kind_of_cell_and_why_there_is_none(tmp_path: Path) -> None:
    columns = {
        "people": {"column": "P", "kind": "count", "margin": "PM", "unit": "persons"},
        "share": {"column": "S", "kind": "share"},
        "flag": {"column": "F", "kind": "flag"},
        "name": {"column": "N", "kind": "text"},
    }
    text = (
        "GEOID,P,PM,S,F,N\n"
        '51003010100,"1,025",40,0.5,Yes,Elm\n'
        "51003010200,-999,-999,-999.0,False,NA\n"
        "51003010300,0,N,1,,\n"
    )
    missing = {"-999": "withheld", "N": "no sample", "": "left empty"}
    found = table(tmp_path, text, columns=columns, missing=missing)
    data = found.data.set_index("geoid")
    assert data.loc["51003010100"].tolist() == [1025.0, 40.0, 0.5, 1.0, "Elm"]
    assert data["flag"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(data.loc["51003010200", ["people", "people_moe", "share"]].astype(float)).all()
    assert data["name"].isna().tolist() == [False, True, True]
    assert data.loc["51003010300", "people"] == 0.0 and np.isnan(data.loc["51003010300", "people_moe"])
    reasons = found.data.attrs["reasons"]
    assert reasons["51003010200", "people_moe"] == "withheld" and reasons["51003010200", "share"] == "withheld"
    assert reasons["51003010300", "people_moe"] == "no sample" and reasons["51003010300", "flag"] == "left empty"
    assert ("51003010300", "people") not in reasons and ("51003010100", "people") not in reasons
    assert found.data.attrs["kinds"] == {
        "people": "count",
        "people_moe": "count",
        "share": "share",
        "flag": "flag",
        "name": "text",
    }
    assert found.data.attrs["units"] == {"people": "persons", "people_moe": "persons"}


@pytest.mark.parametrize(
    ("kind", "cell", "says"),
    [
        ("count", "-1", "is a count, but 1 of 1 cells are none, for example -1"),
        ("count", "many", "'many' where a number is due"),
        ("share", "50", "is a share"),
        ("percent", "-999", "is a percent"),
        ("percent", "100.5", "is a percent"),
        ("flag", "perhaps", "neither yes nor no"),
    ],
)
def test_a_cell_that_cannot_be_what_it_is_said_to_be_is_refused(
    kind: str, cell: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(LayerError, match=says):
        table(tmp_path, f"GEOID,A\n51003010100,{cell}\n", columns={"a": {"column": "A", "kind": kind}})


def test_a_negative_margin_is_a_code_that_nobody_declared(tmp_path: Path) -> None:
    columns = {"a": {"column": "A", "kind": "index", "margin": "M"}}
    with pytest.raises(LayerError, match="a_moe is a margin, but 1 of 1"):
        table(tmp_path, "GEOID,A,M\n51003010100,-5,-222222222\n", columns=columns)
    assert table(tmp_path, "GEOID,A,M\n51003010100,-5,2\n", columns=columns).data["a"].tolist() == [-5.0]


def test_rows_are_picked_by_their_cells(tmp_path: Path) -> None:
    text = "GEOID,A,Y\n51003010100,1,2023\n51003010100,2,2024\n"
    assert table(tmp_path, text, rows={"Y": 2024}).data["a"].tolist() == ["2"]
    with pytest.raises(LayerError, match="no row has Y = 2025"):
        table(tmp_path, text, rows={"Y": [2025]})


def test_the_newest_year_is_a_countys_not_a_tracts(tmp_path: Path) -> None:
    text = "GEOID,A,Y\n51003010100,1,2015\n51003010200,2,2016\n51540000201,3,2014\n"
    found = table(tmp_path, text, latest="Y")
    assert found.data[["geoid", "a", "Y"]].to_numpy().tolist() == [
        ["51003010200", "2", 2016.0],
        ["51540000201", "3", 2014.0],
    ]


def test_a_sentinel_in_place_of_a_year_is_refused(tmp_path: Path) -> None:
    """It would pass for the oldest year of all."""
    with pytest.raises(LayerError, match="a row has -666666666 in column 'Y', which is no period"):
        table(tmp_path, "GEOID,A,Y\n51003010100,1,2015\n51003010200,2,-666666666\n", latest="Y")


def test_every_year_is_kept_beside_the_newest(tmp_path: Path) -> None:
    text = "GEOID,A,Y\n51003010100,1,2015\n51003010200,2,2016\n51003010100,,2016\n"
    found = table(tmp_path, text, latest="Y", columns={"a": {"column": "A"}})
    times = found.data.attrs["times"]
    assert list(zip(times["geoid"], times["Y"], strict=True)) == [
        ("51003010100", 2015.0),
        ("51003010200", 2016.0),
        ("51003010100", 2016.0),
    ]
    assert times["a"][:2] == [1.0, 2.0] and np.isnan(times["a"][2])
    with pytest.raises(LayerError, match="1 rows come more than once, for example 51003010100 of 2015"):
        table(tmp_path, text + "51003010100,9,2015\n", latest="Y", columns={"a": {"column": "A"}})


def test_a_json_of_rows_leaves_out_what_is_empty_in_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "page-001.json"
    path.write_text('[{"GEOID": "51003010100"}]')
    found = read_dataset(spec(path, form="rows", columns={"a": {"column": "A"}}, **TRACTS))
    assert np.isnan(found.data["a"].iloc[0])
    path.write_text('{"rows": []}')
    with pytest.raises(LayerError, match="not what was expected"):
        read_dataset(spec(path, form="attributes", columns={"a": "A"}, **TRACTS))


# Declarations -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says", "remedy"),
    [
        ({"geografy": "tract"}, "unknown key 'geografy'", "did you mean 'geography'"),
        ({"reading": {"geo": "tract"}}, "unknown key 'geo'", ""),
        ({"geography": "county subdivision"}, "geography = 'county subdivision'", ""),
        ({"geography_vintage": 2000}, "geography_vintage = 2000 cannot be that of a tract", "2010 or 2020"),
        ({"geography_vintage": 0}, "geography_vintage = 0", ""),
        ({"columns": {"a": {"column": "A", "kind": "number"}}}, "kind = 'number'", "use one of"),
        ({"columns": {"a": {"kind": "count"}}}, "names no column", ""),
        ({"columns": {"a": {"column": "A", "margn": "M"}}}, "unknown key 'margn'", "did you mean 'margin'"),
        ({"geoid": ()}, "which column identifies the areas", "GEOID"),
        ({"classes": {"c": {"rules": []}}}, "has no rules", ""),
        ({"classes": {"c": {"rules": [{"class": "x"}], "unknown": ["y"]}}}, "unknown = 'y'", ""),
        ({"counted": {"c": {"key": "K"}}}, "counted.c has no member", ""),
        ({"long": {"key": "K"}}, "long has no value", ""),
        ({"form": "xlsx"}, "form = 'xlsx'", ""),
        ({"geography": "polygon", "geography_vintage": 0}, "a csv holds no polygons", ""),
        ({"geography": "point", "geography_vintage": 0}, "needs lon and lat", ""),
        ({"covers": "known"}, "needs classes that are unknown", ""),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_declaration_that_is_not_understood_is_refused(
    options: dict[str, Any], says: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as told:
        table(tmp_path, "GEOID,A\n51003010100,1\n", **options)
    assert says in told.value.message and remedy in told.value.remedy


def test_the_planners_words_go_before_the_catalogues(tmp_path: Path) -> None:
    row = {**TRACTS, "columns": {"a": {"column": "A", "kind": "percent", "unit": "percent"}, "b": {"column": "B"}}}
    path = tmp_path / "mine.csv"
    path.write_text("FIPS,PCT,B\n51003010100,12.5,7\n")
    found = read_dataset(spec(path, reading=row, geoid="FIPS", columns={"a": "PCT"}))
    assert found.data.to_numpy().tolist() == [["51003010100", 12.5, 7.0]]
    assert found.data.attrs["kinds"]["a"] == "percent" and found.data.attrs["units"]["a"] == "percent"


# Ground -------------------------------------------------------------------------------------------


INSIDE, BESIDE, FAR = shapely.box(0, 40, 0.05, 40.05), shapely.box(0.2, 40.2, 0.25, 40.25), shapely.box(9, 9, 10, 10)
GRADES = {
    "classes": {
        "grade": {
            "rules": [{"class": "A", "where": {"g": "A"}}, {"class": "unclear", "where": {"g": ["?", ""]}}],
            "outside": "not surveyed",
            "unknown": ["unclear"],
        }
    }
}


def test_polygons_of_the_window_and_the_ground_they_speak_of(tmp_path: Path) -> None:
    shapes = [(INSIDE, {"g": "A "}), (BESIDE, {"g": None}), (FAR, {"g": "unheard of"}), (None, {"g": "A"})]
    found = drawn(tmp_path, shapes, covers="known", **GRADES)
    assert found.data["grade"].tolist() == ["A", "unclear"]
    assert found.covers is not None and found.covers.equals(INSIDE)
    assert drawn(tmp_path, shapes, covers="features", **GRADES).covers.equals(INSIDE.union(BESIDE))  # type: ignore[union-attr]
    assert drawn(tmp_path, shapes, covers="nothing", **GRADES).covers is None
    window = drawn(tmp_path, shapes, covers="window", box=[0.0, 40.0, 0.1, 41.0], **GRADES).covers
    assert window is not None and window.equals(shapely.box(0.0, 40.0, 0.1, 40.3))  # what was asked, in the window


def test_no_feature_in_the_district_is_no_answer_where_features_are_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(CoverageError, match=r"no ground in the district \(grade: not surveyed\)"):
        drawn(tmp_path, [(BESIDE, {"g": "A"})], covers="features", **GRADES)


def test_an_invalid_polygon_is_mended_and_a_line_is_refused(tmp_path: Path) -> None:
    bow = shapely.Polygon([(0, 40), (0.1, 40.1), (0.1, 40), (0, 40.1)])
    found = drawn(tmp_path, [(bow, {"g": "A"})], **GRADES)
    assert found.features.geometry.is_valid.all()
    assert any("invalid geometry was mended" in note for note in found.provenance.notes)
    with pytest.raises(LayerError, match="is a LineString"):
        drawn(tmp_path, [(shapely.LineString([(0, 40), (0.1, 40.1)]), {"g": "A"})], **GRADES)


def test_a_planners_map_in_any_format_and_system(tmp_path: Path) -> None:
    path = tmp_path / "zoning.gpkg"
    frame = gpd.GeoDataFrame({"ZONE": ["R-1"]}, geometry=[INSIDE], crs=4326)
    frame.to_crs(3857).to_file(path)
    options = {"form": "vector", "geography": "polygon", "covers": "features", "columns": {"zone": "ZONE"}}
    found = read_dataset(spec(path, **options), AREA)
    assert found.data["zone"].tolist() == ["R-1"] and found.features.crs.to_epsg() == 4326
    assert found.covers is not None and found.covers.symmetric_difference(INSIDE).area < 1e-9


def test_coordinates_that_are_no_degrees_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="in degrees"):
        drawn(tmp_path, [(shapely.box(5000, 40, 6000, 41), {"g": "A"})], **GRADES)


def test_points_without_a_place_are_told(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("X,Y,N\n0.05,40.05,1\n,,2\n777.7777,77.7777,3\n9,9,4\n")
    options = {"geography": "point", "lon": "X", "lat": "Y", "nowhere": ["777.7777", "77.7777"], "covers": "window"}
    found = read_dataset(spec(path, columns={"n": {"column": "N"}}, **options), AREA)
    assert found.data["n"].tolist() == [1.0]
    assert any("2 rows have no known place" in note for note in found.provenance.notes)


COUNTED = {"geography": "point", "lon": "X", "lat": "Y", "covers": "window", "place": ["S", "C"], "prefix": ["99001"]}


def crashes(tmp_path: Path, near: int, far: int) -> Layer:
    """Points of a county, of which some lie 20 degrees off; those of another county lie there rightly."""
    rows = ["0.05,40.05,99,1,1"] * near + ["20.05,40.05,99,1,2"] * far + ["20.05,40.05,98,1,3"] * 9
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["X,Y,S,C,N", *rows]))
    return read_dataset(spec(path, columns={"n": {"column": "N"}}, **COUNTED), AREA)


@pytest.mark.parametrize(("near", "far"), [(1, 1), (1, 2), (3, 3), (90, 11)])
def test_single_points_that_lie_far_off_are_left_out_and_told(tmp_path: Path, near: int, far: int) -> None:
    found = crashes(tmp_path, near, far)
    assert found.data["n"].tolist() == [1.0] * near
    told = f"{far} of {near + far} rows of the counties asked for lie far away, and are left out."
    assert told in found.provenance.notes
    with speech.language("es"):
        assert "muy lejos" in several.translated(told)[0]


@pytest.mark.parametrize(("near", "far"), [(0, 1), (0, 2), (2, 3), (3, 4)])
def test_points_of_which_most_lie_far_off_are_refused(tmp_path: Path, near: int, far: int) -> None:
    with pytest.raises(LayerError, match=f"{far} of {near + far} rows .* far away, .* longitude 20.0500"):
        crashes(tmp_path, near, far)


def test_points_in_their_place_have_no_such_note(tmp_path: Path) -> None:
    assert not any("far away" in note for note in crashes(tmp_path, 5, 0).provenance.notes)


# A run --------------------------------------------------------------------------------------------


def test_a_table_is_collected_by_its_name_and_never_from_a_store(tmp_path: Path) -> None:
    from justgeo.sources.store import Store

    path = tmp_path / "table.csv"
    path.write_text("GEOID,A\n51003010100,1\n")
    name = f"{DATA}mine"
    specs = {name: spec(path, columns={"a": {"column": "A"}}, **TRACTS)}
    store = Store(tmp_path / "store")
    first = collect([name], specs, [], AREA, store=store)
    assert first.chosen[name] == "from table.csv"
    layer = first.layers[name]
    assert isinstance(layer, Layer) and layer.data.attrs["kinds"] == {"a": "count"}
    assert not store.root.exists()
    absent = collect([f"{DATA}other"], specs, [], AREA)
    assert f"{DATA}other" in absent.absent


def test_what_is_not_known_of_the_district_is_absent_in_a_run(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    feature = {"type": "Feature", "properties": {"g": "A"}, "geometry": shapely.geometry.mapping(BESIDE)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    specs = {f"{DATA}mine": spec(path, covers="features", **POLYGONS, **GRADES)}
    found = collect([f"{DATA}mine"], specs, [], AREA)
    assert found.layers == {} and "not surveyed" in found.absent[f"{DATA}mine"]
