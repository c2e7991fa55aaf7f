"""What the market of the headline is told by, and where it can hardly be told: rents for home values, no spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from justgeo.measure.margins import Z90
from justgeo.measure.typology.values import MARKETS, UNTOLD, Condition, Market, Typology
from justgeo.report.displacement_terms import CONDITIONS, HOME_PRICES, RENTS, VARIANT


def market(typology: Typology, inside: FloatArray) -> dict[str, Any]:
    """What the market of the headline is called, and what has to be said beside it.

    Parameters
    ----------
    typology : Typology
    inside : (n,) float
        Part of each tract that is counted, 0 to 1.

    Returns
    -------
    dict
        ``prices``, what rose or did not: home prices, or rents where no tract is told by a home value; ``by``, the
        medians behind it; ``told``, tracts of the reference whose market can be told; ``by_rents``, those of them that
        are told by rents for lack of a home value; ``notes``, sentences, none where there is nothing to say.
    """
    found = typology.markets[VARIANT]
    told = np.asarray(found.code != UNTOLD, dtype=np.bool_)
    rents = np.asarray(told & found.stood_in, dtype=np.bool_)
    n, k = int(told.sum()), int(rents.sum())
    by = "home values, or rents where none is known" if k else "home values"
    return {
        "prices": RENTS if n and k == n else HOME_PRICES,
        "by": "rents, since no home value is known" if n and k == n else by,
        "told": n,
        "by_rents": k,
        "notes": [*_stood_in(told, rents, inside), *_no_spread(typology, told, rents)],
    }


def _stood_in(told: BoolArray, rents: BoolArray, inside: FloatArray) -> Iterator[str]:
    n, k = int(told.sum()), int(rents.sum())
    if not k:
        return
    if k == n:
        yield f"No home value of both surveys is known here: the market of all {n} tracts that can be told is of rents."
        return
    here = inside > 0
    part = "" if here.all() else f", {int((rents & here).sum())} of {int((told & here).sum())} in the district"
    yield (
        f"Rents stand in for home values that are missing: of the {n} tracts whose market can be told, {k} are told by "
        f"rents{part}."
    )


def _no_spread(typology: Typology, told: BoolArray, rents: BoolArray) -> Iterator[str]:
    """Of each median that the headline asks for: that its tracts are too much alike to be told apart."""
    asked: tuple[Market, ...] = tuple(m for m in MARKETS if (rents if m == "rent" else told & ~rents).any())
    for name in asked:
        conditions: Mapping[str, Condition] = typology.markets[name].conditions
        for key, condition in conditions.items():
            why = _alike(condition)
            if why:
                chances = "" if np.isnan(condition.probability).all() else (
                    " Chances there come from the margins alone, and say nothing of the market."
                )  # fmt: skip
                yield f"{CONDITIONS[f'{name}.{key}'][2]}: {why}.{chances}"


def _alike(condition: Condition) -> str:
    """Why a condition tells no tract from another; empty where it does.

    A tie with the quantile is not above it: where many tracts share the highest number, none is.
    """
    known = np.isfinite(condition.holds) & np.isfinite(condition.value)
    if int(known.sum()) < 2:
        return ""
    value, moe = condition.value[known], Z90 * condition.se[known]
    n, top = len(value), int((value == value.max()).sum())
    if not (condition.holds[known] == 1.0).any() and top > 1:
        return f"none of {n} tracts lies above the threshold, since {top} of them share the highest number"
    usual = np.nanmedian(moe) if np.isfinite(moe).any() else 0.0
    return f"the {n} tracts differ by less than their margins" if value.max() - value.min() < usual else ""
