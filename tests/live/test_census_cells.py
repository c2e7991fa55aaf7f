"""What may stand in a cell of the Census Data API: a number or null; whatever else would be recorded and never read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from justgeo.core.errors import SourceError
from justgeo.sources.live.ask import bring
from justgeo.sources.live.census_answers import LEVELS, Piece, document, rows_of
from justgeo.sources.live.census_tables import acs_asks
from justgeo.sources.live.records import Records
from tests.live import census_town as town
from tests.loopback.faults import Fault
from tests.loopback.server import Loopback

PIECE = Piece("acs/acs5", 2024, ("B25003_001E", "B25003_001M"), LEVELS["tract"], "99001")
HEADER = ["B25003_001E", "B25003_001M", "state", "county", "tract"]


def cells(estimate: Any, margin: Any = "5") -> tuple[str | None, ...]:
    body = json.dumps([HEADER, [estimate, margin, "99", "001", "000100"]]).encode()
    (row,) = rows_of(document(body, "Here"), PIECE, "Here")
    return row.cells


@pytest.mark.parametrize(
    "cell",
    ["0", "60", "-666666666", "-555555555.0", "12.5", "0.04", "1234567890", "-222222222", "1.5E+3", "2e2", "", None],
)
def test_a_number_or_nothing_is_kept_as_it_was_said(cell: str | None) -> None:
    assert cells(cell, cell) == (cell, cell)


@pytest.mark.parametrize(("cell", "said"), [(60, "60"), (-666666666, "-666666666"), (41.2, "41.2"), (1e300, "1e+300")])
def test_a_bare_number_is_kept_in_its_own_digits(cell: float, said: str) -> None:
    assert cells(cell) == (said, "5")


@pytest.mark.parametrize(
    "cell",
    [
        "(b)", "(X)", "N", "-", "**", "***", "*****", "null", "NaN", "inf", "1e999", "1,234", "250,000+", "+5", "0x10",
        "1_0", " 5", "5 ", "5.", ".5", "--5", "\u00b2", "\u0665", "\ud800", "5\n", "9" * 400,
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", [0, 1])
def test_whatever_else_is_refused_with_its_place(cell: str, column: int) -> None:
    row = ["60", "5"]
    row[column] = cell
    with pytest.raises(SourceError) as told:
        cells(*row)
    assert told.value.kind == "damaged" and told.value.remedy
    for word in ("B25003", HEADER[column], "1400000US99001000100"):
        assert word in told.value.message
    assert ascii(cell)[:20] in told.value.message
    told.value.message.encode()  # it can be shown and written down


@pytest.mark.parametrize("cell", ["(b)", "\ud800"])
def test_a_table_with_such_a_cell_is_not_recorded(cell: str, tmp_path: Path) -> None:
    """It used to be: then every run refused it, and no fetch asked again."""

    def change(body: bytes) -> bytes:
        table = json.loads(body)
        table[1][table[0].index("B25003_001E")] = cell
        return json.dumps(table).encode()

    with Loopback(town.api().handle) as server:
        tools = town.tools(server.url)
        asks = acs_asks(tools.services["census_api"], ["B25003"], 2024, ["99001"])
        server.fail(Fault.body(change), times=-1, when=lambda request: "B25003_001E" in request.first("get"))
        found = bring(asks, Records(tmp_path), tools)
        assert {one.kind for one in found.failures.values()} == {"damaged"}
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        server.calm()
        assert not bring(asks, Records(tmp_path), tools).failures
