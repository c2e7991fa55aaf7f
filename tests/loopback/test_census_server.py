"""The loopback Census API against the rules of the real one, and censusdis against it."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pandas as pd
import pytest

from tests.loopback.census import CensusApi
from tests.loopback.server import Loopback

KEY = "the-valid-key-of-a-test"
IN_COUNTY = [("in", "state:99"), ("in", "county:001")]
TENURE = pd.DataFrame(
    {
        "GEO_ID": ["0500000US99001", "1400000US99001000100", "1400000US99001000203", "1500000US990010001001"],
        "B25003_E001": [1000, 600, 400, 250],
        "B25003_M001": [-555555555, 60, 50, 40],
        "B25003_E002": [700, 400, 300, None],
        "B25003_M002": [80, 55, 45, None],
    }
)
INCOME = pd.DataFrame(
    {
        "GEO_ID": ["0500000US99001", "1400000US99001000100", "1500000US990010001001"],
        "B19013_E001": [52000.0, -666666666.0, 41000.0],
        "B19013_M001": [900.0, -222222222.0, 3000.0],
    }
)
AGE = pd.DataFrame({"GEO_ID": ["1400000US99001000100"], "B01002_E001": [37.5], "B01002_M001": [1.2]})
RACE = pd.DataFrame(
    {
        "GEO_ID": ["1000000US990010001001000", "1000000US990010001001001", "1000000US990010001002000"],
        "P2_001N": [10, 17, 5],
        "P2_002N": [3, 16, 0],
        "H1_001N": [4, 7, 2],
    }
)
TABLES = {(2024, "B25003"): TENURE, (2024, "B19013"): INCOME, (2024, "B01002"): AGE, (2019, "B25003"): TENURE}


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback(CensusApi(TABLES, RACE, KEY, tract_only={"B19013"}).handle) as running:
        yield running


def fetch(server: Loopback, path: str, query: str = "") -> tuple[int, http.client.HTTPMessage, str]:
    """Status, header and text; redirects not followed."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=2)
    connection.request("GET", f"{path}?{query}" if query else path)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def ask(
    server: Loopback,
    get: str,
    *geography: tuple[str, str],
    dataset: str = "2024/acs/acs5",
    key: str = KEY,
) -> tuple[int, http.client.HTTPMessage, str]:
    return fetch(server, f"/data/{dataset}", urlencode([("get", get), *geography, ("key", key)]))


def rows(answer: tuple[int, http.client.HTTPMessage, str]) -> list[list[str | None]]:
    status, headers, text = answer
    assert (status, headers["Content-Type"]) == (200, "application/json;charset=utf-8")
    return list(json.loads(text))


# --- data


def test_rows_are_texts_with_the_variables_first_and_the_geography_after(server: Loopback) -> None:
    found = rows(ask(server, "B25003_002E,NAME,B25003_001M", ("for", "tract:*"), *IN_COUNTY))
    assert found == [
        ["B25003_002E", "NAME", "B25003_001M", "state", "county", "tract"],
        ["400", "Census Tract 1; County 001 (invented); State 99 (invented)", "60", "99", "001", "000100"],
        ["300", "Census Tract 2.03; County 001 (invented); State 99 (invented)", "50", "99", "001", "000203"],
    ]


def test_older_years_set_names_off_by_commas(server: Loopback) -> None:
    found = rows(ask(server, "NAME", ("for", "tract:000100"), *IN_COUNTY, dataset="2019/acs/acs5"))
    assert found[1][0] == "Census Tract 1, County 001 (invented), State 99 (invented)"


@pytest.mark.parametrize(
    "within",
    [
        "in=state:99&in=county:001",
        "in=state%3A99&in=county%3A001",
        "in=state:99%20county:001",
        "in=state:99+county:001",
        "in=state:99%2Bcounty:001",
        "in=county:001&in=state:99",
    ],
)
@pytest.mark.parametrize("wanted", ["for=tract:*", "for=tract", "for=tract:000100,000203"])
def test_every_spelling_of_a_geography_asks_the_same(server: Loopback, within: str, wanted: str) -> None:
    found = rows(fetch(server, "/data/2024/acs/acs5", f"get=GEO_ID&{wanted}&{within}&key={KEY}"))
    assert [row[0] for row in found] == ["GEO_ID", "1400000US99001000100", "1400000US99001000203"]


@pytest.mark.parametrize(
    ("geography", "header", "ids"),
    [
        ([("for", "us:1")], ["us"], ["0100000US"]),
        ([("for", "state:*")], ["state"], ["0400000US99"]),
        ([("for", "county:001"), ("in", "state:99")], ["state", "county"], ["0500000US99001"]),
        ([("for", "county:*")], ["state", "county"], ["0500000US99001"]),
        ([("for", "tract:*"), ("in", "state:99")], ["state", "county", "tract"], ["…000100", "…000203"]),
        ([("for", "tract:000203"), ("in", "state:99"), ("in", "county:*")], ["state", "county", "tract"], ["…000203"]),
        ([("for", "block group:*"), *IN_COUNTY], ["state", "county", "tract", "block group"], ["…0001001"]),
        (
            [("for", "block group:1"), ("in", "state:99 county:001 tract:000100")],
            ["state", "county", "tract", "block group"],
            ["…0001001"],
        ),
    ],
)
def test_levels(server: Loopback, geography: list[tuple[str, str]], header: list[str], ids: list[str]) -> None:
    found = rows(ask(server, "GEO_ID", *geography))
    assert found[0] == ["GEO_ID", *header]
    for row, told in zip(found[1:], ids, strict=True):
        assert re.fullmatch(told.replace("…", r"1[45]00000US99001\d*"), str(row[0]))


def test_special_values_come_as_numbers_with_their_signs(server: Loopback) -> None:
    county = rows(ask(server, "B25003_001M,B25003_001MA,B25003_001EA", ("for", "county:001"), ("in", "state:99")))
    assert county[1][:3] == ["-555555555", "*****", None]
    tract = rows(ask(server, "B19013_001E,B19013_001EA,B19013_001M,B19013_001MA", ("for", "tract:000100"), *IN_COUNTY))
    assert tract[1][:4] == ["-666666666", "-", "-222222222", "**"]


def test_numbers_keep_their_decimals_and_whole_ones_have_none(server: Loopback) -> None:
    found = rows(ask(server, "B01002_001E,B25003_001E", ("for", "tract:*"), *IN_COUNTY))
    assert [row[:2] for row in found[1:]] == [["37.5", "600"], [None, "400"]]


def test_a_table_closed_to_block_groups_is_null_there(server: Loopback) -> None:
    found = rows(ask(server, "B19013_001E,B19013_001M,B25003_001E,B25003_002E", ("for", "block group:*"), *IN_COUNTY))
    assert [row[:4] for row in found[1:]] == [[None, None, "250", None]]


def test_a_whole_group(server: Loopback) -> None:
    found = rows(ask(server, "group(B25003)", ("for", "tract:000100"), *IN_COUNTY))
    cells = [f"B25003_{line}{kind}" for line in ("001", "002") for kind in ("E", "EA", "M", "MA")]
    assert found[0] == [*cells, "GEO_ID", "NAME", "state", "county", "tract"]
    assert found[1][:9] == ["600", None, "60", None, "400", None, "55", None, "1400000US99001000100"]


def test_redistricting_counts_of_blocks_and_of_what_they_make_up(server: Loopback) -> None:
    blocks = rows(ask(server, "P2_001N,H1_001N,GEO_ID", ("for", "block:*"), *IN_COUNTY, dataset="2020/dec/pl"))
    assert blocks[0] == ["P2_001N", "H1_001N", "GEO_ID", "state", "county", "tract", "block"]
    assert blocks[2] == ["17", "7", "1000000US990010001001001", "99", "001", "000100", "1001"]
    groups = rows(ask(server, "P2_001N", ("for", "block group:*"), *IN_COUNTY, dataset="2020/dec/pl"))
    assert [row[0] for row in groups] == ["P2_001N", "27", "5"]
    named = rows(ask(server, "NAME", ("for", "block:1001"), *IN_COUNTY, ("in", "tract:*"), dataset="2020/dec/pl"))
    assert named[1][0] == "Block 1001, Block Group 1, Census Tract 1, County 001 (invented), State 99 (invented)"


# --- refusals


@pytest.mark.parametrize(("key", "page", "says"), [("", "missing", "had none"), ("stale", "invalid", "not valid")])
def test_without_a_valid_key_a_page_comes_with_200(server: Loopback, key: str, page: str, says: str) -> None:
    status, headers, _ = ask(server, "NAME", ("for", "us:1"), key=key)
    assert (status, headers["X-DataWebAPI-KeyError"]) == (302, "1")
    assert headers["Location"] == f"/data/{page}_key.html"
    query = urlencode({"get": "NAME", "for": "us:1", "key": key})
    followed = urllib.request.urlopen(f"{server.url}/data/2024/acs/acs5?{query}", timeout=2)
    text = followed.read().decode()
    assert (followed.status, followed.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert says in text and KEY not in text and "stale" not in text


def test_no_key_at_all_is_a_missing_one(server: Loopback) -> None:
    status, headers, _ = fetch(server, "/data/2024/acs/acs5", "get=NAME&for=us:1")
    assert (status, headers["Location"]) == (302, "/data/missing_key.html")


HIERARCHY = "error: unknown/unsupported geography hierarchy"
AMBIGUOUS = 'error: ambiguous geography "{}". You must either specify a wildcard or full qualify it with {}'


@pytest.mark.parametrize(
    ("get", "geography", "says"),
    [
        ("NAME,B99999_001E", [("for", "us:1")], "error: error: unknown variable 'B99999_001E'"),
        ("B25003_009E", [("for", "us:1")], "error: error: unknown variable 'B25003_009E'"),
        ("group(B99999)", [("for", "us:1")], "error: error: unknown variable 'B99999'"),
        (",".join(["NAME"] * 51), [("for", "us:1")], "error: error: 'get' is limited to 50 variables"),
        ("", [("for", "us:1")], "error: missing 'get' argument"),
        ("NAME", [], "error: missing 'for' argument"),
        ("NAME", [("for", "us:1"), ("time", "2024")], "error: unknown predicate variable: 'time'"),
        ("NAME", [("for", "place:*"), ("in", "state:99")], HIERARCHY),
        ("NAME", [("for", "block:*"), *IN_COUNTY], HIERARCHY),
        ("NAME", [("for", "tract:*")], HIERARCHY),
        ("NAME", [("for", "block group:*"), ("in", "state:99")], HIERARCHY),
        ("NAME", [("for", "county:*"), *IN_COUNTY], HIERARCHY),
        ("NAME", [("for", "tract:000100"), ("in", "state:99")], AMBIGUOUS.format("tract:000100", "county")),
        ("NAME", [("for", "block group:1"), *IN_COUNTY], AMBIGUOUS.format("block group:1", "tract")),
        (
            "NAME",
            [("for", "tract:*"), ("in", "state:*"), ("in", "county:001")],
            "error: wildcard not allowed for 'state' in geography hierarchy",
        ),
        (
            "NAME",
            [("for", "county:*"), ("in", "state:98,99")],
            "error: wildcard mismatch in geography hierarchy",
        ),
        ("NAME", [("for", "tract:*"), ("in", "state99")], "error: invalid 'in' argument"),
    ],
)
def test_what_the_api_refuses(server: Loopback, get: str, geography: list[tuple[str, str]], says: str) -> None:
    status, headers, text = ask(server, get, *geography)
    assert (status, headers["Content-Type"], text) == (400, "text/plain; charset=utf-8", says)


def test_fifty_variables_are_not_too_many(server: Loopback) -> None:
    assert len(rows(ask(server, ",".join(["NAME"] * 50), ("for", "us:1")))[0]) == 51


@pytest.mark.parametrize(
    "geography",
    [
        [("for", "tract:*"), ("in", "state:98"), ("in", "county:001")],
        [("for", "tract:999999"), *IN_COUNTY],
        [("for", "tract:100"), *IN_COUNTY],
    ],
)
def test_nothing_found_is_told_without_a_body(server: Loopback, geography: list[tuple[str, str]]) -> None:
    status, headers, text = ask(server, "NAME", *geography)
    assert (status, text, headers["Content-Length"]) == (204, "", None)


@pytest.mark.parametrize("path", ["2025/acs/acs5", "2024/acs/acs1", "2024/dec/pl", "2024/acs/acs5/groups/B99999.json"])
def test_what_is_not_there_is_a_page_with_404(server: Loopback, path: str) -> None:
    status, headers, text = ask(server, "NAME", ("for", "us:1"), dataset=path)
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<html>" in text


# --- pages about the data; they want no key


def page(server: Loopback, path: str) -> Any:
    status, headers, text = fetch(server, f"/data/{path}")
    assert (status, headers["Content-Type"]) == (200, "application/json;charset=utf-8")
    return json.loads(text)


def test_geographies(server: Loopback) -> None:
    found = {row["name"]: row for row in page(server, "2024/acs/acs5/geography.json")["fips"]}
    assert list(found) == ["us", "state", "county", "tract", "block group"]
    assert found["us"] == {"name": "us", "geoLevelDisplay": "010", "referenceDate": "2024-01-01"}
    assert found["block group"] == {
        "name": "block group",
        "geoLevelDisplay": "150",
        "referenceDate": "2024-01-01",
        "requires": ["state", "county", "tract"],
        "wildcard": ["county", "tract"],
        "optionalWithWCFor": "tract",
    }
    blocks = page(server, "2020/dec/pl/geography.json")["fips"][-1]
    assert (blocks["name"], blocks["geoLevelDisplay"]) == ("block", "100")


def test_variables_and_groups(server: Loopback) -> None:
    one = page(server, "2024/acs/acs5/variables/B25003_001E.json")
    assert (one["name"], one["group"], one["predicateType"]) == ("B25003_001E", "B25003", "int")
    assert one["attributes"] == "B25003_001EA,B25003_001M,B25003_001MA"
    assert page(server, "2024/acs/acs5/variables/B25003_001M.json")["label"] == "Margin of Error!!Total:"
    assert page(server, "2024/acs/acs5/variables/B01002_001E.json")["predicateType"] == "float"
    group = page(server, "2024/acs/acs5/groups/B25003.json")["variables"]
    assert {"B25003_001E", "B25003_001EA", "B25003_002M", "B25003_002MA", "GEO_ID", "NAME"} < set(group)
    every = page(server, "2024/acs/acs5/variables.json")["variables"]
    assert {"for", "in", "ucgid", "GEO_ID", "B25003_002E", "B01002_001E"} < set(every)
    assert "B25003_002M" not in every  # told among the attributes, as the real page does
    assert [g["name"] for g in page(server, "2020/dec/pl/groups.json")["groups"]] == ["H1", "P2"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (".json", [(2019, "acs/acs5"), (2024, "acs/acs5"), (2020, "dec/pl")]),
        ("/2024.json", [(2024, "acs/acs5")]),
        ("/2024/acs/acs5.json", [(2024, "acs/acs5")]),
        ("/2020/dec/pl.json", [(2020, "dec/pl")]),
    ],
)
def test_the_catalogue(server: Loopback, path: str, told: list[tuple[int, str]]) -> None:
    status, _, text = fetch(server, f"/data{path}")
    found = [(one["c_vintage"], "/".join(one["c_dataset"])) for one in json.loads(text)["dataset"]]
    assert (status, found) == (200, told)


# --- a client that others wrote


class Redirected:
    """Stands in for ``requests`` in censusdis: the Bureau's address becomes the loopback's."""

    def __init__(self, requests: Any, url: str) -> None:
        self._requests, self._url = requests, url

    def get(self, url: str, **more: Any) -> Any:
        assert url.startswith("https://api.census.gov/"), url
        return self._requests.get(url.replace("https://api.census.gov", self._url), **{**more, "timeout": 5})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)


@pytest.fixture
def censusdis_data(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Any:
    requests = pytest.importorskip("requests", reason="requests is not installed")
    data = pytest.importorskip("censusdis.data", reason="censusdis is not installed (extra: census)")
    from censusdis import geography
    from censusdis.impl.varcache import VariableCache

    for module in ("impl.fetch", "geography", "maps", "data"):
        monkeypatch.setattr(f"censusdis.{module}.requests", Redirected(requests, server.url))
    for cache in ("_PATH_SPECS_BY_DATASET_YEAR", "_PATH_SPEC_SNAKE_MAP", "_PATH_SPEC_SNAKE_INV_MAP"):
        monkeypatch.setattr(geography.PathSpec, cache, defaultdict(dict))
    monkeypatch.setattr(data, "variables", VariableCache())
    return data


def test_censusdis_downloads_tracts_and_block_groups(censusdis_data: Any, server: Loopback) -> None:
    cells = ["B25003_001E", "B25003_001M", "B25003_002E"]
    place = {"state": "99", "county": "001"}  # in this order, which censusdis minds
    tracts = censusdis_data.download("acs/acs5", 2024, cells, set_to_nan=False, api_key=KEY, **place, tract="*")
    assert list(tracts.columns) == ["STATE", "COUNTY", "TRACT", *cells]
    assert tracts[cells].to_numpy().tolist() == [[600, 60, 400], [400, 50, 300]]
    groups = censusdis_data.download("acs/acs5", 2024, cells, set_to_nan=False, api_key=KEY, **place, block_group="*")
    assert groups["BLOCK_GROUP"].tolist() == ["1"]
    assert groups["B25003_001E"].tolist() == [250]
    assert groups["B25003_002E"].isna().all()
    county = censusdis_data.download("acs/acs5", 2024, cells, set_to_nan=False, api_key=KEY, **place)
    assert county["B25003_001M"].tolist() == [-555555555]
    data = [request for request in server.requests if request.path == "/data/2024/acs/acs5"]
    assert data[-1].first("key") == KEY


def test_censusdis_downloads_blocks_of_the_redistricting_file(censusdis_data: Any) -> None:
    found = censusdis_data.download(
        "dec/pl", 2020, ["P2_001N"], set_to_nan=False, api_key=KEY, state="99", county="001", block="*"
    )
    assert found["P2_001N"].tolist() == [10, 17, 5]
    assert found["BLOCK"].tolist() == ["1000", "1001", "2000"]


def test_censusdis_reports_what_the_api_refuses(censusdis_data: Any) -> None:
    with pytest.raises(censusdis_data.CensusApiException, match="invalid"):
        censusdis_data.download("acs/acs5", 2024, ["B25003_001E"], api_key="stale", state="99", county="*")
    with pytest.raises(censusdis_data.CensusApiException, match="B99999_001E"):
        censusdis_data.download("acs/acs5", 2024, ["B99999_001E"], api_key=KEY, state="99", county="*")
    with pytest.raises(censusdis_data.CensusApiException, match="204"):
        censusdis_data.download("acs/acs5", 2024, ["B25003_001E"], api_key=KEY, state="98", county="*")
