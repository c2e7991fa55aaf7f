"""How mixed the people of zones are: of sums, never a mean of indices; what moves it, and what must not matter."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.field import Cells, MixField
from justgeo.core.result import Column
from justgeo.core.zones import Units
from justgeo.measure import segregation as s
from justgeo.measure.margins import Z90
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town

GROUPS = ("white", "black", "other")
WEST, EAST = f"{town.TRACT}1", f"{town.TRACT}2"
PEOPLE = np.array([[90.0, 10.0, 0.0], [20.0, 60.0, 20.0]])
MOE = np.array([[20.0, 9.0, 12.0], [11.0, 18.0, 10.0]])
WHOLE, WEST_HALF, CUT = box(0, 40, 400, 360), box(0, 40, 200, 360), box(0, 40, 300, 360)


def made(index: Literal["diversity", "evenness"] = "diversity", people: np.ndarray = PEOPLE) -> Column:
    place = town.place({"blocks": town.blocks()}, town.zones(WHOLE, WEST_HALF, CUT))
    units = Units(np.array([WEST, EAST]), np.full(2, "block group"), 2020)
    field = MixField(units, Cells(GROUPS, people, MOE), index, "persons", "people")
    return reduce(field, place.weights, reference=0, settings=ReduceSettings())


def test_it_is_of_the_people_added_up() -> None:
    found = made()
    assert found.value[0] == pytest.approx(float(s.diversity(PEOPLE.sum(axis=0))))
    assert found.value[1] == pytest.approx(1 - 0.9**2 - 0.1**2)
    assert found.denominator[:2] == pytest.approx([200, 100])
    assert abs(found.value[0] - s.diversity(PEOPLE).mean()) > 0.1
    assert made("evenness").value[0] == pytest.approx(float(s.entropy([110, 70, 20]) / np.log(3)))


def test_a_cut_area_adds_an_error_and_a_range() -> None:
    found = made()
    assert found.error["apportionment"][:2].tolist() == [0.0, 0.0] and found.error["apportionment"][2] > 0
    assert found.low[2] <= found.value[2] <= found.high[2] and np.isnan(found.low[0])


def test_the_margin_is_near_that_of_the_slope_where_there_is_one() -> None:
    """Delta method: the slope of 1 - sum p**2 in a count is -2 (p - sum p**2) / N."""
    p = PEOPLE[1] / 100
    slope = -2 * (p - np.square(p).sum()) / 100
    assert made().error["sampling"].shape == (3,)
    moe = s.sampling_margin(s.diversity, PEOPLE[[1]], MOE[[1]] / Z90 / 20)[0]
    assert moe == pytest.approx(np.sqrt(np.square(slope * MOE[1] / 20).sum()), rel=0.1)


def test_groups_of_one_size_have_a_margin_though_no_slope() -> None:
    assert s.sampling_margin(s.diversity, np.full((1, 4), 50.0), np.full((1, 4), 5.0))[0] > 0.003


def test_of_empty_groups_one_keeps_its_margin() -> None:
    one = s.sampling_margin(s.diversity, np.array([[100.0, 0.0, 0.0]]), np.array([[5.0, 7.0, 0.0]]))
    found = made(people=np.array([[100.0, 0.0, 0.0], [20.0, 60.0, 20.0]]))
    lone = np.array([[20.0, 0.0, 12.0]]) / Z90
    assert found.error["sampling"][1] == pytest.approx(
        s.sampling_margin(s.diversity, np.array([[100.0, 0.0, 0.0]]), lone)[0]
    )
    assert np.isfinite(one[0])


def test_a_margin_depends_on_no_other_place() -> None:
    alone = s.sampling_margin(s.evenness, PEOPLE[[1]], MOE[[1]])
    beside = s.sampling_margin(s.evenness, PEOPLE[::-1], MOE[::-1])
    assert alone[0] == beside[0]


def test_nobody_and_unknown_counts_are_absent() -> None:
    nobody = made(people=np.array([[0.0, 0.0, 0.0], [20.0, 60.0, 20.0]]))
    assert np.isnan(nobody.value[1]) and "universe is empty" in str(nobody.reason[1])
    unknown = made(people=np.array([[np.nan, 10.0, 0.0], [20.0, 60.0, 20.0]]))
    assert np.isnan(unknown.value[1]) and unknown.reason[1]
    assert np.isnan(s.evenness([0.0, 0.0])) and s.evenness([5.0, 5.0]) == pytest.approx(1.0)
