"""A metro area and another base year, fetched: of the metro's counties no more is asked than the typology takes."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from justgeo import displacing
from tests import two_counties as two
from tests.live.nowhere_online import BEHIND, KEY, SURVEY, heads_of, justgeo, settle, with_a_key
from tests.loopback import nowhere
from tests.loopback.census import CensusApi
from tests.loopback.files import FileTree
from tests.loopback.messages import Handler, Request
from tests.loopback.server import Loopback
from tests.two_counties import BESIDE, HOME

DRAWS = 1000
METRO = {"displacement": {"metro": [HOME, BESIDE], "base_years": [2019]}, "vintages": {"acs_t0": 2014}}
NOTHING_ELSE = {"osm": False, "gtfs": [], "rasters": {}}


@dataclass(frozen=True)
class Asked:
    """What one fetch asked of the Census Bureau."""

    path: Path
    code: int
    said: str
    survey: tuple[Request, ...]

    def counties(self, year: int, table: str) -> set[str]:
        """Counties of which a table's tracts were asked."""
        found = set()
        for one in self.survey:
            wanted = f"{table}_001E" in one.first("get") and one.query.get("for", [""])[0] == "tract:*"
            if wanted and one.path.endswith(f"/{year}/acs/acs5"):
                found.add("".join(part.partition(":")[2] for part in one.query["in"][0].split()))
        return found

    def blocks(self) -> set[str]:
        """Counties of which blocks were counted."""
        found = [one.query["in"][0] for one in self.survey if one.query.get("for", [""])[0] == "block:*"]
        return {"".join(part.partition(":")[2] for part in place.split()) for place in found}


@pytest.fixture(scope="module", autouse=True)
def a_key() -> Iterator[None]:
    with with_a_key():
        yield


@pytest.fixture(scope="module")
def files(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two.write(folder, tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module")
def bureau(folder: Path, files: Path) -> dict[str, Handler]:
    """The Bureau's services for both counties: what they are made of is read once, and nobody changes it."""
    return {"census_api": _api(folder, files).handle, "census_files": FileTree(_tree(folder, files)).handle}


@pytest.fixture(scope="module")
def asked(folder: Path, bureau: Mapping[str, Handler], tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return fetched(folder, bureau, tmp_path_factory.mktemp("metro") / "town", METRO)


def fetched(source: Path, handlers: Mapping[str, Handler], at: Path, tables: Mapping[str, Any]) -> Asked:
    """A district that was begun and fetched while the Bureau's services answered for both counties."""
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(Loopback(one)) for name, one in handlers.items()}
        said = justgeo("init", at, "--boundary", source / "district.geojson", "--name", "Old Harbour, invented")
        assert said.code == 0, said.err
        path = at / "district.toml"
        addresses = {name: server.url + BEHIND.get(name, "") for name, server in servers.items()}
        settle(path, {"services": addresses, "census": {"provider": "direct"}, "fetch": NOTHING_ELSE, **tables})
        said = justgeo("fetch", path)
        return Asked(path, said.code, said.out + said.err, tuple(servers["census_api"].requests))


def _api(source: Path, files: Path) -> CensusApi:
    """Tables of the typology know both counties, the others the first alone; what nobody asks for is left out."""
    paths = {path.name: path for path in [*source.glob("acs20[12]4/*.dat"), *files.glob("acs*/*.dat")]}
    tables = {}
    for name, path in paths.items():
        year, table = name.removeprefix("acsdt5y").removesuffix(".dat").split("-")
        if table.upper() in SURVEY:
            tables[int(year), table.upper()] = pd.read_csv(path, sep="|", dtype=str)
    return CensusApi(tables, nowhere._redistricting(source), KEY)


def _tree(source: Path, files: Path) -> dict[str, bytes | Path]:
    tree = nowhere.tiger_tree(source)
    for layer, name, file in (("COUNTY", "us_county", "counties"), ("TRACT", "99_tract", "tracts")):
        frame = gpd.read_file(files / f"{file}.gpkg")
        tree[f"{nowhere.TIGER}/TIGER2024/{layer}/tl_2024_{name}.zip"] = nowhere._shapefile(frame, f"tl_2024_{name}")
    pieces = (files / "TAB2010_TAB2020_ST99.txt").read_bytes()
    tree[nowhere.RELATIONSHIP] = nowhere.zipped({"tab2010_tab2020_st99_zz.txt": pieces})
    tree[nowhere.BLOCKS_2010] = _counts(tree[nowhere.BLOCKS_2010])
    return tree


def _counts(shapes: bytes | Path) -> bytes:
    """The blocks of 2010 with those of the second county, whose outlines nobody looks at."""
    assert isinstance(shapes, bytes) and zipfile.is_zipfile(io.BytesIO(shapes))
    frame = gpd.read_file(io.BytesIO(shapes))
    beside = frame.assign(BLOCKID10=BESIDE + frame["BLOCKID10"].str[5:], COUNTYFP10=BESIDE[2:])
    return nowhere._shapefile(pd.concat([frame, beside]), "tabblock2010_99_pophu")


def choices(path: Path) -> dict[str, Mapping[str, Any]]:
    told = displacing.of_district(path, draws=DRAWS, offline=path.parent.name == "town")
    return {row["name"]: row for row in told.content["sensitivity"]}


def test_of_the_metros_counties_no_more_is_asked_than_the_typology_takes(asked: Asked) -> None:
    assert asked.code == 0, asked.said
    for table in ("B25003", "B19001", "B25077", "B25064", "B26001"):
        assert asked.counties(2024, table) == {HOME, BESIDE}, table
    for year in (2014, 2019):
        assert asked.counties(year, "B25003") == asked.counties(year, "B25075") == {HOME, BESIDE}
    assert asked.counties(2024, "C17002") == asked.counties(2024, "B25070") == {HOME}
    assert asked.blocks() == {HOME}
    assert asked.counties(2014, "C17002") == {HOME}, "poverty then and now is told of the district's county alone"
    assert asked.counties(2019, "C17002") == set(), "of another base year no more is asked than the typology takes"
    labels = [head["label"] for head in heads_of(asked.path.parent / "records").values()]
    assert labels.count("tracts 2024, state 99") == 1
    assert {"acs B25003@2019", "acs B25003@2014", "block relationship 2010 to 2020, state 99"} <= {*labels}


def test_what_is_fetched_tells_what_files_of_ones_own_tell(asked: Asked, files: Path, tmp_path: Path) -> None:
    layers = (*two.LAYERS, "acs_t0_2019")
    own = choices(two.district(files, tmp_path / "own", layers, displacement={"metro": [HOME, BESIDE]}))
    found = choices(asked.path)
    assert [*found] == [*own]
    assert found["the metro area (2 counties)"]["reference"] == 74
    assert found["since 2015-2019"]["years"] == [2019, 2024]
    for name, row in own.items():
        assert {**found[name], "remedy": ""} == {**row, "remedy": ""}, name


def test_a_survey_of_ones_own_is_not_asked_for(
    folder: Path, files: Path, bureau: Mapping[str, Handler], tmp_path: Path
) -> None:
    own = {"layers": {"acs_t0_2019": two.layers(files, ["acs_t0_2019"])["acs_t0_2019"]}}
    got = fetched(folder, bureau, tmp_path / "town", {**own, "displacement": {"base_years": [2019]}})
    assert got.code == 0, got.said
    assert got.counties(2019, "B25003") == set() and got.counties(2024, "B25003") == {HOME}
    labels = [head["label"] for head in heads_of(got.path.parent / "records").values()]
    assert "block relationship 2010 to 2020, state 99" in labels, "its tracts are those of 2010"


def test_a_county_that_does_not_exist_is_refused(folder: Path, bureau: Mapping[str, Handler], tmp_path: Path) -> None:
    got = fetched(folder, bureau, tmp_path / "town", {"displacement": {"metro": [HOME, "99009"]}})
    assert got.code == 2
    assert "there is no county '99009'" in got.said and "99003 (Nowhere (invented) beside)" in got.said


def test_a_metro_that_the_planners_own_counties_do_not_know_is_not_asked_for(
    folder: Path, bureau: Mapping[str, Handler], tmp_path: Path
) -> None:
    from tests import nowhere as districts

    own = {"layers": districts.layers(folder, ["counties"])}
    got = fetched(folder, bureau, tmp_path / "town", {**METRO, **own, "displacement": {"metro": [HOME, BESIDE]}})
    assert got.code == 0, got.said
    assert got.counties(2024, "B25003") == {HOME}
    row = choices(got.path)["the metro area (2 counties)"]
    assert row["reason"].startswith(f"the layer of tracts at hand has nothing of {BESIDE}")
    assert row["remedy"].startswith("add them to your layer of counties, and justgeo fetch asks for them; or give")
