"""Sheets for the wall and the form: chosen, said, drawn as said, the same bytes, nothing hostile let through."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from justgeo import wall
from justgeo.core.errors import OutputError
from justgeo.report import posters, results
from tests.report import made


@pytest.fixture(scope="module")
def folder(content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outputs") / "mill-pond"
    path.mkdir()
    (path / "results.json").write_bytes(results.dump(content))
    return path


def test_the_headline_numbers_are_chosen_as_on_the_page(content: dict[str, Any]) -> None:
    found = posters.chosen(content, ())
    assert found[0] == "DEM-00.population"
    assert "WEL-04.800" in found and len(found) == len(set(found)) <= 8


def test_an_unknown_indicator_is_refused_with_the_nearest(content: dict[str, Any]) -> None:
    with pytest.raises(OutputError, match=r"WEL-04\.80'") as refused:
        posters.chosen(content, ["WEL-04.80"])
    assert "WEL-04.800" in refused.value.remedy


def test_a_sheet_a_language_and_indicator(content: dict[str, Any]) -> None:
    page = posters.pages(content, ["OPP-02", "WEL-04.800"], ["en", "es"])["posters.html"]
    assert re.findall(r'<article class="sheet (\w+)" lang="(\w+)"', page) == [
        ("opportunity", "en"), ("wellbeing", "en"), ("opportunity", "es"), ("wellbeing", "es"),
    ]  # fmt: skip
    assert "Your turn" in page and "Ahora le toca a usted" in page
    assert "OpenStreetMap contributors" in page, "what stands on OpenStreetMap names it"


def test_circles_are_filled_as_the_sentence_says() -> None:
    record = {"value": 0.68, "unit": "share", "reliability": "high"}
    assert posters._circles(record) == {"n": 2, "all": 3}
    assert posters._circles(record | {"value": 0.70}) == {"n": 7, "all": 10}
    assert posters._circles(record | {"value": 0.05}) is None, "1 in 20 is more circles than a wall can be read by"
    assert posters._circles(record | {"value": 0.0}) is None
    assert posters._circles(record | {"reliability": "low"}) is None
    assert posters._circles(record | {"value": None, "reliability": "suppressed"}) is None
    assert posters._circles(record | {"value": 61_300.0, "unit": "USD"}) is None
    assert posters._circles(None) is None


def test_bars_end_where_the_larger_margin_ends(content: dict[str, Any]) -> None:
    from justgeo.report.reader import Reader

    reader = Reader(content)
    record = reader.at("OPP-01", "district")
    bars = posters._bars(reader, "OPP-01", record)
    if record is None or record["comparison"] is None:
        assert bars == []
    else:
        assert max(bar["to"] for bar in bars) == 100.0
        assert all(bar["from"] <= bar["length"] <= bar["to"] for bar in bars)
    assert posters._bars(reader, "BEL-02", reader.at("BEL-02", "district")) == [], "a share is drawn as circles"


def test_the_same_bytes_twice_and_a_manifest(folder: Path, tmp_path: Path) -> None:
    first, second = (wall.posters(folder, tmp_path / name, languages=["en"]) for name in ("a", "b"))
    assert [path.name for path in first] == list(posters.FILES)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert json.loads(first[-1].read_text(encoding="utf-8"))["made_by"] == posters.MAKER


def test_stands_beside_the_outputs_and_never_takes_a_foreign_folder(folder: Path, tmp_path: Path) -> None:
    assert wall.posters(folder)[0].parent.name == "mill-pond-walk"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        wall.posters(folder, tmp_path / "mine")
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_an_unknown_language_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="'fr'"):
        wall.posters(folder, tmp_path / "x", languages=["fr"])
    assert not (tmp_path / "x").exists()


def test_invented_places_say_so_on_every_sheet(tmp_path: Path) -> None:
    content = results.to_dict(made.baseline(synthetic=True, name="Nowhere", slug="nowhere-invented"))
    page = posters.pages(content, ["OPP-02", "BEL-02"], ["en", "es"])["posters.html"]
    assert page.count('class="invented"') == 4
    assert posters.pages(content, ["OPP-02"], ["en"])["form.html"].count('class="invented"') == 1


def test_hostile_names_are_text() -> None:
    content = results.to_dict(made.baseline(name=f"Mill {made.HOSTILE}"))
    for page in posters.pages(content, ["OPP-02"], ["en", "es"]).values():
        assert "<script>" not in page and "<img" not in page


def test_the_form_asks_for_a_role_and_for_no_name(content: dict[str, Any]) -> None:
    page = posters.pages(content, ["OPP-02", "WEL-04.800"], ["en"])["form.html"]
    assert page.count('<section class="item') == 2
    assert "OPP-02" in page and "resident" in page and "leave out names" in page


def test_a_withheld_number_stands_on_no_sheet(content: dict[str, Any]) -> None:
    gone = [r for r in content["records"] if r["zone"] == "district" and r["group"] == "all" and r["value"] is None]
    for record in gone:
        page = posters.pages(content, [record["indicator"]], ["en"])["posters.html"]
        lead = re.search(r'<h1 class="lead[^>]*>(.*?)</h1>', page)
        assert lead is not None and ("not known" in lead[1] or "not told" in lead[1])
        assert 'class="circles"' not in page and 'class="bars"' not in page
