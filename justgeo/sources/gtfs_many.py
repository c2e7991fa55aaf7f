"""Several transit feeds as one timetable: what a rider at a stop can board, whichever agency runs it.

Each feed keeps its own representative weekday and its own stops; ids get the feed's name before them, so that nothing
of two feeds is mistaken for one. A feed that is in another one too (it is listed twice, or a region's collection holds
its agencies' feeds) is left out: its trips would be counted twice. So is an older edition of an agency's timetable. A
feed of which nothing runs on a Wednesday adds no departures, which is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import Feed, Provenance
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._hash import combined
from justgeo.sources.gtfs import read_dated
from justgeo.sources.service_day import ServiceDay

SAME_TRIPS = 0.5
"""A feed of whose trips more than this share runs in a larger one, second for second, is in it: the others changed
between two editions. Two shuttles that start together share half: the way there, not the way back. Our choice."""

SAME_STOPS = 0.8
"""Feeds of whose stops this share is known by one id and lies together may be two editions of one. Our choice."""

EDITION_STOPS = 2 / 3
"""Feeds of one agency that have this share of the stops of each in common are editions of one timetable. Our choice."""

_TRIP_APART = 0.0005  # degrees, 50 m: between the centres of a trip's stops in two feeds
_STOP_APART = 0.005  # 500 m: between two editions stops are surveyed anew, and move within their station
_MOST_NAMES = 8


@dataclass(frozen=True, eq=False)
class _One:
    """A feed that serves the area; ``name`` stands before its ids; ``listed`` by a catalogue, or named by a planner."""

    name: str
    provider: str
    listed: bool
    feed: Feed
    day: ServiceDay

    @cached_property
    def trips(self) -> pd.DataFrame:
        """What tells trips apart: when they leave their stops (a digest of all the seconds), and around which place."""
        departures = self.feed.departures
        places = self.feed.stops.set_index("stop_id").loc[departures["stop_id"], ["lon", "lat"]]
        moments = pd.DataFrame(
            {
                "trip_id": departures["trip_id"].to_numpy(),
                "when": pd.util.hash_array(departures["seconds"].to_numpy()),
                "lon": places["lon"].to_numpy(),
                "lat": places["lat"].to_numpy(),
            }
        )
        by_trip = moments.groupby("trip_id", sort=False)
        # The digests are added up modulo 2^64, in whatever order they come.
        made = by_trip.agg(when=("when", "sum"), lon=("lon", "mean"), lat=("lat", "mean"))
        return made.reset_index()


def read_feeds(spec: LayerSpec, area: Area) -> Feed:
    """Read several feeds as one.

    Parameters
    ----------
    spec : LayerSpec
        ``options["feeds"]``: for each its ``file`` and its ``provider``, and whether it was ``listed`` by a catalogue,
        not named by a planner. ``options["left_out"]``: for feeds of the catalogue that could not be read, their
        ``provider`` and the ``box`` that they run in. Other options as for ``gtfs.read_feed``.
    area : Area

    Returns
    -------
    Feed
        As of ``gtfs.read_feed``; ``stop_id``, ``trip_id``, ``route_id`` and ``station`` have the name of their feed
        before them. ``service_date`` names the days of all, where they differ. A feed of which nothing runs on a
        Wednesday adds no departures, which is a finding.

    Raises
    ------
    LayerError
        A feed is damaged, or none is given.
    CoverageError
        None of them serves the area, or one that is left out may.
    """
    told: Sequence[Mapping[str, Any]] = spec.options.get("feeds", ())
    if not told:
        raise LayerError(f"Layer {spec.name!r} names no timetable.", remedy="name at least one feed.")
    _refuse_gaps(spec, area)
    read = [_read(spec, one, area) for one in told]
    served = [one for one in read if isinstance(one, _One)]
    elsewhere = [one for one in read if isinstance(one, str)]
    if not served:
        raise CoverageError(
            f"None of {len(told)} timetables has a stop in the area ({_names(elsewhere)}).",
            remedy="name the feed of the agency that serves the district: [fetch] gtfs = [...].",
        )
    # A feed around the area without a stop in it says that there is no transit; beside one with stops it says nothing.
    stopping = [one for one in served if len(one.feed.stops)]
    elsewhere += [one.provider for one in served if one not in stopping] if stopping else []
    idle = [one for one in stopping if one.day.day is None]
    running = [one for one in stopping if one.day.day is not None]
    kept, said = _without_copies(running) if running else (stopping or served, [])
    said += [
        f"Nothing runs on a Wednesday in the timetable of {one.provider} ({one.day.first}/{one.day.last}): it adds no "
        "departures."
        for one in idle
    ]
    if elsewhere:
        said.append(f"Without a stop in the area, and left out: the feeds of {_names(elsewhere)}.")
    dated = (note for one in kept for note in one.day.outdated(one.provider, spec.retrieved))
    return _joined(spec, sorted(kept, key=lambda one: one.name), [*said, *dated])


def _read(spec: LayerSpec, told: Mapping[str, Any], area: Area) -> _One | str:
    """One of the feeds, or whose it is if it serves another place."""
    path, provider = Path(told["file"]), str(told["provider"])
    options = {key: value for key, value in spec.options.items() if key not in ("feeds", "left_out")}
    try:
        # What is known of all is told once, by the whole.
        feed, day = read_dated(replace(spec, path=path, options=options, notes=()), area)
    except CoverageError:
        return provider
    except LayerError as error:
        raise LayerError(f"The timetable of {provider} cannot be used: {error.message}", remedy=error.remedy) from error
    return _One(path.stem, provider, bool(told.get("listed", False)), feed, day)


def _refuse_gaps(spec: LayerSpec, area: Area) -> None:
    """Raise where a feed is left out that may run near the district: its boundary has moved since they were fetched."""
    for one in spec.options.get("left_out", ()):
        if area.halo.intersects(shapely.box(*one["box"])):
            raise CoverageError(
                f"The timetable of {one['provider']} could not be read when it was fetched, and the catalogue places "
                "it in the district or near it: without it transit would be counted short. [fetch] gtfs = [...] names "
                "the feeds that you want by their addresses.",
                remedy="name the feeds that you want by their addresses: [fetch] gtfs = [...].",
            )


# -- copies -------------------------------------------------------------------------------------------------------


def _without_copies(feeds: Sequence[_One]) -> tuple[list[_One], list[str]]:
    """Feeds without older editions and without those that a larger one repeats, and what is to be said of it."""
    newest, said = _newest(feeds)
    kept: list[_One] = []
    for one in sorted(newest, key=lambda one: (-len(one.feed.departures), one.name)):
        shares = {other.name: _share_of_trips(one, other) for other in kept}
        twin = max(kept, key=lambda other: shares[other.name], default=one)
        if shares and shares[twin.name] > SAME_TRIPS:
            said.append(
                f"{_called(one)} is left out, since {shares[twin.name]:.0%} of its trips are in {_called(twin)} too."
            )
            continue
        said += [
            f"{_called(one)} calls at the stops of {_called(other)}, at other times: if these are two editions of one "
            "timetable, its trips are counted twice; name the feeds that you want."
            for other in kept
            if _share_of_stops(one, other) >= SAME_STOPS or _are_editions(one, other)
        ]
        kept.append(one)
    return kept, said


def _newest(feeds: Sequence[_One]) -> tuple[list[_One], list[str]]:
    """Feeds without those of which a catalogue lists a newer edition too, and what is to be said of it."""
    kept: list[_One] = []
    said: list[str] = []
    for one in feeds:
        later = [other for other in feeds if other.day.last > one.day.last and one.listed and other.listed]
        newer = [other for other in later if _are_editions(one, other)]
        if not newer:
            kept.append(one)
            continue
        newest = max(newer, key=lambda other: (other.day.last, other.name))
        said.append(
            f"{_called(one)} is left out: {_called(newest)} is the newer edition of its timetable (until "
            f"{newest.day.last}, not {one.day.last}; {_in_common(one, newest):.0%} of their stops in common)."
        )
    return kept, said


def _are_editions(one: _One, other: _One) -> bool:
    """Whether one agency publishes both, for the same stops: a line within a network is no edition of it."""
    same = " ".join(one.provider.split()).casefold() == " ".join(other.provider.split()).casefold()
    return same and _in_common(one, other) >= EDITION_STOPS


def _in_common(one: _One, other: _One) -> float:
    """Share of the stops that two feeds have in common: of the one that has more of its own."""
    return min(_share_of_stops(one, other), _share_of_stops(other, one))


def _called(one: _One) -> str:
    return f"the feed {one.name} of {one.provider}"


def _share_of_trips(one: _One, other: _One) -> float:
    """Share of a feed's trips that run in another one, at the same seconds around the same place.

    Two buses that meet at one stop do not make a copy: all departures of a trip have to be there, and no more of them.
    """
    if one.trips.empty:
        return 0.0
    pairs = one.trips.merge(other.trips, on="when", suffixes=("", "_other"))
    near = pairs.loc[_near(pairs, _TRIP_APART), "trip_id"]
    return float(near.nunique() / len(one.trips))


def _share_of_stops(one: _One, other: _One) -> float:
    """Share of a feed's stops that another one has too, by the same id near the same place."""
    stops = one.feed.stops[["stop_id", "lon", "lat"]]
    pairs = stops.merge(other.feed.stops, on="stop_id", suffixes=("", "_other"))
    return float(_near(pairs, _STOP_APART).sum() / max(len(stops), 1))


def _near(pairs: pd.DataFrame, degrees: float) -> Any:
    """Whether two places, ``lon``, ``lat`` and those with ``_other``, are so near in both directions."""
    east, north = pairs["lon"] - pairs["lon_other"], pairs["lat"] - pairs["lat_other"]
    return (east.abs() < degrees) & (north.abs() < degrees)


# -- one timetable ------------------------------------------------------------------------------------------------


def _joined(spec: LayerSpec, kept: Sequence[_One], said: Sequence[str]) -> Feed:
    stops = pd.concat([_named(one, one.feed.stops, ("stop_id", "station")) for one in kept], ignore_index=True)
    departures = pd.concat(
        [_named(one, one.feed.departures, ("stop_id", "route_id", "trip_id")) for one in kept], ignore_index=True
    )
    departures = departures.sort_values(["stop_id", "direction", "seconds", "trip_id"], kind="stable")
    days = dict.fromkeys(one.feed.service_date for one in kept)
    return Feed(stops, departures.reset_index(drop=True), ", ".join(days), _provenance(spec, kept, said))


def _named(one: _One, frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    return frame.assign(**{column: f"{one.name}:" + frame[column].astype(str) for column in columns if column in frame})


def _provenance(spec: LayerSpec, kept: Sequence[_One], said: Sequence[str]) -> Provenance:
    """Of the feeds that were kept; each says of which days it speaks and what was odd in it."""
    origins = [(one, one.feed.provenance) for one in kept]
    first = kept[0].feed.provenance
    vintages = dict.fromkeys(origin.vintage for _, origin in origins)
    if len(vintages) > 1:
        vintages = dict.fromkeys(f"{one.provider}: {origin.vintage}" for one, origin in origins)
    own = [f"{one.provider}: {note}" for one, origin in origins for note in origin.notes]
    return replace(
        first,
        source=", ".join(dict.fromkeys(one.provider for one in kept)),
        dataset=f"GTFS timetables of {len(kept)} feeds" if len(kept) > 1 else "GTFS timetable",
        vintage="; ".join(vintages),
        sha256=combined((one.name, origin.sha256) for one, origin in origins),
        asked={**first.asked, "file": spec.path.name, "feeds": [one.name for one in kept]},
        notes=tuple(dict.fromkeys([*spec.notes, *own, *(f"{note[0].upper()}{note[1:]}" for note in said)])),
    )


def _names(names: Sequence[str]) -> str:
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - _MOST_NAMES} more" if len(each) > _MOST_NAMES else ""
    return ", ".join(each[:_MOST_NAMES]) + more
