"""How often do the 90 % margins hold the truth? Writes the table of ``docs/coverage.md``.

``python -m tests.benchmarks.coverage --draws 1000 --districts 120 --out docs/coverage.md`` (about ten minutes).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Indicator
from justgeo.synthetic import County, county
from tests.benchmarks import replicates, simulation
from tests.benchmarks.coverage_text import TEXT
from tests.benchmarks.simulation import ENOUGH_CASES, Places, Tally

SEED = 7
FIRST_DRAW = 10_000  # far from the one draw that the demo publishes
SIZES, EACH = (2, 3, 4, 6, 9, 14), 20
CUT_DRAWS, REPLICATE_DRAWS = 100, 100
NOISE_SD = 3.0
WHOLE_BAND, CUT_BAND = (0.85, 0.94), (0.86, 0.96)


@dataclass(frozen=True)
class Whole:
    """One share over whole block groups; shares of intervals that hold the truth, NaN where there are none."""

    row: Indicator
    share: float
    zones: int
    mean_cases: float
    per_draw: float
    lowest: float
    tenth: float
    highest: float
    replicate: float
    rare: float
    rare_zones: int
    tracts: float
    ones: float
    ones_rare: float


@dataclass(frozen=True)
class Cut:
    """One share over cut districts."""

    row: Indicator
    zones: int
    total: float
    sampling: float
    noisy: float
    lowest: float
    poor: float
    rare: float


def mean(held: FloatArray, where: BoolArray) -> float:
    """Mean of what is known, over zones (Z,) or over draws x zones (n, Z)."""
    values = held[:, where] if where.ndim == 1 else held[where]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def by_zone(held: FloatArray, where: BoolArray) -> FloatArray:
    """Coverage of each single zone, over its draws."""
    return np.nanmean(held[:, where], axis=0) if where.any() else np.array([np.nan])


def whole_places(place: County, each: int = EACH, sizes: Sequence[int] = SIZES) -> tuple[Places, dict[str, BoolArray]]:
    """Sets of block groups, all tracts, all single block groups; and which zone is which."""
    people = place.truth("B01003").iloc[:, 0]
    alone = [[g] for g in people.index if people[g] > 0]
    tracts = sorted({g[0][:11] for g in alone})
    parts = [[g[0] for g in alone if g[0].startswith(tract)] for tract in tracts]
    sets = simulation.whole_sets(place, sizes, each, SEED)
    found = simulation.places(place, [*sets, *parts, *alone])
    kind = np.array(["set"] * len(sets) + ["tract"] * len(parts) + ["one"] * len(alone) + ["county"])
    return found, {name: kind == name for name in ("set", "tract", "one")}


def whole(place: County, draws: int, replicate_draws: int) -> list[Whole]:
    """Part a, and the single block groups of part c."""
    some = simulation.rows()
    zones, kind = whole_places(place)
    tally = simulation.simulate(place, some, {"whole": zones}, draws, FIRST_DRAW)["whole"]
    expected = {row.id: tally[row.id].cases.mean(axis=0) >= ENOUGH_CASES for row in some}
    exact = replicates.coverage(
        place,
        some,
        zones,
        [tally[r.id].truth for r in some],
        replicate_draws,
        FIRST_DRAW,
        [(expected[r.id] & kind["set"]).astype(float) for r in some],
    )
    return [_whole(row, tally[row.id], kind, expected[row.id], e) for row, e in zip(some, exact, strict=True)]


def _whole(row: Indicator, tally: Tally, kind: dict[str, BoolArray], expected: BoolArray, exact: float) -> Whole:
    held, chosen = tally.holds(), kind["set"] & expected
    zones = by_zone(held, chosen)
    return Whole(
        row=row,
        share=float(tally.truth[-1]),
        zones=int(chosen.sum()),
        mean_cases=mean(held, chosen),
        per_draw=mean(held, tally.enough() & kind["set"]),
        lowest=float(np.min(zones)),
        tenth=float(np.percentile(zones, 10)),
        highest=float(np.max(zones)),
        replicate=exact,
        rare=mean(held, kind["set"] & ~expected),
        rare_zones=int((kind["set"] & ~expected).sum()),
        tracts=mean(held, kind["tract"] & expected),
        ones=mean(held, kind["one"] & expected),
        ones_rare=mean(held, kind["one"] & ~expected),
    )


def cut(place: County, districts: int, draws: int) -> list[Cut]:
    """Part b: with the apportionment part, without it, and with noise in the block counts."""
    some = simulation.rows()
    shapes = simulation.cut_districts(place, districts, SEED)
    where = {
        "exact": simulation.places(place, shapes=shapes),
        "noisy": simulation.places(place, shapes=shapes, noise=NOISE_SD),
    }
    tally = simulation.simulate(place, some, where, draws, FIRST_DRAW)
    return [_cut(row, tally["exact"][row.id], tally["noisy"][row.id]) for row in some]


def _cut(row: Indicator, exact: Tally, noisy: Tally) -> Cut:
    district = np.arange(len(exact.truth)) < len(exact.truth) - 1  # the last zone is the county
    expected = exact.cases.mean(axis=0) >= ENOUGH_CASES
    held, chosen = exact.holds(), district & expected
    zones = by_zone(held, chosen)
    return Cut(
        row=row,
        zones=int(chosen.sum()),
        total=mean(held, chosen),
        sampling=mean(exact.holds("sampling"), chosen),
        noisy=mean(noisy.holds(), chosen),
        lowest=float(np.min(zones)),
        poor=float(np.mean(zones < 0.80)),
        rare=mean(held, district & ~expected),
    )


# --- words ----------------------------------------------------------------------------------------------------------


def percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f}"


def marked(value: float, band: tuple[float, float]) -> str:
    """A percentage, in bold where it lies outside a band (judged as it is printed)."""
    if np.isnan(value):
        return "–"
    inside = band[0] <= round(value, 3) <= band[1]
    return percent(value) if inside else f"**{percent(value)}**"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all but the first two columns to the right."""
    rule = ["---", "---"] + ["---:"] * (len(head) - 2)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])


def page(some: Sequence[Whole], cuts: Sequence[Cut], draws: int, districts: int) -> str:
    """The document."""
    judged = [w for w in some if w.zones]
    outside = [w for w in judged if not WHOLE_BAND[0] <= round(w.mean_cases, 3) <= WHOLE_BAND[1]]
    total = float(np.mean([c.total for c in cuts if c.zones]))
    a = [
        [w.row.id, w.row.title, percent(w.share), str(w.zones), marked(w.mean_cases, WHOLE_BAND), percent(w.per_draw),
         percent(w.lowest), percent(w.tenth), percent(w.highest), percent(w.replicate)]
        for w in judged
    ]  # fmt: skip
    b = [
        [c.row.id, c.row.title, str(c.zones), marked(c.total, CUT_BAND), percent(c.sampling), percent(c.noisy),
         percent(c.lowest), percent(c.poor)]
        for c in cuts if c.zones
    ]  # fmt: skip
    c_ = [
        [w.row.id, w.row.title, percent(w.tracts), percent(w.ones), percent(w.ones_rare), percent(w.rare),
         str(w.rare_zones), percent(k.rare)]
        for w, k in zip(some, cuts, strict=True)
    ]  # fmt: skip
    return TEXT.format(
        draws=draws, districts=districts, cut_draws=CUT_DRAWS, replicate_draws=REPLICATE_DRAWS, cases=ENOUGH_CASES,
        sets=len(SIZES) * EACH, sizes=", ".join(map(str, SIZES)), noise=f"{NOISE_SD:g}",
        inside=len(judged) - len(outside), judged=len(judged),
        outside=", ".join(f"{w.row.id} ({percent(w.mean_cases)} %)" for w in outside) or "none",
        unjudged=", ".join(w.row.id for w in some if not w.zones) or "none",
        replicate_low=percent(min(w.replicate for w in judged)),
        replicate_high=percent(max(w.replicate for w in judged)),
        school_low=percent(next(w.lowest for w in some if w.row.id == "OPP-04")),
        cut_mean=percent(total), cut_sampling=percent(float(np.mean([c.sampling for c in cuts if c.zones]))),
        cut_noisy=percent(float(np.mean([c.noisy for c in cuts if c.zones]))),
        cut_outside=", ".join(
            f"{c.row.id} ({percent(c.total)} %)" for c in cuts
            if c.zones and not CUT_BAND[0] <= round(c.total, 3) <= CUT_BAND[1]
        ) or "none",
        table_a=table(("row", "share", "true %", "zones", "held %", "by draw %", "lowest zone", "10th", "highest",
                       "by replicates %"), a),
        table_b=table(("row", "share", "districts", "held %", "sampling part alone", "noisy counts", "lowest district",
                       "districts under 80 %"), b),
        table_c=table(("row", "share", "tracts", "single block groups", "the same, rare", "sets, rare", "such sets",
                       "cut districts, rare"), c_),
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000, help="surveys for whole block groups")
    parser.add_argument("--districts", type=int, default=120, help=f"cut districts, {CUT_DRAWS} surveys each")
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"))
    asked = parser.parse_args(arguments)
    place, start = county(2020), time.monotonic()
    cuts = cut(place, asked.districts, CUT_DRAWS)
    print(f"cut districts: {time.monotonic() - start:.0f} s", file=sys.stderr)
    some = whole(place, asked.draws, min(asked.draws, REPLICATE_DRAWS))
    print(f"whole block groups: {time.monotonic() - start:.0f} s", file=sys.stderr)
    asked.out.write_text(page(some, cuts, asked.draws, asked.districts), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
