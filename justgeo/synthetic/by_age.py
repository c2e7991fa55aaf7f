"""Layouts of ACS tables by age: who rents, who has no vehicle, who is online.

Line numbers are the Bureau's (B25007 Tenure by Age of Householder, B25045 Tenure by Vehicles Available by Age of
Householder, B28005 Age by Presence of a Computer and Types of Internet Subscription, which begins in 2017). They are
tabulated from the people and the survey that are there, so that nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, IntArray
from justgeo.synthetic.forms import Table, bins, halves, of, renters, tree
from justgeo.synthetic.further import online_person

HEADS = (25, 35, 45, 55, 60, 65, 75, 85)
THIRDS = (35, 65)
PERSONS = (18, 65)

Sums = list[Iterable[int] | int]


def tables(vintage: int) -> list[Table]:
    """The tables of this module that a survey of this year has."""
    made = [
        Table("B25007", "household", _heads, halves(len(HEADS) + 1), controlled=1),
        Table("B25045", "household", _vehicles, _vehicle_lines(), controlled=1),
    ]
    if vintage >= 2017:
        made.append(Table("B28005", "person", _online, _online_lines()))
    return made


def _heads(frame: pd.DataFrame) -> IntArray:
    return renters(frame) * (len(HEADS) + 1) + bins(frame["age"], HEADS)


def _vehicles(frame: pd.DataFrame) -> IntArray:
    """Tenure, without and with a vehicle, three ages of the householder."""
    with_one = (of(frame, "vehicles") > 0).astype(np.int64)
    return renters(frame) * 6 + with_one * 3 + bins(frame["age"], THIRDS)


def _vehicle_lines() -> BoolArray:
    sums: Sums = [range(12)]
    for tenure in (0, 6):
        sums.append(range(tenure, tenure + 6))
        for at in (tenure, tenure + 3):
            sums += [range(at, at + 3), *range(at, at + 3)]
    return tree(12, *sums)


def _online(frame: pd.DataFrame) -> IntArray:
    """Three ages, each by dial-up alone, broadband, no subscription, no computer; people of households alone."""
    leaf = online_person(frame)
    return np.where(leaf < 0, -1, bins(frame["age"], PERSONS) * 4 + leaf)


def _online_lines() -> BoolArray:
    sums: Sums = [range(12)]
    for at in (0, 4, 8):
        sums += [range(at, at + 4), range(at, at + 3), *range(at, at + 4)]
    return tree(12, *sums)
