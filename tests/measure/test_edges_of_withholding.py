"""What is withheld, where amounts are half known, and whose part goes with it."""

from __future__ import annotations

import math

import pytest

from justgeo.core.errors import ConfigError
from justgeo.core.result import Indicator
from justgeo.measure import countable, counted
from justgeo.measure.complement import Amount, amount, gaps_of
from tests.indicators.town import row
from tests.measure.test_complement import DISTRICT, SHARE, kept, of, record, shown, zones

KEY = (DISTRICT, "WEL-02", "all")


def test_what_of_a_record_adds_up() -> None:
    assert amount(record(KEY, 5, 40)) == Amount(5, 40)
    found = amount(record(KEY, 5, 40, denominator=None))
    assert found is not None and found.have == 5 and math.isnan(found.of)


@pytest.mark.parametrize(
    ("rule", "denominator", "adds"),
    [("sum", None, True), ("sum", 40.0, False), ("median", None, False), ("median", 40.0, False)],
)
def test_a_number_without_its_counts_adds_up_where_it_is_a_sum_itself(
    rule: str, denominator: float | None, adds: bool
) -> None:
    found = amount(record(KEY, 5, 40, numerator=None, denominator=denominator, rule=rule))
    assert (found is not None) is adds
    if found is not None:
        assert found.have == 5 / 40 and math.isnan(found.of)


def test_the_group_of_the_fewest_people_goes_with_it_and_not_the_one_of_whom_the_fewest_have() -> None:
    told = of((330, 1000), (5, 40), (200, 300), (125, 660))
    assert shown(kept(told, [(DISTRICT, "WEL-02", "race:asian")], [SHARE], zones())) == {"all", "race:white"}


def test_only_a_gap_between_two_shares_tells_of_one_of_them() -> None:
    share = row("acs_share", id="A", aggregate="share", groups={"race:asian": {"denominator": "B1"}})
    gap = row("acs_gap", id="B", aggregate="difference", parameters={"denominator": "B1", "less_denominator": "B9"})
    other = row("acs_share", id="C", aggregate="difference", parameters={"denominator": "B1"})
    assert gaps_of([share, gap, other]) == {("A", "race:asian"): ["B"]}
    change = row("acs_change", id="D", aggregate="difference", groups={"race:black": {"denominator": "B9"}})
    assert gaps_of([share, gap, change]) == {("A", "race:asian"): ["B"]}


@pytest.mark.parametrize(
    ("table", "remedy"), [("B98001", "leave the table out"), ("B99051", "leave the table out"), ("B19013", "crosswalk")]
)
def test_tables_that_are_no_counts_say_what_to_do(table: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        countable.require_counts(table)
    assert remedy in refused.value.remedy


def test_people_are_divided_by_rows_of_one_kind_and_one_universe() -> None:
    def counts(name: str, group: str, universe: str) -> Indicator:
        told = {"denominator": "B1", counted.COUNTS: group}
        return row("acs_share", id=name, aggregate="share", universe=universe, parameters=told)

    rows = [
        counts("A", "race:asian", "people"), counts("B", "race:black", "people"),
        counts("C", "race:white", "adults"), counts("D", "age:old", "people"),
    ]  # fmt: skip
    assert dict(counted.divided(rows)) == {"A": ("A", "B"), "B": ("A", "B"), "C": ("C",), "D": ("D",)}
