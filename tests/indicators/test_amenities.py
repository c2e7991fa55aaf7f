"""Shops and other places within a walk, by kind, on the town whose every distance is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import check
from justgeo.core.errors import CatalogueError
from justgeo.core.field import ExposureField
from justgeo.indicators import mobility
from justgeo.measure.reach import NOT_NEAR
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.indicators.town import NE, NW, SE, SW, TRACT, WIDE

# 280 m from the eastern blocks, 480 m from the western ones; the other way round.
EAST, WEST = (500.0, 200.0), (-100.0, 200.0)
Places = list[tuple[str, tuple[float, float]]]


def amenities(places: Places, covers: BaseGeometry | None = WIDE) -> Any:
    return town.features("amenities", [Point(p) for _, p in places], covers, kind=[k for k, _ in places])


def place(places: Places, covers: BaseGeometry | None = WIDE, **more: Any) -> Any:
    return town.place({"walk": town.streets(), "blocks": town.blocks(), "amenities": amenities(places, covers), **more})


def food(held: Any, limit: float = 400, kinds: tuple[str, ...] = ("supermarket", "marketplace")) -> ExposureField:
    asked = {"targets": "amenities", "distance_m": limit, "kinds": list(kinds)}
    return mobility.walk_share(town.row(parameters=asked), held)


def kinds(held: Any, **told: list[str]) -> ExposureField:
    return mobility.walk_kinds(town.row("walk_kinds", parameters={"distance_m": 400, "kinds": told}), held)


def by_block(field: ExposureField) -> dict[str, float]:
    return dict(zip(field.units.geoid.tolist(), field.x.tolist(), strict=True))


def test_only_the_kinds_that_are_asked_for_count() -> None:
    held = place([("supermarket", EAST), ("convenience", WEST)])
    assert by_block(food(held)) == {SW: 0, SE: 1, NW: 0, NE: 1}
    assert by_block(food(held, kinds=("convenience",))) == {SW: 1, SE: 0, NW: 1, NE: 0}
    assert by_block(food(held, 480)) == {SW: 1, SE: 1, NW: 1, NE: 1}


def test_any_of_the_kinds_will_do() -> None:
    assert by_block(food(place([("supermarket", EAST), ("marketplace", WEST)]))) == {SW: 1, SE: 1, NW: 1, NE: 1}


def test_none_mapped_is_none_near_but_not_beyond_the_end_of_the_map() -> None:
    assert set(by_block(food(place([("library", EAST)]))).values()) == {0.0}
    cut = food(place([("library", EAST)], covers=box(-200, -5000, 5000, 5000)))  # 300 and 500 m from the blocks
    assert by_block(cut) == pytest.approx({SW: np.nan, SE: 0.0, NW: np.nan, NE: 0.0}, nan_ok=True)
    assert cut.unknown == (mobility.EDGE, "", mobility.EDGE, "")


def test_two_lists_of_kinds_are_searched_apart_and_each_once() -> None:
    held = place([("supermarket", EAST), ("library", WEST)])
    for limit in (300, 400):
        food(held, limit)
        food(held, limit, kinds=("marketplace", "supermarket"))  # the same, in another order
    food(held, kinds=("library",))
    assert [key for key in held.cache if key.startswith("reached")] == [
        "reached:amenities:marketplace,supermarket",
        "reached:amenities:library",
    ]


def test_kinds_are_counted_each_once() -> None:
    held = place([("library", EAST), ("theatre", EAST), ("school", EAST), ("school", WEST)])
    found = kinds(held, culture=["library", "theatre"], learning=["school"], care=["clinic"])
    assert by_block(found) == {SW: 1, SE: 2, NW: 1, NE: 2}
    column = reduce(found, held.weights, reference=None, settings=ReduceSettings())
    assert column.value[0] == pytest.approx((40 * 1 + 60 * 2) / 100)  # 10 + 30 people in the west, 20 + 40 in the east


def test_a_mean_of_kinds_is_the_sum_of_their_shares() -> None:
    held = place([("library", EAST), ("school", WEST), ("clinic", (200.0, 500.0))])
    told = {"culture": ["library"], "learning": ["school"], "care": ["clinic"]}
    settings = ReduceSettings()
    mean = reduce(kinds(held, **told), held.weights, reference=None, settings=settings).value[0]
    each = [
        reduce(food(held, kinds=tuple(k)), held.weights, reference=None, settings=settings).value[0]
        for k in told.values()
    ]
    assert mean == pytest.approx(sum(each))


def test_what_is_not_known_of_one_kind_is_not_known_of_all() -> None:
    covers = box(-200, -5000, 5000, 5000)
    held = place([("library", (100.0, 200.0))], covers)
    assert by_block(kinds(held, culture=["library"])) == {SW: 1, SE: 1, NW: 1, NE: 1}
    both = kinds(held, culture=["library"], care=["clinic"])
    assert by_block(both) == pytest.approx({SW: np.nan, SE: 1.0, NW: np.nan, NE: 1.0}, nan_ok=True)
    assert both.unknown == (mobility.EDGE, "", mobility.EDGE, "")
    far = f"{TRACT}1002"
    lost = kinds(place([("library", EAST)], blocks=town.blocks({far: box(700, 600, 900, 800)})), culture=["library"])
    assert lost.unknown[-1] == NOT_NEAR


def test_a_zone_that_the_map_of_amenities_does_not_cover_is_not_covered() -> None:
    for field, more in (("walk_share", {"targets": "amenities"}), ("walk_kinds", {})):
        row = town.row(field, parameters=more)
        assert mobility.covered(row, place([("library", EAST)])).tolist() == [True]
        assert mobility.covered(row, place([("library", EAST)], box(100, -50, 5000, 5000))).tolist() == [False]


@pytest.mark.parametrize(
    ("field", "parameters", "what"),
    [
        ("walk_share", {"targets": "amenities", "distance_m": 800}, "no list of amenities"),
        ("walk_share", {"targets": "amenities", "distance_m": 800, "kinds": []}, "no list of amenities"),
        ("walk_share", {"targets": "amenities", "distance_m": 800, "kinds": "library"}, "no list of amenities"),
        ("walk_kinds", {"distance_m": 800, "kinds": ["library"]}, "has no names"),
        ("walk_kinds", {"distance_m": 800, "kinds": {"culture": [1]}}, "no list of amenities"),
    ],
)
def test_kinds_that_are_no_lists_are_refused(field: str, parameters: dict[str, Any], what: str) -> None:
    row = town.row(
        field, parameters=parameters, inputs=("amenities",), aggregate="mean" if field == "walk_kinds" else "share"
    )
    empty: frozenset[str] = frozenset()
    with pytest.raises(CatalogueError, match=what):
        check._check_field(row, check.Words(empty, empty, empty, empty, empty, empty, empty))
