"""What is measured in each survey of Nowhere: the sampled figures of the catalogue, with what is true of them.

Fields are made by the catalogue's own functions (``indicators.FIELDS``) from one survey; those of other surveys have
other numbers in the same cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from justgeo.catalogue import read as catalogue
from justgeo.core.expression import parse
from justgeo.core.field import AnyField, Cells, CountField, Counts, GapField, MedianField
from justgeo.core.layer import AnyLayer, FloatArray, IntArray, Layer, Provenance
from justgeo.core.result import Indicator
from justgeo.core.zones import Units
from justgeo.indicators import FIELDS
from justgeo.indicators.place import Place
from justgeo.measure import margins, medians
from justgeo.measure.apportion import Weights
from justgeo.measure.column import quotient
from justgeo.measure.gaps import POINTS
from justgeo.synthetic import County
from justgeo.synthetic.layouts import columns
from tests.benchmarks.simulation import LEVELS, VINTAGE, Places

SAMPLED = ("acs_count", "acs_share", "acs_median", "acs_gap")
KINDS = ("count", "share", "ratio", "median", "gap")


# --- surveys ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Survey:
    """One survey as published: every cell at every unit, units in the order of `Tables.units`.

    Attributes
    ----------
    estimate, moe, cases : (U, C) float
        Without sentinels; NaN where a table has no row.
    """

    estimate: FloatArray
    moe: FloatArray
    cases: FloatArray


class Tables:
    """Some tables of one survey after another.

    Attributes
    ----------
    names : tuple of str
    units : MultiIndex
        ``level``, ``geoid`` of all U units, sorted as a place sorts them.
    column : dict of str to int
        Place of each of the C cells.
    """

    def __init__(self, county: County, names: Sequence[str]) -> None:
        self.county, self.names = county, tuple(names)
        self._levels = [(level, *county.unit_of_block(level, VINTAGE)) for level in LEVELS]
        every = [(level, geoid) for level, ids, _ in self._levels for geoid in ids]
        self.units = pd.MultiIndex.from_tuples(sorted(every), names=["level", "geoid"])
        self._at = {level: self.units.get_indexer(pd.MultiIndex.from_product([[level], ids]))
                    for level, ids, _ in self._levels}  # fmt: skip
        self.codes = {name: columns(county.tables(VINTAGE)[name]) for name in self.names}
        self.column = {code: at for at, code in enumerate(code for name in self.names for code in self.codes[name])}

    def survey(self, number: int) -> Survey:
        """The survey of a number: the same people are asked for every table and at every level."""
        sample = self.county._draw(VINTAGE, number)
        estimate, moe, cases = (np.full((len(self.units), len(self.column)), np.nan) for _ in range(3))
        start = 0
        for name in self.names:
            stop = start + len(self.codes[name])
            for level, geoid, unit in self._levels:
                if level in self.levels(name):
                    found = self.county._estimate(name, VINTAGE, sample, unit, len(geoid))
                    for into, values in zip((estimate, moe, cases), found, strict=True):
                        into[self._at[level], start:stop] = values
            start = stop
        read = margins.decode(estimate, moe)
        return Survey(read.estimate, read.margin, cases)

    def levels(self, name: str) -> tuple[str, ...]:
        """Levels that a table is published for."""
        return LEVELS[:2] if self.county.tables(VINTAGE)[name].tract_only else LEVELS

    def place(self, survey: Survey, weights: Weights) -> Place:
        """The survey as a run holds it once its files are read."""
        layers: dict[str, AnyLayer] = {}
        for name in self.names:
            made = Provenance(f"acs:{name}", "justgeo.synthetic", "Nowhere (invented)", "2020-2024", synthetic=True)
            there = self.units.get_level_values("level").isin(self.levels(name))
            at = [self.column[code] for code in self.codes[name]]
            head = [f"{code}{kind}" for kind in "EM" for code in self.codes[name]]
            numbers = np.hstack([survey.estimate[:, at], survey.moe[:, at]])[there]
            data = pd.DataFrame(numbers, index=self.units[there], columns=head).reset_index()
            layers[f"acs:{name}@{VINTAGE}"] = Layer(f"acs:{name}@{VINTAGE}", data, made, None, "", 2020)
        crs = weights.zones.geometry.crs.to_wkt()
        return Place(layers, {}, weights.zones, weights, crs, {"t1": VINTAGE}, ("99001",))


# --- figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """One figure of the catalogue, of everybody or of a group.

    Attributes
    ----------
    like : field
        As it was made of one survey: its cells and its units stay the same.
    at : (n,) int
        Place of the field's units among all units.
    """

    row: Indicator
    group: str
    kind: str
    like: AnyField
    at: IntArray

    @property
    def key(self) -> str:
        """``OPP-01``, ``OPP-01 race:white``."""
        return self.row.id if self.group == "all" else f"{self.row.id} {self.group}"

    @property
    def by_tract(self) -> bool:
        """Its tables have no block groups."""
        return "block group" not in set(units_of(self.like).level)

    @property
    def persons(self) -> bool:
        return self.row.weight == "persons"

    def field(self, survey: Survey, tables: Tables) -> AnyField:
        """The field with the numbers of another survey: what the catalogue's function makes of it (a test compares)."""
        return _refilled(self.like, self._own(survey), tables, self)

    def _own(self, survey: Survey) -> Survey:
        return Survey(survey.estimate[self.at], survey.moe[self.at], survey.cases[self.at])

    def published_table(self) -> str:
        """The table of a median's published numbers, which also has the truth of it."""
        own = self.row.groups.get(self.group, {}) if self.group != "all" else {}
        return str({**self.row.parameters, **own}["published"]).split("_")[0]

    def truth(self, cells: Mapping[str, FloatArray]) -> FloatArray:
        """What is true, from cells as they would be if everybody were asked, (Z,); NaN where its universe is empty."""
        if self.kind == "median":
            return cells[f"{self.published_table()}_001"]
        if isinstance(self.like, GapField):
            first, second = (_quotient(part, cells) for part in (self.like.first, self.like.second))
            return POINTS * (first - second)
        assert isinstance(self.like, CountField)
        return evaluate(self.like.numerator, cells) if self.kind == "count" else _quotient(self.like, cells)

    def by_brackets(self, cells: Mapping[str, FloatArray]) -> FloatArray:
        """What the brackets would give for a median if everybody were asked, (Z,); NaN for what is no median."""
        if not isinstance(self.like, MedianField):
            return np.full(len(next(iter(cells.values()))), np.nan)
        counts = np.column_stack([cells[code] for code in self.like.bins.codes])
        return medians.grouped_median(self.like.edges, counts, pareto=self.like.pareto).value

    def cases(self, survey: Survey, tables: Tables) -> list[FloatArray]:
        """Interviews that the figure rests on, at its units: of a share those in it and those beside it, of a median
        half of all, of a gap those of both groups."""
        if isinstance(self.like, MedianField):
            at = [tables.column[code] for code in self.like.bins.codes]
            return [0.5 * survey.cases[self.at][:, at].sum(axis=1)]
        parts = [self.like.first, self.like.second] if isinstance(self.like, GapField) else [self.like]
        found = []
        for part in parts:
            assert isinstance(part, CountField)
            cells = {code: survey.cases[self.at, tables.column[code]] for code in _codes(part)}
            above = evaluate(part.numerator, cells)
            found.append(above)
            if part.denominator is not None:
                below = evaluate(part.denominator, cells)
                found.append(below if self.kind == "ratio" else below - above)
        return found


def evaluate(counts: Counts, cells: Mapping[str, FloatArray]) -> FloatArray:
    """Plain value of a count."""
    value = np.sum([cells[code] for code in counts.plus.codes], axis=0)
    gone = () if counts.minus is None else counts.minus.codes
    return np.asarray(value - np.sum([cells[code] for code in gone], axis=0), dtype=np.float64)


def _quotient(field: CountField, cells: Mapping[str, FloatArray]) -> FloatArray:
    assert field.denominator is not None
    above, below = evaluate(field.numerator, cells), evaluate(field.denominator, cells)
    return quotient(above, below)


def _refilled(field: AnyField, own: Survey, tables: Tables, measure: Measure) -> AnyField:
    """A field with other numbers in the same cells of the same units."""
    column = tables.column

    def cells(old: Cells) -> Cells:
        at = [column[code] for code in old.codes]
        return Cells(old.codes, own.estimate[:, at], own.moe[:, at])

    def counts(old: Counts) -> Counts:
        more = {name: None if (c := getattr(old, name)) is None else cells(c) for name in ("minus", "components")}
        return Counts(cells(old.plus), **more)

    if isinstance(field, GapField):
        return GapField(*[cast(CountField, _refilled(f, own, tables, measure)) for f in (field.first, field.second)])
    if isinstance(field, MedianField):
        at = column[f"{measure.published_table()}_001"]
        value, moe = own.estimate[:, at].copy(), own.moe[:, at].copy()
        named = {float(code): str(text) for code, text in measure.row.parameters.get("jam", {}).items()}
        text = tuple(named.get(float(v)) for v in value)
        open_ended = np.array([t is not None for t in text])
        value[open_ended] = moe[open_ended] = np.nan
        return replace(field, bins=cells(field.bins), published=value, published_moe=moe, published_text=text)
    assert isinstance(field, CountField)
    return replace(
        field,
        numerator=counts(field.numerator),
        denominator=None if field.denominator is None else counts(field.denominator),
        complement=None if field.complement is None else cells(field.complement),
        apportion_of=None if field.apportion_of is None else counts(field.apportion_of),
        zero_moe=None if field.zero_moe is None else _zero_moe(_codes(field), own, tables),
    )


def _codes(field: CountField) -> list[str]:
    made = [one for one in (field.numerator, field.denominator) if one is not None]
    every = [c for one in made for c in (one.plus, one.minus, one.components)] + [field.complement]
    return [code for one in every if one is not None for code in one.codes]


def _zero_moe(codes: Sequence[str], own: Survey, tables: Tables) -> FloatArray:
    """Largest margin of a zero in the tables of some cells, (n,)."""
    named = sorted({code.split("_")[0] for code in codes})
    at = [tables.column[code] for name in named for code in tables.codes[name]]
    estimate, moe = own.estimate[:, at], own.moe[:, at]
    largest = np.where((estimate == 0) & np.isfinite(moe), moe, -np.inf).max(axis=1)
    return np.where(np.isfinite(largest), largest, np.nan)


def units_of(field: AnyField) -> Units:
    """Units that a sampled field stands on."""
    if isinstance(field, GapField):
        return field.first.units
    assert isinstance(field, CountField | MedianField)
    return field.units


def ratios() -> tuple[Indicator, ...]:
    """Ratios to test the formula on: the catalogue has none whose numerator is no part of the denominator."""
    like = next(row for row in catalogue.indicators() if row.id == "BEL-02")
    made = [
        ("people per household", "persons", "B01003_001", "B25003_001", ("acs:B01003", "acs:B25003")),
        ("renters per owner", "households", "B25003_003", "B25003_002", ("acs:B25003",)),
        ("young and old per adult", "persons", "B01001_003..006 + B01001_027..030 + B01001_020..025 + B01001_044..049",
         "B01001_007..019 + B01001_031..043", ("acs:B01001",)),
    ]  # fmt: skip
    return tuple(
        replace(
            like,
            id=f"ratio.{number}",
            title=title.capitalize(),
            unit="ratio",
            aggregate="ratio",
            weight=weight,
            inputs=inputs,
            optional=(),
            groups={},
            parameters={"numerator": above, "denominator": below},
        )
        for number, (title, weight, above, below, inputs) in enumerate(made, 1)
    )


def sampled() -> tuple[Indicator, ...]:
    """Rows of the catalogue that stand on tables of the later survey alone, and the ratios."""
    rows = [row for row in catalogue.indicators() if row.field in SAMPLED]
    return tuple(row for row in rows if row.parameters.get("when", "t1") == "t1") + ratios()


def _tables(row: Indicator) -> list[str]:
    return [name.removeprefix("acs:") for name in (*row.inputs, *row.optional) if name.startswith("acs:")]


def measures(county: County, like: Places, rows: Sequence[Indicator] | None = None) -> tuple[list[Measure], Tables]:
    """Every sampled figure that Nowhere has the tables of, for all people and for each group; and its tables."""
    known = county.tables(VINTAGE)
    some = [
        row
        for row in (sampled() if rows is None else rows)
        if all(n.removeprefix("acs:") in known for n in row.inputs if n.startswith("acs:"))
    ]
    tables = Tables(county, sorted({name for row in some for name in _tables(row) if name in known}))
    place = tables.place(tables.survey(0), like.weights)
    return [made for row in some for made in _measures(row, place, tables)], tables


def _measures(row: Indicator, place: Place, tables: Tables) -> Iterator[Measure]:
    for group in ("all", *row.groups):
        named = {} if group == "all" else row.groups[group]
        texts = [v for k, v in named.items() if k in ("numerator", "denominator", "complement", "bins", "published")]
        if any(table not in tables.names for text in texts for table in parse(str(text)).tables):
            continue
        field = FIELDS[row.field](row, place, group)
        units = units_of(field)
        at = tables.units.get_indexer(pd.MultiIndex.from_arrays([units.level, units.geoid]))
        yield Measure(row, group, _kind(field), field, np.asarray(at, dtype=np.int64))


def _kind(field: AnyField) -> str:
    if isinstance(field, MedianField | GapField):
        return "median" if isinstance(field, MedianField) else "gap"
    assert isinstance(field, CountField)
    return "count" if field.kind == "sum" else field.kind
