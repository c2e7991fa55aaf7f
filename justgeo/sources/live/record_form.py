"""The form of a record: what stands in ``record.json``, and whether the files beside it are as they were recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from justgeo.core.errors import SourceError
from justgeo.sources._hash import digest_of, sha256_of

FORMAT = 1
"""Raised whenever the form of records changes, so that no older one answers for it."""

HEAD = "record.json"
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


def digests(folder: Path, label: str) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path in it.

    Raises
    ------
    SourceError
        ``partial``: there is none.
    OSError
    """
    files = {p.relative_to(folder).as_posix(): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    if not files:
        raise SourceError(f"{label}: nothing came.", remedy="fetch again.", kind="partial")
    return files


def head(question: Question, files: Mapping[str, str], told: Told) -> str:
    """What ``record.json`` is to hold."""
    whole: dict[str, Any] = {
        "format": FORMAT,
        "label": question.label,
        "service": question.service,
        "asked": dict(question.asked),
        "question": question.digest,
        "files": dict(files),
        "told": {**asdict(told), "notes": list(told.notes), "more": dict(told.more)},
    }
    whole["digest"] = digest_of(whole)
    return json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def read(folder: Path) -> Record:
    """What ``record.json`` says; the files are not looked at.

    Raises
    ------
    SourceError
        ``damaged``: it is missing, cut, changed, or of another form.
    OSError
        It cannot be read.
    """
    try:
        text = (folder / HEAD).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        refuse(folder, f"{HEAD} is missing")
    return parsed(text, folder)


def parsed(text: bytes, folder: Path) -> Record:
    """The record of a folder, from the bytes of its ``record.json``.

    Raises
    ------
    SourceError
        As of :func:`read`.
    """
    try:
        whole = json.loads(text)
        own, form = whole.pop("digest"), whole["format"]
        if form == FORMAT and own == digest_of(whole):
            told = Told(**{**whole["told"], "notes": tuple(whole["told"]["notes"])})
            files = {str(name): str(digest) for name, digest in whole["files"].items()}
            if not files or not all(map(_inside, files)):
                raise ValueError("it names a file outside its folder, or none")
            _check_kinds(whole, told)
            return Record(folder, whole["label"], whole["service"], whole["question"], whole["asked"], files, told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(folder, f"{HEAD} is not understood ({type(error).__name__}: {error})") from error
    if form != FORMAT:
        refuse(folder, f"it is of form {form!r}, and this version of justgeo reads form {FORMAT}")
    refuse(folder, f"{HEAD} was changed, its own digest does not fit")


def _check_kinds(whole: Mapping[str, Any], told: Told) -> None:
    """Texts are texts and tables tables; whoever edits a record by hand can work its digest out, too."""
    texts = [whole[key] for key in ("label", "service", "question")]
    texts += [told.source, told.dataset, told.vintage, told.licence, told.attribution, told.url, told.retrieved]
    texts += [*told.notes, *whole["files"].values()]
    for kind, values, due in ((str, texts, "text"), (Mapping, [whole["asked"], told.more], "table")):
        for one in values:
            if not isinstance(one, kind):
                raise ValueError(f"{one!r} stands where a {due} is due")


def check(record: Record) -> None:
    """Hold the files on disk against what was recorded.

    Raises
    ------
    SourceError
        ``damaged``: a file is missing, one too many, or has other bytes.
    OSError
        One cannot be read.
    """
    for name, digest in record.files.items():
        path = record.folder / name
        if not path.is_file():
            refuse(record.folder, f"{name} is missing")
        if sha256_of(path) != digest:
            refuse(record.folder, f"the bytes of {name} are not those that were recorded")
    for path in record.folder.rglob("*"):
        name = path.relative_to(record.folder).as_posix()
        known = name == HEAD or name in record.files or path.name in _NOT_OURS or path.name.startswith(".")
        if not known and not path.is_dir():
            refuse(record.folder, f"{name} was not recorded with it")


def refuse(folder: Path, why: str) -> NoReturn:
    """Raise that a record is damaged."""
    raise _damaged(folder, why)


def _damaged(folder: Path, why: str) -> SourceError:
    name = f"{folder.parent.name}/{folder.name}"
    return SourceError(
        f"The record {name} is damaged: {why}.", remedy="fetch it again while online: justgeo fetch.", kind="damaged"
    )


def _inside(name: str) -> bool:
    """Whether a name leads to a file below the folder that it is read from, on any system."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name) and name not in ("", ".", HEAD)
