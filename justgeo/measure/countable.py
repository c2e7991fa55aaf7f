"""Which tables of the American Community Survey are counts, and of what.

Only counts can be divided among areas and added up again. A median, a mean, a share or a percentile of two tracts
says nothing of a tract that is made of their parts; the counts and brackets that it came from do (METHODS 2.9).
Aggregates (dollars, minutes, rooms) could be added up, but heads are no weight for dollars, so they are refused too.

The list follows the titles of the Bureau's detailed tables. What it may have missed is still held to what every count
obeys: whole numbers, none below 0, and parts that add up to their county (`justgeo.measure.crosswalk.to_2020`).

References
----------
U.S. Census Bureau, *American Community Survey detailed tables, 2015-2019*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from justgeo.core.errors import ConfigError

Universe = Literal["persons", "households"]

_TABLE = re.compile(r"^[BC]([0-9]{5})[A-Z]{0,3}$")
_CELL = re.compile(r"^([BC][0-9]{5}[A-Z]{0,3})_[0-9]{3}[EM]$")

NOT_COUNTS: Mapping[str, tuple[str, ...]] = {
    "medians": (
        *("01002", "05004", "06002", "06011", "07002", "07011", "07402", "07411", "08103", "08121", "08503", "08521"),
        *("10010", "12007", "18140", "19013", "19019", "19049", "19113", "19119", "19121", "19125", "19126", "19202"),
        *("19215", "19326", "20002", "20004", "20017", "20018", "21004", "22008", "23013", "24011", "24012", "24021"),
        *("24022", "24031", "24032", "24041", "24042", "24081", "24082", "24091", "24092", "24121", "24122", "24123"),
        *("25018", "25021", "25031", "25035", "25037", "25039", "25058", "25064", "25071", "25077", "25083", "25088"),
        *("25092", "25097", "25099", "25103", "25105", "25107", "25109", "25111", "25113", "25119", "26102", "26119"),
        *("26202", "29004"),
    ),
    "quartiles or limits of quintiles": ("19080", "25057", "25059", "25076", "25078"),
    "means": ("19081", "19301", "23020", "25010"),
    "shares of income": ("19082",),
    "an index of inequality": ("19083",),
    "aggregates (dollars, minutes, hours, rooms or vehicles, not heads)": (
        *("08013", "08015", "08131", "08133", "08135", "08136", "08536", "17011", "19025", "19050", "19061", "19062"),
        *("19063", "19064", "19065", "19066", "19067", "19069", "19070", "19127", "19128", "19129", "19130", "19214"),
        *("19216", "19313", "20003", "23018", "25019", "25022", "25046", "25060", "25062", "25065", "25066", "25067"),
        *("25079", "25080", "25082", "25086", "25089", "25090", "25108", "25110", "25112", "25114", "25120", "26118"),
        *("26216",),
    ),
}
"""What a table holds that is no count, by its number; its forms by race and its collapsed form hold the same."""

QUALITY: Mapping[str, str] = {
    "00": "numbers of interviews, not of people",
    "98": "numbers of interviews and rates of response and coverage",
    "99": "how many answers were filled in by the Bureau",
}
"""Subjects whose tables speak of the survey, not of the place."""

INSTEAD: Mapping[str, str] = {
    "01002": "B01001",
    "19013": "B19001",
    "19025": "B19001",
    "19083": "B19001",
    "19113": "B19101",
    "19202": "B19201",
    "25010": "B25008 and B25003",
    "25018": "B25017",
    "25035": "B25034",
    "25039": "B25038",
    "25058": "B25056",
    "25064": "B25063",
    "25071": "B25070",
    "25077": "B25075",
    "25088": "B25087",
    "25092": "B25091",
    "25105": "B25104",
    "25119": "B25118",
}
"""The counts from which such a table can be made again."""

_KINDS: Mapping[str, str] = {number: kind for kind, numbers in NOT_COUNTS.items() for number in numbers}

# Subjects of households, families and housing units; the other subjects count persons.
_OF_HOMES = frozenset({"11", "19", "22", "25"})
_PERSONS_AMONG_HOMES = frozenset({"11002", "25008", "25026", "25033"})
_HOMES_AMONG_PERSONS = frozenset(
    {"08201", "08202", "08203", "10063", "16002", "23007", "23009", "23010", "28001", "28002", "28003", "28004"}
    | {"28010", "28011"}
    | {"17010", "17012", "17013", "17014", "17015", "17016", "17017", "17018", "17019", "17022", "17023", "17026"}
)


def kind_of(table: str) -> str:
    """What a table holds where that is no count, else ``""``.

    Parameters
    ----------
    table : str
        ``"B19013"``, ``"B19013B"``, ``"C08136"``.

    Raises
    ------
    ConfigError
        It is no name of a table.
    """
    number = _number(table)
    return _KINDS.get(number) or QUALITY.get(number[:2], "")


def require_counts(table: str) -> None:
    """Refuse a table that does not hold counts.

    Raises
    ------
    ConfigError
        With the table of counts to take in its place, where one is known.
    """
    kind = kind_of(table)
    if not kind:
        return
    number = _number(table)
    instead = INSTEAD.get(number)
    if number[:2] in QUALITY:
        remedy = "leave the table out: it describes the survey of its own year."
    else:
        remedy = (
            f"crosswalk the counts and brackets that it is made from{f' ({instead})' if instead else ''}, then derive "
            "it again from these."
        )
    raise ConfigError(
        f"Table {table} holds {kind}; only counts can be carried from the areas of 2010 to those of 2020.",
        remedy=remedy,
    )


def universe_of(table: str) -> Universe:
    """Whether a table of counts counts persons, or households (also families and housing units)."""
    number = _number(table)
    if number[:2] in _OF_HOMES:
        return "persons" if number in _PERSONS_AMONG_HOMES else "households"
    return "households" if number in _HOMES_AMONG_PERSONS else "persons"


def tables_in(columns: Iterable[object]) -> list[str]:
    """Names of the tables whose cells these columns hold (``B25003_001E``), each once, in order."""
    found = (_CELL.match(str(column)) for column in columns)
    return list(dict.fromkeys(cell[1] for cell in found if cell))


def _number(table: str) -> str:
    found = _TABLE.match(table)
    if found is None:
        raise ConfigError(f"{table!r} is no table of the ACS.", remedy="tables look like B25003, C17002 or B19013I.")
    return found[1]
