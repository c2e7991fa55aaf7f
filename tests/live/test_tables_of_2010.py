"""Tables on the areas of the 2010 census bring the outlines of these, and no others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from justgeo import fetching, run
from justgeo.synthetic import ensure
from tests import nowhere


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure(2020, nowhere.cache(tmp_path_factory))


def drawn(
    files: Path, folder: Path, tables: list[str], more: dict[str, Any] | None = None, own: tuple[str, ...] = ()
) -> set[str]:
    """Layers of geography that would be fetched."""
    told = nowhere.layers(files, [*nowhere.UNITS, *own])
    district = {"boundary": str(files / "district.geojson"), "slug": "old-harbour-invented"}
    fetch = {"fetch": {"tables": tables, "osm": False, "gtfs": False, "rasters": False}, **(more or {})}
    plan = fetching.planned(run.read_config(nowhere.write(folder, told, district, fetch)))
    return {thing.label for thing in plan.things if "census_files" in thing.where or thing.gives[0].endswith("_2010")}


def test_tracts_and_block_groups_of_2010_come_with_the_tables_that_stand_on_them(files: Path, tmp_path: Path) -> None:
    assert drawn(files, tmp_path / "a", ["cejst"]) == {"tracts 2019, state 99"}
    both = drawn(files, tmp_path / "b", ["eviction_lab", "smart_location"])
    assert both == {"tracts 2019, state 99", "block_groups 2019, state 99"}
    assert drawn(files, tmp_path / "c", ["places", "chas"]) == set()


def test_they_come_once_and_not_where_they_are_declared(files: Path, tmp_path: Path) -> None:
    earlier = drawn(files, tmp_path / "a", ["cejst"], {"vintages": {"acs_t0": 2014}})
    assert [one for one in earlier if one.startswith("tracts")] == ["tracts 2014, state 99"]
    assert drawn(files, tmp_path / "b", ["cejst"], own=("tracts_2010",)) == set()
    assert drawn(files, tmp_path / "c", [], own=("data:cejst",)) == {"tracts 2019, state 99"}
