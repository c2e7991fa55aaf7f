"""What a planner declares of a layer, and the area that a run asks its layers about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry

SURVEY_YEARS = 5
"""Years that one ACS estimate pools; two periods that share one are no two measurements."""


@dataclass(frozen=True)
class LayerSpec:
    """One ``[layers.<name>]`` of ``district.toml``, or one of an invented place.

    ``options`` hold what the reader of that kind of layer needs (``geoid``, ``columns``, ``layer``, ...); the rest is
    provenance that only the planner can know, or for what was ``fetched``, its record.
    """

    name: str
    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    dataset: str = ""
    vintage: str = ""
    retrieved: str = ""
    licence: str = ""
    attribution: str = ""
    url: str = ""
    synthetic: bool = False
    modelled: bool = False
    notes: tuple[str, ...] = ()
    fetched: bool = False


@dataclass(frozen=True)
class TableColumn:
    """One declared column of a planner's own table.

    ``kind`` is ``count``, ``percent`` or ``median``; a percent needs its denominator, a median is shown where it
    is published and never aggregated. ``margin`` is None when the table has none (then the number is shown as
    "margin not published").
    """

    indicator: str
    estimate: str
    margin: str | None
    kind: Literal["count", "percent", "median"]
    denominator: str | None = None
    denominator_margin: str | None = None
    group: str = "all"


@dataclass(frozen=True)
class TableSpec:
    """A planner's own table: CSV or Parquet, one row a unit."""

    spec: LayerSpec
    geoid: str
    geography: str
    geography_vintage: int
    columns: tuple[TableColumn, ...]


@dataclass(frozen=True)
class Area:
    """What the layers are asked about, in EPSG:4326.

    Attributes
    ----------
    district, reference : shapely geometry
        ``reference`` is None where no reference geometry is known.
    window : shapely geometry
        District with its halo, and the reference: layers are read for this.
    halo_m : float
        Width of the halo, metres.
    """

    district: BaseGeometry
    reference: BaseGeometry | None
    window: BaseGeometry
    halo: BaseGeometry
    halo_m: float
