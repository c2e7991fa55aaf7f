"""Tracts from short columns, for tests that can be answered by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from justgeo.core.layer import FloatArray
from justgeo.measure.typology.values import Amount, Pooled, Tracts

NAN = float("nan")
FEW_DRAWS = 8
"""Of what looks at no chance."""
Column = float | Sequence[float] | FloatArray
REGION = {"owners": 0.6, "white": 0.6, "bachelors": 0.4, "low_income": 0.4, "income": 60_000.0}
REGION_BEFORE = {"owners": 0.6, "white": 0.7, "bachelors": 0.3, "income": 50_000.0}


def amount(n: int, column: Column, se: Column = 0.0) -> Amount:
    value = np.broadcast_to(np.asarray(column, dtype=np.float64), (n,)).copy()
    return Amount(value, np.broadcast_to(np.asarray(se, dtype=np.float64), (n,)).copy())


def ids(n: int) -> Any:
    return np.array([f"99001{i:06d}" for i in range(1, n + 1)])


def ring(n: int) -> sparse.csr_array:
    """Each tract touches the one before and the one after."""
    at = np.arange(n)
    pairs = sparse.coo_array((np.ones(n), (at, (at + 1) % n)), shape=(n, n)).tocsr()
    return sparse.csr_array(((pairs + pairs.T) > 0).astype(np.float64))


def tracts(
    n: int,
    now: Mapping[str, Column] | None = None,
    before: Mapping[str, Column] | None = None,
    *,
    households: Column = 1000.0,
    renters: Column = 400.0,
    price: float = 1.0,
    se: Mapping[str, float] | None = None,
    **rest: Any,
) -> Tracts:
    """``n`` tracts; ``se`` by the names of both vintages."""
    errors = se or {}
    return Tracts(
        geoid=rest.pop("geoid", ids(n)),
        now={k: amount(n, v, errors.get(k, 0.0)) for k, v in (now or {}).items()},
        before={k: amount(n, v, errors.get(k, 0.0)) for k, v in (before or {}).items()},
        region_now={k: Pooled(v, 0.0) for k, v in REGION.items()},
        region_before={k: Pooled(v, 0.0) for k, v in REGION_BEFORE.items()},
        price=price,
        households=amount(n, households, 50.0),
        renter_households=amount(n, renters, 40.0),
        **rest,
    )


def random_county(seed: int, n: int = 12, missing: float = 0.0, **rest: Any) -> Tracts:
    """A county whose tracts lie about its own shares; one cell in so many is missing where asked for."""
    rng = np.random.default_rng(seed)

    def some(values: FloatArray) -> FloatArray:
        return np.where(rng.random(n) < missing, NAN, values)

    def share(middle: float) -> FloatArray:
        return some(np.clip(middle + rng.normal(0.0, 0.12, n), 0.05, 0.95))

    now = {name: share(REGION[name]) for name in ("owners", "white", "bachelors", "low_income")}
    before = {name: share(REGION_BEFORE[name]) for name in ("owners", "white", "bachelors")}
    for columns, scale in ((before, 1.0), (now, 1.5)):
        columns["income"] = some(50_000 * scale * rng.lognormal(0.0, 0.2, n))
        columns["value"] = some(200_000 * scale * rng.lognormal(0.0, 0.3, n))
        columns["rent"] = some(900 * scale * rng.lognormal(0.0, 0.2, n))
    se = {"owners": 0.03, "white": 0.03, "bachelors": 0.03, "low_income": 0.03, "income": 3000.0}
    se |= {"value": 15_000.0, "rent": 60.0}
    asked = {"neighbours": ring(n), "price": 1.25, "se": se, **rest}
    return tracts(n, now, before, **asked)


def reordered(county: Tracts, order: Sequence[int]) -> Tracts:
    """The same tracts in another order; without geometry but the neighbours."""
    at = np.asarray(order)

    def moved(found: Mapping[str, Amount]) -> dict[str, Amount]:
        return {k: Amount(a.value[at], a.se[at]) for k, a in found.items()}

    near = county.neighbours
    return replace(
        county,
        geoid=county.geoid[at],
        now=moved(county.now),
        before=moved(county.before),
        households=Amount(county.households.value[at], county.households.se[at]),
        renter_households=Amount(county.renter_households.value[at], county.renter_households.se[at]),
        homes={k: v[at] for k, v in county.homes.items()},
        top={k: v[at] for k, v in county.top.items()},
        students=None if county.students is None else county.students[at],
        edge=None if county.edge is None else county.edge[at],
        neighbours=None if near is None else sparse.csr_array(near.toarray()[at][:, at]),
        extra=moved(county.extra),
    )
