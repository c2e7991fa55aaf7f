"""Federal holidays, and the choice of the weekday that stands for all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from justgeo.core.errors import LayerError
from justgeo.sources.service_day import DAYS, Calendar, choose, federal_holidays, is_holiday, weekday_name

WEEKDAYS = "1111100"


def calendar(
    weekly: list[tuple[str, str, str, str]],
    exceptions: list[tuple[str, str, int]] = [],  # noqa: B006 - read only
    stated: tuple[date | None, date | None] = (None, None),
) -> Calendar:
    """``(service, week as seven digits, start, end)`` and ``(service, day, 1 or 2)``."""
    week = {d: pd.Series([w[1][k] == "1" for w in weekly], dtype=bool) for k, d in enumerate(DAYS)}
    days = pd.DataFrame(
        {
            "service_id": pd.Series([w[0] for w in weekly], dtype=str),
            **week,
            "start_date": pd.to_datetime(pd.Series([w[2] for w in weekly], dtype=str)),
            "end_date": pd.to_datetime(pd.Series([w[3] for w in weekly], dtype=str)),
        }
    )
    more = pd.DataFrame(
        {
            "service_id": pd.Series([e[0] for e in exceptions], dtype=str),
            "date": pd.to_datetime(pd.Series([e[1] for e in exceptions], dtype=str)),
            "added": pd.Series([e[2] == 1 for e in exceptions], dtype=bool),
        }
    )
    return Calendar(days, more, stated, Path("feed.zip"))


def test_federal_holidays_of_2026() -> None:
    """As the Office of Personnel Management publishes them; Independence Day falls on a Saturday."""
    published = {"01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"}
    assert {f"{d:%m-%d}" for d in federal_holidays(2026)} == published | {"07-04"}


def test_a_holiday_on_a_sunday_is_observed_on_monday() -> None:
    assert is_holiday(date(2027, 7, 5))
    assert is_holiday(date(2023, 1, 2))
    assert is_holiday(date(2021, 12, 31))  # New Year's Day of 2022, a Saturday


def test_juneteenth_is_young() -> None:
    assert is_holiday(date(2024, 6, 19))
    assert not is_holiday(date(2019, 6, 19))


def test_the_names_of_days_do_not_depend_on_the_machine() -> None:
    assert weekday_name(date(2024, 10, 9)) == "Wednesday"


def test_the_earliest_of_equal_wednesdays() -> None:
    chosen = choose(calendar([("w", WEEKDAYS, "2024-10-01", "2024-12-01")]), pd.Series({"w": 10}), None)
    assert chosen.day == date(2024, 10, 2)
    assert chosen.services == {"w"}
    assert (chosen.trips, chosen.first, chosen.last) == (10, date(2024, 10, 1), date(2024, 12, 1))


def test_the_wednesday_with_most_trips_wins() -> None:
    made = calendar(
        [("holiday", WEEKDAYS, "2024-10-01", "2024-10-12"), ("school", WEEKDAYS, "2024-10-13", "2024-10-31")]
    )
    assert choose(made, pd.Series({"holiday": 50, "school": 55}), None).day == date(2024, 10, 16)


def test_an_outlier_is_told() -> None:
    made = calendar([("w", WEEKDAYS, "2024-10-01", "2024-10-31"), ("fair", "0010000", "2024-10-09", "2024-10-09")])
    chosen = choose(made, pd.Series({"w": 50, "fair": 40}), None)
    assert chosen.day == date(2024, 10, 9)
    assert any("median" in n for n in chosen.notes)


def test_a_wednesday_that_is_a_holiday_is_left_out() -> None:
    made = calendar([("w", WEEKDAYS, "2024-12-23", "2024-12-29")])
    with pytest.raises(LayerError, match="no Wednesday"):
        choose(made, pd.Series({"w": 10}), None)


def test_exceptions_add_and_remove() -> None:
    made = calendar(
        [("w", WEEKDAYS, "2024-10-01", "2024-10-15")],
        [("w", "2024-10-02", 2), ("extra", "2024-10-02", 1)],
    )
    chosen = choose(made, pd.Series({"w": 10, "extra": 3}), None)
    assert chosen.day == date(2024, 10, 9)
    assert choose(made, pd.Series({"w": 10, "extra": 13}), None).services == {"extra"}


def test_a_feed_of_exceptions_alone() -> None:
    made = calendar([], [("a", "2024-10-09", 1), ("a", "2024-10-10", 1)])
    assert choose(made, pd.Series({"a": 5}), None).day == date(2024, 10, 9)


def test_the_publishers_own_dates_clip_the_window() -> None:
    weekly = [("old", WEEKDAYS, "2024-01-01", "2024-09-30"), ("new", WEEKDAYS, "2024-10-01", "2024-12-31")]
    made = calendar(weekly, stated=(date(2024, 10, 1), date(2024, 11, 30)))
    chosen = choose(made, pd.Series({"old": 90, "new": 50}), None)
    assert chosen.services == {"new"}
    assert (chosen.first, chosen.last) == (date(2024, 10, 1), date(2024, 11, 30))
    assert any("vouches" in n for n in chosen.notes)


def test_publishers_dates_outside_the_calendar_are_not_heeded() -> None:
    made = calendar([("w", WEEKDAYS, "2024-10-01", "2024-12-01")], stated=(date(2030, 1, 1), None))
    chosen = choose(made, pd.Series({"w": 1}), None)
    assert chosen.first == date(2024, 10, 1)
    assert any("not heeded" in n for n in chosen.notes)


def test_the_planners_day_is_taken() -> None:
    chosen = choose(calendar([("w", WEEKDAYS, "2024-10-01", "2024-12-01")]), pd.Series({"w": 10}), date(2024, 10, 8))
    assert chosen.day == date(2024, 10, 8)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2024, 9, 4), "outside"),
        (date(2024, 10, 12), "Saturday"),
        (date(2024, 10, 14), "holiday"),  # Columbus Day
        (date(2024, 10, 16), "Nothing runs"),
    ],
)
def test_a_bad_day_of_the_planners_is_refused(day: date, said: str) -> None:
    made = calendar([("w", WEEKDAYS, "2024-10-01", "2024-12-01")], [("w", "2024-10-16", 2)])
    with pytest.raises(LayerError, match=said) as caught:
        choose(made, pd.Series({"w": 10}), day)
    assert "weekday" in caught.value.remedy


def test_a_feed_without_any_day_is_refused() -> None:
    with pytest.raises(LayerError, match="no day"):
        choose(calendar([]), pd.Series({"w": 10}), None)


def test_services_without_trips_are_refused() -> None:
    with pytest.raises(LayerError, match="Nothing runs"):
        choose(calendar([("w", WEEKDAYS, "2024-10-01", "2024-12-01")]), pd.Series({"other": 10}), None)
