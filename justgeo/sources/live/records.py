"""Records: what a service once said, kept byte by byte, with the question that it answers.

A record is a folder ``<label>/<first 16 digits of the question's digest>`` with the files as they came and
``record.json``: the question, the digest and time of every file, and the terms. It is made aside and takes its place by
one renaming, so it is there whole or not at all; of two that make it at once, one wins.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from justgeo.core.errors import SourceError
from justgeo.sources._hash import digest_of, sha256_of

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised whenever the form of records changes, so that no older one answers for it."""

HEAD = "record.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_REMEDY = "delete this folder and fetch again."


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
            ``damaged``: a file is missing or holds other bytes than were recorded.
        """
        folder = self._folder(question)
        if not (folder / HEAD).is_file():
            return None
        record = _read(folder)
        if record.digest != question.digest:
            raise _damaged(folder, "it answers another question")
        for name, digest in record.files.items():
            path = folder / name
            if not path.is_file():
                raise _damaged(folder, f"{name} is missing")
            if sha256_of(path) != digest:
                raise _damaged(folder, f"the bytes of {name} are not those that were recorded")
        return record

    def stale(self, question: Question) -> list[Record]:
        """Records of the same label that answer another question, newest first."""
        folder = self._folder(question).parent
        if not folder.is_dir():
            return []
        found = [
            _read(one) for one in sorted(folder.iterdir()) if (one / HEAD).is_file() and not one.name.startswith(".")
        ]
        others = [record for record in found if record.digest != question.digest]
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
        aside = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            aside.mkdir(parents=True)
        except OSError as error:
            raise _disk(self.root, error) from error
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def keep(self, question: Question, folder: Path, told: Told) -> Record:
        """Make a record of all files in a folder that :meth:`room` gave.

        Returns
        -------
        Record
            This one, or the one that another process made meanwhile.

        Raises
        ------
        SourceError
            ``disk``.
        """
        files = {p.relative_to(folder).as_posix(): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}
        head: dict[str, Any] = {
            "format": FORMAT,
            "label": question.label,
            "service": question.service,
            "asked": dict(question.asked),
            "question": question.digest,
            "files": files,
            "told": {**asdict(told), "notes": list(told.notes), "more": dict(told.more)},
        }
        head["digest"] = digest_of(head)
        place = self._folder(question)
        try:
            _write(folder / HEAD, json.dumps(head, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
            try:
                os.rename(folder, place)  # noqa: PTH104 - never replaces a full folder
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) and not (place / HEAD).is_file():
                    raise
                log.info("%s was recorded by another process meanwhile", question.label)
        except OSError as error:
            raise _disk(self.root, error) from error
        return _read(place)

    def forget(self, question: Question) -> None:
        """Remove the record of a question, if there is one: it is damaged, or to be fetched anew."""
        shutil.rmtree(self._folder(question), ignore_errors=True)

    def _folder(self, question: Question) -> Path:
        return self.root / _UNSAFE.sub("-", question.label).strip("-.") / question.digest[:16]


def _read(folder: Path) -> Record:
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        own = head.pop("digest")
        if head["format"] != FORMAT or own != digest_of(head):
            raise ValueError("its own digest does not fit")
        told = Told(**{**head["told"], "notes": tuple(head["told"]["notes"])})
        return Record(folder, head["label"], head["service"], head["question"], head["asked"], head["files"], told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, str(error) or type(error).__name__) from error


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _damaged(folder: Path, why: str) -> SourceError:
    return SourceError(f"The record {folder.parent.name}/{folder.name} is damaged: {why}.", remedy=_REMEDY)


def _disk(root: Path, error: OSError) -> SourceError:
    return SourceError(
        f"The records in {root} cannot be written ({error.strerror or error}).",
        remedy="make the folder writable and see that the disk has room, or name another one.",
        kind="disk",
    )
