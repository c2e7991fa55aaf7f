"""From a boundary and a key to a page, every layer through a live door; then the same without a network.

The invented county stands behind loopback servers that speak each service's own protocol, so what comes of it is known:
the figures of the same county from local files.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from justgeo import collecting, run
from justgeo.catalogue import read as catalogue
from justgeo.core.layer import Layer
from justgeo.core.result import Indicator
from justgeo.core.spec import LayerSpec
from justgeo.sources import files
from justgeo.sources.live.keys import SIGN_UP, VARIABLES
from tests import nowhere as districts
from tests.live import fetched
from tests.live.fetched import FEW, GRIDS, Round, Rows, each_kind, of_files, rows_of
from tests.live.nowhere_online import (
    ACCESS,
    DATA_OF,
    DAY,
    KEY,
    KEYLESS,
    THINGS,
    UNASKED,
    USUAL,
    Online,
    heads_of,
    justgeo,
    one_day,
    online,
    settle,
    with_a_key,
)

COMPARED = (
    "B01003", "B03002", "B15003", "B19001", "B19013", "B25003", "B25063", "B25064", "B25075", "B25077", "C17002",
)  # fmt: skip
"""Tables that are compared with an earlier survey."""
NOT_COVERED = "the layer does not cover this area"


@pytest.fixture(scope="module", autouse=True)
def a_key() -> Iterator[None]:
    with with_a_key(), one_day():
        yield


@pytest.fixture(scope="module")
def services(folder: Path) -> Iterator[Online]:
    with online(folder) as found:
        yield found


@pytest.fixture(scope="module")
def first(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Round:
    return fetched.first(folder, tmp_path_factory)


@pytest.fixture(scope="module")
def local(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The same district from the county's files."""
    return rows_of(fetched.from_files(folder, tmp_path_factory))


@dataclass(frozen=True)
class Alone:
    """A run of the first round's district without a network: of which folder, what it wrote, and whom it called."""

    folder: Path
    out: Path
    code: int
    called: list[object]


@pytest.fixture(scope="module")
def offline(first: Round, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """Of what censusdis has fetched, where it is installed: of the same bytes, or nothing here is the same."""
    folder = first.again or first.folder
    called: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        called.append(address)
        raise ConnectionRefusedError(address)

    out = tmp_path_factory.mktemp("offline") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        code = justgeo("run", folder, "--offline", "--out", out).code
    return Alone(folder, out, code, called)


def measured(path: Path, rows: Sequence[Indicator] | None = None, **more: Any) -> tuple[run.Collected, Rows]:
    found, results = fetched.measured(path, rows, **more)
    return found, rows_of(results)


def same(one: Mapping[str, Any], other: Mapping[str, Any], *, but: Sequence[str] = ("q",)) -> bool:
    """Whether two records are one, some parts of their comparison apart."""
    found = [
        {**r, "comparison": {k: v for k, v in (r["comparison"] or {}).items() if k not in but}} for r in (one, other)
    ]
    return found[0] == found[1]


def alone(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without what it takes from other areas: Overpass is asked for the district's surroundings only."""
    return {**record, "comparison": None, "percentile": None, "instead": None}


def stands_alone(record: Mapping[str, Any]) -> bool:
    """Whether a record is held against no reference, by number or by place among its tracts, and none is offered."""
    standing = (record["percentile"] or {}).get("value")
    return record["comparison"] is None and standing is None and (record["instead"] or {}).get("zone") != "reference"


def test_every_layer_comes_through_a_live_door(first: Round) -> None:
    assert first.fetched.code == 0, first.fetched.err
    assert f"{THINGS} things fetched" in first.fetched.out
    assert {name for name, count in first.asked.items() if count} == set(USUAL)
    assert first.asked_by_run == first.asked, "the run reads records"
    assert (first.out / "index.html").stat().st_size > 100_000
    heads = heads_of(first.records).values()
    terms = {(head["told"]["source"], head["told"]["licence"], head["told"]["url"]) for head in heads}
    layers = {one["id"]: one for one in first.results["layers"]}
    assert {"blocks", "tracts", "walk", "parks", "stops", "gtfs", "acs:B25003@2024", *GRIDS} <= set(layers)
    for name, layer in layers.items():
        assert layer["retrieved"] == DAY, name
        assert (layer["source"].removesuffix(" (invented)"), layer["licence"], layer["url"]) in terms, name
    known = {digest for head in heads for digest in head["files"].values()}
    for name in ("tracts", "block_groups", "gtfs", "acs:B25003@2024", *GRIDS):
        assert layers[name]["sha256"] in known, f"{name} is of the recorded bytes"
    assert all(str(layers[name]["url"]).startswith(first.addresses["census_files"]) for name in ("tracts", "blocks"))
    assert layers["walk"]["vintage"] == DATA_OF[:10], "the state of the data that the server told"
    assert set(first.results["absent_layers"]) == UNASKED


def test_offline_with_all_services_gone_gives_the_same_bytes(first: Round, offline: Alone) -> None:
    assert offline.code == 0
    assert not offline.called
    names = {path.name for path in first.out.iterdir()}
    assert names == {path.name for path in offline.out.iterdir()} >= {"results.json", "index.html"}
    for name in sorted(names - {"manifest.json"}):
        assert (first.out / name).read_bytes() == (offline.out / name).read_bytes(), name


def test_both_census_providers_give_the_same_bytes(first: Round, offline: Alone) -> None:
    if first.again is None:
        pytest.skip("censusdis is not installed")
    assert offline.folder == first.again
    ours, theirs = (
        {head["label"]: head for head in heads_of(records).values()}
        for records in (first.records, first.again / "records")
    )
    tables = [label for label in ours if label.startswith("acs ")]
    assert {ours[label]["told"]["more"].pop("provider") for label in tables} == {"direct"}
    assert {theirs[label]["told"]["more"].pop("provider") for label in tables} == {"censusdis"}
    assert ours.keys() == theirs.keys()
    for label, head in ours.items():  # the same files, byte for byte, of which the same is told
        for one in (head, theirs[label]):
            del one["digest"]  # of the head
            one["told"].pop("more")
        assert head == theirs[label], label
    assert (first.out / "results.json").read_bytes() == (offline.out / "results.json").read_bytes()


def test_an_invented_place_says_so_everywhere(first: Round) -> None:
    assert first.results["synthetic"] is True
    assert all(layer["synthetic"] is True for layer in first.results["layers"])
    page = (first.out / "index.html").read_text(encoding="utf-8")
    assert "invented" in page.lower()
    assert json.loads((first.out / "manifest.json").read_text(encoding="utf-8"))["synthetic"] is True


def test_outputs_follow_from_what_was_recorded(first: Round, offline: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that is made again to verify is the one without a network: it was made, and is not made twice."""
    asked = []

    def made(config: Path, out: Path, progress: object, records: Path | None, **more: object) -> None:
        asked.append((config.resolve(), records, more))
        shutil.copytree(offline.out, out)

    monkeypatch.setattr(run, "run_config", made)
    said = justgeo("verify", first.out)
    assert asked == [((first.folder / "district.toml").resolve(), None, {"offline": True})]
    assert said.code == 0, said.out + said.err
    assert "the outputs follow from their inputs" in said.out


def test_figures_equal_those_of_local_files(first: Round, local: Rows) -> None:
    rows = rows_of(first.results)
    assert set(rows) == set(local)
    access = {key for key in rows if key[1].startswith(ACCESS)}
    # A q-value depends on how many others were compared, and fewer were here.
    assert [key for key in set(rows) - access if not same(rows[key], local[key])] == []
    assert {key[0] for key in set(rows) - access} > {"district", "reference"}
    district = {key for key in access if key[0] == "district"}
    assert sum(rows[key]["value"] is not None for key in district) > 50
    for key in district:
        assert alone(rows[key]) == alone(local[key]) and stands_alone(rows[key]), key


def test_overpass_gives_the_district_alone(first: Round, local: Rows) -> None:
    rows = rows_of(first.results)
    cut = 0
    for key in (key for key in rows if key[1].startswith(ACCESS)):
        one, true = rows[key], local[key]
        if key[0] == "reference":
            assert (one["value"], one["reason"]) == (None, NOT_COVERED), key
        elif key[0] != "district" and one["value"] is None and true["value"] is not None:
            assert one["reason"] == NOT_COVERED, key
        elif key[0] != "district" and one["value"] != true["value"]:
            # A block group at the edge: some of its people live where the network ends, and that is told.
            assert any(flag.startswith("unknown_share") for flag in one["flags"]), key
            if one["low"] is None:  # a group counted by the survey has a margin, and no bounds
                assert key[2] != "all" or one["unit"] != "share", key
            elif one["unit"] == "share":  # a mean has no bounds that those who are not known could not move
                assert one["low"] <= true["value"] <= one["high"], key
            cut += 1
    assert cut > 0, "the halo is that of a mile's walk: areas are cut by its end, none lies beyond it whole"


def test_an_extract_serves_the_reference_too(first: Round, services: Online, local: Rows, tmp_path: Path) -> None:
    path = services.begin_with(first.records, tmp_path / "district", {"fetch": {"osm": services.extract}})
    before = services.asked()
    assert justgeo("fetch", path).code == 0
    assert {name for name, count in services.asked().items() if count > before[name]} == {"geofabrik"}
    found, rows = measured(path, offline=True)
    assert set(found.absent) == UNASKED
    assert rows == local, "every record, with its comparison and q-value"
    assert found.layers["walk"].provenance.url == services.extract


def test_a_district_by_geoids(
    first: Round, services: Online, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = gpd.read_file(folder / "tl_2024_99_bg.zip").to_crs(4326)
    middle = gpd.read_file(services.boundary).union_all().centroid
    geoids = sorted(groups.loc[groups.distance(middle).nsmallest(6).index, "GEOID"])
    path = services.begin_with(first.records, tmp_path / "district")
    settle(path, {"district": {"boundary": None, "geoids": geoids}})
    before, read = services.asked(), list[str]()

    def read_zones(spec: LayerSpec) -> Layer:
        read.append(spec.name)
        return files.read_zones(spec)

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "read_zones", read_zones)
        assert justgeo("fetch", path).code == 0
    assert set(services.since(before)) == {"overpass"}
    assert sorted(read) == sorted(districts.UNITS), "looked at twice, since the outline lies in it, and read once"
    found, rows = measured(path, each_kind(), offline=True)
    assert set(found.absent) == UNASKED
    outline = groups[groups["GEOID"].isin(geoids)].union_all()
    assert found.district.boundary.symmetric_difference(outline).area < 1e-9
    names = [*districts.UNITS, "acs", "osm", "gtfs", *GRIDS]
    told = {"geoids": geoids, "slug": "old-harbour-invented"}
    _, local = measured(districts.write(tmp_path / "local", of_files(folder, names), told), each_kind(), read_all=False)
    ours = [key for key in rows if key[0] == "district"]
    assert len(ours) > 100
    for key in ours:
        if key[1].startswith(ACCESS):
            assert alone(rows[key]) == alone(local[key]) and stands_alone(rows[key]), key
        else:
            assert same(rows[key], local[key]), key


def test_a_planners_own_parks_go_before_those_of_openstreetmap(first: Round, services: Online, tmp_path: Path) -> None:
    path = services.begin_with(first.records, tmp_path / "district")
    west, south, east, north = gpd.read_file(services.boundary).total_bounds
    square = shapely.box(west, south, (west + east) / 2, (south + north) / 2)
    gpd.GeoDataFrame({"name": ["Green"]}, geometry=[square], crs=4326).to_file(tmp_path / "parks.geojson")
    told = {"path": str(tmp_path / "parks.geojson"), "source": "City of Nowhere"}
    settle(path, {"layers": {"parks": told}})
    before = services.asked()
    found = run.collect_layers(run.read_config(path))
    assert services.since(before) == {}, "all else is recorded"
    parks, walk = found.layers["parks"], found.layers["walk"]
    assert parks.provenance.source.startswith("City of Nowhere")
    assert len(parks.data) == 1
    assert parks.data.union_all().symmetric_difference(square).area < 1e-12
    assert walk.provenance.source.startswith("OpenStreetMap")


def test_a_planners_own_geography_and_survey(
    services: Online, tmp_path: Path, folder: Path, local: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``[fetch] census = false``: the Census Bureau is not asked, and no key is needed."""
    monkeypatch.delenv(VARIABLES[0])
    own = districts.layers(folder, [*districts.UNITS, "acs"])
    path = services.begin(tmp_path / "district", {"fetch": {"census": False}, "layers": own})
    before = services.asked()
    assert justgeo("fetch", path).code == 0
    assert set(services.since(before)) == {"overpass", "mobility_database", "mrlc"}
    others = [row for row in catalogue.indicators() if not row.id.startswith(ACCESS)]
    found, rows = measured(path, others, offline=True)
    assert set(found.absent) == UNASKED
    assert rows.keys() == {key for key in local if not key[1].startswith(ACCESS)}
    assert [key for key in rows if not same(rows[key], local[key])] == []


def test_an_earlier_survey(first: Round, services: Online, tmp_path: Path, folder: Path) -> None:
    path = services.begin_with(first.records, tmp_path / "district", {"vintages": {"acs_t0": 2014}})
    before = services.asked()
    assert justgeo("fetch", path).code == 0
    assert set(services.since(before)) == {"census_api", "census_files"}
    labels = [head["label"] for head in heads_of(path.parent / "records").values()]
    fetched = {label for label in labels if "2014" in label or "2010" in label}
    assert {"tracts 2014, state 99", "block relationship 2010 to 2020, state 99", "acs B25003@2014"} <= fetched
    # No more than is compared: many a table of today was not published then.
    assert {label for label in fetched if label.startswith("acs ") and label.endswith("@2014")} == {
        f"acs {table}@2014" for table in COMPARED
    }
    # The market and every change need both surveys: what is fetched gives the figures of the county's own files.
    market = {"BEL-01", "BEL-01.renters"}
    both = [row for row in catalogue.indicators() if row.id in market or row.field == "acs_change"]
    found, rows = measured(path, both, offline=True)
    assert set(found.absent) == UNASKED
    assert found.years == {"t1": 2024, "t0": 2014}
    assert found.layers["tracts_2010"].geography_vintage == 2010
    assert len(found.layers["crosswalk_99"].data) > 100
    assert found.layers["acs:B25003@2014"].provenance.vintage.startswith("2010-2014")
    names = [*districts.UNITS, "acs", "acs_t0", "crosswalk_99"]
    told = {"boundary": str(folder / "district.geojson"), "slug": "old-harbour-invented"}
    own = measured(districts.write(tmp_path / "own", of_files(folder, names), told), both, read_all=False)[1]
    assert {key[1] for key in own} == {row.id for row in both} > market
    for key in own:
        assert own[key]["value"] is not None
        for name in ("value", "moe", "numerator", "numerator_moe", "denominator", "flags"):
            assert rows[key][name] == own[key][name], (key, name)


def test_without_a_key_all_else_is_fetched_and_the_rest_comes_with_it(
    services: Online, tmp_path: Path, local: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLES[0])
    path = services.begin(tmp_path / "district")
    before = services.asked()
    said = justgeo("fetch", path)
    assert said.code == 1
    words = " ".join(said.out.split())
    assert words.count(SIGN_UP) == 1, "how to get a key is told once, not for each of the tables"
    assert f"and {THINGS - KEYLESS - 4} more" in words
    assert set(services.since(before)) == {"census_files", "overpass", "mobility_database", "mrlc"}
    changes = {row.id for row in catalogue.indicators() if row.field == "acs_change"}  # no earlier survey is asked for
    asked = {row.id for row in catalogue.indicators() if row.field.startswith("acs_")} - changes
    with districts.only({*asked, *FEW}):
        assert justgeo("run", path, "--out", tmp_path / "out").code == 0
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    why = "The Census API answers only those who send a key, and none was found."
    rows = {key: row for key, row in rows_of(results).items() if key[0] == "district"}
    survey = [row for key, row in rows.items() if key[1] in asked]
    assert len(survey) > 20
    assert {(row["value"], row["reason"]) for row in survey} == {(None, why)}
    assert rows["district", "ENV-01", "all"]["value"] == local["district", "ENV-01", "all"]["value"], (
        "canopy is no survey"
    )
    assert why in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    monkeypatch.setenv(VARIABLES[0], KEY)
    again = justgeo("fetch", path)
    assert again.code == 0
    assert f"{THINGS - KEYLESS} things fetched" in again.out
    assert f" {KEYLESS} recorded before" in again.out
    assert len(heads_of(path.parent / "records")) == THINGS


def test_a_slug_that_hides_the_invention_is_refused(services: Online, tmp_path: Path) -> None:
    path = services.begin(tmp_path / "district", {"district": {"slug": "old-harbour"}})
    for words in (["fetch", path], ["run", path, "--out", tmp_path / "out"]):
        said = justgeo(*words)
        assert said.code == 2
        assert "which is invented" in said.err
        assert 'write slug = "old-harbour-invented".' in said.err
    assert not (tmp_path / "out").exists()
