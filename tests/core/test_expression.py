"""Expressions over table cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.errors import CatalogueError
from justgeo.core.expression import Expression, parse


@pytest.mark.parametrize(
    ("text", "plus", "minus"),
    [
        ("B25003_003", ("B25003_003",), ()),
        ("C17002_002 + C17002_003", ("C17002_002", "C17002_003"), ()),
        ("B15003_022..025", ("B15003_022", "B15003_023", "B15003_024", "B15003_025"), ()),
        ("B25070_001 - B25070_011", ("B25070_001",), ("B25070_011",)),
        ("B25091_001 -B25091_012 -B25091_023", ("B25091_001",), ("B25091_012", "B25091_023")),
        ("B15003_001 - B15003_022..023", ("B15003_001",), ("B15003_022", "B15003_023")),
        ("B25003H_003", ("B25003H_003",), ()),
    ],
)
def test_reads_cells_ranges_and_nested_parts(text: str, plus: tuple[str, ...], minus: tuple[str, ...]) -> None:
    assert parse(text) == Expression(plus, minus)


def test_tables_are_named_once_in_order() -> None:
    assert parse("B25070_007..010 + B25091_008 - B25070_011").tables == ("B25070", "B25091")


@pytest.mark.parametrize(
    "text",
    ["", "  ", "B25003", "B25003_3", "b25003_003", "B25003_003E", "+ B25003_003", "B25003_003 +", "B25003_003 * 2",
     "B25003_003 B25003_002", "B15003_025..022", "B15003_000", "B15003_022..B15003_025"],
)  # fmt: skip
def test_refuses_what_is_no_expression_and_shows_it(text: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        parse(text)
    assert repr(text) in refused.value.message
    assert refused.value.remedy


def test_refuses_a_cell_that_would_be_counted_twice() -> None:
    with pytest.raises(CatalogueError, match="B15003_023 twice"):
        parse("B15003_022..024 + B15003_023")


@given(st.lists(st.integers(1, 199), min_size=1, max_size=12, unique=True), st.data())
def test_every_cell_comes_back_once_whatever_the_order(lines: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(lines)))
    cells = [f"B01001_{n:03d}" for n in lines]
    text = " + ".join(cells[:cut]) + "".join(f" - {c}" for c in cells[cut:])
    assert parse(text) == Expression(tuple(cells[:cut]), tuple(cells[cut:]))
