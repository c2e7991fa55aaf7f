"""What the analyst's output counts first: homes where the pressures hold, and where the market moves besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from justgeo.core.layer import FloatArray
from justgeo.measure.typology import headline
from justgeo.measure.typology.headline import Headline
from justgeo.measure.typology.sensitivity import markets_told
from justgeo.measure.typology.values import Typology, Variant
from justgeo.report import words
from justgeo.report.displacement_terms import HOME_PRICES, NO_MARKET, WHERE_PRESSURES, where_market

One = Mapping[str, Any]
"""A `Headline` as JSON has it."""


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
    least, most, every = (figure.value for figure in one.bounds)
    unknown = one.unknown if one.reason is not None else one.unknown + every - (most - least)
    told = replace(one, tracts=0, told=0, untold=one.told + one.untold, unknown=unknown, chanceless=0.0)
    return headline.without_figures(told, NO_MARKET)


def of_pressures(typology: Typology, inside: FloatArray) -> Mapping[str, Headline]:
    """The headline of part A alone: what is left to say where no market can be told."""
    flag, chance = typology.vulnerable, typology.p_vulnerable
    tracts, out = typology.tracts, headline.left_out_of(typology)
    return {
        "households": headline.headline(tracts.households, flag, chance, inside, left_out=out),
        "renter_households": headline.headline(tracts.renter_households, flag, chance, inside, left_out=out),
    }


def lines(
    heads: Mapping[str, One], counted: Mapping[str, str], *, markets: bool, prices: str = HOME_PRICES
) -> list[str]:
    """`told` of every count; the second "there", and without the split, which the tables have of both."""
    found: list[str] = []
    for key, what in counted.items():
        there = any(heads[earlier]["reason"] is None for earlier in list(counted)[: len(found)])
        found.append(told(heads[key], what, markets=markets, again=there, prices=prices))
    return found


def told(one: One, what: str, *, markets: bool, again: bool = False, prices: str = HOME_PRICES) -> str:
    """The headline of one count in sentences, with everything that must stand beside it.

    Parameters
    ----------
    one : mapping
        A `Headline`, None for NaN.
    what : str
        ``households``, ``renter households``.
    markets : bool
        Of the pressures and the market, or of the pressures alone.
    again : bool
        Where it is has been said in the sentence before.
    prices : str
        What the market is of: home prices or rents.
    """
    if one["reason"] is not None:
        first = f"{what.capitalize()}: no figure, since {one['reason']}."
    else:
        where = where_market(prices) if markets else WHERE_PRESSURES
        first = _counted(one, what, "there" if again else f"in tracts where {where}")
    return " ".join([first, *beside(one, what, again=again, prices=prices)])


def _counted(one: One, what: str, where: str) -> str:
    if one["bounded"] is not None:
        least, most, of = (one["bounds"][key] for key in ("least", "most", "of"))
        return (
            f"Between {homes(least)} and {homes(most)} of {homes(of)} {what} live {where}; no one "
            f"number between the two can be told, since {one['bounded']}."
        )
    share = words.figure(one["share"]["value"], "share")
    text = f"{homes(one['flagged'])} of {homes(one['of'])} {what} ({share}) live {where}"
    if one["unweighted"] is not None:
        return f"{text}; there is no number weighted by chance, since {one['unweighted']}."
    if one["expected"]["value"] is None:
        return f"{text}."
    return f"{text}; weighted by chance, {homes(one['expected'])}."


def beside(one: One, what: str, *, again: bool = False, prices: str = HOME_PRICES) -> Iterator[str]:
    """What must stand beside a count: where its markets move, and the homes that are not in it, or not in all of it."""
    if not again:
        yield from _split(one["split"], "rents" if prices != HOME_PRICES else "prices")
    if one["chanceless"] and one["expected"]["value"] is not None:
        n = _bare(one["chanceless"])
        yield f"The tracts of {n} of these {what} have no chance: they are not in the number weighted by chance."
    untold = (one["bounds"]["most"]["value"] or 0.0) - (one["bounds"]["least"]["value"] or 0.0)
    if untold and one["bounded"] is None:
        least, most, of = (homes(one["bounds"][key]) for key in ("least", "most", "of"))
        yield (
            f"{_bare(untold)} more {what} live in tracts of which it cannot be told: counting none or all of them, it "
            f"is {least} to {most} of {of}."
        )
    others = one["unknown"] - untold
    if one["reason"] is not None and _shown(others):
        yield f"{_bare(others)} {what} live in tracts that are left out or of which it cannot be told."
    elif _shown(others):
        yield f"{_bare(others)} more {what} live in tracts that are left out."
    if one["uncounted"]:
        yield f"Tracts whose number of {what} is not known: {one['uncounted']}; they are in no number here."
    if one["cut"] and one["reason"] is None and not again:
        yield f"Tracts that lie in the district in part: {one['cut']}; what dividing them adds is in no margin here."


def _split(split: One, own: str) -> Iterator[str]:
    """Whose own market moves, and who only lives next door to one."""
    itself, near, falling, unplaced = (split[key] for key in ("itself", "next_door", "falling", "unplaced"))
    if not any(_shown(one["value"] or 0.0) for one in (itself, near, unplaced)):
        return
    text = f"Of these, {homes(itself)} where the tract's own {own} rose fast, {homes(near)} next door only"
    if _shown(falling["value"] or 0.0):
        text += f" ({homes(falling)} where the tract's own fell, in real terms)"
    if _shown(unplaced["value"] or 0.0):
        text += f", {homes(unplaced)} where it cannot be told which"
    yield text + "."


def span(one: One) -> str:
    """The homes in flagged tracts; both ends where there are bounds alone; a dash where there is nothing."""
    if one["bounded"] is not None:
        least, most = (one["bounds"][key] for key in ("least", "most"))
        return f"{homes(least)} to {homes(most)}"
    return "–" if one["flagged"]["value"] is None else homes(one["flagged"])


def homes(figure: One) -> str:
    """A number of homes with its margin in words: ``1,150 ± 90``."""
    value, moe = figure["value"], figure["moe"]
    if value is None:
        return "an unknown number"
    if moe is None or value == 0:
        return _bare(value, moe)
    return f"{_bare(value, moe)} {words.margin(moe, 'households', value, reliability='sampled')}"


def _bare(value: float, moe: float | None = None) -> str:
    return words.figure(value, "households", moe, bare=True)


def _shown(value: float) -> bool:
    """Whether a number of homes is any once it is rounded as pages round."""
    return value >= 0.5
