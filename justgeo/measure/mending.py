"""Layers as residents say they are: parks, stops, places and paths taken out of the map or put into it.

Pure: each function takes a layer and corrections and gives a new layer, and for each correction what it was applied to,
or the reason why it could not be. What a correction does not touch stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from justgeo.core.correction import Correction
from justgeo.core.district import to_metric
from justgeo.core.layer import BoolArray, Feed, Layer, Network

NEAR_M = 50.0
"""How far from its mark a park, stop or place may lie to be the one that is meant (our choice)."""
PATH_M = 30.0
"""How far from a mapped street or path the end of a missing one may be drawn, and the mark of a blocked one."""
WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Outcome:
    """What became of a correction: the name of what it was applied to, or the reason why it was not."""

    name: str = ""
    reason: str | None = None


_NOT_THERE = {
    "park_locked": "the map has no park here",
    "stop_removed": "the map has no stop here",
    "place_closed": "the map has no such place here",
    "path_blocked": "the map has no street or path here",
}
_ALONE = "neither of its ends lies at a street or path of the map"


def mended(layer: Layer, corrections: Sequence[Correction], crs: str) -> tuple[Layer, list[Outcome]]:
    """Parks, stops or places without what is closed or gone, and with what is missing.

    Parameters
    ----------
    layer : Layer
        Features with the columns ``name``, ``kind`` (``public`` for parks).
    corrections : sequence of Correction
        Those that speak of this layer.
    crs : str
        Metric.

    Returns
    -------
    Layer, list of Outcome
    """
    frame = layer.features
    metric = frame.to_crs(crs).geometry.to_numpy()
    keep = np.ones(len(frame), dtype=np.bool_)
    added: list[Correction] = []
    done: list[Outcome] = []
    for one in corrections:
        if one.kind in _NOT_THERE:
            alike = _of_kind(frame, one)
            near = np.zeros(len(frame), dtype=np.bool_)
            near[alike] = _near(metric[alike], _metric(one.shape, crs), NEAR_M)
            keep &= ~near
            done.append(_outcome(frame, near, one))
        else:
            added.append(one)
            done.append(Outcome(one.what))
    kept = frame[keep]
    if added:
        kept = gpd.GeoDataFrame(pd.concat([kept, _rows(frame, added)], ignore_index=True), crs=frame.crs)
    return replace(layer, data=kept), done


def _outcome(frame: pd.DataFrame, hit: BoolArray, one: Correction) -> Outcome:
    if not hit.any():
        return Outcome(reason=_NOT_THERE[one.kind])
    names = frame["name"][hit] if "name" in frame else pd.Series(dtype=str)
    return Outcome(next((str(name) for name in names if isinstance(name, str) and name), ""))


def without_stops(feed: Feed, corrections: Sequence[Correction], crs: str) -> tuple[Feed, list[Outcome]]:
    """A timetable without the stops that are gone; its trips still call at the others."""
    at = gpd.GeoSeries(gpd.points_from_xy(feed.stops["lon"], feed.stops["lat"]), crs=WGS84).to_crs(crs).to_numpy()
    gone = np.zeros(len(feed.stops), dtype=np.bool_)
    done: list[Outcome] = []
    for one in corrections:
        near = _near(at, _metric(one.shape, crs), NEAR_M)
        gone |= near
        done.append(_outcome(feed.stops, near, one))
    lost = set(feed.stops["stop_id"][gone])
    departures = feed.departures[~feed.departures["stop_id"].isin(lost)].reset_index(drop=True)
    return replace(feed, stops=feed.stops[~gone].reset_index(drop=True), departures=departures), done


def walkable(network: Network, corrections: Sequence[Correction], crs: str) -> tuple[Network, list[Outcome]]:
    """A walk network with the paths that are missing, and without the pieces that are blocked.

    A missing path is joined to the network where one of its ends lies within `PATH_M` of it; the segment there is
    split.
    """
    drawn = _Drawn(network, crs)
    done: list[Outcome] = []
    for one in corrections:
        shape = _metric(one.shape, crs)
        done.append(Outcome(one.what, drawn.cut(shape) if one.kind == "path_blocked" else drawn.add(shape)))
    return drawn.network(network), done


def _metric(shape: BaseGeometry, crs: str) -> BaseGeometry:
    return to_metric(shape, crs)


def _near(shapes: np.ndarray, mark: BaseGeometry, limit: float) -> BoolArray:
    """The nearest of some shapes, and whatever else the mark lies in; none where all are farther than ``limit``."""
    if not len(shapes):
        return np.zeros(0, dtype=np.bool_)
    # A park drawn over its neighbour's edge is meant where its middle lies.
    away = shapely.distance(shapes, mark.representative_point())
    nearest = float(np.nanmin(away)) if np.isfinite(away).any() else np.inf
    if nearest > limit:
        return np.zeros(len(shapes), dtype=np.bool_)
    # Two poles of one stop, or two pieces of one park, are equally near but for a few metres.
    return np.asarray(away <= nearest + 1.0, dtype=np.bool_)


def _of_kind(frame: gpd.GeoDataFrame, one: Correction) -> BoolArray:
    if one.kind != "place_closed" or "kind" not in frame:
        return np.ones(len(frame), dtype=np.bool_)
    return np.asarray(frame["kind"].astype(str) == one.what, dtype=np.bool_)


def _rows(frame: gpd.GeoDataFrame, added: Iterable[Correction]) -> gpd.GeoDataFrame:
    """What is missing from the map, in the columns of its layer."""
    made = list(added)
    shapes = gpd.GeoSeries([one.shape for one in made], crs=WGS84).to_crs(frame.crs)
    columns: dict[str, object] = {}
    for column in frame.columns:
        if column == frame.geometry.name:
            continue
        values: list[object] = [None] * len(made)
        if column == "name":
            values = ["" if one.kind == "place_missing" else one.what for one in made]
        elif column == "kind":
            values = [_KINDS.get(one.kind, one.what) for one in made]
        elif column == "public":
            values = [True] * len(made)
        elif column == "high_capacity":
            values = [False] * len(made)
        columns[column] = pd.array(values, dtype=frame[column].dtype)
    told = gpd.GeoDataFrame({**columns, str(frame.geometry.name): shapes}, geometry=str(frame.geometry.name))
    return told[list(frame.columns)]


_KINDS = {"park_missing": "park", "stop_missing": "bus"}


_GONE = shapely.LineString()


class _Drawn:
    """A network under correction, in metres; `lines` are its segments, those that are gone empty."""

    def __init__(self, network: Network, crs: str) -> None:
        self.crs = crs
        forth = Transformer.from_crs(network.crs, crs, always_xy=True)
        x, y = forth.transform(network.x, network.y)
        self.x, self.y = list(np.asarray(x, dtype=float)), list(np.asarray(y, dtype=float))
        self.u, self.v = [int(one) for one in network.u], [int(one) for one in network.v]
        self.lines = self._lines(self.u, self.v)

    def _lines(self, u: Sequence[int], v: Sequence[int]) -> np.ndarray:
        """Segments between nodes as lines."""
        ends = [[(self.x[k], self.y[k]) for k in pair] for pair in zip(u, v, strict=True)]
        return np.asarray(shapely.linestrings(np.asarray(ends, dtype=float).reshape(-1, 2, 2)), dtype=np.object_)

    def _away(self, mark: BaseGeometry) -> np.ndarray:
        """How far each segment lies from a mark; those that are gone, infinitely far."""
        return np.where(shapely.is_empty(self.lines), np.inf, shapely.distance(self.lines, mark))

    def cut(self, mark: BaseGeometry) -> str | None:
        """Take out what a mark lies on: the nearest segment of a point, all that a line runs along or crosses."""
        away = self._away(mark)
        if not len(away):
            return _NOT_THERE["path_blocked"]
        hit = np.flatnonzero(away <= 1.0) if mark.geom_type == "LineString" else np.flatnonzero(away == away.min())
        hit = hit[away[hit] <= PATH_M]
        if not len(hit) and mark.geom_type == "LineString":
            hit = np.flatnonzero((away == away.min()) & (away <= PATH_M))
        self.lines[hit] = _GONE
        return None if len(hit) else _NOT_THERE["path_blocked"]

    def add(self, path: BaseGeometry) -> str | None:
        """Put a path in, joined where an end is near a segment."""
        xy = shapely.get_coordinates(path)
        joints = [self._joint(shapely.Point(xy[0])), self._joint(shapely.Point(xy[-1]))]
        if joints == [None, None]:
            return _ALONE
        nodes = [self._node(*one) for one in xy]
        self._link(nodes)
        for joint, end in zip(joints, (nodes[0], nodes[-1]), strict=True):
            if joint is not None:
                self._link([joint, end])
        return None

    def _joint(self, end: BaseGeometry) -> int | None:
        """A node on the nearest segment, which it splits; None where none is near."""
        away = self._away(end)
        if not len(away) or away.min() > PATH_M:
            return None
        k = int(away.argmin())
        at = self.lines[k].interpolate(self.lines[k].project(end))
        new, (u, v) = self._node(at.x, at.y), (self.u[k], self.v[k])
        self.lines[k] = _GONE
        self._link([u, new, v])
        return new

    def _node(self, x: float, y: float) -> int:
        self.x.append(float(x))
        self.y.append(float(y))
        return len(self.x) - 1

    def _link(self, nodes: Sequence[int]) -> None:
        u, v = nodes[:-1], nodes[1:]
        self.u += u
        self.v += v
        self.lines = np.concatenate([self.lines, self._lines(u, v)])

    def network(self, like: Network) -> Network:
        back = Transformer.from_crs(self.crs, like.crs, always_xy=True)
        n = len(like.x)
        x, y = back.transform(np.asarray(self.x[n:]), np.asarray(self.y[n:]))
        keep = ~shapely.is_empty(self.lines)
        ends = [np.asarray(one, dtype=like.u.dtype)[keep] for one in (self.u, self.v)]
        xy = [np.concatenate([old, np.atleast_1d(np.asarray(new, float))]) for old, new in ((like.x, x), (like.y, y))]
        return replace(like, x=xy[0], y=xy[1], u=ends[0], v=ends[1])
