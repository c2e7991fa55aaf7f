"""Reach: how far people walk along a street network, in metres.

A *graph* is a network brought to a metric CRS. A *snap* is the nearest place on a segment to a point, and how far it
is. *Sources* are what people walk to (stops, access points of parks), *targets* are where they start (blocks); walking
is the same in both directions, so one search from all sources answers all targets (METHODS 3.1).

Distances are exact for the network as it is drawn, also between two places on one segment. A source becomes a node with
an arc to either end of its segment; a target is reached over the nearer end, or directly from a source on its own
segment. A target's distance holds the straight line to its segment; a source's does not, since METHODS 3.1 and 6 insert
a node for it (a stop is on its pavement, an access point on its park's edge).

A target has no known distance (NaN) when no segment is near, or when the nearest one belongs to an *island*, a
component with a small share of the network's length: that says that the network is not known there, not that nobody
can walk. Sources look only at the rest of the network, so a stray scrap of pavement never swallows a stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray, Network
from justgeo.core.zones import StrArray
from justgeo.measure import snapping
from justgeo.measure.snapping import Segments

Geometries = npt.NDArray[np.object_]

SNAP_SOURCES_M = 100.0
SNAP_TARGETS_M = 200.0
ISLAND_SHARE = 0.02
NOT_NEAR = "network unknown: no walkable street near"
ISLAND = "network unknown: cut off from the rest of the streets"

# Bytes of one block of a many-to-many search: 64 MB, whatever the size of the network.
_BLOCK_BYTES = 64 * 2**20
_EMPTY = shapely.LineString()


@dataclass(frozen=True, eq=False)
class Graph:
    """A walk network in metres.

    Attributes
    ----------
    x, y : (n,) float
        Nodes in ``crs``, metres.
    u, v : (m,) int
        Ends of each segment; of segments between the same two nodes one is kept.
    length : (m,) float
        Metres. A segment of length 0 joins its ends, but nothing snaps to it.
    component : (n,) int
        Number of the connected component that each node belongs to.
    share : (c,) float
        Share of the network's length in each component.
    usable : (m,) bool
        Segments of components that are no islands.
    arcs : (n, n) sparse array
        Length of each segment, in one triangle.
    """

    x: FloatArray
    y: FloatArray
    u: IntArray
    v: IntArray
    length: FloatArray
    component: IntArray
    share: FloatArray
    usable: BoolArray
    crs: str
    arcs: csr_array = field(repr=False)

    @cached_property
    def usable_tree(self) -> shapely.STRtree:
        """Usable segments as lines; their rows are those of the segments, since trees pass over empty lines."""
        ends = np.stack([self._ends(self.u), self._ends(self.v)], axis=1)
        lines: Geometries = np.asarray(shapely.linestrings(ends), dtype=np.object_)
        lines[(self.length <= 0.0) | ~self.usable] = _EMPTY
        return shapely.STRtree(lines)

    @cached_property
    def segments(self) -> Segments:
        """All segments, ready to be snapped to."""
        return snapping.segments(self._ends(self.u), self._ends(self.v))

    @cached_property
    def usable_segments(self) -> Segments:
        """Segments that are no islands, ready to be snapped to."""
        if self.usable.all():
            return self.segments
        return snapping.segments(self._ends(self.u), self._ends(self.v), self.usable)

    def _ends(self, node: IntArray) -> FloatArray:
        return np.stack([self.x[node], self.y[node]], axis=1)

    @property
    def largest_share(self) -> float:
        """Share of the length in the largest component; 0 for an empty network."""
        return float(self.share.max()) if len(self.share) else 0.0


@dataclass(frozen=True, eq=False)
class Snap:
    """Places on the network nearest to k points.

    Attributes
    ----------
    segment : (k,) int
        Row of the segment, -1 where none is near enough.
    offset : (k,) float
        Metres from the segment's first end.
    distance : (k,) float
        Metres from the point to the place, ``inf`` where there is none.
    """

    segment: IntArray
    offset: FloatArray
    distance: FloatArray

    def __len__(self) -> int:
        return len(self.segment)

    @property
    def found(self) -> BoolArray:
        """Which points have a place, shape (k,)."""
        return np.asarray(self.segment >= 0, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Reached:
    """Walking distance of each target to its nearest source.

    Attributes
    ----------
    metres : (t,) float
        ``inf``: the network is known and nothing lies within the limit; NaN: the network is not known.
    reason : (t,) str
        Why ``metres`` is NaN, ``""`` elsewhere.
    """

    metres: FloatArray
    reason: StrArray


def metric(crs: str) -> CRS:
    """Read a CRS that lengths can be measured in.

    Raises
    ------
    CrsError
        It is not understood, geographic, or not in metres.
    """
    try:
        parsed = CRS.from_user_input(crs)
    except CRSError as error:
        raise CrsError(
            f"The coordinate reference system {crs!r} is not understood.", remedy="name it as EPSG:..."
        ) from error
    if parsed.is_geographic or any(axis.unit_name not in ("metre", "meter") for axis in parsed.axis_info[:2]):
        raise CrsError(
            f"Walking distances cannot be measured in {parsed.name!r}, whose unit is not the metre.",
            remedy="use a projected CRS in metres, such as the one chosen for the district.",
        )
    return parsed


def project(network: Network, crs: str, *, island_share: float = ISLAND_SHARE) -> Graph:
    """Bring a network to a metric CRS and find its components.

    Parameters
    ----------
    network : Network
        In any CRS.
    crs : str
        Metric CRS, anything that pyproj reads.
    island_share : float
        Components with less than this share of the length are islands.

    Raises
    ------
    CrsError
        ``crs`` is not metric, or the network's own is not understood.
    LayerError
        Node coordinates cannot be projected, or segments name nodes that are not there.
    """
    target = metric(crs)
    try:
        transformer = Transformer.from_crs(network.crs, target, always_xy=True)
    except CRSError as error:
        raise CrsError(
            f"The walk network's coordinate reference system {network.crs!r} is not understood.",
            remedy="declare it where the layer is read.",
        ) from error
    px, py = transformer.transform(network.x, network.y)
    x, y = np.asarray(px, dtype=np.float64), np.asarray(py, dtype=np.float64)
    u, v = np.asarray(network.u, dtype=np.int64), np.asarray(network.v, dtype=np.int64)
    _check(x, y, u, v)
    # Of segments drawn twice between the same nodes one stays: else two people on one street could not meet on it.
    _, once = np.unique(np.minimum(u, v) * max(len(x), 1) + np.maximum(u, v), return_index=True)
    once.sort()
    u, v = u[once], v[once]
    length = np.hypot(x[v] - x[u], y[v] - y[u])
    arcs = _arcs(len(x), u, v, length)
    count, label = connected_components(arcs, directed=False)
    component = label.astype(np.int64)
    by_component = np.bincount(component[u], weights=length, minlength=count).astype(np.float64)
    total = float(by_component.sum())
    share = by_component / total if total > 0 else by_component
    usable = np.asarray(share[component[u]] >= island_share, dtype=np.bool_)
    return Graph(x, y, u, v, length, component, share, usable, crs, arcs)


def snap(graph: Graph, points: FloatArray, limit_m: float, *, usable_only: bool = False) -> Snap:
    """Nearest place on the network for each point.

    Parameters
    ----------
    graph : Graph
    points : (k, 2) float
        Metres, in the graph's CRS.
    limit_m : float
        Farther segments do not count.
    usable_only : bool
        Pass over islands.

    Raises
    ------
    LayerError
        A point without coordinates.
    """
    found = snapping.nearest(graph.usable_segments if usable_only else graph.segments, points_in(points), limit_m)
    length = graph.length[found.segment] if len(graph.u) else 0.0
    return Snap(found.segment, found.share * length, found.metres)


def as_the_crow_flies(targets: FloatArray, sources: FloatArray) -> tuple[FloatArray, IntArray]:
    """Straight distance of each target to its nearest source, ``inf`` where there is none, and the source's row.

    Parameters
    ----------
    targets, sources : (t, 2), (s, 2) float
        Metres.
    """
    if not len(sources):
        return np.full(len(targets), np.inf), np.full(len(targets), -1, dtype=np.int64)
    distance, row = cKDTree(points_in(sources)).query(points_in(targets))
    return np.asarray(distance, dtype=np.float64), np.asarray(row, dtype=np.int64)


def why_unknown(graph: Graph, targets: Snap) -> StrArray:
    """Why the network is not known at each target, ``""`` where it is; shape (t,)."""
    if not len(graph.u):
        return np.full(len(targets), NOT_NEAR)
    on_island = ~graph.usable[np.where(targets.found, targets.segment, 0)]
    return np.where(~targets.found, NOT_NEAR, np.where(on_island, ISLAND, ""))


def distances(
    graph: Graph,
    sources: FloatArray,
    targets: FloatArray | Snap,
    *,
    snap_sources_m: float = SNAP_SOURCES_M,
    snap_targets_m: float = SNAP_TARGETS_M,
    limit: float = np.inf,
) -> Reached:
    """Walking distance from each target to its nearest source (multi-source Dijkstra, METHODS 3.1).

    Parameters
    ----------
    graph : Graph
    sources : (s, 2) float
        Metres, in the graph's CRS. Those with no usable segment within ``snap_sources_m`` are left out.
    targets : (t, 2) float or Snap
        Points, or points snapped before (then ``snap_targets_m`` is not looked at).
    limit : float
        Metres beyond which a distance, the target's own snap included, is ``inf``.

    Returns
    -------
    Reached
    """
    at = targets if isinstance(targets, Snap) else snap(graph, targets, snap_targets_m)
    start = snap(graph, sources, snap_sources_m, usable_only=True)
    reason = why_unknown(graph, at)
    known = np.flatnonzero(reason == "")
    if not len(known):
        return Reached(np.full(len(at), np.nan), reason)
    known_at, origins = _take(at, known), _take(start, np.flatnonzero(start.found))
    along = np.full(len(graph.x), np.inf)
    if len(origins):
        arcs = _with_sources(graph, origins)
        rows = np.arange(len(graph.x), arcs.shape[0])
        along = dijkstra(arcs, directed=False, indices=rows, min_only=True, limit=limit)
    total = _from_ends(graph, np.asarray(along, dtype=np.float64), known_at)
    _, target, metres = _on_one_segment(origins, known_at)
    np.minimum.at(total, target, metres)
    total += known_at.distance
    reached = np.full(len(at), np.nan)
    reached[known] = np.where(total <= limit, total, np.inf)
    return Reached(reached, reason)


def within(
    graph: Graph,
    sources: FloatArray,
    targets: FloatArray | Snap,
    limit: float,
    *,
    snap_sources_m: float = SNAP_SOURCES_M,
    snap_targets_m: float = SNAP_TARGETS_M,
) -> csr_array:
    """Which sources each target can walk to within a limit.

    Parameters
    ----------
    graph, sources, targets, snap_sources_m, snap_targets_m
        As in :func:`distances`.
    limit : float
        Metres, the target's own snap included.

    Returns
    -------
    (t, s) sparse array of bool
        A target whose network is not known has an empty row: ask :func:`why_unknown` before reading it as "none".
    """
    at = targets if isinstance(targets, Snap) else snap(graph, targets, snap_targets_m)
    start = snap(graph, sources, snap_sources_m, usable_only=True)
    known, origin = np.flatnonzero(why_unknown(graph, at) == ""), np.flatnonzero(start.found)
    shape = (len(at), len(start))
    if not len(known) or not len(origin):
        return csr_array(shape, dtype=np.bool_)
    known_at, origins = _take(at, known), _take(start, origin)
    arcs = _with_sources(graph, origins)
    source, target, metres = _on_one_segment(origins, known_at)
    direct = metres + known_at.distance[target] <= limit
    rows, columns = [known[target[direct]]], [origin[source[direct]]]
    step = max(1, _BLOCK_BYTES // (8 * arcs.shape[0]))
    for begin in range(0, len(origin), step):
        first = len(graph.x) + begin
        indices = np.arange(first, min(first + step, arcs.shape[0]))
        along = np.asarray(dijkstra(arcs, directed=False, indices=indices, limit=limit), dtype=np.float64)
        source, target = np.nonzero(_from_ends(graph, along, known_at) + known_at.distance <= limit)
        rows.append(known[target])
        columns.append(origin[source + begin])
    row, column = np.concatenate(rows), np.concatenate(columns)
    # A pair that is near both ways stands there twice, and once in the matrix: of truth values the sum is "or".
    return coo_array((np.ones(len(row), dtype=np.bool_), (row, column)), shape=shape).tocsr()


def _check(x: FloatArray, y: FloatArray, u: IntArray, v: IntArray) -> None:
    wrong = int((~(np.isfinite(x) & np.isfinite(y))).sum())
    if wrong:
        raise LayerError(
            f"{wrong} of {len(x)} nodes of the walk network have no place in the district's metric CRS.",
            remedy="check the coordinates and the declared CRS of the walk network.",
        )
    if len(u) and (min(u.min(), v.min()) < 0 or max(u.max(), v.max()) >= len(x)):
        raise LayerError(
            f"The walk network's segments name nodes beyond its {len(x)} nodes.",
            remedy="make the network again from its source; this one is damaged.",
        )


def points_in(points: FloatArray) -> FloatArray:
    """Points as (k, 2) float; a point without coordinates is an error."""
    xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    wrong = int((~np.isfinite(xy)).any(axis=1).sum())
    if wrong:
        raise LayerError(
            f"{wrong} of {len(xy)} points have no coordinates.",
            remedy="remove rows with empty geometry from the layer.",
        )
    return xy


def _take(places: Snap, rows: npt.NDArray[np.intp]) -> Snap:
    return Snap(places.segment[rows], places.offset[rows], places.distance[rows])


def _with_sources(graph: Graph, sources: Snap) -> csr_array:
    """The graph's arcs and, as last rows, those of every source to both ends of its segment."""
    ends = np.stack([graph.u[sources.segment], graph.v[sources.segment]], axis=1)
    metres = np.stack([sources.offset, graph.length[sources.segment] - sources.offset], axis=1)
    arcs, n = graph.arcs, len(graph.x) + len(sources)
    pointer = arcs.indptr[-1] + 2 * np.arange(1, len(sources) + 1)
    data = np.concatenate([arcs.data, metres.ravel()])
    indices = np.concatenate([arcs.indices, ends.ravel()])
    made: csr_array = csr_array((data, indices, np.concatenate([arcs.indptr, pointer])), shape=(n, n))
    return made


def _from_ends(graph: Graph, along: FloatArray, targets: Snap) -> FloatArray:
    """Metres to each target over the nearer end of its segment, from those to every node: (..., n) to (..., t)."""
    u, v = graph.u[targets.segment], graph.v[targets.segment]
    rest = graph.length[targets.segment] - targets.offset
    return np.asarray(np.minimum(along[..., u] + targets.offset, along[..., v] + rest), dtype=np.float64)


def _on_one_segment(sources: Snap, targets: Snap) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows of sources and targets that lie on one segment, and the metres between them along it."""
    order = np.argsort(sources.segment, kind="stable")
    begin, end = (np.searchsorted(sources.segment, targets.segment, side, sorter=order) for side in ("left", "right"))
    count = end - begin
    target = np.repeat(np.arange(len(targets)), count)
    source = order[np.arange(len(target)) - np.repeat(np.cumsum(count) - count - begin, count)]
    return source, target, np.abs(sources.offset[source] - targets.offset[target])


def _arcs(nodes: int, a: IntArray, b: IntArray, w: FloatArray) -> csr_array:
    """Undirected arcs as one triangle of a CSR matrix; of parallel arcs the shortest (CSR would add them up)."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((w, high, low))
    low, high, w = low[order], high[order], w[order]
    new = np.ones(len(w), dtype=np.bool_)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return coo_array((w[new], (low[new], high[new])), shape=(nodes, nodes)).tocsr()
