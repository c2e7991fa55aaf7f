"""What the analyst's output on displacement says, as plain values: files and page are made of this alone.

JSON has no word for "not a number": what is missing is None. Numbers have twelve significant digits, margins are those
of 90 % confidence, shares run from 0 to 1. Everything stands in the order of tracts, conditions, stages: nothing is
ranked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import FloatArray
from justgeo.measure.compare import label
from justgeo.measure.margins import Z90
from justgeo.measure.typology.agreement import TELLS_NOTHING, Agreement, Count
from justgeo.measure.typology.explain import Card, threshold_se
from justgeo.measure.typology.flips import conditions as conditions_of
from justgeo.measure.typology.rivals import Opinion
from justgeo.measure.typology.sensitivity import Untold, Variation, markets_told
from justgeo.measure.typology.values import (
    MARKET_NAMES,
    STAGES,
    UNTOLD,
    VARIANTS,
    Amount,
    Condition,
    Pooled,
    Typology,
    Variant,
)
from justgeo.report import basemap, displacement_caveats
from justgeo.report.displacement_choices import choice, shown
from justgeo.report.displacement_headline import by_market, of_pressures
from justgeo.report.displacement_market import market
from justgeo.report.displacement_plain import clean, drawn
from justgeo.report.displacement_terms import (
    CANNOT,
    CONDITIONS,
    LEFT_OUT,
    MARK,
    OWN,
    PUBLISHED,
    QUESTIONS,
    VARIANT,
    Method,
)
from justgeo.report.results import INVENTED


def content(
    typology: Typology,
    opinions: Sequence[Opinion],
    agreement: Agreement,
    variations: Sequence[Variation | Untold],
    cards: Sequence[Card],
    *,
    name: str,
    synthetic: bool,
    at: FloatArray | None = None,
    shapes: gpd.GeoSeries | None = None,
    outline: BaseGeometry | None = None,
    published: Opinion | None = None,
    coded: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Everything that is told, ready for JSON.

    Parameters
    ----------
    typology : Typology
    opinions : sequence of Opinion
        Of the other methods.
    agreement : Agreement
        Of those methods that can tell of any tract.
    variations : sequence of Variation or Untold
    cards : sequence of Card
        One for each tract.
    name : str
        Of the region or the district.
    synthetic : bool
        The data are invented.
    at : (n,) float, optional
        Part of each tract that lies in the district, 0 to 1; None where the region itself is meant.
    shapes : GeoSeries, optional
        (n,) polygons with a CRS, to be drawn.
    outline : shapely geometry, optional
        Of the district, EPSG:4326.
    published : Opinion, optional
        The vulnerability of another method with its published treatment of missing numbers, sentinels and all.
    coded : sequence of str
        Tracts where a sentinel stands for a median.
    notes : sequence of str
        More than the tracts' own.

    Returns
    -------
    dict
        Keys ``mark, name, synthetic, invented, years, price, kind, variant, market, headline, headlines, pressures,
        methods, agreement, stages, conditions, tracts, cards, sensitivity, as_published, reference, notes, shapes,
        outline``.

    Raises
    ------
    OutputError
        A number is infinite.
    """
    n = len(typology.tracts)
    inside = np.ones(n) if at is None else np.asarray(at, dtype=np.float64)
    told = {v: by_market(typology, v, inside) for v in VARIANTS}
    flags = methods_of(typology, [*opinions, *(() if published is None else (published,))])
    tracts, conditions, moving = typology.tracts, conditions_of(typology), market(typology, inside)
    made = {
        "mark": MARK,
        "name": name,
        "synthetic": synthetic,
        "invented": INVENTED if synthetic else "",
        "years": shown(tracts.years, bool(tracts.before)),
        "price": tracts.price if tracts.before else None,
        "kind": "region" if at is None else "district",
        "variant": VARIANT,
        "market": moving,
        "headline": told[VARIANT],
        "headlines": told,
        "pressures": of_pressures(typology, inside),
        "methods": _methods(typology, opinions, published, flags, str(moving["prices"])),
        "agreement": _agreement(agreement),
        "stages": {v: _stages(typology, v, inside) for v in VARIANTS},
        "conditions": [_condition(key, c) for key, c in conditions.items()],
        "tracts": [_tract(typology, i, inside, flags, conditions) for i in range(n)],
        "cards": list(cards),
        "sensitivity": [choice(one) for one in variations],
        "as_published": None if published is None else _as_published(typology, opinions, published, coded),
        "reference": _reference(typology),
        "notes": list(
            dict.fromkeys(
                [
                    *tracts.notes,
                    *(f"{o.title}: {note}" for o in opinions for note in o.notes),
                    *moving["notes"],
                    *displacement_caveats.notes(typology),
                    *notes,
                ]
            )
        ),
    }
    cleaned: dict[str, Any] = clean(made, "displacement")
    cleaned["shapes"] = None if shapes is None else drawn(shapes, [str(g) for g in tracts.geoid])
    cleaned["outline"] = None if outline is None else basemap.feature(outline, 4326, {})["geometry"]
    return cleaned


def methods_of(typology: Typology, opinions: Sequence[Opinion]) -> dict[str, FloatArray]:
    """Flags of every method, 1, 0 or NaN, ours first; that of the market only where a market can be told."""
    # by two pressures alone no tract could have three: that none has would be no finding
    told = sum(bool(np.isfinite(c.holds).any()) for c in typology.pressures.values())
    if told < 3:
        nothing = np.full(len(typology.tracts), np.nan)
        return {"vulnerable": nothing} | {opinion.method: opinion.holds for opinion in opinions}
    ours = {"vulnerable": typology.vulnerable}
    if VARIANT in markets_told(typology):
        ours["pressed"] = typology.pressed[VARIANT]
    return ours | {opinion.method: opinion.holds for opinion in opinions}


def _figure(value: float, se: float) -> dict[str, float]:
    return {"value": float(value), "moe": float(se) * Z90}


def _yes(flag: float) -> bool | None:
    return None if math.isnan(flag) else bool(flag == 1.0)


def _amount(amount: Amount, i: int) -> dict[str, float]:
    return _figure(amount.value[i], amount.se[i])


def _methods(
    typology: Typology,
    opinions: Sequence[Opinion],
    published: Opinion | None,
    flags: Mapping[str, FloatArray],
    prices: str,
) -> list[dict[str, Any]]:
    words = {key: one._replace(question=one.question.format(prices=prices)) for key, one in OWN.items()}
    for opinion in (*opinions, *(() if published is None else (published,))):
        question = QUESTIONS.get(opinion.method.removesuffix(PUBLISHED), "")
        words[opinion.method] = Method(opinion.title, question, "; ".join(opinion.references))
    homes = typology.tracts.households.value
    reasons = {opinion.method: opinion.reason for opinion in opinions}
    made = []
    for key, flag in flags.items():
        told = int(np.isfinite(flag).sum())
        made.append(
            {
                "id": key,
                **words[key]._asdict(),
                # that a method flags none of the tracts is a finding only where it can tell of one
                "reason": None if told else reasons.get(key) or TELLS_NOTHING,
                "flagged": int((flag == 1.0).sum()) if told else None,
                "told": told,
                "of": len(flag),
                "households": float(np.nansum(homes[flag == 1.0])) if told else None,
            }
        )
    return made


def _agreement(found: Agreement) -> dict[str, Any]:
    pairs = []
    for pair in found.pairs:
        counts = {"both": pair.both, "only_a": pair.only_first, "only_b": pair.only_second, "neither": pair.neither}
        told = pair.told
        agree = (pair.both.tracts + pair.neither.tracts) / told if told else math.nan
        pairs.append(
            {
                "a": pair.first,
                "b": pair.second,
                "nested": pair.nested,
                **{key: count.tracts for key, count in counts.items()},
                "told": told,
                "untold": pair.untold.tracts,
                "agree": agree,
                "kappa": pair.kappa,
                "households": {key: count.households for key, count in counts.items()},
            }
        )
    all_told = sum(count.tracts for count in found.flagged_by)
    return {
        "methods": list(found.methods),
        "counted": list(found.counted),
        "absent": dict(found.absent),
        "pairs": pairs,
        "flagged": {key: _count(found.flagged[key]) for key in found.methods},
        "told_by": {key: _count(found.told[key]) for key in found.methods},
        "flagged_by": [_count(count) for count in found.flagged_by],
        "all_yes": found.flagged_by[-1].tracts if found.counted else 0,
        "any_yes": sum(count.tracts for count in found.flagged_by[1:]),
        "told": all_told,
        "untold": found.untold.tracts,
    }


def _count(count: Count) -> dict[str, float]:
    return {"tracts": count.tracts, "households": count.households}


def _stages(typology: Typology, variant: Variant, inside: FloatArray) -> list[dict[str, Any]]:
    """Tracts and homes of every stage, as they stand and by chance; of a district those tracts that reach into it."""
    here = inside > 0
    homes = np.where(here, inside * typology.tracts.households.value, 0.0)
    out = np.array([why is not None for why in typology.excluded], dtype=np.bool_)
    stage, chance = typology.stage[variant], typology.p_stage[variant]
    known = here & np.isfinite(chance).all(axis=1)
    rows = []
    for k, name in enumerate((*STAGES, CANNOT)):
        held = here & ~out & (stage == (k if name != CANNOT else UNTOLD))
        rows.append(
            {
                "stage": name,
                "tracts": int(held.sum()),
                "households": float(np.nansum(homes[held])),
                "expected_tracts": float(chance[known, k].sum()) if known.any() else math.nan,
                "expected_households": float(np.nansum((homes * chance[:, k])[known])) if known.any() else math.nan,
            }
        )
    gone = here & out
    nothing = {"expected_tracts": None, "expected_households": None}
    return [
        *rows,
        {"stage": LEFT_OUT, "tracts": int(gone.sum()), "households": float(np.nansum(homes[gone])), **nothing},
    ]


def _condition(key: str, condition: Condition) -> dict[str, Any]:
    part, unit, title = CONDITIONS[key]
    return {
        "id": key,
        "part": part,
        "title": title,
        "unit": unit,
        "threshold": _figure(condition.threshold, threshold_se(condition)),
        "rule": "at least" if part == "B" else "above",
        "tracts": int((condition.holds == 1.0).sum()),
        "told": int(np.isfinite(condition.holds).sum()),
    }


def _tract(
    typology: Typology,
    i: int,
    inside: FloatArray,
    flags: Mapping[str, FloatArray],
    conditions: Mapping[str, Condition],
) -> dict[str, Any]:
    tracts = typology.tracts
    return {
        "geoid": str(tracts.geoid[i]),
        "inside": inside[i],
        "households": _amount(tracts.households, i),
        "renter_households": _amount(tracts.renter_households, i),
        "excluded": typology.excluded[i],
        "edge": None if tracts.edge is None else bool(tracts.edge[i]),
        "students": None if tracts.students is None else tracts.students[i],
        "vulnerable": _yes(typology.vulnerable[i]),
        "p_vulnerable": typology.p_vulnerable[i],
        "changed": _yes(typology.changed[i]),
        "p_changed": typology.p_changed[i],
        "variants": {v: _variant(typology, v, i) for v in VARIANTS},
        "conditions": {
            key: {**_figure(c.value[i], c.se[i]), "holds": _yes(c.holds[i]), "p": c.probability[i]}
            for key, c in conditions.items()
        },
        "methods": {key: _yes(flag[i]) for key, flag in flags.items()},
    }


def _variant(typology: Typology, variant: Variant, i: int) -> dict[str, Any]:
    market, stage = typology.markets[variant], int(typology.stage[variant][i])
    code, chances = int(market.code[i]), typology.p_stage[variant][i]
    p = math.nan if stage == UNTOLD else float(chances[stage])
    return {
        "market": None if code == UNTOLD else MARKET_NAMES[code],
        "stage": None if stage == UNTOLD else STAGES[stage],
        "p_stage": p,
        "label": str(label(p)),
        "pressed": _yes(typology.pressed[variant][i]),
        "p_pressed": typology.p_pressed[variant][i],
        "stood_in": bool(market.stood_in[i]),
        "p_stages": _chances((*STAGES, CANNOT), chances),
        "p_markets": _chances((*MARKET_NAMES, CANNOT), market.probability[i]),
    }


def _chances(names: Iterable[str], chances: FloatArray) -> dict[str, float] | None:
    return None if np.isnan(chances).any() else dict(zip(names, chances.tolist(), strict=True))


def _as_published(
    typology: Typology, opinions: Sequence[Opinion], published: Opinion, coded: Sequence[str]
) -> dict[str, Any]:
    """What a published treatment of missing numbers changes, tract by tract."""
    method = published.method.removesuffix(PUBLISHED)
    ours = next(o.holds for o in opinions if o.method == method)
    geoid, theirs = typology.tracts.geoid, published.holds
    only_theirs, only_ours = (theirs == 1.0) & (ours != 1.0), (ours == 1.0) & (theirs != 1.0)
    untold = int(np.isnan(ours).sum())
    return {
        "method": method,
        "flagged": int((theirs == 1.0).sum()),
        "flagged_ours": int((ours == 1.0).sum()),
        "untold_ours": untold,
        "only_published": [str(g) for g in geoid[only_theirs]],
        "only_ours": [str(g) for g in geoid[only_ours]],
        "sentinels": list(coded),
        "words": (
            f"With missing numbers treated as published, {int((theirs == 1.0).sum())} of {len(geoid)} tracts are "
            f"flagged; with missing numbers taken for missing, {int((ours == 1.0).sum())}, and {untold} cannot be "
            f"told. Flagged by the published treatment alone: {int(only_theirs.sum())}; by the right treatment alone: "
            f"{int(only_ours.sum())}. Tracts in which a sentinel stands for a median rent or home value, and passes "
            f"for a low one by that treatment: {len(coded)}. All of it is worked out here, and is no published result."
        ),
    }


def _reference(typology: Typology) -> dict[str, Any]:
    """The set that every class depends on."""
    tracts, settings = typology.tracts, typology.settings

    def told(region: Mapping[str, Pooled]) -> dict[str, dict[str, float]]:
        return {name: _figure(pooled.value, pooled.se) for name, pooled in region.items()}

    reasons = zip(tracts.geoid.tolist(), typology.excluded, strict=True)
    excluded = {str(geoid): why for geoid, why in reasons if why is not None}
    return {
        "tracts": len(tracts),
        "classed": len(tracts) - len(excluded),
        "excluded": excluded,
        "geoids": [str(geoid) for geoid in tracts.geoid],
        "neighbours": tracts.neighbours is not None,
        "settings": {one.name: getattr(settings, one.name) for one in fields(settings)},
        "region": {"now": told(tracts.region_now), "before": told(tracts.region_before)},
    }
