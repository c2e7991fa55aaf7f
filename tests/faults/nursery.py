"""One interpreter that has everything imported and brings forth a process for each command, odd as it is told.

A new interpreter takes two seconds to import what a run needs; a forked one none, and nothing that is done to it is
left in another. What is decided before an interpreter starts (hash seeds, locales, ``-O``) takes `started`.

To warm one up takes five seconds, so all processes of a session of tests have one: for each that comes to its door, a
socket, it forks an attendant, which forks the commands of that process alone.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from tests.faults import hamlet
from tests.forking import open_door

HERE = Path(__file__).parents[2]
PATIENCE = 100.0
STATED = {"PYTHONHASHSEED": "1", "TZ": "UTC"}
"""What is decided when the interpreter starts, so that a run of another one can be another in these."""
DOOR = "door"
UNFORESEEN = 70
"""Exit status where an exception left the command line: what no case may end in."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: 0, 1, 2 or 130; 70 with a traceback; less than 0 by a signal."""

    code: int
    out: bytes
    err: str


class Nursery:
    """The interpreter that the others are forked from, by way of its attendant at a door."""

    def __init__(self, folder: Path, door: socket.socket) -> None:
        self._folder, self._door = folder, door
        self._lines = door.makefile("r", encoding="utf-8")
        self._number = 0

    def start(self, *argv: str | Path, prepare: str = "", **told: Any) -> Child:
        """Start a command; ``prepare`` names a function of `odd`, called before it with ``told["how"]``.

        It measures ``told["rows"]``, or else all `hamlet.ROWS`.
        """
        self._number += 1
        files = [self._folder / f"{self._number}.{kind}" for kind in ("out", "err")]
        asked = {"argv": [str(one) for one in argv], "prepare": prepare, "out": str(files[0]), "err": str(files[1])}
        pid = int(self._ask({**asked, **told})["pid"])
        return Child(self, pid, *files)

    def run(self, *argv: str | Path, prepare: str = "", **told: Any) -> Ended:
        """Start a command and wait for it."""
        return self.start(*argv, prepare=prepare, **told).wait()

    def _ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._door.sendall((json.dumps(asked, default=str) + "\n").encode())
        said: dict[str, Any] = json.loads(self._lines.readline())
        return said

    def close(self) -> None:
        self._lines.close()
        self._door.close()


@dataclass(frozen=True)
class Child:
    """A command that was started."""

    nursery: Nursery
    pid: int
    out: Path
    err: Path

    def wait(self) -> Ended:
        code = int(self.nursery._ask({"wait": self.pid})["code"])
        files = (self.out, self.err, Path(f"{self.err}.trace"))
        out, err, trace = (path.read_bytes() if path.is_file() else b"" for path in files)
        return Ended(code, out, (err + trace).decode("utf-8", errors="replace"))

    def send(self, number: int) -> None:
        os.kill(self.pid, number)


@cache
def nursery() -> Nursery:
    """The nursery of this process's tests, which ends with them; it has that of whoever came first in this session."""
    # Not below pytest's own folder, which no other user may enter.
    folder = tempfile.TemporaryDirectory(prefix="nursery-")
    Path(folder.name).chmod(0o755)
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    room = Path(tempfile.gettempdir()) / f"nursery-{session}" if session else Path(folder.name) / "room"
    made = Nursery(Path(folder.name), _come(room))
    atexit.register(folder.cleanup)
    atexit.register(made.close)
    return made


def _come(room: Path) -> socket.socket:
    """To the door of the one that is warm, or else that is warmed up now."""
    room.mkdir(exist_ok=True)
    with (room / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(OSError):  # nobody came yet, or whoever did is gone
            return _at(room / DOOR)
        command = [sys.executable, "-m", "tests.faults.nursery", "serve", str(room)]
        server = subprocess.Popen(
            command, cwd=HERE, env=os.environ | STATED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert server.stdin is not None and server.stdout is not None
        assert server.stdout.readline() == "warm\n"
        atexit.register(_dismiss, server, room)
        return _at(room / DOOR)


def _dismiss(server: subprocess.Popen[str], room: Path) -> None:
    """Nobody can come any more; the attendants of those who came stay as long as they."""
    assert server.stdin is not None
    server.stdin.close()
    server.wait(30)
    shutil.rmtree(room, ignore_errors=True)


def _at(path: Path) -> socket.socket:
    door = socket.socket(socket.AF_UNIX)
    try:
        door.connect(str(path))
    except OSError:
        door.close()
        raise
    return door


def started(
    *argv: str | Path, options: Sequence[str] = (), env: Mapping[str, str | None] | None = None, few: bool = True
) -> Ended:
    """A command of a new interpreter, ``few``: with `hamlet.ROWS` alone; a variable that is None is taken away."""
    every = {**os.environ, "PYTHONPATH": str(HERE), **(env or {})}
    if options:  # what is compiled for them is kept, as Python does by itself: to compile all anew takes six seconds
        every.pop("PYTHONDONTWRITEBYTECODE", None)
    module = ("tests.faults.nursery", "run") if few else ("justgeo.cli",)
    command = [sys.executable, *options, "-m", *module, *map(str, argv)]
    told = {name: value for name, value in every.items() if value is not None}
    done = subprocess.run(command, cwd=HERE, env=told, capture_output=True, timeout=3 * PATIENCE, check=False)
    return Ended(done.returncode, done.stdout, done.stderr.decode("utf-8", errors="replace"))


def _serve(room: Path) -> None:
    """Warm up, then fork an attendant for each who comes, until whoever started this ends."""
    _warm_up(room / "warm")
    (room / DOOR).unlink(missing_ok=True)
    open_door(room / DOOR, _attend)


def _warm_up(warm: Path) -> None:
    """Import and run once what every run does; no extract is read here, since osmium's threads outlive no fork."""
    from justgeo import batch, cli, fetching, verifying  # noqa: F401 - imported once for all
    from justgeo.report import write  # noqa: F401

    path = hamlet.write(warm)
    text = path.read_text(encoding="utf-8")
    path.write_text("[layers".join(one for one in text.split("[layers") if "osm" not in one[:8]), encoding="utf-8")
    saved = os.dup(1)
    os.dup2(2, 1)
    cli.main(["-q", "run", str(path), "--out", str(warm / "out")])
    sys.stdout.flush()
    os.dup2(saved, 1)
    os.close(saved)
    gc.collect()
    gc.freeze()  # so that no child goes through all that is here, and copies the memory of it by that


def _attend(came: socket.socket) -> NoReturn:
    """Fork a process for each line."""
    try:
        for line in came.makefile("r", encoding="utf-8"):
            asked = json.loads(line)
            if "wait" in asked:
                said = {"code": _reaped(asked["wait"])}
            else:
                pid = os.fork()
                if not pid:
                    os.close(came.fileno())
                    _child(asked)
                said = {"pid": pid}
            came.sendall((json.dumps(said) + "\n").encode())
    finally:
        os._exit(0)


def _reaped(pid: int) -> int:
    """The exit status; who takes too long is ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -signal.SIGALRM


def _child(asked: Mapping[str, Any]) -> NoReturn:
    code = UNFORESEEN
    try:
        # Who starts the suite in the background leaves it deaf to Ctrl-C, and its children with it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _streams(asked)
        for name, value in (asked.get("env") or {}).items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
        time.tzset()
        if asked.get("cwd"):
            os.chdir(asked["cwd"])
        os.umask(asked.get("umask", 0o022))
        from justgeo import cli
        from tests.faults import odd

        if "rows" in asked:
            hamlet.few_rows(asked["rows"])
        if asked["prepare"]:
            getattr(odd, asked["prepare"])(**(asked.get("how") or {}))
        code = getattr(odd, asked["call"])(*asked["argv"]) if "call" in asked else cli.main(asked["argv"])
        _flush()
    except SystemExit as left:
        _flush()
        code = left.code if isinstance(left.code, int) else UNFORESEEN
    except BaseException:  # noqa: BLE001 - all that is left in a process of its own
        Path(f"{asked['err']}.trace").write_text(traceback.format_exc(), encoding="utf-8", errors="replace")
    finally:
        os._exit(code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _streams(asked: Mapping[str, Any]) -> None:
    """Output into files, in the encoding of the console that is played; nothing to read."""
    for number, kind in ((1, "out"), (2, "err")):
        opened = os.open(asked[kind], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    coding = asked.get("encoding", "utf-8")
    sys.stdin = open(0, encoding=coding, closefd=False)  # noqa: SIM115 - the process's own
    sys.stdout = open(1, "w", encoding=coding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=coding, errors="backslashreplace", closefd=False)  # noqa: SIM115


if __name__ in ("__main__", "__mp_main__"):
    hamlet.few_rows()  # in the processes of a batch too
if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(Path(sys.argv[2]))
    else:
        from justgeo import cli

        sys.exit(cli.main(sys.argv[2:]))
