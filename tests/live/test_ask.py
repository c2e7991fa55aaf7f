"""Bringing many things: what is recorded is not asked for, one failure stops no other, a shut door is tried once."""

from __future__ import annotations

import errno
import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from justgeo.core.errors import ConfigError, CoverageError, LayerError, SourceError
from justgeo.core.spec import LayerSpec
from justgeo.sources.live import ask as asking
from justgeo.sources.live import census_tables, expect
from justgeo.sources.live.ask import Ask, Brought, Tools, bring, declared, merged
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import HEAD, Question, Record, Records, Told
from tests import timed
from tests.live import census_town as town
from tests.live import places
from tests.loopback.server import Fault, Loopback, json_response, refused_url

DISK, KEY = "disk", "key"


@pytest.fixture
def kept(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


@dataclass
class Door:
    """A door that keeps account of who asked, and fails as it is told."""

    asked: list[str] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    half: bool = False

    def ask(
        self, label: str, service: str = "overpass", gives: Sequence[str] = (), where: str = "", **more: Any
    ) -> Ask:
        def fetch(folder: Path, tools: Tools) -> Told:
            self.asked.append(label)
            (folder / "a.txt").write_text(
                "half of" if label in self.failing else f"what {label} says", encoding="utf-8"
            )
            tools.progress("its own word", 5, 10)
            if label in self.failing:
                raise self.failing[label]
            return Told("A source", f"data of {label}", "2024", "CC0", retrieved="2026-11-24T07:00:00+00:00")

        def specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
            return {name: declared(record, name, record.path(), {}) for name in gives or (label,)}

        question = Question(label, service, {"of": label, **more})
        return Ask(question, tuple(gives or (label,)), fetch, specs, None, where or f"https://{service}.example/data")


def tools(**more: Any) -> Tools:
    return replace(places.tools(), **more)


def failure(kind: str, message: str = "Nobody is there.", **more: Any) -> SourceError:
    return SourceError(message, remedy="wait.", kind=kind, **more)


# What is brought ----------------------------------------------------------------------------------


def test_everything_is_brought_in_its_order_and_the_second_call_asks_nobody(kept: Records) -> None:
    door = Door()
    asks = [door.ask(label) for label in "cab"]
    first = bring(asks, kept, tools())
    assert door.asked == ["c", "a", "b"]
    assert first.fetched == ("c", "a", "b") and list(first.records) == ["c", "a", "b"]
    assert (first.failures, first.missing) == ({}, {})
    assert first.specs["a"].path.read_text(encoding="utf-8") == "what a says"
    assert first.specs["a"].dataset == "data of a" and first.specs["a"].retrieved == "2026-11-24"
    again = bring(asks, kept, tools())
    assert door.asked == ["c", "a", "b"] and again.fetched == ()
    assert (again.specs, again.records) == (first.specs, first.records)
    alone = bring(asks, kept, None)  # and without tools it is the same
    assert (alone.specs, alone.failures) == (first.specs, {})


def test_one_failure_stops_nothing_else_and_the_next_call_goes_on_from_there(kept: Records) -> None:
    door = Door(failing={"c": failure("damaged")})
    asks = [door.ask(label) for label in "abcde"]
    first = bring(asks, kept, tools())
    assert door.asked == list("abcde") and first.fetched == tuple("abde")
    assert list(first.failures) == ["c"] and first.failures["c"].kind == "damaged"
    assert first.missing == {"c": "Nobody is there."} and set(first.specs) == set("abde")
    assert not list(kept.root.glob("c/*"))  # nothing of what came by half
    door.failing.clear()
    again = bring(asks, kept, tools())
    assert door.asked == [*"abcde", "c"] and again.fetched == ("c",)
    assert list(again.specs) == list("abcde") and again.missing == {}


def test_a_call_that_is_interrupted_keeps_what_came(kept: Records) -> None:
    door = Door(failing={"c": KeyboardInterrupt()})  # type: ignore[dict-item]
    asks = [door.ask(label) for label in "abcde"]
    with pytest.raises(KeyboardInterrupt):
        bring(asks, kept, tools())
    door.failing.clear()
    assert bring(asks, kept, tools()).fetched == tuple("cde")


def test_what_a_service_said_is_asked_of_it_once(kept: Records) -> None:
    """The same by a real client: five files of one server, of which the third is not to be had at first."""

    def file(number: int) -> Ask:
        def fetch(folder: Path, tools: Tools) -> Told:
            call, into = Call(f"/{number}.json"), folder / "a.json"
            got = tools.client.download(tools.services["overpass"], call, into, check=expect.some_json)
            return Told("A source", "", "", "", url=got.url, retrieved=got.retrieved)

        return Ask(Question(f"file {number}", "overpass", {"n": number}), (f"l{number}",), fetch, lambda r, o: {})

    with Loopback(lambda request: json_response({"path": request.path})) as server:
        server.fail(Fault.status(404), times=-1, when=lambda request: request.path == "/3.json")
        with_tools = places.tools(places.service("overpass", server.url))
        asks = [file(number) for number in range(1, 6)]
        first = bring(asks, kept, with_tools)
        assert [request.path for request in server.requests] == [f"/{n}.json" for n in range(1, 6)]
        assert first.failures["file 3"].kind == "missing" and first.failures["file 3"].service == "overpass"
        server.calm()
        bring(asks, kept, with_tools)
        assert [request.path for request in server.requests][5:] == ["/3.json"]
        bring(asks, kept, with_tools)
        assert len(server.requests) == 6


# Layers of several records ------------------------------------------------------------------------


def test_a_layer_of_several_records_is_there_only_with_all_of_them(kept: Records) -> None:
    door = Door(failing={"tracts, state 24": failure("missing", "There is no such file.")})
    asks = [
        door.ask("tracts, state 51", gives=["tracts"]),
        door.ask("tracts, state 24", gives=["tracts"]),
        door.ask("parks", gives=["parks", "stops"]),
    ]
    found = bring(asks, kept, tools())
    assert set(found.specs) == {"parks", "stops"}
    assert found.missing == {"tracts": "There is no such file."}
    assert set(found.records) == {"tracts, state 51", "parks"}  # kept all the same
    door.failing.clear()
    found = bring(asks, kept, tools())
    assert found.specs["tracts"].options["parts"] == [str(found.records["tracts, state 24"].path())]
    assert found.specs["tracts"].path == found.records["tracts, state 51"].path()


def test_the_first_reason_stands_for_a_layer(kept: Records) -> None:
    door = Door(failing={"a": failure("missing", "First."), "b": failure("missing", "Second.")})
    found = bring([door.ask("a", gives=["x"]), door.ask("b", gives=["x", "y"])], kept, tools())
    assert found.missing == {"x": "First.", "y": "Second."}


def test_a_declaration_sees_all_records(kept: Records) -> None:
    door = Door()
    seen: list[str] = []

    def specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
        seen.extend(others)
        return {}

    bring([replace(door.ask("a"), specs=specs), door.ask("b")], kept, tools())
    assert seen == ["a", "b"]


# Without a network --------------------------------------------------------------------------------


def test_without_tools_what_is_not_recorded_is_said_to_be_so(kept: Records, caplog: pytest.LogCaptureFixture) -> None:
    door = Door()
    found = bring([door.ask("a")], kept, None)
    told = found.failures["a"]
    assert (told.kind, told.message) == ("offline", "a is not recorded.")
    assert "justgeo fetch" in told.remedy and found.missing == {"a": "a is not recorded."}
    assert door.asked == [] and not kept.root.exists()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]  # it is told, not shouted


def test_without_tools_a_stale_record_is_told_with_its_date_and_not_taken(kept: Records) -> None:
    door = Door()
    bring([door.ask("a", window=1)], kept, tools())
    found = bring([door.ask("a", window=2)], kept, None)
    assert found.specs == {} and found.failures["a"].kind == "offline"
    assert "a was recorded on 2026-11-24 for another question" in found.failures["a"].message
    assert bring([door.ask("a", window=2)], kept, tools()).fetched == ("a",)  # online it is fetched anew


# Damaged records ----------------------------------------------------------------------------------


def damage(kept: Records, ask: Ask) -> Path:
    record = kept.find(ask.question)
    assert record is not None
    (record.folder / HEAD).write_text("{", encoding="utf-8")
    return record.folder


def test_a_damaged_record_is_fetched_anew_and_the_log_says_so(kept: Records, caplog: pytest.LogCaptureFixture) -> None:
    door = Door()
    ask = door.ask("a")
    bring([ask], kept, tools())
    damage(kept, ask)
    found = bring([ask], kept, tools())
    assert found.fetched == ("a",) and found.failures == {} and door.asked == ["a", "a"]
    (warned,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert re.search(r"The record a/\w+ is damaged: .* It is fetched again\.", warned)
    assert bring([ask], kept, None).failures == {}


def test_without_tools_a_damaged_record_is_an_error_with_its_remedy(kept: Records) -> None:
    door = Door()
    ask = door.ask("a")
    bring([ask], kept, tools())
    folder = damage(kept, ask)
    found = bring([ask], kept, None)
    assert found.failures["a"].kind == "damaged" and "justgeo fetch" in found.failures["a"].remedy
    assert found.specs == {} and found.missing["a"] == found.failures["a"].message
    assert folder.exists()  # nothing is thrown away for which there is nothing in its place


def test_what_cannot_be_fetched_anew_stays_as_it_was(kept: Records) -> None:
    door = Door()
    ask = door.ask("a")
    bring([ask], kept, tools())
    folder = damage(kept, ask)
    door.failing["a"] = failure("busy")
    assert bring([ask], kept, tools()).failures["a"].kind == "busy"
    assert (folder / HEAD).read_text(encoding="utf-8") == "{"
    assert bring([ask], kept, None).failures["a"].kind == "damaged"


def test_a_record_that_may_not_be_read_is_not_fetched_over(kept: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    ask = door.ask("a")
    bring([ask], kept, tools())

    def shut(question: Question) -> None:
        raise failure(DISK, "It cannot be read.")

    monkeypatch.setattr(kept, "find", shut)
    assert bring([ask], kept, tools()).failures["a"].kind == DISK
    assert door.asked == ["a"]


# A shut door is tried once ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["key", "refused", "tls", "timeout"])
def test_a_service_that_answers_nobody_is_asked_once_in_a_round(kept: Records, kind: str) -> None:
    door = Door()
    asks = [door.ask(f"t{n}", "census_api") for n in range(30)]
    bring(asks[7:8], kept, tools())  # one is recorded already
    door.asked.clear()
    door.failing = {ask.label: failure(kind, f"{ask.label}: shut.") for ask in asks}
    found = bring([*asks, door.ask("parks", "overpass")], kept, tools())
    assert door.asked == ["t0", "parks"]
    assert len(found.failures) == 29 and {(f.message, f.remedy, f.kind) for f in found.failures.values()} == {
        ("t0: shut.", "wait.", kind)
    }
    assert {f.service for f in found.failures.values()} == {"census_api"}
    assert set(found.specs) == {"t7", "parks"}  # what is on disk is used
    again = bring(asks, kept, tools())  # and the next round tries once more
    assert door.asked == ["t0", "parks", "t0"] and len(again.failures) == 29


@pytest.mark.parametrize("kind", sorted({*SourceError.KINDS} - {"key", "refused", "tls", "timeout", "offline"}))
def test_another_failure_is_of_one_thing_alone(kept: Records, kind: str) -> None:
    door = Door(failing={"a": failure(kind)})
    found = bring([door.ask("a"), door.ask("b")], kept, tools())
    assert door.asked == ["a", "b"] and list(found.failures) == ["a"]


def test_the_same_service_at_another_host_is_another_door(kept: Records) -> None:
    """Grids at addresses of a planner's own are all of one service by name."""
    door = Door(failing={"a": failure("refused")})
    one, other = (door.ask(label, "address", where=f"https://{label}.example/x.tif") for label in "ab")
    assert bring([one, other], kept, tools()).fetched == ("b",)


def survey(tmp_path: Path, server: Loopback, number: int, **more: Any) -> tuple[Brought, float]:
    service = town.services(server.url)["census_api"]
    tables = [f"B{25000 + n}" for n in range(number)]
    asks = census_tables.acs_asks(service, tables, 2024, ["99001"])
    began = time.monotonic()
    with_tools = replace(town.tools(server.url), **more)
    return bring(asks, Records(tmp_path), with_tools), time.monotonic() - began


def test_thirty_tables_with_a_wrong_key_are_one_call(tmp_path: Path) -> None:
    with Loopback(town.api().handle) as server:
        server.fail(Fault.redirect("/data/invalid_key.html"), times=-1, when=lambda r: not r.path.endswith("key.html"))
        found, _ = survey(tmp_path, server, 30)
        called = [request for request in server.requests if not request.path.endswith("key.html")]
        assert len(found.failures) == 30 and len(called) == 1
        (said,) = {str(one) for one in found.failures.values()}
        assert "does not accept the key" in said and "key_signup" in said and town.CANARY not in said


def test_thirty_tables_without_a_key_are_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from justgeo.sources.live import keys

    for name in keys.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keys, "_from_keyring", lambda: None)
    with Loopback(town.api().handle) as server:
        found, _ = survey(tmp_path, server, 30, key=keys.need_census_key)
        assert len(found.failures) == 30 and server.requests == []
        assert {one.kind for one in found.failures.values()} == {KEY}


def test_thirty_tables_of_a_silent_service_are_one_wait(tmp_path: Path) -> None:
    with Loopback(town.api().handle) as server:
        server.fail(Fault.silence(), times=-1)
        found, seconds = survey(tmp_path, server, 30, client=places.client(read_s=0.4, total_s=2.0))
        assert {one.kind for one in found.failures.values()} == {"timeout"} and len(found.failures) == 30
        assert seconds < 2.0 + timed.SLACK_S and len(server.requests) <= 4


def test_thirty_tables_of_nobody_are_one_try(tmp_path: Path) -> None:
    service = replace(places.service("census_api"), urls=(f"{refused_url()}/data",))
    asks = census_tables.acs_asks(service, [f"B{25000 + n}" for n in range(30)], 2024, ["99001"])
    found = bring(asks, Records(tmp_path), places.tools(service))
    assert len({one.message for one in found.failures.values()}) == 1 and len(found.failures) == 30


# What a door may raise ----------------------------------------------------------------------------


def test_what_a_reader_cannot_read_is_a_failure_of_its_service(kept: Records) -> None:
    door = Door(failing={"a": CoverageError("It covers another place.", remedy="look at it.")})
    told = bring([door.ask("a")], kept, tools()).failures["a"]
    assert (told.kind, told.message, told.remedy) == ("damaged", "It covers another place.", "look at it.")
    assert told.service == "overpass" and isinstance(told.__cause__, LayerError)


def test_a_full_disk_is_told_as_such_and_leaves_nothing(kept: Records) -> None:
    door = Door(failing={"a": OSError(errno.ENOSPC, "No space left on device")})
    told = bring([door.ask("a")], kept, tools()).failures["a"]
    assert told.kind == DISK and "No space left" in told.message and "room" in told.remedy
    assert [path for path in kept.root.rglob("*") if path.is_file()] == []


def test_a_failure_says_of_which_service(kept: Records) -> None:
    door = Door(failing={"a": failure("missing"), "b": failure("missing", service="census_files")})
    found = bring([door.ask("a"), door.ask("b")], kept, tools()).failures
    assert [found[label].service for label in "ab"] == ["overpass", "census_files"]


def test_what_a_planner_has_to_mend_is_raised(kept: Records) -> None:
    door = Door(failing={"b": ConfigError("censusdis is not there.", remedy="take another one.")})
    with pytest.raises(ConfigError, match="censusdis"):
        bring([door.ask("a"), door.ask("b")], kept, tools())
    assert kept.find(door.ask("a").question) is not None


def test_a_folder_that_cannot_be_written_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    door = Door()
    found = bring([door.ask("a"), door.ask("b")], Records(tmp_path / "file"), tools())
    assert {one.kind for one in found.failures.values()} == {DISK} and door.asked == []


# Progress -----------------------------------------------------------------------------------------


def test_progress_says_which_of_how_many(kept: Records) -> None:
    door = Door()
    asks = [door.ask(label) for label in "abc"]
    bring(asks[:1], kept, tools())
    seen: list[tuple[str, int, int | None]] = []
    bring(asks, kept, tools(progress=lambda *told: seen.append(told)))
    assert seen == [("b (1 of 2)", 0, None), ("b (1 of 2)", 5, 10), ("c (2 of 2)", 0, None), ("c (2 of 2)", 5, 10)]
    seen.clear()
    bring([door.ask("alone")], kept, tools(progress=lambda *told: seen.append(told)))
    assert seen == [("alone", 0, None), ("alone", 5, 10)]
    seen.clear()
    bring(asks, kept, tools(progress=lambda *told: seen.append(told)))
    assert seen == []  # nothing is fetched, nothing is told


# Two declarations of one layer --------------------------------------------------------------------


def spec(path: str, options: Mapping[str, Any] | None = None, **told: Any) -> LayerSpec:
    return LayerSpec("tracts", Path(path), options or {}, **told)


def test_declarations_of_several_files_are_one_with_parts() -> None:
    options: dict[str, Any] = {"geoid": "GEOID", "columns": {"land": "ALAND"}}
    a, b, c = (spec(f"/r/{name}.zip", {**options, "prefix": [name]}) for name in "abc")
    for found in (merged(merged(a, b), c), merged(a, merged(b, c))):
        assert found.path == Path("/r/a.zip")
        assert found.options["parts"] == ["/r/b.zip", "/r/c.zip"]
        assert found.options["prefix"] == ["a", "b", "c"]
        assert (found.options["geoid"], found.options["columns"]) == ("GEOID", {"land": "ALAND"})
    assert merged(a, a) == a


def test_tables_of_several_records_are_one_list_of_files() -> None:
    one, other = (
        spec(f"/r/{name}", {"year": 2024, "files": {name: {"path": f"/r/{name}/x.csv"}}}) for name in ("B1", "B2")
    )
    found = merged(one, other)
    assert list(found.options["files"]) == ["B1", "B2"] and "parts" not in found.options
    assert found.options["year"] == 2024


def test_what_is_joined_grows_once() -> None:
    join = {"path": "/r/counts.csv", "columns": {"a": "b"}}
    one, other = spec("/r/a", {"join": [join]}), spec("/r/a", {"join": [dict(join), {"path": "/r/more.csv"}]})
    assert [piece["path"] for piece in merged(one, other).options["join"]] == ["/r/counts.csv", "/r/more.csv"]


def test_terms_and_notices_of_both_hold_and_the_oldest_date() -> None:
    one = spec("/r/a", source="A", licence="CC0", attribution="© A", retrieved="2026-02-01", notes=("x", "y"))
    other = spec("/r/b", source="A", licence="ODbL", attribution="© B", retrieved="2026-01-01", notes=("y", "z"))
    found = merged(one, other)
    assert (found.source, found.licence, found.attribution) == ("A", "CC0; ODbL", "© A; © B")
    assert (found.retrieved, found.notes) == ("2026-01-01", ("x", "y", "z"))
    assert merged(one, replace(other, retrieved="", attribution="")).retrieved == "2026-02-01"


@pytest.mark.parametrize("word", ["synthetic", "modelled"])
def test_what_is_invented_in_one_part_is_so_in_the_whole(word: str) -> None:
    true, plain = spec("/r/a", **{word: True}), spec("/r/b")
    assert getattr(merged(true, plain), word) and getattr(merged(plain, true), word)
    assert not getattr(merged(plain, spec("/r/c")), word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"geography_vintage": 2010}, {"geography_vintage": 2020}),
        ({"columns": {"people": "POP10"}}, {"columns": {"people": "POP20"}}),
        ({"year": 2019}, {"year": 2024}),
    ],
)
def test_parts_that_contradict_one_another_are_none(one: dict[str, Any], other: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="in one part and"):
        merged(spec("/r/a", one), spec("/r/b", other))


def test_a_declaration_has_the_provenance_of_its_record(kept: Records) -> None:
    told = Told(
        "S", "D", "V", "L", "A", "U", "2026-11-24T07:00:00+00:00", ("n",), {"synthetic": True, "modelled": True}
    )
    with kept.room(Question("a", "b", {})) as folder:
        (folder / "x").write_bytes(b"1")
        record = kept.keep(Question("a", "b", {}), folder, told)
    found = declared(record, "tracts", record.path(), {"geoid": "G"})
    assert found == LayerSpec(
        "tracts",
        record.path(),
        {"geoid": "G"},
        "S",
        "D",
        "V",
        "2026-11-24",
        "L",
        "A",
        "U",
        True,
        True,
        ("n",),
        fetched=True,
    )


def test_an_ask_without_tools_is_refused(kept: Records) -> None:
    with pytest.raises(SourceError, match="a is not recorded") as told:
        asking.fetch(Door().ask("a"), kept, None)
    assert told.value.kind == "offline"
