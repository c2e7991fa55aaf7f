"""Buses and trains within a walk, on the town whose every distance is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from shapely.geometry import Point, box

from justgeo.core.field import ExposureField
from justgeo.core.layer import Feed
from justgeo.indicators import mobility
from justgeo.measure import boarding
from justgeo.measure.reach import NOT_NEAR
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.indicators.town import NE, NW, SE, SW, TRACT
from tests.measure.toy import CRS, provenance

# Walks: A 200 + 80 m from the eastern blocks and 400 + 80 m from the western ones, B 80 and 280 m, T 580 and 780 m.
A, B, T = (500.0, 200.0), (300.0, 200.0), (800.0, 200.0)
Calls = Mapping[str, Sequence[tuple[int, float]]]


def feed(stops: Sequence[tuple[float, float]], calls: Calls, rail: Sequence[int] = ()) -> Feed:
    """Stops at places, and the hour at which each trip leaves each of them."""
    points = gpd.GeoSeries([Point(p) for p in stops], crs=CRS).to_crs("EPSG:4326")
    rows = [(f"s{i}", trip, int(3600 * hour)) for trip, some in calls.items() for i, hour in some]
    return Feed(
        stops=pd.DataFrame(
            {
                "stop_id": [f"s{i}" for i in range(len(stops))],
                "lon": points.x,
                "lat": points.y,
                "rail": [i in rail for i in range(len(stops))],
            }
        ),
        departures=pd.DataFrame(rows, columns=["stop_id", "trip_id", "seconds"]).assign(direction="0", route_id="r"),
        service_date="2024-09-04",
        provenance=provenance("gtfs"),
    )


def trips(timetable: Feed, **more: Any) -> ExposureField:
    layers = {"walk": town.streets(), "blocks": town.blocks(), "gtfs": timetable, **more}
    parameters = {"distance_m": 400, "rail_distance_m": 800, "start": 7, "end": 19}
    return mobility.transit_trips(town.row("transit_trips", parameters=parameters), town.place(layers))


def by_block(field: ExposureField) -> dict[str, float]:
    return dict(zip(field.units.geoid.tolist(), field.x.tolist(), strict=True))


def test_a_trip_counts_once_however_many_of_its_stops_are_near() -> None:
    # Trip 1 calls at both stops, trip 2 at A alone: the east (both stops) has two trips, the west (B alone) one.
    found = by_block(trips(feed([A, B], {"1": [(0, 8.0), (1, 8.1)], "2": [(0, 9.0)]})))
    assert found == pytest.approx({SE: 2 / 12, NE: 2 / 12, SW: 1 / 12, NW: 1 / 12})


def test_trains_are_walked_to_from_farther_away() -> None:
    calls: Calls = {"bus": [(0, 8.0)], "train": [(1, 8.0)]}
    bus_only = by_block(trips(feed([A, T], calls)))
    assert bus_only == pytest.approx({SE: 1 / 12, NE: 1 / 12, SW: 0, NW: 0})
    with_train = by_block(trips(feed([A, T], calls, rail=[1])))
    assert with_train == pytest.approx({SE: 2 / 12, NE: 2 / 12, SW: 1 / 12, NW: 0 + 1 / 12})


def test_the_window_has_its_first_second_and_not_its_last() -> None:
    calls: Calls = {
        "early": [(0, 6.99)],
        "first": [(0, 7.0)],
        "last": [(0, 18.999)],
        "late": [(0, 19.0)],
        "night": [(0, 25.0)],
    }
    assert by_block(trips(feed([B], calls)))[SE] == pytest.approx(2 / 12)


def test_a_trip_that_leaves_here_out_of_hours_does_not_count_here() -> None:
    calls: Calls = {"1": [(0, 6.5), (1, 7.5)]}  # A before the window, T in it: T is no stop of trains, and too far
    assert by_block(trips(feed([A, T], calls)))[SE] == 0


def test_the_mean_is_over_people() -> None:
    timetable = feed([A], {str(k): [(0, 8.0)] for k in range(12)})  # one an hour for the east: 20 + 40 of 100 people
    layers: dict[str, Any] = {"walk": town.streets(), "blocks": town.blocks(), "gtfs": timetable}
    held = town.place(layers)
    row = town.row(
        "transit_trips", parameters={"distance_m": 400, "rail_distance_m": 800, "start": 7, "end": 19}, aggregate="mean"
    )
    column = reduce(mobility.transit_trips(row, held), held.weights, reference=None, settings=ReduceSettings())
    assert column.value[0] == pytest.approx(0.6)
    assert mobility.covered(row, held).tolist() == [True]


def test_where_the_network_or_the_end_of_the_data_leaves_it_open_nothing_is_said() -> None:
    far = f"{TRACT}1002"
    field = trips(feed([B], {"1": [(0, 8.0)]}), blocks=town.blocks({far: box(700, 600, 900, 800)}))
    assert np.isnan(by_block(field)[far]) and field.unknown[-1] == NOT_NEAR
    # The streets end 300 m west of the western blocks: within 800 m, where a train may stop.
    cut = trips(feed([B], {"1": [(0, 8.0)]}), walk=town.streets(covers=box(-200, -5000, 5000, 5000)))
    assert np.isnan([by_block(cut)[SW], by_block(cut)[SE]]).all()
    assert set(cut.unknown) == {mobility.EDGE}


def test_no_stop_at_all_is_none_an_hour() -> None:
    assert set(by_block(trips(feed([(5000.0, 200.0)], {"1": [(0, 8.0)]}))).values()) == {0.0}


def test_a_timetable_that_has_ended_is_said_beside_every_number() -> None:
    timetable = feed([B], {"1": [(0, 8.0)]})
    note = "The timetable ended on 2023-06-30, before it was fetched on 2024-09-01: service may have changed since."
    ended = replace(timetable, provenance=replace(timetable.provenance, notes=(note,)))
    assert not timetable.ended and ended.ended
    assert (trips(timetable).flags, trips(ended).flags) == ((), (mobility.TIMETABLE_ENDED,))
    held = town.place({"walk": town.streets(), "blocks": town.blocks(p2_black=[5, 5, 5, 5]), "gtfs": ended})
    for field in (trips(ended), mobility.walk_share(FREQUENT, held)):
        column = reduce(field, held.weights, reference=None, settings=ReduceSettings())
        assert mobility.TIMETABLE_ENDED in column.flags[0]


FREQUENT = town.row(parameters={"targets": "frequent_stops", "distance_m": 400})


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=40),
    st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_distinct_trips_are_those_that_a_set_counts(calls: list[tuple[int, int]], walks: list[bool]) -> None:
    near = np.array(walks).reshape(4, 5)
    stops = pd.DataFrame({"stop_id": [f"s{i}" for i in range(5)]})
    rows = [(f"s{s}", f"t{t}", 3600 * 8) for s, t in calls]
    departures = pd.DataFrame(rows, columns=["stop_id", "trip_id", "seconds"])
    found = boarding.trips_at(Feed(stops, departures, "", provenance("gtfs")), csr_array(near), 7, 19)
    assert found.tolist() == [len({t for s, t in calls if near[i, s]}) for i in range(4)]
