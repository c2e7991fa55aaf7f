"""A boundary that was drawn: what every drawing tool hands over is read, and nothing but one outline is taken."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.errors import BoundaryError, CrsError, JustgeoError
from justgeo.sources import drawing
from justgeo.sources.drawing import read_drawing

RING = [[-78.49, 38.03], [-78.48, 38.03], [-78.48, 38.04], [-78.49, 38.04], [-78.49, 38.03]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
FEATURE = {"type": "Feature", "properties": {"style": {"color": "red"}}, "geometry": POLYGON}
POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [-78.4, 38.0]}}
SHAPE = shapely.Polygon(RING)


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.mark.parametrize(
    "given",
    [
        POLYGON,
        FEATURE,
        collection(FEATURE),
        json.dumps(collection(FEATURE)),  # the text that folium's Draw plugin exports
        [FEATURE],
        SHAPE,
        shapely.MultiPolygon([SHAPE]),
        gpd.GeoSeries([SHAPE], crs=4326),
        gpd.GeoDataFrame(geometry=[SHAPE], crs=4326),
        SimpleNamespace(data=[FEATURE], last_draw=FEATURE),  # as ipyleaflet's DrawControl
        SimpleNamespace(user_rois=collection(FEATURE)),  # as a map of leafmap
        {"all_drawings": [FEATURE], "last_active_drawing": FEATURE},  # as streamlit-folium
        SimpleNamespace(__geo_interface__=FEATURE),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_form_of_one_outline_is_read(given: Any) -> None:
    frame, notes = read_drawing(given)
    assert len(frame) == 1 and frame.geometry.iloc[0].equals(SHAPE)
    assert frame.crs == "EPSG:4326" and notes == ()


def test_a_frame_keeps_its_crs() -> None:
    frame, _ = read_drawing(gpd.GeoDataFrame(geometry=[SHAPE], crs=4326).to_crs(2284))
    assert frame.crs == "EPSG:2284"


@pytest.mark.parametrize("given", [collection(), [], {"all_drawings": None}, SimpleNamespace(user_rois=None), "[]"])
def test_nothing_drawn_is_empty(given: Any) -> None:
    with pytest.raises(BoundaryError, match="is empty"):
        read_drawing(given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (collection(FEATURE, FEATURE), "holds 2 shapes \\(2 Polygon\\)"),
        (collection(FEATURE, POINT), "1 Polygon, 1 Point"),
        (collection(POINT), "is a Point, not a polygon"),
        (gpd.GeoDataFrame(geometry=[SHAPE, SHAPE], crs=4326), "holds 2 shapes"),
        ({"type": "LineString", "coordinates": RING}, "is a LineString"),
        ({"type": "GeometryCollection", "geometries": [POLYGON]}, "collection of geometries"),
        ({"type": "FeatureCollection", "features": 7}, "no list of features"),
        ({"type": "FeatureCollection", "features": [POLYGON]}, "no list of features"),
        ({"type": "Circle", "coordinates": [0, 0]}, "'Circle' is no kind of geometry"),
        ({"type": "Polygon"}, "no coordinates"),
        ({"type": "Polygon", "coordinates": [[["-78", "38"]] * 4]}, "'38' is no coordinate"),
        ({"type": "Polygon", "coordinates": [[[math.nan, 38.0]] * 4]}, "'nan' is no coordinate"),
        ({"type": "Polygon", "coordinates": [[[10**400, 38.0]] * 4]}, "is no coordinate"),
        ({"type": "Polygon", "coordinates": [[[True, 38.0]] * 4]}, "'True' is no coordinate"),
        ({"type": "Polygon", "coordinates": [[[-78.0, 38.0]]]}, "make no Polygon"),
        ({"type": "Polygon", "coordinates": [[*RING[:3], []]]}, "make no Polygon"),
        ("not json {", "not JSON"),
        (7, "a int is no drawing"),
        (None, "a NoneType is no drawing"),
        ({"name": "place"}, "no GeoJSON"),
    ],
)
def test_what_is_no_outline_is_refused_with_a_remedy(given: Any, told: str) -> None:
    with pytest.raises(BoundaryError, match=told) as refused:
        read_drawing(given)
    assert refused.value.remedy


def test_depth_and_size_exhaust_nothing() -> None:
    deep: Any = [0.0, 0.0]
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(BoundaryError, match="too deep"):
        read_drawing({"type": "Polygon", "coordinates": deep})
    with pytest.raises(BoundaryError, match="not JSON"):
        read_drawing("[" * 200_000)
    with pytest.raises(BoundaryError, match="more than"):
        read_drawing({"type": "Polygon", "coordinates": [[[0.0, 0.0]] * (drawing.MOST_POINTS + 1)]})
    with pytest.raises(BoundaryError, match="shapes"):
        read_drawing([FEATURE] * (drawing.MOST_SHAPES + 1))
    with pytest.raises(BoundaryError, match="characters"):
        read_drawing("[" + " " * drawing.LONGEST)


def test_a_map_that_was_dragged_round_the_world_is_turned_back() -> None:
    turned = shapely.transform(SHAPE, lambda xy: xy - [720.0, 0.0])
    frame, notes = read_drawing(shapely.geometry.mapping(turned))
    assert frame.geometry.iloc[0].equals_exact(SHAPE, 1e-9)
    assert "720" in notes[0]


@pytest.mark.parametrize(
    "shape",
    [shapely.box(3.4e6, 1.1e6, 3.5e6, 1.2e6), shapely.box(-78.0, 91.0, -77.0, 95.0), shapely.box(-500, 0, 500, 1)],
)
def test_numbers_that_are_no_degrees_are_refused(shape: Any) -> None:
    with pytest.raises(CrsError, match="not in degrees"):
        read_drawing(shape)


def test_no_crs_and_another_crs_are_refused() -> None:
    with pytest.raises(CrsError, match="no coordinate reference system"):
        read_drawing(gpd.GeoSeries([SHAPE]))
    other = collection(FEATURE) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2284"}}}
    with pytest.raises(CrsError, match="another coordinate reference system"):
        read_drawing(other)
    same = collection(FEATURE) | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}
    assert read_drawing(same)[0].crs == "EPSG:4326"


plain = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
keys = st.sampled_from(["type", "features", "geometry", "coordinates", "geometries", "crs", "all_drawings", "x"])
values = st.sampled_from(["Polygon", "Feature", "FeatureCollection", "MultiPolygon", "GeometryCollection"])


@given(st.recursive(plain | values, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=25))
def test_whatever_is_handed_over_is_read_or_refused(given: Any) -> None:
    try:
        frame, _ = read_drawing(given)
    except JustgeoError as refused:
        assert refused.remedy
    else:
        assert len(frame) == 1
