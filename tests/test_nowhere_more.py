"""Further rows from tables of the survey, each against what is true of the invented county."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.expression import parse
from justgeo.core.result import Indicator, Record
from justgeo.indicators.place import Place
from justgeo.synthetic import County, county
from tests import nowhere

STEMS = ("BEL-07", "BEL-10", "BEL-11", "BEL-13", "BEL-14", "OPP-06", "OPP-11", "OPP-12", "WEL-01", "WEL-02", "WEL-11",
         "MOB-06", "MOB-07", "ENV-08", "ENV-12", "DEM-04.unemployed")  # fmt: skip
ROWS = {row.id: row for row in catalogue.indicators() if row.id.startswith(STEMS)}
ZONES = ("district", "reference")
TRACTS_ONLY = {"BEL-07", "BEL-07.renters", "BEL-11", "WEL-02"}
BY_RACE = {"DEM-04.unemployed", "OPP-06.people", "WEL-01", "WEL-02", "MOB-06.transit", "MOB-06.walk", "MOB-06.home",
           "MOB-06.alone"}  # fmt: skip
BY_AGE_OR_TENURE = {"BEL-13": 2, "OPP-06.people": 3, "WEL-01": 3, "WEL-02": 3}
"""How many groups of age or tenure a row has."""


@dataclass(frozen=True)
class Made:
    county: County
    place: Place
    rows: Mapping[tuple[str, str, str], Record]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = nowhere.district(tmp_path_factory)
    return Made(county(2020), place, nowhere.figures(place, ROWS.values()))


def asked(row: Indicator) -> dict[str, Mapping[str, Any]]:
    """Parameters of everybody and of each group."""
    return {"all": row.parameters, **row.groups}


FIGURES = [(row.id, group) for row in ROWS.values() for group in asked(row)]


@cache
def cells(table: str, zone: str) -> pd.Series:
    place = county(2020)
    return place.truth_in(table, place.district) if zone == "district" else place.truth(table, 2024, "county").iloc[0]


def count(text: str, zone: str) -> float:
    """What an expression comes to where everybody is asked."""
    return float(evaluate(text, pd.concat([cells(table, zone) for table in parse(text).tables])))


def evaluate(text: str, values: Any) -> Any:
    """An expression over a series of cells, or over a frame with a column for each."""
    found = parse(text)
    return sum(values[code] for code in found.plus) - sum(values[code] for code in found.minus)


def truth(indicator: str, group: str, zone: str) -> float:
    told = asked(ROWS[indicator])[group]
    return count(told["numerator"], zone) / count(told["denominator"], zone)


def test_these_are_the_rows() -> None:
    assert len(ROWS) == 24 and len(FIGURES) == 24 + 4 * len(BY_RACE) + sum(BY_AGE_OR_TENURE.values())
    by_race = {row.id for row in ROWS.values() if any(group.startswith("race:") for group in row.groups)}
    assert by_race == BY_RACE and {row.id for row in ROWS.values() if row.groups} == BY_RACE | set(BY_AGE_OR_TENURE)
    assert all(row.field == "acs_share" for row in ROWS.values())
    assert {row.id for row in ROWS.values() if row.map != "tract"} == {"BEL-11"}, "who is a citizen is nobody's map"


def test_every_figure_of_everybody_is_told(made: Made) -> None:
    for indicator in ROWS:
        for zone in ZONES:
            record = made.rows[indicator, zone, "all"]
            assert record.value is not None and record.moe is not None and record.moe > 0, (indicator, zone)


@pytest.mark.parametrize(("indicator", "group"), FIGURES)
def test_a_figure_is_near_the_truth(made: Made, indicator: str, group: str) -> None:
    """One draw, two margins; how often one margin holds is in docs/coverage.md."""
    for zone in ZONES:
        record = made.rows[indicator, zone, group]
        if record.value is None:
            assert group != "all" and "too wide" in str(record.reason)
            continue
        assert record.moe is not None
        assert abs(record.value - truth(indicator, group, zone)) <= 2 * record.moe, zone


def test_most_intervals_hold_the_truth(made: Made) -> None:
    held = []
    for indicator, group in FIGURES:
        for zone in ZONES:
            record = made.rows[indicator, zone, group]
            if record.value is not None and record.moe is not None:
                held.append(abs(record.value - truth(indicator, group, zone)) <= record.moe)
    assert len(held) > 100 and np.mean(held) >= 0.86


@pytest.mark.parametrize(("indicator", "group"), FIGURES)
def test_the_county_is_its_published_row(made: Made, indicator: str, group: str) -> None:
    told = asked(ROWS[indicator])[group]
    record = made.rows[indicator, "reference", group]
    tables = sorted({table for key in ("numerator", "denominator") for table in parse(told[key]).tables})
    published = pd.concat([frame.iloc[0] for frame in made.county.sample(2024, 1, tables).values()])
    published.index = published.index.str.replace("_E", "_", regex=False)
    above, below = (evaluate(told[key], published) for key in ("numerator", "denominator"))
    assert (record.numerator, record.denominator) == (above, below)
    assert record.value == pytest.approx(above / below) and record.error["apportionment"] == 0


@pytest.mark.parametrize(("indicator", "group"), FIGURES)
def test_the_complement_is_the_rest_in_every_tract(made: Made, indicator: str, group: str) -> None:
    """Told by the tables themselves, so a wrong line shows here even where it would add up on paper."""
    told = asked(ROWS[indicator])[group]
    if "complement" not in told:
        assert indicator in ("OPP-06.wireline", "OPP-06.people")
        return

    def of_tracts(text: str) -> pd.Series:
        found = evaluate(text, pd.concat([made.county.truth(t, 2024, "tract") for t in parse(text).tables], axis=1))
        assert isinstance(found, pd.Series)
        return found

    both = of_tracts(told["numerator"]) + of_tracts(told["complement"])
    assert (both == of_tracts(told["denominator"])).all() and both.sum() > 0


def geography(made: Made, table: str) -> set[str]:
    return set(made.place.frame(table, "t1").index.get_level_values("level"))


def test_tables_of_tracts_alone_still_tell_of_a_district_that_cuts_them(made: Made) -> None:
    for row in ROWS.values():
        tables = [name.removeprefix("acs:") for name in row.inputs]
        levels = set.intersection(*(geography(made, table) for table in tables))
        assert ("block group" not in levels) == (row.id in TRACTS_ONLY), row.id
    areas = {z for z, g in zip(made.place.zones.ids, made.place.zones.geography, strict=True) if g == "tract"}
    for indicator in TRACTS_ONLY:
        record = made.rows[indicator, "district", "all"]
        assert record.error["apportionment"] and record.error["apportionment"] > 0
        # Where citizens live is told of the district and its reference alone.
        shown = set() if indicator == "BEL-11" else areas
        assert {zone for i, zone, _ in made.rows if i == indicator} == {*ZONES, *shown}


def same_universe(row: Indicator, groups: Sequence[str]) -> list[float]:
    return [count(row.groups[group]["denominator"], "reference") for group in groups]


def test_groups_are_parts_of_everybody(made: Made) -> None:
    """White, Black and Asian alone, apart from each other, and fewer together than all whom the row counts."""
    for indicator in BY_RACE:
        row = ROWS[indicator]
        parts = same_universe(row, ("race:white", "race:black-alone", "race:asian-alone"))
        whole = count(row.parameters["denominator"], "reference")
        assert 0.6 * whole < sum(parts) < whole, indicator


def test_nobody_counted_twice_among_the_ways_to_work(made: Made) -> None:
    shares = [made.rows[row, "reference", "all"].value for row in ROWS if row.startswith("MOB-06.")]
    assert len(shares) == 5 and 0.7 < sum(share or 0.0 for share in shares) < 1.0


def test_any_broadband_is_at_least_the_wire_and_none_is_the_rest_at_most(made: Made) -> None:
    for zone in ZONES:
        every, wire, none = (made.rows[f"OPP-06{x}", zone, "all"].value or 0.0 for x in ("", ".wireline", ".none"))
        assert wire < every < 1 - none < 1
