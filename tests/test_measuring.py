"""Rows and layers to records: absences for all zones and groups, and what is published for which zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from justgeo import measuring
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.result import Indicator, Record
from justgeo.core.zones import Role, Zones
from justgeo.indicators.place import Place
from justgeo.measure.apportion import Weights
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.places import ONE_UNIT
from justgeo.measure.reduce import ReduceSettings
from tests.indicators import town
from tests.indicators.town import row
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, W1, W2, WEST, provenance

RENTERS = row(
    "acs_share",
    id="BEL-02",
    weight="households",
    inputs=("acs:B25003",),
    optional=("acs:B25003B",),
    parameters={"numerator": "B25003_003", "denominator": "B25003_001"},
    groups={"race:black": {"numerator": "B25003B_003", "denominator": "B25003B_001"}},
)
WALK = row(
    id="MOB-01",
    inputs=("walk", "stops", "blocks"),
    parameters={"targets": "stops", "distance_m": 400},
    groups={"race:black": {"blocks": "p2_black"}},
    map="block group",
)


def cells(table: str, total: float, part: float) -> dict[str, float]:
    return {f"{table}_001E": total, f"{table}_001M": total / 10, f"{table}_003E": part, f"{table}_003M": part / 5}


TENURE = town.table("acs:B25003", {g: cells("B25003", 400, 100) for g in (W1, W2, E1, E2)})
TENURE_BLACK = town.table("acs:B25003B", {g: cells("B25003B", 100, 50) for g in (W1, W2, E1, E2)})


def zones() -> Zones:
    """District of the south-west, the whole county, and every tract and block group."""
    _, units = toy.county()
    shapes: list[Any] = [toy.square(0, 0, 2, 2), toy.square(0, 0, 4, 4)]
    ids, roles, geography = ["district", "reference"], ["district", "reference"], ["", ""]
    for layer in units[1:]:
        frame = layer.features
        ids += list(frame["geoid"])
        shapes += list(frame.geometry)
        roles += ["area"] * len(frame)
        geography += [layer.geography] * len(frame)
    told: tuple[Role, ...] = tuple(roles)  # type: ignore[arg-type]
    return Zones(tuple(ids), tuple(ids), told, tuple(geography), gpd.GeoSeries(shapes, crs=toy.CRS))


def place(layers: Mapping[str, AnyLayer], absent: Mapping[str, str] | None = None) -> Place:
    blocks, units = toy.county()
    found = zones()
    held = {"blocks": blocks, "block_groups": units[2], "tracts": units[1], "counties": units[0], **layers}
    weights = Weights.build(found, blocks, units, toy.CRS)
    return Place(held, absent or {}, found, weights, toy.CRS, {"t1": 2024}, (COUNTY,))


def measured(rows: Sequence[Indicator], held: Place) -> list[Record]:
    return measuring.measure(rows, held, settings=ReduceSettings(), judging=JudgeSettings())


def of(records: Sequence[Record], group: str) -> dict[str, Record]:
    return {r.zone: r for r in records if r.group == group}


SMALL = {W1, W2, E1, E2}
LARGE = {"district", "reference", WEST, EAST}


def test_a_row_whose_layer_is_missing_is_absent_everywhere_with_the_reason() -> None:
    records = measured([RENTERS], place({}, {"acs:B25003@2024": "not bought this year"}))
    for group in ("all", "race:black"):
        found = of(records, group)
        assert set(found) == LARGE  # the block groups are not mapped for it
        for record in found.values():
            assert (record.value, record.reliability, record.reason) == (None, "absent", "not bought this year")
            assert (record.unit, record.universe, record.numerator) == ("share", "people", None)
    assert len(records) == 2 * len(LARGE)


def test_a_missing_layer_leaves_the_other_rows_alone() -> None:
    held = place({"acs:B25003@2024": TENURE, "stops": town.stops((0, 0))}, {"walk": "no streets"})
    records = measured([WALK, RENTERS], held)
    shares = {r.zone: r for r in records if r.indicator == "BEL-02" and r.group == "all"}
    assert shares["district"].value == pytest.approx(0.25)
    assert {r.reason for r in records if r.indicator == "MOB-01"} == {"no streets"}


def test_block_groups_are_published_only_for_rows_that_are_mapped_there() -> None:
    held = place({"acs:B25003@2024": TENURE, "walk": town.streets(), "stops": town.stops((0, 0))})
    records = measured([RENTERS, WALK], held)
    assert set(of([r for r in records if r.indicator == "BEL-02"], "all")) == LARGE
    assert set(of([r for r in records if r.indicator == "MOB-01"], "all")) == LARGE | SMALL


def test_absences_of_a_row_mapped_by_block_group_are_told_there_too() -> None:
    records = measured([WALK], place({}, {"walk": "no streets"}))
    assert set(of(records, "all")) == set(of(records, "race:black")) == LARGE | SMALL


def test_a_group_without_its_table_is_absent_though_everybodys_is_there() -> None:
    records = measured([RENTERS], place({"acs:B25003@2024": TENURE}, {"acs:B25003B@2024": "not published here"}))
    assert of(records, "all")["district"].value == pytest.approx(0.25)
    assert {r.reason for r in of(records, "race:black").values()} == {"not published here"}


def test_a_group_has_its_own_table() -> None:
    held = place({"acs:B25003@2024": TENURE, "acs:B25003B@2024": TENURE_BLACK})
    found = of(measured([RENTERS], held), "race:black")
    assert found["district"].value == pytest.approx(0.5)
    assert found["district"].comparison is not None and found["district"].comparison.reference == "reference"


def test_a_group_of_an_exposure_without_counts_is_absent_with_the_reason() -> None:
    held = place({"walk": town.streets(), "stops": town.stops((0, 0))})
    found = of(measured([WALK], held), "race:black")
    assert {r.reason for r in found.values()} == {"the blocks at hand carry no counts for this group"}


def test_a_group_of_an_exposure_is_weighted_by_its_people() -> None:
    """Half of the group lives in one block, half in another; the stop is in reach of the first alone."""
    counts = [0] * 16
    counts[0] = counts[15] = 60
    blocks = toy.blocks(p2_black=counts)
    # Blocks 0 and 15 are at (50, 50) and (350, 350), each 150 m from the street y = 200.
    held = place({"walk": town.streets(), "stops": town.stops((50, 200)), "blocks": blocks})
    row_ = row(
        id="MOB-01",
        inputs=("walk", "stops", "blocks"),
        parameters={"targets": "stops", "distance_m": 400},
        groups={"race:black": {"blocks": "p2_black"}},
    )
    found = of(measured([row_], held), "race:black")
    # From (50, 50) 150 m to the stop itself; from (350, 350) 150 m to the street and 300 m along it.
    assert found["reference"].value == pytest.approx(0.5)
    assert found["district"].value == pytest.approx(1.0)
    # All of those known have it: nothing is left that noise in the counts could change, not even rounding.
    assert (found["district"].moe, found["district"].reliability) == (0.0, "exact")
    assert found["reference"].denominator == pytest.approx(120)


def test_records_name_the_layers_that_they_stand_on() -> None:
    found = of(measured([RENTERS], place({"acs:B25003@2024": TENURE})), "all")["district"]
    assert found.layers == ("acs:B25003@2024", "blocks", "block_groups", "tracts")
    land = row("raster_area", id="ENV-01", weight="land", aggregate="zone", inputs=("tree_canopy",),
               parameters={"raster": "tree_canopy"})  # fmt: skip
    grid = town.raster("tree_canopy", [[50] * 4] * 4)
    assert of(measured([land], place({"tree_canopy": grid})), "all")["district"].layers == ("tree_canopy",)


def test_a_planners_table_stands_alone_in_the_list_of_layers() -> None:
    told = {"geoid": [W1, W2, E1, E2], "level": "block group", "numerator": 10.0, "numerator_moe": 1.0,
            "denominator": 100.0, "denominator_moe": 2.0}  # fmt: skip
    own = Layer("table:BEL-02", pd.DataFrame(told), provenance("table:BEL-02"), geography_vintage=2020)
    found = of(measured([RENTERS], place({"acs:B25003@2024": TENURE, "table:BEL-02": own})), "all")["district"]
    assert found.value == pytest.approx(0.1)
    assert found.layers == ("table:BEL-02", "blocks", "block_groups", "tracts")


def test_without_a_reference_nothing_is_compared() -> None:
    held = place({"acs:B25003@2024": TENURE})
    alone = toy.zones(toy.square(0, 0, 2, 2))
    zone = Zones(("district",), ("Old Town",), ("district",), ("",), alone.geometry)
    blocks, units = toy.county()
    weights = Weights.build(zone, blocks, units, toy.CRS)
    records = measured([RENTERS], Place(held.layers, {}, zone, weights, toy.CRS, {"t1": 2024}))
    assert of(records, "all")["district"].comparison is None
    compared = of(measured([RENTERS], held), "all")
    assert compared["district"].comparison is not None
    assert compared["district"].comparison.q is not None  # adjusted over all of a zone's comparisons
    assert compared["reference"].comparison is None


def test_layers_of_a_row_carry_the_year_of_their_role() -> None:
    years = {"t1": 2024, "t0": 2014}
    assert measuring.layer_names(RENTERS, years) == ["acs:B25003@2024", "acs:B25003B@2024"]
    earlier = row(inputs=("acs:B25003", "tracts", "acs:B01003@2019"), parameters={"when": "t0"})
    assert measuring.layer_names(earlier, years) == ["acs:B25003@2014", "tracts", "acs:B01003@2019"]
    assert measuring.layer_names(earlier, {"t1": 2024}) == ["acs:B25003", "tracts", "acs:B01003@2019"]


def test_a_table_of_the_earlier_survey_is_named_by_its_role() -> None:
    both = row(inputs=("acs:B25003", "acs:B25003@t0"), optional=("acs:B25077@t0",))
    names = ["acs:B25003@2024", "acs:B25003@2014", "acs:B25077@2014"]
    assert measuring.layer_names(both, {"t1": 2024, "t0": 2014}) == names
    alone = measuring.layer_names(both, {"t1": 2024})
    assert alone == ["acs:B25003@2024", "acs:B25003@t0", "acs:B25077@t0"]
    assert [measuring.unnamed(name) for name in [*alone, "tracts", "acs:B25003"]] == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("years", "states", "names"),
    [
        ({"t1": 2024, "t0": 2014}, ["51", "24", "51"], ["crosswalk_24", "crosswalk_51"]),
        ({"t1": 2024, "t0": 2014}, None, ["crosswalk"]),  # a plan, before the reference is found
        ({"t1": 2024, "t0": 2014}, [], []),
        ({"t1": 2024}, ["51"], []),
        ({"t1": 2025, "t0": 2020}, ["51"], []),  # both on tracts of 2020
        ({"t1": 2019, "t0": 2014}, ["51"], []),  # both on those of 2010
        ({"t1": 2024, "t0": 2019}, ["51"], ["crosswalk_51"]),
    ],
)
def test_a_crosswalk_is_asked_for_where_the_tracts_changed(
    years: Mapping[str, int], states: Sequence[str] | None, names: list[str]
) -> None:
    assert measuring.layer_names(row(optional=("crosswalk",)), years, states) == names


def test_what_is_told_of_the_district_alone_has_no_record_for_its_areas() -> None:
    whole = replace(RENTERS, areas=False, groups={})
    records = measured([whole], place({"acs:B25003@2024": TENURE}))
    assert {r.zone for r in records} == {"district", "reference"}
    assert all(r.value is not None for r in records)
    absent = measured([whole], place({}, {"acs:B25003@2024": "not bought"}))
    assert {(r.zone, r.reason) for r in absent} == {("district", "not bought"), ("reference", "not bought")}


def test_what_no_area_is_told_of_is_not_told_of_a_zone_inside_one_area_either() -> None:
    one = Record("district", "BEL-01", "all", 0.98, None, "share", "households", "unknown", None, flags=(ONE_UNIT,))
    hidden = measuring._of_no_single_area(one)
    assert (hidden.value, hidden.numerator, hidden.flags) == (None, None, ())
    assert hidden.reason is not None and "single tract" in hidden.reason
    several = replace(one, flags=("as_estimated=0.5",))
    assert measuring._of_no_single_area(several) is several


def test_progress_names_each_row_before_its_turn() -> None:
    told: list[str] = []
    held = place({"acs:B25003@2024": TENURE})
    measuring.measure([RENTERS, WALK], held, settings=ReduceSettings(), judging=JudgeSettings(), progress=told.append)
    assert told == ["BEL-02", "MOB-01"]


def test_an_unforeseen_fault_is_not_taken_for_an_absence() -> None:
    with pytest.raises(TypeError):
        measured([WALK], place({"walk": town.stops((0, 0)), "stops": town.stops((0, 0))}))
