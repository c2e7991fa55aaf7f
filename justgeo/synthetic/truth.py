"""What a baseline of Nowhere should find, from its people: counts and shares for the district and the county."""

from __future__ import annotations

import re
from typing import Any

from shapely.geometry.base import BaseGeometry

from justgeo.synthetic.county import County

# Indicator: (numerator, denominator) as line numbers of one table, "a..b" for a range, minus for what is left out.
SHARES: dict[str, tuple[str, str, str]] = {
    "BEL-02": ("B25003", "3", "1"),
    "BEL-03r": ("B25070", "7..10", "1 -11"),
    "BEL-03o": ("B25091", "8..11 19..22", "1 -12 -23"),
    "BEL-04r": ("B25070", "10", "1 -11"),
    "BEL-04o": ("B25091", "11 22", "1 -12 -23"),
    "MOB-05": ("B25044", "3 10", "1"),
    "OPP-02": ("C17002", "2 3", "1"),
    "OPP-02b": ("C17002", "1 -8", "1"),
    "OPP-03": ("B23025", "5", "3"),
    "OPP-04": ("B15003", "22..25", "1"),
    "OPP-05": ("B15003", "2..16", "1"),
    "race:white": ("B03002", "3", "1"),
    "race:black": ("B03002", "4", "1"),
    "race:asian": ("B03002", "6", "1"),
    "race:hispanic": ("B03002", "12", "1"),
    "sex:female": ("B01001", "26", "1"),
}
MEDIANS = {"OPP-01": "B19013", "BEL-05": "B25064", "value": "B25077"}


def shares(county: County) -> dict[str, Any]:
    """True shares, counts and medians for the district and the county at both times."""
    blocks = list(county.geography.blocks["geoid"])
    return {
        "synthetic": True,
        "seed": county.seed,
        "note": "Invented people: everybody counted, no sampling.",
        "district": {str(vintage): _one(county, county.district, vintage) for vintage in (2014, 2024)},
        "county": {str(vintage): _one(county, blocks, vintage) for vintage in (2014, 2024)},
    }


def _one(county: County, where: BaseGeometry | list[str], vintage: int) -> dict[str, Any]:
    found: dict[str, Any] = {"population": int(county.truth_in("B01003", where, vintage).iloc[0])}
    found["households"] = int(county.truth_in("B25003", where, vintage).iloc[0])
    for name, (table, top, bottom) in SHARES.items():
        cells = county.truth_in(table, where, vintage).to_numpy()
        numerator, denominator = lines(top), lines(bottom)
        above = sum(sign * float(cells[line - 1]) for line, sign in numerator)
        below = sum(sign * float(cells[line - 1]) for line, sign in denominator)
        found[name] = {"numerator": above, "denominator": below, "share": round(above / below, 9)}
    for name, table in MEDIANS.items():
        found[name] = float(county.truth_in(table, where, vintage).iloc[0])
    return found


def lines(words: str) -> list[tuple[int, int]]:
    """Line numbers with their signs: ``"7..10"`` is four lines, ``"1 -11"`` a difference."""
    found: list[tuple[int, int]] = []
    for word in words.split():
        match = re.fullmatch(r"(-?)(\d+)(?:\.\.(\d+))?", word)
        if match is None:
            raise ValueError(f"not a list of lines: {words!r}")
        sign, first, last = match.groups()
        found += [(line, -1 if sign else 1) for line in range(int(first), int(last or first) + 1)]
    return found
