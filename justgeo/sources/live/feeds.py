"""Transit timetables: feeds at addresses that a planner names, or those that the Mobility Database lists for the place.

The catalogue's bounding boxes say which feeds may serve a place; whether one truly does, its own stops say when it is
read. A feed that should be there and cannot be had makes the timetable absent: without it, transit would be counted
short.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.gtfs_files import FeedFiles
from justgeo.sources.live import expect
from justgeo.sources.live.address import Address
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.http import Call
from justgeo.sources.live.records import Question, Record, Told
from justgeo.sources.live.redact import without_user

log = logging.getLogger(__name__)

LABEL = "transit timetables"
CATALOGUE = "catalogue"
_LISTING = "feeds.csv"
_NEEDED = ("id", "data_type", "provider", "urls.direct_download", "urls.latest", "status")
_BOX = tuple(
    f"location.bounding_box.{end}"
    for end in ("minimum_longitude", "minimum_latitude", "maximum_longitude", "maximum_latitude")
)
# README of MobilityData/mobility-database-catalogs: other feeds "should not be used in public trip planners", or are
# used "at risk of providing outdated information"; a feed without a status is active.
_IN_SERVICE = ("active", "")
_COUNTRIES = ("US", "PR")  # Puerto Rico has a code of its own
_AGAIN = "fetch again; if it stays so, name the feeds that you want by their addresses: [fetch] gtfs = [...]."
_OWN_TERMS = "the agency's own terms"
_TYPICAL_MB = 5.0
_MOST_NAMES = 8
_DIGITS = 4  # degrees


@dataclass(frozen=True)
class Listed:
    """A feed: its id, its agency, where it is (the best address first), and its terms.

    ``provider`` is empty where nobody has said; the feed itself will.
    """

    id: str
    provider: str
    addresses: tuple[Address, ...] = field(repr=False)
    licence: str = ""


@dataclass(frozen=True)
class _Had:
    """A feed on disk: where it came from (of several addresses, whether not from the best), and when."""

    feed: Listed
    url: str
    second_best: bool
    retrieved: str


def feed_asks(service: Service, wanted: Sequence[str], area: Area) -> list[Ask]:
    """Timetables for an area.

    Parameters
    ----------
    service : Service
        The Mobility Database; ``options["catalogue"]``: path of its table.
    wanted : sequence of str
        Addresses of feeds, ``"catalogue"`` for those of the Mobility Database. A name and password before the host are
        sent, as is what stands behind a question mark; neither is written down.
    area : Area
        Feeds of the catalogue whose box touches that of the window are taken.

    Returns
    -------
    list of Ask
        One: all of the feeds, or none. No ask where nothing is wanted.
    """
    if not wanted:
        return []
    asked: dict[str, Any] = {"feeds": [one if one == CATALOGUE else Address(one).asked for one in wanted]}
    window = _rounded(area.window)
    if CATALOGUE in wanted:
        asked |= {"window": list(window.bounds), "catalogue": service.options["catalogue"]}

    def fetch(folder: Path, tools: Tools) -> Told:
        return _fetch(folder, tools, tools.services[service.id], wanted, window)

    own = without_user(next(iter(service.urls), ""))
    where = own if CATALOGUE in wanted else Address(wanted[0]).shown
    return [Ask(Question(LABEL, service.id, asked), ("gtfs",), fetch, _specs, _TYPICAL_MB, where)]


def _rounded(window: BaseGeometry) -> BaseGeometry:
    """The window's box, to 10 m: a boundary that is drawn a little better needs no other feeds."""
    west, south, east, north = (round(bound, _DIGITS) for bound in window.bounds)
    return shapely.box(west, south, east, north)


def _fetch(folder: Path, tools: Tools, service: Service, wanted: Sequence[str], window: BaseGeometry) -> Told:
    feeds: list[Listed] = []
    notes: list[str] = []
    for number, one in enumerate(dict.fromkeys(wanted), start=1):
        if one == CATALOGUE:
            listed, said = _listed(folder, tools, service, window)
            feeds += listed
            notes += said
        else:
            feeds.append(Listed(f"feed-{number}", "", (Address(one),)))
    if len({feed.id for feed in feeds}) < len(feeds):  # an id of the catalogue that looks like one of ours
        feeds = [replace(feed, id=f"{number:03d}-{feed.id}") for number, feed in enumerate(feeds, start=1)]
    had: list[_Had] = []
    for done, feed in enumerate(feeds):
        tools.progress(LABEL, done, len(feeds))
        had.append(_one(folder, tools, service, feed))
    tools.progress(LABEL, len(feeds), len(feeds))
    copies = [one.feed.provider for one in had if one.second_best]
    if copies:
        notes.append(f"From the catalogue's copy, since the agency's own address gave none: {_names(copies)}.")
    return Told(
        source=", ".join(dict.fromkeys(one.feed.provider for one in had)),
        dataset="GTFS timetable" if len(had) == 1 else f"GTFS timetables of {len(had)} feeds",
        vintage="",
        licence="; ".join(dict.fromkeys(one.feed.licence or _OWN_TERMS for one in had)),
        url=service.page if CATALOGUE in wanted else had[0].url,
        retrieved=min(one.retrieved for one in had),
        notes=tuple(notes),
        more={
            "feeds": [{"file": f"{h.feed.id}.zip", "provider": h.feed.provider, "url": h.url} for h in had],
        },
    )


def _one(folder: Path, tools: Tools, service: Service, feed: Listed) -> _Had:
    """One feed, from the agency or else from the catalogue's own copy; looked over, so that a page is no timetable."""
    path = folder / f"{feed.id}.zip"
    failures: list[SourceError] = []
    for address in feed.addresses:
        whose = feed.provider or address.host
        at = replace(service, title=f"timetable of {whose}", urls=(address.server,))
        try:
            got = tools.client.download(at, address.call(), path, check=_timetable)
            named = replace(feed, provider=feed.provider or _agencies(path) or address.host)
            return _Had(named, got.url, bool(failures), got.retrieved)
        except SourceError as failure:
            if failure.kind == "disk":
                raise
            log.info("%s", failure)
            failures.append(failure)
    said = " ".join(failure.message for failure in failures) or "The catalogue names no address that can be called."
    name = f"{feed.provider} ({feed.id})" if feed.provider else feed.addresses[0].shown
    raise SourceError(
        f"The timetable of {name} could not be had. {said}",
        remedy='name the feeds that you want by their addresses: [fetch] gtfs = ["https://..."]; or give files under '
        "[layers].",
        kind=failures[-1].kind if failures else "missing",
    )


def _timetable(path: Path, where: str) -> None:
    """Looked at from outside first: what would unpack to a terabyte is not unpacked to see whether it is whole."""
    expect.any_bytes(path, where)
    try:
        FeedFiles.at(path)
    except LayerError as error:
        said = error.message.replace(str(path), "what came")
        raise SourceError(f"{where}: {said}", remedy=error.remedy) from error
    expect.a_zip(path, where)


def _agencies(path: Path) -> str:
    """Names of the agencies, as a feed tells them; ``""`` where it does not."""
    try:
        names = FeedFiles.at(path).table("agency.txt", ("agency_name",))["agency_name"]
    except LayerError:
        return ""
    return _names([name for name in names if name])


def _names(names: Sequence[str]) -> str:
    """Names once each, not too many of them."""
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - _MOST_NAMES} more" if len(each) > _MOST_NAMES else ""
    return ", ".join(each[:_MOST_NAMES]) + more


# -- the catalogue ------------------------------------------------------------------------------------------------


def _listed(folder: Path, tools: Tools, service: Service, window: BaseGeometry) -> tuple[list[Listed], list[str]]:
    """Feeds of the catalogue whose box touches the window, and what is to be known of those left out."""
    path = folder / _LISTING
    tools.client.download(service, Call("/" + str(service.options["catalogue"])), path, check=_catalogue)
    rows = [row for row in _rows(path) if row["data_type"] == "gtfs" and _country(row) in _COUNTRIES]
    near = [row for row in rows if _touches(row, window)]
    taken = {row["id"]: row for row in near if _in_service(row)}
    if not taken:
        raise SourceError(
            f"{service.title} lists no transit feed in service for this area"
            + (f" (it calls these no longer, or not yet, in service: {_providers(near)})." if near else "."),
            remedy='ask the agency for its GTFS feed and name it: [fetch] gtfs = "https://..."; or say under [absent] '
            "that there is no transit.",
            kind="missing",
        )
    return [_feed(row) for _, row in sorted(taken.items())], _left_out(rows, near, taken)


def _catalogue(path: Path, where: str) -> None:
    expect.a_table(path, where, columns=(*_NEEDED, *_BOX))
    try:
        rows = _rows(path)
    except (ValueError, csv.Error) as error:
        raise SourceError(f"{where}: the table cannot be read ({error}).", remedy=_AGAIN, kind="damaged") from error
    short = next((number for number, row in enumerate(rows, start=2) if None in row.values()), None)
    if short is not None or not rows:
        what = f"row {short} of it has too few columns" if short is not None else "it has no rows"
        raise SourceError(f"{where}: the table breaks off ({what}).", remedy=_AGAIN, kind="partial")


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def _country(row: Mapping[str, str]) -> str:
    return (row.get("location.country_code") or "US").strip().upper()


def _in_service(row: Mapping[str, str]) -> bool:
    """Whether riders may trust it, and nothing has taken its place."""
    return row["status"].strip().lower() in _IN_SERVICE and not (row.get("redirect.id") or "").strip()


def _box(row: Mapping[str, str]) -> BaseGeometry | None:
    """The feed's bounding box; None where the catalogue does not know it."""
    try:
        west, south, east, north = (float(row[name]) for name in _BOX)
    except ValueError:
        return None
    return shapely.box(west, south, east, north) if west <= east and south <= north else None


def _touches(row: Mapping[str, str], window: BaseGeometry) -> bool:
    box = _box(row)
    return box is not None and bool(window.intersects(box))


def _left_out(
    rows: Sequence[Mapping[str, str]], near: Sequence[Mapping[str, str]], taken: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """What whoever reads the timetable should know of the choice."""
    notes = []
    unofficial = [row for row in taken.values() if (row.get("is_official") or "").strip().lower() == "false"]
    if unofficial:
        notes.append(f"Not published by the agencies themselves: the feeds of {_providers(unofficial)}.")
    there = {_provider(row) for row in taken.values()}
    gone = [row for row in near if not _in_service(row) and _provider(row) not in there]
    if gone:
        notes.append(f"Left out, since the catalogue calls them not in service: the feeds of {_providers(gone)}.")
    nowhere = sum(_in_service(row) and _box(row) is None for row in rows)
    if nowhere:
        notes.append(f"Feeds of the catalogue without a bounding box, which were not looked at: {nowhere}.")
    return notes


def _provider(row: Mapping[str, str]) -> str:
    return " ".join(row["provider"].split()) or row["id"]


def _providers(rows: Sequence[Mapping[str, str]]) -> str:
    return _names([_provider(row) for row in rows])


def _feed(row: Mapping[str, str]) -> Listed:
    """The agency's own address first, unless it wants a key; then the catalogue's copy."""
    free = (row.get("urls.authentication_type") or "0").strip() in ("", "0")
    addresses = [Address(row["urls.direct_download"])] if free else []
    addresses.append(Address(row["urls.latest"]))
    usable = tuple(address for address in addresses if address.callable)
    return Listed(_safe(row["id"]), _provider(row), usable, (row.get("urls.license") or "").strip())


def _safe(text: str) -> str:
    """An id that can name a file."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in text)


def _specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
    feeds = [
        {"file": str(record.folder / one["file"]), "provider": one["provider"]} for one in record.told.more["feeds"]
    ]
    if len(feeds) == 1:
        return {"gtfs": declared(record, "gtfs", Path(feeds[0]["file"]), {})}
    return {"gtfs": declared(record, "gtfs", record.folder, {"feeds": feeds})}


__all__ = ["CATALOGUE", "LABEL", "Listed", "feed_asks"]
