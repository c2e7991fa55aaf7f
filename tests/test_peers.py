"""`justgeo compare DISTRICT --with BATCH`: one district among the others of a batch."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from justgeo import cli, peers, peers_batch
from justgeo.among import GROWS, OF_NO_TRACT
from justgeo.batch import batch
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import peers_text
from tests import nowhere
from tests import places_many as many
from tests.test_nowhere import layers

N = 24
RENTERS, PEOPLE = "BEL-02", "DEM-00.population"


def told_there() -> set[str]:
    """Rows that the tables of the batch can tell, and some that they cannot."""
    tables = {f"acs:{name}" for name in many.TABLES}
    rows = {row.id for row in catalogue.indicators() if set(row.inputs) <= tables}
    return rows | {"BEL-01", "BEL-02.change", "OPP-01", "WEL-04.800", "ENV-01"}


@dataclass(frozen=True)
class Region:
    """Squares of several sizes about the middle of Nowhere, and what a batch made of them."""

    settings: Path
    outlines: Path
    out: Path


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("peers")
    with layers(nowhere.cache(tmp_path_factory)) as source:
        settings = many.settings(source, folder / "settings")
        x, y = nowhere.boundary(source).geometry.union_all().centroid.coords[0]
        rng = np.random.default_rng(3)
        shapes = []
        for _ in range(N):
            east, north, half = x + rng.uniform(-0.01, 0.01), y + rng.uniform(-0.008, 0.008), rng.uniform(0.004, 0.012)
            shapes.append(shapely.box(east - half, north - half, east + half, north + half))
        path = folder / "squares.gpkg"
        gpd.GeoDataFrame({"name": [f"Square {k:02}" for k in range(N)]}, geometry=shapes, crs=4326).to_file(path)
        with nowhere.only(told_there()):
            batch(path, folder / "out", settings=settings)
        yield Region(settings, path, folder / "out")


def slug(k: int) -> str:
    return f"square-{k:02}"


def results_of(region: Region, k: int) -> Any:
    return json.loads((region.out / "districts" / slug(k) / "results.json").read_text(encoding="utf-8"))


def own(region: Region, k: int) -> dict[str, Any]:
    return {
        r["indicator"]: r for r in results_of(region, k)["records"] if r["zone"] == "district" and r["group"] == "all"
    }


def by_id(made: Mapping[str, Any]) -> dict[str, Any]:
    return {row["id"]: row for row in made["rows"]}


def changed(region: Region, folder: Path, change: Callable[[pa.Table], pa.Table], name: str = "records") -> Path:
    """The batch with another table."""
    shutil.copytree(region.out, folder)
    (file,) = (folder / name).rglob("*.parquet")
    pq.write_table(change(pq.ParquetFile(file).read()), file)
    return folder


def with_metadata(**told: str) -> Callable[[pa.Table], pa.Table]:
    new = {name.encode(): value.encode() for name, value in told.items()}
    return lambda table: table.replace_schema_metadata({**(table.schema.metadata or {}), **new})


# What it tells -------------------------------------------------------------------------------------------------------


def test_a_percentile_is_the_share_of_the_others_with_a_lower_number(region: Region, tmp_path: Path) -> None:
    made = peers.compare_with(slug(7), region.out, tmp_path / "out")
    mine = own(region, 7)
    others = [own(region, k)[RENTERS]["value"] for k in range(N) if k != 7]
    row = by_id(made)[RENTERS]

    def share(value: float) -> float:
        lower = sum(other < value - 1e-12 for other in others if other is not None)
        equal = sum(abs(other - value) <= 1e-12 for other in others if other is not None)
        return (lower + equal / 2) / len(others)

    value, moe = mine[RENTERS]["value"], mine[RENTERS]["moe"]
    low, high = share(value - moe), share(value + moe)
    assert (made["others"], row["standing"]["others"]) == (N - 1, N - 1)
    if high - low >= 0.5:
        assert row["standing"]["value"] is None and "anywhere from" in row["standing"]["reason"]
    else:
        told = [row["standing"][name] for name in ("value", "low", "high")]
        assert told == pytest.approx([share(value), low, high])
    assert row["record"] == mine[RENTERS]


def test_of_all_districts_of_the_batch_they_average_one_half(region: Region) -> None:
    """With no margin each of them has one; of each pair one is lower, or each counts half."""
    opened = peers_batch.read(region.out)
    found = [peers.content(peers.find(slug(k), opened), opened) for k in range(N)]
    numbers = peers_batch.numbers(opened, [RENTERS], [])
    made = []
    for k in range(N):
        others = np.delete(numbers.value[0], opened.ids.index(slug(k)))
        told = peers.measure.standing(others, own(region, k)[RENTERS]["value"], 0.0, "high")
        made.append(told.value)
    assert np.mean(np.array(made, dtype=float)) == pytest.approx(0.5)
    told = [by_id(one)[RENTERS]["standing"] for one in found]
    assert all((one["value"] is None) == (one["reason"] is not None) for one in told)
    placed = [(one["value"], made[k]) for k, one in enumerate(told) if one["value"] is not None]
    assert placed and all(a == pytest.approx(b) for a, b in placed)


def test_the_nearest_peers_are_named_with_their_people_and_their_median(region: Region, tmp_path: Path) -> None:
    made = peers.compare_with(slug(3), region.out, tmp_path / "out")
    facts = [next(z["facts"] for z in results_of(region, k)["zones"] if z["role"] == "district") for k in range(N)]
    logs = np.log([[one["residents"], one["residents"] / one["area_km2"]] for one in facts])
    spread = np.delete(logs, 3, axis=0).std(axis=0)
    distance = (((logs - logs[3]) / spread) ** 2).sum(axis=1)
    distance[3] = np.inf
    nearest = np.argsort(distance)[:5]
    assert [one["id"] for one in made["peers"]] == [slug(k) for k in nearest]
    first = made["peers"][0]
    assert first["residents"] == facts[nearest[0]]["residents"]
    assert first["density"] == pytest.approx(first["residents"] / first["area_km2"])
    theirs = [own(region, int(k))[RENTERS] for k in nearest]
    middle = by_id(made)[RENTERS]["middle"]
    assert middle["value"] == pytest.approx(np.median([one["value"] for one in theirs]))
    assert middle["low"] == pytest.approx(np.median([one["value"] - one["moe"] for one in theirs]))
    assert middle["n"] == 5


def test_the_same_districts_in_two_counties_give_the_same(region: Region, tmp_path: Path) -> None:
    """Each table has its own words, in its own order."""
    for name in ("records", "zones"):
        (file,) = (region.out / name).rglob("*.parquet")
        table = pq.ParquetFile(file).read()
        odd = np.array([zone[-1] in "13579" for zone in table.column("zone").to_pylist()])
        for county, rows in (("99001", np.flatnonzero(odd)), ("99003", np.flatnonzero(~odd)[::-1])):
            path = tmp_path / "two" / name / "state=99" / f"county={county}" / f"{county}.parquet"
            path.parent.mkdir(parents=True)
            decoded = [pa.array(column.to_pylist()) for column in table.take(rows).columns]
            again = [
                one.cast(pa.string()).dictionary_encode()
                if pa.types.is_dictionary(field.type)
                else one.cast(field.type)
                for one, field in zip(decoded, table.schema, strict=True)
            ]
            pq.write_table(pa.Table.from_arrays(again, schema=table.schema), path)
    one, two = (peers_batch.read(folder) for folder in (region.out, tmp_path / "two"))
    a, b = (peers.content(peers.find(region.out / "districts" / slug(6), one), opened) for opened in (one, two))
    assert len(two.files) == 2 and a["rows"] == b["rows"] and a["peers"] == b["peers"]
    assert b["notes"] == [
        "The batch did not come to its end, or lacks what could not be fetched: others may be missing."
    ]


def test_what_grows_with_size_and_what_no_tract_is_told_of_is_placed_among_nobody(region: Region) -> None:
    opened = peers_batch.read(region.out)
    rows = by_id(peers.content(peers.find(slug(0), opened), opened))
    people = rows[PEOPLE]
    assert (people["standing"]["value"], people["standing"]["reason"]) == (None, GROWS)
    assert people["middle"] is not None, "the peers are of its size"
    never = [
        row for row in rows.values() if row["standing"] and row["standing"]["reason"] == peers.WHY_NEVER[OF_NO_TRACT]
    ]
    assert all(row["middle"] is None for row in never)
    row = {"id": "X", "areas": False, "aggregate": "share"}
    assert peers._never(row, {"percentile": None}, {}) == OF_NO_TRACT
    assert peers._never({**row, "areas": True, "aggregate": "sum"}, {"percentile": None}, {}) == GROWS
    assert peers._never({**row, "areas": True}, {"percentile": {"reason": None}}, {}) == ""


def test_too_few_others_is_a_reason(region: Region, tmp_path: Path) -> None:
    few = {slug(k) for k in range(21)}

    def only(table: pa.Table) -> pa.Table:
        return table.filter(pa.array([zone in {*few, "reference"} for zone in table.column("zone").to_pylist()]))

    folder = changed(region, tmp_path / "few", only, "zones")
    opened = peers_batch.read(folder)
    assert by_id(peers.content(peers.find(slug(0), opened), opened))[RENTERS]["standing"]["others"] == 20
    few.remove(slug(20))
    folder = changed(region, tmp_path / "fewer", only, "zones")
    opened = peers_batch.read(folder)
    standing = by_id(peers.content(peers.find(slug(0), opened), opened))[RENTERS]["standing"]
    assert (standing["value"], standing["reason"]) == (None, "only 19 others have a number (20 are needed)")


def test_withheld_numbers_are_on_neither_side(region: Region, tmp_path: Path) -> None:
    hidden = {slug(1), slug(2)}

    def hide(table: pa.Table) -> pa.Table:
        zones, ids, groups = (table.column(name).to_pylist() for name in ("zone", "indicator", "group"))
        gone = [z in hidden and i == RENTERS and g == "all" for z, i, g in zip(zones, ids, groups, strict=True)]
        for name, instead in (("value", None), ("moe", None), ("reliability", "suppressed"), ("reason", "withheld")):
            at = table.column_names.index(name)
            cells = [instead if here else cell for here, cell in zip(gone, table.column(name).to_pylist(), strict=True)]
            told = pa.array(cells, pa.float64() if name in ("value", "moe") else pa.string())
            told = told if name in ("value", "moe") else told.dictionary_encode()
            table = table.set_column(at, table.schema.field(name), told)
        return table

    folder = changed(region, tmp_path / "hidden", hide)
    shutil.rmtree(folder / "districts")
    opened = peers_batch.read(folder)
    assert by_id(peers.content(peers.find(slug(0), opened), opened))[RENTERS]["standing"]["others"] == N - 3
    row = by_id(peers.content(peers.find(slug(1), opened), opened))[RENTERS]
    assert (row["standing"], row["middle"]) == (None, None)


# Who it is of --------------------------------------------------------------------------------------------------------


def test_a_district_without_results_of_its_own_is_taken_from_the_table(region: Region, tmp_path: Path) -> None:
    folder = tmp_path / "table"
    shutil.copytree(region.out, folder)
    shutil.rmtree(folder / "districts")
    with_results, without = (peers_batch.read(one) for one in (region.out, folder))
    a = peers.content(peers.find(slug(5), with_results), with_results)
    b = peers.content(peers.find(slug(5), without), without)
    assert by_id(a).keys() == by_id(b).keys()
    assert {i: (row["standing"], row["middle"], row["title"]) for i, row in by_id(a).items()} == {
        i: (row["standing"], row["middle"], row["title"]) for i, row in by_id(b).items()
    }
    assert peers_text.document(a) == peers_text.document(b)


def test_it_is_not_among_its_own_others_by_slug_or_by_outline(region: Region, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    told = results_of(region, 4)
    opened = peers_batch.read(region.out)
    frame = gpd.read_file(region.outlines)

    def of(name: str, shape: shapely.Geometry) -> dict[str, Any]:
        (run / "results.json").write_text(json.dumps({**told, "slug": name}), encoding="utf-8")
        line = gpd.GeoDataFrame({"id": ["district"]}, geometry=[shape], crs=4326)
        line.to_file(run / "indicators.gpkg", layer="district", driver="GPKG")
        return peers.content(peers.find(run, opened), opened)

    same, other = frame.geometry.iloc[4], frame.geometry.iloc[4].buffer(0.002)
    assert (of("square-04", same)["others"], of("square-04", same)["notes"]) == (N - 1, [])
    found = of("another-name", same)
    assert found["others"] == N - 1 and found["notes"] == [
        "Of the same outline, and so not among the others: square-04."
    ]
    found = of("square-04", other)
    assert found["others"] == N - 1 and "with another outline" in found["notes"][0]
    assert of("another-name", other)["others"] == N
    (run / "indicators.gpkg").unlink()
    found = peers.content(peers.find(run, opened), opened)
    assert found["others"] == N and "Its outline is not at hand" in found["notes"][0]
    assert peers.content(peers.find(region.out / "districts" / "square-04", opened), opened)["notes"] == []


def test_numbers_of_other_years_are_not_held_against_it(region: Region, tmp_path: Path) -> None:
    told = results_of(region, 4)
    for layer in told["layers"]:
        layer["vintage"] = layer["vintage"].replace("2020-2024", "2014-2018")
    (tmp_path / "results.json").write_text(json.dumps(told), encoding="utf-8")
    opened = peers_batch.read(region.out)
    row = by_id(peers.content(peers.find(tmp_path, opened), opened))[RENTERS]
    assert (row["standing"]["value"], row["standing"]["others"], row["middle"]) == (None, 0, None)
    assert f"{N - 1} others are left out" in row["standing"]["reason"] and "2014-2018" in row["standing"]["reason"]


def test_vintages_that_are_alike_and_those_that_are_not() -> None:
    ours = {"acs:B25003@2024": "2020-2024", "blocks": "2020", "gtfs": "2024-09-02, a Monday", "crosswalk_06": "2010"}
    theirs = {"acs:B25003@2024": "2020-2024", "blocks": "2020", "gtfs": "2024-10-07, a Monday", "crosswalk_48": "2010"}
    assert peers_batch.differs(["acs:B25003@2024", "blocks", "crosswalk_06"], ours, theirs) == ("", "")
    refused, said = peers_batch.differs(["gtfs"], ours, theirs)
    assert refused == "" and said == "gtfs is of 2024-09-02, a Monday here, of 2024-10-07, a Monday there"
    refused, said = peers_batch.differs(["acs:B25003@2024"], ours, {"acs:B25003@2019": "2015-2019"})
    assert refused == "acs:B25003 is of 2020-2024 here, of 2015-2019 there" and said == ""
    assert peers_batch.differs(["parks"], {"parks": "2024"}, theirs)[0] == "parks is not among the layers of theirs"
    assert peers_batch.differs(["biome"], {"biome": "not stated"}, {"biome": "not stated"}) == ("", "")


# What is refused -----------------------------------------------------------------------------------------------------


def test_what_is_refused_says_what_to_do(region: Region, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match="holds no records of a batch"):
        peers.compare_with(slug(0), tmp_path / "empty", out)
    with pytest.raises(ConfigError, match="no district of the batch has that slug") as refused:
        peers.compare_with("squar-01", region.out, out)
    assert "square-01" in refused.value.remedy
    with pytest.raises(ConfigError) as refused:
        peers.compare_with("zzz", region.out, out)
    assert "square-00, square-01, square-02, ..." in refused.value.remedy
    with pytest.raises(ConfigError, match=r"holds no results\.json"):
        peers.compare_with(tmp_path / "empty", region.out, out)
    old = changed(region, tmp_path / "old", with_metadata(schema_version="0.9"))
    with pytest.raises(OutputError, match=r"schema version '0\.9'"):
        peers.compare_with(slug(0), old, out)
    damaged = tmp_path / "damaged"
    shutil.copytree(region.out, damaged)
    next((damaged / "records").rglob("*.parquet")).write_bytes(b"PAR1 no more")
    with pytest.raises(OutputError, match="cannot be read"):
        peers.compare_with(slug(0), damaged, out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(OutputError, match="holds other files"):
        peers.compare_with(slug(0), region.out, tmp_path / "mine")
    assert not out.exists()


def test_an_invented_place_stands_beside_no_real_one(region: Region, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({**results_of(region, 4), "synthetic": False}), encoding="utf-8")
    with pytest.raises(ConfigError, match="invented place stands beside"):
        peers.compare_with(tmp_path, region.out, tmp_path / "out")

    def half_real(table: pa.Table) -> pa.Table:
        at = table.column_names.index("invented")
        return table.set_column(at, table.schema.field("invented"), pa.array([k % 2 == 0 for k in range(len(table))]))

    mixed = changed(region, tmp_path / "mixed", half_real, "zones")
    with pytest.raises(ConfigError, match="invented places beside real ones"):
        peers_batch.read(mixed)


# What is written -----------------------------------------------------------------------------------------------------


def test_the_command_writes_for_analysts(region: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["-q", "compare", slug(7), "--with", str(region.out / "records"), "--out", str(tmp_path / "out")]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "among 23 other districts" in said and str(tmp_path / "out" / "peers.md") in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(peers_text.FILES)
    text = (tmp_path / "out" / "peers.md").read_text(encoding="utf-8")
    assert text.splitlines()[0].startswith("**For analysts alone") and peers_text.INVENTED in text
    assert "our choice" in text and "Square 07 among 23 other districts" in text
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    rows = list(csv.DictReader(io.StringIO(before["peers.csv"].decode("utf-8"))))
    assert tuple(rows[0]) == peers_text.COLUMNS
    assert {row["for_analysts"] for row in rows} == {peers_text.FOR_ANALYSTS}
    for row in rows:
        assert row["value"] or row["text"] or row["reason"]
        assert not row["percentile"] or math.isfinite(float(row["percentile_low"]) + float(row["percentile_high"]))
        assert (row["value"] == "" and row["text"] == "") or bool(row["percentile"]) != bool(row["percentile_reason"])
    assert sum(bool(row["percentile"]) for row in rows) > 3
    assert cli.main(command) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_the_command_takes_one_district(region: Region, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", slug(1), slug(2), "--with", str(region.out)]) == 2
    assert "--with takes one district, and 2 are named" in capsys.readouterr().err
    assert cli.main(["compare", slug(1), "--with", str(region.out), "--records", "kept"]) == 2
    assert "nothing is fetched" in capsys.readouterr().err
