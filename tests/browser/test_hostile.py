"""Every page of a place whose every text is hostile, in a browser with the network off: nothing runs, nothing is lost.

What got through would set ``window.hurt_<number>``; the number says which text of the place it was. The policy of each
page forbids such scripts anyway, so each page is looked at once more with its policy taken out: its texts have to be
harmless by themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from justgeo.report import displacement_page, notebook
from justgeo.results import read
from tests import planted_outputs
from tests.browser.seen import NEEDS, looking, speak, until
from tests.planted import ATTACKS, UNSEEN, Plant, lacking
from tests.planted_outputs import Made
from tests.report import made_displacement

pytestmark = NEEDS

HURT = "Object.keys(window).filter((key) => key.startsWith('hurt'))"
FOREIGN = "[...document.querySelectorAll('img, iframe, object, embed, base, form, link, a[href]')]"
OUTWARD = FOREIGN + '.map((one) => one.outerHTML).filter((told) => !/^<a [^>]*href="#/.test(told))'
HANDLERS = """[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((told) =>
  told.name.startsWith('on') || /^\\s*(javascript|data:text|vbscript)/i.test(told.value)))
  .map((one) => one.outerHTML)"""
TEXT = """() => {
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const found = [];
  const code = (one) => ['SCRIPT', 'STYLE'].includes(one.parentNode.tagName);
  while (walker.nextNode()) if (!code(walker.currentNode)) found.push(walker.currentNode.data);
  return found.join('');
}"""
# Names typed into the search one after the other, the first that is offered chosen: how many are offered, and what is
# told. From within the page, which is drawn anew for each key from without; test_search has the keys.
FIND = """(names) => names.map((name) => {
  const [field, list] = [document.getElementById("find"), document.getElementById("find-list")];
  field.focus();
  field.value = name;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  const offered = [list.querySelectorAll("li").length, list.textContent];
  if (offered[0]) field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
  return [name, ...offered, document.getElementById("find-told").innerText];
})"""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    whole = planted_outputs.made(tmp_path_factory)
    whole.pages.setdefault("displacement", analysts(tmp_path_factory.mktemp("analysts"), whole.plant))
    return whole


def analysts(folder: Path, plant: Plant) -> Path:
    """The analyst's page, with something hostile in the place of every text that is no key."""
    content = made_displacement.analyst(name=plant("analyst name"), notes=[plant("analyst note")])
    for card in content["cards"].values() if isinstance(content["cards"], dict) else content["cards"]:
        for key, told in card.items():
            if key == "caveats":
                card[key] = [plant(f"analyst caveat {card['geoid']}")] if told else told
        for opinion in card.get("opinions") or []:
            for line in opinion.get("lines", []):
                line["name"] = plant("analyst line")
    for one in content["conditions"]:
        one["title"] = plant(f"analyst condition {one['id']}")
    for one in content["methods"]:
        one["title"] = plant(f"analyst method {one['id']}")
        one["source"] = plant(f"analyst source {one['id']}")
    displacement_page.write(folder / "displacement.html", content)
    return folder / "displacement.html"


@contextmanager
def opened(browser: Any, path: Path) -> Iterator[Any]:
    """A page that needs no script, or one that says when it is ready; nothing may have run at the end."""
    if "<script>" in path.read_text(encoding="utf-8"):
        with looking(browser, path) as seen:
            yield seen.tab
            assert seen.tab.evaluate(HURT) == []
        return
    context = browser.new_context(offline=True)
    tab, asked, said = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(path.as_uri())
    yield tab
    assert tab.evaluate(HURT) == [] and tab.evaluate("document.scripts.length") == 0
    assert asked == [path.as_uri()] and said == []
    context.close()


def test_what_is_planted_would_run(browser: Any, tmp_path: Path) -> None:
    """The look-out itself: the same texts in a page that does not escape them."""
    plant = Plant()
    names = [plant(str(k)) for k in range(len(ATTACKS))]
    path = tmp_path / "careless.html"
    path.write_text(f"<meta charset=utf-8><body>{'<p>'.join(one + '-->' for one in names)}", encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    until(tab, f"({HURT}).length >= {len(names) - 3}")
    assert len(tab.evaluate(HANDLERS)) > len(names)
    tab.close()


TERMS = tuple(f"terms {layer} {key}" for layer in ("osm", "areas", "blocks") for key in ("source", "attr", "licence"))
PAGES = ("index", "checklist", "packet", "posters", "form", "compare", "sensitivity", "explore", "displacement")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_by_itself(browser: Any, made: Made, name: str) -> None:
    with opened(browser, made.pages[name]) as tab:
        links = tab.evaluate(OUTWARD)
        if name == "packet":
            links = [one for one in links if not re.match(r'<a href="(outputs|evidence)/[\w./-]+">', one)]
        if name == "index":  # the page of data quality, written beside it
            links = [one for one in links if not one.startswith('<a href="quality.html">')]
        assert links == [] and tab.evaluate(HANDLERS) == []
        assert UNSEEN not in tab.evaluate(TEXT)
        if name != "posters":  # a sheet is as wide as its paper
            tab.set_viewport_size({"width": 320, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320, "a name without blanks runs out"


@pytest.mark.parametrize("name", PAGES)
def test_without_its_policy_a_page_is_as_harmless(browser: Any, made: Made, name: str, tmp_path: Path) -> None:
    html = made.pages[name].read_text(encoding="utf-8")
    (told,) = (unescape(one) for one in POLICY.findall(html))
    assert told.startswith("default-src 'none'") and "unsafe-eval" not in told
    assert "'unsafe-inline'" not in told.partition("script-src")[2]
    bare = tmp_path / "bare.html"
    bare.write_bytes(POLICY.sub("", html).encode("utf-8"))
    with opened(browser, bare) as tab:
        tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        tab.mouse.move(300, 300)
        tab.wait_for_timeout(50)


def test_the_page_names_all_and_loses_nothing(browser: Any, made: Made) -> None:
    plant = made.plant
    with opened(browser, made.pages["index"]) as tab:
        for code in ("en", "es"):
            speak(tab, code)
            text = tab.evaluate(TEXT)
            assert lacking(text, plant.of("district", "reference", "protection", "absent tree", *TERMS)) == []
            assert lacking(text, plant.of("correction note", "correction role", "correction name")) == []
            assert tab.evaluate("document.title").find(plant.texts["district"][:40]) >= 0
            assert "{{ 7*7 }}" in text and "49" not in re.findall(r"\{\{.{0,8}", text)


def test_every_area_is_opened_by_its_name(browser: Any, made: Made) -> None:
    names = [one.replace(UNSEEN, "") for one in made.plant.of("area name")]
    with opened(browser, made.pages["index"]) as tab:
        for code in ("en", "es"):
            speak(tab, code)
            tab.evaluate("document.querySelector('#twin').open = true")
            rows = tab.locator("#twin-rows tr").count()
            assert rows == len(names)
            seen = []
            for k in range(rows):
                tab.locator("#twin-rows button").nth(k).click()
                popup = tab.locator(".leaflet-popup").last
                popup.wait_for()
                seen.append(popup.evaluate("(one) => one.textContent"))
                assert popup.locator(".tip").count() == 1
            assert lacking(" ".join(seen), names) == []
            labels = tab.eval_on_selector_all(
                ".leaflet-data-pane path", "all => all.map((one) => one.getAttribute('aria-label'))"
            )
            assert lacking(" ".join(labels), names) == []
            for path in tab.locator(".leaflet-data-pane path").all():
                path.hover(force=True)


def test_every_indicator_is_shown(browser: Any, made: Made) -> None:
    with opened(browser, made.pages["index"]) as tab:
        tab.evaluate("""() => { for (const row of window.justgeo.data.indicators) window.justgeo.show(row.id); }""")
        assert tab.locator("#shown-title").inner_text()


def test_streets_and_places_are_found_and_marked(browser: Any, made: Made) -> None:
    with opened(browser, made.pages["index"]) as tab:
        data = tab.evaluate("window.justgeo.data")
        names = {one[0] for kind in ("streets", "parks") for one in data["named"][kind]}
        names |= {one[0] for one in data["places"]} | set(data["stops"])
        assert UNSEEN not in "".join(names)
        wanted = [one for one in made.plant.of("street", "park", "stop") if not one.startswith("Turned")]
        turned = made.plant.texts["street 3"][:200]
        wanted = [turned if one == made.plant.texts["street 3"] else one for one in wanted]
        assert lacking(" ".join(names), wanted) == []
        for name, offered, listed, told in tab.evaluate(FIND, sorted(names)):
            assert offered and told and lacking(listed, [name]) == []
        for box in ("stops", "places", "figures"):
            tab.locator(f"#{box}").check()
        for pane in ("stops", "places"):
            for path in tab.locator(f".leaflet-{pane}-pane path").all():
                path.hover(force=True)


def test_printed_sheets_name_the_place(browser: Any, made: Made) -> None:
    with opened(browser, made.pages["index"]) as tab:
        for code in ("en", "es"):
            speak(tab, code)
            for what in ("sheets", "all") if code == "es" else ("sheets",):
                tab.select_option("#print-what", what)
                tab.emulate_media(media="print")
                assert tab.pdf(format="Letter").startswith(b"%PDF")
                tab.emulate_media(media="screen")
        sheet = tab.locator("#handout").evaluate("(one) => one.textContent")
        assert lacking(sheet, made.plant.of("district")) == []


def test_cards_of_analysts_are_opened(browser: Any, made: Made) -> None:
    with opened(browser, made.pages["displacement"]) as tab:
        for button in tab.locator("button.open").all():
            button.click()
        assert tab.locator("#card-title").count() == 1


def test_what_a_notebook_shows_runs_nothing_in_it(browser: Any, made: Made, tmp_path: Path) -> None:
    """A notebook forbids no script: everything on a page without a policy."""
    found = read(made.out)
    told = [found._repr_html_(), found.explore("BEL-02")._repr_html_(), notebook.district(made.found.district)]
    told.append(notebook.checklist(json.loads((made.out / "checklist.json").read_text(encoding="utf-8"))))
    path = tmp_path / "cells.html"
    path.write_text(f"<!DOCTYPE html><html data-ready=true><meta charset=utf-8><body>{''.join(told)}", encoding="utf-8")
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto(path.as_uri())
    frame = next(one for one in tab.frames if one != tab.main_frame)
    frame.wait_for_selector("html[data-ready=true]", timeout=10_000)
    for area in frame.locator(".leaflet-data-pane path").all():
        area.hover(force=True)
    assert tab.evaluate(HURT) == [] and frame.evaluate(HURT) == []
    assert lacking(tab.evaluate(TEXT), made.plant.of("district", "reference", "own commitment")) == []
    context.close()


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("checklist", ("district", "answer", "form", "asset", "seat", "target note", "own commitment")),
        ("packet", ("district", "answer by", "answer name")),
        ("posters", ("district",)),
        ("form", ("district",)),
        ("compare", ("district", "reference", "terms blocks attribution")),
        ("sensitivity", ("district", "terms blocks attribution")),
        ("explore", ("district", "terms osm attribution", "area name 0", "area name 1")),
        ("displacement", ("analyst name", "analyst note", "analyst method", "analyst condition")),
    ],
)
def test_texts_stand_as_they_were_written(browser: Any, made: Made, name: str, starts: tuple[str, ...]) -> None:
    with opened(browser, made.pages[name]) as tab:
        assert lacking(tab.evaluate(TEXT), made.plant.of(*starts)) == []
