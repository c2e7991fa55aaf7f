"""OpenStreetMap by Overpass, against a server that holds the invented county: whole, from one server, or not at all."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import osmnx
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from osmnx import _overpass as osmnx_door

from justgeo.core.errors import LayerError, SourceError
from justgeo.core.layer import Layer, Network
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.live import overpass
from justgeo.sources.live.ask import Brought, Tools, bring
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.overpass import LABEL, LAYERS, overpass_ask
from justgeo.sources.live.records import Record, Records
from justgeo.sources.osm import read_extract
from justgeo.sources.overpass_answers import FEATURE_TAGS, WAY_FILTER, read_answers
from tests import timed
from tests.live import places
from tests.loopback.faults import Fault, every
from tests.loopback.overpass import Overpass, remark
from tests.loopback.server import Loopback, Request, Response, html_response, refused_url
from tests.sources.test_overpass_parity import within

Handler = Callable[[Request], Response]
DATA_OF = "2024-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def area(folder: Path) -> Area:
    return places.area(folder)


@pytest.fixture(scope="module")
def small(area: Area) -> Area:
    """A few blocks of the district, for what does not depend on how much comes."""
    lon, lat = area.district.representative_point().coords[0]
    return replace(area, halo=shapely.box(lon - 0.004, lat - 0.003, lon + 0.004, lat + 0.003))


@pytest.fixture(scope="module")
def worded() -> Callable[..., Any]:
    return cache(overpass._questions)


@pytest.fixture
def quick(worded: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """osmnx takes a tenth of a second to word the same questions: once will do for tests of what follows."""
    monkeypatch.setattr(overpass, "_questions", worded)


@pytest.fixture(scope="module")
def handler(folder: Path) -> Handler:
    """The county's server; what was asked before it answers at once."""
    server = Overpass(folder / "nowhere.osm.pbf", DATA_OF)

    @cache
    def known(path: str, query: str) -> Response:
        return server.handle(Request("POST", path, {"data": [query]}, {"User-Agent": "test"}))

    def handle(request: Request) -> Response:
        assert request.method == "POST" and request.headers["User-Agent"].startswith("justgeo/")
        return known(request.path, request.first("data"))

    return handle


@pytest.fixture
def server(handler: Handler) -> Iterator[Loopback]:
    with Loopback(handler) as running:
        yield running


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def at(*urls: str) -> Service:
    return places.service("overpass", *urls, timeout_s=20)


def fetched(records: Records, service: Service, area: Area, tools: Tools | None = None) -> Brought:
    return bring([overpass_ask(service, area)], records, tools or places.tools(service, total_s=10.0))


def record_of(brought: Brought) -> Record:
    assert not brought.failures, brought.failures
    return brought.records[LABEL]


def failure_of(brought: Brought, records: Records) -> SourceError:
    """The failure, when all layers are missing for its reason and no byte was kept."""
    failure = brought.failures[LABEL]
    assert brought.missing == dict.fromkeys(LAYERS, failure.message) and not brought.specs
    assert failure.service == "overpass" and failure.remedy
    assert not [path for path in records.root.rglob("*") if path.is_file()]
    return failure


def is_of_streets(request: Request) -> bool:
    return "(way[" in request.first("data") and "node[" not in request.first("data")


def is_of_features(request: Request) -> bool:
    return not is_of_streets(request)


# What comes ------------------------------------------------------------------------------------------------------


def test_by_overpass_and_by_extract_the_district_is_the_same(
    folder: Path, area: Area, server: Loopback, records: Records
) -> None:
    brought = fetched(records, at(server.url), area)
    spec = brought.specs["osm"]
    ours = read_answers(spec, area, LAYERS)
    theirs = read_extract(LayerSpec("osm", folder / "nowhere.osm.pbf"), area, LAYERS)
    asked = shapely.from_geojson(json.dumps(spec.options["covers"]))
    assert asked.hausdorff_distance(area.halo) < 2e-6 and set(ours) == set(theirs) == set(LAYERS)
    for name in LAYERS:
        one, other = within(ours[name], asked), within(theirs[name], asked)
        if isinstance(one, Counter):
            assert one == other and len(one) > 1000
        else:
            assert_geodataframe_equal(one, other, check_geom_type=True)
            assert len(one), name
    origin = ours["parks"].provenance
    assert (
        origin.vintage == "2024-01-01" and origin.licence.startswith("ODbL") and "OpenStreetMap" in origin.attribution
    )


def test_one_server_one_question_after_the_other_by_our_name(area: Area, server: Loopback, records: Records) -> None:
    record_of(fetched(records, at(server.url, refused_url()), area))
    assert [request.path for request in server.requests] == ["/interpreter"] * 2
    assert is_of_streets(server.requests[0]) and is_of_features(server.requests[1])
    for request in server.requests:
        assert request.headers["User-Agent"].startswith("justgeo/") and "OSMnx" not in str(request.headers)
        assert request.first("data").startswith("[out:json][timeout:20];")
    assert fetched(records, at(server.url), area).fetched == () and len(server.requests) == 2


def test_what_was_said_is_kept_as_it_was_said(area: Area, handler: Handler, server: Loopback, records: Records) -> None:
    record = record_of(fetched(records, at(server.url), area))
    assert list(record.files) == ["answer-01.json.gz", "answer-02.json.gz"]
    for name, request in zip(record.files, server.requests, strict=True):
        assert gzip.decompress(record.path(name).read_bytes()) == handler(request).body
    told = record.told
    assert told.vintage == "2024-01-01" and told.retrieved
    assert dict(told.more) == {"server": f"{server.url}/interpreter", "data_of": DATA_OF, "answers": 2}


def test_what_decides_the_answers_decides_the_record(area: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    service = at("http://one.example")
    moved = replace(area, halo=shapely.affinity.translate(area.halo, 1e-5))
    digests = [overpass_ask(service, area).question.digest, overpass_ask(service, moved).question.digest]
    slow = replace(service, options={**service.options, "timeout_s": 21})
    digests.append(overpass_ask(slow, area).question.digest)
    with monkeypatch.context() as patch:
        patch.setattr(overpass, "FEATURE_TAGS", {**FEATURE_TAGS, "craft": True})
        digests.append(overpass_ask(service, area).question.digest)
    monkeypatch.setattr(overpass, "WAY_FILTER", WAY_FILTER + '["highway"!="track"]')
    digests.append(overpass_ask(service, area).question.digest)
    assert len(set(digests)) == 5
    monkeypatch.undo()
    elsewhere = replace(service, urls=("http://other.example",), options={**service.options, "busy_pause_s": 1})
    assert overpass_ask(elsewhere, area).question.digest == digests[0]


def test_a_large_area_is_asked_in_parts_that_make_the_same_whole(
    area: Area, server: Loopback, records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_answers(fetched(records, at(server.url), area).specs["osm"], area, LAYERS)
    monkeypatch.setattr(osmnx.settings, "max_query_area_size", 4e6)
    seen: list[int] = []
    tools = replace(places.tools(at(server.url)), progress=lambda label, done, all_: seen.append(done))
    brought = fetched(Records(tmp_path / "parts"), at(server.url), area, tools)
    count = len(record_of(brought).files)
    assert count > 6 and len(server.requests) == 2 + count and seen == sorted(seen)
    parts = read_answers(brought.specs["osm"], area, LAYERS)
    asked = shapely.from_geojson(json.dumps(brought.specs["osm"].options["covers"]))
    for name in LAYERS:
        one, other = within(parts[name], asked), within(whole[name], asked)
        if isinstance(one, Counter):
            assert one == other
        else:
            assert_geodataframe_equal(one, other, check_geom_type=True)


# Mirrors ---------------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[Fault, str]] = {
    "busy": (Fault.too_many(), "busy"),
    "overloaded": (Fault.status(504), "busy"),
    "in part": (Fault.body(remark), "partial"),
    "reset": (Fault.reset(), "partial"),
    "cut": (Fault.cut(), "damaged"),
    "page": (Fault.html(), "damaged"),
    "refused": (Fault.status(406), "missing"),
    "no time": (Fault.body(lambda body: body.replace(b"timestamp_osm_base", b"timestamp")), "damaged"),
    "no nodes": (Fault.body(lambda body: body.replace(b'"type": "node"', b'"type": "nod"')), "damaged"),
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("when", [is_of_streets, is_of_features], ids=["first", "second"])
@pytest.mark.parametrize("what", BROKEN)
def test_where_one_question_fails_all_go_to_the_next_mirror(
    what: str, when: Callable[[Request], bool], small: Area, handler: Handler, server: Loopback, records: Records
) -> None:
    def later(request: Request) -> Response:
        answer = handler(request)
        return replace(answer, body=answer.body.replace(DATA_OF.encode(), b"2024-01-02T00:00:00Z"))

    server.fail(BROKEN[what][0], times=-1, when=when)
    with Loopback(later) as mirror:
        record = record_of(fetched(records, at(server.url, mirror.url), small))
        assert [is_of_streets(request) for request in mirror.requests] == [True, False]
        assert record.told.more["server"].startswith(mirror.url)
    times = [json.loads(gzip.decompress(record.path(name).read_bytes()))["osm3s"] for name in record.files]
    assert [told["timestamp_osm_base"] for told in times] == ["2024-01-02T00:00:00Z"] * 2
    assert record.told.vintage == "2024-01-02"


def test_a_mirror_that_is_down_is_passed_over(small: Area, server: Loopback, records: Records) -> None:
    assert record_of(fetched(records, at(refused_url(), server.url), small)).told.more["server"].startswith(server.url)


def test_where_no_mirror_helps_each_is_told_and_nothing_is_kept(
    small: Area, server: Loopback, records: Records
) -> None:
    server.fail(Fault.body(remark), times=-1)
    failure = failure_of(fetched(records, at(refused_url(), server.url), small), records)
    assert failure.kind == "partial" and "None of 2 servers" in failure.message
    assert "nobody answers" in failure.message and "timed out" in failure.message
    none = failure_of(fetched(records, at(), small), records)
    assert none.kind == "refused" and "no address" in none.message


# Answers that are none -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", every(), ids=lambda fault: fault.name)
def test_every_fault_ends_in_time_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, small: Area, server: Loopback, records: Records
) -> None:
    server.fail(fault, times=-1, when=is_of_features)
    patience = 0.5 if fault.name.startswith(("silence", "slow")) else 1.2
    with timed.waits(4 * patience):
        brought = fetched(records, at(server.url), small, places.tools(at(server.url), total_s=patience))
    if fault.name == "wrong content type":
        assert not brought.failures
    else:
        failure_of(brought, records)
    server.calm()
    assert len(record_of(fetched(records, at(server.url), small)).files) == 2


@pytest.mark.parametrize("when", [is_of_streets, is_of_features], ids=["first", "second"])
def test_a_part_is_never_taken_for_the_whole(
    when: Callable[[Request], bool], small: Area, server: Loopback, records: Records
) -> None:
    server.fail(Fault.body(remark), times=-1, when=when)
    failure = failure_of(fetched(records, at(server.url), small), records)
    assert failure.kind == "partial" and "Query timed out" in failure.message and "extract" in failure.remedy
    # It is asked for again, and what would come after it is not asked for in vain.
    assert [when(request) for request in server.requests[-2:]] == [True, True]
    assert len(server.requests) == (2 if when is is_of_streets else 3)
    server.calm()
    assert record_of(fetched(records, at(server.url), small))


def _without_nodes(body: bytes) -> bytes:
    answer = json.loads(body)
    answer["elements"] = [one for one in answer["elements"] if one["type"] != "node"]
    return json.dumps(answer).encode()


def _twice(body: bytes) -> bytes:
    answer = json.loads(body)
    answer["elements"] *= 2
    return json.dumps(answer).encode()


def test_ways_without_their_nodes_are_a_part(small: Area, server: Loopback, records: Records) -> None:
    server.fail(Fault.body(_without_nodes), times=-1, when=is_of_streets)
    failure = failure_of(fetched(records, at(server.url), small), records)
    assert failure.kind == "partial" and "lacks node" in failure.message


def test_elements_that_come_twice_count_once(small: Area, server: Loopback, records: Records, tmp_path: Path) -> None:
    once = read_answers(fetched(records, at(server.url), small).specs["osm"], small, LAYERS)
    server.fail(Fault.body(_twice), times=-1)
    other = fetched(Records(tmp_path / "twice"), at(server.url), small)
    twice = read_answers(other.specs["osm"], small, LAYERS)
    for name in LAYERS:
        one, two = once[name], twice[name]
        if isinstance(one, Layer) and isinstance(two, Layer):
            assert_geodataframe_equal(one.features, two.features)
        assert not isinstance(one, Network) or len(one.u) == len(two.u)  # type: ignore[union-attr]


def empty() -> Overpass:
    return Overpass.of_answers([{"osm3s": {"timestamp_osm_base": DATA_OF}, "elements": []}])


def test_a_server_without_the_place_is_told_from_a_place_without_parks(
    small: Area, handler: Handler, server: Loopback, records: Records, tmp_path: Path
) -> None:
    with Loopback(empty().handle) as bare:
        failure = failure_of(fetched(records, at(bare.url), small), records)
        assert failure.kind == "missing" and "knows of no street" in failure.message and bare.url in failure.message
        assert "Where there are streets and no park, streets come." in failure.message
        # a mirror that does know the place is asked in its stead
        assert record_of(fetched(records, at(bare.url, server.url), small)).told.more["server"].startswith(server.url)
    streets = json.loads(handler(server.requests[0]).body)
    for one in streets["elements"]:
        one["tags"] = {key: value for key, value in one.get("tags", {}).items() if key == "highway"}
    streets["elements"] = [one for one in streets["elements"] if one["tags"] != {"highway": "bus_stop"}]
    with Loopback(Overpass.of_answers([streets]).handle) as plain:
        brought = fetched(Records(tmp_path / "plain"), at(plain.url), small)
    layers = read_answers(brought.specs["osm"], small, LAYERS)
    assert isinstance(layers["parks"], Layer) and layers["parks"].features.empty
    assert isinstance(layers["streets"], Layer) and len(layers["streets"].features) > 20


class Changing:
    """A server whose data change between the answers of a recording, so many times."""

    def __init__(self, handler: Handler, times: int) -> None:
        self.handler, self.times, self.node = handler, times, {}

    def handle(self, request: Request) -> Response:
        answer = json.loads(self.handler(request).body)
        if is_of_streets(request):
            self.node = next(one for one in answer["elements"] if one["type"] == "node")
        elif self.times > 0:
            self.times -= 1
            rest = [one for one in answer["elements"] if (one["type"], one["id"]) != ("node", self.node["id"])]
            answer["elements"] = [{**self.node, "lat": self.node["lat"] + 1e-5}, *rest]
        return Response(200, json.dumps(answer).encode(), "application/json")


def test_data_that_change_between_two_answers_are_asked_for_once_more(
    small: Area, handler: Handler, records: Records
) -> None:
    with Loopback(Changing(handler, 1).handle) as server:
        record_of(fetched(records, at(server.url), small))
        assert [is_of_streets(request) for request in server.requests] == [True, False, True, False]


def test_data_that_go_on_changing_are_an_error(small: Area, handler: Handler, records: Records) -> None:
    with Loopback(Changing(handler, 99).handle) as server:
        failure = failure_of(fetched(records, at(server.url), small), records)
        assert failure.kind == "changed" and "two versions" in failure.message and len(server.requests) == 4


@pytest.mark.parametrize("fault", [Fault.too_many(), Fault.status(504)], ids=lambda fault: fault.name)
def test_a_busy_server_is_left_alone_for_as_long_as_it_wants(
    fault: Fault, small: Area, server: Loopback, records: Records
) -> None:
    waited: list[float] = []
    service = at(server.url)
    client = Client(Policy(tries=3, pause_s=1.0, read_s=5.0, total_s=900.0), sleep=waited.append)
    server.fail(fault, times=2)
    record_of(fetched(records, service, small, replace(places.tools(service), client=client)))
    assert waited == [service.options["busy_pause_s"]] * 2 == [30, 30] and len(server.requests) == 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            Overpass.handle(empty(), Request("POST", "/interpreter", {"data": ["nonsense"]}, {"User-Agent": "test"})),
            "400",
        ),
        (html_response("406 Not Acceptable", "An appropriate representation could not be found.", 406), "406"),
        (html_response("429 Too Many Requests", "You have been blocked.", 429), "429"),
    ],
    ids=["does not parse", "not acceptable", "too many"],
)
def test_a_refusal_is_told_with_where_to_read_more(
    answer: Response, words: str, small: Area, server: Loopback, records: Records
) -> None:
    assert answer.status == int(words) and b"<html" in answer.body
    server.fail(Fault.instead("refusal", answer), times=-1)
    failure = failure_of(fetched(records, at(server.url), small), records)
    assert f"({words})" in failure.message and failure.kind == ("busy" if words == "429" else "missing")
    assert len(server.requests) == (2 if words == "429" else 1)


# Nothing leaks ---------------------------------------------------------------------------------------------------


def globals_of_osmnx() -> dict[str, Any]:
    settings = {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("_")}
    return {**settings, "look-up": socket.getaddrinfo, **vars(osmnx_door)}


@pytest.mark.parametrize("fault", [None, Fault.status(404), Fault.body(remark)], ids=["well", "404", "remark"])
def test_nothing_of_osmnx_is_changed_afterwards(
    fault: Fault | None, small: Area, server: Loopback, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osmnx.settings, "overpass_settings", '[out:json][date:"2019-01-01T00:00:00Z"]')
    monkeypatch.setattr(osmnx.settings, "requests_timeout", 7)
    before = globals_of_osmnx()
    if fault is not None:
        server.fail(fault, times=-1)
    assert bool(fetched(records, at(server.url), small).failures) == (fault is not None)
    assert globals_of_osmnx() == before
    assert "date" not in server.requests[0].first("data")  # another's settings word none of our questions


def test_nothing_is_changed_afterwards_even_if_osmnx_breaks(small: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object, **options: object) -> None:
        raise ValueError("The geometry of `polygon` is invalid.")

    before = globals_of_osmnx()
    monkeypatch.setattr(osmnx, "features_from_polygon", breaks)
    with pytest.raises(ValueError, match="invalid"):
        overpass._questions(small.halo, 20)
    assert globals_of_osmnx() == before


@pytest.mark.parametrize("way", ["another name", "does not stop", "asks nothing"])
def test_an_osmnx_that_asks_otherwise_is_refused_before_it_asks(
    way: str, small: Area, server: Loopback, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "another name":
        monkeypatch.delattr(osmnx_door, "_overpass_request")
    elif way == "does not stop":
        monkeypatch.setattr(osmnx, "features_from_polygon", lambda *args, **options: None)
    else:
        monkeypatch.setattr(osmnx_door, "_make_overpass_polygon_coord_strs", lambda polygon: [])
    failure = failure_of(fetched(records, at(server.url), small), records)
    assert failure.message.startswith(f"osmnx {osmnx.__version__} does not ask Overpass as justgeo knows it")
    assert not server.requests


def test_two_threads_at_once_ask_each_its_own_and_one_after_the_other(
    small: Area, handler: Handler, tmp_path: Path
) -> None:
    at_once: list[int] = [0, 0]
    lock = threading.Lock()

    def counted(request: Request) -> Response:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.25)
        answer = handler(request)
        with lock:
            at_once[0] -= 1
        return answer

    west, south, east, north = small.halo.bounds
    middle = (west + east) / 2
    halves = {
        side: replace(small, halo=shapely.clip_by_rect(small.halo, *box))
        for side, box in {"west": (west, south, middle, north), "east": (middle, south, east, north)}.items()
    }
    with Loopback(counted) as server:
        service = at(server.url)
        alone = {side: overpass._questions(shapely.set_precision(one.halo, 1e-6), 20) for side, one in halves.items()}
        found: dict[str, Brought] = {}

        def run(side: str) -> None:
            found[side] = fetched(Records(tmp_path / side), service, halves[side])

        threads = [threading.Thread(target=run, args=(side,)) for side in halves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        put = [request.first("data") for request in server.requests]
    assert at_once == [0, 1]
    both = [alone["west"].queries, alone["east"].queries]
    assert put in ([*both[0], *both[1]], [*both[1], *both[0]]) and len(set(put)) == 4
    for side, brought in found.items():
        for name, query in zip(record_of(brought).files, alone[side].queries, strict=True):
            said = gzip.decompress(record_of(brought).path(name).read_bytes())
            assert said == handler(Request("POST", "/interpreter", {"data": [query]}, {"User-Agent": "justgeo/"})).body


def test_the_password_of_ones_own_server_is_shown_nowhere(
    small: Area, server: Loopback, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    service = at(server.url.replace("://", f"://me:{places.KEY}@"))
    server.fail(Fault.status(500), times=-1)
    failure = failure_of(fetched(records, service, small), records)
    server.calm()
    record = record_of(fetched(records, service, small))
    assert "Authorization" in server.requests[0].headers
    written = (record.folder / "record.json").read_text(encoding="utf-8")
    assert places.KEY not in f"{failure}{failure!r}{caplog.text}{written}{record}"


def test_damaged_answers_on_disk_are_refused(small: Area, server: Loopback, records: Records) -> None:
    record = record_of(fetched(records, at(server.url), small))
    path = record.path("answer-01.json.gz")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LayerError, match="bytes of answer-01"):
        records.find(overpass_ask(at(server.url), small).question)
