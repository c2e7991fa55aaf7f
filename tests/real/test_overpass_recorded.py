"""Twelve recorded answers of Overpass, of October 2017: what osmnx makes of them, and what an extract of them gives.

They came with osmnx's own tests, without the polygons that were asked for. All have ``osm3s.timestamp_osm_base`` as
answers of today have, none a ``remark``; each element comes once, every way with all its nodes, every relation with all
its ways. "Drawn" are ways that are a street on the map (motorways too), "walked" those of the walk network.

===  ================================  ======  =====  =========  =====  ======  ================================
no.  holds                              nodes   ways  relations  drawn  walked  besides
===  ================================  ======  =====  =========  =====  ======  ================================
1    buildings, 37.82 N 122.23 W        29390   4701          1      0       0  3 amenities, a park as a node, a gate
2    buildings, 37.76 N 122.46 W         8237    618          2      0       0  3 amenities; a way without tags
3    roads, 33.31 N 111.90 W             1941    534          0    534     495  2 gates
4    roads, 37.82 N 122.23 W             2889    287          0    287     287  1 gate
5    all ways, 37.79 N 122.42 W          2675   1161          0   1106    1142  3 stops, 15 gates
6    roads, 37.79 N 122.43 W             2666    958          0    947     932  4 stops, 2 gates
7    all ways, 37.82 N 122.23 W          8756   1034          0   1010    1020  3 gates
8    roads, 37.79 N 122.42 W             2866    943          0    914     928  5 stops
9    the elements of 5, five min. later  2675   1161          0   1106    1142  as 5
10   all ways, 40.68 N 73.96 W           2550    831          0    785     783  1 stop, 2 gates
11   all ways, 37.37 N 122.13 W         14481   2624          0   2358    2517  3 stops, 17 gates
12   all ways, 37.76 N 122.42 W          5650   1869          0   1733    1860  10 stops, 21 gates
===  ================================  ======  =====  =========  =====  ======  ================================
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import networkx as nx
import numpy as np
import osmium
import osmnx
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from osmnx import _overpass
from pyproj import Geod

from justgeo.core.errors import SourceError
from justgeo.core.layer import AnyLayer, Layer, Network
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import osm
from justgeo.sources.osm_tags import is_walkable, street_kind
from justgeo.sources.overpass_answers import read_answers, to_osm

pytestmark = pytest.mark.real

BUILDINGS, STREETS = (1, 2), (3, 4, 5, 6, 7, 8, 10, 11, 12)  # 9 has the elements of 5, as a test holds
SIZES = {  # nodes, ways, relations, ways drawn, ways walked
    1: (29390, 4701, 1, 0, 0),
    2: (8237, 618, 2, 0, 0),
    3: (1941, 534, 0, 534, 495),
    4: (2889, 287, 0, 287, 287),
    5: (2675, 1161, 0, 1106, 1142),
    6: (2666, 958, 0, 947, 932),
    7: (8756, 1034, 0, 1010, 1020),
    8: (2866, 943, 0, 914, 928),
    9: (2675, 1161, 0, 1106, 1142),
    10: (2550, 831, 0, 785, 783),
    11: (14481, 2624, 0, 2358, 2517),
    12: (5650, 1869, 0, 1733, 1860),
}
NOT_STREETS = frozenset({"walk", "streets", "bike"})
GEOD = Geod(ellps="WGS84")
EARTH_M = 6_371_009.0
Edge = frozenset[tuple[float, float]]


@pytest.fixture(scope="module")
def recorded(real_data: Path) -> Iterator[Path]:
    folder = real_data / "oakland" / "overpass_recorded"
    if not folder.is_dir():
        pytest.skip("real data not here: oakland/overpass_recorded")
    yield folder
    answer.cache_clear()


@cache
def answer(recorded: Path, number: int) -> dict[str, Any]:
    """As it was parsed once; nobody changes it."""
    return fresh(recorded, number)


def fresh(recorded: Path, number: int) -> dict[str, Any]:
    """For osmnx, which may keep or change what it is given."""
    told: dict[str, Any] = json.loads(gzip.decompress(file(recorded, number).read_bytes()))
    return told


def file(recorded: Path, number: int) -> Path:
    return recorded / f"overpass-response-{number}.json.gz"


def box_of(*answers: dict[str, Any]) -> shapely.Polygon:
    """The polygons that were asked for are not known; the box of all nodes stands for them."""
    lon, lat = zip(*((e["lon"], e["lat"]) for a in answers for e in a["elements"] if e["type"] == "node"), strict=True)
    return shapely.box(min(lon), min(lat), max(lon), max(lat))


def ours(recorded: Path, folder: Path, *numbers: int, names: frozenset[str]) -> dict[str, AnyLayer]:
    """The layers, by the reader of recordings, from the very bytes."""
    for place, number in enumerate(numbers, start=1):
        shutil.copy(file(recorded, number), folder / f"answer-{place:02d}.json.gz")
    box = box_of(*(answer(recorded, number) for number in numbers))
    spec = LayerSpec("osm", folder, options={"covers": json.loads(shapely.to_geojson(box))})
    return read_answers(spec, Area(box, None, box, box, 0.0), names)


def test_what_each_of_them_holds(recorded: Path) -> None:
    for number, size in SIZES.items():
        told = answer(recorded, number)
        kinds = Counter(e["type"] for e in told["elements"])
        tags = [e.get("tags", {}) for e in told["elements"] if e["type"] == "way"]
        drawn, walked = sum(street_kind(t) is not None for t in tags), sum(map(is_walkable, tags))
        assert (kinds["node"], kinds["way"], kinds["relation"], drawn, walked) == size, number
        assert "remark" not in told and told["osm3s"]["timestamp_osm_base"][:8] == "2017-10-"
    assert answer(recorded, 5)["elements"] == answer(recorded, 9)["elements"]


# -- what osmnx makes of them -------------------------------------------------------------------------------------


WALK_QUERY = _overpass._get_network_filter("walk")
"""osmnx's own filter of the walk network."""


@pytest.fixture(scope="module")
def graph_of(recorded: Path) -> Callable[[int], Any]:
    """What osmnx makes of an answer; edges keep the tags that its filter of the walk network asks about."""

    @cache
    def made(number: int) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            kept = [*osmnx.settings.useful_tags_way, *re.findall(r'\["([^"]+)"', WALK_QUERY)]
            patch.setattr(osmnx.settings, "useful_tags_way", list(dict.fromkeys(kept)))
            return osmnx.graph._create_graph([fresh(recorded, number)], bidirectional=True)

    return made


STEPS = [
    (key, re.compile(words) if words else None)
    for key, words in re.findall(r'\["([^"]+)"(?:!~"([^"]*)")?\]', WALK_QUERY)
]


def allows(tags: dict[str, Any]) -> bool:
    """Whether osmnx's filter of the walk network takes an edge."""
    return all(key in tags if words is None else not words.search(str(tags.get(key, ""))) for key, words in STEPS)


@pytest.mark.parametrize("number", STREETS)
def test_every_node_and_every_segment_as_osmnx_has_them(
    recorded: Path, tmp_path: Path, graph_of: Callable[[int], Any], number: int
) -> None:
    """Before any filter: osmnx applies none when it builds a graph of an answer."""
    graph = graph_of(number)
    meta = to_osm([answer(recorded, number)], tmp_path / "answer.osm.pbf")
    places, segments = {}, Counter[tuple[int, int]]()
    for found in osmium.FileProcessor(str(tmp_path / "answer.osm.pbf")):
        if isinstance(found, osmium.osm.Node):
            places[found.id] = (found.location.lon, found.location.lat)
        elif isinstance(found, osmium.osm.Way):
            refs = [n.ref for n in found.nodes]
            segments.update((min(u, v), max(u, v)) for u, v in pairwise(refs) if u != v)
    assert places == {n: (d["x"], d["y"]) for n, d in graph.nodes(data=True)} and meta.nodes == len(graph)
    both_ways = Counter((min(u, v), max(u, v)) for u, v in graph.edges() if u != v)
    assert {pair: 2 * count for pair, count in segments.items()} == both_ways


@pytest.mark.parametrize("number", STREETS)
def test_walk_network_and_its_lengths_as_osmnx_has_them(
    recorded: Path, tmp_path: Path, graph_of: Callable[[int], Any], number: int
) -> None:
    """After the walk filter, which a graph of osmnx's would have met on the server: it is applied to its edges here."""
    graph = graph_of(number)
    at = {n: (d["x"], d["y"]) for n, d in graph.nodes(data=True)}
    walkable = [(u, v, d) for u, v, d in graph.edges(data=True) if u != v and allows(d)]
    theirs = [(frozenset((at[u], at[v])), d) for u, v, d in walkable]
    network = ours(recorded, tmp_path, number, names=frozenset({"walk"}))["walk"]
    assert isinstance(network, Network)
    found = lengths(network)
    assert 2 * len(network.u) == len(theirs)
    assert found == pytest.approx({edge: told["length"] for edge, told in theirs}, rel=1e-6)
    walked = nx.Graph((u, v) for u, v, _ in walkable)
    assert len(network.x) == len(walked)


def lengths(network: Network) -> dict[Edge, float]:
    """Great-circle length of each segment by its ends, metres, with osmnx's radius of the Earth."""
    lon, lat = np.radians(network.x), np.radians(network.y)
    u, v = network.u, network.v
    half = np.sin((lat[v] - lat[u]) / 2) ** 2 + np.cos(lat[u]) * np.cos(lat[v]) * np.sin((lon[v] - lon[u]) / 2) ** 2
    metres = 2 * EARTH_M * np.arcsin(np.sqrt(half))
    at = list(zip(network.x.tolist(), network.y.tolist(), strict=True))
    return {frozenset((at[a], at[b])): m for a, b, m in zip(u.tolist(), v.tolist(), metres.tolist(), strict=True)}


@pytest.mark.parametrize("number", BUILDINGS)
def test_every_building_as_osmnx_has_it(recorded: Path, tmp_path: Path, number: int) -> None:
    """All polygons that libosmium puts together of the merged elements, by number and area, square metres."""
    to_osm([answer(recorded, number)], tmp_path / "answer.osm.pbf")
    building = osmium.filter.KeyFilter("building")
    found = {}
    every = osmium.FileProcessor(str(tmp_path / "answer.osm.pbf")).with_locations().with_areas(building)
    for one in every.with_filter(building):
        if isinstance(one, osmium.osm.Area):
            found["way" if one.from_way() else "relation", one.orig_id()] = metres2(osm._assembled(one))
    frame = osmnx.features._create_gdf([fresh(recorded, number)], shapely.Polygon(), {"building": True})
    assert found == pytest.approx({key: metres2(shape) for key, shape in frame.geometry.items()}, rel=1e-9)
    assert len(found) == {1: 4701, 2: 617}[number]


@pytest.mark.parametrize(("number", "count"), [(1, 3), (2, 3)])
def test_amenities_stand_where_osmnx_has_them(recorded: Path, tmp_path: Path, number: int, count: int) -> None:
    tags: dict[str, bool | str | list[str]] = {"amenity": True, "shop": True, "leisure": "sports_centre"}
    theirs = osmnx.features._create_gdf([fresh(recorded, number)], shapely.Polygon(), tags)
    places = {f"{kind}/{n}": shapely.centroid(shape).coords[0] for (kind, n), shape in theirs.geometry.items()}
    layer = ours(recorded, tmp_path, number, names=osm.LAYERS - NOT_STREETS)["amenities"]
    assert isinstance(layer, Layer)
    kinds = dict(zip(layer.data["osm_id"], layer.data["kind"], strict=True))
    assert len(kinds) == count
    for osm_id, point in zip(layer.data["osm_id"], layer.features.geometry, strict=True):
        assert point.coords[0] == pytest.approx(places[osm_id], abs=1e-12)
    said = {f"{kind}/{n}": row for (kind, n), row in theirs.to_dict("index").items()}
    assert all(kind in (said[osm_id].get("amenity"), said[osm_id].get("shop")) for osm_id, kind in kinds.items())


def metres2(shape: Any) -> float:
    return float(abs(GEOD.geometry_area_perimeter(shape)[0]))


# -- what an extract of them gives --------------------------------------------------------------------------------


quoted = cache(quoteattr)
"""Most tags of a town are the same few."""


def as_xml(answers: list[dict[str, Any]], path: Path) -> None:
    """The answers as an extract, by other means than the reader's: OSM XML 0.6."""
    west, south, east, north = (f"{bound:.7f}" for bound in box_of(*answers).bounds)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    lines.append(f'<bounds minlon="{west}" minlat="{south}" maxlon="{east}" maxlat="{north}"/>')
    once = {(e["type"], e["id"]): e for told in answers for e in told["elements"]}
    for (kind, number), told in sorted(once.items(), key=lambda item: ("nwr".index(item[0][0][0]), item[0][1])):
        place = f' lat="{told["lat"]!r}" lon="{told["lon"]!r}"' if kind == "node" else ""
        lines.append(f'<{kind} id="{number}" version="1" timestamp="2017-10-20T00:00:00Z"{place}>')
        lines += [f'<nd ref="{ref}"/>' for ref in told.get("nodes", ())]
        for member in told.get("members", ()):
            lines.append("<member " + " ".join(f"{key}={quoted(str(value))}" for key, value in member.items()) + "/>")
        lines += [f"<tag k={quoted(key)} v={quoted(value)}/>" for key, value in told.get("tags", {}).items()]
        lines.append(f"</{kind}>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")


@pytest.mark.parametrize("numbers", [*((n,) for n in SIZES), (1, 4, 7), (12, 2, 9, 8, 6, 5)], ids=str)
def test_answers_and_an_extract_of_them_are_one(recorded: Path, tmp_path: Path, numbers: tuple[int, ...]) -> None:
    answers = [answer(recorded, number) for number in numbers]
    names = osm.LAYERS - (NOT_STREETS if set(numbers) <= set(BUILDINGS) else frozenset())
    as_xml(answers, tmp_path / "town.osm")
    box = box_of(*answers)
    area = Area(box, None, box, box, 0.0)
    theirs = osm.read_extract(LayerSpec("osm", tmp_path / "town.osm"), area, names)
    found = ours(recorded, tmp_path, *numbers, names=names)
    assert set(found) == set(theirs) == names
    for name in names:
        one, other = found[name], theirs[name]
        assert one.provenance.vintage == min(told["osm3s"]["timestamp_osm_base"] for told in answers)[:10]
        if isinstance(one, Network) and isinstance(other, Network):
            assert len(one.u) > 100
            for part in "xyuv":
                np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
        else:
            assert isinstance(one, Layer) and isinstance(other, Layer)
            assert_geodataframe_equal(one.features, other.features)


def test_buildings_alone_give_no_streets(recorded: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="hold no street"):
        ours(recorded, tmp_path, 1, names=frozenset({"walk"}))
