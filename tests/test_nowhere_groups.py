"""Groups by tenure, age and vehicle, each against what is true of the invented county."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.expression import parse
from justgeo.core.field import ExposureField
from justgeo.indicators import FIELDS
from justgeo.synthetic import county
from tests import nowhere
from tests.test_nowhere_more import ZONES, Made, count, evaluate

OWN = {"BEL-02": 3, "BEL-13": 2, "MOB-05": 5, "OPP-02": 3, "OPP-06.people": 3, "WEL-01": 3, "WEL-02": 3}
"""Rows with tables by tenure or age, and how many such groups."""
WALK = "WEL-04.800"
WHERE = {"age:under18": "B01001_003..006 + B01001_027..030", "age:65plus": "B01001_020..025 + B01001_044..049",
         "tenure:renters": "B25003_003", "vehicle:none": "B25044_003 + B25044_010"}  # fmt: skip
"""Groups whose homes are the weights of an exposure."""
PARTS = {
    "BEL-02": ("age:head-under35", "age:head-35-64", "age:head-65plus"),
    "BEL-13": ("tenure:owners", "tenure:renters"),
    "MOB-05": ("tenure:owners", "tenure:renters"),
    "OPP-06.people": ("age:under18", "age:18-64", "age:65plus"),
    "WEL-02": ("age:under18", "age:18-64", "age:65plus"),
}
"""Groups that are everybody together."""
ROWS = {row.id: row for row in catalogue.indicators() if row.id in {*OWN, WALK}}
FIGURES = [(i, g) for i in OWN for g in ROWS[i].groups if not g.startswith("race:")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = nowhere.district(tmp_path_factory)
    return Made(county(2020), place, nowhere.figures(place, ROWS.values()))


def test_these_are_the_groups() -> None:
    assert {i: sum(not g.startswith("race:") for g in ROWS[i].groups) for i in OWN} == OWN
    labels = catalogue.layers().groups
    assert all(g in labels for _, g in FIGURES) and set(WHERE) <= set(ROWS[WALK].groups)


@pytest.mark.parametrize(("indicator", "group"), FIGURES)
def test_a_group_is_near_the_truth_and_the_county_is_its_published_row(made: Made, indicator: str, group: str) -> None:
    told = ROWS[indicator].groups[group]
    for zone in ZONES:
        record = made.rows[indicator, zone, group]
        if record.value is None:
            assert zone == "district" and str(record.reason).startswith("suppressed")
            continue
        assert record.moe is not None and record.moe > 0
        truth = count(told["numerator"], zone) / count(told["denominator"], zone)
        assert abs(record.value - truth) <= 2 * record.moe, zone
    tables = sorted({table for key in ("numerator", "denominator") for table in parse(told[key]).tables})
    published = pd.concat([frame.iloc[0] for frame in made.county.sample(2024, 1, tables).values()])
    published.index = published.index.str.replace("_E", "_", regex=False)
    above, below = (evaluate(told[key], published) for key in ("numerator", "denominator"))
    whole = made.rows[indicator, "reference", group]
    assert (whole.numerator, whole.denominator) == (above, below)


def test_most_intervals_hold_the_truth(made: Made) -> None:
    held = []
    for indicator, group in FIGURES:
        told = ROWS[indicator].groups[group]
        for zone in ZONES:
            record = made.rows[indicator, zone, group]
            if record.value is not None and record.moe is not None:
                truth = count(told["numerator"], zone) / count(told["denominator"], zone)
                held.append(abs(record.value - truth) <= record.moe)
    assert len(held) > 35 and np.mean(held) >= 0.82


@pytest.mark.parametrize(("indicator", "group"), FIGURES)
def test_the_complement_is_the_rest_in_every_tract(made: Made, indicator: str, group: str) -> None:
    told = ROWS[indicator].groups[group]

    def of_tracts(text: str) -> pd.Series:
        found = evaluate(text, pd.concat([made.county.truth(t, 2024, "tract") for t in parse(text).tables], axis=1))
        assert isinstance(found, pd.Series)
        return found

    both = of_tracts(told["numerator"]) + of_tracts(told["complement"])
    assert (both == of_tracts(told["denominator"])).all() and both.sum() > 0


@pytest.mark.parametrize("indicator", PARTS)
def test_the_groups_are_everybody_together(indicator: str) -> None:
    row = ROWS[indicator]
    for zone in ZONES:
        for key in ("numerator", "denominator"):
            parts = sum(count(row.groups[group][key], zone) for group in PARTS[indicator])
            assert parts == count(row.parameters[key], zone), (zone, key)


def test_poverty_by_age_is_that_of_the_tracts_table() -> None:
    groups = [told for group, told in ROWS["OPP-02"].groups.items() if group.startswith("age:")]
    assert sum(count(told["numerator"], "reference") for told in groups) == count("B17001_002", "reference")
    assert sum(count(told["denominator"], "reference") for told in groups) == count("B17001_001", "reference")


@pytest.mark.parametrize("group", WHERE)
def test_whose_walk_to_a_park_is_near_that_of_everybody_in_the_group(made: Made, group: str) -> None:
    """The truth: each block's walk, by how many of the group live in it; the survey knows block groups alone."""
    assert ROWS[WALK].groups[group] == {"cells": WHERE[group], "geography": "block group"}
    field = FIELDS[ROWS[WALK].field](ROWS[WALK], made.place, "all")
    assert isinstance(field, ExposureField)
    table = parse(WHERE[group]).tables[0]
    people = evaluate(WHERE[group], made.county.truth(table, 2024, "block")).reindex(field.units.geoid)
    known = np.isfinite(field.x)
    for z, zone in enumerate(ZONES):
        record = made.rows[WALK, zone, group]
        held = made.place.weights.fractions[[z]].toarray()[0] * people.to_numpy() * known
        truth = float((held * np.where(known, field.x, 0.0)).sum() / held.sum())
        assert record.value is not None and record.moe is not None
        assert "sampled counts of block groups" in record.flags
        assert abs(record.value - truth) <= 2 * record.moe + 0.02, zone
