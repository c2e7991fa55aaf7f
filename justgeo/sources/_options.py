"""What an option of a layer may hold, before a reader looks at it: ``district.toml`` lets a planner write anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from justgeo.core.errors import ConfigError

Kind = tuple[Callable[[Any], bool], str]
"""Whether a value can be meant, and what to write in its place."""

_MOST_DIGITS = 40
_LARGEST_CODE = 10**7


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_text(key) and _text(one) for key, one in value.items())


def _conditions(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        _text(key) and (_plain(one) or (isinstance(one, list | tuple) and bool(one) and all(map(_plain, one))))
        for key, one in value.items()
    )


def _starts(value: Any) -> bool:
    several = [value] if isinstance(value, str) else value
    return isinstance(several, list | tuple) and all(map(_text, several))


def _digits(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_DIGITS


def _joins(value: Any) -> bool:
    several = [value] if isinstance(value, Mapping) else value
    return isinstance(several, list | tuple) and all(isinstance(one, Mapping) for one in several)


def _crs(value: Any) -> bool:
    return _text(value) or (isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST_CODE)


def _mark(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and value not in '"\r\n\0'


_COLUMN: Kind = (_text, 'the name of a column, such as "GEOID20"')

KINDS: Mapping[str, Kind] = {
    "geoid": _COLUMN,
    "geometry": _COLUMN,
    "lon": _COLUMN,
    "lat": _COLUMN,
    "column": _COLUMN,
    "columns": (_texts, 'names with columns of the file: columns = { population = "POP20" }'),
    "where": (_conditions, 'columns with values: where = { kind = ["park", "garden"] }'),
    "exclude": (_conditions, 'columns with values: exclude = { class = ["minor_rail"] }'),
    "bridge": _COLUMN,
    "bridge_values": (lambda value: _conditions({"bridge": value}), 'a value, or a list: bridge_values = ["bridge"]'),
    "name": _COLUMN,
    "id": _COLUMN,
    "crossings": (lambda value: isinstance(value, bool), "true or false"),
    "fraction": (lambda value: isinstance(value, bool), "true or false"),
    "margin_fraction": (lambda value: isinstance(value, bool), "true or false"),
    "prefix": (_starts, 'the beginning of the identifiers, or a list: prefix = ["51540"]'),
    "pad": (_digits, "how many digits the identifiers have: pad = 11"),
    "join": (_joins, 'a table with its columns: join = { path = "...", geoid = "...", columns = {...} }'),
    "crs": (_crs, 'a coordinate reference system: crs = "EPSG:4326"'),
    "layer": (_text, "the name of a layer of the file"),
    "delimiter": (_mark, 'the one sign between the cells: delimiter = ";"'),
    "kind": (_text, "one word for all of them"),
    "geography": (_text, 'a geography, such as "tract" or "zone"'),
    "path": (lambda value: _text(value) or isinstance(value, Path), "the path of a file"),
    "file": (lambda value: _text(value) or isinstance(value, Path), "the path of a file"),
    "dissolve": (lambda value: isinstance(value, bool), "true or false"),
}


_WORD: Kind = (lambda value: isinstance(value, str), "a text in quotes")
_WORDS: Kind = (lambda value: _starts(value) or value in ([], ()), "a text in quotes, or a list of them")
_TABLE: Kind = (lambda value: isinstance(value, Mapping), "a table of names with what is told of each")

READING: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("form", "member", "delimiter", "encoding", "geography", "lon", "lat", "latest", "covers", "lacking"), _WORD
    ),
    **dict.fromkeys(("crs", "layer"), _WORD),
    **dict.fromkeys(("geoid", "place", "nowhere", "strata", "notes"), _WORDS),
    **dict.fromkeys(("columns", "classes", "counted", "missing", "reading"), _TABLE),
    "long": (lambda value: value is None or isinstance(value, Mapping), _TABLE[1]),
    "rows": KINDS["where"],
    "widths": (
        lambda value: isinstance(value, list | tuple) and all(map(_digits, value)),
        "the digits of each column: widths = [2, 3, 6]",
    ),
    "modelled": (lambda value: isinstance(value, bool), "true or false"),
}
"""How a downloaded table is read."""

COLUMN: Mapping[str, Kind] = {
    **dict.fromkeys(("column", "kind", "unit", "margin", "low", "high"), _WORD),
    "strip": _WORDS,
    "outside": (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
        "the number that holds where no row is: outside = 0",
    ),
}
CLASSES: Mapping[str, Kind] = {
    "rules": (
        lambda value: isinstance(value, list | tuple) and all(_rule(one) for one in value),
        "a list such as rules = [{ class = 'flood', where = { FLD_ZONE = ['A', 'AE'] } }]",
    ),
    **dict.fromkeys(("otherwise", "outside"), _WORD),
    "unknown": _WORDS,
}


def _rule(value: Any) -> bool:
    return isinstance(value, Mapping) and _text(value.get("class")) and _conditions(value.get("where", {}))


def check_kinds(options: Mapping[str, Any], where: str, kinds: Mapping[str, Kind] = KINDS) -> None:
    """Refuse an option whose value cannot be meant; those of which nothing is known here are their reader's business.

    Raises
    ------
    ConfigError
        With the value, and what to write in its place.
    """
    for key, value in options.items():
        known = kinds.get(key)
        if known is not None and not known[0](value):
            shown = repr(value)
            raise ConfigError(
                f"{where}: {key} = {shown if len(shown) <= 60 else shown[:57] + '...'} cannot be used.",
                remedy=f"write {known[1]}.",
            )
