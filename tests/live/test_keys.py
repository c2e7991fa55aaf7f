"""Keys: where they are looked for, and that nothing that is printed, raised or logged holds one."""

from __future__ import annotations

import copy
import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.errors import SourceError
from justgeo.sources.live import keys
from justgeo.sources.live.deadline import within
from justgeo.sources.live.http import Call, Client, Policy
from justgeo.sources.live.keys import HIDDEN, HOW_TO, Key, census_key, need_census_key
from justgeo.sources.live.redact import held, hidden, quiet
from tests import timed
from tests.live import places
from tests.loopback.server import Fault, Loopback, json_response

CANARY = "canary-key-4711"
ODD = "a b/c+d&e=é%\"'\\"


class KeyringError(Exception):
    """As ``keyring.errors`` has it."""


class Keyring:
    """Stands in for the library ``keyring``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.value: str | None = None
        self.fails: Exception | None = None
        self.asked: list[tuple[str, str]] = []
        module, errors = ModuleType("keyring"), ModuleType("keyring.errors")
        vars(errors)["KeyringError"] = KeyringError
        vars(module).update(get_password=self.get_password, errors=errors)
        monkeypatch.setitem(sys.modules, "keyring", module)
        monkeypatch.setitem(sys.modules, "keyring.errors", errors)

    def get_password(self, service: str, user: str) -> str | None:
        self.asked.append((service, user))
        if self.fails is not None:
            raise self.fails
        return self.value


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in keys.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    return Keyring(monkeypatch)


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)  # as if it were not installed


# Where it is looked for ---------------------------------------------------------------------------


def test_the_environment_in_its_order(monkeypatch: pytest.MonkeyPatch, keyring: Keyring) -> None:
    keyring.value = "from the ring"
    monkeypatch.setenv("US_CENSUS_API_KEY", "second")
    assert census_key() == Key("second", "environment variable US_CENSUS_API_KEY")
    monkeypatch.setenv("CENSUS_API_KEY", "first")
    assert census_key() == Key("first", "environment variable CENSUS_API_KEY")
    assert keyring.asked == []  # a keyring may ask for a password: it is left alone where the environment does


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_blanks_are_no_key(blank: str, monkeypatch: pytest.MonkeyPatch, keyring: Keyring) -> None:
    monkeypatch.setenv("CENSUS_API_KEY", blank)
    keyring.value = blank
    assert census_key() is None
    monkeypatch.setenv("US_CENSUS_API_KEY", f" {CANARY}\n")
    found = census_key()
    assert found is not None and found.value == CANARY


def test_the_keyring_where_the_environment_has_none(keyring: Keyring) -> None:
    keyring.value = f"{CANARY}\n"
    assert census_key() == Key(CANARY, "keyring")
    assert keyring.asked == [("justgeo", "census")]


@pytest.mark.parametrize("error", [KeyringError("no backend"), RuntimeError("no bus"), OSError("no socket")])
def test_a_keyring_that_stays_shut_is_none(
    error: Exception, keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keyring.fails = error
    assert census_key() is None
    assert type(error).__name__ in caplog.text and str(error) not in caplog.text


def test_a_keyring_that_has_none_or_is_not_there(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    assert census_key() is None
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert census_key() is None


def test_without_one_it_is_said_how_to_get_one(no_keyring: None) -> None:
    with pytest.raises(SourceError, match="none was found") as told:
        need_census_key()
    assert (told.value.kind, told.value.service, told.value.remedy) == ("key", "census_api", HOW_TO)
    for way in ("https://api.census.gov/data/key_signup.html", "CENSUS_API_KEY", "keyring set justgeo census"):
        assert way in HOW_TO


def test_a_key_that_is_there_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CENSUS_API_KEY", CANARY)
    assert need_census_key().value == CANARY


# It is never shown --------------------------------------------------------------------------------


def test_no_way_of_printing_a_key_shows_it() -> None:
    key = Key(CANARY, "the test")
    shown = [repr(key), str(key), f"{key}", f"{key!r:>40}", f"{key!s:>9}", repr([key]), repr({"key": key})]
    shown += [repr(copy.copy(key)), str(SourceError(f"{key} was wrong.", remedy="x", kind="key"))]
    assert not [text for text in shown if CANARY in text]
    assert str(key) == HIDDEN and "the test" in repr(key)


FORMS = {
    "plain": ODD,
    "quoted": quote(ODD),
    "quoted whole": quote(ODD, safe=""),
    "as a form": quote_plus(ODD),
    "as requests has it": urlencode({"key": ODD}).partition("=")[2],
    "in small letters": quote(ODD, safe="").replace("%2F", "%2f").replace("%C3%A9", "%c3%a9").replace("%3D", "%3d")
    .replace("%2B", "%2b").replace("%5C", "%5c"),
    "in JSON": json.dumps(ODD)[1:-1],
    "as Python writes it": repr(ODD)[1:-1],
    "as bytes": repr(ODD.encode())[2:-1],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_secret_is_hidden(form: str) -> None:
    text = f"GET /data?get=NAME&key={FORMS[form]}&for=us:1"
    assert hidden(text, [("key", ODD)]) == f"GET /data?get=NAME&key={HIDDEN}&for=us:1"


@pytest.mark.parametrize("length", range(6, len(CANARY) + 1))
def test_a_secret_that_was_cut_short_is_hidden_too(length: int) -> None:
    """Messages of services are cut to some length: a key may stand at the end of what is left."""
    assert hidden(f"error: unknown key={CANARY[:length]}", [("key", CANARY)]) == f"error: unknown key={HIDDEN}"
    assert hidden(f"{CANARY[:length]} and {CANARY}", [("key", CANARY)]) == f"{HIDDEN} and {HIDDEN}"


def test_several_secrets_and_none(caplog: pytest.LogCaptureFixture) -> None:
    text = "key=abcdef&token=abcdefgh&empty="
    assert hidden(text, [("key", "abcdef"), ("token", "abcdefgh"), ("empty", "")]) == (
        f"key={HIDDEN}&token={HIDDEN}&empty="  # the longer first: no tail of it is left
    )
    assert hidden(text, []) == text


@given(st.text(min_size=6).filter(lambda text: text.strip("%[key]") != ""), st.text(), st.text())
def test_no_secret_stays_in_a_url(secret: str, before: str, after: str) -> None:
    """Characters of Unicode's surrogates have no place in a URL; all others do."""
    if any("\ud800" <= sign <= "\udfff" for sign in secret):
        return
    for form in (secret, quote(secret), quote_plus(secret), quote(secret, safe="")):
        if form in HIDDEN:
            continue
        assert form not in hidden(form, [("key", secret)])


# What others log ----------------------------------------------------------------------------------


@pytest.fixture
def talk(caplog: pytest.LogCaptureFixture) -> Iterator[logging.Logger]:
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger("urllib3.connectionpool")
    before = list(logger.filters)
    yield logger
    assert logger.filters == before


def test_what_the_libraries_log_is_without_the_secret(talk: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    with quiet([("key", CANARY)]):
        talk.debug('"%s %s" %d', "GET", f"/data?key={CANARY}", 200)
        try:
            raise OSError(f"no answer from https://example.org/data?key={CANARY}")
        except OSError:
            talk.exception("Retrying %s", f"/data?key={CANARY}")
        logging.getLogger("somebody.else").info("said %s", "this")
    assert CANARY not in caplog.text
    assert f'"GET /data?key={HIDDEN}" 200' in caplog.text
    assert "OSError: no answer from" in caplog.text and "somebody.else" in caplog.text  # the rest is as it was


def test_the_filters_go_with_the_block(talk: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), quiet([("key", CANARY)]):
        raise ZeroDivisionError
    assert talk.filters == [] and held() == ()
    talk.debug("after: %s", "public")
    assert "after: public" in caplog.text
    with quiet([]):
        assert talk.filters == []  # nothing to hide


def test_blocks_within_blocks(talk: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    with quiet([("key", "secret-one")]):
        with quiet([("key", "secret-two")]):
            assert [value for _, value in held()] == ["secret-one", "secret-two"]
            talk.debug("both: secret-one secret-two")
        assert [value for _, value in held()] == ["secret-one"]
        talk.debug("one: secret-one")
    assert f"both: {HIDDEN} {HIDDEN}" in caplog.text and f"one: {HIDDEN}" in caplog.text
    assert "secret-" not in caplog.text


def test_a_call_that_nobody_waits_for_any_more_is_quiet_to_its_end(
    talk: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 logs the URL when the header is there: long after the one who asked has gone."""
    go, done = threading.Event(), threading.Event()

    def late() -> None:
        go.wait(10)
        talk.debug("GET /data?key=%s", CANARY)
        done.set()

    with pytest.raises(TimeoutError), quiet([("key", CANARY)]):
        within(0.05, late)
    go.set()
    assert done.wait(10)
    deadline = time.monotonic() + 5
    while talk.filters and time.monotonic() < deadline:
        time.sleep(0.01)
    assert CANARY not in caplog.text and f"GET /data?key={HIDDEN}" in caplog.text


def test_a_slow_header_tells_no_key_when_it_comes_at_last(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(Policy(connect_s=0.3, read_s=0.3, total_s=0.6, tries=1), sleep=lambda seconds: None)
    with Loopback(lambda request: json_response([1])) as server:
        server.fail(Fault.slow_headers(0.02), times=-1)
        with pytest.raises(SourceError) as told:
            client.json(places.service("census_api", server.url), Call("/d", secret=[("key", CANARY)]), tmp_path)
        assert told.value.kind == "timeout"
        deadline = time.monotonic() + 10
        while '"GET /d' not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.02)
    assert f"/d?key={HIDDEN}" in caplog.text  # it did come, and was logged
    assert CANARY not in caplog.text


# A call that ends in time -------------------------------------------------------------------------


def test_what_a_call_returns_or_raises_is_handed_on() -> None:
    assert within(5, lambda: "done") == "done"
    assert within(5, lambda: None) is None
    with pytest.raises(ZeroDivisionError) as told:
        within(5, lambda: 1 / 0)
    assert "within" in "".join(traceback.format_tb(told.value.__traceback__))


def test_a_call_that_hangs_is_left() -> None:
    free = threading.Event()
    with timed.waits(0.1), pytest.raises(TimeoutError, match="no answer within"):
        within(0.1, lambda: free.wait(30))
    free.set()


def test_what_a_call_raises_when_it_is_too_late_troubles_nobody(recwarn: Any) -> None:
    free = threading.Event()

    def late() -> None:
        free.wait(10)
        raise OSError("too late")

    with pytest.raises(TimeoutError):
        within(0.05, late)
    free.set()
    for thread in threading.enumerate():
        if thread.name == "justgeo-call":
            thread.join(5)
    assert not [one for one in recwarn if "unraisable" in str(one.message).lower()]
