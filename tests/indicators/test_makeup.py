"""Segregation of a reference of two block groups, and divergence of its halves, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import check
from justgeo.core.errors import Absent, CatalogueError
from justgeo.core.known import OF_THE_REGION
from justgeo.core.layer import Layer
from justgeo.core.result import Indicator
from justgeo.core.zones import Role
from justgeo.indicators import makeup as fields
from justgeo.indicators.place import Place
from justgeo.measure import segregation as s
from justgeo.measure.places import NO_RESIDENTS
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.indicators.town import BLOCKS, SE, SW, TRACT

EMPTY = f"{TRACT}2002"
# By block SW, SE, NW, NE: the west is block group 1 (30 White, 10 Black), the east 2 (10 White, 40 Black, 10 Asian).
PEOPLE: dict[str, Any] = {
    **{name: [0, 0, 0, 0] for name in fields.COLUMNS},
    "p2_white": [8, 4, 22, 6],
    "p2_black": [2, 16, 8, 24],
    "p2_asian": [0, 0, 0, 10],
}
ROLES: tuple[Role, ...] = ("district", "reference", "area")
WEST, ALL = box(0, 40, 200, 360), box(0, 40, 400, 360)


def place(**more: Any) -> Place:
    layers = {"blocks": town.blocks(**{**PEOPLE, **more})}
    return town.place(layers, town.zones(WEST, ALL, BLOCKS[SE], roles=ROLES, ids=ROLES))


def longer(empty: BaseGeometry) -> Layer:
    """The four blocks and one beside them where nobody lives."""
    columns: dict[str, Any] = {name: [*counts, 0] for name, counts in PEOPLE.items()}
    return town.blocks({EMPTY: empty}, **columns)


def row(index: str, **more: Any) -> Indicator:
    groups = {"race:black": {"blocks": "p2_black"}, "race:asian": {"blocks": "p2_asian"}}
    return town.row("segregation", parameters={"index": index}, groups=groups, aggregate="zone", **more)


def test_dissimilarity_is_over_block_groups_of_the_reference_and_of_no_part() -> None:
    found = fields.segregation(row("dissimilarity"), place())
    # Of colour 10 and 50 of 60, White 30 and 10 of 40.
    assert found.value[1] == pytest.approx(abs(10 / 60 - 30 / 40))
    assert found.denominator[1] == 60
    assert np.isnan([found.value[0], found.value[2]]).all()
    assert found.reason == (OF_THE_REGION, None, OF_THE_REGION)


def test_a_group_is_set_against_white_residents() -> None:
    found = fields.segregation(row("dissimilarity"), place(), "race:black")
    assert found.value[1] == pytest.approx(abs(10 / 50 - 30 / 40))
    assert found.denominator[1] == 50
    asian = fields.segregation(row("dissimilarity"), place(), "race:asian")
    assert asian.value[1] == pytest.approx(0.75)  # all of them in the east, with a quarter of the White


def test_isolation_is_the_share_around_the_average_member() -> None:
    found = fields.segregation(row("isolation"), place())
    assert found.value[1] == pytest.approx(10 / 60 * 10 / 40 + 50 / 60 * 50 / 60)
    black = fields.segregation(row("isolation"), place(), "race:black")
    assert black.value[1] == pytest.approx(10 / 50 * 10 / 40 + 40 / 50 * 40 / 60)


def test_information_is_of_all_groups() -> None:
    found = fields.segregation(row("information"), place())
    assert found.value[1] == pytest.approx(float(s.information([[30, 10, 0], [10, 40, 10]])))
    assert found.denominator[1] == 100


def test_the_noise_of_a_block_group_is_that_of_its_lived_in_blocks() -> None:
    held = place()
    found = fields._by_block_group(fields._counts(held), held, 1)
    assert found.sd == pytest.approx([3 * np.sqrt(2)] * 2)
    column = reduce(
        fields.segregation(row("dissimilarity"), held), held.weights, reference=1, settings=ReduceSettings()
    )
    assert column.error["noise"][1] > 0 and column.error["sampling"][1] == 0
    assert column.moe[1] == pytest.approx(column.error["noise"][1])
    # An empty block is known to be empty.
    layers = {"blocks": longer(box(400, 40, 500, 200))}
    more = town.place(layers, town.zones(WEST, box(0, 40, 500, 360), roles=ROLES[:2], ids=ROLES[:2]))
    assert fields._by_block_group(fields._counts(more), more, 1).sd == pytest.approx([3 * np.sqrt(2)] * 2)


def test_a_cut_reference_takes_its_share_of_a_block() -> None:
    half = town.place({"blocks": town.blocks(**PEOPLE)}, town.zones(box(0, 40, 400, 280), roles=("reference",)))
    found = fields._by_block_group(fields._counts(half), half, 0)
    assert found.counts.sum(axis=1) == pytest.approx([10 + 15, 20 + 20])
    assert found.sd == pytest.approx([3 * np.sqrt(1.25)] * 2)


def test_divergence_of_a_half_from_the_whole() -> None:
    found = fields.divergence(town.row("divergence"), place())
    p, q = np.array([0.75, 0.25]), np.array([0.4, 0.5])
    assert found.value[0] == pytest.approx((p * np.log(p / q)).sum())
    assert found.value[2] == pytest.approx(0.2 * np.log(0.2 / 0.4) + 0.8 * np.log(0.8 / 0.5))
    assert np.isnan(found.value[1]) and found.reason == (None, fields.ITSELF, None)
    assert found.denominator.tolist() == pytest.approx([40, np.nan, 20], nan_ok=True)
    # Of five of the eight groups nobody lives here: noise in a count of nobody is no part of it.
    assert found.noise is not None and 0 < found.noise[0] < np.inf


def test_a_group_that_the_reference_lacks_and_a_place_without_people_have_no_number() -> None:
    layers = {"blocks": longer(box(400, 40, 600, 200))}
    zones = town.zones(BLOCKS[SW], WEST, ALL, box(400, 40, 600, 200), roles=("district", "reference", "area", "area"))
    found = fields.divergence(town.row("divergence"), town.place(layers, zones))
    assert np.isfinite(found.value[0])
    assert np.isnan(found.value[2]) and found.reason[2] == "a group lives here that the reference has not"
    assert np.isnan(found.value[3]) and found.reason[3] == NO_RESIDENTS


def test_without_reference_or_counts_it_is_absent() -> None:
    alone = town.place({"blocks": town.blocks(**PEOPLE)})
    for field, asked in ((fields.segregation, row("information")), (fields.divergence, town.row("divergence"))):
        with pytest.raises(Absent, match="no reference"):
            field(asked, alone)
        bare = town.place({"blocks": town.blocks()}, town.zones(WEST, ALL, roles=ROLES[:2]))
        with pytest.raises(Absent, match="no counts by race"):
            field(asked, bare)
        with pytest.raises(Absent, match="1 of 4 blocks"):
            field(asked, place(p2_black=[2, np.nan, 8, 24]))
    with pytest.raises(Absent, match="all groups at once"):
        fields.divergence(town.row("divergence"), place(), "race:black")


def test_a_group_with_nobody_has_no_index() -> None:
    found = fields.segregation(row("dissimilarity"), place(p2_asian=[0, 0, 0, 0]), "race:asian")
    assert np.isnan(found.value[1]) and found.reason[1] == "a group that it needs has nobody here"


def test_an_unknown_index_and_a_group_without_its_column_are_refused() -> None:
    none: frozenset[str] = frozenset()
    words = check.Words(none, frozenset({"race:black"}), frozenset({"p2_black"}), none, none, none, none)
    told: dict[str, Any] = {"inputs": ("blocks",), "aggregate": "zone"}
    with pytest.raises(CatalogueError, match="dissimilarity"):
        check._check_field(town.row("segregation", parameters={"index": "dissimilarty"}, **told), words)
    wrong: list[tuple[dict[str, str], str]] = [({}, "names no column"), ({"blocks": "p2_blak"}, "p2_black")]
    for asked, what in wrong:
        one = town.row("segregation", parameters={"index": "isolation"}, groups={"race:black": asked}, **told)
        with pytest.raises(CatalogueError, match=what):
            check._check_groups(one, words)
