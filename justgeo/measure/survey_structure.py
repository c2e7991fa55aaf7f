"""Which lines of a table of counts add up to which: the survey's own book-keeping.

Estimates of the American Community Survey are sums of whole weights, so that in one release the lines of a table add up
to their total exactly, the block groups to their tract, the tracts to their county, and tables of one universe have the
same total. In 50 tracts around Charlottesville (2015-2019) all four counts of 155 block groups add up to those of their
tracts to the unit.

Definitions
-----------
part
    A line that has no lines below it. Margins of parts come from the sample alone; those of totals may be smaller,
    where the Bureau fits them to independent counts.
universe
    Who is counted by a table: ``households``, ``renters``. Tables of one universe have one total.

References
----------
U.S. Census Bureau, table shells of the American Community Survey 5-year estimates; only tables whose lines are the same
in all releases, 2005-2009 to 2020-2024, are named here (where a release has fewer lines, it is left alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

_RACES = "ABCDEFGHI"

_LINES: Mapping[str, tuple[str, ...]] = {
    "B01001": ("1 = 2 26", "2 = 3-25", "26 = 27-49"),
    "B03002": ("1 = 2 12", "2 = 3-9", "9 = 10 11", "12 = 13-19"),
    "B07003": ("1 = 4 7 10 13 16", "1 = 2 3"),
    "B08301": ("1 = 2 10 16-21", "2 = 3 4", "4 = 5-9", "10 = 11-15"),
    "B08303": ("1 = 2-13",),
    "B15003": ("1 = 2-25",),
    "B19001": ("1 = 2-17",),
    "B22010": ("1 = 2 5", "2 = 3 4", "5 = 6 7"),
    "B23025": ("1 = 2 7", "2 = 3 6", "3 = 4 5"),
    "B25002": ("1 = 2 3",),
    "B25003": ("1 = 2 3",),
    "B25014": ("1 = 2 8", "2 = 3-7", "8 = 9-13"),
    "B25024": ("1 = 2-11",),
    "B25040": ("1 = 2-10",),
    "B25044": ("1 = 2 9", "2 = 3-8", "9 = 10-15"),
    "B25063": ("1 = 2 27", "2 = 3-26"),
    "B25070": ("1 = 2-11",),
    "B25075": ("1 = 2-27",),
    "C17002": ("1 = 2-8",),
    **{f"B25003{race}": ("1 = 2 3",) for race in _RACES},
}

_SINGLE = ("B01003", "B25001")
"""Tables of one count."""

UNIVERSES: Mapping[str, tuple[str, ...]] = {
    "people": ("B01001_001", "B01003_001", "B03002_001"),
    "households": (
        "B25003_001", "B19001_001", "B25044_001", "B25014_001", "B22010_001", "B25040_001",
    ),
    "homes": ("B25001_001", "B25002_001", "B25024_001", "B25034_001"),
    "renters": ("B25003_003", "B25044_009", "B25063_001", "B25070_001"),
    "owners": ("B25003_002", "B25044_002", "B25075_001"),
}  # fmt: skip
"""Lines that count the same."""

BY_HOUSEHOLD = ("B03002", "C17002")
"""Tables of people who are alike within a household: their margins are wider than those of as many people apart."""


def counted(table: str) -> bool:
    """Whether all numbers of a table are counts whose structure is known."""
    return table in _LINES or table in _SINGLE


@cache
def sums(table: str) -> Mapping[str, tuple[str, ...]]:
    """Lines that are sums, and the lines that they are the sums of: ``B25003_001`` of ``B25003_002``, ``B25003_003``.

    Where a line is the sum of lines in two ways, it comes once with a mark (``B07003_001/2``); see `line`.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in _LINES.get(table, ()):
        whole, _, rest = text.partition(" = ")
        key = f"{table}_{int(whole):03d}"
        found[key if key not in found else f"{key}/2"] = _expanded(table, rest)
    return found


def line(key: str) -> str:
    """The line of a key of `sums`."""
    return key.partition("/")[0]


@cache
def parts(table: str) -> tuple[str, ...]:
    """Lines that have no lines below them."""
    wholes = {line(key) for key in sums(table)}
    below = dict.fromkeys(code for codes in sums(table).values() for code in codes)
    return tuple(code for code in below if code not in wholes)


def _expanded(table: str, rest: str) -> tuple[str, ...]:
    numbers: list[int] = []
    for part in rest.split():
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(f"{table}_{number:03d}" for number in numbers)
