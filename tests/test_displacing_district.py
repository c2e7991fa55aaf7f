"""The displacement command for a district, and the folder for analysts inside the outputs of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from justgeo import displacing, run, synthetic
from justgeo.core.errors import ConfigError, LayerError
from justgeo.displacing import Displacement
from justgeo.measure.typology.values import MARKET_NAMES, STAGES
from justgeo.report.displacement_tables import FILES
from justgeo.report.write import FILES as PUBLIC
from justgeo.report.write import INNER
from tests import nowhere
from tests.corrupted import reading

LAYERS = (*nowhere.UNITS, "acs", "acs_t0", "crosswalk_99")
ROWS = (
    "BEL-02",
    "BEL-01",
    "BEL-01.renters",
    "BEL-01.vulnerable",
    "BEL-01.vulnerable-renters",
    "DEM-00.population",
    "OPP-01",
)
"""What stands on the typology, and some that do not: whom a run is for is nothing to any row."""
PLAIN_WORDS = {"none", "late", "dynamic"}
"""Stages whose names are words of every page; the others are found wherever they stand."""
NOT_PUBLIC = {*STAGES, *MARKET_NAMES, "early type", "hot market"} - PLAIN_WORDS


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The county's files; a run after the other reads the same ones."""
    found = synthetic.ensure(2020, nowhere.cache(tmp_path_factory))
    with reading.once(found):
        yield found


def district(source: Path, folder: Path, names: tuple[str, ...] = LAYERS, **more: Any) -> Path:
    return nowhere.write(folder, nowhere.layers(source, names), {"boundary": str(source / "district.geojson")}, **more)


@dataclass(frozen=True)
class Both:
    """One district, run for the public and for analysts."""

    config: Path
    public: Path
    internal: Path
    report: run.RunReport


@pytest.fixture(scope="module")
def both(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    here = tmp_path_factory.mktemp("both")
    config = district(source, here / "town")
    with nowhere.only(ROWS):
        run.run_config(config, here / "public")
        report = run.run_config(config, here / "internal", audience="internal")
    return Both(config, here / "public", here / "internal", report)


@pytest.fixture(scope="module")
def alone(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Displacement:
    with nowhere.only(ROWS):
        return displacing.displacement(both.config, tmp_path_factory.mktemp("alone") / "out")


def test_analysts_get_a_folder_besides(both: Both) -> None:
    assert {path.name for path in (both.internal / INNER).iterdir()} == set(FILES)
    assert {path.name for path in both.public.iterdir()} == set(PUBLIC)
    assert both.report.analysts == "for analysts, not for a public page: displacement"
    assert {path.name for path in both.report.files} == set(PUBLIC)


def test_every_other_file_is_the_same_for_both(both: Both) -> None:
    for name in PUBLIC:
        one, other = (folder / name for folder in (both.public, both.internal))
        if name != "manifest.json":
            assert one.read_bytes() == other.read_bytes(), name
    told = [
        json.loads((folder / "manifest.json").read_text(encoding="utf-8")) for folder in (both.public, both.internal)
    ]
    for manifest in told:
        del manifest["run"]
    assert told[0] == told[1]


def test_no_stage_and_no_market_stands_in_anything_for_the_public(
    both: Both, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nor where every row is told."""
    every = nowhere.demo(tmp_path_factory, "nowhere-invented")
    for path in sorted([*both.public.iterdir(), *every.iterdir()]):
        text = path.read_bytes().decode("utf-8", errors="replace").casefold()
        found = sorted(word for word in NOT_PUBLIC if word in text)
        assert not found, f"{path.name}: {found}"
    analysts = b"".join(path.read_bytes() for path in (both.internal / INNER).iterdir()).decode("utf-8").casefold()
    assert {"susceptible", "accelerating", "early type"} <= {word for word in NOT_PUBLIC if word in analysts}


def test_the_command_writes_the_same_folder_as_the_run(both: Both, alone: Displacement) -> None:
    assert alone.folder is not None
    for name in FILES:
        assert (alone.folder / name).read_bytes() == (both.internal / INNER / name).read_bytes(), name


def test_the_headline_counts_the_district_and_not_its_reference(both: Both, alone: Displacement) -> None:
    results = json.loads((both.public / "results.json").read_text(encoding="utf-8"))
    (renters,) = (
        r for r in results["records"] if (r["indicator"], r["zone"], r["group"]) == ("BEL-02", "district", "all")
    )
    told = alone.content["headline"]
    for key, counted in (("households", renters["denominator"]), ("renter_households", renters["numerator"])):
        whole = told[key]["of"]["value"] + told[key]["unknown"]
        assert whole == pytest.approx(counted, rel=0.1), "homes of cut tracts are those of their parts, about"
    assert alone.content["kind"] == "district"
    assert 0 < sum(tract["inside"] > 0 for tract in alone.content["tracts"]) < len(alone.content["tracts"])
    assert alone.content["reference"]["tracts"] == len(alone.content["tracts"])


def test_the_district_is_invented_and_drawn(alone: Displacement) -> None:
    assert alone.synthetic
    assert alone.content["outline"]["type"] in ("Polygon", "MultiPolygon")
    assert len(alone.content["shapes"]["features"]) == len(alone.content["tracts"])
    assert {one["id"] for one in alone.inputs} >= {"acs:B25003@2024", "acs:B25003@2014", "crosswalk_99", "tracts"}
    assert all(len(one["sha256"]) == 64 for one in alone.inputs)


def test_without_an_earlier_survey_the_pressures_alone_are_told(source: Path, tmp_path: Path) -> None:
    found = displacing.displacement(district(source, tmp_path, (*nowhere.UNITS, "acs")), draws=1000)
    assert found.typology.tracts.before == {}
    assert found.content["pressures"]["households"]["of"]["value"] > 0
    assert any("market of homes cannot be told" in line for line in displacing.words(found))


def test_where_the_typology_cannot_be_told_the_command_says_why_and_the_run_goes_on(
    source: Path, tmp_path: Path
) -> None:
    shape = {"reference": {"file": str(source / "district.geojson"), "name": "Itself"}}
    config = district(source, tmp_path / "town", (*nowhere.UNITS, "acs"), more=shape)
    with pytest.raises(LayerError, match="cannot be told for Old Harbour") as refused:
        displacing.displacement(config)
    assert "justgeo plan" in refused.value.remedy
    with nowhere.only(ROWS):
        report = run.run_config(config, tmp_path / "out", audience="internal")
    assert report.analysts.startswith("no folder for analysts: ")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(PUBLIC)


def test_another_audience_is_refused(both: Both, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no audience 'everybody'"):
        run.run_config(both.config, tmp_path, audience="everybody")  # type: ignore[arg-type]
