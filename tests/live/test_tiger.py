"""TIGER/Line by its door: the bytes of the file server, read by the reader of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from justgeo import batch_zones
from justgeo.catalogue import read as catalogue
from justgeo.collecting import read_config
from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.layer import Layer
from justgeo.core.service import Service
from justgeo.core.spec import LayerSpec
from justgeo.gathering import Gathering
from justgeo.sources.files import read_zones
from justgeo.sources.live import tiger
from justgeo.sources.live.ask import bring, merged
from justgeo.sources.live.records import Records
from justgeo.synthetic.declare import layers as declarations
from tests import nowhere as districts
from tests.live.bureau import (
    COUNTIES,
    COUNTY,
    TRACTS,
    YEAR,
    Bureau,
    areas,
    ask_tracts,
    blocks,
    brought,
    tools,
    zipped,
)
from tests.loopback.files import FileTree
from tests.loopback.nowhere import tiger_tree
from tests.loopback.server import Loopback


@pytest.fixture(scope="module")
def tree(folder: Path) -> dict[str, bytes | Path]:
    return tiger_tree(folder)


@pytest.fixture
def server(tree: dict[str, bytes | Path]) -> Iterator[Loopback]:
    with Loopback(FileTree(tree).handle) as running:
        yield running


@pytest.fixture
def service(server: Loopback) -> Service:
    return replace(catalogue.services()["census_files"], urls=(server.url,))


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


# What comes is what the reader reads --------------------------------------------------------------


def local(folder: Path, name: str) -> Layer:
    """The same layer, read from the file of the invented county."""
    told = declarations()[name]
    known = ("geoid", "columns", "geography", "geography_vintage")
    return read_zones(LayerSpec(name, folder / told["path"], {k: told[k] for k in known}))


@pytest.mark.parametrize("name", ["tracts", "block_groups", "blocks"])
def test_a_layer_that_came_is_read_as_the_file_is(name: str, folder: Path, records: Records, service: Service) -> None:
    got = brought(tiger.geometry_asks(service, YEAR, [COUNTY], [name]), records, service)
    layer, same = read_zones(got.specs[name]), local(folder, name)
    pd.testing.assert_frame_equal(layer.data, same.data)
    assert (layer.geography, layer.geography_vintage) == (same.geography, same.geography_vintage)
    assert layer.provenance.sha256 == same.provenance.sha256
    assert (
        got.records[f"{name} 2024, state 99"].path().read_bytes()
        == (folder / declarations()[name]["path"]).read_bytes()
    )


def test_an_earlier_vintage_has_a_role_of_its_own(folder: Path, records: Records, service: Service) -> None:
    asks = tiger.geometry_asks(service, 2014, [COUNTY], ["tracts"], suffix="_2010")
    assert [(ask.label, ask.gives) for ask in asks] == [("tracts 2014, state 99", ("tracts_2010",))]
    layer = read_zones(brought(asks, records, service).specs["tracts_2010"])
    pd.testing.assert_frame_equal(layer.data, local(folder, "tracts_2010").data)
    assert (layer.name, layer.geography_vintage) == ("tracts_2010", 2010)


def test_counties_are_read_by_their_codes(folder: Path, records: Records, service: Service) -> None:
    ask = tiger.counties_ask(service, YEAR)
    assert (ask.label, ask.gives, ask.where) == ("counties 2024", ("counties",), service.urls[0] + COUNTIES)
    got = brought([ask], records, service)
    spec = tiger.counties_spec(got.records[ask.label], [COUNTY])
    assert spec.options["prefix"] == [COUNTY]
    pd.testing.assert_frame_equal(read_zones(spec).data, local(folder, "counties").data)


def test_what_came_says_where_from(records: Records, service: Service) -> None:
    told = read_zones(brought([ask_tracts(service)], records, service).specs["tracts"]).provenance
    assert (told.source, told.dataset, told.vintage) == ("U.S. Census Bureau", "TIGER/Line 2024, census tracts", "2024")
    assert told.url == service.urls[0] + TRACTS
    assert (told.licence, told.attribution) == (service.licence, service.attribution)
    assert len(told.retrieved) == len("2026-10-01")
    assert str(records.root) not in repr(told)


def test_progress_counts_bytes(records: Records, service: Service, tree: dict[str, bytes | Path]) -> None:
    seen: list[tuple[str, int, int | None]] = []
    bring([ask_tracts(service)], records, tools(service, progress=lambda *told: seen.append(told)))
    size = Path(str(tree[TRACTS])).stat().st_size
    assert seen[-1] == ("tracts 2024, state 99", size, size)


def test_the_plan_says_what_and_how_much_before_anything_is_fetched(server: Loopback, service: Service) -> None:
    asks = tiger.geometry_asks(service, YEAR, [COUNTY, "51003"], ["tracts", "blocks"])
    assert [ask.label for ask in asks] == [
        "tracts 2024, state 51",
        "tracts 2024, state 99",
        "blocks 2024, state 51",
        "blocks 2024, state 99",
    ]
    assert all(ask.megabytes for ask in [*asks, tiger.counties_ask(service, YEAR)])
    assert asks[0].where == f"{service.urls[0]}/geo/tiger/TIGER2024/TRACT/tl_2024_51_tract.zip"
    assert server.requests == []


def test_the_second_fetch_asks_nothing(server: Loopback, records: Records, service: Service) -> None:
    asks = [tiger.counties_ask(service, YEAR), *tiger.geometry_asks(service, YEAR, [COUNTY], ["tracts", "blocks"])]
    first = brought(asks, records, service)
    assert (len(first.fetched), len(server.requests)) == (3, 3)
    again = brought(asks, records, service)
    assert (again.fetched, len(server.requests)) == ((), 3)
    assert again.specs == first.specs
    offline = bring(asks, records, None)
    assert (offline.failures, offline.specs) == ({}, first.specs)


def test_an_edited_path_makes_a_record_stale(records: Records, service: Service) -> None:
    brought([ask_tracts(service)], records, service)
    edited = replace(service, options={**service.options, "tracts": "other/tl_{year}_{state}_tract.zip"})
    found = bring([ask_tracts(edited)], records, None)
    assert found.failures["tracts 2024, state 99"].kind == "offline"
    moved = replace(service, urls=("http://127.0.0.1:9", *service.urls))
    assert not bring([ask_tracts(moved)], records, None).failures  # another mirror, the same question


def test_a_damaged_record_says_what_to_do(records: Records, service: Service) -> None:
    record = brought([ask_tracts(service)], records, service).records["tracts 2024, state 99"]
    path = record.path()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    found = bring([ask_tracts(service)], records, None).failures["tracts 2024, state 99"]
    assert found.kind == "damaged"
    assert "the bytes of tl_2024_99_tract.zip are not those that were recorded" in found.message
    assert found.remedy == "fetch it again while online: justgeo fetch."


# Which counties -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four counties in a row, each a degree wide, from 75 W to 71 W, and a city in the middle of the second."""
    frame = areas(["51001", "51003", "54001", "09110"])
    city = shapely.box(-73.6, 38.4, -73.4, 38.6)
    frame.loc[1, "geometry"] = frame.geometry[1].difference(city)
    frame.loc[4] = {"GEOID": "51540", "NAMELSAD": "A city", "ALAND": 1, "geometry": city}
    path = tmp_path_factory.mktemp("nation") / "tl_2024_us_county.zip"
    path.write_bytes(zipped(frame, "tl_2024_us_county"))
    return path


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((-74.9, 38.1, -74.5, 38.5), ["51001"]),
        ((-74.9, 38.1, -73.9, 38.5), ["51001", "51003"]),
        ((-73.5, 38.5, -73.45, 38.55), ["51540"]),
        ((-73.7, 38.5, -73.5, 38.55), ["51003", "51540"]),
        ((-74.5, 37.0, -74.2, 38.0), None),  # touches the county's edge alone
        ((-10.0, 38.1, -9.9, 38.2), None),
    ],
)
def test_counties_are_those_that_hold_some_of_the_area(
    nation: Path, box: tuple[float, float, float, float], found: list[str] | None
) -> None:
    shape = shapely.box(*box)
    if found is not None:
        assert tiger.counties_near(nation, shape) == found
        return
    with pytest.raises(CoverageError, match=r"no county holds any of the area \(longitude -\d\d\.\d0 to"):
        tiger.counties_near(nation, shape)


def test_neighbours_that_a_county_only_touches_are_not_near(nation: Path) -> None:
    county = gpd.read_file(nation).set_index("GEOID").geometry["51003"]
    assert tiger.counties_near(nation, county) == ["51003"]


def test_an_area_in_the_hole_of_a_box_is_tested_by_its_shape(nation: Path) -> None:
    # The box of this angle holds all of the city, the angle itself passes it by.
    angle = shapely.LineString([(-73.9, 38.1), (-73.1, 38.1), (-73.1, 38.9)]).buffer(0.02)
    assert tiger.counties_near(nation, angle) == ["51003"]


def test_named_counties_are_added(nation: Path) -> None:
    shape = shapely.box(-74.9, 38.1, -74.5, 38.5)
    assert tiger.counties_near(nation, shape, ["54001", "51001"]) == ["51001", "54001"]
    assert tiger.counties_near(nation, None, ["54001", "54001"]) == ["54001"]
    assert tiger.counties_near(nation, None) == []


@pytest.mark.parametrize(
    ("geoid", "remedy"),
    [
        ("51004", "use one of: 51001 (Area 51001), 51003 (Area 51003), 51540 (A city)."),
        ("09001", "use one of: 09110 (Area 09110)."),
        ("Albemarle", "give five digits, two of the state and three of the county, as in 51003."),
    ],
)
def test_an_unknown_county_is_refused_with_what_is_known(nation: Path, geoid: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no county '{geoid}'") as caught:
        tiger.counties_near(nation, None, ["51001", geoid])
    assert caught.value.remedy == remedy


def test_in_a_large_state_the_nearest_code_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tl_2024_us_county.zip"
    path.write_bytes(zipped(areas([f"48{n:03d}" for n in range(1, 60, 2)]), "tl_2024_us_county"))
    with pytest.raises(ConfigError) as caught:
        tiger.counties_near(path, None, ["48030"])
    assert caught.value.remedy in {f"did you mean 48{n:03d} (Area 48{n:03d})?" for n in range(1, 60, 2)}


def test_a_planners_own_layer_of_counties_is_asked_alike(nation: Path) -> None:
    frame = read_zones(LayerSpec("counties", nation)).features
    shape = shapely.box(-74.9, 38.1, -73.9, 38.5)
    assert tiger.chosen_counties(frame, shape, ["54001"]) == tiger.counties_near(nation, shape, ["54001"])
    assert tiger.chosen_counties(frame, None, ["51540"]) == ["51540"]
    with pytest.raises(ConfigError, match="there is no county '51004'"):
        tiger.chosen_counties(frame, shape, ["51004"])
    with pytest.raises(CoverageError):
        tiger.chosen_counties(frame, shapely.box(0, 0, 1, 1), [])


def test_a_file_of_counties_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "tl_2024_us_county.zip").write_bytes(b"not a zip")
    with pytest.raises(LayerError, match=r"Counties \(tl_2024_us_county\.zip\): the file cannot be read"):
        tiger.counties_near(tmp_path / "tl_2024_us_county.zip", shapely.box(-75, 38, -74, 39))


def test_only_the_counties_that_matter_are_read(nation: Path, records: Records) -> None:
    with Bureau({"tl_2024_us_county.zip": nation.read_bytes()}) as service:
        record = brought([tiger.counties_ask(service, YEAR)], records, service).records["counties 2024"]
    chosen = tiger.counties_near(record.path(), shapely.box(-74.9, 38.1, -73.9, 38.5))
    layer = read_zones(tiger.counties_spec(record, chosen))
    assert layer.data["geoid"].tolist() == chosen == ["51001", "51003"]
    with pytest.raises(LayerError, match="no identifier in it begins with 51005"):
        read_zones(tiger.counties_spec(record, ["51001", "51005"]))


# Several states, changed codes --------------------------------------------------------------------


def test_a_layer_in_two_states_is_one_layer(records: Records) -> None:
    files = {
        "tl_2024_51_tract.zip": areas(["51001000100", "51003000100", "51005000100"]),
        "tl_2024_54_tract.zip": areas(["54001000100", "54003000100"], west=-72),
    }
    with Bureau({name: zipped(frame, name[:-4]) for name, frame in files.items()}) as service:
        asks = tiger.geometry_asks(service, YEAR, ["54001", "51003", "51001"], ["tracts"])
        spec = brought(asks, records, service).specs["tracts"]
    assert spec.path.name == "tl_2024_51_tract.zip"
    assert [Path(part).name for part in spec.options["parts"]] == ["tl_2024_54_tract.zip"]
    layer = read_zones(spec)
    assert layer.data["geoid"].tolist() == ["51001000100", "51003000100", "54001000100"]
    assert layer.data.geometry.iloc[2].bounds == (-72, 38, -71, 39)
    assert layer.provenance.notes[0] == "Read from 2 files: tl_2024_51_tract.zip, tl_2024_54_tract.zip."
    assert layer.provenance.asked["parts"] == ["tl_2024_54_tract.zip"]
    assert str(records.root) not in repr(layer.provenance)


def test_declarations_of_one_layer_name_each_file_once() -> None:
    def told(path: str, **options: object) -> LayerSpec:
        return LayerSpec("blocks", Path(path), options)

    both = merged(told("51.zip", prefix=["51001"]), told("54.zip", prefix=["54001"]))
    assert (both.options["parts"], both.options["prefix"]) == (["54.zip"], ["51001", "54001"])
    for counts in (told("51.zip", join=["counts"]), told("54.zip", join=["counts"])):  # joined to either of them
        whole = merged(both, counts)
        assert (whole.path.name, whole.options["parts"], whole.options["join"]) == ("51.zip", ["54.zip"], ["counts"])
    assert merged(both, both).options["parts"] == ["54.zip"]


def test_of_two_states_one_is_not_enough(records: Records) -> None:
    with Bureau({"tl_2024_51_tract.zip": zipped(areas(["51001000100"]), "tl_2024_51_tract")}) as service:
        asks = tiger.geometry_asks(service, YEAR, ["51001", "54001"], ["tracts"])
        found = bring(asks, records, tools(service))
    assert found.fetched == ("tracts 2024, state 51",)
    assert found.failures["tracts 2024, state 54"].kind == "missing"
    assert (found.specs, set(found.missing)) == ({}, {"tracts"})


def test_connecticuts_regions_and_its_blocks_go_together(records: Records) -> None:
    files = {
        "tl_2024_09_tract.zip": areas(["09110000100", "09120000100"]),
        "tl_2024_09_tabblock20.zip": blocks(["090010001001000", "090030001001000"]),
        "tl_2014_09_tract.zip": areas(["09001000100", "09003000100"]),
    }
    with Bureau({name: zipped(frame, name[:-4]) for name, frame in files.items()}) as service:
        asks = [
            *tiger.geometry_asks(service, YEAR, ["09110"], ["tracts", "blocks"]),
            *tiger.geometry_asks(service, 2014, ["09110"], ["tracts"], suffix="_2010"),
        ]
        specs = brought(asks, records, service).specs
    prefixes = {name: spec.options["prefix"] for name, spec in specs.items()}
    assert prefixes == {"tracts": ["09110"], "blocks": ["09"], "tracts_2010": ["09"]}
    assert read_zones(specs["tracts"]).data["geoid"].tolist() == ["09110000100"]
    assert len(read_zones(specs["blocks"]).data) == len(read_zones(specs["tracts_2010"]).data) == 2


@pytest.mark.parametrize(
    ("year", "layer", "counties", "starts"),
    [
        (2021, "tracts", ["09001"], ["09001"]),  # a planner's counties of 2020 in a file of 2021
        (2024, "tracts", ["09001"], ["09"]),
        (2024, "blocks", ["09001"], ["09001"]),
        (2014, "tracts", ["46102", "46007"], ["46"]),  # Oglala Lakota was Shannon, 46113
        (2014, "tracts", ["46007"], ["46007"]),
        (2014, "tracts", ["02063"], ["02"]),
        (2024, "tracts", ["46102", "02063"], ["02063", "46102"]),
        (2014, "tracts", ["51019"], ["51"]),
        (2024, "blocks", ["51019"], ["51019"]),
    ],
)
def test_counties_that_had_other_codes_are_read_by_state(
    year: int, layer: str, counties: list[str], starts: list[str], records: Records
) -> None:
    files = {}
    for state in {county[:2] for county in counties}:
        name, made = ("tract", areas) if layer == "tracts" else ("tabblock20", blocks)
        files[f"tl_{year}_{state}_{name}.zip"] = zipped(made([f"{state}001" + "0" * 6]), f"tl_{year}_{state}")
    with Bureau(files) as service:
        specs = brought(tiger.geometry_asks(service, year, counties, [layer]), records, service).specs
    assert specs[layer].options["prefix"] == starts


def test_a_county_that_the_file_lacks_is_an_error_for_planners(records: Records, service: Service) -> None:
    asks = tiger.geometry_asks(service, YEAR, [COUNTY, "99003"], ["tracts"])
    with pytest.raises(LayerError, match=r"tl_2024_99_tract\.zip\): no identifier in it begins with 99003\.") as caught:
        read_zones(brought(asks, records, service).specs["tracts"])
    assert "some counties got another code over the years" in caught.value.remedy


def test_places_are_all_of_a_state(records: Records) -> None:
    with Bureau({"tl_2024_51_place.zip": zipped(areas(["5114968", "5135624"]), "tl_2024_51_place")}) as service:
        asks = tiger.geometry_asks(service, YEAR, ["51003", "51540"], ["places"])
        assert [(ask.label, ask.gives) for ask in asks] == [("places 2024, state 51", ("areas_places",))]
        layer = read_zones(brought(asks, records, service).specs["areas_places"])
    assert layer.data[["geoid", "name"]].to_numpy().tolist() == [
        ["5114968", "Area 5114968"],
        ["5135624", "Area 5135624"],
    ]
    assert (layer.geography, layer.geography_vintage) == ("", 0)


def test_places_of_a_batch_come_with_its_counties(tmp_path: Path) -> None:
    two = areas(["5114968", "5135624"])
    towns = two.set_geometry(
        [shapely.box(*one.centroid.coords[0], *one.centroid.buffer(0.03).bounds[2:]) for one in two.geometry]
    )
    files = {
        "tl_2024_51_place.zip": zipped(towns, "tl_2024_51_place"),
        "tl_2024_us_county.zip": zipped(areas(["51540", "51003"]), "tl_2024_us_county"),
    }
    areas(["x"]).to_file(tmp_path / "line.geojson", driver="GeoJSON")
    with Bureau(files) as service:
        told = [
            districts.table("district", {"name": "Here", "boundary": "line.geojson"}),
            districts.table("fetch", {"records": "records"}),
            districts.table("services", {"census_files": service.urls[0]}),
        ]
        (tmp_path / "district.toml").write_text("\n\n".join(told), encoding="utf-8")
        live = Gathering.of(read_config(tmp_path), tools=tools(service))
        assert live is not None
        live.find_counties(None, ["51540"])
        live.places()
    assert live.fetched == ["counties 2024", "places 2024, state 51"] and not live.failures
    units = {"counties": read_zones(live.settings.layers["counties"])}
    some, refused = batch_zones.places(live.settings, live.settings.layers[batch_zones.PLACES], units, ["51540"])
    assert [one.district.slug for one in some] == ["5114968-area-5114968"] and not refused
    assert batch_zones.PLACES not in some[0].settings.layers
