"""The displacement typology's own table: one row a tract, two vintages side by side, each number with its margin.

Columns carry the vintage, ``_t1`` (the later one) or ``_t0``, and then ``_moe`` for the 90 % margin: ``income_t1``,
``income_t1_moe``. An empty cell is a missing number; the Bureau's sentinels and the signs that it prints for them mean
what the Bureau means by them. The bare names, for each vintage:

=====================================  =====================================================================
``households``                         occupied homes; needed of t1 (or ``owners`` and ``renters``)
``owners``, ``renters``                homes by tenure; one of them is enough beside ``households``
``population``                         people
``white``, ``people_of_colour``        people white alone and not Hispanic, or all others
``adults``                             people of 25 years and over
``bachelors``, ``no_bachelors``        of these, those with a bachelor's degree or more, or those without
``low_income``                         households below 80 % of the region's median income (t1)
``low_income_of_tracts``               below 80 % of the median of the tracts' medians, for another method (t1)
``..._share``                          a share in place of a count, from 0 to 1: ``owner_share``, ``renter_share``,
                                       ``white_share``, ``people_of_colour_share``, ``bachelors_share``,
                                       ``no_bachelors_share``, ``low_income_share``, ``low_income_of_tracts_share``
``income``, ``value``, ``rent``        medians in dollars of the vintage's own year
``owner_homes``, ``renter_homes``      homes behind the medians of values and rents, where not the counts above
``group_quarters``                     people in group quarters, or ``group_quarters_share`` of ``population``
``students_share``                     of the people of 15 and over (t1)
=====================================  =====================================================================

``docs/displacement-table.md`` says the same for whoever fills the table in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import StrArray
from justgeo.measure import margins, rows
from justgeo.measure.margins import Z90
from justgeo.measure.typology import prepare
from justgeo.measure.typology.values import SHARES, Amount, Pooled, Tracts
from justgeo.sources._hash import sha256_of
from justgeo.sources._plain_table import read_plain, tract_ids
from justgeo.sources._typology_columns import GEOID, ONLY_NOW, ROLES, Column, ColumnMap, Columns, Role
from justgeo.sources._typology_ends import ends, refuse_thousands
from justgeo.sources._typology_region import Region, merged

Vintage = Literal["t1", "t0"]

NOT_SAID = 0
"""A year that nobody named."""


@dataclass(frozen=True)
class TypologyTable:
    """What was read.

    Attributes
    ----------
    tracts : Tracts
        Without contiguity.
    published : Tracts
        The same with sentinels of ``value`` and ``rent`` left as numbers, for one purpose: to meet figures that were
        published so (``rivals.udp_vulnerable(..., as_published=True)``). Nothing else may see it.
    coded : tuple of str
        Tracts in which these two differ.
    margins : bool
        Any number has a margin.
    file, sha256 : str
    """

    tracts: Tracts
    published: Tracts
    coded: tuple[str, ...]
    margins: bool
    file: str
    sha256: str


def read_typology_table(
    path: Path,
    *,
    price: float | None = None,
    years: tuple[int, int] | None = None,
    columns: ColumnMap | None = None,
    region: Region | None = None,
) -> TypologyTable:
    """Read a table of tracts.

    Parameters
    ----------
    path : Path
        Delimited text with the columns above, in any order. Others are named in a note.
    price : float, optional
        Price index of t1 over that of t0; needed where the table has dollars of t0.
    years : tuple of int, optional
        End years (t0, t1) of the vintages.
    columns : ColumnMap, optional
        How a public file calls these columns.
    region : Region, optional
        The region's own shares and median incomes, which take precedence over what follows from the table.

    Returns
    -------
    TypologyTable
        Shares and their margins follow from counts as the Bureau says (``prepare.share_of``). The region's share is
        pooled over all tracts of the table; a share whose universe is not there cannot be pooled, and a note says so.

    Raises
    ------
    ConfigError, LayerError
        What cannot be meant: a column that is misspelt or lacks its whole, a number that is none, a share over 1, a
        part larger than its whole, a median below the bottom of its scale, GEOIDs that are doubled or not those of
        tracts, no count of households.
    """
    table = read_plain(path)
    found = Columns.of(table, columns)
    geoid = tract_ids(table, found.named[GEOID][0], pad=found.pad)
    dollars = [name for name in ("income", "value", "rent") if found.has(f"{name}_t0")]
    if dollars and price is None:
        raise ConfigError(
            f"{table.where} has dollars of two years ({dollars[0]}_t0), and nothing says what one is in the other.",
            remedy="name the end years of both surveys (years 2014 2024), or the factor by which prices rose (price): "
            "1 where all are in dollars of the later year.",
        )
    told = (NOT_SAID, NOT_SAID + 1) if years is None else years
    now, before = _Reading(found, "t1", geoid, told[1]), _Reading(found, "t0", geoid, told[0])
    tracts = _tracts(geoid, now, before, 1.0 if price is None else price, told)
    tracts = merged(tracts, region)
    notes = (*table.notes, *found.notes(), *now.notes, *before.notes, *tracts.notes, *_absences(tracts, found))
    notes = (*notes, *now.wide_margins(), *before.wide_margins())
    tracts = replace(tracts, notes=tuple(dict.fromkeys(notes)))
    published, coded = _as_published(tracts, now)
    any_margin = any(np.isfinite(a.se).any() for a in (*tracts.now.values(), *tracts.before.values()))
    return TypologyTable(tracts, published, coded, any_margin, path.name, sha256_of(path))


class _Reading:
    """One vintage of the table."""

    def __init__(self, columns: Columns, when: Vintage, geoid: StrArray, year: int) -> None:
        self.columns, self.when, self.geoid, self.year = columns, when, geoid, year
        self.notes: list[str] = []
        self.top: dict[str, BoolArray] = {}
        self.bottom: dict[str, BoolArray] = {}
        self.raw: dict[str, FloatArray] = {}

    def count(self, name: str) -> Column | None:
        return self.columns.read(f"{name}_{self.when}", self.geoid)

    def households(self) -> Column | None:
        """Counted, or homes of both tenures added."""
        whole = self.count("households")
        if whole is not None:
            return whole
        parts = [self.count("owners"), self.count("renters")]
        if parts[0] is None or parts[1] is None:
            return None
        cells = [np.column_stack([getattr(p, key) for p in parts]) for key in ("value", "moe")]
        found = margins.weighted_sum(rows.each(len(self.geoid)), cells[0], cells[1])
        return Column(f"households_{self.when}", found.value, found.moe, found.value)

    def wide_margins(self) -> Iterator[str]:
        """A note where margins of households are larger than their numbers."""
        whole = self.households()
        if whole is not None:
            yield from whole.wider_than_itself(self.geoid)

    def whole(self, role: Role) -> Column | None:
        return self.households() if role.whole == "households" else self.count(role.whole)

    def share(self, name: str) -> tuple[Amount, Pooled | None] | None:
        """A share of each tract, and pooled over all where its universe is there."""
        role = ROLES[name]
        whole = self.whole(role)
        self.columns.check_both_sides(role, self.when, self.geoid)
        for part, complement in role.counts:
            found = self.count(part)
            if found is None:
                continue
            if whole is None:
                raise ConfigError(
                    f"{self.columns.where} has {found.name}, and not the whole that it is a part of.",
                    remedy=f"give {role.whole}_{self.when}, or a share in its place.",
                )
            found.within(whole, self.geoid, self.columns.where)
            share = prepare.share_of(found.value, _at_one(found, whole), whole.value, whole.moe, complement)
            return share, prepare.pooled_share(found.value, found.moe, whole.value, whole.moe, complement)
        for part, complement in role.shares:
            found = self.count(part)
            if found is not None:
                return self._given(found, complement, whole, role)
        return None

    def _given(self, found: Column, complement: bool, whole: Column | None, role: Role) -> tuple[Amount, Pooled | None]:
        """A share that was given as such; its count is that share of its universe, by the product rule."""
        amount = Amount(1.0 - found.value if complement else found.value, found.moe / Z90)
        if whole is None:
            self.notes.append(
                f"{found.name} has no universe in the table ({role.whole}_{self.when}), so the region's own share "
                f"cannot be pooled from it: give {role.whole}_{self.when}, or the region's own figures."
            )
            return amount, None
        made = margins.product(found.value, found.moe, whole.value, whole.moe)
        # a share of nobody is blank, and its count is known: nobody
        empty = np.isnan(found.value) & (whole.value == 0)
        count, moe = np.where(empty, 0.0, made.value), np.where(empty, whole.moe, made.moe)
        return amount, prepare.pooled_share(count, moe, whole.value, whole.moe, complement)

    def median(self, name: str) -> Amount | None:
        """Dollars; an end of the scale is noted, a median of nothing is none."""
        found = self.count(name)
        if found is None:
            return None
        self.raw[name] = found.raw
        value, moe = found.value.copy(), found.moe
        nothing = value == 0
        if nothing.any():
            value[nothing] = np.nan
            self.notes.append(f"{found.name}: medians of 0 dollars, taken for missing: {int(nothing.sum())}.")
        if (value < 0).any():
            at = int(np.flatnonzero(value < 0)[0])
            raise LayerError(
                f"{self.columns.where}: {found.name} of {self.geoid[at]} is {value[at]:,.10g}.",
                remedy="a median is more than 0 dollars; leave a cell without a number empty.",
            )
        refuse_thousands(name, found.name, value, self.geoid, self.columns.where)
        top, bottom = ends(name, self.year if self.year > NOT_SAID + 1 else None, value, moe)
        strange = self.columns.ended(found.name) & ~(top | bottom)
        if strange.any():
            at = int(np.flatnonzero(strange)[0])
            cell = self.columns.table.columns[self.columns.named[found.name][0]][at]
            raise LayerError(
                f"{self.columns.where}: {found.name} of {self.geoid[at]} is {cell!r}, which is no end of its scale.",
                remedy="check the year of the survey (--years); what is printed so has no margin.",
            )
        if name == "income":
            self._note_incomes(found.name, top, "top of their scale (250,000 or more)")
            self._note_incomes(found.name, bottom, "bottom of their scale (less than 2,500)")
            value[top | bottom] = np.nan
        else:
            key = f"{name}_{'now' if self.when == 't1' else 'before'}"
            self.top |= {key: top} if top.any() else {}
            self.bottom |= {key: bottom} if bottom.any() else {}
        return Amount(value, moe / Z90)

    def _note_incomes(self, name: str, coded: BoolArray, where: str) -> None:
        if coded.any():
            self.notes.append(
                f"{name}: incomes at the {where}, taken for missing since no change can be told from them: "
                f"{int(coded.sum())}."
            )

    def homes(self, name: str) -> FloatArray | None:
        """Homes behind the medians of ``value`` and ``rent``."""
        for asked in ("owner_homes", "owners") if name == "value" else ("renter_homes", "renters"):
            found = self.count(asked)
            if found is not None:
                return found.value
        whole, owners = self.households(), self.share("owners")
        if whole is None or owners is None:
            return None
        part = owners[0].value if name == "value" else 1.0 - owners[0].value
        return np.where(whole.value == 0, 0.0, part * whole.value)

    def renter_households(self, whole: Column) -> Amount:
        """Renter households: counted, else the rest of the households, else the share of them."""
        renters, owners = self.count("renters"), self.count("owners")
        if renters is not None:
            return Amount(renters.value, renters.moe / Z90)
        if owners is not None:
            rest = margins.nested_difference(whole.value, whole.moe, owners.value, owners.moe)
            wide = margins.difference(whole.value, whole.moe, owners.value, owners.moe).moe
            # Where the rule for a part gives no margin, that of two separate numbers is the safe one.
            return Amount(rest.value, np.where(np.isnan(rest.moe), wide, rest.moe) / Z90)
        share = self.share("owners")
        if share is None:
            nothing = np.full(len(self.geoid), np.nan)
            return Amount(nothing, nothing)
        made = margins.product(1.0 - share[0].value, share[0].se * Z90, whole.value, whole.moe)
        return Amount(made.value, made.moe / Z90)

    def part_of(self, count: str, share: str, whole: str) -> FloatArray | None:
        """A share without a margin: given, or of a count."""
        given = self.count(share)
        if given is not None:
            return given.value
        part, people = self.count(count), self.count(whole)
        if part is None or people is None:
            return None
        part.within(people, self.geoid, self.columns.where)
        out: FloatArray = np.full(len(self.geoid), np.nan)
        np.divide(part.value, people.value, out=out, where=people.value > 0)
        return out


def _tracts(geoid: StrArray, now: _Reading, before: _Reading, price: float, years: tuple[int, int]) -> Tracts:
    households = now.households()
    if households is None:
        raise ConfigError(
            f"{now.columns.where} does not say how many households a tract has.",
            remedy="give households_t1, or owners_t1 and renters_t1.",
        )
    amounts: dict[Vintage, dict[str, Amount]] = {"t1": {}, "t0": {}}
    pooled: dict[Vintage, dict[str, Pooled]] = {"t1": {}, "t0": {}}
    for reading in (now, before):
        for name, amount, region in _of_vintage(reading):
            amounts[reading.when][name] = amount
            if region is not None:
                pooled[reading.when][name] = region
    homes = {}
    for reading, when in ((now, "now"), (before, "before")):
        for name in ("value", "rent"):
            behind = reading.homes(name) if name in reading.raw else None
            if behind is not None:
                homes[f"{name}_{when}"] = behind
    other, students = now.share("low_income_of_tracts"), now.count("students_share")
    return Tracts(
        geoid=geoid,
        now=amounts["t1"],
        before=amounts["t0"],
        region_now=pooled["t1"],
        region_before=pooled["t0"],
        price=price,
        households=Amount(households.value, households.moe / Z90),
        renter_households=now.renter_households(households),
        homes=homes,
        top={**now.top, **before.top},
        bottom={**now.bottom, **before.bottom},
        group_quarters=now.part_of("group_quarters", "group_quarters_share", "population"),
        students=None if students is None else students.value,
        extra={} if other is None else {"low_income_of_tracts": other[0]},
        years=years,
    )


def _of_vintage(reading: _Reading) -> Iterator[tuple[str, Amount, Pooled | None]]:
    for name in ROLES:
        if name in ONLY_NOW and (reading.when == "t0" or name not in SHARES):
            continue
        found = reading.share(name)
        if found is not None:
            amount, region = found
            yield name, amount, None if region is None or np.isnan(region.value) else region
    for name in ("income", "value", "rent"):
        amount_of = reading.median(name)
        if amount_of is not None:
            yield name, amount_of, None


def _at_one(part: Column, whole: Column) -> FloatArray:
    """Margins of counts for the share's formula, which has none for a share of 1 (METHODS 2.0 item 4).

    It would take the margins of whole and part from one another and find none. The largest margin of a zero in the
    column stands in, as that of the part that is not there; the part's own where the column has no zero.
    """
    full = (part.value == whole.value) & (part.value > 0) & (part.moe > 0)
    if not full.any():
        return part.moe
    zeros = part.moe[(part.value == 0) & np.isfinite(part.moe)]
    rest = np.where(full, zeros.max() if zeros.size else part.moe, 0.0)
    return np.where(full, np.hypot(rest, whole.moe), part.moe)


def _absences(tracts: Tracts, columns: Columns) -> Iterator[str]:
    """What is not in the table, and what hangs on it; once."""
    if not tracts.before:
        yield (
            "The table has no column of t0: vulnerability alone is told, and no change, market or stage; it holds for "
            "the later vintage."
        )
    elif "income" in tracts.now and "income" in tracts.before:
        known = [when for when, of in (("t0", tracts.region_before), ("t1", tracts.region_now)) if "income" in of]
        if len(known) < 2:
            what = "The region's own median incomes are not known"
            yield (
                f"{what}{f' for both vintages ({known[0]} alone)' if known else ''}, so the change of income cannot be "
                "held against the region's: give them for both, since no median follows from the medians of tracts."
            )
    missing = [name for name in ("owners", "white", "bachelors", "low_income") if name not in tracts.now]
    if missing:
        yield f"Not in the table (t1): {', '.join(missing)}; the conditions that ask for it cannot be told."
    if not columns.any_margin:
        yield "The table has no margins: classes are told, chances are not."


def _as_published(tracts: Tracts, now: _Reading) -> tuple[Tracts, tuple[str, ...]]:
    """The tracts with sentinels of medians as the numbers that they look like."""
    amounts, differ = dict(tracts.now), np.zeros(len(tracts), dtype=np.bool_)
    for name in ("value", "rent"):
        if name in amounts:
            raw = now.raw[name]
            differ |= np.isin(raw, tuple(margins.SENTINELS))
            amounts[name] = Amount(raw, amounts[name].se)
    return replace(tracts, now=amounts), tuple(str(one) for one in tracts.geoid[differ])
