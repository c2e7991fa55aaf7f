"""Expressions over the cells of ACS tables: ``"B25070_001 - B25070_011"``, ``"B15003_022..025"``.

Words of the catalogue, needed by the fields as well, hence here. A term is a cell or a range of lines of one table;
terms are joined by ``+`` and ``-``. What stands after ``-`` is a part of what stands before it (a nested difference,
METHODS 2.0 item 2), never an independent count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from justgeo.core.errors import CatalogueError

_TERM = re.compile(r"(?P<table>[BC]\d{5}[A-I]?(?:PR)?)_(?P<first>\d{3})(?:\.\.(?P<last>\d{3}))?")
_SPLIT = re.compile(r"\s*([+-])\s*")
_REMEDY = (
    "write cells as B25003_003, a range as B15003_022..025, and join them by + and -, as in 'B25070_001 - B25070_011'."
)


@dataclass(frozen=True)
class Expression:
    """A sum of cells less cells that are part of it.

    Attributes
    ----------
    plus, minus : tuple of str
        Codes without ``E`` or ``M``, in the order in which they were written.
    """

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """All cells, ``plus`` first."""
        return self.plus + self.minus

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the cells stand in, each once, in order of first use."""
        return tuple(dict.fromkeys(code.split("_")[0] for code in self.codes))


def parse(text: str) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
        ``"C17002_002 + C17002_003"``, ``"B15003_022..025"``, ``"B25091_001 - B25091_012 - B25091_023"``.

    Returns
    -------
    Expression

    Raises
    ------
    CatalogueError
        When a term is no cell, a range runs backwards, or a cell is named twice (it would be counted twice).
    """
    if not text.strip():
        raise CatalogueError(f"{text!r} is no expression of table cells.", remedy=_REMEDY)
    parts = _SPLIT.split(text.strip())
    if parts[0] == "":
        raise CatalogueError(f"The expression {text!r} begins with a sign.", remedy=_REMEDY)
    signed = zip(["+", *parts[1::2]], parts[0::2], strict=True)
    plus: list[str] = []
    minus: list[str] = []
    for sign, term in signed:
        (plus if sign == "+" else minus).extend(_cells(term, text))
    twice = sorted({code for code in plus + minus if (plus + minus).count(code) > 1})
    if twice:
        raise CatalogueError(f"The expression {text!r} names {', '.join(twice)} twice.", remedy="name each cell once.")
    return Expression(tuple(plus), tuple(minus))


def _cells(term: str, text: str) -> Iterator[str]:
    match = _TERM.fullmatch(term)
    if match is None:
        raise CatalogueError(f"{term!r} in the expression {text!r} is no table cell.", remedy=_REMEDY)
    first = int(match["first"])
    last = int(match["last"] or first)
    if first < 1 or last < first:
        raise CatalogueError(f"The range {term!r} in the expression {text!r} is empty.", remedy=_REMEDY)
    for line in range(first, last + 1):
        yield f"{match['table']}_{line:03d}"
