"""Points near points and ground within ground, by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from justgeo.measure import holding
from tests.measure.toy import CRS


def test_points_near_points() -> None:
    points = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
    others = np.array([[0.0, 50.0], [149.9, 0.0], [251.0, 0.0]])
    assert holding.near(points, others, 50.0).tolist() == [True, True, False]
    assert holding.near(points, np.empty((0, 2)), 50.0).tolist() == [False] * 3
    assert holding.near(np.empty((0, 2)), others, 50.0).shape == (0,)


def test_each_spot_of_the_ground_counts_once() -> None:
    zones = gpd.GeoSeries([box(0, 0, 100, 100), box(500, 0, 600, 100)], crs=CRS)
    theirs = np.array([box(0, 0, 40, 100), box(20, 0, 60, 100)], dtype=object)  # 60 by 100 in all
    ours = np.array([box(0, 0, 30, 100), box(10, 0, 30, 100), box(60, 0, 90, 100)], dtype=object)
    whole, common = holding.ground(zones, theirs, ours)
    assert whole.tolist() == pytest.approx([6000.0, 0.0])
    assert common.tolist() == pytest.approx([3000.0, 0.0])
