"""Reach: how far people walk along a street network, in metres.

A *graph* is a network brought to a metric CRS. A *snap* is the nearest place on a segment to a point, and how far it
is. *Sources* are what people walk to (stops, access points of parks), *targets* are where they start (blocks); walking
is the same in both directions, so one search from all sources answers all targets (METHODS 3.1).

Every snapped place becomes a node that splits its segment, so distances are exact for the network as it is drawn: also
between two places on one segment. A target's distance holds the straight line to its segment; a source's does not,
since METHODS 3.1 and 6 insert a node for it (a stop is on its pavement, an access point on its park's edge).

A target has no known distance (NaN) when no segment is near, or when the nearest one belongs to an *island*, a
component with a small share of the network's length: that says that the network is not known there, not that nobody
can walk. Sources look only at the rest of the network, so a stray scrap of pavement never swallows a stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    tree: shapely.STRtree = field(repr=False)
    usable_tree: shapely.STRtree = field(repr=False)

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
    _, once = np.unique(np.stack([np.minimum(u, v), np.maximum(u, v)]), axis=1, return_index=True)
    u, v = u[np.sort(once)], v[np.sort(once)]
    length = np.hypot(x[v] - x[u], y[v] - y[u])
    joined = _arcs(len(x), u, v, length)
    count, label = connected_components(joined, directed=False)
    component = label.astype(np.int64)
    by_component = np.bincount(component[u], weights=length, minlength=count).astype(np.float64)
    total = float(by_component.sum())
    share = by_component / total if total > 0 else by_component
    usable = np.asarray(share[component[u]] >= island_share, dtype=np.bool_)
    ends = np.stack([np.stack([x[u], y[u]], axis=1), np.stack([x[v], y[v]], axis=1)], axis=1)
    lines: Geometries = np.asarray(shapely.linestrings(ends), dtype=np.object_)
    # Trees pass over empty lines; this keeps their rows those of the segments.
    lines[length <= 0.0] = _EMPTY
    everywhere = shapely.STRtree(lines)
    usable_tree = everywhere if usable.all() else shapely.STRtree(np.where(usable, lines, np.array(_EMPTY)))
    return Graph(x, y, u, v, length, component, share, usable, crs, everywhere, usable_tree)


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
    xy = points_in(points)
    segment = np.full(len(xy), -1, dtype=np.int64)
    if len(xy) and len(graph.u):
        tree = graph.usable_tree if usable_only else graph.tree
        reach = np.nextafter(limit_m, np.inf)
        row, hit = tree.query_nearest(shapely.points(xy), max_distance=reach, all_matches=True)
        # Of equally near segments the first, so that the same input gives the same answer on every machine.
        order = np.lexsort((hit, row))
        first = order[np.unique(row[order], return_index=True)[1]]
        segment[row[first]] = hit[first]
    found = segment >= 0
    offset, distance = _foot(graph, xy, np.where(found, segment, 0)) if len(graph.u) else (xy[:, 0], xy[:, 0])
    near = found & (distance <= limit_m)
    return Snap(np.where(near, segment, -1), np.where(near, offset, 0.0), np.where(near, distance, np.inf))


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
    metres = np.full(len(at), np.nan)
    known = np.flatnonzero(reason == "")
    if not len(known):
        return Reached(metres, reason)
    origin = np.flatnonzero(start.found)
    arcs, node = _split(graph, [_take(start, origin), _take(at, known)])
    along = dijkstra(arcs, directed=False, indices=node[0], min_only=True, limit=limit)
    total = np.asarray(along, dtype=np.float64)[node[1]] + at.distance[known]
    metres[known] = np.where(total <= limit, total, np.inf)
    return Reached(metres, reason)


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
    arcs, node = _split(graph, [_take(start, origin), _take(at, known)])
    step = max(1, _BLOCK_BYTES // (8 * arcs.shape[0]))
    rows: list[IntArray] = []
    columns: list[IntArray] = []
    for begin in range(0, len(origin), step):
        along = dijkstra(arcs, directed=False, indices=node[0][begin : begin + step], limit=limit)
        near = np.asarray(along, dtype=np.float64)[:, node[1]] + at.distance[known] <= limit
        source, target = np.nonzero(near)
        rows.append(known[target])
        columns.append(origin[source + begin])
    row, column = np.concatenate(rows), np.concatenate(columns)
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


def _foot(graph: Graph, xy: FloatArray, segment: IntArray) -> tuple[FloatArray, FloatArray]:
    """Offset and distance of each point's nearest place on a given segment."""
    ax, ay = graph.x[graph.u[segment]], graph.y[graph.u[segment]]
    length = np.maximum(graph.length[segment], np.finfo(np.float64).tiny)
    dx, dy = (graph.x[graph.v[segment]] - ax) / length, (graph.y[graph.v[segment]] - ay) / length
    offset = np.clip((xy[:, 0] - ax) * dx + (xy[:, 1] - ay) * dy, 0.0, graph.length[segment])
    return offset, np.hypot(xy[:, 0] - ax - offset * dx, xy[:, 1] - ay - offset * dy)


def _take(places: Snap, rows: npt.NDArray[np.intp]) -> Snap:
    return Snap(places.segment[rows], places.offset[rows], places.distance[rows])


def _split(graph: Graph, places: list[Snap]) -> tuple[csr_array, list[IntArray]]:
    """Insert snapped places as nodes; return the arcs and the node number of every place."""
    segment = np.concatenate([p.segment for p in places])
    offset = np.concatenate([p.offset for p in places])
    number = len(graph.x) + np.arange(len(segment), dtype=np.int64)
    cut = np.unique(segment)
    # All stations of each cut segment in order: first end, places by offset, last end. Neighbours become arcs.
    on = np.concatenate([cut, segment, cut])
    station = np.concatenate([np.zeros(len(cut)), offset, graph.length[cut]])
    rank = np.repeat([0, 1, 2], [len(cut), len(segment), len(cut)])
    node = np.concatenate([graph.u[cut], number, graph.v[cut]])
    order = np.lexsort((rank, station, on))
    on, station, node = on[order], station[order], node[order]
    same = on[1:] == on[:-1]
    whole = np.ones(len(graph.u), dtype=np.bool_)
    whole[cut] = False
    a = np.concatenate([graph.u[whole], node[:-1][same]])
    b = np.concatenate([graph.v[whole], node[1:][same]])
    w = np.concatenate([graph.length[whole], np.diff(station)[same]])
    arcs = _arcs(len(graph.x) + len(segment), a, b, w)
    bounds = np.cumsum([len(p) for p in places])[:-1]
    return arcs, [np.asarray(part, dtype=np.int64) for part in np.split(number, bounds)]


def _arcs(nodes: int, a: IntArray, b: IntArray, w: FloatArray) -> csr_array:
    """Undirected arcs as one triangle of a CSR matrix; of parallel arcs the shortest (CSR would add them up)."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((w, high, low))
    low, high, w = low[order], high[order], w[order]
    new = np.ones(len(w), dtype=np.bool_)
    new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return coo_array((w[new], (low[new], high[new])), shape=(nodes, nodes)).tocsr()
