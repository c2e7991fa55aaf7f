"""Regions for tests: one drawn at random, one of plain columns where nothing moves unless it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from justgeo.core.layer import FloatArray
from justgeo.measure.typology.values import BEFORE, NOW, SHARES, Amount, Pooled, Settings, Tracts

NAN = float("nan")
PRICE = 313.689 / 236.736
QUICK = Settings(draws=1_000)
EVEN = {
    "owners": 0.5,
    "white": 0.5,
    "bachelors": 0.5,
    "low_income": 0.5,
    "income": 60e3,
    "value": 300e3,
    "rent": 1500.0,
}


def geoids(n: int) -> npt.NDArray[np.str_]:
    return np.array([f"{99001000100 + 100 * i}" for i in range(n)])


def grid(width: int, height: int) -> sparse.csr_array:
    """Queen neighbours of the cells of a chessboard, row by row."""
    x, y = np.arange(width * height) % width, np.arange(width * height) // width
    near = (abs(x[:, None] - x) <= 1) & (abs(y[:, None] - y) <= 1) & ~np.eye(len(x), dtype=bool)
    return sparse.csr_array(near)


def region(width: int = 8, height: int = 5, seed: int = 1, error: float = 1.0) -> Tracts:
    """Tracts with all quantities; ``error`` scales every standard error."""
    rng, n = np.random.default_rng(seed), width * height

    def share(mean: FloatArray) -> Amount:
        return Amount(np.clip(mean, 0.02, 0.98), error * (0.02 + 0.03 * rng.random(n)))

    def dollars(mean: FloatArray) -> Amount:
        return Amount(mean, error * mean * (0.03 + 0.06 * rng.random(n)))

    now, before = {}, {}
    for name in NOW:
        if name in SHARES:
            level = rng.beta(4, 4, n)
            now[name] = share(level)
            before[name] = share(level + 0.06 * rng.standard_normal(n))
        else:
            amount = EVEN[name] * np.exp(0.35 * rng.standard_normal(n))
            now[name] = dollars(amount)
            before[name] = dollars(amount / 1.4 * np.exp(0.15 * rng.standard_normal(n)))
    before = {name: before[name] for name in BEFORE}
    households = rng.integers(300, 3000, n).astype(np.float64)
    return Tracts(
        geoid=geoids(n),
        now=now,
        before=before,
        region_now={
            k: Pooled(float(v.value.mean()), 0.004 * error * float(v.value.mean()))
            for k, v in now.items()
            if k in SHARES | {"income"}
        },
        region_before={
            k: Pooled(float(v.value.mean()), 0.004 * error * float(v.value.mean()))
            for k, v in before.items()
            if k in SHARES | {"income"}
        },
        price=PRICE,
        households=Amount(households, np.full(n, 50.0)),
        renter_households=Amount(households * 0.5, np.full(n, 40.0)),
        homes={f"{kind}_{when}": np.full(n, 400.0) for kind in ("value", "rent") for when in ("now", "before")},
        neighbours=grid(width, height),
    )


def even(
    n: int,
    now: Mapping[str, float | Sequence[float]] | None = None,
    before: Mapping[str, float | Sequence[float]] | None = None,
    **rest: Any,
) -> Tracts:
    """Tracts without error that are all like the region, save in the columns that are given; prices stand still."""

    def column(value: float | Sequence[float]) -> Amount:
        return Amount(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)).copy(), np.zeros(n))

    pooled = {name: Pooled(EVEN[name], 0.0) for name in ("owners", "white", "bachelors", "income")}
    return Tracts(
        geoid=rest.pop("geoid", geoids(n)),
        now={name: column((now or {}).get(name, EVEN[name])) for name in NOW},
        before={name: column((before or {}).get(name, EVEN[name])) for name in BEFORE},
        region_now={**pooled, "low_income": Pooled(0.5, 0.0)},
        region_before=pooled,
        price=rest.pop("price", 1.0),
        households=column(rest.pop("households", 1000.0)),
        renter_households=column(500.0),
        **rest,
    )


def take(tracts: Tracts, rows: npt.ArrayLike) -> Tracts:
    """Some tracts, in another order; the region's own values stay."""
    at = np.asarray(rows)

    def some(amount: Amount) -> Amount:
        return Amount(amount.value[at], amount.se[at])

    def plain(array: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
        return None if array is None else array[at]

    near = tracts.neighbours
    return replace(
        tracts,
        geoid=tracts.geoid[at],
        now={k: some(v) for k, v in tracts.now.items()},
        before={k: some(v) for k, v in tracts.before.items()},
        households=some(tracts.households),
        renter_households=some(tracts.renter_households),
        homes={k: v[at] for k, v in tracts.homes.items()},
        top={k: v[at] for k, v in tracts.top.items()},
        group_quarters=plain(tracts.group_quarters),
        neighbours=None if near is None else sparse.csr_array(near[at][:, at]),
        edge=plain(tracts.edge),
    )


def changed(
    tracts: Tracts, when: str, name: str, at: int, value: float | None = None, se: float | None = None
) -> Tracts:
    """One number of one tract, or its error, put in place of what was there."""
    vintage = dict(tracts.now if when == "now" else tracts.before)
    old = vintage[name]
    new = Amount(old.value.copy(), old.se.copy())
    if value is not None:
        new.value[at] = value
    if se is not None:
        new.se[at] = se
    vintage[name] = new
    return replace(tracts, now=vintage) if when == "now" else replace(tracts, before=vintage)
