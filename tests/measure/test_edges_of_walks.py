"""Walks just within their limit, islands of streets, blocks that lie elsewhere than their id says: to the digit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import LayerError, VintageError
from justgeo.core.layer import Layer, Network
from justgeo.measure import equity, nesting, reach
from justgeo.measure.reach import Graph, Snap, project
from tests.measure import toy
from tests.measure.toy import CRS, E1, W1, WEST, provenance

NAN = float("nan")


def graph(points: list[tuple[float, float]], pairs: list[tuple[int, int]], **more: float) -> Graph:
    xy = np.array(points, dtype=np.float64)
    u, v = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return project(Network(xy[:, 0], xy[:, 1], u, v, CRS, provenance("walk")), CRS, **more)


STREET = graph([(0, 0), (300, 0), (300, 400)], [(0, 1), (1, 2)])


def test_a_street_drawn_twice_or_backwards_is_one_and_the_first_drawing_stays() -> None:
    found = graph([(0, 0), (300, 0), (300, 400)], [(1, 0), (0, 1), (1, 2), (2, 1), (1, 2)])
    assert (found.u.tolist(), found.v.tolist()) == ([1, 1], [0, 2]) and found.length.tolist() == [300.0, 400.0]
    assert found.share.tolist() == [1.0] and found.largest_share == 1.0


def test_an_island_is_what_has_less_than_its_share_of_all_streets() -> None:
    """97, 2 and 1 m: the second has two of a hundred and is none."""
    points = [(0.0, 0.0), (97.0, 0.0), (0.0, 500.0), (2.0, 500.0), (0.0, 900.0), (1.0, 900.0)]
    pairs = [(0, 1), (2, 3), (4, 5)]
    usual = graph(points, pairs)
    assert usual.usable.tolist() == [True, True, False] and reach.ISLAND_SHARE == 0.02
    assert graph(points, pairs, island_share=0.0201).usable.tolist() == [True, False, False]
    places = reach.snap(usual, np.array([[5.0, 0.0], [1.0, 900.0], [50.0, 5000.0]]), 100.0)
    assert reach.why_unknown(usual, places).tolist() == ["", reach.ISLAND, reach.NOT_NEAR]
    assert reach.snap(usual, np.array([[1.0, 900.0]]), 100.0, usable_only=True).found.tolist() == [False]


def test_where_no_street_is_nothing_is_known() -> None:
    bare = graph([(0, 0), (1, 1)], [])
    assert (
        bare.largest_share == 0.0
        and reach.why_unknown(bare, reach.snap(bare, np.zeros((2, 2)), 9.0)).tolist() == [reach.NOT_NEAR] * 2
    )
    still = graph([(5, 5), (5, 5)], [(0, 1)])  # a street without length is no street
    assert still.share.tolist() == [0.0] and not still.usable.any()


@pytest.mark.parametrize(("limit", "metres"), [(510.0, 510.0), (np.nextafter(510.0, 0.0), np.inf)])
def test_a_walk_that_is_just_as_long_as_its_limit_is_within_it(limit: float, metres: float) -> None:
    """200 m along, 300 m up, and 10 m from the street to the house; the source's own way there does not count."""
    source, house = np.array([[100.0, -50.0]]), np.array([[310.0, 300.0]])
    assert reach.distances(STREET, source, house, limit=limit).metres.tolist() == [metres]
    near = reach.within(STREET, source, house, limit).toarray().tolist()
    assert near == [[np.isfinite(metres)]]


@pytest.mark.parametrize(("limit", "near"), [(50.0, True), (np.nextafter(50.0, 0.0), False)])
def test_on_one_street_one_walks_straight(limit: float, near: bool) -> None:
    """40 m along and 10 m to the house, neither of them at a corner."""
    source, house = np.array([[100.0, 0.0], [260.0, 0.0]]), np.array([[140.0, 10.0], [140.0, 10.0]])
    assert np.isfinite(reach.distances(STREET, source, house, limit=limit).metres).tolist() == [near] * 2
    assert reach.within(STREET, source, house, limit).toarray().tolist() == [[near, False]] * 2


def test_pairs_on_one_segment_and_the_metres_between_them() -> None:
    """Sources on segments 2, 0 and 2; targets on 2, 1 and 0."""
    sources = Snap(np.array([2, 0, 2]), np.array([5.0, 1.0, 30.0]), np.zeros(3))
    targets = Snap(np.array([2, 1, 0]), np.array([10.0, 0.0, 8.0]), np.zeros(3))
    source, target, metres = reach._on_one_segment(sources, targets)
    assert sorted(zip(source.tolist(), target.tolist(), metres.tolist(), strict=True)) == [
        (0, 0, 5.0), (1, 2, 7.0), (2, 0, 20.0)
    ]  # fmt: skip


def test_of_two_ways_between_two_corners_the_shorter_counts() -> None:
    found = reach._arcs(3, np.array([0, 1, 2, 1]), np.array([1, 0, 1, 2]), np.array([9.0, 4.0, 7.0, 8.0]))
    assert found.toarray().tolist() == [[0.0, 4.0, 0.0], [0.0, 0.0, 7.0], [0.0, 0.0, 0.0]]


def test_as_the_crow_flies_by_hand() -> None:
    metres, row = reach.as_the_crow_flies(np.array([[0.0, 0.0], [9.0, 0.0]]), np.array([[10.0, 0.0], [3.0, 4.0]]))
    assert metres.tolist() == [5.0, 1.0] and row.tolist() == [1, 0]
    metres, row = reach.as_the_crow_flies(np.zeros((2, 2)), np.empty((0, 2)))
    assert np.isinf(metres).all() and row.tolist() == [-1, -1]


def test_streets_name_their_own_corners_and_corners_have_a_place() -> None:
    for pairs in ([(0, 2)], [(-1, 1)], [(2, 0)]):
        with pytest.raises(LayerError, match="beyond its 2 nodes"):
            graph([(0, 0), (9, 9)], pairs)
    assert len(graph([(0, 0), (9, 9)], [(0, 1)]).u) == 1
    with pytest.raises(LayerError, match="1 of 2 nodes"):
        graph([(0, 0), (NAN, 9)], [(0, 1)])


@pytest.mark.parametrize(("elsewhere", "placed", "refused"), [(3, 100, False), (4, 100, True), (0, 100, False)])
def test_three_blocks_of_a_hundred_may_lie_elsewhere_and_are_told(elsewhere: int, placed: int, refused: bool) -> None:
    notes: list[str] = []
    where, other = np.arange(120) < placed, np.arange(120) < elsewhere
    other[110:] = True  # those that are not looked at say nothing
    layer: Any = toy.unit_layers()[1]
    held: Any = type("Held", (), {"geography": "block", "geoid": np.arange(120).astype(str), "vintage": 2020})()
    if refused:
        with pytest.raises(VintageError, match="4 of 100 blocks"):
            nesting._check_nesting(layer, where, other, held, "their id says", notes)
    else:
        nesting._check_nesting(layer, where, other, held, "their id says", notes)
    said = "3 of 100 blocks lie in another tract of tracts than their id says (the first is 0); they are counted where"
    assert [note.startswith(said) for note in notes] == [True] * (elsewhere == 3)


def test_counts_that_cannot_be_are_refused_and_missing_ones_are_none() -> None:
    notes: list[str] = []
    data = toy.blocks(population=np.array([NAN, 0.0, *[1.0] * 14])).data
    assert nesting._numbers(data, "population", "blocks", notes).tolist() == [0.0, 0.0, *[1.0] * 14]
    assert notes == ["1 of 16 blocks have no population; they carry no weight."]
    with pytest.raises(LayerError, match="population of -1"):
        nesting._numbers(data.assign(population=[-1.0] * 16), "population", "blocks", notes)
    with pytest.raises(LayerError, match="no column"):
        nesting._numbers(data, "homes", "blocks", notes)


def test_ids_by_level_and_without_their_county() -> None:
    ids = np.array(["990010000011000"])
    assert [str(nesting.prefixes(ids, level)[0]) for level in ("county", "tract", "block group")] == [
        "99001", "99001000001", "990010000011"
    ]  # fmt: skip
    assert nesting._without_county(ids).tolist() == ["990000011000"]
    twice: Layer = toy.blocks(geoid=["a", *[f"b{n}" for n in range(14)], "a"])
    with pytest.raises(LayerError, match="1 rows of blocks repeat a GEOID, for instance 'a'"):
        nesting._ids(twice)


def test_a_state_whose_counties_have_no_code_in_common_is_known_by_its_blocks_places() -> None:
    """One county that fits is enough for all of its state; other states are none of its business."""
    units = np.array(["09110000001", "10001000001", "11001000001"])
    blocks = np.array(["090010000011000", "090030000011000", "100010000011000", "100030000011000", "120010000011000"])
    assert nesting._recoded(units, blocks).tolist() == [True, True, False, False, False]


def test_the_finest_level_of_a_table() -> None:
    assert equity._finest(toy.units([toy.COUNTY, W1, WEST])) == "block group"
    assert equity._finest(toy.units([WEST, toy.COUNTY])) == "tract"
    assert equity._finest(toy.units(["a", "b"], "zone")) == "zone"
    assert equity._finest(toy.units([toy.block_ids()[0], E1])) == "block"
