"""Odd feeds: those that the reader refuses, those that run on other days, older editions, and timetables that ended.

What a catalogue lists near the district has to be readable; what it lists elsewhere in the reference may be left out,
and is named; what a planner names is never left out.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import shapely

from justgeo.core.spec import Area
from justgeo.sources.collect import collect
from justgeo.sources.live.ask import Brought, bring
from justgeo.sources.live.feeds import CATALOGUE
from justgeo.sources.live.records import Records
from tests.live import places
from tests.live.test_feeds import (
    SHUTTLE,
    alone,
    ask_for,
    failure_of,
    fetched,
    from_catalogue,
    listed,
    read,
    record_of,
    zipped,
)
from tests.loopback.faults import Fault
from tests.loopback.files import FileTree
from tests.loopback.mobility import Mobility
from tests.loopback.server import Loopback
from tests.sources.test_gtfs_many import boarded, line, notes, timetable

pytestmark = pytest.mark.usefixtures("looked_into_once")
CORNER = (-69.97, 38.83, -69.92, 38.86)  # of the county, beyond the district's halo
WEEKEND = timetable(
    {"d": (-70.012, 38.804), "m": (-70.005, 38.806)},
    line("d", "m", every_s=1800),
    agency="Ski (invented)",
    week=(0, 0, 0, 0, 0, 1, 1),
)


@pytest.fixture(scope="module")
def bus(folder: Path) -> bytes:
    """The invented county's own timetable, with a few of its trips."""
    return places.few_trips(folder)


@pytest.fixture(scope="module")
def area(folder: Path) -> Area:
    return places.area(folder)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


# Feeds that the reader refuses ------------------------------------------------------------------------------------


def changed(content: bytes, **members: Callable[[bytes], bytes]) -> bytes:
    """A feed, some of whose tables are others."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        old = {name: archive.read(name) for name in archive.namelist()}
    return zipped(**{name: members.get(name.partition(".")[0], bytes)(old[name]) for name in old})


def twice(table: bytes) -> bytes:
    return table + table.splitlines(keepends=True)[1]


def head(table: bytes) -> bytes:
    return table.splitlines(keepends=True)[0]


ODD = {
    "stop twice": (changed(SHUTTLE, stops=twice), "stops.txt of the timetable {} has 'B1901' twice."),
    "no trips": (changed(SHUTTLE, trips=head), "trips.txt of the timetable {} is empty."),
    "no day": (changed(SHUTTLE, calendar=head), "The timetable {} says of no day that anything runs"),
    "other days": (
        changed(SHUTTLE, calendar=lambda table: table.replace(b"wk", b"other")),
        "Nothing runs on 2025-03-05 in the timetable {}",
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_feed_near_the_district_makes_the_timetable_absent(
    what: str, bus: bytes, area: Area, records: Records
) -> None:
    content, said = ODD[what]
    feeds = [listed("mdb-1", bus), listed("mdb-2", content)]
    brought, asked = from_catalogue(feeds, records, area)
    assert asked == ["/feeds_v2.csv", "/agencies/mdb-1.zip", "/agencies/mdb-2.zip", "/mdb-2/latest.zip"]
    failure = failure_of(brought, records)
    assert failure.message.startswith(
        "The timetable of Agency mdb-2 (mdb-2), which the catalogue places in the district or near it, cannot be read."
    )
    assert failure.message.count(said.format("mdb-2.zip")) == 2 and failure.kind == "damaged"
    assert "/agencies/mdb-2.zip: " in failure.message and "/mdb-2/latest.zip: " in failure.message
    # How to go on: the other feeds by their addresses.
    assert '[fetch] gtfs = ["http://' in failure.remedy and '/agencies/mdb-1.zip"]' in failure.remedy
    assert "mdb-2" not in failure.remedy
    mended = [listed("mdb-1", bus), listed("mdb-2", SHUTTLE)]
    assert record_of(from_catalogue(mended, records, area)[0]).files  # and the next fetch completes


@pytest.mark.parametrize("what", [*ODD, "no timetable"])
def test_an_odd_feed_of_the_reference_alone_is_left_out_and_named(
    what: str, bus: bytes, area: Area, records: Records, tmp_path: Path
) -> None:
    content, said = ODD.get(what, (zipped(**{"readme.txt": b"x"}), "has no stops.txt"))
    feeds = [listed("mdb-1", bus), listed("mdb-2", content, bounds=CORNER), listed("mdb-3", SHUTTLE)]
    brought, asked = from_catalogue(feeds, records, area)
    assert list(dict.fromkeys(asked))[2:4] == ["/agencies/mdb-2.zip", "/mdb-2/latest.zip"]
    record = record_of(brought)
    assert list(record.files) == ["feeds.csv", "mdb-1.zip", "mdb-3.zip"] and "mdb-2" not in record.told.source
    (note,) = record.told.notes
    assert note.startswith("Left out, since it cannot be read: the feed of Agency mdb-2 (mdb-2), which the catalogue")
    assert "Transit of the reference may be counted short." in note and said.format("mdb-2.zip") in note
    assert str(tmp_path) not in note
    feed = read(brought, area)
    both = [*boarded(alone(bus, tmp_path, area)), *boarded(alone(SHUTTLE, tmp_path, area))]
    assert boarded(feed) == sorted(both) and notes(feed, "Left out") == [note]
    assert feed.provenance.asked["feeds"] == ["mdb-1", "mdb-3"] and "left_out" not in feed.provenance.asked


@pytest.mark.parametrize("others", [1, 2])
def test_a_feed_that_was_left_out_is_missed_where_the_boundary_has_moved_to_it(
    others: int, bus: bytes, area: Area, records: Records
) -> None:
    feeds = [listed("mdb-2", ODD["no trips"][0], bounds=CORNER), listed("mdb-1", bus), listed("mdb-3", SHUTTLE)]
    brought, _ = from_catalogue(feeds[: 1 + others], records, area)
    assert len(read(brought, area).departures)
    moved = replace(area, halo=shapely.box(-69.99, 38.80, -69.96, 38.84))
    assert bring([ask_for([CATALOGUE], moved)], records, None).specs == brought.specs  # it is no other question
    found = collect(["gtfs"], brought.specs, [], moved)
    assert "gtfs" not in found.layers and found.absent["gtfs"].startswith(
        "The timetable of Agency mdb-2 could not be read when it was fetched, and the catalogue places it in the"
    )


def test_without_a_reference_every_feed_is_near(bus: bytes, folder: Path, records: Records) -> None:
    district = places.area(folder, county=False)
    feeds = [listed("mdb-1", bus), listed("mdb-2", ODD["no trips"][0], bounds=CORNER)]
    brought, asked = from_catalogue(feeds, records, district)
    assert record_of(brought).told.notes == () and len(asked) == 2  # it is not even asked for
    near = [listed("mdb-1", bus), listed("mdb-2", ODD["no trips"][0], bounds=district.district.bounds)]
    again = Records(records.root / "again")
    assert "near it, cannot be read" in failure_of(from_catalogue(near, again, district)[0], again).message


def test_a_feed_that_is_refused_comes_as_the_catalogue_has_it(bus: bytes, area: Area, records: Records) -> None:
    """Refused as the agency has it, read as the catalogue has it."""
    odd = (Fault.body(lambda body: ODD["stop twice"][0]), lambda request: request.path == "/agencies/mdb-2.zip")
    brought, asked = from_catalogue([listed("mdb-1", bus), listed("mdb-2", SHUTTLE)], records, area, odd)
    assert asked[-1] == "/mdb-2/latest.zip" and record_of(brought).path("mdb-2.zip").read_bytes() == SHUTTLE
    assert record_of(brought).told.notes == (
        "From the catalogue's copy, since the agency's own address gave none: Agency mdb-2.",
    )


@pytest.mark.parametrize(
    ("fault", "lasting"),
    [(Fault.status(404), True), (Fault.html(), True), (Fault.status(503), False), (Fault.reset(), False)],
    ids=lambda one: getattr(one, "name", one),
)
def test_what_may_be_had_tomorrow_is_not_left_out(
    fault: Fault, lasting: bool, bus: bytes, area: Area, records: Records
) -> None:
    """The agency's own is refused; whether the catalogue's copy is any better, a silent server does not tell."""
    feeds = [listed("mdb-1", bus), listed("mdb-2", ODD["no trips"][0], bounds=CORNER)]
    copy = (fault, lambda request: request.path == "/mdb-2/latest.zip")
    brought, _ = from_catalogue(feeds, records, area, copy)
    if lasting:
        assert list(record_of(brought).files) == ["feeds.csv", "mdb-1.zip"]
    else:
        assert "Agency mdb-2 (mdb-2) could not be had" in failure_of(brought, records).message


def test_a_feed_of_the_reference_that_nobody_has_any_more_is_not_left_out(
    bus: bytes, area: Area, records: Records
) -> None:
    feeds = [listed("mdb-1", bus), listed("mdb-2", None, bounds=CORNER)]
    failure = failure_of(from_catalogue(feeds, records, area)[0], records)
    assert failure.kind == "missing" and "Agency mdb-2 (mdb-2) could not be had" in failure.message


def test_where_every_feed_is_left_out_the_timetable_is_absent(area: Area, records: Records) -> None:
    feeds = [listed("mdb-1", ODD["no trips"][0], bounds=CORNER), listed("mdb-2", ODD["no day"][0], bounds=CORNER)]
    failure = failure_of(from_catalogue(feeds, records, area)[0], records)
    assert failure.kind == "damaged" and "None of the feeds that" in failure.message
    assert "Agency mdb-1" in failure.message and "Agency mdb-2" in failure.message


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("beside", [0, 1])
def test_an_odd_feed_that_a_planner_names_is_refused_in_the_readers_words(
    beside: int, what: str, bus: bytes, area: Area, records: Records
) -> None:
    content, said = ODD[what]
    with Loopback(FileTree({"/bus.zip": bus, "/odd.zip": content}).handle) as server:
        urls = [*[f"{server.url}/bus.zip"][:beside], f"{server.url}/odd.zip"]
        failure = failure_of(fetched(urls, records, area), records)
    assert failure.message.startswith(f"The timetable of {urls[-1]} cannot be read. ") and failure.kind == "damaged"
    assert said.format(f"feed-{beside + 1}.zip") in failure.message and failure.remedy


def test_an_odd_feed_that_a_planner_names_beside_the_catalogue_is_never_left_out(
    bus: bytes, area: Area, records: Records
) -> None:
    with (
        Loopback(Mobility([listed("mdb-1", bus)]).handle) as server,
        Loopback(FileTree({"/odd.zip": ODD["no trips"][0]}).handle) as own,
    ):
        failure = failure_of(fetched([CATALOGUE, f"{own.url}/odd.zip"], records, area, server.url), records)
    assert f"The timetable of {own.url}/odd.zip cannot be read." in failure.message


# Feeds of other days ----------------------------------------------------------------------------------------------


def offline(wanted: Sequence[str], records: Records, area: Area) -> Brought:
    return bring([ask_for(wanted, area)], records, None)


def test_a_weekend_feed_of_the_catalogue_adds_nothing_and_is_named(
    bus: bytes, area: Area, records: Records, tmp_path: Path
) -> None:
    feeds = [listed("mdb-1", bus), listed("mdb-2", WEEKEND, provider="Weekend Ski Shuttle")]
    brought, asked = from_catalogue(feeds, records, area)
    assert len(asked) == 3 and list(record_of(brought).files) == ["feeds.csv", "mdb-1.zip", "mdb-2.zip"]
    feed = read(brought, area)
    assert boarded(feed) == boarded(alone(bus, tmp_path, area)) and feed.provenance.source == "Agency mdb-1"
    said = "Nothing runs on a Wednesday in the timetable of Weekend Ski Shuttle (2024-10-01/2024-11-30)"
    assert notes(feed, "Wednesday in") == [f"{said}: it adds no departures."]
    # Once recorded, it is read without a network, and says the same.
    again = read(offline([CATALOGUE], records, area), area)
    pd.testing.assert_frame_equal(again.departures, feed.departures)
    assert again.provenance == feed.provenance


def test_where_only_a_weekend_feed_is_listed_nothing_departs(area: Area, records: Records) -> None:
    brought, _ = from_catalogue([listed("mdb-2", WEEKEND)], records, area)
    feed = read(brought, area)
    assert feed.departures.empty and list(feed.stops["stop_id"]) == ["mdb-2:d", "mdb-2:m"]
    assert len(notes(feed, "Nothing runs on a Wednesday")) == 1


def test_the_only_feed_that_a_planner_names_has_to_run_on_wednesdays(bus: bytes, area: Area, records: Records) -> None:
    with Loopback(FileTree({"/bus.zip": bus, "/ski.zip": WEEKEND}).handle) as server:
        bus_url, ski = f"{server.url}/bus.zip", f"{server.url}/ski.zip"
        failure = failure_of(fetched([ski], records, area), records)
        assert "Nothing runs on 2024-10-02 in the timetable feed-1.zip" in failure.message
        feed = read(fetched([bus_url, ski], records, area), area)
    assert len(notes(feed, "in the timetable of Ski (invented)")) == 1


@pytest.mark.parametrize("several", [False, True])
def test_a_timetable_that_has_ended_is_told(several: bool, bus: bytes, area: Area, records: Records) -> None:
    feeds = [listed("mdb-1", bus, provider="Nowhere Transit"), *([listed("mdb-2", SHUTTLE)] if several else [])]
    brought, _ = from_catalogue(feeds, records, area)
    day = record_of(brought).told.retrieved[:10]
    said = f"before it was fetched on {day}: service may have changed since."
    feed = read(brought, area)
    assert (
        notes(feed, "ended on")
        == [
            f"The timetable of Nowhere Transit ended on 2024-12-13, {said}",
            f"The timetable of Agency mdb-2 ended on 2025-03-28, {said}",
        ][: 1 + several]
    )
    assert read(offline([CATALOGUE], records, area), area).provenance == feed.provenance


@pytest.mark.parametrize("name", ["AGENCY mdb-1", "Another"])
def test_of_two_editions_that_are_listed_the_newer_one_counts(
    name: str, area: Area, records: Records, tmp_path: Path
) -> None:
    places_ = {"B1901": (-70.0121, 38.804), "x": (-70.005, 38.806)}
    newer = timetable(places_, line("B1901", "x", every_s=700, start=25_111), dates=("20250401", "20250630"))
    brought, _ = from_catalogue([listed("mdb-1", SHUTTLE), listed("mdb-2", newer, provider=name)], records, area)
    feed = read(brought, area)
    if name == "Another":
        assert len(notes(feed, "counted twice")) == 1 and not notes(feed, "newer edition")
    else:
        assert boarded(feed) == boarded(alone(newer, tmp_path, area))
        assert len(notes(feed, "is the newer edition")) == 1 and not notes(feed, "counted twice")


def test_editions_that_a_planner_names_are_all_read(area: Area, records: Records) -> None:
    places_ = {"B1901": (-70.0121, 38.804), "x": (-70.005, 38.806)}
    trips = line("B1901", "x", every_s=700, start=25_111)
    newer = timetable(places_, trips, agency="Shuttle (invented)", dates=("20250401", "20250630"))
    with Loopback(FileTree({"/old.zip": SHUTTLE, "/new.zip": newer}).handle) as server:
        feed = read(fetched([f"{server.url}/old.zip", f"{server.url}/new.zip"], records, area), area)
    assert len(notes(feed, "counted twice")) == 1 and not notes(feed, "newer edition")
