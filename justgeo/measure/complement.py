"""What is withheld must not come back as the rest: a whole less all of its other parts.

Numbers add up: a whole is the sum of its groups of one kind (race, tenure, ...), a tract that of its block groups, a
district of whole tracts that of them, homes that of rented and owned ones. Where all of a sum are shown but one that is
withheld, that one is shown too. So the smallest other part is withheld with it, and again until no rest tells of one.

A rest tells of a part that is withheld where both its count and its universe are within a tenth of that part's: then
the part is alone in it, or nearly so. Numbers of different sources (full counts beside a sample) leave rests that tell
of nobody, and nothing is withheld for them. Of two parts withheld together the sum can be found, neither alone.

Where all, or none, of a whole have something, so has each of its parts, whatever is withheld: no rule can hide that.

Rows that count the people of a group (`counted`) add up too: to all people, of whom each of them tells.

References
----------
Federal Committee on Statistical Methodology (2005), *Report on Statistical Disclosure Limitation Methodology*,
Statistical Policy Working Paper 22, 2nd version, chapter IV: complementary suppression. METHODS 2.8 deems it
unnecessary for the ACS, which is protected before it is published; but what says "withheld" must mean it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from justgeo.core.result import Indicator, Record
from justgeo.core.zones import Zones
from justgeo.measure import counted

WHY = "suppressed: with it, a number that is withheld could be worked out"
ALIKE = 0.1
"""A rest this near to a part tells of it (our choice)."""
HAIR = 1e-6
"""What is left of a whole by rounding, as a part of it."""
TENURES = ("owners", "renters")
"""Endings of the ids of rows that divide the homes of the row without them."""

Key = tuple[str, str, str]
"""Zone, indicator and group of a record."""


class Amount(NamedTuple):
    """What of a number can be added up: how many have it, of how many (NaN for a mere count)."""

    have: float
    of: float


Held = dict[Key, Amount]
"""What stands behind the numbers that are withheld: it never leaves the measuring."""


NO_AMOUNT = Amount(math.nan, math.nan)


class Family(NamedTuple):
    """A whole and its parts.

    ``counted`` are rows that count the groups of all people: only how many have it adds up, and the whole has no record
    of its own (its key holds the kind of groups): it is what each part is a share of.
    """

    whole: Key
    parts: tuple[Key, ...]
    counted: bool = False


@dataclass
class _Told:
    """Records under the pen, and what stands behind all of them."""

    records: dict[Key, Record]
    held: Held

    def shown(self, key: Key) -> Amount | None:
        record = self.records.get(key)
        return None if record is None else amount(record)

    def withhold(self, key: Key) -> None:
        record = self.records[key]
        self.held[key] = amount(record) or NO_AMOUNT
        self.records[key] = emptied(record, WHY)


def amount(record: Record) -> Amount | None:
    """What of a record can be added up; None where it shows no number, or one that is no sum (a median)."""
    if record.value is None:
        return None
    if record.numerator is not None:
        return Amount(record.numerator, math.nan if record.denominator is None else record.denominator)
    return Amount(record.value, math.nan) if record.rule == "sum" and record.denominator is None else None


def emptied(record: Record, reason: str) -> Record:
    """A record of which nothing is left but why."""
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


class Sums:
    """Which sums a record is a part of, or the whole of.

    Parameters
    ----------
    known : set of Key
        Records that there are.
    rows : sequence of Indicator
    zones : Zones
    """

    def __init__(self, known: set[Key], rows: Sequence[Indicator], zones: Zones) -> None:
        self._known = known
        self._groups = {row.id: tuple(row.groups) for row in rows}
        self._divided = counted.divided(rows)
        self._inside: dict[str, list[tuple[str, tuple[str, ...]]]] = {zone: [] for zone in zones.ids}
        for whole, areas in _areas_within(zones):
            for zone in (whole, *areas):
                self._inside[zone].append((whole, areas))
        self._made: dict[tuple[Key, Key], Family] = {}

    def of(self, key: Key) -> list[Family]:
        """Sums by group, by area, by tenure and of people by their group in which a record stands."""
        zone, indicator, group = key
        every = self._groups.get(indicator, ())
        kinds = {_kind(g) for g in every} if group == "all" else {_kind(group)}
        found = [
            self._family((zone, indicator, "all"), ((zone, indicator, g) for g in every if _kind(g) == kind))
            for kind in sorted(kinds)
        ]
        found += [
            self._family((whole, indicator, group), ((one, indicator, group) for one in areas))
            for whole, areas in self._inside[zone]
        ]
        stem, _, ending = indicator.rpartition(".")
        stem = stem if ending in TENURES else indicator
        found.append(self._family((zone, stem, group), ((zone, f"{stem}.{one}", group) for one in TENURES)))
        if group == "all" and indicator in self._divided:
            found.append(self._counted(zone, self._divided[indicator]))
        return [family for family in found if family is not None]

    def _family(self, whole: Key, parts: Iterable[Key]) -> Family | None:
        """The sum, made once; None where there is none. No two sums of a whole begin with the same part."""
        known = (key for key in parts if key in self._known)
        first = next(known, None)
        if first is None or whole not in self._known:
            return None
        if (whole, first) not in self._made:
            self._made[whole, first] = Family(whole, (first, *known))
        return self._made[whole, first]

    def _counted(self, zone: str, rows: tuple[str, ...]) -> Family | None:
        """All people of a zone by their group, made once."""
        parts = tuple(key for one in rows if (key := (zone, one, "all")) in self._known)
        whole = (zone, "", " ".join(rows))
        return self._made.setdefault((whole, parts[0]), Family(whole, parts, counted=True)) if parts else None


_kind = counted.kind_of


def _areas_within(zones: Zones) -> list[tuple[str, tuple[str, ...]]]:
    """Zones with the areas that may add up to them: one geography at a time, block groups also by their tract."""
    by: dict[str, list[str]] = {}
    for zone, role, geography in zip(zones.ids, zones.roles, zones.geography, strict=True):
        if role == "area":
            by.setdefault(geography, []).append(zone)
    found = [(z, tuple(areas)) for z in zones.ids_of("district", "reference") for areas in by.values()]
    small = by.get("block group", [])
    return found + [(tract, tuple(b for b in small if b.startswith(tract))) for tract in by.get("tract", ())]


def gaps_of(rows: Sequence[Indicator]) -> Mapping[tuple[str, str], list[str]]:
    """Rows of gaps by each share that they are made of: with the other one, a gap tells of it."""
    shares = {
        str(told.get("denominator")): (row.id, group)
        for row in rows
        for group, told in row.groups.items()
        if row.aggregate == "share" and isinstance(told, Mapping) and "denominator" in told
    }
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name in ("denominator", "less_denominator"):
            share = shares.get(str(row.parameters.get(name)))
            if "less_denominator" in row.parameters and share is not None:
                found.setdefault(share, []).append(row.id)
    return found


def protect(
    records: Sequence[Record], held: Mapping[Key, Amount], rows: Sequence[Indicator], zones: Zones
) -> list[Record]:
    """Records of which none that is withheld can be worked out from the others.

    Parameters
    ----------
    records : sequence of Record
    held : mapping of Key to Amount
        What stands behind those that are withheld already.
    rows : sequence of Indicator
    zones : Zones

    Returns
    -------
    list of Record
        In the same order; further ones are withheld, and no comparison is left with a reference that is.
    """
    told = _Told({(r.zone, r.indicator, r.group): r for r in records}, dict(held))
    sums, gaps, changes = Sums(set(told.records), rows, zones), gaps_of(rows), counted.changes_of(rows)
    gone = [key for key, record in told.records.items() if record.reliability == "suppressed"]
    # Sums are made once, and so are told apart by what they are.
    waiting = list({id(family): family for key in gone for family in sums.of(key)}.values())
    while waiting:
        key = _to_withhold(waiting.pop(), told)
        if key is None:
            continue
        zone, indicator, group = key
        of_it = [*gaps.get((indicator, group), ()), *(changes.get(indicator, ()) if group == "all" else ())]
        with_it = [key, *((zone, one, "all") for one in of_it)]
        for one in with_it:
            if one in told.records and told.records[one].value is not None:
                told.withhold(one)
                waiting += sums.of(one)
    left = counted.unsaid(told.records.values(), rows, lambda n, key: _near(n, told.held.get(key, NO_AMOUNT).have))
    return _without_hidden_references(left, zones)


def _to_withhold(family: Family, told: _Told) -> Key | None:
    """The smallest part that is shown, where the sum tells of a number that is withheld; None where it does not."""
    shown = {key: found for key in family.parts if (found := told.shown(key)) is not None}
    if not shown or not _tells(family, shown, told):
        return None
    return min(shown, key=lambda key: (shown[key].have if family.counted else _size(shown[key]), key))


def _size(found: Amount) -> float:
    return found.have if math.isnan(found.of) else found.of


def _tells(family: Family, shown: Mapping[Key, Amount], told: _Told) -> bool:
    """Whether what is shown of a sum leaves a rest that is one part, or adds up to the whole, that is withheld."""
    added = Amount(sum(one.have for one in shown.values()), sum(one.of for one in shown.values()))
    if family.counted:
        return _tells_of_people(max(one.of for one in shown.values()) - added.have, added.have, family, told)
    whole = told.shown(family.whole)
    if whole is None:
        return family.whole in told.held and _alike(added, told.held[family.whole], added)
    rest = Amount(whole.have - added.have, whole.of - added.of)
    return any(_alike(rest, told.held[key], whole) for key in family.parts if key in told.held)


def _tells_of_people(rest: float, shown: float, family: Family, told: _Told) -> bool:
    """Whether the people of whom no group tells are those of a small one; nobody is hidden where none are.

    A group that is withheld for the sake of another one is not small: that it is known to a few people hurts nobody.
    """
    small = [key for key in family.parts if key in told.held and told.records[key].reason != WHY]
    hidden = [told.held[key].have for key in small]
    return rest > HAIR * shown and any(_near(rest, have) for have in hidden)


def _alike(found: Amount, hidden: Amount, whole: Amount) -> bool:
    """Whether an amount tells of one that is withheld."""
    if math.isnan(found.have) or math.isnan(hidden.have):
        return False
    near = [_near(found.have, hidden.have, whole.have)]
    if not (math.isnan(found.of) and math.isnan(hidden.of)):
        near.append(_near(found.of, hidden.of, whole.of))
    return all(near)


def _near(found: float, hidden: float, whole: float = 0.0) -> bool:
    """Whether a number tells of another one that is withheld."""
    return abs(found - hidden) <= max(ALIKE * abs(hidden), HAIR * abs(whole))


def _without_hidden_references(records: Iterable[Record], zones: Zones) -> list[Record]:
    """A reference that is withheld must not come back as a value less its difference."""
    made, wide = list(records), zones.ids_of("reference")
    hidden = {(r.zone, r.indicator, r.group) for r in made if r.reliability == "suppressed" and r.zone in wide}
    return [
        replace(r, comparison=None)
        if r.comparison is not None and (r.comparison.reference, r.indicator, r.group) in hidden
        else r
        for r in made
    ]
