"""A server that plays what no library would send: bytes on a socket, as a test writes them."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

Play = Callable[["Line"], None]


@dataclass
class Line:
    """One connection: the request that came, and what is sent back."""

    connection: socket.socket
    head: str
    body: bytes
    over: threading.Event

    @property
    def first(self) -> str:
        """Method and path."""
        return " ".join(self.head.split(" ")[:2])

    def field(self, name: str) -> str:
        """A field of the request's header; empty where it has none."""
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:]]
        return next((value for told, _, value in lines if told.lower() == name.lower()), "")

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.sendall(piece)

    def drip(self, piece: bytes, every_s: float) -> None:
        """The same again and again, until the client or the test has had enough."""
        while not self.over.wait(every_s):
            self.send(piece)

    def reset(self) -> None:
        """Break off so that what was sent has arrived."""
        time.sleep(0.05)
        self.connection.close()


@dataclass
class Server:
    """What was asked so far, and where."""

    url: str
    seen: list[Line] = field(default_factory=list)

    def firsts(self) -> list[str]:
        return [line.first for line in self.seen]


def head(status: int, *fields: str) -> bytes:
    """Status line and fields, with the empty line. A connection has one answer, and the client is told so."""
    return "\r\n".join([f"HTTP/1.1 {status} Told", "Connection: close", *fields, "", ""]).encode("latin-1")


@contextlib.contextmanager
def playing(*plays: Play, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server whose connections are played one after the other; the last play is that of all further ones."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.bind((host, 0))
    listening.listen(20)
    shown = f"[{host}]" if ":" in host else host
    server, over = Server(f"http://{shown}:{listening.getsockname()[1]}"), threading.Event()
    threads: list[threading.Thread] = []

    def one(connection: socket.socket, play: Play) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(20)
            line = _read(connection, over)
            if line is not None:
                server.seen.append(line)
                play(line)

    def serve(plays: Sequence[Play]) -> None:
        number = 0
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(connection, plays[min(number, len(plays) - 1)])))
            threads[-1].daemon = True
            threads[-1].start()
            number += 1

    threading.Thread(target=serve, args=(plays,), daemon=True).start()
    try:
        yield server
    finally:
        over.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join(5)


def _read(connection: socket.socket, over: threading.Event) -> Line | None:
    """A request, with its body; None where the client went away without one."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            return None
        got += more
    told, _, body = got.partition(b"\r\n\r\n")
    line = Line(connection, told.decode("latin-1"), body, over)
    while len(line.body) < int(line.field("Content-Length") or 0):
        more = connection.recv(65536)
        if not more:
            return None
        line.body += more
    return line
