"""Tables of Socrata in pages: whole or not at all, measures side by side, limits beside the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.sources.live.ask import bring
from justgeo.sources.live.records import Records
from tests.live import shelf
from tests.live.bureau import failure, tools
from tests.live.shelf import ALBEMARLE, CITY, asks, by_id, layer, row
from tests.loopback.faults import Fault
from tests.loopback.server import Loopback, Request, Response, json_response
from tests.loopback.socrata import Socrata

TABLE = "/resource/cwsq-ngmh.json"
MEASURES = [one["column"] for one in catalogue.datasets()["places"].options["reading"]["columns"].values()]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def places(**cells: Any) -> pd.DataFrame:
    """Rows in the columns of PLACES, a tract and a measure each; numbers made up."""
    rows = []
    for tract, county in (("51540000201", CITY), ("51003010100", ALBEMARLE), ("51760020100", "51760")):
        for n, measure in enumerate(MEASURES):
            rows.append(
                {
                    "year": "2021" if measure == "BPHIGH" else "2022",
                    "stateabbr": "VA",
                    "countyname": "A county",
                    "countyfips": county,
                    "locationname": tract,
                    "measure": f"{measure} among adults",
                    "data_value_unit": "%",
                    "data_value": 10.0 + n,
                    "low_confidence_limit": 9.0 + n,
                    "high_confidence_limit": 11.5 + n,
                    "totalpopulation": 4000,
                    "locationid": tract,
                    "measureid": measure,
                    "datavaluetypeid": "CrdPrv",
                    "data_value_footnote": None,
                }
                | cells
            )
    return pd.DataFrame(rows)


@contextmanager
def serving(frame: pd.DataFrame, **options: Any) -> Iterator[Any]:
    with Loopback(Socrata({"cwsq-ngmh": frame}).handle) as server:
        yield server, row("places", server.url, **options)


def test_measures_stand_side_by_side_with_their_limits(records: Records) -> None:
    with serving(places(), page=10) as (server, service):
        found = layer(service, records)
    table = by_id(found)
    assert sorted(table.index) == ["51003010100", "51540000201"]
    n = MEASURES.index("DIABETES")
    told = table.loc["51540000201", ["diabetes", "diabetes_low", "diabetes_high"]].tolist()
    assert told == [10.0 + n, 9.0 + n, 11.5 + n]
    assert found.provenance.vintage == "2021, 2022"  # as the rows say
    assert found.provenance.modelled and (found.geography, found.geography_vintage) == ("tract", 2020)
    assert found.data.attrs["units"]["diabetes"] == "percent of adults"
    pages = sorted(path.name for path in shelf.kept(records))
    assert pages == [*(f"page-{n:03d}.json" for n in range(1, 5)), "record.json"]  # 32 rows in tens
    asked = [request.query for request in server.requests if "$offset" in request.query]
    assert [query["$offset"] for query in asked] == [["0"], ["10"], ["20"], ["30"]]
    assert all(query["$order"] == ["locationname,measureid"] for query in asked)
    assert asked[0]["$where"] == [f"countyfips in ('{ALBEMARLE}', '{CITY}')"]


def test_what_the_service_leaves_out_of_a_row_is_withheld(records: Records) -> None:
    frame = places()
    gone = (frame["locationname"] == "51540000201") & (frame["measureid"] == "CASTHMA")
    frame.loc[gone, ["data_value", "low_confidence_limit", "high_confidence_limit"]] = np.nan
    with serving(frame) as (_, service):
        found = layer(service, records)
    assert np.isnan(by_id(found).loc["51540000201", "asthma"])
    assert "fewer than 50 adults" in found.data.attrs["reasons"]["51540000201", "asthma"]
    assert by_id(found).loc["51003010100", "asthma"] == 10.0


def test_a_measure_without_a_row_of_a_tract_is_told(records: Records) -> None:
    frame = places()
    frame = frame[~((frame["locationname"] == "51540000201") & (frame["measureid"] == "CASTHMA"))]
    with serving(frame) as (_, service):
        found = layer(service, records)
    assert found.data.attrs["reasons"]["51540000201", "asthma"].startswith("the source has no row")


def test_a_measure_that_was_renamed_is_told_with_the_nearest(records: Records) -> None:
    frame = places()
    frame["measureid"] = frame["measureid"].replace({"CASTHMA": "ASTHMA"})
    with serving(frame) as (_, service), pytest.raises(ConfigError, match="'CASTHMA'") as told:
        layer(service, records)
    assert "ASTHMA" in told.value.remedy


def test_a_county_that_is_not_in_it_is_told_and_none_at_all_is_an_absence(records: Records) -> None:
    with serving(places()) as (_, service):
        found = layer(service, records, [CITY, "51065"])
        assert found.data.attrs["lacking"] == ("51065",)
        with pytest.raises(CoverageError, match="nothing of 51065"):
            layer(service, records, ["51065"])


def test_a_number_outside_its_own_limits_is_refused(records: Records) -> None:
    with serving(places(low_confidence_limit=50.0)) as (_, service), pytest.raises(LayerError, match="its own limits"):
        layer(service, records)


def test_a_percent_above_a_hundred_is_refused(records: Records) -> None:
    frame = places(low_confidence_limit=None, high_confidence_limit=None)
    frame.loc[0, "data_value"] = 101.5
    with serving(frame) as (_, service), pytest.raises(LayerError, match=r"is a percent.*101\.5"):
        layer(service, records)


def test_pages_without_an_order_cannot_be_joined() -> None:
    with pytest.raises(ConfigError, match="pages without an order"):
        asks(row("places", "http://127.0.0.1", order=""))


def test_other_counties_are_another_question(records: Records) -> None:
    with serving(places()) as (server, service):
        shelf.told(service, records)
        before = len(server.requests)
        assert shelf.told(service, records).fetched == () and len(server.requests) == before
        (other,) = asks(service, [CITY])
        assert records.find(other.question) is None and len(records.stale(other.question)) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.reset(), "partial", "broke off"),
        (Fault.truncated_chunks(), "partial", "broke off"),
        (Fault.cut(), "damaged", "no whole JSON document"),
        (Fault.empty(), "partial", "the answer is empty"),
        (Fault.html("application/json"), "damaged", "a web page came"),
        (Fault.redirect_to_page(), "damaged", "a web page came"),
        (Fault.empty_list(), "partial", "32 rows were counted, but 10 came"),
        (Fault.status(403), "missing", "(403)"),
        (Fault.status(404), "missing", "(404)"),
        (Fault.status(500), "busy", "(500)"),
        (Fault.too_many(), "busy", "(429)"),
        (Fault.damaged_gzip(), "damaged", "cannot be unpacked"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_fault_in_a_page_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, kind: str, says: str, records: Records
) -> None:
    with serving(places(), page=10) as (server, service):
        server.fail(fault, times=2, when=lambda request: request.first("$offset") == "10")
        found = failure(asks(service)[0], records, service)
        assert (found.kind, found.service) == (kind, "places")
        assert says in found.message
        server.calm()
        assert shelf.told(service, records).fetched == ("places",)


def test_an_error_of_the_service_is_told_in_its_own_words(records: Records) -> None:
    with serving(places().rename(columns={"measureid": "measure_id"})) as (_, service):
        found = failure(asks(service)[0], records, service)
    assert found.kind == "missing" and "No such column: measureid" in found.message


def test_an_error_with_status_200_is_an_error(records: Records) -> None:
    body = {"code": "query.execution.queryIsInvalid", "error": True, "message": "Query is invalid"}
    with serving(places()) as (server, service):
        server.fail(Fault.instead("error in 200", json_response(body)), times=-1)
        found = failure(asks(service)[0], records, service)
    assert found.kind == "missing" and "Query is invalid" in found.message and "cdc.gov" in found.remedy


def test_a_service_that_gives_the_same_page_again_is_noticed(records: Records) -> None:
    api = Socrata({"cwsq-ngmh": places()})

    def handle(request: Request) -> Response:
        query = {**request.query, "$offset": ["0"]} if "$offset" in request.query else request.query
        return api.handle(replace(request, query=query))

    with Loopback(handle) as server:
        service = row("places", server.url, page=10)
        found = failure(asks(service)[0], records, service)
    assert found.kind == "partial" and "the same rows again" in found.message


@pytest.mark.parametrize("answer", [[], [{}], [{"count": "many"}], [{"count": "1", "more": "2"}], [1], {"a": 1}])
def test_a_count_that_is_none_is_refused(answer: Any, records: Records) -> None:
    with serving(places()) as (server, service):
        server.fail(Fault.instead("count", json_response(answer)), times=-1)
        found = failure(asks(service)[0], records, service)
    assert found.kind == "damaged"


def test_rows_that_change_while_they_are_fetched_are_noticed(records: Records) -> None:
    api, counts = Socrata({"cwsq-ngmh": places()}), iter(["32", "33"])

    def handle(request: Request) -> Response:
        if request.first("$select") == "count(*)":
            return Response(200, json.dumps([{"count": next(counts)}]).encode(), "application/json")
        return api.handle(request)

    with Loopback(handle) as server:
        service = row("places", server.url, page=10)
        found = failure(asks(service)[0], records, service)
    assert found.kind == "changed"


def test_progress_is_told_in_rows(records: Records) -> None:
    seen: list[tuple[str, int, int | None]] = []
    with serving(places(), page=20) as (_, service):
        bring(asks(service), records, tools(service, progress=lambda *told: seen.append(told)))
    assert [told for told in seen if told[2]] == [("places", 20, 32), ("places", 32, 32)]
