"""``[fetch]``, ``[census]``, ``[services]``, ``vintages.acs_t0``: what is understood, and how the rest is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from justgeo import config
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError
from justgeo.fetch_settings import GRIDS, Fetching

LEAST = '[district]\nname = "Old Town"\nboundary = "town.geojson"\n'
USUAL = dict.fromkeys(GRIDS, "")
TABLE = next(iter(catalogue.datasets()))

FULL = f"""
[fetch]
census = false
osm = "geofabrik"
gtfs = ["catalogue", "https://example.org/gtfs.zip"]
rasters = {{ tree_canopy = "https://example.org/canopy.tif", impervious = true, land_cover = false }}
tables = ["{TABLE}"]
records = "kept/here"

[census]
provider = "direct"

[services]
overpass = ["https://one.example/api/", "https://other.example/api"]
census_api = "http://127.0.0.1:8080/data/"

[vintages]
acs = 2022
acs_t0 = 2017
"""


def read(folder: Path, text: str) -> config.RunConfig:
    (folder / "district.toml").write_text(LEAST + text, encoding="utf-8")
    return config.read(folder)


def fetch(folder: Path, text: str) -> Fetching:
    found = read(folder, text).fetch
    assert found is not None
    return found


# What is understood -------------------------------------------------------------------------------


def test_without_the_table_nothing_is_fetched(tmp_path: Path) -> None:
    found = read(tmp_path, "")
    assert found.fetch is None and found.acs_before is None
    assert read(tmp_path, '[services]\noverpass = "https://x.example"\n[census]\nprovider = "direct"\n').fetch is None


def test_an_empty_table_is_everything_that_is_usual(tmp_path: Path) -> None:
    found = fetch(tmp_path, "[fetch]\n")
    assert found == Fetching(records=tmp_path / "records")
    assert (found.census, found.osm, found.gtfs, found.grids) == (True, "overpass", ("catalogue",), USUAL)
    assert (found.tables, found.provider, found.services) == ((), "auto", {})


def test_every_key(tmp_path: Path) -> None:
    settings = read(tmp_path, FULL)
    assert settings.fetch == Fetching(
        census=False,
        osm="geofabrik",
        gtfs=("catalogue", "https://example.org/gtfs.zip"),
        grids={"tree_canopy": "https://example.org/canopy.tif", "impervious": ""},
        tables=(TABLE,),
        records=tmp_path / "kept" / "here",
        provider="direct",
        services={
            "overpass": ("https://one.example/api", "https://other.example/api"),
            "census_api": ("http://127.0.0.1:8080/data",),
        },
    )
    assert (settings.acs_year, settings.acs_before) == (2022, 2017)


@pytest.mark.parametrize(
    ("given", "osm"),
    [
        ("true", "overpass"),
        ("false", ""),
        ('"overpass"', "overpass"),
        ('"geofabrik"', "geofabrik"),
        ('"https://example.org/x.osm.pbf"', "https://example.org/x.osm.pbf"),
    ],
)
def test_ways_to_openstreetmap(tmp_path: Path, given: str, osm: str) -> None:
    assert fetch(tmp_path, f"[fetch]\nosm = {given}\n").osm == osm


@pytest.mark.parametrize(
    ("given", "gtfs"),
    [
        ("true", ("catalogue",)),
        ("false", ()),
        ("[]", ()),
        ('"catalogue"', ("catalogue",)),
        ('"https://example.org/a.zip?key=x"', ("https://example.org/a.zip?key=x",)),
        ('["https://a.example/a", "catalogue", "https://a.example/a"]', ("https://a.example/a", "catalogue")),
    ],
)
def test_feeds(tmp_path: Path, given: str, gtfs: tuple[str, ...]) -> None:
    assert fetch(tmp_path, f"[fetch]\ngtfs = {given}\n").gtfs == gtfs


@pytest.mark.parametrize(
    ("given", "grids"),
    [
        ("true", USUAL),
        ("false", {}),
        ("[]", {}),
        ("{}", {}),
        ('["land_cover"]', {"land_cover": ""}),
        ('["worldcover", "canopy_height"]', {"worldcover": "", "canopy_height": ""}),
        ('["surface_temperature"]', {"surface_temperature": ""}),
        ("{ land_cover = true }", {"land_cover": ""}),
        ('{ land_cover = "http://example.org/x.tif", tree_canopy = false }', {"land_cover": "http://example.org/x.tif"}),
    ],
)  # fmt: skip
def test_grids(tmp_path: Path, given: str, grids: dict[str, str]) -> None:
    assert fetch(tmp_path, f"[fetch]\nrasters = {given}\n").grids == grids


@pytest.mark.parametrize("provider", ["auto", "censusdis", "direct"])
def test_providers(tmp_path: Path, provider: str) -> None:
    assert fetch(tmp_path, f'[fetch]\n[census]\nprovider = "{provider}"\n').provider == provider


def test_records_lie_where_the_file_says(tmp_path: Path) -> None:
    elsewhere = tmp_path / "far" / "away"
    assert fetch(tmp_path, f'[fetch]\nrecords = "{elsewhere.as_posix()}"\n').records == elsewhere
    assert fetch(tmp_path, '[fetch]\nrecords = "s3://bucket/prefix"\n').records == "s3://bucket/prefix"


@pytest.mark.parametrize("name", [*catalogue.services(), *list(catalogue.datasets())[:3]])
def test_every_service_and_table_may_have_another_address(tmp_path: Path, name: str) -> None:
    found = fetch(tmp_path, f'[fetch]\n[services]\n{name} = "https://mirror.example/x"\n')
    assert found.services == {name: ("https://mirror.example/x",)}


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told", "remedy"),
    [
        ("[fetch]\ncensis = true", "unknown key 'fetch.censis'", "'census'"),
        ("[fetch]\nraster = true", "unknown key 'fetch.raster'", "'rasters'"),
        ('[fetch]\ncensus = "yes"', "'fetch.census' = 'yes'", "a valid boolean"),
        ('[fetch]\nosm = "geofabrk"', "'geofabrk' is no way to OpenStreetMap", "did you mean 'geofabrik'?"),
        ('[fetch]\nosm = "layers/x.osm.pbf"', "'layers/x.osm.pbf' is no way", "under [layers]"),
        ('[fetch]\nosm = ""', "'' is no way", "'overpass', 'geofabrik', the address of an extract, or false"),
        ("[fetch]\nosm = 5", "'fetch.osm': 5 is no way", "false"),
        ('[fetch]\nosm = "ftp://example.org/x.osm"', "is no way", "the address"),
        ('[fetch]\nosm = "https://"', "'https://' is no way", "the address"),
        ('[fetch]\ngtfs = "catalog"', "'catalog' is no transit feed", "did you mean 'catalogue'?"),
        ('[fetch]\ngtfs = ["catalogue", "gtfs.zip"]', "'gtfs.zip' is no transit feed", "under [layers]"),
        ("[fetch]\ngtfs = [5]", "5 is no transit feed", "GTFS zip"),
        ("[fetch]\ngtfs = { a = 1 }", "is no transit feed", "GTFS zip"),
        ('[fetch]\nrasters = ["tree_canpy"]', "unknown grid 'tree_canpy' under fetch.rasters", "'tree_canopy'"),
        ('[fetch]\nrasters = ["blocks"]', "unknown grid 'blocks'", "tree_canopy"),
        ('[fetch]\nrasters = "tree_canopy"', "'tree_canopy' names no grids", "a list of names"),
        ("[fetch]\nrasters = [1]", "[1] names no grids", "a list of names"),
        ('[fetch]\nrasters = { tree_canopy = "x.tif" }', "tree_canopy = 'x.tif' is no address", "under [layers]"),
        ("[fetch]\nrasters = { tree_canopy = 1 }", "tree_canopy = 1 is no address", "true"),
        (f'[fetch]\ntables = ["{TABLE[:-1]}"]', f"unknown table '{TABLE[:-1]}' under fetch.tables", f"'{TABLE}'"),
        (f'[fetch]\ntables = "{TABLE}"', "'fetch.tables'", "a valid list"),
        ('[fetch]\nrecords = ""', "'fetch.records' = ''", "at least 1 character"),
        ("[fetch]\nrecords = 5", "'fetch.records' = 5", "a valid string"),
        ("[[fetch]]", "'fetch'", ""),
        ('[census]\nprovider = "tidycensus"', "'census.provider' = 'tidycensus'", "'auto', 'censusdis' or 'direct'"),
        ('[census]\nprovidr = "direct"', "unknown key 'census.providr'", "'provider'"),
        ('[census]\nkey = "abc"', "unknown key 'census.key'", "provider"),
        ('[services]\noverpas = "https://x.example"', "unknown service 'services.overpas'", "'overpass'"),
        ("[services]\noverpass = 5", "overpass = 5 names no address", "a list with its mirrors"),
        ("[services]\noverpass = []", "overpass = [] names no address", "a list with its mirrors"),
        ('[services]\noverpass = ["https://x.example", 5]', "overpass = 5 is no address of a service", "https://"),
        ('[services]\noverpass = "localhost:80/api"', "is no address of a service", "https://"),
        ('[services]\noverpass = ""', "overpass = '' is no address", "https://"),
        ('[services]\noverpass = "https://x.example/#a"', "is no address of a service", "without ? and #"),
        ("[vintages]\nacs_t0 = 2020", "vintages.acs_t0 = 2020 shares years with the survey of 2024", "acs_t0 = 2019"),
        ("[vintages]\nacs = 2019\nacs_t0 = 2015", "shares years with the survey of 2019", "acs_t0 = 2014"),
        ("[vintages]\nacs_t0 = 2024", "shares years", "5 earlier"),
        ("[vintages]\nacs_t0 = 2030", "shares years", "5 earlier"),
        ('[vintages]\nacs_t0 = 2018\n[layers.acs]\npath = "x"\nyear = 2021', "the survey of 2021", "acs_t0 = 2016"),
        (
            '[vintages]\nacs_t0 = 2014\n[layers.acs_t0]\npath = "x"\nyear = 2013',
            "vintages.acs_t0 is 2014 and layers.acs_t0.year is 2013",
            "once",
        ),
        ('[vintages]\nacs_t0 = "2014"', "'vintages.acs_t0' = '2014'", "a valid integer"),
        ("[vintages]\nacs_t0 = 1999", "'vintages.acs_t0' = 1999", "2010"),
        ("[vintages]\nacs_to = 2014", "unknown key 'vintages.acs_to'", "'acs_t0'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_value_and_a_remedy(
    tmp_path: Path, text: str, told: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text + "\n")
    assert told in refused.value.message and "district.toml" in refused.value.message
    assert remedy in refused.value.remedy
    for inside in (".str'", "list[", "function-"):  # what the library below calls its own parts
        assert inside not in refused.value.message


def test_a_service_is_checked_even_where_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown service"):
        read(tmp_path, '[services]\ncensus = "https://x.example"\n')


def test_a_key_in_an_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, '[services]\ncensus_api = "https://api.example/data?key=canary-key-4711"\n')
    assert "canary" not in str(refused.value) and "https://api.example/data?..." in refused.value.message
    assert "a key is never written into a file" in refused.value.remedy


@pytest.mark.parametrize(("acs", "before"), [(2024, 2019), (2019, 2014), (2024, 2010)])
def test_surveys_that_share_no_year_are_two_measurements(tmp_path: Path, acs: int, before: int) -> None:
    found = read(tmp_path, f"[fetch]\n[vintages]\nacs = {acs}\nacs_t0 = {before}\n")
    assert (found.acs_year, found.acs_before) == (acs, before)
    declared = read(tmp_path, f'[vintages]\nacs_t0 = {before}\n[layers.acs_t0]\npath = "x"\nyear = {before}\n')
    assert declared.acs_before == before


def test_a_survey_without_block_groups_in_the_api_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vintages\.acs = 2012 cannot be fetched") as told:
        read(tmp_path, "[fetch]\n[vintages]\nacs = 2012\n")
    assert "2013 or later" in told.value.remedy
    assert read(tmp_path, "[fetch]\ncensus = false\n[vintages]\nacs = 2012\n").acs_year == 2012
