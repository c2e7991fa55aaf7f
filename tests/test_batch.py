"""Many districts: the numbers of their own runs, the same bytes however they are carried out, nothing done twice."""

from __future__ import annotations

import errno
import importlib
import json
import os
import pickle
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.dataset as ds
import pytest
import shapely

from justgeo import batch_county, batch_files, batch_list, batch_work, run
from justgeo.batch import Report, batch
from justgeo.batch_county import _without_bad
from justgeo.batch_list import Work
from justgeo.cli import main
from justgeo.core.district import District
from justgeo.core.errors import ConfigError, LayerError, OutputError, SourceError
from justgeo.core.result import Baseline
from justgeo.report import results as reports
from tests import nowhere
from tests import places_many as many
from tests.corrupted import reading
from tests.faults import hamlet
from tests.faults.injection import ended
from tests.faults.outputs import aged
from tests.test_nowhere import layers

FOUR = ("east-harbour", "east-square", "old-harbour", "square")


@dataclass(frozen=True)
class Region:
    """Two counties with four districts, and what a batch made of them in one process."""

    source: Path
    settings: Path
    outlines: Path
    out: Path
    report: Report


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("region")
    with layers(nowhere.cache(tmp_path_factory)) as source:
        settings, outlines = many.settings(source, folder / "settings"), many.outlines(source, folder / "four.gpkg")
        said: list[str] = []
        with reading.once(settings.parent):  # a batch after the other reads the same files
            report = batch(outlines, folder / "out", settings=settings, progress=said.append)
            assert said == ["99001: 2 done", "99003: 2 done"]
            yield Region(source, settings, outlines, folder / "out", report)


@pytest.fixture(scope="module")
def of_few(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Region:
    """The same, and what a batch made of them of a few rows."""
    out = tmp_path_factory.mktemp("few") / "out"
    with nowhere.only(hamlet.ROWS):
        return replace(region, out=out, report=batch(region.outlines, out, settings=region.settings))


@pytest.fixture
def few(of_few: Region) -> Iterator[Region]:
    """A few rows while the test lasts: where it is asked what becomes of a work, not of its numbers."""
    with nowhere.only(hamlet.ROWS):
        yield of_few


@pytest.fixture(scope="module")
def tracts(region: Region, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """Outputs of a batch of every tract of the first county."""
    out = tmp_path_factory.mktemp("tracts") / "out"
    return out, batch(region.settings, out, zones="tracts")


@pytest.fixture(scope="module")
def alone(region: Region) -> Baseline:
    """What a run makes of one of the districts."""
    return run.measure_place(run.collect_layers(run.read_config(region.settings)))[0]


def done_before(region: Region, out: Path) -> Path:
    """The outputs of the batch of the four, times and all: as it leaves them in any folder."""
    return Path(shutil.copytree(region.out, out))


def contents(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != batch_files.LOCK]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def table(out: Path, name: str = "records") -> pd.DataFrame:
    """One table of all, with its partitions as columns."""
    found = ds.dataset(out / name, partitioning="hive").to_table().to_pandas()
    for column in found.select_dtypes("category"):
        found[column] = found[column].astype(object)
    return found


def by_key(content: Mapping[str, Any]) -> dict[tuple[str, str, str], Any]:
    return {(r["zone"], r["indicator"], r["group"]): r for r in content["records"]}


# What it gives -------------------------------------------------------------------------------------------------------


def test_what_is_written(region: Region) -> None:
    assert region.report.n_zones == 4 and not region.report.failed and not region.report.refused
    assert sorted(contents(region.out)) == sorted(
        [
            "batch.json",
            *(f"districts/{slug}/results.json" for slug in FOUR),
            *(f"done/{county}.json" for county in ("99001", "99003")),
            *(f"{name}/state=99/county={c}/{c}.parquet" for name in ("records", "zones") for c in ("99001", "99003")),
        ]
    )


def test_a_district_has_the_numbers_of_its_own_run(region: Region, alone: Baseline) -> None:
    """All but where it stands among tracts: a run of it alone withholds some of them, as areas inside it."""
    its_own = json.loads(reports.dump(reports.to_dict(alone)))
    together = json.loads((region.out / "districts" / "old-harbour" / "results.json").read_text(encoding="utf-8"))
    assert (together["slug"], together["name"]) == ("old-harbour", "Old Harbour")
    own = {key: r for key, r in by_key(its_own).items() if key[0] in ("district", "reference")}
    ours = by_key(together)
    assert ours.keys() == own.keys()
    moved = {key: {n: (ours[key][n], own[key][n]) for n in own[key] if ours[key][n] != own[key][n]} for key in own}
    assert {key: parts for key, parts in moved.items() if set(parts) - {"percentile"}} == {}
    assert sum(r["value"] is not None for r in ours.values()) > 30
    assert together["layers"] == [one for one in its_own["layers"] if one in together["layers"]]


def test_the_table_has_the_records_of_the_results(region: Region) -> None:
    found = table(region.out)
    assert set(found["county"].astype(str)) == {"99001", "99003"}
    for slug in FOUR:
        content = json.loads((region.out / "districts" / slug / "results.json").read_text(encoding="utf-8"))
        theirs = found[found["zone"] == slug].set_index(["indicator", "group"])
        ours = {key[1:]: r for key, r in by_key(content).items() if key[0] == "district"}
        assert set(theirs.index) == set(ours)
        for key, r in ours.items():
            row = theirs.loc[key]
            for name in ("value", "moe", "numerator", "denominator", "low", "high"):
                assert (None if pd.isna(row[name]) else row[name]) == r[name], (slug, key, name)
            told = [None if pd.isna(row[name]) else row[name] for name in ("reliability", "reason", "unit")]
            assert told == [r["reliability"], r["reason"], r["unit"]]
            assert row["layers"] == "; ".join(r["layers"])
            if r["comparison"] is not None:
                told = [row[n] for n in ("difference", "q", "verdict")]
                assert [None if pd.isna(v) else v for v in told] == [
                    r["comparison"][n] for n in ("difference", "q", "verdict")
                ]


def test_the_reference_stands_once_in_each_county(region: Region) -> None:
    found = table(region.out)
    reference = found[found["zone"] == "reference"]
    assert not reference.duplicated(["county", "indicator", "group"]).any()
    assert set(reference["county"].astype(str)) == {"99001", "99003"}


def test_the_zones_say_where_and_how_many(region: Region) -> None:
    found = table(region.out, "zones").set_index("zone")
    harbour = found.loc["old-harbour"]
    assert (harbour["name"], harbour["role"]) == ("Old Harbour", "district")
    own = gpd.read_file(region.source / "district.geojson").geometry.union_all()
    assert shapely.from_wkb(harbour["geometry"]).symmetric_difference(own).area < 1e-5 * own.area
    # The copy of a place has its people and its land, to what another centre of the projection makes of it.
    east = found.loc["east-harbour"]
    assert east["residents"] == harbour["residents"] > 1000
    assert east["area_km2"] == pytest.approx(harbour["area_km2"], rel=1e-6)


def test_what_is_absent_has_nothing_behind_it(region: Region) -> None:
    found = table(region.out)
    gone = found[found["value"].isna()]
    assert len(gone) and gone["reason"].notna().all()
    assert gone[["moe", "numerator", "denominator", "difference", "low", "high"]].isna().all(axis=None)


def test_every_tract_as_a_zone(region: Region, tracts: tuple[Path, Report], alone: Baseline) -> None:
    out, report = tracts
    assert report.n_zones == len(gpd.read_file(region.source / "tl_2024_99_tract.zip")), "of its own county"
    found = table(out)
    areas = {zone for zone, kind in zip(alone.zones.ids, alone.zones.geography, strict=True) if kind == "tract"}
    theirs = found[found["zone"].isin(areas)].set_index(["zone", "indicator", "group"])["value"]
    ours = {(r.zone, r.indicator, r.group): r for r in alone.records if r.zone in areas}
    shown = [key for key, r in ours.items() if r.value is not None and not pd.isna(theirs[key])]
    assert len(shown) > 100
    assert [key for key in shown if theirs[key] != float(f"{ours[key].value:.12g}")] == []
    # Of a single tract nothing is told that a run does not tell of it.
    told = set(theirs[theirs.notna()].index.get_level_values("indicator"))
    assert told <= {key[1] for key in ours}


def test_every_place_of_a_county_as_a_district(region: Region, tmp_path: Path) -> None:
    """A place has the numbers of a district of its outline; those of another county are not asked for."""
    outlines = gpd.read_file(region.outlines)
    named = {"GEOID": ["9900004", "9900003", "9900002", "9900001"], "NAMELSAD": [f"{n} CDP" for n in outlines["name"]]}
    gpd.GeoDataFrame(named, geometry=outlines.geometry).to_crs(4269).to_file(tmp_path / "tl_2024_99_place.shp")
    told = nowhere.table("layers.areas_places", {"path": str(tmp_path / "tl_2024_99_place.shp"), "synthetic": True})
    settings = region.settings.with_name("places.toml")
    settings.write_text(f"{region.settings.read_text(encoding='utf-8')}\n\n{told}\n", encoding="utf-8")
    report = batch(settings, tmp_path / "out", zones="places")
    assert report.whole and report.n_zones == 2
    found, others = table(tmp_path / "out"), table(region.out)
    for place, outline in (("9900004-old-harbour-cdp", "old-harbour"), ("9900003-square-cdp", "square")):
        ours, theirs = (
            one[one["zone"] == zone].set_index(["indicator", "group"])["value"].dropna()
            for one, zone in ((found, place), (others, outline))
        )
        assert len(ours) > 10 and ours.index.equals(theirs.index)
        # A shapefile in NAD83 rounds the corners.
        assert ours.to_numpy(dtype=float) == pytest.approx(theirs.to_numpy(dtype=float), rel=1e-6)


def test_places_want_a_file_of_places(region: Region, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no layer 'areas_places'") as why:
        batch(region.settings, tmp_path / "out", zones="places")
    assert "[layers.areas_places]" in why.value.remedy


# However it is carried out -------------------------------------------------------------------------------------------


def test_two_processes_give_the_same_bytes(region: Region, tmp_path: Path) -> None:
    batch(region.outlines, tmp_path / "out", settings=region.settings, workers=2)
    assert contents(tmp_path / "out") == contents(region.out)


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(few: Region, tmp_path: Path) -> None:
    """A scheduler and two workers of dask.distributed, each a process of its own."""
    pytest.importorskip("distributed", reason="dask.distributed is not installed (the extra batch)")
    file = tmp_path / "scheduler.json"
    scheduler = ("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    worker = ("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
    started = [_of_dask(*scheduler, "--scheduler-file", str(file), folder=tmp_path)]
    try:
        started += [_of_dask(*worker, "--scheduler-file", str(file), folder=tmp_path) for _ in range(2)]
        deadline = time.monotonic() + 60
        while not file.exists() or not file.read_text(encoding="utf-8").strip():
            assert time.monotonic() < deadline, "no scheduler"
            time.sleep(0.2)
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        report = batch(few.outlines, tmp_path / "out", settings=few.settings, scheduler=address)
        assert report.failed == ()
    finally:
        for process in reversed(started):
            process.terminate()
            process.join(30)
            assert process.exitcode is not None, "it does not end"
    assert contents(tmp_path / "out") == contents(few.out)


def _of_dask(command: str, *words: str, folder: Path) -> BaseProcess:
    """A command of dask's in a process that is forked from this one, so that nothing is imported once more."""
    process = get_context("fork").Process(target=_as_dask, args=(command, words, folder))
    process.start()
    return process


def _as_dask(command: str, words: Sequence[str], folder: Path) -> None:
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for shelf in reading.SHELVES:  # who works elsewhere reads all files himself
        shelf.source = folder
    importlib.import_module(f"distributed.cli.{command}").main(words, standalone_mode=False)


def test_a_killed_batch_goes_on_where_it_stood(few: Region, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def killed_at_the_second() -> int:
        """A process of its own, killed while its first work is done and its second one is not."""
        do = batch_work.batch_county.do

        def instead(work: Work, *rest: Any) -> Any:
            if work.key == "99003":
                measured = batch_work.batch_county.measured
                batch_work.batch_county.measured = lambda *told: _killed_after(measured(*told))
            return do(work, *rest)

        batch_work.batch_county.do = instead
        return main(["-q", "batch", str(few.outlines), "--settings", str(few.settings), "--out", str(out)])

    assert ended(killed_at_the_second) == -signal.SIGKILL
    assert (out / "done" / "99001.json").exists()
    aged(out)
    assert not (out / "done" / "99003.json").exists() and not (out / "batch.json").exists()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*99001*") if path.is_file()}
    report = batch(few.outlines, out, settings=few.settings)
    assert report.kept == ("99001",)
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what was done is not done again"
    assert contents(out) == contents(few.out)


def _killed_after(measured: Iterator[Any]) -> Iterator[Any]:
    yield next(measured)
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_is_done_again_where_its_inputs_are_others(few: Region, tmp_path: Path) -> None:
    out = done_before(few, tmp_path / "out")
    frame = gpd.read_file(few.outlines)
    changed = frame[frame["name"] != "East Square"].reset_index(drop=True)
    changed.to_file(tmp_path / "second.gpkg", driver="GPKG")
    report = batch(tmp_path / "second.gpkg", out, settings=few.settings)
    assert report.kept == ("99001",)
    assert not (out / "districts" / "east-square").exists(), "what is no longer asked for goes"
    assert set(table(out, "zones")["zone"]) == {"old-harbour", "square", "east-harbour", "reference"}
    # A work that a killed batch left without its mark goes too.
    (out / "districts" / "ghost").mkdir()
    (out / "districts" / "ghost" / "results.json").write_text("{}", encoding="utf-8")
    home = changed[~changed["name"].str.startswith("East")]
    home.to_file(tmp_path / "third.gpkg", driver="GPKG")
    batch(tmp_path / "third.gpkg", out, settings=few.settings)
    assert [path.name for path in (out / "records").rglob("*.parquet")] == ["99001.parquet"]
    assert sorted(path.name for path in (out / "districts").iterdir()) == ["old-harbour", "square"]


@pytest.mark.parametrize("what", ["joined", "reference"])
def test_it_is_done_again_where_a_file_beside_its_layers_is_another(few: Region, tmp_path: Path, what: str) -> None:
    """The counts that are joined to the blocks, and the planner's own reference, stand in files of their own."""
    folder = tmp_path / "settings"
    many.settings(few.source, folder)
    if what == "reference":
        county = gpd.read_file(folder / "counties.gpkg").iloc[[0]]
        county.to_file(folder / "ref.geojson")
        told = (folder / "district.toml").read_text(encoding="utf-8")
        told += '\n[reference]\nname = "Own"\nfile = "ref.geojson"\n'
        (folder / "district.toml").write_text(told, encoding="utf-8")
    frame = gpd.read_file(few.outlines)
    frame[frame["name"].isin(["Old Harbour", "Square"])].to_file(tmp_path / "home.gpkg", driver="GPKG")
    ask = {"source": tmp_path / "home.gpkg", "out": tmp_path / "out", "settings": folder}
    assert len(batch(**ask).done) == 1
    assert len(batch(**ask).kept) == 1
    if what == "reference":
        county["geometry"] = county.geometry.difference(
            frame.geometry[0].buffer(0.001).envelope.boundary.buffer(0.0005)
        )
        county.to_file(folder / "ref.geojson")
    else:
        path = folder / "pl94171_p2_blocks.csv"
        path.write_bytes(path.read_bytes() + b"\r\n")
    assert batch(**ask).kept == ()


def test_a_damaged_mark_is_no_mark(few: Region, tmp_path: Path) -> None:
    out = done_before(few, tmp_path / "out")
    crafted = json.loads((out / "done" / "99001.json").read_text(encoding="utf-8")) | {"files": [5]}
    (out / "done" / "99001.json").write_text(json.dumps(crafted), encoding="utf-8")
    (out / "records" / "state=99" / "county=99003" / "99003.parquet").unlink()
    report = batch(few.outlines, out, settings=few.settings)
    assert report.kept == ()
    assert contents(out) == contents(few.out)


# What is wrong -------------------------------------------------------------------------------------------------------


def test_a_bad_district_is_refused_and_the_others_are_measured(few: Region, tmp_path: Path) -> None:
    frame = gpd.read_file(few.outlines)
    bow = shapely.Polygon([(-78.0, 38.0), (-77.9, 38.1), (-77.9, 38.0), (-78.0, 38.1)])
    far = shapely.box(2.0, 48.0, 2.1, 48.1)
    bad = gpd.GeoDataFrame(
        {"name": ["Bow", "Paris", None, "Square"]}, geometry=[bow, far, *frame.geometry[:2]], crs=4326
    )
    pd.concat([frame, bad]).to_file(tmp_path / "some.gpkg", driver="GPKG")
    report = batch(tmp_path / "some.gpkg", tmp_path / "out", settings=few.settings)
    told = {one.slug: one.message for one in report.refused}
    assert set(told) == {"bow", "paris", "row-7", "square"}
    assert "crosses itself" in told["bow"] and "outside the United States" in told["paris"]
    assert "has no name" in told["row-7"] and "row 8" in told["square"]
    ours, theirs = contents(tmp_path / "out"), contents(few.out)
    assert {name for name in theirs if ours[name] != theirs[name]} == {"batch.json"}
    assert len(json.loads(ours["batch.json"])["refused"]) == 4


def test_a_district_that_fails_in_its_county_is_found_out() -> None:
    def attempt(some: list[int]) -> int:
        if 7 in some or 11 in some:
            raise LayerError("odd", remedy="none")
        return sum(some)

    refused: list[int] = []
    found = list(_without_bad(list(range(16)), attempt, lambda one, why: refused.append(one)))
    assert refused == [7, 11]
    assert [n for some, _ in found for n in some] == [n for n in range(16) if n not in (7, 11)]


def test_what_fails_for_each_of_them_fails_once() -> None:
    tried = []

    def attempt(some: list[int]) -> int:
        tried.append(some)
        raise LayerError("the layer is damaged", remedy="give another")

    with pytest.raises(LayerError, match="damaged"):
        list(_without_bad(list(range(1000)), attempt, lambda one, why: None))
    assert len(tried) == 3


def test_a_county_that_cannot_be_read_fails_and_the_other_is_done(few: Region, tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    many.settings(few.source, folder)
    tracts = gpd.read_file(folder / "tracts.gpkg")
    tracts[tracts["GEOID"].str.startswith(many.HOME)].to_file(folder / "tracts.gpkg", driver="GPKG")
    report = batch(few.outlines, tmp_path / "out", settings=folder)
    assert [(one.key, one.zones) for one in report.failed] == [("99003", ("east-harbour", "east-square"))]
    assert "99003" in report.failed[0].message
    assert [one.key for one in report.done] == ["99001"]
    assert not (tmp_path / "out" / "done" / "99003.json").exists(), "the next batch tries again"


def test_a_fault_of_ours_does_not_end_the_others(few: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    do = batch_work.batch_county.do

    def broken(work: Any, *rest: Any) -> Any:
        if work.key == "99001":
            raise ZeroDivisionError("oh")
        return do(work, *rest)

    monkeypatch.setattr(batch_work.batch_county, "do", broken)
    report = batch(few.outlines, tmp_path / "out", settings=few.settings)
    assert [one.message for one in report.failed] == ["ZeroDivisionError: oh"]
    assert [one.key for one in report.done] == ["99003"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"settings": None}, "nothing says what to measure them with"),
        ({"name": "title"}, "has no column 'title'"),
        ({"workers": 0}, "no such number"),
        ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "not on both"),
        ({"source": Path("nowhere-to-be.gpkg")}, "no file or folder"),
    ],
)
def test_what_cannot_be_meant(region: Region, tmp_path: Path, asked: Mapping[str, Any], told: str) -> None:
    source = asked.get("source", region.outlines)
    given = {"settings": region.settings, **{key: value for key, value in asked.items() if key != "source"}}
    with pytest.raises(ConfigError, match=told):
        batch(source, tmp_path / "out", **given)
    assert not (tmp_path / "out" / "batch.json").exists()


def test_a_district_is_not_called_like_a_zone_of_the_results(few: Region, tmp_path: Path) -> None:
    frame = gpd.read_file(few.outlines)
    frame["name"] = ["Reference", "Square", "District", "East Square"]
    frame.to_file(tmp_path / "some.gpkg", driver="GPKG")
    report = batch(tmp_path / "some.gpkg", tmp_path / "out", settings=few.settings)
    assert [one.slug for one in report.refused] == ["district", "reference"]
    assert report.n_zones == 2 and not report.whole


def test_one_district_beyond_the_geography_is_refused_though_all_together_are_within(
    few: Region, tmp_path: Path
) -> None:
    frame = gpd.read_file(few.outlines)
    own = frame.geometry[0]
    county = gpd.read_file(few.source / "tl_2024_us_county.zip").to_crs(4326).geometry.union_all()
    big = county.buffer(-0.001)
    x, y = min(shapely.get_coordinates(big).tolist())
    half = shapely.box(x - 0.012, y - 0.005, x + 0.006, y + 0.005)
    some = gpd.GeoDataFrame({"name": ["Big", "Half", "Own"]}, geometry=[big, half, own], crs=4326)
    some.to_file(tmp_path / "some.gpkg", driver="GPKG")
    report = batch(tmp_path / "some.gpkg", tmp_path / "out", settings=few.settings)
    assert [one.slug for one in report.refused] == ["half"]
    assert "of the district" in report.refused[0].message
    assert report.overlapping == 2, "the big one holds the others"


def test_all_tracts_guard_what_is_withheld_of_one(
    region: Region, tracts: tuple[Path, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few districts are measured at once, the areas of a county are measured together."""
    monkeypatch.setattr(batch_county, "AT_ONCE", 7)
    batch(region.settings, tmp_path / "few", zones="tracts")
    assert contents(tmp_path / "few") == contents(tracts[0])


def test_districts_in_parts_have_the_same_numbers(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_county, "AT_ONCE", 1)
    batch(region.outlines, tmp_path / "out", settings=region.settings)
    for slug in FOUR:
        ours, theirs = (
            by_key(json.loads((out / "districts" / slug / "results.json").read_text(encoding="utf-8")))
            for out in (tmp_path / "out", region.out)
        )
        assert ours == theirs


def test_another_batch_is_not_written_over(few: Region, tmp_path: Path) -> None:
    out = done_before(few, tmp_path / "out")
    before = contents(out)
    with pytest.raises(OutputError, match="another batch"):
        batch(few.settings, out, zones="tracts")
    nameless = gpd.read_file(few.outlines).iloc[[0]].assign(name=None)
    nameless.to_file(tmp_path / "nameless.gpkg", driver="GPKG")
    with pytest.raises(OutputError, match="another batch"):
        batch(tmp_path / "nameless.gpkg", out, settings=few.settings)
    assert contents(out) == before


def test_two_batches_do_not_write_into_one_folder(region: Region, tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="no locks of files on this system")
    out = tmp_path / "out"
    (out / "done").mkdir(parents=True)
    with batch_files.alone_in(out), pytest.raises(OutputError, match="Another batch"):
        batch(region.outlines, out, settings=region.settings)


def test_a_full_disk_is_said_and_nothing_is_left(few: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(batch_files.RecordsFile, "add", full)
    report = batch(few.outlines, tmp_path / "out", settings=few.settings)
    assert {one.key for one in report.failed} == {"99001", "99003"}
    assert "No space left" in report.failed[0].message and "room" in report.failed[0].remedy
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.endswith((".part", ".parquet"))]


def test_many_counties_together_have_a_short_name(region: Region) -> None:
    shape = shapely.box(0, 0, 1, 1)
    settings = run.read_config(region.settings)
    work = Work("+".join(f"{n:05}" for n in range(133)), "00000", settings, "", (District("a", "a", shape),))
    one, two = batch_list._named([work, replace(work, county="00001")])
    assert len(one.key) < 100 and two.key == f"{one.key}-2"


def test_a_folder_that_is_not_ours_is_left_alone(region: Region, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="holds no outputs of a batch"):
        batch(region.outlines, tmp_path / "letters", settings=region.settings)
    assert contents(tmp_path / "letters") == {"dear.txt": b"x"}


def test_a_refusal_can_be_sent_between_processes() -> None:
    for one in (ConfigError("a", remedy="b"), SourceError("a", remedy="b", kind="key", service="c")):
        again = pickle.loads(pickle.dumps(one))
        assert (type(again), str(again), vars(again)) == (type(one), str(one), vars(one))


def test_a_folder_of_districts(few: Region, tmp_path: Path) -> None:
    """Each with its own ``district.toml``: alike but for the outline, they are one county's work."""
    told = few.settings.read_text(encoding="utf-8")
    frame = gpd.read_file(few.outlines)
    for n, slug in enumerate(("old-harbour-invented", "square-invented")):
        folder = tmp_path / "all" / slug
        folder.mkdir(parents=True)
        frame.iloc[[n]].to_file(folder / "line.geojson")
        text = told.replace("old-harbour-invented", slug).replace('"district.geojson"', '"line.geojson"')
        (folder / "district.toml").write_text(text, encoding="utf-8")
    (tmp_path / "all" / "broken").mkdir()
    (tmp_path / "all" / "broken" / "district.toml").write_text("[district", encoding="utf-8")
    report = batch(tmp_path / "all", tmp_path / "out")
    assert [one.slug for one in report.refused] == ["broken"]
    assert [(one.key, one.zones) for one in report.done] == [("99001", ("old-harbour-invented", "square-invented"))]
    ours, theirs = table(tmp_path / "out"), table(few.out)
    keys = ["indicator", "group"]
    one = ours[ours["zone"] == "square-invented"].set_index(keys)["value"]
    other = theirs[theirs["zone"] == "square"].set_index(keys)["value"]
    pd.testing.assert_series_equal(one, other.loc[one.index])
