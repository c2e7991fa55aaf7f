"""The ends of the scales on which medians are published: printed as codes that are no amounts.

A code has no margin, and a median has one: that tells them apart. What lies beyond an end ranks as high, or as low, as
any; no change can be told from it (METHODS 2.0, item 10).

References
----------
U.S. Census Bureau, *American Community Survey Summary File Handbook*, jam values for medians.
"""

from __future__ import annotations

import numpy as np

from justgeo.core.errors import LayerError
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.zones import StrArray

TOPS = {
    "income": ((0, 250_001.0),),
    "value": ((2015, 2_000_001.0), (0, 1_000_001.0)),
    "rent": ((2015, 3_501.0), (0, 2_001.0)),
}
"""What stands for the top of a scale, by the first end year that has it, the latest first."""
BOTTOMS = {"income": 2_499.0, "value": 9_999.0, "rent": 99.0}
"""What stands for its bottom, in every year: ``2,500-``, ``10,000-``, ``100-``."""


def ends(name: str, year: int | None, value: FloatArray, moe: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Where the top of its scale is printed for a median, and where the bottom.

    Parameters
    ----------
    name : {'income', 'value', 'rent'}
    year : int or None
        Last year of the survey; None where it is not known: then every code that ever was is one.
    value, moe : (n,) float
        Dollars of the survey's own year, 90 % margins.
    """
    codes = [code for first, code in TOPS[name] if year is None or year >= first]
    bare = np.isnan(moe)
    return np.isin(value, codes if year is None else codes[:1]) & bare, (value == BOTTOMS[name]) & bare


def refuse_thousands(name: str, column: str, value: FloatArray, geoid: StrArray, where: str) -> None:
    """Refuse a median below the bottom of its scale: none is published there, so it is no amount in dollars.

    Parameters
    ----------
    name : {'income', 'value', 'rent'}
    column, where : str
        For the message.
    value : (n,) float
        Dollars; NaN where there is no median.
    geoid : (n,) str

    Raises
    ------
    LayerError
    """
    low = value < BOTTOMS[name]
    if low.any():
        at = int(np.flatnonzero(low)[0])
        raise LayerError(
            f"{where}: {column} of {geoid[at]} is {value[at]:,.10g}, and no median below {BOTTOMS[name]:,.0f} is "
            f"published; {int(low.sum())} of {len(value)} are such. Are they in dollars, not thousands?",
            remedy="give medians in dollars of the survey's own year; leave a cell without a number empty.",
        )
