"""The coverage server against a plain client: its windows are the pixels of the source, its words are GeoServer's."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from justgeo.synthetic import ensure
from tests.loopback.server import Loopback
from tests.loopback.wcs import Wcs, on_grid_5070

CANOPY = "NLCD-Tree-Canopy-Native_conus_year_data"
SPACES = {"wcs": "http://www.opengis.net/wcs", "gml": "http://www.opengis.net/gml"}
# A raster of 5 columns and 4 rows whose value tells row and column: 10 * (row + 1) + column.
LEFT, TOP = 15 + 30 * 1000, 15 + 30 * 2000
VALUES = (10 * np.arange(1, 5)[:, None] + np.arange(5)[None, :]).astype("uint8")


def write(path, values, transform=None, crs="EPSG:5070", nodata=255):
    transform = transform or Affine(30, 0, LEFT, 0, -30, TOP)
    profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "crs": crs, "nodata": nodata}
    with rasterio.open(
        path, "w", height=values.shape[0], width=values.shape[1], transform=transform, **profile
    ) as target:
        target.write(values, 1)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    small = write(tmp_path_factory.mktemp("grids") / "small.tif", VALUES)
    older = write(small.with_name("older.tif"), VALUES + 100)
    wcs = Wcs({"Small": {2023: older, 2024: small}, CANOPY: ensure(2020) / "tree_canopy.tif"})
    with Loopback(wcs.handle) as running:
        yield running


def get(server, path, **query):
    with urlopen(f"{server.url}{path}?{urlencode(query)}") as answer:
        return answer.status, answer.headers["Content-Type"], answer.read()


def coverage(server, bounds, name="Small", **changes):
    """A request as METHODS has it, with changes; None leaves a parameter out."""
    asked = {"service": "WCS", "version": "1.0.0", "request": "GetCoverage", "coverage": name, "CRS": "EPSG:5070"}
    asked |= {"BBOX": ",".join(map(str, bounds)), "FORMAT": "GeoTIFF", "RESX": 30, "RESY": 30}
    asked |= {"TIME": "2024-01-01T00:00:00Z"} | changes
    return get(
        server, f"/geoserver/mrlc_{name}/ows", **{key: value for key, value in asked.items() if value is not None}
    )


def grid(body):
    with MemoryFile(body) as memory, memory.open() as given:
        return given.read(1), given.transform, given.crs.to_epsg(), given.nodata


def box(row, column, rows, columns, shift=0.0):
    """Bounds of some pixels of the small raster."""
    west, north = LEFT + 30 * column + shift, TOP - 30 * row + shift
    return west, north - 30 * rows, west + 30 * columns, north


def test_an_aligned_window_is_the_pixels_of_the_source(server):
    status, kind, body = coverage(server, box(1, 2, 2, 3))
    assert (status, kind) == (200, "image/tiff") and body[:2] in (b"II", b"MM")
    values, transform, crs, nodata = grid(body)
    assert values.tolist() == [[22, 23, 24], [32, 33, 34]]
    assert (transform, crs, nodata) == (Affine(30, 0, LEFT + 60, 0, -30, TOP - 30), 5070, 255)


def test_around_the_source_there_is_no_data(server):
    values, transform, _, _ = grid(coverage(server, box(-1, -1, 3, 2))[2])
    assert values.tolist() == [[255, 255], [255, 10], [255, 20]]
    assert (transform.c, transform.f) == (LEFT - 30, TOP + 30)


def test_a_window_off_the_grid_gets_a_grid_of_its_own(server):
    """Its pixels are where the BBOX put them, their values those of the pixels in which their centres lie."""
    values, transform, _, _ = grid(coverage(server, box(1, 1, 2, 2, shift=20.0))[2])
    assert (transform.c % 30, transform.f % 30) == (5, 5)
    assert values.tolist() == [[12, 13], [22, 23]]  # 20 m east and north: the next column, the row above


def test_the_invented_county_comes_back_bit_for_bit(server):
    with rasterio.open(ensure(2020) / "tree_canopy.tif") as source:
        expected, bounds = source.read(1), source.bounds
    values, transform, crs, _ = grid(coverage(server, bounds, CANOPY)[2])
    assert np.array_equal(values, expected) and len(np.unique(values)) > 50
    assert (transform.c % 30, transform.f % 30, crs) == (15, 15, 5070)


def test_a_time_position_has_its_own_source_and_none_means_the_latest(server):
    assert grid(coverage(server, box(0, 0, 2, 2), TIME="2023-01-01T00:00:00Z")[2])[0][0, 0] == 110
    assert grid(coverage(server, box(0, 0, 2, 2), TIME="2024-01-01T00:00:00.000Z")[2])[0][0, 0] == 10
    assert grid(coverage(server, box(0, 0, 2, 2), TIME=None)[2])[0][0, 0] == 10


def test_a_window_in_another_system_is_warped(server):
    west, south, east, north = rasterio.warp.transform_bounds("EPSG:5070", "EPSG:4326", *box(0, 0, 4, 5))
    changes = {"CRS": "EPSG:4326", "RESX": (east - west) / 10, "RESY": (north - south) / 8}
    values, _, crs, _ = grid(coverage(server, (west, south, east, north), **changes)[2])
    assert crs == 4326 and values.shape == (8, 10) and {*values.ravel()} <= {*VALUES.ravel(), 255}


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"coverage": "Land-Cover"}, "InvalidParameterValue", "Could not find the specified coverage: Land-Cover"),
        ({"BBOX": "0,0,1"}, None, "wrongnumber of coordinates"),
        ({"BBOX": "west,0,90,90"}, "InvalidParameterValue", "not parsable"),
        ({"BBOX": "90,0,0,90"}, "InvalidParameterValue", "illegal bbox, min x: 90.0 is greater than max x: 0.0"),
        ({"BBOX": None}, "MissingParameterValue", "bbox parameter is mandatory"),
        ({"BBOX": "0,0,90,90"}, "InvalidParameterValue", "The request bbox is outside of the coverage area"),
        ({"TIME": "1985-01-01T00:00:00Z"}, None, "No raster data found in the request"),
        ({"CRS": None}, "MissingParameterValue", "CRS parameter is mandatory"),
        ({"CRS": "EPSG:5070000"}, "InvalidParameterValue", "CRS parameter is invalid"),
        ({"FORMAT": "image/x-none"}, "InvalidParameterValue", "Output format:image/x-none not supported"),
        ({"RESX": None}, "InvalidParameterValue", "Could not recognize grid resolution"),
        ({"RESX": 500}, None, "resolutions"),
        ({"RESX": 0.001, "RESY": 0.001}, None, "too much data"),
        ({"request": "GetMap"}, "OperationNotSupported", "No such operation"),
        ({"service": None}, "MissingParameterValue", "Could not determine"),
    ],
)
def test_a_refusal_is_a_report_with_status_200(server, changes, code, told):
    status, kind, body = coverage(server, box(0, 0, 2, 2), **changes)
    assert (status, kind) == (200, "application/vnd.ogc.se_xml")
    report = ElementTree.fromstring(body)
    assert report.tag == "ServiceExceptionReport" and report.get("version") == "1.2.0"
    assert report[0].tag == "ServiceException" and report[0].get("code") == code
    assert told in report[0].text


def test_an_unknown_workspace_is_not_found(server):
    with pytest.raises(HTTPError) as caught:
        get(server, "/geoserver/mrlc_Renamed/ows", service="WCS", request="GetCapabilities")
    with caught.value as error:
        assert error.code == 404 and error.headers["Content-Type"].startswith("text/html")


def test_capabilities_name_the_coverage_its_reach_and_its_years(server):
    _, kind, body = get(server, "/geoserver/mrlc_Small/ows", service="WCS", version="1.0.0", request="GetCapabilities")
    root = ElementTree.fromstring(body)
    assert kind == "application/xml" and root.tag == f"{{{SPACES['wcs']}}}WCS_Capabilities"
    brief = root.find("wcs:ContentMetadata/wcs:CoverageOfferingBrief", SPACES)
    assert brief.findtext("wcs:name", namespaces=SPACES) == "Small"
    positions = [one.text for one in brief.findall("wcs:lonLatEnvelope/gml:timePosition", SPACES)]
    assert positions == ["2023-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z"]
    corners = [tuple(map(float, one.text.split())) for one in brief.findall("wcs:lonLatEnvelope/gml:pos", SPACES)]
    expected = rasterio.warp.transform_bounds("EPSG:5070", "EPSG:4326", *box(0, 0, 4, 5))
    assert (*corners[0], *corners[1]) == pytest.approx(expected)


def test_a_description_tells_the_grid_and_each_time_position(server):
    query = {"service": "WCS", "version": "1.0.0", "request": "DescribeCoverage", "coverage": "Small"}
    root = ElementTree.fromstring(get(server, "/geoserver/mrlc_Small/ows", **query)[2])
    domain = root.find("wcs:CoverageOffering/wcs:domainSet", SPACES)
    times = [one.text for one in domain.findall("wcs:temporalDomain/gml:timePosition", SPACES)]
    assert times == ["2023-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z"]
    raster = domain.find("wcs:spatialDomain/gml:RectifiedGrid", SPACES)
    assert raster.get("srsName") == "EPSG:5070"
    assert raster.findtext("gml:limits/gml:GridEnvelope/gml:high", namespaces=SPACES) == "4 3"
    assert raster.findtext("gml:origin/gml:pos", namespaces=SPACES) == f"{LEFT + 15}.0 {TOP - 15}.0"
    assert [one.text for one in raster.findall("gml:offsetVector", SPACES)] == ["30.0 0.0", "0.0 -30.0"]
    crs = root.find("wcs:CoverageOffering/wcs:supportedCRSs/wcs:requestResponseCRSs", SPACES)
    assert crs.text == "EPSG:5070"


def test_another_version_is_not_pretended(tmp_path):
    path = write(tmp_path / "small.tif", VALUES)
    server = Loopback(Wcs({"Small": path}).handle)
    with pytest.raises(NotImplementedError, match=r"2\.0\.1"), server, pytest.raises(OSError):
        coverage(server, box(0, 0, 2, 2), version="2.0.1")


class TestOnGrid5070:
    def test_a_grid_that_lies_right_is_taken_as_it_is(self, tmp_path):
        path = ensure(2020) / "land_cover.tif"
        assert on_grid_5070(path, tmp_path / "out.tif") == path
        assert not (tmp_path / "out.tif").exists()

    def test_a_shifted_grid_is_moved_to_the_nearest_pixels(self, tmp_path):
        path = write(tmp_path / "shifted.tif", VALUES, Affine(30, 0, LEFT + 10, 0, -30, TOP - 10))
        out = on_grid_5070(path, tmp_path / "out.tif")
        values, transform, crs, nodata = grid(out.read_bytes())
        assert (transform.a, transform.c % 30, transform.f % 30, crs, nodata) == (30, 15, 15, 5070, 255)
        row, column = round((transform.f - TOP) / 30), round((LEFT - transform.c) / 30)
        assert np.array_equal(values[row : row + 4, column : column + 5], VALUES)

    def test_another_system_is_warped(self, tmp_path):
        path = write(tmp_path / "utm.tif", VALUES, Affine(30, 0, 500_000, 0, -30, 4_300_000), "EPSG:32618")
        values, transform, crs, _ = grid(on_grid_5070(path, tmp_path / "out.tif").read_bytes())
        assert (crs, transform.c % 30, transform.f % 30) == (5070, 15, 15)
        assert set(np.unique(values)) - {255} <= set(VALUES.ravel()) and (values != 255).sum() >= 18
