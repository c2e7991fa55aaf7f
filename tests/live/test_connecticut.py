"""Connecticut, where the blocks of 2020 know eight counties and everything since 2022 nine planning regions.

The invented county is put there: its tracts, block groups and survey in a planning region, its blocks and their counts
in the counties of the census. All that is measured has to be what it is under codes that fit: every row where the
county is one region, a row of each kind of arithmetic where it is put in several.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from justgeo import quality
from justgeo.catalogue import read as catalogue
from justgeo.indicators.mobility import TIMETABLE_ENDED
from justgeo.sources.live.census_counties import CONNECTICUT
from tests import nowhere as districts
from tests.live import fetched as fetched_once
from tests.live.fetched import GRIDS, each_kind
from tests.live.nowhere_online import BEHIND, EXTRACT, KEY, UNASKED, bounds, justgeo, named_tables, settle, with_a_key
from tests.loopback import nowhere
from tests.loopback.files import FileTree
from tests.loopback.messages import Handler
from tests.loopback.mobility import Feed, Mobility
from tests.loopback.server import Loopback
from tests.loopback.wcs import Wcs

REGION = CONNECTICUT.after[0]
NEW_YORK = ("36119", "36079")
LAYERS = {"TRACT": ("tract", "GEOID"), "BG": ("bg", "GEOID"), "TABBLOCK20": ("tabblock20", "GEOID20")}
Codes = Callable[[str], str]
"""County of a tract, by the tract's id in the invented county."""
Key = tuple[str, str, str]
CHANCES, NOISE = "BEL-01", 0.02
"""Rows of chances: a tract's draws are named by its GEOID, so that under other codes they move by a little noise."""


def differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records differ, chances by more than the noise of 10,000 draws; q hangs on all p of a zone."""
    if str(one["indicator"]).startswith(CHANCES):
        told = one["value"] is not None
        return told != (other["value"] is not None) or (told and abs(one["value"] - other["value"]) > NOISE)
    return _but_q(one) != _but_q(other)


def _but_q(one: Mapping[str, Any]) -> dict[str, Any]:
    comparison = one["comparison"]
    return {**one, "comparison": None if comparison is None else {**comparison, "q": None}}


def of_census(tract: str) -> str:
    """One of Connecticut's counties of 2020: each has a part of the invented one."""
    return CONNECTICUT.before[int(tract[5:9]) % len(CONNECTICUT.before)]


@dataclass(frozen=True)
class Place:
    """The invented county under other codes: its files, and where its services put them."""

    folder: Path
    tree: Mapping[str, Path]


def moved(source: Path, folder: Path, areas: Codes, blocks: Codes) -> Place:
    """Give the county's tracts, block groups and survey other counties, and its blocks and their counts theirs."""

    def told(geoid: str, codes: Codes) -> str:
        return codes(geoid[:11]) + geoid[5:]

    tree: dict[str, Path] = {}
    (folder / "acs2024").mkdir(parents=True)
    for name, (file, column) in LAYERS.items():
        frame = gpd.read_file(source / f"tl_2024_99_{file}.zip")
        codes = blocks if name == "TABBLOCK20" else areas
        frame[column] = [told(geoid, codes) for geoid in frame[column]]
        for state, part in frame.groupby(frame[column].str[:2]):
            path = folder / f"tl_2024_{state}_{file}.shp.zip"
            part.to_file(path, driver="ESRI Shapefile")
            tree[f"/geo/tiger/TIGER2024/{name}/tl_2024_{state}_{file}.zip"] = path
        if name == "TRACT":
            counties = _counties(source, frame)
    path = folder / "tl_2024_us_county.shp.zip"
    counties.to_file(path, driver="ESRI Shapefile")
    tree["/geo/tiger/TIGER2024/COUNTY/tl_2024_us_county.zip"] = path
    for name in sorted(name for name in named_tables() if "@" not in name):  # of all others nothing is measured
        path = source / "acs2024" / f"acsdt5y2024-{name.lower()}.dat"
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        cells = [line.split("|", 1) for line in lines]  # the id, and all that stands behind it
        whole = [rest for geo_id, rest in cells if geo_id.startswith("0500000US")]
        # The county's own row stands for each of its parts: rough, and the same wherever two such places are compared.
        heads = [f"0500000US{county}|{rest}" for county in counties["GEOID"] for rest in whole]
        rows = [f"{i[:9]}{told(i[9:], areas)}|{rest}" for i, rest in cells if not i.startswith("0500000US")]
        made = "\n".join([header, *heads, *rows]) + "\n"
        (folder / "acs2024" / path.name).write_text(made, encoding="utf-8")
    counts = pd.read_csv(source / "pl94171_p2_blocks.csv", dtype=str)
    counts["GEO_ID"] = counts["GEO_ID"].str[:9] + [told(geoid, blocks) for geoid in counts["GEO_ID"].str[9:]]
    counts.to_csv(folder / "pl94171_p2_blocks.csv", index=False)
    _all_blocks(folder)
    return Place(folder, tree)


def _counties(source: Path, tracts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The county's own outline where it stays one, else what its tracts make up."""
    whole = gpd.read_file(source / "tl_2024_us_county.zip")
    code = tracts["GEOID"].str[:5]
    if code.nunique() == 1:
        return whole.assign(GEOID=code.iloc[0])
    parts = tracts[["ALAND", "AWATER", "geometry"]].dissolve(code.rename("GEOID"), aggfunc="sum").reset_index()
    return gpd.GeoDataFrame(parts.assign(NAMELSAD="County " + parts["GEOID"]), crs=tracts.crs)


def _all_blocks(folder: Path) -> None:
    """The homes of the blocks, where the API of the invented county looks for them."""
    found = [gpd.read_file(path) for path in sorted(folder.glob("tl_2024_*_tabblock20.shp.zip"))]
    pd.concat(found).to_file(folder / "tl_2024_99_tabblock20.shp.zip", driver="ESRI Shapefile")
    (folder / "tl_2024_99_tabblock20.shp.zip").rename(folder / "tl_2024_99_tabblock20.zip")


def _handlers(place: Place, source: Path, rest: bool) -> dict[str, Handler]:
    """The place's services; ``rest``: those too that know nothing of counties."""
    made: dict[str, Handler] = {
        "census_api": nowhere.census_api(place.folder, KEY, None if rest else ()).handle,
        "census_files": FileTree(place.tree).handle,
    }
    if rest:
        names = catalogue.services()["mrlc"].options["layers"]
        feed = Feed("mdb-1", source / "gtfs.zip", bounds(source), provider="Nowhere Transit")
        made["geofabrik"] = FileTree({EXTRACT: source / "nowhere.osm.pbf"}).handle
        made["mobility_database"] = Mobility([feed]).handle
        made["mrlc"] = Wcs({names[grid]: source / f"{grid}.tif" for grid in GRIDS}).handle
    return made


@dataclass(frozen=True)
class Found:
    """What stands in the ``results.json`` of a district."""

    results: Mapping[str, Any]

    @property
    def rows(self) -> dict[Key, Any]:
        """Records by zone, indicator and group; a zone is named without its state and county."""
        return {
            (_plain(one["zone"]), one["indicator"], one["group"]): _as_plain(one) for one in self.results["records"]
        }

    @property
    def sizes(self) -> list[tuple[str, Any]]:
        """Area and people of each zone."""
        return [(_plain(zone["id"]), zone["facts"]) for zone in self.results["zones"]]


def moved_rows(found: Found, known: Found) -> list[Key]:
    """Records that only one of them has, or that differ."""
    ours, theirs = found.rows, known.rows
    return sorted(key for key in ours.keys() | theirs if key not in ours or key not in theirs
                  or differ(ours[key], theirs[key]))  # fmt: skip


def _plain(zone: str) -> str:
    return zone[5:] if zone.isdigit() else zone


def _as_plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without its state and county; that the timetable had ended is told of one that was fetched alone.

    Nor what is odd: each part of the county has the whole county's row of the survey, and only counties that are known
    to both can be held against their blocks.
    """
    flags = [one for one in record["flags"] if one != TIMETABLE_ENDED and not one.startswith(quality.FLAG)]
    instead = record["instead"] and {**record["instead"], "zone": _plain(record["instead"]["zone"])}
    return {**record, "zone": _plain(record["zone"]), "flags": flags, "instead": instead}


def measured(path: Path) -> Found:
    """What a run would put into ``results.json``, from records and files alone: of rows one of each kind.

    Which county a unit is of decides how it is read and nested, whatever is then measured of it.
    """
    return Found(fetched_once.measured(path, each_kind("category"), read_all=False, offline=True)[1])


def fetched(
    place: Place, source: Path, folder: Path, tables: Mapping[str, Any] | None = None, rest: bool = False
) -> tuple[Found, dict[str, Any]]:
    """What came of a district of the place that was begun and fetched, and the requests by service.

    ``rest``: with streets, timetables and grids, and the survey through the API, and every row is measured; else the
    survey is of files, and a row of each kind is measured. No page is written.
    """
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(Loopback(one)) for name, one in _handlers(place, source, rest).items()}
        said = justgeo("init", folder, "--boundary", source / "district.geojson", "--name", "Old Harbour, invented")
        assert said.code == 0, said.err
        path = folder / "district.toml"
        addresses = {name: server.url + BEHIND.get(name, "") for name, server in servers.items()}
        wanted = {"osm": servers["geofabrik"].url + EXTRACT} if rest else {"osm": False, "gtfs": [], "rasters": {}}
        settle(path, {"services": addresses, "census": {"provider": "direct"}, "fetch": wanted})
        own = {} if rest else {"layers": districts.layers(place.folder, ["acs"])}
        settle(path, {**own, **(tables or {})})
        said = justgeo("fetch", path)
        assert said.code == 0, said.out + said.err
        asked = {name: list(server.requests) for name, server in servers.items()}
    return Found(fetched_once.measured(path, offline=True)[1]) if rest else measured(path), asked


@pytest.fixture(scope="module", autouse=True)
def a_key() -> Iterator[None]:
    with with_a_key(), fetched_once.geography_once():
        yield


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The county where it lies, from its files."""
    return Found(fetched_once.from_files(folder, tmp_path_factory))


@pytest.fixture(scope="module")
def in_region(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The county as one planning region, its blocks dealt out to the eight counties of the census."""
    return moved(folder, tmp_path_factory.mktemp("region"), lambda tract: REGION, of_census)


@pytest.fixture(scope="module")
def region(in_region: Place, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, dict[str, Any]]:
    return fetched(in_region, folder, tmp_path_factory.mktemp("there") / "district", rest=True)


def test_every_record_is_that_of_the_county_whose_ids_fit(region: tuple[Found, dict[str, Any]], plain: Found) -> None:
    found, _ = region
    assert set(found.results["absent_layers"]) == UNASKED
    assert found.results["synthetic"] is True
    assert {zone["id"][:5] for zone in found.results["zones"]} == {"distr", "refer", REGION}
    assert found.sizes == plain.sizes
    rows = found.rows
    assert len(rows) > 3000
    assert moved_rows(found, plain) == []
    assert sum(row["value"] is not None for row in rows.values()) > 2000


def test_the_notes_say_how_blocks_were_nested(region: tuple[Found, dict[str, Any]], plain: Found) -> None:
    notes = set(region[0].results["notes"]) - set(plain.results["notes"])
    told = (
        "The counties of state 09 have other codes in {0} than in the blocks: its blocks were nested in {1} by their "
    )
    kinds = [("counties", "counties"), ("tracts", "tracts"), ("block_groups", "block groups")]
    assert notes == {told.format(*kind) + "representative point, not by id." for kind in kinds}


def test_each_service_is_asked_by_the_counties_that_it_knows(region: tuple[Found, dict[str, Any]]) -> None:
    _, asked = region
    queries = [(one.path, one.query) for one in asked["census_api"]]
    places = [(path, query["in"][0]) for path, query in queries if query.get("for", [""])[0] in ("tract:*", "block:*")]
    blocks = {county for path, county in places if path.endswith("/2020/dec/pl")}
    survey = {county for path, county in places if path.endswith("/2024/acs/acs5")}
    assert blocks == {f"state:09 county:{county[2:]}" for county in CONNECTICUT.before}
    assert survey == {f"state:09 county:{REGION[2:]}"}


def test_beside_new_york(folder: Path, tmp_path: Path) -> None:
    """A district of New York whose surroundings are Connecticut's; the same between two counties whose ids fit."""
    district = gpd.read_file(folder / "district.geojson").union_all()
    tracts = gpd.read_file(folder / "tl_2024_99_tract.zip").to_crs(4326)
    home = set(tracts["GEOID"][tracts.intersects(district)])

    def dealt(elsewhere: Codes) -> Codes:
        return lambda tract: NEW_YORK[0] if tract in home else elsewhere(tract)

    upstate = dealt(lambda tract: NEW_YORK[1])
    fits = moved(folder, tmp_path / "fits", upstate, upstate)
    border = moved(folder, tmp_path / "border", dealt(lambda tract: REGION), dealt(of_census))
    known, _ = fetched(fits, folder, tmp_path / "one")
    found, _ = fetched(border, folder, tmp_path / "other")
    assert [zone["name"] for zone in found.results["zones"][:2]] == ["Old Harbour, invented", f"County {NEW_YORK[0]}"]
    assert found.sizes == known.sizes
    assert moved_rows(found, known) == []
    assert sum(row["value"] is not None for row in found.rows.values()) > 200
    assert [note for note in found.results["notes"] if "state 36" in note] == []
    assert len([note for note in found.results["notes"] if "state 09" in note]) == 3


@pytest.fixture(scope="module")
def state(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The county as all nine planning regions, and the eight counties of the census in its blocks."""
    return moved(folder, tmp_path_factory.mktemp("state"), lambda tract: CONNECTICUT.after[_ninth(tract)], of_census)


@pytest.fixture(scope="module")
def other_state(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same nine parts where the blocks know them."""
    return moved(folder, tmp_path_factory.mktemp("other"), of_new_york, of_new_york)


def _ninth(tract: str) -> int:
    return int(tract[5:9]) % 9


def of_new_york(tract: str) -> str:
    return f"36{2 * _ninth(tract) + 1:03d}"


def test_a_district_of_blocks_of_the_census(state: Place, other_state: Place, folder: Path, tmp_path: Path) -> None:
    """Ids of blocks hold the counties of the census, which the files of today's counties do not know."""
    groups = gpd.read_file(folder / "tl_2024_99_bg.zip").to_crs(4326)
    middle = gpd.read_file(folder / "district.geojson").union_all().centroid
    near = tuple(groups.loc[groups.distance(middle).nsmallest(6).index, "GEOID"])
    blocks = [g for g in gpd.read_file(folder / "tl_2024_99_tabblock20.zip")["GEOID20"] if g.startswith(near)]
    there, here = (sorted(of(geoid[:11]) + geoid[5:] for geoid in blocks) for of in (of_census, of_new_york))
    assert len({geoid[:5] for geoid in there}) > 1
    found, _ = fetched(state, folder, tmp_path / "there", {"district": {"boundary": None, "geoids": there}})
    known, _ = fetched(other_state, folder, tmp_path / "here", {"district": {"boundary": None, "geoids": here}})
    assert len(found.sizes) > 6
    assert found.sizes == known.sizes
    assert moved_rows(found, known) == []
    assert sum(row["value"] is not None for row in found.rows.values()) > 200


def test_a_county_of_the_census_as_the_reference(
    state: Place, other_state: Place, folder: Path, tmp_path: Path
) -> None:
    """It is no county any more, and no sum of planning regions: its blocks say what it was."""
    county = CONNECTICUT.before[1]
    tracts = gpd.read_file(folder / "tl_2024_99_tract.zip").to_crs(4326)
    tracts[[of_census(geoid) == county for geoid in tracts["GEOID"]]].to_file(tmp_path / "county.gpkg")
    shape = {"file": str(tmp_path / "county.gpkg"), "name": f"County {county}"}
    found, _ = fetched(state, folder, tmp_path / "there", {"reference": {"geoids": [county]}})
    known, _ = fetched(other_state, folder, tmp_path / "here", {"reference": shape})
    assert [zone["name"] for zone in found.results["zones"]][1] == f"County {county}"
    assert any(note.startswith(f"{county}: known to the census of the blocks") for note in found.results["notes"])
    assert found.sizes == known.sizes
    assert moved_rows(found, known) == []
    assert sum(row["value"] is not None for key, row in found.rows.items() if key[0] == "reference") > 20


def test_a_county_that_nobody_knows_is_refused(state: Place, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="there is no county '09999'"):
        fetched(state, folder, tmp_path / "there", {"reference": {"geoids": ["09999"]}})


def test_a_reference_of_two_counties_is_whole_however_the_district_is_given(folder: Path, tmp_path: Path) -> None:
    """The counties are looked for twice where a district is a list of ids: the second look has to widen the first."""
    district = gpd.read_file(folder / "district.geojson").union_all()
    tracts = gpd.read_file(folder / "tl_2024_99_tract.zip").to_crs(4326)
    home = set(tracts["GEOID"][tracts.intersects(district)])

    def dealt(tract: str) -> str:
        return NEW_YORK[0] if tract in home else NEW_YORK[1]

    place = moved(folder, tmp_path / "two", dealt, dealt)
    gpd.GeoDataFrame(geometry=[tracts.union_all()], crs=4326).to_file(tmp_path / "both.gpkg")
    both = {"reference": {"file": str(tmp_path / "both.gpkg"), "name": "Both"}}
    groups = gpd.read_file(folder / "tl_2024_99_bg.zip").to_crs(4326)
    inside = groups["GEOID"][groups.representative_point().within(district)]
    ids = sorted(NEW_YORK[0] + geoid[5:] for geoid in inside)
    drawn, _ = fetched(place, folder, tmp_path / "drawn", both)
    listed, _ = fetched(place, folder, tmp_path / "listed", {**both, "district": {"boundary": None, "geoids": ids}})
    people = gpd.read_file(folder / "tl_2024_99_tabblock20.zip")["POP20"].sum()
    for found in (drawn, listed):
        assert dict(found.sizes)["reference"]["residents"] == pytest.approx(people)
    rows = [
        {key: row["value"] for key, row in found.rows.items() if key[0] == "reference"} for found in (drawn, listed)
    ]
    assert rows[0] == rows[1] and sum(value is not None for value in rows[0].values()) > 20
