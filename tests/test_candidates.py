"""`justgeo compare`: candidates beside each other, each as its own run has it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from justgeo import candidates, cli, collecting, run
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import candidates as pages
from tests import nowhere


@dataclass(frozen=True)
class Two:
    paths: tuple[Path, Path]
    out: Path
    made: dict[str, Any]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    kept, made = nowhere.compared(tmp_path_factory)
    here = Path(shutil.copytree(kept, tmp_path_factory.mktemp("candidates") / "here"))
    return Two((here / "a" / "district.toml", here / "b" / "district.toml"), here / "out", made)


def test_each_column_is_what_its_own_run_says(two: Two) -> None:
    """Of everybody, that is: groups have no columns, so these runs need not measure them."""
    for k, path in enumerate(two.paths):
        found = collecting.collect_layers(run.read_config(path))
        found = replace(found, rows=tuple(replace(row, groups={}) for row in found.rows))
        baseline, _ = run.measure_place(found)
        own = {r.indicator: r for r in baseline.records if r.zone == "district" and r.group == "all"}
        numbers = 0
        for row in two.made["rows"]:
            cell, mine = row["cells"][k], own[row["id"]]
            assert cell["reason"] == mine.reason
            if mine.value is None:
                assert cell["value"] is None
                continue
            numbers += 1
            assert cell["value"] == pytest.approx(mine.value, rel=1e-11)
            assert cell["moe"] == (None if mine.moe is None else pytest.approx(mine.moe, rel=1e-11))
        assert numbers == two.made["candidates"][k]["measured"] > 20


def test_what_scoping_asks_is_told(two: Two) -> None:
    whole, half = two.made["candidates"]
    assert whole["label"] == "A: Whole" and half["label"] == "B: West half"
    assert 0 < half["residents"] < whole["residents"] and half["area_km2"] == pytest.approx(
        whole["area_km2"] / 2, rel=0.6
    )
    (pair,) = two.made["common"]
    assert pair["of_b"] == pytest.approx(1.0, abs=1e-3)
    assert pair["of_a"] == pytest.approx(half["area_km2"] / whole["area_km2"], abs=2e-3)
    assert half["split"]["block group"] > 0 and 0 <= whole["split"]["tract"] <= 1


def test_a_line_along_tracts_cuts_nothing(two: Two) -> None:
    config = run.read_config(two.paths[0])
    tracts = gpd.read_file(config.layers["tracts"].path)
    column = next(c for c in tracts.columns if c.upper().startswith("GEOID"))
    chosen = sorted(tracts[column])[:2]
    path = two.paths[0].parent / "tracts.toml"
    text = two.paths[0].read_text().replace('"boundary" = "line.geojson"', f'"geoids" = {json.dumps(chosen)}')
    path.write_text(text)
    found = collecting.collect_layers(run.read_config(path))
    assert candidates.split(run.make_place(found)) == {"block group": 0.0, "tract": 0.0}


def test_what_no_single_tract_is_told_of_is_told_of_no_two_lines(two: Two) -> None:
    shown = {row["id"] for row in two.made["rows"]}
    assert "BEL-02" in shown and not {i for i in shown if i in ("BEL-01", "BEL-01.renters")}
    assert len(two.made["withheld"]) >= 2
    for name in pages.FILES[:2]:
        text = (two.out / name).read_text(encoding="utf-8")
        assert "BEL-01" not in text.replace("BEL-01.vulnerable", "")


def test_the_table_has_a_row_for_each_candidate_and_indicator(two: Two) -> None:
    rows = list(csv.DictReader(io.StringIO((two.out / "compare.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 2 * len(two.made["rows"])
    assert all((row["value"] != "") or row["reason"] or row["text"] for row in rows)
    assert {row["invented"] for row in rows} == {pages.INVENTED}


def test_the_page_says_so_where_there_is_no_number(two: Two) -> None:
    text = (two.out / "compare.html").read_text(encoding="utf-8")
    assert "A: Whole" in text and "What cannot be told" in text and pages.INVENTED in text
    assert "streets, parks, stops, amenities" in text
    assert json.loads((two.out / "compare.json").read_text(encoding="utf-8"))["candidates"][0]["name"] == "Whole"


def test_who_has_to_be_named_is_named(two: Two) -> None:
    odbl = {**two.made["layers"][0], "licence": "ODbL 1.0", "attribution": ""}
    assert "© OpenStreetMap contributors" in pages.render({**two.made, "layers": [odbl]})


def test_the_same_candidates_give_the_same_bytes(two: Two, tmp_path: Path) -> None:
    pages.write_all(tmp_path / "again", two.made)
    for name in pages.FILES:
        assert (tmp_path / "again" / name).read_bytes() == (two.out / name).read_bytes()


def test_what_cannot_be_compared_is_refused(two: Two, tmp_path: Path) -> None:
    one = two.paths[0]
    with pytest.raises(ConfigError, match="1 candidate boundaries"):
        candidates.compare([one], tmp_path / "out")
    with pytest.raises(ConfigError, match="named twice"):
        candidates.compare([one, one.parent], tmp_path / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(OutputError, match="holds other files"):
        candidates.compare(two.paths, tmp_path / "mine")
    assert not (tmp_path / "out").exists()


def test_the_command_prints_and_says_where_to_look(two: Two, capsys: pytest.CaptureFixture[str]) -> None:
    with nowhere.only(("BEL-02", "WEL-04.800", "ENV-01")):
        assert cli.main(["-q", "compare", *map(str, two.paths), "--out", str(two.out)]) == 0
    said = capsys.readouterr().out
    assert "A: Whole" in said and "km²" in said and str(two.out / "compare.html") in said
