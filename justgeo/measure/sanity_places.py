"""Timetables, OpenStreetMap, points and jobs: what could be true of a place and is odd all the same.

What cannot be true is refused by the readers. Here is what could be: a timetable that ends at noon, a map without a
park, jobs that lie where people live. Grids are in `measure.sanity_rasters`. Nothing here changes a number. All limits
are our choice; each was set between the good data at hand and what was planted in them:

====================  =============================================  ===================================================
check                 good data                                      planted
====================  =============================================  ===================================================
weekend-trips         0.33 (Nowhere), 0.14 to 0.86 (six real feeds)  weekdays and weekends exchanged: 3.0
halves-of-the-day     1.02 (Nowhere), 0.96 to 1.05 (six real feeds)  none after noon: 0.14; a 12-hour clock: 0.09
copied-trips          0 (Nowhere), at most 0.3 % (six real feeds)    each trip twice: 50 %
twin-stops            0 (Nowhere and six real feeds)                 each stop under a second id: 93 %
mapped-stops          100 % (Nowhere)                                every second stop left out: 50 %; 300 m aside: 4 %
speed-units           11 % (Nowhere), 0 (West Oakland)               no unit: 100 %
relations             5 of 170 (Nowhere); 0 of 66 (West Oakland)     of fewer than 300 areas nothing is said
nothing-mapped        26 (Nowhere), 13 (West Oakland)                tags in capital letters: 0
crash-years           0 (Nowhere)                                    two of five years left out: 2
jobs-and-homes        -0.07 (Nowhere), 0.21 (Charlottesville)        jobs counted where workers live: 0.97
water-and-floods      1 % (Nowhere)                                  zones of hazard and of none exchanged: 99 %
water-on-cover        100 % (Nowhere)                                codes moved by one: 0; turned over 71 %, let pass
====================  =============================================  ===================================================

The six feeds are those of Charlottesville, Duke, two lines of New York, Sound Transit, and BART of 2018 and 2023. The
jobs of Charlottesville are those of LODES by block of 2010, held against workers by the block they live in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from justgeo.core.district import WGS84
from justgeo.core.layer import BUSIER, AnyLayer, Feed, FloatArray, Layer, Network, Raster
from justgeo.core.quality import Check, Rule
from justgeo.measure import sanity_rasters
from justgeo.measure.headway import HOUR

MORNING, AFTERNOON = (7, 13), (13, 19)
FEWEST_DEPARTURES = 100
MAPPED_M, FEWEST_STOPS = 100.0, 20
FEWEST_SPEEDS, FEWEST_SHAPES, FEWEST_SEGMENTS = 10, 300, 2000
YEARLY = 5.0
"""Crashes a year, of which a year without any is no chance."""
FEWEST_BLOCKS = 100
SAMPLE = 512
"""Rows and columns of a grid of which some pixels are looked at."""
WATER_M2 = 50_000.0
_NO_HAZARD, _OPEN = "less than 0.2 % a year", "open water"
_ASK = "Take the feed once more from the agency, and ask it."
_EXTRACT = "Cut or download the extract anew, whole: osmium extract --strategy smart."
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")

WEEKEND = Rule(
    "weekend-trips",
    "Trips of the timetable's busiest Saturday or Sunday beside those of its weekday",
    "share",
    None,
    1.0,
    "Where weekends and weekdays are exchanged, buses seem to come less often than they do.",
    "See whether the file holds the timetable of weekdays, or name a usual one: date under [layers.gtfs].",
)
HALVES = Rule(
    "halves-of-the-day",
    "Departures from 13 to 19 o'clock for each from 7 to 13",
    "departures",
    0.25,
    4.0,
    "A timetable that was cut off, or whose hours begin again after noon, makes transit look worse than it is.",
    "See whether the file is whole, and whether its hours run on to 24.",
)
COPIED = Rule(
    "copied-trips",
    "Departures that have another one of the same line at the same stop in the same second",
    "share",
    None,
    0.05,
    "Trips that are listed twice make buses seem to come twice as often.",
    _ASK,
)
TWINS = Rule(
    "twin-stops",
    "Stops that lie on another one at which the same line calls in the same direction",
    "share",
    None,
    0.05,
    "Where trips are divided among two ids of one stop, each seems to be served half as often.",
    _ASK,
)
MAPPED = Rule(
    "mapped-stops",
    f"Stops on the map with a stop of the timetable within {MAPPED_M:g} m",
    "share",
    0.66,
    None,
    "Where an agency's feed is missing, or stops lie elsewhere, transit looks worse than it is.",
    "See which agencies run here, whether the feed is whole, and whether its stops lie where they are.",
)
UNITS = Rule(
    "speed-units",
    "Speed limits on the map without a unit, which are kilometers an hour",
    "share",
    None,
    0.5,
    "Limits are signed in miles an hour here. Read as kilometers, streets seem calmer than they are.",
    "Look at some streets; a limit in miles is written 25 mph.",
)
RELATIONS = Rule(
    "relations",
    "Parks, waters and uses of land on the map that are made of several lines",
    "areas",
    1.0,
    None,
    "Large parks are drawn of several lines. An extract without them lacks these parks.",
    _EXTRACT,
)
NOTHING = Rule(
    "nothing-mapped",
    "Parks and daily destinations on the map, the fewer of the two, where streets are drawn",
    "places",
    1.0,
    None,
    "Where streets are mapped and not one park or shop, they are missing from the file, not from the place.",
    _EXTRACT,
)
EMPTY = Rule(
    "crash-years",
    "Years without a crash among those that the file is said to be of",
    "years",
    None,
    0.0,
    "A missing year makes streets look safer than they are.",
    "See whether a year's file is missing; state the years that the file holds.",
)
JOBS = Rule(
    "jobs-and-homes",
    "Jobs by block beside people by block: how closely they go together",
    "rank correlation",
    None,
    0.8,
    "Jobs lie where people work. Counted where workers live, they are no jobs that anyone could reach.",
    "See whether it is the file of workplaces (wac): that of residences (rac) has the same columns.",
)
FLOODS = Rule(
    "water-and-floods",
    "Water on the map that lies where the flood map tells the least hazard",
    "share",
    None,
    0.5,
    "Rivers and lakes lie in the zones of hazard. Where classes are exchanged, the wrong homes are told to be at risk.",
    "See whether the classes of the flood map are read as its legend has them: A and V are the zones of hazard.",
)
WATER = Rule(
    "water-on-cover",
    "Water on the map that is water in the land cover",
    "share",
    0.5,
    None,
    "A grid that lies aside, is turned over or coded otherwise tells of the wrong ground.",
    "Open the land cover over a map; see whether its codes are those of NLCD (water is 11).",
)
RULES = (WEEKEND, HALVES, COPIED, TWINS, MAPPED, UNITS, RELATIONS, NOTHING, EMPTY, JOBS, FLOODS, WATER)


def checks(layers: Mapping[str, AnyLayer], crs: str) -> Iterator[Check]:
    """Checks of the layers at hand; of those that are not, nothing is said.

    Parameters
    ----------
    layers : mapping of str to layer
    crs : str
        The metric CRS of the place.
    """
    feed, stops = layers.get("gtfs"), layers.get("stops")
    if isinstance(feed, Feed):
        yield from _of_feed(feed)
        if isinstance(stops, Layer):
            yield _mapped_stops(feed, stops, crs)
    yield from _of_map(layers)
    yield from _of_points(layers, crs)
    yield from sanity_rasters.checks(layers)


# ------------------------------------------------------------------------------------------------------ the timetable


def _of_feed(feed: Feed) -> Iterator[Check]:
    layers, rows = ("gtfs",), feed.departures
    yield _weekend(feed)
    hours = rows["seconds"].to_numpy(dtype=np.float64) / HOUR
    first, second = (int(((hours >= a) & (hours < b)).sum()) for a, b in (MORNING, AFTERNOON))
    if first + second < FEWEST_DEPARTURES:
        few = f"there are {first + second:,} departures between 7 and 19 o'clock"
        yield from (rule.unknown(few, layers) for rule in (HALVES, COPIED, TWINS))
        return
    why = f"{second:,} departures from 13 to 19 o'clock, {first:,} from 7 to 13"
    yield HALVES.check(second / max(first, 1), layers, why)
    share = float(rows.duplicated(["stop_id", "route_id", "direction", "seconds"]).mean())
    yield COPIED.check(share, layers, f"{share:.0%} of the departures are listed a second time")
    yield _twin_stops(feed)


def _weekend(feed: Feed) -> Check:
    """By the note of the reader, which has the calendar."""
    note = next((note for note in feed.provenance.notes if BUSIER in note), "")
    found = re.search(r": (\d+)\) than on the service day \((\d+)\)", note)
    if found is None:
        return replace(WEEKEND.check(0.0, ["gtfs"], ""), found=None)
    return WEEKEND.check(int(found[1]) / int(found[2]), ["gtfs"], note.rstrip("."))


def _twin_stops(feed: Feed) -> Check:
    """Stops at one spot, not of one station, at which one line calls in one direction."""
    told = feed.stops[["stop_id"]].copy()
    told["station"] = (feed.stops["station"] if "station" in feed.stops else feed.stops["stop_id"]).astype(str)
    told["spot"] = feed.stops["lon"].round(5).astype(str) + " " + feed.stops["lat"].round(5).astype(str)
    lines = feed.departures[["stop_id", "route_id", "direction"]].drop_duplicates().merge(told, on="stop_id")
    stations = lines.groupby(["spot", "route_id", "direction"])["station"].nunique()
    spots = stations[stations > 1].reset_index()["spot"].unique()
    share = float(told["spot"].isin(spots).mean())
    return TWINS.check(share, ["gtfs"], f"{share:.0%} of the stops lie on another one of their line")


def _mapped_stops(feed: Feed, stops: Layer, crs: str) -> Check:
    layers = ("gtfs", "stops")
    served = feed.stops[feed.stops["stop_id"].isin(set(feed.departures["stop_id"]))]
    if len(stops.features) < FEWEST_STOPS or not len(served):
        return MAPPED.unknown(f"there are {len(stops.features)} stops on the map of streets", layers)
    lonlat = gpd.GeoSeries(gpd.points_from_xy(served["lon"], served["lat"]), crs=WGS84)
    theirs, mapped = (_xy(one, crs) for one in (lonlat, stops.features.geometry))
    near, _ = KDTree(theirs).query(mapped, distance_upper_bound=MAPPED_M)
    share = float(np.isfinite(near).mean())
    return MAPPED.check(share, layers, f"{share:.0%} of {len(mapped)} mapped stops have one of the timetable near")


def _xy(shapes: gpd.GeoSeries, crs: str) -> FloatArray:
    return np.asarray(shapely.get_coordinates(shapes.to_crs(crs).to_numpy()), dtype=np.float64)


# ------------------------------------------------------------------------------------------------------------ the map


def _of_map(layers: Mapping[str, AnyLayer]) -> Iterator[Check]:
    bike, network = layers.get("bike"), layers.get("walk")
    if isinstance(bike, Layer) and "maxspeed" in bike.data:
        yield _speed_units(bike)
    if not isinstance(network, Network):
        return
    mapped = {name: layer for name in ("parks", "water", "landuse", "amenities")
              if isinstance(layer := layers.get(name), Layer) and "osm_id" in layer.data}  # fmt: skip
    areas = {name: layer for name, layer in mapped.items() if name != "amenities"}
    if areas:
        ids = [str(one) for layer in areas.values() for one in layer.data["osm_id"]]
        found = sum(one.startswith("relation/") for one in ids)
        if not found and len(ids) < FEWEST_SHAPES:
            yield RELATIONS.unknown(f"there are only {len(ids)} areas on the map", areas)
        else:
            yield RELATIONS.check(float(found), areas, f"none of {len(ids)} areas on the map is made of several lines")
    kinds = {name: len(layer.data) for name, layer in mapped.items() if name in ("parks", "amenities")}
    if kinds and len(network.u) >= FEWEST_SEGMENTS:
        empty = [name for name, n in kinds.items() if not n]
        why = f"{len(network.u):,} pieces of streets are drawn, and nothing in the layers {', '.join(empty)}"
        yield NOTHING.check(float(min(kinds.values())), empty or kinds, why)


def _speed_units(bike: Layer) -> Check:
    told = bike.data["maxspeed"].astype(str).str.strip()
    told = told[told != ""]
    if len(told) < FEWEST_SPEEDS:
        return UNITS.unknown(f"{len(told)} streets have a speed limit on the map", ["bike"])
    share = float(told.str.fullmatch(r"\d+(\.\d+)?").mean())
    return UNITS.check(share, ["bike"], f"{share:.0%} of {len(told)} speed limits have no unit")


# ---------------------------------------------------------------------------------------------------- points and areas


def _of_points(layers: Mapping[str, AnyLayer], crs: str) -> Iterator[Check]:
    crashes, jobs, blocks, water, floods, cover = (
        layers.get(n) for n in ("data:fars", "data:lodes_wac", "blocks", "water", "data:nfhl", "land_cover")
    )
    if isinstance(crashes, Layer) and "year" in crashes.data:
        yield _crash_years(crashes)
    if isinstance(jobs, Layer) and isinstance(blocks, Layer):
        yield _jobs_and_homes(jobs, blocks)
    if isinstance(water, Layer):
        if isinstance(floods, Layer) and "hazard" in floods.data:
            yield _water_and_floods(water, floods, crs)
        if isinstance(cover, Raster):
            yield _water_on_cover(water, cover)


def _crash_years(crashes: Layer) -> Check:
    stated = [int(year) for year in _YEAR.findall(crashes.provenance.vintage)]
    years = crashes.data["year"].dropna().astype(int)
    if not stated or not len(years):
        return EMPTY.unknown("of which years the crashes are is not told, or there are none", ["data:fars"])
    counts = [int((years == year).sum()) for year in range(min(stated), max(stated) + 1)]
    some = [n for n in counts if n]
    if sum(some) < YEARLY * max(len(some), 1):
        return EMPTY.unknown("there are too few crashes to tell an empty year from a quiet one", ["data:fars"])
    empty = counts.count(0)
    return EMPTY.check(
        float(empty), ["data:fars"], f"{empty} of the years {min(stated)} to {max(stated)} have no crash"
    )


def _jobs_and_homes(jobs: Layer, blocks: Layer) -> Check:
    layers = ("data:lodes_wac",)
    if "jobs" not in jobs.data or jobs.geography != "block" or blocks.geography != "block":
        return JOBS.unknown("jobs or people are not at hand by block", layers)
    people = pd.Series(blocks.data["population"].to_numpy(dtype=np.float64), index=blocks.data["geoid"].astype(str))
    there = pd.Series(jobs.data["jobs"].to_numpy(dtype=np.float64), index=jobs.data["geoid"].astype(str))
    both = pd.DataFrame({"people": people.fillna(0.0), "jobs": there.reindex(people.index).fillna(0.0)})
    both = both[(both > 0).any(axis=1)]
    if len(both) < FEWEST_BLOCKS or (both.nunique() < 2).any():
        return JOBS.unknown("there are too few blocks to tell", layers)
    from scipy.stats import spearmanr  # takes a third of a second, which only a place with jobs has to wait for

    found = float(spearmanr(both["people"], both["jobs"]).statistic)
    return JOBS.check(found, layers, f"the more people live in a block, the more jobs are told of it ({found:.2f})")


def _water_and_floods(water: Layer, floods: Layer, crs: str) -> Check:
    layers = ("data:nfhl", "water")
    wet = shapely.union_all(shapely.make_valid(water.features.to_crs(crs).geometry.to_numpy()))
    frame = floods.features.to_crs(crs)
    shapes, kinds = shapely.make_valid(frame.geometry.to_numpy()), frame["hazard"].to_numpy()
    # The sea and large lakes have a class of their own, which tells nothing of the others.
    mapped = shapely.intersection(wet, shapely.union_all(shapes[kinds != _OPEN]))
    if mapped.area < WATER_M2:
        return FLOODS.unknown("hardly any water of the map is on the map of flood zones", layers)
    dry = shapely.intersection(mapped, shapely.union_all(shapes[kinds == _NO_HAZARD]))
    share = float(dry.area / mapped.area)
    return FLOODS.check(share, layers, f"{share:.0%} of the mapped water lies there")


def _water_on_cover(water: Layer, cover: Raster) -> Check:
    """Pixels of the land cover wholly within mapped water: each of the two draws shores in its own way."""
    layers, pixel = ("land_cover", "water"), abs(cover.transform[0])
    wet = shapely.buffer(shapely.union_all(water.features.to_crs(cover.crs).geometry.to_numpy()), -pixel)
    shapely.prepare(wet)
    some = _thinned(cover)
    inside = shapely.contains_xy(wet, some.x, some.y)
    if int(inside.sum()) < FEWEST_BLOCKS:
        return WATER.unknown("there is hardly any water as wide as some pixels", layers)
    share = float((some.values[inside] == sanity_rasters.WATER).mean())
    return WATER.check(share, layers, f"{share:.0%} of the mapped water is water in the land cover")


class _Pixels(NamedTuple):
    """Middles of some pixels, and what they hold; those without a value are left out."""

    x: FloatArray
    y: FloatArray
    values: FloatArray


def _thinned(grid: Raster) -> _Pixels:
    """Every so many rows and columns: a share of a county's water needs no more."""
    a, _, c, _, e, f = grid.transform
    every = [max(1, size // SAMPLE) for size in grid.values.shape]
    values = grid.values[:: every[0], :: every[1]]
    row, col = np.nonzero(np.isfinite(values))
    x, y = (c + a * (col * every[1] + 0.5), f + e * (row * every[0] + 0.5))
    return _Pixels(x, y, values[row, col])
