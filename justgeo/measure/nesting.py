"""Small areas and how they nest: which published unit each block belongs to.

Blocks belong to a unit of their own census by the prefix of their GEOID. In units of another census, and for a
planner's own areas, they are nested by their representative point; that is recorded, and it is never a join by id. So
they are in a state whose counties have other codes since: Connecticut's blocks of 2020 have its eight counties, its
tracts from 2022 on the nine planning regions (87 FR 34235), with the same tracts and block groups under other ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from justgeo.core.errors import CrsError, LayerError, VintageError
from justgeo.core.layer import BoolArray, FloatArray, IntArray, Layer
from justgeo.core.words import plural
from justgeo.core.zones import StrArray, Units
from justgeo.measure import fractions
from justgeo.measure.fractions import Geometries, Matrix

OTHER_UNIT = 0.03
"""With more blocks than this in another unit than their id names, the two layers are not of one census: generalised
outlines misplace fewer, the block groups of another census more (7 % in Charlottesville)."""

LEVELS: dict[str, int] = {"county": 5, "tract": 11, "block group": 12, "block": 15}
"""Summary levels from coarse to fine, with the length of their GEOID."""

COMPLETE_LAND = 0.9
"""A unit whose blocks hold less than this share of its land is not all there (both with published land area)."""
COMPLETE_AREA = 0.5
"""The same where only drawn areas are known: blocks of open water may have been left out."""


@dataclass(frozen=True)
class Origins:
    """Where people live: blocks, or a planner's zones.

    Attributes
    ----------
    geoid : (B,) str
    population, housing, land : (B,) float
        People, homes, land in m². Missing counts and water-only blocks are 0 here: they carry no weight.
        ``housing`` is None where the layer has none.
    area : (B,) float
        Drawn area, m².
    land_known : bool
        Whether ``land`` was published (else it is the drawn area).
    points : (B,) object
        Representative points, metric.
    fractions : csr_array (Z, B)
    geography : str
        ``"block"`` or ``"zone"``.
    vintage : int
    """

    geoid: StrArray
    population: FloatArray
    housing: FloatArray | None
    land: FloatArray
    area: FloatArray
    land_known: bool
    points: Geometries
    fractions: Matrix
    geography: str
    vintage: int

    def __len__(self) -> int:
        return len(self.geoid)


@dataclass(frozen=True)
class UnitSet:
    """Published units of one level and vintage.

    Attributes
    ----------
    geoid : (n,) str
    geometry : GeoSeries or None
        Metric; None for units that are known by their blocks' ids alone.
    points : (n,) object
        One point for each unit: representative, or the middle of its blocks.
    land : (n,) float or None
        Published land area, m².
    of_origin : (B,) int
        Unit of each origin, -1 outside; empty where there are no origins.
    by : {'id', 'point', ''}
        How the origins were nested: ``'id'`` in units of their own census, in all states but those whose counties have
        other codes.
    incomplete : (n,) bool
        Units that the origins do not fill; they are divided by drawn area.
    """

    level: str
    vintage: int
    geoid: StrArray
    geometry: gpd.GeoSeries | None
    points: Geometries
    land: FloatArray | None
    of_origin: IntArray
    by: str
    incomplete: BoolArray

    def __len__(self) -> int:
        return len(self.geoid)

    def find(self, geoid: StrArray) -> IntArray:
        """Position of each GEOID in this set, -1 for none."""
        return positions(self.geoid, geoid)


def positions(known: StrArray, asked: StrArray) -> IntArray:
    """Position of each asked id among the known ones, -1 for none."""
    # The same few sets are held against each other for every row, every group and every set of zones.
    key = (_name(known), _name(asked))
    found = _POSITIONS.pop(key, None)
    if found is None:
        found = np.asarray(pd.Index(known).get_indexer(pd.Index(asked)), dtype=np.int64)
        found.setflags(write=False)  # it is handed out again
    _POSITIONS[key] = found
    while len(_POSITIONS) > _KEPT:
        _POSITIONS.pop(next(iter(_POSITIONS)), None)
    return found


_POSITIONS: dict[tuple[bytes, bytes], IntArray] = {}
"""What `positions` found of late, the oldest first."""
_KEPT = 64


def _name(ids: StrArray) -> bytes:
    return hashlib.blake2b(ids.tobytes(), digest_size=16).digest() + ids.dtype.str.encode("ascii")


def read_origins(blocks: Layer, metric_crs: str, notes: list[str]) -> tuple[Origins, gpd.GeoSeries]:
    """Origins without their fractions (an empty matrix), and their outlines in the metric CRS."""
    data = cast(gpd.GeoDataFrame, blocks.data).to_crs(metric_crs)
    geoid = _ids(blocks)
    shapes: gpd.GeoSeries = data.geometry
    area = np.asarray(shapely.area(shapes.array), dtype=np.float64)
    land_known = "land_m2" in data
    published = data["land_m2"].to_numpy(dtype=np.float64) if land_known else area
    land = np.where(np.isnan(published), area, published)
    # Water-only blocks; a block of unknown land is taken as drawn, and drawn blocks are never water-only.
    dry = np.where(land > 0, 1.0, 0.0) if land_known else np.ones(len(geoid))
    housing = _numbers(data, "housing_units", blocks.name, notes) * dry if "housing_units" in data else None
    origins = Origins(
        geoid=geoid,
        population=_numbers(data, "population", blocks.name, notes) * dry,
        housing=housing,
        land=land,
        area=area,
        land_known=land_known,
        points=np.asarray(shapely.point_on_surface(shapes.array), dtype=object),
        fractions=sparse.csr_array((0, len(geoid)), dtype=np.float64),
        geography=blocks.geography,
        vintage=blocks.geography_vintage,
    )
    return origins, shapes


def _ids(layer: Layer) -> StrArray:
    """GEOIDs of a layer; the same one twice would count its people twice."""
    series = layer.data["geoid"].astype(str)
    doubled = series[series.duplicated()]
    if len(doubled):
        raise LayerError(
            f"{len(doubled)} rows of {layer.name} repeat a GEOID, for instance {doubled.iloc[0]!r}.",
            remedy="keep one row for each area (dissolve its parts into one multipolygon).",
        )
    return np.asarray(series.to_numpy(), dtype=np.str_)


def _numbers(data: pd.DataFrame, column: str, layer: str, notes: list[str]) -> FloatArray:
    """A column as weights: a missing count carries no weight, and that is said."""
    if column not in data:
        raise LayerError(f"The layer {layer} has no column {column!r}.", remedy=f"declare which column is {column}.")
    found = data[column].to_numpy(dtype=np.float64)
    if (found < 0).any():
        raise LayerError(
            f"The layer {layer} has a {column} of {found[found < 0][0]:g}.",
            remedy="such codes mean 'no number'; leave these cells empty.",
        )
    missing = int(np.isnan(found).sum())
    if missing:
        notes.append(f"{missing} of {len(found)} {layer} have no {column}; they carry no weight.")
    return np.asarray(np.nan_to_num(found, nan=0.0), dtype=np.float64)


def read_units(layer: Layer, origins: Origins | None, metric_crs: str, notes: list[str]) -> UnitSet:
    """A layer of published units, with the origins nested in it."""
    geometry = cast(gpd.GeoDataFrame, layer.data).to_crs(metric_crs).geometry.reset_index(drop=True)
    geoid = _ids(layer)
    land = layer.data["land_m2"].to_numpy(dtype=np.float64) if "land_m2" in layer.data else None
    shapes = np.asarray(geometry.array, dtype=object)
    if shapely.is_missing(shapes).any():
        raise LayerError(f"Rows of {layer.name} have no geometry.", remedy="drop them, or give them their outline.")
    of_origin, by = np.empty(0, dtype=np.int64), ""
    incomplete = np.zeros(len(geoid), dtype=np.bool_)
    if origins is not None:
        of_origin, by = _nest(layer, geoid, shapes, origins, notes)
        incomplete = _incomplete(of_origin, np.asarray(shapely.area(shapes), dtype=np.float64), land, origins)
        if incomplete.any():
            notes.append(
                f"{int(incomplete.sum())} of {len(geoid)} {plural(layer.geography)} are not filled by the "
                f"{plural(origins.geography)} at hand; they are divided by area instead."
            )
    points = np.asarray(shapely.point_on_surface(shapes), dtype=object)
    return UnitSet(layer.geography, layer.geography_vintage, geoid, geometry, points, land, of_origin, by, incomplete)


def _nest(
    layer: Layer, geoid: StrArray, shapes: Geometries, origins: Origins, notes: list[str]
) -> tuple[IntArray, str]:
    drawn_in = fractions.holder(origins.points, shapes)
    if origins.geography == "block" and layer.geography in LEVELS and layer.geography_vintage == origins.vintage:
        named = prefixes(origins.geoid, layer.geography)
        by_id = positions(geoid, named)
        recoded = _recoded(geoid, origins.geoid)
        _check_nesting(layer, ~recoded & (drawn_in >= 0), by_id != drawn_in, origins, "their id says", notes)
        placed = recoded & (drawn_in >= 0)
        if placed.any():
            other = _without_county(geoid)[drawn_in] != _without_county(named)
            _check_nesting(layer, placed, other, origins, "they are drawn", notes)
            notes.append(_of_recoded(layer, origins, recoded))
        return np.where(recoded, drawn_in, by_id), "id"
    notes.append(
        f"{plural(origins.geography).capitalize()}{_of(origins.vintage)} were nested in {plural(layer.geography)}"
        f"{_of(layer.geography_vintage)} by their representative point, not by id."
    )
    return drawn_in, "point"


def _recoded(units: StrArray, blocks: StrArray) -> BoolArray:
    """Blocks of a state no county of which has the code of a county of its units, (B,).

    By state: a few counties that do not fit are a mistake of the files, not another system of counties.
    """
    of_block, of_unit = prefixes(blocks, "county"), prefixes(units, "county")
    state = of_block.astype("U2")
    fit = np.unique(state[np.isin(of_block, of_unit)])
    return np.asarray(np.isin(state, of_unit.astype("U2")) & ~np.isin(state, fit), dtype=np.bool_)


def _without_county(geoid: StrArray) -> StrArray:
    """State, tract and block group of ids: what stays where a county is given another code."""
    return np.asarray([one[:2] + one[5:] for one in geoid], dtype=np.str_)


def _of_recoded(layer: Layer, origins: Origins, recoded: BoolArray) -> str:
    states = " and ".join(np.unique(origins.geoid[recoded].astype("U2")))
    return (
        f"The counties of state {states} have other codes in {layer.name} than in the blocks: its blocks were nested "
        f"in {plural(layer.geography)} by their representative point, not by id."
    )


def _check_nesting(
    layer: Layer, placed: BoolArray, elsewhere: BoolArray, origins: Origins, counted: str, notes: list[str]
) -> None:
    """Blocks have to lie in the unit that their id names; where many do not, one of the two is of another census.

    Parameters
    ----------
    placed, elsewhere : (B,) bool
        Which blocks are looked at, and which lie in another unit than their id names.
    counted : str
        Where the few are counted, for the note.

    Raises
    ------
    VintageError
    """
    other = placed & elsewhere
    if not other.any():
        return
    at = int(np.flatnonzero(other)[0])
    told = (
        f"{int(other.sum())} of {int(placed.sum())} {plural(origins.geography)} lie in another {layer.geography} of "
        f"{layer.name} than their id says (the first is {origins.geoid[at]})"
    )
    if other.sum() > OTHER_UNIT * placed.sum():
        raise VintageError(
            f"{told}: the two are not of one census, though both are declared to be of {origins.vintage}.",
            remedy=f"declare the vintage that {layer.name} is of (2010 for files up to 2019), or give its file of "
            f"{origins.vintage}.",
        )
    notes.append(f"{told}; they are counted where {counted}.")


def _of(vintage: int) -> str:
    return f" of {vintage}" if vintage else ""


def prefixes(geoid: StrArray, level: str) -> StrArray:
    """GEOIDs of the units of a level that these ids lie in, by their first digits."""
    return np.asarray(geoid.astype(f"U{LEVELS[level]}"), dtype=np.str_)


def _incomplete(of_origin: IntArray, area: FloatArray, land: FloatArray | None, origins: Origins) -> BoolArray:
    """Units that the origins at hand do not fill: their weights by people would be weights of a part."""
    inside = of_origin >= 0
    drawn = np.bincount(of_origin[inside], origins.area[inside], len(area))
    if land is None or not origins.land_known:
        return np.asarray(drawn < COMPLETE_AREA * area, dtype=np.bool_)
    dry = np.bincount(of_origin[inside], origins.land[inside], len(area))
    return np.asarray(np.where(land > 0, dry < COMPLETE_LAND * land, drawn < COMPLETE_AREA * area), dtype=np.bool_)


def units_of_blocks(level: str, origins: Origins) -> UnitSet:
    """Units known by their blocks' ids alone, where no layer draws them."""
    geoid, of_origin = np.unique(prefixes(origins.geoid, level), return_inverse=True)
    n = len(geoid)
    xy = shapely.get_coordinates(origins.points)
    size = np.maximum(origins.area, 1e-9)
    total = np.bincount(of_origin, size, n)
    middle = [np.bincount(of_origin, size * xy[:, axis], n) / total for axis in (0, 1)]
    points = np.asarray(shapely.points(middle[0], middle[1]), dtype=object)
    nothing = np.zeros(n, dtype=np.bool_)
    return UnitSet(
        level,
        origins.vintage,
        np.asarray(geoid, dtype=np.str_),
        None,
        points,
        None,
        np.asarray(of_origin, dtype=np.int64),
        "id",
        nothing,
    )


def shares_within(of_origin: IntArray, n: int, chain: Sequence[FloatArray]) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Share of its unit that each origin makes up, by the first measure of the chain that is not 0 in the unit.

    Parameters
    ----------
    of_origin : (B,) int
        Unit of each origin, -1 outside.
    n : int
        Number of units.
    chain : sequence of (B,) float
        For instance people, homes, land.

    Returns
    -------
    share : (B,) float
        0 for origins outside any unit; sums to 1 in each unit that has an origin.
    used : (n,) int
        Which measure of the chain was used, -1 where all are 0.
    """
    inside = of_origin >= 0
    unit = np.where(inside, of_origin, 0)
    share = np.zeros(len(of_origin), dtype=np.float64)
    used = np.full(n, -1, dtype=np.int64)
    for step, measure in enumerate(chain):
        total = np.bincount(unit[inside], measure[inside], n)
        used[(used < 0) & (total > 0)] = step
        mine = inside & (used[unit] == step) if n else inside
        share[mine] = measure[mine] / total[unit[mine]]
    return share, used


def drawn(units: UnitSet) -> gpd.GeoSeries:
    """Outlines of the units, or an error where they are known by id alone."""
    if units.geometry is None:
        many = plural(units.level)
        raise LayerError(f"No layer draws the {many}.", remedy=f"give the layer of {many}.")
    return units.geometry


def require_crs(layer: Layer) -> None:
    """Refuse a layer that cannot be projected."""
    if not isinstance(layer.data, gpd.GeoDataFrame) or layer.data.crs is None:
        raise CrsError(f"The layer {layer.name} has no coordinate reference system.", remedy="save it with its CRS.")


def digest(units: Units) -> bytes:
    """Short name of the rows of a table, for keeping what was found for them."""
    return hashlib.sha256(units.geoid.tobytes() + b"|" + units.level.tobytes()).digest()
