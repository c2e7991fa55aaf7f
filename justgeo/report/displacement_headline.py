"""What the analyst's output counts first: homes where the pressures hold, and where the market moves besides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from justgeo.core.layer import FloatArray
from justgeo.measure.typology import headline
from justgeo.measure.typology.headline import NOTHING, Headline
from justgeo.measure.typology.sensitivity import markets_told
from justgeo.measure.typology.values import Typology, Variant
from justgeo.report.displacement_terms import NO_MARKET


def by_market(typology: Typology, variant: Variant, inside: FloatArray) -> Mapping[str, Headline]:
    """The headline by one market, by what is counted; no figures where that market can be told of no tract.

    A tract whose pressures do not hold is known not to be pressed, whatever its market: "none of these" would be a
    number of what is not known.
    """
    found = headline.of_typology(typology, variant, inside)
    if variant in markets_told(typology):
        return found
    return {key: _nothing(one) for key, one in found.items()}


def _nothing(one: Headline) -> Headline:
    unknown = one.unknown + (0.0 if math.isnan(one.of.value) else one.of.value)
    told = replace(one, tracts=0, told=0, of=NOTHING, flagged=NOTHING, share=NOTHING)
    return replace(told, expected=NOTHING, expected_share=NOTHING, unknown=unknown, chanceless=0.0, reason=NO_MARKET)


def of_pressures(typology: Typology, inside: FloatArray) -> Mapping[str, Headline]:
    """The headline of part A alone: what is left to say where no market can be told."""
    flag, chance = typology.vulnerable, typology.p_vulnerable
    tracts = typology.tracts
    return {
        "households": headline.headline(tracts.households, flag, chance, inside),
        "renter_households": headline.headline(tracts.renter_households, flag, chance, inside),
    }
