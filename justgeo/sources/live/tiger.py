"""Geometry of the Census Bureau: TIGER/Line shapefiles of counties, tracts, block groups, blocks and places, and the
relationship of the blocks of 2010 to those of 2020. One file a state and layer, kept as it came, under its own name.

The generalised files (``cb_...``) are never taken: their coasts and borders are drawn for small maps, and areas of land
measured in them are wrong.

References
----------
U.S. Census Bureau, *TIGER/Line Shapefiles Technical Documentation*; *2020 Census Tabulation Block Relationship Files*;
*Substantial Changes to Counties and County Equivalent Entities: 1970-Present*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from justgeo.core.errors import ConfigError
from justgeo.core.service import Service
from justgeo.core.spec import TRACTS_2020, LayerSpec
from justgeo.core.words import suggestion
from justgeo.sources.live.ask import Ask, Specs, Tools, declared
from justgeo.sources.live.census_counties import counties_in
from justgeo.sources.live.http import Call, Check, Got
from justgeo.sources.live.records import Question, Record, Told
from justgeo.sources.live.tiger_checks import a_layer, a_relationship
from justgeo.sources.live.tiger_counties import chosen_counties, counties_near

__all__ = [
    "TRACTS_2020",
    "chosen_counties",
    "counties_ask",
    "counties_near",
    "counties_spec",
    "geometry_asks",
    "relationship_asks",
]

_FIRST_YEAR = 2011  # the folder of 2010 has another order and other names of columns

# Counties of today that had another code, or were another county's or city's part, in files of some years before 2020:
# Bedford (with the city of Bedford), Oglala Lakota (Shannon), Kusilvak (Wade Hampton), Chugach and Copper River
# (Valdez-Cordova). There the whole state is read of older files, whichever code its counties bore in that year.
_RECODED = frozenset({"51019", "46102", "02158", "02063", "02066"})

_COUNTY = re.compile(r"\d{5}")
_STATE = re.compile(r"\d{2}")
_LAND = {"name": "NAMELSAD", "land_m2": "ALAND"}
_COUNTS_2010 = ("BLOCKID10", "POP10", "HOUSING10")


@dataclass(frozen=True)
class _Kind:
    """A layer of TIGER/Line: what it is called, what its reader is told, and what a file usually weighs."""

    title: str
    name: str
    geography: str
    columns: Mapping[str, str]
    megabytes: float
    geoid: str = "GEOID"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.geoid, *self.columns.values())


# Megabytes are typical ones, for the plan; sizes by state are not known here. Counties: the national file of 2023 as
# others report it. Blocks: 5.7 GB for the nation over 52 states. The others: a guess from there, by the number of areas
# and the length of their borders; the largest states have four to six times as much, the smallest a tenth.
_KINDS: Mapping[str, _Kind] = {
    "counties": _Kind("counties", "counties", "county", _LAND, 80),
    "tracts": _Kind("census tracts", "tracts", "tract", _LAND, 8),
    "block_groups": _Kind("block groups", "block_groups", "block group", _LAND, 13),
    "blocks": _Kind(
        "2020 census blocks",
        "blocks",
        "block",
        {"population": "POP20", "housing_units": "HOUSING20", "land_m2": "ALAND20"},
        110,
        geoid="GEOID20",
    ),
    "places": _Kind("places", "areas_places", "", _LAND, 8),
}
_BY_STATE = tuple(name for name in _KINDS if name != "counties")
# California's blocks of 2010 with counts have 408 MB for 710,145 of the nation's 11,078,297 blocks: 122 MB a state.
# The relationship has a line a piece, a few megabytes a state.
_RELATIONSHIP_MB = 125.0


def counties_ask(service: Service, year: int) -> Ask:
    """All counties of the nation, in one file.

    Its declaration is made by :func:`counties_spec` once it is known which of them matter; ``Ask.specs`` gives none.

    Parameters
    ----------
    service : Service
        ``census_files``.
    year : int
        Of TIGER/Line.

    Returns
    -------
    Ask
        ``counties <year>``; gives ``counties``.

    Raises
    ------
    ConfigError
        The service has no such file, or a generalised one, or the year is before 2011.
    """
    return _ask(service, "counties", year, "", _nothing)


def counties_spec(record: Record, geoids: Sequence[str]) -> LayerSpec:
    """The declaration of some counties of the national file: reading all 3,235 takes seconds.

    Parameters
    ----------
    record : Record
        Of :func:`counties_ask`.
    geoids : sequence of str
        Five digits each.
    """
    return _spec(record, "counties", "", sorted(geoids))


def geometry_asks(
    service: Service, year: int, counties: Sequence[str], layers: Iterable[str], suffix: str = ""
) -> list[Ask]:
    """Geometry of the states that some counties lie in, declared for these counties alone.

    Parameters
    ----------
    service : Service
        ``census_files``.
    year : int
        Of TIGER/Line: 2020 and later have the areas of 2020, 2011 to 2019 those of 2010.
    counties : sequence of str
        Five digits each, as a file of counties of any year has them.
    layers : iterable of str
        Of ``tracts``, ``block_groups``, ``blocks`` (from 2020 on; they carry counts of people and homes) and ``places``
        (declared as ``areas_places``: all of the state, since places keep to no county).
    suffix : str
        Put to the layers' names: ``"_2010"`` for ``tracts_2010``.

    Returns
    -------
    list of Ask
        ``tracts 2024, state 51`` and so on, by layer and state; of a layer in several states, ``ask.merged`` makes one
        declaration with ``parts``.

    Raises
    ------
    ConfigError
        A county is no code of five digits, a layer is not known, or as in :func:`counties_ask`.
    """
    by_state: dict[str, list[str]] = {}
    for county in sorted(set(counties)):
        if not _COUNTY.fullmatch(county):
            raise ConfigError(
                f"{county!r} is no county.", remedy="give five digits, two of the state and three of the county: 51003."
            )
        by_state.setdefault(county[:2], []).append(county)
    asks = []
    for layer in dict.fromkeys(layers):
        if layer not in _BY_STATE:
            raise ConfigError(f"TIGER/Line has no layer {layer!r} by state.", remedy=suggestion(layer, _BY_STATE))
        for state, members in by_state.items():
            starts = _starts(layer, year, state, members)
            asks.append(_ask(service, layer, year, state, partial(_specs, layer, suffix, starts), suffix))
    return asks


def relationship_asks(service: Service, states: Iterable[str]) -> list[Ask]:
    """Which piece of which block of 2010 lies in which block of 2020, and the counts of the blocks of 2010.

    Parameters
    ----------
    service : Service
        ``census_files``.
    states : iterable of str
        Two digits each.

    Returns
    -------
    list of Ask
        One a state, each with two files: ``TAB2010_TAB2020_ST51.zip`` and ``tabblock2010_51_pophu.zip``.

    Raises
    ------
    ConfigError
        A state is no code of two digits, or the service has no such file.
    """
    asks = []
    for state in sorted(set(states)):
        if not _STATE.fullmatch(state):
            raise ConfigError(f"{state!r} is no state.", remedy="give two digits: 51 for Virginia.")
        label = f"block relationship 2010 to 2020, state {state}"
        pieces, counts = (_path(service, name, TRACTS_2020, state) for name in ("relationship", "blocks_2010"))
        asked = {"state": state, "paths": [service.options["relationship"], service.options["blocks_2010"]]}
        checks: dict[str, Check] = {pieces: a_relationship, counts: partial(a_layer, columns=_COUNTS_2010, state=state)}
        asks.append(
            Ask(
                question=Question(label, service.id, asked),
                gives=(f"crosswalk_{state}",),
                fetch=_fetching(service, label, checks, "Block relationship 2010 to 2020, with counts of 2010", "2020"),
                specs=partial(_crosswalk, state, Path(pieces).name, Path(counts).name),
                megabytes=_RELATIONSHIP_MB,
                where=_where(service, pieces),
            )
        )
    return asks


def _crosswalk(
    state: str, pieces: str, counts: str, record: Record, others: Mapping[str, Record]
) -> Mapping[str, LayerSpec]:
    name = f"crosswalk_{state}"
    return {name: declared(record, name, record.path(pieces), {"counts": str(record.path(counts))})}


def _ask(service: Service, layer: str, year: int, state: str, specs: Specs, suffix: str = "") -> Ask:
    kind = _KINDS[layer]
    if year < _FIRST_YEAR or (layer == "blocks" and year < TRACTS_2020):
        first = TRACTS_2020 if layer == "blocks" else _FIRST_YEAR
        raise ConfigError(
            f"{kind.title.capitalize()} of TIGER/Line {year} cannot be fetched.", remedy=f"take {first} or later."
        )
    label = f"{layer} {year}" + (f", state {state}" if state else "")
    path = _path(service, layer, year, state)
    asked = {"layer": layer, "year": year, "state": state, "path": service.options[layer]}
    check = partial(a_layer, columns=kind.needs, state=state)
    return Ask(
        question=Question(label, service.id, asked),
        gives=(kind.name + suffix,),
        fetch=_fetching(service, label, {path: check}, f"TIGER/Line {year}, {kind.title}", str(year)),
        specs=specs,
        megabytes=kind.megabytes,
        where=_where(service, path),
    )


def _path(service: Service, name: str, year: int, state: str) -> str:
    """Where a file lies at the service, from the root.

    Raises
    ------
    ConfigError
        The catalogue names none, or a generalised one.
    """
    template = service.options.get(name)
    if not isinstance(template, str):
        raise ConfigError(
            f"{service.title} has no path for {name!r}.", remedy=f"name it in services.yml, options: {name}: ..."
        )
    path = PurePosixPath("/", template.replace("{year}", str(year)).replace("{state}", state))
    if path.name.startswith("cb_") or any(part.startswith("GENZ") for part in path.parts):
        raise ConfigError(
            f"{service.title}: {path.name} is a generalised file, with which areas cannot be measured.",
            remedy="name the full one, tl_<year>_..., in services.yml.",
        )
    return str(path)


def _where(service: Service, path: str) -> str:
    return (service.urls[0] if service.urls else "") + path


def _fetching(
    service: Service, label: str, checks: Mapping[str, Check], dataset: str, vintage: str
) -> Callable[[Path, Tools], Told]:
    """Fetch some files of a service, by their paths, into one record."""

    def fetch(folder: Path, tools: Tools) -> Told:
        def progress(done: int, whole: int | None) -> None:
            tools.progress(label, done, whole)

        got: list[Got] = [
            tools.client.download(
                service, Call(path=path), into=folder / PurePosixPath(path).name, check=check, progress=progress
            )
            for path, check in checks.items()
        ]
        return Told(
            source=service.publisher,
            dataset=dataset,
            vintage=vintage,
            licence=service.licence,
            attribution=service.attribution,
            url=got[0].url,
            retrieved=min(one.retrieved for one in got),
        )

    return fetch


def _nothing(record: Record, others: Mapping[str, Record]) -> Mapping[str, LayerSpec]:
    return {}


def _specs(
    layer: str, suffix: str, starts: Sequence[str], record: Record, others: Mapping[str, Record]
) -> Mapping[str, LayerSpec]:
    spec = _spec(record, layer, suffix, starts)
    return {spec.name: spec}


def _spec(record: Record, layer: str, suffix: str, starts: Sequence[str]) -> LayerSpec:
    kind = _KINDS[layer]
    options: dict[str, object] = {"geoid": kind.geoid, "columns": dict(kind.columns), "prefix": list(starts)}
    if kind.geography:
        vintage = 2020 if int(record.asked["year"]) >= TRACTS_2020 else 2010
        options |= {"geography": kind.geography, "geography_vintage": vintage}
    return declared(record, kind.name + suffix, record.path(), options)


def _starts(layer: str, year: int, state: str, counties: Sequence[str]) -> list[str]:
    """How identifiers of these counties begin in a file; the state's own code where it may have others for them."""
    if layer == "places":
        return [state]
    recoded = year < TRACTS_2020 and not _RECODED.isdisjoint(counties)
    # The blocks of 2020 keep the counties of 2020 in files of every year; Connecticut has other ones since.
    same = counties_in(counties, TRACTS_2020 if layer == "blocks" else year) == tuple(sorted(counties))
    return list(counties) if same and not recoded else [state]
