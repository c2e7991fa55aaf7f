"""What the map's script looks up: every text once, in every language; nothing of it is lost."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import pytest
from markupsafe import Markup

from justgeo.report import choropleth, map_data, maps, remarks, speech, words
from justgeo.report.spoken import Spoken
from tests.report import made


@pytest.fixture(scope="module")
def data(content: dict[str, Any], zones: gpd.GeoDataFrame) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps(
            map_data.made(remarks.in_every_language(content), maps.draw(content, zones, made.basemap())),
            allow_nan=False,
        )
    )
    return found


def said(data: dict[str, Any], n: int, code: str = "en") -> str:
    text = data["said"]["en"][n] if code == "en" else data["said"][code].get(str(n), data["said"]["en"][n])
    return text if isinstance(text, str) else "".join(part for part, _ in text)


def at(column: Any, i: int) -> Any:
    return column[i] if isinstance(column, list) else column


@pytest.mark.parametrize("code", list(speech.LANGUAGES))
def test_every_word_of_every_area_is_there(data: dict[str, Any], content: dict[str, Any], code: str) -> None:
    with speech.language(code):
        payload = choropleth.payload(remarks.marked(content))
    assert len(payload["indicators"]) == len(data["indicators"]) > 5
    for row, packed in zip(payload["indicators"], data["indicators"], strict=True):
        assert said(data, packed["title"], code) == row["title"]
        assert [said(data, n, code) for n in packed["labels"]] == row["labels"]
        assert [said(data, n, code) for n in packed["notes"]] == row["notes"]
        for i, (value, margin, reliability, reason) in enumerate(row["cells"]):
            assert said(data, at(packed["values"], i), code) == value
            assert said(data, at(packed["margins"], i), code) == margin
            assert data["sure"][at(packed["sure"], i)] == reliability
            n = at(packed["reasons"], i)
            assert ("" if n < 0 else said(data, n, code)) == reason
            assert packed["classes"][i] == ("-" if row["classes"][i] < 0 else str(row["classes"][i]))


def test_a_text_stands_once(data: dict[str, Any]) -> None:
    english = [json.dumps(one) for one in data["said"]["en"]]
    told = [(one, json.dumps(data["said"]["es"].get(str(n)))) for n, one in enumerate(english)]
    assert len(told) == len(set(told))
    assert all(data["said"]["es"][n] != data["said"]["en"][int(n)] for n in data["said"]["es"])


def test_words_of_the_script_are_told_in_every_language(data: dict[str, Any]) -> None:
    english, spanish = data["texts"]["en"], data["texts"]["es"]
    assert english.keys() == spanish.keys() and english["kinds"].keys() == spanish["kinds"].keys()
    same = {key for key in english if isinstance(english[key], str) and english[key] == spanish[key]}
    assert same <= {"north"}
    assert set(english["reliability"]) == set(words.RELIABILITY)


def test_one_letter_for_each_class_of_reliability() -> None:
    assert len(set(map_data.SURE.values())) == len(words.RELIABILITY)


def test_what_stayed_english_says_so() -> None:
    text = Spoken("a & b (no map)", Markup('<span lang="en">a &amp; b</span> (no map)'))
    assert map_data.segments(text) == [["a & b", "en"], [" (no map)", ""]]
    assert map_data.segments("plain <b>") == "plain <b>"


def test_numbers_stand_inside_their_areas(data: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    shapes = zones.set_index("id").to_crs(4326).geometry
    for level, one in data["levels"].items():
        points = gpd.points_from_xy(*zip(*[(lon, lat) for lat, lon, _ in data["spots"][level]], strict=True))
        inside = [shapes.loc[name].contains(point) for name, point in zip(one["ids"], points, strict=True)]
        assert all(inside), level


def test_places_that_must_not_be_found_are_nowhere_in_the_page(data: dict[str, Any]) -> None:
    text = json.dumps({**data, "said": {}}, ensure_ascii=False)
    assert "Mill Pond Library" in text
    for name in ("Harbor Clinic", "Safe Harbor Shelter", "Welcome House", "Newcomer Shelter School"):
        assert name not in text
