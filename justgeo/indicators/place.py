"""What an indicator function may look at: the layers of one place, found once and shared by all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import to_metric
from justgeo.core.errors import Absent
from justgeo.core.layer import AnyLayer, BoolArray, Feed, FloatArray, IntArray, Layer, Network, Raster
from justgeo.core.prices import PriceIndex
from justgeo.core.zones import Units, Zones
from justgeo.measure.apportion import Weights
from justgeo.measure.grids import Grid
from justgeo.measure.pixels import Coverage, cover

DATA = "data:"
"""Beginning of the names of downloaded tables and designations: ``data:chas``."""
T = TypeVar("T")

WHOLE_COVER = 0.999
"""A layer covers a zone that has this much of its area inside; the rest is the drawing's."""


@dataclass
class Place:
    """One place, ready to be measured.

    Attributes
    ----------
    layers : mapping of str to layer
    absent : mapping of str to str
        Why a layer is not there.
    zones : Zones
    weights : Weights
    crs : str
        The district's metric CRS.
    years : mapping of str to int
        ACS end year by role: ``{"t1": 2024, "t0": 2014}``.
    reference_prefixes : tuple of str
        GEOID prefixes (counties) that make up the reference; empty where it is a free shape or unknown.
    prices : PriceIndex or None
        By which dollars of two years are compared.
    origin_geography : str
        ``"block"`` or ``"zone"``.
    cache : dict
        Distances, canopy by block, ...: computed once.
    by_zone : dict
        What was computed of these zones, and is of no others.
    """

    layers: Mapping[str, AnyLayer]
    absent: Mapping[str, str]
    zones: Zones
    weights: Weights
    crs: str
    years: Mapping[str, int]
    reference_prefixes: tuple[str, ...] = ()
    cache: dict[str, Any] = field(default_factory=dict)
    prices: PriceIndex | None = None
    by_zone: dict[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> tuple[str, ...]:
        """States that the reference lies in, two digits each."""
        return tuple(sorted({prefix[:2] for prefix in self.reference_prefixes}))

    def layer(self, name: str) -> Layer:
        """A table or set of features, or ``Absent`` with its reason."""
        return cast(Layer, self._get(name, Layer))

    def network(self) -> Network:
        """The walk network, or ``Absent``."""
        return cast(Network, self._get("walk", Network))

    def raster(self, name: str) -> Raster:
        """A raster, or ``Absent``."""
        return cast(Raster, self._get(name, Raster))

    def feed(self) -> Feed:
        """The transit feed, or ``Absent``."""
        return cast(Feed, self._get("gtfs", Feed))

    def _get(self, name: str, kind: type) -> AnyLayer:
        found = self.layers.get(name)
        if found is None:
            why = how_to_have(name.removeprefix(DATA)) if name.startswith(DATA) else f"no layer {name!r} was given"
            raise Absent(self.absent.get(name, why))
        if not isinstance(found, kind):
            raise TypeError(f"layer {name!r} is a {type(found).__name__}, not a {kind.__name__}")
        return found

    def table_name(self, table: str, when: str = "t1") -> str:
        """``acs:B25003@2024`` for ``B25003``."""
        return f"acs:{table}@{self.years[when]}" if when in self.years else f"acs:{table}"

    def once(self, key: str, make: Callable[[], T]) -> T:
        """The value under ``key``, made at the first asking."""
        if key not in self.cache:
            self.cache[key] = make()
        return cast(T, self.cache[key])

    def once_for_zones(self, key: str, make: Callable[[], T]) -> T:
        """As `once`, for what depends on the zones of this place."""
        if key not in self.by_zone:
            self.by_zone[key] = make()
        return cast(T, self.by_zone[key])

    def pixels_of_zones(self, raster: Raster) -> Coverage:
        """The zones laid on the grid of a raster: once for all rasters of that grid."""
        key = f"pixels:{Grid.of(raster).key}"
        return self.once_for_zones(key, lambda: cover(raster, self.zones.geometry))

    def pixels_of(self, name: str, raster: Raster, shapes: Callable[[], gpd.GeoSeries]) -> Coverage:
        """As `pixels_of_zones`, for shapes that do not depend on the zones and have a name of their own."""
        return self.once(f"pixels:{name}:{Grid.of(raster).key}", lambda: cover(raster, shapes()))

    def with_zones(self, weights: Weights) -> Place:
        """The same place with other zones; what is found of its small areas is found once for both."""
        return replace(self, zones=weights.zones, weights=weights, by_zone={})

    def origins(self) -> gpd.GeoDataFrame:
        """Blocks (or a planner's zones) in the metric CRS, with ``geoid`` and ``population``."""
        blocks = self.layer("blocks")

        def make() -> gpd.GeoDataFrame:
            return blocks.features.to_crs(self.crs).reset_index(drop=True)

        return self.once("origins", make)

    def origin_units(self) -> Units:
        """The origins as units."""
        blocks = self.layer("blocks")

        def make() -> Units:
            geoid = self.origins()["geoid"].to_numpy(dtype=np.str_)
            return Units(geoid, np.full(len(geoid), blocks.geography), blocks.geography_vintage)

        return self.once("origin units", make)

    def population(self) -> FloatArray:
        """People at each origin, shape (n,)."""
        return self.once("population", lambda: np.asarray(self.origins()["population"], dtype=np.float64))

    def zone_population(self) -> FloatArray:
        """People of the origins in each zone, shape (Z,)."""
        people = np.nan_to_num(self.population(), nan=0.0)
        return np.asarray(self.weights.fractions @ people, dtype=np.float64)

    def beyond(self, covers: BaseGeometry | None) -> BoolArray:
        """Zones that reach beyond what a layer covers (EPSG:4326; None covers all): over 0.1 % of their area, (Z,)."""
        if covers is None:
            return np.zeros(len(self.zones), dtype=np.bool_)

        def find() -> BoolArray:
            zones = self.zones.geometry.to_numpy()
            part = shapely.area(shapely.intersection(zones, to_metric(covers, self.crs)))
            return np.asarray(part < WHOLE_COVER * shapely.area(zones), dtype=np.bool_)

        return self.once_for_zones(f"beyond:{covers.wkb_hex}", find)

    def frame(self, table: str, when: str = "t1") -> pd.DataFrame:
        """A census table indexed by (level, geoid)."""
        name = self.table_name(table, when)
        layer = self.layer(name)
        return self.once(f"frame:{name}", lambda: self._indexed(layer.data))

    def _indexed(self, data: pd.DataFrame) -> pd.DataFrame:
        """Rows in the order of (level, geoid), which is found once for all tables that have the same ones."""
        keys = data[["level", "geoid"]]
        cells = data.iloc[:, [at for at, name in enumerate(data.columns.tolist()) if name not in ("level", "geoid")]]
        known: list[tuple[pd.DataFrame, IntArray, pd.MultiIndex]] = self.once("frame orders", list)
        for same, order, index in known:
            if same.equals(keys):
                return cells.take(order).set_axis(index)
        index, order = pd.MultiIndex.from_frame(keys).sortlevel()
        known.append((keys, order, index))
        return cells.take(order).set_axis(index)


def how_to_have(table: str) -> str:
    """Why a table is not there that nobody asked for, and what to write in ``district.toml``."""
    return (
        f'the table "{table}" was not asked for: write tables = ["{table}"] under [fetch] of district.toml, or name a '
        f'file of yours: [layers."{DATA}{table}"] with path = "..."'
    )
