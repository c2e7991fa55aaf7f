"""Addresses that planners and catalogues name: how each is called, and what of it may be shown.

A name and a password may stand before the host, and a key behind the question mark: neither is ever written down.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, urlsplit

from justgeo.core.errors import SourceError
from justgeo.sources.live.http import Call

_SHORTEST_KEY = 5
"""Shorter values are no keys (``v=2``), and words with them put out of sight could not be read any more."""

_DIGITS = 8  # of a digest: enough to tell queries apart, far too little to find a key from


@dataclass(frozen=True)
class Address:
    """One address of a file.

    Attributes
    ----------
    url : str
        As it was named; not in ``repr``.
    """

    url: str = field(repr=False)

    @property
    def _parts(self) -> SplitResult | None:
        """None where it is no address that can be called."""
        try:
            parts = urlsplit(self.url.strip())
            return parts if parts.scheme in ("http", "https") and parts.hostname else None
        except ValueError:
            return None

    @property
    def _place(self) -> str:
        """Host and port."""
        return self._parts.netloc.rpartition("@")[2].lower() if self._parts is not None else ""

    @property
    def callable(self) -> bool:
        """Whether it begins with ``http://`` or ``https://`` and has a host."""
        return self._parts is not None

    @property
    def server(self) -> str:
        """Scheme and host, with the name and password that are sent to it: for ``Service.urls``, never to be shown."""
        return f"{self._parts.scheme}://{self._parts.netloc}" if self._parts is not None else ""

    @property
    def host(self) -> str:
        """For people."""
        return self._place or self.shown

    @property
    def name(self) -> str:
        """Of the file."""
        return PurePosixPath(self._parts.path).name if self._parts is not None else ""

    @property
    def shown(self) -> str:
        """What may be written down."""
        if self._parts is None:
            return self.url.strip().partition("?")[0].rpartition("@")[2].rpartition("://")[2]
        return f"{self._parts.scheme}://{self._place}{self._parts.path}"

    @property
    def asked(self) -> str:
        """What tells the answers of two addresses apart: in a question, where no key may stand."""
        if self._parts is None or not self._parts.query:
            return self.shown
        return f"{self.shown}?{hashlib.sha256(self._parts.query.encode()).hexdigest()[:_DIGITS]}"

    def call(self) -> Call:
        """The call to its server.

        Raises
        ------
        SourceError
            ``missing``: it cannot be called.
        """
        if self._parts is None:
            raise SourceError(
                f"{self.shown} is no address that can be called.",
                remedy="write it as https://..., as a browser shows it.",
                kind="missing",
            )
        pairs = parse_qsl(self._parts.query, keep_blank_values=True)
        plain = [pair for pair in pairs if len(pair[1]) < _SHORTEST_KEY]
        return Call(self._parts.path, params=plain, secret=[pair for pair in pairs if pair not in plain])
