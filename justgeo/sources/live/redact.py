"""Keeping keys out of words: of messages, and of what the libraries below write to the log."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from justgeo.sources.live.keys import HIDDEN

_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_TALKERS = ("urllib3.connectionpool", "urllib3.util.retry", "requests", "censusdis.impl.fetch", "censusdis")


def hidden(text: str, secret: Sequence[tuple[str, str]]) -> str:
    """The text with every secret value, plain or as a URL writes it, put out of sight."""
    for _, value in secret:
        if value:
            for form in {value, quote(value), quote_plus(value), quote(value, safe="")}:
                text = text.replace(form, HIDDEN)
    return text


def without_user(text: str) -> str:
    """The text with no name and password before the host of an address in it."""
    return _USER.sub("", text)


class _Filter(logging.Filter):
    def __init__(self, secret: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hidden(record.getMessage(), self._secret), ()
        return True


@contextmanager
def quiet(secret: Sequence[tuple[str, str]]) -> Iterator[None]:
    """While it lasts, what the libraries below log is without the secrets: urllib3 writes whole URLs at DEBUG."""
    if not secret:
        yield
        return
    guard = _Filter(secret)
    loggers = [logging.getLogger(name) for name in _TALKERS]
    for logger in loggers:
        logger.addFilter(guard)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(guard)
