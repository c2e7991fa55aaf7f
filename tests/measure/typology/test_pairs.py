"""Contiguity from pairs."""

from __future__ import annotations

import numpy as np

from justgeo.measure.typology.pairs import Paired, neighbours

GEOID = np.array(["a", "b", "c", "d"])


def paired(one: str, other: str) -> Paired:
    return neighbours(GEOID, np.array(list(one)), np.array(list(other)))


def test_pairs_hold_both_ways_once_and_without_the_tract_itself() -> None:
    found = paired("abbc", "bacc")
    assert found.touch.toarray().tolist() == [
        [False, True, False, False],
        [True, False, True, False],
        [False, True, False, False],
        [False, False, False, False],
    ]
    assert found.touch.nnz == 4
    assert found.edge is None, "no tract outside is named, so nothing is said of the rim"


def test_a_neighbour_outside_the_region_makes_the_rim() -> None:
    found = paired("axx", "bcy")
    assert found.edge is not None
    assert found.edge.tolist() == [False, False, True, False]
    assert found.touch.nnz == 2
    assert found.strangers.tolist() == ["x", "y"]
    assert found.elsewhere == 1


def test_of_a_tract_in_no_pair_nothing_is_known_and_an_island_says_so_itself() -> None:
    left_out = paired("ab", "bc").unplaced
    assert left_out is not None and left_out.tolist() == [False, False, False, True]
    assert paired("abd", "bcd").unplaced is None, "d beside itself: an island"
    assert paired("abx", "bcd").unplaced is None, "d lies beside a tract outside"
    nothing = paired("x", "y")
    assert nothing.unplaced is not None and nothing.unplaced.all()
