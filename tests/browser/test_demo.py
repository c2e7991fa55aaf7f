"""The pages of the two embedded districts as a run writes them: every map clicked through, everything said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from justgeo.report.results import DISCLAIMER, INVENTED
from tests.browser.seen import NEEDS, SLUGS, Seen, looking
from tests.browser.test_paper import every_sheet_fits

pytestmark = [*NEEDS, pytest.mark.slow]

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


# Around an area of the map the ring is a line of its own, since an outline would be a rectangle.
WHERE = """(() => {
  const at = document.activeElement;
  const drawn = at.tagName === 'path' && document.querySelectorAll('.leaflet-found-pane path').length === 2;
  const style = getComputedStyle(at);
  return [at.tagName, at.id || String(at.className), drawn ? 'drawn' : style.outlineStyle + style.outlineWidth];
})()"""


# Each switch of a category is pressed, and what is then seen is told. They are pressed from within the page: between
# presses of a mouse a page of this size is drawn anew, which costs ten times what is looked at.
SHOWN = """() => [...document.querySelectorAll("#indicators button")].map((_, number, {length}) => {
  const all = document.querySelectorAll("#indicators button");
  if (all.length !== length || !all[number].checkVisibility()) throw new Error(`switch ${number} is not there`);
  all[number].click();
  return [
    ...["shown-title", "legend", "shown-district", "shown-source"].map((id) => document.getElementById(id).innerText),
    document.querySelectorAll("#twin-rows tr").length,
    [...document.querySelectorAll(".leaflet-data-pane path")].map((one) => one.getAttribute("fill"))];
})"""


@dataclass
class Place(Seen):
    """A page of a run beside its results."""

    slug: str = ""
    results: Any = None


@contextmanager
def opened(browser: Any, demo: dict[str, Path], slug: str) -> Iterator[Place]:
    with looking(browser, demo[slug] / "index.html") as seen:
        results = json.loads((demo[slug] / "results.json").read_text(encoding="utf-8"))
        yield Place(seen.tab, seen.requests, seen.complaints, slug, results)


@pytest.fixture(scope="module", params=SLUGS)
def still(browser: Any, demo: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Place]:
    """A page as it opens, for several looks that change nothing of it."""
    with opened(browser, demo, request.param) as seen:
        yield seen


@pytest.fixture(params=SLUGS)
def place(browser: Any, demo: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Place]:
    with opened(browser, demo, request.param) as seen:
        yield seen


def district(place: Place) -> dict[str, Any]:
    found = {r["indicator"]: r for r in place.results["records"] if r["group"] == "all" and r["zone"] == "district"}
    return found


def test_every_category_and_indicator_has_its_map_legend_and_table(place: Place) -> None:
    tab, shown = place.tab, set()
    for category in range(tab.locator("#categories button").count()):
        tab.locator("#categories button").nth(category).click()
        told = tab.evaluate(SHOWN)
        tab.locator("#indicators button").first.click()
        assert tab.locator("#shown-title").inner_text() == told[0][0], "a mouse does the same"
        for title, legend, value, source, rows, fills in told:
            shown.add(title)
            assert fills and None not in fills, title
            assert "By " in legend and ("%" in legend or "$" in legend or "area" in legend), title
            assert ("dotted: no number" in legend) == ("url(#no-number)" in fills), title
            assert ("hatched" in legend) == any(f.startswith("url(#hatch-") for f in fills), title
            assert value not in ("", "–"), title
            assert rows == len(fills), title
            assert source.startswith("Source: ") or "no number" in legend, title
    assert shown == {row["title"] for row in place.results["indicators"] if row["map"] != "none"}


def test_opens_with_numbers_that_can_be_read(still: Place) -> None:
    fills = still.tab.eval_on_selector_all(".leaflet-data-pane path", "all => all.map(p => p.getAttribute('fill'))")
    assert sum(f.startswith("#") for f in fills) > len(fills) / 2
    assert "displacement" not in still.tab.locator("#shown-title").inner_text()


def test_every_indicator_is_named_once_in_the_tables_with_a_number_or_a_reason(still: Place) -> None:
    tab, found = still.tab, district(still)
    for row in still.results["indicators"]:
        spot = tab.locator("#ind-" + "".join(c if c.isalnum() or c in "_-" else "_" for c in row["id"]))
        assert spot.count() == 1, row["id"]
        record = found[row["id"]]
        if record["value"] is None and not record["text"]:
            # What is told of the reference alone stands there with its number; all else with its reason.
            there = any(r["value"] is not None for r in still.results["records"] if r["indicator"] == row["id"])
            # A reason begins its line with a capital, and a suppressed number is called withheld there.
            reason = record["reason"].replace("suppressed: ", "withheld: ", 1)[1:]
            wanted = "as a whole, not of" if there and row["field"] == "segregation" else reason
            assert wanted in spot.locator("xpath=../..").inner_text(), row["id"]
    dashes = tab.locator(".numbers > tbody > tr:first-child > td.num", has_text="–").count()
    counts = sum(1 for r in found.values() if r["comparison"] is None and r["value"] is not None)
    assert dashes <= counts, "no wall of dashes"


def test_what_must_stand_beside_a_number_does(still: Place) -> None:
    text = still.tab.locator("main").inner_text()
    assert still.tab.locator("body").inner_text().count(DISCLAIMER) >= 2
    assert "today" not in still.tab.locator(".lead").inner_text()
    if still.slug == "haight-castro":
        cards = still.tab.locator(".card")
        assert cards.count() > 0
        assert all("modelled, not counted" in cards.nth(i).inner_text() for i in range(cards.count()))
        assert "not a sample" not in text
        assert "of residents the answer is not known; counting them, it is" in text
        assert "INVENTED" not in text
    else:
        assert INVENTED in text and "modelled, not counted" in text, "figures of health are a model's"
        assert "by the way the boundary is divided" in text


def test_details_show_where_a_share_comes_from(place: Place) -> None:
    key = "WEL-04_300" if place.slug == "haight-castro" else "BEL-02"
    row = place.tab.locator(f"#ind-{key}")
    row.locator("details.method summary").click()
    told = row.locator("details.method dl").inner_text()
    for name in ("Method", "Of whom or what", "Numerator and denominator", "Source", "Period of the data"):
        assert name in told
    if key == "BEL-02":
        assert "because the survey asks only some people" in told and "B25003_003 of B25003_001" in told
        assert "Compared with" in told and "Difference" in told


def test_texts_stand_out_from_their_ground(place: Place) -> None:
    place.tab.evaluate("document.querySelectorAll('details').forEach((one, i) => { one.open = i < 12; })")
    assert place.tab.evaluate(CONTRAST) == []


def test_the_keyboard_gets_everywhere_and_shows_where_it_is(place: Place) -> None:
    tab = place.tab
    stops, rings = [], []
    for _ in range(40):
        tab.keyboard.press("Tab")
        tag, name, ring = tab.evaluate(WHERE)
        stops.append((tag, name))
        rings.append(ring)
    assert stops[0][1] == "skip"
    assert ("BUTTON", "") in stops, "the switches of the map"
    assert all(not ring.startswith("none") and not ring.endswith("0px") for ring in rings), list(
        zip(stops, rings, strict=True)
    )
    assert tab.locator(".told").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("width", [1366, 900, 390])
def test_nothing_runs_out_of_the_page(still: Place, width: int) -> None:
    still.tab.set_viewport_size({"width": width, "height": 768})
    assert still.tab.evaluate("document.documentElement.scrollWidth") <= width


def test_prints_sheets_with_the_disclaimer_and_without_the_switches(place: Place) -> None:
    tab = place.tab
    tab.emulate_media(media="print")
    assert not tab.locator(".switch").first.is_visible()
    sheets = tab.locator(".sheet").all()
    assert len(sheets) >= 3
    assert all(DISCLAIMER in sheet.inner_text() for sheet in sheets)
    every_sheet_fits(tab)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_page_is_small(demo: dict[str, Path], slug: str) -> None:
    assert (demo[slug] / "index.html").stat().st_size <= 1_500_000
