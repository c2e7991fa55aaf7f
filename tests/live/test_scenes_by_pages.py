"""Where the pages of a search for scenes lead, read from what a server says of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from justgeo.core.errors import SourceError
from justgeo.sources.live import landsat


def pages(*answers: Any) -> list[Any]:
    left = iter(answers)
    service: Any = SimpleNamespace(
        id="scenes", title="Scenes", options={"search": "search"}, page="https://example.org"
    )
    tools: Any = SimpleNamespace(client=SimpleNamespace(json=lambda service, call, folder: next(left)))
    return list(landsat._pages(service, {"limit": 1}, Path(), tools))


@pytest.mark.parametrize("links", [1, True, "next", {"rel": "next"}])
def test_links_that_are_no_list(links: Any) -> None:
    with pytest.raises(SourceError, match="does not list where it leads"):
        pages({"features": [], "links": links})


def test_an_address_that_is_none() -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        pages({"features": [], "links": [{"rel": "next", "href": "http://[1"}]})


def test_page_after_page() -> None:
    following = {"features": [{"id": "a"}], "links": [{"rel": "self"}, 7, {"rel": "next", "href": "?token=2"}]}
    assert pages(following, {"features": [{"id": "b"}], "links": None}) == [{"id": "a"}, {"id": "b"}]
