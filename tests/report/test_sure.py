"""How sure a number is, on the wall: between what, in plain words; no digit of what is not told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from justgeo.report import posters, speech, sure
from justgeo.report.saying import Fact

ROW = {
    "says": "rent their home", "who": "households", "field": "acs_share", "unit": "share", "wording": {}, "title": "x",
}  # fmt: skip
RECORD: dict[str, Any] = {
    "value": 0.4, "moe": 0.04, "unit": "share", "reliability": "high", "low": None, "high": None, "text": None,
    "flags": [], "layers": ["acs:B25003@2024"], "error": {"sampling": 0.04}, "modelled": False, "reason": None,
    "universe": "households",
}  # fmt: skip
SIGNED = {"says": "The rent has risen by {value}", "wording": {"less": "The rent has fallen by {value}"}}


def said(row: dict[str, Any] | None = None, **record: Any) -> str:
    return sure.line(Fact(ROW | (row or {}), RECORD | record, None, "all", "", "Nowhere County"))


@pytest.mark.parametrize(
    ("row", "record", "text"),
    [
        ({}, {}, "Likely between 36% and 44%: the survey asked only some people."),
        ({}, {"error": {"noise": 0.04}}, "Likely between 36% and 44%."),
        ({}, {"value": 0.98, "moe": 0.04, "error": {}}, "Likely between 94% and 100%."),
        ({}, {"value": 0.02, "moe": 0.03, "error": {}}, "Likely between 0.0% and 5%."),
        ({}, {"value": 0.0, "moe": 0.02, "error": {}}, "Likely between 0.0% and 2%."),
        ({}, {"moe": 0.0, "reliability": "exact", "error": {}}, sure.EXACT),
        ({}, {"moe": None, "reliability": "unknown", "error": {}}, sure.UNKNOWN),
        ({}, {"moe": None, "reliability": "modelled", "modelled": True}, sure.UNKNOWN),
        ({}, {"moe": 0.0, "reliability": "modelled", "modelled": True}, sure.UNKNOWN),
        ({}, {"reliability": "modelled", "modelled": True}, "The model puts it between 36% and 44%."),
        ({}, {"value": 0.45, "moe": None, "reliability": "chance"}, "A chance, not a count."),
        (
            {},
            {"reliability": "medium"},
            "Likely between 36% and 44%: the survey asked only some people. Use with care.",
        ),
        (
            {"says": "The rent is {value}"},
            {"value": 2010.0, "moe": 70.0, "unit": "USD per month", "error": {}},
            "Likely between $1,940 and $2,080 per month.",
        ),
        (
            {"says": "On a scale the mix is {number} away"},
            {"value": 0.12, "moe": 0.03, "unit": "index (0 = alike)", "error": {}},
            "Likely between 0.09 and 0.15.",
        ),
        (
            SIGNED,
            {"value": -10.0, "moe": 6.0, "unit": "percentage points", "error": {}},
            "Likely between 4 and 16 points.",
        ),
        (SIGNED, {"value": 49.0, "moe": 8.0, "unit": "percent change", "error": {}}, "Likely between 41% and 57%."),
        (
            {"says": "The ground is {value} hotter"},
            {"value": 3.33, "moe": 0.003, "unit": "°C", "error": {}},
            "Give or take 0.003 °C.",
        ),
        (
            {"says": "The ground is {value} hotter"},
            {"value": 0.5, "moe": 0.9, "unit": "°C", "error": {}},
            "Likely between −0.40 and 1.4 °C.",
        ),
    ],
)
def test_between_what_it_lies(row: dict[str, Any], record: dict[str, Any], text: str) -> None:
    assert said(row, **record) == text


def test_what_must_stand_beside_a_number_stands_on_the_wall_too() -> None:
    told = said(value=0.4, moe=0.04, low=0.4, high=0.5, error={})
    assert told == "Likely between 36% and 44%. Also: 40% to 50% by the way the boundary is divided."


@pytest.mark.parametrize(
    ("row", "record"),
    [
        ({}, {"reliability": "low"}),
        ({}, {"value": None, "moe": None, "reliability": "suppressed"}),
        ({}, {"value": None, "moe": None, "reliability": "absent", "text": "≥ $200,000"}),
        (SIGNED, {"value": 2.0, "moe": 6.0, "unit": "percent change"}),
    ],
)
def test_where_the_sentence_says_that_it_is_not_known_no_digit_follows(
    row: dict[str, Any], record: dict[str, Any]
) -> None:
    assert said(row, flags=["by_chance_low=8", "by_chance_high=27"], **record) == ""
    assert sure.line(Fact(ROW, None, None, "all", "", "")) == ""


def test_each_sheet_says_how_sure_its_number_is_in_both_languages(content: dict[str, Any]) -> None:
    ids = ["BEL-02", "DEM-01.black", "WEL-04.800", "WEL-05", "OPP-01"]
    page = posters.pages(content, [*ids, "OPP-02", "ENV-01"], list(speech.LANGUAGES))["posters.html"]
    told: dict[tuple[str, int], str] = {}
    for sheet in page.split('<article class="sheet')[1:]:
        at = re.search(r'id="(\w\w)-(\d+)"', sheet)
        text = re.search(r'<p class="sure"><b>.*?</b> (.*?)</p>', sheet)
        assert at is not None
        if text is not None:
            told[at[1], int(at[2])] = text[1]
    assert {n for lang, n in told if lang == "en"} == {1, 2, 3, 4, 5}, "the others are not told, and say so"
    assert {n for lang, n in told if lang == "es"} == {1, 2, 3, 4, 5}
    assert told["en", 1].startswith("Likely between 49% and 57%: the survey asked only some people.")
    assert told["es", 1].startswith("Probablemente entre 49% y 57%: la encuesta preguntó solo a algunas personas.")
    assert told["en", 2].endswith("Use with care.") and told["es", 2].endswith("Úsese con cuidado.")
    assert told["en", 3] == sure.EXACT and told["en", 4] == sure.UNKNOWN
    assert "$51,300" in told["en", 5] and "$60,700" in told["es", 5]
    assert not set(told.values()) & {""} and told["es", 3] != sure.EXACT and told["es", 4] != sure.UNKNOWN
