"""Sheets of the data walk in a real browser: each fits its page of paper, nothing is asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from justgeo.report import posters, results
from tests.browser.seen import NEEDS
from tests.report import made

pytestmark = NEEDS


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = results.to_dict(made.baseline(synthetic=True, name="Nowhere " + "Long " * 12, slug="nowhere-invented"))
    folder = tmp_path_factory.mktemp("walk")
    every = [row["id"] for row in content["indicators"]]
    posters.fill(folder, content, every, ["en", "es"])
    return folder


@pytest.mark.parametrize("name", ["posters.html", "form.html"])
def test_nothing_is_asked_for(browser: Any, wall: Path, name: str) -> None:
    context = browser.new_context(offline=True)
    tab, asked, said = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto((wall / name).as_uri())
    assert asked == [(wall / name).as_uri()] and said == []
    context.close()


def test_every_sheet_fits_its_page(browser: Any, wall: Path) -> None:
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.emulate_media(media="print")
    tab.goto((wall / "posters.html").as_uri())
    over = tab.eval_on_selector_all(
        ".sheet",
        "all => all.filter(s => s.scrollHeight > s.clientHeight + 1 || s.scrollWidth > s.clientWidth + 1)"
        ".map(s => s.id)",
    )
    n = tab.locator(".sheet").count()
    pdf = tab.pdf(prefer_css_page_size=True)
    assert over == []
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == n, "one page of paper a sheet"
    context.close()
