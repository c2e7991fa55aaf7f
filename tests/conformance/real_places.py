"""Real places: districts and tracts against what was published of them, a timetable against a count by hand."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio.features
import shapely
from rasterio import Affine

from justgeo.core.district import metric_crs
from justgeo.core.field import Cells, CountField, Counts
from justgeo.core.layer import Feed, FloatArray, Layer, Raster
from justgeo.core.result import Column
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.zones import Role, Units, Zones
from justgeo.measure.apportion import Weights
from justgeo.measure.headway import Variant, frequent_stops
from justgeo.measure.reduce import ReduceSettings, reduce
from justgeo.measure.zonal import Zonal, class_share
from justgeo.sources.files import read_zones
from justgeo.sources.gtfs import read_feed
from justgeo.sources.rasters import raster_footprint, read_raster
from tests import nowhere
from tests.conformance.where import real
from tests.real import places, test_albemarle, test_feeds
from tests.real.places import Found

DEVELOPED = (22, 23, 24)
AREA: tuple[Role, ...] = ("area",)


# --- Albemarle: districts from blocks -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Districts:
    """All polygons of six options, as zones, with the county's own counts; (Z,)."""

    zones: Zones
    published: FloatArray
    blocks: Layer


@cache
def districts() -> Districts:
    folder = real("charlottesville", "albemarle_districts")
    blocks = read_zones(LayerSpec("blocks", folder / "blocks_2020_pl94.geojson", {"columns": test_albemarle.PEOPLE}))
    options = {"geoid": "LONGNAME", "geography": "district", "columns": {"published": "TOTAL"}}
    layers = {n: read_zones(LayerSpec("areas", folder / f"{n}.geojson", options)) for n in test_albemarle.OPTIONS}
    crs = metric_crs(shapely.box(*blocks.features.total_bounds))  # it asks for the middle of the box alone
    shapes = [shape for layer in layers.values() for shape in layer.features.to_crs(crs).geometry]
    ids = tuple(f"{name}/{one}" for name, layer in layers.items() for one in layer.data["geoid"])
    zones = Zones(ids, ids, AREA * len(ids), ("district",) * len(ids), gpd.GeoSeries(shapes, crs=crs))
    counts = [layer.data["published"].to_numpy(dtype=np.float64) for layer in layers.values()]
    return Districts(zones, np.concatenate(counts), blocks)


@cache
def from_blocks() -> FloatArray:
    """People of each polygon by the blocks of 2020."""
    d = districts()
    weights = Weights.build(d.zones, d.blocks, [], str(d.zones.geometry.crs))
    return test_albemarle.by_blocks(weights, d.blocks)


@cache
def from_area() -> FloatArray:
    """People of each polygon by block groups of the ACS 2015-2019, divided by land: no blocks are given."""
    d = districts()
    weights = Weights.build(d.zones, None, [old_units("block group")], str(d.zones.geometry.crs))
    return reduce(counted("totalpop", "block group"), weights, reference=None, settings=ReduceSettings()).value


def percent_off(found: FloatArray, kind: str) -> float:
    """Mean absolute error in percent over the polygons of one kind that hold people."""
    d = districts()
    use = np.array([i.startswith(kind) for i in d.zones.ids]) & (d.published > 0)
    return test_albemarle.mape(found[use], d.published[use])


def first_option(found: FloatArray, kind: str) -> float:
    return percent_off(found, f"{kind}_option_1")


def farthest() -> float:
    return float(np.abs(from_blocks() - districts().published).max())


def county() -> float:
    """All districts of one option together."""
    use = np.array([i.startswith("magisterial_option_1/") for i in districts().zones.ids])
    return float(from_blocks()[use].sum())


# --- Albemarle: tracts from block groups ----------------------------------------------------------------------------


@cache
def acs(level: str) -> pd.DataFrame:
    name = {"block group": "blkgr", "tract": "tract"}[level]
    table = pd.read_csv(real("charlottesville", "acs", f"acs_{name}_cville.csv"), dtype={"GEOID": str})
    return table.set_index("GEOID")


@cache
def old_units(level: str) -> Layer:
    """Block groups or tracts of the census of 2010."""
    name, file = {"block group": ("block_groups", "cville_blkgps"), "tract": ("tracts", "cville_tracts")}[level]
    path = real("charlottesville", "boundaries", f"{file}.shp")
    return read_zones(LayerSpec(name, path, {"geography_vintage": 2010}))


def counted(name: str, level: str) -> CountField:
    """A count of the ACS 2015-2019 at one level."""
    table = acs(level)
    geoid = table.index.to_numpy(dtype=np.str_)
    cells = [table[[f"{name}{kind}"]].to_numpy(dtype=np.float64) for kind in "EM"]
    units = Units(geoid, np.full(len(geoid), level), 2010)
    return CountField(units, Counts(Cells((name,), *cells)), None, "persons", "sum", "people")


@cache
def of_tracts() -> Weights:
    """Albemarle's tracts from block groups."""
    layer = old_units("tract")
    crs = metric_crs(shapely.box(*layer.features.to_crs(4326).total_bounds))
    shown = layer.features[layer.features["geoid"].str.startswith("51003")].to_crs(crs)
    ids = tuple(shown["geoid"])
    zones = Zones(ids, ids, AREA * len(ids), ("tract",) * len(ids), shown.geometry.reset_index(drop=True))
    return Weights.build(zones, None, [layer, old_units("block group")], str(crs))


@cache
def tracts(name: str) -> tuple[Column, pd.DataFrame]:
    """Albemarle's tracts summed up from block groups, and the same tracts as they were published."""
    weights = of_tracts()
    found = reduce(counted(name, "block group"), weights, reference=None, settings=ReduceSettings())
    return found, acs("tract").loc[list(weights.zones.ids)]


def tracts_off(name: str) -> float:
    """Largest difference of a tract's estimate."""
    found, published = tracts(name)
    return float(np.abs(found.value - published[f"{name}E"]).max())


def margins_wider(name: str) -> float:
    """Middle of how many times the published margin the summed one is."""
    found, published = tracts(name)
    return float(np.median(found.moe / published[f"{name}M"]))


# --- a timetable ----------------------------------------------------------------------------------------------------

CAT = ("charlottesville", "gtfs", "CAT_2017_08_GTFS.zip")
WEDNESDAY = {"35126"}  # the feed's weekday service


@cache
def by_hand() -> dict[str, int]:
    """Frequent stops by a plain reading of the files: loops over lists, no table library."""
    counts = {"frequent": set(), "strict": set(), "ghsci": set()}  # type: dict[str, set[str]]
    for (stop, _), seconds in test_feeds.plainly(real(*CAT), WEDNESDAY).items():
        day = [s for s in seconds if 7 * 3600 <= s < 19 * 3600]
        marks = [7 * 3600, *day, 19 * 3600]
        longest = max(b - a for a, b in pairwise(marks))
        hours = [sum(h * 3600 <= s < (h + 1) * 3600 for s in day) for h in range(7, 19)]
        if len(day) >= 48 and longest <= 30 * 60:
            counts["frequent"].add(stop)
        if min(hours) >= 4:
            counts["strict"].add(stop)
        if len(day) >= 36:
            counts["ghsci"].add(stop)
    return {name: len(stops) for name, stops in counts.items()}


@cache
def timetable() -> Feed:
    everywhere = test_feeds.AMERICA
    return read_feed(LayerSpec("gtfs", real(*CAT)), Area(everywhere, None, everywhere, everywhere, 0.0))


def cat(variant: Variant) -> float:
    return float(frequent_stops(timetable(), variant).sum())


# --- Durham: a land-cover grid --------------------------------------------------------------------------------------


@cache
def cover() -> Raster:
    everywhere = shapely.box(-79.2, 35.8, -78.6, 36.3)
    spec = LayerSpec("land_cover", real("durham", "raster", "NLCD_landcover.tif"))
    return read_raster(spec, Area(everywhere, None, everywhere, everywhere, 0.0))


@cache
def covered() -> gpd.GeoDataFrame:
    """The block groups that the grid holds whole."""
    found = gpd.read_file(real("durham", "boundaries", "blockgroup.geojson.json")).set_crs(4326, allow_override=True)
    found = found.assign(id=found["id"].astype(str)).set_index("id")
    return found[found.within(raster_footprint(cover()))]


@cache
def developed() -> Zonal:
    return class_share(cover(), covered().geometry, DEVELOPED, water=())


@cache
def impervious() -> FloatArray:
    part, whole = (places.compass(real("durham"), f"{k}PCTIMP", year="y_2011") for k in "rd")
    return np.asarray((part / whole).reindex(covered().index), dtype=np.float64)


def follows() -> float:
    return float(np.corrcoef(developed().mean, impervious())[0, 1])


def above() -> float:
    """Points by which the developed share lies above the impervious one, mean."""
    return float(100 * (developed().mean - impervious()).mean())


def square_miles() -> float:
    """Middle of our land area over the published one."""
    miles = places.compass(real("durham"), "dPCTIMP", year="y_2011").reindex(covered().index)
    return float(np.median(developed().area / 2_589_988.110336 / miles.to_numpy(dtype=np.float64)))


def by_centres() -> float:
    """Mean absolute difference from a plain mask by pixel centres, points."""
    grid, found = cover(), []
    for shape in covered().to_crs(grid.crs).geometry:
        inside = rasterio.features.geometry_mask([shape], grid.values.shape, Affine(*grid.transform), invert=True)
        found.append(np.isin(grid.values[inside], DEVELOPED).mean())
    return float(100 * np.abs(developed().mean - np.array(found)).mean())


# --- a whole run ----------------------------------------------------------------------------------------------------


@cache
def fifeville() -> Found:
    """One neighbourhood of Charlottesville, from `district.toml` to `results.json`: all that its tables say."""
    data = real("charlottesville")
    toml = places.charlottesville_toml(data)
    with tempfile.TemporaryDirectory() as name, nowhere.only(places.in_tables(toml)):
        places.write_charlottesville_table(data, Path(name))
        return places.run_here(Path(name), toml)


def city(indicator: str) -> float:
    return float(fifeville().record(indicator, "reference")["value"])


def medians_shown() -> float:
    """Largest difference between a tract's median on the page and the published one."""
    table = acs("tract")
    rows = fifeville().of("OPP-01", "tract")
    return max(abs(float(row["value"]) - float(table["hhincE"][geoid])) for geoid, row in rows.items())
