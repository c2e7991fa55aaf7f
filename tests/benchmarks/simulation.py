"""Re-drawn surveys of Nowhere through the product's own reducers: which 90 % intervals hold the truth?

Shared by ``coverage.py`` (the full run, whose table is in ``docs/coverage.md``) and ``tests/test_coverage.py`` (a
short one). Nothing here adds up, weighs or gives margins: fields go through ``measure.reduce.reduce`` with weights
made by ``Weights.build``, exactly as in a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import read as catalogue
from justgeo.core.district import metric_crs
from justgeo.core.expression import parse
from justgeo.core.field import Cells, CountField, Counts, Weight
from justgeo.core.layer import BoolArray, FloatArray, Layer, Provenance
from justgeo.core.result import Column, Indicator
from justgeo.core.zones import Role, Units, Zones
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings, reduce
from justgeo.synthetic import County, Draws

LEVELS = ("county", "tract", "block group")
SETTINGS = ReduceSettings()
VINTAGE = 2024
ENOUGH_CASES = 10
_EXPRESSIONS = ("numerator", "denominator", "components", "denominator_components", "complement")


def rows() -> tuple[Indicator, ...]:
    """Every share of the catalogue that comes from a table of the survey, for all people."""
    return tuple(row for row in catalogue.indicators() if row.field == "acs_share")


def tables(some: Sequence[Indicator]) -> list[str]:
    """Tables behind some rows."""
    texts = [str(row.parameters[key]) for row in some for key in _EXPRESSIONS if key in row.parameters]
    return sorted({table for text in texts for table in parse(text).tables})


# --- places ---------------------------------------------------------------------------------------------------------


def whole_sets(county: County, sizes: Sequence[int], each: int, seed: int) -> list[list[str]]:
    """Random sets of neighbouring block groups (GEOIDs), ``each`` of every size; none without people."""
    frame = county.units("block group")
    people = county.truth("B01003").iloc[:, 0].reindex(frame["geoid"]).to_numpy()
    shapes, ids = frame.geometry.to_numpy(), frame["geoid"].to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    rng = np.random.default_rng([seed, 1])
    found: list[list[str]] = []
    for size in sizes:
        for _ in range(each):
            chosen = [int(rng.choice(np.flatnonzero(people > 0)))]
            while len(chosen) < size:
                near = np.setdiff1d(right[np.isin(left, chosen)], chosen)
                near = near[people[near] > 0]
                chosen.append(int(rng.choice(near)))
            found.append(sorted(ids[chosen]))
    return found


def cut_districts(county: County, count: int, seed: int, least: int = 1000, most: int = 20_000) -> list[BaseGeometry]:
    """Random sixteen-sided districts of ``least`` to ``most`` people, EPSG:4326; they cut whatever they meet."""
    rng = np.random.default_rng([seed, 2])
    homes = county.households(VINTAGE)[["lon", "lat"]].to_numpy(dtype=np.float64)
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False) + 0.1
    found: list[BaseGeometry] = []
    while len(found) < count:
        centre = homes[rng.integers(len(homes))]
        radius = np.exp(rng.uniform(np.log(250.0), np.log(2500.0))) * rng.uniform(0.75, 1.25, 16)
        ring = np.stack(
            [centre[0] + radius * np.cos(angle) / 86_800.0, centre[1] + radius * np.sin(angle) / 111_000.0], axis=1
        )
        shape = shapely.Polygon(np.round(ring, 6))
        if least <= int(county.people_in(shape, VINTAGE).sum()) <= most:
            found.append(shape)
    return found


@dataclass(frozen=True)
class Places:
    """Zones with their weights; the last zone is the reference, the county.

    Attributes
    ----------
    labels : tuple of str
        ``"county"``, ``"cut"``, or how many whole block groups a zone is made of.
    reference : int
    inside : tuple
        Block groups of each zone, or its shape (EPSG:4326): where its true people are.
    """

    weights: Weights
    labels: tuple[str, ...]
    reference: int
    inside: tuple[tuple[str, ...] | BaseGeometry, ...]

    def truth(self, county: County, table: str) -> pd.DataFrame:
        """What the table would say of each zone if everybody were asked, (Z, L)."""
        by_group = county.truth(table, VINTAGE)

        def one(where: tuple[str, ...] | BaseGeometry) -> pd.Series[float]:
            if isinstance(where, BaseGeometry):
                return county.truth_in(table, where, VINTAGE)
            return by_group.loc[list(where)].sum()

        return pd.DataFrame([one(where) for where in self.inside])


def _layers(county: County, noise: float) -> tuple[Layer, list[Layer]]:
    """Blocks with their counts, and the published units."""
    made = Provenance("blocks", "justgeo.synthetic", "Nowhere (invented)", "2020", synthetic=True)
    frame = county.geography.blocks[["geoid", "land_m2", "geometry"]]
    counts = county.block_counts(VINTAGE, noise)[["geoid", "population", "housing_units"]]
    blocks = Layer("blocks", frame.merge(counts, on="geoid"), made, None, "block", 2020)
    units = [Layer(level, county.units(level), made, None, level, 2020) for level in LEVELS]
    return blocks, units


def places(
    county: County, sets: Sequence[Sequence[str]] = (), shapes: Sequence[BaseGeometry] = (), noise: float = 0.0
) -> Places:
    """Zones of whole block groups (lists of GEOIDs) and of free shapes (EPSG:4326), and the county."""
    blocks, units = _layers(county, noise)
    whole = units[0].data
    crs = metric_crs(whole.to_crs(4326).geometry.iloc[0])
    groups = units[-1].data.set_index("geoid").geometry.to_crs(crs)
    drawn = [shapely.union_all(groups.loc[list(ids)].to_numpy()) for ids in sets]
    free = list(gpd.GeoSeries(list(shapes), crs=4326).to_crs(crs)) if shapes else []
    county_shape = whole.to_crs(crs).geometry.iloc[0]
    count = len(drawn) + len(free)
    labels = tuple([str(len(s)) for s in sets] + ["cut"] * len(free) + ["county"])
    roles: tuple[Role, ...] = ("area",) * count + ("reference",)
    ids = (*(f"z{i}" for i in range(count)), "reference")
    geometry = gpd.GeoSeries([*drawn, *free, county_shape], crs=crs)
    zones = Zones(ids, ids, roles, ("",) * (count + 1), geometry)
    inside: list[tuple[str, ...] | BaseGeometry] = [*(tuple(s) for s in sets), *shapes, tuple(units[-1].data["geoid"])]
    return Places(Weights.build(zones, blocks, units, crs), labels, count, tuple(inside))


# --- draws ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draw:
    """One survey as published: every cell at every unit of the three levels.

    Attributes
    ----------
    cells : mapping of str to (estimate, margin, cases), each (n,)
    zero_moe : mapping of str to (n,)
        Largest margin of a zero estimate in a table, NaN where it has none.
    """

    units: Units
    cells: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]]
    zero_moe: Mapping[str, FloatArray]


def draws(county: County, names: Sequence[str], count: int, seed: int, chunk: int = 20) -> Iterator[Draw]:
    """Surveys number ``seed`` to ``seed + count - 1``; the same people are asked at every level and for every table."""
    for start in range(seed, seed + count, chunk):
        size = min(chunk, seed + count - start)
        found = {level: county.draws_of(names, size, start, VINTAGE, level) for level in LEVELS}
        first = [found[level][names[0]] for level in LEVELS]
        geoid = np.concatenate([one.geoid for one in first])
        level = np.repeat(np.array(LEVELS), [len(one.geoid) for one in first])
        units = Units(geoid, level, 2020)
        for number in range(size):
            yield _draw(units, {name: [found[at][name] for at in LEVELS] for name in names}, number)


def _draw(units: Units, by_table: Mapping[str, list[Draws]], number: int) -> Draw:
    cells: dict[str, tuple[FloatArray, FloatArray, FloatArray]] = {}
    zero: dict[str, FloatArray] = {}
    for name, some in by_table.items():
        estimate = np.concatenate([one.estimate[number] for one in some])
        moe = np.concatenate([one.moe[number] for one in some])
        cases = np.concatenate([one.cases[number] for one in some]).astype(np.float64)
        for k, code in enumerate(some[0].codes):
            cells[code] = (estimate[:, k], moe[:, k], cases[:, k])
        largest = np.where(estimate == 0, moe, -np.inf).max(axis=1)
        zero[name] = np.where(np.isfinite(largest), largest, np.nan)
    return Draw(units, cells, zero)


def share_field(row: Indicator, draw: Draw) -> CountField:
    """The field of a row, as ``indicators.census.acs_share`` makes it from files (a test compares the two)."""
    asked = row.parameters

    def cells(codes: Sequence[str]) -> Cells:
        picked = [draw.cells[code] for code in codes]
        return Cells(tuple(codes), np.column_stack([p[0] for p in picked]), np.column_stack([p[1] for p in picked]))

    def counts(key: str, components: str) -> Counts:
        made = parse(str(asked[key]))
        parts = parse(str(asked[components])).plus if components in asked else ()
        return Counts(cells(made.plus), cells(made.minus) if made.minus else None, cells(parts) if parts else None)

    zero = np.column_stack([draw.zero_moe[name] for name in tables([row])])
    return CountField(
        units=draw.units,
        numerator=counts("numerator", "components"),
        denominator=counts("denominator", "denominator_components"),
        weight=cast(Weight, row.weight),
        kind=cast(Literal["share", "ratio"], asked.get("kind", "share")),
        universe=row.universe,
        complement=cells(parse(str(asked["complement"])).plus) if "complement" in asked else None,
        zero_moe=np.fmax.reduce(zero, axis=1),
    )


def evaluate(text: str, cells: Mapping[str, FloatArray]) -> FloatArray:
    """Plain value of an expression."""
    asked = parse(text)
    return np.asarray(sum(cells[c] for c in asked.plus) - sum((cells[c] for c in asked.minus), 0.0), dtype=np.float64)


# --- tally ----------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What became of one share: arrays over draws x zones, filled draw by draw.

    Attributes
    ----------
    truth : (Z,) float
    value, moe, sampling, cases : (n, Z) float
        Estimate, total margin, its sampling part, interviews on the rarer side.
    """

    truth: FloatArray
    value: FloatArray
    moe: FloatArray
    sampling: FloatArray
    cases: FloatArray
    _at: int = field(default=0)

    @classmethod
    def empty(cls, truth: FloatArray, count: int) -> Tally:
        made = [np.full((count, len(truth)), np.nan) for _ in range(4)]
        return cls(truth, *made)

    def add(self, column: Column, cases: FloatArray) -> None:
        self.value[self._at], self.moe[self._at] = column.value, column.moe
        self.sampling[self._at], self.cases[self._at] = column.error["sampling"], cases
        self._at += 1

    def holds(self, part: Literal["moe", "sampling"] = "moe") -> npt.NDArray[np.float64]:
        """1 where the interval holds the truth, 0 where not, NaN where there is no value or margin; (n, Z)."""
        margin = self.moe if part == "moe" else self.sampling
        known = np.isfinite(self.value) & np.isfinite(margin)
        held = np.abs(self.value - self.truth) <= margin + 1e-12
        return np.where(known, held, np.nan)

    def enough(self, least: float = ENOUGH_CASES) -> BoolArray:
        """At least so many interviews on either side, (n, Z)."""
        return np.asarray(self.cases >= least, dtype=np.bool_)


def simulate(
    county: County, some: Sequence[Indicator], where: Mapping[str, Places], count: int, seed: int
) -> dict[str, dict[str, Tally]]:
    """Draw surveys and reduce every share over every set of places.

    Returns
    -------
    dict of places to dict of indicator to Tally
    """
    names = tables(some)
    out: dict[str, dict[str, Tally]] = {}
    for key, place in where.items():
        true = pd.concat([place.truth(county, name) for name in names], axis=1)
        cells = {code: true[code].to_numpy(dtype=np.float64) for code in true}
        out[key] = {row.id: Tally.empty(true_share(row, cells), count) for row in some}
    for draw in draws(county, names, count, seed):
        for row in some:
            made = share_field(row, draw)
            sides = _cases(row, draw)
            for key, place in where.items():
                matrix = place.weights.cover(made.units, made.weight)
                cases = np.minimum(matrix @ sides[0], matrix @ sides[1])
                column = reduce(made, place.weights, reference=place.reference, settings=SETTINGS)
                out[key][row.id].add(column, np.asarray(cases, dtype=np.float64))
    return out


def true_share(row: Indicator, cells: Mapping[str, FloatArray]) -> FloatArray:
    """The share itself, NaN where its universe is empty."""
    above = evaluate(str(row.parameters["numerator"]), cells)
    below = evaluate(str(row.parameters["denominator"]), cells)
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _cases(row: Indicator, draw: Draw) -> tuple[FloatArray, FloatArray]:
    """Interviews in the numerator, and in the rest of the denominator, at each unit."""
    cases = {code: cell[2] for code, cell in draw.cells.items()}
    above = evaluate(str(row.parameters["numerator"]), cases)
    return above, evaluate(str(row.parameters["denominator"]), cases) - above
