"""Rows that count the people of a group (race, age): a group that is too small is not shown there either.

Elsewhere a group stands beside the number of everybody and is withheld where few people are of it (METHODS 2.8). A row
such as "Native Hawaiian and Pacific Islander residents" is of everybody, and its denominator is large; the group is its
*numerator*. So its parameter ``counts`` names the group, and the rule for groups holds for the people it counts.

The groups of a kind add up to all people, whose number is told: `complement` withholds another one where the rest would
tell of one. What else would tell of it goes here: the people of the same group who stand behind other figures, and the
last digits of an index of the whole mix, from which two groups could be solved for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from justgeo.core.result import Comparison, Indicator, Record

COUNTS = "counts"
"""The parameter that names the group."""
KINDS_APART = ":"
UNTOLD = "counts not told"
"""Flag of a figure whose counts would tell how many a withheld group has."""
MIX = "acs_mixture"
DIGITS = 2
"""What is left of an index of the mix where a part of it is withheld: what the page prints (our choice)."""
_SAMPLED = "sampled counts of"
_PERSONS = "persons"

Key = tuple[str, str, str]
"""Zone, indicator and group of a record."""


def group_of(row: Indicator) -> str:
    """The group whose people a row counts; empty for all others."""
    return str(row.parameters.get(COUNTS, ""))


def kind_of(group: str) -> str:
    """``race`` of ``race:black``."""
    return group.partition(KINDS_APART)[0]


def people_of(record: Record) -> float | None:
    """How many people of the group there are, (persons); None where that is not known."""
    if record.numerator is not None:
        return record.numerator
    if record.value is None or record.denominator is None:
        return None
    return record.value * record.denominator


def divided(rows: Sequence[Indicator]) -> Mapping[str, tuple[str, ...]]:
    """For each row that counts a group, the rows that divide the same people, itself among them."""
    by: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if group_of(row) and row.aggregate == "share":
            by.setdefault((kind_of(group_of(row)), row.universe), []).append(row.id)
    return {one: tuple(inside) for inside in by.values() for one in inside}


def changes_of(rows: Sequence[Indicator]) -> Mapping[str, list[str]]:
    """Rows of change by the share that they are of: they tell it, before and after."""
    shares = {group_of(row): row.id for row in rows if group_of(row) and row.aggregate == "share"}
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.aggregate == "difference" and group_of(row) in shares:
            found.setdefault(shares[group_of(row)], []).append(row.id)
    return found


def unsaid(records: Iterable[Record], rows: Sequence[Indicator], alike: Callable[[float, Key], bool]) -> list[Record]:
    """Records that do not say elsewhere how many people a withheld group has.

    Parameters
    ----------
    records : iterable of Record
    rows : sequence of Indicator
    alike : callable
        Whether a number of people tells of the record of a key, which is withheld.

    Returns
    -------
    list of Record
        In the same order. Figures of such a group keep value and margin and lose the counts behind them; an index of
        the mix keeps `DIGITS`.
    """
    made = list(records)
    by_id = {row.id: row for row in rows}
    gone: dict[tuple[str, str], Key] = {}
    for r in made:
        group = group_of(by_id[r.indicator])
        if r.reliability == "suppressed" and group and by_id[r.indicator].aggregate == "share":
            gone[r.zone, group] = (r.zone, r.indicator, r.group)
    mixed = {(zone, kind_of(group)) for zone, group in gone}

    def said(r: Record) -> Record:
        row, key = by_id[r.indicator], gone.get((r.zone, r.group))
        if row.field == MIX and (r.zone, "race") in mixed:
            return blunted(r)
        if key is None or row.weight != _PERSONS or r.denominator is None:
            return r
        by_survey = any(str(flag).startswith(_SAMPLED) for flag in r.flags)
        return without_counts(r) if by_survey or alike(r.denominator, key) else r

    return [said(r) for r in made]


def without_counts(record: Record) -> Record:
    """A figure without the people behind it, which says so."""
    return record.but(
        numerator=None,
        numerator_moe=None,
        denominator=None,
        denominator_moe=None,
        complement_moe=None,
        rule="none",
        flags=(*record.flags, UNTOLD),
    )


def blunted(record: Record) -> Record:
    """A record to `DIGITS`, with all that is told of its value."""
    if record.value is None:
        return record
    versus = None if record.comparison is None else _blunted(record.comparison)
    return record.but(value=_round(record.value), low=_round(record.low), high=_round(record.high), comparison=versus)


def _blunted(versus: Comparison) -> Comparison:
    return replace(
        versus,
        difference=_round(versus.difference),
        ratio=_round(versus.ratio),
        z=_round(versus.z),
        p=_round(versus.p),
    )


def _round(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else round(number, DIGITS)
