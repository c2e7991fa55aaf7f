"""What the Census Data API answers: a table of text, held against the question.

An answer is a list of lists: a header that repeats the variables that were asked for and names the parts of the place
(``state``, ``county``, ``tract``), then one row a place. Cells are text or null; where a number comes, its own digits
are kept as text, so that none is rounded on the way. A cell of a variable is a number, sentinels among them, or
nothing: the API gives annotations ("(X)", "***") in variables of their own, which are not asked for.

Definitions
-----------
piece
    One question to the API: variables of one dataset and year, for all places of one level in one county.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from justgeo.core.errors import SourceError
from justgeo.core.words import plural
from justgeo.sources.live import expect

SERVICE = "census_api"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_AGAIN = "fetch again; if it stays so, look at the page of the Census Data API whether it has changed."

Table = list[list[str | None]]
Cells = tuple[str | None, ...]


@dataclass(frozen=True)
class Level:
    """A level of geography in the API.

    Attributes
    ----------
    name : str
        As ``for`` has it.
    code : str
        What a GEO_ID of it begins with, up to ``US``.
    parts : tuple of str
        Columns that name a place, from the state down.
    widths : tuple of int
        Digits of each.
    """

    name: str
    code: str
    parts: tuple[str, ...]
    widths: tuple[int, ...]


LEVELS: Mapping[str, Level] = {
    level.name: level
    for level in (
        Level("county", "0500000US", ("state", "county"), (2, 3)),
        Level("tract", "1400000US", ("state", "county", "tract"), (2, 3, 6)),
        Level("block group", "1500000US", ("state", "county", "tract", "block group"), (2, 3, 6, 1)),
        Level("block", "1000000US", ("state", "county", "tract", "block"), (2, 3, 6, 4)),
    )
}


@dataclass(frozen=True)
class Piece:
    """One question to the API.

    Attributes
    ----------
    dataset : str
        ``"acs/acs5"``, ``"dec/pl"``.
    year : int
    variables : tuple of str
        No more than the API takes at once.
    level : Level
    county : str
        Five digits.
    """

    dataset: str
    year: int
    variables: tuple[str, ...]
    level: Level
    county: str

    @property
    def path(self) -> str:
        """Behind the service's address."""
        return f"/{self.year}/{self.dataset}"

    @property
    def may_be_nothing(self) -> bool:
        """Whether 204 (no content) is an answer: not every table is published for block groups."""
        return self.level.name == "block group"

    @property
    def bindings(self) -> dict[str, str]:
        """Each part of the place, with its number or ``*``."""
        known = {"state": self.county[:2], "county": self.county[2:]}
        return {part: known.get(part, "*") for part in self.level.parts}

    @property
    def params(self) -> list[tuple[str, str]]:
        """The question as the API reads it, without the key."""
        *above, (name, value) = self.bindings.items()
        county = " ".join(f"{part}:{told}" for part, told in above[:2])
        within = [("in", county), *(("in", f"{part}:{told}") for part, told in above[2:])]
        return [("get", ",".join(self.variables)), ("for", f"{name}:{value}"), *within]

    def __str__(self) -> str:
        return f"{plural(self.level.name)} of county {self.county} in {self.dataset} of {self.year}"


class Row(NamedTuple):
    """A place (GEO_ID in the Bureau's long form) and its cells, in the order of the piece's variables."""

    geo_id: str
    cells: Cells


def document(body: bytes, where: str) -> Any:
    """The JSON document in some bytes, every number as the text of its digits.

    Raises
    ------
    SourceError
        ``damaged``: a web page, or no whole document; ``partial``: nothing at all.
    """
    expect.refuse_html(body[:512], where)
    if not body.strip():
        raise broken(where, "the answer is empty", "partial")
    try:
        return json.loads(body, parse_int=str, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise broken(where, f"what came is no whole JSON document ({error})") from error


def rows_of(table: Any, piece: Piece, where: str) -> list[Row]:
    """Rows of an answer, if it is one to this piece.

    Raises
    ------
    SourceError
        ``partial``: no row; ``damaged``: another header than was asked for, a row with cells too few or too many, a
        place that is none of the piece's or comes twice, a cell that is neither a number nor null.
    """
    if not isinstance(table, list) or not all(isinstance(row, list) for row in table):
        raise broken(where, "what came is no table (a list of lists)")
    header = table[0] if table else []
    columns = [*piece.variables, *piece.level.parts]
    if table and sorted(map(str, header)) != sorted(columns):
        said = ", ".join(map(str, header[:4]))
        raise broken(where, f"the header ({said}, ...) does not name the {len(columns)} columns that were asked for")
    if len(table) < 2:
        raise broken(where, f"the table of {piece} has no rows", "partial")
    order = [header.index(name) for name in columns]
    split = len(piece.variables)
    found: dict[str, Row] = {}
    for row in table[1:]:
        if len(row) != len(header) or not all(cell is None or isinstance(cell, str) for cell in row):
            raise broken(where, f"a row has {len(row)} cells where the header has {len(header)}, or one is no text")
        cells = [row[place] for place in order]
        geo_id = _geo_id(cells[split:], piece, where)
        if geo_id in found:
            raise broken(where, f"{geo_id} comes more than once")
        for variable, cell in zip(piece.variables, cells, strict=False):
            _refuse_text(cell, variable, geo_id, where)
        found[geo_id] = Row(geo_id, tuple(cells[:split]))
    return list(found.values())


def _refuse_text(cell: str | None, variable: str, geo_id: str, where: str) -> None:
    """What is recorded is read by every run: a word in place of a number would be refused there, again and again."""
    if not cell or (_NUMBER.fullmatch(cell) and math.isfinite(float(cell))):
        return
    table = variable.partition("_")[0]
    raise broken(where, f"table {table}, {geo_id}: {variable} is {ascii(cell)[:40]}, which is no number")


def _geo_id(parts: Sequence[str | None], piece: Piece, where: str) -> str:
    level = piece.level
    texts = [part or "" for part in parts]
    fits = all(len(t) == w and t.isascii() and t.isdigit() for t, w in zip(texts, level.widths, strict=True))
    if not fits or "".join(texts[:2]) != piece.county:
        said = ", ".join(f"{name} {text!r}" for name, text in zip(level.parts, texts, strict=True))
        raise broken(where, f"{said} is none of the {plural(level.name)} of county {piece.county}")
    return level.code + "".join(texts)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def broken(where: str, what: str, kind: str = "damaged") -> SourceError:
    """An answer that cannot be believed."""
    return SourceError(f"{where}: {what}.", remedy=_AGAIN, kind=kind, service=SERVICE)
