"""Real feeds: what is read of them, and Charlottesville's against a plain reading of the files."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
import shapely

from justgeo.core.layer import Feed
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure.headway import frequent_stops
from justgeo.sources.gtfs import read_feed

pytestmark = pytest.mark.real

AMERICA = shapely.box(-125.0, 24.0, -66.0, 50.0)


def seconds(feed: Feed) -> dict[tuple[str, str], list[int]]:
    groups = feed.departures.groupby(["stop_id", "direction"])["seconds"]
    return {key: list(found) for key, found in groups}


def real(folder: Path, name: str) -> Feed:
    path = folder / name
    if not path.is_file():
        pytest.skip(f"real data not here: {name}")
    return read_feed(LayerSpec("gtfs", path), Area(AMERICA, None, AMERICA, AMERICA, 0.0))


def test_charlottesville_2017(real_data: Path) -> None:
    feed = real(real_data, "charlottesville/gtfs/CAT_2017_08_GTFS.zip")
    assert len(feed.stops) == 325
    assert feed.service_date == "2017-08-09"
    assert not feed.stops["rail"].any()
    # 13,601 of the 27,320 stop times are of weekday trips; their last stops are no departures
    assert any("11599 of 13601 stop times" in n for n in feed.provenance.notes)
    assert len(feed.departures) == 12_966
    assert frequent_stops(feed).sum() == 46
    assert frequent_stops(feed, "strict").sum() == 45
    assert frequent_stops(feed, "ghsci").sum() == 76


def plainly(path: Path, services: set[str]) -> dict[tuple[str, str], list[int]]:
    """Departures by stop and direction without pandas, for a feed without frequencies and pickup types."""
    with zipfile.ZipFile(path) as archive:

        def rows(name: str) -> list[dict[str, str]]:
            return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))

        ways = {t["trip_id"]: t["direction_id"] for t in rows("trips.txt") if t["service_id"] in services}
        calls: dict[str, list[tuple[int, str, float | None]]] = {t: [] for t in ways}
        for row in rows("stop_times.txt"):
            if row["trip_id"] in ways:
                h, m, s = (row["departure_time"] or "::").split(":")
                at = int(h) * 3600 + int(m) * 60 + int(s) if h else None
                calls[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"], at))
    found: dict[tuple[str, str], list[int]] = {}
    for trip, made in calls.items():
        made.sort()
        known = [(k, at) for k, (_, _, at) in enumerate(made) if at is not None]
        for k, (_, stop, at) in enumerate(made[:-1]):
            if at is None:
                (k0, t0), (k1, t1) = max(x for x in known if x[0] < k), min(x for x in known if x[0] > k)
                at = t0 + (t1 - t0) * (k - k0) / (k1 - k0)
            found.setdefault((stop, ways[trip]), []).append(round(at))
    return {key: sorted(times) for key, times in found.items()}


def test_charlottesville_against_a_plain_reading(real_data: Path) -> None:
    feed = real(real_data, "charlottesville/gtfs/CAT_2017_08_GTFS.zip")
    assert seconds(feed) == plainly(real_data / "charlottesville/gtfs/CAT_2017_08_GTFS.zip", {"35126"})


@pytest.mark.parametrize(
    ("name", "stops", "day", "rail", "frequent"),
    [
        ("oakland/gtfs/BART_2018.zip", 50, "2018-05-30", 50, 50),
        ("oakland/gtfs/BART_2023.zip", 50, "2023-04-05", 50, 50),
        ("durham/gtfs/gtfs_duke_from_rda.zip", 124, "2019-10-02", 0, 40),
        ("fixtures/nyc_subway_two_routes_gtfs.zip", 182, "2024-12-18", 182, 162),
        ("fixtures/seattle_sound_transit_2017_gtfs.zip", 259, "2017-11-22", 68, 131),
    ],
)
def test_real_feeds_load(real_data: Path, name: str, stops: int, day: str, rail: int, frequent: int) -> None:
    feed = real(real_data, name)
    assert (len(feed.stops), feed.service_date, int(feed.stops["rail"].sum())) == (stops, day, rail)
    assert set(feed.departures["stop_id"]) <= set(feed.stops["stop_id"])
    assert not feed.departures.isna().any(axis=None)
    assert frequent_stops(feed).sum() == frequent
