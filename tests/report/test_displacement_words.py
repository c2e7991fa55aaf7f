"""The pressures in plain words: both languages whole, nothing promised or ranked, sentences as they are read."""

from __future__ import annotations

import json
import re
import string
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.indicators import displacement_cards
from justgeo.indicators.belonging import SUREST
from justgeo.report import displacement_block as block
from justgeo.report import displacement_words as told
from justgeo.report import remarks, results, words
from tests.report import made_displacement as md

NBSP = "\u00a0"
BATES = "Gentrification and Displacement Study"
WHICH = (
    "The four shares: homes that are rented, residents who are people of color, adults without a bachelor’s degree, "
    "households with a low income."
)
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


def said(lang: str = "en", **changes: Any) -> dict[str, Any]:
    """One side of the part; ``changes`` are of the district's record of renter households."""
    content = remarks.marked(results.to_dict(md.baseline()))
    for record in content["records"]:
        if record["indicator"] == md.RENTERS.id and record["zone"] == "district":
            record |= changes
    found = block.view(content)
    assert found is not None
    return next(side for side in found["sides"] if side["lang"] == lang)


def counted(n: float, moe: float = 69.0, *more: str) -> tuple[str, ...]:
    return (f"as_estimated_count={n:.1f}", f"as_estimated_count_moe={moe:.1f}", *more)


def test_the_model_sentence() -> None:
    english, spanish = (sides()[lang] for lang in ("en", "es"))
    assert english["first"] == [
        "1,150 of 3,400 renter households in Mill Pond live in tracts where at least three of four shares are larger "
        "than in Nowhere County."
    ]
    assert english["no_move"] == "This does not say that anyone will move."
    assert english["rest"] == [
        WHICH,
        "Of all households, owners included: 1,960 of 7,000.",
        "A survey is never exact. If each tract counts by its chance, it is about 1,050 ± 200 renter households.",
        "The chance that three or more are larger goes from 35% to over 99%, tract by tract.",
        "Another method disagrees on 1 of 2 tracts that can be compared.",
        "Not compared: 2 more.",
        "Margins of error: ± 85 for the 1,150, ± 190 for the 3,400.",
        "That says how well the homes were counted, and no more. Which tracts count is uncertain too.",
        "The margin of the number by chance holds both.",
    ]
    assert spanish["first"] == [
        "1,150 de 3,400 hogares que alquilan en Mill Pond viven en sectores donde al menos tres de cuatro proporciones "
        "son mayores que en Nowhere County."
    ]
    assert spanish["no_move"] == "Esto no dice que alguien se vaya a mudar."
    assert f"va de 35{NBSP}% a más del 99{NBSP}%, según el sector." in spanish["rest"][3]
    assert spanish["brief"][-2:] == [
        "Otro método no coincide en 1 de 2 sectores que se pueden comparar.", "Sin comparar: 2 más.",
    ]  # fmt: skip


def test_race_is_called_a_share_and_it_is_said_why_it_is_there() -> None:
    """A share of residents by race presses on nobody: no text calls it, or the four, a pressure."""
    for key, texts in told.texts().items():
        assert not re.search(r"pressure|condition", texts["en"], flags=re.IGNORECASE), key
        assert not re.search(r"presi[oó]n|condici[oó]n", texts["es"], flags=re.IGNORECASE), key
    english, spanish = (sides()[lang]["means"] for lang in ("en", "es"))
    assert english[1].startswith("Race is among the four because people of color were long shut out")
    assert "Bates 2013" in english[1] and english[1].endswith("It does not say that race is a cause.")
    assert "Bates 2013" in spanish[1] and spanish[1].endswith("No dice que la raza sea una causa.")


@pytest.mark.parametrize("lang", list(told.LANGUAGES))
@pytest.mark.parametrize("reliability", ["low", "suppressed"])
def test_what_is_too_uncertain_to_quote_is_quoted_nowhere(reliability: str, lang: str) -> None:
    side = said(lang, reliability=reliability)
    for part in ("first", "brief", "rest"):
        whole = " ".join(side[part])
        assert not re.search(r"1,150|3,400|1,050|1,960|± ", whole), part
    quote = {"en": "is too uncertain to quote.", "es": "es demasiado incierto."}[lang]
    assert side["first"][0].endswith(quote) and side["brief"][0] == side["first"][0]
    assert "1,150" in said(lang, reliability="medium")["brief"][0]


def test_a_figure_of_all_homes_that_is_too_uncertain_is_left_out_alone() -> None:
    content = remarks.marked(results.to_dict(md.baseline()))
    for record in content["records"]:
        if record["indicator"] == md.HOMES.id and record["zone"] == "district":
            record["reliability"] = "low"
    found = block.view(content)
    assert found is not None
    rest = found["sides"][0]["rest"]
    assert not any("1,960" in one for one in rest) and any("1,050" in one for one in rest)


@pytest.mark.parametrize(
    ("n", "whole", "more", "begins"),
    [
        (48_349.0, 48_349.2, (), "All 48,300 renter households"),
        (48_251.0, 48_349.0, (), "Nearly all of the 48,300 renter households"),
        (0.0, 3_400.0, (), "None of the 3,400 renter households"),
        (0.3, 3_400.0, (), "Hardly any of the 3,400 renter households"),
        (3_400.0, 3_400.0, ("unknown_share=0.0400",), "3,400 of 3,400 renter households"),
        (0.0, 3_400.0, ("unknown_share=0.0400",), "0 of 3,400 renter households"),
    ],
)  # fmt: skip
def test_all_and_none_are_said_of_numbers_that_are_so(
    n: float, whole: float, more: tuple[str, ...], begins: str
) -> None:
    side = said(flags=counted(n, 69.0, *more), denominator=whole, denominator_moe=69.0)
    assert side["first"][0].startswith(begins)
    unknown = [one for one in side["rest"] if "cannot be told" in one]
    assert unknown == (
        ["For 4% of the renter households here it cannot be told. They are in neither number."] if more else []
    )


def test_one_margin_is_told_once() -> None:
    rest = said(flags=counted(544.0), denominator=544.0, denominator_moe=69.0)["rest"]
    assert [one for one in rest if "±" in one and "Margin" in one] == ["Margin of error: ± 69 for the 544."]
    spanish = said("es", flags=counted(544.0), denominator=544.0, denominator_moe=69.0)["rest"]
    assert "Margen de error: ± 69 para los 544." in spanish


@pytest.mark.parametrize("lang", list(told.LANGUAGES))
def test_a_margin_says_what_it_holds(lang: str) -> None:
    """Of the plain count it is that of the homes alone; only that of the number by chance holds the class too."""
    both, mean = told.say("margins_both", lang), told.say("margins_mean", lang)
    assert said(lang)["rest"][-2:] == [mean, both]
    assert said(lang, numerator_moe=None)["rest"][-1] == mean
    assert not {both, mean} & {*said(lang, denominator_moe=None)["rest"]}


def test_a_span_whose_ends_read_alike_is_no_span() -> None:
    cards = [md.card(f"9900100000{k}", chance=p) for k, p in enumerate((0.501, 0.499, 0.504))]
    said_of = [block._doubts(cards, lang)[0] for lang in told.LANGUAGES]
    assert said_of == [
        "In 3 tracts the chance that three or more are larger is about the same: 50%.",
        f"En 3 sectores la probabilidad de que tres o más sean mayores es casi la misma: 50{NBSP}%.",
    ]
    ends = [{**cards[0], "chance": p} for p in (0.01, 0.004)]
    assert block._doubts(ends, "en")[0].endswith("about the same: under 1%.")


@pytest.mark.parametrize(
    ("agrees", "english"),
    [
        ((True, True), ["Another method says the same of all 2 tracts that can be compared."]),
        ((True, None),
         ["Another method says the same of the one tract that can be compared.", "Not compared: 1 more."]),
        ((True, False, None, None),
         ["Another method disagrees on 1 of 2 tracts that can be compared.", "Not compared: 2 more."]),
        ((None, None), []),
    ],
)  # fmt: skip
def test_another_method_is_said_to_agree_only_on_what_it_can_tell(
    agrees: tuple[bool | None, ...], english: list[str]
) -> None:
    other = {"method": "Urban Displacement Project", "says": None}
    cards = [md.card(f"9900100000{k}", chance=None, other={**other, "agrees": a}) for k, a in enumerate(agrees)]
    assert block._doubts(cards, "en") == english


@pytest.mark.parametrize(("p", "english"), [(0.01, "under 1%"), (0.99, "over 99%"), (0.011, "1%"), (0.985, "98%")])
def test_a_chance_that_was_cut_off_is_told_as_beyond_the_end(p: float, english: str) -> None:
    """Classes are told no surer than 99 %: what stands at the end lies beyond it."""
    assert told.chance(p, "en") == english
    record = {"value": p, "text": None, "unit": "share", "moe": None, "reliability": "chance"}
    assert words.shown(record) == english, "in the tables and on the map too"
    assert words.SUREST == SUREST


def test_tracts_have_their_spanish_names() -> None:
    assert told.tract("Census Tract 9", "es") == "Sector censal 9"
    assert told.tract("Tract 27.02", "es", within=True) == "el sector censal 27.02"
    assert told.tract("Tract 9", "en", within=True) == "Tract 9"
    assert told.tract("El Barrio", "es", within=True) == "El Barrio"
    card = sides()["es"]["cards"][0]
    assert card["name"] == "Sector censal 1"
    assert card["caption"].startswith("Las cuatro proporciones en el sector censal 1. ")
    for side in sides().values():
        assert not re.search(r"\b(en|in) Sector\b", str(side))


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
    ("change", "english", "spanish"),
    [
        (
            "rose",
            "After inflation, the middle rent rose from 2014 to 2024.",
            "Descontada la inflación, el alquiler mediano subió entre 2014 y 2024.",
        ),
        (
            "fell",
            "After inflation, the middle rent fell from 2014 to 2024.",
            "Descontada la inflación, el alquiler mediano bajó entre 2014 y 2024.",
        ),
        (
            "too close to tell",
            "It is too close to tell whether the middle rent rose or fell after inflation from 2014 to 2024.",
            "El cambio es muy parejo para saber si el alquiler mediano subió o bajó, descontada la inflación, entre "
            "2014 y 2024.",
        ),
        (
            "margin not known",
            "It cannot be told whether the middle rent rose or fell after inflation from 2014 to 2024: no margin of "
            "error is known.",
            "No se puede saber si el alquiler mediano subió o bajó, descontada la inflación, entre 2014 y 2024: no se "
            "conoce el margen de error.",
        ),
    ],
)
def test_how_a_rent_moved_is_told_in_words_alone(change: str, english: str, spanish: str) -> None:
    assert told.rent_told(change, (2014, 2024), "en") == english
    assert told.rent_told(change, (2014, 2024), "es") == spanish


def test_a_rent_that_is_not_known_is_said_so() -> None:
    assert told.rent_told(None, (2014, 2024), "en") == "How the middle rent has changed is not known."
    assert told.rent_told("rose", None, "en") == "How the middle rent has changed is not known."


def test_the_ways_of_a_rent_are_those_of_the_cards_and_of_the_schema() -> None:
    schema = json.loads(resources.files("justgeo.report").joinpath("schema/results.schema.json").read_text("utf-8"))
    assert schema["$defs"]["card"]["properties"]["rent_change"]["enum"] == [*displacement_cards.RENTS, None]
    assert tuple(told.RENTS) == displacement_cards.RENTS


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
    ours = {"en": "(the rule of the Urban Displacement Project, worked out by us)",
            "es": "(la regla del Urban Displacement Project, calculada por nosotros)"}  # fmt: skip
    assert len(said) == 6 and all(ours[lang] in one for one in said), "it is no result of theirs"
    assert told.other_told({"other": None}, lang) == ""


def test_a_text_with_braces_of_its_own_is_left_alone() -> None:
    assert told.say("no_figure", "en", x="{0}") == "There is no figure for this district."
    assert "{reference}" in told.say("means_holds", "en", reference="{reference}")
    with pytest.raises(KeyError):
        told.say("means_holds", "en")
