"""What is known of an indicator's errors: years apart, how much a map lacks, and what nobody says."""

from __future__ import annotations

import pytest

from justgeo.core.budget import LOW, Age, Completeness, Kept
from justgeo.core.result import Record


@pytest.mark.parametrize(
    ("first", "last", "before", "after"),
    [
        (2020, 2026, 4, 2),
        (2024, 2024, 0, 0),
        (2025, 2023, 0, 0),  # nothing is minus two years old
        (2023, 2025, 1, 1),
        (None, None, None, None),
        (None, 2026, None, 2),
        (2020, None, 4, None),
    ],
)
def test_years_between_the_sources_and_the_survey(
    first: int | None, last: int | None, before: int | None, after: int | None
) -> None:
    age = Age(2024, first=first, last=last)
    assert (age.years_before, age.years_after) == (before, after)


@pytest.mark.parametrize(("share", "low"), [(None, False), (0.0, True), (LOW, False), (LOW - 1e-9, True), (1.0, False)])
def test_a_map_lacks_much_below_its_limit_and_not_at_it(share: float | None, low: bool) -> None:
    assert Completeness("shops", share=share).low is low


def test_a_source_ages_and_is_no_volunteers_map_unless_the_catalogue_says_so() -> None:
    assert Kept().ages and not Kept().volunteered
    assert (Age(2024).not_stated, Age(2024).oldest, Age(2024).newest) == ((), "", "")


def test_a_record_holds_nothing_that_it_was_not_given() -> None:
    bare = Record("district", "MOB-01", "all", None, None, "share", "people", "absent", "it is not known")
    told = {name: value for name, value in vars(bare).items() if value}
    assert set(told) == {"zone", "indicator", "group", "unit", "universe", "reliability", "reason"}
    empty = {"rule": "", "error": {}, "flags": (), "layers": ()}
    assert {name: value for name, value in vars(bare).items() if not value and value is not None} == empty
