"""Rows from downloaded tables of the invented county, each against what is true of its people, found another way."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo import measuring, run
from justgeo.catalogue import read as catalogue
from justgeo.core.answers import NOTHING_SAID
from justgeo.core.protocol import fill
from justgeo.core.result import Record
from justgeo.indicators.place import Place, how_to_have
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.margins import Z90, Z95
from justgeo.measure.reduce import ReduceSettings, recompute
from justgeo.synthetic import County, chas, county, ensure, published
from justgeo.synthetic.declare import TABLES
from tests import nowhere

FIELDS = {"table_share", "table_exposure", "filing_rate"}
ROWS = {row.id: row for row in catalogue.indicators() if row.field in FIELDS}
UNITS = (*nowhere.UNITS, "tracts_2010", "block_groups_2010")
DATA = tuple(f"data:{name}" for name in TABLES)


@dataclass(frozen=True)
class Made:
    county: County
    files: Path
    district: Path
    place: Place
    rows: Mapping[tuple[str, str, str], Record]

    def at(self, indicator: str, zone: str = "reference", group: str = "all") -> Record:
        return self.rows[indicator, zone, group]

    def value(self, indicator: str, zone: str = "reference", group: str = "all") -> float:
        found = self.at(indicator, zone, group).value
        assert found is not None, (indicator, zone, group, self.at(indicator, zone, group).reason)
        return found

    @property
    def persons_inside(self) -> np.ndarray:
        return self.county.people_in(self.county.district)

    @property
    def homes_inside(self) -> np.ndarray:
        homes = self.county.households(2024)
        inside: np.ndarray = shapely.contains_xy(self.county.district, homes["lon"], homes["lat"])
        return inside


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    files = ensure(2020, nowhere.cache(tmp_path_factory))
    told = {**nowhere.layers(files, [*UNITS, *DATA])}
    told["acs"] = nowhere.survey(files, tmp_path_factory.mktemp("acs"), ["B03002", "C17002"])
    district = {"boundary": str(files / "district.geojson"), "slug": "old-harbour-invented"}
    path = nowhere.write(tmp_path_factory.mktemp("district"), told, district)
    place, rows = nowhere.measured(path, ROWS.values())
    return Made(county(2020), files, path, place, rows)


# All of them ----------------------------------------------------------------------------------------------------------


def test_the_county_has_every_table_that_a_row_asks_for() -> None:
    assert {row.parameters["table"] for row in ROWS.values()} <= set(TABLES)
    assert len(ROWS) > 20


def test_every_row_is_measured_for_the_district_and_the_county(made: Made) -> None:
    for indicator in ROWS:
        for zone in ("district", "reference"):
            assert made.at(indicator, zone).value is not None, (indicator, zone, made.at(indicator, zone).reason)


def test_values_and_margins_can_be_recomputed(made: Made) -> None:
    seen = set()
    for key, record in made.rows.items():
        if record.value is None or record.rule == "":
            continue
        value, moe = recompute(record)
        assert value == pytest.approx(record.value, rel=1e-9), key
        told = record.error["sampling"]
        assert (np.isnan(moe) and told is None) or moe == pytest.approx(told, rel=1e-9, abs=1e-12), key
        seen.add(record.rule)
    assert seen >= {"both_sides", "per_hundred", "sum"}


def test_each_number_names_the_table_and_the_outlines_that_it_stands_on(made: Made) -> None:
    for row in ROWS.values():
        layers = made.at(row.id).layers
        assert f"data:{row.parameters['table']}" in layers and "blocks" in layers
    assert "tracts_2010" in made.at("BEL-18").layers and "tracts_2010" not in made.at("WEL-08.asthma").layers
    assert "block_groups_2010" in made.at("WEL-13").layers
    assert all(made.place.layers[name].provenance.synthetic for name in DATA)


# Cost burden by race (B12) --------------------------------------------------------------------------------------------

TENURES = {"": "all", ".renters": "renter", ".owners": "owner"}
BURDENS = [(stem + name, tenure) for stem in ("BEL-19", "BEL-20") for name, tenure in TENURES.items()]
GROUPS = {"all": "all", "race:other-or-two": "other", **{f"race:{g}": g for g in chas.GROUPS if g != "other"}}


def burdened(made: Made, indicator: str, tenure: str, group: str, zone: str) -> tuple[float, float]:
    """Households in truth: burdened, and all whose burden can be reckoned."""
    homes = made.homes_inside if zone == "district" else np.ones(len(made.county.households(2024)), dtype=bool)
    counts = chas.truth(made.county, homes, tenure, GROUPS[group])
    above = counts["over_50"] + (counts["30_to_50"] if indicator.startswith("BEL-19") else 0.0)
    return above, sum(counts.values()) - counts["not_computed"]


def test_burden_is_near_the_truth_for_each_tenure_and_group(made: Made) -> None:
    held = []
    for indicator, tenure in BURDENS:
        for group in GROUPS:
            for zone in ("district", "reference"):
                record = made.at(indicator, zone, group)
                if record.value is None:
                    assert group != "all" and str(record.reason).startswith(("suppressed", "its universe is empty"))
                    continue
                above, below = burdened(made, indicator, tenure, group, zone)
                assert record.moe is not None and record.moe > 0
                assert abs(record.value - above / below) <= 2.5 * record.moe, (indicator, zone, group)
                held.append(abs(record.value - above / below) <= record.moe)
    assert len(held) > 50 and np.mean(held) >= 0.8


def test_burden_of_the_county_is_that_of_the_file(made: Made) -> None:
    """By the file's own line numbers: Black renters are lines 44 to 48."""
    with zipfile.ZipFile(made.files / TABLES["chas"][0]) as archive:
        table = pd.read_csv(io.BytesIO(archive.read("140/Table9.csv")))
    to_30, mid, over = (table[f"T9_est{line}"].sum() for line in (45, 46, 47))
    record = made.at("BEL-19.renters", "reference", "race:black")
    assert (record.numerator, record.denominator) == (mid + over, to_30 + mid + over)
    assert (table[[c for c in table if c.startswith("T9_est")]].isin([0, 4]) |
            (table[[c for c in table if c.startswith("T9_est")]] % 5 == 0)).all(axis=None)  # fmt: skip


def test_groups_by_race_add_up_to_everybody(made: Made) -> None:
    open_ = JudgeSettings(group_min=0, group_cv=np.inf, widest=np.inf)
    rows = [ROWS[indicator] for indicator, _ in BURDENS]
    told = measuring.measure(rows, made.place, settings=ReduceSettings(), judging=open_)
    counts = {(r.indicator, r.group): (r.numerator, r.denominator) for r in told if r.zone == "reference"}
    for indicator, _ in BURDENS:
        parts = [counts[indicator, group] for group in GROUPS if group != "all"]
        whole = [sum(part[side] or 0.0 for part in parts) for side in (0, 1)]
        assert counts[indicator, "all"] == pytest.approx(tuple(whole))
    assert made.value("BEL-20") < made.value("BEL-19")


# Designation (B11) ----------------------------------------------------------------------------------------------------


def test_people_in_designated_tracts_are_those_who_live_there(made: Made) -> None:
    flags = published.designated(made.county).astype(float)
    everybody = np.ones(len(made.county.persons(2024)), dtype=bool)
    expected = published.mean_of(made.county, flags, "tract10", everybody)
    record = made.at("BEL-18")
    assert 0.1 < expected < 0.9
    assert record.value == pytest.approx(expected, rel=1e-12) and record.error["sampling"] == 0
    inside = published.mean_of(made.county, flags, "tract10", made.persons_inside)
    assert made.value("BEL-18", "district") == pytest.approx(inside, abs=0.01), "cut blocks are divided by land"


def test_designation_by_race_is_of_where_a_group_lives(made: Made) -> None:
    persons = made.county.persons(2024)
    flags = published.designated(made.county).astype(float)
    black = ((persons["race"] == 1) & ~persons["hispanic"].astype(bool)).to_numpy()
    record = made.at("BEL-18", "reference", "race:black")
    assert record.value == pytest.approx(published.mean_of(made.county, flags, "tract10", black), rel=1e-12)
    assert record.denominator == black.sum()


# Filings (B13) --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("indicator", "year"), [("BEL-15", 2016), ("BEL-15.before", 2011)])
def test_filings_over_renters(made: Made, indicator: str, year: int) -> None:
    table = published.filings(made.county)
    table = table[table["year"] == year]
    record = made.at(indicator)
    assert record.numerator == table["filings"].sum()
    # Households come back from rates that were printed to two digits; tracts without a renter tell nothing.
    assert record.denominator == pytest.approx(table["renters"].sum(), rel=2e-3)
    assert record.value == pytest.approx(100 * table["filings"].sum() / table["renters"].sum(), rel=2e-3)
    assert f"filings of {year}" in record.flags and record.reliability == "exact"


def test_filings_in_the_district_are_divided_by_its_homes(made: Made) -> None:
    """Each 2010 tract by the share of its homes inside, block by block with the share of land of those that are cut."""
    blocks, counts = made.county.geography.blocks, made.county.block_counts(2024)
    shapes = blocks.geometry.to_crs("EPSG:5070")
    district = shapely.transform(made.county.district, lambda c: np.column_stack(_to_5070(c)), include_z=False)
    part = shapely.area(shapely.intersection(shapes.to_numpy(), district)) / shapely.area(shapes.to_numpy())
    homes = counts["housing_units"].to_numpy(dtype=float)
    tract = blocks["tract10"].to_numpy().astype(str)
    inside, whole = (pd.Series(v).groupby(tract).sum() for v in (homes * part, homes))
    weight = (inside / whole).fillna(0.0)
    table = published.filings(made.county)
    last = table[table["year"] == 2016].set_index("geoid")
    w = weight.reindex(last.index).to_numpy()
    expected = 100 * (w * last["filings"]).sum() / (w * last["renters"]).sum()
    assert made.value("BEL-15", "district") == pytest.approx(expected, rel=5e-3)
    quiet = published.quiet_tract(made.county)
    assert last.loc[quiet, "filings"] == 0 and weight[quiet] > 0.1
    without = w * (last.index != quiet)
    biased = 100 * (without * last["filings"]).sum() / (without * last["renters"]).sum()
    assert abs(biased - expected) > 0.02 * expected, "leaving the quiet tract out would show"


def _to_5070(coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from pyproj import Transformer

    move = Transformer.from_crs(4326, 5070, always_xy=True).transform
    x, y = move(coordinates[:, 0], coordinates[:, 1])
    return x, y


# Health (B15) and burdens ---------------------------------------------------------------------------------------------

MEASURES = {"asthma": "CASTHMA", "diabetes": "DIABETES", "mental": "MHLTH", "pressure": "BPHIGH", "heart": "CHD",
            "checkup": "CHECKUP", "inactive": "LPA"}  # fmt: skip


def test_health_rows_are_these() -> None:
    assert {f"WEL-08.{name}" for name in MEASURES} == {row for row in ROWS if row.startswith("WEL-08")}
    assert all(not ROWS[row].groups for row in ROWS if row.startswith("WEL-08")), "the model has no split by race"


@pytest.mark.parametrize("name", MEASURES)
def test_a_modelled_percent_holds_the_truth_in_its_interval(made: Made, name: str) -> None:
    persons = made.county.persons(2024)
    true = published.prevalence(made.county, MEASURES[name]) / 100
    for zone, people in (("reference", np.ones(len(persons), dtype=bool)), ("district", made.persons_inside)):
        record = made.at(f"WEL-08.{name}", zone)
        expected = published.mean_of(made.county, true, "tract", people)
        assert record.value is not None and record.moe is not None
        assert abs(record.value - expected) <= 1.2 * record.moe
        assert "interval of a model" in record.flags and 0 < record.moe < 0.1


def test_the_margin_of_a_model_is_the_mean_of_its_half_widths(made: Made) -> None:
    rows = json.loads((made.files / TABLES["places"][0]).read_text(encoding="utf-8"))
    told = {r["locationname"]: r for r in rows if (r["measureid"], r["datavaluetypeid"]) == ("CASTHMA", "CrdPrv")}
    known = {geoid: r for geoid, r in told.items() if "data_value" in r}
    assert len(known) < len(told), "one is withheld"
    people = made.county.truth("B01003", 2024, "tract").iloc[:, 0].reindex(list(known)).to_numpy()
    names = ("data_value", "low_confidence_limit", "high_confidence_limit")
    value, low, high = (np.array([float(r[name]) for r in known.values()]) for name in names)
    record = made.at("WEL-08.asthma")
    assert record.value == pytest.approx((people * value).sum() / people.sum() / 100)
    half = (people * (high - low) / 2).sum() / people.sum() / 100 * Z90 / Z95
    assert record.error["sampling"] == pytest.approx(half)


def test_years_of_life(made: Made) -> None:
    true = published.lifetimes(made.county)
    record = made.at("WEL-12")
    everybody = np.ones(len(made.county.persons(2024)), dtype=bool)
    assert record.value is not None and record.moe is not None
    assert abs(record.value - published.mean_of(made.county, true, "tract10", everybody)) <= record.moe
    table = published.usaleep(made.county).set_index("Tract ID")
    expected = published.mean_of(made.county, Z90 * table["se(e(0))"], "tract10", everybody)
    assert record.error["sampling"] == pytest.approx(expected)


@pytest.mark.parametrize(("indicator", "column"), [("WEL-09.pm25", "PM25"), ("WEL-09.diesel", "DSLPM"),
                                                   ("WEL-09.traffic", "PTRAF")])  # fmt: skip
def test_burdens_are_means_over_people_without_a_known_margin(made: Made, indicator: str, column: str) -> None:
    values = published.burdens(made.county).set_index("ID")[column]
    everybody = np.ones(len(made.county.persons(2024)), dtype=bool)
    record = made.at(indicator)
    assert record.value == pytest.approx(published.mean_of(made.county, values, "bg", everybody))
    assert record.moe is None and record.reliability == "unknown"
    inside = published.mean_of(made.county, values, "bg", made.persons_inside)
    assert made.value(indicator, "district") == pytest.approx(inside, rel=0.02)


def test_walkability_of_block_groups_of_2010(made: Made) -> None:
    table = published.walkability(made.county)
    ids = (table["STATEFP"].map("{:02d}".format) + table["COUNTYFP"].map("{:03d}".format)
           + table["TRACTCE"].map("{:06d}".format) + table["BLKGRPCE"].astype(str))  # fmt: skip
    values = pd.Series(table["NatWalkInd"].to_numpy(), index=ids)
    everybody = np.ones(len(made.county.persons(2024)), dtype=bool)
    assert made.value("WEL-13") == pytest.approx(published.mean_of(made.county, values, "bg10", everybody))


# Energy and jobs ------------------------------------------------------------------------------------------------------


def test_energy_burden_is_spending_over_income(made: Made) -> None:
    told = published.energy(made.county)
    spent = told[["electricity", "gas", "other"]].to_numpy().sum()
    record = made.at("ENV-07")
    assert record.value == pytest.approx(spent / told["income"].sum())
    assert record.moe is None and "margin not known" in record.flags
    mean = told.groupby("tract")[["electricity", "gas", "other", "income"]].sum()
    of_tracts = (mean[["electricity", "gas", "other"]].sum(axis=1) / mean["income"]).mean()
    assert abs(of_tracts / (spent / told["income"].sum()) - 1) > 0.01, "a mean of burdens would be another number"


def test_low_pay_over_blocks_with_those_that_the_file_leaves_out(made: Made) -> None:
    table = published.workers(made.county)
    record = made.at("OPP-10")
    assert record.value == pytest.approx(table["CE01"].sum() / table["C000"].sum())
    assert len(table) < len(made.county.geography.blocks) and not any("lacking" in flag for flag in record.flags)


def test_jobs_for_every_home(made: Made) -> None:
    jobs = published.jobs(made.county)["C000"].sum()
    homes = made.county.block_counts(2024)["housing_units"].sum()
    record = made.at("OPP-08")
    assert (record.numerator, record.denominator) == (jobs, homes)
    assert record.value == pytest.approx(jobs / homes) and record.moe is None


# Not asked for --------------------------------------------------------------------------------------------------------


def test_what_was_not_asked_for_is_absent_with_what_to_write(made: Made, tmp_path: Path) -> None:
    told = nowhere.layers(made.files, nowhere.UNITS)
    district = {"boundary": str(made.files / "district.geojson"), "slug": "old-harbour-invented"}
    path = nowhere.write(tmp_path, told, district, {"absent": {"data:places": "the city has its own survey"}})
    found = run.collect_layers(run.read_config(path))
    assert {name for name in found.absent if name.startswith("data:")} == {"data:places"}, (
        "tables are no missing layers"
    )
    place = run.make_place(found)
    records = measuring.measure(tuple(ROWS.values()), place, settings=ReduceSettings(), judging=JudgeSettings())
    for record in records:
        table = ROWS[record.indicator].parameters["table"]
        assert record.value is None and record.reliability == "absent"
        if table == "places":
            assert record.reason == "the city has its own survey"
        else:
            assert f'tables = ["{table}"] under [fetch] of district.toml' in str(record.reason)
            assert f'[layers."data:{table}"]' in str(record.reason)
    rows = {row.layer: row for row in run.plan(path)}
    assert not rows["data:chas"].present and 'tables = ["chas"]' in rows["data:chas"].reason
    assert set(rows["data:cejst"].needed_by) == {"BEL-18"}


def test_the_checklist_says_what_is_measured_and_what_to_write(made: Made) -> None:
    rows = tuple(ROWS.values())
    measured = {
        i.id: i for i in fill(catalogue.protocol(), made.rows.values(), rows, NOTHING_SAID, {}).having("baseline")
    }
    assert (measured["B11"].status, measured["B12"].status, measured["B13"].status) == (
        "measured",
        "measured",
        "partly",
    )
    assert "court" in str(measured["B13"].reason) and measured["B15"].status == "partly"
    gone = [
        replace(r, value=None, reason=how_to_have(ROWS[r.indicator].parameters["table"])) for r in made.rows.values()
    ]
    silent = {i.id: i for i in fill(catalogue.protocol(), gone, rows, NOTHING_SAID, {}).having("baseline")}
    for item, table in (("B11", "cejst"), ("B12", "chas"), ("B13", "eviction_lab"), ("B15", "places")):
        assert silent[item].status == "not measured"
        assert f'tables = ["{table}"] under [fetch]' in str(silent[item].reason)


def test_a_table_of_2010_without_its_outlines_says_so(made: Made, tmp_path: Path) -> None:
    told = nowhere.layers(made.files, [*nowhere.UNITS, "data:cejst"])
    district = {"boundary": str(made.files / "district.geojson"), "slug": "old-harbour-invented"}
    place = run.make_place(run.collect_layers(run.read_config(nowhere.write(tmp_path, told, district))))
    [record] = [
        r
        for r in measuring.measure([ROWS["BEL-18"]], place, settings=ReduceSettings(), judging=JudgeSettings())
        if (r.zone, r.group) == ("district", "all")
    ]
    assert record.value is None and "[layers.tracts_2010]" in str(record.reason)
