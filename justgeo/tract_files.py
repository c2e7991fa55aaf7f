"""A table of tracts with what lies beside it: shapes or pairs, a column map, the region's figures, other tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import Absent, ConfigError, VintageError
from justgeo.core.spec import SURVEY_YEARS
from justgeo.measure.typology import contiguity, pairs
from justgeo.measure.typology.values import Tracts
from justgeo.sources._hash import sha256_of
from justgeo.sources._typology_columns import ColumnMap, read_column_map
from justgeo.sources._typology_region import Region, read_region
from justgeo.sources.typology_shapes import read_pairs, read_shapes
from justgeo.sources.typology_table import TypologyTable, read_typology_table

LEAST_PRICE, MOST_PRICE = 0.5, 5.0
"""Between these lies any factor of prices between two surveys; 132.5 is a percent."""


@dataclass(frozen=True)
class Another:
    """Another table for sensitivity: a wider or narrower reference, another base year.

    Attributes
    ----------
    path : Path
    name : str
        To be shown.
    years : tuple of int or None
        End years, where they are others.
    """

    path: Path
    name: str
    years: tuple[int, int] | None = None


@dataclass(frozen=True)
class Beside:
    """What is given beside a table.

    Attributes
    ----------
    shapes : Path or None
        Polygons of the tracts; ``geoid`` is their column of identifiers.
    neighbours : Path or None
        Pairs of tracts that touch, in place of shapes.
    columns : Path or None
        What a public file calls our columns.
    region : Path or None
        The region's own shares and incomes.
    """

    shapes: Path | None = None
    geoid: str | None = None
    neighbours: Path | None = None
    columns: Path | None = None
    region: Path | None = None


@dataclass(frozen=True)
class Given:
    """Everything that was read.

    Attributes
    ----------
    table : TypologyTable
        Its tracts with who touches whom.
    shapes : GeoSeries or None
    others : mapping of str to Tracts
        By the name that is shown.
    inputs : tuple of mapping
        ``id``, ``file`` and ``sha256`` of every file.
    """

    table: TypologyTable
    shapes: gpd.GeoSeries | None
    others: Mapping[str, Tracts]
    inputs: tuple[Mapping[str, str], ...]


def gather(
    path: Path,
    beside: Beside,
    *,
    price: float | None = None,
    years: Sequence[int] | None = None,
    compare: Sequence[Another] = (),
) -> Given:
    """Read a table and everything beside it; parameters as for ``displacing.of_table``.

    Raises
    ------
    JustgeoError
        Something cannot be believed.
    """
    _check_times(price, [_pair_of(years), *(_pair_of(one.years) for one in compare)])
    mapping = None if beside.columns is None else read_column_map(beside.columns)
    region = None if beside.region is None else read_region(beside.region)
    table = _read(path, price, _pair_of(years), mapping, region)
    tracts, shapes = _placed(table.tracts, beside)
    others = {}
    for one in compare:
        own = one.years is None
        other = _read(one.path, price if own else None, _pair_of(years if own else one.years), mapping, None)
        others[one.name] = _placed(other.tracts, beside, strict=False)[0]
    inputs = tuple(_inputs(path, beside, compare))
    return Given(replace(table, tracts=tracts), shapes, others, inputs)


def _check_times(price: float | None, pairs: Sequence[tuple[int, int] | None]) -> None:
    """Refuse surveys that share a year, and a factor of prices that nobody saw in a decade.

    Raises
    ------
    ConfigError
    """
    if price is not None and not LEAST_PRICE <= price <= MOST_PRICE:
        raise ConfigError(
            f"Prices that rose by a factor of {price:g} between two surveys cannot be meant.",
            remedy="give the factor itself: --price 1.325 where they rose by 32.5 %.",
        )
    for pair in pairs:
        if pair is not None and pair[0] and pair[1] - pair[0] < SURVEY_YEARS:
            raise ConfigError(
                f"The surveys that end in {pair[0]} and {pair[1]} share years, so they are no two measurements.",
                remedy=f"take an earlier one: {pair[1] - SURVEY_YEARS} or before.",
            )


def _read(
    path: Path,
    price: float | None,
    years: tuple[int, int] | None,
    columns: ColumnMap | None,
    region: Region | None,
) -> TypologyTable:
    note = ""
    if price is None and years is not None and years[0]:
        index = catalogue.prices()
        try:
            price = index.factor(*years)
        except Absent as why:
            raise ConfigError(f"Dollars of {years[0]} and {years[1]} cannot be compared: {why.reason}.",
                              remedy="give the factor by which prices rose (--price).") from why  # fmt: skip
        note = f"Dollars of {years[0]} times {price:.4f} are dollars of {years[1]} ({index.name})."
    table = read_typology_table(path, price=price, years=years, columns=columns, region=region)
    if not note or not table.tracts.before:
        return table
    return replace(table, tracts=replace(table.tracts, notes=(note, *table.tracts.notes)))


def _pair_of(years: Sequence[int] | None) -> tuple[int, int] | None:
    if years is None:
        return None
    if len(years) not in (1, 2) or (len(years) == 2 and years[0] >= years[1]):
        raise ConfigError(
            f"Years {' '.join(map(str, years))} cannot be.",
            remedy="name the end years of the earlier and the later survey: 2014 2024; or the later one alone.",
        )
    return (0, years[0]) if len(years) == 1 else (years[0], years[1])


def _placed(tracts: Tracts, beside: Beside, *, strict: bool = True) -> tuple[Tracts, gpd.GeoSeries | None]:
    """Tracts with who touches whom, and their shapes where there are any."""
    if beside.shapes is not None and beside.neighbours is not None:
        raise ConfigError("Shapes and pairs of neighbours are given both.", remedy="give one of them.")
    if beside.neighbours is not None:
        touch, edge = pairs.neighbours(tracts.geoid, *read_pairs(beside.neighbours))
        return replace(tracts, neighbours=touch, edge=edge), None
    if beside.shapes is None:
        note = "No shapes and no neighbours are given: whether a tract lies beside a high one cannot be told."
        return (replace(tracts, notes=(*tracts.notes, note)) if tracts.before else tracts), None
    try:
        shapes = read_shapes(beside.shapes, tracts.geoid, beside.geoid)
    except VintageError:
        if strict:
            raise
        return tracts, None
    return replace(tracts, neighbours=contiguity.queen(shapes), edge=contiguity.rim(shapes)), shapes


def _inputs(path: Path, beside: Beside, compare: Sequence[Another]) -> list[dict[str, str]]:
    named = {"table": path, "shapes": beside.shapes, "neighbours": beside.neighbours}
    named |= {"columns": beside.columns, "region": beside.region}
    named |= {f"compare: {one.name}": one.path for one in compare}
    there = ((key, one) for key, one in named.items() if one is not None)
    return [{"id": key, "file": one.name, "sha256": sha256_of(one)} for key, one in there]
