"""Kernels for notebooks that are forked from one interpreter, in which all that they import is imported already.

A new kernel takes four seconds to import what a notebook asks for; a forked one none, and it is a process of its own:
nothing that one notebook does is seen by another.

    with warm(folder) as command:
        KernelSpec(argv=command, ...)
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.forking import open_door

HERE = Path(__file__).parents[1]
IMPORTED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.interactiveshell", "pandas.io.formats.style",
    "justgeo.outlines", "justgeo.run", "justgeo.trying", "justgeo.displacing", "justgeo.results",
    "justgeo.report.notebook",
)  # fmt: skip
_ASK = """
import json, os, socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
door.sendall(json.dumps({"cwd": os.getcwd(), "argv": sys.argv[2:]}).encode() + b"\\n")
door.recv(1)
"""
"""In place of a kernel: have one forked, and end when it ends; it ends when this is killed."""


@contextlib.contextmanager
def warm(folder: Path) -> Iterator[list[str]]:
    """The command that starts a kernel, as a kernel's specification has it, while the interpreter is there."""
    door = folder / "kernels"
    command = [sys.executable, "-m", "tests.kernels", str(door)]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        assert server.stdout.readline() == "warm\n"
        yield [sys.executable, "-I", "-S", "-c", _ASK, str(door), "-f", "{connection_file}"]
        server.stdin.close()


def _serve(place: str) -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    sys.path.pop(0)  # where this was started: a kernel does not look there
    open_door(Path(place), _kernel)


def _kernel(came: socket.socket) -> None:
    """A kernel as ``python -m ipykernel_launcher`` is one."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1):
            os.dup2(nothing, number)
        asked = json.loads(came.makefile("r", encoding="utf-8").readline())
        os.chdir(asked["cwd"])
        sys.argv = ["ipykernel_launcher", *asked["argv"]]
        threading.Thread(target=lambda: (came.recv(1), os._exit(1)), daemon=True).start()
        from ipykernel.kernelapp import launch_new_instance

        launch_new_instance()
    finally:
        os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])
