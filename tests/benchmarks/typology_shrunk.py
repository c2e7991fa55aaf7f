"""A diagnosis, no part of the product: chances that know how much tracts differ at all.

A survey that puts a tract far from the others is, more often than not, a survey that erred in that direction. The
product's chances take what the survey says as it stands (METHODS 5.3). Here each quantity, before and now together, is
drawn back towards the mean of all tracts by as much as its margin says: the tracts' true values are taken to be normal
around their mean, with the spread that is left when the sampling errors are taken out of theirs. If chances that are
over-sure become honest by that, regression to the mean is why they were over-sure.

References
----------
Fay and Herriot (1979), *Estimates of income for small places: an application of James-Stein procedures to census data*,
Journal of the American Statistical Association 74.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.typology import rules
from justgeo.measure.typology.logic import Told, told
from justgeo.measure.typology.values import BEFORE, CHANGES, MARKETS, NOW, PRESSURES, SHARES, Pooled, Settings, Tracts

Drawn = dict[str, FloatArray]
"""Values by quantity: (draws, n)."""


class Both(NamedTuple):
    """Draws of the two vintages."""

    now: Drawn
    before: Drawn


def chances(tracts: Tracts, settings: Settings) -> dict[str, FloatArray]:
    """As ``typology_cases.said``, from shrunk draws; tracts have to be known in every quantity.

    Tracts of no households are nobody's case: their chances are NaN.
    """
    rng = np.random.default_rng(settings.seed)
    known = _known(tracts)
    drawn = _posterior(tracts, known, settings.draws, rng)
    region = Both(_region(tracts.region_now, settings.draws, rng), _region(tracts.region_before, settings.draws, rng))
    found = {name: hit.mean(axis=0) for name, hit in _classes(drawn, region, tracts, known).items()}
    return {name: _spread(chance, known) for name, chance in found.items()}


def _known(tracts: Tracts) -> BoolArray:
    every = [*(tracts.get(n, "now") for n in NOW), *(tracts.get(n, "before") for n in BEFORE)]
    fine = [np.isfinite(a.value) & np.isfinite(a.se) for a in every]
    return np.asarray(np.all(fine, axis=0), dtype=np.bool_)


def _spread(chance: FloatArray, known: BoolArray) -> FloatArray:
    out = np.full((len(known), *chance.shape[1:]), np.nan)
    out[known] = chance
    return out


def _region(pooled: Mapping[str, Pooled], draws: int, rng: np.random.Generator) -> Drawn:
    return {name: one.value + one.se * rng.standard_normal((draws, 1)) for name, one in pooled.items()}


def _posterior(tracts: Tracts, known: BoolArray, draws: int, rng: np.random.Generator) -> Both:
    """Draws of what tracts truly are, each quantity by itself, its two vintages together."""
    made = Both({}, {})
    for name in NOW:
        some = [tracts.get(name, "now"), *([tracts.get(name, "before")] if name in BEFORE else [])]
        value = np.column_stack([a.value[known] for a in some])
        se = np.column_stack([a.se[known] for a in some])
        true = _shrunk(value, se, draws, rng)
        true = np.clip(true, 0.0, 1.0) if name in SHARES else np.maximum(true, 1.0)
        for of, one in zip(made, np.moveaxis(true, 2, 0), strict=False):
            of[name] = one
    return made


def _shrunk(value: FloatArray, se: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """(draws, n, vintages) from estimates and standard errors (n, vintages)."""
    scale = value.std(axis=0)
    x, s = value / scale, se / scale
    mean = x.mean(axis=0)
    between = np.atleast_2d(np.cov(x.T)) - np.diag(np.square(s).mean(axis=0))
    level, axes = np.linalg.eigh(between)
    between = (axes * np.maximum(level, 1e-6)) @ axes.T
    out = np.empty((draws, *x.shape))
    for t in range(len(x)):
        gain = between @ np.linalg.inv(between + np.diag(np.square(s[t])))
        level, axes = np.linalg.eigh(between - gain @ between)
        root = axes * np.sqrt(np.maximum(level, 0.0))
        out[:, t] = mean + gain @ (x[t] - mean) + rng.standard_normal((draws, x.shape[1])) @ root.T
    return np.asarray(out * scale, dtype=np.float64)


def _sure(hit: BoolArray) -> Told:
    return told(hit, np.ones(hit.shape, dtype=np.bool_))


def _high(values: FloatArray) -> BoolArray:
    return np.asarray(values > np.quantile(values, 0.6, axis=1, keepdims=True), dtype=np.bool_)


def _classes(drawn: Both, region: Both, tracts: Tracts, known: BoolArray) -> dict[str, BoolArray]:
    """Every statement in every draw."""
    now, before = drawn
    r_now, r_before = region
    pressures = [now[name] < r_now[name] for name in ("owners", "white", "bachelors")]
    pressures.append(now["low_income"] > r_now["low_income"])
    changes = [now[n] - before[n] >= r_now[n] - r_before[n] for n in ("owners", "white", "bachelors")]
    changes.append(now["income"] / before["income"] >= r_now["income"] / r_before["income"])
    a = rules.vulnerable(*map(_sure, pressures))
    b = rules.changed(*map(_sure, changes))
    found = {f"A.{name}": hit for name, hit in zip(PRESSURES, pressures, strict=True)}
    found |= {f"B.{name}": hit for name, hit in zip(CHANGES, changes, strict=True)}
    found |= {"A": a.yes, "B": b.changed.yes}
    markets: dict[str, rules.Markets] = {}
    for market in MARKETS:
        high = {"before_high": _high(before[market]), "now_high": _high(now[market])}
        high["change_high"] = _high(now[market] / before[market])
        found |= {f"C.{market}.{name}": hit for name, hit in high.items()}
        near = _near(high["now_high"] | high["change_high"], tracts, known)
        markets[market] = rules.market(*(_sure(hit) for hit in (*high.values(), near)))
    markets["either"] = rules.further(markets["value"], markets["rent"])
    for variant, market in markets.items():
        found[f"market.{variant}"] = np.stack([one.yes for one in market.one_by_one()], axis=2)
        found[f"stage.{variant}"] = np.stack([one.yes for one in rules.stages(a, b, market)], axis=2)
        found[f"pressed.{variant}"] = a.yes & market.adjacent.yes
    return found


def _near(hot: BoolArray, tracts: Tracts, known: BoolArray) -> BoolArray:
    assert tracts.neighbours is not None
    touching = tracts.neighbours.tocsr()[known][:, known]
    return np.asarray((touching @ hot.T.astype(np.float64)).T > 0, dtype=np.bool_)
