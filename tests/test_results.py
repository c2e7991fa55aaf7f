"""Opening what a run wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import justgeo
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import inline, results
from tests.report import made


def record(zone: str, group: str, value: float | None, reason: str | None = None) -> dict[str, Any]:
    comparison = {"verdict": "higher"} if value is not None and zone == "district" else None
    return {
        "zone": zone, "indicator": "BEL-02", "group": group, "value": value, "moe": 0.02, "reason": reason,
        "comparison": comparison, "error": {}, "flags": [], "layers": [],
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = results.to_dict(made.baseline())
    like = next(one for one in content["records"] if one["value"] is not None) | {"percentile": None}
    rows = [
        record("district", "all", 0.4),
        record("reference", "all", 0.3),
        record("district", "race:hispanic", None, "too few people"),
    ]
    compared = next(one["comparison"] for one in content["records"] if one["comparison"])
    for row in rows:
        row["comparison"] = row["comparison"] and {**compared, **row["comparison"]}
        row |= {} if row["value"] is not None else dict.fromkeys(("moe", "numerator", "denominator", "low", "high"))
        row |= {} if row["value"] is not None else {"reliability": "absent"}
    content |= {"synthetic": True, "name": "Nowhere", "records": [{**like, **row} for row in rows]}
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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of outputs with shapes and a checklist beside the results."""
    return made.write_folder(tmp_path_factory.mktemp("results") / "mill-pond", made.baseline())


def test_it_shows_itself(whole: Path) -> None:
    html = justgeo.load(whole)._repr_html_()
    inline.refuse_links(html)
    assert "Mill Pond" in html and "± 4 points" in html and "© OpenStreetMap contributors" in html


def test_the_frame_has_all_columns_and_types(whole: Path) -> None:
    found = justgeo.load(whole)
    frame = found.to_frame()
    csv = pd.read_csv(whole / "indicators.csv", dtype={"zone": str})
    assert list(frame.columns) == list(csv.columns) and len(frame) == len(csv) == len(found["records"])
    for column in ("value", "moe", "percentile", "difference"):
        assert frame[column].dtype == "float64"
        pd.testing.assert_series_equal(frame[column], csv[column].astype("float64"))
    here = found.to_frame(zone="district", group="all")
    assert set(here["zone"]) == {"district"} and set(here["group"]) == {"all"} and here["indicator"].is_unique


def test_it_draws_itself_from_its_folder(whole: Path) -> None:
    found = justgeo.load(whole)
    inline.refuse_links(found.explore("BEL-02").page)
    assert "53% ± 4 points" in found.plot("BEL-02").told
    assert found.explore("BEL-02") == justgeo.load(whole / "results.json").explore("BEL-02")


def test_without_shapes_there_is_no_map(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_bytes((whole / "results.json").read_bytes())
    with pytest.raises(OutputError, match="cannot be read"):
        justgeo.load(tmp_path).explore("BEL-02")
    from justgeo.results import Results

    with pytest.raises(OutputError, match="no shapes beside"):
        Results(justgeo.load(tmp_path).content).explore("BEL-02")


def test_the_checklist_is_opened_from_the_same_folder(whole: Path, tmp_path: Path) -> None:
    found = justgeo.checklist(whole)
    assert len(found.to_frame()) == len(made.checklist().items)
    assert found["name"] == "Mill Pond" and "measured" in repr(found)
    inline.refuse_links(found._repr_html_())
    (tmp_path / "results.json").write_bytes((whole / "results.json").read_bytes())
    with pytest.raises(OutputError, match=r"holds no checklist\.json"):
        justgeo.checklist(tmp_path)


def test_an_export_takes_a_path_in_words(whole: Path, tmp_path: Path) -> None:
    done = justgeo.export(str(whole), only=["BEL-02"], out=str(tmp_path / "grant.csv"))
    assert done.files[0] == tmp_path / "grant.csv" and done.n_rows
