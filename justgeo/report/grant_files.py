"""What a run writes for a grant writer: one table in four forms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from justgeo.report import document, grant_rows, markdown, parquet, sheets, tables, xlsx

FILES = ("indicators.csv", "indicators.parquet", "indicators.xlsx", "indicators.md")


def write(folder: Path, content: Mapping[str, Any], targets: grant_rows.Targets = ()) -> None:
    """Write `FILES` into a folder that is there.

    Parameters
    ----------
    folder : Path
    content : mapping
        As in ``results.json``.
    targets : sequence of mapping
        What the community aims at and lets be shown, as in ``checklist.json``.
    """
    rows = tables.indicator_rows(content)
    made = grant_rows.grant(content, targets)
    (folder / "indicators.csv").write_bytes(tables.csv_bytes(rows, tables.COLUMNS))
    (folder / "indicators.parquet").write_bytes(parquet.indicators_parquet(content, rows))
    (folder / "indicators.xlsx").write_bytes(workbook(made))
    (folder / "indicators.md").write_bytes(markdown.markdown(document.document(made)))


def workbook(made: grant_rows.Grant) -> bytes:
    """``indicators.xlsx``."""
    title = f"Baseline of {made.place}"
    synthetic = bool(made.results["synthetic"])
    return xlsx.workbook(sheets.sheets(made), title, synthetic=synthetic, notice=sheets.notices(made))
