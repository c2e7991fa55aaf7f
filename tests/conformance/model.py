"""A row of the conformance table: somebody's figure, ours, and what is made of the difference.

Ours is always found by calling the product. Nothing here computes a figure of its own, but for the hand answers and
oracles that stand on *their* side.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Kind = Literal["published", "program", "hand", "measured"]

_FLOAT_NOISE = 1e-9
"""Of half a unit of the last digit: sums of floats may fall on the wrong side of a tie."""


class Verdict(StrEnum):
    """What is recorded of a row, and what a run finds."""

    EXACT = "exact"
    ROUNDING = "within rounding"
    EXPLAINED = "explained difference"
    BAND = "within the band"
    SKIPPED = "skipped"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Reference:
    """Where a figure stands: words that can be cited (no two references have the same), and an address."""

    cite: str
    url: str


class NotHere(Exception):
    """The data of a row are not at hand; the row is skipped with this reason."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    id, what : str
        A short name that stays, and what is computed, for a reader.
    reference : Reference
    theirs : str
        As it is printed there, "203,119" or "0.3222": the digits say how exactly it is known. For a band "85 to 94".
    ours : callable
        Calls the product; raises `NotHere` where its data are not at hand.
    kind : {'published', 'program', 'hand', 'measured'}
        Printed by somebody else; what another program finds; worked out by hand from the published formula; a band that
        was aimed at, against what was measured on the invented county.
    verdict : Verdict
        What is recorded; a run must find the same.
    bound : float
        Largest difference that the reason explains, in the unit of ``theirs``.
    why : str
        The reason. Exact rows need none.
    unit : str
        Printed behind both figures.
    more : int
        Decimals that ours are printed with beyond those of theirs.
    """

    id: str
    what: str
    reference: Reference
    theirs: str
    ours: Callable[[], float]
    kind: Kind = "published"
    verdict: Verdict = Verdict.EXACT
    bound: float = 0.0
    why: str = ""
    unit: str = ""
    more: int = 2
    real: bool = False

    @property
    def band(self) -> tuple[float, float] | None:
        """Lower and upper end where theirs is a band."""
        found = re.fullmatch(r"([\d.]+) to ([\d.]+)", self.theirs)
        return (float(found[1]), float(found[2])) if found else None

    @property
    def decimals(self) -> int:
        """Decimals of theirs, of the finer end of a band."""
        return max(len(part.partition(".")[2]) for part in self.theirs.split(" to "))

    def difference(self, ours: float) -> float:
        """Ours less theirs; for a band, how far outside it."""
        if self.band is None:
            return ours - number(self.theirs)
        low, high = self.band
        return min(ours - low, 0.0) + max(ours - high, 0.0)


@dataclass(frozen=True)
class Outcome:
    """What a run found of one row; ``ours`` and ``difference`` are NaN where it was skipped."""

    row: Row
    verdict: Verdict
    ours: float = math.nan
    difference: float = math.nan
    skipped: str = ""


def number(text: str) -> float:
    """A printed number: thousands separated by commas, a minus of either form."""
    return float(text.replace(",", "").replace("−", "-"))


def judge(row: Row, ours: float) -> Verdict:
    """The verdict that the figures themselves give.

    Exact: ours has all the digits that theirs is printed with. A larger difference is what the row's reason says, as
    long as it stays within the row's bound.
    """
    if not math.isfinite(ours):
        return Verdict.FAILED
    apart = abs(row.difference(ours))
    if row.band is not None and apart == 0.0:
        return Verdict.BAND
    half = 0.0 if row.band is not None else 0.5 * 10.0**-row.decimals * (1.0 + _FLOAT_NOISE)
    if apart <= half:
        return Verdict.EXACT
    if apart <= row.bound and row.verdict in (Verdict.ROUNDING, Verdict.EXPLAINED):
        return row.verdict
    return Verdict.FAILED


def evaluate(row: Row) -> Outcome:
    """Compute a row and judge it; a row whose data are absent is skipped and says so."""
    try:
        ours = float(row.ours())
    except NotHere as absent:
        return Outcome(row, Verdict.SKIPPED, skipped=str(absent))
    return Outcome(row, judge(row, ours), ours, row.difference(ours))
