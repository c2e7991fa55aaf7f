"""The loopback server itself: what it answers, and every fault as a plain client of the standard library meets it."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from tests.loopback.faults import every
from tests.loopback.server import (
    CERTIFICATE,
    Fault,
    Loopback,
    Request,
    Response,
    json_response,
    refused_url,
)
from tests.timed import within

TRUTH = {"places": ["Nowhere"] * 20}
BODY = json.dumps(TRUTH).encode()
PATIENCE = 10.0  # longest that any client here waits at one go, in seconds


def truth(request: Request) -> Response:
    return json_response(TRUTH)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(truth) as running:
        yield running


class Answer:
    """A client's view of an answer, redirects not followed."""

    def __init__(self, url: str, path: str = "/data", method: str = "GET", timeout: float = PATIENCE) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
        self.connection.request(method, path)
        self.response = self.connection.getresponse()
        self.status, self.headers = self.response.status, self.response.headers

    def read(self) -> bytes:
        try:
            return self.response.read()
        finally:
            self.connection.close()


# --- answers


def test_it_answers_and_remembers_in_order(server: Loopback) -> None:
    assert urllib.request.urlopen(f"{server.url}/a%20b?x=1+2&in=p&in=q&empty=", timeout=PATIENCE).read() == BODY
    form = urllib.request.Request(f"{server.url}/ask", data=b"data=%5Bout%5D&n=1", headers={"X-Who": "me"})
    assert json.load(urllib.request.urlopen(form, timeout=PATIENCE)) == TRUTH
    first, second = server.requests
    assert (first.method, first.path, first.raw_query) == ("GET", "/a b", "x=1+2&in=p&in=q&empty=")
    assert first.query == {"x": ["1 2"], "in": ["p", "q"], "empty": [""]}
    assert (first.first("in"), first.first("empty", "?"), first.first("data", "?")) == ("p", "", "?")
    assert (second.method, second.body, second.first("data")) == ("POST", b"data=%5Bout%5D&n=1", "[out]")
    assert second.headers["x-who"] == second.headers["X-WHO"] == "me"
    assert "X-Who" in second.headers and "X-Other" not in second.headers


def test_a_connection_serves_several_requests(server: Loopback) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    for _ in range(3):
        connection.request("GET", "/data")
        held = connection.sock
        assert connection.getresponse().read() == BODY
        assert connection.sock is held is not None
    connection.close()
    assert len(server.requests) == 3


def test_head_has_the_length_and_no_body(server: Loopback) -> None:
    answer = Answer(server.url, method="HEAD")
    assert (answer.headers["Content-Length"], answer.headers["Content-Type"]) == (
        str(len(BODY)),
        "application/json;charset=utf-8",
    )
    assert answer.read() == b""


def test_many_at_once_are_all_remembered_and_faults_are_counted(server: Loopback) -> None:
    server.fail(Fault.status(503), times=3)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(Answer(server.url).status)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(found) == [200] * 17 + [503] * 3
    assert len(server.requests) == 20


def test_an_error_of_the_handler_comes_out_of_the_block() -> None:
    def broken(request: Request) -> Response:
        raise KeyError("the handler's own")

    with pytest.raises(KeyError, match="the handler's own"), Loopback(broken) as server:  # noqa: SIM117
        with pytest.raises(http.client.RemoteDisconnected):
            Answer(server.url)


def test_an_error_of_the_handler_is_noted_on_the_error_of_the_test() -> None:
    def broken(request: Request) -> Response:
        raise KeyError("the handler's own")

    with pytest.raises(http.client.RemoteDisconnected) as caught, Loopback(broken) as server:
        Answer(server.url)
    assert any("the handler's own" in note for note in caught.value.__notes__)


def test_nobody_listens_after_the_block_and_at_the_refused_address() -> None:
    with Loopback(truth) as server:
        Answer(server.url).read()
    for url in (server.url, refused_url()):
        with within(PATIENCE), pytest.raises(ConnectionRefusedError):
            Answer(url)


def test_its_certificate_is_refused_unless_trusted() -> None:
    with Loopback(truth, tls=True) as server:
        assert server.url.startswith("https://127.0.0.1:")
        with pytest.raises(urllib.error.URLError) as refused:
            urllib.request.urlopen(server.url, timeout=PATIENCE)
        assert isinstance(refused.value.reason, ssl.SSLCertVerificationError)
        assert server.requests == []
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
        assert urllib.request.urlopen(server.url, timeout=PATIENCE, context=trusting).read() == BODY


@pytest.mark.parametrize("make", [Fault.reset, Fault.reset_in_body])
def test_resets_work_on_encrypted_connections(make: Callable[[], Fault]) -> None:
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with Loopback(truth, tls=True) as server:
        server.fail(make())
        with within(PATIENCE), pytest.raises(ConnectionResetError):
            urllib.request.urlopen(server.url, timeout=PATIENCE, context=trusting).read()


# --- faults


def test_reset_comes_before_a_word(server: Loopback) -> None:
    server.fail(Fault.reset())
    with within(PATIENCE), pytest.raises(ConnectionResetError):
        Answer(server.url)
    assert Answer(server.url).read() == BODY


def test_silence_outlasts_the_client(server: Loopback) -> None:
    server.fail(Fault.silence())
    with within(PATIENCE), pytest.raises(TimeoutError):
        Answer(server.url, timeout=0.2)


def test_silence_ends_after_its_seconds(server: Loopback) -> None:
    server.fail(Fault.silence(0.1))
    with within(PATIENCE), pytest.raises(http.client.RemoteDisconnected):
        Answer(server.url)


@pytest.mark.parametrize("end", [Loopback.calm, Loopback.close], ids=["calm", "close"])
@pytest.mark.parametrize(
    "fault", [Fault.silence(), Fault.slow_drip(30.0), Fault.slow_headers(30.0)], ids=lambda f: f.name
)
def test_who_waits_on_purpose_is_let_go(server: Loopback, fault: Fault, end: Callable[[Loopback], None]) -> None:
    server.fail(fault, times=-1)
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            Answer(server.url, timeout=30.0).read()
        except (OSError, http.client.HTTPException) as error:
            ended.append(error)

    client = threading.Thread(target=ask)
    client.start()
    while not server.requests:
        time.sleep(0.005)
    with within(PATIENCE):
        end(server)
        client.join(PATIENCE)
    assert len(ended) == 1


def test_a_client_that_never_speaks_holds_nobody_up() -> None:
    with within(PATIENCE):
        for tls in (False, True):
            with (
                Loopback(truth, tls=tls) as server,
                socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=PATIENCE),
            ):
                pass


def test_slow_drip_gives_the_header_at_once_and_the_body_by_the_byte() -> None:
    with Loopback(lambda request: Response(body=b"0123456789" * 2)) as server:
        server.fail(Fault.slow_drip(0.05))
        begun = time.monotonic()
        answer = Answer(server.url, timeout=0.8)  # no single wait is as long as that
        header = time.monotonic() - begun
        assert answer.headers["Content-Length"] == "20"
        assert answer.read() == b"0123456789" * 2
        assert 0.9 < time.monotonic() - begun < PATIENCE and header < (time.monotonic() - begun) / 2


def test_slow_headers_take_their_time(server: Loopback) -> None:
    server.fail(Fault.slow_headers(0.002))
    begun = time.monotonic()
    with within(PATIENCE):
        assert Answer(server.url, timeout=0.5).read() == BODY
    assert time.monotonic() - begun > 0.2  # the header has over a hundred bytes


def test_reset_in_the_body_comes_after_half_of_it(server: Loopback) -> None:
    server.fail(Fault.reset_in_body(), times=2)
    answer = Answer(server.url)
    assert answer.response.read(len(BODY) // 2) == BODY[: len(BODY) // 2]
    with within(PATIENCE), pytest.raises(ConnectionResetError):
        answer.read()


@pytest.mark.parametrize("fault", [Fault.truncated(), Fault.truncated_chunks()], ids=lambda f: f.name)
def test_a_truncated_body_ends_in_good_order(server: Loopback, fault: Fault) -> None:
    server.fail(fault)
    answer = Answer(server.url)
    with within(PATIENCE), pytest.raises(http.client.IncompleteRead) as cut:
        answer.read()
    assert cut.value.partial == BODY[: len(BODY) // 2]
    told = answer.headers["Content-Length"]
    assert told == (str(len(BODY)) if fault.name == "truncated" else None)


@pytest.mark.parametrize("code", [204, 400, 403, 404, 429, 500, 503, 504])
def test_statuses(server: Loopback, code: int) -> None:
    server.fail(Fault.status(code, b"told", {"X-Why": "test"}))
    answer = Answer(server.url)
    assert (answer.status, answer.headers["X-Why"]) == (code, "test")
    assert answer.headers["Content-Length"] == (None if code == 204 else "4")
    assert answer.read() == (b"" if code == 204 else b"told")


def test_too_many_requests_with_and_without_a_time(server: Loopback) -> None:
    for fault in (Fault.too_many(), Fault.too_many(7), Fault.too_many(7, as_date=True)):
        server.fail(fault)
    none, seconds, date = (Answer(server.url) for _ in range(3))
    assert [answer.status for answer in (none, seconds, date)] == [429] * 3
    assert (none.headers["Retry-After"], seconds.headers["Retry-After"]) == (None, "7")
    ahead = parsedate_to_datetime(date.headers["Retry-After"]).timestamp() - time.time()
    assert 4.0 < ahead < 8.0
    for answer in (none, seconds, date):
        answer.read()


def test_a_redirect_leads_to_a_page_that_comes_with_200(server: Loopback) -> None:
    server.fail(Fault.redirect_to_page(), times=-1)  # the page itself is spared
    found = urllib.request.urlopen(f"{server.url}/data", timeout=PATIENCE)
    assert (found.status, found.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<html>" in found.read()
    assert [request.path for request in server.requests] == ["/data", "/__loopback__/page"]


def test_a_redirect_loop_never_comes_twice_to_one_address(server: Loopback) -> None:
    server.fail(Fault.redirect_loop())
    path, seen = "/data", set()
    for _ in range(30):
        answer = Answer(server.url, path)
        assert answer.status == 302
        answer.read()
        seen.add(path)
        path = answer.headers["Location"]
    assert len(seen) == 30
    server.fail(Fault.redirect_loop())
    with within(PATIENCE), pytest.raises(urllib.error.HTTPError, match="infinite loop"):
        urllib.request.urlopen(f"{server.url}/data", timeout=PATIENCE)


@pytest.mark.parametrize(
    ("fault", "kind", "body"),
    [
        (Fault.content_type(), "text/html; charset=utf-8", BODY),
        (Fault.content_type("text/csv"), "text/csv", BODY),
        (Fault.cut(), "application/json;charset=utf-8", BODY[: len(BODY) // 2]),
        (Fault.empty_list(), "application/json", b"[]"),
        (Fault.empty(), "application/json;charset=utf-8", b""),
        (Fault.body(bytes.upper), "application/json;charset=utf-8", BODY.upper()),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_wrong_content_comes_whole_and_with_200(server: Loopback, fault: Fault, kind: str, body: bytes) -> None:
    server.fail(fault)
    answer = Answer(server.url)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.read() == body


def test_a_page_comes_where_data_were_due(server: Loopback) -> None:
    server.fail(Fault.html())
    server.fail(Fault.html("application/json"))
    plain, disguised = Answer(server.url), Answer(server.url)
    assert (plain.status, plain.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert disguised.headers["Content-Type"] == "application/json"
    for answer in (plain, disguised):
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.read())


def test_a_damaged_compression_cannot_be_undone(server: Loopback) -> None:
    server.fail(Fault.damaged_gzip())
    answer = Answer(server.url)
    assert answer.headers["Content-Encoding"] == "gzip"
    with pytest.raises((OSError, EOFError, zlib.error)):
        gzip.decompress(answer.read())


@pytest.mark.parametrize("fault", every(pause=0.001), ids=lambda f: f.name)
def test_after_any_fault_the_next_request_is_served(server: Loopback, fault: Fault) -> None:
    server.fail(fault)
    with within(2 * PATIENCE):
        with suppress(OSError, http.client.HTTPException):  # what each fault looks like is tested above
            urllib.request.urlopen(server.url, timeout=0.1).read()
        assert Answer(server.url).read() == BODY


def test_every_fault_has_its_own_name() -> None:
    names = [fault.name for fault in every()]
    assert len(set(names)) == len(names) == 25


def test_faults_come_in_order_as_often_as_told_and_where_told(server: Loopback) -> None:
    server.fail(Fault.status(503), times=2, when=lambda request: request.path == "/tiles")
    server.fail(Fault.status(404), times=1)
    server.fail(Fault.status(500), times=-1, when=lambda request: request.first("bad") == "1")
    asked = ["/tiles", "/other", "/other", "/tiles", "/tiles", "/x?bad=1", "/x?bad=1", "/x"]
    assert [Answer(server.url, path).status for path in asked] == [503, 404, 200, 503, 200, 500, 500, 200]
    server.calm()
    assert Answer(server.url, "/x?bad=1").status == 200
