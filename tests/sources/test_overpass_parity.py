"""What Overpass is asked for is enough: its answers give the layers of an extract of the same data.

A server is played here on the invented county's extract: elements by :data:`WAY_FILTER` and :data:`FEATURE_TAGS` in a
polygon, with what they are made of, in the words of osmnx's two queries. Within the polygon both readings are the same.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import osmium
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from osmnx import _overpass
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import AnyLayer, Layer, Network
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import osm, osm_tags
from justgeo.sources.overpass_answers import FEATURE_TAGS, WAY_FILTER, read_answers
from justgeo.synthetic import County, county, extract

Tags = Mapping[str, str]
Json = dict[str, Any]


# -- the server's part --------------------------------------------------------------------------------------------


def is_way_asked_for(tags: Tags) -> bool:
    """``WAY_FILTER`` as the query language has it: a key that is absent is unlike any value."""
    steps = re.findall(r'\["([^"]+)"(?:(!=|!~|=|~)"([^"]*)")?\]', WAY_FILTER)
    assert "".join(f'["{k}"{op}"{v}"]' if op else f'["{k}"]' for k, op, v in steps) == WAY_FILTER
    rules: dict[str, Callable[[str | None, str], bool]] = {
        "": lambda said, _: said is not None,
        "=": lambda said, value: said == value,
        "!=": lambda said, value: said != value,
        "~": lambda said, value: said is not None and re.search(value, said) is not None,
        "!~": lambda said, value: said is None or re.search(value, said) is None,
    }
    return all(rules[op](tags.get(key), value) for key, op, value in steps)


def is_feature_asked_for(tags: Tags) -> bool:
    """``FEATURE_TAGS`` as osmnx has it: any of the keys, any of the values."""
    return any(
        key in tags and (value is True or tags[key] in ([value] if isinstance(value, str) else value))  # type: ignore[operator]
        for key, value in FEATURE_TAGS.items()
    )


class Server:
    """Elements of an extract, as Overpass would give them."""

    def __init__(self, path: Path) -> None:
        self.nodes: dict[int, Json] = {}
        self.ways: dict[int, Json] = {}
        self.relations: dict[int, Json] = {}
        for found in osmium.FileProcessor(str(path)):
            tags = dict(found.tags)
            told: Json = {"id": found.id, **({"tags": tags} if tags else {})}
            if isinstance(found, osmium.osm.Node):
                told |= {"type": "node", "lat": found.location.lat, "lon": found.location.lon}
                self.nodes[found.id] = told
            elif isinstance(found, osmium.osm.Way):
                self.ways[found.id] = told | {"type": "way", "nodes": [n.ref for n in found.nodes]}
            else:
                kinds = {"n": "node", "w": "way", "r": "relation"}
                members = [{"type": kinds[m.type], "ref": m.ref, "role": m.role} for m in found.members]
                self.relations[found.id] = told | {"type": "relation", "members": members}

    def line(self, way: Json) -> BaseGeometry:
        return shapely.LineString([(self.nodes[n]["lon"], self.nodes[n]["lat"]) for n in way["nodes"]])

    def answers(self, polygon: BaseGeometry) -> list[Json]:
        """A way is in a polygon if its line is; a relation, if a member is; ``>`` adds what they are made of."""
        shapely.prepare(polygon)
        nodes = [n for n in self.nodes.values() if polygon.intersects(shapely.Point(n["lon"], n["lat"]))]
        ways = [w for w in self.ways.values() if polygon.intersects(self.line(w))]
        inside = {(one["type"], one["id"]) for one in [*nodes, *ways]}
        relations = [r for r in self.relations.values() if any((m["type"], m["ref"]) in inside for m in r["members"])]
        streets = [w for w in ways if is_way_asked_for(w.get("tags", {}))]
        features = [one for one in [*nodes, *ways, *relations] if is_feature_asked_for(one.get("tags", {}))]
        return [self.whole(streets), self.whole(features)]

    def whole(self, chosen: Iterable[Json]) -> Json:
        every = {(one["type"], one["id"]): one for one in chosen}
        for one in list(every.values()):
            for member in one.get("members", ()):
                held = {"node": self.nodes, "way": self.ways}.get(member["type"], {})
                if member["ref"] in held:
                    every[member["type"], member["ref"]] = held[member["ref"]]
        for one in list(every.values()):
            every |= {("node", ref): self.nodes[ref] for ref in one.get("nodes", ())}
        order = {"node": 0, "way": 1, "relation": 2}
        elements = sorted(every.values(), key=lambda e: (order[e["type"]], e["id"]))
        return {"osm3s": {"timestamp_osm_base": "2024-03-05T10:00:00Z"}, "elements": elements}


@pytest.fixture(scope="module")
def nowhere() -> County:
    return county(2020)


@pytest.fixture(scope="module")
def file(nowhere: County, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("extract") / "nowhere.osm.pbf"
    made = extract.make(nowhere.geography, 2020)
    # What the invented mapper left out: a closed ground with a playground, private land with a garden, a railway yard.
    lon, lat = nowhere.district.representative_point().coords[0]

    def ring(west: float, size: float, tags: dict[str, str]) -> int:
        corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
        nodes = [made.node(lon + west + x * size, lat + y * size, {}) for x, y in corners]
        return made.way([*nodes, nodes[0]], tags)

    ring(0.0, 0.002, {"landuse": "residential", "access": "private"})
    ring(0.0005, 0.0005, {"leisure": "garden", "garden:type": "community"})
    ring(0.003, 0.002, {"military": "barracks"})
    ring(0.0035, 0.0005, {"leisure": "playground"})
    ring(0.006, 0.001, {"boundary": "protected_area", "access": "yes"})
    ring(0.008, 0.001, {"waterway": "riverbank"})
    line = [made.node(lon + x, lat - 0.001, {}) for x in (-0.02, -0.01, 0.0, 0.01, 0.02)]
    made.way(line, {"railway": "light_rail", "name": "Line"})
    made.way(line[1:4], {"highway": "motorway"})
    extract.write(path, made)
    return path


@pytest.fixture(scope="module")
def server(file: Path) -> Server:
    return Server(file)


def polygons(nowhere: County) -> dict[str, BaseGeometry]:
    district = nowhere.district
    west, south, east, north = district.bounds
    x, y = (west + east) / 2, (south + north) / 2
    return {
        "halo": district.buffer(0.013),
        "district": district,
        "south-west": shapely.box(west - 0.02, south - 0.02, x, y),
        "triangle": shapely.Polygon([(west - 0.05, y), (east + 0.05, south), (x, north + 0.05)]),
        "with a hole": district.buffer(0.02).difference(shapely.Point(x, y).buffer(0.004)),
    }


# -- both readings ------------------------------------------------------------------------------------------------


def within(layer: AnyLayer, polygon: BaseGeometry) -> Any:
    """What a layer has in a polygon: rows, or segments by their ends and how often they come."""
    if isinstance(layer, Network):
        at = list(zip(layer.x.tolist(), layer.y.tolist(), strict=True))
        ends = [(at[u], at[v]) for u, v in zip(layer.u, layer.v, strict=True)]
        near = shapely.intersects(shapely.linestrings(ends), polygon)
        return Counter(frozenset(pair) for pair, is_near in zip(ends, near, strict=True) if is_near)
    assert isinstance(layer, Layer)
    return layer.features[layer.features.intersects(polygon)].reset_index(drop=True)


@pytest.mark.parametrize("which", ["halo", "district", "south-west", "triangle", "with a hole"])
def test_answers_give_the_layers_of_the_extract(
    nowhere: County, file: Path, server: Server, tmp_path: Path, which: str
) -> None:
    asked = polygons(nowhere)[which]
    for number, answer in enumerate(server.answers(asked), start=1):
        (tmp_path / f"answer-{number:02d}.json.gz").write_bytes(gzip.compress(json.dumps(answer).encode()))
    area = Area(nowhere.district, None, asked, asked, 1000.0)
    spec = LayerSpec("osm", tmp_path, options={"covers": json.loads(shapely.to_geojson(asked))})
    theirs = osm.read_extract(LayerSpec("osm", file), area, osm.LAYERS)
    ours = read_answers(spec, area, osm.LAYERS)
    assert set(ours) == set(theirs) == osm.LAYERS
    for name in osm.LAYERS:
        one, other = within(ours[name], asked), within(theirs[name], asked)
        if isinstance(one, Counter):
            assert one == other and len(one) > 100
            continue
        assert_geodataframe_equal(one, other, check_geom_type=True)
        if which == "halo":
            assert len(one), name
    if which == "halo":
        parks = ours["parks"].features  # type: ignore[union-attr]
        assert not parks["public"].all() and {"garden", "playground", "protected_area"} <= set(parks["kind"])
        assert {"motorway", "rail"} <= set(ours["streets"].features["kind"])  # type: ignore[union-attr]
        bike = ours["bike"].features  # type: ignore[union-attr]
        assert {"lane", ""} <= set(bike["bikeway"]) and set(bike["cars"]) == {True, False}
        assert {"25 mph", "35 mph"} <= set(bike["maxspeed"]) and (bike["signals"] != "").sum() > 10


def test_land_that_surrounds_the_polygon_is_not_in_an_answer_and_that_is_told(
    nowhere: County, file: Path, server: Server, tmp_path: Path
) -> None:
    """The private land's edge is outside a polygon within its garden."""
    lon, lat = nowhere.district.representative_point().coords[0]
    asked = shapely.box(lon + 0.0004, lat + 0.0004, lon + 0.0011, lat + 0.0011)
    chosen = server.answers(asked)[1]
    assert sum(one.get("tags", {}).get("access") == "private" for one in chosen["elements"]) == 0
    (tmp_path / "answer-01.json.gz").write_bytes(gzip.compress(json.dumps(chosen).encode()))
    area = Area(asked, None, asked, asked, 0.0)
    spec = LayerSpec("osm", tmp_path, options={"covers": json.loads(shapely.to_geojson(asked))})
    ours = read_answers(spec, area, {"parks", "stops"})
    theirs = osm.read_extract(LayerSpec("osm", file), area, {"parks"})["parks"]
    assert theirs.features["public"].tolist() == [False]  # type: ignore[union-attr]
    assert ours["parks"].features["public"].tolist() == [True]  # type: ignore[union-attr]
    assert any("surrounds the whole area" in note for note in ours["parks"].provenance.notes)
    assert not any("surrounds" in note for note in ours["stops"].provenance.notes)


# -- tags ---------------------------------------------------------------------------------------------------------

VALUES: dict[str, list[str]] = {
    "highway": ["residential", "motorway", "footway", "bus_stop", "platform", "construction", "service", "crossing"],
    "railway": ["rail", "tram", "light_rail", "station", "tram_stop", "halt", "stop", "platform", "signal", "razed"],
    "public_transport": ["platform", "stop_position", "station", "stop_area"],
    "amenity": ["library", "school", "parking", "cafe", "ferry_terminal", "bus_station", "grave_yard", "bench"],
    "shop": ["bakery", "supermarket", "car"],
    "leisure": ["park", "garden", "pitch", "golf_course", "sports_centre", "nature_reserve", "playground"],
    "landuse": ["residential", "forest", "cemetery", "military", "reservoir", "village_green", "recreation_ground"],
    "tourism": ["zoo", "theme_park", "camp_site"],
    "military": ["base", "no"],
    "boundary": ["protected_area", "national_park", "administrative"],
    "natural": ["water", "tree", "wood"],
    "waterway": ["riverbank", "river", "dam"],
    "place": ["square", "suburb"],
    "barrier": ["gate", "kissing_gate", "entrance", "fence", "kerb"],
    "entrance": ["yes", "main", "no", "service"],
    "access": ["private", "yes", "no", "customers", "permissive"],
    "area": ["yes", "no"],
    "sidewalk": ["separate", "both"],
    "bicycle": ["designated", "no"],
    "garden:type": ["community", "botanical"],
    "building": ["yes"],
    "tunnel": ["yes"],
    "ownership": ["municipal"],
}


def roles(tags: Tags) -> tuple[bool, bool]:
    """Whether an element has a part in a layer: as a way, and as a node or an area."""
    moved = osm_tags.is_walkable(tags) or osm_tags.is_bikeable(tags)
    line = moved or osm_tags.street_kind(tags) is not None
    place = osm_tags.is_stop(tags) or osm_tags.amenity_kind(tags) is not None or osm_tags.is_entrance(tags)
    land = osm_tags.park_kind(tags) is not None or osm_tags.keeps_public_out(tags) or osm_tags.is_water(tags)
    return line, place or land


PICKED = st.dictionaries(st.sampled_from(sorted(VALUES)), st.integers(0, 9), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.lists(PICKED, min_size=15, max_size=15))
def test_whatever_has_a_part_in_a_layer_is_asked_for(several: list[dict[str, int]]) -> None:
    for picked in several:
        tags = {key: VALUES[key][number % len(VALUES[key])] for key, number in picked.items()}
        line, other = roles(tags)
        assert not line or is_way_asked_for(tags) or is_feature_asked_for(tags), tags
        assert not other or is_feature_asked_for(tags), tags


@pytest.mark.parametrize(
    "tags",
    [
        {"amenity": "pharmacy"},
        {"amenity": "fountain", "access": "private"},
        {"landuse": "residential", "access": "permit"},
        {"leisure": "pitch", "access": "members"},
        {"military": "barracks"},
        {"tourism": "camp_site", "access": "customers"},
        {"public_transport": "stop_position"},
        {"shop": "greengrocer"},
        {"railway": "funicular"},
        {"railway": "halt"},
        {"entrance": "home"},
        *({"barrier": kind} for kind in ("entrance", "gate", "kissing_gate")),
        *({"boundary": kind, "access": "yes"} for kind in ("national_park", "protected_area")),
        *({"highway": kind} for kind in ("bus_stop", "platform")),
        {"natural": "water"},
        {"place": "square"},
        {"waterway": "riverbank"},
    ],
    ids=lambda tags: "-".join(tags.values()),
)
def test_nothing_is_asked_for_in_vain(tags: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key and each value brings what nothing else brings."""
    assert any(roles(tags)) and is_feature_asked_for(tags)
    key, value = next(iter(tags.items()))
    told = FEATURE_TAGS[key]
    rest = [one for one in told if one != value] if isinstance(told, list) else []
    monkeypatch.setitem(FEATURE_TAGS, key, rest)
    assert not is_feature_asked_for(tags)


def test_osmnx_takes_the_tags_as_they_are() -> None:
    """57 statements: a node, a way and a relation for each of nine keys and ten values."""
    query = _overpass._create_overpass_features_query("1 1 2 2 3 1", FEATURE_TAGS)
    found = re.findall(r"\((node|way|relation)\[([^\]]+)\]", query)
    single = [f"'{k}'='{v}'" for k, told in FEATURE_TAGS.items() if isinstance(told, list) for v in told]
    keys = [f"'{k}'" for k, told in FEATURE_TAGS.items() if told is True]
    assert Counter(what for _, what in found) == Counter({what: 3 for what in [*keys, *single]})
    assert len(found) == 57
