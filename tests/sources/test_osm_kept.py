"""Extracts kept whole: layers cut from what was kept are those of the extract itself, and nothing damaged is used."""

from __future__ import annotations

import ast
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justgeo.core.errors import CoverageError, LayerError, OutputError
from justgeo.core.layer import AnyLayer, Network
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _osm_kept, _osm_roles, osm, osm_build, osm_landuse, osm_tags
from justgeo.sources.collect import EXTRACTS, collect
from justgeo.sources.store import Store
from justgeo.synthetic import county, extract

Bounds = tuple[float, float, float, float]
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def area(bounds: Bounds) -> Area:
    window = shapely.box(*bounds)
    return Area(window.centroid.buffer(1e-4), None, window, window, 1200.0)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("extract") / "nowhere.osm.pbf"
    extract.write(path, extract.make(county(2020).geography, 2020))
    return path


@pytest.fixture(scope="module")
def extent(nowhere: Path) -> Bounds:
    """What the extract says that it covers."""
    west, south, east, north = osm._survey(nowhere).covers.bounds
    return west, south, east, north


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, reading an extract is an error."""

    def start() -> None:
        def read(*_: Any) -> Any:
            raise AssertionError("the extract was read again")

        monkeypatch.setattr(osm, "_scan", read)
        monkeypatch.setattr(osm, "_survey", read)

    return start


def answer(path: Path, bounds: Bounds, names: frozenset[str], kept: Path | None) -> dict[str, AnyLayer] | str:
    """Layers, or the words of the refusal."""
    try:
        return osm.read_extract(LayerSpec("osm", path), area(bounds), names, kept=kept)
    except (CoverageError, LayerError) as error:
        return f"{type(error).__name__}: {error}"


def assert_same(one: dict[str, AnyLayer] | str, other: dict[str, AnyLayer] | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.keys() == other.keys()
    for name, layer in one.items():
        theirs = other[name]
        assert layer.provenance == theirs.provenance
        if isinstance(layer, Network):
            assert isinstance(theirs, Network) and layer.covers == theirs.covers
            for part in ("x", "y", "u", "v"):
                assert np.array_equal(getattr(layer, part), getattr(theirs, part))
        else:
            assert layer.covers == theirs.covers
            pd.testing.assert_frame_equal(layer.data, theirs.data)
            assert layer.data.geometry.to_wkb().tolist() == theirs.data.geometry.to_wkb().tolist()


def window_in(box: Bounds) -> st.SearchStrategy[Bounds]:
    """Windows that lie in a box, reach beyond it, or are next to nothing."""

    def spread(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
        margin = 0.1 * (high - low)
        ends = st.floats(low - margin, high + margin)
        return st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair) + 1e-6))

    return st.tuples(spread(box[0], box[2]), spread(box[1], box[3])).map(lambda b: (b[0][0], b[1][0], b[0][1], b[1][1]))


NAMES = st.one_of(st.just(osm.LAYERS), st.sets(st.sampled_from(sorted(osm.LAYERS)), min_size=1).map(frozenset))


# -- the same layers ------------------------------------------------------------------------------------------------


@pytest.fixture
def surveyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an extract says of itself is the same for every window: it is looked up once."""
    monkeypatch.setattr(osm, "_survey", cache(osm._survey))


@pytest.mark.usefixtures("surveyed")
@FEW
@given(data=st.data(), names=NAMES)
def test_any_window_of_the_invented_county(
    nowhere: Path, extent: Bounds, kept: Path, data: st.DataObject, names: frozenset[str]
) -> None:
    bounds = data.draw(window_in(extent))
    assert_same(answer(nowhere, bounds, names, None), answer(nowhere, bounds, names, kept))


def boxed(shapes: Any, window: Bounds) -> Any:
    """Which shapes have a box that meets the window: nothing in common with how ours is found."""
    return shapely.intersects(shapely.box(*shapely.bounds(np.asarray(shapes)).T), shapely.box(*window))


@pytest.fixture(scope="module")
def uncut(nowhere: Path, extent: Bounds, kept: Path) -> dict[str, AnyLayer]:
    """All layers of the whole county."""
    whole = answer(nowhere, extent, osm.LAYERS, kept)
    assert not isinstance(whole, str)
    return whole


@FEW
@given(data=st.data())
def test_what_is_cut_is_what_meets_the_window(
    nowhere: Path, extent: Bounds, uncut: dict[str, AnyLayer], kept: Path, data: st.DataObject
) -> None:
    window, whole = data.draw(window_in(extent)), uncut
    part = answer(nowhere, window, osm.LAYERS, kept)
    if isinstance(part, str):
        assert "does not touch" in part
        return
    for name in ("streets", "bike", "parks", "water", "landuse", "stops", "amenities"):
        every = whole[name].data  # type: ignore[union-attr]  # layers of features
        ids = set(every["osm_id"][boxed(every.geometry, window)])
        found = set(part[name].data["osm_id"])  # type: ignore[union-attr]  # layers of features
        # A shop that is drawn as a house stands in the middle of it, and counts by its house.
        drawn = {one for one in found - ids if name in ("stops", "amenities") and not one.startswith("node/")}
        assert found - drawn == ids
    lines = []
    for walk in (whole["walk"], part["walk"]):
        assert isinstance(walk, Network)
        at = np.column_stack([walk.x, walk.y])
        lines.append(shapely.linestrings(np.stack([at[walk.u], at[walk.v]], axis=1)))
    near = lines[0][boxed(lines[0], window)]
    assert sorted(shapely.to_wkb(near)) == sorted(shapely.to_wkb(lines[1]))


def real(*parts: str) -> Path:
    root = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real data: {'/'.join(parts)} is not there (set JUSTGEO_REAL_DATA)")
    return path


@pytest.mark.real
@pytest.mark.usefixtures("surveyed")
@FEW
@given(data=st.data(), names=NAMES)
def test_any_window_of_west_oakland(kept: Path, data: st.DataObject, names: frozenset[str]) -> None:
    """Ways without nodes, crossing rings, multipolygons that leave the box."""
    path = real("oakland", "osm", "West-Oakland.osm.bz2")
    bounds = data.draw(window_in((-122.3186, 37.8039, -122.2903, 37.8210)))
    assert_same(answer(path, bounds, names, None), answer(path, bounds, names, kept))


TOWN = (-122.5, 37.7, -122.4, 37.8)
REST = (-122.485, 37.715, -122.4, 37.8)
"""Of the town what no way is cut in."""
CUT = """<?xml version="1.0"?><osm version="0.6"><bounds minlon="-122.5" minlat="37.7" maxlon="-122.4" maxlat="37.8"/>
{nodes}
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="99"/><tag k="highway" v="footway"/></way>
<way id="2"><nd ref="3"/><nd ref="4"/><tag k="highway" v="footway"/></way>
<way id="3"><nd ref="97"/><nd ref="98"/><tag k="highway" v="footway"/></way>
<way id="4"><nd ref="5"/><nd ref="6"/><nd ref="7"/></way>
<way id="5"><nd ref="8"/><nd ref="9"/><nd ref="10"/><nd ref="8"/><tag k="amenity" v="library"/>
  <tag k="area" v="no"/></way>
<way id="6"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/><tag k="leisure" v="park"/></way>
<way id="7"><nd ref="3"/><tag k="highway" v="footway"/></way>
<relation id="1"><member type="way" ref="4" role="outer"/><tag k="type" v="multipolygon"/><tag k="leisure" v="park"/>
</relation>
<relation id="2"><member type="way" ref="4" role="outer"/><member type="way" ref="50" role="outer"/>
  <tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>
<relation id="3"><member type="way" ref="4" role="outer"/><member type="way" ref="51" role="outer"/>
  <tag k="type" v="multipolygon"/><tag k="landuse" v="retail"/></relation>
</osm>"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Everything that can be wrong with an extract: cut, unplaced, open, crossing, of one node."""
    places = [(10, 10), (12, 10), (20, 20), (21, 20), (50, 50), (55, 50), (55, 55), (70, 70), (72, 70), (72, 72)]
    places += [(80, 80), (84, 84), (84, 80), (80, 84)]
    nodes = "".join(
        f'<node id="{n}" lon="{TOWN[0] + x / 1000:.4f}" lat="{TOWN[1] + y / 1000:.4f}"/>'
        for n, (x, y) in enumerate(places, start=1)
    )
    path = tmp_path / "town.osm"
    path.write_text(CUT.format(nodes=nodes), encoding="utf-8")
    return path


@FEW
@given(data=st.data(), names=NAMES)
def test_any_window_of_what_is_cut(town: Path, kept: Path, data: st.DataObject, names: frozenset[str]) -> None:
    bounds = data.draw(window_in(TOWN))
    assert_same(answer(town, bounds, names, None), answer(town, bounds, names, kept))


def test_what_is_cut_is_refused_from_what_was_kept(town: Path, kept: Path) -> None:
    assert "cuts 1 ways" in str(answer(town, TOWN, osm.LAYERS, kept))
    layers = answer(town, REST, osm.LAYERS, kept)
    assert not isinstance(layers, str)
    notes = layers["water"].provenance.notes
    assert any(note.startswith("1 ways have none") for note in notes)
    assert any(note.startswith("1 water multipolygons") for note in notes)
    assert any("relation/1" in note for note in notes) and any("1 self-crossing" in note for note in notes)


# -- read once ------------------------------------------------------------------------------------------------------


def thirds(path: Path) -> Iterator[Bounds]:
    west, south, east, north = osm._survey(path).covers.bounds
    for part in range(3):
        yield west + part * (east - west) / 3, south, west + (part + 1) * (east - west) / 3, north


def test_an_extract_is_read_once_for_all_areas_and_layers(
    nowhere: Path, tmp_path: Path, untouched: Callable[[], None]
) -> None:
    first, *others = thirds(nowhere)
    direct = [answer(nowhere, bounds, osm.LAYERS, None) for bounds in others]
    answer(nowhere, first, frozenset({"walk"}), tmp_path)
    untouched()
    for bounds, expected in zip(others, direct, strict=True):
        assert_same(expected, answer(nowhere, bounds, osm.LAYERS, tmp_path))


def test_a_run_keeps_extracts_below_its_store(nowhere: Path, tmp_path: Path, untouched: Callable[[], None]) -> None:
    specs = {"osm": LayerSpec("osm", nowhere)}
    names = ["walk", "parks", "stops"]
    first, second, _ = thirds(nowhere)
    expected = collect(names, specs, [], area(second))
    collect(names, specs, [], area(first), store=Store(tmp_path))
    assert list((tmp_path / EXTRACTS).glob("*.json"))
    untouched()
    assert_same(dict(expected.layers), dict(collect(names, specs, [], area(second), store=Store(tmp_path)).layers))


def test_the_same_extract_is_kept_as_the_same_bytes(nowhere: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        answer(nowhere, next(thirds(nowhere)), osm.LAYERS, tmp_path / folder)
    a, b = (sorted((tmp_path / folder).iterdir()) for folder in ("a", "b"))
    assert [p.name for p in a] == [p.name for p in b] and len(a) == 8
    assert [p.read_bytes() for p in a] == [p.read_bytes() for p in b]


def test_others_wait_for_who_reads(nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, times = osm._scan, []
    began, may_end = threading.Event(), threading.Event()

    def slow(*asked: Any) -> Any:
        times.append(1)
        began.set()
        assert may_end.wait(60)
        return read(*asked)

    monkeypatch.setattr(osm, "_scan", slow)
    bounds = list(thirds(nowhere))
    found: dict[int, Any] = {}

    def ask(number: int) -> None:
        found[number] = answer(nowhere, bounds[number], osm.LAYERS, tmp_path)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    threads[0].start()
    assert began.wait(60)
    for thread in threads[1:]:
        thread.start()
    may_end.set()
    for thread in threads:
        thread.join(120)
    assert (
        len(found) == 3 and len(times) <= 2
    )  # who looked before it was kept and locked after reads again: rare, harmless
    for number in range(3):
        monkeypatch.setattr(osm, "_scan", read)
        assert_same(answer(nowhere, bounds[number], osm.LAYERS, None), found[number])


# -- never another's, never damaged ---------------------------------------------------------------------------------


def test_another_extract_or_another_reader_finds_nothing(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    answer(town, TOWN, osm.LAYERS, folder)
    assert _osm_kept.load(town, folder) is not None
    other = tmp_path / "other.osm"
    other.write_text(town.read_text(encoding="utf-8") + "<!-- -->", encoding="utf-8")
    assert _osm_kept.load(other, folder) is None
    monkeypatch.setattr(_osm_kept, "reader_version", lambda: "another")
    assert _osm_kept.load(town, folder) is None


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "flipped": _flipped,
    "short": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "page": lambda path: path.write_bytes(b"<html>not found</html>"),
    "list": lambda path: path.write_bytes(b"[1, 2]"),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_what_is_damaged_is_read_again(
    town: Path, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture, untouched: Callable[[], None]
) -> None:
    folder = tmp_path / "kept"
    expected = answer(town, REST, osm.LAYERS, folder)
    assert not isinstance(expected, str)
    files = sorted(path for path in folder.iterdir() if path.suffix != ".lock")
    assert len(files) == 7
    before = {path: path.read_bytes() for path in files}
    for path in files:
        DAMAGE[how](path)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert_same(expected, answer(town, REST, osm.LAYERS, folder))
        told = [r for r in caplog.records if "is damaged" in r.getMessage()]
        assert len(told) == (0 if how == "gone" and path.suffix == ".json" else 1)  # without a head there is no record
        assert {path: path.read_bytes() for path in files} == before
    untouched()
    assert_same(expected, answer(town, REST, osm.LAYERS, folder))


def test_a_head_that_names_other_parts_is_not_believed(town: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    answer(town, TOWN, osm.LAYERS, folder)
    head = _osm_kept.head_of(town, folder)
    told = json.loads(head.read_text(encoding="utf-8"))
    told["extract"]["replicated"] = "1999-01-01"
    head.write_text(json.dumps(told), encoding="utf-8")
    assert _osm_kept.load(town, folder) is None


def test_writing_that_breaks_off_leaves_nothing_that_answers(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = next(thirds(nowhere))
    write, calls = _osm_kept._write_table, []

    def broken(path: Path, table: Any) -> str:
        calls.append(path)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return write(path, table)

    monkeypatch.setattr(_osm_kept, "_write_table", broken)
    with pytest.raises(KeyboardInterrupt):
        answer(nowhere, bounds, osm.LAYERS, tmp_path)
    assert _osm_kept.load(nowhere, tmp_path) is None
    assert not list(tmp_path.glob(".*.part"))
    assert_same(answer(nowhere, bounds, osm.LAYERS, None), answer(nowhere, bounds, osm.LAYERS, tmp_path))


def test_a_folder_that_cannot_be_written_to(town: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written to"):
        osm.read_extract(LayerSpec("osm", town), area((-122.485, 37.715, -122.4, 37.8)), {"walk"}, kept=blocked / "x")


def test_an_extract_of_elsewhere_is_refused_before_it_is_read(nowhere: Path, tmp_path: Path) -> None:
    said = answer(nowhere, (10.0, 50.0, 10.1, 50.1), osm.LAYERS, tmp_path)
    assert "does not touch" in str(said)
    assert not list(tmp_path.glob("*.json"))
    answer(nowhere, next(thirds(nowhere)), osm.LAYERS, tmp_path)
    assert answer(nowhere, (10.0, 50.0, 10.1, 50.1), osm.LAYERS, tmp_path) == said


# -- the keys that count --------------------------------------------------------------------------------------------


def words_of(*modules: Any) -> list[str]:
    """Every text that stands in the code of some modules."""
    nodes = [n for m in modules for n in ast.walk(ast.parse(Path(m.__file__).read_text(encoding="utf-8")))]
    found = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return sorted(word for word in found if word and " " not in word)


class Seen(dict[str, str]):
    """Tags that note which keys they are asked for."""

    asked: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)


WORDS = words_of(osm_tags, osm_landuse)


TAGS = st.dictionaries(st.sampled_from(sorted(osm_tags.READ_KEYS)), st.sampled_from(WORDS), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(TAGS, min_size=10, max_size=10))
def test_no_other_key_is_looked_at(several: list[Mapping[str, str]]) -> None:
    for tags in several:
        seen = Seen(tags)
        seen.asked = set()
        _osm_roles.roles(seen)
        for say in (
            osm_tags.has_cars, osm_tags.bikeway, osm_tags.is_public, osm_tags.stop_kind, osm_tags.is_high_capacity,
        ):  # fmt: skip
            say(seen)
        assert seen.asked <= osm_tags.READ_KEYS


def test_keys_in_the_code_are_among_those_that_are_kept() -> None:
    """Whatever stands as a key after ``tags``, in whichever branch."""
    keys = set()
    for module in (osm_tags, osm_landuse, osm_build):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            asked: ast.expr | None = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                asked = node.args[0] if "tags" in ast.unparse(node.func.value) else None
            elif isinstance(node, ast.Compare) and "tags" in ast.unparse(node.comparators[0]):
                asked = node.left
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("tags"):
                asked = node.slice
            if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
                keys.add(asked.value)
    assert len(keys) > 30
    assert keys <= osm_tags.READ_KEYS


def test_what_does_not_count_is_left_away(tmp_path: Path) -> None:
    """A way's other tags make no further tag set, and its name is its own."""
    path = tmp_path / "names.osm"
    ways = "".join(
        f'<way id="{n}"><nd ref="1"/><nd ref="2"/><tag k="highway" v="path"/><tag k="name" v="{n} &#233;"/>'
        f'<tag k="note" v="{n}"/></way>'
        for n in range(1, 6)
    )
    nodes = '<node id="1" lon="-122.45" lat="37.75"/><node id="2" lon="-122.44" lat="37.75"/>'
    path.write_text(f'<osm version="0.6">{nodes}{ways}</osm>', encoding="utf-8")
    raw = osm._scan(path, _osm_roles.ALL, None)
    assert raw.tagsets["tags"].to_pylist() == ['{"highway": "path"}']
    layers = answer(path, TOWN, frozenset({"streets"}), tmp_path / "kept")
    assert not isinstance(layers, str)
    assert layers["streets"].data["name"].tolist() == [f"{n} é" for n in range(1, 6)]  # type: ignore[union-attr]  # a Layer
