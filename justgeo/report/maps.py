"""The map: folium draws it once, with the district's own streets, parks and water beneath. No tiles, no outside file.

Only geometry is embedded here, each shape once; values and names are looked up by the script of the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import OutputError
from justgeo.report import basemap as base
from justgeo.report import choropleth
from justgeo.report.basemap import Basemap

if TYPE_CHECKING:
    import folium
    from branca.element import Figure

TOLERANCE_M = 5.0
"""How far a drawn edge may stray from the true one; shared edges stay shared."""

_RIM = 0.35
_BLANKS = re.compile(r"(?<=[\d\]}]), (?=[\[{\d-])")
"""Blanks between numbers: a tenth of the geometry."""
_PANES = {
    "data": 400, "parks": 405, "water": 410, "streets": 420, "outline": 440, "found": 445, "stops": 450, "places": 451,
    "labels": 460,
}  # fmt: skip
_HOVERED = ("data", "stops", "places")


@dataclass(frozen=True)
class MapParts:
    """Pieces of the page.

    Attributes
    ----------
    html, script : str
        The container, and what draws into it.
    layers : dict
        The script's variables by what they hold: ``map``, ``data`` (by level), ``streets``, ``stops``, ...
    labels, stop_names : list
        Names to be set on the map by the page's script, as text.
    places : list of (name, kind)
        Schools, libraries and the like, in the order of their points.
    named : dict
        Parts of ``streets`` and ``parks`` by name, for who looks for one.
    spots : dict
        By level and area: latitude, longitude and metres of the widest circle inside, where its number can stand.
    """

    html: str
    script: str
    layers: dict[str, Any]
    labels: list[dict[str, Any]]
    stop_names: list[str]
    places: list[tuple[str, str]]
    named: dict[str, list[base.Named]]
    spots: dict[str, list[list[float]]]


def draw(results: Mapping[str, Any], zones: gpd.GeoDataFrame, basemap: Basemap) -> MapParts:
    """The folium map as pieces of a page, the same bytes for the same input.

    Parameters
    ----------
    results : dict
        As in ``results.json``.
    zones : GeoDataFrame
        Columns ``id, role`` and polygons, best in a metric CRS (see ``results.zones_frame``).
    basemap : Basemap

    Raises
    ------
    OutputError
        There is no district among the zones, or a link to the outside is left in what folium made.
    """
    metric = zones if zones.crs is not None and zones.crs.is_projected else zones.to_crs(zones.estimate_utm_crs())
    district = metric[metric["role"] == "district"]
    if district.empty:
        raise OutputError("There is no district among the zones.", remedy="Pass the zones of the same run.")
    frame = _window(metric)
    page = _empty(district.to_crs(4326).total_bounds)
    layers: dict[str, Any] = {"map": page.get_name(), "data": {}}
    stops, stop_names = base.stops(basemap.stops, metric.crs, frame)
    places, place_names = base.places(basemap.places, metric.crs, frame)
    parks, park_names = base.areas(basemap.parks, metric.crs, frame)
    streets, street_names = base.streets(basemap.streets, metric.crs, frame)
    # Seams between parts that do not quite meet are closed, for the eye only.
    wider = shapely.buffer(district.geometry.union_all(), TOLERANCE_M, join_style="mitre")
    whole = shapely.simplify(shapely.buffer(wider, -TOLERANCE_M, join_style="mitre"), TOLERANCE_M / 2)
    outline = base.feature(whole, metric.crs, {})
    for name, features in (
        ("water", base.areas(basemap.water, metric.crs, frame)[0]),
        ("parks", parks),
        ("streets", streets),
        ("outline", [outline]),
        ("stops", stops),
        ("places", places),
    ):
        if features:
            layers[name] = _add(page, name, name, features)
    spots = {}
    for number, (level, inside) in enumerate(choropleth.levels(results).items()):
        ids = [zone["id"] for zone in inside]
        layers["data"][level] = _add(page, f"data{number}", "data", _shapes(metric, ids))
        spots[level] = _spots(metric, ids)
    html, script = _render(page)
    labels = base.labels(basemap, metric.crs, frame)
    named = {"streets": street_names, "parks": park_names}
    return MapParts(html, script, layers, labels, stop_names, place_names, named, spots)


def _empty(bounds: Sequence[float]) -> folium.Map:
    import folium  # it compiles its templates: not for who draws nothing

    middle = [round((bounds[1] + bounds[3]) / 2, base.DECIMALS), round((bounds[0] + bounds[2]) / 2, base.DECIMALS)]
    page = folium.Map(
        location=middle,
        tiles=None,
        zoom_start=14,
        control_scale=True,
        scroll_wheel_zoom=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
    )
    # folium passes max_zoom to the tile layer only, and names everything at random.
    page.options["minZoom"], page.options["maxZoom"] = 8, 19
    page._id = "justgeo"
    for pane, height in _PANES.items():
        folium.map.CustomPane(pane, z_index=height, pointer_events=pane in _HOVERED).add_to(page)
    for child in page._children.values():
        child._id = str(getattr(child, "name", "switches"))
    return page


def _add(page: folium.Map, name: str, pane: str, features: list[dict[str, Any]]) -> str:
    """Add features under a fixed name; the name of the script's variable."""
    import folium

    marker = None
    if pane in ("stops", "places"):
        marker = folium.CircleMarker(radius=3)
        marker.options["pane"] = pane  # points do not take it from their layer
    content = {"type": "FeatureCollection", "features": features}
    drawn = folium.GeoJson(content, pane=pane, marker=marker, smooth_factor=1)
    drawn._id = name
    drawn.add_to(page)
    return str(drawn.get_name())


def _render(page: folium.Map) -> tuple[str, str]:
    """Container and script. Folium's header is dropped: all it has are links to libraries on other servers."""
    figure = cast("Figure", page.get_root())
    figure.render()
    html, script = str(figure.html.render()).strip(), str(figure.script.render()).strip()
    script = "\n".join(_BLANKS.sub(",", line.rstrip()) for line in script.splitlines() if line.strip())
    left = re.search(r"https?://|//cdn|[0-9a-f]{32}", html + script)
    if left is not None:
        raise OutputError(
            f"The map still holds {left.group()!r}: an outside link or a random name.",
            remedy="This folium makes other pages than the tested one; install the version in constraints.txt.",
        )
    return html, script


def _window(metric: gpd.GeoDataFrame) -> BaseGeometry:
    """What is drawn: the district and its areas, with a rim so that the map does not end at their edge."""
    shown = metric[metric["role"].isin(["district", "area"])]
    west, south, east, north = (float(v) for v in shown.total_bounds)
    rim = _RIM * max(east - west, north - south)
    return cast(BaseGeometry, shapely.box(west - rim, south - rim, east + rim, north + rim))


def _shapes(metric: gpd.GeoDataFrame, ids: list[str]) -> list[dict[str, Any]]:
    """Areas of one level numbered ``i``, simplified together so that neighbours keep one edge."""
    shapes = metric.set_index("id").loc[ids].geometry.to_numpy()
    if shapely.coverage_is_valid(shapes):
        shapes = shapely.coverage_simplify(shapes, TOLERANCE_M)
    else:
        shapes = shapely.simplify(shapes, TOLERANCE_M / 2)
    return [base.feature(shape, metric.crs, {"i": i}) for i, shape in enumerate(shapes)]


def _spots(metric: gpd.GeoDataFrame, ids: list[str]) -> list[list[float]]:
    """Latitude, longitude and metres of the widest circle inside each area."""
    shapes = metric.set_index("id").loc[ids].geometry.to_numpy()
    rays = shapely.maximum_inscribed_circle(shapes, tolerance=TOLERANCE_M)
    middles = gpd.GeoSeries(shapely.get_point(rays, 0), crs=metric.crs).to_crs(4326)
    radii = shapely.length(rays)
    return [
        [round(float(at.y), base.DECIMALS), round(float(at.x), base.DECIMALS), round(float(r))]
        for at, r in zip(middles, radii, strict=True)
    ]
