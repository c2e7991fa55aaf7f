"""Windows of rasters by range requests: bit by bit those of the source, or an error in our own words."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.env import get_gdal_config
from rasterio.transform import Affine
from rasterio.windows import Window

from justgeo.core.errors import SourceError
from justgeo.sources.live import cogs
from justgeo.sources.live.cog_failures import BeyondError, NoPartsError
from justgeo.sources.live.http import Call
from tests import timed
from tests.live import places
from tests.live.pixels import CANARY, INSIDE, LEFT, PATH, SIZE, TOP, noise, write
from tests.loopback.faults import Fault
from tests.loopback.files import FileTree
from tests.loopback.server import CERTIFICATE, Loopback, Request, Response, refused_url


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("grids") / "grid.tif", noise())


@pytest.fixture
def server(source: Path) -> Iterator[Loopback]:
    with Loopback(FileTree({PATH: source}).handle) as running:
        yield running


def read(
    url: str, into: Path, bounds: Any = INSIDE, crs: str | None = "EPSG:5070", call: Call | None = None, **policy: Any
) -> cogs.Seen:
    service = places.service("worldcover", url)
    return cogs.read_window(service, call or Call(PATH), bounds, crs, into, places.tools(service, **policy))


# The window --------------------------------------------------------------------------------------


def test_a_window_is_the_sources_own_pixels(server: Loopback, source: Path, tmp_path: Path) -> None:
    seen = read(server.url, tmp_path / "w.tif")
    with rasterio.open(tmp_path / "w.tif") as found, rasterio.open(source) as whole:
        window = Window(300 - 3, 350 - 3, 100 + 6, 70 + 6)
        np.testing.assert_array_equal(found.read(1), whole.read(1, window=window))
        assert found.transform == whole.window_transform(window)
        assert (found.crs, found.nodata, found.dtypes) == (whole.crs, whole.nodata, whole.dtypes)
        assert found.profile["tiled"]
        assert found.profile["compress"] == "deflate"
    assert seen.url == f"{server.url}{PATH}"
    assert seen.retrieved.startswith("20")
    assert [p.name for p in tmp_path.iterdir()] == ["w.tif"], "nothing else is left"


def test_only_parts_are_asked_for_and_named(server: Loopback, source: Path, tmp_path: Path) -> None:
    read(server.url, tmp_path / "w.tif")
    assert all(r.method == "HEAD" or "Range" in r.headers for r in server.requests)
    assert all(r.headers["User-Agent"].startswith("justgeo/") for r in server.requests)
    sent = [r.headers["Range"].removeprefix("bytes=").split("-") for r in server.requests if r.method == "GET"]
    assert sum(int(b) - int(a) + 1 for a, b in sent) < source.stat().st_size / 2


def test_the_same_window_is_the_same_bytes(server: Loopback, tmp_path: Path) -> None:
    read(server.url, tmp_path / "a.tif")
    read(server.url, tmp_path / "b.tif")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize(
    ("values", "more"),
    [
        (noise().astype(np.float32) / 7, {"nodata": float("nan")}),
        (noise().astype(np.int16) - 90, {"nodata": -9999}),
        (np.stack([noise(2), noise(3)]), {"nodata": None}),
        (noise(4), {"tiled": False, "blockxsize": None, "blockysize": 1, "nodata": 0}),
    ],
    ids=["float", "int16", "two bands", "in strips"],
)
def test_any_type_is_kept(values: np.ndarray, more: dict[str, Any], tmp_path: Path) -> None:
    if values.dtype == np.float32:
        values[360:380, 310:330] = np.nan
    more = {k: v for k, v in more.items() if v is not None or k == "nodata"}
    whole = write(tmp_path / "whole.tif", values, **more)
    with rasterio.open(whole, "r+") as target:
        target.scales, target.offsets = (0.5,) * target.count, (3.0,) * target.count
    with Loopback(FileTree({PATH: whole}).handle) as server:
        read(server.url, tmp_path / "w.tif")
    with rasterio.open(tmp_path / "w.tif") as found, rasterio.open(whole) as true:
        np.testing.assert_array_equal(found.read(), true.read(window=Window(297, 347, 106, 76)))
        np.testing.assert_equal(found.nodata, true.nodata)
        assert (found.dtypes, found.scales, found.offsets) == (true.dtypes, true.scales, true.offsets)


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some rasters hide pixels by a mask and not by a value; its place stands at the end of the file."""
    path = tmp_path_factory.mktemp("masked") / "grid.tif"
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write(path, noise(), nodata=None)
        with rasterio.open(path, "r+") as target:
            mask = np.full((SIZE, SIZE), 255, dtype=np.uint8)
            mask[360:380] = 0
            target.write_mask(mask)
    return path


def hidden_rows(path: Path) -> list[int]:
    with rasterio.open(path) as found:
        return sorted({int(row) + 347 for row in np.nonzero(found.dataset_mask() == 0)[0]})


def test_a_mask_of_its_own_is_kept(masked: Path, tmp_path: Path) -> None:
    with Loopback(FileTree({PATH: masked}).handle) as server:
        read(server.url, tmp_path / "w.tif")
    assert hidden_rows(tmp_path / "w.tif") == list(range(360, 380))


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", ["404", "503", "reset", "reset in the body", "truncated", "a page", "rubbish"])
def test_a_mask_that_did_not_come_is_not_taken_for_none(name: str, times: int, masked: Path, tmp_path: Path) -> None:
    """GDAL goes on without the mask; what it says under its breath is heard, and the window read again."""
    with Loopback(FileTree({PATH: masked}).handle) as server:
        server.fail(ON_THE_WAY[name][0], times=times, when=in_the_middle)
        try:
            read(server.url, tmp_path / "w.tif", tries=3)
        except SourceError:
            assert not list(tmp_path.iterdir())
            return
    assert hidden_rows(tmp_path / "w.tif") == list(range(360, 380))


def test_the_loggers_are_as_before(server: Loopback, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = [name for name in logging.root.manager.loggerDict if name.startswith("rasterio")]
    before = {name: (logging.getLogger(name).level, list(logging.getLogger(name).filters)) for name in names}
    read(server.url, tmp_path / "w.tif")
    server.fail(Fault.status(500), times=-1)
    with pytest.raises(SourceError):
        read(server.url, tmp_path / "w.tif")
    after = {name: (logging.getLogger(name).level, list(logging.getLogger(name).filters)) for name in names}
    assert after == before
    assert not [r for r in caplog.records if r.name.startswith("rasterio")]


def test_a_window_ends_where_the_file_does(server: Loopback, source: Path, tmp_path: Path) -> None:
    read(server.url, tmp_path / "w.tif", (LEFT - 3000, TOP - 90, LEFT + 100, TOP + 3000))
    with rasterio.open(tmp_path / "w.tif") as found, rasterio.open(source) as whole:
        np.testing.assert_array_equal(found.read(1), whole.read(1)[:6, :7])
        assert found.transform == whole.transform


def test_a_window_beside_the_file(server: Loopback, tmp_path: Path) -> None:
    with pytest.raises(BeyondError, match="does not reach") as caught:
        read(server.url, tmp_path / "w.tif", (LEFT - 3000, TOP - 90, LEFT - 100, TOP))
    assert caught.value.kind == "missing"
    assert not list(tmp_path.iterdir())


def test_a_south_up_file(tmp_path: Path) -> None:
    up = Affine(30, 0, LEFT, 0, 30, TOP - 30 * SIZE)
    whole = write(tmp_path / "whole.tif", noise()[::-1].copy(), up)
    with Loopback(FileTree({PATH: whole}).handle) as server:
        read(server.url, tmp_path / "w.tif")
    with rasterio.open(tmp_path / "w.tif") as found:
        np.testing.assert_array_equal(found.read(1)[::-1], noise()[347:423, 297:403])


def test_too_many_pixels(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cogs.grids, "MOST_PIXELS", 1000)
    with pytest.raises(SourceError, match="106 x 76 pixels") as caught:
        read(server.url, tmp_path / "w.tif")
    assert caught.value.kind == "limit"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"crs": "EPSG:32617"}, "is to be in EPSG:5070, but its CRS is EPSG:32617"),
        ({"crs": None}, "does not say in which CRS"),
        ({"transform": Affine(30, 1, LEFT, 1, -30, TOP)}, "rotated"),
    ],
)
def test_another_grid_is_refused_at_once(more: dict[str, Any], words: str, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.tif", noise(size=200), **more)
    with Loopback(FileTree({PATH: whole}).handle) as server:
        with pytest.raises(SourceError, match=words) as caught:
            read(server.url, tmp_path / "w.tif", tries=4)
        assert len([r for r in server.requests if r.method == "HEAD"]) <= 2, "not tried again"
    assert caught.value.kind == "damaged"


# Nothing stays, nothing is told ------------------------------------------------------------------


def test_a_file_that_changed_is_read_anew(source: Path, tmp_path: Path) -> None:
    """GDAL keeps what it read of an address for the life of the process, unless it is told not to."""
    other = write(tmp_path / "other.tif", noise(9))
    tree = FileTree({PATH: source})
    with Loopback(tree.handle) as server:
        read(server.url, tmp_path / "a.tif")
        tree.root[PATH] = other
        read(server.url, tmp_path / "b.tif")
    with rasterio.open(tmp_path / "b.tif") as found:
        np.testing.assert_array_equal(found.read(1), noise(9)[347:423, 297:403])


def test_settings_are_those_of_the_reading_alone(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    own = cogs._Reading._read

    def spied(self: Any, opened: Any) -> Any:
        def beside() -> None:
            with rasterio.Env():
                seen["beside"] = get_gdal_config("GDAL_HTTP_TIMEOUT")

        seen["within"] = get_gdal_config("GDAL_HTTP_TIMEOUT")
        one = threading.Thread(target=beside)
        one.start()
        one.join()
        return own(self, opened)

    monkeypatch.setattr(cogs._Reading, "_read", spied)
    read(server.url, tmp_path / "w.tif")
    with rasterio.Env():
        seen["after"] = get_gdal_config("GDAL_HTTP_TIMEOUT")
    assert seen == {"within": 2, "beside": None, "after": None}


@pytest.mark.parametrize(
    "fault",
    [None, Fault.status(404), Fault.status(500), Fault.truncated(), Fault.reset(), Fault.html(), Fault.silence()],
)
def test_a_signature_is_told_nowhere(
    fault: Fault | None,
    server: Loopback,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    call = Call(PATH, [("sr", "c")], [("sig", CANARY)])
    if fault is not None:  # once it is open, so that GDAL meets it
        server.fail(
            fault, times=-1, when=lambda r: r.headers["User-Agent"].startswith("justgeo") and "Range" not in r.headers
        )
        server.fail(fault, times=-1, when=lambda r: not r.headers.get("Range", "bytes=0-").startswith("bytes=0-"))
    told = ""
    try:
        seen = read(server.url, tmp_path / "w.tif", call=call, read_s=1, total_s=1.2)
        told = str(seen)
        assert fault is None
    except SourceError as error:
        import traceback

        assert fault is not None
        told = "".join(traceback.format_exception(error)) + repr(error.__context__) + repr(error.__cause__)
    assert any(r.query.get("sig") == [CANARY] for r in server.requests), "it was sent"
    for text in (told, caplog.text, *capfd.readouterr()):
        assert CANARY not in text
    for path in tmp_path.rglob("*"):
        assert CANARY.encode() not in path.read_bytes()


def test_a_planners_own_debugging_shows_no_signature(source: Path, tmp_path: Path) -> None:
    """CPL_DEBUG and CPL_CURL_VERBOSE in the environment make GDAL write whole requests to the terminal."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from justgeo.core.service import Service\n"
        "from justgeo.sources.live import cogs\n"
        "from justgeo.sources.live.ask import Tools\n"
        "from justgeo.sources.live.http import Call, Client\n"
        "one = Service('x', 'X', 'x', (sys.argv[1],), 'page', '')\n"
        "call = Call('/data/grid.tif', secret=[('sig', sys.argv[2])])\n"
        "into, bounds = Path(sys.argv[3]), tuple(map(float, sys.argv[4:]))\n"
        "cogs.read_window(one, call, bounds, 'EPSG:5070', into, Tools(Client(), {}))\n"
    )
    with Loopback(FileTree({PATH: source}).handle) as server:
        command = [sys.executable, "-c", code, server.url, CANARY, str(tmp_path / "w.tif"), *map(str, INSIDE)]
        here = {
            **os.environ,
            "CPL_DEBUG": "ON",
            "CPL_CURL_VERBOSE": "YES",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        done = subprocess.run(command, env=here, check=False, capture_output=True, timeout=60)
        assert any(r.query.get("sig") == [CANARY] for r in server.requests)
    assert done.returncode == 0, done.stderr.decode()
    assert CANARY.encode() not in done.stderr + done.stdout


def test_certificates_are_those_of_the_client(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback(FileTree({PATH: source}).handle, tls=True) as server:
        with pytest.raises(SourceError) as caught:
            read(server.url, tmp_path / "w.tif")
        assert caught.value.kind == "tls"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
        read(server.url, tmp_path / "w.tif")
    assert (tmp_path / "w.tif").is_file()


# What goes wrong ---------------------------------------------------------------------------------

AT_ONCE = {
    "404": (Fault.status(404), "missing"),
    "403": (Fault.status(403), "missing"),
    "400": (Fault.status(400), "missing"),
    "204": (Fault.status(204), "missing"),
    "429": (Fault.too_many(), "busy"),
    "500": (Fault.status(500), "busy"),
    "504": (Fault.status(504), "busy"),
    "reset": (Fault.reset(), "partial"),
    "a page with 200": (Fault.html(), "damaged"),
    "a page under TIFF's name": (Fault.html("image/tiff"), "damaged"),
    "a redirect to a page": (Fault.redirect_to_page(), "damaged"),
    "a redirect loop": (Fault.redirect_loop(), "damaged"),
    "empty": (Fault.empty(), "partial"),
    "rubbish": (Fault.body(lambda body: bytes(len(body))), "damaged"),
    "truncated": (Fault.truncated(), "partial"),
    "the wrong type's name": (Fault.content_type(), ""),
}
ON_THE_WAY = {
    "404": (Fault.status(404), "missing"),
    "403": (Fault.status(403), "missing"),
    "503": (Fault.status(503), "busy"),
    "reset": (Fault.reset(), ""),
    "reset in the body": (Fault.reset_in_body(), ""),
    "truncated": (Fault.truncated(), "partial"),
    "a page": (Fault.html(), ""),
    "rubbish": (Fault.body(lambda body: bytes(len(body))), "partial"),
}


def in_the_middle(request: Request) -> bool:
    return request.method == "GET" and not request.headers.get("Range", "").startswith("bytes=0-")


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_is_met_at_once(name: str, server: Loopback, tmp_path: Path) -> None:
    fault, kind = AT_ONCE[name]
    server.fail(fault, times=-1)
    if not kind:
        read(server.url, tmp_path / "w.tif")
        return
    with pytest.raises(SourceError) as caught:
        read(server.url, tmp_path / "w.tif")
    assert caught.value.kind == kind, caught.value.message
    assert caught.value.service == "worldcover"
    assert not list(tmp_path.iterdir())
    server.calm()
    read(server.url, tmp_path / "w.tif")


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_what_is_met_on_the_way(name: str, server: Loopback, tmp_path: Path) -> None:
    fault, kind = ON_THE_WAY[name]
    server.fail(fault, times=-1, when=in_the_middle)
    with pytest.raises(SourceError) as caught:
        read(server.url, tmp_path / "w.tif")
    assert caught.value.kind == kind or (not kind and caught.value.kind in ("partial", "refused", "limit", "damaged"))
    assert "127.0.0.1" in caught.value.message
    assert "CURL" not in str(caught.value)
    assert "vsicurl" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "fault", [Fault.truncated(), Fault.status(503), Fault.reset_in_body(), Fault.body(lambda b: bytes(len(b)))]
)
def test_what_passes_on_the_way_is_tried_again(fault: Fault, server: Loopback, tmp_path: Path) -> None:
    server.fail(fault, times=1, when=in_the_middle)
    read(server.url, tmp_path / "w.tif", tries=3)
    with rasterio.open(tmp_path / "w.tif") as found:
        np.testing.assert_array_equal(found.read(1), noise()[347:423, 297:403])


@pytest.mark.parametrize("fault", [Fault.slow_drip(), Fault.silence(), Fault.slow_headers()], ids=lambda f: f.name)
@pytest.mark.parametrize("when", [None, in_the_middle], ids=["at once", "on the way"])
def test_it_ends_in_time(
    fault: Fault, when: Callable[[Request], bool] | None, server: Loopback, tmp_path: Path
) -> None:
    server.fail(fault, times=-1, when=when)
    with timed.waits(0.6), pytest.raises(SourceError) as caught:
        read(server.url, tmp_path / "w.tif", read_s=0.5, connect_s=0.5, total_s=0.6, tries=1)
    assert caught.value.kind in ("timeout", "partial")
    assert not list(tmp_path.iterdir())


def test_a_server_without_parts(source: Path, tmp_path: Path) -> None:
    def whole(request: Request) -> Response:
        return Response(200, source.read_bytes(), "image/tiff")

    with Loopback(whole) as server, pytest.raises(NoPartsError, match="whole files only") as caught:
        read(server.url, tmp_path / "w.tif")
    assert caught.value.kind == "limit"


def test_nobody_is_there_and_the_mirror_is(server: Loopback, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(refused_url(), tmp_path / "w.tif")
    assert caught.value.kind == "refused"
    both = places.service("worldcover", refused_url(), server.url)
    seen = cogs.read_window(both, Call(PATH), INSIDE, "EPSG:5070", tmp_path / "w.tif", places.tools(both))
    assert seen.url.startswith(server.url)


def test_a_mirror_that_breaks_off_gives_way_to_the_next(server: Loopback, source: Path, tmp_path: Path) -> None:
    with Loopback(FileTree({PATH: source}).handle) as bad:
        bad.fail(Fault.truncated(), times=-1, when=in_the_middle)
        both = places.service("worldcover", bad.url, server.url)
        seen = cogs.read_window(both, Call(PATH), INSIDE, "EPSG:5070", tmp_path / "w.tif", places.tools(both))
    assert seen.url.startswith(server.url)


def test_a_disk_that_fills_up_is_noticed(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GDAL may lose the last blocks of a file as it closes it, and say so to nobody."""
    opened = cogs.rasterio.open

    class Losing:
        def __init__(self, target: Any) -> None:
            self.target = target

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *how: object) -> None:
            self.target.close()

        def write(self, values: np.ndarray) -> None:
            self.target.write(np.where(np.arange(values.shape[2]) < 50, values, 0))

    def losing(path: Any, mode: str = "r", **more: Any) -> Any:
        return Losing(opened(path, mode, **more)) if mode == "w" else opened(path, mode, **more)

    monkeypatch.setattr(cogs.rasterio, "open", losing)
    with pytest.raises(SourceError, match="cannot be written whole") as caught:
        read(server.url, tmp_path / "w.tif")
    assert caught.value.kind == "disk"


def test_a_folder_that_is_gone(server: Loopback, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(server.url, tmp_path / "nowhere" / "w.tif")
    assert caught.value.kind == "disk"
