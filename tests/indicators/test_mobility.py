"""Who can walk to what, on a town whose every distance is known: 80 m to the street, then along it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.errors import Absent
from justgeo.core.field import ExposureField
from justgeo.indicators import mobility
from justgeo.measure.reach import NOT_NEAR
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.indicators.town import BLOCKS, NE, NW, SE, SW, TRACT, WIDE

FAR = f"{TRACT}1002"
FAR_BLOCK = {FAR: box(700, 600, 900, 800)}  # 500 m from either street

# A stop on the street at x = 500: 200 + 80 m from the eastern blocks, 400 + 80 m from the western ones.
STOP = (500.0, 200.0)


def walk(layers: dict[str, Any], limit: float, targets: str = "stops", **more: Any) -> ExposureField:
    held = {"walk": town.streets(), "blocks": town.blocks(), **layers}
    parameters = {"targets": targets, "distance_m": limit, **more}
    return mobility.walk_share(town.row(parameters=parameters), town.place(held))


def by_block(field: ExposureField) -> dict[str, float]:
    return dict(zip(field.units.geoid.tolist(), field.x.tolist(), strict=True))


def test_a_block_has_it_when_the_walk_is_within_the_limit_and_not_when_it_is_longer() -> None:
    found = by_block(walk({"stops": town.stops(STOP)}, 400))
    assert found == {SW: 0.0, SE: 1.0, NW: 0.0, NE: 1.0}


@pytest.mark.parametrize(("limit", "west"), [(479.99, 0.0), (480.0, 1.0)])
def test_the_walk_is_to_the_metre_that_was_worked_out(limit: float, west: float) -> None:
    # y = 200 is straight in degrees and metres alike here: the town's layers are in the metric CRS itself.
    assert by_block(walk({"stops": town.stops(STOP)}, limit))[SW] == west


def test_a_block_that_no_street_is_near_is_not_known_and_says_why() -> None:
    layers = {"stops": town.stops((700.0, 200.0)), "blocks": town.blocks(FAR_BLOCK)}
    field = walk(layers, 800)
    assert np.isnan(by_block(field)[FAR])
    assert dict(zip(field.units.geoid, field.unknown, strict=True)) == {SW: "", SE: "", NW: "", NE: "", FAR: NOT_NEAR}


def test_beyond_the_edge_of_the_data_nothing_is_taken_for_absent() -> None:
    # The stops end at x = -200: 300 m from the western blocks (100), 500 m from the eastern ones (300).
    covers = box(-200, -5000, 5000, 5000)
    found = walk({"stops": town.stops((1100.0, 200.0), covers=covers)}, 400)
    assert by_block(found) == pytest.approx({SW: np.nan, SE: 0.0, NW: np.nan, NE: 0.0}, nan_ok=True)
    assert found.unknown == (mobility.EDGE, "", mobility.EDGE, "")


def test_what_is_found_near_the_edge_of_the_data_counts() -> None:
    covers = box(-200, -5000, 5000, 5000)
    found = walk({"stops": town.stops((100.0, 200.0), covers=covers)}, 400)
    assert by_block(found) == {SW: 1.0, SE: 1.0, NW: 1.0, NE: 1.0}  # west 80 m, east 80 + 200 m
    assert found.unknown == ("", "", "", "")


def test_the_edge_is_that_of_the_streets_as_well_and_a_block_outside_it_is_not_known() -> None:
    streets = town.streets(covers=box(150, -5000, 5000, 5000))  # the western points lie outside
    found = walk({"walk": streets, "stops": town.stops((1100.0, 200.0))}, 100)
    assert by_block(found) == pytest.approx({SW: np.nan, SE: 0.0, NW: np.nan, NE: 0.0}, nan_ok=True)


def test_edge_distance_is_zero_outside_and_infinite_where_a_layer_says_nothing() -> None:
    held = town.place({"walk": town.streets(), "blocks": town.blocks()})
    assert mobility._distance_to_edge([], held).tolist() == [np.inf] * 4
    metres = mobility._distance_to_edge([town.degrees(box(200, -100, 1000, 800))], held)
    assert metres == pytest.approx([0, 100, 0, 100], abs=0.01)


def test_no_stop_at_all_is_nobody_reached_not_nothing_known() -> None:
    assert by_block(walk({"stops": town.stops()}, 400)) == {SW: 0.0, SE: 0.0, NW: 0.0, NE: 0.0}


def test_a_missing_layer_is_absent_with_the_reason_that_was_given() -> None:
    held = town.place({"walk": town.streets(), "blocks": town.blocks()}, absent={"stops": "the map has none"})
    with pytest.raises(Absent, match="the map has none"):
        mobility.walk_share(town.row(parameters={"targets": "stops", "distance_m": 400}), held)


# A park over the street from x = 450 to 550: entered at x = 450, 150 + 80 m from the east, 350 + 80 m from the west.
PARK = box(450, 150, 550, 250)


@pytest.mark.parametrize(("limit", "expected"), [(229, 0.0), (231, 1.0), (429, 1.0)])
def test_a_park_is_reached_where_the_street_enters_it(limit: float, expected: float) -> None:
    found = by_block(walk({"parks": town.features("parks", [PARK], WIDE, public=[True])}, limit, "parks"))
    assert found[SE] == found[NE] == expected
    assert found[SW] == found[NW] == 0.0


def test_who_lives_in_a_park_is_there_without_any_street() -> None:
    layers = {
        "blocks": town.blocks(FAR_BLOCK),
        "parks": town.features("parks", [box(600, 500, 1000, 900)], WIDE, public=[True]),
    }
    field = walk(layers, 10, "parks")
    assert by_block(field)[FAR] == 1.0
    assert field.unknown[4] == ""


@pytest.mark.parametrize(("least", "expected"), [(0, 1.0), (4000, 1.0), (5000, 0.0)])
def test_a_park_that_is_too_small_does_not_count(least: float, expected: float) -> None:
    parks = town.features("parks", [box(450, 180, 550, 220)], WIDE, public=[True])  # 4,000 m²
    assert by_block(walk({"parks": parks}, 250, "parks", min_area_m2=least))[SE] == expected


def test_a_park_drawn_in_pieces_has_its_whole_size() -> None:
    pieces = [box(450, 180, 500, 220), box(500, 180, 580, 220)]  # 2,000 and 3,200 m²
    parks = town.features("parks", pieces, WIDE, public=[True, True])
    assert by_block(walk({"parks": parks}, 250, "parks", min_area_m2=5000))[SE] == 1.0


def test_a_park_that_is_not_public_is_no_park() -> None:
    parks = town.features("parks", [PARK, box(900, 150, 1000, 250)], WIDE, public=[False, True])
    assert by_block(walk({"parks": parks}, 300, "parks"))[SE] == 0.0


EVERY_QUARTER = [7 + k / 4 for k in range(48)]


def test_only_frequent_stops_count_as_frequent() -> None:
    rare, often = (300.0, 200.0), (100.0, 200.0)
    timetable = town.feed({rare: EVERY_QUARTER[:47], often: EVERY_QUARTER})
    found = by_block(walk({"gtfs": timetable}, 100, "frequent_stops"))
    assert found == {SW: 1.0, NW: 1.0, SE: 0.0, NE: 0.0}


def test_the_rule_of_frequency_is_the_rows_own() -> None:
    timetable = town.feed({(300.0, 200.0): EVERY_QUARTER[::2]})  # every half hour
    assert by_block(walk({"gtfs": timetable}, 100, "frequent_stops"))[SE] == 0.0
    assert by_block(walk({"gtfs": timetable}, 100, "frequent_stops", headway_min=30))[SE] == 1.0


def test_stops_of_a_timetable_have_no_edge_of_their_own_but_the_streets_have() -> None:
    layers = {"walk": town.streets(covers=box(-200, -5000, 5000, 5000)), "gtfs": town.feed({(1100.0, 200.0): [8.0]})}
    assert by_block(walk(layers, 400, "frequent_stops")) == pytest.approx(
        {SW: np.nan, SE: 0.0, NW: np.nan, NE: 0.0}, nan_ok=True
    )


def test_distances_are_found_once_for_all_thresholds() -> None:
    held = town.place({"walk": town.streets(), "blocks": town.blocks(), "stops": town.stops(STOP)})
    for limit in (400, 500):
        mobility.walk_share(town.row(parameters={"targets": "stops", "distance_m": limit}), held)
    assert [key for key in held.cache if key.startswith("reached")] == ["reached:stops"]


def test_groups_come_along_as_weights_and_the_share_of_all_is_by_people() -> None:
    held = town.place(
        {
            "walk": town.streets(),
            "stops": town.stops(STOP),
            "blocks": town.blocks(p2_black=[8, 2, 0, 0]),
        }
    )
    row = town.row(
        parameters={"targets": "stops", "distance_m": 400},
        groups={"race:black": {"blocks": "p2_black"}, "race:asian": {"blocks": "p2_asian"}},
    )
    field = mobility.walk_share(row, held)
    assert list(field.groups) == ["race:black"]  # the other has no column here
    assert field.groups["race:black"].count.tolist() == [8, 2, 0, 0]
    assert field.groups["race:black"].moe is None
    column = reduce(field, held.weights, reference=None, settings=ReduceSettings())
    assert column.value[0] == pytest.approx((20 + 40) / 100)
    assert (column.numerator[0], column.denominator[0]) == pytest.approx((60, 100))


def test_a_zone_is_covered_only_if_streets_and_targets_cover_it() -> None:
    found = town.zones(BLOCKS[SW], BLOCKS[SE], BLOCKS[NE])
    layers: dict[str, Any] = {
        "blocks": town.blocks(),
        "walk": town.streets(covers=box(100, -5000, 5000, 5000)),
        "stops": town.stops(STOP, covers=box(-5000, -5000, 5000, 200)),
    }
    row = town.row(parameters={"targets": "stops", "distance_m": 400})
    assert mobility.covered(row, town.place(layers, found)).tolist() == [False, True, False]
    # A timetable says nothing of what it covers: for frequent stops only the streets decide.
    frequent = town.row(parameters={"targets": "frequent_stops", "distance_m": 400})
    assert mobility.covered(frequent, town.place(layers, found)).tolist() == [False, True, True]


def test_stops_of_one_mode_within_thirty_metres_are_one() -> None:
    held = town.place({"blocks": town.blocks(), "stops": town.stops((0, 0), (20, 0), (100, 0))})
    assert sorted(mobility.stop_points(held).tolist()) == [[10.0, 0.0], [100.0, 0.0]]
