"""Checks of the other layers of a place: streets, timetable, outlines, grids, and how far apart in time they are.

All of the whole place: of the zones nothing is read but the reference, which is the same for all districts of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.budgets import years
from justgeo.core.district import WGS84, to_metric
from justgeo.core.errors import Absent
from justgeo.core.layer import Feed, Network, Raster
from justgeo.core.quality import Check, Rule
from justgeo.indicators.mobility import graph, origin_points, snapped
from justgeo.indicators.place import Place
from justgeo.measure import balance
from justgeo.measure.reach import ISLAND_SHARE

KM2 = 1e6
ROUGH = "our choice: wide enough for a rural county and for Manhattan; what lies outside is a mistake of place or unit"
_OF_ONE_DAY = ("walk", "streets", "bike", "parks", "stops", "gtfs")
ACS, OWN = "acs:", "table:"
SAMPLE = 512
"""Pixels along each side of a grid that are looked at."""
ANY = 1e-6
"""Lower limit of what may be as little as it likes where there is any at all: one stop in all of Alaska is more."""

REACHED = Rule(
    "people-on-the-network",
    "People whose block meets the walk network in its large connected parts",
    "share",
    0.8,
    None,
    "Where streets are cut off from one another on the map, a walk that people take every day is not found.",
    "Look at the streets on the map; give a network of streets and paths, not of footways or main roads alone.",
)
WHOLE = Rule(
    "network-in-one-piece",
    "Length of the walk network in its large connected parts",
    "share",
    0.7,
    None,
    "A network in many pieces makes walks longer than they are, or ends them.",
    "See whether ends of streets meet: snap_m joins ends that lie close, crossings = true cuts lines where they cross.",
)
PIECES = Rule(
    "length-of-segments",
    "Middle length of the walk network's segments, from node to node",
    "m",
    1.0,
    500.0,
    "Segments of another size tell of another unit, or of lines that were not cut where streets meet.",
    "See the network's coordinate system, and whether its lines are cut at crossings.",
    ROUGH,
)
STREETS = Rule(
    "streets-per-land",
    "Walk network for each square kilometer that it covers",
    "km per km²",
    0.2,
    80.0,
    "Too little tells of streets that are missing, too much of streets that are there twice.",
    "Look at the streets on the map; see that the file is of this place, whole and once.",
    ROUGH,
)
STOPS = Rule(
    "stops-per-land",
    "Stops of the timetable for each square kilometer of the wider area",
    "stops per km²",
    ANY,
    100.0,
    "Stops that lie elsewhere, or are there twice, make transit look better or worse than it is.",
    "See that the feed is of this place, and that longitude and latitude are not exchanged.",
    ROUGH,
)
RIDERS = Rule(
    "stops-per-resident",
    "Stops of the timetable for each 1,000 residents of the wider area",
    "stops per 1,000 people",
    ANY,
    60.0,
    "Stops that lie elsewhere, or are there twice, make transit look better or worse than it is.",
    "See that the feed is of this place, whole and once.",
    ROUGH,
)
SERVED = Rule(
    "stops-with-service",
    "Stops of the timetable in the wider area with any departure on the day that was taken",
    "share",
    0.5,
    None,
    "On a holiday, or at the end of a feed, most stops have no service, and transit looks worse than it is.",
    "Take a feed of an ordinary week; or name a usual weekday of it.",
)
APART = Rule(
    "years-apart",
    "Years between the survey and the map, timetable or grid that is farthest from it",
    "years",
    None,
    5.0,
    "Places change: a street map of today beside a survey of ten years ago tells of two neighborhoods.",
    "Take layers of nearer years; say both years where the numbers stand side by side.",
    "our choice: the survey itself speaks of five years",
)
LAND = Rule(
    "land-and-outline",
    "Published land area beside the area of the outlines",
    "share",
    0.05,
    1.02,
    "Land in another unit, or outlines of another place, move every number that is told for each acre of land.",
    "See that land_m2 is in square meters, and that outlines and land are of one file.",
    "our choice; the land of an area is a part of it, and water makes up the rest",
)
VARIES = Rule(
    "grids-vary",
    "Different values in each grid of the ground",
    "values",
    3.0,
    None,
    "A grid that says the same everywhere was damaged on its way, or is of open sea.",
    "Take the grid again from its source.",
)
RULES = (REACHED, WHOLE, PIECES, STREETS, STOPS, RIDERS, SERVED, APART, LAND, VARIES)


def reference(place: Place) -> BaseGeometry | None:
    """Outline of the reference in the metric CRS, which is the same for every district; None where there is none."""
    roles = place.zones.roles
    return place.zones.geometry.iloc[roles.index("reference")] if "reference" in roles else None


def network(place: Place) -> Iterable[Check]:
    """The walk network: is it in large pieces, do people's blocks meet it, is there as much of it as should be."""
    rules = (REACHED, WHOLE, PIECES, STREETS)
    try:
        found, streets = graph(place), place.network()
    except Absent as why:
        yield from (rule.unknown(why.reason) for rule in rules)
        return
    if not len(found.length):
        yield from (rule.unknown("the walk network is empty") for rule in rules)
        return
    yield _reached(place)
    # Two banks of a river, or islands: each large part is a place to walk in.
    large = found.share >= ISLAND_SHARE
    share = float(found.share[large].sum())
    seen = f"{int(large.sum())} of {len(found.share)} parts are large, with {share:.0%} of the length together"
    yield WHOLE.check(share, ["walk"], seen)
    middle = float(np.median(found.length[found.length > 0])) if (found.length > 0).any() else 0.0
    yield PIECES.check(middle, ["walk"], f"the middle segment is {middle:,.1f} m long")
    yield _streets(place, streets, float(found.length.sum()) / 1000.0)


def _reached(place: Place) -> Check:
    try:
        people = np.nan_to_num(place.population(), nan=0.0)
    except Absent as why:
        return REACHED.unknown(why.reason)
    found, at = graph(place), snapped(place)
    covers = place.network().covers
    if covers is not None:  # of people beyond the map's edge it says nothing
        shape = to_metric(covers, place.crs)
        shapely.prepare(shape)
        people = np.where(shapely.contains_xy(shape, *origin_points(place).T), people, 0.0)
    # A block without a segment near is on no part: row -1 is never looked at.
    large = found.share[found.component[found.u[np.maximum(at.segment, 0)]]] >= ISLAND_SHARE
    share = balance.share_of(people, np.asarray(at.found & large, dtype=np.bool_))
    if share is None:
        return REACHED.unknown("nobody lives where the network is known")
    return REACHED.check(share, ["walk", "blocks"], f"{share:.0%} of the people live on such a block")


def _streets(place: Place, streets: Network, km: float) -> Check:
    shape = reference(place) if streets.covers is None else to_metric(streets.covers, place.crs)
    if shape is None or not shape.area:
        return STREETS.unknown("nobody says which area the network covers")
    per = km / (shape.area / KM2)
    return STREETS.check(per, ["walk"], f"{km:,.0f} km of streets and paths on {shape.area / KM2:,.0f} km²")


def timetable(place: Place) -> Iterable[Check]:
    """The feed: are its stops in this place, as many as there should be, and is anything running."""
    rules = (STOPS, RIDERS, SERVED)
    shape = reference(place)
    try:
        feed = place.feed()
    except Absent as why:
        yield from (rule.unknown(why.reason) for rule in rules)
        return
    if shape is None:
        yield from (rule.unknown("there is no wider area to look at") for rule in rules)
        return
    inside = _inside(feed, place, shape)
    n = int(inside.sum())
    told = f"{n} of {len(inside)} stops lie in the wider area"
    yield STOPS.check(n / (shape.area / KM2), ["gtfs"], told)
    people = _residents(place)
    if people:
        yield RIDERS.check(1000.0 * n / people, ["gtfs"], told)
    else:
        yield RIDERS.unknown("how many live there is not known")
    if not n:
        yield SERVED.unknown("no stop lies in the wider area")
        return
    served = feed.stops["stop_id"].isin(set(feed.departures["stop_id"])).to_numpy(dtype=np.bool_)
    share = float(served[inside].mean())
    yield SERVED.check(share, ["gtfs"], f"{share:.0%} of the stops have a departure on {feed.service_date}")


def _inside(feed: Feed, place: Place, shape: BaseGeometry) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    points = gpd.GeoSeries(gpd.points_from_xy(feed.stops["lon"], feed.stops["lat"]), crs=WGS84).to_crs(place.crs)
    shapely.prepare(shape)
    return np.asarray(shapely.contains_xy(shape, points.x.to_numpy(), points.y.to_numpy()), dtype=np.bool_)


def _residents(place: Place) -> float:
    """People of the wider area; 0 where nobody knows."""
    if place.weights.origins is None:
        return 0.0
    return float(place.zone_population()[place.zones.index("reference")])


def periods(place: Place) -> Iterable[Check]:
    """How far the years of maps, timetables and grids lie from the survey's."""
    survey = _survey(place)
    if survey is None:
        yield APART.unknown("no table of the survey was given")
        return
    asked = {n: one for n, one in place.layers.items() if n in _OF_ONE_DAY or isinstance(one, Raster)}
    told = {name: years(one.provenance.vintage) for name, one in asked.items()}
    apart = {name: abs(period[1] - survey) for name, period in told.items() if period is not None}
    if not apart:
        yield APART.unknown("no layer beside the survey states its year")
        return
    most = max(apart.values())
    far = [name for name, n in apart.items() if APART.high is not None and n > APART.high]
    first = next(name for name, n in apart.items() if n == most)
    period = told[first]
    why = f"layer {first} speaks of {period[1] if period else ''}, the survey ends in {survey}"
    yield APART.check(float(most), far or apart, why)


def _survey(place: Place) -> int | None:
    """Last year of the survey, or of the planner's own tables where there is none; None where nobody says."""
    if any(name.startswith(ACS) for name in place.layers):
        return place.years.get("t1")
    told = [years(one.provenance.vintage) for name, one in place.layers.items() if name.startswith(OWN)]
    return max((period[1] for period in told if period is not None), default=None)


def outlines(place: Place) -> Iterable[Check]:
    """Published land of the areas by the area of their outlines."""
    shares: dict[str, float] = {}
    names = {"county": "counties", "tract": "tracts", "block group": "block_groups"}
    for (level, vintage), unit in place.weights.units.items():
        if unit.land is not None and unit.geometry is not None and level in names:
            name = names[level] if names[level] in place.layers else f"{names[level]}_{vintage}"
            shares[name] = float(np.nansum(unit.land)) / float(unit.geometry.area.sum())
    origins = place.weights.origins
    if origins is not None and origins.land_known and float(origins.area.sum()):
        shares["blocks"] = float(origins.land.sum()) / float(origins.area.sum())
    if not shares:
        yield LAND.unknown("no layer of areas says how much of it is land")
        return
    # The farthest from "all of it is land" is told: too much first, since it cannot be.
    worst = max(shares, key=lambda name: abs(np.log(max(shares[name], 1e-12))))
    named = [worst] if _odd(LAND, shares[worst]) else shares
    yield LAND.check(shares[worst], named, f"{worst}: {shares[worst]:.3g} of its outlines is land")


def _odd(rule: Rule, found: float) -> bool:
    return rule.check(found, (), "").status == "odd"


def grids(place: Place) -> Iterable[Check]:
    """Whether a grid says more than one thing."""
    found = {name: one for name, one in place.layers.items() if isinstance(one, Raster)}
    if not found:
        yield VARIES.unknown("no grid was given")
        return
    values = {name: _values(one) for name, one in found.items()}
    least = min(values, key=values.__getitem__)
    flat = [name for name, n in values.items() if _odd(VARIES, n)]
    told = f"{', '.join(flat)}: {values[least]} in the pixels looked at"
    yield VARIES.check(float(values[least]), flat or values, told)


def _values(grid: Raster) -> int:
    rows, columns = (max(1, size // SAMPLE) for size in grid.values.shape)
    some = grid.values[::rows, ::columns]
    return len(np.unique(some[np.isfinite(some)]))
