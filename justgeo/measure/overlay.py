"""Polygons of a class laid over shapes: how much of each shape's land lies in which class, every spot counted once.

Polygons of one class are dissolved. Ground that is drawn in several classes goes to the first of them in a stated
order, and how much that is stays known. Ground on which the layer says nothing is neither in a class nor out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.fractions import Geometries, same_crs

_MOST_VERTICES = 400
"""Larger polygons are quartered, so that a block does not have to be held against a river of a whole county."""
_SMALLEST_M = 25.0
_NOTHING = shapely.MultiPolygon()


@dataclass(frozen=True)
class Ground:
    """Ground in pieces that do not overlap, in a metric CRS; ``pieces`` is (k,)."""

    pieces: Geometries


@dataclass(frozen=True)
class Overlay:
    """Classes of ground in a metric CRS, ready to be laid over shapes.

    Attributes
    ----------
    classes : mapping of str to Ground
        No two of them overlap; water is in none.
    known : Ground
        Land of which the layer speaks.
    twice : Ground
        Land that was drawn in more than one class.
    water : Ground
    crs : object
    """

    classes: Mapping[str, Ground]
    known: Ground
    twice: Ground
    water: Ground
    crs: object


@dataclass(frozen=True)
class Laid:
    """What lies on each of some shapes, square metres, (n,) each.

    ``land`` is the shape without water, ``known`` the part of it of which the layer speaks, ``held`` the part in each
    class, ``twice`` the part that was drawn in more than one.
    """

    land: FloatArray
    known: FloatArray
    held: Mapping[str, FloatArray]
    twice: FloatArray

    def within(self, classes: Iterable[str]) -> FloatArray:
        """Land in any of some classes; one that is nowhere at hand holds nothing, (n,)."""
        parts = [self.held[name] for name in dict.fromkeys(classes) if name in self.held]
        return np.sum(parts, axis=0) if parts else np.zeros(len(self.land), dtype=np.float64)


def lay(
    polygons: gpd.GeoSeries,
    labels: npt.ArrayLike,
    order: Sequence[str] = (),
    *,
    water: Sequence[str] = (),
    wet: gpd.GeoSeries | None = None,
    covers: BaseGeometry | None = None,
) -> Overlay:
    """Make classes of ground that do not overlap out of polygons that may.

    Parameters
    ----------
    polygons : GeoSeries, (k,)
        Valid polygons in a metric CRS.
    labels : (k,) str
        Class of each.
    order : sequence of str
        Which class a spot belongs to that lies in several: the first of these. Others follow in the order of their
        names.
    water : sequence of str
        Classes that say that there is water: no land, whatever else is drawn there.
    wet : GeoSeries, optional
        Further water, in the same CRS.
    covers : geometry, optional
        In the same CRS: ground of which the layer speaks. That of all polygons where it is not given.

    Raises
    ------
    CrsError
        The polygons are in degrees, or the water is in another system.
    LayerError
        Something is no polygon.
    """
    if polygons.crs is None or polygons.crs.is_geographic:
        raise CrsError(
            "Polygons in degrees cannot be measured.", remedy="project them to the district's metric CRS first."
        )
    shapes, names = _polygons(polygons), np.asarray(labels, dtype=np.str_)
    if wet is not None:
        same_crs(polygons, wet, "water")
    lake = _union([*shapes[np.isin(names, list(water))], *(() if wet is None else _polygons(wet))])
    present = sorted(set(names.tolist()) - set(water))
    found: dict[str, Ground] = {}
    taken: BaseGeometry = _NOTHING
    twice: list[BaseGeometry] = []
    for name in [*(n for n in order if n in present), *(n for n in present if n not in order)]:
        own = _less(_union(shapes[names == name]), lake)
        twice.append(_common(own, taken))
        found[name] = _ground(_less(own, taken))
        taken = _union([taken, own])
    known = taken if covers is None else _less(covers, lake)
    return Overlay(found, _ground(known), _ground(_union(twice)), _ground(lake), polygons.crs)


def laid(overlay: Overlay, shapes: gpd.GeoSeries) -> Laid:
    """Lay classes of ground over shapes.

    Parameters
    ----------
    overlay : Overlay
    shapes : GeoSeries, (n,)
        Polygons in the overlay's CRS; they may overlap one another.

    Returns
    -------
    Laid

    Raises
    ------
    CrsError
        The shapes are in another system.
    """
    same_crs(shapes, gpd.GeoSeries([], crs=overlay.crs), "polygons")
    outlines = _polygons(shapes)
    shapely.prepare(outlines)
    area = np.asarray(shapely.area(outlines), dtype=np.float64)
    # What is left of rounding where a shape is all water.
    land = area - area_on(outlines, overlay.water)
    land = np.where(land <= 1e-9 * area, 0.0, land)
    known = np.minimum(area_on(outlines, overlay.known), land)
    held = {name: np.minimum(area_on(outlines, ground), known) for name, ground in overlay.classes.items()}
    return Laid(land, known, held, np.minimum(area_on(outlines, overlay.twice), known))


def area_on(shapes: Geometries, ground: Ground) -> FloatArray:
    """Square metres of each shape that lie on some ground, (n,)."""
    shape, piece = shapely.STRtree(ground.pieces).query(shapes, predicate="intersects")
    pieces = ground.pieces[piece]
    area = np.asarray(shapely.area(pieces), dtype=np.float64)
    cut = np.flatnonzero(~shapely.covers(shapes[shape], pieces))
    area[cut] = shapely.area(shapely.intersection(shapes[shape[cut]], pieces[cut]))
    return np.bincount(shape, area, minlength=len(shapes)).astype(np.float64)


def on(points: Geometries, ground: Ground) -> BoolArray:
    """Which points lie on some ground, (n,)."""
    found = np.zeros(len(points), dtype=np.bool_)
    found[shapely.STRtree(ground.pieces).query(points, predicate="intersects")[0]] = True
    return found


def _polygons(shapes: gpd.GeoSeries) -> Geometries:
    """Valid polygons as an array, (n,); a missing one holds no ground, a self-crossing one is mended."""
    found = np.array(shapes.array, dtype=object)
    found[shapely.is_missing(found)] = _NOTHING
    strange = [g.geom_type for g in found if g.geom_type not in ("Polygon", "MultiPolygon")]
    if strange:
        raise LayerError(f"A shape to be laid over others is a {strange[0]}.", remedy="give polygons.")
    broken = ~shapely.is_valid(found)
    if broken.any():
        found[broken] = [_polygonal(g) for g in shapely.make_valid(found[broken])]
    return found


def _union(parts: Iterable[BaseGeometry]) -> BaseGeometry:
    return _polygonal(shapely.union_all(np.array([*parts], dtype=object)))


def _less(ground: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return ground if other.is_empty else _polygonal(shapely.difference(ground, other))


def _common(ground: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return _polygonal(shapely.intersection(ground, other))


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry; where two edges only touch there are lines and points, which hold no ground."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    return shapely.MultiPolygon([p for p in parts if p.geom_type == "Polygon"])


def _ground(shape: BaseGeometry) -> Ground:
    pieces = [small for part in shapely.get_parts(shape) for small in _quartered(part)]
    return Ground(np.array(pieces, dtype=object))


def _quartered(shape: BaseGeometry) -> list[BaseGeometry]:
    """A polygon in pieces of few vertices; none where nothing is left."""
    if shape.is_empty or shape.area <= 0:
        return []
    west, south, east, north = shape.bounds
    if shapely.get_num_coordinates(shape) <= _MOST_VERTICES or max(east - west, north - south) < _SMALLEST_M:
        return [shape]
    x, y = (west + east) / 2, (south + north) / 2
    boxes = shapely.box(
        np.array([west, x, west, x]), np.array([south, south, y, y]), np.array([x, east, x, east]),
        np.array([y, y, north, north]),
    )  # fmt: skip
    found: list[BaseGeometry] = []
    for part in shapely.intersection(shape, boxes):
        for one in shapely.get_parts(_polygonal(part)):
            found += _quartered(one)
    return found
