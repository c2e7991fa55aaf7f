"""Official and as corrected: the same measuring on mended layers, nothing shown that nobody agreed to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from justgeo import correcting, measuring, run
from justgeo.collecting import Collected
from justgeo.core.district import to_metric
from justgeo.core.result import Record
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.report import corrected, page
from justgeo.report import results as reports
from justgeo.report.reader import Reader
from tests import nowhere
from tests.test_nowhere import layers

PARKS = ("WEL-04.800", "WEL-05")


@dataclass(frozen=True)
class Here:
    path: Path
    found: Collected
    place: Place
    official: list[Record]
    park: str
    at: shapely.Point


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    with layers(nowhere.cache(tmp_path_factory)) as source:
        path, found = nowhere.harbour(source, tmp_path_factory.mktemp("here") / "a")
        found = replace(found, rows=tuple(row for row in found.rows if row.id in (*PARKS, "MOB-01.400", "BEL-02")))
        place = run.make_place(found)
        official = measuring.measure(found.rows, place, settings=ReduceSettings(), judging=JudgeSettings())
        parks = place.layer("parks").features.to_crs(place.crs)
        inside = parks[parks["public"]].clip(to_metric(found.district.boundary, place.crs))
        largest = inside.loc[inside.area.idxmax()]
        at = gpd.GeoSeries([largest.geometry.representative_point()], crs=place.crs).to_crs(4326).iloc[0]
        yield Here(path, found, place, official, str(largest["osm_id"]), at)


def say(here: Here, *lines: dict[str, Any]) -> dict[str, Any] | None:
    point = {"type": "Point", "coordinates": [here.at.x, here.at.y]}
    features = [
        {"type": "Feature", "geometry": point, "properties": {"kind": "park_locked", "role": "resident", **one}}
        for one in lines
    ]
    file = here.path.parent / "corrections.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    try:
        return correcting.correct(here.found, here.place, here.official)
    finally:
        file.unlink()


def test_no_file_no_corrections(here: Here) -> None:
    assert correcting.correct(here.found, here.place, here.official) is None


def test_a_locked_park_counts_as_if_the_map_did_not_have_it(here: Here) -> None:
    told = say(here, {"publish": True, "note": "locked since May"})
    assert told is not None and told["items"][0]["reason"] is None
    parks = here.place.layer("parks")
    without = replace(parks, data=parks.features[parks.features["osm_id"].astype(str) != here.park])
    layers = {**here.place.layers, "parks": without}
    rows = [row for row in here.found.rows if row.id in PARKS]
    place = replace(here.place, layers=layers, cache={}, by_zone={})
    alone = measuring.measure(rows, place, settings=ReduceSettings(), judging=JudgeSettings())
    own = {(r.indicator, r.group): r for r in alone if r.zone == "district"}
    official = {(r.indicator, r.group): r for r in here.official if r.zone == "district"}
    changed = {(r["indicator"], r["group"]): r for r in told["records"]}
    assert ("WEL-05", "all") in changed, "the acres of the largest park are gone"
    assert changed["WEL-05", "all"]["value"] < official["WEL-05", "all"].value
    for key, record in changed.items():
        assert record["value"] == pytest.approx(own[key].value, rel=1e-12)
    for key, record in own.items():
        if (record.value, record.moe) != (official[key].value, official[key].moe):
            assert key in changed
    assert not any(indicator in ("MOB-01.400", "BEL-02") for indicator, _ in changed)


def test_the_official_numbers_and_layers_stay(here: Here) -> None:
    before = len(here.place.layer("parks").features)
    say(here, {"publish": True})
    assert len(here.place.layer("parks").features) == before


def test_what_nobody_agreed_to_show_changes_no_number_and_stands_nowhere(here: Here) -> None:
    told = say(here, {"note": "SECRET", "name": "Ana Secret"})
    assert told == {"items": [], "kept_back": 1, "records": []}
    told = say(here, {"note": "open", "name": "Ana Secret", "publish": True})
    assert told is not None and "Secret" not in json.dumps(told)


def content(here: Here, told: dict[str, Any] | None) -> dict[str, Any]:
    baseline = run.baseline_of(here.found, here.place, here.official)
    return reports.to_dict(replace(baseline, corrections=told))


def test_two_columns_on_the_page_in_both_languages_and_hostile_notes_are_text(here: Here) -> None:
    told = say(here, {"publish": True, "note": "<script>window.hurt=1</script> locked"})
    results = content(here, told)
    view = corrected.view(Reader(results))
    assert view is not None
    acres = next(row for row in view["rows"] if row["id"] == "WEL-05")
    assert acres["official"]["value"] != acres["corrected"]["value"]
    baseline = run.baseline_of(here.found, here.place, here.official)
    _, checklist = run.measure_place(here.found, place=here.place)
    html = page.render(results, checklist, reports.zones_frame(baseline.zones))
    assert "As residents know it" in html and "As corrected" in html
    assert "<script>window.hurt" not in html


def test_a_page_without_corrections_has_no_such_part(here: Here) -> None:
    assert corrected.view(Reader(content(here, None))) is None
