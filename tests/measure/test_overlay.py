"""Polygons laid over shapes, by hand: squares whose areas anybody can reckon."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CrsError, LayerError
from justgeo.measure.overlay import Laid, laid, lay, on

METRIC = "+proj=laea +lat_0=38.8 +lon_0=-70 +units=m"
DISTRICT = shapely.box(0, 0, 1000, 1000)
"""One square kilometre."""


def series(*shapes: BaseGeometry, crs: str = METRIC) -> gpd.GeoSeries:
    return gpd.GeoSeries([*shapes], crs=crs)


def over(*drawn: tuple[str, BaseGeometry], order: tuple[str, ...] = (), wet: tuple[BaseGeometry, ...] = ()) -> Laid:
    """Some labelled polygons over the district and its western half."""
    overlay = lay(
        series(*(shape for _, shape in drawn)), [name for name, _ in drawn], order, wet=series(*wet) if wet else None
    )
    return laid(overlay, series(DISTRICT, shapely.box(0, 0, 500, 1000)))


def test_a_square_with_known_areas() -> None:
    found = over(("A", shapely.box(0, 0, 1000, 250)), ("D", shapely.box(0, 250, 400, 1000)))
    np.testing.assert_allclose(found.land, [1e6, 5e5])
    np.testing.assert_allclose(found.held["A"], [250_000, 125_000])
    np.testing.assert_allclose(found.held["D"], [300_000, 300_000])
    np.testing.assert_allclose(found.known, [550_000, 425_000])
    np.testing.assert_allclose(found.twice, [0, 0], atol=1e-6)


def test_overlapping_polygons_of_one_class_count_once() -> None:
    found = over(("A", shapely.box(0, 0, 600, 1000)), ("A", shapely.box(400, 0, 1000, 1000)), ("A", DISTRICT))
    np.testing.assert_allclose(found.held["A"], [1e6, 5e5])
    np.testing.assert_allclose(found.twice, [0, 0], atol=1e-6)


def test_ground_in_two_classes_goes_to_the_first_in_order_and_is_told() -> None:
    drawn = (("home", DISTRICT), ("shop", shapely.box(0, 0, 200, 1000)))
    first = over(*drawn, order=("shop", "home"))
    np.testing.assert_allclose(first.held["shop"], [200_000, 200_000])
    np.testing.assert_allclose(first.held["home"], [800_000, 300_000])
    np.testing.assert_allclose(first.twice, [200_000, 200_000])
    other = over(*drawn, order=("home", "shop"))
    np.testing.assert_allclose(other.held["shop"], [0, 0], atol=1e-6)
    np.testing.assert_allclose(other.held["home"], [1e6, 5e5])
    assert over(*drawn, order=("shop",)).held["home"][0] == pytest.approx(800_000)  # those that are not named come last


def test_a_polygon_beyond_the_district_counts_inside_alone() -> None:
    found = over(("A", shapely.box(-5000, 900, 5000, 9000)), ("B", shapely.box(2000, 2000, 3000, 3000)))
    np.testing.assert_allclose(found.held["A"], [100_000, 50_000])
    np.testing.assert_allclose(found.held["B"], [0, 0])


def test_unmapped_ground_is_in_no_class() -> None:
    found = over(("wet", shapely.box(0, 0, 300, 1000)), ("dry", shapely.box(300, 0, 500, 1000)))
    np.testing.assert_allclose(found.known, [500_000, 500_000])
    np.testing.assert_allclose(found.land - found.known, [500_000, 0], atol=1e-6)
    assert found.within(["never drawn"]).tolist() == [0.0, 0.0]
    np.testing.assert_allclose(found.within(["wet", "dry", "wet"]), found.known)


def test_what_the_layer_covers_may_be_less_than_what_is_drawn() -> None:
    overlay = lay(series(DISTRICT), ["A"], covers=shapely.box(0, 0, 1000, 600))
    found = laid(overlay, series(DISTRICT))
    assert (found.known[0], found.held["A"][0]) == (pytest.approx(600_000), pytest.approx(600_000))


def test_water_is_no_land_in_any_class() -> None:
    river = shapely.box(400, 0, 600, 1000)
    found = over(("A", shapely.box(0, 0, 500, 1000)), ("B", shapely.box(500, 0, 1000, 1000)), wet=(river, river))
    np.testing.assert_allclose(found.land, [800_000, 400_000])
    np.testing.assert_allclose(found.held["A"], [400_000, 400_000])
    np.testing.assert_allclose(found.known, [800_000, 400_000])
    drawn = lay(series(river, DISTRICT), ["open water", "A"], water=["open water"])
    same = laid(drawn, series(DISTRICT))
    assert same.held["A"][0] == pytest.approx(800_000) and "open water" not in same.held
    assert laid(drawn, series(shapely.box(450, 0, 550, 100))).land.tolist() == [0.0]


def test_a_self_crossing_polygon_is_mended() -> None:
    """A bow tie over the whole width: two triangles of a quarter each."""
    bow = shapely.Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    assert not bow.is_valid
    assert over(("A", bow)).held["A"][0] == pytest.approx(500_000)


def test_degrees_and_lines_are_refused() -> None:
    with pytest.raises(CrsError, match="in degrees"):
        lay(series(DISTRICT, crs="EPSG:4326"), ["A"])
    with pytest.raises(CrsError, match="coordinate reference system"):
        laid(lay(series(DISTRICT), ["A"]), series(DISTRICT, crs="EPSG:5070"))
    with pytest.raises(CrsError, match="coordinate reference system"):
        lay(series(DISTRICT), ["A"], wet=series(DISTRICT, crs="EPSG:5070"))
    with pytest.raises(LayerError, match="LineString"):
        lay(series(shapely.LineString([(0, 0), (1, 1)])), ["A"])


def test_a_missing_shape_holds_nothing() -> None:
    overlay = lay(series(DISTRICT), ["A"])
    shapes = gpd.GeoSeries([None, DISTRICT, shapely.Polygon()], crs=METRIC)
    np.testing.assert_allclose(laid(overlay, shapes).held["A"], [0, 1e6, 0])


def test_a_layer_without_polygons_knows_nothing() -> None:
    found = laid(lay(series(), []), series(DISTRICT))
    assert (found.land[0], found.known[0], dict(found.held)) == (pytest.approx(1e6), 0.0, {})


def test_a_large_polygon_is_the_same_ground_in_pieces() -> None:
    """A disc of 20,000 vertices, against its own area and that of its half."""
    disc = shapely.Point(500, 500).buffer(450, quad_segs=5000)
    overlay = lay(series(disc), ["A"])
    assert len(overlay.classes["A"].pieces) > 40
    found = laid(overlay, series(DISTRICT, shapely.box(0, 0, 500, 1000)))
    np.testing.assert_allclose(found.held["A"], [disc.area, disc.area / 2], rtol=1e-9)


def test_points_on_ground() -> None:
    ground = lay(series(shapely.box(0, 0, 10, 10)), ["A"]).classes["A"]
    assert on(shapely.points([(5, 5), (10, 5), (11, 5)]), ground).tolist() == [True, True, False]


def test_no_square_metre_is_lost_or_counted_twice() -> None:
    """Random rectangles on a lattice of 5 m: counted cell by cell, classes and unmapped ground make up the land."""
    rng = np.random.default_rng(7)
    low, size = 5 * rng.integers(-40, 180, (40, 2)), 5 * rng.integers(4, 60, (40, 2))
    shapes = [shapely.box(*a, *(a + b)) for a, b in zip(low, size, strict=True)]
    names = rng.choice(["A", "B", "C"], 40)
    order = ("C", "A", "B")
    found = laid(lay(series(*shapes), names, order), series(DISTRICT))
    middle = np.arange(2.5, 1000, 5)
    spots = shapely.points(np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2))
    open_ = np.ones(len(spots), dtype=bool)
    for name in order:
        union = shapely.union_all([s for s, n in zip(shapes, names, strict=True) if n == name])
        inside = shapely.intersects(union, spots) & open_
        assert inside.sum() > 100 and found.held[name][0] == pytest.approx(25 * inside.sum())
        open_ &= ~inside
    assert sum(found.held.values())[0] == pytest.approx(found.known[0])
    assert found.land[0] - found.known[0] == pytest.approx(25 * open_.sum())
