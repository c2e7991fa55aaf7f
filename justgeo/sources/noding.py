"""Nodes and segments of drawn lines: where lines meet, and where they only pass over one another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.access import cluster, grouped

SNAP_M = 0.05
_METRES_PER_DEGREE = 111_320.0


class Noded(NamedTuple):
    """Nodes (longitude, latitude) and segments (node numbers of their ends)."""

    x: FloatArray
    y: FloatArray
    u: IntArray
    v: IntArray


def noded(
    lines: Iterable[BaseGeometry], raised: BoolArray, snap_m: float = SNAP_M, *, crossings: bool = False
) -> Noded:
    """Nodes and segments of lines that meet where they share a vertex.

    Parameters
    ----------
    lines : (k,) LineString
        Degrees.
    raised : (k,) bool
        Bridges and tunnels: only their ends are shared.
    snap_m : float
        Vertices that hang together by steps of at most this are one node, at the place of the first of them.
    crossings : bool
        Lines on the ground also meet where they cross, and where a vertex lies within ``snap_m`` of a segment.
    """
    shapes = np.array(list(lines), dtype=object)
    xy, line = shapely.get_coordinates(shapes, return_index=True)
    if not len(xy):
        nothing = np.empty(0, dtype=np.int64)
        return Noded(np.empty(0), np.empty(0), nothing, nothing)
    new_line = np.ones(len(line), dtype=np.bool_)
    new_line[1:] = line[1:] != line[:-1]
    last = np.append(new_line[1:], True)
    high = np.asarray(raised, dtype=np.bool_)[line]
    own = high & ~(new_line | last)
    scale = _scale(xy)
    # Equal vertices first: the tolerance is then asked of far fewer points.
    shared = np.flatnonzero(~own)
    places, row = np.unique(xy[shared], axis=0, return_inverse=True)
    label = np.empty(len(xy), dtype=np.int64)
    label[shared] = cluster(places * scale, snap_m)[row.ravel()]
    label[own] = label[shared].max() + 1 + np.arange(int(own.sum()))
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    start = np.flatnonzero(~last)
    node = number.astype(np.int64)
    made = Noded(xy[first, 0], xy[first, 1], node[start], node[start + 1])
    if not crossings:
        return made
    return _crossed(made, ~high[start], ~own[first], scale, snap_m)


def largest_share(x: FloatArray, y: FloatArray, u: IntArray, v: IntArray) -> float:
    """Share of the length in the largest connected part; 0 without segments."""
    if not len(u):
        return 0.0
    xy = np.stack([x, y], axis=1) * _scale(np.stack([x, y], axis=1))
    length = np.hypot(*(xy[v] - xy[u]).T)
    part = np.bincount(grouped(len(x), u, v)[u], weights=length)
    return float(part.max() / part.sum()) if part.sum() > 0 else 0.0


def _scale(xy: FloatArray) -> FloatArray:
    """Metres per degree of longitude and latitude near the lines: exact enough for a tolerance, not for lengths."""
    return np.array([np.cos(np.radians(xy[:, 1].mean())), 1.0]) * _METRES_PER_DEGREE


def _crossed(made: Noded, ground: BoolArray, joins: BoolArray, scale: FloatArray, snap_m: float) -> Noded:
    """Insert nodes in segments on the ground where others end on them or cross them.

    ``joins`` are the nodes that may be met: all but the vertices on a bridge.
    """
    xy = np.stack([made.x, made.y], axis=1) * scale
    rows = np.flatnonzero(ground & (made.u != made.v))
    ends = np.stack([xy[made.u[rows]], xy[made.v[rows]]], axis=1)
    segments = np.asarray(shapely.linestrings(ends), dtype=np.object_)
    tree = shapely.STRtree(segments)
    # Vertices on, or almost on, a segment that is not theirs.
    candidate = np.flatnonzero(joins)
    at, on = tree.query(shapely.points(xy[candidate]), predicate="dwithin", distance=snap_m)
    node, segment = candidate[at], rows[on]
    foreign = (made.u[segment] != node) & (made.v[segment] != node)
    node, on = node[foreign], on[foreign]
    # Segments that cross in their inner parts: a new node for each pair.
    one, other = tree.query(segments, predicate="crosses")
    once = one < other
    one, other = one[once], other[once]
    apart = ~_share_an_end(made, rows[one], rows[other])
    one, other = one[apart], other[apart]
    places = shapely.get_coordinates(shapely.intersection(segments[one], segments[other]))
    new = len(made.x) + np.arange(len(places), dtype=np.int64)
    xy = np.concatenate([xy, places])
    stations = np.concatenate([on, one, other]), np.concatenate([node, new, new])
    return _inserted(made, xy, rows, stations, scale)


def _share_an_end(made: Noded, one: IntArray, other: IntArray) -> BoolArray:
    a, b, c, d = made.u[one], made.v[one], made.u[other], made.v[other]
    return np.asarray((a == c) | (a == d) | (b == c) | (b == d), dtype=np.bool_)


def _inserted(
    made: Noded, xy: FloatArray, rows: IntArray, stations: tuple[IntArray, IntArray], scale: FloatArray
) -> Noded:
    """Split segments at nodes that lie on them, in the order in which they come."""
    on, node = stations
    segment = rows[on]
    start, along = xy[made.u[segment]], xy[made.v[segment]] - xy[made.u[segment]]
    share = ((xy[node] - start) * along).sum(axis=1) / (along**2).sum(axis=1)
    cut = np.unique(segment)
    key = np.concatenate([cut, segment, cut])
    place = np.concatenate([np.full(len(cut), -np.inf), np.clip(share, 0.0, 1.0), np.full(len(cut), np.inf)])
    chain = np.concatenate([made.u[cut], node, made.v[cut]])
    order = np.lexsort((place, key))
    key, chain = key[order], chain[order]
    same = key[1:] == key[:-1]
    whole = np.ones(len(made.u), dtype=np.bool_)
    whole[cut] = False
    u = np.concatenate([made.u[whole], chain[:-1][same]])
    v = np.concatenate([made.v[whole], chain[1:][same]])
    out = xy / scale
    out[: len(made.x)] = np.stack([made.x, made.y], axis=1)  # not rounded by the way to metres and back
    return Noded(out[:, 0], out[:, 1], u, v)
