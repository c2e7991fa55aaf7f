"""How often a stop is served: frequent service from a feed's representative weekday (METHODS 3.2).

Departures are taken per stop (stops of one station together) and direction, all routes together: a rider who goes
downtown takes whichever bus comes first. The 12 hours are ``[07:00, 19:00)``, of the timetable's own day.

The largest gap counts the wait from 07:00 to the first departure and that from the last one to 19:00: a stop that is
served every ten minutes, but only from 10 to 12, is not frequent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, Feed

Variant = Literal["frequent", "strict", "alltransit", "ghsci"]
HOUR = 3600


@dataclass(frozen=True)
class HeadwayRule:
    """Thresholds of the four definitions.

    Attributes
    ----------
    start, end : float, hours
        Window of the day, the end excluded.
    headway_min : float
        ``frequent``: mean headway in the window at most this (15 minutes: 48 departures in 12 hours) ...
    gap_min : float
        ... and no wait in the window longer than this.
    per_hour : int
        ``strict``: at least so many departures in each hour of the window.
    alltransit_min : float
        ``alltransit``: mean headway over 24 hours (CNT AllTransit).
    ghsci_min : float
        ``ghsci``: mean headway in the window (Global Healthy & Sustainable City Indicators), gaps not looked at.
    """

    start: float = 7.0
    end: float = 19.0
    headway_min: float = 15.0
    gap_min: float = 30.0
    per_hour: int = 4
    alltransit_min: float = 15.0
    ghsci_min: float = 20.0


DEFAULT_RULE = HeadwayRule()


def headways(feed: Feed, rule: HeadwayRule = DEFAULT_RULE) -> pd.DataFrame:
    """Service of each station and direction that has a departure on the day.

    Parameters
    ----------
    feed : Feed
        ``stops`` may have a column ``station``; stops of one station are taken together.
    rule : HeadwayRule

    Returns
    -------
    DataFrame
        ``station``, ``direction``, ``n`` (departures in the window), ``n24`` (in the whole service day, trips
        that run past midnight included), ``mean_headway`` (window / n, minutes; inf for none), ``largest_gap``
        (minutes), ``busy_hours`` (hours of the window with at least ``per_hour`` departures), and one bool for each
        of ``frequent``, ``strict``, ``alltransit``, ``ghsci``.
    """
    rows = _by_station(feed)
    start, end = rule.start * HOUR, rule.end * HOUR
    keys = ["station", "direction"]
    rows = rows.sort_values([*keys, "seconds"], kind="stable")
    inside = rows[(rows["seconds"] >= start) & (rows["seconds"] < end)]
    found = pd.DataFrame({"n24": rows.groupby(keys)["seconds"].size()})
    groups = inside.groupby(keys)["seconds"]
    found["n"] = groups.size().reindex(found.index, fill_value=0)
    found["largest_gap"] = _largest_gaps(inside, keys, start, end).reindex(found.index, fill_value=end - start) / 60
    found["busy_hours"] = _busy_hours(inside, keys, rule).reindex(found.index, fill_value=0)
    window_min = (end - start) / 60
    found["mean_headway"] = np.where(found["n"] > 0, window_min / found["n"].clip(lower=1), np.inf)
    found["frequent"] = (found["mean_headway"] <= rule.headway_min) & (found["largest_gap"] <= rule.gap_min)
    found["strict"] = found["busy_hours"] == int(rule.end - rule.start)
    found["alltransit"] = 24 * 60 / found["n24"] <= rule.alltransit_min
    found["ghsci"] = found["mean_headway"] <= rule.ghsci_min
    return found.reset_index()


def frequent_stops(feed: Feed, variant: Variant = "frequent", rule: HeadwayRule = DEFAULT_RULE) -> BoolArray:
    """Which stops of a feed are frequent: in one direction at least, at the stop or its station.

    Returns
    -------
    (n,) bool
        In the order of ``feed.stops``. A stop without a departure on the day is not frequent.
    """
    found = headways(feed, rule)
    stations = set(found.loc[found[variant].astype(bool), "station"])
    return np.array([s in stations for s in _stations(feed)], dtype=np.bool_)


def _stations(feed: Feed) -> pd.Series:
    column = "station" if "station" in feed.stops else "stop_id"
    return feed.stops[column].astype(str)


def _by_station(feed: Feed) -> pd.DataFrame:
    station = dict(zip(feed.stops["stop_id"].astype(str), _stations(feed), strict=True))
    rows = feed.departures[["stop_id", "direction", "seconds"]]
    return rows.assign(station=rows["stop_id"].astype(str).map(station)).dropna(subset=["station"])


def _largest_gaps(inside: pd.DataFrame, keys: list[str], start: float, end: float) -> pd.Series:
    """Longest wait of each group within the window, seconds; the edges of the window count as arrivals of riders."""
    groups = inside.groupby(keys)["seconds"]
    between = groups.diff().fillna(0).groupby([inside[k] for k in keys]).max()
    edges = pd.concat([groups.min() - start, end - groups.max(), between], axis=1)
    return edges.max(axis=1)


def _busy_hours(inside: pd.DataFrame, keys: list[str], rule: HeadwayRule) -> pd.Series:
    hour = ((inside["seconds"] - rule.start * HOUR) // HOUR).astype(np.int64)
    per_hour = inside.assign(hour=hour).groupby([*keys, "hour"]).size()
    return (per_hour >= rule.per_hour).groupby(level=keys).sum()
