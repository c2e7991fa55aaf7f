"""States and their codes: the two digits that identifiers begin with, the letters of the mail, and the name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from justgeo.core.errors import ConfigError

__all__ = ["STATES", "State", "slug_of", "state_of"]


@dataclass(frozen=True)
class State:
    """A state, the District of Columbia or Puerto Rico.

    Attributes
    ----------
    code : str
        Two digits (FIPS, ANSI INCITS 38).
    letters : str
        Two capital letters, as the Postal Service has them.
    name : str
    """

    code: str
    letters: str
    name: str


# U.S. Census Bureau, *American National Standards Institute (ANSI) Codes for States*. 99 stands for no place on earth.
_TABLE = """
01 AL Alabama
02 AK Alaska
04 AZ Arizona
05 AR Arkansas
06 CA California
08 CO Colorado
09 CT Connecticut
10 DE Delaware
11 DC District of Columbia
12 FL Florida
13 GA Georgia
15 HI Hawaii
16 ID Idaho
17 IL Illinois
18 IN Indiana
19 IA Iowa
20 KS Kansas
21 KY Kentucky
22 LA Louisiana
23 ME Maine
24 MD Maryland
25 MA Massachusetts
26 MI Michigan
27 MN Minnesota
28 MS Mississippi
29 MO Missouri
30 MT Montana
31 NE Nebraska
32 NV Nevada
33 NH New Hampshire
34 NJ New Jersey
35 NM New Mexico
36 NY New York
37 NC North Carolina
38 ND North Dakota
39 OH Ohio
40 OK Oklahoma
41 OR Oregon
42 PA Pennsylvania
44 RI Rhode Island
45 SC South Carolina
46 SD South Dakota
47 TN Tennessee
48 TX Texas
49 UT Utah
50 VT Vermont
51 VA Virginia
53 WA Washington
54 WV West Virginia
55 WI Wisconsin
56 WY Wyoming
72 PR Puerto Rico
99 ZZ Nowhere
"""

STATES: Mapping[str, State] = {line[:2]: State(line[:2], line[3:5], line[6:]) for line in _TABLE.strip().splitlines()}
"""By code: fifty states, the District of Columbia, Puerto Rico, and the state of invented places."""


def state_of(code: str) -> State:
    """The state of a code.

    Raises
    ------
    ConfigError
        There is none.
    """
    found = STATES.get(code)
    if found is None:
        raise ConfigError(
            f"{code!r} is no state, nor the District of Columbia or Puerto Rico.",
            remedy="give the two digits that identifiers of its counties begin with: 51 for Virginia.",
        )
    return found


def slug_of(code: str) -> str:
    """The name of a state as addresses have it: ``district-of-columbia``.

    Raises
    ------
    ConfigError
        There is no such state.
    """
    return state_of(code).name.lower().replace(" ", "-")
