"""censusdis as a provider of Census tables, where it is installed: an adapter, and the only place that imports it.

censusdis calls the API through ``requests``, without a limit of time, and writes its parameters into the log and into
its errors. While it is at work here the name ``requests`` in its modules stands for an object of ours: every call goes
through justgeo's client (addresses, patience, limits, checks), and the key is added there, so that censusdis never has
it. Its types are passed by: variables are told to be text, so no value goes through a floating point number.

Its licence is the Hippocratic Licence 3.0 (HL3), which shuts out some uses and users; nothing of it is copied here.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import requests

from justgeo.core.errors import ConfigError, SourceError
from justgeo.sources.live.ask import Tools
from justgeo.sources.live.census_answers import SERVICE, Piece, Row, rows_of
from justgeo.sources.live.census_api import answer
from justgeo.sources.live.http import JSON_BYTES, Call

log = logging.getLogger(__name__)

LICENCE = "Hippocratic Licence 3.0 (HL3-CL-ECO-EXTR-FFD-LAW-MIL-SV)"
NO_KEY = "kept-by-justgeo"
"""What censusdis is given in place of the key."""

_BASE = "https://api.census.gov/data"
_CALLERS = ("censusdis.impl.fetch", "censusdis.geography", "censusdis.maps", "censusdis.data")
_ONE_AT_A_TIME = threading.RLock()
_TRIPS = (ValueError, LookupError, TypeError, AttributeError)  # what a library trips over when an answer surprises it


@dataclass(frozen=True)
class WithCensusdis:
    """censusdis, asking through justgeo's client.

    Attributes
    ----------
    version : str
    """

    version: str
    name: str = "censusdis"

    @property
    def told(self) -> str:
        """One sentence for the record."""
        return f"Fetched with censusdis {self.version}"

    def rows(self, piece: Piece, tools: Tools, folder: Path) -> list[Row]:
        """As ``census_api.Provider.rows``.

        Raises
        ------
        SourceError
        ValueError
            More variables than censusdis asks for at once: it would then turn annotations into blanks.
        """
        if len(piece.variables) > 50:
            raise ValueError(f"{len(piece.variables)} variables in one piece")
        service = tools.services[SERVICE]
        stand_in = _Requests(piece, tools, folder)
        tripped = ""
        frame: Any = None
        with _ONE_AT_A_TIME, _in_place_of_requests(stand_in):
            from censusdis.geography import GeoException
            from censusdis.impl.exceptions import CensusApiException

            try:
                frame = _download(piece)
            except (CensusApiException, GeoException, *_TRIPS) as error:
                tripped = type(error).__name__
        if stand_in.nothing:
            return []
        if tripped:  # raised out here: the library's own error may hold the whole question, and is not to be chained
            raise SourceError(
                f"{service.title}: censusdis {self.version} could not ask for the {piece} ({tripped}).",
                remedy='ask with justgeo\'s own client: provider = "direct" under [census].',
                kind="changed",
                service=SERVICE,
            )
        return rows_of(_table(frame, piece), piece, f"{service.title} (by censusdis)")


@cache
def _version() -> str:
    return version("censusdis")


def installed() -> WithCensusdis | None:
    """censusdis, None where it is not installed or cannot be imported (then the log says why)."""
    try:
        import censusdis.data  # noqa: F401 - whether it can be imported is the question

        return WithCensusdis(_version())
    except PackageNotFoundError:
        return None
    except ImportError as error:
        if error.name != "censusdis":
            log.warning("censusdis is installed but cannot be imported: it lacks %s.", error.name)
        return None


def absent() -> ConfigError:
    """What to say to those who asked for it where it is not."""
    return ConfigError(
        'provider = "censusdis" was asked for, and censusdis cannot be imported here.',
        remedy=f"read its licence first: {LICENCE}. Then: pip install 'justgeo[census]' (what it needs), and "
        "pip install --no-deps censusdis==1.4.2 (itself, without its pins of older libraries). Without it, "
        'provider = "direct" gives the same bytes.',
    )


def _download(piece: Piece) -> Any:
    import censusdis.data

    places = {part.replace(" ", "_"): told for part, told in piece.bindings.items()}
    return censusdis.data.download(
        piece.dataset,
        piece.year,
        list(piece.variables),
        set_to_nan=False,
        api_key=NO_KEY,
        variable_cache=_AllText(),
        **places,
    )


def _table(frame: Any, piece: Piece) -> list[list[str | None]]:
    """The frame as the API's table: censusdis writes the parts of a place in capitals and with underscores."""
    from pandas import isna

    names = {part.upper().replace(" ", "_"): part for part in piece.level.parts}
    header = [names.get(str(column), str(column)) for column in frame.columns]
    # What is neither text nor pandas' word for null stays as it is: rows_of refuses it.
    rows = ([None if isna(cell) else cell for cell in row] for row in frame.itertuples(index=False, name=None))
    return [list(header), *rows]


class _AllText:
    """Stands in for censusdis's list of variables: each one is text, so it converts none, and looks none up."""

    def get(self, dataset: str, vintage: int, name: str) -> dict[str, str]:
        return {"name": name, "predicateType": "string"}


@dataclass
class _Answer:
    """What censusdis reads of an answer."""

    status_code: int
    url: str
    content: Any

    @property
    def text(self) -> str:
        return ""

    def json(self) -> Any:
        return self.content


@dataclass
class _Requests:
    """Stands in for ``requests``: one method, and the library's own names for whatever else is looked up.

    Attributes
    ----------
    nothing : bool
        The API answered the piece by 204.
    """

    piece: Piece
    tools: Tools
    folder: Path
    nothing: bool = field(default=False, init=False)

    def get(self, url: str, params: Mapping[str, str] | None = None, **_: Any) -> _Answer:
        """A call of censusdis, made by justgeo's client.

        Raises
        ------
        SourceError
        """
        path = url.removeprefix(_BASE)
        if path == url or not path.startswith("/"):
            raise SourceError(
                f"censusdis wanted to call {url.partition('?')[0]}, which is not the Census Data API.",
                remedy='use justgeo\'s own client: provider = "direct" under [census].',
                kind="changed",
                service=SERVICE,
            )
        question = [(name, value) for name, value in (params or {}).items() if name != "key"]
        if path != self.piece.path:
            return _Answer(requests.codes.ok, url, self._page(path, question))
        content = answer(self.piece, question, self.tools, self.folder)
        self.nothing = content is None
        return _Answer(requests.codes.no_content if self.nothing else requests.codes.ok, url, content)

    def _page(self, path: str, question: list[tuple[str, str]]) -> Any:
        service = self.tools.services[SERVICE]
        call = Call(path, params=question, secret=[("key", self.tools.key().value)], most_bytes=JSON_BYTES)
        page = self.tools.client.json(service, call, self.folder)
        if path.endswith("/geography.json") and not (isinstance(page, Mapping) and page.get("fips")):
            raise SourceError(  # censusdis would keep an empty list for as long as the program runs
                f"{service.title}: the list of geographies ({path}) is none.",
                remedy='fetch again, or use justgeo\'s own client: provider = "direct" under [census].',
                kind="damaged",
                service=SERVICE,
            )
        return page

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)


@contextmanager
def _in_place_of_requests(stand_in: _Requests) -> Iterator[None]:
    """While it lasts, ``requests`` in the modules of censusdis that call by it is the stand-in."""
    import censusdis.data  # noqa: F401 - imports the others

    modules = [sys.modules[name] for name in _CALLERS if name in sys.modules]
    before = [(module, vars(module)["requests"]) for module in modules if "requests" in vars(module)]
    try:
        for module, _ in before:
            vars(module)["requests"] = stand_in
        yield
    finally:
        for module, was in before:
            vars(module)["requests"] = was
