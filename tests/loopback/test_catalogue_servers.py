"""Planetary Computer, files of tiles and the Mobility Database against plain clients and GDAL's own range reads."""

from __future__ import annotations

import csv
import io
import json
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request as Ask
from urllib.request import urlopen

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.warp import transform
from rasterio.windows import Window
from shapely.geometry import mapping, shape

from justgeo.synthetic import ensure
from tests.loopback.cogs import CLEAR, CLOUD, DILATED, FILL, SHADOW, quadkey, sampled
from tests.loopback.files import FileTree
from tests.loopback.mobility import COLUMNS, Feed, Mobility, mobility_tree
from tests.loopback.server import Loopback
from tests.loopback.stac import Stac, canopy_height, make_scene, worldcover

BOUNDS = (-70.02, 38.78, -69.98, 38.81)
SUMMER = ("2024-07-14T15:40:07Z", "2024-06-12T15:40:11Z", "2023-08-13T15:39:50Z", "2024-01-20T15:40:00Z")
GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_MAX_RETRY": "0", "VSI_CACHE": "FALSE"}


def get(url, data=None, headers=None):
    body = None if data is None else json.dumps(data).encode()
    with urlopen(Ask(url, body, {"Content-Type": "application/json", **(headers or {})})) as answer:
        return answer.status, answer.headers, answer.read()


def told(url, data=None):
    return json.loads(get(url, data)[2])


def code(url, data=None):
    with pytest.raises(HTTPError) as caught:
        get(url, data)
    with caught.value as error:
        return error.code, error.read().decode()


# ---- Planetary Computer


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    made = [
        make_scene(folder, BOUNDS, taken, cloud_cover=cloud, dn=lambda lon, lat: 44000 + (lat > 38.79) * 100)
        for taken, cloud in zip(SUMMER, (5.0, 40.0, 12.5, 0.0), strict=True)
    ]
    far = make_scene(folder, (-100.02, 38.78, -100.0, 38.8), SUMMER[0], path_row="030033", platform="landsat-9")
    return [*made, far]


@pytest.fixture
def pc(scenes):
    stac = Stac(scenes)
    with Loopback(stac.handle) as server:
        server.stac = stac
        yield server


def ids(answer):
    return [item["id"][17:25] for item in answer["features"]]


def search(server, **asked):
    return told(f"{server.url}/api/stac/v1/search", {"collections": ["landsat-c2-l2"], "bbox": list(BOUNDS), **asked})


def test_a_search_finds_by_place_time_and_cloud(pc):
    assert ids(search(pc)) == ["20240714", "20240612", "20240120", "20230813"]  # the newest first
    assert ids(search(pc, datetime="2023-06-01T00:00:00Z/2024-06-12T15:40:11Z")) == ["20240612", "20240120", "20230813"]
    assert ids(search(pc, datetime="2024-07-01T00:00:00Z/..")) == ["20240714"]
    assert ids(search(pc, datetime=SUMMER[2])) == ["20230813"]
    assert ids(search(pc, query={"eo:cloud_cover": {"lt": 12.5}})) == ["20240714", "20240120"]
    assert ids(search(pc, query={"platform": {"in": ["landsat-9"]}})) == []
    assert ids(search(pc, query={"landsat:nothing": {"eq": 1}})) == []
    assert ids(search(pc, sortby=[{"field": "properties.eo:cloud_cover", "direction": "asc"}]))[0] == "20240120"
    assert search(pc, bbox=[-70.5, 38.0, -70.1, 38.5])["features"] == []
    assert search(pc, collections=["sentinel-2-l2a"])["features"] == []


def test_a_search_by_shape_and_by_get_are_the_same(pc, scenes):
    place = mapping(shapely.Point(-70.0, 38.79))
    posted = told(f"{pc.url}/api/stac/v1/search", {"intersects": place, "query": {"eo:cloud_cover": {"lte": 30}}})
    query = {
        "collections": "landsat-c2-l2",
        "bbox": ",".join(map(str, BOUNDS)),
        "query": '{"eo:cloud_cover":{"lte":30}}',
    }
    got = told(f"{pc.url}/api/stac/v1/search?{urlencode(query)}")
    assert ids(posted) == ids(got) == ["20240714", "20240120", "20230813"]
    assert shape(got["features"][0]["geometry"]).contains(shapely.box(*BOUNDS))


def test_pages_are_followed_by_their_next_link(pc):
    page, seen = search(pc, limit=3), []
    assert len(page["features"]) == 3
    while True:
        seen += ids(page)
        following = [link for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        assert following[0]["method"] == "POST"
        page = told(following[0]["href"], following[0]["body"])
    assert seen == ["20240714", "20240612", "20240120", "20230813"] and len(pc.requests) == 2
    assert [link["rel"] for link in search(pc, limit=4)["links"]] == ["root"]  # a page that is full and the last


def test_pages_of_a_get_too(pc):
    url, seen = f"{pc.url}/api/stac/v1/search?collections=landsat-c2-l2&limit=2", []
    while url:
        page = told(url)
        seen += ids(page)
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert len(seen) == 5 and len(pc.requests) == 3


@pytest.mark.parametrize(
    "asked",
    [
        {"datetime": "2024-06-01/2024-08-31"},  # days alone are not RFC 3339
        {"limit": 5000},
        {"bbox": [-70.0, 38.0]},
        {"intersects": mapping(shapely.Point(0, 0))},  # beside the box
        {"token": "next:landsat-c2-l2:nothing"},
    ],
)
def test_a_search_that_is_not_in_order_gets_400(pc, asked):
    body = {"collections": ["landsat-c2-l2"], "bbox": list(BOUNDS), **asked}
    status, text = code(f"{pc.url}/api/stac/v1/search", body)
    assert status == 400 and json.loads(text)["code"] == "InvalidQueryParameter"


def test_items_and_the_collection_have_what_a_client_reads(pc):
    item = search(pc)["features"][0]
    assert item["id"] == "LC08_L2SP_013032_20240714_02_T1" and item["collection"] == "landsat-c2-l2"
    assert item["properties"]["datetime"] == SUMMER[0] and item["properties"]["proj:epsg"] == 32619
    assert set(item["assets"]) == {"lwir11", "qa_pixel"}
    assert item["assets"]["lwir11"]["raster:bands"][0]["scale"] == 0.00341802
    west, south, east, north = told(f"{pc.url}/api/stac/v1/collections/landsat-c2-l2")["extent"]["spatial"]["bbox"][0]
    assert west < -100 and east > -69.99 and south < 38.79 < north
    assert code(f"{pc.url}/api/stac/v1/collections/landsat-c9")[0] == 404
    assert told(f"{pc.url}/api/stac/v1")["type"] == "Catalog"


def test_files_open_by_the_token_alone_and_only_while_it_holds(pc):
    href = search(pc)["features"][0]["assets"]["lwir11"]["href"]
    status, text = code(href)
    assert status == 403 and "AuthenticationFailed" in text
    answer = told(f"{pc.url}/api/sas/v1/token/landsat-c2-l2")
    assert answer["token"].startswith("st=") and "&sig=" in answer["token"] and answer["msft:expiry"].endswith("Z")
    status, headers, body = get(f"{href}?{answer['token']}", headers={"Range": "bytes=0-3"})
    assert (status, body) == (206, b"II*\x00") and headers["Content-Range"].startswith("bytes 0-3/")
    assert code(f"{href}?{answer['token'].replace('invented', 'forged')}")[0] == 403
    pc.stac.expire()
    assert code(f"{href}?{answer['token']}")[0] == 403
    assert get(f"{href}?{told(f'{pc.url}/api/sas/v1/token/landsat-c2-l2')['token']}")[0] == 200


def test_gdal_reads_a_window_of_a_scene_by_ranges(pc, scenes):
    item = search(pc)["features"][0]
    token = told(f"{pc.url}/api/sas/v1/token/landsat-c2-l2")["token"]
    with rasterio.Env(**GDAL), rasterio.open(f"/vsicurl/{item['assets']['lwir11']['href']}?{token}") as band:
        assert (
            band.block_shapes == [(256, 256)]
            and band.dtypes == ("uint16",)
            and band.nodata == 0
            and band.crs.to_epsg() == 32619
        )
        assert (band.transform.c % 30, band.transform.f % 30) == (15, 15)
        (x, _), (y, _) = transform("EPSG:4326", band.crs, [-70.0, -70.0], [38.8, 38.8])
        row, column = band.index(x, y)
        value = int(band.read(1, window=Window(column, row, 1, 1))[0, 0])
    assert value * 0.00341802 + 149 - 273.15 == pytest.approx(26.24 + 0.342, abs=0.01)  # METHODS: DN 44000 is 26.24 °C
    assert any("Range" in request.headers for request in pc.requests)


def test_quality_bits_are_those_of_the_guide():
    """Bits 0 fill, 1 dilated, 2 cirrus, 3 cloud, 4 shadow, 5 snow, 6 clear."""
    flags = {value: {bit for bit in range(7) if value >> bit & 1} for value in (FILL, CLEAR, CLOUD, SHADOW, DILATED)}
    assert flags == {FILL: {0}, CLEAR: {6}, CLOUD: {3}, SHADOW: {4, 6}, DILATED: {1}}


def test_a_search_by_what_is_not_written_is_not_answered(scenes):
    server = Loopback(Stac(scenes).handle)
    with pytest.raises(NotImplementedError, match="filter"), server, pytest.raises(OSError):
        search(server, filter={"op": "=", "args": []})


# ---- tiles


def test_worldcover_tiles_have_their_names_their_size_and_values_where_wanted(tmp_path):
    bounds = (-69.01, 38.99, -68.99, 39.01)  # where four tiles meet
    tree = worldcover(tmp_path, bounds, lambda lon, lat: np.where(lon < -69, 10, 50))
    names = [path.rsplit("/", 1)[-1] for path in tree]
    tiles = ["N36W072", "N36W069", "N39W072", "N39W069"]
    assert sorted(names) == sorted(f"ESA_WorldCover_10m_2021_v200_{tile}_Map.tif" for tile in tiles)
    assert all(path.stat().st_size < 1_000_000 for path in tree.values())
    with Loopback(FileTree(tree).handle) as server, rasterio.Env(**GDAL):
        url = f"{server.url}/v200/2021/map/ESA_WorldCover_10m_2021_v200_N36W072_Map.tif"
        with rasterio.open(f"/vsicurl/{url}") as tile:
            assert (tile.width, tile.height, tile.crs.to_epsg(), tile.nodata) == (36000, 36000, 4326, 0)
            assert tuple(tile.bounds) == (-72, 36, -69, 39) and tile.block_shapes == [(512, 512)]
            window = tile.read(1, window=tile.window(-69.02, 38.98, -69, 39).round_offsets().round_lengths())
        assert window.shape == (240, 240) and set(np.unique(window)) == {0, 10}
        assert (window == 10).sum() == 120 * 120  # a hundredth of a degree each way
        assert any("Range" in request.headers for request in server.requests)


def test_canopy_tiles_are_named_by_quadkey(tmp_path):
    assert quadkey(3, 5, 3) == "213"  # the example of Bing's own description
    tree = canopy_height(tmp_path, BOUNDS, 7, pixels=8192)
    (name,) = [path.rsplit("/", 1)[-1] for path in tree]
    assert name.endswith(".tif") and len(name) == 9 + 4 and set(name[:9]) <= set("0123")
    with rasterio.open(next(iter(tree.values()))) as tile:
        (x,), (y,) = transform("EPSG:4326", "EPSG:3857", [-70.0], [38.795])
        west, south, east, north = tile.bounds
        assert west < x < east and south < y < north and east - west == pytest.approx(78_271.517, abs=0.001)
        assert next(tile.sample([(x, y)]))[0] == 7 and next(tile.sample([(x, south + 5)]))[0] == 255
        assert tile.crs.to_epsg() == 3857 and tile.nodata == 255


def test_a_canopy_tile_of_the_real_size_is_small(tmp_path):
    (path,) = canopy_height(tmp_path, (-70.001, 38.79, -70.0, 38.791), 12).values()
    with rasterio.open(path) as tile:
        assert tile.width == tile.height == 65_536 and tile.res[0] == pytest.approx(1.194, abs=0.001)
    assert path.stat().st_size < 1_000_000


def test_a_raster_is_sampled_where_it_lies():
    path = ensure(2020) / "land_cover.tif"
    at = sampled(path, 0)
    with rasterio.open(path) as source:
        (lon,), (lat,) = transform(source.crs, "EPSG:4326", [source.bounds.left + 8000], [source.bounds.top - 8000])
        expected = next(source.sample([(source.bounds.left + 8000, source.bounds.top - 8000)]))[0]
    assert at(np.array([lon]), np.array([lat])).tolist() == [expected] and expected != 255
    assert at(np.array([0.0]), np.array([0.0])).tolist() == [0]


# ---- the Mobility Database

FEEDS = (
    Feed("mdb-1", b"PK\x05\x06" + bytes(18), BOUNDS, subdivision="Nowhere", features="Shapes|Route Colors"),
    Feed("mdb-2", ensure(2020) / "gtfs.zip", BOUNDS, status="deprecated", redirect="mdb-1", official=None),
    Feed("mdb-3", None, None, data_type="gtfs_rt", entity_type="vp|tu", static_reference="mdb-1", authentication=1),
)


def rows(text):
    return list(csv.DictReader(io.StringIO(text.decode())))


def test_the_catalogue_has_its_columns_and_its_feeds():
    with Loopback(Mobility(FEEDS).handle) as server:
        _, headers, body = get(f"{server.url}/feeds_v2.csv")
        table = rows(body)
        assert headers["Content-Type"].startswith("text/csv") and tuple(table[0]) == COLUMNS and len(COLUMNS) == 27
        zips = [get(row["urls.latest"])[2] for row in table if row["urls.latest"]]
        assert get(table[1]["urls.direct_download"])[2] == zips[1]
        assert code(table[2]["urls.direct_download"])[0] == 404
    assert zips == [FEEDS[0].content, FEEDS[1].content.read_bytes()]
    box = [table[0][f"location.bounding_box.{edge}"] for edge in ("minimum_longitude", "minimum_latitude")]
    assert box == ["-70.02", "38.78"] and table[0]["location.bounding_box.maximum_latitude"] == "38.81"
    assert [row["status"] for row in table] == ["active", "deprecated", "active"]
    assert [row["is_official"] for row in table] == ["True", "", "True"]
    assert (table[1]["redirect.id"], table[2]["urls.authentication_type"], table[2]["urls.latest"]) == (
        "mdb-1",
        "1",
        "",
    )
    assert table[2]["location.bounding_box.minimum_latitude"] == table[2]["location.bounding_box.extracted_on"] == ""


def test_the_tree_by_itself_has_the_real_host():
    tree = mobility_tree(FEEDS)
    assert set(tree) == {"/feeds_v2.csv"} | {f"/mdb-{n}/latest.zip" for n in (1, 2)} | {
        f"/agencies/mdb-{n}.zip" for n in (1, 2)
    }
    assert rows(tree["/feeds_v2.csv"])[0]["urls.latest"] == "https://files.mobilitydatabase.org/mdb-1/latest.zip"
