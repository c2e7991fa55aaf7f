"""Every corruption of a timetable is refused, absent or flagged, and the timetable as it is is none of these."""

from __future__ import annotations

import pytest
import shapely

from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _gtfs_order
from justgeo.sources.gtfs import read_feed
from tests.corrupted import transit
from tests.corrupted.harness import Field, Trial, hold, in_spanish


@pytest.mark.parametrize("trial", transit.TRIALS, ids=[case.id for case in transit.CASES])
def test_corrupted(trial: Trial, ground: Field) -> None:
    in_spanish(hold(trial, ground))


EVERYWHERE = shapely.box(-80.0, 30.0, -60.0, 45.0)


def test_a_station_that_is_not_called_one_is_no_stop(ground: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """``location_type`` is left out, but platforms name their station."""
    planted = ground.ground(transit.TRIALS[0])
    area, path = Area(EVERYWHERE, None, EVERYWHERE, EVERYWHERE, 0.0), planted.file("gtfs")
    before = read_feed(LayerSpec("gtfs", path), area)
    transit.feed(lambda found: found["stops.txt"].drop(columns="location_type", inplace=True))(planted)
    after = read_feed(LayerSpec("gtfs", path), area)
    assert list(after.stops["stop_id"]) == list(before.stops["stop_id"])
    monkeypatch.setattr(_gtfs_order, "stations", lambda stops: stops["stop_id"] == "")
    assert len(read_feed(LayerSpec("gtfs", path), area).stops) > len(before.stops)


def test_what_is_not_caught_says_why() -> None:
    assert all(len(what) > 10 and len(why) > 20 for what, why in transit.NOT_CAUGHT)
