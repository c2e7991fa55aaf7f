"""Calls that end in time, whatever the other side does.

A socket's own time-out begins anew with every byte, so a server that sends its header, or the size of a chunk, byte by
byte would hold a call for ever. So calls are made in a thread of their own, and nobody waits for one longer than is
wanted. The thread goes on until its socket gives up; the secrets that are kept out of the log here are kept out of it
there too, to the end.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self, TypeVar

from justgeo.sources.live.redact import held, quiet

Value = TypeVar("Value")
Clock = Callable[[], float]

_SOON_S = 1.0


class Aside:
    """A thread that makes calls one after the other, from ``with`` to the end of its block.

    A call that is not back in time is left, and with it the thread: it makes no other call, and ends when that is back.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._box: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._ends, self._away = ExitStack(), False
        self._thread = threading.Thread(target=self._work, args=(held(),), daemon=True, name="justgeo-call")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *told: object) -> None:
        self._calls.put(None)
        if not self._away:
            self._thread.join(_SOON_S)

    def within(self, seconds: float, call: Callable[[], Value]) -> Value:
        """What ``call`` returns, if it returns in time.

        Raises
        ------
        TimeoutError
            It did not, or one before it did not.
        """
        if self._away:
            raise TimeoutError("a call before it is not back")
        self._away = True  # until it is back, whatever interrupts the waiting
        self._calls.put(call)
        try:
            value, error = self._box.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            raise TimeoutError(f"no answer within {seconds:.0f} s") from None
        self._away = False
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]  # what the call returned

    def at_end(self, call: Callable[[], object]) -> None:
        """To be called, in the thread, when its last call is back: by a call, for what it opened."""
        self._ends.callback(call)

    def _work(self, secret: tuple[tuple[str, str], ...]) -> None:
        with quiet(secret), self._ends:
            while (call := self._calls.get()) is not None:
                try:
                    self._box.put((call(), None))
                except BaseException as error:  # noqa: BLE001 - handed to the one who waits
                    self._box.put((None, error))


def within(seconds: float, call: Callable[[], Value]) -> Value:
    """What one call returns, if it returns in time.

    Raises
    ------
    TimeoutError
        It did not.
    """
    with Aside() as aside:
        return aside.within(seconds, call)


class Deadline:
    """When a call has to be over.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    total_s : float
        From now on.
    least_bytes_per_s : float, optional
        Each byte of a file of known length buys the time that it takes at this speed, once: a file on a slow line may
        take hours, and a drip gains nothing.
    """

    def __init__(self, clock: Clock, total_s: float, least_bytes_per_s: float = float("inf")) -> None:
        self.clock = clock
        self._end, self._least, self._most = clock() + total_s, least_bytes_per_s, 0

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - self.clock()

    def sooner(self, seconds: float) -> Deadline:
        """One that is over in so many seconds, or when this one is."""
        return Deadline(self.clock, min(seconds, self.left))

    def came(self, size: int) -> None:
        """So many bytes of a file of known length are there."""
        if size > self._most:
            self._end += (size - self._most) / self._least
            self._most = size


class Pace:
    """How fast a file comes, told once every so many seconds."""

    def __init__(self, clock: Clock, over_s: float, size: int) -> None:
        self._clock, self._over_s = clock, over_s
        self._since, self._size = clock(), size

    def at(self, size: int) -> float | None:
        """Bytes a second since it was told last; None where that is not long ago."""
        now = self._clock()
        passed = now - self._since
        if passed < self._over_s or passed <= 0:
            return None
        pace = (size - self._size) / passed
        self._since, self._size = now, size
        return pace
