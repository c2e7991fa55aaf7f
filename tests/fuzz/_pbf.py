"""PBF written by hand, so that it may say of itself whatever is untrue."""

from __future__ import annotations

import struct
import zlib


def varint(number: int) -> bytes:
    """A number as protocol buffers have it."""
    number &= (1 << 64) - 1
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def part(field: int, body: bytes | int) -> bytes:
    """One field: a number, or some bytes with their length."""
    if isinstance(body, int):
        return varint(field << 3) + varint(body)
    return varint(field << 3 | 2) + varint(len(body)) + body


def blob(kind: str, body: bytes, *, says: int | None = None, size: int | None = None, raw: bool = False) -> bytes:
    """A blob with its head, and whatever it says of its length."""
    inside = part(1, body) if raw else part(2, len(body) if says is None else says) + part(3, zlib.compress(body))
    head = part(1, kind.encode()) + part(3, len(inside) if size is None else size)
    return struct.pack(">I", len(head)) + head + inside


PBF_HEAD = part(4, b"OsmSchema-V0.6") + part(4, b"DenseNodes")
STRINGS = part(1, part(1, b"") + part(1, b"amenity") + part(1, b"pharmacy"))
HUGE = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
