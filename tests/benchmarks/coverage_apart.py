"""Differences from the reference: whether their margins hold the true ones, and how often the verdicts are right."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import FloatArray
from tests.benchmarks.coverage_tables import CUT_BAND, WHOLE_BAND, Found, by_zone, marked, mean, percent, table
from tests.benchmarks.measures import Measure

DISTANCES = (0.0, 0.1, 0.5, 1.0, 1.5, 2.0, np.inf)
"""True differences, in multiples of the average margin of the difference found."""


@dataclass(frozen=True)
class Apart:
    """Differences of one figure from the reference: coverage as judged, and the other way about the overlap."""

    measure: Measure
    zones: int
    held: float
    other: float
    lowest: float
    cut_zones: int
    cut: float
    cut_other: float


def aparts(found: Found) -> list[Apart]:
    """Every figure that is compared."""
    made = []
    for m in found.of("share", "ratio", "median", "gap"):
        where = found.home(m)
        tally, zones = found.tally(m, where), found.chosen(m, where, "set")
        cut, districts = found.tally(m, "cut"), found.chosen(m, "cut", "cut")
        if zones.any():
            lowest = float(by_zone(tally.holds_apart(), zones).min())
            made.append(
                Apart(m, int(zones.sum()), mean(tally.holds_apart(), zones), mean(tally.holds_apart(True), zones),
                      lowest, int(districts.sum()), mean(cut.holds_apart(), districts),
                      mean(cut.holds_apart(True), districts))
            )  # fmt: skip
    return made


def of_differences(some: Sequence[Apart]) -> str:
    """Table g."""
    lines = [
        [a.measure.key, a.measure.row.title, str(a.zones), marked(a.held, WHOLE_BAND), percent(a.lowest),
         percent(a.other), str(a.cut_zones), marked(a.cut, CUT_BAND), percent(a.cut_other)]
        for a in some
    ]  # fmt: skip
    head = ("row", "difference in", "zones", "held %", "lowest zone", "other way %", "cut districts", "held, cut %",
            "other way, cut %")  # fmt: skip
    return table(head, lines)


@dataclass(frozen=True)
class Said:
    """Verdicts on true differences of about one size, as judged and without the overlap taken out."""

    low: float
    high: float
    pairs: int
    right: float
    wrong: float
    other_right: float
    other_wrong: float


def said(found: Found, some: Sequence[Measure], where: Callable[[Measure], str], kind: str) -> list[Said]:
    """Share of surveys in which a zone was called higher or lower, the right way and the wrong way, by how large its
    true difference is."""
    rows: list[tuple[FloatArray, ...]] = []
    for m in some:
        tally, zones = found.tally(m, where(m)), found.chosen(m, where(m), kind)
        if zones.any():
            true = (tally.truth - tally.truth[-1])[zones]
            margin = np.nanmean(tally.apart_moe[:, zones], axis=0, dtype=np.float64)
            way = np.where(true >= 0, 1.0, -1.0)
            each = [tally.verdicts(other)[:, zones] * way for other in (False, True)]
            rates = [np.mean(v == sign, axis=0) for v in each for sign in (1.0, -1.0)]
            rows.append((np.abs(true) / margin, *rates))
    size, *rates = (np.concatenate(part) for part in zip(*rows, strict=True))
    made = []
    for low, high in itertools.pairwise(DISTANCES):
        here = (size >= low) & (size < high)
        told = [float(r[here].mean()) if here.any() else float("nan") for r in rates]
        made.append(Said(low, high, int(here.sum()), *told))
    return made


def of_verdicts(some: Mapping[str, Sequence[Said]]) -> str:
    """The second table of g."""
    lines = []
    for what, each in some.items():
        for one in each:
            size = f"{one.low:g} and more" if np.isinf(one.high) else f"{one.low:g} to {one.high:g}"
            lines.append(
                [what, size, str(one.pairs), percent(one.right), percent(one.wrong), percent(one.other_right),
                 percent(one.other_wrong)]
            )  # fmt: skip
    head = ("figures", "true difference, in margins", "pairs", "right way %", "wrong way %", "other way: right %",
            "wrong %")  # fmt: skip
    return table(head, lines)
