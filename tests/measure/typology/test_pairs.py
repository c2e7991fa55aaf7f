"""Contiguity from pairs."""

from __future__ import annotations

import numpy as np

from justgeo.measure.typology.pairs import neighbours

GEOID = np.array(["a", "b", "c", "d"])


def test_pairs_hold_both_ways_once_and_without_the_tract_itself() -> None:
    touch, edge = neighbours(GEOID, np.array(["a", "b", "b", "c"]), np.array(["b", "a", "c", "c"]))
    assert touch.toarray().tolist() == [
        [False, True, False, False],
        [True, False, True, False],
        [False, True, False, False],
        [False, False, False, False],
    ]
    assert touch.nnz == 4
    assert edge is None, "no tract outside is named, so nothing is said of the rim"


def test_a_neighbour_outside_the_region_makes_the_rim() -> None:
    touch, edge = neighbours(GEOID, np.array(["a", "x", "x"]), np.array(["b", "c", "y"]))
    assert edge is not None
    assert edge.tolist() == [False, False, True, False]
    assert touch.nnz == 2
