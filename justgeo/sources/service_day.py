"""Which day of a timetable stands for its weekdays.

The Wednesday on which most trips run, holidays left out (METHODS 3.2): a Wednesday is the weekday least
touched by long weekends, and the one with most trips is no school holiday.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.core.layer import ENDED, BoolArray, IntArray

_Ids = npt.NDArray[np.object_]
_Moments = npt.NDArray[np.datetime64]

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_END = date(2199, 12, 31)
"""Stands for every later day: some feeds are valid until 9999-12-31, which no count of nanoseconds reaches."""

_WEDNESDAY = 2
_MOST_CELLS = 4_000_000  # of days and services that are held at once
_PICK = 'Name a weekday on which the agency runs as usual, for example date = "2024-10-09".'


@dataclass(frozen=True)
class ServiceDay:
    """The chosen day.

    Attributes
    ----------
    day : date or None
        None where nothing runs on any Wednesday: then there are no services and no trips either.
    services : frozenset of str
        ``service_id`` that run on it.
    trips : int
        Trips that run on it.
    first, last : date
        First and last day for which the feed speaks.
    until : date or None
        Last day on which any trip runs, whatever the publisher vouches for.
    notes : tuple of str
    """

    day: date | None
    services: frozenset[str]
    trips: int
    first: date
    last: date
    until: date | None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """``"2024-10-01/2024-12-01, service day 2024-10-02 (Wednesday)"``."""
        what = "nothing on a Wednesday" if self.day is None else f"service day {self.day} ({weekday_name(self.day)})"
        return f"{self.first}/{self.last}, {what}"

    def outdated(self, whose: str, retrieved: str) -> tuple[str, ...]:
        """A warning where the timetable had run out when it was fetched: its trips may run no more.

        Parameters
        ----------
        whose : str
            Its agency, ``""`` where nobody has said.
        retrieved : str
            ISO date, ``""`` where nobody has said.
        """
        try:
            fetched = date.fromisoformat(retrieved[:10])
        except ValueError:
            return ()
        if self.until is None or self.until >= fetched:
            return ()
        of = f" of {whose}" if whose else ""
        return (
            f"The timetable{of} {ENDED} {self.until}, before it was fetched on {fetched}: service may have changed "
            "since.",
        )


def federal_holidays(year: int) -> frozenset[date]:
    """Days of a year on which US federal holidays fall or are observed (5 U.S.C. 6103).

    A holiday on a Saturday is also observed on the Friday before, one on a Sunday on the Monday after; the New
    Year's Day of the year to come counts where it is observed in this one. Juneteenth counts from 2021 on.
    """
    fixed = [date(year, 1, 1), date(year + 1, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= 2021:
        fixed.append(date(year, 6, 19))
    floating = [
        _nth_weekday(year, 1, 0, 3),  # Martin Luther King Jr. Day
        _nth_weekday(year, 2, 0, 3),  # Washington's Birthday
        _nth_weekday(year, 6, 0, 1) - timedelta(days=7),  # Memorial Day: the last Monday of May
        _nth_weekday(year, 9, 0, 1),  # Labor Day
        _nth_weekday(year, 10, 0, 2),  # Columbus Day
        _nth_weekday(year, 11, 3, 4),  # Thanksgiving Day
    ]
    observed = [d + timedelta(days={5: -1, 6: 1}.get(d.weekday(), 0)) for d in fixed]
    return frozenset(d for d in (*fixed, *floating, *observed) if d.year == year)


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def weekday_name(day: date) -> str:
    """``"Wednesday"``, whatever the language of the machine."""
    return DAYS[day.weekday()].capitalize()


def is_holiday(day: date) -> bool:
    """Whether a US federal holiday falls on this day or is observed on it."""
    return day in federal_holidays(day.year)


@dataclass(frozen=True)
class Calendar:
    """When the services of a feed run.

    Attributes
    ----------
    weekly : DataFrame
        ``service_id``, ``monday`` ... ``sunday`` (bool), ``start_date``, ``end_date`` (datetime64).
    exceptions : DataFrame
        ``service_id``, ``date`` (datetime64), ``added`` (bool).
    stated : pair of date or None
        Days between which the publisher vouches for the timetable (``feed_info.txt``).
    path : Path
        Of the feed, for messages.
    """

    weekly: pd.DataFrame
    exceptions: pd.DataFrame
    stated: tuple[date | None, date | None]
    path: Path

    def window(self) -> tuple[date, date, tuple[str, ...]]:
        """First and last day of the feed, clipped to what its publisher vouches for, and notes.

        Raises
        ------
        LayerError
            The feed names no day at all.
        """
        added = self.exceptions[self.exceptions["added"]]
        days = pd.concat([self.weekly["start_date"], self.weekly["end_date"], added["date"]])
        if days.empty:
            raise LayerError(
                f"The timetable {self.path} says of no day that anything runs: calendar.txt and calendar_dates.txt "
                "are missing or empty.",
                remedy="Take a complete GTFS feed from the agency or from a feed archive.",
            )
        first, last = days.min().date(), days.max().date()
        start, end = max(self.stated[0] or first, first), min(self.stated[1] or last, last)
        if (start, end) == (first, last):
            endless = f"The calendar runs until {NO_END} or later: it tells no end."
            return first, last, (endless,) if last == NO_END else ()
        if start > end:
            return first, last, (f"feed_info.txt speaks of days outside the calendar ({first}/{last}): not heeded.",)
        return start, end, (f"The calendar runs {first}/{last}; feed_info.txt vouches for {start}/{end} only.",)

    def unsaid(self, services: Iterable[str]) -> tuple[str, ...]:
        """Notes on services of trips that run on no day, though nobody meant so."""
        weekly = self.weekly[self.weekly["service_id"].isin(set(services))]
        known = {*self.weekly["service_id"], *self.exceptions["service_id"]}
        turned = int((weekly["start_date"] > weekly["end_date"]).sum())
        missing = len(set(services) - known)
        said = (
            (turned, "services end before they begin in calendar.txt: of the week they run on no day"),
            (missing, "services of trips stand in neither calendar.txt nor calendar_dates.txt: they run on no day"),
        )
        return tuple(f"{count} {words}." for count, words in said if count)

    @cached_property
    def _by_day(self) -> dict[pd.Timestamp, IntArray]:
        """Rows of exceptions of each day that has some: they may be a million, and every weekend is asked about."""
        rows = self.exceptions.groupby("date", sort=False).indices
        return {pd.Timestamp(str(when)): np.asarray(where, np.int64) for when, where in rows.items()}

    @cached_property
    def _changes(self) -> tuple[_Ids, BoolArray]:
        """Of each exception its service, and whether it is added."""
        told = self.exceptions
        return told["service_id"].to_numpy(dtype=object), told["added"].to_numpy(dtype=np.bool_)

    @cached_property
    def _week(self) -> dict[str, tuple[_Ids, _Moments, _Moments]]:
        """Services of each day of the week, and the first and last days between which they run."""
        found = {}
        for name in DAYS:
            rows = self.weekly[self.weekly[name]]
            first, last = (rows[c].to_numpy(dtype="datetime64[ns]") for c in ("start_date", "end_date"))
            found[name] = rows["service_id"].to_numpy(dtype=object), first, last
        return found

    def running(self, day: date) -> frozenset[str]:
        """Services that run on a day: the week's pattern, exceptions added and removed."""
        services, first, last = self._week[DAYS[day.weekday()]]
        when = np.datetime64(day, "ns")
        running: set[str] = set(services[(first <= when) & (last >= when)])
        today = self._by_day.get(pd.Timestamp(day))
        if today is not None:
            changed, added = (of[today] for of in self._changes)
            running = (running - set(changed[~added])) | set(changed[added])
        return frozenset(running)

    def last_run(self, services: Iterable[str], by: date = NO_END) -> date | None:
        """The last day, up to ``by``, on which one of some services runs; None where there is none."""
        known = set(services)
        changes = self.exceptions[self.exceptions["service_id"].isin(known)]
        changes = changes.assign(date=changes["date"].dt.date)
        found = {day for day in changes.loc[changes["added"], "date"] if day <= by}
        removed = set(changes.loc[~changes["added"], ["service_id", "date"]].itertuples(index=False, name=None))
        for row in self.weekly[self.weekly["service_id"].isin(known)].to_dict("records"):
            day, start = min(row["end_date"].date(), by), row["start_date"].date()
            runs = [bool(row[name]) for name in DAYS]
            while any(runs) and day >= start:
                if runs[day.weekday()] and (row["service_id"], day) not in removed:
                    found.add(day)
                    break
                day -= timedelta(days=1)
        return max(found, default=None)


def choose(calendar: Calendar, trips: pd.Series, wanted: date | None, *, idle: bool = False) -> ServiceDay:
    """Choose the representative weekday.

    Parameters
    ----------
    calendar : Calendar
    trips : Series of int
        Trips of each service, indexed by ``service_id``; those of ``frequencies.txt`` counted one by one.
    wanted : date or None
        The planner's own choice; None for the Wednesday with most trips (the earliest of equals), no federal
        holiday.
    idle : bool
        A timetable of which nothing runs on any Wednesday, though it runs on other days, gives no day; else it is an
        error.

    Raises
    ------
    LayerError
        No such day, or nothing runs on it.
    """
    first, last, notes = calendar.window()
    notes = (*notes, *calendar.unsaid(trips.index))
    until = calendar.last_run(trips.index)
    more: tuple[str, ...]
    if idle and wanted is None and _is_idle(calendar, trips, first, last):
        return ServiceDay(None, frozenset(), 0, first, last, until, notes)
    if wanted is not None:
        day, more = _checked(wanted, first, last, calendar.path), ("The service day is the planner's choice.",)
    else:
        day, more = _busiest_wednesday(calendar, trips, first, last)
    services = calendar.running(day)
    total = int(trips.reindex(sorted(services), fill_value=0).sum())
    if total == 0:
        raise LayerError(f"Nothing runs on {day} in the timetable {calendar.path} ({first}/{last}).", remedy=_PICK)
    return ServiceDay(day, services, total, first, last, until, (*notes, *more))


def _is_idle(calendar: Calendar, trips: pd.Series, first: date, last: date) -> bool:
    """Whether something runs within the timetable's days, but never on a Wednesday.

    A timetable of a few days without a working Wednesday does not tell, unless it runs on no working day at all.
    """
    end = calendar.last_run(trips.index, last)
    if end is None or end < first:
        return False
    wednesdays = _wednesdays(first, last)
    if wednesdays:
        return not _totals(calendar, trips, wednesdays).any()
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    working = [d for d in days if d.weekday() <= 4 and not is_holiday(d)]
    return not any(calendar.running(d) & set(trips.index) for d in working)


def _wednesdays(first: date, last: date) -> list[date]:
    """Those that are working days."""
    start = first + timedelta(days=(_WEDNESDAY - first.weekday()) % 7)
    days = [start + timedelta(days=7 * k) for k in range((last - start).days // 7 + 1)]
    return [d for d in days if not is_holiday(d)]


def _checked(day: date, first: date, last: date, path: Path) -> date:
    if not first <= day <= last:
        raise LayerError(f"The service day {day} lies outside the timetable {path} ({first}/{last}).", remedy=_PICK)
    if day.weekday() > 4 or is_holiday(day):
        what = "a federal holiday" if day.weekday() <= 4 else f"a {weekday_name(day)}"
        raise LayerError(f"The service day {day} is {what}, and the indicators speak of weekdays.", remedy=_PICK)
    return day


def _busiest_wednesday(calendar: Calendar, trips: pd.Series, first: date, last: date) -> tuple[date, tuple[str, ...]]:
    days = _wednesdays(first, last)
    if not days:
        raise LayerError(
            f"The timetable {calendar.path} ({first}/{last}) holds no Wednesday that is a working day.", remedy=_PICK
        )
    totals = _totals(calendar, trips, days)
    best = int(totals.argmax())
    usual = float(np.median(totals[totals > 0])) if totals.any() else 0.0
    if totals[best] > 1.2 * usual > 0:
        note = f"{days[best]} has {totals[best]} trips, the median Wednesday of the timetable {usual:.0f}."
        return days[best], (note,)
    return days[best], ()


def _totals(calendar: Calendar, trips: pd.Series, days: list[date]) -> IntArray:
    """Trips of each Wednesday, all services at once: a feed may name some hundred Wednesdays and services."""
    weekly = calendar.weekly[calendar.weekly["wednesday"]]
    when = np.array(days, dtype="datetime64[ns]")
    start = weekly["start_date"].to_numpy(dtype="datetime64[ns]")
    end = weekly["end_date"].to_numpy(dtype="datetime64[ns]")
    per_service = trips.reindex(weekly["service_id"], fill_value=0).to_numpy(dtype=np.int64)
    totals = np.zeros(len(days), dtype=np.int64)
    some = max(1, _MOST_CELLS // max(len(weekly), 1))
    for k in range(0, len(days), some):
        each = when[k : k + some, None]
        totals[k : k + some] = ((start <= each) & (each <= end)) @ per_service
    exceptional = set(calendar.exceptions["date"].dt.date)
    for k, day in enumerate(days):
        if day in exceptional:
            totals[k] = trips.reindex(sorted(calendar.running(day)), fill_value=0).sum()
    return totals
