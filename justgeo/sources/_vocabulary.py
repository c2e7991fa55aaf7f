"""The words of vector layers: which columns each has, and under which names the usual files carry them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.words import suggestion as suggestion
from justgeo.sources import _geo
from justgeo.sources._frames import as_text, require_column

#: Columns that hold an identifier in files of the Census Bureau.
LONG_IDENTIFIERS = ("GEO_ID", "GEOIDFQ", "GEOIDFQ20")
IDENTIFIERS = ("GEOID20", "GEOID10", "GEOID", "geoid", *LONG_IDENTIFIERS)

#: Own name -> names in TIGER/Line, PL 94-171 (API and summary file) and common extracts.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "name": ("NAMELSAD20", "NAMELSAD10", "NAMELSAD", "name", "NAME", "NAME20", "NAME10"),
    "population": ("population", "POP20", "P1_001N", "P0010001", "POP100", "POP10"),
    "housing_units": ("housing_units", "HOUSING20", "H1_001N", "H0010001", "HU100", "HOUSING10"),
    "land_m2": ("land_m2", "ALAND20", "ALAND10", "ALAND", "AREALAND"),
    "p2_hispanic": ("p2_hispanic", "P2_002N", "P0020002"),
    "p2_white": ("p2_white", "P2_005N", "P0020005"),
    "p2_black": ("p2_black", "P2_006N", "P0020006"),
    "p2_aian": ("p2_aian", "P2_007N", "P0020007"),
    "p2_asian": ("p2_asian", "P2_008N", "P0020008"),
    "p2_nhpi": ("p2_nhpi", "P2_009N", "P0020009"),
    "p2_other": ("p2_other", "P2_010N", "P0020010"),
    "p2_two": ("p2_two", "P2_011N", "P0020011"),
}

_TRUE = frozenset({"true", "yes", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "n", "f", "0"})


@dataclass(frozen=True)
class Rule:
    """One column of a feature layer: where it is found, what stands in for it, and what is then said."""

    name: str
    known: tuple[str, ...] = ()
    otherwise: str | bool = ""
    note: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of layer: its geometry, and whether its rows are known by identifier."""

    geometry: _geo.Kind
    geography: str = ""
    by_id: bool = False
    people: bool = False
    features: tuple[Rule, ...] = ()


_ID = Rule("osm_id", ("osm_id", "osmid", "OBJECTID", "id"))
_NAME = Rule("name", ("name", "NAME", "Name", "stop_name"))
_KIND_UNKNOWN = "No column says of which kind each is."

KINDS: Mapping[str, Kind] = {
    "blocks": Kind("polygon", "block", by_id=True, people=True),
    "block_groups": Kind("polygon", "block group", by_id=True),
    "tracts": Kind("polygon", "tract", by_id=True),
    "counties": Kind("polygon", "county", by_id=True),
    "areas": Kind("polygon", "", by_id=True),
    "parks": Kind(
        "polygon",
        features=(
            _ID,
            _NAME,
            Rule("kind", ("kind", "leisure"), "park"),
            Rule("public", ("public",), True, "No column says which parks are public; all are taken to be."),
        ),
    ),
    "park_entrances": Kind("point", features=(_ID, _NAME, Rule("kind", ("kind",), "entrance"))),
    "stops": Kind(
        "point",
        features=(
            Rule("osm_id", ("osm_id", "osmid", "stop_id", "OBJECTID", "id")),
            _NAME,
            Rule("kind", ("kind",), "stop", _KIND_UNKNOWN),
            Rule("high_capacity", ("high_capacity",), False, "No column says which stops are high-capacity; none is."),
        ),
    ),
    "amenities": Kind("point", features=(_ID, _NAME, Rule("kind", ("kind", "amenity", "shop"), "", _KIND_UNKNOWN))),
    "water": Kind("polygon", features=(_ID, _NAME)),
    "landuse": Kind("polygon", features=(_ID, _NAME, Rule("use", ("use",), "other", _KIND_UNKNOWN))),
    "bike": Kind(
        "line",
        features=(
            _ID,
            _NAME,
            Rule("highway", ("highway",), "", "No column says of which kind each street is."),
            Rule("cars", ("cars",), True),
            *(Rule(name, (name,)) for name in ("bikeway", "maxspeed", "lanes", "lts")),
        ),
    ),
    "streets": Kind("line", features=(_ID, Rule("kind", ("kind", "highway"), "residential", _KIND_UNKNOWN), _NAME)),
}

_UNITS = re.compile(r"^(blocks|block_groups|tracts|counties|areas)(?:[_@].+)?$")


def kind_of(name: str) -> Kind:
    """Kind of a layer by its name; census geography may have a suffix (``tracts_2010``).

    Raises
    ------
    ConfigError
    """
    unit = _UNITS.match(name)
    base = unit.group(1) if unit else name
    if base not in KINDS:
        raise ConfigError(f"No vector layer is called {name!r}.", remedy=suggestion(name, KINDS))
    return KINDS[base]


def find(columns: Iterable[object], declared: object, known: Iterable[str]) -> str | None:
    """The declared column if it is there, else the first known name that the file has, in any case of letters."""
    names = [str(c) for c in columns]
    if declared is not None:
        return str(declared) if str(declared) in names else None
    exact = next((name for name in known if name in names), None)
    if exact is not None:
        return exact
    folded = {name.casefold(): name for name in reversed(names)}
    return next((folded[name.casefold()] for name in known if name.casefold() in folded), None)


def columns_of(columns: Iterable[object], declared: Mapping[str, str], kind: Kind, where: str) -> dict[str, str]:
    """Own name -> column of the file, for zones with identifiers."""
    names = [str(c) for c in columns]
    found: dict[str, str] = {}
    for name, known in KNOWN.items():
        if name in declared:
            require_column(declared[name], names, where, name)
            found[name] = declared[name]
        elif not (name == "name" and kind.people):  # "Block 1000" names nothing
            column = find(names, None, known)
            if column is not None:
                found[name] = column
    for name, column in declared.items():
        require_column(column, names, where, name)
        found[name] = column
    return found


def check_near_misses(declared: Iterable[str], where: str) -> None:
    """Refuse an own column whose name is a slip of a known one (``populaton``).

    Raises
    ------
    ConfigError
    """
    for name in declared:
        near = difflib.get_close_matches(name, list(KNOWN), n=1, cutoff=0.85)
        if name in ("geoid", "geometry"):
            raise ConfigError(f"{where}: {name} is declared by itself, not among columns.", remedy=f'{name} = "..."')
        if near and name not in KNOWN and not name.startswith("p2_"):
            raise ConfigError(f"{where}: {name!r} is no known column.", remedy=f"did you mean {near[0]!r}?")


def cells(values: pd.Series[Any], rule: Rule, where: str) -> pd.Series[Any]:
    """Cells of a feature's column: text, or true and false where the rule asks for it.

    Raises
    ------
    LayerError
        A cell is neither yes nor no.
    """
    text = as_text(values)
    if not isinstance(rule.otherwise, bool):
        return text
    folded = text.str.casefold()
    wrong = text[~folded.isin(_TRUE | _FALSE)]
    if len(wrong):
        raise LayerError(
            f"{where}: column {values.name!r} ({rule.name}) holds {wrong.iloc[0]!r}, neither yes nor no.",
            remedy="give true or false for each feature.",
        )
    return folded.isin(_TRUE)
