"""Streets of West Oakland as OpenStreetMap had them in 2016: lengths by level, counted from the XML by other code."""

from __future__ import annotations

import bz2
import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from justgeo.core.layer import Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.indicators import bikes as rows
from justgeo.indicators.place import Place
from justgeo.measure import bikes
from justgeo.sources import osm
from tests.indicators import town

METRES = "EPSG:26910"
# A part of West Oakland well inside the extract.
DISTRICT = shapely.box(-122.306, 37.806, -122.294, 37.817)
LARGE = {"primary", "secondary", "tertiary", "unclassified", "trunk"}
Tags = dict[str, str]


def level(tags: Tags) -> int | None:
    """The rule once more, for the tags that occur here; None for what may not be cycled or has no level."""
    kind, bicycle = tags.get("highway", ""), tags.get("bicycle", "")
    base = kind.removesuffix("_link")
    if bicycle in ("no", "dismount") or tags.get("access") in ("private", "no") or tags.get("area") == "yes":
        return None
    if kind in ("cycleway", "path", "footway", "pedestrian", "track", "bridleway"):
        return 1 if kind == "cycleway" or bicycle in ("yes", "designated", "permissive") else None
    if tags.get("motor_vehicle") == "no" and base in LARGE | {"residential", "service"}:
        return 1
    if kind in ("residential", "living_street"):
        return 1
    if base not in LARGE:
        assert kind != "road", "a kind that is not counted here"
        return None
    ways = [tags.get(key) for key in ("cycleway", "cycleway:both", "cycleway:left", "cycleway:right")]
    if "track" in ways:
        return 1
    one_way = tags.get("oneway") in ("yes", "-1", "1")
    lane = "lane" in ways[:2] or ways[2:].count("lane") >= (1 if one_way else 2)
    limit = re.fullmatch(r"(\d+) mph", tags.get("maxspeed", ""))
    assert limit is not None or "maxspeed" not in tags, tags["maxspeed"]
    lanes = int(tags["lanes"]) if "lanes" in tags else None
    slow = limit is not None and int(limit[1]) <= 25
    usual = 2 if slow and (lanes is None or lanes <= 3) else 3
    if base in ("tertiary", "unclassified"):
        return 2 if lane or (lanes is not None and lanes <= 3 and limit is None) else usual
    return usual if lane else 4


class Xml:
    """Nodes in metres, and ways with their nodes and tags."""

    def __init__(self, path: Path) -> None:
        root = ElementTree.fromstring(bz2.decompress(path.read_bytes()))
        move = Transformer.from_crs(4326, METRES, always_xy=True).transform
        spots = {n.attrib["id"]: (float(n.attrib["lon"]), float(n.attrib["lat"])) for n in root.iter("node")}
        lon, lat = np.array(list(spots.values())).T
        x, y = move(lon, lat)
        self.xy = dict(zip(spots, zip(x, y, strict=True), strict=True))
        self.signals = {n.attrib["id"] for n in root.iter("node") if stops(_tags(n))}
        self.ways = [([m.attrib["ref"] for m in w.iter("nd")], _tags(w)) for w in root.iter("way")]
        self.cycled = {
            edge: found
            for refs, tags in self.ways
            if (found := level(tags)) is not None and all(ref in self.xy for ref in refs)
            for edge in itertools.pairwise(refs)
        }

    def line(self, edge: tuple[str, str]) -> shapely.LineString:
        return shapely.LineString([self.xy[n] for n in edge])


def _tags(element: ElementTree.Element) -> Tags:
    return {t.attrib["k"]: t.attrib["v"] for t in element.iter("tag")}


def stops(tags: Tags) -> bool:
    return "traffic_signals" in (tags.get("highway"), tags.get("crossing")) or (
        tags.get("highway") == "stop" and tags.get("stop") == "all"
    )


@pytest.fixture(scope="module")
def path(real_data: Path) -> Path:
    found = real_data / "oakland" / "osm" / "West-Oakland.osm.bz2"
    if not found.is_file():
        pytest.skip("real data not here: oakland/osm/West-Oakland.osm.bz2 (JUSTGEO_REAL_DATA or ../shared/data)")
    return found


@pytest.fixture(scope="module")
def xml(path: Path) -> Xml:
    return Xml(path)


@pytest.fixture(scope="module")
def place(path: Path) -> Place:
    area = Area(DISTRICT, None, DISTRICT.buffer(0.006), DISTRICT, 0.0)
    layer = osm.read_extract(LayerSpec("osm", path), area, {"bike"})["bike"]
    assert isinstance(layer, Layer)
    shape = gpd.GeoSeries([DISTRICT], crs="EPSG:4326").to_crs(METRES)
    zones = town.zones(shape.iloc[0], roles=("district",))
    zones = type(zones)(zones.ids, zones.names, zones.roles, zones.geography, gpd.GeoSeries(list(shape), crs=METRES))
    nothing: Any = None
    return Place(layers={"bike": layer}, absent={}, zones=zones, weights=nothing, crs=METRES, years={})


def test_share_of_calm_streets_against_the_xml(xml: Xml, place: Place) -> None:
    found = rows.low_stress(town.row("low_stress", parameters={"most": 2, "edge_m": 12}), place)
    shape = place.zones.geometry.iloc[0]
    km = {k: 0.0 for k in (1, 2, 3, 4)}
    for edge, one in xml.cycled.items():
        km[one] += xml.line(edge).intersection(shape).length / 1000
    assert found.denominator[0] == pytest.approx(sum(km.values()), rel=5e-3)
    assert found.numerator[0] == pytest.approx(km[1] + km[2], rel=5e-3)
    assert found.value[0] == pytest.approx((km[1] + km[2]) / sum(km.values()), abs=3e-3)
    assert 0.5 < found.value[0] < 0.95 and 10 < found.denominator[0] < 30
    assert km[1] > km[4] > km[3] > 0
    [flag] = found.flags[0]
    assert 0.05 < float(flag.partition("=")[2]) < 0.6, "few of its larger streets have a limit and lanes"


def test_the_way_out_against_networkx(xml: Xml, place: Place) -> None:
    shape, found = place.zones.geometry.iloc[0], rows.network(place)
    assert found.nodes is not None and found.signals is not None
    pieces = bikes.segments(found.lines, found.nodes, found.signals)
    ours = bikes.way_out(pieces, (found.level <= 2)[pieces.line], shape, beyond_m=100, around_m=300, signal_m=30)
    busy = {n for edge, one in xml.cycled.items() if one > 2 for n in edge}
    spots = np.array([xml.xy[n] for n in sorted(xml.signals & {n for edge in xml.cycled for n in edge})])
    graph: nx.MultiGraph = nx.MultiGraph()
    for edge, one in xml.cycled.items():
        line = xml.line(edge)
        if one <= 2 and line.distance(shape) <= 300:
            near = [np.hypot(*(spots - xml.xy[n]).T).min() <= 30 for n in edge]
            ends = [n if n not in busy or ok else (n, edge) for n, ok in zip(edge, near, strict=True)]
            graph.add_edge(*ends, line=line)
    best = (0.0, 0.0, 0)
    for part in nx.connected_components(graph):
        lines = [told["line"] for _, _, told in graph.subgraph(part).edges(data=True)]
        if any(shapely.Point(xy).distance(shape) >= 100 for line in lines for xy in line.coords):
            inside = sum(line.intersection(shape).length for line in lines)
            best = max(best, (inside, sum(line.length for line in lines), len(lines)))
    assert shapely.length(pieces.geometry[ours]).sum() == pytest.approx(best[1], rel=1e-3)
    assert shapely.length(shapely.intersection(pieces.geometry[ours], shape)).sum() == pytest.approx(best[0], rel=1e-3)
    assert best[0] > 5000 and len(spots) > 10
