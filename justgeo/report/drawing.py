"""Shapes as paths of an inline drawing (SVG): no library, no tiles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARGIN = 6.0

Points = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Projection:
    """Degrees to the drawing: true in both directions at the middle latitude, which is enough for a picture.

    Attributes
    ----------
    west, north : float
        Degrees at the drawing's left and upper edge.
    shrink : float
        Cosine of the middle latitude.
    scale : float
        Units of the drawing to a degree of latitude.
    width, height : float
        Of the drawing.
    """

    west: float
    north: float
    shrink: float
    scale: float
    width: float
    height: float

    def __call__(self, point: Sequence[float]) -> tuple[float, float]:
        x = (point[0] - self.west) * self.shrink * self.scale + MARGIN
        return round(x, 1), round((self.north - point[1]) * self.scale + MARGIN, 1)


def fitted(shapes: Iterable[Points], width: float, height: float) -> Projection:
    """The projection that fits some rings (degrees) into a drawing of at most ``width`` by ``height``."""
    points = [point for ring in shapes for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    wide, tall = max((east - west) * shrink, 1e-9), max(north - south, 1e-9)
    scale = min((width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / tall)
    sizes = (round(wide * scale + 2 * MARGIN, 1), round(tall * scale + 2 * MARGIN, 1))
    return Projection(west, north, shrink, scale, *sizes)


def rings(geometry: Mapping[str, Any]) -> Iterator[Points]:
    """Rings of a GeoJSON polygon or collection of polygons."""
    if geometry["type"] == "GeometryCollection":
        for one in geometry["geometries"]:
            yield from rings(one)
    elif geometry["type"] == "Polygon":
        yield from geometry["coordinates"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon


def path(shape: Iterable[Points], project: Projection) -> str:
    """Rings as the ``d`` of a path; points that fall on the one before are left out."""
    made = []
    for ring in shape:
        points: list[tuple[float, float]] = []
        for point in ring:
            at = project(point)
            if not points or points[-1] != at:
                points.append(at)
        if len(points) > 2:
            made.append("M" + "L".join(f"{x:g},{y:g}" for x, y in points) + "Z")
    return "".join(made)
