"""Outlines of districts in every odd form: files of features, well-known text, drawings of a notebook, corrections."""

from __future__ import annotations

import math
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from hypothesis import strategies as st
from shapely.geometry import box

from justgeo import batch_list, config, outlines
from justgeo.core import district as districts
from justgeo.core.spec import LayerSpec
from justgeo.sources import corrections
from justgeo.sources.files import read_boundary, read_zones
from tests.fuzz import target
from tests.fuzz._nearly import ODD_NUMBERS, as_json, broken, cut, damaged, nested, odd, plain, write

RING = [[-70.02, 38.80], [-70.00, 38.80], [-70.00, 38.81], [-70.02, 38.81], [-70.02, 38.80]]
WINDOW = box(-70.1, 38.7, -69.9, 38.9)


def _polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _collection(*geometries: Any, **more: Any) -> dict[str, Any]:
    rows = [
        {"type": "Feature", "properties": {"name": f"n{n}", "kind": "park"}, "geometry": one}
        for n, one in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", **more, "features": rows}


def _moved(dx: float, dy: float, scale: float = 1.0) -> list[list[float]]:
    return [[(x + 70) * scale + dx, (y - 38) * scale + dy] for x, y in RING]


SQUARE = _polygon(RING)
CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2263"}}
SHAPES: tuple[Any, ...] = (
    SQUARE,
    None,
    {},
    _polygon(),
    _polygon([]),
    _polygon(RING[:2]),
    _polygon(RING[:4]),
    _polygon(RING, RING),
    _polygon(RING, RING[::-1]),
    _polygon([RING[0], RING[2], RING[1], RING[3], RING[0]]),
    _polygon([RING[0]] * 5),
    _polygon([[-70.0, 38.8], [-70.01, 38.8], [-70.02, 38.8], [-70.0, 38.8]]),
    _polygon([[x, y, 7.0] for x, y in RING]),
    _polygon([[x, y, 0.0] for x, y in RING]),
    _polygon([[x, y, math.nan] for x, y in RING]),
    _polygon([[x, y, 1.0, 2.0] for x, y in RING]),
    _polygon([[x] for x, _ in RING]),
    _polygon([[y, x] for x, y in RING]),
    _polygon([[str(x), str(y)] for x, y in RING]),
    _polygon([[583_000.0 + x, 4_507_000.0 + y] for x, y in RING]),
    _polygon([[math.nan, y] for _, y in RING]),
    _polygon([[-math.inf, y] for _, y in RING]),
    _polygon([[1e308, -1e308], [1e308, 1e308], [-1e308, 1e308], [1e308, -1e308]]),
    _polygon([[1e-308, 1e-320], [1, 0], [1, 1], [1e-308, 1e-320]]),
    _polygon(_moved(180, 52)),
    _polygon([[179.9, 52], [-179.9, 52], [-179.9, 52.1], [179.9, 52.1], [179.9, 52]]),
    _polygon(_moved(0, 90)),
    _polygon([[-180, 89], [180, 89], [180, 90], [-180, 90], [-180, 89]]),
    _polygon([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]),
    _polygon(_moved(-70, 38, 1e-9)),
    {"type": "MultiPolygon", "coordinates": [[RING], [_moved(-69.9, 38.0)]]},
    {"type": "MultiPolygon", "coordinates": [[RING], [RING]]},
    {"type": "Point", "coordinates": RING[0]},
    {"type": "Point", "coordinates": []},
    {"type": "MultiPoint", "coordinates": RING},
    {"type": "LineString", "coordinates": RING},
    {"type": "LineString", "coordinates": RING[:1]},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "GeometryCollection", "geometries": [SQUARE, {"type": "GeometryCollection", "geometries": [SQUARE]}]},
    {"type": "CircularString", "coordinates": RING},
    {"type": "polygon", "coordinates": [RING]},
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": {"0": RING}},
)
RIGHT = _collection(SQUARE)


@st.composite
def _ring(draw: st.DrawFn) -> list[list[Any]]:
    """A ring about the right place whose points are a little, or wholly, wrong."""
    coordinate = st.one_of(
        st.sampled_from([-70.02, -70.01, -70.0, 38.8, 38.81, 38.805]), st.floats(-71, 39), st.sampled_from(ODD_NUMBERS)
    )
    points = draw(st.lists(st.lists(coordinate, min_size=2, max_size=draw(st.sampled_from([2, 2, 3]))), max_size=7))
    closed: bool = draw(st.booleans())
    return [*points, points[0]] if points and closed else points


_geometry = st.one_of(st.sampled_from(SHAPES), _ring().map(_polygon), broken(SQUARE), broken(SQUARE, plain))
_document = st.one_of(
    st.lists(_geometry, max_size=3).map(lambda shapes: _collection(*shapes)),
    _geometry,
    _geometry.map(lambda g: {"type": "Feature", "properties": None, "geometry": g}),
    broken(RIGHT),
    broken(_collection(SQUARE, crs=CRS)),
    _geometry.map(lambda g: _collection(g, crs=CRS)),
    plain,
)
_bombs = st.one_of(
    nested("[", "", "]"),
    nested('{"type":"Feature","geometry":', "null", "}"),
    nested('{"type":"GeometryCollection","geometries":[', "", "]}"),
    nested('{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":',
    "[]", "}}]}"),
    st.integers(1, 3).map(lambda n: as_json(RIGHT).replace("-70.02", "9" * (10 ** (n + 1)))),
    st.sampled_from([as_json(RIGHT).replace('"type"', '"type": "Point", "type"', n) for n in (1, 2, 3)]),
    st.sampled_from(["", "null", "\x00", "{", '{"type":"Topology","objects":{},"arcs":[]}', "\ufeff" + as_json(RIGHT)]),
)  # fmt: skip
geojson = st.one_of(
    _document.map(as_json), _document.map(as_json), cut(as_json(RIGHT)), damaged(as_json(RIGHT).encode()), _bombs
)


def checked(made: districts.District) -> None:
    """What is taken for a district can be measured."""
    shape = made.boundary
    west, south, east, north = shape.bounds
    assert shape.is_valid and not shape.is_empty and not shape.has_z
    assert shape.geom_type in ("Polygon", "MultiPolygon")
    assert -180 <= west < east <= 180 and -90 < south < north < 90
    km2 = districts.geodesic_area(shape) / 1e6
    assert districts.MIN_KM2 <= km2 <= districts.MAX_KM2
    assert math.isfinite(districts.to_metric(shape, districts.metric_crs(shape)).area)


def _district(path: Path, **more: Any) -> None:
    checked(districts.make("A", "a", read_boundary({"file": path.name, **more}, path.parent), path.name))


def read_geojson(given: str | bytes, folder: Path) -> None:
    """A boundary by its file, in the two ways in which one is read."""
    _district(write(folder / "a.geojson", given))


def read_drawing(given: Any, _folder: Path) -> None:
    """A boundary as a drawing tool hands it over, or its text."""
    checked(outlines.District.from_drawing(given, "A"))


OPTIONS = {"crs": "EPSG:4326", "geometry": "wkt", "column": "name", "values": ["n0", 1], "delimiter": ","}
_WKT = (
    "POLYGON ((-70.02 38.8, -70 38.8, -70 38.81, -70.02 38.81, -70.02 38.8))",
    "MULTIPOLYGON (((-70.02 38.8, -70 38.8, -70 38.81, -70.02 38.8)))",
    "POLYGON Z ((-70.02 38.8 0, -70 38.8 0, -70 38.81 0, -70.02 38.8 0))",
    "POLYGON M ((-70.02 38.8 0, -70 38.8 0, -70 38.81 0, -70.02 38.8 0))",
    "POLYGON ((nan nan, -70 38.8, -70 38.81, nan nan))", "POLYGON ((inf 38.8, -70 38.8, -70 38.81, inf 38.8))",
    "POLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY", "POINT (-70 38.8)",
    "CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))",
    "SRID=4326;POINT (1 1)", "GEOMETRYCOLLECTION (" * 2_000 + "POINT (1 1)" + ")" * 2_000, "POLYGON ((1 1))", "",
    "list(c(-70.02, -70, -70, -70.02, 38.8, 38.8, 38.81, 38.8))", "list(list(c(1,2,3)))", "c(1, 2)", "c(a, b)",
    "list(" * 3_000,
    "list()", "list(list())", "list(c(), c(1,2))", "c(", "c()", "list(c(1,2,1,2),list(c(1,2,1,2)))", "c(nan, 1e999)",
)  # fmt: skip
_cells = st.one_of(
    st.sampled_from(_WKT), st.sampled_from(_WKT).flatmap(cut), st.text("list(c),0123456789.- ", max_size=40)
)


def _csv(cells: list[str]) -> str:
    return "name,wkt\n" + "".join(f'n{n},"{cell}"\n' for n, cell in enumerate(cells))


def read_text(given: tuple[str | bytes, dict[str, Any]], folder: Path) -> None:
    """A table of well-known text, with what ``district.toml`` says of it."""
    text, told = given
    _district(write(folder / "a.csv", text), **told)


_SUFFIXES = ("gpkg", "shp", "zip", "parquet", "fgb", "kml", "gml", "geojsonl", "json", "csv.gz")


@cache
def files() -> dict[str, dict[str, bytes]]:
    """The right outline in each format, each with its companions."""
    import tempfile

    made: dict[str, dict[str, bytes]] = {}
    frame = gpd.GeoDataFrame({"name": ["n0"]}, geometry=[shapely.Polygon(RING)], crs="EPSG:4326")
    with tempfile.TemporaryDirectory() as scratch:
        for suffix in ("gpkg", "shp", "fgb", "parquet"):
            folder = Path(scratch) / suffix
            folder.mkdir()
            path = folder / f"a.{suffix}"
            if suffix == "parquet":
                frame.to_parquet(path)
            else:
                frame.to_file(path)
            made[suffix] = {one.name: one.read_bytes() for one in sorted(folder.iterdir())}
        shutil.make_archive(str(Path(scratch) / "a"), "zip", Path(scratch) / "shp")
        made["zip"] = {"a.zip": (Path(scratch) / "a.zip").read_bytes()}
    return made


@st.composite
def _broken_files(draw: st.DrawFn) -> tuple[str, dict[str, bytes]]:
    kind = draw(st.sampled_from(["gpkg", "shp", "zip", "parquet", "fgb"]))
    right = dict(files()[kind])
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(right)))
        deed = draw(st.sampled_from(["damage", "damage", "lose", "empty", "other"]))
        if deed == "lose" and len(right) > 1:
            del right[name]
        elif deed == "empty":
            right[name] = b""
        elif deed == "other":
            other = draw(st.sampled_from(sorted(files())))
            right[name] = next(iter(files()[other].values()))
        else:
            right[name] = draw(damaged(right[name]))
    return f"a.{draw(st.sampled_from([kind, kind, kind, kind, *_SUFFIXES]))}", right


def read_files(given: tuple[str, dict[str, bytes]], folder: Path) -> None:
    """A boundary in a format of bytes, damaged, or without its companions."""
    name, parts = given
    for part, data in parts.items():
        write(folder / (part if len(parts) > 1 else name), data)
    _district(folder / name)


ZONES = {"geoid": "GEOID", "geography_vintage": 2020, "crs": "EPSG:4326", "columns": {"name": "name"}, "covers": [-71,
38, -69, 39],
         "where": {"kind": "park"}, "prefix": "99", "pad": 11, "layer": "a", "dissolve": False, "kind": "park",
         "join": {"path": "b.csv", "geoid": "G", "columns": {"population": "P"}}}  # fmt: skip
_TRACT = _collection(SQUARE, _polygon(_moved(-69.9, 38.0)))
for _n, _row in enumerate(_TRACT["features"]):
    _row["properties"] = {"GEOID": f"9900100010{_n}", "POP": 10 * _n, "HOUSING20": 4, "name": "x", "kind": "park"}


@st.composite
def _layers(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    keys = draw(st.lists(st.sampled_from(sorted(ZONES)), max_size=4, unique=True))
    told = {key: ZONES[key] for key in keys}
    hurt: bool = draw(st.booleans())
    if told and hurt:
        made = draw(broken(told))
        told = made if isinstance(made, dict) else told
    rows = draw(st.one_of(broken(_TRACT), _geometry.map(lambda g: _collection(g, g)), st.just(_TRACT)))
    return draw(st.sampled_from(["tracts", "blocks", "parks", "stops", "areas", "counties"])), told, as_json(rows)


def read_layers(given: tuple[str, dict[str, Any], str], folder: Path) -> None:
    """A planner's own layer of features, with options of ``district.toml``."""
    name, told, text = given
    write(folder / "b.csv", "G,P\n99001000100,10\n99001000101,20\n")
    layer = read_zones(LayerSpec(name, write(folder / "a.geojson", text), told))
    frame = layer.features
    assert frame.geometry.is_valid.all() and not frame.geometry.is_empty.any() and not frame.geometry.has_z.any()
    assert abs(frame.total_bounds).max() <= 180
    for column in ("population", "housing_units", "land_m2"):
        if column in frame:
            assert all(math.isnan(v) or (math.isfinite(v) and v >= 0) for v in frame[column]), column


_SAID = _collection({"type": "Point", "coordinates": [-70.01, 38.8]}, SQUARE)
_SAID["features"][0]["properties"] = {
    "kind": "place_closed", "what": "library", "note": "shut", "role": "resident", "date": "2026-05-09",
    "publish": True,
    "name": "A", "publish_name": False,
}  # fmt: skip
_SAID["features"][1]["properties"] = {
    "kind": "park_missing", "what": "", "note": "", "role": "school", "date": "", "publish": "yes", "name": "",
    "publish_name": ""
}  # fmt: skip


def read_corrections(given: str | bytes, folder: Path) -> None:
    """What residents correct in the map."""
    for one in corrections.read(write(folder / "corrections.geojson", given), WINDOW):
        assert one.role and shapely.intersects(one.shape, WINDOW) and one.shape.is_valid


def read_batch(given: tuple[str | bytes, str | None], folder: Path) -> None:
    """The outlines of many districts in one file."""
    path, name = write(folder / "many.geojson", given[0]), given[1]
    made, refused = batch_list.outlines(path, config.RunConfig(path, folder, "A", "a"), name)
    for one in made:
        checked(one.district)
        assert one.district.slug and one.district.name
    assert all(one.message and len(one.remedy) > 10 for one in refused)


_drawn = st.one_of(_document, st.lists(_document, max_size=3), geojson.filter(lambda t: isinstance(t, str)), odd, plain)

TARGETS = (
    target.Target("boundary-geojson", geojson, read_geojson, times=50),
    target.Target("boundary-drawing", _drawn, read_drawing, seeds=tuple(_collection(g) for g in SHAPES), times=40),
    target.Target(
        "boundary-text",
        st.tuples(
            st.one_of(st.lists(_cells, min_size=1, max_size=2).map(_csv), cut(_csv([_WKT[0]])),
            damaged(_csv([_WKT[0]]).encode())),
            st.one_of(st.just({"crs": "EPSG:4326"}), st.just({"crs": "EPSG:4326"}), broken(OPTIONS)),
        ),
        read_text,
        seeds=tuple((_csv([cell]), {"crs": "EPSG:4326"}) for cell in _WKT),
    ),
    target.Target("boundary-files", _broken_files(), read_files, times=30),
    target.Target("zones", _layers(), read_layers, times=30),
    target.Target(
        "corrections", st.one_of(broken(_SAID).map(as_json), broken(_SAID).map(as_json), geojson), read_corrections,
        times=30
    ),
    target.Target(
        "batch-outlines", st.tuples(geojson, st.sampled_from([None, "name", "kind", "geometry", "", "x"])),
        read_batch, times=25
    ),
)  # fmt: skip
