"""The error budget in words: each part by itself, in both languages, and never silent on what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.report import budget, speech
from tests.report.test_remarks import record

ZONES = {"district": "Mill Pond", "reference": "Nowhere County"}


def age(**more: Any) -> dict[str, Any]:
    told = {"survey": 2024, "oldest": "blocks", "newest": "stops", "first": 2020, "last": 2024, "years_before": 4,
            "years_after": 0, "not_stated": []}  # fmt: skip
    return told | more


def sign(**more: Any) -> dict[str, Any]:
    told = {"layer": "stops", "zone": "district", "sign": "stops of the timetable with a mapped stop within 50 m",
            "share": 0.93, "of": 120.0, "unit": "stops", "against": "gtfs", "low": False, "reason": None}  # fmt: skip
    return told | more


def of(*signs: dict[str, Any], bias: Any = (), **years: Any) -> dict[str, Any]:
    return {"indicator": "X", "age": age(**years), "completeness": list(signs), "bias": list(bias)}


def lines(one: dict[str, Any] | None, **more: Any) -> dict[str, str]:
    return dict(budget.told(record(**more), one, ZONES))


def test_each_part_has_its_line() -> None:
    error = {"sampling": 0.03, "apportionment": 0.02, "noise": 0.0}
    found = budget.told(record(value=0.5, moe=0.036, error=error), of(sign()), ZONES)
    assert [name for name, _ in found] == [
        "In the margin", "In the margin", "Age of the sources", "Completeness of the map",
    ]  # fmt: skip
    assert found[0][1].startswith("± 3 points because") and found[1][1].startswith("± 2 points because")


def test_a_number_without_a_sample_has_nothing_in_its_margin() -> None:
    assert lines(of())["In the margin"] == "nothing: nobody was sampled for it"
    assert lines(of(), moe=None)["In the margin"] == "its margin is not known"


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ({}, "The oldest (census blocks) ends in 2020, 4 years before the survey of 2024."),
        (
            {"first": 2023, "years_before": 1},
            "The oldest (census blocks) ends in 2023, 1 year before the survey of 2024.",
        ),
        ({"first": 2024, "years_before": 0}, "All end in 2024, the last year of the survey."),
        (
            {"first": 2024, "years_before": 0, "last": 2026, "years_after": 2},
            "The newest (transit stops) is of 2026, 2 years after the survey of 2024.",
        ),
        (
            {"first": 2024, "years_before": 0, "not_stated": ["parks"]},
            "All end in 2024, the last year of the survey. No year is stated of parks.",
        ),
        (
            {"first": None, "last": None, "years_before": None, "years_after": None, "not_stated": ["parks"]},
            "No year is stated of parks.",
        ),
    ],
)
def test_age_in_words(years: dict[str, Any], told: str) -> None:
    assert lines(of(**years))["Age of the sources"] == told


def test_completeness_of_both_zones_and_what_is_not_known() -> None:
    both = of(sign(), sign(zone="reference", share=0.5, of=900.0, low=True))
    assert lines(both)["Completeness of the map"] == (
        "transit stops: stops of the timetable with a mapped stop within 50 m: 93% of 120 stops in Mill Pond, "
        "50% of 900 stops in Nowhere County. That is little: much may be missing from the map."
    )
    few = sign(share=None, of=None, reason="the timetable has fewer than 10 stops here")
    told = lines(of(few))["Completeness of the map"]
    assert told == "transit stops: not known for Mill Pond: the timetable has fewer than 10 stops here."
    nothing = sign(zone="", share=None, of=None, reason="no timetable is at hand to hold the mapped stops against")
    told = lines(of(nothing))["Completeness of the map"]
    assert told == "transit stops: not known: no timetable is at hand to hold the mapped stops against."


def test_how_a_grid_reads_comes_with_its_source() -> None:
    low = {
        "layer": "tree_canopy",
        "direction": "low",
        "told": "by much",
        "source": "Somebody, https://x.org",
        "evidence": "V",
    }
    assert lines(of(bias=[low]))["How the image reads"] == (
        "map of tree canopy reads low: by much. Somebody, https://x.org."
    )
    told = lines(of(bias=[low | {"evidence": "M"}]))["How the image reads"]
    assert "was not confirmed" in told
    unknown = low | {"direction": "unknown", "source": ""}
    assert lines(of(bias=[unknown]))["How the image reads"] == (
        "map of tree canopy: not known whether it reads high or low: by much."
    )


def test_nothing_is_told_of_what_is_not_there() -> None:
    assert budget.told(record(value=None), of(), ZONES) == []
    assert budget.told(None, of(), ZONES) == []
    assert [name for name, _ in budget.told(record(), None, ZONES)] == ["In the margin"]


def test_it_is_told_in_spanish() -> None:
    with speech.language("es"):
        found = lines(
            of(sign(), sign(zone="reference", share=None, reason="the timetable has fewer than 10 stops here"))
        )
    assert "Antigüedad de las fuentes" in found
    assert "4 años antes de la encuesta de 2024" in found["Antigüedad de las fuentes"]
    told = found["Qué tan completo es el mapa"]
    assert "el horario tiene menos de 10 paradas aquí" in told and "93% de 120 paradas en Mill Pond" in told
