"""Zones: the rows of things to report on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from justgeo.core.layer import BoolArray

Role = Literal["district", "reference", "area", "peer"]
StrArray = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Zones:
    """Places that want a number, in one metric CRS.

    Attributes
    ----------
    ids : tuple of str
        ``district``, ``reference``, or the GEOID of an area.
    names : tuple of str
        For people.
    roles : tuple of {'district', 'reference', 'area', 'peer'}
    geography : tuple of str
        ``""`` for free shapes; ``"tract"``, ``"block group"``, ``"county"`` for published geographies.
    geometry : GeoSeries
        Polygons in the district's metric CRS.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    roles: tuple[Role, ...]
    geography: tuple[str, ...]
    geometry: gpd.GeoSeries

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, rows: Sequence[int]) -> Zones:
        """Some of the zones, in this order."""
        ids, names, geography = (tuple(told[z] for z in rows) for told in (self.ids, self.names, self.geography))
        roles = tuple(self.roles[z] for z in rows)
        return Zones(ids, names, roles, geography, self.geometry.iloc[list(rows)].reset_index(drop=True))

    def index(self, role: Role) -> int:
        """Row of the first zone with this role."""
        return self.roles.index(role)

    def having(self, role: Role) -> BoolArray:
        """Which rows have this role, shape (Z,)."""
        return np.array([r == role for r in self.roles], dtype=np.bool_)

    def ids_of(self, *roles: Role) -> tuple[str, ...]:
        """Ids of the zones with one of these roles, in order."""
        return tuple(zone for zone, r in zip(self.ids, self.roles, strict=True) if r in roles)


@dataclass(frozen=True)
class Units:
    """Small areas that carry published numbers.

    One table may hold several summary levels (county, tract, block group); a zone takes the largest unit that
    lies wholly inside it, since a published row is better than the sum of its parts (METHODS 2.0, item 18).

    Attributes
    ----------
    geoid : (n,) str
    level : (n,) str
        ``"county"``, ``"tract"``, ``"block group"``, ``"block"`` or ``"zone"`` (a planner's own areas).
    vintage : int
        Census vintage of the identifiers: 2010, 2020; 0 for a planner's own areas.
    """

    geoid: StrArray
    level: StrArray
    vintage: int

    def __len__(self) -> int:
        return len(self.geoid)
