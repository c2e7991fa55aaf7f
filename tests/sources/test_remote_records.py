"""Records and read layers at a URL: whole there or not at all, believed only byte by byte, mirrored by a folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from justgeo.core.errors import ConfigError, SourceError, StoreError
from justgeo.core.layer import Layer, Provenance
from justgeo.sources._hash import digest_of
from justgeo.sources.live import ask as asking
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.http import Client
from justgeo.sources.live.records import HEAD, Question, Record, Records, Told
from justgeo.sources.remote import Remote
from justgeo.sources.store import Store

QUESTION = Question("tracts 2024, state 51", "census_files", {"year": 2024})
OTHER = Question("tracts 2024, state 51", "census_files", {"year": 2023})
TOLD = Told(source="s", dataset="d", vintage="2024", licence="l", retrieved="2026-11-24T07:00:00+00:00")
FILES = {"a.zip": b"PK whole", "below/b.csv": b"x,y\n1,2\n"}
NAME = f"tracts-2024-state-51/{QUESTION.digest[:16]}"
KEY = "a" * 64

Machine = Callable[..., Records]


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"memory://{tmp_path.as_posix()}" if request.param == "memory" else (tmp_path / "there").as_uri()


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Machine:
    """Records of one URL on a machine of its own: another local folder."""

    def made(name: str, remote: Remote | None = None, **more: Any) -> Records:
        return Records(tmp_path / "machines" / name, remote or Remote(url), **more)

    return made


def put(where: Records, question: Question = QUESTION, files: dict[str, bytes] = FILES, told: Told = TOLD) -> Record:
    with where.room(question) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return where.keep(question, folder, told)


def local(where: Records) -> list[str]:
    return sorted(path.relative_to(where.root).as_posix() for path in where.root.rglob("*") if path.is_file())


def contents(record: Record | None) -> dict[str, bytes]:
    assert record is not None
    return {name: record.path(name).read_bytes() for name in record.files}


class Breaks(Remote):
    """A URL whose connection breaks after so many files were put."""

    def __init__(self, url: str, after: int) -> None:
        super().__init__(url)
        self.left = after

    def _broken(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def write(self, name: str, data: bytes) -> None:
        self._broken()
        super().write(name, data)

    def send(self, path: Path, name: str) -> None:
        self._broken()
        super().send(path, name)


# Records ------------------------------------------------------------------------------------------


def test_another_machine_finds_what_one_kept(machine: Machine, url: str) -> None:
    one, other = machine("one"), machine("other")
    assert one.find(QUESTION) is None and one.missing
    kept = put(one)
    assert kept.folder.is_relative_to(one.root)
    assert Remote(url).names("") == sorted([f"{NAME}/{name}" for name in (*FILES, HEAD)])
    assert not other.missing
    found = other.find(QUESTION)
    assert contents(found) == FILES
    assert found is not None and found.told == TOLD and found.folder.is_relative_to(other.root)
    assert local(other) == local(one), "nothing half-made is left"
    assert other.find(OTHER) is None


def test_the_form_is_that_of_a_folder(machine: Machine, url: str, tmp_path: Path) -> None:
    """A copy of one is the other: a bucket that is downloaded is a folder of records."""
    put(machine("one"))
    for name in Remote(url).names(""):
        assert Remote(url).bring(name, tmp_path / "copied" / name)
    assert contents(Records(tmp_path / "copied").find(QUESTION)) == FILES


def test_what_is_local_is_not_brought_again(machine: Machine, url: str) -> None:
    put(machine("one"))
    other = machine("other")
    other.find(QUESTION)
    Remote(url).remove(f"{NAME}/{HEAD}")
    assert contents(other.find(QUESTION)) == FILES


@pytest.mark.parametrize("after", range(len(FILES) + 1))
def test_a_killed_upload_is_no_record(machine: Machine, url: str, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        put(machine("one", Breaks(url, after)))
    assert len(Remote(url).names("")) == after
    assert local(machine("one")) == [], "what is local would not be fetched again and never be there"
    assert machine("other").find(QUESTION) is None
    put(machine("one"))
    assert contents(machine("other").find(QUESTION)) == FILES


@pytest.mark.parametrize(
    "harm",
    [
        lambda there: there.write(f"{NAME}/a.zip", b"PK who"),
        lambda there: there.write(f"{NAME}/a.zip", b"PK wholE"),
        lambda there: there.remove(f"{NAME}/below/b.csv"),
        lambda there: there.write(f"{NAME}/{HEAD}", (there.read(f"{NAME}/{HEAD}") or b"")[:-20]),
        lambda there: there.write(f"{NAME}/{HEAD}", (there.read(f"{NAME}/{HEAD}") or b"").replace(b"2026", b"2025")),
        lambda there: there.write(f"{NAME}/{HEAD}", b""),
    ],
    ids=["cut", "other bytes", "a file is gone", "head cut", "head changed", "head empty"],
)
def test_damage_there_is_an_error_and_is_mended_by_fetching(
    machine: Machine, url: str, harm: Callable[[Remote], None]
) -> None:
    put(machine("one"))
    harm(Remote(url))
    other = machine("other")
    with pytest.raises(SourceError, match="is damaged") as told:
        other.find(QUESTION)
    assert told.value.kind == "damaged" and local(other) == []
    put(other)
    assert contents(machine("third").find(QUESTION)) == FILES


def test_without_its_head_there_is_no_record(machine: Machine, url: str) -> None:
    put(machine("one"))
    Remote(url).remove(f"{NAME}/{HEAD}")
    assert machine("other").find(QUESTION) is None


def test_a_record_in_the_place_of_another_is_refused(machine: Machine, url: str) -> None:
    kept = put(machine("one"), OTHER)
    there = Remote(url)
    for name in (*FILES, HEAD):
        there.write(f"{NAME}/{name}", kept.path(name).read_bytes())
    with pytest.raises(SourceError, match="answers another question"):
        machine("other").find(QUESTION)


def test_damage_here_is_mended_from_there(machine: Machine) -> None:
    one = machine("one")
    put(one).path("a.zip").write_bytes(b"PK wholE")
    assert contents(one.find(QUESTION)) == FILES


def test_damage_here_that_is_nowhere_else_stays_an_error(machine: Machine, url: str) -> None:
    one = machine("one")
    put(one).path("a.zip").write_bytes(b"PK wholE")
    Remote(url).remove(f"{NAME}/{HEAD}")
    with pytest.raises(SourceError, match="not those"):
        one.find(QUESTION)


def test_who_comes_second_takes_what_is_there(machine: Machine, url: str) -> None:
    """Two fetch at once: the later one keeps the record of the first, so both measure the same bytes."""
    one, other = machine("one"), machine("other")
    with other.room(QUESTION) as folder:
        (folder / "a.zip").write_bytes(b"of another day")
        put(one)
        assert contents(other.keep(QUESTION, folder, TOLD)) == FILES
    assert Remote(url).read(f"{NAME}/a.zip") == FILES["a.zip"]


def test_whoever_fetches_leaves_all_of_it_there(machine: Machine, url: str) -> None:
    """A bucket that lost a record, or a mirror from before: what is found here is put there again."""
    put(machine("one"))
    Remote(url).remove(f"{NAME}/{HEAD}")
    assert machine("one").find(QUESTION) is not None and Remote(url).read(f"{NAME}/{HEAD}") is None
    assert machine("one", sends=True).find(QUESTION) is not None
    assert contents(machine("other").find(QUESTION)) == FILES


def test_stale_records_are_known_from_there(machine: Machine) -> None:
    put(machine("one"), OTHER)
    assert [one.digest for one in machine("other").stale(QUESTION)] == [OTHER.digest]
    assert [one.digest for one in machine("one").stale(QUESTION)] == [OTHER.digest], "told once"
    assert local(machine("other")) == []


def test_what_is_forgotten_is_gone_there_too(machine: Machine, url: str) -> None:
    one = machine("one")
    put(one)
    one.forget(QUESTION)
    assert one.find(QUESTION) is None and Remote(url).names("") == []


def test_a_store_that_cannot_be_reached_is_no_absence(tmp_path: Path) -> None:
    """A layer that cannot be had is absent; a store that cannot be reached says nothing of any layer: all stops."""

    class Gone(Remote):
        def read(self, name: str) -> bytes | None:
            raise StoreError("gone", remedy="come back", kind="refused")

    def fetch(folder: Path, tools: Tools) -> Told:
        raise AssertionError("nothing is fetched that could not be kept")

    ask = Ask(QUESTION, ("tracts",), fetch, lambda record, found: {})
    for tools in (None, Tools(Client(), {})):
        with pytest.raises(StoreError):
            asking.bring([ask], Records(tmp_path / "here", Gone("memory://gone")), tools)


def test_records_at_a_folder_have_no_url(tmp_path: Path) -> None:
    assert Records.at(tmp_path).remote is None and Records.at(str(tmp_path)).root == tmp_path
    with pytest.raises(ConfigError):
        Records.at("s3://id:secret@bucket")


# Layers -------------------------------------------------------------------------------------------


def layer(value: int = 1) -> Layer:
    told = Provenance("walk", "s", "d", "2024", licence="l", sha256="0" * 64)
    return Layer("walk", pd.DataFrame({"geoid": ["1"], "x": [value]}), told)


def stores(url: str, tmp_path: Path, name: str, remote: Remote | None = None) -> Store:
    return Store(tmp_path / "machines" / name, remote or Remote(url))


def test_a_layer_is_read_once_for_all(url: str, tmp_path: Path) -> None:
    one, other = stores(url, tmp_path, "one"), stores(url, tmp_path, "other")
    assert other.get(KEY) is None and not other.has(KEY)
    one.put(layer(), KEY)
    assert sorted(Remote(url).names("")) == [f"{KEY}.json", f"{KEY}.parquet"]
    assert other.has(KEY)
    found = other.get(KEY)
    assert isinstance(found, Layer) and found.data.equals(layer().data) and found.provenance == layer().provenance
    Remote(url).remove(f"{KEY}.json")
    assert other.get(KEY) is not None


@pytest.mark.parametrize("after", [0, 1])
def test_a_killed_upload_is_no_layer(url: str, tmp_path: Path, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        stores(url, tmp_path, "one", Breaks(url, after)).put(layer(), KEY)
    assert stores(url, tmp_path, "other").get(KEY) is None


def _way_out(there: Remote) -> None:
    """A head that is whole and names a file outside the store."""
    head = json.loads(there.read(f"{KEY}.json") or b"")
    del head["digest"]
    head["parts"] = {"/../../outside.parquet": next(iter(head["parts"].values()))}
    there.write(f"{KEY}.json", json.dumps({**head, "digest": digest_of(head)}).encode())


@pytest.mark.parametrize(
    "harm",
    [
        lambda there: there.write(f"{KEY}.parquet", (there.read(f"{KEY}.parquet") or b"")[:-1]),
        lambda there: there.remove(f"{KEY}.parquet"),
        lambda there: there.write(f"{KEY}.json", (there.read(f"{KEY}.json") or b"")[:-9]),
        lambda there: there.write(f"{KEY}.json", (there.read(f"{KEY}.json") or b"").replace(b"2024", b"2023")),
        lambda there: _way_out(there),
        lambda there: there.write(f"{KEY}.json", b"[]"),
    ],
    ids=["cut", "a part is gone", "head cut", "head changed", "a way out", "no head"],
)
def test_a_damaged_layer_there_is_read_anew(
    url: str, tmp_path: Path, harm: Callable[[Remote], None], caplog: pytest.LogCaptureFixture
) -> None:
    stores(url, tmp_path, "one").put(layer(), KEY)
    harm(Remote(url))
    other = stores(url, tmp_path, "other")
    with caplog.at_level(logging.WARNING):
        assert other.get(KEY) is None
    assert "is damaged" in caplog.text
    other.put(layer(), KEY)
    assert stores(url, tmp_path, "third").get(KEY) is not None


def test_whoever_may_only_read_measures_all_the_same(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class ReadOnly(Remote):
        def write(self, name: str, data: bytes) -> None:
            raise StoreError("not allowed", remedy="ask", kind="denied")

    store = stores(url, tmp_path, "one", ReadOnly(url))
    with caplog.at_level(logging.WARNING):
        store.put(layer(), KEY)
    assert store.get(KEY) is not None and "not allowed" in caplog.text


def test_a_broken_connection_is_told(url: str, tmp_path: Path) -> None:
    class Cut(Remote):
        def write(self, name: str, data: bytes) -> None:
            raise StoreError("cut", remedy="again", kind="refused")

    with pytest.raises(StoreError):
        stores(url, tmp_path, "one", Cut(url)).put(layer(), KEY)
