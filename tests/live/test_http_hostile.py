"""Servers that do what none should: they drip, swell, lead astray, break off, and tell nonsense in their headers.

Each call ends in bounded time and memory, in words, and where what came is good, in all of it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import time
import tracemalloc
import zlib
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import expect, failures, redirects
from justgeo.sources.live.ask import Ask, Tools, bring
from justgeo.sources.live.deadline import Deadline, Pace
from justgeo.sources.live.http import Call, Client, Got, Policy
from justgeo.sources.live.records import Question, Records, Told
from justgeo.sources.live.unpacking import Unpacking
from tests import timed
from tests.live.raw import Line, Play, head, playing
from tests.loopback.server import CERTIFICATE, Loopback, Request, Response, refused_url

CANARY = "canary-key-4711"
SECRET = (("key", CANARY),)
DATA = os.urandom(200_000)
TAG = '"one"'


def service(*urls: str) -> Service:
    return Service("test", "The service", "A publisher", urls, "https://example.org/page", "CC0")


def client(**policy: Any) -> Client:
    told = {"connect_s": 2.0, "read_s": 0.5, "total_s": 1.5, "tries": 1, "pause_s": 0.0, **policy}
    return Client(Policy(**told), sleep=lambda seconds: None)


def get(at: str, folder: Path, call: Call | None = None, check: Any = expect.any_bytes, **policy: Any) -> Got:
    return client(**policy).download(service(at), call or Call("/x"), folder / "f", check=check)


def failure(
    at: str, folder: Path, call: Call | None = None, check: Any = expect.any_bytes, **policy: Any
) -> SourceError:
    """What a call fails with, when it leaves nothing on the disk and no key in its words."""
    with pytest.raises(SourceError) as told:
        get(at, folder, call, check, **policy)
    assert not list(folder.iterdir())
    assert told.value.remedy and CANARY not in str(told.value)
    return told.value


def saying(*pieces: bytes) -> Play:
    return lambda line: line.send(*pieces)


# Slow -------------------------------------------------------------------------------------------------------------


def dripping(*before: bytes, piece: bytes = b"x") -> Play:
    def play(line: Line) -> None:
        line.send(*before)
        line.drip(piece, 0.05)

    return play


CHUNKED = head(200, "Transfer-Encoding: chunked")
DRIPS = {
    "an error's body": (dripping(head(503, "Content-Length: 2000")), "busy"),
    "an error's packed body": (
        dripping(head(503, "Content-Encoding: gzip", "Content-Length: 2000"), b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"),
        "busy",
    ),
    "a file name in gzip's header": (
        dripping(head(200, "Content-Encoding: gzip", "Content-Length: 9999"), b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"),
        "timeout",
    ),
    "the size of a chunk": (dripping(CHUNKED, b"5;"), "partial"),
    "lines after the last chunk": (dripping(CHUNKED, b"3\r\nabc\r\n0\r\n", piece=b"a: b\r\n"), "partial"),
    "a header": (dripping(b"HTTP/1.1 200 OK\r\nA: "), "timeout"),
    "headers before the header": (dripping(piece=b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout"),
    "a redirect's body": (dripping(head(302, "Location: /x", "Content-Length: 9999")), "damaged"),
}


@pytest.mark.parametrize("name", DRIPS)
def test_a_drip_ends_in_time_wherever_it_falls(name: str, tmp_path: Path) -> None:
    play, kind = DRIPS[name]
    with playing(play) as server:
        with timed.waits(1.1):
            found = failure(server.url, tmp_path, read_s=0.2, total_s=1.1)
        assert found.kind == kind


def test_what_was_heard_of_an_error_is_told_though_the_rest_drips(tmp_path: Path) -> None:
    with playing(dripping(head(503, "Content-Length: 2000"), b"Down until noon. ")) as server:
        assert "Down until noon" in failure(server.url, tmp_path, total_s=0.5).message


def test_a_packed_error_is_told_in_words(tmp_path: Path) -> None:
    said = gzip.compress(b"No such county.")
    with playing(saying(head(400, "Content-Encoding: gzip", f"Content-Length: {len(said)}"), said)) as server:
        assert "No such county" in failure(server.url, tmp_path).message


def test_the_thread_of_a_call_that_was_left_ends_with_its_server(tmp_path: Path) -> None:
    with playing(DRIPS["the size of a chunk"][0]) as server:
        failure(server.url, tmp_path, read_s=0.2, total_s=1.1)
    until = time.monotonic() + 10
    while (left := [t for t in threading.enumerate() if t.name == "justgeo-call"]) and time.monotonic() < until:
        time.sleep(0.02)
    assert not left


def test_a_knock_is_bounded_too(tmp_path: Path) -> None:
    with playing(dripping(CHUNKED, b"5;")) as server, timed.waits(1.1), pytest.raises(SourceError):
        client(read_s=0.2, total_s=1.1).knock(service(server.url), Call("/"))


def test_a_knock_unpacks_what_it_shows() -> None:
    said = gzip.compress(b'{"a": 1}')
    with playing(saying(head(200, "Content-Encoding: gzip", f"Content-Length: {len(said)}"), said)) as server:
        assert client().knock(service(server.url), Call("/")).head == b'{"a": 1}'


# A large file on a slow line --------------------------------------------------------------------------------------


def steadily(pieces: int, size: int, every_s: float, *fields: str) -> Play:
    def play(line: Line) -> None:
        line.send(head(200, f"Content-Length: {pieces * size}", *fields))
        for _ in range(pieces):
            line.send(b"x" * size)
            if line.over.wait(every_s):
                return

    return play


def test_a_file_that_keeps_coming_has_the_time_that_it_takes(tmp_path: Path) -> None:
    with playing(steadily(40, 5_000, 0.03)) as server:  # 1.2 s and more, of which 0.4 s are allowed to anything
        got = get(server.url, tmp_path, total_s=0.4, least_bytes_per_s=32_000)
        assert got.size == 200_000 and len(server.seen) == 1


def test_without_a_told_length_there_is_no_more_time(tmp_path: Path) -> None:
    def play(line: Line) -> None:
        line.send(head(200))
        line.drip(b"x" * 5_000, 0.03)

    with playing(play) as server:
        with timed.waits(0.5):
            found = failure(server.url, tmp_path, total_s=0.5, least_bytes_per_s=32_000, stall_s=0.5)
        assert found.kind == "partial"  # much came: that does not say that the service answers nobody


def test_a_drip_of_a_told_length_gains_no_time(tmp_path: Path) -> None:
    with playing(dripping(head(200, "Content-Length: 1000000000"))) as server:
        with timed.waits(0.5):
            found = failure(server.url, tmp_path, total_s=0.5)
        assert found.kind == "timeout"  # so little is no answer


def test_a_line_on_which_the_file_cannot_come_is_left_early(tmp_path: Path) -> None:
    with playing(steadily(1000, 1_000, 0.05)) as server:  # 20 kB a second, a megabyte
        with timed.waits(0.4):
            found = failure(server.url, tmp_path, total_s=20.0, least_bytes_per_s=32_000, stall_s=0.4)
        assert found.kind == "partial" and "too slowly" in found.message


def test_a_small_file_may_come_as_slowly_as_it_likes(tmp_path: Path) -> None:
    with playing(steadily(20, 100, 0.05)) as server:  # 2 kB a second, but the whole comes in time
        assert get(server.url, tmp_path, total_s=10.0, least_bytes_per_s=32_000, stall_s=0.2).size == 2_000


def test_bytes_of_a_file_buy_time_once_each() -> None:
    now = [100.0]
    deadline = Deadline(lambda: now[0], 10.0, least_bytes_per_s=1_000.0)
    deadline.came(5_000)
    assert deadline.left == 15.0
    deadline.came(4_000)  # begun anew
    deadline.came(5_000)
    assert deadline.left == 15.0
    deadline.came(6_000)
    now[0] += 3.0
    assert deadline.left == 13.0 and deadline.sooner(5.0).left == 5.0 and deadline.sooner(50.0).left == 13.0


def test_the_pace_is_that_since_it_was_told_last() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0], 60.0, 1_000)
    now[0] = 59.0
    assert pace.at(500_000) is None
    now[0] = 100.0
    assert pace.at(101_000) == 1_000.0
    now[0] = 160.0
    assert pace.at(101_000) == 0.0


def test_a_large_file_that_stalls_does_not_shut_its_service(tmp_path: Path) -> None:
    def stalling(line: Line) -> None:
        if line.first == "GET /small":
            line.send(head(200, "Content-Length: 4"), b"fine")
        else:
            line.send(head(200, "Content-Length: 9000000"), DATA)
            line.over.wait(10)

    def ask(path: str) -> Ask:
        def fetch(folder: Path, tools: Tools) -> Told:
            tools.client.download(service(server.url), Call(path), folder / "f")
            return Told("P", "d", "", "CC0", retrieved="2024-01-01T00:00:00+00:00")

        return Ask(Question(path, "test", {"path": path}), (path,), fetch, lambda record, others: {}, where=server.url)

    with playing(stalling) as server:
        tools = Tools(client(read_s=0.3, total_s=5.0), {})
        found = bring([ask("/large"), ask("/small")], Records(tmp_path), tools)
    assert {label: one.kind for label, one in found.failures.items()} == {"/large": "partial"}
    assert found.fetched == ("/small",)


# Taken up again where it broke off --------------------------------------------------------------------------------


def breaking(share: float, *fields: str, of: bytes = DATA) -> Play:
    """So much of the file, under its whole length, and the end of the connection."""

    def play(line: Line) -> None:
        line.send(head(200, f"Content-Length: {len(of)}", *fields), of[: int(len(of) * share)])
        line.reset()

    return play


def rest(*fields: str, of: bytes = DATA, share: float = 1.0, shift: int = 0, whole: int | None = None) -> Play:
    """What the request's range wants, or so much of it."""

    def play(line: Line) -> None:
        start = int(line.field("Range").removeprefix("bytes=").removesuffix("-")) + shift
        told = f"Content-Range: bytes {start}-{len(of) - 1}/{len(of) if whole is None else whole}"
        line.send(head(206, told, f"Content-Length: {len(of) - start}", *fields))
        line.send(of[start : start + int((len(of) - start) * share)])
        line.reset()

    return play


ALL = saying(head(200, f"Content-Length: {len(DATA)}", f"ETag: {TAG}"), DATA)
OLD, NOW = formatdate(1_700_000_000, usegmt=True), formatdate(1_750_000_000, usegmt=True)


def whole(got: Got) -> bool:
    """Whether a file is DATA, by its bytes and by what is told of it."""
    same = got.path.read_bytes() == DATA and got.sha256 == hashlib.sha256(DATA).hexdigest() and got.size == len(DATA)
    return same and got.status == 200 and got.headers["Content-Length"] == str(len(DATA))


def test_the_rest_is_asked_for_and_the_digest_is_of_the_whole(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with playing(breaking(0.5, f"ETag: {TAG}"), rest(f"ETag: {TAG}", share=0.5), rest(f"ETag: {TAG}")) as server:
        got = client(tries=3).download(
            service(server.url), Call("/x"), tmp_path / "f", progress=lambda done, all_: seen.append((done, all_))
        )
        first, second, third = server.seen
    assert whole(got) and [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (first.field("Range"), second.field("Range"), third.field("Range")) == ("", "bytes=100000-", "bytes=150000-")
    assert (first.field("If-Range"), second.field("If-Range"), third.field("If-Range")) == ("", TAG, TAG)
    assert second.field("Accept-Encoding") == "identity"
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) and seen[-1] == (200_000, 200_000)


def test_silence_in_the_middle_is_as_a_break(tmp_path: Path) -> None:
    def stopping(line: Line) -> None:
        line.send(head(200, f"Content-Length: {len(DATA)}", f"ETag: {TAG}"), DATA[:80_000])
        line.over.wait(10)

    with playing(stopping, rest()) as server:
        assert whole(get(server.url, tmp_path, tries=2, read_s=0.3, total_s=5.0))
        assert server.seen[1].field("Range") == "bytes=80000-"
    (tmp_path / "f").unlink()
    with playing(stopping) as server:
        assert failure(server.url, tmp_path, read_s=0.3, total_s=5.0).kind == "partial"


def test_a_date_long_before_the_answer_is_as_good_as_a_tag(tmp_path: Path) -> None:
    fields = (f"Last-Modified: {OLD}", f"Date: {NOW}")
    with playing(breaking(0.5, *fields), rest(*fields)) as server:
        assert whole(get(server.url, tmp_path, tries=2))
        assert server.seen[1].field("If-Range") == OLD


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ('ETag: W/"one"',),
        ('ETag: W/"one"', f"Last-Modified: {OLD}", f"Date: {NOW}"),  # RFC 9110, 13.1.5: the date stands in for no tag
        ("ETag: one",),
        (f"Last-Modified: {OLD}",),
        (f"Last-Modified: {NOW}", f"Date: {NOW}"),  # it may have changed twice within that second
        ("Last-Modified: yesterday", f"Date: {NOW}"),
        (f"ETag: {TAG}", "Accept-Ranges: none"),
    ],
)
def test_what_may_have_changed_is_begun_anew(fields: tuple[str, ...], tmp_path: Path) -> None:
    with playing(breaking(0.5, *fields), ALL) as server:
        assert whole(get(server.url, tmp_path, tries=2))
        assert server.seen[1].field("Range") == "" and len(server.seen) == 2


OTHER = bytes(reversed(DATA))
CHANGED: dict[str, Play] = {
    "the whole instead": ALL,
    "another tag": rest('ETag: "two"', of=OTHER),
    "another date": rest(f"ETag: {TAG}", f"Last-Modified: {NOW}"),
    "another length": rest(f"ETag: {TAG}", whole=len(DATA) + 1),
    "another place": rest(f"ETag: {TAG}", shift=1),
    "no place": saying(head(206, "Content-Length: 5"), b"abcde"),
    "nonsense for a place": saying(head(206, "Content-Range: bytes \xb2-3/\xb3", "Content-Length: 5"), b"abcde"),
    "packed": rest(f"ETag: {TAG}", "Content-Encoding: gzip"),
    "nothing there": saying(head(416, "Content-Length: 0")),
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_answer_that_is_not_the_rest_begins_anew(name: str, tmp_path: Path) -> None:
    begun = breaking(0.5, f"ETag: {TAG}", f"Last-Modified: {OLD}", f"Date: {NOW}")
    with playing(begun, CHANGED[name], ALL) as server:
        assert whole(get(server.url, tmp_path, tries=2))
        assert server.seen[1].field("Range") == "bytes=100000-"
        assert [line.field("Range") for line in server.seen[2:]] == ([] if name == "the whole instead" else [""])


def test_what_was_refused_as_a_whole_is_not_taken_up_again(tmp_path: Path) -> None:
    def check(path: Path, where: str) -> None:
        if path.read_bytes() != DATA:
            raise SourceError("Not it.", remedy="Another.", kind="damaged")

    wrong = saying(head(200, "Content-Length: 3", f"ETag: {TAG}"), b"abc")
    with playing(wrong, ALL) as server:
        assert whole(get(server.url, tmp_path, tries=2, check=check)) and server.seen[1].field("Range") == ""
    mixed = rest(f"ETag: {TAG}", of=OTHER)  # the server says that it is the same, and it is not
    with playing(breaking(0.5, f"ETag: {TAG}"), mixed, ALL) as server:
        assert whole(get(server.url, tmp_path, tries=3, check=check))
        assert [line.field("Range") for line in server.seen] == ["", "bytes=100000-", ""]


def test_a_refusal_in_between_loses_nothing(tmp_path: Path) -> None:
    busy = saying(head(503, "Content-Length: 0"))
    with playing(breaking(0.5, f"ETag: {TAG}"), busy, rest()) as server:
        assert whole(get(server.url, tmp_path, tries=3))
        assert [line.field("Range") for line in server.seen] == ["", "bytes=100000-", "bytes=100000-"]


def test_neither_a_mirror_nor_the_next_call_takes_up_what_another_began(tmp_path: Path) -> None:
    one = client(tries=1)
    with playing(breaking(0.5, f"ETag: {TAG}")) as broken, playing(ALL) as mirror:
        got = one.download(service(broken.url, mirror.url), Call("/x"), tmp_path / "f")
        assert whole(got) and mirror.seen[0].field("Range") == ""
        with pytest.raises(SourceError) as told:
            one.download(service(broken.url), Call("/x"), tmp_path / "g")
        assert told.value.kind == "partial" and sorted(path.name for path in tmp_path.iterdir()) == ["f"]
    with playing(ALL) as server:
        assert whole(one.download(service(server.url), Call("/x"), tmp_path / "g"))
        assert server.seen[0].field("Range") == ""


@pytest.mark.parametrize(
    "call", [Call("/x", form={"a": "b"}), Call("/x", headers={"Range": "bytes=0-199999"})], ids=["post", "range"]
)
def test_a_question_or_a_part_is_not_taken_up_again(call: Call, tmp_path: Path) -> None:
    with playing(breaking(0.5, f"ETag: {TAG}"), ALL) as server:
        get(server.url, tmp_path, call, tries=2)
        assert server.seen[1].field("Range") == server.seen[0].field("Range")


def test_more_than_the_whole_is_not_the_whole(tmp_path: Path) -> None:
    def more(line: Line) -> None:
        line.send(head(206, f"Content-Range: bytes 100000-199999/{len(DATA)}", "Content-Length: 100005"))
        line.send(DATA[100_000:], b"extra")

    with playing(breaking(0.5, f"ETag: {TAG}"), more, ALL) as server:
        assert whole(get(server.url, tmp_path, tries=3)) and server.seen[2].field("Range") == ""


def test_a_part_that_nobody_asked_for_is_none_of_the_whole(tmp_path: Path) -> None:
    with playing(saying(head(206, "Content-Range: bytes 0-2/9", "Content-Length: 3"), b"abc")) as server:
        assert failure(server.url, tmp_path).kind == "partial"


def test_the_loopback_server_gives_the_rest_as_a_file_server_does(tmp_path: Path) -> None:
    """Against a server that is not made for it: If-Range and all."""
    from tests.loopback.faults import Fault
    from tests.loopback.files import FileTree

    with Loopback(FileTree({"/x": DATA}).handle) as server:
        server.fail(Fault.reset_in_body(0.3), times=1)
        assert whole(get(server.url, tmp_path, tries=2))
        assert server.requests[1].headers["Range"] == "bytes=60000-"


# Redirects --------------------------------------------------------------------------------------------------------


def sends(status: int, location: str, *fields: str) -> Play:
    return saying(head(status, f"Location: {location}", "Content-Length: 0", *fields))


FINE = saying(head(200, "Content-Length: 4"), b"fine")


@pytest.mark.parametrize(
    ("status", "form", "after"),
    [
        (301, True, "GET"),
        (302, True, "GET"),
        (303, True, "GET"),
        (307, True, "POST"),
        (308, True, "POST"),
        (302, False, "GET"),
        (308, False, "GET"),
    ],
)
def test_the_method_after_a_redirect_is_that_of_browsers(status: int, form: bool, after: str, tmp_path: Path) -> None:
    with playing(sends(status, "../other?b=2#part"), FINE) as server:
        call = Call("/folder/x", params=[("a", "1")], form={"data": "question"} if form else None)
        got = get(server.url, tmp_path, call)
        assert server.firsts() == [f"{'POST' if form else 'GET'} /folder/x?a=1", f"{after} /other?b=2"]
        assert server.seen[1].body == (b"data=question" if after == "POST" else b"")
        assert bool(server.seen[1].field("Content-Type")) == (after == "POST")
        assert got.url == f"{server.url}/other"


def test_five_redirects_are_followed_and_no_more(tmp_path: Path) -> None:
    with playing(*[sends(302, f"/{n}") for n in range(5)], FINE) as server:
        assert get(server.url, tmp_path).url == f"{server.url}/4" and len(server.seen) == 6
    (tmp_path / "f").unlink()
    with playing(sends(302, "/again")) as server:
        found = failure(server.url, tmp_path)
        assert found.kind == "damaged" and "back" in found.message and len(server.seen) == 6


def test_a_redirect_without_a_place_is_no_answer(tmp_path: Path) -> None:
    for fields in ((), ("Location: ",)):
        with playing(saying(head(302, *fields, "Content-Length: 0"))) as server:
            assert "302" in failure(server.url, tmp_path).message


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1/x",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1:80/\xff",
        "http://a..b/x",
        f"http://{'a' * 70}.com/x",
        "http:///x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "javascript:alert(1)",
        "data:text/plain,x",
    ],
)
def test_a_place_that_cannot_be_gone_to_is_damaged(location: str, tmp_path: Path) -> None:
    with playing(sends(302, location)) as server:
        assert failure(server.url, tmp_path).kind == "damaged"


def test_a_place_in_other_letters_is_gone_to(tmp_path: Path) -> None:
    with playing(sends(302, "/Ca\u00f1on".encode().decode("latin-1")), FINE) as server:
        get(server.url, tmp_path)
        assert server.firsts()[1] == "GET /Ca%C3%B1on"


def test_what_a_redirect_says_beside_the_place_is_not_read(tmp_path: Path) -> None:
    sent = 0

    def endless(line: Line) -> None:
        nonlocal sent
        line.send(head(302, "Location: /y", "Content-Length: 100000000000"))
        while not line.over.is_set():
            line.send(b"x" * (1 << 20))
            sent += 1 << 20

    tracemalloc.start()
    try:
        with playing(endless, FINE) as server:
            assert get(server.url, tmp_path).size == 4
            time.sleep(0.2)
        assert sent < 32 << 20 and tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


def test_a_key_goes_to_the_service_alone(tmp_path: Path) -> None:
    with playing(FINE) as other, playing(sends(302, f"{other.url}/data?year=2024")) as server:
        got = get(server.url, tmp_path, Call("/x", secret=SECRET))
        assert CANARY in server.seen[0].head and CANARY not in other.seen[0].head and CANARY not in got.url
        assert got.url == f"{other.url}/data"


def test_a_name_and_password_go_to_the_service_alone(tmp_path: Path) -> None:
    with playing(FINE) as other, playing(sends(302, "/inside"), sends(302, f"{other.url}/out")) as server:
        got = get(server.url.replace("//", "//me:secretword@"), tmp_path)
        first, second = server.seen
        assert first.field("Authorization") == second.field("Authorization") != ""
        assert other.seen[0].field("Authorization") == "" and "secretword" not in got.url


def at(url: str, location: str, *, secret: Any = SECRET, method: str = "GET", status: int = 302) -> str:
    hop = redirects.onward(redirects.Hop(method, url), status, location, "Here", secret)
    return hop.url if hop is not None else ""


def test_a_key_is_not_handed_on_to_another_host_though_the_service_says_so() -> None:
    own = f"https://api.example.org/data?key={CANARY}"
    assert at(own, f"https://api.example.org/new?key={CANARY}").endswith(CANARY)
    for other in (f"https://elsewhere.org/?key={CANARY}", f"https://elsewhere.org/{CANARY}"):
        with pytest.raises(SourceError, match="another host") as told:
            at(own, other)
        assert CANARY not in str(told.value) and told.value.kind == "missing" and "elsewhere.org" in told.value.message
    # what only may be a key, since it stands behind a question mark, goes where the service says
    assert at(
        "https://a.org/?file=google_transit.zip",
        "https://b.org/google_transit.zip",
        secret=[("file", "google_transit.zip")],
    )


def test_no_way_leads_from_https_to_http_with_a_key() -> None:
    with pytest.raises(SourceError, match="encrypt") as told:
        at("https://api.example.org/data", "http://api.example.org/data")
    assert told.value.kind == "missing"
    with pytest.raises(SourceError, match="encrypt"):
        at("https://me:word@example.org/data", "http://example.org/data", secret=())
    assert at("https://example.org/a", "http://example.org/b", secret=()) == "http://example.org/b"
    assert at("http://example.org/a", "https://example.org/a") == "https://example.org/a"


@pytest.mark.parametrize("page", ["missing_key.html", "invalid_key.html"])
@pytest.mark.parametrize("place", ["/data/{}", "http://api.example.org/data/{}", "https://www.example.org/{}?a=b"])
def test_the_page_about_keys_is_known_by_its_place(page: str, place: str) -> None:
    with pytest.raises(SourceError) as told:
        at("https://api.example.org/data/2024/acs", place.format(page))
    assert told.value.kind == "key" and ("accept" in told.value.message) == page.startswith("invalid")


@pytest.mark.parametrize(
    ("url", "location", "kept"),
    [
        ("http://me:word@a.org/x", "/y", True),
        ("http://me:word@a.org/x", "http://a.org/y", True),
        ("http://me:word@a.org/x", "https://a.org/y", True),
        ("http://me:word@a.org:8080/x", "https://a.org/y", False),
        ("http://me:word@a.org/x", "http://a.org:8080/y", False),
        ("http://me:word@a.org/x", "http://b.org/y", False),
        ("http://me:word@a.org/x", "//b.org/y", False),
    ],
)
def test_where_a_name_and_password_go_on(url: str, location: str, kept: bool) -> None:
    assert ("me:word@" in at(url, location, secret=())) == kept


def test_from_https_to_http_in_earnest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    with Loopback(lambda request: Response(200, b"fine")) as plain:

        def lead(request: Request) -> Response:
            return Response(302, headers={"Location": f"{plain.url}/y"})

        with Loopback(lead, tls=True) as server:
            assert failure(server.url, tmp_path, Call("/x", secret=SECRET)).kind == "missing" and not plain.requests
            assert get(server.url, tmp_path).url == f"{plain.url}/y"


# Swelling ---------------------------------------------------------------------------------------------------------


def packed(body: bytes, encoding: str, *fields: str) -> Play:
    return saying(head(200, f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}", *fields), body)


def _raw_deflate(body: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(body) + made.flush()


TEXT = b"id,b\n" + b"1,2\n" * 50_000
PACKED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "x-gzip": ("X-Gzip", gzip.compress(TEXT)),
    "two in a row": ("gzip", gzip.compress(TEXT[:77]) + gzip.compress(TEXT[77:])),
    "with blanks behind": ("gzip", gzip.compress(TEXT) + bytes(512)),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without its header": ("deflate", _raw_deflate(TEXT)),
    "not at all": ("identity", TEXT),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_comes_packed_is_unpacked(name: str, tmp_path: Path) -> None:
    encoding, body = PACKED[name]
    with playing(packed(body, encoding)) as server:
        got = get(server.url, tmp_path)
    assert got.path.read_bytes() == TEXT and got.sha256 == hashlib.sha256(TEXT).hexdigest()


@pytest.mark.parametrize("name", [name for name in PACKED if name != "not at all"])
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_pieces_of_any_size_unpack_to_the_same(name: str, piece: int) -> None:
    encoding, body = PACKED[name]
    body = body[:40_000]
    one = Unpacking(encoding.lower())
    out = b"".join(part for at in range(0, len(body), piece) for part in one.pieces(body[at : at + piece]))
    assert out == TEXT and one.whole


@pytest.mark.parametrize("name", ["gzip", "two in a row", "deflate", "deflate without its header"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_half_of_what_is_packed_is_not_the_whole(name: str, share: float, tmp_path: Path) -> None:
    encoding, body = PACKED[name]
    cut = body[: int(len(body) * share)]
    with playing(saying(head(200, f"Content-Encoding: {encoding}"), cut)) as server:
        assert failure(server.url, tmp_path).kind == "partial"


def test_what_is_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    for encoding in ("br", "zstd", "gzip, gzip"):
        with playing(packed(b"whatever", encoding)) as server:
            found = failure(server.url, tmp_path)
            assert found.kind == "damaged" and encoding in found.message


def test_a_file_that_swells_is_cut_off_where_it_is_too_large(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(64 << 20), 9)
    assert len(bomb) < 80_000
    tracemalloc.start()
    try:
        with playing(packed(bomb, "gzip")) as server:
            assert failure(server.url, tmp_path, most_bytes=8 << 20, read_s=5.0, total_s=30.0).kind == "limit"
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_file_asks_to_come_as_it_lies_and_text_may_come_packed(tmp_path: Path) -> None:
    with playing(FINE) as server:
        get(server.url, tmp_path)
        get(server.url, tmp_path, Call("/x", packed=True))
        get(server.url, tmp_path, Call("/x", form={"a": "b"}))
        get(server.url, tmp_path, Call("/x", headers={"accept-encoding": "br"}))
        assert [line.field("Accept-Encoding") for line in server.seen] == ["identity", "gzip", "gzip", "br"]


# Limits -----------------------------------------------------------------------------------------------------------


def test_a_call_may_expect_less_than_the_policy_and_never_more(tmp_path: Path) -> None:
    with playing(saying(head(200, f"Content-Length: {len(DATA)}"), DATA)) as server:
        assert failure(server.url, tmp_path, Call("/x", most_bytes=100)).kind == "limit"
        assert failure(server.url, tmp_path, Call("/x", most_bytes=10**9), most_bytes=100).kind == "limit"
        assert get(server.url, tmp_path, Call("/x", most_bytes=len(DATA))).size == len(DATA)


def test_json_is_read_into_memory_and_so_has_a_limit_of_its_own(tmp_path: Path) -> None:
    told = saying(head(200, f"Content-Length: {6 << 30}"))
    with playing(told) as server, pytest.raises(SourceError) as found:
        client().json(service(server.url), Call("/x"), tmp_path)
    assert found.value.kind == "limit"
    with playing(saying(head(200, "Content-Length: 6"), b"[1, 2]")) as server:
        assert client().json(service(server.url), Call("/x"), tmp_path) == [1, 2]
        with pytest.raises(SourceError, match="bytes, more") as found:
            client().json(service(server.url), Call("/x", most_bytes=5), tmp_path)
        assert found.value.kind == "limit"


# Nonsense in headers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("\xb2", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 365.0 * 86400),
        ("-5", None),
        ("1e3", None),
        ("9" * 400, 365.0 * 86400),
        ("9" * 9000, 365.0 * 86400),
    ],
)
def test_nonsense_for_a_wait_is_no_wait(told: str, seconds: float | None) -> None:
    assert failures.retry_after(told) == seconds


@pytest.mark.parametrize("told", ["\xb2", "-1", "+3", "1_0", "three", "3, 3", "9" * 5000])
def test_nonsense_for_a_length_is_no_length(told: str, tmp_path: Path) -> None:
    def play(line: Line) -> None:
        line.send(head(200, f"Content-Length: {told}"), b"abc")
        line.reset()

    with playing(play) as server:
        try:
            assert get(server.url, tmp_path).size == 3
        except SourceError as error:  # whatever the library below makes of it, it is told in words
            assert error.kind in ("partial", "limit", "damaged")


def test_a_busy_service_that_asks_for_nonsense_is_busy(tmp_path: Path) -> None:
    for told in ("\xb2", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"):
        with playing(saying(head(429, f"Retry-After: {told}", "Content-Length: 0"))) as server:
            assert failure(server.url, tmp_path).kind == "busy"


def test_an_address_that_nobody_listens_at_is_still_refused(tmp_path: Path) -> None:
    assert failure(refused_url(), tmp_path).kind == "refused"
