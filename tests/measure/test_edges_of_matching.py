"""Which zone is which published unit, and what follows for its blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.measure import matching
from tests.measure import toy
from tests.measure.toy import E1, EAST, W1, WEST, dense, square


def own(shape: BaseGeometry, geoid: str, geography: str) -> list[int]:
    """Position among the block groups W1, W2, E1, E2, or among the tracts."""
    where = toy.zones(shape, ids=[geoid], geography=[geography])
    weights = toy.weights(shape, ids=[geoid], geography=[geography])
    found = matching.own_units(where, weights.units["block group" if len(geoid) == 12 else "tract", 2020], None)
    return [int(at) for at in found]


@pytest.mark.parametrize(("width", "found"), [(200.0, 0), (196.1, 0), (195.9, -1), (204.0, 0), (204.2, -1)])
def test_a_zone_is_the_unit_of_its_id_with_98_percent_of_common_ground(width: float, found: int) -> None:
    """Block group W1 is 200 by 200 m: 196 m of it are 98 %, and it is 98 % of 204.08 m."""
    assert own(box(0, 0, width, 200), W1, "block group") == [found]


def test_the_id_of_another_level_or_of_no_unit_is_no_unit() -> None:
    assert own(square(0, 0, 2, 2), W1, "tract") == [-1]
    assert own(square(0, 0, 2, 2), W1, "") == [-1]
    assert own(square(0, 0, 2, 2), E1, "block group") == [-1]
    assert own(square(2, 0, 2, 4), EAST, "tract") == [1]


def test_outlines_a_centimetre_apart_are_one_drawing_and_those_a_metre_apart_are_not() -> None:
    """The common ground of the same drawing is all of it; of another one, what they have in common."""
    mine = np.array([box(0, 0, 100, 100), box(0, 0, 100, 100)], dtype=object)
    theirs = np.array([box(0, 0, 100.005, 100), box(0, 0, 99.0, 100)], dtype=object)
    assert matching._common(mine, theirs, np.array([10_000.0, 10_000.0])).tolist() == [10_000.0, 9_900.0]


def test_the_first_unit_is_a_unit_like_the_others() -> None:
    matrix = csr_array(np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]))
    assert dense(matching.only_own(matrix, np.array([0, 1, -1]))).tolist() == [[1, 0], [0, 1], [0.5, 0.5]]


def test_a_published_unit_has_its_blocks_whole_whoever_drew_it() -> None:
    """The tract is drawn 3.5 m short, 98.25 % of it; a free shape of the same outline has what lies inside it."""
    drawn = box(0, 0, 196.5, 400)
    weights = toy.weights(drawn, drawn, ids=[WEST, "free"], geography=["tract", ""])
    found = dense(weights.fractions)
    west = [i for i, geoid in enumerate(toy.block_ids()) if geoid.startswith(WEST)]
    assert found[0, west].tolist() == [1.0] * 8 and found[0].sum() == 8
    assert found[1].sum() == pytest.approx(4 + 4 * 0.965)
