"""Contiguity from a list of pairs, for whoever has one and no shapes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from justgeo.core.layer import BoolArray
from justgeo.core.zones import StrArray


def neighbours(geoid: StrArray, one: StrArray, other: StrArray) -> tuple[sparse.csr_array, BoolArray | None]:
    """Which tracts touch, from pairs of their GEOIDs.

    Parameters
    ----------
    geoid : (n,) str
        Tracts of the region.
    one, other : (p,) str
        Pairs, in either order, once or twice; a tract beside itself is passed over, and so is a pair of which neither
        is of the region.

    Returns
    -------
    csr_array (n, n) of bool
        Symmetric, without the diagonal.
    (n,) bool or None
        Tracts with a neighbour outside the region; None where the pairs name no tract outside, and so do not say.
    """
    place = {name: i for i, name in enumerate(geoid.tolist())}
    i, j = (np.array([place.get(name, -1) for name in side.tolist()], dtype=np.int64) for side in (one, other))
    inside = (i >= 0) & (j >= 0) & (i != j)
    rows, columns = np.concatenate([i[inside], j[inside]]), np.concatenate([j[inside], i[inside]])
    touch = sparse.csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(geoid), len(geoid)))
    edge: BoolArray = np.zeros(len(geoid), dtype=np.bool_)
    edge[i[(i >= 0) & (j < 0)]] = True
    edge[j[(j >= 0) & (i < 0)]] = True
    found: sparse.csr_array = touch.astype(np.bool_)
    return found, edge if edge.any() else None
