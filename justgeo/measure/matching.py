"""Zones that are published units: recognised by id and outline, and then measured by id alone."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely
from scipy import sparse

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import StrArray, Zones
from justgeo.measure import fractions
from justgeo.measure.fractions import Geometries, Matrix
from justgeo.measure.nesting import LEVELS, Origins, UnitSet, prefixes

SAME_PLACE = 0.98
"""A zone with the id of a published unit is that unit if this much of both is common ground."""


def own_units(zones: Zones, units: UnitSet, origins: Origins | None) -> IntArray:
    """Position of the unit that each zone is, by id and outline, -1 for none, (Z,).

    The outline is looked at because ids are used again from census to census, for other ground.
    """
    named = np.array([g == units.level for g in zones.geography], dtype=np.bool_)
    own: IntArray = np.where(named, units.find(np.asarray(zones.ids, dtype=np.str_)), -1).astype(np.int64)
    zone = np.flatnonzero(own >= 0)
    if len(zone):
        mine = np.asarray(zones.geometry.array, dtype=object)[zone]
        own[zone[~_same_place(mine, own[zone], units, origins)]] = -1
    return own


def _same_place(mine: Geometries, unit: IntArray, units: UnitSet, origins: Origins | None) -> BoolArray:
    """Whether each outline is that of its unit; by area alone where units are known by their blocks' ids."""
    size = np.asarray(shapely.area(mine), dtype=np.float64)
    if units.geometry is not None:
        theirs = np.asarray(units.geometry.array, dtype=object)[unit]
        larger = np.maximum(size, shapely.area(theirs))
        common = _common(mine, theirs, larger)
    else:
        area = np.zeros(0) if origins is None else origins.area
        drawn = np.bincount(units.of_origin, area, len(units))[unit]
        larger, common = np.maximum(size, drawn), np.minimum(size, drawn)
    return np.asarray(common >= SAME_PLACE * larger, dtype=np.bool_)


def _common(mine: Geometries, theirs: Geometries, equal_area: FloatArray) -> FloatArray:
    """Common area of pairs of outlines; the intersection is taken only where they are not the same drawing."""
    equal = shapely.equals_exact(mine, theirs, tolerance=0.01)
    common = np.where(equal, equal_area, 0.0)
    rest = np.flatnonzero(~equal)
    common[rest] = shapely.area(shapely.intersection(shapely.make_valid(mine[rest]), shapely.make_valid(theirs[rest])))
    return np.asarray(common, dtype=np.float64)


def fractions_of(
    zones: Zones,
    origins: Origins,
    shapes: gpd.GeoSeries,
    units: Mapping[tuple[str, int], UnitSet],
    own: Mapping[tuple[str, int], IntArray],
) -> Matrix:
    """Share of each origin in each zone, (Z, B): by geometry, but by id for units of the blocks' own census.

    A published unit and its blocks may come from files of different detail; their ids leave no slivers.
    """
    rows, columns, values = [], [], []
    done = np.zeros(len(zones), dtype=np.bool_)
    for key, unit_set in units.items():
        mine = np.flatnonzero((own[key] >= 0) & ~done)
        if unit_set.by != "id" or not len(mine):
            continue
        block = np.flatnonzero(unit_set.of_origin >= 0)
        members = sparse.csr_array(
            (np.ones(len(block)), (unit_set.of_origin[block], block)), shape=(len(unit_set), len(origins))
        )
        held = sparse.coo_array(members[own[key][mine]])
        rows.append(mine[held.coords[0]])
        columns.append(held.coords[1])
        values.append(held.data)
        done[mine] = True
    rest = np.flatnonzero(~done)
    if len(rest):
        drawn = sparse.coo_array(fractions.area_shares(zones.geometry.iloc[rest], shapes, "blocks"))
        rows.append(rest[drawn.coords[0]])
        columns.append(drawn.coords[1])
        values.append(drawn.data)
    made = (np.concatenate(values), (np.concatenate(rows).astype(np.int64), np.concatenate(columns).astype(np.int64)))
    return fractions.tidy(sparse.csr_array(made, shape=(len(zones), len(origins))))


def only_own(matrix: Matrix, own: IntArray) -> Matrix:
    """Rows of zones that are published units: 1 at the unit itself, nothing beside it."""
    is_unit = own >= 0
    others = sparse.diags_array((~is_unit).astype(np.float64)) @ matrix
    zone = np.flatnonzero(is_unit)
    ones: Matrix = sparse.csr_array((np.ones(len(zone)), (zone, own[zone])), shape=matrix.shape)
    return sparse.csr_array(others + ones)


def only_nested(matrix: Matrix, units: UnitSet, published: Mapping[str, StrArray]) -> Matrix:
    """Zones that are units of another level of the same census: finer units by id, and of coarser ones their own.

    Tracts and block groups drawn apart do not meet to the metre, and a sliver of a neighbour is no part of a tract.

    Parameters
    ----------
    matrix : csr_array (Z, n)
    units : UnitSet
        The columns.
    published : mapping of str to (Z,) str
        By level, the id of the unit that each zone is, empty for none.
    """
    for level, ids in published.items():
        zone = np.flatnonzero(ids != "")
        if level == units.level or not len(zone) or not {level, units.level} <= LEVELS.keys():
            continue
        others = sparse.diags_array((ids == "").astype(np.float64)) @ matrix
        if LEVELS[level] < LEVELS[units.level]:
            row, column = np.nonzero(ids[zone][:, None] == prefixes(units.geoid, level)[None, :])
            held = np.ones(len(row))
        else:
            parent = units.find(prefixes(ids[zone], units.level))
            row = np.flatnonzero(parent >= 0)
            column = parent[row]
            held = np.asarray(matrix[zone[row], column], dtype=np.float64).ravel()
        matrix = sparse.csr_array(others + sparse.csr_array((held, (zone[row], column)), shape=matrix.shape))
    return matrix
