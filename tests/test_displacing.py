"""The story of the displacement command from a table: one folder, all of it or nothing, marked, the same each time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import justgeo
from justgeo import displacing
from justgeo.core.errors import ConfigError, OutputError
from justgeo.displacing import Another, Beside, Displacement
from justgeo.measure.typology.prepare import TooFewTracts
from justgeo.report.displacement_tables import FILES
from justgeo.report.displacement_terms import MARK, NO_MARKET
from justgeo.report.results import INVENTED
from tests import tract_table as made
from tests.tract_table import Row

DRAWS = 1000
YEARS = (2014, 2024)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with shapes, pairs and figures of the region beside it."""
    return made.region(tmp_path_factory.mktemp("region"))


@pytest.fixture(scope="module")
def found(here: Path) -> Displacement:
    beside = Beside(shapes=here / "shapes.gpkg", region=here / "region.toml")
    return displacing.displacement(here / "tracts.csv", here / "out", beside=beside, years=YEARS, draws=DRAWS)


@pytest.fixture
def analyse(tmp_path: Path) -> Callable[..., Displacement]:
    """Write rows, analyse them, write nothing."""

    def _analyse(rows: list[Row], **options: Any) -> Displacement:
        asked = {"years": YEARS, "draws": DRAWS, **options}
        return displacing.displacement(made.write(tmp_path / "tracts.csv", rows), **asked)

    return _analyse


def cells(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def classes(found: Displacement) -> dict[str, tuple[Any, ...]]:
    return {
        tract["geoid"]: (tract["vulnerable"], tract["changed"], *(one["stage"] for one in tract["variants"].values()))
        for tract in found.content["tracts"]
    }


# ---------------------------------------------------------------------------------------------------------- the folder


def test_the_folder_holds_its_files_and_nothing_else(found: Displacement, here: Path) -> None:
    assert found.folder == here / "out"
    assert {path.name for path in found.folder.iterdir()} == set(FILES)


def test_every_file_says_that_it_is_not_for_a_public_page_and_that_the_place_is_invented(
    found: Displacement, here: Path
) -> None:
    for name in FILES:
        text = (here / "out" / name).read_text(encoding="utf-8")
        assert (MARK if name != "displacement.html" else "Internal: ") in text, name
        assert INVENTED in text, name
        if name.endswith(".json"):
            assert next(iter(json.loads(text))) == "mark"
        elif name.endswith(".csv"):
            assert all(row["audience"] == MARK for row in cells(here / "out" / name))
        elif name != "displacement.html":
            assert MARK in text.splitlines()[0]


def test_a_real_place_is_not_said_to_be_invented(analyse: Callable[..., Displacement]) -> None:
    rows = made.changed(made.rows(), lambda row: {"geoid": row["geoid"].replace("99001", "08031")})
    found = analyse(rows)
    assert not found.synthetic
    assert found.content["invented"] == ""


def test_json_holds_no_number_that_is_none(found: Displacement, here: Path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    for path in (here / "out").glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_same_inputs_same_bytes(found: Displacement, here: Path, tmp_path: Path) -> None:
    beside = Beside(shapes=here / "shapes.gpkg", region=here / "region.toml")
    displacing.displacement(here / "tracts.csv", tmp_path / "again", beside=beside, years=YEARS, draws=DRAWS)
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (here / "out" / name).read_bytes(), name


def test_the_manifest_names_inputs_and_outputs_by_digest(found: Displacement, here: Path) -> None:
    told = json.loads((here / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert {one["id"]: one["file"] for one in told["inputs"]} == {
        "table": "tracts.csv",
        "shapes": "shapes.gpkg",
        "region": "region.toml",
    }
    table = hashlib.sha256((here / "tracts.csv").read_bytes()).hexdigest()
    assert table in {one["sha256"] for one in told["inputs"]}
    for name, digest in told["outputs"].items():
        assert hashlib.sha256((here / "out" / name).read_bytes()).hexdigest() == digest
    assert set(told["outputs"]) == set(FILES) - {"manifest.json"}
    assert (told["draws"], told["seed"]) == (DRAWS, 20250101)
    assert str(here) not in json.dumps(told)


def test_the_table_of_tracts_says_what_the_summary_counts(found: Displacement, here: Path) -> None:
    rows = cells(here / "out" / "tracts.csv")
    assert [row["geoid"] for row in rows] == [made.geoid(i) for i in range(len(rows))]
    summary = json.loads((here / "out" / "summary.json").read_text(encoding="utf-8"))
    flagged = [row for row in rows if row["value_pressed"] == "1"]
    assert 0 < len(flagged) < len(rows)
    assert summary["headline"]["households"]["tracts"] == len(flagged)
    assert summary["headline"]["households"]["flagged"]["value"] == sum(float(row["households"]) for row in flagged)
    expected = sum(float(row["households"]) * float(row["value_pressed_chance"]) for row in rows)
    assert summary["headline"]["households"]["expected"]["value"] == pytest.approx(expected)
    for method in summary["methods"]:
        assert method["flagged"] == sum(row[f"method_{method['id']}"] == "1" for row in rows)
    for stage in summary["stages"]["value"][:8]:
        assert stage["tracts"] == sum(row["value_stage"] == stage["stage"] for row in rows)


def test_chances_of_stages_sum_to_one(found: Displacement, here: Path) -> None:
    for row in cells(here / "out" / "tracts.csv"):
        for variant in ("value", "rent", "either"):
            chances = [float(cell) for name, cell in row.items() if name.startswith(f"{variant}_chance_")]
            assert len(chances) == 9
            assert sum(chances) == pytest.approx(1.0)


def test_the_reference_set_is_published_with_the_result(found: Displacement, here: Path) -> None:
    told = json.loads((here / "out" / "reference.json").read_text(encoding="utf-8"))
    assert told["geoids"] == [made.geoid(i) for i in range(made.SIDE**2)]
    assert told["years"] == [2014, 2024]
    assert told["price"] == pytest.approx(1.325058, abs=1e-6)
    assert told["settings"]["draws"] == DRAWS
    thresholds = {one["id"]: one["threshold"] for one in told["conditions"]}
    rows = made.rows()
    renters, homes = (sum(row[f"{name}_t1"] for row in rows) for name in ("renters", "households"))
    assert thresholds["renters"]["value"] == pytest.approx(renters / homes)
    assert thresholds["value.now_high"]["value"] == pytest.approx(np.quantile([row["value_t1"] for row in rows], 0.6))
    assert thresholds["income"]["value"] == pytest.approx(81_000 / (60_000 * told["price"]) - 1)


def test_sensitivity_and_agreement_are_told(found: Displacement, here: Path) -> None:
    choices = {row["choice"] for row in cells(here / "out" / "sensitivity.csv")}
    assert choices == {"as reported", "thresholds 10 % lower", "thresholds 10 % higher"}
    pairs = {(row["a"], row["b"]): row for row in cells(here / "out" / "agreement.csv")}
    assert ("vulnerable", "udp") in pairs and ("ding", "ding") in pairs
    row = pairs["vulnerable", "udp"]
    assert sum(int(row[name]) for name in ("both", "only_a", "only_b", "neither")) == int(row["told"]) == 36


# ------------------------------------------------------------------------------------------------------ all or nothing


def test_a_folder_of_other_things_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="holds other files"):
        displacing.displacement(tmp_path / "there-is-no-table.csv", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_the_outputs_of_a_run_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"made_by": "justgeo"}', encoding="utf-8")
    with pytest.raises(OutputError, match="no results of justgeo displacement"):
        displacing.displacement(tmp_path / "tracts.csv", tmp_path)


def test_an_earlier_folder_is_replaced_and_kept_where_the_new_one_fails(
    found: Displacement, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    displacing.written(found, out)
    (out / "remark.txt").write_text("mine", encoding="utf-8")
    displacing.written(found, out)
    assert {path.name for path in out.iterdir()} == {*FILES, "remark.txt"}

    def fail(content: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("justgeo.report.displacement_page.render", fail)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(OutputError, match="No space left"):
        displacing.written(found, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert list(tmp_path.iterdir()) == [out]


def test_nothing_is_written_where_nobody_says_where(
    here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    found = justgeo.displacement(here / "tracts.csv", years=YEARS, draws=DRAWS)
    assert found.folder is None
    assert not list(tmp_path.iterdir())


def test_the_face_is_not_taken_away_by_a_module() -> None:
    import justgeo.displacing as module

    assert justgeo.displacement is module.displacement
    assert "displacement" in dir(justgeo)


# ------------------------------------------------------------------------------------------------- tables as they come


def test_the_order_of_rows_does_not_matter(analyse: Callable[..., Displacement]) -> None:
    rows = made.rows()
    assert classes(analyse(rows)) == classes(analyse(rows[::-1]))


def test_pairs_of_neighbours_say_the_same_as_shapes(
    found: Displacement, here: Path, tmp_path: Path, analyse: Callable[..., Displacement]
) -> None:
    touch = found.typology.tracts.neighbours
    assert touch is not None
    i, j = touch.nonzero()
    assert len(i) == 2 * (2 * 6 * 5 + 2 * 5 * 5), "edges and corners of a grid of six by six"
    lines = [f"{made.geoid(int(a))},{made.geoid(int(b))}" for a, b in zip(i, j, strict=True) if a < b]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("geoid,neighbour\n" + "\n".join(lines) + "\n", encoding="utf-8")
    again = analyse(made.rows(), beside=Beside(neighbours=pairs, region=here / "region.toml"))
    assert classes(again) == classes(found)


def test_without_contiguity_what_hangs_on_neighbours_cannot_be_told(
    found: Displacement, here: Path, analyse: Callable[..., Displacement]
) -> None:
    bare = analyse(made.rows(), beside=Beside(region=here / "region.toml"))
    assert any("No shapes and no neighbours are given" in note for note in bare.content["notes"])
    for one, other in zip(bare.content["tracts"], found.content["tracts"], strict=True):
        market, whole = one["variants"]["value"]["market"], other["variants"]["value"]["market"]
        assert market == whole or (market is None and whole in ("none", "adjacent"))
    untold = [t for t in bare.content["tracts"] if t["variants"]["value"]["market"] is None]
    assert untold, "a low tract with a low change hangs on its neighbours"


def test_one_tract_is_no_region(analyse: Callable[..., Displacement]) -> None:
    with pytest.raises(TooFewTracts, match="Of 1 tracts 1 can be classed") as refused:
        analyse(made.rows()[:1])
    assert "larger reference" in refused.value.remedy


def test_where_all_tracts_are_alike_none_is_above_the_others(analyse: Callable[..., Displacement]) -> None:
    rows = made.rows()
    alike = made.changed(rows, lambda row: {name: rows[0][name] for name in row if name != "geoid"})
    tracts = analyse(alike).content["tracts"]
    assert {tract["vulnerable"] for tract in tracts} == {False}, "a tie is not above"
    assert {tract["conditions"]["renters"]["holds"] for tract in tracts} == {False}
    assert {tract["conditions"]["white"]["holds"] for tract in tracts} == {True}, "a change that is the region's holds"
    assert {tract["conditions"]["value.now_high"]["holds"] for tract in tracts} == {False}


def test_without_an_earlier_survey_the_pressures_alone_are_told(analyse: Callable[..., Displacement]) -> None:
    rows = made.without(made.rows(), lambda name: "_t0" in name)
    found = analyse(rows, years=(2024,))
    assert {one["id"]: one["told"] for one in found.content["methods"]} == {"vulnerable": 36, "udp": 36}
    assert found.content["agreement"]["methods"] == ["vulnerable", "udp"]
    assert found.content["years"] is None and found.content["price"] is None
    lines = displacing.words(found)
    told = " ".join(line.strip() for line in lines)
    assert "live in tracts where three of four shares are high; weighted by chance" in told
    assert "  The market of homes cannot be told here; the notes say why." in lines
    for market in found.content["headlines"].values():
        assert market["households"]["flagged"] == {"value": None, "moe": None}, "no market: none is no finding"
        assert market["households"]["reason"] == NO_MARKET
    assert found.content["pressures"]["households"]["flagged"]["value"] > 0


def test_without_margins_there_are_classes_and_no_chances(found: Displacement, here: Path, tmp_path: Path) -> None:
    rows = made.without(made.rows(), lambda name: name.endswith("_moe"))
    table = made.write(tmp_path / "bare.csv", rows)
    beside = Beside(shapes=here / "shapes.gpkg", region=here / "region.toml")
    bare = displacing.displacement(table, beside=beside, years=YEARS, draws=DRAWS)
    assert classes(bare) == classes(found)
    assert all(tract["p_vulnerable"] is None for tract in bare.content["tracts"])
    assert bare.content["headline"]["households"]["flagged"]["moe"] is None
    assert all(one["threshold"]["moe"] is None for one in bare.content["conditions"] if one["id"] != "income")
    assert bare.content["headline"]["households"]["expected"]["value"] is None
    assert sum("no margins" in line for line in displacing.words(bare)) == 1


def test_small_tracts_are_left_out_with_a_reason_and_without_numbers(analyse: Callable[..., Displacement]) -> None:
    def shrink(row: Row) -> Row:
        if row["geoid"] != made.geoid(3):
            return {}
        return {"households_t1": 60, "renters_t1": 20, "low_income_t1": 10}

    found = analyse(made.changed(made.rows(), shrink))
    tract = found.content["tracts"][3]
    assert tract["excluded"] == "fewer than 100 households"
    assert found.content["reference"]["excluded"] == {made.geoid(3): "fewer than 100 households"}
    assert all(one["value"] is None and one["p"] is None for one in tract["conditions"].values())
    assert (tract["vulnerable"], tract["p_vulnerable"]) == (None, None)
    assert found.content["pressures"]["households"]["unknown"] == 60.0


def test_a_published_treatment_of_sentinels_is_shown_beside_ours_and_changes_nothing_of_it(
    analyse: Callable[..., Displacement],
) -> None:
    rows = made.rows()
    poor = [row["geoid"] for row in rows if row["renters_t1"] / row["households_t1"] > 0.5][:2]

    def code(row: Row) -> Row:
        return {"value_t1": -666666666, "rent_t1": -666666666} if row["geoid"] in poor else {}

    plain, shown = analyse(made.changed(rows, code)), analyse(made.changed(rows, code), as_published=True)
    blank = analyse(made.changed(rows, lambda r: {"value_t1": "", "rent_t1": ""} if r["geoid"] in poor else {}))
    assert classes(plain) == classes(shown) == classes(blank)
    told = shown.content["as_published"]
    assert plain.content["as_published"] is None
    assert told["sentinels"] == poor
    assert set(told["only_published"]) <= set(poor) and told["only_published"]
    by = {tract["geoid"]: tract["methods"] for tract in shown.content["tracts"]}
    assert [by[one]["udp_as_published"] for one in told["only_published"]] == [True] * len(told["only_published"])
    assert all(by[one]["udp"] is None for one in poor), "without rent and value it cannot be told"
    assert any("as published" in line for line in displacing.words(shown))


def test_another_reference_set_and_other_years_are_compared(here: Path, tmp_path: Path) -> None:
    wider = made.write(tmp_path / "wider.csv", made.rows(side=8))
    compare = [Another(wider, "metro"), Another(here / "tracts.csv", "other years", (2015, 2023))]
    beside = Beside(shapes=here / "shapes.gpkg")
    found = displacing.displacement(here / "tracts.csv", beside=beside, years=YEARS, compare=compare, draws=DRAWS)
    rows = {row["name"]: row for row in found.content["sensitivity"]}
    assert list(rows) == ["as reported", "metro", "other years", "thresholds 10 % lower", "thresholds 10 % higher"]
    assert rows["metro"]["reference"] == 64 and rows["metro"]["absent"] == 0
    assert rows["other years"]["years"] == [2015, 2023]
    assert {one["id"] for one in found.inputs} == {"table", "shapes", "compare: metro", "compare: other years"}


@pytest.mark.parametrize("given", ["nowhere-to-be-found", "folder", "table.csv"])
def test_an_option_of_the_other_door_is_refused_before_anything_is_read(tmp_path: Path, given: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "table.csv").write_text("geoid\n", encoding="utf-8")
    options = {"as_published": True} if given == "folder" else {"offline": True}
    with pytest.raises(ConfigError, match="There is no" if "found" in given else "is no option"):
        displacing.displacement(tmp_path / given, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"years": (2022, 2024)}, "share years"),
        ({"price": 132.5}, "cannot be meant"),
        ({"price": 0.0}, "cannot be meant"),
    ],
)
def test_surveys_that_overlap_and_a_percent_of_prices_are_refused(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    (tmp_path / "table.csv").write_text("geoid\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        displacing.of_table(tmp_path / "table.csv", **options)
