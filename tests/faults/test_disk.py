"""A disk that fails at any step of writing: what is there is whole, and the words say what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.case import Case
from tests.faults.disk import CASES
from tests.faults.doors import Place, Said, place
from tests.faults.doors_made import Doors, opened
from tests.faults.injection import BROKEN, ERRNOS, FULL, WRITING, Fault, copied, listing, small_files, watching

SIZE = "disk/size"
SIZES = (0, 512, 4096, 20_000, 50_000, 98_000)
"""Bytes beyond which no file may grow: from the first one written to the largest."""

CLEARING = ("remove", "rmdir")
"""Where these fail, something hidden is left over: the next one takes it away."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened(tmp_path_factory) as found:
        yield found


@pytest.mark.parametrize("case", [one for one in CASES if one.id != SIZE], ids=lambda case: case.id)
def test_a_disk_that_fails_at_any_step(case: Case, doors: Doors) -> None:
    with place(doors.door(case.id.removeprefix("disk/")), doors.root) as there:
        assert len(there.steps) >= case.times
        for at in range(1, len(there.steps) + 1):
            fails(there, fault(there, at))


def fault(there: Place, at: int) -> Fault:
    """Each step with one failure, once or from there on: they take turns."""
    number = ERRNOS[at % len(ERRNOS)]
    if number == FULL and there.steps[at - 1].what not in WRITING:
        number = BROKEN  # a full disk lets one rename and remove
    return Fault(at, number, lasting=at // len(ERRNOS) % 2 == 1)


def fails(there: Place, blow: Fault) -> None:
    """Do the work on such a disk, hold what is there against before and after, and do it again."""
    door, told = there.door, (there.door.name, blow, there.steps[blow.at - 1])
    copied(door.before, there.base)
    with watching(there.base, there.scratch, blow=blow) as seen:
        said = door.work(there.base)
    state = listing(there.base)
    assert seen.struck, told
    assert [name for name in there.wrong(state) if (name, said.code) != (door.tells, 1)] == [], told
    clearing = there.steps[blow.at - 1].what in CLEARING
    assert blow.lasting or clearing or not there.left(state), told
    if said.code == 0:
        assert there.shown(state) == there.shown(there.after), told
    else:
        assert said.code in door.failed, (told, said)
        assert_says(said)
    if there.shown(state) not in (there.shown(there.before), there.shown(there.after)) or there.left(state):
        again(there, told)


def assert_says(said: Said) -> None:
    """Two lines on stderr; where the rest went on, what failed with its remedy in the report."""
    text = said.out + said.err
    assert "Traceback" not in text, said
    if said.code == 2:
        lines = said.err.splitlines()
        assert [one for one in lines if one.startswith("error: ")], said
        assert [one for one in lines if one.startswith("what to do: ") and len(one) > 20], said
    else:
        assert "what to do: " in text.casefold(), said


def again(there: Place, told: object) -> None:
    """Done again on a whole disk it is as if nothing had been."""
    done = there.door.work(there.base)
    if there.shown(listing(there.base)) == there.shown(there.after) and done.code in (0, *there.door.refuses):
        return
    raise AssertionError((told, done, there.wrong(listing(there.base))))


def test_no_file_may_grow_beyond_a_size(doors: Doors) -> None:
    """GDAL, Arrow and SQLite write by themselves: the system fails them, and none of them passes over it."""
    (case,) = (one for one in CASES if one.id == SIZE)
    tried = 0
    with place(doors.door("run/older"), doors.root, pure=False) as there:
        largest = max(path.stat().st_size for path in (there.base / "out").iterdir())
        for most in SIZES:
            assert most < largest
            copied(there.door.before, there.base)
            with small_files(most):
                said = there.door.work(there.base)
            assert said.code == 2, (most, said)
            assert_says(said)
            assert there.wrong(listing(there.base)) == [], most
            assert not there.left(listing(there.base)), most
            tried += 1
        again(there, "after all of them")
    assert tried >= case.times
