"""A sentence for every state of a number, each as it is to read."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.core.errors import OutputError
from justgeo.report import remarks, sentences, speech
from justgeo.report.reader import Reader
from tests.report.said import (
    CHANGED,
    COST,
    EXACT,
    FEWER,
    MODELLED,
    MORE,
    PARK,
    ROWS,
    SAME,
    UNCHANGED,
    UNTESTED,
    reader,
    record,
    told,
    versus,
)

CASES: list[tuple[str, float | None, float | None, str, dict[str, Any], str]] = [
    ("cost", 0.39, 0.04, "high", MORE, "About 2 in 5 households rent their home: more than in Nowhere County."),
    ("cost", 0.39, 0.04, "high", FEWER, "About 2 in 5 households rent their home: fewer than in Nowhere County."),
    ("cost", 0.4, 0.04, "medium", SAME,
     "About 2 in 5 households rent their home: about the same as in Nowhere County; the survey cannot tell them "
     "apart."),
    ("cost", 0.39, 0.04, "high", {}, "About 2 in 5 households rent their home."),
    ("cost", 0.14, 0.113, "low", {}, "The survey is too uncertain to say how many households rent their home."),
    ("cost", 0.14, 0.113, "low", FEWER,
     "The survey is too uncertain to say how many households rent their home; it is sure only that the share is "
     "smaller than in Nowhere County."),
    ("cost", 0.0, 0.03, "medium", {},
     "None of the households in the survey rent their home; it did not ask everybody."),
    ("cost", 1.0, 0.03, "medium", {}, "All of the households in the survey rent their home; it did not ask everybody."),
    ("cost", 0.01, 0.004, "medium", {}, "Fewer than 1 in 50 households rent their home."),
    ("cost", None, None, "absent", {"reason": "no survey was given", "layers": ()},
     "It is not known how many households rent their home: no survey was given."),
    ("cost", None, None, "absent", {"reason": "it was not asked for: write tables = [] under [fetch]", "layers": ()},
     "It is not known how many households rent their home: it was not asked for."),
    ("cost", None, None, "suppressed", {"reason": "suppressed: fewer than 50 households stand behind it"},
     "It is not told how many households rent their home: withheld, because so few people live here."),
    ("cost", None, None, "suppressed",
     {"reason": "suppressed: fewer than 50 people or households of this group stand behind it"},
     "It is not told how many households rent their home: withheld, because so few people of this group live here."),
    ("cost", None, None, "suppressed",
     {"group": "race:black", "reason": "suppressed: fewer than 50 people or households of this group stand behind it"},
     "Black, not Hispanic: it is not told how many households rent their home: withheld, because so few people of "
     "this group live here."),
    ("cost", None, None, "suppressed",
     {"group": "race:black", "reason": "suppressed: its margin is too wide to say anything (± 18 points)"},
     "Black, not Hispanic: it is not told how many households rent their home: withheld, because too few people "
     "were asked here to say."),
    ("cost", 0.39, 0.04, "high", {"group": "race:black", **MORE},
     "Black, not Hispanic: about 2 in 5 households rent their home: more than in the same group of Nowhere County."),
    ("park", 0.7, 0.0, "exact", EXACT | {"comparison": versus(-0.05, "lower", tested=False)},
     "7 in 10 residents live within a 10-minute walk of a park: fewer than in Nowhere County."),
    ("park", 0.73, 0.0, "exact", EXACT, "About 3 in 4 residents live within a 10-minute walk of a park."),
    ("park", 0.0, 0.0, "exact", EXACT, "None of the residents live within a 10-minute walk of a park."),
    ("park", 1.0, 0.0, "exact", EXACT, "All residents live within a 10-minute walk of a park."),
    ("park", 0.98, 0.0, "exact", EXACT, "Nearly all residents live within a 10-minute walk of a park."),
    ("park", 0.7, 0.0, "exact", EXACT | {"comparison": versus(0.0, "not distinguishable", tested=False)},
     "7 in 10 residents live within a 10-minute walk of a park: about the same as in Nowhere County."),
    ("park", 0.7, 0.0, "exact", EXACT | {"group": "vehicle:none"},
     "Households without a vehicle: 7 in 10 households live within a 10-minute walk of a park."),
    ("cost", 0.23, None, "unknown", UNTESTED,
     "23% of households rent their home (margin not known); in Nowhere County it is 33%, and no margin is known to "
     "compare them."),
    ("ill", 0.1, None, "unknown", MODELLED, "About 1 in 10 adults have asthma now, as a model reckons."),
    ("ill", 0.1, 0.01, "high", MODELLED | {"comparison": versus(0.0, "not distinguishable")},
     "About 1 in 10 adults have asthma now, as a model reckons: about the same as in Nowhere County."),
    ("ill", 0.1, 0.2, "low", MODELLED, "The figures are too uncertain to say how many adults have asthma now."),
    ("income", 55_975.9, 4706.5, "high", FEWER,
     "The middle household income is $56,000 a year: less than in Nowhere County."),
    ("income", None, None, "absent", {"text": "≥ $250,000", "reason": "median in the open bracket"},
     "The middle household income is more than $250,000 a year."),
    ("income", None, None, "absent", {"text": "≤ $2,500", "reason": "median in the open bracket"},
     "The middle household income is less than $2,500 a year."),
    ("income", 55_975.9, 40_706.5, "low", MORE,
     "The survey is too uncertain to say what the middle household income is; it is sure only that it is more than "
     "in Nowhere County."),
    ("income", None, None, "absent", {"reason": "no survey was given"},
     "It is not known what the middle household income is: no survey was given."),
    ("change", 9.4, 4.0, "high", {"flags": CHANGED, **MORE},
     "The share of renters has grown by 9 points since 2010-2014: a larger change than in Nowhere County."),
    ("change", -9.4, 4.0, "high", {"flags": CHANGED, **FEWER},
     "The share of renters has fallen by 9 points since 2010-2014; in Nowhere County it went the other way."),
    ("change", -1.2, 0.4, "high", {"flags": CHANGED}, "The share of renters has fallen by 1.2 points since 2010-2014."),
    ("change", 1.0, 0.98, "high", {"flags": CHANGED}, "The share of renters has grown by 1 point since 2010-2014."),
    ("change", 2.1, 4.0, "high", {"flags": (UNCHANGED, *CHANGED), **SAME},
     "The survey cannot tell whether the share of renters has changed since 2010-2014."),
    ("change", 0.0, 0.0, "exact", {"flags": CHANGED}, "The share of renters is the same as in 2010-2014."),
    ("change", None, None, "absent", {"reason": "the earlier survey is not at hand"},
     "It is not known whether the share of renters has changed since the earlier survey: the earlier survey is not "
     "at hand."),
    ("gap", 12.0, 5.0, "medium", MORE,
     "Of every 100 White households, 12 more own their home than of every 100 Black households: a larger gap than "
     "in Nowhere County."),
    ("gap", -6.0, 5.0, "medium", {},
     "Of every 100 White households, 6 fewer own their home than of every 100 Black households."),
    ("gap", 2.4, 12.9, "medium", {},
     "The survey cannot tell whether more White or more Black households, of every 100, own their home."),
    ("heat", 2.56, 0.0, "exact", EXACT | MORE,
     "The ground here is 2.6 °C hotter than the wider area: hotter than in Nowhere County."),
    ("heat", -1.25, 0.0, "exact", EXACT | FEWER,
     "The ground here is 1.2 °C cooler than the wider area: cooler than in Nowhere County."),
    ("trees", 0.214, 0.0, "exact", EXACT | FEWER, "Trees cover 21% of the land: less than in Nowhere County."),
    ("trees", 0.3301, 0.0, "exact", EXACT | MORE, "Trees cover 33% of the land: about the same as in Nowhere County."),
    ("trees", 0.0, 0.0, "exact", EXACT, "Trees cover none of the land."),
    ("buses", 6.74, 0.0, "exact", EXACT | FEWER,
     "About 6.7 buses an hour leave from stops near the average home: fewer than in Nowhere County."),
    ("filings", 3.16, 0.6, "high", FEWER,
     "For every 100 renting households, landlords went to court 3.2 times: less than in Nowhere County."),
    ("tract", 0.94, None, "unknown", {"flags": ("probability of one unit",)},
     "The chance is 94% that the households here live in a tract where three of four shares are large."),
    ("tract", 1.0, None, "unknown", {"flags": ("probability of one unit",)},
     "The chance is over 99% that the households here live in a tract where three of four shares are large."),
    ("plain", 0.39, 0.04, "high", {}, "A row without a sentence: 39%."),
    ("plain", None, None, "absent", {"reason": "no survey was given"},
     "It is not known how it stands with this: A row without a sentence: no survey was given."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "moe", "sure", "more", "said"), CASES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_residents_read(
    key: str, value: float | None, moe: float | None, sure: str, more: dict[str, Any], said: str
) -> None:
    base = (4.0, 1.0) if key == "change" else (0.33, 0.01)
    assert sentences.headline(told(key, value, moe, sure, base, **more), ROWS[key].id, more.get("group", "all")) == (
        said,
        "en",
    )


def test_without_a_record_it_was_not_computed() -> None:
    said = "It is not known how many households rent their home: not computed in this run."
    assert sentences.headline(reader(), "BEL-03").text == said
    with pytest.raises(OutputError, match="BEL-99"):
        sentences.headline(reader(), "BEL-99")


def test_what_is_told_of_the_reference_alone() -> None:
    row = ROWS["mix"]
    found = reader(
        record(row, "district", None, None, "absent", reason="it is told of the reference area as a whole"),
        record(row, "reference", 0.26, 0.005, "high"),
        record(row, "reference", 0.31, 0.02, "high", group="race:black"),
    )
    assert (
        sentences.headline(found, row.id).text
        == "In Nowhere County, 26.0% of the residents of color would have to move."
    )
    said = "Black, not Hispanic: in Nowhere County, 31% of them would have to move."
    assert sentences.headline(found, row.id, "race:black").text == said


def test_a_poster_speaks_of_us() -> None:
    found = told("park", 0.7, 0.0, "exact", (0.75, 0.0), **EXACT, comparison=versus(-0.05, "lower", tested=False))
    poster = sentences.poster(found, "WEL-04.800")
    assert poster["lead"].text == "7 in 10 of us live within a 10-minute walk of a park."
    assert poster["compared"].text == "That is fewer than in Nowhere County."
    assert poster["question"].text == "Is each park open?"
    assert "© OpenStreetMap contributors" in poster["source"].text
    assert poster["year"].text == "2020 to 2026"
    households = sentences.poster(told("cost", 0.4, 0.04, "high"), "BEL-03")
    assert households["lead"].text == "About 2 in 5 households rent their home."
    assert households["compared"].text == ""


def test_a_marked_record_says_the_same() -> None:
    found = told("ill", 0.1, None, "unknown", **MODELLED)
    assert sentences.headline(Reader(remarks.marked(found.results)), "WEL-08.asthma") == sentences.headline(
        found, "WEL-08.asthma"
    )


SPANISH = {
    "households": "hogares",
    "residents": "residentes",
    COST["says"]: "alquilan su casa",
    PARK["says"]: "viven a 10 minutos a pie de un parque",
    "The share of renters has fallen by {value} since {earlier}": "Hay {value} menos de inquilinos desde {earlier}",
    "whether the share of renters has changed since {earlier}": "si la proporción de inquilinos cambió desde {earlier}",
    "no survey was given": "no se dio ninguna encuesta",
}
IN_SPANISH: list[tuple[str, float | None, float | None, str, dict[str, Any], str]] = [
    ("cost", 0.39, 0.04, "high", MORE, "Cerca de 2 de cada 5 hogares alquilan su casa: más que en Nowhere County."),
    ("cost", 0.33, 0.04, "high", SAME,
     "Cerca de 33 de cada 100 hogares alquilan su casa: más o menos lo mismo que en Nowhere County; la encuesta no "
     "permite distinguirlos."),
    ("cost", 0.14, 0.113, "low", {},
     "La encuesta es demasiado incierta para decir qué proporción de hogares alquilan su casa."),
    ("cost", None, None, "absent", {"reason": "no survey was given"},
     "No se sabe qué proporción de hogares alquilan su casa: no se dio ninguna encuesta."),
    ("park", 0.7, 0.0, "exact", EXACT | FEWER,
     "7 de cada 10 residentes viven a 10 minutos a pie de un parque: menos que en Nowhere County."),
    ("change", -9.4, 4.0, "high", {"flags": CHANGED}, "Hay 9 puntos menos de inquilinos desde 2010-2014."),
    ("change", 2.1, 4.0, "high", {"flags": (UNCHANGED, *CHANGED)},
     "La encuesta no permite decir si la proporción de inquilinos cambió desde 2010-2014."),
]  # fmt: skip


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = speech.catalogue("es") | SPANISH
    monkeypatch.setattr(speech, "_read", lambda code: texts)


@pytest.mark.parametrize(("key", "value", "moe", "sure", "more", "said"), IN_SPANISH)
def test_in_spanish(
    spanish: None, key: str, value: float | None, moe: float | None, sure: str, more: dict[str, Any], said: str
) -> None:
    with speech.language("es"):
        assert sentences.headline(told(key, value, moe, sure, (0.33, 0.01), **more), ROWS[key].id) == (said, "es")


def test_no_sentence_mixes_two_languages(spanish: None) -> None:
    """A reason, or what the row says, is not translated yet: the whole is told in English, and says so."""
    found = told("cost", None, None, "absent", reason="the moon was in the way")
    with speech.language("es"):
        said = sentences.headline(found, "BEL-03")
        assert sentences.headline(told("filings", 3.15, 0.6, "high"), "BEL-15").lang == "en"
        assert speech.current() == "es"
    assert said == (
        "It is not known how many households rent their home: the moon was in the way.", "en"
    )  # fmt: skip
