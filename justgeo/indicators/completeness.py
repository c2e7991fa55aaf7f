"""How complete the volunteered map is, as far as the layers at hand can tell: a sign for each layer, or the reason why
there is none. Signs, not proof: a list that the map is held against has its own gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from justgeo.core.budget import Completeness, Kept
from justgeo.core.district import WGS84
from justgeo.core.errors import Absent
from justgeo.core.layer import FloatArray, Provenance
from justgeo.core.result import Record
from justgeo.indicators import bikes
from justgeo.indicators.mobility import graph, public_parks, snapped
from justgeo.indicators.place import Place
from justgeo.measure import bikes as measured
from justgeo.measure import holding, reach

OWN = "the file is not OpenStreetMap's: how complete it is, those who keep it can say"
BEYOND = "the map at hand does not cover it"
NEAR_M = 50.0
"""A stop of the timetable is on the map where a mapped one lies so near: poles of one stop are merged within 30 m and
feeds are off by some metres. Our choice."""
FEWEST_STOPS = 10
FEWEST_ACRES = 5.0
"""On fewer no share is told: one more or less would turn it. Our choice."""
M2_AN_ACRE = 4046.8564224
EDGE_M = 12.0
"""As of MOB-08: half of a street along a boundary counts on either side."""
PAD_US = "data:pad_us"
TOLD_OF = ("district", "reference")


def volunteered(one: Provenance) -> bool:
    """Whether a layer was drawn by the volunteers of OpenStreetMap, or invented in the form of its extracts."""
    named = f"{one.source} {one.dataset} {one.attribution}".lower()
    read_from_extract = {"bounds", "layer"} <= set(one.asked)
    return "openstreetmap" in named or "odbl" in one.licence.lower() or read_from_extract


def signs(layer: str, kept: Kept, place: Place, records: Mapping[str, Record]) -> tuple[Completeness, ...]:
    """What can be told of a layer's completeness in the district and in its reference.

    Parameters
    ----------
    layer : str
    kept : Kept
        What the catalogue says of it.
    place : Place
    records : mapping of str to Record
        Those of the indicator, by zone, for everybody.

    Returns
    -------
    tuple of Completeness
        One for each of the two zones, or one for none of them with the reason; empty where the layer is not at hand.
    """
    found = place.layers.get(layer)
    if found is None:
        return ()
    if not volunteered(found.provenance):
        return (Completeness(layer, reason=OWN),)
    at = [z for z, role in enumerate(place.zones.roles) if role in TOLD_OF]
    ids = [place.zones.ids[z] for z in at]
    count = _SIGNS.get(layer)
    try:
        if layer == "landuse":
            shares = [_drawn(records.get(zone)) for zone in ids]
        elif count is None:
            return (Completeness(layer, reason=kept.unknown),)
        else:
            shares = place.once_for_zones(f"completeness:{layer}", lambda: count(place, at))
    except Absent:
        return (Completeness(layer, reason=kept.unknown),)
    beyond = place.beyond(getattr(found, "covers", None))
    return tuple(
        _one(layer, kept.sign, zone, counted, bool(beyond[z])) for z, zone, counted in zip(at, ids, shares, strict=True)
    )


@dataclass(frozen=True)
class _Counted:
    """Part of something in one zone: its share, how much there is, its unit, what it was held against; or why not."""

    share: float | None
    of: float | None = None
    unit: str = ""
    against: str = ""
    why: str = ""


def _one(layer: str, sign: str, zone: str, found: _Counted, beyond: bool) -> Completeness:
    why = BEYOND if beyond else found.why
    if why:
        return Completeness(layer, zone, sign, None, found.of, found.unit, found.against, why)
    return Completeness(layer, zone, sign, found.share, found.of, found.unit, found.against)


def _shares(
    part: FloatArray, whole: FloatArray, unit: str, against: str = "", fewest: float = 0.0, few: str = ""
) -> list[_Counted]:
    """Part of a whole in each zone; ``few`` is the reason where there is less than ``fewest`` of it."""
    return [
        _Counted(some / every, every, unit, against)
        if every > 0 and every >= fewest
        else _Counted(None, every, unit, against, few)
        for some, every in zip(part.tolist(), whole.tolist(), strict=True)
    ]


def _stops(place: Place, at: Sequence[int]) -> list[_Counted]:
    """Stops of the timetable at which something departs, with a mapped stop near."""
    feed = place.feed()
    served = feed.stops[feed.stops["stop_id"].isin(set(feed.departures["stop_id"]))]
    points = gpd.GeoSeries(gpd.points_from_xy(served["lon"], served["lat"]), crs=WGS84).to_crs(place.crs).to_numpy()
    mapped = place.layer("stops").features.to_crs(place.crs).geometry.to_numpy()
    on_map = holding.near(shapely.get_coordinates(points), shapely.get_coordinates(mapped), NEAR_M)
    inside = np.array([shapely.contains(place.zones.geometry.iloc[z], points) for z in at], dtype=np.bool_)
    few = f"the timetable has fewer than {FEWEST_STOPS} stops here"
    held, every = (inside & on_map).sum(axis=1), inside.sum(axis=1)
    return _shares(held.astype(np.float64), every.astype(np.float64), "stops", "gtfs", FEWEST_STOPS, few)


def _walk(place: Place, at: Sequence[int]) -> list[_Counted]:
    """People whose block meets the mapped network."""
    known = reach.why_unknown(graph(place), snapped(place)) == ""
    people = np.nan_to_num(place.population(), nan=0.0)
    held = np.asarray(place.weights.fractions @ (people * known), dtype=np.float64)
    return _shares(held[at], place.zone_population()[at], "people", "blocks", few="nobody lives here")


def _bike(place: Place, at: Sequence[int]) -> list[_Counted]:
    """Length of streets and paths whose speed limit and number of lanes are mapped, where their stress hangs on it."""
    found = bikes.network(place)
    inside = measured.lengths(place.zones.geometry.iloc[list(at)], found.lines, EDGE_M)
    tagged = ~found.untagged
    whole, held = (inside @ one.astype(np.float64) / 1000.0 for one in (np.ones(len(tagged)), tagged))
    return _shares(np.asarray(held), np.asarray(whole), "km", few=bikes.NO_STREETS)


def _parks(place: Place, at: Sequence[int]) -> list[_Counted]:
    """Ground that PAD-US holds open to all and that the map draws as a park."""
    frame = place.layer(PAD_US).features
    theirs = frame[frame["access"] == "open"].to_crs(place.crs).geometry.to_numpy()
    ours = public_parks(place).geometry.to_numpy()
    whole, common = (m2 / M2_AN_ACRE for m2 in holding.ground(place.zones.geometry.iloc[list(at)], theirs, ours))
    few = f"PAD-US has fewer than {FEWEST_ACRES:g} acres of open ground here"
    return _shares(common, whole, "acres", PAD_US, FEWEST_ACRES, few)


def _drawn(record: Record | None) -> _Counted:
    """Land for which some use is drawn, as the record itself tells it."""
    if record is not None:
        for flag in record.flags:
            name, _, number = flag.partition("=")
            if name in ("valid_share", "unknown_share"):
                return _Counted(float(number) if name == "valid_share" else 1.0 - float(number))
        if record.value is not None:
            return _Counted(1.0)
    return _Counted(None, why="how much of the land is drawn is not told here")


_SIGNS: Mapping[str, Callable[[Place, Sequence[int]], list[_Counted]]] = {
    "stops": _stops, "walk": _walk, "bike": _bike, "parks": _parks,
}  # fmt: skip
