"""An extract written by hand: its walk network and parks against osmnx, the rest against the hand's own count."""

from __future__ import annotations

import bz2
import gzip
import os
import re
from pathlib import Path

import numpy as np
import osmium
import osmnx
import pytest
import shapely
from osmnx import _overpass
from pyproj import Geod

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure import reach
from justgeo.sources import osm, osm_tags

BOX = (-122.50, 37.70, -122.40, 37.80)
UTM = "EPSG:32610"


def area(bounds=BOX, district=None):
    window = shapely.box(*bounds)
    inside = district if district is not None else window.centroid.buffer(0.01)
    return Area(inside, None, window, inside, 1200.0)


class Extract:
    """OSM XML, element by element. Coordinates are in thousandths of a degree from the box's south-west corner."""

    def __init__(self, bounds=BOX, timestamp="2024-03-05T10:00:00Z"):
        self.bounds, self.timestamp = bounds, timestamp
        self.nodes, self.rest = {}, []

    def node(self, number, x, y, **tags):
        self.nodes[number] = (BOX[0] + x / 1000, BOX[1] + y / 1000, tags)
        return number

    def way(self, number, refs, **tags):
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self.rest.append(f'<way id="{number}" version="1" timestamp="{self.timestamp}">{inner}{_tags(tags)}</way>')

    def ring(self, number, x, y, size, **tags):
        first = 1000 * number
        corners = [(0, 0), (size, 0), (size, size), (0, size)]
        refs = [self.node(first + i, x + dx, y + dy) for i, (dx, dy) in enumerate(corners)]
        self.way(number, [*refs, refs[0]], **tags)
        return refs

    def relation(self, number, members, **tags):
        inner = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
        self.rest.append(
            f'<relation id="{number}" version="1" timestamp="{self.timestamp}">{inner}{_tags(tags)}</relation>'
        )

    def text(self):
        box = self.bounds
        head = f'<bounds minlon="{box[0]}" minlat="{box[1]}" maxlon="{box[2]}" maxlat="{box[3]}"/>' if box else ""
        nodes = "".join(
            f'<node id="{n}" version="1" timestamp="{self.timestamp}" lon="{x:.7f}" lat="{y:.7f}">{_tags(t)}</node>'
            for n, (x, y, t) in sorted(self.nodes.items())
        )
        body = nodes + "".join(self.rest)
        return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="test">{head}{body}</osm>'

    def write(self, folder, name="town.osm"):
        path = folder / name
        if name.endswith(".pbf"):
            plain = self.write(folder)
            header = osmium.io.Header()
            header.add_box(osmium.osm.Box(*self.bounds))
            with osmium.SimpleWriter(str(path), header=header) as writer:
                for element in osmium.FileProcessor(str(plain)):
                    writer.add(element)
            return path
        data = self.text().encode("utf-8")
        packed = gzip.compress(data) if name.endswith("gz") else bz2.compress(data) if name.endswith("bz2") else data
        path.write_bytes(packed)
        return path


def _tags(tags):
    return "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())


WAY_TAGS = [
    {"highway": "residential"},
    {"highway": "footway"},
    {"highway": "steps"},
    {"highway": "path", "access": "no"},
    {"highway": "motorway"},
    {"highway": "motorway_link"},
    {"highway": "trunk"},
    {"highway": "cycleway", "foot": "yes"},
    {"highway": "corridor"},
    {"highway": "elevator"},
    {"highway": "escalator"},
    {"highway": "bus_guideway"},
    {"highway": "busway"},
    {"highway": "construction"},
    {"highway": "proposed"},
    {"highway": "raceway"},
    {"highway": "services"},
    {"highway": "rest_area"},
    {"highway": "platform"},
    {"highway": "residential", "foot": "no"},
    {"highway": "service", "service": "private"},
    {"highway": "service", "service": "driveway"},
    {"highway": "service", "access": "private"},
    {"highway": "pedestrian", "area": "yes"},
    {"highway": "tertiary", "sidewalk": "separate"},
    {"highway": "tertiary", "sidewalk__left": "separate"},
    {"highway": "tertiary", "sidewalk": "both"},
    {"highway": "living_street", "sidewalk__both": "separate"},
    {"railway": "rail"},
    {"waterway": "stream"},
]


def town():
    """A street of each kind side by side, joined at their southern ends; parks and stops elsewhere."""
    made = Extract()
    for i, tags in enumerate(WAY_TAGS):
        made.way(i + 1, [made.node(10 * i + n + 1, 2 * i + 1, 1 + 3 * n) for n in range(3)], **tags)
    joint = [10 * i + 1 for i in range(len(WAY_TAGS))]
    made.way(100, joint, highway="residential", name="Main &amp; First")
    return made


def walk_of(path, where=None):
    return osm.read_extract(LayerSpec("walk", path), where or area(), {"walk"})["walk"]


def read(path, *names, where=None):
    return osm.read_extract(LayerSpec("osm", path), where or area(), names)


# -- walk network -------------------------------------------------------------------------------------------------


def overpass_allows(tags, query):
    """Evaluate an Overpass filter: ["key"], ["key"!~"a|b"]."""
    for key, negated, words in re.findall(r'\["([^"]+)"(?:(!~)"([^"]*)")?\]', query):
        if negated and re.search(words, str(tags.get(key, ""))) and key in tags:
            return False
        if not negated and key not in tags:
            return False
    return True


def osmnx_walk_edges(path):
    query = _overpass._get_network_filter("walk")
    keys = re.findall(r'\["([^"]+)"', query)
    saved = osmnx.settings.useful_tags_way
    osmnx.settings.useful_tags_way = list(dict.fromkeys([*saved, *keys]))
    try:
        graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
    finally:
        osmnx.settings.useful_tags_way = saved
    place = {n: (d["x"], d["y"]) for n, d in graph.nodes(data=True)}
    return {frozenset((place[u], place[v])) for u, v, tags in graph.edges(data=True) if overpass_allows(tags, query)}


def edges_of(network):
    at = [(round(x, 7), round(y, 7)) for x, y in zip(network.x, network.y, strict=True)]
    return {frozenset((at[u], at[v])) for u, v in zip(network.u, network.v, strict=True)}


def rounded(edges):
    return {frozenset((round(x, 7), round(y, 7)) for x, y in edge) for edge in edges}


@pytest.mark.parametrize("name", ["town.osm", "town.osm.gz", "town.osm.bz2"])
def test_walk_network_is_that_of_osmnx(tmp_path, name):
    path = town().write(tmp_path, name)
    assert edges_of(walk_of(path)) == rounded(osmnx_walk_edges(path))


def test_walk_network_by_count(tmp_path):
    network = walk_of(town().write(tmp_path))
    walkable = [tags for tags in WAY_TAGS if osm_tags.is_walkable({k.replace("__", ":"): v for k, v in tags.items()})]
    assert len(walkable) == 11
    assert len(network.u) == 2 * len(walkable) + len(WAY_TAGS) - 1
    assert reach.project(network, UTM).largest_share == pytest.approx(1.0)
    assert network.crs == "EPSG:4326" and network.covers.equals(shapely.box(*BOX))


def test_pbf_says_the_same(tmp_path):
    made = town()
    assert edges_of(walk_of(made.write(tmp_path, "town.osm.pbf"))) == edges_of(walk_of(made.write(tmp_path)))


def test_segments_outside_the_window_go(tmp_path):
    made = Extract()
    made.way(1, [made.node(n, 10 * n, 50) for n in range(1, 10)], highway="footway")
    part = walk_of(made.write(tmp_path), area((-122.475, 37.70, -122.445, 37.80)))
    # Nodes every 10; the window runs from 25 to 55: segments 20-30, 30-40, 40-50, 50-60 touch it.
    assert len(part.u) == 4 and len(part.x) == 5


def test_ways_that_cross_without_a_node_stay_apart(tmp_path):
    made = Extract()
    made.way(1, [made.node(1, 10, 50), made.node(2, 90, 50)], highway="footway")
    made.way(2, [made.node(3, 50, 10), made.node(4, 50, 90)], highway="footway", bridge="yes")
    assert reach.project(walk_of(made.write(tmp_path)), UTM).largest_share < 0.6


# -- parks --------------------------------------------------------------------------------------------------------

PARKS = [  # tags, counted as park, public
    ({"leisure": "park", "name": "Green"}, "park", True),
    ({"leisure": "playground"}, "playground", True),
    ({"leisure": "park", "access": "private"}, "park", False),
    ({"leisure": "park", "access": "customers"}, "park", False),
    ({"leisure": "garden"}, None, None),
    ({"leisure": "garden", "garden__type": "community"}, "garden", True),
    ({"leisure": "garden", "garden__type": "botanical", "fee": "yes"}, None, None),
    ({"leisure": "garden", "access": "yes"}, "garden", True),
    ({"landuse": "recreation_ground"}, "recreation_ground", True),
    ({"landuse": "forest"}, None, None),
    ({"landuse": "forest", "access": "yes"}, "forest", True),
    ({"boundary": "protected_area"}, None, None),
    ({"boundary": "protected_area", "access": "permissive"}, "protected_area", True),
    ({"place": "square"}, "square", True),
    ({"leisure": "golf_course"}, None, None),
    ({"leisure": "pitch"}, None, None),
    ({"leisure": "park", "military": "base"}, None, None),
    ({"leisure": "park", "tourism": "zoo"}, None, None),
    ({"leisure": "park", "building": "yes"}, None, None),
    ({"leisure": "nature_reserve", "natural": "water"}, None, None),
    ({"landuse": "cemetery"}, None, None),
    ({"leisure": "park", "area": "no"}, None, None),
]


def park_rows(made, tmp_path, where=None):
    frame = read(made.write(tmp_path), "parks", where=where)["parks"].data
    return {row.osm_id: (row.kind, row.public) for row in frame.itertuples()}


def test_park_rules(tmp_path):
    made = Extract()
    for i, (tags, _, _) in enumerate(PARKS):
        made.ring(i + 1, 4 * (i % 20) + 2, 10 * (1 + i // 20), 2, **tags)
    expected = {f"way/{i + 1}": (kind, public) for i, (_, kind, public) in enumerate(PARKS) if kind}
    assert park_rows(made, tmp_path) == expected


def test_nested_in_closed_ground_is_not_public(tmp_path):
    made = Extract()
    made.ring(1, 10, 10, 10, amenity="school")
    made.ring(2, 12, 12, 2, leisure="playground")
    made.ring(3, 19, 12, 4, leisure="park")  # a quarter of it in the school
    made.ring(4, 40, 10, 10, leisure="park")
    made.ring(5, 42, 12, 2, landuse="cemetery")  # a cemetery in a park closes nothing
    made.ring(6, 60, 10, 10, landuse="residential", access="private")
    made.ring(7, 62, 12, 2, leisure="park")
    public = {key: value[1] for key, value in park_rows(made, tmp_path).items()}
    assert public == {"way/2": False, "way/3": True, "way/4": True, "way/7": False}


def test_tiny_parks_go(tmp_path):
    made = Extract()
    made.ring(1, 10, 10, 0.025, leisure="park")  # 2.2 m by 2.8 m
    made.ring(2, 20, 10, 0.05, leisure="park")  # 4.4 m by 5.6 m
    assert list(park_rows(made, tmp_path)) == ["way/2"]


def multipolygon(made, complete=True):
    first = made.ring(1, 10, 10, 10)
    made.ring(2, 13, 13, 2)
    if complete:
        made.ring(3, 40, 10, 10)
    made.relation(7, [(1, "outer"), (2, "inner"), (3, "outer")], type="multipolygon", leisure="park", name="Two")
    return first


def test_multipolygon_with_hole_and_two_parts(tmp_path):
    made = Extract()
    multipolygon(made)
    frame = read(made.write(tmp_path), "parks")["parks"].data
    assert frame["osm_id"].tolist() == ["relation/7"] and frame["name"].tolist() == ["Two"]
    assert frame.geometry.iloc[0].area == pytest.approx((100 + 100 - 4) * 1e-6)


def test_self_crossing_park_is_mended(tmp_path):
    made = Extract()
    refs = [made.node(n, x, y) for n, x, y in ((1, 10, 10), (2, 20, 20), (3, 20, 10), (4, 10, 20))]
    made.way(9, [*refs, 1], leisure="park")
    layer = read(made.write(tmp_path), "parks")["parks"]
    assert layer.data.geometry.is_valid.all() and layer.data.geometry.iloc[0].area == pytest.approx(50e-6)
    assert any("mended" in note for note in layer.provenance.notes)


def test_parks_are_those_of_osmnx(tmp_path):
    made = Extract()
    multipolygon(made)
    for i, kind in enumerate(("park", "playground", "dog_park", "nature_reserve", "pitch")):
        made.ring(10 + i, 10 * i + 5, 60, 3 + i, leisure=kind)
    made.way(99, [made.node(1, 60, 20), made.node(2, 61, 20), made.node(3, 61, 21)], leisure="park")  # not closed
    path = made.write(tmp_path)
    theirs = osmnx.features_from_xml(path, tags={"leisure": ["park", "playground", "dog_park", "nature_reserve"]})
    theirs = theirs[theirs.geom_type.isin(["Polygon", "MultiPolygon"])]
    geod = Geod(ellps="WGS84")
    expected = {
        f"{kind}/{number}": abs(geod.geometry_area_perimeter(g)[0]) for (kind, number), g in theirs.geometry.items()
    }
    ours = read(path, "parks")["parks"].data
    found = {row.osm_id: abs(geod.geometry_area_perimeter(row.geometry)[0]) for row in ours.itertuples()}
    assert found == pytest.approx(expected, rel=1e-9) and len(found) == 5


def test_entrances_are_gates_on_edges_of_public_parks(tmp_path):
    made = Extract()
    edge = made.ring(1, 10, 10, 10, leisure="park")
    private = made.ring(2, 40, 10, 10, leisure="park", access="private")
    made.nodes[edge[0]][2].update(barrier="gate")
    made.nodes[edge[1]][2].update(entrance="main")
    made.nodes[edge[2]][2].update(barrier="gate", access="private")
    made.nodes[edge[3]][2].update(entrance="no")
    made.nodes[private[0]][2].update(barrier="gate")
    made.node(5, 10.5, 12, entrance="yes")  # a house door 40 m inside
    layer = read(made.write(tmp_path), "park_entrances")
    assert set(layer) == {"park_entrances"}
    assert layer["park_entrances"].data["osm_id"].tolist() == [f"node/{edge[0]}", f"node/{edge[1]}"]
    assert layer["park_entrances"].data["kind"].tolist() == ["gate", "entrance"]


# -- stops, amenities, water, streets -----------------------------------------------------------------------------

STOPS = [  # tags, mode or None, high capacity
    ({"highway": "bus_stop"}, "bus", False),
    ({"public_transport": "platform", "bus": "yes"}, "bus", False),
    ({"public_transport": "stop_position", "tram": "yes"}, "tram", False),
    ({"railway": "tram_stop"}, "tram", False),
    ({"railway": "station"}, "rail", True),
    ({"railway": "halt"}, "rail", True),
    ({"railway": "platform"}, "rail", False),
    ({"railway": "station", "station": "subway"}, "metro", True),
    ({"public_transport": "station", "station": "light_rail"}, "metro", True),
    ({"public_transport": "stop_position", "subway": "yes"}, "metro", True),
    ({"amenity": "ferry_terminal"}, "ferry", True),
    ({"amenity": "bus_station"}, "bus", False),
    ({"disused__highway": "bus_stop"}, None, None),
    ({"public_transport": "platform", "disused__highway": "bus_stop"}, None, None),
    ({"public_transport": "platform", "abandoned": "yes"}, None, None),
    ({"railway": "proposed"}, None, None),
    ({"highway": "bus_stop", "access": "private"}, None, None),
    ({"railway": "station", "station": "miniature"}, None, None),
    ({"railway": "halt", "usage": "tourism"}, None, None),
    ({"highway": "crossing"}, None, None),
]


def test_stop_rules(tmp_path):
    made = Extract()
    for i, (tags, _, _) in enumerate(STOPS):
        made.node(i + 1, 4 * i + 2, 20, **tags)
    frame = read(made.write(tmp_path), "stops")["stops"].data
    found = {row.osm_id: (row.kind, row.high_capacity) for row in frame.itertuples()}
    assert found == {f"node/{i + 1}": (kind, high) for i, (_, kind, high) in enumerate(STOPS) if kind}
    assert frame["high_capacity"].dtype == bool


def test_larger_stops_stand_at_their_centre(tmp_path):
    made = Extract()
    made.ring(1, 10, 10, 2, railway="station", building="yes", name="Central")
    made.way(2, [made.node(1, 30, 10), made.node(2, 34, 10)], railway="platform")
    frame = read(made.write(tmp_path), "stops")["stops"].data.set_index("osm_id")
    assert (frame.geometry["way/1"].x, frame.geometry["way/1"].y) == pytest.approx((BOX[0] + 0.011, BOX[1] + 0.011))
    assert frame.geometry["way/2"].x == pytest.approx(BOX[0] + 0.032) and frame["name"]["way/1"] == "Central"


def test_amenities_and_water(tmp_path):
    made = Extract()
    made.node(1, 10, 10, amenity="library", name="Books")
    made.node(2, 11, 10, shop="supermarket")
    made.node(3, 12, 10, shop="car")
    made.node(4, 13, 10, amenity="bench")
    made.node(5, 14, 10, amenity="cafe", access="private")
    made.ring(6, 20, 10, 2, amenity="school")
    made.ring(7, 30, 10, 2, natural="water", water="pond")
    made.ring(8, 40, 10, 2, leisure="sports_centre")
    layers = read(made.write(tmp_path), "amenities", "water")
    amenities = layers["amenities"].data
    assert dict(zip(amenities["osm_id"], amenities["kind"], strict=True)) == {
        "node/1": "library",
        "node/2": "supermarket",
        "way/6": "school",
        "way/8": "sports_centre",
    }
    assert layers["water"].data[["osm_id", "kind"]].to_numpy().tolist() == [["way/7", "pond"]]


def test_streets_for_the_map(tmp_path):
    frame = read(town().write(tmp_path), "streets")["streets"].data
    kinds = frame["kind"].value_counts().to_dict()
    assert kinds["rail"] == 1 and kinds["motorway"] == 3 and set(kinds) <= {
        "motorway", "primary", "secondary", "residential", "path", "rail"
    }  # fmt: skip
    assert frame.set_index("osm_id")["name"]["way/100"] == "Main & First"


def test_empty_layers_keep_their_columns(tmp_path):
    made = Extract()
    made.node(1, 50, 50)
    layers = read(made.write(tmp_path), *osm.LAYERS)
    assert len(layers["walk"].u) == 0
    assert list(layers["parks"].data) == ["osm_id", "name", "kind", "public", "geometry"]
    for name in osm.LAYERS - {"walk"}:
        assert layers[name].data.empty and layers[name].data.crs.to_epsg() == 4326


# -- what an extract says of itself -------------------------------------------------------------------------------


def test_provenance(tmp_path):
    path = town().write(tmp_path)
    spec = LayerSpec("osm", path, attribution="Town GIS", retrieved="2024-03-06")
    origin = osm.read_extract(spec, area(), {"walk"})["walk"].provenance
    assert origin.vintage == "2024-03-05" and any("latest edit" in note for note in origin.notes)
    assert origin.licence == "ODbL 1.0" and origin.attribution == "© OpenStreetMap contributors; Town GIS"
    assert len(origin.sha256) == 64 and str(tmp_path) not in repr(origin)
    assert origin.layer == "walk" and origin.retrieved == "2024-03-06"


def test_synthetic_extract_does_not_claim_openstreetmap(tmp_path):
    spec = LayerSpec("osm", town().write(tmp_path), source="invented", licence="CC0", synthetic=True)
    origin = osm.read_extract(spec, area(), {"walk"})["walk"].provenance
    assert origin.synthetic and origin.attribution == "" and (origin.source, origin.licence) == ("invented", "CC0")


def test_header_date_of_pbf(tmp_path):
    plain = town().write(tmp_path)
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2023-12-31T21:00:00Z")
    header.add_box(osmium.osm.Box(*BOX))
    path = tmp_path / "dated.osm.pbf"
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for element in osmium.FileProcessor(str(plain)):
            writer.add(element)
    network = walk_of(path)
    assert network.provenance.vintage == "2023-12-31"
    assert network.covers.bounds == pytest.approx(BOX)


def test_without_box_the_nodes_say_what_is_covered(tmp_path):
    made = Extract(bounds=None)
    made.way(1, [made.node(1, 40, 40), made.node(2, 60, 70)], highway="footway")
    network = walk_of(made.write(tmp_path))
    assert network.covers.bounds == pytest.approx((-122.46, 37.74, -122.44, 37.77))
    assert any("box of its nodes" in note for note in network.provenance.notes)


# -- refusals -----------------------------------------------------------------------------------------------------


def test_cut_ways_are_refused_with_their_number(tmp_path):
    made = Extract()
    for number in (1, 2):
        made.way(number, [made.node(number, 50, 50 + number), 900 + number], highway="footway")
    made.way(3, [made.node(3, 50, 60), made.node(4, 51, 60)], highway="footway")
    with pytest.raises(LayerError, match="cuts 2 ways") as caught:
        walk_of(made.write(tmp_path))
    assert "smart" in caught.value.remedy and "complete_ways" in caught.value.remedy


def test_cut_ways_beyond_the_window_do_not_matter(tmp_path):
    made = Extract()
    made.way(1, [made.node(1, 95, 95), 901], highway="footway")
    made.way(2, [902, 903], highway="footway")
    made.way(3, [made.node(3, 50, 50), made.node(4, 51, 50)], highway="footway")
    made.way(4, [made.node(5, 50, 50.5), 904], power="line")
    network = walk_of(made.write(tmp_path), area((-122.47, 37.73, -122.42, 37.77)))
    assert len(network.u) == 1
    assert any(note.startswith("1 ways have none of their nodes") for note in network.provenance.notes)


def test_cut_multipolygon_park_is_refused_and_water_noted(tmp_path):
    made = Extract()
    multipolygon(made, complete=False)
    with pytest.raises(LayerError, match="1 park or place multipolygons"):
        read(made.write(tmp_path), "parks")
    lake = Extract()
    lake.ring(1, 10, 10, 10)
    lake.relation(7, [(1, "outer"), (2, "outer")], type="multipolygon", natural="water")
    layer = read(lake.write(tmp_path), "water")["water"]
    assert layer.data.empty and any("1 water multipolygons" in note for note in layer.provenance.notes)


def test_open_ring_is_left_out_with_a_note(tmp_path):
    made = Extract()
    made.way(1, [made.node(1, 10, 10), made.node(2, 20, 10), made.node(3, 20, 20)])
    made.relation(7, [(1, "outer")], type="multipolygon", leisure="park")
    layer = read(made.write(tmp_path), "parks")["parks"]
    assert layer.data.empty and any("relation/7" in note for note in layer.provenance.notes)


def test_extract_of_another_town(tmp_path):
    with pytest.raises(CoverageError, match="does not touch"):
        walk_of(town().write(tmp_path), area((-90.1, 35.0, -90.0, 35.1)))


def test_halo_beyond_the_extract_is_only_reported(tmp_path):
    wide = (-122.60, 37.60, -122.30, 37.90)
    network = walk_of(town().write(tmp_path), area(wide, district=shapely.box(*BOX)))
    assert not network.covers.contains(shapely.box(*wide)) and len(network.u)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("town.osm", b"<osm version='0.6'><node id='1'", "cannot be read"),
        ("town.osm.pbf", b"this is not protobuf", "cannot be read"),
        ("town.osm", b"<osm version='0.6'></osm>", "no nodes"),
        ("town.shp", b"", "not an OpenStreetMap extract"),
    ],
)
def test_damaged_files(tmp_path, name, data, words):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(LayerError, match=words):
        walk_of(path)


def test_missing_file_and_unknown_layer(tmp_path):
    with pytest.raises(LayerError, match="is not there"):
        walk_of(tmp_path / "none.osm")
    with pytest.raises(LayerError, match="tree_canopy"):
        read(town().write(tmp_path), "tree_canopy")


# -- real places --------------------------------------------------------------------------------------------------


def real(*parts):
    root = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real data: {'/'.join(parts)} is not there (set JUSTGEO_REAL_DATA)")
    return path


def area_of(bounds, shrink=0.0):
    west, south, east, north = bounds
    inner = (west + shrink, south + shrink, east - shrink, north - shrink)
    return area(inner)


def test_small_west_oakland():
    path = real("fixtures", "West-Oakland.osm.bz2")
    layers = read(path, *osm.LAYERS, where=area_of((-122.30258, 37.80615, -122.29825, 37.80914)))
    assert len(layers["walk"].u) == pytest.approx(160, abs=60)
    assert layers["parks"].data["name"].str.contains("Bertha Port Park").any()
    assert layers["walk"].covers.bounds == pytest.approx((-122.30258, 37.80615, -122.29825, 37.80914))
    whole = read(path, "walk", where=area_of((-122.4, 37.7, -122.2, 37.9)))["walk"]
    assert edges_of(whole) == rounded(osmnx_walk_edges(path))


def test_west_oakland():
    """Its box was cut with whole ways; other ways are named in it without a single node, and noted."""
    path = real("oakland", "osm", "West-Oakland.osm.bz2")
    layers = read(path, *osm.LAYERS, where=area_of((-122.3185856, 37.803944, -122.2903633, 37.8209718)))
    walk = layers["walk"]
    assert walk.provenance.vintage.startswith("2016-07")
    assert any("ways have none of their nodes" in note for note in walk.provenance.notes)
    assert reach.project(walk, UTM).largest_share > 0.9
    parks = layers["parks"].data
    assert {"Ernie Raimondi Park", "Cypress Freeway Memorial Park"} <= set(parks["name"])
    station = layers["stops"].data.set_index("name").loc["West Oakland"]
    assert bool(np.all(station["high_capacity"]))
