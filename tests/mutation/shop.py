"""Where mutants are run: a process in the copy of the tree that forks once for each, of one of two kinds.

The *quick* one has imported the package and collected the tests; a child exchanges the code of one function and goes
straight to the tests. What it cannot exchange (defaults, constants that others took over at import) goes to the *fresh*
one, which holds the heavy libraries and nothing of the package or of its tests: each child imports both anew, with one
module as it was changed. Values that the quick one found at import are those of the unchanged code; they can make a
mutant survive, and never kill one.
Questions come as lines of JSON on standard input; each has one line of JSON as its answer.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import IO, Any

import numpy

from tests.mutation.tests_of import Recorder, stated

HEAVY = (
    "numpy", "pandas", "pyarrow.parquet", "shapely", "pyproj", "geopandas", "pyogrio", "rasterio", "rasterio.features",
    "scipy.sparse.csgraph", "scipy.stats", "scipy.spatial", "scipy.special", "exactextract", "osmium", "pydantic",
    "yaml", "networkx", "hypothesis", "jinja2", "folium", "requests", "pytest", "tqdm", "platformdirs",
)  # fmt: skip
PLUGINS = ("-p", "pytest_socket", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider",
           "-p", "no:unraisableexception", "-p", "no:threadexception")  # fmt: skip
OPTIONS = ("-x", "-q", "--tb=no", "--no-header", *PLUGINS)
PLAIN = (bool, int, float, str, tuple, list, dict, frozenset, numpy.ndarray)
SURVIVED, KILLED, CANNOT, FAILED_TO_START, TOO_LONG = 0, 1, 69, 70, -signal.SIGXCPU


class Changed(SourceFileLoader):
    """A module from a text in place of its file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        """The text's; nothing is kept of it."""
        return compile(self.source, self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """As ever, with a mark that tells that it was this one."""
        module.__dict__["__mutant__"] = True
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds one module, and finds it changed."""

    def __init__(self, name: str, path: str, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """None for every other module."""
        if fullname != self.name:
            return None
        loader = Changed(fullname, self.path, self.source)
        return importlib.util.spec_from_file_location(fullname, self.path, loader=loader)


def prepare() -> None:
    """Import what is alike for all; examples of properties are the same in every run and are not made smaller."""
    for name in HEAVY:
        importlib.import_module(name)
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")
    if any(name == "justgeo" or name.startswith("justgeo.") for name in sys.modules):
        raise RuntimeError("the package is imported before there is a mutant of it")


def pytest_main(tests: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Run some tests in this process."""
    import pytest

    return int(pytest.main([*OPTIONS, *tests], plugins=list(plugins)))


def run_mutant(question: dict[str, Any]) -> int:
    """In a child: 1 when a test fails with the changed module, 0 when all pass."""
    sys.meta_path.insert(0, Finder(question["module"], question["path"], question["source"]))
    try:
        module = importlib.import_module(question["module"])
    except Exception:  # noqa: BLE001 a module that cannot be imported fails every test
        return KILLED
    if "__mutant__" not in module.__dict__ or not str(module.__file__).startswith(str(Path.cwd())):
        return FAILED_TO_START
    for stage in question["stages"]:
        if pytest_main(stage) != 0:  # 4 where a file of tests can no more be imported
            return KILLED
    return SURVIVED


def functions_of(code: CodeType) -> dict[tuple[str, int], CodeType]:
    """Code of functions and methods by name and place; what is inside of one is part of it."""
    found: dict[tuple[str, int], CodeType] = {}
    for one in code.co_consts:
        if not isinstance(one, CodeType):
            continue
        if one.co_flags & inspect.CO_OPTIMIZED:
            key = (one.co_qualname, sum(name == one.co_qualname for name, _ in found))
            found[key] = one
        else:  # the body of a class
            found.update(functions_of(one))
    return found


def exchange_constants(name: str, source: str, path: str) -> bool:
    """Give a module's changed constants to it and to whoever imported them by their name; False where none changed."""
    module, other = sys.modules[name], ModuleType(name)
    other.__dict__.update(__package__=name.rpartition(".")[0], __file__=path)
    exec(compile(source, path, "exec", dont_inherit=True), other.__dict__)
    done = False
    for key, new in vars(other).items():
        old = vars(module).get(key)
        if key.startswith("__") or not isinstance(new, PLAIN) or repr(old) == repr(new):
            continue
        for one in list(sys.modules.values()):
            if getattr(one, "__dict__", {}).get(key) is old:
                one.__dict__[key] = new
        done = True
    return done


class Quick:
    """A plugin of pytest: in place of running what it collected, it answers questions."""

    def __init__(self, questions: IO[str], answers: IO[str]) -> None:
        self.questions, self.answers = questions, answers
        self.items: dict[str, Any] = {}
        self.living: dict[tuple[str, str, int], list[FunctionType]] = {}
        self.failed = False

    def pytest_runtestloop(self, session: Any) -> bool:
        """Everything is imported and collected."""
        self.items = {item.nodeid: item for item in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__module__ and one.__module__.startswith("justgeo."):
                code = one.__code__
                self.living.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(one)
        gc.collect()
        gc.freeze()
        serve(self.questions, self.answers, self.run)
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Whether one failed."""
        self.failed = self.failed or report.failed

    def run(self, question: dict[str, Any]) -> int:
        """In a child: 1 when a test fails, 0 when all pass; `CANNOT` when living things do not take the change."""
        if question["do"] == "record":
            return self.record(question)
        try:
            exchanged = self.exchange(question)
        except Exception:  # noqa: BLE001 what cannot be compiled or imported is for the fresh one to say
            return CANNOT
        if not exchanged:
            return CANNOT
        for stage in question["stages"]:
            if self.any_fails([self.items[name] for name in stage if name in self.items]):
                return KILLED
        return SURVIVED

    def any_fails(self, items: Sequence[Any]) -> bool:
        """Run some in their order, up to the first that fails."""
        for n, item in enumerate(items):
            following = items[n + 1] if n + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return True
        return False

    def exchange(self, question: dict[str, Any]) -> bool:
        """Give living functions the code of the changed source; False where that is not the whole change."""
        path = question["path"]
        if question["imported"]:
            return exchange_constants(question["module"], question["source"], path)
        old = functions_of(compile(Path(path).read_text(encoding="utf-8"), path, "exec", dont_inherit=True))
        new = functions_of(compile(question["source"], path, "exec", dont_inherit=True))
        done = False
        for key, code in old.items():
            if key not in new or code == new[key]:
                continue
            living = self.living.get((path, code.co_qualname, code.co_firstlineno), [])
            if not living or len(code.co_freevars) != len(new[key].co_freevars):
                return False
            for one in living:
                one.__code__ = new[key]
            done = True
        return done

    def record(self, question: dict[str, Any]) -> int:
        """In a child: run a file of tests unchanged and keep what each of them ran."""
        recorder = Recorder(question["files"])
        items = [item for name, item in self.items.items() if name.split("::")[0] == question["test"]]
        items[0].config.pluginmanager.register(recorder)
        fails = False
        for n, item in enumerate(items):
            following = items[n + 1] if n + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            fails = fails or self.failed
        Path(question["out"]).write_text(json.dumps(stated(recorder.finished(), Path.cwd())), encoding="utf-8")
        return KILLED if fails else SURVIVED


def in_child(question: dict[str, Any], run: Callable[[dict[str, Any]], int]) -> tuple[int, float]:
    """What a child says and the seconds of processor that it took; `TOO_LONG` when it was ended for these.

    The clock on the wall says nothing: a busy machine would make survivors look noticed.
    """
    child = os.fork()
    if child == 0:
        limit = int(question["seconds"])
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        signal.alarm(60 * limit)  # for what waits for ever
        code = FAILED_TO_START
        try:
            code = run(question)
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def serve(questions: IO[str], answers: IO[str], run: Callable[[dict[str, Any]], int]) -> None:
    """One answer for each question, in their order."""
    for line in questions:
        code, took = in_child(json.loads(line), run)
        answers.write(json.dumps({"code": code, "took": round(took, 2)}) + "\n")
        answers.flush()


def main(rooms: Sequence[str]) -> None:
    """Fresh without rooms of tests, quick with them. What tests print goes nowhere."""
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    prepare()
    if rooms:
        pytest_main(["--capture=no", *rooms], [Quick(questions, answers)])
    else:
        gc.collect()
        gc.freeze()
        serve(questions, answers, run_mutant)


if __name__ == "__main__":
    main(sys.argv[1:])
