"""A right timetable, and what is done to its tables: cells, columns, rows, lines, whole files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

RIGHT = {
    "agency.txt": "agency_id,agency_name\n1,Made\n",
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        'A,"First, and Main",38.01,-78.49,0,\nB1,Hub bay 1,38.05,-78.45,,HUB\nHUB,Hub,38.05,-78.45,1,\n'
        "C,Last,38.09,-78.41,,\n"
    ),
    "routes.txt": "route_id,route_type\nbus,3\ntram,0\n",
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "wk,1,1,1,1,1,0,0,20241001,20241201\nsun,0,0,0,0,0,0,1,20241001,20241201\n"
    ),
    "calendar_dates.txt": "service_id,date,exception_type\nwk,20241023,2\nsun,20241023,1\n",
    "feed_info.txt": "feed_publisher_name,feed_start_date,feed_end_date\nMade,20241001,20241130\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nt3,06:00:00,09:00:00,1800\n",
    "trips.txt": (
        "route_id,service_id,trip_id,direction_id,trip_headsign\nbus,wk,t1,0,Downtown\ntram,wk,t2,1,Uptown\n"
        "bus,wk,t3,,Loop\ntram,sun,t4,1,Uptown\n"
    ),
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
        "t1,7:00:00,7:00:00,A,1,\nt1,,,B1,5,\nt1,7:20:00,7:20:00,C,9,\n"
        "t2,25:10:00,25:10:00,B1,1,0\nt2,25:20:00,25:21:30,A,2,1\nt2,25:30:00,25:30:00,C,3,0\n"
        "t3,06:00:00,06:00:00,A,1,0\nt3,06:10:00,06:10:00,C,2,0\n"
        "t4,09:00:00,09:00:00,C,1,0\nt4,09:10:00,09:10:00,A,2,0\n"
    ),
}

ODD = (
    "", " ", "0", "-1", "1", "2", "9", "1.5", "1e400", "nan", "NaN", "inf", "-inf", "1e15", "9" * 20, "0x10",
    "-1:00:00", "25:61:61", "48:00:01", "999:59:59", "7:00", "7:00:00.5", "24:00:00", "00:00:00", "1000:00:00",
    "٣:٠٠:٠٠", "20241301", "20240230", "00010101", "99991231", "21991231", "19000101", "2024-10-01", "20241001",
    "20241201", "A", "t1", "wk", "HUB", "zz", "a" * 300, "é", "\u202e", "\x00", "=1+1", "../x", "-78.45", "38.05",
    "91", "181", "500", "x" * 5000, "0.0000001", "100000000", "86400", "1", "3", "1700", "٣", "1_000", "+5", "NULL",
    "None", "True",
)  # fmt: skip
"""What stands in a cell that is not what should stand there."""

LINES = (
    "", ",", ",,,,,,,,,,,,,,,,", '"', '"open', '"a""b"', "a\tb", "\x00", "#", " ", "\ufeff", "é,è", "t1,7:00:00",
    "t1;7:00:00;A",
)  # fmt: skip


@dataclass(frozen=True)
class Broken:
    """One thing done to a feed.

    Attributes
    ----------
    way : str
        A key of the functions below.
    file : str
    row, column : int
        Counted around, so that any number is one of them.
    value : str
    """

    way: str
    file: str
    row: int
    column: int
    value: str


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def text_of(rows: list[list[str]]) -> str:
    into = io.StringIO(newline="")
    csv.writer(into, lineterminator="\n").writerows(rows)
    return into.getvalue()


def _on_rows(change: Callable[[list[list[str]], Broken], None]) -> Callable[[dict[str, str], Broken], None]:
    def done(files: dict[str, str], one: Broken) -> None:
        try:
            rows = rows_of(files.get(one.file, ""))
        except csv.Error:
            return
        if rows and rows[0]:
            change(rows, one)
            files[one.file] = text_of(rows)

    return done


def _cell(rows: list[list[str]], one: Broken) -> None:
    row = rows[1 + one.row % (len(rows) - 1)] if len(rows) > 1 else rows[0]
    if row:
        row[one.column % len(row)] = one.value


def _column_cells(rows: list[list[str]], one: Broken) -> None:
    at = one.column % len(rows[0])
    for row in rows[1:]:
        if at < len(row):
            row[at] = one.value


def _no_column(rows: list[list[str]], one: Broken) -> None:
    at = one.column % len(rows[0])
    for row in rows:
        del row[at : at + 1]


def _renamed(rows: list[list[str]], one: Broken) -> None:
    at = one.column % len(rows[0])
    rows[0][at] = (rows[0][at].upper(), f" {rows[0][at]} ", one.value, rows[0][0])[one.row % 4]


def _doubled_column(rows: list[list[str]], one: Broken) -> None:
    at = one.column % len(rows[0])
    for n, row in enumerate(rows):
        row.append((f" {row[at]}" if n == 0 and one.row % 2 else row[at]) if at < len(row) else "")


def _doubled_row(rows: list[list[str]], one: Broken) -> None:
    rows.append(list(rows[one.row % len(rows)]))


def _no_row(rows: list[list[str]], one: Broken) -> None:
    del rows[one.row % len(rows)]


def _only_header(rows: list[list[str]], one: Broken) -> None:
    del rows[1:]


def _short_row(rows: list[list[str]], one: Broken) -> None:
    row = rows[one.row % len(rows)]
    del row[one.column % max(len(row), 1) :]


def _long_row(rows: list[list[str]], one: Broken) -> None:
    rows[one.row % len(rows)] += [one.value] * 3


def _swapped(rows: list[list[str]], one: Broken) -> None:
    """Two columns have each other's names: latitude and longitude, say."""
    at = one.column % len(rows[0])
    rows[0][at - 1], rows[0][at] = rows[0][at], rows[0][at - 1]


def _line(files: dict[str, str], one: Broken) -> None:
    lines = files.get(one.file, "").split("\n")
    lines.insert(one.row % (len(lines) + 1), LINES[one.column % len(LINES)])
    files[one.file] = "\n".join(lines)


def _gone(files: dict[str, str], one: Broken) -> None:
    files.pop(one.file, None)


def _empty(files: dict[str, str], one: Broken) -> None:
    files[one.file] = ("", "\n", "\ufeff", " ", "\r\n\r\n")[one.row % 5]


def _moved(files: dict[str, str], one: Broken) -> None:
    others = sorted(RIGHT)
    files[one.file] = RIGHT[others[one.row % len(others)]]


def _recased(files: dict[str, str], one: Broken) -> None:
    if one.file in files:
        files[one.file.capitalize()] = files.pop(one.file)


WAYS: dict[str, Callable[[dict[str, str], Broken], None]] = {
    "cell": _on_rows(_cell),
    "column of cells": _on_rows(_column_cells),
    "no column": _on_rows(_no_column),
    "renamed": _on_rows(_renamed),
    "doubled column": _on_rows(_doubled_column),
    "doubled row": _on_rows(_doubled_row),
    "no row": _on_rows(_no_row),
    "only header": _on_rows(_only_header),
    "short row": _on_rows(_short_row),
    "long row": _on_rows(_long_row),
    "swapped": _on_rows(_swapped),
    "line": _line,
    "gone": _gone,
    "empty": _empty,
    "moved": _moved,
    "recased": _recased,
}


def breaks() -> SearchStrategy[Broken]:
    return st.builds(
        Broken,
        way=st.sampled_from((*WAYS, "cell", "cell", "cell", "cell", "column of cells")),
        file=st.sampled_from((*RIGHT, "stop_times.txt", "stops.txt", "frequencies.txt", "calendar.txt")),
        row=st.integers(0, 12),
        column=st.integers(0, 12),
        value=st.sampled_from(ODD),
    )
