"""Walking distances against a brute-force oracle, and access points by hand."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import Network, Provenance
from justgeo.measure import access, reach

UTM = "EPSG:32610"
PROVENANCE = Provenance("walk", "invented", "test", "not stated")


def network(nodes, segments, crs=UTM):
    xy = np.asarray(nodes, dtype=float).reshape(-1, 2)
    uv = np.asarray(segments, dtype=np.int64).reshape(-1, 2)
    return Network(xy[:, 0], xy[:, 1], uv[:, 0], uv[:, 1], crs, PROVENANCE)


def graph_of(nodes, segments, **options):
    return reach.project(network(nodes, segments), UTM, **options)


# A straight street of 1,000 m with a side street, and an island of 10 m far off (about 0.8 % of the length).
STREET = ([(0, 0), (1000, 0), (1000, 200), (5000, 0), (5010, 0)], [(0, 1), (1, 2), (3, 4)])


class TestByHand:
    def test_along_one_segment_directly(self):
        found = reach.distances(graph_of(*STREET), [(300, 50)], [(310, 0), (290, 0), (300, 0)])
        assert found.metres == pytest.approx([10, 10, 0])

    def test_target_adds_its_snap_and_source_does_not(self):
        found = reach.distances(graph_of(*STREET), [(300, 99)], [(500, 30)])
        assert found.metres == pytest.approx([200 + 30])

    def test_round_the_corner(self):
        found = reach.distances(graph_of(*STREET), [(1000, 150)], [(600, 0)])
        assert found.metres == pytest.approx([400 + 150])

    def test_nearest_of_several_sources(self):
        found = reach.distances(graph_of(*STREET), [(0, 0), (900, 0), (700, 0)], [(720, 0)])
        assert found.metres == pytest.approx([20])

    def test_snap_limits_are_inclusive(self):
        graph = graph_of(*STREET)
        found = reach.distances(graph, [(300, 0)], [(300, 200), (300, 200.01)])
        assert found.metres[0] == pytest.approx(200)
        assert np.isnan(found.metres[1]) and found.reason[1] == reach.NOT_NEAR
        assert reach.distances(graph, [(300, 100.01)], [(300, 0)]).metres[0] == np.inf
        assert reach.distances(graph, [(300, -100)], [(300, 0)]).metres[0] == 0

    def test_limit_counts_the_snap(self):
        found = reach.distances(graph_of(*STREET), [(0, 0)], [(390, 10), (391, 10)], limit=400)
        assert found.metres[0] == pytest.approx(400) and found.metres[1] == np.inf
        assert list(found.reason) == ["", ""]

    def test_no_source_is_infinite_not_unknown(self):
        found = reach.distances(graph_of(*STREET), np.empty((0, 2)), [(300, 0)])
        assert found.metres[0] == np.inf and found.reason[0] == ""

    def test_island_is_unknown_for_targets(self):
        found = reach.distances(graph_of(*STREET), [(300, 0)], [(5005, 0)])
        assert np.isnan(found.metres[0]) and found.reason[0] == reach.ISLAND

    def test_source_passes_over_a_scrap_of_pavement(self):
        nodes = [(0, 0), (1000, 0), (500, 20), (505, 20)]
        found = reach.distances(graph_of(nodes, [(0, 1), (2, 3)]), [(502, 22)], [(600, 0)])
        assert found.metres == pytest.approx([98])

    def test_large_separate_component_is_known_and_unreached(self):
        nodes = [(0, 0), (1000, 0), (0, 5000), (500, 5000)]
        graph = graph_of(nodes, [(0, 1), (2, 3)])
        found = reach.distances(graph, [(0, 0)], [(10, 5000)])
        assert found.metres[0] == np.inf and found.reason[0] == ""
        assert graph.largest_share == pytest.approx(2 / 3) and graph.share.sum() == pytest.approx(1)

    def test_parallel_segments_are_not_added_up(self):
        nodes = [(0, 0), (100, 0), (200, 0)]
        graph = graph_of(nodes, [(0, 1), (1, 0), (0, 1), (1, 2), (2, 1)])
        assert reach.distances(graph, [(0, 0)], [(200, 0)]).metres == pytest.approx([200])

    def test_of_parallel_arcs_the_shortest_stays(self):
        arcs = reach._arcs(3, np.array([0, 1, 0, 1]), np.array([1, 0, 1, 2]), np.array([5.0, 3.0, 4.0, 0.0]))
        assert arcs.nnz == 2 and arcs[0, 1] == 3.0  # CSR by itself would say 12; an arc of length 0 stays an arc

    def test_segment_without_length_joins(self):
        nodes = [(0, 0), (100, 0), (100, 0), (200, 0)]
        graph = graph_of(nodes, [(0, 1), (1, 2), (2, 3), (3, 3)])
        assert reach.distances(graph, [(0, 0)], [(200, 0)]).metres == pytest.approx([200])

    def test_places_at_the_same_spot(self):
        found = reach.distances(graph_of(*STREET), [(500, 0)] * 3, [(500, 0)] * 2)
        assert found.metres == pytest.approx([0, 0])

    def test_empty_network_and_no_targets(self):
        empty = graph_of([], [])
        found = reach.distances(empty, [(0, 0)], [(0, 0)])
        assert np.isnan(found.metres[0]) and found.reason[0] == reach.NOT_NEAR and empty.largest_share == 0
        assert len(reach.distances(graph_of(*STREET), [(0, 0)], np.empty((0, 2))).metres) == 0
        assert reach.within(empty, [(0, 0)], [(0, 0)], 100).nnz == 0


class TestRefusals:
    @pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4269", "EPSG:2227", "nonsense"])
    def test_degrees_and_feet_are_refused(self, crs):
        with pytest.raises(CrsError, match="What to do"):
            reach.project(network(*STREET), crs)

    def test_network_crs_not_understood(self):
        with pytest.raises(CrsError, match="walk network"):
            reach.project(network(*STREET, crs="nowhere"), UTM)

    def test_damaged_network(self):
        with pytest.raises(LayerError, match="beyond its 1 nodes"):
            reach.project(network([(0, 0)], [(0, 1)]), UTM)
        with pytest.raises(LayerError, match="no place"):
            reach.project(network([(0, 0), (np.nan, 0)], [(0, 1)]), UTM)

    def test_points_without_coordinates(self):
        with pytest.raises(LayerError, match="1 of 2 points"):
            reach.distances(graph_of(*STREET), [(0, 0)], [(0, 0), (np.nan, 1)])


def test_degrees_are_projected():
    laea = "+proj=laea +lat_0=37.8 +lon_0=-122.4 +ellps=GRS80 +units=m"
    graph = reach.project(network([(-122.4, 37.8), (-122.39, 37.8)], [(0, 1)], crs="EPSG:4326"), laea)
    true = Geod(ellps="WGS84").inv(-122.4, 37.8, -122.39, 37.8)[2]
    assert graph.length[0] == pytest.approx(true, abs=0.01)


# -- brute force --------------------------------------------------------------------------------------------------


def random_case(seed):
    """Random nodes and segments with doubles, crossings, islands; sources and targets near and on segments."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 25))
    nodes = rng.uniform(0, 1000, (n, 2)).round(int(rng.integers(0, 6)))
    segments = rng.integers(0, n, (int(rng.integers(2, 2 * n)), 2))
    segments = segments[(nodes[segments[:, 0]] != nodes[segments[:, 1]]).any(axis=1)]
    if not len(segments):
        segments = np.array([[0, 1]])
    doubled = segments[rng.integers(0, len(segments), 3)][:, ::-1]
    segments = np.concatenate([segments, doubled])

    def some(count):
        row = rng.integers(0, len(segments), count)
        share = rng.choice([0.0, 1.0, 0.5, *rng.uniform(0, 1, 8)], count)[:, None]
        on = nodes[segments[row, 0]] * (1 - share) + nodes[segments[row, 1]] * share
        return np.concatenate([on, on + rng.normal(0, 40, on.shape), rng.uniform(-200, 1200, (count, 2))])

    return nodes, segments, some(int(rng.integers(1, 6))), some(6)


def brute(nodes, segments, sources, targets, island_share=reach.ISLAND_SHARE):
    """All pairs by networkx between nodes, and every way to leave and enter a segment; loops, no shared code."""
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(len(nodes)))
    for a, b in segments:
        graph.add_edge(int(a), int(b), weight=float(np.linalg.norm(nodes[a] - nodes[b])))
    once = nx.Graph(graph)  # a segment drawn twice has its length once
    total = once.size(weight="weight")
    small = set()
    for part in nx.connected_components(once):
        if once.subgraph(part).size(weight="weight") / total < island_share:
            small |= part
    between = dict(nx.all_pairs_dijkstra_path_length(graph, weight="weight"))
    lines = [shapely.LineString([nodes[a], nodes[b]]) for a, b in segments]

    def foot(point, limit, rows):
        p = shapely.Point(point)
        away = [(lines[i].distance(p), i) for i in rows]
        best = min((d for d, _ in away), default=np.inf)
        if best > limit:
            return []
        return [(i, lines[i].project(p), d) for d, i in away if d <= best + 1e-9]

    main = [i for i, (a, _) in enumerate(segments) if int(a) not in small]
    starts = [feet[0] for s in sources if (feet := foot(s, 100, main))]
    answers = []
    for t in targets:
        feet = foot(t, 200, range(len(segments)))
        if not feet or int(segments[feet[0][0]][0]) in small:
            answers.append({np.nan})
            continue
        options = set()
        for i, at, away in feet:
            best = np.inf
            for j, place, _ in starts:
                for a, da in ((segments[i][0], at), (segments[i][1], lines[i].length - at)):
                    for b, db in ((segments[j][0], place), (segments[j][1], lines[j].length - place)):
                        best = min(best, da + between[int(a)].get(int(b), np.inf) + db)
                if {*map(int, segments[i])} == {*map(int, segments[j])}:
                    same = place if tuple(segments[i]) == tuple(segments[j]) else lines[j].length - place
                    best = min(best, abs(at - same))
            options.add(best + away)
        answers.append(options)
    return answers


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_same_as_brute_force_within_a_centimetre(seed):
    nodes, segments, sources, targets = random_case(seed)
    found = reach.distances(graph_of(nodes, segments), sources, targets)
    for got, options in zip(found.metres, brute(nodes, segments, sources, targets), strict=True):
        if np.isnan(got):
            assert any(np.isnan(o) for o in options)
        elif np.isinf(got):
            assert any(np.isinf(o) for o in options)
        else:
            assert any(abs(got - o) < 0.01 for o in options), (got, options)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(10, 1500))
def test_within_agrees_with_one_search_per_source(seed, limit):
    nodes, segments, sources, targets = random_case(seed)
    graph = graph_of(nodes, segments)
    near = reach.within(graph, sources, targets, limit).toarray()
    one_by_one = [reach.distances(graph, source, targets, limit=limit).metres for source in sources]
    # Splitting by other places moves sums of floats by less than a micrometre; skip ties that close to the limit.
    exact = np.array([reach.distances(graph, source, targets).metres for source in sources]).T
    decided = ~(np.abs(exact - limit) < 1e-6)
    assert (near == np.isfinite(np.array(one_by_one).T))[decided].all()


def test_within_in_blocks(monkeypatch):
    nodes, segments, sources, targets = random_case(11)
    graph = graph_of(nodes, segments)
    whole = reach.within(graph, sources, targets, 600).toarray()
    monkeypatch.setattr(reach, "_BLOCK_BYTES", 1)
    assert whole.any() and (reach.within(graph, sources, targets, 600).toarray() == whole).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_more_sources_are_never_farther_and_order_is_nothing(seed):
    nodes, segments, sources, targets = random_case(seed)
    graph = graph_of(nodes, segments)
    all_of_them = reach.distances(graph, sources, targets).metres
    some = reach.distances(graph, sources[:1], targets).metres
    known = ~np.isnan(all_of_them)
    assert (all_of_them[known] <= some[known] + 1e-6).all()
    assert reach.distances(graph, sources[::-1], targets).metres == pytest.approx(all_of_them, nan_ok=True)


# -- parks and stops ----------------------------------------------------------------------------------------------


def shapes(*geometries, crs=UTM):
    return gpd.GeoSeries(list(geometries), crs=crs)


SQUARE = shapely.box(0, 0, 200, 200)


class TestAccess:
    def test_crossing_is_an_access_point(self):
        graph = graph_of([(-500, 100), (100, 100)], [(0, 1)])
        points = access.access_points(graph, shapes(SQUARE))
        assert points.xy[points.rule == "crossing"].tolist() == [[0, 100]]
        # Along the edge 20 m apart and within 30 m of the path: 80, 100 and 120 m up the western edge.
        edge = points.xy[points.rule == "edge"]
        assert sorted(edge[:, 1].round(6)) == [80, 100, 120] and (edge[:, 0] == 0).all()
        assert set(points.park) == {0}

    def test_street_beside_the_park(self):
        graph = graph_of([(0, -25), (200, -25)], [(0, 1)])
        points = access.access_points(graph, shapes(SQUARE))
        assert set(points.rule) == {"edge"} and (points.xy[:, 1] <= 20).all()
        assert not len(access.access_points(graph_of([(0, -31), (200, -31)], [(0, 1)]), shapes(SQUARE)).park)

    def test_each_park_has_its_points_from_where_its_edge_begins(self):
        """Two of 40 m and one that is smaller than 20 m all around, which has one."""
        graph = graph_of([(-500, -20), (500, -20)], [(0, 1)])
        points = access.access_points(
            graph, shapes(*(shapely.box(x, 0, x + w, w) for x, w in ((0, 40), (100, 40), (200, 3))))
        )
        east = [sorted(points.xy[points.park == park, 0].round(6).tolist()) for park in range(3)]
        assert east == [[0, 20, 40], [100, 120, 140], [203]]

    def test_mapped_entrances_replace_points_along_the_edge(self):
        graph = graph_of([(-100, -20), (300, -20)], [(0, 1)])
        gate, far_gate = shapely.Point(100, 0), shapely.Point(100, 200)
        points = access.access_points(graph, shapes(SQUARE), shapes(gate, far_gate))
        assert points.rule.tolist() == ["entrance"] and points.xy.tolist() == [[100, 0]]

    def test_far_gate_alone_leaves_the_edge_rule(self):
        graph = graph_of([(-100, -20), (300, -20)], [(0, 1)])
        points = access.access_points(graph, shapes(SQUARE), shapes(shapely.Point(100, 200)))
        assert set(points.rule) == {"edge"} and len(points.rule) == len(points.park) > 5

    def test_gate_of_one_park_leaves_the_other(self):
        graph = graph_of([(-100, -20), (700, -20)], [(0, 1)])
        parks = shapes(SQUARE, shapely.box(400, 0, 600, 200))
        points = access.access_points(graph, parks, shapes(shapely.Point(100, 0)))
        assert set(points.rule[points.park == 0]) == {"entrance"} and set(points.rule[points.park == 1]) == {"edge"}

    def test_holes_have_edges_too(self):
        ring = SQUARE.difference(shapely.box(80, 80, 120, 120))
        graph = graph_of([(100, 90), (100, 110)], [(0, 1)])
        points = access.access_points(graph, shapes(ring))
        assert len(points.park) and (np.abs(points.xy - 100) <= 20).all()

    def test_inside_is_zero_even_without_network(self):
        graph = graph_of([(-500, 100), (0, 100)], [(0, 1)])
        parks = shapes(SQUARE, shapely.box(5000, 5000, 5100, 5100))
        points = access.access_points(graph, parks)
        found = access.distances_to_parks(graph, parks, points, [(100, 100), (5050, 5050), (-300, 100), (6000, 0)])
        assert found.metres[:3] == pytest.approx([0, 0, 300])
        assert np.isnan(found.metres[3]) and found.reason.tolist() == ["", "", "", reach.NOT_NEAR]

    def test_keep_chooses_parks(self):
        graph = graph_of([(-1000, 100), (2000, 100)], [(0, 1)])
        parks = shapes(SQUARE, shapely.box(1000, 0, 1200, 200))
        points = access.access_points(graph, parks)
        target = [(-100, 100)]
        keep = np.array([False, True])
        assert access.distances_to_parks(graph, parks, points, target).metres == pytest.approx([100])
        assert access.distances_to_parks(graph, parks, points, target, keep=keep).metres == pytest.approx([1100])
        none = access.distances_to_parks(graph, parks, points, target, keep=np.array([False, False]))
        assert none.metres[0] == np.inf

    def test_wrong_crs_is_refused(self):
        graph = graph_of(*STREET)
        with pytest.raises(CrsError, match="unit is not the metre"):
            access.access_points(graph, shapes(SQUARE, crs="EPSG:4326"))
        with pytest.raises(CrsError, match="walk network in"):
            access.access_points(graph, shapes(SQUARE, crs="EPSG:32611"))
        with pytest.raises(CrsError, match="no coordinate"):
            access.access_points(graph, shapes(SQUARE, crs=None))

    def test_no_parks(self):
        points = access.access_points(graph_of(*STREET), shapes())
        assert points.xy.shape == (0, 2) and len(points.rule) == 0


def test_merge_stops_by_mode_and_chain():
    xy = np.array([(0, 0), (29, 0), (58, 0), (100, 0), (0, 1), (0, 31.5)])
    merged = access.merge_stops(xy, np.array(["bus", "bus", "bus", "bus", "tram", "tram"]))
    assert merged.label.tolist() == [0, 0, 0, 1, 2, 3]
    assert merged.xy.tolist() == [[29, 0], [100, 0], [0, 1], [0, 31.5]]
    assert merged.kind.tolist() == ["bus", "bus", "tram", "tram"]
    none = access.merge_stops(np.empty((0, 2)), np.array([], dtype=str))
    assert none.xy.shape == (0, 2) and len(none.label) == 0


def test_dissolve_joins_pieces_within_a_metre():
    parks = shapes(shapely.box(0, 0, 10, 10), shapely.box(50, 0, 60, 10), shapely.box(10.9, 0, 20, 10))
    joined, label = access.dissolve(parks)
    assert label.tolist() == [0, 1, 0] and joined.area.tolist() == pytest.approx([191, 100])
    nothing, label = access.dissolve(shapes())
    assert len(nothing) == 0 and label.tolist() == []


def test_county_size_is_quick():
    """100,000 nodes, 20,000 targets, 500 sources: seconds at most, and right on a grid."""
    side = 300
    number = np.arange(side * side).reshape(side, side)
    nodes = np.stack(np.meshgrid(np.arange(side) * 100.0, np.arange(side) * 100.0, indexing="ij"), -1).reshape(-1, 2)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], 1)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1)
    segments = np.concatenate([down, across])
    graph = graph_of(nodes, segments)
    rng = np.random.default_rng(1)
    targets = nodes[rng.integers(0, len(nodes), 20_000)]
    sources = nodes[rng.integers(0, len(nodes), 500)]
    manhattan = np.full(len(targets), np.inf)
    for source in sources:
        manhattan = np.minimum(manhattan, np.abs(targets - source).sum(axis=1))
    assert np.abs(reach.distances(graph, sources, targets).metres - manhattan).max() < 1e-6
