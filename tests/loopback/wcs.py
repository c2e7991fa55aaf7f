"""MRLC's GeoServer: Web Coverage Service 1.0.0 over GeoTIFFs, one coverage a workspace.

GetCoverage builds the grid that the request's BBOX and resolution start, and resamples the source to it by nearest
neighbour, as GeoServer does: a client that does not align its BBOX gets values too, only not those of the grid's own
pixels. Errors come as GeoServer gives them to clients of version 1.0.0: an XML report with status 200.

Sources: OGC 03-065r6 (WCS 1.0.0); GeoServer's own behaviour as its code has it (``wcs1_0``: order of the elements,
messages; without TIME the latest position is meant).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject, transform_bounds

from tests.loopback.messages import Request, Response, html_response

PIXEL, OFFSET = 30, 15  # the national grid: pixels of 30 m whose edges lie at 15 modulo 30
BACKGROUND = 255  # where the coverage has no pixel and the source names no value for that
_SPACES = 'xmlns:wcs="http://www.opengis.net/wcs" xmlns:gml="http://www.opengis.net/gml"'
_SPACES += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ogc="http://www.opengis.net/ogc"'
_SPACES += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1.0.0"'
_FORMATS = {"geotiff", "image/geotiff", "image/tiff", "tiff"}
_LIMIT = 64_000_000  # cells of one answer
Bounds = tuple[float, float, float, float]


class _Refused(Exception):
    """A ServiceException: its message, code and locator."""

    def __init__(self, message: str, code: str = "", locator: str = "") -> None:
        super().__init__(message)
        self.code, self.locator = code, locator


class Wcs:
    """The server, at ``/geoserver/mrlc_{coverage}/ows``; older products at ``/geoserver/mrlc_download/{coverage}/wcs``.

    Parameters
    ----------
    coverages : mapping of str to Path, or to a mapping of int to Path
        GeoTIFFs by coverage, or by coverage and year. Each stands for a part of a grid that covers the country: what
        lies around it has no data.
    years : iterable of int
        Years of the coverages that have one source only; each is the time position of its first of January.
    """

    def __init__(self, coverages: Mapping[str, Path | Mapping[int, Path]], years: Iterable[int] = (2024,)) -> None:
        told = tuple(years)
        self.coverages: dict[str, dict[str, Path]] = {}
        for name, source in coverages.items():
            by_year = {year: source for year in told} if isinstance(source, Path) else source
            self.coverages[name] = {f"{year}-01-01T00:00:00.000Z": by_year[year] for year in sorted(by_year)}

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        match = re.fullmatch(r"/geoserver/(?:mrlc_download/|mrlc_)([^/]+)/(?:ows|wcs)", request.path)
        if match is None or match[1] not in self.coverages:
            return html_response("404 Not Found", f"No workspace is at {request.path}.", 404)
        asked = {name.lower(): values[0] for name, values in request.query.items()}
        try:
            return self._answer(match[1], asked, f"http://{request.headers.get('Host', '127.0.0.1')}{request.path}?")
        except _Refused as error:
            return _report(error)

    def _answer(self, name: str, asked: Mapping[str, str], url: str) -> Response:
        if asked.get("service", "").upper() != "WCS":
            raise _Refused("Could not determine geoserver request", "MissingParameterValue", "service")
        what = asked.get("request", "").lower()
        if what == "getcapabilities":
            return _xml(_capabilities(name, self.coverages[name], url))
        if asked.get("version", "1.0.0") != "1.0.0":
            raise NotImplementedError(f"WCS version {asked['version']}: only 1.0.0 is written here.")
        told = asked.get("coverage", "")
        if told.rsplit(":", 1)[-1] != name:
            raise _Refused(f"Could not find the specified coverage: {told}", "InvalidParameterValue", "coverage")
        if what == "describecoverage":
            return _xml(_description(name, self.coverages[name]))
        if what != "getcoverage":
            raise _Refused(f"No such operation WCS {asked.get('request')}", "OperationNotSupported", "request")
        return self._coverage(name, asked)

    def _coverage(self, name: str, asked: Mapping[str, str]) -> Response:
        kind = asked.get("format", "")
        if kind.lower() not in _FORMATS:
            raise _Refused(f"Output format:{kind} not supported", "InvalidParameterValue", "format")
        crs, bounds = _crs(asked.get("crs")), _bbox(asked.get("bbox"))
        resolution = _positive(asked.get("resx")), _positive(asked.get("resy"))
        source = self._source(name, asked.get("time"))
        headers = {"Content-Disposition": f"attachment; filename={name}.tif"}
        return Response(200, window(source, crs, bounds, resolution), "image/tiff", headers)

    def _source(self, name: str, time: str | None) -> Path:
        """Source of a time position; of the latest where none is asked for."""
        positions = self.coverages[name]
        if not time:
            return positions[max(positions)]
        for position, source in positions.items():
            if position.replace(".000Z", "Z") == time.replace(".000Z", "Z"):
                return source
        raise _Refused(
            "java.io.IOException: No raster data found in the request (it may be that the request bbox is outside of "
            "the coverage area, or that the filters used match no portions of it."
        )


def window(source: Path, crs: CRS, bounds: Bounds, resolution: tuple[float, float]) -> bytes:
    """A GeoTIFF of the grid that starts at the window's upper left corner, values by nearest neighbour.

    Parameters
    ----------
    source : Path
        GeoTIFF of one band.
    crs : CRS
        Of the window and the answer.
    bounds : tuple of float
        West, south, east, north in units of ``crs``.
    resolution : tuple of float
        Width and height of a pixel in units of ``crs``.
    """
    west, south, east, north = bounds
    width, height = round((east - west) / resolution[0]), round((north - south) / resolution[1])
    if width < 2 or height < 2:
        raise _Refused('java.lang.IllegalArgumentException: Illegal value for argument "resolutions".')
    if width * height > _LIMIT:
        raise _Refused(f"This request is trying to generate too much data: {width} x {height} cells.")
    with rasterio.open(source) as given:
        covered = transform_bounds(given.crs, crs, *given.bounds) if given.crs != crs else tuple(given.bounds)
        if covered[0] >= east or covered[2] <= west or covered[1] >= north or covered[3] <= south:
            raise _Refused("The request bbox is outside of the coverage area", "InvalidParameterValue", "bbox")
        transform = Affine(resolution[0], 0, west, 0, -resolution[1], north)
        values, profile = _nearest(given, crs, transform, (height, width))
    with MemoryFile() as memory:
        with memory.open(**profile, tiled=True, blockxsize=256, blockysize=256) as target:
            target.write(values, 1)
        return bytes(memory.read())


def on_grid_5070(path: Path, out: Path) -> Path:
    """A raster in the grid system of the national products: EPSG:5070, 30 m, edges at 15 modulo 30.

    Returns
    -------
    Path
        ``path`` where it is so already, else ``out``, warped by nearest neighbour.
    """
    with rasterio.open(path) as given:
        pixel = given.transform
        square = pixel.a == PIXEL and pixel.e == -PIXEL and pixel.b == pixel.d == 0
        if given.crs == CRS.from_epsg(5070) and square and pixel.c % PIXEL == pixel.f % PIXEL == OFFSET:
            return path
        crs = CRS.from_epsg(5070)
        west, south, east, north = transform_bounds(given.crs, crs, *given.bounds)
        west, south = (np.floor((edge - OFFSET) / PIXEL) * PIXEL + OFFSET for edge in (west, south))
        north = np.ceil((north - OFFSET) / PIXEL) * PIXEL + OFFSET
        height, width = int((north - south) / PIXEL), int(np.ceil((east - west) / PIXEL))
        transform = Affine(PIXEL, 0, west, 0, -PIXEL, north)
        values, profile = _nearest(given, crs, transform, (height, width))
    with rasterio.open(out, "w", **profile, compress="deflate") as target:
        target.write(values, 1)
    return out


def _nearest(
    given: Any, crs: CRS, transform: Affine, shape: tuple[int, int]
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[Any]], dict[str, Any]]:
    """Values of a raster on another grid by nearest neighbour, and the profile of a GeoTIFF of them."""
    nodata = BACKGROUND if given.nodata is None else given.nodata
    values = np.empty(shape, dtype=given.dtypes[0])
    reproject(
        rasterio.band(given, 1),
        values,
        dst_transform=transform,
        dst_crs=crs,
        dst_nodata=nodata,
        init_dest_nodata=True,
        resampling=Resampling.nearest,
    )
    profile = {"driver": "GTiff", "count": 1, "dtype": given.dtypes[0], "nodata": nodata, "crs": crs}
    return values, profile | {"height": shape[0], "width": shape[1], "transform": transform}


def _crs(told: str | None) -> CRS:
    if not told:
        raise _Refused("CRS parameter is mandatory", "MissingParameterValue", "crs")
    try:
        return CRS.from_string(told)
    except CRSError as error:
        raise _Refused(f"CRS parameter is invalid:{told}", "InvalidParameterValue", "crs") from error


def _bbox(told: str | None) -> Bounds:
    if not told:
        raise _Refused("bbox parameter is mandatory", "MissingParameterValue", "bbox")
    parts = told.split(",")
    if len(parts) < 4:
        raise _Refused(f"Requested bounding box contains wrongnumber of coordinates: {len(parts)}", locator="bbox")
    if len(parts) > 4:
        raise _Refused("Requested bounding box is not 2-dimensional: 3", "InvalidParameterValue", "bbox")
    try:
        west, south, east, north = map(float, parts)
    except ValueError as error:
        raise _Refused(f"Bounding box coordinate is not parsable:{error}", "InvalidParameterValue", "bbox") from error
    if west > east or south > north:
        axis, low, high = ("x", west, east) if west > east else ("y", south, north)
        told = f"illegal bbox, min {axis}: {low} is greater than max {axis}: {high}"
        raise _Refused(told, "InvalidParameterValue", "bbox")
    return west, south, east, north


def _positive(told: str | None) -> float:
    try:
        value = float(told or "")
    except ValueError as error:
        raise _Refused("Could not recognize grid resolution", "InvalidParameterValue") from error
    if not value > 0:
        raise _Refused("Could not recognize grid resolution", "InvalidParameterValue")
    return value


def _report(error: _Refused) -> Response:
    code = f" code={quoteattr(error.code)}" if error.code else ""
    locator = f" locator={quoteattr(error.locator)}" if error.locator else ""
    inner = f"   <ServiceException{code}{locator}>\n      {escape(str(error))}\n</ServiceException>"
    head = '<?xml version="1.0" encoding="UTF-8"?><ServiceExceptionReport version="1.2.0" >'
    text = f"{head}{inner}</ServiceExceptionReport>"
    return Response(200, text.encode(), "application/vnd.ogc.se_xml")


def _xml(text: str) -> Response:
    return Response(200, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), "application/xml")


def _envelope(positions: Mapping[str, Path]) -> str:
    """The coverage in degrees, with its first and last time position."""
    with rasterio.open(positions[max(positions)]) as given:
        west, south, east, north = transform_bounds(given.crs, CRS.from_epsg(4326), *given.bounds)
    places = f"<gml:pos>{west} {south}</gml:pos><gml:pos>{east} {north}</gml:pos>"
    return (
        f'<wcs:lonLatEnvelope srsName="urn:ogc:def:crs:OGC:1.3:CRS84">{places}{_period(positions)}</wcs:lonLatEnvelope>'
    )


def _period(positions: Mapping[str, Path]) -> str:
    return "".join(f"<gml:timePosition>{one}</gml:timePosition>" for one in (min(positions), max(positions)))


def _capabilities(name: str, positions: Mapping[str, Path], url: str) -> str:
    reach = f"<wcs:OnlineResource xlink:href={quoteattr(url)}/>"
    http = "".join(
        f"<wcs:DCPType><wcs:HTTP><wcs:{verb}>{reach}</wcs:{verb}></wcs:HTTP></wcs:DCPType>" for verb in ("Get", "Post")
    )
    requests = "".join(
        f"<wcs:{one}>{http}</wcs:{one}>" for one in ("GetCapabilities", "DescribeCoverage", "GetCoverage")
    )
    brief = f"<wcs:description>{escape(name)}</wcs:description><wcs:name>{escape(name)}</wcs:name>"
    brief += f"<wcs:label>{escape(name)}</wcs:label>{_envelope(positions)}<wcs:keywords/>"
    return (
        f"<wcs:WCS_Capabilities {_SPACES}><wcs:Service><wcs:name>WCS</wcs:name><wcs:label>MRLC</wcs:label>"
        "<wcs:fees>NONE</wcs:fees><wcs:accessConstraints>NONE</wcs:accessConstraints></wcs:Service>"
        f"<wcs:Capability><wcs:Request>{requests}</wcs:Request>"
        "<wcs:Exception><wcs:Format>application/vnd.ogc.se_xml</wcs:Format></wcs:Exception></wcs:Capability>"
        f"<wcs:ContentMetadata><wcs:CoverageOfferingBrief>{brief}</wcs:CoverageOfferingBrief></wcs:ContentMetadata>"
        "</wcs:WCS_Capabilities>"
    )


def _description(name: str, positions: Mapping[str, Path]) -> str:
    with rasterio.open(positions[max(positions)]) as given:
        srs = f'srsName="EPSG:{given.crs.to_epsg()}"'
        west, south, east, north = given.bounds
        pixel, high = given.transform, f"{given.width - 1} {given.height - 1}"
    corners = f"<gml:pos>{west} {south}</gml:pos><gml:pos>{east} {north}</gml:pos>"
    grid = (
        f'<gml:RectifiedGrid dimension="2" {srs}><gml:limits><gml:GridEnvelope><gml:low>0 0</gml:low>'
        f"<gml:high>{high}</gml:high></gml:GridEnvelope></gml:limits><gml:axisName>x</gml:axisName>"
        f"<gml:axisName>y</gml:axisName><gml:origin><gml:pos>{west + pixel.a / 2} {north + pixel.e / 2}</gml:pos>"
        f"</gml:origin><gml:offsetVector>{pixel.a} 0.0</gml:offsetVector>"
        f"<gml:offsetVector>0.0 {pixel.e}</gml:offsetVector></gml:RectifiedGrid>"
    )
    period = f"<gml:EnvelopeWithTimePeriod {srs}>{corners}{_period(positions)}</gml:EnvelopeWithTimePeriod>"
    times = "".join(f"<gml:timePosition>{one}</gml:timePosition>" for one in positions)
    names = f"<wcs:name>{escape(name)}</wcs:name><wcs:label>{escape(name)}</wcs:label>"
    return (
        f"<wcs:CoverageDescription {_SPACES}><wcs:CoverageOffering><wcs:description>{escape(name)}</wcs:description>"
        f"{names}{_envelope(positions)}<wcs:keywords/><wcs:domainSet><wcs:spatialDomain>{period}{grid}"
        f"</wcs:spatialDomain><wcs:temporalDomain>{times}</wcs:temporalDomain></wcs:domainSet>"
        f"<wcs:rangeSet><wcs:RangeSet>{names}<wcs:axisDescription><wcs:AxisDescription><wcs:name>Band</wcs:name>"
        "<wcs:label>Band</wcs:label><wcs:values><wcs:singleValue>1</wcs:singleValue></wcs:values>"
        "</wcs:AxisDescription></wcs:axisDescription></wcs:RangeSet></wcs:rangeSet>"
        "<wcs:supportedCRSs><wcs:requestResponseCRSs>EPSG:5070</wcs:requestResponseCRSs></wcs:supportedCRSs>"
        '<wcs:supportedFormats nativeFormat="GeoTIFF"><wcs:formats>GeoTIFF</wcs:formats></wcs:supportedFormats>'
        '<wcs:supportedInterpolations default="nearest neighbor"><wcs:interpolationMethod>nearest neighbor'
        "</wcs:interpolationMethod></wcs:supportedInterpolations></wcs:CoverageOffering></wcs:CoverageDescription>"
    )
