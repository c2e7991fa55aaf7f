"""What a run says of itself, read again: whole or refused, without a folder of the machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from justgeo import config, manifests
from justgeo.core.errors import OutputError
from justgeo.core.spec import LayerSpec
from justgeo.report import results, write
from tests.report import made

RUN = {"justgeo": "0.1.0", "python": "3.11.7", "packages": {"numpy": "2.1.0"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = results.to_dict(made.baseline())
    settings = [{"id": "district.toml", "file": "district.toml", "sha256": "a" * 64}]
    told = write.manifest_bytes(content, {"results.json": "b" * 64}, {"run": RUN, "settings": settings})
    (tmp_path / "manifest.json").write_bytes(told)
    return tmp_path


@pytest.fixture
def district(tmp_path: Path) -> config.RunConfig:
    place = tmp_path / "place"
    place.mkdir()
    (place / "old.geojson").write_text("{}", encoding="utf-8")
    (place / "answers.yml").write_text("items: {GW-1: [{text: Forty came., publish: true}]}", encoding="utf-8")
    text = '[district]\nname = "Old Town"\nboundary = "old.geojson"\n[protocol]\nanswers = "answers.yml"\n'
    (place / "district.toml").write_text(text, encoding="utf-8")
    return config.read(place)


def test_reads_back_what_a_run_wrote(folder: Path) -> None:
    told = manifests.read(folder)
    assert told.slug == "mill-pond" and not told.synthetic
    assert told.inputs["walk"]["sha256"] == made.OSM.sha256
    assert set(told.inputs["walk"]) == {"source", "dataset", "vintage", "retrieved", "sha256"}
    assert told.settings == {"district.toml": {"file": "district.toml", "sha256": "a" * 64}}
    assert told.absent_layers["gtfs"] == "no timetable was given"
    assert told.program == {"justgeo": "0.1.0", "python": "3.11.7", "numpy": "2.1.0"}
    assert manifests.config_of(folder, told) is None


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: {name: one for name, one in told.items() if name != key}


def _with(**changed: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: told | changed


@pytest.mark.parametrize("key", ["slug", "synthetic", "inputs", "settings", "absent_layers", "outputs", "run"])
def test_a_missing_part_is_named(folder: Path, key: str) -> None:
    _rewrite(folder, _without(key))
    with pytest.raises(OutputError, match=f"{key!r} is missing") as refused:
        manifests.read(folder)
    assert "justgeo run" in refused.value.remedy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("made_by"), "no manifest of justgeo"),
        (_with(made_by="another program"), "no manifest of justgeo"),
        (_with(schema_version="0.9"), "schema version '0.9'"),
        (_without("schema_version"), "schema version None"),
        (_with(inputs={}), "'inputs' is not what it should be"),
        (_with(inputs=[{"id": "walk"}]), "a row of 'inputs' lacks"),
        (_with(inputs=["walk"]), "a row of 'inputs' lacks"),
        (_with(settings=[{"id": "boundary", "file": "b", "sha256": None}]), "a row of 'settings' lacks"),
        (_with(outputs={}), "does not name results.json"),
        (_with(outputs={"results.json": "short"}), "'results.json' has no name or no digest"),
        (_with(outputs={"../results.json": "b" * 64}), "no name or no digest"),
        (_with(outputs={"..": "b" * 64}), "no name or no digest"),
        (_with(outputs={"results.json": 7}), "no name or no digest"),
        (_with(synthetic="no"), "'synthetic' is not what it should be"),
    ],
)
def test_damage_is_refused_and_named(
    folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    _rewrite(folder, change)
    with pytest.raises(OutputError, match=message) as refused:
        manifests.read(folder)
    assert refused.value.remedy


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"7", b'{"made_by": "justgeo"', b"[" * 100_000])
def test_what_is_no_manifest_is_refused(folder: Path, text: bytes) -> None:
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(OutputError):
        manifests.read(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"holds no manifest\.json"):
        manifests.read(tmp_path)
    with pytest.raises(OutputError, match="There is no folder"):
        manifests.read(tmp_path / "nothing")


def test_the_files_that_say_how_are_told_by_digest(district: config.RunConfig) -> None:
    told = manifests.settings(district)
    assert list(told) == [
        "district.toml", "boundary", "answers", "catalogue/indicators.yml", "catalogue/layers.yml",
        "catalogue/protocol.yml", "catalogue/sentences.yml",
    ]  # fmt: skip
    assert told["boundary"]["file"] == "old.geojson"
    assert all(len(one["sha256"]) == 64 for one in told.values())
    # What people said counts, not how the file is laid out.
    file = district.base / "answers.yml"
    said = "# asked again\nitems:\n  GW-1:\n  - {text: Forty came., publish: yes}\n"
    file.write_text(said + "  - Kept back.\n", encoding="utf-8")
    assert manifests.settings(config.read(district.path))["answers"] == told["answers"]
    file.write_text(said.replace("Forty", "Fifty"), encoding="utf-8")
    assert manifests.settings(config.read(district.path))["answers"] != told["answers"]
    (district.base / "old.geojson").unlink()
    assert manifests.settings(district)["boundary"] == {"file": "old.geojson", "sha256": ""}


def test_other_files_that_decide_are_told_too(district: config.RunConfig, tmp_path: Path) -> None:
    (tmp_path / "edge.geojson").write_text("{}", encoding="utf-8")
    (tmp_path / "own.yml").write_text("source: us", encoding="utf-8")
    spec = LayerSpec("parks", tmp_path / "parks.gpkg", {"covers": {"file": "edge.geojson"}})
    boxed = LayerSpec("walk", tmp_path / "walk.gpkg", {"covers": [0, 0, 1, 1]})
    wide = replace(
        district,
        layers={"parks": spec, "walk": boxed},
        reference_file={"file": "old.geojson"},
        commitments=tmp_path / "own.yml",
        fetch=config.Fetching(),
    )
    more = set(manifests.settings(wide)) - set(manifests.settings(district))
    assert more == {
        "area that parks covers", "reference", "commitments", "catalogue/services.yml", "catalogue/datasets.yml",
    }  # fmt: skip


def test_the_way_to_the_district_is_told_from_the_folder(district: config.RunConfig, tmp_path: Path) -> None:
    out = tmp_path / "out" / "old-town"
    told = manifests.make(district, {}, out, tmp_path / "kept")["run"]
    assert told["config"] == "../../place/district.toml"
    assert told["records"] == "../../kept"
    # Both moved together, it is still found.
    there = tmp_path / "elsewhere"
    shutil.copytree(district.base, there / "place")
    whole = manifests.Manifest("old-town", False, {}, {}, {}, {}, told)
    assert manifests.config_of(there / "out" / "old-town", whole) == (there / "place" / "district.toml").resolve()
    assert manifests.records_of(there / "out" / "old-town", whole) is None


def test_a_way_by_the_top_of_the_machine_is_not_told(district: config.RunConfig) -> None:
    """It would name the folders of whoever ran it."""
    assert "config" not in manifests.make(district, {}, Path("/of-nobody/out"))["run"]


def test_a_url_of_records_is_told_unless_it_names_folders(district: config.RunConfig, tmp_path: Path) -> None:
    told = manifests.make(district, {}, tmp_path / "out", "s3://bucket/prefix")["run"]
    assert told["records"] == "s3://bucket/prefix"
    whole = manifests.Manifest("old-town", False, {}, {}, {}, {}, told)
    assert manifests.records_of(tmp_path / "out", whole) == "s3://bucket/prefix"
    assert "records" not in manifests.make(district, {}, tmp_path / "out", (tmp_path / "kept").as_uri())["run"]


def test_no_folder_of_the_machine_stands_in_the_manifest(district: config.RunConfig, tmp_path: Path) -> None:
    said = json.dumps(manifests.make(district, {}, tmp_path / "out", tmp_path / "kept"))
    assert str(tmp_path) not in said and tmp_path.name not in said


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
