"""ArcGIS and Socrata servers against a plain client: conditions by hand, pages that join, errors as they are given."""

from __future__ import annotations

import csv
import io
import json
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.loopback.arcgis import FeatureServer
from tests.loopback.server import Loopback
from tests.loopback.socrata import Socrata
from tests.loopback.where import BadWhere, where

TABLE = pd.DataFrame(
    {
        "name": ["Elm", "Oak", "O'Hara", None, "elmwood"],
        "height": [12.0, 20.5, np.nan, 3.0, 7.0],
        "state": ["06", "06", "41", "41", None],
        "seen": pd.to_datetime(["2024-01-01", "2024-06-01", None, "2023-05-05", "2024-06-01"]),
    }
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1=1", [0, 1, 2, 3, 4]),
        ("1=0", []),
        ("name = 'Elm'", [0]),
        ("NAME='O''Hara'", [2]),
        ("name <> 'Elm'", [1, 2, 4]),  # nothing is not other than Elm
        ("NOT name = 'Elm'", [1, 2, 4]),
        ("height > 7", [0, 1]),
        ("height >= 7 AND height<20.5", [0, 4]),
        ("height > -5 and state = '41'", [3]),
        ("height BETWEEN 3 AND 7 OR name IS NULL", [3, 4]),
        ("height NOT BETWEEN 3 AND 12", [1]),
        ("state IN ('06','48')", [0, 1]),
        ("state NOT IN ('06')", [2, 3]),
        ("state IS NOT NULL AND NOT (state='06')", [2, 3]),
        ("name LIKE 'El%'", [0]),
        ("UPPER(name) LIKE 'ELM%'", [0, 4]),
        ("name LIKE '_ak'", [1]),
        ("name NOT LIKE '%a%'", [0, 4]),
        ("seen >= DATE '2024-06-01'", [1, 4]),
        ("seen > '2023-12-31T00:00:00'", [0, 1, 4]),
        ("starts_with(name, 'O')", [1, 2]),
        ("state='06' OR state='41' AND height=3", [0, 1, 3]),  # AND binds before OR
    ],
)
def test_a_condition_by_hand(condition, expected):
    assert np.flatnonzero(where(TABLE, condition)).tolist() == expected


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("name = ", "syntax"),
        ("name = 'Elm", "syntax"),
        ("(name = 'Elm'", "syntax"),
        ("name = 'Elm' name", "syntax"),
        ("name NOT = 'Elm'", "syntax"),
        ("AND", "syntax"),
        ("nme = 'Elm'", "no-such-column"),
        ("state = 6", "type-mismatch"),
        ("height IN ('3')", "type-mismatch"),
    ],
)
def test_a_condition_that_is_none(condition, kind):
    with pytest.raises(BadWhere) as caught:
        where(TABLE, condition)
    assert caught.value.kind == kind


def test_a_function_that_is_not_written_is_not_guessed():
    with pytest.raises(NotImplementedError, match="SOUNDEX"):
        where(TABLE, "SOUNDEX(name) = 'E450'")


# ---- ArcGIS

FLOOD = "/gis/rest/services/public/NFHL/MapServer/28"


@pytest.fixture(scope="module")
def arcgis():
    """Twelve squares of a thousandth of a degree in a row, and two points in Web Mercator."""
    squares = [shapely.box(-122 + n / 1000, 45, -122 + (n + 1) / 1000, 45.001) for n in range(12)]
    zones = [f"A{n}" if n % 2 else "X" for n in range(12)]
    frame = gpd.GeoDataFrame(
        {
            "FLD_ZONE": zones,
            "SFHA_TF": ["T" if zone != "X" else "F" for zone in zones],
            "DEPTH": [float(n) if n else np.nan for n in range(12)],
            "EFF_DATE": pd.to_datetime(["2020-01-01"] * 12),
        },
        geometry=squares,
        crs=4326,
    )
    points = gpd.GeoDataFrame({"OBJECTID": [7, 9]}, geometry=[shapely.Point(0, 0), shapely.Point(1000, 0)], crs=3857)
    with Loopback(
        FeatureServer({FLOOD: frame, "/rest/services/Stops/FeatureServer/0": points}, page=5).handle
    ) as server:
        server.frame = frame
        yield server


def get(url, **query):
    with urlopen(f"{url}?{urlencode(query)}") as answer:
        return answer.status, answer.headers, answer.read()


def query(server, path=FLOOD, **asked):
    status, _, body = get(f"{server.url}{path}/query", **{"where": "1=1", "outFields": "*", "f": "geojson", **asked})
    assert status == 200
    return json.loads(body)


def numbers(answer):
    return [feature["properties"]["OBJECTID"] for feature in answer["features"]]


def test_pages_join_to_the_whole_layer(arcgis):
    offset, parts = 0, []
    while True:
        page = query(arcgis, resultOffset=offset, resultRecordCount=2000)
        parts += page["features"]
        offset += len(page["features"])
        more = page.get("exceededTransferLimit", False)
        assert more == page.get("properties", {}).get("exceededTransferLimit", False)
        if not more:
            break
    frame = gpd.GeoDataFrame.from_features(parts, crs=4326)
    assert frame["OBJECTID"].tolist() == list(range(1, 13)) and offset == 12
    assert frame.geometry.geom_equals_exact(arcgis.frame.geometry, 1e-9).all()
    assert frame["DEPTH"].isna().tolist() == [True] + [False] * 11
    assert frame["EFF_DATE"].unique().tolist() == [1_577_836_800_000]  # milliseconds


def test_a_page_that_is_full_and_the_last_has_no_more(arcgis):
    assert "exceededTransferLimit" not in query(arcgis, resultOffset=7)
    assert query(arcgis, resultOffset=6)["exceededTransferLimit"] is True
    assert query(arcgis, resultRecordCount=2, where="OBJECTID<=2").get("exceededTransferLimit") is None


def test_features_by_condition_place_and_number(arcgis):
    assert numbers(query(arcgis, where="SFHA_TF='T' AND DEPTH < 6")) == [2, 4, 6]
    box = "-121.9995,45.0002,-121.9975,45.0004"  # from the first square into the third
    assert numbers(query(arcgis, geometry=box, geometryType="esriGeometryEnvelope", inSR=4326)) == [1, 2, 3]
    told = {"xmin": -121.9995, "ymin": 45.0002, "xmax": -121.9985, "ymax": 45.0004, "spatialReference": {"wkid": 4326}}
    assert numbers(query(arcgis, geometry=json.dumps(told), where="DEPTH > 0")) == [2]
    metres = gpd.GeoSeries([shapely.box(-121.9995, 45.0002, -121.9985, 45.0004)], crs=4326).to_crs(3857).total_bounds
    assert numbers(query(arcgis, geometry=",".join(map(str, metres)), inSR=102100)) == [1, 2]
    ring = {"rings": [[[-121.9995, 45.0002], [-121.9992, 45.0004], [-121.9991, 45.0002], [-121.9995, 45.0002]]]}
    assert numbers(query(arcgis, geometry=json.dumps(ring), geometryType="esriGeometryPolygon")) == [1]
    assert numbers(query(arcgis, geometry="-121.9985,45.0005", geometryType="esriGeometryPoint")) == [2]
    assert numbers(query(arcgis, objectIds="3,11")) == [3, 11]


def test_order_fields_and_counts(arcgis):
    page = query(arcgis, orderByFields="SFHA_TF DESC, DEPTH DESC", outFields="DEPTH,objectid")
    assert numbers(page) == [12, 10, 8, 6, 4] and set(page["features"][0]["properties"]) == {"DEPTH", "OBJECTID"}
    assert query(arcgis, returnCountOnly="true", where="SFHA_TF='T'") == {"count": 6}
    assert query(arcgis, returnIdsOnly="true", where="DEPTH>9")["objectIds"] == [11, 12]
    assert query(arcgis, returnGeometry="false")["features"][0]["geometry"] is None
    assert set(
        json.loads(get(f"{arcgis.url}{FLOOD}/query", where="1=1", f="geojson")[2])["features"][0]["properties"]
    ) == {"OBJECTID"}


def test_esri_json_has_attributes_rings_and_its_reference(arcgis):
    page = query(arcgis, f="json", where="OBJECTID=1")
    assert page["geometryType"] == "esriGeometryPolygon" and page["spatialReference"]["wkid"] == 4326
    (feature,) = page["features"]
    assert feature["attributes"]["FLD_ZONE"] == "X" and feature["attributes"]["DEPTH"] is None
    (ring,) = feature["geometry"]["rings"]
    assert not shapely.LinearRing(ring).is_ccw and shapely.Polygon(ring).equals(arcgis.frame.geometry.iloc[0])
    assert {field["name"]: field["type"] for field in page["fields"]}["EFF_DATE"] == "esriFieldTypeDate"
    assert query(arcgis, f="json")["exceededTransferLimit"] is True


def test_the_system_of_an_answer(arcgis):
    stops = "/rest/services/Stops/FeatureServer/0"
    assert query(arcgis, stops)["features"][1]["geometry"]["coordinates"][0] == pytest.approx(0.0089832, abs=1e-7)
    own = query(arcgis, stops, f="json")
    assert own["features"][1]["geometry"] == {"x": 1000.0, "y": 0.0} and own["features"][1]["attributes"] == {
        "OBJECTID": 9
    }
    assert own["spatialReference"] == {"wkid": 102100, "latestWkid": 3857}
    assert query(arcgis, stops, f="json", outSR=4326)["features"][1]["geometry"]["x"] == pytest.approx(
        0.0089832, abs=1e-7
    )


def test_a_layer_tells_of_itself(arcgis):
    told = json.loads(get(f"{arcgis.url}{FLOOD}", f="json")[2])
    assert (told["id"], told["maxRecordCount"], told["objectIdField"]) == (28, 5, "OBJECTID")
    assert [field["name"] for field in told["fields"]] == ["OBJECTID", "FLD_ZONE", "SFHA_TF", "DEPTH", "EFF_DATE"]
    assert told["currentVersion"] > 10 and told["editingInfo"]["lastEditDate"] == 1_717_200_000_000


@pytest.mark.parametrize(
    ("asked", "code", "details"),
    [
        ({"where": "FLOOD_ZONE='A'"}, 400, ["'Invalid field: FLOOD_ZONE' parameter is invalid"]),
        ({"where": "SFHA_TF="}, 400, ["'where' parameter is invalid"]),
        ({"where": "SFHA_TF=1"}, 400, ["'where' parameter is invalid"]),
        ({"outFields": "NOTHING"}, 400, ["'Invalid field: NOTHING' parameter is invalid"]),
        ({"geometry": "1,2,3"}, 400, ["'geometry' parameter is invalid"]),
        ({"resultOffset": "-1"}, 400, ["'resultOffset' parameter is invalid"]),
        ({"where": ""}, 400, ["Unable to perform query operation."]),
        ({"path": f"{FLOOD}9"}, 404, []),
    ],
)
def test_errors_come_with_status_200(arcgis, asked, code, details):
    error = query(arcgis, **asked)["error"]
    assert error["code"] == code and [one.lower() for one in error["details"]] == [one.lower() for one in details]


def test_without_a_format_there_is_a_page_for_people(arcgis):
    _, headers, body = get(f"{arcgis.url}{FLOOD}/query", where="1=1")
    assert headers["Content-Type"].startswith("text/html") and b"ArcGIS REST Services Directory" in body


# ---- Socrata


@pytest.fixture(scope="module")
def socrata():
    places = gpd.GeoDataFrame(
        {
            "locationid": [f"9900100{n:04d}" for n in range(1200)],
            "measureid": ["ACCESS2", "BPHIGH"] * 600,
            "data_value": [n / 2 if n % 100 else np.nan for n in range(1200)],
            "year": [2022] * 1200,
        },
        geometry=gpd.points_from_xy(np.linspace(-71, -70, 1200), np.full(1200, 38.0)),
    ).rename_geometry("geolocation")
    with Loopback(Socrata({"cwsq-ngmh": places}).handle) as server:
        yield server


def resource(server, name="cwsq-ngmh.json", **asked):
    return json.loads(get(f"{server.url}/resource/{name}", **{f"${key}": value for key, value in asked.items()})[2])


def test_rows_come_a_thousand_at_a_time_unless_more_are_asked_for(socrata):
    assert len(resource(socrata)) == 1000
    assert len(resource(socrata, limit=5000)) == 1200
    pages = [resource(socrata, limit=500, offset=start, order="locationid") for start in (0, 500, 1000)]
    assert [row["locationid"] for page in pages for row in page] == [f"9900100{n:04d}" for n in range(1200)]


def test_values_are_text_and_what_is_empty_is_left_out(socrata):
    first, second = resource(socrata, limit=2)
    assert set(first) == {"locationid", "measureid", "year", "geolocation"}
    assert (second["data_value"], second["year"]) == ("0.5", "2022")
    assert second["geolocation"]["type"] == "Point" and second["geolocation"]["coordinates"][1] == 38.0


def test_conditions_columns_order_and_counts(socrata):
    found = resource(socrata, where="measureid='BPHIGH' AND data_value > 590", select="locationid, data_value AS v")
    assert [row["v"] for row in found] == [f"{n / 2:g}" for n in range(1181, 1200, 2)] and set(found[0]) == {
        "locationid",
        "v",
    }
    top = resource(socrata, order="data_value DESC", where="data_value IS NOT NULL", limit=1)
    assert top[0]["locationid"] == "99001001199"
    assert resource(socrata, select="count(*)", where="measureid='ACCESS2'") == [{"count": "600"}]
    assert resource(socrata, select="max(year) AS newest, min(data_value)") == [
        {"newest": "2022", "min_data_value": "0.5"}
    ]
    body = get(f"{socrata.url}/resource/cwsq-ngmh.json", locationid="99001000007", measureid="BPHIGH")[2]
    assert [row["data_value"] for row in json.loads(body)] == ["3.5"]


def test_the_same_as_csv(socrata):
    _, headers, body = get(f"{socrata.url}/resource/cwsq-ngmh.csv", **{"$limit": 2})
    assert headers["Content-Type"] == "text/csv; charset=utf-8" and body.startswith(b'"locationid","measureid"')
    first, second = csv.DictReader(io.StringIO(body.decode()))
    assert (first["data_value"], second["data_value"]) == ("", "0.5") and second["geolocation"].startswith(
        "POINT (-70.99"
    )
    assert headers["Last-Modified"] == "Sat, 01 Jun 2024 00:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"where": "measure='X'"}, 400, "query.soql.no-such-column"),
        ({"where": "measureid="}, 400, "query.compiler.malformed"),
        ({"where": "locationid=99001000007"}, 400, "query.soql.type-mismatch"),
        ({"select": "measure"}, 400, "query.soql.no-such-column"),
        ({"select": "measureid, count(*)"}, 400, "query.soql.column-not-in-group-bys"),
        ({"limit": "all"}, 400, "query.execution.queryIsInvalid"),
        ({"top": "3"}, 400, "query.execution.queryIsInvalid"),
        ({"name": "aaaa-bbbb.json"}, 404, "dataset.missing"),
    ],
)
def test_errors_are_json_with_their_status(socrata, asked, status, code):
    with pytest.raises(HTTPError) as caught:
        resource(socrata, **asked)
    with caught.value as error:
        told = json.loads(error.read())
        assert (error.code, told["error"], told["code"]) == (status, True, code) and told["message"]
