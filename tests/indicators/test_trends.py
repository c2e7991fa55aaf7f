"""Change between two surveys from tables of a town, and every reason for which there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from justgeo import measuring
from justgeo.core.errors import Absent
from justgeo.core.field import ChangeField, CountField
from justgeo.core.layer import Layer
from justgeo.core.prices import PriceIndex
from justgeo.core.result import Record
from justgeo.indicators.place import Place
from justgeo.indicators.trends import NO_BLOCKS, NO_CROSSWALK, NO_EARLIER, acs_change
from justgeo.measure.changes import ChangeColumn
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.places import ONE_UNIT
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.indicators.town import NE, NW, SE, SW, TRACT
from tests.measure.toy import provenance

COUNTY, OLD = TRACT[:5], "99001000200"  # in 2010 all four blocks were tract 2
BG1, BG2 = TRACT + "1", TRACT + "2"
YEARS = {"t0": 2014, "t1": 2024}
PRICES = PriceIndex("CPI", "made by hand", "", "", {2014: 100.0, 2024: 125.0})
SETTINGS = ReduceSettings()
RENTERS = town.row(
    "acs_change",
    id="BEL-02.change",
    unit="percentage points",
    aggregate="difference",
    weight="households",
    inputs=("acs:B25003", "acs:B25003@t0"),
    optional=("crosswalk",),
    parameters={"measure": "share", "numerator": "B25003_003", "denominator": "B25003_001", "complement": "B25003_002"},
)
RENT = replace(
    RENTERS,
    id="BEL-05.change",
    unit="percent change",
    inputs=("acs:B25063", "acs:B25063@t0"),
    parameters={
        "measure": "median",
        "dollars": True,
        "bins": "B25063_003..006",
        "edges": [0, 500, 1000, 1500, float("inf")],
        "until": {2014: {"bins": "B25063_003..005", "edges": [0, 500, 1000, float("inf")]}},
    },
)


def tenure(year: int, rows: Mapping[str, tuple[float, float]], vintage: int = 2020) -> dict[str, Layer]:
    """Owners and renters of each place, each with a margin of 3."""
    cells = {
        g: {
            **{f"B25003_{line}E": n for line, n in (("001", own + rent), ("002", own), ("003", rent))},
            **{f"B25003_{line}M": 3.0 for line in ("001", "002", "003")},
        }
        for g, (own, rent) in rows.items()
    }
    return {f"acs:B25003@{year}": town.table(f"acs:B25003@{year}", cells, vintage)}


def rents(year: int, counts: list[float]) -> dict[str, Layer]:
    cells: dict[str, float] = {}
    for line, n in enumerate(counts, start=3):
        cells |= {f"B25063_{line:03d}E": n, f"B25063_{line:03d}M": 2.0}
    return {f"acs:B25063@{year}": town.table(f"acs:B25063@{year}", {TRACT: cells})}


def crosswalk(whole: bool = True) -> dict[str, Layer]:
    rows = [
        (f"{OLD}100{i}", block, 1.0, 5.0, homes)
        for i, (block, homes) in enumerate(zip((SW, NW, SE, NE), (1.0, 2, 3, 4), strict=True))
    ]
    data = pd.DataFrame(rows, columns=["block10", "block20", "share_land", "pop10", "hu10"]).assign(whole20=whole)
    name = "crosswalk_99"
    return {name: Layer(name, data, provenance(name), geography="block", geography_vintage=2010)}


def place(*parts: Mapping[str, Any], **more: Any) -> Place:
    layers: dict[str, Any] = {"blocks": town.blocks(housing_units=[10, 20, 30, 40])}
    for part in parts:
        layers |= part
    told: dict[str, Any] = {"years": YEARS, "prices": PRICES, "reference_prefixes": (COUNTY,), **more}
    return town.place(layers, **told)


NOW = tenure(2024, {BG1: (30, 30), BG2: (20, 60), TRACT: (50, 90)})
BEFORE = tenure(2014, {BG1: (50, 30), BG2: (40, 40), TRACT: (90, 70)})


def column(row: Any, held: Place) -> ChangeColumn:
    found = reduce(acs_change(row, held), held.weights, reference=None, settings=SETTINGS)
    assert isinstance(found, ChangeColumn)
    return found


def records(row: Any, held: Place) -> list[Record]:
    return measuring.measure([row], held, settings=SETTINGS, judging=JudgeSettings())


def test_each_side_has_the_cells_of_its_own_survey() -> None:
    field = acs_change(RENTERS, place(NOW, BEFORE))
    assert isinstance(field, ChangeField) and (field.years, field.price, field.unknown) == ((2014, 2024), 1.0, None)
    assert isinstance(field.now, CountField) and isinstance(field.before, CountField)
    assert sorted(field.now.numerator.plus.estimate[:, 0]) == [30, 60, 90]
    assert sorted(field.before.numerator.plus.estimate[:, 0]) == [30, 40, 70]


def test_points_of_the_whole_town() -> None:
    assert column(RENTERS, place(NOW, BEFORE)).value.tolist() == pytest.approx([100 * (90 / 140 - 70 / 160)])


def test_rents_have_the_classes_of_their_year_and_the_dollars_of_the_later() -> None:
    held = place(rents(2024, [0, 10, 10, 10]), rents(2014, [10, 10, 0]))
    field = acs_change(RENT, held)
    assert field.price == 1.25
    found = column(RENT, place(rents(2024, [10, 10, 100, 10]), rents(2014, [10, 100, 20])))
    late, early = 1000 + 500 * (65 - 20) / 100, 500 + 500 * (65 - 10) / 100
    assert found.value[0] == pytest.approx(100 * (late / (1.25 * early) - 1))
    assert f"before={1.25 * early:.10g}" in found.flags[0]


def test_the_top_of_the_older_scale_is_a_bound() -> None:
    found = column(RENT, place(rents(2024, [10, 10, 100, 10]), rents(2014, [10, 10, 100])))
    assert np.isnan(found.value[0]) and "2014" in str(found.reason[0]) and "≥ 1,000" in str(found.reason[0])


# --- areas of 2010 --------------------------------------------------------------------------------------------------


def test_a_part_of_a_tract_of_2010_is_taken_by_its_homes_of_2010() -> None:
    """The west half of the town: 3 of the 10 homes of 2010, whatever stands there now."""
    former = tenure(2014, {OLD: (60, 40)}, vintage=2010)
    west = town.zones(box(0, 40, 200, 360))
    held = place(NOW, former, crosswalk(), found=west)
    found = column(RENTERS, held)
    assert found.parts[1].denominator[0] == pytest.approx(30.0)
    assert found.parts[0].denominator[0] == pytest.approx(60.0)
    assert found.value[0] == pytest.approx(100 * (30 / 60 - 40 / 100))
    assert found.parts[1].error["apportionment"][0] > 0 and found.parts[0].error["apportionment"][0] == 0


def test_two_rows_share_the_weights_of_2010() -> None:
    held = place(NOW, tenure(2014, {OLD: (60, 40)}, vintage=2010), crosswalk())
    acs_change(RENTERS, held)
    made = held.weights.former[2010]
    acs_change(RENTERS, held)
    assert held.weights.former[2010] is made and held.weights.of_census(2020) is held.weights


def test_counts_have_the_census_as_what_a_cut_area_is_told_by() -> None:
    row = replace(RENTERS, parameters={"measure": "count", "numerator": "B25003_001"}, unit="percent change")
    held = place(NOW, tenure(2014, {OLD: (60, 40)}, vintage=2010), crosswalk(), found=town.zones(box(0, 40, 200, 360)))
    field = acs_change(row, held)
    assert isinstance(field.now, CountField) and isinstance(field.before, CountField)
    assert field.before.apportion_of is not None and field.now.apportion_of is not None
    assert field.before.apportion_of.plus.estimate[:, 0].tolist() == [10.0]
    assert sorted(field.now.apportion_of.plus.estimate[:, 0]) == [40.0, 60.0, 100.0]
    found = column(row, held)
    assert found.value[0] == pytest.approx(100 * (60 / 30 - 1))
    assert np.isfinite(found.error["apportionment"][0])
    assert not any("not told" in flag for flag in found.flags[0])


# --- absent ---------------------------------------------------------------------------------------------------------

FORMER = tenure(2014, {OLD: (60, 40)}, vintage=2010)
LATER_PRICES = replace(PRICES, averages={2024: 1.0})
ABSENT = [
    (RENTERS, place(NOW, years={"t1": 2024}), NO_EARLIER),
    (RENTERS, place(NOW, BEFORE, years={"t0": 2020, "t1": 2024}), "share years"),
    (RENTERS, place(NOW, absent={"acs:B25003@2014": "table B25003 is not among the files"}), "not among the files"),
    (RENTERS, place(BEFORE, absent={"acs:B25003@2024": "no tables of 2024"}), "no tables of 2024"),
    (RENT, place(rents(2024, [1, 1, 1, 1]), rents(2014, [1, 1, 1]), prices=None), "no price index"),
    (RENT, place(rents(2024, [1, 1, 1, 1]), rents(2014, [1, 1, 1]), prices=LATER_PRICES), "2014"),
    (RENTERS, place(NOW, FORMER, absent={"crosswalk_99": "the Bureau's file was not found"}), "was not found"),
    (RENTERS, place(NOW, FORMER, crosswalk(), reference_prefixes=()), NO_CROSSWALK),
]  # fmt: skip


@pytest.mark.parametrize(("row", "held", "why"), ABSENT)
def test_absent_with_its_reason_for_every_zone(row: Any, held: Place, why: str) -> None:
    with pytest.raises(Absent) as caught:
        acs_change(row, held)
    assert why in caught.value.reason
    found = records(row, held)
    assert found and all(r.value is None and r.reliability == "absent" and why in str(r.reason) for r in found)


def test_no_groups() -> None:
    with pytest.raises(Absent, match="not split by group"):
        acs_change(RENTERS, place(NOW, BEFORE), "race:black")


def test_without_blocks_of_2020_areas_of_2010_are_not_found() -> None:
    held = place(NOW, FORMER, crosswalk())
    held.weights.origins = None
    with pytest.raises(Absent) as caught:
        acs_change(RENTERS, held)
    assert caught.value.reason == NO_BLOCKS


def test_ground_that_the_blocks_of_2010_do_not_tell_of_is_absent() -> None:
    part = crosswalk()["crosswalk_99"]
    part = replace(part, data=part.data.assign(whole20=part.data["block20"] != NE))  # 40 of 100 homes
    found = column(RENTERS, place(NOW, FORMER, {"crosswalk_99": part}))
    assert np.isnan(found.value[0]) and "40.0%" in str(found.reason[0])


def test_a_relationship_of_another_place_is_no_damage_to_the_run() -> None:
    for odd in (crosswalk(whole=False), elsewhere()):
        with pytest.raises(Absent, match="knows no block of this place"):
            acs_change(RENTERS, place(NOW, FORMER, odd))


def elsewhere() -> dict[str, Layer]:
    layer = crosswalk()["crosswalk_99"]
    return {"crosswalk_99": replace(layer, data=layer.data.assign(block20="98" + layer.data["block20"].str[2:]))}


# --- harm -----------------------------------------------------------------------------------------------------------


def two_tracts() -> Place:
    """A district over two tracts, and one inside a single tract."""
    other = "99001000900"
    blocks = town.blocks(geoid=[SW, f"{other}2000", NW, f"{other}2001"], housing_units=[10, 20, 30, 40])
    zones = town.zones(box(0, 40, 400, 360), box(0, 40, 200, 360), roles=("district", "peer"), ids=("district", "one"))
    now, before = (tenure(y, {BG1: (60, 40), f"{other}2": (50, 70)}) for y in (2024, 2014))
    return place({"blocks": blocks}, now, before, found=zones)


def test_what_is_not_told_of_a_tract_is_not_told_of_a_zone_inside_one() -> None:
    hidden = replace(RENTERS, areas=False)
    both, one = records(hidden, two_tracts())
    assert both.value == pytest.approx(0.0)
    assert one.value is None and "single tract in public" in str(one.reason) and one.flags == ()
    assert one.low is None and one.comparison is None and ONE_UNIT not in one.flags
    assert [r.value is None for r in records(RENTERS, two_tracts())] == [False, False]
