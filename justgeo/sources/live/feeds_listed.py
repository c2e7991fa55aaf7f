"""Which feeds the Mobility Database lists for a place, and what is to be known of those that are not taken.

The catalogue's bounding boxes say which feeds may serve a place; whether one truly does, its own stops say when it is
read. A feed without a box is not looked at: those of the district's own states are named.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area
from justgeo.sources._states import STATES, state_of
from justgeo.sources.live import expect
from justgeo.sources.live.address import Address
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.http import TABLE_BYTES, Call

Row = Mapping[str, str]

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
_MOST_NAMES = 8
_DIGITS = 4  # degrees


@dataclass(frozen=True)
class Listed:
    """A feed: its id, its agency, where it is (the best address first), and its terms.

    ``provider`` is empty where nobody has said; the feed itself will. ``box`` is where the catalogue places it (west,
    south, east, north); None for a feed that a planner names, who knows where it runs.
    """

    id: str
    provider: str
    addresses: tuple[Address, ...] = field(repr=False)
    licence: str = ""
    box: tuple[float, float, float, float] | None = None

    @property
    def listed(self) -> bool:
        """By the catalogue, not named by a planner."""
        return self.box is not None

    @property
    def called(self) -> str:
        """For people."""
        return f"{self.provider} ({self.id})" if self.provider else self.addresses[0].shown


@dataclass(frozen=True)
class Place:
    """What decides which feeds are taken, and which are named: the box of the window, and the district's states."""

    window: BaseGeometry
    states: tuple[str, ...]

    @classmethod
    def of(cls, area: Area, states: Sequence[str]) -> Place:
        """To 10 m: a boundary that is drawn a little better needs no other feeds."""
        west, south, east, north = (round(bound, _DIGITS) for bound in area.window.bounds)
        codes = [state_of(code).code for code in sorted(set(states))]
        return cls(shapely.box(west, south, east, north), tuple(codes))

    @property
    def asked(self) -> dict[str, Any]:
        """For a question."""
        return {"window": list(self.window.bounds), "states": list(self.states)}


def names(each: Sequence[str]) -> str:
    """Names once each, not too many of them."""
    once = list(dict.fromkeys(each))
    more = f" and {len(once) - _MOST_NAMES} more" if len(once) > _MOST_NAMES else ""
    return ", ".join(once[:_MOST_NAMES]) + more


def listed_feeds(folder: Path, tools: Tools, service: Service, place: Place) -> tuple[list[Listed], list[str]]:
    """Feeds of the catalogue whose box touches the window, and what is to be known of those left out.

    Raises
    ------
    SourceError
        The catalogue cannot be had, or lists no feed here (``missing``).
    """
    path = folder / _LISTING
    tools.client.download(
        service, Call("/" + str(service.options["catalogue"]), most_bytes=TABLE_BYTES), path, check=_catalogue
    )
    rows = [row for row in _rows(path) if row["data_type"] == "gtfs" and _country(row) in _COUNTRIES]
    near = [row for row in rows if (box := _box(row)) is not None and place.window.intersects(box)]
    taken = {row["id"]: row for row in near if _in_service(row)}
    if not taken:
        gone = f" (it calls these no longer, or not yet, in service: {_providers(near)})" if near else ""
        raise SourceError(
            " ".join(
                [f"{service.title} lists no transit feed in service for this area{gone}.", *_boxless(rows, place)]
            ),
            remedy='ask the agency for its GTFS feed and name it: [fetch] gtfs = "https://..."; or say under [absent] '
            "that there is no transit.",
            kind="missing",
        )
    return [_feed(row) for _, row in sorted(taken.items())], [
        *_left_out(near, taken),
        *_boxless(rows, place),
    ]


def _catalogue(path: Path, where: str) -> None:
    expect.a_table(path, where, columns=(*_NEEDED, *_BOX))
    try:
        rows = _rows(path)
    except (ValueError, csv.Error) as error:
        raise SourceError(f"{where}: the table cannot be read ({error}).", remedy=_AGAIN, kind="damaged") from error
    # Names that two readers of tables take apart in two ways: what is asked for below has to be there for this one.
    lost = [name for name in (*_NEEDED, *_BOX) if rows and name not in rows[0]]
    if lost:
        raise SourceError(f"{where}: the table has no column {lost[0]!r}.", remedy=_AGAIN, kind="damaged")
    short = next((number for number, row in enumerate(rows, start=2) if None in row.values()), None)
    if short is not None or not rows:
        what = f"row {short} of it has too few columns" if short is not None else "it has no rows"
        raise SourceError(f"{where}: the table breaks off ({what}).", remedy=_AGAIN, kind="partial")


def _rows(path: Path) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    return list(reader)


def _country(row: Row) -> str:
    return (row.get("location.country_code") or "US").strip().upper()


def _in_service(row: Row) -> bool:
    """Whether riders may trust it, and nothing has taken its place."""
    return row["status"].strip().lower() in _IN_SERVICE and not (row.get("redirect.id") or "").strip()


def _box(row: Row) -> BaseGeometry | None:
    """The feed's bounding box; None where the catalogue does not know it."""
    try:
        west, south, east, north = (float(row[name]) for name in _BOX)
    except ValueError:
        return None
    on_earth = -180 <= west <= east <= 180 and -90 <= south <= north <= 90  # what is no number is nowhere
    return shapely.box(west, south, east, north) if on_earth else None


def _left_out(near: Sequence[Row], taken: Mapping[str, Row]) -> list[str]:
    """What whoever reads the timetable should know of the choice."""
    notes = []
    unofficial = [row for row in taken.values() if (row.get("is_official") or "").strip().lower() == "false"]
    if unofficial:
        notes.append(f"Not published by the agencies themselves: the feeds of {_providers(unofficial)}.")
    there = {_provider(row) for row in taken.values()}
    gone = [row for row in near if not _in_service(row) and _provider(row) not in there]
    if gone:
        notes.append(f"Left out, since the catalogue calls them not in service: the feeds of {_providers(gone)}.")
    return notes


def _boxless(rows: Sequence[Row], place: Place) -> list[str]:
    """Feeds that may run here for all that the catalogue tells: by name where their state is the district's."""
    nowhere = [row for row in rows if _in_service(row) and _box(row) is None]
    if not nowhere:
        return []
    if not place.states:
        return [f"Feeds of the catalogue without a bounding box, which were not looked at: {len(nowhere)}."]
    own = [row for row in nowhere if _state(row) in place.states]
    each = names(sorted((_with_town(row) for row in own), key=str.casefold))
    here = " or ".join(sorted(state_of(code).name for code in place.states))
    elsewhere = f"; elsewhere {len(nowhere) - len(own)}" if len(nowhere) > len(own) else ""
    what = f"the feeds of {each}" if own else "none"
    return [f"Without a bounding box in the catalogue, and so not looked at: in {here} {what}{elsewhere}."]


def _state(row: Row) -> str:
    """Code of the state that a feed is said to be in, ``""`` where that is not said."""
    said = (row.get("location.subdivision_name") or "").strip().casefold()
    if _country(row) == "PR":
        said = "puerto rico"  # its subdivisions are towns
    return next((code for code, state in STATES.items() if state.name.casefold() == said), "")


def _with_town(row: Row) -> str:
    town = " ".join((row.get("location.municipality") or "").split())
    return f"{_provider(row)} ({town})" if town else _provider(row)


def _provider(row: Row) -> str:
    return " ".join(row["provider"].split()) or row["id"]


def _providers(rows: Sequence[Row]) -> str:
    return names([_provider(row) for row in rows])


def _feed(row: Row) -> Listed:
    """The agency's own address first, unless it wants a key; then the catalogue's copy."""
    free = (row.get("urls.authentication_type") or "0").strip() in ("", "0")
    addresses = [Address(row["urls.direct_download"])] if free else []
    addresses.append(Address(row["urls.latest"]))
    usable = tuple(address for address in addresses if address.callable)
    west, south, east, north = (float(row[name]) for name in _BOX)
    licence = (row.get("urls.license") or "").strip()
    return Listed(_safe(row["id"]), _provider(row), usable, licence, (west, south, east, north))


def _safe(text: str) -> str:
    """An id that can name a file."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in text)
