"""Invented street networks for benchmarks: a grid whose corners are shaken and some of whose streets are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from justgeo.core.layer import FloatArray, IntArray, Network, Provenance

CRS = "EPSG:32617"
SPACING_M = 90.0
SHAKE = 0.3
MISSING = 0.12
ORIGIN = (500_000.0, 4_000_000.0)


@dataclass(frozen=True)
class Streets:
    """One connected network in metres; ``length`` follows from the places of its nodes."""

    xy: FloatArray
    u: IntArray
    v: IntArray
    length: FloatArray

    def network(self) -> Network:
        """As ``measure.reach`` takes it."""
        invented = Provenance("walk", "invented", "a shaken grid", "not stated", synthetic=True)
        return Network(self.xy[:, 0], self.xy[:, 1], self.u, self.v, CRS, invented)

    def points(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Places in the grid, uniformly, (n, 2); those of one square kilometre follow one another, as in a tract."""
        low, high = self.xy.min(axis=0) + SPACING_M, self.xy.max(axis=0) - SPACING_M
        found = np.asarray(rng.uniform(low, high, (n, 2)), dtype=np.float64)
        return found[np.lexsort((found[:, 1] // 1000.0, found[:, 0] // 1000.0))]


def streets(nodes: int, seed: int = 1) -> Streets:
    """About so many nodes: the largest connected part of a shaken grid with a share of its streets left out."""
    rng = np.random.default_rng(seed)
    side = round(np.sqrt(nodes))
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    xy = np.stack([column.ravel(), row.ravel()], axis=1) * SPACING_M + ORIGIN
    xy = xy + rng.uniform(-SHAKE, SHAKE, xy.shape) * SPACING_M
    number = np.arange(side * side).reshape(side, side)
    u = np.concatenate([number[:, :-1].ravel(), number[:-1, :].ravel()])
    v = np.concatenate([number[:, 1:].ravel(), number[1:, :].ravel()])
    there = rng.random(len(u)) >= MISSING
    u, v = u[there], v[there]
    _, label = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(len(xy), len(xy))), directed=False)
    keep = label == np.bincount(label).argmax()
    new = np.cumsum(keep) - 1
    inside = keep[u]
    u, v = new[u[inside]].astype(np.int64), new[v[inside]].astype(np.int64)
    xy = xy[keep]
    return Streets(xy, u, v, np.hypot(*(xy[v] - xy[u]).T))
