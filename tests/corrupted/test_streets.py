"""Every corruption of the map, of points and jobs is refused, absent or flagged; the data as they are none of these."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.corrupted import streets
from tests.corrupted.harness import Field, Ground, Outcome, Trial, hold, in_spanish, measured
from tests.nowhere import UNITS

ACRES = ("WEL-05", "WEL-04.800")
FOOD = ("WEL-03.800",)


@pytest.mark.parametrize("trial", streets.TRIALS, ids=[one.case.id for one in streets.TRIALS])
def test_corrupted(trial: Trial, ground: Field) -> None:
    in_spanish(hold(trial, ground))


def of(ground: Field, rows: tuple[str, ...], plant: Callable[[Ground], None]) -> Outcome:
    trial = Trial(streets.HARMLESS[0], plant, rows, (*UNITS, "osm"))
    made = ground.ground(trial)
    plant(made)
    return measured(made.write(), rows)


def value(outcome: Outcome, row: str) -> float:
    found = outcome.records[row, "district", "all"].value
    assert found is not None
    return found


def test_parks_that_are_there_twice_are_counted_once(ground: Field) -> None:
    before, after = (of(ground, ACRES, one) for one in (streets.rewritten, streets.extract(streets.parks_twice)))
    assert len(after.checks) and value(after, "WEL-05") == pytest.approx(value(before, "WEL-05"), rel=1e-9)
    assert value(after, "WEL-04.800") == value(before, "WEL-04.800")


def test_shops_out_of_use_are_not_there(ground: Field) -> None:
    before, closed, gone = (
        value(of(ground, FOOD, one), FOOD[0])
        for one in (streets.rewritten, streets.retagged(streets.closed_shops), streets.retagged(streets.no_shops))
    )
    assert closed == gone != before


def test_every_harmless_case_is_tried() -> None:
    assert {one.id.split("/")[-1] for one in streets.HARMLESS} == {"parks-twice", "closed-shops"}


def test_what_is_not_caught_says_why() -> None:
    assert all(len(what) > 10 and len(why) > 20 for what, why in streets.NOT_CAUGHT)
