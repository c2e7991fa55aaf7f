"""Canopy around blocks, and a park besides; jobs as the crow flies: by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from shapely.geometry import box

from justgeo.core.layer import Layer
from justgeo.indicators import greenery, jobs
from justgeo.measure.nearby import sum_within
from tests.indicators import town
from tests.measure.toy import provenance

NAN = np.nan


def test_no_is_no_whatever_is_known_of_the_other() -> None:
    first, second = np.array([1.0, 1, 0, 0, NAN, NAN, NAN]), np.array([1.0, 0, 1, NAN, 0, 1, NAN])
    assert_array_equal(greenery.both(first, second), [1, 0, 0, 0, 0, NAN, NAN])


CANOPY = [[10.0, 10.0, 60.0, 60.0]] * 4


def around(**more: Any) -> list[float]:
    told = {"raster": "tree_canopy", "around_m": 50, "least": 0.3, "min_valid": 0.5, **more}
    layers = {"blocks": town.blocks(), "tree_canopy": town.raster("tree_canopy", CANOPY)}
    at = town.place(layers, town.zones(box(0, 40, 400, 360)))
    found = greenery.canopy_around(town.row("canopy_around", parameters=told), at)
    assert all(bool(why) == bool(np.isnan(x)) for why, x in zip(found.unknown, found.x, strict=True))
    values: list[float] = found.x.tolist()
    return values


def test_canopy_is_that_of_the_land_around_the_block() -> None:
    """200 m of 10 % and 50 m of 60 % in the west make 20 %; the other way round in the east, 50 %."""
    assert around() == [0.0, 1.0, 0.0, 1.0]
    assert around(least=0.17) == [1.0] * 4 and around(least=0.52) == [0.0] * 4
    assert around(around_m=0.001, least=0.11) == [0.0, 1.0, 0.0, 1.0]


def test_land_that_was_not_measured_is_not_known() -> None:
    assert np.isnan(around(min_valid=0.95)).all()  # the grid ends with the town


def test_jobs_within_some_metres_and_what_is_not_known() -> None:
    here, there = np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([[0.0, 30.0], [0.0, 80.0], [500.0, 0.0]])
    assert sum_within(here, there, np.array([5.0, 7.0, 100.0]), 50).tolist() == [5.0, 0.0]
    assert sum_within(here, there, np.array([5.0, 7.0, 100.0]), 80).tolist() == [12.0, 0.0]
    assert np.isnan(sum_within(here, there, np.array([5.0, NAN, 1.0]), 80)[0])
    assert sum_within(here, np.empty((0, 2)), np.empty(0), 80).tolist() == [0.0, 0.0]


def test_jobs_are_not_known_where_the_counties_end() -> None:
    table = pd.DataFrame({"geoid": [town.SW, town.NE], "jobs": [10.0, 4.0]})
    table.attrs["outside"] = {"jobs": 0.0}
    layer = Layer("data:lodes_wac", table, provenance("jobs"), geography="block", geography_vintage=2020)
    at = town.place({"blocks": town.blocks(), "data:lodes_wac": layer}, town.zones(box(0, 40, 400, 360)))

    def near(metres: float, known: float = 1.0) -> Any:
        asked = {"table": "lodes_wac", "column": "jobs", "within_m": metres, "min_known": known}
        return jobs.jobs_near(town.row("jobs_near", parameters=asked, aggregate="mean"), at)

    # Middles lie 80 m from the edge of what is known; 200 m and 160 m from one another.
    assert near(79).x.tolist() == pytest.approx([10, 0, 0, 4])
    assert np.isnan(near(81).x).all() and set(near(81).unknown) == {jobs.BEYOND}
    assert np.isnan(near(79).x_moe).all()
    assert near(85, 0.95).x.tolist() == pytest.approx([10, 0, 0, 4]), "a sliver beyond is let pass"
    assert np.isnan(near(150, 0.95).x).all()
