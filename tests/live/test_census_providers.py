"""One contract for both providers of Census tables: same bytes, same refusals, and nobody ever sees the key."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from justgeo.core.errors import ConfigError, SourceError
from justgeo.sources.live import census_api, keys, with_censusdis
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.census_answers import LEVELS, Piece
from justgeo.sources.live.census_tables import acs_asks, redistricting_ask
from justgeo.sources.live.http import Client, Policy
from tests.live import census_town as town
from tests.loopback.server import Fault, Loopback, Request, html_response, refused_url, router

Change = Callable[[list[list[Any]]], Any]
COUNTY = "99001"


@pytest.fixture(params=["direct", "censusdis"])
def provider(request: pytest.FixtureRequest) -> str:
    if request.param == "censusdis" and not town.has_censusdis():
        pytest.skip("censusdis is not installed (extra census)")
    return str(request.param)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(router({"/data": town.api().handle})) as running:
        yield running


@pytest.fixture
def tools(server: Loopback, provider: str) -> Tools:
    return town.tools(server.url, provider)


def ask(table: str = "B25003", year: int = 2024, counties: tuple[str, ...] = (COUNTY,)) -> Ask:
    (one,) = acs_asks(town.services("http://127.0.0.1")["census_api"], [table], year, counties)
    return one


def data(request: Request) -> bool:
    """Whether a request wants data, not a page about them."""
    return "get" in request.query


def of(level: str) -> Callable[[Request], bool]:
    return lambda request: data(request) and request.first("for").partition(":")[0] == level


def rewritten(change: Change) -> Fault:
    """The true answer's table, changed."""
    return Fault.body(lambda body: json.dumps(change(json.loads(body))).encode())


# --- what comes


def test_cells_come_as_the_api_said_them(tools: Tools, tmp_path: Path) -> None:
    record = town.fetched(ask(), tmp_path, tools)
    assert list(record.files) == ["acs5-2024-B25003.csv"]
    assert town.text(record) == town.TENURE_FILE


def test_the_record_says_who_asked_and_the_notes_do_not(tools: Tools, provider: str, tmp_path: Path) -> None:
    told = town.fetched(ask(), tmp_path, tools).told
    assert told.more["provider"] == provider
    assert told.more["fetched"].startswith("Fetched with " + ("censusdis 1." if provider == "censusdis" else "justgeo"))
    assert told.notes == ()
    assert told.dataset == "American Community Survey 5-year estimates, table B25003"
    assert told.vintage == "2020-2024"
    assert "not endorsed" in told.attribution
    assert told.retrieved.endswith("+00:00")


def test_more_than_fifty_variables_are_asked_in_parts(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    lines = town.text(town.fetched(ask("B01001"), tmp_path, tools)).splitlines()
    header = lines[0].split(",")
    assert header == ["GEO_ID", *(f"B01001_{line:03d}{kind}" for line in range(1, 50) for kind in "EM")]
    assert len(lines) == 7
    by_place = {row[0]: row[1:] for row in (line.split(",") for line in lines[1:])}
    for place, geo_id in enumerate(town.PLACES):
        assert by_place[geo_id] == [cell for line in range(1, 50) for cell in (str(1000 * place + line), str(line))]
    asked = [request.first("get").split(",") for request in server.requests if data(request)]
    assert [len(variables) for variables in asked] == [50, 48] * 3
    for variables in asked:
        assert variables[::2] == [name[:-1] + "E" for name in variables[1::2]]


def test_numbers_that_are_no_text_keep_their_digits(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    def as_numbers(table: list[list[Any]]) -> Any:
        return [table[0], *([json.loads(cell) if cell else None for cell in row[:4]] + row[4:] for row in table[1:])]

    server.fail(rewritten(as_numbers), times=-1, when=data)
    expected = town.TENURE_FILE.replace("2.00", "2.0")  # json.dumps of the test, not the door, drops the zero
    assert town.text(town.fetched(ask(), tmp_path, tools)) == expected


def test_rows_and_columns_in_another_order_give_the_same_bytes(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    server.fail(rewritten(lambda table: [row[::-1] for row in [table[0], *table[:0:-1]]]), times=-1, when=data)
    assert town.text(town.fetched(ask(), tmp_path, tools)) == town.TENURE_FILE


def test_block_groups_of_nulls_alone_are_not_published(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    record = town.fetched(ask("B19301"), tmp_path, tools)
    assert [line.partition("US")[0] for line in town.text(record).splitlines()[1:]] == ["0500000"] + ["1400000"] * 2
    assert record.told.notes == ("Table B19301 of 2024 is not published for block groups.",)
    assert any(of("block group")(request) for request in server.requests)


def test_tables_for_tracts_only_are_not_asked_for_block_groups(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    record = town.fetched(ask("B17001"), tmp_path, tools)
    assert len(town.text(record).splitlines()) == 4
    assert record.told.notes == ("Table B17001 of 2024 is not published for block groups.",)
    assert not any(of("block group")(request) for request in server.requests)


def test_204_is_an_answer_for_block_groups_alone(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    server.fail(Fault.status(204), times=-1, when=of("block group"))
    record = town.fetched(ask(), tmp_path / "bg", tools)
    assert [line[:3] for line in town.text(record).splitlines()[1:]] == ["050", "140", "140"]
    assert record.told.notes == ("Table B25003 of 2024 is not published for block groups.",)
    server.calm()
    server.fail(Fault.status(204), times=-1, when=of("tract"))
    with pytest.raises(SourceError, match=r"204.*tracts of county 99001") as caught:
        town.fetched(ask(), tmp_path / "tract", tools)
    assert caught.value.kind == "missing"


def test_a_county_that_is_not_there_is_no_empty_table(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="counties of county 99005 in acs/acs5 of 2024") as caught:
        town.fetched(ask(counties=(COUNTY, "99005")), tmp_path, tools)
    assert caught.value.kind == "missing"
    assert "county exists in that year" in caught.value.remedy


def test_blocks(tools: Tools, tmp_path: Path) -> None:
    record = town.fetched(redistricting_ask(tools.services["census_api"], [COUNTY]), tmp_path, tools)
    assert list(record.files) == ["pl94171-2020-blocks.csv"]
    assert town.text(record).splitlines() == [
        "GEO_ID," + ",".join(f"P2_{line:03d}N" for line in range(1, 12)),
        "1000000US990010001001000,20,3,17,15,6,5,1,1,1,1,2",
        "1000000US990010001001001,0,0,0,0,0,0,0,0,0,0,0",
        "1000000US990010002001000,9,1,8,8,8,0,0,0,0,0,0",
    ]


def test_progress_is_told_by_pieces(server: Loopback, provider: str, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    with_progress = replace(town.tools(server.url, provider), progress=lambda *one: told.append(one))
    town.fetched(ask("B01001"), tmp_path, with_progress)
    assert told == [("acs B01001@2024", done, 6) for done in range(7)]


# --- what does not


def test_a_busy_service_is_asked_again(server: Loopback, provider: str, tmp_path: Path) -> None:
    sleeps: list[float] = []
    server.fail(Fault.too_many(7), when=data)
    record = town.fetched(ask(), tmp_path, town.tools(server.url, provider, sleeps=sleeps))
    assert town.text(record) == town.TENURE_FILE
    assert sleeps == [7.0]


FAULTS = {
    "refuses": (Fault.status(403), "missing"),
    "fails": (Fault.status(500), "busy"),
    "is busy": (Fault.status(503), "busy"),
    "breaks off": (Fault.reset_in_body(), "partial"),
    "ends too soon": (Fault.truncated(), "partial"),
    "JSON that does not close": (Fault.cut(), "damaged"),
    "an empty list": (Fault.empty_list(), "partial"),
    "a header alone": (rewritten(lambda table: table[:1]), "partial"),
    "nothing": (Fault.empty(), "partial"),
    "a page": (Fault.html(), "damaged"),
    "a page said to be JSON": (Fault.html("application/json"), "damaged"),
    "a sign-in page": (Fault.redirect_to_page(), "damaged"),
    "a loop": (Fault.redirect_loop(), "damaged"),
    "no table": (rewritten(lambda table: {"rows": table}), "damaged"),
    "no number": (Fault.body(lambda body: body.replace(b'"60"', b"NaN").replace(b'"40"', b"NaN")), "damaged"),
    "a cell too few": (rewritten(lambda table: [*table[:-1], table[-1][:-1]]), "damaged"),
    "a cell too many": (rewritten(lambda table: [*table[:-1], [*table[-1], "1"]]), "damaged"),
    "a cell in a cell": (rewritten(lambda table: [*table[:-1], [["1"], *table[-1][1:]]]), "damaged"),
    "another header": (rewritten(lambda table: [["B25003_001E", *table[0][:-1]], *table[1:]]), "damaged"),
    "no header": (rewritten(lambda table: table[1:]), "damaged"),
    "a place twice": (rewritten(lambda table: [*table, table[-1]]), "damaged"),
    "another county": (rewritten(lambda table: [*table[:-1], [*table[-1][:5], "003", *table[-1][6:]]]), "damaged"),
    "a place cut short": (rewritten(lambda table: [*table[:-1], [*table[-1][:-1], "1" * 9]]), "damaged"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_data_are_told_and_leave_nothing(tools: Tools, server: Loopback, tmp_path: Path, name: str) -> None:
    fault, kind = FAULTS[name]
    server.fail(fault, times=-1, when=of("tract"))
    with pytest.raises(SourceError) as caught:
        town.fetched(ask(), tmp_path, tools)
    assert caught.value.kind == kind
    assert caught.value.remedy
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    server.calm()
    assert town.text(town.fetched(ask(), tmp_path, tools)) == town.TENURE_FILE


@pytest.mark.parametrize("name", ["fails", "ends too soon", "JSON that does not close", "a place twice", "a page"])
def test_what_passes_is_mended_by_another_try(tools: Tools, server: Loopback, tmp_path: Path, name: str) -> None:
    server.fail(FAULTS[name][0], when=of("tract"))
    assert town.text(town.fetched(ask(), tmp_path, tools)) == town.TENURE_FILE


def test_nobody_there(provider: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        town.fetched(ask(), tmp_path, town.tools(refused_url(), provider))
    assert caught.value.kind == "refused"


def test_silence_ends(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    quick = replace(tools, client=Client(Policy(tries=1, read_s=0.3, connect_s=0.3, total_s=1), sleep=lambda s: None))
    server.fail(Fault.silence(), times=-1, when=data)
    with pytest.raises(SourceError) as caught:
        town.fetched(ask(), tmp_path, quick)
    assert caught.value.kind == "timeout"
    server.calm()


def test_a_mirror_answers_where_the_first_does_not(server: Loopback, provider: str, tmp_path: Path) -> None:
    with_mirror = replace(town.tools(server.url, provider), services=town.services(refused_url(), server.url))
    assert town.text(town.fetched(ask(), tmp_path, with_mirror)) == town.TENURE_FILE


def test_answers_that_speak_of_other_places_are_partial(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    second = rewritten(lambda table: table[:-1])
    server.fail(second, times=-1, when=lambda r: of("tract")(r) and "B01001_049E" in r.first("get"))
    with pytest.raises(SourceError, match=r"tracts of county 99001.*1400000US990010002") as caught:
        town.fetched(ask("B01001"), tmp_path, tools)
    assert caught.value.kind == "partial"


@pytest.mark.parametrize(("key", "message"), [("", "only those who send a key"), ("wrong-key", "does not accept")])
def test_a_page_about_the_key_says_how_to_get_one(
    server: Loopback, provider: str, tmp_path: Path, key: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        town.fetched(ask(), tmp_path, town.tools(server.url, provider, key=key))
    assert caught.value.kind == "key"
    assert "key_signup.html" in caught.value.remedy
    assert sum(data(request) for request in server.requests) == 1


def test_a_key_page_with_200_and_no_redirect_is_no_data(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    server.fail(Fault.instead("page", html_response("Invalid Key", "it is not valid")), times=-1, when=data)
    with pytest.raises(SourceError, match="web page") as caught:
        town.fetched(ask(), tmp_path, tools)
    assert caught.value.kind == "damaged"


def test_without_a_key_nothing_is_asked(
    server: Loopback, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "census_key", lambda: None)
    with pytest.raises(SourceError) as caught:
        town.fetched(ask(), tmp_path, replace(town.tools(server.url, provider), key=keys.need_census_key))
    assert caught.value.kind == "key"
    assert server.requests == []


def test_a_table_or_a_year_that_is_not_there(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no table B99999 in the five-year survey of 2024") as caught:
        town.fetched(ask("B99999"), tmp_path, tools)
    assert caught.value.kind == "missing"
    for year in (2025, 2099):
        with pytest.raises(SourceError, match=f"no five-year survey of {year}") as caught:
            town.fetched(ask(year=year), tmp_path, tools)
        assert caught.value.kind == "missing"
        assert "2024" in caught.value.remedy
    with pytest.raises(SourceError, match="404") as caught:
        town.fetched(ask(year=2012), tmp_path, tools)  # no year near it is there
    assert caught.value.kind == "missing"


def test_lists_of_variables_that_cannot_be_believed(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    def page(request: Request) -> bool:
        return "/groups/" in request.path

    for said, message in (
        ({"variables": {"B25003_001E": {"attributes": "B25003_001EA"}}}, "has no margin"),
        ({"variables": {"B25003A_001E": {}}}, "names no estimate"),
        ({"variables": []}, "is none"),
        ([], "is none"),
    ):
        server.fail(Fault.body(lambda _, told=said: json.dumps(told).encode()), when=page)
        with pytest.raises(SourceError, match=message):
            town.fetched(ask(), tmp_path, tools)


def test_older_lists_name_the_margin_among_attributes(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    def older(body: bytes) -> bytes:
        found = json.loads(body)["variables"]
        told = {name: {"attributes": f"{name}A,{name[:-1]}M,{name[:-1]}MA"} for name in found if name.endswith("E")}
        return json.dumps({"variables": told}).encode()

    server.fail(Fault.body(older), when=lambda request: "/groups/" in request.path)
    assert town.text(town.fetched(ask(), tmp_path, tools)) == town.TENURE_FILE


def test_variables_are_listed_once_for_a_client(tools: Tools, server: Loopback, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        town.fetched(ask(), tmp_path / folder, tools)
    assert sum("/groups/" in request.path for request in server.requests) == 1


# --- the key


def _said(error: BaseException | None, seen: set[int] | None = None) -> str:
    """Everything that an exception and those behind it can say."""
    seen = set() if seen is None else seen
    if error is None or id(error) in seen:
        return ""
    seen.add(id(error))
    own = "".join([str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))])
    return own + _said(error.__cause__, seen) + _said(error.__context__, seen)


def test_the_key_is_seen_by_nobody(
    server: Loopback, provider: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The key of the environment is the one that censusdis itself would look for.
    monkeypatch.setenv("US_CENSUS_API_KEY", town.CANARY)
    caplog.set_level(logging.DEBUG)
    words: list[str] = []
    plans = [None, *(fault for fault, _ in FAULTS.values()), Fault.too_many(), Fault.reset(), Fault.status(404)]
    for number, fault in enumerate(plans):
        server.calm()
        if fault is not None:
            server.fail(fault, times=-1, when=of("tract"))
        try:
            town.fetched(ask(), tmp_path / str(number), town.tools(server.url, provider))
        except SourceError as error:
            words.append(_said(error))
    for key, url in ((town.CANARY + "x", server.url), (town.CANARY, refused_url())):
        with pytest.raises(SourceError) as caught:
            town.fetched(ask(), tmp_path / "other", town.tools(url, provider, key=key))
        words.append(_said(caught.value))
    assert len(words) == len(plans) + 1
    assert any(town.CANARY in request.raw_query for request in server.requests if data(request))
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    for record in caplog.records:
        assert town.CANARY not in record.getMessage() + repr(record.__dict__)
    for said in words:
        assert town.CANARY not in said
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert town.CANARY.encode() not in path.read_bytes()


def test_the_key_of_a_library_is_not_its_own(server: Loopback, tmp_path: Path) -> None:
    """What censusdis is given and may print is a word of ours, and the server is sent the true key."""
    pytest.importorskip("censusdis", reason="censusdis is not installed (extra census)")
    town.fetched(ask(), tmp_path, town.tools(server.url, "censusdis"))
    sent = [request.query.get("key") for request in server.requests]
    assert all(one == [town.CANARY] for one in sent)
    assert not any(with_censusdis.NO_KEY in request.raw_query for request in server.requests)


# --- two providers


@pytest.mark.skipif(not town.has_censusdis(), reason="censusdis is not installed (extra census)")
@pytest.mark.parametrize("table", ["B25003", "B01001", "B17001", "B19301"])
def test_both_write_the_same_bytes(server: Loopback, tmp_path: Path, table: str) -> None:
    own, other = (
        town.fetched(ask(table), tmp_path / name, town.tools(server.url, name)) for name in ("direct", "censusdis")
    )
    assert own.files == other.files
    assert own.digest == other.digest
    assert own.told.notes == other.told.notes
    assert town.text(own) == town.text(other)


@pytest.mark.skipif(not town.has_censusdis(), reason="censusdis is not installed (extra census)")
def test_requests_is_given_back(server: Loopback, tmp_path: Path) -> None:
    import censusdis.data
    import censusdis.geography
    import censusdis.impl.fetch
    import censusdis.maps

    modules = (censusdis.data, censusdis.geography, censusdis.impl.fetch, censusdis.maps)
    town.fetched(ask(), tmp_path / "a", town.tools(server.url, "censusdis"))
    assert all(module.requests is requests for module in modules)
    server.fail(Fault.status(500), times=-1, when=data)
    with pytest.raises(SourceError):
        town.fetched(ask(), tmp_path / "b", town.tools(server.url, "censusdis"))
    assert all(module.requests is requests for module in modules)


@pytest.mark.skipif(not town.has_censusdis(), reason="censusdis is not installed (extra census)")
def test_what_censusdis_trips_over_is_told_in_our_words(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from censusdis.impl.exceptions import CensusApiException

    def trip(piece: Piece) -> None:
        raise CensusApiException(f"https://api.census.gov/?key={town.CANARY}")

    monkeypatch.setattr(with_censusdis, "_download", trip)
    with pytest.raises(SourceError, match="CensusApiException") as caught:
        town.fetched(ask(), tmp_path, town.tools(server.url, "censusdis"))
    assert town.CANARY not in _said(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert 'provider = "direct"' in caught.value.remedy


@pytest.mark.skipif(not town.has_censusdis(), reason="censusdis is not installed (extra census)")
def test_censusdis_may_call_nobody_else(server: Loopback, tmp_path: Path) -> None:
    piece = Piece("acs/acs5", 2024, ("B25003_001E",), LEVELS["tract"], COUNTY)
    stand_in = with_censusdis._Requests(piece, town.tools(server.url), tmp_path)
    for url in ("https://www2.census.gov/geo/x.zip", "https://api.census.gov/database", "http://127.0.0.1/data/x"):
        with pytest.raises(SourceError, match="wanted to call"):
            stand_in.get(url)
    assert server.requests == []
    assert stand_in.exceptions is requests.exceptions


@pytest.mark.skipif(not town.has_censusdis(), reason="censusdis is not installed (extra census)")
def test_two_threads_do_not_meet_in_censusdis(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = with_censusdis.installed()
    assert found is not None
    pieces = [Piece("acs/acs5", 2024, (f"B01001_{n:03d}E",), LEVELS["tract"], COUNTY) for n in range(1, 9)]
    folders = [tmp_path / str(number) for number in range(len(pieces))]
    for folder in folders:
        folder.mkdir()
    inside: list[str] = []
    most = 0

    def slowly(piece: Piece) -> Any:
        nonlocal most
        inside.append(str(piece))
        most = max(most, len(inside))
        time.sleep(0.02)
        try:
            return download(piece)
        finally:
            inside.pop()

    download = with_censusdis._download
    monkeypatch.setattr(with_censusdis, "_download", slowly)

    def rows(number: int) -> list[tuple[str | None, ...]]:
        return [row.cells for row in found.rows(pieces[number], town.tools(server.url), folders[number])]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(rows, range(len(pieces))))
    assert answers == [[(f"{2000 + n}",), (f"{5000 + n}",)] for n in range(1, 9)]
    assert most == 1


@pytest.mark.skipif(not town.has_censusdis(), reason="censusdis is not installed (extra census)")
def test_censusdis_is_never_asked_for_more_than_it_can() -> None:
    found = with_censusdis.installed()
    assert found is not None
    piece = Piece("acs/acs5", 2024, ("B25003_001E",) * 51, LEVELS["tract"], COUNTY)
    with pytest.raises(ValueError, match="51 variables"):
        found.rows(piece, town.tools("http://127.0.0.1:9"), Path())


# --- where censusdis is not


def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "censusdis" if town.has_censusdis() else "direct"
    assert census_api.provider("auto").name == expected
    monkeypatch.setitem(sys.modules, "censusdis", None)
    assert census_api.provider("auto").name == "direct"
    assert census_api.provider("direct").name == "direct"


def test_asking_for_what_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "censusdis", None)
    with pytest.raises(ConfigError, match="cannot be imported") as caught:
        census_api.provider("censusdis")
    for said in ("Hippocratic", "justgeo[census]", "--no-deps censusdis==1.4.2", 'provider = "direct"'):
        assert said in caught.value.remedy


def test_a_provider_that_nobody_knows() -> None:
    with pytest.raises(ConfigError, match="no provider 'census'"):
        census_api.provider("census")


def test_everything_is_imported_without_censusdis() -> None:
    code = (
        "import sys; sys.modules['censusdis'] = None\n"
        "import justgeo, justgeo.sources.live.census_tables, justgeo.sources.live.with_censusdis\n"
        "from justgeo.sources.live.census_api import provider\n"
        "assert provider('auto').name == 'direct'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
