"""Each downloadable file from a server to a layer: real columns, codes for "no number", margins."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.spec import LayerSpec
from justgeo.sources.datasets import read_dataset
from justgeo.sources.live import downloads
from justgeo.sources.live.ask import bring
from justgeo.sources.live.records import Records
from tests.live import shelf
from tests.live.bureau import failure, tools
from tests.live.shelf import (
    ALBEMARLE,
    AREA,
    CITY,
    COUNTIES,
    Shelf,
    asks,
    by_id,
    layer,
    row,
)
from tests.loopback.faults import Fault
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback, refused_url

BLOCK, OTHER, NOBODY = "515400002011000", "510030101001002", "517600201001000"
WAC_VA = "/va/wac/va_wac_S000_JT00_2023.csv.gz"


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


@pytest.fixture
def files() -> Iterator[Shelf]:
    tree = FileTree({})
    with Loopback(tree.handle) as server:
        yield Shelf(server, tree)


# Each table ---------------------------------------------------------------------------------------


def test_lodes_by_block_where_a_block_left_out_has_no_jobs(files: Shelf, records: Records) -> None:
    files.put({WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5), OTHER: (4, 1, 1, 2), NOBODY: (99, 0, 0, 99)})})
    found = layer(row("lodes_wac", files.url), records)
    assert found.name == "data:lodes_wac"
    assert (found.geography, found.geography_vintage, found.covers) == ("block", 2020, None)
    jobs = by_id(found)
    assert list(jobs.index) == [BLOCK, OTHER]  # Richmond is not asked for
    assert jobs.loc[BLOCK, ["jobs", "jobs_to_1250", "jobs_1251_to_3333", "jobs_over_3333"]].tolist() == [10, 2, 3, 5]
    assert jobs.loc[OTHER, "jobs_education"] == 4
    assert found.data.attrs["outside"]["jobs"] == 0.0  # what LODES leaves out has none
    assert (found.provenance.vintage, found.provenance.dataset[:7]) == ("2023", "LODES 8")
    assert found.provenance.licence and found.provenance.retrieved and not found.provenance.modelled


def test_a_state_without_a_table_of_the_year_gives_an_older_one_and_says_so(files: Shelf, records: Records) -> None:
    files.put({"/mi/wac/mi_wac_S000_JT00_2021.csv.gz": shelf.lodes({"261635207001000": (7, 1, 2, 4)})})
    found = layer(row("lodes_wac", files.url), records, ["26163"])
    assert found.provenance.vintage == "2021"
    assert any("State 26: of 2021, not 2023 (Alaska and Michigan" in note for note in found.provenance.notes)
    assert [request.path for request in files.server.requests] == ["/mi/wac/mi_wac_S000_JT00_2021.csv.gz"]


def test_states_come_in_files_of_their_own_and_make_one_layer(files: Shelf, records: Records) -> None:
    files.put(
        {
            WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5)}),
            "/wv/wac/wv_wac_S000_JT00_2023.csv.gz": shelf.lodes({"540390001001000": (6, 1, 2, 3)}),
        }
    )
    service = row("lodes_wac", files.url)
    assert [ask.label for ask in asks(service, [CITY, "54039"])] == [
        "lodes_wac 2023, state 51",
        "lodes_wac 2023, state 54",
    ]
    found = layer(service, records, [CITY, "54039"])
    assert by_id(found)["jobs"].to_dict() == {BLOCK: 10.0, "540390001001000": 6.0}
    assert len(found.provenance.sha256) == 64


def test_without_one_of_its_states_the_layer_is_absent(files: Shelf, records: Records) -> None:
    files.put({WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5)})})
    service = row("lodes_wac", files.url)
    found = bring(asks(service, [CITY, "54039"]), records, tools(service))
    assert found.specs == {} and "there is no such thing (404)" in found.missing["data:lodes_wac"]
    assert found.fetched == ("lodes_wac 2023, state 51",)  # what came stays, so the next fetch is shorter


def test_residents_by_block(files: Shelf, records: Records) -> None:
    header = shelf.WAC.replace("w_geocode", "h_geocode").partition(",CR01")[0] + ",createdate"
    text = shelf.wac({BLOCK: (20, 5, 6, 9)}, header)
    files.put({"/va/rac/va_rac_S000_JT00_2023.csv.gz": gzip.compress(text.encode())})
    assert by_id(layer(row("lodes_rac", files.url), records, [CITY])).loc[BLOCK, "jobs_to_1250"] == 5


def chas(**cells: Any) -> dict[str, Any]:
    told = {name: 0 for name in shelf.CHAS} | {"sumlevel": 140, "geoid": "14000US51540000201", "name": "A tract"}
    return {**told, **cells}


def test_cost_burden_by_race_with_margins(files: Shelf, records: Records) -> None:
    rows = [
        chas(T9_est1=2000, T9_moe1=120, T9_est44=300, T9_moe44=60, T9_est46=90, T9_moe46=35, T9_est47=110, T9_est48=10),
        chas(geoid="14000US51003010100", name="Doña Ana"),
        chas(geoid="14000US51760020100", T9_est1=5),
    ]
    archive = shelf.zip_of(
        {
            "140/Table1.csv": "geoid,T1_est1\n14000US51540000201,1\n",
            "140/Table9.csv": shelf.csv(shelf.CHAS, rows).encode("latin-1"),
            "140/CHAS data dictionary 18-22.xlsx": b"PK not read",
        }
    )
    files.put({"/2018thru2022-140-csv.zip": archive})
    found = layer(row("chas", files.url), records)
    tract = by_id(found).loc["51540000201"]
    assert (tract["households"], tract["households_moe"]) == (2000, 120)
    assert (tract["renter_black"], tract["renter_black_moe"]) == (300, 60)
    burdened = tract["renter_black_30_to_50"] + tract["renter_black_over_50"]
    assert (burdened, tract["renter_black_30_to_50_moe"], tract["renter_black_not_computed"]) == (200, 35, 10)
    assert sorted(by_id(found).index) == ["51003010100", "51540000201"]
    assert (found.geography, found.geography_vintage) == ("tract", 2020)


def test_a_site_that_asks_for_a_person_is_told_with_the_way_by_hand(files: Shelf, records: Records) -> None:
    files.server.fail(Fault.status(202), times=-1)  # as HUD's site answers programs at times
    service = row("chas", files.url)
    found = failure(asks(service)[0], records, service)
    assert "(202)" in found.message
    assert "by hand: on the page of the data choose the years 2018-2022" in found.remedy
    assert '[layers."data:chas"]' in found.remedy


def test_a_table_taken_by_hand_is_read_as_the_catalogue_says(tmp_path: Path) -> None:
    path = tmp_path / "Table9.csv"
    path.write_text(shelf.csv(shelf.CHAS, [chas(T9_est1=2000, T9_moe1=120), chas(geoid="14000US51003010100")]))
    mine = LayerSpec("data:chas", path, retrieved="2026-11-20")
    spec = downloads.own_file(mine, catalogue.datasets()["chas"], COUNTIES)
    found = read_dataset(spec, AREA)
    assert by_id(found).loc["51540000201", "households_moe"] == 120
    assert (found.provenance.vintage, found.provenance.retrieved) == ("2018-2022", "2026-11-20")
    assert found.provenance.source == "U.S. Department of Housing and Urban Development"


def test_evictions_of_the_newest_year_of_each_county(files: Shelf, records: Records) -> None:
    def told(fips: str, year: int, **cells: Any) -> dict[str, Any]:
        return {"fips": fips, "cofips": fips[:5], "year": year, "filings": 10, "filing_rate": 5.5, **cells}

    rows = [
        told("51540000201", 2015),
        told("51540000201", 2016, filings=12, threatened="", judgements=3),
        told("51540000300", 2015, filings=99),  # no row of 2016: then no number, not that of another year
        told("51003010100", 2018, filings=4, filing_rate=120.5),  # more filings than homes happen
    ]
    path = "/data-for-analysis/tract_proprietary_valid_2000_2018_y2024m12.csv"
    files.put({path: shelf.csv(shelf.EVICTIONS, rows)})
    found = layer(row("eviction_lab", files.url), records)
    table = by_id(found)
    assert table["filings"].to_dict() == {"51540000201": 12.0, "51003010100": 4.0}
    assert table["year"].to_dict() == {"51540000201": 2016.0, "51003010100": 2018.0}
    assert np.isnan(table.loc["51540000201", "threatened"])
    assert found.data.attrs["reasons"]["51540000201", "threatened"] == "not published"
    assert "Newest year of 51540: 2016." in found.provenance.notes
    assert found.geography_vintage == 2010


def test_zeros_that_a_spreadsheet_took_away_are_put_back(files: Shelf, records: Records) -> None:
    path = "/data-for-analysis/tract_proprietary_valid_2000_2018_y2024m12.csv"
    files.put({path: shelf.csv(shelf.EVICTIONS, [{"fips": "6001400100", "year": 2016, "filings": 1}])})
    found = layer(row("eviction_lab", files.url), records, ["06001"])
    assert by_id(found)["filings"].to_dict() == {"06001400100": 1.0}


def test_a_county_that_is_not_covered_is_told_and_none_at_all_is_an_absence(files: Shelf, records: Records) -> None:
    path = "/data-for-analysis/tract_proprietary_valid_2000_2018_y2024m12.csv"
    files.put({path: shelf.csv(shelf.EVICTIONS, [{"fips": "51540000201", "year": 2016, "filings": 1}])})
    service = row("eviction_lab", files.url)
    found = layer(service, records)
    assert found.data.attrs["lacking"] == (ALBEMARLE,)
    assert any(f"nothing of {ALBEMARLE}" in note for note in found.provenance.notes)
    with pytest.raises(CoverageError, match=f"nothing of {ALBEMARLE}"):
        layer(service, records, [ALBEMARLE])


def test_energy_by_stratum_adds_up_to_a_burden_worked_by_hand(files: Shelf, records: Records) -> None:
    def told(fip: str, band: str, units: float, income: float, **cells: Any) -> dict[str, Any]:
        base = {
            "ABV": "VA",
            "FIP": fip,
            "AMI150": band,
            "TEN": "RENTER",
            "TEN-YBL6": "1960-79",
            "TEN-HFL": "UTILITY GAS",
        }
        return {
            **base,
            "UNITS": units,
            "HINCP*UNITS": income,
            "ELEP*UNITS": 0,
            "GASP*UNITS": 0,
            "FULP*UNITS": 0,
            **cells,
        }

    rows = [
        told("51540000201", "0-30%", 10.5, 150_000, **{"ELEP*UNITS": 12_000, "GASP*UNITS": 6_000}),
        told("51540000201", "150%+", 20.0, 850_000, **{"ELEP*UNITS": 5_000, "FULP*UNITS": 2_000}),
        told("51003010100", "150%+", 1.0, 90_000, **{"ELEP*UNITS": "NA"}),
    ]
    archive = shelf.zip_of(
        {
            "VA AMI Census Tracts 2022.csv": shelf.csv(shelf.LEAD, rows),
            "VA FPL Census Tracts 2022.csv": "FIP\n51540000201\n",
            "VA AMI Counties 2022.csv": "FIP\n51540\n",
        }
    )
    files.put({"/VA-2022-LEAD-data.zip": archive})
    found = layer(row("lead", files.url), records)
    tract = found.data[found.data["geoid"] == "51540000201"]
    spent = tract[["electricity", "gas", "other_fuel"]].to_numpy().sum()
    assert spent / tract["income"].sum() == pytest.approx(25_000 / 1_000_000)
    assert found.data.attrs["strata"] == ("AMI150", "TEN", "TEN-YBL6", "TEN-BLD", "TEN-HFL")
    assert set(tract["AMI150"]) == {"0-30%", "150%+"}
    assert found.provenance.modelled
    (label,) = {key[0] for key in found.data.attrs["reasons"]}
    assert label.startswith("51003010100|150%+|")


def test_a_stratum_that_comes_twice_is_refused(files: Shelf, records: Records) -> None:
    rows = [{"FIP": "51540000201", "AMI150": "0-30%", "UNITS": 1, "HINCP*UNITS": 2}] * 2
    rows += [{"FIP": "51003010100", "AMI150": "0-30%", "UNITS": 1}]
    files.put({"/VA-2022-LEAD-data.zip": shelf.zip_of({"VA AMI Census Tracts 2022.csv": shelf.csv(shelf.LEAD, rows)})})
    with pytest.raises(LayerError, match="1 rows come more than once, for example '51540000201'"):
        layer(row("lead", files.url), records)


def test_walkability_by_an_identifier_put_together(files: Shelf, records: Records) -> None:
    def told(county: str, tract: str, group: str, **cells: Any) -> dict[str, Any]:
        lost = {"GEOID10": "4.81E+11", "GEOID20": "4.81E+11"}  # so the real file has them
        return {**lost, "STATEFP": 51, "COUNTYFP": county, "TRACTCE": tract, "BLKGRPCE": group, **cells}

    rows = [
        told("540", "502", "2", NatWalkInd=11.5, D4A=325.89, D4A_Ranked=17),
        told("3", "10100", "1", NatWalkInd=5.16667, D4A=-99999, D4A_Ranked=1, D4C="-99999.00"),
        told("760", "20100", "1", NatWalkInd=16),
    ]
    path = "/EPADataCommons/public/OA/EPA_SmartLocationDatabase_V3_Jan_2021_Final.csv"
    files.put({path: shelf.csv(shelf.SLD, rows)})
    found = layer(row("smart_location", files.url), records)
    groups = by_id(found)
    assert sorted(groups.index) == ["510030101001", "515400005022"]
    assert (groups.loc["515400005022", "walkability"], groups.loc["515400005022", "transit_metres"]) == (11.5, 325.89)
    assert np.isnan(groups.loc["510030101001", "transit_metres"]) and np.isnan(
        groups.loc["510030101001", "transit_frequency"]
    )
    assert "-99999" in found.data.attrs["reasons"]["510030101001", "transit_metres"]
    assert found.geography_vintage == 2010


def test_vulnerability_with_margins_and_its_code_for_nothing(files: Shelf, records: Records) -> None:
    # The first row is Adams County's of the 2022 file (METHODS 9, row 4), told here as a tract.
    rows = [
        dict.fromkeys(shelf.SVI, 0)
        | {"FIPS": "42001030101", "E_TOTPOP": 104604, "E_HH": 40006, "M_HH": 420, "E_NOVEH": 1878, "M_NOVEH": 265}
        | {"EP_NOVEH": 4.7, "MP_NOVEH": 0.6, "RPL_THEMES": 0.0606},
        dict.fromkeys(shelf.SVI, -999) | {"FIPS": "42001030102", "E_TOTPOP": 0, "M_TOTPOP": 12},
    ]
    files.put({"/Pennsylvania.csv": shelf.csv(shelf.SVI, rows)})
    found = layer(row("svi", files.url), records, ["42001"])
    tract, empty = by_id(found).loc["42001030101"], by_id(found).loc["42001030102"]
    assert (tract["no_vehicle"], tract["no_vehicle_moe"]) == (1878, 265)
    assert (tract["no_vehicle_percent"], tract["no_vehicle_percent_moe"], tract["rank"]) == (4.7, 0.6, 0.0606)
    assert (empty["persons"], empty["persons_moe"]) == (0, 12)
    assert np.isnan(empty["rank"]) and np.isnan(empty["poor_percent_moe"])
    assert found.data.attrs["reasons"]["42001030102", "rank"] == "not published (-999)"


def test_a_state_of_two_words_is_written_without_the_blank(files: Shelf, records: Records) -> None:
    files.put({"/NewYork.csv": shelf.csv(shelf.SVI, [dict.fromkeys(shelf.SVI, 0) | {"FIPS": "36061000100"}])})
    assert by_id(layer(row("svi", files.url), records, ["36061"])).index.tolist() == ["36061000100"]


def test_a_mirror_stands_in_for_a_site_that_is_gone(files: Shelf, records: Records) -> None:
    files.put(
        {"/2022_data/Virginia.csv": shelf.csv(shelf.SVI, [dict.fromkeys(shelf.SVI, 0) | {"FIPS": "51540000201"}])}
    )
    gone = replace(row("svi", ""), urls=(f"{files.url}/csv/states", f"{files.url}/2022_data"))
    found = layer(gone, records, [CITY])
    assert found.provenance.url == f"{files.url}/2022_data/Virginia.csv"


def test_environmental_burdens(files: Shelf, records: Records) -> None:
    rows = [
        {"ID": "515400002011", "PM25": 7.386, "PRE1960PCT": 0.43, "NO2": 6.1, "DWATER": 0},
        {"ID": "510030101001", "PM25": 7.241, "PRE1960PCT": "", "RSEI_AIR": 10.5},
    ]
    files.put({"/api/access/datafile/10775972": shelf.csv(shelf.EJSCREEN, rows)})
    found = layer(row("ejscreen", files.url), records)
    groups = by_id(found)
    assert groups.loc["515400002011", ["pm25", "before_1960", "drinking_water"]].tolist() == [7.386, 0.43, 0]
    assert np.isnan(groups.loc["510030101001", "before_1960"])
    (record,) = records.root.glob("*/*/EJSCREEN_2024_BG_with_AS_CNMI_GU_VI.csv")  # a name, where the address has none
    assert record.is_file()


def test_disadvantaged_communities_on_the_tracts_of_2010(files: Shelf, records: Records) -> None:
    flag, alone, area = shelf.CEJST[6], shelf.CEJST[5], shelf.CEJST[7]
    rows = [
        {shelf.CEJST[0]: "51540000201", flag: "True", alone: "False", area: 100, shelf.CEJST[3]: 2},
        {shelf.CEJST[0]: "51003010100", flag: "False", alone: "False", area: 0, shelf.CEJST[3]: 0},
        {shelf.CEJST[0]: "51003990000", flag: "", area: ""},
    ]
    files.put({"/data-versions/2.0/data/score/downloadable/2.0-communities.csv": shelf.csv(shelf.CEJST, rows)})
    found = layer(row("cejst", files.url), records)
    tracts = by_id(found)
    assert tracts["disadvantaged"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(tracts.loc["51003990000", "disadvantaged"])  # water: not said, which is not "no"
    assert tracts.loc["51540000201", ["without_neighbours", "thresholds", "percent_of_area"]].tolist() == [0, 2, 100]
    assert found.geography_vintage == 2010
    assert found.data.attrs["outside"] == {}


# What decides the bytes, and what does not ---------------------------------------------------------


def test_what_is_recorded_is_not_fetched_again_and_an_edited_row_makes_it_stale(files: Shelf, records: Records) -> None:
    files.put({WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5), OTHER: (1, 1, 0, 0)})})
    service = row("lodes_wac", files.url)
    assert shelf.told(service, records).fetched == ("lodes_wac 2023, state 51",)
    assert shelf.told(service, records).fetched == ()
    (ask,) = asks(service)
    assert ask.question.digest == asks(row("lodes_wac", refused_url()))[0].question.digest  # a mirror is no question
    moved = row("lodes_wac", files.url, path="{usps}/wac/{usps}_wac_SA01_JT00_{year}.csv.gz")
    (other,) = asks(moved)
    assert records.find(other.question) is None and len(records.stale(other.question)) == 1


def test_an_edited_reading_reads_the_same_bytes_anew(files: Shelf, records: Records) -> None:
    files.put({WAC_VA: shelf.lodes({BLOCK: (10, 2, 3, 5), OTHER: (1, 1, 0, 0)})})
    layer(row("lodes_wac", files.url), records)
    reading = {**catalogue.datasets()["lodes_wac"].options["reading"], "columns": {"all": {"column": "C000"}}}
    edited = row("lodes_wac", files.url, reading=reading)
    assert list(layer(edited, records).data.columns) == ["geoid", "all"]
    assert len(files.server.requests) == 1


def test_before_the_counties_are_known_only_the_nations_files_are_asked_for() -> None:
    known = catalogue.datasets()
    chosen = {name: known[name] for name in ("lodes_wac", "nfhl", "places", "cejst", "qct", "redlining")}
    found = downloads.dataset_asks(chosen, (), AREA)
    assert [ask.label for ask in found] == ["cejst", "redlining"]


def test_counties_are_called_as_the_table_calls_them(files: Shelf) -> None:
    (ask,) = asks(row("lodes_wac", files.url), ["09110"])  # a planning region of today is eight counties of 2020
    assert len(ask.specs.args[1]) == 8 and "09001" in ask.specs.args[1]  # type: ignore[attr-defined]
    (ask,) = asks(row("ejscreen", files.url), ["09110"])
    assert ask.specs.args[1] == ("09110",)  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="'540' is no county"):
        asks(row("lodes_wac", files.url), ["540"])


def test_a_path_with_a_place_that_nothing_fills_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"nothing fills \{stat\}"):
        asks(row("lodes_wac", "http://127.0.0.1", path="{stat}/wac.csv"))
    with pytest.raises(ConfigError, match="kind = 'fil' is not understood"):
        asks(row("lodes_wac", "http://127.0.0.1", kind="fil"))
