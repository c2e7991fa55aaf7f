"""Weights: how much of each small area lies in a zone."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import Point, box
from shapely.ops import unary_union

from justgeo.core.errors import CrsError, LayerError, VintageError
from justgeo.core.zones import Units
from justgeo.measure.apportion import Weights, block_fractions
from tests.measure import toy
from tests.measure.toy import E1, E2, EAST, W1, W2, WEST, dense, square


def fractions_of(shape: object, *blocks: object) -> np.ndarray:
    frame = gpd.GeoDataFrame({"geoid": [str(i) for i in range(len(blocks))]}, geometry=list(blocks), crs=toy.CRS)
    return dense(block_fractions(toy.zones(shape), frame))[0]


# fractions ----------------------------------------------------------------------------------------------------------


def test_a_block_is_in_by_its_share_of_area() -> None:
    found = fractions_of(box(0, 0, 150, 100), square(0, 0), square(1, 0), square(2, 0))
    assert found == pytest.approx([1.0, 0.5, 0.0], abs=1e-12)


def test_a_boundary_drawn_eight_metres_off_along_large_blocks_cuts_nothing() -> None:
    inside, beside = box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)
    assert fractions_of(box(0, 0, 1008, 1000), inside, beside).tolist() == [1.0, 0.0]
    assert fractions_of(box(0, 0, 992, 1000), inside, beside).tolist() == [1.0, 0.0]


def test_the_edge_tolerance_does_not_eat_small_blocks() -> None:
    # Eight metres of a 100 m block are eight percent of it: more than a drawing error may decide.
    found = fractions_of(box(0, 0, 108, 100), square(0, 0), square(1, 0))
    assert found == pytest.approx([1.0, 0.08], abs=1e-9)
    # Nor does a wide but small piece of a large block vanish: 150 m x 100 m of 1 km2 is no strip along an edge.
    assert fractions_of(box(-500, 0, 150, 100), box(0, 0, 1000, 1000)) == pytest.approx([0.015], abs=1e-9)


def test_less_than_a_thousandth_is_dropped_or_made_whole() -> None:
    block = box(0, 0, 1000, 1000)
    assert fractions_of(box(-900, 970, 30, 1900), block).tolist() == [0.0]
    assert fractions_of(box(-10, -10, 1010, 1010).difference(box(0, 0, 30, 30)), block).tolist() == [1.0]


def test_a_district_inside_one_huge_block_keeps_its_share_of_it() -> None:
    found = fractions_of(box(5000, 5000, 5100, 5100), box(0, 0, 20_000, 20_000))
    assert found == pytest.approx([1e4 / 4e8], rel=1e-9)


def test_touching_is_not_overlapping() -> None:
    assert fractions_of(square(0, 0), square(1, 0), square(1, 1)).tolist() == [0.0, 0.0]


def test_untidy_outlines_are_measured_as_meant() -> None:
    bow = box(0, 0, 100, 100).union(box(100, 0, 200, 100))
    assert fractions_of(bow, square(0, 0), square(1, 0)).tolist() == [1.0, 1.0]


def test_a_block_without_outline_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(LayerError, match="1 of 2 blocks have no geometry"):
        fractions_of(square(0, 0), square(0, 0), None)


def test_degrees_and_mixed_systems_are_refused() -> None:
    frame = toy.blocks().data
    with pytest.raises(CrsError):
        block_fractions(toy.zones(square(0, 0)), frame.to_crs("EPSG:4326"))
    zones = toy.zones(square(0, 0))
    with pytest.raises(CrsError):
        block_fractions(replace(zones, geometry=zones.geometry.to_crs("EPSG:4326")), frame.to_crs("EPSG:4326"))


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 400), st.floats(0, 400), st.floats(0, 180))
def test_two_halves_of_the_world_hold_each_block_once(x: float, y: float, angle: float) -> None:
    knife = affinity.rotate(box(-5000, y - 5000, x, y + 5000), angle, origin=(x, y))
    world = box(-20_000, -20_000, 20_000, 20_000)
    one, other = dense(block_fractions(toy.zones(knife, world.difference(knife)), toy.blocks().data))
    assert one + other == pytest.approx(np.ones(16), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 400), st.floats(0, 400), st.floats(20, 300), st.floats(0, 180))
def test_cutting_a_district_in_two_loses_nothing_but_strips(x: float, y: float, size: float, angle: float) -> None:
    whole = affinity.rotate(box(x, y, x + size, y + size), angle)
    knife = affinity.rotate(box(-2000, -2000, 200, 2000), angle / 2, origin=(200, 200))
    one, other = whole.intersection(knife), whole.difference(knife)
    if min(one.area, other.area) < 1:
        return
    found = dense(block_fractions(toy.zones(whole, one, other), toy.blocks().data))
    for all_, part in ((found[0], whole), (found[1], one), (found[2], other)):
        exact = [part.intersection(square(i % 4, i // 4)).area / 1e4 for i in range(16)]
        assert all_ == pytest.approx(exact, abs=0.02)
        assert all_.min() >= 0 and all_.max() <= 1


# weights ------------------------------------------------------------------------------------------------------------


def test_weights_by_people_homes_and_land_by_hand() -> None:
    # The west column of blocks and half of the next: blocks 0, 4, 8, 12 whole, 1, 5, 9, 13 by half.
    found = toy.weights(box(0, 0, 150, 400))
    people = (10 + 50 + 20 / 2 + 60 / 2) / (10 + 20 + 50 + 60)
    homes = (5 + 15 + 5 / 2 + 15 / 2) / (5 + 5 + 15 + 15)
    persons = dense(found.matrix("block group", 2020, "persons"))[0]
    assert persons[0] == pytest.approx(people, abs=1e-12)
    assert persons[1] == pytest.approx((90 + 130 + 50 + 70) / 460, abs=1e-12)
    assert persons[2:].tolist() == [0.0, 0.0]
    assert dense(found.matrix("block group", 2020, "households"))[0, 0] == pytest.approx(homes, abs=1e-12)
    assert dense(found.matrix("block group", 2020, "land"))[0, 0] == pytest.approx(0.75, abs=1e-12)
    assert dense(found.matrix("block group", 2020, "persons", "area"))[0, 0] == pytest.approx(0.75, abs=1e-12)
    assert dense(found.matrix("block group", 2020, "persons", "centroid"))[0].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert list(found.geoids("block group", 2020)) == [W1, W2, E1, E2]
    tract = (10 + 50 + 90 + 130 + (20 + 60 + 100 + 140) / 2) / 600
    assert dense(found.matrix("tract", 2020, "persons"))[0, 0] == pytest.approx(tract, abs=1e-12)
    assert dense(found.matrix("block", 2020, "persons"))[0, :4].tolist() == pytest.approx([1.0, 0.5, 0.0, 0.0])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4269", "EPSG:26917", "EPSG:5070", "EPSG:2283"])
def test_weights_do_not_depend_on_the_crs_of_the_layers(crs: str) -> None:
    shape = toy.zones(box(0, 0, 150, 330))
    here = toy.weights(box(0, 0, 150, 330))
    there = Weights.build(shape, toy.blocks(crs), toy.unit_layers(crs=crs), toy.CRS)
    for weight in ("persons", "households", "land"):
        assert dense(there.matrix("block group", 2020, weight)) == pytest.approx(
            dense(here.matrix("block group", 2020, weight)), abs=1e-5
        )


def test_a_unit_without_people_falls_back_on_homes_then_on_land() -> None:
    west_south = [0, 1, 4, 5]
    people, homes = toy.PEOPLE.copy(), toy.HOMES.copy()
    people[west_south] = 0
    zone = toy.zones(square(0, 0))
    found = Weights.build(zone, toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    assert dense(found.matrix("block group", 2020, "persons"))[0, 0] == pytest.approx(5 / 40)
    homes[west_south] = 0
    found = Weights.build(zone, toy.blocks(population=people, housing_units=homes), toy.unit_layers(), toy.CRS)
    assert dense(found.matrix("block group", 2020, "persons"))[0, 0] == pytest.approx(1 / 4)
    assert any("without persons" in note for note in found.notes)


def test_without_homes_households_are_divided_by_people_and_that_is_said() -> None:
    found = Weights.build(toy.zones(square(0, 0)), toy.blocks(housing_units=None), toy.unit_layers(), toy.CRS)
    assert dense(found.matrix("block group", 2020, "households"))[0, 0] == pytest.approx(10 / 140)
    assert any("no homes" in note for note in found.notes)


def test_water_only_blocks_carry_no_weight() -> None:
    land = np.full(16, 10_000.0)
    land[0] = 0.0
    found = Weights.build(toy.zones(square(0, 0, 1, 2)), toy.blocks(land_m2=land), toy.unit_layers(), toy.CRS)
    assert dense(found.matrix("block group", 2020, "persons"))[0, 0] == pytest.approx(50 / 130)
    assert dense(found.matrix("block group", 2020, "land"))[0, 0] == pytest.approx(1 / 3)


def test_a_missing_population_is_said_and_a_negative_one_refused() -> None:
    people = toy.PEOPLE.copy()
    people[3] = np.nan
    found = Weights.build(toy.zones(square(0, 0)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    assert any("1 of 16 blocks have no population" in note for note in found.notes)
    people[3] = -999
    with pytest.raises(LayerError, match="-999"):
        Weights.build(toy.zones(square(0, 0)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)


def test_an_id_twice_is_refused() -> None:
    ids = toy.block_ids()
    ids[1] = ids[0]
    with pytest.raises(LayerError, match="repeat"):
        Weights.build(toy.zones(square(0, 0)), toy.blocks(geoid=ids), toy.unit_layers(), toy.CRS)


def test_a_zone_that_is_a_published_unit_weighs_one_there_and_nothing_beside() -> None:
    # Drawn five metres off on every side: the id decides, and no block of a neighbour slips in.
    shapes = [square(0, 0, 2, 4).buffer(0.4, join_style="mitre"), square(2, 0, 2, 2)]
    found = toy.weights(*shapes, ids=[WEST, E1], geography=["tract", "block group"])
    assert dense(found.matrix("tract", 2020, "persons"))[0].tolist() == [1.0, 0.0]
    assert dense(found.matrix("block group", 2020, "persons")).tolist() == [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    assert found.fractions.sum() == 8 + 4


def test_the_same_id_on_other_ground_is_another_place() -> None:
    found = toy.weights(square(0, 0, 1, 4), ids=[WEST], geography=["tract"])
    assert dense(found.matrix("tract", 2020, "land"))[0, 0] == pytest.approx(0.5)


def test_units_that_no_layer_draws_are_known_by_the_ids_of_their_blocks() -> None:
    found = Weights.build(toy.zones(box(0, 0, 150, 400)), toy.blocks(), [], toy.CRS)
    drawn = toy.weights(box(0, 0, 150, 400))
    for level in ("county", "tract", "block group"):
        assert list(found.geoids(level, 2020)) == sorted(drawn.geoids(level, 2020))
        mine, theirs = (dense(w.matrix(level, 2020, "persons"))[0] for w in (found, drawn))
        assert sorted(mine) == pytest.approx(sorted(theirs))


def test_blocks_nest_in_another_census_by_point_and_that_is_recorded() -> None:
    found = Weights.build(toy.zones(box(0, 0, 150, 400)), toy.blocks(), toy.unit_layers(2010), toy.CRS)
    same = toy.weights(box(0, 0, 150, 400))
    assert dense(found.matrix("tract", 2010, "persons")) == pytest.approx(dense(same.matrix("tract", 2020, "persons")))
    assert any("Blocks of 2020 were nested in tracts of 2010 by their representative point" in n for n in found.notes)


def test_a_planners_own_origins_nest_by_point() -> None:
    own = replace(toy.blocks(), geography="zone", geography_vintage=0)
    own.data["geoid"] = [f"TAZ {i}" for i in range(16)]
    found = Weights.build(toy.zones(box(0, 0, 150, 400)), own, toy.unit_layers(), toy.CRS)
    same = toy.weights(box(0, 0, 150, 400))
    assert dense(found.matrix("tract", 2020, "persons")) == pytest.approx(dense(same.matrix("tract", 2020, "persons")))
    assert dense(found.cover(toy.units(["TAZ 1", "TAZ 0"], "zone", 0), "persons")).tolist() == [[0.5, 1.0]]


def test_units_that_the_blocks_do_not_fill_are_divided_by_area() -> None:
    some = toy.blocks()
    west_only = replace(some, data=some.data.iloc[[0, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]])
    found = Weights.build(toy.zones(square(0, 0)), west_only, toy.unit_layers(), toy.CRS)
    # One block of four is at hand: by people it would hold all of the block group.
    assert dense(found.matrix("block group", 2020, "persons"))[0, 0] == pytest.approx(0.25)
    assert any("not filled" in note for note in found.notes)


def test_without_blocks_units_are_divided_by_area_and_that_is_said() -> None:
    found = Weights.build(toy.zones(box(0, 0, 150, 400)), None, toy.unit_layers(), toy.CRS)
    assert dense(found.matrix("block group", 2020, "persons"))[0].tolist() == pytest.approx([0.75, 0.75, 0, 0])
    assert any("No blocks" in note for note in found.notes)
    assert dense(found.cover(toy.units([WEST, EAST, W1, W2, E1, E2]), "persons"))[0] == pytest.approx(
        [0, 0, 0.75, 0.75, 0, 0]
    )


# covers -------------------------------------------------------------------------------------------------------------

TABLE = [toy.COUNTY, WEST, EAST, W1, W2, E1, E2]


def test_the_largest_published_unit_inside_wins() -> None:
    shapes = [square(0, 0, 4, 4), square(0, 0, 2, 4), square(0, 0, 4, 2), box(0, 0, 300, 400)]
    cover = dense(toy.weights(*shapes).cover(toy.units(TABLE), "persons"))
    assert cover[0].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert cover[1].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert cover[2].tolist() == [0, 0, 0, 1, 0, 1, 0]
    half = (30 + 70) / (30 + 40 + 70 + 80), (110 + 150) / (110 + 120 + 150 + 160)
    assert cover[3] == pytest.approx([0, 1, 0, 0, 0, *half])


def test_a_table_of_tracts_alone_is_weighted() -> None:
    cover = dense(toy.weights(box(0, 0, 300, 400)).cover(toy.units([WEST, EAST]), "persons"))
    assert cover[0] == pytest.approx([1.0, (30 + 70 + 110 + 150) / 760])


def test_rows_without_a_number_give_way_to_finer_ones() -> None:
    usable = np.array([False, False, True, True, True, True, True])
    cover = dense(toy.weights(square(0, 0, 4, 4)).cover(toy.units(TABLE), "persons", usable=usable))
    assert cover[0].tolist() == [0, 0, 1, 1, 1, 0, 0]


def test_finer_rows_with_a_gap_give_way_to_the_cut_unit_above() -> None:
    usable = np.array([True, True, True, True, True, False, True])
    cover = dense(toy.weights(box(0, 0, 300, 400)).cover(toy.units(TABLE), "persons", usable=usable))
    assert cover[0] == pytest.approx([0, 1, (30 + 70 + 110 + 150) / 760, 0, 0, 0, 0])


def test_where_nothing_usable_is_left_the_gap_is_taken_so_that_it_shows() -> None:
    usable = np.array([False, False, False, False, True, True, True])
    cover = dense(toy.weights(square(0, 0, 2, 4)).cover(toy.units(TABLE), "persons", usable=usable))
    assert cover[0].tolist() == [0, 0, 0, 1, 1, 0, 0]


def test_the_rule_changes_what_is_cut_and_never_what_is_whole() -> None:
    found = toy.weights(box(0, 0, 300, 400))
    by_area = dense(found.cover(toy.units(TABLE), "persons", "area"))
    by_point = dense(found.cover(toy.units(TABLE), "persons", "centroid"))
    assert by_area[0] == pytest.approx([0, 1, 0, 0, 0, 0.5, 0.5])
    assert by_point[0].tolist()[:5] == [0, 1, 0, 0, 0]
    assert set(by_point[0, 5:]) <= {0.0, 1.0}


def test_what_a_table_lacks_is_told_as_a_share() -> None:
    found = toy.weights(square(0, 0, 4, 4), square(0, 0, 2, 4), box(5000, 0, 6000, 1000))
    lacking = found.covering_of(toy.units([W1, W2, E1]), "persons").lacking
    assert lacking[:2] == pytest.approx([540 / 1360, 0.0])
    assert np.isnan(lacking[2])


def test_a_table_of_another_census_is_refused_with_a_remedy() -> None:
    found = toy.weights(square(0, 0))
    with pytest.raises(VintageError, match="tracts of 2010") as error:
        found.cover(toy.units([WEST, EAST], vintage=2010), "persons")
    assert "layer of tracts of 2010" in error.value.remedy
    with pytest.raises(VintageError):
        found.matrix("tract", 2010, "persons")


def test_a_table_of_another_place_or_with_a_row_twice_is_refused() -> None:
    found = toy.weights(square(0, 0))
    with pytest.raises(LayerError, match="None of the 1 ids"):
        found.cover(toy.units(["51003000100"]), "persons")
    with pytest.raises(LayerError, match="more than one row"):
        found.cover(toy.units([WEST, WEST]), "persons")


def test_identity_is_by_id_or_by_holding_all_of_a_unit_and_nothing_else() -> None:
    shapes = [square(0, 0, 4, 4), square(0, 0, 2, 4), square(0, 0, 3, 4), square(0, 0, 2, 2)]
    found = toy.weights(*shapes, ids=["reference", WEST, "free", "free too"], geography=["", "tract", "", ""])
    assert found.identity(toy.units(TABLE), "persons").tolist() == [0, 1, -1, 3]
    assert found.identity(toy.units([WEST, EAST]), "persons").tolist() == [-1, 0, -1, -1]


def test_a_district_with_all_people_of_a_unit_but_half_its_land_is_not_that_unit() -> None:
    people = toy.PEOPLE.copy()
    people[[1, 5, 9, 13]] = 0
    found = Weights.build(toy.zones(square(0, 0, 1, 4)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    assert dense(found.cover(toy.units(TABLE), "persons"))[0].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert found.identity(toy.units(TABLE), "persons").tolist() == [-1]


@settings(max_examples=25, deadline=None)
@given(st.permutations(TABLE), st.integers(10, 390), st.integers(10, 390))
def test_covers_do_not_depend_on_the_order_of_rows(order: list[str], x: int, y: int) -> None:
    found = toy.weights(box(0, 0, x, y), square(0, 0, 4, 4))
    first, second = (dense(found.cover(toy.units(ids), "persons")) for ids in (TABLE, order))
    assert second == pytest.approx(first[:, [TABLE.index(i) for i in order]], abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=16, unique=True))
def test_a_cover_holds_each_person_once(chosen: list[tuple[int, int]]) -> None:
    found = toy.weights(unary_union([square(c, r) for c, r in chosen]))
    blocks = [c + 4 * r for c, r in chosen]
    people = {i: toy.PEOPLE[[b.startswith(i) for b in toy.block_ids()]].sum() for i in TABLE}
    for ids in (TABLE, TABLE[1:3], TABLE[3:]):
        cover = dense(found.cover(toy.units(ids), "persons"))[0]
        assert cover @ [people[i] for i in ids] == pytest.approx(toy.PEOPLE[blocks].sum())


def test_five_thousand_zones_over_five_thousand_blocks() -> None:
    side = 71
    ids = [f"{toy.COUNTY}{i // 100:06d}{i % 100 // 25 + 1}{i % 25:03d}" for i in range(side * side)]
    shapes = [square(i % side, i // side) for i in range(side * side)]
    people = np.arange(side * side, dtype=np.float64) % 90 + 1
    frame = gpd.GeoDataFrame({"geoid": ids, "population": people}, geometry=shapes, crs=toy.CRS)
    rng = np.random.default_rng(4)
    centres = rng.uniform(0, 100 * side, (5000, 2))
    zones = toy.zones(*[Point(x, y).buffer(r) for (x, y), r in zip(centres, rng.uniform(50, 400, 5000), strict=True)])
    found = Weights.build(zones, toy.layer("blocks", frame, "block"), [], toy.CRS)
    groups = found.geoids("block group", 2020)
    tracts = found.geoids("tract", 2020)
    table = Units(
        np.concatenate([groups, tracts]),
        np.array(["block group"] * len(groups) + ["tract"] * len(tracts), dtype=np.str_),
        2020,
    )
    cover = found.covering_of(table, "persons")
    assert cover.matrix.shape == (5000, len(table))
    totals = {g: 0.0 for g in (*groups, *tracts)}
    for block, count in zip(ids, people, strict=True):
        totals[block[:12]] += count
        totals[block[:11]] += count
    assert cover.matrix @ np.array([totals[g] for g in table.geoid]) == pytest.approx(found.fractions @ people)
