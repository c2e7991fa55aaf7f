"""Timetables: a right feed in which cells, columns, lines, files or the archive around them are broken."""

from __future__ import annotations

import io
import stat
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from hypothesis import strategies as st

from justgeo.core.layer import Feed
from justgeo.core.spec import LayerSpec
from justgeo.sources.collect import collect
from justgeo.sources.gtfs import read_feed
from tests.fuzz._damage import AREA, Hurt, honest, hurt, hurts
from tests.fuzz._feed import RIGHT, WAYS, Broken, breaks, rows_of, text_of
from tests.fuzz.target import Target


@dataclass(frozen=True)
class Given:
    """A feed with what is done to its tables, to its archive, and to the bytes of either."""

    broken: tuple[Broken, ...] = ()
    around: str = "zip"
    table_hurts: tuple[Hurt, ...] = ()
    hurt_file: str = "stop_times.txt"
    archive_hurts: tuple[Hurt, ...] = ()


# -- archives ------------------------------------------------------------------------------------------------------

AROUND = (
    "zip", "zip", "zip", "folder", "folder", "inside", "two feeds", "up", "absolute", "windows", "nested", "link",
    "twice", "encrypted", "bzip2", "lzma", "no zip", "lying size", "wrong sum", "before", "behind", "directory entry",
    "odd name",
)  # fmt: skip


def _parts(given: Given) -> dict[str, bytes]:
    files = dict(RIGHT)
    for one in given.broken:
        WAYS[one.way](files, one)
    parts = {name: text.encode("utf-8", "surrogatepass") for name, text in files.items()}
    if given.table_hurts and given.hurt_file in parts:
        parts[given.hurt_file] = hurt(parts[given.hurt_file], given.table_hurts)
    return parts


def _packed(parts: dict[str, bytes], around: str) -> bytes:
    method = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}.get(around, zipfile.ZIP_DEFLATED)
    inside = {"inside": "feed/", "up": "../", "absolute": "/etc/", "windows": "C:\\"}.get(around, "")
    into = io.BytesIO()
    if around == "before":
        into.write(b"#!/bin/sh\n")
    with zipfile.ZipFile(into, "a", method) as archive:
        if around == "nested":
            parts = {"feed.zip": _packed(parts, "zip")}
        for name, body in parts.items():
            archive.writestr(inside + name, body)
        if around == "two feeds":
            archive.writestr("other/stops.txt", parts.get("stops.txt", b""))
        if around == "link":
            link = zipfile.ZipInfo("stops.txt")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, b"/etc/passwd")
        if around == "twice":
            archive.writestr("trips.txt", parts.get("trips.txt", b"").replace(b"t1", b"t9"))
        if around == "directory entry":
            archive.writestr("stops.txt/", b"")
        if around == "odd name":
            archive.writestr("a\x01\u202e.txt", b"x")
    return _marred(into.getvalue(), around)


def _marred(body: bytes, around: str) -> bytes:
    """The same archive, with a sign set in its directory that no library writes."""
    entry = body.find(b"PK\x01\x02")
    if around == "encrypted":
        return body[: entry + 8] + b"\x01\x00" + body[entry + 10 :]
    if around == "lying size":
        return body[: entry + 24] + b"\x05\x00\x00\x00" + body[entry + 28 :]
    if around == "wrong sum":
        return body[: entry + 16] + b"\x00\x01\x02\x03" + body[entry + 20 :]
    return body + (b"behind" * 40 if around == "behind" else b"")


def _written(given: Given, folder: Path) -> Path:
    parts = _parts(given)
    if given.around == "folder":
        for name, body in parts.items():
            (folder / name).write_bytes(body)
        return folder
    path = folder / "feed.zip"
    body = parts.get("stops.txt", b"") if given.around == "no zip" else _packed(parts, given.around)
    path.write_bytes(hurt(body, given.archive_hurts))
    return path


# -- what is read --------------------------------------------------------------------------------------------------


def _read(given: Given, folder: Path) -> object:
    inside = folder / "town"
    inside.mkdir()
    path = _written(given, inside)
    spec = LayerSpec("gtfs", path, source="Made agency")

    def read() -> object:
        found = collect(["gtfs"], {"gtfs": spec}, (), AREA)
        return found.layers.get("gtfs") or found.absent["gtfs"]

    found = honest(read, folder, path.name)
    if isinstance(found, Feed):
        _check(found)
    else:
        assert path.name in str(found)
    return found


def _check(feed: Feed) -> None:
    """What is taken for a timetable can be one."""
    stops, departures = feed.stops, feed.departures
    assert stops["stop_id"].is_unique and (stops["stop_id"] != "").all()
    places = stops[["lon", "lat"]].to_numpy(dtype=np.float64)
    assert np.isfinite(places).all()
    assert shapely.intersects_xy(AREA.window, places[:, 0], places[:, 1]).all()
    seconds = departures["seconds"].to_numpy()
    assert seconds.dtype == np.int64 and (seconds >= 0).all() and (seconds < 14 * 86400).all(), "a time of no day"
    assert departures["stop_id"].isin(stops["stop_id"]).all()
    assert (departures[["trip_id", "route_id", "direction"]] != "").all(axis=None), "a departure of nothing"
    assert not departures.duplicated(["trip_id", "stop_id", "seconds"]).any(), "one departure twice"
    assert feed.service_date and feed.provenance.sha256


HARMLESS = ("mark", "crlf", "quotes", "blanks", "order", "rows", "more", "folder", "commas", "case", "no newline")


@cache
def _as_it_is() -> str:
    """Departures of the right feed, written by hand for three trips of its Wednesday."""
    return (
        "A|bus|t1|0|25200\nA|bus|t3@21600|to Loop|21600\nA|bus|t3@23400|to Loop|23400\nA|bus|t3@25200|to Loop|25200\n"
        "A|bus|t3@27000|to Loop|27000\nA|bus|t3@28800|to Loop|28800\nA|bus|t3@30600|to Loop|30600\n"
        "B1|bus|t1|0|25800\nB1|tram|t2|1|90600"
    )


def _same(ways: tuple[str, ...], folder: Path) -> object:
    """What GTFS leaves to the publisher changes no departure."""
    parts = {name: text_of(_reordered(rows_of(text), ways)) for name, text in RIGHT.items()}
    for name, text in parts.items():
        lines = text.rstrip("\n").split("\n")
        if "commas" in ways:
            lines = [f"{line}," for line in lines]
        text = ("\r\n" if "crlf" in ways else "\n").join([*lines, *([] if "no newline" in ways else [""])])
        (folder / name).write_text(("\ufeff" if "mark" in ways else "") + text, encoding="utf-8", newline="")
    if "more" in ways:
        (folder / "pathways.txt").write_text("nobody,reads\nthis,\x00\n", encoding="utf-8")
    path = folder
    if "folder" not in ways:
        path = folder / "feed.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in parts:
                archive.write(folder / name, name)
    feed = read_feed(LayerSpec("gtfs", path), AREA)
    _check(feed)
    columns = ["stop_id", "route_id", "trip_id", "direction", "seconds"]
    told = "\n".join("|".join(map(str, row)) for row in feed.departures[columns].itertuples(index=False))
    assert told == _as_it_is(), told
    return feed


def _reordered(rows: list[list[str]], ways: tuple[str, ...]) -> list[list[str]]:
    if "rows" in ways:
        rows = [rows[0], *rows[:0:-1]]
    if "order" in ways:
        rows = [row[::-1] for row in rows]
    if "blanks" in ways:
        rows = [[f" {cell} " if cell else cell for cell in row] for row in rows]
    return rows


TARGETS: tuple[Target, ...] = (
    Target(
        "gtfs-tables",
        st.builds(
            Given,
            broken=st.lists(breaks(), min_size=1, max_size=3).map(tuple),
            around=st.sampled_from(("zip", "folder", "folder")),
        ),
        _read,
        times=30,
    ),
    Target(
        "gtfs-bytes",
        st.builds(
            Given,
            around=st.just("folder"),
            table_hurts=hurts(),
            hurt_file=st.sampled_from(("stop_times.txt", "stops.txt", "trips.txt", "calendar.txt", "frequencies.txt")),
        ),
        _read,
        times=20,
    ),
    Target(
        "gtfs-archive",
        st.builds(
            Given,
            around=st.sampled_from(AROUND),
            archive_hurts=hurts(),  # those that are not hurt are the seeds, each of them
        ),
        _read,
        seeds=tuple(Given(around=around) for around in dict.fromkeys(AROUND)),
        times=20,
    ),
    Target("gtfs-harmless", st.lists(st.sampled_from(HARMLESS), unique=True).map(tuple), _same, times=10),
)
