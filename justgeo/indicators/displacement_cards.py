"""What a public page may say of single tracts: their conditions, their homes, their rents. No market, no stage.

A tract of which too few households are left, or that is not classed, has a reason and no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from justgeo.core.errors import Absent, VintageError
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators import displacement
from justgeo.indicators.place import Place
from justgeo.measure.margins import Z90
from justgeo.measure.typology import rivals
from justgeo.measure.typology.cards import Figure, Line, PublicCard
from justgeo.measure.typology.explain import public_card
from justgeo.measure.typology.values import PRESSURES, Typology

OTHER_METHOD = "Urban Displacement Project"
BESIDE = ("B25064", "B25063", "B25077")
"""Tables of the rents on a card, in tracts that were drawn anew too, and of what the other method asks besides."""
_LEAST_INSIDE = 0.001
"""Part of a tract's households from which it belongs to the district, as for the areas of the map."""

ROSE, FELL, CLOSE, BARE = RENTS = ("rose", "fell", "too close to tell", "margin not known")
"""What a public card may say of a tract's rents: words alone. By how much they rose is a guide for buyers, and stands
in no public file (BEL-05.change is told of the district as a whole)."""

_NOTHING = ("held", "untold", "chance", "households", "renter_households", "rent_change", "other")


def public_block(place: Place, row: Indicator, least: float) -> dict[str, Any]:
    """Cards of the tracts in and around the district, with the rule that they follow.

    Parameters
    ----------
    place : Place
    row : Indicator
        A row of the field ``vulnerability``.
    least : float
        Tracts of fewer households have no number on their card (METHODS 2.8).

    Returns
    -------
    dict
        ``reason`` (why there is no card at all, or None), ``years``, ``draws``, ``min_households``,
        ``max_group_quarters``, ``tables``, ``region`` and ``cards``, as in ``results.schema.json``. Shares are 0 to 1,
        margins for 90 % confidence; cards are in the order of their GEOIDs.
    """
    try:
        found = displacement.typology_of(place, row)
    except Absent as absent:
        return _empty(absent.reason)
    tracts = found.tracts
    opinion = rivals.udp_vulnerable(tracts)
    at = {str(geoid): i for i, geoid in enumerate(tracts.geoid)}
    shown = sorted(geoid for geoid in _shown(place) if geoid in at)
    if not shown:
        return _empty("no tract of the reference lies in the district")
    return {
        "reason": None,
        "years": [tracts.years[0] if tracts.before else None, tracts.years[1]],
        "draws": found.settings.draws,
        "min_households": found.settings.min_households,
        "max_group_quarters": found.settings.max_group_quarters,
        "tables": _tables(place, row),
        "region": [_region(found, name) for name in PRESSURES],
        "cards": [
            _card(public_card(found, at[geoid], (opinion,)), _other(opinion.holds, at[geoid]), least) for geoid in shown
        ],
    }


def _empty(reason: str) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(("draws", "min_households", "max_group_quarters"))
    return {"reason": reason, "years": [None, None], **nothing, "tables": [], "region": [], "cards": []}


def _shown(place: Place) -> list[str]:
    """Tracts of the map; where its areas are the planner's own, those with households in the district."""
    zones = place.zones
    areas = [z for z, g, r in zip(zones.ids, zones.geography, zones.roles, strict=True) if (g, r) == ("tract", "area")]
    if areas:
        return areas
    vintage = place.layer(place.table_name("B25003")).geography_vintage
    try:
        inside = place.weights.matrix("tract", vintage, "households")[[zones.roles.index("district")], :]
    except VintageError:
        return []  # no shapes of these tracts are at hand
    weights = np.asarray(inside.todense()).ravel()
    return [str(g) for g in place.weights.geoids("tract", vintage)[weights >= _LEAST_INSIDE]]


def _tables(place: Place, row: Indicator) -> list[str]:
    """Codes of the tables behind a card, of those at hand."""
    named = [name.removeprefix("acs:") for name in (*row.inputs, *row.optional) if name.startswith("acs:")]
    wanted = dict.fromkeys([*(code for code in named if "@" not in code), *BESIDE])
    return [code for code in wanted if place.table_name(code) in place.layers]


def _region(found: Typology, name: str) -> dict[str, Any]:
    condition = found.pressures[name]
    se = condition.threshold_se
    return {"id": name, "value": condition.threshold, "moe": Z90 * se if np.isfinite(se) else None}


def _card(card: PublicCard, other: Mapping[str, Any] | None, least: float) -> dict[str, Any]:
    reason = _why_not(card, least)
    if reason is not None:
        empty: dict[str, Any] = dict.fromkeys(_NOTHING)
        return {"zone": card.geoid, "reason": reason, **empty, "pressures": [], "caveats": []}
    holds = [line.holds for line in card.pressures]
    return {
        "zone": card.geoid,
        "reason": None,
        "pressures": [_pressure(line) for line in card.pressures],
        "held": sum(one is True for one in holds),
        "untold": sum(one is None for one in holds),
        # The share of the draws itself: that no chance is told as surer than 99 % is for the words to see to.
        "chance": card.three_of_four.probability,
        "households": _figure(card.households),
        "renter_households": _figure(card.renter_households),
        "rent_change": rent_moved(card.rent_change),
        "other": None if other is None else {**other, "agrees": card.other_method_agrees},
        # Only the rent of a public card looks back.
        "caveats": [one for one in card.caveats if one != "drawn_anew" or card.rent_change.value is not None],
    }


def _why_not(card: PublicCard, least: float) -> str | None:
    """Why a card has no number: too few households stand behind it, or the tract is not classed."""
    homes = card.households.value
    if homes is not None and homes < least:
        return f"suppressed: fewer than {least:g} households stand behind it"
    return card.excluded


def _pressure(line: Line) -> Mapping[str, Any]:
    return {
        "id": line.name,
        "value": line.value.value,
        "moe": line.value.moe,
        "holds": line.holds,
        "chance": line.probability,
    }


def rent_moved(change: Figure) -> str | None:
    """Whether a rent rose or fell after inflation, by its 90 % margin; without the amount.

    Parameters
    ----------
    change : Figure
        Real relative change of the median rent.

    Returns
    -------
    str or None
        One of `RENTS`; None where the change is not known.
    """
    if change.value is None:
        return None
    if change.moe is None:
        return BARE
    if abs(change.value) <= change.moe:
        return CLOSE
    return ROSE if change.value > 0 else FELL


def _figure(figure: Figure) -> dict[str, Any] | None:
    return None if figure.value is None else {"value": figure.value, "moe": figure.moe}


def _other(holds: FloatArray, at: int) -> dict[str, Any] | None:
    """What the other method says of a tract; None where it can tell of none."""
    if not np.isfinite(holds).any():
        return None
    return {"method": OTHER_METHOD, "says": None if np.isnan(holds[at]) else bool(holds[at])}
