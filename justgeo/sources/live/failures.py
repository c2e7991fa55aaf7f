"""What can go wrong with a call, in words that a planner can act on, and never with a key in them."""

from __future__ import annotations

import datetime as dt
import errno
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import requests
import urllib3.exceptions

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import expect, keys
from justgeo.sources.live.begun import moment_of

URLLIB3 = (urllib3.exceptions.HTTPError,)
IN_BODY = (SourceError, TimeoutError, zlib.error, *URLLIB3)
"""What may be raised while a body comes."""
_AGAIN = "fetch again later: what is recorded already is not fetched twice."
SERVER_ERROR = 500
_ONLINE = "see that this computer is online; a proxy is named in HTTPS_PROXY. Then fetch again."
_LONGEST_S = 365 * 86_400.0  # that anyone is believed to want to be left alone


class BusyError(SourceError):
    """The service asks to come back later.

    Attributes
    ----------
    retry_after : float or None
        Seconds, where it says.
    """

    def __init__(self, message: str, *, remedy: str, service: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, remedy=remedy, kind="busy", service=service)
        self.retry_after = retry_after


class Spoken(Protocol):
    """What is looked at here of an answer."""

    status: int
    headers: Mapping[str, str]

    def words(self) -> bytes: ...


def refuse_status(
    answer: Spoken, where: str, service: Service, *, allow_nothing: bool = False, allow_part: bool = False
) -> None:
    """Raise unless an answer's status says that it is one.

    Parameters
    ----------
    answer : Spoken
    where : str
        What messages call it.
    service : Service
    allow_nothing : bool
        204 is an answer.
    allow_part : bool
        206 is one: a part was asked for.

    Raises
    ------
    SourceError
    """
    status = answer.status
    if status == requests.codes.no_content and allow_nothing:
        return
    if status == requests.codes.ok or (status == requests.codes.partial_content and allow_part):
        return
    if status == requests.codes.partial_content:
        raise SourceError(f"{where}: a part came where the whole was asked for.", remedy=_AGAIN, kind="partial")
    said = expect.message_of(answer.words(), answer.headers)
    tail = f" ({said})" if said else ""
    page = service.page or "the service's page"
    if status == requests.codes.no_content:
        raise SourceError(
            f"{where}: the service has nothing for this question (204).",
            remedy=f"see {page} for what it covers.",
            kind="missing",
        )
    if status in (requests.codes.too_many_requests, requests.codes.service_unavailable):
        wait = retry_after(answer.headers.get("Retry-After", ""))
        asked = "" if wait is None else f" and asks to wait {wait:.0f} s"
        raise BusyError(f"{where}: the service is busy ({status}){asked}{tail}.", remedy=_AGAIN, retry_after=wait)
    if status >= SERVER_ERROR:
        raise BusyError(f"{where}: the service failed ({status}){tail}.", remedy=_AGAIN)
    if status in (requests.codes.not_found, requests.codes.gone):
        raise SourceError(
            f"{where}: there is no such thing ({status}){tail}.",
            remedy=f"it may have moved or been renamed: see {page}, and name the new address under [services].",
            kind="missing",
        )
    if status in (requests.codes.unauthorized, requests.codes.forbidden, requests.codes.not_acceptable):
        raise SourceError(
            f"{where}: the service refuses ({status}){tail}.",
            remedy=f"see {page} for who may ask, and how often; some refuse requests from outside the United States.",
            kind="missing",
        )
    raise SourceError(
        f"{where}: the service did not take the question ({status}){tail}.",
        remedy=f"see {page} whether the service has changed.",
        kind="missing",
    )


def no_key(where: str, invalid: bool) -> SourceError:
    """A key is missing or not accepted."""
    if invalid:
        return SourceError(f"{where}: the service does not accept the key that was sent.", remedy=keys.MEND, kind="key")
    return SourceError(f"{where}: the service answers only those who send a key.", remedy=keys.HOW_TO, kind="key")


def retry_after(told: str) -> float | None:
    """Seconds of a ``Retry-After`` header, which is a number or a date (RFC 9110, 10.2.3); None where it is neither."""
    told = told.strip()
    if told.isascii() and told.isdigit():
        return min(float(told), _LONGEST_S)
    when = moment_of(told)
    return None if when is None else min(max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds()), _LONGEST_S)


def told(error: Exception, where: str) -> SourceError:
    """A failure of the library below, in our words: its own hold the whole URL."""
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return SourceError(
            f"{where}: the service could not prove who it is (its certificate is not accepted).",
            remedy="see whether your organisation inspects traffic (then set REQUESTS_CA_BUNDLE), or try later.",
            kind="tls",
        )
    if isinstance(error, TimeoutError | requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return too_long(where)
    broken = (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError)
    text = str(error).lower()
    if isinstance(error, broken) or "aborted" in text or "reset" in text:
        return broke_off(where)
    if isinstance(error, requests.exceptions.ConnectionError | urllib3.exceptions.HTTPError):
        why = "its name is not known" if "resol" in text else "nobody answers"
        return SourceError(f"{where}: {why}.", remedy=_ONLINE, kind="refused")
    return SourceError(
        f"{where}: it cannot be called ({type(error).__name__}).",
        remedy="correct its address under [services].",
        kind="missing",
    )


def in_body(error: Exception, where: str, got: str, *, late: bool, little: bool) -> SourceError:
    """What went wrong while a body came.

    Parameters
    ----------
    error : Exception
    where : str
    got : str
        How much of it is there, in words.
    late : bool
        The time for the whole call is over.
    little : bool
        So little came that the next question would hardly fare better: then the service as a whole does not answer.
    """
    if isinstance(error, zlib.error):
        return SourceError(f"{where}: the answer cannot be unpacked.", remedy=_AGAIN, kind="damaged")
    if not isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
        return broke_off(where, got)
    if late and little:
        return too_long(where)
    how = "was not there in the time allowed" if late else "stopped coming"
    return SourceError(f"{where}: the answer {how}, {got}.", remedy=_AGAIN, kind="partial")


def broke_off(where: str, got: str = "") -> SourceError:
    """The connection ended before the answer."""
    tail = f", {got}" if got else ""
    return SourceError(f"{where}: the connection broke off{tail}.", remedy=_AGAIN, kind="partial")


def too_slow(where: str, got: str, pace: float) -> SourceError:
    """It comes, but the whole would not be there in time."""
    return SourceError(
        f"{where}: the answer comes too slowly, {pace / 1e3:,.1f} kB a second, {got}.",
        remedy="fetch again at another time or on another line; or download the file and name it under [layers].",
        kind="partial",
    )


def too_much(where: str, got: str) -> SourceError:
    """More came than the service said."""
    return SourceError(f"{where}: more came than was to come, {got}.", remedy=_AGAIN, kind="damaged")


def circling(where: str) -> SourceError:
    """Redirects without an end."""
    return SourceError(
        f"{where}: the service sends from one address to the next and back.", remedy=_AGAIN, kind="damaged"
    )


def too_long(where: str) -> SourceError:
    """No answer, or next to nothing of it, in the time allowed."""
    return SourceError(f"{where}: no whole answer in the time allowed.", remedy=_AGAIN, kind="timeout")


def too_large(where: str, size: int) -> SourceError:
    """More than is believed."""
    amount = f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size:,} bytes"
    return SourceError(
        f"{where}: the answer would have {amount}, more than such an answer has.",
        remedy="see what lies at that address.",
        kind="limit",
    )


def unwritten(error: OSError, where: str, into: Path) -> SourceError:
    """What came cannot be put on the disk."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return SourceError(
        f"{where}: what came cannot be written to {into.parent.name} ({error.strerror or error}).",
        remedy="make room on the disk, or name another folder of records." if full else "see that you may write there.",
        kind="disk",
    )
