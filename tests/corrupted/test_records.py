"""What was fetched is believed as it came and for what was asked, and never otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import rasterio

from justgeo import gathering, measuring, run
from justgeo.catalogue import read as catalogue
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.keys import VARIABLES
from tests import nowhere
from tests.corrupted import records as planted
from tests.corrupted.harness import Outcome
from tests.corrupted.records import RENT, Shelf, Spoiled
from tests.live.nowhere_online import KEY, one_day, online
from tests.loopback.server import Loopback, Request

MakeShelf = Callable[[Path], Shelf]


@pytest.fixture(scope="module")
def bureau(source: Path) -> Iterator[tuple[Loopback, Loopback]]:
    """The Census Bureau on loopback: its API and its files."""
    with pytest.MonkeyPatch.context() as patch, one_day():
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv(VARIABLES[0], KEY)
        patch.setattr(gathering, "Client", lambda: Client(Policy(tries=2, pause_s=0.0), sleep=lambda seconds: None))
        with online(source) as services:
            yield services.servers["census_api"], services.servers["census_files"]


@pytest.fixture(scope="module")
def empty(source: Path, bureau: tuple[Loopback, Loopback]) -> MakeShelf:
    """A district of the invented county that asks the Bureau, without records."""
    api, files = bureau

    def make(folder: Path) -> Shelf:
        folder.mkdir(parents=True, exist_ok=True)
        more: dict[str, dict[str, Any]] = {
            "vintages": {"acs": 2024},
            "fetch": {"census": True, "osm": False, "gtfs": False, "rasters": [], "records": "records"},
            "services": {"census_api": f"{api.url}/data", "census_files": files.url},
            "census": {"provider": "direct"},
        }
        name = {"name": "Old Harbour, invented", "slug": "old-harbour-invented"}
        return Shelf(folder, source, {**name, "boundary": str(source / "district.geojson")}, more)

    return make


@pytest.fixture(scope="module")
def first(empty: MakeShelf, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """What a first fetch recorded, and the numbers that came of it."""
    shelf = empty(tmp_path_factory.mktemp("first") / "district")
    outcome = shelf.measured(offline=False)
    assert not outcome.refusal
    return shelf.folder, outcome


@pytest.fixture
def shelf(empty: MakeShelf, first: tuple[Path, Outcome], tmp_path: Path) -> Shelf:
    made = empty(tmp_path / "district")
    shutil.copytree(first[0] / "records", made.folder / "records")
    return made


def tenure(request: Request) -> bool:
    """Whether a request asks for tracts of table B25003."""
    return "B25003_001E" in request.first("get") and request.first("for").startswith("tract")


@pytest.mark.parametrize("one", planted.SPOILED, ids=[one.case.id for one in planted.SPOILED])
def test_spoiled(
    one: Spoiled,
    shelf: Shelf,
    empty: MakeShelf,
    first: tuple[Path, Outcome],
    bureau: tuple[Loopback, ...],
    tmp_path: Path,
) -> None:
    before = first[1]
    if one.fault is not None:
        shelf = empty(tmp_path / "anew")
        bureau[0].fail(one.fault, times=-1, when=tenure)
        try:
            outcome = shelf.measured(offline=False)
        finally:
            bureau[0].calm()
    else:
        assert one.plant is not None
        one.plant(shelf)
        outcome = shelf.measured()
    assert one.refused in outcome.refusal if one.refused else not outcome.refusal, outcome.refusal
    assert {name: word for name, word in one.lost.items() if word not in outcome.absent.get(name, "")} == {}, (
        outcome.absent
    )
    assert not set(one.lost) & set(before.absent)
    if one.odd:
        assert before.status(one.odd) == ["holds"] and outcome.status(one.odd) == ["odd"]
    key = (RENT, "district", "all")
    assert one.refused or outcome.records[key] != before.records[key], "the corruption moves no number"


def test_records_as_they_are_give_the_numbers_of_the_fetch(shelf: Shelf, first: tuple[Path, Outcome]) -> None:
    again = shelf.measured()
    assert again.records == first[1].records and again.checks == first[1].checks


def test_an_edited_outline_is_measured_as_it_is(
    shelf: Shelf, first: tuple[Path, Outcome], empty: MakeShelf, tmp_path: Path
) -> None:
    """The records of the county answer for another outline in it; its number is that of a fetch of its own."""
    frame = gpd.read_file(shelf.district["boundary"])
    frame.set_geometry(frame.geometry.translate(xoff=0.004)).to_file(tmp_path / "line.gpkg")
    shelf.district["boundary"] = str(tmp_path / "line.gpkg")
    own = empty(tmp_path / "own")
    own.district["boundary"] = shelf.district["boundary"]
    key = (RENT, "district", "all")
    found, fetched = shelf.measured(), own.measured(offline=False)
    assert not found.refusal and found.records[key] == fetched.records[key]
    assert found.records[key].value != first[1].records[key].value, "another outline, another number"


def hard_ground(path: Path, store: Path | None) -> float:
    rows = [row for row in catalogue.indicators() if row.id == "ENV-03"]
    place = run.make_place(run.collect_layers(run.read_config(path), rows=rows, records=store))
    found = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
    value = next(r.value for r in found if r.zone == "district" and r.group == "all")
    assert value is not None
    return value


def test_a_changed_file_is_read_anew(source: Path, tmp_path: Path) -> None:
    told = nowhere.layers(source, ("counties", "tracts", "impervious"))
    grid = tmp_path / "impervious.tif"
    shutil.copy(told["impervious"]["path"], grid)
    told["impervious"]["path"] = str(grid)
    path = nowhere.write(tmp_path / "district", told, {"boundary": str(source / "district.geojson")})
    store = tmp_path / "records"
    before = hard_ground(path, store)
    assert hard_ground(path, store) == before and any(store.rglob("*")), "it was kept, and is found again"
    with rasterio.open(grid, "r+") as opened:
        values = opened.read(1)
        opened.write((values // 2 * (values <= 100) + values * (values > 100)).astype(values.dtype), 1)
    after = hard_ground(path, store)
    assert after < 0.7 * before
    assert after == hard_ground(path, None)
