"""Where the pixels of a raster lie, how large they are, and zones brought to them.

Zones are brought to the grid, never the grid to the zones: resampling would invent values.

The area of a pixel is constant in a projected grid (exact where the grid is equal-area; within 0.1 % in UTM). It
is not in a geographic grid (shrinking with cos φ) nor in web Mercator (with cos² φ): there each row has its own
area, taken on the ellipsoid through a cylindrical equal-area projection (METHODS 8, CRS rule).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import CrsError, LayerError
from justgeo.core.layer import FloatArray, Raster

log = logging.getLogger(__name__)

GeometryArray = npt.NDArray[np.object_]
# Longest straight edge that goes through a change of CRS unsplit; its sagitta is then under 1 cm.
_LONGEST_EDGE_M = 500.0
_LONGEST_EDGE_DEGREES = 0.005
_EQUAL_AREA = CRS.from_proj4("+proj=cea +lat_ts=0 +ellps=WGS84 +units=m +no_defs")


@dataclass(frozen=True)
class Grid:
    """Where the pixels of a raster lie: rasters of equal grids share what was found of it.

    Attributes
    ----------
    transform : 6 floats
        Affine coefficients ``a, b, c, d, e, f``, north up.
    shape : (int, int)
        Rows and columns.
    crs : str
        WKT.
    """

    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    crs: str

    @classmethod
    def of(cls, raster: Raster) -> Grid:
        """The grid of a raster.

        Raises
        ------
        LayerError
            It is not north-up.
        CrsError
            It has no CRS.
        """
        a, b, _, d, e, _ = raster.transform
        if b or d or a <= 0 or e >= 0:
            raise LayerError(
                f"The grid {raster.provenance.layer!r} is not north-up (transform {raster.transform}).",
                remedy="Warp it to a north-up grid of the same CRS with nearest-neighbour resampling (gdalwarp).",
            )
        if not raster.crs:
            raise CrsError(
                f"The grid {raster.provenance.layer!r} has no CRS.", remedy="Assign its CRS (gdal_edit.py -a_srs)."
            )
        rows, cols = raster.values.shape
        return cls(raster.transform, (rows, cols), raster.crs)

    @property
    def key(self) -> str:
        """Text that equal grids have, and no others."""
        return repr((self.transform, self.shape, self.crs))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return self.bounds_of(slice(0, self.shape[0]))

    def bounds_of(self, rows: slice) -> tuple[float, float, float, float]:
        """West, south, east, north of some rows, all columns."""
        a, _, c, _, e, f = self.transform
        return c, f + e * rows.stop, c + a * self.shape[1], f + e * rows.start

    def row_areas(self) -> FloatArray:
        """Area of one pixel of each row, square metres, shape (rows,)."""
        a, _, c, _, e, f = self.transform
        rows, crs = self.shape[0], CRS.from_user_input(self.crs)
        if not _is_cylindrical(crs):
            return np.full(rows, a * abs(e) * _metres(crs) ** 2)
        edges = f + e * np.arange(rows + 1)
        to_equal_area = Transformer.from_crs(crs, _EQUAL_AREA, always_xy=True)
        x, y = to_equal_area.transform(np.full(rows + 1, c), edges)
        x_next, _ = to_equal_area.transform(np.full(rows + 1, c + a), edges)
        return np.asarray((x_next - x)[:-1] * -np.diff(y), dtype=np.float64)

    def boxes(self, zones: GeometryArray) -> npt.NDArray[np.int64]:
        """First row, row after the last, first column, column after the last that each zone may touch; shape (n, 4).

        Not smaller than the zone, within the grid; none of them where the zone lies beyond it.
        """
        a, _, c, _, e, f = self.transform
        rows, cols = self.shape
        west, south, east, north = shapely.bounds(zones).reshape(-1, 4).T
        # A pixel more on each side: which pixel a zone on its very edge touches is for the cutting to say.
        top, bottom = np.floor((north - f) / e) - 1, np.floor((south - f) / e) + 2
        left, right = np.floor((west - c) / a) - 1, np.floor((east - c) / a) + 2
        ends = [np.clip(top, 0, rows), np.clip(bottom, 0, rows), np.clip(left, 0, cols), np.clip(right, 0, cols)]
        return np.column_stack(ends).astype(np.int64)

    def beyond(self, zones: GeometryArray) -> FloatArray:
        """Area of the zones that the grid does not reach, square metres, shape (n,)."""
        found = np.zeros(len(zones))
        west, south, east, north = self.bounds
        box = shapely.bounds(zones).reshape(-1, 4)
        out = (box[:, 0] < west) | (box[:, 1] < south) | (box[:, 2] > east) | (box[:, 3] > north)
        if not out.any():
            return found
        outside = shapely.difference(zones[out], shapely.box(west, south, east, north))
        crs = CRS.from_user_input(self.crs)
        if not _is_cylindrical(crs):
            found[out] = shapely.area(outside) * _metres(crs) ** 2
            return found
        longest = _LONGEST_EDGE_DEGREES if crs.is_geographic else _LONGEST_EDGE_M
        dense = gpd.GeoSeries(shapely.segmentize(outside, longest), crs=crs)
        found[out] = dense.to_crs(_EQUAL_AREA).area.to_numpy()
        return found

    def bring(self, shapes: gpd.GeoSeries) -> GeometryArray:
        """Polygons in the grid's CRS, valid ones; None for missing and empty ones.

        Raises
        ------
        CrsError
            The shapes have no CRS.
        LayerError
            A shape is no polygon, or cannot be mended.
        """
        if shapes.crs is None:
            raise CrsError("The zones have no CRS.", remedy="Declare the CRS of the layer that the zones came from.")
        mended = np.array([_polygonal(g) for g in shapes.to_numpy()], dtype=object)
        crs, grid = CRS.from_user_input(shapes.crs), CRS.from_user_input(self.crs)
        if crs == grid:
            return mended
        longest = _LONGEST_EDGE_DEGREES if crs.is_geographic else _LONGEST_EDGE_M / _metres(crs)
        dense = gpd.GeoSeries(shapely.segmentize(mended, longest), crs=crs).to_crs(grid).to_numpy()
        # A change of CRS can make two almost equal vertices cross.
        return np.array([_polygonal(g) for g in dense], dtype=object)


def _polygonal(geometry: object) -> object:
    """A valid polygon, None for nothing; a self-crossing one (which exactextract counts as empty) is mended."""
    if not isinstance(geometry, BaseGeometry) or geometry.is_empty:
        return None
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise LayerError(f"A zone is a {geometry.geom_type}.", remedy="Zones must be polygons; buffer points or lines.")
    if geometry.is_valid:
        return geometry
    parts = [p for p in shapely.get_parts(shapely.make_valid(geometry)) if p.geom_type.endswith("Polygon")]
    if not parts:
        raise LayerError(
            "A zone's polygon has no area once it is mended.", remedy="Redraw it: it folds back upon itself."
        )
    log.warning("a self-crossing zone was mended before it was laid on the grid")
    return shapely.union_all(parts)


def _metres(crs: CRS) -> float:
    return float(crs.axis_info[0].unit_conversion_factor)


def _is_cylindrical(crs: CRS) -> bool:
    """Rows are parallels and pixels shrink towards the poles: geographic and Mercator grids."""
    if crs.is_geographic:
        return True
    operation = crs.coordinate_operation
    return operation is not None and operation.method_name.startswith(("Mercator", "Popular Visualisation"))
