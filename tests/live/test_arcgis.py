"""Layers of ArcGIS services in pages: whole or not at all, and errors that come with status 200."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.service import Service
from justgeo.core.spec import Area
from justgeo.sources.live.ask import bring
from justgeo.sources.live.records import Records
from tests.live import shelf
from tests.live.bureau import failure, tools
from tests.live.shelf import ALBEMARLE, AREA, CITY, asks, by_id, layer, row
from tests.loopback.arcgis import FeatureServer
from tests.loopback.faults import Fault
from tests.loopback.server import Loopback, Request, Response, json_response

NFHL = "/public/NFHL/MapServer/28"
LMI = "/LOW_MOD_INCOME_BY_BG/FeatureServer/0"
QCT = "/QUALIFIED_CENSUS_TRACTS_2026/FeatureServer/0"
PAD = "/PADUS_Public_Access/FeatureServer/0"

LEVEE = "AREA WITH REDUCED FLOOD RISK DUE TO LEVEE"
ZONES = [
    ("AE", "FLOODWAY", "T"),
    ("X", "0.2 PCT ANNUAL CHANCE FLOOD HAZARD", "F"),
    ("X", LEVEE, "F"),
    ("X", "AREA OF MINIMAL FLOOD HAZARD", "F"),
    ("D", None, "F"),
    ("OPEN WATER", None, "F"),
    ("VE", None, "T"),
]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def zones(count: int = len(ZONES), west: float = -78.50) -> gpd.GeoDataFrame:
    """Strips of flood zones side by side, with the fields of S_FLD_HAZ_AR, in the system of the real service."""
    told = [ZONES[n % len(ZONES)] for n in range(count)]
    shapes = [shapely.box(west + n / 1000, 38.02, west + (n + 1) / 1000, 38.03) for n in range(count)]
    columns = {
        "DFIRM_ID": ["51003C"] * count,
        "FLD_ZONE": [zone for zone, _, _ in told],
        "ZONE_SUBTY": [kind for _, kind, _ in told],
        "SFHA_TF": [flag for _, _, flag in told],
        "STATIC_BFE": [-9999.0] * count,
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_crs(3857)


def groups() -> gpd.GeoDataFrame:
    """Block groups of HUD's layer: counts are texts with thousands between commas, margins have a sign and a unit."""
    told = {
        "GEOID": ["515400002011", "510030101001", "517600201001"],
        "Source": ["2020 ACS"] * 3,
        "Low": ["25", " ", "1"],
        "Lowmod": ["110", "0", "1"],
        "Lmmi": ["210", "0", "1"],
        "Lowmoduniv": ["1,025", "0", "1"],
        "Lowmod_pct": [0.107, None, 1.0],
        "MOE_LOWMOD_PCT": ["+/-8.40%", " ", "+/-103.00%"],
    }
    return gpd.GeoDataFrame(told, geometry=[shapely.Point(-78, 38).buffer(0.01)] * 3, crs=4326)


@contextmanager
def serving(path: str, frame: gpd.GeoDataFrame, name: str, page: int = 2000, **options: Any) -> Iterator[Any]:
    """A service with one layer, and the row of the catalogue that asks it."""
    api = FeatureServer({path: frame}, page=page)
    with Loopback(api.handle) as server:
        yield server, row(name, server.url, **options)


# What comes ---------------------------------------------------------------------------------------


def test_flood_zones_in_pages_with_their_classes(records: Records) -> None:
    with serving(NFHL, zones(), "nfhl", page=3) as (server, service):
        found = layer(service, records)
    assert found.data["hazard"].tolist() == [
        "1 % a year",
        "0.2 % a year",
        "less by a levee",
        "less than 0.2 % a year",
        "unmapped",
        "open water",
        "1 % a year",
    ]
    assert found.data["zone"].tolist() == [zone for zone, _, _ in ZONES]
    assert found.features.crs.to_epsg() == 4326
    assert np.allclose(found.features.total_bounds, [-78.50, 38.02, -78.493, 38.03], atol=1e-6)
    names = sorted(path.name for path in shelf.kept(records))
    assert names == ["layer.json", "page-001.json", "page-002.json", "page-003.json", "record.json"]
    queries = [r.query for r in server.requests if r.path.endswith("/query") and "returnCountOnly" not in r.query]
    assert [query["resultOffset"] for query in queries] == [["0"], ["3"], ["6"]]
    assert all(query["orderByFields"] == ["OBJECTID"] and query["outSR"] == ["4326"] for query in queries)
    assert queries[0]["geometry"] == ["-78.6000000,37.9000000,-78.4000000,38.2000000"]
    assert queries[0]["outFields"] == ["OBJECTID,FLD_ZONE,SFHA_TF,ZONE_SUBTY"]


def test_zone_d_and_ground_without_a_zone_are_not_covered(records: Records) -> None:
    with serving(NFHL, zones(), "nfhl") as (_, service):
        found = layer(service, records)
    assert found.covers is not None
    assert found.data.attrs["outside"] == {"hazard": "unmapped"}
    assert found.covers.intersects(shapely.Point(-78.4995, 38.025))  # zone AE
    assert not found.covers.intersects(shapely.Point(-78.4955, 38.025))  # zone D
    assert not found.covers.intersects(shapely.Point(-78.48, 38.025))  # nothing drawn
    assert any("unmapped, which is not safe" in note for note in found.provenance.notes)


def test_a_district_on_unmapped_ground_is_absent_with_that_reason(records: Records) -> None:
    only_d = zones().loc[[4]].reset_index(drop=True)
    with serving(NFHL, only_d, "nfhl") as (_, service), pytest.raises(CoverageError, match="hazard: unmapped"):
        layer(service, records)


def test_a_window_without_features_is_recorded_as_such(records: Records) -> None:
    with serving(PAD, parks().iloc[:0], "pad_us") as (_, service):
        found = layer(service, records)
    assert len(found.data) == 0 and found.covers is None  # small parks are not in it: nothing follows from that
    assert list(found.data.columns) == ["name", "manager", "manager_type", "designation", "access", "geometry"]


def parks() -> gpd.GeoDataFrame:
    told = {
        "Unit_Nm": ["Washington Park", "A private reserve", "A ridge"],
        "Pub_Access": ["OA", "XA", "UK"],
        "MngNm_Desc": ["City Land", "Private", "Unknown"],
        "MngTp_Desc": ["Local Government", "Private", "Unknown"],
        "DesTp_Desc": ["Local Park", "Conservation Easement", "Unknown"],
        "GIS_Acres": [9, 10, 11],
    }
    shapes = [shapely.box(-78.49, 38.03 + n / 100, -78.48, 38.04 + n / 100) for n in range(3)]
    return gpd.GeoDataFrame(told, geometry=shapes, crs=4326)


def test_protected_areas_by_access(records: Records) -> None:
    with serving(PAD, parks(), "pad_us") as (_, service):
        found = layer(service, records)
    assert dict(zip(found.data["name"], found.data["access"], strict=True)) == {
        "Washington Park": "open",
        "A private reserve": "closed",
        "A ridge": "not known",
    }


def test_low_and_moderate_income_by_block_group(records: Records) -> None:
    with serving(LMI, groups(), "hud_lmi") as (server, service):
        found = layer(service, records)
    table = by_id(found)
    assert sorted(table.index) == ["510030101001", "515400002011"]
    assert table.loc["515400002011", ["low", "low_moderate", "universe"]].tolist() == [25, 110, 1025]
    assert table.loc["515400002011", "low_moderate_percent_moe"] == 8.4
    assert np.isnan(table.loc["510030101001", "low"]) and table.loc["510030101001", "universe"] == 0
    assert found.data.attrs["reasons"]["510030101001", "low"] == "not published"
    assert (found.geography, found.geography_vintage) == ("block group", 2020)
    query = server.requests[-1].query
    assert query["where"] == [f"(GEOID LIKE '{ALBEMARLE}%') OR (GEOID LIKE '{CITY}%')"]
    assert query["returnGeometry"] == ["false"] and "geometry" not in query


def test_a_tract_that_a_list_of_designations_does_not_name_is_not_designated(records: Records) -> None:
    told = {"GEOID": ["51540000201"], "STATE": ["51"], "COUNTY": ["540"], "TRACT": ["000201"], "NAME": ["Tract 2.01"]}
    frame = gpd.GeoDataFrame(told, geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
    with serving(QCT, frame, "qct") as (_, service):
        found = layer(service, records)  # no row of Albemarle, and that is no gap
    assert found.data[["geoid", "designation"]].to_numpy().tolist() == [["51540000201", "qualified"]]
    assert found.data.attrs["outside"] == {"designation": "not qualified"}
    assert found.provenance.vintage == "2026"


def test_no_tract_of_a_county_may_be_designated(records: Records) -> None:
    told = {"GEOID": ["51760020100"], "NAME": ["Tract 201"]}
    with serving(QCT, gpd.GeoDataFrame(told, geometry=[shapely.Point(0, 0)], crs=4326), "qct") as (_, service):
        found = layer(service, records)
    assert len(found.data) == 0 and list(found.data.columns) == ["geoid", "name", "designation"]


def test_the_vintage_may_be_told_by_the_features(records: Records) -> None:
    with serving(LMI, groups(), "hud_lmi", vintage_from="Source") as (_, service):
        assert layer(service, records).provenance.vintage == "2020 ACS"


# What decides the bytes ----------------------------------------------------------------------------


def test_another_window_or_field_is_another_question(records: Records) -> None:
    with serving(NFHL, zones(), "nfhl") as (server, service):
        shelf.told(service, records)
        before = len(server.requests)
        assert shelf.told(service, records).fetched == () and len(server.requests) == before
        (ask,) = asks(service)
        wider = Area(AREA.district, None, AREA.window.buffer(0.1), AREA.halo, 0.0)
        (other,) = asks(service, area=wider)
        assert other.label == ask.label and other.question.digest != ask.question.digest
        reading = {**service.options["reading"], "columns": {"basis": {"column": "STATIC_BFE", "kind": "index"}}}
        (third,) = asks(row("nfhl", server.url, reading=reading))
        assert third.question.digest != ask.question.digest
        assert len(records.stale(third.question)) == 1


# What goes wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.reset(), "partial", "broke off"),
        (Fault.truncated(), "partial", "broke off"),
        (Fault.cut(), "damaged", "no whole JSON document"),
        (Fault.empty(), "partial", "the answer is empty"),
        (Fault.empty_list(), "damaged", "no answer of such a service"),
        (Fault.html(), "damaged", "a web page came"),
        (Fault.redirect_to_page(), "damaged", "a web page came"),
        (Fault.redirect_loop(), "damaged", "from one address to the next"),
        (Fault.status(403), "missing", "(403)"),
        (Fault.status(404), "missing", "(404)"),
        (Fault.status(500), "busy", "(500)"),
        (Fault.status(503), "busy", "(503)"),
        (Fault.too_many(), "busy", "(429)"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_fault_in_a_page_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, kind: str, says: str, records: Records
) -> None:
    with serving(NFHL, zones(), "nfhl", page=3) as (server, service):
        server.fail(fault, times=2, when=lambda request: request.first("resultOffset") == "3")
        found = failure(asks(service)[0], records, service)
        assert (found.kind, found.service) == (kind, "nfhl")
        assert says in found.message
        server.calm()
        assert shelf.told(service, records).fetched == ("nfhl",)


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (400, "missing", "did not take the question (Invalid query 'x' parameter is invalid)"),
        (404, "missing", "did not take the question"),
        (498, "missing", "the layer is not public"),
        (499, "missing", "the layer is not public"),
        (500, "busy", "the service failed"),
        (504, "busy", "the service failed"),
    ],
)
def test_an_error_with_status_200_is_an_error(code: int, kind: str, says: str, records: Records) -> None:
    body = {"error": {"code": code, "message": "Invalid query", "details": ["'x' parameter is invalid"]}}
    with serving(NFHL, zones(), "nfhl") as (server, service):
        server.fail(Fault.instead("error in 200", json_response(body)), times=-1)
        found = failure(asks(service)[0], records, service)
        assert found.kind == kind and says in found.message
        assert len(server.requests) == (2 if kind == "busy" else 1)  # only what may pass is tried again


def changing(change: Callable[[dict[str, Any], Request], None], frame: gpd.GeoDataFrame, page: int = 3) -> Loopback:
    """A service whose every answer is changed on its way."""
    api = FeatureServer({NFHL: frame}, page=page)

    def handle(request: Request) -> Response:
        document = json.loads(api.handle(request).body)
        change(document, request)
        return json_response(document)

    return Loopback(handle)


def broken(change: Callable[[dict[str, Any], Request], None], records: Records, frame: Any = None) -> Any:
    with changing(change, zones() if frame is None else frame) as server:
        service: Service = row("nfhl", server.url)
        return failure(asks(service)[0], records, service)


def test_a_service_that_does_not_heed_the_offset_is_noticed(records: Records) -> None:
    api = FeatureServer({NFHL: zones()}, page=3)

    def handle(request: Request) -> Response:
        return api.handle(Request("GET", request.path, {**request.query, "resultOffset": ["0"]}))

    with Loopback(handle) as server:
        service = row("nfhl", server.url)
        found = failure(asks(service)[0], records, service)
    assert found.kind == "partial" and "does not heed resultOffset" in found.message


def test_fewer_features_than_were_counted_are_a_part(records: Records) -> None:
    def lose(document: dict[str, Any], request: Request) -> None:
        if request.first("resultOffset") == "6":
            document["features"] = []

    found = broken(lose, records)
    assert found.kind == "partial" and "7 features were counted, but 6 came" in found.message


def test_more_features_than_were_counted_are_a_part_too(records: Records) -> None:
    def count_wrong(document: dict[str, Any], request: Request) -> None:
        if "count" in document:
            document["count"] = 3

    found = broken(count_wrong, records)
    assert found.kind == "partial" and "3 features were counted" in found.message


def test_a_feature_that_comes_twice_is_noticed(records: Records) -> None:
    def double(document: dict[str, Any], request: Request) -> None:
        if request.first("resultOffset") == "3":
            document["features"][1] = document["features"][0]

    found = broken(double, records)
    assert found.kind == "partial" and "comes more than once" in found.message


def test_features_that_change_while_they_are_fetched_are_noticed(records: Records) -> None:
    counts = iter([7, 8])

    def move(document: dict[str, Any], request: Request) -> None:
        if "count" in document:
            document["count"] = next(counts)

    found = broken(move, records)
    assert found.kind == "changed" and "became other ones" in found.message


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("fields", None, "no layer is described"),
        ("fields", [{"name": "FLD_ZN", "type": "esriFieldTypeString"}], "no field 'FLD_ZONE' (any more)"),
        ("objectIdField", None, "does not number its features"),
        ("count", "7", "does not say how many"),
        ("count", -1, "does not say how many"),
        ("count", 10**9, "more than are believed"),
        ("features", {}, "the page holds no features"),
        ("features", [{"geometry": None, "properties": {}}], "without its number"),
    ],
)
def test_an_answer_of_another_form_is_refused(key: str, value: Any, says: str, records: Records) -> None:
    def change(document: dict[str, Any], request: Request) -> None:
        if key in document:
            document[key] = value
        if key == "objectIdField" and "fields" in document:
            document["fields"] = [field for field in document["fields"] if field["type"] != "esriFieldTypeOID"]

    assert says in broken(change, records).message


def test_a_field_that_was_renamed_is_told_with_the_nearest(records: Records) -> None:
    renamed = zones().rename(columns={"FLD_ZONE": "FLOOD_ZONE"})
    found = broken(lambda document, request: None, records, renamed)
    assert "did you mean 'FLOOD_ZONE'" in found.remedy and "fema.gov" in found.remedy


def test_a_class_that_nobody_knows_is_refused(records: Records) -> None:
    frame = parks()
    frame.loc[0, "Pub_Access"] = "ZZ"
    with serving(PAD, frame, "pad_us") as (_, service), pytest.raises(LayerError, match="no class of access is known"):
        layer(service, records)


def test_progress_is_told_in_features(records: Records) -> None:
    seen: list[tuple[str, int, int | None]] = []
    with serving(NFHL, zones(), "nfhl", page=3) as (_, service):
        bring(asks(service), records, tools(service, progress=lambda *told: seen.append(told)))
    assert [told for told in seen if told[2]] == [("nfhl", 3, 7), ("nfhl", 6, 7), ("nfhl", 7, 7)]
