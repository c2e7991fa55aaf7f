"""Counties that are not the same places, or do not have the same number, in every year.

The largest change is Connecticut's: from the vintage of 2022 on the Bureau publishes it by nine planning regions,
before by eight counties. A region is no sum of counties, so whoever needs a place in both times asks for all the state.

References
----------
U.S. Census Bureau, *Substantial Changes to Counties and County Equivalent Entities: 1970-Present*; *Change to
County-Equivalents in the State of Connecticut*, 87 FR 34235 (6 June 2022).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from justgeo.core.errors import ConfigError, VintageError

_COUNTY = re.compile(r"^[0-9]{5}$")


class _Change(NamedTuple):
    """From a vintage on, the same land has other counties."""

    since: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    def known(self, year: int) -> tuple[str, ...]:
        return self.after if year >= self.since else self.before

    def other(self, year: int) -> tuple[str, ...]:
        return self.before if year >= self.since else self.after


CONNECTICUT = _Change(
    2022,
    tuple(f"09{number:03d}" for number in range(1, 16, 2)),
    tuple(f"09{number}" for number in range(110, 191, 10)),
)
_CHANGES = (
    _Change(2014, ("51019", "51515"), ("51019",)),  # Bedford, Virginia: the city became a town of the county
    _Change(2015, ("46113",), ("46102",)),  # Shannon, now Oglala Lakota, South Dakota
    _Change(2015, ("02270",), ("02158",)),  # Wade Hampton, now Kusilvak, Alaska
    _Change(2020, ("02261",), ("02063", "02066")),  # Valdez-Cordova, now Chugach and Copper River, Alaska
    CONNECTICUT,
)


def counties_in(counties: Iterable[str], year: int) -> tuple[str, ...]:
    """The counties by which a vintage of the survey knows the same land.

    Parameters
    ----------
    counties : iterable of str
        Five digits each, of any vintage.
    year : int
        Of the survey or census; the census of 2020 is of 2020.

    Returns
    -------
    tuple of str
        Sorted, each once. One that changed stands for all that the vintage has in place of the whole change: for
        Connecticut, all nine planning regions or all eight counties.
    """
    found: set[str] = set()
    for county in counties:
        changed = next((change for change in _CHANGES if county in change.other(year)), None)
        found |= {county} if changed is None else set(changed.known(year))
    return tuple(sorted(found))


def counties_2020(counties: Iterable[str]) -> tuple[str, ...]:
    """The counties of the 2020 census: any planning region of Connecticut becomes all its eight counties.

    Parameters
    ----------
    counties : iterable of str
        Five digits each.

    Returns
    -------
    tuple of str
        Sorted, each once.
    """
    return counties_in(counties, 2020)


def known_in(counties: Iterable[str], year: int) -> tuple[str, ...]:
    """The same counties, sorted, each once, if the vintage has them.

    Raises
    ------
    ConfigError
        There is none, or what was given is no county.
    VintageError
        One is known to have another number in that year: Connecticut's planning regions before 2022, or its counties
        since.
    """
    wanted = tuple(sorted(set(counties)))
    wrong = next((county for county in wanted if not _COUNTY.match(county)), None)
    if not wanted or wrong is not None:
        raise ConfigError(
            "No county was named." if wrong is None else f"{wrong!r} is no county.",
            remedy="give the state's two and the county's three digits, for example 51540.",
        )
    for change in _CHANGES:
        known, other = change.known(year), change.other(year)
        strange = next((county for county in wanted if county in other and county not in known), None)
        if strange is not None:
            raise VintageError(
                f"{strange} is no county in data of {year}: counties changed there with those of {change.since}.",
                remedy=f"ask {year} for {', '.join(known)}.",
            )
    return wanted
