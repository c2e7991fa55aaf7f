"""Opening what a run wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import justgeo
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report.results import SCHEMA_VERSION


def record(zone: str, group: str, value: float | None, reason: str | None = None) -> dict[str, Any]:
    comparison = {"verdict": "higher"} if value is not None and zone == "district" else None
    return {
        "zone": zone, "indicator": "BEL-02", "group": group, "value": value, "moe": 0.02, "reason": reason,
        "comparison": comparison, "error": {}, "flags": [], "layers": [],
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = {
        "schema_version": SCHEMA_VERSION,
        "synthetic": True,
        "name": "Nowhere",
        "indicators": [{"id": "BEL-02", "title": "Renters"}],
        "records": [
            record("district", "all", 0.4),
            record("reference", "all", 0.3),
            record("district", "race:hispanic", None, "too few people"),
        ],
    }
    (tmp_path / "results.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def test_a_number_comes_with_what_belongs_to_it(folder: Path) -> None:
    found = justgeo.load(folder)
    assert found.record("BEL-02")["value"] == 0.4
    assert found.record("BEL-02", group="race:hispanic")["reason"] == "too few people"
    assert repr(found) == "<Results of Nowhere (invented): 2 numbers, 1 absences>"


def test_the_table_keeps_absences(folder: Path) -> None:
    everything = justgeo.load(folder / "results.json").table(group=None)
    assert len(everything) == 3
    assert pd.isna(everything["value"].iloc[2]) and everything["reason"].iloc[2] == "too few people"
    assert list(justgeo.load(folder).table(zone="district")["verdict"]) == ["higher"]
    assert set(everything["title"]) == {"Renters"}


@pytest.mark.parametrize("asked", [{"indicator": "BEL-03"}, {"indicator": "BEL-02", "zone": "distric"}])
def test_what_is_not_there_is_refused(folder: Path, asked: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="There is no"):
        justgeo.load(folder).record(**asked)


def test_a_pair_that_was_never_measured_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no record of BEL-02 for reference, race:hispanic"):
        justgeo.load(folder).record("BEL-02", "reference", "race:hispanic")


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        justgeo.load(tmp_path)
