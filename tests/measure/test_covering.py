"""Gaps in a table: what stands for them, and what does not."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import Layer
from justgeo.measure.apportion import Cover, Weights
from justgeo.measure.column import ReduceSettings
from justgeo.measure.reduce import reduce
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, W1, W2, WEST, dense, square

TABLE = [COUNTY, WEST, EAST, W1, W2, E1, E2]
ACROSS = box(100, 0, 300, 400)
"""The two middle columns of blocks: it cuts the county, both tracts and all four block groups."""
# Shares of people in the middle columns.
W1_IN, W2_IN, E1_IN, E2_IN = 80 / 140, 240 / 460, 100 / 220, 260 / 540
WEST_IN, EAST_IN = 320 / 600, 360 / 760
WATER = COUNTY + "990000"


def cover(shape: BaseGeometry, ids: list[str], *bad: str) -> Cover:
    """Over the toy county; ``bad`` are rows without a number."""
    return toy.weights(shape).covering_of(toy.units(ids), "persons", usable=np.array([i not in bad for i in ids]))


def without(*ids: str) -> list[str]:
    return [i for i in TABLE if i not in ids]


def test_a_missing_tract_is_a_gap_and_the_county_does_not_stand_for_the_district() -> None:
    found = cover(ACROSS, [COUNTY, EAST])
    assert dense(found.matrix)[0] == pytest.approx([0, EAST_IN])
    assert found.lacking == pytest.approx([320 / 680])
    assert found.stepped.tolist() == [0]


def test_without_a_tract_row_the_district_is_absent_and_not_the_countys_share() -> None:
    ids = [COUNTY, EAST]
    field = toy.share(ids, [188, 50], [10, 9], [1000, 600], [20, 20])
    column = reduce(field, toy.weights(ACROSS, square(0, 0, 4, 4)), reference=1, settings=ReduceSettings())
    assert np.isnan(column.value[0])
    assert "its table has no row for" in str(column.reason[0])
    # The county itself has its row.
    assert column.value[1] == pytest.approx(0.188) and column.reason[1] is None


def test_a_tract_without_a_number_shows_as_missing() -> None:
    found = cover(ACROSS, [COUNTY, WEST, EAST], WEST)
    assert dense(found.matrix)[0] == pytest.approx([0, WEST_IN, EAST_IN])


@pytest.mark.parametrize("gap", [W1, W2])
@pytest.mark.parametrize("how", ["no row", "no number"])
def test_a_tract_stands_for_its_own_block_groups_and_no_others(gap: str, how: str) -> None:
    ids, bad = (without(gap), ()) if how == "no row" else (TABLE, (gap,))
    found = cover(ACROSS, ids, *bad)
    wanted = {WEST: WEST_IN, E1: E1_IN, E2: E2_IN}
    assert dense(found.matrix)[0] == pytest.approx([wanted.get(i, 0.0) for i in ids])
    assert found.lacking == pytest.approx([0.0])
    assert found.stepped.tolist() == [1]


def test_every_missing_block_group_is_told_where_it_matters() -> None:
    shapes = [ACROSS, square(0, 0, 2, 4), box(100, 0, 200, 400), box(200, 0, 300, 400), box(100, 0, 200, 100)]
    found = toy.weights(*shapes).covering_of(toy.units(without(W1, W2, E1)), "persons")
    # The second zone is a tract and has its own row; the last reaches only one of the two block groups of the west.
    assert found.stepped.tolist() == [3, 0, 2, 1, 1]


def test_a_block_group_without_a_tract_above_it_is_a_gap() -> None:
    found = cover(ACROSS, [COUNTY, W2, E1, E2])
    assert dense(found.matrix)[0] == pytest.approx([0, W2_IN, E1_IN, E2_IN])
    assert found.lacking == pytest.approx([80 / 680])
    assert found.stepped.tolist() == [0]
    # Its tract has no number either: the gap is taken, so that it shows.
    shown = cover(ACROSS, without(), WEST, W1)
    assert dense(shown.matrix)[0] == pytest.approx([0, 0, 0, W1_IN, W2_IN, E1_IN, E2_IN])


def test_a_table_of_tracts_steps_nowhere() -> None:
    assert cover(ACROSS, [COUNTY, WEST, EAST]).stepped.tolist() == [0]
    # Rows of block groups that are all without a number: the table is one of tracts.
    found = cover(ACROSS, TABLE, W1, W2, E1, E2)
    assert dense(found.matrix)[0] == pytest.approx([0, WEST_IN, EAST_IN, 0, 0, 0, 0])
    assert found.stepped.tolist() == [0]


def test_a_table_of_counties_alone_is_weighted() -> None:
    assert dense(cover(ACROSS, [COUNTY]).matrix)[0] == pytest.approx([680 / 1360])


def test_the_rules_of_weighting_take_the_same_rows() -> None:
    weights = toy.weights(ACROSS)
    units = toy.units(without(W1))
    taken = dense(weights.cover(units, "persons"))[0] > 0
    assert (dense(weights.cover(units, "persons", "area"))[0] > 0).tolist() == taken.tolist()


def coast(dry: bool = False) -> Weights:
    """A tract of water south of the county, with one block; the zone reaches into it. ``dry``: its land is known."""
    land = np.array([10_000.0] * 16 + [10_000.0 if dry else 0.0])
    blocks = toy.blocks()
    ids = [*toy.block_ids(), WATER + "0001"]
    shapes = [*blocks.data.geometry, box(0, -100, 400, 0)]
    people, homes = np.append(toy.PEOPLE, 0.0), np.append(toy.HOMES, 0.0)
    frame = gpd.GeoDataFrame(
        {"geoid": ids, "population": people, "housing_units": homes, "land_m2": land}, geometry=shapes, crs=toy.CRS
    )
    drawn: list[Layer] = []
    for layer, geoid in zip(toy.unit_layers()[1:], (WATER, WATER + "0"), strict=True):
        more = gpd.GeoDataFrame({"geoid": [geoid]}, geometry=[box(0, -100, 400, 0)], crs=toy.CRS)
        both = pd.concat([layer.data, more], ignore_index=True)
        drawn.append(replace(layer, data=gpd.GeoDataFrame(both, crs=toy.CRS)))
    zones = toy.zones(box(100, -60, 300, 400), box(100, -60, 300, -10))
    return Weights.build(zones, replace(blocks, data=frame), drawn, toy.CRS)


@pytest.mark.parametrize("dry", [False, True])
def test_water_without_a_row_is_no_gap(dry: bool) -> None:
    weights = coast(dry)
    tracts = weights.covering_of(toy.units([COUNTY, WEST, EAST]), "persons")
    assert dense(tracts.matrix)[0] == pytest.approx([0, WEST_IN, EAST_IN])
    assert tracts.lacking[0] == 0
    ids = without(WATER)
    all_ = weights.covering_of(toy.units(ids), "persons")
    assert dense(all_.matrix)[0] == pytest.approx([0, 0, 0, W1_IN, W2_IN, E1_IN, E2_IN])
    assert all_.stepped.tolist() == [0, 0]


@pytest.mark.parametrize("dry", [False, True])
def test_water_with_a_row_without_a_number_hides_no_other(dry: bool) -> None:
    ids = [COUNTY, WEST, EAST, WATER]
    found = coast(dry).covering_of(toy.units(ids), "persons", usable=np.array([True, True, True, False]))
    assert dense(found.matrix)[0] == pytest.approx([0, WEST_IN, EAST_IN, 0])
    # A zone of nothing but such land has that row alone, and shows that it has no number.
    assert (dense(found.matrix)[1] > 0).tolist() == [False, False, False, True]


def test_a_block_group_of_water_does_not_call_for_its_tract() -> None:
    people, homes = toy.PEOPLE.copy(), toy.HOMES.copy()
    people[[0, 1, 4, 5]] = homes[[0, 1, 4, 5]] = 0
    blocks = toy.blocks(population=people, housing_units=homes)
    weights = Weights.build(toy.zones(ACROSS), blocks, toy.unit_layers(), toy.CRS)
    found = weights.covering_of(toy.units(without(W1)), "households")
    assert dense(found.matrix)[0] == pytest.approx([0, 0, 0, 60 / 120, 30 / 60, 70 / 140])
    assert found.stepped.tolist() == [0]


def test_a_level_is_published_that_has_its_one_row_at_the_head_of_the_table() -> None:
    """The west stands for one of its block groups, the east for both."""
    found = cover(ACROSS, [W1, WEST, EAST])
    assert found.stepped.tolist() == [3]
    assert cover(ACROSS, [WEST, EAST]).stepped.tolist() == [0]
