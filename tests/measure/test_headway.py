"""Frequent service: the worked example, the edges of the window, stations and directions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justgeo.core.layer import Feed, Provenance
from justgeo.measure.headway import HeadwayRule, frequent_stops, headways


def feed(calls: dict[tuple[str, str], Iterable[float]], stations: dict[str, str] | None = None) -> Feed:
    """Departures in hours by stop and direction."""
    rows = [
        {"stop_id": stop, "route_id": "r", "trip_id": f"{stop}{way}{k}", "direction": way, "seconds": round(h * 3600)}
        for (stop, way), hours in calls.items()
        for k, h in enumerate(hours)
    ]
    ids = sorted({stop for stop, _ in calls})
    stops = pd.DataFrame({"stop_id": ids, "name": ids, "lon": -78.0, "lat": 38.0, "rail": False})
    if stations is not None:
        stops["station"] = [stations.get(i, i) for i in ids]
    frame = pd.DataFrame(rows, columns=["stop_id", "route_id", "trip_id", "direction", "seconds"])
    return Feed(stops, frame, "2024-10-09", Provenance("gtfs", "made", "made", "2024"))


def every(minutes: float, start: float = 7.0, end: float = 19.0) -> list[float]:
    n = int((end - start) * 60 / minutes)
    return [start + k * minutes / 60 for k in range(n)]


def test_the_worked_example_of_a_break_at_ten() -> None:
    hours = [h for h in every(12) if not 10 <= h < 11]
    row = headways(feed({("a", "0"): hours})).iloc[0]
    assert row["n"] == 55
    assert row["mean_headway"] == pytest.approx(13.09, abs=0.005)
    assert row["largest_gap"] == pytest.approx(72.0)
    assert row["busy_hours"] == 11
    assert not row["frequent"]
    assert not row["strict"]
    assert row["ghsci"]


def test_eighty_trips_in_24_hours_are_no_alltransit_frequency() -> None:
    row = headways(feed({("a", "0"): every(18, 0.0, 24.0)})).iloc[0]
    assert row["n24"] == 80
    assert not row["alltransit"]  # 18 minutes
    assert headways(feed({("a", "0"): every(15, 0.0, 24.0)})).iloc[0]["alltransit"]


def test_every_quarter_hour_is_frequent_by_all_definitions() -> None:
    made = feed({("a", "0"): every(15, 5.0, 29.0)})
    assert headways(made).iloc[0]["n"] == 48
    for variant in ("frequent", "strict", "alltransit", "ghsci"):
        assert frequent_stops(made, variant).all()


def test_one_departure_fewer_is_not_frequent() -> None:
    assert not frequent_stops(feed({("a", "0"): every(15)[1:]})).any()


@pytest.mark.parametrize(("first", "last"), [(10.0, 12.0), (7.0, 18.4), (7.6, 19.0)])
def test_many_departures_in_a_part_of_the_window_are_not_frequent(first: float, last: float) -> None:
    row = headways(feed({("a", "0"): every(2, first, last)})).iloc[0]
    assert row["n"] >= 48
    assert not row["frequent"]


def test_the_window_ends_before_seven_in_the_evening() -> None:
    row = headways(feed({("a", "0"): [6.99, 7.0, 18.99, 19.0]})).iloc[0]
    assert (row["n"], row["n24"]) == (2, 4)


def test_service_outside_the_window_alone_has_the_whole_window_as_gap() -> None:
    row = headways(feed({("a", "0"): [5.0, 25.5]})).iloc[0]
    assert row["n"] == 0
    assert row["largest_gap"] == 720
    assert row["mean_headway"] == float("inf")
    assert not (row["frequent"] or row["strict"] or row["ghsci"])


def test_two_routes_at_one_stop_count_together_but_two_directions_do_not() -> None:
    half_hourly, shifted = every(30), every(30, 7.25, 19.25)
    together = feed({("a", "0"): half_hourly + shifted})
    apart = feed({("a", "0"): half_hourly, ("a", "1"): shifted})
    assert frequent_stops(together).all()
    assert not frequent_stops(apart).any()


def test_stops_of_a_station_are_taken_together_and_all_marked() -> None:
    calls = {("a1", "0"): every(30), ("a2", "0"): every(30, 7.25, 19.25), ("b", "0"): every(30)}
    assert list(frequent_stops(feed(calls, {"a1": "A", "a2": "A"}))) == [True, True, False]
    assert not frequent_stops(feed(calls)).any()


def test_a_stop_without_departures_is_not_frequent() -> None:
    made = feed({("a", "0"): every(10), ("b", "0"): []})
    assert list(frequent_stops(made)) == [True, False]


def test_no_departures_at_all() -> None:
    made = feed({("a", "0"): []})
    assert headways(made).empty
    assert list(frequent_stops(made)) == [False]


def test_thresholds_come_from_the_rule() -> None:
    made = feed({("a", "0"): every(20)})
    assert not frequent_stops(made).any()
    assert frequent_stops(made, rule=HeadwayRule(headway_min=20.0)).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30 * 60), min_size=1, max_size=80), min_size=4, max_size=6))
def test_counts_and_gaps_against_a_plain_loop(stops: list[list[int]]) -> None:
    """Of several stops of a feed at once, of which each is told by its own departures alone."""
    found = headways(feed({(f"stop {k}", "0"): [m / 60 for m in minutes] for k, minutes in enumerate(stops)}))
    assert found["station"].tolist() == [f"stop {k}" for k in range(len(stops))]
    for (_, row), minutes in zip(found.iterrows(), stops, strict=True):
        inside = sorted(m for m in minutes if 420 <= m < 1140)
        marks = [420, *inside, 1140]
        assert row["n"] == len(inside)
        assert row["largest_gap"] == pytest.approx(max(b - a for a, b in pairwise(marks)))
        assert row["busy_hours"] == sum(sum(h * 60 <= m < h * 60 + 60 for m in inside) >= 4 for h in range(7, 19))
