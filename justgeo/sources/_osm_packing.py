"""How much an extract unpacks to, found before libosmium unpacks it: a small file may hold more than any memory."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from justgeo.core.errors import LayerError
from justgeo.sources._osm_texts import why_unreadable
from justgeo.sources._packed import HARMLESS, MOST_RATIO

MOST_PBF_RATIO, HARMLESS_PBF = 30, 64 << 20
"""PBF packs 2 or 3 to 1, since it is dense before it is packed. Our choice."""
_MOST_BLOB = 32 << 20  # libosmium unpacks no more at once
_MOST_HEAD = 64 << 10
_PIECE = 1 << 20


def refuse_swelling(path: Path) -> None:
    """Refuse an extract that would unpack to more than extracts do; what is no extract at all is left to its reader.

    Raises
    ------
    LayerError
    """
    name, packed = path.name.lower(), path.stat().st_size
    pbf = name.endswith(".pbf")
    if not pbf and not name.endswith((".gz", ".bz2")):
        return
    most = max(HARMLESS_PBF, MOST_PBF_RATIO * packed) if pbf else max(HARMLESS, MOST_RATIO * packed)
    size = 0
    for more in _blobs(path) if pbf else _pieces(path):
        size += more
        if size > most:
            raise LayerError(
                f"The extract {path.name} would unpack to more than {most / 1e6:,.0f} MB from {packed / 1e6:,.1f} MB, "
                "which no extract does.",
                remedy="download it again from its source, and see that it is an extract.",
            )


def refuse_odd_texts(path: Path) -> None:
    """Refuse a PBF whose texts libosmium cannot hold; its size is seen to before.

    Raises
    ------
    LayerError
    """
    if not path.name.lower().endswith(".pbf"):
        return
    with path.open("rb") as file:
        for _, size in _heads(file):
            why = why_unreadable(file.read(size))
            if why:
                raise LayerError(
                    f"The extract {path.name} cannot be read: {why}.", remedy="download it again from its source."
                )


def _pieces(path: Path) -> Iterator[int]:
    unpack = gzip.open if path.name.lower().endswith(".gz") else bz2.open
    try:
        with unpack(path, "rb") as file:
            while piece := file.read(_PIECE):
                yield len(piece)
    except (OSError, EOFError, zlib.error, ValueError):
        return


def _blobs(path: Path) -> Iterator[int]:
    """Unpacked size of each blob of a PBF, as its head says; libosmium believes no other."""
    with path.open("rb") as file:
        for _, size in _heads(file):
            yield _unpacked(file, size)


def _heads(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Where each blob of a PBF begins, and its length; whoever takes one leaves the file behind it."""
    while len(start := file.read(4)) == 4:
        length = int.from_bytes(start, "big")
        if length > _MOST_HEAD:
            return
        size = _field(file.read(length), 3)
        if size is None or size > _MOST_BLOB:
            return
        yield file.tell(), size


def _unpacked(file: IO[bytes], size: int) -> int:
    """Unpacked size of the blob that begins here; the file stands behind it then."""
    begins = file.tell()
    head = file.read(min(size, 16))
    file.seek(begins + size)
    if head[:1] == b"\x0a":  # as it is
        return size
    told = _varint(head, 1) if head[:1] == b"\x10" else None
    return _MOST_BLOB if told is None else told[0]


def _field(body: bytes, wanted: int) -> int | None:
    """A number in a message of protocol buffers; None where it is not there, or the message is damaged."""
    at = 0
    while at < len(body):
        key = _varint(body, at)
        told = _varint(body, key[1]) if key is not None and key[0] & 7 in (0, 2) else None
        if key is None or told is None:
            return None
        if key[0] >> 3 == wanted and key[0] & 7 == 0:
            return told[0]
        at = told[1] + (told[0] if key[0] & 7 == 2 else 0)
    return None


def _varint(body: bytes, at: int) -> tuple[int, int] | None:
    """A number, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(body):
            return None
        number |= (body[at] & 0x7F) << shift
        at += 1
        if body[at - 1] < 0x80:
            return number, at
    return None


__all__ = ["HARMLESS_PBF", "MOST_PBF_RATIO", "refuse_odd_texts", "refuse_swelling"]
