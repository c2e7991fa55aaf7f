"""Which tests run which lines, and so which of them may notice a change there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant

Lines = dict[str, set[int]]


@dataclass
class Run:
    """One test as it ran on the unchanged code: seconds, and the lines of each file that ran with it."""

    test: str
    seconds: float
    passed: bool
    lines: Lines = field(default_factory=dict)


class Recorder:
    """A plugin of pytest that keeps which lines of some files each test runs, its fixtures too.

    Lines are followed by coverage, which mutmut brings.
    """

    def __init__(self, files: Iterable[str]) -> None:
        from coverage import Coverage

        self.files = sorted(files)
        self.runs: dict[str, Run] = {}
        self.coverage = Coverage(data_file=None, include=self.files, config_file=False, messages=False)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        """Lines from here on are this test's."""
        self.coverage.switch_context(nodeid)
        self.runs[nodeid] = Run(nodeid, 0.0, True)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """What it took, and whether it passed."""
        run = self.runs[report.nodeid]
        run.seconds += report.duration
        run.passed = run.passed and not report.failed

    def finished(self) -> list[Run]:
        """All tests with their lines."""
        self.coverage.stop()
        data = self.coverage.get_data()
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                for test in tests:
                    if test in self.runs:
                        self.runs[test].lines.setdefault(file, set()).add(line)
        return list(self.runs.values())


def touching(
    mutant: Mutant, file: str, runs: Sequence[Run], sources: Mapping[str, str], texts: Mapping[str, str] | None = None
) -> list[Run]:
    """Tests that run the changed statement.

    What runs at import is noticed where it is used: tests that run a line which has its name, or the function whose
    default it is, or that stand in a file (of ``texts``) which has its name; or else any of the module.
    """
    span = set(range(mutant.first, mutant.last + 1))
    if not mutant.imported:
        return [run for run in runs if span & run.lines.get(file, set())]
    named = _mentions(mutant, sources[file], sources)
    named[file] = named.get(file, set()) | _of_function(sources[file], mutant.first)
    word = _word(mutant, sources[file])
    saying = {name for name, text in (texts or {}).items() if word.search(text)}
    found = [
        run for run in runs
        if run.test.split("::")[0] in saying or any(lines & run.lines.get(name, set()) for name, lines in named.items())
    ]  # fmt: skip
    return found or [run for run in runs if run.lines.get(file)]


def _mentions(mutant: Mutant, source: str, sources: Mapping[str, str]) -> dict[str, set[int]]:
    """Lines of all files that have the name which the changed statement gives, or that of its class or function."""
    word = _word(mutant, source)
    found: dict[str, set[int]] = {}
    for file, text in sources.items():
        lines = {n for n, line in enumerate(text.splitlines(), 1) if word.search(line)}
        found[file] = lines
    return found


def _word(mutant: Mutant, source: str) -> re.Pattern[str]:
    given = re.match(r"(\w+)\s*(?::[^=]+)?=", source.splitlines()[mutant.first - 1].strip())
    names = [*mutant.scope.split(".")[-1:], *([given[1]] if given else [])]
    return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names if name) or "(?!)")


def _of_function(source: str, line: int) -> set[int]:
    """Lines of the functions around a line."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    spans = [(one.lineno, one.end_lineno or 0) for one in ast.walk(ast.parse(source)) if isinstance(one, kinds)]
    return {n for first, last in spans if first <= line <= last for n in range(first, last + 1)}


def in_order(
    found: Sequence[Run], runs: Sequence[Run], limit: float, aimed: frozenset[str] = frozenset()
) -> list[list[str]]:
    """Tests by file, the quick files first; then the rest of those files, where a kept value may hide the change.

    The quickest tests are taken, those of files that are ``aimed`` at the module before others, as long as they come
    to no more than ``limit`` seconds; one at least.
    """
    quick: list[Run] = []
    spent = 0.0
    for run in sorted(found, key=lambda one: (one.test.split("::")[0] not in aimed, one.seconds, one.test)):
        if quick and spent + run.seconds > limit:
            break
        quick.append(run)
        spent += run.seconds
    every, direct = _by_file(runs), _by_file(quick)
    order = sorted(direct, key=lambda name: (sum(run.seconds for run in direct[name]), name))
    stages = [direct[name] for name in order]
    for name in order:
        seconds = sum(run.seconds for run in every[name])
        if len(every[name]) > len(direct[name]) and spent + seconds <= limit:
            spent += seconds
            stages.append(every[name])
    return [[run.test for run in stage] for stage in stages]


def _by_file(runs: Sequence[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.test.split("::")[0], []).append(run)
    return found


def stated(runs: Sequence[Run], root: Path) -> list[dict[str, Any]]:
    """As plain values, to be kept as JSON."""
    return [
        {"test": run.test, "seconds": round(run.seconds, 4), "passed": run.passed,
         "lines": {str(Path(name).relative_to(root)): sorted(lines) for name, lines in run.lines.items()}}
        for run in runs
    ]  # fmt: skip


def read(stated_runs: Iterable[Mapping[str, Any]], root: Path) -> list[Run]:
    """Back from plain values."""
    return [
        Run(one["test"], one["seconds"], one["passed"],
            {str(root / name): set(lines) for name, lines in one["lines"].items()})
        for one in stated_runs
    ]  # fmt: skip
