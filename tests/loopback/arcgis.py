"""ArcGIS REST: layers of a feature or map service, queried as real ones are, in pages.

Source: Esri, *ArcGIS REST API: Query (Feature Service/Layer)*. Names of parameters have no case; errors come with
status 200 and an ``error`` in the body; without ``f`` there is a page for people; a page that is not the last says
``exceededTransferLimit``, in GeoJSON also among its ``properties`` (servers differ in where they say it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from tests.loopback.messages import Request, Response, html_response, json_response
from tests.loopback.where import BadWhere, column, where

OID = "OBJECTID"
_INVALID = "Cannot perform query. Invalid query parameters."
_KNOWN = {"where", "geometry", "geometrytype", "spatialrel", "insr", "outsr", "outfields", "returngeometry", "f"}
_KNOWN |= {"resultoffset", "resultrecordcount", "returncountonly", "returnidsonly", "orderbyfields", "objectids"}
_GEOMETRIES = {"Point": "Point", "MultiPoint": "Multipoint", "LineString": "Polyline", "MultiLineString": "Polyline"}
_GEOMETRIES |= {"Polygon": "Polygon", "MultiPolygon": "Polygon"}


class _Refused(Exception):
    """An error of the service: its message and details."""

    def __init__(self, details: str, message: str = _INVALID, code: int = 400) -> None:
        super().__init__(message)
        self.code, self.details = code, [details] if details else []


class FeatureServer:
    """The server.

    Parameters
    ----------
    layers : mapping of str to GeoDataFrame
        By path, ``/arcgis/rest/services/public/NFHL/MapServer/28``. Rows get ``OBJECTID`` from 1 where they have none.
    page : int
        Most features of one answer (``maxRecordCount``).
    edited : str
        ISO time of the last edit, told by each layer.
    """

    def __init__(
        self, layers: Mapping[str, gpd.GeoDataFrame], page: int = 2000, edited: str = "2024-06-01T00:00:00Z"
    ) -> None:
        self.page, self.edited = page, int(pd.Timestamp(edited).timestamp() * 1000)
        self.layers = {f"/{path.strip('/')}": _numbered(frame) for path, frame in layers.items()}

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        told = {**request.form, **request.query}
        asked = {name.lower(): values[0] for name, values in told.items() if values[0] != ""}
        path = request.path.rstrip("/")
        base = path.removesuffix("/query")
        form = asked.get("f", "html").lower()
        if form not in ("json", "pjson", "geojson"):
            return html_response("ArcGIS REST Services Directory", f"Layer: {base}")
        try:
            if base not in self.layers:
                raise _Refused("", f"Service {base} not found", 404)
            if path == base:
                return json_response(self._layer(base))
            return json_response(self._query(self.layers[base], asked, form == "geojson"))
        except _Refused as error:
            return json_response({"error": {"code": error.code, "message": str(error), "details": error.details}})

    def _layer(self, base: str) -> dict[str, Any]:
        frame = self.layers[base]
        head: dict[str, Any] = {"currentVersion": 11.3, "id": int(base.rsplit("/", 1)[-1]) if base[-1].isdigit() else 0}
        head |= {"name": base.rsplit("/", 2)[-2], "type": "Feature Layer", "geometryType": _geometry_type(frame)}
        west, south, east, north = map(float, frame.total_bounds)
        extent: dict[str, Any] = {
            "xmin": west,
            "ymin": south,
            "xmax": east,
            "ymax": north,
            "spatialReference": _reference(frame.crs),
        }
        edits = {"lastEditDate": self.edited, "schemaLastEditDate": self.edited, "dataLastEditDate": self.edited}
        body = {"extent": extent, "objectIdField": OID, "fields": _fields(frame), "maxRecordCount": self.page}
        body |= {"supportedQueryFormats": "JSON, geoJSON", "capabilities": "Query", "editingInfo": edits}
        return head | body | {"advancedQueryCapabilities": {"supportsPagination": True, "supportsOrderBy": True}}

    def _query(self, frame: gpd.GeoDataFrame, asked: Mapping[str, str], geojson: bool) -> dict[str, Any]:
        if unknown := set(asked) - _KNOWN - {"token"}:
            raise NotImplementedError(f"A query by {sorted(unknown)} is not written here.")
        found = _selected(frame, asked)
        if _true(asked.get("returncountonly")):
            return {"count": len(found)}
        if _true(asked.get("returnidsonly")):
            return {"objectIdFieldName": OID, "objectIds": found[OID].tolist()}
        names = _names(frame, asked.get("outfields", OID))
        found = _ordered(found, asked.get("orderbyfields"))
        offset = _count(asked, "resultoffset", 0)
        size = min(_count(asked, "resultrecordcount", self.page), self.page)
        more = {"exceededTransferLimit": True} if len(found) > offset + size else {}
        part = found.iloc[offset : offset + size]
        crs = _crs(asked["outsr"]) if "outsr" in asked else (CRS.from_epsg(4326) if geojson else frame.crs)
        part = part.to_crs(crs)
        shapes = list(part.geometry) if _true(asked.get("returngeometry", "true")) else None
        rows = [{name: _plain(row[name]) for name in names} for row in part.to_dict("records")]
        if geojson:
            return _collection(rows, shapes, part[OID].tolist(), more)
        head = {"objectIdFieldName": OID, "geometryType": _geometry_type(frame), "spatialReference": _reference(crs)}
        fields = [field for field in _fields(frame) if field["name"] in names]
        features = [
            {"attributes": row}
            | ({} if shapes is None or shapes[place] is None else {"geometry": _esri(shapes[place])})
            for place, row in enumerate(rows)
        ]
        return head | {"fields": fields, "features": features} | more


def _numbered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    told = frame.reset_index(drop=True)
    if OID not in told.columns:
        told.insert(0, OID, range(1, len(told) + 1))
    return told


def _selected(frame: gpd.GeoDataFrame, asked: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Rows by condition, place and number; one of the three has to be asked for."""
    if not {"where", "geometry", "objectids"} & set(asked):
        raise _Refused("Unable to perform query operation.", "Unable to complete operation.")
    keep = np.ones(len(frame), dtype=bool)
    if "where" in asked:
        try:
            keep &= where(pd.DataFrame(frame.drop(columns=frame.geometry.name)), asked["where"])
        except BadWhere as error:
            told = f"Invalid field: {error}" if error.kind == "no-such-column" else "where"
            raise _Refused(f"'{told}' parameter is invalid") from error
    if "objectids" in asked:
        keep &= frame[OID].isin([int(one) for one in asked["objectids"].split(",")]).to_numpy()
    if "geometry" in asked:
        if asked.get("spatialrel", "esriSpatialRelIntersects") != "esriSpatialRelIntersects":
            raise NotImplementedError(f"spatialRel={asked['spatialrel']} is not written here.")
        place = _place(asked, frame.crs)
        keep &= shapely.intersects(frame.geometry.to_numpy(), place)
    return frame[keep]


def _place(asked: Mapping[str, str], own: CRS) -> BaseGeometry:
    """The geometry asked for, in the layer's system; an envelope stays an envelope in it."""
    kind, text = asked.get("geometrytype", "esriGeometryEnvelope"), asked["geometry"]
    told: dict[str, Any] = {}
    try:
        if text.lstrip().startswith("{"):
            told = json.loads(text)
        elif kind in ("esriGeometryEnvelope", "esriGeometryPoint"):
            names = ("xmin", "ymin", "xmax", "ymax") if kind.endswith("Envelope") else ("x", "y")
            told = dict(zip(names, map(float, text.split(",")), strict=True))
        if kind == "esriGeometryEnvelope":
            place: BaseGeometry = shapely.box(told["xmin"], told["ymin"], told["xmax"], told["ymax"])
        elif kind == "esriGeometryPoint":
            place = shapely.Point(told["x"], told["y"])
        elif kind == "esriGeometryPolygon":
            rings = [shapely.Polygon(ring) for ring in told["rings"]]
            place = rings[0] if len(rings) == 1 else shapely.union_all(rings)
        else:
            raise NotImplementedError(f"geometryType={kind} is not written here.")
    except (ValueError, KeyError) as error:
        raise _Refused("'geometry' parameter is invalid") from error
    reference = told.get("spatialReference", {}).get("wkid") or asked.get("insr")
    crs = _crs(str(reference)) if reference else own
    moved = gpd.GeoSeries([place.segmentize(max(place.length, 1e-9) / 400) if place.length else place], crs=crs)
    at: BaseGeometry = moved.to_crs(own).iloc[0]
    return at


def _names(frame: gpd.GeoDataFrame, told: str) -> list[str]:
    attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if told.strip() == "*":
        return list(attributes.columns)
    try:
        return [column(attributes, name.strip()) for name in told.split(",")]
    except BadWhere as error:
        raise _Refused(f"'Invalid field: {error}' parameter is invalid") from error


def _ordered(found: gpd.GeoDataFrame, told: str | None) -> gpd.GeoDataFrame:
    for part in reversed([part.split() for part in (told or OID).split(",")]):
        (name,) = _names(found, part[0])
        found = found.sort_values(name, ascending=part[1:] != ["DESC"] and part[1:] != ["desc"], kind="stable")
    return found


def _count(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isdigit():
        raise _Refused(f"'{name}' parameter is invalid")
    return int(text)


def _true(text: str | None) -> bool:
    return (text or "").lower() == "true"


def _crs(told: str) -> CRS:
    """A coordinate system by number or by ``{"wkid": ...}``."""
    try:
        number = int(json.loads(told)["wkid"]) if told.lstrip().startswith("{") else int(told)
        return CRS.from_epsg(3857 if number == 102100 else number)
    except (ValueError, KeyError, CRSError) as error:
        raise _Refused(f"'{told}' is no spatial reference") from error


def _reference(crs: CRS) -> dict[str, int]:
    number = crs.to_epsg() or 0
    return {"wkid": 102100 if number == 3857 else number, "latestWkid": number}


def _geometry_type(frame: gpd.GeoDataFrame) -> str:
    kinds = {_GEOMETRIES[kind] for kind in frame.geom_type.dropna()}
    if len(kinds) > 1:
        raise NotImplementedError(f"A layer has one kind of geometry, this one {sorted(kinds)}.")
    return f"esriGeometry{kinds.pop() if kinds else 'Polygon'}"


def _fields(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    told = []
    for name in frame.columns.drop(frame.geometry.name):
        values = frame[name]
        kind: dict[str, Any] = {"type": "esriFieldTypeString", "length": 255}
        if name == OID:
            kind = {"type": "esriFieldTypeOID"}
        elif pd.api.types.is_datetime64_any_dtype(values):
            kind = {"type": "esriFieldTypeDate", "length": 8}
        elif pd.api.types.is_integer_dtype(values) or pd.api.types.is_bool_dtype(values):
            kind = {"type": "esriFieldTypeInteger"}
        elif pd.api.types.is_numeric_dtype(values):
            kind = {"type": "esriFieldTypeDouble"}
        told.append({"name": name, "alias": name} | kind)
    return told


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in milliseconds, nothing as null."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return int(value.timestamp() * 1000)
    if isinstance(value, bool | np.bool_):
        return int(value)
    return value.item() if isinstance(value, np.generic) else value


def _collection(
    rows: list[dict[str, Any]], shapes: list[BaseGeometry | None] | None, ids: list[int], more: Mapping[str, bool]
) -> dict[str, Any]:
    features = []
    for place, number in enumerate(ids):
        shape = None if shapes is None else shapes[place]
        told = {"type": "Feature", "id": number, "geometry": None if shape is None else mapping(shape)}
        features.append(told | {"properties": rows[place]})
    said = {"properties": dict(more)} if more else {}
    return {"type": "FeatureCollection"} | said | dict(more) | {"features": features}


def _esri(shape: BaseGeometry) -> dict[str, Any]:
    """Esri's form of a geometry: outer rings run clockwise, holes the other way."""
    if isinstance(shape, shapely.Point):
        return {"x": shape.x, "y": shape.y}
    parts = list(getattr(shape, "geoms", [shape]))
    if shape.geom_type == "MultiPoint":
        return {"points": [list(part.coords[0]) for part in parts]}
    if shape.geom_type.endswith("LineString"):
        return {"paths": [[list(place) for place in part.coords] for part in parts]}
    turned = [shapely.orient_polygons(part, exterior_cw=True) for part in parts]
    rings = [ring for part in turned for ring in (part.exterior, *part.interiors)]
    return {"rings": [[list(place) for place in ring.coords] for ring in rings]}
