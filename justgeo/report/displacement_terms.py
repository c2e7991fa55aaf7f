"""What the analyst's output on displacement calls things: its mark, its methods, its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from justgeo.measure.typology.headline import NO_NEIGHBOURS
from justgeo.measure.typology.values import Variant

MARK = "Internal: not for a public page"
VARIANT: Variant = "value"
"""The market of the headline."""
CANNOT = "cannot be told"
LEFT_OUT = "left out"
NO_MARKET = "the market of homes can be told of no tract here"

WHERE_PRESSURES = "three of four shares are high"
HOME_PRICES, RENTS = "home prices", "rents"
"""What the market is of: rents where no tract has a home value, and they stand in for it."""

_BATES = "Bates, L. (2013), Gentrification and Displacement Study, doi:10.15760/report-01"


class Method(NamedTuple):
    """A way to flag tracts: words, and who it comes from."""

    title: str
    question: str
    source: str


OWN = {
    "vulnerable": Method(
        "Three of four shares (Bates, part A)",
        "Do at least three of four shares lie above the region's own?",
        _BATES,
    ),
    "pressed": Method(
        "Three of four shares, and a market that moves there or next door (Bates)",
        "Are three of four shares high where {prices} rose fast, or are high or rose fast in a tract next door?",
        _BATES,
    ),
}
QUESTIONS = {
    "udp": "Are rents or home values below the median of the tracts, and do three of four conditions hold against it?",
    "ding": "Did a tract of low income gain rents or home values, and degrees, faster than the median of the tracts?",
}
CONDITIONS: Mapping[str, tuple[str, str, str]] = {
    "renters": ("A", "share", "Homes that are rented"),
    "people_of_colour": ("A", "share", "People of colour"),
    "no_bachelors": ("A", "share", "Adults without a bachelor's degree"),
    "low_income": ("A", "share", "Households below 80% of the region's median income"),
    "owners": ("B", "points", "Change of the share of homes that are owned"),
    "white": ("B", "points", "Change of the share of people who are white and not Hispanic"),
    "bachelors": ("B", "points", "Change of the share of adults with a bachelor's degree"),
    "income": ("B", "change", "Real change of the median household income"),
    **{
        f"{market}.{name}": ("C", unit, title)
        for market, title_of in (("value", "home value"), ("rent", "rent"))
        for name, unit, title in (
            ("before_high", "dollars", f"Median {title_of}, earlier survey"),
            ("now_high", "dollars", f"Median {title_of}, later survey"),
            ("change_high", "change", f"Real change of the median {title_of}"),
        )
    },
}
"""Part, unit and title of each condition, by the names of the cards."""


def where_market(prices: str) -> str:
    """Where a home is counted. Next door alone says nothing of the tract's own prices: they may have fallen."""
    return f"{WHERE_PRESSURES} and {prices} rose fast, or are high or rose fast in a tract next door"


def chanceless(made: Mapping[str, Any], variant: str) -> int:
    """Classed tracts that are counted and whose chances of the stages are not known: in no expected number."""
    here = [tract for tract in made["tracts"] if tract["inside"] and tract["excluded"] is None]
    return sum(tract["variants"][variant]["p_stages"] is None for tract in here)


def method_told(one: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[str, str]:
    """Tracts that a method flags, as `tracts_told`, and what to say of those that it does not tell."""
    gone = one["of"] - one["told"]
    untold = gone - len(made["reference"]["excluded"])
    if one["id"] == "pressed" and untold and not made["reference"]["neighbours"]:
        return f"{one['flagged']} to {one['flagged'] + untold} of {one['told'] + untold}", NO_NEIGHBOURS
    return f"{one['flagged']} of {one['told']}", f"{gone} left out or cannot be told" if gone else ""


def tracts_told(tally: Mapping[str, Any]) -> str:
    """Flagged tracts of those that can be told: ``11 of 101``; where those are no fair sample, ``11 to 30 of 120``."""
    homes = tally["households"]
    if homes["bounded"] is None:
        return f"{tally['tracts']} of {tally['told']}"
    return f"{tally['tracts']} to {tally['tracts'] + homes['untold']} of {tally['told'] + homes['untold']}"


PUBLISHED = "_as_published"
"""Behind the name of a method whose figures are met as they were published."""
