"""Static files, and the invented county as the Bureau would serve it."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from tests.loopback import nowhere
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback, Request, Response, router

KEY = "the-valid-key-of-a-test"
ZIP = "/geo/a.zip"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Loopback]:
    (tmp_path / "b.tif").write_bytes(b"II*\x00" + bytes(96))
    root: dict[str, bytes | Path] = {ZIP: b"PK" + bytes(98), "/b.tif": tmp_path / "b.tif", "c.csv": b"a,b\n"}
    root |= {"/d.csv.gz": b"\x1f\x8b", "/e.osm.pbf": b"pbf", "/f": b"?", "/gone.tif": tmp_path / "gone.tif"}
    with Loopback(FileTree(root, types={"/f": "text/x-own"}).handle) as running:
        yield running


def get(server: Loopback, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{server.url}{path}", headers=told, method=method)
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (ZIP, "application/zip"),
        ("/b.tif", "image/tiff"),
        ("/c.csv", "text/csv"),
        ("/d.csv.gz", "application/gzip"),
        ("/e.osm.pbf", "application/octet-stream"),
        ("/f", "text/x-own"),
    ],
)
def test_files_have_their_types(server: Loopback, path: str, kind: str) -> None:
    status, headers, body = get(server, path)
    assert (status, headers["Content-Type"], headers["Accept-Ranges"]) == (200, kind, "bytes")
    assert headers["Content-Length"] == str(len(body)) != "0"
    assert get(server, path, "HEAD")[1]["Content-Length"] == str(len(body))
    assert get(server, path, "HEAD")[2] == b""


def test_parts_of_files(server: Loopback) -> None:
    status, headers, body = get(server, "/b.tif", Range="bytes=0-3")
    assert (status, headers["Content-Range"], body) == (206, "bytes 0-3/100", b"II*\x00")
    assert get(server, "/b.tif", Range="bytes=100-")[0] == 416


def test_a_file_that_is_known_is_not_sent_again(server: Loopback) -> None:
    for path in (ZIP, "/b.tif"):
        _, headers, _ = get(server, path)
        assert get(server, path, If_None_Match=f'"other", {headers["ETag"]}')[0] == 304
        assert get(server, path, If_None_Match='"other"')[0] == 200
        assert get(server, path, If_Modified_Since=headers["Last-Modified"])[0] == 304
        assert get(server, path, If_Modified_Since="Thu, 01 Jan 1998 00:00:00 GMT")[0] == 200
        assert get(server, path, If_Modified_Since="yesterday")[0] == 200


def test_what_is_not_there_is_a_page_with_404(server: Loopback) -> None:
    status, headers, body = get(server, "/geo/b.zip")
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"/geo/b.zip was not found" in body
    assert get(server, ZIP, "POST")[0] == 405


def test_another_word_for_what_is_not_there() -> None:
    tree = FileTree({}, missing=lambda request: Response(403, b"<Error><Code>AccessDenied</Code></Error>"))
    assert tree.handle(Request("GET", "/a")).status == 403


def test_gdal_reads_a_grid_by_its_parts(folder: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    with Loopback(FileTree({"/tree_canopy.tif": folder / "tree_canopy.tif"}).handle) as running:
        options = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_TIMEOUT": "5", "NO_PROXY": "127.0.0.1"}
        with rasterio.Env(**options), rasterio.open(f"/vsicurl/{running.url}/tree_canopy.tif") as remote:
            found = remote.read(1)
    with rasterio.open(folder / "tree_canopy.tif") as local:
        assert np.array_equal(found, local.read(1))
    assert any("Range" in request.headers for request in running.requests)


# --- the invented county


@pytest.fixture(scope="module")
def county(folder: Path) -> Iterator[Loopback]:
    api = nowhere.census_api(folder, KEY, tables=["B25003", "B19013"], tract_only={"B19013"})
    with Loopback(router({"/data": api.handle, "/geo": FileTree(nowhere.tiger_tree(folder)).handle})) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "column", "widths"),
    [
        ("TIGER2024/TRACT/tl_2024_99_tract.zip", "GEOID", 11),
        ("TIGER2024/BG/tl_2024_99_bg.zip", "GEOID", 12),
        ("TIGER2024/TABBLOCK20/tl_2024_99_tabblock20.zip", "GEOID20", 15),
        ("TIGER2024/COUNTY/tl_2024_us_county.zip", "GEOID", 5),
        ("TIGER2014/TRACT/tl_2014_99_tract.zip", "GEOID", 11),
        ("TIGER2014/BG/tl_2014_99_bg.zip", "GEOID", 12),
        ("TIGER2010BLKPOPHU/tabblock2010_99_pophu.zip", "BLOCKID10", 15),
    ],
)
def test_geometry_lies_where_the_bureau_has_it(county: Loopback, path: str, column: str, widths: int) -> None:
    status, headers, body = get(county, f"/geo/tiger/{path}")
    assert (status, headers["Content-Type"]) == (200, "application/zip")
    frame = pyogrio.read_dataframe(io.BytesIO(body))
    assert set(frame[column].str.len()) == {widths}
    assert frame.crs == "EPSG:4269"
    assert not (frame.geometry.isna() | frame.geometry.is_empty).any()


def test_blocks_of_2010_keep_their_counts_and_cover_the_county(county: Loopback, folder: Path) -> None:
    old = pyogrio.read_dataframe(io.BytesIO(get(county, nowhere.BLOCKS_2010)[2]))
    told = pd.read_csv(folder / "tabblock2010_99_pophu.csv", dtype={"BLOCKID10": str})
    assert old[["BLOCKID10", "HOUSING10", "POP10"]].equals(told[["BLOCKID10", "HOUSING10", "POP10"]])
    blocks = pyogrio.read_dataframe(folder / "tl_2024_99_tabblock20.zip")
    both = [shapely.area(frame.geometry.array).sum() for frame in (old, blocks)]  # square degrees: compared, not told
    assert both[0] == pytest.approx(both[1], rel=1e-9)


def test_the_relationship_file_is_zipped_under_the_bureaus_name(county: Loopback, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(get(county, nowhere.RELATIONSHIP)[2])) as archive:
        assert archive.namelist() == ["tab2010_tab2020_st99_zz.txt"]
        assert archive.read(archive.namelist()[0]) == (folder / "TAB2010_TAB2020_ST99.txt").read_bytes()


@pytest.mark.parametrize("year", [2014, 2024])
def test_the_surveys_come_through_the_api_as_they_were_written(county: Loopback, folder: Path, year: int) -> None:
    query = f"get=GEO_ID,B25003_001E,B25003_003M&for=block%20group:*&in=state:99%20county:001&key={KEY}"
    found = json.loads(get(county, f"/data/{year}/acs/acs5?{query}")[2])
    told = pd.read_csv(folder / f"acs{year}" / f"acsdt5y{year}-b25003.dat", sep="|", dtype=str).set_index("GEO_ID")
    told = told[told.index.str.startswith("150")]
    assert len(found) == len(told) + 1 > 100
    for geo_id, estimate, margin, *parts in found[1:]:
        assert [estimate, margin] == told.loc[geo_id, ["B25003_E001", "B25003_M003"]].tolist()
        assert geo_id == f"1500000US{''.join(parts)}"


def test_the_redistricting_counts_come_through_the_api(county: Loopback, folder: Path) -> None:
    query = f"get=P1_001N,P2_001N,P2_006N,H1_001N&for=block:*&in=state:99&in=county:001&key={KEY}"
    found = json.loads(get(county, f"/data/2020/dec/pl?{query}")[2])
    told = pd.read_csv(folder / "pl94171_p2_blocks.csv")
    blocks = pyogrio.read_dataframe(folder / "tl_2024_99_tabblock20.zip", read_geometry=False)
    sums = pd.DataFrame(found[1:], columns=found[0])[["P1_001N", "P2_001N", "P2_006N", "H1_001N"]].astype(int).sum()
    expected = [told["P2_001N"].sum(), told["P2_001N"].sum(), told["P2_006N"].sum(), blocks["HOUSING20"].sum()]
    assert sums.tolist() == expected
    assert len(found) == len(told) + 1
