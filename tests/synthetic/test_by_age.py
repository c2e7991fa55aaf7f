"""Tables by age: the Bureau's lines, told again from the people."""

from __future__ import annotations

import numpy as np
import pytest

from justgeo.synthetic import County, by_age
from justgeo.synthetic.forms import Table
from justgeo.synthetic.layouts import columns
from justgeo.synthetic.traits import INTERNET

LINES = {"B25007": 21, "B25045": 19, "B28005": 19}


def cells(nowhere: County, table: str) -> dict[int, float]:
    return dict(enumerate(nowhere.truth(table, 2024, "county").to_numpy()[0], start=1))


def test_line_counts_are_the_bureaus_and_one_table_is_late() -> None:
    assert {table.name: len(columns(table)) for table in by_age.tables(2024)} == LINES
    assert {table.name for table in by_age.tables(2014)} == {"B25007", "B25045"}
    assert not any(table.tract_only for table in by_age.tables(2024))


@pytest.mark.parametrize("table", by_age.tables(2024), ids=lambda table: table.name)
def test_every_leaf_is_in_the_total_and_in_a_line_of_its_own(table: Table) -> None:
    assert table.lines[0].all() and table.lines[table.lines.sum(axis=1) == 1].any(axis=0).all()


def test_who_rents_by_the_age_of_the_head(nowhere: County) -> None:
    homes, b25 = nowhere.households(), cells(nowhere, "B25007")
    owner, age = homes["owner"].to_numpy(dtype=bool), homes["age"].to_numpy()
    edges = (0, 25, 35, 45, 55, 60, 65, 75, 85, 200)
    for i in range(9):
        some = (age >= edges[i]) & (age < edges[i + 1])
        assert (b25[3 + i], b25[13 + i]) == ((some & owner).sum(), (some & ~owner).sum())
    b03 = cells(nowhere, "B25003")
    assert (b25[1], b25[2], b25[12]) == (b03[1], b03[2], b03[3])


def test_who_has_no_vehicle_by_the_age_of_the_head(nowhere: County) -> None:
    homes, b25 = nowhere.households(), cells(nowhere, "B25045")
    owner, age, none = homes["owner"].to_numpy(dtype=bool), homes["age"].to_numpy(), (homes["vehicles"] == 0).to_numpy()
    for i, some in enumerate((age < 35, (age >= 35) & (age < 65), age >= 65)):
        assert b25[4 + i] == (some & owner & none).sum() and b25[8 + i] == (some & owner & ~none).sum()
        assert b25[13 + i] == (some & ~owner & none).sum() and b25[17 + i] == (some & ~owner & ~none).sum()
    b44 = cells(nowhere, "B25044")
    assert (b25[3], b25[12], b25[7], b25[16]) == (b44[3], b44[10], b44[2] - b44[3], b44[9] - b44[10])


def test_who_is_online_by_age(nowhere: County) -> None:
    people, b28 = nowhere.persons(), cells(nowhere, "B28005")
    home = people[~people["quarters"]]
    broadband = (home["computer"] == 1) & (home["internet"] >= INTERNET.index("other"))
    age = home["age"].to_numpy()
    for at, some in zip((2, 8, 14), (age < 18, (age >= 18) & (age < 65), age >= 65), strict=True):
        assert b28[at] == some.sum() and b28[at + 3] == (some & broadband.to_numpy()).sum()
        assert b28[at + 5] == (some & (home["computer"] == 0).to_numpy()).sum()
        assert b28[at] == sum(b28[at + k] for k in (2, 3, 4, 5)) and b28[at + 1] == sum(b28[at + k] for k in (2, 3, 4))
    whole = cells(nowhere, "B28008")
    assert b28[1] == whole[1] and np.isclose(b28[5] + b28[11] + b28[17], whole[4])
