"""What lies within some distance as the crow flies, added up."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from justgeo.core.layer import FloatArray
from justgeo.measure.reach import points_in

_AT_ONCE = 500


def sum_within(targets: FloatArray, sources: FloatArray, amounts: FloatArray, limit: float) -> FloatArray:
    """Sum of the amounts at the sources that lie within a limit of each target, (t,).

    Parameters
    ----------
    targets, sources : (t, 2), (s, 2) float
        Metres.
    amounts : (s,) float
        NaN where one is not known: so then is every sum that it belongs to.
    limit : float
        Metres; a source that lies as far counts.
    """
    found = np.zeros(len(targets))
    if not len(sources):
        return found
    tree, here = cKDTree(points_in(sources)), points_in(targets)
    for begin in range(0, len(here), _AT_ONCE):
        near = tree.query_ball_point(here[begin : begin + _AT_ONCE], limit)
        found[begin : begin + len(near)] = [float(amounts[rows].sum()) if rows else 0.0 for rows in near]
    return found
