"""Keeping keys out of words: of messages, and of what the libraries below write to the log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import takewhile
from urllib.parse import quote, quote_plus

from justgeo.sources.live.keys import HIDDEN

_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_TALKERS = (
    "urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.response", "urllib3.util.retry",
    "requests", "censusdis.impl.fetch", "censusdis",
)  # fmt: skip
_PLAIN = logging.Formatter()
_TELLING = 6
"""Signs of a longer secret that are already too many to be shown."""

Secret = Sequence[tuple[str, str]]
_held: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("justgeo_secrets", default=())


def hidden(text: str, secret: Secret) -> str:
    """The text with every secret value put out of sight: plain, and as a URL or JSON writes it.

    The beginning of one counts too: what a service says is cut short before it gets here, it may be within a key.
    """
    forms = sorted({form for _, value in secret if value for form in _forms(value)}, key=len, reverse=True)
    for form in forms:
        text = text.replace(form, HIDDEN)
    for form in forms:  # only now: the beginning of one form may be that of another, which is there whole
        text = _without_beginnings(text, form)
    return text


def _without_beginnings(text: str, form: str) -> str:
    place = text.find(form[:_TELLING]) if len(form) > _TELLING else -1
    while place >= 0:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(form, text[place:], strict=False))
        end = place + sum(1 for _ in alike)
        text = text[:place] + HIDDEN + text[end:]
        place = text.find(form[:_TELLING], place + len(HIDDEN))
    return text


def _forms(value: str) -> set[str]:
    escaped = {quote(value), quote(value, safe=""), quote_plus(value)}
    small = {_ESCAPE.sub(lambda found: found[0].lower(), form) for form in escaped}
    return {value, *escaped, *small, json.dumps(value)[1:-1], repr(value)[1:-1], str(value.encode())[2:-1]}


def without_user(text: str) -> str:
    """The text with no name and password before the host of an address in it."""
    return _USER.sub("", text)


class _Filter(logging.Filter):
    def __init__(self, secret: Secret) -> None:
        super().__init__()
        self._secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hidden(record.getMessage(), self._secret), ()
        if record.exc_info:  # an error of these libraries holds the whole URL
            record.exc_text = hidden(_PLAIN.formatException(record.exc_info), self._secret)
            record.exc_info = None
        return True


@contextmanager
def quiet(secret: Secret) -> Iterator[None]:
    """While it lasts, what the libraries below log is without the secrets: urllib3 writes whole URLs at DEBUG."""
    if not secret:
        yield
        return
    guard = _Filter(secret)
    loggers = [logging.getLogger(name) for name in _TALKERS]
    before = _held.set((*_held.get(), *secret))
    for logger in loggers:
        logger.addFilter(guard)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(guard)
        _held.reset(before)


def held() -> tuple[tuple[str, str], ...]:
    """The secrets that are kept quiet here and now: what a thread that outlives its caller has to keep quiet too."""
    return _held.get()
