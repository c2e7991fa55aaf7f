"""A call that ends in time, whatever the other side does."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from justgeo.sources.live.redact import held, quiet

Value = TypeVar("Value")


def within(seconds: float, call: Callable[[], Value]) -> Value:
    """What ``call`` returns, if it returns in time.

    A socket's own time-out begins anew with every byte, so a server that sends its headers one byte at a time would
    hold it for ever. The call goes on in a thread of its own until its socket gives up; nobody waits for it, and the
    secrets that are kept out of the log here are kept out of it there too, to the end.

    Raises
    ------
    TimeoutError
        It did not.
    """
    box: queue.SimpleQueue[tuple[Value | None, BaseException | None]] = queue.SimpleQueue()

    secret = held()

    def work() -> None:
        try:
            with quiet(secret):
                box.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - handed to the one who waits
            box.put((None, error))

    threading.Thread(target=work, daemon=True, name="justgeo-call").start()
    try:
        value, error = box.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:.0f} s") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # None only beside an error
