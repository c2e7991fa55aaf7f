"""Answers of Overpass: which are believed, how they become one, and that they give the layers of an extract."""

from __future__ import annotations

import gzip
import json
import random
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CoverageError, LayerError, SourceError
from justgeo.core.layer import AnyLayer, Network
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import osm
from justgeo.sources.overpass_answers import read_answers, to_osm

WEST, SOUTH = -122.5, 37.7
ASKED = shapely.Polygon([(WEST, SOUTH), (WEST + 0.1, SOUTH), (WEST + 0.1, SOUTH + 0.1), (WEST + 0.01, SOUTH + 0.1)])
DAY = "2024-03-05T10:00:00Z"
Json = dict[str, Any]


# -- answers written by hand; coordinates in thousandths of a degree from the south-west corner ---------------------


def node(number: int, x: float, y: float, **tags: str) -> Json:
    place = {"lat": round(SOUTH + y / 1000, 7), "lon": round(WEST + x / 1000, 7)}
    return {"type": "node", "id": number, **place, **({"tags": tags} if tags else {})}


def way(number: int, refs: Iterable[int], **tags: str) -> Json:
    return {"type": "way", "id": number, "nodes": list(refs), "tags": tags}


def ring(number: int, x: float, y: float, size: float, **tags: str) -> list[Json]:
    corners = [(0, 0), (size, 0), (size, size), (0, size)]
    nodes = [node(1000 * number + i, x + dx, y + dy) for i, (dx, dy) in enumerate(corners)]
    return [*nodes, way(number, [*(n["id"] for n in nodes), 1000 * number], **tags)]


def relation(number: int, members: Mapping[int, str], **tags: str) -> Json:
    made = [{"type": "way", "ref": ref, "role": role} for ref, role in members.items()]
    return {"type": "relation", "id": number, "members": made, "tags": tags}


def answer(*elements: Json, stamp: str = DAY, **more: Any) -> Json:
    told = {"timestamp_osm_base": stamp, "copyright": "ODbL"}
    return {"version": 0.6, "generator": "Overpass API", "osm3s": told, "elements": list(elements), **more}


STREET = (node(1, 20, 50), node(2, 40, 50), node(3, 60, 50), way(1, [1, 2, 3], highway="residential", name="Main"))


def record(folder: Path, *answers: Any, covers: BaseGeometry = ASKED, **told: Any) -> LayerSpec:
    """A recording: answers as they are, or their bytes."""
    path = folder / "recording"
    path.mkdir(exist_ok=True)
    for before in path.iterdir():
        before.unlink()
    for number, one in enumerate(answers, start=1):
        data = one if isinstance(one, bytes) else gzip.compress(json.dumps(one).encode(), mtime=0)
        (path / f"answer-{number:02d}.json.gz").write_bytes(data)
    return LayerSpec("osm", path, options={"covers": json.loads(shapely.to_geojson(covers))}, **told)


def area(asked: BaseGeometry = ASKED) -> Area:
    inside = asked.centroid.buffer(0.01)
    return Area(inside, None, asked, asked, 1200.0)


def read(folder: Path, *answers: Any, names: Iterable[str] = osm.LAYERS) -> dict[str, AnyLayer]:
    return read_answers(record(folder, *answers), area(), names)


def rows(layer: AnyLayer, column: str) -> dict[str, Any]:
    frame = layer.data  # type: ignore[union-attr]
    return dict(zip(frame["osm_id"], frame[column], strict=True))


# -- what is read -------------------------------------------------------------------------------------------------


def test_layers_with_what_was_asked_and_when(tmp_path: Path) -> None:
    spec = record(tmp_path, answer(*STREET), answer(*ring(2, 50, 30, 5, leisure="park")), retrieved="2024-03-06")
    found = read_answers(spec, area(), osm.LAYERS)
    assert set(found) == osm.LAYERS
    assert len(found["walk"].u) == 2 and rows(found["parks"], "kind") == {"way/2": "park"}  # type: ignore[union-attr]
    for name, layer in found.items():
        origin = layer.provenance
        assert layer.covers is not None and layer.covers.equals(ASKED)  # type: ignore[union-attr]
        assert (origin.layer, origin.vintage, origin.retrieved) == (name, "2024-03-05", "2024-03-06")
        assert (origin.source, origin.licence) == ("OpenStreetMap", "ODbL 1.0")
        assert origin.attribution == "© OpenStreetMap contributors"
        assert re.fullmatch("[0-9a-f]{64}", origin.sha256)
        assert not any(word in note for note in origin.notes for word in ("box", "edit", "states", "differ"))
        assert origin.asked["file"] == "recording" and origin.asked["answers"] == 2
        assert str(tmp_path) not in repr(origin) and "answers.osm" not in repr(origin)


def test_nothing_here_is_an_empty_layer_and_no_street_an_error(tmp_path: Path) -> None:
    found = read(tmp_path, answer(*STREET), answer())
    for name in osm.LAYERS - {"walk", "streets", "bike"}:
        assert found[name].data.empty and found[name].covers.equals(ASKED)  # type: ignore[union-attr]
    with pytest.raises(SourceError, match="nothing at all") as caught:
        read(tmp_path, answer(), answer(), names={"parks"})
    assert caught.value.kind == "missing" and "mirror" in caught.value.remedy
    shop = answer(node(9, 50, 50, shop="bakery"), node(1, 50, 51), node(2, 51, 51), way(3, [1, 2], railway="rail"))
    with pytest.raises(SourceError, match="hold no street"):
        read(tmp_path, answer(), shop)
    assert rows(read(tmp_path, answer(), shop, names={"amenities"})["amenities"], "kind") == {"node/9": "bakery"}


def test_multipolygons(tmp_path: Path) -> None:
    parts = [*ring(1, 40, 10, 10), *ring(2, 43, 13, 2), *ring(3, 60, 10, 10)]
    park = relation(7, {1: "outer", 2: "inner", 3: "outer"}, type="multipolygon", leisure="park", name="Two")
    layer = read(tmp_path, answer(park, *reversed(parts)), names={"parks"})["parks"]
    assert rows(layer, "name") == {"relation/7": "Two"}
    assert layer.data.geometry.iloc[0].area == pytest.approx(196e-6)  # type: ignore[union-attr]


def test_a_way_that_leaves_the_polygon_comes_whole(tmp_path: Path) -> None:
    far = [node(n, 20 + 30 * n, 50) for n in range(6)]
    found = read(tmp_path, answer(*(f | {"id": i + 1} for i, f in enumerate(far)), way(1, range(1, 7), highway="path")))
    assert found["streets"].data.geometry.iloc[0].length == pytest.approx(0.15)  # type: ignore[union-attr]
    assert len(found["walk"].u) == 3  # type: ignore[union-attr]  # 20-50, 50-80, 80-110; the window ends at 100


def test_the_oldest_answer_gives_the_vintage(tmp_path: Path) -> None:
    park = answer(*ring(2, 50, 30, 5, leisure="park"), stamp="2024-03-07T00:00:00Z")
    origin = read(tmp_path, answer(*STREET), park)["walk"].provenance
    assert origin.vintage == "2024-03-05"
    assert any("from 2024-03-05 to 2024-03-07" in note for note in origin.notes)
    meta = to_osm([park, answer(*STREET)], tmp_path / "town.osm")
    assert (meta.nodes, meta.ways, meta.relations, meta.streets) == (7, 2, 0, 1)
    assert f"{meta.oldest:%Y-%m-%d %H %Z} {meta.newest:%d}" == "2024-03-05 10 UTC 07"


def test_same_elements_same_bytes(tmp_path: Path) -> None:
    elements = [*STREET, *ring(4, 50, 30, 5, leisure="park"), *ring(5, 51, 31, 1, landuse="forest", access="yes")]
    elements += [node(9, 50, 50, shop="bakery"), node(8, 51, 50, highway="bus_stop"), *ring(6, 70, 30, 5)]
    elements += [relation(7, {6: "outer"}, type="multipolygon", natural="water")]
    first = read(tmp_path, answer(*elements))
    for seed in range(3):
        mixed = random.Random(seed).sample(elements, len(elements))
        again = read(tmp_path, answer(*mixed[:9]), answer(*mixed[5:]))
        for name, layer in first.items():
            same(layer, again[name])
    once, twice = (read(tmp_path, answer(*elements))["parks"].provenance for _ in range(2))
    assert asdict(once) == asdict(twice) == asdict(first["parks"].provenance)


def same(one: AnyLayer, other: AnyLayer) -> None:
    """Equal to the last bit, coordinates and order too."""
    if isinstance(one, Network):
        assert isinstance(other, Network)
        assert [getattr(one, k).tobytes() for k in "xyuv"] == [getattr(other, k).tobytes() for k in "xyuv"]
    else:
        assert one.data.to_wkb().equals(other.data.to_wkb())  # type: ignore[union-attr]


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    read(tmp_path, answer(*STREET))
    with pytest.raises(SourceError, match="cannot be put into one file"):
        read(tmp_path, answer(*STREET, node(9, 1, 1, note="x" * 2000)))
    assert not list(room.iterdir())


# -- duplicates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_an_element_is_taken_once_the_fuller_one(tmp_path: Path, order: int) -> None:
    bare, full = node(9, 50, 50), node(9, 50, 50, shop="bakery", name="B")
    street = answer(*STREET, STREET[0], STREET[3], *[bare, full][::order])
    found = read(tmp_path, *[street, answer(*STREET, full, bare)][::order])
    assert rows(found["amenities"], "name") == {"node/9": "B"} and len(found["walk"].u) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("node 1", node(1, 20, 50.0001)),
        ("node 2", node(2, 40, 50, highway="crossing")),
        ("way 1", way(1, [1, 3], highway="residential", name="Main")),
        ("way 1", way(1, [1, 2, 3], highway="residential", name="Broadway")),
        ("relation 7", relation(7, {1: "inner"}, type="multipolygon")),
    ],
)
def test_data_that_changed_between_answers_are_refused(tmp_path: Path, what: str, other: Json) -> None:
    first = answer(*STREET[:1], node(2, 40, 50, highway="stop"), *STREET[2:], relation(7, {1: "outer"}, type="site"))
    with pytest.raises(SourceError, match=rf"changed between two answers: {what} ") as caught:
        read(tmp_path, first, answer(other))
    assert caught.value.kind == "changed" and "fetch again" in caught.value.remedy


# -- refusals -----------------------------------------------------------------------------------------------------

PARTIAL = 'runtime error: Query timed out in "query" at line 1 after 180 seconds.'
PACKED = gzip.compress(json.dumps(answer(*STREET)).encode())
REFUSED: list[tuple[Any, str, str]] = [
    (answer(*STREET, remark=PARTIAL), "partial", "part of what was asked for: .*timed out"),
    (answer(way(4, [1, 94]), way(5, [95, 96])), "partial", "every node of 2 ways: way 4 lacks node 94"),
    (answer(*STREET, {"type": "way", "id": 4, "tags": {}}), "partial", "way 4 without the numbers"),
    (answer(*STREET, way(4, [])), "partial", "way 4 without the numbers"),
    (answer(*STREET, way(4, ["1", "2"])), "partial", "way 4 without the numbers"),  # type: ignore[list-item]
    (answer(*STREET, relation(7, {8: "outer"}, type="multipolygon")), "partial", "relation 7 lacks way 8"),
    (answer({"id": 4, "lat": 1, "lon": 1}), "damaged", "without its type or its id"),
    (answer({"type": "node", "lat": 1, "lon": 1}), "damaged", "without its type or its id"),
    (answer({"type": "count", "id": 0, "tags": {"total": "4"}}), "damaged", "without its type or its id"),
    (answer(*STREET, 4), "damaged", "without its type or its id: 4"),  # type: ignore[arg-type]
    (answer(node(4, 1, 1) | {"id": True}), "damaged", "without its type or its id"),
    (answer(node(4, 1, 1) | {"tags": {"ref": 7}}), "damaged", "tags that are no texts"),
    (answer(relation(7, {}) | {"members": {}}), "damaged", "members that are no list"),
    (answer(relation(7, {}) | {"members": [{"type": "way", "ref": 1}]}), "damaged", "a member that is none"),
    (b"<!DOCTYPE html><html>busy</html>", "damaged", "cannot be unpacked"),
    (gzip.compress(b"\n<!DOCTYPE html>\n<html>The server is busy"), "damaged", "page or XML .*DOCTYPE html> <html>The"),
    (PACKED[:-20], "damaged", "cannot be unpacked"),
    (b"", "damaged", "cannot be unpacked|not JSON"),
    (gzip.compress(json.dumps(answer(*STREET)).encode()[:-7]), "damaged", "is not JSON"),
    (gzip.compress(b"\xff\xfe{}"), "damaged", "is not JSON"),
    (gzip.compress(b"[" * 100_000), "damaged", "is not JSON"),
    ([], "damaged", r"not an object but \[\]"),
    ({**answer(), "elements": {}}, "damaged", "no list of elements"),
    ({"elements": []}, "damaged", "of when its data are .*None"),
    (answer(*STREET, stamp=""), "damaged", "of when its data are"),
    (answer(*STREET, stamp="yesterday"), "damaged", "of when its data are .*yesterday"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "kind", "words"), REFUSED, ids=range(len(REFUSED)))
def test_answers_that_are_not_believed(tmp_path: Path, told: Any, kind: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read(tmp_path, answer(*STREET), told, names={"parks"})
    assert caught.value.kind == kind and caught.value.remedy.startswith("fetch again")
    assert kind == "partial" or "answer-02.json.gz" in caught.value.message


@pytest.mark.parametrize(
    "place", [(91, 0), (0, -180.1), (float("nan"), 0), (0, float("inf")), ("1", 0), (None, 0), (True, 0)]
)
def test_places_that_are_not_on_earth(tmp_path: Path, place: tuple[Any, Any]) -> None:
    with pytest.raises(SourceError, match="node 4 at no place on Earth"):
        read(tmp_path, answer(*STREET, {"type": "node", "id": 4, "lat": place[0], "lon": place[1]}))


def test_recordings_that_are_not_whole(tmp_path: Path) -> None:
    spec = record(tmp_path, answer(*STREET), answer(), answer())
    (spec.path / "answer-02.json.gz").unlink()
    with pytest.raises(SourceError, match=r"numbers \[1, 3\]"):
        read_answers(spec, area(), {"walk"})
    for path in spec.path.iterdir():
        path.unlink()
    with pytest.raises(SourceError, match=r"numbers \[\]"):
        read_answers(spec, area(), {"walk"})
    spec.path.rmdir()
    with pytest.raises(SourceError, match="no folder of answers"):
        read_answers(spec, area(), {"walk"})


def test_what_was_asked_for_has_to_be_known(tmp_path: Path) -> None:
    spec = record(tmp_path, answer(*STREET))
    for told in (None, {}, "POLYGON ((0 0, 1 0, 1 1, 0 0))", {"type": "Point", "coordinates": [0, 0]}):
        with pytest.raises(LayerError, match="for which polygon Overpass was asked"):
            read_answers(LayerSpec("osm", spec.path, options={"covers": told}), area(), {"walk"})
    with pytest.raises(CoverageError, match="do not touch the district"):
        read_answers(spec, area(shapely.box(-90, 35, -89, 36)), {"walk"})
    with pytest.raises(LayerError, match="tree_canopy"):
        read_answers(spec, area(), {"tree_canopy"})
