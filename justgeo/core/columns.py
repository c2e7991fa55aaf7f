"""Numbers of some columns of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from justgeo.core.layer import FloatArray


def numbers_of(frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
    """Columns as numbers, (n, k); NaN for one that the table does not have.

    By their places: of small tables that are asked again and again, most of the time would go into looking labels up.
    """
    places = {name: at for at, name in enumerate(frame.columns.tolist())}
    asked = np.array([places.get(name, -1) for name in names], dtype=np.int64)
    found = np.full((len(frame), len(asked)), np.nan, order="F")
    found[:, asked >= 0] = frame.iloc[:, asked[asked >= 0]].to_numpy(dtype=np.float64)
    return found
