"""Cards: why a tract has its class, as plain values without words, for the pages to make sentences of.

``dataclasses.asdict`` of a card holds only mappings, sequences, text, numbers, true, false and None. A number that is
not there is None, never NaN.

Two forms. `Card` is for the analyst. `PublicCard` names conditions of a place and what homes cost there; it holds no
stage, no market, no home value and no demographic change, since a map of those reads as a guide for buyers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from justgeo.measure.typology.flips import Flip
from justgeo.measure.typology.rivals import Sense
from justgeo.measure.typology.values import Variant

Unit = Literal["share", "points", "change", "dollars"]
"""A share; a change of a share; a relative change; dollars of the vintage's own year."""

MANY_STUDENTS = 0.25
"""Share of the people of 15 and over who study beyond school, from which their low incomes and their rents may speak
of student life (our choice)."""
CANNOT_BE_TOLD = "cannot be told"
STANDS_STILL = "no margin is known of the figures that it is made of: that does not make it exact"
NO_SAMPLING = "the method takes no account of sampling error"
"""Why a threshold has no margin."""


@dataclass(frozen=True)
class Figure:
    """A number with its 90 % margin."""

    value: float | None
    moe: float | None


@dataclass(frozen=True)
class Line:
    """One condition of one tract.

    Attributes
    ----------
    name : str
        ``renters``, ...; conditions of a market as ``value.now_high``.
    unit : {'share', 'points', 'change', 'dollars'}
    rule : {'above', 'at least'}
    value, threshold : Figure
    holds : bool or None
    probability : float or None
    needed : float or None
        How far the value would have to move to reach its threshold, with its sign.
    top : bool
        The median is the top of its scale, and high wherever the threshold lies.
    bare_threshold : str or None
        Why the threshold has no margin; None where it has one.
    """

    name: str
    unit: Unit
    rule: Sense
    value: Figure
    threshold: Figure
    holds: bool | None
    probability: float | None
    needed: float | None
    top: bool
    bare_threshold: str | None = None


@dataclass(frozen=True)
class Answer:
    """A class that is or is not so: the chance is that of yes, the label is that of the answer."""

    holds: bool | None
    probability: float | None
    label: str


@dataclass(frozen=True)
class StageLine:
    """The stage by one market.

    Attributes
    ----------
    variant : {'value', 'rent', 'either'}
    market, stage : str or None
        By the names of `MARKET_NAMES` and `STAGES`; None where they cannot be told.
    probability : float or None
        Of that stage.
    label : str
        ``firm``, ``likely``, ``uncertain``, ``unknown``.
    probabilities : mapping of str to float, or None
        Of every stage and of ``cannot be told``; they sum to 1.
    next_stage : str or None
    next_probability : float or None
        The likeliest of the others.
    pressed : Answer
    stood_in : bool
        Rents stand in for missing home values.
    """

    variant: Variant
    market: str | None
    stage: str | None
    probability: float | None
    label: str
    probabilities: Mapping[str, float] | None
    next_stage: str | None
    next_probability: float | None
    pressed: Answer
    stood_in: bool


@dataclass(frozen=True)
class Verdict:
    """What another method says of the tract, with its conditions."""

    method: str
    title: str
    holds: bool | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Card:
    """Everything about the class of one tract, for the analyst. A tract that is not classed has no lines.

    Attributes
    ----------
    excluded : str or None
        Why it is not classed.
    pressures_hold, changes_hold : int or None
        How many of the four hold; None where one cannot be told.
    caveats : tuple of str
        Of `CAVEATS`.
    """

    geoid: str
    excluded: str | None
    households: Figure
    renter_households: Figure
    pressures: tuple[Line, ...]
    pressures_hold: int | None
    vulnerable: Answer
    changes: tuple[Line, ...]
    changes_hold: int | None
    changed: Answer
    market: tuple[Line, ...]
    stages: tuple[StageLine, ...]
    flips: tuple[Flip, ...]
    opinions: tuple[Verdict, ...]
    students: float | None
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class PublicCard:
    """What a public page may say of one tract.

    Attributes
    ----------
    three_of_four : Answer
        Whether at least three of the four pressures hold.
    rent_change : Figure
        Real change of the median rent, relative.
    other_method_agrees : bool or None
        Whether the vulnerability of the Urban Displacement Project says the same; None where one of the two cannot
        be told, or it was not asked.
    caveats : tuple of str
        Of `CAVEATS`, those that bear on what is shown.
    """

    geoid: str
    excluded: str | None
    households: Figure
    renter_households: Figure
    pressures: tuple[Line, ...]
    pressures_hold: int | None
    three_of_four: Answer
    rent_change: Figure
    other_method_agrees: bool | None
    caveats: tuple[str, ...]


CAVEATS = (
    "rim",  # on the rim of the region: neighbours outside are not known
    "unplaced",  # its neighbours are not known: no shape, or in no pair
    "students",  # many study beyond school
    "rents_stand_in",  # for missing home values
    "few_owned_homes",  # too few for their median to say something, in one vintage at least
    "few_rented_homes",
    "drawn_anew",  # between the surveys: its earlier figures come from parts of other tracts
    "top_of_scale",  # a median is printed as the top of its scale
    "bottom_of_scale",  # or as the bottom
    "no_margins",  # a margin of a pressure is not known: no chance
)
