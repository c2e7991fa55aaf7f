"""What is asked of the Census Data API, what comes of it, and how it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError, SourceError, VintageError
from justgeo.core.layer import Layer
from justgeo.core.spec import Area
from justgeo.sources.census import read_acs
from justgeo.sources.collect import collect
from justgeo.sources.files import read_zones
from justgeo.sources.live import ask as asking
from justgeo.sources.live.ask import Tools, declared
from justgeo.sources.live.census_counties import counties_2020, counties_in, known_in
from justgeo.sources.live.census_tables import acs_asks, redistricting_ask
from justgeo.sources.live.records import Question, Record, Records, Told
from justgeo.synthetic import county
from tests.live import census_town as town
from tests.loopback import nowhere
from tests.loopback.census import CensusApi
from tests.loopback.server import Fault, Loopback, Request, router

SERVICE = town.services("http://127.0.0.1:9")["census_api"]
CT_2020 = ("09001", "09003", "09005", "09007", "09009", "09011", "09013", "09015")
CT_REGIONS = ("09110", "09120", "09130", "09140", "09150", "09160", "09170", "09180", "09190")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(router({"/data": town.api().handle})) as running:
        yield running


@pytest.fixture
def tools(server: Loopback) -> Tools:
    return town.tools(server.url)


# --- what is asked


def test_one_ask_a_table() -> None:
    asks = acs_asks(SERVICE, ["B25003", "b17001", "B25003"], 2024, ["99003", "99001", "99001"])
    assert [one.label for one in asks] == ["acs B25003@2024", "acs B17001@2024"]
    assert [one.gives for one in asks] == [("acs:B25003@2024",), ("acs:B17001@2024",)]
    assert asks[0].question.service == "census_api"
    assert dict(asks[0].question.asked) == {
        "dataset": "acs/acs5",
        "year": 2024,
        "levels": ["county", "tract", "block group"],
        "counties": ["99001", "99003"],
        "table": "B25003",
    }
    assert asks[0].where == "http://127.0.0.1:9/data/2024/acs/acs5"
    assert acs_asks(SERVICE, [], 2024, ["99001"]) == []


def test_who_is_asked_does_not_make_another_question() -> None:
    elsewhere = replace(
        SERVICE, urls=("https://mirror.example/data",), options={**SERVICE.options, "most_variables": 9}
    )
    (one,), (other,) = (acs_asks(service, ["B25003"], 2024, ["99001"]) for service in (SERVICE, elsewhere))
    assert one.question.digest == other.question.digest
    moved = replace(SERVICE, options={**SERVICE.options, "acs": "{year}/acs/acs5new"})
    assert acs_asks(moved, ["B25003"], 2024, ["99001"])[0].question.digest != one.question.digest


@pytest.mark.parametrize(
    ("table", "year", "levels"),
    [
        ("B25003", 2024, 3),
        ("B25003H", 2024, 3),
        ("B17001", 2024, 2),
        ("B17001I", 2024, 2),
        ("B19001", 2024, 3),
        ("B19001A", 2024, 2),
        ("B19013", 2024, 3),
        ("B19013B", 2024, 2),
        ("B19013B", 2014, 3),
        ("B25106", 2024, 2),
        ("C15002A", 2024, 2),
        ("B25003", 2012, 2),
        ("B25003", 2013, 3),
    ],
)
def test_levels_are_those_for_which_a_table_is_published(table: str, year: int, levels: int) -> None:
    (one,) = acs_asks(SERVICE, [table], year, ["99001"])
    assert one.question.asked["levels"] == ["county", "tract", "block group"][:levels]


def test_the_catalogue_asks_of_each_table_the_levels_at_which_it_is_published() -> None:
    """As Nowhere has them: block groups are not asked for where there are none, and never left out where there are."""
    layouts = county(2020).tables(2024)
    named = {name for row in catalogue.indicators() for name in (*row.inputs, *row.optional) if name.startswith("acs:")}
    tables = sorted({name.removeprefix("acs:").split("@")[0] for name in named} & set(layouts))
    assert len(tables) > 70
    for one in acs_asks(SERVICE, tables, 2024, ["99001"]):
        table = str(one.question.asked["table"])
        levels = ["county", "tract"] if layouts[table].tract_only else ["county", "tract", "block group"]
        assert one.question.asked["levels"] == levels, table


def test_levels_can_be_chosen() -> None:
    (one,) = acs_asks(SERVICE, ["B25003"], 2024, ["99001"], levels=("tract", "county"))
    assert one.question.asked["levels"] == ["county", "tract"]


@pytest.mark.parametrize(
    ("tables", "year", "counties", "message"),
    [
        (["B2500"], 2024, ["99001"], "'B2500' is no table"),
        (["B25003"], 2008, ["99001"], "2008 ends no five-year period"),
        (["B25003"], 2024, [], "No county was named"),
        (["B25003"], 2024, ["9901"], "'9901' is no county"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_once(
    tables: list[str], year: int, counties: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        acs_asks(SERVICE, tables, year, counties)


def test_words_of_the_catalogue_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="does not begin with 2024/"):
        acs_asks(replace(SERVICE, options={"acs": "acs/acs5"}), ["B25003"], 2024, ["99001"])
    with pytest.raises(ConfigError, match="no level 'block'"):
        acs_asks(SERVICE, ["B25003"], 2024, ["99001"], levels=("block",))


# --- counties that change


def test_connecticut_has_counties_before_2022_and_regions_since() -> None:
    assert counties_2020(["09110", "25013"]) == (*CT_2020, "25013")
    assert counties_2020(["09003", "25013"]) == ("09003", "25013")
    assert counties_in(["09003"], 2022) == CT_REGIONS
    assert counties_in(["09110"], 2022) == ("09110",)
    assert counties_in(["09190"], 2021) == CT_2020


def test_connecticut_of_the_wrong_time_is_refused() -> None:
    with pytest.raises(VintageError, match="09001 is no county in data of 2024") as caught:
        acs_asks(SERVICE, ["B25003"], 2024, ["09001"])
    assert "09110, 09120" in caught.value.remedy
    with pytest.raises(VintageError, match="09110 is no county in data of 2021"):
        acs_asks(SERVICE, ["B25003"], 2021, ["09110"])
    assert acs_asks(SERVICE, ["B25003"], 2021, ["09001"])[0].question.asked["counties"] == ["09001"]
    assert redistricting_ask(SERVICE, ["09170"]).question.asked["counties"] == list(CT_2020)


def test_other_counties_changed_their_numbers() -> None:
    assert counties_in(["46102"], 2014) == ("46113",)
    assert counties_in(["46102"], 2015) == ("46102",)
    assert counties_in(["02063"], 2019) == ("02261",)
    assert counties_in(["02261"], 2020) == ("02063", "02066")
    assert counties_in(["51019"], 2013) == ("51019", "51515")
    assert counties_in(["51019"], 2024) == ("51019",)
    assert known_in(["51019"], 2013) == ("51019",)
    assert known_in(["51019"], 2024) == ("51019",)
    with pytest.raises(VintageError, match="46102 is no county in data of 2014"):
        known_in(["46102"], 2014)


# --- how it is declared and read


def area() -> Area:
    box = shapely.box(-60.01, 36.99, -59.98, 37.01)
    return Area(box, None, box, box, 0.0)


def test_tables_of_many_records_are_one_declaration(tools: Tools, tmp_path: Path) -> None:
    asks = acs_asks(SERVICE, ["B25003", "B17001", "B99999"], 2024, ["99001"])
    asks += acs_asks(SERVICE, ["B25003"], 2019, ["99001"], role="acs_t0")
    brought = asking.bring(asks, Records(tmp_path), tools)
    assert set(brought.specs) == {"acs", "acs_t0"}
    assert list(brought.failures) == ["acs B99999@2024"]
    assert set(brought.missing) == {"acs:B99999@2024"}
    names = ["acs:B25003@2024", "acs:B17001@2024", "acs:B25003@2019", "acs:B99999@2024"]
    found = collect(names, brought.specs, [], area(), reasons=brought.missing)
    assert set(found.layers) == set(names[:3])
    assert "no table B99999" in found.absent["acs:B99999@2024"]
    assert found.chosen["acs:B25003@2024"] == "from acs5-2024-B25003.csv"
    tenure, poverty, earlier = (found.layers[name] for name in names[:3])
    assert isinstance(tenure, Layer)
    assert isinstance(poverty, Layer)
    assert isinstance(earlier, Layer)
    assert tenure.provenance.dataset == "American Community Survey 5-year estimates, table B25003"
    assert tenure.provenance.source == "U.S. Census Bureau"
    assert tenure.provenance.retrieved == brought.records["acs B25003@2024"].told.retrieved[:10]
    assert "not endorsed" in tenure.provenance.attribution
    assert tenure.provenance.asked == {
        "file": "acs5-2024-B25003.csv",
        "year": 2024,
        "table": "B25003",
    }
    assert tenure.provenance.notes == ()
    assert poverty.provenance.notes == ("Table B17001 of 2024 is not published for block groups.",)
    assert (tenure.geography_vintage, earlier.geography_vintage) == (2020, 2010)
    assert earlier.provenance.vintage == "2015-2019"


def test_what_is_not_there_is_absent_with_its_reason_and_never_zero(tools: Tools, tmp_path: Path) -> None:
    record = town.fetched(acs_asks(SERVICE, ["B25003"], 2024, ["99001"])[0], tmp_path, tools)
    data = read_acs(record.path(), ["B25003"], 2024)["B25003"].data
    cells = data.set_index("geoid")
    reasons: dict[tuple[str, str], str] = data.attrs["reasons"]
    assert cells.loc["99001", "B25003_001M"] == 0  # -555555555: controlled
    assert cells.loc["99001000200", "B25003_001E"] == 123456789012
    for geoid, code, why in (
        ("990010001002", "B25003_001E", "no estimate was published"),
        ("990010001002", "B25003_001M", "no margin was published"),
        ("990010002001", "B25003_001E", "could not compute"),
        ("990010002001", "B25003_001M", "could not be computed"),
        ("99001000100", "B25003_002M", "open-ended"),
        ("99001000200", "B25003_002M", "does not show it"),
        ("990010001001", "B25003_002M", "not applicable"),
    ):
        assert np.isnan(cells.loc[geoid, code])
        assert why in reasons[geoid, code]
    assert len(reasons) == 7
    assert int(cells.drop(columns="level").isna().sum().sum()) == 7
    assert cells.loc["990010002001", "B25003_002E"] == 0  # a published zero stays one


def test_what_was_fetched_reads_as_the_summary_file_does(folder: Path, tmp_path: Path) -> None:
    tables = ["B25003", "B25063", "B01001", "B19013", "B19013C", "B25077", "B17001", "C15002B", "B25034", "B27010",
              "C27001H", "B18101", "B25004"]  # fmt: skip
    api = nowhere.census_api(folder, town.CANARY, tables)
    with Loopback(router({"/data": api.handle})) as server:
        for year in (2024, 2014):
            for ask in acs_asks(SERVICE, tables, year, ["99001"]):
                table = str(ask.question.asked["table"])
                with_tools = town.tools(server.url, "auto")
                got = read_acs(town.fetched(ask, tmp_path, with_tools).path(), [table], year)[table].data
                own = read_acs(folder / f"acs{year}", [table], year)[table].data
                asked = own["level"].isin(ask.question.asked["levels"])
                own_rows, rows = (frame.set_index("geoid").sort_index() for frame in (own[asked], got))
                pd.testing.assert_frame_equal(own_rows, rows, check_exact=True)
                kept = set(own_rows.index)
                assert got.attrs["reasons"] == {k: v for k, v in own.attrs["reasons"].items() if k[0] in kept}
    assert {"B19013C", "B25077"} <= {table for table in tables if _has_sentinel(folder, table)}


def _has_sentinel(folder: Path, table: str) -> bool:
    text = (folder / "acs2024" / f"acsdt5y2024-{table.lower()}.dat").read_text(encoding="utf-8")
    return re.search(r"\|-[2-9]{9}(\||$)", text, re.MULTILINE) is not None


# --- blocks


def shapes(folder: Path, geoids: list[str]) -> Record:
    """A record of blocks, as TIGER's door leaves one."""
    frame = gpd.GeoDataFrame(
        {"GEOID20": geoids, "POP20": [20, 0, 9], "HOUSING20": [8, 0, 4], "ALAND20": [100, 100, 100]},
        geometry=[shapely.box(i * 0.01 - 60, 37, i * 0.01 - 59.99, 37.01) for i in range(3)],
        crs="EPSG:4269",
    )
    question = Question("blocks 2024, state 99", "census_files", {})
    records = Records(folder)
    with records.room(question) as room:
        frame.to_file(room / "tl_2024_99_tabblock20.shp.zip", driver="ESRI Shapefile")
        (room / "tl_2024_99_tabblock20.shp.zip").rename(room / "tl_2024_99_tabblock20.zip")
        told = Told("U.S. Census Bureau", "TIGER/Line 2024, blocks", "2020", "public domain", notes=("shapes",))
        return records.keep(question, room, told)


IDS = ["990010001001000", "990010001001001", "990010002001000"]


def test_counts_are_joined_to_the_blocks(tools: Tools, tmp_path: Path) -> None:
    ask = redistricting_ask(SERVICE, ["99001"])
    record, blocks = town.fetched(ask, tmp_path, tools), shapes(tmp_path, IDS)
    assert ask.gives == ()  # the blocks themselves come from TIGER/Line
    assert ask.specs(record, {}) == {}
    others = {blocks.label: blocks, record.label: record}
    columns = {"population": "POP20", "housing_units": "HOUSING20", "land_m2": "ALAND20"}
    tiger = declared(blocks, "blocks", blocks.path(), {"geoid": "GEOID20", "columns": columns})
    counted = ask.specs(record, others)["blocks"]
    for spec in (asking.merged(tiger, counted), asking.merged(counted, tiger)):
        assert "parts" not in spec.options
        layer = read_zones(spec)
        frame = layer.data.set_index("geoid")
        races = ["p2_hispanic", "p2_white", "p2_black", "p2_aian", "p2_asian", "p2_nhpi", "p2_other", "p2_two"]
        assert frame.loc[IDS[0], races].tolist() == [3, 6, 5, 1, 1, 1, 1, 2]
        assert frame.loc[IDS[2], races].tolist() == [1, 8, 0, 0, 0, 0, 0, 0]
        assert frame[races].sum(axis=1).tolist() == frame["population"].tolist()
        assert any("P.L. 94-171" in note and "not endorsed" in note for note in layer.provenance.notes)
        assert "shapes" in layer.provenance.notes
        assert str(tmp_path) not in json.dumps(layer.provenance.asked)


def test_blocks_without_counts_are_refused(tools: Tools, tmp_path: Path) -> None:
    ask = redistricting_ask(SERVICE, ["99001"])
    record, blocks = town.fetched(ask, tmp_path, tools), shapes(tmp_path, [*IDS[:2], "990010009001000"])
    with pytest.raises(VintageError, match="990010009001000"):
        read_zones(ask.specs(record, {blocks.label: blocks})["blocks"])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"20","3","17"', '"20","4","17"', r"1000000US990010001001000: its groups have 21 people, the block has 20"),
        ('"20","3","17"', '"20","-3","17"', "P2_002N is '-3'"),
        ('"20","3","17"', '"20",null,"17"', "P2_002N is None"),
        ('"20","3","17"', '"20","3.0","17"', "P2_002N is '3.0'"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(
    tools: Tools, server: Loopback, tmp_path: Path, before: str, after: str, message: str
) -> None:
    def change(body: bytes) -> bytes:
        assert before.encode() in body
        return body.replace(before.encode(), after.encode())

    server.fail(Fault.body(change))
    with pytest.raises(SourceError, match=message):
        town.fetched(redistricting_ask(SERVICE, ["99001"]), tmp_path, tools)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_invented_countys_blocks(folder: Path, tmp_path: Path) -> None:
    api = nowhere.census_api(folder, town.CANARY, ["B01003"])
    with Loopback(router({"/data": api.handle})) as server:
        record = town.fetched(redistricting_ask(SERVICE, ["99001"]), tmp_path, town.tools(server.url, "auto"))
    own = pd.read_csv(folder / "pl94171_p2_blocks.csv").sort_values("GEO_ID", ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_csv(record.path())[list(own.columns)], own)


def test_block_groups_of_one_county_alone_are_partial(tmp_path: Path) -> None:
    tenure = pd.DataFrame(town.TENURE)
    other = tenure.assign(GEO_ID=tenure["GEO_ID"].str.replace("US99001", "US99003"))
    api = CensusApi({(2024, "B25003"): pd.concat([tenure, other], ignore_index=True)}, None, town.CANARY)
    (ask,) = acs_asks(SERVICE, ["B25003"], 2024, ["99003", "99001"])
    with Loopback(router({"/data": api.handle})) as server:
        lines = town.text(town.fetched(ask, tmp_path / "whole", town.tools(server.url))).splitlines()[1:]
        one = town.TENURE_FILE.splitlines()[1:]
        assert lines == sorted([*one, *(line.replace("US99001", "US99003") for line in one)])

        def there(request: Request) -> bool:
            return request.first("for").startswith("block group") and "county:003" in str(request.query["in"])

        server.fail(Fault.status(204), times=-1, when=there)
        with pytest.raises(SourceError, match="no block groups of county 99003") as caught:
            town.fetched(ask, tmp_path / "part", town.tools(server.url))
    assert caught.value.kind == "partial"
