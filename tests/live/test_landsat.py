"""Landsat by its door and its reader: which scenes, which pixels, which medians; and the token seen by nobody."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS

from justgeo.core.errors import CoverageError, LayerError, SourceError
from justgeo.core.layer import Raster
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.live import landsat
from justgeo.sources.live.ask import Ask, bring
from justgeo.sources.live.ask import fetch as fetched
from justgeo.sources.live.records import Record, Records
from justgeo.sources.rasters import raster_footprint
from justgeo.sources.thermal import read_surface_temperature
from tests import timed
from tests.live import places
from tests.loopback.cogs import CLEAR, CLOUD, Scene, make_scene
from tests.loopback.faults import Fault
from tests.loopback.server import Loopback, Request, json_response
from tests.loopback.stac import Stac

LON, LAT = -78.9, 36.0
BOX = shapely.box(LON - 0.006, LAT - 0.005, LON + 0.006, LAT + 0.005)
AREA = Area(BOX, None, BOX.buffer(0.003), BOX.buffer(0.003), 250.0)
BOUNDS = AREA.window.buffer(0.004).bounds
DAYS = [f"2024-0{month}-{day:02d}T15:50:00Z" for month, day in ((6, 3), (6, 19), (7, 5), (7, 21), (8, 6), (8, 22))]
NUMBERS = [44000, 46500, 45000, 44500, 47000, 46000]


def degrees(number: Any) -> Any:
    return number * 0.00341802 + 149.0 - 273.15


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> list[Scene]:
    """Six clear overpasses; the first is clouded in the west of the district."""
    folder = tmp_path_factory.mktemp("scenes")
    west = lambda lon, lat: np.where(lon < LON, CLOUD, CLEAR)  # noqa: E731 - a rule of the scene
    return [
        make_scene(folder, BOUNDS, day, dn=number, qa=west if day == DAYS[0] else CLEAR, path_row="016035")
        for day, number in zip(DAYS, NUMBERS, strict=True)
    ]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


@pytest.fixture
def server(six: list[Scene]) -> Iterator[Loopback]:
    with Loopback(Stac(six).handle) as running:
        yield running


def service_at(url: str, **options: Any) -> Service:
    return places.service("landsat", f"{url}/api", **options)


def ask(service: Service, area: Area = AREA, year: int = 2024) -> Ask:
    planned = landsat.landsat_asks(service, area, year)
    assert planned.reasons == {}
    return planned.asks[0]


def read(record: Record, service: Service, area: Area = AREA) -> Raster:
    return read_surface_temperature(ask(service, area).specs(record, {})["surface_temperature"], area)


def listed(record: Record) -> list[dict[str, Any]]:
    return list(json.loads(record.path("scenes.json").read_text(encoding="utf-8"))["scenes"])


def failure(one: Ask, records: Records, service: Service, **policy: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetched(one, records, places.tools(service, **policy))
    assert not [p for p in records.root.rglob("*") if p.is_file()]
    assert "invented1" not in str(caught.value)
    assert str(records.root) not in str(caught.value)
    assert caught.value.service == "landsat"
    return caught.value


def at(raster: Raster, lon: float, lat: float) -> float:
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, CRS.from_wkt(raster.crs), always_xy=True).transform(lon, lat)
    a, _, c, _, e, f = raster.transform
    return float(raster.values[int((y - f) // e), int((x - c) // a)])


# What comes --------------------------------------------------------------------------------------


def test_medians_of_the_summer(server: Loopback, records: Records) -> None:
    service = service_at(server.url)
    brought = bring([ask(service)], records, places.tools(service))
    assert brought.failures == {}
    found = read_surface_temperature(brought.specs["surface_temperature"], AREA)
    # Clear six times in the east: the middle of 45000 and 46000. In the west the 44000 is under cloud.
    assert at(found, LON + 0.004, LAT) == pytest.approx((degrees(45000) + degrees(46000)) / 2)
    assert at(found, LON - 0.004, LAT) == pytest.approx(degrees(46000))
    assert CRS.from_wkt(found.crs) == CRS.from_epsg(32617)
    assert (found.transform[0], found.transform[2] % 30, found.transform[5] % 30) == (30, 15, 15)
    told = found.provenance
    assert (told.layer, told.vintage) == ("surface_temperature", "June to August of 2022-2024")
    assert "6 overpasses (6 scenes)" in " ".join(told.notes)
    assert told.url == service.page
    assert not bring([ask(service)], records, places.tools(service)).fetched


def test_windows_are_the_scenes_own_pixels(server: Loopback, six: list[Scene], records: Records) -> None:
    service = service_at(server.url)
    record = fetched(ask(service), records, places.tools(service))
    scenes = listed(record)
    assert [one["date"] for one in scenes] == [day[:10] for day in DAYS]
    for scene, one in zip(sorted(six, key=lambda s: s.taken), scenes, strict=True):
        assert (one["id"], one["platform"], one["cloud_cover"]) == (scene.id, "landsat-8", 5.0)
        for asset, path in scene.files.items():
            assert one["sha256"][asset] == record.files[one["files"][asset]], "the list stands for its files"
            with rasterio.open(path) as whole, rasterio.open(record.path(one["files"][asset])) as part:
                window = whole.window(*part.bounds)
                np.testing.assert_array_equal(part.read(1), whole.read(1, window=window))
                assert part.bounds.left % 30 == 15
                assert part.width < whole.width


def with_reference(metres: float) -> Area:
    """The same district in a reference that reaches so far to the west, out to sea."""
    reference = shapely.box(LON - metres / 90_000, LAT - 0.005, LON + 0.02, LAT + 0.005)
    return replace(AREA, reference=reference, window=AREA.halo.union(reference))


def test_a_reference_that_is_too_large_leaves_the_district(
    server: Loopback, six: list[Scene], records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Honolulu's county reaches 2,000 km out to sea."""
    service, wide = service_at(server.url), with_reference(2_000_000)
    alone = fetched(ask(service), records, places.tools(service))
    spec = ask(service).specs(alone, {})["surface_temperature"]
    monkeypatch.setattr(landsat.grids, "MOST_PIXELS", 20_000)
    one = ask(service, wide)
    record = fetched(one, records, places.tools(service))
    assert listed(record) == listed(alone), "the windows are those of the district with its halo"
    assert one.megabytes == ask(service).megabytes
    raster, without = read(record, service, wide), read_surface_temperature(spec, AREA)
    note = "The reference has too many pixels of 30 m; the district with its halo was read."
    assert note in raster.provenance.notes
    assert note not in without.provenance.notes
    assert [at(raster, LON + x, LAT) for x in (-0.004, 0.004)] == [at(without, LON + x, LAT) for x in (-0.004, 0.004)]
    assert raster_footprint(raster).covers(AREA.district)
    assert not raster_footprint(raster).intersects(shapely.box(*wide.window.bounds[:2], LON - 0.02, LAT + 0.005))
    moved = replace(wide, halo=wide.halo.buffer(0.001))
    assert ask(service, moved).question != one.question, "what is read depends on the halo"


def test_the_question(server: Loopback, records: Records) -> None:
    service = service_at(server.url)
    fetched(ask(service), records, places.tools(service))
    posts = [json.loads(r.body) for r in server.requests if r.method == "POST"]
    assert [post["datetime"] for post in posts] == [
        f"{year}-06-01T00:00:00Z/{year}-08-31T23:59:59Z" for year in (2022, 2023, 2024)
    ]
    assert posts[0]["collections"] == ["landsat-c2-l2"]
    assert posts[0]["query"] == {"eo:cloud_cover": {"lt": 30.0}}
    west, south, east, north = posts[0]["bbox"]
    assert shapely.box(west, south, east, north).covers(AREA.window)
    asked = ask(service).question.asked
    assert asked["summers"] == [2022, 2023, 2024]
    assert ask(service, year=2023).question != ask(service).question
    edited = service_at(server.url, cloud_cover=10)
    assert records.find(ask(edited).question) is None
    assert len(records.stale(ask(edited).question)) == 1


def test_pages_are_all_turned(six: list[Scene], records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landsat, "_PAGE", 2)
    with Loopback(Stac(six).handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    assert len(listed(record)) == 6


def test_pages_by_links_of_another_kind(six: list[Scene], records: Records) -> None:
    """Some servers want the next page by GET, or name only what is new in the body."""
    stac = Stac(six, page=2)

    def handle(request: Request) -> Any:
        if not request.path.endswith("/search"):
            return stac.handle(request)
        if request.method == "POST":
            body = {k: v for k, v in json.loads(request.body).items() if k != "limit"}
            request = replace(request, body=json.dumps(body).encode())
        answer = json.loads(stac.handle(request).body)
        for link in answer["links"]:
            if link["rel"] == "next" and link.get("method") == "POST":
                token = link["body"]["token"]
                link |= {"merge": True, "body": {"token": token}, "href": "http://elsewhere.invalid/search"}
        return json_response(answer)

    with Loopback(handle) as server:
        service = service_at(server.url)
        assert len(listed(fetched(ask(service), records, places.tools(service)))) == 6


def test_what_a_server_lets_through_is_looked_at_again(six: list[Scene], records: Records, tmp_path: Path) -> None:
    """Clouds, months and place, for servers that do not know how to compare."""
    far = shapely.affinity.translate(six[0].footprint, 3, 0)
    odd = [
        replace(six[0], id="LC08_L2SP_016035_20240620_02_T1", taken="2024-06-20T15:50:00Z", cloud_cover=30.0),
        replace(six[0], id="LC08_L2SP_016035_20240920_02_T1", taken="2024-09-20T15:50:00Z"),
        replace(six[0], id="LC08_L2SP_014035_20240621_02_T1", taken="2024-06-21T15:50:00Z", footprint=far),
    ]
    stac = Stac([*six, *odd])

    def handle(request: Request) -> Any:
        if request.path.endswith("/search"):
            return stac.handle(replace(request, body=b'{"collections": ["landsat-c2-l2"]}'))
        return stac.handle(request)

    with Loopback(handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    assert [one["id"] for one in listed(record)] == [scene.id for scene in six]


@pytest.mark.parametrize("tier", ["T2", "RT"])
def test_a_scene_that_is_there_twice_counts_once(tier: str, six: list[Scene], records: Records) -> None:
    """The better tier is read, whatever order they come in."""
    poor = replace(six[1], id=six[1].id.replace("_T1", f"_{tier}"))
    with Loopback(Stac([poor, *six]).handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    assert len(listed(record)) == 6
    assert poor.id not in [one["id"] for one in listed(record)]
    assert any("1 scenes are there twice" in note for note in record.told.notes)


def test_rows_of_one_overpass_count_once(tmp_path: Path, records: Records) -> None:
    """Two rows of a path overlap by a tenth: there a pixel was seen once, not twice."""
    scenes = [
        make_scene(tmp_path, BOUNDS, day, dn=n, path_row="016035") for day, n in zip(DAYS[:4], NUMBERS, strict=False)
    ]
    scenes += [
        make_scene(tmp_path, BOUNDS, day.replace("15:50:00", "15:50:24"), dn=n, path_row="016036")
        for day, n in zip(DAYS[:4], NUMBERS, strict=False)
    ]
    with Loopback(Stac(scenes).handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    assert len(listed(record)) == 8
    with pytest.raises(LayerError, match="no valid pixel in the district"):
        read(record, service)


def test_neighbouring_zones(tmp_path: Path, records: Records) -> None:
    """Scenes of the district's own zone are read, the others are told."""
    own = [make_scene(tmp_path, BOUNDS, day, dn=45000, path_row="016035") for day in DAYS]
    other = [make_scene(tmp_path, BOUNDS, "2024-07-13T15:44:00Z", dn=50000, path_row="015035", epsg=32618)]
    with Loopback(Stac([*own, *other]).handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    assert len(listed(record)) == 6
    assert any("1 scenes that are kept in the neighboring UTM zone" in note for note in record.told.notes)
    assert at(read(record, service), LON, LAT) == pytest.approx(degrees(45000))


def test_a_zone_that_has_hardly_any_scenes_gives_way(tmp_path: Path, records: Records) -> None:
    """At the border of two zones the scenes may all be kept in the other one."""
    own = [make_scene(tmp_path, BOUNDS, day, dn=50000, path_row="016035") for day in DAYS[:2]]
    other = [
        make_scene(tmp_path, BOUNDS, day.replace("15:", "16:"), dn=45000, path_row="017035", epsg=32618) for day in DAYS
    ]
    with Loopback(Stac([*own, *other]).handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    assert len(listed(record)) == 6
    assert any("EPSG:32618, beside its own zone EPSG:32617" in note for note in record.told.notes)
    found = read(record, service)
    assert CRS.from_wkt(found.crs) == CRS.from_epsg(32618)
    assert at(found, LON, LAT) == pytest.approx(degrees(45000))


def test_scenes_that_end_within_the_window(tmp_path: Path, records: Records) -> None:
    """The east has five overpasses, the west four and is no data, which is told."""
    _, south, east, north = BOUNDS
    scenes = [make_scene(tmp_path, BOUNDS, day, dn=45000, path_row="016035") for day in DAYS[:4]]
    scenes.append(make_scene(tmp_path, (LON, south, east, north), DAYS[4], dn=45000, path_row="016035"))
    with Loopback(Stac(scenes).handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
    found = read(record, service)
    assert at(found, LON + 0.004, LAT) == pytest.approx(degrees(45000))
    assert np.isnan(at(found, LON - 0.004, LAT))
    note = found.provenance.notes[-1]
    assert "fewer than 5 times" in note
    assert 40 <= int(note.split("(")[1].split(" %")[0]) <= 60


def test_every_pixel_is_the_median_of_its_own(tmp_path: Path, records: Records) -> None:
    """Noise in scenes of different outlines, against the medians of the scenes' own files, pixel by pixel."""
    rng = np.random.default_rng(8)
    west, south, east, north = BOUNDS
    outlines = [BOUNDS] * 5 + [(LON - 0.003, south, east, north), (west, LAT - 0.002, LON + 0.004, north)]
    days = [*DAYS, "2023-06-09T15:50:00Z"]
    scenes = [
        make_scene(
            tmp_path,
            outline,
            day,
            dn=lambda lon, lat: rng.integers(40_000, 50_000, lon.shape),
            qa=lambda lon, lat: np.where(rng.random(lon.shape) < 0.1, CLOUD, CLEAR),
            path_row="016035",
        )
        for outline, day in zip(outlines, days, strict=True)
    ]
    with Loopback(Stac(scenes).handle) as server:
        service = service_at(server.url)
        found = read(fetched(ask(service), records, places.tools(service)), service)
    a, _, left, _, e, top = found.transform
    rows, cols = found.values.shape
    stack = np.full((len(scenes), rows, cols), np.nan)
    for layer, scene in zip(stack, scenes, strict=True):
        with rasterio.open(scene.files["lwir11"]) as numbers, rasterio.open(scene.files["qa_pixel"]) as quality:
            seen = np.where(quality.read(1) == CLEAR, degrees(numbers.read(1).astype(float)), np.nan)
            first = round((left - numbers.transform.c) / a), round((top - numbers.transform.f) / e)
        for row in range(rows):
            for col in range(cols):
                y, x = row + first[1], col + first[0]
                if 0 <= y < seen.shape[0] and 0 <= x < seen.shape[1]:
                    layer[row, col] = seen[y, x]
    enough = np.isfinite(stack).sum(axis=0) >= 5
    assert 0.2 < enough.mean() < 0.99
    np.testing.assert_allclose(found.values[enough], np.nanmedian(stack[:, enough], axis=0), rtol=0, atol=1e-9)
    assert np.isnan(found.values[~enough]).all()


def test_strips_make_no_difference(server: Loopback, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    from justgeo.sources import thermal

    service = service_at(server.url)
    record = fetched(ask(service), records, places.tools(service))
    whole = read(record, service)
    monkeypatch.setattr(thermal, "_MOST_VALUES", 1500)
    strips = read(record, service)
    np.testing.assert_array_equal(whole.values, strips.values)
    assert whole == replace(strips, values=whole.values)


def test_fill_is_no_temperature(tmp_path: Path, records: Records) -> None:
    hole = lambda lon, lat: np.where(lon < LON, 0, 45000)  # noqa: E731
    scenes = [make_scene(tmp_path, BOUNDS, day, dn=hole, path_row="016035") for day in DAYS]
    with Loopback(Stac(scenes).handle) as server:
        service = service_at(server.url)
        found = read(fetched(ask(service), records, places.tools(service)), service)
    assert np.isnan(at(found, LON - 0.004, LAT))
    assert at(found, LON + 0.004, LAT) == pytest.approx(degrees(45000))


# The token ---------------------------------------------------------------------------------------


def test_the_token_is_sent_and_told_nowhere(
    server: Loopback, records: Records, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    service = service_at(server.url)
    record = fetched(ask(service), records, places.tools(service))
    signed = [r for r in server.requests if r.path.endswith(".TIF")]
    assert len(signed) >= 24
    assert all(r.query["sig"] == ["invented1="] for r in signed)
    for text in (caplog.text, *capfd.readouterr(), repr(record), repr(read(record, service).provenance)):
        assert "invented1" not in text
    for path in records.root.rglob("*"):
        assert not path.is_file() or b"invented1" not in path.read_bytes()


def test_a_token_that_runs_out_is_drawn_anew(six: list[Scene], records: Records) -> None:
    stac = Stac(six)
    seen = iter(range(1000))

    def handle(request: Request) -> Any:
        if request.path.endswith(".TIF") and next(seen) == 10:
            stac.expire()
        return stac.handle(request)

    with Loopback(handle) as server:
        service = service_at(server.url)
        record = fetched(ask(service), records, places.tools(service))
        tokens = [r for r in server.requests if "/sas/" in r.path]
    assert len(tokens) == 2
    assert len(listed(record)) == 6


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_token_goes_to_no_stranger(scheme: str, six: list[Scene], records: Records) -> None:
    stac = Stac(six)

    def handle(request: Request) -> Any:
        answer = stac.handle(request)
        if request.path.endswith("/search"):
            told = answer.body.replace(
                f"http://{request.headers['Host']}/landsat".encode(), f"{scheme}://example.org/landsat".encode()
            )
            return replace(answer, body=told)
        return answer

    with Loopback(handle) as server:
        service = service_at(server.url)
        found = failure(ask(service), records, service)
    assert found.kind == "damaged"
    assert "example.org" in found.message


# What goes wrong ---------------------------------------------------------------------------------


def on(part: str) -> Callable[[Request], bool]:
    return lambda request: part in request.path


FAULTS = {
    "search: 400": (Fault.status(400), "/search", "missing"),
    "search: 404": (Fault.status(404), "/search", "missing"),
    "search: 429": (Fault.too_many(), "/search", "busy"),
    "search: 500": (Fault.status(500), "/search", "busy"),
    "search: a page": (Fault.html(), "/search", "damaged"),
    "search: cut": (Fault.cut(), "/search", "damaged"),
    "search: truncated": (Fault.truncated(), "/search", "partial"),
    "search: a list": (Fault.empty_list(), "/search", "damaged"),
    "search: rubbish": (
        Fault.instead("x", json_response({"features": [{"id": "x", "assets": 3}]})),
        "/search",
        "damaged",
    ),
    "search: no features": (Fault.instead("x", json_response({"features": [], "links": []})), "/search", "missing"),
    "token: 404": (Fault.status(404), "/sas/", "missing"),
    "token: a list": (Fault.empty_list(), "/sas/", "damaged"),
    "token: empty": (Fault.instead("x", json_response({"token": ""})), "/sas/", "damaged"),
    "files: 404": (Fault.status(404), ".TIF", "missing"),
    "files: 403": (Fault.status(403), ".TIF", "missing"),
    "files: 503": (Fault.status(503), ".TIF", "busy"),
    "files: truncated": (Fault.truncated(), ".TIF", "partial"),
    "files: a page": (Fault.html(), ".TIF", "damaged"),
    "one band: 500": (Fault.status(500), "QA_PIXEL", "busy"),
    "everything: reset": (Fault.reset(), "/", "partial"),
}


@pytest.fixture
def two(six: list[Scene]) -> Iterator[Loopback]:
    """A server with a pair of the scenes, for what does not depend on how many there are."""
    with Loopback(Stac(six[1:3]).handle) as running:
        yield running


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str, two: Loopback, records: Records) -> None:
    server, (fault, part, kind) = two, FAULTS[name]
    server.fail(fault, times=-1, when=on(part))
    service = service_at(server.url)
    found = failure(ask(service), records, service)
    assert found.kind == kind, found.message
    server.calm()
    fetched(ask(service), records, places.tools(service))
    assert records.find(ask(service).question) is not None


@pytest.mark.parametrize("part", ["/search", "/sas/", ".TIF"])
def test_what_passes_is_tried_again(part: str, server: Loopback, records: Records) -> None:
    server.fail(Fault.status(503), times=1, when=on(part))
    service = service_at(server.url)
    assert len(listed(fetched(ask(service), records, places.tools(service)))) == 6


def test_a_scene_whose_files_are_gone_is_left_out_and_told(
    server: Loopback, six: list[Scene], records: Records
) -> None:
    server.fail(Fault.status(404), times=-1, when=on(six[2].path("qa_pixel")))
    service = service_at(server.url)
    record = fetched(ask(service), records, places.tools(service))
    assert len(listed(record)) == 5
    assert any("1 scenes of the catalogue have no files any more" in note for note in record.told.notes)
    assert not [name for name in record.files if six[2].id in name]


def test_pages_that_lead_in_a_circle(six: list[Scene], records: Records) -> None:
    def handle(request: Request) -> Any:
        link = {"rel": "next", "method": "POST", "body": {"token": "again"}}
        return json_response({"features": [], "links": [link]})

    with Loopback(handle) as server:
        service = service_at(server.url)
        found = failure(ask(service), records, service)
        assert len(server.requests) < 5
    assert "in a circle" in found.message


@pytest.mark.parametrize("part", ["/search", ".TIF"])
def test_it_ends_in_time(part: str, server: Loopback, records: Records) -> None:
    server.fail(Fault.slow_drip(), times=-1, when=on(part))
    service = service_at(server.url)
    with timed.waits(0.5):
        found = failure(ask(service), records, service, read_s=0.5, total_s=0.5, tries=1)
    assert found.kind in ("timeout", "partial")


def test_too_large_an_area() -> None:
    vast = shapely.box(-83, 32, -75, 40)
    wide = replace(AREA, window=vast, halo=vast)
    planned = landsat.landsat_asks(service_at("http://127.0.0.1:9"), wide, 2024)
    assert planned.asks == []
    assert "the district with its halo has" in planned.reasons["surface_temperature"]
    assert "pixels of 30 m" in planned.reasons["surface_temperature"]


# A record that is not whole ----------------------------------------------------------------------


def copy(record: Record, to: Path) -> LayerSpec:
    to.mkdir()
    for name in record.files:
        (to / name).write_bytes(record.path(name).read_bytes())
    return LayerSpec("surface_temperature", to / "scenes.json")


def test_a_damaged_record(server: Loopback, records: Records, tmp_path: Path) -> None:
    service = service_at(server.url)
    record = fetched(ask(service), records, places.tools(service))
    spec = copy(record, tmp_path / "a")
    elsewhere = shapely.affinity.translate(BOX, 2, 0)
    with pytest.raises(CoverageError, match="do not touch"):
        read_surface_temperature(spec, Area(elsewhere, None, elsewhere, elsewhere, 0.0))
    first = listed(record)[0]["files"]
    (spec.path.parent / first["qa_pixel"]).write_bytes(
        record.path(listed(record)[0]["files"]["lwir11"]).read_bytes()[:400]
    )
    with pytest.raises(LayerError, match="no whole raster"):
        read_surface_temperature(spec, AREA)
    told = json.loads(spec.path.read_text())
    for text in ("", "{}", '{"scenes": []}', '{"scenes": [3]}', json.dumps({"scenes": [{"id": "x"}]})):
        spec.path.write_text(text)
        with pytest.raises(LayerError):
            read_surface_temperature(spec, AREA)
    two = told["scenes"][:2]
    two[0]["files"] = {"lwir11": two[0]["files"]["lwir11"], "qa_pixel": "odd.tif"}
    with rasterio.open(record.path(two[1]["files"]["qa_pixel"])) as given:
        profile, values = given.profile, given.read(1)
    profile["transform"] = profile["transform"] @ rasterio.transform.Affine.translation(1, 0)
    with rasterio.open(spec.path.parent / "odd.tif", "w", **profile) as target:
        target.write(values, 1)
    spec.path.write_text(json.dumps({"scenes": two}))
    with pytest.raises(LayerError, match="not of one grid"):
        read_surface_temperature(spec, AREA)
