"""A run in odd surroundings ends in the same bytes, or in two lines that say what to do; what was there stays whole."""

from __future__ import annotations

import ast
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import justgeo
from tests.faults import altered, hamlet
from tests.faults.injection import tree
from tests.faults.nursery import Ended, Nursery, nursery, started
from tests.faults.oddity import Interpreter, Odd
from tests.faults.outputs import digests
from tests.faults.surroundings import CASES, INTERPRETERS, ODD

AGAIN = ("surroundings/ctrl-c/moving", "surroundings/limit/memory", "surroundings/limit/files-5")
"""After these the run is made once more, in plain surroundings; once for all that left the same to the byte."""


@dataclass(frozen=True)
class Plain:
    """The hamlet, what a run in plain surroundings makes of it, and where others are made from."""

    base: Path
    nursery: Nursery
    digests: Mapping[str, str]
    numbers: Any
    again: set[frozenset[tuple[str, str, int]]] = field(default_factory=set)
    """What was left, each time that the run was made once more."""

    @property
    def out(self) -> Path:
        return self.base / "plain" / "out"


@pytest.fixture(scope="module")
def plain() -> Iterator[Plain]:
    # Not below pytest's own folder, which no other user may enter.
    with tempfile.TemporaryDirectory(prefix="surroundings-") as made:
        base = Path(made)
        base.chmod(0o755)
        district = hamlet.write(base / "plain" / "here")
        ready, out = nursery(), base / "plain" / "out"
        ended = ready.run("-q", "run", district, "--out", out)
        assert ended.code == 0, ended.err
        yield Plain(base, ready, digests(out), _numbers(out))


def _numbers(out: Path) -> Any:
    records = json.loads((out / "results.json").read_bytes())["records"]
    return [
        {key: r[key] for key in ("zone", "indicator", "group", "value", "moe", "reason", "reliability")}
        for r in records
    ]


@dataclass(frozen=True)
class Tried:
    """What was done, and where."""

    folder: Path
    out: Path
    ended: Ended


def _try(odd: Odd, plain: Plain) -> Tried:
    case = plain.base / odd.cases[0].id.replace("/", "-")
    folder, out = case / odd.folder, case / "out"
    folder.parent.mkdir(parents=True)
    case.chmod(0o777)
    shutil.copytree(plain.base / "plain" / "here", folder)
    if odd.ends in ("refused", "stopped"):
        shutil.copytree(plain.out, out)
    for name, *told in odd.alter:
        getattr(altered, name)(folder, *told)
    places = {"district": folder / "district.toml", "folder": folder, "out": out, "plain": plain.out}
    argv = [part.format(**places) for part in odd.argv or ("-q", "run", "{district}", "--out", "{out}")]
    how = {key: told.format(**places) if key == "cwd" else told for key, told in odd.told.items()}
    return Tried(folder, out, plain.nursery.run(*argv, **how))


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: " ".join(case.id.partition("/")[2] for case in odd.cases))
def test_an_odd_surrounding(odd: Odd, plain: Plain) -> None:
    tried = _try(odd, plain)
    said = tried.ended.err + tried.ended.out.decode("utf-8", errors="replace")
    assert "Traceback" not in said, said
    for word in odd.words:
        assert word in said
    CHECKS[odd.ends](tried, plain, odd)
    left = [path.name for path in tried.out.parent.iterdir() if path.name.startswith(".")]
    assert left == [], "nothing half-written is left"


def _same(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert tried.ended.code == 0, tried.ended.err
    assert digests(tried.out) == plain.digests


def _same_numbers(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert tried.ended.code == 0, tried.ended.err
    assert _numbers(tried.out) == plain.numbers


def _refused(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert tried.ended.code == 2, tried.ended.err
    lines = tried.ended.err.splitlines()
    assert [line for line in lines if line.startswith("error: ")] and lines[-1].startswith("what to do: "), lines
    _as_it_was(tried, plain, odd)


def _stopped(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert (tried.ended.code, tried.ended.err) == (130, "stopped; nothing half-written was left\n")
    _as_it_was(tried, plain, odd)


def _as_it_was(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert digests(tried.out) == plain.digests
    left = tree(tried.out.parent)
    if odd.cases[0].id in AGAIN and left not in plain.again:
        plain.again.add(left)
        again = plain.nursery.run("-q", "run", tried.folder, "--out", tried.out)
        assert again.code == 0, again.err
        assert digests(tried.out) == plain.digests


def _said(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert tried.ended.code == (0 if odd.words else 2)


def _ill(tried: Tried, plain: Plain, odd: Odd) -> None:
    assert tried.ended.code == 1


CHECKS = {"same": _same, "numbers": _same_numbers, "refused": _refused, "stopped": _stopped, "said": _said, "ill": _ill}


@pytest.mark.parametrize("name", INTERPRETERS)
def test_an_interpreter_that_is_started_oddly(name: str, plain: Plain) -> None:
    given: Interpreter = INTERPRETERS[name]
    case = plain.base / f"start-{name}"
    for folder in ("empty", "old"):
        (case / folder).mkdir(parents=True)
    (case / "old" / "proj.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    env = {key: told and told.format(empty=case / "empty", old=case / "old") for key, told in given.env.items()}
    shutil.copytree(plain.base / "plain" / "here", case / "here")
    if given.ends == "refused":
        shutil.copytree(plain.out, case / "out")
    few = given.ends != "refused"  # what is refused before it is measured needs no few rows
    ended = started("-q", "run", case / "here", "--out", case / "out", options=given.options, env=env, few=few)
    assert "Traceback" not in ended.err
    assert all(word in ended.err for word in given.words), ended.err
    assert ended.code == (2 if given.ends == "refused" else 0), ended.err
    assert digests(case / "out") == plain.digests


def test_whoever_has_read_enough_is_no_error(plain: Plain) -> None:
    """``justgeo indicators list | head``: the reader goes while we print."""
    ended = plain.nursery.run("indicators", "list", prepare="hung_up")
    assert (ended.code, ended.err) == (0, "")


def test_output_that_cannot_be_printed_is_told(plain: Plain) -> None:
    ended = plain.nursery.run("indicators", "list", prepare="full_console")
    assert ended.code == 2
    assert (
        "cannot be printed (No space left on device)" in ended.err and "files that were written are whole" in ended.err
    )


def test_no_assertion_of_the_product_bears_a_load() -> None:
    """``python -O`` takes them out: they may tell a type checker what is so, not check an input nor do anything."""
    allowed: tuple[type[ast.AST], ...] = (
        ast.Compare,
        ast.BoolOp,
        ast.And,
        ast.Name,
        ast.Attribute,
        ast.Load,
        ast.Constant,
        ast.Subscript,
    )
    allowed += (ast.IsNot, ast.Eq, ast.Call, ast.Tuple, ast.BinOp, ast.Add, ast.Mult, ast.BitOr)
    for path in Path(justgeo.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "assert" in text else ():
            if isinstance(node, ast.Assert):
                odd = [part for part in ast.walk(node.test) if not isinstance(part, allowed)]
                calls = {ast.unparse(part.func) for part in ast.walk(node.test) if isinstance(part, ast.Call)}
                assert not odd and calls <= {"isinstance", "len"}, f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def test_every_case_is_another() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 60
