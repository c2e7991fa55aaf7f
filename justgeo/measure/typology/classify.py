"""The displacement typology of a region: the class of every tract, its reasons and its chances.

Bates (2013), doi:10.15760/report-01, in the two-vintage form of METHODS 5.2; chances by METHODS 5.3 and 2.7. The class
rests on the estimates as they stand; a chance is the share of the draws of the survey in which a statement holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.typology import draws, outcomes, prepare
from justgeo.measure.typology.logic import Told
from justgeo.measure.typology.prepare import MARKET_MEASURES, MEASURES, MIN_TRACTS, N_REGION, Ready, TooFewTracts
from justgeo.measure.typology.values import (
    CHANGES,
    MARKETS,
    PRESSURES,
    UNTOLD,
    VARIANTS,
    Condition,
    Market,
    MarketResult,
    Settings,
    Tracts,
    Typology,
    Variant,
)

NARROW = 0.1
"""Where a condition is missing, a chance is known as a range only; one no wider than this is told by its middle."""


def classify(tracts: Tracts, settings: Settings | None = None) -> Typology:
    """Class, reasons and chances of every tract of a region.

    Parameters
    ----------
    tracts : Tracts
        All tracts of the reference: each is held against the others.
    settings : Settings or None
        None: the defaults of the method.

    Returns
    -------
    Typology
        A tract that is left out (``excluded``) has no class and no chance. Where a condition is missing, the chance
        of part A or B, or of being under pressure, is told where its range is no wider than `NARROW`; the chances of
        markets and stages have a column for what cannot be told, and are NaN where more than `NARROW` hangs on
        margins that are not known.

    Raises
    ------
    LayerError, ConfigError
        What `checks.check` refuses.
    TooFewTracts
        Fewer than five tracts are left to be held against one another.
    """
    ready = prepare.prepare(tracts, settings if settings is not None else Settings())
    if ready.classed.sum() < MIN_TRACTS:
        raise TooFewTracts(_too_few(ready), remedy="Name a larger reference, such as the county or the metro area.")
    return against(ready)


def against(ready: Ready, cuts: FloatArray | None = None) -> Typology:
    """As `classify`, held against given cuts in place of the quantiles of these tracts.

    Parameters
    ----------
    ready : Ready
    cuts : (6,) float or None
        For each of `MARKETS`: the median before, the median now, the real change above which a tract is high.
    """
    thresholds = draws.plain_thresholds(ready, cuts)
    ready = _without_market(ready, thresholds)
    told = plain(ready, thresholds)
    chances = draws.simulate(ready, cuts)
    found = _conditions(ready, thresholds, told.conditions, chances)
    region = {name: found[k] for k, name in enumerate(MEASURES[:N_REGION])}
    parts = dict(zip(VARIANTS, told.parts, strict=True))
    bare = _bare_homes(ready)
    return Typology(
        tracts=ready.tracts,
        settings=ready.settings,
        excluded=ready.excluded,
        pressures={name: region[name] for name in PRESSURES},
        changes={name: found[len(PRESSURES) + k] for k, name in enumerate(CHANGES)},
        vulnerable=_number(told.vulnerable),
        p_vulnerable=_settled(ready, *chances.vulnerable),
        changed=_number(told.changed),
        p_changed=_settled(ready, *chances.changed),
        markets={v: _market(ready, v, found, parts[v], chances) for v in VARIANTS},
        stage={v: _code(parts[v].stage) for v in VARIANTS},
        p_stage={v: _rows(ready, chances.stage[v], bare[v] | _bare_people(ready)) for v in VARIANTS},
        pressed={v: _number(parts[v].pressed) for v in VARIANTS},
        p_pressed={v: _settled(ready, *chances.pressed[v]) for v in VARIANTS},
    )


def plain(ready: Ready, thresholds: FloatArray) -> outcomes.Outcome:
    """Outcomes of the estimates as they stand: one case."""
    found = prepare.measures(ready.mean[:, :, None], ready.tracts.price)
    limits = outcomes.margin_of_ties(thresholds[:, None])
    yes = [outcomes.holds(k, m, limits[k]) for k, m in enumerate(found)]
    known = ready.valid & np.isfinite(thresholds)
    return outcomes.judge(ready, yes, known, np.ones((1, 1), dtype=np.bool_))


def _without_market(ready: Ready, thresholds: FloatArray) -> Ready:
    """A market that has no quantile, because too few of its medians are known, is missing for all tracts."""
    none = ~np.isfinite(thresholds[N_REGION:]).reshape(len(MARKETS), len(MARKET_MEASURES)).all(axis=1)
    return replace(ready, missing=ready.missing | none)


def _too_few(ready: Ready) -> str:
    left = int(ready.classed.sum())
    reasons = sorted({why for why in ready.excluded if why is not None})
    out = f" ({'; '.join(reasons)})" if reasons else ""
    return f"Of {len(ready.tracts)} tracts {left} can be classed{out}; a class needs {MIN_TRACTS} to compare."


def _conditions(
    ready: Ready, thresholds: FloatArray, told: tuple[Told, ...], chances: draws.Chances
) -> tuple[Condition, ...]:
    price = ready.tracts.price
    values = prepare.measures(ready.mean[:, :, None], price)
    errors = prepare.measure_errors(ready.mean, ready.se, price)
    return tuple(
        Condition(
            value=np.where(ready.valid[:, k], values[k][:, 0], np.nan),
            se=np.where(ready.valid[:, k], errors[k], np.nan),
            threshold=float(thresholds[k]),
            threshold_se=float(chances.threshold_se[k]),
            holds=_number(told[k]),
            probability=chances.condition[:, k],
        )
        for k in range(len(MEASURES))
    )


def _number(statement: Told) -> FloatArray:
    return statement.as_number()[:, 0]


def _code(statements: tuple[Told, ...]) -> IntArray:
    """Which of some exclusive statements holds, by number."""
    code = np.full(len(statements[0].yes), UNTOLD, dtype=np.int64)
    for k, statement in enumerate(statements):
        code[statement.yes[:, 0]] = k
    return code


def _settled(ready: Ready, yes: FloatArray, untold: FloatArray) -> FloatArray:
    """Chance from the share of draws that say yes and of those that cannot say."""
    return np.where(ready.classed & (untold <= NARROW), yes + untold / 2.0, np.nan)


def _market(
    ready: Ready, variant: Variant, found: tuple[Condition, ...], part: outcomes.Part, chances: draws.Chances
) -> MarketResult:
    return MarketResult(
        conditions=_of_market(variant, found),
        code=_code(part.market),
        probability=_rows(ready, chances.market[variant], _bare_homes(ready)[variant]),
        stood_in=_stood_in(ready, variant),
    )


def _rows(ready: Ready, found: FloatArray, bare: BoolArray) -> FloatArray:
    """Chances of exclusive outcomes; NaN where too much of them hangs on margins that are not known."""
    gone = ~ready.classed | (bare & (found[:, -1] > NARROW))
    return np.where(gone[:, None], np.nan, found)


def _bare_homes(ready: Ready) -> dict[Variant, BoolArray]:
    """Where the market rests on a known number without a margin."""
    homes = (ready.valid & ~ready.sure)[:, N_REGION:]
    size = len(MARKET_MEASURES)
    value: BoolArray = np.asarray(homes[:, :size].any(axis=1), dtype=np.bool_)
    rent: BoolArray = np.asarray(homes[:, size:].any(axis=1), dtype=np.bool_)
    return {"value": value | (_stood_in(ready, "value") & rent), "rent": rent, "either": value | rent}


def _bare_people(ready: Ready) -> BoolArray:
    """Where a pressure or a change rests on a known number without a margin."""
    return np.asarray((ready.valid & ~ready.sure)[:, :N_REGION].any(axis=1), dtype=np.bool_)


def _stood_in(ready: Ready, variant: Variant) -> BoolArray:
    if variant != "value":
        return np.zeros(len(ready.tracts), dtype=np.bool_)
    no_value, no_rent = ready.missing[:, MARKETS.index("value")], ready.missing[:, MARKETS.index("rent")]
    return np.asarray(no_value & ~no_rent & ready.classed, dtype=np.bool_)


def _of_market(variant: Variant, found: tuple[Condition, ...]) -> Mapping[str, Condition]:
    if variant == "either":
        return {}
    names: tuple[Market, ...] = MARKETS
    start = N_REGION + names.index(variant) * len(MARKET_MEASURES)
    return dict(zip(MARKET_MEASURES, found[start : start + len(MARKET_MEASURES)], strict=True))
