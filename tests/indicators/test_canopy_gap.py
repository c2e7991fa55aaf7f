"""What is missing to a canopy goal, on the town of four blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from justgeo.core.errors import Absent
from justgeo.core.layer import Layer
from justgeo.indicators.environment import NO_BIOME, NO_LAND, canopy_gap
from tests.indicators import town
from tests.measure.toy import provenance

ROW = town.row(
    "canopy_gap",
    unit="percentage points",
    aggregate="zone",
    weight="land",
    parameters={"raster": "tree_canopy", "land_cover": "land_cover", "min_valid": 0.95},
)
# Four columns of 100 m over the town, 400 m high: canopy 10, 10, 30 and 30 %.
COVER = town.raster("tree_canopy", [[10, 10, 30, 30]] * 4)
LAND = [[21, 21, 21, 21]] * 4


def biome(value: str) -> Layer:
    return Layer("biome", pd.DataFrame({"biome": [value]}), provenance("biome"))


def place(value: str = "forest", **more: Any) -> Any:
    layers = {"tree_canopy": COVER, "blocks": town.blocks(), "biome": biome(value), **more}
    kept = {name: layer for name, layer in layers.items() if layer is not None}
    return town.place(kept, town.zones(box(0, 40, 200, 360), box(0, 40, 400, 360)))


def test_the_goal_is_that_of_the_zones_own_density() -> None:
    # The west: 40 people on 6.4 ha, 625 per km²: goal 48 %. The town: 100 on 12.8 ha: 48 % too.
    found = canopy_gap(ROW, place())
    assert found.value == pytest.approx([100 * (0.48 - 0.10), 100 * (0.48 - 0.20)])
    assert found.reason == (None, None)
    # 20 times the people, 12,500 per km² in the west: half the baseline.
    crowd = canopy_gap(ROW, place(blocks=town.blocks(population=[400, 20, 400, 40])))
    assert crowd.value == pytest.approx([100 * (0.20 - 0.10), 100 * (0.32 - 0.20)])  # 860 on 12.8 ha: 6,719


def test_density_is_by_land_and_water_is_no_place_for_trees() -> None:
    wet = town.raster("land_cover", [[11, 21, 21, 21]] * 4)
    # Half of the west is water: 80 people on 3.2 ha of land are 2,500 per km², on all of it they would be 1,250.
    found = canopy_gap(ROW, place(land_cover=wet, blocks=town.blocks(population=[40, 0, 40, 0])))
    assert found.value[0] == pytest.approx(100 * (0.40 - 0.10))


def test_a_goal_that_is_met_leaves_no_gap() -> None:
    assert canopy_gap(ROW, place("desert")).value.tolist() == pytest.approx([100 * (0.18 - 0.10), 0.0])


def test_without_a_stated_biome_land_or_people_it_says_why() -> None:
    with pytest.raises(Absent, match=r"under \[canopy\] of district.toml") as absent:
        canopy_gap(ROW, place(biome=None))
    assert absent.value.reason == NO_BIOME and "mediterranean" in NO_BIOME
    with pytest.raises(Absent, match="no race"):
        canopy_gap(ROW, place(), "race:black")
    sea = canopy_gap(ROW, place(land_cover=town.raster("land_cover", [[11, 11, 21, 21]] * 4)))
    assert np.isnan(sea.value[0]) and sea.reason[0] == NO_LAND
