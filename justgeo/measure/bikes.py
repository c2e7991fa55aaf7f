"""Lengths of lines in zones, and the network that one can ride from a district into its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.access import grouped
from justgeo.measure.fractions import Matrix

Texts = Sequence[str] | npt.NDArray[np.str_]
Geometries = npt.NDArray[np.object_]


def lengths(zones: gpd.GeoSeries, lines: Geometries, edge_m: float) -> Matrix:
    """Metres of each line in each zone, (Z, L) sparse.

    Boundaries follow streets, so that a street lies now on this side of a line that is meant to be its own middle, now
    on that. So a strip of ``edge_m`` to both sides of it is cut in its place, and it counts by the part of the strip
    that lies inside: a street along the boundary by half on either side, one that crosses it as by a plain cut. Zones
    that touch add up to what they are together.

    Parameters
    ----------
    zones : GeoSeries
        Z polygons in metres.
    lines : (L,) LineString
    edge_m : float
        Above 0.
    """
    rows: list[IntArray] = []
    columns: list[IntArray] = []
    metres: list[FloatArray] = []
    tree = shapely.STRtree(lines)
    for row, zone in enumerate(zones.to_numpy()):
        at = np.sort(tree.query(zone, predicate="dwithin", distance=edge_m)).astype(np.int64)
        rows.append(np.full(len(at), row, dtype=np.int64))
        columns.append(at)
        metres.append(_inside(zone, lines[at], edge_m))
    shape = (len(zones), len(lines))
    if not rows:
        return sparse.csr_array(shape, dtype=np.float64)
    cells = np.concatenate(metres), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(sparse.coo_array(cells, shape=shape))


def _inside(zone: BaseGeometry, lines: Geometries, edge_m: float) -> FloatArray:
    """Length of lines in a polygon, by their strips, (L,)."""
    found = np.asarray(shapely.length(lines), dtype=np.float64)
    core = zone.buffer(-edge_m)
    shapely.prepare(core)
    cut = np.flatnonzero(~shapely.covers(core, lines))
    xy, row = shapely.get_coordinates(lines[cut], return_index=True)
    start = np.flatnonzero(row[1:] == row[:-1])
    first, last = xy[start], xy[start + 1]
    along = last - first
    size = np.hypot(*along.T)
    use = size > 0
    first, last, row, along = first[use], last[use], row[start][use], along[use] / size[use, None]
    across = edge_m * np.stack([-along[:, 1], along[:, 0]], axis=1)
    corners = np.stack([first + across, last + across, last - across, first - across], axis=1)
    strips = np.asarray(shapely.polygons(corners), dtype=np.object_)
    shapely.prepare(zone)
    area = np.asarray(shapely.area(strips), dtype=np.float64)
    edge = np.flatnonzero(~shapely.covers(zone, strips))
    area[edge] = shapely.area(shapely.intersection(strips[edge], zone))
    found[cut] = np.bincount(row, weights=area / (2.0 * edge_m), minlength=len(cut))
    return found


@dataclass(frozen=True)
class Segments:
    """Straight pieces of lines between their vertices.

    Attributes
    ----------
    x, y : (k,) float
        Nodes, metres.
    signal : (k,) bool
        Nodes at which traffic stops for those who cross.
    u, v : (m,) int
        Nodes of each piece.
    line : (m,) int
        Which line each is of.
    """

    x: FloatArray
    y: FloatArray
    signal: BoolArray
    u: IntArray
    v: IntArray
    line: IntArray

    @property
    def geometry(self) -> Geometries:
        """(m,) LineString."""
        ends = np.stack([np.stack([self.x[n], self.y[n]], axis=1) for n in (self.u, self.v)], axis=1)
        return np.asarray(shapely.linestrings(ends), dtype=np.object_)


def segments(lines: Geometries, nodes: Texts, signals: Texts) -> Segments:
    """Pieces of lines, which meet where they have a node in common.

    Parameters
    ----------
    lines : (L,) LineString
    nodes : (L,) str
        Numbers of each line's vertices with blanks between them, as of OpenStreetMap: a bridge has no node in common
        with what it crosses.
    signals : (L,) str
        Those of them at which traffic stops.

    Raises
    ------
    LayerError
        A line has more or fewer numbers than vertices.
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    size = np.bincount(line, minlength=len(lines)) if len(line) else np.zeros(len(lines), dtype=np.int64)
    told = np.array([len(text.split()) for text in nodes], dtype=np.int64)
    if (told != size).any():
        raise LayerError(
            f"{int((told != size).sum())} streets do not have a number for each of their vertices.",
            remedy="read the streets from OpenStreetMap again, or leave the column nodes out.",
        )
    number, stops = (np.array(" ".join(texts).split(), dtype=np.int64) for texts in (nodes, signals))
    found, first, node = np.unique(number, return_index=True, return_inverse=True)
    start = np.flatnonzero(line[1:] == line[:-1])
    u, v = node[start].astype(np.int64), node[start + 1].astype(np.int64)
    return Segments(xy[first, 0], xy[first, 1], np.isin(found, stops), u, v, line[start].astype(np.int64))


def crossings_shut(found: Segments, calm: BoolArray, signal_m: float) -> BoolArray:
    """Nodes at which a calm street meets or crosses one that is not, without a signal within ``signal_m``, (k,).

    Signals are drawn on the crossing itself or on the arms before it, hence the distance.
    """
    shut = np.zeros(len(found.x), dtype=np.bool_)
    for ends in (found.u, found.v):
        shut[ends[~calm]] = True
    at = np.flatnonzero(shut)
    stops, doubtful = (
        np.asarray(shapely.points(found.x[some], found.y[some]), dtype=np.object_)
        for some in (np.flatnonzero(found.signal), at)
    )
    shut[at] = ~near(doubtful, stops, signal_m)
    return shut


def way_out(
    found: Segments, calm: BoolArray, district: BaseGeometry, *, beyond_m: float, around_m: float, signal_m: float
) -> BoolArray:
    """Which pieces make up the main calm network that leads out of a district, (m,); none where no network does.

    Calm pieces that share a node are one network, but not across a node that is shut (`crossings_shut`). Of the
    networks that have a node at least ``beyond_m`` from the district, it is the one with the most metres inside. Pieces
    farther than ``around_m`` from the district are not looked at, so that the answer does not depend on how much is at
    hand: two networks that join only out there are two.

    Parameters
    ----------
    found : Segments
    calm : (m,) bool
    district : polygon
        Metres.
    """
    main = np.zeros(len(found.u), dtype=np.bool_)
    around, outside = district.buffer(around_m), district.buffer(beyond_m)
    for shape in (around, outside):
        shapely.prepare(shape)
    pieces = found.geometry
    kept = np.flatnonzero(calm & shapely.intersects(around, pieces))
    if not len(kept):
        return main
    ends = np.stack([found.u[kept], found.v[kept]])
    far = ~np.asarray(shapely.intersects_xy(outside, found.x, found.y), dtype=np.bool_)[ends]
    shut = crossings_shut(found, calm, signal_m)[ends]
    # An end at a crossing that is shut is a node of its own.
    ends[shut] = len(found.x) + np.arange(int(shut.sum()))
    part = grouped(len(found.x) + int(shut.sum()), ends[0], ends[1])[ends[0]]
    metres = np.bincount(part, weights=shapely.length(shapely.intersection(pieces[kept], district)))
    leads = np.zeros(len(metres), dtype=np.bool_)
    leads[part[far.any(axis=0)]] = True
    metres = np.where(leads, metres, 0.0)
    if metres.max() > 0:
        main[kept] = part == int(metres.argmax())
    return main


def near(shapes: Geometries, pieces: Geometries, distance_m: float) -> BoolArray:
    """Which shapes lie within a distance of any of some pieces, (n,)."""
    found = np.zeros(len(shapes), dtype=np.bool_)
    if len(pieces):
        at, _ = shapely.STRtree(pieces).query(shapes, predicate="dwithin", distance=distance_m)
        found[at] = True
    return found
