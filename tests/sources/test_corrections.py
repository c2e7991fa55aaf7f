"""A file of residents' corrections: read whole, or refused with what is wrong; names and silence are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from justgeo.core.correction import KINDS, SHAPES
from justgeo.core.errors import LayerError
from justgeo.sources import corrections

HERE = shapely.box(-78.6, 37.9, -78.4, 38.1)
POINT = {"type": "Point", "coordinates": [-78.5, 38.0]}
LINE = {"type": "LineString", "coordinates": [[-78.5, 38.0], [-78.501, 38.0]]}
AREA = {"type": "Polygon", "coordinates": [[[-78.5, 38.0], [-78.49, 38.0], [-78.49, 38.01], [-78.5, 38.0]]]}
DRAWN = {"Point": POINT, "LineString": LINE, "Polygon": AREA}


def write(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "corrections.geojson"
    features = []
    for one in lines:
        told = {k: v for k, v in one.items() if k != "geometry"}
        features.append({"type": "Feature", "geometry": one.get("geometry", POINT), "properties": told})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def line(**more: Any) -> dict[str, Any]:
    return {"kind": "park_locked", "role": "resident", **more}


def test_every_kind_is_read_as_it_may_be_drawn(tmp_path: Path) -> None:
    lines = [line(kind=kind, what="library", geometry=DRAWN[SHAPES[kind][0]]) for kind in KINDS]
    found = corrections.read(write(tmp_path, *lines), HERE)
    assert [one.kind for one in found] == list(KINDS)
    assert [one.number for one in found] == list(range(1, len(KINDS) + 1))


def test_nothing_is_shown_without_a_yes_and_no_name_without_another(tmp_path: Path) -> None:
    said = [{}, {"publish": True}, {"publish": True, "publish_name": True}, {"publish_name": True}]
    found = corrections.read(write(tmp_path, *(line(name="Ana", **one) for one in said)), HERE)
    assert [(one.publish, one.name) for one in found] == [(False, ""), (True, ""), (True, "Ana"), (False, "")]


def test_a_csv_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("kind,lon,lat,role,publish,date,note\nstop_removed,-78.5,38.0,school,yes,2026-05-09,gone\n")
    (one,) = corrections.read(path, HERE)
    assert (one.kind, one.role, one.publish, one.date, one.note) == (
        "stop_removed", "school", True, "2026-05-09", "gone",
    )  # fmt: skip
    assert one.shape.equals(shapely.Point(-78.5, 38.0))


@pytest.mark.parametrize(
    ("wrong", "message", "remedy"),
    [
        ({"kind": "park_lockt"}, "park_lockt", "park_locked"),
        ({"role": ""}, "by whom", "role"),
        ({"roll": "x"}, "roll", "role"),
        ({"publish": "maybe"}, "maybe", "true or false"),
        ({"date": "last May"}, "last May", "2026-05-09"),
        ({"kind": "place_closed"}, "what kind", "library"),
        ({"kind": "path_missing"}, "drawn as a Point", "LineString"),
        ({"geometry": {"type": "Point", "coordinates": [38.0, -78.5]}}, "outside", "longitude before latitude"),
        ({"geometry": None}, "no place", "draw it"),
        ({"note": "x" * 501}, "longer than 500", "one line"),
        ({"note": "a\u0007b"}, "cannot be printed", "one line"),
    ],
)
def test_what_cannot_be_understood_is_refused(tmp_path: Path, wrong: dict[str, Any], message: str, remedy: str) -> None:
    with pytest.raises(LayerError, match=message) as refused:
        corrections.read(write(tmp_path, line(), line(**wrong)), HERE)
    assert remedy in refused.value.remedy
    if "roll" not in wrong:
        assert "correction 2" in refused.value.message


def test_too_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="1001 corrections"):
        corrections.read(write(tmp_path, *([line()] * 1001)), HERE)


def test_the_file_beside_the_district_is_found(tmp_path: Path) -> None:
    assert corrections.beside(tmp_path) is None
    path = write(tmp_path, line())
    assert corrections.beside(tmp_path) == path
