"""A county of sixteen square blocks that can be answered by hand.

Blocks are 100 m squares in a 4 x 4 grid, numbered from the south-west, row by row. The west half is tract ...01, the
east half tract ...02; in each, the south is block group 1 and the north block group 2, so that each block group has
four blocks:

    row 3 |  W2 W2 E2 E2
    row 2 |  W2 W2 E2 E2
    row 1 |  W1 W1 E1 E1
    row 0 |  W1 W1 E1 E1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import geopandas as gpd
import numpy as np
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import metric_crs
from justgeo.core.field import Cells, CountField, Counts
from justgeo.core.layer import Layer, Provenance
from justgeo.core.zones import Role, Units, Zones
from justgeo.measure.apportion import Weights

CRS = metric_crs(box(-78.6, 37.9, -78.4, 38.1))
COUNTY = "99001"
WEST, EAST = COUNTY + "000001", COUNTY + "000002"
W1, W2, E1, E2 = WEST + "1", WEST + "2", EAST + "1", EAST + "2"
PEOPLE = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160], dtype=np.float64)
HOMES = np.array([5, 5, 10, 10, 15, 15, 20, 20, 25, 25, 30, 30, 35, 35, 40, 40], dtype=np.float64)


def provenance(name: str) -> Provenance:
    return Provenance(layer=name, source="made by hand", dataset="toy", vintage="none")


def square(column: int, row: int, width: int = 1, height: int = 1) -> BaseGeometry:
    return box(100 * column, 100 * row, 100 * (column + width), 100 * (row + height))


def layer(name: str, data: gpd.GeoDataFrame, geography: str, vintage: int = 2020) -> Layer:
    return Layer(name, data, provenance(name), geography=geography, geography_vintage=vintage)


def block_ids() -> list[str]:
    groups = [[W1, W1, E1, E1], [W1, W1, E1, E1], [W2, W2, E2, E2], [W2, W2, E2, E2]]
    seen: dict[str, int] = {}
    ids = []
    for group in (g for row in groups for g in row):
        seen[group] = seen.get(group, -1) + 1
        ids.append(f"{group}{seen[group]:03d}")
    return ids


def blocks(crs: str = CRS, **columns: object) -> Layer:
    shapes = [square(i % 4, i // 4) for i in range(16)]
    data: dict[str, object] = {"geoid": block_ids(), "population": PEOPLE, "housing_units": HOMES}
    data.update(columns)
    kept = {k: v for k, v in data.items() if v is not None}
    return layer("blocks", gpd.GeoDataFrame(kept, geometry=shapes, crs=CRS).to_crs(crs), "block")


def unit_layers(vintage: int = 2020, crs: str = CRS) -> list[Layer]:
    def make(name: str, geography: str, rows: Mapping[str, BaseGeometry]) -> Layer:
        frame = gpd.GeoDataFrame({"geoid": list(rows)}, geometry=list(rows.values()), crs=CRS).to_crs(crs)
        return layer(name, frame, geography, vintage)

    return [
        make("counties", "county", {COUNTY: square(0, 0, 4, 4)}),
        make("tracts", "tract", {WEST: square(0, 0, 2, 4), EAST: square(2, 0, 2, 4)}),
        make(
            "block_groups",
            "block group",
            {
                W1: square(0, 0, 2, 2),
                W2: square(0, 2, 2, 2),
                E1: square(2, 0, 2, 2),
                E2: square(2, 2, 2, 2),
            },
        ),
    ]


def zones(*shapes: BaseGeometry, ids: Sequence[str] = (), geography: Sequence[str] = ()) -> Zones:
    """Free shapes as areas, or published units where ids and geography are given."""
    n = len(shapes)
    names = tuple(ids) or tuple(f"zone {i}" for i in range(n))
    roles: tuple[Role, ...] = ("area",) * n
    return Zones(names, names, roles, tuple(geography) or ("",) * n, gpd.GeoSeries(list(shapes), crs=CRS))


@cache
def county() -> tuple[Layer, list[Layer]]:
    """Blocks and units, made once; not to be written to."""
    return blocks(), unit_layers()


def weights(*shapes: BaseGeometry, **kinds: Sequence[str]) -> Weights:
    return Weights.build(zones(*shapes, **kinds), *county(), CRS)


def units(ids: Sequence[str], level: str | None = None, vintage: int = 2020) -> Units:
    levels = {5: "county", 11: "tract", 12: "block group", 15: "block"}
    return Units(np.array(ids, dtype=np.str_), np.array([level or levels[len(i)] for i in ids], dtype=np.str_), vintage)


def cells(estimate: object, moe: object, *codes: str) -> Cells:
    e, m = np.asarray(estimate, dtype=np.float64), np.asarray(moe, dtype=np.float64)
    e, m = (e[:, None], m[:, None]) if e.ndim == 1 else (e, m)
    return Cells(codes or tuple(f"T_{i:03d}" for i in range(e.shape[1])), e, m)


def share(ids: Sequence[str], x: object, mx: object, y: object, my: object, **more: object) -> CountField:
    made: dict[str, object] = {
        "units": units(ids),
        "numerator": Counts(cells(x, mx, "X")),
        "denominator": Counts(cells(y, my, "Y")),
        "weight": "households",
        "kind": "share",
        "universe": "households",
    }
    made.update(more)
    return CountField(**made)  # type: ignore[arg-type]


def dense(matrix: object) -> np.ndarray:
    return np.asarray(matrix.toarray())  # type: ignore[attr-defined]
