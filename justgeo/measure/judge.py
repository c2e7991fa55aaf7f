"""From columns of estimates to records: reliability, suppression, comparison with the reference.

What is suppressed here is gone: a record carries no trace of the number, so that no output can show it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column, Comparison, Indicator, Record
from justgeo.core.zones import Zones
from justgeo.measure import compare, complement, counted, margins
from justgeo.measure.against import DEGREES, Against, comparisons
from justgeo.measure.changes import ChangeColumn
from justgeo.measure.gaps import GapColumn, poorer

SHARE_UNITS = frozenset({"share"})
SURE_DEGREES, VAGUE_DEGREES, WIDEST_DEGREES = 0.5, 1.0, 2.0
"""Margins of temperatures up to which a number is reliable, above which it is too uncertain, and from which on a
group's is withheld."""
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
    group_min, group_cv : float
        A group's row with fewer people or households, or with a larger coefficient of variation, is suppressed; so is a
        row that counts a group of so few (`counted`), of the district too.
    widest : float
        So is one of exactly 0 or 1 with a 95 % interval this wide (NCHS Series 2 No. 175).
    """

    high_cv: float = 12.0
    low_cv: float = 40.0
    min_households: float = 50.0
    min_persons: float = 100.0
    group_min: float = 50.0
    group_cv: float = 60.0
    widest: float = 0.30


def records(
    column: Column,
    indicator: Indicator,
    group: str,
    zones: Zones,
    *,
    against: Against | None,
    layers: Sequence[str],
    settings: JudgeSettings,
    modelled: bool = False,
    held: complement.Held | None = None,
) -> list[Record]:
    """Records of one indicator and group, one a zone.

    Parameters
    ----------
    column : Column
        Arrays of shape (Z,).
    against : Against or None
        None where there is no reference.
    layers : sequence of str
        Names of the layers that the number stands on.
    modelled : bool
        One of them is an agency's model: what is no sample then has no known margin, rather than none.
    held : dict, optional
        Takes what stands behind the numbers that are withheld, for `complement.protect`.

    Returns
    -------
    list of Record
        In the order of ``zones``; suppressed ones hold a reason and nothing else.
    """
    share = indicator.unit in SHARE_UNITS
    classes = _classes_of_degrees(column) if indicator.unit == DEGREES else _classes(column, share, settings)
    wide = margins.nchs_flag(column.value, column.moe) if share else np.zeros(len(zones), dtype=np.bool_)
    made = []
    for row in range(len(zones)):
        record = _record(column, row, classes[row], indicator, group, zones.ids[row], layers)
        reason = _suppress(record, column, row, indicator, group, zones, settings)
        if wide[row]:
            record = record.but(flags=(*record.flags, "wide interval (NCHS)"))
        if reason is not None:
            if held is not None:
                held[record.zone, indicator.id, group] = complement.amount(record) or complement.NO_AMOUNT
            record = complement.emptied(record, reason)
        made.append(_of_a_model(record) if modelled else record)
    # A reference that is hidden must not come back as a value less its difference.
    if against is None or made[against.row].value is None or indicator.aggregate == "sum":
        return made
    found = comparisons(column, against, indicator, zones)
    return [
        record if one is None or record.value is None else record.but(comparison=one)
        for record, one in zip(made, found, strict=True)
    ]


def _classes(column: Column, share: bool, settings: JudgeSettings) -> Sequence[str]:
    """Reliability of every zone's number; that of a gap or a change is the poorer one of its two figures."""
    if isinstance(column, GapColumn):
        return poorer([_classes(part, True, settings) for part in column.parts])
    if isinstance(column, ChangeColumn):
        return poorer([_classes(part, column.points, settings) for part in column.parts])
    # The class speaks of sampling; the apportionment part is in the total margin that it is read from.
    found = margins.reliability(column.value, column.moe, proportion=share, high=settings.high_cv, low=settings.low_cv)
    return [str(one) for one in found]


def _classes_of_degrees(column: Column) -> Sequence[str]:
    """Reliability of differences of temperatures, by their margins."""
    value, moe = column.value, column.moe
    tests = [np.isnan(value), np.isnan(moe), moe == 0, moe <= SURE_DEGREES, moe <= VAGUE_DEGREES]
    return [str(one) for one in np.select(tests, ["absent", "unknown", "exact", "high", "medium"], "low")]


def _of_a_model(record: Record) -> Record:
    """A figure that stands on modelled counts: no sample, but not exact either."""
    if record.reliability != "exact":
        return record
    error = {**record.error, "sampling": None}
    return replace(record, moe=None, error=error, reliability="unknown", flags=(*record.flags, "modelled counts"))


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
    if isinstance(column, ChangeColumn):
        return _suppress_change(column, row, indicator, group, zones, settings)
    if isinstance(column, GapColumn):
        return _suppress_gap(column, row, indicator, group, zones, settings)
    base = record.denominator
    if group != "all":
        return _suppress_group(record, base, settings)
    if counted.group_of(indicator) and (why := _suppress_group(record, counted.people_of(record), settings)):
        return why
    if zones.roles[row] == "district" or base is None or record.rule == "sum":
        return None
    smallest = _smallest(indicator, settings)
    if base < smallest:
        return f"suppressed: fewer than {smallest:g} {indicator.weight} stand behind it"
    return None


def _smallest(indicator: Indicator, settings: JudgeSettings) -> float:
    """How many people or homes have to stand behind a number of everybody; 0 for land."""
    return {HOUSEHOLDS: settings.min_households, PERSONS: settings.min_persons}.get(indicator.weight, 0.0)


def withheld(column: Column, indicator: Indicator, zones: Zones, settings: JudgeSettings) -> BoolArray:
    """Zones whose number of everybody may not be shown, (Z,): the rule of `records`, without making any."""
    if isinstance(column, GapColumn | ChangeColumn) or counted.group_of(indicator):
        made = (_record(column, row, "", indicator, "all", zones.ids[row], ()) for row in range(len(zones)))
        reasons = [_suppress(one, column, row, indicator, "all", zones, settings) for row, one in enumerate(made)]
        return np.array([why is not None for why in reasons], dtype=np.bool_)
    judged = np.array([rule != "sum" for rule in column.rule], dtype=np.bool_) & ~zones.having("district")
    with np.errstate(invalid="ignore"):
        few = column.denominator < _smallest(indicator, settings)
    return np.asarray(judged & few, dtype=np.bool_)


def _suppress_group(record: Record, base: float | None, settings: JudgeSettings) -> str | None:
    if base is not None and base < settings.group_min:
        return f"suppressed: fewer than {settings.group_min:g} people or households of this group stand behind it"
    if record.value is None or not record.moe:
        return None
    if record.unit == DEGREES:
        wide = record.moe >= WIDEST_DEGREES
        return f"suppressed: its margin is too wide to say anything (± {record.moe:.1f} {DEGREES})" if wide else None
    share = min(record.value, 1 - record.value) if record.unit in SHARE_UNITS else record.value
    if share <= 0:
        # Nobody, or everybody, of a sample: there is no coefficient of variation, so the width of the interval tells.
        if 2 * margins.Z95 * record.moe / margins.Z90 >= settings.widest:
            return f"suppressed: its margin is too wide to say anything (± {100 * record.moe:.0f} points)"
        return None
    cv = 100 * record.moe / margins.Z90 / share
    if cv > settings.group_cv:
        return f"suppressed: its margin is too wide to say anything (coefficient of variation {min(cv, 999):.0f} %)"
    return None


def _suppress_gap(
    column: GapColumn, row: int, indicator: Indicator, group: str, zones: Zones, settings: JudgeSettings
) -> str | None:
    """A gap is hidden wherever either group's share would be: else the hidden one is the shown one less the gap."""
    share = replace(indicator, unit="share")
    made = [_record(part, row, "", share, group, zones.ids[row], ()) for part in column.parts]
    reasons = (_suppress_group(one, one.denominator, settings) for one in made)
    return next((why for why in reasons if why is not None), None)


def _suppress_change(
    column: ChangeColumn, row: int, indicator: Indicator, group: str, zones: Zones, settings: JudgeSettings
) -> str | None:
    """A change is hidden wherever either figure would be, of which the other one is a part."""
    level = replace(indicator, unit="share" if column.points else "")
    for part in column.parts:
        one = _record(part, row, "", level, group, zones.ids[row], ())
        why = _suppress(one, part, row, level, group, zones, settings)
        if why is not None:
            return why
    return None


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
            adjusted[i] = made[i].but(comparison=Comparison(**{**vars(comparison), "q": float(q)}))
    return adjusted


def _p(record: Record) -> float:
    assert record.comparison is not None and record.comparison.p is not None
    return record.comparison.p
