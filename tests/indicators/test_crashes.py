"""Traffic deaths of two zones that touch, by hand: inside, near the line, outside; a rate, and when there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from shapely.geometry import Point, box

from justgeo.core.errors import Absent
from justgeo.core.layer import Layer
from justgeo.core.result import Indicator
from justgeo.indicators import crashes
from justgeo.indicators.place import Place
from justgeo.measure.column import NOT_COVERED
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town

WEST, EAST = box(0, 40, 200, 360), box(200, 40, 400, 360)
# Well inside the west; 10 m on either side of the line between the two; well inside the east; outside both.
SPOTS = [(100, 200), (190, 200), (210, 250), (300, 100), (900, 900)]
DEATHS = [3, 1, 2, 1, 5]


def place(covers: Any = town.WIDE, vintage: str = "2020-2024", **more: Any) -> Place:
    columns = {"year": [2021.0] * 5, "deaths": DEATHS, "pedestrian_deaths": [1, 0, 2, 0, 5], **more}
    layer = town.features("data:fars", [Point(x, y) for x, y in SPOTS], covers, **columns)
    layer = Layer(layer.name, layer.data, replace(layer.provenance, vintage=vintage), covers=layer.covers)
    blocks = town.blocks(population=[2100, 400, 2100, 0])
    return town.place({"data:fars": layer, "blocks": blocks}, town.zones(WEST, EAST))


def row(**more: Any) -> Indicator:
    told = {"table": "fars", "numerator": ["deaths"], "edge_m": 30, "per": 100000, "least": 3, **more}
    return town.row("crash_deaths", parameters={k: v for k, v in told.items() if v is not None}, aggregate="zone")


def test_a_crash_along_the_line_counts_half_on_both_sides() -> None:
    found = crashes.crash_deaths(row(per=None), place())
    assert found.value.tolist() == [3 + 1.5, 1 + 1.5]
    assert found.value.sum() == 7 and found.reason == (None, None)
    walking = crashes.crash_deaths(row(per=None, numerator=["pedestrian_deaths"]), place())
    assert walking.value.tolist() == [2.0, 1.0]
    assert crashes.crash_deaths(row(per=None, edge_m=1), place()).value.tolist() == [4.0, 3.0]


def test_a_rate_with_both_ends_of_its_interval() -> None:
    at = place()
    found = crashes.crash_deaths(row(), at)
    assert found.value[0] == pytest.approx(1e5 * 4.5 / (4200 * 5)) and found.denominator[0] == 21000
    told = dict(flag.split("=") for flag in found.flags[0] if "=" in flag)
    low, high = float(told["by_chance_low"]), float(told["by_chance_high"])
    assert low < found.value[0] < high and "deaths of 2020 to 2024" in found.flags[0]
    column = reduce(found, at.weights, reference=None, settings=ReduceSettings())
    assert column.moe[0] == pytest.approx(high - found.value[0], abs=1e-3)
    assert high - found.value[0] > found.value[0] - low


def test_of_few_deaths_there_is_a_count_and_no_rate() -> None:
    found = crashes.crash_deaths(row(), place())
    assert np.isnan(found.value[1]) and "fewer than 3 deaths in the years 2020 to 2024" in str(found.reason[1])
    assert found.flags[1] == () and np.isnan(found.numerator[1])


def test_nobody_lives_there_or_the_table_does_not_reach_so_far() -> None:
    empty = replace(place(), zones=place().zones)
    blocks = town.blocks(population=[0, 0, 0, 0])
    empty = town.place({**empty.layers, "blocks": blocks}, town.zones(WEST, EAST))
    assert crashes.crash_deaths(row(), empty).reason[0] == "no residents"
    short = crashes.crash_deaths(row(per=None), place(covers=box(-10, -10, 250, 500)))
    assert short.reason == (None, NOT_COVERED) and np.isnan(short.value[1])


def test_how_many_years_it_is_of_has_to_be_known() -> None:
    one = crashes.crash_deaths(row(), place(vintage="2021"))
    assert one.denominator[0] == 4200
    for vintage, why in (("newest", "of how many years"), ("2022-2024", "of other years")):
        with pytest.raises(Absent, match=why):
            crashes.crash_deaths(row(), place(vintage=vintage))
    with pytest.raises(Absent, match="no column cyclist_deaths"):
        crashes.crash_deaths(row(numerator=["cyclist_deaths"]), place())
    with pytest.raises(Absent, match="what group"):
        crashes.crash_deaths(row(), place(), "race:black")
