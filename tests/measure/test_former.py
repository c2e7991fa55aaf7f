"""Weights over the areas of 2010, on a county of sixteen blocks that was drawn anew.

In 2010 the south of the county was tract S and its north tract N, each of one block group; since 2020 it is divided
into west and east. Every block of 2020 was one block of 2010, but for the two in the south-west corner, which were one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import LayerError, VintageError
from justgeo.core.field import Weight
from justgeo.core.layer import FloatArray, Layer
from justgeo.core.zones import StrArray
from justgeo.measure.apportion import Weights
from justgeo.measure.column import ReduceSettings
from justgeo.measure.former import counted, unknown_share, weights_of_2010
from justgeo.measure.reduce import reduce
from tests.measure import toy
from tests.measure.toy import COUNTY, W1, WEST, square

S, N = f"{COUNTY}000008", f"{COUNTY}000009"
POP10 = np.arange(1, 17, dtype=np.float64)  # of the blocks, from the south-west
HOMES10 = np.full(16, 2.0)
BOTH = np.array([S, N], dtype=np.str_)


def relation(more: Sequence[tuple[object, ...]] = (), drop: Sequence[int] = (), **columns: object) -> Layer:
    rows: list[tuple[object, ...]] = []
    for i, block in enumerate(toy.block_ids()):
        if i in drop:
            continue
        tract = S if i < 8 else N
        if i < 2:  # one block of 3 people and 4 homes, a third of its land in the corner
            rows.append((f"{tract}1000", block, (1 / 3, 2 / 3)[i], 3.0, 4.0))
        else:
            rows.append((f"{tract}1{i:03d}", block, 1.0, POP10[i], HOMES10[i]))
    names = ["block10", "block20", "share_land", "pop10", "hu10"]
    data = pd.DataFrame([*rows, *more], columns=names).assign(**columns)
    return Layer("crosswalk_99", data, toy.provenance("crosswalk_99"), geography="block", geography_vintage=2010)


def former(*shapes: BaseGeometry, table: Layer | None = None, tracts: StrArray = BOTH) -> Weights:
    return weights_of_2010(toy.weights(*shapes), [table or relation()], tracts)


def row(weights: Weights, level: str, weight: Weight) -> FloatArray:
    return np.asarray(toy.dense(weights.matrix(level, 2010, weight))[0], dtype=np.float64)


def test_tracts_are_divided_by_what_was_counted_in_their_blocks() -> None:
    west = former(square(0, 0, 2, 4))
    assert west.geoids("tract", 2010).tolist() == [S, N]
    south, north = POP10[:8], POP10[8:]
    expected = [south[[0, 1, 4, 5]].sum() / south.sum(), north[[0, 1, 4, 5]].sum() / north.sum()]
    assert_allclose(row(west, "tract", "persons"), expected)
    assert_allclose(row(west, "tract", "households"), [0.5, 0.5])


def test_a_block_that_was_divided_later_is_divided_by_its_land() -> None:
    corner = former(square(0, 0))
    assert_allclose(row(corner, "tract", "persons"), [1 / 36, 0])
    assert_allclose(row(former(square(1, 0)), "tract", "persons"), [2 / 36, 0])
    # Half of the block of 2020, so a sixth of the block of 2010.
    assert_allclose(row(former(box(0, 0, 50, 100)), "tract", "persons"), [0.5 / 36, 0])


def test_a_zone_of_all_parts_has_the_tract_whole_as_it_was_published() -> None:
    """Two parts of one tract, carried one by one, would count its sampling error twice as if it were of two tracts."""
    weights = former(square(0, 0, 4, 2))
    field = toy.share([S, N], [40, 70], [9, 8], [100, 90], [12, 11])
    field = replace(field, units=toy.units([S, N], vintage=2010))
    found = reduce(field, weights, reference=None, settings=ReduceSettings())
    assert found.value[0] == pytest.approx(0.4)
    assert found.moe[0] == pytest.approx(np.sqrt(9**2 - 0.4**2 * 12**2) / 100)
    assert found.error["apportionment"][0] == 0


def test_the_county_is_whole_where_all_its_tracts_are_known() -> None:
    everything = square(0, 0, 4, 4)
    assert_allclose(row(former(everything), "county", "persons"), [1.0])
    assert former(everything, tracts=np.array([S, N, f"{COUNTY}000007"])).geoids("county", 2010).tolist() == []


def test_weights_of_zones_that_make_up_the_county_sum_to_one() -> None:
    shapes = [square(0, 0, 1, 4), square(1, 0, 2, 3), square(1, 3, 2, 1), square(3, 0, 1, 4)]
    for level in ("county", "tract", "block group"):
        for weight in get_args(Weight):
            matrix = toy.dense(former(*shapes).matrix(level, 2010, weight))
            assert_allclose(matrix.sum(axis=0), 1.0)


def test_the_order_of_the_rows_and_a_row_told_by_two_states_do_not_matter() -> None:
    table = relation()
    mixed = replace(table, data=table.data.iloc[::-1].reset_index(drop=True))
    shape = square(0, 0, 2, 3)
    plain = row(former(shape), "tract", "persons")
    assert_allclose(row(former(shape, table=mixed), "tract", "persons"), plain)
    twice = weights_of_2010(toy.weights(shape), [table, mixed], BOTH)
    assert_allclose(row(twice, "tract", "persons"), plain)


def test_ground_without_forerunner_is_told_by_the_homes_on_it() -> None:
    now = toy.weights(square(0, 0, 2, 2), square(2, 2, 2, 2))
    homes = toy.HOMES[[0, 1, 4, 5]]
    assert_allclose(unknown_share(now, [relation()], "households"), [0, 0])
    assert_allclose(unknown_share(now, [relation(drop=[4])], "households"), [homes[2] / homes.sum(), 0])
    people = toy.PEOPLE[[0, 1, 4, 5]]
    assert_allclose(unknown_share(now, [relation(drop=[4])], "persons"), [people[2] / people.sum(), 0])


def test_ground_of_a_tract_that_is_not_all_in_the_table_is_not_known() -> None:
    table = relation()
    west = table.data["block20"].str.startswith(WEST)
    half = replace(table, data=table.data.assign(whole20=~west))
    assert_allclose(unknown_share(toy.weights(square(0, 0, 2, 2), square(2, 2, 2, 2)), [half], "persons"), [1, 0])


def test_what_the_census_counted_in_the_rows_of_a_table() -> None:
    weights = former(square(0, 0, 4, 4))
    units = toy.units([COUNTY, S, N, f"{S}1"], vintage=2010)
    held = counted(weights, units, "persons").plus
    assert held.estimate[:, 0].tolist() == [136, 36, 100, 36] and not held.moe.any()
    assert counted(weights, units, "households").plus.estimate[:, 0].tolist() == [32, 16, 16, 16]
    now = counted(toy.weights(square(0, 0)), toy.units([W1, f"{COUNTY}0000071"]), "persons").plus.estimate[:, 0]
    assert now[0] == 10 + 20 + 50 + 60 and np.isnan(now[1])


def test_refusals() -> None:
    now = toy.weights(square(0, 0))
    table = relation()
    other = replace(table, data=table.data.assign(block20="98" + table.data["block20"].str[2:]))
    with pytest.raises(LayerError, match="None of the blocks"):
        weights_of_2010(now, [other], BOTH)
    with pytest.raises(VintageError):
        weights_of_2010(now, [replace(table, geography_vintage=2020)], BOTH)
    bare = Weights(now.zones, None, {}, [])
    with pytest.raises(LayerError, match="blocks of 2020"):
        weights_of_2010(bare, [table], BOTH)
