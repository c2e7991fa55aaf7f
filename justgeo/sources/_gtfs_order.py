"""What cannot be true of a timetable: trips that go back in time, trips without a stop, one trip told twice over.

A slip of one trip is told, however small the feed. Where trips that go back are some in a hundred, times mean something
else (hours that run to 12 and begin again); where a third of the trips has no times, the file was cut: no departure of
it can be believed. The six real feeds at hand have none. The limits are our choice.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.core.layer import BUSIER
from justgeo.sources._packed import shown
from justgeo.sources.service_day import Calendar, ServiceDay, weekday_name

BACKWARDS, SLIPS = 0.01, 2
"""Share of the day's trips, and their number, from which trips go back in time by a rule, and not by a slip: of 12-hour
times some four in a hundred cross noon."""
STOPLESS, FEWEST = 0.3, 10
"""Share of the day's trips, and their number, from which trips without a row in ``stop_times.txt`` are a file cut
short: fewer may be trips that run on demand, or were taken out of service."""
_MEND = "Take another edition of the feed, or ask the agency to mend it."
_MOST_WEEKS = 60


def backwards(times: pd.DataFrame, path: Path) -> tuple[str, ...]:
    """A note on trips that leave a stop before the one before it.

    Parameters
    ----------
    times : DataFrame
        ``trip_id`` and ``seconds`` (NaN where no time is told), in the order of the stops.
    path : Path
        Of the feed, for messages.

    Raises
    ------
    LayerError
        They are two or more, and one in a hundred or more.
    """
    told = times[["trip_id", "seconds"]].dropna()
    back = told[told.groupby("trip_id")["seconds"].diff() < 0]
    wrong, trips = back["trip_id"].nunique(), told["trip_id"].nunique()
    if not wrong:
        return ()
    if wrong >= max(SLIPS, BACKWARDS * trips):
        raise LayerError(
            f"In the timetable {path}, {wrong} of {trips} trips of the day leave a stop before the one before it, "
            f"trip {shown(back['trip_id'].iloc[0])} among them: are its hours those of a 12-hour clock?",
            remedy=f"Hours run on to 24 and beyond (13:05:00, not 1:05). {_MEND}",
        )
    return (f"{wrong} of {trips} trips leave a stop before the one before it.",)


def stopless(today: set[str], called: set[str], path: Path) -> None:
    """Refuse a timetable of which many trips of the day have no row in ``stop_times.txt``.

    Fewer are left out, and a note of the timetable's reader tells how many.

    Raises
    ------
    LayerError
    """
    lost = sorted(today - called)
    if len(lost) >= max(FEWEST, STOPLESS * len(today)):
        raise LayerError(
            f"In the timetable {path}, {len(lost)} of {len(today)} trips of the day have no row in stop_times.txt, "
            f"such as {shown(lost[0])}: it is cut short.",
            remedy="Download the feed from the agency once more, or ask the agency to mend it.",
        )


def overlapping(frequencies: pd.DataFrame, path: Path) -> None:
    """Refuse a trip that ``frequencies.txt`` repeats in two spans at once.

    Parameters
    ----------
    frequencies : DataFrame
        ``trip_id``, ``start`` and ``end`` in seconds.

    Raises
    ------
    LayerError
    """
    ordered = frequencies.drop_duplicates().sort_values(["trip_id", "start", "end"])
    before = ordered.groupby("trip_id")["end"].shift()
    twice = ordered[before > ordered["start"]]
    if len(twice):
        raise LayerError(
            f"frequencies.txt of the timetable {path} repeats trip {shown(twice['trip_id'].iloc[0])} in two spans that "
            "overlap: its departures would be counted twice.",
            remedy=_MEND,
        )


def stations(stops: pd.DataFrame) -> pd.Series:
    """Which rows of ``stops.txt`` are stations, though ``location_type`` may not say so: others name them as theirs."""
    return stops["stop_id"].isin(set(stops["parent_station"]) - {""})


def busier_weekend(calendar: Calendar, trips: pd.Series, day: ServiceDay) -> tuple[str, ...]:
    """A note where more trips run on a Saturday or Sunday than on the weekday that was taken."""
    if day.day is None:
        return ()
    start = day.day - timedelta(days=day.day.weekday())
    weeks = min(_MOST_WEEKS, max(0, (day.last - start).days // 7 + 1))
    ends = [start + timedelta(days=7 * week + k) for week in range(weeks) for k in (5, 6)]
    counts = trips.to_dict()
    totals = {
        one: sum(counts.get(service, 0) for service in calendar.running(one))
        for one in ends
        if day.first <= one <= day.last
    }
    most = max(totals, key=lambda one: totals[one], default=None)
    if most is None or totals[most] <= day.trips:
        return ()
    return (f"{BUSIER} {weekday_name(most)} ({most}: {totals[most]}) than on the service day ({day.trips}).",)
