"""The one place that speaks HTTP: bounded in time and size, tried again with patience, silent about keys.

A call goes to a service's addresses in their order. What may pass by itself (nobody there, a time-out, a broken
connection, 429, 5xx, a damaged body) is tried again after a pause that doubles, or that the service asks for; a file
that broke off goes on from there, where it is certain to be the same (``begun.py``). What will not pass (400, 403, 404,
a certificate) goes on to the next mirror. The whole call ends within ``Policy.total_s``; only a file that tells its
length and keeps coming has more time.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import expect, failures, redirects
from justgeo.sources.live.answers import Answer
from justgeo.sources.live.begun import Begun
from justgeo.sources.live.calls import JSON_BYTES, TABLE_BYTES, Call, Got, Knock, Policy
from justgeo.sources.live.deadline import Aside, Deadline, Pace
from justgeo.sources.live.redact import hidden, quiet, without_user

log = logging.getLogger(__name__)

PASSING = ("refused", "timeout", "busy", "damaged", "partial")
"""Kinds of failure that another try may mend."""

_OF_PARTS = (requests.codes.partial_content, requests.codes.requested_range_not_satisfiable)

Progress = Callable[[int, int | None], None]
Check = Callable[[Path, str], None]


class _Session(requests.Session):
    """Follows no redirect: requests would read the body of each to its end, however long it is."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


@dataclass(frozen=True)
class _Asked:
    """A call at one address of a service, and when it has to be over."""

    service: Service
    address: str
    call: Call
    deadline: Deadline

    @property
    def where(self) -> str:
        """What messages call an answer: whose it is, and from where."""
        return f"{self.service.title} ({hidden(without_user(self.address) + self.call.path, self.call.secret)})"

    @property
    def of_a_part(self) -> bool:
        """Whether the caller wants a part of a file."""
        return any(name.lower() == "range" for name in self.call.headers)


@dataclass(frozen=True)
class _Wanted:
    """A file to be: where, what it has to look like, who watches, and what of it is there."""

    into: Path
    check: Check
    progress: Progress | None
    begun: Begun


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
        self._session = _Session()
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
        deadline = Deadline(self._clock, self.policy.total_s, self.policy.least_bytes_per_s)
        last: SourceError | None = None
        for address in service.urls:
            begun = Begun(into.with_name(into.name + ".part"))
            try:
                found = self._tries(_Asked(service, address, call, deadline), _Wanted(into, check, progress, begun))
            finally:
                begun.path.unlink(missing_ok=True)
            if isinstance(found, Got):
                return found
            last = found
            if last.kind in ("key", "disk", "limit"):
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

        Raises
        ------
        SourceError
            Also ``limit``, where it has more than ``JSON_BYTES``, or than the call allows: it is read as a whole.
        """
        call = replace(call, packed=True, most_bytes=JSON_BYTES if call.most_bytes is None else call.most_bytes)
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
        asked = _Asked(service, service.urls[0], call, Deadline(self._clock, self.policy.total_s))
        began = self._clock()
        failure: SourceError
        try:
            with quiet(call.secret), Aside() as aside:
                answer = self._ask(asked, aside, {})
                seconds = self._clock() - began
                failures.refuse_status(
                    answer, asked.where, service, allow_nothing=call.nothing, allow_part=asked.of_a_part
                )
                return Knock(answer.status, seconds, dict(answer.headers), answer.head(4096))
        except SourceError as error:
            failure = error
        except (requests.RequestException, *failures.URLLIB3) as error:
            failure = failures.told(error, asked.where)
        except zlib.error as error:
            failure = failures.in_body(error, asked.where, "", late=False, little=True)
        except OSError:
            failure = failures.too_long(asked.where)
        raise _told(failure, service, call)

    def _tries(self, asked: _Asked, wanted: _Wanted) -> Got | SourceError:
        """All tries at one address."""
        for attempt in range(self.policy.tries):
            found = self._try(asked, wanted)
            if isinstance(found, Got):
                return found
            # Where nobody answers, or nobody knows the name, this computer is most likely not online: twice is enough.
            lasting = found.kind not in PASSING or (attempt and found.kind == "refused")
            if lasting or attempt + 1 == self.policy.tries or not self._wait(found, attempt, asked):
                return found
        raise AssertionError("no try at all")  # Policy.tries is at least 1

    def _try(self, asked: _Asked, wanted: _Wanted) -> Got | SourceError:
        """One try at one address. A failure is returned, not raised, so that no traceback holds the request."""
        where, secret, begun, coming = asked.where, asked.call.secret, wanted.begun, False
        failure: SourceError
        try:
            with quiet(secret), Aside() as aside:
                answer = self._answer(asked, begun, aside)
                coming = True
                self._body(asked, wanted, answer)
                begun.over()
                wanted.check(begun.path, where)
                begun.path.replace(wanted.into)
                url = hidden(without_user(answer.url.partition("?")[0]), secret)
                now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
                return Got(wanted.into, url, begun.status, dict(begun.headers), begun.sha256, begun.size, now)
        except SourceError as error:
            failure = error
        except (requests.RequestException, TimeoutError, zlib.error, *failures.URLLIB3) as error:
            little = begun.size < self.policy.least_bytes_per_s * self.policy.stall_s
            late = asked.deadline.left <= 0
            if coming:
                failure = failures.in_body(error, where, begun.so_far, late=late, little=little)
            else:
                failure = failures.told(error, where)
        except OSError as error:
            failure = failures.unwritten(error, where, wanted.into)
        return _told(failure, asked.service, asked.call)

    def _answer(self, asked: _Asked, begun: Begun, aside: Aside) -> Answer:
        """An answer that may be read: to the whole question, or to the rest of what is begun."""
        rest = begun.rest
        answer = self._ask(asked, aside, rest)
        goes_on = bool(rest) and begun.goes_on(answer.status, answer.headers)
        if rest and not goes_on and answer.status in _OF_PARTS:
            begun.over()
            answer = self._ask(asked, aside, {})
        part = goes_on or asked.of_a_part
        failures.refuse_status(answer, asked.where, asked.service, allow_nothing=asked.call.nothing, allow_part=part)
        if not goes_on:
            as_it_lies = not answer.packing and asked.call.method == "GET" and not asked.of_a_part
            whole = None if answer.packing else answer.length
            begun.anew(answer.status, answer.headers, whole, again=as_it_lies)
        return answer

    def _ask(self, asked: _Asked, aside: Aside, more: Mapping[str, str]) -> Answer:
        """An answer of any status but a redirect, which is followed, and whose body nobody reads."""
        call, where = asked.call, asked.where
        hop = redirects.Hop(call.method, asked.address + call.path, first=True)
        for _ in range(redirects.MOST + 1):
            reply = self._send(asked, hop, aside, more)
            at, place = replace(hop, url=reply.url), reply.headers.get("Location", "")
            following = redirects.onward(at, reply.status_code, place, where, call.secret)
            if following is None:
                return Answer(reply, aside, asked.deadline, where, self._silence_s(call))
            hop = following
        raise failures.circling(where)

    def _silence_s(self, call: Call) -> float:
        return self.policy.read_s if call.patience_s is None else call.patience_s

    def _send(self, asked: _Asked, hop: redirects.Hop, aside: Aside, more: Mapping[str, str]) -> requests.Response:
        call, left = asked.call, asked.deadline.left
        if left <= 0:
            raise failures.too_long(asked.where)
        read_s = min(self._silence_s(call), left)
        timeout = (min(self.policy.connect_s, left), read_s)
        post, packed = hop.method == "POST", call.packed or call.method == "POST"

        def send() -> requests.Response:
            reply = self._session.request(
                hop.method,
                hop.url,
                params=[*call.params, *call.secret] if hop.first else None,
                data=call.form if post else None,
                json=call.document if post else None,
                headers={"Accept-Encoding": "gzip" if packed else "identity", **call.headers, **more},
                timeout=timeout,
                stream=True,
            )
            aside.at_end(reply.close)
            return reply

        return aside.within(min(left, self.policy.connect_s + read_s), send)

    def _body(self, asked: _Asked, wanted: _Wanted, answer: Answer) -> None:
        """Write the body piece by piece as it comes, so that a slow drip meets the deadline."""
        policy, begun, where = self.policy, wanted.begun, asked.where
        most = policy.most_bytes if asked.call.most_bytes is None else min(policy.most_bytes, asked.call.most_bytes)
        whole = begun.whole
        told = max(whole or 0, answer.length or 0)
        if told > most:
            raise failures.too_large(where, told)
        pace = Pace(self._clock, policy.stall_s, begun.size)
        with begun.path.open("ab" if begun.size else "wb") as file:
            for piece in answer.pieces():
                if begun.size + len(piece) > most:
                    raise failures.too_large(where, begun.size + len(piece))
                file.write(piece)
                begun.add(piece)
                if wanted.progress is not None:
                    wanted.progress(begun.size, whole)
                if whole is not None:
                    asked.deadline.came(begun.size)
                    self._refuse_slow(asked, begun, pace, whole - begun.size)
        if whole is not None and begun.size < whole:
            raise failures.broke_off(where, begun.so_far)
        if whole is not None and begun.size > whole:
            begun.over()
            raise failures.too_much(where, begun.so_far)

    def _refuse_slow(self, asked: _Asked, begun: Begun, pace: Pace, rest: int) -> None:
        """Raise where a file comes so slowly that its rest would not come in time: a new connection may be better."""
        speed = pace.at(begun.size)
        if speed is None or speed >= self.policy.least_bytes_per_s or rest <= speed * asked.deadline.left:
            return
        raise failures.too_slow(asked.where, begun.so_far, speed)

    def _wait(self, failure: SourceError, attempt: int, asked: _Asked) -> bool:
        """Wait before the next try; False where there is no time for it."""
        told = getattr(failure, "retry_after", None)
        if told is None and failure.kind == "busy" and self.policy.pause_s:
            told = asked.service.options.get("busy_pause_s")
        # A little chance keeps many clients from coming back all at once.
        pause = told if told is not None else self.policy.pause_s * 2**attempt * random.uniform(0.8, 1.2)
        if pause > self.policy.longest_wait_s or pause >= asked.deadline.left:
            return False
        log.info("%s Trying again in %.0f s.", failure.message, pause)
        self._sleep(pause)
        return True


@cache
def user_agent() -> str:
    """What justgeo calls itself: Overpass and others refuse those who do not say."""
    return f"justgeo/{version('justgeo')} (neighbourhood baselines; requests/{version('requests')})"


def _if_any(check: Check) -> Check:
    """The check, but for an empty answer."""

    def checked(path: Path, where: str) -> None:
        if path.stat().st_size:
            check(path, where)

    return checked


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


__all__ = ["JSON_BYTES", "PASSING", "TABLE_BYTES", "Call", "Check", "Client", "Got", "Knock", "Policy", "user_agent"]
