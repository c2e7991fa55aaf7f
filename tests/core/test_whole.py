"""Files and folders that are there whole or not at all: what is left is told from what is being made."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from justgeo.core import whole

LONG = whole.PATIENCE_S + 5


def aged(path: Path, seconds: float = LONG) -> None:
    """Nobody wrote to it for so long."""
    then = time.time() - seconds
    for one in (*path.rglob("*"), path):
        os.utime(one, (then, then), follow_symlinks=False)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    whole.put(path, b"old")
    whole.put(path, b"new")
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]

    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        whole.put(path, b"half")
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]


def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    """Others share the folder of a team."""
    (tmp_path / "plain").touch()
    whole.put(tmp_path / "a.csv", b"a")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_is_being_made_is_not_swept_and_what_was_left_is(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="no locks on this system")
    place = tmp_path / "out"
    left = tmp_path / ".out.0123abcd.part"
    left.mkdir()
    (left / "half").write_bytes(b"h")
    (left / "link").symlink_to("nowhere")  # a planner's own, copied as it is
    aged(left)
    (tmp_path / ".other.0123abcd.part").touch()
    aged(tmp_path / ".other.0123abcd.part")
    with whole.making(place, Path.mkdir) as part:
        aged(part)  # however long it takes
        whole.sweep(place)
        assert part.exists() and whole.is_made(part)
        assert not left.exists()
    assert not part.exists()
    assert [one.name for one in tmp_path.iterdir()] == [".other.0123abcd.part"]
    whole.sweep_all(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_with_signs_of_patterns_are_names(tmp_path: Path) -> None:
    (tmp_path / ".a[b]*.0123abcd.part").touch()
    (tmp_path / ".ab.0123abcd.part").touch()
    for one in tmp_path.iterdir():
        aged(one)
    whole.sweep(tmp_path / "a[b]*")
    assert [one.name for one in tmp_path.iterdir()] == [".ab.0123abcd.part"]


@pytest.mark.parametrize("ago", [0.0, 60.0, whole.PATIENCE_S - 60, -60.0, -10 * whole.PATIENCE_S])
def test_what_was_written_to_lately_may_be_another_machines_and_stays(tmp_path: Path, ago: float) -> None:
    """Its lock is not seen here; a clock that is ahead says nothing of how long it lies there."""
    part = tmp_path / ".out.0123abcd.part"
    (part / "below").mkdir(parents=True)
    (part / "below" / "tracts.zip").write_bytes(b"PK half")
    aged(part)
    os.utime(part / "below" / "tracts.zip", (time.time() - ago,) * 2)
    whole.sweep(tmp_path / "out")
    whole.sweep_all(tmp_path)
    assert (part / "below" / "tracts.zip").exists()
    aged(part)
    whole.sweep(tmp_path / "out")
    assert not part.exists()


def test_what_is_called_otherwise_is_somebody_elses_and_stays(tmp_path: Path) -> None:
    own = (".my notes.part", "a.0123abcd.part", ".out.0123ABCD.part", ".out.0123abc.part", ".out.0123abcd.part.txt")
    for name in (*own, ".out.0123abcd.part"):
        (tmp_path / name).touch()
        aged(tmp_path / name, 10 * 24 * 3600)
    whole.sweep(tmp_path / "out")
    whole.sweep_all(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(own)


def test_without_locks_only_what_is_old_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "fcntl", None)
    young, old = tmp_path / ".out.0123abcd.part", tmp_path / ".out.89abcdef.part"
    for one in (young, old):
        one.mkdir()
    then = time.time() - 2 * 24 * 3600
    os.utime(old, (then, then))
    assert whole.is_made(young) and not whole.is_made(old)
    whole.sweep(tmp_path / "out")
    assert [one.name for one in tmp_path.iterdir()] == [young.name]


def test_two_folders_change_places_or_stay(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.mkdir()
        (path / path.name).touch()
    changed = whole.exchange(one, other)
    assert (one / ("other" if changed else "one")).exists() and (other / ("one" if changed else "other")).exists()
    assert not whole.exchange(one, tmp_path / "nowhere")
