"""Calm streets on the town of one crossing: shares and densities by hand, and who lives on the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, box

from justgeo.core.errors import Absent
from justgeo.core.field import ZoneField
from justgeo.core.layer import Layer
from justgeo.indicators import bikes, mobility
from justgeo.indicators.streets import NO_LAND
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.measuring import measure
from tests.indicators import town
from tests.indicators.town import BLOCKS, NE, NW, SE, SW, WIDE
from tests.measure.toy import CRS, provenance

TOWN = box(0, 40, 400, 360)
ROW = town.row("low_stress", parameters={"most": 2, "edge_m": 12}, aggregate="zone", weight="land")
PATHS = town.row("bike_paths", parameters={"edge_m": 12}, aggregate="zone", weight="land", unit="km per km²")
REACH = {"most": 2, "near_m": 25, "beyond_m": 100, "around_m": 1000, "signal_m": 30}
PEOPLE = town.row("low_stress_people", parameters=REACH)

EAST = LineString([(-1500, 200), (200, 200), (1500, 200)])
NORTH = LineString([(200, -1500), (200, 200), (200, 1500)])


def layer(*streets: tuple[LineString, dict[str, Any]], covers: Any = WIDE, signals: tuple[Any, ...] = ()) -> Layer:
    """Streets with some tags; vertices of one place are one node."""
    usual = dict.fromkeys(("osm_id", "name", "bikeway", "maxspeed", "lanes", "lts"), "")
    rows = [{**usual, "highway": "residential", "cars": True, **told} for _, told in streets]
    number: dict[Any, int] = {}
    for row, (line, _) in zip(rows, streets, strict=True):
        nodes = {p: number.setdefault(p, len(number) + 1) for p in line.coords}
        row["nodes"] = " ".join(str(nodes[p]) for p in line.coords)
        row["signals"] = " ".join(str(nodes[p]) for p in line.coords if p in signals)
    frame = gpd.GeoDataFrame(rows, geometry=[line for line, _ in streets], crs=CRS)
    return Layer("bike", frame, provenance("bike"), covers=None if covers is None else town.degrees(covers))


CROSS = layer((EAST, {"highway": "secondary"}), (NORTH, {}))


def place(bike: Layer = CROSS, *shapes: Any, **more: Any) -> Any:
    held = {"bike": bike, "blocks": town.blocks(land_m2=[16_000.0, 32_000.0, 32_000.0, 0.0]), **more}
    zones = (TOWN, *shapes)
    roles: Any = ("district", *("area" for _ in shapes))
    return town.place(held, town.zones(*zones, roles=roles))


def shares(field: ZoneField) -> list[float]:
    return [float(v) for v in field.value]


def test_a_calm_street_and_a_busy_one() -> None:
    found = bikes.low_stress(ROW, place(CROSS, BLOCKS[SW], box(0, 240, 100, 360)))
    # The town holds 400 m of the busy street and 320 m of the calm one; a quarter of it half of 200 and of 160 m.
    assert found.denominator[:2] == pytest.approx([0.72, 0.18], abs=1e-6)
    assert found.numerator[:2] == pytest.approx([0.32, 0.08], abs=1e-6)
    assert found.value[:2] == pytest.approx([320 / 720, 80 / 180])
    assert np.isnan(found.value[2]) and found.reason == (None, None, bikes.NO_STREETS)
    assert found.flags == (("untagged_share=0.5556",), ("untagged_share=0.5556",), ())


def test_service_ways_and_motorways_are_in_neither_sum_and_a_tagged_level_is_believed() -> None:
    more = layer((EAST, {"highway": "secondary", "lts": "2"}), (NORTH, {"highway": "service"}))
    found = bikes.low_stress(ROW, place(more))
    assert (found.value[0], found.denominator[0]) == (pytest.approx(1.0), pytest.approx(0.4))
    assert found.flags == ((),)
    only = bikes.low_stress(ROW, place(layer((NORTH, {"highway": "motorway"}))))
    assert only.reason == (bikes.NO_STREETS,)


def test_how_much_stress_counts_as_little_is_the_rows_own() -> None:
    three = layer((EAST, {"highway": "secondary", "bikeway": "lane"}), (NORTH, {}))
    at = [shares(bikes.low_stress(town.row(parameters={"most": m, "edge_m": 12}), place(three)))[0] for m in (1, 2, 3)]
    assert at == pytest.approx([320 / 720, 320 / 720, 1.0])


def test_paths_and_tracks_over_land() -> None:
    some = layer(
        (EAST, {"highway": "secondary", "bikeway": "track"}),
        (NORTH, {"highway": "secondary", "bikeway": "lane"}),
        (LineString([(100, 100), (100, 150)]), {"highway": "cycleway", "cars": False}),
    )
    found = bikes.bike_paths(PATHS, place(some, BLOCKS[SW]))
    assert found.numerator == pytest.approx([0.45, 0.15])
    assert found.denominator == pytest.approx([0.08, 0.016])
    assert found.value == pytest.approx([0.45 / 0.08, 0.15 / 0.016])
    wet = place(some, BLOCKS[NE])
    assert bikes.bike_paths(PATHS, wet).reason == (None, NO_LAND)
    with pytest.raises(Absent, match="how much of them is land"):
        bikes.bike_paths(PATHS, place(some, blocks=town.blocks()))


@pytest.mark.parametrize("function", [bikes.low_stress, bikes.bike_paths])
def test_a_street_has_no_race_and_without_streets_there_is_no_number(function: Any) -> None:
    with pytest.raises(Absent, match="no race"):
        function(ROW, place(), "race:black")
    with pytest.raises(Absent, match="no layer 'bike'"):
        function(ROW, town.place({"blocks": town.blocks()}))


# -- people -------------------------------------------------------------------------------------------------------


def on(bike: Layer, **more: Any) -> dict[str, float]:
    field = bikes.low_stress_people(PEOPLE, place(bike, **more))
    return dict(zip(field.units.geoid.tolist(), field.x.tolist(), strict=True))


def test_everybody_lives_on_a_calm_street_that_leads_out_or_nobody() -> None:
    assert on(layer((NORTH, {}))) == {SW: 1, SE: 1, NW: 1, NE: 1}, "every block touches the calm street"
    assert on(layer((EAST, {"highway": "secondary"}), (NORTH, {"highway": "primary"}))) == {SW: 0, SE: 0, NW: 0, NE: 0}


def test_a_busy_street_parts_the_town_where_it_has_no_signals() -> None:
    busy, calm = LineString([(-1500, 170), (200, 170), (1500, 170)]), LineString([(200, -1500), (200, 170), (200, 300)])
    streets: Any = ((busy, {"highway": "secondary"}), (calm, {}))
    # The calm street comes from the south; its last piece, north of the crossing, is cut off from it.
    assert on(layer(*streets)) == {SW: 1, SE: 1, NW: 0, NE: 0}
    assert on(layer(*streets, signals=((200, 170),))) == {SW: 1, SE: 1, NW: 1, NE: 1}


def test_streets_that_do_not_say_where_they_meet_tell_nothing() -> None:
    whole = layer((NORTH, {}))
    bare = replace(whole, data=whole.data.drop(columns="signals"))
    with pytest.raises(Absent, match="where they meet"):
        bikes.low_stress_people(PEOPLE, place(bare))
    assert bikes.low_stress(ROW, place(bare)).value[0] == 1.0


def test_a_street_that_ends_in_town_is_no_way_out() -> None:
    short = layer((LineString([(200, 100), (200, 300)]), {}), (EAST, {"highway": "secondary"}))
    assert set(on(short).values()) == {0.0}
    out = layer((LineString([(100, 300), (100, 1500)]), {}), (LineString([(300, 60), (300, 340)]), {}))
    # The longer street inside leads nowhere; the shorter one goes north from the western half.
    assert on(out) == {SW: 0, SE: 0, NW: 1, NE: 0}


def test_a_block_is_on_it_within_twenty_five_metres() -> None:
    near, far = (layer((LineString([(x, -1500), (x, 1500)]), {})) for x in (224.9, 225.1))
    assert on(near) == {SW: 1, SE: 1, NW: 1, NE: 1}
    assert on(far) == {SW: 0, SE: 1, NW: 0, NE: 1}


def test_people_are_weighed_and_the_reference_has_no_number() -> None:
    west = layer((LineString([(20, 100), (20, 1500)]), {}))
    zones = town.zones(TOWN, box(-400, -400, 900, 900), BLOCKS[SW], roles=("district", "reference", "area"))
    held = {"bike": west, "blocks": town.blocks()}
    found = measure([PEOPLE], town.place(held, zones), settings=ReduceSettings(), judging=JudgeSettings(min_persons=0))
    by = {r.zone: r for r in found}
    assert by["zone 0"].value == pytest.approx(0.4) and (by["zone 0"].numerator, by["zone 0"].denominator) == (40, 100)
    assert by["zone 0"].comparison is None
    assert (by["zone 1"].value, by["zone 1"].reason) == (None, bikes.OF_THE_DISTRICT)
    assert by["zone 2"].value == 1.0


def test_blocks_far_from_the_district_are_not_known() -> None:
    far = {f"{town.TRACT}1009": box(0, 1390, 100, 1500)}
    held = {"bike": CROSS, "blocks": town.blocks(far)}
    field = bikes.low_stress_people(PEOPLE, town.place(held, town.zones(TOWN, roles=("district",))))
    assert np.isnan(field.x[-1]) and field.unknown[-1] == bikes.TOO_FAR and set(field.unknown[:-1]) == {""}


def test_streets_that_end_too_soon_tell_nothing_of_the_way_out() -> None:
    soon = layer((NORTH, {}), covers=TOWN.buffer(900))
    with pytest.raises(Absent, match="end less than 1,000 m from the district"):
        bikes.low_stress_people(PEOPLE, place(soon))
    enough = layer((NORTH, {}), covers=TOWN.buffer(1001))
    assert set(on(enough).values()) == {1.0} and set(on(layer((NORTH, {}), covers=None)).values()) == {1.0}


def test_zones_that_the_streets_do_not_cover_are_not_covered_and_no_walk_network_is_asked_for() -> None:
    held = place(layer((NORTH, {}), covers=box(-100, -100, 250, 5000)), BLOCKS[SW])
    assert [mobility.covered(row, held).tolist() for row in (ROW, PATHS, PEOPLE)] == [[False, True]] * 3


def test_groups_come_along() -> None:
    row = town.row("low_stress_people", parameters=REACH, groups={"g": {"blocks": "p2_black"}})
    blocks = town.blocks(p2_black=[10, 0, 0, 30])
    west = layer((LineString([(20, 100), (20, 1500)]), {}))
    held = town.place({"bike": west, "blocks": blocks}, town.zones(TOWN, roles=("district",)))
    found = measure([row], held, settings=ReduceSettings(), judging=JudgeSettings(group_min=0))
    assert {r.group: r for r in found}["g"].value == pytest.approx(10 / 40)
