"""A web server on 127.0.0.1 for tests: it answers by a function, remembers what came, and fails as it is told.

The faults are played on the socket itself, so a client meets what it would meet from the real thing: a reset is a
reset (RST), a body that is cut ends before its announced length, a slow server is slow.

    with Loopback(router({"/data": api.handle})) as server:
        server.fail(Fault.status(503), times=2)
        ...
        assert len(server.requests) == 3
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.loopback.faults import OWN_PAGES, Fault
from tests.loopback.messages import (
    Handler,
    Headers,
    Request,
    Response,
    Wire,
    html_response,
    json_response,
    ranged,
    router,
)

__all__ = [
    "CERTIFICATE",
    "Fault",
    "Loopback",
    "Request",
    "Response",
    "html_response",
    "json_response",
    "ranged",
    "refused_url",
    "router",
]

CERTIFICATE = Path(__file__).parent / "certs" / "loopback-test.pem"
"""Self-signed, for 127.0.0.1: a client that checks refuses it, one that is told to trust this file takes it."""
_KEY = CERTIFICATE.with_suffix(".key")


@dataclass
class _Planned:
    """A fault that waits for its requests."""

    play: Callable[[Wire], None]
    times: int
    when: Callable[[Request], bool] | None


class _Connection(BaseHTTPRequestHandler):
    """Reads requests of one connection and hands them on."""

    protocol_version = "HTTP/1.1"  # connections are kept, as public services keep them
    owner: Loopback

    def setup(self) -> None:
        self.owner.opened(self.request)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()  # here and not on accept: a client that refuses holds nobody up
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _serve(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.send_error(411)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        headers = Headers(self.headers.items())
        request = Request(self.command, unquote(parts.path), query, headers, body, parts.query)
        if not self.owner.serve(request, self.connection):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _serve


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: Loopback
    context: ssl.SSLContext | None = None

    def server_bind(self) -> None:  # the base asks the resolver for this machine's name, which may take seconds
        socket_address = self.server_address
        self.socket.bind(socket_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.owner.ended(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.owner.erred(sys.exception())


class Loopback:
    """A server on a free port of 127.0.0.1, from ``with`` to the end of its block.

    Parameters
    ----------
    handler : Callable[[Request], Response]
        Called in the thread of each connection. What it raises is raised again when the block ends.
    tls : bool
        Speak HTTPS, by a certificate that nobody trusts (`CERTIFICATE`).

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:PORT``, without a slash at its end.
    requests : list of Request
        All that came, in order, those too that got a fault or were led to a page of the server itself.
    """

    def __init__(self, handler: Handler, *, tls: bool = False) -> None:
        self.requests: list[Request] = []
        self._handler, self._faults, self._errors = handler, list[_Planned](), list[BaseException]()
        self._open: set[socket.socket] = set()
        self._lock, self._quiet, self._closing = threading.Lock(), threading.Event(), False
        self._server = _Server(("127.0.0.1", 0), type("_Bound", (_Connection,), {"owner": self}))
        self._server.owner = self
        if tls:
            self._server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._server.context.load_cert_chain(CERTIFICATE, _KEY)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._errors and error is None:
            raise self._errors[0]
        if self._errors and error is not None:
            error.add_note(f"The loopback server's own error: {self._errors[0]!r}")

    def close(self) -> None:
        """Stop, end what is still open, and wake whoever waits on purpose."""
        self._closing = True
        self._quiet.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it ended by itself

    def fail(self, fault: Fault, times: int = 1, when: Callable[[Request], bool] | None = None) -> None:
        """The next requests get a fault, in the order in which faults were planned.

        Parameters
        ----------
        fault : Fault
        times : int
            How many requests; -1: all from now on.
        when : Callable[[Request], bool], optional
            Only requests for which this is true; default all.
        """
        with self._lock:
            self._faults.append(_Planned(fault.play, times, when))

    def calm(self) -> None:
        """No more faults; those that make a client wait end now."""
        with self._lock:
            self._faults.clear()
            self._quiet.set()
            self._quiet = threading.Event()

    def serve(self, request: Request, connection: socket.socket) -> bool:
        """Answer one request; whether the connection may be kept."""
        with self._lock:
            self.requests.append(request)
            play = None if request.path.startswith(OWN_PAGES) else self._next(request)
            wire = Wire(request, connection, self._handler, self._quiet)
        if request.path.startswith(OWN_PAGES):
            wire.answer(_own(request))
        elif play is None:
            wire.answer(wire.true())
        else:
            play(wire)
        return play is None

    def _next(self, request: Request) -> Callable[[Wire], None] | None:
        for planned in self._faults:
            if planned.times != 0 and (planned.when is None or planned.when(request)):
                planned.times -= 1 if planned.times > 0 else 0
                return planned.play
        return None

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def ended(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def erred(self, error: BaseException | None) -> None:
        """Keep the handler's own errors; a client that goes away or refuses the certificate is none."""
        if error is not None and not self._closing and not isinstance(error, ConnectionError | ssl.SSLError):
            self._errors.append(error)


def _own(request: Request) -> Response:
    if request.path == f"{OWN_PAGES}/loop":
        step = int(request.first("step", "0")) + 1
        return Response(302, headers={"Location": f"{OWN_PAGES}/loop?step={step}"})
    return html_response("Sign in", "This page wants you to sign in first.")


@cache
def _unheard() -> socket.socket:
    """A socket that holds a port and never listens on it, so that nobody else can."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def refused_url() -> str:
    """Address of a port of this machine where nobody listens."""
    return f"http://127.0.0.1:{_unheard().getsockname()[1]}"
