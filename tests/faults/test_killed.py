"""A process that is killed at any step of writing: what is there is whole, and done again all is as it should be."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from justgeo import beginning, peers_batch, verifying
from justgeo.core import whole
from justgeo.core.errors import ConfigError
from tests.faults.case import Case
from tests.faults.doors import Place, place
from tests.faults.doors_made import TYPED, Doors, opened
from tests.faults.injection import Deaths, Kill, copied, ended, listing, small_files, tree, watching
from tests.faults.killed import CASES
from tests.faults.outputs import aged

APART, SIZE = "killed/run/apart", "killed/size"
STEPS = {"run/new": 12}
"""Every so many steps are tried; all of them else. A run over older outputs takes the same steps and more."""
MIDST = (4096, 50_000)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened(tmp_path_factory) as found:
        yield found


@pytest.mark.parametrize("case", [one for one in CASES if one.id not in (APART, SIZE)], ids=lambda case: case.id)
def test_killed_at_any_step(case: Case, doors: Doors) -> None:
    name = case.id.removeprefix("killed/")
    tried, known = 0, set()
    with place(doors.door(name), doors.root) as there, tempfile.TemporaryDirectory(dir=doors.root) as room:
        every = STEPS.get(name, 1)
        for step, left in zip(there.steps[::every], deaths(there, Path(room), every), strict=True):
            shutil.rmtree(there.base)
            left.rename(there.base)
            assert there.wrong(listing(there.base)) == [], step
            if tree(there.base) not in known:  # where two of them left the same to the byte, the first was done again
                known.add(tree(there.base))
                again(there, step)
            tried += 1
    assert tried >= case.times


def deaths(there: Place, room: Path, every: int) -> list[Path]:
    """Do the work once; at each step, or every so many, a process dies that has come so far; what it leaves is kept."""
    copied(there.door.before, there.base)
    left: list[Path] = []
    blow = Deaths(lambda: left.append(copied(there.base, room / str(len(left)))), every)
    with watching(there.base, there.scratch, blow=blow) as seen:
        assert there.door.work(there.base).code == 0
    assert listing(there.base) == there.after, "what died beside it changes nothing"
    assert [step.what for step in seen.steps] == [step.what for step in there.steps] and seen.struck == len(left)
    return left


def killed(there: Place, at: int) -> int:
    """Do the work in a child that is killed at a step."""

    def work() -> int:
        with watching(there.base, there.scratch, blow=Kill(at)):
            return there.door.work(there.base).code

    return ended(work)


def again(there: Place, told: object) -> None:
    """Done again a while later it is as if nothing had been, and nothing is left over."""
    aged(there.base)
    done = there.door.work(there.base)
    if done.code in there.door.refuses and there.shown(listing(there.base)) == there.shown(there.after):
        return
    assert done.code == 0, (told, done)
    assert listing(there.base) == there.after, (told, there.wrong(listing(there.base)), there.left(listing(there.base)))


def test_where_two_folders_cannot_be_exchanged_the_next_run_puts_the_older_back(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two renamings nothing is in the place: notes and what was typed are in the hidden folder alone."""
    (case,) = (one for one in CASES if one.id == APART)
    tried = 0
    monkeypatch.setattr(whole, "exchange", lambda one, other: False)
    with place(doors.door("run/older"), doors.root) as there:
        renamed = [n for n, step in enumerate(there.steps, start=1) if step.what == "rename"]
        assert there.steps[renamed[-2] - 1].path.endswith(".old")
        for at in (*renamed, renamed[-1] + 1):
            copied(there.door.before, there.base)
            assert killed(there, at) == -signal.SIGKILL
            if at == renamed[-1]:
                assert not (there.base / "out").exists()
            again(there, there.steps[at - 1])
            assert (there.base / "out" / "notes.txt").read_text(encoding="utf-8") == "from the meeting"
            assert TYPED in (there.base / "answers.yml").read_text(encoding="utf-8")
            tried += 1
    assert tried >= case.times


def test_the_system_kills_in_the_midst_of_a_write(doors: Doors) -> None:
    (case,) = (one for one in CASES if one.id == SIZE)
    tried = 0
    with place(doors.door("run/older"), doors.root, pure=False) as there:
        for most in MIDST:
            copied(there.door.before, there.base)

            def work(most: int = most) -> int:
                with small_files(most, kills=True):
                    return there.door.work(there.base).code

            assert ended(work) == -signal.SIGXFSZ
            assert there.wrong(listing(there.base)) == [], most
            again(there, most)
            tried += 1
    assert tried >= case.times


def test_a_beginning_that_was_killed_can_be_begun_again(tmp_path: Path) -> None:
    """Its outline is there and its ``district.toml`` is not: the same beginning is no other one."""
    files = {"outline.geojson": "{}", "district.toml": "[district]"}
    with watching(tmp_path) as seen:
        beginning.write(tmp_path / "counted", files)
    at = max(n for n, step in enumerate(seen.steps, start=1) if step.what == "rename")

    def work() -> int:
        with watching(tmp_path, blow=Kill(at)):
            beginning.write(tmp_path / "place", files)
        return 0

    assert ended(work) == -signal.SIGKILL
    assert (tmp_path / "place" / "outline.geojson").exists()
    assert not (tmp_path / "place" / "district.toml").exists()
    with pytest.raises(ConfigError, match="is there already"):
        beginning.write(tmp_path / "place", {**files, "outline.geojson": "another"})
    aged(tmp_path)
    beginning.write(tmp_path / "place", files)
    assert listing(tmp_path / "place") == listing(tmp_path / "counted")
    with pytest.raises(ConfigError, match="is there already"):
        beginning.write(tmp_path / "place", files)


def test_what_is_there_after_a_kill_can_be_verified(doors: Doors) -> None:
    """Whichever of the two outputs is there follows from its own settings."""
    with place(doors.door("run/new"), doors.root) as there:
        before = copied(there.base, there.base.with_name("ran"))
        renames = [n for n, step in enumerate(there.steps, start=1) if step.what == "rename"]
        copied(before, there.base)
        killed(there, renames[-1])
    verdict = verifying.verify(there.base / "out")
    assert verdict.holds, verifying.words(verdict)


def test_a_batch_that_is_killed_is_not_taken_for_a_whole_one(doors: Doors) -> None:
    """Peers are places among all districts of a batch; the summary goes before what it tells of."""
    with place(doors.door("batch/older"), doors.root) as there:
        summary = there.base / "out" / "batch.json"
        gone = next(n for n, step in enumerate(there.steps, start=1) if step.path.endswith("done/99001.json"))
        copied(there.door.before, there.base)
        assert len(json.loads(summary.read_text(encoding="utf-8"))["counties"]) == 1
        assert killed(there, gone) == -signal.SIGKILL
        assert not summary.exists()
        assert not peers_batch.read(there.base / "out").complete
        assert there.door.work(there.base).code == 0
        assert peers_batch.read(there.base / "out").complete
