"""The switch of languages in a real browser, network off: by mouse, by keys, by the address, there and back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from justgeo.report import spoken
from tests.browser.seen import NEEDS, Seen, looking
from tests.report import made

pytestmark = NEEDS

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
TEXTS = "() => [...document.querySelectorAll('body *')].map((one) => one.tagName + one.id + one.textContent.length)"
SWITCH = "#languages [data-language=%s]"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("languages")
    whole = made.baseline()
    names = tuple(f"{name} {made.HOSTILE}" for name in whole.zones.names)
    variants = {
        "plain": whole,
        "invented": made.baseline(synthetic=True, name="Nowhere", slug="nowhere-invented"),
        "hostile": replace(whole, zones=replace(whole.zones, names=names), notes=(made.HOSTILE,)),
    }
    return {name: made.write_page(folder / f"{name}.html", one) for name, one in variants.items()}


@pytest.fixture
def seen(browser: Any, files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Seen]:
    with looking(browser, files[getattr(request, "param", "plain")]) as got:
        yield got


def language(tab: Any) -> str:
    found: str = tab.locator("html").get_attribute("lang")
    return found


def test_the_whole_page_is_told_in_spanish_and_back(seen: Seen) -> None:
    tab = seen.tab
    before, title = tab.evaluate(TEXTS), tab.title()
    tab.locator(SWITCH % "es").click()
    assert language(tab) == "es" and "línea de base" in tab.title()
    assert tab.locator("#numbers-title").inner_text() == "En breve"
    assert tab.locator("#belonging-title").inner_text() == "Pertenencia"
    assert tab.locator("#belonging .chip.rel").first.inner_text() == "confiable"
    assert tab.get_by_role("navigation", name="En esta página").is_visible()
    assert tab.locator(SWITCH % "es").get_attribute("aria-pressed") == "true"
    assert tab.locator("#categories [aria-checked=true]").inner_text() == "Pertenencia", "the map's own words too"
    assert tab.evaluate("location.hash") == "#es"
    tab.locator(SWITCH % "en").click()
    assert language(tab) == "en" and tab.title() == title
    assert tab.evaluate(TEXTS) == before, "nothing is left of it"


def test_elements_stay_the_same_ones(seen: Seen) -> None:
    """So that what other scripts hang on them, and what is open, is kept."""
    tab = seen.tab
    tab.locator("#belonging details").first.locator("summary").first.click()
    tab.locator(".tally [data-status='not measured']").click()
    kept = "document.querySelectorAll('button, a[data-indicator], details, input, section, table.numbers > tbody')"
    tab.evaluate(f"window.kept = [...{kept}].filter((one) => !one.closest('[role=radiogroup], .frame, #twin-rows'))")
    many = tab.evaluate("window.kept.length")
    assert many > 30
    tab.locator(SWITCH % "es").click()
    assert tab.evaluate("window.kept.filter((one) => one.isConnected).length") == many
    assert tab.locator("#belonging details").first.get_attribute("open") is not None
    assert tab.locator(".item[data-status='not measured']:visible").count() == 0
    tab.locator("#checklist a[data-indicator='OPP-01']").first.click()
    assert "±" in tab.locator("#shown-district").inner_text()


def test_by_keys_alone_and_the_focus_stays(seen: Seen) -> None:
    tab = seen.tab
    for code in ("es", "en"):
        tab.evaluate("document.activeElement.blur(); document.body.tabIndex = -1; document.body.focus()")
        for _ in range(5):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement.dataset.language") == code:
                break
        tab.keyboard.press("Enter")
        assert language(tab) == code
        assert tab.evaluate("document.activeElement.dataset.language") == code
    summary = tab.locator("#belonging details summary").first
    summary.focus()
    tab.evaluate("document.querySelector('%s').click()" % (SWITCH % "es"))
    assert tab.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_an_address_may_name_the_language(browser: Any, files: dict[str, Path]) -> None:
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto(f"{files['plain'].as_uri()}#es")
    tab.wait_for_selector("html[lang=es][data-ready=true]")
    assert tab.locator("#numbers-title").inner_text() == "En breve"
    tab.evaluate("location.hash = '#map'")
    assert language(tab) == "es", "a place on the page is no language"
    tab.evaluate("location.hash = '#en'")
    tab.wait_for_selector("html[lang=en]")
    assert tab.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    context.close()


def test_without_scripts_the_english_page_stands_whole(browser: Any, files: dict[str, Path]) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(files["plain"].as_uri())
    assert not tab.locator("#languages").is_visible()
    assert tab.locator("#numbers").get_by_text("Households with high housing costs").first.is_visible()
    assert tab.locator("#glossary dd").count() >= 10
    context.close()


@pytest.mark.parametrize("seen", ["hostile"], indirect=True)
def test_hostile_names_do_not_run_in_either(seen: Seen) -> None:
    tab = seen.tab
    for code in ("es", "en", "es"):
        tab.locator(SWITCH % code).click()
        assert "<img src=x" in tab.locator("#absent").inner_text()
        assert tab.locator("img[src='x']").count() == 0
    assert tab.evaluate("window.hurt === undefined")


@pytest.mark.parametrize("seen", ["invented"], indirect=True)
def test_invented_places_are_marked_in_spanish(seen: Seen) -> None:
    seen.tab.locator(SWITCH % "es").click()
    assert "DATOS INVENTADOS" in seen.tab.title()
    assert "DATOS INVENTADOS" in seen.tab.locator(".banner").inner_text()
    assert "DATOS INVENTADOS" in seen.tab.locator("#paper").evaluate("(one) => one.textContent")


@pytest.mark.parametrize("code", ["en", "es"])
def test_nothing_scrolls_sideways_and_all_can_be_read(seen: Seen, code: str) -> None:
    tab = seen.tab
    tab.locator(SWITCH % code).click()
    assert tab.evaluate(CONTRAST) == []
    for width in (1000, 700, 320):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    box = tab.locator("#ind-BEL-02 b").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 320, "the number is seen at once"


def test_what_is_packed_is_unpacked_to_the_letter(seen: Seen) -> None:
    """Stored, fixed and dynamic blocks of deflate, long and short distances, all letters."""
    drawn = random.Random(6)
    letters = "".join(chr(i) for i in range(32, 700)) + "ñ±→𝄞"
    texts = ["", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" * 40, letters * 90]
    texts += ["".join(drawn.choice(letters) for _ in range(n)) for n in (1, 50, 400, 70_000)]
    texts += ["".join(drawn.choice("abc") for _ in range(n)) for n in (3, 300, 90_000)]
    for text in texts:
        assert seen.tab.evaluate("(code) => justgeoUnpack(code)", spoken.packed(text)) == text
