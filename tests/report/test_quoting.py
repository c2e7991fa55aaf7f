"""What an application quotes of a number, and where it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.report import sentences
from tests.report.said import (
    ACS,
    CHANGED,
    COUNTED,
    EXACT,
    FEWER,
    MODELLED,
    ROWS,
    SAME,
    UNTESTED,
    reader,
    record,
    told,
    versus,
)

GRANTS: list[tuple[str, float | None, float | None, str, tuple[float, float] | None, dict[str, Any], str]] = [
    ("cost", 0.3915, 0.04, "high", (0.342, 0.012),
     {**COUNTED, "comparison": versus(0.0495, "higher", overlap=0.15), "low": 0.38, "high": 0.395},
     "About 2,310 (±240) of 5,900 (±310) households (39% ±4) rent their home, against 33% (±1) in the rest of "
     "Nowhere County, statistically different at the 90% level (ACS 2020-2024, B25003; apportioned by housing "
     "units; margins at the 90% level)."),
    ("cost", 0.3915, 0.04, "high", (0.38, 0.009), {**COUNTED, "comparison": versus(0.0115, "not distinguishable")},
     "About 2,310 (±240) of 5,900 (±310) households (39% ±4) rent their home, against 38.0% (±0.9) in Nowhere "
     "County, not distinguishable at the 90% level (ACS 2020-2024, B25003; margins at the 90% level)."),
    ("cost", 0.14, 0.113, "low", None, COUNTED,
     "Too uncertain to rely on: about 2,310 (±240) of 5,900 (±310) households (14% ±11) rent their home (ACS "
     "2020-2024, B25003; margins at the 90% level)."),
    ("cost", 0.0, 0.02, "medium", None, {**COUNTED, "numerator": 0.0, "numerator_moe": 25.0},
     "About 0 (±25) of 5,900 (±310) households (0.0% ±2.0) rent their home (ACS 2020-2024, B25003; margins at the "
     "90% level; none in the sample, which does not mean none)."),
    ("cost", None, None, "suppressed", None, {"reason": "suppressed: fewer than 50 households stand behind it"},
     "It is not told how many households rent their home: withheld, because so few people live here."),
    ("park", 0.724, 0.0, "exact", (0.614, 0.0),
     {**EXACT, **COUNTED, "numerator_moe": None, "denominator_moe": None,
      "comparison": versus(0.11, "higher", tested=False, overlap=0.2)},
     "About 2,310 of 5,900 residents (72%) live within a 10-minute walk of a park, against 59% in the rest of "
     "Nowhere County (Extract of parks, 2026-09-30; Extract of the walking network, 2026-09-30; 2020 Census, "
     "redistricting data, 2020; © OpenStreetMap contributors)."),
    ("park", 0.0, 0.0, "exact", None, {**EXACT, **COUNTED, "numerator": 0.0, "denominator_moe": None},
     "None of about 5,900 residents live within a 10-minute walk of a park (Extract of parks, 2026-09-30; Extract "
     "of the walking network, 2026-09-30; 2020 Census, redistricting data, 2020; © OpenStreetMap contributors)."),
    ("ill", 0.1, None, "unknown", (0.11, 0.0), MODELLED | UNTESTED,
     "10% (margin not known) of adults have asthma now, against 11% in Nowhere County, with no known margin to "
     "test the difference (PLACES, 2022; 2020 Census, redistricting data, 2020; modelled, not counted)."),
    ("income", 55_975.9, 4706.5, "high", (64_096.0, 1209.0), FEWER,
     "The middle household income is $56,000 (±$4,700) a year, against $64,100 (±$1,200) in Nowhere County, "
     "statistically different at the 90% level (ACS 2020-2024, B25003; margins at the 90% level)."),
    ("income", None, None, "absent", None, {"text": "≥ $250,000", "reason": "median in the open bracket"},
     "The middle household income is more than $250,000 a year (ACS 2020-2024, B25003)."),
    ("change", -9.4, 4.0, "high", (-1.0, 2.0),
     {"flags": CHANGED, **FEWER, "layers": ("acs:B25003@2014", *ACS)},
     "The share of renters has fallen by 9 points (±4) since 2010-2014, against a fall of 1 point (±2) in Nowhere "
     "County, statistically different at the 90% level (ACS 2010-2014 and 2020-2024, B25003; margins at the 90% "
     "level)."),
    ("gap", 2.4, 12.9, "medium", (-1.5, 2.3), SAME,
     "Of every 100 White households, 2 (±13) more own their home than of every 100 Black households, a gap that "
     "cannot be told from none, against 2 (±2) fewer in Nowhere County, not distinguishable at the 90% level (ACS "
     "2020-2024, B25003; margins at the 90% level)."),
    ("tract", 0.94, None, "unknown", None, {"flags": ("probability of one unit",)},
     "The chance is 94% that the households here live in a tract where three of four shares are large (ACS "
     "2020-2024, B25003)."),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "moe", "sure", "base", "more", "said"), GRANTS)
def test_what_an_application_quotes(
    key: str, value: float | None, moe: float | None, sure: str, base: Any, more: dict[str, Any], said: str
) -> None:
    assert sentences.grant(told(key, value, moe, sure, base, **more), ROWS[key].id).text == said


def test_counts_have_no_margin_where_dividing_areas_widens_that_of_the_share() -> None:
    row = ROWS["cost"]
    divided = {"sampling": 0.03, "apportionment": 0.026, "noise": 0.0}
    found = reader(record(row, "district", 0.39, 0.04, "high", **COUNTED, error=divided))
    assert sentences.grant(found, row.id).text.startswith("About 2,310 of 5,900 households (39% ±4) ")


def test_invented_data_say_so_in_every_quotation() -> None:
    row = ROWS["cost"]
    found = reader(record(row, "district", 0.39, 0.04, "high", **COUNTED), synthetic=True)
    for text in (sentences.grant(found, row.id).text, sentences.citation(found, row.id).text):
        assert "INVENTED DATA - this place does not exist" in text
    assert "INVENTED" in sentences.poster(found, row.id)["source"].text


def test_a_citation_names_source_years_table_terms_and_day() -> None:
    found = told("cost", 0.39, 0.04, "high")
    said = (
        "U.S. Census Bureau: American Community Survey 5-year, 2020-2024, table B25003 (Public domain; retrieved "
        "2026-10-01). U.S. Census Bureau: 2020 Census, redistricting data, 2020 (Public domain; retrieved 2026-10-01). "
        "Computed with justgeo: Burden, as published."
    )
    assert sentences.citation(found, "BEL-03").text == said
    said = "Not computed here: not computed in this run."
    assert sentences.citation(reader(), "BEL-03").text == said
