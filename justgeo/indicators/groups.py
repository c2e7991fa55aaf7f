"""Whose exposure: people by race from the 2020 blocks, people by income from block groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np

from justgeo.core.errors import Absent
from justgeo.core.expression import parse
from justgeo.core.field import ExposureField, GroupCounts
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.core.zones import Units
from justgeo.indicators.place import Place
from justgeo.measure import margins, rows
from justgeo.measure.equity import SAMPLED, group_share


def exposure(
    row: Indicator, place: Place, x: FloatArray, unknown: Iterable[str], kind: Literal["mean", "share"],
    flags: tuple[str, ...] = (),
) -> ExposureField:  # fmt: skip
    """What the people at each origin are exposed to, (n,), and why it is not known there; with the row's groups."""
    return ExposureField(
        units=place.origin_units(),
        x=x,
        base=place.population(),
        kind=kind,
        universe=row.universe,
        unknown=tuple(map(str, unknown)),
        groups=exposure_groups(row, place),
        flags=flags,
    )


def exposure_groups(row: Indicator, place: Place) -> Mapping[str, GroupCounts]:
    """Group weights of an exposure row, for those of its groups that this place has data for.

    Each group of the row names either ``blocks`` (a column of the block layer: a full count) or ``cells`` (an ACS
    expression at block groups: a sample). ``sample`` beside ``blocks`` are the survey's counts of the same people,
    taken where the group is so small that the noise of block counts drowns it (METHODS 2.0
    item 13). A group whose layer is missing is left out here; the run says why.
    """
    found: dict[str, GroupCounts] = {}
    for group, asked in row.groups.items():
        try:
            found[group] = _counts(group, dict(asked), place)
            if "sample" in asked:
                found[group + SAMPLED] = _survey(group, str(asked["sample"]), place)
        except Absent:
            continue
    return found


def share_of_all(field: ExposureField, counts: GroupCounts, place: Place) -> FloatArray:
    """`equity.group_share` in the zones of a place, once for all rows that speak of the same people."""
    if field.base is not place.population():
        return group_share(field, counts, place.weights)
    # Kept with the counts, so that no others come to have their id.
    found = place.once_for_zones(f"share:{id(counts)}", lambda: (counts, group_share(field, counts, place.weights)))
    return found[1]


def why_absent(row: Indicator, place: Place, group: str) -> str | None:
    """Why a group of an exposure row cannot be had here, or None."""
    try:
        _counts(group, dict(row.groups[group]), place)
    except Absent as absent:
        return absent.reason
    return None


def _counts(group: str, asked: Mapping[str, object], place: Place) -> GroupCounts:
    if "blocks" in asked:
        column = str(asked["blocks"])
        origins = place.origins()
        if column not in origins.columns:
            raise Absent("the blocks at hand carry no counts for this group")

        def make() -> GroupCounts:
            counts = origins[column].to_numpy(np.float64)
            return GroupCounts(group, place.origin_units(), counts, None, "2020 Census blocks")

        return place.once(f"group:{group}:{column}", make)
    return _survey(group, str(asked["cells"]), place)


def _survey(group: str, expression: str, place: Place) -> GroupCounts:
    return place.once(f"group:{expression}", lambda: _sampled(group, expression, place))


def _sampled(group: str, expression: str, place: Place) -> GroupCounts:
    asked = parse(expression)
    table = asked.tables[0]
    frame = place.frame(table)
    levels = frame.index.get_level_values("level")
    finest = next((level for level in ("block group", "tract") if (levels == level).any()), None)
    if finest is None:
        raise Absent(f"{table} is not published for block groups or tracts here")
    frame = frame[levels == finest]
    each = rows.each(len(frame))

    def total(codes: tuple[str, ...]) -> margins.Sum:
        estimate = frame[[f"{c}E" for c in codes]].to_numpy(np.float64)
        margin = frame[[f"{c}M" for c in codes]].to_numpy(np.float64)
        return margins.weighted_sum(each, estimate, margin)

    counted = total(asked.plus)
    if asked.minus:
        counted = margins.subtract_nested(counted, total(asked.minus))
    geoid = frame.index.get_level_values("geoid").to_numpy(dtype=np.str_)
    vintage = place.layer(place.table_name(table)).geography_vintage
    units = Units(geoid, np.full(len(geoid), finest), vintage)
    return GroupCounts(group, units, counted.value, counted.moe, f"ACS {table}")
