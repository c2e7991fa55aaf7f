"""MRLC's grids by their door: the window's own pixels, bit by bit, or a reason that a planner can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.live import wcs
from justgeo.sources.live.ask import Ask, bring
from justgeo.sources.live.ask import fetch as fetched
from justgeo.sources.live.records import Records
from justgeo.sources.rasters import read_raster
from tests import timed
from tests.live import places
from tests.loopback.faults import Fault
from tests.loopback.server import Loopback, Response, refused_url
from tests.loopback.wcs import Wcs

LAYERS = ("tree_canopy", "impervious", "land_cover")
COVERAGES = {
    "tree_canopy": "NLCD-Tree-Canopy-Native_conus_year_data",
    "impervious": "Fractional-Impervious-Surface-Native_conus_year_data",
    "land_cover": "Land-Cover-Native_conus_year_data",
}


@pytest.fixture
def server(folder: Path) -> Iterator[Loopback]:
    with Loopback(Wcs({COVERAGES[name]: folder / f"{name}.tif" for name in LAYERS}).handle) as running:
        yield running


@pytest.fixture
def service(server: Loopback) -> Service:
    return places.service("mrlc", f"{server.url}/geoserver")


@pytest.fixture(scope="module")
def area(folder: Path) -> Area:
    return places.area(folder)


@pytest.fixture(scope="module")
def small(area: Area) -> Area:
    """The district with hardly anything around it: a window of few bytes."""
    return replace(area, window=area.district, reference=None)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def ask(service: Service, area: Area, name: str = "tree_canopy") -> Ask:
    planned = wcs.wcs_asks(service, [name], area)
    assert not planned.reasons
    return planned.asks[0]


def failure(one: Ask, records: Records, service: Service, **policy: object) -> SourceError:
    """What fetching ends in, once it is seen that nothing is kept and no key or path is told."""
    with pytest.raises(SourceError) as caught:
        fetched(one, records, places.tools(service, **policy))
    assert records.find(one.question) is None
    assert not [p for p in records.root.rglob("*") if p.is_file()]
    assert str(records.root) not in str(caught.value)
    assert caught.value.service == "mrlc"
    return caught.value


# What comes --------------------------------------------------------------------------------------


def test_each_layer_is_what_a_local_file_of_it_would_be(
    folder: Path, service: Service, area: Area, records: Records
) -> None:
    planned = wcs.wcs_asks(service, LAYERS, area)
    brought = bring(planned.asks, records, places.tools(service))
    assert (planned.reasons, brought.failures, brought.missing) == ({}, {}, {})
    for name in LAYERS:
        direct = read_raster(LayerSpec(name, folder / f"{name}.tif"), area)
        live = read_raster(brought.specs[name], area)
        np.testing.assert_array_equal(live.values, direct.values)
        assert live.transform == direct.transform
        assert live.crs == direct.crs
        told = live.provenance
        assert (told.vintage, told.licence) == ("2024", "public domain (work of the U.S. government)")
        assert "2024" in told.dataset
        assert told.url == service.page
        assert str(records.root) not in str(told)
    again = bring(planned.asks, records, places.tools(service))
    assert (again.fetched, again.failures) == ((), {})
    assert again.specs == brought.specs


def test_the_question_is_that_of_the_service(server: Loopback, service: Service, small: Area, records: Records) -> None:
    one = ask(service, small)
    fetched(one, records, places.tools(service))
    request = server.requests[0]
    assert request.path == f"/geoserver/mrlc_{COVERAGES['tree_canopy']}/ows"
    asked = {key: value[0] for key, value in request.query.items()}
    box = [int(edge) for edge in asked.pop("BBOX").split(",")]
    assert box == one.question.asked["bbox"]
    assert all(edge % 30 == 15 for edge in box)
    assert asked == {
        "service": "WCS",
        "version": "1.0.0",
        "request": "GetCoverage",
        "coverage": COVERAGES["tree_canopy"],
        "CRS": "EPSG:5070",
        "FORMAT": "GeoTIFF",
        "RESX": "30",
        "RESY": "30",
        "TIME": "2024-01-01T00:00:00Z",
    }
    assert one.megabytes == pytest.approx((box[2] - box[0]) * (box[3] - box[1]) / 900e6)
    assert one.where == f"{server.url}{request.path}"


def test_the_bytes_are_the_servers_own(server: Loopback, service: Service, small: Area, records: Records) -> None:
    record = fetched(ask(service, small), records, places.tools(service))
    assert list(record.files) == ["tree_canopy.tif"]
    request = server.requests[0]
    own = Wcs({name: path for name, path in _paths(server).items()}).handle(request).body
    assert record.path("tree_canopy.tif").read_bytes() == own


def _paths(server: Loopback) -> dict[str, Path]:
    owner: Wcs = server._handler.__self__  # type: ignore[attr-defined]
    return {name: next(iter(positions.values())) for name, positions in owner.coverages.items()}


def test_a_large_window_comes_in_pieces(
    folder: Path, server: Loopback, service: Service, area: Area, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wcs, "MOST_SIDE", 200)
    seen: list[tuple[str, int, int | None]] = []
    tools = replace(places.tools(service), progress=lambda label, done, whole: seen.append((label, done, whole)))
    brought = bring(wcs.wcs_asks(service, ["land_cover"], area).asks, records, tools)
    spec, record = brought.specs["land_cover"], brought.records["land_cover"]
    assert spec.path.name == "land_cover.vrt"
    assert len(record.files) == len(server.requests) + 1 > 4
    assert seen[-1] == ("land_cover", len(server.requests), len(server.requests))
    live, direct = read_raster(spec, area), read_raster(LayerSpec("land_cover", folder / "land_cover.tif"), area)
    np.testing.assert_array_equal(live.values, direct.values)
    assert live.transform == direct.transform
    text = spec.path.read_text(encoding="utf-8")
    assert all(digest in text for name, digest in record.files.items() if name.endswith(".tif"))
    # The question says how the window is cut: it decides the bytes.
    monkeypatch.setattr(wcs, "MOST_SIDE", 4000)
    assert records.find(ask(service, area, "land_cover").question) is None


@settings(max_examples=12, deadline=None)
@given(st.floats(0.1, 0.6), st.floats(0.1, 0.6), st.floats(0.02, 0.3), st.floats(0.02, 0.3))
def test_any_window_is_read_as_from_the_whole_file(left: float, lower: float, width: float, height: float) -> None:
    from justgeo import synthetic

    folder = synthetic.ensure(2020)
    base = places.area(folder).reference
    assert base is not None
    west, south, east, north = base.bounds
    x, y = west + left * (east - west), south + lower * (north - south)
    shape = shapely.box(x, y, x + width * (east - west), y + height * (north - south))
    where = Area(shape, None, shape, shape, 0.0)
    with Loopback(Wcs({COVERAGES["impervious"]: folder / "impervious.tif"}).handle) as server:
        service = places.service("mrlc", f"{server.url}/geoserver")
        import tempfile

        with tempfile.TemporaryDirectory() as scratch:
            one = ask(service, where, "impervious")
            record = fetched(one, Records(Path(scratch)), places.tools(service))
            live = read_raster(one.specs(record, {})["impervious"], where)
    direct = read_raster(LayerSpec("impervious", folder / "impervious.tif"), where)
    np.testing.assert_array_equal(live.values, direct.values)
    assert live.transform == direct.transform


def test_an_edited_row_or_boundary_makes_a_record_stale(service: Service, small: Area, records: Records) -> None:
    before = ask(service, small)
    fetched(before, records, places.tools(service))
    year = replace(service, options={**service.options, "year": 2023})
    moved = replace(small, window=shapely.affinity.translate(small.window, 0.01, 0))
    for later in (ask(year, small), ask(service, moved)):
        assert records.find(later.question) is None
        assert [record.label for record in records.stale(later.question)] == ["tree_canopy"]
    nudged = replace(small, window=shapely.affinity.translate(small.window, 1e-9, 0))
    assert records.find(ask(service, nudged).question) is not None, "the same pixels are the same question"


@pytest.mark.parametrize(
    ("lon", "lat", "place"),
    [(-157.86, 21.31, "Hawaii"), (-149.9, 61.2, "Alaska"), (-66.1, 18.4, "Puerto Rico"), (144.8, 13.5, "Guam")],
)
def test_beyond_the_contiguous_states_there_is_a_reason(service: Service, lon: float, lat: float, place: str) -> None:
    box = shapely.box(lon, lat, lon + 0.02, lat + 0.02)
    planned = wcs.wcs_asks(service, LAYERS, Area(box, None, box, box, 0.0))
    assert planned.asks == []
    assert set(planned.reasons) == set(LAYERS)
    assert place in planned.reasons["tree_canopy"]
    assert "contiguous United States" in planned.reasons["tree_canopy"]


def test_a_window_that_nobody_reads_is_not_asked_for(service: Service, small: Area) -> None:
    nation = replace(small, window=shapely.box(-124, 26, -68, 49))
    assert "pixels" in wcs.wcs_asks(service, ["tree_canopy"], nation).reasons["tree_canopy"]


def test_thin_cover_is_told(service: Service, small: Area, server: Loopback, records: Records) -> None:
    server.fail(Fault.body(changed(lambda v: np.where(np.arange(v.shape[1]) < v.shape[1] // 2, 254, v))), times=-1)
    record = fetched(ask(service, small), records, places.tools(service))
    assert len(record.told.notes) == 1
    share = int(record.told.notes[0].split(" %")[0])
    assert 30 < share < 70


# What goes wrong ---------------------------------------------------------------------------------


def changed(
    values: Callable[[np.ndarray], np.ndarray] = lambda v: v,
    crs: str | None = "EPSG:5070",
    move: Affine | None = None,
    **more: object,
) -> Callable[[bytes], bytes]:
    """The server's GeoTIFF with something else in it."""

    def change(body: bytes) -> bytes:
        with MemoryFile(body) as given, given.open() as source:
            profile, pixels = source.profile, source.read(1)
        new = np.asarray(values(pixels))
        transform = profile["transform"] @ move if move is not None else profile["transform"]
        told = {**profile, "crs": crs, "transform": transform, "height": new.shape[0], "width": new.shape[1], **more}
        with MemoryFile() as memory:
            with memory.open(**told) as target:
                target.write(new.astype(str(told["dtype"])), 1)
            return bytes(memory.read())

    return change


def report(text: str, marks: str = "") -> Fault:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><ServiceExceptionReport version="1.2.0" >   '
        f"<ServiceException{marks}>\n      {text}\n</ServiceException></ServiceExceptionReport>"
    )
    return Fault.instead("report", Response(200, body.encode(), "application/vnd.ogc.se_xml"))


WRONG = {
    "another CRS": (Fault.body(changed(crs="EPSG:32617")), "damaged", "WGS 84 / UTM zone 17N"),
    "no CRS": (Fault.body(changed(crs=None)), "damaged", "CRS is not told"),
    "shifted by half a pixel": (
        Fault.body(changed(move=Affine.translation(0.5, 0))),
        "damaged",
        "shifted or resampled",
    ),
    "shifted by a metre": (Fault.body(changed(move=Affine.translation(1 / 30, 0))), "damaged", "shifted or resampled"),
    "another pixel": (Fault.body(changed(move=Affine.scale(1.001))), "damaged", "shifted or resampled"),
    "a row too few": (Fault.body(changed(lambda v: v[:-1])), "damaged", "shifted or resampled"),
    "of floats": (Fault.body(changed(dtype="float32")), "damaged", "float32"),
    "values out of range": (Fault.body(changed(lambda v: np.where(v == v.max(), 137, v + 0))), "damaged", "137"),
    "all nodata": (Fault.body(changed(lambda v: np.full_like(v, 255))), "missing", "no valid pixel in the district"),
    "cut, its length as announced": (Fault.cut(0.6), "damaged", "no whole GeoTIFF"),
    "truncated": (Fault.truncated(), "partial", "broke off"),
    "reset in the body": (Fault.reset_in_body(), "partial", "broke off"),
    "a page with 200": (Fault.html(), "damaged", "a web page came"),
    "a page under TIFF's name": (Fault.html("image/tiff"), "damaged", "a web page came"),
    "a redirect to a page": (Fault.redirect_to_page(), "damaged", "a web page came"),
    "a redirect loop": (Fault.redirect_loop(), "damaged", "from one address to the next"),
    "empty": (Fault.empty(), "partial", "empty"),
    "nothing": (Fault.status(204), "missing", "204"),
    "403": (Fault.status(403), "missing", "403"),
    "404": (Fault.status(404), "missing", "404"),
    "429": (Fault.too_many(), "busy", "429"),
    "500": (Fault.status(500), "busy", "500"),
    "503": (Fault.status(503), "busy", "503"),
    "report: unknown layer": (
        report("Could not find the specified coverage: X", ' code="InvalidParameterValue" locator="coverage"'),
        "missing",
        "Could not find the specified coverage: X",
    ),
    "report: not defined": (report("msWCSGetCoverage()", ' code="CoverageNotDefined"'), "missing", "any more"),
    "report: no such year": (
        report("java.io.IOException: No raster data found in the request &lt;2031&gt;"),
        "missing",
        "No raster data found in the request <2031>",
    ),
    "report: out of memory": (report("java.lang.OutOfMemoryError: Java heap space"), "damaged", "Java heap space"),
    "report without its element": (
        Fault.instead(
            "bare", Response(200, b"<?xml version='1.0'?><ServiceExceptionReport>Down</ServiceExceptionReport>")
        ),
        "damaged",
        "Down",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_the_window_is_refused(
    name: str, server: Loopback, service: Service, small: Area, records: Records
) -> None:
    fault, kind, words = WRONG[name]
    server.fail(fault, times=-1)
    one = ask(service, small)
    found = failure(one, records, service)
    assert (found.kind, words in found.message) == (kind, True), found.message
    assert found.remedy
    server.calm()
    fetched(one, records, places.tools(service))
    assert records.find(one.question) is not None, "the next fetch completes"


@pytest.mark.parametrize(
    "fault", [Fault.status(500), Fault.reset(), Fault.truncated(), Fault.cut(0.6), Fault.html(), Fault.too_many(0)]
)
def test_what_passes_is_tried_again(
    fault: Fault, server: Loopback, service: Service, small: Area, records: Records
) -> None:
    server.fail(fault)
    fetched(ask(service, small), records, places.tools(service))
    assert len(server.requests) == 2


def test_a_layer_of_another_name_says_so(service: Service, small: Area, records: Records) -> None:
    """MRLC renamed its layers in 2024: the workspace, which has the layer's name, is gone with it."""
    renamed = places.service("mrlc", *service.urls, layers={"tree_canopy": "nlcd_tcc_conus"})
    found = failure(ask(renamed, small), records, renamed)
    assert found.kind == "missing"
    assert service.page in found.remedy
    # A workspace that stayed and a layer in it that did not.
    other = places.service(
        "mrlc", *service.urls, path=f"mrlc_{COVERAGES['tree_canopy']}/ows", layers={"tree_canopy": "gone"}
    )
    found = failure(ask(other, small), records, other)
    assert (found.kind, "the layer was renamed" in found.remedy) == ("missing", True)
    assert "there is no coverage gone" in found.message
    assert service.page in found.remedy


def test_a_year_that_is_not_there(service: Service, small: Area, records: Records) -> None:
    later = places.service("mrlc", *service.urls, year=2031)
    found = failure(ask(later, small), records, later)
    assert (found.kind, "2031" in found.message) == ("missing", True)


def test_codes_of_a_new_release_are_named_in_the_catalogue(
    server: Loopback, service: Service, small: Area, records: Records
) -> None:
    server.fail(Fault.body(changed(lambda v: np.where(v == v.max(), 127, v))), times=-1)
    assert "127" in failure(ask(service, small), records, service).message
    told = places.service("mrlc", *service.urls, codes={"tree_canopy": [127, 254, 255]})
    record = fetched(ask(told, small), records, places.tools(told))
    live = read_raster(ask(told, small).specs(record, {})["tree_canopy"], small)
    assert not (live.values == 127).any()


@pytest.mark.parametrize("fault", [Fault.slow_drip(), Fault.silence(), Fault.slow_headers()])
def test_it_ends_in_time(fault: Fault, server: Loopback, service: Service, small: Area, records: Records) -> None:
    server.fail(fault, times=-1)
    with timed.waits(0.6):
        found = failure(ask(service, small), records, service, read_s=0.3, connect_s=0.3, total_s=0.6)
    assert found.kind == "timeout"


def test_nobody_is_there_and_the_mirror_is(server: Loopback, service: Service, small: Area, records: Records) -> None:
    dead = replace(service, urls=(f"{refused_url()}/geoserver",))
    assert failure(ask(dead, small), records, dead).kind == "refused"
    both = replace(service, urls=(*dead.urls, *service.urls))
    fetched(ask(both, small), records, places.tools(both))
    assert ask(both, small).question == ask(service, small).question, "a mirror is no other question"


def test_half_the_pieces_are_nothing(
    server: Loopback, service: Service, area: Area, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wcs, "MOST_SIDE", 200)
    one = ask(service, area)
    count = iter(range(100))
    server.fail(Fault.status(404), times=-1, when=lambda request: next(count) == 2)
    failure(one, records, service)


def test_a_full_disk(service: Service, small: Area, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    one = ask(service, small)
    opened = Path.open

    def full(self: Path, *args: object, **more: object) -> object:
        if self.name.endswith(".part"):
            raise OSError(28, "No space left on device")
        return opened(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", full)
    found = failure(one, records, service)
    assert (found.kind, "make room" in found.remedy) == ("disk", True)


def test_the_whole_grid_is_one_raster(service: Service, area: Area, records: Records) -> None:
    record = fetched(ask(service, area), records, places.tools(service))
    with rasterio.open(record.path("tree_canopy.tif")) as grid:
        assert (grid.bounds.left % 30, grid.bounds.top % 30) == (15, 15)
        assert [int(b) for b in grid.bounds] == record.asked["bbox"]
