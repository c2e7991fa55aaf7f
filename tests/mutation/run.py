"""Are wrong numbers noticed? ``python -m tests.mutation.run`` changes the arithmetic and sees whether a test fails.

A copy of the tree is made, mutants are drawn by lot, and each is run with the tests that run its statement. What came
out is kept in ``--work``, so that only mutants whose tests or module changed are run again when it is broken off.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.mutation.choose import drawn, kind
from tests.mutation.mutants import Mutant, module_name, mutants_of, mutated
from tests.mutation.shop import CANNOT, KILLED, SURVIVED, TOO_LONG
from tests.mutation.table import Outcome, page, read_reasons
from tests.mutation.tests_of import Run, in_order, read, touching

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mutation.md"
REASONS = Path(__file__).with_name("survivors.toml")
CORE = ("budget", "field", "result", "zones")
NO_ESTIMATES = ("__init__.py", "balance.py", "sanity_*.py", "survey_*.py")
ROOMS = ("tests/measure", "tests/core", "tests/indicators")
LEFT_OUT = (".*", "__pycache__", "out", "dist", "notebooks", "*.egg-info", "mutants")
WANTED = {"deciding": 650, "passing": 150}
LEAST = 3
SEED, UNSEEN_SEED = 20, 23
UNSEEN = 200
"""Deciding mutants of a second sample, whose survivors are looked into only to tell the equivalent ones: no test was
written for them."""
LIMIT = 20.0
"""Seconds of tests that a mutant is run with, as they took with the unchanged code."""


def targets(root: Path) -> list[Path]:
    """Files with estimates in them; what doubts the data that come in makes none, and has its tests elsewhere."""
    found = [*(root / "justgeo" / "measure").rglob("*.py"), *(root / "justgeo" / "core" / f"{n}.py" for n in CORE)]
    return sorted(path for path in found if not any(path.match(one) for one in NO_ESTIMATES))


def copied(work: Path) -> Path:
    """The tree as it is now, beside the work; compiled modules of an earlier copy stay."""
    copy = work / "tree"
    for name in ("justgeo", "tests", "data", "docs", "tools", "pipelines"):
        shutil.rmtree(copy / name, ignore_errors=True)
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, copy / path.name)
    return copy


def digest(*texts: str) -> str:
    """Of some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


class Shop:
    """The process that forks; started in the copy, which comes before whatever is installed."""

    def __init__(self, copy: Path, *rooms: str) -> None:
        told = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.mutation.shop", *rooms]
        self.process = subprocess.Popen(
            command, cwd=copy, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        """One question, one answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the process that runs mutants has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let it end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


def kept(path: Path) -> dict[str, Any]:
    """What an earlier run found."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def keep(path: Path, found: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(found), encoding="utf-8")
    new.replace(path)


def all_mutants(copy: Path, work: Path) -> list[Mutant]:
    """Of all files; those of a file that is as it was are not made again."""
    path = work / "mutants.json"
    before, now = kept(path), {}
    for file in targets(copy):
        source, name = file.read_text(encoding="utf-8"), module_name(file, copy)
        mark = f"{name}:{digest(source, (ROOT / 'tests/mutation/mutants.py').read_text(encoding='utf-8'))}"
        now[mark] = before.get(mark) or [asdict(one) for one in mutants_of(source, name)]
    keep(path, now)
    return [Mutant(**one) for made in now.values() for one in made]


def recorded(shop: Shop, copy: Path, work: Path) -> list[Run]:
    """What each test runs, told anew for files of tests that changed, or whose modules did."""
    path = work / "recorded.json"
    before, now = kept(path), {}
    digests = {str(f.relative_to(copy)): digest(f.read_text(encoding="utf-8")) for f in targets(copy)}
    for room in ROOMS:
        for file in sorted((copy / room).rglob("test_*.py")):
            name = str(file.relative_to(copy))
            own = digest(file.read_text(encoding="utf-8"))
            old = before.get(name)
            if old and old["own"] == own and all(digests.get(f) == d for f, d in old["of"].items()):
                now[name] = old
                continue
            out = work / "one.json"
            out.unlink(missing_ok=True)
            files = [str(copy / f) for f in digests]
            answer = shop.ask(do="record", test=name, files=files, out=str(out), seconds=900.0)
            runs = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else []
            if answer["code"] != 0:
                bad = [run["test"] for run in runs if not run["passed"]]
                print(f"  {name}: not all pass unchanged, none is used: {bad or answer}", flush=True)
                runs = []
            seen = {f for run in runs for f in run["lines"]}
            now[name] = {"own": own, "of": {f: digests[f] for f in seen}, "runs": runs}
            keep(path, {**before, **now})
    keep(path, now)
    return read((run for one in now.values() for run in one["runs"]), copy)


def outcomes(
    shops: Sequence[Shop], copy: Path, work: Path, chosen: Sequence[Mutant], runs: Sequence[Run]
) -> Iterator[Outcome]:
    """Each mutant's fate. A killed one stays killed while its module is as it was; a survivor meets every new test."""
    path = work / "fates.json"
    fates = kept(path)
    sources = {str(file): file.read_text(encoding="utf-8") for file in targets(copy)}
    texts = {name: (copy / name).read_text(encoding="utf-8") for name in {run.test.split("::")[0] for run in runs}}
    for one in chosen:
        file = str(copy / (one.module.replace(".", "/") + ".py"))
        found = touching(one, file, runs, sources, texts)
        word = re.compile(rf"\b{one.module.rpartition('.')[2]}\b")
        stages = in_order(found, runs, LIMIT, frozenset(name for name, text in texts.items() if word.search(text)))
        mark = digest(sources[file], str(one.number))
        tests = digest(json.dumps(stages), *(texts[stage[0].split("::")[0]] for stage in stages))
        fate = fates.get(mark)
        if fate is None or (fate["fate"] in ("survived", "untested") and fate["tests"] != tests):
            fate = {**_fate(shops, one, file, sources[file], stages, found), "tests": tests}
            fates[mark] = fate
            keep(path, fates)
        yield Outcome(one, fate["fate"], fate["took"])


def _fate(
    shops: Sequence[Shop], one: Mutant, file: str, source: str, stages: list[list[str]], found: Sequence[Run]
) -> dict[str, Any]:
    if not stages:
        return {"fate": "untested", "took": 0.0}
    text = mutated(source, one.module, one.number)
    seconds = 30.0 + 10 * min(sum(run.seconds for run in found), LIMIT)
    fates = {SURVIVED: "survived", KILLED: "killed", TOO_LONG: "timeout"}
    fate, took = "survived", 0.0
    direct = [stage for stage in stages if set(stage) <= {run.test for run in found}]
    for shop, given in zip(shops, (direct, stages), strict=True):
        answer = shop.ask(
            do="mutant", module=one.module, path=file, source=text, stages=given, seconds=seconds, imported=one.imported
        )
        code, took = answer["code"], took + answer["took"]
        if code == CANNOT:
            continue
        if code not in fates and (code > 0 or code == -signal.SIGALRM):
            raise RuntimeError(f"{one.key} could not be run: {answer}")
        fate = fates.get(code, "killed")  # below 0: the process fell
        if fate != "survived" or not one.imported:
            break
    return {"fate": fate, "took": round(took, 2)}


def _said(outcome: Outcome) -> Outcome:
    one = outcome.mutant
    if not outcome.noticed:
        print(
            f"{one.key} {outcome.fate} line {one.line} {kind(one)} in {one.scope}: {one.before}  →  {one.after}",
            flush=True,
        )
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, run, write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "justgeo-mutants")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--deciding", type=int, default=WANTED["deciding"])
    parser.add_argument("--passing", type=int, default=WANTED["passing"])
    parser.add_argument("--unseen", type=int, default=UNSEEN)
    parser.add_argument("--only", default="", help="modules whose name has this; no page is written")
    parser.add_argument("--out", type=Path, default=PAGE)
    told = parser.parse_args(arguments)
    told.work.mkdir(parents=True, exist_ok=True)
    copy = copied(told.work)
    every = all_mutants(copy, told.work)
    chosen = drawn(every, {"deciding": told.deciding, "passing": told.passing}, LEAST, told.seed)
    chosen = [one for one in chosen if told.only in one.module]
    rest = [one for one in every if one not in set(chosen)]
    unseen = drawn(rest, {"deciding": 0 if told.only else told.unseen}, 0, UNSEEN_SEED)
    shops = [Shop(copy, *ROOMS), Shop(copy)]
    try:
        runs = recorded(shops[0], copy, told.work)
        print(f"{len(chosen)} and {len(unseen)} of {len(every)} mutants, {len(runs)} tests", flush=True)
        found, second = (
            [_said(one) for one in outcomes(shops, copy, told.work, sample, runs)] for sample in (chosen, unseen)
        )
    finally:
        for shop in shops:
            shop.close()
    killed = sum(outcome.noticed for outcome in found)
    print(f"{killed} of {len(found)} noticed")
    if not told.only:
        told.out.write_text(page(found, second, every, read_reasons(REASONS), told.seed), encoding="utf-8")
        print(f"written: {told.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
