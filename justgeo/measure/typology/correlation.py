"""How the sampling errors of one tract hang together.

A survey that happens to meet more of the poor in a tract finds lower incomes and fewer owners there at once.
Published tables tell a margin for each number and nothing of that, so that these correlations cannot be had for a
real place. They were measured on the invented county: in 560 surveys of fifteen such counties, errors of estimates
about their own mean, in units of their spread, pooled over the tracts that stayed the same since 2010
(``docs/displacement.md``). From one invented county to the next they differ by 0.05 or so; of a real one nothing is
known. To use them is our choice. Errors of two surveys that share no year are independent.

Against errors drawn as independent they make part B and the stages a little less sure, which they needed; part A, which
did not, becomes a little more cautious.
"""

from __future__ import annotations

import numpy as np

from justgeo.core.layer import FloatArray

__all__ = ["BEFORE_CORRELATION", "NOW_CORRELATION"]


def _fixed(rows: list[list[float]]) -> FloatArray:
    """An array that nobody can change."""
    made = np.array(rows, dtype=np.float64)
    made.flags.writeable = False
    return made


NOW_CORRELATION: FloatArray = _fixed(
    [
        [1.00, 0.04, 0.03, -0.20, 0.21, 0.00, 0.00],
        [0.04, 1.00, 0.11, -0.08, 0.09, 0.04, 0.04],
        [0.03, 0.11, 1.00, -0.13, 0.14, 0.10, 0.05],
        [-0.20, -0.08, -0.13, 1.00, -0.70, -0.19, -0.21],
        [0.21, 0.09, 0.14, -0.70, 1.00, 0.23, 0.20],
        [0.00, 0.04, 0.10, -0.19, 0.23, 1.00, -0.01],
        [0.00, 0.04, 0.05, -0.21, 0.20, -0.01, 1.00],
    ]
)
"""Of the quantities of ``values.NOW``, in their order, (7, 7)."""

BEFORE_CORRELATION: FloatArray = _fixed(
    [
        [1.00, 0.03, 0.03, 0.22, -0.01, -0.02],
        [0.03, 1.00, 0.10, 0.08, 0.03, 0.05],
        [0.03, 0.10, 1.00, 0.14, 0.08, 0.07],
        [0.22, 0.08, 0.14, 1.00, 0.23, 0.20],
        [-0.01, 0.03, 0.08, 0.23, 1.00, -0.01],
        [-0.02, 0.05, 0.07, 0.20, -0.01, 1.00],
    ]
)
"""Of the quantities of ``values.BEFORE``, in their order, (6, 6)."""
