"""Benchmark 1: every block to the nearest of 300 places, snapping included.

Each way has two steps: *ready*, which a network needs once, and *asked*, which every kind of place needs: snapping of
blocks and places, and the search. Rivals come with the benchmark extra; what is not there has no line.

``python -m tests.benchmarks.bench --only walking``
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import networkx as nx
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from justgeo.core.layer import FloatArray
from justgeo.measure import reach
from tests.benchmarks.streets import CRS, Streets, streets
from tests.benchmarks.timing import goal, markdown, race, told, versions

PLACES = 300
NODES_A_BLOCK = 20
"""Nodes of drawn paths for each block; the United States have some 8 million blocks."""
SIZES, ROUNDS = (10_000, 100_000), 5
LIMIT = 1.5
PANDANA_NODES = 20_000
"""A larger grid is not given to pandana: contracting one of 100,000 nodes did not end in six minutes."""
OURS, NEXT, BARE = "justgeo", "justgeo, blocks snapped before", "bare SciPy"


@dataclass(frozen=True)
class Case:
    """One network with its blocks and places."""

    streets: Streets
    blocks: FloatArray
    places: FloatArray

    @cached_property
    def far_m(self) -> float:
        """A limit for pandana, whose time grows with it: the next whole kilometre above the farthest answer."""
        return float(np.ceil(_ask_bare(self, _bare(self)).max() / 1000.0) * 1000.0)


@dataclass(frozen=True)
class Way:
    """How somebody answers: ``ready`` gives what ``ask`` takes."""

    name: str
    ready: Callable[[Case], Any]
    ask: Callable[[Case, Any], FloatArray]
    to: str = "nodes"


def case(nodes: int, *, on_nodes: bool = False, seed: int = 2) -> Case:
    """Blocks and places anywhere in the grid, or at nodes of it, where all ways have to agree."""
    made = streets(nodes)
    rng = np.random.default_rng(seed)
    number = max(nodes // NODES_A_BLOCK, 20)
    if on_nodes:
        picked = [made.xy[rng.choice(len(made.xy), k, replace=False)] for k in (number, PLACES)]
        return Case(made, picked[0], picked[1])
    return Case(made, made.points(number, rng), made.points(PLACES, rng))


def ways(nodes: int) -> Iterator[Way]:
    """Those that can be tried here and at this size; ours and bare SciPy always."""
    yield Way(OURS, _project, lambda c, g: reach.distances(g, c.places, c.blocks).metres, "streets")
    yield Way(NEXT, _snapped, lambda c, g: reach.distances(g[0], c.places, g[1]).metres, "streets")
    yield Way(BARE, _bare, _ask_bare)
    if _there("pandana") and nodes <= PANDANA_NODES:
        yield Way("pandana", _pandana, _ask_pandana)
    yield Way("networkx", _networkx, _ask_networkx)
    if _there("osmnx"):
        yield Way("osmnx with networkx", _osmnx, _ask_osmnx)


def oracle(some: Case) -> FloatArray:
    """The answer to blocks and places on their streets by shapely and networkx; slow, no code in common with ours."""
    made = some.streets
    lines = shapely.linestrings(np.stack([made.xy[made.u], made.xy[made.v]], axis=1))
    tree = shapely.STRtree(lines)
    points = {"block": shapely.points(some.blocks), "place": shapely.points(some.places)}
    on: dict[int, list[tuple[float, tuple[str, int]]]] = {}
    away = np.zeros(len(some.blocks))
    starts = []
    for kind, shapes in points.items():
        for number, (line, point) in enumerate(zip(tree.nearest(shapes), shapes, strict=True)):
            if kind == "place" and lines[line].distance(point) > reach.SNAP_SOURCES_M:
                continue
            on.setdefault(int(line), []).append((float(lines[line].project(point)), (kind, number)))
            if kind == "block":
                away[number] = lines[line].distance(point)
            else:
                starts.append((kind, number))
    graph = nx.Graph()
    for row, (a, b, length) in enumerate(zip(made.u.tolist(), made.v.tolist(), made.length.tolist(), strict=True)):
        stations = [(0.0, a), *sorted(on.get(row, [])), (length, b)]
        for (begin, one), (end, other) in itertools.pairwise(stations):
            graph.add_edge(one, other, weight=end - begin)
    found = nx.multi_source_dijkstra_path_length(graph, starts, weight="weight")
    return np.array([found[("block", k)] for k in range(len(some.blocks))]) + away


def differences(some: Case, right: FloatArray) -> dict[str, FloatArray]:
    """Absolute difference of each way from an answer, metres."""
    return {way.name: np.abs(way.ask(some, way.ready(some)) - right) for way in ways(len(some.streets.xy))}


def section(sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS) -> str:
    """Time and ratios for each size, and what was equal."""
    parts = [TEXT.format(places=PLACES, density=NODES_A_BLOCK, rounds=rounds, limit=reach.SNAP_TARGETS_M)]
    found = {}
    for nodes in sizes:
        table, found[nodes] = _measured(case(nodes), rounds)
        parts.append(table)
    first, later = found[max(sizes)]
    parts.insert(
        1,
        goal(f"first kind of place, {max(sizes):,} nodes, over bare SciPy", first, LIMIT)
        + "\n\n"
        + goal("every further kind of place, over bare SciPy", later, LIMIT),
    )
    parts.append(_equal(min(sizes)))
    parts.append(WHY)
    parts.append("Rivals: " + versions("scipy", "pandana", "networkx", "osmnx") + ".")
    return "\n\n".join(parts)


def _measured(some: Case, rounds: int) -> tuple[str, tuple[float, float]]:
    assert some.far_m > 0  # found before anything is timed
    tried = list(ways(len(some.streets.xy)))
    ready: dict[str, Any] = {}

    def make(way: Way) -> None:
        ready[way.name] = way.ready(some)

    # What takes some seconds is made ready once, the others in rounds.
    made = {way.name: race({way.name: partial(make, way)}, 1, warm=False)[way.name] for way in tried}
    quick = {way.name: partial(way.ready, some) for way in tried if way.name in (OURS, BARE)}
    made |= race(quick, rounds)
    asked = race({way.name: partial(way.ask, some, ready[way.name]) for way in tried}, rounds)
    base = asked[BARE]
    both = made[BARE].cpu_seconds + base.cpu_seconds
    lines = []
    for way in tried:
        once, time = made[way.name], asked[way.name]
        lines.append(
            [way.name, way.to, told(once.cpu_seconds), told(time.cpu_seconds), told(time.seconds),
             f"{time.over(base):.2f}", f"{(once.cpu_seconds + time.cpu_seconds) / both:.2f}"]
        )  # fmt: skip
    head = ("way", "snaps to", "ready, CPU ms", "asked, CPU ms", "asked, ms", "asked over bare", "both over bare")
    title = f"**{len(some.streets.xy):,} nodes, {len(some.streets.u):,} streets, {len(some.blocks):,} blocks**"
    return f"{title}\n\n{markdown(head, lines)}", (asked[OURS].over(base), asked[NEXT].over(base))


def _equal(nodes: int) -> str:
    at = case(nodes, on_nodes=True)
    same = differences(at, _ask_bare(at, _bare(at)))
    anywhere = case(nodes)
    off = differences(anywhere, oracle(anywhere))
    lines = [[name, f"{same[name].max():.2g}", f"{off[name].mean():.2g}", f"{off[name].max():.2g}"] for name in same]
    head = ("way", "points at nodes: largest difference from bare SciPy, m",
            "points anywhere: mean difference from the right answer, m", "largest, m")  # fmt: skip
    return f"**What was equal** ({nodes:,} nodes)\n\n{markdown(head, lines)}"


def _there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _project(some: Case) -> reach.Graph:
    graph = reach.project(some.streets.network(), CRS)
    assert graph.usable_segments is not None  # found when first asked for; the network needs them once
    return graph


def _snapped(some: Case) -> tuple[reach.Graph, reach.Snap]:
    graph = _project(some)
    return graph, reach.snap(graph, some.blocks, reach.SNAP_TARGETS_M)


def _bare(some: Case) -> tuple[Any, cKDTree]:
    made = some.streets
    n = len(made.xy)
    return coo_array((made.length, (made.u, made.v)), shape=(n, n)).tocsr(), cKDTree(made.xy)


def _ask_bare(some: Case, ready: tuple[Any, cKDTree]) -> FloatArray:
    arcs, tree = ready
    away, block = tree.query(some.blocks)
    _, place = tree.query(some.places)
    along = dijkstra(arcs, directed=False, indices=np.unique(place), min_only=True)
    return np.asarray(along[block] + away, dtype=np.float64)


def _pandana(some: Case) -> Any:
    import pandana
    import pandas as pd

    made = some.streets
    x, y = pd.Series(made.xy[:, 0]), pd.Series(made.xy[:, 1])
    return pandana.Network(x, y, pd.Series(made.u), pd.Series(made.v), pd.DataFrame({"m": made.length}), twoway=True)


def _ask_pandana(some: Case, network: Any) -> FloatArray:
    import pandas as pd

    x, y = pd.Series(some.places[:, 0]), pd.Series(some.places[:, 1])
    network.set_pois("places", some.far_m, 1, x, y)
    along = network.nearest_pois(some.far_m, "places", num_pois=1)[1].to_numpy()
    node = network.get_node_ids(some.blocks[:, 0], some.blocks[:, 1]).to_numpy()
    return np.asarray(along[node] + np.hypot(*(some.blocks - some.streets.xy[node]).T), dtype=np.float64)


def _networkx(some: Case) -> tuple[nx.Graph, cKDTree]:
    made = some.streets
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(made.u.tolist(), made.v.tolist(), made.length.tolist(), strict=True))
    return graph, cKDTree(made.xy)


def _ask_networkx(some: Case, ready: tuple[nx.Graph, cKDTree]) -> FloatArray:
    graph, tree = ready
    away, block = tree.query(some.blocks)
    found = nx.multi_source_dijkstra_path_length(graph, set(tree.query(some.places)[1].tolist()), weight="weight")
    return np.array([found[node] for node in block.tolist()]) + away


def _osmnx(some: Case) -> nx.MultiDiGraph:
    made = some.streets
    graph = nx.MultiDiGraph(crs=CRS)
    graph.add_nodes_from((k, {"x": x, "y": y}) for k, (x, y) in enumerate(made.xy.tolist()))
    for a, b, length in zip(made.u.tolist(), made.v.tolist(), made.length.tolist(), strict=True):
        graph.add_edge(a, b, length=length)
        graph.add_edge(b, a, length=length)
    return graph


def _ask_osmnx(some: Case, graph: nx.MultiDiGraph) -> FloatArray:
    import osmnx

    block, away = osmnx.distance.nearest_nodes(graph, some.blocks[:, 0], some.blocks[:, 1], return_dist=True)
    place = osmnx.distance.nearest_nodes(graph, some.places[:, 0], some.places[:, 1])
    found = nx.multi_source_dijkstra_path_length(graph, set(np.asarray(place).tolist()), weight="length")
    return np.array([found[node] for node in np.asarray(block).tolist()]) + away


TEXT = """\
The walking distance of every block to the nearest of {places} places, on an invented grid whose corners are shaken
and of whose streets 12 % are missing; one block for {density} nodes. *Ready* is what a network needs once, *asked*
what every kind of place needs: blocks and places snapped, one search from all places. Ours puts a point on the
nearest spot of the nearest street, and a source at its own spot; all others put it on the nearest node. All add the
straight line from the block. In a run, blocks are snapped once for all kinds of places, which is the second line.
Medians of {rounds} rounds; ratios are of CPU time. pandana is given the least whole kilometre that reaches every
block, since its time grows with the limit; the others have none. It is not asked about the larger grid: contracting
that did not end in six minutes of a machine with other work."""

WHY = """\
Where points lie at nodes, all ways give one answer (pandana rounds to its own precision). Elsewhere only ours is right
for the network as it is drawn: `oracle` in the script puts points on their streets by shapely, splits these, and
searches with networkx. So ours does more than the bare search; the rest of its time over bare SciPy is the nearest
*street* in place of the nearest *node* (`measure/snapping.py`: the eight nearest middles of pieces of streets, and the
exact foot on each). Some milliseconds of fixed work weigh on the small network. *Ready* is four times that of bare
SciPy,
once a network: streets drawn twice, parts that hang together, islands, and a tree of pieces of streets where bare SciPy
has one of nodes."""
