"""The land of Nowhere: blocks, block groups and tracts of 2020, and the tracts of 2010 that they came from.

A warped and jittered grid of streets is cut into cells; a block is one cell, or several where there is water or a
park. Tracts and block groups are made of whole blocks by splitting along the longer side, so that everything nests
exactly. Coordinates are rounded to 1e-7 degree before anything is made of them, so that shared corners are the same
numbers in every file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod, Transformer

from justgeo.core.layer import FloatArray, IntArray
from justgeo.synthetic import forerunners

ROWS, COLS = 38, 46
STATE, COUNTY = "99", "001"
CENTRE = (-70.0, 38.8)
LAEA = "+proj=laea +lat_0=38.8 +lon_0=-70 +datum=NAD83 +units=m +no_defs"
NAD83 = "EPSG:4269"
TRACTS, BLOCK_GROUPS = 36, 110
HOUSEHOLDS = 36_000
HOMES, WATER, PARK, INDUSTRY = 0, 1, 2, 3
MOTORWAY_COLUMN = 33
# (first row, first column, rows, columns) of the parks that fill whole cells; the first holds a lake.
PARKS = (
    (14, 17, 4, 4),
    (5, 9, 2, 2),
    (27, 12, 2, 3),
    (8, 27, 2, 2),
    (24, 29, 2, 2),
    (31, 22, 1, 3),
    (19, 5, 2, 2),
    (2, 20, 1, 2),
    (12, 36, 2, 2),
    (29, 36, 2, 3),
    (21, 24, 1, 1),
    (10, 22, 1, 1),
    (17, 29, 1, 1),
    (33, 8, 2, 2),
)
LAKE = ((15, 18), (15, 19))
ISLAND = ((24, 43), (24, 44), (25, 43), (25, 44))

StrArray = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Geography:
    """Blocks with everything that they belong to.

    Attributes
    ----------
    corners : (ROWS + 1, COLS + 1, 2) float
        Longitude and latitude (EPSG:4269) of the grid's corners.
    metres : (ROWS + 1, COLS + 1, 2) float
        The same in the local equal-area system ``LAEA``.
    cell_block : (ROWS, COLS) int
        Block of each cell.
    cell_kind : (ROWS, COLS) int
        HOMES, WATER, PARK or INDUSTRY.
    blocks : GeoDataFrame
        One row a 2020 block in GEOID order: ``geoid``, ``bg``, ``tract``, ``block10``, ``bg10``, ``tract10``, ``kind``,
        ``x``, ``y`` (metres), ``land_m2``, ``water_m2`` (geodesic, whole numbers), ``homes`` (expected households).
    """

    corners: FloatArray
    metres: FloatArray
    cell_block: IntArray
    cell_kind: IntArray
    blocks: gpd.GeoDataFrame

    def units(self, level: str, vintage: int) -> gpd.GeoDataFrame:
        """Block groups, tracts or the county of a census vintage (2010 or 2020), with ``land_m2`` and ``water_m2``."""
        column = {"block group": "bg", "tract": "tract", "block": "block", "county": "county"}[level]
        key = column + ("10" if vintage == 2010 and level != "county" else "")
        frame = self.blocks.assign(county=STATE + COUNTY, block=self.blocks["geoid"])
        grouped = frame.groupby(key, sort=True)
        shapes = {str(name): shapely.union_all(part.geometry.to_numpy()) for name, part in grouped}
        areas = grouped[["land_m2", "water_m2"]].sum()
        return gpd.GeoDataFrame(
            {"geoid": list(shapes), "land_m2": areas["land_m2"].to_numpy(), "water_m2": areas["water_m2"].to_numpy()},
            geometry=list(shapes.values()),
            crs=NAD83,
        )


def build(seed: int) -> Geography:
    """Lay out the county of this seed."""
    rng = np.random.default_rng([seed, 1])
    metres = _corners(rng)
    lon, lat = Transformer.from_crs(LAEA, NAD83, always_xy=True).transform(metres[..., 0], metres[..., 1])
    corners = np.round(np.stack([lon, lat], axis=-1), 7)
    kind = _kinds(rng)
    cell_block = _merge(kind)
    frame = _block_frame(cell_block, kind, corners, metres, rng)
    tract, bg = _partition(frame, rng)
    frame = _identify(frame, tract, bg, cell_block)
    order = np.argsort(frame["geoid"].to_numpy().astype(str), kind="stable")
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return Geography(corners, metres, back[cell_block], kind, frame.iloc[order].reset_index(drop=True))


def _corners(rng: np.random.Generator) -> FloatArray:
    """Corners in metres: small cells in the middle, a gentle bend, some jitter."""
    t = np.linspace(-1, 1, COLS + 1)[None, :].repeat(ROWS + 1, axis=0)
    u = np.linspace(-1, 1, ROWS + 1)[:, None].repeat(COLS + 1, axis=1)
    x = 6000 * (0.5 * t + 0.5 * t**3)
    y = 5000 * (0.5 * u + 0.5 * u**3)
    step_x, step_y = np.gradient(x, axis=1), np.gradient(y, axis=0)
    x = x + step_x * rng.uniform(-0.1, 0.1, x.shape) + 220 * np.sin(y / 1900 + 0.4)
    y = y + step_y * rng.uniform(-0.1, 0.1, y.shape) + 180 * np.sin(x / 2300 + 1.1)
    turn = np.radians(9.0)
    return np.round(np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=-1), 3)


def river_columns() -> list[int]:
    """Column of the river's main cell in each row."""
    return [13 + round(3 * float(np.sin(row / 5.5))) for row in range(ROWS)]


def shore_column(row: int) -> int:
    """First column of the bay in a row."""
    return 41 + round(1.2 * float(np.sin(row / 4.0)))


def _kinds(rng: np.random.Generator) -> IntArray:
    kind = np.full((ROWS, COLS), HOMES, dtype=np.int64)
    kind[rng.random((ROWS, COLS)) < 0.02] = INDUSTRY
    kind[26:30, 36:40] = np.where(rng.random((4, 4)) < 0.7, INDUSTRY, HOMES)
    for row, col, height, width in PARKS:
        kind[row : row + height, col : col + width] = PARK
    columns = river_columns()
    for row, col in enumerate(columns):
        last = columns[max(row - 1, 0)]
        kind[row, min(col, last) : max(col, last) + 1] = WATER  # side by side: the banks never touch
        kind[row, shore_column(row) :] = WATER
    for row, col in LAKE:
        kind[row, col] = WATER
    for row, col in ISLAND:
        kind[row, col] = HOMES
    return kind


def _merge(kind: IntArray) -> IntArray:
    """Number the blocks: each cell its own, but water in pieces of up to six rows and parks whole."""
    key = np.arange(ROWS * COLS).reshape(ROWS, COLS)
    for row in range(ROWS):
        for col in range(COLS):
            if kind[row, col] == WATER and col >= 38:
                key[row, col] = -1000 - row // 6
            elif kind[row, col] == WATER and (row, col) not in LAKE:
                key[row, col] = -2000 - row // 3
    for number, (row, col, height, width) in enumerate(PARKS):
        part = key[row : row + height, col : col + width]
        part[kind[row : row + height, col : col + width] == PARK] = -3000 - number
    for row, col in LAKE:
        key[row, col] = -4000
    return np.unique(key, return_inverse=True)[1].reshape(ROWS, COLS).astype(np.int64)


@cache  # to find the way between two of them takes longer than to go it
def mover(source: str, target: str) -> Callable[[FloatArray], FloatArray]:
    """Function for ``shapely.transform`` that takes points from one CRS to another."""
    there = Transformer.from_crs(source, target, always_xy=True)

    def move(points: FloatArray) -> FloatArray:
        return np.stack(there.transform(points[:, 0], points[:, 1]), axis=1)

    return move


def cell_polygons(corners: FloatArray) -> npt.NDArray[np.object_]:
    """Quadrilateral of every cell, shape (ROWS, COLS)."""
    ring = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1], corners[:-1, :-1]], axis=2)
    return np.asarray(shapely.polygons(ring))


def _block_frame(
    cell_block: IntArray, kind: IntArray, corners: FloatArray, metres: FloatArray, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    cells, flat = cell_polygons(corners).ravel(), cell_block.ravel()
    count = int(flat.max()) + 1
    members = np.bincount(flat, minlength=count)
    shape = np.empty(count, dtype=object)
    shape[flat] = cells
    for block in np.flatnonzero(members > 1):
        shape[block] = shapely.union_all(cells[flat == block])
    middle = (metres[:-1, :-1] + metres[:-1, 1:] + metres[1:, 1:] + metres[1:, :-1]) / 4
    mean = [np.bincount(flat, weights=middle[..., axis].ravel(), minlength=count) / members for axis in (0, 1)]
    geod = Geod(ellps="GRS80")
    area = np.array([abs(geod.geometry_area_perimeter(polygon)[0]) for polygon in shape])
    what = np.zeros(count, dtype=np.int64)
    what[flat] = kind.ravel()
    first = np.full(count, ROWS * COLS, dtype=np.int64)
    np.minimum.at(first, flat, np.arange(ROWS * COLS))
    wet = what == WATER
    frame = gpd.GeoDataFrame(
        {
            "kind": what,
            "cell": first,
            "x": np.round(mean[0], 3),
            "y": np.round(mean[1], 3),
            "land_m2": np.where(wet, 0, np.rint(area)).astype(np.int64),
            "water_m2": np.where(wet, np.rint(area), 0).astype(np.int64),
        },
        geometry=list(shape),
        crs=NAD83,
    )
    frame["homes"] = _homes(frame, rng)
    return frame


def _homes(frame: gpd.GeoDataFrame, rng: np.random.Generator) -> FloatArray:
    """Expected households a block: dense in the middle, none on water, in parks and nearly none in industry."""
    x, y, land = (frame[name].to_numpy(dtype=float) for name in ("x", "y", "land_m2"))
    radius = np.hypot(x + 400, y) / 1000
    density = np.exp(-radius / 2.6) + 1.2 * np.exp(-((radius / 1.1) ** 2))
    rough = land * density * np.exp(rng.normal(0, 0.5, len(frame)))
    kind = frame["kind"].to_numpy()
    rough = np.where(kind == HOMES, rough, np.where(kind == INDUSTRY, 0.02 * rough, 0.0))
    rough[(kind == HOMES) & (rng.random(len(frame)) < 0.03)] = 0.0  # parking lots, schools, depots
    return np.asarray(np.round(HOUSEHOLDS * rough / rough.sum(), 6), dtype=np.float64)


def _partition(frame: gpd.GeoDataFrame, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Tract and block group of each block; the bay is tract -1, block group 0."""
    weight = frame["homes"].to_numpy(dtype=float)
    row, col = frame["cell"].to_numpy() // COLS, frame["cell"].to_numpy() % COLS
    bay = (frame["kind"].to_numpy() == WATER) & (col >= 38)
    tract = np.full(len(frame), -1, dtype=np.int64)
    bg = np.zeros(len(frame), dtype=np.int64)
    position = frame[["x", "y"]].to_numpy(dtype=float)
    land = np.flatnonzero(~bay)
    for number, members in enumerate(_split(land, TRACTS, weight, row, col, position)):
        tract[members] = number
    parts = np.full(TRACTS, 3)
    order = rng.permutation(TRACTS)
    parts[order[:6]], parts[order[6:10]] = 4, 2
    for number in range(TRACTS):
        members = np.flatnonzero(tract == number)
        for part, some in enumerate(_split(members, int(parts[number]), weight, row, col, position), start=1):
            bg[some] = part
    return tract, bg


def _split(
    members: IntArray, parts: int, weight: FloatArray, row: IntArray, col: IntArray, position: FloatArray
) -> list[IntArray]:
    """Split blocks into parts of about equal weight, always across the longer side."""
    if parts == 1:
        return [members]
    first = parts // 2
    spread = np.ptp(position[members], axis=0)
    keys = (row[members], col[members]) if spread[0] > spread[1] else (col[members], row[members])
    ordered = members[np.lexsort(keys)]
    share = np.cumsum(weight[ordered])
    cut = int(np.searchsorted(share, share[-1] * first / parts))
    left = _split(ordered[:cut], first, weight, row, col, position)
    return left + _split(ordered[cut:], parts - first, weight, row, col, position)


def _identify(frame: gpd.GeoDataFrame, tract: IntArray, bg: IntArray, cell_block: IntArray) -> gpd.GeoDataFrame:
    """Give 2020 identifiers, then make up the 2010 ones."""
    code = forerunners.codes_2020()
    prefix = np.array([STATE + COUNTY + (code[t] if t >= 0 else "990000") for t in tract])
    geoid = _number(prefix, bg, frame["cell"].to_numpy())
    frame = frame.assign(geoid=geoid, bg=[g[:12] for g in geoid], tract=[g[:11] for g in geoid])
    old = forerunners.forerunners(tract, bg, cell_block, frame["kind"].to_numpy() == HOMES)
    prefix10 = np.array([STATE + COUNTY + c for c in old.tract_code])
    block10 = _number(prefix10, old.bg, old.block)
    return frame.assign(block10=block10, bg10=[g[:12] for g in block10], tract10=[g[:11] for g in block10])


def _number(prefix: StrArray, bg: IntArray, key: IntArray) -> list[str]:
    """15-digit identifiers: tract, block group digit, three digits in order of ``key`` within the block group."""
    table = pd.DataFrame({"prefix": prefix, "bg": bg, "key": key})
    table["rank"] = table.groupby(["prefix", "bg"])["key"].rank(method="dense").astype(int) - 1
    rows = zip(table["prefix"], table["bg"], table["rank"], strict=True)
    return [f"{tract}{group:d}{rank:03d}" for tract, group, rank in rows]
