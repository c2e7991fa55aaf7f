"""Zip archives that come from anywhere: looked over before a byte of them is unpacked."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

MOST_DIRECTORY = 8 << 20
"""Bytes of the list of an archive's members: some hundred thousand of them. Each is held in memory."""
MOST_UNPACKED = 8 << 30
"""No file that anyone is sent to comes near it."""
MOST_RATIO = 100
"""Shapes and timetables pack 2 to 15 to 1, and a table may be blanks for the most part. Deflate ends at 1000 to 1."""
HARMLESS = 256 << 20
"""Looked through in a second or two, whatever the ratio."""

# Of bzip2 and LZMA four kilobytes may hold as many gigabytes, all at once.
WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises of a damaged archive, one with a password or of an unknown method, or a disk that fails.
NO_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
)
_SHOWN = 80


class _Bounded(io.BufferedReader):
    """A file that, as long as its directory is looked up, is not read in pieces that only an absurd one has."""

    listing = True

    def read(self, size: int | None = -1, /) -> bytes:
        if self.listing and size is not None and size > MOST_DIRECTORY:
            raise zipfile.BadZipFile("it lists more files than anyone packs")
        return super().read(size)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive, whose list of members is no longer than it may be.

    Raises
    ------
    NO_ZIP
    """
    with _Bounded(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
        file.listing = False  # a member may be as long as it is
        yield archive


def members_of(path: Path) -> list[zipfile.ZipInfo]:
    """Members of an archive.

    Raises
    ------
    NO_ZIP
        It is none, or holds too many.
    """
    with opened(path) as archive:
        return archive.infolist()


def swells(size: int, packed: int) -> bool:
    """Whether so many bytes out of so few are more than data are."""
    return size > min(MOST_UNPACKED, max(HARMLESS, MOST_RATIO * packed))


def odd_way(members: list[zipfile.ZipInfo]) -> str:
    """Name of a member that is packed by anything but deflate; empty where none is."""
    return next((shown(member.filename) for member in members if member.compress_type not in WAYS), "")


def leads_out(member: zipfile.ZipInfo) -> bool:
    """Whether a member's name leads out of the folder that it would be unpacked to, on any system."""
    # orig_filename: zipfile itself turns back-slashes round on some systems
    return any(_leads_out(name) for name in (member.filename, member.orig_filename))


def _leads_out(name: str) -> bool:
    windows = PureWindowsPath(name)
    return bool(windows.drive or windows.root or name.startswith("/") or ".." in windows.parts)


def shown(value: object) -> str:
    """A value as a message shows it: as Python writes it, and no longer than anyone reads."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
