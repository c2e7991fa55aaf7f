"""Rows and layers to records: the middle of a run, without reading or writing anything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from justgeo.core.errors import Absent
from justgeo.core.field import AnyField, ExposureField, GroupCounts, MedianField
from justgeo.core.layer import BoolArray
from justgeo.core.result import Column, Indicator, Record
from justgeo.indicators import FIELDS
from justgeo.indicators.groups import why_absent
from justgeo.indicators.mobility import covered
from justgeo.indicators.place import Place
from justgeo.measure import judge
from justgeo.measure.equity import SAMPLED, SAMPLED_FLAG, choose, group_share, reduce_group
from justgeo.measure.reduce import ReduceSettings, reduce

log = logging.getLogger(__name__)


def layer_names(row: Indicator, years: Mapping[str, int]) -> list[str]:
    """Layers that a row asks for or can use: ``acs:B25003@2024``, ``walk``, ..."""
    when = str(row.parameters.get("when", "t1"))
    return list(dict.fromkeys(_with_year(name, when, years) for name in (*row.inputs, *row.optional)))


def _with_year(name: str, when: str, years: Mapping[str, int]) -> str:
    if not name.startswith("acs:") or "@" in name:
        return name
    return f"{name}@{years[when]}" if when in years else name


@dataclass(frozen=True)
class _Desk:
    """What every row is measured with."""

    place: Place
    reference: int | None
    settings: ReduceSettings
    judging: judge.JudgeSettings


def measure(
    rows: Sequence[Indicator],
    place: Place,
    *,
    settings: ReduceSettings,
    judging: judge.JudgeSettings,
    progress: Callable[[str], None] | None = None,
) -> list[Record]:
    """All records of a place: each row and group, for all zones at once.

    A row whose layer is missing is absent for every zone, with the reason; nothing else is caught.
    """
    reference = place.zones.roles.index("reference") if "reference" in place.zones.roles else None
    desk = _Desk(place, reference, settings, judging)
    made: list[Record] = []
    for row in rows:
        if progress is not None:
            progress(row.id)
        made += _row(row, desk)
    return judge.adjust(made)


def _row(row: Indicator, desk: _Desk) -> list[Record]:
    try:
        field = FIELDS[row.field](row, desk.place, "all")
    except Absent as absent:
        log.info("%s is absent: %s", row.id, absent.reason)
        made = _absent(row, "all", desk.place, absent.reason)
        for group in row.groups:
            made += _group_alone(row, group, desk, absent.reason)
        return made
    covers = covered(row, desk.place) if row.field == "walk_share" else None
    made = _reduced(field, row, "all", desk, covers)
    for group in row.groups:
        made += _group(row, group, field, desk, covers)
    return made


def _group_alone(row: Indicator, group: str, desk: _Desk, reason: str) -> list[Record]:
    """A group whose whole is absent: it may still have the planner's own table."""
    if f"table:{row.id}:{group}" not in desk.place.layers:
        return _absent(row, group, desk.place, reason)
    return _reduced(FIELDS[row.field](row, desk.place, group), row, group, desk, None)


def _group(row: Indicator, group: str, field: AnyField, desk: _Desk, covers: BoolArray | None) -> list[Record]:
    """One group: its exposure where the field is of places, its own table where the field is of people."""
    if isinstance(field, ExposureField):
        if group not in field.groups:
            return _absent(row, group, desk.place, why_absent(row, desk.place, group) or "no counts of this group")
        return _exposure(field, row, group, desk, covers)
    try:
        own = FIELDS[row.field](row, desk.place, group)
    except Absent as absent:
        return _absent(row, group, desk.place, absent.reason)
    return _reduced(own, row, group, desk, None)


def _exposure(field: ExposureField, row: Indicator, group: str, desk: _Desk, covers: BoolArray | None) -> list[Record]:
    """A group's exposure; one counted by the survey is compared with a reference counted by the survey."""
    weights, counts = desk.place.weights, field.groups[group]

    def of(one: GroupCounts) -> Column:
        only = replace(field, groups={group: one})
        return reduce_group(only, group, weights, settings=desk.settings, covered=covers)

    in_full = of(counts)
    sampled = field.groups.get(group + SAMPLED)
    if sampled is None:
        return _judged(in_full, row, group, desk)
    by_survey = of(sampled)
    column = choose(in_full, by_survey, group_share(field, counts, weights), desk.settings.small_group)
    word = SAMPLED_FLAG.format("")[:-1]

    def same_way(z: int) -> Column:
        return by_survey if any(flag.startswith(word) for flag in column.flags[z]) else in_full

    return _judged(column, row, group, desk, same_way)


def _reduced(field: AnyField, row: Indicator, group: str, desk: _Desk, covers: BoolArray | None) -> list[Record]:
    column = _reduce(field, desk, desk.settings, covers)
    if not isinstance(field, MedianField):
        return _judged(column, row, group, desk)
    # A published median is not compared with a rebuilt one: both are rebuilt (METHODS 2.0 item 6).
    rebuilt = _reduce(field, desk, replace(desk.settings, published_medians=False), covers)
    return _judged(column, row, group, desk, lambda z: rebuilt, "rebuilt")


def _reduce(field: AnyField, desk: _Desk, settings: ReduceSettings, covers: BoolArray | None) -> Column:
    return reduce(field, desk.place.weights, reference=desk.reference, settings=settings, covered=covers)


def _judged(
    column: Column,
    row: Indicator,
    group: str,
    desk: _Desk,
    columns: Callable[[int], Column] | None = None,
    basis: str = "shown",
) -> list[Record]:
    against = None
    if desk.reference is not None:
        against = judge.Against(desk.reference, _inside(desk), columns, basis)
    used = [name for name in _used(row, desk.place) if name in desk.place.layers]
    made = judge.records(
        column,
        row,
        group,
        desk.place.zones,
        against=against,
        layers=used,
        settings=desk.judging,
        modelled=any(desk.place.layers[name].provenance.modelled for name in used),
    )
    return [r for r, keep in zip(made, _published(row, desk.place), strict=True) if keep]


def _inside(desk: _Desk) -> BoolArray:
    """Zones of which at least 99 % lies in the reference, (Z,)."""

    def find() -> BoolArray:
        assert desk.reference is not None
        shapes = desk.place.zones.geometry.to_numpy()
        common = shapely.area(shapely.intersection(shapes, shapes[desk.reference]))
        return np.asarray(common >= 0.99 * shapely.area(shapes), dtype=np.bool_)

    return desk.place.once("inside the reference", find)


def _published(row: Indicator, place: Place) -> BoolArray:
    """Block groups carry only what is no sample or is mapped there: a sampled figure's margin is too wide for them."""
    small = np.array([g == "block group" for g in place.zones.geography], dtype=np.bool_)
    return np.asarray(~small | (row.map == "block group"), dtype=np.bool_)


def _absent(row: Indicator, group: str, place: Place, reason: str) -> list[Record]:
    made = []
    for zone, keep in zip(place.zones.ids, _published(row, place), strict=True):
        if keep:
            made.append(Record(zone, row.id, group, None, None, row.unit, row.universe, "absent", reason))
    return made


def _used(row: Indicator, place: Place) -> Iterable[str]:
    """Names of the layers behind a row: its inputs, and the geography that divides and nests them."""
    own = [n for n in place.layers if n == f"table:{row.id}" or n.startswith(f"table:{row.id}:")]
    if own:
        return [*own, "blocks", "block_groups", "tracts"]
    geography = [] if row.weight == "land" else ["blocks", "block_groups", "tracts"]
    return list(dict.fromkeys([*layer_names(row, place.years), *geography]))
