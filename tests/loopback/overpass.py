"""An Overpass server over an OpenStreetMap extract: it evaluates the queries that osmnx sends, and answers in its form.

What the server cannot evaluate it does not answer: a query that is no Overpass QL gets the page with status 400, one
that is, but uses what is not written in ``overpass_ql``, raises `NotUnderstood` in the test.
"""

from __future__ import annotations

import html
import json
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.loopback.messages import Request, Response, html_response
from tests.loopback.overpass_ql import KINDS, Elements, Found, NotUnderstood, ParseError, Parser

GENERATOR = "Overpass API 0.7.62.8 e802775f"
COPYRIGHT = "The data included in this document is from www.openstreetmap.org. The data is made available under ODbL."
STOCK_AGENTS = re.compile(r"|(python-requests|python-urllib|curl)\b.*", re.IGNORECASE)
"""Agents that say nothing of who asks: refused with 406 since April 2026 (Overpass-API issue 791)."""
TIMED_OUT = 'runtime error: Query timed out in "query" at line 1 after 180 seconds.'


class Overpass:
    """The server. Mount `handle` at the API's path, ``/api`` for instance; the query is the form's field ``data``.

    Parameters
    ----------
    source : Path or Elements
        An extract whose ways have all their nodes.
    timestamp : str
        State of the data, told in each answer. A query as of an earlier day raises `NotUnderstood`.
    """

    def __init__(self, source: Path | Elements, timestamp: str = "2024-01-01T00:00:00Z") -> None:
        self.elements = Elements.read(source) if isinstance(source, Path) else source
        self.timestamp = timestamp

    @classmethod
    def of_answers(cls, answers: Sequence[Mapping[str, Any]]) -> Overpass:
        """A server over what recorded answers hold, as of the earliest of them."""
        stamps = [str(answer["osm3s"]["timestamp_osm_base"]) for answer in answers]
        return cls(Elements.of_answers(answers), min(stamps))

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        if STOCK_AGENTS.fullmatch(request.headers.get("User-Agent", "").strip()):
            return html_response("406 Not Acceptable", "An appropriate representation could not be found.", 406)
        page = request.path.rsplit("/", 1)[-1]
        if page == "status":
            return Response(body=self.status().encode(), content_type="text/plain")
        if page == "timestamp":
            return Response(body=f"{self.timestamp}\n".encode(), content_type="text/plain")
        if page != "interpreter":
            return html_response("404 Not Found", f"Nothing is at {request.path}.", 404)
        try:
            answer = self.answer(request.first("data"))
        except ParseError as error:
            return _refusal(str(error))
        return Response(body=json.dumps(answer, indent=2).encode(), content_type="application/json")

    def status(self) -> str:
        """The page ``/status`` of a server that has slots."""
        lines = ("Connected as: 2130706433", f"Current time: {self.timestamp}", "Announced endpoint: none")
        running = "Currently running queries (pid, space limit, time limit, start time):"
        return "\n".join([*lines, "Rate limit: 2", "2 slots available now.", running, ""])

    def answer(self, query: str) -> dict[str, Any]:
        """The answer to a query in Overpass QL.

        Raises
        ------
        ParseError, NotUnderstood
        """
        settings, statements = Parser(query).read()
        if settings.get("out", "xml") != "json":
            raise NotUnderstood("Answers are in JSON only: the query has no [out:json].")
        stamp = settings.get("date", self.timestamp)
        if stamp < self.timestamp:
            raise NotUnderstood(f"The extract is of {self.timestamp} and has no history: date {stamp!r}.")
        held: Found = frozenset()
        told: list[dict[str, Any]] = []
        for statement in statements:
            if statement is None:
                told += self._told(held)
            else:
                held = statement(self.elements, held)
        head = {"version": 0.6, "generator": GENERATOR}
        return head | {"osm3s": {"timestamp_osm_base": stamp, "copyright": COPYRIGHT}, "elements": told}

    def _told(self, held: Found) -> Iterator[dict[str, Any]]:
        for kind, number in sorted(held, key=lambda one: (KINDS.index(one[0]), one[1])):
            element = self.elements.element(kind, number)
            if element is not None:
                yield element


def remark(body: bytes) -> bytes:
    """A whole answer made partial, as a server that ran out of time gives it: half of it, and why (with status 200)."""
    answer = json.loads(body)
    answer["elements"] = answer["elements"][: len(answer["elements"]) // 2]
    return json.dumps(answer | {"remark": TIMED_OUT}, indent=2).encode()


@contextmanager
def osmnx_asking(url: str, **settings: Any) -> Iterator[Any]:
    """osmnx with a server as its Overpass, without cache and waiting; all that it changes is put back afterwards.

    Parameters
    ----------
    url : str
        The API, ``http://127.0.0.1:PORT/api``.
    **settings
        More of ``osmnx.settings``.
    """
    import osmnx

    kept = {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("_")}
    lookup = socket.getaddrinfo
    told = {"overpass_url": url, "overpass_rate_limit": False, "doh_url_template": None, "use_cache": False}
    try:
        for name, value in {**told, **settings}.items():
            setattr(osmnx.settings, name, value)
        yield osmnx
    finally:
        for name, value in kept.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = lookup


def _refusal(message: str) -> Response:
    """The page of a server that cannot parse a query."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"\n'
    head += '    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">\n'
    told = f'<p><strong style="color:#FF0000">Error</strong>: {html.escape(message, quote=False)} </p>'
    page = f"{head}<head><title>OSM3S Response</title></head>\n<body>\n<p>{COPYRIGHT}</p>\n{told}\n</body>\n</html>\n"
    return Response(400, page.encode(), "text/html; charset=utf-8")
