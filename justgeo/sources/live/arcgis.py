"""Layers of ArcGIS feature and map services, in pages.

A service gives no more than ``maxRecordCount`` features at once, answers errors with status 200, and may not heed
``resultOffset`` at all. So the features are counted first, each page is looked at, each feature's number is kept in
mind, and what does not add up is an error: a layer is there whole or not at all.

References
----------
Esri, *ArcGIS REST APIs: Query (Feature Service/Layer)*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.core.words import suggestion
from justgeo.sources.live import dataset_parts as parts
from justgeo.sources.live import expect
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.failures import SERVER_ERROR, BusyError
from justgeo.sources.live.http import JSON_BYTES, Call, Got
from justgeo.sources.live.records import Question, Record, Told

MOST_FEATURES = 250_000
"""More than this is no neighbourhood's window."""

_PAGE = 2000
_OID = "esriFieldTypeOID"
_NO_TOKEN = (498, 499)
_TOO_MANY = 429
_FIRST = "page-001.json"
_AGAIN = "fetch again; what is recorded already is not fetched twice."


def layer_ask(service: Service, counties: Sequence[str], box: Sequence[float] | None) -> Ask:
    """One layer of a service, of some counties or of a window.

    Parameters
    ----------
    service : Service
        ``options``: ``path`` of the layer (``public/NFHL/MapServer/28``), ``where``, ``page``, ``vintage`` or
        ``vintage_from`` (a field), ``reading``.
    counties : sequence of str
        As the layer knows them.
    box : sequence of 4 floats or None
        West, south, east, north in degrees; None asks by ``where`` alone.

    Returns
    -------
    Ask
        A record of ``layer.json`` and ``page-001.json`` and so on, as they came.
    """
    where = parts.condition(service, counties) or "1=1"
    reading = parts.reading(service)
    fields = list(dict.fromkeys([*reading.needs(), *_named(service, "vintage_from")]))
    asked: dict[str, Any] = {
        "path": service.options["path"],
        "where": where,
        "fields": fields,
        "box": None if box is None else [round(float(value), 7) for value in box],
        "geometry": not reading.by_id,
    }
    path = "/" + str(service.options["path"]).strip("/")
    return Ask(
        question=Question(service.id, service.id, asked),
        gives=(parts.layer_name(service),),
        fetch=partial(_fetch, service, path, asked),
        specs=partial(_specs, service, tuple(counties), asked["box"]),
        megabytes=service.options.get("megabytes"),
        where=(service.urls[0] if service.urls else "") + path,
    )


def _named(service: Service, key: str) -> list[str]:
    return [str(service.options[key])] if service.options.get(key) else []


def _specs(
    service: Service,
    counties: tuple[str, ...],
    box: list[float] | None,
    record: Record,
    others: Mapping[str, Record],
) -> Mapping[str, Any]:
    pages = sorted(name for name in record.files if name.startswith("page-") and name != _FIRST)
    more: dict[str, object] = {"box": box} if box is not None else {}
    if pages:
        more["parts"] = pages
    return parts.specs(service, record, record.path(_FIRST), counties, **more)


def _fetch(service: Service, path: str, asked: Mapping[str, Any], folder: Path, tools: Tools) -> Told:
    try:
        return _Layer(service, path, asked, folder, tools).fetch()
    except SourceError as error:
        raise parts.advised(error, service) from error


class _Layer:
    """The fetching of one layer."""

    def __init__(self, service: Service, path: str, asked: Mapping[str, Any], folder: Path, tools: Tools) -> None:
        self.service, self.path, self.asked, self.folder, self.tools = service, path, asked, folder, tools
        self.where = service.title

    def fetch(self) -> Told:
        got = self._get("", [("f", "json")], self.folder / "layer.json", _described)
        layer = self._read(got)
        number, size = self._number_field(layer), self._size(layer)
        count = self._count()
        if count > MOST_FEATURES:
            raise self._wrong(f"{count:,} features lie in the window, more than are believed", "limit")
        seen: dict[Any, None] = {}
        rows: list[Mapping[str, Any]] = []
        page = 0
        while page == 0 or len(seen) < count:
            page += 1
            answer = self._page(page, len(seen), size, number)
            rows += self._take(answer, number, seen, count)
        if page > 1 and self._count() != count:
            raise self._wrong("the features became other ones while they were fetched", "changed")
        vintage = parts.distinct(rows, str(self.service.options.get("vintage_from", "")))
        vintage = vintage or parts.filled(str(self.service.options.get("vintage", "")), self.service)
        edited = (layer.get("editingInfo") or {}).get("lastEditDate")
        return parts.told(self.service, got.url, got.retrieved, vintage, features=count, pages=page, edited=edited)

    def _get(self, under: str, params: list[tuple[str, str]], into: Path, check: Callable[[Any, str], None]) -> Got:
        def checked(path: Path, where: str) -> None:
            document = expect.parsed(path.read_bytes(), where)
            _refuse_error(document, where)
            check(document, where)

        return self.tools.client.download(
            self.service, Call(self.path + under, params, most_bytes=JSON_BYTES), into, check=checked
        )

    @staticmethod
    def _read(got: Got) -> Any:
        return expect.parsed(got.path.read_bytes(), got.path.name)

    def _query(self) -> list[tuple[str, str]]:
        """What picks the features."""
        params = [("where", str(self.asked["where"]))]
        if self.asked["box"] is not None:
            params += [
                ("geometry", ",".join(f"{value:.7f}" for value in self.asked["box"])),
                ("geometryType", "esriGeometryEnvelope"),
                ("spatialRel", "esriSpatialRelIntersects"),
                ("inSR", "4326"),
            ]
        return params

    def _count(self) -> int:
        into = self.folder / ".count.json"
        try:
            got = self._get("/query", [*self._query(), ("returnCountOnly", "true"), ("f", "json")], into, _counted)
            return int(self._read(got)["count"])
        finally:
            into.unlink(missing_ok=True)

    def _page(self, page: int, offset: int, size: int, number: str) -> Any:
        shaped = bool(self.asked["geometry"])
        params = [
            *self._query(),
            ("outFields", ",".join(dict.fromkeys([number, *self.asked["fields"]]))),
            ("returnGeometry", "true" if shaped else "false"),
            ("orderByFields", number),
            ("resultOffset", str(offset)),
            ("resultRecordCount", str(size)),
            *([("outSR", "4326")] if shaped else []),
            ("f", "geojson" if shaped else "json"),
        ]
        return self._read(self._get("/query", params, self.folder / f"page-{page:03d}.json", _featured))

    def _take(
        self, answer: Mapping[str, Any], number: str, seen: dict[Any, None], count: int
    ) -> list[Mapping[str, Any]]:
        """Rows of a page, whose numbers join those that were seen."""
        features = answer["features"]
        rows = [feature.get("properties") or feature.get("attributes") or {} for feature in features]
        ids = [row.get(number, feature.get("id")) for row, feature in zip(rows, features, strict=True)]
        if any(one is None for one in ids):
            raise self._wrong(f"a feature comes without its number ({number})", "damaged")
        if ids and ids[0] in seen:
            raise self._wrong("the service gives the same features again: it does not heed resultOffset", "partial")
        before = len(seen)
        seen.update(dict.fromkeys(ids))
        if len(seen) - before != len(ids):
            raise self._wrong("a feature comes more than once", "partial")
        self.tools.progress(self.service.id, len(seen), count)
        more = _exceeded(answer)
        if len(seen) > count or (more and len(seen) == count) or (not ids and len(seen) < count):
            raise self._wrong(f"{count:,} features were counted, but {len(seen):,} came", "partial")
        return rows

    def _number_field(self, layer: Mapping[str, Any]) -> str:
        """The field that numbers the features; every other field that is needed has to be there, too."""
        names = {str(field.get("name")): field.get("type") for field in layer.get("fields") or ()}
        for field in self.asked["fields"]:
            if field not in names:
                error = self._wrong(f"the layer has no field {field!r} (any more)", "missing")
                error.remedy = f"{suggestion(field, names)} See {self.service.page}."
                raise error
        number = layer.get("objectIdField") or next((name for name, kind in names.items() if kind == _OID), None)
        if not number:
            raise self._wrong("the layer does not number its features, so pages of it cannot be told apart", "missing")
        return str(number)

    def _size(self, layer: Mapping[str, Any]) -> int:
        most = layer.get("maxRecordCount")
        wanted = int(self.service.options.get("page", _PAGE))
        return min(wanted, int(most)) if isinstance(most, int) and most > 0 else wanted

    def _wrong(self, what: str, kind: str) -> SourceError:
        return SourceError(f"{self.where}: {what}.", remedy=_AGAIN, kind=kind, service=self.service.id)


def _exceeded(answer: Mapping[str, Any]) -> bool:
    """Whether there is more: servers differ in where they say so."""
    beside = answer.get("properties")
    return bool(
        answer.get("exceededTransferLimit") or (isinstance(beside, dict) and beside.get("exceededTransferLimit"))
    )


def _refuse_error(document: Any, where: str) -> None:
    """Raise for an error that came with status 200.

    Raises
    ------
    SourceError
        ``busy`` where the service failed and another try may help, ``key``, or ``missing``.
    """
    if not isinstance(document, dict):
        raise SourceError(f"{where}: what came is no answer of such a service.", remedy=_AGAIN)
    error = document.get("error")
    if not error:
        return
    told = error if isinstance(error, dict) else {"message": error}
    details = told.get("details") or []
    said = " ".join(str(one) for one in [told.get("message", ""), *(details if isinstance(details, list) else [])])
    said = " ".join(said.split())[:200] or "no reason is given"
    code = told.get("code")
    code = code if isinstance(code, int) else 0
    if code >= SERVER_ERROR or code == _TOO_MANY:
        raise BusyError(f"{where}: the service failed ({said}).", remedy=_AGAIN)
    if code in _NO_TOKEN:
        raise SourceError(
            f"{where}: the layer is not public ({said}).",
            remedy="see the page of the layer for who may ask.",
            kind="missing",
        )
    raise SourceError(
        f"{where}: the service did not take the question ({said}).",
        remedy="see the page of the layer whether it has changed.",
        kind="missing",
    )


def _described(document: Any, where: str) -> None:
    fields = document.get("fields")
    right = isinstance(fields, list) and all(isinstance(one, dict) for one in fields)
    if not right or not isinstance(document.get("editingInfo") or {}, dict):
        raise SourceError(f"{where}: no layer is described here.", remedy=_AGAIN, kind="missing")


def _counted(document: Any, where: str) -> None:
    count = document.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise SourceError(f"{where}: it does not say how many features there are.", remedy=_AGAIN)


def _featured(document: Any, where: str) -> None:
    features = document.get("features")
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise SourceError(f"{where}: the page holds no features.", remedy=_AGAIN)
    for one in features:
        told = [one.get(key) or {} for key in ("properties", "attributes")]
        numbered = [one.get("id"), *(value for row in told if isinstance(row, dict) for value in row.values())]
        if not all(isinstance(row, dict) for row in told) or any(isinstance(n, list | dict) for n in numbered):
            raise SourceError(f"{where}: a feature of the page is not understood.", remedy=_AGAIN)
