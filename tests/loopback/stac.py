"""Planetary Computer: its catalogue of Landsat scenes (STAC), its tokens, and the scenes as files read in part.

Sources: STAC API 1.0.0 (item search, query, sort); https://planetarycomputer.microsoft.com/docs (tokens, paging).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import shapely
from shapely.geometry import mapping, shape

from tests.loopback.cogs import Scene, canopy_height, make_scene, worldcover
from tests.loopback.messages import Request, Response, html_response, json_response, ranged

__all__ = ["Scene", "Stac", "canopy_height", "make_scene", "worldcover"]

COLLECTION = "landsat-c2-l2"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "neq": lambda a, b: bool(a != b),
    "lt": lambda a, b: bool(a < b),
    "lte": lambda a, b: bool(a <= b),
    "gt": lambda a, b: bool(a > b),
    "gte": lambda a, b: bool(a >= b),
    "in": lambda a, b: a in b,
}
_LIMIT = 1000
_ASKED = {"collections", "ids", "bbox", "intersects", "datetime", "query", "sortby", "limit", "token"}


class Stac:
    """The server: ``/api/stac/v1``, ``/api/sas/v1`` and the files that the items name.

    Parameters
    ----------
    scenes : sequence of Scene
    page : int
        Items of a page where a search has no ``limit``.
    """

    def __init__(self, scenes: Sequence[Scene], page: int = 250) -> None:
        self.scenes, self.page, self._issue = tuple(scenes), page, 1
        self._files = {scene.path(asset): path for scene in scenes for asset, path in scene.files.items()}

    @property
    def token(self) -> str:
        """The token that opens the files at present."""
        times = "st=2024-01-01T00%3A00%3A00Z&se=2099-12-31T23%3A59%3A59Z"
        return f"{times}&sp=rl&sv=2024-05-04&sr=c&sig=invented{self._issue}%3D"

    def expire(self) -> None:
        """From now on only a new token opens the files."""
        self._issue += 1

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        base = f"http://{request.headers.get('Host', '127.0.0.1')}"
        if request.path in self._files:
            return self._file(request)
        match request.path.strip("/").split("/"):
            case ["api", "stac", "v1", "search"]:
                return self._search(request, base)
            case ["api", "stac", "v1", "collections", name] if name == COLLECTION:
                return json_response(self._collection(base))
            case ["api", "sas", "v1", "token", name] if name == COLLECTION:
                return json_response({"msft:expiry": "2099-12-31T23:59:59Z", "token": self.token})
            case ["api", "stac", "v1"]:
                return json_response({"type": "Catalog", "id": "microsoft-pc", "stac_version": "1.0.0", "links": []})
            case ["api", *_]:
                return json_response({"code": "NotFoundError", "description": f"{request.path} does not exist."}, 404)
        return html_response("404 Not Found", f"Nothing is at {request.path}.", 404)

    def _file(self, request: Request) -> Response:
        wanted = parse_qs(self.token)
        if any(request.query.get(name) != values for name, values in wanted.items()):
            told = "<Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message>"
            page = f'<?xml version="1.0" encoding="utf-8"?><Error>{told}</Error>'
            return Response(403, page.encode(), "application/xml")
        return ranged(request, Response(200, self._files[request.path].read_bytes(), "image/tiff"))

    def _collection(self, base: str) -> dict[str, Any]:
        boxes = [scene.footprint.bounds for scene in self.scenes] or [(-180.0, -90.0, 180.0, 90.0)]
        west, south, east, north = zip(*boxes, strict=True)
        times = sorted(scene.taken for scene in self.scenes) or ["1982-08-22T00:00:00Z"]
        extent = {"spatial": {"bbox": [[min(west), min(south), max(east), max(north)]]}}
        own = {"rel": "self", "type": "application/json", "href": f"{base}/api/stac/v1/collections/{COLLECTION}"}
        head: dict[str, Any] = {
            "type": "Collection",
            "id": COLLECTION,
            "stac_version": "1.0.0",
            "license": "proprietary",
        }
        head |= {"title": "Landsat Collection 2 Level-2", "description": "Invented scenes.", "links": [own]}
        return head | {"extent": extent | {"temporal": {"interval": [[times[0], None]]}}}

    def _search(self, request: Request, base: str) -> Response:
        try:
            asked = _asked(request)
            found = [scene for scene in self.scenes if _fits(scene, asked)]
            found = _ordered(found, asked.get("sortby"))
            limit = int(asked.get("limit", self.page))
            if not 1 <= limit <= _LIMIT:
                raise ValueError(f"limit: {limit} is not from 1 to {_LIMIT}")
            start = _start(found, asked.get("token"))
        except ValueError as error:
            return json_response({"code": "InvalidQueryParameter", "description": str(error)}, 400)
        url = f"{base}/api/stac/v1/search"
        links: list[dict[str, Any]] = [{"rel": "root", "type": "application/json", "href": f"{base}/api/stac/v1"}]
        if start + limit < len(found):
            links.append(_next(request, asked, url, found[start + limit - 1].id))
        items = [_item(scene, base) for scene in found[start : start + limit]]
        return json_response({"type": "FeatureCollection", "features": items, "links": links})


def _properties(scene: Scene) -> dict[str, Any]:
    """Properties of the item."""
    told: dict[str, Any] = {
        "datetime": scene.taken,
        "platform": scene.platform,
        "instruments": ["oli", "tirs"],
        "gsd": 30,
    }
    told |= {"eo:cloud_cover": scene.cloud_cover, "proj:epsg": scene.epsg, "proj:shape": list(scene.size)}
    return told | {"proj:transform": list(scene.transform)[:6], "landsat:collection_number": "02"} | dict(scene.more)


def _item(scene: Scene, base: str) -> dict[str, Any]:
    """The item, whose files lie under ``base``."""
    api = f"{base}/api/stac/v1"
    kind = "image/tiff; application=geotiff; profile=cloud-optimized"
    thermal = {"unit": "kelvin", "scale": 0.00341802, "offset": 149.0, "nodata": 0, "data_type": "uint16"}
    assets = {
        asset: {"href": base + scene.path(asset), "type": kind, "roles": ["data"]}
        | ({"raster:bands": [thermal]} if asset == "lwir11" else {})
        for asset in scene.files
    }
    own = {"rel": "self", "type": "application/geo+json", "href": f"{api}/collections/{COLLECTION}/items/{scene.id}"}
    head: dict[str, Any] = {"type": "Feature", "stac_version": "1.0.0", "id": scene.id, "collection": COLLECTION}
    body = {"geometry": mapping(scene.footprint), "bbox": list(scene.footprint.bounds), "links": [own]}
    return head | body | {"properties": _properties(scene), "assets": assets}


def _asked(request: Request) -> dict[str, Any]:
    """What a search asks for, from a body of JSON or from the query, in the form of the body."""
    if request.method == "POST":
        told = json.loads(request.body or b"{}")
    else:
        told = {name: values[0] for name, values in request.query.items()}
        for name in ("collections", "ids", "bbox", "sortby"):
            if name in told:
                told[name] = [part for part in told[name].split(",") if part]
        told |= {name: json.loads(told[name]) for name in ("intersects", "query") if name in told}
        told |= {"bbox": [float(part) for part in told["bbox"]]} if "bbox" in told else {}
    if unknown := set(told) - _ASKED:
        raise NotImplementedError(f"A search by {sorted(unknown)} is not written here.")
    if "bbox" in told and "intersects" in told:
        raise ValueError("intersects and bbox parameters are mutually exclusive")
    if len(told.get("bbox", (0,) * 4)) != 4:
        raise ValueError(f"bbox: {told['bbox']} has not four numbers")
    return dict(told)


def _fits(scene: Scene, asked: Mapping[str, Any]) -> bool:
    properties = _properties(scene)
    place = shape(asked["intersects"]) if "intersects" in asked else None
    place = shapely.box(*asked["bbox"]) if "bbox" in asked else place
    return (
        COLLECTION in asked.get("collections", (COLLECTION,))
        and scene.id in asked.get("ids", (scene.id,))
        and (place is None or bool(scene.footprint.intersects(place)))
        and _in_time(scene.taken, asked.get("datetime"))
        and all(
            name in properties and _TESTS[test](properties[name], value)
            for name, tests in asked.get("query", {}).items()
            for test, value in tests.items()
        )
    )


def _in_time(taken: str, told: str | None) -> bool:
    """An instant, or two with a slash of which one may be ``..``; both ends belong to it."""
    if not told:
        return True
    parts = told.split("/")
    first, last = parts if len(parts) == 2 else (told, told)
    at = _instant(taken)
    return (first in ("", "..") or _instant(first) <= at) and (last in ("", "..") or at <= _instant(last))


def _instant(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError(f"Invalid RFC3339 datetime: {text!r}")
    return datetime.fromisoformat(text.upper().replace("Z", "+00:00")).astimezone(UTC)


def _ordered(scenes: Sequence[Scene], told: Sequence[Any] | None) -> list[Scene]:
    """By time, the newest first, or by the properties asked for."""
    found = sorted(sorted(scenes, key=lambda scene: scene.id), key=lambda scene: scene.taken, reverse=True)
    for part in reversed(told or ()):
        text = part if isinstance(part, str) else f"{'-' if part.get('direction') == 'desc' else '+'}{part['field']}"
        name = text.lstrip("+- ").removeprefix("properties.")
        found.sort(key=lambda scene, name=name: _properties(scene)[name], reverse=text.startswith("-"))  # type: ignore[misc]
    return found


def _start(found: Sequence[Scene], token: str | None) -> int:
    if not token:
        return 0
    ids = [f"next:{COLLECTION}:{scene.id}" for scene in found]
    if token not in ids:
        raise ValueError(f"token: {token!r} is of no page of this search")
    return ids.index(token) + 1


def _next(request: Request, asked: Mapping[str, Any], url: str, last: str) -> dict[str, Any]:
    token = f"next:{COLLECTION}:{last}"
    link: dict[str, Any] = {"rel": "next", "type": "application/geo+json", "method": request.method}
    if request.method == "POST":
        return link | {"href": url, "body": {**asked, "token": token}}
    kept = "&".join(part for part in request.raw_query.split("&") if not part.startswith("token="))
    return link | {"href": f"{url}?{kept}&token={token}"}
