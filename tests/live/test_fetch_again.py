"""Fetching again: what is recorded is not asked for, what answers another question is never used, and whatever stops a
fetch half-way leaves nothing half-kept. The key that goes with the questions is found nowhere afterwards.
"""

from __future__ import annotations

import gzip
import io
import itertools
import logging
import shutil
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import geopandas as gpd
import pytest

from justgeo import fetching, gathering, run
from justgeo.catalogue import read as catalogue
from justgeo.sources.live import with_censusdis
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.keys import VARIABLES
from justgeo.sources.live.redact import hidden
from tests import nowhere
from tests.live import fetched
from tests.live.fetched import FEW, GRIDS
from tests.live.nowhere_online import (
    ACCESS,
    DAY,
    KEY,
    THINGS,
    UNASKED,
    Online,
    half_kept,
    heads_of,
    justgeo,
    one_day,
    online,
    record_of,
    settle,
)
from tests.loopback.faults import OWN_PAGES, Fault
from tests.loopback.messages import Response, Wire, head_of

OSM = "OpenStreetMap, district and halo"
TRACTS = "tracts 2024, state 99"


@pytest.fixture(scope="module", autouse=True)
def a_key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, one_day(), fetched.geography_once():
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv(VARIABLES[0], KEY)
        yield


@pytest.fixture(scope="module")
def services(folder: Path) -> Iterator[Online]:
    with online(folder) as found:
        yield found


@pytest.fixture(scope="module")
def records(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first fetch has recorded."""
    first = fetched.first(folder, tmp_path_factory)
    assert first.fetched.code == 0
    return first.records


def states(path: Path) -> dict[str, str]:
    """What ``justgeo plan`` says of each thing, by its label."""
    return {thing.label: thing.state for thing in fetching.planned(run.read_config(path)).things}


def impatient(monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """The command line with a client that gives up soon and waits for nobody."""
    told = {"connect_s": 2.0, "read_s": 2.0, "total_s": 10.0, "tries": 2, "pause_s": 0.0, **more}
    monkeypatch.setattr(gathering, "Client", lambda: Client(Policy(**told), sleep=lambda seconds: None))


def test_a_second_fetch_asks_for_what_is_gone_alone(records: Path, services: Online, tmp_path: Path) -> None:
    path = services.begin_with(records, tmp_path / "district")
    before = services.asked()
    again = justgeo("fetch", path)
    assert again.code == 0
    assert f"{THINGS} recorded before" in again.out
    assert services.since(before) == {}
    shutil.rmtree(record_of(path.parent / "records", "impervious"))
    assert {label for label, state in states(path).items() if state != "recorded"} == {"impervious"}
    assert f"{THINGS - 1} recorded before" in justgeo("fetch", path).out
    assert services.since(before) == {"mrlc": 1}
    assert set(states(path).values()) == {"recorded"}


@pytest.fixture
def few_rows() -> Iterator[None]:
    """A row of each service, and those of tracts and of what nobody is asked for: a table is recorded as another."""
    named = {"tracts", *UNASKED}
    with nowhere.only({*FEW, *(row.id for row in catalogue.indicators() if named & {*row.inputs, *row.optional})}):
        yield


@pytest.mark.usefixtures("few_rows")
def test_a_damaged_record_is_never_read_and_is_fetched_anew(records: Path, services: Online, tmp_path: Path) -> None:
    path = services.begin_with(records, tmp_path / "district")
    kept = path.parent / "records"
    shutil.rmtree(record_of(kept, TRACTS))
    assert justgeo("fetch", path).code == 0  # of these servers: a record tells the address that it came from
    before = heads_of(kept)
    (tract,) = record_of(kept, TRACTS).glob("*.zip")
    tract.write_bytes(tract.read_bytes()[:-10])
    assert states(path)[TRACTS] == "damaged"
    found = run.collect_layers(run.read_config(path), offline=True)
    assert "damaged" in found.absent["tracts"]
    asked = services.asked()
    assert justgeo("fetch", path).code == 0
    assert services.since(asked) == {"census_files": 1}
    assert heads_of(kept) == before


def test_a_moved_boundary_makes_stale_what_was_asked_of_its_window(
    records: Path, services: Online, tmp_path: Path
) -> None:
    path = services.begin_with(records, tmp_path / "district")
    shapes = gpd.read_file(services.boundary)
    metric = shapes.to_crs(shapes.estimate_utm_crs())
    metric.translate(200, 0).to_crs(4326).to_file(tmp_path / "moved.geojson")
    settle(path, {"district": {"boundary": str(tmp_path / "moved.geojson")}})
    assert {label for label, state in states(path).items() if state == "stale"} == {OSM}
    assert set(states(path).values()) == {"stale", "recorded"}, (
        "the county is where it was, so are its tables and grids"
    )

    found, results = fetched.measured(path, fetched.each_kind("category"), read_all=False, offline=True)
    why = f"{OSM} was recorded on {DAY} for another question (the boundary or the catalogue has changed)."
    assert {found.absent[name] for name in ("walk", "parks", "stops")} == {why}
    ours = [row for row in results["records"] if row["zone"] == "district"]
    assert {row["reason"] for row in ours if row["indicator"].startswith(ACCESS)} == {why}
    others = [row for row in ours if not row["indicator"].startswith(ACCESS)]
    assert sum(row["value"] is not None for row in others) > 50
    assert why not in {row["reason"] for row in others}

    before = services.asked()
    assert justgeo("fetch", path).code == 0
    assert set(services.since(before)) == {"overpass"}
    assert set(states(path).values()) == {"recorded"}
    settle(path, {"district": {"boundary": str(services.boundary)}})
    assert set(states(path).values()) == {"recorded"}, "the older record still answers the older question"


@pytest.mark.usefixtures("few_rows")
def test_an_edited_row_of_the_catalogue_makes_its_records_stale(
    records: Path, services: Online, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = services.begin_with(records, tmp_path / "district")
    known = catalogue.services()
    edited = {
        "mrlc": {**known["mrlc"].options, "year": 2023},
        "overpass": {**known["overpass"].options, "timeout_s": 90},
    }
    rows = {name: replace(row, options=edited.get(name, row.options)) for name, row in known.items()}
    monkeypatch.setattr(catalogue, "services", lambda: rows)
    assert {label for label, state in states(path).items() if state == "stale"} == {OSM, *GRIDS}
    kept = sorted(path.parent.glob("records/*/*/record.json"))
    before = services.asked()
    said = justgeo("fetch", path)
    assert said.code == 1, "there is nothing of 2023 here"
    assert "there is nothing of 2023 for this area" in " ".join(said.out.split())
    assert services.since(before).keys() == {"mrlc", "overpass"}
    assert set(kept) < set(path.parent.glob("records/*/*/record.json"))
    found = run.collect_layers(run.read_config(path), offline=True)
    assert set(found.absent) == {*GRIDS, *UNASKED}
    assert "another question" in found.absent["tree_canopy"]


# Stopped half-way

STOPS = {
    "a file of the Bureau": ("census_files", TRACTS, lambda request: "tract" in request.path),
    "a table": ("census_api", "acs B25003@2024", lambda request: "B25003_001E" in request.raw_query),
    "an answer of Overpass": ("overpass", OSM, lambda request: request.method == "POST"),
    "a feed": ("mobility_database", "transit timetables", lambda request: request.path.endswith(".zip")),
    "a grid": ("mrlc", "impervious", lambda request: "impervious" in request.path.lower()),
}


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system has no way to press Ctrl-C in a test")
@pytest.mark.parametrize("what", STOPS)
@pytest.mark.usefixtures("few_rows")
def test_stopped_in_the_middle_nothing_half_is_left(what: str, records: Path, services: Online, tmp_path: Path) -> None:
    """Ctrl-C while the second half of an answer is on its way."""
    name, label, when = STOPS[what]
    path = services.begin_with(records, tmp_path / "district")
    kept = path.parent / "records"
    shutil.rmtree(record_of(kept, label))
    before = heads_of(kept)
    server = services.servers[name]
    server.fail(ctrl_c(), when=when)
    # A suite that a shell started in the background was told to ignore Ctrl-C; a person's own terminal does not say so.
    before_signal = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stopped = justgeo("fetch", path)
    finally:
        signal.signal(signal.SIGINT, before_signal)
        server.calm()
    assert stopped.code == 130
    assert "nothing half-written was left" in stopped.err
    assert half_kept(kept) == []
    assert heads_of(kept) == before
    assert justgeo("fetch", path).code == 0
    assert set(states(path).values()) == {"recorded"}
    assert heads_of(kept).keys() - before.keys() == {record_of(kept, label)}


def ctrl_c() -> Fault:
    """Half of the body, then the keys that stop a program; the client still waits for the rest."""

    def play(wire: Wire) -> None:
        true = wire.true()
        wire.send(head_of(true, {"Connection": "close"}) + true.body[: len(true.body) // 2])
        main = threading.main_thread().ident
        assert main is not None
        time.sleep(0.1)
        signal.pthread_kill(main, signal.SIGINT)
        wire.rest(10)

    return Fault("ctrl-c", play)


# The key, and the token


def test_a_token_that_anyone_may_draw_is_found_nowhere_either(
    services: Online, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Further grids, each by its own door; Landsat's files open with a token."""
    caplog.set_level(logging.DEBUG)
    further = {"worldcover": "worldcover", "canopy_height": "canopy_height", "surface_temperature": "landsat"}
    wanted = {"census": False, "osm": False, "gtfs": False, "rasters": list(further)}
    path = services.begin(tmp_path / "district", {"fetch": wanted})
    before = services.asked()
    said = justgeo("-v", "fetch", path)
    assert said.code == 0, said.out
    assert set(services.since(before)) == set(further.values())
    heads = heads_of(path.parent / "records")
    assert {head["label"]: head["service"] for head in heads.values()} == further
    token = [request.first("sig") for request in services.servers["landsat"].requests if request.first("sig")]
    assert set(token) == {"invented1="}, "it was sent"
    written = b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    logged = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    for words in (written, logged.encode(), (said.out + said.err).encode()):
        assert b"invented1" not in words
        assert b"sig=" not in words.replace(b"sig=[key]", b"").replace(b"sig=%5Bkey%5D", b"")


def some_tables() -> set[str]:
    """Rows of so many tables that the Bureau is asked in every weather: three questions a table, two dozen tables."""
    return {row.id for row in catalogue.indicators() if row.id in FEW or row.id.startswith(("BEL-05", "OPP-01"))}


BIRD = "kanarienvogel+47/11="
"""A key that has to be written otherwise in an address; no test's name holds it."""


class Weather:
    """Every second answer goes wrong, each time in another way."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self.ways = (
            Fault.status(503),
            Fault.cut(),
            Fault("says the question again", _again),
            Fault.redirect_to_page(),
            Fault("redirect with the question", _elsewhere),
            Fault.slow_headers(0.0025),
            Fault.reset_in_body(),
            Fault.redirect_loop(),
            Fault.truncated(),
            Fault.too_many(1),
            Fault.html(),
            Fault.redirect("http://name.invalid/data?key=x"),
            Fault.reset(),
            Fault.damaged_gzip(),
        )

    def play(self, wire: Wire) -> None:
        number = next(self._count)
        if number % 2:
            wire.answer(wire.true(), close=True)
        else:
            self.ways[number // 2 % len(self.ways)].play(wire)


def _again(wire: Wire) -> None:
    """The question said again, so far behind that whoever tells of it in 200 signs stops within the key."""
    told = "error " * 31 + f"{wire.request.first('key')} in {wire.request.raw_query}"
    wire.answer(Response(400, told.encode()), close=True)


def _elsewhere(wire: Wire) -> None:
    wire.answer(Response(302, headers={"Location": f"{OWN_PAGES}/page?{wire.request.raw_query}"}), close=True)


@pytest.mark.parametrize("provider", ["direct", "censusdis"])
def test_the_key_is_found_nowhere(
    provider: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if provider == "censusdis" and with_censusdis.installed() is None:
        pytest.skip("censusdis is not installed")
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(VARIABLES[0], BIRD)
    impatient(monkeypatch, read_s=0.15, connect_s=0.15, tries=3)
    said = []
    with online(folder, key=BIRD) as services, nowhere.only(some_tables()):
        path = services.begin(tmp_path / "district", {"census": {"provider": provider}})
        for server in services.servers.values():
            server.fail(Fault("weather", Weather().play), times=-1)
        said.append(justgeo("-v", "fetch", path))
        assert said[0].code == 1, "some of it was not to be had"
        for server in services.servers.values():
            server.calm()
        impatient(monkeypatch, read_s=10.0, total_s=30.0)  # a machine at work is no bad weather
        asked = [request for request in services.servers["census_api"].requests if request.first("key") == BIRD]
        assert len(asked) > 30, "the key was sent"
        said += [justgeo("-v", "fetch", path), justgeo("plan", path)]
        monkeypatch.setenv(VARIABLES[0], f"{BIRD}wrong")
        shutil.rmtree(record_of(path.parent / "records", "acs B25003@2024"))
        said += [justgeo("-v", "fetch", path), justgeo("doctor", path)]
        monkeypatch.setenv(VARIABLES[0], BIRD)
        said.append(justgeo("fetch", path))
        with nowhere.only(FEW):
            said.append(justgeo("-v", "run", path, "--out", tmp_path / "out"))
        time.sleep(1.5)  # calls that nobody waits for any more still end, and say so
    assert [one.code for one in said] == [1, 0, 0, 1, 1, 0, 0]
    words = "".join(one.out + one.err for one in said)
    logged = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert "urllib3.connectionpool" in logged, "what the libraries say is heard"
    assert "[key]" in logged
    assert traces(words.encode()) == traces(logged.encode()) == []
    assert [path.relative_to(tmp_path).as_posix() for path in files(tmp_path) if traces(path.read_bytes())] == []
    assert not any("kanarienvogel" in path.name for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("form", [BIRD, quote_plus(BIRD)])
def test_a_key_that_is_cut_short_is_hidden_too(form: str) -> None:
    """What a service says is told in part, and the part may end within the key that it says again."""
    for end in range(7, len(form) + 1):
        shown = hidden(f"error: key={form[:end]}", [("key", BIRD)])
        assert "kanari" not in shown
        assert shown.startswith("error: key=[key]")
    assert hidden("canary seed, kanari", [("key", BIRD)]) == "canary seed, [key]"
    assert hidden("what else", [("key", BIRD), ("v", "2")]) == "what else"


def files(root: Path) -> list[Path]:
    found = [path for path in root.rglob("*") if path.is_file()]
    assert len(found) > 100
    return found


def traces(content: bytes) -> list[str]:
    """How a key is written in some bytes, or in what is packed in them."""
    forms = {BIRD, quote_plus(BIRD), "kanarienvogel", "S2FuYXJpZW52b2dlb"}  # the last one is base64
    found = [form for form in sorted(forms) if form.lower().encode() in content.lower()]
    if content[:2] == b"\x1f\x8b":
        found += traces(gzip.decompress(content))
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found += [trace for name in archive.namelist() for trace in traces(archive.read(name))]
    return found


def test_traces_are_found_where_there_are_some() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.gz", gzip.compress(f"url?key={quote_plus(BIRD)}".encode()))
    assert len(traces(packed.getvalue())) == 2
    assert traces(b"nothing of it") == []


def test_a_folder_of_records_that_is_not_there_does_not_empty_the_page(
    records: Path, services: Online, tmp_path: Path
) -> None:
    path = services.begin_with(records, tmp_path / "district")
    said = justgeo("run", path, "--offline", "--records", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert said.code == 2 and "There is no folder of records" in said.err
    assert not (tmp_path / "out").exists()
