"""Records: what a service once said, kept byte by byte, with the question that it answers.

A record is a folder ``<label>/<first 16 digits of the question's digest>`` with the files as they came and
``record.json``: the question, the digest of every file, when they came, and the terms. It is made aside and takes its
place by one renaming, so it is there whole or not at all; of two that make it at once, one wins. What is found is read
again byte by byte: a file that was changed, added or lost is an error, never an answer.

Records may be kept at a URL (``s3://bucket/prefix``) in the same form. A local folder mirrors them: what is asked for
and not local is brought whole, checked, and takes its place by the same renaming. What is made is put there first,
``record.json`` last, and is local only then: a call that was killed leaves no record, and what is local is there too.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from justgeo.core import whole
from justgeo.core.errors import SourceError
from justgeo.core.location import Location, is_url
from justgeo.sources._hash import sha256_of
from justgeo.sources.live import record_form as form
from justgeo.sources.live.record_form import FORMAT, HEAD, Question, Record, Told
from justgeo.sources.remote import Remote

__all__ = ["FORMAT", "HEAD", "Question", "Record", "Records", "Told"]

log = logging.getLogger(__name__)

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # names of devices on Windows
_LONGEST = 80
_TRIES = 3


class Records:
    """A folder of records.

    Parameters
    ----------
    root : Path
        Made with the first record.
    remote : Remote, optional
        Where they are kept for others too; ``root`` mirrors it.
    sends : bool
        What is found here and is not there is put there: whoever fetches leaves all of it to the others.
    """

    def __init__(self, root: Path, remote: Remote | None = None, *, sends: bool = False) -> None:
        self.root = root
        self.remote = remote
        self._sends = sends
        self._sent: set[str] = set()  # known to be at the URL

    @classmethod
    def at(cls, where: Location, *, sends: bool = False) -> Records:
        """The records of a folder, or of a URL.

        Raises
        ------
        ConfigError
            The URL is of no use.
        """
        if is_url(where):
            remote = Remote(where)
            return cls(remote.mirror, remote, sends=sends)
        return cls(Path(where).absolute())

    @property
    def missing(self) -> bool:
        """Whether there is no such folder, nor anything at the URL."""
        return not self.root.is_dir() and (self.remote is None or self.remote.empty)

    def find(self, question: Question) -> Record | None:
        """The record that answers a question, its bytes checked; None where there is none.

        Raises
        ------
        SourceError
            ``damaged``: a file is missing, is one too many, or holds other bytes than were recorded. ``disk``: it
            cannot be read.
        StoreError
            The URL cannot be reached or read.
        """
        try:
            record = self._local(question)
        except SourceError as failure:
            brought = self._brought(question) if failure.kind == "damaged" else None
            if brought is None:
                raise
            return brought
        if record is None:
            return self._brought(question)
        self._hand_on(record, self._name(question))
        return record

    def _local(self, question: Question) -> Record | None:
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
            found = []
        found += self._heads_there(question, {one.folder.name for one in found})
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
        made: list[Path] = []
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            whole.sweep_all(place.parent)
            with whole.making(place, Path.mkdir) as aside:
                made.append(aside)
                yield aside
        except OSError as error:
            if made:
                raise
            raise _disk(self.root, "written", error) from error

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
        StoreError
            The URL cannot be reached or written to; nothing is kept then.
        """
        try:
            text = form.head(question, form.digests(folder, question.label), told).encode("utf-8")
            _write(folder / HEAD, text)
        except OSError as error:
            raise _disk(self.root, "written", error) from error
        other = self._put_meanwhile(question)
        if other is not None:
            return other
        self._send(form.parsed(text, folder), self._name(question))
        return self._placed(folder, question, text)

    def _placed(self, folder: Path, question: Question, text: bytes) -> Record:
        """Give a whole folder its place; the record that stands there, whoever made it."""
        place = self._folder(question)
        try:
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
        StoreError
            The URL cannot be reached or written to.
        """
        if self.remote is not None:
            name = self._name(question)
            self._sent.discard(name)
            self.remote.remove(f"{name}/{HEAD}")  # first: without it the rest is no record
            for file in self.remote.names(name):
                self.remote.remove(file)
        self._clear(question)

    def _clear(self, question: Question) -> None:
        """Remove what stands in the local place."""
        place = self._folder(question)
        aside = whole.aside(place)
        try:
            os.rename(place, aside)  # noqa: PTH104
        except FileNotFoundError:
            return
        except OSError as error:
            raise _disk(self.root, "written", error) from error
        whole.remove(aside)

    def _other(self, question: Question) -> Record | None:
        """The record that stands in the place; None where it is damaged, and then it is gone."""
        try:
            return self._local(question)
        except SourceError as failure:
            if failure.kind != "damaged":
                raise
            self._clear(question)
            return None

    def _brought(self, question: Question) -> Record | None:
        """The record as the URL has it, in its local place now; None where it has none."""
        if self.remote is None:
            return None
        name, place = self._name(question), self._folder(question)
        text = self.remote.read(f"{name}/{HEAD}")
        if text is None:
            return None
        record = form.parsed(text, place)
        if record.digest != question.digest:
            form.refuse(place, "it answers another question")
        with self.room(question) as aside:
            try:
                for file, digest in record.files.items():
                    if not self.remote.bring(f"{name}/{file}", aside / file):
                        form.refuse(place, f"{file} is missing")
                    if sha256_of(aside / file) != digest:
                        form.refuse(place, f"the bytes of {file} are not those that were recorded")
                _write(aside / HEAD, text)
            except OSError as error:
                raise _disk(self.root, "written", error) from error
            found = self._placed(aside, question, text)
        self._sent.add(name)
        log.info("brought %s from %s", question.label, self.remote.url)
        return found

    def _put_meanwhile(self, question: Question) -> Record | None:
        """A whole record that another machine put at the URL since it was looked for; what is damaged is none."""
        try:
            return self._brought(question)
        except SourceError as failure:
            if failure.kind != "damaged":
                raise
            return None

    def _send(self, record: Record, name: str) -> None:
        """Put a record at the URL; its head last, for that makes it one."""
        if self.remote is None:
            return
        for file in record.files:
            self.remote.send(record.path(file), f"{name}/{file}")
        self.remote.write(f"{name}/{HEAD}", (record.folder / HEAD).read_bytes())
        self._sent.add(name)

    def _hand_on(self, record: Record, name: str) -> None:
        if self.remote is None or not self._sends or name in self._sent:
            return
        if self.remote.has(f"{name}/{HEAD}"):
            self._sent.add(name)
        else:
            self._send(record, name)

    def _heads_there(self, question: Question, known: set[str]) -> list[Record]:
        """Records of a label that only the URL has, by their heads."""
        if self.remote is None:
            return []
        label = self._folder(question).parent
        found: list[Record] = []
        for name in self.remote.names(label.name):
            parts = name.split("/")
            if len(parts) == 3 and parts[-1] == HEAD and parts[1] not in known:
                found += _understood(self.remote.read(name) or b"", label / parts[1])
        return found

    def _name(self, question: Question) -> str:
        """The record's folder at the URL, from there."""
        return self._folder(question).relative_to(self.root).as_posix()

    def _folder(self, question: Question) -> Path:
        return self.root / _folder_name(question.label) / question.digest[:16]


def _folder_name(label: str) -> str:
    """A label as the name of a folder, on any system; two labels may share one."""
    name = _UNSAFE.sub("-", label)[:_LONGEST].strip("-.") or "record"
    return f"_{name}" if _RESERVED.fullmatch(name) else name


def _moved(folder: Path, place: Path) -> bool:
    """Put a folder in its place; False where something is there already, which a renaming does not replace."""
    try:
        os.rename(folder, place)  # noqa: PTH104
    except OSError:
        if place.exists():
            return False
        raise
    return True


def _readable(folder: Path) -> list[Record]:
    try:
        return [form.read(folder)]
    except SourceError:
        return []


def _understood(text: bytes, folder: Path) -> list[Record]:
    try:
        return [form.parsed(text, folder)]
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
