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
from justgeo.measure.typology.prepare import MANY_TRACTS
from justgeo.measure.typology.sensitivity import AS_REPORTED
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
    region : Path or None
        Its region's own shares and incomes. Without one, those beside the table hold for it too where it has the same
        tracts, each for its year; of other tracts they are another region's.
    """

    path: Path
    name: str
    years: tuple[int, int] | None = None
    region: Path | None = None


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
    _check_names([one.name for one in compare])
    mapping = None if beside.columns is None else read_column_map(beside.columns)
    region = None if beside.region is None else read_region(beside.region)
    table = _read(path, price, _pair_of(years), mapping, region)
    tracts, shapes = _placed(table.tracts, beside)
    tracts = replace(tracts, notes=(*tracts.notes, *_few(tracts)))
    others = {}
    for one in compare:
        others[one.name] = _other(one, price, _pair_of(years), mapping, region, tracts, beside)
        told = [note for note in others[one.name].notes if note not in tracts.notes]
        tracts = replace(tracts, notes=(*tracts.notes, *(f"Compared, {one.name}: {note}" for note in told)))
    inputs = tuple(_inputs(path, beside, compare))
    return Given(replace(table, tracts=tracts), shapes, others, inputs)


def _other(
    one: Another,
    price: float | None,
    years: tuple[int, int] | None,
    columns: ColumnMap | None,
    region: Region | None,
    tracts: Tracts,
    beside: Beside,
) -> Tracts:
    """Another table, with what is known beside it: of other tracts than ``tracts`` that may be less."""
    told, price = (years, price) if one.years is None else (_pair_of(one.years), None)
    found = _read(one.path, price, told, columns, None if one.region is None else read_region(one.region)).tracts
    note = ""
    if one.region is None and region is not None:
        if set(found.geoid.tolist()) == set(tracts.geoid.tolist()):
            region = region.of_years(years, told)
            found = _read(one.path, price, told, columns, region).tracts
        else:
            note = (
                f"It has other tracts than the table, so the figures of {region.file} are not its region's and are not "
                "used for it: give its own, --compare OTHER.csv NAME REGION.toml."
            )
    found = replace(found, notes=(*found.notes, *([note] if note else []), *_few(found)))
    return _placed(found, beside, strict=False)[0]


def _few(tracts: Tracts) -> list[str]:
    """What to say of a small reference, as `indicators.displacement.few_tracts` says it of a district's."""
    if len(tracts) >= MANY_TRACTS:
        return []
    return [
        f"Few tracts in the reference ({len(tracts)}): give the table the tracts of more counties, or of the metro."
    ]


def _check_names(names: Sequence[str]) -> None:
    """Refuse names of compared tables that could not be told apart in what is written.

    Raises
    ------
    ConfigError
    """
    for i, name in enumerate(names):
        taken = name in names[:i] or name == AS_REPORTED or name.startswith("thresholds ")
        if taken or not name.strip():
            why = "is taken already" if taken else "is no name"
            raise ConfigError(
                f"--compare: {name!r} {why}.", remedy="give each of the compared tables a name of its own."
            )


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
        return _paired(tracts, beside.neighbours, strict), None
    if beside.shapes is None:
        note = "No shapes and no neighbours are given: whether a tract lies beside a high one cannot be told."
        return (replace(tracts, notes=(*tracts.notes, note)) if tracts.before else tracts), None
    try:
        shapes = read_shapes(beside.shapes, tracts.geoid, beside.geoid, partly=not strict)
    except VintageError as why:
        if strict:
            raise
        note = f"{why.message} Whether a tract lies beside a high one cannot be told."
        return replace(tracts, notes=(*tracts.notes, note)), None
    gone = contiguity.unplaced(shapes)
    told = () if gone is None else (contiguity.without_shape(tracts.geoid[gone], len(tracts)),)
    touch, edge = contiguity.queen(shapes), contiguity.rim(shapes)
    return replace(tracts, neighbours=touch, edge=edge, unplaced=gone, notes=(*tracts.notes, *told)), shapes


def _paired(tracts: Tracts, path: Path, strict: bool) -> Tracts:
    """Tracts with the neighbours that a file of pairs names.

    Raises
    ------
    VintageError
        By ``strict``: none of its tracts is in the table.
    """
    found = pairs.neighbours(tracts.geoid, *read_pairs(path))
    if found.unplaced is not None and found.unplaced.all():
        what = f"The pairs {path.name} name no tract of the table, but {found.strangers[0]}"
        if strict:
            raise VintageError(
                f"{what}{' and others' if len(found.strangers) > 1 else ''}.",
                remedy="give the pairs of the same census vintage (2010 or 2020) and of the counties of the table.",
            )
        note = f"{what}: whether a tract lies beside a high one cannot be told."
        return replace(tracts, notes=(*tracts.notes, note))
    told = []
    if found.unplaced is not None:
        gone = tracts.geoid[found.unplaced]
        told.append(
            f"Tracts in no pair of {path.name}: {len(gone)} of {len(tracts)}, for example {gone[0]}. Whether they lie "
            "beside a high one cannot be told; of an island write a pair with itself."
        )
    if len(found.strangers):
        told.append(
            f"{path.name} names tracts that are not in the table: {len(found.strangers)}, for example "
            f"{found.strangers[0]}. They are taken to be not high, and those beside them lie on the rim; pairs of "
            f"none but such: {found.elsewhere}."
        )
    notes = (*tracts.notes, *told)
    return replace(tracts, neighbours=found.touch, edge=found.edge, unplaced=found.unplaced, notes=notes)


def _inputs(path: Path, beside: Beside, compare: Sequence[Another]) -> list[dict[str, str]]:
    named = {"table": path, "shapes": beside.shapes, "neighbours": beside.neighbours}
    named |= {"columns": beside.columns, "region": beside.region}
    named |= {f"compare: {one.name}": one.path for one in compare}
    named |= {f"compare: {one.name}, region": one.region for one in compare}
    there = ((key, one) for key, one in named.items() if one is not None)
    return [{"id": key, "file": one.name, "sha256": sha256_of(one)} for key, one in there]
