"""The district: a boundary that can be measured, and the metric CRS chosen once for it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
import shapely.geometry.polygon
from pyproj import CRS, Geod
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import BoundaryError, CrsError

WGS84 = "EPSG:4326"
MAX_KM2 = 1000.0
MIN_KM2 = 0.01

# Coarse boxes (west, south, east, north) around the states and territories that the Census Bureau covers. They
# catch a swapped axis or another country early; the county layer decides in the end.
US_BOXES: dict[str, tuple[float, float, float, float]] = {
    "contiguous states": (-125.5, 24.0, -66.5, 49.6),
    "Alaska": (-180.0, 51.0, -129.0, 71.6),
    "Alaska (beyond 180°)": (172.0, 51.0, 180.0, 53.2),
    "Hawaii": (-178.5, 18.5, -154.5, 28.6),
    "Puerto Rico and Virgin Islands": (-68.1, 17.5, -64.4, 18.7),
    "Guam and Northern Marianas": (144.5, 13.1, 146.2, 20.7),
    "American Samoa": (-171.2, -14.7, -168.0, -10.9),
}


@dataclass(frozen=True)
class District:
    """A place to make a baseline for.

    Attributes
    ----------
    name, slug : str
    boundary : shapely geometry
        Polygon or multipolygon in EPSG:4326, valid, two-dimensional.
    notes : tuple of str
        What was mended on the way in.
    """

    name: str
    slug: str
    boundary: BaseGeometry
    notes: tuple[str, ...] = ()


def make(name: str, slug: str, shapes: gpd.GeoDataFrame, origin: str) -> District:
    """Make a district of the union of some polygons, or say what is wrong with them.

    Parameters
    ----------
    name, slug : str
    shapes : GeoDataFrame
        One or more polygons in any CRS.
    origin : str
        Where they came from, for the message.

    Raises
    ------
    CrsError
        No CRS is known.
    BoundaryError
        Empty, not polygons, with heights, self-crossing, outside the United States, or of absurd size.
    """
    if shapes.crs is None:
        raise CrsError(
            f"The boundary {origin} has no coordinate reference system.",
            remedy="save it again with its CRS (a .prj file beside a shapefile), or name it: boundary = "
            '{ file = "...", crs = "EPSG:..." }.',
        )
    notes: list[str] = []
    parts = [g for g in shapes.geometry if g is not None and not g.is_empty]
    if not parts:
        raise BoundaryError(f"The boundary {origin} is empty.", remedy="draw at least one polygon in it.")
    flat = [_checked(g, origin, notes) for g in parts]
    union = shapely.union_all(np.array(flat, dtype=object))
    series = gpd.GeoSeries([union], crs=shapes.crs).to_crs(WGS84)
    boundary = series.iloc[0]
    _check_place(boundary, origin)
    return District(name=name, slug=slug, boundary=boundary, notes=tuple(notes))


def _checked(geometry: BaseGeometry, origin: str, notes: list[str]) -> BaseGeometry:
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise BoundaryError(
            f"The boundary {origin} holds a {geometry.geom_type}, not a polygon.",
            remedy="give the outline as a polygon (close the line, or buffer the point).",
        )
    if geometry.has_z:
        heights = shapely.get_coordinates(geometry, include_z=True)[:, 2]
        if np.any(heights[np.isfinite(heights)] != 0):
            raise BoundaryError(
                f"The boundary {origin} is three-dimensional (heights up to {np.nanmax(np.abs(heights)):g}).",
                remedy="export it without Z values; a district is a piece of the map, not a solid.",
            )
        geometry = shapely.force_2d(geometry)
        notes.append("The boundary carried heights of zero; they were dropped.")
    if not geometry.is_valid:
        geometry = _mended(geometry, origin, notes)
    return geometry


def _mended(geometry: BaseGeometry, origin: str, notes: list[str]) -> BaseGeometry:
    """Mend what is merely untidy; refuse an outline that crosses itself, because its inside is ambiguous."""
    why = shapely.is_valid_reason(geometry)
    made = shapely.make_valid(geometry)
    polygons = [g for g in shapely.get_parts(made) if g.geom_type in ("Polygon", "MultiPolygon")]
    mended = shapely.union_all(np.array(polygons, dtype=object))
    same = abs(mended.area - geometry.area) <= 1e-9 * max(mended.area, 1e-30)
    if "Self-intersection" in why and "Ring" not in why and not same:
        raise BoundaryError(
            f"The boundary {origin} crosses itself ({why}): what is inside is ambiguous.",
            remedy="redraw the outline so that it does not cross itself (QGIS finds the place: Check Validity).",
        )
    notes.append(f"The boundary was untidy ({why}) and was mended without changing its area.")
    return mended


def _check_place(boundary: BaseGeometry, origin: str) -> None:
    west, south, east, north = boundary.bounds
    if not np.all(np.isfinite([west, south, east, north])):
        raise BoundaryError(
            f"The boundary {origin} has no finite coordinates in degrees.",
            remedy="its declared CRS does not fit its numbers; save it again with the right CRS.",
        )
    inside = any(w <= west and s <= south and east <= e and north <= n for w, s, e, n in US_BOXES.values())
    if not inside:
        raise BoundaryError(
            f"The boundary {origin} lies outside the United States "
            f"(longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}).",
            remedy="justgeo stands on US census data; for a place in the US, look for swapped axes or a wrong CRS.",
        )
    km2 = geodesic_area(boundary) / 1e6
    if km2 > MAX_KM2:
        raise BoundaryError(
            f"The boundary {origin} covers {km2:,.0f} km²; a district may have up to {MAX_KM2:,.0f} km².",
            remedy="give a neighbourhood or a district; several districts are run one by one.",
        )
    if km2 < MIN_KM2:
        raise BoundaryError(
            f"The boundary {origin} covers {km2 * 1e6:,.0f} m², less than a city block.",
            remedy="check the units of its coordinates (feet read as metres?) or draw a larger area.",
        )


def geodesic_area(geometry: BaseGeometry) -> float:
    """Area on the WGS84 ellipsoid, m², of a geometry in EPSG:4326 (Karney 2013, as PROJ computes it)."""
    geod = Geod(ellps="WGS84")
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    return float(sum(abs(geod.geometry_area_perimeter(shapely.geometry.polygon.orient(p))[0]) for p in parts))


def metric_crs(county: BaseGeometry) -> str:
    """The one CRS in which a district is measured.

    An ellipsoidal Lambert azimuthal equal-area projection centred on the county (centre of its box, rounded to 0.1
    degree): areas right to 1e-9, lengths to about 1e-5 within a county.

    Parameters
    ----------
    county : shapely geometry
        In EPSG:4326; the district itself where no county is known.
    """
    west, south, east, north = county.bounds
    lon, lat = round((west + east) / 2, 1), round((south + north) / 2, 1)
    text = f"+proj=laea +lat_0={lat:.1f} +lon_0={lon:.1f} +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs +type=crs"
    return str(CRS.from_user_input(text).to_wkt())


def centre(crs: str) -> tuple[float, float]:
    """Latitude and longitude on which a CRS made by `metric_crs` is centred."""
    operation = CRS.from_wkt(crs).coordinate_operation
    if operation is None:
        raise CrsError("A geographic CRS has no centre.", remedy="use the district's metric CRS.")
    terms = {p.name: float(p.value) for p in operation.params}
    return terms["Latitude of natural origin"], terms["Longitude of natural origin"]


def require_metric(crs: object) -> CRS:
    """The CRS, or an error where lengths in it would be degrees or feet.

    Raises
    ------
    CrsError
    """
    if crs is None:
        raise CrsError("A geometry without CRS cannot be measured.", remedy="give the layer its CRS.")
    known = CRS.from_user_input(crs)
    if not known.is_projected or any(abs(axis.unit_conversion_factor - 1.0) > 1e-12 for axis in known.axis_info):
        raise CrsError(
            f"Lengths and areas cannot be taken in {known.name!r}.",
            remedy="project to the district's metric CRS first (core.district.metric_crs).",
        )
    return known


def halo(boundary: BaseGeometry, crs: str, metres: float) -> BaseGeometry:
    """The boundary and everything within ``metres`` of it, EPSG:4326."""
    require_metric(crs)
    series = gpd.GeoSeries([boundary], crs=WGS84).to_crs(crs)
    around: BaseGeometry = series.buffer(metres).to_crs(WGS84).iloc[0]
    return around


def halo_width(longest_walk_m: float) -> float:
    """Longest walking threshold, times 1.3 for the detour of streets, plus 200 m for snapping."""
    return longest_walk_m * 1.3 + 200.0
