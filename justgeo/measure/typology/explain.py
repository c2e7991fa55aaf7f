"""Why a tract has its class: every condition with its margin, its threshold and its chance, and what would change it.

The cards themselves are in ``cards``; here they are filled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.compare import label
from justgeo.measure.margins import Z90
from justgeo.measure.typology.cards import (
    CANNOT_BE_TOLD,
    CAVEATS,
    MANY_STUDENTS,
    NO_SAMPLING,
    STANDS_STILL,
    Answer,
    Card,
    Figure,
    Line,
    PublicCard,
    StageLine,
    Unit,
    Verdict,
)
from justgeo.measure.typology.flips import Near, flips, market_conditions, near_high, needed
from justgeo.measure.typology.rivals import Opinion
from justgeo.measure.typology.values import (
    CHANGES,
    MARKET_NAMES,
    MARKETS,
    PRESSURES,
    STAGES,
    VARIANTS,
    Amount,
    Condition,
    Typology,
    Variant,
)

__all__ = ["Card", "PublicCard", "card", "cards", "public_card", "threshold_se"]

_PUBLIC_CAVEATS = frozenset({"students", "few_rented_homes", "drawn_anew", "no_margins"})
_UNITS: Mapping[str, Unit] = {
    **dict.fromkeys(PRESSURES, "share"),
    **dict.fromkeys(CHANGES, "points"),
    "income": "change",
    "before_high": "dollars",
    "now_high": "dollars",
    "change_high": "change",
}
_OPINION_UNITS: Mapping[tuple[str, str], Unit] = {
    ("udp", "rent"): "dollars",
    ("udp", "value"): "dollars",
    ("ding", "income"): "dollars",
    ("ding", "rent"): "change",
    ("ding", "value"): "change",
    ("ding", "bachelors"): "points",
}


def card(typology: Typology, at: int, opinions: Sequence[Opinion] = ()) -> Card:
    """The card of one tract.

    Parameters
    ----------
    typology : Typology
    at : int
        Row of the tract.
    opinions : sequence of Opinion
        Of the same tracts, in their order.

    Raises
    ------
    ValueError
        An opinion on another number of tracts.
    """
    return _card(typology, at, opinions, near_high(typology))


def cards(typology: Typology, opinions: Sequence[Opinion] = ()) -> tuple[Card, ...]:
    """The cards of all tracts, in their order."""
    near = near_high(typology)
    return tuple(_card(typology, at, opinions, near) for at in range(len(typology.tracts)))


def public_card(typology: Typology, at: int, opinions: Sequence[Opinion] = ()) -> PublicCard:
    """What a public page may say of one tract; parameters as for `card`."""
    _check(typology, opinions)
    pressures = _lines(typology, at, typology.pressures)
    said = _answer(typology.vulnerable[at], typology.p_vulnerable[at])
    udp = next((_flag(o.holds[at]) for o in opinions if o.method == "udp"), None)
    caveats = _caveats(typology, at)
    rent = typology.markets["rent"].conditions["change_high"]
    classed = typology.excluded[at] is None
    return PublicCard(
        geoid=str(typology.tracts.geoid[at]),
        excluded=typology.excluded[at],
        households=_counted(typology.tracts.households, at),
        renter_households=_counted(typology.tracts.renter_households, at),
        pressures=pressures,
        pressures_hold=_how_many(pressures),
        three_of_four=said,
        rent_change=_figure(rent.value[at], rent.se[at]) if classed else Figure(None, None),
        other_method_agrees=None if said.holds is None or udp is None else said.holds == udp,
        caveats=tuple(c for c in caveats if c in _PUBLIC_CAVEATS),
    )


def _card(typology: Typology, at: int, opinions: Sequence[Opinion], near: Near) -> Card:
    _check(typology, opinions)
    tracts = typology.tracts
    pressures, changes = _lines(typology, at, typology.pressures), _lines(typology, at, typology.changes)
    return Card(
        geoid=str(tracts.geoid[at]),
        excluded=typology.excluded[at],
        households=_counted(tracts.households, at),
        renter_households=_counted(tracts.renter_households, at),
        pressures=pressures,
        pressures_hold=_how_many(pressures),
        vulnerable=_answer(typology.vulnerable[at], typology.p_vulnerable[at]),
        changes=changes,
        changes_hold=_how_many(changes),
        changed=_answer(typology.changed[at], typology.p_changed[at]),
        market=_lines(typology, at, market_conditions(typology)),
        stages=tuple(_stage(typology, at, v) for v in VARIANTS),
        flips=flips(typology, at, near),
        opinions=tuple(_verdict(o, at, typology.excluded[at] is None) for o in opinions),
        students=None if tracts.students is None else _number(tracts.students[at]),
        caveats=_caveats(typology, at),
    )


def _check(typology: Typology, opinions: Sequence[Opinion]) -> None:
    for opinion in opinions:
        if len(opinion.holds) != len(typology.tracts):
            raise ValueError(f"{opinion.method} speaks of {len(opinion.holds)} tracts, not {len(typology.tracts)}")


def _lines(typology: Typology, at: int, conditions: Mapping[str, Condition]) -> tuple[Line, ...]:
    """One for each condition; none of a tract that is not classed, whose numbers may rest on a few households."""
    if typology.excluded[at] is not None:
        return ()
    return tuple(_line(typology, at, name, c) for name, c in conditions.items())


def _line(typology: Typology, at: int, name: str, c: Condition) -> Line:
    what = name.rpartition(".")[2]
    top = _at(typology.tracts.top.get(name.replace(".", "_").removesuffix("_high")), at)
    return Line(
        name=name,
        unit=_UNITS[what],
        rule="at least" if name in CHANGES else "above",
        value=_figure(c.value[at], c.se[at]),
        threshold=_figure(c.threshold, threshold_se(c)),
        holds=_flag(c.holds[at]),
        probability=_number(c.probability[at]),
        needed=needed(typology, name, c, at),
        top=top,
        bare_threshold=STANDS_STILL if math.isfinite(c.threshold) and math.isnan(threshold_se(c)) else None,
    )


def threshold_se(c: Condition) -> float:
    """Standard error of a threshold; NaN where the figures that it is made of have none.

    A quantile over figures without margins does not move in the draws: that is no error of 0.
    """
    still = c.threshold_se == 0.0 and not np.isfinite(c.se).any()
    return math.nan if still else c.threshold_se


def _stage(typology: Typology, at: int, variant: Variant) -> StageLine:
    stage, market = int(typology.stage[variant][at]), int(typology.markets[variant].code[at])
    chances = typology.p_stage[variant][at]
    known = not bool(np.isnan(chances).any())
    others = [(float(p), -k) for k, p in enumerate(chances[: len(STAGES)]) if k != stage and p > 0]
    next_p, next_k = max(others, default=(0.0, 0))
    own = float(chances[stage]) if known and stage >= 0 else math.nan
    return StageLine(
        variant=variant,
        market=MARKET_NAMES[market] if market >= 0 else None,
        stage=STAGES[stage] if stage >= 0 else None,
        probability=_number(own),
        label=str(label(own)),
        probabilities=dict(zip((*STAGES, CANNOT_BE_TOLD), chances.tolist(), strict=True)) if known else None,
        next_stage=STAGES[-next_k] if others else None,
        next_probability=next_p if others else None,
        pressed=_answer(typology.pressed[variant][at], typology.p_pressed[variant][at]),
        stood_in=bool(typology.markets[variant].stood_in[at]),
    )


def _verdict(opinion: Opinion, at: int, classed: bool) -> Verdict:
    lines = tuple(
        Line(
            name=name,
            unit=_OPINION_UNITS.get((opinion.method, name), "share"),
            rule=c.sense,
            value=_figure(c.value[at], math.nan),
            threshold=_figure(c.threshold, math.nan),
            holds=_flag(c.holds[at]),
            probability=None,
            needed=_number(c.threshold - c.value[at]),
            top=False,
            bare_threshold=NO_SAMPLING,
        )
        for name, c in opinion.criteria.items()
    )
    return Verdict(opinion.method, opinion.title, _flag(opinion.holds[at]), lines if classed else ())


def _caveats(typology: Typology, at: int) -> tuple[str, ...]:
    tracts, least = typology.tracts, typology.settings.min_units
    few = {
        market: any(float(tracts.homes[name][at]) < least for name in _vintages(market) if name in tracts.homes)
        for market in MARKETS
    }
    said = {
        "rim": _at(tracts.edge, at),
        "unplaced": _at(tracts.unplaced, at),
        "students": tracts.students is not None and float(tracts.students[at]) >= MANY_STUDENTS,
        "rents_stand_in": bool(typology.markets["value"].stood_in[at]),
        "few_owned_homes": few["value"],
        "few_rented_homes": few["rent"],
        "drawn_anew": _at(tracts.drawn_anew, at),
        "top_of_scale": any(_at(tracts.top.get(name), at) for market in MARKETS for name in _vintages(market)),
        "bottom_of_scale": any(_at(tracts.bottom.get(name), at) for market in MARKETS for name in _vintages(market)),
        "no_margins": any(c.holds[at] >= 0 and np.isnan(c.probability[at]) for c in typology.pressures.values()),
    }
    return tuple(name for name in CAVEATS if said[name])


def _vintages(market: str) -> tuple[str, str]:
    return f"{market}_before", f"{market}_now"


def _at(flags: BoolArray | None, at: int) -> bool:
    return flags is not None and bool(flags[at])


def _how_many(lines: Sequence[Line]) -> int | None:
    answers = [line.holds for line in lines]
    return None if not answers or None in answers else sum(a is True for a in answers)


def _answer(holds: float, probability: float) -> Answer:
    """With the label of what is said, be it yes or no."""
    of_answer = probability if holds == 1.0 else 1.0 - probability
    return Answer(_flag(holds), _number(probability), str(label(of_answer if holds >= 0 else math.nan)))


def _counted(amount: Amount, at: int) -> Figure:
    return _figure(amount.value[at], amount.se[at])


def _figure(value: float, se: float) -> Figure:
    return Figure(_number(value), None if math.isnan(value) else _number(Z90 * se))


def _number(value: float | FloatArray) -> float | None:
    plain = float(value)
    return plain if math.isfinite(plain) else None


def _flag(holds: float) -> bool | None:
    return None if math.isnan(holds) else bool(holds)
