"""The columns of the typology's table: which there are, what a file calls them, what stands in them."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.toml import parsed
from justgeo.core.words import suggestion
from justgeo.core.zones import StrArray
from justgeo.measure import margins, rows
from justgeo.measure.margins import Z90
from justgeo.sources._plain_table import PlainTable

GEOID = "geoid"
VINTAGES = ("t1", "t0")
MARGIN = "_moe"
SHARE = "_share"


class Role(NamedTuple):
    """How a share may be given: counts and shares in order of preference, true where one less it is meant."""

    counts: tuple[tuple[str, bool], ...]
    shares: tuple[tuple[str, bool], ...]
    whole: str


ROLES: Mapping[str, Role] = {
    # Renters come before owners: where all own, their margin is that of a zero, which is what such a share needs.
    "owners": Role(
        (("renters", True), ("owners", False)), (("owner_share", False), ("renter_share", True)), "households"
    ),
    "white": Role(
        (("white", False), ("people_of_colour", True)),
        (("white_share", False), ("people_of_colour_share", True)),
        "population",
    ),
    "bachelors": Role(
        (("bachelors", False), ("no_bachelors", True)),
        (("bachelors_share", False), ("no_bachelors_share", True)),
        "adults",
    ),
    "low_income": Role((("low_income", False),), (("low_income_share", False),), "households"),
    "low_income_of_tracts": Role(
        (("low_income_of_tracts", False),), (("low_income_of_tracts_share", False),), "households"
    ),
}
"""By the names of ``measure.typology.values``."""
ONLY_NOW = ("low_income", "low_income_of_tracts")
MEDIANS = ("income", "value", "rent")
_OTHER = (
    "households", "population", "adults", "owner_homes", "renter_homes", "group_quarters", "group_quarters_share",
    "students_share",
)  # fmt: skip
BARE = tuple(dict.fromkeys([*(name for r in ROLES.values() for name, _ in (*r.counts, *r.shares)), *MEDIANS, *_OTHER]))
KNOWN = (GEOID, *(f"{n}_{w}{m}" for n, w, m in itertools.product(BARE, VINTAGES, ("", MARGIN))))
ROUNDED_COUNTS, ROUNDED, ROUNDED_SHARES = 1.5, 0.005, 0.011
"""By so much two sides may differ from their whole: three counts that were rounded, or half a percent where they were
carried from other tracts; two shares of two digits."""
_NEAR = 0.85
STANDARD_ERROR = "_se"
_SHOWN = 12


@dataclass(frozen=True)
class ColumnMap:
    """How a public file calls our columns.

    Attributes
    ----------
    names : mapping of str to tuple of str
        Our name to one column of the file, or to several whose counts are added.
    pad : bool
        Put back the zero that the file lost from the front of its GEOIDs.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pad: bool = False


def read_column_map(path: Path) -> ColumnMap:
    """Read a column map: ``[columns]`` with ``households_t1 = "hh_18"``, and above it ``pad = true`` where needed.

    Raises
    ------
    ConfigError
        No such file, no TOML, a name that is not ours, a value that names no column.
    """
    told = read_toml(path, "column map")
    for key in told:
        if key not in ("columns", "pad"):
            raise ConfigError(f"{path.name} has an unknown key {key!r}.", remedy=suggestion(key, ("columns", "pad")))
    pad, columns = told.get("pad", False), told.get("columns")
    if not isinstance(columns, dict) or not columns or not isinstance(pad, bool):
        raise ConfigError(
            f"{path.name} maps no columns.", remedy='write [columns] and below it lines such as geoid = "GEOID".'
        )
    names = {}
    for ours, theirs in columns.items():
        if ours not in KNOWN:
            raise ConfigError(f"{path.name} maps {ours!r}, which is no column here.", remedy=_meant(ours))
        listed = [theirs] if isinstance(theirs, str) else theirs
        if not (isinstance(listed, list) and listed and all(isinstance(one, str) and one for one in listed)):
            raise ConfigError(
                f"{path.name}: {ours} = {theirs!r} names no column of the file.",
                remedy='give its name in quotes, or several to be added: ["a", "b"].',
            )
        if len(listed) > 1 and (ours == GEOID or SHARE in ours or ours.rpartition("_t")[0] in MEDIANS):
            raise ConfigError(f"{path.name}: {ours} cannot be a sum of columns.", remedy="name one column.")
        names[ours] = tuple(listed)
    return ColumnMap(names, pad)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """A TOML file, refused in words."""
    try:
        return dict(parsed(path.read_text(encoding="utf-8-sig"), f"The {what} {path.name}"))
    except OSError as why:
        raise ConfigError(
            f"The {what} {path} cannot be read ({why.strerror or why}).", remedy="mend its path."
        ) from why
    except UnicodeDecodeError as why:
        message = f"The {what} {path.name} is not in UTF-8."
        raise ConfigError(message, remedy="save it as UTF-8 in your editor.") from why


@dataclass(frozen=True)
class Column:
    """One number of every tract.

    Attributes
    ----------
    name : str
        Ours.
    value, moe : (n,) float
        Decoded: NaN where the Bureau published none; margins are for 90 %, 0 for a controlled estimate.
    raw : (n,) float
        As they stand in the file, sentinels and all.
    """

    name: str
    value: FloatArray
    moe: FloatArray
    raw: FloatArray

    def within(self, whole: Column, geoid: StrArray, where: str) -> None:
        """Refuse a part that is larger than its whole; half a person is rounding."""
        with np.errstate(invalid="ignore"):
            over = self.value > whole.value + 0.5
        if over.any():
            at = int(np.flatnonzero(over)[0])
            raise LayerError(
                f"{where}: {self.name} of {geoid[at]} is {self.value[at]:,.10g}, more than {whole.name} "
                f"({whole.value[at]:,.10g}); so are {int(over.sum())} of {len(over)}.",
                remedy="check that both columns come from the same table and year.",
            )

    def wider_than_itself(self, geoid: StrArray) -> Iterator[str]:
        """A note where margins are larger than their numbers: few homes, or a margin of another column."""
        with np.errstate(invalid="ignore"):
            wide = (self.moe > self.value) & (self.value > 0)
        if wide.any():
            at = int(np.flatnonzero(wide)[0])
            yield (
                f"{self.name}: margins larger than their numbers in {int(wide.sum())} of {len(wide)} tracts, for "
                f"example {self.value[at]:,.10g} ± {self.moe[at]:,.10g} in {geoid[at]}. Where that is no tract of few "
                "homes, check that number and margin come from the same table."
            )


@dataclass
class Columns:
    """The columns of one file by our names."""

    table: PlainTable
    named: dict[str, tuple[str, ...]]
    strangers: tuple[str, ...]
    pad: bool
    mapped: bool
    any_margin: bool = False
    _read: dict[str, Column | None] = field(default_factory=dict)

    @classmethod
    def of(cls, table: PlainTable, mapping: ColumnMap | None) -> Columns:
        """Find our columns in a file.

        Raises
        ------
        ConfigError
            A mapped column is not there, there is no GEOID, a name is misspelt.
        """
        names = {} if mapping is None else dict(mapping.names)
        for ours, theirs in names.items():
            for one in theirs:
                if one not in table.columns:
                    raise ConfigError(
                        f"{table.where} has no column {one!r} (mapped to {ours}).",
                        remedy=suggestion(one, table.columns),
                    )
        used = {one for theirs in names.values() for one in theirs}
        strangers = []
        for name in table.columns:
            folded = name.casefold()
            if folded in KNOWN and folded not in names and name not in used:
                names[folded] = (name,)
            elif name not in used:
                strangers.append(name)
        if GEOID not in names:
            near = suggestion(GEOID, table.columns)
            raise ConfigError(
                f"{table.where} has no column 'geoid'.",
                remedy=near if near.startswith("did") else "add one: 11 digits, text.",
            )
        if mapping is None:
            _refuse_misspelt(table.where, strangers, names)
        return cls(table, names, tuple(strangers), mapping is not None and mapping.pad, mapping is not None)

    @property
    def where(self) -> str:
        return self.table.where

    def has(self, name: str) -> bool:
        return name in self.named

    def read(self, name: str, geoid: StrArray) -> Column | None:
        """One column with its margin, NaN where the file has none; None where it is not in the file."""
        if name not in self._read:
            self._read[name] = self._decoded(name, geoid) if name in self.named else None
        return self._read[name]

    def check_both_sides(self, role: Role, when: str, geoid: StrArray) -> None:
        """Refuse two sides of a whole that do not add up to it: owners and renters, where households are given too.

        Raises
        ------
        LayerError
        """
        for sides, whole in ((role.counts, self._seen(f"{role.whole}_{when}", geoid)), (role.shares, None)):
            found = [self._seen(f"{name}_{when}", geoid) for name, _ in sides]
            if len(found) != 2 or found[0] is None or found[1] is None or (whole is None and sides is role.counts):
                continue
            made = found[0].value + found[1].value
            due = np.ones(len(made)) if whole is None else whole.value
            slack = ROUNDED_SHARES if whole is None else np.maximum(ROUNDED_COUNTS, ROUNDED * due)
            with np.errstate(invalid="ignore"):
                wrong = np.abs(made - due) > slack
            if wrong.any():
                at = int(np.flatnonzero(wrong)[0])
                raise LayerError(
                    f"{self.where}: {found[0].name} and {found[1].name} of {geoid[at]} add up to {made[at]:,.10g}, and "
                    f"{'a whole' if whole is None else whole.name} is {due[at]:,.10g}; so it is in "
                    f"{int(wrong.sum())} of {len(wrong)} tracts.",
                    remedy="check that the columns come from the same table and year, or give one side alone.",
                )

    def _seen(self, name: str, geoid: StrArray) -> Column | None:
        """A column that is looked at and not used: the notes name it as one that was not needed."""
        read, margins_before = dict(self._read), self.any_margin
        found = self.read(name, geoid)
        self._read, self.any_margin = read, margins_before
        return found

    def _decoded(self, name: str, geoid: StrArray) -> Column:
        margin = self.named.get(name + MARGIN, ())
        theirs = self.named[name]
        self.any_margin |= bool(margin)
        if margin and len(margin) not in (1, len(theirs)):
            raise ConfigError(
                f"{self.where}: {name} is a sum of {len(theirs)} columns, its margin of {len(margin)}.",
                remedy="name a margin for each column, in their order, or the one of the sum.",
            )
        raw = np.column_stack([self.table.numbers(one) for one in theirs])
        moe = np.column_stack([self.table.numbers(one) for one in margin]) if margin else np.full_like(raw, np.nan)
        if moe.shape == raw.shape:
            value, moe = self._cells(name, raw, moe)
        else:
            value, _ = self._cells(name, raw, np.full_like(raw, np.nan))
            _, moe = self._cells(name, np.zeros_like(moe), moe)
        if raw.shape[1] == 1:
            found = Column(name, value[:, 0], moe[:, 0], raw[:, 0])
        else:
            same = moe if moe.shape == value.shape else np.full_like(value, np.nan)
            total = margins.weighted_sum(rows.each(len(raw)), value, same)
            found = Column(name, total.value, total.moe if same is moe else moe[:, 0], total.value)
        self._check(found, geoid)
        if name.rpartition("_")[0] not in MEDIANS:
            self._refuse(
                name, found.value, self.ended(name), geoid, "a plus or a minus behind a number is for medians alone."
            )
        return found

    def ended(self, name: str) -> BoolArray:
        """Cells that say that a median lies beyond an end of its scale."""
        return np.asarray(np.any([self.table.ended(one) for one in self.named[name]], axis=0), dtype=np.bool_)

    def _cells(self, name: str, raw: FloatArray, moe: FloatArray) -> tuple[FloatArray, FloatArray]:
        try:
            decoded = margins.decode(raw, moe)
        except LayerError as why:
            raise LayerError(f"{self.where}, {name}: {why.message}", remedy=why.remedy) from why
        return decoded.estimate, decoded.margin

    def _check(self, found: Column, geoid: StrArray) -> None:
        """Refuse counts below 0, and shares and margins of shares that are none."""
        bare = found.name.rpartition("_")[0]
        if bare.endswith(SHARE):
            for name, values in ((found.name, found.value), (found.name + MARGIN, found.moe)):
                self._refuse(
                    name, values, (values < 0) | (values > 1), geoid, "shares run from 0 to 1: divide percents by 100."
                )
        elif bare not in MEDIANS:
            self._refuse(
                found.name, found.value, found.value < 0, geoid, "a count is 0 or more; leave missing ones empty."
            )

    def _refuse(self, name: str, values: FloatArray, wrong: Any, geoid: StrArray, remedy: str) -> None:
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise LayerError(
                f"{self.where}: {name} of {geoid[at]} is {values[at]:,.10g}; {int(wrong.sum())} of {len(values)} are "
                "such.",
                remedy=remedy,
            )

    def notes(self) -> Iterator[str]:
        """Columns that are not used."""
        unread = [one for one, theirs in self.named.items() if self._unread(one) for one in theirs]
        if self.strangers and self.mapped:
            yield f"Columns of {self.table.file} that are not mapped and not used: {len(self.strangers)}."
        elif self.strangers:
            yield f"Columns that are not known here and not used: {_listed(self.strangers)}."
        if unread:
            yield f"Columns that were not needed beside the others: {_listed(unread)}."

    def _unread(self, name: str) -> bool:
        return name != GEOID and self._read.get(name.removesuffix(MARGIN)) is None


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _refuse_misspelt(where: str, strangers: list[str], names: Mapping[str, object]) -> None:
    """Refuse a name that must have been meant for one of ours: what it holds would be lost without a word."""
    for name in strangers:
        folded = name.casefold()
        if folded in BARE or folded.removesuffix(MARGIN) in BARE:
            raise ConfigError(
                f"{where} has a column {name!r}, which does not say of which vintage it is.",
                remedy=f"call it {folded.removesuffix(MARGIN)}_t1 (the later one) or _t0, margins ..._t1{MARGIN}.",
            )
        if folded.endswith(STANDARD_ERROR) and folded.removesuffix(STANDARD_ERROR) in KNOWN:
            raise ConfigError(
                f"{where} has a column {name!r}, a standard error by its name; the margins here are for 90 %.",
                remedy=f"multiply it by {Z90} and call it {folded.removesuffix(STANDARD_ERROR)}{MARGIN}.",
            )
        turned = re.sub(rf"^(.+){MARGIN}_(t[01])$", rf"\1_\2{MARGIN}", folded)
        near = [turned] if turned in KNOWN else difflib.get_close_matches(folded, KNOWN, n=1, cutoff=_NEAR)
        if near and near[0] not in names:
            raise ConfigError(f"{where} has an unknown column {name!r}.", remedy=f"did you mean {near[0]!r}?")


def _meant(name: str) -> str:
    near = suggestion(name, KNOWN)
    return near if near.startswith("did") else "see the table of columns in docs/displacement-table.md."
