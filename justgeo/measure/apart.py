"""The tracts of a zone as zones of their own, over the same small areas: further rows of the same matrix.

A published unit is one by its id: its own row of a table, its blocks, its part of the people of the zone that it was
taken from. So no outline is cut again, whatever the number of tracts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
from scipy import sparse

from justgeo.core.layer import FloatArray
from justgeo.core.zones import Role, Zones
from justgeo.measure import fractions, matching
from justgeo.measure.apportion import Weights
from justgeo.measure.fractions import Matrix
from justgeo.measure.nesting import UnitSet

MOSTLY = 0.5
"""A unit is one of a zone's where more than this part of its people lives in it."""


@dataclass(frozen=True)
class Apart:
    """Units of a zone as zones.

    Attributes
    ----------
    weights : Weights
        Its zones are those that were kept, then the units.
    first : int
        Row of the first unit.
    persons, households : (n,) float
        People and homes of the zone in each unit, as the census counted them.
    """

    weights: Weights
    first: int
    persons: FloatArray
    households: FloatArray


def units_of(now: Weights, level: str, vintage: int, zone: int, kept: tuple[int, ...]) -> Apart | None:
    """The units of a level that lie mostly in a zone, as zones.

    Parameters
    ----------
    now : Weights
    level, vintage : str, int
        A level whose outlines are at hand.
    zone : int
        Row of the zone whose units are asked for.
    kept : tuple of int
        Rows that stay, in front.

    Returns
    -------
    Apart or None
        None where no blocks, no outlines or no such units are at hand.
    """
    units = now.units.get((level, vintage))
    if now.origins is None or units is None or units.geometry is None:
        return None
    at = np.flatnonzero(now.matrix(level, vintage, "persons")[[zone], :].toarray().ravel() > MOSTLY)
    if not len(at):
        return None
    zones = _zones(now.zones, kept, units.geoid[at].tolist(), units.geometry.iloc[at], level)
    members = _members(units)[at]
    held = fractions.tidy(sparse.csr_array(sparse.vstack([now.fractions[list(kept)], members])))
    origins = replace(now.origins, fractions=held)
    made = Weights(zones, origins, now.units, [])
    for key, of_key in now.units.items():
        made._own[key] = matching.own_units(zones, of_key, origins)
    inside = np.asarray(now.fractions[[zone], :].toarray(), dtype=np.float64).ravel()
    people, homes = origins.population, origins.population if origins.housing is None else origins.housing
    persons, households = (np.asarray(members @ (inside * held), dtype=np.float64) for held in (people, homes))
    return Apart(made, len(kept), persons, households)


def _members(units: UnitSet) -> Matrix:
    """Units x origins: 1 where an origin nests in a unit."""
    block = np.flatnonzero(units.of_origin >= 0)
    shape = (len(units), len(units.of_origin))
    return sparse.csr_array((np.ones(len(block)), (units.of_origin[block], block)), shape=shape)


def _zones(zones: Zones, kept: tuple[int, ...], ids: list[str], shapes: gpd.GeoSeries, level: str) -> Zones:
    area: Role = "area"
    return Zones(
        (*(zones.ids[z] for z in kept), *ids),
        (*(zones.names[z] for z in kept), *ids),
        (*(zones.roles[z] for z in kept), *((area,) * len(ids))),
        (*(zones.geography[z] for z in kept), *((level,) * len(ids))),
        gpd.GeoSeries([*zones.geometry.iloc[list(kept)], *shapes], crs=zones.geometry.crs),
    )
