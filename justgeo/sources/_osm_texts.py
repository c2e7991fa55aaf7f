"""Texts of a PBF, looked over before libosmium takes them: it ends each at its first zero byte, and runs on behind it.

Its filters of keys read past the end of an element's tags then, and take the whole process with them. Only what is
packed otherwise than by zlib is not looked into, and refused: no publisher of extracts packs so.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_RAW, _ZLIB, _OTHERS = 1, 3, (4, 5, 6, 7)
_MOST = 32 << 20  # libosmium takes no larger block


def why_unreadable(blob: bytes) -> str:
    """What is wrong with the texts of a block of data; empty where nothing is, or where libosmium says it itself."""
    try:
        for field, body in _parts(blob):
            if field in _OTHERS:
                return "it is packed by anything but zlib"
            whole = body if field == _RAW else zlib.decompressobj().decompress(body, _MOST) if field == _ZLIB else b""
            if any(field == 1 and _has_zero(table) for field, table in _parts(whole)):
                return "a text in it holds a zero byte"
    except (zlib.error, IndexError):
        return ""
    return ""


def _has_zero(table: bytes) -> bool:
    """Whether a text of a table holds a zero byte; the first text is empty, its length the only zero of most tables."""
    if table.startswith(b"\x0a\x00") and table.find(b"\x00", 2) < 0:
        return False
    return any(b"\x00" in text for _, text in _parts(table))


def _parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbers and bytes of the fields of a message that hold bytes."""
    at = 0
    while at < len(body):
        key, at = _varint(body, at)
        kind = key & 7
        if kind == 2:
            size, at = _varint(body, at)
            yield key >> 3, body[at : at + size]
            at += size
        elif kind == 0:
            _, at = _varint(body, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise IndexError(at)


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        number |= (body[at] & 0x7F) << shift
        at += 1
        if body[at - 1] < 0x80:
            return number, at
    raise IndexError(at)
