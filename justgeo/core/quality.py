"""What the data of a run say of one another: sums that must agree, shares in range, things that would be odd.

A check is told on the page of data quality and in ``results.json``; it changes no number.

What cannot be true stops a run (an error of `justgeo.core.errors`); what could be, but is odd, is such a check.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["holds", "odd", "unknown"]
STATUSES: tuple[Status, ...] = ("odd", "holds", "unknown")
"""``odd``: look at it before the meeting; ``unknown``: it could not be checked, and ``why`` says why."""


@dataclass(frozen=True)
class Check:
    """One check of the data of a place.

    Attributes
    ----------
    id : str
        Stable: ``blocks-and-county``, ``moe-of-parts``, ...
    title : str
        What is held against what, in plain words.
    status : {"holds", "odd", "unknown"}
    layers : tuple of str
        The layers that it speaks of: where it is odd, every indicator that stands on one of them says so.
    found : float or None
        What was found, in ``unit``.
    low, high : float or None
        Where it should lie; None has no end.
    unit : str
        Unit of ``found``: ``"share"``, ``"persons"``, ``"stops per km2"``, ...
    why : str
        Where it is odd or unknown: what was seen, with the offending value.
    remedy : str
        What the planner can do about it.
    source : str
        Where the limits come from; ours are called "our choice".
    matters : str
        Why it matters: what would be wrong with the numbers.
    """

    id: str
    title: str
    status: Status
    layers: tuple[str, ...] = ()
    found: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    why: str = ""
    remedy: str = ""
    source: str = "our choice"
    matters: str = ""


@dataclass(frozen=True)
class Rule:
    """What a check asks, whatever the place: its words and its limits. Attributes are those of `Check`."""

    id: str
    title: str
    unit: str
    low: float | None
    high: float | None
    matters: str
    remedy: str
    source: str = "our choice"

    def check(self, found: float, layers: Iterable[str], why: str) -> Check:
        """The check of what was found; ``why`` is said where it lies outside the limits."""
        outside = (self.low is not None and found < self.low) or (self.high is not None and found > self.high)
        return self._made("odd" if outside else "holds", tuple(layers), found, why if outside else "")

    def unknown(self, why: str, layers: Iterable[str] = ()) -> Check:
        """The check where it cannot be done."""
        return self._made("unknown", tuple(layers), None, why)

    def _made(self, status: Status, layers: tuple[str, ...], found: float | None, why: str) -> Check:
        words = (why, self.remedy, self.source, self.matters)
        return Check(self.id, self.title, status, layers, found, self.low, self.high, self.unit, *words)


def order(check: Check) -> int:
    """Where a check stands in a list: what is odd first, then what holds, then what could not be checked."""
    return STATUSES.index(check.status)
