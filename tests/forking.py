"""A warm interpreter that forks a process of its own for each who comes to its door."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Callable
from pathlib import Path


def open_door(place: Path, attend: Callable[[socket.socket], object]) -> None:
    """Say on the standard output that it is warm; then fork, until whoever started this closes the standard input.

    Parameters
    ----------
    place : Path
        Of the socket, which is made.
    attend : callable
        Called in the forked process with the socket of the one who came; it ends that process.
    """
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(place))
        door.listen()
        print("warm", flush=True)
        while door.fileno() in select.select([0, door.fileno()], [], [])[0]:
            came, _ = door.accept()
            with came:
                if not os.fork():
                    door.close()
                    attend(came)
                    os._exit(0)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    """One that ended."""
