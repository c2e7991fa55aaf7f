"""The page in both languages: the same places, the same figures, no frame left in English, nothing that runs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from markupsafe import Markup

import justgeo
from justgeo.core.errors import OutputError
from justgeo.report import glossary, has, origins, page, remarks, results, speech, words
from tests.report import made
from tests.report import made_displacement as md
from tests.report.pages import Shape, body_of, told_in

CATALOGUE = Path(justgeo.__file__).parent / "catalogue" / "indicators.yml"
_FIGURE = re.compile(r"\d[\d,.]*(?<![,.])")
SAME_IN_BOTH = {
    "English", "Español", "justgeo", "ODbL", "Open", "Database", "License", "opendatacommons", "org", "licenses",
    "odbl", "km", "No", "Total", "error", "PDF",
}  # fmt: skip
"""Words that a frame may have in both languages."""


@pytest.fixture(scope="module")
def spanish(html: str) -> str:
    return told_in(html, "es")


@pytest.fixture(scope="module")
def displacement() -> tuple[str, Any]:
    whole = md.baseline(["Rent registry since 2021"])
    content = results.to_dict(whole)
    return page.render(content, made.checklist(), results.zones_frame(whole.zones), made.basemap()), content


def test_the_same_elements_stand_in_both_with_the_same_ids(html: str, spanish: str) -> None:
    english, other = Shape(body_of(html)).names(), Shape(body_of(spanish)).names()
    assert [one for one in english if one[0] != "script"] == other


def test_every_figure_stands_in_both(html: str, spanish: str) -> None:
    english, other = (Counter(_FIGURE.findall(" ".join(Shape(body_of(one)).text))) for one in (html, spanish))
    assert english and not english - other, "a figure is missing in Spanish"
    assert not other - english, "a figure is in Spanish alone"


def test_figures_of_the_part_on_displacement_are_the_same(displacement: tuple[str, Any]) -> None:
    html, _ = displacement
    english, other = (set(_FIGURE.findall(" ".join(Shape(body_of(one)).text))) for one in (html, told_in(html, "es")))
    assert english == other


@pytest.mark.parametrize("which", ["plain", "displacement"])
def test_no_frame_is_left_in_english(which: str, request: pytest.FixtureRequest) -> None:
    if which == "plain":
        html, content = request.getfixturevalue("html"), request.getfixturevalue("content")
    else:
        html, content = request.getfixturevalue("displacement")
    names = _names(content)
    english = {text for text, _, _ in Shape(body_of(html)).told}
    left = []
    for text, lang, tag in Shape(told_in(html, "es")).told:
        if lang != "es" or tag == "code" or text not in english:
            continue
        bare = text
        for name in names:
            bare = bare.replace(name, " ")
        own = {word for word in re.findall(r"[^\W\d_]+", bare) if len(word) > 1}
        if own - SAME_IN_BOTH:
            left.append(text)
    assert sorted(set(left)) == []


def test_names_in_attributes_are_told_too(spanish: str) -> None:
    shape = Shape(spanish)
    labels = {str(a["aria-label"]) for _, a in shape.tags if a.get("aria-label")}
    assert {"Idioma de esta página", "En esta página"} <= labels


def test_what_is_not_translated_says_that_it_is_english(spanish: str) -> None:
    told = Shape(spanish).told
    assert ("Renters, as published.", "en", "span") in told
    assert ("Nowhere County", "es", "th") in told, "a name is of no language"


def test_title_and_printed_margins_are_told_too(spanish: str) -> None:
    title = spanish[spanish.index("<title>") + 7 : spanish.index("</title>")]
    assert title == "Mill Pond · línea de base para el Protocolo de Comunidades Justas"
    with speech.language("es"):
        assert f'content: "{speech.say(results.DISCLAIMER)}"' in spanish


def test_the_same_input_is_packed_the_same(html: str, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    again = page.render(content, made.checklist(), zones, made.basemap())
    assert told_in(again, "es") == told_in(html, "es")


def test_a_link_to_the_outside_is_refused_in_each_language(
    content: dict[str, Any], zones: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = page.told

    def planted(code: str, *rest: Any) -> dict[str, Any]:
        made_of = told(code, *rest)
        bad = '<a href="https://example.org">x</a>' if code == "es" else ""
        return {**made_of, "body": made_of["body"] + Markup(bad)}

    monkeypatch.setattr(page, "told", planted)
    with pytest.raises(OutputError, match="outside itself"):
        page.render(content, made.checklist(), zones, made.basemap())


def test_hostile_names_are_text_in_both() -> None:
    bad = made.HOSTILE
    whole = made.baseline(name=f"Hill {bad}")
    whole = replace(
        whole,
        indicators=tuple(replace(i, title=f"{i.title}{bad}", plain=bad, caveat=bad) for i in whole.indicators),
        groups={g: f"{label}{bad}" for g, label in whole.groups.items()},
        notes=(bad,),
        zones=replace(whole.zones, names=tuple(f"{n}{bad}" for n in whole.zones.names)),
    )
    html = page.render(results.to_dict(whole), made.checklist(), results.zones_frame(whole.zones), made.basemap())
    for told in (body_of(html), told_in(html, "es")):
        shape = Shape(told)
        assert not {t for t, _ in shape.tags} & {"img", "script"}
        assert not any(name.startswith("on") for _, attrs in shape.tags for name in attrs)
        assert bad in "".join(shape.text)


@pytest.mark.parametrize("code", sorted(set(speech.LANGUAGES) - {"en"}))
def test_texts_that_are_chosen_by_a_key_have_their_translation(code: str) -> None:
    told = [
        *words.RELIABILITY.values(), *words.CATEGORIES.values(), *words.GROUP_KINDS.values(), *remarks._WHOM.values(),
        *remarks._PARTS.values(), *remarks._TOLD.values(), *remarks._WARNED.values(), *origins._LAYERS.values(),
        *(one.text for inside in has.HAS.values() for one in inside),
        *(getattr(one, name) for one in glossary.TERMS for name in ("name", "means", "words")),
        results.DISCLAIMER, results.INVENTED,
    ]  # fmt: skip
    assert not set(told) - speech.catalogue(code).keys()


def _names(content: dict[str, Any]) -> list[str]:
    """Names of places, sources and data sets, the longest first."""
    found = {content["name"], *(zone["name"] for zone in content["zones"])}
    found |= {
        layer[key] for layer in content["layers"] for key in ("source", "dataset", "attribution", "licence", "url")
    }
    found |= {row["id"] for row in content["indicators"]}
    found |= {"Rent registry since 2021"}
    return sorted((one for one in found if one), key=len, reverse=True)


@pytest.mark.parametrize("code", sorted(set(speech.LANGUAGES) - {"en"}))
def test_units_of_the_catalogue_are_told_in_each_language(code: str) -> None:
    units = set(re.findall(r"^\s+unit: (.+)$", CATALOGUE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    with speech.language("en"):
        told = {words.scale(unit.strip("'\"")).unit for unit in units}
    signs = {"°C", "µg/m³", ""}
    assert len(units) > 15 and not told - signs - speech.catalogue(code).keys()
