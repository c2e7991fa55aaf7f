"""What the analyst's output on displacement calls things: its mark, its methods, its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from justgeo.measure.typology.values import Variant

MARK = "Internal: not for a public page"
VARIANT: Variant = "value"
"""The market of the headline."""
CANNOT = "cannot be told"
LEFT_OUT = "left out"
NO_MARKET = "the market of homes can be told of no tract here"

_BATES = "Bates, L. (2013), Gentrification and Displacement Study, doi:10.15760/report-01"


class Method(NamedTuple):
    """A way to flag tracts: words, and who it comes from."""

    title: str
    question: str
    source: str


OWN = {
    "vulnerable": Method(
        "Three of four pressures (Bates, part A)",
        "Do at least three of four conditions lie above the region's own shares?",
        _BATES,
    ),
    "pressed": Method(
        "Three of four pressures, and a market that moves (Bates)",
        "Do the pressures hold where home values, or those nearby, are high or rising?",
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

PUBLISHED = "_as_published"
"""Behind the name of a method whose figures are met as they were published."""
