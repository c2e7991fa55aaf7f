"""An answer whose header has come: its body is read piece by piece, unpacked here, and never waited for without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from justgeo.core.errors import SourceError
from justgeo.sources.live import failures
from justgeo.sources.live.deadline import Aside, Deadline
from justgeo.sources.live.unpacking import PIECE, WAYS, Unpacking

_WORDS, _WORDS_S = 2000, 5.0
"""Of an error's body, and how long to listen for them."""
_GRACE_S = 0.5  # the socket's own time-out comes first, and closes the connection


class Reply(Protocol):
    """What is used here of the library's answer."""

    status_code: int
    url: str
    raw: Any

    @property
    def headers(self) -> Mapping[str, str]: ...


class Answer:
    """An answer.

    Parameters
    ----------
    reply : Reply
    aside : Aside
        The thread that it came in, and reads it.
    deadline : Deadline
        Of the whole call.
    where : str
        What messages call it.
    silence_s : float
        Longest time between two pieces.

    Attributes
    ----------
    status : int
    url : str
        That was answered in the end, parameters and all.
    headers : mapping
        By names without case.
    """

    def __init__(self, reply: Reply, aside: Aside, deadline: Deadline, where: str, silence_s: float) -> None:
        self.status, self.url, self.headers = reply.status_code, reply.url, reply.headers
        self._raw, self._aside, self._deadline = reply.raw, aside, deadline
        self._where, self._silence_s = where, silence_s

    @property
    def packing(self) -> str:
        """How the body is packed; ``""`` where it comes as it lies."""
        told = self.headers.get("Content-Encoding", "").strip().lower()
        return "" if told == "identity" else told

    @property
    def length(self) -> int | None:
        """Bytes of the body as it is sent; None where the service does not say, or says nonsense."""
        told = self.headers.get("Content-Length", "").strip()
        known = told.isascii() and told.isdigit() and len(told) <= 18
        return int(told) if known and "Transfer-Encoding" not in self.headers else None

    def pieces(self) -> Iterator[bytes]:
        """The body, unpacked, no piece longer than ``PIECE``; the end of what is sent, not of the time, ends it.

        Raises
        ------
        SourceError
            ``damaged``: it is packed in a way that nobody asked for. ``partial``: the packing has no end.
        TimeoutError
            Too long a silence, or the deadline.
        zlib.error, urllib3.exceptions.HTTPError
        """
        if self.packing not in WAYS:
            raise SourceError(
                f"{self._where}: the answer is packed in a way that was not asked for ({self.packing[:40]!r}).",
                remedy="fetch again; if it stays so, something between here and the service packs it: ask whose it is.",
                kind="damaged",
            )
        unpacking = Unpacking(self.packing)
        while came := self._next():
            for piece in unpacking.pieces(came):
                if self._deadline.left <= 0:
                    raise TimeoutError
                yield piece
        if not unpacking.whole:
            raise failures.broke_off(self._where)

    def head(self, most: int) -> bytes:
        """The beginning of the body: what of it comes first."""
        return next(self.pieces(), b"")[:most]

    def words(self) -> bytes:
        """The beginning of an error's body; what breaks in it does not matter any more."""
        self._deadline = self._deadline.sooner(_WORDS_S)
        found = b""
        try:
            for piece in self.pieces():
                found += piece
                if len(found) >= _WORDS:
                    break
        except failures.IN_BODY:
            return found
        return found[:_WORDS]

    def _next(self) -> bytes:
        seconds = min(self._deadline.left, self._silence_s + _GRACE_S)
        return self._aside.within(seconds, lambda: bytes(self._raw.read1(PIECE, decode_content=False) or b""))
