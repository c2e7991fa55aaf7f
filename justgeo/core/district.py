"""The district: a boundary that can be measured, and the metric CRS chosen once for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
import shapely.geometry.polygon
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import BoundaryError, CrsError

WGS84 = "EPSG:4326"
MAX_KM2 = 1000.0
MIN_KM2 = 0.01
NEAR_M = 150_000.0
"""As far from its centre the metric CRS has lengths right to 7e-5: (d / 2R)² / 2, which grows with the square."""
FAR_M = 1_000_000.0
"""So far away lengths are wrong by 3 in 1,000: district and reference cannot both be measured in one system."""

_DENSE_DEGREES = 0.1
_HALF_WORLD = 180.0  # degrees: what seems to be wider lies on both sides of the 180th meridian

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
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise BoundaryError(
            f"The boundary {origin} has a coordinate that is no number ({shapely.is_valid_reason(geometry)}).",
            remedy="draw the outline again, or save it again from the program that it was drawn in.",
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
    alaska = US_BOXES["Alaska"]
    if east - west > _HALF_WORLD and alaska[1] <= south and north <= alaska[3]:
        raise BoundaryError(
            f"The boundary {origin} lies on both sides of the 180th meridian "
            f"(longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}).",
            remedy="give the part on one side of it; its other part is a district of its own.",
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


def metric_crs(county: BaseGeometry, district: BaseGeometry | None = None) -> str:
    """The one CRS in which a district is measured.

    An ellipsoidal Lambert azimuthal equal-area projection centred on the county (centre of its box, rounded to 0.1
    degree): areas right to 1e-9, lengths to about 1e-5 within a county. Where that centre is more than 150 km from the
    district's, it is centred on the district: Honolulu's county reaches 2,000 km out to sea, Aleutians West across the
    180th meridian. Areas are right everywhere, lengths to 1e-4 up to 180 km from the centre (Snyder 1987, *Map
    Projections: A Working Manual*, USGS Professional Paper 1395, pp. 182-190).

    Parameters
    ----------
    county : shapely geometry
        In EPSG:4326; the district itself where no county is known.
    district : shapely geometry, optional
        In EPSG:4326.

    Raises
    ------
    BoundaryError
        The district lies more than 1,000 km from all of the county.
    """
    middle = _middle(county)
    if district is None:
        return _centred(*middle)
    home = _middle(district)
    if Geod(ellps="WGS84").inv(*middle, *home)[2] <= NEAR_M:
        return _centred(*middle)
    apart = 0.0 if county.intersects(district) else _nearest(county, home)
    if apart > FAR_M:
        raise BoundaryError(
            f"The district (longitude {home[0]:.1f}, latitude {home[1]:.1f}) lies {apart / 1000:,.0f} km from what it "
            "is to be compared with: lengths cannot be right in both.",
            remedy="name a reference that holds the district or lies near it, and see that its layer is of this place.",
        )
    return _centred(*home)


def _nearest(shape: BaseGeometry, place: tuple[float, float]) -> float:
    """Metres from a place to the nearest point of a shape's outline, to some kilometres."""
    outline = shapely.get_coordinates(shapely.segmentize(shape, _DENSE_DEGREES))
    here = np.broadcast_to(place, outline.shape)
    return float(Geod(ellps="WGS84").inv(outline[:, 0], outline[:, 1], here[:, 0], here[:, 1])[2].min())


def _middle(shape: BaseGeometry) -> tuple[float, float]:
    """Longitude and latitude of the centre of a shape's box, EPSG:4326, to 0.1 degree."""
    west, south, east, north = shape.bounds
    if east - west > _HALF_WORLD:
        x = shapely.get_coordinates(shape)[:, 0]
        x = np.where(x < 0, x + 360.0, x)
        west, east = float(x.min()), float(x.max())
    lon = (west + east) / 2
    return round(lon - 360.0 if lon > 180.0 else lon, 1), round((south + north) / 2, 1)


def _centred(lon: float, lat: float) -> str:
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


def to_metric(shape: BaseGeometry, crs: str) -> BaseGeometry:
    """A shape in EPSG:4326 brought to a district's metric CRS."""
    there = transformer(WGS84, crs)
    moved: BaseGeometry = shapely.transform(shape, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
    return moved


@lru_cache(maxsize=64)
def transformer(source: CRS | str, target: CRS | str) -> Transformer:
    """Longitude or x first on both sides; to look one up takes milliseconds, and a run asks for the same few."""
    return Transformer.from_crs(source, target, always_xy=True)


def halo(boundary: BaseGeometry, crs: str, metres: float) -> BaseGeometry:
    """The boundary and everything within ``metres`` of it, EPSG:4326.

    Raises
    ------
    BoundaryError
        It reaches across the 180th meridian, where no box of longitudes holds it and nothing else.
    """
    require_metric(crs)
    series = gpd.GeoSeries([boundary], crs=WGS84).to_crs(crs)
    around: BaseGeometry = series.buffer(metres).to_crs(WGS84).iloc[0]
    west, _, east, _ = around.bounds
    if east - west > _HALF_WORLD:
        raise BoundaryError(
            f"The {metres:,.0f} m around the district cross the 180th meridian.",
            remedy="draw the boundary farther from it; services are asked for boxes of longitude, which end there.",
        )
    return around


def halo_width(longest_walk_m: float) -> float:
    """Longest walking threshold, times 1.3 for the detour of streets, plus 200 m for snapping."""
    return longest_walk_m * 1.3 + 200.0
