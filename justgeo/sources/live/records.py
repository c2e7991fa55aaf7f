"""Records: what a service once said, kept byte by byte, with the question that it answers.

A record is a folder ``<label>/<first 16 digits of the question's digest>`` with the files as they came and
``record.json``: the question, the digest of every file, when they came, and the terms. It is made aside and takes its
place by one renaming, so it is there whole or not at all; of two that make it at once, one wins. Whatever is looked up is
read again byte by byte: a file that was changed, added or lost is an error, never an answer.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from justgeo.core.errors import SourceError
from justgeo.sources._hash import digest_of, sha256_of

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised whenever the form of records changes, so that no older one answers for it."""

HEAD = "record.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # names of devices on Windows
_LONGEST = 80
_PART = ".part"
_DEAD_S = 24 * 3600.0
"""A half-made record that nobody wrote to for so long is of a process that was killed."""

_NOT_OURS = ("Thumbs.db", "desktop.ini")
"""What a file manager leaves where somebody looked; so are names that begin with a dot."""


@dataclass(frozen=True)
class Question:
    """Everything that decides which bytes come back.

    Attributes
    ----------
    label : str
        What a person calls it: ``"tracts 2024, state 51"``, ``"acs B25003@2024"``. Records of one label with other
        digests are stale.
    service : str
        Id of the service.
    asked : mapping
        Parameters, windows, tags, years, and the catalogue's options of the service; in values that JSON knows.
        Never an address, a mirror or a key: the same question to another mirror is the same question.
    """

    label: str
    service: str
    asked: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return digest_of({"format": FORMAT, "label": self.label, "service": self.service, "asked": dict(self.asked)})


@dataclass(frozen=True)
class Told:
    """What is known of what came.

    Attributes
    ----------
    source, dataset, vintage, licence, attribution, url : str
        As in ``core.layer.Provenance``.
    retrieved : str
        ISO time, UTC, of the first byte kept.
    notes : tuple of str
    more : mapping
        Whatever the door wants to find again: the provider, the server's own time, pages; in values that JSON knows.
    """

    source: str
    dataset: str
    vintage: str
    licence: str
    attribution: str = ""
    url: str = ""
    retrieved: str = ""
    notes: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A record on disk.

    Attributes
    ----------
    folder : Path
    label, service, digest : str
        Of the question.
    asked : mapping
    files : mapping of str to str
        Digest of each file, by its name.
    told : Told
    """

    folder: Path
    label: str
    service: str
    digest: str
    asked: Mapping[str, Any]
    files: Mapping[str, str]
    told: Told

    def path(self, name: str = "") -> Path:
        """Where a file lies; the only one where no name is given."""
        return self.folder / (name or next(iter(self.files)))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum((self.folder / name).stat().st_size for name in self.files)


class Records:
    """A folder of records.

    Parameters
    ----------
    root : Path
        Made with the first record.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, question: Question) -> Record | None:
        """The record that answers a question, its bytes checked; None where there is none.

        Raises
        ------
        SourceError
            ``damaged``: a file is missing, is one too many, or holds other bytes than were recorded. ``disk``: it
            cannot be read.
        """
        folder = self._folder(question)
        try:
            if not folder.exists():
                return None
            record = _read(folder)
            if record.digest != question.digest:
                _refuse(folder, "it answers another question")
            _check(record)
        except OSError as error:
            raise _disk(self.root, "read", error) from error
        return record

    def stale(self, question: Question) -> list[Record]:
        """Records of the same label that answer another question, newest first; what cannot be read is passed by."""
        found: list[Record] = []
        try:
            for one in sorted(self._folder(question).parent.iterdir()):
                if not one.name.startswith(".") and (one / HEAD).is_file():
                    found += _readable(one)
        except OSError:
            return []
        others = [one for one in found if one.label == question.label and one.digest != question.digest]
        return sorted(others, key=lambda record: record.told.retrieved, reverse=True)

    @contextmanager
    def room(self, question: Question) -> Iterator[Path]:
        """An empty folder beside the record's place, gone afterwards: what is half-fetched is never found.

        Raises
        ------
        SourceError
            ``disk``: it cannot be made.
        """
        place = self._folder(question)
        aside = _aside(place)
        try:
            aside.mkdir(parents=True)
        except OSError as error:
            raise _disk(self.root, "written", error) from error
        try:
            _sweep(place.parent)
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def keep(self, question: Question, folder: Path, told: Told) -> Record:
        """Make a record of all files in a folder that :meth:`room` gave.

        What stood damaged in its place is replaced, a whole record never.

        Returns
        -------
        Record
            This one, or the one that another process made meanwhile.

        Raises
        ------
        SourceError
            ``disk``; ``partial``: the folder is empty.
        """
        place = self._folder(question)
        try:
            _write(folder / HEAD, _head(question, _digests(folder, question.label), told))
            if self._moved(folder, place):
                return _read(place)
            other = self._other(question)
            if other is not None:
                log.info("%s was recorded by another process meanwhile", question.label)
                return other
            os.rename(folder, place)  # noqa: PTH104 - Path.rename would replace a file
        except OSError as error:
            raise _disk(self.root, "written", error) from error
        return _read(place)

    def forget(self, question: Question) -> None:
        """Remove the record of a question, if there is one; at once, so that no half of it is found.

        Raises
        ------
        SourceError
            ``disk``: it cannot be removed.
        """
        place = self._folder(question)
        aside = _aside(place)
        try:
            os.rename(place, aside)  # noqa: PTH104
        except FileNotFoundError:
            return
        except OSError as error:
            raise _disk(self.root, "written", error) from error
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)

    def _moved(self, folder: Path, place: Path) -> bool:
        """Put a folder in its place; False where something is there already, which a renaming never replaces."""
        try:
            os.rename(folder, place)  # noqa: PTH104
        except OSError:
            if place.exists():
                return False
            raise
        return True

    def _other(self, question: Question) -> Record | None:
        """The record that stands in the place; None, and it is gone, where it is damaged."""
        try:
            return self.find(question)
        except SourceError as failure:
            if failure.kind != "damaged":
                raise
            self.forget(question)
            return None

    def _folder(self, question: Question) -> Path:
        return self.root / _folder_name(question.label) / question.digest[:16]


def _folder_name(label: str) -> str:
    """A label as the name of a folder, on any system; two labels may share one."""
    name = _UNSAFE.sub("-", label)[:_LONGEST].strip("-.") or "record"
    return f"{name}-" if _RESERVED.fullmatch(name) else name


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}{_PART}")


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed while they fetched."""
    for one in folder.glob(f".*{_PART}"):
        try:
            touched = max(path.stat().st_mtime for path in (one, *one.rglob("*")))
        except OSError:
            continue  # another process is at it
        if time.time() - touched > _DEAD_S:
            shutil.rmtree(one, ignore_errors=True)


def _digests(folder: Path, label: str) -> dict[str, str]:
    """SHA-256 of every file, by its path inside the folder.

    Raises
    ------
    SourceError
        ``partial``: there is none.
    """
    files = {p.relative_to(folder).as_posix(): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    if not files:
        raise SourceError(f"{label}: nothing came.", remedy="fetch again.", kind="partial")
    return files


def _head(question: Question, files: Mapping[str, str], told: Told) -> str:
    """What ``record.json`` holds."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "label": question.label,
        "service": question.service,
        "asked": dict(question.asked),
        "question": question.digest,
        "files": dict(files),
        "told": {**asdict(told), "notes": list(told.notes), "more": dict(told.more)},
    }
    head["digest"] = digest_of(head)
    return json.dumps(head, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _read(folder: Path) -> Record:
    """What ``record.json`` says, if it says it whole; the files are not looked at.

    Raises
    ------
    SourceError
        ``damaged``.
    OSError
        It cannot be read.
    """
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        own, form = head.pop("digest"), head["format"]
        if form == FORMAT and own == digest_of(head):
            told = Told(**{**head["told"], "notes": tuple(head["told"]["notes"])})
            files = dict(head["files"])
            if not files or not all(_inside(name) for name in files):
                raise ValueError("it names a file outside its folder, or none")
            return Record(folder, head["label"], head["service"], head["question"], head["asked"], files, told)
    except (FileNotFoundError, NotADirectoryError):
        _refuse(folder, f"{HEAD} is missing")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(folder, f"{HEAD} is not whole ({error})") from error
    if form != FORMAT:
        _refuse(folder, f"it is of form {form!r}, and this version of justgeo reads form {FORMAT}")
    _refuse(folder, f"{HEAD} was changed: its own digest does not fit")


def _inside(name: str) -> bool:
    """Whether a name leads to a file below the folder that it is read from, on any system."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name) and name not in ("", ".", HEAD)


def _check(record: Record) -> None:
    """Hold the files on disk against what was recorded.

    Raises
    ------
    SourceError
        ``damaged``.
    """
    for name, digest in record.files.items():
        path = record.folder / name
        if not path.is_file():
            _refuse(record.folder, f"{name} is missing")
        if sha256_of(path) != digest:
            _refuse(record.folder, f"the bytes of {name} are not those that were recorded")
    for path in record.folder.rglob("*"):
        name = path.relative_to(record.folder).as_posix()
        known = name == HEAD or name in record.files or path.name in _NOT_OURS or path.name.startswith(".")
        if not known and not path.is_dir():
            _refuse(record.folder, f"{name} was not recorded with it")


def _readable(folder: Path) -> list[Record]:
    try:
        return [_read(folder)]
    except SourceError:
        return []


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _damaged(folder: Path, why: str) -> SourceError:
    name = f"{folder.parent.name}/{folder.name}"
    return SourceError(
        f"The record {name} is damaged: {why}.", remedy="fetch it again while online: justgeo fetch.", kind="damaged"
    )


def _refuse(folder: Path, why: str) -> NoReturn:
    raise _damaged(folder, why)


def _disk(root: Path, done: str, error: OSError) -> SourceError:
    return SourceError(
        f"The records in {root} cannot be {done} ({error.strerror or error}).",
        remedy="see that the folder is yours to read and write and that the disk has room, or name another one.",
        kind="disk",
    )
