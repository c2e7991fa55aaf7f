"""A document as Markdown: names that come from elsewhere can neither be markup, nor HTML, nor a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from justgeo.report.document import Block, Heading, Para, Table
from justgeo.report.tables import safe_text

_MARKS = re.compile(r"([\\`*_\[\]|~])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_AT_START = re.compile(r"^(\d*)([#.):-])(?=[\s#-]|$)")
"""What would begin a heading, a list or a line: a number with a point, a dash."""


def text(told: str) -> str:
    """``told`` on one line, as plain text."""
    flat = safe_text(re.sub(r"\s+", " ", safe_text(told)).strip()).translate(_HTML)
    return _AT_START.sub(r"\1\\\2", _MARKS.sub(r"\\\1", flat))


def markdown(blocks: Iterable[Block]) -> bytes:
    """The bytes of the file."""
    return ("\n\n".join(_block(one) for one in blocks) + "\n").encode("utf-8")


def _block(one: Block) -> str:
    if isinstance(one, Heading):
        return f"{'#' * one.level} {text(one.text)}"
    if isinstance(one, Para):
        told = text(one.text)
        return f"**{told}**" if one.look == "warning" else f"<small>{told}</small>" if one.look == "small" else told
    return "\n".join(_table(one))


def _table(one: Table) -> Iterator[str]:
    yield _line(one.header)
    yield f"|{' --- |' * len(one.header)}"
    for row in one.rows:
        yield _line(row)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(text(cell) for cell in cells)} |"
