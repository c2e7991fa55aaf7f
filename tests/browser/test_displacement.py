"""Displacement in a real browser, network off: cards by mouse and by keys, two languages, narrow screens, paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from justgeo.report import displacement_page
from tests.browser.seen import NEEDS, Seen, looking, until
from tests.report import made
from tests.report import made_displacement as md

pytestmark = NEEDS

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
SPOT = """(number) => {
  const path = document.querySelectorAll('.leaflet-data-pane path')[number];
  const box = path.getBoundingClientRect();
  for (let i = 1; i < 40; i++) for (let j = 1; j < 40; j++) {
    const at = [box.left + box.width * i / 40, box.top + box.height * j / 40];
    const near = [[-6, 0], [6, 0], [0, -6], [0, 6]].map(([x, y]) => [at[0] + x, at[1] + y]);
    if ([at, ...near].every((one) => document.elementFromPoint(...one) === path)) return at;
  }
  return null;
}"""
WITHIN = """() => {
  const [frame, box] = ['.frame', '.leaflet-popup'].map((one) => document.querySelector(one).getBoundingClientRect());
  return box.left >= frame.left && box.right <= frame.right + 1;
}"""
SWITCH = "#languages [data-language=%s]"
ROW = "Homes where three of four shares are high"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("displacement")
    found = {}
    for name, protections in (("public", ["Rent registry since 2021"]), ("hostile", [made.HOSTILE])):
        found[name] = made.write_page(folder / f"{name}.html", md.baseline(protections))
    hostile = md.analyst(name=f"Hill {made.HOSTILE}", notes=[made.HOSTILE])
    hostile["cards"][12]["opinions"][0]["lines"][0]["name"] = made.HOSTILE
    for one in hostile["conditions"]:
        one["title"] = made.HOSTILE
    for name, content in (("analyst", md.analyst(kind="district")), ("hostile analyst", hostile)):
        found[name] = folder / f"{name}.html"
        displacement_page.write(found[name], content)
    return found


@pytest.fixture
def seen(browser: Any, files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Seen]:
    with looking(browser, files[getattr(request, "param", "public")]) as got:
        yield got


@pytest.fixture
def desk(browser: Any, files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Seen]:
    with looking(browser, files[getattr(request, "param", "analyst")]) as got:
        yield got


def shown(tab: Any) -> None:
    """The map of the four shares."""
    tab.get_by_role("radio", name="Belonging", exact=True).click()
    tab.get_by_role("radio", name=ROW, exact=True).click()


def open_popup(tab: Any, number: int) -> Any:
    """A tract by the mouse, at a spot that is its own and not a neighbour's."""
    tab.locator(".frame").scroll_into_view_if_needed()
    tab.mouse.click(*tab.evaluate(SPOT, number))
    popup = tab.locator(".leaflet-popup")
    popup.wait_for()
    return popup


# ------------------------------------------------------------------------------------------------ the public page


def test_the_words_stand_under_their_map_alone(seen: Seen) -> None:
    tab = seen.tab
    assert not tab.locator("#pressures-short").is_visible()
    shown(tab)
    short = tab.locator("#pressures-short")
    assert "1,150 of 3,400 renter households" in short.inner_text()
    assert "This does not say that anyone will move." in short.inner_text()
    assert "hatched: a chance, too close to tell" in tab.locator("#legend").inner_text()
    fills = tab.eval_on_selector_all(".leaflet-data-pane path", "all => all.map(p => p.getAttribute('fill'))")
    assert fills.count("url(#no-number)") == 2 and sum(f.startswith("url(#hatch-") for f in fills) == 1
    tab.get_by_role("radio", name="Renters", exact=True).click()
    assert not short.is_visible()


def test_a_tract_opens_its_card_by_mouse(seen: Seen) -> None:
    tab = seen.tab
    shown(tab)
    told = open_popup(tab, 1).inner_text()
    for said in ("Tract 2", "Shares that are larger here: 3 of 4.",
                 "Chance that three or more are larger: 35%, uncertain.",
                 "40% ± 7 points", "36.9% ± 0.4 points", "yes, but too close to tell (64%)",
                 "1,200 ± 100 households live here", "disagrees", "study beyond high school",
                 "This does not say that anyone will move."):  # fmt: skip
        assert said in told, said
    assert tab.locator(".leaflet-popup .sign.yes-close").count() == 2


def test_a_tract_without_numbers_says_why(seen: Seen) -> None:
    shown(seen.tab)
    told = open_popup(seen.tab, 2).inner_text()
    assert "There are no numbers on this card." in told and "fewer than 50 households" in told
    assert "%" not in told


def test_a_card_opens_by_keyboard(seen: Seen) -> None:
    tab = seen.tab
    summary = tab.locator("#pressures-words .tract summary").nth(1)
    assert not tab.locator("#pressures-words .tract-card").nth(1).is_visible()
    summary.focus()
    tab.keyboard.press("Enter")
    card = tab.locator("#pressures-words .tract-card").nth(1)
    assert card.is_visible() and "yes, likely (77%)" in card.inner_text()
    heads = card.locator("thead th").all_inner_texts()
    assert heads[0] == "Share" and heads[-1] == "Larger here?"
    tab.locator("#pressures-words .all-cards").focus()
    tab.keyboard.press("Space")
    assert tab.locator("#pressures-words .tract[open]").count() == 4


def test_it_follows_the_language_of_the_page_by_keyboard_and_back(seen: Seen) -> None:
    """It had a switch of its own while the rest of the page was in English alone."""
    tab = seen.tab
    shown(tab)
    tab.locator(SWITCH % "es").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#pressures-words").get_attribute("lang") == "es"
    assert "hogares que alquilan" in tab.locator("#pressures-short").inner_text()
    popup = open_popup(tab, 1)
    assert "Proporciones que son mayores aquí: 3 de 4." in popup.inner_text()
    assert tab.locator("html").get_attribute("lang") == "es"
    tab.locator(SWITCH % "en").click()
    assert "renter households" in tab.locator("#pressures-short").inner_text()
    popup.wait_for(state="detached")


def test_the_link_under_the_map_leads_to_the_part(seen: Seen) -> None:
    shown(seen.tab)
    seen.tab.get_by_role("link", name="What it means, tract by tract").click()
    box = seen.tab.locator("#pressures-words").bounding_box()
    assert box["y"] < 200


@pytest.mark.parametrize("tongue", ["en", "es"])
def test_nothing_scrolls_sideways_on_a_telephone(seen: Seen, tongue: str) -> None:
    tab = seen.tab
    tab.set_viewport_size({"width": 320, "height": 700})
    shown(tab)
    tab.locator(SWITCH % tongue).click()
    tab.locator("#pressures-words .all-cards").click()
    tab.locator("#pressures-words .rebuild summary").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    wide = "all => all.filter(n => n.getBoundingClientRect().right > 320.5).map(n => n.className)"
    assert tab.eval_on_selector_all("#pressures-words *", wide) == []
    tab.locator("#home").click()
    popup = open_popup(tab, 0)
    until(tab, WITHIN)  # the map glides until the popup has room
    whole = popup.get_by_role("button", name="Show the whole card" if tongue == "en" else "Ver la ficha completa")
    whole.evaluate("one => one.click()")  # a mouse misses what still glides where frames are slow
    until(tab, "document.activeElement.tagName === 'SUMMARY'")


@pytest.mark.parametrize("tongue", ["en", "es"])
def test_texts_stand_out_from_their_ground(seen: Seen, tongue: str) -> None:
    tab = seen.tab
    shown(tab)
    tab.locator(SWITCH % tongue).click()
    tab.locator("#pressures-words .all-cards").click()
    assert tab.evaluate(CONTRAST) == []


def test_paper_has_every_card_and_room_to_write(seen: Seen) -> None:
    tab = seen.tab
    tab.locator("#print-what").select_option("all")
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert tab.locator("#pressures-words .tract-card:visible").count() == 4
    assert not tab.locator("#languages").is_visible()
    blank = tab.locator("#pressures-words .blank").bounding_box()
    assert blank["height"] > 40 and blank["width"] > 100


@pytest.mark.parametrize("seen", ["hostile"], indirect=True)
def test_hostile_protections_are_shown_and_not_run(seen: Seen) -> None:
    tab = seen.tab
    assert "<img src=x" in tab.locator("#pressures-words .protections li").inner_text()
    shown(tab)
    open_popup(tab, 0)
    assert tab.evaluate("window.hurt === undefined") and tab.locator("img[src='x']").count() == 0


# --------------------------------------------------------------------------------------------- the analyst's page


def test_a_card_opens_from_the_table_by_keyboard_and_closes(desk: Seen) -> None:
    tab = desk.tab
    button = tab.locator("#rows button.open").nth(12)
    geoid = button.inner_text()
    button.focus()
    tab.keyboard.press("Enter")
    card = tab.locator("#card")
    assert tab.evaluate("document.activeElement.id") == "card"
    told = card.inner_text()
    assert f"Tract {geoid}" in told and "[object" not in told and "undefined" not in told
    for said in ("Part A, four shares", "Part B, change", "Part C, the market", "Stage, with its chances",
                 "By home values", "What would change a class", "Urban Displacement Project", "Ding"):  # fmt: skip
        assert said in told, said
    assert card.locator(".bars li").count() >= 3
    assert tab.locator("path.tract.chosen").get_attribute("data-geoid") == geoid
    tab.keyboard.press("Escape")
    assert "Choose a tract" in card.inner_text()
    assert tab.evaluate("document.activeElement.textContent") == geoid, "back where it came from"


def test_a_card_opens_from_the_map_by_mouse(desk: Seen) -> None:
    tab = desk.tab
    path = tab.locator("path.tract").nth(3)
    geoid = path.get_attribute("data-geoid")
    path.click()
    told = tab.locator("#card").inner_text()
    assert str(geoid) in told and "Not classed: fewer than 100 households" in told
    assert "Part A" not in told


def test_the_map_can_be_coloured_by_chance(desk: Seen) -> None:
    tab = desk.tab
    fills = "all => all.map(p => p.getAttribute('fill'))"
    before = tab.eval_on_selector_all("path.tract", fills)
    tab.get_by_role("radio", name="Shares that hold").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.eval_on_selector_all("path.tract", fills) != before
    assert tab.locator(".legend:visible").inner_text().split("\n")[0].strip() == "under 10%"
    assert tab.locator("[role=radio][aria-checked=true]").inner_text() == "Chance that three or more hold"


def test_the_table_turns_by_geoid_and_by_nothing_else(desk: Seen) -> None:
    tab = desk.tab
    assert tab.locator("#rows thead button").count() == 1
    geoids = tab.locator("#rows tbody th").all_inner_texts()
    tab.locator("#turn").click()
    assert tab.locator("#by-geoid").get_attribute("aria-sort") == "ascending"
    tab.locator("#turn").click()
    assert tab.locator("#rows tbody th").all_inner_texts() == geoids[::-1]
    tab.locator("#find").fill(geoids[5])
    assert tab.locator("#rows tbody tr:visible").count() == 1
    assert tab.locator("#found").inner_text() == "1 of 40 tracts"


@pytest.mark.parametrize("width", [1366, 900, 320])
def test_the_page_fits_its_screen(desk: Seen, width: int) -> None:
    tab = desk.tab
    tab.set_viewport_size({"width": width, "height": 768})
    tab.locator("#rows button.open").nth(12).click()
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("#card h3").is_visible()


def test_it_can_be_read_and_says_that_it_is_internal(desk: Seen) -> None:
    tab = desk.tab
    tab.locator("#rows button.open").nth(12).click()
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate(CONTRAST) == []
    assert tab.locator(".internal").inner_text().startswith("Internal: for analysts, not for publication.")
    assert tab.locator(".banner").is_visible() and "INVENTED DATA" in tab.title()


def test_it_prints_with_its_mark(desk: Seen) -> None:
    tab = desk.tab
    tab.locator("#rows button.open").nth(12).click()
    paper = tab.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF") and len(re.findall(rb"/Type /Page[\n ]", paper)) <= 14
    tab.emulate_media(media="print")
    assert tab.locator(".internal").is_visible() and not tab.locator("#find").is_visible()
    assert tab.locator("#card h3").is_visible()


@pytest.mark.parametrize("desk", ["hostile analyst"], indirect=True)
def test_hostile_texts_of_cards_are_shown_and_not_run(desk: Seen) -> None:
    tab = desk.tab
    tab.locator("#rows button.open").nth(12).click()
    assert "<img src=x" in tab.locator("#card").inner_text()
    assert tab.evaluate("window.hurt === undefined") and tab.locator("img").count() == 0
