"""What an analyst is to keep in mind: how sure a change is, what has no margin, whose rule it is, why race is there."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.measure.typology import agreement, explain, rivals, sensitivity
from justgeo.measure.typology.cards import CAVEATS as NAMED
from justgeo.measure.typology.cards import NO_SAMPLING, STANDS_STILL
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import Amount, Condition, Settings, Typology
from justgeo.report import displacement_content, displacement_map, displacement_page, displacement_tables
from justgeo.report.displacement_cards import pack, percent
from justgeo.report.displacement_caveats import CAVEATS, COMPUTED_HERE, RACE, TOO_SURE, notes
from justgeo.report.displacement_terms import NO_MARKET
from tests.measure.typology import invented
from tests.report import made_displacement as md
from tests.report.test_displacement_page import Shape

ROOT = Path(__file__).parents[2]
MEDIANS = ("value", "rent")


def content(typology: Typology) -> dict[str, Any]:
    """What the files and the page are made of."""
    tracts = typology.tracts
    opinions = [rivals.udp_vulnerable(tracts), *([rivals.ding(tracts)] if tracts.before else [])]
    flags = {key: flag for key, flag in displacement_content.methods_of(typology, opinions).items() if key != "pressed"}
    return displacement_content.content(
        typology, opinions, agreement.compare(flags, tracts.households.value),
        sensitivity.vary(tracts, typology.settings, scales=(), reported=typology), explain.cards(typology, opinions),
        name="Mill Pond", synthetic=True,
    )  # fmt: skip


def bare(typology: Typology) -> Typology:
    """Without the margins of any median of homes."""
    tracts = typology.tracts
    nothing = np.full(len(tracts), np.nan)
    now, before = (
        {key: Amount(one.value, nothing) if key in MEDIANS else one for key, one in of.items()}
        for of in (tracts.now, tracts.before)
    )
    return classify(replace(tracts, now=now, before=before), typology.settings)


@pytest.fixture(scope="module")
def typology() -> Typology:
    return classify(replace(invented.region(8, 5), edge=None), Settings(draws=1_000))


@pytest.fixture(scope="module")
def analyst() -> dict[str, Any]:
    return md.analyst()


# ------------------------------------------------------------------------------------------- how sure a change is


def measured(statement: str, low: float) -> tuple[str, str]:
    """Percent told and percent true, in the twelve counties."""
    rows = csv.DictReader((ROOT / "docs" / "data" / "typology_calibration.csv").open(encoding="utf-8"))
    (row,) = (
        r for r in rows if (r["counties"], r["draws"], r["statement"], float(r["low"]))
        == ("12 counties", "as told", statement, low)
    )  # fmt: skip
    return f"{100 * float(row['said']):.0f}%", f"{100 * float(row['true']):.0f}%"


def test_the_over_sureness_that_is_told_is_the_one_that_was_measured() -> None:
    single, sure, whole = (
        measured(*of) for of in (("each condition of B", 0.7), ("each condition of B", 0.95),
                                 ("B: demographic change", 0.7))
    )  # fmt: skip
    assert re.findall(r"\d+%", TOO_SURE) == [*single, *sure, *whole]
    assert all(int(true[:-1]) < int(said[:-1]) for said, true in (single, sure, whole)), "or nothing need be said"


def test_it_stands_on_the_page_on_every_card_in_the_notes_and_in_the_folder(analyst: dict[str, Any]) -> None:
    html = displacement_page.render(analyst)
    shown = html[: html.index('<script type="application/json"')]
    assert TOO_SURE in shown and TOO_SURE in analyst["notes"]
    assert TOO_SURE in " ".join(displacement_tables.readme(analyst).split())
    assert TOO_SURE in displacement_tables.summary_md(analyst)
    parts = [part for card in pack(analyst, {}).values() for part in card.get("parts", [])]
    assert parts and all(("so in 61% of cases" in part.get("note", "")) == (part["part"] == "B") for part in parts)


def test_without_an_earlier_survey_nothing_is_said_of_change(typology: Typology) -> None:
    alone = classify(replace(typology.tracts, before={}, region_before={}), typology.settings)
    found = content(alone)
    assert TOO_SURE not in found["notes"] and TOO_SURE not in displacement_page.render(found)


def test_a_tract_that_was_drawn_anew_says_so(analyst: dict[str, Any]) -> None:
    cards = pack(analyst, {})
    told = [CAVEATS["drawn_anew"] in card["caveats"] for card in cards.values()]
    assert told == [k == 9 for k in range(40)]
    assert [*CAVEATS] == [*NAMED], "every caveat of a card has its words"


# -------------------------------------------------------------------------------------------------- what has none


def condition(se: float, threshold_se: float) -> Condition:
    some = np.array([0.2, 0.4])
    return Condition(some, np.full(2, se), 0.3, threshold_se, np.array([0.0, 1.0]), some)


@pytest.mark.parametrize(
    ("se", "threshold_se", "told"),
    [
        (0.1, 0.02, 0.02),
        (0.1, 0.0, 0.0),
        (np.nan, 0.0, np.nan),
        (np.nan, 0.02, 0.02),
        (np.nan, np.nan, np.nan),
    ],
)
def test_a_threshold_that_stands_still_has_no_margin_of_nothing(se: float, threshold_se: float, told: float) -> None:
    assert explain.threshold_se(condition(se, threshold_se)) == pytest.approx(told, nan_ok=True)


def test_without_margins_a_quantile_has_none_and_it_is_said_why(typology: Typology) -> None:
    found = content(bare(typology))
    cards = json.loads(displacement_tables._cards_json(found))["cards"]
    for card in cards:
        for line in (*card["pressures"], *card["changes"], *card["market"]):
            market = line["name"].startswith(("value.", "rent."))
            assert (line["threshold"]["moe"] is None) == market
            assert line["bare_threshold"] == (STANDS_STILL if market else None)
        for verdict in card["opinions"]:
            assert all(line["threshold"]["moe"] is None and line["bare_threshold"] == NO_SAMPLING
                       for line in verdict["lines"])  # fmt: skip
    (note,) = (one for one in found["notes"] if one.startswith("Thresholds without a margin"))
    assert (
        "Median rent, later survey" in note
        and "Homes that are rented" not in note
        and note.endswith(f"{STANDS_STILL}.")
    )
    assert not any(one.startswith("Thresholds without") for one in content(typology)["notes"])
    assert "± $0" not in displacement_page.render(found)


@pytest.mark.parametrize("when", ["now", "before"])
def test_where_no_market_can_be_told_the_notes_do_say_why(typology: Typology, when: str) -> None:
    """Wherever ``the notes say why`` is printed."""
    tracts = typology.tracts
    kept = {key: one for key, one in getattr(tracts, when).items() if key not in MEDIANS}
    changes: dict[str, Any] = {when: kept}
    found = content(classify(replace(tracts, **changes), typology.settings))
    assert "the notes say why" in " ".join(displacement_tables.headline_lines(found))
    assert "the notes say why" in displacement_page.render(found)
    (note,) = (one for one in found["notes"] if one.lower().startswith(NO_MARKET))
    gone, there = ("later survey", "earlier one") if when == "now" else ("earlier one", "later survey")
    assert re.search(rf"of 0 (tracts )?in the {gone}", note) and re.search(rf"of 40 (tracts )?in the {there}", note)


def test_where_a_market_can_be_told_no_note_denies_it(typology: Typology) -> None:
    assert not any(note.lower().startswith(NO_MARKET) for note in notes(typology))


def test_without_an_earlier_survey_that_is_the_reason(typology: Typology) -> None:
    alone = classify(replace(typology.tracts, before={}, region_before={}), typology.settings)
    (note,) = (one for one in notes(alone) if one.lower().startswith(NO_MARKET))
    assert note.endswith("it compares two surveys, and there is no earlier one.")


# ------------------------------------------------------------------------------------------------- whose rule it is


def test_other_methods_are_said_to_be_worked_out_here(analyst: dict[str, Any]) -> None:
    html = displacement_page.render(analyst)
    assert COMPUTED_HERE in html[: html.index('<script type="application/json"')] and COMPUTED_HERE in analyst["notes"]
    said = {one["said"] for card in pack(analyst, {}).values() for one in card["opinions"]}
    assert said <= {
        "its rule, worked out here, flags this tract",
        "its rule, worked out here, does not flag this tract",
        "by its rule, worked out here, it cannot be told",
    }
    assert len(said) >= 2


def test_why_race_is_among_the_four_is_said_where_they_are_shown(analyst: dict[str, Any]) -> None:
    shown = displacement_page.render(analyst)
    assert RACE in shown[: shown.index('<script type="application/json"')]
    assert "Part A, four shares" in shown
    words = re.sub(r"market pressure|under pressure|displacement pressure", "", Shape(shown).told, flags=re.IGNORECASE)
    assert re.findall(r"[^.]*\bpressures?\b[^.]*", words) == [], "a share presses on nobody"


@pytest.mark.parametrize(
    ("p", "told"), [(0.999, "> 99%"), (0.9951, "> 99%"), (0.99, "99%"), (0.004, "< 1%"), (0.01, "1%")]
)
def test_no_chance_is_told_as_certain(p: float, told: str, analyst: dict[str, Any]) -> None:
    assert percent(p) == told
    drawn = displacement_map.draw({**analyst, "tracts": [{**tract, "p_vulnerable": p} for tract in analyst["tracts"]]})
    assert drawn is not None
    hints = [one["told"] for one in drawn.tracts if "chance" in one["told"]]
    assert hints and all(one.endswith(f"chance of three or more {told}") for one in hints)
