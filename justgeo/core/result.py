"""Results: columns of estimates, records, and the baseline that holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from justgeo.core.budget import Budget
from justgeo.core.layer import FloatArray, Provenance
from justgeo.core.programme import Programme
from justgeo.core.quality import Check
from justgeo.core.zones import Zones

MarginRule = Literal[
    "", "sum", "proportion", "ratio", "per_hundred", "complement", "complement_ratio", "both_sides", "median", "class",
    "difference", "change", "none",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """Estimates of one indicator and group for all zones; every array has shape (Z,).

    Attributes
    ----------
    value, moe : (Z,) float
        NaN value means absent, and ``reason`` says why. ``moe`` is the total 90 % margin: the root of the summed
        squares of ``error``; 0 for what is no sample; NaN when it cannot be told.
    numerator, numerator_moe, denominator, denominator_moe, complement_moe : (Z,) float
        Counts behind a share, with *sampling* margins; NaN where there are none.
    error : mapping of str to (Z,) float
        ``sampling``, ``apportionment``, ``noise``.
    low, high : (Z,) float
        Range of the value over the rules of apportionment (blocks, land, centroid); NaN where nothing was cut.
    split_share : (Z,) float
        Share of the zone's weight that lies in units which the boundary cuts (0.05 < w < 0.95).
    rule : tuple of str
        Which formula gave the sampling margin.
    reason : tuple of str or None
        Why the value is absent.
    text : tuple of str or None
        What to print instead of the number (``"≥ 200,000"``).
    flags : tuple of tuple of str
        ``"unknown_share=0.03"`` and kin.
    """

    value: FloatArray
    moe: FloatArray
    numerator: FloatArray
    numerator_moe: FloatArray
    denominator: FloatArray
    denominator_moe: FloatArray
    complement_moe: FloatArray
    error: Mapping[str, FloatArray]
    low: FloatArray
    high: FloatArray
    split_share: FloatArray
    rule: tuple[str, ...]
    reason: tuple[str | None, ...]
    text: tuple[str | None, ...]
    flags: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """A zone against the reference, with the overlap taken out.

    ``verdict`` is ``higher``, ``lower``, ``not distinguishable`` or ``unknown`` (no margin is known); for figures
    without sampling error there is no test (``z``, ``p``, ``q`` are None): the sign counts where the difference is
    larger than its noise and than half the range by the way of dividing. ``basis`` is ``rebuilt`` where medians are
    compared as rebuilt from brackets on both sides, else ``shown``. ``overlap`` is the zone's share of the reference's
    universe where it was taken out of the test; None where it was not.
    """

    reference: str
    difference: float | None
    difference_moe: float | None
    ratio: float | None
    z: float | None
    p: float | None
    q: float | None
    verdict: str
    basis: str = "shown"
    overlap: float | None = None


@dataclass(frozen=True)
class Percentile:
    """Where a number stands among the census tracts of the reference (``measure/percentiles.py``).

    ``value`` is the share, 0 to 1, of the reference's people who live in tracts with a lower number, ``low`` and
    ``high`` the same of the number less and plus its margin, None where that is not known. ``tracts`` have a number;
    ``weight`` says whether ``persons`` or ``households`` were counted. Without ``value`` there is a ``reason``.
    """

    value: float | None
    low: float | None
    high: float | None
    tracts: int
    weight: str
    reason: str | None


@dataclass(frozen=True)
class Record:
    """One number of the baseline, or the reason why it is not there.

    ``percentile`` is there for numbers of everybody, of the district and its areas. ``instead`` is the zone whose
    record of the same indicator and group is reliable, where this one is withheld (``measure/instead.py``).
    """

    zone: str
    indicator: str
    group: str
    value: float | None
    moe: float | None
    unit: str
    universe: str
    reliability: str
    reason: str | None
    numerator: float | None = None
    numerator_moe: float | None = None
    denominator: float | None = None
    denominator_moe: float | None = None
    complement_moe: float | None = None
    rule: str = ""
    text: str | None = None
    error: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    flags: tuple[str, ...] = ()
    comparison: Comparison | None = None
    layers: tuple[str, ...] = ()
    percentile: Percentile | None = None
    instead: str | None = None

    def but(self, **changes: Any) -> Record:
        """This record with some parts changed: `dataclasses.replace`, which is slow where there are a million."""
        if not changes.keys() <= self.__dict__.keys():
            raise TypeError(f"a record has no {', '.join(sorted(changes.keys() - self.__dict__.keys()))}")
        made = object.__new__(Record)
        made.__dict__.update(self.__dict__, **changes)
        return made


@dataclass(frozen=True)
class Indicator:
    """A catalogue row: what is measured, from what, and how it is to be read. See ``catalogue/indicators.yml``.

    ``inputs`` are the layers without which it is absent, ``optional`` those that make it better or split it by
    group; ``acs:B25003`` stands for that table at the run's vintage, ``acs:B25003@t0`` at that of the earlier survey,
    ``crosswalk`` for how areas of 2010 lie in those of 2020, state by state. ``areas`` is False for what is told of the
    district and its reference alone, never of a single tract.

    ``who`` and ``says`` make a sentence of a share (``households``, ``rent their home``); a ``says`` with ``{value}``
    or ``{number}`` is a whole sentence. ``question`` is put to residents. ``wording`` holds what else a whole sentence
    takes: ``asks`` (what is not known where there is no number), ``less`` and ``none`` (the sentence of a number below
    0, and of 0), ``grouped`` (that of a group), ``higher`` and ``lower`` (than elsewhere).
    """

    id: str
    title: str
    category: str
    unit: str
    direction: Literal["up", "down", "neutral"]
    field: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, Any]
    aggregate: str
    weight: str
    universe: str
    method: str
    caveat: str
    references: tuple[str, ...]
    pillars: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    groups: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    map: Literal["block group", "tract", "none"] = "tract"
    plain: str = ""
    frequency: str = ""
    evidence: str = "V"
    optional: tuple[str, ...] = ()
    areas: bool = True
    who: str = ""
    says: str = ""
    question: str = ""
    wording: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Baseline:
    """Everything that a run found: the value behind ``results.json``.

    ``displacement`` holds what no record can: a card for each tract with its conditions, the rule, and the protections
    that residents name; in the form of ``results.schema.json``. None where nothing was asked of it. ``budgets`` tell of
    each indicator what is known of its errors beyond the margin. ``corrections`` are what residents say is otherwise
    than the map has it, with the district's numbers as they then are; None where nobody said so. ``quality`` are the
    checks of the data, what is odd first.
    """

    slug: str
    name: str
    synthetic: bool
    zones: Zones
    zone_facts: tuple[Mapping[str, Any], ...]
    indicators: tuple[Indicator, ...]
    groups: Mapping[str, str]
    layers: tuple[Provenance, ...]
    absent_layers: Mapping[str, str]
    records: tuple[Record, ...]
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    displacement: Mapping[str, Any] | None = None
    programmes: tuple[Programme, ...] = ()
    budgets: tuple[Budget, ...] = ()
    corrections: Mapping[str, Any] | None = None
    quality: tuple[Check, ...] = ()
