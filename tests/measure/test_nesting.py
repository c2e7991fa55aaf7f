"""Layers that do not fit each other: of another census under a false vintage, or drawn with other slivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from justgeo.core.errors import VintageError
from justgeo.core.layer import Layer
from justgeo.measure.apportion import Weights
from tests.measure import toy
from tests.measure.toy import COUNTY, CRS, E1, EAST, W1, W2, WEST


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


# --- a state whose counties have other codes since the census (Connecticut: planning regions in place of counties)


def renamed(layer: Layer, county: str | Mapping[str, str]) -> Layer:
    """The same areas under other counties: of all of them, or by tract."""
    of = (lambda geoid: county) if isinstance(county, str) else (lambda geoid: county[geoid[:11]])
    return replace(layer, data=layer.data.assign(geoid=[of(geoid) + geoid[5:] for geoid in layer.data["geoid"]]))


def weighed(made: Weights, level: str) -> np.ndarray:
    return toy.dense(made.matrix(level, 2020, "persons"))


def test_units_of_a_state_with_other_county_codes_hold_the_same_blocks() -> None:
    plain = built(toy.blocks(), toy.unit_layers(), toy.unit_layers()[1], WEST)
    blocks, layers = renamed(toy.blocks(), "09003"), [renamed(one, "09110") for one in toy.unit_layers()]
    made = built(blocks, layers, layers[1], WEST.replace(COUNTY, "09110"))
    for level in ("county", "tract", "block group"):
        assert weighed(made, level).tolist() == weighed(plain, level).tolist(), level
        np.testing.assert_array_equal(made.nest(level, 2020), plain.nest(level, 2020))
        assert (made.nest(level, 2020) >= 0).all()
    assert len(made.notes) == 3
    assert made.notes[1] == (
        "The counties of state 09 have other codes in tracts than in the blocks: its blocks were nested in tracts by "
        "their representative point, not by id."
    )
    assert made.cover(toy.units(["09110", "09110000001", "091100000011"]), "persons").toarray().tolist() == [[0, 1, 0]]


def test_beside_a_state_whose_ids_fit() -> None:
    new = {WEST: "36119", EAST: "09190"}
    blocks = renamed(toy.blocks(), {WEST: "36119", EAST: "09001"})
    layers = [renamed(one, new) for one in toy.unit_layers()[1:]]
    made = built(blocks, layers, layers[0], "36119000001")
    plain = built(toy.blocks(), toy.unit_layers()[1:], toy.unit_layers()[1], WEST)
    for level in ("tract", "block group"):
        np.testing.assert_array_equal(made.nest(level, 2020), plain.nest(level, 2020))
    assert [note for note in made.notes if "36" in note] == []
    assert len(made.notes) == 2


def test_a_few_counties_that_do_not_fit_are_no_other_county_system() -> None:
    layers = [renamed(one, {WEST: "09190", EAST: "09001"}) for one in toy.unit_layers()[1:]]
    with pytest.raises(VintageError, match="8 of 16 blocks lie in another tract"):
        built(renamed(toy.blocks(), "09001"), layers, layers[0], "09190000001")


@pytest.mark.parametrize("level", [1, 2])
def test_units_of_another_census_are_refused_under_other_county_codes_too(level: int) -> None:
    """The county's three digits are new; what follows them has to be that of the blocks."""
    layers = [renamed(one, "09110") for one in toy.unit_layers()]
    ids = [geoid[:5] + geoid[5:].replace("00000", "00007") for geoid in layers[level].data["geoid"]]
    layers[level] = replace(layers[level], data=layers[level].data.assign(geoid=ids))
    with pytest.raises(VintageError, match="16 of 16 blocks lie in another") as error:
        built(renamed(toy.blocks(), "09003"), layers, layers[0], "09110")
    assert "declare the vintage" in error.value.remedy


def test_a_wrong_census_beside_another_county_system_is_refused() -> None:
    """Neither state speaks for the other: blocks of Connecticut are many where a district of New York touches it."""
    new = {WEST: "36119", EAST: "09190"}
    layers = [renamed(one, new) for one in toy.unit_layers()[1:]]
    ids = [g.replace("36119000001", "36119000009") for g in layers[0].data["geoid"]]
    layers[0] = replace(layers[0], data=layers[0].data.assign(geoid=ids))
    with pytest.raises(VintageError, match="8 of 8 blocks lie in another tract of tracts"):
        built(renamed(toy.blocks(), {WEST: "36119", EAST: "09001"}), layers, layers[1], "361190000011")


def test_blocks_elsewhere_in_the_state_are_in_no_unit() -> None:
    """All blocks of the state are at hand where its counties changed; they lie in units that are not."""
    layers = [renamed(one, "09110") for one in toy.unit_layers()]
    west = [replace(one, data=one.data[one.data["geoid"].str.startswith("09110000001")]) for one in layers[1:]]
    made = built(renamed(toy.blocks(), "09003"), west, west[0], "09110000001")
    assert made.nest("tract", 2020).tolist() == [0, 0, -1, -1] * 4
