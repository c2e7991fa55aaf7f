"""Other choices as the analyst's output has them: what is told, what is not, and no number in place of the latter."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.measure.typology import sensitivity
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.sensitivity import Untold, markets_told
from justgeo.measure.typology.values import VARIANTS, Settings, Typology
from justgeo.report.displacement_choices import choice, told_lines, untold, untold_lines
from justgeo.report.displacement_headline import by_market, of_pressures
from justgeo.report.displacement_plain import clean
from justgeo.report.displacement_tables import sensitivity_csv
from justgeo.report.displacement_terms import NO_MARKET
from justgeo.sources.typology_table import read_typology_table
from tests import tract_table

GONE = Untold("the metro area (2 counties)", "nothing of 51003 is at hand", "give its tables", (2014, 2024))


def typology(folder: Path, *gone: str) -> Typology:
    """The region of `tract_table` without some of its columns."""
    rows = tract_table.without(tract_table.rows(), lambda name: name.startswith(gone))
    path = tract_table.write(folder / "tracts.csv", rows)
    return classify(read_typology_table(path, price=1.3, years=(2014, 2024)).tracts, Settings(draws=1000))


def varied(one: Typology) -> list[dict[str, Any]]:
    rows = sensitivity.vary(one.tracts, one.settings, scales=(0.9,), reported=one)
    return [choice(rows[0]), choice(GONE), choice(rows[1])]


@pytest.fixture(scope="module")
def no_rents_before(tmp_path_factory: pytest.TempPathFactory) -> Typology:
    return typology(tmp_path_factory.mktemp("rents"), "rent_t0")


def test_a_choice_that_is_not_told_has_the_keys_of_one_that_is_and_no_number(no_rents_before: Typology) -> None:
    told, gone, _ = varied(no_rents_before)
    assert {*told} - {*gone} == {"before", "markets"}
    assert (gone["name"], gone["years"], gone["reason"]) == (GONE.name, [2014, 2024], GONE.reason)
    for key in ("reference", "scale", "tracts", "absent", "vulnerable", "pressed", "moved"):
        assert gone[key] is None


def test_a_market_that_can_be_told_of_no_tract_counts_nothing(no_rents_before: Typology) -> None:
    assert markets_told(no_rents_before) == ("value", "either")
    told = varied(no_rents_before)[0]
    assert (
        told["pressed"]["rent"] is None and told["moved"]["pressed"]["rent"] is told["moved"]["stage"]["rent"] is None
    )
    assert told["pressed"]["value"].told > 0 and told["moved"]["pressed"]["value"] == 0
    assert told["reason"] is None and told["years"] == [2014, 2024]


def test_without_any_market_the_choice_says_so_and_keeps_the_pressures(tmp_path: Path) -> None:
    one = typology(tmp_path, "rent_t0", "value_t0")
    assert markets_told(one) == ()
    told = varied(one)[0]
    assert told["pressed"] == dict.fromkeys(VARIANTS) and told["reason"] == NO_MARKET
    assert told["years"] == [2014, 2024], "change is told all the same"
    assert told["vulnerable"].told > 0


def test_a_headline_without_a_market_has_no_figure_and_loses_no_home(no_rents_before: Typology) -> None:
    inside = np.ones(len(no_rents_before.tracts))
    found, whole = by_market(no_rents_before, "rent", inside), of_pressures(no_rents_before, inside)
    for key, one in found.items():
        assert all(np.isnan(figure.value) for figure in (one.of, one.flagged, one.share, one.expected))
        assert one.reason == NO_MARKET and (one.tracts, one.told) == (0, 0)
        assert one.unknown == pytest.approx(whole[key].of.value + whole[key].unknown)
    by_value = by_market(no_rents_before, "value", inside)["households"]
    assert by_value.bounded is not None and 0 < by_value.bounds.least.value < by_value.bounds.most.value


def test_the_table_has_a_row_for_each_of_what_is_not_told(no_rents_before: Typology) -> None:
    made = clean({"mark": "m", "invented": "", "sensitivity": varied(no_rents_before)}, "here")
    rows = [*csv.DictReader(io.StringIO(sensitivity_csv(made).decode("utf-8-sig")))]
    assert [row["flagged_by"] for row in rows[:8]] == [
        "vulnerable", "vulnerable", "pressed.value", "pressed.value", "pressed.rent", "pressed.either",
        "pressed.either", "",
    ]  # fmt: skip
    rent, gone = rows[4], rows[7]
    assert (rent["tracts"], rent["told"], rent["flagged"], rent["reason"]) == ("", "", "", NO_MARKET)
    assert (gone["choice"], gone["reason"], gone["what_to_do"]) == (GONE.name, GONE.reason, GONE.remedy)
    assert not any(gone[key] for key in ("reference_tracts", "counted_tracts", "tracts", "told", "flagged", "of"))


def test_each_choice_has_a_sentence(no_rents_before: Typology) -> None:
    made = clean({"variant": "rent", "sensitivity": varied(no_rents_before)}, "here")
    first, second, third = told_lines(made)
    n = made["sensitivity"][0]["vulnerable"]
    assert first == (
        f"As reported: {n['tracts']} of {n['told']} tracts where three of four shares are high; held against 36 tracts."
    )
    why = "not told, since nothing of 51003 is at hand. What to do: give its tables."
    assert second == f"The metro area (2 counties): {why}"
    assert [*untold_lines(made)] == [f"the metro area (2 counties): {why}"]
    assert third.startswith("Thresholds 10 % lower: ")
    by_value = next(told_lines({**made, "variant": "value"}))
    assert "where the market of homes moves too, there or next door; held against" in by_value
    assert untold(choice(Untold("x", "y"))) == "not told, since y."


def test_a_set_that_lacks_some_of_the_tracts_says_so(no_rents_before: Typology) -> None:
    row = {**varied(no_rents_before)[0], "absent": 2}
    (line,) = told_lines(clean({"variant": "value", "sensitivity": [row]}, "here"))
    assert line.endswith("held against 36 tracts; 2 of the 36 tracts counted are not in this set.")
