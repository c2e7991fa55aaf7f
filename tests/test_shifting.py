"""`justgeo run --sensitivity`: moved lines and thresholds, from the same weights and reducers as the run itself."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import box

from justgeo import measuring, run, shifting
from justgeo.collecting import Collected
from justgeo.core.district import WGS84, District
from justgeo.indicators import beyond, mobility
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.report import sensitivity as pages
from justgeo.report import write
from tests import nowhere
from tests.indicators import town

HERE = ("BEL-02", "WEL-04.800", "MOB-01.400", "WEL-05")


@dataclass(frozen=True)
class Shifted:
    path: Path
    found: Collected
    made: dict[str, Any]
    rows: Mapping[str, dict[str, Any]]


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Shifted:
    path, found, made = nowhere.shifted(tmp_path_factory)
    return Shifted(path, found, made, {row["id"]: row for row in made["rows"]})


def moved(found: Collected, metres: float) -> Collected:
    """The same layers for a district whose own boundary is the moved line."""
    metric = gpd.GeoSeries([found.district.boundary], crs=WGS84).to_crs(found.crs).buffer(metres)
    line = metric.to_crs(WGS84).iloc[0]
    old = found.district
    return replace(found, district=District(name=old.name, slug=old.slug, boundary=line, notes=old.notes))


@pytest.mark.parametrize("metres", [-100.0, 200.0])
def test_a_moved_line_is_measured_as_a_district_of_its_own(shifted: Shifted, metres: float) -> None:
    rows = [replace(row, groups={}) for row in shifted.found.rows if row.id in HERE]
    place = run.make_place(moved(shifted.found, metres))
    own = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
    for record in own:
        if record.zone == "district":
            told = next(one for one in shifted.rows[record.indicator]["lines"] if one["metres"] == metres)
            assert told["value"] == pytest.approx(record.value, rel=1e-6)
            assert told["moe"] == pytest.approx(record.moe, rel=1e-5)


def test_the_number_as_drawn_is_that_of_the_run(shifted: Shifted) -> None:
    baseline, _ = run.measure_place(shifted.found)
    own = {r.indicator: r for r in baseline.records if r.zone == "district" and r.group == "all"}
    assert {row["id"] for row in shifted.made["rows"]} == {row.id for row in shifted.found.rows if row.areas}
    for i, row in shifted.rows.items():
        if own[i].value is None:
            assert row["value"] is None and row["reason"]
        else:
            assert row["value"] == pytest.approx(own[i].value, rel=1e-12)


def test_residents_grow_with_the_line(shifted: Shifted) -> None:
    people = [line["residents"] for line in shifted.made["lines"] if line["residents"] is not None]
    assert len(people) >= 7 and people == sorted(people)
    assert people[-5] < shifted.made["residents"] < people[-4] or len(people) < 8


def test_a_longer_walk_serves_no_fewer(shifted: Shifted) -> None:
    row = shifted.rows["WEL-04.800"]
    shorter, longer = (next(t["value"] for t in row["thresholds"] if t["factor"] == f) for f in shifting.FACTORS)
    assert shorter <= row["value"] <= longer and shorter < longer
    assert not shifted.rows["BEL-02"]["thresholds"], "a share of homes has no threshold"


def test_a_line_that_leaves_nothing_says_so(shifted: Shifted) -> None:
    found = shifted.found
    centre = gpd.GeoSeries([found.district.boundary], crs=WGS84).to_crs(found.crs).centroid.buffer(150.0)
    old = found.district
    small = District(name=old.name, slug=old.slug, boundary=centre.to_crs(WGS84).iloc[0], notes=())
    one = replace(found, district=small, rows=tuple(r for r in found.rows if r.id in HERE))
    made = shifting.shift(one)
    gone = [line for line in made["lines"] if line["reason"]]
    assert [line["metres"] for line in gone] == [-400.0, -200.0] and gone[0]["reason"] == shifting.NOTHING_LEFT
    cells = {one["metres"]: one for one in made["rows"][0]["lines"]}
    assert cells[-400.0]["value"] is None and cells[-400.0]["reason"] == shifting.NOTHING_LEFT


def test_whose_nearest_park_lies_outside_is_counted_by_hand(shifted: Shifted) -> None:
    """Another way: the nearest of all targets of each block, by a search from each target alone."""
    place = run.make_place(shifted.found)
    row = next(r for r in shifted.found.rows if r.id == "MOB-01.400")
    line = place.zones.geometry.iloc[0]
    field = beyond.nearest_outside(row, place, line)
    points = mobility.target_points(row, place)
    inside = shapely.intersects(line, shapely.points(points))
    assert 0 < inside.sum() < len(points)
    each = np.stack([
        mobility.reach.distances(mobility.graph(place), one[None], mobility.snapped(place), limit=1809.34).metres
        for one in points
    ])  # fmt: skip
    best_in, best = each[inside].min(axis=0), each.min(axis=0)
    known = ~np.isnan(best) & np.isfinite(best)
    expected = np.where(best_in > best + 1.0, 1.0, 0.0)
    assert np.array_equal(field.x[known], expected[known]) and np.isnan(field.x[~known]).all()
    assert 0 < expected[known].mean() < 1


def test_where_the_data_end_sooner_it_is_not_known_whether_the_nearest_lies_inside() -> None:
    """The walk to the one stop is 180 m from every block; the data end 90 m to the south of the southern ones."""
    row = town.row(parameters={"targets": "stops", "distance_m": 150.0})
    covers = box(-5000, 30, 5000, 5000)
    layers = {"blocks": town.blocks(), "walk": town.streets(), "stops": town.stops((200.0, 200.0), covers=covers)}
    place = town.place(layers)
    order = list(place.origins()["geoid"])
    south, north = [order.index(g) for g in (town.SW, town.SE)], [order.index(g) for g in (town.NW, town.NE)]
    near = mobility.reached(row, place).metres
    assert (near[south] > 90).all() and (near > 150).all()
    inside = beyond.nearest_outside(row, place, box(0, 0, 400, 400))
    assert np.isnan(inside.x[south]).all() and (inside.x[north] == 0).all()
    assert all(inside.unknown[k] == mobility.EDGE for k in south)
    outside = beyond.nearest_outside(row, place, box(0, 210, 400, 400))
    assert (outside.x == 1).all(), "whatever lies beyond the data lies outside the line as well"
    cut = beyond.cut_off(row, place)
    assert (cut.x == 0).all(), "all have it within 150 m as the crow flies, and nothing lies between"
    shorter = town.row(parameters={"targets": "stops", "distance_m": 100.0})
    cut = beyond.cut_off(shorter, place)
    assert np.isnan(cut.x[south]).all() and (cut.x[north] == 0).all()


def test_a_barrier_between_is_found(shifted: Shifted) -> None:
    place = run.make_place(shifted.found)
    row = next(r for r in shifted.found.rows if r.id == "MOB-01.400")
    x = beyond.cut_off(row, place).x
    found = mobility.reached(row, place)
    near = np.min(
        np.linalg.norm(mobility.origin_points(place)[:, None] - mobility.target_points(row, place), axis=2), axis=1
    )
    missed = (near <= 400) & (found.metres > 400)
    assert set(np.flatnonzero(x == 1)) <= set(np.flatnonzero(missed))
    assert (x[~missed & ~np.isnan(found.metres)] == 0).all() and np.isnan(x[np.isnan(found.metres)]).all()


def test_a_straight_line_over_water_is_cut_off(shifted: Shifted) -> None:
    place = run.make_place(shifted.found)
    water = place.layer("water").features.to_crs(place.crs).geometry.union_all()
    west, south, east, north = water.bounds
    across = np.array([[west - 1.0, (south + north) / 2], [west - 1.0, south - 500.0]])
    there = np.array([[east + 1.0, (south + north) / 2], [west - 2.0, south - 501.0]])
    assert beyond._crosses(across, there, place).tolist() == [1.0, 0.0]


def test_what_no_single_tract_is_told_of_is_not_moved(shifted: Shifted) -> None:
    assert "BEL-01" not in shifted.rows and len(shifted.made["withheld"]) >= 2


def test_what_moves_by_more_than_its_margin_is_named_first() -> None:
    def one(title: str, moe: float, change: float, unit: str = "share") -> dict[str, Any]:
        moved = [{"metres": 100.0, "value": 0.5 + change, "moe": moe, "change": change, "reason": None}]
        return {"id": "X-1", "title": title, "category": "Belonging", "unit": unit, "value": 0.5, "moe": moe,
                "reliability": "high" if moe else "exact", "sampled": moe > 0, "text": None,
                "lines": moved, "thresholds": []}  # fmt: skip

    rows = [one("steady survey", 0.1, 0.09), one("moving survey", 0.1, -0.11), one("steady map", 0.0, 0.05),
            one("moving map", 0.0, 0.06),
            {**one("noisy map", 0.001, 0.04), "sampled": False}, one("people", 0.1, 0.4, "persons")]  # fmt: skip
    made = {"name": "X", "synthetic": True, "residents": 10.0, "rows": rows, "outside": [], "barriers": [],
            "withheld": [], "layers": [],
            "lines": [{"metres": 100.0, "residents": 12.0, "area_km2": 1.0, "reason": None}]}  # fmt: skip
    text = pages.render(made)
    first = text.partition("<main>")[2].partition("Walks across the line")[0]
    assert "2 of 5 numbers" in first and "moving survey: 50% as drawn, 39%" in first and "moving map" in first
    assert "steady" not in first and "noisy" not in first and "people:" not in first


def test_the_folder_is_written_and_taken_away_with_the_next_run(shifted: Shifted, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = next(iter(shifted.rows))
    with nowhere.only((first, *HERE)):
        done = run.run_config(shifted.path, out, sensitivity=True)
    folder = done.folder / write.SHIFTED
    assert {p.name for p in folder.iterdir()} == set(pages.FILES)
    text = (folder / "sensitivity.html").read_text(encoding="utf-8")
    assert pages.INVENTED in text and "Nearest lies outside the line" in text
    rows = list(csv.DictReader(io.StringIO((folder / "sensitivity.csv").read_text(encoding="utf-8"))))
    assert all(row["value"] or row["reason"] for row in rows)
    told = json.loads((folder / "sensitivity.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in told["rows"]] == [i for i in shifted.rows if i in (first, *HERE)]
    with nowhere.only([first]):
        run.run_config(shifted.path, out)
    assert not folder.exists()
