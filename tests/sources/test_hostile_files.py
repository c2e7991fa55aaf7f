"""Small files that hold too much, say too little or lead elsewhere: each is refused before it does harm."""

from __future__ import annotations

import bz2
import gzip
import struct
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import Feed, Raster
from justgeo.core.spec import LayerSpec
from justgeo.sources import _osm_packing, _packed, rasters
from justgeo.sources._vector import open_vector
from justgeo.sources.gtfs import read_feed
from justgeo.sources.gtfs_cells import MOST_SECONDS
from justgeo.sources.osm import read_extract
from tests.fuzz import osm as town
from tests.fuzz._damage import AREA
from tests.fuzz._feed import RIGHT
from tests.fuzz._pbf import PBF_HEAD, blob, part

# -- archives ------------------------------------------------------------------------------------------------------


def test_an_archive_that_lists_too_many_files_is_refused_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(60):
            archive.writestr(f"{n}.txt", b"")
    assert len(_packed.members_of(path)) == 60
    monkeypatch.setattr(_packed, "MOST_DIRECTORY", 60 * 46)  # less than what sixty entries take
    with pytest.raises(zipfile.BadZipFile, match="more files"):
        _packed.members_of(path)


def test_a_member_that_is_longer_than_any_directory_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, body = tmp_path / "feed.zip", bytes(range(256)) * 4096
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("stops.txt", body)
    monkeypatch.setattr(_packed, "MOST_DIRECTORY", 1000)
    with _packed.opened(path) as found:
        assert found.read("stops.txt") == body
        with found.open("stops.txt") as member:
            assert member.read() == body


def test_a_member_of_bzip2_is_refused_though_its_directory_says_that_it_is_small(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    body, name = bz2.compress(b"\0" * (8 << 20)), b"stops.txt"
    told = (0, 12, 0, 0x21, 0, len(body), 1000, len(name))
    with path.open("wb") as file:
        file.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 46, *told, 0) + name + body)
        at = file.tell()
        entry = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 46, 46, *told, 0, 0, 0, 0, 0, 0) + name
        file.write(entry + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(entry), at, 0))
    with pytest.raises(LayerError, match="unusual way"):
        read_feed(LayerSpec("gtfs", path), AREA)


# -- timetables ----------------------------------------------------------------------------------------------------


def feed(folder: Path, **changed: str) -> Feed:
    for name, text in {**RIGHT, **{f"{name}.txt": text for name, text in changed.items()}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_feed(LayerSpec("gtfs", folder), AREA)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("stop_times", "stop_sequence,pickup_type", "stop_sequence,stop_sequence", "more than once"),
        ("stops", "stop_lat,stop_lon", "stop_lat, stop_lat ", "more than once"),
        ("stops", "A,\"First", ",\"First", "without stop_id"),
        ("calendar", "wk,1,1,1", "wk,1,1,yes", "'yes' in wednesday"),
        ("calendar", "sun,0", "wk,0", "'wk' twice"),
        ("routes", "bus,3", "bus,3.7", "'3.7' in route_type"),
        ("stop_times", "7:20:00,7:20:00", "999:00:00,999:00:00", "'999:00:00'"),
        ("frequencies", "t3,06:00:00,09:00:00,1800", "t3,00:00:00,335:00:00,1", "more than any agency"),
    ],
)  # fmt: skip
def test_what_a_timetable_cannot_mean_is_refused(name: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in RIGHT[f"{name}.txt"]
    with pytest.raises(LayerError, match=said):
        feed(tmp_path, **{name: RIGHT[f"{name}.txt"].replace(old, new)})


def test_times_of_the_longest_journeys_are_read(tmp_path: Path) -> None:
    hours = MOST_SECONDS // 3600
    times = RIGHT["stop_times.txt"].replace("25:10:00,25:10:00", f"{hours - 1}:00:00,{hours - 1}:00:00")
    found = feed(tmp_path, stop_times=times.replace("25:2", f"{hours - 1}:2").replace("25:3", f"{hours - 1}:3"))
    assert found.departures["seconds"].max() == MOST_SECONDS - 3600


def test_a_file_in_capitals_is_read_and_two_of_one_name_are_refused(tmp_path: Path) -> None:
    right = feed(tmp_path)
    (tmp_path / "frequencies.txt").rename(tmp_path / "Frequencies.TXT")
    again = read_feed(LayerSpec("gtfs", tmp_path), AREA)
    assert again.departures.equals(right.departures)
    (tmp_path / "FREQUENCIES.txt").write_text(RIGHT["frequencies.txt"], encoding="utf-8")
    with pytest.raises(LayerError, match="2 times"):
        read_feed(LayerSpec("gtfs", tmp_path), AREA)


def test_services_that_never_run_are_told(tmp_path: Path) -> None:
    calendar = RIGHT["calendar.txt"].replace(
        "sun,0,0,0,0,0,0,1,20241001,20241201", "sun,0,0,0,0,0,0,1,20241201,20241001"
    )
    trips = RIGHT["trips.txt"] + "bus,nobody,t5,0,x\n"
    found = feed(
        tmp_path, calendar=calendar, trips=trips, stop_times=RIGHT["stop_times.txt"] + "t9,7:00:00,7:00:00,A,1,\n"
    )
    said = " ".join(found.provenance.notes)
    assert "1 services end before they begin" in said and "1 services of trips stand in neither" in said
    assert "1 rows of stop_times.txt are of trips that trips.txt lacks" in said


# -- extracts ------------------------------------------------------------------------------------------------------


def extract(folder: Path, text: bytes, name: str = "town.osm") -> object:
    path = folder / name
    path.write_bytes(text)
    return read_extract(LayerSpec("osm", path), AREA, ["parks", "amenities", "walk"])


def test_an_object_that_comes_twice_is_refused(tmp_path: Path) -> None:
    pharmacy = next(one for one in town.RIGHT if "pharmacy" in one)
    twice = town.Extract((*town.RIGHT[:20], pharmacy, *town.RIGHT[20:]))
    with pytest.raises(LayerError, match="holds node 40 more than once"):
        extract(tmp_path, twice.text())


def test_a_deleted_object_is_refused(tmp_path: Path) -> None:
    gone = [
        one.replace(town.STAMP, f'{town.STAMP} visible="false"') if "pharmacy" in one else one for one in town.RIGHT
    ]
    with pytest.raises(LayerError, match="deleted"):
        extract(tmp_path, town.Extract(tuple(gone)).text())


@pytest.mark.parametrize("bad", ['id="x"', 'lon="nan"', 'id="1" lat="1" lon="1000000"'])
def test_what_libosmium_calls_by_other_errors_is_told(bad: str, tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="cannot be read"):
        extract(tmp_path, town.Extract((f"<node {bad}/>", *town.RIGHT)).text())


def test_extracts_that_swell_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_osm_packing, "HARMLESS", 1 << 20)
    blank = town.Extract(opening=town.OPENING + " " * (2 << 20)).text()
    extract(tmp_path, blank)  # as it lies, it is what it is
    for name, packed in (("a.osm.gz", gzip.compress(blank)), ("a.osm.bz2", bz2.compress(blank))):
        with pytest.raises(LayerError, match="would unpack to more"):
            extract(tmp_path, packed, name)
    one = blob("OSMData", part(1, b"") + part(5, b"\0" * (8 << 20)))
    with pytest.raises(LayerError, match="would unpack to more"):
        extract(tmp_path, blob("OSMHeader", PBF_HEAD) + one * 9, "a.osm.pbf")


@pytest.mark.parametrize("packing", ["none", "zlib"])
def test_a_text_with_a_zero_byte_is_refused_before_libosmium_falls_over_it(packing: str, tmp_path: Path) -> None:
    right = town._right_pbf("none")
    assert right.count(b"pharmacy") == 1
    extract(tmp_path, right, "a.osm.pbf")
    bad = right.replace(b"pharmacy", b"pharm\x00cy")
    if packing == "zlib":  # as an attacker would: its sum is right
        table = part(1, part(1, b"") + part(1, b"amenity") + part(1, b"pharm\x00cy"))
        bad = blob("OSMHeader", PBF_HEAD) + blob("OSMData", table)
    with pytest.raises(LayerError, match="zero byte"):
        extract(tmp_path, bad, "a.osm.pbf")


# -- rasters -------------------------------------------------------------------------------------------------------


def raster(
    path: Path, crs: str = "EPSG:4326", dtype: str = "uint8", nodata: float | None = None, mask: bool = False
) -> Path:
    values = (np.arange(48 * 64).reshape(48, 64) % 100).astype(dtype)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(
        path, "w", driver="GTiff", width=64, height=48, count=1, dtype=dtype, crs=crs, nodata=nodata,
        transform=Affine(0.005, 0, -78.61, 0, -0.005, 38.21),
    ) as target:  # fmt: skip
        target.write(values, 1)
        if mask:
            target.write_mask(np.full((48, 64), 255, dtype=np.uint8))
    return path


def canopy(path: Path) -> Raster:
    return rasters.read_raster(LayerSpec("tree_canopy", path), AREA)


def test_no_data_stays_no_data_though_a_mask_says_otherwise(tmp_path: Path) -> None:
    found = canopy(raster(tmp_path / "a.tif", nodata=17, mask=True)).values
    assert np.isnan(found).any() and not (found == 17).any() and (found == 18).any()


def test_a_raster_that_is_a_text_of_other_rasters_is_refused(tmp_path: Path) -> None:
    raster(tmp_path / "whole.tif")
    mosaic = (
        '<VRTDataset rasterXSize="64" rasterYSize="48"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">whole.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'
    )
    (tmp_path / "a.tif").write_text(mosaic, encoding="utf-8")
    with pytest.raises(LayerError, match="neither a GeoTIFF nor"):
        canopy(tmp_path / "a.tif")
    with pytest.raises(LayerError, match="no whole raster"):
        rasters.read_through(tmp_path / "a.tif")


def test_complex_numbers_and_other_worlds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="complex numbers"):
        canopy(raster(tmp_path / "a.tif", dtype="complex64"))
    moon = 'GEOGCS["Moon",DATUM["Moon",SPHEROID["Moon",1737400,0]],PRIMEM["Reference",0],UNIT["degree",0.0174532925]]'
    with pytest.raises(CrsError, match="not understood"):
        canopy(raster(tmp_path / "b.tif", crs=moon))


def test_a_block_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    side = 20_000
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="uint8", crs="EPSG:4326", tiled=True,
        blockxsize=side, blockysize=side, compress="deflate", SPARSE_OK="TRUE",
        transform=Affine(0.4 / side, 0, -78.65, 0, -0.4 / side, 38.25),
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 10_000
    with pytest.raises(LayerError, match="a block of it has 400,000,000 bytes"):
        canopy(path)


# -- vector files --------------------------------------------------------------------------------------------------


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["wfs", "pipeline", "linked crs", "vrt"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_that_says_where_features_are_is_not_followed(
    kind: str, zipped: bool, asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    from tests.fuzz.vectors import ADDRESS, ELSEWHERE

    address, seen = asked
    path = tmp_path / ("parks.zip" if zipped else "parks.geojson")
    text = ELSEWHERE[kind].replace(ADDRESS, address)
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("parks.geojson", text)
    else:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(LayerError, match=r"says (where they are|that its coordinate)"):
        open_vector(path, {}, "parks")
    assert seen == []


def test_a_schema_at_an_address_is_not_asked_for_and_nothing_is_left_beside_the_file(
    asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, seen = asked
    path = tmp_path / "parks.gml"
    schema = f"http://x {address}/wfs?SERVICE=WFS&amp;REQUEST=DescribeFeatureType&amp;TYPENAME=x:a"
    path.write_text(
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" '
        f'xmlns:x="http://x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{schema}">'
        '<gml:featureMember><x:a fid="1"><x:g><gml:Point srsName="EPSG:4326"><gml:coordinates>-78.45,38.05'
        "</gml:coordinates></gml:Point></x:g></x:a></gml:featureMember></wfs:FeatureCollection>",
        encoding="utf-8",
    )
    frame, _ = open_vector(path, {}, "stops")
    assert list(frame.geometry) == [shapely.Point(-78.45, 38.05)]
    assert seen == [] and [one.name for one in tmp_path.iterdir()] == ["parks.gml"]


def test_shapes_of_another_world_are_refused(tmp_path: Path) -> None:
    from justgeo.sources._geo import to_wgs84

    moon = 'GEOGCS["Moon",DATUM["Moon",SPHEROID["Moon",1737400,0]],PRIMEM["Reference",0],UNIT["degree",0.0174532925]]'
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(1, 2)], crs=moon)
    with pytest.raises(CrsError, match="no place on Earth"):
        to_wgs84(frame, "parks")


# -- geometries in one another: GEOS follows them until its stack ends, and takes the process with it --------------

DEEP = 100_000


def deep_bytes(kind: int, order: str = "<") -> bytes:
    """A collection in a collection in a collection ..., or a multipolygon that holds what it cannot."""
    first = b"\x01" if order == "<" else b"\x00"
    return (first + struct.pack(f"{order}II", kind, 1)) * DEEP + first + struct.pack(f"{order}Idd", 1, 1.0, 2.0)


def test_well_known_text_that_nests_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parks.csv"
    text = "GeometryCollection(" * DEEP + "POINT(1 2)" + ")" * DEEP
    path.write_text(f'a,wkt\n1,"{text}"\n', encoding="utf-8")
    with pytest.raises(LayerError, match="deep in one another"):
        open_vector(path, {"crs": "EPSG:4326"}, "parks")
    path.write_text('a,wkt\n1,"GEOMETRYCOLLECTION(MULTIPOINT(1 2), POINT(3 4))"\n', encoding="utf-8")
    assert open_vector(path, {"crs": "EPSG:4326"}, "parks")[0].geometry.iloc[0].geom_type == "GeometryCollection"


@pytest.mark.parametrize(("kind", "order"), [(7, "<"), (7, ">"), (6, "<"), (1007, "<"), (0x80000007, "<")])
@pytest.mark.parametrize("known", [True, False])
def test_well_known_binary_that_nests_is_refused(kind: int, order: str, known: bool, tmp_path: Path) -> None:
    """In a table of any kind, and in one that says that it is a GeoParquet."""
    path = tmp_path / "parks.parquet"
    right = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    right.to_parquet(path)
    told = pq.read_table(path)
    body = pa.array([deep_bytes(kind, order)], type=pa.binary())
    deep = told.set_column(told.schema.get_field_index("geometry"), "geometry", body)
    pq.write_table(deep.replace_schema_metadata(told.schema.metadata if known else None), path)
    with pytest.raises(LayerError, match="deep in one another"):
        open_vector(path, {"crs": "EPSG:4326"}, "parks")


def test_large_shapes_of_usual_depth_are_read(tmp_path: Path) -> None:
    path = tmp_path / "parks.parquet"
    discs = shapely.buffer(shapely.points(np.arange(90.0), 0.0), 0.4)
    whole = shapely.union_all(shapely.difference(discs, shapely.buffer(shapely.points(np.arange(90.0), 0.0), 0.1)))
    mixed = shapely.GeometryCollection(
        [whole, shapely.force_3d(whole), shapely.LineString([(n, 0) for n in range(2000)])]
    )
    assert whole.geom_type == "MultiPolygon" and len(whole.wkb) > 10_000
    gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[whole, mixed], crs="EPSG:4326").to_parquet(path)
    found = open_vector(path, {}, "parks")[0].geometry
    assert [shape.wkb for shape in found] == [whole.wkb, mixed.wkb]
