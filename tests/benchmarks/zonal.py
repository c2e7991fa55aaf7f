"""Benchmark 3: means of a grid over 2,000 zones, the first raster and each further one of the same grid.

Zones tile a plane with jagged edges that neighbours share; rasters are in memory, in an equal-area CRS, and have other
missing pixels each. Rivals come with the benchmark extra; what is not there has no line.

``python -m tests.benchmarks.zonal --zones 2000 --rounds 5``
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import cycle

import geopandas as gpd
import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS

from justgeo.core.layer import FloatArray, Provenance, Raster
from justgeo.measure import pixels
from justgeo.measure.pixels import Coverage, cover
from justgeo.measure.zonal import zonal_mean
from tests.benchmarks.timing import GOAL, Times, goal, machine, markdown, race, told, versions

ZONES, ROUNDS = 2_000, 5
PIXEL, YEARS, MISSING = 30.0, 5, 0.03
SIDES = {"as large as block groups": (600.0, 10), "as large as tracts": (2000.0, 25)}
"""Metres a side, and corners of each side."""
FIRST_LIMIT, NEXT_LIMIT = 1.1, 0.2
ALBERS = CRS.from_epsg(5070).to_wkt()
WEST, NORTH = 1_500_000.0, 1_600_000.0
FIRST, NEXT, WET = "justgeo, first raster", "justgeo, each next", "justgeo, each next, water taken out"
COVERED = "of the first: coverage alone"
BARE, HANDED, TOGETHER = (
    "exactextract, bare",
    "exactextract, bare, handed WKB",
    "exactextract, bare, five in one call, each",
)
RASTERSTATS = "rasterstats"


# --- zones and rasters ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Zones, some years of a quantity and a land cover; all of one grid."""

    zones: gpd.GeoSeries
    years: tuple[Raster, ...]
    legend: Raster

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(geometry=self.zones)

    def source(self, year: Raster, name: str | None = None) -> NumPyRasterSource:
        a, _, west, _, e, north = year.transform
        rows, cols = year.values.shape
        bounds = west, north + e * rows, west + a * cols, north
        return NumPyRasterSource(year.values, *bounds, name=name, srs_wkt=ALBERS)


def case(number: int = ZONES, side: float = 600.0, corners: int = 10, seed: int = 3) -> Case:
    """So many zones of about so many metres a side, each side a jagged line of so many corners."""
    rng = np.random.default_rng(seed)
    zones = _tiles(number, side, corners, rng)
    _, south, east, _ = zones.total_bounds
    shape = int((NORTH - south) // PIXEL) + 2, int((east - WEST) // PIXEL) + 2
    years = []
    for _ in range(YEARS):
        values = rng.uniform(0.0, 100.0, shape)
        values[rng.random(shape) < MISSING] = np.nan
        years.append(_raster(values))
    return Case(zones, tuple(years), _raster(rng.choice([11.0, 21.0, 22.0, 41.0], shape)))


def _raster(values: FloatArray) -> Raster:
    made = Provenance("made", "invented", "", "", synthetic=True)
    return Raster(values, (PIXEL, 0.0, WEST, 0.0, -PIXEL, NORTH), ALBERS, made)


def _tiles(number: int, side: float, corners: int, rng: np.random.Generator) -> gpd.GeoSeries:
    """A lattice whose nodes and lines are shaken; the first pixels of the grid lie outside."""
    n = int(np.ceil(np.sqrt(number)))
    node = side * np.stack(np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0), indexing="ij"), axis=-1)
    node += rng.uniform(-0.12, 0.12, node.shape) * side + np.array([WEST + side, NORTH - side * (n + 1)])

    def line(one: FloatArray, other: FloatArray) -> FloatArray:
        along = np.linspace(0.0, 1.0, corners + 1)[:-1, None]
        off = rng.normal(0.0, 0.25 * side / corners, (corners, 2))
        off[0] = 0.0
        return one + along * (other - one) + off

    across = {(i, j): line(node[i, j], node[i + 1, j]) for i in range(n) for j in range(n + 1)}
    up = {(i, j): line(node[i, j], node[i, j + 1]) for i in range(n + 1) for j in range(n)}
    shapes = []
    for k in range(number):
        i, j = divmod(k, n)
        there, back = [across[i, j], up[i + 1, j], node[i + 1, j + 1][None]], [up[i, j], across[i, j + 1]]
        ring = np.concatenate([*there, back[1][:0:-1], node[i, j + 1][None], back[0][:0:-1]])
        shapes.append(shapely.make_valid(shapely.Polygon(ring)))
    return gpd.GeoSeries(shapes, crs=ALBERS)


# --- ways -------------------------------------------------------------------------------------------------------------


def bare(some: Case, year: Raster) -> FloatArray:
    """exactextract as its documentation has it."""
    told_ = exact_extract(some.source(year), some.frame, ["mean"], output="pandas")
    return told_["mean"].to_numpy(dtype=np.float64)


def handed(some: Case, year: Raster) -> FloatArray:
    """The same, with zones as we hand them over."""
    zones = pixels._Shapes(some.zones.to_numpy(), ALBERS)
    return exact_extract(some.source(year), zones, ["mean"], output="pandas")["mean"].to_numpy(dtype=np.float64)


def together(some: Case) -> None:
    """All years in one call, which cuts the pixels once; they have to be there at once."""
    sources = [some.source(year, f"y{k}") for k, year in enumerate(some.years)]
    exact_extract(sources, some.frame, ["mean"], output="pandas")


def by_rasterstats(some: Case, year: Raster) -> FloatArray:
    from affine import Affine
    from rasterstats import zonal_stats

    found = zonal_stats(some.frame, year.values, affine=Affine(*year.transform), stats=["mean"], nodata=np.nan)
    return np.array([np.nan if one["mean"] is None else one["mean"] for one in found], dtype=np.float64)


def first(some: Case, year: Raster) -> FloatArray:
    return zonal_mean(year, some.zones).mean


def ways(some: Case, covered: Coverage) -> Iterator[tuple[str, Callable[[], object]]]:
    """Those that can be tried here; every way takes another year each round."""
    yield FIRST, _yearly(some, partial(first, some))
    yield COVERED, lambda: cover(some.years[0], some.zones)
    yield NEXT, _yearly(some, lambda year: zonal_mean(year, covered))
    yield WET, _yearly(some, lambda year: zonal_mean(year, covered, mask=some.legend))
    yield BARE, _yearly(some, partial(bare, some))
    yield HANDED, _yearly(some, partial(handed, some))
    yield TOGETHER, partial(together, some)
    if importlib.util.find_spec("rasterstats"):
        yield RASTERSTATS, _yearly(some, partial(by_rasterstats, some))


def _yearly(some: Case, way: Callable[[Raster], object]) -> Callable[[], object]:
    years = cycle(some.years)
    return lambda: way(next(years))


# --- the table --------------------------------------------------------------------------------------------------------


def section(zones: int = ZONES, rounds: int = ROUNDS) -> str:
    """Times, ratios and what was equal, in Markdown."""
    goals, tables = [], []
    for name, (side, corners) in SIDES.items():
        some = case(zones, side, corners)
        covered = cover(some.years[0], some.zones)
        found = race(dict(ways(some, covered)), rounds)
        goals += [
            goal(f"first raster, zones {name}, over exactextract bare", found[FIRST].over(found[BARE]), FIRST_LIMIT),
            goal(f"each next, zones {name}, over exactextract bare", found[NEXT].over(found[BARE]), NEXT_LIMIT),
        ]
        tables += [_title(some, covered, name), _table(found), _equal(some, covered)]
    rivals = "Rivals: " + versions("exactextract", "rasterstats") + "."
    return "\n\n".join([TEXT.format(zones=zones, rounds=rounds, years=YEARS), *goals, *tables, WHY, rivals])


def _title(some: Case, covered: Coverage, name: str) -> str:
    rows, cols = some.legend.values.shape
    corners = shapely.get_num_coordinates(some.zones.to_numpy()).mean()
    return (
        f"**{len(some.zones):,} zones {name}**: {corners:.0f} corners each, {touched(covered):,} pixels touched on a "
        f"grid of {rows:,} by {cols:,}; the coverage takes {kept_bytes(covered) / 1e6:.1f} MB, a raster "
        f"{some.legend.values.nbytes / 1e6:.1f} MB"
    )


def touched(covered: Coverage) -> int:
    """Pairs of zone and pixel."""
    return sum(int(one.single.nnz + (one.runs[1::2] - one.runs[0::2]).sum()) for one in covered.kept)


def kept_bytes(covered: Coverage) -> int:
    """Memory that a coverage keeps for the next raster."""
    held = [(one.single.data, one.single.indices, one.single.indptr, one.runs, one.zone) for one in covered.kept]
    return sum(int(array.nbytes) for one in held for array in one)


def _table(found: dict[str, Times]) -> str:
    lines = []
    for name, time in found.items():
        part = YEARS if name == TOGETHER else 1
        lines.append(
            [name, told(time.cpu_seconds / part), told(time.seconds / part), f"{time.over(found[BARE]) / part:.3f}",
             f"{time.over(found[HANDED]) / part:.3f}"]
        )  # fmt: skip
    return markdown(("way", "CPU ms", "ms", "over bare", "over bare, handed WKB"), lines)


def _equal(some: Case, covered: Coverage) -> str:
    year = some.years[-1]
    right = bare(some, year)
    answers = {FIRST: first(some, year), NEXT: zonal_mean(year, covered).mean, HANDED: handed(some, year)}
    if importlib.util.find_spec("rasterstats"):
        answers[RASTERSTATS] = by_rasterstats(some, year)
    said = []
    for name, answer in answers.items():
        assert np.array_equal(np.isnan(answer), np.isnan(right)), f"{name} has means where others have none"
        off = np.abs(answer - right)
        said.append(f"{name} {np.nanmean(off):.1g} on average, {np.nanmax(off):.1g} at most")
    return f"What was equal, of means between 0 and 100, to those of exactextract: {'; '.join(said)}."


TEXT = """\
The mean of a grid of 30 m over {zones:,} zones, every pixel by the part of it that a zone covers, on rasters of {years}
years of one grid with 3 % of pixels missing, others in each year. *First* cuts the polygons by the pixels and takes the
mean; *next* uses what was found. Ours also gives the area of the land and how much of it has a value. Rasters are in
memory: reading takes the same for all. Medians of {rounds} rounds; ratios are of CPU time within a round."""

WHY = """\
Zones of a GeoDataFrame go into exactextract as the text of GeoJSON, ours as WKB: that is why the first raster can cost
less than bare, and the last column is the harder one. What the first raster takes beyond bare with WKB is handing back
every pixel's number and fraction instead of one mean, and looking for runs of whole pixels. rasterstats counts the
pixels whose centre lies inside, so its means differ; zones that are small beside a pixel show it most."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zones", type=int, default=ZONES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(arguments)
    if not importlib.util.find_spec("rasterstats"):
        print("rasterstats is not installed and has no line. What to do: pip install rasterstats\n")
    print(machine() + "\n")
    found = section(asked.zones, asked.rounds)
    print(found)
    return 1 if any(one.startswith(GOAL) and "missed" in one for one in found.splitlines()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
