"""The same figures by other programs: walks by NetworkX, means over zones by Shapely and by plain masks."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import networkx as nx
import numpy as np
import rasterio.features
import shapely
from rasterio import Affine
from shapely.geometry import Polygon, box

from justgeo.core.layer import FloatArray, Network, Raster
from justgeo.measure import reach, zonal
from tests.conformance import references as ref
from tests.conformance.model import Row, Verdict
from tests.measure.toy import provenance

UTM = "EPSG:32617"
SIDE, BLOCK = 8, 100.0  # corners a side of the grid of streets, metres between them
CLOSED = ((10, 11), (18, 26), (27, 35), (36, 37), (44, 45))  # streets that are missing
PIXEL, PIXELS = 30.0, 40
CENTRE = "a pixel on the edge counts wholly or not at all there, by its part here"


# --- walks ----------------------------------------------------------------------------------------------------------


@cache
def streets() -> tuple[FloatArray, list[tuple[int, int]]]:
    """Corners of a grid of streets in metres, and the streets between them."""
    corners = np.array([(BLOCK * (k % SIDE), BLOCK * (k // SIDE)) for k in range(SIDE * SIDE)])
    along = [(k, k + 1) for k in range(SIDE * SIDE) if k % SIDE < SIDE - 1]
    across = [(k, k + SIDE) for k in range(SIDE * SIDE - SIDE)]
    return corners, [s for s in along + across if s not in CLOSED]


def homes() -> FloatArray:
    """One home beside the middle of each block's southern street, 20 m from it where it is there; (n, 2)."""
    return np.array([(BLOCK * (k % 7) + 50.0, BLOCK * (k // 7) + 20.0) for k in range(49)])


STOPS = (0, 29, 61)


def walks() -> FloatArray:
    """Our walks from each home to the nearest of three stops."""
    corners, segments = streets()
    ends = np.array(segments)
    network = Network(corners[:, 0], corners[:, 1], ends[:, 0], ends[:, 1], UTM, provenance("walk"))
    return reach.distances(reach.project(network, UTM), corners[list(STOPS)], homes()).metres


def walks_by_networkx() -> FloatArray:
    """Along all streets by Dijkstra from each corner; a home leaves by the street that is nearest, either way."""
    corners, segments = streets()
    graph = nx.Graph()
    for a, b in segments:
        graph.add_edge(a, b, weight=float(np.hypot(*(corners[a] - corners[b]))))
    between = dict(nx.all_pairs_dijkstra_path_length(graph, weight="weight"))
    lines = [shapely.LineString(corners[list(s)]) for s in segments]
    found = []
    for home in map(shapely.Point, homes()):
        away = shapely.distance(lines, home)
        nearest = int(np.argmin(away))
        at, length = lines[nearest].project(home), lines[nearest].length
        ways = [(segments[nearest][0], at), (segments[nearest][1], length - at)]
        found.append(away[nearest] + min(step + between[end][stop] for end, step in ways for stop in STOPS))
    return np.array(found)


# --- grids ----------------------------------------------------------------------------------------------------------


@cache
def grid() -> Raster:
    """Canopy that rises and falls over 1.2 km, without measurement in one corner."""
    rows, columns = np.mgrid[0:PIXELS, 0:PIXELS]
    values = 50.0 + 30.0 * np.sin(rows / 5.0) + 15.0 * np.cos(columns / 3.0)
    values[:6, :9] = np.nan
    transform = (PIXEL, 0.0, 500_000.0, 0.0, -PIXEL, 4_200_000.0)
    return Raster(values, transform, UTM, provenance("tree_canopy"))


@cache
def zone() -> Polygon:
    """An uneven neighbourhood with a hole, over the corner without measurement and over nothing beyond the grid."""
    x, y = 500_000.0, 4_200_000.0
    shell = [(150, -80), (420, -40), (900, -260), (1090, -700), (760, -1130), (300, -990), (90, -560)]
    hole = [(500, -480), (640, -500), (610, -640), (470, -600)]
    return Polygon([(x + a, y + b) for a, b in shell], [[(x + a, y + b) for a, b in hole]])


def ours(shape: Polygon) -> float:
    return float(zonal.zonal_mean(grid(), gpd.GeoSeries([shape], crs=UTM)).mean[0])


def by_polygons(shape: Polygon) -> float:
    """Each pixel cut by the zone."""
    values, (a, _, c, _, e, f) = grid().values, grid().transform
    rows, columns = np.mgrid[0:PIXELS, 0:PIXELS]
    squares = shapely.box(c + a * columns, f + e * (rows + 1), c + a * (columns + 1), f + e * rows)
    part = np.where(np.isfinite(values), shapely.area(shapely.intersection(squares, shape)), 0.0)
    return float((part * np.nan_to_num(values)).sum() / part.sum())


def by_centres(shape: Polygon) -> float:
    """Pixels whose centre lies inside."""
    inside = rasterio.features.geometry_mask([shape], grid().values.shape, Affine(*grid().transform), invert=True)
    return float(np.nanmean(grid().values[inside]))


def _block() -> Polygon:
    """One city block, 100 by 60 m, askew to the pixels."""
    return shapely.affinity.rotate(box(500_500, 4_199_300, 500_600, 4_199_360), 30)


def printed(value: float, decimals: int) -> str:
    """What another program finds, as it would be printed."""
    return f"{value:,.{decimals}f}"


ROWS: list[Row] = [
    Row("oracle-walks", "49 homes, three stops, a grid of streets with five missing: mean walk", ref.NETWORKX,
        printed(float(walks_by_networkx().mean()), 6), lambda: float(walks().mean()), "program", unit="m"),
    Row("oracle-walks-worst", "… largest difference of one home's walk", ref.NETWORKX, "0.000000",
        lambda: float(np.abs(walks() - walks_by_networkx()).max()), "program", unit="m"),
    Row("oracle-zone", "Canopy of an uneven zone with a hole, part of it without measurement", ref.SHAPELY,
        printed(by_polygons(zone()), 6), lambda: ours(zone()), "program", unit="%"),
    Row("oracle-zone-centres", "… the same by pixel centres", ref.CENTRES, printed(by_centres(zone()), 4),
        lambda: ours(zone()), "program", Verdict.EXPLAINED, 0.5, CENTRE, "%"),
    Row("oracle-block", "Canopy of one city block of 100 by 60 m, seven pixels", ref.SHAPELY,
        printed(by_polygons(_block()), 6), lambda: ours(_block()), "program", unit="%"),
    Row("oracle-block-centres", "… the same by pixel centres", ref.CENTRES, printed(by_centres(_block()), 4),
        lambda: ours(_block()), "program", Verdict.EXPLAINED, 1.5, CENTRE, "%"),
]  # fmt: skip
