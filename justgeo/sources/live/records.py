"""Records: what a service once said, kept byte by byte, with the question that it answers.

A record is a folder ``<label>/<first 16 digits of the question's digest>`` with the files as they came and
``record.json``: the question, the digest of every file, when they came, and the terms. It is made aside and takes its
place by one renaming, so it is there whole or not at all; of two that make it at once, one wins. What is found is read
again byte by byte: a file that was changed, added or lost is an error, never an answer.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from justgeo.core.errors import SourceError
from justgeo.sources.live import record_form as form
from justgeo.sources.live.record_form import FORMAT, HEAD, Question, Record, Told

__all__ = ["FORMAT", "HEAD", "Question", "Record", "Records", "Told"]

log = logging.getLogger(__name__)

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # names of devices on Windows
_LONGEST = 80
_PART = ".part"
_DEAD_S = 24 * 3600.0
"""A half-made record that nobody wrote to for so long is of a process that was killed."""
_TRIES = 3


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
            record = form.read(folder)
            if record.digest != question.digest:
                form.refuse(folder, "it answers another question")
            form.check(record)
        except OSError as error:
            raise _disk(self.root, "read", error) from error
        return record

    def stale(self, question: Question) -> list[Record]:
        """Records of the same label that answer another question, newest first; what cannot be read is passed by."""
        found: list[Record] = []
        try:
            for one in sorted(self._folder(question).parent.iterdir()):
                if not one.name.startswith("."):
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

        What stands damaged in its place is replaced, a whole record never.

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
            text = form.head(question, form.digests(folder, question.label), told).encode("utf-8")
            _write(folder / HEAD, text)
            for _ in range(_TRIES):
                if _moved(folder, place):
                    return form.parsed(text, place)
                other = self._other(question)
                if other is not None:
                    log.info("%s was recorded by another process meanwhile", question.label)
                    return other
        except OSError as error:
            raise _disk(self.root, "written", error) from error
        raise _disk(self.root, "written", FileExistsError(f"{place.name} is in the way"))

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

    def _other(self, question: Question) -> Record | None:
        """The record that stands in the place; None where it is damaged, and then it is gone."""
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
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}{_PART}")


def _moved(folder: Path, place: Path) -> bool:
    """Put a folder in its place; False where something is there already, which a renaming does not replace."""
    try:
        os.rename(folder, place)  # noqa: PTH104
    except OSError:
        if place.exists():
            return False
        raise
    return True


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed while they fetched."""
    for one in folder.glob(f".*{_PART}"):
        try:
            touched = max(path.stat().st_mtime for path in (one, *one.rglob("*")))
        except OSError:
            continue  # another process is at it
        if time.time() - touched > _DEAD_S:
            shutil.rmtree(one, ignore_errors=True)


def _readable(folder: Path) -> list[Record]:
    try:
        return [form.read(folder)]
    except SourceError:
        return []


def _write(path: Path, text: bytes) -> None:
    with path.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _disk(root: Path, done: str, error: OSError) -> SourceError:
    return SourceError(
        # The folder stands in the remedy alone: the message may become the reason of an absence, on a page.
        f"The records cannot be {done} ({error.strerror or error}).",
        remedy=f"see that {root} is yours to read and write and that the disk has room, or name another folder.",
        kind="disk",
    )
