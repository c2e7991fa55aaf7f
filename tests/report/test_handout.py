"""The sheets for a meeting: what stands on them, in which order, and never more than a page holds."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.report import handout, remarks, speech, view


@pytest.fixture(params=list(speech.LANGUAGES))
def sheets(content: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    with speech.language(request.param):
        told = remarks.marked(content)
        return handout.sheets(view.page(told), told)


def row(id: str, reliability: str = "high") -> dict[str, str]:
    return {"id": id, "reliability": reliability}


def test_headlines_first_one_of_each_family_then_the_rest_and_the_uncertain_last() -> None:
    rows = [row("BEL-04"), row("BEL-03.renters"), row("BEL-03"), row("BEL-02", "low"), row("BEL-19"), row("BEL-01")]
    assert [one["id"] for one in handout.leading(rows)] == [
        "BEL-03.renters", "BEL-01", "BEL-04", "BEL-19", "BEL-03", "BEL-02",
    ]  # fmt: skip


def test_a_sheet_has_no_more_than_a_page_holds_and_says_how_many_are_left(sheets: dict[str, Any]) -> None:
    for one in sheets["categories"]:
        assert 0 < len(one["rows"]) <= handout.MOST_ROWS
        assert len(one["said"]) <= handout.MOST_SENTENCES and len(one["here"]) <= handout.MOST_HERE
        assert all(not told["absent"] for told in one["rows"])
    assert len(sheets["sources"]) <= handout.MOST_SOURCES


def test_a_category_without_a_number_has_no_sheet_but_a_reason(sheets: dict[str, Any]) -> None:
    assert "environment" not in [one["id"] for one in sheets["categories"]]
    assert sum(n for _, n in sheets["reasons"]) + sheets["more_reasons"] == 2


def test_every_row_says_its_years(sheets: dict[str, Any]) -> None:
    belonging = next(one for one in sheets["categories"] if one["id"] == "belonging")
    assert {told["year"] for told in belonging["rows"]} <= {"2020 to 2024", "de 2020 a 2024", "2020 a 2024"}
