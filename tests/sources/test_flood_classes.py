"""Which class of hazard each zone of the national flood map is, as the catalogue has it."""

from __future__ import annotations

import pandas as pd
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.sources._dataset_columns import classed
from justgeo.sources.live import dataset_parts as parts

HAZARD = parts.reading(catalogue.datasets()["nfhl"]).classes[0]
MINIMAL = "AREA OF MINIMAL FLOOD HAZARD"
ZONES = [
    ("AE", "T", "", "1 % a year"),
    ("AE", "T", "FLOODWAY", "1 % a year"),
    ("VE", "T", "", "1 % a year"),
    ("A99", "T", "", "1 % a year"),
    ("AO", "", "", "1 % a year"),  # where the mark is missing the zone decides
    ("V", "F", "", "1 % a year"),  # and where the two disagree, the hazard counts
    ("X", "T", "", "1 % a year"),
    ("X", "F", "0.2 PCT ANNUAL CHANCE FLOOD HAZARD", "0.2 % a year"),
    ("X", "F", "1 PCT DEPTH LESS THAN 1 FOOT", "0.2 % a year"),
    ("X", "F", "1 PCT DRAINAGE AREA LESS THAN 1 SQUARE MILE", "0.2 % a year"),
    ("X", "F", "AREA WITH REDUCED FLOOD RISK DUE TO LEVEE", "less by a levee"),
    ("X", "F", "1 PCT FUTURE CONDITIONS", "1 % a year in future"),
    ("X", "F", MINIMAL, "less than 0.2 % a year"),
    ("X", "F", "", "less than 0.2 % a year"),
    ("D", "F", "", "unmapped"),
    ("AREA NOT INCLUDED", "F", "", "unmapped"),
    ("", "", "", "unmapped"),
    ("OPEN WATER", "F", "", "open water"),
]


@pytest.mark.parametrize(("zone", "mark", "kind", "hazard"), ZONES, ids=["-".join(z[:3]) for z in ZONES])
def test_the_class_of_a_zone(zone: str, mark: str, kind: str, hazard: str) -> None:
    cells = pd.DataFrame({"FLD_ZONE": [zone], "SFHA_TF": [mark], "ZONE_SUBTY": [kind]})
    assert classed(cells, HAZARD, "flood map").tolist() == [hazard]


@pytest.mark.parametrize(("zone", "kind"), [("X", "WORDS OF A LATER YEAR"), ("NP", ""), ("Q", MINIMAL)])
def test_what_is_not_understood_is_not_dry(zone: str, kind: str) -> None:
    cells = pd.DataFrame({"FLD_ZONE": [zone], "SFHA_TF": ["F"], "ZONE_SUBTY": [kind]})
    assert classed(cells, HAZARD, "flood map").tolist() == ["other"] and "other" in HAZARD.unknown
    assert set(HAZARD.unknown) == {"unmapped", "other"}


def test_every_class_that_rows_ask_for_is_one_of_the_map() -> None:
    known = {rule.name for rule in HAZARD.rules}
    asked = [row.parameters for row in catalogue.indicators() if row.parameters.get("layer") == "data:nfhl"]
    assert len(asked) >= 3
    for told in asked:
        assert {*told["classes"], *told["order"], *told["water"]} <= known
        assert not set(told["classes"]) & {*HAZARD.unknown, "open water"}
