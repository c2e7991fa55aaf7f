"""All of it or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
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


# ------------------------------------------------------------------------------------------------ a planner's own files


def _again(out: Path, late: str) -> None:
    """Replace results; ``late`` is put beside the earlier ones, or edited there, when they are about to make room."""
    real = write._swap

    def swap(part: Path, target: Path) -> None:
        (out / late).write_text("just typed", encoding="utf-8")
        real(part, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "_swap", swap)
        write.put(out, ("manifest.json",), lambda part: _manifest(part, write.MAKER))


@pytest.mark.parametrize("late", ["late.txt", "notes.txt"], ids=["new", "edited"])
def test_a_late_file_that_cannot_follow_is_kept_with_the_earlier_results(
    out: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    write.put(out, ("manifest.json",), lambda part: _manifest(part, write.MAKER))
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    os.utime(out / "notes.txt", (1e9, 1e9))
    real = shutil.copy2

    def full(source: Path, target: Path, **more: Any) -> Any:
        if source.read_bytes() == b"just typed":
            target.write_bytes(b"just")
            raise OSError(28, "No space left on device")
        return real(source, target, **more)

    if not _exchanges(out.parent):
        pytest.skip("two folders cannot change places here: the earlier ones are moved, and late files with them")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", full)
        with pytest.raises(OutputError, match="No space left") as caught:
            _again(out, late)
    (kept,) = (one for one in out.parent.iterdir() if one != out)
    assert str(kept) in caught.value.remedy
    assert (kept / late).read_text(encoding="utf-8") == "just typed"
    assert (out / "manifest.json").exists() and not (out / late).exists(), "no half file is taken for the whole"
    _again(out, "more.txt")  # the next run leaves the folder alone, and brings what can follow
    whole.sweep_all(out.parent)
    assert (kept / late).read_text(encoding="utf-8") == "just typed"
    assert (out / "more.txt").read_text(encoding="utf-8") == "just typed"


def test_where_the_earlier_results_cannot_be_kept_aside_they_stay(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.put(out, ("manifest.json",), lambda part: _manifest(part, write.MAKER))
    if not _exchanges(out.parent):
        pytest.skip("two folders cannot change places here")

    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "copy2", broken)
    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(OutputError, match="Input/output"):
        _again(out, "late.txt")
    assert (out / "late.txt").read_text(encoding="utf-8") == "just typed"
    assert list(out.parent.iterdir()) == [out]


def _exchanges(folder: Path) -> bool:
    for name in ("one", "other"):
        (folder / name).mkdir()
    done = whole.exchange(folder / "one", folder / "other")
    for name in ("one", "other"):
        (folder / name).rmdir()
    return done


def test_folders_that_only_look_like_ours_are_left_alone(tmp_path: Path) -> None:
    """What a killed run moved aside bears eight signs that nobody chooses; a planner's own copy does not."""
    out = tmp_path / "out"
    write.put(out, ("manifest.json",), lambda part: _manifest(part, write.MAKER))
    own = [tmp_path / name for name in (".out.backup.old", ".out.old", ".out.2026-11.old", "out.0123abcd.old")]
    for one in (*own, tmp_path / ".out.0123abcd.old"):
        one.mkdir()
        (one / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / ".my notes.part").write_text("mine", encoding="utf-8")
    write.check(out)
    _again(out, "late.txt")
    assert [one for one in own if not (one / "notes.txt").exists()] == []
    assert (tmp_path / ".my notes.part").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / ".out.0123abcd.old").exists(), "that is ours, and its place is taken"
    shutil.rmtree(out)
    write.check(out)
    assert not out.exists(), "nobody's own folder is put into the place of results"
