"""The Census Data API (api.census.gov) on this machine, from frames in memory, with the real one's rules.

The rules, as users and the Bureau report them:

- A query for data wants a key (since 12 May 2026): without one, or with a wrong one, it is sent by 302 to a page for
  people that comes with 200 (``missing_key.html``, ``invalid_key.html``); ``X-DataWebAPI-KeyError`` goes with it.
  Pages about the data want none.
- At most 50 variables; an unknown one, an unknown predicate, a geography that is not served: 400 with a line of text.
- ``for=tract:*&in=state:99&in=county:001``, ``in=state:99 county:001`` and ``in=state:99+county:001`` ask the same.
- Which parts may be ``*`` and which left out is as ``geography.json`` tells. One unit by its number wants all parts
  above it; several states at once are no county's or tract's.
- A query that is in order and finds nothing is answered by 204. A year or dataset that is not there is a 404 page.

Sources: U.S. Census Bureau, *Census Data API User Guide*; messages as reported in the issues of tidycensus, census
(datamade) and pygris. Where the real one's word is not known this one is the stricter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import pandas as pd

from tests.loopback.census_metadata import catalogue, metadata
from tests.loopback.census_tables import Dataset, Level, acs5, redistricting
from tests.loopback.messages import Request, Response, html_response

MOST_VARIABLES = 50
_GROUP = re.compile(r"^group\((\w+)\)$")
_CLAUSE = re.compile(r"\s*([^:]+?)\s*:\s*([^\s:]+)\s*")
_PREDICATES = {"get", "for", "in", "key"}
_KEY_PAGES = {
    "/data/missing_key.html": (
        "Missing Key",
        "A valid <em>key</em> must be included with each data API request. This request had none. "
        'If you do not have a key you may sign up for one <a href="key_signup.html">here</a>.',
    ),
    "/data/invalid_key.html": (
        "Invalid Key",
        "A valid <em>key</em> must be included with each data API request. "
        "You included a key with this request, however, it is not valid. Please check your key and try again. "
        'If you do not have a key you may sign up for one <a href="key_signup.html">here</a>.',
    ),
}


class _Refused(Exception):
    """A query that the API refuses, with its words."""


class CensusApi:
    """The API over some tables.

    Parameters
    ----------
    tables : mapping of (int, str) to DataFrame
        By year and table, as in the Bureau's summary file: ``GEO_ID``, ``B25003_E001``, ``B25003_M001``, ...
    pl : DataFrame or None
        Counts of blocks of the redistricting file of 2020: ``GEO_ID`` (1000000US...), ``P2_001N``, ...
    key : str
        The one key that is valid.
    tract_only : set of str
        Tables that are not published for block groups.
    """

    def __init__(
        self,
        tables: Mapping[tuple[int, str], pd.DataFrame],
        pl: pd.DataFrame | None,
        key: str,
        tract_only: frozenset[str] | set[str] = frozenset(),
    ) -> None:
        self.key = key
        years = sorted({year for year, _ in tables})
        found = [
            acs5(y, {name: frame for (year, name), frame in tables.items() if year == y}, tract_only) for y in years
        ]
        self.datasets = {(one.year, one.path): one for one in found}
        if pl is not None:
            one = redistricting(pl)
            self.datasets[one.year, one.path] = one

    def handle(self, request: Request) -> Response:
        """Answer one request below ``/data``."""
        if request.method not in ("GET", "HEAD"):
            return html_response("405 Method Not Allowed", "Only GET is served.", 405)
        if request.path in _KEY_PAGES:
            return html_response(*_KEY_PAGES[request.path])
        page = self._page(request.path)
        if page is not None:
            return _json(page)
        dataset = self._dataset(request.path)
        if dataset is None:
            return html_response("404 Not Found", "The resource that you asked for is not here.", 404)
        key = request.first("key")
        if key != self.key:
            where = "/data/invalid_key.html" if key else "/data/missing_key.html"
            return Response(302, b"", "text/html", {"Location": where, "X-DataWebAPI-KeyError": "1"})
        try:
            rows = _rows(dataset, request)
        except _Refused as refused:
            return Response(400, f"error: {refused}".encode(), "text/plain; charset=utf-8")
        return _table(rows) if len(rows) > 1 else Response(204)

    def _page(self, path: str) -> Any:
        """A page about the data; None where the path is none."""
        if path == "/data.json":
            return catalogue(self.datasets.values())
        for dataset in self.datasets.values():
            if path == f"/data/{dataset.year}.json":
                return catalogue(one for one in self.datasets.values() if one.year == dataset.year)
            own = f"/data/{dataset.year}/{dataset.path}"
            if path == f"{own}.json":
                return catalogue([dataset])
            if path.startswith(f"{own}/"):
                return metadata(dataset, tuple(path.removeprefix(f"{own}/").split("/")))
        return None

    def _dataset(self, path: str) -> Dataset | None:
        for dataset in self.datasets.values():
            if path.rstrip("/") == f"/data/{dataset.year}/{dataset.path}":
                return dataset
        return None


def _rows(dataset: Dataset, request: Request) -> list[list[str | None]]:
    """Header and rows that a query finds."""
    unknown = [name for name in request.query if name not in _PREDICATES]
    if unknown:
        raise _Refused(f"unknown predicate variable: '{unknown[0]}'")
    names = [name for name in request.first("get").split(",") if name]
    if not names:
        raise _Refused("missing 'get' argument")
    if len(names) > MOST_VARIABLES:
        raise _Refused(f"error: 'get' is limited to {MOST_VARIABLES} variables")
    columns = list(chain.from_iterable(_expanded(dataset, name) for name in names))
    level, chosen = _geography(dataset, request)
    places = {
        geo_id: parts
        for geo_id, parts in dataset.places[level.code].items()
        if all(wanted is None or part in wanted for wanted, part in zip(chosen, parts, strict=True))
    }
    cells = [_column(dataset, name, level, places) for name in columns]
    header: list[str | None] = [*columns, *level.parts]
    return [header, *([*row, *parts] for row, parts in zip(zip(*cells, strict=True), places.values(), strict=True))]


def _expanded(dataset: Dataset, name: str) -> Sequence[str]:
    """The variables that a word of ``get`` stands for."""
    match = _GROUP.match(name)
    if match and match[1] in dataset.tables:
        return [*dataset.tables[match[1]].columns, "GEO_ID", "NAME"]
    if match or (name not in ("NAME", "GEO_ID") and dataset.table_of(name) is None):
        raise _Refused(f"error: unknown variable '{match[1] if match else name}'")
    return [name]


def _column(dataset: Dataset, name: str, level: Level, places: Mapping[str, tuple[str, ...]]) -> Sequence[str | None]:
    if name == "GEO_ID":
        return list(places)
    if name == "NAME":
        return [dataset.name(level, parts) for parts in places.values()]
    known = dataset.column(name)
    return [known.get(geo_id) for geo_id in places]


def _geography(dataset: Dataset, request: Request) -> tuple[Level, list[frozenset[str] | None]]:
    """The level that is asked for, and for each part of its identifier the values wanted, None for all."""
    target = request.first("for").replace("+", " ")
    if not target:
        raise _Refused("missing 'for' argument")
    name, _, values = target.partition(":")
    level = next((one for one in dataset.levels if one.name == name.strip()), None)
    within = dict(_clauses(request.query.get("in", [])))
    if level is None or not set(within) <= set(level.requires):
        raise _Refused("unknown/unsupported geography hierarchy")
    values = values.strip() or "*"
    missing = [part for part in level.requires if part not in within]
    if missing == [level.optional] and values != "*":
        raise _Refused(
            f'ambiguous geography "{level.name}:{values}". '
            f"You must either specify a wildcard or full qualify it with {level.optional}"
        )
    if missing not in ([], [level.optional]):
        raise _Refused("unknown/unsupported geography hierarchy")
    for part, told in within.items():
        if told == "*" and part not in level.wildcard:
            raise _Refused(f"wildcard not allowed for '{part}' in geography hierarchy")
        if part == "state" and "," in told:
            raise _Refused("wildcard mismatch in geography hierarchy")
    asked = {**within, level.name: values}
    return level, [_wanted(asked.get(part, "*")) for part in level.parts]


def _clauses(values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Parts and values of the ``in`` clauses, however they are strung together; an escaped plus serves as a blank."""
    for value in (value.replace("+", " ") for value in values):
        place = 0
        while place < len(value):
            match = _CLAUSE.match(value, place)
            if match is None:
                raise _Refused("invalid 'in' argument")
            yield match[1], match[2]
            place = match.end()


def _wanted(values: str) -> frozenset[str] | None:
    return None if values == "*" else frozenset(value.strip() for value in values.split(","))


def _table(rows: Sequence[Sequence[str | None]]) -> Response:
    """Rows as the API prints them, one on a line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return Response(200, f"[{lines}]".encode(), "application/json;charset=utf-8")


def _json(value: Any) -> Response:
    return Response(200, json.dumps(value, indent=2).encode(), "application/json;charset=utf-8")
