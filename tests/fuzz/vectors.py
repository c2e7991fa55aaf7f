"""Vector files of any format: three right parks, and then bytes, parts, geometries or the format itself are broken."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.sources.collect import collect
from tests.fuzz._damage import AREA, Hurt, honest, hurt, hurts
from tests.fuzz.osm import BOMB, OUTSIDE
from tests.fuzz.target import Target

FORMATS = {
    "GPKG": ".gpkg",
    "GeoJSON": ".geojson",
    "FlatGeobuf": ".fgb",
    "KML": ".kml",
    "GML": ".gml",
    "ESRI Shapefile": ".shp",
    "GeoJSONSeq": ".geojsonl",
    "MapInfo File": ".tab",
    "DXF": ".dxf",
    "parquet": ".parquet",
    "csv": ".csv",
    "SQLite": ".sqlite",
}
ADDRESS = "http://127.0.0.1:9"


def _frame() -> gpd.GeoDataFrame:
    boxes = [shapely.box(-78.48 + 0.02 * n, 38.02, -78.47 + 0.02 * n, 38.03) for n in range(3)]
    geoid = [f"5154000020{n}" for n in range(3)]
    return gpd.GeoDataFrame({"GEOID20": geoid, "name": ["a", "b", "c"]}, geometry=boxes, crs="EPSG:4326")


@cache
def _files(kind: str) -> dict[str, bytes]:
    """Files of a right layer in a format, by their endings."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / f"parks{FORMATS[kind]}"
        frame = _frame()
        if kind == "csv":
            frame.to_wkt().to_csv(path, index=False)
        elif kind == "parquet":
            frame.to_parquet(path)
        elif kind == "DXF":
            frame[["geometry"]].to_file(path, driver=kind)
        else:
            frame.to_file(path, driver=kind)
        return {one.suffix: one.read_bytes() for one in sorted(Path(folder).iterdir())}


@dataclass(frozen=True)
class Given:
    """A layer's files.

    Attributes
    ----------
    kind : str
        Of :data:`FORMATS`.
    layer : str
        ``parks``, ``stops`` or ``tracts``.
    hurts : tuple
        Of the file whose ending is the ``part``.
    part : int
    without : int or None
        Which of the files is not there.
    zipped : str
        ``""``, ``"zip"``, or what is odd of the archive.
    suffix : str
        Another ending, where there is one file.
    text : str
        Stands in place of the file.
    """

    kind: str = "GPKG"
    layer: str = "parks"
    hurts: tuple[Hurt, ...] = ()
    part: int = 0
    without: int | None = None
    zipped: str = ""
    suffix: str = ""
    text: str = ""


def _written(given: Given, folder: Path) -> Path:
    files = dict(_files(given.kind))
    ending = FORMATS[given.kind]
    if given.text:
        files = {ending: given.text.encode("utf-8", "surrogatepass")}
    names = sorted(files)
    if given.without is not None and len(names) > 1:
        files.pop(names[given.without % len(names)])
        names = sorted(files)
    hurt_one = names[given.part % len(names)]
    files[hurt_one] = hurt(files[hurt_one], given.hurts)
    if given.zipped:
        path = folder / "parks.zip"
        path.write_bytes(_packed(files, given.zipped))
        return path
    for suffix, body in files.items():
        (folder / f"parks{given.suffix or suffix if len(files) == 1 else suffix}").write_bytes(body)
    return folder / f"parks{given.suffix if given.suffix and len(files) == 1 else ending}"


def _packed(files: dict[str, bytes], how: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_BZIP2 if how == "bzip2" else zipfile.ZIP_DEFLATED) as archive:
        for suffix, body in files.items():
            archive.writestr(f"{'../../' if how == 'up' else ''}parks{suffix}", body)
        if how == "pointer":
            archive.writestr("a.vrt", ELSEWHERE["vrt"])
        if how == "swells":
            archive.writestr("b.dbf", b"\0" * 999)
    body = into.getvalue()
    if how == "swells":  # its directory says so; no reader may believe it and begin
        entry = body.rfind(b"PK\x01\x02")
        body = body[: entry + 24] + b"\xf0\xff\xff\xff" + body[entry + 28 :]
    return body[: len(body) // 2] if how == "cut" else body


ELSEWHERE = {
    "vrt": (
        '<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>/etc/passwd</SrcDataSource>'
        "<GeometryType>wkbPolygon</GeometryType></OGRVRTLayer></OGRVRTDataSource>"
    ),
    "wfs": f"<OGRWFSDataSource><URL>{ADDRESS}/wfs</URL></OGRWFSDataSource>",
    "pipeline": json.dumps({
        "type": "gdal_streamed_alg",
        "command_line": f"gdal vector pipeline ! read {ADDRESS}/a.geojson ! write --format stream streamed_dataset",
    }),
    "linked crs": json.dumps({
        "type": "FeatureCollection",
        "crs": {"type": "link", "properties": {"href": f"{ADDRESS}/crs", "type": "proj4"}},
        "features": [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(AREA.district)}],
    }),
    "bomb kml": BOMB.replace("DOCTYPE osm", "DOCTYPE kml") + "<kml><Document><name>&a11;</name></Document></kml>",
    "outside gml": (
        OUTSIDE.replace("DOCTYPE osm", "DOCTYPE a")
        + '<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml">'
        '<gml:featureMember><ogr:a fid="1"><ogr:geometryProperty><gml:Polygon srsName="EPSG:4326"><gml:outerBoundaryIs>'
        "<gml:LinearRing><gml:coordinates>-78.48,38.02 -78.47,38.02 -78.47,38.03 -78.48,38.02</gml:coordinates>"
        "</gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></ogr:geometryProperty><ogr:name>x&a;y</ogr:name></ogr:a>"
        "</gml:featureMember></ogr:FeatureCollection>"
    ),
}  # fmt: skip


def _ring(*places: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(place) for place in places]]}


ODD_GEOMETRIES: tuple[Any, ...] = (
    None,
    {},
    {"type": "Point", "coordinates": [-78.45, 38.05]},
    {"type": "Point", "coordinates": []},
    {"type": "Point", "coordinates": [1e308, -1e308]},
    {"type": "Point", "coordinates": ["a", None]},
    {"type": "Point", "coordinates": [-78.45, 38.05, 1e9, 4]},
    {"type": "MultiPoint", "coordinates": [[-78.45, 38.05]]},
    {"type": "LineString", "coordinates": [[-78.45, 38.05]]},
    {"type": "LineString", "coordinates": [[-78.45, 38.05], [-78.44, 38.05]]},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [[[-78.45, 38.05], [-78.44, 38.05]]]},
    {"type": "Polygon", "coordinates": [[[-78.45, 38.05], [-78.44, 38.05], [-78.44, 38.06]]]},
    _ring((-78.45, 38.05), (-78.44, 38.06), (-78.44, 38.05), (-78.45, 38.06), (-78.45, 38.05)),
    {"type": "Polygon", "coordinates": [[[-78.45, 38.05]] * 4]},
    {"type": "Polygon", "coordinates": [[[-178, -88], [178, -88], [178, 88], [-178, 88], [-178, -88]]]},
    {"type": "Polygon", "coordinates": [[[38.05, -78.45], [38.06, -78.45], [38.06, -78.44], [38.05, -78.45]]]},
    _ring((1513395, 1576155), (1513495, 1576155), (1513495, 1576255), (1513395, 1576155)),
    _ring((-78.45, 38.05), (-78.45 + 1e-13, 38.05), (-78.45, 38.05 + 1e-13), (-78.45, 38.05)),
    {"type": "MultiPolygon", "coordinates": []},
    {"type": "MultiPolygon", "coordinates": [[[[-78.45, 38], [-78.44, 38], [-78.44, 38.1], [-78.45, 38]]]] * 2},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [-78.45, 38.05]}]},
    {"type": "Tin", "coordinates": [1]},
    {"type": "x"},
    [],
    "POINT (1 2)",
    7,
)  # fmt: skip
ODD_PROPERTIES: tuple[Any, ...] = (
    None,
    {},
    {"name": None},
    {"name": ["a"]},
    {"name": {"a": 1}},
    {"name": 1e400},
    {"name": "\u202e\x00"},
    {"name": "x" * 3000},
    {"GEOID20": "51540000200"},
    {"GEOID20": 51540000200},
    {"GEOID20": -1.5},
    {"GEOID20": ""},
    {"GEOID20": "99999999999"},
    {"geometry": 1},
    {"": ""},
    {"name": True, "NAME": 2, "Name": "x"},
    [1],
    "x",
)
WHOLES: tuple[Any, ...] = (
    {"type": "FeatureCollection"},
    {"type": "FeatureCollection", "features": None},
    {"type": "FeatureCollection", "features": {}},
    {"type": "FeatureCollection", "features": []},
    {"type": "Feature"},
    {"type": "Polygon"},
    {"type": "Topology"},
    [],
    {},
    1,
    "x",
    {"type": "Topology", "objects": {"a": {"type": "Polygon", "arcs": [[5]]}}, "arcs": []},
    {
        "type": "Topology",
        "objects": {"a": {"type": "Point", "coordinates": [1, 2]}},
        "arcs": [],
        "transform": {"scale": [0]},
    },
)


@st.composite
def _geojson(draw: st.DrawFn) -> Given:
    """A collection with a feature or three of odd kinds among right ones."""
    layer = draw(st.sampled_from(("parks", "stops", "tracts", "water")))
    if draw(st.integers(0, 9)) == 0:
        return Given("GeoJSON", layer, text=json.dumps(draw(st.sampled_from(WHOLES))))
    features = json.loads(_files("GeoJSON")[".geojson"])["features"]
    for _ in range(draw(st.integers(1, 3))):
        one = features[draw(st.integers(0, len(features) - 1))]
        if draw(st.booleans()):
            one["geometry"] = draw(st.sampled_from(ODD_GEOMETRIES))
        else:
            one["properties"] = draw(st.sampled_from(ODD_PROPERTIES))
    crs = draw(
        st.sampled_from(
            (None, None, None, "EPSG:5070", "EPSG:3857", "urn:ogc:def:crs:OGC:1.3:CRS84", "x", f"{ADDRESS}/x")
        )
    )
    whole: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        whole["crs"] = {"type": "name", "properties": {"name": crs}}
    return Given("GeoJSON", layer, text=json.dumps(whole))


def _bodies() -> SearchStrategy[Given]:
    return st.builds(
        Given,
        kind=st.sampled_from(sorted(FORMATS)),
        layer=st.sampled_from(("parks", "parks", "stops", "tracts")),
        hurts=hurts(),
        part=st.integers(0, 4),
        without=st.none() | st.none() | st.integers(0, 4),
        zipped=st.sampled_from(("", "", "", "zip")),
    )


def _packings() -> SearchStrategy[Given]:
    return st.builds(
        Given,
        kind=st.sampled_from(sorted(FORMATS)),
        without=st.none() | st.integers(0, 4),
        zipped=st.sampled_from(("", "", "zip", "up", "bzip2", "cut", "pointer")),
        suffix=st.sampled_from(
            ("", "", ".gpkg", ".geojson", ".shp", ".zip", ".json", ".csv", ".txt", ".parquet", ".kml", ".vrt", ".x")
        ),
        text=st.sampled_from(("", "", *ELSEWHERE.values())),
    )


def _read(given: Given, folder: Path) -> object:
    inside = folder / "town"
    inside.mkdir()
    path = _written(given, inside)
    options: dict[str, Any] = {"geography_vintage": 2020} if given.layer == "tracts" else {}
    if given.kind in ("csv", "DXF", "MapInfo File"):
        options["crs"] = "EPSG:4326"
    spec = LayerSpec(given.layer, path, options=options)

    def read() -> object:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(pyogrio|geopandas)")
            found = collect([given.layer], {given.layer: spec}, (), AREA)
        return found.layers.get(given.layer) or found.absent[given.layer]

    found = honest(read, folder, path.name, f"{given.layer!r}")
    if isinstance(found, Layer):
        _check(found, given)
    return found


def _check(layer: Layer, given: Given) -> None:
    """What is taken for a layer lies on the Earth, is valid and of one kind, and holds nothing of another file."""
    shapes = layer.data.geometry
    kinds = {
        "parks": ("Polygon", "MultiPolygon"),
        "water": ("Polygon", "MultiPolygon"),
        "stops": ("Point", "MultiPoint"),
    }
    assert shapes.is_valid.all() and not shapes.is_empty.any() and not shapes.isna().any()
    assert set(shapes.geom_type) <= set(kinds.get(given.layer, kinds["parks"]))
    coordinates = shapely.get_coordinates(shapes.to_numpy())
    assert np.isfinite(coordinates).all() and (np.abs(coordinates) <= [180 + 1e-9, 90 + 1e-9]).all()
    assert layer.data.drop(columns="geometry").to_string().find("root:") < 0
    if given == Given():
        assert len(layer.data) == 3
    if given.layer == "tracts":
        assert layer.data["geoid"].str.fullmatch(r"\d{11}").all() and layer.data["geoid"].is_unique


TARGETS: tuple[Target, ...] = (
    Target(
        "vector-bytes",
        _bodies(),
        _read,
        seeds=(*(Given(kind) for kind in FORMATS), Given("ESRI Shapefile", zipped="zip"), Given(zipped="swells")),
        times=50,
    ),
    Target("vector-geojson", _geojson(), _read, times=30),
    Target(
        "vector-packing",
        _packings(),
        _read,
        seeds=tuple(Given("GeoJSON", text=t) for t in ELSEWHERE.values()),
        times=50,
    ),
)
