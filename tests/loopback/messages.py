"""What goes over the wire: requests, answers, and one request on its connection."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs


class Headers(Mapping[str, str]):
    """Header fields; their names have no case."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._by_name = {name.lower(): (name, value) for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name

    def __repr__(self) -> str:
        return f"Headers({dict(self._by_name.values())!r})"


@dataclass(frozen=True)
class Request:
    """What a client asked: the path decoded and without its query, the query by name."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = b""
    raw_query: str = ""

    @cached_property
    def form(self) -> Mapping[str, list[str]]:
        """The body as a form (``application/x-www-form-urlencoded``); empty where it is none."""
        if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def first(self, name: str, default: str = "") -> str:
        """First value of a parameter of the query, else of the form."""
        values = self.query.get(name) or self.form.get(name)
        return values[0] if values else default


@dataclass(frozen=True)
class Response:
    """An answer; its length is counted when it is sent."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]


class Wire:
    """One request on its connection: what a fault may do with it."""

    def __init__(self, request: Request, connection: socket.socket, handler: Handler, quiet: threading.Event) -> None:
        self.request = request
        self._connection, self._handler, self._quiet = connection, handler, quiet

    def true(self) -> Response:
        """The answer that would have been given."""
        return self._handler(self.request)

    def send(self, content: bytes) -> None:
        self._connection.sendall(content)

    def answer(self, response: Response, close: bool = False) -> None:
        """A whole answer, in good order."""
        head = head_of(response, {"Connection": "close"} if close else {})
        self.send(head + (b"" if self.request.method == "HEAD" or bodiless(response) else response.body))

    def rest(self, seconds: float) -> bool:
        """Wait; True where the server was closed or calmed meanwhile, so that nobody need wait any longer."""
        return self._quiet.wait(seconds)

    def reset(self) -> None:
        """End the connection by RST: what is not yet sent is thrown away, and nothing is said in farewell."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self._connection.detach())


def bodiless(response: Response) -> bool:
    """Whether answers of this status never have a body."""
    return response.status in (204, 304)


def head_of(response: Response, more: Mapping[str, str] | None = None, length: int | None = None) -> bytes:
    """Status line and header fields, with the empty line; ``length`` is announced instead of the body's own."""
    fields = {"Date": formatdate(usegmt=True), "Content-Type": response.content_type}
    fields |= {"Content-Length": str(len(response.body) if length is None else length)}
    fields |= {**response.headers, **(more or {})}
    if bodiless(response):
        fields = {name: value for name, value in fields.items() if not name.startswith("Content-")}
    elif "Transfer-Encoding" in fields:
        del fields["Content-Length"]
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def html_response(title: str, text: str, status: int = 200) -> Response:
    """A page for people, as services give it where data were due."""
    head = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n"
    page = f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    return Response(status, page.encode(), "text/html; charset=utf-8")


def json_response(value: Any, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(status, json.dumps(value, ensure_ascii=False).encode(), "application/json;charset=utf-8")


def ranged(request: Request, response: Response) -> Response:
    """The part that the request's ``Range`` wants of a whole answer (RFC 9110, 14): 206, 416 or the whole.

    One range of bytes is served; several at once, another unit, a range that cannot be read and an ``If-Range`` that
    names another state of the file get the whole, as the standard allows. Always tells that ranges are taken.
    """
    whole = replace(response, headers={**response.headers, "Accept-Ranges": "bytes"})
    match = re.fullmatch(r"bytes=\s*(\d*)-(\d*)\s*", request.headers.get("Range", ""))
    states = (response.headers.get("ETag"), response.headers.get("Last-Modified"))
    if response.status != 200 or match is None or match.groups() == ("", "") or request.method != "GET":
        return whole
    if request.headers.get("If-Range", states[0]) not in states:
        return whole
    size, (first, last) = len(response.body), match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < int(first):
        return whole
    if start >= size or (not first and int(last) == 0):
        return Response(416, b"", headers={"Accept-Ranges": "bytes", "Content-Range": f"bytes */{size}"})
    headers = {**whole.headers, "Content-Range": f"bytes {start}-{end}/{size}"}
    return replace(response, status=206, body=response.body[start : end + 1], headers=headers)


def router(routes: Mapping[str, Handler]) -> Handler:
    """A handler that asks the route with the longest path that the request's path begins with; 404 where none does.

    A route ends where a part of the path ends: ``/data`` takes ``/data/2024``, not ``/database``.
    """
    ordered = sorted(routes, key=len, reverse=True)

    def handle(request: Request) -> Response:
        for prefix in ordered:
            stem = prefix.rstrip("/")
            if request.path == stem or request.path.startswith(f"{stem}/"):
                return routes[prefix](request)
        return html_response("404 Not Found", f"Nothing is at {request.path}.", 404)

    return handle
