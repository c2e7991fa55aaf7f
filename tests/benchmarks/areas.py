"""Benchmark 4: counts of thousands of block groups brought to districts that cut them, with margins.

Ours are weights by land and the product's own reducer: a share, its two counts, and the margins of all. Rivals give the
two counts and no margins. Nothing but outlines is given to any of them, since rivals cannot use blocks.

``python -m tests.benchmarks.bench --only areas``
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from justgeo.core.field import Cells, CountField, Counts
from justgeo.core.layer import FloatArray, Layer, Provenance
from justgeo.core.result import Column
from justgeo.core.zones import Units, Zones
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.benchmarks.timing import goal, markdown, race, told, versions

CRS = "+proj=laea +lat_0=38 +lon_0=-78.5 +datum=WGS84 +units=m"
GROUPS, DISTRICTS, ROUNDS = 3_600, (1, 10, 100, 1_000), 3
LIMIT = 1.0
SIDE_M, STEPS = 1_000.0, 10
OURS, TOBLER, OVERLAY = "justgeo, with margins", "tobler", "geopandas overlay"
COUNTS = ("renters", "households")


@dataclass(frozen=True)
class Case:
    """A county of block groups with counts and margins, and districts in it."""

    groups: gpd.GeoDataFrame
    districts: gpd.GeoSeries


def case(groups: int, districts: int, seed: int = 3) -> Case:
    """Winding cells of a grid; districts are winding discs of some 5 to 60 block groups, which may overlap."""
    rng = np.random.default_rng(seed)
    cells = _cells(round(np.sqrt(groups)), rng)
    households = rng.integers(150, 900, len(cells)).astype(float)
    renters = np.floor(households * rng.uniform(0.05, 0.9, len(cells)))
    frame = gpd.GeoDataFrame(
        {
            "geoid": [f"99001{k // 9 + 1:06d}{k % 9 + 1}" for k in range(len(cells))],
            "renters": renters,
            "households": households,
            "renters_moe": np.round(12.0 + 4.0 * np.sqrt(renters)),
            "households_moe": np.round(12.0 + 3.0 * np.sqrt(households)),
        },
        geometry=cells,
        crs=CRS,
    )
    side = SIDE_M * round(np.sqrt(groups))
    return Case(frame, gpd.GeoSeries([_blob(side, rng) for _ in range(districts)], crs=CRS))


def ours(some: Case) -> Column:
    """Weights and the share of renters, with all margins; the counts are its numerator and denominator."""
    return column(some, weights_of(some))


def weights_of(some: Case) -> Weights:
    """Made once for all tables."""
    groups = some.groups
    invented = Provenance("block_groups", "invented", "winding cells", "not stated", synthetic=True)
    layer = Layer("block_groups", groups[["geoid", "geometry"]], invented, None, "block group", 2020)
    ids = tuple(f"d{k}" for k in range(len(some.districts)))
    n = len(ids)
    zones = Zones(ids, ids, ("peer",) * n, ("",) * n, some.districts)
    return Weights.build(zones, None, [layer], CRS)


def column(some: Case, weights: Weights) -> Column:
    """One table of these areas."""
    groups = some.groups
    geoid = groups["geoid"].to_numpy(dtype=np.str_)
    units = Units(geoid, np.full(len(geoid), "block group"), 2020)
    top, bottom = (Counts(Cells((name,), *_columns(groups, name))) for name in COUNTS)
    field = CountField(units, top, bottom, "land", "share", "households")
    return reduce(field, weights, reference=None, settings=ReduceSettings())


def tobler(some: Case) -> FloatArray:
    """Counts by area, (districts, 2)."""
    from tobler.area_weighted import area_interpolate

    frame = gpd.GeoDataFrame(geometry=some.districts)
    made = area_interpolate(some.groups, frame, extensive_variables=list(COUNTS), allocate_total=False)
    return np.asarray(made[list(COUNTS)].to_numpy(), dtype=np.float64)


def overlay(some: Case) -> FloatArray:
    """Counts by area, (districts, 2), as the user guide of geopandas has it."""
    groups = some.groups[[*COUNTS, "geometry"]].assign(whole=some.groups.area)
    districts = gpd.GeoDataFrame({"district": range(len(some.districts))}, geometry=some.districts)
    pieces = gpd.overlay(groups, districts, how="intersection", keep_geom_type=True)
    part = pieces.area / pieces["whole"]
    sums = pd.DataFrame({name: pieces[name] * part for name in COUNTS}).groupby(pieces["district"]).sum()
    return np.asarray(sums.reindex(range(len(some.districts))).to_numpy(), dtype=np.float64)


def counts(made: Column) -> FloatArray:
    """What ours has of the same, (districts, 2)."""
    return np.stack([made.numerator, made.denominator], axis=1)


def ways() -> Mapping[str, Callable[[Case], object]]:
    """Those that can be tried here."""
    there = {TOBLER: tobler} if importlib.util.find_spec("tobler") else {}
    return {OURS: ours, **there, OVERLAY: overlay}


def section(groups: int = GROUPS, districts: tuple[int, ...] = DISTRICTS, rounds: int = ROUNDS) -> str:
    """Time and ratios for each number of districts, and how far the counts agree."""
    lines, ratios, apart = [], [], []
    for number in districts:
        some = case(groups, number)
        made = weights_of(some)
        column(some, made)
        times = race({name: partial(way, some) for name, way in ways().items()}, rounds)
        again = race({"again": partial(column, some, made)}, rounds)["again"]
        fastest = min((name for name in times if name != OURS), key=lambda name: times[name].cpu_seconds)
        ratios.append(times[OURS].over(times[fastest]))
        cells = [*(times[name].cpu_seconds for name in times), again.cpu_seconds]
        lines.append([f"{number:,}", *map(told, cells), fastest, f"{ratios[-1]:.2f}"])
        apart.append(_apart(some))
    head = (
        "districts",
        *(f"{name}, CPU ms" for name in ways()),
        "a further table, CPU ms",
        "faster rival",
        "justgeo over it",
    )
    goals = [
        goal(f"{number:,} district{'s' * (number > 1)}, over the faster of tobler and overlay", ratio, LIMIT)
        for number, ratio in zip(districts, ratios, strict=True)
    ]
    middle, most = (100 * max(one[k] for one in apart) for k in (0, 1))
    return "\n\n".join(
        [TEXT.format(groups=f"{groups:,}", rounds=rounds), *goals, markdown(head, lines),
         EQUAL.format(middle=f"{middle:.2g}", most=f"{most:.2g}"), WHY,
         "Rivals: " + versions("tobler", "geopandas", "shapely") + "."]
    )  # fmt: skip


def _apart(some: Case) -> tuple[float, float]:
    """Median and largest relative difference of our counts from the rivals'."""
    mine = counts(ours(some))
    found = [np.abs(mine / way(some) - 1.0) for name, way in ((OVERLAY, overlay), (TOBLER, tobler)) if name in ways()]
    return float(np.median(found)), float(np.max(found))


def _columns(frame: gpd.GeoDataFrame, name: str) -> tuple[FloatArray, FloatArray]:
    return frame[[name]].to_numpy(dtype=np.float64), frame[[f"{name}_moe"]].to_numpy(dtype=np.float64)


def _cells(side: int, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Cells of a shaken grid; neighbours share an edge of `STEPS` pieces."""
    x, y = np.meshgrid(np.arange(side + 1) * SIDE_M, np.arange(side + 1) * SIDE_M)
    corner = np.dstack([x, y]) + rng.uniform(-0.2, 0.2, (side + 1, side + 1, 2)) * SIDE_M
    step = np.linspace(0, 1, STEPS + 1)[:-1, None]

    def wind(a: FloatArray, b: FloatArray) -> FloatArray:
        lines = a[:, :, None, :] * (1 - step) + b[:, :, None, :] * step
        lines[:, :, 1:] += rng.normal(0, 0.015 * SIDE_M, lines[:, :, 1:].shape)
        return np.asarray(lines)

    across, up = wind(corner[:, :-1], corner[:, 1:]), wind(corner[:-1], corner[1:])

    def back(line: FloatArray, end: FloatArray) -> FloatArray:
        return np.concatenate([end[None], line[:0:-1]])

    return [
        shapely.Polygon(
            np.concatenate(
                [
                    across[j, i],
                    up[j, i + 1],
                    back(across[j + 1, i], corner[j + 1, i + 1]),
                    back(up[j, i], corner[j + 1, i]),
                ]
            )
        )
        for j in range(side)
        for i in range(side)
    ]


def _blob(side: float, rng: np.random.Generator) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = sum(rng.uniform(-0.12, 0.12) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5))
    radius = rng.uniform(1.3, 4.4) * SIDE_M * (1.0 + waves)
    middle = rng.uniform(0.15, 0.85, 2) * side
    return shapely.Polygon(np.stack([middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle)], axis=1))


TEXT = """\
Renters and households of {groups} invented block groups, brought to districts of some 5 to 60 of them that cut their
edges. Each way starts from the two layers and ends with the counts of every district; ours gives the share of renters
besides, and of all three the margin with its parts from sampling and from the cut. Medians of {rounds} rounds."""

EQUAL = """\
**What was equal.** All divide by area. Ours leaves out strips of a mean width of up to 10 m that are below 2 % of a
block group, since two drawings of one street do not agree to the metre; so its counts differ from those of the others
by {middle} % in the middle and {most} % at most, at the worst number of districts. Only ours carries margins."""

WHY = """\
Cutting is what costs at many districts. At few of them, what ours does once for a county counts: a point in each area
(for the range over the rules of apportionment), ids looked up, outlines checked. *A further table* of the same areas
needs none of it, as in a run that asks some hundred; tobler's own table of areas can be handed on in the same way."""
