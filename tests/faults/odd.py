"""What is done to a process before a command begins in it: an odd clock, no memory, a library that is gone.

Each function is called by its name in a process that `nursery` has forked; what it changes ends with that process.
"""

from __future__ import annotations

import datetime as dt
import importlib.abc
import importlib.machinery
import locale
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_HOARD: list[bytearray] = []


def clock(shifts: Sequence[float]) -> None:
    """A clock that is set anew at each look: by each of the shifts in turn, in seconds."""
    real, looks = time.time, [0]

    def now() -> float:
        looks[0] += 1
        return real() + shifts[looks[0] % len(shifts)]

    class Shifted(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Shifted:
            return cls.fromtimestamp(now(), tz)

    class Day(dt.date):
        @classmethod
        def today(cls) -> Day:
            return cls.fromtimestamp(now())

    start = time.monotonic
    time.time, time.monotonic = now, lambda: start() + abs(shifts[looks[0] % len(shifts)])
    dt.datetime, dt.date = Shifted, Day  # type: ignore[misc]


def comma() -> None:
    """As in Germany: what asks the locale for its sign of decimals is told a comma."""
    conventions: Any = {**locale.localeconv(), "decimal_point": ",", "thousands_sep": ".", "grouping": [3, 3, 0]}
    locale.localeconv = lambda: conventions
    locale._override_localeconv = conventions  # type: ignore[attr-defined]


def set_locale(name: str) -> None:
    """A locale of the C library for this process, floats of C libraries included."""
    locale.setlocale(locale.LC_ALL, name)


def no_scratch() -> None:
    """No folder for temporary files can be written."""
    tempfile.tempdir = None
    tempfile._candidate_tempdir_list = lambda: ["/proc/no/such/folder"]  # type: ignore[attr-defined]


def full_scratch() -> None:
    """A disk for temporary files that is full: whatever is opened there refuses."""
    import builtins
    import io

    real, folder = io.open, tempfile.gettempdir()

    def refusing(file: Any, *told: Any, **more: Any) -> Any:
        if isinstance(file, str | Path) and str(file).startswith(f"{folder}/tmp"):
            raise OSError(28, "No space left on device", str(file))
        return real(file, *told, **more)

    io.open = builtins.open = refusing


def stranger() -> None:
    """A user who owns nothing here; where the tests are run by one already, they stay it."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def memory(free_mb: float) -> None:
    """So much memory and no more: the rest of what there is now is filled."""
    free = [bytearray(1_000_000) for _ in range(int(free_mb))]
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize(),) * 2)
    for size in (1 << 24, 1 << 20, 1 << 16, 1 << 12):
        try:
            while True:
                _HOARD.append(bytearray(size))
        except MemoryError:
            continue
    del free


def large(where: str) -> None:
    """Half a gigabyte more than there is now, and something that takes four at a function, named as for `stops`."""
    import numpy as np

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 500_000_000,) * 2)
    _before(where, 1, lambda: np.ones(500_000_000))


def open_files(most: int) -> None:
    """No more open files than so many."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def without(names: Sequence[str]) -> None:
    """Libraries that are not installed."""

    class Gone(importlib.abc.MetaPathFinder):
        def find_spec(
            self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
        ) -> importlib.machinery.ModuleSpec | None:
            if name.partition(".")[0] in names:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return None

    for loaded in [one for one in sys.modules if one.partition(".")[0] in names]:
        del sys.modules[loaded]
    sys.meta_path.insert(0, Gone())
    real = importlib.metadata.version

    def version(distribution_name: str) -> str:
        if distribution_name.replace("-", "_") in names:
            raise importlib.metadata.PackageNotFoundError(distribution_name)
        return real(distribution_name)

    importlib.metadata.version = version


def strict_warnings() -> None:
    """``PYTHONWARNINGS=error``: every warning is an exception."""
    sys.warnoptions.append("error")
    warnings.simplefilter("error")


def closed(numbers: Sequence[int]) -> None:
    """Standard streams that were closed before the program began."""
    for number in numbers:
        os.close(number)
        setattr(sys, ("stdin", "stdout", "stderr")[number], None)


def hung_up() -> None:
    """Whoever read progress and output is gone."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    read, write = os.pipe()
    for number in (1, 2):
        os.dup2(write, number)
    os.close(write)
    os.close(read)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as an interpreter would open it
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def full_console() -> None:
    """Output that goes to a disk that is full."""
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1)
    os.close(full)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def shuffled(seed: int) -> None:
    """Files of a folder come in another order at each look."""
    chance = random.Random(seed)
    names, entries, scan = os.listdir, os.scandir, Path.iterdir

    def mixed(some: list[Any]) -> list[Any]:
        chance.shuffle(some)
        return some

    class Entries(list[Any]):
        def __enter__(self) -> Entries:
            return self

        def __exit__(self, *told: object) -> None:
            """Nothing is held open."""

        def close(self) -> None:
            """As those of ``os.scandir``."""

    def listed(path: Any = ".") -> list[Any]:
        return mixed(names(path))

    def scanned(path: Any = ".") -> Any:
        with entries(path) as found:
            return Entries(mixed(list(found)))

    os.listdir, os.scandir = listed, scanned
    Path.iterdir = lambda self: iter(mixed(list(scan(self))))  # type: ignore[method-assign, assignment, return-value]


def stops(where: str, at: int = 1) -> None:
    """Ctrl-C at the so many-th call of a function, named as ``module:function`` or ``module:class.function``."""
    _before(where, at, lambda: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def waits(where: str, here: str, there: str, at: int = 1) -> None:
    """Say that a function is reached, by a file, and go on when another file is there."""

    def wait() -> None:
        Path(here).touch()
        until = time.monotonic() + 60
        while not Path(there).exists() and time.monotonic() < until:
            time.sleep(0.005)

    _before(where, at, wait)


def _before(where: str, at: int, act: Callable[[], object]) -> None:
    module, _, name = where.partition(":")
    owner: Any = importlib.import_module(module)
    *inner, last = name.split(".")
    for one in inner:
        owner = getattr(owner, one)
    real, calls = getattr(owner, last), [0]

    def instead(*told: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            act()
        return real(*told, **more)

    setattr(owner, last, instead)


def keep(root: str, who: str) -> int:
    """In place of a command: keep an answer to the one question that `find` asks."""
    from justgeo.sources.live.records import Question, Records, Told

    question, where = Question("tracts 2024", "census_files", {"year": 2024}), Records(Path(root))
    with where.room(question) as folder:
        (folder / "answer.txt").write_bytes(b"the answer")
        kept = where.keep(question, folder, Told(who, "", "", "", "", "", "2026-01-01T00:00:00+00:00", (), {}))
    return 0 if kept.path("answer.txt").read_bytes() == b"the answer" else 1


def find(root: str) -> int:
    """In place of a command: print the answer that is recorded."""
    from justgeo.sources.live.records import Question, Records

    found = Records(Path(root)).find(Question("tracts 2024", "census_files", {"year": 2024}))
    print("nothing" if found is None else found.path("answer.txt").read_text(encoding="ascii"), flush=True)
    return 0


def homeless() -> None:
    """A working folder that was removed."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    Path(folder).rmdir()


def all_of(each: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Several at once."""
    for name, told in each:
        globals()[name](**told)
