"""The catalogue in Spanish: every text of it translated, and every sentence made of them whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from justgeo.catalogue import read
from justgeo.core.result import Baseline, Comparison, Indicator, Record
from justgeo.report import budget, results, sentences, speech, words
from justgeo.report.reader import Reader
from tests.report import made
from tests.report.said import SAMPLE, versus

SPANISH = "es"
ROWS = read.indicators()
GROUPS = read.layers().groups
ALIKE = {"km", "acres", "no", "µg/m³", "ACS {years}, {tables}"}
"""What is the same word in both languages."""
_PLACE = re.compile(r"\{\w+\}")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ENGLISH = re.compile(r"\b(?:the|of|and|is|are|than|with|here|households|residents|homes|people)\b", re.IGNORECASE)
_FAMILIAR = re.compile(r"\b(?:tú|tu|tus|ti|contigo|vosotr[oa]s|vuestr[oa]s?)\b", re.IGNORECASE)
_SIGNED = "less"

STATES: dict[str, tuple[float, float | None, str, dict[str, Any]]] = {
    "more": (1.0, 0.1, "high", {"comparison": versus(0.05, "higher")}),
    "less": (1.0, 0.1, "high", {"comparison": versus(-0.05, "lower")}),
    "alike": (1.0, 0.1, "medium", {"comparison": versus(0.01, "not distinguishable")}),
    "untested": (1.0, None, "unknown", {"comparison": versus(0.05, "unknown", tested=False)}),
    "below": (-1.0, 0.1, "high", {"comparison": versus(-0.05, "lower")}),
    "even": (0.1, 0.5, "high", {}),
    "vague": (1.0, 0.9, "low", {"comparison": versus(-0.05, "lower")}),
    "zero": (0.0, 0.0, "exact", {}),
    "there": (0.6, 0.1, "high", {}),
    "chance": (1.0, None, "unknown", {"flags": ("probability of one unit",)}),
}
"""A number's states: how much of its usual size, its margin by that, how sure, the rest."""


def texts(row: Indicator) -> tuple[str, ...]:
    """All that a page says of a row in the catalogue's own words."""
    return (row.title, row.plain, row.universe, row.who, row.says, row.question, *row.wording.values())


def every() -> dict[str, str]:
    """Texts of the rows and labels of groups with their translation, as far as they have one."""
    known = speech.catalogue(SPANISH)
    asked = [text for row in ROWS for text in texts(row)] + list(GROUPS.values())
    return {text: known.get(text, "") for text in dict.fromkeys(asked) if text}


def test_every_text_of_a_row_has_its_translation() -> None:
    known = speech.catalogue(SPANISH)
    missing = [f"{row.id}: {text}" for row in ROWS for text in texts(row) if text and text not in known]
    assert not missing, f"not in texts/{SPANISH}: {missing[:5]} ({len(missing)} in all)"


def test_every_label_of_a_group_has_its_translation() -> None:
    assert not [label for label in GROUPS.values() if label not in speech.catalogue(SPANISH)]


def test_every_unit_that_is_printed_has_its_translation() -> None:
    known = speech.catalogue(SPANISH)
    printed = {str(words.scale(row.unit).unit) for row in ROWS}
    assert not [unit for unit in printed if _LETTERS.search(unit) and unit not in known]


def test_no_place_is_lost_or_told_twice() -> None:
    assert [text for text, told in every().items() if speech.places(text) != speech.places(told)] == []


def test_a_translation_is_not_the_english_text() -> None:
    same = [text for text, told in speech.catalogue(SPANISH).items() if text == told and text not in ALIKE]
    assert [text for text in same if _LETTERS.search(_PLACE.sub("", text))] == []


def test_people_are_spoken_to_with_usted() -> None:
    assert [told for told in every().values() if _FAMILIAR.search(told)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_texts_stand_where_the_frames_put_them(row: Indicator) -> None:
    """A sentence begins with a capital letter, what follows a word does not, and only plain texts end with a period."""
    known = speech.catalogue(SPANISH)
    whole = [row.says, *(row.wording[name] for name in ("less", "none", "grouped") if name in row.wording)]
    for text in whole if _PLACE.search(row.says) else []:
        assert known[text][0].isupper()
    inside = [row.who, *(text for name, text in row.wording.items() if name in ("asks", "higher", "lower"))]
    for text in inside if _PLACE.search(row.says) else [row.who, row.says]:
        assert known[text][0].islower() or not known[text][0].isalpha()
    assert not any(known[text].endswith(".") for text in texts(row) if text and not text.endswith("."))
    assert known[row.plain].endswith(".")
    assert "¿" in known[row.question]
    assert known[row.question].endswith("?")


def size(row: Indicator) -> float:
    """A number that a row may have."""
    return 0.42 if row.unit == "share" else 42.0


def record(row: Indicator, state: str, zone: str = "district", group: str = results.ALL) -> Record:
    part, spread, sure, more = STATES[state]
    value = part * size(row)
    moe = None if spread is None else spread * size(row)
    found: Comparison | None = more.get("comparison")
    flags = ("before_year=2014", *more.get("flags", ()))
    return Record(
        zone=zone, indicator=row.id, group=group, value=value, moe=moe, unit=row.unit, universe=row.universe,
        reliability=sure, reason=None, layers=(made.ACS.layer, "blocks"), comparison=found,
        error=SAMPLE if moe else {"sampling": 0.0}, flags=flags,
    )  # fmt: skip


def place(*records: Record) -> Reader:
    baseline = Baseline(
        slug="mill-pond", name="Mill Pond", synthetic=True, zones=made.zones("Mill Pond"), zone_facts=(),
        indicators=ROWS, groups=dict(GROUPS), layers=(made.ACS, made.BLOCKS), absent_layers={}, records=records,
        settings={},
    )  # fmt: skip
    return Reader(results.to_dict(baseline))


def fits(row: Indicator, state: str) -> bool:
    """Whether a row can be in a state: only a change falls below 0, and only what is of a kind is so by chance."""
    if state in ("below", "even"):
        return _SIGNED in row.wording
    return state != "chance" or row.aggregate == "class"


def told(reader: Reader, row: Indicator) -> Iterator[sentences.Told]:
    group = "race:two"
    yield from (sentences.headline(reader, row.id), sentences.headline(reader, row.id, group))
    yield from (sentences.grant(reader, row.id), sentences.grant(reader, row.id, group))
    poster = sentences.poster(reader, row.id)
    yield from (poster["lead"], poster["compared"], poster["question"], poster["source"])


def spanish(reader: Reader, row: Indicator) -> list[str]:
    """What is not told in Spanish of a row."""
    with speech.language(SPANISH):
        said = list(told(reader, row))
        lead = [sentences.headline(reader, row.id), sentences.poster(reader, row.id)["question"]]
    names = ("Nowhere County", "Mill Pond")
    bare = [re.sub("|".join(names), "", one.text) for one in lead]
    return [one.text for one in said if one.lang != SPANISH] + [text for text in bare if _ENGLISH.search(text)]


@pytest.mark.parametrize("state", sorted(STATES))
def test_every_sentence_of_every_row_is_told_in_spanish(state: str) -> None:
    rows = [row for row in ROWS if fits(row, state)]
    records = [
        record(row, at, zone, group)
        for row in rows
        for zone, at in (("district", state), ("reference", "there"))
        for group in (results.ALL, "race:two")
    ]
    reader = place(*records)
    left = [f"{row.id}: {text}" for row in rows for text in spanish(reader, row)]
    assert not left, f"{left[:5]} ({len(left)} in all)"


def test_what_is_withheld_is_told_in_spanish() -> None:
    few = "suppressed: fewer than 50 people or households of this group stand behind it"
    records = [
        replace(record(row, "zero", group=group), value=None, moe=None, reliability="suppressed", reason=few)
        for row in ROWS
        for group in (results.ALL, "race:two")
    ]
    reader = place(*records)
    left = [f"{row.id}: {text}" for row in ROWS for text in spanish(reader, row)]
    assert not left, f"{left[:5]} ({len(left)} in all)"


def test_what_has_no_number_is_told_in_spanish() -> None:
    reader = place()
    left = [f"{row.id}: {text}" for row in ROWS for text in spanish(reader, row)]
    assert not left, f"{left[:5]} ({len(left)} in all)"


def test_a_layer_named_in_spanish_is_not_marked_as_english() -> None:
    with speech.language(SPANISH):
        assert type(budget._name("blocks")) is str
        assert budget._name("blocks") == "manzanas del censo"
        assert 'lang="en"' in budget._name("data:grades").__html__()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("id", "state", "text"),
    [
        ("BEL-02", "more", "Cerca de 2 de cada 5 hogares alquilan su vivienda: más que en Nowhere County."),
        ("ENV-12", "more", "Cerca de 2 de cada 5 viviendas se construyeron antes de 1980: más que en Nowhere County."),
        ("OPP-10", "untested",
         "El 42% del total de empleos que tienen los residentes pagan $1,250 al mes o menos (margen desconocido); en "
         "Nowhere County la cifra es 25%, y no se conoce ningún margen para compararlas."),
        ("BEL-01.vulnerable", "chance",
         "Con una probabilidad de 42%, esta es un área de hogares que viven en un sector censal donde al menos tres de "
         "cuatro proporciones (hogares que alquilan, personas de color, adultos sin título universitario de cuatro "
         "años, ingresos bajos) son mayores que en el área más amplia."),
        ("ENV-11.park", "zero", "0 de cada 100 residentes viven a 300 metros a pie o menos de un parque más grande."),
        ("BEL-05.change", "below",
         "El alquiler mediano ha bajado un 42% desde 2010-2014, descontada la inflación; en Nowhere County ocurrió lo "
         "contrario."),
        ("OPP-01", "vague",
         "La encuesta es demasiado incierta para decir cuál es el ingreso mediano de los hogares; solo es seguro que "
         "es menos que en Nowhere County."),
    ],
)  # fmt: skip
def test_how_sentences_read(id: str, state: str, text: str) -> None:
    row = next(one for one in ROWS if one.id == id)
    with speech.language(SPANISH):
        assert sentences.headline(place(record(row, state), record(row, "there", "reference")), id).text == text
