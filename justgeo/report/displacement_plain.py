"""Values and shapes as JSON, for the analyst's output on displacement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from justgeo.report import basemap
from justgeo.report.results import number

TOLERANCE_M = 20.0
"""Shapes are simplified by this much: they are a picture, and nothing is measured on them."""


def clean(value: Any, where: str) -> Any:
    """JSON values in the order that they were given: NaN is None, an array a list, a dataclass a mapping."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else number(value, where)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: clean(getattr(value, one.name), f"{where}, {one.name}") for one in fields(value)}
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): clean(one, f"{where}, {key}") for key, one in value.items()}
    return [clean(one, where) for one in value]


def drawn(shapes: gpd.GeoSeries, geoids: Sequence[str]) -> dict[str, Any]:
    """Tracts for a picture, simplified together so that neighbours keep one edge; not those without a shape."""
    there = shapes.notna().to_numpy()
    areas, geoids = shapes.to_numpy()[there], [one for one, has in zip(geoids, there, strict=True) if has]
    if shapely.coverage_is_valid(areas):
        areas = shapely.coverage_simplify(areas, TOLERANCE_M)
    features = [basemap.feature(shape, shapes.crs, {}) for shape in areas]
    return {
        "type": "FeatureCollection",
        "features": [{**one, "id": geoid} for one, geoid in zip(features, geoids, strict=True)],
    }
