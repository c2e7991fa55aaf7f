"""`justgeo export`: from a folder of outputs, chosen, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from justgeo import exporting
from justgeo.cli import main
from justgeo.core.errors import ConfigError, LayerError, OutputError
from tests.report import made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.write_folder(tmp_path_factory.mktemp("export") / "mill-pond", made.baseline())


@pytest.mark.parametrize("form", exporting.FORMATS)
def test_every_format_is_written_and_the_same_again(folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "new" / f"grant.{form}"
    done = exporting.export(folder, only=["OPP-02", "WEL-04"], groups=["race"], out=out)
    assert done.files[0] == out and done.n_rows and done.left_out
    before = out.read_bytes()
    exporting.export(folder, only=["OPP-02", "WEL-04"], groups=["race"], out=out)
    assert out.read_bytes() == before
    assert [one.name for one in tmp_path.rglob("*.part")] == []


def test_a_family_stands_for_its_rows(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grant.csv"
    exporting.export(folder, only=["wel-04"], groups=[exporting.NONE], out=out)
    table = pd.read_csv(out)
    assert set(table["indicator"]) == {"WEL-04.800"} and set(table["group"]) == {"all"}
    assert set(table["zone_role"]) == {"district", "reference"}
    gone = pd.read_csv(tmp_path / "grant.left-out.csv")
    assert "Not picked for this export." in set(gone["why"])


def test_an_area_in_place_of_the_district(folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    tract = next(zone for zone in content["zones"] if zone["geography"] == "tract")
    exporting.export(folder, place=tract["id"], only=["BEL-03"], out=tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    cells = [cell for line in book["Belonging"].iter_rows(values_only=True) for cell in line]
    told = next(r for r in content["records"] if r["zone"] == tract["id"] and r["indicator"] == "BEL-03")
    assert told["value"] in cells


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"only": ["OPP-2x"]}, "There is no indicator 'OPP-2X'"),
        ({"groups": ["rase"]}, "did you mean 'race'"),
        ({"place": "99001000099"}, "There is no area"),
        ({"form": "dox"}, "did you mean 'docx'"),
        ({"form": "docx", "out": Path("a.pdf")}, "does not end in .docx"),
        ({"out": Path("a")}, "No format is named"),
    ],
)
def test_what_is_not_known_is_refused(folder: Path, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        exporting.export(folder, **{"form": "md", **asked} if "out" not in asked else asked)
    assert told in str(refused.value)


def test_another_file_is_never_written_over(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "letter.md"
    out.write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match="--replace"):
        exporting.export(folder, out=out)
    assert out.read_text(encoding="utf-8") == "years of work"
    exporting.export(folder, out=out, replace=True)
    assert out.read_text(encoding="utf-8").startswith("# Baseline")


def test_a_failed_write_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        exporting.export(folder, out=tmp_path / "a.md")
    assert list(tmp_path.iterdir()) == []


def test_the_map_with_sites_from_csv_and_geojson(folder: Path, tmp_path: Path) -> None:
    csv = tmp_path / "sites.csv"
    csv.write_text("Name,Longitude,Latitude\nLibrary,-78.5,38.0\nMoon,10,10\n", encoding="utf-8")
    done = exporting.export_map(folder, tmp_path / "letter.pdf", csv)
    assert (tmp_path / "letter.pdf").read_bytes().startswith(b"%PDF-")
    assert ("Moon", "It lies off the page.") in done.left_out
    exporting.read_sites(csv).to_file(tmp_path / "sites.geojson")
    assert list(exporting.read_sites(tmp_path / "sites.geojson")["name"]) == ["Library", "Moon"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,east\nA,1\n", "name them name, lon and lat"),
        ("name,lon,lat\nA,1,2\nB,x,2\n", "line 3"),
        ("", "cannot be read"),
    ],
)
def test_sites_that_cannot_be_read(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "sites.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        exporting.read_sites(tmp_path / "sites.csv")
    assert told in str(refused.value)


def test_a_geopackage_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    gone = content["zones"].pop()["id"]
    content["records"] = [one for one in content["records"] if gone not in (one["zone"], one["instead"])]
    (tmp_path / "results.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "indicators.gpkg").write_bytes((folder / "indicators.gpkg").read_bytes())
    with pytest.raises(LayerError, match="two runs"):
        exporting.export_map(tmp_path, tmp_path / "a.png")


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.md"
    assert main(["export", str(folder), "--only", "OPP-02,BEL-02", "--groups", "race", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert str(out) in told and "left out:" in told
    assert main(["export", str(folder), "--sites", "x.csv"]) == 2
    assert main(["export", str(folder), "--map", str(tmp_path / "a.png"), "--only", "OPP-02"]) == 2
    assert main(["export", str(tmp_path), "--format", "md"]) == 2
    assert "results.json" in capsys.readouterr().err
