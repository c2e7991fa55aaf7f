"""Surveys of the invented county through the typology: what was said of each tract, and what is so.

Shared by ``typology_calibration.py`` (the full run, whose tables are in ``docs/displacement.md``) and
``tests/test_typology_calibration.py`` (a short one). Chances come from the product's own `classify`; nothing is drawn
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.margins import Z90
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import (
    BEFORE,
    CHANGES,
    MARKETS,
    NOW,
    PRESSURES,
    VARIANTS,
    Amount,
    Condition,
    Settings,
    Tracts,
    Typology,
)
from tests.benchmarks.reliability import Cases, Modal, cases, modal, together

Statements = Mapping[str, FloatArray]
"""By name: ``A.renters``, ``B.income``, ``C.value.now_high``, ``A``, ``B``, ``pressed.value``: (n,); ``market.value``
(n, 4), ``stage.value`` (n, 8). Chances, or 1 and 0 for what is so; NaN where it cannot be told."""
Chances = Callable[[Tracts], Statements]
"""A way to tell chances from a survey."""

FIRM, LIKELY = 0.90, 0.70
MAIN = "value"
"""The market of METHODS 5.2; rents, and the further of both, are its variants."""

FAMILIES: Mapping[str, str] = {
    "each condition of A": "A.",
    "A: three of four pressures": "A",
    "each condition of B": "B.",
    "B: demographic change": "B",
    "each condition of C": "C.",
    **{f"C: market stage, {v}": f"market.{v}" for v in VARIANTS},
    **{f"pressed (A and a market), {v}": f"pressed.{v}" for v in VARIANTS},
    **{f"stage, {v}": f"stage.{v}" for v in VARIANTS},
}
"""Statements that are judged together: one by its name, or all whose names begin so (with a stop at the end)."""


def _conditions(typology: Typology) -> dict[str, Condition]:
    """Every single condition by the name of its statement."""
    found = {f"A.{name}": typology.pressures[name] for name in PRESSURES}
    found |= {f"B.{name}": typology.changes[name] for name in CHANGES}
    for market in MARKETS:
        found |= {f"C.{market}.{name}": one for name, one in typology.markets[market].conditions.items()}
    return found


def said(typology: Typology) -> dict[str, FloatArray]:
    """Chances that were told."""
    found = {name: one.probability for name, one in _conditions(typology).items()}
    found |= {"A": typology.p_vulnerable, "B": typology.p_changed}
    for variant in VARIANTS:
        found[f"market.{variant}"] = typology.markets[variant].probability[:, :-1]
        found[f"pressed.{variant}"] = typology.p_pressed[variant]
        found[f"stage.{variant}"] = typology.p_stage[variant][:, :-1]
    return found


def so(typology: Typology) -> dict[str, FloatArray]:
    """The same of a county where everybody was asked: 1 or 0."""
    found = {name: one.holds for name, one in _conditions(typology).items()}
    found |= {"A": typology.vulnerable, "B": typology.changed}
    for variant in VARIANTS:
        found[f"market.{variant}"] = _each(typology.markets[variant].code, 4)
        found[f"pressed.{variant}"] = typology.pressed[variant]
        found[f"stage.{variant}"] = _each(typology.stage[variant], 8)
    return found


def _each(code: IntArray, classes: int) -> FloatArray:
    """One column a class; NaN where the class cannot be told."""
    hit = (code[:, None] == np.arange(classes)).astype(np.float64)
    hit[code < 0] = np.nan
    return hit


@dataclass(frozen=True)
class Run:
    """What was said in many surveys of one county, and what is so.

    Attributes
    ----------
    said : mapping of str to (surveys, n) or (surveys, n, classes) float
    so : mapping of str to (n,) or (n, classes) float
    divided : (n,) bool
        Tracts that hold part of a tract of 2010 that was divided since.
    """

    said: Mapping[str, FloatArray]
    so: Statements
    divided: BoolArray

    def of(self, name: str, where: BoolArray | None = None, first: int = 0) -> Cases:
        """Cases of one statement; ``first`` numbers the tracts, so that those of two counties stay apart."""
        told, true = self.said[name], self.so[name]
        chosen = np.ones(told.shape[1], dtype=np.bool_) if where is None else where
        tract = first + np.arange(told.shape[1])
        tract = tract[:, None] if told.ndim == 3 else tract
        told, true, tract = told[:, chosen], true[chosen], tract[chosen]
        return cases(told, np.broadcast_to(true, told.shape), np.broadcast_to(tract, told.shape))


Runs = Sequence[Run]
"""One county or several, judged together."""
APART = 1_000
"""No county has so many tracts."""


def family(runs: Runs, name: str, where: Literal["whole", "divided"] | None = None) -> Cases:
    """Cases of the statements of one of `FAMILIES`, of all tracts, or of some alone."""
    found = []
    for k, one in enumerate(runs):
        chosen = None if where is None else one.divided == (where == "divided")
        found += [one.of(statement, chosen, APART * k) for statement in one.said if _in(FAMILIES[name], statement)]
    return together(found)


def run(surveys: Iterable[Tracts], everybody: Tracts, divided: BoolArray, chances: Chances) -> Run:
    """Put every survey through ``chances`` (`said` of `classify`, or a rival way)."""
    told = [chances(one) for one in surveys]
    known = so(classify(everybody, Settings(draws=1000)))
    return Run({name: np.stack([one[name] for one in told]) for name in known}, known, divided)


def by_product(settings: Settings) -> Chances:
    """The product's own chances."""
    return lambda tracts: said(classify(tracts, settings))


def _in(pattern: str, statement: str) -> bool:
    return statement.startswith(pattern) if pattern.endswith(".") else statement == pattern


# --- classes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Right:
    """How often the class that was told is the true one.

    Attributes
    ----------
    true_above_half : float
        Share of cases in which the true class had a chance of at least 0.5.
    labels : tuple of Modal
        All cases, then firm, likely, uncertain.
    """

    true_above_half: float
    n: int
    labels: tuple[Modal, ...]


def right(runs: Runs, name: str) -> Right:
    """Judge a statement's classes: the columns of a market or stage; yes and no of A, B and pressed."""
    each = [_classes(one, name, k) for k, one in enumerate(runs)]
    told, true, tract = (np.concatenate(part) for part in zip(*each, strict=True))
    best = told.max(axis=1)
    hit = np.take_along_axis(true, told.argmax(axis=1)[:, None], axis=1)[:, 0]
    of_true = (told * true).sum(axis=1)
    firm, likely = best >= FIRM, (best >= LIKELY) & (best < FIRM)
    sets = {"all": best >= 0, "firm": firm, "likely": likely, "uncertain": ~firm & ~likely}
    labels = tuple(modal(label, best[at], hit[at], tract[at]) for label, at in sets.items())
    return Right(float(np.mean(of_true >= 0.5)) if len(best) else np.nan, len(best), labels)


def _classes(some: Run, name: str, number: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """Chances (cases, classes), truth, and tract of the cases that are known."""
    told, true = some.said[name], some.so[name]
    if told.ndim == 2:
        told, true = np.stack([told, 1.0 - told], axis=2), np.stack([true, 1.0 - true], axis=1)
    true = np.broadcast_to(true, told.shape)
    tract = np.broadcast_to(APART * number + np.arange(told.shape[1]), told.shape[:2])
    known = np.isfinite(told).all(axis=2) & np.isfinite(true).all(axis=2)
    return told[known], true[known], tract[known]


# --- errors ---------------------------------------------------------------------------------------------------------


def errors(surveys: Sequence[Tracts], when: Literal["now", "before"], keep: BoolArray) -> FloatArray:
    """Sampling errors of the quantities of one vintage in units of their spread: (surveys, tracts, quantities).

    The error is what a survey says less the mean over all surveys of that tract, so that a bias is no part of it.
    Tracts of which some survey does not know a quantity are left out.
    """
    names = NOW if when == "now" else BEFORE
    values = np.stack([np.column_stack([one.get(name, when).value for name in names]) for one in surveys])[:, keep]
    values = values[:, np.isfinite(values).all(axis=(0, 2))]
    off = values - values.mean(axis=0)
    spread = off.std(axis=0)
    return np.divide(off, spread, out=np.full(off.shape, np.nan), where=spread > 0)


def correlation(surveys: Sequence[Tracts], when: Literal["now", "before"], keep: BoolArray) -> FloatArray:
    """Correlation of the sampling errors within a tract, pooled over tracts and surveys, (k, k)."""
    off = errors(surveys, when, keep)
    off = off[np.isfinite(off).all(axis=2)]
    found = off.T @ off / len(off)
    scale = np.sqrt(np.diag(found))
    return np.asarray(found / np.outer(scale, scale), dtype=np.float64)


class Total(NamedTuple):
    """How far sums of chances lie from the true number, as parts of it: on average, and typically."""

    bias: float
    typical: float


def off_in_total(runs: Runs, name: str) -> Total:
    """Chances added up over a county, survey by survey, against how many tracts are truly so."""
    off, true = [], []
    for one in runs:
        told, so = one.said[name], one.so[name]
        known = np.isfinite(told) & np.isfinite(so)
        off.append(np.where(known, told - so, 0.0).sum(axis=1))
        true.append(np.where(known, so, 0.0).sum(axis=1))
    error, number = np.concatenate(off), float(np.mean(np.concatenate(true)))
    return Total(float(error.mean()) / number, float(np.sqrt(np.mean(np.square(error)))) / number)


class Held(NamedTuple):
    """Whether margins of a quantity hold: share of 90 % intervals with the truth; true error over the told one."""

    held: float
    ratio: float


def margins_hold(
    some: Sequence[tuple[Sequence[Tracts], Tracts, BoolArray]], name: str, when: Literal["now", "before"]
) -> Held:
    """Over the chosen tracts of several counties: surveys, the truth, and which tracts."""
    off, told = [], []
    for surveys, everybody, chosen in some:
        truth = everybody.get(name, when).value
        off += [(one.get(name, when).value - truth)[chosen] for one in surveys]
        told += [one.get(name, when).se[chosen] for one in surveys]
    error, se = np.concatenate(off), np.concatenate(told)
    known = np.isfinite(error) & np.isfinite(se)
    error, se = error[known], se[known]
    held = np.mean(np.abs(error) <= Z90 * se)
    return Held(float(held), float(np.sqrt(np.mean(np.square(error)) / np.mean(np.square(se)))))


def with_true_errors(surveys: Sequence[Tracts], everybody: Tracts) -> list[Tracts]:
    """The same surveys, each quantity with the standard error that it truly has in its tract, biases with it."""

    def right_se(when: Literal["now", "before"], names: Sequence[str]) -> dict[str, FloatArray]:
        found = {}
        for name in names:
            off = np.stack([one.get(name, when).value for one in surveys]) - everybody.get(name, when).value
            known = np.isfinite(off)
            total = np.square(np.where(known, off, 0.0)).sum(axis=0)
            found[name] = np.sqrt(total / np.where(known.any(axis=0), known.sum(axis=0), np.nan))
        return found

    now, before = right_se("now", NOW), right_se("before", BEFORE)
    return [
        replace(
            one,
            now={name: Amount(one.get(name, "now").value, now[name]) for name in NOW},
            before={name: Amount(one.get(name, "before").value, before[name]) for name in BEFORE},
        )
        for one in surveys
    ]


def with_true_region(surveys: Sequence[Tracts], everybody: Tracts) -> list[Tracts]:
    """The same surveys, with the region's own figures known exactly."""
    return [
        replace(one, region_now=everybody.region_now, region_before=everybody.region_before) for one in surveys
    ]  # fmt: skip
