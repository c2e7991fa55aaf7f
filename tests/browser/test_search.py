"""Find my street, in a browser with the network off: what is found, what never is, and that nothing typed is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.seen import NEEDS, looking
from tests.report import made

pytestmark = NEEDS


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_page(tmp_path_factory.mktemp("search") / "index.html", made.baseline())


@pytest.fixture
def tab(browser: Any, file: Path) -> Iterator[Any]:
    with looking(browser, file) as got:
        yield got.tab


def names(tab: Any, text: str) -> list[str]:
    """What the list offers for a text, with its kind."""
    tab.locator("#find").fill(text)
    return [" ".join(one.split()) for one in tab.locator("#find-list li").all_inner_texts()]


WRITTEN = ("5th Street", "5th street", "5TH ST", "5th st.", "  5th   str", "fifth street", "fifth st", "123 5th St")
FOUND = {
    "ave 5": "Avenue 5",
    "AV 5": "Avenue 5",
    "avenida 5": "Avenue 5",
    "old fer": "Old Ferry Road",
    "ferry rd": "Old Ferry Road",
    "penasco": "Peñasco Elementary School",
    "PEÑASCO sch": "Peñasco Elementary School",
    "saint marys": "St. Mary's School",
    "st mary": "St. Mary's School",
    "library": "Mill Pond Library",
    "mill pond p": "Mill Pond Park",
    "stop 3": "Stop 3",
}
NEVER = ("clinic", "harbor", "shelter", "immigrants", "welcome", "newcomer", "safe")
ODD = ("'\"><svg onload=window.hurt=1>", "__proto__", "constructor", "(((", "\\", "💡", "a" * 5000)
KEPT = "[location.href, document.cookie, history.length, history.state, localStorage.length, sessionStorage.length]"


def test_a_street_is_found_however_it_is_written(tab: Any) -> None:
    assert {typed: names(tab, typed)[0] for typed in WRITTEN} == dict.fromkeys(WRITTEN, "5th Street street")


def test_accents_case_and_short_forms_do_not_matter(tab: Any) -> None:
    for typed, first in FOUND.items():
        assert names(tab, typed)[0].startswith(first), typed


def test_streets_stand_before_stops_and_no_more_than_eight_are_listed(tab: Any) -> None:
    assert len(names(tab, "street")) == 8
    assert "first 8 are listed" in tab.locator("#find-told").inner_text()
    assert all(one.endswith(" street") for one in names(tab, "5th"))


def test_shelters_clinics_and_services_for_immigrants_are_never_found(tab: Any) -> None:
    for typed in NEVER:
        assert names(tab, typed) == [], typed
        assert "Nothing by that name" in tab.locator("#find-told").inner_text()
        assert tab.locator("#find").get_attribute("aria-expanded") == "false"


def test_they_are_not_drawn_and_not_in_the_page(tab: Any, file: Path) -> None:
    tab.locator("#places").check()
    assert tab.locator(".leaflet-places-pane path").count() == 4
    text = file.read_text(encoding="utf-8")
    everything = text + tab.evaluate("JSON.stringify(window.justgeo.data)")
    assert "Mill Pond Library" in everything
    for name in ("Harbor Clinic", "Safe Harbor Shelter", "Welcome House", "Newcomer Shelter School"):
        assert name not in everything


def test_it_is_worked_by_keys_and_told(tab: Any) -> None:
    tab.locator("#find").focus()
    tab.keyboard.type("avenue")
    field = tab.locator("#find")
    assert field.get_attribute("aria-expanded") == "true" and field.get_attribute("aria-activedescendant") is None
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "find-1"
    chosen = tab.locator("#find-1").inner_text().split("\n")[0].removesuffix("street").strip()
    assert tab.locator("#find-list [aria-selected=true]").count() == 1
    tab.keyboard.press("Enter")
    assert tab.locator("#find-list").is_hidden() and field.input_value() == chosen
    assert tab.evaluate("document.activeElement.id") == "find"
    told = tab.locator("#find-told")
    assert told.get_attribute("aria-live") == "polite"
    assert told.inner_text().startswith(f"{chosen} (street) is marked on the map.")
    colours = tab.eval_on_selector_all(".leaflet-found-pane path", "all => all.map(p => p.getAttribute('stroke'))")
    assert set(colours) == {"#16181d", "#ffd34d"}
    assert tab.locator(".found-name").inner_text() == chosen
    tab.keyboard.press("Escape")
    assert field.input_value() == "" and tab.locator(".leaflet-found-pane path").count() == 0
    assert told.inner_text() == ""


def test_what_is_found_says_in_which_areas_it_lies_and_opens_them(tab: Any) -> None:
    tab.locator("#find").fill("mill pond library")
    tab.keyboard.press("Enter")
    button = tab.locator("#find-told button")
    assert button.count() == 1
    area = button.inner_text().split(":")[0]
    button.click()
    assert tab.locator(".leaflet-popup[role=dialog]").get_attribute("aria-label") == area
    tab.locator("#find").fill("avenue 5")
    tab.keyboard.press("Enter")
    assert tab.locator("#find-told button").count() >= 3, "a street that runs through several"


def test_the_map_goes_there(tab: Any) -> None:
    zoom = "window.justgeo.map.getZoom()"
    before = tab.evaluate(zoom)
    tab.locator("#find").fill("mill pond library")
    tab.keyboard.press("Enter")
    assert tab.evaluate(zoom) > before
    tab.locator("#find-clear").click()
    tab.locator("#home").click()
    assert tab.evaluate(zoom) == before


def test_another_indicator_and_another_language_tell_it_anew(tab: Any) -> None:
    tab.locator("#find").fill("mill pond library")
    tab.keyboard.press("Enter")
    before = tab.locator("#find-told").inner_text()
    tab.get_by_role("radio", name="Opportunity", exact=True).click()
    assert tab.locator("#find-told").inner_text() != before
    tab.locator("#languages [data-language=es]").click()
    tab.wait_for_selector("html[lang=es]")
    assert "(biblioteca) está marcado en el mapa" in tab.locator("#find-told").inner_text()
    assert tab.locator("#find").input_value() == "Mill Pond Library", "it is not lost"


def test_hostile_names_are_shown_and_not_run(tab: Any) -> None:
    assert any("<img src=x" in one for one in names(tab, "img src"))
    for i in range(len(names(tab, "img src"))):
        tab.locator("#find").fill("img src")
        tab.locator(f"#find-{i}").click()
        assert "<img src=x" in tab.locator(".found-name").last.inner_text()
    tab.locator("#places").check()
    for path in tab.locator(".leaflet-places-pane path").all():
        path.hover(force=True)
    assert tab.evaluate("window.hurt === undefined") and tab.locator("img[src='x']").count() == 0


def test_whatever_is_typed_does_no_harm(tab: Any) -> None:
    for typed in ODD:
        assert isinstance(names(tab, typed), list)
        tab.keyboard.press("Enter")
        assert tab.evaluate("window.hurt === undefined"), typed


def test_nothing_typed_is_kept_or_sent(browser: Any, file: Path) -> None:
    """At the end of a look nothing was asked for; here, that nothing is left behind either."""
    with looking(browser, file, alone=True) as got:
        tab = got.tab
        tab.locator("#find").fill("my very own street 7")
        tab.locator("#find").fill("5th street")
        tab.keyboard.press("Enter")
        kept = tab.evaluate(KEPT)
        assert kept == [file.as_uri(), "", kept[2], None, 0, 0] and kept[2] <= 2
        plain = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off", "name": None}
        for name, value in plain.items():
            assert tab.locator("#find").get_attribute(name) == value
        assert tab.locator("form").count() == 0
