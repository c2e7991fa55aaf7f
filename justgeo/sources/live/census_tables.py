"""What is asked of the Census Data API: tables of the five-year survey, and the redistricting counts of blocks.

Each table becomes one CSV (``census_gather.py``) that ``sources/census.py`` reads; the Bureau's signs for "no number
here" stay in it and are decoded there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from justgeo.core.errors import ConfigError, SourceError
from justgeo.core.service import Service
from justgeo.core.spec import LayerSpec
from justgeo.core.words import suggestion
from justgeo.sources.live.ask import Ask, Tools, declared
from justgeo.sources.live.census_answers import SERVICE, Row
from justgeo.sources.live.census_api import FIRST_YEAR, Provider, dataset_of, pairs_of, provider
from justgeo.sources.live.census_counties import counties_2020, known_in
from justgeo.sources.live.census_gather import Gathered, Wanted, gather, write
from justgeo.sources.live.records import Record, Told

LEVELS_OF_SURVEY = ("county", "tract", "block group")
BLOCK_GROUPS_FROM = 2013
"""First year in which the API has block groups of the survey."""

RACES: Mapping[str, int] = {
    "p2_hispanic": 2,
    "p2_white": 5,
    "p2_black": 6,
    "p2_aian": 7,
    "p2_asian": 8,
    "p2_nhpi": 9,
    "p2_other": 10,
    "p2_two": 11,
}
"""Lines of table P2 that add up to its first: everybody is in one of them."""

COUNTS = tuple(f"P2_{line:03d}N" for line in range(1, 12))
BLOCKS_FILE = "pl94171-2020-blocks.csv"
_TABLE = re.compile(r"^[BC][0-9]{5}[A-Z]{0,3}$")

# Tables that the Bureau publishes for tracts and not for block groups, from its summary files of 2010 to 2024. One that
# is missing here costs questions alone: an answer of nulls says the same.
_TRACT_ONLY = re.compile(
    "B05003|B07003|B07013|B08105[A-I]|B08141|B08201|B17001[A-I]?|B17020[A-I]|B18101[A-I]?|B19001[A-I]|B19083|B22003"
    "|B25105|B25106|B25118|B25119|B27001|C15002[A-I]|C23002[A-I]|C27001[A-I]"
)
_TRACT_ONLY_FROM_2015 = re.compile("B19013[A-I]")


REDISTRICTING = "redistricting counts 2020"
"""Label of the counts of blocks by race."""


def acs_asks(
    service: Service,
    tables: Iterable[str],
    year: int,
    counties: Sequence[str],
    *,
    role: str = "acs",
    levels: Sequence[str] = LEVELS_OF_SURVEY,
) -> list[Ask]:
    """One ask a table of the five-year survey.

    Parameters
    ----------
    service : Service
        The Census Data API.
    tables : iterable of str
        ``"B25003"``, ...
    year : int
        End year of the period: 2024 stands for 2020-2024.
    counties : sequence of str
        Five digits each, as the year knows them (``census_counties.counties_in``).
    role : str
        Name under which the tables are declared: ``"acs"``, or ``"acs_t0"`` for the survey of an earlier time.
    levels : sequence of str
        Of ``"county"``, ``"tract"``, ``"block group"``; what a table is not published for is not asked.

    Returns
    -------
    list of Ask
        Nothing is fetched yet. ``Ask.fetch`` raises ``SourceError``: the year or table is not there, a county has
        no rows, two answers do not speak of the same places.

    Raises
    ------
    ConfigError
        What was given is no table, county, level or year of the survey.
    VintageError
        Connecticut's counties where the year has planning regions, or the other way round.
    """
    if not FIRST_YEAR <= year <= 2100:
        raise ConfigError(f"{year} ends no five-year period.", remedy="give the end year: 2024 stands for 2020-2024.")
    for level in levels:
        if level not in LEVELS_OF_SURVEY:
            raise ConfigError(f"The survey has no level {level!r}.", remedy=suggestion(level, LEVELS_OF_SURVEY))
    known, dataset = known_in(counties, year), dataset_of(service, "acs", year)
    asks = []
    for table in dict.fromkeys(_checked(table) for table in tables):
        wanted = Wanted(f"acs {table}@{year}", dataset, year, _levels(table, year, levels), known)
        asks.append(_acs_ask(service, table, wanted, role))
    return asks


def redistricting_ask(service: Service, counties: Sequence[str]) -> Ask:
    """The counts of blocks by race and origin of the 2020 census (P.L. 94-171, table P2).

    Parameters
    ----------
    service : Service
        The Census Data API.
    counties : sequence of str
        Five digits each; planning regions of Connecticut become its counties of 2020.

    Returns
    -------
    Ask
        Its declaration joins the counts to the blocks of TIGER/Line, which have to be asked for beside it.
        ``Ask.fetch`` raises ``SourceError``, also where the lines of a block do not add up to its people.

    Raises
    ------
    ConfigError
        What was given is no county.

    References
    ----------
    U.S. Census Bureau, *2020 Census State Redistricting Data (Public Law 94-171) Summary File*, table P2.
    """
    known = known_in(counties_2020(counties), 2020)
    wanted = Wanted(REDISTRICTING, dataset_of(service, "redistricting", 2020), 2020, ("block",), known)

    def fetch(folder: Path, tools: Tools) -> Told:
        source, begun = provider(tools.provider), _now()
        gathered = gather(wanted, [(name,) for name in COUNTS], source, folder, tools)
        rows = _all(gathered)
        for row in rows:
            _adds_up(row)
        write(folder / BLOCKS_FILE, COUNTS, rows)
        title = "2020 Census redistricting data (P.L. 94-171), table P2"
        return _told(tools.services[SERVICE], wanted, title, "2020", begun, source)

    return Ask(
        question=wanted.question({"variables": list(COUNTS)}),
        gives=(),  # the blocks come with their people and homes from TIGER/Line; without these they have no races
        fetch=fetch,
        specs=_joined_to_blocks,
        megabytes=0.3 * len(known),  # a county has some 2,700 blocks, a line of JSON some 100 bytes
        where=f"{service.urls[0]}/2020/{wanted.dataset}",
    )


def _acs_ask(service: Service, table: str, wanted: Wanted, layer: str) -> Ask:
    year = wanted.year
    name = f"acs5-{year}-{table}.csv"

    def fetch(folder: Path, tools: Tools) -> Told:
        source, begun = provider(tools.provider), _now()
        pairs = pairs_of(wanted.dataset, year, table, tools, folder)
        gathered = gather(wanted, pairs, source, folder, tools)
        notes = _without_block_groups(gathered, wanted, table)
        write(folder / name, [code for pair in pairs for code in pair], _all(gathered))
        title = f"American Community Survey 5-year estimates, table {table}"
        told = _told(tools.services[SERVICE], wanted, title, f"{year - 4}-{year}", begun, source)
        return replace(told, notes=notes)

    def specs(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
        del others
        told = record.told
        own = {"path": str(record.path(name)), "retrieved": told.retrieved[:10], "notes": list(told.notes)}
        spec = declared(record, layer, record.folder, {"year": year, "files": {table: own}})
        # The layer has many tables: what is true of this one alone stands beside its file.
        return {layer: replace(spec, dataset="", notes=())}

    return Ask(
        question=wanted.question({"table": table}),
        gives=(f"acs:{table}@{year}",),
        fetch=fetch,
        specs=specs,
        megabytes=0.1 * len(wanted.counties),  # a county has some 100 tracts and block groups, a line some 500 bytes
        where=f"{service.urls[0]}/{year}/{wanted.dataset}",
    )


def _checked(table: str) -> str:
    if not _TABLE.match(table.upper()):
        raise ConfigError(f"{table!r} is no table of the ACS.", remedy="tables look like B25003, C17002 or B19013I.")
    return table.upper()


def _levels(table: str, year: int, levels: Sequence[str]) -> tuple[str, ...]:
    """Levels that are wanted and for which a table is published, from the largest down."""
    tract_only = _TRACT_ONLY.fullmatch(table) or (year >= 2015 and _TRACT_ONLY_FROM_2015.fullmatch(table))
    published = LEVELS_OF_SURVEY[:2] if tract_only or year < BLOCK_GROUPS_FROM else LEVELS_OF_SURVEY
    return tuple(level for level in published if level in levels)


def _without_block_groups(gathered: Gathered, wanted: Wanted, table: str) -> tuple[str, ...]:
    """Take out block groups that have nothing in any county: the table is not published for them. Says so.

    Raises
    ------
    SourceError
        ``partial``: some counties have them and others do not.
    """
    note = f"Table {table} of {wanted.year} is not published for block groups."
    if "block group" not in gathered:
        return (note,) if "tract" in gathered else ()
    rows = gathered["block group"]
    if not any(cell is not None for county in rows.values() for row in county for cell in row.cells):
        del gathered["block group"]
        return (note,)
    empty = next((county for county, found in rows.items() if not found), None)
    if empty is not None:
        raise SourceError(
            f"{wanted.label}: the API has no block groups of county {empty}, but has those of another county.",
            remedy="fetch again: one of the answers was not whole.",
            kind="partial",
            service=SERVICE,
        )
    return ()


def _joined_to_blocks(record: Record, others: Mapping[str, Record]) -> dict[str, LayerSpec]:
    """The blocks of TIGER/Line with the counts joined to them; nothing where no blocks are recorded."""
    blocks = next((one for label, one in others.items() if label.startswith("blocks ")), None)
    if blocks is None:
        return {}
    shapes = next(name for name in blocks.files if name.endswith(".zip"))
    columns = {name: f"P2_{line:03d}N" for name, line in RACES.items()}
    join = {"path": str(record.path(BLOCKS_FILE)), "geoid": "GEO_ID", "columns": columns}
    note = f"Counts by race: {record.told.dataset}, {record.told.retrieved[:10]}. {record.told.attribution}"
    spec = declared(blocks, "blocks", blocks.path(shapes), {"join": [join]})
    return {"blocks": replace(spec, notes=(*spec.notes, note))}


def _adds_up(row: Row) -> None:
    """A block's counts are whole numbers, and its groups add up to its people.

    Raises
    ------
    SourceError
    """
    counts: dict[str, int] = {}
    for name, cell in zip(COUNTS, row.cells, strict=True):
        if cell is None or not (cell.isascii() and cell.isdigit()):
            raise _wrong(row, f"{name} is {cell!r} where a count is due")
        counts[name] = int(cell)
    total, parts = counts["P2_001N"], sum(counts[f"P2_{line:03d}N"] for line in RACES.values())
    if total != parts:
        raise _wrong(row, f"its groups have {parts} people, the block has {total}")


def _wrong(row: Row, what: str) -> SourceError:
    return SourceError(
        f"Redistricting counts, {row.geo_id}: {what}.",
        remedy="fetch again; if it stays so, look at the page of the Census Data API whether it has changed.",
        kind="damaged",
        service=SERVICE,
    )


def _all(gathered: Gathered) -> list[Row]:
    return [row for counties in gathered.values() for rows in counties.values() for row in rows]


def _told(service: Service, wanted: Wanted, title: str, vintage: str, begun: str, source: Provider) -> Told:
    """Provenance. Who asked stands in ``more`` alone: results do not depend on it."""
    return Told(
        source=service.publisher,
        dataset=title,
        vintage=vintage,
        licence=service.licence,
        attribution=service.attribution,
        url=f"{service.urls[0]}/{wanted.year}/{wanted.dataset}",
        retrieved=begun,
        more={"provider": source.name, "fetched": source.told},
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
