"""Intersections over land, on the town of one crossing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.errors import Absent
from justgeo.indicators import mobility
from justgeo.indicators.streets import NO_LAND, intersections
from tests.indicators import town
from tests.indicators.town import BLOCKS, SW

ROW = town.row("intersections", parameters={"tolerance_m": 12}, aggregate="zone", weight="land")
LAND = [16_000.0, 32_000.0, 32_000.0, 0.0]


def place(**more: Any) -> Any:
    layers = {"walk": town.streets(), "blocks": town.blocks(land_m2=LAND), **more}
    return town.place(layers, town.zones(box(0, 40, 400, 360), BLOCKS[SW]))


def test_one_crossing_on_eight_hectares_of_land() -> None:
    found = intersections(ROW, place())
    # The crossing is the corner of all four blocks: whole in the town, a quarter in one block with 1.6 ha of land.
    assert found.numerator == pytest.approx([1, 0.25])
    assert found.denominator == pytest.approx([0.08, 0.016])
    assert found.value == pytest.approx([1 / 0.08, 0.25 / 0.016])


def test_water_alone_has_no_density_and_without_land_there_is_none() -> None:
    wet = place(blocks=town.blocks(land_m2=[0.0, 32_000.0, 32_000.0, 32_000.0]))
    found = intersections(ROW, wet)
    assert np.isnan(found.value[1]) and np.isnan(found.numerator[1]) and found.reason == (None, NO_LAND)
    with pytest.raises(Absent, match="how much of them is land"):
        intersections(ROW, place(blocks=town.blocks()))
    with pytest.raises(Absent, match="no race"):
        intersections(ROW, place(), "race:black")


def test_a_zone_that_the_streets_do_not_cover_is_not_covered() -> None:
    cut = place(walk=town.streets(covers=box(-100, -100, 250, 5000)))
    assert mobility.covered(ROW, cut).tolist() == [False, True]
