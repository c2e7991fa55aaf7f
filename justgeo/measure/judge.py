"""From columns of estimates to records: reliability, suppression, comparison with the reference.

What is suppressed here is gone: a record carries no trace of the number, so that no output can show it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from justgeo.core.layer import FloatArray
from justgeo.core.result import Column, Comparison, Indicator, Record
from justgeo.core.zones import Zones
from justgeo.measure import compare, margins

SHARE_UNITS = frozenset({"share"})
PERSONS, HOUSEHOLDS = "persons", "households"


@dataclass(frozen=True)
class JudgeSettings:
    """Thresholds of reliability and suppression (METHODS 2.3 and 2.8; our choice, told in the product).

    Attributes
    ----------
    high_cv, low_cv : float
        Coefficients of variation, percent: up to ``high_cv`` is high, above ``low_cv`` low.
    min_households, min_persons : float
        Smaller denominators are suppressed (the district as a whole is always kept).
    group_cv : float
        A group's row with a larger coefficient of variation is suppressed.
    """

    high_cv: float = 12.0
    low_cv: float = 40.0
    min_households: float = 50.0
    min_persons: float = 100.0
    group_min: float = 50.0
    group_cv: float = 60.0


def records(
    column: Column,
    indicator: Indicator,
    group: str,
    zones: Zones,
    *,
    reference: int | None,
    layers: Sequence[str],
    settings: JudgeSettings,
    comparable: Column | None = None,
) -> list[Record]:
    """Records of one indicator and group, one a zone.

    Parameters
    ----------
    column : Column
        Arrays of shape (Z,).
    reference : int or None
        Row of the reference zone.
    layers : sequence of str
        Names of the layers that the number stands on.
    comparable : Column or None
        What is compared with the reference where that is not what is shown: medians are compared as rebuilt from bins
        on both sides, though a published tract shows the Bureau's own (METHODS 2.0 item 6).

    Returns
    -------
    list of Record
        In the order of ``zones``; suppressed ones hold a reason and nothing else.
    """
    # The reliability class speaks of sampling; the apportionment part is in the total margin that it is read from.
    classes = margins.reliability(
        column.value,
        column.moe,
        proportion=indicator.unit in SHARE_UNITS,
        high=settings.high_cv,
        low=settings.low_cv,
    )
    made = []
    for row in range(len(zones)):
        record = _record(column, row, str(classes[row]), indicator, group, zones.ids[row], layers)
        reason = _suppress(record, column, row, indicator, group, zones, settings)
        made.append(record if reason is None else _emptied(record, reason))
    # A reference that is hidden must not come back as a value less its difference.
    if reference is None or made[reference].value is None:
        return made
    for row, record in enumerate(made):
        if row != reference and record.value is not None:
            made[row] = replace(record, comparison=_comparison(comparable or column, row, reference, indicator, zones))
    return made


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _record(
    column: Column, row: int, reliability: str, indicator: Indicator, group: str, zone: str, layers: Sequence[str]
) -> Record:
    value = _number(column.value[row])
    text = column.text[row]
    reason = column.reason[row]
    if value is None and text is None and reason is None:
        reason = "not computed: a cell that it needs was not published"
    return Record(
        zone=zone,
        indicator=indicator.id,
        group=group,
        value=value,
        moe=_number(column.moe[row]) if value is not None else None,
        unit=indicator.unit,
        universe=indicator.universe,
        reliability=reliability,
        reason=reason,
        numerator=_number(column.numerator[row]),
        numerator_moe=_number(column.numerator_moe[row]),
        denominator=_number(column.denominator[row]),
        denominator_moe=_number(column.denominator_moe[row]),
        complement_moe=_number(column.complement_moe[row]),
        rule=column.rule[row],
        text=text,
        error={name: _number(part[row]) for name, part in column.error.items()} if value is not None else {},
        low=_number(column.low[row]),
        high=_number(column.high[row]),
        flags=column.flags[row],
        layers=tuple(layers),
    )


def _emptied(record: Record, reason: str) -> Record:
    return Record(
        zone=record.zone,
        indicator=record.indicator,
        group=record.group,
        value=None,
        moe=None,
        unit=record.unit,
        universe=record.universe,
        reliability="suppressed",
        reason=reason,
        layers=record.layers,
    )


def _suppress(
    record: Record,
    column: Column,
    row: int,
    indicator: Indicator,
    group: str,
    zones: Zones,
    settings: JudgeSettings,
) -> str | None:
    """Why this number may not be shown, or None."""
    if record.value is None and record.text is None:
        return None
    base = record.denominator
    if group != "all":
        return _suppress_group(record, base, settings)
    if zones.roles[row] == "district" or base is None or record.rule == "sum":
        return None
    smallest = {HOUSEHOLDS: settings.min_households, PERSONS: settings.min_persons}.get(indicator.weight)
    if smallest is not None and base < smallest:
        return f"suppressed: fewer than {smallest:g} {indicator.weight} stand behind it"
    return None


def _suppress_group(record: Record, base: float | None, settings: JudgeSettings) -> str | None:
    if base is not None and base < settings.group_min:
        return f"suppressed: fewer than {settings.group_min:g} people or households of this group stand behind it"
    if record.value and record.moe:
        share = min(record.value, 1 - record.value) if record.unit in SHARE_UNITS else record.value
        cv = 100 * record.moe / margins.Z90 / share if share > 0 else math.inf
        if cv > settings.group_cv:
            return f"suppressed: its margin is too wide to say anything (coefficient of variation {min(cv, 999):.0f} %)"
    return None


def _comparison(column: Column, row: int, reference: int, indicator: Indicator, zones: Zones) -> Comparison | None:
    if indicator.aggregate == "sum":
        return None
    value, base = float(column.value[row]), float(column.value[reference])
    if not (math.isfinite(value) and math.isfinite(base)):
        return None
    sampling = column.error.get("sampling", np.zeros(len(zones)))
    others = [float(part[row]) for name, part in column.error.items() if name != "sampling"]
    extra = math.sqrt(sum(part**2 for part in others if math.isfinite(part)))
    # A median has no counts behind it here: the overlap is left in, which is conservative (METHODS 2.6).
    overlap = 0.0
    if indicator.aggregate != "median" and column.denominator[reference] > 0:
        overlap = min(float(column.denominator[row] / column.denominator[reference]), 1.0)
    ratio = value / base if base else None
    difference = compare.overlap_difference(
        value, float(sampling[row]), extra, base, float(column.moe[reference]), 0.0 if math.isnan(overlap) else overlap
    )
    moe = float(difference.moe)
    verdict = str(compare.verdict(value - base, moe))
    z, p = _number(float(difference.z)), _number(float(difference.p))
    return Comparison(zones.ids[reference], value - base, _number(moe), ratio, z, p, None, verdict)


def adjust(made: Sequence[Record]) -> list[Record]:
    """Benjamini-Hochberg q-values over all comparisons of one zone (they are read as one table)."""
    by_zone: dict[str, list[int]] = {}
    for position, record in enumerate(made):
        if record.comparison is not None and record.comparison.p is not None:
            by_zone.setdefault(record.zone, []).append(position)
    adjusted = list(made)
    for positions in by_zone.values():
        p: FloatArray = np.array([_p(made[i]) for i in positions], dtype=np.float64)
        for i, q in zip(positions, compare.benjamini_hochberg(p), strict=True):
            comparison = made[i].comparison
            assert comparison is not None
            adjusted[i] = replace(made[i], comparison=replace(comparison, q=float(q)))
    return adjusted


def _p(record: Record) -> float:
    assert record.comparison is not None and record.comparison.p is not None
    return record.comparison.p
