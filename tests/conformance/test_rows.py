"""Each row is what it is recorded to be, and the page in the docs is what the rows say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import not_yet, table
from tests.conformance.model import NotHere, Outcome, Reference, Row, Verdict, evaluate, judge, number
from tests.conformance.rows import ROWS, SECTIONS
from tests.conformance.where import ROOT

SOURCE = Reference("a book", "https://example.org")


@cache
def _page() -> str:
    return (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")


def _cases() -> list[object]:
    return [pytest.param(row, id=row.id, marks=[pytest.mark.real] if row.real else []) for row in ROWS]


@pytest.mark.parametrize("row", _cases())
def test_the_verdict_is_the_one_recorded(row: Row) -> None:
    found = evaluate(row)
    if found.verdict is Verdict.SKIPPED:
        assert row.real, f"{row.id} needs data but is not said to"
        pytest.skip(found.skipped)
    assert found.verdict is row.verdict, f"theirs {row.theirs}, ours {found.ours!r}, apart {found.difference!r}"
    # What the page says of it: as many digits as it prints, and one unit in the last of them between machines.
    cells = _printed()[row.id]
    unit = 10.0 ** -table.decimals(row)
    assert abs(number(cells[5].split(" ")[0]) - found.ours) <= 1.5 * unit, cells
    assert cells[7].startswith(str(row.verdict)), cells


def _printed() -> dict[str, list[str]]:
    """Rows of the page by id, as cells."""
    lines = [
        line for line in _page().splitlines() if line.startswith("| ") and line.count(" | ") == len(table.COLUMNS) - 1
    ]
    cells = [line[2:-2].split(" | ") for line in lines]
    return {c[0]: c for c in cells if c[0] not in ("id", "---")}


def test_the_page_has_all_rows_and_no_others() -> None:
    assert list(_printed()) == [row.id for row in ROWS]
    for row in ROWS:
        cells = _printed()[row.id]
        assert cells[1] == row.what and cells[2] == f"[{row.reference.cite}]" and cells[3] == row.kind
        assert cells[4] == f"{row.theirs}{f' {row.unit}' if row.unit else ''}"


def test_its_summary_is_counted_from_the_rows() -> None:
    as_recorded = [Outcome(row, row.verdict) for row in ROWS]
    assert table.summary(as_recorded) in _page()
    for title in SECTIONS:
        assert f"\n## {title}\n" in _page()


def test_there_are_enough_rows_each_with_its_own_name_and_source() -> None:
    assert len(ROWS) >= 40
    assert len({row.id for row in ROWS}) == len(ROWS)
    sources = {row.reference for row in ROWS} | {row.reference for row in not_yet.ROWS}
    assert len({source.cite for source in sources}) == len(sources)
    for source in sources:
        assert f"\n[{source.cite}]: {source.url}\n" in f"{_page()}\n"


def test_what_is_not_exact_has_a_reason_and_a_bound() -> None:
    for row in ROWS:
        apart = row.verdict in (Verdict.ROUNDING, Verdict.EXPLAINED)
        assert bool(row.why) == apart and (row.bound > 0) == apart, row.id
        assert "|" not in row.what + row.why, row.id


def test_no_machine_is_in_the_page() -> None:
    for place in (str(ROOT), str(ROOT.parent), "../shared", "nan"):
        assert place not in _page()


# --- the judge itself -------------------------------------------------------------------------------------------------


def made(theirs: str, ours: Callable[[], float], **more: Any) -> Row:
    return replace(Row("x", "x", SOURCE, theirs, ours), **more)


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("0.3222", 0.32215, Verdict.EXACT),
        ("0.3222", 0.32214, Verdict.FAILED),
        ("5,070", 5070.46, Verdict.EXACT),
        ("5,070", 5070.51, Verdict.FAILED),
        ("−3.5", -3.46, Verdict.EXACT),
        ("0", math.nan, Verdict.FAILED),
        ("85 to 94", 85.0, Verdict.BAND),
        ("85 to 94", 94.1, Verdict.FAILED),
    ],
)
def test_exact_is_to_the_last_digit_that_is_printed(theirs: str, ours: float, expected: Verdict) -> None:
    assert judge(made(theirs, lambda: ours), ours) is expected


def test_a_reason_holds_up_to_its_bound_and_is_not_needed_where_the_figures_agree() -> None:
    row = made("10.0", lambda: 0.0, verdict=Verdict.EXPLAINED, bound=0.5, why="because")
    assert judge(row, 10.5) is Verdict.EXPLAINED
    assert judge(row, 10.51) is Verdict.FAILED
    assert judge(row, 10.01) is Verdict.EXACT  # which the recorded verdict then is not: the row is to be called exact
    band = replace(row, theirs="85 to 94")
    assert (judge(band, 94.3), judge(band, 84.4)) == (Verdict.EXPLAINED, Verdict.FAILED)


def test_missing_data_skip_a_row_and_leave_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> float:
        raise NotHere("no such folder")

    row = made("1", absent)
    found = evaluate(row)
    assert (found.verdict, found.skipped) == (Verdict.SKIPPED, "no such folder")
    assert table.line(found).endswith("| 1 | – | – | skipped: no such folder |")
    out = tmp_path / "conformance.md"
    monkeypatch.setattr(table, "SECTIONS", {"One": [row]})
    assert table.main(["--out", str(out)]) == 0
    assert not out.exists()
    assert table.main(["--out", str(out), "--partial"]) == 0
    assert "**1 rows: 1 skipped.**" in out.read_text(encoding="utf-8")


def test_a_row_that_is_not_as_recorded_is_an_error_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "SECTIONS", {"One": [made("1", lambda: 2.0)]})
    assert table.main(["--out", str(tmp_path / "page.md")]) == 1
    assert "not as recorded: x" in capsys.readouterr().err
