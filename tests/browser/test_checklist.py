"""The checklist and the packet in a browser: nothing that people typed runs, nothing is asked for, axe is content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from justgeo import config
from justgeo.core.answers import Answers, Entry, Target
from justgeo.packet import packet
from justgeo.report import results, write
from tests.browser.seen import NEEDS
from tests.browser.test_axe import ask
from tests.browser.test_axe import rules as rules
from tests.report import made
from tests.test_checklists import DISTRICT, Filled, content

pytestmark = [*NEEDS, pytest.mark.slow]

HURT = (
    '</span><script>window.hurt=1</script><img src=x onerror="window.hurt=2"><svg/onload=window.hurt=3>'
    "' autofocus onfocus='window.hurt=4 {{ 7*7 }} <iframe srcdoc='<script>parent.hurt=5</script>'></iframe>"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("hostile")
    (base / "district.toml").write_text(DISTRICT, encoding="utf-8")
    entry = Entry(
        HURT, by=HURT[:90], evidence=("https://example.org/?<script>x",), publish=True, more={"state": "done"}
    )
    said = Answers(
        {"A01": (entry,)},
        {"swot": (Entry(HURT, publish=True, more={"kind": "threat", "affected": HURT}),),
         "assets": (Entry(HURT, publish=True, more={"kind": "events"}),)},
        (Target("BEL-02", 0.4, 2030, note=HURT, publish=True),),
    )  # fmt: skip
    zones = results.zones_frame(made.zones("Mill Pond"))
    told = Filled(made.checklist().items, said)
    write.write_all(base / "out", content(), told, zones, made.basemap(), {"settings": [], "run": {}})
    settings = config.read(base)
    object.__setattr__(settings, "answers", said)
    packed = packet(settings, base / "out", base / "packet")
    return {"checklist": base / "out" / "checklist.html", "packet": packed / "index.html"}


@pytest.mark.parametrize("name", ["checklist", "packet"])
def test_nothing_typed_runs_and_nothing_is_asked_for(
    browser: Any, pages: dict[str, Path], rules: str, name: str
) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768})
    tab, asked, said = context.new_page(), [], []
    tab.on("request", lambda r: asked.append(r.url))
    tab.on("console", lambda m: said.append(m.text))
    tab.on("dialog", lambda d: said.append(d.message))
    tab.goto(pages[name].as_uri())
    tab.wait_for_timeout(300)
    assert asked == [pages[name].as_uri()] and said == []
    assert tab.evaluate("window.hurt === undefined && document.scripts.length === 0")
    assert tab.evaluate("document.querySelectorAll('img, svg, iframe, [onfocus], [onerror]').length") == 0
    wide = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size({"width": 320, "height": 700})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320 < wide
    tab.evaluate("document.querySelector('meta[http-equiv]').remove()")
    assert ask(tab, rules) == []
    context.close()
