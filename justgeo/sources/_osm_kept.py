"""Whole extracts as they were read once, kept as Arrow files: any area is cut from them without the extract itself.

A record is named by the digest of the extract's bytes and of what reads them, so an edited reader finds none. The head
(a JSON with the digests of its parts) is written last, each file under another name first; parts are mapped into
memory, so that a county's rows of a state's file are all that is copied. What is damaged is told in the log, and the
extract is read again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely

from justgeo.core import whole
from justgeo.core.errors import OutputError
from justgeo.sources._hash import combined, digest_of, sha256_of
from justgeo.sources._osm_found import Extract
from justgeo.sources._osm_raw import SCHEMAS, Raw

try:
    import fcntl
except ImportError:  # not on Windows: two processes that miss at once both read the extract there
    fcntl = None  # type: ignore[assignment]  # absent on this system

log = logging.getLogger(__name__)

FORMAT = 1
#: What decides which rows a file gives.
_READERS = ("osm.py", "osm_tags.py", "osm_landuse.py", "_osm_raw.py", "_osm_roles.py")


@cache
def reader_version() -> str:
    """Digest of the code that reads, and the version of what it reads with."""
    folder = resources.files("justgeo.sources")
    code = [(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in _READERS]
    return combined([("format", str(FORMAT)), ("osmium", metadata.version("osmium")), *code])


def head_of(path: Path, folder: Path) -> Path:
    """The head of an extract's record, there or not."""
    key = digest_of({"reader": reader_version(), "sha256": sha256_of(path)})
    return folder / f"{key}.json"


def load(path: Path, folder: Path) -> tuple[Extract, Raw] | None:
    """What was kept of an extract; None where nothing was, or where it is damaged (the log says so)."""
    head = head_of(path, folder)
    try:
        told = json.loads(head.read_text(encoding="utf-8"))
        if told.pop("digest", None) != digest_of(told):
            raise ValueError("its own digest does not fit")
        about = told["extract"]
        tables = {name: _read(_part(head, name), name, told["parts"][name]) for name in SCHEMAS}
        return Extract(**{**about, "covers": shapely.from_wkb(about["covers"])}), Raw(**tables)
    except FileNotFoundError as error:
        if head.exists():
            log.warning("What was kept of %s is damaged (%s): it is read again.", path.name, error)
        return None
    except (ValueError, KeyError, TypeError, AttributeError, OSError, shapely.errors.ShapelyError) as error:
        log.warning("What was kept of %s is damaged (%s): it is read again.", path.name, error)
        return None


def save(path: Path, folder: Path, extract: Extract, raw: Raw) -> None:
    """Keep a whole extract; a record that is there is replaced.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    head = head_of(path, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        whole.sweep_all(folder)
        parts = {name: _write_table(_part(head, name), table) for name, table in raw.tables().items()}
        about = {**asdict(extract), "covers": str(shapely.to_wkb(extract.covers, hex=True, byte_order=1))}
        told: dict[str, Any] = {"format": FORMAT, "file": path.name, "extract": about, "parts": parts}
        told["digest"] = digest_of(told)
        with _aside(head) as temporary:
            temporary.write_text(json.dumps(told, sort_keys=True, indent=1), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be written to ({error.strerror or error}).",
            remedy="make the folder writable and see that there is room, or name another one.",
        ) from error
    log.info("kept %s as %s", path.name, head.name)


@contextmanager
def one_at_a_time(path: Path, folder: Path) -> Iterator[bool]:
    """Let one process of this machine read an extract while the others wait for what it keeps.

    Gives whether another one was waited for. A process that is killed lets go.
    """
    if fcntl is None:
        yield False
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = head_of(path, folder).with_suffix(".lock").open("wb")
    except OSError:  # ``save`` says what is wrong
        yield False
        return
    with lock:
        yield _waited(lock.fileno())


def _waited(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return True
    except OSError as error:
        log.debug("a file system without locks: %s", error)
    return False


def _part(head: Path, name: str) -> Path:
    return head.with_name(f"{head.stem}.{name}.arrow")


def _read(path: Path, name: str, digest: str) -> pa.Table:
    if sha256_of(path) != digest:
        raise ValueError(f"the bytes of {path.name} are not those that were kept")
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    if not table.schema.equals(SCHEMAS[name]):
        raise ValueError(f"{path.name} has other columns")
    return table


def _write_table(path: Path, table: pa.Table) -> str:
    with (
        _aside(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    return sha256_of(path)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """Another name in the same folder, which takes the place of ``path`` once everything is on the disk."""
    with whole.making(path, Path.touch) as part:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
