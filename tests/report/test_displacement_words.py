"""The pressures in plain words: both languages whole, nothing promised or ranked, sentences as they are read."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.report import displacement_block as block
from justgeo.report import displacement_words as told
from justgeo.report import remarks, results
from tests.report import made_displacement as md

NBSP = "\u00a0"
BATES = "Gentrification and Displacement Study"
RENT = "The middle rent against other prices from 2014 to 2024: "
CLOSE = " Too close to tell whether it rose more."
STAGES = ("susceptible", "early type", "dynamic", "late", "continued loss", "appreciated", "accelerating", "adjacent")
MARKET = ("market", "mercado", "buyer", "compra", "invest", "inversi", "opportunit", "oportunidad", "boom", "hot spot")
JUDGED = ("vulnerab", "gentri", "risk", "riesgo", "poor", "pobre", "will be displaced", "forecast", "worst", "peor")


def sides(**more: Any) -> dict[str, dict[str, Any]]:
    content = remarks.marked(results.to_dict(md.baseline(**more)))
    found = block.view(content)
    assert found is not None
    return {side["lang"]: side for side in found["sides"]}


def test_every_text_has_both_languages_with_the_same_places() -> None:
    for key, texts in told.texts().items():
        assert set(texts) == set(told.LANGUAGES), key
        places = {
            lang: sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for lang, text in texts.items()
        }
        assert places["en"] == places["es"], key
        assert texts["en"] != texts["es"] or key == "above_no", key
        ends = {text.rstrip("”»)")[-1] in ".?:" for text in texts.values()}
        assert len(ends) == 1, f"{key}: one of the two is no sentence"


def test_sentences_are_short() -> None:
    for key, texts in told.texts().items():
        for lang, text in texts.items():
            for sentence in re.split(r"(?<=[.?:;])\s", text):
                assert len(sentence.split()) <= (24 if lang == "en" else 27), f"{key} ({lang}): {sentence}"


@pytest.mark.parametrize("word", [*STAGES, *MARKET, *JUDGED])
def test_nothing_is_ranked_sold_or_foretold(word: str) -> None:
    for key, texts in told.texts().items():
        for text in texts.values():
            said = text.replace(BATES, "")
            assert not re.search(rf"\b{word}", said, flags=re.IGNORECASE), f"{key}: {text}"


def test_spanish_has_its_signs() -> None:
    for key, texts in told.texts().items():
        spanish = texts["es"]
        assert spanish.count("?") == spanish.count("¿"), key
        assert not re.search(
            r"\b(poblacion|informacion|numero|ingles|aqui|cuantos|tambien|mas de|segun|mayoria)\b", spanish
        ), key


def test_the_model_sentence() -> None:
    english, spanish = (sides()[lang] for lang in ("en", "es"))
    assert english["first"] == [
        "1,150 of 3,400 renter households in Mill Pond live where at least three of four pressures hold."
    ]
    assert english["no_move"] == "This does not say that anyone will move."
    assert english["rest"] == [
        "Of all households, owners included: 1,960 of 7,000.",
        "A survey is never exact. If each tract counts by its chance, it is about 1,050 ± 200 renter households.",
        "The chance that three or more hold goes from 35% to over 99%, tract by tract.",
        "Another method disagrees on 1 of 2 tracts.",
        "Margins of error: ± 85 for the 1,150, ± 190 for the 3,400.",
    ]
    assert spanish["first"] == [
        "1,150 de 3,400 hogares que alquilan en Mill Pond viven donde se cumplen al menos tres de cuatro presiones."
    ]
    assert spanish["no_move"] == "Esto no dice que alguien se vaya a mudar."
    assert f"va de 35{NBSP}% a más del 99{NBSP}%, según el sector." in spanish["rest"][2]
    assert spanish["brief"][-1] == "Otro método no coincide en 1 de 2 sectores."


@pytest.mark.parametrize(
    ("pressure", "sign", "english", "spanish"),
    [
        ((True, 0.9809), ("yes", "sure"), "yes, very likely (98%)", "sí, muy probable (98 %)"),
        ((True, 0.767), ("yes", "sure"), "yes, likely (77%)", "sí, probable (77 %)"),
        ((True, 0.64), ("yes", "close"), "yes, but too close to tell (64%)", "sí, pero muy parejo para saberlo (64 %)"),
        ((False, 0.45), ("no", "close"), "no, but too close to tell (45%)", "no, pero muy parejo para saberlo (45 %)"),
        ((False, 0.21), ("no", "sure"), "no, unlikely (21%)", "no, poco probable (21 %)"),
        ((False, 0.003), ("no", "sure"), "no, very unlikely (under 1%)", "no, muy poco probable (menos del 1 %)"),
        ((True, None), ("yes", "bare"), "yes; how sure is not known", "sí; no se sabe con qué certeza"),
        ((None, None), ("unknown", "sure"), "not known", "no se sabe"),
    ],
)  # fmt: skip
def test_whether_a_share_is_higher(
    pressure: tuple[bool | None, float | None], sign: tuple[str, str], english: str, spanish: str
) -> None:
    one = dict(zip(("holds", "chance"), pressure, strict=True))
    assert told.above(one) == sign
    assert (told.above_told(one, "en"), told.above_told(one, "es")) == (english, spanish.replace(" %", f"{NBSP}%"))


def test_an_estimate_and_a_chance_that_point_apart_are_never_called_sure() -> None:
    assert told.above({"holds": True, "chance": 0.2}) == ("yes", "close")
    assert told.above({"holds": False, "chance": 0.8}) == ("no", "close")


@given(st.floats(0, 1))
def test_no_chance_is_told_as_certain(p: float) -> None:
    for lang in told.LANGUAGES:
        number = int(re.findall(r"\d+", told.chance(p, lang))[0])
        assert 1 <= number <= 99
        assert abs(number - 100 * p) <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_words_follow_the_chance(p: float, q: float) -> None:
    order = ["hardly", "unlikely", "uncertain", "likely", "firm"]
    low, high = sorted((p, q))
    assert order.index(told.sureness(low)) <= order.index(told.sureness(high))


@pytest.mark.parametrize(
    ("p", "name"), [(0.9, "firm"), (0.7, "likely"), (0.5, "uncertain"), (0.2, "unlikely"), (0.05, "hardly")]
)
def test_the_words_of_a_chance(p: float, name: str) -> None:
    assert told.sureness(p) == name


@pytest.mark.parametrize(
    ("change", "moved", "english"),
    [
        ((0.21, 0.09), "up", "The middle rent rose 21% ± 9 points more than other prices from 2014 to 2024."),
        ((-0.21, 0.09), "down", "The middle rent fell 21% ± 9 points behind other prices from 2014 to 2024."),
        ((0.09, 0.09), "close", f"{RENT}+9% ± 9 points.{CLOSE}"),
        ((-0.02, 0.11), "close", f"{RENT}−2% ± 11 points.{CLOSE}"),
        ((0.21, None), "bare", f"{RENT}+21%. How far that may be off is not known."),
    ],
)  # fmt: skip
def test_how_a_rent_moved(change: tuple[float, float | None], moved: str, english: str) -> None:
    numbers = md.figure(*change)
    assert told.rent_moved(numbers) == moved
    assert told.rent_told(numbers, (2014, 2024), "en") == english
    assert "puntos" in told.rent_told(numbers, (2014, 2024), "es") or change[1] is None


def test_a_rent_that_is_not_known_is_said_so() -> None:
    assert told.rent_moved(None) == "unknown"
    assert told.rent_told(None, (2014, 2024), "en") == "How the middle rent has changed is not known."
    assert told.rent_told(md.figure(0.2, 0.1), None, "en") == "How the middle rent has changed is not known."


@pytest.mark.parametrize(
    ("reason", "english", "spanish"),
    [
        ("fewer than 100 households", "fewer than 100 households live here", "aquí viven menos de 100 hogares"),
        (
            "more than 50% of the people live in group quarters",
            "more than 50% of the people live in dormitories, barracks, prisons or nursing homes",
            f"más del 50{NBSP}% de las personas vive en residencias estudiantiles, cuarteles, prisiones u hogares de "
            "ancianos",
        ),
        (
            "withheld: fewer than 50 households stand behind it",
            "fewer than 50 households live here; nothing is shown, so that nobody can be singled out",
            "aquí viven menos de 50 hogares; no se muestra nada, para que no se pueda identificar a nadie",
        ),
    ],
)
def test_reasons_are_told_in_both_languages(reason: str, english: str, spanish: str) -> None:
    assert told.reason_told(reason, "en") == (english, "en")
    assert told.reason_told(reason, "es") == (spanish, "es")


def test_a_reason_without_a_translation_keeps_its_language() -> None:
    assert told.reason_told("no table was given", "es") == ("no table was given", "en")


@pytest.mark.parametrize("lang", list(told.LANGUAGES))
def test_what_the_other_method_says(lang: str) -> None:
    said = set()
    for says in (True, False):
        for agrees in (True, False, None):
            card = {"other": {"method": "Urban Displacement Project", "says": says, "agrees": agrees}}
            said.add(told.other_told(card, lang))
    assert len(said) == 6 and all("Urban Displacement Project" in one for one in said)
    assert told.other_told({"other": None}, lang) == ""


def test_a_text_with_braces_of_its_own_is_left_alone() -> None:
    assert told.say("no_figure", "en", x="{0}") == "There is no figure for this district."
    assert "{reference}" in told.say("means_holds", "en", reference="{reference}")
    with pytest.raises(KeyError):
        told.say("means_holds", "en")
