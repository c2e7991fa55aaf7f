"""What a public page may say of six tracts that can be answered by hand: no market, no stage, nothing of the few."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from scipy import sparse

from justgeo.core.errors import VintageError
from justgeo.core.zones import Zones
from justgeo.indicators.belonging import SUREST
from justgeo.indicators.displacement_cards import OTHER_METHOD, public_block
from justgeo.indicators.place import Place
from justgeo.measure.typology.values import MARKET_NAMES, STAGES
from tests.indicators import tracts_town as six
from tests.indicators.tracts_town import GEOIDS
from tests.measure import toy

ROW = six.row()
RENTS_0 = {"A": 1000.0, "B": 900, "C": 1100, "D": 1500, "E": 950}
RENTS_1 = {"A": 1500.0, "B": 1300, "C": 1500, "D": 2200, "E": 1300, "F": 1400}
YEARS = {"t1": 2024, "t0": 2014}


class Inside:
    """Weights of a district that holds parts of tracts."""

    def __init__(self, parts: Sequence[float]) -> None:
        self.parts = parts

    def matrix(self, level: str, vintage: int, weight: str) -> sparse.csr_array:
        assert (level, vintage, weight) == ("tract", 2020, "households")
        return sparse.csr_array(np.array([self.parts, np.ones(6)]))

    def geoids(self, level: str, vintage: int) -> Any:
        return np.array(list(GEOIDS.values()))


class Nowhere(Inside):
    """Weights where the tracts have no shapes."""

    def matrix(self, level: str, vintage: int, weight: str) -> sparse.csr_array:
        raise VintageError("No tracts.", remedy="Give them.")


def zones(tracts: Sequence[str]) -> Zones:
    ids = ("district", *(GEOIDS[name] for name in tracts))
    shapes = gpd.GeoSeries([toy.square(2 * k, 0, 2, 2) for k in range(len(ids))], crs=toy.CRS)
    roles: Any = ("district", *("area" for _ in tracts))
    return Zones(ids, ids, roles, ("", *("tract" for _ in tracts)), shapes)


def layers(moe: float = 5.0, rents: bool = True, d: tuple[float, ...] = six.NOW["D"]) -> dict[str, Any]:
    found = six.layers(six.frame({**six.NOW, "D": d}, moe)) | {"tracts": six.shapes(), "crosswalk_99": six.crosswalk()}
    if rents:
        found |= six.layers(six.medians("B25064", RENTS_1), 2024)
        found |= six.layers(six.frame(six.BEFORE, moe), 2014, 2010)
        found |= six.layers(six.medians("B25064", RENTS_0), 2014, 2010)
    return found


def place(tracts: Sequence[str] = "ABCDEF", weights: Any = None, **more: Any) -> Place:
    made = six.place(layers(**more), years=YEARS)
    return replace(made, zones=zones(tracts), weights=weights, cache={})


@pytest.fixture(scope="module")
def block() -> dict[str, Any]:
    return public_block(place("FEDCBA"), ROW, 50.0)


def test_the_conditions_are_those_that_were_worked_out_by_hand(block: dict[str, Any]) -> None:
    assert [one["zone"] for one in block["cards"]] == list(GEOIDS.values()), "in the order of the GEOIDs"
    region = {one["id"]: one["value"] for one in block["region"]}
    for name, (values, middle) in six.SHARES.items():
        assert region[name] == pytest.approx(middle)
        told = [next(p for p in card["pressures"] if p["id"] == name) for card in block["cards"]]
        assert [p["value"] for p in told] == pytest.approx(values)
        assert [p["holds"] for p in told] == [value > middle + 1e-12 for value in values]
    assert [card["held"] for card in block["cards"]] == [4, 4, 1, 0, 3, 0]
    assert [card["untold"] for card in block["cards"]] == [0] * 6


def test_homes_and_rents_have_their_margins(block: dict[str, Any]) -> None:
    first = block["cards"][0]
    assert first["households"] == {"value": 100.0, "moe": pytest.approx(5.0)}
    assert first["renter_households"] == {"value": 80.0, "moe": pytest.approx(5.0)}
    change = 1500.0 / (1000.0 * 313.689 / 236.736) - 1.0
    assert first["rent_change"]["value"] == pytest.approx(change, abs=1e-6)
    # Both rents have a margin of a tenth: the ratio one of the square root of two tenths.
    assert first["rent_change"]["moe"] == pytest.approx((1.0 + change) * 0.1 * 2**0.5, rel=0.02)


def test_chances_are_told_no_surer_than_elsewhere(block: dict[str, Any]) -> None:
    chances = [card["chance"] for card in block["cards"]]
    assert all(1 - SUREST <= p <= SUREST for p in chances)
    assert chances[0] == SUREST and chances[3] == pytest.approx(1 - SUREST)


def test_it_says_how_to_rebuild_it(block: dict[str, Any]) -> None:
    assert (block["reason"], block["years"], block["draws"]) == (None, [2014, 2024], 10_000)
    assert (block["min_households"], block["max_group_quarters"]) == (100.0, 0.5)
    assert block["tables"] == ["B25003", "B03002", "B15003", "B19001", "B25064"]


def test_the_other_method_says_and_agrees_consistently(block: dict[str, Any]) -> None:
    for card, flag in zip(block["cards"], six.FLAGS, strict=True):
        other = card["other"]
        assert other["method"] == OTHER_METHOD
        if other["says"] is not None:
            assert other["agrees"] == (other["says"] == bool(flag))


def test_no_market_and_no_stage_is_in_it(block: dict[str, Any]) -> None:
    told = json.dumps(block)
    for word in (*STAGES[1:], *MARKET_NAMES[1:], "market", "value_", "stage", "changed", "white", "B25077"):
        assert f'"{word}' not in told and f" {word}" not in told, word


def test_few_households_leave_no_number() -> None:
    found = public_block(place(), ROW, 101.0)["cards"]
    for card in found[:5]:
        assert card["reason"] == "suppressed: fewer than 101 households stand behind it"
        kept = {k: v for k, v in card.items() if k not in ("zone", "reason")}
        assert not any(kept.values()), kept
    assert found[5]["reason"] is None


def test_a_tract_that_is_left_out_says_why() -> None:
    few = (60, 12, 120, 100, 60, 40, 10, 0, 20, 30)
    card = public_block(place(d=few), ROW, 50.0)["cards"][3]
    assert card["reason"] == "fewer than 100 households"
    assert not any(value for key, value in card.items() if key not in ("zone", "reason"))


def test_without_an_earlier_survey_no_rent_has_moved() -> None:
    found = public_block(place(rents=False), ROW, 50.0)
    assert found["years"] == [None, 2024]
    assert all(card["rent_change"] is None for card in found["cards"])
    assert [card["other"]["says"] for card in found["cards"]] == [None, None, False, False, None, False], (
        "it asks for rents or home values, but where fewer than three hold nothing hangs on them"
    )


def test_without_tracts_there_is_a_reason() -> None:
    alone = replace(place(), reference_prefixes=())
    found = public_block(alone, ROW, 50.0)
    assert found["cards"] == [] and found["reason"] and found["years"] == [None, None]


def test_where_the_areas_are_the_planners_own_the_district_says_which_tracts() -> None:
    found = public_block(place((), Inside([0.4, 0.0, 0.0005, 0.001, 0, 1])), ROW, 50.0)
    assert [card["zone"] for card in found["cards"]] == [GEOIDS[name] for name in "ADF"]
    nothing = public_block(place((), Nowhere([])), ROW, 50.0)
    assert nothing["reason"] == "no tract of the reference lies in the district"
