"""The one place that speaks HTTP: bounded in time and size, tried again with patience, silent about keys.

A call goes to a service's addresses in their order. What may pass by itself (nobody there, a time-out, a broken
connection, 429, 5xx, a damaged body) is tried again after a pause that doubles, or that the service asks for; what will
not pass (400, 403, 404, a certificate) goes on to the next mirror. The whole call ends within ``Policy.total_s``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import expect, failures
from justgeo.sources.live.deadline import within
from justgeo.sources.live.redact import hidden, quiet, without_user

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_BUSY = (429, 500, 502, 503, 504)
PASSING = ("refused", "timeout", "busy", "damaged", "partial")
"""Kinds of failure that another try may mend."""

Progress = Callable[[int, int | None], None]
Check = Callable[[Path, str], None]


@dataclass(frozen=True)
class Policy:
    """How long, how often and how much.

    Attributes
    ----------
    connect_s, read_s : float
        To be connected; between two pieces of an answer.
    total_s : float
        For one call with all its tries and mirrors.
    tries : int
        At one address.
    pause_s : float
        Before the second try; doubled before each further one.
    longest_wait_s : float
        A service that asks for more patience is left, and what it asked for is told.
    most_bytes : int
        A longer answer is not believed.
    """

    connect_s: float = 15.0
    read_s: float = 90.0
    total_s: float = 1800.0
    tries: int = 4
    pause_s: float = 2.0
    longest_wait_s: float = 90.0
    most_bytes: int = 6 << 30


@dataclass(frozen=True)
class Call:
    """One question to a service.

    Attributes
    ----------
    path : str
        Behind the service's address.
    params : sequence of (str, str)
        In their order; never a key.
    secret : sequence of (str, str)
        Parameters that nobody may see.
    form : mapping or None
        Makes it a POST with these fields.
    document : any
        Makes it a POST with this as JSON.
    headers : mapping
    nothing : bool
        204 (no content) is an answer, not a failure.
    patience_s : float or None
        In place of the policy's ``read_s``, for a service that thinks before it speaks.
    """

    path: str = ""
    params: Sequence[tuple[str, str]] = ()
    secret: Sequence[tuple[str, str]] = ()
    form: Mapping[str, str] | None = None
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    nothing: bool = False
    patience_s: float | None = None


@dataclass(frozen=True)
class Got:
    """An answer on disk.

    Attributes
    ----------
    path : Path
    url : str
        Where it came from in the end, without its parameters.
    status : int
    headers : mapping
    sha256 : str
    size : int
        Bytes.
    retrieved : str
        ISO time, UTC.
    """

    path: Path
    url: str
    status: int
    headers: Mapping[str, str]
    sha256: str
    size: int
    retrieved: str


@dataclass(frozen=True)
class Knock:
    """The beginning of an answer: status, seconds until it came, header, first bytes."""

    status: int
    seconds: float
    headers: Mapping[str, str]
    head: bytes


class Client:
    """Calls services.

    Parameters
    ----------
    policy : Policy
    sleep : callable, optional
        Waits; tests give one that does not.
    clock : callable, optional
        Seconds that only grow.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy or Policy()
        self._sleep, self._clock = sleep, clock
        self._session = requests.Session()
        self._session.max_redirects = 5
        self._session.headers["User-Agent"] = user_agent()

    def download(
        self,
        service: Service,
        call: Call,
        into: Path,
        *,
        check: Check = expect.any_bytes,
        progress: Progress | None = None,
    ) -> Got:
        """Bring an answer to disk; the file is there whole and checked, or not at all.

        Parameters
        ----------
        service : Service
        call : Call
        into : Path
            Its folder exists.
        check : callable
            Takes the file and words for messages, raises ``SourceError`` where it cannot be what was asked for.
        progress : callable, optional
            Takes the bytes so far and the bytes in all, None where the service does not say.

        Returns
        -------
        Got

        Raises
        ------
        SourceError
            The last failure, with what was tried.
        """
        end = self._clock() + self.policy.total_s
        last: SourceError | None = None
        for address in service.urls:
            for attempt in range(self.policy.tries):
                failure = self._try(service, address, call, into, check, progress, end)
                if isinstance(failure, Got):
                    return failure
                last = failure
                lasting = failure.kind not in PASSING or (attempt and isinstance(failure, failures.UnknownHostError))
                if lasting or attempt + 1 == self.policy.tries:
                    break
                if not self._wait(failure, attempt, end, service):
                    break
            if last is not None and last.kind in ("key", "disk", "limit"):
                break  # no mirror mends these
        if last is None:
            raise SourceError(f"{service.title} has no address.", remedy="name one under [services].", kind="refused")
        raise _with_mirrors(last, service)

    def json(self, service: Service, call: Call, folder: Path) -> Any:
        """The JSON document that a service answers; None for 204 where the call allows it.

        Parameters
        ----------
        folder : Path
            For the bytes while they come; nothing stays in it.
        """
        into = folder / ".answer.json"
        check = _if_any(expect.some_json) if call.nothing else expect.some_json
        try:
            got = self.download(service, call, into, check=check)
            return None if got.status == requests.codes.no_content else expect.parsed(into.read_bytes(), service.title)
        finally:
            into.unlink(missing_ok=True)

    def knock(self, service: Service, call: Call) -> Knock:
        """Ask once, at the first address, and read nothing of the answer but its beginning.

        Raises
        ------
        SourceError
        """
        where = _where(service, service.urls[0], call)
        began = self._clock()
        failure: SourceError
        try:
            with (
                quiet(call.secret),
                self._send(service.urls[0], call, where, began + self.policy.total_s) as response,
            ):
                seconds = self._clock() - began
                failures.refuse_status(response, where, service, allow_nothing=call.nothing)
                return Knock(response.status_code, seconds, dict(response.headers), bytes(response.raw.read1(4096)))
        except SourceError as error:
            failure = error
        except (requests.RequestException, *failures.URLLIB3) as error:
            failure = failures.told(error, where)
        except (TimeoutError, OSError):
            failure = failures.too_long(where)
        raise _told(failure, service, call)

    def _try(
        self,
        service: Service,
        address: str,
        call: Call,
        into: Path,
        check: Check,
        progress: Progress | None,
        end: float,
    ) -> Got | SourceError:
        """One try at one address. A failure is returned, not raised, so that no traceback holds the request."""
        where = _where(service, address, call)
        part = into.with_name(into.name + ".part")
        failure: SourceError
        try:
            with quiet(call.secret), self._send(address, call, where, end) as response:
                failures.refuse_status(response, where, service, allow_nothing=call.nothing)
                digest, size = self._body(response, part, where, progress, end)
                check(part, where)
                part.replace(into)
                return Got(
                    into,
                    hidden(without_user(response.url.partition("?")[0]), call.secret),
                    response.status_code,
                    dict(response.headers),
                    digest,
                    size,
                    dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                )
        except SourceError as error:
            failure = error
        except (requests.RequestException, *failures.URLLIB3) as error:
            failure = failures.told(error, where)
        except TimeoutError:
            failure = failures.too_long(where)
        except OSError as error:
            failure = failures.unwritten(error, where, into)
        finally:
            part.unlink(missing_ok=True)
        return _told(failure, service, call)

    def _send(self, address: str, call: Call, where: str, end: float) -> requests.Response:
        left = end - self._clock()
        if left <= 0:
            raise failures.too_long(where)
        post = call.form is not None or call.document is not None
        read_s = min(self.policy.read_s if call.patience_s is None else call.patience_s, left)
        timeout = (min(self.policy.connect_s, left), read_s)
        return within(
            min(left, self.policy.connect_s + read_s),
            lambda: self._session.request(
                "POST" if post else "GET",
                address + call.path,
                params=[*call.params, *call.secret],
                data=call.form,
                json=call.document,
                headers=dict(call.headers),
                timeout=timeout,
                stream=True,
            ),
        )

    def _body(
        self, response: requests.Response, part: Path, where: str, progress: Progress | None, end: float
    ) -> tuple[str, int]:
        """Write the body piece by piece as it comes, so that a slow drip meets the deadline."""
        told = response.headers.get("Content-Length", "")
        whole = int(told) if told.isdigit() and "Content-Encoding" not in response.headers else None
        if whole is not None and whole > self.policy.most_bytes:
            raise failures.too_large(where, whole)
        digest, size = hashlib.sha256(), 0
        with part.open("wb") as file:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > self.policy.most_bytes:
                    raise failures.too_large(where, size)
                if self._clock() > end:
                    raise failures.too_long(where)
                digest.update(chunk)
                file.write(chunk)
                if progress is not None:
                    progress(size, whole)
        if whole is not None and size != whole:
            raise SourceError(
                f"{where}: the answer broke off after {size:,} of {whole:,} bytes.",
                remedy="fetch again; the connection was cut.",
                kind="partial",
            )
        return digest.hexdigest(), size

    def _wait(self, failure: SourceError, attempt: int, end: float, service: Service) -> bool:
        """Wait before the next try; False where there is no time for it."""
        asked = getattr(failure, "retry_after", None)
        if asked is None and failure.kind == "busy" and self.policy.pause_s:
            asked = service.options.get("busy_pause_s")
        # A little chance keeps many clients from coming back all at once.
        pause = asked if asked is not None else self.policy.pause_s * 2**attempt * random.uniform(0.8, 1.2)
        if pause > self.policy.longest_wait_s or self._clock() + pause >= end:
            return False
        log.info("%s Trying again in %.0f s.", failure.message, pause)
        self._sleep(pause)
        return True


def user_agent() -> str:
    """What justgeo calls itself: Overpass and others refuse those who do not say."""
    return f"justgeo/{version('justgeo')} (neighbourhood baselines; requests/{version('requests')})"


def _if_any(check: Check) -> Check:
    """The check, but for an empty answer."""

    def checked(path: Path, where: str) -> None:
        if path.stat().st_size:
            check(path, where)

    return checked


def _where(service: Service, address: str, call: Call) -> str:
    """What messages call an answer: whose it is, and from where."""
    return f"{service.title} ({hidden(without_user(address) + call.path, call.secret)})"


def _told(failure: SourceError, service: Service, call: Call) -> SourceError:
    """A failure with its service, and without keys: a page that refuses one likes to say it again."""
    failure.service = failure.service or service.id
    failure.message = hidden(failure.message, call.secret)
    failure.args = (failure.message,)
    return failure


def _with_mirrors(failure: SourceError, service: Service) -> SourceError:
    if len(service.urls) > 1 and failure.kind not in ("key", "disk", "limit"):
        failure.message += f" So it was at each of its {len(service.urls)} addresses."
    return failure
