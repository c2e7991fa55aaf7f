"""Everything that can go wrong between a client and a public service, each played on the connection itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate

from tests.loopback.messages import Response, Wire, head_of, html_response

OWN_PAGES = "/__loopback__"
"""Pages of the loopback server itself, where redirects lead to; no fault touches them."""


@dataclass(frozen=True)
class Fault:
    """One way of failing: its name, for the ids of tests, and what it does with a request's connection.

    After a fault the connection is closed, whatever it was.
    """

    name: str
    play: Callable[[Wire], None]

    @classmethod
    def reset(cls) -> Fault:
        """RST before a word is said."""
        return cls("reset", Wire.reset)

    @classmethod
    def silence(cls, seconds: float = 60.0) -> Fault:
        """The request is taken and nothing is said, until `Loopback.calm`, the server's end or ``seconds``."""

        def play(wire: Wire) -> None:
            wire.rest(seconds)

        return cls("silence", play)

    @classmethod
    def slow_drip(cls, pause: float = 0.05) -> Fault:
        """Header at once, then one byte of the body every ``pause`` seconds: no single wait is long."""

        def play(wire: Wire) -> None:
            true = wire.true()
            wire.send(head_of(true, {"Connection": "close"}))
            _drip(wire, true.body, pause)

        return cls("slow drip", play)

    @classmethod
    def slow_headers(cls, pause: float = 0.05) -> Fault:
        """One byte of the header every ``pause`` seconds, then the body."""

        def play(wire: Wire) -> None:
            true = wire.true()
            if _drip(wire, head_of(true, {"Connection": "close"}), pause):
                wire.send(true.body)

        return cls("slow headers", play)

    @classmethod
    def reset_in_body(cls, share: float = 0.5) -> Fault:
        """RST when this share of the body is sent."""

        def play(wire: Wire) -> None:
            true = wire.true()
            wire.send(head_of(true) + _part(true.body, share))
            wire.rest(0.02)  # RST throws away what has not left yet
            wire.reset()

        return cls("reset in body", play)

    @classmethod
    def truncated(cls, share: float = 0.5) -> Fault:
        """The whole body's length is announced, this share is sent, then the connection ends in good order."""

        def play(wire: Wire) -> None:
            true = wire.true()
            wire.send(head_of(true, {"Connection": "close"}) + _part(true.body, share))

        return cls("truncated", play)

    @classmethod
    def truncated_chunks(cls, share: float = 0.5) -> Fault:
        """A chunked body that ends after this share, without its last chunk."""

        def play(wire: Wire) -> None:
            true = wire.true()
            part = _part(true.body, share)
            wire.send(head_of(true, {"Connection": "close", "Transfer-Encoding": "chunked"}))
            if part:
                wire.send(b"%x\r\n%b\r\n" % (len(part), part))

        return cls("truncated chunks", play)

    @classmethod
    def status(cls, code: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Fault:
        """A status, with a body and header fields if wanted."""
        return cls.instead(f"status {code}", Response(code, body, headers=dict(headers or {})))

    @classmethod
    def too_many(cls, retry_after: float | None = None, as_date: bool = False, code: int = 429) -> Fault:
        """Too many requests; ``Retry-After`` in whole seconds, or as the HTTP date that many seconds ahead."""

        def change(true: Response) -> Response:
            if retry_after is None:
                return Response(code, b"Too many requests\n")
            told = formatdate(time.time() + retry_after, usegmt=True) if as_date else f"{retry_after:.0f}"
            return Response(code, b"Too many requests\n", headers={"Retry-After": told})

        told = "" if retry_after is None else f" retry after {'date' if as_date else 'seconds'}"
        return cls._changed(f"status {code}{told}", change, ask=False)

    @classmethod
    def redirect(cls, location: str, code: int = 302) -> Fault:
        """A redirect to somewhere."""
        return cls.instead(f"redirect {code}", Response(code, headers={"Location": location}))

    @classmethod
    def redirect_to_page(cls) -> Fault:
        """A redirect to a page for people that comes with 200, as a portal or a missing key has it."""
        return replace(cls.redirect(f"{OWN_PAGES}/page"), name="redirect to page")

    @classmethod
    def redirect_loop(cls) -> Fault:
        """A redirect to a page that redirects for ever, each time to another address."""
        return replace(cls.redirect(f"{OWN_PAGES}/loop"), name="redirect loop")

    @classmethod
    def content_type(cls, told: str = "text/html; charset=utf-8") -> Fault:
        """The true body under a wrong name."""
        return cls._changed("wrong content type", lambda true: replace(true, content_type=told))

    @classmethod
    def html(cls, told: str | None = None) -> Fault:
        """A page for people where data were due, with 200; ``told`` is its content type (default: HTML's own)."""
        page = html_response("Down for maintenance", "Please come back later.")
        return cls.instead("page instead", replace(page, content_type=told or page.content_type))

    @classmethod
    def cut(cls, share: float = 0.5) -> Fault:
        """A body that ends too soon though its length is as announced: JSON that does not close, half a zip."""
        return replace(cls.body(lambda body: _part(body, share)), name="cut body")

    @classmethod
    def empty_list(cls) -> Fault:
        """``[]``, with 200."""
        return cls.instead("empty list", Response(200, b"[]", "application/json"))

    @classmethod
    def empty(cls) -> Fault:
        """No body, with 200 and the true content type."""
        return replace(cls.body(lambda body: b""), name="empty body")

    @classmethod
    def damaged_gzip(cls) -> Fault:
        """A body that is said to be compressed and is rubbish after gzip's first bytes."""

        def change(true: Response) -> Response:
            rubbish = b"\x1f\x8b\x08\x00" + bytes(range(64))
            return replace(true, body=rubbish, headers={**true.headers, "Content-Encoding": "gzip"})

        return cls._changed("damaged gzip", change)

    @classmethod
    def body(cls, change: Callable[[bytes], bytes]) -> Fault:
        """The true answer with its body changed by a function."""
        return cls._changed("changed body", lambda true: replace(true, body=change(true.body)))

    @classmethod
    def instead(cls, name: str, response: Response) -> Fault:
        """Another answer altogether; the true one is not asked for."""
        return cls._changed(name, lambda true: response, ask=False)

    @classmethod
    def _changed(cls, name: str, change: Callable[[Response], Response], ask: bool = True) -> Fault:
        return cls(name, lambda wire: wire.answer(change(wire.true() if ask else Response()), close=True))


def every(pause: float = 0.05) -> tuple[Fault, ...]:
    """One of each fault, for tests that go through them all.

    A client without a deadline of its own waits ``pause`` seconds for each byte of the slow ones.
    """
    return (
        Fault.reset(),
        Fault.silence(),
        Fault.slow_drip(pause),
        Fault.slow_headers(pause),
        Fault.reset_in_body(),
        Fault.truncated(),
        Fault.truncated_chunks(),
        *(Fault.status(code) for code in (204, 400, 403, 404, 500, 503, 504)),
        Fault.too_many(),
        Fault.too_many(1),
        Fault.too_many(1, as_date=True),
        Fault.redirect_to_page(),
        Fault.redirect_loop(),
        Fault.content_type(),
        Fault.html(),
        Fault.cut(),
        Fault.empty_list(),
        Fault.empty(),
        Fault.damaged_gzip(),
    )


def _part(body: bytes, share: float) -> bytes:
    return body[: int(len(body) * share)]


def _drip(wire: Wire, content: bytes, pause: float) -> bool:
    """Send byte by byte; whether all was sent before the server wanted no more of it."""
    for place in range(len(content)):
        wire.send(content[place : place + 1])
        if wire.rest(pause):
            return False
    return True
