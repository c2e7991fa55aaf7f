"""The one story, on the invented county: what is planned, what is read, and what a planner may put in its place."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from justgeo import manifests, run, synthetic
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import LayerError
from justgeo.core.protocol import Checklist
from justgeo.core.result import Baseline, Record
from justgeo.indicators.wellbeing import ACRE_M2
from justgeo.report import results as reports
from justgeo.report.write import FILES
from justgeo.sources.store import Store
from tests import nowhere
from tests.nowhere import UNITS

SEED = 2020
DISTRICT = Path(__file__).parents[1] / "data" / "districts" / "nowhere-invented"
KEPT_ROWS = ("WEL-04.800", "MOB-01.400", "MOB-03", "WEL-03.800", "ENV-01", "ENV-03", "ENV-03.developed")
"""Of each kind of layer that is kept for the next run: streets, parks, stops, amenities, timetables, grids."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.ensure(SEED, nowhere.cache(tmp_path_factory))


@dataclass(frozen=True)
class Whole:
    """One whole run of the invented district, from its file to its folder."""

    report: run.RunReport
    results: dict[str, Any]
    out: Path
    told: list[str]

    def record(self, indicator: str, zone: str = "district", group: str = "all") -> dict[str, Any]:
        (found,) = (
            r for r in self.results["records"] if (r["indicator"], r["zone"], r["group"]) == (indicator, zone, group)
        )
        return dict(found)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    out = nowhere.demo(tmp_path_factory, DISTRICT.name)
    report, told = nowhere.told(out)
    return Whole(report, json.loads((out / "results.json").read_text(encoding="utf-8")), out, told)


def measured(path: Path) -> tuple[run.Collected, Baseline, Checklist]:
    found = run.collect_layers(run.read_config(path))
    baseline, checklist = run.measure_place(found)
    return found, baseline, checklist


def record(records: Sequence[Record], indicator: str, zone: str = "district", group: str = "all") -> Record:
    (found,) = (r for r in records if (r.indicator, r.zone, r.group) == (indicator, zone, group))
    return found


# ----------------------------------------------------------------------------------------------------- a whole run


@pytest.fixture(scope="module")
def few(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the district's file alone, and its run of a row in ``out``."""
    folder = tmp_path_factory.mktemp("few")
    shutil.copy(DISTRICT / "district.toml", folder)
    with pytest.MonkeyPatch.context() as patch, nowhere.only(["ENV-03"]):
        patch.setattr(synthetic, "ensure", lambda seed: source)
        run.run_config(folder / "district.toml", folder / "out")
    return folder


def test_a_run_writes_its_folder_and_nothing_beside_it(whole: Whole, few: Path) -> None:
    assert {p.name for p in whole.out.iterdir()} == set(FILES)
    assert {p.name for p in whole.report.files} == set(FILES)
    assert whole.report.folder == whole.out
    assert {p.name for p in (few / "out").iterdir()} == set(FILES)
    assert {p.name for p in few.iterdir()} == {"district.toml", "out"}


def test_a_run_says_how_much_it_found(whole: Whole) -> None:
    shown = [r for r in whole.results["records"] if r["zone"] == "district"]
    told = [r for r in shown if r["value"] is not None or r.get("text")]
    assert (whole.report.n_measured, whole.report.n_absent) == (len(told), len(shown) - len(told))
    assert whole.report.n_measured > 100
    assert whole.report.synthetic and whole.results["synthetic"]


def test_everybody_is_measured_by_every_row_where_nothing_is_missing(whole: Whole) -> None:
    everybody = [r for r in whole.results["records"] if r["zone"] == "district" and r["group"] == "all"]
    assert {r["indicator"] for r in everybody} == {row.id for row in catalogue.indicators()}
    # Segregation is told of the reference as a whole, never of a part of it.
    of_the_reference = {row.id for row in catalogue.indicators() if row.field == "segregation"}
    # Two groups are too small to be told, though nothing is missing.
    few = {r["indicator"] for r in everybody if r["reliability"] == "suppressed"}
    assert few == {"DEM-01.aian", "DEM-01.nhpi"}
    assert {r["indicator"] for r in everybody if r["value"] is None} == of_the_reference | few
    assert all(whole.record(one, "reference")["value"] is not None for one in of_the_reference)


def test_every_absence_has_its_reason_and_every_number_its_layers(whole: Whole) -> None:
    for found in whole.results["records"]:
        assert found["reason"] if found["value"] is None else found["layers"]


def test_the_district_is_compared_with_the_named_reference(whole: Whole) -> None:
    zones = {z["id"]: z for z in whole.results["zones"]}
    assert zones["reference"]["name"] == "Nowhere County (invented)"
    assert zones["district"]["name"] == "Nowhere Old Harbour (invented)"
    assert whole.record("BEL-02")["comparison"]["reference"] == "reference"


def test_block_groups_carry_only_what_is_mapped_there(whole: Whole) -> None:
    mapped = {row.id: row.map for row in catalogue.indicators()}
    small = {z["id"] for z in whole.results["zones"] if z["geography"] == "block group"}
    assert small
    assert {mapped[r["indicator"]] for r in whole.results["records"] if r["zone"] in small} == {"block group"}


def test_progress_names_layers_and_indicators(whole: Whole) -> None:
    assert {"blocks", "walk", "acs:B25003@2024", "BEL-02", "MOB-01.400", "page"} <= set(whole.told)
    assert whole.told.index("walk") < whole.told.index("MOB-01.400") < whole.told.index("page")


def test_no_margin_is_mere_rounding(whole: Whole) -> None:
    """Where all who are known have it, or none, the margin is 0: not 1e-10, of which a class could be made."""
    shares = [r for r in whole.results["records"] if r["unit"] == "share" and r["moe"]]
    assert [(r["zone"], r["indicator"], r["group"], r["moe"]) for r in shares if r["moe"] < 1e-7] == []


MARKET = ("BEL-01", "BEL-01.renters")


def test_market_pressure_is_told_of_the_district_and_its_reference_alone(whole: Whole) -> None:
    """Of a single tract it could be read as a buyer's guide: it is in none of the files that are made for all."""
    for indicator in MARKET:
        told = [r for r in whole.results["records"] if r["indicator"] == indicator]
        assert [r["zone"] for r in told] == ["district", "reference"]
        assert all(0 < r["value"] < 1 and r["moe"] > 0 and r["numerator_moe"] > 0 for r in told)
    with (whole.out / "indicators.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["indicator"] in MARKET]
    assert {row["zone_role"] for row in rows} == {"district", "reference"} and len(rows) == 4
    layers = whole.out / "indicators.gpkg"
    of_tracts = gpd.read_file(layers, layer="tract")
    assert len(of_tracts) and of_tracts[["bel_01", "bel_01_moe", "bel_01_rel"]].isna().all(axis=None)
    # What has no market in it is told of tracts too.
    assert of_tracts["bel_01_vulnerable"].notna().any()


def test_what_displacement_stands_on_is_told(whole: Whole) -> None:
    known = {layer["id"]: layer for layer in whole.results["layers"]}
    market = set(whole.record("BEL-01")["layers"])
    assert {"acs:B25077@2024", "acs:B25077@2014", "acs:B25003@2014", "crosswalk_99", "tracts"} <= market <= set(known)
    assert not any("2014" in name for name in whole.record("BEL-01.vulnerable")["layers"])
    assert whole.results["settings"]["price_index"]["factor"] == pytest.approx(313.689 / 236.736)
    assert "CPI-U" in whole.results["settings"]["price_index"]["name"]


def test_people_without_sampling_are_the_truth(whole: Whole, source: Path) -> None:
    """The county's residents are counted in full: no apportionment is left over."""
    truth = synthetic.county(SEED).block_counts(2024)
    facts = {z["id"]: z["facts"] for z in whole.results["zones"]}
    assert facts["reference"]["residents"] == pytest.approx(float(truth["population"].sum()), abs=0.06)


# ------------------------------------------------------------------------------------------------------------ plan


def test_a_plan_names_layers_with_what_needs_them_and_reads_nothing(tmp_path: Path) -> None:
    told: dict[str, dict[str, Any]] = {
        "tracts": {"path": "nothing/tracts.zip"},
        "acs": {"path": "nothing/acs", "year": 2024},
        "osm": {"path": "nothing/extract.osm.pbf"},
        "parks": {"path": "nothing/parks.gpkg"},
    }
    path = nowhere.write(
        tmp_path, told, {"boundary": "nothing.geojson"}, {"absent": {"gtfs": "no timetable is public"}}
    )
    rows = {r.layer: r for r in run.plan(path)}
    assert next(iter(rows)) == "counties"  # geography first: the reference is found in it
    assert rows["tracts"].present and rows["tracts"].source.endswith("tracts.zip")
    assert "BEL-01.vulnerable" in rows["tracts"].needed_by
    assert rows["acs:B25003@2024"].source.endswith("acs") and "BEL-02" in rows["acs:B25003@2024"].needed_by
    assert rows["walk"].source.endswith("extract.osm.pbf")
    assert rows["parks"].source.endswith("parks.gpkg")  # the planner's own, not the extract
    assert not rows["gtfs"].present and rows["gtfs"].reason == "no timetable is public"
    assert rows["gtfs"].needed_by == ("MOB-02.400", "MOB-02.800", "MOB-03")
    assert not rows["tree_canopy"].present and "declared" in rows["tree_canopy"].reason
    assert all(bool(r.reason) != r.present for r in rows.values())


def test_a_plan_of_the_invented_district_misses_nothing_but_park_entrances(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "ensure", lambda seed: source)
    rows = run.plan(DISTRICT / "district.toml")
    assert [r.layer for r in rows if not r.present] == []


def test_a_plan_names_what_an_earlier_survey_is_needed_for(tmp_path: Path) -> None:
    told: dict[str, dict[str, Any]] = {"acs": {"path": "a"}}
    rows = {r.layer: r for r in run.plan(nowhere.write(tmp_path / "one", told, {"boundary": "x.geojson"}))}
    assert not any("@t0" in name or name.startswith("crosswalk") for name in rows)
    assert not rows["acs_t0"].present and "acs_t0 = 2014" in rows["acs_t0"].reason
    comparing = [r for r in catalogue.indicators() if any("@t0" in name for name in (*r.inputs, *r.optional))]
    assert rows["acs_t0"].needed_by == tuple(r.id for r in comparing)
    assert {*MARKET, "BEL-05.change", "BEL-05.value-change", "OPP-01.change"} <= {r.id for r in comparing}

    told["acs_t0"] = {"path": "b", "year": 2014}
    rows = {r.layer: r for r in run.plan(nowhere.write(tmp_path / "both", told, {"boundary": "x.geojson"}))}
    assert rows["acs:B25077@2014"].present and "acs_t0" not in rows
    assert not rows["crosswalk"].present and rows["crosswalk"].reason == "not declared"

    told["crosswalk_51"] = {"path": "TAB2010_TAB2020_ST51.zip", "counts": "tabblock2010_51_pophu.zip"}
    rows = {r.layer: r for r in run.plan(nowhere.write(tmp_path / "all", told, {"boundary": "x.geojson"}))}
    assert rows["crosswalk_51"].present and rows["crosswalk_51"].source.endswith("ST51.zip")

    fetched = nowhere.write(
        tmp_path / "fetched", {}, {"boundary": "x.geojson"}, {"vintages": {"acs_t0": 2014}, "fetch": {"census": True}}
    )
    rows = {r.layer: r for r in run.plan(fetched)}
    assert rows["acs:B25077@2014"].fetched and rows["crosswalk"].fetched and "acs_t0" not in rows


def test_a_plan_follows_the_year(tmp_path: Path) -> None:
    told: dict[str, dict[str, Any]] = {"acs": {"path": "a"}, "acs_t0": {"path": "b", "year": 2014}}
    path = nowhere.write(tmp_path, told, {"boundary": "x.geojson"}, {"vintages": {"acs": 2023}})
    names = [r.layer for r in run.plan(path)]
    assert "acs:B25003@2023" in names and "acs:B25003@2024" not in names


# -------------------------------------------------------------------------------------------- a district of GEOIDs


def acs(source: Path, code: str, geoid: str) -> tuple[float, float]:
    """A cell and its margin as the invented survey published them."""
    name = code.split("_")[0].lower()
    frame = pd.read_csv(source / "acs2024" / f"acsdt5y2024-{name}.dat", sep="|", dtype={"GEO_ID": str})
    (row,) = frame[frame["GEO_ID"].str.endswith(f"US{geoid}")].to_dict("records")
    table, line = code.split("_")
    return float(row[f"{table}_E{line}"]), float(row[f"{table}_M{line}"])


def test_a_district_that_is_a_tract_has_the_tracts_published_numbers(source: Path, tmp_path: Path) -> None:
    tract = str(gpd.read_file(source / "tl_2024_99_tract.zip")["GEOID"].iloc[3])
    told = {**nowhere.layers(source, UNITS), "acs": nowhere.survey(source, tmp_path, ["B25003"])}
    _, baseline, _ = measured(nowhere.write(tmp_path, told, {"geoids": [tract]}))
    homes = record(baseline.records, "DEM-00.households")
    assert (homes.value, homes.moe) == pytest.approx(acs(source, "B25003_001", tract))
    renters = record(baseline.records, "BEL-02")
    assert renters.numerator == pytest.approx(acs(source, "B25003_003", tract)[0])
    assert renters.numerator_moe == pytest.approx(acs(source, "B25003_003", tract)[1])
    assert baseline.zones.ids[:2] == ("district", "reference")
    assert tract in baseline.zones.ids
    # What the district's area carries is what it carries itself.
    assert record(baseline.records, "BEL-02", tract).value == pytest.approx(renters.value)


def test_geoids_of_several_levels_make_one_district(source: Path, tmp_path: Path) -> None:
    groups = gpd.read_file(source / "tl_2024_99_bg.zip")
    tract = groups["GEOID"].iloc[0][:11]
    other = str(groups[~groups["GEOID"].str.startswith(tract)]["GEOID"].iloc[0])
    settings = run.read_config(
        nowhere.write(tmp_path, nowhere.layers(source, ["tracts", "block_groups"]), {"geoids": [tract, other]})
    )
    found = run.collect_layers(settings)
    whole = groups[groups["GEOID"].str.startswith(tract) | (groups["GEOID"] == other)].to_crs(found.crs)
    own = gpd.GeoSeries([found.district.boundary], crs="EPSG:4326").to_crs(found.crs)
    assert own.area.iloc[0] == pytest.approx(whole.area.sum(), rel=1e-6)


def test_geoids_that_no_layer_holds_are_refused_by_name(source: Path, tmp_path: Path) -> None:
    path = nowhere.write(tmp_path, nowhere.layers(source, ["tracts"]), {"geoids": ["99001999999"]})
    with pytest.raises(LayerError, match="99001999999"):
        run.collect_layers(run.read_config(path))
    # A block group cannot be had where only tracts are at hand.
    tract = str(gpd.read_file(source / "tl_2024_99_tract.zip")["GEOID"].iloc[0])
    path = nowhere.write(tmp_path, nowhere.layers(source, ["tracts"]), {"geoids": [tract + "1"]})
    with pytest.raises(LayerError, match=tract + "1"):
        run.collect_layers(run.read_config(path))


# ---------------------------------------------------------------------------------------- the planner's own things


def test_a_reference_and_areas_of_the_planners_own(source: Path, tmp_path: Path) -> None:
    around = nowhere.boundary(source).to_crs("EPSG:32619").buffer(1500).to_crs("EPSG:4326")
    gpd.GeoDataFrame(geometry=around).to_file(tmp_path / "around.geojson")
    west, south, east, north = nowhere.boundary(source).total_bounds
    middle = (west + east) / 2
    halves = gpd.GeoDataFrame(
        {"ID": ["w", "e"], "LABEL": ["Western ward", "Eastern ward"]},
        geometry=[box(west, south, middle, north), box(middle, south, east, north)],
        crs="EPSG:4326",
    )
    halves.to_file(tmp_path / "wards.gpkg")
    path = nowhere.write(
        tmp_path,
        {**nowhere.layers(source, UNITS), "acs": nowhere.survey(source, tmp_path, ["B25003", "B01003"])},
        {"boundary": str(source / "district.geojson")},
        {
            "reference": {"file": "around.geojson", "name": "Within a mile"},
            "areas": {"path": "wards.gpkg", "geoid": "ID", "columns": {"name": "LABEL"}},
        },
    )
    _, baseline, _ = measured(path)
    zones = baseline.zones
    assert zones.ids == ("district", "reference", "e", "w")
    assert zones.names[1:] == ("Within a mile", "Eastern ward", "Western ward")
    assert zones.geometry.iloc[1].area > zones.geometry.iloc[0].area
    compared = record(baseline.records, "BEL-02")
    assert compared.comparison is not None and compared.comparison.reference == "reference"
    # The wards are the two halves of the district's box: they hold at least its people.
    people = {zone: record(baseline.records, "DEM-00.population", zone).value or 0 for zone in zones.ids}
    assert 0 < people["district"] < people["w"] + people["e"] < people["reference"]
    # Its conditions are those of whole counties: with a free shape there is nothing to judge them by.
    vulnerable = record(baseline.records, "BEL-01.vulnerable")
    assert vulnerable.value is None and vulnerable.reason is not None and "reference county" in vulnerable.reason


@pytest.fixture(scope="module")
def lean(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[run.Collected, Baseline, Checklist]:
    """A run without timetable and canopy, with one park of the planner's own."""
    here = tmp_path_factory.mktemp("lean")
    centre = nowhere.boundary(source).to_crs("EPSG:32619").centroid.iloc[0]
    x, y = centre.x, centre.y
    park = gpd.GeoDataFrame({"NAME": ["The Green"]}, geometry=[box(x, y, x + 200, y + 100)], crs="EPSG:32619")
    park.to_file(here / "green.gpkg")
    west, south, east, north = gpd.read_file(source / "tl_2024_us_county.zip").total_bounds
    told = nowhere.layers(source, [*UNITS, "osm", "land_cover"])
    told["acs"] = nowhere.survey(source, here, ["B25003", "B19001", "B19013"])
    told["parks"] = {
        "path": "green.gpkg",
        "columns": {"name": "NAME"},
        "covers": [float(west) - 0.1, float(south) - 0.1, float(east) + 0.1, float(north) + 0.1],
        "source": "City of Nowhere",
    }
    more = {"absent": {"gtfs": "the ferry company publishes none"}}
    return measured(nowhere.write(here, told, {"boundary": str(source / "district.geojson")}, more))


def test_what_is_missing_is_absent_in_the_planners_words_and_the_rest_is_there(
    lean: tuple[run.Collected, Baseline, Checklist], whole: Whole
) -> None:
    found, baseline, _ = lean
    frequent = record(baseline.records, "MOB-02.400")
    assert (frequent.value, frequent.reason) == (None, "the ferry company publishes none")
    canopy = record(baseline.records, "ENV-01")
    assert canopy.value is None and canopy.reason == found.absent["tree_canopy"]
    assert record(baseline.records, "MOB-02.400", group="income:under100").reason == frequent.reason
    for row in ("MOB-01.400", "BEL-02", "ENV-03.developed", "OPP-01"):
        assert record(baseline.records, row).value == pytest.approx(whole.record(row)["value"], rel=1e-9)


def test_missing_layers_are_told_with_the_baseline(lean: tuple[run.Collected, Baseline, Checklist]) -> None:
    _, baseline, _ = lean
    assert baseline.absent_layers["gtfs"] == "the ferry company publishes none"
    missing = {n for n in baseline.absent_layers if ":" not in n}
    assert missing == {"gtfs", "tree_canopy", "impervious", "surface_temperature", "zoning"}
    assert "B25070" in baseline.absent_layers["acs:B25070@2024"]  # the survey at hand has but three tables
    assert not {p.layer for p in baseline.layers} & set(baseline.absent_layers)


def test_the_planners_own_parks_take_the_place_of_the_extracts(
    lean: tuple[run.Collected, Baseline, Checklist], whole: Whole
) -> None:
    _, baseline, _ = lean
    acres = record(baseline.records, "WEL-05")
    assert acres.numerator == pytest.approx(200 * 100 / ACRE_M2, rel=2e-3)  # UTM's scale is not 1
    assert whole.record("WEL-05")["numerator"] > 2 * 200 * 100 / ACRE_M2
    by_layer = {p.layer: p for p in baseline.layers}
    assert by_layer["parks"].source == "City of Nowhere"
    assert by_layer["walk"].source != "City of Nowhere"


def test_a_checklist_comes_with_the_baseline(lean: tuple[run.Collected, Baseline, Checklist]) -> None:
    _, _, checklist = lean
    assert isinstance(checklist, Checklist)


# ---------------------------------------------------------------------------------------------------------- the rest


def test_the_embedded_districts_are_found() -> None:
    names = [folder.name for folder in run.embedded()]
    assert "nowhere-invented" in names and names == sorted(names)


def test_a_real_place_on_invented_layers_is_marked_as_invented(lean: tuple[run.Collected, Baseline, Checklist]) -> None:
    """The layers say so themselves, whatever the district is called."""
    found, baseline, _ = lean
    assert not found.config.synthetic and baseline.synthetic


def test_the_manifest_names_inputs_by_digest(lean: tuple[run.Collected, Baseline, Checklist]) -> None:
    found, baseline, _ = lean
    told = manifests.make(found.config, found.layers, Path("out"))
    inputs = {one["id"]: one for one in told["inputs"]}
    # Everything that was read, the counties too, of which no number is made.
    assert set(inputs) == set(found.layers) > {p.layer for p in baseline.layers}
    assert all(len(one["sha256"]) == 64 for one in inputs.values())
    assert told["run"]["packages"]["numpy"]


def same(one: Any, other: Any) -> bool:
    """Whether two layers, or two parts of them, are alike in values, types and order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other), check_exact=True)
        return not isinstance(one, gpd.GeoDataFrame) or one.crs == other.crs
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return bool(one == other)


def test_records_make_the_next_run_read_less_and_change_nothing(
    source: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every layer that is kept comes back as it was read; of a few rows the results are the same."""
    monkeypatch.setattr(synthetic, "ensure", lambda seed: source)
    kept, puts, put = tmp_path / "records", Counter[str](), Store.put
    monkeypatch.setattr(Store, "put", lambda store, layer, key: (puts.update([key]), put(store, layer, key))[1])
    whole, _ = nowhere.found(tmp_path_factory, DISTRICT.name)
    settings = run.read_config(DISTRICT / "district.toml")
    # Tables of the survey are read anew each time.
    less = replace(settings, layers={k: v for k, v in settings.layers.items() if not k.startswith("acs")})
    first, second = (run.collect_layers(less, None, kept).layers for _ in range(2))
    read = {name: layer for name, layer in whole.layers.items() if not name.startswith("acs")}
    assert len(puts) > 10 and set(puts.values()) == {1}, "each layer is read once"
    assert read.keys() == first.keys() == second.keys()
    assert [name for name in read if not same(read[name], first[name]) or not same(read[name], second[name])] == []
    with nowhere.only(KEPT_ROWS):
        third = run.collect_layers(settings, None, kept)
        with nowhere.at_hand(whole):
            without = run.collect_layers(settings)
        results = [reports.dump(reports.to_dict(run.measure_place(one)[0])) for one in (third, without)]
    assert set(puts.values()) == {1}
    assert results[0] == results[1]
