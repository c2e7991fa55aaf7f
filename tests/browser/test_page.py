"""The page in a real browser with the network off: no request but the file, no console error, everything works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.browser.seen import NEEDS, Seen, looking
from tests.report import made

pytestmark = NEEDS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    whole = made.baseline()
    names = tuple(f"{name} {made.HOSTILE}" for name in whole.zones.names)
    records = tuple(r if r.reason is None else replace(r, reason=f"{r.reason} {made.HOSTILE}") for r in whole.records)
    variants = {
        "plain": whole,
        "invented": made.baseline(synthetic=True, name="Nowhere", slug="nowhere-invented"),
        "hostile": replace(whole, zones=replace(whole.zones, names=names), records=records),
    }
    return {name: made.write_page(folder / f"{name}.html", one) for name, one in variants.items()}


@pytest.fixture
def seen(browser: Any, files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Seen]:
    with looking(browser, files[getattr(request, "param", "plain")]) as got:
        yield got


def fills(tab: Any) -> list[str]:
    found: list[str] = tab.eval_on_selector_all(
        ".leaflet-data-pane path", "paths => paths.map(p => p.getAttribute('fill'))"
    )
    return found


def pick(tab: Any, category: str, indicator: str) -> None:
    for name in (category, indicator):
        tab.get_by_role("radio", name=re.compile(f"^{re.escape(name)}( no number)?$")).click()


def test_opens_with_map_legend_and_checklist(seen: Seen) -> None:
    tab = seen.tab
    assert tab.locator("#shown-title").inner_text() == "Renters"
    assert len(fills(tab)) == 12
    assert sum(f == "url(#no-number)" for f in fills(tab)) == 2
    assert sum(f.startswith("url(#hatch-") for f in fills(tab)) == 2
    legend = tab.locator("#legend").inner_text()
    assert "dotted: no number" in legend and "hatched: too uncertain to rely on" in legend and "%" in legend
    assert tab.locator("#checklist .item").count() == len(made.checklist().items)
    assert tab.locator("#checklist").get_by_text("Population by race").is_visible()
    assert "© OpenStreetMap contributors" in tab.locator(".leaflet-control-attribution").inner_text()
    assert tab.locator(".leaflet-control-attribution a").count() == 0
    assert tab.locator(".leaflet-outline-pane path").count() == 2
    assert tab.locator(".leaflet-streets-pane path").count() == 4


def test_map_and_checklist_stand_side_by_side_on_a_laptop(seen: Seen) -> None:
    left, right = (seen.tab.locator(one).bounding_box() for one in ("#map", "#checklist"))
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 2
    assert seen.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    frame = seen.tab.locator(".frame").bounding_box()
    assert frame["width"] > 500 and frame["height"] > 400


def test_switching_changes_map_and_legend(seen: Seen) -> None:
    tab = seen.tab
    before = (fills(tab), tab.locator("#legend").inner_text())
    pick(tab, "Wellbeing", "People within a 10-minute walk of a park")
    assert (fills(tab), tab.locator("#legend").inner_text()) != before
    assert "url(#no-number)" not in fills(tab)
    pick(tab, "Opportunity", "Median household income")
    assert len(fills(tab)) == 4, "this one is drawn by tracts"
    assert "$" in tab.locator("#legend").inner_text()
    pick(tab, "Environment", "Tree canopy")
    assert set(fills(tab)) == {"url(#no-number)"}
    assert "no canopy raster was given" in tab.locator("#shown-district").inner_text()


def test_switches_work_with_the_keyboard(seen: Seen) -> None:
    tab = seen.tab
    tab.get_by_role("radio", name="Belonging", exact=True).focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#categories [aria-checked=true]").inner_text() == "Opportunity"
    assert tab.evaluate("document.activeElement.textContent") == "Opportunity"
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    assert tab.locator("#shown-title").inner_text() == "People in poverty"


def test_the_twin_table_says_what_the_map_shows(seen: Seen) -> None:
    tab = seen.tab
    tab.locator("#twin summary").click()
    rows = tab.locator("#twin-rows tr")
    assert rows.count() == 12
    assert rows.nth(0).inner_text().split("\t") == ["Block Group 1, Tract 1", "20%", "± 8 points", "use with care"]
    assert "withheld" in rows.nth(5).inner_text()


def test_evidence_of_the_checklist_leads_to_the_map(seen: Seen) -> None:
    seen.tab.locator("#checklist a[data-indicator='OPP-01']").first.click()
    assert seen.tab.locator("#shown-title").inner_text() == "Median household income"


def test_statuses_can_be_hidden(seen: Seen) -> None:
    seen.tab.locator(".tally [data-status='not measured']").click()
    assert seen.tab.locator(".item[data-status='not measured']:visible").count() == 0
    assert seen.tab.locator(".item[data-status='measured']:visible").count() == 3


@pytest.mark.parametrize("seen", ["hostile"], indirect=True)
def test_hostile_names_are_shown_and_not_run(seen: Seen) -> None:
    tab = seen.tab
    area = tab.locator(".leaflet-data-pane path").nth(5)
    area.hover(force=True)
    tip = tab.locator(".leaflet-tooltip .tip")
    tip.wait_for()
    assert "<img src=x" in tip.inner_text()
    tab.mouse.down()
    tab.mouse.up()
    assert "</script>" in tab.locator(".leaflet-popup").inner_text()
    tab.locator("#twin summary").click()
    tab.locator("#stops").check()
    tab.locator(".leaflet-stops-pane path").first.hover(force=True)
    tab.get_by_text("<img src=x").first.wait_for()
    assert tab.evaluate("window.hurt === undefined")
    assert tab.locator("img[src='x']").count() == 0


@pytest.mark.parametrize("seen", ["invented"], indirect=True)
def test_invented_places_are_marked_on_page_map_and_title(seen: Seen) -> None:
    tab = seen.tab
    assert "INVENTED DATA" in tab.title()
    assert tab.locator(".banner").is_visible() and tab.locator(".frame .stamp").is_visible()
    assert tab.locator(".watermark span").first.is_visible()
    assert tab.locator(".category .mini", has_text="invented data").count() >= 6


def test_prints_to_letter(seen: Seen) -> None:
    paper = seen.tab.pdf(format="Letter", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF") and paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") <= 14


def test_narrow_screens_do_not_scroll_sideways(seen: Seen) -> None:
    for width in (1000, 700, 390):
        seen.tab.set_viewport_size({"width": width, "height": 800})
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= width
