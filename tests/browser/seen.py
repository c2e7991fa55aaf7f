"""A page in Chromium with the network off, and what it asked for and complained of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
SLUGS = ("nowhere-invented", "haight-castro")
# axe makes millions of small objects that die young: with more room for them they are collected seldom.
MEMORY = "--js-flags=--min-semi-space-size=32 --max-semi-space-size=64"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", MEMORY]
SCREEN = {"width": 1366, "height": 768}

NEEDS = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed (apt-get install chromium)"),
]


@dataclass
class Seen:
    """A tab, what it asked for and what it complained of."""

    tab: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def looking(browser: Any, path: Path, alone: bool = False) -> Iterator[Seen]:
    """Open a page with the network off; at the end it must have asked for itself alone and complained of nothing.

    The page is loaded anew each time, in a tab that was there before: a window and a process of its own for each look
    (``alone``, for what outlives a page) cost more than the page.
    """
    got = Seen(_tab(browser, alone))
    told = {
        "request": lambda r: None if r.url.startswith("data:") else got.requests.append(r.url),
        "console": lambda m: got.complaints.append(m.text),
        "pageerror": lambda e: got.complaints.append(str(e)),
    }
    kept = False
    for event, hear in told.items():
        got.tab.on(event, hear)
    try:
        got.tab.goto(path.as_uri())
        got.tab.wait_for_selector("html[data-ready=true]", timeout=10_000)
        yield got
        assert got.requests == [path.as_uri()], "the page asks for nothing but itself"
        assert got.complaints == []
        kept = not alone and not _IDLE.get(browser)
    finally:
        for event, hear in told.items():
            got.tab.remove_listener(event, hear)
        if kept:
            _IDLE.setdefault(browser, []).append(got.tab)
        else:
            got.tab.context.close()


def speak(tab: Any, code: str) -> None:
    """Choose a language by its button, pressed from within the page.

    A mouse waits until the button stands still for two frames, and a tab that was just printed may get none (seen once,
    on a busy machine). That the button takes a mouse and keys is seen in ``test_languages``.
    """
    tab.locator(f"#languages [data-language={code}]").evaluate("one => one.click()")
    tab.wait_for_selector(f"html[lang={code}]")


def until(tab: Any, what: str, seconds: float = 10.0) -> None:
    """Wait until a script says true, asked from without.

    Playwright's own ``wait_for_function`` has the page ask itself again, which a page's policy forbids: it serves only
    what is true at once.
    """
    end = time.monotonic() + seconds
    while not tab.evaluate(what):
        assert time.monotonic() < end, f"not true after {seconds:g} seconds: {what}"
        tab.wait_for_timeout(20)


_IDLE: dict[Any, list[Any]] = {}
"""Tabs of a browser that nobody looks at; what failed in one is not left to the next."""

_DRAWS = """() => new Promise((tell) => {
  requestAnimationFrame(() => tell(true));
  setTimeout(() => tell(false), 2000);
})"""


def _tab(browser: Any, alone: bool) -> Any:
    """A tab as it opens: the screen's size and media, and the mouse on none of it."""
    while not alone and _IDLE.get(browser):
        tab = _IDLE[browser].pop()
        tab.emulate_media(media="null")
        tab.set_viewport_size(SCREEN)
        tab.mouse.move(-10, -10)
        if tab.evaluate(_DRAWS):
            return tab
        tab.context.close()
    return browser.new_context(offline=True, viewport=SCREEN, reduced_motion="reduce").new_page()
