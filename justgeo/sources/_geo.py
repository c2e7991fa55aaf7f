"""Geometry on its way in: to EPSG:4326, valid, two-dimensional, of the kind that the layer is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, network
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CrsError, LayerError
from justgeo.sources._nesting import refuse_deep_text

WGS84 = "EPSG:4326"
Kind = Literal["polygon", "point", "line"]
# pyogrio's own errors are RuntimeErrors; of a .shp without a byte it says IndexError. What GDAL reads and GEOS cannot
# build (a ring of two points, a line of one) is GEOS's error. UnboundLocalError: pyogrio's own, of a damaged CRS.
UNREADABLE = (ValueError, OSError, RuntimeError, IndexError, UnboundLocalError, shapely.errors.ShapelyError)

_FAMILIES: dict[str, tuple[str, ...]] = {
    "polygon": ("Polygon", "MultiPolygon"),
    "point": ("Point", "MultiPoint"),
    "line": ("LineString", "MultiLineString", "LinearRing"),
}
_DEEPEST = 4  # several polygons are lists of lists of rings
_TOKEN = re.compile(r"\s*(list\(|c\(|\)|,|[^\s(),]+)")


def to_wgs84(frame: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    """Bring features to EPSG:4326 without datum grids from the network, so that every machine gets the same numbers.

    Raises
    ------
    CrsError
        No CRS is known, or the coordinates do not fit it.
    """
    crs = known_crs(frame.crs, where)
    _check_degrees(frame, crs, where)
    network.set_network_enabled(active=False)  # type: ignore[attr-defined]  # missing in its __all__
    frame = with_heights(frame)
    try:
        out = frame if crs == CRS.from_user_input(WGS84) else frame.to_crs(WGS84)
    except ProjError as error:  # of another celestial body, say
        raise CrsError(
            f"{where}: the coordinate reference system {crs.name!r} has no place on Earth.",
            remedy='declare the right one: crs = "EPSG:...".',
        ) from error
    bounds = out.total_bounds
    if len(out) and not out.geometry.is_empty.all() and not np.all(np.isfinite(bounds)):
        raise CrsError(
            f"{where}: the coordinates do not fit the coordinate reference system {crs.name!r}.",
            remedy='declare the right one: crs = "EPSG:...".',
        )
    return out


def with_heights(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Heights that are no number are 0: GEOS takes a ring that ends in one for open, and builds no other from it.

    Heights are dropped later on, and told of then; shapes whose heights are all numbers stay as they are.
    """
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    high = np.flatnonzero(shapely.has_z(shapes))
    points, of = shapely.get_coordinates(shapes[high], include_z=True, return_index=True)
    lost = high[np.unique(of[np.isnan(points[:, 2])])]
    if not lost.size:
        return frame
    shapes[lost] = shapely.force_3d(shapely.force_2d(shapes[lost]), z=0.0)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def known_crs(crs: object, where: str) -> CRS:
    """A CRS that pyproj knows.

    Raises
    ------
    CrsError
    """
    if crs is None:
        raise CrsError(
            f"{where} has no coordinate reference system.",
            remedy='declare it, for example crs = "EPSG:4269" for files of the Census Bureau, "EPSG:4326" for GPS.',
        )
    try:
        return CRS.from_user_input(crs)
    except (ProjError, ValueError, TypeError) as error:
        raise CrsError(
            f"{where}: {crs!r} is no coordinate reference system that is known.",
            remedy='give a code, for example crs = "EPSG:4269".',
        ) from error


def _check_degrees(frame: gpd.GeoDataFrame, crs: CRS, where: str) -> None:
    if not crs.is_geographic or not len(frame) or frame.geometry.is_empty.all():
        return
    west, south, east, north = frame.total_bounds
    if max(abs(west), abs(east)) > 180.0 + 1e-9 or max(abs(south), abs(north)) > 90.0 + 1e-9:
        raise CrsError(
            f"{where}: {crs.name!r} is in degrees, but the coordinates run to {max(abs(east), abs(north)):,.0f}.",
            remedy='the file is in another coordinate reference system than it says; declare it: crs = "EPSG:...".',
        )


def tidy(frame: gpd.GeoDataFrame, kind: Kind, where: str, labels: Sequence[str]) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Drop heights, mend what is invalid, and check the kind of every feature; none of them is empty.

    Parameters
    ----------
    frame : GeoDataFrame
    kind : {'polygon', 'point', 'line'}
        Points are also taken from polygons, at a point inside.
    labels : sequence of str
        Names of the rows, for notes and messages.

    Returns
    -------
    GeoDataFrame, list of str
        And what was done, for the layer's provenance.

    Raises
    ------
    LayerError
        A feature is of another kind, or nothing of it is left when mended.
    """
    notes: list[str] = []
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    if bool(shapely.has_z(shapes).any()):
        shapes = np.asarray(shapely.force_2d(shapes), dtype=object)
        notes.append("Heights (Z values) were dropped.")
    invalid = np.flatnonzero(~shapely.is_valid(shapes))
    for i in invalid.tolist():
        if not np.isfinite(shapely.get_coordinates(shapes[i])).all():
            raise LayerError(
                f"{where}: feature {labels[i]} has a coordinate that is no number.",
                remedy="redraw it, or leave it out (where = ...).",
            )
        shapes[i] = mended(shapes[i], kind)
    if invalid.size:
        named = ", ".join(str(labels[i]) for i in invalid[:5]) + (", ..." if invalid.size > 5 else "")
        noun = "geometry was" if invalid.size == 1 else "geometries were"
        notes.append(f"{invalid.size} invalid {noun} mended: {named}.")
    if kind == "point":
        areas = np.isin([g.geom_type for g in shapes], _FAMILIES["polygon"])
        if areas.any():
            shapes[areas] = shapely.point_on_surface(shapes[areas])
            notes.append(f"{int(areas.sum())} polygons are represented by a point inside.")
    _check_kind(shapes, kind, where, labels)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)), notes


def mended(shape: BaseGeometry, kind: Kind) -> BaseGeometry:
    """A valid geometry of the same kind: what make_valid leaves of another dimension is dust at the crossings."""
    made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if made.geom_type in _FAMILIES[kind]:
        return made
    parts = [p for p in shapely.get_parts(shapely.get_parts([made])) if p.geom_type in _FAMILIES[kind]]
    return shapely.union_all(np.array(parts, dtype=object)) if parts else made


def _check_kind(shapes: Any, kind: Kind, where: str, labels: Sequence[str]) -> None:
    for i, shape in enumerate(shapes):
        if shape.geom_type not in _FAMILIES[kind]:
            raise LayerError(
                f"{where}: feature {labels[i]} is a {shape.geom_type}, but this layer is made of {kind}s.",
                remedy=f"give a file of {kind}s, or leave such features out (where = ...).",
            )
        if shape.is_empty:
            raise LayerError(
                f"{where}: nothing is left of feature {labels[i]} when it is mended.",
                remedy="redraw it, or leave it out (where = ...).",
            )


def shape_of_text(text: str) -> BaseGeometry | None:
    """Geometry of well-known text, or of the text that R writes of a simple feature; None for an empty cell.

    R writes a matrix column by column: ``c(x1, x2, ..., y1, y2, ...)``. ``c`` is a point or a line, ``list(c, c)`` a
    polygon whose second ring is a hole, ``list(list(c), list(c))`` several polygons.

    Raises
    ------
    ValueError
        It is neither.
    """
    text = text.strip()
    if not text or text.casefold() in {"na", "null", "none"}:
        return None
    if not text.startswith(("list(", "c(")):
        refuse_deep_text(text)
        try:
            return shapely.from_wkt(text)
        # A curve is well-known text too, but no outline of straight lines.
        except (shapely.errors.ShapelyError, NotImplementedError) as error:
            raise ValueError(f"{text[:40]!r} is no well-known text") from error
    tree, rest = _parsed(_TOKEN.findall(text), text)
    if rest:
        raise ValueError(f"{' '.join(rest)[:20]!r} is left over after the geometry")
    return _shape(tree)


def _parsed(tokens: list[str], text: str, depth: int = 0) -> tuple[Any, list[str]]:
    """Nested lists of coordinate arrays, and the tokens after them."""
    if depth > _DEEPEST:
        raise ValueError("its lists lie too deep")
    head, rest = tokens[0], tokens[1:]
    if head == "c(":
        end = rest.index(")") if ")" in rest else -1
        if end < 0:
            raise ValueError(f"{text[-20:]!r}: the text is cut off")
        return _matrix([t for t in rest[:end] if t != ","]), rest[end + 1 :]
    if head != "list(":
        raise ValueError(f"{head!r} stands where c( or list( is due")
    items: list[Any] = []
    while rest and rest[0] != ")":
        if rest[0] == ",":
            rest = rest[1:]
            continue
        item, rest = _parsed(rest, text, depth + 1)
        items.append(item)
    if not rest:
        raise ValueError(f"{text[-20:]!r}: the text is cut off")
    return items, rest[1:]


def _matrix(cells: list[str]) -> Any:
    if len(cells) < 2 or len(cells) % 2:
        raise ValueError(f"{len(cells)} coordinates are not pairs of x and y")
    return np.array([float(c) for c in cells]).reshape(2, -1).T


def _shape(tree: Any) -> BaseGeometry:
    if isinstance(tree, np.ndarray):
        return shapely.Point(tree[0]) if len(tree) == 1 else shapely.LineString(tree)
    if not tree:
        return shapely.Polygon()
    if all(isinstance(item, list) for item in tree):
        parts = [_assembled(rings) for rings in tree]
        return shapely.union_all(np.array(parts, dtype=object)) if len(parts) > 1 else parts[0]
    return _assembled(tree)


def _assembled(rings: list[Any]) -> BaseGeometry:
    """A polygon of its rings: the first is the outside, one inside it is a hole, one beside it another part."""
    parts: list[tuple[shapely.Polygon, list[Any]]] = []
    for ring in rings:
        if not isinstance(ring, np.ndarray) or len(ring) < 4 or not np.array_equal(ring[0], ring[-1]):
            raise ValueError("a ring is not closed")
        outline = shapely.Polygon(ring)
        inside = next((holes for outer, holes in parts if shapely.covers(outer, outline)), None)
        if inside is None:
            parts.append((outline, []))
        else:
            inside.append(ring)
    made = [shapely.Polygon(outer.exterior, holes) for outer, holes in parts]
    return made[0] if len(made) == 1 else shapely.MultiPolygon(made)
