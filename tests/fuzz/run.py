"""Fuzzing at length: ``python -m tests.fuzz.run [--times 10000] [--only NAME ...] [--seed N]``.

Each target is tried in a process of its own, so that a library of C that falls takes only itself with it; the input
that it fell on is then told, too. It ends with 1 where anything but a refusal with its remedy left a reader, or where
a reader took none of its inputs: then what it does behind its first refusals was not tried.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pickle
import reprlib
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from tqdm import tqdm

from tests.fuzz import targets
from tests.fuzz.target import Target
from tests.fuzz.trying import LONGEST_S, attempt

TIMES = 10_000
COMMAND = (sys.executable, "-m", "tests.fuzz.run")
MEMORY = 8 << 30
"""Bytes that one process may have: what asks for more has unfolded something that it should have refused."""
ENOUGH = 1_000
"""Among so many inputs, nearly right as most are, a reader takes some."""
_SHOWN = 4_000
_SILENT_S = 5.0 * LONGEST_S
"""A process that tries nothing new for so long is stuck in a library, and is ended."""


@dataclass
class Tried:
    """What came of a target.

    Attributes
    ----------
    name : str
    accepted, refused : int
    fault : str
        What left the reader that may not; empty where nothing did.
    given : str
        The smallest input that was found for it.
    """

    name: str
    accepted: int = 0
    refused: int = 0
    fault: str = ""
    given: str = ""


def tried(target: Target, times: int, seed: int, seen: Callable[[Any, int], None] | None = None) -> Tried:
    """Try a target with its seeds, then with so many drawn inputs, the same for the same seed.

    Parameters
    ----------
    target : Target
    times, seed : int
    seen : callable, optional
        Told of each input, and how many there were, before it is tried.
    """
    found = Tried(target.name)
    last: list[Any] = [None]

    def once(value: Any) -> None:
        last[0] = value
        if seen is not None:
            seen(value, found.accepted + found.refused)
        outcome = attempt(target, value)
        setattr(found, outcome, getattr(found, outcome) + 1)

    def drawn(value: Any) -> None:
        once(value)

    quiet = settings(
        max_examples=times, database=None, deadline=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    try:
        for value in target.seeds:
            once(value)
        if times:
            # From the name, so that one target's inputs do not depend on which others are tried.
            start = hypothesis.seed(crc32(target.name.encode()) + seed)
            with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
                start(quiet(given(target.draw)(drawn)))()
    except Exception as why:  # noqa: BLE001  # any of them is a fault, and is told
        found.fault = _fault(why)
        found.given = shown(last[0])
    return found


def _fault(why: Exception) -> str:
    """The kind, the words, and the last places within the package that it came through."""
    frames = [f for f in traceback.extract_tb(why.__traceback__) if "justgeo" in Path(f.filename).parts]
    way = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames[-3:]))
    return f"{type(why).__name__}: {str(why)[:300]} [{way}]"


def shown(value: Any) -> str:
    """An input as a line of Python, cut where it is long."""
    if isinstance(value, (str, bytes)):
        text = repr(value)
    else:
        plain = reprlib.Repr()
        plain.maxlevel, plain.maxdict, plain.maxlist, plain.maxtuple = 12, 40, 40, 40
        plain.maxstring = plain.maxother = plain.maxlong = _SHOWN
        text = plain.repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} ... {text[-_SHOWN // 2 :]}"


def main(asked: list[str] | None = None) -> int:
    """Try the targets one after the other, and print what came of each."""
    told = _arguments().parse_args(asked)
    every = targets.every()
    unknown = [name for name in told.only if name not in every]
    if unknown:
        print(f"There is no target {unknown[0]!r}. There are: {', '.join(every)}.", file=sys.stderr)
        return 2
    if told.child:
        return _child(every[told.only[0]], told.times, told.seed, Path(told.child))
    rows = []
    for name in told.only or every:
        row = watched(name, told.times, told.seed)
        if not (row.accepted or row.fault) and told.times >= ENOUGH:
            row.fault = "no input was accepted: nothing behind the first refusals was tried"
        rows.append(row)
        if row.fault:
            print(f"\n{name}: {row.fault}\n  given: {row.given}\n", flush=True)
    print(f"\n{'target':<28}{'tries':>8}{'refused':>9}{'accepted':>10}  fault")
    for row in rows:
        n = row.accepted + row.refused
        print(f"{row.name:<28}{n:>8,}{row.refused:>9,}{row.accepted:>10,}  {row.fault[:100] or 'none'}")
    return 1 if any(row.fault for row in rows) else 0


def _arguments() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    made.add_argument("--times", type=int, default=TIMES, help="inputs a target (%(default)s)")
    made.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these targets alone")
    made.add_argument("--seed", type=int, default=0, help="another number gives other inputs")
    made.add_argument("--child", help=argparse.SUPPRESS)
    return made


def watched(name: str, times: int, seed: int) -> Tried:
    """A target in a process of its own, with a bar that follows it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-run-") as scratch:
        folder = Path(scratch)
        command = [*COMMAND, "--only", name, "--times", str(times), "--seed", str(seed)]
        with (folder / "stderr").open("wb") as errors:
            run = subprocess.Popen([*command, "--child", scratch], stdout=subprocess.PIPE, stderr=errors)
        assert run.stdout is not None
        with tqdm(total=times, desc=name, unit="try", mininterval=1.0, leave=False) as bar:
            watch = _Watch(run)
            for line in run.stdout:
                watch.heard()
                with contextlib.suppress(ValueError):
                    bar.update(max(int(line) - bar.n, 0))
            watch.over()
        code = run.wait()
        done = folder / "tried.json"
        if code == 0 and done.is_file():
            return Tried(**json.loads(done.read_text(encoding="utf-8")))
        given = folder / "given"
        last = shown(pickle.loads(given.read_bytes())) if given.is_file() else "nothing yet"
        words = (folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()[-600:]
        return Tried(name, fault=f"the process ended with {code} {words}", given=last)


class _Watch:
    """Ends a process that is silent for too long once it has begun: to begin may take its time on a busy machine."""

    def __init__(self, run: subprocess.Popen[bytes]) -> None:
        self._run = run

    def heard(self) -> None:
        self.over()
        self._timer = threading.Timer(_SILENT_S, self._run.kill)
        self._timer.daemon = True
        self._timer.start()

    def over(self) -> None:
        if hasattr(self, "_timer"):
            self._timer.cancel()


def _child(target: Target, times: int, seed: int, folder: Path) -> int:
    """Try in this process; say on the standard output how far it is, and leave each input where the parent finds it."""
    _bound_memory()
    out, keep, part = sys.stdout, folder / "given", folder / "given.part"
    told = [0.0]

    def seen(value: Any, n: int) -> None:
        with contextlib.suppress(pickle.PicklingError, TypeError, AttributeError, RecursionError):
            part.write_bytes(pickle.dumps(value))
            part.replace(keep)  # whole, whenever the process falls
        if time.monotonic() - told[0] > 1.0:
            told[0] = time.monotonic()
            print(n, file=out, flush=True)

    found = tried(target, times, seed, seen)
    (folder / "tried.json").write_text(json.dumps(asdict(found)), encoding="utf-8")
    return 0


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    sys.exit(main())
