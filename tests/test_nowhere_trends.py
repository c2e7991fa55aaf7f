"""Change between the two surveys of Nowhere, against what did change: values, margins, and how often they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo import measuring
from justgeo.catalogue import read as catalogue
from justgeo.core.expression import parse
from justgeo.core.layer import Layer
from justgeo.core.result import Record
from justgeo.indicators.displacement import NO_EARLIER
from justgeo.indicators.place import Place
from justgeo.indicators.trends import acs_change
from justgeo.measure.changes import SIGNIFICANT
from justgeo.measure.column import ReduceSettings
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import reduce
from justgeo.synthetic import County, county
from tests import nowhere

ROWS = {row.id: row for row in catalogue.indicators() if row.field == "acs_change"}
YEARS = (2014, 2024)
LEVELS = {"0500000US": "county", "1400000US": "tract", "1500000US": "block group"}
DRAWS = 10


@dataclass(frozen=True, eq=False)
class Made:
    county: County
    place: Place
    rows: Mapping[tuple[str, str], Record]

    def at(self, indicator: str, zone: str = "district") -> Record:
        return self.rows[indicator, zone]

    @property
    def tracts(self) -> list[str]:
        zones = self.place.zones
        return [one for one, level in zip(zones.ids, zones.geography, strict=True) if level == "tract"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = nowhere.district(tmp_path_factory)
    asked = [*ROWS.values(), *(row for row in catalogue.indicators() if row.id == "BEL-05.value")]
    found = measuring.measure(asked, place, settings=ReduceSettings(), judging=JudgeSettings())
    return Made(county(2020), place, {(r.indicator, r.zone): r for r in found})


def number(value: float | None) -> float:
    assert value is not None
    return value


def where(made: Made, zone: str) -> Any:
    """A zone as the county's truth takes it: a shape, or blocks of 2020, at both times."""
    if zone == "district":
        return made.county.district
    blocks = [str(one) for one in made.county.geography.blocks["geoid"]]
    return blocks if zone == "reference" else [one for one in blocks if one.startswith(zone)]


@cache
def figure(indicator: str, zone: str, year: int, made: Made) -> float:
    """What is true of a zone in a year, everybody asked."""
    asked = ROWS[indicator].parameters
    if asked["measure"] == "median":
        return float(made.county.truth_in(parse(asked["published"]).tables[0], where(made, zone), year).iloc[0])
    cells = made.county.truth_in(parse(asked["numerator"]).tables[0], where(made, zone), year)
    above = float(cells[list(parse(asked["numerator"]).plus)].sum())
    return above / float(cells[asked["denominator"]]) if "denominator" in asked else above


def truth(indicator: str, zone: str, made: Made) -> float:
    """The change as it was, without any of the methods under test."""
    before, after = (figure(indicator, zone, year, made) for year in YEARS)
    if ROWS[indicator].unit == "percentage points":
        return 100 * (after - before)
    dollars = 313.689 / 236.736 if ROWS[indicator].parameters.get("dollars") else 1.0
    return 100 * (after / (before * dollars) - 1)


# --- one survey -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indicator", ROWS)
@pytest.mark.parametrize("zone", ["district", "reference"])
def test_each_row_against_what_did_change(made: Made, indicator: str, zone: str) -> None:
    record = made.at(indicator, zone)
    assert number(record.moe) < 20
    assert abs(number(record.value) - truth(indicator, zone, made)) <= 2 * number(record.moe) + 1e-9
    low, high = record.low, record.high
    assert low is None or high is None or low <= number(record.value) <= high


@pytest.fixture(scope="module")
def poverty(made: Made) -> Made:
    """The change of poverty told of each tract: in no public file, but by the same way."""
    row = replace(ROWS["OPP-02.change"], areas=True)
    found = measuring.measure([row], made.place, settings=ReduceSettings(), judging=JudgeSettings())
    return replace(made, rows={(r.indicator, r.zone): r for r in found})


@pytest.mark.parametrize("indicator", ["DEM-00.population-change", "OPP-02.change"])
def test_tracts_of_2020_whatever_they_were_before(made: Made, poverty: Made, indicator: str) -> None:
    """Among them a half of a tract that was divided, and one that gained ground."""
    assert {"99001001701", "99001003000"} <= set(made.tracts)
    for tract in made.tracts:
        record = (poverty if indicator == "OPP-02.change" else made).at(indicator, tract)
        assert abs(number(record.value) - truth(indicator, tract, made)) <= 2 * number(record.moe), tract


def test_what_is_true_of_nowhere_is_found(made: Made) -> None:
    """The district became dearer and its renters fewer; its people cannot be told to have become more."""
    for indicator, sign in {
        "BEL-05.change": 1,
        "BEL-05.value-change": 1,
        "BEL-02.change": -1,
        "OPP-04.change": 1,
    }.items():
        record = made.at(indicator)
        assert SIGNIFICANT in record.flags and np.sign(number(record.value)) == sign == np.sign(
            truth(indicator, "district", made)
        )
    assert SIGNIFICANT not in made.at("DEM-00.population-change").flags


def test_the_county_is_the_published_figure_of_both_surveys(made: Made) -> None:
    late, early = (made.county.sample(year, 1, ["B25064", "C17002", "B01003"]) for year in reversed(YEARS))
    factor = 313.689 / 236.736
    new, old = (s["B25064"].iloc[0] for s in (late, early))
    rent = made.at("BEL-05.change", "reference")
    assert rent.value == pytest.approx(100 * (new["B25064_E001"] / (old["B25064_E001"] * factor) - 1))
    ratio = new["B25064_E001"] / (old["B25064_E001"] * factor)
    by_hand = 100 / (old["B25064_E001"] * factor) * np.hypot(new["B25064_M001"], ratio * factor * old["B25064_M001"])
    assert rent.moe == pytest.approx(by_hand)
    shares = [
        (s["C17002"].iloc[0]["C17002_E002"] + s["C17002"].iloc[0]["C17002_E003"]) / s["C17002"].iloc[0]["C17002_E001"]
        for s in (late, early)
    ]
    assert made.at("OPP-02.change", "reference").value == pytest.approx(100 * (shares[0] - shares[1]))
    people = made.at("DEM-00.population-change", "reference")
    assert people.value == pytest.approx(
        100 * (late["B01003"].iloc[0]["B01003_E001"] / early["B01003"].iloc[0]["B01003_E001"] - 1)
    )
    assert (people.moe, people.reliability) == (0.0, "exact")  # held to the Bureau's own totals


def test_a_tract_that_stayed_the_same_has_its_two_published_figures(made: Made, poverty: Made) -> None:
    tract = "99001002400"
    frames = [made.county.sample(year, 1, ["C17002"])["C17002"].set_index("GEO_ID") for year in reversed(YEARS)]
    rows = [frame.loc[f"1400000US{tract}"] for frame in frames]
    shares = [(r["C17002_E002"] + r["C17002_E003"]) / r["C17002_E001"] for r in rows]
    record = poverty.at("OPP-02.change", tract)
    assert record.value == pytest.approx(100 * (shares[0] - shares[1]))
    assert record.error["apportionment"] == 0


def test_the_district_is_compared_with_the_reference_s_own_change(made: Made) -> None:
    for indicator in ROWS:
        district, reference = made.at(indicator), made.at(indicator, "reference")
        assert district.comparison is not None and district.comparison.ratio is None
        if ROWS[indicator].parameters["measure"] == "median":
            assert district.comparison.basis == "rebuilt"
        else:
            assert district.comparison.difference == pytest.approx(number(district.value) - number(reference.value))
    rent = made.at("BEL-05.change").comparison
    assert rent is not None and rent.verdict == "higher"


def test_the_market_of_a_tract_and_who_came_to_it_are_in_no_record(made: Made) -> None:
    public = {indicator for indicator, zone in made.rows if zone not in ("district", "reference")}
    assert public == {"DEM-00.population-change"}


def test_median_home_value(made: Made) -> None:
    record = made.at("BEL-05.value")
    expected = figure("BEL-05.value-change", "district", 2024, made)
    assert abs(number(record.value) - expected) <= 2 * number(record.moe)


def test_layers_behind_a_change_are_named(made: Made) -> None:
    assert {"acs:B25063@2014", "acs:B25063@2024", "acs:B25064@2014", "crosswalk_99", "blocks"} <= set(
        made.at("BEL-05.change").layers
    )


def test_a_place_without_an_earlier_survey_still_runs_and_says_how_to_get_one(made: Made) -> None:
    kept = {
        name: one for name, one in made.place.layers.items() if not name.endswith("@2014") and "crosswalk" not in name
    }
    place = replace(made.place, layers=kept, years={"t1": 2024}, cache={})
    place.weights.former.clear()
    found = measuring.measure(tuple(ROWS.values()), place, settings=ReduceSettings(), judging=JudgeSettings())
    assert {r.indicator for r in found} == set(ROWS)
    assert {(r.value, r.reliability, r.reason) for r in found} == {(None, "absent", NO_EARLIER)}
    assert not any(name.endswith("@2014") for r in found for name in r.layers)


# --- many surveys ---------------------------------------------------------------------------------------------------


def as_layer(frame: pd.DataFrame, old: Layer, table: str) -> Layer:
    """A table as the reader of files gives it, without sentinels."""
    told: dict[str, Any] = {"geoid": frame["GEO_ID"].str[9:], "level": frame["GEO_ID"].str[:9].map(LEVELS)}
    for column in frame.columns[1:]:
        kind, line = column.split("_")[1][0], column.split("_")[1][1:]
        values = frame[column].to_numpy(dtype=np.float64)
        values = np.where((kind == "M") & (values == -555_555_555), 0.0, values)
        told[f"{table}_{line}{kind}"] = np.where(values < -1e8, np.nan, values)
    return replace(old, data=pd.DataFrame(told))


def drawn(made: Made, number: int, names: Sequence[str]) -> Place:
    """The place with two other surveys of the same people."""
    found = dict(made.place.layers)
    for year in YEARS:
        tables = [name[4:].split("@")[0] for name in names if name.endswith(f"@{year}")]
        for table, frame in made.county.sample(year, number if year == 2024 else 500 + number, tables).items():
            name = f"acs:{table}@{year}"
            old = found[name]
            assert isinstance(old, Layer)
            found[name] = as_layer(frame, old, table)
    return replace(made.place, layers=found, cache={})


def test_nine_of_ten_margins_hold_the_truth(made: Made) -> None:
    """Ten pairs of surveys, all rows and zones. Of 60 pairs 88 to 94 % held in tracts, 92 % or more in the district."""
    names = {f"{name.partition('@')[0]}@{year}" for row in ROWS.values() for name in row.inputs for year in YEARS}
    zones = ["district", "reference", *made.tracts]
    at = [made.place.zones.ids.index(zone) for zone in zones]
    held: dict[str, list[bool]] = {"district": [], "reference": [], "tract": []}
    for number_ in range(DRAWS):
        place = drawn(made, 200 + number_, sorted(names))
        for row in ROWS.values():
            found = reduce(acs_change(row, place), place.weights, reference=at[1], settings=ReduceSettings())
            for z, zone in zip(at, zones, strict=True):
                if np.isfinite(found.value[z]) and found.moe[z] > 0:
                    near = abs(found.value[z] - truth(row.id, zone, made)) <= found.moe[z]
                    held[zone if zone in held else "tract"].append(bool(near))
    assert [len(some) for some in held.values()] == [9 * DRAWS, 8 * DRAWS, 9 * DRAWS * len(made.tracts)]
    assert np.mean(held["tract"]) == pytest.approx(0.91, abs=0.05)
    assert np.mean(held["reference"]) == pytest.approx(0.9, abs=0.1)
    assert 0.85 <= np.mean(held["district"]) <= 1.0
