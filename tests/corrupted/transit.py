"""Wrongness planted in a timetable."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import Transformer

from tests.corrupted.harness import Ground, Trial, off
from tests.faults.case import Case
from tests.nowhere import UNITS

GROUP = "Planted: transit feeds"
LAYERS = (*UNITS, "osm", "gtfs")
SANITY = "measure/sanity_places"
ORDER = "sources/_gtfs_order"
Tables = dict[str, pd.DataFrame]


def tables(path: Path) -> Tables:
    """The files of a feed, as text."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: pd.read_csv(io.BytesIO(archive.read(name)), dtype=str, keep_default_na=False)
            for name in archive.namelist()
        }


def feed(change: Callable[[Tables], None]) -> Callable[[Ground], None]:
    """A change of the files of the timetable."""

    def plant(ground: Ground) -> None:
        path = ground.file("gtfs")
        found = tables(path)
        change(found)
        with zipfile.ZipFile(path, "w") as archive:
            for name, frame in found.items():
                archive.writestr(name, frame.to_csv(index=False))

    return plant


def option(**told: object) -> Callable[[Ground], None]:
    """Options of the timetable's declaration."""

    def plant(ground: Ground) -> None:
        ground.told["gtfs"].update(told)

    return plant


def ended(ground: Ground) -> None:
    """A thinner timetable of 2019, fetched in 2024."""
    feed(of_2019)(ground)
    option(retrieved="2024-10-01")(ground)


def hours(times: pd.Series) -> pd.Series:
    return times.str.split(":").str[0].astype(int)


# ------------------------------------------------------------------------------------------------------------ the days


def weekend_for_weekday(found: Tables) -> None:
    found["trips.txt"]["service_id"] = found["trips.txt"]["service_id"].map({"WK": "WE", "WE": "WK"})


def no_day(found: Tables) -> None:
    days = pd.date_range("2024-09-02", "2024-12-13").strftime("%Y%m%d")
    found["calendar_dates.txt"] = pd.DataFrame(
        {"service_id": np.repeat(["WK", "WE"], len(days)), "date": np.tile(days, 2), "exception_type": "2"}
    )


def of_2019(found: Tables) -> None:
    for name, columns in (("calendar.txt", ["start_date", "end_date"]), ("calendar_dates.txt", ["date"]),
                          ("feed_info.txt", ["feed_start_date", "feed_end_date"])):  # fmt: skip
        for column in columns:
            found[name][column] = found[name][column].str.replace("2024", "2019")
    # A fifth of the trips ran in those days.
    found["trips.txt"] = found["trips.txt"].iloc[::5]
    kept = found["trips.txt"]["trip_id"]
    for name in ("stop_times.txt", "frequencies.txt"):
        found[name] = found[name][found[name]["trip_id"].isin(kept)]


# ----------------------------------------------------------------------------------------------------------- the times


def times_until_noon(found: Tables) -> None:
    times = found["stop_times.txt"]
    found["stop_times.txt"] = times[hours(times["departure_time"]) < 12]


def trips_until_noon(found: Tables) -> None:
    times_until_noon(found)
    kept = found["stop_times.txt"]["trip_id"]
    for name in ("trips.txt", "frequencies.txt"):
        found[name] = found[name][found[name]["trip_id"].isin(kept)]


def rows_cut_off(found: Tables) -> None:
    found["stop_times.txt"] = found["stop_times.txt"].iloc[: len(found["stop_times.txt"]) // 2]


def twelve_hours(found: Tables) -> None:
    times = found["stop_times.txt"]
    for column in ("arrival_time", "departure_time"):
        hour = hours(times[column])
        clock = (hour - 1) % 12 + 1
        times[column] = clock.astype(str) + times[column].str[-6:]


def afternoon_at_night(found: Tables) -> None:
    """Whole trips of the afternoon by the other clock: none of them goes back in time."""
    times = found["stop_times.txt"]
    first = hours(times["departure_time"]).groupby(times["trip_id"]).transform("min")
    for column in ("arrival_time", "departure_time"):
        hour = hours(times[column]) - np.where(first >= 13, 12, 0)
        times[column] = hour.astype(str) + times[column].str[-6:]


# ---------------------------------------------------------------------------------------------------------- the trips


def trips_twice(found: Tables) -> None:
    for name in ("trips.txt", "stop_times.txt", "frequencies.txt"):
        again = found[name].assign(trip_id=found[name]["trip_id"] + "-b")
        found[name] = pd.concat([found[name], again])


def spans_twice(found: Tables) -> None:
    again = found["frequencies.txt"].copy()
    again["start_time"] = again["start_time"].str.replace(":00:", ":05:").str.replace(":30:", ":35:")
    found["frequencies.txt"] = pd.concat([found["frequencies.txt"], again])


# ----------------------------------------------------------------------------------------------------------- the stops


def stops_twice(found: Tables) -> None:
    """Every stop has a second id, and every second trip calls there."""
    stops, times = found["stops.txt"], found["stop_times.txt"]
    found["stops.txt"] = pd.concat([stops, stops.assign(stop_id=stops["stop_id"] + "-b", parent_station="")])
    trips = times["trip_id"].unique()
    second = times["trip_id"].isin(trips[::2])
    times.loc[second, "stop_id"] += "-b"


def half_of_the_stops(found: Tables) -> None:
    times = found["stop_times.txt"]
    lost = set(found["stops.txt"]["stop_id"].iloc[::2])
    found["stop_times.txt"] = times[~times["stop_id"].isin(lost)]
    found["stops.txt"] = found["stops.txt"][~found["stops.txt"]["stop_id"].isin(lost)]


def only_half_of_the_list(found: Tables) -> None:
    found["stops.txt"] = found["stops.txt"].iloc[::2]


def swapped(found: Tables) -> None:
    stops = found["stops.txt"]
    stops["stop_lat"], stops["stop_lon"] = stops["stop_lon"].copy(), stops["stop_lat"].copy()


def in_metres(found: Tables) -> None:
    stops = found["stops.txt"]
    x, y = Transformer.from_crs(4326, 32619, always_xy=True).transform(
        stops["stop_lon"].astype(float), stops["stop_lat"].astype(float)
    )
    stops["stop_lon"], stops["stop_lat"] = x.round(2).astype(str), y.round(2).astype(str)


def moved(east: float, north: float) -> Callable[[Tables], None]:
    """Every stop moved by some degrees."""

    def change(found: Tables) -> None:
        stops = found["stops.txt"]
        stops["stop_lon"] = (stops["stop_lon"].astype(float) + east).round(6).astype(str)
        stops["stop_lat"] = (stops["stop_lat"].astype(float) + north).round(6).astype(str)

    return change


def entrances_alone(found: Tables) -> None:
    """Pathways and entrances of stations; the stops themselves are gone with their times."""
    found["stops.txt"]["location_type"] = "2"
    found["stop_times.txt"] = found["stop_times.txt"].iloc[:0]


def trial(
    name: str,
    what: str,
    plant: Callable[[Ground], None],
    holds: str,
    caught_by: str,
    rows: tuple[str, ...] = ("MOB-02.400",),
    **more: Any,
) -> Trial:
    case = Case(f"planted/transit/{name}", GROUP, what, holds, caught_by)
    return Trial(case=case, plant=plant, rows=rows, layers=LAYERS, **more)


REFUSED, ABSENT, FLAGGED = "refused, with its remedy", "absent, with its reason", "told as odd, and the number flagged"
ONE_GATE = "with the guard away there is still nothing to measure"

TRIALS: tuple[Trial, ...] = (
    trial("day-outside", "The service day lies after the calendar's end", option(date="2025-03-05"), REFUSED,
          "sources/service_day._checked: refuses", refused=("2025-03-05", "lies outside"),
          unmoved="on that day nothing runs, which is refused too"),
    trial("day-holiday", "The service day is Thanksgiving", option(date="2024-11-28"), REFUSED,
          "sources/service_day._checked: refuses", refused=("2024-11-28", "federal holiday"),
          guards={"justgeo.sources.service_day._checked": lambda day, *_: day}),
    trial("day-sunday", "The service day is a Sunday", option(date="2024-10-06"), REFUSED,
          "sources/service_day._checked: refuses", refused=("2024-10-06", "a Sunday"),
          guards={"justgeo.sources.service_day._checked": lambda day, *_: day}),
    trial("weekend-timetable", "The timetables of weekdays and weekends are exchanged", feed(weekend_for_weekday),
          FLAGGED, f"{SANITY}.WEEKEND: flags", odd="weekend-trips"),
    trial("no-day", "calendar_dates.txt takes every day away", feed(no_day), REFUSED,
          "sources/service_day.choose: refuses", refused=("Nothing runs on",), unmoved=ONE_GATE),
    trial("ended", "A timetable that ended five years before it was fetched", ended, FLAGGED,
          "sources/service_day.outdated: flags", flag="timetable ended"),
    trial("times-until-noon", "Rows of stop_times.txt after noon are left out", feed(times_until_noon), REFUSED,
          f"{ORDER}.stopless: refuses", refused=("no row in stop_times.txt", "cut short"),
          guards={"justgeo.sources._gtfs_order.stopless": off}),
    trial("rows-cut-off", "The second half of the rows of stop_times.txt is missing", feed(rows_cut_off), REFUSED,
          f"{ORDER}.stopless: refuses", refused=("no row in stop_times.txt", "cut short"),
          guards={"justgeo.sources._gtfs_order.stopless": off}),
    trial("trips-until-noon", "Trips after noon are left out of every file", feed(trips_until_noon), FLAGGED,
          f"{SANITY}.HALVES: flags", odd="halves-of-the-day"),
    trial("twelve-hours", "Times of a 12-hour clock without am and pm", feed(twelve_hours), REFUSED,
          f"{ORDER}.backwards: refuses", refused=("leave a stop before the one before it", "12-hour"),
          guards={"justgeo.sources._gtfs_order.backwards": lambda *_: ()}),
    trial("afternoon-at-night", "Trips of the afternoon by a 12-hour clock, each in order", feed(afternoon_at_night),
          FLAGGED, f"{SANITY}.HALVES: flags", odd="halves-of-the-day"),
    trial("trips-twice", "Every trip is there twice, under two ids", feed(trips_twice), FLAGGED,
          f"{SANITY}.COPIED: flags", odd="copied-trips", rows=("MOB-03",)),
    trial("spans-twice", "frequencies.txt repeats trips in two spans at once", feed(spans_twice), REFUSED,
          f"{ORDER}.overlapping: refuses", refused=("two spans that overlap",), rows=("MOB-03",),
          guards={"justgeo.sources._gtfs_order.overlapping": off}),
    trial("stops-twice", "Every stop has a second id, at which every second trip calls", feed(stops_twice), FLAGGED,
          f"{SANITY}.TWINS: flags", odd="twin-stops"),
    trial("half-the-stops", "Every second stop is left out, with its times", feed(half_of_the_stops), FLAGGED,
          f"{SANITY}.MAPPED: flags", odd="mapped-stops"),
    trial("half-the-list", "Every second stop is left out of stops.txt alone", feed(only_half_of_the_list), REFUSED,
          "sources/gtfs._stops: refuses", refused=("that stops.txt lacks",), unmoved="no place is known of a stop"),
    trial("swapped", "Longitude and latitude of the stops are exchanged", feed(swapped), ABSENT,
          "sources/gtfs.read_feed: absent", absent=("no stop in the area", "lie elsewhere")),
    trial("in-metres", "Stops in UTM metres", feed(in_metres), REFUSED, "sources/gtfs_cells.coordinate: refuses",
          refused=("has the coordinate",), unmoved="a number of metres is no place in degrees"),
    trial("another-city", "Stops of a city a hundred kilometers away", feed(moved(1.2, 0.1)), ABSENT,
          "sources/gtfs.read_feed: absent", absent=("no stop in the area", "lie elsewhere")),
    trial("moved", "Stops 300 m aside, as with another datum", feed(moved(0.0025, 0.0019)), FLAGGED,
          f"{SANITY}.MAPPED: flags", odd="mapped-stops"),
    trial("entrances-alone", "Entrances and pathways alone, without stops and times", feed(entrances_alone), REFUSED,
          "sources/gtfs._stop_times: refuses", refused=("stop_times.txt", "cut short"), unmoved=ONE_GATE),
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(one.case for one in TRIALS)

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    (
        "frequencies.txt is missing",
        "A line that is told by frequencies is then one trip a day in each direction, as some lines are.",
    ),
    (
        "one agency's feed is a year younger than another's",
        "Both run on their own day; that one has changed since, its file does not say.",
    ),
    (
        "a few trips of one line are missing",
        "A line may run less often; only the agency knows.",
    ),
    (
        "a bus line is called a railway",
        "Trains and buses have the same columns, and small towns have railways.",
    ),
)
"""What is planted here in vain, and why nobody could tell."""
