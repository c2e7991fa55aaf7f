"""Layers: data with their coordinate reference system and their provenance.

A layer knows which area it covers; a zone that it does not cover is absent for it, never computed on the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from shapely.geometry.base import BaseGeometry

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ENDED = "ended on"
"""In the note of a timetable that had run out when it was fetched."""
BUSIER = "More trips run on a"
"""In the note of a timetable that has more trips on a weekend than on the weekday that was taken."""
NO_GROUND = "it speaks of no ground in the district"
"""In the reason why a map is absent that does not say anything of the district: not surveyed, not mapped."""


@dataclass(frozen=True)
class Provenance:
    """Where a layer came from and under which terms it may be used.

    Attributes
    ----------
    layer : str
        Name in the vocabulary of ``catalogue/layers.yml`` (``blocks``, ``walk``, ``acs:B25003@2024``).
    source, dataset : str
        Publisher and product, in words that can be cited.
    vintage : str
        The period that the data speak of (``2020-2024``), or ``"not stated"``. Never the date of a download.
    retrieved : str
        ISO date on which the bytes were taken, or ``""`` for data that are made here.
    licence, attribution : str
        Terms, and the notice that has to stand beside every use.
    url : str
        Public page of the product, without any key.
    sha256 : str
        Digest of the bytes that were read.
    asked : mapping
        What was asked for (window, tags, tables); part of the store's key.
    synthetic, modelled : bool
        Invented data; figures that an agency modelled rather than counted.
    notes : tuple of str
        What a reader should know before using it.
    """

    layer: str
    source: str
    dataset: str
    vintage: str
    retrieved: str = ""
    licence: str = ""
    attribution: str = ""
    url: str = ""
    sha256: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False
    modelled: bool = False
    notes: tuple[str, ...] = ()


class Told(dict[Any, Any]):
    """What is known of a table's cells, kept in ``data.attrs``: pandas hands it on with each column, uncopied.

    A copy of all reasons for each column that is looked at took a fiftieth of a run. Nobody changes it afterwards.
    """

    def __deepcopy__(self, memo: object) -> Told:
        del memo
        return self


@dataclass(frozen=True)
class Layer:
    """A table or a set of features.

    Attributes
    ----------
    name : str
    data : GeoDataFrame or DataFrame
        Columns as the vocabulary in ``catalogue/layers.yml`` says.
    provenance : Provenance
    covers : shapely geometry or None
        Area for which absence of a feature means absence, in EPSG:4326; ``None`` when the rows themselves say
        (a table by GEOID).
    geography : str
        ``"block group"``, ``"tract"``, ... for layers by GEOID, else ``""``.
    geography_vintage : int
        Census vintage of the identifiers (2010, 2020), 0 where there are none.
    """

    name: str
    data: gpd.GeoDataFrame | pd.DataFrame
    provenance: Provenance
    covers: BaseGeometry | None = None
    geography: str = ""
    geography_vintage: int = 0

    @property
    def features(self) -> gpd.GeoDataFrame:
        """``data`` with its geometry; an error for a plain table."""
        if not isinstance(self.data, gpd.GeoDataFrame):
            raise TypeError(f"layer {self.name!r} is a table without geometry")
        return self.data


@dataclass(frozen=True)
class Network:
    """Walkable segments: straight pieces between two nodes, walked both ways.

    Attributes
    ----------
    x, y : (n,) float
        Node coordinates in ``crs``.
    u, v : (m,) int
        Node numbers of each segment's ends.
    crs : str
        Any CRS that pyproj reads; ``measure.reach`` projects it to the district's metric CRS.
    """

    x: FloatArray
    y: FloatArray
    u: IntArray
    v: IntArray
    crs: str
    provenance: Provenance
    covers: BaseGeometry | None = None


@dataclass(frozen=True)
class Raster:
    """A window of a grid, read whole.

    Attributes
    ----------
    values : (rows, cols) float
        NaN where the pixel is no data or out of the product's range.
    transform : 6 floats
        Affine coefficients ``a, b, c, d, e, f`` as rasterio gives them.
    crs : str
        WKT of the grid; zones are brought to the grid, never the grid to the zones.
    """

    values: FloatArray
    transform: tuple[float, float, float, float, float, float]
    crs: str
    provenance: Provenance


@dataclass(frozen=True)
class Feed:
    """A transit feed boiled down to one representative weekday.

    Attributes
    ----------
    stops : DataFrame
        ``stop_id``, ``name``, ``lon``, ``lat``, ``rail`` (bool).
    departures : DataFrame
        ``stop_id``, ``route_id``, ``trip_id``, ``direction`` (str), ``seconds`` after midnight (may exceed 86,400).
    service_date : str
        The day that was taken, ISO.
    """

    stops: pd.DataFrame
    departures: pd.DataFrame
    service_date: str
    provenance: Provenance

    @property
    def ended(self) -> bool:
        """Whether it, or one of those that it is made of, had run out when it was fetched; its notes say which."""
        return any(ENDED in note for note in self.provenance.notes)


AnyLayer = Layer | Network | Raster | Feed
