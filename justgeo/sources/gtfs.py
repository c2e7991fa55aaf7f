"""A transit feed (GTFS) boiled down to the departures of one representative weekday (METHODS 3.2).

What happens to the timetable: the Wednesday with most trips is taken (``service_day.py``); ``frequencies.txt`` is
expanded to single trips; a stop without a time gets one between its neighbours with times, by equal steps from
stop to stop; the last stop of a trip and stops where nobody may board (``pickup_type`` 1) are no departures.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pandas as pd
import shapely

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import BoolArray, Feed, Provenance
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.texts import visible
from justgeo.sources import _gtfs_order as order
from justgeo.sources._packed import shown
from justgeo.sources._provenance import provenance
from justgeo.sources.gtfs_cells import VALIDATE, coordinate, days, numbers, seconds, unique
from justgeo.sources.gtfs_files import FeedFiles
from justgeo.sources.service_day import DAYS, Calendar, ServiceDay, choose

log = logging.getLogger(__name__)

# Rail, metro and ferry, which SDG 11.2.1 calls high-capacity: basic types (trolleybus, 11, is a bus) ...
_HIGH_CAPACITY = frozenset({0, 1, 2, 4, 5, 6, 7, 12})
# ... and the extended ones: rail 1xx, suburban to underground 3xx-6xx, tram 9xx, ferry to funicular 10xx, 12xx-14xx.
_HIGH_CAPACITY_RANGES = ((100, 199), (300, 699), (900, 1099), (1200, 1499))
MOST_STARTS, MOST_DEPARTURES = 1_000_000, 20_000_000
"""That ``frequencies.txt`` may stand for: the largest cities have some hundred thousand a day. Our choice."""


def read_feed(spec: LayerSpec, area: Area) -> Feed:
    """Read a GTFS zip or folder.

    Parameters
    ----------
    spec : LayerSpec
        ``options["date"]`` (ISO text or a date) overrides the choice of the service day.
    area : Area
        Stops outside ``area.window`` are left out; the service day is chosen from all trips of the feed.

    Returns
    -------
    Feed
        ``stops``: ``stop_id``, ``name``, ``lon``, ``lat`` (EPSG:4326), ``rail`` (rail, metro, tram, ferry and kin
        stop there on any day), ``station`` (the parent station, or the stop itself). ``departures``: one row a
        departure of the service day, by stop, direction and time. ``direction`` is ``direction_id``, else
        ``"to "`` and the headsign, else ``"route "`` and the route. Without a stop in the window the feed is empty
        if its bounding box covers the district: there is no transit near, which is a finding.

    Raises
    ------
    LayerError
        No feed, damaged, contradictory, or with nothing that runs on the day.
    CoverageError
        No stop in the window, and the feed is of another place.
    """
    feed, day = _read(spec, area, idle=False)
    told = feed.provenance
    return replace(feed, provenance=replace(told, notes=(*told.notes, *day.outdated(spec.source, spec.retrieved))))


def read_dated(spec: LayerSpec, area: Area) -> tuple[Feed, ServiceDay]:
    """Read a feed that is one of several, and its days.

    As ``read_feed``, but a feed of which nothing runs on any Wednesday, though it runs on other days, has its stops and
    no departures: beside others that is a finding.
    """
    return _read(spec, area, idle=True)


def _read(spec: LayerSpec, area: Area, *, idle: bool) -> tuple[Feed, ServiceDay]:
    files = FeedFiles.at(spec.path)
    trips, trip_notes = _trips(files)
    frequencies = _frequencies(files, trips)
    calendar, runs = _calendar(files), _trips_by_service(trips, frequencies)
    day = choose(calendar, runs, _wanted(spec), idle=idle)
    times, high, lost = _stop_times(files, trips, day)
    odd = (*order.busier_weekend(calendar, runs, day), *lost, *order.backwards(times, files.path))
    stops = _stops(files, set(times["stop_id"]), high)
    departures, time_notes = _departures(times, trips, frequencies, files, day)
    inside = _in_window(stops, area)
    if not inside.any() and not _covers(stops, set(departures["stop_id"]), area):
        raise CoverageError(
            f"The timetable {spec.path.name} has no stop in the area, and its stops lie elsewhere "
            f"({_extent(stops)}, district {tuple(round(b, 4) for b in area.district.bounds)}).",
            remedy="Take the feed of the agency that serves the district.",
        )
    stops = stops[inside].reset_index(drop=True)
    departures = departures[departures["stop_id"].isin(stops["stop_id"])].reset_index(drop=True)
    notes = (*day.notes, *trip_notes, *odd, *time_notes, *_far(stops, area))
    told = _provenance(spec, area, files, day, notes)
    return Feed(_as_text(stops), _as_text(departures), str(day.day or ""), told), day


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """With pandas' own texts, as all layers have; what a file is read with are Python's."""
    return frame.astype({c: "str" for c in frame if frame[c].dtype == object})


def _wanted(spec: LayerSpec) -> date | None:
    given = spec.options.get("date")
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError as problem:
        raise LayerError(
            f"date of [layers.{spec.name}] is {given!r}.", remedy='Write it as date = "2024-10-09".'
        ) from problem


def _trips(files: FeedFiles) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """``trip_id`` (index), ``route_id``, ``service_id``, ``direction``, ``high`` (bool)."""
    trips = files.needed("trips.txt", ("route_id", "service_id", "trip_id"), ("direction_id", "trip_headsign"))
    unique(trips["trip_id"], "trips.txt", files)
    routes = files.needed("routes.txt", ("route_id", "route_type"))
    unique(routes["route_id"], "routes.txt", files)
    kinds = dict(zip(routes["route_id"], numbers(routes["route_type"], "routes.txt", files), strict=True))
    unknown = sorted(set(trips["route_id"]) - set(kinds))
    if unknown:
        raise LayerError(
            f"Trips of the timetable {files.path} name routes that routes.txt lacks: {shown(unknown[:3])}.",
            remedy=VALIDATE,
        )
    no_id, no_sign = trips["direction_id"] == "", trips["trip_headsign"] == ""
    direction = trips["direction_id"].mask(no_id, "to " + trips["trip_headsign"])
    direction = direction.mask(no_id & no_sign, "route " + trips["route_id"])
    notes = []
    if no_id.any():
        notes.append(
            f"{int(no_id.sum())} of {len(trips)} trips have no direction_id; their direction is the headsign "
            f"({int((no_id & ~no_sign).sum())}) or the route ({int((no_id & no_sign).sum())})."
        )
    high = [_is_high_capacity(int(kinds[r])) for r in trips["route_id"]]
    made = trips[["trip_id", "route_id", "service_id"]].assign(direction=direction, high=np.array(high, dtype=np.bool_))
    return made.set_index("trip_id"), tuple(notes)


def _is_high_capacity(route_type: int) -> bool:
    return route_type in _HIGH_CAPACITY or any(a <= route_type <= b for a, b in _HIGH_CAPACITY_RANGES)


def _frequencies(files: FeedFiles, trips: pd.DataFrame) -> pd.DataFrame:
    """``trip_id``, ``start`` (seconds): one row for each trip that ``frequencies.txt`` stands for."""
    given = files.table("frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs"))
    if given.empty:
        return pd.DataFrame({"trip_id": pd.Series(dtype=str), "start": pd.Series(dtype=np.int64)})
    unknown = sorted(set(given["trip_id"]) - set(trips.index))
    headway = numbers(given["headway_secs"], "frequencies.txt", files)
    start, end = (seconds(given[c], "frequencies.txt", files) for c in ("start_time", "end_time"))
    if unknown or (headway <= 0).any() or not (start < end).all():
        raise LayerError(
            f"frequencies.txt of the timetable {files.path} has a headway of 0, an end not after its start, or trips "
            f"that trips.txt lacks ({shown(unknown[:3])}).",
            remedy=VALIDATE,
        )
    _refuse_many(float(np.ceil((end - start) / headway).sum()), MOST_STARTS, "trips", files)
    order.overlapping(given[["trip_id"]].assign(start=start, end=end), files.path)
    starts = [np.arange(s, e, h) for s, e, h in zip(start, end, headway, strict=True)]
    repeated = np.repeat(given["trip_id"].to_numpy(dtype=object), [len(s) for s in starts])
    return pd.DataFrame({"trip_id": repeated, "start": np.concatenate(starts).astype(np.int64)}).drop_duplicates()


def _refuse_many(stood_for: float, most: int, what: str, files: FeedFiles) -> None:
    """Raise before a small file becomes more than fits in memory."""
    if stood_for > most:
        raise LayerError(
            f"frequencies.txt of the timetable {files.path} stands for {stood_for:,.0f} {what}: more than any agency "
            "runs.",
            remedy=f"See whether headway_secs is written in minutes. {VALIDATE}",
        )


def _trips_by_service(trips: pd.DataFrame, frequencies: pd.DataFrame) -> pd.Series:
    # A trip in frequencies.txt is a pattern: it counts once for each of its starts.
    runs = pd.Series(1, index=trips.index)
    starts = frequencies.groupby("trip_id").size()
    runs.loc[starts.index] = starts
    return runs.groupby(trips["service_id"]).sum()


def _calendar(files: FeedFiles) -> Calendar:
    weekly = files.table("calendar.txt", ("service_id", *DAYS, "start_date", "end_date"))
    exceptions = files.table("calendar_dates.txt", ("service_id", "date", "exception_type"))
    odd = sorted(set(exceptions["exception_type"]) - {"1", "2"})
    if odd:
        raise LayerError(f"calendar_dates.txt of {files.path} has exception_type {shown(odd[:3])}.", remedy=VALIDATE)
    _check_week(weekly, files)
    info = files.table("feed_info.txt", (), ("feed_start_date", "feed_end_date"))
    stated = [days(info[c][info[c] != ""], "feed_info.txt", files) for c in ("feed_start_date", "feed_end_date")]
    return Calendar(
        weekly=weekly.assign(
            **{d: weekly[d] == "1" for d in DAYS},
            **{c: days(weekly[c], "calendar.txt", files) for c in ("start_date", "end_date")},
        ),
        exceptions=pd.DataFrame(
            {
                "service_id": exceptions["service_id"],
                "date": days(exceptions["date"], "calendar_dates.txt", files),
                "added": exceptions["exception_type"] == "1",
            }
        ),
        stated=(
            stated[0].iloc[0].date() if len(stated[0]) else None,
            stated[1].iloc[0].date() if len(stated[1]) else None,
        ),
        path=files.path,
    )


def _check_week(weekly: pd.DataFrame, files: FeedFiles) -> None:
    """Raise unless each service stands in ``calendar.txt`` once, with 0 or 1 for each day: nothing else means "no"."""
    unique(weekly["service_id"], "calendar.txt", files)
    for day in DAYS:
        odd = weekly.loc[~weekly[day].isin(["0", "1"]), day]
        if len(odd):
            raise LayerError(
                f"calendar.txt of {files.path} has {shown(odd.iloc[0])} in {day}, where 0 or 1 is due.", remedy=VALIDATE
            )


def _stop_times(
    files: FeedFiles, trips: pd.DataFrame, day: ServiceDay
) -> tuple[pd.DataFrame, set[str], tuple[str, ...]]:
    """Stop times of the day's trips, in order, with seconds; the stops of high-capacity routes on any day; notes."""
    today = set(trips.index[trips["service_id"].isin(day.services)])
    high_trips = set(trips.index[trips["high"]])
    kept: list[pd.DataFrame] = []
    high: set[str] = set()
    called: set[str] = set()
    nobody = 0
    columns = ("trip_id", "stop_id", "stop_sequence"), ("arrival_time", "departure_time", "pickup_type")
    if "stop_times.txt" not in files:
        raise LayerError(f"stop_times.txt of the timetable {files.path} is missing.", remedy=VALIDATE)
    for chunk in files.chunks("stop_times.txt", *columns):
        called.update(chunk["trip_id"])
        # Rows without a stop are areas served on demand: no departures that a rider can walk to.
        chunk = chunk[chunk["stop_id"] != ""]
        kept.append(chunk[chunk["trip_id"].isin(today)])
        nobody += int((~chunk["trip_id"].isin(trips.index)).sum())
        if high_trips:
            high |= set(chunk.loc[chunk["trip_id"].isin(high_trips), "stop_id"])
    times = pd.concat(kept, ignore_index=True)
    if times.empty and day.trips:
        raise LayerError(
            f"The trips of {day.day} in the timetable {files.path} call at no stop: stop_times.txt is cut short.",
            remedy=VALIDATE,
        )
    order.stopless(today, called, files.path)
    times["sequence"] = numbers(times["stop_sequence"], "stop_times.txt", files)
    if times.duplicated(["trip_id", "sequence"]).any():
        twice = times.loc[times.duplicated(["trip_id", "sequence"]), "trip_id"].iloc[0]
        raise LayerError(
            f"Trip {shown(twice)} of the timetable {files.path} has one stop_sequence twice.", remedy=VALIDATE
        )
    written = times["departure_time"].mask(times["departure_time"] == "", times["arrival_time"])
    times["seconds"] = seconds(written, "stop_times.txt", files)
    ordered = times.sort_values(["trip_id", "sequence"], kind="stable")[
        ["trip_id", "stop_id", "pickup_type", "seconds"]
    ]
    return ordered.reset_index(drop=True), high, _lost(nobody, today, set(ordered["trip_id"]))


def _lost(nobody: int, today: set[str], timed: set[str]) -> tuple[str, ...]:
    """What of the day is named in one file and not in the other: it is left out, and must be told."""
    notes = []
    if nobody:
        notes.append(f"{nobody} rows of stop_times.txt are of trips that trips.txt lacks, and are left out.")
    if today - timed:
        notes.append(f"{len(today - timed)} of {len(today)} trips of the day have no stop times, and are left out.")
    return tuple(notes)


def _interpolated(times: pd.DataFrame) -> pd.Series:
    """Seconds with the gaps between two known times of a trip filled in equal steps from stop to stop.

    Before the first and after the last known time of a trip nothing is known, and nothing is filled.
    """
    trip, known = times["trip_id"], times["seconds"]
    place = pd.Series(np.arange(len(times), dtype=np.float64), index=times.index)
    known_place = place.where(known.notna())
    before, after = known.groupby(trip).ffill(), known.groupby(trip).bfill()
    place_before, place_after = known_place.groupby(trip).ffill(), known_place.groupby(trip).bfill()
    step = ((after - before) / (place_after - place_before)).where(known.isna(), 0.0)
    return (before + step * (place - place_before)).where(known.isna(), known)


def _departures(
    times: pd.DataFrame, trips: pd.DataFrame, frequencies: pd.DataFrame, files: FeedFiles, day: ServiceDay
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    notes = []
    filled = times.assign(seconds=_interpolated(times))
    guessed = int((times["seconds"].isna() & filled["seconds"].notna()).sum())
    if guessed:
        notes.append(
            f"{guessed} of {len(times)} stop times are not in the timetable and were set between their neighbors, in "
            "equal steps from stop to stop."
        )
    last = ~filled["trip_id"].duplicated(keep="last")
    boarding = filled[~last & (filled["pickup_type"] != "1")]
    unknown = int(boarding["seconds"].isna().sum())
    if unknown:
        notes.append(f"{unknown} departures at the ends of trips have no time and are left out.")
    # Offsets from the trip's first time, whether or not one may board there.
    first = filled.groupby("trip_id")["seconds"].min()
    timed = boarding.dropna(subset=["seconds"])
    starts = frequencies.groupby("trip_id").size()
    _refuse_many(float(starts.reindex(timed["trip_id"]).sum()), MOST_DEPARTURES, "departures", files)
    rows = _expanded(timed, first, frequencies)
    if not frequencies.empty and day.trips:
        notes.append(f"{rows['trip_id'].str.contains('@', regex=False).sum()} departures come from frequencies.txt.")
    if rows.empty and day.trips:
        raise LayerError(f"The timetable {files.path} has no departure on its service day.", remedy=VALIDATE)
    about = trips.loc[rows["pattern"], ["route_id", "direction"]].reset_index(drop=True)
    made = pd.DataFrame(
        {
            "stop_id": rows["stop_id"],
            "route_id": about["route_id"],
            "trip_id": rows["trip_id"],
            "direction": about["direction"],
            "seconds": rows["seconds"].round().astype(np.int64),
        }
    )
    ordered = made.sort_values(["stop_id", "direction", "seconds", "trip_id"], kind="stable").reset_index(drop=True)
    return ordered, tuple(notes)


def _expanded(rows: pd.DataFrame, first: pd.Series, frequencies: pd.DataFrame) -> pd.DataFrame:
    """Each pattern of ``frequencies.txt`` as single trips, ``trip_id`` being the pattern, ``@`` and the start."""
    rows = rows.assign(pattern=rows["trip_id"]).reset_index(drop=True)
    repeated = rows["trip_id"].isin(frequencies["trip_id"])
    if not repeated.any():
        return rows
    runs = rows[repeated].merge(frequencies, on="trip_id")
    runs["seconds"] = runs["start"] + runs["seconds"] - runs["trip_id"].map(first)
    runs["trip_id"] = runs["trip_id"] + "@" + runs["start"].astype(str)
    return pd.concat([rows[~repeated], runs.drop(columns="start")], ignore_index=True)


def _stops(files: FeedFiles, called_at: set[str], high: set[str]) -> pd.DataFrame:
    given = files.needed(
        "stops.txt", ("stop_id", "stop_lat", "stop_lon"), ("stop_name", "location_type", "parent_station")
    )
    unique(given["stop_id"], "stops.txt", files)
    lost = sorted(called_at - set(given["stop_id"]))
    if lost:
        raise LayerError(
            f"Trips of the timetable {files.path} call at {len(lost)} stops that stops.txt lacks, such as "
            f"{shown(lost[0])}.",
            remedy=VALIDATE,
        )
    # Stations, entrances and nodes are no places of boarding, unless a trip calls there all the same.
    boardable = (given["location_type"].isin(["", "0"]) & ~order.stations(given)) | given["stop_id"].isin(called_at)
    stops = given[boardable].reset_index(drop=True)
    return pd.DataFrame(
        {
            "stop_id": stops["stop_id"],
            "name": stops["stop_name"].map(visible),
            "lon": coordinate(stops["stop_lon"], 180.0, files),
            "lat": coordinate(stops["stop_lat"], 90.0, files),
            "rail": stops["stop_id"].isin(high),
            "station": stops["parent_station"].mask(stops["parent_station"] == "", stops["stop_id"]),
        }
    )


def _in_window(stops: pd.DataFrame, area: Area) -> BoolArray:
    return np.asarray(shapely.intersects_xy(area.window, stops["lon"].to_numpy(), stops["lat"].to_numpy()), np.bool_)


def _covers(stops: pd.DataFrame, served: Iterable[str], area: Area) -> bool:
    """Whether the bounding box of the stops that are served covers the district; stops at (0, 0) are nowhere."""
    some = stops[stops["stop_id"].isin(set(served)) & ~((stops["lon"] == 0) & (stops["lat"] == 0))]
    if some.empty:
        return False
    reach = shapely.box(some["lon"].min(), some["lat"].min(), some["lon"].max(), some["lat"].max())
    return bool(reach.covers(area.district))


def _far(stops: pd.DataFrame, area: Area) -> tuple[str, ...]:
    """A warning where the feed serves the reference but not the district: it may be another town's."""
    if shapely.intersects_xy(area.halo, stops["lon"].to_numpy(), stops["lat"].to_numpy()).any():
        return ()
    return ("No stop of this timetable lies within the district or its halo: check that it is the right agency's.",)


def _extent(stops: pd.DataFrame) -> str:
    lon, lat = stops["lon"], stops["lat"]
    return f"longitude {lon.min():.4f} to {lon.max():.4f}, latitude {lat.min():.4f} to {lat.max():.4f}"


def _provenance(spec: LayerSpec, area: Area, files: FeedFiles, day: ServiceDay, notes: tuple[str, ...]) -> Provenance:
    """The feed itself says of which days it speaks, so that goes before what the planner declared."""
    asked = {"window": [round(b, 6) for b in area.window.bounds]}
    told = provenance(spec, spec.name, sha256=files.sha256(), notes=notes, asked=asked)
    return replace(told, vintage=day.words)
