"""Contiguity from a list of pairs, for whoever has one and no shapes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from justgeo.core.layer import BoolArray, IntArray
from justgeo.core.zones import StrArray


class Paired(NamedTuple):
    """What a list of pairs says of the tracts of a region.

    Attributes
    ----------
    touch : csr_array (n, n) of bool
        Symmetric, without the diagonal.
    edge : (n,) bool or None
        Tracts with a neighbour outside the region; None where the pairs name no tract outside, and so do not say.
    unplaced : (n,) bool or None
        Tracts in no pair, whose neighbours are not known: an island and a tract that the list left out look alike.
        None where there are none.
    strangers : (k,) str
        Tracts outside the region that the pairs name, each once.
    elsewhere : int
        Pairs of which neither tract is of the region.
    """

    touch: sparse.csr_array
    edge: BoolArray | None
    unplaced: BoolArray | None
    strangers: StrArray
    elsewhere: int


def neighbours(geoid: StrArray, one: StrArray, other: StrArray) -> Paired:
    """Which tracts touch, from pairs of their GEOIDs.

    Parameters
    ----------
    geoid : (n,) str
        Tracts of the region.
    one, other : (p,) str
        Pairs, in either order, once or twice. A tract beside itself says no more than that the list knows it: so an
        island is told. A pair of which neither is of the region is passed over.
    """
    place = {name: i for i, name in enumerate(geoid.tolist())}
    i, j = (np.array([place.get(name, -1) for name in side.tolist()], dtype=np.int64) for side in (one, other))
    inside = (i >= 0) & (j >= 0) & (i != j)
    rows, columns = np.concatenate([i[inside], j[inside]]), np.concatenate([j[inside], i[inside]])
    touch = sparse.csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(geoid), len(geoid)))
    found: sparse.csr_array = touch.astype(np.bool_)
    outside = np.concatenate([one[i < 0], other[j < 0]])
    return Paired(
        touch=found,
        edge=_flagged(len(geoid), i[(i >= 0) & (j < 0)], j[(j >= 0) & (i < 0)]),
        unplaced=_flagged(len(geoid), np.setdiff1d(np.arange(len(geoid)), np.concatenate([i, j]))),
        strangers=np.unique(outside),
        elsewhere=int(((i < 0) & (j < 0)).sum()),
    )


def _flagged(n: int, *at: IntArray) -> BoolArray | None:
    """Flags at some places; None where there is no place."""
    flags: BoolArray = np.zeros(n, dtype=np.bool_)
    flags[np.concatenate(at)] = True
    return flags if flags.any() else None
