"""Acres of park per thousand residents, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.errors import Absent
from justgeo.indicators.wellbeing import ACRE_M2, park_acres
from tests.indicators import town
from tests.indicators.town import BLOCKS, NE, SE, SW, WIDE

ROW = town.row("park_acres", unit="acres per 1,000 people", aggregate="zone")
# Half of it in SW, half in SE: 100 m by 40 m each; and a private one that does not count.
PARKS = town.features("parks", [box(100, 60, 300, 100), box(0, 100, 100, 200)], WIDE, public=[True, False])


def test_land_inside_the_zone_over_the_people_inside_it() -> None:
    held = town.place({"blocks": town.blocks(), "parks": PARKS}, town.zones(BLOCKS[SW], BLOCKS[SE], BLOCKS[NE]))
    found = park_acres(ROW, held)
    acres = 100 * 40 / ACRE_M2
    assert found.numerator == pytest.approx([acres, acres, 0.0])
    assert found.denominator == pytest.approx([10, 20, 40])
    assert found.value == pytest.approx([1000 * acres / 10, 1000 * acres / 20, 0.0])
    assert found.reason == (None, None, None)


def test_an_acre_is_the_international_one() -> None:
    assert pytest.approx(43560 * 0.3048**2) == ACRE_M2


def test_overlapping_parks_count_once() -> None:
    twice = town.features("parks", [box(0, 60, 100, 100), box(50, 60, 150, 100)], WIDE, public=[True, True])
    held = town.place({"blocks": town.blocks(), "parks": twice}, town.zones(BLOCKS[SW]))
    assert park_acres(ROW, held).numerator[0] == pytest.approx(150 * 40 / ACRE_M2)


def test_nobody_there_is_no_rate() -> None:
    empty = {"990010001001002": box(400, 40, 600, 200)}
    held = town.place({"blocks": town.blocks(empty), "parks": PARKS}, town.zones(empty["990010001001002"]))
    found = park_acres(ROW, held)
    assert np.isnan(found.value[0]) and np.isnan(found.numerator[0]) and np.isnan(found.denominator[0])
    assert found.reason == ("no residents",)


def test_a_zone_that_the_park_layer_does_not_cover_is_absent_never_without_parks() -> None:
    west = town.features("parks", [box(100, 60, 300, 100)], box(-100, -100, 250, 500), public=[True])
    held = town.place({"blocks": town.blocks(), "parks": west}, town.zones(BLOCKS[SW], BLOCKS[SE]))
    found = park_acres(ROW, held)
    assert found.reason == (None, "the layer does not cover this area")
    assert np.isnan(found.value[1]) and found.value[0] > 0


def test_it_has_no_groups_and_needs_parks() -> None:
    held = town.place({"blocks": town.blocks()}, absent={"parks": "not mapped"})
    with pytest.raises(Absent, match="no race or income"):
        park_acres(ROW, held, "race:white")
    with pytest.raises(Absent, match="not mapped"):
        park_acres(ROW, held)
