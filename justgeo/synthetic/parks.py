"""Parks and water of Nowhere as OSM objects.

Parks are of all sorts on purpose: one with a lake (multipolygon with a hole), one of two pieces, two fenced with
gates, one private, a golf course, a garden that is not for the public, a reserve, a playground, small ones in blocks.
"""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import FloatArray
from justgeo.synthetic.geography import (
    COLS,
    HOMES,
    LAEA,
    LAKE,
    NAD83,
    PARKS,
    ROWS,
    WATER,
    Geography,
    cell_polygons,
    mover,
)
from justgeo.synthetic.streets import Extract, Tags

INSET = 6.0  # metres between a park's edge and the middle of the street beside it
PARK_TAGS: tuple[Tags, ...] = (
    {"leisure": "park", "name": "Great Meadow"},
    {"leisure": "park", "name": "West Park", "barrier": "fence"},
    {"leisure": "park", "name": "River Park"},
    {"leisure": "park", "name": "South Green"},
    {"leisure": "recreation_ground", "name": "North Fields"},
    {"leisure": "park", "name": "Long Park"},
    {"leisure": "park", "name": "Wall Park", "barrier": "fence"},
    {"leisure": "park", "name": "Twin Park"},
    {"leisure": "golf_course", "name": "Nowhere Golf Club"},
    {"leisure": "park", "name": "Founders' Lawn", "access": "private"},
    {"leisure": "playground", "name": "Small Playground"},
    {"leisure": "garden", "name": "Walled Garden"},
    {"leisure": "park", "name": "Corner Park"},
    {"leisure": "nature_reserve", "name": "Marsh Reserve"},
)


def add(extract: Extract, geography: Geography, seed: int) -> None:
    """Add parks and water to an extract that has the streets and park paths."""
    _parks(extract, geography)
    _pocket_parks(extract, geography, np.random.default_rng([seed, 9]))
    _water(extract, geography)


def _outline(shape: BaseGeometry) -> FloatArray:
    return np.asarray(shapely.get_coordinates(shapely.get_exterior_ring(shape)), dtype=np.float64)


def _ring(extract: Extract, coordinates: FloatArray) -> list[int]:
    """Nodes of a closed ring."""
    nodes = [extract.node(lon, lat) for lon, lat in coordinates[:-1]]
    return [*nodes, nodes[0]]


def _inset(shape: BaseGeometry, metres: float) -> BaseGeometry:
    """A polygon drawn in by some metres."""
    flat = shapely.transform(shape, mover(NAD83, LAEA))
    return shapely.transform(flat.buffer(-metres, join_style="mitre"), mover(LAEA, NAD83))


def _parks(extract: Extract, geography: Geography) -> None:
    cells = cell_polygons(geography.corners)
    for number, ((row, col, height, width), tags) in enumerate(zip(PARKS, PARK_TAGS, strict=True)):
        shape = _inset(shapely.union_all(cells[row : row + height, col : col + width]), INSET)
        if number == 0:
            lake = _inset(shapely.union_all([cells[spot] for spot in LAKE]), 3 * INSET)
            water = {"natural": "water", "water": "lake", "name": "Mirror Lake"}
            edge = extract.way(_ring(extract, _outline(shape)), {"note": "edge of Great Meadow"})
            hole = extract.way(_ring(extract, _outline(lake)), water)
            extract.relation([("w", edge, "outer"), ("w", hole, "inner")], {"type": "multipolygon", **tags})
        elif tags["name"] == "Twin Park":
            ways = [extract.way(_ring(extract, _outline(half)), {}) for half in _halves(shape)]
            extract.relation([("w", way, "outer") for way in ways], {"type": "multipolygon", **tags})
        else:
            nodes = _ring(extract, _outline(shape))
            if "barrier" in tags:
                _gates(extract, nodes, f"Park path {number + 1}")
            extract.way(nodes, dict(tags))


def _halves(shape: BaseGeometry) -> tuple[BaseGeometry, BaseGeometry]:
    """A polygon's two halves with a gap of about 20 m between them."""
    west, south, east, north = shape.bounds
    middle, gap = (west + east) / 2, 0.00012
    return (
        shape.intersection(shapely.box(west, south, middle - gap, north)),
        shape.intersection(shapely.box(middle + gap, south, east, north)),
    )


def _gates(extract: Extract, ring: list[int], path: str) -> None:
    """Where a path passes the fence there is a gate: one node of both."""
    for _, members, tags in extract.ways:
        if tags.get("name") != path:
            continue
        for step in range(len(members) - 1, 0, -1):
            piece = _piece(extract, members[step - 1], members[step])
            for side in range(len(ring) - 2, -1, -1):
                spot = piece.intersection(_piece(extract, ring[side], ring[side + 1]))
                if spot.geom_type == "Point" and not spot.is_empty:
                    tags_here = {"barrier": "gate", "entrance": "yes", "access": "yes"}
                    lon, lat = shapely.get_coordinates(spot)[0]
                    gate = extract.node(lon, lat, tags_here)
                    members.insert(step, gate)
                    ring.insert(side + 1, gate)
                    break


def _piece(extract: Extract, first: int, last: int) -> BaseGeometry:
    return shapely.LineString([extract.nodes[first - 1][1], extract.nodes[last - 1][1]])


def _pocket_parks(extract: Extract, geography: Geography, rng: np.random.Generator) -> None:
    """Small parks that share a block with homes, near the middle of the county."""
    rows, cols = np.nonzero(geography.cell_kind == HOMES)
    inner = (abs(rows - ROWS / 2) < 9) & (abs(cols - COLS / 2) < 12)
    chosen = rng.choice(np.flatnonzero(inner), 14, replace=False)
    for number, spot in enumerate(np.sort(chosen)):
        row, col = int(rows[spot]), int(cols[spot])
        corner = geography.corners
        quad = np.array([corner[row, col], corner[row, col + 1], corner[row + 1, col + 1], corner[row + 1, col]])
        west = quad[0] * 0.5 + quad[[1, 2, 3]].mean(axis=0) * 0.5
        small = west + (quad - west) * (0.45 if number % 2 else 0.3)
        tags = {"leisure": "park", "name": f"Pocket Park {number + 1}"}
        extract.way(_ring(extract, np.vstack([small, small[:1]])), tags)


def _water(extract: Extract, geography: Geography) -> None:
    """River and bay; the bay has a hole where the island is."""
    wet = (geography.cell_kind == WATER).copy()
    for spot in LAKE:
        wet[spot] = False
    whole = shapely.union_all(cell_polygons(geography.corners)[wet])
    for piece in sorted(shapely.get_parts(whole), key=lambda part: (part.bounds[0], part.bounds[1])):
        bay = bool(piece.interiors)
        tags = {"natural": "water", "water": "bay" if bay else "river", "name": "The Bay" if bay else "The River"}
        if not bay:
            extract.way(_ring(extract, _outline(piece)), tags)
            continue
        members = [("w", extract.way(_ring(extract, _outline(piece)), {}), "outer")]
        for hole in piece.interiors:
            inner = np.asarray(shapely.get_coordinates(hole), dtype=np.float64)
            island = extract.way(_ring(extract, inner), {"place": "island", "name": "Far Island"})
            members.append(("w", island, "inner"))
        extract.relation(members, {"type": "multipolygon", **tags})
