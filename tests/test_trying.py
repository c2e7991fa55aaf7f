"""A few figures at once: the numbers of a run, and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import justgeo
from justgeo import run
from justgeo.core.errors import CatalogueError, ConfigError
from tests import nowhere

HAIGHT = next(folder for folder in run.embedded() if folder.name == "haight-castro")
ONLY = ["WEL-04.800", "DEM-00.population"]

ROW = """
indicators:
  - id: WEL-04.own
    title: People within 600 m of a park
    plain: Of 100 people, how many live within 600 m of a park.
    category: Wellbeing
    unit: share
    direction: up
    field: walk_share
    inputs: [walk, parks, blocks]
    optional: [park_entrances]
    parameters: {targets: parks, distance_m: 600}
    aggregate: share
    weight: persons
    universe: total population
    method: People of census blocks that lie within 600 m of a park along streets and paths.
    caveat: The way is not looked at.
    references: ["https://justcommunities.info/protocol/"]
    frequency: as the map is edited
"""


def keyed(found: Any) -> dict[tuple[str, str, str], Any]:
    return {(one["indicator"], one["zone"], one["group"]): one for one in found["records"]}


@pytest.fixture(scope="module")
def few() -> Any:
    return justgeo.figures(HAIGHT, only=ONLY)


def test_they_are_those_of_a_whole_run(few: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = justgeo.load(nowhere.demo(tmp_path_factory, HAIGHT.name))
    asked = {row["id"] for row in few["indicators"]}
    assert asked == set(ONLY)
    assert keyed(few) == {key: one for key, one in keyed(whole).items() if key[0] in asked}
    assert {zone["id"] for zone in few["zones"]} == {zone["id"] for zone in whole["zones"]}


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    justgeo.figures(str(HAIGHT), only="DEM-00.population")
    assert list(tmp_path.iterdir()) == []


def test_they_show_and_draw_themselves(few: Any) -> None:
    html = few._repr_html_()
    assert "Haight-Castro" in html and "modelled, not counted" in html and "© OpenStreetMap contributors" in html
    page = few.explore("WEL-04.800").page
    assert "© OpenStreetMap contributors" in page and "geo_json_streets" in page


def test_a_row_of_ones_own_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "rows.yml"
    path.write_text(ROW, encoding="utf-8")
    found = justgeo.figures(HAIGHT, rows=path)
    assert [row["id"] for row in found["indicators"]] == ["WEL-04.own"]
    assert 0 < found.record("WEL-04.own")["value"] <= 1
    both = justgeo.figures(HAIGHT, only=["WEL-04"], rows=path)
    assert {"WEL-04.800", "WEL-04.own"} <= {row["id"] for row in both["indicators"]}


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [("WEL-04.own", "WEL-04.800", "already"), ("walk_share", "walk_shares", "did you mean 'walk_share'")],
)
def test_a_wrong_row_is_refused(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    path = tmp_path / "rows.yml"
    path.write_text(ROW.replace(right, wrong), encoding="utf-8")
    with pytest.raises(CatalogueError, match=told):
        justgeo.figures(HAIGHT, rows=path)


def test_an_unknown_id_is_refused_and_the_nearest_named() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'WEL-04\.800'"):
        justgeo.figures(HAIGHT, only=["WEL-04.8OO"])


def test_only_what_the_rows_need_is_read() -> None:
    read: list[str] = []
    justgeo.figures(HAIGHT, only="DEM-00.population", progress=read.append)
    assert "blocks" in read and not [name for name in read if name.startswith("data:")]
