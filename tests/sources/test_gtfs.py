"""A feed is boiled down to one weekday, or refused with a remedy."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
import shapely

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import Feed
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure.headway import frequent_stops
from justgeo.sources.gtfs import read_feed

HERE = shapely.box(-78.50, 38.00, -78.40, 38.10)
WINDOW = shapely.box(-78.60, 37.90, -78.30, 38.20)
AREA = Area(district=HERE, reference=None, window=WINDOW, halo=WINDOW, halo_m=10_000)

FILES = {
    "agency.txt": "agency_id,agency_name\n1,Made",
    "stops.txt": """
        stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
        A,"First, and Main",38.01,-78.49,0,
        B1,Hub bay 1,38.05,-78.45,,HUB
        B2,Hub bay 2,38.05,-78.45,,HUB
        HUB,Hub,38.05,-78.45,1,
        C,Last,38.09,-78.41,,""",
    "routes.txt": "route_id,route_type\nbus,3\ntram,0\ntrolley,11",
    "calendar.txt": """
        service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
        wk,1,1,1,1,1,0,0,20241001,20241201
        sun,0,0,0,0,0,0,1,20241001,20241201""",
    "trips.txt": """
        route_id,service_id,trip_id,direction_id,trip_headsign
        bus,wk,t1,0,Downtown
        tram,wk,t2,1,Uptown
        tram,sun,t3,1,Uptown""",
    "stop_times.txt": """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type
        t1,7:00:00,7:00:00,A,1,
        t1,,,B1,5,
        t1,7:20:00,7:20:00,C,9,
        t2,25:10:00,25:10:00,B2,1,0
        t2,25:20:00,25:21:30,A,2,1
        t2,25:30:00,25:30:00,C,3,0
        t3,09:00:00,09:00:00,C,1,0
        t3,09:10:00,09:10:00,A,2,0""",
}


def text(raw: str) -> str:
    return "\n".join(line.strip() for line in raw.strip().splitlines()) + "\n"


def folder(where: Path, **changed: str | None) -> Path:
    """The feed above as a folder, some files replaced (``stops="..."``) or left out (``stops=None``)."""
    files = {**FILES, **{f"{name}.txt": raw for name, raw in changed.items()}}
    where.mkdir(exist_ok=True)
    for name, raw in files.items():
        if raw is not None:
            (where / name).write_text(text(raw), encoding="utf-8", newline="")
    return where


def packed(where: Path, inside: str = "", **changed: str | None) -> Path:
    source = folder(where / "parts", **changed)
    target = where / "feed.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.glob("*.txt")):
            archive.write(path, inside + path.name)
    return target


def read(path: Path, area: Area = AREA, **options: object) -> Feed:
    return read_feed(LayerSpec("gtfs", path, options=options, source="Made agency", notes=("as given",)), area)


def seconds(feed: Feed) -> dict[tuple[str, str], list[int]]:
    groups = feed.departures.groupby(["stop_id", "direction"])["seconds"]
    return {key: list(found) for key, found in groups}


def test_departures_of_the_weekday(tmp_path: Path) -> None:
    feed = read(packed(tmp_path))
    # C is the last stop of both trips, t2 lets nobody board at A, t3 runs on Sundays
    assert seconds(feed) == {("A", "0"): [25_200], ("B1", "0"): [25_800], ("B2", "1"): [90_600]}
    assert feed.service_date == "2024-10-02"
    assert feed.provenance.vintage == "2024-10-01/2024-12-01, service day 2024-10-02 (Wednesday)"


def test_stops_with_station_and_rail(tmp_path: Path) -> None:
    stops = read(packed(tmp_path)).stops.set_index("stop_id")
    assert list(stops.index) == ["A", "B1", "B2", "C"]
    assert stops["name"]["A"] == "First, and Main"
    assert dict(stops["station"]) == {"A": "A", "B1": "HUB", "B2": "HUB", "C": "C"}
    assert dict(stops["rail"]) == {"A": True, "B1": False, "B2": True, "C": True}


@pytest.mark.parametrize(("kind", "high"), [(0, True), (3, False), (4, True), (11, False), (109, True), (704, False)])
def test_which_route_types_are_high_capacity(tmp_path: Path, kind: int, high: bool) -> None:
    feed = read(folder(tmp_path / "f", routes=f"route_id,route_type\nbus,{kind}\ntram,3"))
    assert bool(feed.stops.set_index("stop_id")["rail"]["B1"]) is high


def test_a_time_between_two_known_ones_is_set_by_equal_steps(tmp_path: Path) -> None:
    """B1 is the middle of three stops, whatever the numbers of the sequence; and this is told."""
    feed = read(
        folder(
            tmp_path / "f",
            stop_times="""
        trip_id,departure_time,stop_id,stop_sequence
        t1,7:00:00,A,1
        t1,,B1,2
        t1,,B2,30
        t1,7:30:00,C,40""",
        )
    )
    assert seconds(feed) == {("A", "0"): [25_200], ("B1", "0"): [25_800], ("B2", "0"): [26_400]}
    assert any("2 of 4 stop times" in n for n in feed.provenance.notes)


def test_times_beyond_the_known_ones_are_left_out_and_told(tmp_path: Path) -> None:
    feed = read(
        folder(
            tmp_path / "f",
            stop_times="""
        trip_id,departure_time,stop_id,stop_sequence
        t1,,A,1
        t1,7:10:00,B1,2
        t1,7:30:00,C,3""",
        )
    )
    assert seconds(feed) == {("B1", "0"): [25_800]}
    assert any(n.startswith("1 departures at the ends") for n in feed.provenance.notes)


def test_stop_times_in_any_order(tmp_path: Path) -> None:
    lines = text(FILES["stop_times.txt"]).splitlines()
    feed = read(folder(tmp_path / "f", stop_times="\n".join([lines[0], *lines[:0:-1]])))
    assert seconds(feed) == seconds(read(folder(tmp_path / "g")))


def test_a_sequence_of_numbers_is_not_sorted_as_text(tmp_path: Path) -> None:
    feed = read(
        folder(
            tmp_path / "f",
            stop_times="""
        trip_id,departure_time,stop_id,stop_sequence
        t1,7:30:00,C,10
        t1,7:00:00,A,9""",
        )
    )
    assert seconds(feed) == {("A", "0"): [25_200]}


def test_frequencies_are_expanded(tmp_path: Path) -> None:
    feed = read(
        folder(
            tmp_path / "f",
            frequencies="""
        trip_id,start_time,end_time,headway_secs,exact_times
        t1,06:00:00,07:00:00,1200,0
        t1,23:30:00,24:30:00,1800,0""",
        )
    )
    starts = [21_600, 22_800, 24_000, 84_600, 86_400]
    assert seconds(feed)["A", "0"] == starts
    assert seconds(feed)["B1", "0"] == [s + 600 for s in starts]
    assert seconds(feed)["B2", "1"] == [90_600]
    assert feed.departures["trip_id"].nunique() == 6


def test_expanded_trips_decide_on_the_day(tmp_path: Path) -> None:
    feed = read(
        folder(
            tmp_path / "f",
            calendar="""
            service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
            wk,1,1,1,1,1,0,0,20241007,20241013
            sun,1,1,1,1,1,0,0,20241001,20241006""",
            frequencies="trip_id,start_time,end_time,headway_secs\nt3,06:00:00,09:00:00,600",
        )
    )
    assert feed.service_date == "2024-10-02"


@pytest.mark.parametrize(
    ("row", "direction"), [("bus,wk,t1,,Downtown", "to Downtown"), ("bus,wk,t1,,", "route bus"), ("bus,wk,t1,1,", "1")]
)
def test_direction_by_id_headsign_or_route(tmp_path: Path, row: str, direction: str) -> None:
    feed = read(folder(tmp_path / "f", trips=f"route_id,service_id,trip_id,direction_id,trip_headsign\n{row}"))
    assert set(feed.departures["direction"]) == {direction}
    assert any("direction_id" in n for n in feed.provenance.notes) is (direction != "1")


def test_calendar_dates_alone(tmp_path: Path) -> None:
    feed = read(
        folder(
            tmp_path / "f",
            calendar=None,
            calendar_dates="service_id,date,exception_type\nwk,20241009,1\nsun,20241013,1",
        )
    )
    assert feed.service_date == "2024-10-09"


def test_calendar_with_exceptions(tmp_path: Path) -> None:
    feed = read(folder(tmp_path / "f", calendar_dates="service_id,date,exception_type\nwk,20241002,2"))
    assert feed.service_date == "2024-10-09"


def test_the_planners_date(tmp_path: Path) -> None:
    path = folder(tmp_path / "f")
    assert read(path, date="2024-11-05").service_date == "2024-11-05"
    with pytest.raises(LayerError, match="Saturday"):
        read(path, date="2024-11-09")
    with pytest.raises(LayerError, match="soon"):
        read(path, date="soon")


def test_byte_order_mark_quotes_blanks_and_trailing_commas(tmp_path: Path) -> None:
    path = folder(tmp_path / "f")
    rows = text(FILES["trips.txt"]).splitlines()
    (path / "trips.txt").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(r + "," for r in rows).encode())
    quoted = [",".join(f'" {v}"' for v in line.split(",")) for line in text(FILES["stop_times.txt"]).splitlines()]
    (path / "stop_times.txt").write_text("\n".join(quoted), encoding="utf-8")
    plain = read(folder(tmp_path / "g"))
    assert seconds(read(path)) == seconds(plain)


def test_identifiers_stay_text(tmp_path: Path) -> None:
    """A stop "007" is not 7, and a stop "NA" is not missing."""
    swap = {name: FILES[f"{name}.txt"].replace("A,", "007,").replace("B1,", "NA,") for name in ("stops", "stop_times")}
    swap["stops"] = swap["stops"].replace("N007", "NA")
    feed = read(folder(tmp_path / "f", **swap))
    assert {"007", "NA"} <= set(feed.stops["stop_id"])
    assert ("007", "0") in seconds(feed)


def test_rows_on_demand_without_a_stop_are_no_departures(tmp_path: Path) -> None:
    more = text(FILES["stop_times.txt"]) + "t1,,,,2,2\n"
    assert seconds(read(folder(tmp_path / "f", stop_times=more))) == seconds(read(folder(tmp_path / "g")))


def test_stops_outside_the_window_are_left_out(tmp_path: Path) -> None:
    feed = read(folder(tmp_path / "f", stops=FILES["stops.txt"].replace("38.01,-78.49", "39.01,-78.49")))
    assert set(feed.stops["stop_id"]) == {"B1", "B2", "C"}
    assert set(feed.departures["stop_id"]) == {"B1", "B2"}


def test_no_stop_near_is_an_absence_if_the_feed_lies_around(tmp_path: Path) -> None:
    around = "stop_id,stop_lat,stop_lon\nA,37.0,-79.0\nB1,39.0,-78.0\nB2,39.0,-79.0\nC,37.0,-78.0"
    feed = read(folder(tmp_path / "f", stops=around))
    assert feed.stops.empty
    assert feed.departures.empty
    assert list(frequent_stops(feed)) == []
    assert any("right agency" in n for n in feed.provenance.notes)


def test_a_feed_of_another_place_is_refused(tmp_path: Path) -> None:
    away = "stop_id,stop_lat,stop_lon\nA,0,0\nB1,47.5,-122.4\nB2,47.6,-122.3\nC,47.7,-122.2"
    with pytest.raises(CoverageError, match="elsewhere"):
        read(folder(tmp_path / "f", stops=away))


def test_provenance(tmp_path: Path) -> None:
    path = packed(tmp_path)
    told = read(path).provenance
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told.source == "Made agency"
    assert told.notes[0] == "as given"
    assert told.asked["window"] == [-78.6, 37.9, -78.3, 38.2]
    one, other = folder(tmp_path / "f"), folder(tmp_path / "g")
    assert read(one).provenance.sha256 == read(other).provenance.sha256
    assert read(one).provenance.sha256 != read(folder(tmp_path / "g", agency="agency_id\n2")).provenance.sha256


def test_a_feed_in_a_folder_of_the_zip(tmp_path: Path) -> None:
    feed = read(packed(tmp_path, inside="google_transit/"))
    assert len(feed.stops) == 4


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("stops", None, "no GTFS feed"),
        ("stop_times", None, "missing"),
        ("trips", None, "missing"),
        ("trips", "route_id,service_id,trip_id", "is empty"),
        ("routes", "route_id,route_type\nbus,3", "routes.txt lacks"),
        ("stops", "stop_id;stop_lat;stop_lon\nA;1;2", "no column"),
        ("stops", "stop_id,stop_lat,stop_lon\nA,38.01,-78.49", "stops.txt lacks"),
        ("stops", "stop_id,stop_lat,stop_lon\nA,38,-78\nA,38,-78", "twice"),
        ("stops", "stop_id,stop_lat,stop_lon\nA,,-78\nB1,38,-78\nB2,38,-78\nC,38,-78", "coordinate"),
        ("stops", "stop_id,stop_lat,stop_lon\nA,380,-78\nB1,38,-78\nB2,38,-78\nC,38,-78", "coordinate '380'"),
        ("stop_times", "trip_id,departure_time,stop_id,stop_sequence\nt1,7h30,A,1\nt1,8:00:00,C,2", "'7h30'"),
        ("stop_times", "trip_id,departure_time,stop_id,stop_sequence\nt1,7:61:00,A,1\nt1,8:00:00,C,2", "'7:61:00'"),
        ("stop_times", "trip_id,departure_time,stop_id,stop_sequence\nt1,7:00:00,A,1\nt1,8:00:00,C,1", "twice"),
        ("stop_times", "trip_id,departure_time,stop_id,stop_sequence\nt1,7:00:00,A,1\nt1,8:00:00,C,", "stop_sequence"),
        ("stop_times", "trip_id,departure_time,stop_id,stop_sequence\nt1,7:00:00,A,1", "no departure"),
        ("stop_times", "trip_id,departure_time,stop_id,stop_sequence\nt3,7:00:00,A,1", "call at no stop"),
        ("stop_times", 'trip_id,departure_time,stop_id,stop_sequence\nt1,"7:00:00,A,1', "cannot be read"),
        ("calendar", None, "no day"),
        (
            "calendar",
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            "no day",
        ),
        ("calendar", FILES["calendar.txt"].replace("20241201", "2024-12-01"), "the day '2024-12-01'"),
        ("calendar_dates", "service_id,date,exception_type\nwk,20241009,3", "exception_type"),
        ("frequencies", "trip_id,start_time,end_time,headway_secs\nt1,6:00:00,7:00:00,0", "headway of 0"),
        ("frequencies", "trip_id,start_time,end_time,headway_secs\nt1,7:00:00,7:00:00,60", "not after its start"),
        ("frequencies", "trip_id,start_time,end_time,headway_secs\nt9,6:00:00,7:00:00,60", "t9"),
    ],
)
def test_a_damaged_feed_is_refused_with_a_remedy(tmp_path: Path, name: str, raw: str | None, said: str) -> None:
    with pytest.raises(LayerError, match=said) as caught:
        read(folder(tmp_path / "f", **{name: raw}))
    assert caught.value.remedy


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path / "f")
    (path / "stops.txt").write_bytes("stop_id,stop_lat,stop_lon,stop_name\nA,38,-78,Jos\xe9".encode("latin-1"))
    with pytest.raises(LayerError, match="cannot be read"):
        read(path)


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="no timetable"):
        read(tmp_path / "nothing.zip")
    (tmp_path / "page.zip").write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(LayerError, match="no readable zip"):
        read(tmp_path / "page.zip")


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path)
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("stop_times.txt").header_offset + 30 + len("stop_times.txt")
    raw[start + 5 : start + 25] = b"\0" * 20
    path.write_bytes(raw)
    with pytest.raises(LayerError, match=r"stop_times\.txt .* cannot be read"):
        read(path)


@pytest.mark.parametrize("name", ["../stops.txt", "/etc/stops.txt", "a/../../b.txt", "C:\\x.txt", "..\\x.txt"])
def test_names_that_lead_out_of_the_zip_are_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(LayerError, match="leads out"):
        read(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shapes.txt", b"0" * 20_000_000)
    with pytest.raises(LayerError, match="more than a timetable"):
        read(path)


def test_two_feeds_in_one_zip_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, inside="a/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b/stops.txt", "stop_id,stop_lat,stop_lon\n")
    with pytest.raises(LayerError, match="several feeds"):
        read(path)
