"""Trips that go back in time, trips without a stop, spans that overlap: a slip is told, a rule is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import LayerError
from justgeo.sources import _gtfs_order as order

FEED = Path("feed.zip")


def times(trips: int, wrong: int) -> pd.DataFrame:
    """Trips of three stops, ten minutes apart; the last stop of some is an hour before the second."""
    seconds = np.tile([25_200.0, 25_800.0, 26_400.0], trips)
    seconds[2 : 3 * wrong : 3] -= 4_200
    return pd.DataFrame({"trip_id": np.repeat([f"t{k:03d}" for k in range(trips)], 3), "seconds": seconds})


def test_trips_in_order_say_nothing() -> None:
    assert order.backwards(times(50, 0), FEED) == ()


def test_a_time_that_is_not_told_is_no_step_back() -> None:
    found = times(2, 0)
    found.loc[1, "seconds"] = np.nan
    assert order.backwards(found, FEED) == ()


def test_one_trip_of_many_that_goes_back_is_told() -> None:
    assert order.backwards(times(101, 1), FEED) == ("1 of 101 trips leave a stop before the one before it.",)


@pytest.mark.parametrize("trips", [1, 3, 100])
def test_one_slip_in_a_small_feed_is_told(trips: int) -> None:
    assert order.backwards(times(trips, 1), FEED) == (f"1 of {trips} trips leave a stop before the one before it.",)


def test_two_trips_of_very_many_are_told() -> None:
    assert order.backwards(times(201, 2), FEED) == ("2 of 201 trips leave a stop before the one before it.",)


@pytest.mark.parametrize(("trips", "wrong"), [(200, 2), (3, 2), (200, 90)])
def test_two_trips_and_one_in_a_hundred_are_too_many(trips: int, wrong: int) -> None:
    with pytest.raises(LayerError, match=f"{wrong} of {trips} trips .* 't000' .*12-hour clock") as caught:
        order.backwards(times(trips, wrong), FEED)
    assert "13:05:00" in caught.value.remedy


@pytest.mark.parametrize(
    ("all_", "lost", "refused"),
    [(12, 9, False), (200, 59, False), (200, 60, True), (33, 10, True), (34, 10, False), (12, 12, True)],
)
def test_trips_without_a_row(all_: int, lost: int, refused: bool) -> None:
    today = {f"t{k:03d}" for k in range(all_)}
    called = {f"t{k:03d}" for k in range(lost, all_)}
    if not refused:
        order.stopless(today, called, FEED)
        return
    with pytest.raises(LayerError, match=f"{lost} of {all_} trips .* 't000': it is cut short") as caught:
        order.stopless(today, called, FEED)
    assert "validator" not in caught.value.remedy  # which warns of such trips, and lets them pass


def spans(*told: tuple[str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(told, columns=["trip_id", "start", "end"])


def test_spans_that_follow_one_another_do_not_overlap() -> None:
    order.overlapping(spans(("a", 0, 60), ("a", 60, 120), ("b", 30, 90), ("a", 0, 60)), FEED)


def test_spans_of_one_trip_that_overlap_are_refused() -> None:
    with pytest.raises(LayerError, match="repeats trip 'a' in two spans"):
        order.overlapping(spans(("a", 60, 120), ("b", 0, 60), ("a", 0, 61)), FEED)


def test_a_station_is_what_others_name_as_theirs() -> None:
    stops = pd.DataFrame({"stop_id": ["S", "P", "Q"], "parent_station": ["", "S", ""]})
    assert order.stations(stops).tolist() == [True, False, False]
