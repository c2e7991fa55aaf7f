"""What fuzzing found, one case each, so that a mend is seen to hold by itself."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import jsonschema
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

import justgeo
from justgeo import config
from justgeo.catalogue import read as catalogue
from justgeo.core import district as districts
from justgeo.core import json_text
from justgeo.core.errors import (
    BoundaryError,
    CatalogueError,
    ConfigError,
    JustgeoError,
    LayerError,
    OutputError,
    SourceError,
)  # fmt: skip
from justgeo.core.spec import LayerSpec
from justgeo.core.toml import parsed
from justgeo.report import form, results
from justgeo.sources import _overpass, corrections
from justgeo.sources._frames import numbers
from justgeo.sources._geo import to_wgs84, with_heights
from justgeo.sources._options import check_kinds
from justgeo.sources._vector import open_vector
from justgeo.sources.datasets import read_dataset
from justgeo.sources.files import read_boundary, read_zones
from justgeo.sources.live import tiger_checks
from justgeo.sources.live.record_form import Question, Told, head
from justgeo.sources.live.record_form import parsed as record
from tests.fuzz.boundaries import RIGHT
from tests.fuzz.outputs import content


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = " + "[" * 5_000, "TOML"),
        ("a = " + "[" * 200 + "]" * 200, "nested more than"),
        ("a = " + "9" * 5_000, "TOML"),
        ("a = 0x" + "f" * 5_000, "counts nothing"),
        ("a = [1.0, nan]", "holds nan"),
        ("a = {b = -inf}", "holds -inf"),
    ],
)
def test_toml_that_its_own_reader_falls_over(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parsed(text, "district.toml")


def test_a_district_file_of_megabytes_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "district.toml").write_bytes(b"#" * (config.MOST_BYTES + 1))
    with pytest.raises(ConfigError, match="at most 4,000,000"):
        config.read(tmp_path)


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LAUGHS, "unfold"),
        ("indicators: &a\n- *a\n", "unfold"),
        ("{" * 5_000, "nested more than"),
        ("- " * 5_000, "nested more than"),
        ("? [a, b]\n: c\n", "YAML"),
        ("a: !!bool x\n", "YAML"),
        ("a: 2020-13-45\n", "YAML"),
        ("a: " + "9" * 5_000 + "\n", "YAML"),
        ("\x00", "YAML"),
    ],
)
def test_yaml_that_its_own_reader_falls_over(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rows.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=says):
        catalogue.indicators(path)


def test_answers_that_are_an_empty_text_are_no_answers(tmp_path: Path) -> None:
    from justgeo import answers

    (tmp_path / "answers.yml").write_text("items: ''\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no ids"):
        answers.read(tmp_path / "answers.yml")


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": [[-70.02, 38.8]]},
        {"type": "Polygon", "coordinates": [[[-70.02, 38.8], [-70.0, 38.8]]]},
    ],
)
def test_what_gdal_reads_and_geos_cannot_build(tmp_path: Path, geometry: object) -> None:
    (tmp_path / "a.geojson").write_text(json.dumps(geometry), encoding="utf-8")
    with pytest.raises(LayerError, match="cannot be read"):
        read_boundary("a.geojson", tmp_path)


@pytest.mark.parametrize(
    "cell",
    [
        "CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))",
        "list(" * 3_000,
        "POLYGON ((inf 38.8, -70 38.8, -70 38.81, inf 38.8))",
    ],
)
def test_text_of_a_geometry_that_is_no_outline(tmp_path: Path, cell: str) -> None:
    (tmp_path / "a.csv").write_text(f'name,wkt\na,"{cell}"\n', encoding="utf-8")
    with pytest.raises(JustgeoError):
        districts.make("A", "a", read_boundary({"file": "a.csv", "crs": "EPSG:4326"}, tmp_path), "a.csv")


def test_a_boundary_with_a_coordinate_that_is_no_number() -> None:
    ring = [(np.inf, 38.8), (-70.0, 38.8), (-70.0, 38.81), (np.inf, 38.8)]
    frame = gpd.GeoDataFrame(geometry=[shapely.Polygon(ring)], crs="EPSG:4326")
    with pytest.raises(BoundaryError, match="no number"):
        districts.make("A", "a", frame, "a")


def test_a_boundary_of_a_million_points_is_measured(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    outline = shapely.Polygon(np.column_stack([-70.01 + 0.01 * np.cos(angles), 38.8 + 0.005 * np.sin(angles)]))
    gpd.GeoDataFrame(geometry=[outline], crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    made = districts.make("A", "a", read_boundary("a.gpkg", tmp_path), "a.gpkg")
    # An ellipse of 0.01 by 0.005 degrees at 38.8° N.
    assert districts.geodesic_area(made.boundary) / 1e6 == pytest.approx(np.pi * 0.8688 * 0.5551, rel=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"columns": "POP20"}, {"where": ["a"]}, {"where": {"a": {"b": 1}}}, {"pad": "11"}, {"pad": 10**6},
        {"geoid": 5}, {"crs": ""},
        {"crs": -1}, {"delimiter": ";;"}, {"delimiter": '"'}, {"join": "b.csv"}, {"dissolve": "yes"},
        {"prefix": [51]}, {"layer": None},
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_meant_is_refused_with_its_value(tmp_path: Path, options: dict[str, object]) -> None:
    (tmp_path / "a.geojson").write_text(json.dumps(RIGHT), encoding="utf-8")
    with pytest.raises(ConfigError, match=next(iter(options))):
        read_zones(LayerSpec("tracts", tmp_path / "a.geojson", options))


def test_options_that_can_be_meant_pass() -> None:
    told = {
        "columns": {"a": "b"},
        "where": {"k": ["a", 1]},
        "pad": 11,
        "crs": 4269,
        "prefix": "51",
        "delimiter": ";",
        "file": Path("a"),
    }
    check_kinds(told, "Layer")


@pytest.mark.parametrize(
    "reading",
    [" ", {"columns": ["a"]}, {"widths": ["x"]}, {"rows": 5}, {"classes": {"a": {"rules": [1]}}}, {"encoding": "hex"}],
)
def test_how_a_table_is_read_is_told_in_words_of_the_right_kind(tmp_path: Path, reading: object) -> None:
    (tmp_path / "a.csv").write_text("GEOID,A\n01001020100,5\n", encoding="utf-8")
    told = {"geography": "tract", "geography_vintage": 2020, "geoid": "GEOID", "columns": {"a": "A"}}
    options = {"reading": {**told, **reading} if isinstance(reading, dict) else reading}
    with pytest.raises(ConfigError):
        read_dataset(LayerSpec("data:mine", tmp_path / "a.csv", options))


@pytest.mark.parametrize("cell", ["inf", "-inf", "1e400"])
def test_a_number_without_bounds_is_no_number(cell: str) -> None:
    for values in (pd.Series(["1", cell], name="x", dtype="str"), pd.Series(["1,000", cell], name="x", dtype="str")):
        with pytest.raises(LayerError, match=f"'x' holds {cell!r}"):
            numbers(values, "Table")
    with pytest.raises(LayerError, match="no finite number"):
        numbers(pd.Series([1.0, float(cell)], name="x"), "Table")


@pytest.mark.parametrize("code", ["-666666666", "-999", "-9999"])
def test_a_code_for_no_number_that_nobody_told_of_is_no_amount(tmp_path: Path, code: str) -> None:
    (tmp_path / "a.csv").write_text(f"GEOID,A\n01001020100,{code}\n", encoding="utf-8")
    told = {
        "geography": "tract",
        "geography_vintage": 2020,
        "geoid": "GEOID",
        "columns": {"a": {"column": "A", "kind": "amount"}},
    }
    with pytest.raises(LayerError, match="stands for no number"):
        read_dataset(LayerSpec("data:mine", tmp_path / "a.csv", told))
    found = read_dataset(LayerSpec("data:mine", tmp_path / "a.csv", {**told, "missing": {code: "not published"}}))
    assert np.isnan(found.data["a"]).all()


@pytest.mark.parametrize("text", ['"\\ud800"', '["\\udfffx"]', "[" * 100_000, "{", '{"a":"\\ud83d"}'])
def test_json_that_no_file_can_hold(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_text.loads(text)
    with pytest.raises(ValueError, match=r"."):
        json_text.loads(text.encode())


def test_json_with_whole_signs_passes_and_numbers_are_bounded_where_it_is_asked() -> None:
    assert json_text.loads('"\\ud83d\\ude00"') == "😀"
    assert json_text.loads(b"\xef\xbb\xbf[1]") == [1]
    assert json_text.loads("[NaN]") != []
    for text in ("[NaN]", "[-Infinity]", "[1e999]"):
        with pytest.raises(ValueError, match="number"):
            json_text.loads(text, finite=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": 5}, "name is 5"),
        ({"records": []}, None),
        ({"notes": [1]}, r"notes\[0\] is 1"),
        ({"zones": []}, "no zone is the district"),
        ({"layers": []}, "which is not listed"),
        ({"mystery": 1}, "'mystery', which is not known"),
    ],
)
def test_results_that_were_edited_are_refused_by_their_place(
    tmp_path: Path, change: dict[str, object], says: str | None
) -> None:
    (tmp_path / "results.json").write_text(json.dumps({**content(), **change}), encoding="utf-8")
    if says is None:
        assert justgeo.load(tmp_path)["records"] == []
        return
    with pytest.raises(OutputError, match=says):
        justgeo.load(tmp_path)


def test_results_of_a_run_before_data_were_checked_are_still_opened(tmp_path: Path) -> None:
    older = {key: value for key, value in content().items() if key not in form.LATER}
    (tmp_path / "results.json").write_text(json.dumps(older), encoding="utf-8")
    assert justgeo.load(tmp_path)["records"] == content()["records"]


def test_the_form_of_results_is_read_as_another_library_reads_it() -> None:
    schema = results.schema()
    assert form.problem(content(), schema) is None
    jsonschema.Draft202012Validator(schema).validate(content())
    with pytest.raises(ValueError, match="dependentRequired"):
        form.problem({}, {"dependentRequired": {}})


def test_a_record_whose_digest_fits_and_whose_texts_are_none(tmp_path: Path) -> None:
    told = Told("s", "d", "v", "l")
    right = head(Question("tracts", "tiger", {"year": 2024}), {"a.zip": "0" * 64}, told)
    assert record(right.encode(), tmp_path).label == "tracts"
    for label in (5, None):
        wrong = head(Question(label, "tiger", {}), {"a.zip": "0" * 64}, told)  # type: ignore[arg-type]
        with pytest.raises(LayerError, match="where a text is due"):
            record(wrong.encode(), tmp_path)


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_a_number_that_none_can_reckon_with_is_told_of_by_its_place(kind: str) -> None:
    schema = {"type": "object", "properties": {"value": {"type": kind}}}
    assert str(form.problem({"value": 10**400}, schema)).startswith("value is 1000")
    assert str(form.problem({"value": -1e308}, schema)).startswith("value is -1e+308"), "times a hundred it is infinite"
    assert form.problem({"value": 10**149}, schema) is None


def test_an_object_of_a_number_below_zero_has_no_place() -> None:
    """The table of places took it for a call of the wrong kind."""
    from justgeo.sources import osm

    assert osm._place(osmium.index.create_map("sparse_mem_array"), -29) is None


def test_a_vector_library_that_falls_over_its_own_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def falls(*_: object, **__: object) -> None:
        raise UnboundLocalError("local variable 'wkt' referenced before assignment")

    monkeypatch.setattr(gpd, "read_file", falls)
    with pytest.raises(LayerError, match="cannot be read"):
        tiger_checks.read(tmp_path / "a.zip", "counties")


RING = "[[-70.02, 38.8, NaN], [-70.0, 38.8, NaN], [-70.0, 38.81, NaN], [-70.02, 38.81, NaN], [-70.02, 38.8, NaN]]"
TOLD = '{"role": "resident", "kind": "closed", "what": "park", "publish": true}'


@pytest.mark.parametrize("crs", ["EPSG:26918", "EPSG:4326"])
def test_heights_that_are_no_numbers_end_nothing(crs: str, tmp_path: Path) -> None:
    """A ring that ends in a height of NaN is open to GEOS, which built no other one from it."""
    told = f'{{"type": "name", "properties": {{"name": "urn:ogc:def:crs:{crs.replace(":", "::")}"}}}}'
    shape = f'{{"type": "Polygon", "coordinates": [{RING}]}}'
    feature = f'{{"type": "Feature", "properties": {TOLD}, "geometry": {shape}}}'
    path = tmp_path / "corrections.geojson"
    path.write_text(f'{{"type": "FeatureCollection", "crs": {told}, "features": [{feature}]}}', encoding="utf-8")
    frame, _ = open_vector(path, {}, path.name)
    moved = to_wgs84(frame, path.name)
    flat = frame.set_geometry(frame.geometry.force_2d()).to_crs("EPSG:4326")
    assert moved.geometry.iloc[0].has_z
    assert shapely.force_2d(moved.geometry.iloc[0]).equals_exact(flat.geometry.iloc[0], 1e-12)
    with pytest.raises(JustgeoError):  # of another place, or of a kind that takes no outline: said, not fallen over
        corrections.read(path, shapely.box(0, 0, 1, 1))


def test_heights_that_are_numbers_stay() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(1, 2, 3), shapely.Point(1, 2)], crs="EPSG:4326")
    assert with_heights(frame) is frame


@pytest.mark.parametrize(
    "element",
    [
        {"type": "node", "id": 1, "lat": 38.8, "lon": -70.01, "tags": {"na\0me": "a"}},
        {"type": "node", "id": 1, "lat": 38.8, "lon": -70.01, "tags": {"name": "a\0b"}},
        {"type": "relation", "id": 1, "members": [{"type": "way", "ref": 3, "role": "out\0er"}]},
    ],
)
def test_a_zero_byte_in_an_answer_of_overpass(element: dict[str, object]) -> None:
    """libosmium ends a text there and runs on behind it: the process was gone."""
    answer = {"osm3s": {"timestamp_osm_base": "2024-03-05T10:00:00Z"}, "elements": [element]}
    with pytest.raises(SourceError, match=r"zero byte|a member that is none"):
        _overpass.merge([("1.json", answer)])
