"""What stands beside a number: modelled inputs, what is not known, the range by the boundary, plain reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from justgeo.indicators.mobility import TIMETABLE_ENDED
from justgeo.report import page, remarks, results, view, words
from tests.report import made


def record(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "value": 0.658, "moe": 0.0, "unit": "share", "universe": "total population", "reliability": "exact",
        "reason": None, "text": None, "flags": [], "low": None, "high": None, "layers": ["blocks"], "error": {},
        "numerator": None, "denominator": None, "numerator_moe": None, "denominator_moe": None,
    }  # fmt: skip
    return given | more


def test_people_for_whom_the_answer_is_not_known_are_told_with_the_range() -> None:
    one = record(flags=["unknown_share=0.0617"], low=0.6177, high=0.6794)
    assert remarks.beside(one) == [
        "for 6% of residents the answer is not known; counting them, it is 62% to 68%",
    ]


@pytest.mark.parametrize("flags", [["unknown_share=0.0099"], []])
def test_a_few_not_known_are_not_told(flags: list[str]) -> None:
    assert remarks.beside(record(flags=flags)) == []


@pytest.mark.parametrize(
    ("low", "high", "moe", "said"),
    [
        (0.44, 0.47, 0.0, ["44% to 47% by the way the boundary is divided"]),
        (0.44, 0.47, 0.05, ["44% to 47% by the way the boundary is divided"]),
        (0.44, 0.47, 0.07, []),
        (0.649, 0.652, 0.0, []),
        (None, None, 0.0, []),
    ],
)
def test_the_range_stands_where_the_margin_does_not_hold_it(
    low: float | None, high: float | None, moe: float, said: list[str]
) -> None:
    assert remarks.beside(record(value=0.46, low=low, high=high, moe=moe)) == said


def test_land_and_rows_that_are_missing_are_told() -> None:
    told = remarks.beside(record(flags=["valid_share=0.93", "lacking_share=0.02"]))
    assert told == ["measured on 93% of the land", "the table lacks 2% of this area"]
    assert remarks.beside(record(flags=["valid_share=0.9996"])) == []


@pytest.mark.parametrize(
    ("reliability", "moe", "shown", "said"),
    [
        ("exact", 0.0, "modelled", "66%, modelled, not counted"),
        ("unknown", None, "modelled", "66%, modelled, not counted"),
        ("high", 0.03, "modelled", "66% ± 3 points"),
        ("low", 0.4, "low", "66% ± 40 points"),
    ],
)
def test_modelled_inputs_are_marked_at_the_number(reliability: str, moe: float | None, shown: str, said: str) -> None:
    whole = {"layers": [{"id": "blocks", "modelled": True}], "records": [record(reliability=reliability, moe=moe)]}
    one = remarks.marked(whole)["records"][0]
    assert one["reliability"] == shown and one["modelled"]
    assert words.told(one) == said
    assert ("modelled, not counted" in remarks.beside(one)) == (shown == "low")
    assert whole["records"][0]["reliability"] == reliability, "the results themselves stay as they are"


def test_a_chance_is_not_shown_as_a_count() -> None:
    given = record(value=0.98, moe=None, reliability="unknown", flags=["probability of one unit"])
    one = remarks.marked({"layers": [], "records": [given]})["records"][0]
    assert words.told(one) == "98%, a chance, not a count"


def test_reasons_lose_their_terms() -> None:
    told = remarks.plain_reason("suppressed: its margin is too wide to say anything (coefficient of variation 91 %)")
    assert told == "withheld: its margin is too wide to say anything"


def test_the_page_says_modelled_on_card_table_map_and_checklist() -> None:
    whole = made.baseline()
    layers = tuple(replace(p, modelled=p.layer == "blocks") for p in whole.layers)
    content = results.to_dict(replace(whole, layers=layers))
    shown = view.page(remarks.marked(content))
    card = next(c for c in shown["cards"] if c["id"] == "WEL-04.800")
    assert card["margin"] == card["sure"] == "modelled, not counted"
    html = page.render(content, made.checklist(), results.zones_frame(whole.zones), made.basemap())
    assert html.count("modelled, not counted") > 6
    assert 'class="chip rel">modelled, not counted' in html


def test_streets_without_tags_are_told_beside_the_number_where_they_are_many() -> None:
    many, few = (record(flags=[f"untagged_share={share}"]) for share in (0.359, 0.2499))
    assert remarks.beside(many) == ["for 36% of the length the map lacks the speed limit or the number of lanes"]
    assert remarks.beside(few) == [] and dict(remarks.details(many)) == {}
    told = "For 25% of the length the map lacks the speed limit or the number of lanes."
    assert dict(remarks.details(few)) == {"Also": told}


def test_what_heat_is_held_against_is_told_and_degrees_are_no_fraction() -> None:
    one = record(value=2.55, unit="°C", flags=["urban_mean=31.89"], numerator=39756.4, denominator=11946.4)
    told = "The built-up land that it is held against measures 31.9 °C at the surface."
    assert dict(remarks.details(one)) == {"Also": told}


def test_lengths_have_their_unit() -> None:
    one = record(universe="length of streets and paths open to bicycles", numerator=27.01, denominator=32.2)
    assert remarks.fraction(one) == "27.0 km of 32.2 km"


def test_areas_of_land_have_their_unit() -> None:
    one = record(universe="land area", numerator=535151.3, denominator=2502454.1)
    assert remarks.fraction(one) == "535,151 m² of 2,502,454 m²"


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        (TIMETABLE_ENDED, ["from a timetable that had run out when it was fetched: service may have changed since"]),
        (
            "few tracts in the reference (6): name more counties under [reference] geoids",
            ["judged against only 6 census tracts: read it as a rough idea"],
        ),
        ("published median", []),
    ],
)
def test_old_timetables_and_small_references_are_told_beside_the_number(flag: str, said: list[str]) -> None:
    assert remarks.beside(record(flags=[flag])) == said
    assert remarks.beside(record(flags=[flag], value=None)) == []


def test_the_range_of_a_map_says_what_it_is_of() -> None:
    open_ground = record(flags=["valid_share=0.93"], low=0.2, high=0.27, value=0.21, moe=0.0, unit="share")
    assert remarks.beside(open_ground) == ["measured on 93% of the land; counting the rest, it is 20% to 27%"]
    assert dict(remarks.details(open_ground))["If none, or all, of the rest had it"] == "20% to 27%"
    spread = record(flags=["spread over the land of each block"], low=0.2, high=0.27, value=0.21, moe=0.0, unit="share")
    assert remarks.beside(spread) == ["20% to 27% by where in their blocks they are taken to be"]
    twice = record(flags=["drawn_twice=0.1200"], value=0.21, moe=0.0, unit="share")
    assert "12% of the land is drawn in more than one class" in dict(remarks.details(twice))["Also"]


def test_a_rate_of_few_deaths_has_one_interval_the_exact_one() -> None:
    flags = ["deaths of 2020 to 2024", "by_chance_low=3.254", "by_chance_high=21.796"]
    error = {"sampling": 12.27, "apportionment": 0.0, "noise": 0.0}
    one = record(
        value=9.52, moe=12.27, unit="deaths per 100,000 people a year", flags=flags, error=error, reliability="low"
    )
    assert words.shown_margin(one) == "3.3 to 21.8 by chance alone"
    assert remarks.beside(one) == []
    assert remarks.parts(one) == ["3.3 to 21.8: so few deaths go up and down by chance; all of them are counted"]
    assert "Deaths of the years 2020 to 2024." in dict(remarks.details(one))["Also"]


NOISE = {"sampling": 0.0, "apportionment": None, "noise": 0.0007}


def test_noise_that_no_digit_shows_is_no_margin() -> None:
    one = record(value=0.98443, moe=0.0007, reliability="high", error=NOISE)
    assert words.told(one) == "98%, no survey margin, only noise of the census"
    told = remarks.mark(one, set())
    assert (told["reliability"], told["moe"]) == ("exact", 0.0)
    assert words.told(told) == words.told(one)
    # The error budget has it all the same.
    assert remarks.parts(told) == [
        "± 0.1 points because the Census Bureau changes block counts a little on purpose",
    ]
    modelled = remarks.mark(record(value=0.98443, moe=0.0007, reliability="high", error=NOISE), {"blocks"})
    assert words.told(modelled) == "98%, modelled, not counted"


def test_noise_that_can_be_seen_is_a_margin_and_says_what_it_is_of() -> None:
    one = record(value=0.58, moe=0.041, reliability="high", error={**NOISE, "noise": 0.041})
    assert words.told(one) == "58% ± 4 points by the noise of the census counts alone"
    told = remarks.mark(one, set())
    assert (told["reliability"], told["moe"]) == ("high", 0.041)
    sampled = record(value=0.58, moe=0.041, reliability="high", error={**NOISE, "sampling": 0.041})
    assert words.told(sampled) == "58% ± 4 points"


@pytest.mark.parametrize(
    ("value", "noise", "off"), [(0.5, 0.0049, True), (0.5, 0.0051, False), (0.05, 0.0004, True), (0.05, 0.0006, False)]
)
def test_it_is_off_below_half_of_the_last_digit(value: float, noise: float, off: bool) -> None:
    assert words.quiet(record(value=value, moe=noise, error={**NOISE, "noise": noise})) is off


def test_reasons_in_a_row_have_no_terms_of_the_trade() -> None:
    told = (
        "Black residents: suppressed: fewer than 50 people; Rent and Heat: suppressed: its margin is too wide to say "
        "anything (coefficient of variation 70 %)"
    )
    assert remarks.plain_reasons(told) == (
        "Black residents: withheld: fewer than 50 people; Rent and Heat: withheld: its margin is too wide to say "
        "anything"
    )
