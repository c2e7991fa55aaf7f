"""Cells of a timetable: numbers, days, times, coordinates and identifiers, refused with the cell that is none."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from justgeo.core.errors import LayerError
from justgeo.sources._packed import shown
from justgeo.sources.gtfs_files import FeedFiles
from justgeo.sources.service_day import NO_END

MOST_SECONDS = 14 * 24 * 3600
"""After midnight of its service day; the longest journeys by train take a week. Our choice."""
# Later years than a count of nanoseconds reaches; such a day stands for "no end".
_BEYOND = r"^(?:2[2-9]|[3-9]\d)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])$"
_TIME = re.compile(r"^(\d{1,3}):([0-5]\d):([0-5]\d)$")
VALIDATE = "Take a feed that passes the canonical GTFS validator, or ask the agency to mend it."


def unique(ids: pd.Series, name: str, files: FeedFiles) -> None:
    if (ids == "").any():
        raise LayerError(f"{name} of the timetable {files.path} has a row without {ids.name}.", remedy=VALIDATE)
    twice = ids[ids.duplicated()]
    if len(twice):
        raise LayerError(f"{name} of the timetable {files.path} has {shown(twice.iloc[0])} twice.", remedy=VALIDATE)


def numbers(text: pd.Series, name: str, files: FeedFiles) -> pd.Series:
    found = pd.to_numeric(text, errors="coerce").astype(np.float64)
    wrong = text[found.isna() | (found.abs() > 1e15) | (found != found.round())]
    if len(wrong):
        raise LayerError(f"{name} of {files.path} has {shown(wrong.iloc[0])} in {text.name}.", remedy=VALIDATE)
    return found.astype(np.int64)


def days(text: pd.Series, name: str, files: FeedFiles) -> pd.Series:
    near = text.str.replace(_BEYOND, NO_END.strftime("%Y%m%d"), regex=True)
    found = pd.to_datetime(near, format="%Y%m%d", errors="coerce")
    wrong = text[found.isna() | (found < pd.Timestamp(1900, 1, 1))]
    if len(wrong):
        raise LayerError(f"{name} of {files.path} has the day {shown(wrong.iloc[0])} in {text.name}.", remedy=VALIDATE)
    return found.astype("datetime64[ns]")


def seconds(text: pd.Series, name: str, files: FeedFiles) -> pd.Series:
    """``H:MM:SS`` to seconds after midnight, past 24:00 too, up to two weeks; NaN for no time."""
    found = text.map(_second, na_action="ignore").astype(np.float64)
    wrong = text[(found.isna() & (text != "")) | (found > MOST_SECONDS)]
    if len(wrong):
        raise LayerError(f"{name} of {files.path} has the time {shown(wrong.iloc[0])}.", remedy=VALIDATE)
    return found


def _second(told: str) -> float:
    time = _TIME.search(told)
    return float(time[1]) * 3600 + float(time[2]) * 60 + float(time[3]) if time else np.nan


def coordinate(text: pd.Series, limit: float, files: FeedFiles) -> pd.Series:
    found = pd.to_numeric(text, errors="coerce")
    wrong = text[found.isna() | (found.abs() > limit)]
    if len(wrong):
        raise LayerError(f"stops.txt of {files.path} has the coordinate {shown(wrong.iloc[0])}.", remedy=VALIDATE)
    return found.astype(np.float64)
