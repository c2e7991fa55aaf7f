"""Several feeds are one timetable: everything once, nothing of two feeds mistaken for one."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import shapely

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import Feed
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure.headway import frequent_stops
from justgeo.sources import gtfs
from justgeo.sources.gtfs import read_feed
from justgeo.sources.gtfs_many import read_feeds
from justgeo.sources.service_day import DAYS

HERE = shapely.box(-78.50, 38.00, -78.40, 38.10)
WINDOW = shapely.box(-78.60, 37.90, -78.30, 38.20)
AREA = Area(district=HERE, reference=None, window=WINDOW, halo=WINDOW, halo_m=10_000)

HUB, CAMPUS, MALL, DEPOT = (-78.45, 38.05), (-78.46, 38.06), (-78.44, 38.04), (-78.43, 38.03)
DAY = range(7 * 3600, 19 * 3600)
WEDNESDAYS = ("20241001", "20241130")

Trip = Sequence[tuple[str, int]]


@pytest.fixture(scope="module")
def known() -> dict[object, object]:
    """What was read, by all that was asked."""
    return {}


@pytest.fixture(autouse=True)
def once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: dict[object, object]) -> None:
    """The same bytes in a file of the same name and place are read once, and whoever asks has a copy of his own.

    What becomes of one feed by itself is held by ``test_gtfs.py``.
    """
    read = gtfs._read

    def one(spec: LayerSpec, area: Area, *, idle: bool) -> object:
        place = spec.path.relative_to(tmp_path)
        asked = place, spec.path.read_bytes(), repr(replace(spec, path=place)), repr(area), idle
        if asked not in known:
            known[asked] = read(spec, area, idle=idle)
        return deepcopy(known[asked])

    monkeypatch.setattr(gtfs, "_read", one)


def timetable(
    stops: Mapping[str, tuple[float, float]],
    trips: Sequence[Trip],
    *,
    agency: str = "Made Transit",
    dates: tuple[str, str] = WEDNESDAYS,
    stations: Mapping[str, str] | None = None,
    headsign: str = "",
    week: Sequence[int] = (1, 1, 1, 1, 1, 0, 0),
    changes: Sequence[tuple[str, int]] = (),
    vouched: tuple[str, str] = ("", ""),
) -> bytes:
    """A feed of one service, on weekdays: each trip a list of stops with their seconds after midnight.

    ``changes`` are days that are added (1) or taken away (2), ``vouched`` those that the publisher vouches for.
    """
    rows: dict[str, list[list[object]]] = {
        "agency.txt": [["agency_id", "agency_name"], ["1", agency]],
        "routes.txt": [["route_id", "route_type"], ["1", 3]],
        "calendar.txt": [
            [
                "service_id",
                *DAYS,
                "start_date",
                "end_date",
            ],
            ["wk", *week, *dates],
        ],
        "calendar_dates.txt": [["service_id", "date", "exception_type"], *(["wk", *change] for change in changes)],
        "feed_info.txt": [["feed_start_date", "feed_end_date"], [*vouched]],
        "stops.txt": [["stop_id", "stop_name", "stop_lon", "stop_lat", "location_type", "parent_station"]],
        "trips.txt": [["route_id", "service_id", "trip_id", "direction_id", "trip_headsign"]],
        "stop_times.txt": [["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]],
    }
    known = dict(stations or {})
    rows["stops.txt"] += [[stop, stop, *place, 0, known.get(stop, "")] for stop, place in stops.items()]
    rows["stops.txt"] += [[name, name, *next(iter(stops.values())), 1, ""] for name in sorted(set(known.values()))]
    for number, trip in enumerate(trips):
        rows["trips.txt"].append(["1", "wk", f"t{number}", "" if headsign else 0, headsign])
        for order, (stop, second) in enumerate(trip):
            clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            rows["stop_times.txt"].append([f"t{number}", clock, clock, stop, order])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in rows.items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(lines)
            archive.writestr(zipfile.ZipInfo(name), text.getvalue(), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def line(*stops: str, every_s: int, start: int = DAY.start, leg_s: int = 300) -> list[Trip]:
    """Trips along some stops, all day."""
    return [
        [(stop, begin + leg_s * order) for order, stop in enumerate(stops)] for begin in range(start, DAY.stop, every_s)
    ]


BUS = timetable({"1": HUB, "2": CAMPUS, "3": MALL}, line("1", "2", "3", every_s=600), agency="Bus")
RAIL = timetable({"1": DEPOT, "2": CAMPUS}, line("1", "2", every_s=1800, start=DAY.start + 77), agency="Rail")


def spec(
    folder: Path,
    feeds: Mapping[str, bytes],
    *,
    providers: Mapping[str, str] | None = None,
    listed: bool = False,
    retrieved: str = "",
    **options: object,
) -> LayerSpec:
    """The declaration of some feeds, by their ids."""
    told = []
    for name, content in feeds.items():
        (folder / f"{name}.zip").write_bytes(content)
        provider = (providers or {}).get(name, f"Agency {name}")
        told.append({"file": str(folder / f"{name}.zip"), "provider": provider, "listed": listed})
    options = {"feeds": told, **options}
    return LayerSpec("gtfs", folder, options=options, source="All", notes=("Told once.",), retrieved=retrieved)


def read(folder: Path, **feeds: bytes) -> Feed:
    return read_feeds(spec(folder, feeds), AREA)


def notes(feed: Feed, words: str) -> list[str]:
    return [note for note in feed.provenance.notes if words in note]


def alone(folder: Path, name: str, content: bytes) -> Feed:
    (folder / f"{name}.zip").write_bytes(content)
    return read_feed(LayerSpec("gtfs", folder / f"{name}.zip"), AREA)


def boarded(feed: Feed) -> list[tuple[str, int]]:
    """Departures as a rider sees them: where and when."""
    named = feed.departures.merge(feed.stops, on="stop_id")
    return sorted(
        zip(named["lon"].round(4).astype(str) + named["lat"].round(4).astype(str), named["seconds"], strict=True)
    )


def test_departures_of_both_and_no_id_of_two_meanings(tmp_path: Path) -> None:
    feed = read(tmp_path, bus=BUS, rail=RAIL)
    one, other = alone(tmp_path, "bus", BUS), alone(tmp_path, "rail", RAIL)
    assert boarded(feed) == sorted([*boarded(one), *boarded(other)]) and len(feed.departures) == 72 * 2 + 24
    assert list(feed.stops["stop_id"]) == ["bus:1", "bus:2", "bus:3", "rail:1", "rail:2"]
    assert list(feed.stops["station"]) == list(feed.stops["stop_id"])
    for column in ("stop_id", "route_id", "trip_id"):
        assert set(feed.departures[column].str.partition(":")[0]) == {"bus", "rail"}
        assert (
            feed.departures[column].nunique() == one.departures[column].nunique() + other.departures[column].nunique()
        )
    assert set(feed.departures["stop_id"]) <= set(feed.stops["stop_id"])
    keys = ["stop_id", "direction", "seconds", "trip_id"]
    pd.testing.assert_frame_equal(feed.departures, feed.departures.sort_values(keys).reset_index(drop=True))
    assert list(feed.departures.columns) == list(one.departures.columns)


def test_departures_are_in_order_whatever_the_feeds_are_called(tmp_path: Path) -> None:
    """``a-b`` comes after ``a``, and ``a-b:1`` before ``a:1``."""
    feed = read_feeds(spec(tmp_path, {"a": BUS, "a-b": RAIL}), AREA)
    assert feed.departures["stop_id"].is_monotonic_increasing and feed.departures["stop_id"].iloc[0] == "a-b:1"


def test_a_station_belongs_to_its_feed(tmp_path: Path) -> None:
    stations = {"1": "S", "2": "S"}
    feed = read(
        tmp_path,
        a=timetable({"1": HUB, "2": HUB, "3": MALL}, line("1", "3", every_s=600), stations=stations),
        b=timetable({"1": HUB, "2": DEPOT, "3": MALL}, line("1", "3", every_s=900, start=26000), stations=stations),
    )
    assert dict(zip(feed.stops["stop_id"], feed.stops["station"], strict=True)) == {
        **{"a:1": "a:S", "a:2": "a:S", "a:3": "a:3"},
        **{"b:1": "b:S", "b:2": "b:S", "b:3": "b:3"},
    }


def test_a_stop_is_frequent_by_its_own_feed(tmp_path: Path) -> None:
    """Two agencies that come every 24 minutes by turns are no line that comes every 12: their tickets differ."""
    rare = timetable({"1": HUB, "2": MALL}, line("1", "2", every_s=1440), agency="Rare")
    turn = timetable({"1": HUB, "2": DEPOT}, line("1", "2", every_s=1440, start=DAY.start + 720), agency="Turn")
    feed = read(tmp_path, bus=BUS, rare=rare, turn=turn)
    assert set(feed.stops["stop_id"][frequent_stops(feed)]) == {"bus:1", "bus:2"}
    apart = {
        f"{name}:{stop}"
        for name, content in {"bus": BUS, "rare": rare, "turn": turn}.items()
        for found in [alone(tmp_path, name, content)]
        for stop in found.stops["stop_id"][frequent_stops(found)]
    }
    assert apart == {"bus:1", "bus:2"}


def test_days_and_origins_are_told(tmp_path: Path) -> None:
    later = timetable(
        {"9": DEPOT, "2": CAMPUS}, line("9", "2", every_s=1800), dates=("20250301", "20250331"), headsign="In"
    )
    feed = read(tmp_path, b=later, a=BUS)
    assert feed.service_date == "2024-10-02, 2025-03-05"
    told = feed.provenance
    assert told.source == "Agency a, Agency b" and told.dataset == "GTFS timetables of 2 feeds"
    assert told.vintage == (
        "Agency a: 2024-10-01/2024-11-30, service day 2024-10-02 (Wednesday); "
        "Agency b: 2025-03-01/2025-03-31, service day 2025-03-05 (Wednesday)"
    )
    assert told.notes[0] == "Told once." and sum("Told once." in note for note in told.notes) == 1
    assert [note for note in told.notes if "no direction_id" in note] == [
        "Agency b: 24 of 24 trips have no direction_id; their direction is the headsign (24) or the route (0)."
    ]
    same = read(tmp_path, a=BUS, b=RAIL)
    assert same.service_date == "2024-10-02" and same.provenance.vintage.startswith("2024-10-01/2024-11-30, ")


def test_no_path_is_told_and_the_order_of_feeds_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    one = read_feeds(spec(tmp_path / "x", {"bus": BUS, "rail": RAIL}), AREA)
    other = read_feeds(spec(tmp_path / "y", {"rail": RAIL, "bus": BUS}), AREA)
    pd.testing.assert_frame_equal(one.stops, other.stops)
    pd.testing.assert_frame_equal(one.departures, other.departures)
    assert one.provenance.sha256 == other.provenance.sha256
    assert one.provenance.sha256 != read(tmp_path, bus=BUS, rail=BUS[:-1] + b"\x00").provenance.sha256
    assert one.provenance.asked["feeds"] == ["bus", "rail"] and one.provenance.asked["file"] == "x"
    assert str(tmp_path) not in json.dumps(one.provenance.asked) + "".join(one.provenance.notes)


def test_a_day_that_the_planner_names_holds_for_all(tmp_path: Path) -> None:
    told = spec(tmp_path, {"bus": BUS, "rail": RAIL}, date="2024-10-10")
    assert read_feeds(told, AREA).service_date == "2024-10-10"


# Copies ----------------------------------------------------------------------------------------------------------


def left_out(feed: Feed) -> list[str]:
    return [note for note in feed.provenance.notes if "left out" in note]


def test_a_feed_that_is_listed_twice_counts_once(tmp_path: Path) -> None:
    feed = read(tmp_path, bus=BUS, again=BUS)
    assert boarded(feed) == boarded(alone(tmp_path, "bus", BUS))
    assert left_out(feed) == [
        "The feed bus of Agency bus is left out, since 100% of its trips are in the feed again of Agency again too."
    ]
    assert feed.provenance.source == "Agency again" and feed.provenance.dataset == "GTFS timetable"


def test_a_regions_collection_counts_its_agencies_once(tmp_path: Path) -> None:
    ids = {"b1": HUB, "b2": CAMPUS, "b3": MALL, "r1": DEPOT, "r2": CAMPUS}
    both = [*line("b1", "b2", "b3", every_s=600), *line("r1", "r2", every_s=1800, start=DAY.start + 77)]
    region = timetable(ids, both, agency="Region")
    feed = read(tmp_path, bus=BUS, rail=RAIL, region=region)
    assert boarded(feed) == boarded(alone(tmp_path, "region", region)) == boarded(read(tmp_path, bus=BUS, rail=RAIL))
    assert len(left_out(feed)) == 2 and all("in the feed region" in note for note in left_out(feed))


@pytest.mark.parametrize(("kept", "is_copy"), [(60, True), (36, True), (35, False), (0, False)])
def test_more_than_half_of_the_trips_make_a_copy(kept: int, is_copy: bool, tmp_path: Path) -> None:
    """Of 71 trips some run as they did, moved by 30 m in the newer survey; the rest leave a second later."""
    trips = [
        [(stop, second + (number >= kept)) for stop, second in trip]
        for number, trip in enumerate(line("1", "2", "3", every_s=600)[:-1])
    ]
    moved = {"1": (HUB[0] + 3e-4, HUB[1]), "2": CAMPUS, "3": MALL}
    assert is_copy == (kept / len(trips) > 0.5)
    feed = read(tmp_path, bus=BUS, edition=timetable(moved, trips))
    assert len(left_out(feed)) == is_copy
    assert len(feed.departures) == (144 if is_copy else 144 + 142)
    told = [note for note in feed.provenance.notes if "two editions" in note]
    assert len(told) == (0 if is_copy else 1)  # the same stops, other times: whoever reads it should know


def test_feeds_that_meet_at_one_place_are_no_copies(tmp_path: Path) -> None:
    """Shuttles leave the hub at the same seconds, as a bus does that goes on; each comes back from its own place."""

    def shuttle(place: tuple[float, float], back: int) -> bytes:
        there = [[("h", begin), ("x", begin + 600)] for begin in range(DAY.start, DAY.stop, 900)]
        return timetable(
            {"h": HUB, "x": place}, [*there, *([("x", t[1][1] + back), ("h", t[1][1] + back + 600)] for t in there)]
        )

    feed = read(tmp_path, bus=BUS, campus=shuttle(CAMPUS, 60), mall=shuttle(MALL, 90), depot=shuttle(DEPOT, 60))
    assert not left_out(feed) and not any("editions" in note for note in feed.provenance.notes)
    assert len(feed.departures) == 144 + 3 * 96


# Editions -------------------------------------------------------------------------------------------------------

STOPS = {"1": HUB, "2": CAMPUS, "3": MALL, "4": DEPOT}
OLD = timetable(STOPS, line("1", "2", "3", "4", every_s=600), dates=("20240901", "20241214"))
SPRING = ("20250113", "20250510")


def newer(moved: float = 3e-4, **others: tuple[float, float]) -> bytes:
    """Fewer trips at other seconds, by the same stops 30 m from where they were."""
    stops = {id: (lon + moved, lat) for id, (lon, lat) in STOPS.items()} | others
    return timetable(stops, line("1", "2", "3", "4", every_s=900, start=DAY.start + 77), dates=SPRING)


def editions(folder: Path, listed: bool = True, name: str = "city  TRANSIT", **feeds: bytes) -> Feed:
    """Feeds of one agency, whose name is not always written in one way."""
    providers = dict.fromkeys(feeds, "City Transit") | {next(iter(feeds)): name}
    return read_feeds(spec(folder, feeds, providers=providers, listed=listed), AREA)


def test_the_newer_edition_of_a_timetable_is_kept(tmp_path: Path) -> None:
    feed = editions(tmp_path, old=OLD, new=newer())
    assert boarded(feed) == boarded(alone(tmp_path, "new", newer()))
    assert left_out(feed) == [
        "The feed old of city  TRANSIT is left out: the feed new of City Transit is the newer edition of its timetable "
        "(until 2025-05-10, not 2024-12-14; 100% of their stops in common)."
    ]
    assert feed.provenance.source == "City Transit" and not notes(feed, "counted twice")
    again = editions(tmp_path, new=newer(), old=OLD)
    assert boarded(again) == boarded(feed) and len(left_out(again)) == 1


def test_the_newer_edition_is_kept_though_most_trips_of_the_two_are_the_same(tmp_path: Path) -> None:
    """It lost a third of its trips: what no longer runs is not counted, though the older feed is the larger one."""
    trips = line("1", "2", "3", "4", every_s=600)
    fewer = timetable(STOPS, trips[: len(trips) * 2 // 3], dates=SPRING)
    feed = editions(tmp_path, old=OLD, new=fewer)
    assert boarded(feed) == boarded(alone(tmp_path, "new", fewer)) and len(feed.departures) == 48 * 3
    assert "newer edition" in left_out(feed)[0]


def test_of_three_editions_the_newest_is_kept(tmp_path: Path) -> None:
    mid = timetable(STOPS, line("1", "2", "3", "4", every_s=1200, start=DAY.start + 33), dates=("20240901", "20250228"))
    feed = editions(tmp_path, old=OLD, new=newer(), mid=mid)
    assert feed.provenance.dataset == "GTFS timetable" and feed.service_date == "2025-01-15"
    assert [note.partition(" is the ")[0].partition("out: ")[2] for note in left_out(feed)] == [
        "the feed new of City Transit",
        "the feed new of City Transit",
    ]


@pytest.mark.parametrize(("common", "kept"), [(4, 1), (3, 1), (2, 2)])
def test_two_thirds_of_the_stops_make_an_edition(common: int, kept: int, tmp_path: Path) -> None:
    """Of four stops and of the other feed's four; those beyond stand 1 km away."""
    away = {id: (lon, lat + 0.01) for id, (lon, lat) in list(STOPS.items())[common:]}
    feed = editions(tmp_path, old=OLD, new=newer(**away))
    assert feed.provenance.dataset == ("GTFS timetable" if kept == 1 else "GTFS timetables of 2 feeds")
    assert bool(left_out(feed)) == (kept == 1) and not notes(feed, "counted twice")


def test_a_line_within_a_network_is_no_edition_of_it(tmp_path: Path) -> None:
    """An agency's streetcar calls at stops of its buses: all of its two stops are theirs, half of theirs are its."""
    tram = timetable({"1": HUB, "2": CAMPUS}, line("1", "2", every_s=900, start=DAY.start + 77), dates=SPRING)
    feed = editions(tmp_path, bus=OLD, tram=tram)
    assert not left_out(feed) and len(notes(feed, "counted twice")) == 1
    assert len(feed.departures) == 72 * 3 + 48


@pytest.mark.parametrize("why", ["another agency", "named", "one validity"])
def test_what_is_no_newer_edition_is_kept_with_a_warning(why: str, tmp_path: Path) -> None:
    twin = timetable(STOPS, line("1", "2", "3", "4", every_s=900, start=DAY.start + 77), dates=("20241001", "20241214"))
    feed = editions(
        tmp_path,
        listed=why != "named",
        name="County Transit" if why == "another agency" else "City Transit",
        old=OLD,
        new=twin if why == "one validity" else newer(),
    )
    assert not left_out(feed) and len(notes(feed, "counted twice")) == 1
    assert len(feed.departures) == 72 * 3 + 48 * 3


# Days ------------------------------------------------------------------------------------------------------------


def shuttle(*week: int, dates: tuple[str, str] = WEDNESDAYS, **told: object) -> bytes:
    """From the depot to the mall, on some days of the week."""
    trips = line("d", "m", every_s=1800)
    return timetable({"d": DEPOT, "m": MALL}, trips, agency="Ski", week=week, dates=dates, **told)  # type: ignore[arg-type]


WEEKEND = shuttle(0, 0, 0, 0, 0, 1, 1)
FAIR = ("20241012", "20241013")  # Saturday and Sunday


@pytest.mark.parametrize(
    ("odd", "dates"),
    [
        (WEEKEND, "2024-10-01/2024-11-30"),
        (shuttle(0, 1, 0, 1, 0, 0, 0), "2024-10-01/2024-11-30"),
        (shuttle(0, 0, 0, 0, 0, 1, 1, dates=FAIR), "2024-10-12/2024-10-13"),
        (shuttle(1, 1, 1, 1, 1, 1, 1, dates=FAIR), "2024-10-12/2024-10-13"),
        (shuttle(1, 1, 1, 1, 1, 1, 1, dates=("20241225", "20241225")), "2024-12-25/2024-12-25"),
        (shuttle(0, 0, 0, 0, 0, 0, 0, changes=[("20241012", 1), ("20241115", 1)]), "2024-10-01/2024-11-30"),
    ],
    ids=[
        "weekends",
        "Tuesdays and Thursdays",
        "one weekend",
        "one weekend of a daily service",
        "Christmas",
        "named days",
    ],
)
def test_a_feed_without_wednesdays_adds_no_departures_and_is_named(odd: bytes, dates: str, tmp_path: Path) -> None:
    feed = read(tmp_path, bus=BUS, ski=odd)
    assert boarded(feed) == boarded(alone(tmp_path, "bus", BUS)) and feed.service_date == "2024-10-02"
    assert notes(feed, "Wednesday") == [
        f"Nothing runs on a Wednesday in the timetable of Agency ski ({dates}): it adds no departures."
    ]
    assert feed.provenance.source == "Agency bus" and feed.provenance.dataset == "GTFS timetable"
    assert set(feed.stops["stop_id"]) == {"bus:1", "bus:2", "bus:3"}


def test_where_nothing_runs_on_a_wednesday_no_stop_is_frequent(tmp_path: Path) -> None:
    feed = read(tmp_path, ski=WEEKEND, fair=shuttle(1, 1, 1, 1, 1, 1, 1, dates=FAIR))
    assert feed.departures.empty and list(feed.departures.columns) == list(alone(tmp_path, "b", BUS).departures.columns)
    assert len(feed.stops) == 4 and not frequent_stops(feed).any()
    assert feed.service_date == "" and len(notes(feed, "Nothing runs on a Wednesday")) == 2
    assert feed.provenance.vintage == (
        "Agency fair: 2024-10-12/2024-10-13, nothing on a Wednesday; "
        "Agency ski: 2024-10-01/2024-11-30, nothing on a Wednesday"
    )
    assert not left_out(feed) and not notes(feed, "counted twice")


def test_a_weekend_feed_of_another_place_is_elsewhere(tmp_path: Path) -> None:
    far = timetable({"1": (-80.0, 40.0), "2": (-80.1, 40.1)}, line("1", "2", every_s=600), week=(0, 0, 0, 0, 0, 1, 1))
    feed = read(tmp_path, bus=BUS, far=far)
    assert left_out(feed) == ["Without a stop in the area, and left out: the feeds of Agency far."]
    assert not notes(feed, "Wednesday in")


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        # Wednesday is Christmas Day: what runs on other weekdays runs on Wednesdays too, and nobody knows how much.
        (shuttle(1, 1, 1, 1, 1, 0, 0, dates=("20241223", "20241229")), "holds no Wednesday"),
        (shuttle(0, 0, 0, 0, 0, 0, 0), "Nothing runs"),
        (shuttle(0, 0, 0, 0, 0, 0, 0, changes=[("20241012", 1)], vouched=("20241101", "20241130")), "Nothing runs"),
        (shuttle(0, 0, 0, 0, 0, 1, 1, dates=("20241012", "20241012"), changes=[("20241012", 2)]), "no Wednesday"),
    ],
    ids=["a holiday", "no day at all", "none that is vouched for", "the only day taken away"],
)
def test_a_feed_that_does_not_tell_of_wednesdays_is_refused(odd: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=f"timetable of Agency ski cannot be used: .*{said}"):
        read(tmp_path, bus=BUS, ski=odd)


def test_on_a_day_that_a_planner_names_every_feed_has_to_run(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="Agency ski cannot be used: Nothing runs on 2024-10-10"):
        read_feeds(spec(tmp_path, {"bus": BUS, "ski": WEEKEND}, date="2024-10-10"), AREA)


def test_a_feed_by_itself_has_to_run_on_wednesdays(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="Nothing runs on"):
        alone(tmp_path, "ski", WEEKEND)


def ended(folder: Path, retrieved: str, **feeds: bytes) -> list[str]:
    return notes(read_feeds(spec(folder, feeds, retrieved=retrieved), AREA), "ended on")


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (BUS, "2024-11-29"),  # it is valid until a Saturday
        (timetable({"1": HUB, "2": MALL}, line("1", "2", every_s=600), changes=[("20241129", 2)]), "2024-11-28"),
        (timetable({"1": HUB, "2": MALL}, line("1", "2", every_s=600), changes=[("20241224", 1)]), "2024-12-24"),
    ],
    ids=["week", "a day taken away", "a day added"],
)
def test_a_timetable_that_ran_out_before_it_was_fetched_is_named(content: bytes, last: str, tmp_path: Path) -> None:
    after = (pd.Timestamp(last) + pd.Timedelta(days=1)).date().isoformat()
    said = f"ended on {last}, before it was fetched on {after}: service may have changed since."
    assert ended(tmp_path, after, a=content, b=RAIL)[0] == f"The timetable of Agency a {said}"
    assert not [note for note in ended(tmp_path, last, a=content, b=RAIL) if "Agency a" in note]
    assert not ended(tmp_path, "", a=content, b=RAIL)  # nobody said when
    told = LayerSpec("gtfs", tmp_path / "a.zip", source="Made Transit", retrieved=after)
    assert notes(read_feed(told, AREA), "ended on") == [f"The timetable of Made Transit {said}"]
    assert not notes(read_feed(LayerSpec("gtfs", tmp_path / "a.zip", retrieved=last), AREA), "ended on")


def test_a_timetable_without_an_end_is_read(tmp_path: Path) -> None:
    """Some agencies write 9999-12-31, which no count of nanoseconds reaches."""
    feed = ended_at = read(
        tmp_path, a=timetable({"1": HUB, "2": MALL}, line("1", "2", every_s=600), dates=("20241001", "99991231"))
    )
    assert len(ended_at.departures) == 72 and feed.service_date == "2024-10-02"
    assert len(notes(feed, "2199-12-31")) == 1


@pytest.mark.parametrize("number", ["inf", "1e400", "1e30", "-inf"])
def test_numbers_beyond_all_bounds_are_refused(number: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(BUS)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["stop_times.txt"] = parts["stop_times.txt"].replace(b",1,0\n", f",1,{number}\n".encode(), 1)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(LayerError, match=number):
        alone(tmp_path, "bus", target.getvalue())


# Elsewhere -------------------------------------------------------------------------------------------------------

FAR = timetable({"1": (-80.0, 40.0), "2": (-80.1, 40.1)}, line("1", "2", every_s=600))
AROUND = timetable(
    {"1": (-79.0, 37.5), "2": (-78.0, 38.5)}, [*line("1", "2", every_s=600), *line("2", "1", every_s=600)]
)


@pytest.mark.parametrize("other", [FAR, AROUND], ids=["far", "around"])
def test_a_feed_without_a_stop_in_the_area_is_left_out(other: bytes, tmp_path: Path) -> None:
    feed = read(tmp_path, bus=BUS, other=other)
    assert boarded(feed) == boarded(alone(tmp_path, "bus", BUS))
    assert left_out(feed) == ["Without a stop in the area, and left out: the feeds of Agency other."]
    assert feed.provenance.source == "Agency bus"


def test_where_no_feed_stops_the_area_is_not_covered(tmp_path: Path) -> None:
    with pytest.raises(CoverageError, match="None of 2 timetables has a stop in the area") as told:
        read(tmp_path, a=FAR, b=FAR)
    assert "gtfs" in told.value.remedy


def test_that_there_is_no_transit_is_a_finding(tmp_path: Path) -> None:
    feed = read(tmp_path, far=FAR, around=AROUND)
    assert feed.stops.empty and feed.departures.empty and feed.provenance.source == "Agency around"
    assert left_out(feed) == ["Without a stop in the area, and left out: the feeds of Agency far."]
    assert not frequent_stops(feed).any()


def test_a_damaged_feed_is_named(tmp_path: Path) -> None:
    broken = timetable({"1": HUB}, [[("1", 30000), ("2", 31000)]])
    with pytest.raises(LayerError, match=r"timetable of Agency rail cannot be used: .* stops that stops.txt lacks"):
        read(tmp_path, bus=BUS, rail=broken)
    with pytest.raises(LayerError, match="names no timetable"):
        read_feeds(LayerSpec("gtfs", tmp_path, options={"feeds": []}), AREA)


@pytest.mark.real
def test_two_editions_of_one_railway_are_no_copies_but_told(tmp_path: Path) -> None:
    """BART of 2018 and of 2023: 5 % of the trips are the same, 98 % of the stops, each some 30 m from where it was."""
    base = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    folder = base / "oakland" / "gtfs"
    if not folder.is_dir():
        pytest.skip("real data not here: oakland (JUSTGEO_REAL_DATA or ../shared/data)")
    bay = shapely.box(-122.6, 37.4, -121.6, 38.1)
    area = Area(shapely.box(-122.30, 37.80, -122.26, 37.83), None, bay, bay, 1000.0)
    feeds = {year: (folder / f"BART_{year}.zip").read_bytes() for year in ("2018", "2023")}
    feed = read_feeds(spec(tmp_path, feeds), area)
    assert len(feed.departures) == 14_948 + 14_458 and len(feed.stops) == 50 + 49
    assert feed.service_date == "2018-05-30, 2023-04-05" and not left_out(feed)
    assert sum("two editions of one timetable" in note for note in feed.provenance.notes) == 1
    once = read_feeds(spec(tmp_path, {**feeds, "again": feeds["2018"]}), area)
    assert len(once.departures) == len(feed.departures) and len(left_out(once)) == 1
