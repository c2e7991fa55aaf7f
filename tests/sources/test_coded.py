"""A city's zoning map with the planner's table of codes: known codes, lost codes, and tables that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.layer import Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.coded import UNKNOWN, USES, read_zoning
from justgeo.sources.collect import collect

DISTRICT = shapely.box(0.0, 40.0, 0.1, 40.1)
AREA = Area(DISTRICT, None, shapely.box(-0.1, 39.9, 0.2, 40.2), DISTRICT, 1000.0)
TABLE = {"R-1": "residential", "C-2": "commercial", "PD": "mixed"}


def spec(folder: Path, codes: list[str | None], crs: int = 3857, **options: Any) -> LayerSpec:
    """One square a code, side by side from the district's western edge."""
    shapes = [shapely.box(0.01 * n, 40.0, 0.01 * (n + 1), 40.05) for n in range(len(codes))]
    path = folder / "zoning.gpkg"
    gpd.GeoDataFrame({"ZONE": codes}, geometry=shapes, crs=4326).to_crs(crs).to_file(path, layer="districts")
    return LayerSpec("zoning", path, {"column": "ZONE", "classes": TABLE, **options}, vintage="2025", licence="city")


def test_codes_become_uses_in_degrees_whatever_the_system(tmp_path: Path) -> None:
    found = read_zoning(spec(tmp_path, ["R-1", "C-2 ", "PD"]), AREA)
    assert found.data["use"].tolist() == ["residential", "commercial", "mixed"]
    assert found.data["code"].tolist() == ["R-1", "C-2", "PD"]
    assert found.features.crs.to_epsg() == 4326
    assert found.covers is not None
    assert found.covers.symmetric_difference(shapely.box(0, 40, 0.03, 40.05)).area < 1e-9
    assert (found.provenance.vintage, found.provenance.licence) == ("2025", "city")
    assert not any("codes" in note for note in found.provenance.notes)


def test_a_code_that_is_not_in_the_table_is_told_and_its_ground_is_not_known(tmp_path: Path) -> None:
    found = read_zoning(spec(tmp_path, ["R-1", "PUD-7", "PUD-7", None, "r-1"]), AREA)
    assert found.data["use"].tolist() == [
        "residential",
        *[UNKNOWN] * 4,
    ]  # a code is what the city writes, letter by letter
    assert found.covers is not None
    assert found.covers.symmetric_difference(shapely.box(0, 40, 0.01, 40.05)).area < 1e-9
    assert (
        "3 codes are not in the table, and their ground is not known: (no code), PUD-7, r-1." in found.provenance.notes
    )
    assert "2 codes of the table are on no polygon near the district: C-2, PD." in found.provenance.notes


def test_many_lost_codes_are_named_up_to_forty(tmp_path: Path) -> None:
    codes: list[str | None] = ["R-1", *(f"X-{n:02d}" for n in range(50))]
    note = next(n for n in read_zoning(spec(tmp_path, codes)).provenance.notes if n.startswith("50 codes"))
    assert "X-00, X-01" in note and note.endswith("X-39, and 10 more.")


def test_a_map_none_of_whose_codes_is_in_the_table_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(CoverageError, match=r"no ground in the district \(use: not zoned\)"):
        read_zoning(spec(tmp_path, ["X", "Y"]), AREA)


@pytest.mark.parametrize(
    ("options", "message", "remedy"),
    [
        ({"column": None}, "which column holds the code", 'column = "ZONE"'),
        ({"column": "ZONING"}, "ZONING", "ZONE"),
        ({"classes": {}}, "what its codes stand for", '"R-1" = "residential"'),
        ({"classes": "residential"}, "what its codes stand for", '"R-1" = "residential"'),
        ({"classes": {"R-1": "residental"}}, "'residental', which is no use", "did you mean 'residential'"),
        ({"classes": {"R-1": 1}}, "is said to be 1, which is no use", "The uses are residential, industrial"),
        ({"clases": TABLE}, "clases", "classes"),
    ],
)
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, options: dict[str, Any], message: str, remedy: str) -> None:
    with pytest.raises((ConfigError, LayerError)) as told:
        read_zoning(spec(tmp_path, ["R-1"], **options), AREA)
    assert message in told.value.message and remedy in told.value.remedy


def test_the_six_uses_and_other_are_those_of_the_catalogue() -> None:
    from justgeo.catalogue import read as catalogue

    asked = [row for row in catalogue.indicators() if row.parameters.get("layer") == "zoning"]
    assert [row.parameters["classes"] for row in asked if len(row.parameters["classes"]) == 1] != []
    assert {use for row in asked for use in row.parameters["classes"]} == set(USES)
    assert all(set(row.parameters["order"]) == set(USES) for row in asked)


def test_zoning_is_collected_by_its_name_and_read_anew(tmp_path: Path) -> None:
    from justgeo.sources.store import Store

    store = Store(tmp_path / "store")
    found = collect(["zoning"], {"zoning": spec(tmp_path, ["R-1"])}, [], AREA, store=store)
    layer = found.layers["zoning"]
    assert isinstance(layer, Layer) and layer.data["use"].tolist() == ["residential"]
    assert not store.root.exists()
    absent = collect(["zoning"], {}, [], AREA).absent["zoning"]
    assert '[layers.zoning] with path = "zoning.gpkg", column = "ZONE", classes = {' in absent
