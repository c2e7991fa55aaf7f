"""What a planner declares of a layer, and the area that a run asks its layers about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry

EARLIER = "acs_t0"
"""The survey of an earlier time; others are ``acs_t0_2019`` and so on."""
SURVEY_YEARS = 5
"""Years that one ACS estimate pools; two periods that share one are no two measurements."""
TRACTS_2020 = 2020
"""First survey, and first year of TIGER/Line, with the areas of the 2020 census; those before have those of 2010."""
CROSSWALK = "crosswalk"
"""The layer of how blocks of 2010 lie in those of 2020; one a state is declared, as ``crosswalk_51``."""


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


def earlier_surveys(layers: Mapping[str, LayerSpec]) -> dict[str, int]:
    """End years of the earlier surveys that are declared, by layer: ``acs_t0``, ``acs_t0_2019``."""
    return {name: int(spec.options["year"]) for name, spec in layers.items() if name.startswith(EARLIER)}


def reported_survey(
    layers: Mapping[str, LayerSpec], named: int | None, others: Iterable[int], *, asks: bool
) -> int | None:
    """End year of the earlier survey that is reported; all others are compared besides. Nobody else decides it.

    Parameters
    ----------
    layers : mapping of str to LayerSpec
        All that are declared.
    named : int or None
        ``vintages.acs_t0``.
    others : iterable of int
        ``displacement.base_years``: never the one reported.
    asks : bool
        The Census Bureau is asked for what is not declared.

    Returns
    -------
    int or None
        That of the layer ``acs_t0``; else the one named, where it is declared or asked for; else the first declared
        that is no other one; None where there is none.
    """
    declared, besides = earlier_surveys(layers), set(others)
    if EARLIER in declared:
        return declared[EARLIER]
    if named is not None and (asks or named in declared.values()):
        return named
    return next((year for year in declared.values() if year not in besides), None)
