"""What is known of the errors of a number that are no random margin: how old its sources are, what the map lacks, how
a grid reads. They are told apart and never added into the margin (`justgeo.core.result.Column` holds what is in it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LOW = 0.6
"""Below this share a map is said to lack much: METHODS 6 flags a map of parks below 60 %."""

Direction = Literal["low", "high", "either", "unknown"]


@dataclass(frozen=True)
class Age:
    """How far the periods of an indicator's sources lie from the survey of the run.

    Attributes
    ----------
    survey : int
        Last year of the survey: no clock is asked, so that the same inputs tell the same.
    oldest, newest : str
        Layers; empty where no source states a year.
    first, last : int or None
        Last year of the period of the oldest source, and of the newest.
    not_stated : tuple of str
        Layers whose period nobody states.
    """

    survey: int
    oldest: str = ""
    newest: str = ""
    first: int | None = None
    last: int | None = None
    not_stated: tuple[str, ...] = ()

    @property
    def years_before(self) -> int | None:
        """Years by which the oldest source ends before the survey; None where no year is stated."""
        return None if self.first is None else max(0, self.survey - self.first)

    @property
    def years_after(self) -> int | None:
        """Years by which the newest source ends after the survey."""
        return None if self.last is None else max(0, self.last - self.survey)


@dataclass(frozen=True)
class Completeness:
    """A sign of how much of something a volunteered map holds, in one zone; or why there is none.

    Attributes
    ----------
    layer, zone : str
        ``zone`` is empty where nothing can be told of any.
    sign : str
        What is counted, in the words of the catalogue.
    share : float or None
        Part of it that the map has, 0 to 1.
    of : float or None
        How much there is of it.
    unit : str
        Unit of ``of``.
    against : str
        Layer that the map was held against; empty where it was held against itself.
    reason : str or None
        Why there is no share.
    """

    layer: str
    zone: str = ""
    sign: str = ""
    share: float | None = None
    of: float | None = None
    unit: str = ""
    against: str = ""
    reason: str | None = None

    @property
    def low(self) -> bool:
        """Whether the map lacks much."""
        return self.share is not None and self.share < LOW


@dataclass(frozen=True)
class Bias:
    """How a grid is known to read.

    Attributes
    ----------
    layer : str
    direction : {'low', 'high', 'either', 'unknown'}
    told : str
        Size and where it was found, or why nothing is known.
    source : str
        Who published it.
    evidence : str
        As of an indicator: ``V`` read in the named source, ``M`` from professional knowledge.
    """

    layer: str
    direction: Direction
    told: str
    source: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class Budget:
    """What is known of one indicator's errors beyond its margin, the same for all zones but where a zone is named."""

    indicator: str
    age: Age
    completeness: tuple[Completeness, ...] = ()
    bias: tuple[Bias, ...] = ()

    @property
    def layers(self) -> frozenset[str]:
        """Layers that were looked at for it alone."""
        return frozenset(one.against for one in self.completeness if one.against)


@dataclass(frozen=True)
class Kept:
    """What the catalogue says of a layer's errors.

    Attributes
    ----------
    ages : bool
        Its period matters: an outline of an area does not age.
    volunteered : bool
        Drawn by volunteers, so that nobody vouches that all is on it.
    sign, unknown : str
        What is counted to tell how complete it is; why nothing can be told where that cannot be counted.
    biases : mapping of str to Bias
        Published bias by a word that the product's name must hold.
    no_bias : str
        What is said of another product.
    """

    ages: bool = True
    volunteered: bool = False
    sign: str = ""
    unknown: str = ""
    biases: Mapping[str, Bias] = field(default_factory=dict)
    no_bias: str = ""
