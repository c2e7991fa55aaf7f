"""How far methods agree on the same tracts: every pair, in tracts and in households. Nothing is averaged over methods.

Agreement is evidence only between methods that could disagree. Of two statements of which one is part of the other,
such as pressed, which is vulnerable with a market, the wider one alone counts as a method; their pair is marked. A
method that can tell of no tract is in no count and no pair: that it flags none would be no finding.

References
----------
Cohen, J. (1960), *A coefficient of agreement for nominal scales*, Educational and Psychological Measurement 20,
doi:10.1177/001316446002000104.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray

NESTED: Mapping[str, str] = {"pressed": "vulnerable"}
"""What is part of what: the typology's own two statements."""
TELLS_NOTHING = "it can tell of no tract"


class Count(NamedTuple):
    """Tracts, and the households in those of them whose households are known."""

    tracts: int
    households: float


@dataclass(frozen=True)
class Pair:
    """Two methods over the same tracts.

    Attributes
    ----------
    first, second : str
    both, only_first, only_second, neither : Count
        Of the tracts of which both can tell.
    untold : Count
        Where one of the two cannot.
    kappa : float
        Cohen's, over tracts: 1 full agreement, 0 what chance would give. NaN where chance alone would agree fully
        (both flag all, or none) or no tract can be told.
    nested : bool
        One is part of the other, so that they cannot differ freely: no two opinions.
    """

    first: str
    second: str
    both: Count
    only_first: Count
    only_second: Count
    neither: Count
    untold: Count
    kappa: float
    nested: bool = False

    @property
    def told(self) -> int:
        """Tracts of which both can tell."""
        return self.both.tracts + self.only_first.tracts + self.only_second.tracts + self.neither.tracts


@dataclass(frozen=True)
class Agreement:
    """How far methods agree.

    Attributes
    ----------
    methods : tuple of str
        In the order given, those that can tell of a tract.
    counted : tuple of str
        Of these, those that are part of no other one.
    absent : mapping of str to str
        Those that can tell of no tract, and why.
    flagged, told : mapping of str to Count
        What each method flags, and of what it can tell.
    pairs : tuple of Pair
        Every pair once, in that order.
    flagged_by : tuple of Count
        Tracts that exactly 0, 1, ... of the counted methods flag, of those of which all these can tell.
    untold : Count
        Tracts of which at least one counted method cannot tell.
    without_households : int
        Tracts whose households are not known: counted as tracts alone.
    """

    methods: tuple[str, ...]
    counted: tuple[str, ...]
    absent: Mapping[str, str]
    flagged: Mapping[str, Count]
    told: Mapping[str, Count]
    pairs: tuple[Pair, ...]
    flagged_by: tuple[Count, ...]
    untold: Count
    without_households: int


def compare(
    flags: Mapping[str, FloatArray],
    households: FloatArray,
    nested: Mapping[str, str] = NESTED,
    reasons: Mapping[str, str | None] | None = None,
) -> Agreement:
    """Compare the flags of some methods over the same tracts.

    Parameters
    ----------
    flags : mapping of str to (n,) float
        1 flagged, 0 not, NaN where it cannot be told.
    households : (n,) float
        NaN where not known.
    nested : mapping of str to str
        A method that is part of another one: where both are given, the other counts alone.
    reasons : mapping of str to str or None, optional
        Why a method can tell of no tract.

    Raises
    ------
    ValueError
        Arrays of another shape, or flags other than 1, 0, NaN.
    """
    for method, flag in flags.items():
        if flag.shape != households.shape or flag.ndim != 1:
            raise ValueError(f"flags of {method} of shape {flag.shape} with households of shape {households.shape}")
        if not np.isin(flag[~np.isnan(flag)], (0.0, 1.0)).all():
            raise ValueError(f"flags of {method} are to be 1, 0 or NaN")
    told = {method: flag for method, flag in flags.items() if np.isfinite(flag).any()}
    counted = tuple(method for method in told if nested.get(method) not in told)
    table = np.array([told[method] for method in counted], dtype=np.float64).reshape(len(counted), len(households))
    unknown = np.asarray(np.isnan(table).any(axis=0) | (not counted), dtype=np.bool_)
    times = np.where(unknown, -1, np.nansum(table, axis=0))
    why = reasons or {}
    return Agreement(
        methods=tuple(told),
        counted=counted,
        absent={method: why.get(method) or TELLS_NOTHING for method in flags if method not in told},
        flagged={method: _count(flag == 1.0, households) for method, flag in told.items()},
        told={method: _count(~np.isnan(flag), households) for method, flag in told.items()},
        pairs=tuple(
            _pair(a, b, told, households, nested.get(a) == b or nested.get(b) == a)
            for a, b in itertools.combinations(told, 2)
        ),
        flagged_by=tuple(_count(times == k, households) for k in range(len(counted) + 1)),
        untold=_count(unknown, households),
        without_households=int(np.isnan(households).sum()),
    )


def cohen_kappa(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Cohen's kappa of two yes/no judgements, from how often each pair of answers was given.

    NaN where nothing was judged, or where chance alone would agree fully.
    """
    total = both + only_first + only_second + neither
    # whole numbers up to the last division, so that an expected agreement of exactly 1 is seen as such
    by_chance = (both + only_first) * (both + only_second) + (neither + only_first) * (neither + only_second)
    above = total * (both + neither) - by_chance
    below = total * total - by_chance
    return above / below if below else float("nan")


def _pair(first: str, second: str, flags: Mapping[str, FloatArray], households: FloatArray, nested: bool) -> Pair:
    a, b = flags[first], flags[second]
    both, only_a, only_b, neither = (
        _count((a == x) & (b == y), households) for x, y in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
    )
    untold = _count(np.isnan(a) | np.isnan(b), households)
    kappa = cohen_kappa(both.tracts, only_a.tracts, only_b.tracts, neither.tracts)
    return Pair(first, second, both, only_a, only_b, neither, untold, kappa, nested)


def _count(where: BoolArray, households: FloatArray) -> Count:
    return Count(int(where.sum()), float(np.nansum(households[where])))
