"""Undoing the packing of an answer while it comes, in pieces whose size is bounded, and seeing that it is whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 1 << 16
"""No more is unpacked at once: a thousand times as much may lie in what has come."""

_GZIP, _EITHER, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_MAGIC = b"\x1f\x8b"
_AS_IT_LIES = ("", "identity")
WAYS = (*_AS_IT_LIES, "gzip", "x-gzip", "deflate")
"""Of packing that are understood, as ``Content-Encoding`` has them."""


class Unpacking:
    """One answer that is unpacked.

    Parameters
    ----------
    way : str
        One of :data:`WAYS`.

    References
    ----------
    RFC 9110, 8.4.1; RFC 1952 (gzip: several members one after the other are their contents one after the other).
    """

    def __init__(self, way: str) -> None:
        if way not in WAYS:
            raise ValueError(f"{way!r} is none of {', '.join(WAYS)}")
        self._plain, self._gzip = way in _AS_IT_LIES, way.endswith("gzip")
        self._inflate = zlib.decompressobj(_GZIP if self._gzip else _EITHER)
        self._begun, self._over, self._kept = False, False, b""

    @property
    def whole(self) -> bool:
        """Whether what has come may be all: it has reached its end, or there is nothing at all."""
        return self._plain or self._over or self._inflate.eof or not (self._begun or self._kept)

    def pieces(self, came: bytes) -> Iterator[bytes]:
        """What some more bytes hold.

        Raises
        ------
        zlib.error
            They are not packed so.
        """
        if self._plain:
            if came:
                yield came
            return
        came, self._kept, more = self._kept + came, b"", False
        while (came or more) and not self._over:
            if not self._begun or self._inflate.eof:
                came = self._begin(came)
                if not came:
                    return
            piece = self._inflate.decompress(came, PIECE)
            more = len(piece) == PIECE  # then some may be left though all of what came is used up
            came = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if piece:
                yield piece

    def _begin(self, came: bytes) -> bytes:
        """Before the first byte, and behind the end of a member: what of the bytes is to be unpacked now."""
        again = self._begun
        if again and self._gzip:
            came = came.lstrip(b"\0")  # to the end of a tape's block
        if len(came) < len(_MAGIC):
            self._kept = came
            return b""
        if again and not (self._gzip and came.startswith(_MAGIC)):
            self._over = True  # what stands behind the end is nobody's
            return b""
        way = _GZIP if self._gzip else _EITHER
        if not self._gzip and not _has_zlib_header(came):
            way = _RAW  # as some servers have it, against the standard
        self._inflate, self._begun = zlib.decompressobj(way), True
        return came


def _has_zlib_header(came: bytes) -> bool:
    """Whether the first two bytes are those of RFC 1950: a method of 8, and a sum that 31 divides."""
    return came[0] & 0x0F == 8 and (came[0] << 8 | came[1]) % 31 == 0
