"""Extracts by address: kept under their own name when they are whole, and read as any file of the planner's is."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import osmium
import pytest
from geopandas.testing import assert_geodataframe_equal

from justgeo.core.errors import SourceError
from justgeo.core.layer import Layer, Network
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.collect import collect
from justgeo.sources.live.ask import Ask, Brought, bring
from justgeo.sources.live.extracts import extract_ask, geofabrik_ask, whole_extract
from justgeo.sources.live.overpass import LAYERS
from justgeo.sources.live.records import Record, Records
from tests.live import places
from tests.loopback.faults import Fault, every
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback, Request, refused_url

STATE = "/north-america/us/virginia-latest.osm.pbf"
OWN = "/cut/nowhere.osm.pbf"


@pytest.fixture(scope="module")
def pbf(folder: Path) -> bytes:
    return (folder / "nowhere.osm.pbf").read_bytes()


@pytest.fixture(scope="module")
def area(folder: Path) -> Area:
    return places.area(folder)


def sum_of(content: bytes, name: str) -> bytes:
    return f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  {name}\n".encode()


@pytest.fixture
def server(pbf: bytes) -> Iterator[Loopback]:
    tree: dict[str, bytes | Path] = {STATE: pbf, OWN: pbf, f"{STATE}.md5": sum_of(pbf, "virginia-241231.osm.pbf")}
    with Loopback(FileTree(tree).handle) as running:
        yield running


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def at(*urls: str) -> Service:
    return places.service("geofabrik", *urls)


def fetched(ask: Ask, records: Records, server: str) -> Brought:
    return bring([ask], records, places.tools(at(server), total_s=5.0))


def record_of(ask: Ask, records: Records, server: str) -> Record:
    brought = fetched(ask, records, server)
    assert not brought.failures, brought.failures
    return brought.records[ask.label]


def failure_of(ask: Ask, records: Records, server: str) -> SourceError:
    """The failure, when all layers are missing for its reason and no byte was kept."""
    brought = fetched(ask, records, server)
    failure = brought.failures[ask.label]
    assert brought.missing == dict.fromkeys(LAYERS, failure.message) and not brought.specs
    assert failure.service == "geofabrik" and failure.remedy
    assert not [path for path in records.root.rglob("*") if path.is_file()]
    return failure


def is_of_file(request: Request) -> bool:
    return not request.path.endswith(".md5")


# What comes ------------------------------------------------------------------------------------------------------


def test_a_states_extract_comes_whole_and_keeps_its_name(pbf: bytes, server: Loopback, records: Records) -> None:
    ask = geofabrik_ask(at(server.url), ["51"])
    assert (ask.label, ask.gives, ask.where) == ("OpenStreetMap extract, state 51", LAYERS, server.url + STATE)
    record = record_of(ask, records, server.url)
    assert list(record.files) == ["virginia-latest.osm.pbf"] and record.path().read_bytes() == pbf
    assert [request.path for request in server.requests] == [f"{STATE}.md5", STATE]
    told = record.told
    assert told.dataset == "virginia-latest.osm.pbf" and told.url == server.url + STATE
    assert told.licence.startswith("ODbL") and "OpenStreetMap" in told.attribution and told.retrieved
    assert told.more == {"checked": "md5 beside it"}
    assert fetched(ask, records, server.url).fetched == () and len(server.requests) == 2


def test_through_the_door_the_layers_are_those_of_the_file(
    folder: Path, area: Area, server: Loopback, records: Records
) -> None:
    brought = fetched(extract_ask(server.url + OWN, at(server.url)), records, server.url)
    ours = collect(LAYERS, brought.specs, [], area)
    theirs = collect(LAYERS, {"osm": LayerSpec("osm", folder / "nowhere.osm.pbf")}, [], area)
    assert not ours.absent and ours.chosen == theirs.chosen
    for name in LAYERS:
        one, other = ours.layers[name], theirs.layers[name]
        if isinstance(one, Network) and isinstance(other, Network):
            assert (one.x.tolist(), one.u.tolist(), one.v.tolist()) == (
                other.x.tolist(),
                other.u.tolist(),
                other.v.tolist(),
            )
        else:
            assert isinstance(one, Layer) and isinstance(other, Layer)
            assert_geodataframe_equal(one.features, other.features)
    origin = ours.layers["parks"].provenance
    assert origin.sha256 == theirs.layers["parks"].provenance.sha256
    assert origin.url == server.url + OWN and origin.retrieved
    assert "records" not in json.dumps(origin.asked)


def test_the_date_of_an_extract_stands_in_its_own_header(
    folder: Path, area: Area, records: Records, tmp_path: Path
) -> None:
    path, header = tmp_path / "dated.osm.pbf", osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2024-05-06T20:21:02Z")
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for element in osmium.FileProcessor(str(folder / "nowhere.osm.pbf")):
            writer.add(element)
    with Loopback(FileTree({"/dated.osm.pbf": path}).handle) as server:
        brought = fetched(extract_ask(f"{server.url}/dated.osm.pbf", at()), records, server.url)
    assert collect(["parks"], brought.specs, [], area).layers["parks"].provenance.vintage == "2024-05-06"


def test_a_planners_extract_needs_no_sum_beside_it(pbf: bytes, server: Loopback, records: Records) -> None:
    ask = extract_ask(server.url + OWN, at(refused_url()))
    assert ask.label == "OpenStreetMap extract nowhere.osm.pbf" and ask.where == server.url + OWN
    record = record_of(ask, records, server.url)
    assert list(record.files) == ["nowhere.osm.pbf"] and record.told.more == {"checked": "no sum beside it"}


@pytest.mark.parametrize(
    "answer",
    [Fault.html(), Fault.empty(), Fault.redirect_to_page(), Fault.status(403), Fault.status(204)],
    ids=lambda fault: fault.name,
)
def test_a_page_in_place_of_a_sum_is_no_sum(answer: Fault, server: Loopback, records: Records) -> None:
    server.fail(answer, times=1, when=lambda request: not is_of_file(request))
    record = record_of(geofabrik_ask(at(server.url), ["51"]), records, server.url)
    assert record.told.more == {"checked": "no sum beside it"} and len(record.files) == 1


def test_another_address_is_another_question(server: Loopback) -> None:
    addresses = [OWN, STATE, f"{OWN}?day=1&region=nowhere", f"{OWN}?day=1&region=anywhere"]
    asks = [extract_ask(server.url + path, at()) for path in addresses]
    asks += [geofabrik_ask(at(server.url), [state]) for state in ("51", "11")]
    assert len({ask.question.digest for ask in asks}) == 6
    assert "district-of-columbia-latest" in asks[-1].where
    same = extract_ask(server.url.replace("://", "://me:secret@") + OWN, at())
    assert same.question.digest == asks[0].question.digest


@pytest.mark.parametrize(
    ("name", "packed"),
    [("x.osm", lambda xml: xml), ("x.osm.gz", gzip.compress), ("x.osm.bz2", bz2.compress)],
    ids=["osm", "gz", "bz2"],
)
def test_xml_may_be_packed_but_must_be_whole(
    name: str, packed: object, folder: Path, area: Area, records: Records
) -> None:
    assert callable(packed)
    xml = _xml(folder / "nowhere.osm.pbf", records.root.parent)
    content = packed(xml)
    broken = packed(xml[: len(xml) * 2 // 3])
    open_ = packed(xml[: xml.rindex(b"<way")])
    other = packed(b'<?xml version="1.0"?>\n<gpx version="1.1"></gpx>')
    tree = {
        f"/{name}": content,
        f"/cut/{name}": content[:-40],
        f"/broken/{name}": broken,
        f"/open/{name}": open_,
        f"/gpx/{name}": other,
    }
    with Loopback(FileTree(tree).handle) as server:
        for path, kind in (("cut", "partial"), ("broken", "partial"), ("open", "partial"), ("gpx", "damaged")):
            failure = failure_of(extract_ask(f"{server.url}/{path}/{name}", at()), records, server.url)
            assert failure.kind == kind
        brought = fetched(extract_ask(f"{server.url}/{name}", at()), records, server.url)
    assert len(collect(["parks"], brought.specs, [], area).layers["parks"].features)  # type: ignore[union-attr]


def _xml(pbf: Path, scratch: Path) -> bytes:
    path = scratch / "made.osm"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for element in osmium.FileProcessor(str(pbf)):
            writer.add(element)
    return path.read_bytes()


# What does not ---------------------------------------------------------------------------------------------------


def test_another_sum_means_another_file(server: Loopback, records: Records) -> None:
    ask = geofabrik_ask(at(server.url), ["51"])
    server.fail(Fault.body(lambda body: b"0" + body[1:]), times=1, when=lambda request: not is_of_file(request))
    failure = failure_of(ask, records, server.url)
    assert failure.kind == "changed" and "whose sum lies beside it" in failure.message
    assert record_of(ask, records, server.url).told.more == {"checked": "md5 beside it"}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.97])
def test_a_cut_extract_is_found_without_a_sum(share: float, server: Loopback, records: Records) -> None:
    ask = extract_ask(server.url + OWN, at())
    server.fail(Fault.cut(share), times=-1, when=is_of_file)
    failure = failure_of(ask, records, server.url)
    assert failure.kind == "partial" and "breaks off" in failure.message
    server.calm()
    assert record_of(ask, records, server.url)


@pytest.mark.parametrize("fault", every(pause=0.02), ids=lambda fault: fault.name)
def test_every_fault_keeps_nothing_and_the_next_fetch_completes(
    fault: Fault, server: Loopback, records: Records
) -> None:
    ask = geofabrik_ask(at(server.url), ["51"])
    server.fail(fault, times=-1, when=is_of_file)
    tools = places.tools(at(server.url), total_s=1.0)
    brought = bring([ask], records, tools)
    if fault.name == "wrong content type":
        assert not brought.failures
    else:
        assert brought.failures[ask.label].message == brought.missing["parks"]
        assert not [path for path in records.root.rglob("*") if path.is_file()]
    server.calm()
    assert record_of(ask, records, server.url)


def test_a_sum_that_cannot_be_had_for_now_stops_before_the_file(server: Loopback, records: Records) -> None:
    server.fail(Fault.status(503), times=-1, when=lambda request: not is_of_file(request))
    assert failure_of(geofabrik_ask(at(server.url), ["51"]), records, server.url).kind == "busy"
    assert not any(is_of_file(request) for request in server.requests)


@pytest.mark.parametrize("states", [["51", "54"], ["11", "24", "51"], [], ["66"]])
def test_of_several_states_or_none_there_is_no_extract(states: list[str], server: Loopback, records: Records) -> None:
    failure = failure_of(geofabrik_ask(at(server.url), states), records, server.url)
    assert failure.kind == "missing" and (", ".join(states) or "none") in failure.message
    assert 'osm = "https://..."' in failure.remedy and "overpass" in failure.remedy
    assert not server.requests


@pytest.mark.parametrize(
    "url", ["virginia.osm.pbf", "ftp://example.org/x.osm.pbf", "https://", "http://[::1/x.osm.pbf"]
)
def test_what_is_no_address_is_told_when_it_is_asked(url: str, records: Records) -> None:
    ask = extract_ask(url, at())
    assert "no address that can be called" in failure_of(ask, records, refused_url()).message


def test_what_is_no_extract_by_its_name_is_not_asked_for(server: Loopback, records: Records) -> None:
    failure = failure_of(extract_ask(f"{server.url}/virginia-latest-free.shp.zip", at()), records, server.url)
    assert failure.kind == "missing" and ".osm.pbf" in failure.remedy and not server.requests


BLOCK = b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x02ab"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (BLOCK, ""),
        (BLOCK + b"\x00\x00\x00\x0b\x0a\x07OSMData\x18\x02ab", ""),
        (BLOCK + b"\x00\x00\x00\x0e\x0a\x07OSMData\x12\x01i\x18\x02ab", ""),  # an index, which readers pass over
        (BLOCK + b"\x00\x00\x00\x0a\x0a\x06Unseen\x18\x02ab", ""),  # a kind of later days, which readers pass over
        (BLOCK + b"\x00\x00\x00\x0b\x0a\x07OSMData\x18\x02a", "partial"),
        (BLOCK + b"\x00\x00\x00\x0b\x0a\x07OSM", "partial"),
        (BLOCK + b"\x00\x00", "partial"),
        (BLOCK[:-1], "partial"),
        (BLOCK + BLOCK, "damaged"),
        (BLOCK + b"and so on", "damaged"),
        (BLOCK + b"\x00\x00\x00\x0b\x0a\x07OSMData\x18\xff", "damaged"),
        (BLOCK + b"\x00\x00\x00\x0b\x0d\x07OSMData\x18\x02ab", "damaged"),
        (b"PK\x03\x04" + b"\x00" * 100, "damaged"),
        (b"\x1f\x8b\x08" + b"\x00" * 100, "damaged"),
        (b"<osm></osm>", "damaged"),  # by its name it is a PBF
    ],
)
def test_a_pbf_is_walked_from_block_to_block(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(content)
    if not kind:
        whole_extract(path, "Here")
        return
    with pytest.raises(SourceError, match=r"^Here: ") as told:
        whole_extract(path, "Here")
    assert told.value.kind == kind


# Keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, Fault.status(500), Fault.status(403, places.KEY.encode()), Fault.html()])
def test_a_password_and_a_key_in_the_address_are_sent_and_written_nowhere(
    fault: Fault | None, server: Loopback, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "canary-password-0815"
    url = f"{server.url.replace('://', f'://me:{password}@')}{OWN}?token={places.KEY}&v=2"
    ask = extract_ask(url, at())
    if fault is not None:
        server.fail(fault, times=-1, when=is_of_file)
        failure = failure_of(ask, records, server.url)
        said = f"{failure}{failure!r}{failure.__cause__!r}{failure.__context__!r}"
        server.calm()
    else:
        said = ""
    brought = fetched(ask, records, server.url)
    record = brought.records[ask.label]
    asked = [request for request in server.requests if is_of_file(request)]
    assert all(request.first("token") == places.KEY and request.first("v") == "2" for request in asked)
    assert all("Authorization" in request.headers for request in asked)
    said += f"{ask!r}{record!r}{brought!r}{caplog.text}" + (record.folder / "record.json").read_text(encoding="utf-8")
    assert f"GET {OWN}" in caplog.text
    for trace in (places.KEY, password, "me:"):
        assert trace not in said
    assert record.told.url == server.url + OWN
    no_name = failure_of(extract_ask(url.replace(".osm.pbf", ".zip"), at()), Records(records.root / "none"), server.url)
    assert places.KEY not in str(no_name) and password not in str(no_name)


def test_a_service_with_a_password_shows_it_in_no_plan() -> None:
    service = replace(at(), urls=("https://me:secret@mirror.example",))
    assert geofabrik_ask(service, ["51"]).where == "https://mirror.example" + STATE
