"""A class that no tract is told of is not told of one or two together either, in no output that is made for all."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy import sparse

from justgeo import measuring
from justgeo.core.field import Cells, ClassField
from justgeo.core.result import Indicator, Record
from justgeo.core.zones import Units
from justgeo.indicators import FIELDS
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from tests.indicators import town
from tests.measure import toy
from tests.measure.toy import EAST, WEST
from tests.test_measuring import place

NAN = float("nan")


def classes(chance: list[float], homes: list[float] | None = None) -> ClassField:
    n = len(chance)
    p = np.array(chance)
    units = Units(np.array([f"99001{k:06d}" for k in range(n)]), np.full(n, "tract"), 2020)
    counted = np.array(homes or [100.0] * n)[:, None]
    return ClassField(units, p, np.round(p), Cells(("B25003_001",), counted, counted / 10), "households", "households")


def few(cover: list[list[float]], chance: list[float], homes: list[float] | None = None) -> list[bool]:
    found = sparse.csr_array(np.array(cover))
    stub = SimpleNamespace(weights=SimpleNamespace(cover=lambda units, weight: found))
    hidden: list[bool] = measuring._few_tracts(classes(chance, homes), cast(Place, stub)).tolist()
    return hidden


def test_tracts_that_add_to_the_sum_are_counted() -> None:
    chance = [0.9, 0.4, 0.6, NAN, 0.5, 0.0]
    zones: list[list[float]] = [
        [1, 1, 1, 0, 0, 0],  # three
        [1, 0.3, 0, 0, 0, 0],  # one, and a part of another
        [1, 1, 0, 1, 0, 0],  # a third that cannot be told
        [1, 1, 0, 0, 1, 0],  # a third without homes
        [0.4, 1, 0.03, 0, 0, 0],  # a sliver is no third: what it adds to the figure cannot be seen
        [0.4, 0.4, 0.4, 0, 0, 0],  # parts of three
        [1, 0, 1, 0, 0, 1],  # a third that is known to add nothing
        [0, 0, 0, 0, 0, 0],
    ]
    assert few(zones, chance, [100, 100, 100, 100, 0, 100]) == [False, True, True, True, True, False, True, True]


@pytest.mark.parametrize(
    ("homes", "hidden"),
    [
        ([50, 45, 5], False),  # 50 % and 5 % are as far as it goes
        ([51, 44, 5], True),  # one holds more than half
        ([48, 47.5, 4.5], True),  # the third adds under 5 %
        ([50, 10, 10, 30], False),
        ([60, 10, 10, 20], True),
    ],
)
def test_one_tract_that_holds_most_of_the_sum_hides_it(homes: list[float], hidden: bool) -> None:
    n = len(homes)
    assert few([[1.0] * n], [1.0] * n, homes) == [hidden]
    # By chance as by homes.
    assert few([[1.0] * n], [one / 100 for one in homes], [100.0] * n) == [hidden]


def test_the_rule_looks_at_what_is_public_and_not_at_what_it_hides() -> None:
    """Chances of the wider class decide: of the market, one tract may well hold all."""
    found = sparse.csr_array(np.array([[1.0, 1.0, 1.0]]))
    stub = cast(Place, SimpleNamespace(weights=SimpleNamespace(cover=lambda units, weight: found)))
    market = classes([0.7, 0.0, 0.0])
    assert measuring._few_tracts(replace(market, within=np.array([0.7, 0.6, 0.8])), stub).tolist() == [False]
    # The case of three tracts of the invented county: .7188, 0 and 0 are public, so that the sum is one tract's market.
    even = classes([0.2, 0.2, 0.2])
    assert measuring._few_tracts(replace(even, within=np.array([0.7188, 0.0, 0.0])), stub).tolist() == [True]
    assert measuring._few_tracts(replace(even, within=np.array([0.7, NAN, 0.7])), stub).tolist() == [True]


def test_the_cover_of_the_place_is_not_changed_by_counting() -> None:
    found = sparse.csr_array(np.array([[1.0, 0.5]]))
    stub = SimpleNamespace(weights=SimpleNamespace(cover=lambda units, weight: found))
    measuring._few_tracts(classes([0.5, 0.5]), cast(Place, stub))
    assert found.toarray().tolist() == [[1.0, 0.5]]


ROW = town.row("market_pressure", id="BEL-01", unit="share", weight="households", aggregate="class", areas=False)


def records(
    row: Indicator, monkeypatch: pytest.MonkeyPatch, least: int = measuring.FEW, most: float = 0.6
) -> list[Record]:
    """The toy county has two tracts; the district is a part of one of them."""
    p = np.array([0.8, 0.4])
    homes = Cells(("B25003_001",), np.array([[200.0], [300.0]]), np.array([[10.0], [10.0]]))
    field = ClassField(toy.units([WEST, EAST]), p, np.round(p), homes, "households", "households")
    monkeypatch.setitem(FIELDS, "market_pressure", lambda *_: field)
    monkeypatch.setattr(measuring, "FEW", least)
    monkeypatch.setattr(measuring, "MOST", most)
    return measuring.measure([row], place({}), settings=ReduceSettings(), judging=JudgeSettings())


def test_of_two_tracts_nothing_is_left_but_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for record in records(ROW, monkeypatch):
        assert record.reliability == "absent" and record.reason is not None
        told = (record.value, record.moe, record.numerator, record.denominator, record.low, record.high)
        assert told == (None,) * 6 and record.comparison is None and record.flags == () and record.error == {}
    whole = next(record for record in records(ROW, monkeypatch) if record.zone == "reference")
    assert whole.reason == (
        "fewer than 3 census tracts have a real part in it here, or one has most of it, and this is not told of so few "
        "in public"
    )


def test_of_enough_tracts_it_is_told_by_chance_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of the estimates as they stand is a sum of public numbers: from it one finds which tracts are in it."""
    whole = next(record for record in records(ROW, monkeypatch, least=2) if record.zone == "reference")
    assert whole.value == pytest.approx((0.8 * 200 + 0.4 * 300) / 500)
    assert not any("as_estimated" in flag for flag in whole.flags)


def test_what_is_told_of_every_tract_keeps_its_plain_count(monkeypatch: pytest.MonkeyPatch) -> None:
    told = records(town.row("market_pressure", id="BEL-01.vulnerable", unit="share", weight="households"), monkeypatch)
    whole = next(record for record in told if record.zone == "reference")
    assert "as_estimated_count=200.0" in whole.flags


def test_a_hidden_reference_does_not_come_back_as_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = [record for record in records(ROW, monkeypatch, least=2) if record.value is not None]
    assert {record.zone for record in hidden} == {"reference"}
    compared = records(town.row("market_pressure", id="X", unit="share", weight="households"), monkeypatch)
    of = {record.zone: record for record in compared}
    assert of[WEST].comparison is not None
    desk = SimpleNamespace(place=SimpleNamespace(zones=SimpleNamespace(ids=("reference", WEST))))
    monkeypatch.setattr(measuring, "_few_tracts", lambda *_: np.array([True, False]))
    field = classes([0.5])
    told = measuring._of_several_tracts([of["reference"], of[WEST]], field, desk)  # type: ignore[arg-type]
    assert told[0].value is None and told[1].value is not None and told[1].comparison is None
