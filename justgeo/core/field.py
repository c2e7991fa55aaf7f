"""Fields: a measure at its native small area, found once for all zones.

Each kind of field has one reducer in ``measure/reduce.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from justgeo.core.layer import FloatArray, IntArray
from justgeo.core.zones import Units

Weight = Literal["persons", "households", "land"]


@dataclass(frozen=True)
class Cells:
    """Cells of a table at its units, each estimate with its 90 % margin.

    Attributes
    ----------
    codes : tuple of str
        ``("B25003_003", ...)``, k of them.
    estimate, moe : (n, k) float
        NaN where the Bureau published no number; a controlled estimate has margin 0.
    """

    codes: tuple[str, ...]
    estimate: FloatArray
    moe: FloatArray


@dataclass(frozen=True)
class Counts:
    """A count as sums of cells: ``plus`` less ``minus``.

    ``minus`` is a part of ``plus`` (a nested difference, METHODS 2.0 item 2). ``components`` are the cells that
    make up the difference, used where the nested variance comes out negative.
    """

    plus: Cells
    minus: Cells | None = None
    components: Cells | None = None


@dataclass(frozen=True)
class CountField:
    """Counts, or a part of a whole, at published units.

    Attributes
    ----------
    kind : {'sum', 'share', 'ratio'}
        ``share`` when the numerator is part of the denominator, ``ratio`` when it is not.
    weight : {'persons', 'households', 'land'}
        How a cut unit is divided.
    complement : Cells or None
        Cells of the denominator that are not in the numerator, for the margin at p = 1.
    zero_moe : (n,) float or None
        Largest margin of a zero estimate in the table, for p = 1 without complement.
    apportion_of : Counts or None
        For ``sum``: the universe of which the count is a part, so that a cut unit's error can be told.
    per : float
        For ``ratio``: how many of the denominator it is told for; 100 for filings per 100 households.
    flags : tuple of str
        What is to be said beside every number that it gives.
    """

    units: Units
    numerator: Counts
    denominator: Counts | None
    weight: Weight
    kind: Literal["sum", "share", "ratio"]
    universe: str
    complement: Cells | None = None
    zero_moe: FloatArray | None = None
    apportion_of: Counts | None = None
    per: float = 1.0
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class GapField:
    """How far apart the shares of two groups are, in percentage points: the first less the second.

    Nobody is in both denominators, so that the two shares err independently.
    """

    first: CountField
    second: CountField


@dataclass(frozen=True)
class MixField:
    """How mixed those of each zone are: an index of the shares of groups that make up all of them.

    Attributes
    ----------
    cells : Cells
        People of each group, (n, g); the groups share nobody and leave out nobody.
    index : {'diversity', 'evenness'}
        The chance that two of them are of two groups; entropy over that of groups alike in size. Both 0 to 1.
    """

    units: Units
    cells: Cells
    index: Literal["diversity", "evenness"]
    weight: Weight
    universe: str


@dataclass(frozen=True)
class MedianField:
    """A median to be rebuilt from bins.

    Attributes
    ----------
    bins : Cells
        (n, k) counts.
    edges : (k + 1,) float
        Contiguous; the last is ``inf`` for an open bracket.
    published, published_moe : (n,) float
        The Bureau's own median where it has one, NaN elsewhere. Shown for a zone that *is* that unit.
    published_text : tuple of str or None
        ``"≥ 250,000"`` where the published median is a jam value.
    pareto : bool
        Income rule (METHODS 2.2); linear otherwise.
    divided : bool
        The margin has a part for units larger than block groups that a boundary cuts.
    """

    units: Units
    bins: Cells
    edges: FloatArray
    weight: Weight
    universe: str
    pareto: bool = False
    published: FloatArray | None = None
    published_moe: FloatArray | None = None
    published_text: tuple[str | None, ...] | None = None
    divided: bool = False


@dataclass(frozen=True)
class ChangeField:
    """How a count, a share or a median changed between two surveys that share no year.

    Attributes
    ----------
    now, before : CountField or MedianField
        Of one kind; each at the areas of its own survey.
    years : tuple of int
        Last years of the earlier and of the later survey.
    price : float
        What a dollar of the earlier year is in dollars of the later one; 1 where nothing is in dollars.
    unknown : (Z,) float or None
        Share of each zone whose ground at the time of the earlier survey is not known.
    """

    now: CountField | MedianField
    before: CountField | MedianField
    years: tuple[int, int]
    price: float = 1.0
    unknown: FloatArray | None = None


@dataclass(frozen=True)
class GroupCounts:
    """Counts of one group of people at some units, used as weights of an exposure.

    ``moe`` is None for a full count (2020 blocks: noisy by design, not a sample).
    """

    group: str
    units: Units
    count: FloatArray
    moe: FloatArray | None
    source: str


@dataclass(frozen=True)
class ExposureField:
    """A measure of places where people live: share of a weight for which it holds, or its mean.

    Attributes
    ----------
    units : Units
        Origins (blocks, or a planner's zones).
    x : (n,) float
        0 or 1 for "has it", or any number for a mean; NaN where it is not known.
    base : (n,) float
        People at each origin.
    unknown : (n,) str
        Why x is NaN (``"network unknown"``); ``""`` elsewhere.
    groups : mapping of str to GroupCounts
        Whose exposure is asked for, by group id; sampled counts of a group that is also counted in full stand under
        its id with ``@sample``.
    flags : tuple of str
        What is to be said beside every number that it gives.
    x_moe : (n,) float or None
        90 % margins of x, of which all are taken to err together; for everybody, not for groups. None where x has none.
    areas : (n,) int or None
        Of a figure that was published for larger areas: which of them each origin lies in, -1 for none. What a zone
        that cuts one adds is not told. None where x is true of each origin.
    weight : {'persons', 'households'}
        What ``base`` counts: people, or homes.
    others : tuple of (n,) float
        x as found by other rules of where in its origin the people are: they make the range, not the value.
    untold : mapping of int to str
        Zones, by row, that it says nothing of, and why.
    """

    units: Units
    x: FloatArray
    base: FloatArray
    kind: Literal["share", "mean"]
    universe: str
    unknown: tuple[str, ...] = ()
    groups: Mapping[str, GroupCounts] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    x_moe: FloatArray | None = None
    areas: IntArray | None = None
    weight: Weight = "persons"
    others: tuple[FloatArray, ...] = ()
    untold: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ZoneField:
    """What is measured on the zone itself (canopy area, park acres): one row a zone.

    Attributes
    ----------
    value, numerator, denominator : (Z,) float
    valid_share : (Z,) float
        Share of the zone on which the measure is known, 1 where it is known everywhere.
    reason : (Z,) tuple of str or None
        Why a value is absent.
    universe_moe : (Z,) float or None
        90 % margin of a sampled denominator.
    noise : (Z,) float or None
        90 % margin that noise in full counts makes; None where nothing stands on noisy counts.
    low, high : (Z,) float or None
        What the value would be if none, or all, of the ground that is not known had it; None where that is not told.
    flags : (Z,) tuple of tuple of str
        What is to be said beside each number; empty for nothing.
    chance : (Z,) float or None
        90 % margin of a rate of rare events that are all counted: how far chance alone may have moved it.
    """

    value: FloatArray
    numerator: FloatArray
    denominator: FloatArray
    valid_share: FloatArray
    reason: tuple[str | None, ...]
    universe: str
    universe_moe: FloatArray | None = None
    noise: FloatArray | None = None
    low: FloatArray | None = None
    high: FloatArray | None = None
    flags: tuple[tuple[str, ...], ...] = ()
    chance: FloatArray | None = None


@dataclass(frozen=True)
class ClassField:
    """A class of a small area with its probability, weighted by those who live in it.

    Attributes
    ----------
    probability : (n,) float
        P(the class holds) for each unit; NaN where it cannot be told.
    flag : (n,) float
        1 where it holds on the estimates as they stand, 0 where not, NaN where it cannot be told.
    weights : Cells
        Households at the unit, one column.
    within : (n,) float or None
        Chance of the wider class of which this one is a part, where every unit is told of that one in public; None: its
        own. It decides where the class itself is told of no unit, and of which units together.
    surest : float
        The chance of one unit is told as no surer than this, nor than 1 less it.
    flags : tuple of str
        To be said beside every number of it.
    """

    units: Units
    probability: FloatArray
    flag: FloatArray
    weights: Cells
    weight: Weight
    universe: str
    surest: float = 1.0
    flags: tuple[str, ...] = ()
    within: FloatArray | None = None


AnyField = CountField | GapField | ChangeField | MixField | MedianField | ExposureField | ZoneField | ClassField
