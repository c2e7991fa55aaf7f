"""Transit of Nowhere: stops along the grid's main lines, and a GTFS feed.

Some lines run often, some once an hour; one only at peak hours; one is told by ``frequencies.txt``; one runs past
midnight (times beyond 24:00); a holiday is taken out and replaced by Sunday service. Railway stations have platforms.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from justgeo.synthetic.geography import Geography
from justgeo.synthetic.streets import RAIL_COLUMN

START, END = "20240902", "20241213"
HOLIDAY = "20241128"
AGENCY = "Nowhere Transit (invented)"
STAMP = (2024, 1, 1, 0, 0, 0)
SPEED = {"bus": 5.5, "rail": 16.0, "ferry": 7.0}  # metres a second, stops aside
DWELL = 20
_TYPE = {"bus": 3, "rail": 2, "ferry": 4}
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Stop:
    """A stop as the feed and the map show it; ``corner`` is the street corner that it stands at."""

    id: str
    name: str
    lon: float
    lat: float
    mode: str
    corner: tuple[int, int]
    parent: str = ""


@dataclass(frozen=True)
class Line:
    """A route: its corners in order, and its periods as (first, last, headway) in minutes after midnight."""

    id: str
    name: str
    mode: str
    corners: tuple[tuple[int, int], ...]
    weekday: tuple[tuple[int, int, int], ...]
    weekend: tuple[tuple[int, int, int], ...] = ()
    frequencies: bool = False


def _row(row: int, first: int, last: int, step: int = 2) -> tuple[tuple[int, int], ...]:
    return tuple((row, col) for col in range(first, last + 1, step))


def _column(col: int, first: int, last: int, step: int = 2) -> tuple[tuple[int, int], ...]:
    return tuple((row, col) for row in range(first, last + 1, step))


def lines() -> tuple[Line, ...]:
    """All routes."""
    day, late = (360, 1439, 60), (360, 1535, 60)
    return (
        Line("1", "Crosstown", "bus", _row(19, 1, 39), ((360, 1440, 10),), ((420, 1380, 20),)),
        Line("2", "Northsouth", "bus", _column(22, 1, 37), ((360, 1440, 12),), ((420, 1380, 20),)),
        Line("3", "South", "bus", _row(3, 2, 38), ((360, 1260, 30),), ((480, 1200, 60),)),
        Line("4", "North", "bus", _row(27, 1, 39), ((330, 1320, 15),), ((480, 1200, 30),)),
        Line("5", "East", "bus", _column(34, 1, 37), ((360, 1320, 20),)),
        Line("6", "West", "bus", _column(4, 1, 37), (day,)),
        Line("7", "Middle", "bus", _row(11, 18, 38), ((390, 1200, 10),), frequencies=True),
        Line("8", "Night", "bus", _row(35, 18, 38), (late,), (late,)),
        Line("9", "Shore peak", "bus", _column(39, 1, 37), ((390, 540, 12), (930, 1110, 12))),
        Line("R", "Nowhere Railway", "rail", _column(RAIL_COLUMN, 1, 37, 9), ((330, 1410, 20),), ((420, 1380, 40),)),
        Line("F", "Island ferry", "ferry", ((24, 41), (24, 43)), ((420, 1200, 60),), ((480, 1140, 120),)),
    )


def stops(geography: Geography) -> list[Stop]:
    """Stops of all routes, each once; a railway station is followed by its two platforms."""
    made: dict[tuple[str, tuple[int, int]], list[Stop]] = {}
    for line in lines():
        for corner in line.corners:
            key = (line.mode, corner)
            if key not in made:
                made[key] = _stop(geography, line.mode, corner)
    return [stop for some in made.values() for stop in some]


def _stop(geography: Geography, mode: str, corner: tuple[int, int]) -> list[Stop]:
    row, col = corner
    lon, lat = geography.corners[row, col]
    name = f"Street {row + 1} at line {col + 1}"
    if mode == "rail":
        lon, lat = geography.corners[row, col : col + 2].mean(axis=0)
        station = Stop(f"S{row:02d}{col:02d}", f"Station {row + 1}", _r(lon), _r(lat), mode, corner)
        sides = [
            Stop(f"{station.id}{side}", station.name, _r(lon + shift), _r(lat), mode, corner, station.id)
            for side, shift in (("A", -0.00004), ("B", 0.00004))
        ]
        return [station, *sides]
    prefix, name = ("F", f"Ferry landing {col + 1}") if mode == "ferry" else ("B", name)
    return [Stop(f"{prefix}{row:02d}{col:02d}", name, _r(lon + 0.00005), _r(lat + 0.00004), mode, corner)]


def _r(degrees: float) -> float:
    return round(float(degrees), 6)


def write_feed(path: Path, geography: Geography) -> None:
    """Write the feed as a zip, the same bytes every time."""
    every = stops(geography)
    place = {(stop.mode, stop.corner): stop for stop in every if not stop.parent}
    trips, times, frequencies = _trips(geography, place)
    texts: dict[str, Rows] = {
        "agency.txt": [
            ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"),
            ("NT", AGENCY, "https://nowhere.invalid", "America/New_York", "en"),
        ],
        "feed_info.txt": [
            (
                "feed_publisher_name",
                "feed_publisher_url",
                "feed_lang",
                "feed_start_date",
                "feed_end_date",
                "feed_version",
            ),
            (AGENCY, "https://nowhere.invalid", "en", START, END, "invented"),
        ],
        "calendar.txt": [
            (
                "service_id",
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
                "start_date",
                "end_date",
            ),
            ("WK", *tuple("1111100"), START, END),
            ("WE", *tuple("0000011"), START, END),
        ],
        "calendar_dates.txt": [("service_id", "date", "exception_type"), ("WK", HOLIDAY, "2"), ("WE", HOLIDAY, "1")],
        "routes.txt": [
            ("route_id", "agency_id", "route_short_name", "route_long_name", "route_type"),
            *[_route_row(line) for line in lines()],
        ],
        "stops.txt": [
            ("stop_id", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station"),
            *[_stop_row(stop) for stop in every],
        ],
        "trips.txt": [("route_id", "service_id", "trip_id", "trip_headsign", "direction_id"), *trips],
        "stop_times.txt": [
            ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type"),
            *times,
        ],
        "frequencies.txt": [("trip_id", "start_time", "end_time", "headway_secs", "exact_times"), *frequencies],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in texts.items():
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(rows)
            archive.writestr(zipfile.ZipInfo(name, STAMP), text.getvalue().encode("utf-8"), zipfile.ZIP_DEFLATED)


def _route_row(line: Line) -> tuple[str, ...]:
    return (line.id, "NT", line.id, f"{line.name} (invented)", str(_TYPE[line.mode]))


def _stop_row(stop: Stop) -> tuple[str, ...]:
    station = stop.mode == "rail" and not stop.parent
    return (stop.id, stop.name, f"{stop.lat:.6f}", f"{stop.lon:.6f}", "1" if station else "0", stop.parent)


def _trips(geography: Geography, place: dict[tuple[str, tuple[int, int]], Stop]) -> tuple[Rows, Rows, Rows]:
    trips: Rows = []
    times: Rows = []
    frequencies: Rows = []
    for line in lines():
        for direction in (0, 1):
            corners = line.corners[:: 1 if direction == 0 else -1]
            offset = _offsets(geography, line.mode, corners)
            ids = [place[line.mode, corner].id for corner in corners]
            if line.mode == "rail":
                ids = [name + "AB"[direction] for name in ids]
            head = place[line.mode, corners[-1]].name
            for service, periods in (("WK", line.weekday), ("WE", line.weekend)):
                for first, last, headway in periods:
                    starts = [first] if line.frequencies else range(first + 3 * direction, last + 1, headway)
                    for start in starts:
                        trip = f"{line.id}-{service}-{direction}-{start:04d}"
                        trips.append((line.id, service, trip, head, str(direction)))
                        times += _times(trip, 60 * start, offset, ids)
                        if line.frequencies:
                            span = (_clock(60 * first), _clock(60 * last))
                            frequencies.append((trip, *span, str(60 * headway), "0"))
    return trips, times, frequencies


def _offsets(geography: Geography, mode: str, corners: tuple[tuple[int, int], ...]) -> list[int]:
    """Seconds from the first stop."""
    spots = np.array([geography.metres[corner] for corner in corners])
    steps = np.hypot(*np.diff(spots, axis=0).T) / SPEED[mode] + DWELL
    return [0, *np.rint(np.cumsum(steps)).astype(int).tolist()]


def _times(trip: str, start: int, offset: list[int], ids: list[str]) -> Rows:
    last = len(ids) - 1
    clock = [_clock(start + seconds) for seconds in offset]
    return [
        (trip, at, at, stop, str(number + 1), "1" if number == last else "0")
        for number, (at, stop) in enumerate(zip(clock, ids, strict=True))
    ]


def _clock(seconds: int) -> str:
    """Hours may pass 24: the trip belongs to the service day on which it began."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
