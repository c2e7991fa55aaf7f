"""Two at once: whole outputs of one of them, or a clear refusal; see ``together.py`` for what is tried."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults import altered, hamlet
from tests.faults.nursery import Child, Ended, Nursery, nursery
from tests.faults.outputs import aged, digests
from tests.faults.together import CASES

LAST = "justgeo.report.write:_swap"
"""The step that puts finished outputs in their place."""
ROWS = ("DEM-00.population", "WEL-04.800", "MOB-03", "ENV-03")
"""Measured here: files of each kind are read and kept; what is asked is what becomes of the outputs, not of numbers."""


@dataclass(frozen=True)
class Town:
    """The hamlet, and the same with another outline; what a run makes of each."""

    nursery: Nursery
    here: Path
    other: Path
    out: Path
    digests: Mapping[str, str]
    others: Mapping[str, str]

    def run(self, *argv: str | Path, **told: Any) -> Ended:
        """A command that is not held up."""
        return self.nursery.run(*argv, rows=ROWS, **told)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    base = tmp_path_factory.mktemp("together")
    hamlet.write(base / "here")
    shutil.copytree(base / "here", base / "other")
    smaller(base / "other" / "line.geojson")
    ready = nursery()
    for name in ("here", "other"):
        ended = ready.run("-q", "run", base / name, "--out", base / f"out-{name}", rows=ROWS)
        assert ended.code == 0, ended.err
    found = [digests(base / f"out-{name}") for name in ("here", "other")]
    assert found[0]["results.json"] != found[1]["results.json"]
    return Town(ready, base / "here", base / "other", base / "out-here", *found)


def smaller(line: Path) -> None:
    """Another outline in its place, by one renaming as editors do."""
    told = json.loads(line.read_text(encoding="utf-8"))
    ring = told["features"][0]["geometry"]["coordinates"][0]
    told["features"][0]["geometry"]["coordinates"][0] = [[x, min(y, hamlet.SOUTH + 5 * hamlet.STEP)] for x, y in ring]
    aside = line.with_suffix(".new")
    aside.write_text(json.dumps(told), encoding="utf-8")
    aside.replace(line)


class Held:
    """A command that stops at a function until it is let go."""

    def __init__(self, town: Town, folder: Path, name: str, where: str, *argv: str | Path, **told: str) -> None:
        self._here, self._there = folder / f"{name}.here", folder / f"{name}.there"
        how = {"where": where, "here": str(self._here), "there": str(self._there)}
        self.child: Child = town.nursery.start(*argv, prepare="waits", how=how, rows=ROWS, **told)

    def reached(self) -> None:
        until = time.monotonic() + 100
        while not self._here.exists():
            assert time.monotonic() < until, self.child.err.read_text(encoding="utf-8")
            time.sleep(0.01)

    def go(self) -> None:
        self._there.touch()


def run_of(district: Path, out: Path, *more: str | Path) -> tuple[str | Path, ...]:
    return ("-q", "run", district, "--out", out, *more)


def alone(folder: Path, *names: str) -> None:
    """Nothing hidden is left in a folder, and of the rest these."""
    found = {one.name for one in folder.iterdir() if not one.name.endswith((".here", ".there"))}
    assert found == set(names)


def test_two_runs_into_one_new_folder(town: Town, tmp_path: Path) -> None:
    """``runs/new``"""
    two = [Held(town, tmp_path, name, LAST, *run_of(town.here, tmp_path / "out")) for name in "ab"]
    _both_go(two, tmp_path)
    assert digests(tmp_path / "out") == town.digests


def test_two_runs_of_two_outlines(town: Town, tmp_path: Path) -> None:
    """``runs/old``, ``runs/other``"""
    shutil.copytree(town.out, tmp_path / "out")
    two = [
        Held(town, tmp_path, place.name, LAST, *run_of(place, tmp_path / "out")) for place in (town.here, town.other)
    ]
    _both_go(two, tmp_path)
    assert digests(tmp_path / "out") in (town.digests, town.others)


def _both_go(two: list[Held], folder: Path) -> None:
    for one in two:
        one.reached()
    for one in two:
        one.go()
    ended = [one.child.wait() for one in two]
    assert {one.code for one in ended} <= {0, 2} and 0 in {one.code for one in ended}, ended
    assert all("what to do: " in one.err for one in ended if one.code), ended
    alone(folder, "out")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
def test_one_of_two_runs_ends_before_the_other(town: Town, tmp_path: Path, number: signal.Signals) -> None:
    """``runs/killed``, ``runs/stopped``"""
    shutil.copytree(town.out, tmp_path / "out")
    two = [Held(town, tmp_path, name, LAST, *run_of(town.other, tmp_path / "out")) for name in "ab"]
    for one in two:
        one.reached()
    two[0].child.send(number)
    assert two[0].child.wait().code == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    two[1].go()
    assert two[1].child.wait().code == 0
    assert digests(tmp_path / "out") == town.others
    if number == signal.SIGKILL:  # what it had made is swept away by a later run
        aged(tmp_path)
        assert town.run(*run_of(town.here, tmp_path / "out")).code == 0
    alone(tmp_path, "out")


def test_two_runs_fill_one_store(town: Town, tmp_path: Path) -> None:
    """``runs/store``"""
    places = [tmp_path / name / "out" for name in "ab"]
    where = "justgeo.sources.store:Store._keep"
    two = [
        Held(town, tmp_path, out.parent.name, where, *run_of(town.here, out, "--records", tmp_path / "kept"))
        for out in places
    ]
    for one in two:
        one.reached()
    for one in two:
        one.go()
    assert [one.child.wait().code for one in two] == [0, 0]
    again = town.run(*run_of(town.here, tmp_path / "c" / "out", "--records", tmp_path / "kept"))
    assert again.code == 0, again.err
    for out in (*places, tmp_path / "c" / "out"):
        found = digests(out)
        assert {name: found[name] for name in found if name != "manifest.json"} == {
            name: town.digests[name] for name in town.digests if name != "manifest.json"
        }
    assert not [one for one in (tmp_path / "kept").rglob(".*") if one.suffix != ".lock"]


@pytest.mark.parametrize("where", ["justgeo.collecting:survey", "justgeo.report.page:write"], ids=["before", "after"])
def test_the_outline_is_replaced(town: Town, tmp_path: Path, where: str) -> None:
    """``outline``: before it is read and after; what is told of it is what was measured."""
    shutil.copytree(town.here, tmp_path / "here")
    shutil.copytree(town.out, tmp_path / "out")
    held = Held(town, tmp_path, "a", where, *run_of(tmp_path / "here", tmp_path / "out"))
    held.reached()
    smaller(tmp_path / "here" / "line.geojson")
    held.go()
    ended = held.child.wait()
    if ended.code:
        assert ended.code == 2 and "line.geojson" in ended.err and "what to do: " in ended.err, ended.err
        assert digests(tmp_path / "out") == town.digests
    else:
        assert digests(tmp_path / "out") in (town.digests, town.others)


def test_a_layer_is_replaced(town: Town, tmp_path: Path) -> None:
    """``layer``"""
    shutil.copytree(town.here, tmp_path / "here")
    shutil.copytree(town.out, tmp_path / "out")
    held = Held(town, tmp_path, "a", "justgeo.measuring:measure", *run_of(tmp_path / "here", tmp_path / "out"))
    held.reached()
    altered.one(tmp_path / "here", "crlf", "gtfs/stops.txt")
    held.go()
    ended = held.child.wait()
    assert ended.code == 2 and "stops.txt" in ended.err and "run" in ended.err, ended.err
    assert digests(tmp_path / "out") == town.digests
    assert town.run(*run_of(tmp_path / "here", tmp_path / "out")).code == 0


def test_somebody_reads_the_page(town: Town, tmp_path: Path) -> None:
    """``reader``"""
    shutil.copytree(town.out, tmp_path / "out")
    with (tmp_path / "out" / "index.html").open("rb") as opened:
        begun = opened.read(1000)
        ended = town.run(*run_of(town.other, tmp_path / "out"))
        assert ended.code == 0, ended.err
        assert hashlib.sha256(begun + opened.read()).hexdigest() == town.digests["index.html"]
    assert digests(tmp_path / "out") == town.others


def test_a_note_is_put_into_the_outputs(town: Town, tmp_path: Path) -> None:
    """``note``"""
    shutil.copytree(town.out, tmp_path / "out")
    held = Held(town, tmp_path, "a", LAST, *run_of(town.here, tmp_path / "out"))
    held.reached()
    (tmp_path / "out" / "note.txt").write_text("said at the meeting", encoding="utf-8")
    held.go()
    assert held.child.wait().code == 0
    assert (tmp_path / "out" / "note.txt").read_text(encoding="utf-8") == "said at the meeting"
    alone(tmp_path, "out")


def batch_of(town: Town, out: Path) -> tuple[str | Path, ...]:
    return ("-q", "batch", town.here / "line.geojson", "--settings", town.here, "--out", out)


@pytest.fixture(scope="module")
def many(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    out = tmp_path_factory.mktemp("batch") / "out"
    ended = town.run(*batch_of(town, out))
    assert ended.code == 0, ended.err
    return outputs_of(out)


def outputs_of(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_two_batches(town: Town, many: Mapping[str, str], tmp_path: Path) -> None:
    """``batches``"""
    where = "justgeo.batch_files:Writing.finish"
    held = Held(town, tmp_path, "a", where, *batch_of(town, tmp_path / "out"))
    held.reached()
    second = town.run(*batch_of(town, tmp_path / "out"))
    assert second.code == 2 and "Another batch writes into" in second.err and "what to do: wait" in second.err
    held.go()
    assert held.child.wait().code == 0
    assert outputs_of(tmp_path / "out") == many


def test_a_batch_is_stopped(town: Town, many: Mapping[str, str], tmp_path: Path) -> None:
    """``batch/stopped``"""
    how = {"where": "justgeo.batch_files:Writing.finish"}
    ended = town.run(*batch_of(town, tmp_path / "out"), prepare="stops", how=how)
    assert (ended.code, ended.err) == (130, "stopped; nothing half-written was left\n")
    assert not [one for one in (tmp_path / "out").rglob("*") if one.is_file() and one.suffix in (".parquet", ".part")]
    assert town.run(*batch_of(town, tmp_path / "out")).code == 0
    assert outputs_of(tmp_path / "out") == many


@pytest.mark.parametrize("killed", [False, True], ids=["records", "records/killed"])
def test_two_fetches_keep_one_answer(town: Town, tmp_path: Path, killed: bool) -> None:
    """``records``, ``records/killed``"""
    where = "justgeo.sources.live.records:_moved"
    two = [Held(town, tmp_path, name, where, tmp_path / "kept", name, call="keep") for name in "ab"]
    for one in two:
        one.reached()
    if killed:
        two[0].child.send(signal.SIGKILL)
    for one in two:
        one.go()
    codes = [one.child.wait().code for one in two]
    assert codes == [-signal.SIGKILL if killed else 0, 0]
    kept = [one for one in (tmp_path / "kept").rglob("record.json") if not one.parent.name.startswith(".")]
    assert len(kept) == 1
    again = town.run(tmp_path / "kept", call="find")
    assert again.code == 0 and again.out.strip() == b"the answer", again


def test_every_case_has_its_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    missing = [case.id for case in CASES if f"``{case.id.removeprefix('together/')}``" not in text]
    assert missing == [] and len(CASES) >= 8
