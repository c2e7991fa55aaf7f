"""The nearest of many straight segments to each of many points, exactly.

A tree of boxes around segments answers this too, but takes some ten times as long for a county's blocks. Here the
segments are cut into pieces of about equal length, and a tree of the *middles* of these pieces is asked. What lies on a
piece is at most half a piece away from its middle, so the few nearest middles either hold the nearest segment for
certain, or tell how far the others need to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from justgeo.core.layer import BoolArray, FloatArray, IntArray

FEW = 8
"""Middles that are looked at first: enough for nine points of ten in a grid of streets."""
_ROUNDING_M = 1e-6
_CHUNK = 20_000


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight segments to be snapped to; made by :func:`segments`.

    Attributes
    ----------
    start, end : (m, 2) float
    of_piece : (p,) int
        Segment of each piece.
    half : float
        Half the length of the longest piece.
    """

    start: FloatArray
    end: FloatArray
    of_piece: IntArray
    half: float
    tree: cKDTree | None = field(repr=False)


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of each of k points: the row of its segment (-1 for none), where along it from 0 to 1, and metres (``inf``)."""

    segment: IntArray
    share: FloatArray
    metres: FloatArray


def segments(start: FloatArray, end: FloatArray, rows: BoolArray | None = None) -> Segments:
    """Make segments ready to be asked.

    Parameters
    ----------
    start, end : (m, 2) float
        Metres.
    rows : (m,) bool or None
        Those that count; all when None. Segments without length never do.
    """
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    count = length > 0 if rows is None else rows & (length > 0)
    use = np.flatnonzero(count)
    if not len(use):
        return Segments(start, end, use.astype(np.int64), 0.0, None)
    # Pieces of at most the mean length: fewer than twice as many pieces as segments, whatever the longest of these.
    mean = float(length[use].mean())
    parts = np.ceil(length[use] / mean).astype(np.int64)
    of_piece = np.repeat(use, parts)
    number = np.arange(len(of_piece)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = (number + 0.5) / np.repeat(parts, parts)
    middle = start[of_piece] + share[:, None] * along[of_piece]
    half = float((length[use] / parts).max()) / 2.0
    # Unbalanced and loose: made twice as fast, and asked as fast.
    tree = cKDTree(middle, balanced_tree=False, compact_nodes=False)
    return Segments(start, end, of_piece.astype(np.int64), half, tree)


def nearest(there: Segments, points: FloatArray, limit_m: float) -> Nearest:
    """The segment nearest to each point; of equally near ones the first.

    Parameters
    ----------
    there : Segments
    points : (k, 2) float
        Metres.
    limit_m : float
        Farther segments do not count.
    """
    found = Nearest(np.full(len(points), -1, dtype=np.int64), np.zeros(len(points)), np.full(len(points), np.inf))
    if there.tree is None or not len(points):
        return found
    reach = there.half + _ROUNDING_M
    k = min(FEW, len(there.of_piece))
    asked = there.tree.query(points, k=np.arange(1, k + 1), distance_upper_bound=limit_m + reach)
    away, piece = np.asarray(asked[0], dtype=np.float64), np.asarray(asked[1], dtype=np.int64)
    some = np.flatnonzero(np.isfinite(away[:, 0]))
    # Where there are fewer than k pieces within the limit, the first stands in for those that are not there.
    looked = np.where(np.isfinite(away[some]), piece[some], piece[some, :1])
    segment = there.of_piece[looked]
    share, metres = _foot(there, points[some, None, :], segment)
    least = metres.min(axis=1, keepdims=True)
    first = np.where(metres == least, segment, len(there.start)).min(axis=1)
    column = np.argmax((segment == first[:, None]) & (metres == least), axis=1)
    _put(found, some, first, share[np.arange(len(some)), column], least[:, 0], limit_m)
    if k < len(there.of_piece):
        # What was not looked at is at least as far as the last middle less half a piece.
        _look_farther(
            there, points, np.flatnonzero(away[:, -1] - reach <= np.minimum(found.metres, limit_m)), limit_m, found
        )
    return found


def _look_farther(there: Segments, points: FloatArray, rows: IntArray, limit_m: float, found: Nearest) -> None:
    """All pieces that may hold a nearer segment than the one found."""
    assert there.tree is not None
    for begin in range(0, len(rows), _CHUNK):
        some = rows[begin : begin + _CHUNK]
        near = there.tree.query_ball_point(
            points[some], np.minimum(found.metres[some], limit_m) + there.half + _ROUNDING_M
        )
        row = np.repeat(some, [len(one) for one in near])
        segment = there.of_piece[np.concatenate(near).astype(np.int64)]
        share, metres = _foot(there, points[row], segment)
        order = np.lexsort((segment, metres, row))
        first = order[np.unique(row[order], return_index=True)[1]]
        _put(found, row[first], segment[first], share[first], metres[first], limit_m)


def _foot(there: Segments, points: FloatArray, segment: IntArray) -> tuple[FloatArray, FloatArray]:
    """Where along its segment the place nearest to each point is, 0 to 1, and how far; any shape (..., 2) and (...)."""
    start, end = there.start[segment], there.end[segment]
    x, y = points[..., 0] - start[..., 0], points[..., 1] - start[..., 1]
    dx, dy = end[..., 0] - start[..., 0], end[..., 1] - start[..., 1]
    share = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    # From the end itself where that is nearest, so that segments which meet there are equally near to the last digit.
    at_end = share == 1.0
    x = np.where(at_end, points[..., 0] - end[..., 0], x - share * dx)
    y = np.where(at_end, points[..., 1] - end[..., 1], y - share * dy)
    return share, np.sqrt(x * x + y * y)


def _put(
    found: Nearest, rows: IntArray, segment: IntArray, share: FloatArray, metres: FloatArray, limit_m: float
) -> None:
    near = metres <= limit_m
    at = rows[near]
    found.segment[at], found.share[at], found.metres[at] = segment[near], share[near], metres[near]
