"""Each reader, given a bounded number of inputs that are the same every time; ``make fuzz`` gives it thousands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from justgeo.core.errors import ConfigError
from tests.fuzz import outputs, run, targets
from tests.fuzz.target import Target
from tests.fuzz.trying import TooLongError, attempt


@pytest.mark.parametrize("name", targets.every())
def test_only_a_refusal_with_a_remedy_leaves_a_reader(name: str) -> None:
    target = targets.every()[name]
    tried = run.tried(target, target.times, seed=0)
    assert tried.fault == ""
    # A strategy that is exhausted early, or a reader that refuses all there is, tries less than it says.
    assert tried.accepted + tried.refused >= min(target.times, 10) + len(target.seeds)


RIGHT = {
    "checklist-xlsx": outputs.sheet,
    "diff": lambda: (outputs.content(), outputs.content()),
    "results-forged": outputs.content,
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_these_inputs_are_made_of_is_taken_as_it_is(name: str, tmp_path: Path) -> None:
    targets.every()[name].read(RIGHT[name](), tmp_path)


def test_a_reader_that_takes_nothing_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "watched", lambda name, times, _seed: run.Tried(name, refused=times))
    assert run.main(["--only", "diff", "--times", str(run.ENOUGH)]) == 1
    assert "no input was accepted" in capsys.readouterr().out
    assert run.main(["--only", "diff", "--times", "40"]) == 0, "of a few, all may be wrong"


def never(_given: object, _folder: object) -> None:
    raise KeyError("of a library")


def without_a_remedy(_given: object, _folder: object) -> None:
    raise ConfigError("It is wrong.", remedy="mend it")


def for_ever(_given: object, _folder: object) -> None:
    while True:
        pass


@pytest.mark.parametrize("read", [never, without_a_remedy])
def test_what_may_not_leave_a_reader_is_told_with_its_input(read: object) -> None:
    drawn = targets.every()["district-toml"].draw
    tried = run.tried(Target("bad", drawn, read), 5, seed=0)  # type: ignore[arg-type]
    assert tried.fault and tried.given


def test_a_reader_that_never_comes_back_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.trying.LONGEST_S", 1)
    with pytest.raises(TooLongError):
        attempt(Target("slow", targets.every()["district-toml"].draw, for_ever), "")


def test_a_process_that_falls_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a library of C falls: the process is gone, and what it was given is told."""
    made = "import os, pathlib, pickle, sys; f = pathlib.Path(sys.argv[-1])"
    made += "; f.joinpath('given').write_bytes(pickle.dumps('a bad one')); os.abort()"
    monkeypatch.setattr(run, "COMMAND", (sys.executable, "-c", made))
    fallen = run.watched("some-target", 1, 0)
    assert "the process ended with -" in fallen.fault and fallen.given == "'a bad one'"


def test_what_is_asked_for_and_is_no_target_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--only", "no-such-reader"]) == 2
    assert "district-toml" in capsys.readouterr().err
