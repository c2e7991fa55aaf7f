"""How often do the margins of changes between two surveys hold? Section h of ``docs/coverage.md``.

``python -m tests.benchmarks.coverage_changes --draws 60`` writes that section anew and leaves the rest of the page as
it is (some minutes on one core); ``coverage.py`` writes it with all others.

Both surveys are drawn anew each time, of the people of 2014 over the tracts of 2010 and of those of 2024 over the
tracts of 2020; fields and reducers are the product's own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from justgeo.catalogue import read as catalogue
from justgeo.core.expression import parse
from justgeo.core.layer import AnyLayer, BoolArray, FloatArray, Layer, Provenance
from justgeo.core.result import Indicator
from justgeo.indicators.place import Place
from justgeo.indicators.trends import acs_change, parameters_in
from justgeo.measure import margins
from justgeo.measure.changes import SIGNIFICANT
from justgeo.measure.reduce import ReduceSettings, reduce
from justgeo.sources.relationship import read_relationship
from justgeo.synthetic import County, county
from justgeo.synthetic.declare import BLOCKS_2010, RELATIONSHIP
from justgeo.synthetic.write import _blocks_2010
from tests.benchmarks import coverage_page, simulation
from tests.benchmarks import coverage_tables as tables
from tests.benchmarks.coverage_tables import CUT_BAND, WHOLE_BAND
from tests.benchmarks.simulation import Places

YEARS = (2014, 2024)
SEED, FIRST = 11, 30_000
SIZES, EACH, DISTRICTS = (2, 4, 9), 15, 40
LEVELS = {"0500000US": "county", "1400000US": "tract", "1500000US": "block group"}
ENOUGH = 80.0
"""So many people or homes on either side at both times: about ten interviews."""
HARDLY, CLEAR = 0.1, 2.0
"""True changes, in margins, of which hardly any and nearly all should be called changes."""
CROSSWALK = "crosswalk_99"
KINDS = ("sets", "tracts", "cut districts")
BAND = (WHOLE_BAND[0], CUT_BAND[1])
MARK = "## h. Changes between two surveys"


@dataclass(frozen=True)
class Change:
    """One row over n pairs of surveys and Z zones.

    Attributes
    ----------
    truth : (Z,) float
    enough : (Z,) bool
        Enough people or homes on either side at both times.
    value, moe, sampling : (n, Z) float
    called : (n, Z) bool
        Said to be a change.
    """

    row: Indicator
    truth: FloatArray
    enough: BoolArray
    value: FloatArray
    moe: FloatArray
    sampling: FloatArray
    called: BoolArray

    def held(self, kind: BoolArray, part: str = "moe") -> FloatArray:
        """1 where the interval holds the truth, 0 where not, NaN where none is told, of some zones with enough."""
        at = kind & self.enough
        margin = (self.moe if part == "moe" else self.sampling)[:, at]
        value = self.value[:, at]
        told = np.isfinite(value) & np.isfinite(margin) & (margin > 0)
        near = np.abs(value - self.truth[at]) <= margin * (1.0 + 1e-9)
        return np.where(told, near, np.nan).astype(np.float64)


def rows() -> tuple[Indicator, ...]:
    """Every change of the catalogue that Nowhere has the tables of."""
    return tuple(row for row in catalogue.indicators() if row.field == "acs_change")


def zones(place: County) -> Places:
    """Sets of block groups of 2020, all tracts of 2020, cut districts; kinds set, tract, cut."""
    groups = sorted(place.units("block group")["geoid"])
    tracts = [[g for g in groups if g.startswith(tract)] for tract in sorted({g[:11] for g in groups})]
    sets = simulation.whole_sets(place, SIZES, EACH, SEED)
    kinds = ["set"] * len(sets) + ["tract"] * len(tracts)
    shapes = simulation.cut_districts(place, DISTRICTS, SEED)
    return simulation.places(place, [*sets, *tracts], shapes, kinds=kinds)


def names_in(row: Indicator, year: int) -> list[str]:
    """Tables of a row in the survey of a year."""
    asked = parameters_in(row.parameters, year)
    texts = [asked[key] for key in ("numerator", "denominator", "complement", "bins", "published") if key in asked]
    return sorted({table for text in texts for table in parse(str(text)).tables})


def simulate(place: County, some: Sequence[Indicator], where: Places, draws: int, first: int = FIRST) -> list[Change]:
    """Draw both surveys ``draws`` times and reduce every row over all zones."""
    names = {year: sorted({n for row in some for n in names_in(row, year)}) for year in YEARS}
    crosswalk = relationship(place)
    size = (draws, len(where))
    made = {row.id: {n: np.full(size, np.nan) for n in ("value", "moe", "sampling", "called")} for row in some}
    for at in range(draws):
        told = drawn(place, where, crosswalk, names, first + at)
        for row in some:
            found = reduce(acs_change(row, told), where.weights, reference=where.reference, settings=ReduceSettings())
            into = made[row.id]
            into["value"][at], into["moe"][at], into["sampling"][at] = found.value, found.moe, found.error["sampling"]
            into["called"][at] = [SIGNIFICANT in flags for flags in found.flags]
    true = {year: truth(place, where, names[year], year) for year in YEARS}
    return [_change(row, made[row.id], true) for row in some]


def relationship(place: County) -> Layer:
    """How blocks of 2010 lie in those of 2020, by the reader of the Bureau's files."""
    with tempfile.TemporaryDirectory() as folder:
        _blocks_2010(Path(folder), place)
        return read_relationship(Path(folder) / RELATIONSHIP, Path(folder) / BLOCKS_2010)


def drawn(place: County, where: Places, crosswalk: Layer, names: Mapping[int, Sequence[str]], number: int) -> Place:
    """Both surveys of a number as a run holds them."""
    layers: dict[str, AnyLayer] = {CROSSWALK: crosswalk}
    for year in YEARS:
        for table, frame in place.sample(year, number, names[year]).items():
            layers[f"acs:{table}@{year}"] = _layer(frame, table, year)
    weights = where.weights
    crs = weights.zones.geometry.crs.to_wkt()
    return Place(layers, {}, weights.zones, weights, crs, {"t1": YEARS[1], "t0": YEARS[0]}, ("99001",),
                 prices=catalogue.prices())  # fmt: skip


def _layer(frame: pd.DataFrame, table: str, year: int) -> Layer:
    lines = [name.split("_")[1][1:] for name in frame.columns if "_E" in name]
    estimate, moe = (frame[[f"{table}_{kind}{line}" for line in lines]].to_numpy(dtype=np.float64) for kind in "EM")
    read = margins.decode(estimate, moe)
    head = [f"{table}_{line}{kind}" for kind in "EM" for line in lines]
    data = pd.DataFrame(np.hstack([read.estimate, read.margin]), columns=head)
    data.insert(0, "geoid", frame["GEO_ID"].str[9:])
    data.insert(1, "level", frame["GEO_ID"].str[:9].map(LEVELS))
    name = f"acs:{table}@{year}"
    told = Provenance(name, "justgeo.synthetic", "Nowhere (invented)", f"{year - 4}-{year}", synthetic=True)
    return Layer(name, data, told, None, "", 2020 if year >= 2020 else 2010)


def truth(place: County, where: Places, names: Sequence[str], year: int) -> dict[str, FloatArray]:
    """Every cell of some tables of each zone if everybody were asked, (Z,) by cell."""
    blocks = place.geography.blocks["geoid"].astype(str)
    found: dict[str, list[float]] = {}
    for zone in where.inside:
        inside = zone if isinstance(zone, BaseGeometry) else list(blocks[blocks.str[:12].isin(zone)])
        for name in names:
            for code, value in place.truth_in(name, inside, year).items():
                found.setdefault(str(code), []).append(float(value))
    return {code: np.asarray(values, dtype=np.float64) for code, values in found.items()}


def _change(row: Indicator, made: Mapping[str, FloatArray], true: Mapping[int, Mapping[str, FloatArray]]) -> Change:
    before, now = (_figure(row, year, true[year]) for year in YEARS)
    enough = np.logical_and(*[_enough(row, year, true[year]) for year in YEARS])
    if row.unit == "percentage points":
        change = 100.0 * (now - before)
    else:
        price = catalogue.prices().factor(*YEARS) if row.parameters.get("dollars") else 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            change = 100.0 * (now / (before * price) - 1.0)
    return Change(row, change, enough, made["value"], made["moe"], made["sampling"], made["called"] == 1.0)


def _figure(row: Indicator, year: int, cells: Mapping[str, FloatArray]) -> FloatArray:
    asked = parameters_in(row.parameters, year)
    if row.parameters["measure"] == "median":
        return cells[str(asked["published"])]
    above = _summed(str(asked["numerator"]), cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        return above / _summed(str(asked["denominator"]), cells) if "denominator" in asked else above


def _enough(row: Indicator, year: int, cells: Mapping[str, FloatArray]) -> BoolArray:
    asked = parameters_in(row.parameters, year)
    if row.parameters["measure"] == "median":
        return np.asarray(_summed(str(asked["bins"]), cells) >= 2 * ENOUGH, dtype=np.bool_)
    sides = [_summed(str(asked[key]), cells) for key in ("numerator", "complement") if key in asked]
    return np.asarray(np.min(sides, axis=0) >= ENOUGH, dtype=np.bool_)


def _summed(text: str, cells: Mapping[str, FloatArray]) -> FloatArray:
    found = parse(text)
    plus = np.sum([cells[code] for code in found.plus], axis=0)
    return np.asarray(plus - np.sum([cells[code] for code in found.minus], axis=0), dtype=np.float64)


# --- the section ------------------------------------------------------------------------------------------------------

HEAD = ("row", "change in", "true, county", "sets", "held %", "lowest set", "tracts", "held, tracts %",
        "cut districts", "held, cut %", "sampling part alone")  # fmt: skip
TEXT = """{mark}

*sets*: neighbourhoods of whole block groups of 2020; *tracts*: those of 2020, whatever they were before. Both surveys
are drawn anew, {draws} pairs of them: of the people of 2014 over the areas of 2010, and of those of 2024 over the areas
of 2020. A place counts for a row if at both times at least {enough:.0f} people or homes are on either side (about ten
interviews). What is aimed at is 85 to 96 %: a set of today's block groups cuts the areas of 2010.

- On average the margins hold in {sets} % of the cases in sets, {tracts} % in tracts and {cut} % in cut districts;
  without the part for what is divided it would be {alone} % in cut districts.
{outside}
- Where hardly anything changed (by less than a tenth of the margin) {false} % are called a change; of true changes
  of two margins and more {power} %.

{table}
"""


def section(some: Sequence[Change], where: Places, draws: int) -> str:
    """Section h of the page."""
    sets, tracts, cut = (where.of(kind) for kind in ("set", "tract", "cut"))
    lines, held = [], {name: [] for name in ("sets", "tracts", "cut", "alone")}
    outside: list[tuple[str, float]] = []
    for one in some:
        shares = [_mean(one.held(kind)) for kind in (sets, tracts, cut)]
        alone = _mean(one.held(cut, "sampling"))
        for name, share in zip(held, [*shares, alone], strict=True):
            held[name].append(share)
        outside += [(f"{one.row.id}, {name}", share) for name, share in zip(KINDS, shares, strict=True)]
        each = np.nanmean(one.held(sets), axis=0) if (sets & one.enough).any() else np.array([np.nan])
        counts = [str(int((kind & one.enough).sum())) for kind in (sets, tracts, cut)]
        unit = "points" if one.row.unit == "percentage points" else "%"
        lines.append(
            [one.row.id, one.row.title.removeprefix("Change in "), f"{one.truth[-1]:+.1f} {unit}".replace("-", "−"),
             counts[0], tables.marked(shares[0], BAND), tables.percent(float(np.nanmin(each))), counts[1],
             tables.marked(shares[1], BAND), counts[2], tables.marked(shares[2], BAND), tables.percent(alone)]
        )  # fmt: skip
    false, power = _verdicts(some, sets | tracts | cut)
    return TEXT.format(
        mark=MARK,
        draws=draws,
        enough=ENOUGH,
        **{name: tables.percent(tables.pooled(shares)) for name, shares in held.items()},
        outside=coverage_page.outside("h", outside, BAND),
        false=tables.percent(false),
        power=tables.percent(power),
        table=tables.table(HEAD, lines),
    )


def _mean(part: FloatArray) -> float:
    """Mean of what is known; NaN of nothing."""
    return float(np.nanmean(part)) if part.size else np.nan


def _verdicts(some: Sequence[Change], kind: BoolArray) -> tuple[float, float]:
    """Share of surveys in which a change is called one: where hardly anything changed, and where much did."""
    size, called = [], []
    for one in some:
        at = kind & one.enough & np.isfinite(one.moe).any(axis=0)
        margin = np.nanmean(one.moe[:, at], axis=0)
        size.append(np.abs(one.truth[at]) / np.where(margin > 0, margin, np.nan))
        called.append(one.called[:, at].mean(axis=0))
    true, rate = np.concatenate(size), np.concatenate(called)
    return _mean(rate[true < HARDLY]), _mean(rate[true >= CLEAR])


def replaced(page: str, text: str) -> str:
    """The page with its section h anew."""
    return f"{page.partition(MARK)[0].rstrip()}\n\n{text}"


def measured(place: County, draws: int) -> str:
    """The section, from so many pairs of surveys."""
    where = zones(place)
    return section(simulate(place, rows(), where, draws), where, draws)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=60, help="pairs of surveys")
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    asked = parser.parse_args(arguments)
    start = time.monotonic()
    text = measured(county(2020), asked.draws)
    print(f"{asked.draws} pairs of surveys: {time.monotonic() - start:.0f} s", file=sys.stderr)
    page = replaced(asked.out.read_text(encoding="utf-8"), text)
    asked.out.write_text(page, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
