"""The one place that speaks HTTP, against a server that fails in every way there is."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import expect, failures, http
from justgeo.sources.live.http import Call, Client, Got, Policy
from tests import timed
from tests.loopback.faults import Fault, every
from tests.loopback.server import Loopback, Request, Response, json_response, refused_url

CANARY = "canary-key-4711"
SECRET = (("key", CANARY),)
DATA = {"rows": list(range(4000))}

#: What each fault is to a client that wants JSON; "whole" where it gets it all the same.
KINDS = {
    "reset": "partial",
    "silence": "timeout",
    "slow drip": "timeout",
    "slow headers": "timeout",
    "reset in body": "partial",
    "truncated": "partial",
    "truncated chunks": "partial",
    "status 204": "missing",
    "status 400": "missing",
    "status 403": "missing",
    "status 404": "missing",
    "status 500": "busy",
    "status 503": "busy",
    "status 504": "busy",
    "status 429": "busy",
    "status 429 retry after seconds": "busy",
    "status 429 retry after date": "busy",
    "redirect to page": "damaged",
    "redirect loop": "damaged",
    "wrong content type": "whole",
    "page instead": "damaged",
    "cut body": "damaged",
    "empty list": "whole",
    "empty body": "partial",
    "damaged gzip": "damaged",
}


def answer(request: Request) -> Response:
    return json_response(DATA)


def service(*urls: str) -> Service:
    return Service("test", "The service", "A publisher", urls, "https://example.org/page", "CC0")


def client(**policy: Any) -> Client:
    told = {"connect_s": 1.0, "read_s": 0.6, "total_s": 3.0, "tries": 2, "pause_s": 0.0, **policy}
    return Client(Policy(**told), sleep=lambda seconds: None)


def fetch(one: Client, at: Service, folder: Path, **call: Any) -> Got:
    return one.download(at, Call("/data", **call), folder / "a.json", check=expect.some_json)


@pytest.mark.parametrize("fault", every(), ids=lambda fault: fault.name)
def test_every_fault_ends_in_time_in_words_and_leaves_nothing(fault: Fault, tmp_path: Path) -> None:
    with Loopback(answer) as server:
        server.fail(fault, times=-1)
        kind, told = "whole", ""
        total_s = 1.0 if fault.name.startswith("slow") else 3.0  # a slow one takes all the time that there is
        with timed.waits(total_s):
            try:
                fetch(client(total_s=total_s), service(server.url), tmp_path, secret=SECRET)
            except SourceError as failure:
                kind, told = (
                    failure.kind,
                    str(failure) + repr(failure) + repr(failure.__cause__) + repr(failure.__context__),
                )
                assert failure.remedy and failure.service == "test"
        assert kind == KINDS[fault.name]
        assert CANARY not in told
        assert [p.name for p in tmp_path.iterdir()] == ([] if kind != "whole" else ["a.json"])
        # and once the service is well again, the same call succeeds
        server.calm()
        fetch(client(), service(server.url), tmp_path, secret=SECRET)
        assert expect.parsed((tmp_path / "a.json").read_bytes(), "") == DATA


@pytest.mark.parametrize(
    "fault",
    [Fault.reset(), Fault.reset_in_body(), Fault.truncated(), Fault.status(503), Fault.too_many(1), Fault.cut()],
    ids=lambda fault: fault.name,
)
def test_what_passes_by_itself_is_tried_again(fault: Fault, tmp_path: Path) -> None:
    with Loopback(answer) as server:
        server.fail(fault, times=1)
        got = fetch(client(), service(server.url), tmp_path)
        assert len(server.requests) == 2 and got.size == (tmp_path / "a.json").stat().st_size


@pytest.mark.parametrize("code", [400, 403, 404])
def test_what_will_not_pass_is_not_asked_twice_but_elsewhere(code: int, tmp_path: Path) -> None:
    with Loopback(answer) as one, Loopback(answer) as other:
        one.fail(Fault.status(code), times=-1)
        fetch(client(), service(one.url, other.url), tmp_path)
        assert (len(one.requests), len(other.requests)) == (1, 1)


def test_mirrors_are_asked_in_their_order_and_all_are_named_in_the_end(tmp_path: Path) -> None:
    with Loopback(answer) as server:
        got = fetch(client(), service(refused_url(), server.url), tmp_path)
        assert got.url.startswith(server.url)
    with pytest.raises(SourceError, match="each of its 2 addresses") as told:
        fetch(client(), service(refused_url(), refused_url()), tmp_path)
    assert told.value.kind == "refused" and "online" in told.value.remedy


def test_retry_after_is_obeyed_and_too_long_a_wait_is_told(tmp_path: Path) -> None:
    waited: list[float] = []
    with Loopback(answer) as server:
        patient = Client(Policy(tries=3, total_s=300.0, read_s=2.0), sleep=waited.append)
        server.fail(Fault.too_many(7), times=1)
        fetch(patient, service(server.url), tmp_path)
        assert waited == [7.0]
        server.fail(Fault.too_many(7200), times=-1)
        with pytest.raises(SourceError, match="asks to wait 7200 s"):
            fetch(patient, service(server.url), tmp_path)
        assert waited == [7.0]


def test_pauses_grow(tmp_path: Path) -> None:
    waited: list[float] = []
    with Loopback(answer) as server:
        server.fail(Fault.status(500), times=-1)
        with pytest.raises(SourceError):
            fetch(Client(Policy(tries=4, pause_s=1.0), sleep=waited.append), service(server.url), tmp_path)
    assert [round(w / 2**i, 1) for i, w in enumerate(waited)] == pytest.approx([1.0] * 3, abs=0.21)


def test_a_certificate_that_proves_nothing_is_refused(tmp_path: Path) -> None:
    with Loopback(answer, tls=True) as server:
        with pytest.raises(SourceError, match="prove who it is") as told:
            fetch(client(), service(server.url), tmp_path)
        assert told.value.kind == "tls" and not list(tmp_path.iterdir())


def test_a_body_larger_than_believed_is_cut_off(tmp_path: Path) -> None:
    with Loopback(answer) as server:
        with pytest.raises(SourceError, match="more than such an answer has") as told:
            fetch(client(most_bytes=100), service(server.url), tmp_path)
        server.fail(Fault.truncated_chunks(1.0), times=-1)  # without an announced length it is counted as it comes
        with pytest.raises(SourceError) as also:
            fetch(client(most_bytes=100), service(server.url), tmp_path)
    assert (told.value.kind, also.value.kind) == ("limit", "limit") and not list(tmp_path.iterdir())


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Loopback(answer) as server:
        monkeypatch.setattr(http.Client, "_body", full)
        with pytest.raises(SourceError, match="No space left") as told:
            fetch(client(), service(server.url, server.url), tmp_path)
        assert told.value.kind == "disk" and "room" in told.value.remedy and len(server.requests) == 1


@pytest.mark.parametrize("where", ["missing_key.html", "invalid_key.html"])
def test_a_page_about_keys_is_an_error_that_says_how_to_get_one(where: str, tmp_path: Path) -> None:
    def census(request: Request) -> Response:
        if where in request.path:
            return Response(200, b"<html><body>A valid key must be included.</body></html>", "text/html")
        return Response(302, headers={"Location": f"/data/{where}"})

    with Loopback(census) as server, pytest.raises(SourceError, match="key") as told:
        fetch(client(), service(server.url, server.url), tmp_path, secret=SECRET)
    assert told.value.kind == "key" and "key_signup" in told.value.remedy
    assert len(server.requests) == 1  # neither a second try nor the mirror would mend it, nor is the page read


def test_no_key_in_any_log_even_at_debug(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    odd = (("key", "a b/c&d=é"),)
    with Loopback(answer) as server:
        for secret in (SECRET, odd):
            server.fail(Fault.status(503), times=1)
            fetch(client(), service(server.url), tmp_path, secret=secret)
        assert server.requests[0].first("key") == CANARY and server.requests[-1].first("key") == odd[0][1]
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "GET /data" in text  # urllib3 did log
    for trace in (CANARY, "a b/c", "a+b%2Fc", "a%20b", "%26d"):
        assert trace not in text


def test_a_post_carries_its_form_and_its_name(tmp_path: Path) -> None:
    with Loopback(answer) as server:
        fetch(client(), service(server.url), tmp_path, form={"data": "[out:json];"})
        fetch(client(), service(server.url), tmp_path, document={"bbox": [1, 2]})
        form, document = server.requests
    assert (form.method, form.first("data")) == ("POST", "[out:json];")
    assert document.body == b'{"bbox": [1, 2]}'
    assert form.headers["User-Agent"].startswith("justgeo/")


def test_nothing_is_an_answer_only_where_it_may_be_one(tmp_path: Path) -> None:
    with Loopback(lambda request: Response(204)) as server:
        assert client().json(service(server.url), Call("/x", nothing=True), tmp_path) is None
        with pytest.raises(SourceError, match="204"):
            client().json(service(server.url), Call("/x"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_progress_tells_how_much_there_is(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with Loopback(lambda request: Response(200, b"x" * 300_000)) as server:
        got = client(read_s=5.0).download(
            service(server.url), Call("/x"), tmp_path / "x", progress=lambda done, whole: seen.append((done, whole))
        )
    assert seen[-1] == (300_000, 300_000) == (got.size, got.size) and len(seen) > 1


@pytest.mark.parametrize(
    ("told", "seconds"), [("12", 12.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("", None)]
)
def test_retry_after_in_both_its_forms(told: str, seconds: float | None) -> None:
    assert failures.retry_after(told) == seconds


@pytest.mark.parametrize("address", ["nonsense", "http://", "ftp://example.org"])
def test_an_address_that_cannot_be_called(address: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="services"):
        fetch(client(), service(address), tmp_path)


def _write(content: bytes) -> Callable[[Path], Path]:
    def at(folder: Path) -> Path:
        path = folder / "x"
        path.write_bytes(content)
        return path

    return at


@pytest.mark.parametrize(
    ("check", "content", "words"),
    [
        (expect.any_bytes, b"", "empty"),
        (expect.any_bytes, b"  <!DOCTYPE HTML><html>", "web page"),
        (expect.any_bytes, b"<?xml version='1.0'?><html>", "web page"),
        (expect.a_zip, b"PK\x03\x04 not really", "no whole zip"),
        (expect.a_tiff, b"<?xml version='1.0'?><ServiceExceptionReport>No such coverage", "No such coverage"),
        (expect.some_json, b'{"a": [1, 2', "no whole JSON"),
        (expect.some_json, b"[" * 100_000, "no whole JSON"),
    ],
)
def test_what_cannot_be_what_was_asked_for(check: Any, content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=words):
        check(_write(content)(tmp_path), "Here")


def test_a_table_without_its_columns(tmp_path: Path) -> None:
    path = _write(b'\xef\xbb\xbf"GEOID",tracts\n1,2\n')(tmp_path)
    expect.a_table(path, "Here", columns=("GEOID", "tracts"))
    with pytest.raises(SourceError, match="no column POP"):
        expect.a_table(path, "Here", columns=("GEOID", "POP"))


def test_an_unknown_name_is_asked_for_twice_and_not_for_ever(tmp_path: Path) -> None:
    waited: list[float] = []
    asker = Client(Policy(tries=5, pause_s=1.0), sleep=waited.append)
    with pytest.raises(SourceError, match="name is not known") as told:
        fetch(asker, service("http://no-such-host.invalid"), tmp_path)
    assert told.value.kind == "refused" and len(waited) == 1
