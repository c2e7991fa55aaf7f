"""HUD's table of cost burden by tenure and race (CHAS table 9), as it would be of Nowhere: sampled, then rounded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from justgeo.core.layer import FloatArray, IntArray
from justgeo.synthetic.county import County
from justgeo.synthetic.forms import Table, of, renters, tree

GROUPS = ("white", "black", "asian", "aian", "nhpi", "hispanic", "other")
CLASSES = ("to_30", "30_to_50", "over_50", "not_computed")
LINES = 73
_OF_RACE = np.array([0, 1, 3, 2, 4, 6, 6, 6])  # of a householder who is not Hispanic, see people.RACES
_LEAVES = len(CLASSES)


def table() -> Table:
    """Its 73 lines: all, owners, seven groups of five lines, renters, seven groups of five."""
    half = len(GROUPS) * _LEAVES
    sums: list[range | int] = [range(2 * half)]
    for start in (0, half):
        sums.append(range(start, start + half))
        for group in range(start, start + half, _LEAVES):
            sums += [range(group, group + _LEAVES), *range(group, group + _LEAVES)]
    return Table("T9", "household", _leaf, tree(2 * half, *sums), tract_only=True)


def _leaf(homes: pd.DataFrame) -> IntArray:
    """Tenure, then group, then class; a group is of one race and not Hispanic, Hispanics are of any."""
    group = np.where(of(homes, "hispanic") == 1, GROUPS.index("hispanic"), _OF_RACE[of(homes, "race")])
    burden = homes["burden"].to_numpy(dtype=float)
    kind = np.where(np.isnan(burden), 3, np.searchsorted([30.0, 50.0], burden, "left"))
    return np.asarray((renters(homes) * len(GROUPS) + group) * _LEAVES + kind, dtype=np.int64)


def rounded(counts: FloatArray) -> FloatArray:
    """Counts as HUD prints them: 0 stays, 1 to 7 are 4, others the nearest multiple of 5."""
    fives = 5.0 * np.floor(counts / 5.0 + 0.5)
    return np.asarray(np.where(counts <= 0, 0.0, np.where(counts < 7.5, 4.0, fives)), dtype=np.float64)


def publish(place: County, draw: int) -> pd.DataFrame:
    """The file of one survey, by tract of 2020.

    Parameters
    ----------
    place : County
    draw : int
        The same homes are interviewed as for the tables of the survey of this number.
    """
    geoid, estimate, moe = place.tabulate(table(), 2024, draw, "tract")
    told: dict[str, npt.ArrayLike | str] = {
        "source": "2020thru2024 (invented)",
        "sumlevel": "140",
        "geoid": [f"14000US{one}" for one in geoid],
        "name": [f"Census Tract {int(one[5:9])}.{one[9:]}, Nowhere (invented)" for one in geoid],
        "st": "99",
        "cnty": "001",
        "tract": [one[5:] for one in geoid],
    }
    lines = {f"T9_est{line + 1}": rounded(estimate[:, line]).astype(np.int64) for line in range(LINES)}
    margins = {f"T9_moe{line + 1}": moe[:, line].astype(np.int64) for line in range(LINES)}
    return pd.DataFrame({**told, **lines, **margins})


def truth(place: County, homes: npt.NDArray[np.bool_], tenure: str = "all", group: str = "all") -> dict[str, float]:
    """How many of some households of 2024 are in each class of burden, everybody asked.

    Parameters
    ----------
    homes : (H,) bool
        Which rows of ``households`` count.
    tenure : {'all', 'owner', 'renter'}
    group : str
        Of ``GROUPS``, or ``all``.
    """
    leaf = _leaf(place.households(2024))
    kept = homes.copy()
    if tenure != "all":
        kept &= (leaf // (len(GROUPS) * _LEAVES) == 1) == (tenure == "renter")
    if group != "all":
        kept &= leaf // _LEAVES % len(GROUPS) == GROUPS.index(group)
    counts = np.bincount(leaf[kept] % _LEAVES, minlength=_LEAVES)
    return dict(zip(CLASSES, map(float, counts), strict=True))
