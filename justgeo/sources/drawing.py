"""A boundary that was drawn on a map in a notebook, in whatever form the drawing tool hands it over.

folium's Draw plugin exports a FeatureCollection; ipyleaflet keeps a list of features, leafmap a FeatureCollection,
streamlit-folium ``all_drawings``. A drawing is one outline: what else was drawn is refused, not guessed away.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import WGS84
from justgeo.core.errors import BoundaryError, CrsError

ORIGIN = "that was drawn"
"""The boundary in messages."""

MOST_POINTS = 100_000
MOST_SHAPES = 1_000
LONGEST = 20_000_000
"""Characters of a text."""

_DEGREES = ("EPSG:4326", "CRS84")
_DEEPEST = 5
_TURN, _MOST_TURNS = 360.0, 9
_HOLDERS = ("all_drawings", "user_rois", "data")
"""Where tools keep what was drawn: streamlit-folium, leafmap, ipyleaflet's DrawControl."""

_ONE = "keep the one outline that is the district and clear the rest from the map, then hand the drawing over again."
_POLYGON = "draw it with the polygon or the rectangle tool; a circle comes as its middle point alone."


def read_drawing(given: Any) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """The one shape of a drawing.

    Parameters
    ----------
    given : GeoJSON mapping or text, list of features, shapely geometry, GeoSeries, GeoDataFrame, or a drawing tool
        GeoJSON and shapely geometries are in degrees, longitude first; a GeoSeries or GeoDataFrame has its CRS.

    Returns
    -------
    GeoDataFrame, tuple of str
        One row; what was mended. Whether the shape can be a district is for ``core.district.make`` to say.

    Raises
    ------
    BoundaryError
        No shape, several, no polygon, too many points, or nothing that can be read as one.
    CrsError
        Its coordinates are not in degrees, or a frame has no CRS.
    """
    if isinstance(given, gpd.GeoDataFrame | gpd.GeoSeries):
        return _framed(given), ()
    found: list[BaseGeometry] = []
    for part in _opened(given):
        found += [part] if isinstance(part, BaseGeometry) else _shapes(part)
    shape, note = _turned(_only(found))
    return gpd.GeoDataFrame(geometry=[shape], crs=WGS84), note


def _framed(given: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoDataFrame:
    series = given.geometry
    if series.crs is None:
        raise CrsError(
            f"The boundary {ORIGIN} has no coordinate reference system.",
            remedy="say which it has: frame.set_crs('EPSG:4326') for degrees.",
        )
    shape = _only([one for one in series if one is not None])
    return gpd.GeoDataFrame(geometry=[shape], crs=series.crs)


def _only(shapes: list[BaseGeometry]) -> BaseGeometry:
    """The one shape there is."""
    shapes = [one for one in shapes if not one.is_empty]
    if not shapes:
        raise BoundaryError(f"The boundary {ORIGIN} is empty.", remedy="draw one polygon, then hand it over.")
    if len(shapes) > 1:
        kinds = Counter(one.geom_type for one in shapes)
        told = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        raise BoundaryError(f"The drawing holds {len(shapes)} shapes ({told}).", remedy=_ONE)
    (shape,) = shapes
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BoundaryError(f"The boundary {ORIGIN} is a {shape.geom_type}, not a polygon.", remedy=_POLYGON)
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise _large(f"{shapely.get_num_coordinates(shape):,} points")
    return shape


def _opened(given: Any) -> list[Any]:
    """GeoJSON objects or geometries of what a tool hands over."""
    if isinstance(given, str):
        given = _parsed(given)
    if not isinstance(given, Mapping | list | tuple | BaseGeometry):
        given = _held(given)
    if isinstance(given, Mapping) and "type" not in given and "all_drawings" in given:
        given = given["all_drawings"] or []
    many = list(given) if isinstance(given, list | tuple) else [given]
    if len(many) > MOST_SHAPES:
        raise _large(f"{len(many):,} shapes")
    return many


def _parsed(text: str) -> Any:
    if len(text) > LONGEST:
        raise _large(f"{len(text):,} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as why:
        raise _unread("its text is not JSON") from why


def _held(tool: Any) -> Any:
    """What a drawing tool keeps, or the geometry that an object says it has."""
    for name in _HOLDERS:
        kept = getattr(tool, name, None)
        if isinstance(kept, Mapping | list | tuple):
            return kept
    if hasattr(tool, "user_rois"):
        return []  # leafmap before anything is drawn
    said = getattr(tool, "__geo_interface__", None)
    if isinstance(said, Mapping):
        return said
    raise _unread(f"a {type(tool).__name__} is no drawing")


def _shapes(given: Any) -> list[BaseGeometry]:
    """Geometries of a GeoJSON object: of a collection all of them."""
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind is None:
        raise _unread("it is no GeoJSON")
    _refuse_other_crs(given)
    if kind == "Feature":
        geometry = given.get("geometry")
        return [] if geometry is None else _plain(geometry)
    if kind == "FeatureCollection":
        features = given.get("features")
        if not isinstance(features, list | tuple) or any(_kind(one) != "Feature" for one in features):
            raise _unread("its features are no list of features")
        if len(features) > MOST_SHAPES:
            raise _large(f"{len(features):,} shapes")
        return [shape for one in features for shape in _shapes(one)]
    return _plain(given)


def _kind(given: Any) -> Any:
    return given.get("type") if isinstance(given, Mapping) else None


def _plain(geometry: Any) -> list[BaseGeometry]:
    """A GeoJSON geometry, its numbers looked at before anything is built of them."""
    kind = _kind(geometry)
    if kind == "GeometryCollection":
        raise _unread("it is a collection of geometries")
    if kind not in ("Polygon", "MultiPolygon", "Point", "MultiPoint", "LineString", "MultiLineString"):
        raise _unread(f"{str(kind)[:40]!r} is no kind of geometry")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list | tuple):
        raise _unread("it has no coordinates")
    _check_numbers(coordinates)
    try:
        return [shapely.geometry.shape({"type": kind, "coordinates": coordinates})]
    except (ValueError, TypeError, IndexError, AttributeError, shapely.errors.ShapelyError) as why:
        raise _unread(f"its coordinates make no {kind}") from why


def _check_numbers(coordinates: list[Any] | tuple[Any, ...]) -> None:
    """Refuse what is no list of lists of finite numbers; without recursion, so that no depth can exhaust it."""
    left: list[tuple[Any, int]] = [(coordinates, 1)]
    points = 0
    while left:
        one, depth = left.pop()
        if isinstance(one, list | tuple):
            if depth > _DEEPEST:
                raise _unread("its coordinates lie too deep")
            points += depth > 1 and bool(one) and not isinstance(one[0], list | tuple)
            if points > MOST_POINTS or len(one) > MOST_POINTS:
                raise _large(f"more than {MOST_POINTS:,} points")
            left += [(inner, depth + 1) for inner in one]
        elif isinstance(one, bool) or not isinstance(one, int | float) or not _finite(one):
            raise _unread(f"{str(one)[:40]!r} is no coordinate")


def _finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _refuse_other_crs(given: Mapping[str, Any]) -> None:
    """An older GeoJSON may name a CRS; only degrees are taken as they are."""
    told = given.get("crs")
    if told is not None and not any(one in str(told).replace("::", ":") for one in _DEGREES):
        raise CrsError(
            f"The boundary {ORIGIN} names another coordinate reference system than degrees.",
            remedy="read it with geopandas.read_file and hand over the frame, which knows its CRS.",
        )


def _turned(shape: BaseGeometry) -> tuple[BaseGeometry, tuple[str, ...]]:
    """Longitudes as they are meant: a web map that was dragged round the world counts on past 180 degrees."""
    x, y = shapely.get_coordinates(shape).T
    middle = (float(x.min()) + float(x.max())) / 2
    turns = round(middle / _TURN) if math.isfinite(middle) else _MOST_TURNS + 1
    # What is no number fails these comparisons too.
    if not (abs(turns) <= _MOST_TURNS and abs(y).max() <= 90 and abs(x - turns * _TURN).max() <= _TURN / 2):
        raise CrsError(
            f"The boundary {ORIGIN} is not in degrees (numbers up to {max(abs(x).max(), abs(y).max()):,.0f}).",
            remedy="longitude comes first, then latitude; hand a shape of another CRS over as a GeoDataFrame, which "
            "knows it.",
        )
    if not turns:
        return shape, ()
    moved = shapely.transform(shape, lambda xy: xy - [turns * _TURN, 0.0])
    return moved, (f"The map had been dragged round the world; {turns * _TURN:+,.0f} degrees were taken off.",)


def _unread(why: str) -> BoundaryError:
    return BoundaryError(
        f"The drawing cannot be read: {why}.",
        remedy="hand over GeoJSON, as folium's Draw plugin exports it, a polygon of shapely, or a GeoDataFrame.",
    )


def _large(what: str) -> BoundaryError:
    return BoundaryError(
        f"The drawing holds {what}.", remedy="a district is one outline; draw it with fewer points, or simplify it."
    )
