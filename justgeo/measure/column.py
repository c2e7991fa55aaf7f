"""Making columns: settings of the reducers, and a draft that cannot leave a number without its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from justgeo.core.field import Weight
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Column
from justgeo.measure import medians
from justgeo.measure.apportion import Cover
from justgeo.measure.fractions import Matrix

NOT_PUBLISHED = "no estimate was published for a part of it"
NO_UNITS = "none of the areas at hand that carry this number lies in it"
NOT_COVERED = "the layer does not cover this area"
WEIGHTED: Mapping[Weight, str] = {"persons": "people", "households": "homes", "land": "land"}


@dataclass(frozen=True)
class ReduceSettings:
    """What the reducers take for granted (METHODS 2.0), all of it told with the results.

    Attributes
    ----------
    design_factor : float
        Of a median's margin, where the reference has no published median to calibrate it on.
    sampling_percent : float
        Percent of households in the sample: 12.5 for five years of the ACS.
    block_noise_sd : float
        Standard deviation of the noise in a 2020 block count, people.
    apportion_c : float
        Part of the variance between units that is found within one.
    cluster_households, cluster_persons : float
        How many of them live, and move, together: the design effect within a cut unit.
    unknown_limit : float
        A number that is unknown for more than this share of the people is absent.
    lacking_limit : float
        A number whose table has no row for more than this share of the zone is absent.
    small_group : float
        Below this share of a zone's people a group is taken from block groups, not from noisy blocks.
    published_medians : bool
        Show the Bureau's own median for a zone that is a published unit; False rebuilds all from brackets.
    """

    design_factor: float = medians.DEFAULT_DESIGN_FACTOR
    sampling_percent: float = medians.FIVE_YEAR_PERCENT
    block_noise_sd: float = 3.0
    apportion_c: float = 0.30
    cluster_households: float = 1.0
    cluster_persons: float = 2.5
    unknown_limit: float = 0.5
    lacking_limit: float = 0.005
    small_group: float = 0.10
    published_medians: bool = True

    def cluster(self, weight: Weight) -> float:
        """The design effect of a weight; land has none of its own."""
        return self.cluster_persons if weight == "persons" else self.cluster_households


@dataclass
class Draft:
    """A column in the making; arrays are (Z,) and start as NaN, error parts that are not given as 0."""

    zones: int
    value: FloatArray
    sampling: FloatArray
    rule: Iterable[str]
    numerator: FloatArray | None = None
    numerator_moe: FloatArray | None = None
    denominator: FloatArray | None = None
    denominator_moe: FloatArray | None = None
    complement_moe: FloatArray | None = None
    apportionment: FloatArray | None = None
    noise: FloatArray | None = None
    low: FloatArray | None = None
    high: FloatArray | None = None
    split_share: FloatArray | None = None
    untold: BoolArray | None = None
    text: list[str | None] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    flags: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reasons = self.reasons or [None] * self.zones
        self.text = self.text or [None] * self.zones
        self.flags = self.flags or [[] for _ in range(self.zones)]

    def absent(self, where: npt.ArrayLike, why: str | Callable[[int], str], *, wholly: bool = False) -> None:
        """The number is absent there, for this reason; the first one stays.

        ``wholly`` overrules reasons that still leave something to say, as "in the open bracket" does.
        """
        for z in np.flatnonzero(np.asarray(where, dtype=np.bool_)):
            if self.reasons[z] is None or wholly:
                self.reasons[z] = why if isinstance(why, str) else why(int(z))
            if wholly:
                self.text[z] = None

    def flag(self, where: npt.ArrayLike, what: str | Callable[[int], str]) -> None:
        """Say something beside the number there."""
        for z in np.flatnonzero(np.asarray(where, dtype=np.bool_)):
            self.flags[z].append(what if isinstance(what, str) else what(int(z)))

    def untell(self, where: BoolArray) -> None:
        """The apportionment part is not known there: null, never 0, and the margin is then at least what is known."""
        self.untold = where
        self.flag(where, "apportionment error not told")

    def uncovered(self, covered: BoolArray | None) -> None:
        """Zones that the layer does not cover are absent, never computed on the part."""
        if covered is not None:
            self.absent(~np.asarray(covered, dtype=np.bool_), NOT_COVERED, wholly=True)

    def lacking(self, cover: Cover, weight: Weight, limit: float) -> None:
        """Zones for which the table has too few rows: a part is never shown for the whole."""
        share, words = cover.lacking, WEIGHTED[weight]
        with np.errstate(invalid="ignore"):
            much, some = share > limit, (share > 1e-4) & (share <= limit)
        self.absent(much, lambda z: f"its table has no row for {share[z]:.1%} of the {words} here", wholly=True)
        self.absent(np.diff(cover.matrix.indptr) == 0, NO_UNITS, wholly=True)
        self.flag(some, lambda z: f"lacking_share={share[z]:.4f}")
        missing = cover.stepped
        self.flag(missing > 0, lambda z: f"rows of block groups missing ({missing[z]}): taken from the tract above")

    def finish(self) -> Column:
        """The column: absent zones carry no number at all, and every absence its reason."""
        hidden = np.array([r is not None and t is None for r, t in zip(self.reasons, self.text, strict=True)], np.bool_)
        no_value = np.isnan(self.value) & ~hidden
        self.absent(no_value, NOT_PUBLISHED)
        hidden |= np.array([no and t is None for no, t in zip(no_value, self.text, strict=True)], np.bool_)

        def shown(values: FloatArray | None, default: float = np.nan) -> FloatArray:
            given = np.full(self.zones, default) if values is None else np.asarray(values, dtype=np.float64)
            return np.asarray(np.where(hidden, np.nan, given), dtype=np.float64)

        value = shown(self.value)
        told = np.isfinite(value)
        error = {
            name: np.where(told, shown(part, 0.0), np.nan)
            for name, part in (
                ("sampling", self.sampling),
                ("apportionment", self.apportionment),
                ("noise", self.noise),
            )
        }
        total = np.sqrt(np.sum([np.square(part) for part in error.values()], axis=0))
        if self.untold is not None:
            error["apportionment"] = np.where(self.untold, np.nan, error["apportionment"])
        return Column(
            value=value,
            moe=total,
            numerator=shown(self.numerator),
            numerator_moe=shown(self.numerator_moe),
            denominator=shown(self.denominator),
            denominator_moe=shown(self.denominator_moe),
            complement_moe=shown(self.complement_moe),
            error=error,
            low=np.where(told, shown(self.low), np.nan),
            high=np.where(told, shown(self.high), np.nan),
            split_share=shown(self.split_share),
            rule=tuple("" if h else str(r) for r, h in zip(self.rule, hidden, strict=True)),
            reason=tuple(self.reasons),
            text=tuple(None if h else t for t, h in zip(self.text, hidden, strict=True)),
            flags=tuple(() if h else tuple(f) for f, h in zip(self.flags, hidden, strict=True)),
        )


def quotient(above: FloatArray, below: FloatArray) -> FloatArray:
    """``above / below``; NaN where below is not positive, (Z,)."""
    out = np.full(len(below), np.nan, dtype=np.float64)
    np.divide(above, below, out=out, where=below > 0)
    return out


def cuts(matrix: Matrix) -> BoolArray:
    """Which zones have a unit that their boundary cuts, (Z,)."""
    part = matrix.copy()
    part.data = (part.data < 1.0 - 1e-9).astype(np.float64)
    return np.asarray(np.asarray(part.sum(axis=1)) > 0, dtype=np.bool_)


def split_share(matrix: Matrix, counts: FloatArray) -> FloatArray:
    """Share of what lives in each zone that is in units of which 5 to 95 % lie inside, (Z,)."""
    counted = np.nan_to_num(counts, nan=0.0)
    part = matrix.copy()
    part.data = np.where((part.data > 0.05) & (part.data < 0.95), part.data, 0.0)
    return quotient(np.asarray(part @ counted), np.asarray(matrix @ counted))


def spread(matrix: Matrix, value: FloatArray, others: Iterable[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Range of a value over the rules of apportionment; NaN where nothing is cut."""
    low, high, cut = value, value, cuts(matrix)
    # The others are not even computed where no zone would tell of them.
    for other in others if cut.any() else ():
        low, high = np.fmin(low, other), np.fmax(high, other)
    return np.where(cut, low, np.nan), np.where(cut, high, np.nan)


def no_margin(moe: FloatArray, value: FloatArray) -> BoolArray:
    """Where there is a value but no margin."""
    return np.asarray(np.isnan(moe) & np.isfinite(value), dtype=np.bool_)
