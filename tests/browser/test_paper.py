"""Paper: each sheet on one page, at letter and at A4, in every language; with its map, marks and attribution."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from justgeo.report.results import DISCLAIMER
from tests.browser.seen import NEEDS, looking, speak
from tests.report import made

pytestmark = NEEDS

PAPERS = {"Letter": (710, 969), "A4": (688, 1035)}
"""Width and height inside the margins, in CSS pixels."""
LANGUAGES = ("en", "es")
MEASURE = """() => [...document.querySelectorAll('.sheet')].filter((one) => one.checkVisibility())
  .map((one) => [one.dataset.sheet, one.getBoundingClientRect().height, one.scrollWidth - one.clientWidth])"""
NEEDS_POPPLER = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not installed (poppler-utils)")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("paper")
    variants = {
        "real": made.baseline(),
        "invented": made.baseline(synthetic=True, name="Nowhere", slug="nowhere-invented"),
        "hostile": made.baseline(name=f"Hill {made.HOSTILE}"),
    }
    return {name: made.write_page(folder / f"{name}.html", one) for name, one in variants.items()}


@pytest.fixture
def tab(browser: Any, files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Any]:
    with looking(browser, files[getattr(request, "param", "real")]) as got:
        yield got.tab


def count(paper: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", paper))


def every_sheet_fits(tab: Any) -> None:
    """Every sheet fits its page, in every language and on both papers, and the paper has as many pages as sheets."""
    for code in LANGUAGES:
        tab.emulate_media(media="screen")
        tab.set_viewport_size({"width": 1366, "height": 768})
        speak(tab, code)
        for paper, (width, height) in PAPERS.items():
            tab.emulate_media(media="print")
            tab.set_viewport_size({"width": width, "height": height})
            sheets = tab.evaluate(MEASURE)
            assert len(sheets) >= 3
            for name, tall, wider in sheets:
                assert tall <= height, (code, paper, name, tall)
                assert wider <= 0, (code, paper, name, "runs out sideways")
            assert count(tab.pdf(format=paper)) == len(sheets), (code, paper)


def test_every_sheet_is_one_page(tab: Any) -> None:
    every_sheet_fits(tab)


def test_a_sheet_for_each_category_after_a_summary_of_two_pages(tab: Any) -> None:
    tab.emulate_media(media="print")
    order = [name for name, *_ in tab.evaluate(MEASURE)]
    assert order == ["summary", "summary", "belonging", "opportunity", "wellbeing", "mobility", "demographics"]
    assert not tab.locator("main").is_visible() and not tab.locator(".banner, nav, .print-bar").first.is_visible()
    for i, sheet in enumerate(tab.locator(".sheet").all()):
        text = sheet.inner_text()
        assert "Mill Pond" in text and "data of 2020 to 2026" in text and DISCLAIMER in text, order[i]
    belonging = tab.locator(".sheet.belonging")
    assert belonging.locator("tbody tr").count() == 2
    assert "53% ± 4 points" in belonging.inner_text() and "2020 to 2024" in belonging.inner_text()


def test_maps_are_drawn_with_legend_scale_and_attribution(tab: Any) -> None:
    assert tab.locator(".sheet-map svg").count() == 0, "not before somebody prints"
    tab.emulate_media(media="print")
    for sheet in tab.locator(".sheet:not([data-sheet=summary])").all():
        box = sheet.locator(".sheet-map svg").bounding_box()
        assert box["width"] > 300 and box["height"] > 200
        fills = sheet.locator(".sheet-map use[fill]").evaluate_all("all => all.map(one => one.getAttribute('fill'))")
        assert any(one.startswith("#") for one in fills)
        assert sheet.locator(".sheet-legend li").count() >= 2
        assert "© OpenStreetMap contributors" in sheet.locator(".sheet-foot").inner_text()
        drawn = sheet.locator(".sheet-map text").all_text_contents()
        assert any(one.endswith(" m") or one.endswith(" km") for one in drawn) and "N" in drawn
        assert any("%" in one or "$" in one or one.replace(",", "").isdigit() for one in drawn), (
            "numbers, not colours alone"
        )
    ids = tab.eval_on_selector_all(".sheet-map use", "all => all.map(one => one.getAttribute('href'))")
    assert all(tab.locator(one).count() == 1 for one in set(ids)), "each shape stands once"


def test_what_is_printed_can_be_chosen(tab: Any) -> None:
    for what, pages_ in {"summary": 2, "belonging": 1, "sheets": 7}.items():
        tab.locator("#print-what").select_option(what)
        assert count(tab.pdf(format="Letter")) == pages_, what
    tab.locator("#print-what").select_option("all")
    whole = tab.pdf(format="Letter")
    assert 3 <= count(whole) <= 14
    tab.emulate_media(media="print")
    assert tab.locator("main .numbers").first.is_visible() and not tab.locator(".handout").is_visible()


@pytest.mark.parametrize("tab", ["invented"], indirect=True)
def test_invented_data_are_marked_on_every_sheet_and_every_map(tab: Any) -> None:
    for code, word in {"en": "INVENTED DATA", "es": "DATOS INVENTADOS"}.items():
        tab.emulate_media(media="screen")
        speak(tab, code)
        tab.emulate_media(media="print")
        for sheet in tab.locator(".sheet").all():
            assert word in sheet.locator(".sheet-mark").inner_text()
        marks = tab.locator(".sheet-map .paper-mark").all_text_contents()
        assert marks == [word] * tab.locator(".sheet-map svg").count() and len(marks) == 6


@pytest.mark.parametrize("tab", ["hostile"], indirect=True)
def test_hostile_names_are_printed_and_not_run(tab: Any) -> None:
    tab.emulate_media(media="print")
    assert "<img src=x" in tab.locator(".sheet").first.inner_text()
    assert tab.evaluate("window.hurt === undefined") and tab.locator("img[src='x']").count() == 0


@NEEDS_POPPLER
@pytest.mark.parametrize("tab", ["invented"], indirect=True)
def test_no_page_is_empty_and_no_map_is_blank(tab: Any, tmp_path: Path) -> None:
    pictures_of = pytest.importorskip("PIL.Image")
    for paper in PAPERS:
        (tmp_path / "x.pdf").write_bytes(tab.pdf(format=paper))
        subprocess.run(["pdftoppm", "-r", "40", "-png", tmp_path / "x.pdf", tmp_path / paper], check=True)
        pictures = sorted(tmp_path.glob(f"{paper}-*.png"))
        assert len(pictures) == 7
        for picture in pictures:
            shades = pictures_of.open(picture).convert("L").histogram()
            ink = sum(shades[:200]) / sum(shades)
            assert ink > 0.02, (paper, picture.name, ink)
        colours = pictures_of.open(pictures[2]).convert("RGB").getcolors(1 << 24) or []
        assert sum(n for n, (r, g, b) in colours if b > g + 20) > 1500, "the classes of the map are there"
