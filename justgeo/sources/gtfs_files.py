"""The text files of a GTFS feed, from a zip or a folder: read as text, refused where they cannot be trusted."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources._packed import NO_ZIP, leads_out, members_of, odd_way, shown

MOST_BYTES = 2_000_000_000
MOST_RATIO = 200
_CHUNK_ROWS = 500_000
_CHUNK_BYTES = 1 << 20
# Not UTF-8, unclosed quotes (both ValueErrors), a damaged zip, a disk that fails.
_UNREADABLE = (*NO_ZIP, pd.errors.ParserError)
_REPACK = "Unpack it, and name the folder with its text files instead."
_AGAIN = "Download the feed from the agency once more, and open it once by hand if it fails again."


@dataclass(frozen=True)
class FeedFiles:
    """Where the files of a feed are; nothing is unpacked to disk.

    Attributes
    ----------
    path : Path
        Zip or folder.
    members : mapping of str to str
        ``"stops.txt"`` to its name in the zip, or its path in the folder.
    """

    path: Path
    members: dict[str, str]

    @classmethod
    def at(cls, path: Path) -> FeedFiles:
        """Look a feed over.

        Raises
        ------
        LayerError
            Neither zip nor folder, without ``stops.txt``, with names that lead out of it, or suspiciously large.
        """
        if path.is_dir():
            texts = [p for p in sorted(path.iterdir()) if p.suffix.lower() == ".txt" and p.is_file()]
            members = _by_name(((p.name, str(p)) for p in texts), path)
        elif path.is_file():
            members = _zip_members(path)
        else:
            raise LayerError(f"There is no timetable {path}.", remedy="Mend path in [layers.gtfs].")
        if "stops.txt" not in members:
            raise LayerError(
                f"{path} is no GTFS feed: it has no stops.txt (it holds {shown(sorted(members)[:8])}).",
                remedy="Give the agency's GTFS zip itself, or a folder with its text files.",
            )
        return cls(path, members)

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def sha256(self) -> str:
        """Digest of the zip, or of the names and bytes of a folder's text files."""
        if self.path.is_file():
            return sha256_of(self.path)
        return combined((name, sha256_of(Path(member))) for name, member in sorted(self.members.items()))

    def table(self, name: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> pd.DataFrame:
        """A whole file as text; absent optional columns are ``""``, an absent file has no rows."""
        if name not in self:
            return pd.DataFrame({c: pd.Series(dtype=str) for c in (*required, *optional)})
        parts = [*self.chunks(name, required, optional)]
        return pd.concat(parts, ignore_index=True) if len(parts) != 1 else parts[0].reset_index(drop=True)

    def needed(self, name: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> pd.DataFrame:
        """A whole file that must be there and have rows.

        Raises
        ------
        LayerError
            It is missing or empty.
        """
        found = self.table(name, required, optional)
        if found.empty:
            what = "is empty" if name in self else "is missing"
            raise LayerError(f"{name} of the timetable {self.path} {what}.", remedy=_AGAIN)
        return found

    def chunks(
        self, name: str, required: tuple[str, ...], optional: tuple[str, ...] = (), rows: int = _CHUNK_ROWS
    ) -> Iterator[pd.DataFrame]:
        """A file piece by piece: UTF-8 with or without byte-order mark, values as text without outer blanks.

        Raises
        ------
        LayerError
            A required column is missing or doubled, the file is not UTF-8, or a line has quotes that do not close.
        """
        wanted = (*required, *optional)
        header: dict[str, str] = {}

        def is_wanted(column: object) -> bool:
            header[str(column)] = str(column).strip()
            return header[str(column)] in wanted

        try:
            with self._open(name) as file:
                reader = pd.read_csv(
                    file,
                    encoding="utf-8-sig",
                    dtype=object,  # texts: looking ids up is twice as fast as in columns of pandas' own texts
                    keep_default_na=False,
                    index_col=False,  # else a trailing comma in every row shifts the columns
                    usecols=is_wanted,
                    chunksize=rows,
                )
                with reader:
                    _refuse_doubled(header.values(), wanted, name, self.path)
                    for chunk in reader:
                        yield _tidy(chunk, name, required, optional, self.path)
        except pd.errors.EmptyDataError:
            # No byte at all, or none of the wanted columns (another delimiter, say); the latter is no empty table.
            columns = wanted if self._is_blank(name) else ()
            yield _tidy(pd.DataFrame({c: pd.Series(dtype=str) for c in columns}), name, required, optional, self.path)
        except _UNREADABLE as problem:
            said = f"{name} of the timetable {self.path} cannot be read ({str(problem)[:200]})."
            raise LayerError(said, remedy=_AGAIN) from problem

    def _is_blank(self, name: str) -> bool:
        try:
            with self._open(name) as file:
                return not file.read(_CHUNK_BYTES).decode("utf-8-sig", "replace").strip()
        except _UNREADABLE:
            return False

    def _open(self, name: str) -> IO[bytes]:
        if self.path.is_dir():
            return Path(self.members[name]).open("rb")
        with zipfile.ZipFile(self.path) as archive:
            return archive.open(self.members[name])


def _tidy(
    chunk: pd.DataFrame, name: str, required: tuple[str, ...], optional: tuple[str, ...], path: Path
) -> pd.DataFrame:
    chunk = chunk.rename(columns=lambda c: str(c).strip())
    missing = [c for c in required if c not in chunk]
    if missing:
        raise LayerError(
            f"{name} of the timetable {path} has no column {', '.join(missing)}.",
            remedy="Take a feed that passes the canonical GTFS validator.",
        )
    tidy = {c: _stripped(chunk[c]) if c in chunk else [""] * len(chunk) for c in (*required, *optional)}
    return pd.DataFrame(tidy, index=chunk.index, dtype=object)


def _stripped(texts: pd.Series) -> list[str]:
    """A short row leaves its last columns out: those are empty, and what must not be empty is refused by its reader."""
    return [one.strip() if isinstance(one, str) else "" for one in texts.to_numpy(dtype=object)]


def _zip_members(path: Path) -> dict[str, str]:
    try:
        infos = members_of(path)
    except NO_ZIP as problem:
        raise LayerError(f"{path} is no readable zip ({str(problem)[:200]}).", remedy=_AGAIN) from problem
    out = next((info for info in infos if leads_out(info)), None)
    if out is not None:
        raise LayerError(
            f"{path} holds the file name {shown(out.filename)}, which leads out of the archive.",
            remedy="Do not use this file; take the feed from the agency.",
        )
    odd = odd_way(infos)
    if odd:
        raise LayerError(f"{path} holds {odd}, which is packed in an unusual way.", remedy=_REPACK)
    size, packed = sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
    if size > MOST_BYTES or size > MOST_RATIO * max(packed, 1):
        raise LayerError(
            f"{path} would unpack to {size:,} bytes from {packed:,}: more than a timetable holds.",
            remedy="Check where the file comes from; if it is right, unpack it and name the folder instead.",
        )
    texts = [i.filename for i in infos if i.filename.lower().endswith(".txt")]
    texts = [text for text in texts if not text.startswith("__MACOSX/")]
    folders = {str(PurePosixPath(t).parent) for t in texts if PurePosixPath(t).name.lower() == "stops.txt"}
    if len(folders) > 1:
        raise LayerError(
            f"{path} holds several feeds, in {shown(sorted(folders))}.",
            remedy="Unpack it and name the folder of one feed.",
        )
    inside = next(iter(folders), ".")
    return _by_name(((PurePosixPath(t).name, t) for t in texts if str(PurePosixPath(t).parent) == inside), path)


def _by_name(found: Iterable[tuple[str, str]], path: Path) -> dict[str, str]:
    """Files by their names in small letters: what is written ``Frequencies.txt`` must not be passed by in silence."""
    pairs = [(name.lower(), where) for name, where in found]
    name, times = max(Counter(name for name, _ in pairs).items(), key=lambda one: one[1], default=("", 0))
    if times > 1:
        raise LayerError(
            f"{path} holds {shown(name)} {times} times, and which one counts is not known.",
            remedy="Unpack it, keep one file of each name, and name the folder.",
        )
    return dict(pairs)


def _refuse_doubled(header: Iterable[str], wanted: Iterable[str], name: str, path: Path) -> None:
    """Raise where a column that is read comes twice: which one counts is not known (pandas calls one ``x.1``)."""
    counts = Counter(header)
    doubled = [column for column in wanted if counts[column] > 1 or f"{column}.1" in counts]
    if doubled:
        raise LayerError(
            f"{name} of the timetable {path} has the column {doubled[0]} more than once.",
            remedy="Keep one of them, or ask the agency to mend it.",
        )
