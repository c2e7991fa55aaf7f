"""A town of four blocks and two streets that cross, small enough to be answered by hand.

Metres; the streets are y = 200 and x = 200, the blocks lie in the four corners, each with its representative point
80 m from the street that runs east and west:

    NW (100, 280) | NE (300, 280)
    --------------+-------------- y = 200
    SW (100, 120) | SE (300, 120)

SW and NW make up block group 1, SE and NE block group 2 of one tract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import AnyLayer, Feed, Layer, Network, Raster
from justgeo.core.result import Indicator
from justgeo.core.zones import Role, Zones
from justgeo.indicators.place import Place
from justgeo.measure.apportion import Weights
from tests.measure.toy import CRS, provenance

TRACT = "99001000100"
SW, SE, NW, NE = f"{TRACT}1000", f"{TRACT}2000", f"{TRACT}1001", f"{TRACT}2001"
BLOCKS: Mapping[str, BaseGeometry] = {
    SW: box(0, 40, 200, 200),
    SE: box(200, 40, 400, 200),
    NW: box(0, 200, 200, 360),
    NE: box(200, 200, 400, 360),
}
PEOPLE = {SW: 10, SE: 20, NW: 30, NE: 40}
WIDE = box(-5000, -5000, 5000, 5000)
YEARS = {"t1": 2024}


def row(field: str = "walk_share", **more: Any) -> Indicator:
    """A catalogue row with only what is under test."""
    told: dict[str, Any] = {
        "id": "X-1",
        "title": "X",
        "category": "Belonging",
        "unit": "share",
        "direction": "neutral",
        "field": field,
        "inputs": (),
        "parameters": {},
        "aggregate": "share",
        "weight": "persons",
        "universe": "people",
        "method": "",
        "caveat": "",
        "references": (),
    }
    return Indicator(**{**told, **more})


def degrees(shape: BaseGeometry) -> BaseGeometry:
    """A shape in the town's metres as a layer's ``covers`` has it: EPSG:4326."""
    moved: BaseGeometry = gpd.GeoSeries([shape], crs=CRS).segmentize(50).to_crs("EPSG:4326").iloc[0]
    return moved


def features(name: str, shapes: Sequence[BaseGeometry], covers: BaseGeometry | None = None, **columns: Any) -> Layer:
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)
    return Layer(name, frame, provenance(name), covers=None if covers is None else degrees(covers))


def blocks(more: Mapping[str, BaseGeometry] | None = None, **columns: Any) -> Layer:
    """The four blocks, with others beside them (nobody is said to live there unless ``population`` says so)."""
    shapes = {**BLOCKS, **(more or {})}
    told = {"geoid": list(shapes), "population": [PEOPLE.get(g, 0) for g in shapes], **columns}
    frame = gpd.GeoDataFrame(told, geometry=list(shapes.values()), crs=CRS)
    return Layer("blocks", frame, provenance("blocks"), geography="block", geography_vintage=2020)


def streets(covers: BaseGeometry | None = None) -> Network:
    """The crossing: five nodes, four segments; 1,000 m to each side of it."""
    return Network(
        x=np.array([200.0, 1200.0, 200.0, -800.0, 200.0]),
        y=np.array([200.0, 200.0, 1200.0, 200.0, -800.0]),
        u=np.array([0, 0, 0, 0]),
        v=np.array([1, 2, 3, 4]),
        crs=CRS,
        provenance=provenance("walk"),
        covers=None if covers is None else degrees(covers),
    )


def stops(*points: tuple[float, float], covers: BaseGeometry | None = WIDE) -> Layer:
    many = [Point(p) for p in points]
    return features("stops", many, covers, high_capacity=[False] * len(many))


def feed(times: Mapping[tuple[float, float], Sequence[float]]) -> Feed:
    """Stops at places (metres) with their departures in hours, one route, one direction."""
    points = gpd.GeoSeries([Point(p) for p in times], crs=CRS).to_crs("EPSG:4326")
    ids = [f"s{i}" for i in range(len(times))]
    rows = [(i, hour) for i, hours in zip(ids, times.values(), strict=True) for hour in hours]
    return Feed(
        stops=pd.DataFrame({"stop_id": ids, "name": ids, "lon": points.x, "lat": points.y, "rail": False}),
        departures=pd.DataFrame(
            {
                "stop_id": [i for i, _ in rows],
                "route_id": "r",
                "trip_id": [f"t{k}" for k in range(len(rows))],
                "direction": "0",
                "seconds": [int(hour * 3600) for _, hour in rows],
            }
        ),
        service_date="2024-09-04",
        provenance=provenance("gtfs"),
    )


def raster(name: str, values: Sequence[Sequence[float]], pixel: float = 100.0) -> Raster:
    """A grid with its south-west corner at 0, 0; rows from the north."""
    grid = np.array(values, dtype=np.float64)
    return Raster(grid, (pixel, 0.0, 0.0, 0.0, -pixel, pixel * len(grid)), CRS, provenance(name))


def table(name: str, rows: Mapping[str, Mapping[str, float]], vintage: int = 2020) -> Layer:
    """A census table: GEOID -> code -> number; the level is told by the GEOID's length."""
    levels = {5: "county", 11: "tract", 12: "block group"}
    frame = pd.DataFrame([{"geoid": g, "level": levels[len(g)], **cells} for g, cells in rows.items()])
    return Layer(name, frame, provenance(name), geography_vintage=vintage)


def zones(*shapes: BaseGeometry, roles: Sequence[Role] = (), ids: Sequence[str] = ()) -> Zones:
    n = len(shapes)
    names = tuple(ids) or tuple(f"zone {i}" for i in range(n))
    plain: tuple[Role, ...] = tuple("area" for _ in range(n))
    return Zones(names, names, tuple(roles) or plain, ("",) * n, gpd.GeoSeries(list(shapes), crs=CRS))


def place(layers: Mapping[str, AnyLayer], found: Zones | None = None, **more: Any) -> Place:
    """A place of some layers; with zones (one of all four blocks by default) and weights where it has blocks."""
    found = found or zones(box(0, 40, 400, 360))
    held = layers.get("blocks")
    weights: Any = None
    if isinstance(held, Layer):
        weights = Weights.build(found, held, [], CRS)
    told: dict[str, Any] = {"absent": {}, "years": YEARS, **more}
    return Place(layers=layers, zones=found, weights=cast(Weights, weights), crs=CRS, **told)
