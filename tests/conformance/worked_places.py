"""Hand answers of what is measured on the ground, by rows of the catalogue on places of a few blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from shapely import union_all
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import read
from justgeo.core.field import ExposureField, ZoneField
from justgeo.core.layer import AnyLayer, Layer, Network
from justgeo.core.result import Column, Indicator
from justgeo.core.spec import Area, LayerSpec
from justgeo.indicators.census import acs_share
from justgeo.indicators.crashes import crash_deaths
from justgeo.indicators.environment import raster_area, raster_people
from justgeo.indicators.mobility import graph, origin_points, stop_points, walk_share
from justgeo.indicators.place import Place
from justgeo.indicators.wellbeing import park_acres
from justgeo.measure import poisson, thermal
from justgeo.measure.headway import headways
from justgeo.measure.reach import distances
from justgeo.measure.reduce import ReduceSettings, reduce
from justgeo.measure.zonal import Zonal, zonal_mean
from justgeo.sources.rasters import read_raster
from tests.conformance import references as ref
from tests.conformance.model import Row, Verdict
from tests.indicators import town
from tests.measure.toy import CRS, provenance

ACRE = 43560 * 0.3048**2
PEOPLE, METRES = (120, 80, 200, 50, 150), (150, 395, 405, 790, 1250)
# Pixels as they are in the file, and how much of each lies inside.
PIXELS = ((10, 20, 255), (40, 60, 0), (254, 30, 20))
INSIDE = ((1, 1, 1), (0.5, 1, 1), (1, 0.25, 0.1))


def row(name: str, **parameters: object) -> Indicator:
    """A row of the catalogue, with other parameters where some are given."""
    found = next(r for r in read.indicators() if r.id == name)
    return replace(found, parameters={**found.parameters, **parameters})


def blocks(shapes: Sequence[BaseGeometry], people: Sequence[float]) -> Layer:
    ids = [f"{town.TRACT}1{k:03d}" for k in range(len(shapes))]
    frame = gpd.GeoDataFrame({"geoid": ids, "population": list(people)}, geometry=list(shapes), crs=CRS)
    return Layer("blocks", frame, provenance("blocks"), geography="block", geography_vintage=2020)


def column(field: ExposureField, place: Place) -> Column:
    return reduce(field, place.weights, reference=None, settings=ReduceSettings())


# --- walks ----------------------------------------------------------------------------------------------------------


@cache
def street() -> Place:
    """A straight street with a stop at its beginning and five blocks along it."""
    line = Network(np.array([-100.0, 1400.0]), np.zeros(2), np.array([0]), np.array([1]), CRS, provenance("walk"))
    shapes = [box(d - 4, -4, d + 4, 4) for d in METRES]
    layers: dict[str, AnyLayer] = {"walk": line, "stops": town.stops((0.0, 0.0)), "blocks": blocks(shapes, PEOPLE)}
    return town.place(layers, town.zones(box(-50, -50, 1350, 50)))


def within(metres: float) -> float:
    """Percent of the people within a walk of the stop (MOB-01)."""
    return 100 * float(column(walk_share(row("MOB-01.400", distance_m=metres), street()), street()).value[0])


def mean_walk() -> float:
    place = street()
    reached = distances(graph(place), stop_points(place), origin_points(place))
    field = ExposureField(place.origin_units(), reached.metres, place.population(), "mean", "people")
    return float(column(field, place).value[0])


def service(name: str) -> float:
    """A departure every 12 minutes from 7 to 19 but none between 10 and 11."""
    hours = [7 + k / 5 for k in range(60) if not 15 <= k < 20]
    return float(headways(town.feed({(0.0, 0.0): hours})).iloc[0][name])


def mornings_only() -> float:
    """A departure every 10 minutes, but only from 10 to 12: the last one at 11:50, the window's end at 19."""
    hours = [10 + k / 6 for k in range(12)]
    return float(headways(town.feed({(0.0, 0.0): hours})).iloc[0]["largest_gap"])


# --- canopy, heat, parks, housing -----------------------------------------------------------------------------------


@cache
def nine_pixels() -> Zonal:
    """The nine pixels from a file, through the reader of canopy rasters, over a zone that cuts them."""
    values = np.array(PIXELS, dtype=np.uint8)
    west, north, size = 1_500_015.0, 1_800_015.0, 30.0
    parts = []
    for (r, c), part in np.ndenumerate(np.array(INSIDE)):
        x, y = west + size * c, north - size * (r + 1)
        parts.append(box(x, y, x + size * part, y + size))
    zone = gpd.GeoSeries([union_all(parts)], crs="EPSG:5070")
    everywhere = zone.to_crs("EPSG:4326").iloc[0].buffer(0.01)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canopy.tif"
        transform = rasterio.Affine(size, 0, west, 0, -size, north)
        options = {"driver": "GTiff", "width": 3, "height": 3, "count": 1, "dtype": "uint8", "crs": "EPSG:5070"}
        with rasterio.open(path, "w", transform=transform, **options) as file:
            file.write(values, 1)
        grid = read_raster(LayerSpec("tree_canopy", path), Area(everywhere, None, everywhere, everywhere, 0.0))
    return zonal_mean(grid, zone)


@cache
def three_blocks() -> Place:
    """Canopy of 12, 30 and 45 % over 3, 4 and 8 hectares, with 1,800, 900 and 300 people."""
    canopy = town.raster("tree_canopy", [[12] * 3 + [30] * 4 + [45] * 8])
    shapes = [box(0, 0, 300, 100), box(300, 0, 700, 100), box(700, 0, 1500, 100)]
    return town.place(
        {"tree_canopy": canopy, "blocks": blocks(shapes, (1800, 900, 300))}, town.zones(box(0, 0, 1500, 100))
    )


def canopy_share() -> float:
    return 100 * float(raster_area(row("ENV-01"), three_blocks()).value[0])


def canopy_met() -> float:
    return 100 * float(column(raster_people(row("ENV-01.people"), three_blocks()), three_blocks()).value[0])


def kelvin(number: int) -> float:
    return float(thermal.celsius(np.array([number]))[0]) + thermal.ZERO_CELSIUS


def celsius(number: int) -> float:
    return float(thermal.celsius(np.array([number]))[0])


def acres_per_thousand() -> float:
    """37.5 acres of park for 8,400 people (WEL-05)."""
    park = box(0, 0, 37.5 * ACRE / 200, 200)
    layers = {
        "blocks": blocks([box(-500, -500, 1500, 500)], [8400]),
        "parks": town.features("parks", [park], town.WIDE, public=[True]),
    }
    return float(park_acres(row("WEL-05"), town.place(layers, town.zones(box(-500, -500, 1500, 500)))).value[0])


@cache
def deaths() -> ZoneField:
    """Four people killed in traffic in five years where 8,400 live (WEL-07)."""
    spots = town.features("data:fars", [Point(x, 0) for x in (100, 300, 500, 700)], town.WIDE, year=[2021.0] * 4,
                          deaths=[1.0] * 4)  # fmt: skip
    told = replace(spots, provenance=replace(spots.provenance, vintage="2020-2024"))
    layers = {"blocks": blocks([box(-500, -500, 1500, 500)], [8400]), "data:fars": told}
    return crash_deaths(row("WEL-07"), town.place(layers, town.zones(box(-500, -500, 1500, 500))))


def limit(end: int) -> float:
    """Of the same rate, the lower (0) or upper (1) end of the interval of 95 %."""
    return float(poisson.limits(4, 0.95)[end]) * 1e5 / float(deaths().denominator[0])


def burden() -> float:
    """Of 830 renters 110, 85, 120 and 200 pay 30 % or more, and for 40 it is not computed (BEL-03.renters)."""
    cells = dict.fromkeys(range(1, 12), 0) | {1: 830, 2: 275, 7: 110, 8: 85, 9: 120, 10: 200, 11: 40}
    codes = {f"B25070_{k:03d}{kind}": float(n) if kind == "E" else 10.0 for k, n in cells.items() for kind in "EM"}
    table = town.table("B25070", {f"{town.TRACT}1": codes})
    place = town.place({"acs:B25070@2024": table, "blocks": town.blocks()})
    west = union_all([town.BLOCKS[town.SW], town.BLOCKS[town.NW]])
    place = town.place(dict(place.layers), town.zones(west))
    found = reduce(acs_share(row("BEL-03.renters"), place), place.weights, reference=None, settings=ReduceSettings())
    return 100 * float(found.value[0])


def _walks() -> list[Row]:
    return [
        *(
            Row(f"walk-{metres}", f"People of five blocks within {metres} m of a stop along one street", ref.WALKS,
                percent, partial(within, metres), "hand", unit="%")
            for metres, percent in ((400, "33.3"), (500, "66.7"), (800, "75.0"))
        ),
        Row("walk-mean", "… mean walk of the people", ref.WALKS, "596", mean_walk, "hand", unit="m"),
        Row("freq-departures", "Every 12 minutes from 7 to 19, none between 10 and 11: departures", ref.HEADWAYS, "55",
            lambda: service("n"), "hand", more=0),
        Row("freq-mean", "… mean headway", ref.HEADWAYS, "13.1", lambda: service("mean_headway"), "hand", unit="min"),
        Row("freq-gap", "… longest wait, so that the stop is not frequent", ref.HEADWAYS, "72",
            lambda: service("largest_gap"), "hand", unit="min"),
        Row("freq-edges", "Every 10 minutes, but only from 10 to 12: longest wait from 7 to 19", ref.HEADWAYS, "430",
            mornings_only, "hand", unit="min"),
        Row("freq-hours", "Every 12 minutes, as above: hours with four departures or more", ref.HEADWAYS, "11",
            lambda: service("busy_hours"), "hand", more=0),
    ]  # fmt: skip


def _land() -> list[Row]:
    return [
        Row("canopy-nine", "Nine pixels cut by a boundary, 254 and 255 among them: canopy", ref.CANOPY, "24.64",
            lambda: float(nine_pixels().mean[0]), "hand", unit="%"),
        Row("canopy-valid", "… share of the land with a measurement (95 % are needed to be shown)", ref.CANOPY,
            "0.7080", lambda: float(nine_pixels().valid_share[0]), "hand"),
        Row("canopy-area", "Three blocks of 12, 30 and 45 %: by area", ref.CANOPY, "34.4", canopy_share, "hand",
            unit="%"),
        Row("canopy-people", "… where people live", ref.CANOPY, "20.7", canopy_met, "hand", unit="%"),
        Row("heat-usgs", "Landsat number 44,947 in kelvins", ref.LANDSAT, "302.6", lambda: kelvin(44947), unit="K"),
        Row("heat-44000", "Landsat number 44,000 in degrees", ref.LANDSAT, "26.24", lambda: celsius(44000), "hand",
            unit="°C"),
        Row("heat-46500", "Landsat number 46,500 in degrees", ref.LANDSAT, "34.79", lambda: celsius(46500), "hand",
            unit="°C"),
        Row("parks-acres", "37.5 acres of park for 8,400 people, per 1,000", ref.PARKS, "4.464", acres_per_thousand,
            "hand", unit="acres"),
        Row("deaths", "Four traffic deaths in five years among 8,400 people, per 100,000 a year", ref.RARE, "9.52",
            lambda: float(deaths().value[0]), "hand"),
        Row("deaths-low", "… lower end of its interval of 95 %", ref.RARE, "2.60", lambda: limit(0), "hand",
            Verdict.ROUNDING, 0.0052, "theirs divides 1.09 deaths, which was rounded before"),
        Row("deaths-high", "… upper end", ref.RARE, "24.38", lambda: limit(1), "hand"),
        Row("burden", "Renters with high housing costs, 515 of 830, 40 of them not computed", ref.BURDEN, "65.19",
            burden, "hand", unit="%"),
    ]  # fmt: skip


ROWS: list[Row] = [*_walks(), *_land()]
