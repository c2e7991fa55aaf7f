"""The map by mouse and by keys: popups, the table beside it, full screen, numbers, another language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.seen import NEEDS, looking, speak
from tests.report import made

pytestmark = NEEDS

AT = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
FIRST = ".leaflet-data-pane path[tabindex='0']"
# All that the arrows reach from where the focus is: each way is gone anew from the first area.
WALK = """() => {
  const press = (key) =>
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  const [seen, waiting] = [[], [[]]];
  while (waiting.length) {
    const way = waiting.shift();
    for (const key of ["Home", ...way]) press(key);
    const name = document.activeElement.getAttribute("aria-label");
    if (seen.includes(name)) continue;
    seen.push(name);
    waiting.push(...["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"].map((key) => [...way, key]));
  }
  return seen;
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole = made.baseline(synthetic=True, name="Nowhere", slug="nowhere-invented")
    return made.write_page(tmp_path_factory.mktemp("map") / "index.html", whole)


@pytest.fixture
def tab(browser: Any, file: Path) -> Iterator[Any]:
    with looking(browser, file) as got:
        yield got.tab


def test_areas_are_one_stop_of_the_tab_key_and_arrows_go_among_them(tab: Any) -> None:
    assert tab.locator(FIRST).count() == 1 and tab.locator(".leaflet-data-pane path[tabindex='-1']").count() == 11
    tab.locator(FIRST).focus()
    names = [tab.evaluate(AT)]
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "End", "Home"):
        tab.keyboard.press(key)
        names.append(tab.evaluate(AT))
    assert names[0] == names[4] == names[6], "right, up, left, down lead back"
    assert len({*names[:4]}) == 4 and names[5].startswith("Block Group 3, Tract 4")
    assert names[0] == "Block Group 1, Tract 1: 20% ± 8 points, use with care"
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(AT) == names[0], "there is nothing farther west"


def test_every_area_is_reached_by_arrows(tab: Any) -> None:
    """Hundreds of keys, pressed from within the page: it is drawn anew for each from without, as in the test before."""
    tab.locator(FIRST).focus()
    tab.keyboard.press("Home")
    names = tab.evaluate(WALK)
    assert len(names) == len(set(names)) == 12


def test_where_the_keys_are_is_seen(tab: Any) -> None:
    assert tab.locator(".leaflet-found-pane path").count() == 0
    tab.locator(FIRST).focus()
    colours = tab.eval_on_selector_all(".leaflet-found-pane path", "all => all.map(p => p.getAttribute('stroke'))")
    assert colours == ["#ffffff", "#0b57d0"], "dark on white: seen on every class"
    tab.keyboard.press("Tab")
    assert tab.locator(".leaflet-found-pane path").count() == 0


def test_enter_opens_an_area_and_escape_leads_back(tab: Any) -> None:
    tab.locator(FIRST).focus()
    tab.keyboard.press("ArrowRight")
    name = tab.evaluate(AT)
    tab.keyboard.press("Enter")
    popup = tab.locator(".leaflet-popup[role=dialog]")
    popup.wait_for()
    told = popup.inner_text()
    for part in ("Renters", "± 8 points", "use with care", "Year of the data: 2020-2024; 2020",
                 "Source: U.S. Census Bureau"):  # fmt: skip
        assert part in told, part
    assert popup.get_attribute("aria-label") == name.split(":")[0]
    assert popup.locator(".leaflet-popup-close-button").get_attribute("aria-label") == "Close"
    assert tab.evaluate("document.activeElement.className") == "tip"
    tab.keyboard.press("Escape")
    tab.wait_for_selector(".leaflet-popup", state="detached")
    assert tab.evaluate(AT) == name


def test_a_click_opens_what_enter_opens(tab: Any) -> None:
    tab.locator("#stage").scroll_into_view_if_needed()
    box = tab.locator(".leaflet-data-pane path").nth(7).bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.locator(".leaflet-popup").wait_for()
    assert "Year of the data" in tab.locator(".leaflet-popup").inner_text()
    assert tab.evaluate("document.activeElement.className") != "tip", "the mouse keeps its place"


def test_rows_of_the_table_open_their_area_and_get_the_focus_back(tab: Any) -> None:
    tab.locator("#twin summary").click()
    button = tab.locator("#twin-rows button").nth(5)
    assert button.get_attribute("aria-label") == "Show Block Group 3, Tract 2 on the map"
    button.focus()
    tab.keyboard.press("Enter")
    tab.locator(".leaflet-popup").wait_for()
    assert "withheld: 31 households" in tab.locator(".leaflet-popup").inner_text()
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#twin-rows button:focus")
    assert tab.evaluate(AT) == button.get_attribute("aria-label")


def test_numbers_can_stand_on_the_areas(tab: Any) -> None:
    assert tab.locator(".label.figure").count() == 0
    tab.locator("#figures").check()
    shown = tab.locator(".label.figure:visible").all_inner_texts()
    assert "20%" in shown and len(shown) > 5
    tab.get_by_role("radio", name="Opportunity", exact=True).click()
    assert all(one.startswith(("$", "–")) for one in tab.locator(".label.figure").all_inner_texts())
    tab.locator("#figures").uncheck()
    assert tab.locator(".label.figure").count() == 0


def test_full_screen_holds_map_legend_and_switches(tab: Any) -> None:
    tab.locator("#full").click()
    tab.wait_for_selector("#map.full")
    assert tab.locator("#full").inner_text() == "Leave full screen"
    assert tab.locator("#full").get_attribute("aria-pressed") == "true"
    tab.wait_for_timeout(300)
    for part in ("#categories", "#legend", "#shown-title", ".stamp", "#find"):
        assert tab.locator(part).is_visible(), part
    size = tab.evaluate("[innerWidth, innerHeight, document.getElementById('map').scrollHeight]")
    assert size[2] <= size[1] + 1, "nothing has to be scrolled on a projector"
    tab.locator("#full").click()
    tab.wait_for_selector("#map:not(.full)")
    assert tab.locator("#full").inner_text() == "Full screen"


def test_another_language_is_told_by_everything_on_the_map(tab: Any) -> None:
    tab.locator("#twin summary").click()
    tab.locator("#figures").check()
    speak(tab, "es")
    assert "con puntos: sin cifra" in tab.locator("#legend").inner_text()
    assert tab.locator("#twin-rows tr").nth(0).inner_text().split("\t")[2:] == ["± 8 puntos", "úsese con cuidado"]
    assert tab.locator(FIRST).get_attribute("aria-label").endswith("± 8 puntos, úsese con cuidado")
    assert "Pertenencia" in tab.locator("#categories").inner_text()
    assert tab.locator("#full").inner_text() == "Pantalla completa"
    assert tab.locator("#find").get_attribute("placeholder").startswith("Calle, parque")
    tab.locator(FIRST).focus()
    tab.keyboard.press("Enter")
    assert "Año de los datos" in tab.locator(".leaflet-popup").inner_text()
    assert tab.locator(".folium-map").get_attribute("aria-label").startswith("El mapa.")
    speak(tab, "en")
    assert "dotted: no number" in tab.locator("#legend").inner_text()
    assert tab.locator("#full").inner_text() == "Full screen"


def test_the_map_needs_no_mouse_and_no_colour(tab: Any) -> None:
    """Every area says its class by words: in its name, its row, and the legend with breaks."""
    labels = tab.eval_on_selector_all(".leaflet-data-pane path", "all => all.map(p => p.getAttribute('aria-label'))")
    assert (
        len(set(labels)) == 12
        and sum("no number" in one or "withheld" in one or "not computed" in one for one in labels) == 2
    )
    breaks = tab.locator("#legend .classes li span").all_inner_texts()
    assert breaks[0].startswith("under ") and breaks[-1].endswith(" or more")
    hidden = tab.eval_on_selector_all(
        ".leaflet-streets-pane, .leaflet-labels-pane", "all => all.map(p => p.ariaHidden)"
    )
    assert hidden == ["true", "true"], "names of the base map are no noise for who listens"


def test_nothing_runs_out_at_any_width(tab: Any) -> None:
    for width in (1920, 1366, 700, 320):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for part in ("#find", "#home", "#full", "#legend", "#print-go"):
            box = tab.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, (width, part)
