"""One try of a target: what may come of it, and what may not."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from justgeo.core.errors import Absent, JustgeoError
from tests.fuzz.target import Target

Outcome = Literal["accepted", "refused"]

LONGEST_S = 20
"""A reader that thinks about one small input for longer hangs."""
_SHORTEST_REMEDY = 10


class TooLongError(Exception):
    """The reader did not come back."""


def attempt(target: Target, given: Any) -> Outcome:
    """Give one input to a reader, in an empty folder that is taken away again.

    Returns
    -------
    {'accepted', 'refused'}

    Raises
    ------
    AssertionError
        A refusal without a remedy; or what was accepted is not what the target promises.
    Exception
        Whatever else left the reader: each is a fault.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, warnings.catch_warnings(), _in_time():
        warnings.filterwarnings("error", category=RuntimeWarning, module=r"justgeo(\.|$)")
        try:
            target.read(given, Path(folder))
        except JustgeoError as why:
            assert why.message.strip() and len(why.remedy.strip()) > _SHORTEST_REMEDY, repr(why)
            return "refused"
        except Absent as why:
            assert len(why.reason.strip()) > _SHORTEST_REMEDY, repr(why)
            return "refused"
    return "accepted"


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Break off what takes too long, where the system can (`run` watches over the loops of libraries)."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _stop)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooLongError(f"no answer within {LONGEST_S} s")
