"""What a notebook shows, in a browser with the network off: the map asks for nothing, no planted script runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from justgeo.report import charts, explorer, notebook, results
from tests.browser.seen import NEEDS, looking
from tests.report import made
from tests.report.made import HOSTILE

pytestmark = NEEDS


@pytest.fixture(scope="module")
def hostile() -> dict[str, Any]:
    content = json.loads(results.dump(results.to_dict(made.baseline(synthetic=True, name=HOSTILE))))
    for row in (*content["indicators"], *content["layers"]):
        row |= {key: HOSTILE for key in ("title", "universe", "source", "dataset", "vintage") if key in row}
    for zone in content["zones"]:
        zone["name"] = HOSTILE
    return dict(content)


def test_the_map_opens_without_a_network_and_tells_its_areas(
    browser: Any, hostile: dict[str, Any], tmp_path: Path
) -> None:
    zones = results.zones_frame(made.zones("Mill Pond"))
    path = explorer.explore(hostile, zones, made.basemap(), "BEL-02").save(tmp_path / "map.html")
    with looking(browser, path) as seen:
        areas = seen.tab.locator(".leaflet-data-pane path")
        assert areas.count() == 12
        fills = [areas.nth(i).get_attribute("fill") for i in range(12)]
        assert "url(#no-number)" in fills and any(fill.startswith("url(#hatch-") for fill in fills)
        areas.nth(0).hover(force=True)
        told = seen.tab.locator(".leaflet-tooltip").inner_text()
        assert HOSTILE in told and "±" in told
        assert seen.tab.evaluate("window.hurt") is None
        seen.tab.locator("summary").click()
        assert seen.tab.locator("tbody tr").count() == 12


def test_in_a_notebook_nothing_planted_runs(browser: Any, hostile: dict[str, Any], tmp_path: Path) -> None:
    """All of it on one page that forbids no script, as a notebook does not."""
    zones = results.zones_frame(made.zones("Mill Pond"))
    listed = {"items": [{"id": "A", "kind": "action", "phase": HOSTILE, "title": HOSTILE, "status": "partly"}]}
    item = {"reason": HOSTILE, "question": HOSTILE, "answer": HOSTILE}
    listed["items"][0] |= item
    told = [
        notebook.results(hostile),
        notebook.checklist({**listed, "name": HOSTILE, "synthetic": False}),
        charts.chart(hostile, "BEL-02")._repr_html_(),
        explorer.explore(hostile, zones, None, "BEL-02")._repr_html_(),
    ]
    path = tmp_path / "cells.html"
    path.write_text("<!DOCTYPE html><html data-ready=true><meta charset=utf-8><body>" + "".join(told), encoding="utf-8")
    with looking(browser, path) as seen:
        frame = next(one for one in seen.tab.frames if one != seen.tab.main_frame)
        frame.wait_for_selector("html[data-ready=true]", timeout=10_000)
        assert seen.tab.evaluate("window.hurt") is None and frame.evaluate("window.hurt") is None
        assert HOSTILE in frame.locator("h1").inner_text()
        # The frame has an origin of its own: it cannot reach the notebook.
        assert (
            frame.evaluate("(() => { try { return String(parent.document) } catch (e) { return 'shut' } })()") == "shut"
        )
        seen.requests[:] = [url for url in seen.requests if url != "about:srcdoc"]
