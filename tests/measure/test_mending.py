"""Corrections applied to small layers, each with an answer by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo.core.correction import Correction, CorrectionKind
from justgeo.core.layer import Feed, Layer, Network, Provenance
from justgeo.measure import mending, reach

CRS = "+proj=laea +lat_0=38 +lon_0=-78.5 +datum=WGS84 +units=m"
ORIGIN = Provenance("x", "made", "made", "2024")


def at(*xy: float) -> shapely.Geometry:
    """A point, or a line through several, metres, in EPSG:4326."""
    pairs = np.asarray(xy, dtype=float).reshape(-1, 2)
    shape = shapely.Point(pairs[0]) if len(pairs) == 1 else shapely.LineString(pairs)
    return gpd.GeoSeries([shape], crs=CRS).to_crs(4326).iloc[0]


def says(kind: CorrectionKind, *xy: float, what: str = "") -> Correction:
    return Correction(1, kind, at(*xy), what=what, role="resident", publish=True)


def layer(shapes: list[shapely.Geometry], **columns: list[object]) -> Layer:
    frame = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=CRS).to_crs(4326)
    return Layer("x", frame, ORIGIN)


PARKS = [shapely.box(0, 0, 100, 100), shapely.box(300, 0, 400, 100)]


def parks() -> Layer:
    return layer(PARKS, name=["Mill", "Hill"], kind=["park", "park"], public=[True, True], osm_id=["w1", "w2"])


def test_the_park_that_is_meant_is_taken_out() -> None:
    made, done = mending.mended(parks(), [says("park_locked", 120, 50)], CRS)
    assert made.features["name"].tolist() == ["Hill"]
    assert done == [mending.Outcome("Mill")]


def test_a_park_too_far_from_its_mark_is_not_meant() -> None:
    made, done = mending.mended(parks(), [says("park_locked", 151, 50)], CRS)
    assert len(made.features) == 2
    assert done[0].reason == "the map has no park here"


def test_a_missing_park_is_public_and_has_the_columns_of_the_others() -> None:
    shape = gpd.GeoSeries([shapely.box(500, 0, 600, 50)], crs=CRS).to_crs(4326).iloc[0]
    missing = Correction(1, "park_missing", shape, what="Lot 7", role="school", publish=True)
    made, done = mending.mended(parks(), [missing], CRS)
    assert list(made.features.columns) == list(parks().features.columns)
    row = made.features.iloc[-1]
    assert (row["name"], bool(row["public"]), row["kind"]) == ("Lot 7", True, "park")
    assert made.features.to_crs(CRS).area.iloc[-1] == pytest.approx(5000, rel=1e-6)
    assert done == [mending.Outcome("Lot 7")]


def test_a_closed_place_is_the_nearest_of_its_kind() -> None:
    shops = layer(
        [shapely.Point(0, 0), shapely.Point(5, 0)],
        name=["Books", "Foods"],
        kind=["library", "supermarket"],
        osm_id=["n1", "n2"],
    )
    made, done = mending.mended(shops, [says("place_closed", 0, 0, what="supermarket")], CRS)
    assert made.features["name"].tolist() == ["Books"] and done[0].name == "Foods"
    made, done = mending.mended(shops, [says("place_closed", 0, 0, what="clinic")], CRS)
    assert len(made.features) == 2 and done[0].reason is not None


def feed() -> Feed:
    there = gpd.GeoSeries([at(0, 0), at(200, 0)], crs=4326)
    stops = pd.DataFrame(
        {"stop_id": ["a", "b"], "name": ["First", "Second"], "lon": there.x, "lat": there.y, "rail": [False, False]}
    )
    departures = pd.DataFrame(
        {
            "stop_id": ["a", "b", "a"],
            "route_id": "r",
            "trip_id": ["1", "1", "2"],
            "direction": "0",
            "seconds": [1, 2, 3],
        }
    )
    return Feed(stops, departures, "2024-05-07", ORIGIN)


def test_a_stop_that_is_gone_leaves_the_timetable_and_its_trips_call_elsewhere() -> None:
    made, done = mending.without_stops(feed(), [says("stop_removed", 10, 0)], CRS)
    assert made.stops["stop_id"].tolist() == ["b"] and made.departures["trip_id"].tolist() == ["1"]
    assert done == [mending.Outcome("First")]


def network() -> Network:
    """Two parallel streets 100 m apart, joined at their left ends: 0-1, 2-3, 0-2."""
    x, y = np.array([0.0, 400, 0, 400]), np.array([0.0, 0, 100, 100])
    return Network(x, y, np.array([0, 2, 0]), np.array([1, 3, 2]), CRS, ORIGIN)


def walk(net: Network) -> float:
    graph = reach.project(net, CRS)
    snap = reach.snap(graph, np.array([[390.0, 0.0]]), reach.SNAP_TARGETS_M)
    return float(reach.distances(graph, np.array([[390.0, 100.0]]), snap, limit=5000.0).metres[0])


def test_a_missing_path_shortens_the_walk_to_what_it_is_by_hand() -> None:
    assert walk(network()) == pytest.approx(390 + 100 + 390)
    made, done = mending.walkable(network(), [says("path_missing", 300, 5, 300, 95)], CRS)
    assert done[0].reason is None
    assert walk(made) == pytest.approx(90 + 100 + 90, abs=1e-3)


def test_a_path_that_joins_at_one_end_is_a_dead_end_and_one_that_joins_nowhere_is_told() -> None:
    made, done = mending.walkable(network(), [says("path_missing", 300, 5, 300, 50)], CRS)
    assert done[0].reason is None and walk(made) == pytest.approx(880, abs=1e-3)
    made, done = mending.walkable(network(), [says("path_missing", 300, 40, 300, 60)], CRS)
    assert done[0].reason is not None and len(made.u) == len(network().u)


def test_a_blocked_path_is_the_piece_at_its_mark() -> None:
    made, done = mending.walkable(network(), [says("path_blocked", 5, 50)], CRS)
    assert done[0].reason is None and len(made.u) == 2
    assert not np.isfinite(walk(made)) or walk(made) > 5000
    made, done = mending.walkable(network(), [says("path_blocked", 200, 50)], CRS)
    assert done[0].reason == "the map has no street or path here" and len(made.u) == 3


def test_what_is_not_touched_stays_as_it_was() -> None:
    net = network()
    made, _ = mending.walkable(net, [says("path_missing", 300, 5, 300, 95)], CRS)
    np.testing.assert_array_equal(made.x[:4], net.x)
    assert made.covers is net.covers and made.crs == net.crs
