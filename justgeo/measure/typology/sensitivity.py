"""How far the figures hang on choices: the reference set, the base year, the thresholds.

Every row classifies the region anew, with chances of its own, and counts the same homes of the same tracts: what
differs between rows is the class alone. Another reference set or base year comes as tracts already made, since the
pooled shares of a set are sums over its own counts, which only the door that read them can make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.core.zones import StrArray
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.headline import Headline, Moves, headline, left_out_of, moves_of, partial_of
from justgeo.measure.typology.values import UNTOLD, VARIANTS, Settings, Tracts, Typology, Variant

AS_REPORTED = "as reported"


@dataclass(frozen=True)
class Tally:
    """What is flagged, in the tracts that are counted.

    Attributes
    ----------
    tracts, told : int
        Flagged as the estimates stand, of those that can be told.
    expected_tracts : float
        Sum of the chances of those that can be told; NaN where none is known, and where the households have no
        expected number either.
    households, renter_households : Headline
        Plain and weighted by chance, with margins.
    """

    tracts: int
    told: int
    expected_tracts: float
    households: Headline
    renter_households: Headline


@dataclass(frozen=True)
class Moved:
    """Tracts whose class is another than as reported; what could be told and no longer can counts, and the reverse."""

    vulnerable: int
    pressed: Mapping[Variant, int]
    stage: Mapping[Variant, int]


@dataclass(frozen=True)
class Variation:
    """One choice and what follows.

    Attributes
    ----------
    name : str
        ``as reported``, the name of another set of tracts, ``thresholds 10 % lower``.
    reference : int
        Tracts of the reference set.
    years : tuple of int
    scale : float
        1.1 where every threshold lies higher by a tenth of its size, 0.9 where lower: see `Settings`.
    tracts : int
        That are counted: those of the district, wherever it lies in the set.
    absent : int
        Of these, not in this set: in no count.
    vulnerable : Tally
    pressed : mapping of Variant to Tally
        Vulnerable and under market pressure.
    moved : Moved
    before : bool
        There is an earlier survey.
    markets : tuple of Variant
        Those by which the market of any tract is told; by the others nothing is pressed or spared, as far as is known.
    """

    name: str
    reference: int
    years: tuple[int, int]
    scale: float
    tracts: int
    absent: int
    vulnerable: Tally
    pressed: Mapping[Variant, Tally]
    moved: Moved
    before: bool
    markets: tuple[Variant, ...]


@dataclass(frozen=True)
class Untold:
    """A choice that was thought of, or asked for, and of which nothing can be told.

    Attributes
    ----------
    name : str
        As of a `Variation`.
    reason, remedy : str
        Why, and what to do; a remedy may be empty.
    years : tuple of int or None
        Of its two surveys, where it is they that are other ones.
    """

    name: str
    reason: str
    remedy: str = ""
    years: tuple[int, int] | None = None


def vary(
    base: Tracts,
    settings: Settings | None = None,
    *,
    others: Mapping[str, Tracts] | None = None,
    scales: tuple[float, ...] = (0.9, 1.1),
    inside: FloatArray | BoolArray | None = None,
    reported: Typology | None = None,
) -> tuple[Variation, ...]:
    """Classify under other choices, and count the same homes.

    Parameters
    ----------
    base : Tracts
        The region as reported. Its households are those that every row counts.
    settings : Settings or None
    others : mapping of str to Tracts, optional
        Other reference sets, other base years, by a name to be shown; tracts are matched by GEOID.
    scales : tuple of float
        Every threshold moved by so much of its size: 1.1 makes each harder to meet, those below 0 too.
    inside : (n,) float or bool, optional
        Part of each tract of ``base`` that is counted, 0 to 1: the district. All by default.
    reported : Typology, optional
        Of ``base`` by ``settings``, where it is at hand.

    Returns
    -------
    tuple of Variation
        As reported first, then ``others``, then ``scales``, in their order.

    Raises
    ------
    LayerError
        Another set that holds none of the tracts that are counted; whatever `classify` refuses, also in another set.
    """
    chosen = settings if settings is not None else Settings()
    first = reported if reported is not None else classify(base, chosen)
    here = np.ones(len(base)) if inside is None else np.asarray(inside, dtype=np.float64)
    rows = [_row(AS_REPORTED, first, first, here)]
    rows += [_row(name, first, classify(other, chosen), here) for name, other in (others or {}).items()]
    for scale in scales:
        scaled = classify(base, replace(chosen, scale=chosen.scale * scale))
        rows.append(_row(_moved_by(scale), first, scaled, here))
    return tuple(rows)


def _moved_by(scale: float) -> str:
    """A choice of thresholds by name, true of those below 0 too: these are not multiplied, but moved."""
    return f"thresholds {abs(100 * (scale - 1)):g} % {'lower' if scale < 1 else 'higher'}"


def _row(name: str, reported: Typology, other: Typology, inside: FloatArray) -> Variation:
    at = _places(reported.tracts.geoid, other.tracts.geoid)
    counted = inside > 0
    here = counted & (at >= 0)
    if counted.any() and not here.any():
        raise LayerError(
            f"None of the {int(counted.sum())} tracts that are counted is in the set {name!r}; "
            f"{reported.tracts.geoid[counted][0]} is the first.",
            remedy="Compare sets of the same census vintage that both hold the district.",
        )
    part = np.where(here, inside, 0.0)

    out = _taken(left_out_of(other), at)

    def tally(flag: FloatArray, chance: FloatArray, moves: Moves | None = None, partial: str | None = None) -> Tally:
        there = None if moves is None else Moves(_take(moves.own, at), _taken(moves.falls, at))
        more: _More = {"left_out": out, "moves": there, "partial": partial}
        return _tally(reported.tracts, _take(flag, at), _take(chance, at), part, more)

    return Variation(
        name=name,
        reference=len(other.tracts),
        years=other.tracts.years,
        scale=other.settings.scale,
        tracts=int(counted.sum()),
        absent=int((counted & ~here).sum()),
        vulnerable=tally(other.vulnerable, other.p_vulnerable),
        pressed={
            v: tally(other.pressed[v], other.p_pressed[v], moves_of(other, v), partial_of(other)) for v in VARIANTS
        },
        moved=Moved(
            vulnerable=_moved(reported.vulnerable, _take(other.vulnerable, at), here),
            pressed={v: _moved(reported.pressed[v], _take(other.pressed[v], at), here) for v in VARIANTS},
            stage={v: _moved(_codes(reported.stage[v]), _take(_codes(other.stage[v]), at), here) for v in VARIANTS},
        ),
        before=bool(other.tracts.before),
        markets=markets_told(other),
    )


def markets_told(typology: Typology) -> tuple[Variant, ...]:
    """Variants by which the market of any tract can be told: of none without an earlier survey."""
    return tuple(v for v in VARIANTS if (typology.markets[v].code != UNTOLD).any())


class _More(TypedDict):
    """What `headline` takes besides."""

    left_out: BoolArray
    moves: Moves | None
    partial: str | None


def _tally(tracts: Tracts, flag: FloatArray, chance: FloatArray, part: FloatArray, more: _More) -> Tally:
    told = (part > 0) & ~np.isnan(flag)
    known = chance[told & ~np.isnan(chance)]
    homes, renters = (
        headline(counted, flag, chance, part, **more) for counted in (tracts.households, tracts.renter_households)
    )
    whole = known.size and homes.bounded is None and homes.unweighted is None
    return Tally(
        tracts=int((told & (flag == 1.0)).sum()),
        told=int(told.sum()),
        expected_tracts=float(known.sum()) if whole else float("nan"),
        households=homes,
        renter_households=renters,
    )


def _places(of: StrArray, among: StrArray) -> IntArray:
    """Where each id stands among others; -1 where it does not."""
    place = {geoid: i for i, geoid in enumerate(among.tolist())}
    return np.array([place.get(geoid, -1) for geoid in of.tolist()], dtype=np.int64)


def _take(values: FloatArray, at: IntArray) -> FloatArray:
    """Values of another set at the tracts of this one; NaN where a tract is not in it."""
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)


def _taken(flags: BoolArray, at: IntArray) -> BoolArray:
    """The same of flags; not set where a tract is not in the set."""
    return np.asarray(_take(flags.astype(np.float64), at) == 1.0, dtype=np.bool_)


def _codes(stage: IntArray) -> FloatArray:
    return np.where(stage == UNTOLD, np.nan, stage.astype(np.float64))


def _moved(one: FloatArray, other: FloatArray, here: BoolArray) -> int:
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return int((here & ~same).sum())
