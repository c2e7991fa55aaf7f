"""A file of which a part has come: its rest can be asked for, if it is certain to be the rest of the same file.

It is certain where the server gave the file a strong tag, or a date well before the answer, and says by either that it
has not changed since (RFC 9110, 13.1.5, If-Range). Whatever else comes, the file is begun anew.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

_STRONG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_PLACE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_OLD = dt.timedelta(seconds=60)
_OK, _PART = 200, 206


class Begun:
    """A file in the course of one call to one address.

    Attributes
    ----------
    path : Path
        Holds what has come so far.
    size : int
        Bytes of that.
    whole : int or None
        Bytes of the file, where the server says.
    status : int
    headers : mapping
        Of the answer that it was begun with.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.anew(0, {}, None)

    def anew(self, status: int, headers: Mapping[str, str], whole: int | None, *, again: bool = False) -> None:
        """Begin with an answer.

        Parameters
        ----------
        status : int
        headers : mapping
            By names without case.
        whole : int or None
            Bytes that it will have.
        again : bool
            Its rest may be asked for: it is a file as it lies, asked for as a whole.
        """
        self.size, self.whole, self.status, self.headers = 0, whole, status, headers
        self._digest = hashlib.sha256()
        self._state = state_of(headers) if again and status == _OK else ""

    def over(self) -> None:
        """What has come is all, for better or worse: nobody asks for the rest."""
        self._state = ""

    @property
    def rest(self) -> dict[str, str]:
        """Header fields that ask for the rest; none where all has to be asked for."""
        if not self.size or not self._state:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._state, "Accept-Encoding": "identity"}

    def goes_on(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer is the rest: of the same state of a file of the same length, from where this one ends."""
        place = _PLACE.fullmatch(headers.get("Content-Range", "").strip())
        if status != _PART or place is None or headers.get("Content-Encoding", "identity") != "identity":
            return False
        first, last, whole = int(place[1]), int(place[2]), None if place[3] == "*" else int(place[3])
        if first != self.size or last < first or (self.whole is not None and whole not in (None, self.whole)):
            return False
        for name in ("ETag", "Last-Modified"):
            if headers.get(name, self.headers.get(name)) != self.headers.get(name):
                return False
        self.whole = whole if self.whole is None else self.whole
        return True

    def add(self, piece: bytes) -> None:
        """Count some more bytes, which stand in the file now."""
        self._digest.update(piece)
        self.size += len(piece)

    @property
    def sha256(self) -> str:
        """Of all that has come."""
        return self._digest.hexdigest()

    @property
    def so_far(self) -> str:
        """How much has come, for messages."""
        return f"after {self.size:,} bytes" if self.whole is None else f"after {self.size:,} of {self.whole:,} bytes"


def state_of(headers: Mapping[str, str]) -> str:
    """What names the state of a file for ``If-Range``: a strong tag, or a date at least a minute before the answer's.

    Parameters
    ----------
    headers : mapping
        By names without case.

    Returns
    -------
    str
        ``""`` where there is no such thing, or the server gives no parts.

    References
    ----------
    RFC 9110, 8.8 and 13.1.5.
    """
    if headers.get("Accept-Ranges", "bytes").strip().lower() == "none":
        return ""
    tag = headers.get("ETag", "").strip()
    if tag:
        return tag if _STRONG.fullmatch(tag) else ""
    told = headers.get("Last-Modified", "").strip()
    changed, answered = moment_of(told), moment_of(headers.get("Date", ""))
    sure = changed is not None and answered is not None and answered - changed >= _OLD
    return told if sure and told.isascii() and told.isprintable() else ""


def moment_of(told: str) -> dt.datetime | None:
    """The moment that a header names (RFC 9110, 5.6.7), in UTC; None where it is none."""
    try:
        when = email.utils.parsedate_to_datetime(told)
        return (when if when.tzinfo is not None else when.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
