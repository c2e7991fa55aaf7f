"""The embedded real district: what is shown can be proven from the files that travel with it, the rest has a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from justgeo.report import results
from tests import nowhere

HERE = Path(__file__).parents[1] / "data" / "districts" / "haight-castro"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return results.load(nowhere.demo(tmp_path_factory, HERE.name) / "results.json")


def record(found: dict[str, Any], indicator: str, zone: str = "district") -> dict[str, Any]:
    return next(r for r in found["records"] if (r["indicator"], r["zone"], r["group"]) == (indicator, zone, "all"))


def test_people_are_the_zones_divided_by_area_and_carry_no_margin(found: dict[str, Any]) -> None:
    zones = gpd.read_file(HERE / "layers" / "mtc_zones.gpkg").to_crs(26910)
    hoods = gpd.read_file(HERE / "layers" / "neighborhoods.gpkg").to_crs(26910)
    names = {z["name"] for z in found["zones"] if z["role"] == "area"}
    assert len(names) == 5
    district = hoods[hoods["neighborhood"].isin(names)].union_all()
    by_hand = (zones["TOTPOP"] * zones.intersection(district).area / zones.area).sum()
    people = record(found, "DEM-00.population")
    # slivers along the drawn borders are dropped, so a few people differ
    assert people["value"] == pytest.approx(by_hand, rel=2e-3)
    assert people["moe"] is None
    assert people["reliability"] == "unknown"
    layer = next(x for x in found["layers"] if x["id"] == "table:DEM-00.population")
    assert layer["modelled"]
    assert "2015" in layer["vintage"]


def test_what_cannot_be_proven_inside_the_box_is_a_range(found: dict[str, Any]) -> None:
    near = record(found, "WEL-04.300")
    unknown = next(float(f.split("=")[1]) for f in near["flags"] if f.startswith("unknown_share="))
    assert 0.01 < unknown < 0.2
    assert near["low"] <= near["value"] * (1 - unknown) + 1e-4  # the flag has four decimals
    assert near["high"] >= near["value"] * (1 - unknown) + unknown - 1e-4


@pytest.mark.parametrize(
    "indicator", ["ENV-01", "ENV-04", "MOB-08", "MOB-01.400", "MOB-02.400", "BEL-01.vulnerable", "OPP-01", "BEL-02"]
)
def test_what_is_not_in_the_files_is_absent_with_its_reason(found: dict[str, Any], indicator: str) -> None:
    missing = record(found, indicator)
    assert missing["value"] is None
    assert len(missing["reason"]) > 20


def test_there_is_no_reference_and_it_says_so(found: dict[str, Any]) -> None:
    assert {z["role"] for z in found["zones"]} == {"district", "area"}
    assert any("no reference area" in note for note in found["notes"])
    assert all(r["comparison"] is None for r in found["records"])


def test_every_use_of_the_map_names_its_makers(found: dict[str, Any]) -> None:
    for layer in found["layers"]:
        if layer["licence"].startswith("ODbL"):
            assert layer["attribution"] == "© OpenStreetMap contributors"
    assert not found["synthetic"]
