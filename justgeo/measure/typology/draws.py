"""The joint Monte Carlo: the survey drawn again, tract by tract, and every outcome counted in the same draws.

The 13 quantities of a tract are drawn once a draw, and everything is made from them: a home value that comes out high
is high as a median and in its rise. Normals are clipped to the valid range, not drawn again (METHODS 2.0, item 12);
the region's own values are drawn too, and the quantiles taken anew in every draw.

Each tract has its own stream of random numbers, named by its GEOID. So its draws depend neither on the order of the
tracts, nor on which others there are, nor on how many are worked on at once. Another version of NumPy may draw other
numbers from the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import SFC64, Generator, SeedSequence

from justgeo.core.layer import BoolArray, FloatArray, IntArray
from justgeo.measure.typology import outcomes, prepare
from justgeo.measure.typology.logic import Bits
from justgeo.measure.typology.prepare import MEASURES, MIN_TRACTS, N_REGION, QUANTITIES, Ready
from justgeo.measure.typology.values import MARKET_NAMES, NOW, SHARES, STAGES, VARIANTS, Settings, Variant

BLOCK = 200
"""Draws that are worked on at once. It lays out the streams: another number gives other draws."""
LEAST_DOLLARS = 1.0
"""A drawn median is at least this: a change from 0 would be no number."""
TILE = 24
"""Tracts that are drawn together; their numbers stay in the processor's cache. It changes no result."""


@dataclass(frozen=True)
class Chances:
    """Shares of the draws.

    Attributes
    ----------
    condition : (n, m) float
        In which each measure meets its threshold; NaN where it, or its margin, is not known.
    threshold_se : (m,) float
        Of the region's values by formula, of the quantiles over the draws.
    vulnerable, changed : tuple of (n,) float
        In which it holds, in which it cannot be told.
    pressed : mapping of Variant to the same
    market, stage : mapping of Variant to (n, 5) and (n, 9) float
        The last column is what cannot be told.
    """

    condition: FloatArray
    threshold_se: FloatArray
    vulnerable: tuple[FloatArray, FloatArray]
    changed: tuple[FloatArray, FloatArray]
    pressed: Mapping[Variant, tuple[FloatArray, FloatArray]]
    market: Mapping[Variant, FloatArray]
    stage: Mapping[Variant, FloatArray]


def plain_thresholds(ready: Ready, cuts: FloatArray | None = None) -> FloatArray:
    """What the estimates are held against, (m,); NaN where there is nothing."""
    region = _of_region(ready)
    if cuts is None:
        q = ready.settings.high
        homes = list(enumerate(prepare.measures(ready.mean[:, :, None], ready.tracts.price)))[N_REGION:]
        cuts = np.array([linear_quantile(of[ready.valid[:, k]].T, q)[0] for k, of in homes])
    return scaled(np.concatenate([region, cuts]), ready.settings.scale)


def _of_region(ready: Ready) -> FloatArray:
    """The region's own measures, (8,)."""
    return np.array([a[0] for a in prepare.measures(ready.region[:, None], ready.tracts.price)])[:N_REGION]


def scaled(thresholds: FloatArray, scale: float) -> FloatArray:
    """Thresholds moved by ``scale - 1`` times their size: above 1 each is harder to meet, one below 0 as well.

    A threshold of +5 or of -5 points becomes +5.5 or -4.5 by 1.1; multiplied, the second would be -5.5 and easier to
    meet, so that one choice would pull both ways (our choice).
    """
    return np.asarray(thresholds + (scale - 1.0) * np.abs(thresholds), dtype=np.float64)


def linear_quantile(values: FloatArray, q: float) -> FloatArray:
    """Quantile of each row of (b, m), as ``numpy.quantile`` by its method "linear"; the rows are put in disorder.

    NaN where fewer than `MIN_TRACTS` stand in a row.
    """
    m = values.shape[1]
    if m < MIN_TRACTS:
        return np.full(len(values), np.nan)
    place = q * (m - 1)
    low = math.floor(place)
    part = place - low
    values.partition(low, axis=1)
    below = values[:, low].copy()
    if low + 1 >= m:
        return below
    above = values[:, low + 1 :].min(axis=1)
    gap = above - below
    return np.asarray(below + gap * part if part < 0.5 else above - gap * (1.0 - part), dtype=np.float64)


def simulate(ready: Ready, cuts: FloatArray | None = None) -> Chances:
    """Draw the survey again and count.

    Parameters
    ----------
    ready : Ready
    cuts : (6,) float or None
        Given in place of the quantiles, and then without error.
    """
    draws = ready.settings.draws
    survey, tally = _Survey(ready), _Tally()
    known = _known(ready, cuts)
    given = None if cuts is None else np.repeat(scaled(cuts, ready.settings.scale)[:, None], BLOCK, axis=1)
    seen = np.empty((len(MEASURES) - N_REGION, draws))
    for start in range(0, draws, BLOCK):
        size = min(BLOCK, draws - start)
        people = survey.draw()
        limits = survey.cuts() if given is None else given
        seen[:, start : start + size] = limits[:, :size]
        full = np.packbits(np.arange(BLOCK) < size)[None, :]
        tally.add(outcomes.judge(ready, [*people, *survey.high(limits)], known, full))
    return tally.chances(draws, known, _threshold_se(ready, seen))


class _Survey:
    """The survey of a region, drawn again block by block."""

    def __init__(self, ready: Ready) -> None:
        n = len(ready.tracts)
        self.ready = ready
        self.root = _root(ready.settings)
        self.streams = [_stream(ready.settings.seed, name) for name in ready.tracts.geoid.tolist()]
        self.region = _stream(ready.settings.seed, "")  # no tract is called so
        # what is not known is drawn all the same, as 1 without error, and then not looked at; a known value whose
        # margin is not known stands still for the sake of the others, and so does a top of a scale
        self.mean = np.nan_to_num(ready.mean, nan=1.0)[:, :, None]
        self.se = np.where(_still(ready), 0.0, np.nan_to_num(ready.se, nan=0.0))[:, :, None]
        self.of_homes = np.empty((len(MEASURES) - N_REGION, BLOCK, n))
        self.valid = [np.flatnonzero(ready.valid[:, k]) for k in range(N_REGION, len(MEASURES))]

    def draw(self) -> list[Bits]:
        """The next block: conditions that are held against the region, packed (n, b); homes are kept."""
        ready, n = self.ready, len(self.streams)
        limits = self._region()
        out = [np.empty((n, BLOCK // 8), dtype=np.uint8) for _ in range(N_REGION)]
        normal = np.empty((TILE, len(QUANTITIES), BLOCK))
        for start in range(0, n, TILE):
            rows = slice(start, min(start + TILE, n))
            z = normal[: rows.stop - start]
            for stream, into in zip(self.streams[rows], z, strict=True):
                stream.standard_normal(out=into)
            found = prepare.measures(self._values(z, self.mean[rows], self.se[rows]), ready.tracts.price)
            for k in range(N_REGION):
                out[k][rows] = np.packbits(outcomes.holds(k, found[k], limits[k]), axis=1)
            for k, homes in enumerate(found[N_REGION:]):
                self.of_homes[k, :, rows] = homes.T
        return out

    def cuts(self) -> FloatArray:
        """Quantiles of the homes of this block, (6, b)."""
        q = self.ready.settings.high
        found = [linear_quantile(homes[:, at], q) for homes, at in zip(self.of_homes, self.valid, strict=True)]
        return scaled(np.stack(found), self.ready.settings.scale)

    def high(self, limits: FloatArray) -> list[Bits]:
        """Where the homes of this block lie above some limits, packed (n, b)."""
        limits = limits + prepare.TIE * np.maximum(1.0, np.abs(limits))
        pairs = zip(self.of_homes, limits, strict=True)
        return [np.ascontiguousarray(np.packbits(homes > limit[:, None], axis=0).T) for homes, limit in pairs]

    def _region(self) -> FloatArray:
        """Thresholds of the region, moved off ties, (8, b)."""
        z = self.region.standard_normal((1, len(QUANTITIES), BLOCK))
        mean = np.nan_to_num(self.ready.region, nan=1.0)[None, :, None]
        se = np.nan_to_num(self.ready.region_se, nan=0.0)[None, :, None]
        found = prepare.measures(self._values(z, mean, se), self.ready.tracts.price)
        return outcomes.margin_of_ties(scaled(np.concatenate(found)[:N_REGION], self.ready.settings.scale))

    def _values(self, z: FloatArray, mean: FloatArray, se: FloatArray) -> FloatArray:
        """Standard normals (t, q, b) to quantities, clipped to what can be."""
        x = z if self.root is None else np.matmul(self.root, z)
        x *= se
        x += mean
        for start, end in _SHARES:
            np.clip(x[:, start:end], 0.0, 1.0, out=x[:, start:end])
        for start, end in _DOLLARS:
            np.maximum(x[:, start:end], LEAST_DOLLARS, out=x[:, start:end])
        return x


class _Tally:
    """Counts of draws, in the order of `_counted`."""

    def __init__(self) -> None:
        self.counts: IntArray | None = None

    def add(self, outcome: outcomes.Outcome) -> None:
        found = np.stack([np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in _counted(outcome)])
        self.counts = found if self.counts is None else self.counts + found

    def chances(self, draws: int, known: BoolArray, threshold_se: FloatArray) -> Chances:
        assert self.counts is not None
        counts = iter(self.counts)

        def share(k: int) -> FloatArray:
            return np.column_stack([next(counts) for _ in range(k)]) / draws

        def with_untold(k: int) -> FloatArray:
            found = np.column_stack([next(counts) for _ in range(k)])
            return np.column_stack([found, draws - found.sum(axis=1)]) / draws

        def pair() -> tuple[FloatArray, FloatArray]:
            return next(counts) / draws, (draws - next(counts)) / draws

        condition = np.where(known, share(len(MEASURES)), np.nan)
        vulnerable, changed = pair(), pair()
        market, stage, pressed = {}, {}, {}
        for v in VARIANTS:
            market[v], stage[v] = with_untold(len(MARKET_NAMES)), with_untold(len(STAGES))
            pressed[v] = pair()
        return Chances(condition, threshold_se, vulnerable, changed, pressed, market, stage)


def _counted(outcome: outcomes.Outcome) -> Iterator[Bits]:
    """All that is counted, in the order in which `_Tally.chances` takes it."""
    for told in outcome.conditions:
        yield told.yes
    for told in (outcome.vulnerable, outcome.changed):
        yield told.yes
        yield told.known
    for part in outcome.parts:
        for told in (*part.market, *part.stage):
            yield told.yes
        yield part.pressed.yes
        yield part.pressed.known


def _known(ready: Ready, cuts: FloatArray | None) -> BoolArray:
    """Conditions whose chance can be told, (n, m): value, margin and threshold are known."""
    region = prepare.measure_errors(ready.region[None, :], ready.region_se[None, :], ready.tracts.price)
    told = np.isfinite(plain_thresholds(ready, cuts))
    told[:N_REGION] &= np.isfinite(np.concatenate(region)[:N_REGION])
    return np.asarray(ready.valid & ready.sure & told, dtype=np.bool_)


def _threshold_se(ready: Ready, seen: FloatArray) -> FloatArray:
    region = prepare.measure_errors(ready.region[None, :], ready.region_se[None, :], ready.tracts.price)
    scale = ready.settings.scale
    # moved by a part of its size, a threshold below 0 shrinks where the others grow, and its error with it
    by = np.where(_of_region(ready) < 0, abs(2.0 - scale), scale)
    of_region = np.concatenate(region)[:N_REGION] * by
    return np.concatenate([of_region, (seen - seen[:, :1]).std(axis=1)])  # what stands still has 0 exactly


def _still(ready: Ready) -> BoolArray:
    """Quantities at the top of their scale, (n, q)."""
    out = np.zeros(ready.mean.shape, dtype=np.bool_)
    for name, flags in ready.tracts.top.items():
        kind, when = name.split("_")
        out[:, QUANTITIES.index((when, kind))] = flags
    return out


def _stream(seed: int, name: str) -> Generator:
    """Random numbers of one tract: the bytes of its name stand beside the seed, so that no two names share a stream."""
    return Generator(SFC64(SeedSequence(seed, spawn_key=tuple(name.encode()))))


def _root(settings: Settings) -> FloatArray | None:
    """Lower triangle that makes independent normals correlated within each vintage, (q, q)."""
    if settings.correlation_now is None and settings.correlation_before is None:
        return None
    out = np.eye(len(QUANTITIES))
    split = len(NOW)
    if settings.correlation_now is not None:
        out[:split, :split] = np.linalg.cholesky(settings.correlation_now)
    if settings.correlation_before is not None:
        out[split:, split:] = np.linalg.cholesky(settings.correlation_before)
    return out


def _runs(wanted: bool) -> list[tuple[int, int]]:
    """Stretches of `QUANTITIES` that are shares, or dollars."""
    out: list[tuple[int, int]] = []
    for i, (_, name) in enumerate(QUANTITIES):
        if (name in SHARES) is wanted:
            if out and out[-1][1] == i:
                out[-1] = (out[-1][0], i + 1)
            else:
                out.append((i, i + 1))
    return out


_SHARES, _DOLLARS = _runs(True), _runs(False)
