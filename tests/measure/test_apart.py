"""Tracts as zones: the same rows of weights as zones that are drawn and cut."""

from __future__ import annotations

import numpy as np
import pytest

from justgeo.core.zones import Zones
from justgeo.measure.apart import units_of
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, HOMES, PEOPLE, W1, W2, WEST, dense


def held(*shapes: object) -> Weights:
    return toy.weights(*shapes)  # type: ignore[arg-type]


def test_the_tracts_of_the_county_are_its_units_with_their_people() -> None:
    found = units_of(held(toy.square(0, 0, 4, 4)), "tract", 2020, 0, (0,))
    assert found is not None
    assert found.weights.zones.ids == ("zone 0", WEST, EAST)
    west = np.arange(16) % 4 < 2
    assert found.persons.tolist() == [PEOPLE[west].sum(), PEOPLE[~west].sum()]
    assert found.households.tolist() == [HOMES[west].sum(), HOMES[~west].sum()]


def test_their_rows_are_those_of_zones_that_are_drawn() -> None:
    county, (west, east) = toy.square(0, 0, 4, 4), (toy.square(0, 0, 2, 4), toy.square(2, 0, 2, 4))
    found = units_of(held(toy.square(1, 1), county), "tract", 2020, 1, (1, 0))
    levels = {"ids": ("c", "d", WEST, EAST), "geography": ("", "", "tract", "tract")}
    drawn = toy.weights(county, toy.square(1, 1), west, east, **levels)
    assert found is not None
    for level in ("county", "tract", "block group"):
        for weight in ("persons", "households", "land"):
            made, cut = (one.matrix(level, 2020, weight) for one in (found.weights, drawn))  # type: ignore[arg-type]
            assert dense(made) == pytest.approx(dense(cut))
    assert dense(found.weights.fractions) == pytest.approx(dense(drawn.fractions))


def test_a_share_of_a_tract_is_the_published_one_and_that_of_the_zone_stays() -> None:
    share = toy.share(
        [COUNTY, WEST, EAST, W1, W2, E1, E2], [700, 300, 400, 90, 200, 150, 240], [40, 30, 30, 20, 20, 20, 20],
        [1000, 500, 500, 200, 300, 250, 250], [50, 40, 40, 20, 30, 30, 30],
    )  # fmt: skip
    now = held(toy.square(0, 0, 4, 4))
    found = units_of(now, "tract", 2020, 0, (0,))
    assert found is not None
    column = reduce(share, found.weights, reference=0, settings=ReduceSettings())
    assert column.value == pytest.approx([0.7, 0.6, 0.8])
    whole = reduce(share, now, reference=0, settings=ReduceSettings())
    assert (column.value[0], column.moe[0]) == (whole.value[0], whole.moe[0])


def test_a_tract_on_the_edge_counts_with_its_part_of_the_people() -> None:
    # All of the west and one column of the east: less than half of its people.
    found = units_of(held(toy.square(0, 0, 3, 4)), "tract", 2020, 0, (0,))
    assert found is not None and found.weights.zones.ids[1:] == (WEST,)
    found = units_of(held(toy.square(1, 0, 3, 4)), "tract", 2020, 0, (0,))
    assert found is not None and found.weights.zones.ids[1:] == (WEST, EAST)
    assert found.persons[0] == PEOPLE[np.arange(16) % 4 == 1].sum()


def test_without_blocks_or_tracts_there_are_none() -> None:
    blocks, units = toy.county()
    zones: Zones = toy.zones(toy.square(0, 0, 4, 4))
    assert units_of(Weights.build(zones, None, units, toy.CRS), "tract", 2020, 0, (0,)) is None
    # Known by the ids of their blocks alone: there is no outline to measure land on.
    assert units_of(Weights.build(zones, blocks, units[:1], toy.CRS), "tract", 2020, 0, (0,)) is None
    assert units_of(Weights.build(zones, blocks, units, toy.CRS), "tract", 2010, 0, (0,)) is None


@pytest.mark.parametrize(("people", "inside"), [(5.0, False), (6.0, True)])
def test_a_tract_of_which_just_a_half_lives_here_is_none_of_its_units(people: float, inside: bool) -> None:
    """Of ten or eleven people of the east five live in the part that is not here."""
    count = np.array([1.0, 1, people, 5, *[0.0] * 12])
    weights = Weights.build(toy.zones(toy.square(0, 0, 3, 4)), toy.blocks(population=count), toy.unit_layers(), toy.CRS)
    found = units_of(weights, "tract", 2020, 0, (0,))
    assert found is not None and found.weights.zones.ids[1:] == ((WEST, EAST) if inside else (WEST,))
    assert found.first == 1 and found.persons.tolist() == ([2.0, people] if inside else [2.0])
