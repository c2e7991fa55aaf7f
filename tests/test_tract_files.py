"""A second table beside the first: its own years have their own prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo.catalogue import read as catalogue
from justgeo.tract_files import Another, Beside, gather
from tests import tract_table as made


def test_a_factor_of_prices_holds_for_the_years_that_it_was_given_for(tmp_path: Path) -> None:
    """1.2 was named for 2014 to 2024. A set of the same years takes it; one of 2012 to 2022 has an index of its own."""
    table = made.write(tmp_path / "tracts.csv")
    sets = [Another(table, "same years"), Another(table, "other years", (2012, 2022))]
    given = gather(table, Beside(), price=1.2, years=(2014, 2024), compare=sets)
    assert given.table.tracts.price == given.others["same years"].price == 1.2
    index = catalogue.prices().factor(2012, 2022)
    assert given.others["other years"].price == pytest.approx(index) and abs(index - 1.2) > 0.01
    assert given.others["other years"].years == (2012, 2022)
