"""The Census Data API: one question at a time, by justgeo's own client or another provider.

Definitions
-----------
provider
    What asks a piece (``census_answers.py``) and gives its rows: ``direct`` (here) or ``censusdis``
    (``with_censusdis.py``). Both give the same rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import requests

from justgeo.core.errors import ConfigError, SourceError
from justgeo.core.service import Service
from justgeo.core.words import suggestion
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.census_answers import SERVICE, Piece, Row, Table, broken, document, rows_of
from justgeo.sources.live.http import JSON_BYTES, Call, Client

PROVIDERS = ("auto", "censusdis", "direct")
FIRST_YEAR = 2009  # the first five-year estimates, 2005-2009
_LOOK_BACK = 4  # years before the one that is not there: the survey comes out each year
_CELL = re.compile(r"^([BC][0-9]{5}[A-Z]{0,3})_([0-9]{3})E$")

Pair = tuple[str, ...]


class Provider(Protocol):
    """Who asks the API.

    Attributes
    ----------
    name : str
        ``"direct"`` or ``"censusdis"``.
    told : str
        One sentence for the record.
    """

    @property
    def name(self) -> str: ...

    @property
    def told(self) -> str: ...

    def rows(self, piece: Piece, tools: Tools, folder: Path) -> list[Row]:
        """Rows of a piece, in no order that matters; none where the API says that it has nothing (204).

        Raises
        ------
        SourceError
            No whole answer, or one to another question.
        """
        ...


@dataclass(frozen=True)
class Direct:
    """Justgeo's own client."""

    name: str = "direct"
    told: str = field(default="Fetched with justgeo's own client", repr=False)

    def rows(self, piece: Piece, tools: Tools, folder: Path) -> list[Row]:
        """As :meth:`Provider.rows`."""
        table = answer(piece, piece.params, tools, folder)
        return [] if table is None else rows_of(table, piece, tools.services[SERVICE].title)


def provider(name: str) -> Provider:
    """Who is to ask the API.

    Parameters
    ----------
    name : str
        ``"auto"`` takes censusdis where it is installed, else justgeo's own client.

    Raises
    ------
    ConfigError
        ``"censusdis"`` was asked for and is not installed, or there is no such provider.
    """
    if name not in PROVIDERS:
        raise ConfigError(f"There is no provider {name!r} of Census tables.", remedy=suggestion(name, PROVIDERS))
    if name == "direct":
        return Direct()
    from justgeo.sources.live import with_censusdis

    found = with_censusdis.installed()
    if found is None and name == "censusdis":
        raise with_censusdis.absent()
    return found or Direct()


def answer(piece: Piece, params: Sequence[tuple[str, str]], tools: Tools, folder: Path) -> Table | None:
    """What the API answers to a piece, checked: header and rows, cells as text.

    Parameters
    ----------
    piece : Piece
        What the answer is held against.
    params : sequence of (str, str)
        The question in the words of the provider, without a key.
    tools : Tools
    folder : Path
        For the bytes while they come; nothing stays in it.

    Returns
    -------
    list of list, or None
        None for 204 where the piece allows it.

    Raises
    ------
    SourceError
    """
    into = folder / ".answer.json"
    found: list[Table] = []

    def check(path: Path, where: str) -> None:
        body = path.read_bytes()
        found.clear()
        if body or not piece.may_be_nothing:
            table = document(body, where)
            rows_of(table, piece, where)
            found.append(table)

    key = tools.key()
    call = Call(
        piece.path, params=params, secret=[("key", key.value)], nothing=piece.may_be_nothing, most_bytes=JSON_BYTES
    )
    service = tools.services[SERVICE]
    try:
        got = tools.client.download(service, call, into, check=check)
    finally:
        into.unlink(missing_ok=True)
    if got.status == requests.codes.no_content:
        return None
    if not found:
        raise broken(service.title, "the answer is empty", "partial")
    return found[0]


def pairs_of(dataset: str, year: int, table: str, tools: Tools, folder: Path) -> tuple[Pair, ...]:
    """Variables of a table of the survey, each estimate with its margin, in the order of their lines.

    Asked once for each client.

    Raises
    ------
    SourceError
        ``missing``: the year or the table is not there; ``damaged``: an estimate has no margin.
    """
    service = tools.services[SERVICE]
    path = f"/{year}/{dataset}/groups/{table}.json"
    known = _KNOWN.setdefault(tools.client, {})
    key = (*service.urls, path)
    if key not in known:
        failure: SourceError | None = None
        try:
            said = _about(path, tools, folder)
        except SourceError as error:
            failure = error
        if failure is not None:
            raise _better(failure, dataset, year, table, tools, folder)
        known[key] = _pairs(said, table, f"{service.title}, table {table} of {year}")
    return known[key]


_KNOWN: WeakKeyDictionary[Client, dict[tuple[str, ...], tuple[Pair, ...]]] = WeakKeyDictionary()


def dataset_of(service: Service, kind: str, year: int) -> str:
    """The dataset behind its year, as the service's options have it (``acs: "{year}/acs/acs5"``).

    Raises
    ------
    ConfigError
        The option is not of that form.
    """
    path = str(service.options.get(kind, "")).replace("{year}", str(year))
    if not path.startswith(f"{year}/"):
        raise ConfigError(
            f"Service {service.id}: option {kind} = {path!r} does not begin with {year}/.",
            remedy=f"write it with the year in front, as the catalogue has it for {kind}.",
        )
    return path.removeprefix(f"{year}/")


def _about(path: str, tools: Tools, folder: Path) -> Any:
    """A page about the data. The key goes with it: the Bureau wanted one here too, for two weeks of May 2026."""
    return tools.client.json(tools.services[SERVICE], Call(path, secret=[("key", tools.key().value)]), folder)


def _pairs(said: Any, table: str, where: str) -> tuple[Pair, ...]:
    variables = said.get("variables") if isinstance(said, Mapping) else None
    if not isinstance(variables, Mapping):
        raise broken(where, "the list of its variables is none")
    estimates = sorted(name for name in variables if (cell := _CELL.match(name)) and cell[1] == table)
    if not estimates:
        raise broken(where, "the list of its variables names no estimate", "partial")
    for name in estimates:
        # Older pages name the margin only among the attributes of its estimate.
        told = variables[name].get("attributes", "") if isinstance(variables[name], Mapping) else ""
        if name[:-1] + "M" not in variables and name[:-1] + "M" not in str(told).split(","):
            raise broken(where, f"{name} has no margin, and justgeo shows no number without one")
    return tuple((name, name[:-1] + "M") for name in estimates)


def _better(failure: SourceError, dataset: str, year: int, table: str, tools: Tools, folder: Path) -> SourceError:
    """Whether it is the table or the year that is not there."""
    if failure.kind != "missing":
        return failure
    survey = f"the five-year survey of {year} in {tools.services[SERVICE].title}"
    if _answers(dataset, year, tools, folder):
        message, remedy = f"There is no table {table} in {survey}.", "see its list of tables; lines change over time."
    else:
        last = min(year - 1, dt.datetime.now(dt.UTC).year)
        before = range(last, max(last - _LOOK_BACK, FIRST_YEAR - 1), -1)
        newest = next((one for one in before if _answers(dataset, one, tools, folder)), None)
        if newest is None:
            return failure
        message, remedy = (
            f"There is no {survey.removeprefix('the ')}.",
            f"the newest before it is {newest}: ask for it.",
        )
    return SourceError(message, remedy=remedy, kind="missing", service=SERVICE)


def _answers(dataset: str, year: int, tools: Tools, folder: Path) -> bool:
    try:
        return bool(_about(f"/{year}/{dataset}/geography.json", tools, folder))
    except SourceError:
        return False  # whatever keeps it from answering, it cannot be recommended
