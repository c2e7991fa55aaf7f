from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from justgeo.report import checklist as lists
from justgeo.report import results, tables
from justgeo.report.results import INVENTED
from tests.report import made


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8"), newline="")))


def test_one_row_a_record_with_what_the_protocol_asks_for(content: dict[str, Any]) -> None:
    found = rows(tables.indicators_csv(content))
    assert len(found) == len(content["records"])
    assert tuple(found[0]) == tables.COLUMNS
    row = next(r for r in found if r["indicator"] == "BEL-02" and r["zone"] == "district" and r["group"] == "all")
    assert float(row["value"]) == 0.5347
    assert row["numerator"] == "1069.4"
    assert row["verdict"] == "higher" and row["compared_with"] == "Nowhere County"
    asked = ("title", "unit", "definition", "source", "frequency", "vintage", "licence", "attribution", "zone_name")
    assert [name for name in asked if not row[name]] == []
    assert row["invented"] == ""


def test_absence_is_an_empty_cell_with_its_reason(content: dict[str, Any]) -> None:
    row = next(r for r in rows(tables.indicators_csv(content)) if r["reliability"] == "suppressed")
    assert row["value"] == row["moe"] == row["numerator"] == row["denominator"] == ""
    assert row["reason"].startswith("withheld")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(sign: str) -> None:
    evil = f"{sign}HYPERLINK(1)"
    whole = made.baseline(name=evil)
    whole = replace(whole, indicators=tuple(replace(i, title=evil, plain=evil) for i in whole.indicators))
    for row in rows(tables.indicators_csv(results.to_dict(whole))):
        assert row["title"] == row["place"] == row["definition"] == f"'{evil}"


def test_negative_numbers_stay_numbers() -> None:
    raw = tables.csv_bytes([[-1.5, None, "-x"]], ("a", "b", "c"))
    assert raw == b"a,b,c\r\n-1.5,,'-x\r\n"


def test_invented_places_say_so_in_every_row() -> None:
    content = results.to_dict(made.baseline(synthetic=True))
    assert {r["invented"] for r in rows(tables.indicators_csv(content))} == {INVENTED}
    assert {r["invented"] for r in rows(lists.to_csv(made.checklist(), content))} == {INVENTED}
    assert b'"synthetic": true' in lists.to_json(made.checklist(), content)


def test_geopackage(tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    path = tmp_path / "indicators.gpkg"
    tables.write_gpkg(path, content, zones)
    assert set(gpd.list_layers(path)["name"]) == {"district", "reference", "tract", "block_group", "indicators"}
    groups = gpd.read_file(path, layer="block_group")
    assert groups.crs.to_epsg() == 4326 and len(groups) == 12
    row = groups.set_index("id").loc["990010000011"]
    assert row["bel_02"] == 0.2 and row["bel_02_moe"] == 0.08 and row["bel_02_rel"] == "medium"
    withheld = groups.set_index("id").loc["990010000023"]
    assert pd.isna(withheld["bel_02"]) and withheld["bel_02_rel"] == "suppressed"
    means = gpd.read_file(path, layer="indicators").set_index("column_name")
    assert means.loc["wel_04_800", "indicator"] == "WEL-04.800"


def test_geopackage_is_the_same_twice(tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    for name in ("a.gpkg", "b.gpkg"):
        tables.write_gpkg(tmp_path / name, content, zones)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_checklist_tables(content: dict[str, Any]) -> None:
    found = rows(lists.to_csv(made.checklist(), content))
    assert [r["id"] for r in found] == [i.id for i in made.checklist().items]
    assert found[1]["evidence"] == "OPP-01"
    shown = lists.view(made.checklist(), content)
    assert [s["kind"] for s in shown["sections"]] == list(lists.KINDS)
    assert sum(one["n"] for one in shown["tally"]) == shown["n"] == len(found)
    actions = next(s for s in shown["sections"] if s["kind"] == "action")
    assert [p["phase"] for p in actions["parts"]] == ["Groundwork", "Roadmap", "Governance"]


def test_checklist_of_the_core_fits() -> None:
    from justgeo.core.protocol import Checklist, ChecklistItem

    one = ChecklistItem("B01", "baseline", "Population by race", None, "measured", None, ("BEL-02",))
    row = lists.rows(Checklist((one,)))[0]
    assert row["reason"] == row["question"] == row["answer"] == "" and row["evidence"] == ["BEL-02"]


@dataclass(frozen=True)
class Unused:
    """Keeps the duck type honest: a checklist of anything with the right names is read."""

    items: tuple[made.Item, ...] = ()


def test_empty_checklist(content: dict[str, Any]) -> None:
    assert lists.view(Unused(), content)["n"] == 0
