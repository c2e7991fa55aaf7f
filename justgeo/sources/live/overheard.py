"""What GDAL says through rasterio's loggers while one thread reads: heard here, and told to nobody.

GDAL passes over many a failure: a file whose list of masks did not come has no masks, to it. Whoever reads has to know
that something was said. And whatever it says holds whole addresses, tokens too, so it is not logged.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_FAILURES = ("signalled an error", "HTTP response code", "CURL error")
_lock = threading.Lock()
_before: dict[str, int] = {}
_listeners = 0


@contextmanager
def overheard() -> Iterator[list[str]]:
    """While it lasts, failures that rasterio tells of this thread are collected, and nothing of it is logged."""
    mine = threading.get_ident()
    heard: list[str] = []

    def listen(record: logging.LogRecord) -> bool:
        if record.thread != mine:
            return record.levelno >= _floor(record.name)
        said = record.getMessage()
        if any(mark in said for mark in _FAILURES):
            heard.append(said)
        return False

    names = _speak_up()
    for name in names:
        logging.getLogger(name).addFilter(listen)
    try:
        yield heard
    finally:
        for name in names:
            logging.getLogger(name).removeFilter(listen)
        _as_before()


def _speak_up() -> list[str]:
    """Let rasterio's loggers pass on failures, which it logs as mere information; their names."""
    global _listeners
    with _lock:
        if _listeners == 0:
            names = [name for name in list(logging.root.manager.loggerDict) if name.split(".")[0] == "rasterio"]
            _before.clear()
            _before.update({name: logging.getLogger(name).level for name in names})
            for name in names:
                logger = logging.getLogger(name)
                if logger.getEffectiveLevel() > logging.INFO:
                    logger.setLevel(logging.INFO)
        _listeners += 1
        return list(_before)


def _as_before() -> None:
    global _listeners
    with _lock:
        _listeners -= 1
        if _listeners == 0:
            for name, level in _before.items():
                logging.getLogger(name).setLevel(level)


def _floor(name: str) -> int:
    """The level that a logger would have if nobody listened."""
    while name:
        level = _before.get(name, logging.getLogger(name).level)
        if level:
            return level
        name = name.rpartition(".")[0]
    return logging.root.level
