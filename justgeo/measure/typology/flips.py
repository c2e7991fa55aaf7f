"""What would change the class of a tract: each condition turned over alone, everything else as it is.

A condition that cannot be told is tried both ways. What is turned over is the condition, not the number behind it: a
share may stand in a pressure and in a change, and a real move of it could turn both. Neighbours stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.typology import outcomes, prepare, rules
from justgeo.measure.typology.logic import Told
from justgeo.measure.typology.values import (
    CHANGES,
    MARKETS,
    PRESSURES,
    STAGES,
    VARIANTS,
    Condition,
    Market,
    Typology,
    Variant,
)


@dataclass(frozen=True)
class Classes:
    """The classes of one tract; None where it cannot be told.

    Attributes
    ----------
    vulnerable : bool or None
    pressed : mapping of Variant to bool or None
    stage : mapping of Variant to str or None
    """

    vulnerable: bool | None
    pressed: Mapping[Variant, bool | None]
    stage: Mapping[Variant, str | None]

    def other_than(self, base: Classes) -> tuple[str, ...]:
        """What differs: ``vulnerable``, ``pressed.value``, ``stage.value``, ..."""
        out = ["vulnerable"] if self.vulnerable != base.vulnerable else []
        out += [f"pressed.{v}" for v in VARIANTS if self.pressed[v] != base.pressed[v]]
        out += [f"stage.{v}" for v in VARIANTS if self.stage[v] != base.stage[v]]
        return tuple(out)


@dataclass(frozen=True)
class Flip:
    """One condition, turned over, and the classes that follow.

    Attributes
    ----------
    condition : str
        By the names of `PRESSURES` and `CHANGES`, or ``value.now_high`` and the like.
    holds : bool
        As it would be.
    needed : float or None
        How far the value would have to move to reach its threshold, in its own unit, with its sign; just beyond where
        a tie is not enough. Quantiles over the tracts stay where they are, though in truth they give way a little.
        None where it cannot be told.
    alters : tuple of str
        As `Classes.other_than` names them.
    classes : Classes
        That would follow, all of them.
    """

    condition: str
    holds: bool
    needed: float | None
    alters: tuple[str, ...]
    classes: Classes


Near = Mapping[Market, Told]
"""Whether at least one neighbour is high or rose much, for each market and all tracts."""


def conditions(typology: Typology) -> dict[str, Condition]:
    """Every condition by its name: pressures, changes, then those of the markets."""
    return {**typology.pressures, **typology.changes, **market_conditions(typology)}


def market_conditions(typology: Typology) -> dict[str, Condition]:
    """Conditions of both markets, as ``value.now_high``."""
    return {f"{m}.{name}": c for m in MARKETS for name, c in typology.markets[m].conditions.items()}


def near_high(typology: Typology) -> Near:
    """What `flips` asks of the neighbours, for all tracts at once; they are the ones that the class rests on."""
    touch = prepare.touching(typology.tracts.neighbours)
    full = np.ones((1, 1), dtype=np.bool_)
    out: dict[Market, Told] = {}
    for market in MARKETS:
        found = typology.markets[market].conditions
        high = (found["now_high"].holds == 1.0) | (found["change_high"].holds == 1.0)
        out[market] = outcomes.near(touch, high[:, None], full, typology.tracts.unplaced)
    return out


def flips(typology: Typology, at: int, near: Near | None = None) -> tuple[Flip, ...]:
    """Conditions of one tract that change a class when they alone turn over, in the order of `conditions`.

    Parameters
    ----------
    typology : Typology
    at : int
        Row of the tract. One that is not classed has none.
    near : Near, optional
        `near_high` of the typology, where many tracts are asked for.
    """
    if typology.excluded[at] is not None:
        return ()
    every = conditions(typology)
    tried = [(name, turned) for name, c in every.items() for turned in _other_ways(float(c.holds[at]))]
    told = {name: _told(float(c.holds[at]), [t if n == name else None for n, t in tried]) for name, c in every.items()}
    base, *others = _classes(typology, at, told, near_high(typology) if near is None else near)
    out = []
    for (name, turned), classes in zip(tried, others, strict=True):
        alters = classes.other_than(base)
        if alters:
            out.append(Flip(name, turned, needed(typology, name, every[name], at), alters, classes))
    return tuple(out)


def needed(typology: Typology, name: str, condition: Condition, at: int) -> float | None:
    """How far the value lies from its threshold, with the sign of the move; None where it cannot be told."""
    market, _, what = name.partition(".")
    median = f"{market}_{what.removesuffix('_high')}"
    # a median at an end of its scale is high or low wherever the threshold lies, and no one knows by how much
    ends = [coded[median] for coded in (typology.tracts.top, typology.tracts.bottom) if median in coded]
    if np.isnan(condition.holds[at]) or any(bool(end[at]) for end in ends):
        return None
    return condition.threshold - float(condition.value[at])


def _other_ways(holds: float) -> tuple[bool, ...]:
    return (True, False) if np.isnan(holds) else (holds == 0.0,)


def _told(holds: float, turned: Sequence[bool | None]) -> Told:
    """The condition as it is, then as it is in every trial."""
    found = None if np.isnan(holds) else holds == 1.0
    row = [found, *(found if t is None else t for t in turned)]
    return Told(_bools([x is True for x in row]), _bools([x is False for x in row]))


def _bools(values: Sequence[bool]) -> BoolArray:
    return np.array(values, dtype=np.bool_)


def _classes(typology: Typology, at: int, told: Mapping[str, Told], near: Near) -> list[Classes]:
    """Classes of every trial."""
    a = rules.vulnerable(*(told[name] for name in PRESSURES))
    b = rules.changed(*(told[name] for name in CHANGES))
    trials = len(a.yes)
    value, rent = (_market(told, market, near[market], at, trials) for market in MARKETS)
    no_value, no_rent = (_bools([_missing(typology, market, at)] * trials) for market in MARKETS)
    markets: dict[Variant, rules.Markets] = {
        "value": rules.choose(no_value & ~no_rent, rent, value),
        "rent": rent,
        "either": rules.choose(
            no_rent & ~no_value, value, rules.choose(no_value & ~no_rent, rent, rules.further(value, rent))
        ),
    }
    vulnerable = _answers(a)
    pressed = {v: _answers(a & market.adjacent) for v, market in markets.items()}
    stage = {v: _stages(rules.stages(a, b, market)) for v, market in markets.items()}
    return [
        Classes(vulnerable[i], {v: pressed[v][i] for v in VARIANTS}, {v: stage[v][i] for v in VARIANTS})
        for i in range(trials)
    ]


def _market(told: Mapping[str, Told], market: Market, near: Told, at: int, trials: int) -> rules.Markets:
    before, now, change = (told[f"{market}.{name}"] for name in ("before_high", "now_high", "change_high"))
    beside = Told(_bools([bool(near.yes[at, 0])] * trials), _bools([bool(near.no[at, 0])] * trials))
    return rules.market(before, now, change, beside)


def _missing(typology: Typology, market: Market, at: int) -> bool:
    """Without a usable median in one vintage, or in a region without a quantile: then the other market stands in."""
    found = typology.markets[market].conditions
    if any(np.isnan(c.threshold) for c in found.values()):
        return True
    return bool(np.isnan(found["now_high"].value[at]) or np.isnan(found["before_high"].value[at]))


def _answers(statement: Told) -> list[bool | None]:
    return [True if yes else False if no else None for yes, no in zip(statement.yes, statement.no, strict=True)]


def _stages(statements: Sequence[Told]) -> list[str | None]:
    """The stage that holds, by name."""
    yes: FloatArray = np.array([s.yes for s in statements], dtype=np.float64)
    return [STAGES[int(row.argmax())] if row.any() else None for row in yes.T]
