"""All of it or nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from justgeo.core import whole
from justgeo.core.errors import OutputError
from justgeo.report import tables, write
from tests.report import made

RUN = {"run": {"time": "2026-11-22T12:00:00Z", "versions": {"justgeo": "0.1.0"}}}


def _write(folder: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> list[Path]:
    return write.write_all(folder, content, made.checklist(), zones, made.basemap(), RUN)


def test_writes_everything_and_names_it(out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    files = _write(out, content, zones)
    assert sorted(p.name for p in out.iterdir()) == sorted(write.FILES) == sorted(p.name for p in files)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["run"] == RUN["run"]
    assert {one["id"]: one["sha256"] for one in manifest["inputs"]} == {p["id"]: p["sha256"] for p in content["layers"]}
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert [p.name for p in out.parent.iterdir()] == ["mill-pond"]


def test_inputs_without_a_number_stand_beside_the_others(content: dict[str, Any]) -> None:
    read = {"source": "", "dataset": "", "vintage": "2020", "retrieved": "", "sha256": "e" * 64}
    more = {"inputs": [{"id": "counties", **read}, {"id": "walk", **read}], "settings": [{"id": "boundary"}]}
    told = json.loads(write.manifest_bytes(content, {}, more))
    inputs = {one["id"]: one for one in told["inputs"]}
    assert list(inputs) == sorted({"counties", *(layer["id"] for layer in content["layers"])})
    assert inputs["counties"] == {"id": "counties", **read}
    assert inputs["walk"]["sha256"] == made.OSM.sha256  # as the results have it
    assert told["settings"] == [{"id": "boundary"}]


def test_same_input_same_bytes(tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    one, other = _write(tmp_path / "a", content, zones), _write(tmp_path / "b", content, zones)
    for a, b in zip(one, other, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


def test_the_number_of_transactions_is_not_in_the_bytes(
    tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    """GDAL makes one transaction more or less as the clock has it; here two are added."""
    _write(tmp_path / "a", content, zones)
    path, before = tmp_path / "a" / "indicators.gpkg", (tmp_path / "a" / "indicators.gpkg").read_bytes()
    for identifier in ("other", "indicators"):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE gpkg_contents SET identifier = ? WHERE table_name = 'indicators'", (identifier,))
    assert path.read_bytes() != before
    write.settle(path)
    assert path.read_bytes() == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(gpd.read_file(path, layer="district")) == 1


def test_a_failure_leaves_the_old_results(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(out, content, zones)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    before = {p.name: p.read_bytes() for p in out.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables, "write_gpkg", full)
    with pytest.raises(OutputError, match="No space left"):
        _write(out, content, zones)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [p.name for p in out.parent.iterdir()] == ["mill-pond"]


def test_a_failed_swap_puts_the_old_back(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the system cannot exchange two folders: the old one is moved, and has to come back."""
    _write(out, content, zones)
    monkeypatch.setattr(whole, "exchange", lambda one, other: False)
    real = Path.replace

    def stuck(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise PermissionError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", stuck)
    with pytest.raises(OutputError, match="close programs"):
        _write(out, content, zones)
    assert (out / "manifest.json").exists()
    assert [p.name for p in out.parent.iterdir()] == ["mill-pond"]


def test_a_second_run_replaces_and_keeps_what_is_not_ours(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    _write(out, content, zones)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    (out / "index.html").write_text("old", encoding="utf-8")
    _write(out, content, zones)
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "index.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_refuses_a_folder_of_something_else(tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    (tmp_path / "thesis.doc").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match=r"thesis\.doc"):
        _write(tmp_path, content, zones)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]


def test_refuses_a_file_and_a_place_that_cannot_be_written(
    tmp_path: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="is a file"):
        _write(taken, content, zones)
    with pytest.raises(OutputError, match="cannot be written"):
        _write(taken / "below" / "it", content, zones)


# ------------------------------------------------------------------------------------------------ the analysts' folder


def _with_analysts(
    folder: Path, content: dict[str, Any], zones: gpd.GeoDataFrame, text: str = "internal"
) -> list[Path]:
    def inner(part: Path) -> None:
        (part / "README.txt").write_text(text, encoding="utf-8")
        (part / "manifest.json").write_text(json.dumps({"made_by": write.INTERNAL}), encoding="utf-8")

    return write.write_all(folder, content, made.checklist(), zones, made.basemap(), RUN, {write.INNER: inner})


def test_a_folder_for_analysts_is_made_inside_and_replaced(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    files = _with_analysts(out, content, zones)
    assert [p.name for p in files] == list(write.FILES), "what is for the public is named, the rest is not"
    assert {p.name for p in out.iterdir()} == {*write.FILES, write.INNER}
    _with_analysts(out, content, zones, "again")
    assert (out / write.INNER / "README.txt").read_text(encoding="utf-8") == "again"
    outputs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    assert set(outputs) == set(write.FILES) - {"manifest.json"}


def test_a_run_for_the_public_takes_the_analysts_folder_away(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    _with_analysts(out, content, zones)
    (out / "remark.txt").write_text("mine", encoding="utf-8")
    _write(out, content, zones)
    assert {p.name for p in out.iterdir()} == {*write.FILES, "remark.txt"}


def test_a_folder_of_that_name_that_is_somebodys_own_is_not_lost(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    _write(out, content, zones)
    own = out / write.INNER / "notes.txt"
    own.parent.mkdir()
    own.write_text("mine", encoding="utf-8")
    _write(out, content, zones)
    assert own.read_text(encoding="utf-8") == "mine"
    with pytest.raises(OutputError, match="holds other files than justgeo displacement wrote"):
        _with_analysts(out, content, zones)
    assert own.read_text(encoding="utf-8") == "mine"


def test_a_folder_for_analysts_alone_is_no_place_for_results(
    out: Path, content: dict[str, Any], zones: gpd.GeoDataFrame
) -> None:
    write.put(out, ("manifest.json",), lambda part: _manifest(part, write.INTERNAL), write.INTERNAL)
    with pytest.raises(OutputError, match="no results of justgeo"):
        _write(out, content, zones)
    assert [p.name for p in out.iterdir()] == ["manifest.json"]


def _manifest(part: Path, maker: str) -> None:
    (part / "manifest.json").write_text(json.dumps({"made_by": maker}), encoding="utf-8")
