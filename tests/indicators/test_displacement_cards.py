"""What a public page may say of six tracts that can be answered by hand: no market, no stage, nothing of the few."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from scipy import sparse

from justgeo.core.errors import VintageError
from justgeo.core.zones import Zones
from justgeo.indicators import displacement, displacement_cards
from justgeo.indicators.belonging import SUREST
from justgeo.indicators.displacement_cards import OTHER_METHOD, public_block
from justgeo.indicators.place import Place
from justgeo.measure.margins import Z90
from justgeo.measure.typology import rivals
from justgeo.measure.typology.cards import Figure
from justgeo.measure.typology.values import MARKET_NAMES, STAGES
from justgeo.report import displacement_words
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


@cache
def layers(moe: float = 5.0, rents: bool = True, d: tuple[float, ...] = six.NOW["D"]) -> Mapping[str, Any]:
    """Made once; nobody writes into them."""
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
    # 1,500 against 1,000 of 2014, with a tenth of margin each, is 13 % +- 16 points in dollars of 2024.
    assert first["rent_change"] == "too close to tell"


@pytest.mark.parametrize(
    ("value", "moe", "told"),
    [
        (0.5, 0.3, "rose"),
        (-0.5, 0.3, "fell"),
        (0.3, 0.3, "too close to tell"),
        (-0.1, 0.3, "too close to tell"),
        (0.0, 0.0, "too close to tell"),
        (0.5, None, "margin not known"),
        (None, None, None),
    ],
)
def test_a_rent_is_told_to_have_risen_or_fallen_beyond_its_margin_alone(
    value: float | None, moe: float | None, told: str | None
) -> None:
    assert displacement_cards.rent_moved(Figure(value, moe)) == told


def test_no_card_has_an_amount_of_a_change_of_rents(block: dict[str, Any]) -> None:
    """What one tract's rents rose by is a guide for buyers (BEL-05.change): its number and its margin stand nowhere."""
    rents = displacement.typology_of(place(), ROW).markets["rent"].conditions["change_high"]
    assert np.isfinite(rents.value[0]), "there is a number to be kept back"
    kept = {round(abs(float(x)), 4) for x in (*rents.value, *(rents.se * Z90)) if np.isfinite(x) and x != 0}
    assert not kept & {round(abs(number), 4) for number in _numbers(block["cards"])}
    assert {card["rent_change"] for card in block["cards"]} <= {*displacement_cards.RENTS, None}


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _numbers(one)
    else:
        yield float(value)


def test_a_stored_chance_is_the_share_of_the_draws_and_its_words_are_cut_off() -> None:
    """All but the third tract are 0 or 1 in every draw; a number that was clipped would pass for one that was found."""
    held = place(moe=5.0)
    found = displacement.typology_of(held, ROW)
    chances = [card["chance"] for card in public_block(held, ROW, 50.0)["cards"]]
    assert chances == [float(p) for p in found.p_vulnerable]
    assert max(chances) > SUREST and min(chances) < 1.0 - SUREST
    assert displacement_words.chance(max(chances), "en") == "over 99%"
    assert displacement_words.chance(min(chances), "en") == "under 1%"


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


def test_what_the_other_method_says_is_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ours cannot be told, the other's answer stands all the same, and nothing is said to agree."""
    said = np.array([1.0, 0.0, np.nan, 1.0, 0.0, 1.0])
    real = rivals.udp_vulnerable
    monkeypatch.setattr(rivals, "udp_vulnerable", lambda tracts: replace(real(tracts), holds=said))
    typology = displacement.typology_of(place(), ROW)
    unknown = replace(typology, vulnerable=np.array([1.0, 1.0, 0.0, np.nan, np.nan, 0.0]))
    monkeypatch.setattr(displacement, "typology_of", lambda place, row: unknown)
    found = [card["other"] for card in public_block(place(), ROW, 50.0)["cards"]]
    assert [(one["says"], one["agrees"]) for one in found] == [
        (True, True), (False, False), (None, None), (True, None), (False, None), (True, False),
    ]  # fmt: skip
    monkeypatch.setattr(rivals, "udp_vulnerable", lambda tracts: replace(real(tracts), holds=np.full(6, np.nan)))
    assert all(card["other"] is None for card in public_block(place(), ROW, 50.0)["cards"]), "it was not asked"


def test_a_rent_that_was_put_together_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """E and F were one tract in 2010. A card says so where it shows a rent that looks back, and only there."""
    typology = displacement.typology_of(place(), ROW)
    assert typology.tracts.drawn_anew is not None
    assert typology.tracts.drawn_anew.tolist() == [False] * 4 + [True] * 2
    assert all("drawn_anew" not in card["caveats"] for card in public_block(place(), ROW, 50.0)["cards"]), (
        "the rents of E and F cannot be put together here"
    )
    anew = replace(typology.tracts, drawn_anew=np.array([True, False, False, False, True, True]))
    monkeypatch.setattr(displacement, "typology_of", lambda place, row: replace(typology, tracts=anew))
    found = public_block(place(), ROW, 50.0)["cards"]
    assert ["drawn_anew" in card["caveats"] for card in found] == [True] + [False] * 5
    assert found[0]["rent_change"] is not None and found[4]["rent_change"] is None


def test_a_tract_that_the_earlier_survey_does_not_know_was_put_together_of_nothing() -> None:
    """Both surveys on the same tracts, but the earlier one has no row for F."""
    found = six.layers(six.frame({**six.NOW}, 5.0)) | six.layers(six.frame({n: six.NOW[n] for n in "ABCDE"}, 5.0), 2014)
    there = replace(six.place(found, years=YEARS), zones=zones("ABCDEF"), cache={})
    anew = displacement.typology_of(there, ROW).tracts.drawn_anew
    assert anew is not None and anew.tolist() == [False] * 6


def test_without_an_earlier_survey_no_tract_was_drawn_anew() -> None:
    assert displacement.typology_of(place(rents=False), ROW).tracts.drawn_anew is None


def test_rents_by_class_are_named_where_they_are_at_hand() -> None:
    found = place()
    classes = replace(found.layers["acs:B25064@2024"])
    layered = replace(found, layers={**found.layers, "acs:B25063@2024": classes}, cache={})
    assert "B25063" in displacement_cards._tables(layered, ROW)


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
    assert all(card["other"] is None for card in found["cards"]), (
        "it asks for rents or home values: without either it could only say no, and so only agree where ours does"
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
