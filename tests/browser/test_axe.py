"""axe-core on every page: no finding of impact serious or critical, in every language, wide and narrow."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from justgeo.core.quality import Check
from justgeo.report import displacement_page, quality_page, results, sensitivity
from tests import nowhere
from tests.browser.seen import NEEDS, looking
from tests.report import made
from tests.report import made_displacement as md

pytestmark = [*NEEDS, pytest.mark.slow]

LANGUAGES = ("en", "es")
CHECKS = (
    Check(
        "a",
        "Stops for each square kilometer",
        "odd",
        ("acs:B25003",),
        0.0,
        0.1,
        None,
        "stops",
        "none",
        "See.",
        "ours",
        "So.",
    ),
    Check("b", "Parts of a whole", "holds", ("acs",), 1.0, 1.0, None, "share", matters="So."),
    Check("c", "Grids", "unknown", (), None, 3.0, None, "values", "no grid was given"),
)
WIDTHS = (1366, 320)
# A rule whose every finding is minor or moderate is not run: what it finds is not asked for.
ASK = """async () => (await axe.run(document, {resultTypes: ["violations"], rules: Object.fromEntries(
    axe._audit.rules.filter((one) => ["minor", "moderate"].includes(one.impact)).map((one) => [one.id, {enabled: !1}])
  )})).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id} (${one.impact}): ${one.help}: ` + one.nodes.slice(0, 4).map((node) => node.target.join(" ")
    + " " + (node.any[0] || node.all[0] || node.none[0] || {message: ""}).message).join(" | "))"""
# Before axe is read: it remembers in lists what it was asked, and looks through thousands for each question; and the
# fields of its colours, many thousands, stand in maps with weak keys. Here the places in a list are kept, and a field
# stands at its colour.
QUICKLY = """() => {
  const [plain, known] = [Array.prototype.indexOf, new WeakMap()];
  const given = {WeakMap, WeakSet};
  window.asBefore = () => {
    Array.prototype.indexOf = plain;
    Object.assign(window, given);
    delete window.asBefore;
  };
  Array.prototype.indexOf = function (one, ...more) {  // of lists that grow at their end, as those do
    if (more.length || !Array.isArray(this) || this.length < 16) return plain.call(this, one, ...more);
    let kept = known.get(this);
    if (!kept || kept.read > this.length) known.set(this, kept = {read: 0, at: new Map()});
    for (; kept.read < this.length; kept.read++)
      if (!kept.at.has(this[kept.read])) kept.at.set(this[kept.read], kept.read);
    return kept.at.get(one) ?? -1;
  };
  class Fields {
    #sign = Symbol();
    has(one) { return this.#sign in one; }
    get(one) { return one[this.#sign]; }
    set(one, value) { one[this.#sign] = value; return this; }
    add(one) { return this.set(one, true); }
  }
  Object.assign(window, {WeakMap: Fields, WeakSet: Fields});
}"""
# After it: the few colours of a page are read once and not anew for each of thousands of elements; and what the browser
# does not draw, as in the many details that are shut, has no contrast (axe finds that too, by a longer way).
SHORTLY = """() => {
  window.asBefore();
  const colour = axe.commons.color.Color.prototype;
  const [read, known] = [colour.parseString, new Map()];
  colour.parseString = function (text) {
    if (!known.has(text)) {
      read.call(this, text);
      known.set(text, [this.red, this.green, this.blue, this.alpha]);
    }
    [this.red, this.green, this.blue, this.alpha] = known.get(text);
    return this;
  };
  const contrast = axe._audit.rules.find((one) => one.id === "color-contrast");
  const concerns = contrast.matches;
  const drawn = (one) => one.checkVisibility() || getComputedStyle(one).display === "contents";
  contrast.matches = function (node, ...more) {
    return drawn(node) && concerns.call(this, node, ...more);
  };
}"""
ALL_OPEN = "document.querySelectorAll('details').forEach((one, i) => { one.open = i < 30; })"


@pytest.fixture(scope="module")
def rules() -> str:
    folder = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed (the test extra)"
    )
    return resources.files(folder).joinpath("axe.min.js").read_text(encoding="utf-8")


def ask(tab: Any, rules: str) -> list[str]:
    """Serious and critical findings, at each width."""
    found = []
    if not tab.evaluate("'axe' in window"):
        for script in (QUICKLY, rules, SHORTLY):
            tab.evaluate(script)
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        found += [f"{width} px: {one}" for one in tab.evaluate(ASK)]
    return found


PLANTED = """<!DOCTYPE html><html lang=en data-ready=true><meta charset=utf-8><title>Planted</title><main><h1>A</h1>
<p style="color: #777; background: #fff">4.48 to 1</p><p style="color: #767676; background: #fff">4.54 to 1</p>
<div style="background: rgb(0 0 0 / 50%)"><p style="color: #fff">3.95 to 1 through a veil</p></div>
<p>In <a href="#a" style="color: #900; text-decoration: none">a text</a> like its own</p>
<button></button><img src="data:,"><ul><p>No item</p></ul><input><a href="#a" style="font-size: 4px">a</a>
<a href="#a" style="font-size: 4px">b</a><b aria-checked="perhaps" role="checkbox" tabindex=0>c</b>
<details><summary style="color: #767676">A</summary><p style="color: #777">Shut in</p></details>
<details open><summary style="color: #767676">A</summary><p style="color: #767676">Open</p></details>
<div hidden><p style="color: #777">Gone</p></div><p style="color: #777; visibility: hidden">Unseen</p>
<p style="color: #777; opacity: 0">Through</p><p style="color: #777; position: absolute; left: -999px">Out</p>
<div style="display: contents; color: #777">In no box <em>4.48 to 1</em></div>
<p style="clip-path: inset(50%)">Cut off</p></main>"""


def test_what_keeps_people_out_is_found(browser: Any, rules: str, tmp_path: Path) -> None:
    """The look-out itself: all that axe finds serious or critical, and not less than without our shortcuts."""
    path = tmp_path / "planted.html"
    path.write_text(PLANTED, encoding="utf-8")
    plain = """async () => (await axe.run(document)).violations.filter((one) => /serious|critical/.test(one.impact))
      .map((one) => [one.id, one.nodes.length])"""
    contrasts = """async () => Object.entries(await axe.run(document, {runOnly: "color-contrast"}))
      .filter(([, told]) => Array.isArray(told)).map(([kind, told]) => [kind, told.map((one) => one.nodes.map((node) =>
        [node.target, node.any.map((check) => check.data)]))])"""
    with looking(browser, path) as seen:
        seen.tab.evaluate(rules)
        expected, drawn = dict(seen.tab.evaluate(plain)), seen.tab.evaluate(contrasts)
    with looking(browser, path) as seen:
        found = ask(seen.tab, rules)
        assert dict(seen.tab.evaluate(plain)) == expected, "colours that are read once are the same"
        assert seen.tab.evaluate(contrasts) == drawn, "and so is what has a contrast, and which"
    ids = {"aria-valid-attr-value", "button-name", "color-contrast", "image-alt", "label", "link-in-text-block", "list"}
    assert ids <= expected.keys() and expected["color-contrast"] == 3
    for width in WIDTHS:
        told = [one.split()[2] for one in found if one.startswith(f"{width} px: ")]
        assert told == list(expected), width


def whole(browser: Any, path: Path, rules: str) -> list[str]:
    """Findings on a page of a district in each language: as it opens, and with all that opens open."""
    found = []
    with looking(browser, path) as seen:
        for code in LANGUAGES:
            if code != "en":
                seen.tab.locator(f"#languages [data-language={code}]").click()
                seen.tab.wait_for_selector(f"html[lang={code}]")
            seen.tab.evaluate(ALL_OPEN)
            if seen.tab.locator("#find").count():
                seen.tab.locator("#find").fill("st")
            seen.tab.locator(".leaflet-data-pane path[tabindex='0']").focus()
            seen.tab.keyboard.press("Enter")
            found += [f"{code}, {one}" for one in ask(seen.tab, rules)]
    return found


@pytest.mark.parametrize("slug", ["nowhere-invented", "haight-castro"])
def test_pages_of_the_demo(browser: Any, demo: dict[str, Path], rules: str, slug: str) -> None:
    assert whole(browser, demo[slug] / "index.html", rules) == []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("axe")
    kept = md.baseline(["Rent registry since 2021"])
    found = {name: folder / f"{name}.html" for name in ("public", "analyst")}
    made.write_page(found["public"], kept)
    displacement_page.write(found["analyst"], md.analyst(kind="district"))
    found["quality"] = folder / "quality.html"
    told = results.to_dict(replace(kept, quality=CHECKS))
    found["quality"].write_text(quality_page.render(told), encoding="utf-8")
    compared, _ = nowhere.compared(tmp_path_factory)
    *_, moved = nowhere.shifted(tmp_path_factory)
    (folder / "moved").mkdir()
    sensitivity.fill(folder / "moved", moved)
    found["compare"] = compared / "out" / "compare.html"
    found["sensitivity"] = folder / "moved" / "sensitivity.html"
    return found


@pytest.mark.parametrize("name", ["public"])
def test_the_part_on_displacement(browser: Any, files: dict[str, Path], rules: str, name: str) -> None:
    assert whole(browser, files[name], rules) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_how_good_the_data_are(browser: Any, files: dict[str, Path], rules: str, code: str) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768})
    tab = context.new_page()
    tab.goto(f"{files['quality'].as_uri()}#{code}")
    assert [one for one in LANGUAGES if tab.locator(f"#{one}").is_visible()] == [code]
    assert ask(tab, rules) == []
    for width in (1366, 390, 320):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("name", ["analyst", "compare", "sensitivity"])
def test_other_pages(browser: Any, files: dict[str, Path], rules: str, name: str) -> None:
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(files[name].as_uri())
    tab.evaluate(ALL_OPEN)
    assert ask(tab, rules) == []
    context.close()
