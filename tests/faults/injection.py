"""A disk that fails, and a process that is killed, at any one of the steps by which files are written.

``watching(folder)`` counts the steps that a piece of work takes below a folder: what is opened for writing, each write,
each flush to the disk, each closing, what is made, renamed, linked or removed. With a `Fault` the n-th of them fails,
as a full disk fails: the half of what was to be written is there, then comes the error. With a `Kill` the process ends
there without a word, as ``kill -9`` ends it; `ended` lets that happen in a child. With `Deaths` a copy of the process
is killed at every step of one piece of work, and what it leaves is looked at before the work goes on.

Python tells most steps by its audit events; what it does not tell (writes, ``fsync``, ``close``, ``sendfile``) is seen
by files of a class of ours. Files that are written in C (GeoPackages, Arrow) are met by the system's own limit of the
size of a file (`small_files`).
"""

from __future__ import annotations

import builtins
import errno
import functools
import hashlib
import io
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from justgeo.core import whole

FULL, DENIED, BROKEN = errno.ENOSPC, errno.EACCES, errno.EIO
ERRNOS = (FULL, DENIED, BROKEN)
WRITING = frozenset({"open", "write", "fsync", "close", "mkdir", "link", "sendfile", "truncate", "copy"})
"""Steps that take room: on a full disk these fail, while renaming and removing go on."""
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Step:
    """One step: what is done, and to which path, as seen from the folder that is watched."""

    what: str
    path: str


@dataclass(frozen=True)
class Fault:
    """From the ``at``-th step on (counted from 1) the disk fails.

    Attributes
    ----------
    at : int
    number : int
        ``errno`` of the failure.
    lasting : bool
        All further steps fail too: on a full disk those that take room, of a broken one all.
    """

    at: int
    number: int = FULL
    lasting: bool = False

    def strikes(self, count: int, what: str) -> bool:
        if self.number == FULL and what not in WRITING:
            return False
        return count == self.at or (self.lasting and count > self.at)


@dataclass(frozen=True)
class Kill:
    """At the ``at``-th step the process is killed."""

    at: int

    def strikes(self, count: int, what: str) -> bool:
        return count == self.at


@dataclass(frozen=True)
class Deaths:
    """At each step a copy of the process, forked there with all that it has done and opened, is killed.

    Attributes
    ----------
    left : callable
        Called when it is dead: the folder is as it leaves it, the half of a write included.
    every : int
        At the first step and every so many steps from there on.
    """

    left: Callable[[], object]
    every: int = 1

    def strikes(self, count: int, what: str) -> bool:
        return (count - 1) % self.every == 0

    def strike(self, half: Callable[[], object] | None) -> None:
        child = os.fork()
        if child == 0:
            try:
                if half is not None:
                    half()
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        self.left()


@dataclass
class Watch:
    """What was seen below some folders, and what strikes there."""

    roots: tuple[str, ...]
    blow: Fault | Kill | Deaths | None = None
    steps: list[Step] = field(default_factory=list)
    struck: int = 0
    lock: Any = field(default_factory=threading.Lock)
    striking: set[int] = field(default_factory=set)
    """Threads that are about a death: what they do for it is no step."""

    def seen(
        self,
        what: str,
        path: str,
        half: Callable[[], object] | None = None,
        mend: Callable[[], object] | None = None,
    ) -> None:
        """A step that is about to be taken; ``half`` takes half of it, where it can be halved, ``mend`` undoes that."""
        if threading.get_ident() in self.striking:
            return
        root = next((one for one in self.roots if path == one or path.startswith(one + os.sep)), None)
        if root is None:
            return
        with self.lock:
            self.steps.append(Step(what, os.path.relpath(path, root)))
            strikes = self.blow is not None and self.blow.strikes(len(self.steps), what)
            self.struck += strikes
        if not strikes:
            return
        if isinstance(self.blow, Deaths):
            self.striking.add(threading.get_ident())
            try:
                self.blow.strike(half)
                if mend is not None:
                    mend()
            finally:
                self.striking.discard(threading.get_ident())
            return
        if half is not None:
            half()
        if isinstance(self.blow, Fault):
            raise OSError(self.blow.number, os.strerror(self.blow.number), path)
        os.kill(os.getpid(), signal.SIGKILL)


_now: Watch | None = None
_EVENTS = {
    "os.mkdir": "mkdir", "os.rename": "rename", "os.remove": "remove", "os.rmdir": "rmdir", "os.link": "link",
    "os.symlink": "link", "os.truncate": "truncate", "os.chmod": "chmod", "sqlite3.connect": "open",
    "shutil.copyfile": "copy",
}  # fmt: skip
_PAIRS = frozenset({"os.rename", "os.link", "os.symlink", "shutil.copyfile"})


def _audit(event: str, args: tuple[Any, ...]) -> None:
    """The hook: installed once, it does nothing while nobody watches."""
    if _now is None:
        return
    if event == "open":
        path, _, flags = args
        if isinstance(path, str | bytes | os.PathLike) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _now.seen("open", _absolute(path))
    elif event in _EVENTS:
        _now.seen(_EVENTS[event], _whole(args, 1 if event in _PAIRS else 0))


def _whole(args: tuple[Any, ...], place: int) -> str:
    """The path of a step; ``shutil.rmtree`` names files as seen from a folder that is open."""
    path = args[place]
    handle = args[-1] if isinstance(args[-1], int) and args[-1] >= 0 else None
    if handle is not None and len(args) > 1 and not Path(os.fsdecode(path)).is_absolute():
        return f"{_of(handle)}{os.sep}{os.fsdecode(path)}"
    return _absolute(path)


def _absolute(path: Any) -> str:
    # Not by ``resolve``: a link is written, not what it leads to.
    return _of(path) if isinstance(path, int) else os.path.abspath(os.fsdecode(path))  # noqa: PTH100


def _of(handle: int) -> str:
    """The path of what is open."""
    return str(Path(f"/proc/self/fd/{handle}").readlink())


class _Raw(io.FileIO):
    """A file whose writes and closing are steps."""

    def __init__(self, file: Any, mode: str, closefd: bool, opener: Any) -> None:
        super().__init__(file, mode, closefd, opener)
        self._path = _of(self.fileno())

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        if _now is not None:
            half = functools.partial(io.FileIO.write, self, view[: len(view) // 2])
            _now.seen("write", self._path, half, self._mended() if isinstance(_now.blow, Deaths) else None)
        return super().write(view)

    def _mended(self) -> Callable[[], object]:
        """What puts the file back to where it is now: processes that were forked share it."""
        size, place = os.fstat(self.fileno()).st_size, self.tell()
        return lambda: (self.truncate(size), self.seek(place))

    def close(self) -> None:
        fresh = not self.closed
        super().close()
        if fresh and _now is not None:
            _now.seen("close", self._path)


def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """As ``open``, but what is opened for writing is one of our files."""
    if _now is None or not set(mode) & set("wax+"):
        return _REAL_OPEN(file, mode, buffering, encoding, errors, newline, closefd, opener)
    raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
    if buffering == 0:
        return raw
    buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


_REAL_OPEN, _REAL_FSYNC, _REAL_SENDFILE = io.open, os.fsync, os.sendfile


def _fsync(handle: Any) -> None:
    number = handle if isinstance(handle, int) else handle.fileno()
    if _now is not None:
        _now.seen("fsync", _of(number))
    _REAL_FSYNC(number)


def _sendfile(out: int, *args: Any, **named: Any) -> int:
    if _now is not None:
        _now.seen("sendfile", _of(out))
    return _REAL_SENDFILE(out, *args, **named)


def _exchange_of(real: Callable[[Path, Path], bool]) -> Callable[[Path, Path], bool]:
    """The one step that neither Python nor a file tells of; where it fails, it says so by its answer."""

    def exchange(one: Path, other: Path) -> bool:
        try:
            if _now is not None:
                _now.seen("rename", str(other))
        except OSError:
            return False
        return real(one, other)

    return exchange


_installed: list[bool] = []


@contextmanager
def watching(*folders: Path, blow: Fault | Kill | Deaths | None = None) -> Iterator[Watch]:
    """Count the steps below some folders, and strike at one of them."""
    global _now
    if not _installed:
        sys.addaudithook(_audit)
        _installed.append(True)
    watch = Watch(tuple(str(one.resolve()) for one in folders), blow)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", _open)
        patch.setattr(io, "open", _open)
        patch.setattr(os, "fsync", _fsync)
        patch.setattr(os, "sendfile", _sendfile)
        patch.setattr(whole, "exchange", _exchange_of(whole.exchange))
        _now = watch
        try:
            yield watch
        finally:
            _now = None


@contextmanager
def small_files(most: int, *, kills: bool = False) -> Iterator[None]:
    """No file may grow beyond so many bytes, whoever writes it: a fault of the system itself (``EFBIG``).

    ``kills``: the process ends there by the system's signal, in the midst of a write; only for children.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_DFL if kills else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def ended(work: Callable[[], int]) -> int:
    """Do a work in a child and say how it ended: its exit status, or the number of the signal below zero.

    Raises
    ------
    AssertionError
        It hangs, or fails by an error that nobody expected.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = work()
        except BaseException:  # noqa: BLE001  whatever it is, the child must not go on as a second run of the tests
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return _awaited(child)


def _awaited(child: int) -> int:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the work in the child hangs")


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest, every folder and link by its name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


def tree(folder: Path) -> frozenset[tuple[str, str, int]]:
    """Names, bytes and modes of all that is in a folder."""
    return frozenset((name, digest, (folder / name).lstat().st_mode) for name, digest in listing(folder).items())


def copied(source: Path, target: Path) -> Path:
    """A folder as it is, with its times; what stood there is gone."""
    if target.exists():
        shutil.rmtree(target)
    return Path(shutil.copytree(source, target, symlinks=True))
