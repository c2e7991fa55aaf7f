"""Files and folders that are there whole or not at all, whenever the process that writes them ends.

Each is made beside its place under a hidden name and takes it by one renaming. Whoever makes it holds a lock on it:
what nobody holds any more, and nobody wrote to for a while, was left by a process that was killed, and goes with the
next writing to the same place.
"""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # not on Windows: what is left is known by its age there
    fcntl = None  # type: ignore[assignment]  # absent on this system

PART = ".part"
_MARK = "[0-9a-f]" * 8
"""Between a name and `PART`: what is not called so is somebody else's."""
_TRIES = 5
PATIENCE_S = 15 * 60.0
"""For so long what nobody holds stays after it was last written to (our choice): on a disk that machines share, each
may see its own locks alone (sshfs, CIFS, NFS with ``nolock``)."""
_DEAD_S = 24 * 3600.0
"""Where there are no locks: what nobody wrote to for so long was left (our choice)."""
_HERE, _EXCHANGE = -100, 2
"""``AT_FDCWD`` and ``RENAME_EXCHANGE`` of Linux, renameat2(2)."""


def aside(path: Path) -> Path:
    """A fresh hidden name beside a path."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{PART}")


@contextmanager
def making(path: Path, make: Callable[[Path], object]) -> Iterator[Path]:
    """Something beside its place, which is ours until the end and gone then, unless it took that place.

    Parameters
    ----------
    path : Path
        The place; its folder exists.
    make : callable
        Makes an empty file or folder: ``Path.mkdir``, ``Path.touch``.

    Raises
    ------
    OSError
        It cannot be made.
    """
    part, handle = _claimed(path, make)
    try:
        yield part
    finally:
        remove(part)
        _let_go(handle)


def put(path: Path, body: bytes) -> None:
    """Write a file whole and to the disk, or leave what was there.

    Raises
    ------
    OSError
        It cannot be written.
    """
    sweep(path)
    with making(path, _touch) as part:
        with part.open("r+b") as opened:
            opened.write(body)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(path)


def sweep(path: Path) -> None:
    """Remove what processes that were killed left beside a place; what is young or cannot be removed stays."""
    for one in parts(path.parent, path.name):
        with suppress(OSError):
            _remove_dead(one)


def sweep_all(folder: Path) -> None:
    """As `sweep`, of all places in a folder."""
    for one in folder.glob(f".*.{_MARK}{PART}"):
        with suppress(OSError):
            _remove_dead(one)


def parts(folder: Path, name: str) -> list[Path]:
    """What is being made of a name in a folder, or was."""
    return sorted(folder.glob(f".{glob.escape(name)}.{_MARK}{PART}"))


def is_made(part: Path) -> bool:
    """Whether a process is at work on it, as far as anyone can say."""
    handle = _held(part, wait=False) if part.exists() else None
    if handle == _BUSY:
        return True
    if handle is None:
        return part.exists() and _touched(part) > time.time() - _DEAD_S
    _let_go(handle)
    return False


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places at once; False where the system cannot.

    References
    ----------
    Linux, renameat2(2), ``RENAME_EXCHANGE``.
    """
    call = _renameat2()
    return call is not None and call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def remove(path: Path) -> None:
    """Remove a file or a folder, as far as that can be done."""
    with suppress(OSError):  # what went wrong, if anything did, is on its way already
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


_BUSY = -1


def _claimed(path: Path, make: Callable[[Path], object]) -> tuple[Path, int | None]:
    """A new part and our lock on it; what is swept before it is locked is made once more."""
    for _ in range(_TRIES):
        part = aside(path)
        try:
            make(part)
        except OSError:
            remove(part)  # a file that cannot be closed is there all the same
            raise
        handle = _held(part, wait=True)
        if part.exists():
            return part, handle
        _let_go(handle)
    raise FileExistsError(f"{path.name} is swept away as often as it is made")


def _touch(part: Path) -> None:
    with part.open("xb"):
        pass


def _held(part: Path, *, wait: bool) -> int | None:
    """A handle that holds the lock; `_BUSY` where another has it, None where there are no locks or no such file."""
    if fcntl is None:
        return None
    try:
        handle = os.open(part, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return _BUSY
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    return handle


def _let_go(handle: int | None) -> None:
    if handle is not None and handle != _BUSY:
        os.close(handle)


def _remove_dead(part: Path) -> None:
    handle = _held(part, wait=False)
    if handle == _BUSY:
        return
    try:
        # What was touched in the future is as young as can be: its clock is another one, and nothing says how far off.
        if _touched(part) <= time.time() - (_DEAD_S if handle is None else PATIENCE_S):
            remove(part)
    finally:
        _let_go(handle)


def _touched(part: Path) -> float:
    """When something was last written to it, or below it."""
    return max(path.lstat().st_mtime for path in (part, *part.rglob("*")))


@cache
def _renameat2() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):  # TypeError: on Windows a library has to be named
        return None
