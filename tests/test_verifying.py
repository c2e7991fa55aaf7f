"""Do outputs follow from their inputs? Each way in which they may not is made, and has to be found and named."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

import justgeo
from justgeo import manifests, run, synthetic, verifying
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import write
from justgeo.verifying import Finding, Verdict, verify
from tests import nowhere
from tests.nowhere import UNITS

HERE = Path(__file__).parents[1] / "data" / "districts" / "haight-castro"
TOLD = (
    "DEM-00.population", "DEM-00.households", "DEM-03.65plus", "ENV-11.park", "WEL-04.300", "WEL-04.500", "WEL-04.800",
    "WEL-05",
)  # fmt: skip
"""Every row that has a number there."""
ROWS = (*TOLD, "ENV-01", "BEL-02", "MOB-03")
"""With a few of those that have none: what is damaged moves numbers and reasons of these, or nothing at all."""
INVENTED_ROW = "BEL-02.change"
"""It stands on two surveys and on tracts of two censuses."""
OWN_ROWS = catalogue._own_indicators
ANSWERS = 'items:\n  GW-1:\n    - text: "The bus depot, said eleven of fourteen."\n      publish: true\n'

Place = tuple[Path, Path]
"""A folder of a district and the folder of its outputs."""


def district_of(here: Path) -> Path:
    """The embedded real district with a boundary and answers of its own."""
    district = here / "place"
    shutil.copytree(HERE, district)
    hoods = gpd.read_file(HERE / "layers" / "neighborhoods.gpkg")
    hoods[hoods["neighborhood"].isin(["Haight Ashbury", "Corona Heights"])].to_file(district / "own.geojson")
    text = (HERE / "district.toml").read_text(encoding="utf-8")
    start, rest = text.split("[district.boundary]")
    rest = rest[rest.index("[areas]") :]
    told = f'{start}[district.boundary]\nfile = "own.geojson"\n\n[protocol]\nanswers = "answers.yml"\n\n{rest}'
    (district / "district.toml").write_text(told, encoding="utf-8")
    (district / "answers.yml").write_text(ANSWERS, encoding="utf-8")
    return district


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """It, as it was run with `ROWS`."""
    here = tmp_path_factory.mktemp("verifying")
    district = district_of(here)
    with nowhere.only(ROWS):
        run.run_config(district / "district.toml", here / "out")
    return district, here / "out"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.ensure(2020, nowhere.cache(tmp_path_factory))


@pytest.fixture
def few() -> Iterator[None]:
    """Runs measure `ROWS` alone."""
    with nowhere.only(ROWS):
        yield


@pytest.fixture
def place(made: Place, tmp_path: Path, few: None) -> Place:
    """A copy of both, to be damaged; they lie to one another as before."""
    for one in made:
        shutil.copytree(one, tmp_path / one.name)
    return tmp_path / "place", tmp_path / "out"


@pytest.fixture(scope="module")
def again(made: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes of the run made again where nothing that goes into it was changed."""
    out = tmp_path_factory.mktemp("again") / "out"
    with nowhere.only(ROWS):
        verifying._again(made[0] / "district.toml", out, None, None)
    return out


@pytest.fixture
def remade(again: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is not made again for the one test: its outputs alone are damaged, and all are held against one run."""
    monkeypatch.setattr(verifying, "_again", lambda config, out, *more: shutil.copytree(again, out))


def listening(patch: pytest.MonkeyPatch, kept: Path) -> list[tuple[Path, Path | None]]:
    """Of which district, with which records, the run is asked for again; it is made the first time alone."""
    asked: list[tuple[Path, Path | None]] = []
    again = verifying._again

    def instead(config: Path, out: Path, progress: Any, records: Path | None) -> None:
        asked.append((config, records))
        if not kept.exists():
            again(config, kept, progress, records)
        shutil.copytree(kept, out)

    patch.setattr(verifying, "_again", instead)
    return asked


def amiss(verdict: Verdict, part: str | None = None) -> dict[str, str]:
    """What is not as it should be, with its state."""
    return {f.what: f.state for f in verdict.findings if f.state != "ok" and part in (None, f.part)}


def finding(verdict: Verdict, what: str, part: str | None = None) -> Finding:
    (found,) = (f for f in verdict.findings if f.what == what and part in (None, f.part))
    return found


def said(verdict: Verdict) -> str:
    lines = verifying.words(verdict)
    assert max(len(line) for line in lines if " " in line.strip()) <= 100
    return " ".join(" ".join(lines).split())


def contents(*folders: Path) -> dict[str, bytes]:
    return {p.as_posix(): p.read_bytes() for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()}


def with_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    change(told)
    path.write_text(json.dumps(told), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------ it holds


def test_right_after_a_run_it_holds_and_nothing_is_touched(tmp_path: Path) -> None:
    """With every row of the catalogue."""
    district, out = district_of(tmp_path), tmp_path / "out"
    run.run_config(district / "district.toml", out)
    numbers = justgeo.load(out)["records"]
    assert {one["indicator"] for one in numbers if one["value"] is not None} == set(TOLD)
    assert len({one["indicator"] for one in numbers}) > 150
    before = contents(district, out)
    told: list[str] = []
    verdict = verify(out, progress=told.append)
    assert verdict.holds and verdict.difference is None and amiss(verdict) == {}
    assert contents(district, out) == before
    assert {"walk", "WEL-05", "page"} <= set(told)
    assert len(verdict.of("outputs")) == len(verdict.of("made again")) == len(write.FILES) - 1 == 15
    assert {f.what for f in verdict.of("inputs")} >= {"areas", "blocks", "walk", "parks", "table:DEM-00.population"}
    assert {"district.toml", "boundary", "answers", "catalogue/protocol.yml"} <= {
        f.what for f in verdict.of("settings")
    }
    lines = verifying.words(verdict)
    assert lines[0] == "Haight-Castro, San Francisco: the outputs follow from their inputs"
    assert lines[1].split() == ["outputs", "15", "of", "15", "as", "written"]
    assert len(lines) == 6


def test_files_of_others_are_not_judged(place: Place, remade: None) -> None:
    (place[1] / "notes.txt").write_text("mine", encoding="utf-8")
    assert verify(place[1]).holds


def test_an_invented_district_holds(tmp_path: Path, county: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a row; ``test_nowhere.py`` verifies it with all of them."""
    monkeypatch.setattr(synthetic, "ensure", partial(synthetic.ensure, cache_root=county.parents[1]))
    (invented,) = (folder for folder in run.embedded() if folder.name == "nowhere-invented")
    shutil.copytree(invented, tmp_path / "nowhere")
    with nowhere.only([INVENTED_ROW]):
        run.run_config(tmp_path / "nowhere", tmp_path / "out")
        verdict = verify(tmp_path / "out")
    inputs = manifests.read(tmp_path / "out").inputs
    assert "counties" in inputs and "tracts_2010" in inputs  # read, though no number names them
    text = (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and str(county) not in text
    assert verdict.holds and verdict.synthetic
    assert "INVENTED" in verifying.words(verdict)[1]


def test_records_that_were_used_are_used_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    district, out = place
    run.run_config(district, out, None, out.parent / "kept")
    asked = listening(monkeypatch, out.parent / "again")
    assert verify(out).holds
    assert verify(out, records=out.parent / "others").holds
    assert [records for _, records in asked] == [(out.parent / "kept").resolve(), out.parent / "others"]


# --------------------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize("name", ["results.json", "index.html", "indicators.gpkg"])
def test_a_flipped_byte_in_an_output_is_found(place: Place, remade: None, name: str) -> None:
    path = place[1] / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    verdict = verify(place[1])
    assert amiss(verdict) == {name: "changed"} and not verdict.holds
    assert "justgeo run" in finding(verdict, name, "outputs").remedy
    assert f"{name} (outputs), changed: its bytes are not those that were written" in said(verdict)


def test_a_missing_output_is_found(place: Place, remade: None) -> None:
    (place[1] / "checklist.csv").unlink()
    assert amiss(verify(place[1])) == {"checklist.csv": "missing"}


def test_a_number_changed_by_hand_with_its_digest_is_found(place: Place) -> None:
    """Whoever edits a result may edit the manifest too; the run made again is not fooled."""
    out = place[1]
    path = out / "results.json"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (at,) = (
        i
        for i, line in enumerate(lines)
        if '"indicator": "DEM-00.population"' in line and '"zone": "district"' in line and '"group": "all"' in line
    )
    record = json.loads(lines[at].rstrip(",\n"))
    true = record["value"]
    record["value"] = true + 1000
    lines[at] = f"  {json.dumps(record, ensure_ascii=False, sort_keys=True)},\n"
    path.write_text("".join(lines), encoding="utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with_manifest(out, lambda told: told["outputs"].update({"results.json": digest}))
    verdict = verify(out)
    assert amiss(verdict) == {"results.json": "changed"}
    found = finding(verdict, "results.json", "made again")
    assert found.state == "changed" and "edited by hand" in found.detail and "DEM-00.population" in found.detail
    assert verdict.difference is not None
    (change,) = verdict.difference.changes
    assert change.difference == pytest.approx(-1000) and change.otherwise == ("nothing that is recorded",)
    assert "down 1,000 people" in said(verdict)


# ------------------------------------------------------------------------------------------------ settings and inputs


def test_edited_answers_are_found_and_move_no_number(place: Place) -> None:
    (place[0] / "answers.yml").write_text(ANSWERS.replace("eleven of fourteen", "nobody"), encoding="utf-8")
    verdict = verify(place[1])
    assert amiss(verdict, "settings") == {"answers": "changed"}
    assert amiss(verdict, "inputs") == {}
    assert set(amiss(verdict, "made again")) >= {"checklist.csv", "checklist.json", "index.html"}
    assert "likely by answers" in finding(verdict, "checklist.csv", "made again").detail
    assert verdict.difference is None


def test_answers_that_are_gone_stop_it_with_their_name(place: Place) -> None:
    (place[0] / "answers.yml").unlink()
    verdict = verify(place[1])
    assert not verdict.holds
    assert finding(verdict, "district.toml").state == "ok"
    assert "answers.yml" in finding(verdict, "the run").detail
    assert "answers.yml" in said(verdict)


def test_an_edited_layer_is_found_with_the_numbers_that_it_moved(place: Place) -> None:
    path = place[0] / "layers" / "mtc_zones.csv"
    rows = pd.read_csv(path)
    rows["TOTPOP"] += 100
    rows.to_csv(path, index=False)
    verdict = verify(place[1])
    tables = {"table:DEM-00.households", "table:DEM-00.population", "table:DEM-03.65plus"}
    assert amiss(verdict, "inputs") == dict.fromkeys(tables, "changed")
    assert amiss(verdict, "settings") == amiss(verdict, "outputs") == {}
    assert finding(verdict, "table:DEM-00.population").detail == "other bytes"
    assert verdict.difference is not None
    moved = verdict.difference.of("moved")
    assert {c.indicator for c in moved} == {"DEM-00.population", "DEM-03.65plus"}
    assert all(c.inputs == (f"table:{c.indicator}",) and c.otherwise == () for c in moved)
    text = said(verdict)
    assert "likely by table:DEM-00.households, table:DEM-00.population, table:DEM-03.65plus" in text
    assert "DEM-00.population People:" in text and "by table:DEM-00.population" in text


def test_one_layer_of_a_file_that_moved_names_what_stands_on_it(place: Place) -> None:
    """Parks from a file of their own: of all numbers those of the parks move, and the parks are named for them."""
    district, out = place
    told = (district / "district.toml").read_text(encoding="utf-8")
    parks = gpd.read_file(district / "layers" / "osm.gpkg", layer="landuse")
    parks.to_file(district / "layers" / "green.gpkg", layer="landuse")
    head, tail = told.split("[layers.parks]\n")
    told = f"{head}[layers.parks]\n{tail.replace('layers/osm.gpkg', 'layers/green.gpkg', 1)}"
    (district / "district.toml").write_text(told, encoding="utf-8")
    run.run_config(district, out)
    within = gpd.read_file(district / "own.geojson").to_crs(parks.crs).union_all()
    parks[~parks.intersects(within)].to_file(district / "layers" / "green.gpkg", layer="landuse")
    verdict = verify(out)
    assert amiss(verdict, "inputs") == {"parks": "changed"}
    assert verdict.difference is not None and verdict.difference.changes
    assert {c.inputs for c in verdict.difference.changes} == {("parks",)}
    assert {c.indicator.partition(".")[0] for c in verdict.difference.changes} == {"WEL-04", "WEL-05", "ENV-11"}


@pytest.mark.parametrize(
    ("file", "layers"), [("osm.gpkg", {"parks", "streets", "walk", "water"}), ("mtc_zones.gpkg", {"blocks"})]
)
def test_a_damaged_file_is_found_and_its_layers_are_named(place: Place, file: str, layers: set[str]) -> None:
    path = place[0] / "layers" / file
    path.write_bytes(path.read_bytes()[:50_000])
    verdict = verify(place[1])
    assert amiss(verdict, "inputs") == dict.fromkeys(layers, "changed")
    assert amiss(verdict, "made again") == {"the run": "missing"}
    assert finding(verdict, "the run").remedy
    text = said(verdict)
    assert "inputs not compared; changed: " in text
    assert "made again not made, for the reason below" in text


def test_layers_that_are_gone_are_all_named(place: Place) -> None:
    (place[0] / "layers" / "osm.gpkg").unlink()
    (place[0] / "layers" / "mtc_zones.csv").unlink()
    verdict = verify(place[1])
    tables = [f"table:{name}" for name in ("DEM-00.households", "DEM-00.population", "DEM-03.65plus")]
    assert amiss(verdict, "inputs") == dict.fromkeys(["parks", "streets", "walk", "water", *tables], "missing")
    assert not verdict.holds and "osm.gpkg is no longer there" in said(verdict)


def test_a_file_that_is_as_it_was_is_not_blamed(place: Place) -> None:
    """The boundary was moved away from the blocks: what the run says of the blocks is not their fault."""
    far = gpd.read_file(place[0] / "own.geojson")
    far.geometry = far.geometry.translate(0, 0.4)
    far.to_file(place[0] / "own.geojson")
    verdict = verify(place[1])
    assert "mtc_zones.gpkg" in finding(verdict, "the run").detail
    assert amiss(verdict, "inputs") == {} and amiss(verdict, "settings") == {"boundary": "changed"}


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory, county: Path) -> Path:
    """A folder with a district of a survey of two tables and its outputs, which hold."""
    here = tmp_path_factory.mktemp("surveyed")
    told = {**nowhere.layers(county, UNITS), "acs": nowhere.survey(county, here, ["B25003", "B01003"])}
    told["acs"]["path"] = "../acs2024"
    path = nowhere.write(here / "place", told, {"boundary": str(county / "district.geojson")})
    with nowhere.only(ROWS):
        run.run_config(path, here / "out")
        assert verify(here / "out").holds
    return here


@pytest.mark.parametrize("damage", [b"", b"GEO_ID|B25003_E001|B25003_M001\n0500000US99001|a lot|7\n"])
def test_a_damaged_table_of_the_survey_is_named(tmp_path: Path, surveyed: Path, few: None, damage: bytes) -> None:
    here = shutil.copytree(surveyed, tmp_path / "here")
    (here / "acs2024" / "acsdt5y2024-b25003.dat").write_bytes(damage)
    assert amiss(verify(here / "out"), "inputs") == {"acs:B25003@2024": "changed"}


def test_a_layer_that_is_no_longer_declared_is_missing_and_a_new_one_is_new(place: Place) -> None:
    district, out = place
    told = (district / "district.toml").read_text(encoding="utf-8")
    start, end = told.index("[layers.water]"), told.index("# Why some layers are not here")
    (district / "district.toml").write_text(told[:start] + told[end:], encoding="utf-8")
    verdict = verify(out)
    assert amiss(verdict, "inputs") == {"water": "missing"}
    assert finding(verdict, "water").detail == "no water layer was given"
    assert amiss(verdict, "settings") == {"district.toml": "changed"}
    # And the other way about: it was run without, now it is there.
    run.run_config(district, out)
    (district / "district.toml").write_text(told, encoding="utf-8")
    verdict = verify(out)
    assert amiss(verdict, "inputs") == {"water": "changed"}
    assert finding(verdict, "water").detail == "it is new; when the outputs were made: no water layer was given"


def test_another_reason_for_an_absence_is_told_with_both(place: Place) -> None:
    path = place[0] / "district.toml"
    told = path.read_text(encoding="utf-8")
    was = "no canopy map of this place may travel with the package"
    path.write_text(told.replace(was, "the canopy map was lost"), encoding="utf-8")
    verdict = verify(place[1])
    assert amiss(verdict, "inputs") == {"tree_canopy": "changed"}
    detail = finding(verdict, "tree_canopy").detail
    assert detail == f"absent then and now; then: {was}; now: the canopy map was lost"
    assert finding(verdict, "results.json", "made again").detail.startswith("no number differs, the reasons of ")
    assert "likely by district.toml, tree_canopy" in said(verdict)


def test_words_of_a_layer_that_were_edited_are_told_apart(place: Place) -> None:
    path = place[0] / "district.toml"
    told = path.read_text(encoding="utf-8").replace('vintage = "about 2017-2018 (not stated)"', 'vintage = "2018"', 1)
    path.write_text(told, encoding="utf-8")
    detail = finding(verify(place[1]), "walk").detail
    assert detail == "vintage 'about 2017-2018 (not stated)' → '2018'"


def test_an_edited_boundary_is_found_and_is_the_reason(place: Place) -> None:
    district, out = place
    hoods = gpd.read_file(district / "own.geojson")
    hoods[hoods["neighborhood"] == "Haight Ashbury"].to_file(district / "own.geojson")
    verdict = verify(out)
    assert amiss(verdict, "settings") == {"boundary": "changed"}
    assert amiss(verdict, "inputs") == {}
    assert "likely by boundary" in finding(verdict, "results.json", "made again").detail
    assert verdict.difference is not None
    assert {c.otherwise for c in verdict.difference.of("moved") if c.zone == "district"} == {("the shape of the zone",)}


def test_an_edited_row_of_the_catalogue_is_found(place: Place, tmp_path: Path, catalogue_copy: Path) -> None:
    rows = (catalogue_copy / "indicators.yml").read_text(encoding="utf-8")
    assert "title: Park land per" in rows
    (catalogue_copy / "indicators.yml").write_text(
        rows.replace("title: Park land per", "title: Park area per"), "utf-8"
    )
    OWN_ROWS.cache_clear()
    verdict = verify(place[1])
    assert amiss(verdict, "settings") == {"catalogue/indicators.yml": "changed"}
    assert "likely by catalogue/indicators.yml" in finding(verdict, "results.json", "made again").detail
    assert "this version of justgeo has another catalogue" in said(verdict)
    assert verdict.difference is not None
    assert verdict.difference.rows == {"WEL-05": ("title",)} and verdict.difference.changes == ()


@pytest.fixture
def catalogue_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package's catalogue, as if another version were installed."""
    copy = tmp_path / "catalogue"
    shutil.copytree(Path(justgeo.__file__).parent / "catalogue", copy, ignore=shutil.ignore_patterns("*.py", "__*"))
    files = importlib.resources.files
    monkeypatch.setattr(importlib.resources, "files", lambda name: copy if name == "justgeo.catalogue" else files(name))
    yield copy
    monkeypatch.undo()
    OWN_ROWS.cache_clear()


# --------------------------------------------------------------------------------------------------------- program


def test_another_version_that_changes_nothing_is_told_and_holds(place: Place) -> None:
    with_manifest(place[1], lambda told: told["run"]["packages"].update(numpy="1.0"))
    verdict = verify(place[1])
    assert verdict.holds
    assert finding(verdict, "numpy").detail.startswith("1.0 then, ")
    assert "of another version, which changed nothing: numpy" in said(verdict)


def test_another_version_is_the_likely_reason_where_outputs_differ(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.reports, "DISCLAIMER", "Another one.")
    monkeypatch.setattr(justgeo, "__version__", "9.9")
    verdict = verify(place[1])
    assert amiss(verdict, "program") == {"justgeo": "changed"}
    found = finding(verdict, "results.json", "made again")
    assert found.detail == "no record differs, other parts do (disclaimer); likely by justgeo"
    assert "justgeo (program), changed: 0.1.0 then, 9.9 now" in said(verdict)


# ------------------------------------------------------------------------------------------------ finding its district


def test_a_district_that_is_elsewhere_is_named_by_the_caller(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    district, out = place
    moved = district.rename(district.with_name("moved"))
    verdict = verify(out)
    assert amiss(verdict) == {"district.toml": "missing"}
    assert "--config" in finding(verdict, "district.toml").remedy
    text = said(verdict)
    assert "--config district.toml" in text and "inputs not compared" in text
    asked = listening(monkeypatch, out.parent / "again")
    assert verify(out, config=moved).holds
    assert verify(out, config=moved / "district.toml").holds
    assert asked == [(moved / "district.toml", None)] * 2


def test_a_district_of_the_package_is_found_wherever_the_outputs_are(tmp_path: Path, few: None) -> None:
    run.run_config(HERE, tmp_path / "out")
    with_manifest(tmp_path / "out", lambda told: told["run"].pop("config", None))
    assert verify(tmp_path / "out").holds


def test_a_named_district_that_is_not_there_is_refused(place: Place) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        verify(place[1], config=place[0] / "nothing.toml")


def test_the_file_of_another_district_is_not_run(place: Place) -> None:
    path = place[0] / "district.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('slug = "haight-castro"', 'slug = "other"'), "utf-8")
    verdict = verify(place[1])
    assert amiss(verdict) == {"district.toml": "changed"}
    assert "'other'" in finding(verdict, "district.toml").detail and not verdict.of("made again")


def test_a_district_that_is_no_toml_any_more_is_named(place: Place) -> None:
    (place[0] / "district.toml").write_text("[district", encoding="utf-8")
    verdict = verify(place[1])
    assert amiss(verdict) == {"district.toml": "changed", "the run": "missing"}
    assert "is not TOML" in said(verdict)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"manifest\.json"):
        verify(tmp_path)
