"""Wrongness planted in OpenStreetMap, in what services answer, and in points and jobs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import pandas as pd
import shapely

from justgeo.sources.osm import write_extract
from tests.corrupted.harness import Ground, Trial, off
from tests.corrupted.point_changes import (
    crashes,
    exchanged,
    in_metres,
    jobs_at_home,
    later_years,
    no_minus,
    twice,
    years_gone,
)
from tests.faults.case import Case
from tests.nowhere import UNITS

MAP, POINTS = "Planted: OpenStreetMap and walk networks", "Planted: points and jobs"
SANITY = "measure/sanity_places"
STREETS = (*UNITS, "osm")
KINDS = {"n": "node", "w": "way", "r": "relation"}
Tags = dict[str, str]
Node = tuple[int, tuple[float, float], Tags]
Way = tuple[int, list[int], Tags]
Relation = tuple[int, list[tuple[str, int, str]], Tags]


@dataclass
class Objects:
    """The objects of an extract, and the box and the date that its header states."""

    nodes: list[Node]
    ways: list[Way]
    relations: list[Relation]
    box: tuple[float, float, float, float]
    replicated: str = "2024-06-01T00:00:00Z"

    def tagged(self, change: Callable[[Tags], Tags]) -> None:
        """Tags of every object changed."""
        self.nodes = [(number, place, change(dict(tags))) for number, place, tags in self.nodes]
        self.ways = [(number, refs, change(dict(tags))) for number, refs, tags in self.ways]
        self.relations = [(number, members, change(dict(tags))) for number, members, tags in self.relations]

    def without_ways(self, gone: Callable[[Way], bool]) -> None:
        """Some ways taken out, and the relations that they are members of."""
        lost = {way[0] for way in self.ways if gone(way)}
        self.ways = [way for way in self.ways if way[0] not in lost]
        self.relations = [one for one in self.relations if not any(ref in lost for _, ref, _ in one[1])]


@cache
def _held(path: Path) -> tuple[tuple[Node, ...], tuple[Way, ...], tuple[Relation, ...]]:
    nodes: list[Node] = []
    ways: list[Way] = []
    relations: list[Relation] = []
    for one in osmium.FileProcessor(str(path)):
        tags = {tag.k: tag.v for tag in one.tags}
        if isinstance(one, osmium.osm.Node):
            nodes.append((one.id, (one.location.lon, one.location.lat), tags))
        elif isinstance(one, osmium.osm.Way):
            ways.append((one.id, [node.ref for node in one.nodes], tags))
        elif isinstance(one, osmium.osm.Relation):
            relations.append((one.id, [(m.type, m.ref, m.role) for m in one.members], tags))
    return tuple(nodes), tuple(ways), tuple(relations)


def objects(ground: Ground) -> Objects:
    """What the invented county's extract holds."""
    nodes, ways, relations = _held(ground.source / "nowhere.osm.pbf")
    west, south, east, north = shapely.total_bounds(shapely.points([place for _, place, _ in nodes]))
    return Objects(list(nodes), list(ways), list(relations), (west, south, east, north))


def extract(change: Callable[[Objects], None]) -> Callable[[Ground], None]:
    """A change of the objects of the extract."""

    def plant(ground: Ground) -> None:
        found = objects(ground)
        change(found)
        told = (found.nodes, found.ways, found.relations)
        write_extract(ground.file("osm"), *told, bounds=found.box, replicated=found.replicated)

    return plant


def same(found: Objects) -> None:
    """As it is, but for the date that the header states."""


rewritten = extract(same)
"""The extract written anew, as the twin of those that are changed."""

# --------------------------------------------------------------------------------------------------------------- extent


def box_of_district(ground: Ground) -> None:
    """An extract cut at the box of the district, without its halo: ways stay whole."""
    west, south, east, north = gpd.read_file(ground.source / "district.geojson").total_bounds
    found = objects(ground)
    inside = {n for n, (x, y), _ in found.nodes if west <= x <= east and south <= y <= north}
    found.without_ways(lambda way: not inside & set(way[1]))
    kept = inside | {ref for _, refs, _ in found.ways for ref in refs}
    found.nodes = [node for node in found.nodes if node[0] in kept]
    write_extract(ground.file("osm"), found.nodes, found.ways, found.relations,
                  bounds=(west, south, east, north), replicated=found.replicated)  # fmt: skip


def half_unsaid(found: Objects) -> None:
    """What lies in the west is gone, and the header states the former box."""
    middle = -70.0105
    east = {n for n, (x, _), _ in found.nodes if x > middle}
    found.without_ways(lambda way: not set(way[1]) <= east)
    kept = {ref for _, refs, _ in found.ways for ref in refs}
    found.nodes = [node for node in found.nodes if node[0] in kept or (node[0] in east and node[2])]


def elsewhere(found: Objects) -> None:
    found.nodes = [(n, (x - 3.0, y), tags) for n, (x, y), tags in found.nodes]
    west, south, east, north = found.box
    found.box = (west - 3.0, south, east - 3.0, north)


def missing_nodes(found: Objects) -> None:
    used = sorted({ref for _, refs, tags in found.ways if "highway" in tags for ref in refs})
    lost = set(used[::40])
    found.nodes = [node for node in found.nodes if node[0] not in lost]


def crossings_unjoined(found: Objects) -> None:
    """In the east every street has nodes of its own, so that no two of them meet."""
    middle = -70.0105
    place = {n: where for n, where, _ in found.nodes}
    fresh = max(place) + 1
    ways: list[Way] = []
    for number, refs, tags in found.ways:
        own = dict.fromkeys(ref for ref in refs if "highway" in tags and place[ref][0] > middle)
        named = {ref: fresh + k for k, ref in enumerate(own)}
        fresh += len(named)
        found.nodes += [(new, place[ref], {}) for ref, new in named.items()]
        ways.append((number, [named.get(ref, ref) for ref in refs], tags))
    found.ways = ways


# ----------------------------------------------------------------------------------------------------------------- tags


def retagged(change: Callable[[Tags], Tags]) -> Callable[[Ground], None]:
    return extract(lambda found: found.tagged(change))


def parks_in_capitals(tags: Tags) -> Tags:
    return {key: value.upper() if key in ("leisure", "landuse") else value for key, value in tags.items()}


def amenities_in_capitals(tags: Tags) -> Tags:
    return {key.upper() if key in ("amenity", "shop", "leisure") else key: value for key, value in tags.items()}


def no_unit(tags: Tags) -> Tags:
    return {key: value.removesuffix(" mph") if key == "maxspeed" else value for key, value in tags.items()}


def closed_shops(tags: Tags) -> Tags:
    return {**tags, "disused": "yes"} if tags.get("shop") or tags.get("amenity") == "marketplace" else tags


def no_shops(tags: Tags) -> Tags:
    shop = "shop" in tags or tags.get("amenity") == "marketplace"
    return {key: value for key, value in tags.items() if not shop or key not in ("shop", "amenity")}


def old(date: str) -> Callable[[Ground], None]:
    """An extract of long ago: most paths and some streets were not mapped yet."""

    def change(found: Objects) -> None:
        found.replicated = f"{date}T00:00:00Z"
        minor = ("footway", "path", "service")
        found.without_ways(lambda way: "highway" in way[2] and (way[2]["highway"] in minor or way[0] % 7 == 0))

    return extract(change)


def parks_twice(found: Objects) -> None:
    """Every park that is a way is a multipolygon too, as where one was drawn anew over the other."""
    parks = [(n, tags) for n, _, tags in found.ways if tags.get("leisure") == "park"]
    last = max(n for n, _, _ in found.relations)
    for k, (number, tags) in enumerate(parks, start=1):
        found.relations.append((last + k, [("w", number, "outer")], {**tags, "type": "multipolygon"}))


# ------------------------------------------------------------------------------------------------- answers of a service


def answers(ground: Ground) -> None:
    """The same objects as answers of Overpass, in place of the extract."""
    _answer(ground, objects(ground))


def _answer(ground: Ground, found: Objects, **more: Any) -> None:
    elements: list[dict[str, Any]] = []
    for number, (lon, lat), tags in found.nodes:
        elements.append({"type": "node", "id": number, "lon": lon, "lat": lat, "tags": tags})
    for number, refs, tags in found.ways:
        elements.append({"type": "way", "id": number, "nodes": refs, "tags": tags})
    for number, members, tags in found.relations:
        told = [{"type": KINDS[kind], "ref": ref, "role": role} for kind, ref, role in members]
        elements.append({"type": "relation", "id": number, "members": told, "tags": tags})
    folder = ground.folder / "answers"
    folder.mkdir(exist_ok=True)
    told_all = {"osm3s": {"timestamp_osm_base": found.replicated}, "elements": elements, **more}
    with gzip.open(folder / "answer-01.json.gz", "wt", compresslevel=1) as file:
        json.dump(told_all, file)
    covers = json.loads(shapely.to_geojson(shapely.box(*found.box)))
    ground.told["osm"] = {"path": str(folder), "answers": 1, "covers": covers}


def remark(ground: Ground) -> None:
    """The server ran out of time after the streets, and says so."""
    found = objects(ground)
    found.tagged(lambda tags: {k: v for k, v in tags.items() if k != "leisure"})
    said = 'runtime error: Query timed out in "query" at line 5 after 180 seconds.'
    _answer(ground, found, remark=said)


def torn(ground: Ground) -> None:
    """An answer without the nodes of its last ways."""
    found = objects(ground)
    found.nodes = found.nodes[: len(found.nodes) // 2]
    _answer(ground, found)


def without_check(name: str, answer: Any) -> Any:
    """The time of an answer, whatever it remarks."""
    return pd.Timestamp(answer["osm3s"]["timestamp_osm_base"]).to_pydatetime()


# ---------------------------------------------------------------------------------------------------------------- parks


def own_parks(ground: Ground) -> None:
    """The planner's own file of parks: polygons."""
    _parks(ground, lambda shapes: shapes)


def parks_as_points(ground: Ground) -> None:
    _parks(ground, lambda shapes: shapely.centroid(shapes))


def _parks(ground: Ground, change: Callable[[Any], Any]) -> None:
    found = objects(ground)
    places = {n: place for n, place, _ in found.nodes}
    shapes = [shapely.Polygon([places[ref] for ref in refs]) for _, refs, tags in found.ways
              if tags.get("leisure") == "park" and refs[0] == refs[-1]]  # fmt: skip
    path = ground.folder / "parks.geojson"
    names = [f"Park {k}" for k in range(len(shapes))]
    gpd.GeoDataFrame({"name": names}, geometry=change(shapes), crs=4326).to_file(path)
    ground.told["parks"] = {"path": str(path)}


REFUSED, ABSENT, FLAGGED = "refused, with its remedy", "absent, with its reason", "told as odd, and the number flagged"
FEATURES = "justgeo.sources._dataset_features"
PARKS, JOBS, DEATHS = ("WEL-04.800",), ("MOB-04.5km",), ("WEL-07.deaths",)
CRASHES = (*UNITS, "data:fars")


def trial(
    name: str,
    what: str,
    plant: Callable[[Ground], None],
    holds: str,
    caught_by: str,
    rows: tuple[str, ...] = PARKS,
    layers: Sequence[str] = STREETS,
    group: str = MAP,
    **more: Any,
) -> Trial:
    case = Case(f"planted/{'map' if group == MAP else 'points'}/{name}", group, what, holds, caught_by)
    return Trial(case=case, plant=plant, rows=rows, layers=tuple(layers), **more)


TRIALS: tuple[Trial, ...] = (
    trial("remark", "Overpass ran out of time and gave a part, with a remark", remark, REFUSED,
          "sources/_overpass.time_of: refuses", setup=answers, refused=("a part of what was asked for", "timed out"),
          guards={"justgeo.sources._overpass.time_of": without_check}),
    trial("torn-answer", "An answer of Overpass lacks nodes of its ways", torn, REFUSED,
          "sources/_overpass._refuse_unfinished: refuses", setup=answers, refused=("do not hold every node",),
          unmoved="without the guard the reader of extracts refuses it as cut"),
    trial("no-halo", "The extract ends at the district's box, without its halo", box_of_district,
          "flagged: of whom it is not known", "indicators/mobility: flags", setup=rewritten, flag="unknown_share"),
    trial("half-unsaid", "The west of the extract is gone, and its header states the whole", extract(half_unsaid),
          FLAGGED,
          "quality_layers.REACHED: flags", setup=rewritten, odd="people-on-the-network"),
    trial("elsewhere", "An extract of another place", extract(elsewhere), ABSENT, "sources/osm._touching: absent",
          setup=rewritten, absent=("does not touch the district",)),
    trial("missing-nodes", "Some nodes of the streets are missing", extract(missing_nodes), REFUSED,
          "sources/osm._refuse_cut: refuses", setup=rewritten, refused=("cuts", "some of their nodes"),
          guards={"justgeo.sources.osm._refuse_cut": off}, rows=("WEL-03.800",)),
    trial("crossings-unjoined", "Streets of one half cross without a node in common", extract(crossings_unjoined),
          FLAGGED, "quality_layers.WHOLE: flags", setup=rewritten, odd="network-in-one-piece", rows=("WEL-03.800",)),
    trial("parks-in-capitals", "Tags of parks are in capital letters", retagged(parks_in_capitals), FLAGGED,
          f"{SANITY}.NOTHING: flags", setup=rewritten, odd="nothing-mapped"),
    trial("amenities-in-capitals", "Keys of shops and amenities are in capital letters",
          retagged(amenities_in_capitals), FLAGGED, f"{SANITY}.NOTHING: flags", setup=rewritten, odd="nothing-mapped",
          rows=("WEL-03.800",)),
    trial("no-unit", "Speed limits in miles are written without their unit", retagged(no_unit), FLAGGED,
          f"{SANITY}.UNITS: flags", setup=rewritten, odd="speed-units", rows=("MOB-08",)),
    trial("years-ago", "An extract of 2009 beside a survey of 2024", old("2009-03-01"), FLAGGED,
          "quality_layers.periods: flags", setup=rewritten, odd="years-apart", rows=("WEL-04.500", "DEM-02.female"),
          layers=(*STREETS, "acs"), tables=("B01001",)),
    trial("older-than-the-feed", "An extract of 2016 beside a timetable of 2024", old("2016-03-01"), FLAGGED,
          "quality_layers.periods: flags", setup=rewritten, odd="years-apart", rows=("MOB-02.400", "DEM-02.female"),
          layers=(*STREETS, "gtfs", "acs"), tables=("B01001",)),
    trial("parks-as-points", "The planner's parks are points where polygons are due", parks_as_points, REFUSED,
          "sources/_geo.tidy: refuses", setup=own_parks, refused=("parks.geojson",),
          unmoved="a point has no ground to walk to"),
    trial("crashes-exchanged", "Longitude and latitude of crashes are exchanged", crashes(exchanged), REFUSED,
          "sources/_geo._check_degrees: refuses", DEATHS, CRASHES, POINTS, refused=("the coordinates run to",),
          guards={"justgeo.sources._geo._check_degrees": off, f"{FEATURES}.refuse_far": off}),
    trial("crashes-no-minus", "Longitudes of crashes lack their minus", crashes(no_minus), REFUSED,
          "sources/_dataset_features.refuse_far: refuses", DEATHS, CRASHES, POINTS, refused=("lie far away",),
          guards={f"{FEATURES}.refuse_far": off}),
    trial("crashes-in-metres", "Places of crashes in UTM metres", crashes(in_metres), REFUSED,
          "sources/_geo._check_degrees: refuses", DEATHS, CRASHES, POINTS, refused=("the coordinates run to",),
          unmoved="a number of metres is no place in degrees"),
    trial("crashes-twice", "Every crash is listed twice", crashes(twice), REFUSED,
          "sources/_dataset_features.refuse_twice: refuses", DEATHS, CRASHES, POINTS,
          refused=("there twice", "ST_CASE"), guards={f"{FEATURES}.refuse_twice": off}),
    trial("crash-years-gone", "Two of the five years that crashes are said to be of are missing", crashes(years_gone),
          FLAGGED, f"{SANITY}.EMPTY: flags", DEATHS, CRASHES, POINTS, odd="crash-years"),
    trial("crash-years-other", "Crashes of other years than they are said to be of", crashes(later_years), ABSENT,
          "indicators/crashes._years: absent", DEATHS, CRASHES, POINTS, absent=("has crashes of other years",)),
    trial("jobs-at-home", "Jobs are counted where workers live", jobs_at_home(True), FLAGGED, f"{SANITY}.JOBS: flags",
          JOBS, (*UNITS, "osm", "data:lodes_wac"), POINTS, odd="jobs-and-homes"),
    trial("file-of-homes", "The file of residences as it is, in place of that of workplaces", jobs_at_home(False),
          REFUSED,
          "sources/_dataset_areas: refuses", JOBS, (*UNITS, "osm", "data:lodes_wac"), POINTS,
          refused=("w_geocode",), unmoved="the column that is read is not there"),
)  # fmt: skip

HARMLESS: tuple[Case, ...] = (
    Case("planted/map/parks-twice", MAP, "Every park is there as a way and as a multipolygon",
         "acres of parks are those of the map without doubles", "indicators/mobility.public_parks: joins them"),
    Case("planted/map/closed-shops", MAP, "Shops are out of use: disused=yes beside their tags",
         "they are not there, as if they were not mapped", "sources/osm_tags.is_gone: leaves them out"),
)  # fmt: skip
CASES: tuple[Case, ...] = (*(one.case for one in TRIALS), *HARMLESS)

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    (
        "bridges are missing: the walk network is in a few large parts",
        "Two banks of a river and the islands of a county are such parts too; each is a place to walk in.",
    ),
    (
        "an extract of fewer than 300 areas has no relation",
        "A small place may have no area that is drawn of several lines. In larger extracts it is told as odd.",
    ),
    (
        "access=private was taken off a park, or a planner's own parks do not say which are private",
        "Nothing else tells a private park from a public one; residents can, and correct it.",
    ),
    (
        "parks of one half of an extract are missing, its streets are there",
        "A part of a city without a park is what the figures are to find. Where PAD-US is at hand, it is told how much "
        "of it the map lacks.",
    ),
    (
        "oneway on footways",
        "It changes no number: people walk both ways.",
    ),
    (
        "a single shop that has closed and is still on the map",
        "The map is as old as its last visit; residents can correct it.",
    ),
)
"""What is planted here in vain, and why nobody could tell."""
