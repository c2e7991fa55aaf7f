"""One county of a batch: its layers read once, all its districts as rows of one product.

The story is that of `run`, with many districts in place of one. A district that cannot be measured is refused by name,
and the others are measured without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from justgeo import run, zoning
from justgeo.batch_files import REFERENCE, Done, Writing
from justgeo.batch_list import Refusal, Work
from justgeo.collecting import Collected, Progress, collect_layers
from justgeo.core import district as districts
from justgeo.core.district import District
from justgeo.core.errors import ConfigError, JustgeoError
from justgeo.core.layer import Layer
from justgeo.core.location import Location
from justgeo.core.result import Record
from justgeo.core.zones import Role, Zones
from justgeo.indicators.place import Place
from justgeo.sources._covering import LEAST_COVER, part_of, uncovered
from justgeo.sources.collect import is_unit

AT_ONCE = 250
"""Districts that are measured at once: their records are held in memory together (our choice)."""
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class How:
    """Where the outputs of a batch go, and where its layers come from.

    Attributes
    ----------
    out : Path
    each : bool
        Write ``results.json`` of each district besides the tables.
    records : Path, URL or None
        As for `collect_layers`.
    offline : bool
    """

    out: Path
    each: bool = True
    records: Location | None = None
    offline: bool = False


def do(work: Work, how: How, digest: str, progress: Progress | None = None) -> Done:
    """Measure the districts of a work and write what it gives, the mark that it is done last.

    Parameters
    ----------
    work : Work
    how : How
    digest : str
        Of what it is made of; for the mark.
    progress : callable, optional
        Called with the name of each layer and indicator before its turn.

    Raises
    ------
    JustgeoError
        None of its districts can be measured, for a reason that has nothing to do with a single one.
    """
    refused: list[Refusal] = []
    with Writing(how.out, work, how.each) as writing:
        for found, place, records in measured(work, how, refused, progress):
            writing.add(found, place, records)
        return writing.finish(digest, refused)


def measured(
    work: Work, how: How, refused: list[Refusal], progress: Progress | None = None
) -> Iterator[tuple[Collected, Place, list[Record]]]:
    """Places of some zones of a work with their records, one after the other.

    The reference is a zone of each of them. ``refused`` takes the districts that cannot be measured.
    """

    def collect(some: Sequence[District]) -> Collected:
        together = replace(work, districts=tuple(some)).together()
        return collect_layers(work.settings, progress, how.records, how.offline, together=together)

    def refuse(one: District, why: JustgeoError) -> None:
        if work.zones:
            raise why
        refused.append(Refusal(one.slug, one.name, why.message, why.remedy))

    for some, found in _without_bad(work.districts, collect, refuse):
        there = some if work.zones else [one for one in some if _is_covered(found, one, refuse)]
        if there:
            yield from _chunks(work, found, there, refuse, progress)


def _is_covered(found: Collected, one: District, refuse: Callable[[District, JustgeoError], None]) -> bool:
    """Whether the geography at hand covers this district, not only all of them together."""
    for name, layer in found.layers.items():
        if is_unit(name) and not name.startswith("areas") and isinstance(layer, Layer):
            share = part_of(layer, one.boundary)
            if share < LEAST_COVER:
                refuse(one, uncovered(f"Layer {name!r}", share))
                return False
    return True


def _chunks(
    work: Work,
    found: Collected,
    some: Sequence[District],
    refuse: Callable[[District, JustgeoError], None],
    progress: Progress | None,
) -> Iterator[tuple[Collected, Place, list[Record]]]:
    """The zones of one collection, `AT_ONCE` at a time: what is found of small areas is found once for all.

    Areas of a county are measured together: what is withheld of one is guarded by the others (`measure.complement`).
    """
    whole = run.make_place(found, _zones(work, found, some))
    reference = list(range(len(whole.zones))[-1:]) if found.reference.shape is not None else []
    n = len(whole.zones) - len(reference)

    def told(rows: Sequence[int]) -> tuple[Place, list[Record]]:
        all_of_them = len(rows) == n
        place = whole if all_of_them else whole.with_zones(whole.weights.only([*rows, *reference]))
        return place, run.records_of(found, place, progress)

    def without(row: int, why: JustgeoError) -> None:
        refuse(some[0] if work.zones else some[row], why)

    step = n if work.zones else AT_ONCE
    for start in range(0, n, step):
        for _, (place, records) in _without_bad(range(start, min(start + step, n)), told, without):
            yield found, place, records


def _without_bad(
    some: Sequence[T], attempt: Callable[[Sequence[T]], U], refuse: Callable[[T, JustgeoError], None]
) -> Iterator[tuple[Sequence[T], U]]:
    """What comes of some things together; where it fails, of each half, until those that make it fail are refused.

    Where it fails for the first and the last one alone as it does for all, they are not what makes it fail.
    """
    try:
        made = attempt(some)
    except JustgeoError as why:
        if len(some) == 1:
            refuse(some[0], why)
            return
        if all(_fails(attempt, [one]) == why.message for one in (some[0], some[-1])):
            raise
    else:
        yield some, made
        return
    middle = len(some) // 2
    for half in (some[:middle], some[middle:]):
        yield from _without_bad(half, attempt, refuse)


def _fails(attempt: Callable[[Sequence[T]], U], some: Sequence[T]) -> str:
    try:
        attempt(some)
    except JustgeoError as why:
        return why.message
    return ""


def _zones(work: Work, found: Collected, some: Sequence[District]) -> Zones:
    """The districts (or all areas of the reference), and the reference behind them, in the metric CRS."""
    if work.zones:
        made = _areas(work, found)
    else:
        shapes = [districts.to_metric(one.boundary, found.crs) for one in some]
        made = [_Row(one.slug, one.name, "district", "", shape) for one, shape in zip(some, shapes, strict=True)]
    if found.reference.shape is not None:
        shape = districts.to_metric(found.reference.shape, found.crs)
        made.append(_Row(REFERENCE, found.reference.name, "reference", "", shape))
    ids, names, roles, geography, outlines = zip(*made, strict=True)
    return Zones(ids, names, roles, geography, gpd.GeoSeries(list(outlines), crs=found.crs))


class _Row(NamedTuple):
    """A zone."""

    id: str
    name: str
    role: Role
    geography: str
    shape: BaseGeometry


def _areas(work: Work, found: Collected) -> list[_Row]:
    """Every tract or block group of the county, as published."""
    layer = found.layers.get(work.zones)
    if not isinstance(layer, Layer):
        why = found.absent.get(work.zones, "it was not given")
        raise ConfigError(f"There is no layer {work.zones!r}: {why}.", remedy=f"declare [layers.{work.zones}].")
    frame = layer.features.to_crs(found.crs)
    mine = frame[frame["geoid"].str.startswith(work.county)].sort_values("geoid")
    names = zoning.area_names(layer.geography, mine)
    return [
        _Row(geoid, name, "area", layer.geography, shape)
        for geoid, name, shape in zip(mine["geoid"], names, mine.geometry, strict=True)
    ]
