"""A page in Chromium with the network off, and what it asked for and complained of."""

from __future__ import annotations

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


_IDLE: dict[Any, list[Any]] = {}
"""Tabs of a browser that nobody looks at; what failed in one is not left to the next."""


def _tab(browser: Any, alone: bool) -> Any:
    """A tab as it opens: the screen's size and media, and the mouse on none of it."""
    if alone or not _IDLE.get(browser):
        return browser.new_context(offline=True, viewport=SCREEN, reduced_motion="reduce").new_page()
    tab = _IDLE[browser].pop()
    tab.emulate_media(media="null")
    tab.set_viewport_size(SCREEN)
    tab.mouse.move(-10, -10)
    return tab
