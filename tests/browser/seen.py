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
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

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
def looking(browser: Any, path: Path) -> Iterator[Seen]:
    """Open a page with the network off; at the end it must have asked for itself alone and complained of nothing."""
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    got = Seen(context.new_page())
    got.tab.on("request", lambda r: None if r.url.startswith("data:") else got.requests.append(r.url))
    got.tab.on("console", lambda m: got.complaints.append(m.text))
    got.tab.on("pageerror", lambda e: got.complaints.append(str(e)))
    got.tab.goto(path.as_uri())
    got.tab.wait_for_selector("html[data-ready=true]", timeout=10_000)
    yield got
    assert got.requests == [path.as_uri()], "the page asks for nothing but itself"
    assert got.complaints == []
    context.close()
