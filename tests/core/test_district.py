"""A boundary is taken, mended or refused; areas are right."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from justgeo.core import district
from justgeo.core.errors import BoundaryError, CrsError


def frame(geometry: object, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[geometry], crs=crs)


HERE = box(-78.50, 38.02, -78.48, 38.04)


def test_a_plain_boundary_is_taken() -> None:
    made = district.make("Here", "here", frame(HERE), "here.geojson")
    assert made.boundary.equals(HERE)
    assert made.notes == ()


def test_parts_become_one_boundary() -> None:
    halves = gpd.GeoDataFrame(geometry=[box(-78.5, 38.0, -78.49, 38.02), box(-78.49, 38.0, -78.48, 38.02)], crs=4326)
    made = district.make("Here", "here", halves, "x")
    assert made.boundary.equals(box(-78.5, 38.0, -78.48, 38.02))


def test_any_crs_gives_the_same_place() -> None:
    made = district.make("Here", "here", frame(HERE).to_crs("EPSG:2284"), "state plane feet")
    assert made.boundary.symmetric_difference(HERE).area < 1e-9 * HERE.area + 1e-10


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        (Polygon(), "empty"),
        (LineString([(-78.5, 38), (-78.4, 38.1)]), "LineString"),
        (Polygon([(-78.5, 38.0), (-78.48, 38.02), (-78.48, 38.0), (-78.5, 38.02)]), "crosses itself"),
        (box(2.2, 48.8, 2.4, 48.9), "outside the United States"),
        (box(38.02, -78.50, 38.04, -78.48), "outside the United States"),
        (box(-79.5, 37.0, -78.0, 38.5), "km²"),
        (box(-78.5, 38.0, -78.49995, 38.00005), "less than a city block"),
        (Polygon([(-78.5, 38.0, 5), (-78.48, 38.0, 5), (-78.48, 38.02, 9)]), "three-dimensional"),
    ],
)
def test_bad_boundaries_are_refused_with_the_value_and_a_remedy(geometry: object, says: str) -> None:
    with pytest.raises(BoundaryError, match=says) as caught:
        district.make("Bad", "bad", frame(geometry), "bad.geojson")
    assert caught.value.remedy
    assert "bad.geojson" in caught.value.message


def test_no_crs_is_refused() -> None:
    with pytest.raises(CrsError, match="no coordinate reference system"):
        district.make("Bad", "bad", frame(HERE, None), "bad.geojson")


def test_zero_heights_are_dropped_and_told() -> None:
    made = district.make("Here", "here", frame(shapely.force_3d(HERE, 0.0)), "from.kml")
    assert not made.boundary.has_z
    assert "heights" in made.notes[0]


def test_an_untidy_ring_is_mended_and_told() -> None:
    # a spike that encloses nothing
    untidy = Polygon([(-78.5, 38), (-78.48, 38), (-78.48, 38.02), (-78.47, 38.03), (-78.48, 38.02), (-78.5, 38.02)])
    made = district.make("Here", "here", frame(untidy), "spike.shp")
    assert made.boundary.is_valid
    assert made.notes


def test_areas_in_the_metric_crs_equal_geodesic_areas() -> None:
    rng = np.random.default_rng(1)
    county = box(-79.2, 37.5, -77.7, 38.5)
    crs = district.metric_crs(county)
    for _ in range(20):
        lon, lat = rng.uniform(-79.1, -77.8), rng.uniform(37.6, 38.4)
        shape = shapely.segmentize(box(lon, lat, lon + rng.uniform(0.01, 0.1), lat + 0.03), 0.001)
        metric = gpd.GeoSeries([shape], crs=4326).to_crs(crs).area.iloc[0]
        truth = abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])
        assert metric == pytest.approx(truth, rel=1e-6)
        assert district.geodesic_area(MultiPolygon([shape])) == pytest.approx(truth, rel=1e-12)


def test_lengths_in_degrees_or_feet_are_an_error() -> None:
    for crs in ("EPSG:4326", "EPSG:2284", None):
        with pytest.raises(CrsError):
            district.require_metric(crs)
    assert district.require_metric(district.metric_crs(HERE)).is_projected


def test_the_halo_reaches_as_far_as_it_says() -> None:
    crs = district.metric_crs(HERE)
    wide = district.halo(HERE, crs, district.halo_width(804.67))
    west = Geod(ellps="WGS84").inv(HERE.bounds[0], 38.03, wide.bounds[0], 38.03)[2]
    assert west == pytest.approx(804.67 * 1.3 + 200, abs=1.0)
