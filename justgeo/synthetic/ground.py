"""What maps of classes say of Nowhere: flood zones, grades of the 1930s, zoning, and the use of land in OpenStreetMap.

Each is drawn as such maps are: polygons overlap, one crosses itself, one code is in no table, one mark is missing, one
corner is not mapped and another is mapped as not studied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.synthetic.geography import (
    COLS,
    INDUSTRY,
    LAEA,
    LAKE,
    NAD83,
    PARK,
    ROWS,
    WATER,
    Geography,
    cell_polygons,
    mover,
)

FLOOD_M, MODERATE_M, LEVEE_M, COAST_M = 130.0, 230.0, 330.0, 90.0
"""Reach of the flood zones from the river's banks, and of the coastal one from the shore, metres."""
LEVEE_ROWS = slice(20, 25)
UNSTUDIED = (slice(0, 3), slice(0, 5))
"""Cells of zone D."""
UNMAPPED = (slice(36, ROWS), slice(0, 3))
"""Cells of no zone."""
CROSSING_M = 20.0
GRADES: Mapping[str, tuple[slice, slice]] = {
    "A": (slice(9, 15), slice(24, 33)),
    "B": (slice(15, 20), slice(21, 33)),
    "C": (slice(20, 27), slice(10, 20)),
    "D": (slice(18, 24), slice(12, 18)),
    "": (slice(26, 30), slice(24, 30)),
}
"""Rows and columns of cells of each grade; part of D was graded C as well, and ``""`` was visited without a grade."""
LOST_CODE = "PUD-7"
HOMES_MAPPED = (slice(4, 34), slice(15, 37))
"""Cells within the one large residential area of OpenStreetMap."""
INSET = 6.0
LANDUSE: Mapping[str, str] = {
    "C-2": "commercial",
    "B-1": "retail",
    "M-1": "industrial",
    "MU": "retail",
    "INST": "education",
}
ZONING_CRS = "EPSG:26919"
_MINIMAL, _MODERATE = "AREA OF MINIMAL FLOOD HAZARD", "0.2 PCT ANNUAL CHANCE FLOOD HAZARD"
_LEVEE = "AREA WITH REDUCED FLOOD RISK DUE TO LEVEE"


def _cells(geography: Geography, rows: slice, columns: slice) -> BaseGeometry:
    return shapely.union_all(cell_polygons(geography.corners)[rows, columns])


def _wet(geography: Geography, *, bay: bool) -> BaseGeometry:
    """The bay, or the river with the lake, EPSG:4269."""
    wet = geography.cell_kind == WATER
    east = np.arange(COLS)[None, :].repeat(ROWS, axis=0) >= 38
    return shapely.union_all(cell_polygons(geography.corners)[wet & (east if bay else ~east)])


def river(geography: Geography) -> BaseGeometry:
    """The river without the lake, EPSG:4269."""
    wet = (geography.cell_kind == WATER) & (np.arange(COLS)[None, :] < 38)
    wet = wet.copy()
    for spot in LAKE:
        wet[spot] = False
    return shapely.union_all(cell_polygons(geography.corners)[wet])


def around(shape: BaseGeometry, metres: float) -> BaseGeometry:
    """A shape with what lies within some metres of it, EPSG:4269."""
    flat = shapely.transform(shape, mover(NAD83, LAEA))
    return shapely.transform(flat.buffer(metres, quad_segs=4), mover(LAEA, NAD83))


def flood_zones(geography: Geography) -> dict[str, BaseGeometry]:
    """Each class of flood hazard as its ground (EPSG:4269), no two of them overlapping; what is in none is unmapped."""
    county, bay, stream = _cells(geography, slice(None), slice(None)), _wet(geography, bay=True), river(geography)
    mapped = county.difference(_cells(geography, *UNMAPPED))
    hazard = around(stream, FLOOD_M).union(around(bay, COAST_M).difference(bay)).intersection(mapped).difference(bay)
    moderate = around(stream, MODERATE_M).intersection(mapped).difference(hazard.union(bay))
    levee = around(stream, LEVEE_M).intersection(_cells(geography, LEVEE_ROWS, slice(0, 20)))
    levee = levee.difference(hazard.union(moderate))
    undone = _cells(geography, *UNSTUDIED).difference(hazard.union(moderate))
    rest = mapped.difference(shapely.union_all([hazard, moderate, levee, undone, bay]))
    return {
        "1 % a year": hazard,
        "0.2 % a year": moderate,
        "less by a levee": levee,
        "less than 0.2 % a year": rest,
        "unmapped": undone,
        "open water": bay,
    }


def grades(geography: Geography) -> dict[str, BaseGeometry]:
    """Ground of each grade as it was drawn (EPSG:4269): D and C share some."""
    return {grade: _cells(geography, *where) for grade, where in GRADES.items()}


def codes(geography: Geography) -> npt.NDArray[np.str_]:
    """Zoning code of each cell, ``""`` for none, (ROWS, COLS)."""
    row, col = np.meshgrid(np.arange(ROWS), np.arange(COLS), indexing="ij")
    inner = np.hypot(row - ROWS / 2, 0.8 * (col - COLS / 2)) < 8
    found = np.where(inner, "R-3", "R-1").astype("<U5")
    found[(row % 5 == 2) & (col % 7 == 3)] = "C-2"
    found[(row % 6 == 1) & (col % 9 == 4)] = "B-1"
    found[(row % 11 == 5) & (col % 10 == 7)] = "INST"
    found[16:22, 13:16] = "MU"
    found[24:26, 13:15] = LOST_CODE
    kind = geography.cell_kind
    found[kind == INDUSTRY], found[kind == PARK], found[kind == WATER] = "M-1", "OS", ""
    found[ROWS - 2 :] = ""
    return found


def uses(geography: Geography) -> dict[str, BaseGeometry]:
    """Ground of each use in OpenStreetMap, without parks, as drawn (EPSG:4269): some lies within the residential."""
    cells, code = cell_polygons(geography.corners), codes(geography)
    code[geography.cell_kind == PARK] = ""
    found = {"residential": _cells(geography, *HOMES_MAPPED)}
    for tag in dict.fromkeys(LANDUSE.values()):
        some = cells[np.isin(code, [c for c, use in LANDUSE.items() if use == tag])]
        found[tag] = shapely.union_all([_inset(cell) for cell in some])
    return found


def _inset(shape: BaseGeometry) -> BaseGeometry:
    flat = shapely.transform(shape, mover(NAD83, LAEA))
    return shapely.transform(flat.buffer(-INSET, join_style="mitre"), mover(LAEA, NAD83))


# Files --------------------------------------------------------------------------------------------------------------


def write_flood(path: Path, geography: Geography) -> None:
    """Flood zones as the service of the national layer gives them: features with its three columns."""
    zones = flood_zones(geography)
    hazard, rest = zones["1 % a year"], zones["less than 0.2 % a year"]
    shore = around(_wet(geography, bay=True), COAST_M)
    inland = hazard.difference(shore)
    west, south, east, north = inland.bounds
    half = shapely.box(west, south, east, (south + north) / 2)
    floodway = inland.intersection(around(river(geography), FLOOD_M / 4))
    rows: list[tuple[str, str | None, str | None, BaseGeometry]] = [
        ("AE", None, "T", inland.intersection(half)),
        ("A", None, None, inland.difference(half)),  # the mark is missing, and the zone decides
        ("AE", "FLOODWAY", "T", floodway),  # drawn once more, within the first two
        ("VE", None, "T", hazard.intersection(shore)),
        ("AE", None, "T", _crossing(around(inland, -2.5 * CROSSING_M))),
        ("X", _MODERATE, "F", zones["0.2 % a year"]),
        ("X", _LEVEE, "F", zones["less by a levee"]),
        ("X", _MINIMAL, "F", rest),
        ("D", None, "F", zones["unmapped"]),
        ("OPEN WATER", None, "F", zones["open water"]),
    ]
    _geojson(
        path,
        [
            ({"OBJECTID": number, "FLD_ZONE": zone, "ZONE_SUBTY": kind, "SFHA_TF": mark}, shape)
            for number, (zone, kind, mark, shape) in enumerate(rows, start=1)
        ],
    )


def _crossing(ground: BaseGeometry) -> BaseGeometry:
    """A bow tie that crosses itself, well within some ground."""
    x, y = ground.representative_point().coords[0]
    d = CROSSING_M / 111_000.0
    return shapely.Polygon([(x - d, y - d), (x + d, y + d), (x + d, y - d), (x - d, y + d)])


def write_grades(path: Path, geography: Geography) -> None:
    """Grades with the columns of the archive of all cities."""
    rows = []
    for number, (grade, shape) in enumerate(grades(geography).items(), start=1):
        told = {
            "area_id": number,
            "city": "Nowhere (invented)",
            "state": "ZZ",
            "grade": grade or None,
        }
        rows.append((told, shape))
    _geojson(path, rows)


def zoning(geography: Geography) -> gpd.GeoDataFrame:
    """Zoning districts of the city, one row a code, in a system of its own."""
    cells, code = cell_polygons(geography.corners), codes(geography)
    names = sorted(set(code.ravel().tolist()) - {""})
    shapes = [shapely.union_all(cells[code == name]) for name in names]
    frame = gpd.GeoDataFrame({"ZONE": names, "ORD_NO": np.arange(1, len(names) + 1)}, geometry=shapes, crs=NAD83)
    return frame.to_crs(ZONING_CRS)


def _geojson(path: Path, rows: list[tuple[dict[str, Any], BaseGeometry]]) -> None:
    features: list[dict[str, Any]] = []
    for told, shape in rows:
        geometry = json.loads(shapely.to_geojson(shape))
        features.append({"type": "Feature", "properties": told, "geometry": geometry})
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def add_uses(extract: Any, geography: Geography) -> None:
    """Draw the uses of land into an OpenStreetMap extract."""
    for tag, shape in uses(geography).items():
        for part in shapely.get_parts(shape):
            ring = shapely.get_coordinates(shapely.get_exterior_ring(part))
            nodes = [extract.node(float(lon), float(lat)) for lon, lat in ring[:-1]]
            extract.way([*nodes, nodes[0]], {"landuse": tag})
