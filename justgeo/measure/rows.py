"""Units taken one by one, or all together: the two simplest weights."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from justgeo.measure.fractions import Matrix


def each(n: int) -> Matrix:
    """Every unit its own zone, (n, n)."""
    return sparse.eye_array(n, format="csr")


def pooled(n: int) -> Matrix:
    """All units one zone, (1, n)."""
    return sparse.csr_array(np.ones((1, n)))
