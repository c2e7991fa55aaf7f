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


# --- counties that are far larger than their districts, some of them on both sides of 180°

ALEUTIANS = MultiPolygon([box(172.4, 51.3, 179.8, 53.1), box(-179.2, 51.2, -166.0, 54.1)])
UNALASKA = box(-166.55, 53.86, -166.51, 53.88)
ATTU = box(172.5, 52.8, 172.6, 52.9)
HONOLULU = MultiPolygon([box(-158.3, 21.2, -157.6, 21.75), box(-178.5, 28.3, -178.2, 28.6)])
"""Its county reaches to Kure atoll."""
WAIKIKI = box(-157.84, 21.27, -157.81, 21.29)


def length_errors(crs: str, lon: float, lat: float, metres: float = 800.0) -> list[float]:
    """How much too long lines from a place come out, as shares."""
    found = []
    for azimuth in range(0, 180, 15):
        end = Geod(ellps="WGS84").fwd(lon, lat, azimuth, metres)[:2]
        line = gpd.GeoSeries([LineString([(lon, lat), end])], crs=4326).to_crs(crs)
        found.append(float(line.length.iloc[0]) / metres - 1)
    return found


def test_a_county_on_both_sides_of_the_antimeridian_has_its_middle_there() -> None:
    assert district.centre(district.metric_crs(ALEUTIANS)) == pytest.approx((52.65, -176.8), abs=0.051)
    east = MultiPolygon([box(172.4, 51.3, 179.8, 53.1), box(-179.9, 51.2, -179.2, 53.1)])
    assert district.centre(district.metric_crs(east)) == pytest.approx((52.2, 176.6), abs=0.051)


@pytest.mark.parametrize(
    ("place", "county"), [(UNALASKA, ALEUTIANS), (ATTU, ALEUTIANS), (WAIKIKI, HONOLULU), (WAIKIKI, WAIKIKI)]
)
def test_lengths_at_the_district_are_right_however_large_its_county(place: Polygon, county: MultiPolygon) -> None:
    crs = district.metric_crs(county, place)
    for lon, lat in shapely.get_coordinates(place):
        assert np.abs(length_errors(crs, lon, lat)).max() < 1e-4
    metric = gpd.GeoSeries([shapely.segmentize(place, 0.001)], crs=4326).to_crs(crs).area.iloc[0]
    assert metric == pytest.approx(district.geodesic_area(place), rel=1e-6)


def test_a_usual_county_is_the_middle_for_all_its_districts() -> None:
    county = box(-79.2, 37.5, -77.7, 38.5)
    corner = box(-79.19, 37.51, -79.15, 37.55)
    assert district.metric_crs(county, corner) == district.metric_crs(county)
    assert np.abs(length_errors(district.metric_crs(county, corner), -79.17, 37.53)).max() < 1e-4


def test_a_reference_of_another_part_of_the_world_is_refused() -> None:
    for far in (WAIKIKI, ALEUTIANS, box(2.2, 48.8, 2.4, 48.9), box(101.0, -38.5, 102.0, -37.5)):
        with pytest.raises(BoundaryError, match=r"lies [\d,]+ km from what it is to be compared with") as caught:
            district.metric_crs(far, HERE)
        assert "reference" in caught.value.remedy
    near = box(-84.5, 33.6, -84.2, 33.9)
    assert district.centre(district.metric_crs(near, HERE)) == pytest.approx((38.0, -78.5), abs=0.051)


def test_a_district_on_both_sides_of_the_antimeridian_is_refused_as_such() -> None:
    both = MultiPolygon([box(179.9, 51.9, 180.0, 52.0), box(-180.0, 51.9, -179.9, 52.0)])
    with pytest.raises(BoundaryError, match="on both sides of the 180th meridian") as caught:
        district.make("Both", "both", frame(both), "both.geojson")
    assert "one side" in caught.value.remedy


def test_surroundings_that_cross_the_antimeridian_are_refused() -> None:
    edge = box(179.95, 51.9, 179.99, 51.93)
    made = district.make("Edge", "edge", frame(edge), "edge.geojson")
    crs = district.metric_crs(ALEUTIANS, made.boundary)
    assert district.halo(made.boundary, crs, 500.0).bounds[2] < 180
    with pytest.raises(BoundaryError, match="1,246 m around the district cross the 180th meridian"):
        district.halo(made.boundary, crs, district.halo_width(804.67))
