"""At their very edges: what counts as one area, as joined, as filled, as overlapping, as cut."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from scipy.sparse import csr_array
from shapely.geometry import Point, box

from justgeo.core.errors import LayerError
from justgeo.core.result import Column, Comparison
from justgeo.measure import access, allocation, compare, former
from justgeo.measure.against import Against, comparisons
from justgeo.measure.alone import alone_in
from justgeo.measure.apportion import Weights, block_fractions
from justgeo.measure.column import Draft, ReduceSettings
from justgeo.measure.covering import Cover
from justgeo.measure.equity import choose
from justgeo.measure.fractions import holder, tidy
from tests.indicators.town import row as indicator
from tests.measure import toy
from tests.measure.test_judge import column, zones
from tests.measure.toy import E1, W1, W2, dense, square


def test_a_zone_of_two_tracts_is_alone_in_its_county_only() -> None:
    weights = toy.weights(square(0, 0, 2, 4), square(1, 0, 2, 1))
    assert alone_in(weights, "tract").tolist() == [True, False]
    assert alone_in(weights, "county").tolist() == [True, True]
    assert alone_in(weights, "block group").tolist() == [False, False]
    tracts = Weights.build(toy.zones(square(0, 0)), toy.blocks(), toy.unit_layers()[1:2], toy.CRS)
    assert alone_in(tracts, "tract").tolist() == [True]


@pytest.mark.parametrize(("here", "beyond", "alone"), [(99.0, 1.0, True), (98.0, 2.0, False), (100.0, 0.0, True)])
def test_ninety_nine_of_a_hundred_people_in_one_tract_are_all_of_them(here: float, beyond: float, alone: bool) -> None:
    people = np.zeros(16)
    people[[0, 2]] = here, beyond
    weights = Weights.build(toy.zones(square(0, 0, 4, 1)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    assert alone_in(weights, "tract").tolist() == [alone]


def test_without_blocks_ground_tells_who_is_alone() -> None:
    where = toy.zones(square(0, 0, 2, 1), box(0, 0, 201, 100), box(0, 0, 240, 100))
    weights = Weights.build(where, None, toy.unit_layers(), toy.CRS)
    assert alone_in(weights, "tract").tolist() == [True, True, False]


def test_nobody_is_alone_nowhere() -> None:
    blocks = toy.blocks(population=np.zeros(16))
    weights = Weights.build(toy.zones(square(0, 0)), blocks, toy.unit_layers(), toy.CRS)
    assert alone_in(weights, "tract").tolist() == [False]


def test_parks_a_metre_apart_are_one_and_those_farther_apart_are_two() -> None:
    parks = gpd.GeoSeries([box(0, 0, 10, 10), box(10.9, 0, 20, 10), box(21.5, 0, 30, 10)], crs=toy.CRS)
    joined, label = access.dissolve(parks)
    assert label.tolist() == [0, 0, 1] and len(joined) == 2
    assert joined.area.tolist() == pytest.approx([191.0, 85.0])


def test_a_unit_that_its_blocks_do_not_fill_is_counted_by_its_drawn_area_alone() -> None:
    """Of block group W1 one block of four is known, and the zone is that block: a quarter of it, and not all."""
    some = toy.blocks()
    some = replace(some, data=some.data[[g != W1 or i == 0 for i, g in enumerate(_groups())]])
    weights = Weights.build(toy.zones(square(0, 0), square(0, 2)), some, toy.unit_layers(), toy.CRS)
    found = dense(weights.matrix("block group", 2020, "persons"))
    at = weights.geoids("block group", 2020).tolist()
    assert found[0, at.index(W1)] == pytest.approx(0.25)
    # W2 is whole: 90 of the 90 + 100 + 130 + 140 people live in its south-western block.
    assert found[1, at.index(W2)] == pytest.approx(90 / 460)
    assert found[:, at.index(E1)].tolist() == [0.0, 0.0]


def _groups() -> list[str]:
    return [geoid[:12] for geoid in toy.block_ids()]


def test_a_unit_without_a_share_adds_nothing_to_what_cutting_adds() -> None:
    """Half of each: Var = c S² Y² w (1 - w) for the unit that has a share; of 200 people in the zone 100 are its."""
    matrix = csr_array(np.array([[0.5, 0.5]]))
    y = np.array([200.0, 200.0])
    found = allocation.share_error(matrix, np.array([0.5, np.nan]), y, between=0.02, c=0.5, cluster=0.0)
    assert found.tolist() == pytest.approx([1.645 * np.sqrt(0.25 * 0.5 * 0.02) * 200 / 200])
    empty = allocation.share_error(matrix, np.array([0.5, 0.5]), np.array([200.0, 0.0]), between=0.02, c=0.5, cluster=0)
    assert empty.tolist() == pytest.approx([1.645 * np.sqrt(0.25 * 0.5 * 0.02) * 200 / 100])


def against(found: Column, *, inside: bool = True) -> list[Comparison | None]:
    told = zones(["district", "reference"])
    how = Against(row=1, inside=np.array([inside, True]))
    return list(comparisons(found, how, indicator("acs_share", unit="share", aggregate="share"), told))


def test_a_part_of_the_margin_that_is_not_known_is_left_out_of_the_test() -> None:
    known = column([0.5, 0.4], error={"sampling": [0.03, 0.04], "apportionment": [0.0, 0.0]}, denominator=[10, np.nan])
    error = {"sampling": np.array([0.03, 0.04]), "apportionment": np.array([np.nan, np.nan])}
    (one, _), (other, _) = against(known), against(replace(known, error=error))
    assert one == other and one is not None
    assert one.difference_moe == pytest.approx(0.05)


def test_a_sampled_district_may_seem_larger_than_what_it_lies_in_and_is_then_all_of_it() -> None:
    """w = 1: Var = max(Var_R - Var_D, 0)."""
    found = column([0.5, 0.4], [0.03, 0.05], denominator=[150.0, 100.0])
    one, _ = against(found)
    assert one is not None and one.overlap == 1.0
    assert one.difference_moe == pytest.approx(0.04)
    apart, _ = against(found, inside=False)
    assert apart is not None and apart.difference_moe == pytest.approx(np.hypot(0.03, 0.05))


@pytest.mark.parametrize("p", [-1e-9, 1.0 + 1e-9, 2.0])
def test_a_chance_lies_between_0_and_1(p: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare.benjamini_hochberg([0.5, p])
    assert compare.benjamini_hochberg([0.0, 1.0]).tolist() == [0.0, 1.0]


def test_what_is_usual_where_nobody_sets_it() -> None:
    """METHODS 2.0: a household moves as one, persons by the 2.5 of a household; half unknown is absent."""
    usual = ReduceSettings()
    assert (usual.cluster("households"), usual.cluster("persons"), usual.cluster("land")) == (1.0, 2.5, 1.0)
    assert (usual.block_noise_sd, usual.apportion_c, usual.small_group) == (3.0, 0.30, 0.10)
    assert (usual.unknown_limit, usual.lacking_limit, usual.sampling_percent) == (0.5, 0.005, 12.5)


@pytest.mark.parametrize("wholly", [False, True])
def test_only_what_overrules_takes_the_words_and_the_first_reason(wholly: bool) -> None:
    draft = Draft(1, np.array([np.nan]), np.array([np.nan]), [""])
    draft.text[0] = "≥ 250,000"
    draft.absent([True], "in the open bracket")
    draft.absent([True], "no row", wholly=wholly)
    assert (draft.reasons[0], draft.text[0]) == (("no row", None) if wholly else ("in the open bracket", "≥ 250,000"))


@pytest.mark.parametrize(("across", "share"), [(20, 0.0), (21, 441 / 250_000)])
def test_a_corner_of_twenty_metres_is_still_how_two_lines_differ(across: int, share: float) -> None:
    block = gpd.GeoDataFrame({"geoid": ["1"]}, geometry=[box(0, 0, 500, 500)], crs=toy.CRS)
    found = dense(block_fractions(toy.zones(box(-980, -980, across, across)), block))
    assert found[0, 0] == pytest.approx(share)


def test_only_a_small_group_is_said_to_be_from_noisy_blocks() -> None:
    one = column([0.5, 0.6, 0.7, np.nan], denominator=[10.0] * 4, reason=(None, None, None, "nobody"))
    none = replace(one, value=np.full(4, np.nan))
    found = choose(one, none, np.array([0.099, 0.10, np.nan, 0.01]))
    assert [f == ("small group from noisy blocks",) for f in found.flags] == [True, False, False, False]


def test_former_ground_is_told_by_blocks_of_2020_alone() -> None:
    old = replace(toy.blocks(), geography_vintage=2010)
    weights = Weights.build(toy.zones(square(0, 0)), old, toy.unit_layers(2010), toy.CRS)
    with pytest.raises(LayerError, match="blocks of 2020"):
        former.unknown_share(weights, [], "persons")


def test_what_rounding_left_of_0_and_1_is_0_and_1_and_all_else_stays() -> None:
    found = tidy(csr_array(np.array([[1.0 - 1e-10, 1.0 + 1e-10, 1e-13, 0.5, 2.0, 1.0 - 1e-8, 1e-11]])))
    assert found.toarray().tolist() == [[1.0, 1.0, 0.0, 0.5, 2.0, 1.0 - 1e-8, 1e-11]]
    assert found.nnz == 6


def test_a_point_on_a_shared_edge_is_the_first_shapes_and_one_in_a_gap_the_nearest_ones() -> None:
    shapes = np.array([box(0, 0, 10, 10), box(10, 0, 20, 10), box(24, 0, 30, 10)], dtype=object)
    points = np.array([Point(10, 5), Point(5, 5), Point(15, 5), Point(21, 5), Point(23, 5), Point(-1, 5), Point(99, 5)])
    assert holder(points, shapes).tolist() == [0, 0, 1, 1, 2, 0, -1]


@pytest.mark.parametrize(
    ("lacking", "told", "flagged"),
    [(0.3, False, False), (0.005, True, True), (0.00501, False, False), (2e-4, True, True), (1e-4, True, False)],
)
def test_a_zone_without_rows_for_much_of_it_has_no_words_either(lacking: float, told: bool, flagged: bool) -> None:
    draft = Draft(1, np.array([np.nan]), np.array([np.nan]), [""])
    draft.reasons[0], draft.text[0] = "in the open bracket", "≥ 250,000"
    draft.lacking(Cover(csr_array(np.ones((1, 1))), np.array([lacking]), np.array([0])), "persons", 0.005)
    assert (draft.text[0] is not None) is told
    assert str(draft.reasons[0]).startswith("in the open" if told else "its table has no row for")
    assert (f"lacking_share={lacking:.4f}" in draft.flags[0]) is flagged
