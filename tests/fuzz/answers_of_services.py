"""What services answer, nearly right: read by the doors themselves, with a client in whose place these bytes stand."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import shapely
from hypothesis import strategies as st

from justgeo.catalogue import read as catalogue
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import _overpass
from justgeo.sources.datasets import read_dataset
from justgeo.sources.live import arcgis, census_answers, expect, feeds_listed, landsat, socrata
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.calls import Call, Got
from justgeo.sources.live.record_form import Question, Told, head, parsed
from justgeo.sources.live.scenes import ASSETS
from justgeo.sources.overpass_answers import to_osm
from tests.fuzz import target
from tests.fuzz._nearly import are, as_json, broken, cut, damaged, finite, nested, plain, write
from tests.fuzz.census_tables import texts

BOX = (-70.1, 38.7, -69.9, 38.9)
DISTRICT = shapely.box(-70.02, 38.80, -70.00, 38.81)
AREA = Area(DISTRICT, None, shapely.box(*BOX), DISTRICT.buffer(0.02), 1500.0)
WHERE = "The service"


def _bytes(right: Any) -> st.SearchStrategy[bytes]:
    """A document that is nearly right, in bytes: mostly still JSON."""
    text = as_json(right)
    nearly = broken(right).map(as_json)
    wrong = st.one_of(
        plain.map(as_json), nested("[", "", "]"), nested('{"a":', "1", "}"),
        st.sampled_from(["", "null", "<html><body>Sign in</body></html>", '{"error":{"code":498,"message":"x"}}',
        '{"error":"x"}',
                         '{"message":[]}', "NaN", "[Infinity]", "1e999", "9" * 5_000, '"\\ud800"', "\ufeff[]", "{}",
                         "[]"]),
    )  # fmt: skip
    return st.one_of(
        nearly.map(_encoded), nearly.map(_encoded), nearly.map(_encoded), cut(text).map(_encoded),
        damaged(text.encode()), wrong.map(_encoded)
    )  # fmt: skip


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@dataclass
class Client:
    """Gives the answers that it was given, one after the other; the last one for all further calls."""

    answers: list[bytes]

    def download(
        self, _service: object, _call: Call, into: Path, *, check: Callable[[Path, str], None] = expect.any_bytes
    ) -> Got:
        body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        write(into, body)
        check(into, WHERE)
        return Got(into, "https://example.org", 200, {}, "0" * 64, len(body), "2026-01-02T03:04:05+00:00")

    def json(self, service: object, call: Call, folder: Path) -> Any:
        got = self.download(service, call, folder / ".answer.json", check=expect.some_json)
        return expect.parsed(got.path.read_bytes(), WHERE)


def tools(*answers: bytes) -> Tools:
    return Tools(cast(Any, Client(list(answers))), {})


# The Census API

PIECE = census_answers.Piece("acs/acs5", 2024, ("B25003_001E", "B25003_001M"), census_answers.LEVELS["tract"], "99001")
TABLE = [
    ["B25003_001E", "B25003_001M", "state", "county", "tract"],
    ["600", "40", "99", "001", "000100"],
    ["-666666666", None, "99", "001", "000200"],
]


def read_census(given: bytes, _folder: Path) -> None:
    """A table of the Census API, held against its question."""
    rows = census_answers.rows_of(census_answers.document(given, WHERE), PIECE, WHERE)
    for row in rows:
        assert row.geo_id.startswith("1400000US99001") and len(row.cells) == 2
        assert all(not cell or math.isfinite(float(cell)) for cell in row.cells)


# ArcGIS

_RING = [[-70.02, 38.80], [-70.00, 38.80], [-70.00, 38.81], [-70.02, 38.81], [-70.02, 38.80]]
_FIELDS = ("Unit_Nm", "MngNm_Desc", "MngTp_Desc", "DesTp_Desc", "Pub_Access")
LAYER = {
    "objectIdField": "OBJECTID", "maxRecordCount": 2000, "editingInfo": {"lastEditDate": 1},
    "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}, *({"name": n,
    "type": "esriFieldTypeString"} for n in _FIELDS)],
}  # fmt: skip
PAGE = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "id": n, "geometry": {"type": "Polygon", "coordinates": [_RING]},
         "properties": {"OBJECTID": n, **dict.fromkeys(_FIELDS, "x"), "Pub_Access": "OA"}}
        for n in (1, 2)
    ],
}  # fmt: skip


def read_arcgis(given: tuple[bytes, bytes, bytes], folder: Path) -> None:
    """A layer of ArcGIS: its description, its count, a page; then the page as the layer that it becomes."""
    service = catalogue.datasets()["pad_us"]
    told = arcgis.layer_ask(service, ["99001"], BOX).fetch(folder, tools(*given))
    assert told.more["features"] == 2
    _as_layer("pad_us", folder / "page-001.json")


def _as_layer(name: str, path: Path) -> None:
    reading = catalogue.datasets()[name].options["reading"]
    data = read_dataset(LayerSpec(f"data:{name}", path, {"reading": reading}, vintage="2024"), AREA).data
    for column in data.columns:
        if column == "geometry":
            assert data.geometry.is_valid.all()
        else:
            finite([v for v in data[column].tolist() if isinstance(v, float)])


# Socrata

_MEASURE = {"locationname": "99001000100", "measureid": "CASTHMA", "datavaluetypeid": "CrdPrv", "data_value": "9.1",
            "low_confidence_limit": "8.2", "high_confidence_limit": "10.3", "year": "2022"}  # fmt: skip
_MEASURES = [str(one["column"]) for one in catalogue.datasets()["places"].options["reading"]["columns"].values()]
ROWS = [{**_MEASURE, "measureid": name} for name in _MEASURES]
_N = str(len(ROWS)).encode()


def read_socrata(given: tuple[bytes, bytes], folder: Path) -> None:
    """A table of Socrata: its count, a page; then the page as the layer that it becomes."""
    service = catalogue.datasets()["places"]
    told = socrata.table_ask(service, ["99001"]).fetch(folder, tools(*given))
    assert told.more["rows"] == len(ROWS)
    _as_layer("places", folder / "page-001.json")


# STAC

ITEM = {
    "id": "LC08_L2SP_014033_20230704_20230713_02_T1",
    "geometry": {"type": "Polygon", "coordinates": [[[-71, 38], [-69, 38], [-69, 39], [-71, 39], [-71, 38]]]},
    "properties": {
        "datetime": "2023-07-04T15:00:00Z",
        "platform": "landsat-8",
        "eo:cloud_cover": 3.1,
        "proj:epsg": 32619,
    },
    "assets": {asset: {"href": f"https://example.org/{asset}.TIF"} for asset in ASSETS},
}
SCENES = {"type": "FeatureCollection", "features": [ITEM], "links": [{"rel": "self", "href": "https://example.org"}]}


def read_stac(given: bytes, folder: Path) -> None:
    """A page of scenes, and which of them are taken."""
    service = catalogue.services()["landsat"]
    found = landsat._search(service, [2023], BOX, folder, tools(given))
    chosen, _ = landsat._chosen(found, AREA, service)
    for item in chosen:
        assert 0 <= item.cloud < 100 and 32601 <= item.zone <= 32760 and item.footprint.is_valid


# Overpass

ANSWER = {
    "version": 0.6, "osm3s": {"timestamp_osm_base": "2024-03-05T10:00:00Z"},
    "elements": [
        {"type": "node", "id": 1, "lat": 38.80, "lon": -70.01},
        {"type": "node", "id": 2, "lat": 38.81, "lon": -70.01, "tags": {"highway": "bus_stop"}},
        {"type": "way", "id": 3, "nodes": [1, 2], "tags": {"highway": "residential", "name": "Main"}},
        {"type": "relation", "id": 4, "members": [{"type": "way", "ref": 3, "role": "outer"}],
        "tags": {"type": "multipolygon"}},
    ],
}  # fmt: skip


def read_overpass(given: bytes, folder: Path) -> None:
    """An answer of Overpass, checked, and put into one file of OpenStreetMap."""
    answer = _overpass.load(write(folder / "answer-01.json.gz", gzip.compress(given, 1)))
    meta = to_osm([answer], folder / "a.osm.pbf", covers=shapely.box(*BOX))
    assert meta.nodes + meta.ways + meta.relations > 0


# Feeds

_FEED = {
    "id": "mdb-1", "data_type": "gtfs", "provider": "City Bus", "urls.direct_download": "https://example.org/a.zip",
    "urls.latest": "https://example.org/b.zip", "status": "", "location.country_code": "US", "is_official": "True",
    "location.bounding_box.minimum_longitude": "-70.1", "location.bounding_box.minimum_latitude": "38.7",
    "location.bounding_box.maximum_longitude": "-69.9", "location.bounding_box.maximum_latitude": "38.9",
}  # fmt: skip
FEEDS = [list(_FEED), list(_FEED.values()), [*("mdb-2", "gtfs", "Rail"), *list(_FEED.values())[3:]]]


def read_feeds(given: str | bytes, folder: Path) -> None:
    """The catalogue of transit feeds."""
    body = given if isinstance(given, bytes) else _encoded(given)
    service = catalogue.services()["mobility_database"]
    found, notes = feeds_listed.listed_feeds(
        folder, tools(body), service, feeds_listed.Place(shapely.box(*BOX), ("44",))
    )
    assert found and all(len(set(one.id) - set("/\\:\0")) == len(set(one.id)) for one in found)
    finite([one.box for one in found], missing=False)
    assert all(isinstance(note, str) for note in notes)


# Records

_RECORD = head(
    Question("tracts 2024", "tiger", {"year": 2024}), {"a.zip": "0" * 64}, Told("s", "d", "v", "l", more={"n": 1})
)


def read_record(given: bytes, folder: Path) -> None:
    """``record.json`` beside what was fetched."""
    found = parsed(given, folder)
    assert are(dict, found.asked, found.told.more)
    assert are(str, found.label, found.told.source, found.told.vintage, found.service, *found.files, *found.told.notes)


def _loose() -> st.SearchStrategy[bytes]:
    """Records whose own digest fits, whatever they say: somebody who edits one can work it out."""
    import json

    from justgeo.sources._hash import digest_of

    def signed(whole: Any) -> bytes:
        if not isinstance(whole, dict):
            return _encoded(as_json(whole))
        told = {key: value for key, value in whole.items() if key != "digest"}
        try:
            return _encoded(json.dumps({**told, "digest": digest_of(told)}))
        except (TypeError, ValueError):
            return _encoded(as_json(whole))

    return broken(json.loads(_RECORD)).map(signed)


TARGETS = (
    target.Target("census-api", _bytes(TABLE), read_census),
    target.Target(
        "arcgis",
        st.tuples(
            st.one_of(st.just(_encoded(as_json(LAYER))), _bytes(LAYER)),
            st.one_of(st.just(b'{"count": 2}'), st.just(b'{"count": 2}'), _bytes({"count": 2})),
            st.one_of(_bytes(PAGE), _bytes(PAGE), st.just(_encoded(as_json(PAGE)))),
        ),
        read_arcgis,
        times=40,
    ),
    target.Target(
        "socrata",
        st.tuples(
            st.one_of(*[st.just(b'[{"count": "' + _N + b'"}]')] * 3, _bytes([{"count": _N.decode()}])),
            _bytes(ROWS),
        ),
        read_socrata,
    ),
    target.Target("stac", _bytes(SCENES), read_stac),
    target.Target("overpass", _bytes(ANSWER), read_overpass),
    target.Target("feeds-listed", texts(FEEDS), read_feeds),
    target.Target("record-json", st.one_of(_loose(), _loose(), damaged(_RECORD.encode()), cut(_RECORD).map(_encoded)),
    read_record),
)  # fmt: skip
