"""The Overpass server against a plain client, against osmnx, and against osmnx's own reading of the same extract."""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request as Ask
from urllib.request import urlopen

import geopandas as gpd
import osmium
import osmnx
import pytest
import shapely
from osmnx import _overpass

from justgeo.synthetic import ensure
from tests.loopback.messages import router
from tests.loopback.overpass import Overpass, osmnx_asking, remark
from tests.loopback.overpass_ql import Elements, NotUnderstood
from tests.loopback.server import Loopback

# One unit is a thousandth of a degree; the polygon is the square from 0 to 10.
SQUARE = "0 0 0 0.01 0.01 0.01 0.01 0"
TAGS = {"leisure": True, "amenity": ["library", "school"], "natural": "water", "highway": "bus_stop"}


def town():
    """Elements whose place to the square is plain: inside, on the border, crossing, touching, outside."""
    nodes = {1: (5, 5), 2: (5, 10), 3: (5, 20), 4: (-5, 5), 5: (15, 5), 6: (10, 10), 7: (20, 20), 8: (-5, -5)}
    tags = {1: {"amenity": "library"}, 3: {"amenity": "school"}}
    ways = {
        11: ((1, 3), {"highway": "residential"}),  # one end inside
        12: ((4, 5), {"highway": "service", "service": "driveway"}),  # crosses, no node inside
        13: ((6, 7), {"highway": "footway", "foot": "no"}),  # touches a corner
        14: ((3, 7), {"highway": "path"}),  # outside
    }
    relations = {
        21: ((("way", 14, ""), ("node", 1, "stop")), {"type": "route"}),  # by its node
        22: ((("way", 12, "outer"),), {"type": "multipolygon"}),  # by its way
        23: ((("relation", 21, ""),), {"type": "superroute"}),  # only by a relation: not found
        24: ((("way", 13, ""), ("way", 99, "")), {"type": "route"}),  # touches; one member is not in the data
    }
    placed = {number: (lat / 1000, lon / 1000, tags.get(number, {})) for number, (lon, lat) in nodes.items()}
    return Elements(placed, ways, relations)


def found(query, elements=None):
    """Kinds and numbers of an answer, in its order: ``n1 w11 r21``."""
    answer = Overpass(elements or town()).answer(f"[out:json];{query}")
    return " ".join(f"{one['type'][0]}{one['id']}" for one in answer["elements"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f'node(poly:"{SQUARE}");out;', "n1 n2 n6"),
        (f'way(poly:"{SQUARE}");out;', "w11 w12"),
        (f'relation(poly:"{SQUARE}");out;', "r21 r22"),
        (f"nwr(poly:'{SQUARE}');out body qt;", "n1 n2 n6 w11 w12 r21 r22"),
        ("node(0,0,0.01,0.01);out;", "n1 n2 n6"),
        ('node["amenity"];out;', "n1 n3"),
        ("node[amenity=library];out;", "n1"),
        ('node["amenity"!="library"](poly:"' + SQUARE + '");out;', "n2 n6"),  # without the key too
        ('way["highway"~"^(res|foot)"];out;', "w11 w13"),
        ('way["highway"~"SERV",i];out;', "w12"),
        ('way["highway"]["foot"!~"no"]["service"!~"private|alley"];out;', "w11 w12 w14"),
        ('way["highway"][!"service"];out;', "w11 w13 w14"),
        ('(way["highway"="path"];>;);out;', "n3 n7 w14"),
        ('way["highway"="path"];>;out;', "n3 n7"),
        ('(way["highway"="path"];way["foot"="no"];);out;', "w13 w14"),
        ('(relation["type"="route"];(._;>;););out;', "n1 n3 n6 n7 w13 w14 r21 r24"),  # no relation's relation
        ('relation["type"="superroute"];>;out;', ""),
        ('node["amenity"="pub"];out;', ""),
        ("/* remarks */ node // here\n[amenity];out;", "n1 n3"),
    ],
)
def test_a_query_by_hand(query, expected):
    assert found(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        'area["name"="Nowhere"];out;',
        "node(around:100,0,0);out;",
        "node.a[amenity];out;",
        "node[amenity]->.a;out;",
        'node[~"^a"~"b"];out;',
        "way[highway];<;out;",
        "way[highway];>>;out;",
        "node[amenity];out count;",
        "node[amenity];out center;",
        "node[amenity];.b;out;",
        "foreach{out;};",
    ],
)
def test_what_it_does_not_evaluate_it_does_not_answer(query):
    with pytest.raises(NotUnderstood):
        found(query)


@pytest.mark.parametrize("setting", ["[out:xml]", '[out:json][date:"2016-01-01T00:00:00Z"]', "[out:json][diff:1]"])
def test_nor_with_a_setting_that_it_does_not_have(setting):
    with pytest.raises(NotUnderstood):
        Overpass(town()).answer(f"{setting};node[amenity];out;")


# ---- over HTTP


@pytest.fixture(scope="module")
def extract():
    return ensure(2020) / "nowhere.osm.pbf"


@pytest.fixture(scope="module")
def server(extract):
    with Loopback(router({"/api": Overpass(extract).handle})) as running:
        yield running


def ask(server, path, query=None, agent="justgeo-test/1"):
    body = None if query is None else urlencode({"data": query}).encode()
    with urlopen(Ask(server.url + path, body, {"User-Agent": agent} if agent is not None else {})) as answer:
        return answer.headers, answer.read()


def refused(server, *args, **kwargs):
    with pytest.raises(HTTPError) as caught:
        ask(server, *args, **kwargs)
    with caught.value as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_the_envelope_is_overpass_own(server):
    headers, body = ask(server, "/api/interpreter", "[out:json][timeout:180][maxsize:10];node[amenity=library];out;")
    answer = json.loads(body)
    assert headers["Content-Type"] == "application/json"
    assert list(answer) == ["version", "generator", "osm3s", "elements"]
    assert answer["version"] == 0.6 and answer["generator"].startswith("Overpass API")
    assert answer["osm3s"]["timestamp_osm_base"] == "2024-01-01T00:00:00Z"
    assert answer["osm3s"]["copyright"].endswith("made available under ODbL.")
    assert {key for one in answer["elements"] for key in one} == {"type", "id", "lat", "lon", "tags"}
    decimals = re.findall(rb'"(?:lat|lon)": -?\d+\.(\d+)', body)
    assert decimals and all(len(one) <= 7 for one in decimals)


def test_a_query_as_of_a_later_day_tells_that_day(server):
    _, body = ask(server, "/api/interpreter", '[out:json][date:"2024-02-01T00:00:00Z"];node[amenity=library];out;')
    assert json.loads(body)["osm3s"]["timestamp_osm_base"] == "2024-02-01T00:00:00Z"


def test_nothing_found_is_an_answer_without_elements(server):
    _, body = ask(server, "/api/interpreter", "[out:json];node[amenity=casino];out;")
    assert json.loads(body)["elements"] == []


def test_status_and_timestamp_pages(server):
    _, body = ask(server, "/api/status")
    lines = body.decode().split("\n")
    assert lines[0].startswith("Connected as: ") and lines[3] == "Rate limit: 2"
    assert lines[4] == "2 slots available now."  # where osmnx looks for it
    assert ask(server, "/api/timestamp")[1] == b"2024-01-01T00:00:00Z\n"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("[out:json];node[amenity;out;", "line 1: parse error: '!', '~', '=', '!=', or ']' expected - ';' found."),
        ("[out:json];\nnode(poly:'1 2 3');out;", "line 2: parse error: For the attribute"),
        ("[out:json];nodes[amenity];out;", "line 1: parse error: Unknown type 'nodes'"),
        ('[out:json];node[amenity~"("];out;', "line 1: parse error: Invalid regular expression"),
        ("[out:json];node[amenity];out", "line 1: parse error: ';' expected"),
        ("[out:json];%", "line 1: parse error: Unknown character '%'"),
        ("", "line 1: parse error: An empty query is not allowed"),
    ],
)
def test_what_cannot_be_parsed_gets_the_page_with_400(server, query, told):
    code, kind, page = refused(server, "/api/interpreter", query)
    assert (code, kind) == (400, "text/html; charset=utf-8")
    assert "<title>OSM3S Response</title>" in page
    assert f'<strong style="color:#FF0000">Error</strong>: {told}' in page


@pytest.mark.parametrize("agent", ["python-requests/2.34.2", "Python-urllib/3.11", ""])
def test_an_agent_that_does_not_say_who_it_is_gets_406(server, agent):
    assert refused(server, "/api/interpreter", "[out:json];node[amenity];out;", agent=agent)[0] == 406


def test_a_partial_answer_has_half_of_the_elements_and_says_so(server):
    _, body = ask(server, "/api/interpreter", "[out:json];nwr[amenity];out;")
    whole, part = json.loads(body), json.loads(remark(body))
    assert part.pop("remark") == 'runtime error: Query timed out in "query" at line 1 after 180 seconds.'
    assert part["elements"] == whole["elements"][: len(whole["elements"]) // 2] != []


# ---- osmnx


@pytest.fixture(scope="module")
def as_xml(extract, tmp_path_factory):
    """The extract as osmnx reads it, converted by osmium alone."""
    path = tmp_path_factory.mktemp("osm") / "nowhere.osm"
    with osmium.SimpleWriter(str(path)) as writer:
        for element in osmium.FileProcessor(str(extract)):
            writer.add(element)
    return path


@pytest.fixture(scope="module")
def district(extract):
    return gpd.read_file(extract.with_name("district.geojson")).geometry.iloc[0]


@pytest.fixture(scope="module")
def county(extract):
    return shapely.box(*(gpd.read_file(extract.with_name("tl_2024_us_county.zip")).total_bounds)).buffer(0.01)


def edges(graph):
    return {(min(u, v), max(u, v), data["osmid"], round(data["length"], 6)) for u, v, data in graph.edges(data=True)}


def walkable(tags):
    """osmnx's filter of the walk network, written once more without Overpass."""
    out = r"abandoned|bus_guideway|construction|cycleway|motor|no|planned|platform|proposed|raceway|razed"
    unwanted = {"area": "yes", "access": "private", "highway": f"{out}|rest_area|services", "foot": "no"}
    unwanted |= {"service": "private", "sidewalk": "separate", "sidewalk:both": "separate"}
    unwanted |= {"sidewalk:left": "separate", "sidewalk:right": "separate"}
    return "highway" in tags and not any(re.search(wrong, tags.get(key, "")) for key, wrong in unwanted.items())


def test_the_walk_network_is_that_of_the_extract(server, as_xml, county):
    walks = {way.id for way in osmium.FileProcessor(str(as_xml)) if way.is_way() and walkable(dict(way.tags))}
    whole = osmnx.graph_from_xml(as_xml, retain_all=True, simplify=False)
    with osmnx_asking(f"{server.url}/api", overpass_rate_limit=True):
        graph = osmnx.graph_from_polygon(county, network_type="walk", retain_all=True, simplify=False)
    expected = {edge for edge in edges(whole) if edge[2] in walks}
    assert 0 < len(walks) < 524 and len(expected) < len(edges(whole))
    assert edges(graph) == expected


def test_the_network_of_a_district_is_the_extract_cut_as_osmnx_cuts(server, as_xml, district):
    whole = osmnx.graph_from_xml(as_xml, retain_all=True, simplify=False)
    whole.remove_edges_from([edge for edge in whole.edges(keys=True) if "highway" not in whole.edges[edge]])
    whole.remove_nodes_from([node for node, degree in dict(whole.degree).items() if degree == 0])
    expected = osmnx.truncate.truncate_graph_polygon(whole, district, truncate_by_edge=True)
    with osmnx_asking(f"{server.url}/api"):
        graph = osmnx.graph_from_polygon(
            district, custom_filter='["highway"]', retain_all=True, simplify=False, truncate_by_edge=True
        )
    assert set(graph.nodes) == set(expected.nodes) and len(graph) > 100
    assert edges(graph) == edges(expected)


@pytest.mark.parametrize("where", ["district", "county"])
def test_features_are_those_of_the_extract(server, as_xml, where, request):
    area = request.getfixturevalue(where)
    expected = osmnx.features_from_xml(as_xml, polygon=area, tags=TAGS).sort_index()
    with osmnx_asking(f"{server.url}/api"):
        features = osmnx.features_from_polygon(area, TAGS).sort_index()
    assert list(features.index) == list(expected.index)
    kinds = {"district": {"node", "way"}, "county": {"node", "way", "relation"}}
    assert set(features.index.get_level_values(0)) >= kinds[where]
    assert features.geometry.geom_equals(expected.geometry).all()
    for key in ("leisure", "amenity", "name"):
        assert features[key].astype("string").fillna("").equals(expected[key].astype("string").fillna(""))


def test_osmnx_is_left_as_it_was(server):
    before = {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("_")}
    lookup = socket.getaddrinfo
    with pytest.raises(osmnx._errors.InsufficientResponseError), osmnx_asking(f"{server.url}/api", log_console=False):
        osmnx.features_from_polygon(shapely.box(10, 10, 10.01, 10.01), {"leisure": True})
    assert socket.getaddrinfo is lookup
    assert {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("_")} == before


def test_recorded_answers_serve_as_a_database(extract):
    """What an answer holds is served again: the same answer, whole or by parts that overlap."""
    query = _overpass._create_overpass_features_query("38 -71 39 -71 39 -69 38 -69", TAGS)
    first = Overpass(extract, "2024-03-01T00:00:00Z").answer(query)
    assert {one["type"] for one in first["elements"]} == {"node", "way", "relation"}
    half = len(first["elements"]) // 2
    older = {"osm3s": {"timestamp_osm_base": "2024-02-01T00:00:00Z"}}
    parts = [
        {**first, "elements": first["elements"][half - 50 :]},
        {**older, "elements": first["elements"][: half + 50]},
    ]
    again = Overpass.of_answers(parts)
    assert again.timestamp == "2024-02-01T00:00:00Z"
    assert again.answer(query)["elements"] == first["elements"]


def test_of_two_recorded_states_the_later_is_kept():
    node = {"type": "node", "id": 1, "lat": 0.0, "lon": 0.0}
    states = [
        {"osm3s": {"timestamp_osm_base": f"2024-0{month}-01T00:00:00Z"}, "elements": [{**node, "tags": {"name": name}}]}
        for month, name in ((3, "later"), (2, "earlier"))
    ]
    told = Overpass.of_answers(states).answer('[out:json];node["name"];out;')["elements"]
    assert told == [{**node, "tags": {"name": "later"}}]


@pytest.mark.parametrize("name", ["again.osm", "again.osm.pbf"])
def test_elements_are_written_as_an_extract(extract, tmp_path, name):
    elements = Elements.read(extract)
    elements.write(tmp_path / name, "2024-01-01T00:00:00Z")
    assert Elements.read(tmp_path / name) == elements
    assert osmium.io.Reader(str(tmp_path / name)).header().box().valid()


@pytest.mark.real
def test_real_answers_come_back_from_their_own_elements():
    """A walk network as recorded in 2017, asked for again as a whole."""
    base = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    path = base / "oakland" / "overpass_recorded" / "overpass-response-11.json.gz"
    if not path.is_file():
        pytest.skip("real data not here: oakland (JUSTGEO_REAL_DATA or ../shared/data)")
    recorded = json.loads(gzip.decompress(path.read_bytes()))
    again = Overpass.of_answers([recorded]).answer('[out:json];(way["highway"];>;);out;')
    assert again["elements"] == recorded["elements"] and len(again["elements"]) == 17_105
