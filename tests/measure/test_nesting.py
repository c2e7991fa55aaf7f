"""Layers that do not fit each other: of another census under a false vintage, or drawn with other slivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from justgeo.core.errors import VintageError
from justgeo.core.layer import Layer
from justgeo.measure.apportion import Weights
from tests.measure import toy
from tests.measure.toy import CRS, E1, EAST, W1, W2, WEST


def shifted(layer: Layer, metres: float) -> Layer:
    """The same units drawn some metres further east."""
    frame = gpd.GeoDataFrame(layer.data)
    return replace(layer, data=frame.set_geometry(frame.geometry.translate(metres)))


def built(blocks: Layer | None, layers: Sequence[Layer], shape_of: Layer, geoid: str) -> Weights:
    outline = gpd.GeoDataFrame(shape_of.data).set_index("geoid").geometry[geoid]
    return Weights.build(toy.zones(outline, ids=[geoid], geography=[shape_of.geography]), blocks, layers, CRS)


def test_block_groups_of_another_census_under_the_blocks_vintage_are_refused() -> None:
    layers = toy.unit_layers()
    layers[2] = replace(layers[2], data=layers[2].data.assign(geoid=[W1, E1, W2, EAST + "2"]))  # numbered anew
    with pytest.raises(VintageError, match="8 of 16 blocks lie in another block group of block_groups") as error:
        built(toy.blocks(), layers, layers[1], WEST)
    assert "declare the vintage that block_groups is of" in error.value.remedy


def test_ids_of_blocks_do_not_stand_in_for_a_layer_of_another_census() -> None:
    tracts, groups = toy.unit_layers()[1], toy.unit_layers(2010)[2]
    made = built(toy.blocks(), [tracts, groups], tracts, WEST)
    with pytest.raises(VintageError, match="block groups of 2020, but the layer of block groups is of 2010"):
        made.cover(toy.units([W1, W2], vintage=2020), "persons")
    assert toy.dense(made.cover(toy.units([W1, W2], vintage=2010), "persons")).tolist() == [[1.0, 1.0]]


def test_layers_of_one_census_pass_without_a_word() -> None:
    assert built(toy.blocks(), toy.unit_layers(), toy.unit_layers()[1], WEST).notes == []


def test_a_tract_holds_its_own_block_groups_and_no_sliver_of_the_next() -> None:
    _, tracts, groups = toy.unit_layers()
    made = built(None, [tracts, shifted(groups, -3.0)], tracts, WEST)
    assert list(made.geoids("block group", 2020)[:2]) == [W1, W2]
    np.testing.assert_array_equal(toy.dense(made.matrix("block group", 2020, "persons")), [[1.0, 1.0, 0.0, 0.0]])
    both = toy.units([WEST, EAST, W1, W2, E1])
    assert made.identity(both, "persons").tolist() == [0]
    np.testing.assert_array_equal(toy.dense(made.cover(both, "persons")), [[1.0, 0, 0, 0, 0]])
    without = np.array([False, True, True, True, True])
    np.testing.assert_array_equal(toy.dense(made.cover(both, "persons", usable=without)), [[0, 0, 1.0, 1.0, 0]])


def test_a_block_group_lies_in_its_own_tract_alone() -> None:
    _, tracts, groups = toy.unit_layers()
    groups = shifted(groups, 3.0)
    made = built(None, [tracts, groups], groups, W1)
    inside = toy.dense(made.matrix("tract", 2020, "persons"))
    assert inside[0].tolist() == [pytest.approx(0.5 * 197 / 200), 0.0]
    assert made.identity(toy.units([WEST, EAST, W1]), "persons").tolist() == [2]
