"""What lies beneath the values on the map: the district's own streets, parks, water and stops, as GeoJSON features."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

DECIMALS = 5
"""Decimals of a degree: about one metre."""

STREET_KINDS = ("path", "residential", "rail", "secondary", "primary", "motorway")
"""Quiet ones first, so that main streets lie on top."""

PLACES = ("school", "library", "college", "university", "post_office", "townhall")
"""Kinds of places that are drawn as points and found by name: public buildings that everybody knows.

All others are counted and never shown: shelters, clinics and services for immigrants must not be led to, and a kind
that nobody thought of here is not shown either."""

_NEVER = re.compile(
    r"shelter|refuge|asylum|immigra|migrant|newcomer|clinic|domestic|recovery|rehab|detox|albergue|asilo|cl[ií]nica",
    re.IGNORECASE,
)
"""In the name of a place of one of these kinds: a school in a shelter is mapped as a school."""

_LABELLED_STREETS = {"motorway": 0.0, "primary": 1.0, "secondary": 2.0}
_LABELLED_AREAS = {"park": 1.5, "water": 1.6}
_MOST_LABELS = 16
_TOLERANCE_M = 2.0


@dataclass(frozen=True)
class Basemap:
    """What lies beneath the values; each part may be missing. Any CRS.

    Attributes
    ----------
    streets : GeoDataFrame of lines or None
        Columns ``kind`` (``motorway, primary, secondary, residential, path, rail``) and ``name``.
    parks : GeoDataFrame of polygons or None
        Column ``name``.
    water : GeoDataFrame of polygons or None
    stops : GeoDataFrame of points or None
        Column ``name``.
    places : GeoDataFrame of points or None
        Columns ``name`` and ``kind``. Only those of `PLACES` are ever shown.
    """

    streets: gpd.GeoDataFrame | None = None
    parks: gpd.GeoDataFrame | None = None
    water: gpd.GeoDataFrame | None = None
    stops: gpd.GeoDataFrame | None = None
    places: gpd.GeoDataFrame | None = None


Named = tuple[str, int, int, int]
"""A name, the number of a feature, the first of its parts that carry the name, and the one after the last."""


@dataclass(frozen=True)
class Label:
    """A name on the map; the lower ``rank``, the more important. ``turn`` is in degrees clockwise."""

    rank: tuple[float, float]
    point: BaseGeometry
    name: str
    kind: str
    turn: float = 0.0


def clip(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> gpd.GeoDataFrame | None:
    """The rows that touch ``frame``, cut to it, in ``crs``; None where nothing is left."""
    if layer is None or layer.empty:
        return None
    near = layer[layer.geometry.notna()].to_crs(crs)
    near = near[near.intersects(frame)].copy()
    if near.empty:
        return None
    near.geometry = shapely.intersection(shapely.make_valid(near.geometry.to_numpy()), frame)
    near = near[~near.geometry.is_empty]
    return None if near.empty else near


def feature(shape: BaseGeometry, crs: Any, properties: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON feature in EPSG:4326, coordinates rounded to ``DECIMALS``."""
    geographic = gpd.GeoSeries([shape], crs=crs).to_crs(4326).iloc[0]
    rounded = shapely.transform(geographic, lambda xy: np.round(xy, DECIMALS))
    return {"type": "Feature", "properties": properties, "geometry": mapping(rounded)}


def areas(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> tuple[list[dict[str, Any]], list[Named]]:
    """All polygons of a layer as one feature, or none; and which of its parts carry which name."""
    near = clip(layer, crs, frame)
    if near is None:
        return [], []
    simple = shapely.simplify(near.geometry.to_numpy(), _TOLERANCE_M)
    parts: list[BaseGeometry] = []
    named: list[Named] = []
    for name, shape in sorted(zip(_text(near, "name"), simple, strict=True), key=lambda one: one[0]):
        inside = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty]
        _note(named, name, 0, len(parts), len(inside))
        parts += inside
    if not parts:
        return [], []
    return [feature(cast(BaseGeometry, shapely.multipolygons(parts)), crs, {})], named


def streets(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> tuple[list[dict[str, Any]], list[Named]]:
    """One feature a kind of street, and which of its lines carry which name; no known kind is drawn as residential."""
    near = clip(layer, crs, frame)
    if near is None:
        return [], []
    kinds, names = _text(near, "kind"), _text(near, "name")
    kinds = kinds.where(kinds.isin(STREET_KINDS), "residential")
    features: list[dict[str, Any]] = []
    named: list[Named] = []
    for kind in STREET_KINDS:
        lines: list[BaseGeometry] = []
        for name, part in near[kinds == kind].groupby(names[kinds == kind]):
            merged = _merged(part.geometry)
            if kind != "rail":
                _note(named, str(name), len(features), len(lines), len(merged))
            lines += merged
        if lines:
            features.append(feature(cast(BaseGeometry, shapely.multilinestrings(lines)), crs, {"kind": kind}))
    return features, sorted(named)


def _merged(lines: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    """Lines joined end to end and simplified."""
    parts = [p for p in shapely.get_parts(list(lines)) if p.geom_type == "LineString"]
    if not parts:
        return []
    joined = shapely.simplify(shapely.line_merge(shapely.multilinestrings(parts)), _TOLERANCE_M)
    return [p for p in shapely.get_parts(joined) if not p.is_empty]


def _note(named: list[Named], name: str, feature: int, start: int, count: int) -> None:
    """Remember the parts of a name; those that follow one another stand as one."""
    if not name or not count:
        return
    end = start + count
    if named and named[-1][:2] == (name, feature) and named[-1][3] == start:
        start = named.pop()[2]
    named.append((name, feature, start, end))


def stops(layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry) -> tuple[list[dict[str, Any]], list[str]]:
    """Stops as point features numbered ``i``, and their names in that order."""
    near = clip(layer, crs, frame)
    if near is None:
        return [], []
    points = near.geometry.representative_point()
    return [feature(p, crs, {"i": i}) for i, p in enumerate(points)], _text(near, "name").tolist()


def places(
    layer: gpd.GeoDataFrame | None, crs: Any, frame: BaseGeometry
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Places of `PLACES` that have a name as point features numbered ``i``; name and kind of each in that order."""
    near = clip(layer, crs, frame)
    if near is None:
        return [], []
    names, kinds = _text(near, "name"), _text(near, "kind")
    shown = names.ne("") & kinds.isin(PLACES) & ~names.map(lambda name: bool(_NEVER.search(name)))
    points = near.geometry[shown].representative_point()
    made = [feature(p, crs, {"i": i}) for i, p in enumerate(points)]
    return made, list(zip(names[shown], kinds[shown], strict=True))


def labels(basemap: Basemap, crs: Any, frame: BaseGeometry) -> list[dict[str, Any]]:
    """Names to find one's way by: the longest main streets and the largest parks, most important first.

    Returns
    -------
    list of dict
        ``name, kind, at`` (latitude, longitude) and ``turn`` (degrees clockwise).
    """
    found = [
        *_area_labels("park", clip(basemap.parks, crs, frame)),
        *_area_labels("water", clip(basemap.water, crs, frame)),
        *_street_labels(clip(basemap.streets, crs, frame)),
    ]
    kept: dict[str, Label] = {}
    for label in sorted(found, key=lambda one: (one.rank, one.name)):
        kept.setdefault(label.name, label)
    return [_as_dict(label, crs) for label in list(kept.values())[:_MOST_LABELS]]


def _text(frame: gpd.GeoDataFrame, column: str) -> pd.Series:
    """A column of texts, empty where there is none."""
    if column not in frame:
        return pd.Series([""] * len(frame), index=frame.index)
    texts: pd.Series = frame[column].fillna("").astype(str).str.strip()
    return texts


def _area_labels(kind: str, near: gpd.GeoDataFrame | None) -> list[Label]:
    if near is None:
        return []
    names = _text(near, "name")
    found = []
    for name, part in near[names != ""].groupby(names[names != ""]):
        shape = part.geometry.union_all()
        if shape.area > 0:
            found.append(Label((_LABELLED_AREAS[kind], -shape.area), shape.representative_point(), str(name), kind))
    return found


def _street_labels(near: gpd.GeoDataFrame | None) -> list[Label]:
    if near is None:
        return []
    names, kinds = _text(near, "name"), _text(near, "kind")
    wanted = names.ne("") & kinds.isin(list(_LABELLED_STREETS))
    found = []
    for (kind, name), part in near[wanted].groupby([kinds[wanted], names[wanted]]):
        merged = shapely.line_merge(part.geometry.union_all())
        line = max((p for p in shapely.get_parts(merged) if p.length), key=lambda g: (g.length, g.wkt), default=None)
        if line is not None:
            middle = line.interpolate(0.5, normalized=True)
            rank = (_LABELLED_STREETS[str(kind)], -line.length)
            found.append(Label(rank, middle, str(name), "street", _angle(line)))
    return found


def _as_dict(label: Label, crs: Any) -> dict[str, Any]:
    at = gpd.GeoSeries([label.point], crs=crs).to_crs(4326).iloc[0]
    place = [round(float(at.y), DECIMALS), round(float(at.x), DECIMALS)]
    return {"name": label.name, "kind": label.kind, "at": place, "turn": label.turn}


def _angle(line: BaseGeometry) -> float:
    """Degrees clockwise by which a name is turned to run along the middle of a line, never upside down."""
    a, b = line.interpolate(0.47, normalized=True), line.interpolate(0.53, normalized=True)
    turn = -float(np.degrees(np.arctan2(b.y - a.y, b.x - a.x)))
    return round((turn + 90) % 180 - 90, 1)
