"""Tables of the calibration: Markdown for ``docs/displacement.md``, rows for the figures of the notebook."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from justgeo.core.layer import BoolArray
from justgeo.measure.typology.values import BEFORE, MARKET_NAMES, NOW, STAGES, Tracts
from tests.benchmarks.reliability import EDGES, Bin, Cases, Summary, summary, table, together
from tests.benchmarks.typology_cases import APART, FAMILIES, Run, Runs, family, margins_hold, right

PLACE = "Nowhere (invented)"
CSV_HEAD = ("place", "counties", "draws", "kind", "statement", "low", "high", "cases", "said", "true", "se")
LEAST = 50
"""A share of fewer cases is not printed."""
FAR = 2.0
"""Standard errors by which a share has to lie outside its bin to be marked."""
_CLASSES = {"market": MARKET_NAMES, "stage": STAGES}
_VINTAGES: Mapping[Literal["now", "before"], Sequence[str]] = {"now": NOW, "before": BEFORE}
JUDGED = ("A", "pressed.value", "stage.value")
CLASSED = ("A", "B", *(f"{what}.{v}" for what in ("pressed", "market", "stage") for v in ("value", "rent", "either")))


@dataclass(frozen=True)
class Cause:
    """What becomes of the chances when one thing is made right."""

    name: str
    families: Mapping[str, Summary]


def statements(runs: Runs) -> Iterator[tuple[str, Cases]]:
    """Every single statement: ``A.renters``, ``market.value: adjacent``, ``stage.value: dynamic``, ..."""
    for name, told in runs[0].said.items():
        if told.ndim == 2:
            yield name, together([one.of(name, None, APART * k) for k, one in enumerate(runs)])
            continue
        for column, word in enumerate(_CLASSES[name.split(".")[0]]):
            yield f"{name}: {word}", together([_column(one, name, column, k) for k, one in enumerate(runs)])


def _column(some: Run, name: str, column: int, number: int) -> Cases:
    part = Run({name: some.said[name][:, :, column]}, {name: some.so[name][:, column]}, some.divided)
    return part.of(name, None, APART * number)


def families(runs: Runs) -> dict[str, Cases]:
    """Cases of each of ``typology_cases.FAMILIES``."""
    return {name: family(runs, name) for name in FAMILIES}


def csv_rows(runs: Runs, counties: str, draws: str, kind: Literal["family", "statement"]) -> list[tuple[object, ...]]:
    """One row a family, or a single statement, and bin; bins without cases have no row."""
    group = families(runs).items() if kind == "family" else statements(runs)
    found: list[tuple[object, ...]] = []
    for name, told in group:
        for b in table(told):
            if b.n:
                figures = (f"{b.said:.4f}", f"{b.true:.4f}", f"{b.se:.4f}")
                found.append((PLACE, counties, draws, kind, name, b.low, b.high, b.n, *figures))
    return found


def percent(value: float, digits: int = 0) -> str:
    return "–" if not np.isfinite(value) else f"{100 * value:.{digits}f}"


def signed(value: float) -> str:
    """Points of a hundred, with their sign."""
    return "–" if not np.isfinite(value) else f"{100 * value:+.1f}".replace("-", "−").replace("+0.0", "0.0")


def plain(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.2f}"


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table; all but the first column to the right."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])


def bin_names() -> list[str]:
    """``0–5``, ``5–10``, ..."""
    return [f"{100 * low:.0f}–{100 * high:.0f}" for low, high in itertools.pairwise(EDGES)]


def _cell(b: Bin) -> str:
    """Share true, in bold where it lies outside what was said by more than chance."""
    if b.n < LEAST:
        return "–"
    off = max(b.low - b.true, b.true - b.high, 0.0)
    text = percent(b.true)
    return f"**{text}**" if off > FAR * b.se and off >= 0.01 else text


def reliability_table(runs: Runs) -> str:
    """Families by bins."""
    lines = [[name, *(_cell(b) for b in table(told))] for name, told in families(runs).items()]
    return markdown(["said, percent", *bin_names()], lines)


def statement_table(runs: Runs) -> str:
    """Every statement in a line."""
    lines = []
    for name, told in statements(runs):
        found, bins = summary(told), {(b.low, b.high): b for b in table(told)}
        high = [bins[0.7, 0.9], bins[0.9, 0.95], bins[0.95, 1.0]]
        lines.append(
            [name, percent(float(np.mean(told.true))), f"{found.brier:.3f}", plain(found.slope), signed(found.excess)]
            + [_cell(b) for b in high]
        )
    head = ["statement", "true in %", "Brier", "slope", "excess", "said 70–90", "said 90–95", "said 95–100"]
    return markdown(head, lines)


def class_table(runs: Runs) -> str:
    """How often the class that was told is the true one."""
    lines = []
    for name in CLASSED:
        found = right(runs, name)
        cells = [percent(found.true_above_half), *(percent(m.right) for m in found.labels[:1])]
        for one in found.labels[1:]:
            cells.append(f"{percent(one.n / found.n)} % → {percent(one.right)}" if one.n >= LEAST else "–")
        lines.append([name, *cells])
    head = ["class of", "true class has ≥ 50", "most likely class is true", "firm", "likely", "uncertain"]
    return markdown(head, lines)


def summaries(runs: Runs, where: Literal["whole", "divided"] | None = None) -> dict[str, Summary]:
    """Of each family; of some tracts alone."""
    return {name: summary(family(runs, name, where)) for name in FAMILIES}


def cause_table(causes: Sequence[Cause], chosen: Sequence[str]) -> str:
    """Excess and slope of some families, by what was made right."""
    lines = [
        [one.name, *(f"{signed(one.families[f].excess)} ({plain(one.families[f].slope)})" for f in chosen)]
        for one in causes
    ]
    return markdown(["", *chosen], lines)


def margin_table(counties: Sequence[tuple[Sequence[Tracts], Tracts, BoolArray]]) -> str:
    """Whether the margins of the quantities hold; the last of each triple: tracts that were drawn anew."""
    lines = []
    for when, names in _VINTAGES.items():
        for name in names:
            cells = []
            for anew in (False, True):
                some = [(s, truth, divided if anew else ~divided) for s, truth, divided in counties]
                held = margins_hold(some, name, when)
                cells += [percent(held.held), f"{held.ratio:.2f}"]
            lines.append([f"{name}, {when}", *cells])
    head = ["quantity", "same tract: held, %", "true error over told", "drawn anew: held, %", "true error over told"]
    return markdown(head, lines)


def county_table(groups: Mapping[str, Runs]) -> str:
    """Main figures side by side."""
    found = {name: summaries(runs) for name, runs in groups.items()}
    lines = []
    for name in FAMILIES:
        cells = [f"{signed(s[name].excess)} ± {percent(1.645 * s[name].excess_se, 1)}" for s in found.values()]
        lines.append([name, *cells])
    for name in JUDGED:
        judged = [right(runs, name) for runs in groups.values()]
        lines.append([f"true class of {name} has ≥ 50, %", *(percent(r.true_above_half) for r in judged)])
        lines.append([f"firm {name} right, %", *(percent(r.labels[1].right) for r in judged)])
    return markdown(["", *groups], lines)
