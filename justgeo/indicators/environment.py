"""Canopy, hard surfaces and heat: means over the land of zones, and what is there where people live."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.field import ExposureField, ZoneField
from justgeo.core.layer import FloatArray, Layer, Raster
from justgeo.core.result import Indicator
from justgeo.indicators.groups import exposure
from justgeo.indicators.place import Place
from justgeo.measure import canopy, zonal
from justgeo.measure.grids import Grid

WATER = (11.0,)
MIN_VALID = 0.95
MIN_LAND_SHARE = 0.05
MIN_LAND_M2 = 10_000.0
NO_LAND = "hardly any land here"
NO_BIOME = (
    "no natural biome is stated, on which the goal depends: write biome under [canopy] of district.toml, one of "
    + ", ".join(canopy.BASELINES)
)
SMALL_BLOCK_M2 = 5000.0
SMALL_BLOCK_BUFFER_M = 100.0
URBAN_MEAN = "urban_mean"
"""Flag: what the built-up land of the reference measures, degrees Celsius."""


def raster_area(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Area share of a percent raster (canopy, impervious) over the land of each zone.

    ``parameters``: ``raster``, optional ``land_cover`` (its water class leaves the denominator). A zone of which
    less than 95 % of the land has valid pixels is absent (METHODS 4.2), and so is one with hardly any land: under
    5 % of it, or under a hectare.
    """
    if group != "all":
        raise Absent("an area has no race or income; see the population-weighted figure")
    raster = place.raster(str(row.parameters["raster"]))
    found = zonal.zonal_mean(raster, place.pixels_of_zones(raster), mask=water_mask(row, place, raster))
    return _zone_field(row, place, found, found.mean / 100.0)


def class_share(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Share of the land in some classes of a land-cover raster; ``parameters``: ``raster``, ``classes``."""
    if group != "all":
        raise Absent("an area has no race or income")
    raster = place.raster(str(row.parameters["raster"]))
    classes = [float(c) for c in row.parameters["classes"]]
    found = zonal.class_share(raster, place.pixels_of_zones(raster), classes)
    return _zone_field(row, place, found, found.mean)


def water_mask(row: Indicator, place: Place, raster: Raster) -> Raster | None:
    """The land cover whose water leaves the denominator, where there is one, on the grid of a raster."""
    name = str(row.parameters.get("land_cover", ""))
    return on_grid_of(raster, name, place) if isinstance(place.layers.get(name), Raster) else None


def on_grid_of(raster: Raster, name: str, place: Place) -> Raster:
    """A raster of classes sampled at the pixels of another: once for all rows that ask for the two."""
    classes = place.raster(name)

    def sample() -> Raster:
        return replace(classes, values=zonal.align(classes, raster), transform=raster.transform, crs=raster.crs)

    return place.once(f"classes:{name}:{Grid.of(raster).key}", sample)


def _zone_field(row: Indicator, place: Place, found: zonal.Zonal, share: FloatArray) -> ZoneField:
    enough = float(row.parameters.get("min_valid", MIN_VALID))
    least = np.maximum(MIN_LAND_M2, MIN_LAND_SHARE * place.zones.geometry.area.to_numpy(dtype=np.float64))
    # A hectare found pixel by pixel may come out a hair smaller.
    bare = found.area < least * (1.0 - 1e-6)
    reasons: list[str | None] = []
    for no_land, valid, value in zip(bare, found.valid_share, share, strict=True):
        if no_land:
            reasons.append(NO_LAND)
        elif not np.isfinite(value):
            reasons.append("the raster has no valid pixel here")
        elif valid < enough:
            reasons.append(f"only {100 * valid:.0f} % of the land has valid pixels ({100 * enough:.0f} % are needed)")
        else:
            reasons.append(None)
    absent = np.array([r is not None for r in reasons], dtype=np.bool_)
    return ZoneField(
        value=np.where(absent, np.nan, share),
        numerator=np.where(absent, np.nan, share * found.valid_area),
        denominator=np.where(absent, np.nan, found.valid_area),
        valid_share=found.valid_share,
        reason=tuple(reasons),
        universe=row.universe,
    )


def canopy_gap(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Percentage points of canopy that each zone lacks to the goal of its biome and density (METHODS 4.3).

    ``parameters``: as of `raster_area`. The biome is what the planner states.

    Returns
    -------
    ZoneField
        Without numerator and denominator.
    """
    if group != "all":
        raise Absent("an area has no race or income; see the population-weighted canopy")
    stated = place.layers.get("biome")
    if not isinstance(stated, Layer):
        raise Absent(NO_BIOME)
    cover = raster_area(row, place)
    people = place.zone_population()
    land = cover.denominator / 1e6
    density = np.divide(people, land, out=np.full(len(land), np.nan), where=land > 0)
    missing = canopy.gap(canopy.goal(str(stated.data["biome"].iloc[0]), density), cover.value)
    nothing = np.full(len(missing), np.nan)
    return replace(cover, value=100.0 * missing, numerator=nothing, denominator=nothing, universe=row.universe)


def raster_people(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Mean of a percent raster over the blocks where people live, weighted by people.

    A block under half a hectare takes the mean of 100 m around it (METHODS 4.2).
    """
    x = _where_people_live(row, place) / 100.0
    return _exposure(row, place, x)


def _where_people_live(row: Indicator, place: Place) -> FloatArray:
    """Mean of the row's raster at each origin, in its own unit; NaN where most of it is not known, (n,)."""
    name = str(row.parameters["raster"])
    raster = place.raster(name)

    def around() -> gpd.GeoSeries:
        origins = place.origins()
        shapes = np.where(
            origins.area.to_numpy() < SMALL_BLOCK_M2,
            origins.geometry.buffer(SMALL_BLOCK_BUFFER_M).to_numpy(),
            origins.geometry.to_numpy(),
        )
        return gpd.GeoSeries(shapes, crs=origins.crs)

    def measure() -> FloatArray:
        homes = place.pixels_of("homes", raster, around)
        found = zonal.zonal_mean(raster, homes, mask=water_mask(row, place, raster))
        return np.where(found.valid_share >= 0.5, found.mean, np.nan)

    return place.once(f"people:{name}:{row.parameters.get('land_cover')}", measure)


def _exposure(row: Indicator, place: Place, x: FloatArray, flags: tuple[str, ...] = ()) -> ExposureField:
    return exposure(row, place, x, np.where(np.isnan(x), "no valid pixel", ""), "mean", flags)


def surface_anomaly(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Degrees by which the land of each zone is hotter than the built-up land of the reference (METHODS 7.12, ENV-04).

    ``parameters``: ``raster``, ``land_cover`` (its water class leaves the land), ``urban`` (classes of built-up land),
    optional ``min_valid``. The reference is measured as any zone: all of its land against the built-up part of it, so
    that its number is not 0, and a zone's difference from it is that of the two means.

    Returns
    -------
    ZoneField
        Without numerator and denominator. Each number tells the mean that it is held against in a flag.
    """
    if group != "all":
        raise Absent("an area has no race or income; see the population-weighted figure")
    raster, urban = place.raster(str(row.parameters["raster"])), _urban_mean(row, place)
    found = zonal.zonal_mean(raster, place.pixels_of_zones(raster), mask=water_mask(row, place, raster))
    field = _zone_field(row, place, found, found.mean - urban)
    nothing = np.full(len(field.value), np.nan)
    said = tuple(() if why else (_told_of(urban),) for why in field.reason)
    return replace(field, numerator=nothing, denominator=nothing, flags=said)


def surface_anomaly_people(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """As `surface_anomaly`, where people live: of each block, weighted by its people, against the same mean."""
    urban = _urban_mean(row, place)
    return _exposure(row, place, _where_people_live(row, place) - urban, (_told_of(urban),))


def _told_of(urban: float) -> str:
    return f"{URBAN_MEAN}={urban:.2f}"


def _urban_mean(row: Indicator, place: Place) -> float:
    """Mean of the row's raster over the built-up land of the reference; absent where too little of it is known."""
    name, cover_name = str(row.parameters["raster"]), str(row.parameters["land_cover"])
    raster, cover = place.raster(name), place.raster(cover_name)
    if "reference" not in place.zones.roles:
        raise Absent("no reference is known whose built-up land it could be compared with")
    reference = place.zones.roles.index("reference")
    urban = {float(one) for one in row.parameters["urban"]}
    others = {float(one) for one in np.unique(cover.values[np.isfinite(cover.values)])} - urban

    def find() -> zonal.Zonal:
        # All zones at once, since they are laid on this grid already; only the reference is looked at.
        zones, classes = place.pixels_of_zones(raster), on_grid_of(raster, cover_name, place)
        return zonal.zonal_mean(raster, zones, mask=classes, water=others)

    found = place.once_for_zones(f"urban:{name}:{cover_name}:{sorted(urban)}", find)
    valid, needed = float(found.valid_share[reference]), float(row.parameters.get("min_valid", MIN_VALID))
    if not np.any(np.isin(cover.values, list(urban))) or not found.valid_area[reference] >= MIN_LAND_M2:
        raise Absent("of the reference hardly any built-up land is known to compare with")
    if valid < needed:
        raise Absent(
            f"it is held against the built-up land of the reference, of which only {100 * valid:.0f} % is measured "
            f"({100 * needed:.0f} % are needed)"
        )
    return float(found.mean[reference])
