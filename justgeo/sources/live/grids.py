"""Windows of grids: which pixels an area needs, in which pieces they are asked for, and how the pieces lie together.

Nothing is ever resampled. A window is made of whole pixels of the product's own grid; pieces of one layer keep the
bytes in which they came, and a small VRT (an XML that GDAL reads as one raster) says where each lies and which digest
it has, so that its own digest stands for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import transformer
from justgeo.core.errors import CoverageError, LayerError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._geo import WGS84
from justgeo.sources.live.ask import Ask
from justgeo.sources.live.redact import without_user

if TYPE_CHECKING:
    from justgeo.sources.rasters import Grid

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""
Box = tuple[int, int, int, int]
"""The same, in whole metres."""

PAD = 3
"""Pixels around a window: one more than the reader takes, so that its own window always lies within."""
MOST_PIXELS = 200_000_000
"""More than this no reader takes at once."""
ENOUGH = 0.95
"""Share of valid pixels in the district below which it is told (METHODS 4.2)."""
_DENSE_DEGREES = 0.005
_NEAR = 1e-3  # of a pixel: grids of one product differ by rounding only
_GDAL_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
}


class Planned(NamedTuple):
    """What a door would ask for, and by layer why it asks for nothing."""

    asks: list[Ask]
    reasons: dict[str, str]


@dataclass(frozen=True)
class Piece:
    """One file of a layer and its digest."""

    name: str
    grid: Grid
    sha256: str


def bounds_in(shape: BaseGeometry, crs: str) -> Bounds:
    """Bounds in another CRS of a geometry in EPSG:4326, its edges densified: a parallel is no straight line there.

    Raises
    ------
    CoverageError
        The geometry has no place in that CRS.
    """
    try:
        to_crs = transformer(WGS84, crs)
    except ProjError as error:
        raise CoverageError(f"{crs!r} is no CRS that is known.", remedy="name one with an EPSG code.") from error
    points = shapely.get_coordinates(shapely.segmentize(shape, _DENSE_DEGREES))
    x, y = to_crs.transform(points[:, 0], points[:, 1])
    if not len(points) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise CoverageError(f"The area has no place in {crs}.", remedy="use a product that covers the area.")
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))


def aligned(bounds: Bounds, metres: int, offset: int, pad: int = PAD) -> Box:
    """The smallest box of whole pixels around some bounds, and ``pad`` more on every side.

    Parameters
    ----------
    bounds : Bounds
        In the grid's CRS, metres.
    metres : int
        Width of a pixel.
    offset : int
        What every edge of a pixel leaves when divided by ``metres``: 15 in the national grid of 30 m pixels.

    Returns
    -------
    Box
    """
    west, south, east, north = bounds
    low = [(math.floor((edge - offset) / metres) - pad) * metres + offset for edge in (west, south)]
    high = [(math.ceil((edge - offset) / metres) + pad) * metres + offset for edge in (east, north)]
    return low[0], low[1], high[0], high[1]


def size(box: Box, metres: int) -> tuple[int, int]:
    """Columns and rows of a box."""
    return (box[2] - box[0]) // metres, (box[3] - box[1]) // metres


def cut(box: Box, metres: int, most: int) -> list[Box]:
    """A box in pieces of at most ``most`` pixels a side and nearly one size, row by row from the north-west."""
    cols, rows = size(box, metres)
    xs, ys = _edges(cols, most), _edges(rows, most)
    return [
        (box[0] + metres * left, box[3] - metres * lower, box[0] + metres * right, box[3] - metres * upper)
        for upper, lower in pairwise(ys)
        for left, right in pairwise(xs)
    ]


def _edges(count: int, most: int) -> list[int]:
    """Ends of nearly equal parts: a last part of one pixel is a thing that map servers refuse."""
    parts = max(1, -(-count // most))
    return [count * i // parts for i in range(parts + 1)]


def same_place(one: str, other: str, bounds: Bounds) -> bool:
    """Whether two CRS put the corners of some bounds at the same places, to a centimetre.

    Names are no help here: servers write EPSG:5070 in half a dozen ways.

    Parameters
    ----------
    one, other : str
        Anything that pyproj reads.
    bounds : Bounds
        In units of both.
    """
    west, south, east, north = bounds
    corners = np.array([west, east, west, east]), np.array([south, south, north, north])
    try:
        places = [np.array(transformer(crs, WGS84).transform(*corners)) for crs in (one, other)]
    except ProjError:
        return False
    return bool(np.isfinite(places).all() and np.abs(places[0] - places[1]).max() < 1e-7)


def outward(bounds: Bounds, digits: int) -> Bounds:
    """Bounds rounded so that they only grow: what is asked for is a number that can be written down."""
    step = 10.0**-digits
    low = [round(math.floor(edge / step) * step, digits) for edge in bounds[:2]]
    high = [round(math.ceil(edge / step) * step, digits) for edge in bounds[2:]]
    return low[0], low[1], high[0], high[1]


def where(service: Service, path: str) -> str:
    """The first address of a file of a service, as a plan may show it."""
    return without_user((service.urls[0] if service.urls else "") + path)


def mosaic(pieces: Sequence[Piece], title: str) -> str:
    """A VRT of pieces of one grid.

    Parameters
    ----------
    pieces : sequence of Piece
        North-up, of one band each. What lies in none of them is no data.
    title : str
        Of the product, for messages.

    Returns
    -------
    str
        XML, to be written beside the pieces.

    Raises
    ------
    SourceError
        ``changed``: they are not of one grid, type or value for no data.
    """
    first = pieces[0].grid
    a, _, _, _, e, _ = first.transform
    west = min(piece.grid.bounds[0] for piece in pieces)
    north = max(piece.grid.bounds[3] for piece in pieces)
    east, south = max(piece.grid.bounds[2] for piece in pieces), min(piece.grid.bounds[1] for piece in pieces)
    sources: list[str] = []
    for piece in pieces:
        grid = piece.grid
        col, row = (grid.bounds[0] - west) / a, (grid.bounds[3] - north) / e
        like = (grid.dtype, grid.nodata, grid.bands) == (first.dtype, first.nodata, 1) and grid.dtype in _GDAL_TYPES
        scale = max(abs(grid.transform[0] / a - 1) * grid.width, abs(grid.transform[4] / e - 1) * grid.height)
        even = abs(col - round(col)) < _NEAR and abs(row - round(row)) < _NEAR and scale < _NEAR
        if not (like and even and same_place(grid.crs, first.crs, grid.bounds)):
            raise SourceError(
                f"{title}: the pieces {pieces[0].name} and {piece.name} are not of one grid.",
                remedy="fetch again; the product may have changed meanwhile.",
                kind="changed",
            )
        sources.append(_source(piece, round(col), round(row)))
    digests = "".join(f"<MDI key={quoteattr(piece.name)}>{piece.sha256}</MDI>" for piece in pieces)
    hidden = "" if first.nodata is None else f"<NoDataValue>{first.nodata:.17g}</NoDataValue>"
    numbers = ", ".join(f"{v!r}" for v in (west, a, 0.0, north, 0.0, e))
    return (
        f'<VRTDataset rasterXSize="{round((east - west) / a)}" rasterYSize="{round((south - north) / e)}">\n'
        f"<SRS>{escape(first.crs)}</SRS>\n<GeoTransform>{numbers}</GeoTransform>\n"
        f'<Metadata domain="sha256">{digests}</Metadata>\n'
        f'<VRTRasterBand dataType="{_GDAL_TYPES[first.dtype]}" band="1">{hidden}\n'
        + "\n".join(sources)
        + "\n</VRTRasterBand>\n</VRTDataset>\n"
    )


def _source(piece: Piece, col: int, row: int) -> str:
    extent = f'xSize="{piece.grid.width}" ySize="{piece.grid.height}"'
    return (
        f'<SimpleSource><SourceFilename relativeToVRT="1">{escape(piece.name)}</SourceFilename>'
        f'<SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" {extent}/>'
        f'<DstRect xOff="{col}" yOff="{row}" {extent}/></SimpleSource>'
    )


def notes_of(spec: LayerSpec, area: Area, title: str, service: Service) -> tuple[str, ...]:
    """What to tell of a grid that came: how much of the district it leaves without a measurement.

    Raises
    ------
    SourceError
        ``missing``: the reader will not take it, since it holds nothing for the district.
    """
    from justgeo.sources import rasters

    try:
        raster = rasters.read_raster(spec, replace(area, window=area.district))
    except LayerError as error:
        raise SourceError(
            f"{title}: {error.message.replace(str(spec.path), spec.path.name)}",
            remedy=f"see {service.page} which places and years there are.",
            kind="missing",
            service=service.id,
        ) from error
    share = rasters.valid_share(raster, area.district)
    if not share < ENOUGH:
        return ()
    return (f"{100 * share:.0f} % of the district's pixels hold a measurement; water may be among the rest.",)
