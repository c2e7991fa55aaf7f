"""Nowhere, whole: its people, the truth about them, and what a survey would say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.synthetic import survey
from justgeo.synthetic.geography import COUNTY, STATE, Geography, build
from justgeo.synthetic.layouts import MedianTable, Table, codes, columns, layouts
from justgeo.synthetic.people import VINTAGES, Population, empty_homes, populate
from justgeo.synthetic.traits import furnish

NAME = "Nowhere (invented)"
SUMMARY_LEVELS = {"county": "0500000US", "tract": "1400000US", "block group": "1500000US"}
P2_GROUPS = ("p2_white", "p2_black", "p2_aian", "p2_asian", "p2_nhpi", "p2_other", "p2_two")
DISTRICT_PEOPLE = 12_000
_KEY = {"block group": "bg", "tract": "tract", "block": "geoid"}


@dataclass(frozen=True)
class Draws:
    """Many samples of one table.

    Attributes
    ----------
    geoid : (U,) str
    codes : (L,) str
    estimate, moe : (n, U, L) float
        90 % margins as published (whole numbers); controlled estimates have 0. Medians that are not published
        are NaN.
    cases : (n, U, L) int
        Interviews behind each cell.
    """

    geoid: npt.NDArray[np.str_]
    codes: tuple[str, ...]
    estimate: FloatArray
    moe: FloatArray
    cases: IntArray


class County:
    """The invented county of one seed.

    Parameters
    ----------
    seed : int
        Same seed, same county, down to the last person.
    """

    def __init__(self, seed: int = 2020) -> None:
        self.seed = seed
        self.geography: Geography = build(seed)
        self._codes: dict[tuple[str, int], IntArray] = {}
        self._units: dict[str, tuple[npt.NDArray[np.str_], IntArray]] = {}

    @cached_property
    def people(self) -> Mapping[int, Population]:
        """Population at each vintage (2014, 2024)."""
        made = {vintage: populate(self.geography, self.seed, vintage) for vintage in VINTAGES}
        return {vintage: furnish(some, self.geography, self.seed) for vintage, some in made.items()}

    def households(self, vintage: int = 2024) -> pd.DataFrame:
        """All households, see ``people.Population``."""
        return self.people[vintage].households

    def persons(self, vintage: int = 2024) -> pd.DataFrame:
        """All persons, see ``people.Population``."""
        return self.people[vintage].persons

    def units(self, level: str, vintage: int = 2020) -> gpd.GeoDataFrame:
        """Geometry (EPSG:4269) of the units of a census vintage (2010, 2020): see ``Geography.units``."""
        return self.geography.units(level, vintage)

    def unit_of_block(self, level: str, vintage: int) -> tuple[npt.NDArray[np.str_], IntArray]:
        """Identifiers of a level for an ACS vintage, and which of them each block lies in."""
        blocks = self.geography.blocks
        if level == "county":
            return np.array([STATE + COUNTY]), np.zeros(len(blocks), dtype=np.int64)
        key = _KEY[level] + ("10" if vintage < 2020 and level != "block" else "")
        if key not in self._units:
            geoid, unit = np.unique(blocks[key].to_numpy().astype(str), return_inverse=True)
            self._units[key] = geoid, unit.astype(np.int64)
        return self._units[key]

    def tables(self, vintage: int = 2024) -> Mapping[str, Table | MedianTable]:
        """Layouts of the tables of a vintage, by name."""
        return _layouts(vintage)

    def _layout(self, table: str, vintage: int) -> tuple[Table | MedianTable, IntArray]:
        known = self.tables(vintage)
        if table not in known:
            raise LayerError(f"Nowhere has no table {table!r}.", remedy="ask for one of " + ", ".join(known))
        key = (table, vintage)
        if key not in self._codes:
            self._codes[key] = codes(known[table], self.people[vintage])
        return known[table], self._codes[key]

    def block_counts(self, vintage: int = 2024, noise: float = 0.0) -> pd.DataFrame:
        """Full counts by 2020 block: ``geoid``, ``population``, ``housing_units``, ``p2_hispanic``, ``p2_white``, ...

        Parameters
        ----------
        vintage : {2014, 2024}
            Which population is counted.
        noise : float
            Standard deviation of whole-number noise on every count of people (the Bureau's disclosure noise is about
            3); housing units stay exact.
        """
        people, count = self.people[vintage], len(self.geography.blocks)
        block = people.persons["block"].to_numpy()
        hispanic = people.persons["hispanic"].to_numpy(dtype=bool)
        race = np.minimum(people.persons["race"].to_numpy(), 6)  # two or more races in one
        frame = {"population": np.bincount(block, minlength=count)}
        frame["p2_hispanic"] = np.bincount(block[hispanic], minlength=count)
        for number, name in enumerate(P2_GROUPS):
            frame[name] = np.bincount(block[~hispanic & (race == number)], minlength=count)
        rng = np.random.default_rng([self.seed, 4, vintage])
        homes = np.bincount(people.households["block"].to_numpy(), minlength=count)
        vacant = empty_homes(homes, rng)
        if noise > 0:
            land = homes > 0
            names = ["p2_hispanic", *P2_GROUPS]
            for name in names:
                frame[name] = np.maximum(frame[name] + land * np.rint(rng.normal(0, noise, count)).astype(np.int64), 0)
            frame["population"] = np.sum([frame[name] for name in names], axis=0)
        geoid = self.geography.blocks["geoid"].to_numpy()
        return pd.DataFrame({"geoid": geoid, **frame, "housing_units": homes + vacant})

    def truth(self, table: str, vintage: int = 2024, level: str = "block group") -> pd.DataFrame:
        """What the table would say if everybody were asked.

        Parameters
        ----------
        level : {'county', 'tract', 'block group', 'block'}

        Returns
        -------
        DataFrame
            Indexed by GEOID, columns ``B25003_001``...; a median is NaN where there is nobody.
        """
        geoid, unit = self.unit_of_block(level, vintage)
        return pd.DataFrame(
            self._true(table, vintage, unit, len(geoid)),
            index=geoid,
            columns=list(columns(self._layout(table, vintage)[0])),
        )

    def truth_in(self, table: str, where: BaseGeometry | Sequence[str], vintage: int = 2024) -> pd.Series[float]:
        """The truth for a polygon (EPSG:4326, by where people live) or for a list of block GEOIDs."""
        people = self.people[vintage]
        inside = self._address_in(where, people)
        layout, code = self._layout(table, vintage)
        entity = "household" if isinstance(layout, MedianTable) else layout.entity
        if entity == "person":
            code = np.where(inside[people.persons["address"].to_numpy()], code, -1)
        else:
            lived_in = inside[: len(people.households)]
            empty = self._empty_in(where, people) if entity == "home" else lived_in[:0]
            code = np.where(np.concatenate([lived_in, empty]), code, -1)
        everywhere = np.zeros(len(self.geography.blocks), dtype=np.int64)
        found = self._true(table, vintage, everywhere, 1, code)
        return pd.Series(found[0], index=list(columns(layout)), dtype=float)

    def people_in(self, where: BaseGeometry | Sequence[str], vintage: int = 2024) -> BoolArray:
        """Which rows of ``persons`` live in a polygon (EPSG:4326) or in some blocks."""
        people = self.people[vintage]
        return np.asarray(self._address_in(where, people)[people.persons["address"].to_numpy()], dtype=np.bool_)

    def _address_in(self, where: BaseGeometry | Sequence[str], people: Population) -> BoolArray:
        if isinstance(where, BaseGeometry):
            count = len(people.households)
            lon, lat = (people.households[name].to_numpy() for name in ("lon", "lat"))
            middle = shapely.get_coordinates(shapely.point_on_surface(self.geography.blocks.geometry.to_numpy()))
            quarters = middle[people.address_block[count:]]  # group quarters stand in the middle of their block
            shapely.prepare(where)
            x, y = np.concatenate([lon, quarters[:, 0]]), np.concatenate([lat, quarters[:, 1]])
            return np.asarray(shapely.contains_xy(where, x, y), dtype=np.bool_)
        return np.asarray(self._chosen(where)[people.address_block], dtype=np.bool_)

    def _chosen(self, where: Sequence[str]) -> BoolArray:
        """Which blocks are named, (B,)."""
        named = set(where)
        return np.array([geoid in named for geoid in self.geography.blocks["geoid"]], dtype=np.bool_)

    def _empty_in(self, where: BaseGeometry | Sequence[str], people: Population) -> BoolArray:
        """Which of the homes that stand empty lie in a polygon or in some blocks."""
        if isinstance(where, BaseGeometry):
            inside = shapely.contains_xy(where, people.empty["lon"].to_numpy(), people.empty["lat"].to_numpy())
            return np.asarray(inside, dtype=np.bool_)
        return np.asarray(self._chosen(where)[people.empty["block"].to_numpy()], dtype=np.bool_)

    def _true(
        self, table: str, vintage: int, unit_of_block: IntArray, units: int, code: IntArray | None = None
    ) -> FloatArray:
        layout, known = self._layout(table, vintage)
        leaf = known if code is None else code
        people = self.people[vintage]
        if isinstance(layout, MedianTable):
            part = people.households[leaf >= 0]
            medians = part[layout.column].groupby(unit_of_block[part["block"].to_numpy()]).median()
            return medians.reindex(range(units)).to_numpy(dtype=float)[:, None]
        frame = people.of(layout.entity)
        inside, leaves = leaf >= 0, layout.lines.shape[1]
        cell = unit_of_block[frame["block"].to_numpy()[inside]] * leaves + leaf[inside]
        counts = np.bincount(cell, minlength=units * leaves).reshape(units, leaves)
        return np.asarray(counts @ layout.lines.T.astype(float), dtype=np.float64)

    def sample(
        self, vintage: int = 2024, draw_seed: int = 0, tables: Sequence[str] | None = None
    ) -> dict[str, pd.DataFrame]:
        """Draw one survey and tabulate it as the Bureau publishes it.

        Parameters
        ----------
        vintage : {2014, 2024}
        draw_seed : int
            Number of the draw: the same people are interviewed for every table.
        tables : sequence of str, optional
            All tables by default.

        Returns
        -------
        dict of str to DataFrame
            ``GEO_ID`` and whole numbers ``B25003_E001``, ``B25003_M001``, ...; county, tracts, block groups (where the
            table has them); sentinels as in the summary file: margin -555555555 for a controlled estimate,
            -666666666 / -222222222 for a median on too few interviews, -333333333 for an open one.
        """
        sample = self._draw(vintage, draw_seed)
        names = list(self.tables(vintage)) if tables is None else list(tables)
        return {name: self._publish(name, vintage, sample) for name in names}

    def tabulate(
        self, table: Table, vintage: int, draw_seed: int, level: str
    ) -> tuple[npt.NDArray[np.str_], FloatArray, FloatArray]:
        """A special tabulation of one survey, which is not among its own tables: areas, estimates and 90 % margins.

        Returns
        -------
        geoid : (U,) str
        estimate, moe : (U, L) float
        """
        geoid, unit = self.unit_of_block(level, vintage)
        sample = self._draw(vintage, draw_seed)
        found = survey.count_cells(table, codes(table, self.people[vintage]), sample, unit, len(geoid))
        return geoid, found.estimate, survey.margins(found, sample)

    def _draw(self, vintage: int, draw_seed: int) -> survey.Sample:
        rng, empty = (np.random.default_rng([self.seed, number, vintage, draw_seed]) for number in (5, 14))
        return survey.draw(self.people[vintage], self.unit_of_block("block group", vintage)[1], rng, empty)

    def _publish(self, name: str, vintage: int, sample: survey.Sample) -> pd.DataFrame:
        layout, _ = self._layout(name, vintage)
        parts = []
        for level, prefix in SUMMARY_LEVELS.items():
            if level == "block group" and layout.tract_only:
                continue
            geoid, unit = self.unit_of_block(level, vintage)
            estimate, moe, _ = self._estimate(name, vintage, sample, unit, len(geoid))
            if level == "county" and isinstance(layout, Table) and layout.controlled:
                moe[0, layout.controlled - 1] = survey.CONTROLLED
            both = np.stack([estimate, moe], axis=2).reshape(len(geoid), -1).astype(np.int64)
            parts.append(pd.DataFrame(both, index=[prefix + g for g in geoid]))
        frame = pd.concat(parts)
        lines = [code[-3:] for code in columns(layout)]
        frame.columns = pd.Index([f"{name}_{kind}{line}" for line in lines for kind in "EM"])
        return frame.rename_axis("GEO_ID").reset_index()

    def _estimate(
        self, name: str, vintage: int, sample: survey.Sample, unit: IntArray, units: int
    ) -> tuple[FloatArray, FloatArray, IntArray]:
        layout, code = self._layout(name, vintage)
        if isinstance(layout, MedianTable):
            amount = self.people[vintage].households[layout.column].to_numpy(dtype=float)
            estimate, moe, cases = survey.median_cells(layout, code, amount, sample, unit, units)
            return estimate[:, None], moe[:, None], cases[:, None]
        found = survey.count_cells(layout, code, sample, unit, units)
        return found.estimate, survey.margins(found, sample), found.cases

    def draws(self, table: str, n: int, seed: int = 0, vintage: int = 2024, level: str = "block group") -> Draws:
        """Draw the survey ``n`` times and tabulate one table at one level.

        Draw ``i`` is the sample with ``draw_seed`` ``seed + i``, so that several tables of one seed belong together.
        """
        return self.draws_of([table], n, seed, vintage, level)[table]

    def draws_of(
        self, tables: Sequence[str], n: int, seed: int = 0, vintage: int = 2024, level: str = "block group"
    ) -> dict[str, Draws]:
        """As ``draws``, for several tables of the same samples."""
        geoid, unit = self.unit_of_block(level, vintage)
        kept: dict[str, list[tuple[FloatArray, FloatArray, IntArray]]] = {name: [] for name in tables}
        for number in range(seed, seed + n):
            sample = self._draw(vintage, number)
            for name in tables:
                kept[name].append(self._estimate(name, vintage, sample, unit, len(geoid)))
        found = {}
        for name, some in kept.items():
            estimate, moe = np.stack([one[0] for one in some]), np.stack([one[1] for one in some])
            cases = np.stack([one[2] for one in some])
            for values in (estimate, moe):
                values[values <= survey.CONTROLLED] = np.nan
                values[values == survey.OPEN_MARGIN] = np.nan
                values[values == survey.NO_MEDIAN_MARGIN] = np.nan
            found[name] = Draws(geoid, columns(self._layout(name, vintage)[0]), estimate, moe, cases)
        return found

    @cached_property
    def district(self) -> BaseGeometry:
        """Boundary of the district ``nowhere-invented`` in EPSG:4326: whole block groups inside, others cut."""
        return district_polygon(self)


def district_polygon(county: County, people: int = DISTRICT_PEOPLE) -> BaseGeometry:
    """A sixteen-sided shape over the quarters under pressure, sized to hold about so many people (2024)."""
    rng = np.random.default_rng([county.seed, 6])
    wobble = rng.uniform(0.82, 1.18, 16)
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False, dtype=np.float64) + 0.1
    centre = np.array([-70.0105, 38.8045])
    low, high = 200.0, 5000.0
    for _ in range(30):
        radius = (low + high) / 2
        shape = _ring(centre, radius * wobble, angle)
        if int(county.people_in(shape).sum()) > people:
            high = radius
        else:
            low = radius
    return shape


def _ring(centre: FloatArray, radius: FloatArray, angle: FloatArray) -> BaseGeometry:
    """Polygon around a centre; metres to degrees at the county's latitude."""
    lon = centre[0] + radius * np.cos(angle) / 86_800.0
    lat = centre[1] + radius * np.sin(angle) / 111_000.0
    return shapely.Polygon(np.round(np.stack([lon, lat], axis=1), 6))


@lru_cache(maxsize=4)
def _layouts(vintage: int) -> dict[str, Table | MedianTable]:
    return layouts(vintage)


@lru_cache(maxsize=2)
def county(seed: int = 2020) -> County:
    """The county of a seed, made once a process."""
    return County(seed)
