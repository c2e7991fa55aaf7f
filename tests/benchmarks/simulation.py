"""Places of Nowhere whose numbers are asked for again and again: whole block groups, whole tracts, cut districts.

Shared by ``coverage.py`` (the full run, whose tables are in ``docs/coverage.md``) and ``tests/test_coverage.py`` (a
short one). Weights are made by ``Weights.build``, exactly as in a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import read as catalogue
from justgeo.core.district import metric_crs
from justgeo.core.expression import parse
from justgeo.core.field import Weight
from justgeo.core.layer import BoolArray, FloatArray, IntArray, Layer, Provenance
from justgeo.core.result import Indicator
from justgeo.core.zones import Role, Units, Zones
from justgeo.measure import nesting
from justgeo.measure.apportion import Weights
from justgeo.synthetic import County
from justgeo.synthetic.layouts import MedianTable, Table, columns

LEVELS = ("county", "tract", "block group")
VINTAGE = 2024
ENOUGH_CASES = 10
_EXPRESSIONS = ("numerator", "denominator", "components", "denominator_components", "complement")


def rows() -> tuple[Indicator, ...]:
    """Every share of the catalogue that comes from a table of the survey that Nowhere has, for all people."""
    shares = [row for row in catalogue.indicators() if row.field == "acs_share" and row.aggregate == "share"]
    return tuple(row for row in shares if row.parameters.get("when", "t1") == "t1")


def tables(some: Sequence[Indicator]) -> list[str]:
    """Tables behind some rows."""
    texts = [str(row.parameters[key]) for row in some for key in _EXPRESSIONS if key in row.parameters]
    return sorted({table for text in texts for table in parse(text).tables})


def whole_sets(county: County, sizes: Sequence[int], each: int, seed: int) -> list[list[str]]:
    """Random sets of neighbouring block groups (GEOIDs), ``each`` of every size; none without people."""
    return _sets(county, "block group", sizes, each, seed)


def tract_sets(county: County, sizes: Sequence[int], each: int, seed: int) -> list[list[str]]:
    """The same of neighbouring whole tracts, as the GEOIDs of all their block groups."""
    groups = sorted(county.units("block group")["geoid"])
    return [[g for g in groups if g[:11] in some] for some in _sets(county, "tract", sizes, each, seed)]


def _sets(county: County, level: str, sizes: Sequence[int], each: int, seed: int) -> list[list[str]]:
    frame = county.units(level)
    people = county.truth("B01003", VINTAGE, level).iloc[:, 0].reindex(frame["geoid"]).to_numpy()
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


Inside = tuple[str, ...] | BaseGeometry
"""Block groups of a zone, or its shape (EPSG:4326): where its true people are."""


@dataclass(frozen=True)
class Places:
    """Zones with their weights; the last zone is the reference, the county.

    Attributes
    ----------
    kind : (Z,) str
        ``"county"``, ``"cut"``, or what its block groups were given as.
    reference : int
    inside : tuple
        Z of them.
    """

    weights: Weights
    kind: npt.NDArray[np.str_]
    reference: int
    inside: tuple[Inside, ...]

    def __len__(self) -> int:
        return len(self.inside)

    def of(self, kind: str) -> BoolArray:
        """Zones of a kind, (Z,)."""
        return np.asarray(self.kind == kind, dtype=np.bool_)

    @cached_property
    def within(self) -> BoolArray:
        """Zones of which at least 99 % lies in the county, as a run asks before it takes the overlap out, (Z,)."""
        shapes = self.weights.zones.geometry.to_numpy()
        common = shapely.area(shapely.intersection(shapes, shapes[self.reference]))
        return np.asarray(common >= 0.99 * shapely.area(shapes), dtype=np.bool_)

    def truth(self, county: County, names: Sequence[str]) -> dict[str, FloatArray]:
        """What every cell of some tables would say of each zone if everybody were asked, (Z,) by cell.

        As ``County.truth_in``, which a test compares it with, but each place is looked for once.
        """
        people = county.people[VINTAGE]
        address = people.persons["address"].to_numpy()
        known = {name: county._layout(name, VINTAGE) for name in names}
        found: list[list[FloatArray]] = []
        for zone in self.inside:
            where = zone if isinstance(zone, BaseGeometry) else _blocks(county, zone)
            at = county._address_in(where, people)
            lived_in = at[: len(people.households)]
            homes = np.concatenate([lived_in, county._empty_in(where, people)])
            living = {"household": lived_in, "person": at[address], "home": homes}
            found.append([_asked(*known[name], living, people.households) for name in names])
        codes = [columns(known[name][0]) for name in names]
        together = [np.stack([one[at] for one in found]) for at in range(len(names))]
        return {c: table[:, k] for cs, table in zip(codes, together, strict=True) for k, c in enumerate(cs)}


def _blocks(county: County, groups: tuple[str, ...]) -> list[str]:
    """Blocks of some block groups."""
    blocks = county.geography.blocks["geoid"].astype(str)
    return list(blocks[blocks.str[:12].isin(groups)])


def _asked(
    layout: Table | MedianTable, code: IntArray, living: dict[str, BoolArray], households: pd.DataFrame
) -> FloatArray:
    """One table of those who live in a place, (L,)."""
    if isinstance(layout, MedianTable):
        values = households[layout.column].to_numpy(dtype=np.float64)[living["household"] & (code >= 0)]
        return np.array([np.median(values) if len(values) else np.nan])
    leaf = code[living[layout.entity] & (code >= 0)]
    held = np.bincount(leaf, minlength=layout.lines.shape[1])
    return np.asarray(layout.lines.astype(np.float64) @ held, dtype=np.float64)


class Kept(Weights):
    """Weights that find only once which published unit each zone is: as many thousand surveys ask."""

    def identity(self, units: Units, weight: Weight, usable: BoolArray | None = None) -> IntArray:
        """See ``Weights.identity``."""
        key = ("identity", nesting.digest(units), weight, b"" if usable is None else usable.tobytes())
        return self._once(key, lambda: super(Kept, self).identity(units, weight, usable))


def _layers(county: County, noise: float) -> tuple[Layer, list[Layer]]:
    """Blocks with their counts, and the published units."""
    made = Provenance("blocks", "justgeo.synthetic", "Nowhere (invented)", "2020", synthetic=True)
    frame = county.geography.blocks[["geoid", "land_m2", "geometry"]]
    counts = county.block_counts(VINTAGE, noise)[["geoid", "population", "housing_units"]]
    blocks = Layer("blocks", frame.merge(counts, on="geoid"), made, None, "block", 2020)
    units = [Layer(level, county.units(level), made, None, level, 2020) for level in LEVELS]
    return blocks, units


def places(
    county: County,
    sets: Sequence[Sequence[str]] = (),
    shapes: Sequence[BaseGeometry] = (),
    noise: float = 0.0,
    kinds: Sequence[str] = (),
) -> Places:
    """Zones of whole block groups (lists of GEOIDs) and of free shapes (EPSG:4326), and the county.

    ``kinds`` names the sets one by one, ``"set"`` for all by default.
    """
    blocks, units = _layers(county, noise)
    whole = units[0].features
    crs = metric_crs(whole.to_crs(4326).geometry.iloc[0])
    groups = units[-1].features.set_index("geoid").geometry.to_crs(crs)
    drawn = [shapely.union_all(groups.loc[list(ids)].to_numpy()) for ids in sets]
    free = list(gpd.GeoSeries(list(shapes), crs=4326).to_crs(crs)) if shapes else []
    county_shape = whole.to_crs(crs).geometry.iloc[0]
    count = len(drawn) + len(free)
    kind = np.array([*(kinds or ["set"] * len(sets)), *(["cut"] * len(free)), "county"])
    roles: list[Role] = ["area"] * count
    ids = (*(f"z{i}" for i in range(count)), "reference")
    geometry = gpd.GeoSeries([*drawn, *free, county_shape], crs=crs)
    zones = Zones(ids, ids, (*roles, "reference"), ("",) * (count + 1), geometry)
    inside: list[Inside] = [*(tuple(s) for s in sets), *shapes, tuple(units[-1].data["geoid"])]
    return Places(Kept.build(zones, blocks, units, crs), kind, count, tuple(inside))
