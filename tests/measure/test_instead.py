"""Where a number is withheld: which larger area reports it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from justgeo.core.result import Record
from justgeo.core.zones import Zones
from justgeo.measure import complement
from justgeo.measure.instead import larger, offered
from tests.measure import toy
from tests.measure.toy import E1, EAST, W1, W2, WEST


def zones() -> Zones:
    """A district of three quarters of the west, the county, its tracts and three of their block groups."""
    ids = ("district", "reference", WEST, EAST, W1, W2, E1)
    shapes = [
        toy.square(0, 0, 2, 3), toy.square(0, 0, 4, 4), toy.square(0, 0, 2, 4), toy.square(2, 0, 2, 4),
        toy.square(0, 0, 2, 2), toy.square(0, 2, 2, 2), toy.square(2, 0, 2, 2),
    ]  # fmt: skip
    made = toy.zones(*shapes, ids=ids)
    levels = ("", "", "tract", "tract", "block group", "block group", "block group")
    return Zones(ids, ids, ("district", "reference", *["area"] * 5), levels, made.geometry)  # type: ignore[arg-type]


def record(zone: str, reliability: str, group: str = "race:black") -> Record:
    if reliability == "suppressed":
        bare = Record(zone, "MOB-01", group, None, None, "share", "people", "", None)
        return complement.emptied(bare, "suppressed: few")
    return Record(zone, "MOB-01", group, 0.23, 0.01, "share", "people", reliability, None)


def chosen(told: Mapping[str, str]) -> dict[str, str | None]:
    found = offered([record(zone, reliability) for zone, reliability in told.items()], zones())
    return {r.zone: r.instead for r in found}


def test_the_nearest_larger_zone_comes_first() -> None:
    found = larger(zones())
    assert found[W1] == (WEST, "district", "reference")
    # Half of it lies in the district, not most.
    assert found[W2] == (WEST, "reference")
    assert found[WEST] == ("reference",)  # the district is smaller
    assert found[E1] == (EAST, "reference")
    assert (found["district"], found["reference"]) == (("reference",), ())


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        ({W1: "suppressed", WEST: "high", "district": "high", "reference": "high"}, WEST),
        ({W1: "suppressed", WEST: "suppressed", "district": "exact", "reference": "high"}, "district"),
        ({W1: "suppressed", WEST: "low", "district": "unknown", "reference": "medium"}, "reference"),
        ({W1: "suppressed", WEST: "low", "district": "unknown", "reference": "low"}, None),
        ({"district": "suppressed", "reference": "high"}, "reference"),
        ({"reference": "suppressed", "district": "high"}, None),
        ({E1: "suppressed", "district": "high"}, None),
    ],
)
def test_only_a_reliable_number_is_offered(told: Mapping[str, str], instead: str | None) -> None:
    found = chosen(told)
    assert found.pop(next(iter(told))) == instead
    # A number that is shown, however uncertain, needs no other one.
    assert all(
        zone is None for zone, was in zip(found.values(), list(told.values())[1:], strict=True) if was != "suppressed"
    )


def test_another_group_does_not_stand_in() -> None:
    records = [
        record("district", "suppressed"),
        record("reference", "high", "race:white"),
        record("reference", "high", "all"),
    ]
    assert offered(records, zones())[0].instead is None


def test_what_stands_behind_the_withheld_number_does_not_go_into_the_choice() -> None:
    told = [record(W1, "suppressed"), record(WEST, "medium"), record("reference", "high")]
    assert [r.instead for r in offered(told, zones())] == [WEST, None, None]
    gone = offered(told, zones())[0]
    assert (gone.value, gone.moe, gone.numerator, gone.denominator, gone.comparison) == (None,) * 5


def test_a_zone_of_the_same_size_or_of_half_of_it_in_common_is_no_larger_one() -> None:
    """The district is as large as the west tract, and has just half of the second block group."""
    ids = ("district", "reference", WEST, W2, "99001000001X")
    shapes = [
        toy.square(0, 0, 2, 4), toy.square(0, 0, 4, 4), toy.square(0, 0, 2, 4), toy.square(1, 2, 2, 2),
        toy.square(0, 0, 1, 1),
    ]  # fmt: skip
    made = toy.zones(*shapes, ids=ids)
    levels = ("", "", "tract", "block group", "block")
    where = Zones(ids, ids, ("district", "reference", *["area"] * 3), levels, made.geometry)  # type: ignore[arg-type]
    found = larger(where)
    assert found[WEST] == ("reference",) and found["district"] == ("reference",)
    assert found[W2] == ("reference",)
    assert found["99001000001X"] == ("district", "reference"), "a block has no tract of its own here"
