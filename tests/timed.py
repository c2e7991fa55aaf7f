"""What must end in time, on a machine that does much else meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

SLACK_S = 5.0
"""More than a busy machine adds to a wait; what waits without an end, or for one after another, takes longer still."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What stands in the block takes less than so long, by the clock on the wall."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def waits(seconds: float) -> AbstractContextManager[None]:
    """What stands in the block waits no longer than so long, with some slack."""
    return within(seconds + SLACK_S)


@contextmanager
def computes(seconds: float) -> Iterator[None]:
    """What stands in the block takes less than so much of this thread's processor, whoever else takes some."""
    began = time.thread_time()
    yield
    assert time.thread_time() - began < seconds
