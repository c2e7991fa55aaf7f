"""Access: where people step into a park, and stops that are one stop to those who use them.

METHODS 6: access points are where walkable segments cross the park's edge, mapped entrances, and points every 20 m
along the edge within 30 m of the network. A park with mapped entrances has no need of the points every 20 m; crossings
always count, since a mapped path through the edge is a way in. METHODS 3.1: stops of one mode within 30 m are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from justgeo.core.errors import CrsError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import StrArray
from justgeo.measure.reach import (
    SNAP_SOURCES_M,
    SNAP_TARGETS_M,
    Geometries,
    Graph,
    Reached,
    Snap,
    distances,
    metric,
    points_in,
)

EDGE_SPACING_M = 20.0
EDGE_NEAR_M = 30.0
MERGE_STOPS_M = 30.0
DISSOLVE_M = 1.0


@dataclass(frozen=True, eq=False)
class AccessPoints:
    """Where parks are entered.

    Attributes
    ----------
    xy : (k, 2) float
        Metres.
    park : (k,) int
        Row of the park.
    rule : (k,) str
        ``"entrance"`` (mapped), ``"crossing"`` (a segment crosses the edge) or ``"edge"`` (a point every 20 m).
    """

    xy: FloatArray
    park: IntArray
    rule: StrArray


@dataclass(frozen=True, eq=False)
class MergedStops:
    """Stops that are one to those who use them.

    Attributes
    ----------
    xy : (c, 2) float
        Mean place of the members, metres.
    kind : (c,) str
    label : (k,) int
        Merged stop of each stop that went in.
    """

    xy: FloatArray
    kind: StrArray
    label: IntArray


def merge_stops(points: FloatArray, kind: StrArray, distance_m: float = MERGE_STOPS_M) -> MergedStops:
    """Merge stops of one mode that hang together by steps of at most ``distance_m`` (METHODS 3.1).

    Parameters
    ----------
    points : (k, 2) float
        Metres.
    kind : (k,) str
        Mode; stops of different modes stay apart.
    """
    xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    label = np.full(len(xy), -1, dtype=np.int64)
    kinds: list[str] = []
    for mode in np.unique(kind):
        rows = np.flatnonzero(kind == mode)
        part = cluster(xy[rows], distance_m)
        label[rows] = part + len(kinds)
        kinds += [str(mode)] * (int(part.max()) + 1)
    size = np.bincount(label, minlength=len(kinds)).astype(np.float64)
    mean = [np.bincount(label, weights=xy[:, axis], minlength=len(kinds)) / size for axis in (0, 1)]
    return MergedStops(np.stack(mean, axis=1), np.array(kinds, dtype=np.str_), label)


def dissolve(parks: gpd.GeoSeries, gap_m: float = DISSOLVE_M) -> tuple[gpd.GeoSeries, IntArray]:
    """Join parks closer than ``gap_m``, so that a park in pieces has its whole size (METHODS 6).

    Parameters
    ----------
    parks : GeoSeries
        Polygons in a metric CRS.

    Returns
    -------
    joined : GeoSeries
        (c,) polygons or multipolygons.
    label : (n,) int
        Row of ``joined`` for each park.
    """
    _metric_of(parks, "parks")
    shapes = parks.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m)
    label = grouped(len(shapes), left, right)
    groups = [shapes[label == number] for number in range(int(label.max()) + 1 if len(label) else 0)]
    return gpd.GeoSeries([shapely.union_all(group) for group in groups], crs=parks.crs), label


def access_points(
    graph: Graph,
    parks: gpd.GeoSeries,
    entrances: gpd.GeoSeries | None = None,
    *,
    spacing_m: float = EDGE_SPACING_M,
    near_m: float = EDGE_NEAR_M,
) -> AccessPoints:
    """Access points of each park (METHODS 6, after TPL ParkServe and the GHSCI code).

    Parameters
    ----------
    graph : Graph
    parks : GeoSeries
        (p,) polygons in the graph's CRS.
    entrances : GeoSeries or None
        Mapped entrances, points in the graph's CRS. One counts for each park whose edge it is within ``near_m`` of,
        when a usable segment is within ``near_m`` too.

    Raises
    ------
    CrsError
        Parks or entrances are not in the graph's CRS.
    """
    _same_crs(parks, graph, "parks")
    edges = shapely.boundary(parks.to_numpy())
    parts = [_crossings(graph, edges)]
    gated = np.zeros(len(edges), dtype=np.bool_)
    if entrances is not None and len(entrances):
        _same_crs(entrances, graph, "park entrances")
        mapped = _entrances(graph, edges, entrances.to_numpy(), near_m)
        gated[mapped[1]] = True
        parts.append(mapped)
    parts.append(_edge_points(graph, edges, ~gated, spacing_m, near_m))
    rule = np.repeat(
        ["crossing", "entrance", "edge"] if len(parts) == 3 else ["crossing", "edge"], [len(p[1]) for p in parts]
    )
    xy = np.concatenate([p[0] for p in parts])
    return AccessPoints(xy, np.concatenate([p[1] for p in parts]), rule.astype(np.str_))


def distances_to_parks(
    graph: Graph,
    parks: gpd.GeoSeries,
    access: AccessPoints,
    targets: FloatArray,
    *,
    keep: BoolArray | None = None,
    at: Snap | None = None,
    snap_sources_m: float = SNAP_SOURCES_M,
    snap_targets_m: float = SNAP_TARGETS_M,
    limit: float = np.inf,
) -> Reached:
    """Walking distance from each target to the nearest access point of a park; 0 inside a park.

    Parameters
    ----------
    graph, parks, access
        As for and from :func:`access_points`.
    targets : (t, 2) float
        Metres.
    keep : (p,) bool or None
        Parks that count (by size, say); all when None.
    at : Snap or None
        The targets snapped before.
    snap_sources_m, snap_targets_m, limit
        As in :func:`justgeo.measure.reach.distances`.
    """
    _same_crs(parks, graph, "parks")
    chosen = np.ones(len(parks), dtype=np.bool_) if keep is None else np.asarray(keep, dtype=np.bool_)
    reached = distances(
        graph,
        access.xy[chosen[access.park]],
        targets if at is None else at,
        snap_sources_m=snap_sources_m,
        snap_targets_m=snap_targets_m,
        limit=limit,
    )
    inside = np.zeros(len(reached.metres), dtype=np.bool_)
    points = shapely.points(np.asarray(targets, dtype=np.float64).reshape(-1, 2))
    inside[shapely.STRtree(parks.to_numpy()[chosen]).query(points, predicate="intersects")[0]] = True
    # Who lives in a park needs no network to reach it.
    return Reached(np.where(inside, 0.0, reached.metres), np.where(inside, "", reached.reason))


def cluster(points: FloatArray, distance_m: float) -> IntArray:
    """Label points that hang together by steps of at most ``distance_m`` (DBSCAN with single points as clusters).

    Parameters
    ----------
    points : (k, 2) float
        Metres.

    Returns
    -------
    (k,) int
        Labels from 0, in the order in which the clusters' first points come.
    """
    xy = points_in(points)
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    pairs = cKDTree(xy).query_pairs(distance_m, output_type="ndarray")
    return grouped(len(xy), pairs[:, 0], pairs[:, 1])


def grouped(count: int, left: IntArray, right: IntArray) -> IntArray:
    """Label things that pairs join, from 0 in the order of their first members; shape (count,)."""
    if not count:
        return np.empty(0, dtype=np.int64)
    joined = coo_array((np.ones(len(left)), (left, right)), shape=(count, count)).tocsr()
    label = connected_components(joined, directed=False)[1]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse], dtype=np.int64)


def _crossings(graph: Graph, edges: Geometries) -> tuple[FloatArray, IntArray]:
    """Where usable segments meet a park's edge; of a segment that runs along the edge, its ends there."""
    park, segment = graph.usable_tree.query(edges, predicate="intersects")
    met = shapely.intersection(graph.usable_tree.geometries[segment], edges[park])
    xy, row = shapely.get_coordinates(met, return_index=True)
    return xy, park[row].astype(np.int64)


def _entrances(graph: Graph, edges: Geometries, points: Geometries, near_m: float) -> tuple[FloatArray, IntArray]:
    reachable = points[_near_network(graph, points, near_m)]
    park, row = shapely.STRtree(reachable).query(edges, predicate="dwithin", distance=near_m)
    return shapely.get_coordinates(reachable)[row], park.astype(np.int64)


def _edge_points(
    graph: Graph, edges: Geometries, wanted: BoolArray, spacing_m: float, near_m: float
) -> tuple[FloatArray, IntArray]:
    rows = np.flatnonzero(wanted)
    rings, owner = shapely.get_parts(edges[rows], return_index=True)
    count = np.maximum(np.ceil(shapely.length(rings) / spacing_m), 1).astype(np.int64)
    ring = np.repeat(np.arange(len(rings)), count)
    step = np.arange(len(ring)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(rings[ring], step * spacing_m)
    near = _near_network(graph, points, near_m)
    return shapely.get_coordinates(points[near]), rows[owner[ring[near]]].astype(np.int64)


def _near_network(graph: Graph, points: Geometries, near_m: float) -> IntArray:
    """Rows of points with a usable segment within ``near_m``."""
    return np.unique(graph.usable_tree.query(points, predicate="dwithin", distance=near_m)[0]).astype(np.int64)


def _metric_of(shapes: gpd.GeoSeries, what: str) -> CRS:
    if shapes.crs is None:
        raise CrsError(f"The {what} have no coordinate reference system.", remedy="declare it where the layer is read.")
    return metric(shapes.crs.to_wkt())


def _same_crs(shapes: gpd.GeoSeries, graph: Graph, what: str) -> None:
    if _metric_of(shapes, what) != CRS.from_user_input(graph.crs):
        raise CrsError(
            f"The {what} are in {shapes.crs.name!r}, the walk network in {CRS.from_user_input(graph.crs).name!r}.",
            remedy="bring both to the district's metric CRS first.",
        )
