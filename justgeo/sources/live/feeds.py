"""Transit timetables: feeds at addresses that a planner names, or those that the Mobility Database lists for the place.

A feed is read once when it has come, so that none is recorded that no run can read. One that should be there and cannot
be had, or not be read, makes the timetable absent: without it, transit would be counted short. Only a feed of the
catalogue that is refused and runs in the reference alone is left out, and said to be; whether it does, the area of each
run decides anew.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from justgeo.core.errors import CoverageError, LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.gtfs_files import FeedFiles
from justgeo.sources.live import expect
from justgeo.sources.live.address import Address
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.feeds_listed import Listed, Place, listed_feeds, names
from justgeo.sources.live.records import Question, Record, Told
from justgeo.sources.live.redact import hidden, without_user

log = logging.getLogger(__name__)

LABEL = "transit timetables"
CATALOGUE = "catalogue"
_OWN_TERMS = "the agency's own terms"
_TYPICAL_MB = 5.0
_LASTING = ("damaged", "missing", "key", "limit")
"""Kinds of failure that the same address will show tomorrow."""


@dataclass(frozen=True)
class _Had:
    """A feed on disk.

    ``url`` is where it came from (of several addresses, ``second_best`` if not from the best), ``alone`` whether it can
    be read as the only one: one of which nothing runs on a Wednesday is a finding beside others alone.
    """

    feed: Listed
    url: str
    second_best: bool
    retrieved: str
    alone: bool

    @property
    def entry(self) -> dict[str, Any]:
        """What its record says of it."""
        return {
            "file": f"{self.feed.id}.zip",
            "provider": self.feed.provider,
            "url": self.url,
            "listed": self.feed.listed,
            "alone": self.alone,
        }


@dataclass(frozen=True)
class _LeftOut:
    """A feed that cannot be read, and what is said of it."""

    feed: Listed
    note: str

    @property
    def entry(self) -> dict[str, Any]:
        """What the record says of it."""
        return {"provider": self.feed.provider, "box": list(self.feed.box or ())}


def feed_asks(service: Service, wanted: Sequence[str], area: Area, states: Sequence[str] = ()) -> list[Ask]:
    """Timetables for an area.

    Parameters
    ----------
    service : Service
        The Mobility Database; ``options["catalogue"]``: path of its table.
    wanted : sequence of str
        Addresses of feeds, ``"catalogue"`` for those of the Mobility Database. A name and password before the host are
        sent, as is what stands behind a question mark; neither is written down.
    area : Area
        Feeds of the catalogue whose box touches that of the window are taken; those whose box touches the halo have to
        be readable.
    states : sequence of str, optional
        Codes of the states that the district lies in: of feeds without a box, those of these states are named.

    Returns
    -------
    list of Ask
        One: all of the feeds, or none. No ask where nothing is wanted.

    Raises
    ------
    ConfigError
        There is no such state.
    """
    if not wanted:
        return []
    asked: dict[str, Any] = {"feeds": [one if one == CATALOGUE else Address(one).asked for one in wanted]}
    place = Place.of(area, states)
    if CATALOGUE in wanted:
        asked |= place.asked | {"catalogue": service.options["catalogue"]}

    def fetch(folder: Path, tools: Tools) -> Told:
        return _Visit(folder, tools, tools.services[service.id], area).fetch(wanted, place)

    own = without_user(next(iter(service.urls), ""))
    where = own if CATALOGUE in wanted else Address(wanted[0]).shown
    return [Ask(Question(LABEL, service.id, asked), ("gtfs",), fetch, _specs, _TYPICAL_MB, where)]


@dataclass(frozen=True)
class _Visit:
    """One fetching of all feeds into a folder."""

    folder: Path
    tools: Tools
    service: Service
    area: Area

    def fetch(self, wanted: Sequence[str], place: Place) -> Told:
        feeds, notes = self._wanted(wanted, place)
        had: list[_Had] = []
        out: list[_LeftOut] = []
        for done, feed in enumerate(feeds):
            self.tools.progress(LABEL, done, len(feeds))
            came = self._one(feed, feeds)
            if isinstance(came, _Had):
                had.append(came)
            else:
                out.append(came)
        self.tools.progress(LABEL, len(feeds), len(feeds))
        notes += [one.note for one in out]
        if not had:
            raise SourceError(
                f"None of the feeds that {self.service.title} lists for this area can be read. {' '.join(notes)}",
                remedy=_by_address(()),
            )
        copies = [one.feed.provider for one in had if one.second_best]
        if copies:
            notes.append(f"From the catalogue's copy, since the agency's own address gave none: {names(copies)}.")
        return Told(
            source=", ".join(dict.fromkeys(one.feed.provider for one in had)),
            dataset="GTFS timetable" if len(had) == 1 else f"GTFS timetables of {len(had)} feeds",
            vintage="",
            licence="; ".join(dict.fromkeys(one.feed.licence or _OWN_TERMS for one in had)),
            url=self.service.page if CATALOGUE in wanted else had[0].url,
            retrieved=min(one.retrieved for one in had),
            notes=tuple(notes),
            more={"feeds": [one.entry for one in had], "left_out": [one.entry for one in out]},
        )

    def _wanted(self, wanted: Sequence[str], place: Place) -> tuple[list[Listed], list[str]]:
        feeds: list[Listed] = []
        notes: list[str] = []
        for number, one in enumerate(dict.fromkeys(wanted), start=1):
            if one == CATALOGUE:
                listed, said = listed_feeds(self.folder, self.tools, self.service, place)
                feeds += listed
                notes += said
            else:
                feeds.append(Listed(f"feed-{number}", "", (Address(one),)))
        if len({feed.id for feed in feeds}) < len(feeds):  # an id of the catalogue that looks like one of ours
            feeds = [replace(feed, id=f"{number:03d}-{feed.id}") for number, feed in enumerate(feeds, start=1)]
        return feeds, notes

    def _one(self, feed: Listed, feeds: Sequence[Listed]) -> _Had | _LeftOut:
        """One feed, from the agency or else from the catalogue's own copy; or that it is left out."""
        path = self.folder / f"{feed.id}.zip"
        failures: list[SourceError] = []
        for address in feed.addresses:
            at = replace(self.service, title=f"timetable of {feed.provider or address.host}", urls=(address.server,))
            try:
                got = self.tools.client.download(at, address.call(), path, check=_timetable)
                alone = self._is_read(path, address, sole=len(feeds) == 1 and not feed.listed)
                named = replace(feed, provider=feed.provider or _agencies(path) or address.host)
                return _Had(named, got.url, bool(failures), got.retrieved, alone)
            except SourceError as failure:
                if failure.kind == "disk":
                    raise
                log.info("%s", failure)
                failures.append(failure)
        path.unlink(missing_ok=True)
        near = feed.box is None or self.area.halo.intersects(shapely.box(*feed.box))
        return _given_up(feed, near, failures, [other for other in feeds if other is not feed])

    def _is_read(self, path: Path, address: Address, sole: bool) -> bool:
        """Whether a feed can be read as the only one, or beside others alone.

        Raises
        ------
        SourceError
            The reader refuses it.
        """
        try:
            return _reads_alone(LayerSpec("gtfs", path), self.area, sole)
        except LayerError as error:
            said = hidden(error.message.replace(str(path), path.name), address.call().secret)
            raise SourceError(f"{address.shown}: {said}", remedy=error.remedy) from error


def _reads_alone(spec: LayerSpec, area: Area, sole: bool) -> bool:
    """As above; the ``sole`` feed has no others beside it. That one serves another place is for the run to say."""
    from justgeo.sources.gtfs import read_dated, read_feed

    try:
        read_feed(spec, area)
    except CoverageError:
        return True
    except LayerError:
        if sole:
            raise
        with contextlib.suppress(CoverageError):
            read_dated(spec, area)
        return False
    return True


def _given_up(feed: Listed, near: bool, failures: Sequence[SourceError], others: Sequence[Listed]) -> _LeftOut:
    """A feed without which the others are still a timetable of the district.

    Raises
    ------
    SourceError
        It may not be: a planner named it, it runs near the district, or the next fetch may bring it.
    """
    said = " ".join(failure.message for failure in failures) or "The catalogue names no address that can be called."
    refused = any(isinstance(failure.__cause__, LayerError) for failure in failures)
    if refused and not near and all(failure.kind in _LASTING for failure in failures):
        return _LeftOut(
            feed,
            f"Left out, since it cannot be read: the feed of {feed.called}, which the catalogue places in the "
            f"reference, not near the district. Transit of the reference may be counted short. {said}",
        )
    what = " could not be had"
    if refused and near:
        place = ", which the catalogue places in the district or near it," if feed.listed else ""
        what = f"{place} cannot be read"
    raise SourceError(
        f"The timetable of {feed.called}{what}. {said}",
        remedy=failures[-1].remedy if refused and not feed.listed else _by_address(others),
        kind=failures[-1].kind if failures else "missing",
    )


def _by_address(others: Sequence[Listed]) -> str:
    """How to go on without a feed: all the others by name, as far as an address can be shown."""
    shown = [next((a.shown for a in one.addresses if a.shown == a.url.strip()), "") for one in others]
    each = names([f'"{url}"' for url in shown if url]) or '"https://..."'
    return f"name the feeds that you want by their addresses: [fetch] gtfs = [{each}]; or give files under [layers]."


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
        each = FeedFiles.at(path).table("agency.txt", ("agency_name",))["agency_name"]
    except LayerError:
        return ""
    return names([name for name in each if name])


def _specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
    told: Sequence[Mapping[str, Any]] = record.told.more["feeds"]
    left_out = record.told.more.get("left_out", [])
    if len(told) == 1 and told[0].get("alone", True) and not left_out:
        return {"gtfs": declared(record, "gtfs", record.path(told[0]["file"]), {})}
    feeds = [
        {
            "file": str(record.path(one["file"])),
            "provider": one["provider"],
            "listed": bool(one.get("listed", False)),
        }
        for one in told
    ]
    return {"gtfs": declared(record, "gtfs", record.folder, {"feeds": feeds, "left_out": left_out})}


__all__ = ["CATALOGUE", "LABEL", "feed_asks"]
