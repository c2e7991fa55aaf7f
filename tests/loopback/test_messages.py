"""Parts of files and routes, without a wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.loopback.messages import Headers, Request, Response, ranged, router

DIGITS = Response(200, b"0123456789", "image/tiff", {"ETag": '"one"'})


@pytest.mark.parametrize(
    ("asked", "status", "told", "body"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=4-4", 206, "bytes 4-4/10", b"4"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=7-99", 206, "bytes 7-9/10", b"789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=10-12", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=5-2", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
        ("bytes=0-1,4-5", 200, None, b"0123456789"),
        ("pages=0-1", 200, None, b"0123456789"),
        ("", 200, None, b"0123456789"),
    ],
)
def test_ranges(asked: str, status: int, told: str | None, body: bytes) -> None:
    found = ranged(Request("GET", "/a.tif", headers=Headers([("range", asked)])), DIGITS)
    assert (found.status, found.headers.get("Content-Range"), found.body) == (status, told, body)
    assert found.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(("state", "status"), [('"one"', 206), ('"other"', 200)])
def test_a_range_of_another_state_of_the_file_is_the_whole(state: str, status: int) -> None:
    headers = Headers([("Range", "bytes=0-3"), ("If-Range", state)])
    assert ranged(Request("GET", "/a.tif", headers=headers), DIGITS).status == status


def test_routes_go_by_the_longest_path_and_end_with_its_parts() -> None:
    def say(word: str) -> Callable[[Request], Response]:
        return lambda request: Response(body=word.encode())

    handle = router({"/data": say("data"), "/data/2024/": say("year"), "/": say("all")})
    asked: dict[str, Any] = {"/data": "data", "/data/x": "data", "/data/2024": "year", "/data/2024/a": "year"}
    asked |= {"/database": "all", "/": "all"}
    assert {path: handle(Request("GET", path)).body.decode() for path in asked} == asked
    missing = router({"/data": say("data")})(Request("GET", "/database"))
    assert (missing.status, missing.content_type) == (404, "text/html; charset=utf-8")
